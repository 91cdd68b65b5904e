// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of CLEAR, PREEMPT, and PREEMPT AND ABORT: who loses what, who
 * hears of it, and which commands end.
 */
#include "core_pr.h"

static const u8 types[] = { 1, 3, 5, 6, 7, 8 };

#define WE	1
#define EA	3
#define WE_RO	5
#define WE_AR	7

static const u8 both[] = { PREEMPT, ABORT };

/* ---- CLEAR (SPC-5 5.13.11.6) --------------------------------------------- */

START_TEST(clear_removes_everybody)
{
	reg(w.a, 1);
	reg(w.b, 2);
	ck_good(pr_out(w.a, RESERVE, types[_i], 1, 0));
	ck_good(pr_out(w.b, CLEAR, 0, 2, 0));
	ck_pr("");
	ck_assert_uint_eq(pr_generation(), 3);
	ck_ua(w.a, SENSE_UA_RESV_PREEMPTED);
	ck_ua(w.b, SENSE_NONE);
	ck_ua(w.c, SENSE_NONE);
	ck_good(wr(w.c, 1));
}
END_TEST

START_TEST(clear_is_for_registrants)
{
	reg(w.a, 1);
	ck_conflict(pr_out(w.b, CLEAR, 0, 1, 0));
	ck_conflict(pr_out(w.a, CLEAR, 0, 2, 0));
	ck_pr("a=1");
}
END_TEST

/* ---- PREEMPT: registrations (5.13.11.4.4) -------------------------------- */

START_TEST(preempt_is_for_registrants)
{
	reg_all(WE);
	ck_conflict(pr_out(w.b, both[_i], WE, 1, 1));
	fport_del(w.b);
	ck_pr("a=1* b=2 c=3, 1");
}
END_TEST

START_TEST(registration_can_be_removed)
{
	reg(w.a, 1);
	reg(w.b, 2);
	reg(w.c, 3);
	ck_good(pr_out(w.a, both[_i], WE, 1, 2));
	ck_pr("a=1 c=3");
	ck_assert_uint_eq(pr_generation(), 4);
	ck_ua(w.a, SENSE_NONE);
	ck_ua(w.b, SENSE_UA_REGS_PREEMPTED);
	ck_ua(w.c, SENSE_NONE);
}
END_TEST

START_TEST(all_registrations_of_a_key_are_removed)
{
	reg(w.a, 1);
	reg(w.b, 2);
	reg(w.c, 2);
	ck_good(pr_out(w.a, both[_i], WE, 1, 2));
	ck_pr("a=1");
	ck_ua(w.b, SENSE_UA_REGS_PREEMPTED);
	ck_ua(w.c, SENSE_UA_REGS_PREEMPTED);
}
END_TEST

START_TEST(unknown_key_is_a_conflict)
{
	reg(w.a, 1);
	ck_conflict(pr_out(w.a, both[_i], WE, 1, 2));
	ck_good(pr_out(w.a, RESERVE, WE_AR, 1, 0));
	ck_conflict(pr_out(w.a, both[_i], WE, 1, 2));
	ck_pr("a=1*, 7");
}
END_TEST

START_TEST(no_key_is_wrong)
{
	reg(w.a, 1);
	ck_bad_param(pr_out(w.a, both[_i], WE, 1, 0), 8, BAD_BYTE);
	ck_good(pr_out(w.a, RESERVE, WE_RO, 1, 0));
	ck_bad_param(pr_out(w.a, both[_i], WE, 1, 0), 8, BAD_BYTE);
	ck_pr("a=1*, 5");
}
END_TEST

START_TEST(own_registration_can_be_removed)
{
	reg(w.a, 1);
	reg(w.b, 1);
	ck_good(pr_out(w.a, both[_i], WE, 1, 1));
	ck_pr("");
	ck_ua(w.a, SENSE_NONE);
	ck_ua(w.b, SENSE_UA_REGS_PREEMPTED);
}
END_TEST

START_TEST(registration_of_another_leaves_the_reservation)
{
	reg_all(types[_i]);
	ck_good(pr_out(w.b, PREEMPT, WE, 2, 3));
	ck_ua(w.a, SENSE_NONE);
	ck_ua(w.c, SENSE_UA_REGS_PREEMPTED);
	ck_assert_int_eq(atoi(strchr(pr_state(), ',') + 1), types[_i]);
	ck_conflict(wr(w.c, 1));
	ck_good(wr(w.a, 1));
}
END_TEST

