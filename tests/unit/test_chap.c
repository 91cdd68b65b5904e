// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of CHAP. The known answers are from another implementation:
 * python3 -c 'hashlib.new(NAME, bytes([0x5a]) + SECRET + CHALLENGE)', with
 * the bytes 1, 2, 3, ... as challenge.
 */
#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "chap.h"

static const struct auth_secret secret = {
	.data = (const u8 *)"correct horse battery", .len = 21
};
static const struct auth_secret target_secret = {
	.data = (const u8 *)"another sixteen!", .len = 16
};
static struct auth_entry entry;
static struct chap_algs algs;
static struct chap chap;
static char reply_data[8192];
static struct iscsi_text_buf reply;

static void start(void)
{
	entry = (struct auth_entry){
		.initiator = "*", .user = "joe", .secret = secret,
		.target_user = "disk", .target_secret = target_secret,
	};
	chap_algs_default(&algs);
	reply = (struct iscsi_text_buf){
		.data = reply_data, .size = sizeof(reply_data)
	};
}

static const struct {
	u8 alg;
	const char *number;
	const char *digest;
} known[] = {
	{ CHAP_MD5, "5", "cb78e5ae0717d4e44c62b4eb46350dee" },
	{ CHAP_SHA1, "6", "2f199836654081666a32f55e92b76c928c9b09b1" },
	{ CHAP_SHA256, "7", "0689f17673223917ff536d43ff930f3f"
			    "0009b9d1d6c5cc1393e2b21448951b25" },
	{ CHAP_SHA3_256, "8", "e023851520abc7a17fbf4435c7617f9c"
			      "fdc4eba6b18587c7bbd961bc058c1ae5" },
};

START_TEST(digest_is_as_known)
{
	u8 challenge[CHAP_DIGEST_MAX], digest[CHAP_DIGEST_MAX];
	char hex[2 * CHAP_DIGEST_MAX + 1] = { 0 };
	int n, i;

	for (i = 0; i < CHAP_DIGEST_MAX; i++)
		challenge[i] = i + 1;
	n = strlen(known[_i].digest) / 2;
	ck_assert_int_eq(chap_digest(known[_i].alg, 0x5a, &secret, challenge,
				     n, digest), n);
	bin2hex(hex, digest, n);
	ck_assert_str_eq(hex, known[_i].digest);
}
END_TEST

START_TEST(strongest_comes_first)
{
	ck_assert_uint_eq(algs.nr, 4);
	ck_assert_uint_eq(algs.alg[0], CHAP_SHA3_256);
	ck_assert_uint_eq(algs.alg[1], CHAP_SHA256);
	ck_assert_uint_eq(algs.alg[2], CHAP_SHA1);
	ck_assert_uint_eq(algs.alg[3], CHAP_MD5);
}
END_TEST

START_TEST(order_is_configurable)
{
	ck_assert_int_eq(chap_algs_parse(&algs, "md5,SHA-256"), 0);
	ck_assert_uint_eq(algs.nr, 2);
	ck_assert_uint_eq(algs.alg[0], CHAP_MD5);
	ck_assert_uint_eq(algs.alg[1], CHAP_SHA256);
}
END_TEST

START_TEST(bad_orders_are_refused)
{
	ck_assert_int_eq(chap_algs_parse(&algs, ""), -EINVAL);
	ck_assert_int_eq(chap_algs_parse(&algs, "SHA512"), -EINVAL);
	ck_assert_int_eq(chap_algs_parse(&algs, "MD5,MD5"), -EINVAL);
}
END_TEST

/* As on a machine in FIPS mode, where even more is missing here. */
START_TEST(what_libcrypto_lacks_is_not_offered)
{
	u8 digest[CHAP_DIGEST_MAX];

	EVP_set_default_properties(NULL, "fips=yes");
	chap_algs_default(&algs);
	ck_assert_uint_eq(algs.nr, 0);
	ck_assert_int_eq(chap_algs_parse(&algs, "MD5"), -ENOTSUP);
	ck_assert_int_eq(chap_digest(CHAP_MD5, 0, &secret, "", 0, digest),
			 -EIO);
	EVP_set_default_properties(NULL, "");
}
END_TEST

