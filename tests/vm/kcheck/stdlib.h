/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * KERNEL: memory of tests, which the core's accounts do not have. It never
 * sleeps, as malloc does not, and is never short: the test ends first.
 */
#ifndef KCHECK_STDLIB_H
#define KCHECK_STDLIB_H

#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t size);
void free(void *p);

static inline unsigned long strtoul(const char *s, char **end, int base)
{
	return simple_strtoul(skip_spaces(s), end, base);
}

static inline int atoi(const char *s)
{
	return simple_strtol(skip_spaces(s), NULL, 10);
}

#endif
