// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the negotiation of operational parameters.
 */
#include <check.h>
#include <stdlib.h>

#include "iscsi_neg.h"

static struct iscsi_neg neg;
static char reply_data[8192];
static struct iscsi_text_buf reply;

static void start(void)
{
	iscsi_neg_login(&neg, true);
	neg.stage = ISCSI_STAGE_OPERATIONAL;
	reply = (struct iscsi_text_buf){
		.data = reply_data, .size = sizeof(reply_data)
	};
}

/* One pair; its error. */
static int put(const char *key, const char *value)
{
	struct iscsi_pair pair = { .value = value, .len = strlen(value) };

	strcpy(pair.key, key);
	return iscsi_neg_key(&neg, &pair, &reply);
}

/* What was answered so far, pairs separated by blanks; and forget it. */
static const char *answer(void)
{
	static char s[sizeof(reply_data) + 1];
	size_t i;

	memcpy(s, reply.data, reply.len);
	for (i = 0; i < reply.len; i++)
		if (!s[i])
			s[i] = ' ';
	s[reply.len ? reply.len - 1 : 0] = 0;
	reply.len = 0;
	return s;
}

/* A text of one pair, and its answer. */
static const char *say(const char *key, const char *value)
{
	ck_assert_int_eq(put(key, value), 0);
	ck_assert_int_eq(iscsi_neg_end(&neg, &reply), 0);
	return answer();
}

/* One key each in a login of its own. */
struct case_ {
	const char *key, *value, *answer;
};

static const struct case_ cases[] = {
	/* OR */
	{ "InitialR2T", "No", "InitialR2T=No" },
	{ "InitialR2T", "Yes", "InitialR2T=Yes" },
	{ "DataPDUInOrder", "No", "DataPDUInOrder=Yes" },
	{ "DataSequenceInOrder", "No", "DataSequenceInOrder=Yes" },
	/* AND */
	{ "ImmediateData", "Yes", "ImmediateData=Yes" },
	{ "ImmediateData", "No", "ImmediateData=No" },
	/* minimum */
	{ "MaxConnections", "16", "MaxConnections=8" },
	{ "MaxBurstLength", "16776192", "MaxBurstLength=1048576" },
	{ "MaxBurstLength", "512", "MaxBurstLength=512" },
	{ "MaxBurstLength", "0x10000", "MaxBurstLength=65536" },
	{ "FirstBurstLength", "65536", "FirstBurstLength=65536" },
	{ "FirstBurstLength", "16777215", "FirstBurstLength=262144" },
	{ "DefaultTime2Retain", "20", "DefaultTime2Retain=0" },
	{ "MaxOutstandingR2T", "1", "MaxOutstandingR2T=1" },
	{ "MaxOutstandingR2T", "65535", "MaxOutstandingR2T=8" },
	{ "ErrorRecoveryLevel", "2", "ErrorRecoveryLevel=0" },
	{ "iSCSIProtocolLevel", "2", "iSCSIProtocolLevel=1" },
	{ "iSCSIProtocolLevel", "0", "iSCSIProtocolLevel=0" },
	/* maximum */
	{ "DefaultTime2Wait", "0", "DefaultTime2Wait=2" },
	{ "DefaultTime2Wait", "3600", "DefaultTime2Wait=3600" },
	/* lists */
	{ "HeaderDigest", "CRC32C,None", "HeaderDigest=CRC32C" },
	{ "HeaderDigest", "None,CRC32C", "HeaderDigest=None" },
	{ "DataDigest", "Y-x,CRC32C", "DataDigest=CRC32C" },
	{ "DataDigest", "Y-x", "DataDigest=Reject" },
	{ "TaskReporting", "FastAbort,RFC3720", "TaskReporting=RFC3720" },
	{ "TaskReporting", "FastAbort", "TaskReporting=Reject" },
	/* not admissible */
	{ "InitialR2T", "Maybe", "InitialR2T=Reject" },
	{ "MaxBurstLength", "511", "MaxBurstLength=Reject" },
	{ "MaxBurstLength", "16777216", "MaxBurstLength=Reject" },
	{ "FirstBurstLength", "many", "FirstBurstLength=Reject" },
	{ "MaxConnections", "0", "MaxConnections=Reject" },
	{ "MaxOutstandingR2T", "65536", "MaxOutstandingR2T=Reject" },
	{ "DefaultTime2Wait", "3601", "DefaultTime2Wait=Reject" },
	{ "ErrorRecoveryLevel", "3", "ErrorRecoveryLevel=Reject" },
	{ "iSCSIProtocolLevel", "32", "iSCSIProtocolLevel=Reject" },
	/* obsolete: never NotUnderstood (13.25) */
	{ "IFMarker", "No", "IFMarker=Reject" },
	{ "OFMarker", "Yes", "OFMarker=Reject" },
	{ "IFMarkInt", "2048~8192", "IFMarkInt=Reject" },
	{ "OFMarkInt", "1", "OFMarkInt=Reject" },
	/* declarations have no answer */
	{ "MaxRecvDataSegmentLength", "65536", "" },
	{ "InitiatorAlias", "Web Server 4", "" },
	{ "X#NodeArchitecture", "Linux,x86", "" },
	/* unknown */
	{ "X-com.example.key", "1", "X-com.example.key=NotUnderstood" },
	{ "FutureKey", "Yes", "FutureKey=NotUnderstood" },
	{ "initialR2T", "No", "initialR2T=NotUnderstood" },
};

