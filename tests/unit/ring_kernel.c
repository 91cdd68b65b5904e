// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a kernel behind /dev/scst_user, for tests of the engine scst.
 *
 * A descriptor is one end of a pair of sockets: a byte makes it readable, a
 * shutdown hangs it up.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../must.h"
#include "ring_kernel.h"

#define FDS (RK_QUEUES + 2)

struct slot {
	bool given, answered;
	uint32_t seq;
	struct scst_user_reply reply;
};

static struct queue {
	uint32_t request_tail, reply_head;
	struct scst_user_queue *shared;
	struct scst_user_request *requests;
	struct scst_user_reply *replies;
	uint8_t *sense;
	struct slot slots[RK_SLOTS];
	int fd, peer;
	uint32_t left;			/* unread when it was detached */
} queues[RK_QUEUES];

struct ring_kernel rk;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static int pairs[FDS][2];
static unsigned int nr_pairs;
static uint8_t *mapping;
static bool dead;

/* ---- Queues ----------------------------------------------------------------- */

static unsigned int tag_queue(uint64_t tag)
{
	return tag >> 16 & 0xffff;
}

static struct slot *slot_of(uint64_t tag)
{
	struct slot *slot = &queues[tag_queue(tag)].slots[tag & 0xffff];

	MUST(slot->seq == tag >> 32);
	return slot;
}

static uint64_t arena_at(uint64_t tag)
{
	return (tag_queue(tag) * RK_SLOTS + (tag & 0xffff)) * (uint64_t)RK_DATA;
}

static uint32_t unread(const struct queue *q)
{
	uint32_t n = q->request_tail - __atomic_load_n(&q->shared->request_head,
						       __ATOMIC_ACQUIRE);

	MUST(n <= rk.said.entries);
	return n;
}

/* As poll() would say it. */
static void set_readable(struct queue *q)
{
	char byte = 0;

	while (recv(q->fd, &byte, 1, MSG_DONTWAIT) > 0)
		;
	if (unread(q))
		MUST(send(q->peer, &byte, 1, MSG_DONTWAIT) == 1);
}

static void push(struct queue *q, const struct scst_user_request *request)
{
	MUST(unread(q) < rk.said.entries);
	q->requests[q->request_tail++ & (rk.said.entries - 1)] = *request;
	__atomic_store_n(&q->shared->request_tail, q->request_tail,
			 __ATOMIC_RELEASE);
	set_readable(q);
}

static void take_reply(struct queue *q)
{
	struct scst_user_reply reply =
		q->replies[q->reply_head & (rk.said.entries - 1)];
	struct slot *slot;

	MUST(tag_queue(reply.tag) == (unsigned int)(q - queues));
	MUST((reply.tag & 0xffff) < rk.said.depth);
	slot = slot_of(reply.tag);
	MUST(slot->given && !slot->answered);
	slot->answered = true;
	slot->reply = reply;
	q->reply_head++;
	__atomic_store_n(&q->shared->reply_head, q->reply_head,
			 __ATOMIC_RELEASE);
}

/* ---- Calls -------------------------------------------------------------------- */

static int kernel_open(void)
{
	if (rk.open_err)
		return rk.open_err;
	MUST(nr_pairs < FDS);
	MUST(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			 pairs[nr_pairs]));
	return pairs[nr_pairs++][0];
}

static int ioc_info(struct scst_user_info *info)
{
	MUST(info->size == sizeof(*info));
	info->abi = rk.abi;
	info->features = rk.features;
	info->max_queues = rk.max_queues;
	info->max_depth = RK_SLOTS;
	return rk.info_err;
}

static void make_queue(unsigned int i)
{
	uint8_t *base = mapping + rk.said.queue_offset +
			i * rk.said.queue_stride;
	struct queue *q = &queues[i];

	q->shared = (void *)base;
	q->requests = (void *)(base + rk.said.requests_offset);
	q->replies = (void *)(base + rk.said.replies_offset);
	q->sense = base + rk.said.sense_offset;
}

