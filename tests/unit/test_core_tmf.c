// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of task management (SAM-6 clause 7): which commands a function
 * ends, in whatever state they are, when it is answered, and who hears of it.
 */
#include "core_fake.h"

#define S SCST_SIMPLE
#define O SCST_ORDERED

static void setup(void)
{
	world_up();
	w.dev->hold = true;
}

static void set_tas(void)
{
	w.dev->core->task_aborted_status = true;
}

static void ck_complete(const struct ftmf *t)
{
	ck_assert(t->done);
	ck_assert_uint_eq(t->response, SCST_TMF_COMPLETE);
}

/* ---- ABORT TASK ----------------------------------------------------------- */

START_TEST(abort_waits_for_the_running_command)
{
	struct fcmd *c = nop(w.a, S);
	struct ftmf *t = abort_cmd(w.a, c);

	ck_log("x1 !1");
	ck_assert(fcmd_cmd(c)->aborted);
	finish(c);
	ck_log("-1 t2");
	ck_complete(t);
}
END_TEST

START_TEST(abort_is_silent_whatever_the_outcome)
{
	struct fcmd *c = rd(w.a, 1);

	abort_cmd(w.a, c);
	finish_with(c, SENSE_READ_ERROR);
	ck_log("x1 !1 -1 t2");
}
END_TEST

START_TEST(abort_of_one_that_waits_for_data)
{
	struct fcmd *c;

	w.a->hold_data = true;
	c = wr(w.a, 1);
	abort_cmd(w.a, c);
	ck_log("w1 k1");
	fport_serve(w.a);
	ck_log("-1 t2");
}
END_TEST

START_TEST(data_that_came_meanwhile_goes_nowhere)
{
	struct fcmd *c;

	w.a->hold_data = true;
	c = wr(w.a, 1);
	abort_cmd(w.a, c);
	send_data(c);
	ck_log("w1 k1 -1 t2");
	fport_serve(w.a);
	ck_log("");
}
END_TEST

/* The function came from elsewhere, between submission and Data-Out. */
static struct ftmf *hooked;

static void reset_from_b(struct fdev *d, struct scst_cmd *cmd)
{
	d->on_alloc = NULL;
	hooked = tmf(w.b, SCST_LUN_RESET, 0);
}

START_TEST(command_aborted_before_its_data_does_not_wait_for_it)
{
	w.a->hold_data = true;
	w.dev->on_alloc = reset_from_b;
	wr(w.a, 1);
	ck_log("!1 R -1 t2");
	ck_complete(hooked);
}
END_TEST

START_TEST(abort_of_one_that_is_refused_meanwhile)
{
	w.dev->on_alloc = reset_from_b;
	w.dev->fail_allocs = 1;
	wr(w.a, 1);
	ck_log("!1 R -1 t2");
}
END_TEST

START_TEST(abort_of_a_dormant_command)
{
	struct fcmd *c1 = nop(w.a, O), *c2 = nop(w.a, S);

	ck_complete(abort_cmd(w.a, c2));
	ck_log("x1 -2 t3");
	finish(c1);
}
END_TEST

START_TEST(abort_of_a_command_that_is_over)
{
	struct fcmd *c = nop(w.a, S);
	struct ftmf *t;

	finish(c);
	t = abort_cmd(w.a, c);
	ck_assert_uint_eq(t->response, SCST_TMF_NO_TASK);
	ck_log("x1 a1 t2");
}
END_TEST

/*
 * The response is with the driver and may still be overtaken there: the
 * initiator must not hear of the command after the function.
 */
START_TEST(abort_waits_until_an_answer_is_out)
{
	struct fcmd *c = nop(w.a, S);
	struct ftmf *t;

	w.a->hold_end = true;
	finish(c);
	t = abort_cmd(w.a, c);
	ck_log("x1 a1");
	ck_assert(!t->done);
	end(c);
	ck_log("t2");
	ck_assert_uint_eq(t->response, SCST_TMF_NO_TASK);
}
END_TEST