START_TEST(key_is_answered)
{
	const struct case_ *c = &cases[_i];

	ck_assert_str_eq(say(c->key, c->value), c->answer);
}
END_TEST

static const struct case_ discovery_cases[] = {
	{ "MaxConnections", "1", "MaxConnections=Irrelevant" },
	{ "InitialR2T", "No", "InitialR2T=Irrelevant" },
	{ "ImmediateData", "Yes", "ImmediateData=Irrelevant" },
	{ "MaxBurstLength", "65536", "MaxBurstLength=Irrelevant" },
	{ "FirstBurstLength", "65536", "FirstBurstLength=Irrelevant" },
	{ "MaxOutstandingR2T", "1", "MaxOutstandingR2T=Irrelevant" },
	{ "DataPDUInOrder", "Yes", "DataPDUInOrder=Irrelevant" },
	{ "DataSequenceInOrder", "Yes", "DataSequenceInOrder=Irrelevant" },
	{ "TaskReporting", "RFC3720", "TaskReporting=Irrelevant" },
	{ "iSCSIProtocolLevel", "1", "iSCSIProtocolLevel=Irrelevant" },
	{ "HeaderDigest", "None", "HeaderDigest=None" },
	{ "DefaultTime2Wait", "2", "DefaultTime2Wait=2" },
	{ "DefaultTime2Retain", "0", "DefaultTime2Retain=0" },
	{ "ErrorRecoveryLevel", "0", "ErrorRecoveryLevel=0" },
	{ "MaxRecvDataSegmentLength", "8192", "" },
};

START_TEST(key_is_answered_in_discovery)
{
	const struct case_ *c = &discovery_cases[_i];

	neg.discovery = true;
	ck_assert_str_eq(say(c->key, c->value), c->answer);
}
END_TEST

START_TEST(defaults_hold_without_negotiation)
{
	const struct iscsi_params *r = &neg.result;

	ck_assert_int_eq(iscsi_neg_end(&neg, &reply), 0);
	ck_assert_uint_eq(r->max_connections, 1);
	ck_assert(r->initial_r2t);
	ck_assert(r->immediate_data);
	ck_assert_uint_eq(r->max_burst, 262144);
	ck_assert_uint_eq(r->first_burst, 65536);
	ck_assert_uint_eq(r->time2wait, 2);
	ck_assert_uint_eq(r->time2retain, 20);
	ck_assert_uint_eq(r->max_outstanding_r2t, 1);
	ck_assert_uint_eq(r->error_recovery_level, 0);
	ck_assert(r->data_pdu_in_order);
	ck_assert(r->data_sequence_in_order);
	ck_assert_uint_eq(r->header_digest, ISCSI_DIGEST_NONE);
	ck_assert_uint_eq(r->data_digest, ISCSI_DIGEST_NONE);
	ck_assert_uint_eq(r->max_recv, 8192);
	ck_assert_uint_eq(r->max_xmit, 8192);
	ck_assert_str_eq(answer(), "");
}
END_TEST

