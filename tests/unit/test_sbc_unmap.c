// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of UNMAP and WRITE SAME.
 */
#include "sbc_test.h"

#define ANCHOR 0x10
#define UNMAP  0x08
#define NDOB   0x01

static const u8 sames[] = { SCSI_WRITE_SAME_10, SCSI_WRITE_SAME_16 };
static const u8 length_at[] = { 7, 10 };

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	cfg.blocks = 8192;
	disk(&cfg, 0);
}

static void setup_without_zero(void)
{
	struct sbc_config cfg = fake_config();

	cfg.blocks = 8192;
	cfg.zero_after_unmap = false;
	disk(&cfg, LACKS_ZERO);
}

static void setup_fat(void)
{
	struct sbc_config cfg = fake_config();

	cfg.thin = false;
	disk(&cfg, 0);
}

/* ---- UNMAP ------------------------------------------------------------- */

/* A list of @nr descriptors in @len bytes of Data-Out. */
static void make_unmap(u32 nr, u32 len)
{
	make(SCSI_UNMAP, 0, 0, len, SCST_DATA_OUT, len);
	put_unaligned_be32(0, c->cdb + 2);
	if (len >= 8) {
		put_unaligned_be16(6 + 16 * nr, c->data);
		put_unaligned_be16(16 * nr, c->data + 2);
	}
}

static void set_range(u32 nr, u64 lba, u32 blocks)
{
	put_unaligned_be64(lba, c->data + 8 + 16 * nr);
	put_unaligned_be32(blocks, c->data + 16 + 16 * nr);
}

static void unmap_one(u64 lba, u32 blocks)
{
	make_unmap(1, 24);
	set_range(0, lba, blocks);
	run();
}

START_TEST(unmap_gives_blocks_back)
{
	unmap_one(5, 7);
	ck_good();
	ck_ops("U");
	ck_assert(!f->mapped[5] && !f->mapped[11] && f->mapped[12]);
	ck_assert(holds(f->cached, 5, 7, 0));
	ck_assert_uint_eq(c->cmd.wanted, 24);
}
END_TEST

START_TEST(unmap_takes_ranges_in_order)
{
	make_unmap(3, 8 + 48);
	set_range(0, 100, 1);
	set_range(1, 5, 2);
	set_range(2, 6, 200);		/* overlaps both */
	run();
	ck_good();
	ck_ops("UUU");
	ck_assert_uint_eq(f->log[0].lba, 100);
	ck_assert_uint_eq(f->log[1].lba, 5);
	ck_assert_uint_eq(f->log[2].lba, 6);
}
END_TEST

START_TEST(unmap_skips_empty_ranges)
{
	make_unmap(3, 8 + 48);
	set_range(0, 8192, 0);		/* behind the last block */
	set_range(1, 5, 2);
	set_range(2, 9, 0);
	run();
	ck_good();
	ck_ops("U");
}
END_TEST

START_TEST(unmap_of_nothing_is_good)
{
	make(SCSI_UNMAP, 0, 0, 0, SCST_DATA_NONE, 0);
	run();
	ck_good();
	make_unmap(0, 8);
	run();
	ck_good();
	unmap_one(0, 0);
	ck_good();
	ck_ops("");
}
END_TEST

START_TEST(unmap_checks_all_before_it_does_any)
{
	make_unmap(2, 8 + 32);
	set_range(0, 5, 2);
	set_range(1, 8191, 2);
	run();
	ck_info(SENSE_LBA_OUT_OF_RANGE, 8192);
	ck_ops("");
}
END_TEST

START_TEST(unmap_whose_end_overflows_is_refused)
{
	unmap_one(U64_MAX, U32_MAX);
	ck_info(SENSE_LBA_OUT_OF_RANGE, U64_MAX);
	unmap_one(8193, 0);
	ck_info(SENSE_LBA_OUT_OF_RANGE, 8193);
}
END_TEST

START_TEST(unmap_ignores_what_the_list_length_cuts_off)
{
	make_unmap(3, 8 + 16 + 15);
	set_range(0, 5, 1);
	run();
	ck_good();
	ck_ops("U");
}
END_TEST

