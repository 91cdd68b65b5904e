// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of what a disk tells the core of itself, of its configuration,
 * and of MODE SELECT of the caching page.
 */
#include "sbc_test.h"

#define WCE 0x04

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, 0);
}

/* Byte @at of a VPD page as the standard counts. */
static const u8 *vpd(u8 code, u32 at)
{
	u32 i;

	for (i = 0; i < f->info.nr_vpd_pages; i++)
		if (f->info.vpd_pages[i].code == code)
			return f->info.vpd_pages[i].data + at - 4;
	return NULL;
}

static const struct scst_mode_page *mode_page(u8 code)
{
	u32 i;

	for (i = 0; i < f->info.nr_mode_pages; i++)
		if (f->info.mode_pages[i].defaults[0] == code)
			return &f->info.mode_pages[i];
	return NULL;
}

/* ---- Configuration ----------------------------------------------------- */

static void silence(int level, const char *fmt, va_list ap)
{
}

#define REFUSED(field, value) \
	do { \
		struct sbc_config cfg_ = fake_config(); \
		cfg_.field = value; \
		ck_assert_ptr_null(fake_new(&cfg_, 0)); \
	} while (0)

START_TEST(impossible_configurations_are_refused)
{
	struct sbc_config cfg = fake_config();

	core_log_hook = silence;
	REFUSED(block_size, 0);
	REFUSED(block_size, 256);
	REFUSED(block_size, 1000);
	REFUSED(block_size, 8192);
	REFUSED(blocks, 0);
	REFUSED(blocks, 1ULL << 56);
	REFUSED(physical_exp, 16);
	REFUSED(lowest_aligned, 0x4000);
	REFUSED(max_transfer, (1u << 30) / 512 + 1);
	REFUSED(unmap_alignment, 1);
	ck_assert_ptr_null(fake_new(&cfg, LACKS_UNMAP | LACKS_ZERO));
	ck_assert_ptr_null(fake_new(&cfg, LACKS_WRITE));
	cfg.removable = false;
	cfg.blocks = 0;
	ck_assert_ptr_null(fake_new(&cfg, 0));
}
END_TEST

START_TEST(configuration_is_kept)
{
	setup();
	ck_assert_ptr_eq(sbc_lu_priv(f->lu), f);
	ck_assert_uint_eq(sbc_lu_config(f->lu)->max_transfer, 512);
	ck_assert_uint_eq(sbc_lu_blocks(f->lu), BLOCKS);
	ck_assert(sbc_lu_write_cache(f->lu));
}
END_TEST

START_TEST(max_transfer_has_a_default)
{
	struct sbc_config cfg = fake_config();

	cfg.max_transfer = 0;
	disk(&cfg, 0);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 8)), (8 << 20) / BS);
	ck_assert_uint_eq(f->info.max_transfer, 8 << 20);
}
END_TEST

START_TEST(core_may_take_twice_a_block_at_least)
{
	struct sbc_config cfg = fake_config();

	cfg.max_transfer = 1;
	cfg.block_size = 4096;
	disk(&cfg, 0);
	ck_assert_uint_eq(*vpd(0xb0, 5), 1);
	ck_assert_uint_eq(f->info.max_transfer, 8192);
}
END_TEST

/* ---- Command table ----------------------------------------------------- */

START_TEST(table_has_each_command_once)
{
	u32 i, j;

	for (i = 0; i < f->info.nr_opcodes; i++) {
		const struct scst_opcode *a = &f->info.opcodes[i];

		ck_assert_uint_eq(a->usage[0], a->op);
		ck_assert_ptr_nonnull(a->execute);
		for (j = 0; j < i; j++)
			ck_assert(a->op != f->info.opcodes[j].op ||
				  a->sa != f->info.opcodes[j].sa);
	}
	ck_assert_uint_eq(f->info.nr_opcodes, 32);
}
END_TEST

START_TEST(table_has_the_lengths_of_the_groups)
{
	static const u8 len[] = { 6, 10, 10, 0, 16, 12 };
	u32 i, j;

	for (i = 0; i < f->info.nr_opcodes; i++) {
		const struct scst_opcode *row = &f->info.opcodes[i];

		ck_assert_uint_eq(row->cdb_len, len[row->op >> 5]);
		ck_assert_uint_eq(row->usage[row->cdb_len - 1], 0x04);
		for (j = row->cdb_len; j < 16; j++)
			ck_assert_uint_eq(row->usage[j], 0);
	}
}
END_TEST

