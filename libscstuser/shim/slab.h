/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Memory. kmalloc is the libc's; a kmem_cache keeps freed objects per
 * thread in release builds and none in debug builds, where each object is a
 * malloc of its own and a sanitizer sees its end.
 *
 * Tests count what is live and let allocations fail. GFP_KERNEL sleeps: a
 * debug build aborts on it in a read section or with a spinlock held.
 */
#ifndef SHIM_SLAB_H
#define SHIM_SLAB_H

#include "compiler.h"
#include "minmax.h"

#define __GFP_DIRECT_RECLAIM	0x01u	/* may sleep */
#define __GFP_HIGH		0x02u
#define __GFP_ZERO		0x04u
#define __GFP_NOWARN		0x08u
#define GFP_KERNEL		__GFP_DIRECT_RECLAIM
#define GFP_ATOMIC		__GFP_HIGH
#define GFP_NOWAIT		0u

#define SLAB_HWCACHE_ALIGN	0x01u

/* what an allocation of no bytes returns: freed by nobody, read by nobody */
#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(p)	((uintptr_t)(p) <= 16)

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return gfp & __GFP_DIRECT_RECLAIM;
}

void *kmalloc(size_t size, gfp_t gfp) __attribute__((__alloc_size__(1)));
void *krealloc(const void *p, size_t size, gfp_t gfp) __must_check
	__attribute__((__alloc_size__(2)));
void kfree(const void *p);
void kfree_sensitive(const void *p);

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc(bytes, gfp);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

#define kvmalloc(size, gfp)		kmalloc(size, gfp)
#define kvzalloc(size, gfp)		kzalloc(size, gfp)
#define kvmalloc_array(n, size, gfp)	kmalloc_array(n, size, gfp)
#define kvcalloc(n, size, gfp)		kcalloc(n, size, gfp)
#define kvfree(p)			kfree(p)

struct kmem_cache;

/* no constructors here: @ctor is NULL */
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, unsigned int flags,
				     void (*ctor)(void *));
/* all objects are back and no thread uses the cache any more; or NULL */
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *cache, void *obj);

static inline void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	return kmem_cache_alloc(cache, gfp | __GFP_ZERO);
}

/* for the shim: kmalloc with an alignment, freed by kfree */
void *shim_alloc(size_t size, size_t align, gfp_t gfp);

/* Tests, and this side only: */

/* objects allocated and not yet freed, each kind also reported by pr_warn */
long core_slab_live(void);
/*
 * The @nth allocation of any kind from now on fails, once; 0: none. Returns
 * how many were still missing to the failure ordered before: 0, it came.
 */
unsigned int core_fail_alloc(unsigned int nth);
/* every @nth GFP_ATOMIC or GFP_NOWAIT allocation fails; 1: all; 0: none */
void core_fail_atomic_alloc(unsigned int nth);

#endif
