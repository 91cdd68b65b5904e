// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the syntax of --device and --access.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

/*
 * One value, unquoted in place from @from to @to. Returns where it ends, at a
 * comma or the end of the text; NULL: a quote is open or something follows it.
 */
static char *take_value(char *from, char *to)
{
	if (*from != '"') {
		while (*from && *from != ',')
			*to++ = *from++;
		/* @to may be where the comma is: the caller has seen it. */
		return from;
	}
	for (from++; *from != '"'; *to++ = *from++) {
		if (*from == '\\')
			from++;
		if (!*from)
			return NULL;
	}
	from++;
	if (*from && *from != ',')
		return NULL;
	*to = '\0';
	return from;
}

static struct word *words_add(struct words *w)
{
	struct word *grown;

	grown = realloc(w->word, (w->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	w->word = grown;
	return &w->word[w->count++];
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

int words_parse(struct words *w, const char *text, char *why, size_t size)
{
	char *pos, *end;
	struct word *word;

	memset(w, 0, sizeof(*w));
	w->text = strdup(text);
	if (!w->text)
		return -ENOMEM;

	for (pos = w->text;; pos = end + 1) {
		word = words_add(w);
		if (!word)
			return -ENOMEM;
		*word = (struct word){ .name = pos };
		for (end = pos; is_name(*end);)
			end++;
		if (end == pos || (*end && *end != ',' && *end != '=')) {
			snprintf(why, size, "'%.40s': want name or name=value, "
				 "separated by commas", pos);
			return -EINVAL;
		}
		if (*end == '=') {
			*end = '\0';
			word->value = end + 1;
			end = take_value(word->value, word->value);
			if (!end) {
				snprintf(why, size,
					 "%s: the quotes do not end well",
					 word->name);
				return -EINVAL;
			}
		}
		if (!*end)
			return 0;
		*end = '\0';
	}
}

void words_free(struct words *w)
{
	free(w->word);
	free(w->text);
	memset(w, 0, sizeof(*w));
}

int parse_number(const char *text, uint64_t max, uint64_t *number)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (*end)
		return -EINVAL;
	if (errno || value > max)
		return -ERANGE;
	*number = value;
	return 0;
}

int parse_size(const char *text, uint64_t *size)
{
	static const char suffixes[] = "kMGTPE";
	unsigned long long value;
	unsigned int shift = 0;
	const char *suffix;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	if (*end) {
		suffix = strchr(suffixes, *end == 'K' ? 'k' : *end);
		if (!suffix)
			return -EINVAL;
		shift = 10 * (suffix - suffixes + 1);
		end++;
		/* 1G, 1GiB and 1GB are the same number. */
		if (!strcmp(end, "iB") || !strcmp(end, "B"))
			end += strlen(end);
		if (*end)
			return -EINVAL;
	}
	if (value > UINT64_MAX >> shift || value << shift > INT64_MAX)
		return -ERANGE;
	*size = value << shift;
	return 0;
}

int parse_flag(const char *text, bool *flag)
{
	if (!text || !strcmp(text, "on") || !strcmp(text, "yes")) {
		*flag = true;
		return 0;
	}
	if (!strcmp(text, "off") || !strcmp(text, "no")) {
		*flag = false;
		return 0;
	}
	return -EINVAL;
}
