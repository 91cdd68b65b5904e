// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER. Buffers made here, see seg.h: one block of whole pages. The entry
 * after the last keeps its address for the free.
 */
#include "err.h"
#include "seg.h"
#include "slab.h"

#define SEG_ALIGN	4096

int core_segs_alloc(struct core_seg **segs, u32 *nr, size_t len, gfp_t gfp)
{
	struct core_seg *s;

	*segs = NULL;
	*nr = 0;
	if (!len)
		return 0;
	if (len > SIZE_MAX - SEG_ALIGN)
		return -ENOMEM;
	s = kmalloc(2 * sizeof(*s), gfp & ~__GFP_ZERO);
	if (!s)
		return -ENOMEM;
	s[0].base = shim_alloc(round_up(len, SEG_ALIGN), SEG_ALIGN, gfp);
	if (!s[0].base) {
		kfree(s);
		return -ENOMEM;
	}
	s[0].len = len;
	s[1].base = s[0].base;
	*segs = s;
	*nr = 1;
	return 0;
}

void core_segs_free(struct core_seg *segs, u32 nr)
{
	if (segs)
		kfree(segs[nr].base);
	kfree(segs);
}