START_TEST(key_of_one_holder_among_all_registrants)
{
	reg_all(WE_AR);
	ck_good(pr_out(w.b, PREEMPT, EA, 2, 1));
	ck_pr("b=2* c=3*, 7");
	ck_ua(w.a, SENSE_UA_REGS_PREEMPTED);
	ck_ua(w.c, SENSE_NONE);
}
END_TEST

/* ---- PREEMPT: the reservation (5.13.11.4.3) ------------------------------ */

START_TEST(reservation_can_be_taken)
{
	reg_all(EA);
	ck_good(pr_out(w.b, both[_i], EA, 2, 1));
	ck_pr("b=2* c=3, 3");
	ck_assert_uint_eq(pr_generation(), 4);
	ck_ua(w.a, SENSE_UA_REGS_PREEMPTED);
	ck_ua(w.b, SENSE_NONE);
	/* The type is the same: nothing changed for it. */
	ck_ua(w.c, SENSE_NONE);
	ck_conflict(rd(w.a, 1));
	ck_good(rd(w.b, 1));
}
END_TEST

START_TEST(change_of_type_is_told)
{
	u8 type = types[_i];

	reg_all(EA);
	ck_good(pr_out(w.b, PREEMPT, type, 2, 1));
	ck_assert_int_eq(atoi(strchr(pr_state(), ',') + 1), type);
	ck_ua(w.a, SENSE_UA_REGS_PREEMPTED);
	ck_ua(w.b, SENSE_NONE);
	ck_ua(w.c, type == EA ? SENSE_NONE : SENSE_UA_RESV_RELEASED);
}
END_TEST

START_TEST(others_with_the_holders_key_go_too)
{
	reg(w.a, 1);
	reg(w.b, 2);
	reg(w.c, 1);
	ck_good(pr_out(w.a, RESERVE, WE, 1, 0));
	ck_good(pr_out(w.b, both[_i], WE, 2, 1));
	ck_pr("b=2*, 1");
	ck_ua(w.a, SENSE_UA_REGS_PREEMPTED);
	ck_ua(w.c, SENSE_UA_REGS_PREEMPTED);
}
END_TEST

START_TEST(who_shares_the_holders_key_stays_when_it_takes)
{
	reg(w.a, 1);
	reg(w.b, 1);
	ck_good(pr_out(w.a, RESERVE, WE, 1, 0));
	ck_good(pr_out(w.b, both[_i], WE, 1, 1));
	ck_pr("b=1*, 1");
}
END_TEST

START_TEST(holder_can_change_the_type)
{
	reg_all(WE);
	ck_good(pr_out(w.a, both[_i], WE_RO, 1, 1));
	ck_pr("a=1* b=2 c=3, 5");
	ck_ua(w.a, SENSE_NONE);
	ck_ua(w.b, SENSE_UA_RESV_RELEASED);
	ck_ua(w.c, SENSE_UA_RESV_RELEASED);
}
END_TEST

START_TEST(no_key_takes_that_of_all_registrants)
{
	reg_all(WE_AR);
	ck_good(pr_out(w.b, both[_i], WE, 2, 0));
	ck_pr("b=2*, 1");
	ck_ua(w.a, SENSE_UA_REGS_PREEMPTED);
	ck_ua(w.b, SENSE_NONE);
	ck_ua(w.c, SENSE_UA_REGS_PREEMPTED);
}
END_TEST

START_TEST(last_one_takes_that_of_all_registrants_from_nobody)
{
	reg(w.a, 1);
	ck_good(pr_out(w.a, RESERVE, WE_AR, 1, 0));
	ck_good(pr_out(w.a, both[_i], EA, 1, 0));
	ck_pr("a=1*, 3");
}
END_TEST

START_TEST(nobody_need_be_there_to_be_preempted)
{
	reg_all(EA);
	fport_del(w.a);
	ck_good(pr_out(w.b, both[_i], EA, 2, 1));
	ck_pr("b=2* c=3, 3");
}
END_TEST