START_TEST(table_says_what_alters_the_medium)
{
	static const u8 ops[] = {
		SCSI_WRITE_6, SCSI_WRITE_10, SCSI_WRITE_12, SCSI_WRITE_16,
		SCSI_WRITE_VERIFY_10, SCSI_WRITE_VERIFY_12,
		SCSI_WRITE_VERIFY_16, SCSI_WRITE_SAME_10, SCSI_WRITE_SAME_16,
		SCSI_UNMAP, SCSI_COMPARE_AND_WRITE, SCSI_ORWRITE_16,
	};
	u32 i, j;

	for (i = 0; i < f->info.nr_opcodes; i++) {
		const struct scst_opcode *row = &f->info.opcodes[i];
		bool alters = false;

		for (j = 0; j < ARRAY_SIZE(ops); j++)
			alters |= ops[j] == row->op;
		ck_assert_int_eq(!!(row->flags & SCST_OP_WRITES), alters);
		if (alters)
			ck_assert(row->flags & SCST_OP_OUT);
	}
}
END_TEST

START_TEST(usage_tells_options_that_are_evaluated)
{
	static const struct {
		u8 op, opts;
	} want[] = {
		{ SCSI_READ_6, 0x1f },		{ SCSI_READ_10, 0x18 },
		{ SCSI_WRITE_16, 0x18 },	{ SCSI_VERIFY_12, 0x16 },
		{ SCSI_WRITE_VERIFY_10, 0x16 }, { SCSI_ORWRITE_16, 0x18 },
		{ SCSI_COMPARE_AND_WRITE, 0x18 }, { SCSI_UNMAP, 0x00 },
		{ SCSI_WRITE_SAME_10, 0x08 },	{ SCSI_WRITE_SAME_16, 0x09 },
		{ SCSI_SYNC_CACHE_10, 0x06 },	{ SCSI_PREFETCH_16, 0x02 },
		{ SCSI_START_STOP_UNIT, 0x01 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(want); i++)
		ck_assert_uint_eq(fake_row(f, &want[i].op)->usage[1],
				  want[i].opts);
}
END_TEST

START_TEST(fat_disk_offers_no_provisioning)
{
	struct sbc_config cfg = fake_config();
	u8 same[] = { SCSI_WRITE_SAME_16, 0 }, unmap[] = { SCSI_UNMAP, 0 };

	cfg.thin = false;
	disk(&cfg, 0);
	ck_assert_ptr_null(fake_row(f, unmap));
	ck_assert_uint_eq(fake_row(f, same)->usage[1], 0x01);
	ck_assert_ptr_null(vpd(0xb2, 5));
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 20)), 0);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 24)), 0);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 28)), 0);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 32)), 0);
}
END_TEST

/* ---- VPD pages --------------------------------------------------------- */

START_TEST(vpd_tells_the_limits)
{
	struct sbc_config cfg = fake_config();

	cfg.optimal_transfer = 128;
	cfg.optimal_granularity = 8;
	cfg.unmap_granularity = 16;
	cfg.unmap_alignment = 4;
	disk(&cfg, 0);
	ck_assert_uint_eq(f->info.vpd_pages[0].len, 0x3c);
	ck_assert_uint_eq(*vpd(0xb0, 4), 0);			/* WSNZ */
	ck_assert_uint_eq(*vpd(0xb0, 5), 255);
	ck_assert_uint_eq(get_unaligned_be16(vpd(0xb0, 6)), 8);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 8)), 512);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 12)), 128);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 20)), U32_MAX);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 24)), 256);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 28)), 16);
	ck_assert_uint_eq(get_unaligned_be32(vpd(0xb0, 32)), 0x80000004);
	ck_assert_uint_eq(get_unaligned_be64(vpd(0xb0, 36)), (4ULL << 30) / BS);
}
END_TEST

START_TEST(vpd_tells_the_characteristics)
{
	struct sbc_config cfg = fake_config();

	cfg.rotation_rate = 7200;
	disk(&cfg, 0);
	ck_assert_uint_eq(f->info.vpd_pages[1].len, 0x3c);
	ck_assert_uint_eq(get_unaligned_be16(vpd(0xb1, 4)), 7200);
	ck_assert_uint_eq(*vpd(0xb1, 8), 0x03);
}
END_TEST

