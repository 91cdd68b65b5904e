// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a directory behaves as configfs below scst does, to be preloaded
 * (LD_PRELOAD): as far as scstctl can tell.
 *
 *	SCST_FAKE	the directory; devices/HANDLER and targets/DRIVER exist
 *
 * Items come with attributes and directories, and go with them. A device wants
 * a path to be enabled, and to be disabled for a change of it; "refused" is a
 * value that no attribute takes. A LUN shows what is enabled, and one at a
 * time. The handler "user" waits until somebody writes "enabled" to state.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* What is behind SCST_FAKE/; NULL: another file. */
static const char *inside(const char *path)
{
	const char *root = getenv("SCST_FAKE");
	size_t len = root ? strlen(root) : 0;

	return len && !strncmp(path, root, len) && path[len] == '/' ?
	       path + len + 1 : NULL;
}

static int depth_of(const char *path)
{
	int depth = 1;

	while (*path)
		depth += *path++ == '/';
	return depth;
}

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Odd levels from 3 on are made by mkdir; see scstctl.h */
static bool is_item(const char *path)
{
	int level = depth_of(path) + !strncmp(path, "device_groups/", 14);

	return level >= 3 && level % 2;
}

/* The name above the last. */
static bool parent_is(const char *path, const char *name)
{
	const char *end = strrchr(path, '/');
	size_t len = strlen(name);

	return (size_t)(end - path) > len && end[-len - 1] == '/' &&
	       !strncmp(end - len, name, len);
}

/* ---- Attributes -------------------------------------------------------------- */

static void put(const char *dir, const char *name, const char *value, int mode)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dprintf(fd, "%s\n", value) < 0 || fchmod(fd, mode))
		abort();
	close(fd);
}

static bool attr_is(const char *dir, const char *name, const char *value)
{
	char path[PATH_MAX], now[PATH_MAX] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fgets(now, sizeof(now), file))
		now[strcspn(now, "\n")] = '\0';
	fclose(file);
	return !strcmp(now, value);
}

/* Grows from one process to the next, too. */
static void put_order(const char *dir)
{
	char value[32];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(value, sizeof(value), "%llu", now.tv_sec * 1000000000ULL +
		 now.tv_nsec);
	put(dir, "order", value, 0444);
}

static void put_dir(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (REAL(mkdir)(path, 0755))
		abort();
}

static void make_device(const char *dir)
{
	put(dir, "enable", "0", 0644);
	put(dir, "state", "disabled", 0444);
	put(dir, "path", "", 0644);
	put(dir, "size", "0", 0644);
	put(dir, "naa", "3000000000000001", 0644);
	put(dir, "vendor", "SCST", 0644);
	put(dir, "read_only", "0", 0644);
	put(dir, "resize", "", 0200);
}

static void make_device_group(const char *dir, const char *at)
{
	if (depth_of(at) == 2) {
		put(dir, "explicit", "0", 0644);
		put_dir(dir, "devices");
		put_dir(dir, "port_groups");
	} else if (parent_is(at, "port_groups")) {
		put(dir, "state", "active/optimized", 0644);
		put_dir(dir, "ports");
	}
}

static int make_item(const char *dir, const char *at)
{
	if (!strncmp(at, "device_groups/", 14)) {
		make_device_group(dir, at);
	} else if (depth_of(at) == 3 && *at == 'd') {
		make_device(dir);
	} else if (depth_of(at) == 3) {
		put_dir(dir, "groups");
		put_dir(dir, "nexuses");
	} else if (parent_is(at, "groups")) {
		put_dir(dir, "initiators");
		put_dir(dir, "luns");
		put_order(dir);
	} else if (parent_is(at, "initiators")) {
		put_order(dir);
	} else if (parent_is(at, "luns")) {
		put(dir, "device", "", 0644);
		put(dir, "read_only", "0", 0644);
	} else {
		put(dir, "host", "7", 0444);
	}
	return 0;
}

