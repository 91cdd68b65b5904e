// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of READ CD and READ CD MSF, and of the sectors that they make.
 */
#include "mmc_test.h"

#define SECTOR 2352u

/* Bit for bit and without tables, to check what the server makes. */
static u32 edc_of(const u8 *p, size_t len)
{
	u32 edc = 0, i;

	while (len--) {
		edc ^= *p++;
		for (i = 0; i < 8; i++)
			edc = edc >> 1 ^ (edc & 1 ? 0xd8018001 : 0);
	}
	return edc;
}

static u8 times_alpha(u8 a)
{
	return a & 0x80 ? (u8)(a << 1) ^ 0x1d : a << 1;
}

/* Both check sums of a code word whose symbols are at @at[]. */
static bool codeword_is_valid(const u8 *block, const u16 *at, u32 nr)
{
	u8 sum = 0, weighted = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		sum ^= block[at[i]];
		weighted = times_alpha(weighted) ^ block[at[i]];
	}
	return !sum && !weighted;
}

/* ECMA-130 annex A: P is 43 columns of 26 words, Q are 26 diagonals of 45. */
static bool p_is_valid(const u8 *block)
{
	u16 at[26];
	u32 plane, column, i;

	for (plane = 0; plane < 2; plane++) {
		for (column = 0; column < 43; column++) {
			for (i = 0; i < 26; i++)
				at[i] = 2 * (43 * i + column) + plane;
			if (!codeword_is_valid(block, at, 26))
				return false;
		}
	}
	return true;
}

static bool q_is_valid(const u8 *block)
{
	u16 at[45];
	u32 plane, diagonal, i;

	for (plane = 0; plane < 2; plane++) {
		for (diagonal = 0; diagonal < 26; diagonal++) {
			for (i = 0; i < 43; i++)
				at[i] = 2 * ((44 * i + 43 * diagonal) % 1118) +
					plane;
			at[43] = 2 * (1118 + diagonal) + plane;
			at[44] = 2 * (1118 + 26 + diagonal) + plane;
			if (!codeword_is_valid(block, at, 45))
				return false;
		}
	}
	return true;
}

/* ---- Commands ---------------------------------------------------------- */

static u8 *make_cd(u32 lba, u32 blocks, u8 parts, u32 len)
{
	u8 *cdb = make(SCSI_READ_CD, len);

	put_unaligned_be32(lba, cdb + 2);
	put_unaligned_be24(blocks, cdb + 6);
	cdb[9] = parts;
	return cdb;
}

static void do_cd(u32 lba, u32 blocks, u8 parts, u32 len)
{
	make_cd(lba, blocks, parts, len);
	run();
}

/* ---- READ CD: what is chosen ------------------------------------------- */

START_TEST(cd_user_data_is_what_read_returns)
{
	do_cd(3, 2, 0x10, 2 * BS);
	ck_blocks(3, 2);
}
END_TEST

static const struct {
	u8 parts;
	u16 at, len;
} choices[] = {
	{ 0x18, 16, 2336 }, { 0x20, 12, 4 }, { 0x30, 12, 2052 },
	{ 0x38, 12, 2340 }, { 0x50, 16, 2048 }, { 0x58, 16, 2336 },
	{ 0x60, 12, 4 }, { 0x70, 12, 2052 }, { 0x78, 12, 2340 },
	{ 0xa0, 0, 16 }, { 0xb0, 0, 2064 }, { 0xb8, 0, 2352 },
	{ 0xe0, 0, 16 }, { 0xf0, 0, 2064 }, { 0xf8, 0, 2352 },
};

START_TEST(cd_parts_are_cut_out_of_the_sector)
{
	u32 i, len = choices[_i].len;
	u8 whole[2 * SECTOR];

	do_cd(33, 2, 0xf8, 2 * SECTOR);
	ck_good();
	memcpy(whole, c->data, sizeof(whole));
	do_cd(33, 2, choices[_i].parts, 2 * SECTOR);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 2 * len);
	for (i = 0; i < 2; i++)
		ck_assert_mem_eq(c->data + i * len,
				 whole + i * SECTOR + choices[_i].at, len);
}
END_TEST

START_TEST(cd_parts_that_do_not_hang_together_are_refused)
{
	static const u8 parts[] = {
		0x08, 0x28, 0x48, 0x68, 0x80, 0x88, 0x90, 0x98, 0xa8, 0xc0,
		0xc8, 0xd0, 0xd8, 0xe8,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		do_cd(0, 1, parts[i], SECTOR);
		ck_bad_cdb(9, SENSE_NO_BIT);
	}
}
END_TEST

