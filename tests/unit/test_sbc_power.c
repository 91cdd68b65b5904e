// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of START STOP UNIT and PREVENT ALLOW MEDIUM REMOVAL, and of
 * what happens to the medium from outside.
 */
#include "sbc_test.h"

/* START STOP UNIT, byte 4. */
#define STOP	 0x00
#define START	 0x01
#define EJECT	 0x02
#define LOAD	 0x03
#define NO_FLUSH 0x04

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, 0);
}

static void tur(void)
{
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
}

static void start_stop(u8 options)
{
	make(SCSI_START_STOP_UNIT, 0, 0, options, SCST_DATA_NONE, 0);
	run();
}

static void prevent(u64 nexus_id, u8 what)
{
	make(SCSI_PREVENT_ALLOW, 0, 0, what, SCST_DATA_NONE, 0);
	c->cmd.nexus_id = nexus_id;
	run();
}

/* ---- START STOP UNIT --------------------------------------------------- */

START_TEST(stopped_unit_stays_ready)
{
	start_stop(STOP);
	ck_good();
	tur();
	ck_good();
	do_in(SCSI_READ_10, 0, 0, 1, BS);
	ck_good();
}
END_TEST

START_TEST(stop_flushes)
{
	start_stop(STOP);
	ck_ops("F");
	ck_assert_uint_eq(f->log[0].blocks, BLOCKS);
	start_stop(START);
	start_stop(STOP | NO_FLUSH);
	ck_ops("");
}
END_TEST

START_TEST(stop_that_cannot_flush_does_not_stop)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_FLUSH;
	start_stop(STOP);
	ck_info(SENSE_WRITE_ERROR, 0);
	tur();
	ck_good();
}
END_TEST

START_TEST(power_conditions_are_accepted)
{
	start_stop(_i << 4 | EJECT);
	ck_good();
	tur();
	ck_good();
	ck_assert_uint_eq(f->nr_eject, 0);
}
END_TEST

START_TEST(eject_puts_the_medium_out)
{
	start_stop(EJECT);
	ck_good();
	ck_ops("F");
	ck_assert_uint_eq(f->nr_eject, 1);
	tur();
	ck_sense(SENSE_NO_MEDIUM_TRAY_OPEN);
	do_in(SCSI_READ_CAPACITY_10, 0, 0, 0, 8);
	ck_sense(SENSE_NO_MEDIUM_TRAY_OPEN);
}
END_TEST

START_TEST(load_takes_it_back_and_tells_the_others)
{
	start_stop(EJECT);
	make(SCSI_START_STOP_UNIT, 0, 0, LOAD, SCST_DATA_NONE, 0);
	c->cmd.nexus_id = 42;
	run();
	ck_good();
	ck_assert_uint_eq(f->nr_load, 1);
	ck_assert_uint_eq(f->nr_ua, 1);
	ck_assert_uint_eq(f->ua, SENSE_UA_MEDIUM_CHANGED);
	ck_assert_uint_eq(f->ua_except, 42);
	tur();
	ck_good();
}
END_TEST

START_TEST(load_of_what_is_loaded_is_no_news)
{
	start_stop(LOAD);
	ck_good();
	ck_assert_uint_eq(f->nr_ua, 0);
}
END_TEST

START_TEST(load_of_nothing_is_refused)
{
	sbc_lu_set_medium(f->lu, 0);
	start_stop(LOAD);
	ck_sense(SENSE_NO_MEDIUM);
}
END_TEST

START_TEST(fixed_disk_cannot_eject)
{
	struct sbc_config cfg = fake_config();

	cfg.removable = false;
	disk(&cfg, 0);
	start_stop(EJECT);
	ck_bad_cdb(4, 1);
	start_stop(LOAD);
	ck_bad_cdb(4, 1);
	start_stop(STOP);
	ck_good();
}
END_TEST

/* ---- PREVENT ALLOW MEDIUM REMOVAL -------------------------------------- */

START_TEST(prevent_keeps_the_medium_in)
{
	prevent(1, 1);
	ck_good();
	start_stop(EJECT);
	ck_sense(SENSE_REMOVAL_PREVENTED);
	tur();
	ck_good();
	prevent(1, 0);
	start_stop(EJECT);
	ck_good();
}
END_TEST

START_TEST(prevent_keeps_the_tray_where_it_is)
{
	start_stop(EJECT);
	prevent(1, 1);
	ck_good();
	start_stop(LOAD);
	ck_sense(SENSE_REMOVAL_PREVENTED);
	prevent(1, 0);
	start_stop(LOAD);
	ck_good();
}
END_TEST

