// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of what discs and drives tell of themselves: READ TOC/PMA/ATIP,
 * READ DISC INFORMATION, READ TRACK INFORMATION, READ DISC STRUCTURE, GET
 * CONFIGURATION.
 */
#include "mmc_test.h"

/* Bytes of a number, for expected data. */
#define B3(n) (n) >> 16 & 0xff, (n) >> 8 & 0xff, (n) & 0xff
#define B4(n) (n) >> 24 & 0xff, B3(n)

/* ---- READ TOC/PMA/ATIP ------------------------------------------------- */

#define MSF 0x02

static void toc(u8 options, u8 format, u8 from, u16 alloc)
{
	u8 *cdb = make_alloc(SCSI_READ_TOC, alloc);

	cdb[1] = options;
	cdb[2] = format;
	cdb[6] = from;
	run();
}

START_TEST(toc_has_one_track_and_the_lead_out)
{
	toc(0, 0, _i, ROOM);
	ck_data(0, 18, 1, 1,
		0, 0x14, 1, 0, B4(0),
		0, 0x14, 0xaa, 0, B4(CD_BLOCKS));
}
END_TEST

START_TEST(toc_may_be_in_minutes)
{
	/* 5000 + 150 frames: 68 seconds and 50 frames */
	toc(MSF, 0, 0, ROOM);
	ck_data(0, 18, 1, 1,
		0, 0x14, 1, 0, 0, 0, 2, 0,
		0, 0x14, 0xaa, 0, 0, 1, 8, 50);
}
END_TEST

START_TEST(toc_may_begin_with_the_lead_out)
{
	toc(0, 0, 0xaa, ROOM);
	ck_data(0, 10, 1, 1, 0, 0x14, 0xaa, 0, B4(CD_BLOCKS));
}
END_TEST

START_TEST(toc_of_other_tracks_is_refused)
{
	toc(0, 0, 2, ROOM);
	ck_bad_cdb(6, SENSE_NO_BIT);
}
END_TEST

START_TEST(toc_header_tells_the_full_length)
{
	toc(0, 0, 0, 4);
	ck_data(0, 18, 1, 1);
}
END_TEST

START_TEST(toc_tells_of_the_one_session)
{
	toc(0, 1, 0, 12);
	ck_data(0, 10, 1, 1, 0, 0x14, 1, 0, B4(0));
	toc(MSF, 1, 0, 12);
	ck_data(0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 2, 0);
}
END_TEST

START_TEST(toc_format_may_be_in_the_control_byte)
{
	make_alloc(SCSI_READ_TOC, 12)[9] = 0x40;
	run();
	ck_data(0, 10, 1, 1, 0, 0x14, 1, 0, B4(0));
}
END_TEST

START_TEST(raw_toc_has_the_points_of_the_lead_in)
{
	toc(MSF, 2, _i, ROOM);
	ck_data(0, 46, 1, 1,
		1, 0x14, 0, 0xa0, 0, 0, 0, 0, 1, 0, 0,
		1, 0x14, 0, 0xa1, 0, 0, 0, 0, 1, 0, 0,
		1, 0x14, 0, 0xa2, 0, 0, 0, 0, 1, 8, 50,
		1, 0x14, 0, 1, 0, 0, 0, 0, 0, 2, 0);
}
END_TEST

START_TEST(raw_toc_of_other_sessions_is_refused)
{
	toc(MSF, 2, 2, ROOM);
	ck_bad_cdb(6, SENSE_NO_BIT);
}
END_TEST

START_TEST(toc_has_no_pma_atip_or_text)
{
	toc(MSF, 3 + _i, 0, ROOM);
	ck_bad_cdb(2, 3);
}
END_TEST

START_TEST(dvd_has_a_toc_of_tracks)
{
	toc(0, 0, 0, ROOM);
	ck_data(0, 18, 1, 1,
		0, 0x14, 1, 0, B4(0),
		0, 0x14, 0xaa, 0, B4(DVD_BLOCKS));
}
END_TEST

START_TEST(minutes_end_where_a_byte_does)
{
	toc(MSF, 0, 0xaa, ROOM);
	ck_data(0, 10, 1, 1, 0, 0x14, 0xaa, 0, 0, 255, 59, 74);
}
END_TEST

START_TEST(dvd_has_no_raw_toc)
{
	toc(MSF, 2, 0, ROOM);
	ck_bad_cdb(2, 3);
}
END_TEST

/* ---- READ DISC INFORMATION, READ TRACK INFORMATION ---------------------- */

