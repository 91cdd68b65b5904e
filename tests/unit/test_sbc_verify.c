// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of VERIFY and WRITE AND VERIFY.
 */
#include "sbc_test.h"

#define BYTCHK_NONE 0x00
#define BYTCHK_ALL  0x02
#define BYTCHK_BAD  0x04
#define BYTCHK_SAME 0x06

static const u8 verifies[] = { SCSI_VERIFY_10, SCSI_VERIFY_12,
			       SCSI_VERIFY_16 };
static const u8 write_verifies[] = { SCSI_WRITE_VERIFY_10,
				     SCSI_WRITE_VERIFY_12,
				     SCSI_WRITE_VERIFY_16 };
static const u8 length_at[] = { 7, 6, 10 };

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	cfg.blocks = 8192;
	disk(&cfg, 0);
}

static void setup_native_fua(void)
{
	struct sbc_config cfg = fake_config();

	cfg.native_fua = true;
	disk(&cfg, 0);
}

/* VERIFY with Data-Out as it is on the disk. */
static void make_equal(u8 op, u8 opts, u64 lba, u32 blocks)
{
	make(op, opts, lba, blocks, SCST_DATA_OUT, blocks * BS);
	memcpy(c->data, f->cached + lba * BS, blocks * BS);
}

/* ---- VERIFY ------------------------------------------------------------ */

START_TEST(verify_reads_the_medium)
{
	do_none(verifies[_i], BYTCHK_NONE, 5, 7);
	ck_good();
	ck_ops("FR");
	ck_assert_uint_eq(f->log[1].lba, 5);
	ck_assert_uint_eq(f->log[1].blocks, 7);
	ck_assert_uint_eq(f->log[1].flags, SBC_IO_FUA);
}
END_TEST

START_TEST(verify_finds_read_errors)
{
	f->fail = SENSE_READ_ERROR;
	f->fail_ops = 1 << FAKE_READ;
	f->fail_lba = 11;
	do_none(verifies[_i], BYTCHK_NONE, 5, 7);
	ck_info(SENSE_READ_ERROR, 11);
}
END_TEST

START_TEST(verify_fails_with_its_flush)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_FLUSH;
	f->fail_lba = 11;
	do_none(SCSI_VERIFY_10, BYTCHK_NONE, 5, 7);
	ck_info(SENSE_WRITE_ERROR, 11);
	ck_ops("F");
}
END_TEST

START_TEST(verify_of_no_blocks_is_good)
{
	do_none(verifies[_i], BYTCHK_NONE, 5, 0);
	ck_good();
	do_none(verifies[_i], BYTCHK_ALL, 5, 0);
	ck_good();
	do_none(verifies[_i], BYTCHK_SAME, 5, 0);
	ck_good();
	ck_ops("");
}
END_TEST

START_TEST(verify_beyond_the_end_is_refused)
{
	do_none(verifies[_i], BYTCHK_NONE, 8191, 2);
	ck_info(SENSE_LBA_OUT_OF_RANGE, 8192);
	do_none(verifies[_i], BYTCHK_NONE, 8192, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, 8192);
}
END_TEST

START_TEST(verify_with_protection_is_refused)
{
	do_none(verifies[_i], 0x80, 0, 1);
	ck_bad_cdb(1, 7);
}
END_TEST

START_TEST(verify_with_reserved_bytchk_is_refused)
{
	do_out(verifies[_i], BYTCHK_BAD, 0, 1, BS, 0);
	ck_bad_cdb(1, 2);
}
END_TEST

START_TEST(verify_without_compare_ignores_data_out)
{
	do_out(verifies[_i], BYTCHK_NONE | DPO, 5, 1, BS, 0x55);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 0);
	ck_assert_uint_eq(f->log[1].flags, SBC_IO_FUA | SBC_IO_DPO);
}
END_TEST

START_TEST(verify_goes_in_pieces)
{
	do_none(SCSI_VERIFY_12, BYTCHK_NONE, 1, 5000);
	ck_good();
	ck_ops("FRRR");
	ck_assert_uint_eq(f->log[1].blocks, 2048);
	ck_assert_uint_eq(f->log[3].lba, 1 + 4096);
	ck_assert_uint_eq(f->log[3].blocks, 904);
}
END_TEST

START_TEST(verify_compares_all)
{
	make_equal(verifies[_i], BYTCHK_ALL, 5, 7);
	run();
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 7 * BS);
}
END_TEST

START_TEST(verify_tells_where_it_differs)
{
	make_equal(verifies[_i], BYTCHK_ALL, 5, 7);
	c->data[3 * BS + 17] ^= 1;
	c->data[4 * BS] ^= 1;
	run();
	ck_info(SENSE_MISCOMPARE_VERIFY, 3 * BS + 17);
}
END_TEST

