// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: patterns for initiator and target names.
 *
 * Patterns come from the operator, names from peers. There is no recursion,
 * and only the last star is ever taken back: matching costs at most the
 * product of both lengths, whatever a name was made to look like.
 */
#include "scst.h"

/*
 * ASCII only: tolower() works on Latin-1 and would take the bytes of one
 * UTF-8 character for those of another.
 */
static char glob_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Bytes of the character at @name: '?' matches characters, not bytes. */
static size_t glob_char(const char *name)
{
	size_t n = 1;

	while ((name[n] & 0xc0) == 0x80)
		n++;
	return n;
}

bool scst_glob(const char *pattern, const char *name)
{
	const char *star = NULL;	/* behind the last star */
	const char *rest = NULL;	/* what it has not swallowed yet */

	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			rest = name;
		} else if (*pattern == '?') {
			pattern++;
			name += glob_char(name);
		} else if (glob_lower(*pattern) == glob_lower(*name)) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			rest += glob_char(rest);
			name = rest;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
