// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER. Memory, see slab.h.
 *
 * A release cache takes from and returns to the calling thread's magazine.
 * A magazine that is full hands half of itself as one batch to the cache's
 * depot, an empty one takes a batch from there: a thread that allocates and
 * another that frees meet once per batch, under the depot's lock. Both are
 * bounded; what is beyond goes to malloc and free.
 *
 * Live objects are counted per thread and cache, freed ones subtracted where
 * they are freed: only the sum means something. Magazine 0 counts kmalloc.
 *
 * Caches and the magazines of all threads, looked at by another thread only
 * to destroy a cache or to count, are under shim_threads_lock; a depot under
 * its own lock, taken inside.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include "bitmap.h"
#include "bug.h"
#include "kstring.h"
#include "lock.h"
#include "log.h"
#include "slab.h"
#include "thread.h"

#define MAGAZINE_BYTES	(64 * 1024)
#define DEPOT_BATCHES	16

/* a free object in a magazine; the first of a batch also leads on */
struct shim_free {
	struct shim_free *next;
	struct shim_free *next_batch;
};

struct kmem_cache {
	char *name;
	size_t size, align;
	int id;			/* index of its magazines; 0: has none */
	unsigned int batch;	/* objects per batch; 0: keep none */
	long live;		/* of threads that are gone, or without id */

	spinlock_t depot_lock;
	struct shim_free *depot;
	unsigned int nr_batches;
};

static struct kmem_cache kmalloc_cache = { .name = "kmalloc" };
static struct kmem_cache *caches[SHIM_MAX_CACHES] = { &kmalloc_cache };

static struct {
	bool armed;
	unsigned int nth;	/* allocation from now */
	unsigned int atomic_nth, atomic_nr;
} fail;

static void fail_arm(void)
{
	WRITE_ONCE(fail.armed, READ_ONCE(fail.nth) ||
		   READ_ONCE(fail.atomic_nth));
}

unsigned int core_fail_alloc(unsigned int nth)
{
	unsigned int left = __atomic_exchange_n(&fail.nth, nth,
						__ATOMIC_RELAXED);

	fail_arm();
	return left;
}

void core_fail_atomic_alloc(unsigned int nth)
{
	WRITE_ONCE(fail.atomic_nr, 0);
	WRITE_ONCE(fail.atomic_nth, nth);
	fail_arm();
}

static bool fail_now(gfp_t gfp)
{
	unsigned int left = READ_ONCE(fail.nth);
	unsigned int every = READ_ONCE(fail.atomic_nth);

	while (left && !__atomic_compare_exchange_n(&fail.nth, &left, left - 1,
						    true, __ATOMIC_RELAXED,
						    __ATOMIC_RELAXED))
		;
	if (left == 1)
		return true;
	return every && !gfpflags_allow_blocking(gfp) &&
	       __atomic_add_fetch(&fail.atomic_nr, 1, __ATOMIC_RELAXED) %
	       every == 0;
}

/* true if this allocation is to fail */
static inline bool alloc_begin(gfp_t gfp)
{
	if (gfpflags_allow_blocking(gfp))
		might_sleep();
	return unlikely(READ_ONCE(fail.armed)) && fail_now(gfp);
}

static inline void count(struct shim_magazine *mag, long nr)
{
	WRITE_ONCE(mag->live, mag->live + nr);
}

static void *malloc_aligned(size_t size, size_t align)
{
	void *p;

	if (align <= sizeof(max_align_t))
		return malloc(size);
	return posix_memalign(&p, align, size) ? NULL : p;
}

void *shim_alloc(size_t size, size_t align, gfp_t gfp)
{
	void *p;

	if (alloc_begin(gfp))
		return NULL;
	if (!size)
		return ZERO_SIZE_PTR;
	if ((gfp & __GFP_ZERO) && align <= sizeof(max_align_t))
		p = calloc(1, size);
	else
		p = malloc_aligned(size, align);
	if (!p)
		return NULL;
	if ((gfp & __GFP_ZERO) && align > sizeof(max_align_t))
		memset(p, 0, size);
	count(&shim_self()->mag[0], 1);
	return p;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	return shim_alloc(size, 1, gfp);
}

