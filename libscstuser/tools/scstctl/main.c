// SPDX-License-Identifier: BSD-3-Clause
/* USER: scstctl: commands and options. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scstctl.h"

struct options opt = {
	.root = "/sys/kernel/config/scst",
	.timeout = 30,
	.interval = 1,
};

/* ---- Operands ---------------------------------------------------------------- */

/* NULL: it is no path; said. */
static char *parse_path(const char *arg)
{
	char *path = "", *words = text("%s", arg), *word, *next;

	for (word = strtok_r(words, "/", &next); word;
	     word = strtok_r(NULL, "/", &next)) {
		if (name_check(path, word))
			return NULL;
		path = path_join(path, word);
	}
	return path;
}

/* NAME=VALUE; *name is NULL when it is a path. */
static char *parse_setting(const char *arg, char **name)
{
	const char *equals = strchr(arg, '=');
	const char *slash = strchr(arg, '/');

	*name = NULL;
	if (!equals || (slash && slash < equals))
		return NULL;
	*name = text("%.*s", (int)(equals - arg), arg);
	return text("%s", equals + 1);
}

static int finish(struct plan *plan, int ret, bool loud)
{
	if (!ret)
		ret = plan_run(plan, loud);
	free(plan->at);
	return ret;
}

/* ---- Commands ------------------------------------------------------------------- */

static int cmd_show(char **args)
{
	const char *path = *args ? parse_path(*args) : "";
	json_t *conf;
	int ret;

	if (!path)
		return EXIT_USAGE;
	if (tree_kind(path) != TREE_DIR)
		return tree_missing(path);
	if (!opt.json) {
		show_tree(path);
		return 0;
	}
	conf = conf_read(path, true);
	ret = conf_save(conf, NULL);
	json_decref(conf);
	return ret;
}

static int plan_create(struct plan *plan, const char *path)
{
	size_t depth, i;
	char *at;

	if (!path_is_item(path) || path_level(path) > LEVEL_MAX)
		return usage_fail("%s: cannot be created; what can: devices/HANDLER/NAME, targets/DRIVER/NAME[/groups/GROUP[/initiators/PATTERN|/luns/NUMBER]]",
				  path);
	if (tree_kind(path) == TREE_DIR)
		return tree_complain(path, -EEXIST);
	for (depth = 1; depth <= path_depth(path); depth++) {
		at = path_head(path, depth);
		if (tree_kind(at) == TREE_DIR)
			continue;
		if (!path_is_item(at)) {
			if (path_level(at) < 3 ||
			    tree_kind(path_head(path, depth - 1)) == TREE_DIR)
				return tree_missing(at);
			continue;
		}
		for (i = 0; i < plan->nr; i++)
			if (!strcmp(plan->at[i].path, at))
				break;
		if (i == plan->nr)
			plan_add(plan, PLAN_CREATE, at, NULL, NULL);
	}
	return 0;
}

/* A device is enabled when the rest is set, wherever the operator put it. */
static void plan_settings(struct plan *plan, const char *path, char **args)
{
	const char *value, *enable = NULL;
	char *name;

	for (; *args; args++) {
		value = parse_setting(*args, &name);
		if (!name)
			break;
		if (!strcmp(name, "enable"))
			enable = value;
		else
			plan_add(plan, PLAN_SET, path_join(path, name),
				 text("%s", value), NULL);
	}
	if (enable)
		plan_add(plan, PLAN_SET, path_join(path, "enable"),
			 text("%s", enable), NULL);
}

static int cmd_create(char **args)
{
	struct plan plan = { };
	char *name, *path;
	int ret = 0;

	parse_setting(*args, &name);
	if (name)
		return usage_fail("%s: want the path of what to create before it",
				  *args);
	for (; !ret && *args; args++) {
		parse_setting(*args, &name);
		if (name)
			continue;
		path = parse_path(*args);
		if (path && opt.if_missing && tree_kind(path) == TREE_DIR)
			continue;
		ret = path ? plan_create(&plan, path) : EXIT_USAGE;
		if (!ret)
			plan_settings(&plan, path, args + 1);
	}
	if (!ret) {
		ret = plan_run(&plan, false);
		if (ret)
			plan_undo(&plan);
	}
	free(plan.at);
	return ret;
}

static int plan_setting(struct plan *plan, const char *path, const char *arg)
{
	char *name, *value = parse_setting(arg, &name), *attr, *old = NULL;

	if (!name)
		return usage_fail("%s: want ATTRIBUTE=VALUE", arg);
	attr = path_join(path, name);
	switch (tree_kind(attr)) {
	case TREE_ATTR:
		old = tree_read(attr);
		break;
	case TREE_ATTR_WO:
		break;
	case TREE_ATTR_RO:
		return fail("%s: cannot be set", attr);
	default:
		return tree_no_attr(path, name);
	}
	if (!old || strcmp(old, value))
		plan_add(plan, PLAN_SET, attr, value, old);
	return 0;
}

