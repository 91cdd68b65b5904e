// SPDX-License-Identifier: BSD-3-Clause
/* USER: scstctl: strings, lists of them, and what is said when it fails. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scstctl.h"

static struct list texts;

static __attribute__((noreturn)) void no_memory(void)
{
	fprintf(stderr, "scstctl: out of memory\n");
	exit(EXIT_FAILURE);
}

void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		no_memory();
	return p;
}

void list_add(struct list *list, char *item)
{
	/* powers of two */
	if (!(list->nr & (list->nr - 1)))
		list->at = xrealloc(list->at, (list->nr ? 2 * list->nr : 1) *
				    sizeof(*list->at));
	list->at[list->nr++] = item;
}

void list_free(struct list *list)
{
	free(list->at);
	*list = (struct list){ };
}

long list_find(const struct list *list, const char *item)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(list->at[i], item))
			return i;
	return -1;
}

char *text(const char *fmt, ...)
{
	va_list args;
	char *to = NULL;
	int len;

	va_start(args, fmt);
	len = vasprintf(&to, fmt, args);
	va_end(args);
	if (len < 0)
		no_memory();
	list_add(&texts, to);
	return to;
}

static void complain(const char *fmt, va_list args)
{
	/* What is printed already comes first. */
	fflush(stdout);
	fprintf(stderr, "scstctl: ");
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

int fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	return EXIT_FAILURE;
}

int usage_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	return EXIT_USAGE;
}
