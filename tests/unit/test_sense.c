// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of sense data on the wire, and of the commands' outcomes.
 */
#include <check.h>
#include <stdlib.h>

#include "scst_cmd.h"
#include "scsi_sense.h"

static u8 buf[SCST_SENSE_MAX + 1];
static unsigned int len;

static void setup(void)
{
	memset(buf, 0xee, sizeof(buf));
	len = 0;
}

static void encode(const struct scst_sense_data *sd, bool descriptor)
{
	len = scst_sense_encode(sd, descriptor, buf, SCST_SENSE_MAX);
}

START_TEST(fixed_format_has_18_bytes)
{
	struct scst_sense_data sd = { .sense = SENSE_READ_ERROR };

	encode(&sd, false);
	ck_assert_uint_eq(len, 18);
	ck_assert_uint_eq(buf[0], 0x70);
	ck_assert_uint_eq(buf[2], KEY_MEDIUM_ERROR);
	ck_assert_uint_eq(buf[7], 10);
	ck_assert_uint_eq(buf[12], 0x11);
	ck_assert_uint_eq(buf[13], 0x00);
	ck_assert_uint_eq(buf[18], 0xee);
}
END_TEST

START_TEST(fixed_format_has_information)
{
	struct scst_sense_data sd = {
		.sense = SENSE_READ_ERROR, .info = 0x12345678, .has_info = true,
	};

	encode(&sd, false);
	ck_assert_uint_eq(buf[0], 0xf0);
	ck_assert_uint_eq(get_unaligned_be32(buf + 3), 0x12345678);
}
END_TEST

START_TEST(fixed_format_leaves_out_wide_information)
{
	struct scst_sense_data sd = {
		.sense = SENSE_READ_ERROR, .info = 1ULL << 32, .has_info = true,
	};

	encode(&sd, false);
	ck_assert_uint_eq(buf[0], 0x70);
	ck_assert_uint_eq(get_unaligned_be32(buf + 3), 0);
}
END_TEST

START_TEST(fixed_format_points_at_a_bit_of_the_cdb)
{
	struct scst_sense_data sd = {
		.sense = SENSE_INVALID_FIELD_IN_CDB, .field = 0x0102,
		.field_bit = 5, .has_field = true, .field_in_cdb = true,
	};

	encode(&sd, false);
	ck_assert_uint_eq(buf[15], 0x80 | 0x40 | 0x08 | 5);
	ck_assert_uint_eq(get_unaligned_be16(buf + 16), 0x0102);
}
END_TEST

START_TEST(both_formats_tell_progress_when_not_ready)
{
	struct scst_sense_data sd = {
		.sense = SENSE_SANITIZE_IN_PROGRESS, .progress = 0x1234,
		.has_progress = true,
	};

	encode(&sd, false);
	ck_assert_uint_eq(buf[15], 0x80);
	ck_assert_uint_eq(get_unaligned_be16(buf + 16), 0x1234);
	encode(&sd, true);
	ck_assert_uint_eq(buf[8], 0x02);
	ck_assert_uint_eq(buf[9], 0x06);
	ck_assert_uint_eq(buf[12], 0x80);
	ck_assert_uint_eq(get_unaligned_be16(buf + 13), 0x1234);
	sd.sense = SENSE_SANITIZE_FAILED;
	encode(&sd, false);
	ck_assert_uint_eq(buf[15], 0);
}
END_TEST

START_TEST(fixed_format_points_at_a_byte_of_the_parameter_list)
{
	struct scst_sense_data sd = {
		.sense = SENSE_INVALID_FIELD_IN_PARAM, .field = 7,
		.field_bit = SENSE_NO_BIT, .has_field = true,
	};

	encode(&sd, false);
	ck_assert_uint_eq(buf[15], 0x80);
	ck_assert_uint_eq(buf[17], 7);
}
END_TEST

START_TEST(only_an_illegal_request_points_at_a_field)
{
	struct scst_sense_data sd = {
		.sense = SENSE_ABORTED, .field = 7, .has_field = true,
	};

	encode(&sd, false);
	ck_assert_uint_eq(buf[15], 0);
	encode(&sd, true);
	ck_assert_uint_eq(len, 8);
}
END_TEST

START_TEST(fixed_format_has_stream_bits_and_specific)
{
	struct scst_sense_data sd = {
		.sense = SENSE_NONE, .filemark = true, .eom = true, .ili = true,
		.specific = 0xcafe,
	};

	encode(&sd, false);
	ck_assert_uint_eq(buf[2], 0xe0);
	ck_assert_uint_eq(get_unaligned_be32(buf + 8), 0xcafe);
}
END_TEST

START_TEST(deferred_errors_have_codes_of_their_own)
{
	struct scst_sense_data sd = {
		.sense = SENSE_WRITE_ERROR, .deferred = true,
	};

	encode(&sd, false);
	ck_assert_uint_eq(buf[0], 0x71);
	encode(&sd, true);
	ck_assert_uint_eq(buf[0], 0x73);
}
END_TEST

