// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scstctl: what happens: sessions, counters and events, by generic
 * netlink.
 */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../../kmod/uapi/scst_netlink.h"
#include "scstctl.h"

/* ---- Rows ---------------------------------------------------------------------- */

#define COUNTERS (SCST_NL_A_END - SCST_NL_A_COMMANDS)

static const char *const counter_names[COUNTERS] = {
	"commands", "read_bytes", "write_bytes", "errors", "aborted",
	"unit_attentions", "task_set_full", "busy",
};

/* The attributes of one message; an event has only some. */
struct row {
	unsigned int cmd;
	char target[256], initiator[256], device[64];
	unsigned long long nexus;
	unsigned int lun, tasks;
	bool read_only;
	unsigned long long counters[COUNTERS];
};

struct rows {
	struct row *at;
	size_t nr;
};

static unsigned long long counter(const struct row *row, int attr)
{
	return row->counters[attr - SCST_NL_A_COMMANDS];
}

static void get_string(struct nlattr *attr, char *to, size_t size)
{
	if (attr)
		nla_strlcpy(to, attr, size);
}

static struct nla_policy policy[SCST_NL_A_MAX + 1] = {
	[SCST_NL_A_TARGET] = { .type = NLA_STRING },
	[SCST_NL_A_INITIATOR] = { .type = NLA_STRING },
	[SCST_NL_A_NEXUS] = { .type = NLA_U64 },
	[SCST_NL_A_DEVICE] = { .type = NLA_STRING },
	[SCST_NL_A_LUN] = { .type = NLA_U16 },
	[SCST_NL_A_READ_ONLY] = { .type = NLA_FLAG },
	[SCST_NL_A_TASKS] = { .type = NLA_U32 },
	[SCST_NL_A_COMMANDS ... SCST_NL_A_MAX] = { .type = NLA_U64 },
};

static int parse_row(struct nl_msg *msg, struct row *row)
{
	struct nlattr *attrs[SCST_NL_A_MAX + 1];
	struct nlmsghdr *header = nlmsg_hdr(msg);
	int i, err;

	err = genlmsg_parse(header, 0, attrs, SCST_NL_A_MAX, policy);
	if (err)
		return err;
	*row = (struct row){
		.cmd = genlmsg_hdr(header)->cmd,
		.read_only = attrs[SCST_NL_A_READ_ONLY],
	};
	get_string(attrs[SCST_NL_A_TARGET], row->target, sizeof(row->target));
	get_string(attrs[SCST_NL_A_INITIATOR], row->initiator,
		   sizeof(row->initiator));
	get_string(attrs[SCST_NL_A_DEVICE], row->device, sizeof(row->device));
	if (attrs[SCST_NL_A_NEXUS])
		row->nexus = nla_get_u64(attrs[SCST_NL_A_NEXUS]);
	if (attrs[SCST_NL_A_LUN])
		row->lun = nla_get_u16(attrs[SCST_NL_A_LUN]);
	if (attrs[SCST_NL_A_TASKS])
		row->tasks = nla_get_u32(attrs[SCST_NL_A_TASKS]);
	for (i = 0; i < COUNTERS; i++)
		if (attrs[SCST_NL_A_COMMANDS + i])
			row->counters[i] =
				nla_get_u64(attrs[SCST_NL_A_COMMANDS + i]);
	return 0;
}

/* ---- Asking --------------------------------------------------------------------- */

static int family;

/* NULL when it is not the kernel who is asked. */
static int open_socket(struct nl_sock **to)
{
	struct nl_sock *sock;

	*to = NULL;
	if (opt.socket)
		return 0;
	sock = nl_socket_alloc();
	if (!sock || genl_connect(sock)) {
		fail("no netlink socket");
	} else {
		family = genl_ctrl_resolve(sock, SCST_NL_FAMILY);
		if (family >= 0) {
			*to = sock;
			return 0;
		}
		fail("the kernel has no scst: 'modprobe scst' as root");
	}
	nl_socket_free(sock);
	return EXIT_FAILURE;
}

static void add_row(struct rows *rows, const struct row *row)
{
	if (!(rows->nr & (rows->nr - 1)))
		rows->at = xrealloc(rows->at, (rows->nr ? 2 * rows->nr : 1) *
				    sizeof(*rows->at));
	rows->at[rows->nr++] = *row;
}

static int on_row(struct nl_msg *msg, void *arg)
{
	struct row row;

	if (!parse_row(msg, &row))
		add_row(arg, &row);
	return NL_OK;
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	int ret = strcmp(left->target, right->target);

	if (!ret)
		ret = strcmp(left->initiator, right->initiator);
	if (!ret && left->nexus != right->nexus)
		ret = left->nexus < right->nexus ? -1 : 1;
	return ret ? ret : (int)left->lun - (int)right->lun;
}

