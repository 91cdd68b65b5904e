// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the tray: readiness, START STOP UNIT, PREVENT ALLOW MEDIUM
 * REMOVAL, the operator's button, and what comes and goes from outside.
 */
#include "mmc_test.h"

/* ---- Readiness --------------------------------------------------------- */

START_TEST(drive_with_medium_is_ready)
{
	tur();
	ck_good();
}
END_TEST

START_TEST(closed_tray_without_medium_says_so)
{
	mmc_lu_set_medium(d->lu, 0);
	tur();
	ck_sense(SENSE_NO_MEDIUM_TRAY_CLOSED);
}
END_TEST

START_TEST(open_tray_says_so)
{
	start_stop(EJECT);
	tur();
	ck_sense(SENSE_NO_MEDIUM_TRAY_OPEN);
}
END_TEST

START_TEST(drive_may_begin_empty)
{
	tur();
	ck_sense(SENSE_NO_MEDIUM_TRAY_CLOSED);
	ck_assert_uint_eq(mmc_lu_blocks(d->lu), 0);
}
END_TEST

START_TEST(capacity_is_of_the_last_block)
{
	make(SCSI_READ_CAPACITY_10, 8);
	run();
	ck_data(0, 0, (CD_BLOCKS - 1) >> 8, (CD_BLOCKS - 1) & 0xff,
		0, 0, 0x08, 0);
}
END_TEST

/* Each command that is about the medium. */
static const u8 medium_commands[] = {
	SCSI_READ_CAPACITY_10, SCSI_READ_10, SCSI_READ_12, SCSI_SEEK_10,
	SCSI_VERIFY_10, SCSI_READ_CD, SCSI_READ_TOC, SCSI_READ_DISC_INFO,
	SCSI_READ_TRACK_INFO, SCSI_READ_DISC_STRUCTURE,
};

START_TEST(empty_drive_tells_nothing_of_a_medium)
{
	make(medium_commands[_i], ROOM);
	run();
	ck_sense(SENSE_NO_MEDIUM_TRAY_CLOSED);
	ck_assert_uint_eq(c->cmd.data_in, 0);
}
END_TEST

/* ---- START STOP UNIT --------------------------------------------------- */

START_TEST(eject_tells_the_backend_once)
{
	start_stop(EJECT);
	ck_good();
	start_stop(EJECT);
	ck_good();
	ck_assert_uint_eq(d->nr_eject, 1);
}
END_TEST

START_TEST(eject_opens_an_empty_tray)
{
	start_stop(EJECT);
	ck_good();
	tur();
	ck_sense(SENSE_NO_MEDIUM_TRAY_OPEN);
}
END_TEST

START_TEST(load_brings_back_what_was_ejected)
{
	start_stop(EJECT);
	start_stop(LOAD);
	ck_good();
	ck_assert_uint_eq(d->nr_load, 1);
	tur();
	ck_good();
}
END_TEST

START_TEST(load_raises_an_attention_on_every_nexus)
{
	start_stop(EJECT);
	ck_assert_uint_eq(d->nr_ua, 0);
	start_stop(LOAD);
	ck_assert_uint_eq(d->nr_ua, 1);
	ck_assert_uint_eq(d->ua, SENSE_UA_MEDIUM_CHANGED);
	ck_assert_uint_eq(d->ua_except, 0);
}
END_TEST

START_TEST(load_of_what_is_loaded_is_no_news)
{
	start_stop(LOAD);
	ck_good();
	ck_assert_uint_eq(d->nr_ua, 0);
}
END_TEST

START_TEST(load_may_bring_another_medium)
{
	start_stop(EJECT);
	d->load_brings = 77;
	start_stop(LOAD);
	ck_good();
	ck_assert_uint_eq(mmc_lu_blocks(d->lu), 77);
	ck_assert_uint_eq(d->nr_ua, 1);
}
END_TEST

START_TEST(load_of_nothing_closes_the_tray)
{
	start_stop(EJECT);
	start_stop(LOAD);
	ck_sense(SENSE_NO_MEDIUM_TRAY_CLOSED);
	ck_assert_uint_eq(d->nr_ua, 0);
}
END_TEST

