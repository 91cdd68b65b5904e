// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of LOG SENSE.
 */
#include "sbc_test.h"

static void setup(void)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, 0);
}

static void make_log(u8 page, u8 subpage, u16 from, u16 alloc)
{
	make(SCSI_LOG_SENSE, 0, 0, alloc, SCST_DATA_IN, 256);
	c->cdb[2] = page;
	c->cdb[3] = subpage;
	put_unaligned_be16(from, c->cdb + 5);
}

static void do_log(u8 page, u8 subpage, u16 from, u16 alloc)
{
	make_log(page, subpage, from, alloc);
	run();
}

/* The page that came, after its header. */
static void ck_page(u8 byte0, u8 subpage, const u8 *body, u32 len)
{
	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, 4 + len);
	ck_assert_uint_eq(c->data[0], byte0);
	ck_assert_uint_eq(c->data[1], subpage);
	ck_assert_uint_eq(get_unaligned_be16(c->data + 2), len);
	ck_assert_mem_eq(c->data + 4, body, len);
}

#define CK_PAGE(byte0, subpage, ...) \
	do { \
		static const u8 body_[] = { __VA_ARGS__ }; \
		ck_page(byte0, subpage, body_, sizeof(body_)); \
	} while (0)

/* ---- Which there are --------------------------------------------------- */

START_TEST(pages_are_listed)
{
	do_log(0x00, 0, 0, 256);
	CK_PAGE(0x00, 0, 0x00, 0x0c, 0x2f);
}
END_TEST

START_TEST(subpages_are_listed)
{
	do_log(0x00, 0xff, 0, 256);
	CK_PAGE(0x40, 0xff, 0x00, 0x00, 0x00, 0xff, 0x0c, 0x00, 0x2f, 0x00);
}
END_TEST

START_TEST(what_is_listed_is_there)
{
	u32 i, nr;
	u8 pages[16];

	do_log(0x00, 0, 0, 256);
	nr = get_unaligned_be16(c->data + 2);
	memcpy(pages, c->data + 4, nr);
	for (i = 0; i < nr; i++) {
		do_log(pages[i], 0, 0, 256);
		ck_good();
		ck_assert_uint_eq(c->data[0] & 0x3f, pages[i]);
	}
}
END_TEST

START_TEST(other_pages_are_refused)
{
	u8 page;

	for (page = 1; page < 0x40; page++) {
		if (page == 0x0c || page == 0x2f)
			continue;
		do_log(page, 0, 0, 256);
		ck_bad_cdb(2, 5);
	}
}
END_TEST

START_TEST(other_subpages_are_refused)
{
	static const u8 pages[] = { 0x00, 0x0c, 0x2f };
	u32 i, subpage;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		for (subpage = 1; subpage < 256; subpage++) {
			if (!pages[i] && subpage == 0xff)
				continue;
			do_log(pages[i], subpage, 0, 256);
			ck_bad_cdb(3, SENSE_NO_BIT);
		}
	}
}
END_TEST

START_TEST(fat_disk_has_no_provisioning)
{
	struct sbc_config cfg = fake_config();

	cfg.thin = false;
	disk(&cfg, 0);
	do_log(0x00, 0, 0, 256);
	CK_PAGE(0x00, 0, 0x00, 0x2f);
	do_log(0x0c, 0, 0, 256);
	ck_bad_cdb(2, 5);
}
END_TEST

START_TEST(no_provisioning_if_nobody_counts)
{
	struct sbc_config cfg = fake_config();

	disk(&cfg, LACKS_USAGE);
	do_log(0x00, 0xff, 0, 256);
	CK_PAGE(0x40, 0xff, 0x00, 0x00, 0x00, 0xff, 0x2f, 0x00);
	do_log(0x0c, 0, 0, 256);
	ck_bad_cdb(2, 5);
}
END_TEST

/* ---- What they say ----------------------------------------------------- */

START_TEST(no_exceptions_and_no_thermometer)
{
	do_log(0x2f, 0, 0, 256);
	CK_PAGE(0xaf, 0, 0, 0, 0x23, 4, 0, 0, 0xff, 0);
}
END_TEST

START_TEST(page_control_makes_no_difference)
{
	u8 pc;

	for (pc = 1; pc < 4; pc++) {
		do_log(pc << 6 | 0x2f, 0, 0, 256);
		CK_PAGE(0xaf, 0, 0, 0, 0x23, 4, 0, 0, 0xff, 0);
	}
}
END_TEST

START_TEST(provisioning_has_both_counts)
{
	memset(f->mapped, false, 0x123);
	do_log(0x0c, 0, 0, 256);
	ck_ops("A");
	CK_PAGE(0x8c, 0,
		0, 1, 0x23, 8, 0, 0, 0x01, 0x23, 2, 0, 0, 0,
		0, 2, 0x23, 8, 0, 0, 0x06, 0xdd, 1, 0, 0, 0);
}
END_TEST

static u64 told_used, told_available;

static void tell(struct fake *fake, enum fake_op op, struct sbc_io *io)
{
	io->used = told_used;
	io->available = told_available;
}

START_TEST(unknown_count_is_left_out)
{
	f->executed = tell;
	told_used = 7;
	told_available = U64_MAX;
	do_log(0x0c, 0, 0, 256);
	CK_PAGE(0x8c, 0, 0, 2, 0x23, 8, 0, 0, 0, 7, 1, 0, 0, 0);
	told_used = U64_MAX;
	told_available = 7;
	do_log(0x0c, 0, 0, 256);
	CK_PAGE(0x8c, 0, 0, 1, 0x23, 8, 0, 0, 0, 7, 2, 0, 0, 0);
}
END_TEST

