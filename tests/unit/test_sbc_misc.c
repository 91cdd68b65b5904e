// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the smaller commands: TEST UNIT READY, SYNCHRONIZE CACHE,
 * PRE-FETCH, READ CAPACITY, GET LBA STATUS.
 */
#include "sbc_test.h"

#define IMMED 0x02

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, 0);
}

static void tur(void)
{
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
}

/* ---- TEST UNIT READY --------------------------------------------------- */

START_TEST(unit_is_ready)
{
	tur();
	ck_good();
}
END_TEST

/* Those that access the medium. */
START_TEST(unit_without_medium_is_not_ready)
{
	static const u8 ops[] = {
		SCSI_TEST_UNIT_READY, SCSI_READ_6, SCSI_WRITE_6, SCSI_READ_10,
		SCSI_WRITE_10, SCSI_READ_12, SCSI_WRITE_12, SCSI_READ_16,
		SCSI_WRITE_16, SCSI_VERIFY_10, SCSI_VERIFY_12, SCSI_VERIFY_16,
		SCSI_WRITE_VERIFY_10, SCSI_WRITE_VERIFY_12,
		SCSI_WRITE_VERIFY_16, SCSI_SYNC_CACHE_10, SCSI_SYNC_CACHE_16,
		SCSI_PREFETCH_10, SCSI_PREFETCH_16, SCSI_READ_CAPACITY_10,
		SCSI_UNMAP, SCSI_WRITE_SAME_10, SCSI_WRITE_SAME_16,
		SCSI_COMPARE_AND_WRITE, SCSI_ORWRITE_16,
	};
	u32 i;

	sbc_lu_set_medium(f->lu, 0);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		do_none(ops[i], 0, 0, 1);
		ck_sense(SENSE_NO_MEDIUM);
	}
	do_in(SCSI_SERVICE_ACTION_IN_16, SCSI_SA_READ_CAPACITY_16, 0, 32, 32);
	ck_sense(SENSE_NO_MEDIUM);
	do_in(SCSI_SERVICE_ACTION_IN_16, SCSI_SA_GET_LBA_STATUS, 0, 24, 24);
	ck_sense(SENSE_NO_MEDIUM);
}
END_TEST

START_TEST(unit_may_begin_without_medium)
{
	struct sbc_config cfg = fake_config();

	cfg.medium = false;
	disk(&cfg, 0);
	tur();
	ck_sense(SENSE_NO_MEDIUM);
	ck_assert_uint_eq(sbc_lu_blocks(f->lu), 0);
	sbc_lu_set_medium(f->lu, BLOCKS);
	tur();
	ck_good();
}
END_TEST

/* ---- SYNCHRONIZE CACHE and PRE-FETCH ----------------------------------- */

static const u8 syncs[] = { SCSI_SYNC_CACHE_10, SCSI_SYNC_CACHE_16 };
static const u8 prefetches[] = { SCSI_PREFETCH_10, SCSI_PREFETCH_16 };

START_TEST(sync_flushes_the_range)
{
	do_out(SCSI_WRITE_10, 0, 5, 2, 2 * BS, 0x77);
	do_none(syncs[_i], IMMED, 5, 2);
	ck_good();
	ck_ops("F");
	ck_assert_uint_eq(f->log[0].lba, 5);
	ck_assert_uint_eq(f->log[0].blocks, 2);
	ck_assert(holds(f->medium, 5, 2, 0x77));
}
END_TEST

START_TEST(sync_of_no_blocks_goes_to_the_end)
{
	do_none(syncs[_i], 0, 5, 0);
	ck_good();
	ck_assert_uint_eq(f->log[0].blocks, BLOCKS - 5);
}
END_TEST

START_TEST(sync_beyond_the_end_is_refused)
{
	do_none(syncs[_i], 0, 5, BLOCKS);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
	do_none(syncs[_i], 0, BLOCKS, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
}
END_TEST

START_TEST(sync_waits_even_with_immed)
{
	f->deferred = true;
	make(syncs[_i], IMMED, 0, 0, SCST_DATA_NONE, 0);
	fake_execute(c);
	ck_assert(!c->ended);
	fake_drain(f);
	ck_good();
}
END_TEST

START_TEST(sync_tells_of_errors)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_FLUSH;
	f->fail_lba = 77;
	do_none(syncs[_i], 0, 0, 0);
	ck_info(SENSE_WRITE_ERROR, 77);
}
END_TEST

START_TEST(sync_without_cache_is_good)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, LACKS_FLUSH);
	do_none(syncs[_i], 0, 0, 0);
	ck_good();
}
END_TEST

START_TEST(prefetch_passes_the_hint)
{
	do_none(prefetches[_i], IMMED, 5, 2);
	ck_good();
	ck_ops("P");
	ck_assert_uint_eq(f->log[0].blocks, 2);
	do_none(prefetches[_i], 0, 5, 0);
	ck_good();
	ck_assert_uint_eq(f->log[0].blocks, BLOCKS - 5);
}
END_TEST

