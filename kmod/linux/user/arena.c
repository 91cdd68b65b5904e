// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: the memory that one handler shares with the kernel.
 *
 * It is a file of a tmpfs of our own: so it takes O_DIRECT and io_uring's
 * registered buffers on all kernels, and a mapping of it refers to the tmpfs,
 * not to this module. The pages are held from the beginning; they are neither
 * huge (a count of its own for each), nor movable (they could not be pinned
 * for long), nor can anybody punch holes between them and us (S_IMMUTABLE).
 * They are charged to the handler's memory control group.
 *
 * It is never used again: a process that is gone, or its I/O that is not,
 * touches nothing but what was its own. user_arena_foreign() tells when even
 * that is over.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pagevec.h>
#include <linux/shmem_fs.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "user.h"

static struct vfsmount *arena_mnt;
static struct workqueue_struct *drain_wq;

int user_arena_module_init(void)
{
	char options[] = "huge=never";
	struct file_system_type *type = get_fs_type("tmpfs");

	if (!type)
		return -ENODEV;
	arena_mnt = vfs_kern_mount(type, SB_KERNMOUNT, "scst_user", options);
	module_put(type->owner);
	if (IS_ERR(arena_mnt))
		return PTR_ERR(arena_mnt);
	drain_wq = alloc_workqueue("scst_user_drain", WQ_MEM_RECLAIM, 0);
	if (drain_wq)
		return 0;
	kern_unmount(arena_mnt);
	return -ENOMEM;
}

void user_arena_module_exit(void)
{
	destroy_workqueue(drain_wq);
	kern_unmount(arena_mnt);
}

/* ---- Life ----------------------------------------------------------------- */

static void arena_free(struct user_arena *arena)
{
	u32 i, nr = arena->ring_pages + arena->nr_pages;

	for (i = 0; i < arena->nr_regions; i++) {
		bitmap_free(arena->regions[i].used);
		bitmap_free(arena->regions[i].spared);
	}
	if (arena->rings)
		vunmap(arena->rings);
	for (i = 0; arena->pages && i < nr; i++)
		if (arena->pages[i])
			put_page(arena->pages[i]);
	kvfree(arena->pages);
	kvfree(arena->vecs);
	if (!IS_ERR_OR_NULL(arena->file))
		fput(arena->file);
	atomic_sub(nr, &arena->dev->nr_pages);
	wake_up_all(&arena->dev->gone);
	user_dev_put(arena->dev);
	kfree(arena);
}

static void free_work(struct work_struct *work)
{
	arena_free(container_of(work, struct user_arena, free_work));
}

static void arena_get(struct user_arena *arena)
{
	refcount_inc(&arena->refs);
}

void user_arena_put(struct user_arena *arena)
{
	if (refcount_dec_and_test(&arena->refs))
		queue_work(user_wq, &arena->free_work);
}

