/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: what the tests of media device servers share: checks of the last
 * command, whose struct scst_cmd is c->cmd.
 */
#ifndef CMD_TEST_H
#define CMD_TEST_H

#include <check.h>
#include <stdlib.h>

#include "scst_cmd.h"

#define ck_good() \
	do { \
		ck_assert_msg(c->cmd.status == SCSI_GOOD, "status %x, %s", \
			      c->cmd.status, \
			      scst_sense_name(c->cmd.sense.sense)); \
	} while (0)

#define ck_sense(s) \
	do { \
		ck_assert_uint_eq(c->cmd.status, SCSI_CHECK_CONDITION); \
		ck_assert_str_eq(scst_sense_name(c->cmd.sense.sense), \
				 scst_sense_name(s)); \
		ck_assert_uint_eq(c->cmd.sense.sense, s); \
	} while (0)

#define ck_info(s, value) \
	do { \
		ck_sense(s); \
		ck_assert(c->cmd.sense.has_info); \
		ck_assert_uint_eq(c->cmd.sense.info, value); \
	} while (0)

#define ck_bad_cdb(byte, bit) \
	do { \
		ck_sense(SENSE_INVALID_FIELD_IN_CDB); \
		ck_assert(c->cmd.sense.has_field); \
		ck_assert(c->cmd.sense.field_in_cdb); \
		ck_assert_uint_eq(c->cmd.sense.field, byte); \
		ck_assert_uint_eq(c->cmd.sense.field_bit, bit); \
	} while (0)

static inline int run_suite(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
