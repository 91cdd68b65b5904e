/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: scstctl: the tree in configfs as an operator sees it.
 *
 * Paths are relative to the tree's root, and their depth tells what a
 * directory is, for every handler and driver alike:
 *
 *	1	devices, targets
 *	2	a handler or target driver; its module makes the directory
 *	3	a device or target; mkdir makes it
 *	4	what a target has by itself: groups, and what its driver adds
 *	5	a group, an item of the driver
 *	6	initiators, luns
 *	7	a pattern, a LUN
 *
 * Below device_groups, which is like a handler, it is one less: so this is
 * called the level.
 *
 * Commands are short, so strings live until the program ends. What can fail
 * says why, in one line, and returns nonzero.
 */
#ifndef SCSTCTL_H
#define SCSTCTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct options {
	const char *root;
	const char *socket;	/* instead; NULL: none */
	const char *only;	/* this part of the tree; NULL: all */
	bool all, json, dry_run, restart, keep_going, if_missing;
	unsigned int timeout;	/* seconds */
	unsigned int interval;	/* seconds */
	unsigned int count;	/* 0: for ever */
};

extern struct options opt;

/* ---- text.c ---------------------------------------------------------------- */

struct list {
	char **at;
	size_t nr;
};

char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void list_add(struct list *list, char *item);
void list_free(struct list *list);
/* The first item that is the same; -1: none */
long list_find(const struct list *list, const char *item);
void *xrealloc(void *old, size_t size);
/* Says it on standard error. */
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int usage_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define EXIT_USAGE 2

/* ---- tree.c ---------------------------------------------------------------- */

enum tree_kind {
	TREE_NONE,
	TREE_DIR,
	TREE_ATTR,	/* of which there are three: */
	TREE_ATTR_RO,
	TREE_ATTR_WO,
};

#define LEVEL_MAX 7

int tree_open(void);
void tree_close(void);
size_t path_depth(const char *path);
size_t path_level(const char *path);
/* Made by mkdir, removed by rmdir; others are there by themselves. */
bool path_is_item(const char *path);
const char *path_name(const char *path);
/* The first @depth names of it. */
char *path_head(const char *path, size_t depth);
char *path_join(const char *dir, const char *name);
/* A name that a directory may have? Complains. */
int name_check(const char *dir, const char *name);

enum tree_kind tree_kind(const char *path);
/* Directories in their order: that of groups and patterns counts. */
void tree_list(const char *path, struct list *dirs, struct list *attrs);
/* NULL: cannot be read, see errno. */
char *tree_read(const char *path);
bool tree_is(const char *path, const char *value);
/* 0 or -errno; tree_complain() says what was wrong. */
int tree_write(const char *path, const char *value);
int tree_mkdir(const char *path);
int tree_rmdir(const char *path);
int tree_complain(const char *path, int err);
/* There is no such directory: what to do about it. */
int tree_missing(const char *path);
int tree_no_attr(const char *dir, const char *name);
/* Until the attribute has that value, for opt.timeout. */
int tree_wait(const char *path, const char *value);

/* ---- remote.c --------------------------------------------------------------- */

int remote_open(void);
void remote_close(void);
/* The lines of the answer; 0 or -errno. list_free() it. */
int remote_ask(struct list *answer, const char *verb, const char *path,
	       const char *value);
int remote_do(const char *verb, const char *path, const char *value);
/* One line; NULL with errno set. */
char *remote_get(const char *verb, const char *path);
/* What was wrong with the last request; NULL: nothing. */
const char *remote_said(void);

/* ---- conf.c ---------------------------------------------------------------- */

/* What is in the tree, from @path on; @all: also what cannot be set. */
json_t *conf_read(const char *path, bool all);
json_t *conf_load(const char *file);
int conf_save(json_t *conf, const char *file);
/* A scalar as an attribute shows it; NULL: it is none. */
char *conf_value(const json_t *value);

/* ---- plan.c ---------------------------------------------------------------- */

enum plan_what {
	PLAN_CREATE,
	PLAN_SET,
	PLAN_REMOVE,
};

struct action {
	enum plan_what what;
	char *path;
	char *value;		/* to set */
	char *old;		/* NULL: not known */
};

struct plan {
	struct action *at;
	size_t nr;
	size_t done;		/* those before it are */
};

void plan_add(struct plan *plan, enum plan_what what, char *path, char *value,
	      char *old);
/* What makes the tree be as @conf says. Nothing is changed yet. */
int plan_make(struct plan *plan, json_t *conf);

/* ---- run.c ----------------------------------------------------------------- */

/* @loud: print what is done; opt.dry_run: no more than that. */
int plan_run(struct plan *plan, bool loud);
/* Removes what plan_run() created before it failed. */
void plan_undo(const struct plan *plan);

/* ---- show.c, netlink.c ------------------------------------------------------ */

void show_tree(const char *path);
int cmd_sessions(char **args);
int cmd_stats(char **args);
int cmd_top(char **args);
int cmd_events(char **args);

#endif
