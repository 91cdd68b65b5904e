// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of a command's life: data buffers, completion inline or later
 * and in any order, limits, residuals, sense, what is refused before a device
 * sees it.
 */
#include "core_fake.h"
#include "spc.h"

/* ---- Life --------------------------------------------------------------- */

START_TEST(command_is_answered_inline)
{
	struct fcmd *c = nop(w.a, SCST_SIMPLE);

	ck_log("x1 a1");
	ck_good(c);
}
END_TEST

START_TEST(command_is_answered_later)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	ck_log("x1");
	finish(c);
	ck_log("a1");
	ck_good(c);
}
END_TEST

START_TEST(commands_are_answered_in_any_order)
{
	struct fcmd *c1, *c2, *c3;

	w.dev->hold = true;
	c1 = rd(w.a, 1);
	c2 = rd(w.a, 2);
	c3 = nop(w.b, SCST_SIMPLE);
	finish(c3);
	finish(c2);
	finish(c1);
	ck_log("x1 x2 x3 a3 a2 a1");
	ck_assert_uint_eq(c2->in_len, 1024);
}
END_TEST

START_TEST(data_in_comes_from_the_device)
{
	struct fcmd *c;

	memset(w.dev->mem, 0x5a, 1536);
	c = rd(w.a, 3);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 1536);
	ck_assert_mem_eq(c->in, w.dev->mem, 1536);
}
END_TEST

START_TEST(data_out_reaches_the_device)
{
	struct fcmd *c = wr(w.a, 3);

	ck_log("w1 x1 a1");
	ck_good(c);
	ck_assert_mem_eq(w.dev->mem, c->out, 1536);
}
END_TEST

START_TEST(data_out_may_take_its_time)
{
	struct fcmd *c;

	w.a->hold_data = true;
	c = wr(w.a, 1);
	ck_log("w1");
	nop(w.a, SCST_SIMPLE);
	ck_log("x2 a2");
	send_data(c);
	ck_log("x1 a1");
	ck_assert_mem_eq(w.dev->mem, c->out, 512);
}
END_TEST

START_TEST(data_in_pieces_is_the_same)
{
	struct fcmd *c;

	w.dev->seg_size = 100;
	c = wr(w.a, 4);
	ck_assert_mem_eq(w.dev->mem, c->out, 2048);
	c = rd(w.a, 4);
	ck_assert_mem_eq(w.dev->mem, c->in, 2048);
}
END_TEST

START_TEST(data_out_that_failed_fails_the_command)
{
	struct fcmd *c;

	w.a->hold_data = true;
	c = wr(w.a, 1);
	fail_data(c, SENSE_PROTOCOL_CRC);
	ck_log("w1 a1");
	ck_sense(c, SENSE_PROTOCOL_CRC);
	ck_residual(c, "under 512");
}
END_TEST

START_TEST(command_in_the_other_direction_gets_no_data)
{
	u8 cdb[10] = { SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct fcmd *c;

	c = submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_IN, 512));
	ck_log("x1 a1");
	ck_assert_uint_eq(c->in_len, 0);
	cdb[0] = SCSI_READ_10;
	c = submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_OUT, 512));
	ck_log("x2 a2");
	ck_residual(c, "");
}
END_TEST

START_TEST(data_of_no_bytes_is_not_asked_for)
{
	w.dev->fail_allocs = 100;
	ck_good(store(w.a, SCST_SIMPLE, 0));
	ck_log("x1 a1");
}
END_TEST

