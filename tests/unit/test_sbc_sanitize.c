// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of SANITIZE: its commands, what others meet meanwhile, and how
 * an operation ends.
 */
#include "sbc_sanitize.h"

static void make_overwrite(u8 opts, u8 byte0, const void *pattern, u16 len)
{
	make_sanitize(opts | OVERWRITE, 4 + len);
	c->data[0] = byte0;
	put_unaligned_be16(len, c->data + 2);
	memcpy(c->data + 4, pattern, len);
}

static void begin_erase(u8 opts)
{
	make_sanitize(opts | ERASE, 0);
	begin();
}

/* One request, or the pause between two. */
static void step(void)
{
	if (f->resume)
		fake_resume(f);
	else
		fake_step(f, 0);
}

/* An operation that fails. */
static void do_failure(u8 opts)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_ZERO;
	f->fail_lba = 7;
	make_sanitize(opts | ERASE, 0);
	run();
	f->fail = SENSE_NONE;
}

/* ---- BLOCK ERASE ------------------------------------------------------- */

START_TEST(erase_makes_zeroes_and_unmaps)
{
	make_sanitize(ERASE, 0);
	run();
	ck_good();
	ck_ops("ZF");
	ck_assert(holds(f->cached, 0, BLOCKS, 0));
	ck_assert(holds(f->medium, 0, BLOCKS, 0));
	ck_assert(!memchr(f->mapped, true, BLOCKS));
	ck_assert_uint_eq(f->nr_idle, 1);
}
END_TEST

START_TEST(erase_by_unmap_if_that_makes_zeroes)
{
	struct sbc_config cfg = config();

	disk(&cfg, LACKS_ZERO);
	make_sanitize(ERASE, 0);
	run();
	ck_good();
	ck_ops("UF");
	ck_assert(holds(f->medium, 0, BLOCKS, 0));
}
END_TEST

START_TEST(erase_writes_if_unmap_makes_no_zeroes)
{
	struct sbc_config cfg = config();

	cfg.zero_after_unmap = false;
	disk(&cfg, LACKS_ZERO);
	make_sanitize(ERASE, 0);
	run();
	ck_good();
	ck_ops("WF");
	ck_assert(holds(f->medium, 0, BLOCKS, 0));
}
END_TEST

START_TEST(erase_writes_if_unmap_spares_blocks)
{
	struct sbc_config cfg = config();

	cfg.unmap_granularity = 8;
	disk(&cfg, LACKS_ZERO);
	make_sanitize(ERASE, 0);
	run();
	ck_good();
	ck_ops("WF");
}
END_TEST

START_TEST(erase_writes_if_the_backend_cannot_after_all)
{
	f->fail = SENSE_INVALID_OPCODE;
	f->fail_ops = 1 << FAKE_ZERO;
	f->fail_lba = 0;
	make_sanitize(ERASE, 0);
	run();
	ck_good();
	ck_ops("ZWF");
	ck_assert(holds(f->medium, 0, BLOCKS, 0));
}
END_TEST

