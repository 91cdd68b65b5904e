// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of Text requests in iSCSI full feature phase: SendTargets, keys
 * that are negotiated again, texts that span PDUs in either direction.
 */
#include "iscsi_peer.h"

static void setup_discovery(void)
{
	peer_up();
	p.discovery = true;
	peer_login();
}

/* ---- Requests --------------------------------------------------------------------- */

#define F ISCSI_FINAL
#define C ISCSI_TEXT_CONTINUE

/* Keys are written "A=1 B=2"; a blank stands for the zero byte. */
static u32 to_text(char *buf, const char *keys)
{
	u32 len = strlen(keys), i;

	for (i = 0; i <= len; i++)
		buf[i] = keys[i] == ' ' ? '\0' : keys[i];
	return len ? len + 1 : 0;
}

static struct iscsi_bhs text(u8 flags)
{
	struct iscsi_bhs bhs = request(ISCSI_TEXT_REQ | ISCSI_IMMEDIATE);

	bhs.flags = flags;
	return bhs;
}

/* The next of an exchange: the same tag, and the target's. */
static struct iscsi_bhs further(u8 flags, const struct iscsi_bhs *rsp)
{
	struct iscsi_bhs bhs = text(flags);

	bhs.itt = rsp->itt;
	bhs.req.ttt = rsp->in.ttt;
	return bhs;
}

static void say(struct iscsi_bhs bhs, const char *keys)
{
	char buf[4096];

	put(bhs, buf, to_text(buf, keys));
}

/* A response with these flags; its tag is valid unless the exchange is over. */
static const struct pdu *reply(u8 flags)
{
	const struct pdu *pdu = answer(ISCSI_TEXT_RSP);

	ck_assert_uint_eq(pdu->bhs.flags, flags);
	ck_assert_uint_eq(pdu->bhs.in.ttt == cpu_to_be32(ISCSI_TAG_NONE),
			  flags == F);
	return pdu;
}

static void ck_text(const struct pdu *pdu, const char *keys)
{
	char buf[4096];
	u32 len = to_text(buf, keys);

	ck_assert_uint_eq(pdu->len, len);
	ck_assert_mem_eq(pdu->data, buf, len);
}

static void ck_exchange(const char *keys, const char *expected)
{
	struct iscsi_bhs bhs = text(F);
	const struct pdu *pdu;

	say(bhs, keys);
	pdu = reply(F);
	ck_assert_uint_eq(pdu->bhs.itt, bhs.itt);
	ck_text(pdu, expected);
}

#define OURS "TargetName=iqn.t TargetAddress=127.0.0.1:3260,1"

/* ---- SendTargets -------------------------------------------------------------------- */

static const struct {
	const char *keys, *expected;
} normal[] = {
	{ "SendTargets=", OURS },
	{ "SendTargets=iqn.t", OURS },
	{ "SendTargets=iqn.other", "" },
	{ "SendTargets=All", "SendTargets=Reject" },
	{ "SendTargets=not/a/name", "SendTargets=Reject" },
};

START_TEST(targets_of_a_normal_session)
{
	ck_exchange(normal[_i].keys, normal[_i].expected);
}
END_TEST

static const struct {
	const char *keys, *expected;
} discovery[] = {
	{ "SendTargets=iqn.t", OURS },
	{ "SendTargets=iqn.other", "" },
	{ "SendTargets=", "SendTargets=Reject" },
	{ "SendTargets=all", "" },
};

START_TEST(targets_of_a_discovery_session)
{
	ck_exchange(discovery[_i].keys, discovery[_i].expected);
}
END_TEST

/* All that is sent up to the end of the exchange. */
static u32 collect(u8 *buf, u8 flags)
{
	const struct pdu *pdu;
	u32 len = 0;

	for (;;) {
		pdu = answer(ISCSI_TEXT_RSP);
		ck_assert_uint_le(pdu->len, p.w->conn->params.max_xmit);
		memcpy(buf + len, pdu->data, pdu->len);
		len += pdu->len;
		if (!(pdu->bhs.flags & C))
			break;
		ck_assert_uint_eq(pdu->bhs.flags, C);
		ck_assert(pdu->bhs.in.ttt != cpu_to_be32(ISCSI_TAG_NONE));
		say(further(flags, &pdu->bhs), "");
	}
	ck_assert_uint_eq(pdu->bhs.flags, flags);
	return len;
}