/* A line of words, as libscstuser/engine/control.h says */
static void add_line(struct rows *rows, const char *line)
{
	struct row row = { };
	int i, at, read_only = 0;

	if (sscanf(line, "%255[^\t]\t%255[^\t]\t%llu%n", row.target,
		   row.initiator, &row.nexus, &at) != 3)
		return;
	if (sscanf(line + at, "\t%u\t%63[^\t]\t%d\t%u%n", &row.lun, row.device,
		   &read_only, &row.tasks, &i) == 4)
		at += i;
	row.read_only = read_only;
	line += at;
	for (i = 0; i < COUNTERS; i++) {
		if (sscanf(line, "\t%llu%n", &row.counters[i], &at) != 1)
			break;
		line += at;
	}
	add_row(rows, &row);
}

static int remote_rows(int cmd, struct rows *rows)
{
	struct list answer;
	size_t i;
	int err = remote_ask(&answer, cmd == SCST_NL_GET_STATS ? "stats" :
			     "nexuses", NULL, NULL);

	for (i = 0; i < answer.nr; i++)
		add_line(rows, answer.at[i]);
	list_free(&answer);
	return err ? fail("%s: %s", opt.socket, strerror(-err)) : 0;
}

static int kernel_rows(struct nl_sock *sock, int cmd, struct rows *rows)
{
	int err;

	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_row, rows);
	err = genl_send_simple(sock, family, cmd, SCST_NL_VERSION, NLM_F_DUMP);
	if (err >= 0)
		err = nl_recvmsgs_default(sock);
	if (err >= 0)
		return 0;
	if (err == -NLE_PERM)
		return fail("the kernel tells that to root only");
	return fail("netlink: %s", nl_geterror(err));
}

static int get_rows(struct nl_sock *sock, int cmd, struct rows *rows)
{
	int ret;

	*rows = (struct rows){ };
	ret = opt.socket ? remote_rows(cmd, rows) :
			   kernel_rows(sock, cmd, rows);
	if (ret) {
		free(rows->at);
		*rows = (struct rows){ };
	}
	if (rows->nr)
		qsort(rows->at, rows->nr, sizeof(*rows->at), compare_rows);
	return ret;
}

/* ---- JSON ------------------------------------------------------------------------- */

static json_t *row_json(const struct row *row, bool stats)
{
	json_t *json = json_pack("{s:s, s:s, s:I}", "target", row->target,
				 "initiator", row->initiator, "nexus",
				 (json_int_t)row->nexus);
	int i;

	if (!stats)
		return json;
	json_object_set_new(json, "lun", json_integer(row->lun));
	json_object_set_new(json, "device", json_string(row->device));
	json_object_set_new(json, "read_only", json_boolean(row->read_only));
	json_object_set_new(json, "tasks", json_integer(row->tasks));
	for (i = 0; i < COUNTERS; i++)
		json_object_set_new(json, counter_names[i],
				    json_integer(row->counters[i]));
	return json;
}

static int print_json(const struct rows *rows, bool stats)
{
	json_t *array = json_array();
	size_t i;
	int ret;

	for (i = 0; i < rows->nr; i++)
		json_array_append_new(array, row_json(&rows->at[i], stats));
	ret = conf_save(array, NULL);
	json_decref(array);
	return ret;
}

/* ---- Tables ------------------------------------------------------------------------ */

/* In three digits or four, and a unit; never longer than six characters. */
static const char *human(double value)
{
	static char texts[4][16];
	static unsigned int next;
	static const char units[] = " kMGTPE";
	const char *unit = units;
	char *to = texts[next++ % 4];

	while (value >= 9999.5 && unit[1]) {
		value /= 1000;
		unit++;
	}
	snprintf(to, sizeof(texts[0]), "%.0f%.*s", value, *unit != ' ', unit);
	return to;
}

static void print_sessions(const struct rows *rows)
{
	size_t i;

	printf("%-30s %-40s %s\n", "TARGET", "INITIATOR", "NEXUS");
	for (i = 0; i < rows->nr; i++)
		printf("%-30s %-40s %llu\n", rows->at[i].target,
		       rows->at[i].initiator, rows->at[i].nexus);
}

static void print_stats(const struct rows *rows)
{
	const struct row *row;

	printf("%-20s %-24s %5s %-12s %5s %8s %8s %8s %6s %6s %6s\n", "TARGET",
	       "INITIATOR", "LUN", "DEVICE", "TASKS", "COMMANDS", "READ",
	       "WRITTEN", "ERRORS", "ABORTS", "FULL");
	for (row = rows->at; row < rows->at + rows->nr; row++)
		printf("%-20s %-24s %5u %-12s %5u %8s %8s %8s %6s %6llu %6llu\n",
		       row->target, row->initiator, row->lun, row->device,
		       row->tasks, human(counter(row, SCST_NL_A_COMMANDS)),
		       human(counter(row, SCST_NL_A_READ_BYTES)),
		       human(counter(row, SCST_NL_A_WRITE_BYTES)),
		       human(counter(row, SCST_NL_A_ERRORS)),
		       counter(row, SCST_NL_A_ABORTED),
		       counter(row, SCST_NL_A_TASK_SET_FULL) +
		       counter(row, SCST_NL_A_BUSY));
}

