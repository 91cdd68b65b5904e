/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. A segment of a data buffer: pages in the kernel, here an address and
 * a length, laid out like struct iovec so that a list of them is one.
 */
#ifndef SHIM_SEG_H
#define SHIM_SEG_H

#include <sys/uio.h>
#include "bug.h"
#include "compiler.h"
#include "minmax.h"

struct core_seg {
	void *base;
	size_t len;
};

static_assert(sizeof(struct core_seg) == sizeof(struct iovec));
static_assert(offsetof(struct core_seg, base) ==
	      offsetof(struct iovec, iov_base));
static_assert(offsetof(struct core_seg, len) ==
	      offsetof(struct iovec, iov_len));

/* flat memory as a segment; or NULL, and whoever meets it drops the bytes */
static inline void core_seg_set(struct core_seg *s, void *base, size_t len)
{
	s->base = base;
	s->len = len;
}

static inline size_t core_seg_len(const struct core_seg *s)
{
	return s->len;
}

/* the bytes from @off on; *len: how many of them are contiguous */
static inline void *core_seg_map(const struct core_seg *s, size_t off,
	size_t *len)
{
	SHIM_DEBUG_ON(off > s->len, "core_seg_map past the end");
	*len = s->len - off;
	return (char *)s->base + off;
}

/* the last mapped first, by the thread that mapped it */
static inline void core_seg_unmap(void *addr)
{
}

/* drops @n bytes from the front */
static inline void core_seg_advance(struct core_seg *s, size_t n)
{
	SHIM_DEBUG_ON(n > s->len, "core_seg_advance past the end");
	s->base = (char *)s->base + n;
	s->len -= n;
}

static inline void core_seg_trim(struct core_seg *s, size_t len)
{
	s->len = min(s->len, len);
}

/*
 * Whole pages' worth of memory for @len bytes, in *@nr segments whose
 * lengths sum up to @len; none for 0. Advancing or trimming them does not
 * disturb the free.
 */
int __must_check core_segs_alloc(struct core_seg **segs, u32 *nr, size_t len,
				 gfp_t gfp);
void core_segs_free(struct core_seg *segs, u32 nr);

#endif