START_TEST(unmap_keeps_to_the_shortest_length)
{
	make_unmap(2, 8 + 32);
	set_range(0, 5, 1);
	set_range(1, 6, 1);
	put_unaligned_be16(6 + 16, c->data);
	run();
	ck_good();
	ck_ops("U");
	make_unmap(2, 8 + 32);
	put_unaligned_be16(0, c->data);
	run();
	ck_good();
	ck_ops("");
}
END_TEST

START_TEST(unmap_ignores_an_incomplete_descriptor)
{
	make_unmap(2, 8 + 32);
	set_range(0, 5, 1);
	set_range(1, 6, 1);
	put_unaligned_be16(31, c->data + 2);
	run();
	ck_good();
	ck_ops("U");
}
END_TEST

START_TEST(unmap_without_a_whole_header_is_refused)
{
	make_unmap(0, 7);
	run();
	ck_sense(SENSE_PARAM_LENGTH_ERROR);
}
END_TEST

START_TEST(unmap_with_less_data_than_its_list_is_refused)
{
	make(SCSI_UNMAP, 0, 0, 24, SCST_DATA_OUT, 23);
	put_unaligned_be16(16, c->data + 2);
	run();
	ck_sense(SENSE_PARAM_LENGTH_ERROR);
	ck_assert_uint_eq(c->cmd.wanted, 24);
	do_in(SCSI_UNMAP, 0, 0, 24, 24);
	ck_sense(SENSE_PARAM_LENGTH_ERROR);
	ck_ops("");
}
END_TEST

START_TEST(unmap_of_many_ranges_makes_no_recursion)
{
	u32 i;

	make_unmap(256, 8 + 256 * 16);
	for (i = 0; i < 256; i++)
		set_range(i, i, 1);
	f->submitted = watch_stack;
	run();
	ck_good();
	ck_assert_uint_eq(fake_count(f, FAKE_UNMAP), 256);
	ck_no_recursion();
}
END_TEST

START_TEST(unmap_of_too_many_ranges_is_refused)
{
	make_unmap(257, 8 + 257 * 16);
	run();
	ck_sense(SENSE_INVALID_FIELD_IN_PARAM);
	ck_assert_uint_eq(c->cmd.sense.field, 2);
	ck_assert(!c->cmd.sense.field_in_cdb);
}
END_TEST

START_TEST(unmap_never_anchors)
{
	make_unmap(1, 24);
	c->cdb[1] = 0x01;
	run();
	ck_bad_cdb(1, 0);
}
END_TEST

START_TEST(unmap_stops_at_an_error)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_UNMAP;
	f->fail_lba = 6;
	make_unmap(3, 8 + 48);
	set_range(0, 1, 1);
	set_range(1, 5, 2);
	set_range(2, 9, 1);
	run();
	ck_info(SENSE_WRITE_ERROR, 6);
	ck_ops("UU");
}
END_TEST

START_TEST(unmap_without_its_operation_zeroes)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, LACKS_UNMAP);
	unmap_one(5, 2);
	ck_good();
	ck_ops("Z");
	ck_assert_uint_eq(f->log[0].flags, SBC_IO_MAY_UNMAP);
}
END_TEST

START_TEST(fat_disk_has_no_unmap)
{
	u8 cdb[16] = { SCSI_UNMAP };

	ck_assert_ptr_null(fake_row(f, cdb));
}
END_TEST

/* ---- WRITE SAME -------------------------------------------------------- */

START_TEST(same_repeats_the_block)
{
	u8 before = f->cached[12 * BS];

	do_out(sames[_i], 0, 5, 7, BS, 0x77);
	ck_good();
	ck_ops("W");
	ck_assert(holds(f->cached, 5, 7, 0x77));
	ck_assert_uint_eq(f->cached[12 * BS], before);
	ck_assert_uint_eq(c->cmd.wanted, BS);
}
END_TEST

START_TEST(same_repeats_all_bytes_of_the_block)
{
	u32 i;

	make(sames[_i], 0, 5, 100, SCST_DATA_OUT, BS);
	for (i = 0; i < BS; i++)
		c->data[i] = i * 13 + i / 256;
	run();
	ck_good();
	for (i = 0; i < 100; i++)
		ck_assert_mem_eq(f->cached + (5 + i) * BS, c->data, BS);
}
END_TEST

