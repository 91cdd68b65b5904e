// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of what becomes of registrations when nexuses come and go, of
 * parameter lists that are wrong, and of RESERVE and RELEASE beside them.
 */
#include "core_pr.h"

static const u8 types[] = { 1, 3, 5, 6, 7, 8 };

#define WE	1
#define EA	3
#define EA_RO	6

/* ---- Nexuses come and go ------------------------------------------------- */

START_TEST(registration_survives_the_nexus)
{
	struct fport *p;

	reg_all(EA);
	fport_del(w.a);
	ck_pr("a=1* b=2 c=3, 3");
	ck_conflict(rd(w.b, 1));
	p = fport_add("iqn.a");
	see_attentions(p);
	ck_good(rd(p, 1));
	ck_good(pr_out(p, RELEASE, EA, 1, 0));
	ck_pr("a=1 b=2 c=3");
}
END_TEST

START_TEST(name_of_an_initiator_has_no_case)
{
	struct fport *p;

	reg_all(EA);
	p = fport_add("IQN.A");
	see_attentions(p);
	ck_good(rd(p, 1));
}
END_TEST

START_TEST(other_port_of_the_initiator_is_another)
{
	struct fport *p;

	reg_all(EA);
	w.isid = 0x2a;
	p = fport_add("iqn.a");
	see_attentions(p);
	ck_conflict(rd(p, 1));
	reg(p, 4);
	ck_pr("a=1* b=2 c=3 a#2a=4, 3");
}
END_TEST

START_TEST(other_initiator_of_similar_name_is_another)
{
	struct fport *p;

	reg_all(EA);
	p = fport_add("iqn.aa");
	see_attentions(p);
	ck_conflict(rd(p, 1));
}
END_TEST

START_TEST(two_luns_of_a_nexus_are_one_registrant)
{
	const u8 cdb[10] = { FOP_NOP };

	ck_assert_int_eq(scst_group_map(w.grp, 1, w.dev->core, false), 0);
	see_attentions(w.a);
	see_attentions(w.b);
	reg(w.a, 1);
	ck_good(pr_out(w.a, RESERVE, EA, 1, 0));
	ck_good(submit(fcmd_new(w.a, 1, cdb, 10, SCST_DATA_NONE, 0)));
	ck_conflict(submit(fcmd_new(w.b, 1, cdb, 10, SCST_DATA_NONE, 0)));
}
END_TEST

START_TEST(reset_keeps_it_all)
{
	reg_all(EA);
	tmf(w.b, SCST_LUN_RESET, 0);
	see_attentions(w.a);
	see_attentions(w.b);
	ck_pr("a=1* b=2 c=3, 3");
	ck_good(rd(w.a, 1));
	ck_conflict(rd(w.b, 1));
}
END_TEST

START_TEST(transport_without_port_names_goes_by_the_initiator)
{
	struct fport *p;

	w.ops.transport_id = NULL;
	w.ops.protocol = _i;
	p = fport_add("iqn.d");
	see_attentions(p);
	reg(p, 1);
	ck_good(pr_out(p, RESERVE, EA, 1, 0));
	fport_del(p);
	ck_conflict(rd(w.b, 1));
	p = fport_add("iqn.e");
	see_attentions(p);
	ck_conflict(rd(p, 1));
	p = fport_add("iqn.d");
	see_attentions(p);
	ck_good(rd(p, 1));
}
END_TEST

/* ---- Parameter lists ----------------------------------------------------- */

START_TEST(list_has_24_bytes)
{
	u8 list[64] = { 0 };
	u32 len;

	list[15] = 1;
	for (len = 0; len < sizeof(list); len++)
		if (len != 24)
			ck_sense(pr_out_list(w.a, REGISTER, 0, list, len),
				 SENSE_PARAM_LENGTH_ERROR);
	ck_pr("");
}
END_TEST

START_TEST(list_must_be_there_in_full)
{
	u8 cdb[10] = { SCSI_PERSISTENT_OUT, REGISTER, [8] = 24 };

	ck_sense(submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_OUT, 23)),
		 SENSE_PARAM_LENGTH_ERROR);
	ck_sense(submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_NONE, 0)),
		 SENSE_PARAM_LENGTH_ERROR);
	ck_sense(submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_IN, 64)),
		 SENSE_PARAM_LENGTH_ERROR);
}
END_TEST

START_TEST(list_may_be_too_long_for_us)
{
	u8 cdb[10] = { SCSI_PERSISTENT_OUT, REGISTER, [5] = 0xff };

	ck_sense(submit(fcmd_new(w.a, 0, cdb, 10, SCST_DATA_OUT, 64)),
		 SENSE_PARAM_LENGTH_ERROR);
}
END_TEST

START_TEST(service_action_must_be_known)
{
	u8 sa;

	for (sa = 8; sa < 32; sa++)
		ck_bad_cdb(pr_out(w.a, sa, 0, 0, 1), 1, 4);
	for (sa = 4; sa < 32; sa++)
		ck_bad_cdb(pr_in(w.a, sa, 255), 1, 4);
}
END_TEST

START_TEST(power_loss_cannot_be_survived_without_help)
{
	ck_bad_param(pr_out_bits(w.a, REGISTER, 0, 0, 1, 1), 20, BAD_BYTE);
	ck_bad_param(pr_out_bits(w.a, IGNORE, 0, 0, 1, 1), 20, BAD_BYTE);
	ck_pr("");
}
END_TEST

