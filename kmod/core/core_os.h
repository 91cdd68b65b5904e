/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE. The seam between portable code and where it runs.
 *
 * Code in kmod/core, kmod/scsi and kmod/iscsi is built into kernel modules
 * and into the user-space library. It includes this file and its own headers
 * and nothing else. In the kernel the words are the kernel's; in user space
 * libscstuser/shim implements that subset with the same names and meaning.
 * tests/unit/shim_cases.c says what both sides agree on, and both run it.
 *
 * Names that begin with core_ are ours: read sections and retirement (RCU,
 * or the quiescence of event loops), data segments (pages, or pointers), a
 * hash.
 */
#ifndef CORE_OS_H
#define CORE_OS_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/bvec.h>
#include <linux/container_of.h>
#include <linux/crc32c.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/types.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* See core_trace.h. */
#define CORE_TRACE_HEADER "../linux/scst_trace.h"

static inline void core_read_begin(void) __acquires(RCU)
{
	rcu_read_lock();
}

static inline void core_read_end(void) __releases(RCU)
{
	rcu_read_unlock();
}

struct core_retired {
	struct rcu_head rcu;
	void (*fn)(struct core_retired *retired);
};

/* @fn runs in softirq context when every read section of now has ended */
void core_retire(struct core_retired *retired,
		 void (*fn)(struct core_retired *retired));

/* returns when what was retired before has been run; may sleep */
static inline void core_barrier(void)
{
	rcu_barrier();
}

/*
 * A segment of a data buffer is a bio_vec of one page or more. Advancing
 * leaves bv_page alone, so bv_offset may come to exceed a page.
 */
#define core_seg bio_vec

/*
 * Flat memory as a segment: kmalloc's, neither vmalloc's nor a stack. Or
 * NULL, and whoever meets it drops the bytes.
 */
static inline void core_seg_set(struct core_seg *s, void *base, size_t len)
{
	WARN_ON_ONCE(is_vmalloc_addr(base));
	s->bv_page = base ? virt_to_page(base) : NULL;
	s->bv_offset = offset_in_page(base);
	s->bv_len = len;
}

static inline size_t core_seg_len(const struct core_seg *s)
{
	return s->bv_len;
}

/* the bytes from @off on; *len: how many of them are contiguous */
static inline void *core_seg_map(const struct core_seg *s, size_t off,
				 size_t *len)
{
	size_t pos = s->bv_offset + off;
	struct page *page = nth_page(s->bv_page, pos >> PAGE_SHIFT);

	pos = offset_in_page(pos);
	*len = min_t(size_t, s->bv_len - off, PAGE_SIZE - pos);
	return (char *)kmap_local_page(page) + pos;
}

/* the last mapped first, by the thread that mapped it */
static inline void core_seg_unmap(void *addr)
{
	kunmap_local(addr);
}

/* drops @n bytes from the front */
static inline void core_seg_advance(struct core_seg *s, size_t n)
{
	s->bv_offset += n;
	s->bv_len -= n;
}

static inline void core_seg_trim(struct core_seg *s, size_t len)
{
	s->bv_len = min_t(size_t, s->bv_len, len);
}

/*
 * Whole pages for @len bytes, in *@nr segments whose lengths sum up to @len;
 * none for 0. Advancing or trimming them does not disturb the free.
 */
int __must_check core_segs_alloc(struct core_seg **segs, u32 *nr, size_t len,
				 gfp_t gfp);
void core_segs_free(struct core_seg *segs, u32 nr);

#else

#include "shim/core_os.h"

#endif

/* of one 64-bit word: every bit of it reaches every bit of the result */
static inline u64 core_hash_mix(u64 h, u64 word)
{
	h = (h ^ word) * 0xd6e8feb86659fd93ULL;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	return h ^ h >> 29;
}

/*
 * A hash of @len bytes, the same on every machine. Tables that a peer's
 * bytes go into take a secret @seed.
 */
static inline u32 core_hash(const void *data, size_t len, u32 seed)
{
	u64 h = core_hash_mix(seed, len);
	const u8 *p = data;
	u64 tail = 0;

	for (; len >= 8; len -= 8, p += 8)
		h = core_hash_mix(h, get_unaligned_le64(p));
	while (len)
		tail = tail << 8 | p[--len];
	h = core_hash_mix(h, tail);
	return h ^ h >> 32;
}

#endif
