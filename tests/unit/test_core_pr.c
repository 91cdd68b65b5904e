// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of PERSISTENT RESERVE OUT: registering, reserving, releasing.
 */
#include "core_pr.h"

static const u8 types[] = { 1, 3, 5, 6, 7, 8 };

#define WE	1
#define EA	3
#define WE_RO	5
#define EA_RO	6
#define WE_AR	7
#define EA_AR	8

/* ---- REGISTER (SPC-5 5.13.7) --------------------------------------------- */

START_TEST(nobody_is_registered_at_first)
{
	ck_pr("");
	ck_assert_uint_eq(pr_generation(), 0);
}
END_TEST

START_TEST(register_with_no_key_before)
{
	ck_good(pr_out(w.a, REGISTER, 0, 0, 0x1234567890abcdef));
	ck_pr("a=1234567890abcdef");
	ck_assert_uint_eq(pr_generation(), 1);
}
END_TEST

START_TEST(register_needs_the_old_key)
{
	ck_conflict(pr_out(w.a, REGISTER, 0, 1, 2));
	ck_pr("");
	reg(w.a, 1);
	ck_conflict(pr_out(w.a, REGISTER, 0, 0, 2));
	ck_conflict(pr_out(w.a, REGISTER, 0, 2, 2));
	ck_conflict(pr_out(w.b, REGISTER, 0, 1, 2));
	ck_pr("a=1");
	ck_assert_uint_eq(pr_generation(), 1);
}
END_TEST

START_TEST(key_can_be_changed)
{
	reg(w.a, 1);
	reg(w.b, 2);
	ck_good(pr_out(w.a, REGISTER, 0, 1, 0xff));
	ck_pr("a=ff b=2");
	ck_assert_uint_eq(pr_generation(), 3);
}
END_TEST

START_TEST(keys_may_be_equal)
{
	reg(w.a, 1);
	reg(w.b, 1);
	ck_pr("a=1 b=1");
}
END_TEST

START_TEST(existing_key_can_be_ignored)
{
	ck_good(pr_out(w.a, IGNORE, 0, 77, 1));
	ck_pr("a=1");
	ck_good(pr_out(w.a, IGNORE, 0, 77, 2));
	ck_pr("a=2");
	ck_good(pr_out(w.a, IGNORE, 0, 77, 0));
	ck_pr("");
	ck_assert_uint_eq(pr_generation(), 3);
}
END_TEST

START_TEST(registering_nothing_changes_nothing)
{
	ck_good(pr_out(w.a, REGISTER, 0, 0, 0));
	ck_good(pr_out(w.a, IGNORE, 0, 0, 0));
	ck_pr("");
	ck_assert_uint_eq(pr_generation(), 0);
}
END_TEST

START_TEST(scope_and_type_of_register_are_ignored)
{
	ck_good(pr_out(w.a, REGISTER, 0xff, 0, 1));
	ck_good(pr_out(w.a, IGNORE, 0xff, 0, 2));
	ck_pr("a=2");
}
END_TEST

START_TEST(registering_disturbs_nobody)
{
	reg(w.a, 1);
	reg(w.b, 2);
	ck_good(pr_out(w.a, REGISTER, 0, 1, 0));
	ck_ua(w.a, SENSE_NONE);
	ck_ua(w.b, SENSE_NONE);
	ck_ua(w.c, SENSE_NONE);
}
END_TEST

START_TEST(registrants_are_limited)
{
	char name[16];
	struct fport *p;
	u32 i;

	for (i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "iqn.n%u", i);
		p = fport_add(name);
		see_attentions(p);
		ck_good(pr_out(p, REGISTER, 0, 0, 1 + i));
		fport_del(p);
	}
	ck_sense(pr_out(w.a, REGISTER, 0, 0, 1),
		 SENSE_INSUFFICIENT_REGISTRATIONS);
	ck_assert_uint_eq(pr_generation(), 1024);
	p = fport_add("iqn.n7");
	see_attentions(p);
	ck_good(pr_out(p, REGISTER, 0, 8, 0));
	ck_good(pr_out(w.a, REGISTER, 0, 0, 1));
}
END_TEST