/* What was counted since the earlier look; a nexus that is new began at 0. */
static double rate(const struct rows *before, const struct row *now, int attr,
		   double seconds)
{
	unsigned long long was = 0;
	size_t i;

	for (i = 0; i < before->nr; i++)
		if (before->at[i].nexus == now->nexus &&
		    before->at[i].lun == now->lun &&
		    !strcmp(before->at[i].device, now->device))
			was = counter(&before->at[i], attr);
	return counter(now, attr) < was ? 0 :
	       (counter(now, attr) - was) / seconds;
}

static void print_rates(const struct rows *before, const struct rows *rows,
			double seconds)
{
	const struct row *row;

	printf("%-20s %-24s %5s %-12s %5s %8s %8s %8s %6s\n", "TARGET",
	       "INITIATOR", "LUN", "DEVICE", "TASKS", "IO/s", "READ B/s",
	       "WRITE B/s", "ERR/s");
	for (row = rows->at; row < rows->at + rows->nr; row++)
		printf("%-20s %-24s %5u %-12s %5u %8s %8s %9s %6s\n",
		       row->target, row->initiator, row->lun, row->device,
		       row->tasks,
		       human(rate(before, row, SCST_NL_A_COMMANDS, seconds)),
		       human(rate(before, row, SCST_NL_A_READ_BYTES, seconds)),
		       human(rate(before, row, SCST_NL_A_WRITE_BYTES, seconds)),
		       human(rate(before, row, SCST_NL_A_ERRORS, seconds)));
}

/* ---- Commands ------------------------------------------------------------------------ */

static int cmd_rows(int cmd, void (*print)(const struct rows *rows))
{
	struct nl_sock *sock;
	struct rows rows;
	int ret = open_socket(&sock);

	if (ret)
		return ret;
	ret = get_rows(sock, cmd, &rows);
	nl_socket_free(sock);
	if (ret)
		return ret;
	if (opt.json)
		ret = print_json(&rows, cmd == SCST_NL_GET_STATS);
	else
		print(&rows);
	free(rows.at);
	return ret;
}

int cmd_sessions(char **args)
{
	return cmd_rows(SCST_NL_GET_NEXUSES, print_sessions);
}

int cmd_stats(char **args)
{
	return cmd_rows(SCST_NL_GET_STATS, print_stats);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int cmd_top(char **args)
{
	struct nl_sock *sock;
	struct rows before = { }, rows = { };
	double then = 0, at;
	unsigned int i;
	int ret = open_socket(&sock);

	for (i = 0; !ret && (!opt.count || i <= opt.count); i++) {
		if (i)
			sleep(opt.interval);
		ret = get_rows(sock, SCST_NL_GET_STATS, &rows);
		if (ret)
			break;
		at = now();
		if (i && isatty(STDOUT_FILENO))
			printf("\033[H\033[2J");
		if (i)
			print_rates(&before, &rows, at - then);
		if (fflush(stdout))
			ret = fail("standard output: %s", strerror(errno));
		then = at;
		free(before.at);
		before = rows;
	}
	free(before.at);
	nl_socket_free(sock);
	return ret;
}

/* ---- Events ---------------------------------------------------------------------------- */

static const char *event_name(unsigned int cmd)
{
	switch (cmd) {
	case SCST_NL_NEXUS_ADDED:
		return "login";
	case SCST_NL_NEXUS_REMOVED:
		return "logout";
	case SCST_NL_DEVICE_ADDED:
		return "device";
	case SCST_NL_DEVICE_REMOVED:
		return "no-device";
	}
	return NULL;
}

static void print_event(const struct row *row, const char *name)
{
	json_t *json;

	if (!opt.json && *row->device) {
		printf("%s %s\n", name, row->device);
	} else if (!opt.json) {
		printf("%s %s %s %llu\n", name, row->target, row->initiator,
		       row->nexus);
	} else {
		json = *row->device ?
		       json_pack("{s:s}", "device", row->device) :
		       row_json(row, false);
		json_object_set_new(json, "event", json_string(name));
		json_dumpf(json, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(json);
	}
}

static int on_event(struct nl_msg *msg, void *arg)
{
	unsigned int *left = arg;
	struct row row;

	if (parse_row(msg, &row) || !event_name(row.cmd))
		return NL_SKIP;
	print_event(&row, event_name(row.cmd));
	if (*left && !--*left)
		return NL_STOP;
	return NL_OK;
}

int cmd_events(char **args)
{
	struct nl_sock *sock;
	unsigned int left = opt.count;
	int group, err, ret;

	if (opt.socket)
		return fail("events are the kernel's only");
	ret = open_socket(&sock);
	if (ret)
		return ret;
	group = genl_ctrl_resolve_grp(sock, SCST_NL_FAMILY, SCST_NL_EVENTS);
	nl_socket_disable_seq_check(sock);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_event, &left);
	err = group < 0 ? group : nl_socket_add_membership(sock, group);
	while (err >= 0 && (left || !opt.count)) {
		err = nl_recvmsgs_default(sock);
		if (fflush(stdout))
			ret = fail("standard output: %s", strerror(errno));
		if (ret)
			break;
	}
	if (err < 0)
		ret = fail("netlink: %s", nl_geterror(err));
	nl_socket_free(sock);
	return ret;
}
