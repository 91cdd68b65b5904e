/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Messages. Whoever embeds the core takes them by core_log_hook and
 * sets it before the first thread starts; without one they go to stderr.
 * What core_log_level excludes is not even formatted.
 */
#ifndef SHIM_LOG_H
#define SHIM_LOG_H

#include "compiler.h"

/* numbered like syslog's */
enum {
	CORE_LOG_ERR = 3,
	CORE_LOG_WARN = 4,
	CORE_LOG_NOTICE = 5,
	CORE_LOG_INFO = 6,
	CORE_LOG_DEBUG = 7,
};

extern void (*core_log_hook)(int level, const char *fmt, va_list ap);
extern int core_log_level;	/* READ_ONCE, WRITE_ONCE; default INFO */

/* a few per interval and place, the rest counted and reported later */
struct shim_ratelimit {
	u64 window;	/* number of the interval */
	u32 printed;	/* in it */
};

void shim_log(int level, const char *fmt, ...) __printf(2, 3);
bool shim_ratelimit(struct shim_ratelimit *rl);

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

#define shim_pr(level, fmt, ...) \
	do { \
		if ((level) <= READ_ONCE(core_log_level)) \
			shim_log(level, pr_fmt(fmt), ##__VA_ARGS__); \
	} while (0)

#define shim_pr_ratelimited(level, fmt, ...) \
	do { \
		static struct shim_ratelimit shim_rl_; \
		if ((level) <= READ_ONCE(core_log_level) && \
		    shim_ratelimit(&shim_rl_)) \
			shim_log(level, pr_fmt(fmt), ##__VA_ARGS__); \
	} while (0)

#define shim_pr_once(level, fmt, ...) \
	do { \
		static bool shim_said_; \
		if (!__atomic_exchange_n(&shim_said_, true, \
					 __ATOMIC_RELAXED)) \
			shim_pr(level, fmt, ##__VA_ARGS__); \
	} while (0)

#define pr_err(...)	shim_pr(CORE_LOG_ERR, __VA_ARGS__)
#define pr_warn(...)	shim_pr(CORE_LOG_WARN, __VA_ARGS__)
#define pr_notice(...)	shim_pr(CORE_LOG_NOTICE, __VA_ARGS__)
#define pr_info(...)	shim_pr(CORE_LOG_INFO, __VA_ARGS__)
#define pr_debug(...)	shim_pr(CORE_LOG_DEBUG, __VA_ARGS__)

#define pr_err_ratelimited(...) \
	shim_pr_ratelimited(CORE_LOG_ERR, __VA_ARGS__)
#define pr_warn_ratelimited(...) \
	shim_pr_ratelimited(CORE_LOG_WARN, __VA_ARGS__)
#define pr_notice_ratelimited(...) \
	shim_pr_ratelimited(CORE_LOG_NOTICE, __VA_ARGS__)
#define pr_info_ratelimited(...) \
	shim_pr_ratelimited(CORE_LOG_INFO, __VA_ARGS__)
#define pr_debug_ratelimited(...) \
	shim_pr_ratelimited(CORE_LOG_DEBUG, __VA_ARGS__)

#define pr_err_once(...)	shim_pr_once(CORE_LOG_ERR, __VA_ARGS__)
#define pr_warn_once(...)	shim_pr_once(CORE_LOG_WARN, __VA_ARGS__)
#define pr_info_once(...)	shim_pr_once(CORE_LOG_INFO, __VA_ARGS__)

#endif
