/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the syntax of --device and --access: words between commas, each a
 * name alone or name=value. A value in double quotes may hold commas; a
 * backslash in it takes the next character as it is.
 */
#ifndef LIB_WORDS_H
#define LIB_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word {
	char *name;
	char *value;		/* NULL: a name alone */
};

struct words {
	struct word *word;
	size_t count;
	char *text;		/* what they point into */
};

/*
 * Take @text apart. -EINVAL with a reason in @why (@size bytes), -ENOMEM.
 * words_free() in either case.
 */
int words_parse(struct words *w, const char *text, char *why, size_t size);
void words_free(struct words *w);

/* Values; -EINVAL: not of that form, -ERANGE: too large. */
int parse_size(const char *text, uint64_t *size);
int parse_number(const char *text, uint64_t max, uint64_t *number);
int parse_flag(const char *text, bool *flag);

#endif