int mkdir(const char *path, mode_t mode)
{
	const char *at = inside(path);
	int err;

	if (at && !is_item(at)) {
		errno = EPERM;
		return -1;
	}
	if (at && parent_is(at, "luns") &&
	    name_of(at)[strspn(name_of(at), "0123456789")]) {
		errno = EINVAL;
		return -1;
	}
	err = REAL(mkdir)(path, mode);
	return err || !at ? err : make_item(path, at);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	return remove(path);
}

/* Nothing is in it but attributes and what came with it. */
static bool is_empty(const char *path)
{
	static const char *const own[] = {
		"groups", "nexuses", "initiators", "luns", "devices",
		"port_groups", "ports",
	};
	char dir[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		struct stat st;

		snprintf(dir, sizeof(dir), "%s/%s", path, own[i]);
		if (!stat(dir, &st) && st.st_nlink > 2)
			return false;
	}
	return true;
}

int rmdir(const char *path)
{
	const char *at = inside(path);

	/* remove_one() comes here, too: those directories are empty */
	if (!at || !REAL(rmdir)(path))
		return 0;
	if (!is_item(at))
		errno = EPERM;
	else if (is_empty(path))
		return nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return -1;
}

/* ---- Values ------------------------------------------------------------------- */

/* The device that a LUN is to show: is it there, and enabled? */
static bool enabled(const char *name)
{
	static const char *const handlers[] = { "fileio", "user" };
	char dir[PATH_MAX];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(dir, sizeof(dir), "%s/devices/%s/%s",
			 getenv("SCST_FAKE"), handlers[i], name);
		if (attr_is(dir, "state", "enabled"))
			return true;
	}
	return false;
}

static const char *leaving;

static int leave_lun(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	if (type == FTW_D && attr_is(path, "device", leaving))
		put(path, "device", "", 0644);
	return 0;
}

static int store_enable(const char *dir, const char *value)
{
	char targets[PATH_MAX];
	bool user = parent_is(dir, "user");

	if (strcmp(value, "0")) {
		if (!user && attr_is(dir, "path", ""))
			return EINVAL;
		put(dir, "state", user ? "waiting" : "enabled", 0444);
		put(dir, "enable", user ? "0" : "1", 0644);
		return 0;
	}
	put(dir, "state", "disabled", 0444);
	put(dir, "enable", "0", 0644);
	leaving = name_of(dir);
	snprintf(targets, sizeof(targets), "%s/targets", getenv("SCST_FAKE"));
	return nftw(targets, leave_lun, 8, FTW_PHYS);
}

/* 0, or an errno. */
static int store(const char *path, const char *value)
{
	char dir[PATH_MAX];
	const char *name = name_of(path);

	snprintf(dir, sizeof(dir), "%.*s", (int)(name - 1 - path), path);
	if (!strcmp(value, "refused"))
		return EINVAL;
	if (!strcmp(name, "enable"))
		return store_enable(dir, value);
	if (!strcmp(name, "path") && attr_is(dir, "state", "enabled"))
		return EBUSY;
	if (!strcmp(name, "device") && *value) {
		if (!attr_is(dir, "device", "") && !attr_is(dir, name, value))
			return EBUSY;
		if (!enabled(value))
			return ENODEV;
	}
	put(dir, name, value, !strcmp(name, "resize") ? 0200 : 0644);
	return 0;
}

ssize_t write(int fd, const void *data, size_t len)
{
	char link[32], path[PATH_MAX], value[NAME_MAX];
	ssize_t got;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	got = readlink(link, path, sizeof(path) - 1);
	path[got < 0 ? 0 : got] = '\0';
	if (!inside(path))
		return REAL(write)(fd, data, len);
	snprintf(value, sizeof(value), "%.*s", (int)len, (const char *)data);
	value[strcspn(value, "\n")] = '\0';
	errno = store(path, value);
	return errno ? -1 : (ssize_t)len;
}