START_TEST(erase_takes_no_parameters)
{
	make_sanitize(ERASE, 8);
	run();
	ck_bad_cdb(7, SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

/* ---- OVERWRITE --------------------------------------------------------- */

START_TEST(overwrite_repeats_the_pattern_in_each_block)
{
	static const u8 pattern[] = { 1, 2, 3 };
	u8 want[BS];
	u32 i;

	for (i = 0; i < BS; i++)
		want[i] = pattern[i % 3];
	make_overwrite(0, 1, pattern, 3);
	run();
	ck_good();
	ck_ops("WF");
	for (i = 0; i < BLOCKS; i++)
		ck_assert_mem_eq(f->medium + i * BS, want, BS);
}
END_TEST

START_TEST(overwrite_takes_a_whole_block)
{
	u8 pattern[BS];
	u32 i;

	for (i = 0; i < BS; i++)
		pattern[i] = i * 7;
	make_overwrite(0, 1, pattern, BS);
	run();
	ck_good();
	for (i = 0; i < BLOCKS; i++)
		ck_assert_mem_eq(f->medium + i * BS, pattern, BS);
}
END_TEST

static u8 written[64];
static u32 nr_written;

static void watch(struct fake *fake, enum fake_op what, struct sbc_io *io)
{
	if (what == FAKE_WRITE)
		written[nr_written++] = fake->cached[io->lba * BS];
}

/* The last pass writes it as it is, whatever the number of passes. */
START_TEST(overwrite_inverts_between_passes)
{
	static const u8 want[][3] = { { 0x0f }, { 0xf0, 0x0f },
				      { 0x0f, 0xf0, 0x0f } };
	u32 i;

	f->executed = watch;
	for (i = 0; i < 3; i++) {
		nr_written = 0;
		make_overwrite(0, INVERT | (i + 1), "\x0f", 1);
		run();
		ck_good();
		ck_assert_uint_eq(nr_written, i + 1);
		ck_assert_mem_eq(written, want[i], i + 1);
		ck_assert_uint_eq(fake_count(f, FAKE_FLUSH), i + 1);
	}
}
END_TEST

START_TEST(overwrite_without_invert_repeats_itself)
{
	f->executed = watch;
	nr_written = 0;
	make_overwrite(0, 31, "\x0f", 1);
	run();
	ck_good();
	ck_assert_uint_eq(nr_written, 31);
	ck_assert(!memchr_inv(written, 0x0f, 31));
}
END_TEST

START_TEST(overwrite_checks_the_length_of_its_list)
{
	u32 i;

	for (i = 0; i <= 4; i++) {
		make_sanitize(OVERWRITE, i);
		run();
		ck_bad_cdb(7, SENSE_NO_BIT);
	}
	make_sanitize(OVERWRITE, BS + 5);
	run();
	ck_bad_cdb(7, SENSE_NO_BIT);
	make_sanitize(OVERWRITE, 8);
	c->cmd.data_len = 7;
	run();
	ck_sense(SENSE_PARAM_LENGTH_ERROR);
	make(SCSI_SANITIZE, OVERWRITE, 0, 8, SCST_DATA_IN, 8);
	run();
	ck_sense(SENSE_PARAM_LENGTH_ERROR);
	ck_ops("");
}
END_TEST

static void ck_bad_param(u16 byte, u8 bit)
{
	ck_sense(SENSE_INVALID_FIELD_IN_PARAM);
	ck_assert_uint_eq(c->cmd.sense.field, byte);
	ck_assert_uint_eq(c->cmd.sense.field_bit, bit);
	ck_assert(!sbc_lu_busy(f->lu));
	ck_ops("");
}

START_TEST(overwrite_checks_its_list)
{
	make_overwrite(0, 0, "\x0f", 1);
	run();
	ck_bad_param(0, 4);
	make_overwrite(0, 0x20 | 1, "\x0f", 1);
	run();
	ck_bad_param(0, 6);
	make_overwrite(0, 1, "\x0f", 1);
	put_unaligned_be16(0, c->data + 2);
	run();
	ck_bad_param(2, SENSE_NO_BIT);
	make_overwrite(0, 1, "\x0f", 1);
	put_unaligned_be16(2, c->data + 2);
	run();
	ck_bad_param(2, SENSE_NO_BIT);
}
END_TEST

START_TEST(overwrite_of_a_disk_that_is_no_multiple_of_a_piece)
{
	struct sbc_config cfg = config();

	cfg.blocks = 2048 + 3;
	disk(&cfg, 0);
	make_overwrite(0, 2, "\x5a", 1);
	run();
	ck_good();
	ck_ops("WWFWWF");
	ck_assert(holds(f->medium, 0, cfg.blocks, 0x5a));
}
END_TEST

/* ---- CDB --------------------------------------------------------------- */

START_TEST(reserved_bytes_are_refused)
{
	static const u8 actions[] = { OVERWRITE, ERASE, CRYPTO, EXIT };
	u32 i, byte;

	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		for (byte = 2; byte <= 6; byte++) {
			make_sanitize(actions[i], 0);
			c->cdb[byte] = 0x12;
			run();
			ck_bad_cdb(byte, 4);
		}
	}
	ck_ops("");
}
END_TEST

START_TEST(table_has_the_service_actions)
{
	u8 cdb[2] = { SCSI_SANITIZE };
	const struct scst_opcode *row;
	u8 sa;

	for (sa = 0; sa < 0x20; sa++) {
		cdb[1] = sa;
		row = fake_row(f, cdb);
		ck_assert_int_eq(!!row, sa == OVERWRITE || sa == ERASE ||
					sa == CRYPTO || sa == EXIT);
		if (!row)
			continue;
		/* ZNR is for zones, of which there are none. */
		ck_assert_uint_eq(row->usage[1], IMMED | AUSE | sa);
		ck_assert_int_eq(!!(row->flags & SCST_OP_WRITES), sa != EXIT);
	}
}
END_TEST

START_TEST(thick_disk_has_no_block_erase)
{
	u8 cdb[2] = { SCSI_SANITIZE, ERASE };
	struct sbc_config cfg = config();

	cfg.thin = false;
	disk(&cfg, 0);
	ck_assert_ptr_null(fake_row(f, cdb));
	ck_assert_uint_eq(f->info.vpd_pages[1].data[3], 0x10);
	cdb[1] = OVERWRITE;
	ck_assert_ptr_nonnull(fake_row(f, cdb));
	cdb[1] = CRYPTO;
	ck_assert_ptr_nonnull(fake_row(f, cdb));
}
END_TEST

START_TEST(vpd_says_that_erased_blocks_can_be_read)
{
	ck_assert_uint_eq(f->info.vpd_pages[1].data[3], 0x50);
}
END_TEST

START_TEST(off_by_default)
{
	struct sbc_config cfg = fake_config();
	u8 cdb[2] = { SCSI_SANITIZE, OVERWRITE };

	disk(&cfg, 0);
	ck_assert_ptr_null(fake_row(f, cdb));
	cdb[1] = CRYPTO;
	ck_assert_ptr_null(fake_row(f, cdb));
	cdb[1] = EXIT;
	ck_assert_ptr_null(fake_row(f, cdb));
	cdb[0] = SCSI_REQUEST_SENSE;
	ck_assert_ptr_null(fake_row(f, cdb));
	ck_assert_uint_eq(f->info.vpd_pages[1].data[3], 0);
	ck_assert(!sbc_lu_busy(f->lu));
	sbc_lu_stop(f->lu);
}
END_TEST

static void silence(int level, const char *fmt, va_list ap)
{
}

START_TEST(needs_a_disk_that_writes)
{
	struct sbc_config cfg = config();

	core_log_hook = silence;
	cfg.thin = false;
	ck_assert_ptr_null(fake_new(&cfg, LACKS_WRITE));
}
END_TEST

/* ---- Meanwhile --------------------------------------------------------- */

START_TEST(others_are_not_ready)
{
	static const u8 ops[] = {
		SCSI_TEST_UNIT_READY, SCSI_READ_10, SCSI_WRITE_10,
		SCSI_VERIFY_10, SCSI_SYNC_CACHE_10, SCSI_PREFETCH_10,
		SCSI_WRITE_SAME_10, SCSI_UNMAP, SCSI_START_STOP_UNIT,
		SCSI_PREVENT_ALLOW, SCSI_READ_CAPACITY_10,
		SCSI_COMPARE_AND_WRITE, SCSI_READ_DEFECT_DATA_12,
	};
	u32 i;

	begin_erase(0);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		make(ops[i], 0, 0, 1, SCST_DATA_NONE, 0);
		fake_execute(c);
		ck_assert(c->ended);
		ck_in_progress();
	}
	make_sanitize(ERASE, 0);
	fake_execute(c);
	ck_in_progress();
	make_sanitize(EXIT, 0);
	fake_execute(c);
	ck_in_progress();
	finish();
	ck_assert_uint_eq(op->cmd.status, SCSI_GOOD);
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_good();
}
END_TEST

