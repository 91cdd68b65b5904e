// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: user_fuzz NAME FILE SECONDS SEED: a handler that writes nonsense into
 * everything that it shares with the kernel, serves something in between so
 * that there is something to disturb, and calls what it may call with any
 * arguments. When the kernel has had enough of it, it attaches again.
 *
 * Says how often, at the end. Ends with 0 unless it cannot even begin.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../../kmod/uapi/scst_user.h"

enum { QUEUES = 2, THREADS = 2 };

static struct scst_user_attach at;
static const char *name;
static uint8_t *map, *medium;
static int dev;
static volatile bool over;
static unsigned long attached, entered, replies;

static uint64_t rnd(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Mostly something that makes sense, sometimes a limit, sometimes anything. */
static uint64_t odd(uint64_t *state, uint64_t sane)
{
	static const uint64_t limits[] = {
		0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, INT64_MAX, UINT64_MAX,
	};

	switch (rnd(state) % 16) {
	case 0:
		return rnd(state);
	case 1:
		return limits[rnd(state) % 12];
	case 2:
		return sane + 1;
	case 3:
		return sane - 1;
	default:
		return sane;
	}
}

static struct scst_user_queue *queue_of(unsigned int nr)
{
	return (void *)(map + at.queue_offset + nr * at.queue_stride);
}

/* ---- The ring ---------------------------------------------------------------- */

static void serve(const struct scst_user_request *rq)
{
	uint8_t *data = map + at.arena_offset + rq->data;

	/* what is read here may be our own nonsense */
	if (rq->data > at.arena_bytes || rq->length > at.arena_bytes - rq->data ||
	    rq->offset > at.bytes || rq->length > at.bytes - rq->offset)
		return;
	if (rq->op == SCST_USER_OP_WRITE)
		memcpy(medium + rq->offset, data, rq->length);
	else if (rq->op == SCST_USER_OP_READ)
		memcpy(data, medium + rq->offset, rq->length);
}

static void answer(uint64_t *seed, struct scst_user_queue *q, uint32_t tail,
		   const struct scst_user_request *rq)
{
	struct scst_user_reply *rp;

	rp = (void *)((uint8_t *)q + at.replies_offset);
	rp += tail & (at.entries - 1);
	rp->tag = odd(seed, rq->tag);
	rp->result = odd(seed, 0);
	rp->status = odd(seed, 0);
	rp->sense_len = odd(seed, 18);
	rp->flags = odd(seed, 0);
	rp->sense = odd(seed, 0x031100);
	rp->value = odd(seed, rq->offset);
	rp->value2 = odd(seed, 0);
	rp->moved = odd(seed, rq->data_len);
	rp->wanted = odd(seed, rq->data_len);
	replies++;
}

/* Requests as they come, answers of all kinds. */
static void turn(uint64_t *seed, unsigned int nr, uint32_t *head,
		 uint32_t *tail)
{
	struct scst_user_queue *q = queue_of(nr);
	struct scst_user_request rq, *ring;

	ring = (void *)((uint8_t *)q + at.requests_offset);
	while (*head != __atomic_load_n(&q->request_tail, __ATOMIC_ACQUIRE) &&
	       !over) {
		rq = ring[*head & (at.entries - 1)];
		++*head;
		__atomic_store_n(&q->request_head, rnd(seed) % 512 ?
				 *head : odd(seed, *head), __ATOMIC_SEQ_CST);
		serve(&rq);
		answer(seed, q, *tail, &rq);
		++*tail;
		__atomic_store_n(&q->reply_tail, rnd(seed) % 512 ?
				 *tail : odd(seed, *tail), __ATOMIC_RELEASE);
	}
}

/* Any bytes, anywhere before the arena, and in it. */
static void scribble(uint64_t *seed)
{
	uint64_t end = rnd(seed) % 4 ? at.arena_offset : at.map_size;
	uint64_t pos = rnd(seed) % (end - 8), value = rnd(seed);

	memcpy(map + pos, &value, 1 + rnd(seed) % 8);
}

/* ---- Calls -------------------------------------------------------------------- */

static int enter(uint64_t *seed, unsigned int nr)
{
	struct scst_user_enter e = {
		.queue = odd(seed, nr),
		.flags = rnd(seed) % 64 ? 0 : rnd(seed),
		.replies = odd(seed, 64),
		.min = rnd(seed) % 2,
		.timeout_ms = 1 + rnd(seed) % 4,
	};

	entered++;
	return ioctl(dev, SCST_USER_IOC_ENTER, &e) && errno == ESHUTDOWN ?
	       -1 : 0;
}

static void call(uint64_t *seed)
{
	struct scst_user_set set = {
		.what = odd(seed, 1 + rnd(seed) % 4),
		.value = odd(seed, at.bytes),
	};
	struct scst_user_affinity a = {
		.queue = odd(seed, 0),
		.len = odd(seed, 8),
		.mask = odd(seed, (uintptr_t)&set),
	};
	struct scst_user_join join = { .fd = odd(seed, dev) };
	unsigned long request = _IOC(odd(seed, 3), 0xd5, odd(seed, 2),
				     odd(seed, 32) & 0x3fff);

	switch (rnd(seed) % 5) {
	case 0:
		ioctl(dev, SCST_USER_IOC_SET, &set);
		break;
	case 1:
		ioctl(dev, SCST_USER_IOC_AFFINITY, &a);
		break;
	case 2:
		ioctl(dev, SCST_USER_IOC_JOIN, &join);
		break;
	case 3:
		madvise(map + (rnd(seed) % at.map_size & ~4095ul), 4096,
			rnd(seed) % 26);
		break;
	default:
		ioctl(dev, request, rnd(seed) % 2 ? (void *)&set : NULL);
	}
}

static void *attack(void *arg)
{
	unsigned int nr = (uintptr_t)arg % QUEUES;
	uint64_t seed = (uintptr_t)arg * 0x9e3779b97f4a7c15 + attached + 1;
	uint32_t head = 0, tail = 0;

	while (!over) {
		turn(&seed, nr, &head, &tail);
		if (enter(&seed, nr))
			return NULL;
		if (rnd(&seed) % 64 == 0)
			scribble(&seed);
		if (rnd(&seed) % 32 == 0)
			call(&seed);
	}
	return NULL;
}

/* ---- Attachments ------------------------------------------------------------------ */

static void attach_init(void)
{
	memset(&at, 0, sizeof(at));
	at.size = sizeof(at);
	at.abi = SCST_USER_ABI;
	at.kind = SCST_USER_DISK;
	at.queues = QUEUES;
	at.depth = 32;
	at.bytes = 16 << 20;
	at.block_size = 512;
	at.arena_size = 4 << 20;
	at.wait_ms = 20000;
	at.flags = SCST_USER_AT_WRITE_CACHE;
	at.ops = SCST_USER_OP_BIT(SCST_USER_OP_READ) |
		 SCST_USER_OP_BIT(SCST_USER_OP_WRITE) |
		 SCST_USER_OP_BIT(SCST_USER_OP_FLUSH) |
		 SCST_USER_OP_BIT(SCST_USER_OP_STATUS) |
		 SCST_USER_OP_BIT(SCST_USER_OP_USAGE);
	strncpy(at.name, name, sizeof(at.name) - 1);
}

/* What has one wrong word is refused, or not. */
static void attach_wrongly(uint64_t *seed)
{
	uint64_t *words = (uint64_t *)&at;
	uint64_t size = sizeof(at) / 8;

	attach_init();
	at.wait_ms = 0;
	words[rnd(seed) % size] = odd(seed, rnd(seed));
	if (!ioctl(dev, SCST_USER_IOC_ATTACH, &at))
		ioctl(dev, SCST_USER_IOC_DETACH);
	close(dev);
	dev = open(SCST_USER_PATH, O_RDWR | O_CLOEXEC);
}

static bool attach(uint64_t *seed)
{
	int i;

	dev = open(SCST_USER_PATH, O_RDWR | O_CLOEXEC);
	/* the first one says what the device is like */
	for (i = attached ? rnd(seed) % 8 : 0; i > 0; i--)
		attach_wrongly(seed);
	attach_init();
	if (dev < 0 || ioctl(dev, SCST_USER_IOC_ATTACH, &at)) {
		perror("user_fuzz: attach");
		return false;
	}
	map = mmap(NULL, at.map_size, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
		   0);
	if (map == MAP_FAILED)
		return errno == ESHUTDOWN;
	attached++;
	return true;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS * QUEUES];
	uint64_t seed;
	time_t end;
	int fd, i;

	if (argc != 5)
		return 2;
	name = argv[1];
	fd = open(argv[2], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 16 << 20))
		return 2;
	medium = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      0);
	end = time(NULL) + atoi(argv[3]);
	seed = strtoull(argv[4], NULL, 0) * 2 + 1;
	while (time(NULL) < end) {
		if (!attach(&seed))
			return 1;
		if (attached == 1) {
			puts("ready");
			fflush(stdout);
		}
		over = map == MAP_FAILED;
		for (i = 0; i < THREADS * QUEUES && !over; i++)
			pthread_create(&threads[i], NULL, attack,
				       (void *)(uintptr_t)i);
		if (!over)
			usleep(1000 * (100 + rnd(&seed) % 900));
		over = true;
		while (i-- > 0)
			pthread_join(threads[i], NULL);
		if (map != MAP_FAILED)
			munmap(map, at.map_size);
		close(dev);
	}
	printf("%lu attachments, %lu calls, %lu replies\n", attached, entered,
	       replies);
	return 0;
}
