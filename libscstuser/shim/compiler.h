/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Types, attributes and the compile-time checks.
 *
 * u64 is unsigned long long, as in the kernel, so that %llu is right on both
 * sides; it is not the libc's uint64_t on 64-bit machines.
 */
#ifndef SHIM_COMPILER_H
#define SHIM_COMPILER_H

#include <assert.h>
#include <limits.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef unsigned int gfp_t;

#define U8_MAX		((u8)~0U)
#define U16_MAX		((u16)~0U)
#define U32_MAX		((u32)~0U)
#define U64_MAX		((u64)~0ULL)
#define S32_MAX		((s32)(U32_MAX >> 1))
#define S64_MAX		((s64)(U64_MAX >> 1))

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define fallthrough	__attribute__((__fallthrough__))
#define noinline	__attribute__((__noinline__))
#define __packed	__attribute__((__packed__))
#define __aligned(x)	__attribute__((__aligned__(x)))
#define __maybe_unused	__attribute__((__unused__))
#define __must_check	__attribute__((__warn_unused_result__))
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))
#define __noreturn	__attribute__((__noreturn__))

/* what only sparse reads */
#define __force
#define __rcu
#define __percpu
#define __acquires(x)
#define __releases(x)
#define __must_hold(x)
#define __acquire(x)	((void)0)
#define __release(x)	((void)0)

#define SHIM_CACHELINE	64

#define __same_type(a, b) \
	__builtin_types_compatible_p(typeof(a), typeof(b))
/* 0, or an error while compiling */
#define BUILD_BUG_ON_ZERO(e)	((int)sizeof(struct { int : (-!!(e)); }))

/* the message is optional, as in the kernel */
#undef static_assert
#define static_assert(expr, ...) \
	SHIM_STATIC_ASSERT(expr, ##__VA_ARGS__, #expr)
#define SHIM_STATIC_ASSERT(expr, msg, ...)	_Static_assert(expr, msg)
#define BUILD_BUG_ON(cond) \
	do { _Static_assert(!(cond), "BUILD_BUG_ON: " #cond); } while (0)

#define ARRAY_SIZE(a) \
	(sizeof(a) / sizeof((a)[0]) + \
	 BUILD_BUG_ON_ZERO(__same_type((a), &(a)[0])))

/* an expression without variables of its own, so that it nests */
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member) + \
		  BUILD_BUG_ON_ZERO( \
			!__same_type(*(ptr), ((type *)0)->member) && \
			!__same_type(*(ptr), void))))

/* volatile would do for the compiler, but not for the thread sanitizer */
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* acquire pairs with release on the same location */
#define smp_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)

#define barrier()		__asm__ __volatile__("" ::: "memory")

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield" ::: "memory");
#endif
}

#define SHIM_STR_(x)		#x
#define SHIM_STR(x)		SHIM_STR_(x)
#define SHIM_HERE		__FILE__ ":" SHIM_STR(__LINE__)

#endif
