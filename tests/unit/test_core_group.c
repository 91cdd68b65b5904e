// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of what changes under nexuses that exist: groups and patterns
 * that come and go, read-only access, targets that leave first, and limits
 * that nexuses share.
 */
#include "core_fake.h"

static struct fdev *other;	/* a second device, mapped nowhere */
static struct scst_group *narrow;	/* of a's name, behind w.grp */
static u32 nr_changes;
static u32 nr_added, nr_removed;

static void luns_changed(struct scst_nexus *nexus)
{
	nr_changes++;
}

static void setup(void)
{
	world_up();
	other = fdev_add("dev1");
	narrow = scst_group_add(w.tgt, "narrow");
	ck_assert_int_eq(scst_group_add_pattern(narrow, w.a->nexus->initiator),
			 0);
	ck_assert_int_eq(scst_group_map(narrow, 3, other->core, false), 0);
	w.ops.luns_changed = luns_changed;
	nr_changes = 0;
}

static bool sees(struct fport *p, u16 lun)
{
	return scst_nexus_lun_id(p->nexus, lun) != 0;
}

START_TEST(nexus_moves_to_the_next_group_that_matches)
{
	ck_assert_int_eq(scst_group_del_pattern(w.grp, "*"), 0);
	ck_assert(!sees(w.a, 0));
	ck_assert(sees(w.a, 3));
	ck_assert_uint_eq(attention(w.a, 3), SENSE_UA_RESET);
}
END_TEST

START_TEST(nexus_that_no_group_matches_sees_nothing)
{
	ck_assert_int_eq(scst_group_del_pattern(w.grp, "*"), 0);
	ck_assert(!sees(w.b, 0));
	ck_assert(!sees(w.b, 3));
	ck_assert(!scst_target_admits(w.tgt, w.b->nexus->initiator));
}
END_TEST

START_TEST(nexus_comes_back_with_a_pattern)
{
	ck_assert_int_eq(scst_group_del_pattern(w.grp, "*"), 0);
	ck_assert_int_eq(scst_group_add_pattern(w.grp, "*"), 0);
	ck_assert(sees(w.b, 0));
	see_attentions(w.b);
	ck_good(nop(w.b, SCST_SIMPLE));
}
END_TEST

START_TEST(unknown_pattern_is_no_pattern)
{
	ck_assert_int_eq(scst_group_del_pattern(w.grp, "iqn.*"), -ENOENT);
	ck_assert(sees(w.a, 0));
	ck_assert_uint_eq(nr_changes, 0);
}
END_TEST

START_TEST(group_goes_while_nexuses_use_it)
{
	struct fcmd *c;

	w.dev->hold = true;
	c = nop(w.a, SCST_SIMPLE);
	scst_group_del(w.grp);
	ck_assert(!sees(w.a, 0));
	ck_assert(!c->answered);
	finish(c);
	ck_good(c);
	w.grp = NULL;
}
END_TEST

START_TEST(same_logical_unit_in_both_groups_stays)
{
	u64 id = scst_nexus_lun_id(w.a->nexus, 0);

	ck_assert_int_eq(scst_group_map(narrow, 0, w.dev->core, true), 0);
	scst_group_del(w.grp);
	ck_assert_uint_eq(scst_nexus_lun_id(w.a->nexus, 0), id);
	see_attentions(w.a);
	ck_sense(wr(w.a, 1), SENSE_WRITE_PROTECTED);
	w.grp = NULL;
}
END_TEST

START_TEST(mapping_again_is_another_logical_unit)
{
	u64 id = scst_nexus_lun_id(w.a->nexus, 0);

	scst_group_unmap(w.grp, 0);
	ck_assert_uint_eq(scst_nexus_lun_id(w.a->nexus, 0), 0);
	scst_group_map(w.grp, 0, w.dev->core, false);
	ck_assert_uint_ne(scst_nexus_lun_id(w.a->nexus, 0), id);
}
END_TEST

START_TEST(driver_hears_of_each_change)
{
	scst_group_map(w.grp, 1, other->core, false);
	ck_assert_uint_eq(nr_changes, 3);
	scst_group_unmap(w.grp, 1);
	ck_assert_uint_eq(nr_changes, 6);
}
END_TEST

START_TEST(read_only_protects_and_is_told)
{
	ck_assert_int_eq(scst_group_set_read_only(w.grp, 0, true), 0);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_UA_MODE_CHANGED);
	ck_sense(wr(w.a, 1), SENSE_WRITE_PROTECTED);
	ck_assert_int_eq(scst_group_set_read_only(w.grp, 0, false), 0);
	see_attentions(w.a);
	ck_good(wr(w.a, 1));
}
END_TEST

