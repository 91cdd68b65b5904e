// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzing of the text codec and of the negotiator behind it.
 *
 * The first byte chooses the stage, the rest is a text. What we answer must
 * be a text that our own reader takes.
 */
#include <stdlib.h>

#include "iscsi_neg.h"
#include "scst.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void fuzz_values(const char *value)
{
	static const char *const ours[] = { "None", "CRC32C" };
	u8 binary[64];
	u64 number;
	bool yes;
	int n;

	if (!iscsi_value_number(value, 512, 0xffffff, &number))
		require(number >= 512 && number <= 0xffffff);
	iscsi_value_bool(value, &yes);
	n = iscsi_value_binary(value, binary, sizeof(binary));
	require(n <= (int)sizeof(binary));
	n = iscsi_list_select(value, ours, ARRAY_SIZE(ours));
	require(n < 2);
	if (iscsi_name_valid(value))
		require(strlen(value) <= ISCSI_NAME_MAX);
	scst_glob(value, "iqn.2001-04.com.example:disk");
	scst_glob("*a*?b*", value);
}

static void start(struct iscsi_neg *n, u8 how)
{
	struct iscsi_params params;

	iscsi_params_offer(&params);
	iscsi_neg_login(n, how & 4);
	if ((how & 3) == ISCSI_STAGE_FULL)
		iscsi_neg_text(n, &params);
	else
		n->stage = how & 1;
	n->discovery = how & 8;
	if (how & 16) {
		n->offer.header_digest = ISCSI_DIGEST_CRC32C;
		n->offer.immediate_data = false;
		n->offer.first_burst = 4096;
		iscsi_neg_propose(n, &(struct iscsi_text_buf){
			.data = (char[256]){ 0 }, .size = 256 });
	}
}

static void check_reply(const struct iscsi_text_buf *reply)
{
	struct iscsi_text t;
	struct iscsi_pair pair;
	int err;

	iscsi_text_init(&t, reply->data, reply->len);
	while ((err = iscsi_text_next(&t, &pair)) > 0)
		;
	require(!err);
}

static void check_result(const struct iscsi_params *r)
{
	require(r->first_burst >= 512 && r->first_burst <= r->max_burst);
	require(r->max_burst <= 0xffffff);
	require(r->max_connections && r->max_outstanding_r2t);
	require(r->max_xmit >= 512 && r->max_xmit <= 0xffffff);
	require(r->header_digest == ISCSI_DIGEST_NONE ||
		r->header_digest == ISCSI_DIGEST_CRC32C);
}

static void fuzz_text(struct iscsi_neg *n, const u8 *data, size_t size)
{
	static char reply_data[16384];
	struct iscsi_text_buf reply = {
		.data = reply_data, .size = sizeof(reply_data)
	};
	struct iscsi_text t;
	struct iscsi_pair pair;
	int err;

	iscsi_text_init(&t, data, size);
	while ((err = iscsi_text_next(&t, &pair)) > 0) {
		require(strlen(pair.value) == pair.len);
		require(*pair.key && strlen(pair.key) <= ISCSI_KEY_MAX);
		fuzz_values(pair.value);
		if (iscsi_neg_key(n, &pair, &reply) == -EPROTO)
			require(n->why);
	}
	if (err)
		require(iscsi_text_next(&t, &pair) == err);
	iscsi_neg_end(n, &reply);
	iscsi_neg_declare(n, 1, "Disk", &reply);
	iscsi_neg_propose(n, &reply);
	check_reply(&reply);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct iscsi_neg n;

	if (!size)
		return 0;
	start(&n, data[0]);
	if (n.stage != ISCSI_STAGE_FULL &&
	    !iscsi_neg_identify(&n, data + 1, size - 1))
		require(iscsi_name_valid(n.initiator));
	fuzz_text(&n, data + 1, size - 1);
	if (n.stage != ISCSI_STAGE_FULL)
		check_result(&n.result);
	return 0;
}
