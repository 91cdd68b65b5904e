// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a server behind a kernel that is not one, see ring_server.h.
 */
#include <check.h>
#include <pthread.h>

#include "ring_server.h"

struct scstu_server *srv;

static pthread_t runner;
static int run_result;

void serve_create(const struct scstu_handler *handler, const char *device)
{
	srv = scstu_server_create(handler);
	ck_assert_ptr_nonnull(srv);
	ck_assert_int_eq(scstu_server_set(srv, "engine", "scst"), 0);
	ck_assert_int_eq(scstu_server_set(srv, "loops", "2"), 0);
	ck_assert_int_eq(scstu_server_set(srv, "log-level", "error"), 0);
	ck_assert_msg(!scstu_server_add_device(srv, device), "%s",
		      scstu_server_error(srv));
}

static void *run(void *arg)
{
	run_result = scstu_server_run(srv);
	return NULL;
}

void serve_run(void)
{
	pthread_create(&runner, NULL, run, NULL);
}

void serve_up(const struct scstu_handler *handler, const char *device)
{
	rk_up();
	serve_create(handler, device);
	ck_assert_msg(!scstu_server_start(srv), "%s", scstu_server_error(srv));
	serve_run();
}

void serve_ended(int result)
{
	pthread_join(runner, NULL);
	ck_assert_int_eq(run_result, result);
	ck_assert(rk.detached);
	scstu_server_destroy(srv);
	rk_down();
}

void serve_down(void)
{
	scstu_server_stop(srv);
	serve_ended(0);
}

struct scst_user_request rq(enum scst_user_op op, uint64_t offset,
			    uint64_t length)
{
	return (struct scst_user_request){
		.op = op, .offset = offset, .length = length,
	};
}

struct scst_user_reply ask(enum scst_user_op op, uint64_t offset,
			   uint64_t length)
{
	uint64_t tag = rk_submit(0, rq(op, offset, length), NULL, 0);
	struct scst_user_reply reply = rk_wait(tag);

	rk_release(tag);
	return reply;
}
