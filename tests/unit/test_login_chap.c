// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the Login Phase: authentication.
 */
#include <stdio.h>
#include <stdlib.h>

#include "login_peer.h"

static const char *const algs[] = { "5", "6", "7", "8" };

/* The value of @key in the last answer. */
static const char *value_of(const char *key)
{
	static char value[LOGIN_DATA_MAX];
	size_t len = strlen(key);
	const char *s = peer_answer;

	while (strncmp(s, key, len) || s[len] != '=') {
		s = strchr(s, ' ');
		ck_assert_msg(s, "no %s in: %s", key, peer_answer);
		s++;
	}
	strcpy(value, s + len + 1);
	value[strcspn(value, " ")] = 0;
	return value;
}

/* "CHAP_R=..." for the challenge in the last answer. */
static const char *chap_r(const struct auth_secret *secret)
{
	static char text[100] = "CHAP_R=0x";
	u8 challenge[64], digest[CHAP_DIGEST_MAX];
	u8 alg = atoi(value_of("CHAP_A")), id = atoi(value_of("CHAP_I"));
	int n;

	n = iscsi_value_binary(value_of("CHAP_C"), challenge, 64);
	ck_assert_int_gt(n, 0);
	n = chap_digest(alg, id, secret, challenge, n, digest);
	*bin2hex(text + 9, digest, n) = 0;
	return text;
}

static enum login_verdict say_chap(u8 flags, const struct auth_secret *secret,
				   const char *more)
{
	char keys[2200];

	snprintf(keys, sizeof(keys), "CHAP_N=joe %s %s", chap_r(secret), more);
	return say(flags, keys);
}

/* Up to and including our challenge. */
static void challenge(const char *alg)
{
	char keys[20];

	peer_env.entry = &peer_entry;
	say(S | TO_O, NAMES "AuthMethod=CHAP,None");
	assert_goes_on(S, "AuthMethod=CHAP " TAG);
	snprintf(keys, sizeof(keys), "CHAP_A=%s", alg);
	say(S | TO_O, keys);
	ck_assert_int_eq(status(), 0);
	ck_assert_uint_eq(bhs()->flags, S);
}

START_TEST(chap_login)
{
	challenge(algs[_i]);
	ck_assert_str_eq(value_of("CHAP_A"), algs[_i]);
	ck_assert_int_eq(say_chap(S | TO_O, &peer_entry.secret, ""),
			 LOGIN_CONTINUE);
	assert_goes_on(S | TO_O, "");
	ck_assert_int_eq(say(O | TO_F, ""), LOGIN_DONE);
	ck_assert(login_result(the_login)->authenticated);
}
END_TEST

START_TEST(mutual_chap_login)
{
	u8 digest[CHAP_DIGEST_MAX];
	char expected[100] = "CHAP_N=disk CHAP_R=0x";
	int n;

	challenge(algs[_i]);
	n = chap_digest(atoi(algs[_i]), 9, &peer_entry.target_secret, "\1\2\3\4", 4,
			digest);
	*bin2hex(expected + strlen(expected), digest, n) = 0;
	ck_assert_int_eq(say_chap(S | TO_O, &peer_entry.secret,
				  "CHAP_I=9 CHAP_C=0x01020304"),
			 LOGIN_CONTINUE);
	assert_goes_on(S | TO_O, expected);
	ck_assert_int_eq(say(O | TO_F, ""), LOGIN_DONE);
}
END_TEST

START_TEST(alias_waits_for_authentication)
{
	peer_env.alias = "Disk";
	challenge("7");
	say_chap(S | TO_O, &peer_entry.secret, "");
	assert_goes_on(S | TO_O, "TargetAlias=Disk");
}
END_TEST

START_TEST(chap_straight_to_full_feature_phase)
{
	challenge("7");
	ck_assert_int_eq(say_chap(S | TO_F, &peer_entry.secret, ""), LOGIN_DONE);
	assert_goes_on(S | TO_F, "");
}
END_TEST

START_TEST(stage_is_left_when_the_initiator_wants)
{
	challenge("7");
	say_chap(S, &peer_entry.secret, "");
	assert_goes_on(S, "");
	say(S | TO_O, "");
	assert_goes_on(S | TO_O, "");
}
END_TEST

START_TEST(wrong_secret_fails)
{
	challenge("5");
	assert_fails(say_chap(S | TO_O, &peer_entry.target_secret, ""),
		     ISCSI_LOGIN_AUTH_FAILED);
}
END_TEST

START_TEST(reflected_challenge_fails)
{
	char more[200];

	challenge("5");
	snprintf(more, sizeof(more), "CHAP_I=1 CHAP_C=%s", value_of("CHAP_C"));
	assert_fails(say_chap(S | TO_O, &peer_entry.secret, more),
		     ISCSI_LOGIN_AUTH_FAILED);
}
END_TEST

START_TEST(no_common_algorithm_fails)
{
	peer_env.entry = &peer_entry;
	say(S | TO_O, NAMES "AuthMethod=CHAP");
	assert_fails(say(S | TO_O, "CHAP_A=99"), ISCSI_LOGIN_AUTH_FAILED);
}
END_TEST

