// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of persistent reservations through a loss of power: which
 * commands wait for what, and what an image brings back.
 */
#include "core_pr.h"

#define APTPL 0x01

#define WE	1
#define EA	3
#define WE_AR	7

/* ---- A device that stores ------------------------------------------------ */

static u8 image[SCST_PR_IMAGE_MAX];
static int image_len;
static u32 asked;
static bool at_once;

/* What the owner does some time after it was asked to. */
static void keep_with(int err)
{
	ck_assert_uint_gt(asked, 0);
	asked--;
	image_len = scst_pr_image(w.dev->core, image, sizeof(image));
	ck_assert_int_gt(image_len, 0);
	scst_pr_persisted(w.dev->core, err);
}

static void keep(void)
{
	keep_with(0);
}

static void dev_persist(struct scst_device *dev)
{
	ck_assert_ptr_eq(dev, w.dev->core);
	asked++;
	ck_assert_uint_eq(asked, 1);
	if (at_once)
		keep();
}

static void setup(void)
{
	pr_up();
	w.dev->ops.persist = dev_persist;
	image_len = 0;
	asked = 0;
	at_once = false;
}

static void teardown(void)
{
	if (asked)
		keep();
	ck_assert_uint_eq(asked, 0);
	world_down();
}

static void power_up(void)
{
	setup();
	at_once = true;
}

/* A new device takes the place of the old one, with what was stored. */
static int reboot_with(const u8 *data, u32 len)
{
	int err;

	fdev_remove(w.dev);
	w.dev = fdev_add("dev0");
	w.dev->ops.persist = dev_persist;
	err = scst_pr_restore(w.dev->core, data, len);
	ck_assert_int_eq(scst_group_map(w.grp, 0, w.dev->core, false), 0);
	see_attentions(w.a);
	see_attentions(w.b);
	see_attentions(w.c);
	return err;
}

static void reboot(void)
{
	ck_assert_int_eq(reboot_with(image, image_len), 0);
}

static struct fcmd *reg_aptpl(struct fport *p, u64 key)
{
	return pr_out_bits(p, IGNORE, 0, 0, key, APTPL);
}

/* ---- Commands that wait -------------------------------------------------- */