/* ---- PREEMPT AND ABORT (5.13.11.5) --------------------------------------- */

START_TEST(preempt_alone_aborts_nothing)
{
	struct fcmd *c;

	reg_all(EA);
	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	ck_good(pr_out(w.b, PREEMPT, EA, 2, 1));
	ck_assert(!fcmd_cmd(c)->aborted);
	finish(c);
	ck_good(c);
	ck_ua(w.a, SENSE_UA_REGS_PREEMPTED);
}
END_TEST

START_TEST(good_waits_for_the_aborted)
{
	struct fcmd *c1, *c2, *c3, *out;

	reg_all(EA);
	w.dev->hold = true;
	c1 = nop(w.a, SCST_SIMPLE);
	c2 = nop(w.a, SCST_SIMPLE);
	c3 = nop(w.c, SCST_SIMPLE);
	ck_conflict(c3);
	log_clear();
	out = pr_out(w.b, ABORT, EA, 2, 1);
	ck_assert(!out->answered);
	ck_pr("b=2* c=3, 3");
	finish(c1);
	ck_assert(!out->answered);
	finish(c2);
	ck_good(out);
	ck_assert(c1->gone && c2->gone);
}
END_TEST

START_TEST(aborted_commands_are_told_of)
{
	struct fcmd *c;

	reg_all(EA);
	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	pr_out(w.b, ABORT, EA, 2, 1);
	finish(c);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_REGS_PREEMPTED);
	ck_ua(w.a, SENSE_UA_TASKS_CLEARED);
	ck_ua(w.c, SENSE_NONE);
}
END_TEST

START_TEST(aborted_commands_have_a_status_if_that_was_asked_for)
{
	const u8 cdb[6] = { SCSI_MODE_SELECT_6, 0x10, 0, 0, 16 };
	struct fcmd *c, *select;

	select = fcmd_new(w.a, 0, cdb, 6, SCST_DATA_OUT, 16);
	memset(select->out, 0, 16);
	memcpy(select->out + 4, "\x0a\x0a\x00\x10\x00\x40\x00\x00\xff\xff", 10);
	ck_good(submit(select));
	see_attentions(w.b);
	see_attentions(w.c);
	reg_all(EA);
	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	pr_out(w.b, ABORT, EA, 2, 1);
	finish(c);
	ck_status(c, SCSI_TASK_ABORTED);
	ck_ua(w.a, SENSE_UA_REGS_PREEMPTED);
}
END_TEST

START_TEST(commands_of_others_go_on)
{
	struct fcmd *c1, *c2, *out;

	reg_all(WE_RO);
	w.dev->hold = true;
	c1 = nop(w.b, SCST_SIMPLE);
	c2 = nop(w.c, SCST_SIMPLE);
	out = pr_out(w.b, ABORT, WE_RO, 2, 1);
	ck_good(out);
	finish(c1);
	finish(c2);
	ck_good(c1);
	ck_good(c2);
}
END_TEST

START_TEST(own_commands_go_on)
{
	struct fcmd *c, *out;

	reg(w.a, 1);
	reg(w.b, 1);
	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	out = pr_out(w.a, ABORT, WE, 1, 1);
	ck_pr("");
	ck_good(out);
	finish(c);
	ck_good(c);
}
END_TEST

START_TEST(command_that_waits_for_data_is_aborted)
{
	struct fcmd *c, *out;

	reg_all(WE_RO);
	w.a->hold_data = true;
	c = wr(w.a, 1);
	ck_assert(c->wants_data);
	out = pr_out(w.b, ABORT, WE_RO, 2, 1);
	ck_assert(!out->answered);
	fport_serve(w.a);
	ck_assert(c->gone);
	ck_good(out);
}
END_TEST

START_TEST(dormant_command_is_aborted)
{
	struct fcmd *c1, *c2, *out;

	reg_all(WE_RO);
	w.dev->hold = true;
	c1 = nop(w.c, SCST_SIMPLE);
	c2 = nop(w.a, SCST_ORDERED);
	ck_assert(!c2->executed);
	out = pr_out_new(w.b, ABORT, WE_RO, (u8[24]){ [7] = 2, [15] = 1 }, 24);
	fcmd_task(out)->attr = SCST_HEAD_OF_QUEUE;
	submit(out);
	ck_assert(c2->gone && !c2->executed);
	ck_good(out);
	finish(c1);
	ck_good(c1);
}
END_TEST

