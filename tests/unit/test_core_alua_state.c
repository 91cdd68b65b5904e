// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of access states: who changes them, who hears of it, and which
 * commands they let through.
 */
#include "core_alua.h"

/* ---- SET TARGET PORT GROUPS --------------------------------------------- */

START_TEST(states_are_set)
{
	ck_good(alua_set_list(w.a, "\0\0\0\0\1\0\0\3\3\0\0\7", 12));
	ck_groups("3 1 1: 1, 7 3 1: 2");
	ck_assert_int_eq(scst_port_group_state(al.g7), SCST_UNAVAILABLE);
	ck_ua(al.x, SENSE_UA_ALUA_CHANGED);
	ck_sense(rd(al.x, 1), SENSE_PORT_UNAVAILABLE);
	ck_good(rd(w.a, 1));
	/* ... through a port in any state but in transition */
	ck_good(alua_set_list(al.x, "\0\0\0\0\0\0\0\7\2\0\0\3", 12));
	ck_ua(w.a, SENSE_UA_ALUA_CHANGED);
	ck_groups("3 2 1: 1, 7 0 1: 2");
}
END_TEST

START_TEST(all_but_the_sender_hear_of_it)
{
	ck_good(alua_set(w.a, 7, SCST_STANDBY));
	ck_ua(w.a, SENSE_NONE);
	ck_ua(w.b, SENSE_UA_ALUA_CHANGED);
	ck_ua(al.x, SENSE_UA_ALUA_CHANGED);
}
END_TEST

/* For the other logical unit nobody asked. */
START_TEST(sender_hears_of_the_other_devices)
{
	struct fdev *d = fdev_add("dev1");

	ck_assert_int_eq(scst_device_group_add_device(al.dg, "dev1"), 0);
	ck_assert_int_eq(scst_group_map(w.grp, 1, d->core, false), 0);
	alua_see();
	ck_good(alua_set(w.a, 3, SCST_STANDBY));
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
	ck_assert_uint_eq(attention(w.a, 1), SENSE_UA_ALUA_CHANGED);
}
END_TEST

START_TEST(state_that_is_there_is_no_change)
{
	ck_good(alua_set(w.a, 7, SCST_ACTIVE_OPTIMIZED));
	ck_ua(w.b, SENSE_NONE);
	ck_groups("3 0 0: 1, 7 0 0: 2");
}
END_TEST

START_TEST(empty_list_is_no_change)
{
	ck_good(alua_set_list(w.a, "", 0));
	ck_good(alua_set_list(w.a, "\0\0\0\0", 4));
	ck_ua(w.b, SENSE_NONE);
}
END_TEST

/* The first descriptor would do; the second is wrong. */
static const struct {
	u8 descriptor[4];
	u16 byte;
	int bit;
} wrong[] = {
	{ { 0x4, 0, 0, 7 }, 8, 3 },		/* logical block dependent */
	{ { 0x5, 0, 0, 7 }, 8, 3 },
	{ { 0xd, 0, 0, 7 }, 8, 3 },
	{ { 0xe, 0, 0, 2 }, 8, 3 },		/* offline is not set */
	{ { 0xf, 0, 0, 7 }, 8, 3 },		/* transitioning */
	{ { 0x0, 0, 0, 4 }, 10, BAD_BYTE },	/* no such group */
	{ { 0x0, 0, 0, 0 }, 10, BAD_BYTE },
	{ { 0x0, 0, 7, 0 }, 10, BAD_BYTE },
	{ { 0x0, 0, 0, 3 }, 10, BAD_BYTE },	/* for the second time */
};

START_TEST(wrong_descriptor_changes_nothing)
{
	u8 list[12] = { 0, 0, 0, 0, SCST_STANDBY, 0, 0, 3 };

	memcpy(list + 8, wrong[_i].descriptor, 4);
	ck_bad_param(submit(alua_set_new(w.a, list, 12, 12)), wrong[_i].byte,
		     wrong[_i].bit);
	ck_groups("3 0 0: 1, 7 0 0: 2");
	ck_ua(w.b, SENSE_NONE);
}
END_TEST

