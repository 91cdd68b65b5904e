// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of who sees what: LUN fields, initiator groups, LUN maps that
 * change, nexuses that come and go, devices that leave, LUNs that are not
 * there.
 */
#include "core_fake.h"

static struct fdev *other;	/* a second device, mapped nowhere */

static void setup(void)
{
	world_up();
	other = fdev_add("dev1");
}

static void map(u16 lun, struct fdev *d)
{
	ck_assert_int_eq(scst_group_map(w.grp, lun, d->core, false), 0);
}

/* ---- LUN fields --------------------------------------------------------- */

static const struct {
	u8 field[8];
	u16 lun;
} luns[] = {
	{ { 0x00, 0x00 }, 0 },
	{ { 0x00, 0xff }, 255 },
	{ { 0x01, 0x00 }, SCST_LUN_NONE },	/* bus 1 */
	{ { 0x40, 0x00 }, 0 },
	{ { 0x40, 0x01 }, 1 },
	{ { 0x7f, 0xff }, 16383 },
	{ { 0x80, 0x05 }, 5 },
	{ { 0x80, 0x1f }, 31 },
	{ { 0x80, 0x20 }, SCST_LUN_NONE },	/* bus 1 */
	{ { 0x81, 0x00 }, SCST_LUN_NONE },	/* target 1 */
	{ { 0xc1, 0x01 }, SCSI_WLUN_REPORT_LUNS },
	{ { 0xc1, 0x02 }, SCST_LUN_NONE },	/* another well known one */
	{ { 0xd2, 0x00, 0x00, 0x01 }, SCST_LUN_NONE },	/* long extended */
	{ { 0x00, 0x01, 0x00, 0x01 }, SCST_LUN_NONE },	/* second level */
	{ { 0x00, 0x01, 0, 0, 0, 0, 0, 1 }, SCST_LUN_NONE },
};

START_TEST(lun_field_is_decoded)
{
	ck_assert_uint_eq(scst_lun_decode(luns[_i].field), luns[_i].lun);
}
END_TEST

START_TEST(every_lun_is_encoded)
{
	u8 field[8];
	u32 lun;

	for (lun = 0; lun <= SCST_LUN_MAX; lun++) {
		memset(field, 0xff, sizeof(field));
		scst_lun_encode(lun, field);
		ck_assert_uint_eq(scst_lun_decode(field), lun);
		ck_assert_uint_eq(field[0] >> 6, lun > 255);
	}
	scst_lun_encode(SCSI_WLUN_REPORT_LUNS, field);
	ck_assert_mem_eq(field, "\xc1\x01\0\0\0\0\0\0", 8);
}
END_TEST

/* ---- Groups ------------------------------------------------------------- */

static struct scst_group *group(const char *name, const char *pattern)
{
	struct scst_group *grp = scst_group_add(w.tgt, name);

	ck_assert(!IS_ERR(grp));
	ck_assert_int_eq(scst_group_add_pattern(grp, pattern), 0);
	return grp;
}

START_TEST(target_without_groups_admits_nobody)
{
	int err;

	ck_assert(!scst_target_admits(w.tgt, "iqn.x"));
	ck_assert_ptr_null(fport_new("iqn.x", &err));
	ck_assert_int_eq(err, -EACCES);
}
END_TEST

START_TEST(group_without_patterns_matches_nobody)
{
	scst_group_add(w.tgt, "empty");
	ck_assert(!scst_target_admits(w.tgt, "iqn.x"));
}
END_TEST

START_TEST(first_group_that_matches_counts)
{
	struct fport *p;

	group("ours", "iqn.ours.*");
	group("all", "*");
	p = fport_add("iqn.ours.1");
	ck_assert_str_eq(p->nexus->group->name, "ours");
	p = fport_add("iqn.theirs.1");
	ck_assert_str_eq(p->nexus->group->name, "all");
}
END_TEST

START_TEST(name_is_matched_whatever_its_case)
{
	group("ours", "IQN.ours.?");
	ck_assert(scst_target_admits(w.tgt, "iqn.OURS.1"));
	ck_assert(!scst_target_admits(w.tgt, "iqn.ours."));
}
END_TEST