START_TEST(all_targets_take_several_pdus)
{
	static const u32 max_xmits[] = { 512, 1000, 4096, 65536 };
	u8 buf[65536];
	u32 len, i, names = 0;

	p.w->conn->params.max_xmit = max_xmits[_i % 4];
	say(text(_i / 4 ? 0 : F), "SendTargets=All");
	len = collect(buf, _i / 4 ? 0 : F);
	for (i = 0; i < len; i += strlen((char *)buf + i) + 1)
		names += !strncmp((char *)buf + i, "TargetName=", 11);
	ck_assert_uint_eq(i, len);
	ck_assert_uint_eq(names, 101);
}
END_TEST

START_TEST(rest_of_an_answer_needs_its_tags)
{
	struct iscsi_bhs rsp;
	u8 buf[65536];

	p.w->conn->params.max_xmit = 512;
	say(text(F), "SendTargets=All");
	rsp = answer(ISCSI_TEXT_RSP)->bhs;
	rsp.itt = cpu_to_be32(be32_to_cpu(rsp.itt) + 1);
	say(further(F, &rsp), "");
	ck_reject(ISCSI_REJECT_INVALID_FIELD);
	rsp.itt = cpu_to_be32(be32_to_cpu(rsp.itt) - 1);
	rsp.in.ttt = cpu_to_be32(be32_to_cpu(rsp.in.ttt) + 1);
	say(further(F, &rsp), "");
	ck_reject(ISCSI_REJECT_INVALID_FIELD);
	/* No harm is done. */
	rsp.in.ttt = cpu_to_be32(be32_to_cpu(rsp.in.ttt) - 1);
	say(further(F, &rsp), "");
	ck_assert_uint_gt(collect(buf, F), 512);
}
END_TEST

START_TEST(new_exchange_ends_the_old_one)
{
	struct iscsi_bhs rsp;

	p.w->conn->params.max_xmit = 512;
	say(text(F), "SendTargets=All");
	rsp = answer(ISCSI_TEXT_RSP)->bhs;
	ck_exchange("SendTargets=iqn.t", OURS);
	say(further(F, &rsp), "");
	ck_reject(ISCSI_REJECT_INVALID_FIELD);
}
END_TEST

START_TEST(connection_goes_in_the_middle_of_a_text)
{
	p.w->conn->params.max_xmit = 512;
	say(text(F), "SendTargets=All");
	answer(ISCSI_TEXT_RSP);
	peer_disconnect();
	peer_login();
	say(text(C), "SendTar");
	peer_disconnect();
}
END_TEST

/* ---- Keys ------------------------------------------------------------------------------ */

START_TEST(empty_request_has_an_empty_answer)
{
	ck_exchange("", "");
}
END_TEST

START_TEST(unknown_key_is_not_understood)
{
	ck_exchange("X-com.example=1 SendTargets=",
		    "X-com.example=NotUnderstood " OURS);
}
END_TEST

START_TEST(key_of_the_login_is_refused)
{
	static const char *const keys[] = {
		"HeaderDigest=CRC32C", "MaxBurstLength=512", "CHAP_A=5",
		"InitiatorName=iqn.x", "TargetAlias=x",
	};

	say(text(F), keys[_i]);
	ck_reject(ISCSI_REJECT_PROTOCOL);
	ck_exchange("SendTargets=", OURS);
}
END_TEST

START_TEST(malformed_text_is_refused)
{
	static const char *const keys[] = { "abc", "=x", "A= B" };
	struct iscsi_bhs bhs = text(F);

	if (_i < 3)
		say(bhs, keys[_i]);
	else
		put(bhs, "SendTargets=", 12);	/* no zero byte */
	ck_reject(ISCSI_REJECT_PROTOCOL);
}
END_TEST