START_TEST(disc_is_complete)
{
	make_alloc(SCSI_READ_DISC_INFO, ROOM);
	run();
	ck_data(0, 32, 0x0e, 1, 1, 1, 1, 0x20, 0, 0, 0, 0, B4(0),
		B4(U32_MAX), B4(U32_MAX), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
END_TEST

START_TEST(disc_has_no_other_information)
{
	make_alloc(SCSI_READ_DISC_INFO, ROOM)[1] = 1;
	run();
	ck_bad_cdb(1, 2);
}
END_TEST

static void track(u8 type, u32 address)
{
	u8 *cdb = make_alloc(SCSI_READ_TRACK_INFO, ROOM);

	cdb[1] = type;
	put_unaligned_be32(address, cdb + 2);
	run();
}

static const struct {
	u8 type;
	u32 address;
} track_names[] = {
	{ 0, 0 }, { 0, CD_BLOCKS - 1 }, { 1, 1 }, { 2, 1 },
};

START_TEST(track_is_the_whole_disc)
{
	track(track_names[_i].type, track_names[_i].address);
	ck_data(0, 34, 1, 1, 0, 4, 1, 2, B4(0), B4(0), B4(0), B4(0),
		B4(CD_BLOCKS), B4(CD_BLOCKS - 1), 0, 0, 0, 0);
}
END_TEST

START_TEST(other_tracks_are_refused)
{
	track(1, 2);
	ck_bad_cdb(2, SENSE_NO_BIT);
	track(1, 0);
	ck_bad_cdb(2, SENSE_NO_BIT);
	track(2, 2);
	ck_bad_cdb(2, SENSE_NO_BIT);
	track(0, CD_BLOCKS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, CD_BLOCKS);
}
END_TEST

START_TEST(no_track_is_open)
{
	track(5, 1);
	ck_bad_cdb(1, 2);
	track(3, 1);
	ck_bad_cdb(1, 1);
}
END_TEST

/* ---- READ DISC STRUCTURE ----------------------------------------------- */

static void structure(u8 format, u16 alloc)
{
	u8 *cdb = make(SCSI_READ_DISC_STRUCTURE, alloc);

	cdb[7] = format;
	put_unaligned_be16(alloc, cdb + 8);
	run();
}

START_TEST(physical_format_tells_where_the_data_is)
{
	static const u8 start[] = {
		2050 >> 8, 2050 & 0xff, 0, 0,
		0x01, 0x0f, 0x01, 0x00,
		0, 0x03, 0, 0, 0, B3(0x30000 + DVD_BLOCKS - 1), 0, 0, 0, 0, 0,
	};

	structure(0, ROOM);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 2052);
	ck_assert_mem_eq(c->data, start, sizeof(start));
	ck_assert(!memchr_inv(c->data + sizeof(start), 0,
			      2052 - sizeof(start)));
}
END_TEST

START_TEST(physical_format_has_24_bits)
{
	drive_set_medium(d, 1U << 31);
	structure(0, ROOM);
	ck_assert_uint_eq(get_unaligned_be24(c->data + 13), 0xffffff);
}
END_TEST

START_TEST(there_is_no_copy_protection)
{
	structure(1, ROOM);
	ck_data(0, 6, 0, 0, 0, 0, 0, 0);
}
END_TEST

START_TEST(manufacturer_says_nothing)
{
	structure(4, ROOM);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 2052);
	ck_assert_uint_eq(get_unaligned_be16(c->data), 2050);
	ck_assert(!memchr_inv(c->data + 2, 0, 2050));
}
END_TEST

START_TEST(structures_are_listed)
{
	structure(0xff, ROOM);
	ck_data(0, 14, 0, 0,
		0, 0x40, 2052 >> 8, 2052 & 0xff,
		1, 0x40, 0, 8,
		4, 0x40, 2052 >> 8, 2052 & 0xff);
}
END_TEST

START_TEST(structure_is_cut_to_the_allocation_length)
{
	structure(0, 10);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 10);
	ck_assert_uint_eq(get_unaligned_be16(c->data), 2050);
}
END_TEST

START_TEST(keys_are_refused)
{
	structure(2, ROOM);
	ck_bad_cdb(7, SENSE_NO_BIT);
}
END_TEST

START_TEST(other_layers_and_media_are_refused)
{
	make(SCSI_READ_DISC_STRUCTURE, 0)[6] = 1;
	run();
	ck_bad_cdb(6, SENSE_NO_BIT);
	make(SCSI_READ_DISC_STRUCTURE, 0)[1] = 1;
	run();
	ck_bad_cdb(1, 3);
}
END_TEST

