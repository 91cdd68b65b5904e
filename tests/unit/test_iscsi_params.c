// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of operational parameters as the operator sets them.
 */
#include <check.h>
#include <stdlib.h>

#include "iscsi_params.h"

START_TEST(offers_are_as_documented)
{
	struct iscsi_params p;

	iscsi_params_offer(&p);
	ck_assert_uint_eq(p.max_connections, 8);
	ck_assert(!p.initial_r2t);
	ck_assert(p.immediate_data);
	ck_assert_uint_eq(p.max_recv, 262144);
	ck_assert_uint_eq(p.max_burst, 1048576);
	ck_assert_uint_eq(p.first_burst, 262144);
	ck_assert_uint_eq(p.max_outstanding_r2t, 8);
	ck_assert_uint_eq(p.error_recovery_level, 0);
	ck_assert_uint_eq(p.header_digest,
			  ISCSI_DIGEST_NONE | ISCSI_DIGEST_CRC32C);
	ck_assert_uint_eq(p.data_digest,
			  ISCSI_DIGEST_NONE | ISCSI_DIGEST_CRC32C);
	ck_assert_uint_eq(p.time2wait, 2);
	ck_assert_uint_eq(p.time2retain, 0);
	ck_assert(p.data_pdu_in_order);
	ck_assert(p.data_sequence_in_order);
}
END_TEST

static struct iscsi_params params;

static int set(const char *key, const char *value)
{
	iscsi_params_offer(&params);
	return iscsi_params_set(&params, key, value);
}

START_TEST(offers_can_be_set)
{
	ck_assert_int_eq(set("InitialR2T", "Yes"), 0);
	ck_assert(params.initial_r2t);
	ck_assert_int_eq(set("MaxBurstLength", "65536"), 0);
	ck_assert_uint_eq(params.max_burst, 65536);
	ck_assert_int_eq(set("MaxRecvDataSegmentLength", "0x1000"), 0);
	ck_assert_uint_eq(params.max_recv, 4096);
	ck_assert_int_eq(set("MaxOutstandingR2T", "1"), 0);
	ck_assert_uint_eq(params.max_outstanding_r2t, 1);
	ck_assert_int_eq(set("ErrorRecoveryLevel", "0"), 0);
}
END_TEST

START_TEST(digests_are_set_as_a_list)
{
	ck_assert_int_eq(set("HeaderDigest", "CRC32C"), 0);
	ck_assert_uint_eq(params.header_digest, ISCSI_DIGEST_CRC32C);
	ck_assert_int_eq(set("DataDigest", "CRC32C,None"), 0);
	ck_assert_uint_eq(params.data_digest,
			  ISCSI_DIGEST_CRC32C | ISCSI_DIGEST_NONE);
	ck_assert_int_eq(set("DataDigest", "MD5"), -EINVAL);
	ck_assert_int_eq(set("DataDigest", ""), -EINVAL);
}
END_TEST

START_TEST(bad_offers_are_refused)
{
	ck_assert_int_eq(set("MaxBurstLength", "511"), -ERANGE);
	ck_assert_int_eq(set("MaxBurstLength", "64k"), -EINVAL);
	ck_assert_int_eq(set("InitialR2T", "1"), -EINVAL);
	ck_assert_int_eq(set("ErrorRecoveryLevel", "1"), -ERANGE);
	ck_assert_int_eq(set("iSCSIProtocolLevel", "2"), -ERANGE);
	ck_assert_int_eq(set("MaxConnections", "65536"), -ERANGE);
	ck_assert_int_eq(set("MaxOutstandingR2T", "9"), -ERANGE);
	ck_assert_int_eq(set("DataPDUInOrder", "No"), -ERANGE);
	ck_assert_int_eq(set("DataSequenceInOrder", "No"), -ERANGE);
}
END_TEST

START_TEST(other_keys_cannot_be_set)
{
	ck_assert_int_eq(set("InitiatorName", "iqn.a"), -ENOENT);
	ck_assert_int_eq(set("Nonsense", "1"), -ENOENT);
}
END_TEST

static TCase *set_tcase(void)
{
	TCase *tc = tcase_create("operator");

	tcase_add_test(tc, offers_are_as_documented);
	tcase_add_test(tc, offers_can_be_set);
	tcase_add_test(tc, digests_are_set_as_a_list);
	tcase_add_test(tc, bad_offers_are_refused);
	tcase_add_test(tc, other_keys_cannot_be_set);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("iscsi_params");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, set_tcase());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
