// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of unit attention conditions (SAM-6 5.14) and of RESERVE and
 * RELEASE (SPC-2), which goes before them.
 */
#include "core_fake.h"

static void raise_ua(enum scst_sense ua)
{
	scst_device_ua(w.dev->core, ua, 0);
}

static struct fcmd *op(struct fport *p, u8 code)
{
	const u8 cdb[16] = { code };

	return submit(fcmd_new(p, 0, cdb, 16, SCST_DATA_NONE, 0));
}

/* ---- The queue ---------------------------------------------------------- */

START_TEST(attention_ends_a_command_before_the_device_sees_it)
{
	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	ck_sense(nop(w.a, SCST_SIMPLE), SENSE_UA_CAPACITY_CHANGED);
	ck_log("a1");
	ck_good(nop(w.a, SCST_SIMPLE));
	ck_log("x2 a2");
}
END_TEST

START_TEST(attentions_come_in_order)
{
	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	raise_ua(SENSE_UA_MODE_CHANGED);
	raise_ua(SENSE_UA_INQUIRY_CHANGED);
	ck_sense(nop(w.a, SCST_SIMPLE), SENSE_UA_CAPACITY_CHANGED);
	ck_sense(nop(w.a, SCST_SIMPLE), SENSE_UA_MODE_CHANGED);
	ck_sense(nop(w.a, SCST_SIMPLE), SENSE_UA_INQUIRY_CHANGED);
	ck_good(nop(w.a, SCST_SIMPLE));
}
END_TEST

START_TEST(attention_is_pending_once)
{
	raise_ua(SENSE_UA_MODE_CHANGED);
	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	raise_ua(SENSE_UA_MODE_CHANGED);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_MODE_CHANGED);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_CAPACITY_CHANGED);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
}
END_TEST

START_TEST(attention_can_come_again)
{
	raise_ua(SENSE_UA_MODE_CHANGED);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_MODE_CHANGED);
	raise_ua(SENSE_UA_MODE_CHANGED);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_MODE_CHANGED);
}
END_TEST

START_TEST(attention_is_for_each_nexus_on_its_own)
{
	raise_ua(SENSE_UA_MODE_CHANGED);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_MODE_CHANGED);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_UA_MODE_CHANGED);
}
END_TEST

START_TEST(attention_may_spare_one_nexus)
{
	scst_device_ua(w.dev->core, SENSE_UA_MODE_CHANGED, w.b->nexus->id);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_MODE_CHANGED);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_NONE);
	ck_assert_uint_eq(attention(w.c, 0), SENSE_UA_MODE_CHANGED);
}
END_TEST

START_TEST(reset_makes_earlier_attentions_moot)
{
	raise_ua(SENSE_UA_MODE_CHANGED);
	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	raise_ua(SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
}
END_TEST

START_TEST(attention_behind_a_reset_is_kept)
{
	raise_ua(SENSE_UA_DEVICE_RESET);
	raise_ua(SENSE_UA_MODE_CHANGED);
	raise_ua(SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_MODE_CHANGED);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
}
END_TEST

START_TEST(another_reset_takes_the_place_of_the_first)
{
	raise_ua(SENSE_UA_NEXUS_LOSS);
	raise_ua(SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
}
END_TEST

START_TEST(too_many_attentions_are_a_reset)
{
	static const enum scst_sense uas[] = {
		SENSE_UA_MEDIUM_CHANGED, SENSE_UA_MODE_CHANGED,
		SENSE_UA_RESV_PREEMPTED, SENSE_UA_RESV_RELEASED,
		SENSE_UA_REGS_PREEMPTED, SENSE_UA_ALUA_CHANGED,
		SENSE_UA_CAPACITY_CHANGED, SENSE_UA_TASKS_CLEARED,
		SENSE_UA_INQUIRY_CHANGED,
	};
	u32 i;

	for (i = 0; i < SCST_UA_MAX; i++)
		raise_ua(uas[i]);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_MEDIUM_CHANGED);
	/* Full once more, and one beyond. */
	raise_ua(uas[0]);
	raise_ua(uas[SCST_UA_MAX]);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_RESET);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_UA_RESET);
}
END_TEST

START_TEST(change_of_capacity_is_told)
{
	scst_device_set_capacity(w.dev->core, 1000, 512);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
	scst_device_set_capacity(w.dev->core, 1000, 512);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
	scst_device_set_capacity(w.dev->core, 2000, 512);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_CAPACITY_CHANGED);
}
END_TEST

/* ---- Who reports them --------------------------------------------------- */

START_TEST(command_that_runs_anyway_leaves_it_pending)
{
	static const u8 ops[] = { SCSI_INQUIRY, SCSI_REPORT_LUNS, FOP_ANY };

	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	ck_good(op(w.a, ops[_i]));
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_CAPACITY_CHANGED);
}
END_TEST

