/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the control socket: an operator looks at a running server, and changes
 * who sees what.
 *
 * A stream socket in the file system, for the server's own user. A client
 * sends lines, each a request, and gets lines:
 *
 *	kind PATH		"=d", or "=a", "=r" for an attribute, which
 *				may be written, or read only
 *	list PATH		"=d NAME", "=a NAME", "=r NAME" ...
 *	read PATH		"=VALUE"
 *	write PATH VALUE
 *	mkdir PATH		groups, patterns and LUNs
 *	rmdir PATH
 *	nexuses			"=TARGET INITIATOR NEXUS" ...
 *	stats			"=TARGET INITIATOR NEXUS LUN DEVICE READ-ONLY
 *				TASKS" and the counters of struct scst_stats
 *
 * and at last "ok", or "error ERRNO TEXT". Words are separated by tabs. The
 * tree is that of the kernel modules in configfs, as far as there is
 * something in it: devices/HANDLER/NAME, targets/iscsi/NAME/groups.
 */
#ifndef ENGINE_CONTROL_H
#define ENGINE_CONTROL_H

#include <stdio.h>

struct control;
struct scstu_server;

/* NULL with the reason told to server_error(). */
struct control *control_open(struct scstu_server *srv, const char *path);
void control_start(struct control *control);
/* Nobody is answered any more. Not from a loop. */
void control_stop(struct control *control);
void control_free(struct control *control);

/* control_tree.c: answer one request, which is changed. On the first loop. */
#define CONTROL_LINE_MAX 4096
void control_request(struct scstu_server *srv, char *line, FILE *out);

#endif