START_TEST(want_of_memory_registers_nobody)
{
	struct fcmd *c;
	u32 nth, left;

	/* First the list, then the registrant. */
	for (nth = 1;; nth++) {
		core_fail_alloc(nth);
		c = pr_out(w.a, REGISTER, 0, 0, 1);
		left = core_fail_alloc(0);
		if (left)
			break;
		if (nth == 1)
			ck_status(c, SCSI_BUSY);
		else
			ck_sense(c, SENSE_INSUFFICIENT_REGISTRATIONS);
		ck_pr("");
	}
	ck_assert_uint_ge(nth, 3);
	ck_good(c);
}
END_TEST

/* ---- RESERVE (5.13.9) ---------------------------------------------------- */

START_TEST(reserve_is_for_registrants)
{
	ck_conflict(pr_out(w.a, RESERVE, WE, 0, 0));
	reg(w.a, 1);
	ck_conflict(pr_out(w.a, RESERVE, WE, 2, 0));
	ck_conflict(pr_out(w.b, RESERVE, WE, 1, 0));
	ck_pr("a=1");
}
END_TEST

START_TEST(registrant_can_reserve)
{
	reg(w.a, 1);
	reg(w.b, 2);
	ck_good(pr_out(w.a, RESERVE, types[_i], 1, 0));
	if (types[_i] < WE_AR)
		ck_assert_ptr_eq(strstr(pr_state(), "a=1* b=2, "), pr_state());
	else
		ck_assert_ptr_eq(strstr(pr_state(), "a=1* b=2*, "), pr_state());
	ck_assert_int_eq(atoi(strchr(pr_state(), ',') + 1), types[_i]);
	/* RESERVE is none of those that count. */
	ck_assert_uint_eq(pr_generation(), 2);
}
END_TEST

START_TEST(reserving_again_is_good_if_nothing_changes)
{
	reg(w.a, 1);
	ck_good(pr_out(w.a, RESERVE, types[_i], 1, 0));
	ck_good(pr_out(w.a, RESERVE, types[_i], 1, 0));
	ck_conflict(pr_out(w.a, RESERVE, types[(_i + 1) % 6], 1, 0));
	ck_assert_int_eq(atoi(strchr(pr_state(), ',') + 1), types[_i]);
}
END_TEST

START_TEST(only_one_can_reserve)
{
	bool all = types[_i] == WE_AR || types[_i] == EA_AR;

	reg(w.a, 1);
	reg(w.b, 2);
	ck_good(pr_out(w.a, RESERVE, types[_i], 1, 0));
	ck_status(pr_out(w.b, RESERVE, types[_i], 2, 0),
		  all ? SCSI_GOOD : SCSI_RESERVATION_CONFLICT);
	ck_conflict(pr_out(w.c, RESERVE, types[_i], 0, 0));
}
END_TEST

START_TEST(type_must_be_one)
{
	static const u8 actions[] = { RESERVE, PREEMPT, ABORT };
	u8 type;
	u32 i;

	reg(w.a, 1);
	for (i = 0; i < 3; i++)
		for (type = 0; type < 16; type++)
			if (!memchr(types, type, sizeof(types)))
				ck_bad_cdb(pr_out(w.a, actions[i], type, 1, 1),
					   2, 3);
	ck_pr("a=1");
}
END_TEST

START_TEST(scope_must_be_the_logical_unit)
{
	static const u8 actions[] = { RESERVE, PREEMPT, ABORT };
	u8 scope;
	u32 i;

	reg(w.a, 1);
	for (i = 0; i < 3; i++)
		for (scope = 1; scope < 16; scope++)
			ck_bad_cdb(pr_out(w.a, actions[i], scope << 4 | WE, 1,
					  1), 2, 7);
	ck_pr("a=1");
}
END_TEST

