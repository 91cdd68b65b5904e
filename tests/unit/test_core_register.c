// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of what a device's tables must be like for it to be registered.
 */
#include "core_fake.h"

static struct fdev *d;

static void setup(void)
{
	world_up();
	d = fdev_new("dev1");
}

static int try(void)
{
	struct scst_device *core = scst_device_register(w.ctx, &d->info,
							&d->ops, d);

	if (IS_ERR(core))
		return PTR_ERR(core);
	scst_device_unregister(core);
	return 0;
}

START_TEST(name_must_be_one)
{
	static const char *const names[] = {
		"", "a b", "a/b", "\xc3\xa4",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};

	d->info.name = names[_i];
	ck_assert_int_eq(try(), -EINVAL);
}
END_TEST

START_TEST(name_may_have_punctuation)
{
	d->info.name = "a-b_c.d:E9";
	ck_assert_int_eq(try(), 0);
	d->info.name = "012345678901234567890123456789012345678901234567890123456789012";
	ck_assert_int_eq(try(), 0);
}
END_TEST

START_TEST(name_must_be_new)
{
	d->info.name = "dev0";
	ck_assert_int_eq(try(), -EEXIST);
}
END_TEST

START_TEST(row_must_be_executable)
{
	d->opcodes[0].execute = NULL;
	ck_assert_int_eq(try(), -EINVAL);
}
END_TEST

START_TEST(row_must_have_the_length_of_a_cdb)
{
	d->opcodes[0].cdb_len = _i;
	ck_assert_int_eq(try(), _i < 6 ? -EINVAL : 0);
}
END_TEST

START_TEST(too_many_rows_are_refused)
{
	d->info.nr_opcodes = _i ? U32_MAX : U16_MAX + 1;
	ck_assert_int_eq(try(), -EINVAL);
}
END_TEST

static void no_page(struct scst_mode_page *p)
{
	p->len = 0;
}

static void short_page(struct scst_mode_page *p)
{
	p->len = 1;
}

static void long_page(struct scst_mode_page *p)
{
	p->len = SCST_MODE_PAGE_MAX + 1;
}

static void other_length_inside(struct scst_mode_page *p)
{
	p->defaults[1]++;
}

static void short_subpage(struct scst_mode_page *p)
{
	p->defaults[0] |= 0x40;
	p->len = 3;
}

static void other_length_in_subpage(struct scst_mode_page *p)
{
	p->defaults[0] |= 0x40;
	p->defaults[3] = p->len;
}

static void code_of_all_pages(struct scst_mode_page *p)
{
	p->defaults[0] = SCSI_MODE_ALL;
}

static void code_of_all_subpages(struct scst_mode_page *p)
{
	p->defaults[0] |= 0x40;
	p->defaults[1] = SCSI_MODE_ALL_SUBPAGES;
	p->defaults[3] = p->len - 4;
}

static void code_of_the_core(struct scst_mode_page *p)
{
	p->defaults[0] = SCSI_MODE_CONTROL;
}

static void (*const bad_pages[])(struct scst_mode_page *p) = {
	no_page, short_page, long_page, other_length_inside, short_subpage,
	other_length_in_subpage, code_of_all_pages, code_of_all_subpages,
	code_of_the_core,
};

START_TEST(mode_page_that_contradicts_itself_is_refused)
{
	struct scst_mode_page page = { .len = 12, .defaults = { 1, 10 } };

	d->info.mode_pages = &page;
	d->info.nr_mode_pages = 1;
	ck_assert_int_eq(try(), 0);
	bad_pages[_i](&page);
	ck_assert_int_eq(try(), -EINVAL);
}
END_TEST

START_TEST(mode_page_twice_is_refused)
{
	struct scst_mode_page pages[2] = {
		{ .len = 12, .defaults = { 1, 10 } },
		{ .len = 12, .defaults = { 1, 10 } },
	};

	d->info.mode_pages = pages;
	d->info.nr_mode_pages = 2;
	ck_assert_int_eq(try(), -EINVAL);
	pages[1].defaults[0] = 2;
	ck_assert_int_eq(try(), 0);
}
END_TEST

START_TEST(too_many_mode_pages_are_refused)
{
	static struct scst_mode_page pages[63];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i].len = 8;
		memcpy(pages[i].defaults, (u8[]){ 0x41, i + 1, 0, 4 }, 4);
	}
	d->info.mode_pages = pages;
	d->info.nr_mode_pages = ARRAY_SIZE(pages);
	ck_assert_int_eq(try(), -EINVAL);
	d->info.nr_mode_pages = U32_MAX;
	ck_assert_int_eq(try(), -EINVAL);
	d->info.nr_mode_pages = 31;
	ck_assert_int_eq(try(), 0);
}
END_TEST

START_TEST(vpd_page_twice_is_refused)
{
	static const struct scst_vpd_page pages[2] = {
		{ 0xb0, 1, (const u8 *)"a" }, { 0xb0, 1, (const u8 *)"b" },
	};

	d->info.vpd_pages = pages;
	d->info.nr_vpd_pages = 2;
	ck_assert_int_eq(try(), -EINVAL);
	d->info.nr_vpd_pages = 1;
	ck_assert_int_eq(try(), 0);
}
END_TEST

START_TEST(list_of_pages_is_not_the_devices)
{
	static const struct scst_vpd_page page = { 0, 1, (const u8 *)"a" };

	d->info.vpd_pages = &page;
	d->info.nr_vpd_pages = 1;
	ck_assert_int_eq(try(), -EINVAL);
}
END_TEST

START_TEST(registration_survives_want_of_memory)
{
	const struct scst_vpd_page page = { 0xb0, 1, (const u8 *)"a" };
	u32 nth, left;
	int err;

	d->info.vpd_pages = &page;
	d->info.nr_vpd_pages = 1;
	for (nth = 1;; nth++) {
		core_fail_alloc(nth);
		err = try();
		left = core_fail_alloc(0);
		if (left)
			break;
		ck_assert_int_eq(err, -ENOMEM);
	}
	ck_assert_int_eq(err, 0);
	ck_assert_uint_ge(nth, 5);
}
END_TEST

static TCase *register_tcase(void)
{
	TCase *tc = tcase_create("registration");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_loop_test(tc, name_must_be_one, 0, 5);
	tcase_add_test(tc, name_may_have_punctuation);
	tcase_add_test(tc, name_must_be_new);
	tcase_add_test(tc, row_must_be_executable);
	tcase_add_loop_test(tc, row_must_have_the_length_of_a_cdb, 0, 11);
	tcase_add_loop_test(tc, too_many_rows_are_refused, 0, 2);
	tcase_add_loop_test(tc, mode_page_that_contradicts_itself_is_refused, 0,
			    ARRAY_SIZE(bad_pages));
	tcase_add_test(tc, mode_page_twice_is_refused);
	tcase_add_test(tc, too_many_mode_pages_are_refused);
	tcase_add_test(tc, vpd_page_twice_is_refused);
	tcase_add_test(tc, list_of_pages_is_not_the_devices);
	tcase_add_test(tc, registration_survives_want_of_memory);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = { register_tcase };

	return core_main("core_register", tcases, ARRAY_SIZE(tcases));
}
