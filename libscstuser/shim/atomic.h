/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Atomic counters and reference counts, orders as in the kernel: what
 * returns no value is relaxed; what returns one is fully ordered unless its
 * name says _relaxed, _acquire or _release.
 *
 * Orders are given to the operation itself. There are no fences, which the
 * thread sanitizer does not follow.
 */
#ifndef SHIM_ATOMIC_H
#define SHIM_ATOMIC_H

/*
 * liburing includes it, and five of its macros have the names of functions
 * here with the arguments the other way round: take it in now, drop those.
 */
#include <stdatomic.h>
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_fetch_and
#undef atomic_fetch_or
#undef atomic_fetch_xor

#include "bug.h"
#include "compiler.h"

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { long counter; } atomic_long_t;

#define ATOMIC_INIT(i)		{ (i) }
#define ATOMIC64_INIT(i)	{ (i) }
#define ATOMIC_LONG_INIT(i)	{ (i) }

#define xchg(p, v)		__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define xchg_relaxed(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_RELAXED)
#define xchg_acquire(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define xchg_release(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_RELEASE)

/* returns what was there: equal to the expected value when it succeeded */
#define shim_cmpxchg(p, old, new, success, failure, seen) \
	({ \
		typeof(*(p)) seen = (old); \
		__atomic_compare_exchange_n((p), &seen, (new), false, \
					    success, failure); \
		seen; \
	})
#define shim_try_cmpxchg(p, oldp, new, success, failure) \
	__atomic_compare_exchange_n((p), (oldp), (new), false, success, \
				    failure)

#define cmpxchg(p, old, new) \
	shim_cmpxchg(p, old, new, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED, \
		     shim_seen_)
#define cmpxchg_relaxed(p, old, new) \
	shim_cmpxchg(p, old, new, __ATOMIC_RELAXED, __ATOMIC_RELAXED, \
		     shim_seen_)
#define cmpxchg_acquire(p, old, new) \
	shim_cmpxchg(p, old, new, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED, \
		     shim_seen_)
#define cmpxchg_release(p, old, new) \
	shim_cmpxchg(p, old, new, __ATOMIC_RELEASE, __ATOMIC_RELAXED, \
		     shim_seen_)
