// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of COMPARE AND WRITE and ORWRITE, and of the gate's order.
 */
#include "sbc_test.h"

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, LACKS_CAW);
}

static void setup_native(void)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, 0);
}

/* Both kinds of disk: tests that run on either. */
static void setup_either(int native)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, native ? 0 : LACKS_CAW);
}

/* If the @blocks at @lba are as they are now, make all their bytes @byte. */
static void make_caw(u8 opts, u64 lba, u8 blocks, u8 byte)
{
	make(SCSI_COMPARE_AND_WRITE, opts, lba, blocks, SCST_DATA_OUT,
	     2 * blocks * BS);
	memcpy(c->data, f->cached + lba * BS, blocks * BS);
	memset(c->data + blocks * BS, byte, blocks * BS);
}

/* ---- COMPARE AND WRITE ------------------------------------------------- */

START_TEST(caw_writes_what_compares)
{
	u8 before;

	setup_either(_i);
	before = f->cached[8 * BS];
	make_caw(0, 5, 3, 0x77);
	run();
	ck_good();
	ck_assert(holds(f->cached, 5, 3, 0x77));
	ck_assert_uint_eq(f->cached[8 * BS], before);
	ck_assert_uint_eq(c->cmd.wanted, 6 * BS);
	ck_ops(_i ? "C" : "RW");
}
END_TEST

START_TEST(caw_tells_where_it_differs)
{
	setup_either(_i);
	make_caw(0, 5, 3, 0x77);
	c->data[2 * BS + 9] ^= 1;
	run();
	ck_info(SENSE_MISCOMPARE_VERIFY, 2 * BS + 9);
	ck_assert(!holds(f->cached, 5, 3, 0x77));
	ck_ops(_i ? "C" : "R");
}
END_TEST

START_TEST(caw_of_no_blocks_is_good)
{
	setup_either(_i);
	do_none(SCSI_COMPARE_AND_WRITE, 0, 5, 0);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 0);
	ck_ops("");
}
END_TEST

