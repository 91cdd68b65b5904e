/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a server and its options, for server.c and main.c.
 */
#ifndef LIB_SERVER_H
#define LIB_SERVER_H

#include "engine/engine.h"
#include "lib.h"
#include "state.h"

struct strings {
	char **item;
	size_t count;
};

enum server_state {
	SERVER_NEW,
	SERVER_STARTED,
	SERVER_FAILED,		/* could not start */
	SERVER_DRAINING,	/* finishes what runs */
	SERVER_KILLING,		/* has cut the connections */
	SERVER_DRAINED,
	SERVER_STUCK,		/* a handler never answered */
};

struct scstu_server {
	struct scstu_handler handler;
	struct scstu_disk_ops disk_ops;
	struct scstu_raw_ops raw_ops;
	char error[512];
	char url[512];
	enum server_state state;

	struct engine_config cfg;
	struct auth *auth;
	char *auth_file;
	struct state_dir *state_dir;	/* NULL: none */
	struct strings listen, access;
	uint64_t nr_loops;		/* 0: the owner turns the only one */
	uint64_t shutdown_timeout;	/* seconds */

	struct list_head devices;
	struct loop **loops;
	unsigned int loops_running;
	struct engine *engine;

	int event;			/* knocks at the owner */
	struct loop_fd event_lfd;
	struct loop_timer tick;
	bool stop, reload, drained;	/* atomic */
	uint64_t deadline;
};

/* An option of the server: by a function, or a number in the structure. */
struct server_option {
	const char *name;
	int (*set)(struct scstu_server *srv, const char *value);
	size_t offset;
	uint64_t least, most;
	const char *help;		/* "VALUE\ttext" */
};

/* NULL behind the last. */
const struct server_option *server_option_at(size_t i);

#endif
