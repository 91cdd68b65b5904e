// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scstctl: what has to be done for the tree to be as a file says.
 *
 * The file is a patch (as in RFC 7396): what it does not name stays as it is,
 * null takes away. The whole of it is compared before anything is changed, so
 * most mistakes have no consequences.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "scstctl.h"

void plan_add(struct plan *plan, enum plan_what what, char *path, char *value,
	      char *old)
{
	if (!(plan->nr & (plan->nr - 1)))
		plan->at = xrealloc(plan->at, (plan->nr ? 2 * plan->nr : 1) *
				    sizeof(*plan->at));
	plan->at[plan->nr++] = (struct action){
		.what = what,
		.path = path,
		.value = value,
		.old = old,
	};
}

/* ---- Attributes ------------------------------------------------------------------ */

static bool parse_number(const char *value, unsigned long long *number)
{
	static const char suffixes[] = "kMGTP";
	unsigned long long factor = 1;
	const char *suffix;
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	*number = strtoull(value, &end, 0);
	if (*end) {
		suffix = strchr(suffixes, *end == 'K' ? 'k' : *end);
		if (!suffix || end[1])
			return false;
		factor = 1ULL << 10 * (suffix - suffixes + 1);
	}
	return !errno && !__builtin_mul_overflow(*number, factor, number);
}

/* 1G is 1073741824, unless it is the name of something. */
static bool same_value(const char *name, const char *left, const char *right)
{
	static const char *const texts[] = {
		"device", "path", "product", "revision", "serial", "vendor",
	};
	unsigned long long a, b;
	size_t i;

	if (!strcmp(left, right))
		return true;
	if (!strcmp(name, "naa"))
		return !strcasecmp(left, right);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(name, texts[i]))
			return false;
	return parse_number(left, &a) && parse_number(right, &b) && a == b;
}

static int plan_attr(struct plan *plan, const char *dir, const char *name,
		     const json_t *json, bool exists)
{
	char *path = path_join(dir, name), *value = conf_value(json);
	char *old = NULL;

	if (!value)
		return fail("%s: want a string, a number, true or false", path);
	if (strchr(value, '\n'))
		return fail("%s: a value is one line", path);
	if (!exists) {
		plan_add(plan, PLAN_SET, path, value, NULL);
		return 0;
	}
	switch (tree_kind(path)) {
	case TREE_NONE:
		return tree_no_attr(dir, name);
	case TREE_DIR:
		return fail("%s: is a directory: want an object", path);
	case TREE_ATTR_WO:
		return fail("%s: cannot be compared: it is for 'scstctl set'",
			    path);
	default:
		old = tree_read(path);
	}
	if (!old)
		return tree_complain(path, -errno);
	if (same_value(name, old, value))
		return 0;
	if (tree_kind(path) == TREE_ATTR_RO)
		return fail("%s: is %s, and cannot be set", path, old);
	plan_add(plan, PLAN_SET, path, value, old);
	return 0;
}

/* ---- Patterns --------------------------------------------------------------------- */

/*
 * A new pattern comes behind those that exist. So only those stay that are in
 * the right order at the beginning of what is wanted; the others go, the last
 * first, and come again.
 */
static size_t patterns_stay(const struct list *have, const struct list *want,
			    bool *stays)
{
	size_t i, kept = 0;

	for (i = 0; i < have->nr; i++) {
		stays[i] = kept < want->nr &&
			   !strcmp(have->at[i], want->at[kept]);
		kept += stays[i];
	}
	return kept;
}

static void plan_diff_patterns(struct plan *plan, const char *path,
			       const struct list *have,
			       const struct list *want)
{
	bool *stays = xrealloc(NULL, have->nr + 1);
	size_t i = patterns_stay(have, want, stays), j;

	for (j = have->nr; j-- > 0;)
		if (!stays[j])
			plan_add(plan, PLAN_REMOVE,
				 path_join(path, have->at[j]), NULL, NULL);
	for (; i < want->nr; i++)
		plan_add(plan, PLAN_CREATE, path_join(path, want->at[i]), NULL,
			 NULL);
	free(stays);
}

static int patterns_of(struct list *want, const char *path, const json_t *array)
{
	const json_t *pattern;
	size_t i;
	int ret;

	json_array_foreach(array, i, pattern) {
		if (!json_is_string(pattern))
			return fail("%s: want an array of patterns", path);
		ret = name_check(path, json_string_value(pattern));
		if (ret)
			return ret;
		if (list_find(want, json_string_value(pattern)) >= 0)
			return fail("%s: '%s' is there twice", path,
				    json_string_value(pattern));
		list_add(want, text("%s", json_string_value(pattern)));
	}
	return 0;
}