START_TEST(result_is_what_was_answered)
{
	const struct iscsi_params *r = &neg.result;

	put("HeaderDigest", "CRC32C,None");
	put("InitialR2T", "No");
	put("MaxBurstLength", "524288");
	put("FirstBurstLength", "131072");
	put("MaxOutstandingR2T", "4");
	put("MaxRecvDataSegmentLength", "131072");
	put("DefaultTime2Wait", "5");
	iscsi_neg_end(&neg, &reply);
	ck_assert_uint_eq(r->header_digest, ISCSI_DIGEST_CRC32C);
	ck_assert_uint_eq(r->data_digest, ISCSI_DIGEST_NONE);
	ck_assert(!r->initial_r2t);
	ck_assert_uint_eq(r->max_burst, 524288);
	ck_assert_uint_eq(r->first_burst, 131072);
	ck_assert_uint_eq(r->max_outstanding_r2t, 4);
	ck_assert_uint_eq(r->max_xmit, 131072);
	ck_assert_uint_eq(r->max_recv, 8192);
	ck_assert_uint_eq(r->time2wait, 5);
}
END_TEST

START_TEST(reject_keeps_the_default)
{
	say("MaxBurstLength", "0");
	ck_assert_uint_eq(neg.result.max_burst, 262144);
}
END_TEST

START_TEST(first_burst_is_clipped_to_a_burst_that_comes_later)
{
	put("FirstBurstLength", "262144");
	ck_assert_str_eq(say("MaxBurstLength", "65536"),
			 "MaxBurstLength=65536 FirstBurstLength=65536");
	ck_assert_uint_eq(neg.result.first_burst, 65536);
}
END_TEST

START_TEST(first_burst_is_clipped_to_the_default_burst)
{
	neg.offer.first_burst = 1048576;
	ck_assert_str_eq(say("FirstBurstLength", "1048576"),
			 "FirstBurstLength=262144");
}
END_TEST

START_TEST(default_first_burst_follows_the_burst)
{
	say("MaxBurstLength", "4096");
	ck_assert_uint_eq(neg.result.first_burst, 4096);
}
END_TEST

START_TEST(burst_below_the_agreed_first_burst_is_rejected)
{
	say("FirstBurstLength", "131072");
	ck_assert_str_eq(say("MaxBurstLength", "65536"),
			 "MaxBurstLength=Reject");
	ck_assert_uint_eq(neg.result.max_burst, 262144);
	ck_assert_uint_eq(neg.result.first_burst, 131072);
}
END_TEST

START_TEST(first_burst_is_irrelevant_without_unsolicited_data)
{
	put("FirstBurstLength", "65536");
	put("ImmediateData", "No");
	ck_assert_str_eq(say("InitialR2T", "Yes"),
			 "ImmediateData=No InitialR2T=Yes FirstBurstLength=Irrelevant");
}
END_TEST

START_TEST(recovery_leaves_one_outstanding_r2t)
{
	neg.offer.error_recovery_level = 2;
	put("ErrorRecoveryLevel", "1");
	put("MaxOutstandingR2T", "8");
	iscsi_neg_end(&neg, &reply);
	ck_assert_uint_eq(neg.result.max_outstanding_r2t, 1);
}
END_TEST

START_TEST(key_sent_twice_is_an_error)
{
	say("InitialR2T", "No");
	ck_assert_int_eq(put("InitialR2T", "No"), -EPROTO);
	ck_assert_str_eq(neg.why, "sent twice");
}
END_TEST

START_TEST(rejected_key_sent_again_is_an_error)
{
	say("MaxBurstLength", "0");
	ck_assert_int_eq(put("MaxBurstLength", "65536"), -EPROTO);
}
END_TEST

