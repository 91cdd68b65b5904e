/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: log lines, to stderr, as text or JSON, one write each.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum {
	LOG_ERROR = 3,
	LOG_WARNING = 4,
	LOG_INFO = 6,
	LOG_DEBUG = 7,
};

/* The core's messages come here too from now on. */
void log_init(void);

/* "error", "warn", "info", "debug"; -EINVAL: none of them. */
int log_set_level(const char *name);
/* "text" or "json" */
int log_set_format(const char *name);

/* @device may be NULL. */
void log_print(int level, const char *device, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void log_vprint(int level, const char *device, const char *fmt, va_list ap);

#define log_error(...) log_print(LOG_ERROR, NULL, __VA_ARGS__)
#define log_warn(...)  log_print(LOG_WARNING, NULL, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, NULL, __VA_ARGS__)

#endif
