// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of target port groups: what initiators are told of them, and
 * how they come and go.
 */
#include "core_alua.h"

/* Is the command in the list of REPORT SUPPORTED OPERATION CODES? */
static bool listed(u8 op, u16 sa)
{
	const u8 cdb[16] = { SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_OPCODES,
			     0, 0, 0, 0, 0, 0, 0x10, 0 };
	const u8 one[16] = { SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_OPCODES,
			     3, op, sa >> 8, sa, 0, 0, 0x10, 0 };
	bool found = false;
	struct fcmd *c;
	u32 at;

	c = submit(fcmd_new(w.a, 0, cdb, sizeof(cdb), SCST_DATA_IN, 4096));
	ck_good(c);
	ck_assert_uint_eq(get_unaligned_be32(c->in) + 4, c->in_len);
	for (at = 4; at < c->in_len; at += 8)
		found |= c->in[at] == op &&
			 get_unaligned_be16(c->in + at + 2) == sa;
	c = submit(fcmd_new(w.a, 0, one, sizeof(one), SCST_DATA_IN, 4096));
	ck_good(c);
	ck_assert_int_eq((c->in[1] & 7) == 3, found);
	return found;
}

/* ---- Whether it is there ------------------------------------------------ */

START_TEST(nothing_is_there_without_groups)
{
	ck_assert_uint_eq(alua_tpgs(w.a), 0);
	ck_assert_uint_eq(alua_designated(w.a), 0);
	ck_bad_cdb(alua_report(w.a, 0, 4096), 1, 4);
	ck_sense(alua_set(w.a, 3, 0), SENSE_INVALID_OPCODE);
	ck_assert(!listed(SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_TARGET_GROUPS));
	ck_assert(!listed(SCSI_MAINTENANCE_OUT, SCSI_SA_SET_TARGET_GROUPS));
}
END_TEST

START_TEST(implicit_access_is_told)
{
	ck_assert_uint_eq(alua_tpgs(w.a), 1);
	ck_assert_uint_eq(alua_tpgs(al.x), 1);
	ck_assert_uint_eq(alua_designated(w.a), 3);
	ck_assert_uint_eq(alua_designated(al.x), 7);
	ck_assert(listed(SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_TARGET_GROUPS));
	ck_assert(!listed(SCSI_MAINTENANCE_OUT, SCSI_SA_SET_TARGET_GROUPS));
	ck_sense(alua_set(w.a, 3, 0), SENSE_INVALID_OPCODE);
}
END_TEST

START_TEST(explicit_access_is_told)
{
	scst_device_group_set_explicit(al.dg, true);
	ck_ua(w.a, SENSE_UA_INQUIRY_CHANGED);
	ck_assert_uint_eq(alua_tpgs(w.a), 3);
	ck_assert(listed(SCSI_MAINTENANCE_OUT, SCSI_SA_SET_TARGET_GROUPS));
	scst_device_group_set_explicit(al.dg, false);
	ck_ua(w.a, SENSE_UA_INQUIRY_CHANGED);
	ck_assert_uint_eq(alua_tpgs(w.a), 1);
	ck_sense(alua_set(w.a, 3, 0), SENSE_INVALID_OPCODE);
}
END_TEST

START_TEST(port_of_no_group_is_not_concerned)
{
	scst_port_group_set_state(al.g7, SCST_UNAVAILABLE);
	ck_assert_int_eq(scst_port_group_del_port(al.g7, 2), 0);
	see_attentions(al.x);
	ck_assert_uint_eq(alua_tpgs(al.x), 0);
	ck_assert_uint_eq(alua_designated(al.x), 0);
	ck_good(rd(al.x, 1));
	scst_port_group_set_state(al.g3, SCST_STANDBY);
	ck_ua(al.x, SENSE_NONE);
	/* Who asks is told of the other ports nevertheless. */
	ck_assert_str_eq(alua_groups(al.x), "3 2 2: 1");
}
END_TEST

START_TEST(device_of_no_group_is_not_concerned)
{
	fdev_add("dev1");
	ck_assert_int_eq(scst_device_group_del_device(al.dg, "dev0"), 0);
	ck_assert_int_eq(scst_device_group_add_device(al.dg, "dev1"), 0);
	ck_ua(w.a, SENSE_UA_INQUIRY_CHANGED);
	ck_assert_uint_eq(alua_tpgs(w.a), 0);
	scst_port_group_set_state(al.g3, SCST_UNAVAILABLE);
	ck_ua(w.a, SENSE_NONE);
	ck_good(rd(w.a, 1));
}
END_TEST

START_TEST(device_comes_after_its_group)
{
	struct fdev *d;

	ck_assert_int_eq(scst_device_group_add_device(al.dg, "dev1"), 0);
	scst_port_group_set_state(al.g3, SCST_STANDBY);
	d = fdev_add("dev1");
	ck_assert_int_eq(scst_group_unmap(w.grp, 0), 0);
	ck_assert_int_eq(scst_group_map(w.grp, 0, d->core, false), 0);
	alua_see();
	ck_assert_uint_eq(alua_designated(w.a), 3);
	ck_sense(rd(w.a, 1), SENSE_PORT_STANDBY);
	/* It goes, and comes back with the same name. */
	fdev_remove(d);
	d = fdev_add("dev1");
	ck_assert_int_eq(scst_group_map(w.grp, 0, d->core, false), 0);
	alua_see();
	ck_sense(rd(w.a, 1), SENSE_PORT_STANDBY);
}
END_TEST

