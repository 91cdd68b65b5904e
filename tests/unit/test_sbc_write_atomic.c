// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of WRITE ATOMIC: its limits, and that nobody sees a part of it.
 */
#include "sbc_test.h"

#define MAX_ATOMIC 64u

static struct fake_cmd *other;

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	cfg.max_atomic = MAX_ATOMIC;
	disk(&cfg, 0);
	other = NULL;
}

static void atomic_teardown(void)
{
	fake_cmd_free(other);
	other = NULL;
	teardown();
}

/* The length is in the last two bytes of where WRITE(16) has it. */
static void make_atomic(u8 opts, u64 lba, u32 blocks, u8 byte)
{
	make(SCSI_WRITE_ATOMIC_16, opts, lba, blocks, SCST_DATA_OUT,
	     blocks * BS);
	if (blocks)
		fill(byte);
}

static void do_atomic(u8 opts, u64 lba, u32 blocks, u8 byte)
{
	make_atomic(opts, lba, blocks, byte);
	run();
}

static u32 limit(u32 at)
{
	return get_unaligned_be32(f->info.vpd_pages[0].data + at - 4);
}

START_TEST(it_writes)
{
	do_atomic(0, 5, 3, 0x77);
	ck_good();
	ck_ops("W");
	ck_assert(holds(f->cached, 5, 3, 0x77));
	ck_assert_uint_eq(c->cmd.wanted, 3 * BS);
}
END_TEST

