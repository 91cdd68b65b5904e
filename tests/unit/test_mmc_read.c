// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of READ, VERIFY and SEEK.
 */
#include "mmc_test.h"

/* ---- Commands ---------------------------------------------------------- */

static u8 *make_read(u8 op, u32 lba, u32 blocks, u32 len)
{
	u8 *cdb = make(op, len);

	put_unaligned_be32(lba, cdb + 2);
	if (op == SCSI_READ_12)
		put_unaligned_be32(blocks, cdb + 6);
	else
		put_unaligned_be16(blocks, cdb + 7);
	return cdb;
}

static void do_read(u8 op, u32 lba, u32 blocks, u32 len)
{
	make_read(op, lba, blocks, len);
	run();
}

/* ---- READ -------------------------------------------------------------- */

static const u8 reads[] = { SCSI_READ_10, SCSI_READ_12 };

START_TEST(read_returns_blocks)
{
	do_read(reads[_i], 17, 3, 3 * BS);
	ck_blocks(17, 3);
	ck_assert_uint_eq(d->nr_log, 1);
}
END_TEST

START_TEST(read_of_the_last_block)
{
	do_read(reads[_i], CD_BLOCKS - 1, 1, BS);
	ck_blocks(CD_BLOCKS - 1, 1);
}
END_TEST

START_TEST(read_beyond_the_end_is_refused)
{
	do_read(reads[_i], CD_BLOCKS - 1, 2, 2 * BS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, CD_BLOCKS);
	do_read(reads[_i], U32_MAX, 1, BS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, U32_MAX);
	ck_assert_uint_eq(c->cmd.data_in, 0);
}
END_TEST

START_TEST(read_of_nothing_is_good_where_there_is_something)
{
	do_read(reads[_i], 5, 0, 0);
	ck_good();
	do_read(reads[_i], CD_BLOCKS, 0, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, CD_BLOCKS);
	ck_assert_uint_eq(d->nr_log, 0);
}
END_TEST

START_TEST(read_is_limited)
{
	do_read(reads[_i], 0, 512, 512 * BS);
	ck_blocks(0, 512);
	do_read(reads[_i], 0, 513, 513 * BS);
	ck_bad_cdb(_i ? 6 : 7, SENSE_NO_BIT);
}
END_TEST

START_TEST(read_into_a_short_buffer_tells_what_was_wanted)
{
	do_read(reads[_i], 9, 3, BS + 100);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 3 * BS);
	ck_assert_uint_eq(c->cmd.data_in, BS + 100);
	ck_assert_uint_eq(d->log[0].blocks, 2);
	ck_assert(is_block(c->data, 9));
}
END_TEST

START_TEST(read_without_buffer_reads_nothing)
{
	do_read(reads[_i], 9, 3, 0);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 3 * BS);
	ck_assert_uint_eq(d->nr_log, 0);
}
END_TEST

START_TEST(read_tells_of_errors)
{
	d->fail = SENSE_READ_ERROR;
	d->fail_lba = 11;
	do_read(reads[_i], 10, 3, 3 * BS);
	ck_info(SENSE_READ_ERROR, 11);
	ck_assert_uint_eq(c->cmd.data_in, 0);
	d->fail = SENSE_BUSY;
	do_read(reads[_i], 10, 3, 3 * BS);
	ck_assert_uint_eq(c->cmd.status, SCSI_BUSY);
}
END_TEST

START_TEST(read_ends_when_the_backend_says_so)
{
	d->deferred = true;
	make_read(reads[_i], 4, 1, BS);
	ck_assert(drive_execute(c));
	ck_assert(!c->ended);
	drive_drain(d);
	ck_blocks(4, 1);
}
END_TEST

START_TEST(read_of_a_dvd)
{
	do_read(reads[_i], DVD_BLOCKS - 2, 2, 2 * BS);
	ck_blocks(DVD_BLOCKS - 2, 2);
}
END_TEST

/* ---- SEEK and VERIFY --------------------------------------------------- */

START_TEST(seek_checks_the_address)
{
	do_read(SCSI_SEEK_10, CD_BLOCKS - 1, 0, 0);
	ck_good();
	do_read(SCSI_SEEK_10, CD_BLOCKS, 0, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, CD_BLOCKS);
}
END_TEST