static int arena_fill(struct user_arena *arena)
{
	struct address_space *mapping = arena->file->f_mapping;
	u32 i, nr = arena->ring_pages + arena->nr_pages;
	struct page *page;

	/* reclaim looks at these in vain, and marks them for nothing */
	mapping_set_unevictable(mapping);
	mapping_set_gfp_mask(mapping, GFP_HIGHUSER | __GFP_ZERO);
	for (i = 0; i < nr; i++) {
		page = shmem_read_mapping_page(mapping, i);
		if (IS_ERR(page))
			return PTR_ERR(page);
		arena->pages[i] = page;
		if (PageCompound(page))
			return -EINVAL;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	file_inode(arena->file)->i_flags |= S_IMMUTABLE;
	return 0;
}

static int regions_init(struct user_arena *arena,
			const struct user_arena_size *size)
{
	u32 i, each = arena->nr_pages / arena->nr_regions;
	struct user_region *region;

	for (i = 0; i < arena->nr_regions; i++) {
		region = &arena->regions[i];
		region->arena = arena;
		spin_lock_init(&region->lock);
		region->first = i * each;
		region->nr = each;
		region->shared = each - size->request_pages;
		region->hint[0] = region->shared;
		region->used = bitmap_zalloc(each, GFP_KERNEL);
		region->spared = bitmap_zalloc(each, GFP_KERNEL);
		if (!region->used || !region->spared)
			return -ENOMEM;
	}
	return 0;
}

static int arena_init(struct user_arena *arena,
		      const struct user_arena_size *size)
{
	u32 i, nr = arena->ring_pages + arena->nr_pages;
	int err;

	arena->pages = kvcalloc(nr, sizeof(*arena->pages), GFP_KERNEL_ACCOUNT);
	arena->vecs = kvcalloc(arena->nr_pages, sizeof(*arena->vecs),
			       GFP_KERNEL_ACCOUNT);
	if (!arena->pages || !arena->vecs)
		return -ENOMEM;
	arena->file = shmem_file_setup_with_mnt(arena_mnt, "scst_user",
						(u64)nr << PAGE_SHIFT,
						VM_NORESERVE);
	if (IS_ERR(arena->file))
		return PTR_ERR(arena->file);
	err = arena_fill(arena);
	if (err)
		return err;
	for (i = 0; i < arena->nr_pages; i++)
		bvec_set_page(&arena->vecs[i],
			      arena->pages[arena->ring_pages + i], PAGE_SIZE,
			      0);
	arena->rings = vmap(arena->pages, arena->ring_pages, VM_MAP,
			    PAGE_KERNEL);
	if (!arena->rings)
		return -ENOMEM;
	return regions_init(arena, size);
}

struct user_arena *user_arena_alloc(struct user_dev *dev,
				    const struct user_arena_size *size)
{
	struct user_arena *arena;
	int err;

	arena = kzalloc(struct_size(arena, regions, size->nr_regions),
			GFP_KERNEL_ACCOUNT);
	if (!arena)
		return ERR_PTR(-ENOMEM);
	kref_get(&dev->ref);
	arena->dev = dev;
	atomic_add(size->ring_pages + size->nr_pages, &dev->nr_pages);
	refcount_set(&arena->refs, 1);
	INIT_WORK(&arena->free_work, free_work);
	arena->ring_pages = size->ring_pages;
	arena->nr_pages = size->nr_pages;
	arena->nr_regions = size->nr_regions;
	err = arena_init(arena, size);
	if (err) {
		arena_free(arena);
		return ERR_PTR(err);
	}
	return arena;
}

int user_arena_mmap(struct user_arena *arena, struct vm_area_struct *vma)
{
	u64 nr = arena->ring_pages + arena->nr_pages;

	if (!(vma->vm_flags & VM_SHARED) || (vma->vm_flags & VM_EXEC))
		return -EINVAL;
	if (vma->vm_pgoff > nr || vma_pages(vma) > nr - vma->vm_pgoff)
		return -EINVAL;
	/* what a child of the handler's has nobody could take away */
	compat_vm_flags(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP,
			VM_MAYEXEC);
	vma_set_file(vma, arena->file);
	return call_mmap(arena->file, vma);
}

/* ---- Pages ---------------------------------------------------------------- */

/*
 * Next fit: requests come and go in about the same order, so that the search
 * is short and what is free stays in one piece.
 */
static int region_find(struct user_region *region, u32 nr, bool shared)
{
	u32 begin = shared ? 0 : region->shared;
	u32 end = shared ? region->shared : region->nr;
	u32 hint = region->hint[shared];
	unsigned long at;

	at = bitmap_find_next_zero_area(region->used, end, hint, nr, 0);
	if (at >= end && hint > begin)
		at = bitmap_find_next_zero_area(region->used, end, begin, nr,
						0);
	if (at >= end)
		return -ENOSPC;
	region->hint[shared] = at + nr < end ? at + nr : begin;
	return at;
}

int user_region_get(struct user_region *region, u32 nr, bool shared)
{
	int at = -ENOSPC;

	spin_lock_bh(&region->lock);
	if (!region->closed && nr && nr <= region->nr - region->nr_used)
		at = region_find(region, nr, shared);
	if (at >= 0) {
		bitmap_set(region->used, at, nr);
		if (!region->nr_used)
			arena_get(region->arena);
		region->nr_used += nr;
		at += region->first;
	}
	spin_unlock_bh(&region->lock);
	return at;
}

void user_region_put(struct user_region *region, u32 first, u32 nr)
{
	struct user_arena *arena = region->arena;
	bool last;
	u32 i;

	/* a device server may have cut them to what it moved */
	for (i = first; i < first + nr; i++) {
		arena->vecs[i].bv_offset = 0;
		arena->vecs[i].bv_len = PAGE_SIZE;
	}
	spin_lock_bh(&region->lock);
	bitmap_clear(region->used, first - region->first, nr);
	region->nr_used -= nr;
	last = !region->nr_used;
	spin_unlock_bh(&region->lock);
	if (last)
		user_arena_put(arena);
}

static atomic_t *session_count(struct user_arena *arena, u64 nexus)
{
	return &arena->sessions[hash_64(nexus, ilog2(USER_SESSIONS))];
}

bool user_session_get(struct user_arena *arena, u64 nexus, u32 nr)
{
	atomic_t *count = session_count(arena, nexus);

	if (likely(atomic_add_return(nr, count) <= arena->session_max))
		return true;
	atomic_sub(nr, count);
	return false;
}

void user_session_put(struct user_arena *arena, u64 nexus, u32 nr)
{
	atomic_sub(nr, session_count(arena, nexus));
}

/* ---- After the handler ---------------------------------------------------- */

void user_arena_close(struct user_arena *arena)
{
	struct user_region *region;
	u32 i;

	for (i = 0; i < arena->nr_regions; i++) {
		region = &arena->regions[i];
		spin_lock_bh(&region->lock);
		region->closed = true;
		spin_unlock_bh(&region->lock);
	}
}

void user_arena_spare(struct user_arena *arena)
{
	struct user_region *region;
	u32 i;

	for (i = 0; i < arena->nr_regions; i++) {
		region = &arena->regions[i];
		spin_lock_bh(&region->lock);
		bitmap_copy(region->spared, region->used, region->nr);
		spin_unlock_bh(&region->lock);
	}
}

void user_region_watch(struct user_region *region, u32 first, u32 nr)
{
	bitmap_clear(region->spared, first - region->first, nr);
}

/*
 * What is on its way to a list of the memory management's is held by it, on
 * each processor up to a batch of pages, for as long as nothing else happens
 * there. To release a batch of one's own empties those before.
 */
static void drain_here(struct work_struct *work)
{
	struct page *page = alloc_page(GFP_NOIO);
	struct folio_batch batch;

	if (!page)
		return;
	folio_batch_init(&batch);
	folio_batch_add(&batch, page_folio(page));
	folio_batch_release(&batch);
}

void user_arena_drain(void)
{
	struct work_struct work;
	int cpu;

	INIT_WORK_ONSTACK(&work, drain_here);
	for_each_online_cpu(cpu) {
		queue_work_on(cpu, drain_wq, &work);
		flush_work(&work);
	}
	destroy_work_on_stack(&work);
}

static bool region_foreign(const struct user_region *region)
{
	struct page **pages = region->arena->pages +
			      region->arena->ring_pages + region->first;
	unsigned long i;

	/* the page cache's reference, and ours */
	for_each_clear_bit(i, region->spared, region->nr)
		if (page_ref_count(pages[i]) != 2)
			return true;
	return false;
}

bool user_arena_mapped(const struct user_arena *arena)
{
	return mapping_mapped(arena->file->f_mapping);
}

bool user_arena_foreign(const struct user_arena *arena)
{
	u32 i;

	for (i = 0; i < arena->nr_regions; i++)
		if (region_foreign(&arena->regions[i]))
			return true;
	return false;
}
