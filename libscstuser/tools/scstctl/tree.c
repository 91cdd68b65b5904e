// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scstctl: the files and directories of the tree.
 *
 * What the kernel has against a change it says in its log only. So that is
 * read from the moment of the change on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scstctl.h"

#define VALUE_MAX 65536

/* ---- The kernel's log ------------------------------------------------------ */

static int kmsg = -1;

static void log_mark(void)
{
	if (kmsg >= 0)
		lseek(kmsg, 0, SEEK_END);
}

/*
 * The latest error of a module of ours since the mark; NULL: there is none. A
 * record is "PRIORITY,...;MODULE: TEXT\n..." (Documentation/ABI dev-kmsg).
 */
static const char *log_said(void)
{
	char record[8192];
	const char *said = NULL;
	ssize_t len;

	if (opt.socket)
		return remote_said();
	while (kmsg >= 0) {
		char *at, *end;

		len = read(kmsg, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE)
			continue;	/* overwritten before it was read */
		if (len <= 0)
			break;
		record[len] = '\0';
		at = strchr(record, ';');
		end = strchr(record, '\n');
		if (!at || !end || (atoi(record) & 7) > 3)
			continue;
		*end = '\0';
		if (strncmp(at + 1, "scst", 4))
			continue;
		at = strstr(at, ": ");
		if (at)
			said = text("%s", at + 2);
	}
	return said;
}

/* ---- Paths ------------------------------------------------------------------ */

static const char *full(const char *path)
{
	return *path ? text("%s/%s", opt.root, path) : opt.root;
}

size_t path_depth(const char *path)
{
	size_t depth = *path != '\0';

	while (*path)
		depth += *path++ == '/';
	return depth;
}

size_t path_level(const char *path)
{
	static const char shifted[] = "device_groups";

	return path_depth(path) +
	       (!strncmp(path, shifted, sizeof(shifted) - 1) &&
		strchr("/", path[sizeof(shifted) - 1]));
}

bool path_is_item(const char *path)
{
	size_t level = path_level(path);

	return level >= 3 && level % 2;
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_head(const char *path, size_t depth)
{
	const char *end = path;

	while (*end && (*end != '/' || --depth))
		end++;
	return text("%.*s", (int)(end - path), path);
}

char *path_join(const char *dir, const char *name)
{
	return text("%s%s%s", dir, *dir ? "/" : "", name);
}

int name_check(const char *dir, const char *name)
{
	const char *at;

	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strlen(name) > NAME_MAX)
		return fail("%s: '%s' is no name", *dir ? dir : "/", name);
	for (at = name; *at; at++)
		if (*at == '/' || (unsigned char)*at < ' ')
			return fail("%s: a name has no '/' and no control characters in it: '%s'",
				    *dir ? dir : "/", name);
	return 0;
}

/* ---- Looking ------------------------------------------------------------------ */

int tree_open(void)
{
	if (opt.socket)
		return remote_open();
	if (tree_kind("devices") != TREE_DIR ||
	    tree_kind("targets") != TREE_DIR)
		return fail("%s is not there: 'modprobe scst' as root, or --root",
			    opt.root);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return 0;
}

void tree_close(void)
{
	remote_close();
	if (kmsg >= 0)
		close(kmsg);
}

static enum tree_kind remote_kind(const char *kind)
{
	switch (kind ? *kind : 0) {
	case 'd':
		return TREE_DIR;
	case 'a':
		return TREE_ATTR;
	case 'r':
		return TREE_ATTR_RO;
	}
	return TREE_NONE;
}

enum tree_kind tree_kind(const char *path)
{
	struct stat st;

	if (opt.socket)
		return remote_kind(remote_get("kind", path));
	if (stat(full(path), &st))
		return TREE_NONE;
	if (S_ISDIR(st.st_mode))
		return TREE_DIR;
	if (!(st.st_mode & 0222))
		return TREE_ATTR_RO;
	return st.st_mode & 0444 ? TREE_ATTR : TREE_ATTR_WO;
}