START_TEST(nothing_is_stored_unless_asked_for)
{
	reg_all(EA);
	ck_good(pr_out(w.b, PREEMPT, EA, 2, 1));
	ck_good(pr_out(w.b, CLEAR, EA, 2, 0));
	ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(register_waits_until_it_is_stored)
{
	struct fcmd *c = reg_aptpl(w.a, 1);

	ck_assert(!c->answered);
	/* It holds already. */
	ck_pr("a=1");
	keep();
	ck_good(c);
	ck_assert_uint_eq(asked, 0);
}
END_TEST

static struct fcmd *do_reserve(void)
{
	return pr_out(w.a, RESERVE, EA, 1, 0);
}

static struct fcmd *do_clear(void)
{
	return pr_out(w.a, CLEAR, 0, 1, 0);
}

static struct fcmd *do_preempt(void)
{
	return pr_out(w.a, PREEMPT, EA, 1, 2);
}

static struct fcmd *do_abort(void)
{
	return pr_out(w.a, ABORT, EA, 1, 2);
}

static struct fcmd *do_register(void)
{
	return reg_aptpl(w.a, 7);
}

static struct fcmd *do_unregister(void)
{
	return reg_aptpl(w.a, 0);
}

/* Not needed any more: that, too, must be remembered. */
static struct fcmd *do_aptpl_off(void)
{
	return pr_out(w.c, IGNORE, 0, 0, 3);
}

static struct fcmd *(*const changes[])(void) = {
	do_reserve, do_clear, do_preempt, do_abort, do_register,
	do_unregister, do_aptpl_off,
};

START_TEST(every_change_waits)
{
	struct fcmd *c;

	at_once = true;
	ck_good(reg_aptpl(w.a, 1));
	ck_good(reg_aptpl(w.b, 2));
	at_once = false;
	c = changes[_i]();
	ck_assert(!c->answered);
	keep();
	ck_good(c);
}
END_TEST

START_TEST(what_changes_nothing_does_not_wait)
{
	at_once = true;
	ck_good(reg_aptpl(w.a, 1));
	ck_good(do_reserve());
	at_once = false;
	ck_good(do_reserve());
	ck_good(pr_out(w.b, IGNORE, 0, 0, 0));
	ck_conflict(pr_out(w.b, RESERVE, EA, 0, 0));
	ck_good(pr_in(w.a, READ_KEYS, 255));
	ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(those_that_came_together_are_stored_together)
{
	struct fcmd *c1 = reg_aptpl(w.a, 1), *c2 = reg_aptpl(w.b, 2);

	ck_assert_uint_eq(asked, 1);
	keep();
	ck_good(c1);
	ck_good(c2);
	ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(those_that_came_later_wait_for_the_next)
{
	struct fcmd *c1 = reg_aptpl(w.a, 1), *c2, *c3;

	asked--;
	image_len = scst_pr_image(w.dev->core, image, sizeof(image));
	c2 = reg_aptpl(w.b, 2);
	c3 = reg_aptpl(w.c, 3);
	ck_assert_uint_eq(asked, 0);
	scst_pr_persisted(w.dev->core, 0);
	ck_good(c1);
	ck_assert(!c2->answered && !c3->answered);
	ck_assert_uint_eq(asked, 1);
	keep();
	ck_good(c2);
	ck_good(c3);
}
END_TEST

START_TEST(failure_is_told)
{
	struct fcmd *c = reg_aptpl(w.a, 1);

	keep_with(-EIO);
	ck_sense(c, SENSE_INTERNAL_FAILURE);
	c = reg_aptpl(w.a, 2);
	keep();
	ck_good(c);
}
END_TEST

START_TEST(failure_may_come_before_the_image_is_taken)
{
	struct fcmd *c1 = reg_aptpl(w.a, 1), *c2 = reg_aptpl(w.b, 2);

	asked--;
	scst_pr_persisted(w.dev->core, -ENOMEM);
	ck_sense(c1, SENSE_INTERNAL_FAILURE);
	ck_assert(!c2->answered);
	keep();
	ck_good(c2);
}
END_TEST

START_TEST(failure_may_have_left_the_old_state)
{
	struct fcmd *c;

	at_once = true;
	ck_good(reg_aptpl(w.a, 1));
	at_once = false;
	c = pr_out(w.a, IGNORE, 0, 0, 0);
	keep_with(-EIO);
	ck_sense(c, SENSE_INTERNAL_FAILURE);
	/* Still to be undone. */
	c = pr_out(w.b, IGNORE, 0, 0, 2);
	ck_assert(!c->answered);
	keep();
	ck_good(c);
	ck_good(pr_out(w.b, IGNORE, 0, 0, 3));
}
END_TEST

START_TEST(preempt_and_abort_waits_for_both)
{
	struct fcmd *c, *out;

	at_once = true;
	ck_good(reg_aptpl(w.a, 1));
	ck_good(reg_aptpl(w.b, 2));
	at_once = false;
	w.dev->hold = true;
	c = nop(w.b, SCST_SIMPLE);
	out = do_abort();
	if (_i) {
		finish(c);
		ck_assert(!out->answered);
		keep();
	} else {
		keep();
		ck_assert(!out->answered);
		finish(c);
	}
	ck_good(out);
}
END_TEST

START_TEST(nexus_may_leave_while_its_command_waits)
{
	struct fcmd *c = reg_aptpl(w.a, 1);

	fport_del(w.a);
	ck_assert_ptr_nonnull(w.a->nexus);
	keep();
	ck_assert(c->gone);
	ck_assert_ptr_null(w.a->nexus);
	ck_pr("a=1");
}
END_TEST

START_TEST(device_may_leave_while_a_command_waits)
{
	struct fcmd *c = reg_aptpl(w.a, 1);

	fdev_remove(w.dev);
	ck_assert_ptr_nonnull(w.dev->core);
	ck_assert(!c->answered);
	log_clear();
	keep();
	ck_good(c);
	ck_assert_ptr_null(w.dev->core);
}
END_TEST

START_TEST(ability_is_told)
{
	ck_assert_mem_eq(pr_in(w.a, CAPABILITIES, 255)->in + 2, "\x1d\xb0", 2);
	at_once = true;
	ck_good(reg_aptpl(w.a, 1));
	ck_assert_mem_eq(pr_in(w.a, CAPABILITIES, 255)->in + 2, "\x1d\xb1", 2);
	ck_good(pr_out(w.a, IGNORE, 0, 0, 2));
	ck_assert_mem_eq(pr_in(w.a, CAPABILITIES, 255)->in + 2, "\x1d\xb0", 2);
}
END_TEST

/* ---- What comes back ----------------------------------------------------- */

START_TEST(registrants_come_back)
{
	ck_good(reg_aptpl(w.a, 0x1234567890abcdef));
	ck_good(reg_aptpl(w.b, 2));
	reboot();
	ck_pr("a=1234567890abcdef b=2");
	ck_assert_uint_eq(pr_generation(), 0);
	ck_good(pr_out(w.b, RESERVE, EA, 2, 0));
	ck_assert_mem_eq(pr_in(w.a, CAPABILITIES, 255)->in + 2, "\x1d\xb1", 2);
}
END_TEST

START_TEST(reservation_comes_back)
{
	static const u8 types[] = { 1, 3, 5, 6, 7, 8 };
	char before[64];

	ck_good(reg_aptpl(w.a, 1));
	ck_good(reg_aptpl(w.b, 2));
	ck_good(pr_out(w.b, RESERVE, types[_i], 2, 0));
	strcpy(before, pr_state());
	reboot();
	ck_pr(before);
	ck_good(wr(w.b, 1));
	ck_conflict(wr(w.c, 1));
}
END_TEST

START_TEST(what_is_off_does_not_come_back)
{
	ck_good(reg_aptpl(w.a, 1));
	ck_good(pr_out(w.b, IGNORE, 0, 0, 2));
	ck_pr("a=1 b=2");
	reboot();
	ck_pr("");
	/* Nothing to be undone, then. */
	at_once = false;
	ck_good(pr_out(w.b, IGNORE, 0, 0, 2));
	ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(what_came_back_can_be_given_up)
{
	ck_good(reg_aptpl(w.a, 1));
	reboot();
	at_once = false;
	ck_assert(!pr_out(w.a, CLEAR, 0, 1, 0)->answered);
	keep();
	ck_assert_int_eq(reboot_with(image, image_len), 0);
	ck_pr("");
}
END_TEST

START_TEST(later_image_is_known_as_such)
{
	u64 first, second;

	ck_good(reg_aptpl(w.a, 1));
	first = scst_pr_image_generation(image, image_len);
	ck_assert_uint_ne(first, 0);
	reboot();
	ck_good(reg_aptpl(w.b, 1));
	second = scst_pr_image_generation(image, image_len);
	ck_assert_uint_gt(second, first);
}
END_TEST

START_TEST(largest_image_fits)
{
	struct fport *p;
	char name[224];
	u32 i;

	at_once = false;
	for (i = 0; i < 1024; i++) {
		memset(name, 'x', 223);
		snprintf(name, sizeof(name), "iqn.%0219u", i);
		p = fport_add(name);
		see_attentions(p);
		pr_out_bits(p, IGNORE, 0, 0, 1 + i, APTPL);
		if (asked)
			keep();
		fport_del(p);
	}
	ck_assert_int_gt(image_len, 1024 * (223 + 30));
	ck_assert_int_eq(scst_pr_image(w.dev->core, image, image_len - 1),
			 -ENOSPC);
	ck_assert_int_eq(scst_pr_image(w.dev->core, image, 35), -ENOSPC);
	ck_assert_int_eq(scst_pr_image(w.dev->core, image, image_len),
			 image_len);
	ck_assert_int_eq(reboot_with(image, image_len), 0);
	ck_sense(pr_out(w.a, REGISTER, 0, 0, 1),
		 SENSE_INSUFFICIENT_REGISTRATIONS);
}
END_TEST

/* ---- Damage -------------------------------------------------------------- */

static void make_image(void)
{
	ck_good(reg_aptpl(w.a, 1));
	ck_good(reg_aptpl(w.b, 2));
	ck_good(pr_out(w.a, RESERVE, EA, 1, 0));
}

static int try(const u8 *data, u32 len)
{
	struct fdev *d = fdev_add("try");
	int err = scst_pr_restore(d->core, data, len);

	if (err)
		ck_assert_uint_eq(d->core->pr.nr_regs, 0);
	fdev_remove(d);
	core_barrier();
	return err;
}

START_TEST(image_cut_anywhere_is_none)
{
	u8 *cut;
	int len;

	make_image();
	for (len = 0; len < image_len; len++) {
		/* Exactly as long, for the address sanitizer. */
		cut = malloc(len + !len);
		memcpy(cut, image, len);
		ck_assert_uint_eq(scst_pr_image_generation(cut, len), 0);
		ck_assert_int_eq(try(cut, len), -EINVAL);
		free(cut);
	}
	ck_assert_int_eq(try(image, image_len), 0);
	ck_assert_int_eq(try(image, image_len + 1), -EINVAL);
}
END_TEST

START_TEST(image_changed_anywhere_is_none)
{
	int i, bit;

	make_image();
	for (i = 0; i < image_len; i++) {
		for (bit = 0; bit < 8; bit++) {
			image[i] ^= 1 << bit;
			ck_assert_int_eq(try(image, image_len), -EINVAL);
			image[i] ^= 1 << bit;
		}
	}
	ck_assert_int_eq(try(image, image_len), 0);
}
END_TEST

static void seal(void)
{
	put_unaligned_be32(image_len, image + 16);
	put_unaligned_be32(~crc32c(~0u, image, image_len - 4),
			   image + image_len - 4);
}

/* One registrant of ours is 12 + 28 bytes. */
#define FIRST	32
#define SECOND	(32 + 40)

static const struct {
	u32 at;
	u8 value;
} lies[] = {
	{ 0, 'X' }, { 23, 0 }, { 23, 1 }, { 23, 3 }, { 20, 1 }, { 20, 0xff },
	/* Holder: too high, nobody; type: none, unknown, of all */
	{ 27, 2 }, { 27, 0xff }, { 28, 0 }, { 28, 2 }, { 28, 4 }, { 28, 9 },
	{ 28, 7 }, { 29, 0 }, { 29, 2 }, { 30, 1 }, { 31, 1 },
	/* A key of zero, a wrong length */
	{ FIRST + 7, 0 }, { FIRST + 10, 1 }, { FIRST + 11, 24 },
	{ FIRST + 11, 32 }, { FIRST + 11, 0 }, { FIRST + 11, 27 },
	/* The TransportID: protocol, format, length, upper case, digit */
	{ FIRST + 12, 0x46 }, { FIRST + 12, 0x85 }, { FIRST + 13, 1 },
	{ FIRST + 15, 20 }, { FIRST + 16, 'I' }, { FIRST + 33, 'g' },
	{ FIRST + 21, 0 },
	/* The second is the first */
	{ SECOND + 20, 'a' },
};

START_TEST(image_that_lies_is_none)
{
	make_image();
	ck_assert_int_eq(image_len, SECOND + 40 + 4);
	seal();
	ck_assert_int_eq(try(image, image_len), 0);
	image[lies[_i].at] = lies[_i].value;
	seal();
	ck_assert_int_eq(try(image, image_len), -EINVAL);
}
END_TEST

START_TEST(restoring_survives_want_of_memory)
{
	u32 nth, left;
	int err;

	make_image();
	for (nth = 1;; nth++) {
		struct fdev *d = fdev_add("try");

		core_fail_alloc(nth);
		err = scst_pr_restore(d->core, image, image_len);
		left = core_fail_alloc(0);
		fdev_remove(d);
		core_barrier();
		if (left)
			break;
		ck_assert_int_eq(err, -ENOMEM);
	}
	ck_assert_int_eq(err, 0);
	ck_assert_uint_eq(nth, 3);
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *wait_tcase(void)
{
	TCase *tc = tcase_create("waiting");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_is_stored_unless_asked_for);
	tcase_add_test(tc, register_waits_until_it_is_stored);
	tcase_add_loop_test(tc, every_change_waits, 0, ARRAY_SIZE(changes));
	tcase_add_test(tc, what_changes_nothing_does_not_wait);
	tcase_add_test(tc, those_that_came_together_are_stored_together);
	tcase_add_test(tc, those_that_came_later_wait_for_the_next);
	tcase_add_test(tc, failure_is_told);
	tcase_add_test(tc, failure_may_come_before_the_image_is_taken);
	tcase_add_test(tc, failure_may_have_left_the_old_state);
	tcase_add_loop_test(tc, preempt_and_abort_waits_for_both, 0, 2);
	tcase_add_test(tc, nexus_may_leave_while_its_command_waits);
	tcase_add_test(tc, device_may_leave_while_a_command_waits);
	tcase_add_test(tc, ability_is_told);
	return tc;
}

static TCase *restore_tcase(void)
{
	TCase *tc = tcase_create("coming back");

	tcase_add_checked_fixture(tc, power_up, teardown);
	tcase_add_test(tc, registrants_come_back);
	tcase_add_loop_test(tc, reservation_comes_back, 0, 6);
	tcase_add_test(tc, what_is_off_does_not_come_back);
	tcase_add_test(tc, what_came_back_can_be_given_up);
	tcase_add_test(tc, later_image_is_known_as_such);
	tcase_add_test(tc, largest_image_fits);
	return tc;
}

static TCase *damage_tcase(void)
{
	TCase *tc = tcase_create("damage");

	tcase_add_checked_fixture(tc, power_up, teardown);
	tcase_add_test(tc, image_cut_anywhere_is_none);
	tcase_add_test(tc, image_changed_anywhere_is_none);
	tcase_add_loop_test(tc, image_that_lies_is_none, 0, ARRAY_SIZE(lies));
	tcase_add_test(tc, restoring_survives_want_of_memory);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		wait_tcase, restore_tcase, damage_tcase,
	};

	return core_main("core_pr_image", tcases, ARRAY_SIZE(tcases));
}
