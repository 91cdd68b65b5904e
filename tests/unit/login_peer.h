/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: an initiator and an environment for tests of the Login Phase.
 *
 * say() is one exchange: a request with keys written as "A=1 B=2"; then
 * peer_answer has the keys of the response in the same form. Requests are
 * made from peer_req, responses of the environment from peer_env.
 */
#ifndef LOGIN_PEER_H
#define LOGIN_PEER_H

#include <check.h>

#include "login.h"

#define T    ISCSI_LOGIN_TRANSIT
#define C    ISCSI_LOGIN_CONTINUE
#define S    (ISCSI_STAGE_SECURITY << 2)
#define O    (ISCSI_STAGE_OPERATIONAL << 2)
#define TO_O (T | ISCSI_STAGE_OPERATIONAL)
#define TO_F (T | ISCSI_STAGE_FULL)

#define NAMES "InitiatorName=iqn.i TargetName=iqn.t "
#define TAG   "TargetPortalGroupTag=7"
#define MRDSL "MaxRecvDataSegmentLength=262144"

/* What the environment will say, and what it was asked. */
struct peer_env {
	int find_status;
	int auth_status;
	int reserve_status;
	u16 tsih;
	u32 window;
	u8 header_digest;
	bool no_immediate_data;
	const struct auth_entry *entry;
	const char *alias;
	const char *address;	/* of a redirection */
	int finds, reserves;
	char target[ISCSI_NAME_MAX + 1];
	char initiator[ISCSI_NAME_MAX + 1];
};

extern struct peer_env peer_env;
extern struct login *the_login;
extern struct iscsi_bhs peer_req;
extern char peer_answer[LOGIN_DATA_MAX + 1];
extern const struct auth_entry peer_entry;	/* mutual */

void peer_start(void);
void peer_stop(void);

/* One exchange; @flags is byte 1 of the request. */
enum login_verdict send_bytes(u8 flags, const void *data, size_t len);
enum login_verdict say(u8 flags, const char *keys);

/* The last response. */
const struct iscsi_bhs *bhs(void);
int status(void);

#define assert_goes_on(flags_, keys) do { \
	ck_assert_int_eq(status(), 0); \
	ck_assert_uint_eq(bhs()->flags, flags_); \
	ck_assert_str_eq(peer_answer, keys); \
} while (0)

#define assert_fails(verdict, status_) do { \
	ck_assert_int_eq(verdict, LOGIN_FAILED); \
	ck_assert_msg(status() == (status_), "status %#06x: %s", status(), \
		      login_error(the_login)); \
	ck_assert_uint_eq(bhs()->flags, 0); \
	ck_assert_str_ne(login_error(the_login), ""); \
} while (0)

#define ADD_ALL(tc, test, array) \
	tcase_add_loop_test(tc, test, 0, ARRAY_SIZE(array))

/* Runs @nr test cases as main() would. */
int peer_main(const char *suite, TCase *(*const tcases[])(void), size_t nr);

#endif