static int ioc_attach(struct scst_user_attach *at)
{
	struct scst_user_control *control;
	unsigned int i;

	MUST(at->size == sizeof(*at) && at->abi == SCST_USER_ABI);
	MUST(at->queues && at->queues <= rk.max_queues);
	MUST(at->depth && at->depth <= RK_SLOTS);
	MUST(!(at->features & ~rk.features));
	if (rk.attach_err)
		return rk.attach_err;
	at->entries = 2 * at->depth;
	at->requests_offset = sizeof(struct scst_user_queue);
	at->replies_offset = at->requests_offset +
			     at->entries * sizeof(struct scst_user_request);
	at->sense_offset = at->replies_offset +
			   at->entries * sizeof(struct scst_user_reply);
	at->queue_offset = 4096;
	at->queue_stride = (at->sense_offset + at->depth *
			    SCST_USER_SENSE_STRIDE + 4095) & ~4095u;
	at->arena_offset = at->queue_offset + at->queues * at->queue_stride;
	at->arena_bytes = (uint64_t)at->queues * RK_SLOTS * RK_DATA;
	at->map_size = at->arena_offset + at->arena_bytes;
	rk.said = *at;
	MUST(at->nr_opcodes <= 16);
	if (at->nr_opcodes)
		memcpy(rk.opcodes, (void *)(uintptr_t)at->opcodes,
		       at->nr_opcodes * sizeof(rk.opcodes[0]));
	mapping = mmap(NULL, at->map_size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	MUST(mapping != MAP_FAILED);
	for (i = 0; i < at->queues; i++)
		make_queue(i);
	control = (void *)mapping;
	control->state = SCST_USER_ATTACHED;
	return 0;
}

/* The pair whose library's end is @fd. */
static unsigned int pair_of(int fd)
{
	unsigned int i = 0;

	while (pairs[i][0] != fd)
		MUST(++i < nr_pairs);
	return i;
}

static int ioc_join(int fd, const struct scst_user_join *join)
{
	struct queue *q = &queues[join->queue];

	if (rk.join_err)
		return rk.join_err;
	MUST(join->queue < rk.said.queues && !q->fd);
	MUST(join->fd == pairs[0][0]);
	q->fd = fd;
	q->peer = pairs[pair_of(fd)][1];
	set_readable(q);
	return 0;
}

static int ioc_enter(struct scst_user_enter *e)
{
	struct queue *q = &queues[e->queue];
	uint32_t tail, n = 0;

	MUST(e->queue < rk.said.queues && !e->flags);
	if (dead)
		return -ESHUTDOWN;
	rk.enters++;
	tail = __atomic_load_n(&q->shared->reply_tail, __ATOMIC_ACQUIRE);
	MUST(tail - q->reply_head <= rk.said.entries);
	for (; n < e->replies && q->reply_head != tail; n++)
		take_reply(q);
	set_readable(q);
	e->replies = n;
	e->min = unread(q);
	pthread_cond_broadcast(&answered);
	return 0;
}

/* The library unmaps what it mapped: nothing there is read from now on. */
static int ioc_detach(int fd)
{
	unsigned int i;

	MUST(fd == pairs[0][0] && !rk.detached);
	rk.detached = true;
	for (i = 0; i < rk.said.queues; i++)
		queues[i].left = unread(&queues[i]);
	return dead ? -ESHUTDOWN : 0;
}

static int call(int fd, unsigned long cmd, void *arg)
{
	switch (cmd) {
	case SCST_USER_IOC_INFO:
		return ioc_info(arg);
	case SCST_USER_IOC_ATTACH:
		return ioc_attach(arg);
	case SCST_USER_IOC_JOIN:
		return ioc_join(fd, arg);
	case SCST_USER_IOC_ENTER:
		return ioc_enter(arg);
	case SCST_USER_IOC_SET:
		rk.set = *(struct scst_user_set *)arg;
		rk.sets++;
		return dead ? -ESHUTDOWN : 0;
	case SCST_USER_IOC_DETACH:
		return ioc_detach(fd);
	default:
		return -ENOTTY;
	}
}

static int kernel_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret;

	pthread_mutex_lock(&lock);
	ret = call(fd, cmd, arg);
	pthread_mutex_unlock(&lock);
	return ret;
}