START_TEST(each_preempt_aborts_only_its_own)
{
	struct fcmd *c, *out;

	reg_all(WE_RO);
	ck_good(pr_out(w.b, ABORT, WE_RO, 2, 3));
	see_attentions(w.c);
	reg(w.c, 3);
	w.dev->hold = true;
	c = nop(w.c, SCST_SIMPLE);
	out = pr_out(w.b, ABORT, WE_RO, 2, 1);
	ck_good(out);
	finish(c);
	ck_good(c);
}
END_TEST

/* A later function waits for the command, and that for its own abort. */
START_TEST(reset_after_it_waits)
{
	struct fcmd *c, *out;
	struct ftmf *t;

	reg_all(EA);
	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	out = pr_out(w.b, ABORT, EA, 2, 1);
	t = tmf(w.c, SCST_LUN_RESET, 0);
	ck_assert(!out->answered && !t->done);
	finish(c);
	ck_assert(out->gone && t->done);
	ck_pr("b=2* c=3, 3");
}
END_TEST

START_TEST(reset_before_it_is_not_waited_for)
{
	struct fcmd *c, *out;
	struct ftmf *t;

	reg_all(EA);
	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	w.b->hold_data = true;
	out = pr_out(w.b, ABORT, EA, 2, 1);
	t = tmf(w.c, SCST_LUN_RESET, 0);
	send_data(out);
	ck_assert(out->gone);
	finish(c);
	ck_assert(t->done);
	ck_pr("a=1* b=2 c=3, 3");
}
END_TEST

/*
 * The command is at the device, which hands it on, when a reset gives it up:
 * it must neither do anything nor wait behind the reset, which waits for it.
 */
START_TEST(command_that_a_reset_gave_up_does_nothing)
{
	u8 cdb[10] = { SCSI_PERSISTENT_OUT, _i, EA, [8] = 24 };
	struct fdev *d = fdev_new("dev2");
	struct fcmd *c, *out;
	struct ftmf *t;

	fdev_add_opcode(d, SCSI_PERSISTENT_OUT, 10, _i, SCST_OP_OUT);
	d->opcodes[d->info.nr_opcodes - 1].usage[1] = 0x1f;
	fdev_register(d);
	scst_group_unmap(w.grp, 0);
	ck_assert_int_eq(scst_group_map(w.grp, 0, d->core, false), 0);
	w.dev = d;
	see_attentions(w.a);
	see_attentions(w.b);
	if (_i != IGNORE) {
		reg(w.a, 1);
		reg(w.b, 2);
	}
	d->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	out = fcmd_new(w.b, 0, cdb, 10, SCST_DATA_OUT, 24);
	memset(out->out, 0, 24);
	out->out[7] = 2;
	out->out[15] = 1;
	submit(out);
	ck_assert(out->executed);
	t = tmf(w.a, SCST_LUN_RESET, 0);
	scst_cmd_pass(fcmd_cmd(out));
	ck_assert(out->gone);
	finish(c);
	ck_assert(t->done);
	ck_pr(_i == IGNORE ? "" : "a=1 b=2");
}
END_TEST

START_TEST(two_preempt_each_other)
{
	struct fcmd *c1, *c2, *out1, *out2;

	reg_all(WE_RO);
	w.dev->hold = true;
	c1 = nop(w.a, SCST_SIMPLE);
	c2 = nop(w.b, SCST_SIMPLE);
	out1 = pr_out(w.a, ABORT, WE_RO, 1, 2);
	ck_assert(!out1->answered);
	/* b is no registrant any more. */
	see_attentions(w.b);
	out2 = pr_out(w.b, ABORT, WE_RO, 2, 1);
	ck_conflict(out2);
	ck_good(pr_out(w.c, PREEMPT, WE_RO, 3, 1));
	ck_pr("c=3*, 5");
	finish(c2);
	ck_good(out1);
	finish(c1);
	ck_good(c1);
}
END_TEST