START_TEST(verify_compares_the_last_byte)
{
	make_equal(verifies[_i], BYTCHK_ALL, 5, 7);
	c->data[7 * BS - 1] ^= 0x80;
	run();
	ck_info(SENSE_MISCOMPARE_VERIFY, 7 * BS - 1);
}
END_TEST

START_TEST(verify_with_less_data_is_refused)
{
	do_out(verifies[_i], BYTCHK_ALL, 5, 2, 2 * BS - 1, 0);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
	do_in(verifies[_i], BYTCHK_ALL, 5, 2, 2 * BS);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

START_TEST(verify_with_compare_has_the_transfer_limit)
{
	do_out(verifies[_i], BYTCHK_ALL, 5, 513, 513 * BS, 0);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
	do_none(verifies[_i], BYTCHK_NONE, 5, 513);
	ck_good();
}
END_TEST

START_TEST(verify_compares_each_with_the_same)
{
	memset(f->cached + 5 * BS, 0x77, 7 * BS);
	do_out(verifies[_i], BYTCHK_SAME, 5, 7, BS, 0x77);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, BS);
}
END_TEST

START_TEST(verify_tells_which_is_not_the_same)
{
	memset(f->cached + 5 * BS, 0x77, 7 * BS);
	f->cached[9 * BS + 2] = 0;
	do_out(verifies[_i], BYTCHK_SAME, 5, 7, BS, 0x77);
	ck_info(SENSE_MISCOMPARE_VERIFY, 4 * BS + 2);
}
END_TEST

START_TEST(verify_of_the_same_wants_a_block)
{
	do_out(verifies[_i], BYTCHK_SAME, 5, 7, BS - 1, 0x77);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
}
END_TEST

START_TEST(verify_of_many_blocks_makes_no_recursion)
{
	struct sbc_config cfg = fake_config();

	cfg.blocks = 1u << 20;
	teardown();
	disk(&cfg, 0);
	f->submitted = watch_stack;
	do_none(SCSI_VERIFY_16, BYTCHK_NONE, 0, 1u << 20);
	ck_good();
	ck_no_recursion();
	ck_assert_uint_eq(fake_count(f, FAKE_READ), 512);
}
END_TEST

START_TEST(verify_ends_when_aborted)
{
	f->deferred = true;
	make(SCSI_VERIFY_12, BYTCHK_NONE, 0, 5000, SCST_DATA_NONE, 0);
	ck_assert(fake_execute(c));
	fake_step(f, 0);
	c->cmd.aborted = true;
	fake_drain(f);
	ck_sense(SENSE_ABORTED);
	ck_ops("FR");
}
END_TEST

/* ---- WRITE AND VERIFY -------------------------------------------------- */

START_TEST(write_verify_writes_through_and_reads)
{
	do_out(write_verifies[_i], BYTCHK_NONE, 5, 2, 2 * BS, 0x77);
	ck_good();
	ck_ops("WFR");
	ck_assert(holds(f->medium, 5, 2, 0x77));
	ck_assert_uint_eq(c->cmd.wanted, 2 * BS);
}
END_TEST

START_TEST(write_verify_compares)
{
	do_out(write_verifies[_i], BYTCHK_ALL | DPO, 5, 2, 2 * BS, 0x77);
	ck_good();
	ck_ops("WFR");
}
END_TEST

/* The medium loses a bit between write and read. */
static void lose_a_bit(struct fake *fake, enum fake_op op, struct sbc_io *io)
{
	if (op == FAKE_READ)
		core_segs_zero(io->segs, io->nr_segs, 600, 1);
}

START_TEST(write_verify_finds_what_was_lost)
{
	f->executed = lose_a_bit;
	do_out(write_verifies[_i], BYTCHK_ALL, 5, 2, 2 * BS, 0x77);
	ck_info(SENSE_MISCOMPARE_VERIFY, 600);
	do_out(write_verifies[_i], BYTCHK_NONE, 5, 2, 2 * BS, 0x77);
	ck_good();
}
END_TEST

START_TEST(write_verify_with_native_fua_needs_no_flush)
{
	do_out(write_verifies[_i], BYTCHK_NONE, 5, 2, 2 * BS, 0x77);
	ck_good();
	ck_ops("WR");
	ck_assert_uint_eq(f->log[0].flags, SBC_IO_FUA);
}
END_TEST

