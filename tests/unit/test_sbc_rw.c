// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of READ and WRITE: ranges, residuals, caches.
 */
#include "sbc_test.h"

static const u8 reads[] = { SCSI_READ_6, SCSI_READ_10, SCSI_READ_12,
			    SCSI_READ_16 };
static const u8 writes[] = { SCSI_WRITE_6, SCSI_WRITE_10, SCSI_WRITE_12,
			     SCSI_WRITE_16 };
/* Byte of the CDB where the length is. */
static const u8 length_at[] = { 4, 7, 6, 10 };

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, LACKS_CAW);
}

static void setup_write_through(void)
{
	struct sbc_config cfg = fake_config();

	cfg.write_cache = false;
	disk(&cfg, 0);
}

static void setup_native_fua(void)
{
	struct sbc_config cfg = fake_config();

	cfg.native_fua = true;
	disk(&cfg, 0);
}

/* ---- READ -------------------------------------------------------------- */

START_TEST(read_delivers_the_blocks)
{
	do_in(reads[_i], 0, 5, 7, 7 * BS);
	ck_good();
	ck_assert_mem_eq(c->data, f->cached + 5 * BS, 7 * BS);
	ck_assert_uint_eq(c->cmd.data_in, 7 * BS);
	ck_assert_uint_eq(c->cmd.wanted, 7 * BS);
	ck_ops("R");
}
END_TEST

START_TEST(read_of_no_blocks_is_good)
{
	do_in(reads[_i], 0, 5, 0, 0);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 0);
	ck_ops("");
}
END_TEST

START_TEST(read_6_of_zero_is_256_blocks)
{
	do_in(SCSI_READ_6, 0, 5, 0, 256 * BS);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 256 * BS);
	ck_assert_mem_eq(c->data, f->cached + 5 * BS, 256 * BS);
}
END_TEST

START_TEST(read_of_the_last_block)
{
	do_in(reads[_i], 0, BLOCKS - 1, 1, BS);
	ck_good();
}
END_TEST

START_TEST(read_beyond_the_end_is_refused)
{
	do_in(reads[_i], 0, BLOCKS - 1, 2, 2 * BS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
	ck_assert_uint_eq(c->cmd.data_in, 0);
	do_in(reads[_i], 0, BLOCKS + 3, 1, BS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS + 3);
	ck_ops("");
}
END_TEST

START_TEST(read_of_no_blocks_beyond_the_end_is_refused)
{
	do_in(reads[_i], 0, BLOCKS, 0, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
}
END_TEST

START_TEST(read_whose_end_overflows_is_refused)
{
	do_in(SCSI_READ_16, 0, U64_MAX, 2, 2 * BS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, U64_MAX);
	do_in(SCSI_READ_16, 0, 1ULL << 63, U32_MAX, BS);
	ck_sense(SENSE_LBA_OUT_OF_RANGE);
	do_in(SCSI_READ_12, 0, U32_MAX, U32_MAX, BS);
	ck_sense(SENSE_LBA_OUT_OF_RANGE);
}
END_TEST

START_TEST(read_above_the_limit_is_refused)
{
	do_in(reads[_i], 0, 0, 513, 513 * BS);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
	ck_assert_uint_eq(c->cmd.wanted, 0);
	do_in(reads[_i], 0, 0, 512, 512 * BS);
	ck_good();
}
END_TEST

START_TEST(read_with_protection_is_refused)
{
	do_in(reads[_i], 0x20, 0, 1, BS);
	ck_bad_cdb(1, 5);
	do_in(reads[_i], 0xa0, 0, 1, BS);
	ck_bad_cdb(1, 7);
}
END_TEST

START_TEST(read_with_less_room_delivers_what_fits)
{
	do_in(reads[_i], 0, 3, 2, BS);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, BS);
	ck_assert_uint_eq(c->cmd.wanted, 2 * BS);
	ck_assert_uint_eq(f->log[0].blocks, 1);
}
END_TEST

START_TEST(read_with_room_for_part_of_a_block)
{
	do_in(SCSI_READ_10, 0, 3, 2, BS + 200);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, BS + 200);
	ck_assert_uint_eq(c->cmd.wanted, 2 * BS);
	ck_assert_mem_eq(c->data, f->cached + 3 * BS, BS + 200);
}
END_TEST

START_TEST(read_with_more_room_leaves_the_rest_alone)
{
	do_in(SCSI_READ_10, 0, 3, 1, 10000);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, BS);
	ck_assert_uint_eq(c->cmd.wanted, BS);
	ck_assert_uint_eq(c->data[BS], 0xee);
}
END_TEST

START_TEST(read_without_room_touches_nothing)
{
	do_in(SCSI_READ_10, 0, 3, 1, 0);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, BS);
	ck_ops("");
}
END_TEST