START_TEST(driver_may_bring_the_buffer_for_data_in)
{
	const u8 cdb[10] = { SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct fcmd *c;

	w.dev->fail_allocs = 100;
	memset(w.dev->mem, 0x5a, 512);
	c = fcmd_new(w.a, 0, cdb, 10, SCST_DATA_IN, 512);
	fcmd_own_buffer(c, 512);
	ck_good(submit(c));
	ck_assert_mem_eq(c->own, w.dev->mem, 512);
}
END_TEST

START_TEST(driver_may_bring_the_data_out)
{
	const u8 cdb[10] = { SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct fcmd *c;

	w.dev->fail_allocs = 100;
	c = fcmd_new(w.a, 0, cdb, 10, SCST_DATA_OUT, 512);
	fcmd_own_buffer(c, 512);
	memset(c->own, 0x5a, 512);
	ck_good(submit(c));
	ck_log("x1 a1");
	ck_assert_mem_eq(c->own, w.dev->mem, 512);
}
END_TEST

START_TEST(own_buffer_for_an_unknown_lun)
{
	const u8 cdb[6] = { SCSI_INQUIRY, 0, 0, 0, 96 };
	struct fcmd *c = fcmd_new(w.a, 9, cdb, 6, SCST_DATA_IN, 96);

	fcmd_own_buffer(c, 96);
	ck_good(submit(c));
	ck_assert_uint_eq(*(u8 *)c->own, 0x7f);
}
END_TEST

/* What the driver says moves out must not come back as Data-In. */
START_TEST(own_data_out_is_not_answered_with_data_in)
{
	u8 cdb[12] = { SCSI_REPORT_LUNS };
	struct fcmd *c;

	put_unaligned_be32(16, cdb + 6);
	c = fcmd_new(w.a, 0, cdb, 12, SCST_DATA_OUT, 16);
	fcmd_own_buffer(c, 16);
	memset(c->own, 0x5a, 16);
	ck_good(submit(c));
	ck_assert_ptr_null(memchr_inv(c->own, 0x5a, 16));
}
END_TEST

START_TEST(device_without_buffers_gets_the_cores)
{
	struct fdev *d = fdev_new("dev1");
	const u8 cdb[10] = { SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct fcmd *c;

	d->ops.data_alloc = NULL;
	d->ops.data_free = NULL;
	fdev_register(d);
	memset(d->mem, 0x33, 512);
	scst_group_map(w.grp, 1, d->core, false);
	see_attentions(w.a);
	c = submit(fcmd_new(w.a, 1, cdb, 10, SCST_DATA_IN, 512));
	ck_good(c);
	ck_assert_mem_eq(c->in, d->mem, 512);
}
END_TEST

START_TEST(long_cdb_is_not_copied)
{
	u8 cdb[32] = { SCSI_VARIABLE_LENGTH, 0, 0, 0, 0, 0, 0, 24, 0, 0x0b };
	struct fdev *d = fdev_new("dev1");
	struct fcmd *c;

	fdev_add_opcode(d, SCSI_VARIABLE_LENGTH, 32, 0x0b, 0);
	fdev_register(d);
	scst_group_map(w.grp, 1, d->core, false);
	see_attentions(w.a);
	c = fcmd_new(w.a, 1, cdb, 32, SCST_DATA_NONE, 0);
	ck_assert_ptr_eq(fcmd_cmd(c)->cdb, cdb);
	ck_good(submit(c));
	/* One that is too short for what it says has no row. */
	ck_sense(submit(fcmd_new(w.a, 1, cdb, 16, SCST_DATA_NONE, 0)),
		 SENSE_INVALID_OPCODE);
	cdb[9] = 0x0c;
	ck_bad_cdb(submit(fcmd_new(w.a, 1, cdb, 32, SCST_DATA_NONE, 0)), 8,
		   BAD_BYTE);
}
END_TEST

/* ---- Limits ------------------------------------------------------------- */

START_TEST(no_buffer_is_busy)
{
	w.dev->fail_allocs = 2;
	ck_status(rd(w.a, 1), SCSI_BUSY);
	ck_log("a1");
	ck_status(wr(w.a, 1), SCSI_BUSY);
	ck_log("a2");
	ck_good(rd(w.a, 1));
}
END_TEST

START_TEST(no_memory_of_the_core_is_busy)
{
	struct fcmd *c;

	c = fcmd_new(w.a, 9, (u8[6]){ SCSI_INQUIRY, 0, 0, 0, 96 }, 6,
		     SCST_DATA_IN, 96);
	core_fail_atomic_alloc(1);
	submit(c);
	core_fail_atomic_alloc(0);
	ck_status(c, SCSI_BUSY);
}
END_TEST

START_TEST(transfer_is_limited_to_what_the_device_takes)
{
	const u8 cdb[10] = { SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 100 };
	struct fcmd *c;

	/* 100 blocks of 512 are more than FDEV_MEM / 2. */
	c = submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_IN, 51200));
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 32768);
	ck_residual(c, "under 18432");
}
END_TEST

START_TEST(queue_depth_is_kept)
{
	struct fcmd *held[64], *c;
	u32 i;

	w.dev->hold = true;
	for (i = 0; i < 64; i++)
		held[i] = nop(w.a, SCST_SIMPLE);
	c = nop(w.a, SCST_SIMPLE);
	ck_status(c, SCSI_TASK_SET_FULL);
	/* Everybody has a depth of their own. */
	finish(nop(w.b, SCST_SIMPLE));
	finish(held[3]);
	finish(nop(w.a, SCST_SIMPLE));
}
END_TEST

