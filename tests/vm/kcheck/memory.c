// SPDX-License-Identifier: BSD-3-Clause
/*
 * KERNEL: allocations of the core under test, counted and failing on demand
 * as libscstuser/shim/slab.h says; and the tests' own.
 */
#include "kcheck.h"

#include <linux/atomic.h>
#include <linux/bug.h>

#include "stdlib.h"

static atomic_long_t live;
static atomic_t fail_nth;
static unsigned int fail_atomic_nth;
static atomic_t atomic_nr;

long core_slab_live(void)
{
	return atomic_long_read(&live);
}

unsigned int core_fail_alloc(unsigned int nth)
{
	return atomic_xchg(&fail_nth, nth);
}

void core_fail_atomic_alloc(unsigned int nth)
{
	atomic_set(&atomic_nr, 0);
	WRITE_ONCE(fail_atomic_nth, nth);
}

static bool fails(gfp_t gfp)
{
	unsigned int every = READ_ONCE(fail_atomic_nth);

	might_sleep_if(gfpflags_allow_blocking(gfp));
	if (atomic_dec_if_positive(&fail_nth) == 0)
		return true;
	return every && !gfpflags_allow_blocking(gfp) &&
	       atomic_inc_return(&atomic_nr) % every == 0;
}

static void *counted(void *p)
{
	if (!ZERO_OR_NULL_PTR(p))
		atomic_long_inc(&live);
	return p;
}

static void uncount(const void *p)
{
	if (!ZERO_OR_NULL_PTR(p))
		atomic_long_dec(&live);
}

void *kcheck_kmalloc(size_t size, gfp_t gfp)
{
	return fails(gfp) ? NULL : counted(kmalloc(size, gfp));
}

void *kcheck_kmemdup(const void *p, size_t size, gfp_t gfp)
{
	return fails(gfp) ? NULL : counted(kmemdup(p, size, gfp));
}

void *kcheck_kvmalloc(size_t size, gfp_t gfp)
{
	return fails(gfp) ? NULL : counted(kvmalloc(size, gfp));
}

void kcheck_kfree(const void *p)
{
	uncount(p);
	kfree(p);
}

void kcheck_kvfree(const void *p)
{
	uncount(p);
	kvfree(p);
}

void __percpu *kcheck_alloc_percpu(size_t size, size_t align)
{
	void __percpu *p;

	if (fails(GFP_KERNEL))
		return NULL;
	p = __alloc_percpu(size, align);
	if (p)
		atomic_long_inc(&live);
	return p;
}

void kcheck_free_percpu(void __percpu *p)
{
	if (p)
		atomic_long_dec(&live);
	free_percpu(p);
}

/*
 * Pages are counted by those who keep them. To fail one of several would be
 * no failure: less would be asked for.
 */
struct page *kcheck_alloc_pages(gfp_t gfp, unsigned int order)
{
	if (!order && fails(gfp))
		return NULL;
	return alloc_pages(gfp, order);
}

/* ---- The tests' own ------------------------------------------------------- */

static void *own_alloc(size_t size, gfp_t gfp)
{
	void *p = kmalloc(size ?: 1, GFP_ATOMIC | gfp);

	BUG_ON(!p);
	return p;
}

void *malloc(size_t size)
{
	return own_alloc(size, 0);
}

void *calloc(size_t n, size_t size)
{
	return own_alloc(array_size(n, size), __GFP_ZERO);
}

void *realloc(void *p, size_t size)
{
	p = krealloc(p, size ?: 1, GFP_ATOMIC);
	BUG_ON(!p);
	return p;
}

void free(void *p)
{
	kfree(p);
}