/* One parameter there must be. */
START_TEST(who_knows_nothing_has_taken_all)
{
	f->executed = tell;
	told_used = U64_MAX;
	told_available = U64_MAX;
	do_log(0x0c, 0, 0, 256);
	CK_PAGE(0x8c, 0, 0, 2, 0x23, 8, 0, 0, 0x08, 0, 1, 0, 0, 0);
	f->fail = SENSE_INVALID_OPCODE;
	f->fail_ops = 1 << FAKE_USAGE;
	do_log(0x0c, 0, 0, 256);
	CK_PAGE(0x8c, 0, 0, 2, 0x23, 8, 0, 0, 0x08, 0, 1, 0, 0, 0);
}
END_TEST

START_TEST(count_that_does_not_fit_is_the_greatest)
{
	f->executed = tell;
	told_used = 1ull << 33;
	told_available = U64_MAX;
	do_log(0x0c, 0, 0, 256);
	CK_PAGE(0x8c, 0, 0, 2, 0x23, 8, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0);
}
END_TEST

START_TEST(failure_of_the_backend_is_told)
{
	f->fail = SENSE_READ_ERROR;
	f->fail_ops = 1 << FAKE_USAGE;
	do_log(0x0c, 0, 0, 256);
	ck_sense(SENSE_READ_ERROR);
}
END_TEST

START_TEST(provisioning_needs_a_medium)
{
	sbc_lu_set_medium(f->lu, 0);
	do_log(0x0c, 0, 0, 256);
	ck_sense(SENSE_NO_MEDIUM);
	do_log(0x2f, 0, 0, 256);
	ck_good();
}
END_TEST

/* ---- Parameter pointer, allocation length ------------------------------- */

START_TEST(pointer_skips_what_is_before)
{
	do_log(0x0c, 0, 1, 256);
	ck_assert_uint_eq(c->cmd.data_in, 28);
	do_log(0x0c, 0, 2, 256);
	CK_PAGE(0x8c, 0, 0, 2, 0x23, 8, 0, 0, 8, 0, 1, 0, 0, 0);
}
END_TEST

START_TEST(pointer_behind_the_last_is_refused)
{
	do_log(0x0c, 0, 3, 256);
	ck_bad_cdb(5, SENSE_NO_BIT);
	do_log(0x2f, 0, 1, 256);
	ck_bad_cdb(5, SENSE_NO_BIT);
	do_log(0x00, 0, 1, 256);
	ck_bad_cdb(5, SENSE_NO_BIT);
	do_log(0x00, 0xff, 0xffff, 256);
	ck_bad_cdb(5, SENSE_NO_BIT);
}
END_TEST

START_TEST(allocation_length_cuts)
{
	u16 alloc;

	for (alloc = 0; alloc < 12; alloc++) {
		do_log(0x2f, 0, 0, alloc);
		ck_good();
		ck_assert_uint_eq(c->cmd.data_in, alloc);
		ck_assert_uint_eq(c->data[alloc], 0xee);
		if (alloc >= 4)
			ck_assert_uint_eq(c->data[3], 8);
	}
}
END_TEST

/* ---- The threshold exponent -------------------------------------------- */

static u8 exponent(u64 blocks)
{
	static const struct sbc_backend_ops be = {
		.read = (void *)1, .write = (void *)1, .unmap = (void *)1,
		.usage = (void *)1,
	};
	static const struct sbc_env_ops env;
	struct sbc_config cfg = fake_config();
	struct scst_device_info info;
	struct sbc_lu *lu;
	u8 ret;

	cfg.blocks = blocks;
	lu = sbc_lu_alloc(&cfg, &be, &env, NULL);
	ck_assert(!IS_ERR(lu));
	sbc_lu_describe(lu, &info);
	ret = info.vpd_pages[2].data[0];
	sbc_lu_free(lu);
	return ret;
}

START_TEST(counts_of_the_whole_disk_fit_in_32_bits)
{
	ck_assert_uint_eq(exponent(2048), 0);
	ck_assert_uint_eq(exponent(U32_MAX), 0);
	ck_assert_uint_eq(exponent(1ull << 32), 1);
	ck_assert_uint_eq(exponent((1ull << 34) - 1), 2);
	ck_assert_uint_eq(exponent(1ull << 40), 9);
}
END_TEST

static void add_default(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pages_are_listed);
	tcase_add_test(tc, subpages_are_listed);
	tcase_add_test(tc, what_is_listed_is_there);
	tcase_add_test(tc, other_pages_are_refused);
	tcase_add_test(tc, other_subpages_are_refused);
	tcase_add_test(tc, no_exceptions_and_no_thermometer);
	tcase_add_test(tc, page_control_makes_no_difference);
	tcase_add_test(tc, provisioning_has_both_counts);
	tcase_add_test(tc, unknown_count_is_left_out);
	tcase_add_test(tc, who_knows_nothing_has_taken_all);
	tcase_add_test(tc, count_that_does_not_fit_is_the_greatest);
	tcase_add_test(tc, failure_of_the_backend_is_told);
	tcase_add_test(tc, provisioning_needs_a_medium);
	tcase_add_test(tc, pointer_skips_what_is_before);
	tcase_add_test(tc, pointer_behind_the_last_is_refused);
	tcase_add_test(tc, allocation_length_cuts);
}

int main(void)
{
	Suite *s = suite_create("sbc_log");
	TCase *tc = tcase_create("default");

	add_default(tc);
	suite_add_tcase(s, tc);
	tc = tcase_create("other disks");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, fat_disk_has_no_provisioning);
	tcase_add_test(tc, no_provisioning_if_nobody_counts);
	tcase_add_test(tc, counts_of_the_whole_disk_fit_in_32_bits);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