START_TEST(structure_without_memory_is_busy)
{
	make(SCSI_READ_DISC_STRUCTURE, 0);
	core_fail_alloc(1);
	run();
	core_fail_alloc(0);
	ck_assert_uint_eq(c->cmd.status, SCSI_BUSY);
}
END_TEST

START_TEST(cd_has_no_structures)
{
	structure(0, ROOM);
	ck_sense(SENSE_INCOMPATIBLE_FORMAT);
}
END_TEST

/* ---- GET CONFIGURATION ------------------------------------------------- */

static void configuration(u8 rt, u16 from, u16 alloc)
{
	u8 *cdb = make_alloc(SCSI_GET_CONFIGURATION, alloc);

	cdb[1] = rt;
	put_unaligned_be16(from, cdb + 2);
	run();
}

/* Features in the answer, a digit for each: 1 current, 0 not; - none. */
static const char *feature_codes(void)
{
	static const u16 known[] = {
		0x0000, 0x0001, 0x0002, 0x0003, 0x0010, 0x001e, 0x001f, 0x0100,
		0x0105,
	};
	static char codes[ARRAY_SIZE(known) + 1];
	u32 at = 8, len = get_unaligned_be32(c->data) + 4, i = 0;

	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, len);
	memset(codes, '-', ARRAY_SIZE(known));
	for (; at < len; at += 4 + c->data[at + 3]) {
		while (i < ARRAY_SIZE(known) &&
		       known[i] != get_unaligned_be16(c->data + at))
			i++;
		ck_assert_uint_lt(i, ARRAY_SIZE(known));
		codes[i] = '0' + (c->data[at + 2] & 1);
	}
	ck_assert_uint_eq(at, len);
	return codes;
}

START_TEST(cd_makes_cd_features_current)
{
	configuration(0, 0, ROOM);
	ck_assert_str_eq(feature_codes(), "111111011");
	ck_assert_uint_eq(get_unaligned_be16(c->data + 6), 0x08);
	configuration(1, 0, ROOM);
	ck_assert_str_eq(feature_codes(), "111111-11");
}
END_TEST

START_TEST(dvd_makes_dvd_features_current)
{
	configuration(0, 0, ROOM);
	ck_assert_str_eq(feature_codes(), "111110111");
	ck_assert_uint_eq(get_unaligned_be16(c->data + 6), 0x10);
	configuration(1, 0, ROOM);
	ck_assert_str_eq(feature_codes(), "11111-111");
}
END_TEST

START_TEST(empty_drive_has_no_current_profile)
{
	configuration(0, 0, ROOM);
	ck_assert_str_eq(feature_codes(), "111100011");
	ck_assert_uint_eq(get_unaligned_be16(c->data + 6), 0);
	ck_assert_uint_eq(c->data[14] | c->data[18], 0);
}
END_TEST

START_TEST(open_tray_has_no_current_profile)
{
	start_stop(EJECT);
	configuration(1, 0, ROOM);
	ck_assert_str_eq(feature_codes(), "1111---11");
	ck_assert_uint_eq(get_unaligned_be16(c->data + 6), 0);
}
END_TEST

START_TEST(profiles_are_listed)
{
	configuration(2, 0, ROOM);
	ck_data(B4(16), 0, 0, 0, 0x08,
		0, 0, 0x03, 8, 0, 0x10, 0, 0, 0, 0x08, 1, 0);
}
END_TEST

START_TEST(features_may_begin_anywhere)
{
	configuration(0, 0x0011, ROOM);
	ck_assert_str_eq(feature_codes(), "-----1011");
	configuration(0, 0x0106, ROOM);
	ck_data(B4(4), 0, 0, 0, 0x08);
}
END_TEST

START_TEST(one_feature_may_be_asked_for)
{
	configuration(2, 0x0010, ROOM);
	ck_data(B4(16), 0, 0, 0, 0x08,
		0, 0x10, 0x01, 8, 0, 0, 0x08, 0, 0, 1, 1, 0);
	configuration(2, 0x0011, ROOM);
	ck_data(B4(4), 0, 0, 0, 0x08);
}
END_TEST

START_TEST(tray_can_be_loaded_ejected_and_locked)
{
	configuration(2, 0x0003, ROOM);
	ck_data(B4(12), 0, 0, 0, 0x08, 0, 0x03, 0x0b, 4, 0x39, 0, 0, 0);
}
END_TEST

START_TEST(configuration_header_tells_the_full_length)
{
	u32 len;

	configuration(0, 0, ROOM);
	len = get_unaligned_be32(c->data);
	configuration(0, 0, 8);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 8);
	ck_assert_uint_eq(get_unaligned_be32(c->data), len);
}
END_TEST

