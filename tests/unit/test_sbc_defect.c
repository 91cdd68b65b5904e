// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of READ DEFECT DATA.
 */
#include "sbc_test.h"

#define PLIST 0x10
#define GLIST 0x08

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, 0);
}

static void defect_10(u8 asked, u16 alloc, u32 room)
{
	make(SCSI_READ_DEFECT_DATA_10, 0, 0, alloc, SCST_DATA_IN, room);
	c->cdb[2] = asked;
	run();
}

static void defect_12(u8 asked, u32 index, u32 alloc, u32 room)
{
	make(SCSI_READ_DEFECT_DATA_12, asked, index, alloc, SCST_DATA_IN,
	     room);
	run();
}

START_TEST(lists_are_empty_in_every_format)
{
	u8 asked = _i | PLIST | GLIST;

	defect_10(asked, 32, 32);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 4);
	ck_assert_uint_eq(get_unaligned_be32(c->data), asked << 16);
	defect_12(asked, 0, 32, 32);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 8);
	ck_assert_uint_eq(get_unaligned_be32(c->data), asked << 16);
	ck_assert_uint_eq(get_unaligned_be32(c->data + 4), 0);
}
END_TEST

START_TEST(valid_is_what_was_asked_for)
{
	defect_10(0, 32, 32);
	ck_assert_uint_eq(c->data[1], 0);
	defect_10(PLIST, 32, 32);
	ck_assert_uint_eq(c->data[1], PLIST);
	defect_12(GLIST | 5, 0, 32, 32);
	ck_assert_uint_eq(c->data[1], GLIST | 5);
}
END_TEST

/* The default format, its list, and the word that it is not what was asked. */
START_TEST(unknown_format_is_replaced)
{
	u8 asked = _i | PLIST;

	defect_10(asked, 32, 32);
	ck_sense(SENSE_DEFECT_LIST_NOT_FOUND);
	ck_assert_uint_eq(c->cmd.data_in, 4);
	ck_assert_uint_eq(get_unaligned_be32(c->data), PLIST << 16);
	defect_12(asked, 0, 32, 32);
	ck_sense(SENSE_DEFECT_LIST_NOT_FOUND);
	ck_assert_uint_eq(c->cmd.data_in, 8);
	ck_assert_uint_eq(get_unaligned_be32(c->data), PLIST << 16);
}
END_TEST

START_TEST(allocation_length_cuts)
{
	defect_10(PLIST, 2, 32);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 2);
	ck_assert_uint_eq(c->data[1], PLIST);
	ck_assert_uint_eq(c->data[2], 0xee);
	defect_10(PLIST, 0, 32);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 0);
	defect_10(PLIST | 7, 1, 32);
	ck_sense(SENSE_DEFECT_LIST_NOT_FOUND);
	ck_assert_uint_eq(c->cmd.data_in, 1);
	defect_12(PLIST, 0, 7, 32);
	ck_assert_uint_eq(c->cmd.data_in, 7);
	ck_assert_uint_eq(c->data[7], 0xee);
}
END_TEST

START_TEST(buffer_cuts)
{
	defect_12(PLIST, 0, 32, 3);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 8);
	ck_assert_uint_eq(c->cmd.data_in, 3);
}
END_TEST

START_TEST(index_is_beyond_the_list)
{
	defect_12(PLIST, 0xffffffff, 32, 32);
	ck_good();
	ck_assert_uint_eq(get_unaligned_be32(c->data + 4), 0);
}
END_TEST

START_TEST(without_a_medium_there_are_none)
{
	sbc_lu_set_medium(f->lu, 0);
	defect_10(PLIST, 32, 32);
	ck_sense(SENSE_NO_MEDIUM);
	ck_assert_uint_eq(c->cmd.data_in, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sbc_defect");
	TCase *tc = tcase_create("defect");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, lists_are_empty_in_every_format, 0, 6);
	tcase_add_loop_test(tc, unknown_format_is_replaced, 6, 8);
	tcase_add_test(tc, valid_is_what_was_asked_for);
	tcase_add_test(tc, allocation_length_cuts);
	tcase_add_test(tc, buffer_cuts);
	tcase_add_test(tc, index_is_beyond_the_list);
	tcase_add_test(tc, without_a_medium_there_are_none);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