static int cmd_set(char **args)
{
	const char *path = parse_path(*args++);
	struct plan plan = { };
	int ret = 0;

	if (!path)
		return EXIT_USAGE;
	if (tree_kind(path) != TREE_DIR)
		return tree_missing(path);
	for (; !ret && *args; args++)
		ret = plan_setting(&plan, path, *args);
	return finish(&plan, ret, false);
}

static int cmd_remove(char **args)
{
	struct plan plan = { };
	char *path;
	int ret = 0;

	for (; !ret && *args; args++) {
		path = parse_path(*args);
		if (!path)
			ret = EXIT_USAGE;
		else if (!path_is_item(path))
			ret = usage_fail("%s: cannot be removed: it was not created",
					 *args);
		else if (tree_kind(path) != TREE_DIR)
			ret = tree_missing(path);
		else
			plan_add(&plan, PLAN_REMOVE, path, NULL, NULL);
	}
	return finish(&plan, ret, false);
}

static int cmd_clear(char **args)
{
	struct plan plan = { };
	int ret = 0;

	for (; !ret && *args; args++) {
		if (strchr(*args, '/') || tree_kind(*args) != TREE_DIR)
			ret = usage_fail("%s: want devices, targets or device_groups",
					 *args);
		else
			plan_add(&plan, PLAN_REMOVE, *args, NULL, NULL);
	}
	return finish(&plan, ret, false);
}

static int cmd_save(char **args)
{
	json_t *conf = conf_read("", false);
	int ret = conf_save(conf, *args);

	json_decref(conf);
	return ret;
}

static void keep_only(json_t *conf, const char *only)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(conf, next, name, value)
		if (strcmp(name, only))
			json_object_del(conf, name);
}

static int cmd_apply(char **args)
{
	json_t *conf = conf_load(*args);
	struct plan plan = { };
	int ret;

	if (!conf)
		return EXIT_FAILURE;
	if (opt.only)
		keep_only(conf, opt.only);
	ret = finish(&plan, plan_make(&plan, conf), true);
	json_decref(conf);
	return ret;
}

static int cmd_wait(char **args)
{
	const char *path = parse_path(args[0]);

	if (!path)
		return EXIT_USAGE;
	return tree_wait(path, args[1]);
}

/* ---- The table -------------------------------------------------------------------- */

enum {
	OPT_ALL = 1, OPT_COUNT, OPT_DRY_RUN, OPT_IF_MISSING, OPT_INTERVAL,
	OPT_JSON, OPT_KEEP_GOING, OPT_ONLY, OPT_RESTART, OPT_TIMEOUT,
	OPT_HELP, OPT_ROOT, OPT_SOCKET, OPT_VERSION,	/* for all */
};

#define TAKES(option) (1u << (option))

static const struct command {
	const char *name, *operands, *what;
	int min, max;
	unsigned int options;
	bool no_tree;
	int (*run)(char **args);
} commands[] = {
	{ "show", "[--all] [--json] [PATH]", "what there is",
	  0, 1, TAKES(OPT_ALL) | TAKES(OPT_JSON), false, cmd_show },
	{ "create", "[--if-missing] PATH [ATTRIBUTE=VALUE...] [PATH...]",
	  "devices, targets, groups, patterns, LUNs, and what is above them",
	  1, INT_MAX, TAKES(OPT_IF_MISSING), false, cmd_create },
	{ "set", "[--restart] PATH ATTRIBUTE=VALUE...", "attributes",
	  2, INT_MAX, TAKES(OPT_RESTART) | TAKES(OPT_TIMEOUT), false, cmd_set },
	{ "remove", "PATH...", "and what is below it",
	  1, INT_MAX, 0, false, cmd_remove },
	{ "clear", "devices|targets|device_groups...", "remove all of them",
	  1, INT_MAX, 0, false, cmd_clear },
	{ "save", "[FILE]", "everything that can be set, as JSON",
	  0, 1, 0, false, cmd_save },
	{ "apply", "[--dry-run] [--restart] [--keep-going] [--only WHAT] FILE",
	  "make what the file names be as it says",
	  1, 1, TAKES(OPT_DRY_RUN) | TAKES(OPT_RESTART) |
	  TAKES(OPT_KEEP_GOING) | TAKES(OPT_ONLY) | TAKES(OPT_TIMEOUT), false,
	  cmd_apply },
	{ "wait", "[--timeout SECONDS] PATH/ATTRIBUTE VALUE",
	  "until it has that value",
	  2, 2, TAKES(OPT_TIMEOUT), false, cmd_wait },
	{ "sessions", "[--json]", "who is logged in",
	  0, 0, TAKES(OPT_JSON), true, cmd_sessions },
	{ "stats", "[--json]", "counters of each initiator's LUNs",
	  0, 0, TAKES(OPT_JSON), true, cmd_stats },
	{ "top", "[--interval SECONDS] [--count N]", "the same, live",
	  0, 0, TAKES(OPT_INTERVAL) | TAKES(OPT_COUNT), true, cmd_top },
	{ "events", "[--json] [--count N]", "logins and devices, as they come and go",
	  0, 0, TAKES(OPT_JSON) | TAKES(OPT_COUNT), true, cmd_events },
};