START_TEST(read_only_as_it_was_is_not_told)
{
	ck_assert_int_eq(scst_group_set_read_only(w.grp, 0, false), 0);
	ck_assert_uint_eq(attention(w.a, 0), SENSE_NONE);
}
END_TEST

START_TEST(read_only_of_what_is_not_mapped_fails)
{
	ck_assert_int_eq(scst_group_set_read_only(w.grp, 9, true), -ENOENT);
}
END_TEST

/* ---- Observer ---------------------------------------------------------------- */

static void saw_nexus(const struct scst_nexus *nexus, bool added)
{
	added ? nr_added++ : nr_removed++;
}

static void saw_device(const struct scst_device *dev, bool added)
{
	note(" %s%s", added ? "+" : "~", scst_device_name(dev));
}

START_TEST(observer_sees_nexuses_and_devices)
{
	static const struct scst_observer observer = {
		.nexus = saw_nexus,
		.device = saw_device,
	};
	struct fdev *d;

	nr_added = nr_removed = 0;
	scst_observe(w.ctx, &observer);
	d = fdev_add("seen");
	ck_assert_ptr_nonnull(strstr(noted(), "+seen"));
	fdev_remove(d);
	ck_assert_ptr_nonnull(strstr(noted(), "~seen"));
	fport_del(fport_add("iqn.seen"));
	ck_assert_uint_eq(nr_added, 1);
	ck_assert_uint_eq(nr_removed, 1);
	scst_observe(w.ctx, NULL);
}
END_TEST

/* ---- Limits that nexuses share ------------------------------------------------- */

static struct fdev *few;	/* takes two tasks */

static void setup_few(void)
{
	world_up();
	few = fdev_new("few");
	few->info.max_tasks = 2;
	fdev_register(few);
	few->hold = true;
	scst_group_map(w.grp, 1, few->core, false);
	see_attentions(w.a);
	see_attentions(w.b);
}

static struct fcmd *nop_few(struct fport *p)
{
	static const u8 cdb[6] = { FOP_ANY };

	return submit(fcmd_new(p, 1, cdb, sizeof(cdb), SCST_DATA_NONE, 0));
}

START_TEST(limit_of_the_device_is_busy_for_who_has_nothing)
{
	struct fcmd *one = nop_few(w.a), *two = nop_few(w.a);

	ck_status(nop_few(w.b), SCSI_BUSY);
	finish(one);
	finish(two);
}
END_TEST

START_TEST(limit_of_the_device_is_full_for_who_has_tasks)
{
	struct fcmd *one = nop_few(w.a), *two = nop_few(w.b);

	ck_status(nop_few(w.b), SCSI_TASK_SET_FULL);
	finish(one);
	finish(two);
}
END_TEST

START_TEST(limit_of_the_device_makes_room_again)
{
	struct fcmd *one = nop_few(w.a), *two = nop_few(w.a), *three;

	nop_few(w.b);
	finish(one);
	three = nop_few(w.b);
	ck_assert(three->executed);
	finish(two);
	finish(three);
	ck_good(three);
}
END_TEST

static TCase *group_tcase(void)
{
	TCase *tc = tcase_create("groups");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, nexus_moves_to_the_next_group_that_matches);
	tcase_add_test(tc, nexus_that_no_group_matches_sees_nothing);
	tcase_add_test(tc, nexus_comes_back_with_a_pattern);
	tcase_add_test(tc, unknown_pattern_is_no_pattern);
	tcase_add_test(tc, group_goes_while_nexuses_use_it);
	tcase_add_test(tc, same_logical_unit_in_both_groups_stays);
	tcase_add_test(tc, mapping_again_is_another_logical_unit);
	tcase_add_test(tc, driver_hears_of_each_change);
	tcase_add_test(tc, read_only_protects_and_is_told);
	tcase_add_test(tc, read_only_as_it_was_is_not_told);
	tcase_add_test(tc, read_only_of_what_is_not_mapped_fails);
	tcase_add_test(tc, observer_sees_nexuses_and_devices);
	return tc;
}

static TCase *limit_tcase(void)
{
	TCase *tc = tcase_create("limits");

	tcase_add_checked_fixture(tc, setup_few, world_down);
	tcase_add_test(tc, limit_of_the_device_is_busy_for_who_has_nothing);
	tcase_add_test(tc, limit_of_the_device_is_full_for_who_has_tasks);
	tcase_add_test(tc, limit_of_the_device_makes_room_again);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = { group_tcase, limit_tcase };

	return core_main("core_group", tcases, ARRAY_SIZE(tcases));
}