START_TEST(write_verify_with_reserved_bytchk_is_refused)
{
	do_out(write_verifies[_i], BYTCHK_BAD, 5, 2, 2 * BS, 0x77);
	ck_bad_cdb(1, 2);
	do_out(write_verifies[_i], BYTCHK_SAME, 5, 2, 2 * BS, 0x77);
	ck_bad_cdb(1, 2);
	ck_ops("");
}
END_TEST

START_TEST(write_verify_of_no_blocks_is_good)
{
	do_out(write_verifies[_i], BYTCHK_ALL, 5, 0, 0, 0);
	ck_good();
	ck_ops("");
}
END_TEST

START_TEST(write_verify_beyond_the_end_is_refused)
{
	do_out(write_verifies[_i], 0, 8191, 2, 2 * BS, 0x77);
	ck_info(SENSE_LBA_OUT_OF_RANGE, 8192);
}
END_TEST

START_TEST(write_verify_with_less_data_takes_whole_blocks)
{
	do_out(write_verifies[_i], BYTCHK_ALL, 5, 3, BS + 100, 0x77);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 3 * BS);
	ck_assert_uint_eq(f->log[0].blocks, 1);
	ck_assert_uint_eq(f->log[2].blocks, 1);
}
END_TEST

START_TEST(write_verify_stops_at_each_error)
{
	static const enum fake_op ops[] = { FAKE_WRITE, FAKE_FLUSH,
					    FAKE_READ };
	static const char *const seen[] = { "W", "WF", "WFR" };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		f->fail = SENSE_WRITE_ERROR;
		f->fail_ops = 1 << ops[i];
		f->fail_lba = 6;
		do_out(SCSI_WRITE_VERIFY_10, 0, 5, 2, 2 * BS, 0x77);
		ck_info(SENSE_WRITE_ERROR, 6);
		ck_ops(seen[i]);
	}
}
END_TEST

static void add_verifies(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, verify_reads_the_medium, 0, 3);
	tcase_add_loop_test(tc, verify_finds_read_errors, 0, 3);
	tcase_add_test(tc, verify_fails_with_its_flush);
	tcase_add_loop_test(tc, verify_of_no_blocks_is_good, 0, 3);
	tcase_add_loop_test(tc, verify_beyond_the_end_is_refused, 0, 3);
	tcase_add_loop_test(tc, verify_with_protection_is_refused, 0, 3);
	tcase_add_loop_test(tc, verify_with_reserved_bytchk_is_refused, 0, 3);
	tcase_add_loop_test(tc, verify_without_compare_ignores_data_out, 0, 3);
	tcase_add_test(tc, verify_goes_in_pieces);
	tcase_add_loop_test(tc, verify_compares_all, 0, 3);
	tcase_add_loop_test(tc, verify_tells_where_it_differs, 0, 3);
	tcase_add_loop_test(tc, verify_compares_the_last_byte, 0, 3);
	tcase_add_loop_test(tc, verify_with_less_data_is_refused, 0, 3);
	tcase_add_loop_test(tc, verify_with_compare_has_the_transfer_limit,
			    0, 3);
	tcase_add_loop_test(tc, verify_compares_each_with_the_same, 0, 3);
	tcase_add_loop_test(tc, verify_tells_which_is_not_the_same, 0, 3);
	tcase_add_loop_test(tc, verify_of_the_same_wants_a_block, 0, 3);
	tcase_add_test(tc, verify_of_many_blocks_makes_no_recursion);
	tcase_add_test(tc, verify_ends_when_aborted);
}

static Suite *verify_suite(void)
{
	Suite *s = suite_create("sbc_verify");
	TCase *tc = tcase_create("verify");

	add_verifies(tc);
	suite_add_tcase(s, tc);

	tc = tcase_create("write and verify");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, write_verify_writes_through_and_reads, 0, 3);
	tcase_add_loop_test(tc, write_verify_compares, 0, 3);
	tcase_add_loop_test(tc, write_verify_finds_what_was_lost, 0, 3);
	tcase_add_loop_test(tc, write_verify_with_reserved_bytchk_is_refused,
			    0, 3);
	tcase_add_loop_test(tc, write_verify_of_no_blocks_is_good, 0, 3);
	tcase_add_loop_test(tc, write_verify_beyond_the_end_is_refused, 0, 3);
	tcase_add_loop_test(tc,
			    write_verify_with_less_data_takes_whole_blocks,
			    0, 3);
	tcase_add_test(tc, write_verify_stops_at_each_error);
	suite_add_tcase(s, tc);

	tc = tcase_create("native fua");
	tcase_add_checked_fixture(tc, setup_native_fua, teardown);
	tcase_add_loop_test(tc, write_verify_with_native_fua_needs_no_flush,
			    0, 3);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(verify_suite());
}