START_TEST(vpd_tells_of_provisioning)
{
	ck_assert_uint_eq(f->info.vpd_pages[2].len, 4);
	ck_assert_uint_eq(*vpd(0xb2, 4), 0);
	ck_assert_uint_eq(*vpd(0xb2, 5), 0xe4);
	ck_assert_uint_eq(*vpd(0xb2, 6), 2);
}
END_TEST

START_TEST(vpd_without_zeroes_after_unmap)
{
	struct sbc_config cfg = fake_config();

	cfg.zero_after_unmap = false;
	disk(&cfg, 0);
	ck_assert_uint_eq(*vpd(0xb2, 5), 0xe0);
	ck_assert_uint_eq(*vpd(0xb1, 8), 0x02);
}
END_TEST

/* ---- Mode pages -------------------------------------------------------- */

START_TEST(mode_pages_are_well_formed)
{
	static const u8 codes[] = { 0x01, 0x08, 0x1c }, lens[] = { 12, 20, 12 };
	u32 i;

	ck_assert_uint_eq(f->info.nr_mode_pages, 3);
	for (i = 0; i < 3; i++) {
		const struct scst_mode_page *page = mode_page(codes[i]);

		ck_assert_uint_eq(page->len, lens[i]);
		ck_assert_uint_eq(page->defaults[1], lens[i] - 2);
		ck_assert_mem_eq(page->defaults, page->current_, lens[i]);
	}
	ck_assert_uint_eq(f->info.mode_device_specific, 0x10);
}
END_TEST

START_TEST(write_cache_is_on_and_changeable)
{
	ck_assert_uint_eq(mode_page(0x08)->current_[2], WCE);
	ck_assert_uint_eq(mode_page(0x08)->changeable[2], WCE);
}
END_TEST

START_TEST(write_cache_may_begin_off)
{
	struct sbc_config cfg = fake_config();

	cfg.write_cache = false;
	disk(&cfg, 0);
	ck_assert_uint_eq(mode_page(0x08)->current_[2], 0);
	ck_assert_uint_eq(mode_page(0x08)->changeable[2], WCE);
}
END_TEST

START_TEST(write_cache_without_flush_is_fixed_off)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, LACKS_FLUSH);
	ck_assert_uint_eq(mode_page(0x08)->current_[2], 0);
	ck_assert_uint_eq(mode_page(0x08)->changeable[2], 0);
}
END_TEST

/* ---- MODE SELECT ------------------------------------------------------- */

static u32 nr_selected;
static enum scst_sense selected_sense;

static void selected(struct scst_cmd *cmd, enum scst_sense sense)
{
	ck_assert_ptr_eq(cmd, &c->cmd);
	nr_selected++;
	selected_sense = sense;
	c->ended = true;
}

static void select_wce(u8 wce)
{
	u8 wanted[20] = { 0x08, 0x12, wce };
	u8 scratch[sizeof(c->cmd.server)];

	make(SCSI_MODE_SELECT_6, 0, 0, 0, SCST_DATA_NONE, 0);
	memcpy(scratch, c->cmd.server, sizeof(scratch));
	nr_selected = 0;
	fake_clear_log(f);
	sbc_lu_mode_select(f->lu, &c->cmd, mode_page(0x08), wanted, selected);
	/* That is where the core keeps its own. */
	ck_assert_mem_eq(scratch, c->cmd.server, sizeof(scratch));
}

START_TEST(write_cache_goes_off_with_a_flush)
{
	do_out(SCSI_WRITE_10, 0, 5, 1, BS, 0x77);
	f->deferred = true;
	select_wce(0);
	ck_assert_uint_eq(nr_selected, 0);
	ck_ops("F");
	ck_assert_uint_eq(f->log[0].blocks, BLOCKS);
	fake_drain(f);
	ck_assert_uint_eq(nr_selected, 1);
	ck_assert_uint_eq(selected_sense, SENSE_NONE);
	ck_assert(!sbc_lu_write_cache(f->lu));
	ck_assert(holds(f->medium, 5, 1, 0x77));
}
END_TEST

START_TEST(write_cache_stays_when_the_flush_fails)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_FLUSH;
	select_wce(0);
	ck_assert_uint_eq(nr_selected, 1);
	ck_assert_uint_eq(selected_sense, SENSE_WRITE_ERROR);
	ck_assert(sbc_lu_write_cache(f->lu));
}
END_TEST

