// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the Login Phase: dialogues without authentication, sessions,
 * long texts.
 */
#include <stdio.h>

#include "login_peer.h"

static void set_tsih(u16 tsih)
{
	put_unaligned_be16(tsih, peer_req.lun + 6);
}

START_TEST(shortest_login)
{
	ck_assert_int_eq(say(O | TO_F, NAMES), LOGIN_DONE);
	assert_goes_on(O | TO_F, TAG " " MRDSL);
	ck_assert_uint_eq(bhs()->opcode, ISCSI_LOGIN_RSP);
	ck_assert_uint_eq(be32_to_cpu(bhs()->itt), 0xabcd);
	ck_assert_mem_eq(bhs()->lun, "\x80\x01\x02\x03\x04\x05\x12\x34", 8);
	ck_assert_uint_eq(bhs()->byte2, 0);
	ck_assert_uint_eq(bhs()->byte3, 0);
	ck_assert_uint_eq(be32_to_cpu(bhs()->login_rsp.stat_sn), 1000);
	ck_assert_uint_eq(be32_to_cpu(bhs()->login_rsp.exp_cmd_sn), 123);
	ck_assert_uint_eq(be32_to_cpu(bhs()->login_rsp.max_cmd_sn), 123);
	ck_assert_str_eq(login_error(the_login), "");
}
END_TEST

START_TEST(result_is_complete)
{
	const struct login_result *r = login_result(the_login);

	peer_env.window = 32;
	say(O | TO_F, NAMES "InitiatorAlias=me InitialR2T=No");
	ck_assert_str_eq(r->initiator, "iqn.i");
	ck_assert_str_eq(r->initiator_alias, "me");
	ck_assert_str_eq(r->target, "iqn.t");
	ck_assert(!r->discovery);
	ck_assert(r->leading);
	ck_assert(!r->authenticated);
	ck_assert_mem_eq(r->isid, "\x80\x01\x02\x03\x04\x05", 6);
	ck_assert_uint_eq(r->tsih, 0x1234);
	ck_assert_uint_eq(r->cid, 1);
	ck_assert(!r->params.initial_r2t);
	ck_assert_uint_eq(r->params.max_recv, 262144);
	ck_assert_uint_eq(r->params.max_xmit, 8192);
	ck_assert_uint_eq(r->exp_cmd_sn, 123);
	ck_assert_uint_eq(r->max_cmd_sn, 123 + 31);
	ck_assert_uint_eq(r->stat_sn, 1001);
}
END_TEST

/* As open-iscsi does it. */
START_TEST(login_through_both_stages)
{
	ck_assert_int_eq(say(S | TO_O, NAMES "SessionType=Normal AuthMethod=None"),
			 LOGIN_CONTINUE);
	assert_goes_on(S | TO_O, "AuthMethod=None " TAG);
	ck_assert_int_eq(say(O | TO_F, "HeaderDigest=None,CRC32C "
			     "MaxRecvDataSegmentLength=65536 IFMarker=No"),
			 LOGIN_DONE);
	assert_goes_on(O | TO_F, "HeaderDigest=None IFMarker=Reject " MRDSL);
	ck_assert_uint_eq(be32_to_cpu(bhs()->login_rsp.stat_sn), 1001);
	ck_assert_uint_eq(login_result(the_login)->params.max_xmit, 65536);
}
END_TEST

/* As libiscsi does it with credentials that nobody asks for. */
START_TEST(login_with_a_second_introduction)
{
	say(S | TO_O, NAMES "AuthMethod=CHAP,None");
	assert_goes_on(S | TO_O, "AuthMethod=None " TAG);
	ck_assert_int_eq(say(O | TO_F, NAMES "SessionType=Normal InitialR2T=No"),
			 LOGIN_DONE);
	assert_goes_on(O | TO_F, "InitialR2T=No " MRDSL);
}
END_TEST

START_TEST(tsih_is_in_the_last_response_only)
{
	say(S | TO_O, NAMES);
	ck_assert_mem_eq(bhs()->lun + 6, "\0\0", 2);
	say(O | TO_F, "");
	ck_assert_mem_eq(bhs()->lun + 6, "\x12\x34", 2);
}
END_TEST