START_TEST(declaration_sent_twice_is_an_error)
{
	say("MaxRecvDataSegmentLength", "65536");
	ck_assert_int_eq(put("MaxRecvDataSegmentLength", "65536"), -EPROTO);
}
END_TEST

START_TEST(declared_length_out_of_range_is_an_error)
{
	ck_assert_int_eq(put("MaxRecvDataSegmentLength", "511"), -EPROTO);
}
END_TEST

START_TEST(declared_length_beyond_24_bits_is_an_error)
{
	ck_assert_int_eq(put("MaxRecvDataSegmentLength", "16777216"), -EPROTO);
}
END_TEST

START_TEST(reserved_values_are_no_offers)
{
	ck_assert_int_eq(put("InitialR2T", "Irrelevant"), -EPROTO);
	ck_assert_int_eq(put("MaxBurstLength", "Reject"), -EPROTO);
	ck_assert_int_eq(put("X-a", "NotUnderstood"), -EPROTO);
}
END_TEST

static const char *const targets_own[] = {
	"TargetAlias", "TargetAddress", "TargetPortalGroupTag",
};

START_TEST(targets_key_from_the_initiator_is_an_error)
{
	ck_assert_int_eq(put(targets_own[_i], "1"), -EPROTO);
}
END_TEST

START_TEST(key_of_a_method_not_chosen_is_an_error)
{
	neg.stage = ISCSI_STAGE_SECURITY;
	ck_assert_int_eq(put("SRP_U", "user"), -EPROTO);
}
END_TEST

static const char *const operational[] = {
	"HeaderDigest", "MaxConnections", "InitialR2T", "TaskReporting",
	"MaxRecvDataSegmentLength", "IFMarker",
};

START_TEST(operational_key_in_the_security_stage_is_an_error)
{
	neg.stage = ISCSI_STAGE_SECURITY;
	ck_assert_int_eq(put(operational[_i], "1"), -EPROTO);
	ck_assert_str_eq(neg.why, "not allowed in this stage");
}
END_TEST

static const char *const security[] = {
	"AuthMethod", "CHAP_A", "CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C",
};

START_TEST(security_key_in_the_security_stage_is_the_callers)
{
	neg.stage = ISCSI_STAGE_SECURITY;
	ck_assert_int_eq(put(security[_i], "1"), ISCSI_NEG_ELSEWHERE);
	ck_assert_int_eq(put(security[_i], "1"), -EPROTO);
}
END_TEST

START_TEST(security_key_in_the_operational_stage_is_an_error)
{
	ck_assert_int_eq(put(security[_i], "1"), -EPROTO);
}
END_TEST

START_TEST(any_stage_keys_come_in_the_security_stage)
{
	neg.stage = ISCSI_STAGE_SECURITY;
	ck_assert_str_eq(say("InitiatorAlias", "me"), "");
	ck_assert_str_eq(neg.alias, "me");
}
END_TEST

START_TEST(unknown_key_in_the_security_stage_is_not_understood)
{
	neg.stage = ISCSI_STAGE_SECURITY;
	ck_assert_str_eq(say("X-a", "b"), "X-a=NotUnderstood");
}
END_TEST

START_TEST(leading_key_on_another_connection_is_an_error)
{
	neg.leading = false;
	ck_assert_int_eq(put("InitialR2T", "No"), -EPROTO);
}
END_TEST

START_TEST(connection_keys_come_on_any_connection)
{
	neg.leading = false;
	ck_assert_str_eq(say("HeaderDigest", "CRC32C"), "HeaderDigest=CRC32C");
	ck_assert_str_eq(say("MaxRecvDataSegmentLength", "4096"), "");
}
END_TEST

START_TEST(send_targets_during_login_is_an_error)
{
	ck_assert_int_eq(put("SendTargets", "All"), -EPROTO);
}
END_TEST