struct entry {
	char *name;
	unsigned long long order;
};

static int entry_compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->order != right->order)
		return left->order < right->order ? -1 : 1;
	return strverscmp(left->name, right->name);
}

/* What the kernel says of the order in which it looks at them, or by name. */
static void sort_dirs(const char *path, struct list *dirs)
{
	struct entry *entries = xrealloc(NULL,
					 (dirs->nr + 1) * sizeof(*entries));
	const char *order;
	size_t i;

	for (i = 0; i < dirs->nr; i++) {
		entries[i].name = dirs->at[i];
		order = tree_read(path_join(path_join(path, dirs->at[i]),
					    "order"));
		entries[i].order = order ? strtoull(order, NULL, 10) : 0;
	}
	qsort(entries, dirs->nr, sizeof(*entries), entry_compare);
	for (i = 0; i < dirs->nr; i++)
		dirs->at[i] = entries[i].name;
	free(entries);
}

static void remote_list(const char *path, struct list *dirs,
			struct list *attrs)
{
	struct list answer;
	size_t i;

	remote_ask(&answer, "list", path, NULL);
	for (i = 0; i < answer.nr; i++)
		if (answer.at[i][0] && answer.at[i][1] == '\t')
			list_add(answer.at[i][0] == 'd' ? dirs : attrs,
				 answer.at[i] + 2);
	list_free(&answer);
}

static void local_list(const char *path, struct list *dirs, struct list *attrs)
{
	struct dirent **found;
	int i, nr;

	nr = scandir(full(path), &found, NULL, alphasort);
	for (i = 0; i < nr; i++) {
		char *name = text("%s", found[i]->d_name);

		free(found[i]);
		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		list_add(tree_kind(path_join(path, name)) == TREE_DIR ?
			 dirs : attrs, name);
	}
	if (nr >= 0)
		free(found);
}

void tree_list(const char *path, struct list *dirs, struct list *attrs)
{
	*dirs = *attrs = (struct list){ };
	if (opt.socket)
		remote_list(path, dirs, attrs);
	else
		local_list(path, dirs, attrs);
	sort_dirs(path, dirs);
}