START_TEST(preempter_may_be_preempted_while_it_waits)
{
	struct fcmd *c, *out1, *out2;

	reg_all(WE_RO);
	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	out1 = pr_out(w.b, ABORT, WE_RO, 2, 1);
	out2 = pr_out(w.c, ABORT, WE_RO, 3, 2);
	ck_assert(!out1->answered && !out2->answered);
	finish(c);
	ck_assert(out1->gone);
	ck_good(out2);
	ck_pr("c=3*, 5");
}
END_TEST

START_TEST(preempter_may_leave_while_it_waits)
{
	struct fcmd *c, *out;

	reg_all(EA);
	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	out = pr_out(w.b, ABORT, EA, 2, 1);
	fport_del(w.b);
	ck_assert_ptr_nonnull(w.b->nexus);
	finish(c);
	ck_assert(out->gone);
	ck_assert_ptr_null(w.b->nexus);
}
END_TEST

START_TEST(preempted_may_leave_meanwhile)
{
	struct fcmd *c, *out;

	reg_all(EA);
	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	out = pr_out(w.b, ABORT, EA, 2, 1);
	fport_del(w.a);
	finish(c);
	ck_good(out);
	ck_assert_ptr_null(w.a->nexus);
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *preempt_tcase(void)
{
	TCase *tc = tcase_create("CLEAR and PREEMPT");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_loop_test(tc, clear_removes_everybody, 0, 6);
	tcase_add_test(tc, clear_is_for_registrants);
	tcase_add_loop_test(tc, preempt_is_for_registrants, 0, 2);
	tcase_add_loop_test(tc, registration_can_be_removed, 0, 2);
	tcase_add_loop_test(tc, all_registrations_of_a_key_are_removed, 0, 2);
	tcase_add_loop_test(tc, unknown_key_is_a_conflict, 0, 2);
	tcase_add_loop_test(tc, no_key_is_wrong, 0, 2);
	tcase_add_loop_test(tc, own_registration_can_be_removed, 0, 2);
	tcase_add_loop_test(tc, registration_of_another_leaves_the_reservation,
			    0, 6);
	tcase_add_test(tc, key_of_one_holder_among_all_registrants);
	tcase_add_loop_test(tc, reservation_can_be_taken, 0, 2);
	tcase_add_loop_test(tc, change_of_type_is_told, 0, 6);
	tcase_add_loop_test(tc, others_with_the_holders_key_go_too, 0, 2);
	tcase_add_loop_test(tc, who_shares_the_holders_key_stays_when_it_takes,
			    0, 2);
	tcase_add_loop_test(tc, holder_can_change_the_type, 0, 2);
	tcase_add_loop_test(tc, no_key_takes_that_of_all_registrants, 0, 2);
	tcase_add_loop_test(tc,
			    last_one_takes_that_of_all_registrants_from_nobody,
			    0, 2);
	tcase_add_loop_test(tc, nobody_need_be_there_to_be_preempted, 0, 2);
	return tc;
}

static TCase *abort_tcase(void)
{
	TCase *tc = tcase_create("PREEMPT AND ABORT");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_test(tc, preempt_alone_aborts_nothing);
	tcase_add_test(tc, good_waits_for_the_aborted);
	tcase_add_test(tc, aborted_commands_are_told_of);
	tcase_add_test(tc,
		       aborted_commands_have_a_status_if_that_was_asked_for);
	tcase_add_test(tc, commands_of_others_go_on);
	tcase_add_test(tc, own_commands_go_on);
	tcase_add_test(tc, command_that_waits_for_data_is_aborted);
	tcase_add_test(tc, dormant_command_is_aborted);
	tcase_add_test(tc, each_preempt_aborts_only_its_own);
	tcase_add_test(tc, reset_after_it_waits);
	tcase_add_test(tc, reset_before_it_is_not_waited_for);
	tcase_add_loop_test(tc, command_that_a_reset_gave_up_does_nothing,
			    RESERVE, IGNORE + 1);
	tcase_add_test(tc, two_preempt_each_other);
	tcase_add_test(tc, preempter_may_be_preempted_while_it_waits);
	tcase_add_test(tc, preempter_may_leave_while_it_waits);
	tcase_add_test(tc, preempted_may_leave_meanwhile);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = { preempt_tcase, abort_tcase };

	return core_main("core_pr_preempt", tcases, ARRAY_SIZE(tcases));
}
