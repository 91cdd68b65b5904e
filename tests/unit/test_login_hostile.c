// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the Login Phase: requests as they must not be.
 */
#include "login_peer.h"

static void set_tsih(u16 tsih)
{
	put_unaligned_be16(tsih, peer_req.lun + 6);
}

START_TEST(version_must_be_0)
{
	peer_req.byte2 = 2;
	peer_req.byte3 = 1;
	assert_fails(say(O | TO_F, NAMES), ISCSI_LOGIN_BAD_VERSION);
}
END_TEST

START_TEST(newer_version_that_speaks_0_is_welcome)
{
	peer_req.byte2 = 2;
	ck_assert_int_eq(say(O | TO_F, NAMES), LOGIN_DONE);
}
END_TEST

static const u8 bad_flags[] = {
	3 << 2,			/* begins in full feature phase */
	2 << 2,			/* stage 2 */
	S | T | 0,		/* to where it is */
	S | T | 2,		/* to stage 2 */
	O | T | 0,		/* back */
	O | T | 1,
	O | T | 2,
	S | TO_O | C,		/* T and C */
};

START_TEST(bad_flags_fail)
{
	assert_fails(say(bad_flags[_i], NAMES), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(next_stage_without_t_means_nothing)
{
	ck_assert_int_eq(say(S | 2, NAMES), LOGIN_CONTINUE);
	assert_goes_on(S, TAG);
}
END_TEST

START_TEST(stage_must_be_the_one_agreed_on)
{
	say(S | TO_O, NAMES);
	assert_fails(say(S | TO_O, ""), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(stage_cannot_be_entered_without_agreement)
{
	say(S, NAMES);
	assert_fails(say(O | TO_F, ""), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(task_tag_must_stay)
{
	say(S, NAMES);
	peer_req.itt = cpu_to_be32(0xabce);
	assert_fails(say(S | TO_O, ""), ISCSI_LOGIN_INITIATOR_ERROR);
	ck_assert_uint_eq(be32_to_cpu(bhs()->itt), 0xabcd);
}
END_TEST

START_TEST(isid_must_stay)
{
	say(S, NAMES);
	peer_req.lun[5]++;
	assert_fails(say(S | TO_O, ""), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(tsih_must_stay)
{
	say(S, NAMES);
	set_tsih(1);
	assert_fails(say(S | TO_O, ""), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(cid_must_stay)
{
	say(S, NAMES);
	peer_req.login_req.cid = cpu_to_be16(2);
	assert_fails(say(S | TO_O, ""), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(response_not_sent_cannot_be_acknowledged)
{
	say(S, NAMES);
	peer_req.login_req.exp_stat_sn = cpu_to_be32(1002);
	assert_fails(say(S | TO_O, ""), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(names_are_needed_at_once)
{
	assert_fails(say(S | TO_O, "AuthMethod=None"),
		     ISCSI_LOGIN_MISSING_PARAM);
	ck_assert_int_eq(peer_env.finds, 0);
}
END_TEST

START_TEST(empty_first_request_fails)
{
	assert_fails(say(S, ""), ISCSI_LOGIN_MISSING_PARAM);
}
END_TEST

START_TEST(unknown_session_type_fails)
{
	assert_fails(say(S, "InitiatorName=iqn.i SessionType=Other"),
		     ISCSI_LOGIN_BAD_SESSION_TYPE);
}
END_TEST

START_TEST(key_sent_twice_fails)
{
	say(O, NAMES "InitialR2T=No");
	assert_fails(say(O | TO_F, "InitialR2T=No"),
		     ISCSI_LOGIN_INITIATOR_ERROR);
	ck_assert_str_eq(login_error(the_login), "InitialR2T: sent twice");
}
END_TEST

START_TEST(malformed_text_fails)
{
	say(O, NAMES);
	assert_fails(send_bytes(O, "InitialR2T=No", 13),
		     ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(additional_header_fails)
{
	peer_req.ahs_len = 1;
	assert_fails(say(O | TO_F, NAMES), ISCSI_LOGIN_INITIATOR_ERROR);
	ck_assert_uint_eq(be32_to_cpu(bhs()->itt), 0xabcd);
}
END_TEST

START_TEST(too_much_data_fails_before_it_is_read)
{
	iscsi_set_data_len(&peer_req, LOGIN_DATA_MAX + 1);
	assert_fails(login_header(the_login, &peer_req), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(header_can_be_looked_at_first)
{
	peer_req.flags = O | TO_F;
	iscsi_set_data_len(&peer_req, 100);
	ck_assert_int_eq(login_header(the_login, &peer_req), LOGIN_CONTINUE);
	ck_assert_int_eq(say(O | TO_F, NAMES), LOGIN_DONE);
}
END_TEST

START_TEST(other_opcode_before_login_is_dropped)
{
	peer_req.opcode = ISCSI_NOP_OUT | ISCSI_IMMEDIATE;
	ck_assert_int_eq(login_header(the_login, &peer_req), LOGIN_DROP);
}
END_TEST

START_TEST(other_opcode_during_login_is_refused)
{
	say(S, NAMES);
	peer_req.opcode = ISCSI_SCSI_CMD;
	assert_fails(login_header(the_login, &peer_req), ISCSI_LOGIN_INVALID_REQUEST);
	ck_assert_uint_eq(be32_to_cpu(bhs()->itt), 0xabcd);
}
END_TEST

START_TEST(request_after_the_end_is_dropped)
{
	say(O | TO_F, NAMES);
	ck_assert_int_eq(say(O | TO_F, ""), LOGIN_DROP);
}
END_TEST

START_TEST(request_after_failure_is_dropped)
{
	say(O | TO_F, "");
	ck_assert_int_eq(say(O | TO_F, NAMES), LOGIN_DROP);
}
END_TEST

static TCase *hostile_tcase(void)
{
	TCase *tc = tcase_create("hostile");

	tcase_add_checked_fixture(tc, peer_start, peer_stop);
	tcase_add_test(tc, version_must_be_0);
	tcase_add_test(tc, newer_version_that_speaks_0_is_welcome);
	ADD_ALL(tc, bad_flags_fail, bad_flags);
	tcase_add_test(tc, next_stage_without_t_means_nothing);
	tcase_add_test(tc, stage_must_be_the_one_agreed_on);
	tcase_add_test(tc, stage_cannot_be_entered_without_agreement);
	tcase_add_test(tc, task_tag_must_stay);
	tcase_add_test(tc, isid_must_stay);
	tcase_add_test(tc, tsih_must_stay);
	tcase_add_test(tc, cid_must_stay);
	tcase_add_test(tc, response_not_sent_cannot_be_acknowledged);
	tcase_add_test(tc, names_are_needed_at_once);
	tcase_add_test(tc, empty_first_request_fails);
	tcase_add_test(tc, unknown_session_type_fails);
	tcase_add_test(tc, key_sent_twice_fails);
	tcase_add_test(tc, malformed_text_fails);
	tcase_add_test(tc, additional_header_fails);
	tcase_add_test(tc, too_much_data_fails_before_it_is_read);
	tcase_add_test(tc, header_can_be_looked_at_first);
	tcase_add_test(tc, other_opcode_before_login_is_dropped);
	tcase_add_test(tc, other_opcode_during_login_is_refused);
	tcase_add_test(tc, request_after_the_end_is_dropped);
	tcase_add_test(tc, request_after_failure_is_dropped);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		hostile_tcase,
	};

	return peer_main("login_hostile", tcases, ARRAY_SIZE(tcases));
}