void kfree(const void *p)
{
	if (ZERO_OR_NULL_PTR(p))
		return;
	count(&shim_self()->mag[0], -1);
	free((void *)p);
}

void kfree_sensitive(const void *p)
{
	if (!ZERO_OR_NULL_PTR(p))
		explicit_bzero((void *)p, malloc_usable_size((void *)p));
	kfree(p);
}

void *krealloc(const void *p, size_t size, gfp_t gfp)
{
	SHIM_DEBUG_ON(gfp & __GFP_ZERO, "krealloc does not zero");
	if (ZERO_OR_NULL_PTR(p))
		return kmalloc(size, gfp);
	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	return alloc_begin(gfp) ? NULL : realloc((void *)p, size);
}

/* 0 if none is left: such a cache does without magazines */
static int cache_get_id(struct kmem_cache *cache)
{
	int id;

	for (id = 1; id < SHIM_MAX_CACHES; id++) {
		if (!caches[id]) {
			caches[id] = cache;
			return id;
		}
	}
	return 0;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, unsigned int flags,
				     void (*ctor)(void *))
{
	struct kmem_cache *cache;

	SHIM_DEBUG_ON(ctor, "%s: no constructors here", name);
	if (alloc_begin(GFP_KERNEL))
		return NULL;
	cache = calloc(1, sizeof(*cache));
	if (!cache)
		return NULL;
	cache->name = strdup(name);
	if (!cache->name) {
		free(cache);
		return NULL;
	}
	if (flags & SLAB_HWCACHE_ALIGN)
		align = max(align, SHIM_CACHELINE);
	cache->align = align;
	/* what is free holds a struct shim_free */
	cache->size = max(ALIGN(size, sizeof(void *)),
			  sizeof(struct shim_free));
	spin_lock_init(&cache->depot_lock);
	pthread_mutex_lock(&shim_threads_lock);
	cache->id = cache_get_id(cache);
	pthread_mutex_unlock(&shim_threads_lock);
#ifndef SCST_DEBUG
	if (cache->id)
		cache->batch = clamp(MAGAZINE_BYTES / 2 / cache->size, 1, 32);
#endif
	return cache;
}

static void free_chain(struct shim_free *obj)
{
	struct shim_free *next;

	for (; obj; obj = next) {
		next = obj->next;
		free(obj);
	}
}

static void depot_put(struct kmem_cache *cache, struct shim_free *batch)
{
	bool kept = false;

	spin_lock(&cache->depot_lock);
	if (cache->nr_batches < DEPOT_BATCHES) {
		batch->next_batch = cache->depot;
		WRITE_ONCE(cache->depot, batch);
		cache->nr_batches++;
		kept = true;
	}
	spin_unlock(&cache->depot_lock);
	if (!kept)
		free_chain(batch);
}

static struct shim_free *depot_get(struct kmem_cache *cache)
{
	struct shim_free *batch;

	/* a stale NULL costs a malloc */
	if (!READ_ONCE(cache->depot))
		return NULL;
	spin_lock(&cache->depot_lock);
	batch = cache->depot;
	if (batch) {
		WRITE_ONCE(cache->depot, batch->next_batch);
		cache->nr_batches--;
	}
	spin_unlock(&cache->depot_lock);
	return batch;
}

/* the half of a full magazine that was freed first */
static noinline void magazine_flush(struct kmem_cache *cache,
				    struct shim_magazine *mag)
{
	struct shim_free *obj = mag->free, *batch;
	unsigned int i;

	for (i = 1; i < mag->nr_free - cache->batch; i++)
		obj = obj->next;
	batch = obj->next;
	obj->next = NULL;
	mag->nr_free -= cache->batch;
	depot_put(cache, batch);
}

static noinline void *magazine_refill(struct kmem_cache *cache,
				      struct shim_magazine *mag)
{
	struct shim_free *batch = cache->batch ? depot_get(cache) : NULL;

	if (!batch)
		return malloc_aligned(cache->size, cache->align);
	mag->free = batch->next;
	mag->nr_free = cache->batch - 1;
	return batch;
}