START_TEST(prefetch_beyond_the_end_is_refused)
{
	do_none(prefetches[_i], 0, BLOCKS - 1, 2);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
	do_none(prefetches[_i], 0, BLOCKS, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
}
END_TEST

START_TEST(prefetch_without_operation_is_good)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, LACKS_PREFETCH);
	do_none(prefetches[_i], 0, 5, 2);
	ck_good();
}
END_TEST

/* ---- READ CAPACITY ----------------------------------------------------- */

static void capacity_16(u32 alloc)
{
	do_in(SCSI_SERVICE_ACTION_IN_16, SCSI_SA_READ_CAPACITY_16, 0, alloc,
	      64);
}

START_TEST(capacity_10_tells_the_last_block)
{
	do_in(SCSI_READ_CAPACITY_10, 0, 0, 0, 8);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 8);
	ck_assert_uint_eq(get_unaligned_be32(c->data), BLOCKS - 1);
	ck_assert_uint_eq(get_unaligned_be32(c->data + 4), BS);
}
END_TEST

START_TEST(capacity_10_of_a_large_disk_is_all_ones)
{
	sbc_lu_resize(f->lu, (1ULL << 32) + 1);
	do_in(SCSI_READ_CAPACITY_10, 0, 0, 0, 8);
	ck_assert_uint_eq(get_unaligned_be32(c->data), U32_MAX);
	sbc_lu_resize(f->lu, U32_MAX);
	do_in(SCSI_READ_CAPACITY_10, 0, 0, 0, 8);
	ck_assert_uint_eq(get_unaligned_be32(c->data), U32_MAX - 1);
}
END_TEST

START_TEST(capacity_16_tells_of_provisioning)
{
	capacity_16(32);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 32);
	ck_assert_uint_eq(get_unaligned_be64(c->data), BLOCKS - 1);
	ck_assert_uint_eq(get_unaligned_be32(c->data + 8), BS);
	ck_assert_uint_eq(c->data[12], 0);
	ck_assert_uint_eq(c->data[14], 0xc0);
}
END_TEST

START_TEST(capacity_16_of_a_fat_disk)
{
	struct sbc_config cfg = fake_config();

	cfg.thin = false;
	cfg.physical_exp = 3;
	cfg.lowest_aligned = 0x1234;
	disk(&cfg, 0);
	capacity_16(32);
	ck_assert_uint_eq(c->data[13], 3);
	ck_assert_uint_eq(get_unaligned_be16(c->data + 14), 0x1234);
}
END_TEST

START_TEST(capacity_16_is_cut_to_the_allocation_length)
{
	capacity_16(9);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 9);
	ck_assert_uint_eq(c->data[9], 0xee);
	capacity_16(0);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 0);
}
END_TEST

/* ---- GET LBA STATUS ---------------------------------------------------- */

static void lba_status(u64 lba, u32 alloc, u32 room)
{
	do_in(SCSI_SERVICE_ACTION_IN_16, SCSI_SA_GET_LBA_STATUS, lba, alloc,
	      room);
}

static void ck_extent(u32 nr, u64 lba, u32 blocks, u8 status)
{
	const u8 *p = c->data + 8 + 16 * nr;

	ck_assert_uint_eq(get_unaligned_be64(p), lba);
	ck_assert_uint_eq(get_unaligned_be32(p + 8), blocks);
	ck_assert_uint_eq(p[12], status);
}

static void ck_extents(u32 nr)
{
	ck_good();
	ck_assert_uint_eq(get_unaligned_be32(c->data), 4 + 16 * nr);
	ck_assert_uint_eq(c->cmd.data_in, 8 + 16 * nr);
}

START_TEST(status_of_a_full_disk_is_one_extent)
{
	lba_status(5, 1000, 1000);
	ck_extents(1);
	ck_extent(0, 5, BLOCKS - 5, 0);
}
END_TEST

START_TEST(status_tells_of_holes)
{
	memset(f->mapped + 10, false, 20);
	lba_status(5, 1000, 1000);
	ck_extents(3);
	ck_extent(0, 5, 5, 0);
	ck_extent(1, 10, 20, 1);
	ck_extent(2, 30, BLOCKS - 30, 0);
	lba_status(11, 1000, 1000);
	ck_extents(2);
	ck_extent(0, 11, 19, 1);
}
END_TEST

START_TEST(status_keeps_to_its_room)
{
	memset(f->mapped + 10, false, 20);
	lba_status(5, 24, 1000);
	ck_extents(1);
	ck_extent(0, 5, 5, 0);
	lba_status(5, 1000, 8 + 32);
	ck_extents(2);
}
END_TEST

START_TEST(status_is_cut_to_the_allocation_length)
{
	lba_status(5, 10, 1000);
	ck_good();
	ck_assert_uint_eq(get_unaligned_be32(c->data), 20);
	ck_assert_uint_eq(c->cmd.data_in, 10);
	ck_assert_uint_eq(c->data[10], 0xee);
	lba_status(5, 0, 1000);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 0);
}
END_TEST

/* A backend that speaks of one block at a time. */
static void one_block(struct fake *fake, enum fake_op op, struct sbc_io *io)
{
	io->extent = 1;
}