START_TEST(command_of_the_device_server_reports_it)
{
	static const u8 ops[] = { SCSI_TEST_UNIT_READY, SCSI_MODE_SENSE_6,
				  SCSI_RESERVE_6, SCSI_SEND_DIAGNOSTIC };

	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	ck_sense(op(w.a, ops[_i]), SENSE_UA_CAPACITY_CHANGED);
}
END_TEST

START_TEST(dormant_command_reports_it_when_it_starts)
{
	struct fcmd *c1, *c2;

	w.dev->hold = true;
	c1 = nop(w.a, SCST_SIMPLE);
	c2 = nop(w.a, SCST_ORDERED);
	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	ck_assert(!c2->answered);
	finish(c1);
	ck_good(c1);
	ck_sense(c2, SENSE_UA_CAPACITY_CHANGED);
}
END_TEST

START_TEST(status_that_is_no_sense_leaves_it_pending)
{
	struct fcmd *held[64];
	u32 i;

	w.dev->hold = true;
	for (i = 0; i < 64; i++)
		held[i] = nop(w.a, SCST_SIMPLE);
	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	ck_status(nop(w.a, SCST_SIMPLE), SCSI_TASK_SET_FULL);
	for (i = 0; i < 64; i++)
		finish(held[i]);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_CAPACITY_CHANGED);
}
END_TEST

START_TEST(request_sense_cuts_to_the_allocation_length)
{
	const u8 cdb[6] = { SCSI_REQUEST_SENSE, 0, 0, 0, 8 };
	struct fcmd *c;

	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	c = submit(fcmd_new(w.a, 0, cdb, 6, SCST_DATA_IN, 8));
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8);
	ck_assert_uint_eq(c->in[2] & 0xf, KEY_UNIT_ATTENTION);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
}
END_TEST

START_TEST(request_sense_in_descriptor_format)
{
	const u8 cdb[6] = { SCSI_REQUEST_SENSE, 1, 0, 0, 252 };
	struct fcmd *c;

	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	c = submit(fcmd_new(w.a, 0, cdb, 6, SCST_DATA_IN, 252));
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8);
	ck_assert_mem_eq(c->in, "\x72\x06\x2a\x09", 4);
}
END_TEST

START_TEST(request_sense_of_nothing)
{
	const u8 cdb[6] = { SCSI_REQUEST_SENSE, 0, 0, 0, 252 };
	struct fcmd *c;

	c = submit(fcmd_new(w.a, 0, cdb, 6, SCST_DATA_IN, 252));
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 18);
	ck_assert_mem_eq(c->in, "\x70\0\0", 3);
}
END_TEST

/* ---- RESERVE and RELEASE -------------------------------------------------- */

static struct fcmd *reserve(struct fport *p)
{
	return op(p, SCSI_RESERVE_6);
}

static struct fcmd *release(struct fport *p)
{
	return op(p, SCSI_RELEASE_6);
}

START_TEST(reservation_keeps_others_out)
{
	ck_good(reserve(w.a));
	ck_status(nop(w.b, SCST_SIMPLE), SCSI_RESERVATION_CONFLICT);
	ck_status(rd(w.b, 1), SCSI_RESERVATION_CONFLICT);
	ck_status(reserve(w.b), SCSI_RESERVATION_CONFLICT);
	ck_status(op(w.b, SCSI_TEST_UNIT_READY), SCSI_RESERVATION_CONFLICT);
	ck_good(nop(w.a, SCST_SIMPLE));
}
END_TEST

START_TEST(reservation_lets_some_commands_in)
{
	static const u8 ops[] = { SCSI_INQUIRY, SCSI_REPORT_LUNS,
				  SCSI_REQUEST_SENSE, SCSI_RELEASE_6,
				  SCSI_RELEASE_10, FOP_ANY };

	ck_good(reserve(w.a));
	ck_good(op(w.b, ops[_i]));
	ck_status(nop(w.b, SCST_SIMPLE), SCSI_RESERVATION_CONFLICT);
}
END_TEST

START_TEST(reservation_can_be_renewed)
{
	ck_good(reserve(w.a));
	ck_good(op(w.a, SCSI_RESERVE_10));
	ck_good(release(w.a));
	ck_good(nop(w.b, SCST_SIMPLE));
}
END_TEST

START_TEST(release_is_for_the_holder)
{
	ck_good(reserve(w.a));
	ck_good(release(w.b));
	ck_status(nop(w.b, SCST_SIMPLE), SCSI_RESERVATION_CONFLICT);
	ck_good(op(w.a, SCSI_RELEASE_10));
	ck_good(nop(w.b, SCST_SIMPLE));
	ck_good(release(w.b));
}
END_TEST

START_TEST(third_party_reservation_is_refused)
{
	static const u8 ops[] = { SCSI_RESERVE_6, SCSI_RESERVE_10,
				  SCSI_RELEASE_6, SCSI_RELEASE_10 };
	u8 cdb[10] = { ops[_i], 0x10 };

	ck_bad_cdb(submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_NONE, 0)), 1, 4);
}
END_TEST

