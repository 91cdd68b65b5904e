/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Bits and arrays of bits. set_bit and its family are atomic, those
 * with underscores are plain: keep them apart, the thread sanitizer does.
 * As in the kernel set_bit and clear_bit order nothing, test_and_* order all.
 */
#ifndef SHIM_BITMAP_H
#define SHIM_BITMAP_H

#include <string.h>
#include <strings.h>
#include "compiler.h"
#include "minmax.h"

#define BITS_PER_LONG		((int)sizeof(long) * CHAR_BIT)
#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits) \
	unsigned long name[BITS_TO_LONGS(bits)]
#define BIT_WORD(nr)		((nr) / BITS_PER_LONG)
#define BIT_MASK(nr)		(1UL << ((nr) % BITS_PER_LONG))

/* 1 for the lowest bit, 0 for none; ffs is the libc's */
static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

/* from 0, undefined without a bit */
static inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

static inline unsigned long __fls(unsigned long x)
{
	return BITS_PER_LONG - 1 - __builtin_clzl(x);
}

static inline unsigned int hweight32(u32 x)
{
	return __builtin_popcount(x);
}

static inline unsigned long hweight64(u64 x)
{
	return __builtin_popcountll(x);
}

static inline void set_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_or(&addr[BIT_WORD(nr)], BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline void clear_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_and(&addr[BIT_WORD(nr)], ~BIT_MASK(nr),
			   __ATOMIC_RELAXED);
}

static inline bool test_bit(long nr, const volatile unsigned long *addr)
{
	return READ_ONCE(addr[BIT_WORD(nr)]) & BIT_MASK(nr);
}

static inline bool test_and_set_bit(long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_or(&addr[BIT_WORD(nr)], BIT_MASK(nr),
				 __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static inline bool test_and_clear_bit(long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_and(&addr[BIT_WORD(nr)], ~BIT_MASK(nr),
				  __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static inline void __set_bit(long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static inline void __clear_bit(long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static inline bool __test_and_set_bit(long nr, unsigned long *addr)
{
	bool old = addr[BIT_WORD(nr)] & BIT_MASK(nr);

	__set_bit(nr, addr);
	return old;
}

static inline bool __test_and_clear_bit(long nr, unsigned long *addr)
{
	bool old = addr[BIT_WORD(nr)] & BIT_MASK(nr);

	__clear_bit(nr, addr);
	return old;
}

static inline void bitmap_zero(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0, BITS_TO_LONGS(nbits) * sizeof(long));
}

static inline void bitmap_fill(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0xff, BITS_TO_LONGS(nbits) * sizeof(long));
}

/* the first bit from @start on that differs from those of @invert */
static inline unsigned long shim_find_bit(const unsigned long *addr,
	unsigned long size, unsigned long start, unsigned long invert)
{
	unsigned long i, word;

	if (start >= size)
		return size;
	i = BIT_WORD(start);
	word = (READ_ONCE(addr[i]) ^ invert) & (~0UL << start % BITS_PER_LONG);
	while (!word) {
		if (++i >= BITS_TO_LONGS(size))
			return size;
		word = READ_ONCE(addr[i]) ^ invert;
	}
	return min(i * BITS_PER_LONG + __ffs(word), size);
}

static inline unsigned long find_next_bit(const unsigned long *addr,
	unsigned long size, unsigned long start)
{
	return shim_find_bit(addr, size, start, 0);
}

static inline unsigned long find_next_zero_bit(const unsigned long *addr,
	unsigned long size, unsigned long start)
{
	return shim_find_bit(addr, size, start, ~0UL);
}

static inline unsigned long find_first_bit(const unsigned long *addr,
	unsigned long size)
{
	return find_next_bit(addr, size, 0);
}

static inline unsigned long find_first_zero_bit(const unsigned long *addr,
	unsigned long size)
{
	return find_next_zero_bit(addr, size, 0);
}

#define for_each_set_bit(bit, addr, size) \
	for ((bit) = find_next_bit((addr), (size), 0); (bit) < (size); \
	     (bit) = find_next_bit((addr), (size), (bit) + 1))

static inline bool bitmap_empty(const unsigned long *src, unsigned int nbits)
{
	return find_first_bit(src, nbits) == nbits;
}

static inline unsigned int bitmap_weight(const unsigned long *src,
	unsigned int nbits)
{
	unsigned int i, weight = 0;

	for (i = 0; i < nbits / BITS_PER_LONG; i++)
		weight += hweight64(src[i]);
	if (nbits % BITS_PER_LONG)
		weight += hweight64(src[i] & (BIT_MASK(nbits) - 1));
	return weight;
}

#endif