START_TEST(every_abort_waits_until_an_answer_is_out)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.a, S);

	w.a->hold_end = true;
	finish(c1);
	finish(c2);
	log_clear();
	abort_cmd(w.a, c1);
	tmf(w.a, SCST_ABORT_TASK_SET, 0);
	abort_cmd(w.a, c2);
	ck_log("");
	end(c2);
	ck_log("t5");
	end(c1);
	ck_log("t3 t4");
}
END_TEST

/* An initiator that does not read must not keep another one waiting. */
START_TEST(answers_of_others_are_not_waited_for)
{
	struct fcmd *c = nop(w.a, S);
	struct ftmf *t;

	w.a->hold_end = true;
	finish(c);
	t = tmf(w.a, SCST_ABORT_TASK_SET, 0);
	log_clear();
	ck_complete(tmf(w.b, SCST_LUN_RESET, 0));
	ck_assert(!t->done);
	end(c);
	ck_complete(t);
}
END_TEST

START_TEST(abort_is_for_the_own_nexus)
{
	struct fcmd *c = nop(w.a, S);

	ck_assert_uint_eq(abort_cmd(w.b, c)->response, SCST_TMF_NO_TASK);
	finish(c);
	ck_good(c);
}
END_TEST

START_TEST(abort_twice)
{
	struct fcmd *c = nop(w.a, S);
	struct ftmf *t1 = abort_cmd(w.a, c), *t2 = abort_cmd(w.a, c);

	ck_log("x1 !1");
	finish(c);
	ck_log("-1 t2 t3");
	ck_complete(t1);
	ck_complete(t2);
}
END_TEST

START_TEST(advice_is_optional)
{
	struct fcmd *c = nop(w.a, S);

	w.dev->ops.abort = NULL;
	abort_cmd(w.a, c);
	ck_log("x1");
	finish(c);
	ck_log("-1 t2");
}
END_TEST

/* ---- ABORT TASK SET, CLEAR TASK SET ----------------------------------------- */

START_TEST(abort_task_set_ends_the_own_ones)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.b, S), *c3 = nop(w.a, S);
	struct ftmf *t = tmf(w.a, SCST_ABORT_TASK_SET, 0);

	ck_log("x1 x2 x3 !1 !3");
	finish(c1);
	ck_log("-1");
	finish(c3);
	ck_log("-3 t4");
	ck_complete(t);
	finish(c2);
	ck_good(c2);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_NONE);
}
END_TEST

START_TEST(task_set_may_be_empty)
{
	ck_complete(tmf(w.a, SCST_ABORT_TASK_SET, 0));
	ck_complete(tmf(w.a, SCST_CLEAR_TASK_SET, 0));
	ck_assert_uint_eq(attention(w.b, 0), SENSE_NONE);
}
END_TEST

START_TEST(clear_task_set_ends_all)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.b, S);
	struct ftmf *t = tmf(w.a, SCST_CLEAR_TASK_SET, 0);

	finish(c2);
	ck_assert(!t->done);
	finish(c1);
	ck_log("x1 x2 !1 !2 -2 -1 t3");
	ck_complete(t);
}
END_TEST

START_TEST(who_lost_commands_is_told)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.b, S);

	tmf(w.a, SCST_CLEAR_TASK_SET, 0);
	finish(c1);
	finish(c2);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_UA_TASKS_CLEARED);
	ck_assert_uint_eq(attention(w.c, 0), SENSE_NONE);
}
END_TEST

START_TEST(command_that_comes_after_the_function_runs)
{
	struct fcmd *c1 = nop(w.a, S), *c3;

	tmf(w.a, SCST_ABORT_TASK_SET, 0);
	c3 = nop(w.a, S);
	finish(c3);
	ck_log("x1 !1 x3 a3");
	finish(c1);
	ck_log("-1 t2");
}
END_TEST