/* SAM-6 5.3.1: a conflict is told first, and the attention waits. */
START_TEST(conflict_goes_before_an_attention)
{
	ck_good(reserve(w.a));
	raise_ua(SENSE_UA_CAPACITY_CHANGED);
	ck_status(nop(w.b, SCST_SIMPLE), SCSI_RESERVATION_CONFLICT);
	ck_good(op(w.b, SCSI_INQUIRY));
	see_attentions(w.a);
	ck_good(release(w.a));
	ck_sense(nop(w.b, SCST_SIMPLE), SENSE_UA_CAPACITY_CHANGED);
}
END_TEST

START_TEST(reservation_ends_with_its_nexus)
{
	ck_good(reserve(w.a));
	fport_del(w.a);
	ck_good(nop(w.b, SCST_SIMPLE));
}
END_TEST

START_TEST(reservation_survives_the_loss_of_others)
{
	ck_good(reserve(w.a));
	fport_del(w.c);
	ck_status(nop(w.b, SCST_SIMPLE), SCSI_RESERVATION_CONFLICT);
}
END_TEST

START_TEST(reservation_ends_with_its_lun)
{
	ck_good(reserve(w.a));
	scst_group_unmap(w.grp, 0);
	scst_group_map(w.grp, 0, w.dev->core, false);
	see_attentions(w.b);
	ck_good(nop(w.b, SCST_SIMPLE));
}
END_TEST

START_TEST(reservation_ends_with_a_reset)
{
	ck_good(reserve(w.a));
	ck_assert(tmf(w.b, SCST_LUN_RESET, 0)->done);
	see_attentions(w.b);
	ck_good(nop(w.b, SCST_SIMPLE));
}
END_TEST

START_TEST(reservation_is_for_one_device)
{
	struct fdev *d = fdev_add("dev1");
	const u8 cdb[10] = { FOP_NOP };

	scst_group_map(w.grp, 1, d->core, false);
	see_attentions(w.a);
	see_attentions(w.b);
	ck_good(reserve(w.a));
	ck_good(submit(fcmd_new(w.b, 1, cdb, 10, SCST_DATA_NONE, 0)));
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *queue_tcase(void)
{
	TCase *tc = tcase_create("queue");

	tcase_add_checked_fixture(tc, world_up, world_down);
	tcase_add_test(tc, attention_ends_a_command_before_the_device_sees_it);
	tcase_add_test(tc, attentions_come_in_order);
	tcase_add_test(tc, attention_is_pending_once);
	tcase_add_test(tc, attention_can_come_again);
	tcase_add_test(tc, attention_is_for_each_nexus_on_its_own);
	tcase_add_test(tc, attention_may_spare_one_nexus);
	tcase_add_test(tc, reset_makes_earlier_attentions_moot);
	tcase_add_test(tc, attention_behind_a_reset_is_kept);
	tcase_add_test(tc, another_reset_takes_the_place_of_the_first);
	tcase_add_test(tc, too_many_attentions_are_a_reset);
	tcase_add_test(tc, change_of_capacity_is_told);
	return tc;
}

static TCase *report_tcase(void)
{
	TCase *tc = tcase_create("reports");

	tcase_add_checked_fixture(tc, world_up, world_down);
	tcase_add_loop_test(tc, command_that_runs_anyway_leaves_it_pending, 0,
			    3);
	tcase_add_loop_test(tc, command_of_the_device_server_reports_it, 0, 4);
	tcase_add_test(tc, dormant_command_reports_it_when_it_starts);
	tcase_add_test(tc, status_that_is_no_sense_leaves_it_pending);
	tcase_add_test(tc, request_sense_cuts_to_the_allocation_length);
	tcase_add_test(tc, request_sense_in_descriptor_format);
	tcase_add_test(tc, request_sense_of_nothing);
	return tc;
}

static TCase *reserve_tcase(void)
{
	TCase *tc = tcase_create("reservations");

	tcase_add_checked_fixture(tc, world_up, world_down);
	tcase_add_test(tc, reservation_keeps_others_out);
	tcase_add_loop_test(tc, reservation_lets_some_commands_in, 0, 6);
	tcase_add_test(tc, reservation_can_be_renewed);
	tcase_add_test(tc, release_is_for_the_holder);
	tcase_add_loop_test(tc, third_party_reservation_is_refused, 0, 4);
	tcase_add_test(tc, conflict_goes_before_an_attention);
	tcase_add_test(tc, reservation_ends_with_its_nexus);
	tcase_add_test(tc, reservation_survives_the_loss_of_others);
	tcase_add_test(tc, reservation_ends_with_its_lun);
	tcase_add_test(tc, reservation_ends_with_a_reset);
	tcase_add_test(tc, reservation_is_for_one_device);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		queue_tcase, report_tcase, reserve_tcase,
	};

	return core_main("core_ua", tcases, ARRAY_SIZE(tcases));
}