START_TEST(later_registrant_holds_with_all_registrants)
{
	reg(w.a, 1);
	ck_good(pr_out(w.a, RESERVE, EA_AR, 1, 0));
	ck_conflict(rd(w.b, 1));
	reg(w.b, 2);
	ck_pr("a=1* b=2*, 8");
	ck_good(rd(w.b, 1));
}
END_TEST

START_TEST(later_registrant_may_access_with_registrants_only)
{
	reg(w.a, 1);
	ck_good(pr_out(w.a, RESERVE, EA_RO, 1, 0));
	ck_conflict(rd(w.b, 1));
	reg(w.b, 2);
	ck_pr("a=1* b=2, 6");
	ck_good(rd(w.b, 1));
}
END_TEST

/* ---- RELEASE (5.13.11.2) ------------------------------------------------- */

START_TEST(holder_can_release)
{
	reg_all(types[_i]);
	ck_good(pr_out(w.a, RELEASE, types[_i], 1, 0));
	ck_pr("a=1 b=2 c=3");
	see_attentions(w.b);
	ck_good(wr(w.b, 1));
	ck_assert_uint_eq(pr_generation(), 3);
}
END_TEST

START_TEST(others_hear_of_a_release_if_it_concerns_them)
{
	bool tell = types[_i] > EA;

	reg(w.a, 1);
	reg(w.b, 2);
	ck_good(pr_out(w.a, RESERVE, types[_i], 1, 0));
	ck_good(pr_out(w.a, RELEASE, types[_i], 1, 0));
	ck_ua(w.a, SENSE_NONE);
	ck_ua(w.b, tell ? SENSE_UA_RESV_RELEASED : SENSE_NONE);
	/* Not registered. */
	ck_ua(w.c, SENSE_NONE);
}
END_TEST

START_TEST(release_by_others_does_nothing)
{
	reg_all(WE_RO);
	ck_good(pr_out(w.b, RELEASE, WE_RO, 2, 0));
	ck_good(pr_out(w.b, RELEASE, EA, 2, 0));
	ck_conflict(pr_out(w.b, RELEASE, WE_RO, 1, 0));
	ck_pr("a=1* b=2 c=3, 5");
}
END_TEST

START_TEST(release_of_nothing_does_nothing)
{
	reg(w.a, 1);
	ck_good(pr_out(w.a, RELEASE, WE, 1, 0));
	ck_conflict(pr_out(w.a, RELEASE, WE, 0, 0));
	ck_conflict(pr_out(w.b, RELEASE, WE, 0, 0));
	ck_pr("a=1");
}
END_TEST

START_TEST(release_must_name_type_and_scope)
{
	reg_all(WE);
	ck_sense(pr_out(w.a, RELEASE, EA, 1, 0), SENSE_INVALID_RELEASE);
	ck_sense(pr_out(w.a, RELEASE, 0x10 | WE, 1, 0), SENSE_INVALID_RELEASE);
	ck_sense(pr_out(w.a, RELEASE, 0, 1, 0), SENSE_INVALID_RELEASE);
	ck_pr("a=1* b=2 c=3, 1");
}
END_TEST

START_TEST(any_registrant_can_release_that_of_all)
{
	reg_all(WE_AR);
	ck_good(pr_out(w.c, RELEASE, WE_AR, 3, 0));
	ck_pr("a=1 b=2 c=3");
	ck_ua(w.a, SENSE_UA_RESV_RELEASED);
	ck_ua(w.b, SENSE_UA_RESV_RELEASED);
	ck_ua(w.c, SENSE_NONE);
}
END_TEST

/* ---- Unregistering (5.13.11.3) ------------------------------------------- */