START_TEST(descriptor_format_without_descriptors)
{
	struct scst_sense_data sd = { .sense = SENSE_MISCOMPARE_VERIFY };

	encode(&sd, true);
	ck_assert_uint_eq(len, 8);
	ck_assert_uint_eq(buf[0], 0x72);
	ck_assert_uint_eq(buf[1], KEY_MISCOMPARE);
	ck_assert_uint_eq(buf[2], 0x1d);
	ck_assert_uint_eq(buf[3], 0x00);
	ck_assert_uint_eq(buf[7], 0);
}
END_TEST

START_TEST(descriptor_format_has_wide_information)
{
	static const u8 want[] = {
		0x00, 0x0a, 0x80, 0, 0x01, 0x23, 0x45, 0x67,
		0x89, 0xab, 0xcd, 0xef,
	};
	struct scst_sense_data sd = {
		.sense = SENSE_READ_ERROR, .info = 0x0123456789abcdefULL,
		.has_info = true,
	};

	encode(&sd, true);
	ck_assert_uint_eq(len, 20);
	ck_assert_uint_eq(buf[7], 12);
	ck_assert_mem_eq(buf + 8, want, sizeof(want));
}
END_TEST

START_TEST(descriptor_format_has_all_descriptors)
{
	static const u8 field[] = { 0x02, 0x06, 0, 0, 0xcb, 0, 9, 0 };
	static const u8 stream[] = { 0x04, 0x02, 0, 0xa0 };
	struct scst_sense_data sd = {
		.sense = SENSE_INVALID_FIELD_IN_CDB, .has_info = true,
		.specific = 5, .field = 9, .field_bit = 3, .has_field = true,
		.field_in_cdb = true, .filemark = true, .ili = true,
	};

	encode(&sd, true);
	ck_assert_uint_eq(len, 8 + 12 + 12 + 8 + 4);
	ck_assert_uint_eq(buf[7], len - 8);
	ck_assert_uint_eq(buf[20], 0x01);
	ck_assert_uint_eq(get_unaligned_be64(buf + 24), 5);
	ck_assert_mem_eq(buf + 32, field, sizeof(field));
	ck_assert_mem_eq(buf + 40, stream, sizeof(stream));
}
END_TEST

START_TEST(short_room_is_told)
{
	struct scst_sense_data sd = {
		.sense = SENSE_READ_ERROR, .has_info = true,
	};

	ck_assert_uint_eq(scst_sense_encode(&sd, false, buf, 17), 17);
	ck_assert_uint_eq(buf[2], 0x10 | KEY_MEDIUM_ERROR);
	ck_assert_uint_eq(buf[17], 0xee);
	ck_assert_uint_eq(scst_sense_encode(&sd, true, buf, 8), 8);
	ck_assert_uint_eq(buf[4], 0x80);
	ck_assert_uint_eq(buf[7], 12);
	ck_assert_uint_eq(scst_sense_encode(&sd, true, buf, 0), 0);
}
END_TEST

START_TEST(exact_room_is_not)
{
	struct scst_sense_data sd = { .sense = SENSE_READ_ERROR };

	ck_assert_uint_eq(scst_sense_encode(&sd, false, buf, 18), 18);
	ck_assert_uint_eq(buf[2], KEY_MEDIUM_ERROR);
	ck_assert_uint_eq(scst_sense_encode(&sd, true, buf, 8), 8);
	ck_assert_uint_eq(buf[4], 0);
}
END_TEST

START_TEST(names_are_of_the_constant_or_of_its_key)
{
	ck_assert_str_eq(scst_sense_name(SENSE_LBA_OUT_OF_RANGE),
			 "LBA out of range");
	ck_assert_str_eq(scst_sense_name(SENSE(KEY_ILLEGAL_REQUEST, 0x99, 1)),
			 "illegal request");
	ck_assert_str_eq(scst_sense_name(SENSE_NONE), "no sense");
}
END_TEST

/* ---- Outcomes ---------------------------------------------------------- */

static struct scst_cmd cmd;
static int ended;
static u8 data[4096];
static struct core_seg seg;

static void done(struct scst_cmd *c)
{
	ck_assert_ptr_eq(c, &cmd);
	ended++;
}

static void cmd_setup(enum scst_data_dir dir, u32 data_len)
{
	memset(&cmd, 0, sizeof(cmd));
	memset(data, 0xee, sizeof(data));
	seg = (struct core_seg){ data, sizeof(data) };
	cmd.segs = &seg;
	cmd.nr_segs = 1;
	cmd.dir = dir;
	cmd.data_len = data_len;
	cmd.done = done;
	ended = 0;
}

START_TEST(fail_is_check_condition)
{
	cmd_setup(SCST_DATA_NONE, 0);
	scst_cmd_fail(&cmd, SENSE_WRITE_PROTECTED);
	ck_assert_int_eq(ended, 1);
	ck_assert_uint_eq(cmd.status, SCSI_CHECK_CONDITION);
	ck_assert_uint_eq(cmd.sense.sense, SENSE_WRITE_PROTECTED);
	ck_assert(!cmd.sense.has_info && !cmd.sense.has_field);
}
END_TEST

