// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of EXTENDED COPY: what becomes of a copy that something happens
 * to, and what RECEIVE COPY RESULTS tells of it.
 */
#include "core_xcopy.h"

/* ---- What happens meanwhile ------------------------------------------------ */

START_TEST(an_abort_waits_for_the_command_under_way)
{
	struct fcmd *c;
	struct ftmf *t;

	hold_internal = true;
	c = copy_simple(w.a, 1, HOLD, 100, 0, 0);
	ck_log("w1 r0");
	t = abort_cmd(w.a, c);
	ck_assert(!t->done);
	ck_log("!i");
	finish_internal();
	ck_log("-1 t2");
	ck_assert_uint_eq(t->response, SCST_TMF_COMPLETE);
	ck_untouched();
}
END_TEST

START_TEST(the_copys_commands_have_no_tag_to_abort)
{
	struct fcmd *c;
	struct xlist l;

	hold_internal = true;
	xlist_simple(&l, 1, HOLD, 1, 0, 0);
	c = xlist_new(w.a, 0, &l);
	fcmd_task(c)->tag = 0;
	submit(c);
	finish_internal();
	/* the same tag, where the WRITE is */
	ck_assert_uint_eq(tmf(w.a, SCST_ABORT_TASK, 1)->response,
			  SCST_TMF_NO_TASK);
	finish_internal();
	ck_good(c);
}
END_TEST

START_TEST(a_reset_of_the_destination_ends_the_copy)
{
	struct fcmd *c;
	struct ftmf *t;

	hold_internal = true;
	c = copy_simple(w.a, 1, HOLD, 100, 0, 0);
	finish_internal();
	ck_log("w1 r0 w1");
	t = tmf(w.b, SCST_LUN_RESET, 1);
	ck_log("!i R");
	ck_assert(!t->done);
	finish_internal();
	ck_log("a1 t2");
	ck_segment(c, SENSE_COPY_ABORTED, 0);
}
END_TEST

START_TEST(a_reset_of_both_ends_the_copy)
{
	struct ftmf *t;
	struct xlist l;

	hold_internal = true;
	xlist_begin(&l, 1, HOLD);
	xlist_cscd(&l, 1, 512);
	xlist_segment(&l, 0, 0, 100, 0, 20);
	xlist_send(w.a, 0, &l);
	t = tmf(w.b, SCST_LUN_RESET, 0);
	ck_assert(!t->done);
	finish_internal();
	ck_assert(t->done);
	ck_assert_uint_eq(t->response, SCST_TMF_COMPLETE);
}
END_TEST

START_TEST(the_loss_of_the_nexus_ends_the_copy)
{
	hold_internal = true;
	copy_simple(w.a, 1, HOLD, 100, 0, 0);
	log_clear();
	fport_del(w.a);
	finish_internal();
	ck_assert_ptr_nonnull(strstr(noted(), "-1"));
	ck_assert_ptr_nonnull(strstr(noted(), "g1"));
	ck_untouched();
}
END_TEST

START_TEST(a_unit_that_leaves_is_reached_no_more)
{
	struct fcmd *c;

	hold_internal = true;
	c = copy_simple(w.a, 1, HOLD, 100, 0, 0);
	scst_group_unmap(w.grp, 1);
	scst_group_map(w.grp, 1, disk[2]->core, false);
	finish_internal();
	ck_segment(c, SENSE_COPY_NOT_REACHABLE, 0);
	ck_untouched();
}
END_TEST

START_TEST(ordered_tasks_do_not_hold_it_up)
{
	struct fcmd *c, *o;
	struct xlist l;

	hold_internal = true;
	xlist_begin(&l, 1, HOLD);
	xlist_cscd(&l, 1, 512);
	xlist_segment(&l, 0, 0, 1, 0, 20);
	c = xlist_send(w.a, 0, &l);
	o = nop(w.b, SCST_ORDERED);
	finish_internal();
	ck_log("w1 r0 w0");
	ck_assert(!o->executed);
	finish_internal();
	ck_good(c);
	ck_good(o);
}
END_TEST

START_TEST(it_may_be_ordered_itself)
{
	struct fcmd *c;
	struct xlist l;

	xlist_begin(&l, 1, HOLD);
	xlist_cscd(&l, 1, 512);
	xlist_segment(&l, 0, 0, 1, 0, 20);
	c = xlist_new(w.a, 0, &l);
	fcmd_task(c)->attr = SCST_ORDERED;
	ck_good(submit(c));
	ck_copied(0, 20 * 512, 0, 0, 512);
}
END_TEST

