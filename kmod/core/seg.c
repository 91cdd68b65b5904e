// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: work on the bytes of a segment list, see seg.h.
 *
 * Everything is one walk over contiguous pieces with a function to call for
 * each of them. Two lists are a walk inside a walk, which also unmaps in the
 * order that core_seg_unmap() asks for.
 *
 * Nothing here locks or sleeps; the lists belong to the caller.
 */
#include "core_os.h"
#include "seg.h"

/*
 * @piece is called for each contiguous piece with its place @pos among the
 * bytes of the walk; false ends the walk.
 */
struct seg_walk {
	bool (*piece)(struct seg_walk *walk, u8 *p, size_t len, size_t pos);
	void *to;
	const u8 *from;
	size_t from_len;
	u32 crc;
	const struct core_segs_pair *pair;
	struct seg_walk *outer;
	u8 *outer_p;
	size_t outer_pos;
};

/* Bytes of the pieces for which @piece was true. */
static size_t seg_walk(struct seg_walk *walk, const struct core_seg *segs,
		       u32 nr, size_t off, size_t len)
{
	size_t done = 0, here;
	bool more = true;
	u8 *p;

	for (; nr && off >= core_seg_len(segs); nr--, segs++)
		off -= core_seg_len(segs);

	for (; nr && done < len && more; nr--, segs++, off = 0) {
		while (off < core_seg_len(segs) && done < len && more) {
			p = core_seg_map(segs, off, &here);
			here = min(here, len - done);
			more = walk->piece(walk, p, here, done);
			core_seg_unmap(p);
			if (more)
				done += here;
			off += here;
		}
	}
	return done;
}

size_t core_segs_len(const struct core_seg *segs, u32 nr)
{
	size_t len = 0;

	while (nr--)
		len += core_seg_len(segs++);
	return len;
}

bool core_segs_trim(struct core_seg *segs, u32 *nr, size_t len)
{
	u32 i;

	for (i = 0; i < *nr && len; i++) {
		core_seg_trim(&segs[i], len);
		len -= core_seg_len(&segs[i]);
	}
	*nr = i;
	return !len;
}

u32 core_segs_slice(const struct core_seg *segs, u32 nr, size_t off,
		    size_t len, struct core_seg *out, u32 max)
{
	u32 used = 0;

	for (; nr && off >= core_seg_len(segs); nr--, segs++)
		off -= core_seg_len(segs);

	for (; nr && len && used < max; nr--, segs++, off = 0) {
		out[used] = *segs;
		core_seg_advance(&out[used], off);
		core_seg_trim(&out[used], len);
		len -= core_seg_len(&out[used++]);
	}
	return used;
}

/* ---- One list ---------------------------------------------------------- */

static bool piece_read(struct seg_walk *walk, u8 *p, size_t len, size_t pos)
{
	memcpy((u8 *)walk->to + pos, p, len);
	return true;
}

size_t core_segs_read(const struct core_seg *segs, u32 nr, size_t off,
		      void *buf, size_t len)
{
	struct seg_walk walk = { .piece = piece_read, .to = buf };

	return seg_walk(&walk, segs, nr, off, len);
}

static bool piece_write(struct seg_walk *walk, u8 *p, size_t len, size_t pos)
{
	memcpy(p, walk->from + pos, len);
	return true;
}

size_t core_segs_write(const struct core_seg *segs, u32 nr, size_t off,
		       const void *buf, size_t len)
{
	struct seg_walk walk = { .piece = piece_write, .from = buf };

	return seg_walk(&walk, segs, nr, off, len);
}

static bool piece_zero(struct seg_walk *walk, u8 *p, size_t len, size_t pos)
{
	memset(p, 0, len);
	return true;
}

size_t core_segs_zero(const struct core_seg *segs, u32 nr, size_t off,
		      size_t len)
{
	struct seg_walk walk = { .piece = piece_zero };

	return seg_walk(&walk, segs, nr, off, len);
}

static bool piece_fill(struct seg_walk *walk, u8 *p, size_t len, size_t pos)
{
	size_t at = pos % walk->from_len, here;

	for (; len; p += here, len -= here, at = 0) {
		here = min(len, walk->from_len - at);
		memcpy(p, walk->from + at, here);
	}
	return true;
}

size_t core_segs_fill(const struct core_seg *segs, u32 nr, size_t off,
		      size_t len, const void *pattern, size_t plen)
{
	struct seg_walk walk = {
		.piece = piece_fill,
		.from = pattern,
		.from_len = plen,
	};

	return seg_walk(&walk, segs, nr, off, len);
}

static bool piece_crc32c(struct seg_walk *walk, u8 *p, size_t len, size_t pos)
{
	walk->crc = crc32c(walk->crc, p, len);
	return true;
}

size_t core_segs_crc32c(const struct core_seg *segs, u32 nr, size_t off,
			size_t len, u32 *crc)
{
	struct seg_walk walk = { .piece = piece_crc32c, .crc = *crc };
	size_t done = seg_walk(&walk, segs, nr, off, len);

	*crc = walk.crc;
	return done;
}

static bool piece_is_zero(struct seg_walk *walk, u8 *p, size_t len,
			  size_t pos)
{
	return !memchr_inv(p, 0, len);
}

bool core_segs_is_zero(const struct core_seg *segs, u32 nr, size_t off,
		       size_t len)
{
	struct seg_walk walk = { .piece = piece_is_zero };

	return seg_walk(&walk, segs, nr, off, len) == len;
}

/* ---- Two lists --------------------------------------------------------- */

/* A piece of a: walk the same bytes of b. */
static bool piece_pair(struct seg_walk *walk, u8 *p, size_t len, size_t pos)
{
	const struct core_segs_pair *pair = walk->pair;
	struct seg_walk *inner = walk->to;

	inner->outer_p = p;
	inner->outer_pos = pos;
	return seg_walk(inner, pair->b, pair->nr_b, pair->off_b + pos, len) ==
	       len;
}

static size_t pair_walk(struct seg_walk *inner,
			const struct core_segs_pair *pair, size_t len)
{
	struct seg_walk outer = {
		.piece = piece_pair,
		.pair = pair,
		.to = inner,
	};

	return seg_walk(&outer, pair->a, pair->nr_a, pair->off_a, len);
}

static bool piece_compare(struct seg_walk *walk, u8 *b, size_t len, size_t pos)
{
	const u8 *a = walk->outer_p + pos;
	size_t *same = walk->to, i = 0;

	if (memcmp(a, b, len)) {
		while (a[i] == b[i])
			i++;
		*same = walk->outer_pos + pos + i;
		return false;
	}
	return true;
}

size_t core_segs_compare(const struct core_segs_pair *p, size_t len)
{
	size_t same = len;
	struct seg_walk walk = { .piece = piece_compare, .to = &same };

	pair_walk(&walk, p, len);
	return same;
}

static bool piece_or(struct seg_walk *walk, u8 *b, size_t len, size_t pos)
{
	u8 *a = walk->outer_p + pos;
	size_t i;

	for (i = 0; i < len; i++)
		a[i] |= b[i];
	return true;
}

void core_segs_or(const struct core_segs_pair *p, size_t len)
{
	struct seg_walk walk = { .piece = piece_or };

	pair_walk(&walk, p, len);
}

static bool piece_copy(struct seg_walk *walk, u8 *b, size_t len, size_t pos)
{
	memcpy(walk->outer_p + pos, b, len);
	return true;
}

void core_segs_copy(const struct core_segs_pair *p, size_t len)
{
	struct seg_walk walk = { .piece = piece_copy };

	pair_walk(&walk, p, len);
}