static int plan_patterns(struct plan *plan, const char *path,
			 const json_t *array, bool exists)
{
	struct list want = { }, have = { }, attrs = { };
	int ret;

	if (path_depth(path) != 6 || strcmp(path_name(path), "initiators"))
		return fail("%s: an array is for the initiators of a group",
			    path);
	ret = patterns_of(&want, path, array);
	if (!ret) {
		if (exists)
			tree_list(path, &have, &attrs);
		plan_diff_patterns(plan, path, &have, &want);
	}
	list_free(&want);
	list_free(&have);
	list_free(&attrs);
	return ret;
}

/* ---- Directories -------------------------------------------------------------------- */

/*
 * Groups come into being one behind the other, and an initiator belongs to the
 * first that fits: a file that has them in another order cannot be fulfilled.
 */
static int check_groups(const char *path, const json_t *groups)
{
	const char *name, *before = NULL;
	struct list dirs, attrs;
	long at, last = -1;
	json_t *value;
	int ret = 0;

	tree_list(path, &dirs, &attrs);
	json_object_foreach((json_t *)groups, name, value) {
		if (ret || json_is_null(value))
			continue;
		at = list_find(&dirs, name);
		if (at < 0)
			at = dirs.nr;
		if (at < last)
			ret = fail("%s: '%s' cannot come before '%s', which is there already: remove '%s' first",
				   path, before, name, name);
		last = at;
		before = name;
	}
	list_free(&dirs);
	list_free(&attrs);
	return ret;
}

static int plan_dir(struct plan *plan, const char *path, json_t *dir,
		    bool exists);

static int plan_subdir(struct plan *plan, char *path, json_t *dir, bool exists)
{
	size_t level = path_level(path);
	bool there = exists && tree_kind(path) == TREE_DIR;
	int ret = 0;

	if (level > LEVEL_MAX)
		return fail("%s: there are no directories that far below",
			    path);
	if (level == 6 && !strcmp(path_name(path), "initiators"))
		return fail("%s: want an array of patterns, such as [\"*\"]",
			    path);
	if (!there && path_is_item(path))
		plan_add(plan, PLAN_CREATE, path, NULL, NULL);
	else if (!there && (exists || level < 3))
		return tree_missing(path);
	if (there && level == 4 && !strcmp(path_name(path), "groups"))
		ret = check_groups(path, dir);
	return ret ? ret : plan_dir(plan, path, dir, there);
}

/*
 * Devices come before who shows them. A device is enabled when everything else
 * is set, a LUN is read-only before it shows its device, a group has its LUNs
 * before its initiators, and what the driver adds comes when there are groups.
 */
#define RANKS 6

static int rank(const char *name, const json_t *value)
{
	if (json_is_array(value))
		return 4;
	if (json_is_object(value))
		return strcmp(name, "devices") && strcmp(name, "groups") &&
		       strcmp(name, "luns") ? 4 : 3;
	if (!strcmp(name, "enable"))
		return !strcmp(conf_value(value) ?: "", "0") ? 0 : 5;
	return strcmp(name, "device") ? 1 : 2;
}

static int plan_member(struct plan *plan, const char *path, const char *name,
		       json_t *value, bool exists)
{
	int ret = name_check(path, name);

	if (ret || json_is_null(value))
		return ret;
	if (json_is_object(value))
		return plan_subdir(plan, path_join(path, name), value, exists);
	if (json_is_array(value))
		return plan_patterns(plan, path_join(path, name), value,
				     exists);
	return plan_attr(plan, path, name, value, exists);
}

static int plan_dir(struct plan *plan, const char *path, json_t *dir,
		    bool exists)
{
	const char *name;
	json_t *value;
	int i, ret = 0;

	for (i = 0; i < RANKS; i++)
		json_object_foreach(dir, name, value)
			if (!ret && rank(name, value) == i)
				ret = plan_member(plan, path, name, value,
						  exists);
	return ret;
}

/* ---- Removals ------------------------------------------------------------------------ */

/* First of all, for what has a name may come again elsewhere. */
static int plan_removals(struct plan *plan, const char *path, json_t *dir)
{
	const char *name;
	json_t *value;
	char *at;
	int ret = 0;

	json_object_foreach(dir, name, value) {
		if (!ret)
			ret = name_check(path, name);
		at = ret ? NULL : path_join(path, name);
		if (!at || tree_kind(at) == TREE_NONE)
			continue;
		if (json_is_object(value))
			ret = plan_removals(plan, at, value);
		else if (json_is_null(value) && !path_is_item(at))
			ret = fail("%s: is not made by mkdir, so null cannot remove it",
				   at);
		else if (json_is_null(value))
			plan_add(plan, PLAN_REMOVE, at, NULL, NULL);
	}
	return ret;
}

int plan_make(struct plan *plan, json_t *conf)
{
	int ret = plan_removals(plan, "", conf);

	return ret ? ret : plan_dir(plan, "", conf, true);
}
