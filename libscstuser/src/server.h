/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a server and its options, for the files that make one up, and for
 * engines.
 */
#ifndef LIB_SERVER_H
#define LIB_SERVER_H

#include "lib.h"

struct embedded;
struct ring_engine;

struct strings {
	char **item;
	size_t count;
};

enum server_state {
	SERVER_NEW,
	SERVER_STARTED,
	SERVER_FAILED,		/* could not start */
	SERVER_DRAINING,	/* finishes what runs */
	SERVER_KILLING,		/* has let go of initiators */
	SERVER_DRAINED,
	SERVER_STUCK,		/* a handler never answered */
};

struct scstu_server {
	struct scstu_handler handler;
	struct scstu_disk_ops disk_ops;
	struct scstu_raw_ops raw_ops;
	char error[512];
	enum server_state state;

	uint64_t nr_loops;		/* 0: the owner turns the only one */
	uint64_t shutdown_timeout;	/* seconds */
	const char *front_option;	/* one of the embedded engine, given */

	struct list_head devices;
	struct loop **loops;
	unsigned int loops_running;
	const struct engine_ops *engine;
	bool engine_started;		/* ... or has tried to */
	struct embedded *embedded;	/* with its options */
	struct ring_engine *ring;	/* once it runs */

	int event;			/* knocks at the owner */
	struct loop_fd event_lfd;
	struct loop_timer tick;
	bool stop, reload, drained;	/* atomic */
	bool failed;			/* atomic: a device was lost */
	uint64_t deadline;
};

/* An option of the server: by a function, or a number in a structure. */
struct server_option {
	const char *name;
	bool front;			/* of the embedded engine */
	int (*set)(struct scstu_server *srv, const char *value);
	size_t offset;
	uint64_t least, most;
	const char *help;		/* "VALUE\ttext" */
};

/* NULL behind the last. */
const struct server_option *server_option_at(size_t i);

/* All options were given: choose the engine; 0, or an error that was told. */
int options_settle(struct scstu_server *srv);

/* Say in one line what is wrong; returns -@err. */
int server_error(struct scstu_server *srv, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of @dev, with what scstu_dev_error() said, if anything. */
int server_dev_error(struct scstu_server *srv, const struct scstu_dev *dev,
		     int err);

/* What scstu_main() prints behind "ready"; NULL past the last. */
const char *server_ready(struct scstu_server *srv, unsigned int index);

/* Any thread; @srv is the server. The owner shall look where things stand. */
void server_knock(void *srv);
/* The same: engine_ops.drain() has been done. */
void server_drained(void *srv);

int strings_add(struct strings *list, const char *value);
void strings_free(struct strings *list);

#endif