START_TEST(task_aborted_status_if_told_so)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = rd(w.b, 1);

	set_tas();
	tmf(w.a, SCST_CLEAR_TASK_SET, 0);
	finish(c1);
	finish(c2);
	ck_log("x1 x2 !1 !2 -1 a2 t3");
	ck_status(c2, SCSI_TASK_ABORTED);
	ck_assert_uint_eq(c2->in_len, 0);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_NONE);
}
END_TEST

START_TEST(task_aborted_status_of_a_dormant_command)
{
	struct fcmd *c1 = nop(w.a, O), *c2 = nop(w.b, S);

	set_tas();
	tmf(w.a, SCST_CLEAR_TASK_SET, 0);
	ck_log("x1 !1 a2");
	ck_status(c2, SCSI_TASK_ABORTED);
	finish(c1);
}
END_TEST

START_TEST(task_aborted_status_while_data_is_awaited)
{
	struct fcmd *c;

	set_tas();
	w.b->hold_data = true;
	c = wr(w.b, 1);
	tmf(w.a, SCST_CLEAR_TASK_SET, 0);
	ck_log("w1 k2");
	fport_serve(w.b);
	ck_log("a1 t2");
	ck_status(c, SCSI_TASK_ABORTED);
}
END_TEST

START_TEST(own_aborts_have_no_status)
{
	struct fcmd *c = nop(w.a, S);

	set_tas();
	abort_cmd(w.a, c);
	finish(c);
	ck_log("x1 !1 -1 t2");
}
END_TEST

/* Who was first decides; with the second one nobody waits any longer. */
START_TEST(own_abort_behind_that_of_another)
{
	struct fcmd *c = nop(w.b, S);

	set_tas();
	tmf(w.a, SCST_CLEAR_TASK_SET, 0);
	abort_cmd(w.b, c);
	finish(c);
	ck_log("x1 !1 a1 t2 t3");
	ck_status(c, SCSI_TASK_ABORTED);
}
END_TEST

/* ---- LOGICAL UNIT RESET ------------------------------------------------------ */

START_TEST(reset_ends_all_and_tells_everybody)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.b, S);
	struct ftmf *t = tmf(w.a, SCST_LUN_RESET, 0);

	finish(c1);
	finish(c2);
	ck_log("x1 x2 !1 !2 R -1 -2 t3");
	ck_complete(t);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.c, 0), SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
}
END_TEST

static u8 control_page(struct fport *p, u8 at)
{
	const u8 cdb[6] = { SCSI_MODE_SENSE_6, 0x08, 0x0a, 0, 255 };
	struct fcmd *c;

	c = submit(fcmd_new(p, 0, cdb, 6, SCST_DATA_IN, 255));
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 4 + 12);
	log_clear();
	return c->in[4 + at];
}

START_TEST(reset_restores_mode_pages)
{
	const u8 list[16] = { [4] = 0x0a, 0x0a, 0x04, 0x10, 0x08, 0x40, 0, 0,
			      0xff, 0xff };
	const u8 cdb[6] = { SCSI_MODE_SELECT_6, 0x10, 0, 0, sizeof(list) };
	struct fcmd *c = fcmd_new(w.a, 0, cdb, 6, SCST_DATA_OUT, sizeof(list));

	memcpy(c->out, list, sizeof(list));
	ck_good(submit(c));
	ck_assert_uint_eq(control_page(w.a, 2), 0x04);
	ck_assert_uint_eq(control_page(w.a, 5), 0x40);
	ck_complete(tmf(w.a, SCST_LUN_RESET, 0));
	see_attentions(w.a);
	ck_assert_uint_eq(control_page(w.a, 2), 0);
	ck_assert_uint_eq(control_page(w.a, 5), 0);
	ck_assert(!w.dev->core->descriptor_sense);
	ck_assert(!w.dev->core->software_protect);
	ck_assert(!w.dev->core->task_aborted_status);
}
END_TEST