START_TEST(holder_releases_when_it_unregisters)
{
	bool all = types[_i] >= WE_AR;
	bool only = types[_i] == WE_RO || types[_i] == EA_RO;

	reg_all(types[_i]);
	ck_good(pr_out(w.a, REGISTER, 0, 1, 0));
	if (all)
		ck_assert_ptr_eq(strstr(pr_state(), "b=2* c=3*, "), pr_state());
	else
		ck_pr("b=2 c=3");
	ck_ua(w.b, only ? SENSE_UA_RESV_RELEASED : SENSE_NONE);
	ck_ua(w.c, only ? SENSE_UA_RESV_RELEASED : SENSE_NONE);
	ck_ua(w.a, SENSE_NONE);
}
END_TEST

START_TEST(last_registrant_releases_that_of_all)
{
	reg_all(EA_AR);
	ck_good(pr_out(w.b, REGISTER, 0, 2, 0));
	ck_good(pr_out(w.a, REGISTER, 0, 1, 0));
	ck_conflict(rd(w.a, 1));
	ck_good(pr_out(w.c, IGNORE, 0, 0, 0));
	ck_pr("");
	ck_good(rd(w.a, 1));
}
END_TEST

START_TEST(other_registrant_unregisters_quietly)
{
	reg_all(WE_RO);
	ck_good(wr(w.b, 1));
	ck_good(pr_out(w.b, REGISTER, 0, 2, 0));
	ck_pr("a=1* c=3, 5");
	ck_conflict(wr(w.b, 1));
	ck_ua(w.a, SENSE_NONE);
	ck_ua(w.b, SENSE_NONE);
	ck_ua(w.c, SENSE_NONE);
}
END_TEST

START_TEST(changed_key_keeps_the_reservation)
{
	reg_all(WE);
	ck_good(pr_out(w.a, REGISTER, 0, 1, 9));
	ck_pr("a=9* b=2 c=3, 1");
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *register_tcase(void)
{
	TCase *tc = tcase_create("REGISTER");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_test(tc, nobody_is_registered_at_first);
	tcase_add_test(tc, register_with_no_key_before);
	tcase_add_test(tc, register_needs_the_old_key);
	tcase_add_test(tc, key_can_be_changed);
	tcase_add_test(tc, keys_may_be_equal);
	tcase_add_test(tc, existing_key_can_be_ignored);
	tcase_add_test(tc, registering_nothing_changes_nothing);
	tcase_add_test(tc, scope_and_type_of_register_are_ignored);
	tcase_add_test(tc, registering_disturbs_nobody);
	tcase_add_test(tc, registrants_are_limited);
	tcase_add_test(tc, want_of_memory_registers_nobody);
	return tc;
}

static TCase *reserve_tcase(void)
{
	TCase *tc = tcase_create("RESERVE and RELEASE");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_test(tc, reserve_is_for_registrants);
	tcase_add_loop_test(tc, registrant_can_reserve, 0, 6);
	tcase_add_loop_test(tc, reserving_again_is_good_if_nothing_changes, 0,
			    6);
	tcase_add_loop_test(tc, only_one_can_reserve, 0, 6);
	tcase_add_test(tc, type_must_be_one);
	tcase_add_test(tc, scope_must_be_the_logical_unit);
	tcase_add_test(tc, later_registrant_holds_with_all_registrants);
	tcase_add_test(tc, later_registrant_may_access_with_registrants_only);
	tcase_add_loop_test(tc, holder_can_release, 0, 6);
	tcase_add_loop_test(tc, others_hear_of_a_release_if_it_concerns_them,
			    0, 6);
	tcase_add_test(tc, release_by_others_does_nothing);
	tcase_add_test(tc, release_of_nothing_does_nothing);
	tcase_add_test(tc, release_must_name_type_and_scope);
	tcase_add_test(tc, any_registrant_can_release_that_of_all);
	tcase_add_loop_test(tc, holder_releases_when_it_unregisters, 0, 6);
	tcase_add_test(tc, last_registrant_releases_that_of_all);
	tcase_add_test(tc, other_registrant_unregisters_quietly);
	tcase_add_test(tc, changed_key_keeps_the_reservation);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		register_tcase, reserve_tcase,
	};

	return core_main("core_pr", tcases, ARRAY_SIZE(tcases));
}
