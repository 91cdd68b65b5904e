// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the functions on segment lists.
 */
#include <check.h>
#include <stdlib.h>

#include "core_os.h"
#include "seg.h"

#define LEN 64u

/* A list of 1, 0, 30, 2 and 31 bytes, and another of 40 and 24. */
static u8 bytes_a[LEN], bytes_b[LEN], buf[2 * LEN];
static struct core_seg list_a[5], list_b[2];

static void cut(struct core_seg *segs, u8 *bytes, const u32 *lens, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		segs[i] = (struct core_seg){ bytes, lens[i] };
		bytes += lens[i];
	}
}

static void setup(void)
{
	static const u32 a[] = { 1, 0, 30, 2, 31 }, b[] = { 40, 24 };
	u32 i;

	for (i = 0; i < LEN; i++)
		bytes_a[i] = bytes_b[i] = i + 1;
	memset(buf, 0xee, sizeof(buf));
	cut(list_a, bytes_a, a, ARRAY_SIZE(a));
	cut(list_b, bytes_b, b, ARRAY_SIZE(b));
}

static struct core_segs_pair pair(size_t off_a, size_t off_b)
{
	return (struct core_segs_pair){
		.a = list_a, .nr_a = 5, .off_a = off_a,
		.b = list_b, .nr_b = 2, .off_b = off_b,
	};
}

START_TEST(length_is_the_sum)
{
	ck_assert_uint_eq(core_segs_len(list_a, 5), LEN);
	ck_assert_uint_eq(core_segs_len(list_a, 2), 1);
	ck_assert_uint_eq(core_segs_len(NULL, 0), 0);
}
END_TEST

START_TEST(read_takes_any_part)
{
	size_t off, len;

	for (off = 0; off <= LEN; off++) {
		for (len = 0; off + len <= LEN; len++) {
			memset(buf, 0, sizeof(buf));
			ck_assert_uint_eq(core_segs_read(list_a, 5, off, buf,
							 len), len);
			ck_assert_mem_eq(buf, bytes_a + off, len);
			ck_assert_uint_eq(buf[len], 0);
		}
	}
}
END_TEST

START_TEST(read_ends_with_the_list)
{
	ck_assert_uint_eq(core_segs_read(list_a, 5, 60, buf, 100), 4);
	ck_assert_uint_eq(core_segs_read(list_a, 5, LEN, buf, 1), 0);
	ck_assert_uint_eq(core_segs_read(list_a, 5, 1000, buf, 1), 0);
	ck_assert_uint_eq(core_segs_read(list_a, 0, 0, buf, 1), 0);
	ck_assert_uint_eq(buf[4], 0xee);
}
END_TEST

START_TEST(write_changes_no_more_than_asked)
{
	ck_assert_uint_eq(core_segs_write(list_a, 5, 30, buf, 3), 3);
	ck_assert_uint_eq(bytes_a[29], 30);
	ck_assert_uint_eq(bytes_a[30], 0xee);
	ck_assert_uint_eq(bytes_a[32], 0xee);
	ck_assert_uint_eq(bytes_a[33], 34);
}
END_TEST

START_TEST(write_ends_with_the_list)
{
	ck_assert_uint_eq(core_segs_write(list_a, 5, 62, buf, 100), 2);
}
END_TEST

START_TEST(zero_is_found_where_it_was_put)
{
	ck_assert(!core_segs_is_zero(list_a, 5, 10, 30));
	ck_assert_uint_eq(core_segs_zero(list_a, 5, 10, 30), 30);
	ck_assert(core_segs_is_zero(list_a, 5, 10, 30));
	ck_assert(!core_segs_is_zero(list_a, 5, 9, 30));
	ck_assert(!core_segs_is_zero(list_a, 5, 11, 30));
	ck_assert(core_segs_is_zero(list_a, 5, 10, 0));
}
END_TEST

START_TEST(what_is_not_there_is_not_zero)
{
	core_segs_zero(list_a, 5, 0, LEN);
	ck_assert(core_segs_is_zero(list_a, 5, 0, LEN));
	ck_assert(!core_segs_is_zero(list_a, 5, 0, LEN + 1));
}
END_TEST

START_TEST(fill_repeats_the_pattern_across_segments)
{
	size_t i;

	ck_assert_uint_eq(core_segs_fill(list_a, 5, 2, 50, "abc", 3), 50);
	for (i = 0; i < 50; i++)
		ck_assert_int_eq(bytes_a[2 + i], "abc"[i % 3]);
	ck_assert_uint_eq(bytes_a[1], 2);
	ck_assert_uint_eq(bytes_a[52], 53);
}
END_TEST

START_TEST(crc_is_that_of_the_bytes)
{
	u32 crc = ~0u;

	ck_assert_uint_eq(core_segs_crc32c(list_a, 5, 3, 50, &crc), 50);
	ck_assert_uint_eq(crc, crc32c(~0u, bytes_a + 3, 50));
}
END_TEST