START_TEST(same_goes_in_pieces)
{
	do_out(sames[_i], 0, 3, 5000, BS, 0x77);
	ck_good();
	ck_ops("WWW");
	ck_assert_uint_eq(f->log[2].lba, 3 + 4096);
	ck_assert_uint_eq(f->log[2].blocks, 904);
	ck_assert(holds(f->cached, 3, 5000, 0x77));
}
END_TEST

START_TEST(same_of_no_blocks_goes_to_the_end)
{
	do_out(sames[_i], 0, 8000, 0, BS, 0x77);
	ck_good();
	ck_assert(holds(f->cached, 8000, 192, 0x77));
}
END_TEST

START_TEST(same_beyond_the_end_is_refused)
{
	do_out(sames[_i], 0, 8191, 2, BS, 0x77);
	ck_info(SENSE_LBA_OUT_OF_RANGE, 8192);
	do_out(sames[_i], 0, 8192, 0, BS, 0x77);
	ck_info(SENSE_LBA_OUT_OF_RANGE, 8192);
	ck_ops("");
}
END_TEST

START_TEST(same_with_protection_is_refused)
{
	do_out(sames[_i], 0x20, 0, 1, BS, 0x77);
	ck_bad_cdb(1, 5);
}
END_TEST

START_TEST(same_with_anchor_is_refused)
{
	do_out(sames[_i], ANCHOR, 0, 1, BS, 0);
	ck_bad_cdb(1, 4);
	do_out(sames[_i], ANCHOR | UNMAP, 0, 1, BS, 0);
	ck_bad_cdb(1, 4);
}
END_TEST

START_TEST(same_wants_exactly_one_block)
{
	do_out(sames[_i], 0, 0, 1, BS / 2, 0x77);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
	do_out(sames[_i], UNMAP, 0, 1, 2 * BS, 0x77);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
	do_out(sames[_i], 0, 0, 1, 0, 0);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
	do_in(sames[_i], 0, 0, 1, BS);
	ck_bad_cdb(length_at[_i], SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

START_TEST(same_of_zeroes_is_left_to_the_backend)
{
	do_out(sames[_i], 0, 5, 5000, BS, 0);
	ck_good();
	ck_ops("Z");
	ck_assert_uint_eq(f->log[0].flags, 0);
	ck_assert_uint_eq(f->log[0].blocks, 5000);
	ck_assert(f->mapped[5]);
}
END_TEST

START_TEST(same_may_unmap_zeroes)
{
	do_out(sames[_i], UNMAP, 5, 7, BS, 0);
	ck_good();
	ck_ops("Z");
	ck_assert_uint_eq(f->log[0].flags, SBC_IO_MAY_UNMAP);
	ck_assert(!f->mapped[5]);
}
END_TEST

START_TEST(same_with_unmap_writes_what_is_not_zero)
{
	do_out(sames[_i], UNMAP, 5, 7, BS, 0x77);
	ck_good();
	ck_ops("W");
	ck_assert(holds(f->cached, 5, 7, 0x77));
}
END_TEST

START_TEST(same_without_data_out_is_of_zeroes)
{
	do_none(SCSI_WRITE_SAME_16, NDOB, 5, 7);
	ck_good();
	ck_ops("Z");
	ck_assert_uint_eq(c->cmd.wanted, 0);
	do_none(SCSI_WRITE_SAME_16, NDOB | UNMAP, 5, 7);
	ck_good();
	ck_assert_uint_eq(f->log[0].flags, SBC_IO_MAY_UNMAP);
}
END_TEST

START_TEST(same_writes_zeroes_that_the_backend_cannot)
{
	f->fail = SENSE_INVALID_OPCODE;
	f->fail_ops = 1 << FAKE_ZERO;
	f->fail_lba = 5;
	do_out(sames[_i], UNMAP, 5, 7, BS, 0);
	ck_good();
	ck_ops("ZW");
	ck_assert_uint_eq(f->log[1].flags, 0);
	ck_assert(holds(f->cached, 5, 7, 0));
}
END_TEST

START_TEST(same_fails_with_the_zeroes)
{
	f->fail = SENSE_SPACE_EXHAUSTED;
	f->fail_ops = 1 << FAKE_ZERO;
	f->fail_lba = 5;
	do_out(sames[_i], 0, 5, 7, BS, 0);
	ck_sense(SENSE_SPACE_EXHAUSTED);
}
END_TEST

START_TEST(same_writes_zeroes_without_the_operation)
{
	do_out(sames[_i], UNMAP, 5, 7, BS, 0);
	ck_good();
	ck_ops("W");
	ck_assert(holds(f->cached, 5, 7, 0));
}
END_TEST

START_TEST(same_unmaps_zeroes_if_that_makes_zeroes)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, LACKS_ZERO);
	do_out(sames[_i], UNMAP, 5, 7, BS, 0);
	ck_good();
	ck_ops("U");
	do_out(sames[_i], 0, 5, 7, BS, 0);
	ck_good();
	ck_ops("W");
}
END_TEST

