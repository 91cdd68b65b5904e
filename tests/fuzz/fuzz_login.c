// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzing of whole logins.
 *
 * The first byte is the environment: bit 0 CHAP required, 1 CRC32C required,
 * 2 reservations wait, 3 TSIH not zero, 4 reservations fail. Then requests:
 * a byte with what is special about it, byte 1 of the header, two bytes of
 * data length, the data. Bits of the special byte: 0 put the right answer to
 * the last challenge before the data, 1 another tag, 2 another ISID, 3 the
 * opcode is the flags byte, 4 additional header, 5 Version-min 1.
 */
#include <stdio.h>
#include <stdlib.h>

#include "login.h"

#define SPECIAL_CHAP   0x01
#define SPECIAL_TAG    0x02
#define SPECIAL_ISID   0x04
#define SPECIAL_OPCODE 0x08
#define SPECIAL_AHS    0x10
#define SPECIAL_MIN    0x20

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const struct auth_entry entry = {
	.initiator = "*",
	.user = "joe",
	.secret = { .data = (const u8 *)"0123456789ab", .len = 12 },
	.target_user = "disk",
	.target_secret = { .data = (const u8 *)"ba9876543210", .len = 12 },
};

struct world {
	bool chap, crc, wait, tsih, full;
	int reserves;
	u8 alg, id;
	u8 challenge[CHAP_DIGEST_MAX];
	int challenge_len;
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

static int find_target(void *env, const char *target, const char *initiator,
		       char *address)
{
	require(*initiator);
	if (target && !strcmp(target, "moved")) {
		memset(address, 'a', LOGIN_ADDRESS_MAX - 1);
		address[LOGIN_ADDRESS_MAX - 1] = '\0';
		return ISCSI_LOGIN_MOVED_TEMP;
	}
	return target && !strcmp(target, "none") ? ISCSI_LOGIN_NOT_FOUND : 0;
}

static int auth(void *env, const char *initiator, const char *target,
		const struct auth_entry **e)
{
	struct world *w = env;

	*e = w->chap ? &entry : NULL;
	return 0;
}

static void offer(void *env, const char *target, struct login_offer *o)
{
	struct world *w = env;

	o->alias = "Disk";
	if (w->crc)
		o->params.header_digest = ISCSI_DIGEST_CRC32C;
}

static int reserve(void *env, struct login *l)
{
	struct world *w = env;

	require(!w->reserves++);
	require(login_result(l)->authenticated == w->chap);
	login_result(l)->tsih = 1;
	return w->full ? ISCSI_LOGIN_NO_RESOURCES :
	       w->wait ? LOGIN_RESERVE_WAIT : 0;
}

static const struct login_ops ops = { find_target, auth, offer, reserve };

/* Note a challenge, as an initiator would. */
static void read_reply(struct world *w, const struct login_reply *r)
{
	struct iscsi_text t;
	struct iscsi_pair p;

	iscsi_text_init(&t, r->data, r->len);
	while (iscsi_text_next(&t, &p) > 0) {
		if (!strcmp(p.key, "CHAP_A"))
			w->alg = atoi(p.value);
		else if (!strcmp(p.key, "CHAP_I"))
			w->id = atoi(p.value);
		else if (!strcmp(p.key, "CHAP_C"))
			w->challenge_len = iscsi_value_binary(p.value,
				w->challenge, sizeof(w->challenge));
	}
}

static size_t write_answer(const struct world *w, u8 *data, size_t size)
{
	struct iscsi_text_buf b = { .data = (char *)data, .size = size };
	u8 digest[CHAP_DIGEST_MAX];
	int n;

	if (w->challenge_len <= 0)
		return 0;
	n = chap_digest(w->alg, w->id, &entry.secret, w->challenge,
			w->challenge_len, digest);
	iscsi_text_add(&b, "CHAP_N", "joe");
	iscsi_text_add_binary(&b, "CHAP_R", digest, n);
	return b.len;
}

static void check_done(const struct world *w, struct login *l)
{
	const struct login_result *r = login_result(l);

	require(w->reserves == 1 && !w->full);
	require(r->authenticated == w->chap);
	require(*r->initiator && (r->target || r->discovery));
	require(r->params.first_burst <= r->params.max_burst);
	require(!w->crc || r->params.header_digest == ISCSI_DIGEST_CRC32C);
}

static bool is_moved(const struct login_reply *r)
{
	return r->bhs.login_rsp.status == cpu_to_be16(ISCSI_LOGIN_MOVED_TEMP);
}

/* False: the login is over. */
static bool check_verdict(struct world *w, struct login *l,
			  enum login_verdict v)
{
	const struct login_reply *r = login_reply(l);

	if (v == LOGIN_WAIT)
		v = login_resume(l, 0);
	require(v != LOGIN_WAIT);
	if (v == LOGIN_DROP)
		return false;
	require(iscsi_opcode(&r->bhs) == ISCSI_LOGIN_RSP);
	require(r->len <= LOGIN_DATA_MAX);
	require(iscsi_data_len(&r->bhs) == r->len);
	require(!r->bhs.login_rsp.status == (v != LOGIN_FAILED));
	if (v == LOGIN_FAILED)
		require(*login_error(l) && !r->len == !is_moved(r));
	if (v == LOGIN_DONE)
		check_done(w, l);
	read_reply(w, r);
	return v == LOGIN_CONTINUE;
}

static void make_request(struct iscsi_bhs *bhs, u8 special, u8 flags, u32 sn)
{
	memset(bhs, 0, sizeof(*bhs));
	bhs->opcode = ISCSI_LOGIN_REQ | ISCSI_IMMEDIATE;
	bhs->flags = flags;
	bhs->lun[0] = 0x80;
	bhs->itt = cpu_to_be32(!!(special & SPECIAL_TAG));
	bhs->login_req.exp_stat_sn = cpu_to_be32(sn);
	if (special & SPECIAL_ISID)
		bhs->lun[5] = 1;
	if (special & SPECIAL_OPCODE)
		bhs->opcode = flags;
	if (special & SPECIAL_AHS)
		bhs->ahs_len = 1;
	if (special & SPECIAL_MIN)
		bhs->byte3 = 1;
}

static void dialogue(struct world *w, struct login *l, const u8 *in,
		     size_t size)
{
	enum login_verdict v;
	struct iscsi_bhs bhs;
	size_t len, n;
	u8 *data;
	u32 sn = 0;
	bool on;

	do {
		if (size < 4)
			return;
		len = min_t(size_t, in[2] << 8 | in[3], size - 4);
		make_request(&bhs, in[0], in[1], sn++);
		if (w->tsih)
			bhs.lun[7] = 1;
		data = malloc(len + 200);	/* for the red zone */
		n = in[0] & SPECIAL_CHAP ? write_answer(w, data, 200) : 0;
		memcpy(data + n, in + 4, len);
		data = realloc(data, n + len + !(n + len));
		iscsi_set_data_len(&bhs, n + len);
		v = login_header(l, &bhs);
		if (v == LOGIN_CONTINUE)
			v = login_request(l, &bhs, data, n + len);
		free(data);
		on = check_verdict(w, l, v);
		in += 4 + len;
		size -= 4 + len;
	} while (on);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct world w = { 0 };
	struct login *l;

	if (!size)
		return 0;
	w.chap = data[0] & 1;
	w.crc = data[0] & 2;
	w.wait = data[0] & 4;
	w.tsih = data[0] & 8;
	w.full = data[0] & 16;
	l = login_alloc(&ops, &w);
	require(l);
	dialogue(&w, l, data + 1, size - 1);
	login_free(l);
	return 0;
}