START_TEST(full_feature_phase_takes_a_new_length)
{
	struct iscsi_params now;

	iscsi_params_offer(&now);
	iscsi_neg_text(&neg, &now);
	ck_assert_str_eq(say("MaxRecvDataSegmentLength", "4096"), "");
	ck_assert_uint_eq(neg.result.max_xmit, 4096);
	ck_assert_uint_eq(neg.result.max_burst, now.max_burst);
}
END_TEST

START_TEST(full_feature_phase_has_few_keys)
{
	struct iscsi_params now;

	iscsi_params_offer(&now);
	iscsi_neg_text(&neg, &now);
	ck_assert_int_eq(put("SendTargets", "All"), ISCSI_NEG_ELSEWHERE);
	ck_assert_int_eq(put("InitiatorAlias", "me"), 0);
	ck_assert_int_eq(put("X-a", "b"), 0);
	ck_assert_int_eq(put("MaxBurstLength", "65536"), -EPROTO);
	ck_assert_int_eq(put("HeaderDigest", "None"), -EPROTO);
	ck_assert_int_eq(put("InitiatorName", "iqn.a"), -EPROTO);
	ck_assert_int_eq(put("AuthMethod", "None"), -EPROTO);
}
END_TEST

#define IDENTIFY(s) iscsi_neg_identify(&neg, s, sizeof(s))

START_TEST(names_are_found_wherever_they_are)
{
	ck_assert_int_eq(IDENTIFY("MaxBurstLength=512\0TargetName=iqn.t\0"
				  "SessionType=Normal\0InitiatorName=iqn.i"),
			 ISCSI_LOGIN_OK);
	ck_assert_str_eq(neg.initiator, "iqn.i");
	ck_assert_str_eq(neg.target, "iqn.t");
	ck_assert(!neg.discovery);
}
END_TEST

START_TEST(discovery_needs_no_target)
{
	ck_assert_int_eq(IDENTIFY("InitiatorName=iqn.i\0SessionType=Discovery"),
			 ISCSI_LOGIN_OK);
	ck_assert(neg.discovery);
	ck_assert_str_eq(neg.target, "");
}
END_TEST

START_TEST(initiator_name_is_needed)
{
	ck_assert_int_eq(IDENTIFY("TargetName=iqn.t"),
			 ISCSI_LOGIN_MISSING_PARAM);
}
END_TEST

START_TEST(target_name_is_needed)
{
	ck_assert_int_eq(IDENTIFY("InitiatorName=iqn.i"),
			 ISCSI_LOGIN_MISSING_PARAM);
}
END_TEST

