/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: persistent reservations of the world's LUN 0, for tests.
 *
 * Their state is written in one line: who is registered with which key, in
 * the order of registration, a star behind each holder, and the type of the
 * reservation. "a=1* b=2, 5" is iqn.a with key 1, holder of a reservation of
 * type 5, and iqn.b with key 2. "a#3@2=1": ISID 3, target port 2.
 */
#ifndef CORE_PR_H
#define CORE_PR_H

#include "core_fake.h"

enum {
	REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, ABORT, IGNORE, MOVE,
};

enum { READ_KEYS, READ_RESERVATION, CAPABILITIES, FULL_STATUS };

/* The world, and another initiator that looks on. */
void pr_up(void);

/* PERSISTENT RESERVE OUT with a list of 24 bytes. */
struct fcmd *pr_out(struct fport *p, u8 action, u8 type, u64 key, u64 sa_key);
/* ... with the bits of byte 20. */
struct fcmd *pr_out_bits(struct fport *p, u8 action, u8 type, u64 key,
			 u64 sa_key, u8 bits);
/* ... with any list; and one that is not submitted yet. */
struct fcmd *pr_out_list(struct fport *p, u8 action, u8 type, const u8 *list,
			 u32 len);
struct fcmd *pr_out_new(struct fport *p, u8 action, u8 type, const u8 *list,
			u32 len);
/* PERSISTENT RESERVE IN with room for the allocation length. */
struct fcmd *pr_in(struct fport *p, u8 action, u16 alloc);

/* A list of REGISTER with TransportIDs. */
struct pr_list {
	u8 data[4096];
	u32 len;
};

void list_begin(struct pr_list *l, u64 key, u64 sa_key, u8 bits);
/* An iSCSI TransportID with @first byte, counted by the list's header or not */
void list_add_tid(struct pr_list *l, u8 first, const char *text);
void list_put_tid(struct pr_list *l, u8 first, const char *text);
struct fcmd *list_send(struct fport *p, const struct pr_list *l);

/* Register @p with @key, whatever was before. */
void reg(struct fport *p, u64 key);
/* a, b and c with keys 1, 2 and 3; a holds a reservation of @type. */
void reg_all(u8 type);

u32 pr_generation(void);
const char *pr_state(void);

#define ck_pr(expected) ck_assert_str_eq(pr_state(), expected)
#define ck_conflict(c) ck_status(c, SCSI_RESERVATION_CONFLICT)

/* No unit attention, or this one and no other, is pending at LUN 0. */
#define ck_ua(p, expected) \
	do { \
		struct fport *p1_ = (p); \
		ck_assert_str_eq(scst_sense_name(attention(p1_, 0)), \
				 scst_sense_name(expected)); \
		ck_assert_uint_eq(attention(p1_, 0), SENSE_NONE); \
	} while (0)

#endif
