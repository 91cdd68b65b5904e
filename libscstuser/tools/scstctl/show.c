// SPDX-License-Identifier: BSD-3-Clause
/* USER: scstctl: the tree as text. */
#include <stdio.h>
#include <string.h>

#include "scstctl.h"

#define INDENT 2

/* What tells most, in this order. */
static const char *const brief[] = {
	"state", "handler", "size", "path", "device", "host", "redirect",
};

static void show_brief(const char *path, const struct list *attrs)
{
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(brief) / sizeof(brief[0]); i++) {
		if (list_find(attrs, brief[i]) < 0)
			continue;
		value = tree_read(path_join(path, brief[i]));
		if (value && *value)
			printf("  %s=%s", brief[i], value);
	}
	if (tree_is(path_join(path, "read_only"), "1"))
		printf("  read_only");
	putchar('\n');
}

static void show_all(const char *path, const struct list *attrs, int indent)
{
	const char *value;
	size_t i;

	putchar('\n');
	for (i = 0; i < attrs->nr; i++) {
		const char *attr = path_join(path, attrs->at[i]);

		value = tree_kind(attr) == TREE_ATTR_WO ? NULL :
							  tree_read(attr);
		if (value)
			printf("%*s%s = %s\n", indent + INDENT, "",
			       attrs->at[i], value);
	}
}

static void show_dir(const char *path, int indent)
{
	struct list dirs, attrs;
	size_t i;

	tree_list(path, &dirs, &attrs);
	printf("%*s%s", indent, "", path_name(path));
	if (opt.all)
		show_all(path, &attrs, indent);
	else
		show_brief(path, &attrs);
	for (i = 0; i < dirs.nr; i++)
		show_dir(path_join(path, dirs.at[i]), indent + INDENT);
	list_free(&dirs);
	list_free(&attrs);
}

void show_tree(const char *path)
{
	struct list dirs, attrs;
	size_t i;

	if (*path) {
		show_dir(path, 0);
		return;
	}
	tree_list(path, &dirs, &attrs);
	for (i = 0; i < dirs.nr; i++)
		show_dir(dirs.at[i], 0);
	list_free(&dirs);
	list_free(&attrs);
}