START_TEST(compare_finds_no_difference_in_equals)
{
	struct core_segs_pair p = pair(5, 5);

	ck_assert_uint_eq(core_segs_compare(&p, LEN - 5), LEN - 5);
	ck_assert_uint_eq(core_segs_compare(&p, 0), 0);
}
END_TEST

START_TEST(compare_finds_the_first_difference)
{
	struct core_segs_pair p = pair(0, 0);
	size_t i;

	bytes_b[LEN - 1] ^= 1;
	for (i = 0; i < LEN; i++) {
		bytes_b[i] ^= 0x80;
		ck_assert_uint_eq(core_segs_compare(&p, LEN), i);
		bytes_b[i] ^= 0x80;
	}
}
END_TEST

START_TEST(or_combines_the_bits)
{
	struct core_segs_pair p = pair(10, 0);
	size_t i;

	memset(bytes_b, 0x80, LEN);
	core_segs_or(&p, 20);
	for (i = 0; i < LEN; i++)
		ck_assert_uint_eq(bytes_a[i], (i + 1) |
				  (i >= 10 && i < 30 ? 0x80 : 0));
}
END_TEST

START_TEST(copy_goes_from_the_second_to_the_first)
{
	struct core_segs_pair p = pair(3, 20);

	core_segs_copy(&p, 40);
	ck_assert_mem_eq(bytes_a + 3, bytes_b + 20, 40);
	ck_assert_uint_eq(bytes_a[2], 3);
	ck_assert_uint_eq(bytes_a[43], 44);
}
END_TEST

START_TEST(copy_within_one_list)
{
	struct core_segs_pair p = {
		.a = list_a, .nr_a = 5, .off_a = 32,
		.b = list_a, .nr_b = 5,
	};

	core_segs_copy(&p, 32);
	ck_assert_mem_eq(bytes_a, bytes_a + 32, 32);
}
END_TEST

START_TEST(slice_is_the_part)
{
	struct core_seg out[5];
	size_t off, len;
	u32 nr;

	for (off = 0; off < LEN; off++) {
		for (len = 1; off + len <= LEN; len++) {
			nr = core_segs_slice(list_a, 5, off, len, out, 5);
			ck_assert_uint_eq(core_segs_len(out, nr), len);
			core_segs_read(out, nr, 0, buf, len);
			ck_assert_mem_eq(buf, bytes_a + off, len);
		}
	}
}
END_TEST

START_TEST(slice_keeps_to_its_room)
{
	struct core_seg out[2];

	ck_assert_uint_eq(core_segs_slice(list_a, 5, 0, LEN, out, 2), 2);
	ck_assert_uint_eq(core_segs_slice(list_a, 5, LEN, 1, out, 2), 0);
	ck_assert_uint_eq(core_segs_slice(list_a, 5, 0, 0, out, 2), 0);
}
END_TEST

START_TEST(trim_cuts_the_end)
{
	u32 nr = 5;

	ck_assert(core_segs_trim(list_a, &nr, 32));
	ck_assert_uint_eq(nr, 4);
	ck_assert_uint_eq(core_segs_len(list_a, nr), 32);
	ck_assert_uint_eq(core_seg_len(&list_a[4]), 31);
}
END_TEST

START_TEST(trim_to_the_whole_length_changes_nothing)
{
	u32 nr = 5;

	ck_assert(core_segs_trim(list_a, &nr, LEN));
	ck_assert_uint_eq(nr, 5);
}
END_TEST

START_TEST(trim_tells_of_a_short_list)
{
	u32 nr = 5;

	ck_assert(!core_segs_trim(list_a, &nr, LEN + 1));
	ck_assert(core_segs_trim(list_a, &nr, 0));
	ck_assert_uint_eq(nr, 0);
}
END_TEST

static Suite *seg_suite(void)
{
	Suite *s = suite_create("seg");
	TCase *tc = tcase_create("one list");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, length_is_the_sum);
	tcase_add_test(tc, read_takes_any_part);
	tcase_add_test(tc, read_ends_with_the_list);
	tcase_add_test(tc, write_changes_no_more_than_asked);
	tcase_add_test(tc, write_ends_with_the_list);
	tcase_add_test(tc, zero_is_found_where_it_was_put);
	tcase_add_test(tc, what_is_not_there_is_not_zero);
	tcase_add_test(tc, fill_repeats_the_pattern_across_segments);
	tcase_add_test(tc, crc_is_that_of_the_bytes);
	tcase_add_test(tc, slice_is_the_part);
	tcase_add_test(tc, slice_keeps_to_its_room);
	tcase_add_test(tc, trim_cuts_the_end);
	tcase_add_test(tc, trim_to_the_whole_length_changes_nothing);
	tcase_add_test(tc, trim_tells_of_a_short_list);
	suite_add_tcase(s, tc);

	tc = tcase_create("two lists");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, compare_finds_no_difference_in_equals);
	tcase_add_test(tc, compare_finds_the_first_difference);
	tcase_add_test(tc, or_combines_the_bits);
	tcase_add_test(tc, copy_goes_from_the_second_to_the_first);
	tcase_add_test(tc, copy_within_one_list);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(seg_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
