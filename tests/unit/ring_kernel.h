/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a kernel behind /dev/scst_user, for tests of the engine scst: one
 * device, whose requests the test makes.
 *
 * It believes the library nothing: a reply that answers no request, an index
 * that cannot be, a call too many end the test.
 */
#ifndef RING_KERNEL_H
#define RING_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "ring/ring.h"

#define RK_QUEUES 4
#define RK_SLOTS  128
/* What a request may have of the arena. */
#define RK_DATA	  65536u

/* What the test wants of the calls, and what it got. */
struct ring_kernel {
	int open_err, info_err, attach_err, join_err;	/* negative, or 0 */
	uint32_t abi;
	uint64_t features;
	uint16_t max_queues;

	struct scst_user_attach said;	/* by ATTACH */
	struct scst_user_opcode opcodes[16];
	struct scst_user_set set;	/* the last SET */
	unsigned int sets, enters;
	bool detached;			/* by DETACH */
};

extern struct ring_kernel rk;

/* A new world; the library's calls come here from now on. */
void rk_up(void);
void rk_down(void);

/* A request that the test fills; @tag, @data, @data_len are made here. */
uint64_t rk_submit(unsigned int queue, struct scst_user_request request,
		   const void *data, uint32_t len);
/* A notification. */
void rk_notify(unsigned int queue, enum scst_user_op op, uint64_t arg);

/* Wait until request @tag is answered; its data stays until rk_release(). */
struct scst_user_reply rk_wait(uint64_t tag);
bool rk_is_answered(uint64_t tag);
uint8_t *rk_data(uint64_t tag);
uint8_t *rk_sense(uint64_t tag);
void rk_release(uint64_t tag);
/* Requests in @queue's ring that the library has not consumed. */
uint32_t rk_unread(unsigned int queue);

/* The attachment ends: scst_user_control.state. */
void rk_end(enum scst_user_state state);

#endif