START_TEST(longest_data_segment_can_change)
{
	const u8 ping[2000] = { 0 };

	p.w->conn->params.max_xmit = 1000;
	ck_exchange("MaxRecvDataSegmentLength=600", "");
	ck_assert_uint_eq(p.w->conn->params.max_xmit, 600);
	put(request(ISCSI_NOP_OUT), ping, 2000);
	ck_assert_uint_eq(answer(ISCSI_NOP_IN)->len, 600);
	ck_exchange("MaxRecvDataSegmentLength=4096", "");
	put(request(ISCSI_NOP_OUT), ping, 2000);
	ck_assert_uint_eq(answer(ISCSI_NOP_IN)->len, 2000);
}
END_TEST

START_TEST(refused_text_changes_nothing)
{
	say(text(F), "MaxRecvDataSegmentLength=600 HeaderDigest=None");
	ck_reject(ISCSI_REJECT_PROTOCOL);
	ck_assert_uint_eq(p.w->conn->params.max_xmit, p.params.max_xmit);
}
END_TEST

/* ---- Texts in parts ---------------------------------------------------------------------- */

START_TEST(request_can_come_in_parts)
{
	const struct pdu *pdu;
	u32 i;
	static const char *const parts[] = { "Send", "Targets", "=iq", "n.t" };

	p.feed = _i;
	put(text(C), parts[0], strlen(parts[0]));
	for (i = 1; i < 4; i++) {
		pdu = reply(0);
		ck_assert_uint_eq(pdu->len, 0);
		put(further(i < 3 ? C : F, &pdu->bhs), parts[i],
		    strlen(parts[i]) + (i == 3));
	}
	ck_text(reply(F), OURS);
}
END_TEST

START_TEST(last_part_can_be_empty)
{
	const struct pdu *pdu;

	say(text(C), "SendTargets=");
	pdu = reply(0);
	say(further(F, &pdu->bhs), "");
	ck_text(reply(F), OURS);
}
END_TEST

START_TEST(part_needs_its_tags)
{
	struct iscsi_bhs rsp;

	say(text(C), "SendTargets=");
	rsp = reply(0)->bhs;
	rsp.in.ttt = cpu_to_be32(be32_to_cpu(rsp.in.ttt) + 7);
	say(further(F, &rsp), "");
	ck_reject(ISCSI_REJECT_INVALID_FIELD);
}
END_TEST

START_TEST(tag_of_no_exchange_is_refused)
{
	struct iscsi_bhs bhs = text(F);

	bhs.req.ttt = cpu_to_be32(_i);
	say(bhs, "SendTargets=");
	ck_reject(ISCSI_REJECT_INVALID_FIELD);
	ck_exchange("SendTargets=", OURS);
	bhs.req.ttt = cpu_to_be32(_i);
	say(bhs, "");
	ck_reject(ISCSI_REJECT_INVALID_FIELD);
}
END_TEST

START_TEST(final_part_has_no_other_behind_it)
{
	say(text(F | C), "SendTargets=");
	ck_reject(ISCSI_REJECT_INVALID_FIELD);
}
END_TEST

START_TEST(new_request_forgets_the_parts)
{
	say(text(C), "X-a=1");
	reply(0);
	ck_exchange("SendTargets=", OURS);
}
END_TEST

/* 11.11.1: F must not be answered to a request without it. */
START_TEST(initiator_may_have_more_to_say)
{
	const struct pdu *pdu;

	say(text(0), "SendTargets=");
	pdu = reply(0);
	ck_text(pdu, OURS);
	say(further(0, &pdu->bhs), "X-b=2");
	pdu = reply(0);
	ck_text(pdu, "X-b=NotUnderstood");
	say(further(F, &pdu->bhs), "");
	ck_text(reply(F), "");
}
END_TEST

START_TEST(request_must_not_be_too_long)
{
	char part[8192];
	const struct pdu *pdu;
	u32 i;

	memset(part, 'x', sizeof(part));
	memcpy(part, "X-a=", 4);
	put(text(C), part, sizeof(part));
	memset(part, 'x', sizeof(part));
	for (i = 1; i < 8; i++) {
		pdu = reply(0);
		put(further(C, &pdu->bhs), part, sizeof(part));
	}
	pdu = reply(0);
	put(further(C, &pdu->bhs), part, 1);
	ck_reject(ISCSI_REJECT_OUT_OF_RESOURCES);
	ck_exchange("SendTargets=", OURS);
}
END_TEST

