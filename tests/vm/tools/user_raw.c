// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: user_raw NAME: a raw device of type 3 (processor) that enters by
 * io_uring: IORING_OP_URING_CMD, and IORING_OP_POLL_ADD to wait.
 *
 *	00		TEST UNIT READY: good
 *	c0 (10 bytes)	Data-In: what c1 left; byte 8 says how much it wants
 *	c1 (10)		Data-Out: keeps up to 4096 bytes
 *	c2 (10)		Data-In and CHECK CONDITION: sense data of its own
 *	c3 (10)		the status of byte 2
 *	c4 (10)		no answer at all
 *	1d (6)		SEND DIAGNOSTIC: passed to the kernel
 *
 * Says "ready"; and "session gone", "reset", "abort" when it hears of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../../kmod/uapi/scst_user.h"

#define ANY_CDB { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }
#define VENDOR(op, flags) { op, 10, SCST_USER_NO_SA, flags, ANY_CDB }

static const struct scst_user_opcode opcodes[] = {
	{ 0x00, 6, SCST_USER_NO_SA, 0, { 0 } },
	{ 0x1d, 6, SCST_USER_NO_SA, SCST_USER_OPC_OUT, ANY_CDB },
	VENDOR(0xc0, SCST_USER_OPC_IN),
	VENDOR(0xc1, SCST_USER_OPC_OUT | SCST_USER_OPC_WRITES),
	VENDOR(0xc2, SCST_USER_OPC_IN),
	VENDOR(0xc3, 0),
	VENDOR(0xc4, 0),
};

static struct scst_user_attach at = {
	.size = sizeof(at),
	.abi = SCST_USER_ABI,
	.features = SCST_USER_FEAT_URING | SCST_USER_FEAT_RAW,
	.kind = SCST_USER_RAW_DEVICE,
	.type = 3,
	.queues = 1,
	.depth = 8,
	.max_transfer = 65536,
	.wait_ms = 10000,
	.nr_opcodes = sizeof(opcodes) / sizeof(*opcodes),
	.opcodes = (uintptr_t)opcodes,
	.product = "raw device",
	.serial = "raw-1",
};
static int dev;
static uint8_t *map, kept[4096];
static uint32_t nr_kept;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- io_uring ---------------------------------------------------------------- */

static struct {
	int fd;
	uint32_t *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
} ring;

static void ring_init(void)
{
	struct io_uring_params p = { 0 };
	uint8_t *sq, *cq;

	ring.fd = syscall(SYS_io_uring_setup, 4, &p);
	if (ring.fd < 0)
		die("io_uring_setup");
	sq = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		  IORING_OFF_CQ_RING);
	ring.sqes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			 ring.fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || ring.sqes == MAP_FAILED)
		die("io_uring mmap");
	ring.sq_tail = (uint32_t *)(sq + p.sq_off.tail);
	ring.sq_mask = (uint32_t *)(sq + p.sq_off.ring_mask);
	ring.sq_array = (uint32_t *)(sq + p.sq_off.array);
	ring.cq_head = (uint32_t *)(cq + p.cq_off.head);
	ring.cq_tail = (uint32_t *)(cq + p.cq_off.tail);
	ring.cq_mask = (uint32_t *)(cq + p.cq_off.ring_mask);
	ring.cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
}

/* One entry, and its result. */
static int ring_run(const struct io_uring_sqe *sqe)
{
	uint32_t tail = *ring.sq_tail, head = *ring.cq_head;
	int res;

	ring.sqes[tail & *ring.sq_mask] = *sqe;
	ring.sq_array[tail & *ring.sq_mask] = tail & *ring.sq_mask;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
	while (syscall(SYS_io_uring_enter, ring.fd, 1, 1,
		       IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		if (errno != EINTR)
			die("io_uring_enter");
	while (__atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE) == head)
		syscall(SYS_io_uring_enter, ring.fd, 0, 1,
			IORING_ENTER_GETEVENTS, NULL, 0);
	res = ring.cqes[head & *ring.cq_mask].res;
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	return res;
}

static void enter(uint32_t replies)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_URING_CMD,
		.fd = dev,
		.cmd_op = SCST_USER_IOC_ENTER,
	};
	struct scst_user_enter_cmd cmd = { .replies = replies };
	int res;

	memcpy(&sqe.cmd, &cmd, sizeof(cmd));
	res = ring_run(&sqe);
	if (res == -ESHUTDOWN)
		exit(3);
	if (res) {
		fprintf(stderr, "enter by io_uring: %d\n", res);
		exit(1);
	}
}