START_TEST(limits_of_the_task_set_do_not_hold_it_up)
{
	disk[0]->core->queue_depth = 1;
	disk[0]->core->max_tasks = 1;
	ck_good(copy_simple(w.a, 1, HOLD, 1, 0, 0));
}
END_TEST

START_TEST(copies_are_limited)
{
	struct fcmd *c[XCOPY_COPIES_MAX];
	u32 i;

	hold_internal = true;
	for (i = 0; i < XCOPY_COPIES_MAX; i++)
		c[i] = copy_simple(w.a, i, DISCARD, 1, 0, i);
	ck_status(copy_simple(w.a, i, DISCARD, 1, 0, 0), SCSI_BUSY);
	for (i = 0; i < 2 * XCOPY_COPIES_MAX; i++)
		finish_internal();
	for (i = 0; i < XCOPY_COPIES_MAX; i++)
		ck_good(c[i]);
	hold_internal = false;
	ck_good(copy_simple(w.a, 1, DISCARD, 1, 0, 0));
}
END_TEST

START_TEST(memory_may_be_short)
{
	struct fcmd *c;
	u32 n;

	for (n = 1; n < 100; n++) {
		core_fail_alloc(n);
		c = copy_simple(w.a, 1, HOLD, 4, 0, 0);
		if (core_fail_alloc(0))
			break;
		ck_assert(c->status == SCSI_BUSY || c->status == SCSI_GOOD);
	}
	ck_good(c);
	ck_assert_uint_gt(n, 4);
	ck_assert_uint_lt(n, 100);
}
END_TEST

/* ---- RECEIVE COPY RESULTS -------------------------------------------------- */

START_TEST(the_status_is_told)
{
	struct fcmd *c;

	ck_bad_cdb(results(w.a, STATUS, 5), 2, BAD_BYTE);
	hold_internal = true;
	copy_simple(w.a, 5, HOLD, 100, 0, 0);
	finish_internal();
	finish_internal();
	c = results(w.a, STATUS, 5);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 12);
	ck_assert_mem_eq(c->in, "\0\0\0\x8\0\0\0\0\0\0\x80\0", 12);
	finish_internal();
	finish_internal();
	c = results(w.a, STATUS, 5);
	ck_assert_mem_eq(c->in, "\0\0\0\x8\1\0\1\0\0\0\xc8\0", 12);
	ck_assert_uint_eq(results(w.a, FAILURE, 5)->in_len, 4);
	/* of another nexus, which has the same identifiers for itself */
	ck_bad_cdb(results(w.b, STATUS, 5), 2, BAD_BYTE);
}
END_TEST

START_TEST(the_failure_is_told)
{
	struct fcmd *c, *f;

	c = copy_simple(w.a, 5, HOLD, 4, 0, 127);
	f = results(w.a, FAILURE, 5);
	ck_good(f);
	ck_assert_uint_eq(f->in_len, 60 + c->sense_len);
	ck_assert_uint_eq(get_unaligned_be32(f->in), f->in_len - 4);
	ck_assert_uint_eq(f->in[56], SCSI_CHECK_CONDITION);
	ck_assert_uint_eq(get_unaligned_be16(f->in + 58), c->sense_len);
	ck_assert_mem_eq(f->in + 60, c->sense_data, c->sense_len);
	ck_assert_uint_eq(results(w.a, STATUS, 5)->in[4], 2);
}
END_TEST

START_TEST(identifiers_are_for_one_copy_at_a_time)
{
	hold_internal = true;
	copy_simple(w.a, 5, DISCARD, 1, 0, 0);
	ck_sense(copy_simple(w.a, 5, HOLD, 1, 0, 0),
		 SENSE_OPERATION_IN_PROGRESS);
	copy_simple(w.b, 5, HOLD, 1, 0, 0);
	ck_assert_uint_eq(results(w.a, STATUS, 5)->in[4], 0);
	finish_internal();
	finish_internal();
	finish_internal();
	/* it was not to be kept */
	ck_bad_cdb(results(w.a, STATUS, 5), 2, BAD_BYTE);
	finish_internal();
	ck_assert_uint_eq(results(w.b, STATUS, 5)->in[4], 1);
}
END_TEST