START_TEST(security_stage_to_full_feature_phase_keeps_defaults)
{
	ck_assert_int_eq(say(S | TO_F, NAMES), LOGIN_DONE);
	assert_goes_on(S | TO_F, TAG);
	ck_assert_uint_eq(login_result(the_login)->params.max_recv, 8192);
	ck_assert(login_result(the_login)->params.initial_r2t);
}
END_TEST

START_TEST(initiator_can_take_its_time)
{
	say(O, NAMES);
	assert_goes_on(O, TAG " " MRDSL);
	say(O, "InitialR2T=No");
	assert_goes_on(O, "InitialR2T=No");
	ck_assert_int_eq(say(O | TO_F, "ImmediateData=No"), LOGIN_DONE);
	assert_goes_on(O | TO_F, "ImmediateData=No");
}
END_TEST

START_TEST(discovery_session)
{
	const struct login_result *r = login_result(the_login);

	peer_env.alias = "Disk";
	ck_assert_int_eq(say(O | TO_F, "InitiatorName=iqn.i "
			     "SessionType=Discovery MaxConnections=1"),
			 LOGIN_DONE);
	assert_goes_on(O | TO_F, "MaxConnections=Irrelevant " MRDSL);
	ck_assert_str_eq(peer_env.target, "(none)");
	ck_assert(r->discovery);
	ck_assert_ptr_null(r->target);
}
END_TEST

START_TEST(discovery_with_a_target_gets_its_tag)
{
	ck_assert_int_eq(say(O | TO_F, NAMES "SessionType=Discovery"),
			 LOGIN_DONE);
	assert_goes_on(O | TO_F, TAG " " MRDSL);
	ck_assert_str_eq(peer_env.target, "iqn.t");
}
END_TEST

START_TEST(alias_is_declared)
{
	peer_env.alias = "Disk";
	say(O | TO_F, NAMES);
	assert_goes_on(O | TO_F, TAG " TargetAlias=Disk " MRDSL);
}
END_TEST

START_TEST(unknown_key_does_not_end_the_login)
{
	ck_assert_int_eq(say(S | TO_O, NAMES "X-a=b"), LOGIN_CONTINUE);
	assert_goes_on(S | TO_O, "X-a=NotUnderstood " TAG);
}
END_TEST

START_TEST(first_acceptable_method_is_none)
{
	say(S | TO_O, NAMES "AuthMethod=KRB5,CHAP,None");
	assert_goes_on(S | TO_O, "AuthMethod=None " TAG);
}
END_TEST

START_TEST(chap_without_an_entry_fails)
{
	assert_fails(say(S | TO_O, NAMES "AuthMethod=CHAP"),
		     ISCSI_LOGIN_AUTH_FAILED);
}
END_TEST

START_TEST(required_digest_is_negotiated_before_the_end)
{
	peer_env.header_digest = ISCSI_DIGEST_CRC32C;
	ck_assert_int_eq(say(O | TO_F, NAMES), LOGIN_CONTINUE);
	assert_goes_on(O, TAG " " MRDSL " HeaderDigest=CRC32C");
	ck_assert_int_eq(say(O | TO_F, "HeaderDigest=CRC32C"), LOGIN_DONE);
	ck_assert_uint_eq(login_result(the_login)->params.header_digest,
			  ISCSI_DIGEST_CRC32C);
}
END_TEST

START_TEST(required_digest_forces_the_operational_stage)
{
	peer_env.header_digest = ISCSI_DIGEST_CRC32C;
	ck_assert_int_eq(say(S | TO_F, NAMES), LOGIN_CONTINUE);
	assert_goes_on(S | TO_O, TAG);
	ck_assert_int_eq(say(O | TO_F, "HeaderDigest=CRC32C"), LOGIN_DONE);
}
END_TEST

START_TEST(unanswered_proposal_holds_the_stage)
{
	peer_env.header_digest = ISCSI_DIGEST_CRC32C;
	say(O | TO_F, NAMES);
	ck_assert_int_eq(say(O | TO_F, ""), LOGIN_CONTINUE);
	assert_goes_on(O, "");
}
END_TEST

START_TEST(refusal_of_immediate_data_takes_an_exchange)
{
	peer_env.no_immediate_data = true;
	ck_assert_int_eq(say(O | TO_F, NAMES), LOGIN_CONTINUE);
	assert_goes_on(O, TAG " " MRDSL " ImmediateData=No");
	ck_assert_int_eq(say(O | TO_F, ""), LOGIN_DONE);
	ck_assert(!login_result(the_login)->params.immediate_data);
}
END_TEST

