/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a server of the engine scst with two loops, in front of ring_kernel.h,
 * and requests for it.
 */
#ifndef RING_SERVER_H
#define RING_SERVER_H

#include "ring_kernel.h"
#include "server.h"

extern struct scstu_server *srv;

/* Not started yet, and the kernel not up. */
void serve_create(const struct scstu_handler *handler, const char *device);
/* A thread that runs what is started */
void serve_run(void);
/* All of that, from the kernel on */
void serve_up(const struct scstu_handler *handler, const char *device);
/* Stop it; or wait for its end, with this result. */
void serve_down(void);
void serve_ended(int result);

struct scst_user_request rq(enum scst_user_op op, uint64_t offset,
			    uint64_t length);
/* A request without data, to the first queue, and what becomes of it */
struct scst_user_reply ask(enum scst_user_op op, uint64_t offset,
			   uint64_t length);

#endif