START_TEST(caw_wants_twice_its_blocks)
{
	setup_either(_i);
	do_out(SCSI_COMPARE_AND_WRITE, 0, 0, 1, 4 * BS, 0);
	ck_bad_cdb(13, SENSE_NO_BIT);
	do_out(SCSI_COMPARE_AND_WRITE, 0, 0, 0, BS, 0);
	ck_bad_cdb(13, SENSE_NO_BIT);
	do_out(SCSI_COMPARE_AND_WRITE, 0, 0, 3, 4 * BS, 0);
	ck_bad_cdb(13, SENSE_NO_BIT);
	do_in(SCSI_COMPARE_AND_WRITE, 0, 0, 1, 2 * BS);
	ck_bad_cdb(13, SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

START_TEST(caw_beyond_the_end_is_refused)
{
	setup_either(_i);
	do_out(SCSI_COMPARE_AND_WRITE, 0, BLOCKS - 1, 2, 4 * BS, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
	do_none(SCSI_COMPARE_AND_WRITE, 0, BLOCKS, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
}
END_TEST

START_TEST(caw_with_protection_is_refused)
{
	setup_either(_i);
	do_out(SCSI_COMPARE_AND_WRITE, 0x20, 0, 1, 2 * BS, 0);
	ck_bad_cdb(1, 5);
}
END_TEST

START_TEST(caw_above_the_limit_is_refused)
{
	struct sbc_config cfg = fake_config();

	cfg.max_transfer = 20;
	disk(&cfg, LACKS_CAW);
	ck_assert_uint_eq(f->info.vpd_pages[0].data[1], 10);
	make_caw(0, 0, 11, 0x77);
	run();
	ck_bad_cdb(13, SENSE_NO_BIT);
	make_caw(0, 0, 10, 0x77);
	run();
	ck_good();
}
END_TEST

START_TEST(caw_with_fua_is_flushed)
{
	setup_either(_i);
	make_caw(FUA | DPO, 5, 1, 0x77);
	run();
	ck_good();
	ck_ops(_i ? "CF" : "RWF");
	ck_assert_uint_eq(f->log[0].flags, SBC_IO_DPO);
	ck_assert(holds(f->medium, 5, 1, 0x77));
}
END_TEST

START_TEST(caw_on_a_write_through_disk_is_flushed)
{
	struct sbc_config cfg = fake_config();

	cfg.write_cache = false;
	disk(&cfg, _i ? 0 : LACKS_CAW);
	make_caw(0, 5, 1, 0x77);
	run();
	ck_good();
	ck_ops(_i ? "CF" : "RWF");
}
END_TEST

START_TEST(caw_with_native_fua_needs_no_flush)
{
	struct sbc_config cfg = fake_config();

	cfg.native_fua = true;
	disk(&cfg, _i ? 0 : LACKS_CAW);
	make_caw(FUA, 5, 1, 0x77);
	run();
	ck_good();
	ck_ops(_i ? "C" : "RW");
	ck_assert(holds(f->medium, 5, 1, 0x77));
}
END_TEST

START_TEST(caw_stops_at_each_error)
{
	static const enum fake_op ops[] = { FAKE_READ, FAKE_WRITE,
					    FAKE_FLUSH };
	static const char *const seen[] = { "R", "RW", "RWF" };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		f->fail = SENSE_WRITE_ERROR;
		f->fail_ops = 1 << ops[i];
		f->fail_lba = 6;
		make_caw(FUA, 5, 2, i);
		run();
		ck_info(SENSE_WRITE_ERROR, 6);
		ck_ops(seen[i]);
	}
}
END_TEST

START_TEST(caw_does_not_write_another_medium)
{
	u64 blocks = _i ? BLOCKS : 0;

	setup();
	f->deferred = true;
	make_caw(0, 5, 3, 0x77);
	fake_clear_log(f);
	fake_execute(c);
	sbc_lu_set_medium(f->lu, blocks);
	fake_drain(f);
	ck_assert(c->ended);
	ck_sense(blocks ? SENSE_ABORTED : SENSE_NO_MEDIUM);
	ck_ops("R");
}
END_TEST

START_TEST(write_is_not_made_durable_on_another_medium)
{
	setup();
	f->deferred = true;
	make(SCSI_WRITE_10, FUA, 5, 1, SCST_DATA_OUT, BS);
	fake_clear_log(f);
	fake_execute(c);
	sbc_lu_set_medium(f->lu, BLOCKS);
	fake_drain(f);
	ck_assert(c->ended);
	ck_sense(SENSE_ABORTED);
	ck_ops("W");
}
END_TEST

/* ---- ORWRITE ----------------------------------------------------------- */

START_TEST(orwrite_adds_bits)
{
	memset(f->cached + 5 * BS, 0x11, 2 * BS);
	do_out(SCSI_ORWRITE_16, 0, 5, 2, 2 * BS, 0x42);
	ck_good();
	ck_ops("RW");
	ck_assert(holds(f->cached, 5, 2, 0x53));
	ck_assert_uint_eq(c->cmd.wanted, 2 * BS);
}
END_TEST

START_TEST(orwrite_of_no_blocks_is_good)
{
	do_out(SCSI_ORWRITE_16, 0, 5, 0, 0, 0);
	ck_good();
	ck_ops("");
}
END_TEST

START_TEST(orwrite_with_less_data_is_refused)
{
	do_out(SCSI_ORWRITE_16, 0, 5, 2, 2 * BS - 1, 0x42);
	ck_bad_cdb(10, SENSE_NO_BIT);
	do_in(SCSI_ORWRITE_16, 0, 5, 1, BS);
	ck_bad_cdb(10, SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

START_TEST(orwrite_with_more_data_ignores_it)
{
	memset(f->cached + 5 * BS, 0x11, 2 * BS);
	do_out(SCSI_ORWRITE_16, 0, 5, 1, 2 * BS, 0x42);
	ck_good();
	ck_assert(holds(f->cached, 5, 1, 0x53));
	ck_assert(holds(f->cached, 6, 1, 0x11));
}
END_TEST

START_TEST(orwrite_has_limits_like_any_write)
{
	do_out(SCSI_ORWRITE_16, 0, BLOCKS - 1, 2, 2 * BS, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
	do_out(SCSI_ORWRITE_16, 0x20, 0, 1, BS, 0);
	ck_bad_cdb(1, 5);
	do_out(SCSI_ORWRITE_16, 0, 0, 513, 513 * BS, 0);
	ck_bad_cdb(10, SENSE_NO_BIT);
}
END_TEST

START_TEST(orwrite_with_fua_is_flushed)
{
	do_out(SCSI_ORWRITE_16, FUA | DPO, 5, 1, BS, 0x42);
	ck_good();
	ck_ops("RWF");
	ck_assert_uint_eq(f->log[1].flags, SBC_IO_DPO);
	ck_assert_mem_eq(f->medium + 5 * BS, f->cached + 5 * BS, BS);
}
END_TEST

/* ---- The gate ---------------------------------------------------------- */

#define MANY 300

static struct fake_cmd *many[MANY];
static u32 nr_many;

/* Execute another command on the deferred disk, and keep it. */
static struct fake_cmd *go(u8 op, u64 lba, u32 blocks, u8 byte)
{
	struct fake_cmd *m;
	u8 cdb[16];
	u32 len = blocks * BS * (op == SCSI_COMPARE_AND_WRITE ? 2 : 1);

	f->deferred = true;
	fake_cdb(cdb, op, 0, lba, blocks);
	m = fake_cmd_new(f, cdb, SCST_DATA_OUT, len);
	memset(m->data, byte, len);
	many[nr_many++] = m;
	fake_execute(m);
	return m;
}

static void end_all(void)
{
	fake_drain(f);
	while (nr_many)
		fake_cmd_free(many[--nr_many]);
	teardown();
}

START_TEST(writes_of_the_same_blocks_run_together)
{
	go(SCSI_WRITE_16, 5, 1, 1);
	go(SCSI_WRITE_16, 5, 1, 2);
	ck_assert_uint_eq(f->nr_queued, 2);
}
END_TEST

START_TEST(atomic_waits_for_writes_inside)
{
	struct fake_cmd *or;

	go(SCSI_WRITE_16, 100, 1, 1);
	or = go(SCSI_ORWRITE_16, 5, 1, 2);
	ck_ops("W");
	fake_step(f, 0);
	ck_ops("WR");
	fake_drain(f);
	ck_assert(or->ended);
}
END_TEST

START_TEST(write_that_overlaps_waits_for_the_atomic)
{
	struct fake_cmd *w;

	go(SCSI_ORWRITE_16, 5, 3, 1);
	w = go(SCSI_WRITE_16, 7, 1, 2);
	ck_ops("R");
	fake_step(f, 0);
	ck_ops("RW");
	fake_step(f, 0);
	ck_ops("RWW");
	fake_step(f, 0);
	ck_assert(w->ended);
	ck_assert(holds(f->cached, 7, 1, 2));
}
END_TEST

START_TEST(write_beside_the_atomic_does_not_wait)
{
	struct fake_cmd *before, *after;

	go(SCSI_ORWRITE_16, 5, 3, 1);
	before = go(SCSI_WRITE_16, 4, 1, 2);
	after = go(SCSI_WRITE_16, 8, 1, 2);
	ck_ops("RWW");
	fake_step(f, 1);
	fake_step(f, 1);
	ck_assert(before->ended && after->ended);
}
END_TEST

START_TEST(atomics_beside_each_other_run_together)
{
	go(SCSI_ORWRITE_16, 5, 3, 1);
	go(SCSI_COMPARE_AND_WRITE, 8, 1, 2);
	ck_ops("RR");
}
END_TEST

START_TEST(atomics_of_the_same_blocks_run_in_order)
{
	memset(f->cached + 5 * BS, 0, BS);
	go(SCSI_ORWRITE_16, 5, 1, 1);
	go(SCSI_ORWRITE_16, 5, 1, 2);
	go(SCSI_ORWRITE_16, 5, 1, 4);
	ck_ops("R");
	fake_drain(f);
	ck_ops("RWRWRW");
	ck_assert(holds(f->cached, 5, 1, 7));
}
END_TEST

START_TEST(nobody_overtakes_a_waiting_atomic)
{
	struct fake_cmd *first, *or, *second;

	go(SCSI_ORWRITE_16, 100, 1, 1);		/* closes the gate */
	first = go(SCSI_WRITE_16, 5, 1, 2);
	or = go(SCSI_ORWRITE_16, 5, 1, 4);
	second = go(SCSI_WRITE_16, 5, 1, 8);
	ck_ops("RW");
	fake_step(f, 1);
	ck_assert(first->ended && !or->ended);
	ck_ops("RWR");
	fake_step(f, 1);
	fake_step(f, 1);
	ck_assert(or->ended && !second->ended);
	ck_ops("RWRWW");
}
END_TEST

START_TEST(other_alterations_wait_too)
{
	static const u8 ops[] = { SCSI_WRITE_SAME_16, SCSI_WRITE_VERIFY_16,
				  SCSI_UNMAP, SCSI_COMPARE_AND_WRITE };
	struct fake_cmd *m;
	u8 cdb[16];
	u32 len = ops[_i] == SCSI_UNMAP ? 24 :
		  ops[_i] == SCSI_COMPARE_AND_WRITE ? 2 * BS : BS;

	go(SCSI_ORWRITE_16, 5, 1, 1);
	fake_cdb(cdb, ops[_i], 0, 5, ops[_i] == SCSI_UNMAP ? 24 : 1);
	m = fake_cmd_new(f, cdb, SCST_DATA_OUT, len);
	many[nr_many++] = m;
	if (ops[_i] == SCSI_UNMAP) {
		put_unaligned_be16(22, m->data);
		put_unaligned_be16(16, m->data + 2);
		put_unaligned_be64(4, m->data + 8);
		put_unaligned_be32(2, m->data + 16);
	}
	fake_execute(m);
	ck_ops("R");
	ck_assert(!m->ended);
	fake_drain(f);
	ck_assert(m->ended);
}
END_TEST

START_TEST(reads_never_wait)
{
	struct fake_cmd *r;
	u8 cdb[16];

	go(SCSI_ORWRITE_16, 5, 1, 1);
	fake_cdb(cdb, SCSI_READ_16, 0, 5, 1);
	r = fake_cmd_new(f, cdb, SCST_DATA_IN, BS);
	many[nr_many++] = r;
	fake_execute(r);
	ck_ops("RR");
}
END_TEST

START_TEST(native_caw_enters_like_a_write)
{
	go(SCSI_WRITE_16, 5, 1, 1);
	go(SCSI_COMPARE_AND_WRITE, 5, 1, 2);
	ck_ops("WC");
}
END_TEST

START_TEST(failed_atomic_lets_others_in)
{
	struct fake_cmd *or, *w;

	f->fail = SENSE_READ_ERROR;
	f->fail_ops = 1 << FAKE_READ;
	f->fail_lba = 5;
	or = go(SCSI_ORWRITE_16, 5, 1, 1);
	w = go(SCSI_WRITE_16, 5, 1, 2);
	ck_assert(!w->ended);
	fake_drain(f);
	ck_assert(or->ended && w->ended);
	ck_assert_uint_eq(w->cmd.status, SCSI_GOOD);
}
END_TEST

START_TEST(aborted_waiter_does_nothing)
{
	struct fake_cmd *w;

	go(SCSI_ORWRITE_16, 5, 1, 1);
	w = go(SCSI_WRITE_16, 5, 1, 2);
	w->cmd.aborted = true;
	fake_drain(f);
	ck_assert(w->ended);
	ck_assert_uint_eq(w->cmd.sense.sense, SENSE_ABORTED);
	ck_ops("RW");
}
END_TEST

START_TEST(flush_of_an_atomic_holds_nobody_up)
{
	struct sbc_config cfg = fake_config();
	struct fake_cmd *or, *w;

	teardown();
	cfg.write_cache = false;
	disk(&cfg, 0);
	or = go(SCSI_ORWRITE_16, 5, 1, 1);
	w = go(SCSI_WRITE_16, 5, 1, 2);
	fake_step(f, 0);
	fake_step(f, 0);
	ck_ops("RWWF");
	ck_assert(!or->ended && !w->ended);
}
END_TEST

/* With an inline backend each exit resumes the next command. */
START_TEST(long_queue_makes_no_recursion)
{
	u32 i;

	memset(f->cached + 5 * BS, 0, BS);
	for (i = 0; i < MANY; i++)
		go(SCSI_ORWRITE_16, 5, 1, 1 << i % 8);
	ck_ops("R");
	f->deferred = false;
	f->submitted = watch_stack;
	fake_drain(f);
	ck_no_recursion();
	for (i = 0; i < MANY; i++)
		ck_assert(many[i]->ended);
	ck_assert(holds(f->cached, 5, 1, 0xff));
}
END_TEST

START_TEST(gate_opens_again)
{
	u32 i;

	go(SCSI_ORWRITE_16, 5, 1, 1);
	fake_drain(f);
	for (i = 0; i < 200; i++) {
		go(SCSI_WRITE_16, 5, 1, 2);
		go(SCSI_WRITE_16, 5, 1, 3);
		fake_step(f, i & 1);
		fake_drain(f);
		while (nr_many)
			fake_cmd_free(many[--nr_many]);
	}
	go(SCSI_WRITE_16, 5, 1, 1);
	go(SCSI_ORWRITE_16, 5, 1, 2);
	ck_assert_uint_eq(f->nr_queued, 1);
}
END_TEST

static void add_gate(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, end_all);
	tcase_add_test(tc, writes_of_the_same_blocks_run_together);
	tcase_add_test(tc, atomic_waits_for_writes_inside);
	tcase_add_test(tc, write_that_overlaps_waits_for_the_atomic);
	tcase_add_test(tc, write_beside_the_atomic_does_not_wait);
	tcase_add_test(tc, atomics_beside_each_other_run_together);
	tcase_add_test(tc, atomics_of_the_same_blocks_run_in_order);
	tcase_add_test(tc, nobody_overtakes_a_waiting_atomic);
	tcase_add_loop_test(tc, other_alterations_wait_too, 0, 4);
	tcase_add_test(tc, reads_never_wait);
	tcase_add_test(tc, failed_atomic_lets_others_in);
	tcase_add_test(tc, aborted_waiter_does_nothing);
	tcase_add_test(tc, flush_of_an_atomic_holds_nobody_up);
	tcase_add_test(tc, long_queue_makes_no_recursion);
	tcase_add_test(tc, gate_opens_again);
}

static void add_caw(TCase *tc)
{
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, caw_writes_what_compares, 0, 2);
	tcase_add_loop_test(tc, caw_tells_where_it_differs, 0, 2);
	tcase_add_loop_test(tc, caw_of_no_blocks_is_good, 0, 2);
	tcase_add_loop_test(tc, caw_wants_twice_its_blocks, 0, 2);
	tcase_add_loop_test(tc, caw_beyond_the_end_is_refused, 0, 2);
	tcase_add_loop_test(tc, caw_with_protection_is_refused, 0, 2);
	tcase_add_test(tc, caw_above_the_limit_is_refused);
	tcase_add_loop_test(tc, caw_with_fua_is_flushed, 0, 2);
	tcase_add_loop_test(tc, caw_on_a_write_through_disk_is_flushed, 0, 2);
	tcase_add_loop_test(tc, caw_with_native_fua_needs_no_flush, 0, 2);
	tcase_add_loop_test(tc, caw_does_not_write_another_medium, 0, 2);
	tcase_add_test(tc, write_is_not_made_durable_on_another_medium);
}

static Suite *atomic_suite(void)
{
	Suite *s = suite_create("sbc_atomic");
	TCase *tc = tcase_create("compare and write");

	add_caw(tc);
	suite_add_tcase(s, tc);

	tc = tcase_create("orwrite");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, caw_stops_at_each_error);
	tcase_add_test(tc, orwrite_adds_bits);
	tcase_add_test(tc, orwrite_of_no_blocks_is_good);
	tcase_add_test(tc, orwrite_with_less_data_is_refused);
	tcase_add_test(tc, orwrite_with_more_data_ignores_it);
	tcase_add_test(tc, orwrite_has_limits_like_any_write);
	tcase_add_test(tc, orwrite_with_fua_is_flushed);
	suite_add_tcase(s, tc);

	tc = tcase_create("gate");
	add_gate(tc);
	suite_add_tcase(s, tc);

	tc = tcase_create("native");
	tcase_add_checked_fixture(tc, setup_native, end_all);
	tcase_add_test(tc, native_caw_enters_like_a_write);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(atomic_suite());
}