START_TEST(exclusion_before_the_pattern_excludes)
{
	struct scst_group *grp = group("ours", "!*.bad");

	scst_group_add_pattern(grp, "iqn.*");
	ck_assert(scst_target_admits(w.tgt, "iqn.good"));
	ck_assert(!scst_target_admits(w.tgt, "iqn.bad"));
}
END_TEST

START_TEST(exclusion_behind_the_pattern_is_never_reached)
{
	struct scst_group *grp = group("ours", "iqn.*");

	scst_group_add_pattern(grp, "!*.bad");
	ck_assert(scst_target_admits(w.tgt, "iqn.bad"));
}
END_TEST

START_TEST(excluded_initiator_may_be_in_a_later_group)
{
	struct fport *p;

	group("ours", "!iqn.x");
	group("rest", "*");
	p = fport_add("iqn.x");
	ck_assert_str_eq(p->nexus->group->name, "rest");
}
END_TEST

START_TEST(pattern_counts_for_nexuses_to_come)
{
	struct scst_group *late = group("late", "*"), *early;
	struct fport *p = fport_add("iqn.x");

	early = scst_group_add(w.tgt, "early");
	scst_group_add_pattern(early, "*");
	ck_assert_ptr_eq(p->nexus->group, late);
}
END_TEST

START_TEST(target_names_are_unique_whatever_their_case)
{
	struct scst_target *tgt;

	tgt = scst_target_register(w.ctx, "IQN.T", &w.ops, NULL);
	ck_assert_int_eq(PTR_ERR(tgt), -EEXIST);
}
END_TEST

START_TEST(names_have_their_length)
{
	char name[SCST_NAME_MAX + 2];
	struct scst_target *tgt;
	int err;

	group("all", "*");
	memset(name, 'x', sizeof(name));
	name[SCST_NAME_MAX + 1] = '\0';
	tgt = scst_target_register(w.ctx, name, &w.ops, NULL);
	ck_assert_int_eq(PTR_ERR(tgt), -ENAMETOOLONG);
	ck_assert_ptr_null(fport_new(name, &err));
	ck_assert_int_eq(err, -ENAMETOOLONG);
	name[SCST_NAME_MAX] = '\0';
	ck_assert_str_eq(fport_add(name)->nexus->initiator, name);
}
END_TEST

START_TEST(target_knows_its_name_and_owner)
{
	ck_assert_str_eq(scst_target_name(w.tgt), "iqn.t");
	ck_assert_ptr_eq(scst_target_priv(w.tgt), &w);
}
END_TEST

/* ---- LUN maps ----------------------------------------------------------- */

/* LUNs that REPORT LUNS lists, as "0 3 c101". */
static const char *inventory_of(struct fport *p, u16 at, u8 select)
{
	u8 cdb[12] = { SCSI_REPORT_LUNS, 0, select, 0, 0, 0, 0, 0, 1, 0 };
	static char text[128];
	struct fcmd *c;
	size_t n = 0;
	u32 i, len;

	c = submit(fcmd_new(p, at, cdb, 12, SCST_DATA_IN, 256));
	ck_good(c);
	len = get_unaligned_be32(c->in);
	ck_assert_uint_eq(c->in_len, 8 + len);
	*text = '\0';
	for (i = 8; i < 8 + len; i += 8)
		n += snprintf(text + n, sizeof(text) - n, "%s%x",
			      n ? " " : "", scst_lun_decode(c->in + i));
	log_clear();
	return text;
}

static const char *inventory(struct fport *p)
{
	return inventory_of(p, 0, 0);
}

START_TEST(luns_are_listed_in_order)
{
	map(300, other);
	map(2, other);
	map(16383, other);
	map(1, other);
	ck_assert_str_eq(inventory(w.a), "0 1 2 12c 3fff");
}
END_TEST

START_TEST(new_nexus_sees_all_luns)
{
	map(300, other);
	map(2, other);
	ck_assert_str_eq(inventory(fport_add("iqn.d")), "0 2 12c");
}
END_TEST

START_TEST(every_listed_lun_answers)
{
	const u8 cdb[10] = { FOP_ANY };
	u16 lun;

	/* Gaps, so that the table's short cut is of no use. */
	for (lun = 3; lun < 60; lun += 3)
		map(lun, other);
	for (lun = 0; lun < 60; lun++) {
		struct fcmd *c = submit(fcmd_new(w.a, lun, cdb, 10,
						 SCST_DATA_NONE, 0));

		ck_status(c, lun % 3 ? SCSI_CHECK_CONDITION : SCSI_GOOD);
	}
}
END_TEST