START_TEST(reserved_bits_are_ignored)
{
	ck_good(alua_set_list(w.a, "\1\2\3\4\xf2\xff\0\7", 8));
	ck_groups("3 0 0: 1, 7 2 1: 2");
}
END_TEST

START_TEST(wrong_length_is_refused)
{
	static const u32 lens[] = { 1, 3, 5, 7, 4100, 0xfffffffc };
	const u8 list[8] = { 0, 0, 0, 0, SCST_STANDBY, 0, 0, 7 };

	ck_bad_cdb(submit(alua_set_new(w.a, list, 8, lens[_i])), 6, BAD_BYTE);
}
END_TEST

START_TEST(list_that_does_not_arrive_changes_nothing)
{
	const u8 list[12] = { 0, 0, 0, 0, SCST_STANDBY, 0, 0, 7 };

	ck_sense(submit(alua_set_new(w.a, list, 8, 12)), SENSE_PARAM_LENGTH_ERROR);
	ck_groups("3 0 0: 1, 7 0 0: 2");
}
END_TEST

START_TEST(reservation_keeps_others_from_setting)
{
	const u8 reserve[16] = { SCSI_RESERVE_6 };

	ck_good(submit(fcmd_new(w.b, 0, reserve, 16, SCST_DATA_NONE, 0)));
	ck_status(alua_set(w.a, 7, SCST_STANDBY), SCSI_RESERVATION_CONFLICT);
	ck_good(alua_set(w.b, 7, SCST_STANDBY));
}
END_TEST

START_TEST(aborted_command_changes_nothing)
{
	const u8 list[8] = { 0, 0, 0, 0, SCST_STANDBY, 0, 0, 7 };
	struct fcmd *c;

	w.a->hold_data = true;
	c = submit(alua_set_new(w.a, list, 8, 8));
	fcmd_cmd(c)->aborted = true;
	send_data(c);
	ck_assert(c->answered);
	ck_groups("3 0 0: 1, 7 0 0: 2");
}
END_TEST

/* ---- Implicit changes --------------------------------------------------- */

START_TEST(all_hear_of_an_implicit_change)
{
	scst_port_group_set_state(al.g7, SCST_ACTIVE_NON_OPTIMIZED);
	ck_ua(w.a, SENSE_UA_ALUA_CHANGED);
	ck_ua(w.b, SENSE_UA_ALUA_CHANGED);
	ck_ua(al.x, SENSE_UA_ALUA_CHANGED);
	ck_groups("3 0 0: 1, 7 1 2: 2");
	ck_good(rd(al.x, 1));
	scst_port_group_set_state(al.g7, SCST_ACTIVE_NON_OPTIMIZED);
	ck_ua(w.a, SENSE_NONE);
}
END_TEST

START_TEST(all_hear_of_the_preferred_group)
{
	scst_port_group_set_preferred(al.g7, true);
	ck_ua(w.a, SENSE_UA_ALUA_CHANGED);
	scst_port_group_set_preferred(al.g7, true);
	ck_ua(w.a, SENSE_NONE);
	ck_groups("3 0 0: 1, 7 0* 0: 2");
	scst_port_group_set_preferred(al.g7, false);
	ck_ua(w.a, SENSE_UA_ALUA_CHANGED);
}
END_TEST

/* ---- What runs in which state ------------------------------------------- */

