// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: user_disk NAME FILE [OPTION=VALUE]...: a handler without a library:
 * the device devices/user/NAME is what is in FILE.
 *
 *	size=BYTES bs=BYTES queues=N depth=N arena=BYTES transfer=BYTES
 *	direct=1	O_DIRECT between FILE and the arena; else the file is
 *			mapped and its bytes are copied
 *	wait=MS		for a predecessor to go
 *	poll=1		wait by poll() on a joined descriptor, not in ENTER
 *	resize=BYTES	is then the size, after SIGHUP
 *	removable=1	without a medium if it has no size
 *	load=BYTES	is another medium, after SIGUSR1; SIGUSR2: it goes
 *	die=N		be killed between the N-th ring operation and the next
 *	stats=FILE	counts at the end, by SIGTERM
 *
 * Says "ready" when it is attached, and what is refused later.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../kmod/uapi/scst_user.h"

struct queue {
	unsigned int nr;
	int poll_fd;
	struct scst_user_queue *shared;
	struct scst_user_request *requests;
	struct scst_user_reply *replies;
	uint32_t head, tail;
	uint64_t served, enters;
};

static struct scst_user_attach at = {
	.size = sizeof(at),
	.abi = SCST_USER_ABI,
	.kind = SCST_USER_DISK,
	.queues = 1,
	.depth = 64,
	.bytes = 64 << 20,
	.block_size = 512,
	.rotation_rate = 1,
	.flags = SCST_USER_AT_THIN | SCST_USER_AT_ZERO_AFTER_UNMAP |
		 SCST_USER_AT_WRITE_CACHE,
	.ops = SCST_USER_OP_BIT(SCST_USER_OP_READ) |
	       SCST_USER_OP_BIT(SCST_USER_OP_WRITE) |
	       SCST_USER_OP_BIT(SCST_USER_OP_FLUSH) |
	       SCST_USER_OP_BIT(SCST_USER_OP_UNMAP) |
	       SCST_USER_OP_BIT(SCST_USER_OP_ZERO),
};
static struct queue queues[64];
static const char *stats;
static uint64_t resize, load, die_at;
static bool direct, use_poll;
static atomic_ulong operations;
static int dev, disk;
static uint8_t *map, *medium;

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "user_disk: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, ": %s\n", strerror(errno));
	exit(1);
}

/* Between two operations on the ring. */
static void step(void)
{
	if (die_at && atomic_fetch_add(&operations, 1) == die_at)
		kill(getpid(), SIGKILL);
}

/* ---- The medium ------------------------------------------------------------ */

static bool transfer(const struct scst_user_request *rq, bool write)
{
	uint8_t *data = map + at.arena_offset + rq->data;
	ssize_t n;

	if (!direct && write)
		memcpy(medium + rq->offset, data, rq->length);
	else if (!direct)
		memcpy(data, medium + rq->offset, rq->length);
	if (!direct)
		return true;
	n = write ? pwrite(disk, data, rq->length, rq->offset) :
		    pread(disk, data, rq->length, rq->offset);
	return n == (ssize_t)rq->length;
}

static bool zero(const struct scst_user_request *rq)
{
	if (!direct)
		memset(medium + rq->offset, 0, rq->length);
	return !direct || !fallocate(disk, FALLOC_FL_ZERO_RANGE |
				     FALLOC_FL_KEEP_SIZE, rq->offset,
				     rq->length);
}

static bool serve(const struct scst_user_request *rq)
{
	switch (rq->op) {
	case SCST_USER_OP_READ:
		return transfer(rq, false);
	case SCST_USER_OP_WRITE:
		return transfer(rq, true);
	case SCST_USER_OP_FLUSH:
		return !direct || !fdatasync(disk);
	case SCST_USER_OP_UNMAP:
	case SCST_USER_OP_ZERO:
		return zero(rq);
	default:
		return false;
	}
}

/* ---- A queue ---------------------------------------------------------------- */

static void reply(struct queue *q, const struct scst_user_request *rq)
{
	struct scst_user_reply *rp = &q->replies[q->tail & (at.entries - 1)];

	memset(rp, 0, sizeof(*rp));
	rp->tag = rq->tag;
	if (!serve(rq)) {
		rp->result = SCST_USER_RES_SENSE;
		rp->sense = rq->op == SCST_USER_OP_READ ? 0x031100 : 0x030c00;
	}
	step();
	__atomic_store_n(&q->shared->reply_tail, ++q->tail, __ATOMIC_RELEASE);
	step();
	q->served++;
}

static void consume(struct queue *q)
{
	struct scst_user_request rq;

	while (q->head != __atomic_load_n(&q->shared->request_tail,
					  __ATOMIC_ACQUIRE)) {
		rq = q->requests[q->head & (at.entries - 1)];
		step();
		__atomic_store_n(&q->shared->request_head, ++q->head,
				 __ATOMIC_SEQ_CST);
		step();
		if (rq.op < SCST_USER_OP_ABORT)
			reply(q, &rq);
	}
}

static void wait_poll(struct queue *q)
{
	struct pollfd p = { .fd = q->poll_fd, .events = POLLIN };

	if (poll(&p, 1, -1) < 0 && errno != EINTR)
		die("poll");
}