START_TEST(prevent_is_of_each_nexus)
{
	prevent(1, 1);
	prevent(2, 1);
	prevent(2, 1);
	prevent(1, 0);
	start_stop(EJECT);
	ck_sense(SENSE_REMOVAL_PREVENTED);
	prevent(2, 0);
	start_stop(EJECT);
	ck_good();
}
END_TEST

START_TEST(prevent_ends_with_its_nexus)
{
	prevent(1, 1);
	prevent(2, 1);
	sbc_lu_event(f->lu, SCST_EV_NEXUS_LOSS, 1);
	start_stop(EJECT);
	ck_sense(SENSE_REMOVAL_PREVENTED);
	sbc_lu_event(f->lu, SCST_EV_NEXUS_LOSS, 2);
	start_stop(EJECT);
	ck_good();
}
END_TEST

START_TEST(prevent_ends_with_a_reset)
{
	prevent(1, 1);
	prevent(2, 1);
	sbc_lu_event(f->lu, SCST_EV_LU_RESET, 0);
	start_stop(EJECT);
	ck_good();
}
END_TEST

START_TEST(prevent_of_obsolete_kind_is_refused)
{
	prevent(1, 2);
	ck_bad_cdb(4, 1);
	prevent(1, 3);
	ck_bad_cdb(4, 1);
}
END_TEST

START_TEST(fixed_disk_has_no_prevent)
{
	struct sbc_config cfg = fake_config();
	u8 cdb[16] = { SCSI_PREVENT_ALLOW };

	cfg.removable = false;
	disk(&cfg, 0);
	ck_assert_ptr_null(fake_row(f, cdb));
}
END_TEST

/* ---- From outside ------------------------------------------------------ */

START_TEST(resize_is_told_once)
{
	sbc_lu_resize(f->lu, BLOCKS / 2);
	ck_assert_uint_eq(f->nr_capacity, 1);
	ck_assert_uint_eq(f->nr_ua, 0);
	do_in(SCSI_READ_10, 0, BLOCKS / 2, 1, BS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS / 2);
	sbc_lu_resize(f->lu, BLOCKS / 2);
	ck_assert_uint_eq(f->nr_capacity, 1);
}
END_TEST

START_TEST(resize_without_medium_is_nothing)
{
	sbc_lu_set_medium(f->lu, 0);
	sbc_lu_resize(f->lu, BLOCKS / 2);
	ck_assert_uint_eq(f->nr_capacity, 0);
	tur();
	ck_sense(SENSE_NO_MEDIUM);
}
END_TEST

START_TEST(medium_of_another_size)
{
	sbc_lu_set_medium(f->lu, 0);
	ck_assert_uint_eq(f->nr_ua, 0);
	sbc_lu_set_medium(f->lu, BLOCKS);
	ck_assert_uint_eq(f->nr_ua, 1);
	ck_assert_uint_eq(f->ua_except, 0);
	ck_assert_uint_eq(f->nr_capacity, 0);
	sbc_lu_set_medium(f->lu, 100);
	ck_assert_uint_eq(f->nr_ua, 2);
	ck_assert_uint_eq(f->nr_capacity, 1);
	ck_assert_uint_eq(sbc_lu_blocks(f->lu), 100);
}
END_TEST

static Suite *power_suite(void)
{
	Suite *s = suite_create("sbc_power");
	TCase *tc = tcase_create("power and removal");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, stopped_unit_stays_ready);
	tcase_add_test(tc, stop_flushes);
	tcase_add_test(tc, stop_that_cannot_flush_does_not_stop);
	tcase_add_loop_test(tc, power_conditions_are_accepted, 1, 16);
	tcase_add_test(tc, eject_puts_the_medium_out);
	tcase_add_test(tc, load_takes_it_back_and_tells_the_others);
	tcase_add_test(tc, load_of_what_is_loaded_is_no_news);
	tcase_add_test(tc, load_of_nothing_is_refused);
	tcase_add_test(tc, prevent_keeps_the_medium_in);
	tcase_add_test(tc, prevent_keeps_the_tray_where_it_is);
	tcase_add_test(tc, prevent_is_of_each_nexus);
	tcase_add_test(tc, prevent_ends_with_its_nexus);
	tcase_add_test(tc, prevent_ends_with_a_reset);
	tcase_add_test(tc, prevent_of_obsolete_kind_is_refused);
	tcase_add_test(tc, resize_is_told_once);
	tcase_add_test(tc, resize_without_medium_is_nothing);
	tcase_add_test(tc, medium_of_another_size);
	suite_add_tcase(s, tc);

	tc = tcase_create("fixed");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, fixed_disk_cannot_eject);
	tcase_add_test(tc, fixed_disk_has_no_prevent);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(power_suite());
}
