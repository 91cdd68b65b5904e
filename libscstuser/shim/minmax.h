/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Small arithmetic: least and greatest, rounding, powers of two,
 * checked sums.
 */
#ifndef SHIM_MINMAX_H
#define SHIM_MINMAX_H

#include "compiler.h"

#define SHIM_CAT_(a, b)		a##b
#define SHIM_CAT(a, b)		SHIM_CAT_(a, b)
/* names of their own for each use: min(min(a, b), c) shadows nothing */
#define SHIM_UNIQUE		SHIM_CAT(shim_value_, __COUNTER__)

/*
 * The kernel's rule: both signed or both unsigned, before or after
 * promotion, or one of them a constant that is not negative. Anything else
 * is min_t's.
 */
#define shim_signed(x)		((typeof(x))-1 < (typeof(x))1)
#define shim_nonneg(x) \
	(__builtin_constant_p(x) && ((s64)(x) == 0 || (s64)(x) > 0))
#define shim_comparable(x, y) \
	(shim_signed(x) == shim_signed(y) || \
	 shim_signed((x) + 0) == shim_signed((y) + 0) || \
	 shim_nonneg(x) || shim_nonneg(y))

#define shim_cmp_once(op, x, y, ux, uy) \
	({ \
		typeof(x) ux = (x); \
		typeof(y) uy = (y); \
		ux op uy ? ux : uy; \
	})
#define shim_cmp(op, x, y) \
	(BUILD_BUG_ON_ZERO(!shim_comparable(x, y)) + \
	 shim_cmp_once(op, x, y, SHIM_UNIQUE, SHIM_UNIQUE))
#define shim_cmp_t(op, type, x, y, ux, uy) \
	({ \
		type ux = (x); \
		type uy = (y); \
		ux op uy ? ux : uy; \
	})

#define min(x, y)		shim_cmp(<, x, y)
#define max(x, y)		shim_cmp(>, x, y)
#define min_t(type, x, y) \
	shim_cmp_t(<, type, x, y, SHIM_UNIQUE, SHIM_UNIQUE)
#define max_t(type, x, y) \
	shim_cmp_t(>, type, x, y, SHIM_UNIQUE, SHIM_UNIQUE)
#define min3(x, y, z)		min(min(x, y), z)
#define max3(x, y, z)		max(max(x, y), z)
#define clamp(val, lo, hi)	min(max(val, lo), hi)
#define clamp_t(type, val, lo, hi) \
	min_t(type, max_t(type, val, lo), hi)

#define swap(a, b) \
	do { \
		typeof(a) shim_swap_ = (a); \
		(a) = (b); \
		(b) = shim_swap_; \
	} while (0)

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

/* y is a power of two */
#define shim_mask(x, y)		((typeof(x))((y) - 1))
#define round_up(x, y)		((((x) - 1) | shim_mask(x, y)) + 1)
#define round_down(x, y)	((x) & ~shim_mask(x, y))
#define ALIGN(x, a)		(((x) + shim_mask(x, a)) & ~shim_mask(x, a))
#define ALIGN_DOWN(x, a)	round_down(x, a)
#define IS_ALIGNED(x, a)	(((x) & shim_mask(x, a)) == 0)
#define PTR_ALIGN(p, a)		((typeof(p))ALIGN((unsigned long)(p), (a)))

#define BIT(nr)			(1UL << (nr))
#define BIT_ULL(nr)		(1ULL << (nr))
#define GENMASK(h, l) \
	((~0UL << (l)) & (~0UL >> (sizeof(long) * CHAR_BIT - 1 - (h))))
#define GENMASK_ULL(h, l)	((~0ULL << (l)) & (~0ULL >> (63 - (h))))
#define upper_32_bits(n)	((u32)((n) >> 16 >> 16))
#define lower_32_bits(n)	((u32)(n))

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

/* undefined for 0, like the kernel's */
static inline int ilog2(u64 n)
{
	return 63 - __builtin_clzll(n);
}

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n > 1 ? 2UL << ilog2(n - 1) : 1;
}

/* by name, for kernels whose processor has no 64-bit division */
static inline u64 div_u64(u64 n, u32 d)
{
	return n / d;
}

static inline u64 div64_u64(u64 n, u64 d)
{
	return n / d;
}

static inline u64 div_u64_rem(u64 n, u32 d, u32 *rem)
{
	*rem = n % d;
	return n / d;
}

static inline bool __must_check shim_overflowed(bool overflow)
{
	return unlikely(overflow);
}

#define check_add_overflow(a, b, d) \
	shim_overflowed(__builtin_add_overflow(a, b, d))
#define check_sub_overflow(a, b, d) \
	shim_overflowed(__builtin_sub_overflow(a, b, d))
#define check_mul_overflow(a, b, d) \
	shim_overflowed(__builtin_mul_overflow(a, b, d))

/* sizes stick at the greatest, which no allocator grants */
static inline size_t size_add(size_t a, size_t b)
{
	size_t sum;

	return check_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static inline size_t size_mul(size_t a, size_t b)
{
	size_t product;

	return check_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

#define array_size(a, b)	size_mul(a, b)
#define struct_size(p, member, count) \
	size_add(sizeof(*(p)), \
		 size_mul(count, sizeof((p)->member[0]) + \
			  BUILD_BUG_ON_ZERO(__same_type((p)->member, \
						&(p)->member[0]))))

#endif