START_TEST(lun_can_be_taken_once)
{
	map(5, other);
	ck_assert_int_eq(scst_group_map(w.grp, 5, w.dev->core, false),
			 -EEXIST);
	ck_assert_int_eq(scst_group_map(w.grp, SCST_LUN_MAX + 1,
					other->core, false), -ERANGE);
	ck_assert_int_eq(scst_group_unmap(w.grp, 6), -ENOENT);
	ck_assert_int_eq(scst_group_unmap(w.grp, 5), 0);
	ck_assert_int_eq(scst_group_unmap(w.grp, 5), -ENOENT);
}
END_TEST

START_TEST(added_lun_is_told_everywhere)
{
	map(5, other);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_LUNS_CHANGED);
	ck_assert_uint_eq(attention(w.a, 0), 0);
	/* To the new one its own beginning is news; the list was read. */
	ck_assert_uint_eq(attention(w.a, 5), SENSE_UA_RESET);
	ck_assert_uint_eq(attention(w.a, 5), 0);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_UA_LUNS_CHANGED);
}
END_TEST

START_TEST(removed_lun_is_told_everywhere)
{
	map(5, other);
	see_attentions(w.a);
	ck_assert_int_eq(scst_group_unmap(w.grp, 5), 0);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_LUNS_CHANGED);
	ck_assert_str_eq(inventory(w.a), "0");
}
END_TEST

START_TEST(change_of_luns_is_told_once)
{
	map(5, other);
	see_attentions(w.a);
	map(6, other);
	ck_sense(nop(w.a, SCST_SIMPLE), SENSE_UA_LUNS_CHANGED);
	ck_assert_uint_eq(attention(w.a, 5), 0);
}
END_TEST

START_TEST(who_lists_the_luns_need_not_be_told)
{
	map(5, other);
	ck_assert_str_eq(inventory(w.a), "0 5");
	ck_assert_uint_eq(attention(w.a, 0), 0);
	ck_assert_uint_eq(attention(w.b, 0), SENSE_UA_LUNS_CHANGED);
}
END_TEST

START_TEST(change_concerns_its_group_only)
{
	struct scst_group *grp;

	scst_group_add(w.tgt, "none");
	grp = scst_group_add(w.tgt, "other");
	ck_assert_int_eq(scst_group_map(grp, 7, other->core, false), 0);
	ck_assert_uint_eq(attention(w.a, 0), 0);
	ck_assert_str_eq(inventory(w.a), "0");
}
END_TEST

START_TEST(commands_of_a_removed_lun_end_as_they_would)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = rd(w.a, 1);
	ck_assert_int_eq(scst_group_unmap(w.grp, 0), 0);
	ck_sense(nop(w.a, SCST_SIMPLE), SENSE_LUN_NOT_SUPPORTED);
	log_clear();
	finish(c);
	ck_log("a1");
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 512);
}
END_TEST

START_TEST(removed_lun_can_come_back_while_commands_run)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	ck_assert_int_eq(scst_group_unmap(w.grp, 0), 0);
	map(0, w.dev);
	see_attentions(w.a);
	finish(c);
	ck_good(c);
	finish(nop(w.a, SCST_SIMPLE));
}
END_TEST

START_TEST(one_device_may_have_two_luns)
{
	map(5, w.dev);
	ck_assert_uint_eq(attention(w.a, 5), SENSE_UA_RESET);
	see_attentions(w.a);
	scst_device_ua(w.dev->core, SENSE_UA_CAPACITY_CHANGED, 0);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_CAPACITY_CHANGED);
	ck_assert_uint_eq(attention(w.a, 5), SENSE_UA_CAPACITY_CHANGED);
}
END_TEST