static inline void *magazine_get(struct kmem_cache *cache,
				 struct shim_magazine *mag)
{
	struct shim_free *obj = mag->free;

	if (unlikely(!obj))
		return magazine_refill(cache, mag);
	mag->free = obj->next;
	mag->nr_free--;
	return obj;
}

static inline void magazine_put(struct kmem_cache *cache,
				struct shim_magazine *mag,
				struct shim_free *obj)
{
	obj->next = mag->free;
	mag->free = obj;
	if (unlikely(++mag->nr_free > 2 * cache->batch))
		magazine_flush(cache, mag);
}

static void *alloc_without_id(struct kmem_cache *cache)
{
	void *obj = malloc_aligned(cache->size, cache->align);

	if (obj)
		__atomic_fetch_add(&cache->live, 1, __ATOMIC_RELAXED);
	return obj;
}

static void *alloc_with_id(struct kmem_cache *cache)
{
	struct shim_magazine *mag = &shim_self()->mag[cache->id];
	void *obj = magazine_get(cache, mag);

	if (likely(obj))
		count(mag, 1);
	return obj;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *obj;

	if (alloc_begin(gfp))
		return NULL;
	obj = likely(cache->id) ? alloc_with_id(cache) :
	      alloc_without_id(cache);
	if ((gfp & __GFP_ZERO) && obj)
		memset(obj, 0, cache->size);
	return obj;
}

void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	struct shim_magazine *mag;

	if (!obj)
		return;
	if (likely(cache->id)) {
		mag = &shim_self()->mag[cache->id];
		count(mag, -1);
		if (cache->batch)
			magazine_put(cache, mag, obj);
		else
			free(obj);
	} else {
		__atomic_fetch_sub(&cache->live, 1, __ATOMIC_RELAXED);
		free(obj);
	}
}

static void magazine_drain(struct shim_magazine *mag)
{
	free_chain(mag->free);
	mag->free = NULL;
	mag->nr_free = 0;
	WRITE_ONCE(mag->live, 0);
}

void shim_slab_thread_exit(struct shim_thread *self)
{
	int id;

	for (id = 0; id < SHIM_MAX_CACHES; id++) {
		if (!caches[id])
			continue;
		__atomic_fetch_add(&caches[id]->live, self->mag[id].live,
				   __ATOMIC_RELAXED);
		magazine_drain(&self->mag[id]);
	}
}

static long cache_live(const struct kmem_cache *cache)
{
	const struct shim_thread *t;
	long live = READ_ONCE(cache->live);

	if (cache->id || cache == &kmalloc_cache)
		list_for_each_entry(t, &shim_threads, node)
			live += READ_ONCE(t->mag[cache->id].live);
	return live;
}

static long cache_close(struct kmem_cache *cache)
{
	struct shim_thread *t;
	long live;

	pthread_mutex_lock(&shim_threads_lock);
	live = cache_live(cache);
	if (cache->id) {
		list_for_each_entry(t, &shim_threads, node)
			magazine_drain(&t->mag[cache->id]);
		caches[cache->id] = NULL;
	}
	pthread_mutex_unlock(&shim_threads_lock);
	return live;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	struct shim_free *batch;
	long live;

	if (!cache)
		return;
	might_sleep();
	live = cache_close(cache);
	WARN(live, "%s: destroyed with %ld objects in use", cache->name, live);
	while ((batch = depot_get(cache)))
		free_chain(batch);
	free(cache->name);
	free(cache);
}

/* the message is not under the lock: who takes it may allocate */
static long report_live(int id)
{
	char name[64] = "";
	long live = 0;

	pthread_mutex_lock(&shim_threads_lock);
	if (caches[id]) {
		strscpy(name, caches[id]->name, sizeof(name));
		live = cache_live(caches[id]);
	}
	pthread_mutex_unlock(&shim_threads_lock);
	if (live)
		pr_warn("%s: %ld objects in use\n", name, live);
	return live;
}

long core_slab_live(void)
{
	long live = 0;
	int id;

	for (id = 0; id < SHIM_MAX_CACHES; id++)
		live += report_live(id);
	return live;
}