/* SPC-5 table 221: APTPL and ALL_TG_PT are of REGISTER alone. */
START_TEST(other_actions_ignore_bits)
{
	reg_all(WE);
	ck_good(pr_out_bits(w.a, RELEASE, WE, 1, 0, 0x05));
	ck_good(pr_out_bits(w.a, RESERVE, WE, 1, 0, 0x05));
	ck_good(pr_out_bits(w.a, PREEMPT, WE, 1, 3, 0x05));
	ck_pr("a=1* b=2, 1");
	ck_good(pr_out_bits(w.a, CLEAR, WE, 1, 0, 0x05));
}
END_TEST

START_TEST(aborted_command_does_nothing)
{
	struct fcmd *c;
	u8 list[24] = { [15] = 1 };

	w.a->hold_data = true;
	c = pr_out_list(w.a, REGISTER, 0, list, 24);
	abort_cmd(w.a, c);
	send_data(c);
	ck_assert(c->gone);
	ck_pr("");
}
END_TEST

/* ---- RESERVE and RELEASE of SPC-2 (5.13.3) ------------------------------- */

static struct fcmd *op(struct fport *p, u8 code)
{
	const u8 cdb[10] = { code };

	return submit(fcmd_new(p, 0, cdb, 10, SCST_DATA_NONE, 0));
}

static const u8 old_ops[] = {
	SCSI_RESERVE_6, SCSI_RESERVE_10, SCSI_RELEASE_6, SCSI_RELEASE_10,
};

START_TEST(old_commands_conflict_with_registrants)
{
	reg(w.a, 1);
	ck_conflict(op(w.a, old_ops[_i]));
	ck_conflict(op(w.b, old_ops[_i]));
	ck_good(nop(w.b, SCST_SIMPLE));
}
END_TEST

START_TEST(old_commands_of_who_may_access_do_nothing)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		reg_all(types[i]);
		ck_good(op(w.a, old_ops[_i]));
		ck_status(op(w.b, old_ops[_i]), types[i] > EA ? SCSI_GOOD :
			  SCSI_RESERVATION_CONFLICT);
		ck_good(pr_out(w.a, REGISTER, 0, 1, 1));
		ck_good(pr_out(w.a, CLEAR, 0, 1, 0));
		see_attentions(w.b);
		see_attentions(w.c);
		ck_good(nop(w.b, SCST_SIMPLE));
	}
}
END_TEST

START_TEST(old_commands_of_others_conflict)
{
	reg(w.a, 1);
	ck_good(pr_out(w.a, RESERVE, EA_RO, 1, 0));
	ck_conflict(op(w.b, old_ops[_i]));
	ck_good(nop(w.a, SCST_SIMPLE));
}
END_TEST

START_TEST(new_commands_conflict_with_the_old_reservation)
{
	ck_good(op(w.a, SCSI_RESERVE_6));
	ck_conflict(pr_out(w.a, REGISTER, 0, 0, 1));
	ck_conflict(pr_out(w.b, REGISTER, 0, 0, 1));
	ck_conflict(pr_in(w.a, READ_KEYS, 255));
	ck_conflict(pr_in(w.b, READ_KEYS, 255));
	ck_good(op(w.a, SCSI_RELEASE_6));
	ck_good(pr_out(w.a, REGISTER, 0, 0, 1));
	ck_pr("a=1");
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *nexus_tcase(void)
{
	TCase *tc = tcase_create("nexuses");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_test(tc, registration_survives_the_nexus);
	tcase_add_test(tc, name_of_an_initiator_has_no_case);
	tcase_add_test(tc, other_port_of_the_initiator_is_another);
	tcase_add_test(tc, other_initiator_of_similar_name_is_another);
	tcase_add_test(tc, two_luns_of_a_nexus_are_one_registrant);
	tcase_add_test(tc, reset_keeps_it_all);
	tcase_add_loop_test(tc,
			    transport_without_port_names_goes_by_the_initiator,
			    0, 11);
	return tc;
}

static TCase *list_tcase(void)
{
	TCase *tc = tcase_create("parameter lists");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_test(tc, list_has_24_bytes);
	tcase_add_test(tc, list_must_be_there_in_full);
	tcase_add_test(tc, list_may_be_too_long_for_us);
	tcase_add_test(tc, service_action_must_be_known);
	tcase_add_test(tc, power_loss_cannot_be_survived_without_help);
	tcase_add_test(tc, other_actions_ignore_bits);
	tcase_add_test(tc, aborted_command_does_nothing);
	return tc;
}

static TCase *old_tcase(void)
{
	TCase *tc = tcase_create("SPC-2");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_loop_test(tc, old_commands_conflict_with_registrants, 0, 4);
	tcase_add_loop_test(tc, old_commands_of_who_may_access_do_nothing, 0,
			    4);
	tcase_add_loop_test(tc, old_commands_of_others_conflict, 0, 4);
	tcase_add_test(tc, new_commands_conflict_with_the_old_reservation);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		nexus_tcase, list_tcase, old_tcase,
	};

	return core_main("core_pr_nexus", tcases, ARRAY_SIZE(tcases));
}