START_TEST(only_none_fails_where_chap_is_required)
{
	peer_env.entry = &peer_entry;
	assert_fails(say(S | TO_O, NAMES "AuthMethod=None"),
		     ISCSI_LOGIN_AUTH_FAILED);
}
END_TEST

START_TEST(skipped_security_stage_fails_where_chap_is_required)
{
	peer_env.entry = &peer_entry;
	assert_fails(say(O | TO_F, NAMES), ISCSI_LOGIN_AUTH_FAILED);
}
END_TEST

START_TEST(chap_is_proposed_to_who_offers_no_method)
{
	peer_env.entry = &peer_entry;
	ck_assert_int_eq(say(S | TO_O, NAMES), LOGIN_CONTINUE);
	assert_goes_on(S, "AuthMethod=CHAP " TAG);
	say(S | TO_O, "AuthMethod=CHAP CHAP_A=7");
	ck_assert_uint_eq(bhs()->flags, S);
	ck_assert_int_eq(say_chap(S | TO_O, &peer_entry.secret, ""),
			 LOGIN_CONTINUE);
	assert_goes_on(S | TO_O, "");
}
END_TEST

static const char *const no_answers[] = {
	"", "AuthMethod=None", "AuthMethod=CHAP,None", "CHAP_A=7",
};

START_TEST(proposal_must_be_accepted)
{
	peer_env.entry = &peer_entry;
	say(S | TO_O, NAMES);
	assert_fails(say(S | TO_O, no_answers[_i]), ISCSI_LOGIN_AUTH_FAILED);
}
END_TEST

START_TEST(rejected_proposal_is_an_error)
{
	peer_env.entry = &peer_entry;
	say(S | TO_O, NAMES);
	assert_fails(say(S | TO_O, "AuthMethod=Reject"),
		     ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

/* What must not follow the choice of CHAP. */
static const char *const bad_steps[] = {
	"", "CHAP_N=joe CHAP_R=0x00", "CHAP_I=1 CHAP_C=0x00",
	"CHAP_A=5 CHAP_N=joe", "AuthMethod=CHAP", "InitialR2T=No",
};

START_TEST(chap_step_out_of_order_fails)
{
	peer_env.entry = &peer_entry;
	say(S | TO_O, NAMES "AuthMethod=CHAP");
	assert_fails(say(S | TO_O, bad_steps[_i]), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

static const char *const early_steps[] = {
	NAMES "AuthMethod=CHAP CHAP_A=5", NAMES "CHAP_A=5",
	NAMES "CHAP_N=joe CHAP_R=0x00",
};

START_TEST(early_chap_step_fails)
{
	peer_env.entry = &peer_entry;
	assert_fails(say(S | TO_O, early_steps[_i]),
		     ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

static const char *const bad_answers[] = {
	"", "CHAP_N=joe", "CHAP_R=0x00", "CHAP_N=joe CHAP_R=xyz",
	"CHAP_A=5", "CHAP_N=joe CHAP_N=joe CHAP_R=0x00",
};

START_TEST(bad_chap_answer_fails)
{
	challenge("5");
	assert_fails(say(S | TO_O, bad_answers[_i]),
		     ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(challenge_cannot_be_asked_for_twice)
{
	challenge("5");
	assert_fails(say(S | TO_O, "CHAP_A=5"), ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(security_keys_after_authentication_fail)
{
	challenge("5");
	say_chap(S, &peer_entry.secret, "");
	assert_fails(say(S | TO_O, "CHAP_I=1 CHAP_C=0x00"),
		     ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

START_TEST(security_keys_in_the_operational_stage_fail)
{
	say(S | TO_O, NAMES);
	assert_fails(say(O | TO_F, "AuthMethod=None"),
		     ISCSI_LOGIN_INITIATOR_ERROR);
}
END_TEST

static TCase *chap_tcase(void)
{
	TCase *tc = tcase_create("chap");

	tcase_add_checked_fixture(tc, peer_start, peer_stop);
	ADD_ALL(tc, chap_login, algs);
	ADD_ALL(tc, mutual_chap_login, algs);
	tcase_add_test(tc, alias_waits_for_authentication);
	tcase_add_test(tc, chap_straight_to_full_feature_phase);
	tcase_add_test(tc, stage_is_left_when_the_initiator_wants);
	tcase_add_test(tc, wrong_secret_fails);
	tcase_add_test(tc, reflected_challenge_fails);
	tcase_add_test(tc, no_common_algorithm_fails);
	tcase_add_test(tc, only_none_fails_where_chap_is_required);
	tcase_add_test(tc,
		       skipped_security_stage_fails_where_chap_is_required);
	tcase_add_test(tc, chap_is_proposed_to_who_offers_no_method);
	ADD_ALL(tc, proposal_must_be_accepted, no_answers);
	tcase_add_test(tc, rejected_proposal_is_an_error);
	ADD_ALL(tc, chap_step_out_of_order_fails, bad_steps);
	ADD_ALL(tc, early_chap_step_fails, early_steps);
	ADD_ALL(tc, bad_chap_answer_fails, bad_answers);
	tcase_add_test(tc, challenge_cannot_be_asked_for_twice);
	tcase_add_test(tc, security_keys_after_authentication_fail);
	tcase_add_test(tc, security_keys_in_the_operational_stage_fail);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		chap_tcase,
	};

	return peer_main("login_chap", tcases, ARRAY_SIZE(tcases));
}