/* One mapping for both sides, so that sanitizers see what happens there. */
static void *kernel_map(int fd, size_t size)
{
	MUST(size == rk.said.map_size);
	return mapping;
}

static const struct ring_sys sys = { kernel_open, kernel_ioctl, kernel_map };

/* ---- For tests ------------------------------------------------------------------ */

void rk_up(void)
{
	rk.abi = SCST_USER_ABI;
	rk.features = SCST_USER_FEAT_RAW | SCST_USER_FEAT_SANITIZE |
		      SCST_USER_FEAT_SESSIONS;
	rk.max_queues = RK_QUEUES;
	ring_sys = &sys;
}

void rk_down(void)
{
	while (nr_pairs)
		close(pairs[--nr_pairs][1]);
	if (mapping && !rk.detached)
		munmap(mapping, rk.said.map_size);
}

static uint64_t take_slot(struct queue *q)
{
	unsigned int i = 0;

	while (q->slots[i].given)
		MUST(++i < rk.said.depth);
	q->slots[i].given = true;
	q->slots[i].answered = false;
	q->slots[i].seq++;
	return (uint64_t)q->slots[i].seq << 32 | (q - queues) << 16 | i;
}

uint64_t rk_submit(unsigned int queue, struct scst_user_request request,
		   const void *data, uint32_t len)
{
	struct queue *q = &queues[queue];
	uint64_t tag;

	MUST(len <= RK_DATA);
	pthread_mutex_lock(&lock);
	tag = take_slot(q);
	request.tag = tag;
	request.data = arena_at(tag);
	request.data_len = len;
	if (data)
		memcpy(rk_data(tag), data, len);
	push(q, &request);
	pthread_mutex_unlock(&lock);
	return tag;
}

void rk_notify(unsigned int queue, enum scst_user_op op, uint64_t arg)
{
	struct scst_user_request request = { .op = op, .arg = arg };

	pthread_mutex_lock(&lock);
	push(&queues[queue], &request);
	pthread_mutex_unlock(&lock);
}

struct scst_user_reply rk_wait(uint64_t tag)
{
	struct slot *slot = slot_of(tag);

	pthread_mutex_lock(&lock);
	while (!slot->answered)
		pthread_cond_wait(&answered, &lock);
	pthread_mutex_unlock(&lock);
	return slot->reply;
}

bool rk_is_answered(uint64_t tag)
{
	bool yes;

	pthread_mutex_lock(&lock);
	yes = slot_of(tag)->answered;
	pthread_mutex_unlock(&lock);
	return yes;
}

uint8_t *rk_data(uint64_t tag)
{
	return mapping + rk.said.arena_offset + arena_at(tag);
}

uint8_t *rk_sense(uint64_t tag)
{
	return queues[tag_queue(tag)].sense +
	       (tag & 0xffff) * SCST_USER_SENSE_STRIDE;
}

void rk_release(uint64_t tag)
{
	pthread_mutex_lock(&lock);
	MUST(slot_of(tag)->answered);
	slot_of(tag)->given = false;
	pthread_mutex_unlock(&lock);
}

uint32_t rk_unread(unsigned int queue)
{
	uint32_t n;

	pthread_mutex_lock(&lock);
	n = rk.detached ? queues[queue].left : unread(&queues[queue]);
	pthread_mutex_unlock(&lock);
	return n;
}

void rk_end(enum scst_user_state state)
{
	struct scst_user_control *control = (void *)mapping;
	unsigned int i;

	pthread_mutex_lock(&lock);
	dead = true;
	__atomic_store_n(&control->state, state, __ATOMIC_RELEASE);
	for (i = 0; i < rk.said.queues; i++)
		shutdown(queues[i].peer, SHUT_RDWR);
	pthread_mutex_unlock(&lock);
}
