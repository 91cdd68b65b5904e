/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: blocks that tell what they are: each 16 bytes of a sector name the
 * block and the number of the write that it is from. Zeroes are write 0.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	SECTOR = 512,
	BLOCK = 4096,
	SECTORS_PER_BLOCK = BLOCK / SECTOR,
};

struct stamp {
	uint64_t seq;		/* little endian */
	uint64_t sum;
};

static inline struct stamp stamp_make(uint64_t block, uint64_t seq)
{
	struct stamp stamp = { 0 };

	if (seq) {
		stamp.seq = htole64(seq);
		stamp.sum = htole64((seq ^ block << 40) *
				    0x9e3779b97f4a7c15u);
	}
	return stamp;
}

/* @len bytes of @block, whole stamps */
static inline void block_fill(void *buf, size_t len, uint64_t block,
			      uint64_t seq)
{
	struct stamp stamp = stamp_make(block, seq);
	size_t at;

	for (at = 0; at < len; at += sizeof(stamp))
		memcpy((char *)buf + at, &stamp, sizeof(stamp));
}

/* The write that a sector of @block is from; false: it is from none. */
static inline bool sector_read(const void *buf, uint64_t block, uint64_t *seq)
{
	char want[SECTOR];

	memcpy(seq, buf, sizeof(*seq));
	*seq = le64toh(*seq);
	block_fill(want, sizeof(want), block, *seq);
	return !memcmp(buf, want, sizeof(want));
}

#endif