START_TEST(reserved_request_type_is_refused)
{
	configuration(3, 0, ROOM);
	ck_bad_cdb(1, 1);
}
END_TEST

START_TEST(cds_end_at_eighty_minutes)
{
	configuration(2, 0, ROOM);
	ck_assert_uint_eq(get_unaligned_be16(c->data + 6), 0x08);
	drive_set_medium(d, 360001);
	configuration(2, 0, ROOM);
	ck_assert_uint_eq(get_unaligned_be16(c->data + 6), 0x10);
}
END_TEST

static void with_longest_cd(void)
{
	drive_with(360000);
}

static void add_cd(Suite *s)
{
	TCase *tc = tcase_create("cd");

	tcase_add_checked_fixture(tc, with_cd, teardown);
	tcase_add_loop_test(tc, toc_has_one_track_and_the_lead_out, 0, 2);
	tcase_add_test(tc, toc_may_be_in_minutes);
	tcase_add_test(tc, toc_may_begin_with_the_lead_out);
	tcase_add_test(tc, toc_of_other_tracks_is_refused);
	tcase_add_test(tc, toc_header_tells_the_full_length);
	tcase_add_test(tc, toc_tells_of_the_one_session);
	tcase_add_test(tc, toc_format_may_be_in_the_control_byte);
	tcase_add_loop_test(tc, raw_toc_has_the_points_of_the_lead_in, 0, 2);
	tcase_add_test(tc, raw_toc_of_other_sessions_is_refused);
	tcase_add_loop_test(tc, toc_has_no_pma_atip_or_text, 0, 3);
	tcase_add_test(tc, disc_is_complete);
	tcase_add_test(tc, disc_has_no_other_information);
	tcase_add_loop_test(tc, track_is_the_whole_disc, 0,
			    ARRAY_SIZE(track_names));
	tcase_add_test(tc, other_tracks_are_refused);
	tcase_add_test(tc, no_track_is_open);
	tcase_add_test(tc, cd_has_no_structures);
	suite_add_tcase(s, tc);
}

static void add_dvd(Suite *s)
{
	TCase *tc = tcase_create("dvd");

	tcase_add_checked_fixture(tc, with_dvd, teardown);
	tcase_add_test(tc, dvd_has_a_toc_of_tracks);
	tcase_add_test(tc, minutes_end_where_a_byte_does);
	tcase_add_test(tc, dvd_has_no_raw_toc);
	tcase_add_test(tc, physical_format_tells_where_the_data_is);
	tcase_add_test(tc, physical_format_has_24_bits);
	tcase_add_test(tc, there_is_no_copy_protection);
	tcase_add_test(tc, manufacturer_says_nothing);
	tcase_add_test(tc, structures_are_listed);
	tcase_add_test(tc, structure_is_cut_to_the_allocation_length);
	tcase_add_test(tc, keys_are_refused);
	tcase_add_test(tc, other_layers_and_media_are_refused);
	tcase_add_test(tc, structure_without_memory_is_busy);
	tcase_add_test(tc, dvd_makes_dvd_features_current);
	suite_add_tcase(s, tc);
}

static void add_configuration(Suite *s)
{
	TCase *tc = tcase_create("configuration");

	tcase_add_checked_fixture(tc, with_cd, teardown);
	tcase_add_test(tc, cd_makes_cd_features_current);
	tcase_add_test(tc, open_tray_has_no_current_profile);
	tcase_add_test(tc, profiles_are_listed);
	tcase_add_test(tc, features_may_begin_anywhere);
	tcase_add_test(tc, one_feature_may_be_asked_for);
	tcase_add_test(tc, tray_can_be_loaded_ejected_and_locked);
	tcase_add_test(tc, configuration_header_tells_the_full_length);
	tcase_add_test(tc, reserved_request_type_is_refused);
	suite_add_tcase(s, tc);

	tc = tcase_create("empty");
	tcase_add_checked_fixture(tc, empty, teardown);
	tcase_add_test(tc, empty_drive_has_no_current_profile);
	suite_add_tcase(s, tc);

	tc = tcase_create("longest cd");
	tcase_add_checked_fixture(tc, with_longest_cd, teardown);
	tcase_add_test(tc, cds_end_at_eighty_minutes);
	suite_add_tcase(s, tc);
}

int main(void)
{
	Suite *s = suite_create("mmc_disc");

	add_cd(s);
	add_dvd(s);
	add_configuration(s);
	return run_suite(s);
}