static void *queue_run(void *arg)
{
	struct queue *q = arg;
	struct scst_user_enter e;

	for (;;) {
		consume(q);
		e = (struct scst_user_enter){
			.queue = q->nr,
			.replies = at.entries,
			.min = !use_poll,
			.timeout_ms = SCST_USER_NO_TIMEOUT,
		};
		q->enters++;
		if (ioctl(dev, SCST_USER_IOC_ENTER, &e) && errno != EINTR) {
			if (errno != ESHUTDOWN)
				die("enter");
			exit(3);
		}
		step();
		if (use_poll && e.min == 0)
			wait_poll(q);
	}
}

static void queue_init(unsigned int nr)
{
	uint8_t *base = map + at.queue_offset + nr * at.queue_stride;
	struct scst_user_join join = { .fd = dev, .queue = nr };
	struct queue *q = &queues[nr];

	q->nr = nr;
	q->shared = (void *)base;
	q->requests = (void *)(base + at.requests_offset);
	q->replies = (void *)(base + at.replies_offset);
	if (!use_poll)
		return;
	q->poll_fd = open(SCST_USER_PATH, O_RDWR | O_CLOEXEC);
	if (q->poll_fd < 0 || ioctl(q->poll_fd, SCST_USER_IOC_JOIN, &join))
		die("join");
}

/* ---- Begin and end ------------------------------------------------------------- */

static void option(char *word)
{
	char *value = strchr(word, '=');
	uint64_t nr;

	if (!value)
		die("%s: no value", word);
	*value++ = '\0';
	nr = strtoull(value, NULL, 0);
	if (!strcmp(word, "size"))
		at.bytes = nr;
	else if (!strcmp(word, "bs"))
		at.block_size = nr;
	else if (!strcmp(word, "queues"))
		at.queues = nr;
	else if (!strcmp(word, "depth"))
		at.depth = nr;
	else if (!strcmp(word, "arena"))
		at.arena_size = nr;
	else if (!strcmp(word, "transfer"))
		at.max_transfer = nr;
	else if (!strcmp(word, "wait"))
		at.wait_ms = nr;
	else if (!strcmp(word, "direct"))
		direct = nr;
	else if (!strcmp(word, "poll"))
		use_poll = nr;
	else if (!strcmp(word, "resize"))
		resize = nr;
	else if (!strcmp(word, "load"))
		load = nr;
	else if (!strcmp(word, "removable"))
		at.flags |= nr ? SCST_USER_AT_REMOVABLE : 0;
	else if (!strcmp(word, "die"))
		die_at = nr;
	else if (!strcmp(word, "stats"))
		stats = value;
	else
		die("%s: no such option", word);
}

static void attach(const char *name)
{
	struct scst_user_info info = { .size = sizeof(info) };

	dev = open(SCST_USER_PATH, O_RDWR | O_CLOEXEC);
	if (dev < 0 || ioctl(dev, SCST_USER_IOC_INFO, &info))
		die("%s", SCST_USER_PATH);
	strncpy(at.name, name, sizeof(at.name) - 1);
	if (ioctl(dev, SCST_USER_IOC_ATTACH, &at))
		die("attach %s", name);
	map = mmap(NULL, at.map_size, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
		   0);
	if (map == MAP_FAILED)
		die("mmap");
}

static void medium_open(const char *file)
{
	uint64_t most = resize > at.bytes ? resize : at.bytes;

	most = load > most ? load : most;

	disk = open(file, O_RDWR | O_CREAT | O_CLOEXEC |
		    (direct ? O_DIRECT : 0), 0600);
	if (disk < 0)
		die("%s", file);
	if (direct)
		return;
	if (ftruncate(disk, most))
		die("%s", file);
	medium = mmap(NULL, most, PROT_READ | PROT_WRITE, MAP_SHARED, disk, 0);
	if (medium == MAP_FAILED)
		die("%s", file);
}

static void change(uint32_t what, uint64_t value)
{
	struct scst_user_set set = { .what = what, .value = value };

	if (ioctl(dev, SCST_USER_IOC_SET, &set))
		printf("refused %u: %s\n", what, strerror(errno));
	else
		printf("set %u\n", what);
	fflush(stdout);
}

/* False: it is time to end. */
static bool change_by(int sig)
{
	if (sig == SIGHUP)
		change(SCST_USER_SET_BYTES, resize);
	else if (sig == SIGUSR1)
		change(SCST_USER_SET_MEDIUM, load);
	else if (sig == SIGUSR2)
		change(SCST_USER_SET_MEDIUM, 0);
	return sig != SIGTERM;
}

static void tell(void)
{
	uint64_t served = 0, enters = 0;
	unsigned int i;
	FILE *f;

	for (i = 0; i < at.queues; i++) {
		served += queues[i].served;
		enters += queues[i].enters;
	}
	f = stats ? fopen(stats, "w") : NULL;
	if (f)
		fprintf(f, "%llu requests %llu enters\n",
			(unsigned long long)served,
			(unsigned long long)enters);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	sigset_t set;
	int i, sig;

	if (argc < 3)
		die("user_disk NAME FILE [OPTION=VALUE]...");
	for (i = 3; i < argc; i++)
		option(argv[i]);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	medium_open(argv[2]);
	attach(argv[1]);
	for (i = 0; i < at.queues; i++) {
		queue_init(i);
		if (pthread_create(&thread, NULL, queue_run, &queues[i]))
			die("thread");
	}
	puts("ready");
	fflush(stdout);
	while (!sigwait(&set, &sig) && change_by(sig))
		;
	tell();
	return 0;
}