START_TEST(read_only_lun_refuses_what_writes)
{
	u8 cdb[10] = { SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct fcmd *c;

	ck_assert_int_eq(scst_group_map(w.grp, 5, w.dev->core, true), 0);
	see_attentions(w.a);
	c = submit(fcmd_new(w.a, 5, cdb, 10, SCST_DATA_OUT, 512));
	ck_sense(c, SENSE_WRITE_PROTECTED);
	ck_good(wr(w.a, 1));
	cdb[0] = FOP_STORE;
	c = submit(fcmd_new(w.a, 5, cdb, 10, SCST_DATA_OUT, 512));
	ck_good(c);
}
END_TEST

START_TEST(read_only_device_refuses_what_writes)
{
	scst_device_set_read_only(w.dev->core, true);
	ck_sense(wr(w.a, 1), SENSE_WRITE_PROTECTED);
	ck_good(rd(w.a, 1));
	scst_device_set_read_only(w.dev->core, false);
	ck_good(wr(w.a, 1));
}
END_TEST

/* ---- REPORT LUNS -------------------------------------------------------- */

START_TEST(select_report_chooses_what_is_listed)
{
	ck_assert_str_eq(inventory_of(w.a, 0, 0), "0");
	ck_assert_str_eq(inventory_of(w.a, 0, 1), "c101");
	ck_assert_str_eq(inventory_of(w.a, 0, 2), "0 c101");
}
END_TEST

START_TEST(select_report_of_another_value_is_refused)
{
	u8 cdb[12] = { SCSI_REPORT_LUNS, 0, 3, 0, 0, 0, 0, 0, 1, 0 };

	ck_bad_cdb(submit(fcmd_new(w.a, 0, cdb, 12, SCST_DATA_IN, 256)), 2,
		   BAD_BYTE);
}
END_TEST

START_TEST(luns_are_listed_anywhere)
{
	ck_assert_str_eq(inventory_of(w.a, 77, 2), "0 c101");
	ck_assert_str_eq(inventory_of(w.a, SCSI_WLUN_REPORT_LUNS, 2),
			 "0 c101");
}
END_TEST

START_TEST(list_is_cut_to_the_allocation_length)
{
	u8 cdb[12] = { SCSI_REPORT_LUNS, 0, 0, 0, 0, 0, 0, 0, 0, 20 };
	struct fcmd *c;

	map(1, other);
	c = submit(fcmd_new(w.a, 0, cdb, 12, SCST_DATA_IN, 100));
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 20);
	ck_assert_uint_eq(get_unaligned_be32(c->in), 16);
	ck_residual(c, "under 80");
}
END_TEST

/* ---- Where there is no logical unit ---------------------------------------- */

static struct fcmd *inquire(struct fport *p, u16 lun, u8 evpd, u8 page)
{
	u8 cdb[6] = { SCSI_INQUIRY, evpd, page, 0, 255 };

	return submit(fcmd_new(p, lun, cdb, 6, SCST_DATA_IN, 255));
}

START_TEST(unknown_lun_says_so_in_inquiry)
{
	struct fcmd *c = inquire(w.a, 9, 0, 0);

	ck_good(c);
	ck_assert_uint_eq(c->in_len, 96);
	ck_assert_uint_eq(c->in[0], 0x7f);
	ck_assert_uint_eq(c->in[4], 91);
}
END_TEST

START_TEST(lun_0_could_have_a_device)
{
	struct fcmd *c;

	ck_assert_int_eq(scst_group_unmap(w.grp, 0), 0);
	c = inquire(w.a, 0, 0, 0);
	ck_good(c);
	ck_assert_uint_eq(c->in[0], 0x3f);
}
END_TEST

START_TEST(unknown_lun_has_one_vpd_page)
{
	struct fcmd *c = inquire(w.a, 9, 1, 0);

	ck_good(c);
	ck_assert_uint_eq(c->in_len, 5);
	ck_assert_mem_eq(c->in, "\x7f\0\0\x01\0", 5);
	ck_bad_cdb(inquire(w.a, 9, 1, 0x80), 2, BAD_BYTE);
}
END_TEST

START_TEST(unknown_lun_takes_no_other_command)
{
	const u8 ops[] = { SCSI_TEST_UNIT_READY, SCSI_READ_10, FOP_ANY, 0xff };
	u8 cdb[16] = { ops[_i] };

	ck_sense(submit(fcmd_new(w.a, 9, cdb, 16, SCST_DATA_IN, 512)),
		 SENSE_LUN_NOT_SUPPORTED);
}
END_TEST

START_TEST(unknown_lun_tells_its_sense)
{
	ck_assert_uint_eq(attention(w.a, 9), SENSE_LUN_NOT_SUPPORTED);
}
END_TEST