START_TEST(results_do_not_pile_up)
{
	u32 i;

	for (i = 0; i <= XCOPY_RESULTS_MAX; i++)
		ck_good(copy_simple(w.a, i, HOLD, 1, 0, 0));
	ck_bad_cdb(results(w.a, STATUS, 0), 2, BAD_BYTE);
	ck_good(results(w.a, STATUS, 1));
	tmf(w.b, SCST_LUN_RESET, 0);
	see_attentions(w.a);
	ck_bad_cdb(results(w.a, STATUS, 1), 2, BAD_BYTE);
}
END_TEST

START_TEST(parameters_are_told)
{
	struct fcmd *c = results(w.a, PARAMETERS, 0);
	const u8 *d = c->in;

	ck_good(c);
	ck_assert_uint_eq(c->in_len, 46);
	ck_assert_uint_eq(get_unaligned_be32(d), 42);
	ck_assert_uint_eq(d[4], 1);
	ck_assert_uint_eq(get_unaligned_be16(d + 8), XCOPY_CSCDS_MAX);
	ck_assert_uint_eq(get_unaligned_be16(d + 10), XCOPY_SEGMENTS_MAX);
	ck_assert_uint_eq(get_unaligned_be32(d + 12), 16 * 32 + 64 * 28);
	ck_assert_uint_eq(get_unaligned_be32(d + 16), 1u << 28);
	ck_assert_uint_eq(get_unaligned_be32(d + 20), 0);
	ck_assert_mem_eq(d + 34, "\0\x8\x8\x9\0\0\0\0\0\x2\x2\xe4", 12);
	/* there is no held data */
	ck_bad_cdb(results(w.a, 1, 0), 1, 4);
}
END_TEST

START_TEST(the_page_is_told)
{
	const u8 inquiry[6] = { SCSI_INQUIRY, 0, 0, 0, 96 };
	const u8 page[6] = { SCSI_INQUIRY, 1, 0x8f, 0, 255 };
	struct fcmd *c;
	u32 at;

	c = submit(fcmd_new(w.a, 0, inquiry, 6, SCST_DATA_IN, 96));
	ck_assert_uint_eq(c->in[5], 0x08);
	c = submit(fcmd_new(w.a, 0, page, 6, SCST_DATA_IN, 255));
	ck_good(c);
	ck_assert_uint_eq(get_unaligned_be16(c->in + 2), c->in_len - 4);
	ck_assert_mem_eq(c->in + 4, "\0\1\0\xc\x8\x83\1\0\x84\3\0\3\4\0\0\0"
				    "\0\4\0\x1c", 20);
	for (at = 4; at < c->in_len; at += 4 + c->in[at + 3])
		ck_assert_uint_eq(c->in[at + 3] % 4, 0);
	ck_assert_uint_eq(at, c->in_len);
}
END_TEST

/* ---- The suite ------------------------------------------------------------ */

static TCase *tcase_meanwhile(void)
{
	TCase *tc = tcase_create("meanwhile");

	tcase_add_checked_fixture(tc, xcopy_up, xcopy_down);
	tcase_add_test(tc, an_abort_waits_for_the_command_under_way);
	tcase_add_test(tc, the_copys_commands_have_no_tag_to_abort);
	tcase_add_test(tc, a_reset_of_the_destination_ends_the_copy);
	tcase_add_test(tc, a_reset_of_both_ends_the_copy);
	tcase_add_test(tc, the_loss_of_the_nexus_ends_the_copy);
	tcase_add_test(tc, a_unit_that_leaves_is_reached_no_more);
	tcase_add_test(tc, ordered_tasks_do_not_hold_it_up);
	tcase_add_test(tc, it_may_be_ordered_itself);
	tcase_add_test(tc, limits_of_the_task_set_do_not_hold_it_up);
	tcase_add_test(tc, copies_are_limited);
	tcase_add_test(tc, memory_may_be_short);
	return tc;
}

static TCase *tcase_results(void)
{
	TCase *tc = tcase_create("results");

	tcase_add_checked_fixture(tc, xcopy_up, xcopy_down);
	tcase_add_test(tc, the_status_is_told);
	tcase_add_test(tc, the_failure_is_told);
	tcase_add_test(tc, identifiers_are_for_one_copy_at_a_time);
	tcase_add_test(tc, results_do_not_pile_up);
	tcase_add_test(tc, parameters_are_told);
	tcase_add_test(tc, the_page_is_told);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		tcase_meanwhile, tcase_results,
	};

	return core_main("core_xcopy_run", tcases, ARRAY_SIZE(tcases));
}
