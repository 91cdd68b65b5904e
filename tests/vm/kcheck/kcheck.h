/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * KERNEL: included before each file of test_core.ko, the core under test and
 * the tests alike: what the user-space seam has for tests. Objects are
 * counted, allocations fail on demand, messages go where a test wants them.
 */
#ifndef KCHECK_H
#define KCHECK_H

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

/* ---- The user-space seam's interface for tests ---------------------------- */

long core_slab_live(void);
unsigned int core_fail_alloc(unsigned int nth);
void core_fail_atomic_alloc(unsigned int nth);

extern void (*core_log_hook)(int level, const char *fmt, va_list ap);

/* Here every context may read and retire, and who does not is quiescent. */
static inline void core_thread_register(void)
{
}

static inline void core_thread_unregister(void)
{
}

static inline void core_quiescent(void)
{
	cond_resched();
}

/* ---- What those count ----------------------------------------------------- */

void *kcheck_kmalloc(size_t size, gfp_t gfp);
void *kcheck_kmemdup(const void *p, size_t size, gfp_t gfp);
void *kcheck_kvmalloc(size_t size, gfp_t gfp);
void kcheck_kfree(const void *p);
void kcheck_kvfree(const void *p);
void __percpu *kcheck_alloc_percpu(size_t size, size_t align);
void kcheck_free_percpu(void __percpu *p);
struct page *kcheck_alloc_pages(gfp_t gfp, unsigned int order);
__printf(2, 3) void kcheck_log(int level, const char *fmt, ...);

#ifndef KCHECK_ITSELF

#undef kmalloc
#undef kzalloc
#undef kcalloc
#undef kmalloc_array
#undef kmemdup
#undef kvmalloc_array
#undef kfree
#undef kvfree
#undef alloc_percpu
#undef free_percpu
#undef alloc_pages
#undef alloc_page
#define kmalloc(size, gfp)	kcheck_kmalloc(size, gfp)
#define kzalloc(size, gfp)	kcheck_kmalloc(size, (gfp) | __GFP_ZERO)
#define kmalloc_array(n, size, gfp) kcheck_kmalloc(array_size(n, size), gfp)
#define kcalloc(n, size, gfp)	kzalloc(array_size(n, size), gfp)
#define kmemdup(p, size, gfp)	kcheck_kmemdup(p, size, gfp)
#define kvmalloc_array(n, size, gfp) kcheck_kvmalloc(array_size(n, size), gfp)
#define kfree(p)		kcheck_kfree(p)
#define kvfree(p)		kcheck_kvfree(p)
#define alloc_percpu(type) \
	((typeof(type) __percpu *)kcheck_alloc_percpu(sizeof(type), \
						      __alignof__(type)))
#define free_percpu(p)		kcheck_free_percpu(p)
#define alloc_pages(gfp, order)	kcheck_alloc_pages(gfp, order)
#define alloc_page(gfp)		kcheck_alloc_pages(gfp, 0)

#undef pr_err
#undef pr_warn
#define pr_err(fmt, ...)	kcheck_log(3, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	kcheck_log(4, pr_fmt(fmt), ##__VA_ARGS__)

/* The core's exports are scst.ko's. */
#undef EXPORT_SYMBOL
#define EXPORT_SYMBOL(symbol)

#endif

#endif