START_TEST(unusable_lun_field_is_an_unknown_lun)
{
	const u8 field[8] = { 0, 0, 0, 1 }, cdb[6] = { 0 };
	struct fcmd *c = fcmd_new(w.a, 0, cdb, 6, SCST_DATA_NONE, 0);

	scst_task_init(fcmd_task(c), w.a->nexus, field, cdb, 6);
	ck_sense(submit(c), SENSE_LUN_NOT_SUPPORTED);
}
END_TEST

START_TEST(data_out_for_an_unknown_lun_is_not_asked_for)
{
	const u8 cdb[10] = { SCSI_WRITE_10 };
	struct fcmd *c;

	c = submit(fcmd_new(w.a, 9, cdb, 10, SCST_DATA_OUT, 512));
	ck_log("a1");
	ck_sense(c, SENSE_LUN_NOT_SUPPORTED);
	ck_residual(c, "under 512");
}
END_TEST

START_TEST(no_memory_where_there_is_no_device_is_busy)
{
	const u8 cdb[6] = { SCSI_INQUIRY, 0, 0, 0, 96 };
	struct fcmd *c = fcmd_new(w.a, 9, cdb, 6, SCST_DATA_IN, 96);

	core_fail_alloc(1);
	submit(c);
	ck_assert_uint_eq(core_fail_alloc(0), 0);
	ck_status(c, SCSI_BUSY);
}
END_TEST

START_TEST(well_known_lun_is_one)
{
	const u8 tur[6] = { SCSI_TEST_UNIT_READY };
	struct fcmd *c = inquire(w.a, SCSI_WLUN_REPORT_LUNS, 0, 0);

	ck_good(c);
	ck_assert_uint_eq(c->in[0], SCSI_TYPE_WLUN);
	ck_good(submit(fcmd_new(w.a, SCSI_WLUN_REPORT_LUNS, tur, 6,
				SCST_DATA_NONE, 0)));
	ck_assert_uint_eq(attention(w.a, SCSI_WLUN_REPORT_LUNS), SENSE_NONE);
}
END_TEST

START_TEST(well_known_lun_knows_few_commands)
{
	const u8 cdb[10] = { SCSI_READ_10 };

	ck_sense(submit(fcmd_new(w.a, SCSI_WLUN_REPORT_LUNS, cdb, 10,
				 SCST_DATA_IN, 512)), SENSE_INVALID_OPCODE);
}
END_TEST

/* ---- Nexuses ------------------------------------------------------------ */

START_TEST(idle_nexus_goes_at_once)
{
	log_clear();
	fport_del(w.b);
	ck_log("L2 g2");
}
END_TEST

START_TEST(nexus_goes_with_its_last_command)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = nop(w.b, SCST_SIMPLE);
	log_clear();
	fport_del(w.b);
	ck_log("!1");
	finish(c);
	ck_log("-1 L2 g2");
}
END_TEST

START_TEST(nexus_waits_for_the_driver_to_end_its_commands)
{
	struct fcmd *c;

	w.b->hold_end = true;
	c = nop(w.b, SCST_SIMPLE);
	log_clear();
	fport_del(w.b);
	ck_log("L2");
	end(c);
	ck_log("g2");
}
END_TEST

START_TEST(nexus_waits_for_commands_without_a_device)
{
	struct fcmd *c;

	w.b->hold_end = true;
	c = inquire(w.b, 9, 0, 0);
	log_clear();
	fport_del(w.b);
	ck_log("L2");
	end(c);
	ck_log("g2");
}
END_TEST

START_TEST(nexus_may_see_nothing)
{
	struct fport *p;

	scst_group_unmap(w.grp, 0);
	p = fport_add("iqn.d");
	ck_assert_str_eq(inventory(p), "");
	log_clear();
	fport_del(p);
	ck_log("g4");
}
END_TEST

START_TEST(new_nexus_has_a_unit_attention)
{
	struct fport *p = fport_add("iqn.d");

	ck_sense(nop(p, SCST_SIMPLE), SENSE_UA_RESET);
	ck_good(nop(p, SCST_SIMPLE));
}
END_TEST

START_TEST(nexus_numbers_are_not_used_again)
{
	u64 id = w.c->nexus->id;

	fport_del(w.c);
	ck_assert_uint_gt(fport_add("iqn.c")->nexus->id, id);
}
END_TEST

/* ---- Devices ------------------------------------------------------------ */