START_TEST(stop_stops_nothing)
{
	start_stop(0);
	ck_good();
	tur();
	ck_good();
}
END_TEST

START_TEST(start_wants_a_medium)
{
	start_stop(1);
	ck_good();
	start_stop(EJECT);
	start_stop(1);
	ck_sense(SENSE_NO_MEDIUM_TRAY_OPEN);
}
END_TEST

START_TEST(power_conditions_are_those_of_mmc)
{
	start_stop(_i << 4 | EJECT);
	if (_i == 2 || _i == 3 || _i == 5)
		ck_good();
	else
		ck_bad_cdb(4, 7);
	ck_assert_uint_eq(d->nr_eject, 0);
}
END_TEST

START_TEST(format_layers_are_refused)
{
	start_stop(0x05);
	ck_bad_cdb(4, 2);
}
END_TEST

/* ---- PREVENT ALLOW MEDIUM REMOVAL -------------------------------------- */

#define ALLOW		   0
#define PREVENT		   1
#define PERSISTENT_ALLOW   2
#define PERSISTENT_PREVENT 3

START_TEST(prevent_keeps_the_medium_in)
{
	prevent(1, PREVENT);
	ck_good();
	start_stop(EJECT);
	ck_sense(SENSE_REMOVAL_PREVENTED);
	tur();
	ck_good();
	ck_assert_uint_eq(d->nr_eject, 0);
	prevent(1, ALLOW);
	start_stop(EJECT);
	ck_good();
}
END_TEST

START_TEST(prevent_is_of_each_nexus)
{
	prevent(1, PREVENT);
	prevent(2, PREVENT);
	prevent(1, ALLOW);
	start_stop(EJECT);
	ck_sense(SENSE_REMOVAL_PREVENTED);
	prevent(2, ALLOW);
	start_stop(EJECT);
	ck_good();
}
END_TEST

START_TEST(prevent_ends_with_its_nexus)
{
	prevent(1, PREVENT);
	mmc_lu_event(d->lu, SCST_EV_NEXUS_LOSS, 2);
	start_stop(EJECT);
	ck_sense(SENSE_REMOVAL_PREVENTED);
	mmc_lu_event(d->lu, SCST_EV_NEXUS_LOSS, 1);
	start_stop(EJECT);
	ck_good();
}
END_TEST

START_TEST(prevent_ends_with_a_reset)
{
	prevent(1, PREVENT);
	prevent(2, PERSISTENT_PREVENT);
	mmc_lu_event(d->lu, SCST_EV_LU_RESET, 0);
	ck_assert(mmc_lu_request_eject(d->lu));
}
END_TEST

START_TEST(prevent_does_not_keep_the_tray_open)
{
	start_stop(EJECT);
	prevent(1, PREVENT);
	start_stop(LOAD);
	ck_good();
}
END_TEST

START_TEST(persistent_prevent_is_about_the_button_alone)
{
	prevent(1, PERSISTENT_PREVENT);
	ck_good();
	ck_assert(!mmc_lu_request_eject(d->lu));
	start_stop(EJECT);
	ck_good();
}
END_TEST

START_TEST(the_two_ways_to_prevent_are_apart)
{
	prevent(1, PREVENT);
	prevent(1, PERSISTENT_PREVENT);
	prevent(1, PERSISTENT_ALLOW);
	start_stop(EJECT);
	ck_sense(SENSE_REMOVAL_PREVENTED);
	prevent(1, PERSISTENT_PREVENT);
	prevent(1, ALLOW);
	ck_assert(!mmc_lu_request_eject(d->lu));
	prevent(1, PERSISTENT_ALLOW);
	ck_assert(mmc_lu_request_eject(d->lu));
}
END_TEST

START_TEST(prevent_without_memory_is_busy)
{
	make(SCSI_PREVENT_ALLOW, 0)[4] = PREVENT;
	core_fail_alloc(1);
	run();
	core_fail_alloc(0);
	ck_assert_uint_eq(c->cmd.status, SCSI_BUSY);
	start_stop(EJECT);
	ck_good();
}
END_TEST

/* ---- From outside ------------------------------------------------------ */