/* TAS goes back to its default; what it promised before is kept. */
START_TEST(reset_keeps_the_promise_of_tas)
{
	struct fcmd *c = nop(w.b, S);

	set_tas();
	tmf(w.a, SCST_LUN_RESET, 0);
	finish(c);
	ck_status(c, SCSI_TASK_ABORTED);
}
END_TEST

/* A command that was given up must not come to hold the unit. */
START_TEST(aborted_reserve_reserves_nothing)
{
	const u8 cdb[6] = { SCSI_RESERVE_6 };
	struct fdev *d = fdev_new("dev2");
	struct fcmd *c;

	fdev_add_opcode(d, SCSI_RESERVE_6, 6, SCST_NO_SA, 0);
	fdev_register(d);
	d->hold = true;
	scst_group_map(w.grp, 2, d->core, false);
	see_attentions(w.a);
	c = submit(fcmd_new(w.a, 2, cdb, 6, SCST_DATA_NONE, 0));
	tmf(w.b, SCST_LUN_RESET, 2);
	scst_cmd_pass(fcmd_cmd(c));
	ck_assert(c->gone);
	ck_assert_uint_eq(d->core->reserved_by, 0);
}
END_TEST

START_TEST(reset_is_answered_after_functions_before_it)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.b, S);

	abort_cmd(w.a, c1);
	abort_cmd(w.b, c2);
	tmf(w.c, SCST_LUN_RESET, 0);
	log_clear();
	finish(c2);
	ck_log("-2");
	finish(c1);
	ck_log("-1 t3 t4 t5");
}
END_TEST

/* ---- TARGET RESET ------------------------------------------------------------ */

static struct fdev *dev1;

static void setup_two(void)
{
	setup();
	dev1 = fdev_add("dev1");
	dev1->hold = true;
	scst_group_map(w.grp, 1, dev1->core, false);
	see_attentions(w.a);
	see_attentions(w.b);
	see_attentions(w.c);
}

static struct fcmd *nop1(struct fport *p)
{
	const u8 cdb[10] = { FOP_NOP };

	return submit(fcmd_new(p, 1, cdb, 10, SCST_DATA_NONE, 0));
}

START_TEST(target_reset_resets_every_lun)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop1(w.a);
	struct ftmf *t = tmf(w.a, SCST_TARGET_RESET, 0);

	ck_log("x1 x2 !1 R !2 R");
	finish(c2);
	ck_log("-2");
	finish(c1);
	ck_log("-1 t3");
	ck_complete(t);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_UA_DEVICE_RESET);
	ck_assert_uint_eq(attention(w.b, 1), SENSE_UA_DEVICE_RESET);
}
END_TEST

START_TEST(target_reset_needs_no_lun)
{
	scst_group_unmap(w.grp, 0);
	scst_group_unmap(w.grp, 1);
	log_clear();
	ck_complete(tmf(w.a, SCST_TARGET_RESET, SCST_LUN_NONE));
	ck_log("t1");
}
END_TEST

START_TEST(target_reset_without_memory_is_rejected)
{
	struct fcmd *c = nop(w.a, S);
	struct ftmf *t;

	core_fail_alloc(_i);
	t = tmf(w.a, SCST_TARGET_RESET, 0);
	ck_assert_uint_eq(core_fail_alloc(0), 0);
	finish(c);
	ck_assert(t->done);
	ck_assert_uint_eq(t->response, SCST_TMF_REJECTED);
}
END_TEST

START_TEST(target_reset_of_one_device_at_two_luns)
{
	struct fcmd *c;

	scst_group_unmap(w.grp, 1);
	scst_group_map(w.grp, 1, w.dev->core, false);
	see_attentions(w.a);
	c = nop(w.a, S);
	log_clear();
	tmf(w.a, SCST_TARGET_RESET, 0);
	finish(c);
	ck_log("!1 R R -1 t2");
}
END_TEST