START_TEST(same_does_not_trust_granules)
{
	struct sbc_config cfg = fake_config();

	cfg.unmap_granularity = 8;
	disk(&cfg, LACKS_ZERO);
	do_out(sames[_i], UNMAP, 5, 7, BS, 0);
	ck_good();
	ck_ops("W");
}
END_TEST

START_TEST(same_on_a_write_through_disk_is_flushed)
{
	struct sbc_config cfg = fake_config();

	cfg.write_cache = false;
	disk(&cfg, 0);
	do_out(sames[_i], 0, 5, 7, BS, 0x77);
	ck_good();
	ck_ops("WF");
	ck_assert(holds(f->medium, 5, 7, 0x77));
	do_out(sames[_i], UNMAP, 5, 7, BS, 0);
	ck_good();
	ck_ops("ZF");
	ck_assert(holds(f->medium, 5, 7, 0));
}
END_TEST

START_TEST(same_with_native_fua_needs_no_flush)
{
	struct sbc_config cfg = fake_config();

	cfg.write_cache = false;
	cfg.native_fua = true;
	disk(&cfg, 0);
	do_out(sames[_i], 0, 5, 7, BS, 0x77);
	ck_good();
	ck_ops("W");
	do_out(sames[_i], UNMAP, 5, 7, BS, 0);
	ck_good();
	ck_ops("Z");
	ck_assert_uint_eq(f->log[0].flags, SBC_IO_FUA | SBC_IO_MAY_UNMAP);
	ck_assert(holds(f->medium, 5, 7, 0));
}
END_TEST

/* WCE is cleared between two pieces: the first one needs a flush, too. */
static void clear_wce(struct fake *fake, enum fake_op op, struct sbc_io *io)
{
	if (op == FAKE_WRITE)
		sbc_lu_event(fake->lu, SCST_EV_LU_RESET, 0);
}

START_TEST(same_is_durable_when_write_cache_goes_away)
{
	struct sbc_config cfg = fake_config();
	struct scst_mode_page page;
	u8 wce[20] = { 0x08, 0x12, 0x04 };

	cfg.blocks = 8192;
	cfg.write_cache = false;
	cfg.native_fua = true;
	disk(&cfg, 0);
	page = f->info.mode_pages[1];
	make(SCSI_TEST_UNIT_READY, 0, 0, 0, SCST_DATA_NONE, 0);
	sbc_lu_mode_select(f->lu, &c->cmd, &page, wce, scst_cmd_fail);
	ck_assert(sbc_lu_write_cache(f->lu));
	f->executed = clear_wce;	/* back to the default, which is off */
	do_out(SCSI_WRITE_SAME_16, 0, 0, 4096, BS, 0x77);
	ck_good();
	ck_ops("WWF");
	ck_assert(holds(f->medium, 0, 4096, 0x77));
}
END_TEST