static char *read_file(const char *path)
{
	static char value[VALUE_MAX];
	size_t len = 0;
	ssize_t ret;
	int fd;

	if (opt.socket)
		return remote_get("read", path);
	fd = open(full(path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	do {
		ret = read(fd, value + len, sizeof(value) - 1 - len);
		if (ret > 0)
			len += ret;
	} while (ret > 0 || (ret < 0 && errno == EINTR));
	close(fd);
	if (ret < 0)
		return NULL;
	if (len && value[len - 1] == '\n')
		len--;
	value[len] = '\0';
	return text("%s", value);
}

/*
 * A device that waits for its handler was told to be enabled, and will be,
 * although it is not yet.
 */
char *tree_read(const char *path)
{
	char *value = read_file(path), *dir, *state;

	if (!value || path_depth(path) != 4 || strcmp(value, "0") ||
	    strcmp(path_name(path), "enable"))
		return value;
	dir = path_head(path, 3);
	state = read_file(path_join(dir, "state"));
	return state && !strcmp(state, "waiting") ? text("1") : value;
}

bool tree_is(const char *path, const char *value)
{
	const char *now = tree_read(path);

	return now && !strcmp(now, value);
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

int tree_wait(const char *path, const char *value)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	time_t end = seconds() + opt.timeout;
	const char *now;

	for (;;) {
		now = tree_read(path);
		if (now && !strcmp(now, value))
			return 0;
		if (!now && errno == ENOENT)
			return tree_complain(path, -ENOENT);
		if (seconds() > end)
			return fail("%s: is '%s', not '%s', after %u s", path,
				    now ? now : "", value, opt.timeout);
		nanosleep(&pause, NULL);
	}
}

/* ---- Changing ------------------------------------------------------------------- */

int tree_write(const char *path, const char *value)
{
	const char *line = text("%s\n", value);
	ssize_t ret;
	int fd, err = 0;

	if (opt.socket)
		return remote_do("write", path, value);
	log_mark();
	fd = open(full(path), O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* At once: it is the value that is written, not a part of it. */
	do {
		ret = write(fd, line, strlen(line));
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		err = -errno;
	else if ((size_t)ret != strlen(line))
		err = -EIO;
	close(fd);
	return err;
}

int tree_mkdir(const char *path)
{
	if (opt.socket)
		return remote_do("mkdir", path, NULL);
	log_mark();
	return mkdir(full(path), 0755) ? -errno : 0;
}

int tree_rmdir(const char *path)
{
	if (opt.socket)
		return remote_do("rmdir", path, NULL);
	log_mark();
	return rmdir(full(path)) ? -errno : 0;
}

/* ---- Complaining ------------------------------------------------------------------ */

static const char *module_of(const char *handler)
{
	static const char *const vdisk[] = {
		"blockio", "cdrom", "fileio", "nullio",
	};
	size_t i;

	for (i = 0; i < sizeof(vdisk) / sizeof(vdisk[0]); i++)
		if (!strcmp(handler, vdisk[i]))
			return "modprobe scst_vdisk";
	if (!strcmp(handler, "user"))
		return "modprobe scst_user";
	if (!strcmp(handler, "scst_local"))
		return "modprobe scst_local";
	return "is its module loaded?";
}

static const char *joined(const struct list *names)
{
	const char *all = "";
	size_t i;

	for (i = 0; i < names->nr; i++)
		all = text("%s%s%s", all, i ? ", " : "", names->at[i]);
	return all;
}

int tree_missing(const char *path)
{
	struct list dirs, attrs;
	size_t depth;
	char *at = NULL, *dir;
	int ret;

	for (depth = 1; depth <= path_depth(path); depth++) {
		at = path_head(path, depth);
		if (tree_kind(at) != TREE_DIR)
			break;
	}
	if (depth == 2 && path_level(at) == 2 && !opt.socket)
		return fail("%s: there is no such %s: %s", at,
			    *at == 'd' ? "handler" : "target driver",
			    module_of(path_name(at)));
	dir = depth > 1 ? path_head(path, depth - 1) : "";
	tree_list(dir, &dirs, &attrs);
	ret = fail("%s: there is no such directory; %s has %s", path,
		   *dir ? dir : "the tree",
		   dirs.nr ? joined(&dirs) : "none yet, 'scstctl create' makes them");
	list_free(&dirs);
	list_free(&attrs);
	return ret;
}

int tree_no_attr(const char *dir, const char *name)
{
	struct list dirs, attrs;
	int ret;

	tree_list(dir, &dirs, &attrs);
	ret = fail("%s: there is no attribute '%s'; there %s %s", dir, name,
		   attrs.nr == 1 ? "is" : "are",
		   attrs.nr ? joined(&attrs) : "none");
	list_free(&dirs);
	list_free(&attrs);
	return ret;
}

int tree_complain(const char *path, int err)
{
	const char *said = log_said();
	char *dir;

	if (said)
		return fail("%s: %s", path, said);
	switch (-err) {
	case EACCES:
	case EPERM:
		return fail("%s: %s: root may do that, with what mkdir made",
			    path, strerror(-err));
	case EEXIST:
		return fail("%s: is there already; 'scstctl set' changes it",
			    path);
	case ENOENT:
		dir = path_head(path, path_depth(path) - 1);
		if (tree_kind(dir) == TREE_DIR)
			return tree_no_attr(dir, path_name(path));
		return tree_missing(dir);
	default:
		return fail("%s: %s; the kernel's log (dmesg) may say why",
			    path, strerror(-err));
	}
}