static const struct {
	const char *runs;	/* in S standby, T transitioning, U unavailable */
	u8 cdb[10];
	u8 dir;
} commands[] = {
	{ "",	 { SCSI_TEST_UNIT_READY } },
	{ "STU", { SCSI_REQUEST_SENSE, 0, 0, 0, 18 }, SCST_DATA_IN },
	{ "STU", { SCSI_INQUIRY, 0, 0, 0, 36 }, SCST_DATA_IN },
	{ "STU", { SCSI_REPORT_LUNS, [9] = 16 }, SCST_DATA_IN },
	{ "STU", { SCSI_MAINTENANCE_IN, 0x0a, [9] = 4 }, SCST_DATA_IN },
	{ "S",	 { SCSI_MAINTENANCE_IN, 0x0c, [9] = 4 }, SCST_DATA_IN },
	{ "S",	 { SCSI_MAINTENANCE_IN, 0x0d, [9] = 4 }, SCST_DATA_IN },
	{ "SU",	 { SCSI_MAINTENANCE_OUT, 0x0a } },
	{ "S",	 { SCSI_MODE_SENSE_6, 0, 0x0a, 0, 64 }, SCST_DATA_IN },
	{ "S",	 { SCSI_MODE_SENSE_10, 0, 0x0a, [8] = 64 }, SCST_DATA_IN },
	{ "S",	 { SCSI_MODE_SELECT_6, 0x10 } },
	{ "S",	 { SCSI_MODE_SELECT_10, 0x10 } },
	{ "S",	 { SCSI_PERSISTENT_IN, 0, [8] = 8 }, SCST_DATA_IN },
	{ "S",	 { SCSI_SEND_DIAGNOSTIC, 0x04 } },
	{ "S",	 { SCSI_LOG_SENSE } },
	{ "S",	 { SCSI_READ_CAPACITY_10 } },
	{ "S",	 { SCSI_SERVICE_ACTION_IN_16, 0x10 } },
	{ "",	 { SCSI_SERVICE_ACTION_IN_16, 0x12 } },
	{ "",	 { SCSI_RESERVE_6 } },
	{ "",	 { SCSI_RELEASE_6 } },
	{ "",	 { SCSI_READ_10 }, SCST_DATA_IN },
	{ "",	 { SCSI_WRITE_10 } },
	{ "",	 { FOP_NOP } },
	{ "",	 { FOP_ANY } },
};

static const struct {
	enum scst_access_state state;
	char letter;		/* in commands[].runs; 0: all run */
	enum scst_sense sense;
} states[] = {
	{ SCST_ACTIVE_OPTIMIZED },
	{ SCST_ACTIVE_NON_OPTIMIZED },
	{ SCST_STANDBY, 'S', SENSE_PORT_STANDBY },
	{ SCST_UNAVAILABLE, 'U', SENSE_PORT_UNAVAILABLE },
	{ SCST_OFFLINE, 'U', SENSE_LUN_OFFLINE },
	{ SCST_TRANSITIONING, 'T', SENSE_ALUA_TRANSITION },
};

static void disk_setup(void)
{
	struct fdev *d;

	alua_up_explicit();
	d = fdev_new("dev1");
	fdev_add_opcode(d, SCSI_LOG_SENSE, 10, SCST_NO_SA, 0);
	fdev_add_opcode(d, SCSI_READ_CAPACITY_10, 10, SCST_NO_SA, 0);
	fdev_add_opcode(d, SCSI_SERVICE_ACTION_IN_16, 16,
			SCSI_SA_READ_CAPACITY_16, 0);
	fdev_add_opcode(d, SCSI_SERVICE_ACTION_IN_16, 16,
			SCSI_SA_GET_LBA_STATUS, 0);
	fdev_register(d);
	ck_assert_int_eq(scst_device_group_add_device(al.dg, "dev1"), 0);
	ck_assert_int_eq(scst_group_map(w.grp, 1, d->core, false), 0);
	alua_see();
}

START_TEST(state_says_what_runs)
{
	struct fcmd *c;
	u32 i;

	scst_port_group_set_state(al.g3, states[_i].state);
	alua_see();
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		u8 cdb[16] = { 0 };

		memcpy(cdb, commands[i].cdb, 10);
		c = submit(fcmd_new(w.a, 1, cdb, 16, commands[i].dir,
				    commands[i].dir ? 64 : 0));
		if (!states[_i].letter ||
		    strchr(commands[i].runs, states[_i].letter))
			ck_good(c);
		else
			ck_sense(c, states[_i].sense);
	}
	/* Through the other port all is as before. */
	ck_good(rd(al.x, 1));
	ck_good(wr(al.x, 1));
}
END_TEST