START_TEST(idle_device_goes_at_once)
{
	fdev_remove(other);
	ck_log("D");
	ck_assert_ptr_null(scst_device_find(w.ctx, "dev1"));
}
END_TEST

START_TEST(device_leaves_every_map)
{
	struct scst_group *grp = scst_group_add(w.tgt, "none");

	map(3, other);
	map(4, other);
	ck_assert_int_eq(scst_group_map(grp, 0, other->core, false), 0);
	fdev_remove(other);
	ck_assert_str_eq(inventory(w.a), "0");
	ck_assert_int_eq(scst_group_unmap(grp, 0), -ENOENT);
}
END_TEST

START_TEST(device_goes_with_its_last_command)
{
	struct fcmd *c1, *c2;

	w.dev->hold = true;
	c1 = nop(w.a, SCST_SIMPLE);
	c2 = nop(w.b, SCST_ORDERED);
	log_clear();
	fdev_remove(w.dev);
	ck_log("L1 L2 L3");
	finish(c1);
	ck_log("a1 x2");
	finish(c2);
	ck_log("a2 D");
	ck_good(c2);
}
END_TEST

START_TEST(device_goes_with_its_last_function)
{
	struct fcmd *c;
	struct ftmf *t;

	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	t = tmf(w.b, SCST_LUN_RESET, 0);
	fdev_remove(w.dev);
	log_clear();
	finish(c);
	ck_log("-1 t2 D");
	ck_assert_uint_eq(t->response, SCST_TMF_COMPLETE);
}
END_TEST

START_TEST(device_that_left_is_mapped_no_more)
{
	struct scst_device *core = w.dev->core;
	struct fcmd *c;

	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	fdev_remove(w.dev);
	ck_assert_int_eq(scst_group_map(w.grp, 0, core, false), -ENODEV);
	finish(c);
}
END_TEST

START_TEST(name_of_a_device_is_free_once_it_left)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	fdev_remove(w.dev);
	fdev_add("dev0");
	finish(c);
}
END_TEST

START_TEST(device_is_found_by_name)
{
	ck_assert_ptr_eq(scst_device_find(w.ctx, "dev1"), other->core);
	ck_assert_ptr_null(scst_device_find(w.ctx, "DEV1"));
	ck_assert_str_eq(scst_device_name(other->core), "dev1");
}
END_TEST

/* ---- Reports ------------------------------------------------------------ */

static void copy_report(const struct scst_itl_report *rep, void *arg)
{
	struct scst_itl_report *to = arg;

	if (!strcmp(rep->initiator, "iqn.b"))
		*to = *rep;
}