START_TEST(button_opens_the_tray)
{
	ck_assert(mmc_lu_request_eject(d->lu));
	ck_assert_uint_eq(d->nr_eject, 1);
	tur();
	ck_sense(SENSE_NO_MEDIUM_TRAY_OPEN);
	ck_assert(mmc_lu_request_eject(d->lu));
	ck_assert_uint_eq(d->nr_eject, 1);
}
END_TEST

START_TEST(button_respects_prevention)
{
	prevent(1, PREVENT);
	ck_assert(!mmc_lu_request_eject(d->lu));
	ck_assert_uint_eq(d->nr_eject, 0);
	tur();
	ck_good();
}
END_TEST

START_TEST(button_of_an_open_tray_is_not_prevented)
{
	start_stop(EJECT);
	prevent(1, PREVENT);
	ck_assert(mmc_lu_request_eject(d->lu));
}
END_TEST

START_TEST(drive_tells_whether_it_is_locked)
{
	ck_assert(!mmc_lu_locked(d->lu));
	prevent(1, PREVENT);
	ck_assert(mmc_lu_locked(d->lu));
	prevent(1, ALLOW);
	prevent(2, PERSISTENT_PREVENT);
	ck_assert(mmc_lu_locked(d->lu));
	start_stop(EJECT);
	ck_assert(!mmc_lu_locked(d->lu));
}
END_TEST

START_TEST(new_medium_raises_an_attention_on_every_nexus)
{
	drive_set_medium(d, 100);
	ck_assert_uint_eq(d->nr_ua, 1);
	ck_assert_uint_eq(d->ua, SENSE_UA_MEDIUM_CHANGED);
	ck_assert_uint_eq(d->ua_except, 0);
	ck_assert_uint_eq(d->nr_capacity, 1);
	ck_assert_uint_eq(mmc_lu_blocks(d->lu), 100);
}
END_TEST

START_TEST(removal_raises_no_attention)
{
	drive_set_medium(d, 0);
	ck_assert_uint_eq(d->nr_ua, 0);
	ck_assert_uint_eq(d->nr_capacity, 0);
}
END_TEST

START_TEST(another_medium_of_the_same_length_is_another_medium)
{
	drive_set_medium(d, CD_BLOCKS);
	ck_assert_uint_eq(d->nr_ua, 1);
	ck_assert_uint_eq(d->nr_capacity, 0);
}
END_TEST

START_TEST(new_medium_closes_the_tray)
{
	start_stop(EJECT);
	drive_set_medium(d, 100);
	tur();
	ck_good();
}
END_TEST

START_TEST(medium_may_go_from_the_open_tray)
{
	start_stop(EJECT);
	drive_set_medium(d, 0);
	start_stop(LOAD);
	ck_sense(SENSE_NO_MEDIUM_TRAY_CLOSED);
}
END_TEST

START_TEST(medium_has_as_many_blocks_as_can_be_addressed)
{
	drive_set_medium(d, 1ULL << 40);
	make(SCSI_READ_CAPACITY_10, 8);
	run();
	ck_data(0xff, 0xff, 0xff, 0xfe, 0, 0, 0x08, 0);
}
END_TEST

START_TEST(mechanism_tells_of_the_door)
{
	put_unaligned_be16(8, make(SCSI_MECHANISM_STATUS, 8) + 8);
	run();
	ck_data(0, 0, 0, 0, 0, 0, 0, 0);
	start_stop(EJECT);
	put_unaligned_be16(8, make(SCSI_MECHANISM_STATUS, 8) + 8);
	run();
	ck_data(0, 0x10, 0, 0, 0, 0, 0, 0);
}
END_TEST

START_TEST(any_speed_is_accepted)
{
	make(SCSI_SET_CD_SPEED, 0)[2] = 0xff;
	run();
	ck_good();
}
END_TEST

/* ---- Configuration ----------------------------------------------------- */

START_TEST(impossible_drives_are_refused)
{
	struct mmc_config cfg = { .blocks = MMC_MAX_BLOCKS + 1ULL };

	ck_assert_ptr_null(drive_new(&cfg));
	cfg.blocks = 1;
	cfg.max_transfer = U32_MAX;
	ck_assert_ptr_null(drive_new(&cfg));
}
END_TEST