START_TEST(log_sense_is_answered)
{
	begin_erase(0);
	make(SCSI_LOG_SENSE, 0, 0, 64, SCST_DATA_IN, 64);
	fake_execute(c);
	ck_good();
	finish();
}
END_TEST

START_TEST(progress_grows)
{
	u32 last = 0, seen = 0;

	make_overwrite(0, 4, "\x0f", 1);
	begin();
	while (sbc_lu_busy(f->lu)) {
		make(SCSI_TEST_UNIT_READY, 0, 0, 0, SCST_DATA_NONE, 0);
		fake_execute(c);
		ck_in_progress();
		ck_assert_uint_ge(c->cmd.sense.progress, last);
		seen += c->cmd.sense.progress > last;
		last = c->cmd.sense.progress;
		step();
	}
	ck_assert_uint_ge(seen, 4);
	ck_assert_uint_eq(op->cmd.status, SCSI_GOOD);
}
END_TEST

/* Sense data in the descriptor format when DESC asks for it. */
START_TEST(request_sense_tells_progress)
{
	make_overwrite(0, 2, "\x0f", 1);
	begin();
	while (!f->cached[0] || f->cached[0] != 0x0f)
		step();
	step();
	step();
	make(SCSI_REQUEST_SENSE, 0, 0, 252, SCST_DATA_IN, 252);
	fake_execute(c);
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 18);
	ck_assert_uint_eq(c->data[2], KEY_NOT_READY);
	ck_assert_uint_eq(c->data[12], 0x04);
	ck_assert_uint_eq(c->data[13], 0x1b);
	ck_assert_uint_eq(c->data[15], 0x80);
	ck_assert_uint_eq(get_unaligned_be16(c->data + 16), 0x8000);
	make(SCSI_REQUEST_SENSE, 0, 0, 252, SCST_DATA_IN, 252);
	c->cdb[1] = 1;
	fake_execute(c);
	ck_assert_uint_eq(c->data[0], 0x72);
	ck_assert_uint_eq(c->data[8], 0x02);
	ck_assert_uint_eq(c->data[12], 0x80);
	finish();
	make(SCSI_REQUEST_SENSE, 0, 0, 252, SCST_DATA_IN, 252);
	run();
	ck_assert_uint_eq(c->data[2], KEY_NO_SENSE);
	ck_assert_uint_eq(c->data[15], 0);
}
END_TEST