START_TEST(function_is_for_its_lun)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop1(w.a);
	struct ftmf *t = tmf(w.a, SCST_LUN_RESET, 0);

	finish(c2);
	ck_good(c2);
	ck_assert(!t->done);
	finish(c1);
	ck_complete(t);
}
END_TEST

START_TEST(lun_that_is_not_there)
{
	static const u16 luns[] = { 9, SCST_LUN_NONE, SCSI_WLUN_REPORT_LUNS };

	ck_assert_uint_eq(tmf(w.a, SCST_LUN_RESET, luns[_i])->response,
			  SCST_TMF_NO_LUN);
}
END_TEST

START_TEST(removed_lun_has_no_functions_but_resets_reach_it)
{
	struct fcmd *c = nop(w.a, S);

	scst_group_unmap(w.grp, 0);
	ck_assert_uint_eq(abort_cmd(w.a, c)->response, SCST_TMF_NO_LUN);
	scst_group_map(w.grp, 0, w.dev->core, false);
	log_clear();
	tmf(w.b, SCST_LUN_RESET, 0);
	finish(c);
	ck_log("!1 R -1 t3");
}
END_TEST

/* ---- Loss of the nexus ------------------------------------------------------- */

START_TEST(loss_while_data_is_awaited)
{
	w.a->hold_data = true;
	wr(w.a, 1);
	fport_del(w.a);
	ck_log("w1 k1");
	fport_serve(w.a);
	ck_log("-1 L1 g1");
}
END_TEST

START_TEST(loss_during_an_own_function)
{
	struct fcmd *c = nop(w.a, S);
	struct ftmf *t = abort_cmd(w.a, c);

	fport_del(w.a);
	ck_log("x1 !1");
	finish(c);
	ck_log("-1 t2 L1 g1");
	ck_complete(t);
}
END_TEST

START_TEST(loss_during_the_function_of_another)
{
	struct fcmd *c = nop(w.a, S);

	tmf(w.b, SCST_LUN_RESET, 0);
	fport_del(w.a);
	finish(c);
	ck_log("x1 !1 R -1 t2 L1 g1");
}
END_TEST

START_TEST(loss_before_the_function_of_another)
{
	struct fcmd *c = nop(w.a, S);

	fport_del(w.a);
	tmf(w.b, SCST_LUN_RESET, 0);
	ck_log("x1 !1 R");
	finish(c);
	ck_log("-1 L1 g1 t2");
}
END_TEST

START_TEST(loss_while_an_answer_is_out)
{
	struct fcmd *c = nop(w.a, S);

	w.a->hold_end = true;
	finish(c);
	abort_cmd(w.a, c);
	fport_del(w.a);
	ck_log("x1 a1 L1");
	end(c);
	ck_log("t2 g1");
}
END_TEST

START_TEST(loss_with_a_command_on_every_lun)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop1(w.a);

	fport_del(w.a);
	finish(c2);
	ck_log("x1 x2 !1 !2 -2 L1");
	finish(c1);
	ck_log("-1 L1 g1");
}
END_TEST

START_TEST(loss_of_a_command_on_a_removed_lun)
{
	struct fcmd *c = nop(w.a, S);

	scst_group_unmap(w.grp, 0);
	log_clear();
	fport_del(w.a);
	ck_assert_ptr_nonnull(w.a->nexus);
	finish(c);
	ck_assert_ptr_null(w.a->nexus);
}
END_TEST

START_TEST(loss_has_no_task_aborted_status)
{
	struct fcmd *c = nop(w.a, S);

	set_tas();
	fport_del(w.a);
	finish(c);
	ck_log("x1 !1 -1 L1 g1");
}
END_TEST

