// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the engine scst: what the kernel asks for by its rings, and
 * what it is told.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "ring_server.h"

#define SIZE (1u << 20)

/* ---- A handler ------------------------------------------------------------------- */

static struct scstu_dev *the_dev;
static uint8_t memory[SIZE];

/* Requests that the handler keeps until the test lets go of them. */
static bool hold;
static sem_t held;
static struct scstu_req *kept[16];
static unsigned int nr_kept, resets;

static bool keep(struct scstu_req *req)
{
	if (!__atomic_load_n(&hold, __ATOMIC_ACQUIRE))
		return false;
	kept[nr_kept++] = req;
	sem_post(&held);
	return true;
}

static void wait_held(void)
{
	while (sem_wait(&held))
		;
}

static void fake_read(struct scstu_req *req)
{
	if (keep(req))
		return;
	scstu_req_put(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static void fake_write(struct scstu_req *req)
{
	int count;

	if (keep(req))
		return;
	ck_assert_uint_eq((uintptr_t)scstu_req_iov(req, &count)->iov_base %
			  4096, 0);
	ck_assert_int_eq(count, 1);
	scstu_req_get(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

/* Flags come back as the block that failed. */
static void fake_flush(struct scstu_req *req)
{
	scstu_fail_at(req, SCSTU_SENSE_WRITE_ERROR,
		      scstu_req_offset(req) + scstu_req_flags(req));
}

static void fake_zeroes(struct scstu_req *req)
{
	scstu_fail_at(req, SCSTU_SENSE_WRITE_ERROR, scstu_req_flags(req));
}

static void fake_unmap(struct scstu_req *req)
{
	memset(memory + scstu_req_offset(req), 0, scstu_req_length(req));
	scstu_done(req);
}

static void fake_status(struct scstu_req *req)
{
	if (scstu_req_offset(req))
		scstu_disk_extent(req, 5000, scstu_req_offset(req) == 512);
	scstu_done(req);
}

static void fake_prefetch(struct scstu_req *req)
{
	scstu_fail_errno(req, ENOMEM);
}

static void fake_usage(struct scstu_req *req)
{
	scstu_disk_usage(req, 4096, UINT64_MAX);
	scstu_done(req);
}

static void fake_crypto_erase(struct scstu_req *req)
{
	ck_assert_uint_eq(scstu_req_length(req), SIZE);
	scstu_fail_errno(req, EROFS);
}

/*
 * The handler has a thread that completes what was kept, if the test tells it
 * to; close() ends it.
 */
static pthread_t finisher;
static sem_t finish;
static struct scstu_req *to_finish;

static void *finish_one(void *arg)
{
	while (sem_wait(&finish))
		;
	if (to_finish)
		scstu_done(to_finish);
	return NULL;
}

static void finish_later(struct scstu_req *req)
{
	to_finish = req;
	sem_post(&finish);
}

static void fake_close(struct scstu_dev *dev)
{
	sem_post(&finish);
	pthread_join(finisher, NULL);
}

static int fake_open(struct scstu_dev *dev)
{
	struct scstu_disk disk = {
		SCSTU_DISK_INIT, .bytes = SIZE, .zero_after_unmap = true,
		.max_transfer = 1 << 18, .max_atomic = 8192,
		.no_reissue = scstu_dev_flag(dev, "once"),
		.encrypted = scstu_dev_flag(dev, "encrypted"),
	};

	the_dev = dev;
	sem_init(&finish, 0, 0);
	ck_assert_int_eq(pthread_create(&finisher, NULL, finish_one, NULL), 0);
	return scstu_disk_configure(dev, &disk);
}

static const struct scstu_disk_ops disk_ops = {
	SCSTU_DISK_OPS_INIT,
	.read = fake_read,
	.write = fake_write,
	.flush = fake_flush,
	.unmap = fake_unmap,
	.write_zeroes = fake_zeroes,
	.block_status = fake_status,
	.prefetch = fake_prefetch,
	.usage = fake_usage,
	.crypto_erase = fake_crypto_erase,
};

static const struct scstu_param params[] = {
	{ "once", SCSTU_FLAG, "as in scstu_disk.no_reissue" },
	{ "encrypted", SCSTU_FLAG, "as in scstu_disk.encrypted" },
	{ 0 }
};

static struct scstu_handler disk = {
	SCSTU_HANDLER_INIT,
	.name = "fake",
	.params = params,
	.open = fake_open,
	.close = fake_close,
	.disk = &disk_ops,
};

/* ---- A raw one: the CDB says what becomes of a command ------------------------------ */

static void raw_execute(struct scstu_req *req)
{
	static const uint8_t sense[] = { 0x70, 0, 3, 0, 0, 0, 0, 10, 1, 2 };
	size_t length;
	const uint8_t *cdb = scstu_raw_cdb(req, &length);

	ck_assert_uint_eq(length, 6);
	ck_assert_uint_eq(scstu_raw_nexus(req), 77);
	switch (cdb[1]) {
	case 0:
		scstu_raw_transferred(req, scstu_req_put(req, 0, "abcdef", 6),
				      600);
		scstu_done(req);
		break;
	case 1:
		scstu_raw_status(req, 8);
		break;
	case 2:
		scstu_raw_transferred(req, 3, 3);
		scstu_raw_fail(req, sense, sizeof(sense));
		break;
	case 3:
		scstu_pass(req);
		break;
	default:
		scstu_fail(req, SCSTU_SENSE_INVALID_FIELD_IN_CDB);
	}
}

static void raw_on_reset(struct scstu_dev *dev)
{
	resets++;
	sem_post(&held);
}

static int raw_open(struct scstu_dev *dev)
{
	struct scstu_raw raw = { SCSTU_RAW_INIT, .type = 3, .removable = true };

	the_dev = dev;
	return scstu_raw_configure(dev, &raw);
}

static const struct scstu_opcode opcodes[] = {
	{ 0x08, 6, SCSTU_NO_SERVICE_ACTION, SCSTU_DATA_IN },
	{ 0x0a, 6, SCSTU_NO_SERVICE_ACTION, SCSTU_DATA_OUT, true, { 1, 2 } },
};

static const struct scstu_raw_ops raw_ops = {
	SCSTU_RAW_OPS_INIT,
	.opcodes = opcodes,
	.opcode_count = 2,
	.execute = raw_execute,
	.reset = raw_on_reset,
};

static struct scstu_handler raw = {
	SCSTU_HANDLER_INIT,
	.name = "fakeraw",
	.open = raw_open,
	.raw = &raw_ops,
};

static void up(void)
{
	serve_up(&disk, "name=d");
}

/* ---- Disks ----------------------------------------------------------------------------- */

static const enum scstu_threads models[] = {
	SCSTU_SERIAL, SCSTU_QUEUE, SCSTU_PARALLEL,
};

START_TEST(data_goes_both_ways)
{
	uint8_t block[4096];
	uint64_t tag;

	disk.threads = models[_i];
	up();
	memset(block, 0x5a, sizeof(block));
	tag = rk_submit(1, rq(SCST_USER_OP_WRITE, 8192, 4096), block, 4096);
	ck_assert_uint_eq(rk_wait(tag).result, SCST_USER_RES_GOOD);
	rk_release(tag);
	tag = rk_submit(0, rq(SCST_USER_OP_READ, 8192, 4096), NULL, 4096);
	ck_assert_uint_eq(rk_wait(tag).result, SCST_USER_RES_GOOD);
	ck_assert_mem_eq(rk_data(tag), block, 4096);
	rk_release(tag);
	serve_down();
}
END_TEST

START_TEST(failure_is_told_with_flags_and_place)
{
	struct scst_user_request request = rq(SCST_USER_OP_ZERO, 512, 512);
	struct scst_user_reply reply;
	uint64_t tag;

	up();
	request.flags = SCST_USER_RQ_FUA | SCST_USER_RQ_MAY_UNMAP |
			SCST_USER_RQ_AGAIN;
	tag = rk_submit(0, request, NULL, 0);
	reply = rk_wait(tag);
	ck_assert_uint_eq(reply.result, SCST_USER_RES_SENSE);
	ck_assert_uint_eq(reply.sense, SCSTU_SENSE_WRITE_ERROR);
	ck_assert_uint_eq(reply.flags, SCST_USER_RP_HAS_BAD);
	ck_assert_uint_eq(reply.value, SCSTU_FUA | SCSTU_MAY_UNMAP);
	reply = ask(SCST_USER_OP_FLUSH, 4096, 0);
	ck_assert_uint_eq(reply.value, 4096);
	reply = ask(SCST_USER_OP_PREFETCH, 0, 512);
	ck_assert_uint_eq(reply.sense, 1u << 24);
	ck_assert_uint_eq(reply.flags, 0);
	serve_down();
}
END_TEST

START_TEST(answers_of_a_disk_are_told)
{
	struct scst_user_reply reply;

	up();
	/* The handler says nothing: all of it is there. */
	reply = ask(SCST_USER_OP_STATUS, 0, 1024);
	ck_assert_uint_eq(reply.result, SCST_USER_RES_GOOD);
	ck_assert_uint_eq(reply.flags, SCST_USER_RP_MAPPED);
	ck_assert_uint_eq(reply.value, 1024);
	reply = ask(SCST_USER_OP_STATUS, 512, 8192);
	ck_assert_uint_eq(reply.flags, SCST_USER_RP_MAPPED);
	ck_assert_uint_eq(reply.value, 5120);
	reply = ask(SCST_USER_OP_STATUS, 1024, 8192);
	ck_assert_uint_eq(reply.flags, 0);
	ck_assert_uint_eq(reply.value, 4608);
	reply = ask(SCST_USER_OP_USAGE, 0, 0);
	ck_assert_uint_eq(reply.value, 4096);
	ck_assert_uint_eq(reply.value2, SCST_USER_UNKNOWN);
	reply = ask(SCST_USER_OP_CRYPTO_ERASE, 0, SIZE);
	ck_assert_uint_eq(reply.result, SCST_USER_RES_SENSE);
	ck_assert_uint_eq(reply.sense, SCSTU_SENSE_WRITE_PROTECTED);
	ck_assert_uint_eq(ask(SCST_USER_OP_NOP, 0, 0).result,
			  SCST_USER_RES_GOOD);
	ck_assert_uint_eq(ask(SCST_USER_OP_RAW, 0, 0).sense,
			  SCSTU_SENSE_INVALID_OPCODE);
	serve_down();
}
END_TEST

START_TEST(disk_is_described)
{
	const struct scst_user_attach *at = &rk.said;

	serve_up(&disk, "name=d,thin,removable,vendor=ACME,serial=0123,"
		       "naa=3000000000000001,write-cache=off,sanitize,once,encrypted");
	ck_assert_str_eq(at->name, "d");
	ck_assert_uint_eq(at->kind, SCST_USER_DISK);
	ck_assert_uint_eq(at->queues, 2);
	ck_assert_uint_eq(at->bytes, SIZE);
	ck_assert_uint_eq(at->block_size, 512);
	ck_assert_uint_eq(at->max_transfer, 1 << 18);
	ck_assert_uint_eq(at->max_atomic, 8192);
	ck_assert_uint_eq(at->flags, SCST_USER_AT_REMOVABLE |
			  SCST_USER_AT_THIN | SCST_USER_AT_ZERO_AFTER_UNMAP |
			  SCST_USER_AT_SANITIZE | SCST_USER_AT_NO_REISSUE);
	ck_assert_uint_eq(at->ops, 0x1ff << 1);
	ck_assert_mem_eq(at->vendor, "ACME\0\0\0\0", 8);
	ck_assert_uint_eq(at->product[0], 0);
	ck_assert_str_eq(at->serial, "0123");
	ck_assert_uint_eq(at->naa, 0x3000000000000001);
	serve_down();
}
END_TEST

/* The operation is the handler's, but not every disk of it is encrypted. */
START_TEST(disk_that_is_not_encrypted_has_no_crypto_erase)
{
	serve_up(&disk, "name=d,sanitize");
	ck_assert_uint_eq(rk.said.ops, 0xff << 1);
	serve_down();
}
END_TEST

START_TEST(encrypted_disk_needs_crypto_erase)
{
	struct scstu_disk_ops ops = disk_ops;
	struct scstu_handler handler = disk;

	ops.crypto_erase = NULL;
	handler.disk = &ops;
	srv = scstu_server_create(&handler);
	ck_assert_int_eq(scstu_server_add_device(srv, "name=d,encrypted"),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(scstu_server_error(srv), "crypto_erase"));
	sem_post(&finish);
	pthread_join(finisher, NULL);
	scstu_server_destroy(srv);
}
END_TEST

START_TEST(changes_are_told)
{
	serve_up(&disk, "name=d,removable");
	ck_assert_int_eq(scstu_disk_resize(the_dev, 2 * SIZE), 0);
	ck_assert_uint_eq(rk.set.what, SCST_USER_SET_BYTES);
	ck_assert_uint_eq(rk.set.value, 2 * SIZE);
	ck_assert_int_eq(scstu_disk_set_medium(the_dev, 0), 0);
	ck_assert_uint_eq(rk.set.what, SCST_USER_SET_MEDIUM);
	ck_assert_uint_eq(rk.set.value, 0);
	scstu_dev_set_read_only(the_dev, true);
	ck_assert_uint_eq(rk.set.what, SCST_USER_SET_READ_ONLY);
	ck_assert_uint_eq(rk.set.value, 1);
	scstu_dev_set_read_only(the_dev, false);
	ck_assert_uint_eq(rk.set.value, 0);
	ck_assert_uint_eq(rk.sets, 4);
	serve_down();
}
END_TEST

START_TEST(what_changed_before_is_said_at_once)
{
	rk_up();
	serve_create(&disk, "name=d");
	ck_assert_int_eq(scstu_disk_resize(the_dev, SIZE / 2), 0);
	scstu_dev_set_read_only(the_dev, true);
	ck_assert_int_eq(scstu_server_start(srv), 0);
	ck_assert_uint_eq(rk.said.bytes, SIZE / 2);
	ck_assert(rk.said.flags & SCST_USER_AT_READ_ONLY);
	ck_assert_str_eq(server_ready(srv, 0), "scst d");
	ck_assert_ptr_null(server_ready(srv, 1));
	ck_assert_ptr_null(scstu_server_url(srv, 0));
	serve_run();
	serve_down();
}
END_TEST

START_TEST(owner_may_have_the_loop)
{
	struct scst_user_request request = rq(SCST_USER_OP_READ, 0, 512);
	struct pollfd pfd = { .events = POLLIN };
	const int before = sched_getscheduler(0);
	uint64_t tag;

	disk.threads = models[_i];
	rk_up();
	serve_create(&disk, "name=d");
	ck_assert_int_eq(scstu_server_set(srv, "loops", "0"), 0);
	ck_assert_int_eq(scstu_server_start(srv), 0);
	ck_assert_uint_eq(rk.said.queues, 1);
	tag = rk_submit(0, request, NULL, 512);
	pfd.fd = scstu_server_fd(srv);
	while (!rk_is_answered(tag)) {
		ck_assert_int_eq(poll(&pfd, 1, -1), 1);
		ck_assert_int_eq(scstu_server_dispatch(srv), 1);
	}
	ck_assert_int_eq(sched_getscheduler(0), before);
	scstu_server_stop(srv);
	scstu_server_destroy(srv);
	ck_assert(rk.detached);
	rk_down();
}
END_TEST

/* ---- Raw devices -------------------------------------------------------------------------- */

static uint64_t command(uint8_t what, uint8_t dir)
{
	struct scst_user_request request = {
		.op = SCST_USER_OP_RAW, .dir = dir, .cdb_len = 6, .nexus = 77,
		.cdb = { dir == SCST_USER_DIR_IN ? 0x08 : 0x0a, what },
	};

	return rk_submit(0, request, NULL, 100);
}

START_TEST(commands_have_their_outcome)
{
	struct scst_user_reply reply;
	uint64_t tag;

	serve_up(&raw, "name=r");
	tag = command(0, SCST_USER_DIR_IN);
	reply = rk_wait(tag);
	ck_assert_uint_eq(reply.result, SCST_USER_RES_GOOD);
	ck_assert_uint_eq(reply.moved, 6);
	ck_assert_uint_eq(reply.wanted, 600);
	ck_assert_mem_eq(rk_data(tag), "abcdef", 6);
	reply = rk_wait(command(1, SCST_USER_DIR_OUT));
	ck_assert_uint_eq(reply.result, SCST_USER_RES_STATUS);
	ck_assert_uint_eq(reply.status, 8);
	ck_assert_uint_eq(reply.wanted, 100);
	tag = command(2, SCST_USER_DIR_IN);
	reply = rk_wait(tag);
	ck_assert_uint_eq(reply.result, SCST_USER_RES_RAW_SENSE);
	ck_assert_uint_eq(reply.sense_len, 10);
	ck_assert_uint_eq(reply.moved, 3);
	ck_assert_mem_eq(rk_sense(tag), "\x70\0\3\0\0\0\0\12\1\2", 10);
	reply = rk_wait(command(3, SCST_USER_DIR_IN));
	ck_assert_uint_eq(reply.result, SCST_USER_RES_PASS);
	reply = rk_wait(command(4, SCST_USER_DIR_IN));
	ck_assert_uint_eq(reply.result, SCST_USER_RES_SENSE);
	ck_assert_uint_eq(reply.sense, SCSTU_SENSE_INVALID_FIELD_IN_CDB);
	serve_down();
}
END_TEST

START_TEST(raw_device_is_described)
{
	serve_up(&raw, "name=r,read-only");
	ck_assert_uint_eq(rk.said.kind, SCST_USER_RAW_DEVICE);
	ck_assert_uint_eq(rk.said.type, 3);
	ck_assert_uint_eq(rk.said.flags, SCST_USER_AT_REMOVABLE |
			  SCST_USER_AT_READ_ONLY);
	ck_assert_uint_eq(rk.said.nr_opcodes, 2);
	ck_assert_uint_eq(rk.opcodes[0].opcode, 0x08);
	ck_assert_uint_eq(rk.opcodes[0].flags, SCST_USER_OPC_IN);
	ck_assert_uint_eq(rk.opcodes[0].usage[5], 0xff);
	ck_assert_uint_eq(rk.opcodes[1].flags, SCST_USER_OPC_OUT |
			  SCST_USER_OPC_WRITES);
	ck_assert_uint_eq(rk.opcodes[1].usage[1], 2);
	ck_assert_uint_eq(rk.opcodes[1].service_action, SCST_USER_NO_SA);
	serve_down();
}
END_TEST

START_TEST(reset_reaches_the_handler)
{
	raw.threads = models[_i];
	serve_up(&raw, "name=r");
	rk_notify(0, SCST_USER_OP_RESET, 0);
	wait_held();
	ck_assert_uint_eq(resets, 1);
	serve_down();
}
END_TEST

/* ---- Notifications ---------------------------------------------------------------------- */

START_TEST(abort_is_advice_for_one_request)
{
	uint64_t tags[2];

	disk.threads = models[_i];
	hold = true;
	up();
	tags[0] = rk_submit(0, rq(SCST_USER_OP_READ, 0, 512), NULL, 512);
	wait_held();
	tags[1] = rk_submit(0, rq(SCST_USER_OP_READ, 0, 512), NULL, 512);
	wait_held();
	rk_notify(0, SCST_USER_OP_ABORT, tags[1] + (1ULL << 32));
	rk_notify(0, SCST_USER_OP_SESSION_GONE, 0);
	rk_notify(0, SCST_USER_OP_ABORT, tags[0]);
	while (!scstu_req_aborted(kept[0]))
		sched_yield();
	ck_assert(!scstu_req_aborted(kept[1]));
	scstu_fail(kept[0], SCSTU_SENSE_ABORTED);
	scstu_done(kept[1]);
	ck_assert_uint_eq(rk_wait(tags[0]).sense, SCSTU_SENSE_ABORTED);
	ck_assert_uint_eq(rk_wait(tags[1]).result, SCST_USER_RES_GOOD);
	serve_down();
}
END_TEST

/* ---- Ends ----------------------------------------------------------------------------------- */

static void nothing(void *arg)
{
}

/* One queue has nothing to do and is done; the other has been told. */
static void wait_draining(void)
{
	while (__atomic_load_n(&srv->ring->undrained, __ATOMIC_ACQUIRE) != 1)
		sched_yield();
	loop_call(srv->loops[0], nothing, NULL);
}

START_TEST(what_runs_is_finished_and_nothing_is_begun)
{
	uint64_t tag, late[2];

	disk.threads = models[_i];
	hold = true;
	up();
	tag = rk_submit(0, rq(SCST_USER_OP_WRITE, 0, 512), memory, 512);
	wait_held();
	scstu_server_stop(srv);
	wait_draining();
	late[0] = rk_submit(0, rq(SCST_USER_OP_WRITE, 0, 512), memory, 512);
	late[1] = rk_submit(0, rq(SCST_USER_OP_READ, 0, 512), NULL, 512);
	finish_later(kept[0]);
	serve_ended(0);
	ck_assert_uint_eq(rk_wait(tag).result, SCST_USER_RES_GOOD);
	ck_assert(!rk_is_answered(late[0]) && !rk_is_answered(late[1]));
	ck_assert_uint_eq(rk_unread(0), 2);
}
END_TEST

START_TEST(removed_device_ends_the_server)
{
	up();
	rk_end(SCST_USER_REMOVED);
	serve_ended(0);
}
END_TEST

START_TEST(lost_device_is_a_failure)
{
	up();
	rk_end(SCST_USER_DETACHED);
	serve_ended(-EIO);
}
END_TEST

START_TEST(requests_may_outlive_the_attachment)
{
	hold = true;
	up();
	rk_submit(0, rq(SCST_USER_OP_READ, 0, 512), NULL, 512);
	wait_held();
	rk_end(SCST_USER_REMOVED);
	while (!__atomic_load_n(&((struct ring_dev *)the_dev->attached)->over,
				__ATOMIC_ACQUIRE))
		sched_yield();
	ck_assert_int_eq(scstu_disk_resize(the_dev, SIZE / 2), -ESHUTDOWN);
	finish_later(kept[0]);
	serve_ended(0);
}
END_TEST

/* ---- What goes wrong at the start --------------------------------------------------------------- */

static const struct {
	int *err;
	int value;
	const char *want;
} failures[] = {
	{ &rk.open_err, -ENOENT, "modprobe scst_user" },
	{ &rk.open_err, -EACCES, "permission denied" },
	{ &rk.info_err, -EINVAL, "does not know" },
	{ &rk.attach_err, -ENOENT,
	  "mkdir /sys/kernel/config/scst/devices/user/d" },
	{ &rk.attach_err, -EBUSY, "another program" },
	{ &rk.attach_err, -EINVAL, "dmesg" },
	{ &rk.attach_err, -ENOMEM, "no memory" },
	{ &rk.attach_err, -EINTR, "attaching: " },
	{ &rk.join_err, -ESHUTDOWN, "attaching: " },
};

static void ck_refused(const struct scstu_handler *handler, const char *device,
		       const char *want)
{
	serve_create(handler, device);
	ck_assert_int_lt(scstu_server_start(srv), 0);
	ck_assert_ptr_nonnull(strstr(scstu_server_error(srv), want));
	scstu_server_destroy(srv);
	rk_down();
}

START_TEST(failure_to_start_is_told)
{
	rk_up();
	*failures[_i].err = failures[_i].value;
	ck_refused(&disk, "name=d", failures[_i].want);
}
END_TEST

START_TEST(other_interface_is_told)
{
	rk_up();
	rk.abi = SCST_USER_ABI + 1;
	ck_refused(&disk, "name=d", "this version");
}
END_TEST

START_TEST(kernel_without_raw_devices_is_told)
{
	rk_up();
	rk.features = 0;
	ck_refused(&raw, "name=d", "raw devices");
}
END_TEST

START_TEST(options_of_the_front_end_are_refused)
{
	static const char *const options[][2] = {
		{ "listen", "127.0.0.1:0" }, { "target", "iqn.x" },
		{ "access", "initiator=*,lun=0=d" }, { "chap", "MD5" },
		{ "session-depth", "1" }, { "memory", "16M" },
		{ "state-dir", "/tmp" },
	};

	srv = scstu_server_create(&disk);
	ck_assert_int_eq(scstu_server_set(srv, options[_i][0], options[_i][1]),
			 0);
	ck_assert_int_eq(scstu_server_set(srv, "engine", "scst"), 0);
	ck_assert_int_eq(scstu_server_add_device(srv, "name=d"), -EINVAL);
	ck_assert_ptr_eq(strstr(scstu_server_error(srv), options[_i][0]),
			 scstu_server_error(srv));
	scstu_server_destroy(srv);
}
END_TEST

START_TEST(engine_comes_from_the_environment)
{
	setenv("SCST_ENGINE", "nonsense", 1);
	srv = scstu_server_create(&disk);
	ck_assert_int_eq(scstu_server_add_device(srv, "name=d"), -EINVAL);
	setenv("SCST_ENGINE", "scst", 1);
	ck_assert_int_eq(scstu_server_add_device(srv, "name=d"), 0);
	ck_assert_ptr_eq(srv->engine, &ring_ops);
	scstu_server_destroy(srv);
	srv = scstu_server_create(&disk);
	ck_assert_int_eq(scstu_server_set(srv, "engine", "embedded"), 0);
	ck_assert_int_eq(scstu_server_add_device(srv, "name=d"), 0);
	ck_assert_ptr_ne(srv->engine, &ring_ops);
	scstu_server_destroy(srv);
}
END_TEST

START_TEST(kernels_limits_are_not_the_handlers)
{
	rk_up();
	ck_refused(&disk, "name=d,queue-depth=4", "devices/user/d/queue_depth");
}
END_TEST

/* ------------------------------------------------------------------------------------------------ */

static TCase *serve_tcase(void)
{
	TCase *tc = tcase_create("serving");

	tcase_add_loop_test(tc, data_goes_both_ways, 0, 3);
	tcase_add_test(tc, failure_is_told_with_flags_and_place);
	tcase_add_test(tc, answers_of_a_disk_are_told);
	tcase_add_test(tc, disk_is_described);
	tcase_add_test(tc, disk_that_is_not_encrypted_has_no_crypto_erase);
	tcase_add_test(tc, encrypted_disk_needs_crypto_erase);
	tcase_add_test(tc, changes_are_told);
	tcase_add_test(tc, what_changed_before_is_said_at_once);
	tcase_add_loop_test(tc, owner_may_have_the_loop, 0, 3);
	tcase_add_test(tc, commands_have_their_outcome);
	tcase_add_test(tc, raw_device_is_described);
	tcase_add_loop_test(tc, reset_reaches_the_handler, 0, 3);
	tcase_add_loop_test(tc, abort_is_advice_for_one_request, 0, 3);
	return tc;
}

static TCase *end_tcase(void)
{
	TCase *tc = tcase_create("ends");

	tcase_add_loop_test(tc, what_runs_is_finished_and_nothing_is_begun, 0,
			    3);
	tcase_add_test(tc, removed_device_ends_the_server);
	tcase_add_test(tc, lost_device_is_a_failure);
	tcase_add_test(tc, requests_may_outlive_the_attachment);
	return tc;
}

static TCase *start_tcase(void)
{
	TCase *tc = tcase_create("start");

	tcase_add_loop_test(tc, failure_to_start_is_told, 0,
			    sizeof(failures) / sizeof(failures[0]));
	tcase_add_test(tc, other_interface_is_told);
	tcase_add_test(tc, kernel_without_raw_devices_is_told);
	tcase_add_loop_test(tc, options_of_the_front_end_are_refused, 0, 7);
	tcase_add_test(tc, engine_comes_from_the_environment);
	tcase_add_test(tc, kernels_limits_are_not_the_handlers);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("ring");
	SRunner *sr;
	int failed;

	sem_init(&held, 0, 0);
	suite_add_tcase(suite, serve_tcase());
	suite_add_tcase(suite, end_tcase());
	suite_add_tcase(suite, start_tcase());
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