START_TEST(it_waits_for_writes_under_way)
{
	begin_write();
	make_sanitize(ERASE, 0);
	fake_clear_log(f);
	fake_execute(c);
	ck_assert(!f->resume);
	ck_ops("");
	finish();
	ck_good();
	ck_assert_uint_eq(op->cmd.status, SCSI_GOOD);
	ck_assert(holds(f->medium, 0, BLOCKS, 0));
}
END_TEST

/* Checked before, and behind it at the gate. */
START_TEST(atomic_disk_refuses_reads_that_come_too_late)
{
	struct sbc_config cfg = config();
	struct fake_cmd *read;

	cfg.max_atomic = 8;
	disk(&cfg, 0);
	f->deferred = true;
	make(SCSI_READ_16, FUA, 5, 1, SCST_DATA_IN, BS);
	fake_execute(c);
	read = c;
	c = NULL;
	begin_erase(0);
	fake_step(f, 0);		/* the read's flush: now to the gate */
	ck_assert(read->ended);
	ck_assert_uint_eq(read->cmd.status, SCSI_CHECK_CONDITION);
	ck_assert_uint_eq(read->cmd.sense.sense, SENSE_SANITIZE_IN_PROGRESS);
	fake_cmd_free(read);
	finish();
}
END_TEST