START_TEST(verify_reads_all_blocks_in_pieces)
{
	u64 lba = 7;
	u32 i;

	do_read(SCSI_VERIFY_10, 7, 100, 0);
	ck_good();
	ck_assert_uint_gt(d->nr_log, 1);
	for (i = 0; i < d->nr_log; i++) {
		ck_assert_uint_eq(d->log[i].lba, lba);
		lba += d->log[i].blocks;
	}
	ck_assert_uint_eq(lba, 107);
}
END_TEST

START_TEST(verify_tells_of_errors)
{
	d->fail = SENSE_READ_ERROR;
	d->fail_lba = 60;
	do_read(SCSI_VERIFY_10, 0, 100, 0);
	ck_info(SENSE_READ_ERROR, 60);
}
END_TEST

START_TEST(verify_of_nothing_reads_nothing)
{
	do_read(SCSI_VERIFY_10, 0, 0, 0);
	ck_good();
	ck_assert_uint_eq(d->nr_log, 0);
}
END_TEST

START_TEST(verify_does_not_compare)
{
	make_read(SCSI_VERIFY_10, 0, 1, 0)[1] = 0x02;
	run();
	ck_bad_cdb(1, 1);
}
END_TEST

START_TEST(verify_makes_no_recursion)
{
	do_read(SCSI_VERIFY_10, 0, CD_BLOCKS, 0);
	ck_good();
	ck_assert_uint_gt(d->nr_log, 100);
	ck_assert_uint_eq(d->stack_low, d->stack_high);
}
END_TEST

START_TEST(verify_ends_when_it_is_aborted)
{
	d->deferred = true;
	make_read(SCSI_VERIFY_10, 0, 100, 0);
	ck_assert(drive_execute(c));
	c->cmd.aborted = true;
	drive_step(d, 0);
	ck_assert(c->ended);
	ck_sense(SENSE_ABORTED);
}
END_TEST

START_TEST(verify_without_memory_is_busy)
{
	make_read(SCSI_VERIFY_10, 0, 1, 0);
	core_fail_alloc(1);
	run();
	core_fail_alloc(0);
	ck_assert_uint_eq(c->cmd.status, SCSI_BUSY);
}
END_TEST

static void add_verify(Suite *s)
{
	TCase *tc = tcase_create("verify");

	tcase_add_checked_fixture(tc, with_cd, teardown);
	tcase_add_test(tc, seek_checks_the_address);
	tcase_add_test(tc, verify_reads_all_blocks_in_pieces);
	tcase_add_test(tc, verify_tells_of_errors);
	tcase_add_test(tc, verify_of_nothing_reads_nothing);
	tcase_add_test(tc, verify_does_not_compare);
	tcase_add_test(tc, verify_makes_no_recursion);
	tcase_add_test(tc, verify_ends_when_it_is_aborted);
	tcase_add_test(tc, verify_without_memory_is_busy);
	suite_add_tcase(s, tc);
}

static void add_read(Suite *s)
{
	TCase *tc = tcase_create("read");

	tcase_add_checked_fixture(tc, with_cd, teardown);
	tcase_add_loop_test(tc, read_returns_blocks, 0, 2);
	tcase_add_loop_test(tc, read_of_the_last_block, 0, 2);
	tcase_add_loop_test(tc, read_beyond_the_end_is_refused, 0, 2);
	tcase_add_loop_test(tc,
			    read_of_nothing_is_good_where_there_is_something,
			    0, 2);
	tcase_add_loop_test(tc, read_is_limited, 0, 2);
	tcase_add_loop_test(tc, read_into_a_short_buffer_tells_what_was_wanted,
			    0, 2);
	tcase_add_loop_test(tc, read_without_buffer_reads_nothing, 0, 2);
	tcase_add_loop_test(tc, read_tells_of_errors, 0, 2);
	tcase_add_loop_test(tc, read_ends_when_the_backend_says_so, 0, 2);
	suite_add_tcase(s, tc);
}

int main(void)
{
	Suite *s = suite_create("mmc_read");
	TCase *tc = tcase_create("dvd");

	add_read(s);
	add_verify(s);
	tcase_add_checked_fixture(tc, with_dvd, teardown);
	tcase_add_loop_test(tc, read_of_a_dvd, 0, 2);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