START_TEST(queue_depth_holds_for_what_is_ordered)
{
	struct fcmd *held[64];
	u32 i;

	w.dev->hold = true;
	for (i = 0; i < 64; i++)
		held[i] = nop(w.a, SCST_ORDERED);
	ck_status(nop(w.a, SCST_ORDERED), SCSI_TASK_SET_FULL);
	ck_status(nop(w.a, SCST_HEAD_OF_QUEUE), SCSI_TASK_SET_FULL);
	for (i = 0; i < 64; i++)
		finish(held[i]);
}
END_TEST

/* SAM-6 5.3.1: there must be a command whose end makes room. */
START_TEST(functions_do_not_count_as_commands)
{
	struct fdev *d = fdev_new("dev1");
	const u8 cdb[10] = { FOP_ANY };
	struct fcmd *c;

	d->info.queue_depth = 1;
	fdev_register(d);
	scst_group_map(w.grp, 1, d->core, false);
	d->hold = true;
	c = submit(fcmd_new(w.b, 1, cdb, 10, SCST_DATA_NONE, 0));
	tmf(w.a, SCST_LUN_RESET, 1);
	d->hold = false;
	ck_good(submit(fcmd_new(w.a, 1, cdb, 10, SCST_DATA_NONE, 0)));
	finish(c);
}
END_TEST

/* ---- Residuals ---------------------------------------------------------- */

static const struct {
	u32 expected;
	u8 blocks;
	const char *residual;
} residuals[] = {
	{ 1024, 2, "" },
	{ 1000, 2, "over 24" },
	{ 1025, 2, "under 1" },
	{ 0, 2, "over 1024" },
	{ 512, 0, "under 512" },
};

START_TEST(residual_of_data_in)
{
	const u8 cdb[10] = { SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0,
			     residuals[_i].blocks };
	struct fcmd *c;

	c = submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_IN,
			    residuals[_i].expected));
	ck_good(c);
	ck_assert_uint_eq(c->in_len, min(residuals[_i].expected,
					 residuals[_i].blocks * 512u));
	ck_residual(c, residuals[_i].residual);
}
END_TEST

START_TEST(residual_of_data_out)
{
	const u8 cdb[10] = { SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0,
			     residuals[_i].blocks };
	struct fcmd *c;

	c = submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_OUT,
			    residuals[_i].expected));
	ck_good(c);
	ck_residual(c, residuals[_i].residual);
}
END_TEST

START_TEST(failed_command_moved_nothing)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = rd(w.a, 1);
	finish_with(c, SENSE_READ_ERROR);
	ck_sense(c, SENSE_READ_ERROR);
	ck_residual(c, "under 512");
}
END_TEST

START_TEST(data_can_go_with_sense)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = rd(w.a, 1);
	fcmd_cmd(c)->wanted = 512;
	fcmd_cmd(c)->data_in = scst_cmd_copy_in(fcmd_cmd(c), 0, "abc", 3);
	finish_with(c, SENSE_READ_ERROR);
	ck_sense(c, SENSE_READ_ERROR);
	ck_assert_uint_eq(c->in_len, 3);
	ck_residual(c, "under 509");
}
END_TEST

/* ---- Sense -------------------------------------------------------------- */

/* The Control mode page with these bits in bytes 2, 4 and 5. */
static void set_control(struct fport *p, u8 b2, u8 b4, u8 b5)
{
	const u8 list[16] = { [4] = 0x0a, 0x0a, b2, 0x10, b4, b5, 0, 0, 0xff,
			      0xff };
	const u8 cdb[6] = { SCSI_MODE_SELECT_6, 0x10, 0, 0, sizeof(list) };
	struct fcmd *c = fcmd_new(p, 0, cdb, 6, SCST_DATA_OUT, sizeof(list));

	memcpy(c->out, list, sizeof(list));
	ck_good(submit(c));
	log_clear();
}

START_TEST(sense_is_of_fixed_format)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = rd(w.a, 1);
	finish_with(c, SENSE_READ_ERROR);
	ck_assert_uint_eq(c->sense_len, 18);
	ck_assert_uint_eq(c->sense_data[0], 0x70);
}
END_TEST

START_TEST(sense_has_descriptors_if_told_so)
{
	struct fcmd *c;

	set_control(w.a, 0x04, 0, 0);
	see_attentions(w.b);
	w.dev->hold = true;
	c = rd(w.b, 1);
	finish_with(c, SENSE_READ_ERROR);
	ck_sense(c, SENSE_READ_ERROR);
	ck_assert_uint_eq(c->sense_data[0], 0x72);
}
END_TEST