static int challenge(const char *offered)
{
	return chap_challenge(&chap, &entry, &algs, offered, &reply);
}

START_TEST(each_algorithm_is_taken_alone)
{
	ck_assert_int_eq(challenge(known[_i].number), 0);
	ck_assert_uint_eq(chap.alg, known[_i].alg);
	ck_assert_uint_eq(chap.challenge_len, strlen(known[_i].digest) / 2);
}
END_TEST

START_TEST(our_order_decides)
{
	ck_assert_int_eq(challenge("5,7,6"), 0);
	ck_assert_uint_eq(chap.alg, CHAP_SHA256);
	chap_algs_parse(&algs, "SHA1,SHA-256");
	ck_assert_int_eq(challenge("5,7,6"), 0);
	ck_assert_uint_eq(chap.alg, CHAP_SHA1);
}
END_TEST

START_TEST(unknown_algorithms_are_skipped)
{
	ck_assert_int_eq(challenge("129,x,0x7,-1"), 0);
	ck_assert_uint_eq(chap.alg, CHAP_SHA256);
}
END_TEST

START_TEST(no_common_algorithm_fails)
{
	ck_assert_int_eq(challenge("129"), -EACCES);
	chap_algs_parse(&algs, "SHA-256");
	ck_assert_int_eq(challenge("5"), -EACCES);
}
END_TEST

START_TEST(challenge_is_written)
{
	char expected[256], hex[2 * CHAP_DIGEST_MAX + 1] = { 0 };
	int n;

	ck_assert_int_eq(challenge("5"), 0);
	bin2hex(hex, chap.challenge, 16);
	n = snprintf(expected, sizeof(expected),
		     "CHAP_A=5%cCHAP_I=%u%cCHAP_C=0x%s", 0, chap.id, 0, hex);
	ck_assert_uint_eq(reply.len, n + 1);
	ck_assert_mem_eq(reply.data, expected, n + 1);
}
END_TEST

START_TEST(challenges_differ)
{
	u8 before[CHAP_DIGEST_MAX];

	challenge("7");
	memcpy(before, chap.challenge, 32);
	challenge("7");
	ck_assert_mem_ne(before, chap.challenge, 32);
}
END_TEST

START_TEST(full_reply_is_reported)
{
	reply.size = 20;
	ck_assert_int_eq(challenge("5"), -ENOSPC);
}
END_TEST

/* "0x..." of the response to @challenge; in a static buffer of its own. */
static char *respond(u8 id, const struct auth_secret *with, const void *data,
		     size_t len)
{
	static char hex[2 + 2 * CHAP_DIGEST_MAX + 1];
	u8 digest[CHAP_DIGEST_MAX];
	int n = chap_digest(chap.alg, id, with, data, len, digest);

	strcpy(hex, "0x");
	*bin2hex(hex + 2, digest, n) = 0;
	return hex;
}

static char *right_response(void)
{
	return respond(chap.id, &secret, chap.challenge, chap.challenge_len);
}

static int verify(const char *name, const char *response, const char *id,
		  const char *their_challenge)
{
	const struct chap_answer answer = {
		.name = name, .response = response, .id = id,
		.challenge = their_challenge,
	};

	reply.len = 0;
	return chap_verify(&chap, &answer, &reply);
}

START_TEST(right_answer_is_accepted)
{
	challenge(known[_i].number);
	ck_assert_int_eq(verify("joe", right_response(), NULL, NULL), 0);
	ck_assert_uint_eq(reply.len, 0);
}
END_TEST