START_TEST(read_sent_as_a_write_leaves_data_out_alone)
{
	do_out(SCSI_READ_10, 0, 3, 1, BS, 0x77);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 0);
	ck_assert(holds(c->data, 0, 1, 0x77));
}
END_TEST

START_TEST(read_error_tells_where)
{
	f->fail = SENSE_READ_ERROR;
	f->fail_ops = 1 << FAKE_READ;
	f->fail_lba = 6;
	do_in(SCSI_READ_10, 0, 5, 3, 3 * BS);
	ck_info(SENSE_READ_ERROR, 6);
	ck_assert_uint_eq(c->cmd.data_in, 0);
}
END_TEST

START_TEST(backend_may_be_busy)
{
	f->fail = SENSE_BUSY;
	f->fail_ops = 1 << FAKE_READ;
	do_in(SCSI_READ_10, 0, 0, 3, 3 * BS);
	ck_assert_uint_eq(c->cmd.status, SCSI_BUSY);
}
END_TEST

START_TEST(read_passes_dpo)
{
	do_in(SCSI_READ_10, DPO, 0, 1, BS);
	ck_good();
	ck_assert_uint_eq(f->log[0].flags, SBC_IO_DPO);
}
END_TEST

START_TEST(read_with_fua_flushes_what_is_cached)
{
	do_in(SCSI_READ_16, FUA, 4, 1, BS);
	ck_good();
	ck_ops("FR");
	ck_assert_uint_eq(f->log[0].lba, 4);
	ck_assert_uint_eq(f->log[0].blocks, 1);
	ck_assert_uint_eq(f->log[1].flags, SBC_IO_FUA);
}
END_TEST

START_TEST(read_with_fua_fails_with_its_flush)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_FLUSH;
	f->fail_lba = 4;
	do_in(SCSI_READ_16, FUA, 4, 1, BS);
	ck_info(SENSE_WRITE_ERROR, 4);
}
END_TEST

START_TEST(read_with_fua_of_a_write_through_disk_just_reads)
{
	do_in(SCSI_READ_16, FUA, 4, 1, BS);
	ck_good();
	ck_ops("R");
}
END_TEST

START_TEST(read_completes_later)
{
	f->deferred = true;
	make(SCSI_READ_10, 0, 1, 1, SCST_DATA_IN, BS);
	ck_assert(fake_execute(c));
	ck_assert(!c->ended);
	fake_drain(f);
	ck_good();
	ck_assert_mem_eq(c->data, f->cached + BS, BS);
}
END_TEST

/* ---- WRITE ------------------------------------------------------------- */

START_TEST(write_takes_the_blocks)
{
	u8 before = f->cached[12 * BS];

	do_out(writes[_i], 0, 5, 7, 7 * BS, 0x77);
	ck_good();
	ck_assert(holds(f->cached, 5, 7, 0x77));
	ck_assert_uint_eq(f->cached[12 * BS], before);
	ck_assert_uint_eq(c->cmd.wanted, 7 * BS);
	ck_ops("W");
}
END_TEST

START_TEST(write_of_no_blocks_is_good)
{
	do_out(writes[_i], 0, 5, 0, 0, 0);
	ck_good();
	ck_ops("");
}
END_TEST

START_TEST(write_6_of_zero_is_256_blocks)
{
	do_out(SCSI_WRITE_6, 0, 5, 0, 256 * BS, 0x77);
	ck_good();
	ck_assert(holds(f->cached, 5, 256, 0x77));
}
END_TEST

START_TEST(write_beyond_the_end_is_refused)
{
	do_out(writes[_i], 0, BLOCKS - 1, 2, 2 * BS, 0x77);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
	do_out(writes[_i], 0, BLOCKS, 0, 0, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
	ck_ops("");
}
END_TEST

START_TEST(write_above_the_limit_is_refused)
{
	do_out(writes[_i], 0, 0, 513, 513 * BS, 0x77);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

START_TEST(write_with_protection_is_refused)
{
	do_out(writes[_i], 0x40, 0, 1, BS, 0x77);
	ck_bad_cdb(1, 6);
}
END_TEST

START_TEST(write_without_data_writes_nothing)
{
	do_out(SCSI_WRITE_10, 0, 5, 1, 0, 0);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, BS);
	ck_ops("");
}
END_TEST

START_TEST(write_of_part_of_a_block_writes_nothing)
{
	do_out(SCSI_WRITE_10, 0, 5, 1, 200, 0x77);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, BS);
	ck_ops("");
}
END_TEST