START_TEST(one_pdu_must_not_be_too_long)
{
	static char whole[70000];

	p.w->conn->params.max_recv = 1 << 20;
	put(text(F), whole, sizeof(whole));
	ck_reject(ISCSI_REJECT_OUT_OF_RESOURCES);
}
END_TEST

START_TEST(numbered_text_is_counted)
{
	struct iscsi_bhs bhs = text(F);

	bhs.opcode = ISCSI_TEXT_REQ;
	say(bhs, "SendTargets=");
	reply(F);
	ck_assert_uint_eq(p.exp_cmd_sn, FIRST_SN + 1);
}
END_TEST

START_TEST(bad_digest_is_rejected)
{
	p.w->conn->params.data_digest = ISCSI_DIGEST_CRC32C;
	p.feed = _i;
	p.bad_data_digest = true;
	say(text(F), "SendTargets=");
	ck_reject(ISCSI_REJECT_DATA_DIGEST);
	ck_exchange("SendTargets=", OURS);
}
END_TEST

START_TEST(text_without_memory)
{
	struct iscsi_bhs bhs;
	u32 nth, left;

	for (nth = 1;; nth++) {
		bhs = text(F);
		core_fail_alloc(nth);
		say(bhs, "SendTargets=");
		left = core_fail_alloc(0);
		if (left)
			break;
		if (p.w->dropped) {
			peer_disconnect();
			peer_login();
		} else {
			ck_reject(ISCSI_REJECT_OUT_OF_RESOURCES);
		}
	}
	ck_text(reply(F), OURS);
	ck_assert_uint_ge(nth, 4);
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *normal_tcase(void)
{
	TCase *tc = tcase_create("normal");

	tcase_add_checked_fixture(tc, peer_ready, peer_down);
	tcase_add_loop_test(tc, targets_of_a_normal_session, 0,
			    ARRAY_SIZE(normal));
	tcase_add_test(tc, empty_request_has_an_empty_answer);
	tcase_add_test(tc, unknown_key_is_not_understood);
	tcase_add_loop_test(tc, key_of_the_login_is_refused, 0, 5);
	tcase_add_loop_test(tc, malformed_text_is_refused, 0, 4);
	tcase_add_test(tc, longest_data_segment_can_change);
	tcase_add_test(tc, refused_text_changes_nothing);
	tcase_add_loop_test(tc, request_can_come_in_parts, 0, FEED_MODES);
	tcase_add_test(tc, last_part_can_be_empty);
	tcase_add_test(tc, part_needs_its_tags);
	tcase_add_loop_test(tc, tag_of_no_exchange_is_refused, 0, 3);
	tcase_add_test(tc, final_part_has_no_other_behind_it);
	tcase_add_test(tc, new_request_forgets_the_parts);
	tcase_add_test(tc, initiator_may_have_more_to_say);
	tcase_add_test(tc, request_must_not_be_too_long);
	tcase_add_test(tc, one_pdu_must_not_be_too_long);
	tcase_add_test(tc, numbered_text_is_counted);
	tcase_add_loop_test(tc, bad_digest_is_rejected, 0, FEED_MODES);
	tcase_add_test(tc, text_without_memory);
	return tc;
}

static TCase *discovery_tcase(void)
{
	TCase *tc = tcase_create("discovery");

	tcase_add_checked_fixture(tc, setup_discovery, peer_down);
	tcase_add_loop_test(tc, targets_of_a_discovery_session, 0,
			    ARRAY_SIZE(discovery));
	tcase_add_loop_test(tc, all_targets_take_several_pdus, 0, 8);
	tcase_add_test(tc, rest_of_an_answer_needs_its_tags);
	tcase_add_test(tc, new_exchange_ends_the_old_one);
	tcase_add_test(tc, connection_goes_in_the_middle_of_a_text);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		normal_tcase, discovery_tcase,
	};

	return peer_main_ffp("iscsi_ffp_text", tcases, ARRAY_SIZE(tcases));
}