START_TEST(reset_does_not_end_it)
{
	begin_erase(0);
	sbc_lu_event(f->lu, SCST_EV_LU_RESET, 0);
	sbc_lu_event(f->lu, SCST_EV_NEXUS_LOSS, 1);
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_assert_uint_eq(op->cmd.status, SCSI_GOOD);
	finish();
	ck_assert(holds(f->medium, 0, BLOCKS, 0));
}
END_TEST

START_TEST(disk_that_grows_is_done_to_its_end)
{
	sbc_lu_resize(f->lu, BLOCKS / 2);
	begin_erase(0);
	step();
	sbc_lu_resize(f->lu, BLOCKS);
	finish();
	ck_assert_uint_eq(op->cmd.status, SCSI_GOOD);
	ck_assert(holds(f->medium, 0, BLOCKS, 0));
}
END_TEST

START_TEST(disk_that_shrinks_too_much_fails)
{
	make_overwrite(0, 2, "\x0f", 1);
	begin();
	step();
	sbc_lu_resize(f->lu, 5);
	finish();
	ck_assert_uint_eq(op->cmd.sense.sense, SENSE_SANITIZE_FAILED);
}
END_TEST

/* ---- IMMED and aborts -------------------------------------------------- */

START_TEST(immed_answers_first)
{
	begin_erase(IMMED);
	ck_assert(op->ended);
	ck_assert_uint_eq(op->cmd.status, SCSI_GOOD);
	ck_assert(sbc_lu_busy(f->lu));
	make(SCSI_TEST_UNIT_READY, 0, 0, 0, SCST_DATA_NONE, 0);
	fake_execute(c);
	ck_in_progress();
	finish();
	ck_assert(holds(f->medium, 0, BLOCKS, 0));
	ck_assert_uint_eq(f->nr_idle, 1);
}
END_TEST

START_TEST(immed_tells_what_is_wrong_with_the_parameters)
{
	make_overwrite(IMMED, 0, "\x0f", 1);
	run();
	ck_bad_param(0, 4);
}
END_TEST

START_TEST(abort_ends_the_command_only)
{
	make_overwrite(0, 3, "\x0f", 1);
	begin();
	step();
	op->cmd.aborted = true;
	while (!op->ended)
		step();
	ck_assert(sbc_lu_busy(f->lu));
	make(SCSI_TEST_UNIT_READY, 0, 0, 0, SCST_DATA_NONE, 0);
	fake_execute(c);
	ck_in_progress();
	finish();
	ck_assert(holds(f->medium, 0, BLOCKS, 0x0f));
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_good();
}
END_TEST

/* ---- Failure ----------------------------------------------------------- */

START_TEST(failure_bars_the_medium)
{
	do_failure(AUSE);
	ck_sense(SENSE_SANITIZE_FAILED);
	do_in(SCSI_READ_10, 0, 0, 1, BS);
	ck_sense(SENSE_SANITIZE_FAILED);
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_sense(SENSE_SANITIZE_FAILED);
	make(SCSI_REQUEST_SENSE, 0, 0, 252, SCST_DATA_IN, 252);
	run();
	ck_assert_uint_eq(c->data[2], KEY_MEDIUM_ERROR);
	ck_assert_uint_eq(c->data[12], 0x31);
	ck_assert_uint_eq(c->data[13], 0x03);
	sbc_lu_event(f->lu, SCST_EV_LU_RESET, 0);
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_sense(SENSE_SANITIZE_FAILED);
}
END_TEST

START_TEST(exit_leaves_an_unrestricted_failure)
{
	do_failure(AUSE);
	make_sanitize(EXIT, 0);
	run();
	ck_good();
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_good();
}
END_TEST