START_TEST(initiator_name_must_be_one)
{
	ck_assert_int_eq(IDENTIFY("InitiatorName=a b\0TargetName=iqn.t"),
			 ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(session_type_must_be_one)
{
	ck_assert_int_eq(IDENTIFY("InitiatorName=iqn.i\0SessionType=Other"),
			 ISCSI_LOGIN_BAD_SESSION_TYPE);
}
END_TEST

START_TEST(malformed_text_identifies_nobody)
{
	ck_assert_int_eq(IDENTIFY("InitiatorName=iqn.i\0TargetName"),
			 ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(discovery_session_has_one_connection)
{
	neg.leading = false;
	ck_assert_int_eq(IDENTIFY("InitiatorName=iqn.i\0SessionType=Discovery"),
			 ISCSI_LOGIN_TOO_MANY_CONNS);
}
END_TEST

static void introduce(void)
{
	IDENTIFY("InitiatorName=iqn.i\0TargetName=iqn.t");
	ck_assert_int_eq(put("InitiatorName", "iqn.i"), 0);
	ck_assert_int_eq(put("TargetName", "iqn.t"), 0);
	iscsi_neg_end(&neg, &reply);
}

START_TEST(other_names_in_a_later_text_are_an_error)
{
	introduce();
	ck_assert_int_eq(put("InitiatorName", "iqn.j"), -EPROTO);
	ck_assert_int_eq(put("TargetName", "iqn.u"), -EPROTO);
	ck_assert_int_eq(put("SessionType", "Discovery"), -EPROTO);
}
END_TEST

/* libiscsi does that. */
START_TEST(same_names_in_a_later_text_are_borne)
{
	introduce();
	ck_assert_str_eq(say("InitiatorName", "iqn.i"), "");
	ck_assert_str_eq(say("TargetName", "iqn.t"), "");
	ck_assert_str_eq(say("SessionType", "Normal"), "");
}
END_TEST

START_TEST(names_sent_twice_are_an_error)
{
	IDENTIFY("InitiatorName=iqn.i\0TargetName=iqn.t");
	ck_assert_int_eq(put("InitiatorName", "iqn.i"), 0);
	ck_assert_int_eq(put("InitiatorName", "iqn.j"), -EPROTO);
}
END_TEST

START_TEST(declarations_are_made_once)
{
	IDENTIFY("InitiatorName=iqn.i\0TargetName=iqn.t");
	ck_assert_int_eq(iscsi_neg_declare(&neg, 3, "Disk", &reply), 0);
	ck_assert_str_eq(answer(), "TargetPortalGroupTag=3 TargetAlias=Disk MaxRecvDataSegmentLength=262144");
	ck_assert_uint_eq(neg.result.max_recv, 262144);
	ck_assert_int_eq(iscsi_neg_declare(&neg, 3, "Disk", &reply), 0);
	ck_assert_str_eq(answer(), "");
}
END_TEST

START_TEST(length_is_declared_in_the_operational_stage)
{
	IDENTIFY("InitiatorName=iqn.i\0TargetName=iqn.t");
	neg.stage = ISCSI_STAGE_SECURITY;
	iscsi_neg_declare(&neg, 1, NULL, &reply);
	ck_assert_str_eq(answer(), "TargetPortalGroupTag=1");
	ck_assert_uint_eq(neg.result.max_recv, 8192);
	neg.stage = ISCSI_STAGE_OPERATIONAL;
	iscsi_neg_declare(&neg, 1, NULL, &reply);
	ck_assert_str_eq(answer(), "MaxRecvDataSegmentLength=262144");
}
END_TEST

START_TEST(discovery_without_target_has_no_tag)
{
	IDENTIFY("InitiatorName=iqn.i\0SessionType=Discovery");
	iscsi_neg_declare(&neg, 1, "Disk", &reply);
	ck_assert_str_eq(answer(), "MaxRecvDataSegmentLength=262144");
}
END_TEST

START_TEST(nothing_is_proposed_without_need)
{
	ck_assert(iscsi_neg_acceptable(&neg));
	ck_assert_int_eq(iscsi_neg_propose(&neg, &reply), 0);
	ck_assert_str_eq(answer(), "");
}
END_TEST

START_TEST(required_digest_is_proposed)
{
	neg.offer.header_digest = ISCSI_DIGEST_CRC32C;
	ck_assert(!iscsi_neg_acceptable(&neg));
	ck_assert_int_eq(iscsi_neg_propose(&neg, &reply), 1);
	ck_assert_str_eq(answer(), "HeaderDigest=CRC32C");
	ck_assert(!iscsi_neg_settled(&neg));
	ck_assert_int_eq(iscsi_neg_propose(&neg, &reply), 0);
	ck_assert_str_eq(say("HeaderDigest", "CRC32C"), "");
	ck_assert(iscsi_neg_settled(&neg));
	ck_assert(iscsi_neg_acceptable(&neg));
	ck_assert_uint_eq(neg.result.header_digest, ISCSI_DIGEST_CRC32C);
}
END_TEST

START_TEST(proposal_turned_down_is_an_error)
{
	neg.offer.header_digest = ISCSI_DIGEST_CRC32C;
	iscsi_neg_propose(&neg, &reply);
	ck_assert_int_eq(put("HeaderDigest", "Reject"), -EPROTO);
}
END_TEST

START_TEST(answer_that_was_not_proposed_is_an_error)
{
	neg.offer.header_digest = ISCSI_DIGEST_CRC32C;
	iscsi_neg_propose(&neg, &reply);
	ck_assert_int_eq(put("HeaderDigest", "None"), -EPROTO);
}
END_TEST

START_TEST(answer_with_a_list_is_an_error)
{
	neg.offer.header_digest = ISCSI_DIGEST_CRC32C;
	iscsi_neg_propose(&neg, &reply);
	ck_assert_int_eq(put("HeaderDigest", "CRC32C,None"), -EPROTO);
}
END_TEST

START_TEST(initiator_without_the_required_digest_fails)
{
	neg.offer.header_digest = ISCSI_DIGEST_CRC32C;
	ck_assert_str_eq(say("HeaderDigest", "None"), "HeaderDigest=Reject");
	ck_assert_int_eq(iscsi_neg_propose(&neg, &reply), -EPROTO);
}
END_TEST

START_TEST(refusal_of_immediate_data_needs_no_answer)
{
	neg.offer.immediate_data = false;
	ck_assert_int_eq(iscsi_neg_propose(&neg, &reply), 1);
	ck_assert_str_eq(answer(), "ImmediateData=No");
	ck_assert(iscsi_neg_settled(&neg));
	ck_assert(!neg.result.immediate_data);
	ck_assert_int_eq(iscsi_neg_propose(&neg, &reply), 0);
	ck_assert_str_eq(say("ImmediateData", "No"), "");
}
END_TEST

START_TEST(refusal_of_immediate_data_cannot_be_overruled)
{
	neg.offer.immediate_data = false;
	iscsi_neg_propose(&neg, &reply);
	ck_assert_int_eq(put("ImmediateData", "Yes"), -EPROTO);
}
END_TEST

START_TEST(small_first_burst_is_proposed)
{
	neg.offer.first_burst = 8192;
	ck_assert_int_eq(iscsi_neg_propose(&neg, &reply), 1);
	ck_assert_str_eq(answer(), "FirstBurstLength=8192");
	ck_assert_str_eq(say("FirstBurstLength", "4096"), "");
	ck_assert_uint_eq(neg.result.first_burst, 4096);
}
END_TEST

START_TEST(answer_above_the_proposed_first_burst_is_an_error)
{
	neg.offer.first_burst = 8192;
	iscsi_neg_propose(&neg, &reply);
	ck_assert_int_eq(put("FirstBurstLength", "8193"), -EPROTO);
}
END_TEST

START_TEST(session_keys_are_not_proposed_on_another_connection)
{
	neg.leading = false;
	neg.offer.first_burst = 8192;
	neg.offer.immediate_data = false;
	ck_assert_int_eq(iscsi_neg_propose(&neg, &reply), 0);
}
END_TEST

START_TEST(session_keys_are_not_proposed_in_discovery)
{
	neg.discovery = true;
	neg.offer.immediate_data = false;
	ck_assert_int_eq(iscsi_neg_propose(&neg, &reply), 0);
}
END_TEST

START_TEST(full_reply_is_reported)
{
	reply.size = 10;
	ck_assert_int_eq(put("MaxBurstLength", "512"), -ENOSPC);
	ck_assert_int_eq(iscsi_neg_declare(&neg, 1, "Disk", &reply), -ENOSPC);
}
END_TEST

#define ADD_ALL(tc, test, array) \
	tcase_add_loop_test(tc, test, 0, ARRAY_SIZE(array))

static TCase *keys_tcase(void)
{
	TCase *tc = tcase_create("keys");

	tcase_add_checked_fixture(tc, start, NULL);
	ADD_ALL(tc, key_is_answered, cases);
	ADD_ALL(tc, key_is_answered_in_discovery, discovery_cases);
	tcase_add_test(tc, defaults_hold_without_negotiation);
	tcase_add_test(tc, result_is_what_was_answered);
	tcase_add_test(tc, reject_keeps_the_default);
	tcase_add_test(tc,
		       first_burst_is_clipped_to_a_burst_that_comes_later);
	tcase_add_test(tc, first_burst_is_clipped_to_the_default_burst);
	tcase_add_test(tc, default_first_burst_follows_the_burst);
	tcase_add_test(tc, burst_below_the_agreed_first_burst_is_rejected);
	tcase_add_test(tc,
		       first_burst_is_irrelevant_without_unsolicited_data);
	tcase_add_test(tc, recovery_leaves_one_outstanding_r2t);
	tcase_add_test(tc, full_reply_is_reported);
	return tc;
}

static TCase *legal_tcase(void)
{
	TCase *tc = tcase_create("legal");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, key_sent_twice_is_an_error);
	tcase_add_test(tc, rejected_key_sent_again_is_an_error);
	tcase_add_test(tc, declaration_sent_twice_is_an_error);
	tcase_add_test(tc, declared_length_out_of_range_is_an_error);
	tcase_add_test(tc, declared_length_beyond_24_bits_is_an_error);
	tcase_add_test(tc, reserved_values_are_no_offers);
	ADD_ALL(tc, targets_key_from_the_initiator_is_an_error, targets_own);
	tcase_add_test(tc, key_of_a_method_not_chosen_is_an_error);
	ADD_ALL(tc, operational_key_in_the_security_stage_is_an_error,
		operational);
	ADD_ALL(tc, security_key_in_the_security_stage_is_the_callers,
		security);
	ADD_ALL(tc, security_key_in_the_operational_stage_is_an_error,
		security);
	tcase_add_test(tc, any_stage_keys_come_in_the_security_stage);
	tcase_add_test(tc, unknown_key_in_the_security_stage_is_not_understood);
	tcase_add_test(tc, leading_key_on_another_connection_is_an_error);
	tcase_add_test(tc, connection_keys_come_on_any_connection);
	tcase_add_test(tc, send_targets_during_login_is_an_error);
	tcase_add_test(tc, full_feature_phase_takes_a_new_length);
	tcase_add_test(tc, full_feature_phase_has_few_keys);
	return tc;
}

static TCase *identity_tcase(void)
{
	TCase *tc = tcase_create("identity");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, names_are_found_wherever_they_are);
	tcase_add_test(tc, discovery_needs_no_target);
	tcase_add_test(tc, initiator_name_is_needed);
	tcase_add_test(tc, target_name_is_needed);
	tcase_add_test(tc, initiator_name_must_be_one);
	tcase_add_test(tc, session_type_must_be_one);
	tcase_add_test(tc, malformed_text_identifies_nobody);
	tcase_add_test(tc, discovery_session_has_one_connection);
	tcase_add_test(tc, other_names_in_a_later_text_are_an_error);
	tcase_add_test(tc, same_names_in_a_later_text_are_borne);
	tcase_add_test(tc, names_sent_twice_are_an_error);
	tcase_add_test(tc, declarations_are_made_once);
	tcase_add_test(tc, length_is_declared_in_the_operational_stage);
	tcase_add_test(tc, discovery_without_target_has_no_tag);
	return tc;
}

static TCase *propose_tcase(void)
{
	TCase *tc = tcase_create("proposals");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, nothing_is_proposed_without_need);
	tcase_add_test(tc, required_digest_is_proposed);
	tcase_add_test(tc, proposal_turned_down_is_an_error);
	tcase_add_test(tc, answer_that_was_not_proposed_is_an_error);
	tcase_add_test(tc, answer_with_a_list_is_an_error);
	tcase_add_test(tc, initiator_without_the_required_digest_fails);
	tcase_add_test(tc, refusal_of_immediate_data_needs_no_answer);
	tcase_add_test(tc, refusal_of_immediate_data_cannot_be_overruled);
	tcase_add_test(tc, small_first_burst_is_proposed);
	tcase_add_test(tc, answer_above_the_proposed_first_burst_is_an_error);
	tcase_add_test(tc,
		       session_keys_are_not_proposed_on_another_connection);
	tcase_add_test(tc, session_keys_are_not_proposed_in_discovery);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("iscsi_neg");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, keys_tcase());
	suite_add_tcase(s, legal_tcase());
	suite_add_tcase(s, identity_tcase());
	suite_add_tcase(s, propose_tcase());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