static void wait_for_requests(void)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD,
		.fd = dev,
		.poll32_events = POLLIN,
	};

	if (ring_run(&sqe) & POLLHUP)
		exit(3);
}

/* ---- The device ---------------------------------------------------------------- */

static void data_in(const struct scst_user_request *rq,
		    struct scst_user_reply *rp, uint8_t *data)
{
	rp->moved = nr_kept < rq->data_len ? nr_kept : rq->data_len;
	rp->wanted = rq->cdb[8] ? rq->cdb[8] : nr_kept;
	if (rp->moved > rp->wanted)
		rp->moved = rp->wanted;
	memcpy(data, kept, rp->moved);
}

static void data_out(const struct scst_user_request *rq, const uint8_t *data)
{
	nr_kept = rq->data_len < sizeof(kept) ? rq->data_len : sizeof(kept);
	memcpy(kept, data, nr_kept);
}

/* Filemark, EOM, ILI, and a residue. */
static void sense(struct scst_user_reply *rp, uint8_t *queue, uint64_t tag)
{
	static const uint8_t bytes[18] = {
		0xf0, 0, 0xe0, 0, 0, 0x12, 0x34, 10, 0, 0, 0, 0, 0x00, 0x01,
	};

	memcpy(queue + at.sense_offset +
	       (tag & 0xffff) * SCST_USER_SENSE_STRIDE, bytes, sizeof(bytes));
	rp->result = SCST_USER_RES_RAW_SENSE;
	rp->sense_len = sizeof(bytes);
}

/* False: no reply. */
static bool execute(const struct scst_user_request *rq,
		    struct scst_user_reply *rp, uint8_t *queue)
{
	uint8_t *data = map + at.arena_offset + rq->data;

	*rp = (struct scst_user_reply){ .tag = rq->tag };
	switch (rq->cdb[0]) {
	case 0xc0:
		data_in(rq, rp, data);
		break;
	case 0xc1:
		data_out(rq, data);
		break;
	case 0xc2:
		data_in(rq, rp, data);
		sense(rp, queue, rq->tag);
		break;
	case 0xc3:
		rp->result = SCST_USER_RES_STATUS;
		rp->status = rq->cdb[2];
		break;
	case 0xc4:
		return false;
	case 0x1d:
		rp->result = SCST_USER_RES_PASS;
		break;
	}
	return true;
}

static void notice(uint8_t op)
{
	if (op == SCST_USER_OP_SESSION_GONE)
		puts("session gone");
	else if (op == SCST_USER_OP_RESET)
		puts("reset");
	else if (op == SCST_USER_OP_ABORT)
		puts("abort");
	fflush(stdout);
}

static void serve(uint8_t *base)
{
	struct scst_user_queue *q = (void *)base;
	struct scst_user_request *requests = (void *)(base +
						      at.requests_offset);
	struct scst_user_reply *replies = (void *)(base + at.replies_offset);
	uint32_t head = 0, tail = 0, done;
	struct scst_user_request rq;

	for (;;) {
		done = 0;
		while (head != __atomic_load_n(&q->request_tail,
					       __ATOMIC_ACQUIRE)) {
			rq = requests[head & (at.entries - 1)];
			__atomic_store_n(&q->request_head, ++head,
					 __ATOMIC_SEQ_CST);
			if (rq.op >= SCST_USER_OP_ABORT)
				notice(rq.op);
			else if (execute(&rq, &replies[tail & (at.entries - 1)],
					 base))
				done++, tail++;
		}
		__atomic_store_n(&q->reply_tail, tail, __ATOMIC_RELEASE);
		if (done)
			enter(done);
		else
			wait_for_requests();
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	strncpy(at.name, argv[1], sizeof(at.name) - 1);
	dev = open(SCST_USER_PATH, O_RDWR | O_CLOEXEC);
	if (dev < 0 || ioctl(dev, SCST_USER_IOC_ATTACH, &at))
		die("attach");
	map = mmap(NULL, at.map_size, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
		   0);
	if (map == MAP_FAILED)
		die("mmap");
	ring_init();
	puts("ready");
	fflush(stdout);
	serve(map + at.queue_offset);
}