START_TEST(exit_does_not_leave_a_restricted_failure)
{
	do_failure(0);
	make_sanitize(EXIT, 0);
	run();
	ck_bad_cdb(1, 4);
	make_sanitize(AUSE | ERASE, 0);
	run();
	ck_bad_cdb(1, 5);
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_sense(SENSE_SANITIZE_FAILED);
	make_sanitize(ERASE, 0);
	run();
	ck_good();
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_good();
}
END_TEST

START_TEST(exit_from_nothing_is_good)
{
	make_sanitize(EXIT, 0);
	run();
	ck_good();
	make_sanitize(EXIT, 8);
	run();
	ck_bad_cdb(7, SENSE_NO_BIT);
}
END_TEST

START_TEST(failed_flush_fails_it)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_FLUSH;
	make_sanitize(ERASE, 0);
	run();
	ck_sense(SENSE_SANITIZE_FAILED);
}
END_TEST

static void unbusy(struct fake *fake, enum fake_op what, struct sbc_io *io)
{
	if (fake->nr_log == 5)
		fake->fail = SENSE_NONE;
}

START_TEST(busy_backend_is_asked_again)
{
	f->fail = SENSE_BUSY;
	f->fail_ops = 1 << FAKE_ZERO;
	f->submitted = unbusy;
	make_sanitize(ERASE, 0);
	run();
	ck_good();
	ck_ops("ZZZZZF");
	f->submitted = NULL;
	f->fail = SENSE_BUSY;
	make_sanitize(AUSE | ERASE, 0);
	run();
	ck_sense(SENSE_SANITIZE_FAILED);
}
END_TEST

START_TEST(no_memory_is_told_before_anything_is_lost)
{
	make_sanitize(IMMED | ERASE, 0);
	core_fail_alloc(1);
	run();
	ck_assert_uint_eq(core_fail_alloc(0), 0);
	ck_assert_uint_eq(c->cmd.status, SCSI_BUSY);
	ck_ops("");
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_good();
	ck_assert_uint_eq(f->nr_idle, 1);
}
END_TEST

START_TEST(stop_fails_it_soon)
{
	make_overwrite(0, 31, "\x0f", 1);
	begin();
	step();
	sbc_lu_stop(f->lu);
	finish();
	ck_assert_uint_eq(op->cmd.sense.sense, SENSE_SANITIZE_FAILED);
	ck_assert_uint_le(f->nr_log, 1);
}
END_TEST

/* ---- The medium -------------------------------------------------------- */

START_TEST(without_a_medium_there_is_nothing_to_sanitize)
{
	sbc_lu_set_medium(f->lu, 0);
	make_sanitize(ERASE, 0);
	run();
	ck_sense(SENSE_NO_MEDIUM);
}
END_TEST

START_TEST(medium_that_leaves_takes_it_along)
{
	make_overwrite(0, 3, "\x0f", 1);
	begin();
	step();
	sbc_lu_set_medium(f->lu, 0);
	sbc_lu_set_medium(f->lu, BLOCKS);
	finish();
	ck_assert_uint_eq(op->cmd.sense.sense, SENSE_SANITIZE_FAILED);
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_good();
}
END_TEST

START_TEST(new_medium_has_not_failed)
{
	do_failure(0);
	sbc_lu_set_medium(f->lu, BLOCKS);
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_good();
}
END_TEST

/* Between the flush of a START STOP UNIT and its effect. */
START_TEST(medium_is_not_ejected_meanwhile)
{
	struct fake_cmd *stop;

	f->deferred = true;
	make(SCSI_START_STOP_UNIT, 0, 0, 2, SCST_DATA_NONE, 0);
	fake_execute(c);
	stop = c;
	c = NULL;
	begin_erase(0);
	fake_step(f, 0);
	ck_assert(stop->ended);
	ck_assert_uint_eq(stop->cmd.sense.sense, SENSE_SANITIZE_IN_PROGRESS);
	ck_assert_uint_eq(f->nr_eject, 0);
	fake_cmd_free(stop);
	finish();
	ck_assert_uint_eq(op->cmd.status, SCSI_GOOD);
}
END_TEST