START_TEST(nexus_comes_after_the_groups)
{
	struct fport *p;

	scst_port_group_set_state(al.g3, SCST_UNAVAILABLE);
	p = alua_port_at(w.tgt, "iqn.d");
	ck_assert_uint_eq(alua_tpgs(p), 1);
	ck_sense(rd(p, 1), SENSE_PORT_UNAVAILABLE);
}
END_TEST

START_TEST(groups_go)
{
	scst_port_group_set_state(al.g3, SCST_UNAVAILABLE);
	alua_see();
	scst_device_group_del(al.dg);
	al.dg = NULL;
	ck_ua(w.a, SENSE_UA_INQUIRY_CHANGED);
	ck_assert_uint_eq(alua_tpgs(w.a), 0);
	ck_good(rd(w.a, 1));
	ck_bad_cdb(alua_report(w.a, 0, 4096), 1, 4);
}
END_TEST

START_TEST(one_group_goes)
{
	scst_port_group_set_state(al.g3, SCST_UNAVAILABLE);
	alua_see();
	scst_port_group_del(al.g3);
	ck_ua(w.a, SENSE_UA_INQUIRY_CHANGED);
	ck_ua(al.x, SENSE_UA_ALUA_CHANGED);
	ck_good(rd(w.a, 1));
	ck_groups("7 0 0: 2");
}
END_TEST

/* ---- REPORT TARGET PORT GROUPS ------------------------------------------ */

START_TEST(report_has_all_there_is)
{
	const u8 want[] = {
		0, 0, 0, 28,
		0x82, 0xcf, 0, 3, 0, 2, 0, 2, 0, 0, 0, 1, 0, 0, 1, 2,
		0x00, 0xcf, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2,
	};
	struct fcmd *c;

	scst_port_group_set_state(al.g3, SCST_STANDBY);
	scst_port_group_set_preferred(al.g3, true);
	ck_assert_int_eq(scst_port_group_add_port(al.g3, 0x102), 0);
	alua_see();
	c = alua_report(w.a, 0, 4096);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, sizeof(want) - 4 + 4);
	ck_assert_mem_eq(c->in + 4, want + 4, sizeof(want) - 4);
	ck_assert_uint_eq(get_unaligned_be32(c->in), sizeof(want) - 4);
}
END_TEST

START_TEST(extended_header_is_before_the_same)
{
	struct fcmd *c = alua_report(w.a, 0, 4096), *e = alua_report(w.a, 1, 4096);

	ck_good(e);
	ck_assert_uint_eq(e->in_len, c->in_len + 4);
	ck_assert_uint_eq(get_unaligned_be32(e->in), e->in_len - 4);
	ck_assert_mem_eq(e->in + 4, "\x10\0\0\0", 4);
	ck_assert_mem_eq(e->in + 8, c->in + 4, c->in_len - 4);
}
END_TEST

START_TEST(report_is_cut_to_the_allocation_length)
{
	struct fcmd *whole = alua_report(w.a, _i, 4096), *c;
	u32 alloc;

	for (alloc = 0; alloc <= whole->in_len + 1; alloc++) {
		c = alua_report(w.a, _i, alloc);
		ck_good(c);
		ck_assert_uint_eq(c->in_len, min(alloc, whole->in_len));
		ck_assert_mem_eq(c->in ?: (u8 *)"", whole->in, c->in_len);
	}
}
END_TEST

START_TEST(other_formats_are_refused)
{
	ck_bad_cdb(alua_report(w.a, _i, 4096), 1, 7);
}
END_TEST

START_TEST(group_without_ports_is_not_reported)
{
	struct scst_port_group *pg = scst_port_group_add(al.dg, 5);

	ck_assert(!IS_ERR(pg));
	ck_groups("3 0 0: 1, 7 0 0: 2");
	ck_ua(w.a, SENSE_NONE);
	ck_assert_int_eq(scst_port_group_add_port(pg, 9), 0);
	ck_ua(w.a, SENSE_UA_ALUA_CHANGED);
	ck_groups("3 0 0: 1, 5 0 0: 9, 7 0 0: 2");
}
END_TEST

START_TEST(report_comes_past_reservations)
{
	const u8 reserve[16] = { SCSI_RESERVE_6 };

	ck_good(submit(fcmd_new(w.b, 0, reserve, 16, SCST_DATA_NONE, 0)));
	ck_groups("3 0 0: 1, 7 0 0: 2");
}
END_TEST

/* ---- Configuration ------------------------------------------------------ */