START_TEST(device_that_leaves_while_functions_run)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.b, S);

	tmf(w.a, SCST_ABORT_TASK_SET, 0);
	fdev_remove(w.dev);
	fport_del(w.b);
	log_clear();
	finish(c1);
	ck_log("-1 t3");
	finish(c2);
	ck_assert_ptr_null(w.dev->core);
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *abort_tcase(void)
{
	TCase *tc = tcase_create("abort");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, abort_waits_for_the_running_command);
	tcase_add_test(tc, abort_is_silent_whatever_the_outcome);
	tcase_add_test(tc, abort_of_one_that_waits_for_data);
	tcase_add_test(tc, data_that_came_meanwhile_goes_nowhere);
	tcase_add_test(tc,
		       command_aborted_before_its_data_does_not_wait_for_it);
	tcase_add_test(tc, abort_of_one_that_is_refused_meanwhile);
	tcase_add_test(tc, abort_of_a_dormant_command);
	tcase_add_test(tc, abort_of_a_command_that_is_over);
	tcase_add_test(tc, abort_waits_until_an_answer_is_out);
	tcase_add_test(tc, every_abort_waits_until_an_answer_is_out);
	tcase_add_test(tc, answers_of_others_are_not_waited_for);
	tcase_add_test(tc, abort_is_for_the_own_nexus);
	tcase_add_test(tc, abort_twice);
	tcase_add_test(tc, advice_is_optional);
	return tc;
}

static TCase *set_tcase(void)
{
	TCase *tc = tcase_create("task sets");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, abort_task_set_ends_the_own_ones);
	tcase_add_test(tc, task_set_may_be_empty);
	tcase_add_test(tc, clear_task_set_ends_all);
	tcase_add_test(tc, who_lost_commands_is_told);
	tcase_add_test(tc, command_that_comes_after_the_function_runs);
	tcase_add_test(tc, task_aborted_status_if_told_so);
	tcase_add_test(tc, task_aborted_status_of_a_dormant_command);
	tcase_add_test(tc, task_aborted_status_while_data_is_awaited);
	tcase_add_test(tc, own_aborts_have_no_status);
	tcase_add_test(tc, own_abort_behind_that_of_another);
	return tc;
}

static TCase *reset_tcase(void)
{
	TCase *tc = tcase_create("resets");

	tcase_add_checked_fixture(tc, setup_two, world_down);
	tcase_add_test(tc, reset_ends_all_and_tells_everybody);
	tcase_add_test(tc, reset_restores_mode_pages);
	tcase_add_test(tc, reset_keeps_the_promise_of_tas);
	tcase_add_test(tc, aborted_reserve_reserves_nothing);
	tcase_add_test(tc, reset_is_answered_after_functions_before_it);
	tcase_add_test(tc, target_reset_resets_every_lun);
	tcase_add_test(tc, target_reset_needs_no_lun);
	tcase_add_loop_test(tc, target_reset_without_memory_is_rejected, 1, 3);
	tcase_add_test(tc, target_reset_of_one_device_at_two_luns);
	tcase_add_test(tc, function_is_for_its_lun);
	tcase_add_loop_test(tc, lun_that_is_not_there, 0, 3);
	tcase_add_test(tc, removed_lun_has_no_functions_but_resets_reach_it);
	tcase_add_test(tc, loss_with_a_command_on_every_lun);
	return tc;
}

static TCase *loss_tcase(void)
{
	TCase *tc = tcase_create("loss");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, loss_while_data_is_awaited);
	tcase_add_test(tc, loss_during_an_own_function);
	tcase_add_test(tc, loss_during_the_function_of_another);
	tcase_add_test(tc, loss_before_the_function_of_another);
	tcase_add_test(tc, loss_while_an_answer_is_out);
	tcase_add_test(tc, loss_of_a_command_on_a_removed_lun);
	tcase_add_test(tc, loss_has_no_task_aborted_status);
	tcase_add_test(tc, device_that_leaves_while_functions_run);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		abort_tcase, set_tcase, reset_tcase, loss_tcase,
	};

	return core_main("core_tmf", tcases, ARRAY_SIZE(tcases));
}