START_TEST(backend_has_to_read)
{
	static const struct mmc_backend_ops none;
	static const struct mmc_env_ops env;
	struct mmc_config cfg = { .blocks = 1 };

	ck_assert_int_eq(PTR_ERR(mmc_lu_alloc(&cfg, &none, &env, NULL)),
			 -EINVAL);
}
END_TEST

START_TEST(drive_describes_itself)
{
	ck_assert_uint_eq(d->info.type, SCSI_TYPE_CDROM);
	ck_assert(d->info.removable);
	ck_assert_uint_eq(d->info.max_transfer, 512 * BS);
	ck_assert_uint_eq(mmc_lu_config(d->lu)->blocks, CD_BLOCKS);
}
END_TEST

static void add_outside(TCase *tc)
{
	tcase_add_test(tc, button_opens_the_tray);
	tcase_add_test(tc, button_respects_prevention);
	tcase_add_test(tc, button_of_an_open_tray_is_not_prevented);
	tcase_add_test(tc, drive_tells_whether_it_is_locked);
	tcase_add_test(tc, new_medium_raises_an_attention_on_every_nexus);
	tcase_add_test(tc, removal_raises_no_attention);
	tcase_add_test(tc, another_medium_of_the_same_length_is_another_medium);
	tcase_add_test(tc, new_medium_closes_the_tray);
	tcase_add_test(tc, medium_may_go_from_the_open_tray);
	tcase_add_test(tc, medium_has_as_many_blocks_as_can_be_addressed);
	tcase_add_test(tc, mechanism_tells_of_the_door);
	tcase_add_test(tc, any_speed_is_accepted);
	tcase_add_test(tc, drive_describes_itself);
}

static void add_prevent(TCase *tc)
{
	tcase_add_test(tc, prevent_keeps_the_medium_in);
	tcase_add_test(tc, prevent_is_of_each_nexus);
	tcase_add_test(tc, prevent_ends_with_its_nexus);
	tcase_add_test(tc, prevent_ends_with_a_reset);
	tcase_add_test(tc, prevent_does_not_keep_the_tray_open);
	tcase_add_test(tc, persistent_prevent_is_about_the_button_alone);
	tcase_add_test(tc, the_two_ways_to_prevent_are_apart);
	tcase_add_test(tc, prevent_without_memory_is_busy);
}

static void add_tray(TCase *tc)
{
	tcase_add_test(tc, drive_with_medium_is_ready);
	tcase_add_test(tc, closed_tray_without_medium_says_so);
	tcase_add_test(tc, open_tray_says_so);
	tcase_add_test(tc, capacity_is_of_the_last_block);
	tcase_add_test(tc, eject_tells_the_backend_once);
	tcase_add_test(tc, load_brings_back_what_was_ejected);
	tcase_add_test(tc, load_raises_an_attention_on_every_nexus);
	tcase_add_test(tc, load_of_what_is_loaded_is_no_news);
	tcase_add_test(tc, load_may_bring_another_medium);
	tcase_add_test(tc, stop_stops_nothing);
	tcase_add_test(tc, start_wants_a_medium);
	tcase_add_loop_test(tc, power_conditions_are_those_of_mmc, 1, 16);
	tcase_add_test(tc, format_layers_are_refused);
}

int main(void)
{
	Suite *s = suite_create("mmc_tray");
	TCase *tc = tcase_create("loaded");

	tcase_add_checked_fixture(tc, with_cd, teardown);
	add_tray(tc);
	add_prevent(tc);
	add_outside(tc);
	suite_add_tcase(s, tc);

	tc = tcase_create("empty");
	tcase_add_checked_fixture(tc, empty, teardown);
	tcase_add_test(tc, drive_may_begin_empty);
	tcase_add_test(tc, eject_opens_an_empty_tray);
	tcase_add_test(tc, load_of_nothing_closes_the_tray);
	tcase_add_loop_test(tc, empty_drive_tells_nothing_of_a_medium, 0,
			    ARRAY_SIZE(medium_commands));
	suite_add_tcase(s, tc);

	tc = tcase_create("configuration");
	tcase_add_test(tc, impossible_drives_are_refused);
	tcase_add_test(tc, backend_has_to_read);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