START_TEST(device_may_bring_its_own_sense)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = rd(w.a, 1);
	fcmd_cmd(c)->raw_sense = kmemdup("\x70\0\x03\0\0\0\0\x0a\0\0\0\0\x31",
					 14, GFP_KERNEL);
	fcmd_cmd(c)->raw_sense_len = 14;
	scst_cmd_complete(fcmd_cmd(c), SCSI_CHECK_CONDITION);
	ck_assert_uint_eq(c->sense_len, 14);
	ck_assert_uint_eq(c->sense, SENSE(3, 0x31, 0));
}
END_TEST

START_TEST(device_may_bring_its_own_status)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	scst_cmd_complete(fcmd_cmd(c), SCSI_CONDITION_MET);
	ck_status(c, SCSI_CONDITION_MET);
	c = nop(w.a, SCST_SIMPLE);
	finish_with(c, SENSE_BUSY);
	ck_status(c, SCSI_BUSY);
}
END_TEST

/* ---- What is refused before the device sees it ------------------------------ */

static struct fcmd *bare(const u8 *cdb, u16 len)
{
	return submit(fcmd_new(w.a, 0, cdb, len, SCST_DATA_NONE, 0));
}

START_TEST(unknown_operation_code_is_refused)
{
	const u8 cdb[16] = { 0xef };

	ck_sense(bare(cdb, 16), SENSE_INVALID_OPCODE);
	ck_log("a1");
}
END_TEST

START_TEST(unknown_service_action_is_another_error)
{
	const u8 cdb[12] = { SCSI_MAINTENANCE_IN, 0x1e };

	ck_bad_cdb(bare(cdb, 12), 1, 4);
}
END_TEST

START_TEST(bit_that_is_not_evaluated_must_be_zero)
{
	u8 cdb[10] = { FOP_NOP, 1 << _i };

	/* The row's usage data has 08h. */
	if (_i == 3)
		ck_good(bare(cdb, 10));
	else
		ck_bad_cdb(bare(cdb, 10), 1, _i);
}
END_TEST

START_TEST(highest_wrong_bit_is_named)
{
	const u8 cdb[10] = { FOP_NOP, 0x35 };

	ck_bad_cdb(bare(cdb, 10), 1, 5);
}
END_TEST

START_TEST(lun_of_old_in_a_six_byte_cdb_is_ignored)
{
	u8 cdb[6] = { SCSI_TEST_UNIT_READY, 0xe0 };

	ck_good(bare(cdb, 6));
	cdb[1] = 0xf0;
	ck_bad_cdb(bare(cdb, 6), 1, 4);
}
END_TEST

START_TEST(reserved_bits_beside_a_service_action)
{
	u8 cdb[12] = { SCSI_MAINTENANCE_IN, 0x20 | SCSI_SA_REPORT_TMFS };

	ck_bad_cdb(bare(cdb, 12), 1, 5);
}
END_TEST

START_TEST(naca_is_not_supported)
{
	static const struct {
		u8 op, len;
	} cdbs[] = {
		{ SCSI_TEST_UNIT_READY, 6 }, { FOP_NOP, 10 },
		{ SCSI_REPORT_LUNS, 12 },
	};
	u8 cdb[16] = { cdbs[_i].op };

	cdb[cdbs[_i].len - 1] = SPC_CONTROL_NACA;
	ck_bad_cdb(bare(cdb, 16), cdbs[_i].len - 1, 2);
}
END_TEST

START_TEST(naca_of_a_long_cdb_is_in_byte_1)
{
	u8 cdb[32] = { SCSI_VARIABLE_LENGTH, SPC_CONTROL_NACA, 0, 0, 0, 0, 0,
		       24, 0, 0x0b };
	struct fdev *d = fdev_new("dev1");

	fdev_add_opcode(d, SCSI_VARIABLE_LENGTH, 32, 0x0b, 0);
	fdev_register(d);
	scst_group_map(w.grp, 1, d->core, false);
	see_attentions(w.a);
	ck_bad_cdb(submit(fcmd_new(w.a, 1, cdb, 32, SCST_DATA_NONE, 0)), 1, 2);
}
END_TEST

START_TEST(aca_attribute_is_refused)
{
	ck_sense(nop(w.a, SCST_ACA), SENSE_INVALID_MESSAGE);
	ck_log("a1");
	/* ... and holds nobody back. */
	ck_good(nop(w.b, SCST_SIMPLE));
}
END_TEST

