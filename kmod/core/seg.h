/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: work on the bytes of a segment list.
 *
 * Payload lives in lists of struct core_seg: pages in the kernel, pointers
 * in user space. Everything that touches payload bytes goes through here.
 * Each function works on @len bytes from byte @off of the list and returns
 * how many of them the list had.
 */
#ifndef SCST_SEG_H
#define SCST_SEG_H

#include "core_os.h"

size_t core_segs_len(const struct core_seg *segs, u32 nr);

/*
 * Cut the list of *@nr elements down to its first @len bytes; those behind
 * stay as they were, for the free. False: the list is shorter than that.
 */
bool core_segs_trim(struct core_seg *segs, u32 *nr, size_t len);

/* The list's bytes into @buf, and @buf into the list. */
size_t core_segs_read(const struct core_seg *segs, u32 nr, size_t off,
		      void *buf, size_t len);
size_t core_segs_write(const struct core_seg *segs, u32 nr, size_t off,
		       const void *buf, size_t len);
size_t core_segs_zero(const struct core_seg *segs, u32 nr, size_t off,
		      size_t len);

/* Fill with copies of the @plen bytes at @pattern. */
size_t core_segs_fill(const struct core_seg *segs, u32 nr, size_t off,
		      size_t len, const void *pattern, size_t plen);

size_t core_segs_crc32c(const struct core_seg *segs, u32 nr, size_t off,
			size_t len, u32 *crc);

/* One list and another, equally long. */
struct core_segs_pair {
	const struct core_seg *a;
	u32 nr_a;
	size_t off_a;
	const struct core_seg *b;
	u32 nr_b;
	size_t off_b;
};

/* Offset of the first byte of @len that differs, or @len. */
size_t core_segs_compare(const struct core_segs_pair *p, size_t len);

/* a |= b, and a = b. */
void core_segs_or(const struct core_segs_pair *p, size_t len);
void core_segs_copy(const struct core_segs_pair *p, size_t len);

/* True when all @len bytes from @off are zero. */
bool core_segs_is_zero(const struct core_seg *segs, u32 nr, size_t off,
		       size_t len);

/*
 * The part [off, off + len) of a list as a list of its own, in @out of at
 * most @max elements. Returns the number of elements used.
 */
u32 core_segs_slice(const struct core_seg *segs, u32 nr, size_t off,
		    size_t len, struct core_seg *out, u32 max);

#endif