START_TEST(base64_answer_is_accepted)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789+/";
	char base64[64] = "0b";
	u8 d[CHAP_DIGEST_MAX + 1] = { 0 };
	int i;

	challenge("7");
	chap_digest(chap.alg, chap.id, &secret, chap.challenge, 32, d);
	for (i = 0; i < 43; i++)
		base64[2 + i] = digits[(d[i * 6 / 8] << 8 | d[i * 6 / 8 + 1])
				       >> (10 - i * 6 % 8) & 63];
	base64[2 + i] = '=';
	ck_assert_int_eq(verify("joe", base64, NULL, NULL), 0);
}
END_TEST

START_TEST(wrong_name_fails)
{
	challenge("5");
	ck_assert_int_eq(verify("jo", right_response(), NULL, NULL), -EACCES);
}
END_TEST

START_TEST(wrong_secret_fails_just_like_a_wrong_name)
{
	const char *why;

	challenge("5");
	verify("jim", right_response(), NULL, NULL);
	why = chap.why;
	challenge("5");
	ck_assert_int_eq(verify("joe", respond(chap.id, &target_secret,
					       chap.challenge, 16),
				NULL, NULL), -EACCES);
	ck_assert_str_eq(chap.why, why);
}
END_TEST

START_TEST(wrong_identifier_fails)
{
	challenge("5");
	ck_assert_int_eq(verify("joe", respond(chap.id + 1, &secret,
					       chap.challenge, 16),
				NULL, NULL), -EACCES);
}
END_TEST

START_TEST(response_of_another_length_fails)
{
	char *response;

	challenge("7");
	response = right_response();
	response[2 + 2 * 31] = 0;
	ck_assert_int_eq(verify("joe", response, NULL, NULL), -EACCES);
	challenge("5");
	response = right_response();
	strcat(response, "00");
	ck_assert_int_eq(verify("joe", response, NULL, NULL), -EACCES);
}
END_TEST

START_TEST(longest_response_fails)
{
	static char response[8193] = "0x";

	memset(response + 2, '0', 8190);
	challenge("5");
	ck_assert_int_eq(verify("joe", response, NULL, NULL), -EACCES);
}
END_TEST

START_TEST(malformed_response_is_an_error)
{
	challenge("5");
	ck_assert_int_eq(verify("joe", "secret", NULL, NULL), -EPROTO);
}
END_TEST

START_TEST(name_and_response_are_needed)
{
	challenge("5");
	ck_assert_int_eq(verify(NULL, right_response(), NULL, NULL), -EPROTO);
	challenge("5");
	ck_assert_int_eq(verify("joe", NULL, NULL, NULL), -EPROTO);
}
END_TEST

START_TEST(challenge_is_answered_once)
{
	challenge("5");
	ck_assert_int_eq(verify("joe", right_response(), NULL, NULL), 0);
	ck_assert_int_eq(verify("joe", right_response(), NULL, NULL), -EPROTO);
}
END_TEST

START_TEST(target_proves_itself)
{
	char expected[128];
	int n;

	challenge(known[_i].number);
	ck_assert_int_eq(verify("joe", right_response(), "7", "0x0102030405"),
			 0);
	n = snprintf(expected, sizeof(expected), "CHAP_N=disk%cCHAP_R=%s", 0,
		     respond(7, &target_secret, "\1\2\3\4\5", 5));
	ck_assert_uint_eq(reply.len, n + 1);
	ck_assert_mem_eq(reply.data, expected, n + 1);
}
END_TEST

START_TEST(challenge_of_1024_bytes_is_answered)
{
	static char theirs[2 + 2 * 1024 + 1] = "0x";

	memset(theirs + 2, 'a', 2048);
	challenge("7");
	ck_assert_int_eq(verify("joe", right_response(), "255", theirs), 0);
}
END_TEST

START_TEST(longer_challenge_is_an_error)
{
	static char theirs[2 + 2 * 1025 + 1] = "0x";

	memset(theirs + 2, 'a', 2050);
	challenge("7");
	ck_assert_int_eq(verify("joe", right_response(), "255", theirs),
			 -EPROTO);
}
END_TEST