START_TEST(software_write_protection)
{
	set_control(w.a, 0, 0x08, 0);
	ck_sense(wr(w.a, 1), SENSE_SOFTWARE_WRITE_PROTECTED);
	ck_good(store(w.a, SCST_SIMPLE, 512));
	set_control(w.a, 0, 0, 0);
	ck_good(wr(w.a, 1));
}
END_TEST

START_TEST(driver_ends_commands_when_it_likes)
{
	struct fcmd *c[8];
	u32 i;

	w.a->hold_end = true;
	for (i = 0; i < 8; i++)
		c[i] = rd(w.a, 1);
	ck_assert_uint_eq(w.dev->nr_buffers, 8);
	for (i = 8; i-- > 0;)
		end(c[i]);
	ck_assert_uint_eq(w.dev->nr_buffers, 0);
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *life_tcase(void)
{
	TCase *tc = tcase_create("life");

	tcase_add_checked_fixture(tc, world_up, world_down);
	tcase_add_test(tc, command_is_answered_inline);
	tcase_add_test(tc, command_is_answered_later);
	tcase_add_test(tc, commands_are_answered_in_any_order);
	tcase_add_test(tc, data_in_comes_from_the_device);
	tcase_add_test(tc, data_out_reaches_the_device);
	tcase_add_test(tc, data_out_may_take_its_time);
	tcase_add_test(tc, data_in_pieces_is_the_same);
	tcase_add_test(tc, data_out_that_failed_fails_the_command);
	tcase_add_test(tc, command_in_the_other_direction_gets_no_data);
	tcase_add_test(tc, data_of_no_bytes_is_not_asked_for);
	tcase_add_test(tc, driver_may_bring_the_buffer_for_data_in);
	tcase_add_test(tc, driver_may_bring_the_data_out);
	tcase_add_test(tc, own_buffer_for_an_unknown_lun);
	tcase_add_test(tc, own_data_out_is_not_answered_with_data_in);
	tcase_add_test(tc, device_without_buffers_gets_the_cores);
	tcase_add_test(tc, long_cdb_is_not_copied);
	tcase_add_test(tc, driver_ends_commands_when_it_likes);
	return tc;
}

static TCase *limits_tcase(void)
{
	TCase *tc = tcase_create("limits");

	tcase_add_checked_fixture(tc, world_up, world_down);
	tcase_add_test(tc, no_buffer_is_busy);
	tcase_add_test(tc, no_memory_of_the_core_is_busy);
	tcase_add_test(tc, transfer_is_limited_to_what_the_device_takes);
	tcase_add_test(tc, queue_depth_is_kept);
	tcase_add_test(tc, queue_depth_holds_for_what_is_ordered);
	tcase_add_test(tc, functions_do_not_count_as_commands);
	return tc;
}

static TCase *outcome_tcase(void)
{
	TCase *tc = tcase_create("outcome");

	tcase_add_checked_fixture(tc, world_up, world_down);
	tcase_add_loop_test(tc, residual_of_data_in, 0, ARRAY_SIZE(residuals));
	tcase_add_loop_test(tc, residual_of_data_out, 0,
			    ARRAY_SIZE(residuals));
	tcase_add_test(tc, failed_command_moved_nothing);
	tcase_add_test(tc, data_can_go_with_sense);
	tcase_add_test(tc, sense_is_of_fixed_format);
	tcase_add_test(tc, sense_has_descriptors_if_told_so);
	tcase_add_test(tc, device_may_bring_its_own_sense);
	tcase_add_test(tc, device_may_bring_its_own_status);
	return tc;
}

static TCase *refused_tcase(void)
{
	TCase *tc = tcase_create("refused");

	tcase_add_checked_fixture(tc, world_up, world_down);
	tcase_add_test(tc, unknown_operation_code_is_refused);
	tcase_add_test(tc, unknown_service_action_is_another_error);
	tcase_add_loop_test(tc, bit_that_is_not_evaluated_must_be_zero, 0, 8);
	tcase_add_test(tc, highest_wrong_bit_is_named);
	tcase_add_test(tc, lun_of_old_in_a_six_byte_cdb_is_ignored);
	tcase_add_test(tc, reserved_bits_beside_a_service_action);
	tcase_add_loop_test(tc, naca_is_not_supported, 0, 3);
	tcase_add_test(tc, naca_of_a_long_cdb_is_in_byte_1);
	tcase_add_test(tc, aca_attribute_is_refused);
	tcase_add_test(tc, software_write_protection);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		life_tcase, limits_tcase, outcome_tcase, refused_tcase,
	};

	return core_main("core_task", tcases, ARRAY_SIZE(tcases));
}
