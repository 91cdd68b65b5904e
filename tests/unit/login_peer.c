// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: an initiator and an environment for tests of the Login Phase.
 */
#include <stdlib.h>

#include "login_peer.h"

struct peer_env peer_env;
struct login *the_login;
struct iscsi_bhs peer_req;
char peer_answer[LOGIN_DATA_MAX + 1];

static int env_find(void *e, const char *target, const char *initiator,
		    char *address)
{
	ck_assert_ptr_eq(e, &peer_env);
	peer_env.finds++;
	strcpy(peer_env.target, target ? target : "(none)");
	strcpy(peer_env.initiator, initiator);
	if (peer_env.address)
		strcpy(address, peer_env.address);
	return peer_env.find_status;
}

static int env_auth(void *e, const char *initiator, const char *target,
		    const struct auth_entry **entry)
{
	*entry = peer_env.entry;
	return peer_env.auth_status;
}

static void env_offer(void *e, const char *target, struct login_offer *offer)
{
	offer->portal_group = 7;
	offer->alias = peer_env.alias;
	if (peer_env.window)
		offer->window = peer_env.window;
	if (peer_env.header_digest)
		offer->params.header_digest = peer_env.header_digest;
	if (peer_env.no_immediate_data)
		offer->params.immediate_data = false;
}

static int env_reserve(void *e, struct login *l)
{
	peer_env.reserves++;
	login_result(l)->tsih = peer_env.tsih;
	return peer_env.reserve_status;
}

static const struct login_ops ops = {
	.find_target = env_find,
	.auth = env_auth,
	.offer = env_offer,
	.reserve = env_reserve,
};

const struct auth_entry peer_entry = {
	.initiator = "*",
	.user = "joe",
	.secret = { .data = (const u8 *)"0123456789ab", .len = 12 },
	.target_user = "disk",
	.target_secret = { .data = (const u8 *)"ba9876543210", .len = 12 },
};

void peer_start(void)
{
	memset(&peer_env, 0, sizeof(peer_env));
	peer_env.tsih = 0x1234;
	the_login = login_alloc(&ops, &peer_env);
	memset(&peer_req, 0, sizeof(peer_req));
	peer_req.opcode = ISCSI_LOGIN_REQ | ISCSI_IMMEDIATE;
	memcpy(peer_req.lun, "\x80\x01\x02\x03\x04\x05\0\0", 8);
	peer_req.itt = cpu_to_be32(0xabcd);
	peer_req.login_req.cid = cpu_to_be16(1);
	peer_req.login_req.cmd_sn = cpu_to_be32(123);
	peer_req.login_req.exp_stat_sn = cpu_to_be32(1000);
}

void peer_stop(void)
{
	login_free(the_login);
}

enum login_verdict send_bytes(u8 flags, const void *data, size_t len)
{
	const struct login_reply *r;
	enum login_verdict v;
	char *copy = malloc(len + 1);	/* for the sanitizer's red zones */
	size_t i;

	memcpy(copy, data, len);
	peer_req.flags = flags;
	iscsi_set_data_len(&peer_req, len);
	v = login_request(the_login, &peer_req, copy, len);
	free(copy);
	if (v == LOGIN_DROP || v == LOGIN_WAIT)
		return v;
	r = login_reply(the_login);
	ck_assert_uint_eq(iscsi_data_len(&r->bhs), r->len);
	ck_assert_uint_le(r->len, LOGIN_DATA_MAX);
	memcpy(peer_answer, r->data, r->len);
	for (i = 0; i < r->len; i++)
		if (!peer_answer[i])
			peer_answer[i] = ' ';
	peer_answer[r->len ? r->len - 1 : 0] = 0;
	if (v != LOGIN_FAILED)
		peer_req.login_req.exp_stat_sn =
			cpu_to_be32(be32_to_cpu(r->bhs.login_rsp.stat_sn) + 1);
	return v;
}

enum login_verdict say(u8 flags, const char *keys)
{
	char data[LOGIN_DATA_MAX + 1];
	size_t len = strlen(keys), i;

	for (i = 0; i <= len; i++)
		data[i] = keys[i] == ' ' ? 0 : keys[i];
	if (len && data[len - 1])
		len++;
	return send_bytes(flags, data, len);
}

const struct iscsi_bhs *bhs(void)
{
	return &login_reply(the_login)->bhs;
}

int status(void)
{
	return be16_to_cpu(bhs()->login_rsp.status);
}

int peer_main(const char *suite, TCase *(*const tcases[])(void), size_t nr)
{
	Suite *s = suite_create(suite);
	SRunner *sr = srunner_create(s);
	int failed;
	size_t i;

	for (i = 0; i < nr; i++)
		suite_add_tcase(s, tcases[i]());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