START_TEST(cd_of_no_parts_moves_nothing)
{
	do_cd(0, 1, 0x00, SECTOR);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 0);
	ck_assert_uint_eq(c->cmd.wanted, 0);
	do_cd(0, 1, 0x40, SECTOR);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 0);
}
END_TEST

START_TEST(cd_error_flags_and_sub_channels_are_refused)
{
	do_cd(0, 1, 0xfa, SECTOR);
	ck_bad_cdb(9, 2);
	make_cd(0, 1, 0x10, SECTOR)[10] = 2;
	run();
	ck_bad_cdb(10, 2);
}
END_TEST

START_TEST(cd_sectors_are_of_mode_1)
{
	static const enum scst_sense senses[8] = {
		[1] = SENSE_ILLEGAL_TRACK_MODE, [3] = SENSE_ILLEGAL_TRACK_MODE,
		[4] = SENSE_ILLEGAL_TRACK_MODE, [5] = SENSE_ILLEGAL_TRACK_MODE,
		[6] = SENSE_INVALID_FIELD_IN_CDB,
		[7] = SENSE_INVALID_FIELD_IN_CDB,
	};

	make_cd(0, 1, 0x10, BS)[1] = _i << 2;
	run();
	if (senses[_i])
		ck_sense(senses[_i]);
	else
		ck_blocks(0, 1);
}
END_TEST

/* ---- READ CD: how sectors are made -------------------------------------- */

START_TEST(sector_has_sync_and_header)
{
	static const u8 start[16] = {
		0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0, 0x01, 0x00, 0x74, 0x01,
	};

	/* 59 seconds and 74 frames after the first: 01:01:74. */
	do_cd(59 * 75 + 74 - 75, 1, 0xf8, SECTOR);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, SECTOR);
	ck_assert_mem_eq(c->data, start, sizeof(start));
	ck_assert(is_block(c->data + 16, 59 * 75 + 74 - 75));
}
END_TEST

START_TEST(sector_has_its_edc)
{
	do_cd(1234, 1, 0xf8, SECTOR);
	ck_assert_uint_eq(get_unaligned_le32(c->data + 2064),
			  edc_of(c->data, 2064));
	ck_assert_uint_eq(edc_of(c->data, 2068), 0);
	ck_assert(!memchr_inv(c->data + 2068, 0, 8));
}
END_TEST

START_TEST(sector_has_valid_parity)
{
	do_cd(_i, 1, 0xf8, SECTOR);
	ck_good();
	ck_assert(p_is_valid(c->data + 12));
	ck_assert(q_is_valid(c->data + 12));
	c->data[100] ^= 1;
	ck_assert(!p_is_valid(c->data + 12));
	ck_assert(!q_is_valid(c->data + 12));
}
END_TEST

START_TEST(sectors_follow_each_other_over_pieces)
{
	u32 i;

	do_cd(10, 100, 0xb8, 100 * SECTOR);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 100 * SECTOR);
	ck_assert_uint_gt(d->nr_log, 1);
	for (i = 0; i < 100; i++) {
		ck_assert(is_block(c->data + i * SECTOR + 16, 10 + i));
		ck_assert_uint_eq(get_unaligned_le32(c->data + i * SECTOR +
						     2064),
				  edc_of(c->data + i * SECTOR, 2064));
	}
}
END_TEST

START_TEST(sectors_into_a_short_buffer)
{
	do_cd(10, 100, 0xf8, SECTOR + 20);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 100 * SECTOR);
	ck_assert_uint_eq(c->cmd.data_in, SECTOR + 20);
	ck_assert_uint_eq(d->log[0].blocks, 2);
	ck_assert_uint_eq(c->data[SECTOR + 14], 0x11);
	ck_assert_uint_eq(c->data[SECTOR + 20], 0xee);
}
END_TEST

START_TEST(sectors_are_limited_in_bytes)
{
	do_cd(0, 512 * BS / SECTOR, 0xf8, SECTOR);
	ck_good();
	do_cd(0, 512 * BS / SECTOR + 1, 0xf8, SECTOR);
	ck_bad_cdb(6, SENSE_NO_BIT);
}
END_TEST

START_TEST(sectors_tell_of_errors)
{
	d->fail = SENSE_READ_ERROR;
	d->fail_lba = 50;
	do_cd(0, 100, 0xf8, 100 * SECTOR);
	ck_info(SENSE_READ_ERROR, 50);
	ck_assert_uint_eq(c->cmd.data_in, 0);
}
END_TEST

START_TEST(sectors_without_memory_are_busy)
{
	make_cd(0, 1, 0xf8, SECTOR);
	core_fail_alloc(1 + _i);
	run();
	core_fail_alloc(0);
	ck_assert_uint_eq(c->cmd.status, SCSI_BUSY);
}
END_TEST

