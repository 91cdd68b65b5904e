// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of GET EVENT STATUS NOTIFICATION.
 */
#include "mmc_test.h"

/* Classes, as bits of the request. */
#define OPERATIONAL 0x02
#define POWER	    0x04
#define EXTERNAL    0x08
#define MEDIA	    0x10
#define BUSY	    0x40

#define CLASSES (OPERATIONAL | POWER | MEDIA | BUSY)

/* Media events and status. */
#define NO_CHANGE     0
#define EJECT_REQUEST 1
#define NEW_MEDIUM    2
#define REMOVAL	      3
#define PRESENT	      2
#define OPEN	      1

static void poll_as(u64 nexus_id, u8 classes, u16 alloc)
{
	u8 *cdb = make_alloc(SCSI_GET_EVENT_STATUS, alloc);

	cdb[1] = 1;
	cdb[4] = classes;
	c->cmd.nexus_id = nexus_id;
	run();
}

static void poll(u8 classes)
{
	poll_as(1, classes, 8);
}

#define ck_media(event, status) \
	ck_data(0, 6, 4, CLASSES, event, status, 0, 0)

static void with_known_cd(void)
{
	with_cd();
	poll(MEDIA);
}

/* ---- Media ------------------------------------------------------------- */

START_TEST(first_poll_tells_of_the_medium_that_is_there)
{
	poll(MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
	poll(MEDIA);
	ck_media(NO_CHANGE, PRESENT);
}
END_TEST

START_TEST(first_poll_of_an_empty_drive_is_no_news)
{
	poll(MEDIA);
	ck_media(NO_CHANGE, 0);
}
END_TEST

START_TEST(removal_is_told_once)
{
	drive_set_medium(d, 0);
	poll(MEDIA);
	ck_media(REMOVAL, 0);
	poll(MEDIA);
	ck_media(NO_CHANGE, 0);
}
END_TEST

START_TEST(removal_of_nothing_is_not_told)
{
	poll(MEDIA);
	drive_set_medium(d, 0);
	poll(MEDIA);
	ck_media(NO_CHANGE, 0);
}
END_TEST

START_TEST(arrival_is_told_once)
{
	drive_set_medium(d, 0);
	poll(MEDIA);
	drive_set_medium(d, 100);
	poll(MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
	poll(MEDIA);
	ck_media(NO_CHANGE, PRESENT);
}
END_TEST

START_TEST(eject_and_load_are_told)
{
	start_stop(EJECT);
	poll(MEDIA);
	ck_media(REMOVAL, OPEN);
	start_stop(LOAD);
	poll(MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
}
END_TEST

START_TEST(exchange_is_told_as_arrival)
{
	drive_set_medium(d, 0);
	drive_set_medium(d, 100);
	poll(MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
	poll(MEDIA);
	ck_media(NO_CHANGE, PRESENT);
}
END_TEST

START_TEST(each_nexus_is_told)
{
	poll_as(2, MEDIA, 8);
	drive_set_medium(d, 0);
	poll_as(1, MEDIA, 8);
	ck_media(REMOVAL, 0);
	poll_as(2, MEDIA, 8);
	ck_media(REMOVAL, 0);
}
END_TEST

START_TEST(nexus_that_only_prevented_is_told_as_any_other)
{
	prevent(3, 1);
	poll_as(3, MEDIA, 8);
	ck_media(NEW_MEDIUM, PRESENT);
}
END_TEST

START_TEST(lost_nexus_begins_anew)
{
	mmc_lu_event(d->lu, SCST_EV_NEXUS_LOSS, 1);
	poll(MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
}
END_TEST

START_TEST(button_that_is_prevented_is_told_once)
{
	prevent(1, 1);
	mmc_lu_request_eject(d->lu);
	poll(MEDIA);
	ck_media(EJECT_REQUEST, PRESENT);
	poll(MEDIA);
	ck_media(NO_CHANGE, PRESENT);
}
END_TEST

START_TEST(button_comes_after_arrival)
{
	prevent(1, 3);
	drive_set_medium(d, 100);
	mmc_lu_request_eject(d->lu);
	poll(MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
	poll(MEDIA);
	ck_media(EJECT_REQUEST, PRESENT);
}
END_TEST

START_TEST(button_is_forgotten_with_the_medium)
{
	prevent(1, 3);
	mmc_lu_request_eject(d->lu);
	drive_set_medium(d, 100);
	poll(MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
	poll(MEDIA);
	ck_media(NO_CHANGE, PRESENT);
}
END_TEST

START_TEST(without_memory_there_is_the_status_at_least)
{
	make_alloc(SCSI_GET_EVENT_STATUS, 8)[1] = 1;
	c->cdb[4] = MEDIA;
	core_fail_alloc(1);
	run();
	core_fail_alloc(0);
	ck_media(NO_CHANGE, PRESENT);
	poll(MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
}
END_TEST

/* ---- The other classes ------------------------------------------------- */

START_TEST(change_of_features_is_told_once)
{
	drive_set_medium(d, DVD_BLOCKS);
	poll(OPERATIONAL);
	ck_data(0, 6, 1, CLASSES, 2, 0, 0, 1);
	poll(OPERATIONAL);
	ck_data(0, 6, 1, CLASSES, 0, 0, 0, 0);
}
END_TEST

START_TEST(persistent_prevention_is_told)
{
	prevent(2, 3);
	poll(OPERATIONAL);
	ck_data(0, 6, 1, CLASSES, 0, 0x80, 0, 0);
}
END_TEST

START_TEST(power_is_on)
{
	poll(POWER);
	ck_data(0, 6, 2, CLASSES, 0, 1, 0, 0);
}
END_TEST

START_TEST(drive_is_never_busy)
{
	poll(BUSY);
	ck_data(0, 6, 6, CLASSES, 0, 0, 0, 0);
}
END_TEST

START_TEST(class_without_events_is_not_available)
{
	poll(EXTERNAL);
	ck_data(0, 2, 0x80, CLASSES);
	poll(0);
	ck_data(0, 2, 0x80, CLASSES);
}
END_TEST

START_TEST(first_class_goes_first)
{
	drive_set_medium(d, 100);
	poll(0xff);
	ck_data(0, 6, 1, CLASSES, 2, 0, 0, 1);
	poll(0xff);
	ck_media(NEW_MEDIUM, PRESENT);
	poll(0xff);
	ck_data(0, 6, 1, CLASSES, 0, 0, 0, 0);
}
END_TEST

START_TEST(class_with_news_goes_before_one_without)
{
	drive_set_medium(d, 100);
	poll(POWER | MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
	poll(POWER | MEDIA);
	ck_data(0, 6, 2, CLASSES, 0, 1, 0, 0);
}
END_TEST

/* ---- The command ------------------------------------------------------- */

START_TEST(header_alone_takes_no_event_away)
{
	drive_set_medium(d, 100);
	poll_as(1, MEDIA, 4);
	ck_data(0, 6, 4, CLASSES);
	poll(MEDIA);
	ck_media(NEW_MEDIUM, PRESENT);
}
END_TEST

START_TEST(waiting_for_events_is_refused)
{
	make_alloc(SCSI_GET_EVENT_STATUS, 8)[4] = MEDIA;
	run();
	ck_bad_cdb(1, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mmc_event");
	TCase *tc = tcase_create("known medium");

	tcase_add_checked_fixture(tc, with_known_cd, teardown);
	tcase_add_test(tc, removal_is_told_once);
	tcase_add_test(tc, arrival_is_told_once);
	tcase_add_test(tc, eject_and_load_are_told);
	tcase_add_test(tc, exchange_is_told_as_arrival);
	tcase_add_test(tc, each_nexus_is_told);
	tcase_add_test(tc, nexus_that_only_prevented_is_told_as_any_other);
	tcase_add_test(tc, lost_nexus_begins_anew);
	tcase_add_test(tc, button_that_is_prevented_is_told_once);
	tcase_add_test(tc, button_comes_after_arrival);
	tcase_add_test(tc, button_is_forgotten_with_the_medium);
	tcase_add_test(tc, change_of_features_is_told_once);
	tcase_add_test(tc, persistent_prevention_is_told);
	tcase_add_test(tc, power_is_on);
	tcase_add_test(tc, drive_is_never_busy);
	tcase_add_test(tc, class_without_events_is_not_available);
	tcase_add_test(tc, first_class_goes_first);
	tcase_add_test(tc, class_with_news_goes_before_one_without);
	tcase_add_test(tc, header_alone_takes_no_event_away);
	tcase_add_test(tc, waiting_for_events_is_refused);
	suite_add_tcase(s, tc);

	tc = tcase_create("new nexus");
	tcase_add_checked_fixture(tc, with_cd, teardown);
	tcase_add_test(tc, first_poll_tells_of_the_medium_that_is_there);
	tcase_add_test(tc, without_memory_there_is_the_status_at_least);
	suite_add_tcase(s, tc);

	tc = tcase_create("empty");
	tcase_add_checked_fixture(tc, empty, teardown);
	tcase_add_test(tc, first_poll_of_an_empty_drive_is_no_news);
	tcase_add_test(tc, removal_of_nothing_is_not_told);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