START_TEST(unavailable_is_not_connected)
{
	scst_port_group_set_state(al.g3, SCST_UNAVAILABLE);
	ck_assert_uint_eq(alua_inquiry(w.a, 0, 0)->in[0], 0x20 | SCSI_TYPE_DISK);
	ck_assert_uint_eq(alua_inquiry(w.a, 1, 0x80)->in[0], 0x20 | SCSI_TYPE_DISK);
	ck_assert_uint_eq(alua_inquiry(al.x, 0, 0)->in[0], SCSI_TYPE_DISK);
	scst_port_group_set_state(al.g3, SCST_STANDBY);
	ck_assert_uint_eq(alua_inquiry(w.a, 0, 0)->in[0], SCSI_TYPE_DISK);
}
END_TEST

START_TEST(unit_attention_goes_before_the_state)
{
	scst_port_group_set_state(al.g3, SCST_STANDBY);
	ck_sense(rd(w.a, 1), SENSE_UA_ALUA_CHANGED);
	ck_sense(rd(w.a, 1), SENSE_PORT_STANDBY);
}
END_TEST

START_TEST(conflict_goes_before_the_state)
{
	const u8 reserve[16] = { SCSI_RESERVE_6 };

	ck_good(submit(fcmd_new(w.b, 0, reserve, 16, SCST_DATA_NONE, 0)));
	scst_port_group_set_state(al.g3, SCST_STANDBY);
	alua_see();
	ck_status(rd(w.a, 1), SCSI_RESERVATION_CONFLICT);
	ck_sense(rd(w.b, 1), SENSE_PORT_STANDBY);
	tmf(w.b, SCST_LUN_RESET, 0);
	alua_see();
	ck_sense(rd(w.a, 1), SENSE_PORT_STANDBY);
	scst_port_group_set_state(al.g3, SCST_ACTIVE_OPTIMIZED);
	alua_see();
	ck_good(rd(w.a, 1));
}
END_TEST

START_TEST(command_that_runs_already_ends_as_it_would)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = rd(w.a, 1);
	scst_port_group_set_state(al.g3, SCST_UNAVAILABLE);
	finish(c);
	ck_good(c);
}
END_TEST

/* ------------------------------------------------------------------------- */

static TCase *set_tcase(void)
{
	TCase *tc = tcase_create("set");

	tcase_add_checked_fixture(tc, alua_up_explicit, alua_down);
	tcase_add_test(tc, states_are_set);
	tcase_add_test(tc, all_but_the_sender_hear_of_it);
	tcase_add_test(tc, sender_hears_of_the_other_devices);
	tcase_add_test(tc, state_that_is_there_is_no_change);
	tcase_add_test(tc, empty_list_is_no_change);
	tcase_add_loop_test(tc, wrong_descriptor_changes_nothing, 0,
			    ARRAY_SIZE(wrong));
	tcase_add_test(tc, reserved_bits_are_ignored);
	tcase_add_loop_test(tc, wrong_length_is_refused, 0, 6);
	tcase_add_test(tc, list_that_does_not_arrive_changes_nothing);
	tcase_add_test(tc, reservation_keeps_others_from_setting);
	tcase_add_test(tc, aborted_command_changes_nothing);
	return tc;
}

static TCase *implicit_tcase(void)
{
	TCase *tc = tcase_create("implicit");

	tcase_add_checked_fixture(tc, alua_up, alua_down);
	tcase_add_test(tc, all_hear_of_an_implicit_change);
	tcase_add_test(tc, all_hear_of_the_preferred_group);
	tcase_add_test(tc, unavailable_is_not_connected);
	tcase_add_test(tc, unit_attention_goes_before_the_state);
	tcase_add_test(tc, conflict_goes_before_the_state);
	tcase_add_test(tc, command_that_runs_already_ends_as_it_would);
	return tc;
}

static TCase *state_tcase(void)
{
	TCase *tc = tcase_create("states");

	tcase_add_checked_fixture(tc, disk_setup, alua_down);
	tcase_add_loop_test(tc, state_says_what_runs, 0, ARRAY_SIZE(states));
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		set_tcase, implicit_tcase, state_tcase,
	};

	return core_main("core_alua_state", tcases, ARRAY_SIZE(tcases));
}
