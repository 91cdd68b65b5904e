// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scstctl: the tree as JSON.
 *
 * A directory is an object, an attribute a string; initiators, where the order
 * is all that matters, are an array of patterns. The members of groups are in
 * their order, too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scstctl.h"

/* ---- From the tree ----------------------------------------------------------- */

static void set_member(json_t *dir, const char *name, json_t *value)
{
	if (json_object_set_new(dir, name, value)) {
		fail("%s: not UTF-8, or no memory", name);
		exit(EXIT_FAILURE);
	}
}

static void read_attr(json_t *dir, const char *path, const char *name, bool all)
{
	const char *attr = path_join(path, name), *value;
	enum tree_kind kind = tree_kind(attr);

	if (kind != TREE_ATTR && !(all && kind == TREE_ATTR_RO))
		return;
	value = tree_read(attr);
	if (value)
		set_member(dir, name, json_string(value));
}

json_t *conf_read(const char *path, bool all)
{
	bool patterns = path_depth(path) == 6 &&
			!strcmp(path_name(path), "initiators");
	json_t *dir = patterns ? json_array() : json_object();
	struct list dirs, attrs;
	size_t i;

	tree_list(path, &dirs, &attrs);
	for (i = 0; i < attrs.nr; i++)
		if (!patterns)
			read_attr(dir, path, attrs.at[i], all);
	for (i = 0; i < dirs.nr; i++) {
		if (patterns)
			json_array_append_new(dir, json_string(dirs.at[i]));
		else
			set_member(dir, dirs.at[i],
				   conf_read(path_join(path, dirs.at[i]), all));
	}
	list_free(&dirs);
	list_free(&attrs);
	return dir;
}

/* ---- Values -------------------------------------------------------------------- */

char *conf_value(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return text("%s", json_string_value(value));
	case JSON_INTEGER:
		return text("%lld", (long long)json_integer_value(value));
	case JSON_TRUE:
		return text("1");
	case JSON_FALSE:
		return text("0");
	default:
		return NULL;
	}
}

/* ---- Files ---------------------------------------------------------------------- */

json_t *conf_load(const char *file)
{
	bool standard = !strcmp(file, "-");
	FILE *in = standard ? stdin : fopen(file, "re");
	json_error_t error;
	json_t *conf;

	if (!in) {
		fail("%s: %s", file, strerror(errno));
		return NULL;
	}
	conf = json_loadf(in, JSON_REJECT_DUPLICATES, &error);
	if (!standard)
		fclose(in);
	if (!conf)
		fail("%s:%d: %s", file, error.line, error.text);
	else if (!json_is_object(conf))
		fail("%s: want an object with devices and targets", file);
	else
		return conf;
	json_decref(conf);
	return NULL;
}

static int conf_write(json_t *conf, FILE *out)
{
	if (json_dumpf(conf, out, JSON_INDENT(2)) || fputc('\n', out) == EOF ||
	    fflush(out))
		return -EIO;
	return 0;
}

/* All of it or, when that fails, what there was before. */
static int conf_replace(json_t *conf, const char *file)
{
	const char *temp = text("%s.XXXXXX", file);
	char *name = text("%s", temp);
	int fd = mkstemp(name), err;
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out)
		return fail("%s: %s", name, strerror(errno));
	err = conf_write(conf, out);
	if (fsync(fd) || fclose(out))
		err = -errno;
	if (!err && rename(name, file))
		err = -errno;
	if (err) {
		unlink(name);
		return fail("%s: %s", file, strerror(-err));
	}
	return 0;
}

int conf_save(json_t *conf, const char *file)
{
	if (file && strcmp(file, "-"))
		return conf_replace(conf, file);
	if (conf_write(conf, stdout))
		return fail("standard output: %s", strerror(errno));
	return 0;
}