START_TEST(write_with_less_data_writes_whole_blocks)
{
	u8 before = f->cached[6 * BS];

	do_out(SCSI_WRITE_10, 0, 5, 3, BS + 511, 0x77);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, 3 * BS);
	ck_assert(holds(f->cached, 5, 1, 0x77));
	ck_assert_uint_eq(f->cached[6 * BS], before);
}
END_TEST

START_TEST(write_with_more_data_writes_what_the_cdb_says)
{
	u8 before = f->cached[6 * BS];

	do_out(SCSI_WRITE_10, 0, 5, 1, 10000, 0x77);
	ck_good();
	ck_assert_uint_eq(c->cmd.wanted, BS);
	ck_assert_uint_eq(f->cached[6 * BS], before);
}
END_TEST

START_TEST(write_sent_as_a_read_is_refused)
{
	do_in(SCSI_WRITE_10, 0, 5, 1, BS);
	ck_sense(SENSE_DATA_PHASE_ERROR);
	ck_ops("");
}
END_TEST

START_TEST(write_error_tells_where)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_WRITE;
	f->fail_lba = 6;
	do_out(SCSI_WRITE_10, FUA, 5, 3, 3 * BS, 0x77);
	ck_info(SENSE_WRITE_ERROR, 6);
	ck_ops("W");
}
END_TEST

START_TEST(cached_write_is_not_durable)
{
	do_out(SCSI_WRITE_10, 0, 5, 1, BS, 0x77);
	ck_good();
	ck_assert(!holds(f->medium, 5, 1, 0x77));
}
END_TEST

START_TEST(write_with_fua_is_flushed)
{
	do_out(SCSI_WRITE_10, FUA, 5, 2, 2 * BS, 0x77);
	ck_good();
	ck_ops("WF");
	ck_assert_uint_eq(f->log[1].lba, 5);
	ck_assert_uint_eq(f->log[1].blocks, 2);
	ck_assert(holds(f->medium, 5, 2, 0x77));
}
END_TEST

START_TEST(write_with_fua_waits_for_the_flush)
{
	f->deferred = true;
	make(SCSI_WRITE_10, FUA, 5, 1, SCST_DATA_OUT, BS);
	ck_assert(fake_execute(c));
	fake_step(f, 0);
	ck_assert(!c->ended);
	fake_step(f, 0);
	ck_good();
}
END_TEST

START_TEST(write_fails_with_its_flush)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_FLUSH;
	f->fail_lba = 5;
	do_out(SCSI_WRITE_10, FUA, 5, 1, BS, 0x77);
	ck_info(SENSE_WRITE_ERROR, 5);
}
END_TEST

START_TEST(write_with_native_fua_needs_no_flush)
{
	do_out(SCSI_WRITE_10, FUA | DPO, 5, 1, BS, 0x77);
	ck_good();
	ck_ops("W");
	ck_assert_uint_eq(f->log[0].flags, SBC_IO_FUA | SBC_IO_DPO);
	ck_assert(holds(f->medium, 5, 1, 0x77));
}
END_TEST

START_TEST(write_through_is_flushed)
{
	do_out(writes[_i], 0, 5, 1, BS, 0x77);
	ck_good();
	ck_ops("WF");
	ck_assert(holds(f->medium, 5, 1, 0x77));
}
END_TEST

START_TEST(write_through_fails_with_its_flush)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_FLUSH;
	f->fail_lba = 5;
	do_out(SCSI_WRITE_16, 0, 5, 1, BS, 0x77);
	ck_sense(SENSE_WRITE_ERROR);
}
END_TEST

START_TEST(write_without_flush_operation_is_durable)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, LACKS_FLUSH);
	ck_assert(!sbc_lu_write_cache(f->lu));
	do_out(SCSI_WRITE_10, FUA, 5, 1, BS, 0x77);
	ck_good();
	ck_ops("W");
}
END_TEST

START_TEST(write_without_write_operation_is_protected)
{
	struct sbc_config cfg = fake_config();

	cfg.thin = false;
	disk(&cfg, LACKS_WRITE);
	ck_assert(f->info.read_only);
	do_out(writes[_i], 0, 5, 1, BS, 0x77);
	ck_sense(SENSE_WRITE_PROTECTED);
}
END_TEST

#ifndef SCST_DEBUG
/* A data buffer as the core never makes one. A debug build aborts on it. */
START_TEST(short_buffer_is_an_internal_failure)
{
	make(SCSI_WRITE_10, 0, 0, 4, SCST_DATA_OUT, 4 * BS);
	c->cmd.nr_segs = 1;
	run();
	ck_sense(SENSE_INTERNAL_FAILURE);
}
END_TEST
#endif

