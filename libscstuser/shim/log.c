// SPDX-License-Identifier: BSD-3-Clause
/* USER. Messages, warnings and the end, see log.h and bug.h. */
#include <stdio.h>
#include <stdlib.h>
#include "bug.h"
#include "ktime.h"
#include "log.h"

#define RATELIMIT_WINDOW	(5ULL * NSEC_PER_SEC)
#define RATELIMIT_BURST		10

void (*core_log_hook)(int level, const char *fmt, va_list ap);
int core_log_level = CORE_LOG_INFO;

static void shim_vlog(int level, const char *fmt, va_list ap)
{
	if (core_log_hook)
		core_log_hook(level, fmt, ap);
	else
		vfprintf(stderr, fmt, ap);
}

void shim_log(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	shim_vlog(level, fmt, ap);
	va_end(ap);
}

/* two threads at the turn of a window may print one more: nobody minds */
bool shim_ratelimit(struct shim_ratelimit *rl)
{
	/* + 1: a fresh structure is in no window */
	u64 now = ktime_get_ns() / RATELIMIT_WINDOW + 1;
	u32 printed;

	if (READ_ONCE(rl->window) != now) {
		WRITE_ONCE(rl->window, now);
		printed = __atomic_exchange_n(&rl->printed, 0,
					      __ATOMIC_RELAXED);
		if (printed > RATELIMIT_BURST)
			shim_log(CORE_LOG_WARN, "%u messages suppressed\n",
				 printed - RATELIMIT_BURST);
	}
	return __atomic_fetch_add(&rl->printed, 1, __ATOMIC_RELAXED) <
	       RATELIMIT_BURST;
}

static void shim_complain(int level, const char *where, const char *fmt,
			  va_list ap)
{
	const char *kind = level == CORE_LOG_WARN ? "WARNING" : "BUG";
	char text[256];

	vsnprintf(text, sizeof(text), fmt, ap);
	shim_log(level, "%s at %s: %s\n", kind, where, text);
}

void shim_warn(const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	shim_complain(CORE_LOG_WARN, where, fmt, ap);
	va_end(ap);
#ifdef SCST_DEBUG
	abort();
#endif
}

void shim_die(const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	shim_complain(CORE_LOG_ERR, where, fmt, ap);
	va_end(ap);
	abort();
}
