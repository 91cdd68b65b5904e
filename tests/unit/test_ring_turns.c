// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the engine scst with many requests at a time: what is taken
 * and handed in together, and how its loops are scheduled.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "ring_server.h"

#define SIZE (1u << 20)

/* ---- A handler ----------------------------------------------------------- */

static uint8_t memory[SIZE];

/* It waits at this place until the test lets it go on. */
static uint64_t gate_at;
static sem_t gate, held;
static int policy;		/* of the handler's thread, when it read */

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem))
		;
}

static void gated_read(struct scstu_req *req)
{
	__atomic_store_n(&policy, sched_getscheduler(0), __ATOMIC_RELAXED);
	if (gate_at && scstu_req_offset(req) == gate_at) {
		sem_post(&held);
		wait_for(&gate);
	}
	scstu_req_put(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static void plain_write(struct scstu_req *req)
{
	int count;

	ck_assert_uint_eq((uintptr_t)scstu_req_iov(req, &count)->iov_base %
			  4096, 0);
	ck_assert_int_eq(count, 1);
	scstu_req_get(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static int memory_open(struct scstu_dev *dev)
{
	struct scstu_disk disk = { SCSTU_DISK_INIT, .bytes = SIZE };

	return scstu_disk_configure(dev, &disk);
}

static const struct scstu_disk_ops disk_ops = {
	SCSTU_DISK_OPS_INIT,
	.read = gated_read,
	.write = plain_write,
};

static struct scstu_handler handler = {
	SCSTU_HANDLER_INIT,
	.name = "memory",
	.open = memory_open,
	.disk = &disk_ops,
};

static const enum scstu_threads models[] = {
	SCSTU_SERIAL, SCSTU_QUEUE, SCSTU_PARALLEL,
};

static void up(void)
{
	serve_up(&handler, "name=d");
}

/* ---- Many at a time ------------------------------------------------------ */

#define ROUNDS 300

/* One queue's initiator: its own part of the disk, with what it last wrote. */
static void *initiator(void *arg)
{
	unsigned int queue = (uintptr_t)arg, i, round;
	uint32_t base = queue * (SIZE / 2);
	uint64_t tags[16];
	uint8_t block[512];

	for (round = 0; round < ROUNDS; round++) {
		memset(block, round, sizeof(block));
		for (i = 0; i < 16; i++)
			tags[i] = rk_submit(queue, rq(SCST_USER_OP_WRITE,
						      base + i * 512, 512),
					    block, 512);
		for (i = 0; i < 16; i++) {
			ck_assert_uint_eq(rk_wait(tags[i]).result,
					  SCST_USER_RES_GOOD);
			rk_release(tags[i]);
			tags[i] = rk_submit(queue, rq(SCST_USER_OP_READ,
						      base + i * 512, 512),
					    NULL, 512);
		}
		for (i = 0; i < 16; i++) {
			ck_assert_uint_eq(rk_wait(tags[i]).result,
					  SCST_USER_RES_GOOD);
			ck_assert_mem_eq(rk_data(tags[i]), block, 512);
			rk_release(tags[i]);
		}
	}
	return NULL;
}

START_TEST(queues_do_not_disturb_each_other)
{
	pthread_t threads[2];
	uintptr_t i;

	handler.threads = models[_i];
	up();
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, initiator, (void *)i);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	/* Whatever the timing, a call never takes more than one of them. */
	ck_assert_uint_le(rk.enters, 2 * ROUNDS * 32);
	serve_down();
}
END_TEST

START_TEST(more_than_the_slots_is_served_in_turn)
{
	uint64_t tags[RK_SLOTS];
	unsigned int i;

	up();
	for (i = 0; i < RK_SLOTS; i++)
		tags[i] = rk_submit(0, rq(SCST_USER_OP_READ, 512 * i, 512),
				    NULL, 512);
	for (i = 0; i < RK_SLOTS; i++)
		ck_assert_uint_eq(rk_wait(tags[i]).result, SCST_USER_RES_GOOD);
	serve_down();
}
END_TEST

START_TEST(much_data_is_handed_in_before_the_end_of_a_turn)
{
	const struct scst_user_request read =
		rq(SCST_USER_OP_READ, 0, RK_DATA);
	uint64_t tags[3];

	handler.threads = SCSTU_QUEUE;
	gate_at = 4 * RK_DATA;
	up();
	/* While it is in one, what comes is of one turn. */
	rk_submit(0, rq(SCST_USER_OP_READ, gate_at, 512), NULL, 512);
	wait_for(&held);
	tags[0] = rk_submit(0, read, NULL, RK_DATA);
	tags[1] = rk_submit(0, read, NULL, RK_DATA);
	tags[2] = rk_submit(0, rq(SCST_USER_OP_READ, gate_at, 512), NULL, 512);
	sem_post(&gate);
	wait_for(&held);
	ck_assert(rk_is_answered(tags[0]) && rk_is_answered(tags[1]));
	sem_post(&gate);
	ck_assert_uint_eq(rk_wait(tags[2]).result, SCST_USER_RES_GOOD);
	serve_down();
}
END_TEST

/* ---- Scheduling ---------------------------------------------------------- */

static void ask_until(int wanted)
{
	do {
		ask(SCST_USER_OP_READ, 0, 0);
	} while (policy != wanted);
}

/* As long as it gets more than one at a time for that. */
START_TEST(loop_does_not_interrupt_who_wakes_it)
{
	const int before = sched_getscheduler(0);

	handler.threads = SCSTU_QUEUE;
	up();
	ask(SCST_USER_OP_READ, 0, 0);
	if (before == SCHED_OTHER) {
		ck_assert_int_eq(policy, SCHED_BATCH);
		ask_until(SCHED_OTHER);
		ask_until(SCHED_BATCH);
	}
	ck_assert_int_eq(sched_getscheduler(0), before);
	serve_down();
}
END_TEST

START_TEST(loop_that_gets_many_stays_patient)
{
	uint64_t tags[8];
	unsigned int i, round;

	handler.threads = SCSTU_QUEUE;
	gate_at = 512;
	up();
	for (round = 0; round < 600; round++) {
		tags[0] = rk_submit(0, rq(SCST_USER_OP_READ, gate_at, 512),
				    NULL, 512);
		wait_for(&held);
		for (i = 1; i < 8; i++)
			tags[i] = rk_submit(0, rq(SCST_USER_OP_READ, 0, 512),
					    NULL, 512);
		sem_post(&gate);
		for (i = 0; i < 8; i++) {
			ck_assert_uint_eq(rk_wait(tags[i]).result,
					  SCST_USER_RES_GOOD);
			rk_release(tags[i]);
		}
		if (sched_getscheduler(0) == SCHED_OTHER)
			ck_assert_int_eq(policy, SCHED_BATCH);
	}
	serve_down();
}
END_TEST

START_TEST(scheduling_that_somebody_chose_is_kept)
{
	const struct sched_param param = { 0 };

	ck_assert_int_eq(sched_setscheduler(0, SCHED_IDLE, &param), 0);
	handler.threads = SCSTU_QUEUE;
	up();
	ask(SCST_USER_OP_READ, 0, 0);
	ck_assert_int_eq(policy, SCHED_IDLE);
	serve_down();
}
END_TEST

static const int chosen[] = { SCHED_IDLE, SCHED_BATCH };

static void serve_devices(void *arg)
{
	struct loop *loop = arg;
	int i;

	loop_be_patient(loop);
	loop_be_patient(loop);
	for (i = 0; i < 10000; i++)
		loop_took(loop, 1);
	policy = sched_getscheduler(0);
}

/* Nor when it is the one that we would have chosen. */
START_TEST(scheduling_is_kept_for_all_devices_of_a_loop)
{
	const struct sched_param param = { 0 };
	struct loop *loop = loop_alloc(0);

	ck_assert_int_eq(sched_setscheduler(0, chosen[_i], &param), 0);
	ck_assert_int_eq(loop_start(loop), 0);
	loop_call(loop, serve_devices, loop);
	ck_assert_int_eq(policy, chosen[_i]);
	loop_stop(loop);
	loop_free(loop);
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *turns_tcase(void)
{
	TCase *tc = tcase_create("turns");

	tcase_add_loop_test(tc, queues_do_not_disturb_each_other, 0, 3);
	tcase_add_test(tc, more_than_the_slots_is_served_in_turn);
	tcase_add_test(tc, much_data_is_handed_in_before_the_end_of_a_turn);
	return tc;
}

static TCase *scheduling_tcase(void)
{
	TCase *tc = tcase_create("scheduling");

	tcase_add_test(tc, loop_does_not_interrupt_who_wakes_it);
	tcase_add_test(tc, loop_that_gets_many_stays_patient);
	tcase_add_test(tc, scheduling_that_somebody_chose_is_kept);
	tcase_add_loop_test(tc, scheduling_is_kept_for_all_devices_of_a_loop,
			    0, sizeof(chosen) / sizeof(chosen[0]));
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("ring_turns");
	SRunner *sr;
	int failed;

	sem_init(&gate, 0, 0);
	sem_init(&held, 0, 0);
	suite_add_tcase(suite, turns_tcase());
	suite_add_tcase(suite, scheduling_tcase());
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