START_TEST(write_cache_stays_for_want_of_memory)
{
	core_fail_alloc(1);
	select_wce(0);
	ck_assert_uint_eq(core_fail_alloc(0), 0);
	ck_assert_uint_eq(nr_selected, 1);
	ck_assert_uint_eq(selected_sense, SENSE_BUSY);
	ck_assert(sbc_lu_write_cache(f->lu));
}
END_TEST

START_TEST(write_cache_goes_on_at_once)
{
	select_wce(0);
	select_wce(WCE);
	ck_assert_uint_eq(nr_selected, 1);
	ck_ops("");
	ck_assert(sbc_lu_write_cache(f->lu));
}
END_TEST

START_TEST(write_cache_goes_off_without_medium)
{
	sbc_lu_set_medium(f->lu, 0);
	select_wce(0);
	ck_assert_uint_eq(nr_selected, 1);
	ck_ops("");
	ck_assert(!sbc_lu_write_cache(f->lu));
}
END_TEST

/* A write that began with the cache on ends after it went off. */
START_TEST(write_in_flight_is_durable_when_write_cache_went_off)
{
	struct fake_cmd *w;

	f->deferred = true;
	make(SCSI_WRITE_10, 0, 5, 1, SCST_DATA_OUT, BS);
	fill(0x77);
	fake_execute(c);
	w = c;
	c = NULL;
	select_wce(0);
	fake_step(f, 1);		/* the flush, before the write */
	ck_assert_uint_eq(nr_selected, 1);
	fake_step(f, 0);
	ck_assert(!w->ended);
	fake_drain(f);
	ck_assert(w->ended);
	ck_assert(holds(f->medium, 5, 1, 0x77));
	fake_cmd_free(w);
}
END_TEST

START_TEST(reset_returns_the_write_cache_to_its_default)
{
	select_wce(0);
	sbc_lu_event(f->lu, SCST_EV_LU_RESET, 0);
	ck_assert(sbc_lu_write_cache(f->lu));
}
END_TEST

START_TEST(other_pages_are_taken)
{
	make(SCSI_MODE_SELECT_6, 0, 0, 0, SCST_DATA_NONE, 0);
	nr_selected = 0;
	sbc_lu_mode_select(f->lu, &c->cmd, mode_page(0x1c),
			   mode_page(0x1c)->current_, selected);
	ck_assert_uint_eq(nr_selected, 1);
	ck_assert_uint_eq(selected_sense, SENSE_NONE);
	ck_assert(sbc_lu_write_cache(f->lu));
}
END_TEST

static void add_default(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, table_has_each_command_once);
	tcase_add_test(tc, table_has_the_lengths_of_the_groups);
	tcase_add_test(tc, table_says_what_alters_the_medium);
	tcase_add_test(tc, usage_tells_options_that_are_evaluated);
	tcase_add_test(tc, vpd_tells_of_provisioning);
	tcase_add_test(tc, mode_pages_are_well_formed);
	tcase_add_test(tc, write_cache_is_on_and_changeable);
	tcase_add_test(tc, write_cache_goes_off_with_a_flush);
	tcase_add_test(tc, write_cache_stays_when_the_flush_fails);
	tcase_add_test(tc, write_cache_stays_for_want_of_memory);
	tcase_add_test(tc, write_cache_goes_on_at_once);
	tcase_add_test(tc, write_cache_goes_off_without_medium);
	tcase_add_test(tc,
		       write_in_flight_is_durable_when_write_cache_went_off);
	tcase_add_test(tc, reset_returns_the_write_cache_to_its_default);
	tcase_add_test(tc, other_pages_are_taken);
}

static Suite *pages_suite(void)
{
	Suite *s = suite_create("sbc_pages");
	TCase *tc = tcase_create("default");

	add_default(tc);
	suite_add_tcase(s, tc);

	tc = tcase_create("other disks");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, impossible_configurations_are_refused);
	tcase_add_test(tc, configuration_is_kept);
	tcase_add_test(tc, max_transfer_has_a_default);
	tcase_add_test(tc, core_may_take_twice_a_block_at_least);
	tcase_add_test(tc, fat_disk_offers_no_provisioning);
	tcase_add_test(tc, vpd_tells_the_limits);
	tcase_add_test(tc, vpd_tells_the_characteristics);
	tcase_add_test(tc, vpd_without_zeroes_after_unmap);
	tcase_add_test(tc, write_cache_may_begin_off);
	tcase_add_test(tc, write_cache_without_flush_is_fixed_off);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(pages_suite());
}