START_TEST(cd_beyond_the_end_is_refused)
{
	do_cd(CD_BLOCKS - 1, 2, 0xf8, 2 * SECTOR);
	ck_info(SENSE_LBA_OUT_OF_RANGE, CD_BLOCKS);
	do_cd(U32_MAX, 1, 0x10, BS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, U32_MAX);
}
END_TEST

START_TEST(cd_commands_are_not_for_dvds)
{
	do_cd(0, 1, 0x10, BS);
	ck_sense(SENSE_INCOMPATIBLE_FORMAT);
}
END_TEST

/* ---- READ CD MSF ------------------------------------------------------- */

static void do_msf(const u8 *start, const u8 *end, u32 len)
{
	u8 *cdb = make(SCSI_READ_CD_MSF, len);

	memcpy(cdb + 3, start, 3);
	memcpy(cdb + 6, end, 3);
	cdb[9] = 0x10;
	run();
}

START_TEST(msf_begins_after_the_pregap)
{
	do_msf((const u8[]){ 0, 2, 0 }, (const u8[]){ 0, 2, 3 }, 3 * BS);
	ck_blocks(0, 3);
}
END_TEST

START_TEST(msf_end_is_not_read)
{
	do_msf((const u8[]){ 0, 59, 74 }, (const u8[]){ 1, 0, 0 }, 3 * BS);
	ck_blocks(60 * 75 - 1 - 150, 1);
	do_msf((const u8[]){ 0, 59, 74 }, (const u8[]){ 0, 59, 74 }, BS);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 0);
}
END_TEST

START_TEST(msf_that_is_none_is_refused)
{
	do_msf((const u8[]){ 0, 60, 0 }, (const u8[]){ 1, 1, 0 }, BS);
	ck_bad_cdb(3, SENSE_NO_BIT);
	do_msf((const u8[]){ 0, 2, 75 }, (const u8[]){ 1, 1, 0 }, BS);
	ck_bad_cdb(3, SENSE_NO_BIT);
	do_msf((const u8[]){ 0, 1, 74 }, (const u8[]){ 1, 1, 0 }, BS);
	ck_bad_cdb(3, SENSE_NO_BIT);
	do_msf((const u8[]){ 0, 2, 0 }, (const u8[]){ 1, 1, 75 }, BS);
	ck_bad_cdb(6, SENSE_NO_BIT);
	do_msf((const u8[]){ 0, 2, 1 }, (const u8[]){ 0, 2, 0 }, BS);
	ck_bad_cdb(6, SENSE_NO_BIT);
}
END_TEST

START_TEST(msf_beyond_the_end_is_refused)
{
	do_msf((const u8[]){ 0, 2, 0 }, (const u8[]){ 80, 0, 0 }, BS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, CD_BLOCKS);
}
END_TEST

static void add_cd(Suite *s)
{
	TCase *tc = tcase_create("cd");

	tcase_add_checked_fixture(tc, with_cd, teardown);
	tcase_add_test(tc, cd_user_data_is_what_read_returns);
	tcase_add_loop_test(tc, cd_parts_are_cut_out_of_the_sector, 0,
			    ARRAY_SIZE(choices));
	tcase_add_test(tc, cd_parts_that_do_not_hang_together_are_refused);
	tcase_add_test(tc, cd_of_no_parts_moves_nothing);
	tcase_add_test(tc, cd_error_flags_and_sub_channels_are_refused);
	tcase_add_loop_test(tc, cd_sectors_are_of_mode_1, 0, 8);
	tcase_add_test(tc, cd_beyond_the_end_is_refused);
	tcase_add_test(tc, sector_has_sync_and_header);
	tcase_add_test(tc, sector_has_its_edc);
	tcase_add_loop_test(tc, sector_has_valid_parity, 0, 8);
	tcase_add_test(tc, sectors_follow_each_other_over_pieces);
	tcase_add_test(tc, sectors_into_a_short_buffer);
	tcase_add_test(tc, sectors_are_limited_in_bytes);
	tcase_add_test(tc, sectors_tell_of_errors);
	tcase_add_loop_test(tc, sectors_without_memory_are_busy, 0, 2);
	tcase_add_test(tc, msf_begins_after_the_pregap);
	tcase_add_test(tc, msf_end_is_not_read);
	tcase_add_test(tc, msf_that_is_none_is_refused);
	tcase_add_test(tc, msf_beyond_the_end_is_refused);
	suite_add_tcase(s, tc);
}

int main(void)
{
	Suite *s = suite_create("mmc_cd");
	TCase *tc = tcase_create("dvd");

	add_cd(s);
	tcase_add_checked_fixture(tc, with_dvd, teardown);
	tcase_add_test(tc, cd_commands_are_not_for_dvds);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