static void usage(void)
{
	size_t i;

	printf("usage: scstctl [--socket PATH] COMMAND [OPTION...] [OPERAND...]\n\n");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %s %s\n        %s\n", commands[i].name,
		       commands[i].operands, commands[i].what);
	printf("\n"
"  --all           show: every attribute\n"
"  --count N       top, events: end after so many\n"
"  --dry-run       apply: only print what would be done\n"
"  --if-missing    create: leave what is there already as it is\n"
"  --interval N    top: seconds (1)\n"
"  --json          for programs\n"
"  --keep-going    apply: what fails does not stop the rest\n"
"  --only WHAT     apply: devices, targets or device_groups\n"
"  --restart       disable a device for what cannot be set otherwise\n"
"  --root DIR      of the tree (/sys/kernel/config/scst)\n"
"  --socket PATH   of a program with --control, instead of the kernel\n"
"  --timeout N     seconds to wait at most (30)\n"
"  --help          print this\n"
"  --version       print the version\n"
"\n"
"Paths: devices/HANDLER/NAME, targets/DRIVER/NAME, and below that\n"
"groups/GROUP, groups/GROUP/initiators/PATTERN, groups/GROUP/luns/NUMBER.\n");
}

static const struct option options[] = {
	{ "all", no_argument, NULL, OPT_ALL },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "if-missing", no_argument, NULL, OPT_IF_MISSING },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "keep-going", no_argument, NULL, OPT_KEEP_GOING },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "restart", no_argument, NULL, OPT_RESTART },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ }
};

static int parse_number(const char *name, unsigned int min, unsigned int *to)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(optarg, &end, 10);
	if (errno || *end || *optarg < '0' || *optarg > '9' || value < min ||
	    value > INT_MAX)
		return usage_fail("--%s %s: want a number from %u on", name,
				  optarg, min);
	*to = value;
	return 0;
}

static int parse_option(int option)
{
	switch (option) {
	case OPT_ALL:
		opt.all = true;
		break;
	case OPT_DRY_RUN:
		opt.dry_run = true;
		break;
	case OPT_IF_MISSING:
		opt.if_missing = true;
		break;
	case OPT_JSON:
		opt.json = true;
		break;
	case OPT_KEEP_GOING:
		opt.keep_going = true;
		break;
	case OPT_RESTART:
		opt.restart = true;
		break;
	case OPT_ROOT:
		opt.root = optarg;
		break;
	case OPT_SOCKET:
		opt.socket = optarg;
		break;
	case OPT_ONLY:
		if (strcmp(optarg, "devices") && strcmp(optarg, "targets") &&
		    strcmp(optarg, "device_groups"))
			return usage_fail("--only %s: want devices, targets or device_groups",
					  optarg);
		opt.only = optarg;
		break;
	case OPT_COUNT:
		return parse_number("count", 1, &opt.count);
	case OPT_INTERVAL:
		return parse_number("interval", 1, &opt.interval);
	case OPT_TIMEOUT:
		return parse_number("timeout", 0, &opt.timeout);
	}
	return 0;
}

static const char *option_name(int option)
{
	const struct option *at = options;

	while (at->val != option)
		at++;
	return at->name;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int run_command(int argc, char **argv, unsigned int given)
{
	const struct command *command;
	int option, ret;

	if (!argc)
		return usage_fail("want a command, see --help");
	command = find_command(*argv);
	if (!command)
		return usage_fail("there is no command '%s', see --help",
				  *argv);
	for (option = OPT_ALL; option < OPT_HELP; option++)
		if ((given & ~command->options) & TAKES(option))
			return usage_fail("%s: takes no --%s, see --help",
					  *argv, option_name(option));
	if (argc - 1 < command->min || argc - 1 > command->max)
		return usage_fail("usage: scstctl %s %s", command->name,
				  command->operands);
	ret = command->no_tree && !opt.socket ? 0 : tree_open();
	if (!ret)
		ret = command->run(argv + 1);
	tree_close();
	return ret;
}

int main(int argc, char **argv)
{
	unsigned int given = 0;
	int option, ret;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (option) {
		case '?':
			return usage_fail("%s: no such option, see --help",
					  argv[optind - 1]);
		case ':':
			return usage_fail("%s: wants a value, see --help",
					  argv[optind - 1]);
		case OPT_HELP:
			usage();
			return 0;
		case OPT_VERSION:
			printf("scstctl " SCST_VERSION "\n");
			return 0;
		}
		ret = parse_option(option);
		if (ret)
			return ret;
		given |= TAKES(option);
	}
	ret = run_command(argc - optind, argv + optind, given);
	if (fflush(stdout) && !ret)
		ret = fail("standard output: %s", strerror(errno));
	return ret;
}