START_TEST(fail_with_busy_is_a_status)
{
	cmd_setup(SCST_DATA_NONE, 0);
	scst_cmd_fail(&cmd, SENSE_BUSY);
	ck_assert_int_eq(ended, 1);
	ck_assert_uint_eq(cmd.status, SCSI_BUSY);
	ck_assert_uint_eq(cmd.sense.sense, SENSE_NONE);
}
END_TEST

START_TEST(reply_is_cut_to_the_allocation_length)
{
	cmd_setup(SCST_DATA_IN, 100);
	scst_cmd_reply(&cmd, "abcdefgh", 8, 5);
	ck_assert_uint_eq(cmd.status, SCSI_GOOD);
	ck_assert_uint_eq(cmd.wanted, 5);
	ck_assert_uint_eq(cmd.data_in, 5);
	ck_assert_mem_eq(data, "abcde\xee", 6);
}
END_TEST

START_TEST(reply_is_cut_to_the_transports_length)
{
	cmd_setup(SCST_DATA_IN, 3);
	scst_cmd_reply(&cmd, "abcdefgh", 8, 8);
	ck_assert_uint_eq(cmd.wanted, 8);
	ck_assert_uint_eq(cmd.data_in, 3);
	ck_assert_mem_eq(data, "abc\xee", 4);
}
END_TEST

START_TEST(reply_does_not_write_into_data_out)
{
	cmd_setup(SCST_DATA_OUT, 100);
	scst_cmd_reply(&cmd, "abcdefgh", 8, 8);
	ck_assert_uint_eq(cmd.status, SCSI_GOOD);
	ck_assert_uint_eq(cmd.data_in, 0);
	ck_assert_uint_eq(data[0], 0xee);
}
END_TEST

START_TEST(parameters_are_copied)
{
	u8 params[4];

	cmd_setup(SCST_DATA_OUT, 4);
	memcpy(data, "abcd", 4);
	ck_assert(scst_cmd_get_params(&cmd, params, 4));
	ck_assert_mem_eq(params, "abcd", 4);
	ck_assert_uint_eq(cmd.wanted, 4);
	ck_assert_int_eq(ended, 0);
}
END_TEST

START_TEST(short_parameters_are_refused)
{
	u8 params[4];

	cmd_setup(SCST_DATA_OUT, 3);
	ck_assert(!scst_cmd_get_params(&cmd, params, 4));
	ck_assert_int_eq(ended, 1);
	ck_assert_uint_eq(cmd.sense.sense, SENSE_PARAM_LENGTH_ERROR);
}
END_TEST

START_TEST(copies_keep_to_the_announced_length)
{
	u8 out[8] = { 0 };

	cmd_setup(SCST_DATA_OUT, 4);
	ck_assert_uint_eq(scst_cmd_copy_out(&cmd, 2, out, 8), 2);
	ck_assert_uint_eq(scst_cmd_copy_out(&cmd, 4, out, 8), 0);
	ck_assert_uint_eq(scst_cmd_copy_in(&cmd, 0, out, 8), 0);
	ck_assert_uint_eq(data[0], 0xee);
}
END_TEST

static Suite *sense_suite(void)
{
	Suite *s = suite_create("sense");
	TCase *tc = tcase_create("wire");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, fixed_format_has_18_bytes);
	tcase_add_test(tc, fixed_format_has_information);
	tcase_add_test(tc, fixed_format_leaves_out_wide_information);
	tcase_add_test(tc, fixed_format_points_at_a_bit_of_the_cdb);
	tcase_add_test(tc, fixed_format_points_at_a_byte_of_the_parameter_list);
	tcase_add_test(tc, both_formats_tell_progress_when_not_ready);
	tcase_add_test(tc, only_an_illegal_request_points_at_a_field);
	tcase_add_test(tc, fixed_format_has_stream_bits_and_specific);
	tcase_add_test(tc, deferred_errors_have_codes_of_their_own);
	tcase_add_test(tc, descriptor_format_without_descriptors);
	tcase_add_test(tc, descriptor_format_has_wide_information);
	tcase_add_test(tc, descriptor_format_has_all_descriptors);
	tcase_add_test(tc, short_room_is_told);
	tcase_add_test(tc, exact_room_is_not);
	tcase_add_test(tc, names_are_of_the_constant_or_of_its_key);
	suite_add_tcase(s, tc);

	tc = tcase_create("outcomes");
	tcase_add_test(tc, fail_is_check_condition);
	tcase_add_test(tc, fail_with_busy_is_a_status);
	tcase_add_test(tc, reply_is_cut_to_the_allocation_length);
	tcase_add_test(tc, reply_is_cut_to_the_transports_length);
	tcase_add_test(tc, reply_does_not_write_into_data_out);
	tcase_add_test(tc, parameters_are_copied);
	tcase_add_test(tc, short_parameters_are_refused);
	tcase_add_test(tc, copies_keep_to_the_announced_length);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(sense_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
