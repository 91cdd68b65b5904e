// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scstctl: doing what is planned.
 *
 * Most attributes of a device can be set only while it is disabled, which
 * takes it out of every LUN map. With --restart that is done, and undone: it is
 * enabled again, and back where it was, before anything else is touched.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scstctl.h"

/* ---- A device that is down for a moment -------------------------------------- */

static struct {
	char *device;		/* NULL: none is */
	struct list luns;	/* that it was */
} down;

/* Items below @path that show the device @name, at any depth. */
static void find_luns(const char *path, const char *name, struct list *luns)
{
	const char *device = path_join(path, "device");
	struct list dirs, attrs;
	size_t i;

	if (path_depth(path) == LEVEL_MAX && tree_is(device, name))
		list_add(luns, text("%s", device));
	tree_list(path, &dirs, &attrs);
	for (i = 0; i < dirs.nr; i++)
		find_luns(path_join(path, dirs.at[i]), name, luns);
	list_free(&dirs);
	list_free(&attrs);
}

static int take_down(char *device)
{
	const char *enable = path_join(device, "enable");
	int err;

	find_luns("targets", path_name(device), &down.luns);
	down.device = device;
	err = tree_write(enable, "0");
	return err ? tree_complain(enable, err) :
		     tree_wait(path_join(device, "state"), "disabled");
}

static int bring_back(void)
{
	const char *enable;
	size_t i;
	int err, ret = 0;

	if (!down.device)
		return 0;
	enable = path_join(down.device, "enable");
	err = tree_write(enable, "1");
	if (err)
		ret = tree_complain(enable, err);
	for (i = 0; !err && i < down.luns.nr; i++) {
		err = tree_write(down.luns.at[i], path_name(down.device));
		if (err)
			ret = tree_complain(down.luns.at[i], err);
	}
	list_free(&down.luns);
	down.device = NULL;
	return ret;
}

static bool below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

/* ---- Actions -------------------------------------------------------------------- */

static int set_busy(const struct action *action)
{
	char *device = path_head(action->path, 3);
	const char *state = path_join(device, "state");
	int ret, err;

	if (tree_is(state, "closing"))
		ret = tree_wait(state, "disabled");
	else if (opt.restart)
		ret = take_down(device);
	else
		ret = fail("%s: can be set only while the device is disabled: --restart does so, and takes it away from its initiators for a moment",
			   action->path);
	if (ret)
		return ret;
	err = tree_write(action->path, action->value);
	return err ? tree_complain(action->path, err) : 0;
}

/* A LUN does not go from one device to another: it is empty in between. */
static int run_set_device(const struct action *action)
{
	int err, ret;

	err = tree_write(action->path, "");
	if (err)
		return tree_complain(action->path, err);
	err = tree_write(action->path, action->value);
	if (!err)
		return 0;
	ret = tree_complain(action->path, err);
	tree_write(action->path, action->old);
	return ret;
}

static int run_set(const struct action *action)
{
	int err;

	if (action->old && *action->old && *action->value &&
	    path_depth(action->path) == LEVEL_MAX + 1 &&
	    !strcmp(path_name(action->path), "device"))
		return run_set_device(action);
	err = tree_write(action->path, action->value);
	if (err == -EBUSY && below(action->path, "devices"))
		return set_busy(action);
	return err ? tree_complain(action->path, err) : 0;
}

static int run_remove(const char *path)
{
	struct list dirs, attrs;
	int ret = 0, err;
	size_t i;

	/* Not half of it. */
	if (opt.socket && path_level(path) < 5)
		return fail("%s: only groups, patterns and LUNs go while the program runs",
			    path);
	/* The last first: what the driver added, LUNs behind initiators. */
	tree_list(path, &dirs, &attrs);
	for (i = dirs.nr; !ret && i-- > 0;)
		ret = run_remove(path_join(path, dirs.at[i]));
	list_free(&dirs);
	list_free(&attrs);
	if (ret || !path_is_item(path))
		return ret;
	err = tree_rmdir(path);
	return err && err != -ENOENT ? tree_complain(path, err) : 0;
}

static int run_action(const struct action *action)
{
	int err;

	switch (action->what) {
	case PLAN_CREATE:
		err = tree_mkdir(action->path);
		return err ? tree_complain(action->path, err) : 0;
	case PLAN_SET:
		return run_set(action);
	case PLAN_REMOVE:
		return run_remove(action->path);
	}
	return 0;
}

static void print_action(const struct action *action)
{
	switch (action->what) {
	case PLAN_CREATE:
		printf("create %s\n", action->path);
		break;
	case PLAN_SET:
		printf("set %s =%s%s", action->path,
		       *action->value ? " " : "", action->value);
		if (action->old)
			printf(" (was %s)", *action->old ? action->old :
							   "empty");
		putchar('\n');
		break;
	case PLAN_REMOVE:
		printf("remove %s\n", action->path);
		break;
	}
}

/* ---- All of them ------------------------------------------------------------------ */

static bool below_any(const char *path, const struct list *dirs)
{
	size_t i;

	for (i = 0; i < dirs->nr; i++)
		if (below(path, dirs->at[i]))
			return true;
	return false;
}

static int run_one(const struct action *action, bool loud)
{
	int ret = 0;

	if (down.device && !below(action->path, down.device))
		ret = bring_back();
	if (loud)
		print_action(action);
	if (!ret && !opt.dry_run)
		ret = run_action(action);
	return ret;
}

int plan_run(struct plan *plan, bool loud)
{
	struct list failed = { };
	int ret = 0;

	for (plan->done = 0; plan->done < plan->nr; plan->done++) {
		const struct action *action = &plan->at[plan->done];

		if (below_any(action->path, &failed))
			continue;
		if (!run_one(action, loud))
			continue;
		ret = 1;
		if (!opt.keep_going)
			break;
		list_add(&failed, action->path);
	}
	list_free(&failed);
	return bring_back() || ret;
}

void plan_undo(const struct plan *plan)
{
	size_t i;

	for (i = plan->done; i-- > 0;)
		if (plan->at[i].what == PLAN_CREATE)
			tree_rmdir(plan->at[i].path);
}