START_TEST(device_is_in_one_group_only)
{
	struct scst_device_group *second = scst_device_group_add(w.ctx);

	ck_assert(!IS_ERR(second));
	ck_assert_int_eq(scst_device_group_add_device(al.dg, "dev0"), -EEXIST);
	ck_assert_int_eq(scst_device_group_add_device(second, "dev0"),
			 -EEXIST);
	ck_assert_int_eq(scst_device_group_del_device(second, "dev0"),
			 -ENOENT);
	ck_assert_int_eq(scst_device_group_del_device(al.dg, "dev0"), 0);
	ck_assert_int_eq(scst_device_group_add_device(second, "dev0"), 0);
	scst_device_group_del(second);
	ck_assert_int_eq(scst_device_group_add_device(al.dg, "dev0"), 0);
}
END_TEST

START_TEST(numbers_are_checked)
{
	u16 port;

	ck_assert_int_eq(PTR_ERR(scst_port_group_add(al.dg, 0)), -EINVAL);
	ck_assert_int_eq(PTR_ERR(scst_port_group_add(al.dg, 3)), -EEXIST);
	ck_assert_int_eq(scst_port_group_add_port(al.g3, 0), -EINVAL);
	ck_assert_int_eq(scst_port_group_add_port(al.g3, 1), -EEXIST);
	ck_assert_int_eq(scst_port_group_add_port(al.g3, 2), -EEXIST);
	ck_assert_int_eq(scst_port_group_del_port(al.g3, 2), -ENOENT);
	for (port = 10; port < 10 + 254; port++)
		ck_assert_int_eq(scst_port_group_add_port(al.g3, port), 0);
	ck_assert_int_eq(scst_port_group_add_port(al.g3, port), -ENOSPC);
	alua_see();
	ck_assert_uint_eq(alua_report(w.a, 0, 4096)->in_len,
			  4 + 8 + 255 * 4 + 8 + 4);
}
END_TEST

START_TEST(target_gets_another_number)
{
	ck_assert_uint_eq(scst_target_port_id(al.other), 2);
	ck_assert_int_eq(scst_target_set_port_id(al.other, 0), -EINVAL);
	ck_assert_int_eq(scst_target_set_port_id(al.other, 1), -EEXIST);
	ck_assert_int_eq(scst_target_set_port_id(al.other, 9), -EBUSY);
	ck_assert_int_eq(scst_target_set_port_id(al.other, 2), 0);
	fport_del(al.x);
	ck_assert_int_eq(scst_target_set_port_id(al.other, 9), 0);
	al.x = alua_port_at(al.other, "iqn.a");
	ck_assert_uint_eq(alua_tpgs(al.x), 0);
	ck_assert_int_eq(scst_port_group_add_port(al.g7, 9), 0);
	alua_see();
	ck_assert_uint_eq(alua_designated(al.x), 7);
}
END_TEST

START_TEST(states_have_names)
{
	static const enum scst_access_state states[] = {
		SCST_ACTIVE_OPTIMIZED, SCST_ACTIVE_NON_OPTIMIZED, SCST_STANDBY,
		SCST_UNAVAILABLE, SCST_OFFLINE, SCST_TRANSITIONING,
	};
	enum scst_access_state state = SCST_OFFLINE;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		ck_assert_int_eq(scst_access_state_parse(
			scst_access_state_name(states[i]), &state), 0);
		ck_assert_int_eq(state, states[i]);
	}
	ck_assert_int_eq(scst_access_state_parse("active", &state), -EINVAL);
	ck_assert_int_eq(scst_access_state_parse("", &state), -EINVAL);
}
END_TEST

/* ------------------------------------------------------------------------- */

static TCase *bare_tcase(void)
{
	TCase *tc = tcase_create("without groups");

	tcase_add_checked_fixture(tc, alua_up_bare, alua_down);
	tcase_add_test(tc, nothing_is_there_without_groups);
	return tc;
}

static TCase *group_tcase(void)
{
	TCase *tc = tcase_create("groups");

	tcase_add_checked_fixture(tc, alua_up, alua_down);
	tcase_add_test(tc, implicit_access_is_told);
	tcase_add_test(tc, explicit_access_is_told);
	tcase_add_test(tc, port_of_no_group_is_not_concerned);
	tcase_add_test(tc, device_of_no_group_is_not_concerned);
	tcase_add_test(tc, device_comes_after_its_group);
	tcase_add_test(tc, nexus_comes_after_the_groups);
	tcase_add_test(tc, groups_go);
	tcase_add_test(tc, one_group_goes);
	tcase_add_test(tc, report_has_all_there_is);
	tcase_add_test(tc, extended_header_is_before_the_same);
	tcase_add_loop_test(tc, report_is_cut_to_the_allocation_length, 0, 2);
	tcase_add_loop_test(tc, other_formats_are_refused, 2, 8);
	tcase_add_test(tc, group_without_ports_is_not_reported);
	tcase_add_test(tc, report_comes_past_reservations);
	tcase_add_test(tc, device_is_in_one_group_only);
	tcase_add_test(tc, numbers_are_checked);
	tcase_add_test(tc, target_gets_another_number);
	tcase_add_test(tc, states_have_names);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = { bare_tcase, group_tcase };

	return core_main("core_alua", tcases, ARRAY_SIZE(tcases));
}