START_TEST(report_counts_what_was_moved)
{
	struct scst_itl_report before = { 0 }, rep = { 0 };
	struct fcmd *c;

	scst_report(w.ctx, copy_report, &before);
	ck_assert_str_eq(before.target, "iqn.t");
	ck_assert_str_eq(before.device, "dev0");
	ck_assert_uint_eq(before.lun, 0);
	rd(w.b, 3);
	wr(w.b, 2);
	w.dev->fail_allocs = 1;
	ck_status(rd(w.b, 1), SCSI_BUSY);
	w.dev->hold = true;
	c = rd(w.b, 1);
	abort_cmd(w.b, c);
	scst_report(w.ctx, copy_report, &rep);
	ck_assert_uint_eq(rep.tasks, 1);
	finish(c);
	scst_report(w.ctx, copy_report, &rep);
	ck_assert_uint_eq(rep.tasks, 0);
	ck_assert_uint_eq(rep.stats.commands, before.stats.commands + 4);
	ck_assert_uint_eq(rep.stats.read_bytes,
			  before.stats.read_bytes + 3 * 512);
	ck_assert_uint_eq(rep.stats.write_bytes, 2 * 512);
	ck_assert_uint_eq(rep.stats.aborted, 1);
	ck_assert_uint_eq(rep.stats.errors, 1);
	ck_assert_uint_eq(rep.stats.busy, 1);
	ck_assert_uint_eq(rep.stats.unit_attentions, 1);
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *bare_tcase(void)
{
	TCase *tc = tcase_create("groups");

	tcase_add_checked_fixture(tc, world_bare, world_down);
	tcase_add_loop_test(tc, lun_field_is_decoded, 0, ARRAY_SIZE(luns));
	tcase_add_test(tc, every_lun_is_encoded);
	tcase_add_test(tc, target_without_groups_admits_nobody);
	tcase_add_test(tc, group_without_patterns_matches_nobody);
	tcase_add_test(tc, first_group_that_matches_counts);
	tcase_add_test(tc, name_is_matched_whatever_its_case);
	tcase_add_test(tc, exclusion_before_the_pattern_excludes);
	tcase_add_test(tc, exclusion_behind_the_pattern_is_never_reached);
	tcase_add_test(tc, excluded_initiator_may_be_in_a_later_group);
	tcase_add_test(tc, pattern_counts_for_nexuses_to_come);
	tcase_add_test(tc, target_names_are_unique_whatever_their_case);
	tcase_add_test(tc, names_have_their_length);
	tcase_add_test(tc, target_knows_its_name_and_owner);
	return tc;
}

static TCase *map_tcase(void)
{
	TCase *tc = tcase_create("maps");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, luns_are_listed_in_order);
	tcase_add_test(tc, new_nexus_sees_all_luns);
	tcase_add_test(tc, every_listed_lun_answers);
	tcase_add_test(tc, lun_can_be_taken_once);
	tcase_add_test(tc, added_lun_is_told_everywhere);
	tcase_add_test(tc, removed_lun_is_told_everywhere);
	tcase_add_test(tc, change_of_luns_is_told_once);
	tcase_add_test(tc, who_lists_the_luns_need_not_be_told);
	tcase_add_test(tc, change_concerns_its_group_only);
	tcase_add_test(tc, commands_of_a_removed_lun_end_as_they_would);
	tcase_add_test(tc, removed_lun_can_come_back_while_commands_run);
	tcase_add_test(tc, one_device_may_have_two_luns);
	tcase_add_test(tc, read_only_lun_refuses_what_writes);
	tcase_add_test(tc, read_only_device_refuses_what_writes);
	tcase_add_test(tc, select_report_chooses_what_is_listed);
	tcase_add_test(tc, select_report_of_another_value_is_refused);
	tcase_add_test(tc, luns_are_listed_anywhere);
	tcase_add_test(tc, list_is_cut_to_the_allocation_length);
	return tc;
}

static TCase *nolun_tcase(void)
{
	TCase *tc = tcase_create("no logical unit");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, unknown_lun_says_so_in_inquiry);
	tcase_add_test(tc, lun_0_could_have_a_device);
	tcase_add_test(tc, unknown_lun_has_one_vpd_page);
	tcase_add_loop_test(tc, unknown_lun_takes_no_other_command, 0, 4);
	tcase_add_test(tc, unknown_lun_tells_its_sense);
	tcase_add_test(tc, unusable_lun_field_is_an_unknown_lun);
	tcase_add_test(tc, data_out_for_an_unknown_lun_is_not_asked_for);
	tcase_add_test(tc, no_memory_where_there_is_no_device_is_busy);
	tcase_add_test(tc, well_known_lun_is_one);
	tcase_add_test(tc, well_known_lun_knows_few_commands);
	return tc;
}

static TCase *life_tcase(void)
{
	TCase *tc = tcase_create("nexuses and devices");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, idle_nexus_goes_at_once);
	tcase_add_test(tc, nexus_goes_with_its_last_command);
	tcase_add_test(tc, nexus_waits_for_the_driver_to_end_its_commands);
	tcase_add_test(tc, nexus_waits_for_commands_without_a_device);
	tcase_add_test(tc, nexus_may_see_nothing);
	tcase_add_test(tc, new_nexus_has_a_unit_attention);
	tcase_add_test(tc, nexus_numbers_are_not_used_again);
	tcase_add_test(tc, idle_device_goes_at_once);
	tcase_add_test(tc, device_leaves_every_map);
	tcase_add_test(tc, device_goes_with_its_last_command);
	tcase_add_test(tc, device_goes_with_its_last_function);
	tcase_add_test(tc, device_that_left_is_mapped_no_more);
	tcase_add_test(tc, name_of_a_device_is_free_once_it_left);
	tcase_add_test(tc, device_is_found_by_name);
	tcase_add_test(tc, report_counts_what_was_moved);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		bare_tcase, map_tcase, nolun_tcase, life_tcase,
	};

	return core_main("core_lun", tcases, ARRAY_SIZE(tcases));
}