START_TEST(same_above_the_limit_is_refused)
{
	struct sbc_config cfg = fake_config();
	u32 max;

	cfg.blocks = 1u << 20;
	disk(&cfg, LACKS_ZERO);
	max = get_unaligned_be64(f->info.vpd_pages[0].data + 32);
	ck_assert_uint_eq(max, (256u << 20) / BS);
	do_out(SCSI_WRITE_SAME_16, 0, 0, max + 1, BS, 0);
	ck_bad_cdb(10, SENSE_NO_BIT);
	do_out(SCSI_WRITE_SAME_16, 0, 0, 0, BS, 0);
	ck_bad_cdb(10, SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

START_TEST(fat_disk_refuses_unmap_of_same)
{
	do_out(sames[_i], UNMAP, 5, 7, BS, 0);
	ck_bad_cdb(1, 3);
	do_out(sames[_i], 0, 5, 7, BS, 0);
	ck_good();
}
END_TEST

static void add_unmaps(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, unmap_gives_blocks_back);
	tcase_add_test(tc, unmap_takes_ranges_in_order);
	tcase_add_test(tc, unmap_skips_empty_ranges);
	tcase_add_test(tc, unmap_of_nothing_is_good);
	tcase_add_test(tc, unmap_checks_all_before_it_does_any);
	tcase_add_test(tc, unmap_whose_end_overflows_is_refused);
	tcase_add_test(tc, unmap_ignores_what_the_list_length_cuts_off);
	tcase_add_test(tc, unmap_keeps_to_the_shortest_length);
	tcase_add_test(tc, unmap_ignores_an_incomplete_descriptor);
	tcase_add_test(tc, unmap_without_a_whole_header_is_refused);
	tcase_add_test(tc, unmap_with_less_data_than_its_list_is_refused);
	tcase_add_test(tc, unmap_of_many_ranges_makes_no_recursion);
	tcase_add_test(tc, unmap_of_too_many_ranges_is_refused);
	tcase_add_test(tc, unmap_never_anchors);
	tcase_add_test(tc, unmap_stops_at_an_error);
}

static void add_sames(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, same_repeats_the_block, 0, 2);
	tcase_add_loop_test(tc, same_repeats_all_bytes_of_the_block, 0, 2);
	tcase_add_loop_test(tc, same_goes_in_pieces, 0, 2);
	tcase_add_loop_test(tc, same_of_no_blocks_goes_to_the_end, 0, 2);
	tcase_add_loop_test(tc, same_beyond_the_end_is_refused, 0, 2);
	tcase_add_loop_test(tc, same_with_protection_is_refused, 0, 2);
	tcase_add_loop_test(tc, same_with_anchor_is_refused, 0, 2);
	tcase_add_loop_test(tc, same_wants_exactly_one_block, 0, 2);
	tcase_add_loop_test(tc, same_of_zeroes_is_left_to_the_backend, 0, 2);
	tcase_add_loop_test(tc, same_may_unmap_zeroes, 0, 2);
	tcase_add_loop_test(tc, same_with_unmap_writes_what_is_not_zero, 0, 2);
	tcase_add_test(tc, same_without_data_out_is_of_zeroes);
	tcase_add_loop_test(tc, same_writes_zeroes_that_the_backend_cannot,
			    0, 2);
	tcase_add_loop_test(tc, same_fails_with_the_zeroes, 0, 2);
}

static Suite *unmap_suite(void)
{
	Suite *s = suite_create("sbc_unmap");
	TCase *tc = tcase_create("unmap");

	add_unmaps(tc);
	suite_add_tcase(s, tc);
	tc = tcase_create("write same");
	add_sames(tc);
	suite_add_tcase(s, tc);

	tc = tcase_create("without zero");
	tcase_add_checked_fixture(tc, setup_without_zero, teardown);
	tcase_add_loop_test(tc, same_writes_zeroes_without_the_operation,
			    0, 2);
	suite_add_tcase(s, tc);

	tc = tcase_create("other disks");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, unmap_without_its_operation_zeroes);
	tcase_add_loop_test(tc, same_unmaps_zeroes_if_that_makes_zeroes, 0, 2);
	tcase_add_loop_test(tc, same_does_not_trust_granules, 0, 2);
	tcase_add_loop_test(tc, same_on_a_write_through_disk_is_flushed, 0, 2);
	tcase_add_loop_test(tc, same_with_native_fua_needs_no_flush, 0, 2);
	tcase_add_test(tc, same_is_durable_when_write_cache_goes_away);
	tcase_add_test(tc, same_above_the_limit_is_refused);
	suite_add_tcase(s, tc);

	tc = tcase_create("not thin");
	tcase_add_checked_fixture(tc, setup_fat, teardown);
	tcase_add_test(tc, fat_disk_has_no_unmap);
	tcase_add_loop_test(tc, fat_disk_refuses_unmap_of_same, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(unmap_suite());
}