START_TEST(status_joins_neighbours)
{
	f->executed = one_block;
	memset(f->mapped + 10, false, 20);
	f->submitted = watch_stack;
	lba_status(5, 40, 1000);
	ck_extents(2);
	ck_extent(0, 5, 5, 0);
	ck_extent(1, 10, 20, 1);
	ck_no_recursion();
}
END_TEST

/* And one that says nonsense. */
static void nonsense(struct fake *fake, enum fake_op op, struct sbc_io *io)
{
	io->extent = io->lba & 1 ? 0 : U64_MAX;
}

START_TEST(status_survives_nonsense)
{
	f->executed = nonsense;
	lba_status(5, 1000, 1000);
	ck_extents(1);
	ck_extent(0, 5, BLOCKS - 5, 0);
}
END_TEST

START_TEST(status_does_not_ask_forever)
{
	struct sbc_config cfg = fake_config();

	teardown();
	cfg.blocks = 4096;
	disk(&cfg, 0);
	f->executed = one_block;
	lba_status(0, 24, 24);
	ck_extents(1);
	ck_extent(0, 0, 1024, 0);
}
END_TEST

START_TEST(status_counts_blocks_in_32_bits)
{
	struct sbc_config cfg = fake_config();

	teardown();
	disk(&cfg, LACKS_STATUS);
	sbc_lu_resize(f->lu, 1ULL << 40);
	lba_status(7, 1000, 1000);
	ck_extents(1);
	ck_extent(0, 7, U32_MAX, 0);
}
END_TEST

START_TEST(status_of_other_types_is_refused)
{
	make(SCSI_SERVICE_ACTION_IN_16, SCSI_SA_GET_LBA_STATUS, 0, 24,
	     SCST_DATA_IN, 24);
	c->cdb[14] = 1;
	run();
	ck_bad_cdb(14, SENSE_NO_BIT);
}
END_TEST

START_TEST(status_beyond_the_end_is_refused)
{
	lba_status(BLOCKS, 24, 24);
	ck_info(SENSE_LBA_OUT_OF_RANGE, BLOCKS);
	lba_status(U64_MAX, 24, 24);
	ck_info(SENSE_LBA_OUT_OF_RANGE, U64_MAX);
}
END_TEST

START_TEST(status_tells_of_errors)
{
	f->fail = SENSE_READ_ERROR;
	f->fail_ops = 1 << FAKE_STATUS;
	f->fail_lba = 9;
	lba_status(5, 24, 24);
	ck_info(SENSE_READ_ERROR, 9);
}
END_TEST

static void add_small(Suite *s)
{
	TCase *tc = tcase_create("small");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, unit_is_ready);
	tcase_add_test(tc, unit_without_medium_is_not_ready);
	tcase_add_test(tc, unit_without_medium_is_not_ready);
	tcase_add_loop_test(tc, sync_flushes_the_range, 0, 2);
	tcase_add_loop_test(tc, sync_of_no_blocks_goes_to_the_end, 0, 2);
	tcase_add_loop_test(tc, sync_beyond_the_end_is_refused, 0, 2);
	tcase_add_loop_test(tc, sync_waits_even_with_immed, 0, 2);
	tcase_add_loop_test(tc, sync_tells_of_errors, 0, 2);
	tcase_add_loop_test(tc, prefetch_passes_the_hint, 0, 2);
	tcase_add_loop_test(tc, prefetch_beyond_the_end_is_refused, 0, 2);
	tcase_add_test(tc, capacity_10_tells_the_last_block);
	tcase_add_test(tc, capacity_10_of_a_large_disk_is_all_ones);
	tcase_add_test(tc, capacity_16_tells_of_provisioning);
	tcase_add_test(tc, capacity_16_is_cut_to_the_allocation_length);
	suite_add_tcase(s, tc);
}

static void add_status(Suite *s)
{
	TCase *tc = tcase_create("get lba status");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, status_of_a_full_disk_is_one_extent);
	tcase_add_test(tc, status_tells_of_holes);
	tcase_add_test(tc, status_keeps_to_its_room);
	tcase_add_test(tc, status_is_cut_to_the_allocation_length);
	tcase_add_test(tc, status_joins_neighbours);
	tcase_add_test(tc, status_survives_nonsense);
	tcase_add_test(tc, status_does_not_ask_forever);
	tcase_add_test(tc, status_counts_blocks_in_32_bits);
	tcase_add_test(tc, status_of_other_types_is_refused);
	tcase_add_test(tc, status_beyond_the_end_is_refused);
	tcase_add_test(tc, status_tells_of_errors);
	suite_add_tcase(s, tc);
}

static Suite *misc_suite(void)
{
	Suite *s = suite_create("sbc_misc");
	TCase *tc;

	add_small(s);
	add_status(s);

	tc = tcase_create("other disks");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, unit_may_begin_without_medium);
	tcase_add_loop_test(tc, sync_without_cache_is_good, 0, 2);
	tcase_add_loop_test(tc, prefetch_without_operation_is_good, 0, 2);
	tcase_add_test(tc, capacity_16_of_a_fat_disk);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(misc_suite());
}