START_TEST(as_long_as_the_limit)
{
	do_atomic(0, BLOCKS - MAX_ATOMIC, MAX_ATOMIC, 0x77);
	ck_good();
	ck_ops("W");
	do_atomic(0, 0, MAX_ATOMIC + 1, 0x77);
	ck_bad_cdb(12, SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

START_TEST(of_no_blocks_is_good)
{
	do_atomic(0, BLOCKS - 1, 0, 0);
	ck_good();
	do_atomic(0, BLOCKS, 0, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
}
END_TEST

START_TEST(beyond_the_end_is_refused)
{
	do_atomic(0, BLOCKS - 1, 2, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
	ck_ops("");
}
END_TEST

START_TEST(with_a_boundary_is_refused)
{
	make_atomic(0, 0, 2, 0);
	put_unaligned_be16(1, c->cdb + 10);
	run();
	ck_bad_cdb(10, SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

START_TEST(with_protection_is_refused)
{
	do_atomic(0x20, 0, 1, 0);
	ck_bad_cdb(1, 5);
}
END_TEST

/* A part would be neither all nor nothing. */
START_TEST(of_too_little_data_is_refused)
{
	make(SCSI_WRITE_ATOMIC_16, 0, 0, 2, SCST_DATA_OUT, BS);
	run();
	ck_bad_cdb(12, SENSE_NO_BIT);
	do_in(SCSI_WRITE_ATOMIC_16, 0, 0, 2, 2 * BS);
	ck_bad_cdb(12, SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

START_TEST(with_fua_is_durable)
{
	do_atomic(FUA, 5, 3, 0x77);
	ck_good();
	ck_ops("WF");
	ck_assert(holds(f->medium, 5, 3, 0x77));
}
END_TEST

START_TEST(a_failure_is_told)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_WRITE;
	f->fail_lba = 6;
	do_atomic(0, 5, 3, 0x77);
	ck_info(SENSE_WRITE_ERROR, 6);
}
END_TEST

/* Start @first, then another one; which of them have asked the backend? */
static void start_both(void (*first)(void), void (*second)(void))
{
	f->deferred = true;
	fake_clear_log(f);
	first();
	fake_execute(c);
	other = c;
	c = NULL;
	second();
	fake_execute(c);
}

static void make_read(void)
{
	make(SCSI_READ_16, 0, 6, 1, SCST_DATA_IN, BS);
}

static void make_verify(void)
{
	make(SCSI_VERIFY_16, 0, 6, 1, SCST_DATA_NONE, 0);
}

static void make_write(void)
{
	make_atomic(0, 5, 3, 0x77);
}

START_TEST(readers_wait_for_a_write)
{
	start_both(make_write, make_read);
	ck_ops("W");
	fake_drain(f);
	ck_good();
	ck_ops("WR");
	ck_assert_uint_eq(c->data[0], 0x77);
}
END_TEST

START_TEST(a_write_waits_for_readers)
{
	start_both(make_read, make_write);
	ck_ops("R");
	fake_drain(f);
	ck_good();
	ck_ops("RW");
	ck_assert_uint_ne(other->data[0], 0x77);
}
END_TEST

START_TEST(a_write_waits_for_a_verify)
{
	start_both(make_verify, make_write);
	ck_assert_uint_eq(fake_count(f, FAKE_WRITE), 0);
	fake_drain(f);
	ck_good();
	ck_assert_uint_eq(other->cmd.status, SCSI_GOOD);
}
END_TEST

START_TEST(readers_elsewhere_do_not_wait)
{
	start_both(make_write, make_read);
	fake_drain(f);
	fake_cmd_free(other);
	other = NULL;
	f->deferred = true;
	fake_clear_log(f);
	make_write();
	fake_execute(c);
	other = c;
	c = NULL;
	make(SCSI_READ_16, 0, 8, 1, SCST_DATA_IN, BS);
	fake_execute(c);
	ck_ops("WR");
	fake_drain(f);
}
END_TEST

/* ---- What is said of it ------------------------------------------------ */

START_TEST(vpd_has_the_limit)
{
	ck_assert_uint_eq(limit(44), MAX_ATOMIC);
	ck_assert_uint_eq(limit(48), 0);
	ck_assert_uint_eq(limit(52), 0);
	ck_assert_uint_eq(limit(56), 0);
	ck_assert_uint_eq(limit(60), 0);
}
END_TEST

START_TEST(limit_is_not_above_that_of_others)
{
	struct sbc_config cfg = fake_config();

	cfg.max_atomic = 1 << 20;
	disk(&cfg, 0);
	ck_assert_uint_eq(limit(44), 512);
	fake_free(f);
	cfg.max_transfer = 1 << 20;
	disk(&cfg, 0);
	ck_assert_uint_eq(limit(44), U16_MAX);
}
END_TEST

START_TEST(without_a_promise_there_is_no_command)
{
	u8 op[] = { SCSI_WRITE_ATOMIC_16, 0 };
	struct sbc_config cfg = fake_config();

	disk(&cfg, 0);
	ck_assert_ptr_null(fake_row(f, op));
	ck_assert_uint_eq(limit(44), 0);
}
END_TEST

START_TEST(usage_tells_what_is_evaluated)
{
	u8 op[] = { SCSI_WRITE_ATOMIC_16, 0 };
	const struct scst_opcode *row = fake_row(f, op);

	ck_assert_uint_eq(row->usage[1], DPO | FUA);
	ck_assert_uint_eq(get_unaligned_be16(row->usage + 10), 0);
	ck_assert_uint_eq(get_unaligned_be16(row->usage + 12), 0xffff);
	ck_assert(row->flags & SCST_OP_WRITES);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sbc_write_atomic");
	TCase *tc = tcase_create("atomic");

	tcase_add_checked_fixture(tc, setup, atomic_teardown);
	tcase_add_test(tc, it_writes);
	tcase_add_test(tc, as_long_as_the_limit);
	tcase_add_test(tc, of_no_blocks_is_good);
	tcase_add_test(tc, beyond_the_end_is_refused);
	tcase_add_test(tc, with_a_boundary_is_refused);
	tcase_add_test(tc, with_protection_is_refused);
	tcase_add_test(tc, of_too_little_data_is_refused);
	tcase_add_test(tc, with_fua_is_durable);
	tcase_add_test(tc, a_failure_is_told);
	tcase_add_test(tc, readers_wait_for_a_write);
	tcase_add_test(tc, a_write_waits_for_readers);
	tcase_add_test(tc, a_write_waits_for_a_verify);
	tcase_add_test(tc, readers_elsewhere_do_not_wait);
	tcase_add_test(tc, vpd_has_the_limit);
	tcase_add_test(tc, usage_tells_what_is_evaluated);
	suite_add_tcase(s, tc);

	tc = tcase_create("other disks");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, limit_is_not_above_that_of_others);
	tcase_add_test(tc, without_a_promise_there_is_no_command);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
