/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. What must not happen. A warning aborts a debug build, so that a test
 * or a fuzzer stops there; a release build says it and goes on, as the
 * kernel does. BUG_ON aborts everywhere.
 */
#ifndef SHIM_BUG_H
#define SHIM_BUG_H

#include "compiler.h"

void shim_warn(const char *where, const char *fmt, ...) __printf(2, 3);
void shim_die(const char *where, const char *fmt, ...)
	__printf(2, 3) __noreturn;

#define WARN(cond, ...) \
	({ \
		bool shim_bad_ = !!(cond); \
		if (unlikely(shim_bad_)) \
			shim_warn(SHIM_HERE, __VA_ARGS__); \
		unlikely(shim_bad_); \
	})

#define WARN_ONCE(cond, ...) \
	({ \
		static bool shim_warned_; \
		bool shim_bad_ = !!(cond); \
		if (unlikely(shim_bad_) && \
		    !__atomic_exchange_n(&shim_warned_, true, \
					 __ATOMIC_RELAXED)) \
			shim_warn(SHIM_HERE, __VA_ARGS__); \
		unlikely(shim_bad_); \
	})

#define WARN_ON(cond)		WARN(cond, "%s", #cond)
#define WARN_ON_ONCE(cond)	WARN_ONCE(cond, "%s", #cond)

#define BUG_ON(cond) \
	do { \
		if (unlikely(cond)) \
			shim_die(SHIM_HERE, "%s", #cond); \
	} while (0)

#ifdef SCST_DEBUG
#define SHIM_DEBUG_ON(cond, ...) \
	do { \
		if (unlikely(cond)) \
			shim_die(SHIM_HERE, __VA_ARGS__); \
	} while (0)
#else
#define SHIM_DEBUG_ON(cond, ...)	do { } while (0)
#endif

#endif