START_TEST(identifier_must_be_a_byte)
{
	challenge("5");
	ck_assert_int_eq(verify("joe", right_response(), "256", "0x01"),
			 -EPROTO);
}
END_TEST

START_TEST(identifier_and_challenge_need_each_other)
{
	challenge("5");
	ck_assert_int_eq(verify("joe", right_response(), "1", NULL), -EPROTO);
	challenge("5");
	ck_assert_int_eq(verify("joe", right_response(), NULL, "0x01"),
			 -EPROTO);
}
END_TEST

START_TEST(reflected_challenge_is_refused)
{
	char theirs[2 + 2 * 32 + 1] = "0x";

	challenge("7");
	*bin2hex(theirs + 2, chap.challenge, 32) = 0;
	ck_assert_int_eq(verify("joe", right_response(), "1", theirs),
			 -EACCES);
	ck_assert_uint_eq(reply.len, 0);
}
END_TEST

START_TEST(target_without_secret_cannot_prove_itself)
{
	entry.target_user = NULL;
	challenge("7");
	ck_assert_int_eq(verify("joe", right_response(), "1", "0x01"),
			 -EACCES);
}
END_TEST

START_TEST(who_fails_gets_no_proof)
{
	challenge("7");
	ck_assert_int_eq(verify("jim", right_response(), "1", "0x01"),
			 -EACCES);
	ck_assert_uint_eq(reply.len, 0);
}
END_TEST

static TCase *answer_tcase(void)
{
	TCase *tc = tcase_create("answer");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_loop_test(tc, right_answer_is_accepted, 0,
			    ARRAY_SIZE(known));
	tcase_add_test(tc, base64_answer_is_accepted);
	tcase_add_test(tc, wrong_name_fails);
	tcase_add_test(tc, wrong_secret_fails_just_like_a_wrong_name);
	tcase_add_test(tc, wrong_identifier_fails);
	tcase_add_test(tc, response_of_another_length_fails);
	tcase_add_test(tc, longest_response_fails);
	tcase_add_test(tc, malformed_response_is_an_error);
	tcase_add_test(tc, name_and_response_are_needed);
	tcase_add_test(tc, challenge_is_answered_once);
	return tc;
}

static TCase *mutual_tcase(void)
{
	TCase *tc = tcase_create("mutual");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_loop_test(tc, target_proves_itself, 0, ARRAY_SIZE(known));
	tcase_add_test(tc, challenge_of_1024_bytes_is_answered);
	tcase_add_test(tc, longer_challenge_is_an_error);
	tcase_add_test(tc, identifier_must_be_a_byte);
	tcase_add_test(tc, identifier_and_challenge_need_each_other);
	tcase_add_test(tc, reflected_challenge_is_refused);
	tcase_add_test(tc, target_without_secret_cannot_prove_itself);
	tcase_add_test(tc, who_fails_gets_no_proof);
	return tc;
}

static TCase *challenge_tcase(void)
{
	TCase *tc = tcase_create("challenge");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_loop_test(tc, digest_is_as_known, 0, ARRAY_SIZE(known));
	tcase_add_test(tc, strongest_comes_first);
	tcase_add_test(tc, order_is_configurable);
	tcase_add_test(tc, bad_orders_are_refused);
	tcase_add_test(tc, what_libcrypto_lacks_is_not_offered);
	tcase_add_loop_test(tc, each_algorithm_is_taken_alone, 0,
			    ARRAY_SIZE(known));
	tcase_add_test(tc, our_order_decides);
	tcase_add_test(tc, unknown_algorithms_are_skipped);
	tcase_add_test(tc, no_common_algorithm_fails);
	tcase_add_test(tc, challenge_is_written);
	tcase_add_test(tc, challenges_differ);
	tcase_add_test(tc, full_reply_is_reported);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("chap");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, challenge_tcase());
	suite_add_tcase(s, answer_tcase());
	suite_add_tcase(s, mutual_tcase());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