/* ------------------------------------------------------------------------ */

static void add_commands(TCase *tc)
{
	tcase_add_test(tc, erase_makes_zeroes_and_unmaps);
	tcase_add_test(tc, erase_writes_if_the_backend_cannot_after_all);
	tcase_add_test(tc, erase_takes_no_parameters);
	tcase_add_test(tc, overwrite_repeats_the_pattern_in_each_block);
	tcase_add_test(tc, overwrite_takes_a_whole_block);
	tcase_add_test(tc, overwrite_inverts_between_passes);
	tcase_add_test(tc, overwrite_without_invert_repeats_itself);
	tcase_add_test(tc, overwrite_checks_the_length_of_its_list);
	tcase_add_test(tc, overwrite_checks_its_list);
	tcase_add_test(tc, reserved_bytes_are_refused);
	tcase_add_test(tc, table_has_the_service_actions);
	tcase_add_test(tc, vpd_says_that_erased_blocks_can_be_read);
}

static void add_meanwhile(TCase *tc)
{
	tcase_add_test(tc, others_are_not_ready);
	tcase_add_test(tc, log_sense_is_answered);
	tcase_add_test(tc, progress_grows);
	tcase_add_test(tc, request_sense_tells_progress);
	tcase_add_test(tc, it_waits_for_writes_under_way);
	tcase_add_test(tc, reset_does_not_end_it);
	tcase_add_test(tc, disk_that_grows_is_done_to_its_end);
	tcase_add_test(tc, disk_that_shrinks_too_much_fails);
	tcase_add_test(tc, immed_answers_first);
	tcase_add_test(tc, immed_tells_what_is_wrong_with_the_parameters);
	tcase_add_test(tc, abort_ends_the_command_only);
	tcase_add_test(tc, medium_is_not_ejected_meanwhile);
}

static void add_ends(TCase *tc)
{
	tcase_add_test(tc, failure_bars_the_medium);
	tcase_add_test(tc, exit_leaves_an_unrestricted_failure);
	tcase_add_test(tc, exit_does_not_leave_a_restricted_failure);
	tcase_add_test(tc, exit_from_nothing_is_good);
	tcase_add_test(tc, failed_flush_fails_it);
	tcase_add_test(tc, busy_backend_is_asked_again);
	tcase_add_test(tc, no_memory_is_told_before_anything_is_lost);
	tcase_add_test(tc, stop_fails_it_soon);
	tcase_add_test(tc, without_a_medium_there_is_nothing_to_sanitize);
	tcase_add_test(tc, medium_that_leaves_takes_it_along);
	tcase_add_test(tc, new_medium_has_not_failed);
}

static void add_other_disks(TCase *tc)
{
	tcase_add_test(tc, erase_by_unmap_if_that_makes_zeroes);
	tcase_add_test(tc, erase_writes_if_unmap_makes_no_zeroes);
	tcase_add_test(tc, erase_writes_if_unmap_spares_blocks);
	tcase_add_test(tc, overwrite_of_a_disk_that_is_no_multiple_of_a_piece);
	tcase_add_test(tc, thick_disk_has_no_block_erase);
	tcase_add_test(tc, off_by_default);
	tcase_add_test(tc, needs_a_disk_that_writes);
	tcase_add_test(tc, atomic_disk_refuses_reads_that_come_too_late);
}

int main(void)
{
	Suite *s = suite_create("sbc_sanitize");

	add_case(s, "commands", setup, add_commands);
	add_case(s, "meanwhile", setup, add_meanwhile);
	add_case(s, "ends", setup, add_ends);
	add_case(s, "other disks", NULL, add_other_disks);
	return run_suite(s);
}