#define try_cmpxchg(p, oldp, new) \
	shim_try_cmpxchg(p, oldp, new, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

/* one operation in one order: op_return, fetch_op */
#define SHIM_ATOMIC_VALUE(pfx, type, op, sfx, order) \
static inline type pfx##_##op##_return##sfx(type i, pfx##_t *v) \
{ \
	return __atomic_##op##_fetch(&v->counter, i, order); \
} \
static inline type pfx##_fetch_##op##sfx(type i, pfx##_t *v) \
{ \
	return __atomic_fetch_##op(&v->counter, i, order); \
}

#define SHIM_ATOMIC_FETCH(pfx, type, op, sfx, order) \
static inline type pfx##_fetch_##op##sfx(type i, pfx##_t *v) \
{ \
	return __atomic_fetch_##op(&v->counter, i, order); \
}

#define SHIM_ATOMIC_STEP(pfx, type, sfx) \
static inline type pfx##_inc_return##sfx(pfx##_t *v) \
{ \
	return pfx##_add_return##sfx(1, v); \
} \
static inline type pfx##_dec_return##sfx(pfx##_t *v) \
{ \
	return pfx##_sub_return##sfx(1, v); \
} \
static inline type pfx##_fetch_inc##sfx(pfx##_t *v) \
{ \
	return pfx##_fetch_add##sfx(1, v); \
} \
static inline type pfx##_fetch_dec##sfx(pfx##_t *v) \
{ \
	return pfx##_fetch_sub##sfx(1, v); \
}

#define SHIM_ATOMIC_SWAP(pfx, type, sfx, order) \
static inline type pfx##_xchg##sfx(pfx##_t *v, type new) \
{ \
	return __atomic_exchange_n(&v->counter, new, order); \
} \
static inline type pfx##_cmpxchg##sfx(pfx##_t *v, type old, type new) \
{ \
	shim_try_cmpxchg(&v->counter, &old, new, order, __ATOMIC_RELAXED); \
	return old; \
} \
static inline bool pfx##_try_cmpxchg##sfx(pfx##_t *v, type *old, type new) \
{ \
	return shim_try_cmpxchg(&v->counter, old, new, order, \
				__ATOMIC_RELAXED); \
}

#define SHIM_ATOMIC_ORDER(pfx, type, sfx, order) \
	SHIM_ATOMIC_VALUE(pfx, type, add, sfx, order) \
	SHIM_ATOMIC_VALUE(pfx, type, sub, sfx, order) \
	SHIM_ATOMIC_FETCH(pfx, type, and, sfx, order) \
	SHIM_ATOMIC_FETCH(pfx, type, or, sfx, order) \
	SHIM_ATOMIC_STEP(pfx, type, sfx) \
	SHIM_ATOMIC_SWAP(pfx, type, sfx, order)

#define SHIM_ATOMIC_VOID(pfx, type, op) \
static inline void pfx##_##op(type i, pfx##_t *v) \
{ \
	__atomic_fetch_##op(&v->counter, i, __ATOMIC_RELAXED); \
}

#define SHIM_ATOMIC(pfx, type) \
static inline type pfx##_read(const pfx##_t *v) \
{ \
	return READ_ONCE(v->counter); \
} \
static inline type pfx##_read_acquire(const pfx##_t *v) \
{ \
	return smp_load_acquire(&v->counter); \
} \
static inline void pfx##_set(pfx##_t *v, type i) \
{ \
	WRITE_ONCE(v->counter, i); \
} \
static inline void pfx##_set_release(pfx##_t *v, type i) \
{ \
	smp_store_release(&v->counter, i); \
} \
SHIM_ATOMIC_VOID(pfx, type, add) \
SHIM_ATOMIC_VOID(pfx, type, sub) \
SHIM_ATOMIC_VOID(pfx, type, and) \
SHIM_ATOMIC_VOID(pfx, type, or) \
SHIM_ATOMIC_ORDER(pfx, type, , __ATOMIC_SEQ_CST) \
SHIM_ATOMIC_ORDER(pfx, type, _relaxed, __ATOMIC_RELAXED) \
SHIM_ATOMIC_ORDER(pfx, type, _acquire, __ATOMIC_ACQUIRE) \
SHIM_ATOMIC_ORDER(pfx, type, _release, __ATOMIC_RELEASE) \
static inline void pfx##_inc(pfx##_t *v) \
{ \
	pfx##_add(1, v); \
} \
static inline void pfx##_dec(pfx##_t *v) \
{ \
	pfx##_sub(1, v); \
} \
static inline bool pfx##_sub_and_test(type i, pfx##_t *v) \
{ \
	return pfx##_sub_return(i, v) == 0; \
} \
static inline bool pfx##_dec_and_test(pfx##_t *v) \
{ \
	return pfx##_dec_return(v) == 0; \
} \
static inline bool pfx##_inc_and_test(pfx##_t *v) \
{ \
	return pfx##_inc_return(v) == 0; \
} \
static inline bool pfx##_add_unless(pfx##_t *v, type a, type u) \
{ \
	type c = pfx##_read(v); \
	do { \
		if (c == u) \
			return false; \
	} while (!pfx##_try_cmpxchg(v, &c, c + a)); \
	return true; \
} \
static inline bool pfx##_inc_not_zero(pfx##_t *v) \
{ \
	return pfx##_add_unless(v, 1, 0); \
} \
static inline type pfx##_dec_if_positive(pfx##_t *v) \
{ \
	type c = pfx##_read(v); \
	do { \
		if (c <= 0) \
			break; \
	} while (!pfx##_try_cmpxchg(v, &c, c - 1)); \
	return c - 1; \
}

SHIM_ATOMIC(atomic, int)
SHIM_ATOMIC(atomic64, s64)
SHIM_ATOMIC(atomic_long, long)

/*
 * A count that went wrong sticks at a value far from both ends: the object
 * leaks rather than being freed twice. A debug build aborts instead.
 */
typedef struct { atomic_t refs; } refcount_t;

#define REFCOUNT_INIT(n)	{ .refs = ATOMIC_INIT(n) }
#define REFCOUNT_SATURATED	(INT_MIN / 2)

static inline void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

static inline unsigned int refcount_read(const refcount_t *r)
{
	return atomic_read(&r->refs);
}

static inline void shim_refcount_bad(refcount_t *r, const char *what)
{
	atomic_set(&r->refs, REFCOUNT_SATURATED);
	shim_warn("refcount_t", "%s", what);
}

static inline void refcount_add(int n, refcount_t *r)
{
	int old = atomic_fetch_add_relaxed(n, &r->refs);

	if (unlikely(old == 0))
		shim_refcount_bad(r, "addition on 0; use-after-free");
	else if (unlikely(old < 0 || old > INT_MAX - n))
		shim_refcount_bad(r, "saturated; leaking memory");
}

static inline void refcount_inc(refcount_t *r)
{
	refcount_add(1, r);
}

static inline bool __must_check refcount_inc_not_zero(refcount_t *r)
{
	int c = atomic_read(&r->refs);

	do {
		if (!c)
			return false;
	} while (!atomic_try_cmpxchg_relaxed(&r->refs, &c,
					     (int)((u32)c + 1)));
	if (unlikely(c < 0 || c == INT_MAX))
		shim_refcount_bad(r, "saturated; leaking memory");
	return true;
}

/*
 * Release: what this holder did comes before the free. Acquire: the one who
 * frees sees what all the others did. One operation, each pairs with itself.
 */
static inline bool __must_check refcount_sub_and_test(int n, refcount_t *r)
{
	int old = __atomic_fetch_sub(&r->refs.counter, n, __ATOMIC_ACQ_REL);

	if (old > 0 && old == n)
		return true;
	if (unlikely(old <= 0 || old < n))
		shim_refcount_bad(r, "underflow; use-after-free");
	return false;
}

static inline bool __must_check refcount_dec_and_test(refcount_t *r)
{
	return refcount_sub_and_test(1, r);
}

#endif