START_TEST(missing_required_digest_fails)
{
	peer_env.header_digest = ISCSI_DIGEST_CRC32C;
	assert_fails(say(O | TO_F, NAMES "HeaderDigest=None"),
		     ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

/* Sessions and connections. */

START_TEST(connection_of_a_session)
{
	const struct login_result *r = login_result(the_login);

	set_tsih(0x1234);
	ck_assert_int_eq(say(O | TO_F, NAMES "HeaderDigest=CRC32C"),
			 LOGIN_DONE);
	ck_assert(!r->leading);
	ck_assert_uint_eq(r->params.header_digest, ISCSI_DIGEST_CRC32C);
	ck_assert_mem_eq(bhs()->lun + 6, "\x12\x34", 2);
}
END_TEST

START_TEST(leading_key_on_a_further_connection_fails)
{
	set_tsih(0x1234);
	assert_fails(say(O | TO_F, NAMES "InitialR2T=No"),
		     ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

static const int refusals[] = {
	ISCSI_LOGIN_NO_SESSION, ISCSI_LOGIN_TOO_MANY_CONNS,
	ISCSI_LOGIN_NO_RESOURCES, ISCSI_LOGIN_UNAVAILABLE,
};

START_TEST(refused_reservation_fails)
{
	peer_env.reserve_status = refusals[_i];
	assert_fails(say(O | TO_F, NAMES), refusals[_i]);
}
END_TEST

START_TEST(reservation_without_tsih_fails)
{
	peer_env.tsih = 0;
	assert_fails(say(O | TO_F, NAMES), ISCSI_LOGIN_TARGET_ERROR);
}
END_TEST

START_TEST(reservation_can_be_waited_for)
{
	peer_env.reserve_status = LOGIN_RESERVE_WAIT;
	ck_assert_int_eq(say(O | TO_F, NAMES), LOGIN_WAIT);
	login_result(the_login)->tsih = 0x4321;
	ck_assert_int_eq(login_resume(the_login, 0), LOGIN_DONE);
	ck_assert_int_eq(status(), 0);
	ck_assert_mem_eq(bhs()->lun + 6, "\x43\x21", 2);
	ck_assert_uint_gt(login_reply(the_login)->len, 0);
}
END_TEST

START_TEST(reservation_can_fail_after_all)
{
	peer_env.reserve_status = LOGIN_RESERVE_WAIT;
	say(O | TO_F, NAMES);
	assert_fails(login_resume(the_login, ISCSI_LOGIN_NO_SESSION),
		     ISCSI_LOGIN_NO_SESSION);
	ck_assert_uint_eq(login_reply(the_login)->len, 0);
}
END_TEST

START_TEST(request_while_waiting_drops)
{
	peer_env.reserve_status = LOGIN_RESERVE_WAIT;
	say(O | TO_F, NAMES);
	ck_assert_int_eq(say(O | TO_F, ""), LOGIN_DROP);
	ck_assert_int_eq(login_resume(the_login, 0), LOGIN_DROP);
}
END_TEST

START_TEST(nothing_is_reserved_before_authentication)
{
	peer_env.entry = &peer_entry;
	say(S | TO_F, NAMES "AuthMethod=CHAP");
	say(S | TO_F, "CHAP_A=5");
	say(S | TO_F, "CHAP_N=joe CHAP_R=0x00");
	ck_assert_int_eq(peer_env.reserves, 0);
}
END_TEST

static const int moved_statuses[] = {
	ISCSI_LOGIN_MOVED_TEMP, ISCSI_LOGIN_MOVED_PERM,
};

START_TEST(target_that_has_moved_redirects)
{
	peer_env.find_status = moved_statuses[_i];
	peer_env.address = "[2001:db8::1]:3261";
	/* Before anybody proves anything: it may be proved there. */
	peer_env.entry = &peer_entry;
	assert_fails(say(S | TO_O, NAMES), moved_statuses[_i]);
	ck_assert_str_eq(peer_answer, "TargetAddress=[2001:db8::1]:3261");
	ck_assert_int_eq(peer_env.reserves, 0);
}
END_TEST

static const int find_statuses[] = {
	ISCSI_LOGIN_NOT_FOUND, ISCSI_LOGIN_NOT_ALLOWED,
	ISCSI_LOGIN_UNAVAILABLE, ISCSI_LOGIN_TARGET_REMOVED,
};

START_TEST(target_that_is_not_there_fails)
{
	peer_env.find_status = find_statuses[_i];
	assert_fails(say(S | TO_O, NAMES), find_statuses[_i]);
	ck_assert_str_eq(peer_env.target, "iqn.t");
	ck_assert_str_eq(peer_env.initiator, "iqn.i");
}
END_TEST

START_TEST(denied_initiator_fails)
{
	peer_env.auth_status = ISCSI_LOGIN_NOT_ALLOWED;
	assert_fails(say(S | TO_O, NAMES), ISCSI_LOGIN_NOT_ALLOWED);
}
END_TEST

/* Long texts, and limits. */

START_TEST(text_can_come_in_parts)
{
	send_bytes(O | C, "Initiator", 9);
	assert_goes_on(O, "");
	send_bytes(O | C, "Name=iqn.i\0TargetName=iq", 24);
	assert_goes_on(O, "");
	ck_assert_int_eq(peer_env.finds, 0);
	ck_assert_int_eq(send_bytes(O | TO_F, "n.t", 4), LOGIN_DONE);
	assert_goes_on(O | TO_F, TAG " " MRDSL);
	ck_assert_str_eq(peer_env.target, "iqn.t");
}
END_TEST

START_TEST(last_part_can_be_empty)
{
	send_bytes(O | C, "InitiatorName=iqn.i\0TargetName=iqn.t", 37);
	ck_assert_int_eq(say(O | TO_F, ""), LOGIN_DONE);
}
END_TEST

START_TEST(later_texts_can_come_in_parts)
{
	say(S | TO_O, NAMES);
	send_bytes(O | C, "Initial", 7);
	ck_assert_int_eq(send_bytes(O | TO_F, "R2T=No", 7), LOGIN_DONE);
	assert_goes_on(O | TO_F, "InitialR2T=No " MRDSL);
}
END_TEST

/* A request of @n keys that nobody knows, each answered with 20 bytes. */
static enum login_verdict say_unknown(u8 flags, int n)
{
	char data[LOGIN_DATA_MAX];
	size_t len = 0;
	int i;

	for (i = 0; i < n; i++)
		len += snprintf(data + len, sizeof(data) - len, "K%04d=", i) +
		       1;
	return send_bytes(flags, data, len);
}

START_TEST(long_answer_goes_in_parts)
{
	say(O, NAMES);
	ck_assert_int_eq(say_unknown(O | TO_F, 600), LOGIN_CONTINUE);
	ck_assert_uint_eq(bhs()->flags, O | C);
	ck_assert_uint_eq(login_reply(the_login)->len, LOGIN_DATA_MAX);
	ck_assert_int_eq(say(O | TO_F, ""), LOGIN_DONE);
	ck_assert_uint_eq(bhs()->flags, O | TO_F);
	ck_assert_uint_eq(login_reply(the_login)->len, 600 * 20 - LOGIN_DATA_MAX);
}
END_TEST

START_TEST(long_answer_can_be_asked_on_without_t)
{
	say(O, NAMES);
	say_unknown(O | TO_F, 600);
	say(O, "");
	ck_assert_uint_eq(bhs()->flags, O);
	ck_assert_int_eq(say(O | TO_F, ""), LOGIN_DONE);
}
END_TEST

START_TEST(text_within_our_answer_fails)
{
	say(O, NAMES);
	say_unknown(O, 600);
	assert_fails(say(O, "InitialR2T=No"), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(answer_beyond_our_limit_fails)
{
	say(O, NAMES);
	assert_fails(say_unknown(O, 1000), ISCSI_LOGIN_NO_RESOURCES);
}
END_TEST

START_TEST(text_of_64_kib_is_taken)
{
	static char part[LOGIN_DATA_MAX];
	int i;

	memset(part, 0, sizeof(part));
	strcpy(part, "InitiatorName=iqn.i");
	strcpy(part + 20, "TargetName=iqn.t");
	for (i = 0; i < 7; i++) {
		ck_assert_int_eq(send_bytes(O | C, part, sizeof(part)),
				 LOGIN_CONTINUE);
		memset(part, 0, sizeof(part));
	}
	ck_assert_int_eq(send_bytes(O | TO_F, part, sizeof(part)), LOGIN_DONE);
}
END_TEST

START_TEST(text_beyond_64_kib_fails)
{
	static char part[LOGIN_DATA_MAX];
	int i;

	for (i = 0; i < 8; i++)
		ck_assert_int_eq(send_bytes(O | C, part, sizeof(part)),
				 LOGIN_CONTINUE);
	assert_fails(send_bytes(O | C, part, 1), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(empty_exchanges_come_to_an_end)
{
	int i;

	say(O, NAMES);
	for (i = 0; i < LOGIN_EMPTY_MAX; i++)
		ck_assert_int_eq(say(O, ""), LOGIN_CONTINUE);
	assert_fails(say(O, ""), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(requests_come_to_an_end)
{
	int i;

	say(O, NAMES);
	for (i = 1; i < LOGIN_REQUESTS_MAX; i++)
		ck_assert_int_eq(say(O, "X-a=b"), LOGIN_CONTINUE);
	assert_fails(say(O, "X-a=b"), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

static TCase *plain_tcase(void)
{
	TCase *tc = tcase_create("plain");

	tcase_add_checked_fixture(tc, peer_start, peer_stop);
	tcase_add_test(tc, shortest_login);
	tcase_add_test(tc, result_is_complete);
	tcase_add_test(tc, login_through_both_stages);
	tcase_add_test(tc, login_with_a_second_introduction);
	tcase_add_test(tc, tsih_is_in_the_last_response_only);
	tcase_add_test(tc, security_stage_to_full_feature_phase_keeps_defaults);
	tcase_add_test(tc, initiator_can_take_its_time);
	tcase_add_test(tc, discovery_session);
	tcase_add_test(tc, discovery_with_a_target_gets_its_tag);
	tcase_add_test(tc, alias_is_declared);
	tcase_add_test(tc, unknown_key_does_not_end_the_login);
	tcase_add_test(tc, first_acceptable_method_is_none);
	tcase_add_test(tc, chap_without_an_entry_fails);
	tcase_add_test(tc, required_digest_is_negotiated_before_the_end);
	tcase_add_test(tc, required_digest_forces_the_operational_stage);
	tcase_add_test(tc, unanswered_proposal_holds_the_stage);
	tcase_add_test(tc, refusal_of_immediate_data_takes_an_exchange);
	tcase_add_test(tc, missing_required_digest_fails);
	return tc;
}

static TCase *session_tcase(void)
{
	TCase *tc = tcase_create("session");

	tcase_add_checked_fixture(tc, peer_start, peer_stop);
	tcase_add_test(tc, connection_of_a_session);
	tcase_add_test(tc, leading_key_on_a_further_connection_fails);
	ADD_ALL(tc, refused_reservation_fails, refusals);
	tcase_add_test(tc, reservation_without_tsih_fails);
	tcase_add_test(tc, reservation_can_be_waited_for);
	tcase_add_test(tc, reservation_can_fail_after_all);
	tcase_add_test(tc, request_while_waiting_drops);
	tcase_add_test(tc, nothing_is_reserved_before_authentication);
	ADD_ALL(tc, target_that_has_moved_redirects, moved_statuses);
	ADD_ALL(tc, target_that_is_not_there_fails, find_statuses);
	tcase_add_test(tc, denied_initiator_fails);
	return tc;
}

static TCase *long_tcase(void)
{
	TCase *tc = tcase_create("long");

	tcase_add_checked_fixture(tc, peer_start, peer_stop);
	tcase_add_test(tc, text_can_come_in_parts);
	tcase_add_test(tc, last_part_can_be_empty);
	tcase_add_test(tc, later_texts_can_come_in_parts);
	tcase_add_test(tc, long_answer_goes_in_parts);
	tcase_add_test(tc, long_answer_can_be_asked_on_without_t);
	tcase_add_test(tc, text_within_our_answer_fails);
	tcase_add_test(tc, answer_beyond_our_limit_fails);
	tcase_add_test(tc, text_of_64_kib_is_taken);
	tcase_add_test(tc, text_beyond_64_kib_fails);
	tcase_add_test(tc, empty_exchanges_come_to_an_end);
	tcase_add_test(tc, requests_come_to_an_end);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		plain_tcase, session_tcase, long_tcase,
	};

	return peer_main("login", tcases, ARRAY_SIZE(tcases));
}