START_TEST(blocks_of_4096_bytes)
{
	struct sbc_config cfg = fake_config();

	cfg.block_size = 4096;
	cfg.blocks = 64;
	disk(&cfg, 0);
	do_out(SCSI_WRITE_10, 0, 5, 2, 8192, 0x77);
	ck_good();
	ck_assert(!memchr_inv(f->cached + 5 * 4096, 0x77, 8192));
	do_in(SCSI_READ_10, 0, 5, 2, 8192);
	ck_good();
	ck_assert(!memchr_inv(c->data, 0x77, 8192));
	do_in(SCSI_READ_10, 0, 63, 2, 8192);
	ck_info(SENSE_LBA_OUT_OF_RANGE, 64);
}
END_TEST

static void add_reads(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, read_delivers_the_blocks, 0, 4);
	tcase_add_loop_test(tc, read_of_no_blocks_is_good, 1, 4);
	tcase_add_test(tc, read_6_of_zero_is_256_blocks);
	tcase_add_loop_test(tc, read_of_the_last_block, 0, 4);
	tcase_add_loop_test(tc, read_beyond_the_end_is_refused, 0, 4);
	tcase_add_loop_test(tc, read_of_no_blocks_beyond_the_end_is_refused,
			    1, 4);
	tcase_add_test(tc, read_whose_end_overflows_is_refused);
	tcase_add_loop_test(tc, read_above_the_limit_is_refused, 1, 4);
	tcase_add_loop_test(tc, read_with_protection_is_refused, 1, 4);
	tcase_add_loop_test(tc, read_with_less_room_delivers_what_fits, 0, 4);
	tcase_add_test(tc, read_with_room_for_part_of_a_block);
	tcase_add_test(tc, read_with_more_room_leaves_the_rest_alone);
	tcase_add_test(tc, read_without_room_touches_nothing);
	tcase_add_test(tc, read_sent_as_a_write_leaves_data_out_alone);
	tcase_add_test(tc, read_error_tells_where);
	tcase_add_test(tc, backend_may_be_busy);
	tcase_add_test(tc, read_passes_dpo);
	tcase_add_test(tc, read_with_fua_flushes_what_is_cached);
	tcase_add_test(tc, read_with_fua_fails_with_its_flush);
	tcase_add_test(tc, read_completes_later);
}

static void add_writes(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, write_takes_the_blocks, 0, 4);
	tcase_add_loop_test(tc, write_of_no_blocks_is_good, 1, 4);
	tcase_add_test(tc, write_6_of_zero_is_256_blocks);
	tcase_add_loop_test(tc, write_beyond_the_end_is_refused, 1, 4);
	tcase_add_loop_test(tc, write_above_the_limit_is_refused, 1, 4);
	tcase_add_loop_test(tc, write_with_protection_is_refused, 1, 4);
	tcase_add_test(tc, write_without_data_writes_nothing);
	tcase_add_test(tc, write_of_part_of_a_block_writes_nothing);
	tcase_add_test(tc, write_with_less_data_writes_whole_blocks);
	tcase_add_test(tc, write_with_more_data_writes_what_the_cdb_says);
	tcase_add_test(tc, write_sent_as_a_read_is_refused);
	tcase_add_test(tc, write_error_tells_where);
	tcase_add_test(tc, cached_write_is_not_durable);
	tcase_add_test(tc, write_with_fua_is_flushed);
	tcase_add_test(tc, write_with_fua_waits_for_the_flush);
	tcase_add_test(tc, write_fails_with_its_flush);
#ifndef SCST_DEBUG
	tcase_add_test(tc, short_buffer_is_an_internal_failure);
#endif
}

static Suite *rw_suite(void)
{
	Suite *s = suite_create("sbc_rw");
	TCase *tc = tcase_create("read");

	add_reads(tc);
	suite_add_tcase(s, tc);
	tc = tcase_create("write");
	add_writes(tc);
	suite_add_tcase(s, tc);

	tc = tcase_create("write through");
	tcase_add_checked_fixture(tc, setup_write_through, teardown);
	tcase_add_test(tc, read_with_fua_of_a_write_through_disk_just_reads);
	tcase_add_loop_test(tc, write_through_is_flushed, 0, 4);
	tcase_add_test(tc, write_through_fails_with_its_flush);
	suite_add_tcase(s, tc);

	tc = tcase_create("native fua");
	tcase_add_checked_fixture(tc, setup_native_fua, teardown);
	tcase_add_test(tc, write_with_native_fua_needs_no_flush);
	suite_add_tcase(s, tc);

	tc = tcase_create("other disks");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, write_without_flush_operation_is_durable);
	tcase_add_loop_test(tc, write_without_write_operation_is_protected,
			    0, 4);
	tcase_add_test(tc, blocks_of_4096_bytes);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(rw_suite());
}
