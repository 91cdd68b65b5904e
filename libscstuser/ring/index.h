/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the indices of one queue's rings, from the handler's side.
 *
 * For the thread that serves the queue. Indices wrap at 2^32; scst_user.h has
 * the rules, and what the acquires and releases here pair with.
 */
#ifndef RING_INDEX_H
#define RING_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../kmod/uapi/scst_user.h"

struct ring {
	struct scst_user_queue *shared;
	const struct scst_user_request *requests;
	struct scst_user_reply *replies;
	uint8_t *sense;
	uint32_t entries;
	uint32_t request_head;		/* consumed */
	uint32_t request_tail;		/* the kernel's, as last seen */
	uint32_t reply_tail;		/* published */
};

/* @at: what ATTACH said; @queue: where the queue begins in the mapping. */
static inline void ring_init(struct ring *r, const struct scst_user_attach *at,
			     void *queue)
{
	uint8_t *base = queue;

	memset(r, 0, sizeof(*r));
	r->shared = queue;
	r->requests = (void *)(base + at->requests_offset);
	r->replies = (void *)(base + at->replies_offset);
	r->sense = base + at->sense_offset;
	r->entries = at->entries;
}

/* The oldest request; NULL: there is none. Stays until ring_consume(). */
static inline const struct scst_user_request *ring_request(struct ring *r)
{
	if (r->request_head == r->request_tail)
		r->request_tail = __atomic_load_n(&r->shared->request_tail,
						  __ATOMIC_ACQUIRE);
	if (r->request_head == r->request_tail)
		return NULL;
	return &r->requests[r->request_head & (r->entries - 1)];
}

/* The kernel may use its entry again. */
static inline void ring_consume(struct ring *r)
{
	r->request_head++;
	__atomic_store_n(&r->shared->request_head, r->request_head,
			 __ATOMIC_RELEASE);
}

/* Requests that wait in the kernel for room. */
static inline uint32_t ring_waiting(const struct ring *r)
{
	return __atomic_load_n(&r->shared->waiting, __ATOMIC_RELAXED);
}

/*
 * The next reply to be filled, all zero, and then published. There are more
 * entries than requests that a handler can have, so there always is one.
 */
static inline struct scst_user_reply *ring_reply(struct ring *r)
{
	struct scst_user_reply *reply =
		&r->replies[r->reply_tail & (r->entries - 1)];

	memset(reply, 0, sizeof(*reply));
	return reply;
}

static inline void ring_publish(struct ring *r)
{
	r->reply_tail++;
	__atomic_store_n(&r->shared->reply_tail, r->reply_tail,
			 __ATOMIC_RELEASE);
}

/* Replies that the kernel has not taken. */
static inline uint32_t ring_unsent(const struct ring *r)
{
	return r->reply_tail - __atomic_load_n(&r->shared->reply_head,
					       __ATOMIC_ACQUIRE);
}

#endif
