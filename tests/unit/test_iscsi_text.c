// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the iSCSI text codec and of name patterns.
 */
#include <check.h>
#include <stdlib.h>

#include "iscsi_proto.h"
#include "iscsi_text.h"
#include "scst.h"

static struct iscsi_text text;
static struct iscsi_pair pair;

/* The first pair of the @len bytes at @data; not terminated behind them. */
static int first(const char *data, size_t len)
{
	static char *copy;

	free(copy);
	copy = malloc(len ? len : 1);	/* for the sanitizer's red zones */
	memcpy(copy, data, len);
	iscsi_text_init(&text, copy, len);
	return iscsi_text_next(&text, &pair);
}

#define FIRST(s) first(s, sizeof(s))	/* with the zero byte */

START_TEST(pair_is_taken_apart)
{
	ck_assert_int_eq(FIRST("InitialR2T=No"), 1);
	ck_assert_str_eq(pair.key, "InitialR2T");
	ck_assert_str_eq(pair.value, "No");
	ck_assert_uint_eq(pair.len, 2);
	ck_assert_int_eq(iscsi_text_next(&text, &pair), 0);
}
END_TEST

START_TEST(pairs_come_in_order)
{
	ck_assert_int_eq(FIRST("A=1\0B=2"), 1);
	ck_assert_str_eq(pair.key, "A");
	ck_assert_int_eq(iscsi_text_next(&text, &pair), 1);
	ck_assert_str_eq(pair.key, "B");
	ck_assert_str_eq(pair.value, "2");
	ck_assert_int_eq(iscsi_text_next(&text, &pair), 0);
}
END_TEST

START_TEST(empty_text_has_no_pair)
{
	ck_assert_int_eq(first("", 0), 0);
}
END_TEST

START_TEST(spare_zero_bytes_are_skipped)
{
	ck_assert_int_eq(FIRST("\0\0A=1\0\0"), 1);
	ck_assert_str_eq(pair.key, "A");
	ck_assert_int_eq(iscsi_text_next(&text, &pair), 0);
}
END_TEST

START_TEST(value_may_be_empty)
{
	ck_assert_int_eq(FIRST("TargetAlias="), 1);
	ck_assert_str_eq(pair.value, "");
}
END_TEST

START_TEST(value_may_have_equals_signs)
{
	ck_assert_int_eq(FIRST("CHAP_R=0bAA=="), 1);
	ck_assert_str_eq(pair.value, "0bAA==");
}
END_TEST

START_TEST(missing_zero_byte_is_refused)
{
	ck_assert_int_eq(first("A=1", 3), -EBADMSG);
	ck_assert_str_eq(pair.key, "A");
}
END_TEST

START_TEST(missing_equals_sign_is_refused)
{
	ck_assert_int_eq(FIRST("InitialR2T"), -EINVAL);
	ck_assert_str_eq(pair.key, "");
}
END_TEST

START_TEST(equals_sign_of_another_pair_does_not_count)
{
	ck_assert_int_eq(FIRST("A\0B=1"), -EINVAL);
}
END_TEST

START_TEST(empty_key_is_refused)
{
	ck_assert_int_eq(FIRST("=1"), -EINVAL);
}
END_TEST

START_TEST(key_with_bad_character_is_refused)
{
	ck_assert_int_eq(FIRST("Initial R2T=No"), -EINVAL);
	ck_assert_int_eq(FIRST("1A=No"), -EINVAL);
	ck_assert_int_eq(FIRST("A\xc3\xa4=No"), -EINVAL);
}
END_TEST

START_TEST(key_characters_of_standard_labels_are_taken)
{
	ck_assert_int_eq(FIRST("X-com.example+a@b_c-9=1"), 1);
	ck_assert_int_eq(FIRST("X#NodeArchitecture=1"), 1);
	ck_assert_int_eq(FIRST("iSCSIProtocolLevel=1"), 1);
}
END_TEST

START_TEST(key_of_63_bytes_is_taken)
{
	char s[66] = { 0 };

	memset(s, 'K', 63);
	s[63] = '=';
	ck_assert_int_eq(first(s, 65), 1);
	ck_assert_uint_eq(strlen(pair.key), 63);
}
END_TEST

START_TEST(key_of_64_bytes_is_refused)
{
	char s[67] = { 0 };

	memset(s, 'K', 64);
	s[64] = '=';
	ck_assert_int_eq(first(s, 66), -ENAMETOOLONG);
}
END_TEST

/* "K=@prefix" and then a value of @len bytes in all. */
static int value_of(const char *prefix, size_t len)
{
	char *s = malloc(len + 3);
	int err;

	memcpy(s, "K=", 2);
	memset(s + 2, '1', len);
	memcpy(s + 2, prefix, strlen(prefix));
	s[len + 2] = 0;
	err = first(s, len + 3);
	free(s);
	return err;
}

START_TEST(simple_value_has_255_bytes)
{
	ck_assert_int_eq(value_of("", 255), 1);
	ck_assert_int_eq(value_of("", 256), -EMSGSIZE);
}
END_TEST

START_TEST(encoded_value_has_8192_bytes)
{
	ck_assert_int_eq(value_of("0x", 8192), 1);
	ck_assert_int_eq(value_of("0b", 8192), 1);
	ck_assert_int_eq(value_of("0x", 8193), -EMSGSIZE);
}
END_TEST

START_TEST(each_value_of_a_list_has_255_bytes)
{
	char s[600] = "K=";

	memset(s + 2, 'a', 255);
	s[257] = ',';
	memset(s + 258, 'b', 255);
	ck_assert_int_eq(first(s, 514), 1);
	s[513] = 'b';
	ck_assert_int_eq(first(s, 515), -EMSGSIZE);
}
END_TEST

START_TEST(control_characters_are_refused)
{
	ck_assert_int_eq(FIRST("K=a\nb"), -EILSEQ);
	ck_assert_int_eq(FIRST("K=\x1b[31m"), -EILSEQ);
	ck_assert_int_eq(FIRST("K=\x7f"), -EILSEQ);
	ck_assert_str_eq(pair.key, "K");
}
END_TEST

START_TEST(utf8_is_taken)
{
	ck_assert_int_eq(FIRST("K=\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xbe"), 1);
}
END_TEST

START_TEST(what_is_not_utf8_is_refused)
{
	ck_assert_int_eq(FIRST("K=\x80"), -EILSEQ);
	ck_assert_int_eq(FIRST("K=\xc3"), -EILSEQ);
	ck_assert_int_eq(FIRST("K=\xc0\xaf"), -EILSEQ);
	ck_assert_int_eq(FIRST("K=\xe0\x80\xaf"), -EILSEQ);
	ck_assert_int_eq(FIRST("K=\xed\xa0\x80"), -EILSEQ);
	ck_assert_int_eq(FIRST("K=\xf0\x80\x80\x80"), -EILSEQ);
	ck_assert_int_eq(FIRST("K=\xf4\x90\x80\x80"), -EILSEQ);
	ck_assert_int_eq(FIRST("K=\xff"), -EILSEQ);
}
END_TEST

START_TEST(error_stays)
{
	ck_assert_int_eq(FIRST("bad\0A=1"), -EINVAL);
	ck_assert_int_eq(iscsi_text_next(&text, &pair), -EINVAL);
}
END_TEST

START_TEST(builder_writes_pairs)
{
	char data[64];
	struct iscsi_text_buf b = { .data = data, .size = sizeof(data) };

	ck_assert_int_eq(iscsi_text_add(&b, "A", "%u", 17), 0);
	ck_assert_int_eq(iscsi_text_add(&b, "Bb", "%s", "x"), 0);
	ck_assert_uint_eq(b.len, 10);
	ck_assert_mem_eq(data, "A=17\0Bb=x", 10);
}
END_TEST

START_TEST(builder_fills_its_room_exactly)
{
	char data[5];
	struct iscsi_text_buf b = { .data = data, .size = sizeof(data) };

	ck_assert_int_eq(iscsi_text_add(&b, "A", "12"), 0);
	ck_assert_uint_eq(b.len, 5);
	ck_assert(!b.full);
}
END_TEST

START_TEST(builder_adds_whole_pairs_only)
{
	char data[9];
	struct iscsi_text_buf b = { .data = data, .size = sizeof(data) };

	ck_assert_int_eq(iscsi_text_add(&b, "A", "12"), 0);
	ck_assert_int_eq(iscsi_text_add(&b, "B", "34"), -ENOSPC);
	ck_assert_int_eq(iscsi_text_add(&b, "Longer", "1"), -ENOSPC);
	ck_assert_uint_eq(b.len, 5);
	ck_assert(b.full);
	ck_assert_int_eq(iscsi_text_add(&b, "C", "5"), 0);
}
END_TEST

START_TEST(builder_writes_binary_in_hexadecimal)
{
	char data[16];
	struct iscsi_text_buf b = { .data = data, .size = sizeof(data) };

	ck_assert_int_eq(iscsi_text_add_binary(&b, "C", "\x01\xfe", 2), 0);
	ck_assert_str_eq(data, "C=0x01fe");
	ck_assert_uint_eq(b.len, 9);
	ck_assert_int_eq(iscsi_text_add_binary(&b, "C", "\x01\xfe", 2),
			 -ENOSPC);
}
END_TEST

static u64 number;

START_TEST(numbers_are_decimal_or_hexadecimal)
{
	ck_assert_int_eq(iscsi_value_number("0", 0, 9, &number), 0);
	ck_assert_int_eq(iscsi_value_number("262144", 0, U64_MAX, &number), 0);
	ck_assert_uint_eq(number, 262144);
	ck_assert_int_eq(iscsi_value_number("0x1fF", 0, 999, &number), 0);
	ck_assert_uint_eq(number, 511);
	ck_assert_int_eq(iscsi_value_number("0X0a", 0, 999, &number), 0);
	ck_assert_uint_eq(number, 10);
}
END_TEST

START_TEST(numbers_have_a_range)
{
	ck_assert_int_eq(iscsi_value_number("512", 512, 600, &number), 0);
	ck_assert_int_eq(iscsi_value_number("600", 512, 600, &number), 0);
	ck_assert_int_eq(iscsi_value_number("511", 512, 600, &number), -ERANGE);
	ck_assert_int_eq(iscsi_value_number("601", 512, 600, &number), -ERANGE);
}
END_TEST

START_TEST(number_beyond_64_bits_is_refused)
{
	ck_assert_int_eq(iscsi_value_number("18446744073709551615", 0, U64_MAX,
					    &number), 0);
	ck_assert_int_eq(iscsi_value_number("18446744073709551616", 0, U64_MAX,
					    &number), -ERANGE);
	ck_assert_int_eq(iscsi_value_number("0x10000000000000000", 0, U64_MAX,
					    &number), -ERANGE);
}
END_TEST

START_TEST(what_is_no_number_is_refused)
{
	static const char *const bad[] = {
		"", "x", "-1", "+1", " 1", "1 ", "1a", "0x", "0xg", "007",
		"1\n", "0b1",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(iscsi_value_number(bad[i], 0, U64_MAX, &number) ==
			      -EINVAL, "\"%s\"", bad[i]);
}
END_TEST

START_TEST(booleans_are_yes_and_no)
{
	bool yes;

	ck_assert_int_eq(iscsi_value_bool("Yes", &yes), 0);
	ck_assert(yes);
	ck_assert_int_eq(iscsi_value_bool("No", &yes), 0);
	ck_assert(!yes);
	ck_assert_int_eq(iscsi_value_bool("yes", &yes), -EINVAL);
	ck_assert_int_eq(iscsi_value_bool("", &yes), -EINVAL);
}
END_TEST

static u8 binary[8];

START_TEST(hexadecimal_is_decoded)
{
	ck_assert_int_eq(iscsi_value_binary("0x00ff1A", binary, 8), 3);
	ck_assert_mem_eq(binary, "\x00\xff\x1a", 3);
}
END_TEST

START_TEST(odd_hexadecimal_begins_with_half_a_byte)
{
	ck_assert_int_eq(iscsi_value_binary("0x123", binary, 8), 2);
	ck_assert_mem_eq(binary, "\x01\x23", 2);
	ck_assert_int_eq(iscsi_value_binary("0Xf", binary, 8), 1);
	ck_assert_mem_eq(binary, "\x0f", 1);
}
END_TEST

START_TEST(base64_is_decoded)
{
	ck_assert_int_eq(iscsi_value_binary("0bAP8a", binary, 8), 3);
	ck_assert_mem_eq(binary, "\x00\xff\x1a", 3);
	ck_assert_int_eq(iscsi_value_binary("0BAP8=", binary, 8), 2);
	ck_assert_int_eq(iscsi_value_binary("0b/w==", binary, 8), 1);
	ck_assert_mem_eq(binary, "\xff", 1);
	ck_assert_int_eq(iscsi_value_binary("0b+/+/QQ==", binary, 8), 4);
	ck_assert_mem_eq(binary, "\xfb\xff\xbf\x41", 4);
}
END_TEST

START_TEST(binary_is_bounded)
{
	ck_assert_int_eq(iscsi_value_binary("0x0102", binary, 2), 2);
	ck_assert_int_eq(iscsi_value_binary("0x010203", binary, 2), -EMSGSIZE);
	ck_assert_int_eq(iscsi_value_binary("0x10203", binary, 2), -EMSGSIZE);
	ck_assert_int_eq(iscsi_value_binary("0bAP8a", binary, 2), -EMSGSIZE);
}
END_TEST

START_TEST(binary_is_decoded_in_place)
{
	char hex[] = "0x616263", base64[] = "0bYWJj";

	ck_assert_int_eq(iscsi_value_binary(hex, (u8 *)hex, 8), 3);
	ck_assert_mem_eq(hex, "abc", 3);
	ck_assert_int_eq(iscsi_value_binary(base64, (u8 *)base64, 6), 3);
	ck_assert_mem_eq(base64, "abc", 3);
}
END_TEST

START_TEST(what_is_no_binary_is_refused)
{
	static const char *const bad[] = {
		"", "0", "12", "0x", "0b", "0xg0", "0bA", "0bAA", "0bAAA",
		"0b====", "0bA===", "0bAA=A", "0bA?AA", "0bAB==", "0bAAB=",
		"0x 1", "0bAAAA=",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(iscsi_value_binary(bad[i], binary, 8) == -EINVAL,
			      "\"%s\"", bad[i]);
}
END_TEST

START_TEST(list_is_selected_in_the_originators_order)
{
	static const char *const ours[] = { "None", "CRC32C" };

	ck_assert_int_eq(iscsi_list_select("CRC32C,None", ours, 2), 1);
	ck_assert_int_eq(iscsi_list_select("None,CRC32C", ours, 2), 0);
	ck_assert_int_eq(iscsi_list_select("Y-x,,CRC32C", ours, 2), 1);
	ck_assert_int_eq(iscsi_list_select("CRC32C", ours, 1), -ENOENT);
	ck_assert_int_eq(iscsi_list_select("", ours, 2), -ENOENT);
	ck_assert_int_eq(iscsi_list_select("CRC32", ours, 2), -ENOENT);
}
END_TEST

START_TEST(long_list_values_come_out_empty)
{
	char list[300], item[ISCSI_VALUE_MAX + 1];
	const char *pos = list;

	memset(list, 'a', sizeof(list));
	strcpy(list + 256, ",b");
	ck_assert(iscsi_list_next(&pos, item));
	ck_assert_str_eq(item, "");
	ck_assert(iscsi_list_next(&pos, item));
	ck_assert_str_eq(item, "b");
	ck_assert(!iscsi_list_next(&pos, item));
}
END_TEST

START_TEST(names_are_checked)
{
	char name[ISCSI_NAME_MAX + 2] = { 0 };

	ck_assert(iscsi_name_valid("iqn.2001-04.com.example:disk_1"));
	ck_assert(iscsi_name_valid("eui.02004567A425678D"));
	ck_assert(iscsi_name_valid("iqn.2001-04.com.example:k\xc3\xa4se"));
	ck_assert(!iscsi_name_valid(""));
	ck_assert(!iscsi_name_valid("iqn.2001-04.com.example:a b"));
	ck_assert(!iscsi_name_valid("iqn.2001-04.com.example:*"));
	ck_assert(!iscsi_name_valid("iqn.\xff"));
	memset(name, 'a', ISCSI_NAME_MAX);
	ck_assert(iscsi_name_valid(name));
	name[ISCSI_NAME_MAX] = 'a';
	ck_assert(!iscsi_name_valid(name));
}
END_TEST

START_TEST(glob_matches_letters)
{
	ck_assert(scst_glob("iqn.a", "iqn.a"));
	ck_assert(!scst_glob("iqn.a", "iqn.ab"));
	ck_assert(!scst_glob("iqn.ab", "iqn.a"));
	ck_assert(scst_glob("", ""));
	ck_assert(!scst_glob("", "a"));
}
END_TEST

START_TEST(glob_ignores_case_of_ascii)
{
	ck_assert(scst_glob("IQN.a*", "iqn.Abc"));
	ck_assert(!scst_glob("\xc3\xa4", "\xe3\xa4"));
}
END_TEST

START_TEST(glob_star_is_any_run)
{
	ck_assert(scst_glob("*", ""));
	ck_assert(scst_glob("*", "anything"));
	ck_assert(scst_glob("iqn.*:disk", "iqn.2001:x:disk"));
	ck_assert(scst_glob("a*b*c", "a-b-b-c"));
	ck_assert(scst_glob("a**c", "ac"));
	ck_assert(!scst_glob("a*b*c", "a-c-b"));
	ck_assert(!scst_glob("*a", "ab"));
}
END_TEST

START_TEST(glob_question_mark_is_one_character)
{
	ck_assert(scst_glob("a?c", "abc"));
	ck_assert(scst_glob("a?c", "a\xe2\x82\xac" "c"));
	ck_assert(!scst_glob("a?c", "ac"));
	ck_assert(!scst_glob("a?", "abc"));
	ck_assert(scst_glob("*?", "a"));
	ck_assert(!scst_glob("?*", ""));
}
END_TEST

START_TEST(glob_does_not_explode)
{
	char pattern[200], name[20001];
	int i;

	for (i = 0; i < 198; i += 2)
		memcpy(pattern + i, "*a", 2);
	memcpy(pattern + 198, "b", 2);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	ck_assert(!scst_glob(pattern, name));
}
END_TEST

static Suite *text_suite(void)
{
	Suite *s = suite_create("iscsi_text");
	TCase *tc = tcase_create("reader");

	tcase_add_test(tc, pair_is_taken_apart);
	tcase_add_test(tc, pairs_come_in_order);
	tcase_add_test(tc, empty_text_has_no_pair);
	tcase_add_test(tc, spare_zero_bytes_are_skipped);
	tcase_add_test(tc, value_may_be_empty);
	tcase_add_test(tc, value_may_have_equals_signs);
	tcase_add_test(tc, missing_zero_byte_is_refused);
	tcase_add_test(tc, missing_equals_sign_is_refused);
	tcase_add_test(tc, equals_sign_of_another_pair_does_not_count);
	tcase_add_test(tc, empty_key_is_refused);
	tcase_add_test(tc, key_with_bad_character_is_refused);
	tcase_add_test(tc, key_characters_of_standard_labels_are_taken);
	tcase_add_test(tc, key_of_63_bytes_is_taken);
	tcase_add_test(tc, key_of_64_bytes_is_refused);
	tcase_add_test(tc, simple_value_has_255_bytes);
	tcase_add_test(tc, encoded_value_has_8192_bytes);
	tcase_add_test(tc, each_value_of_a_list_has_255_bytes);
	tcase_add_test(tc, control_characters_are_refused);
	tcase_add_test(tc, utf8_is_taken);
	tcase_add_test(tc, what_is_not_utf8_is_refused);
	tcase_add_test(tc, error_stays);
	suite_add_tcase(s, tc);

	tc = tcase_create("builder");
	tcase_add_test(tc, builder_writes_pairs);
	tcase_add_test(tc, builder_fills_its_room_exactly);
	tcase_add_test(tc, builder_adds_whole_pairs_only);
	tcase_add_test(tc, builder_writes_binary_in_hexadecimal);
	suite_add_tcase(s, tc);

	tc = tcase_create("values");
	tcase_add_test(tc, numbers_are_decimal_or_hexadecimal);
	tcase_add_test(tc, numbers_have_a_range);
	tcase_add_test(tc, number_beyond_64_bits_is_refused);
	tcase_add_test(tc, what_is_no_number_is_refused);
	tcase_add_test(tc, booleans_are_yes_and_no);
	tcase_add_test(tc, hexadecimal_is_decoded);
	tcase_add_test(tc, odd_hexadecimal_begins_with_half_a_byte);
	tcase_add_test(tc, base64_is_decoded);
	tcase_add_test(tc, binary_is_bounded);
	tcase_add_test(tc, binary_is_decoded_in_place);
	tcase_add_test(tc, what_is_no_binary_is_refused);
	tcase_add_test(tc, list_is_selected_in_the_originators_order);
	tcase_add_test(tc, long_list_values_come_out_empty);
	tcase_add_test(tc, names_are_checked);
	suite_add_tcase(s, tc);

	tc = tcase_create("glob");
	tcase_add_test(tc, glob_matches_letters);
	tcase_add_test(tc, glob_ignores_case_of_ascii);
	tcase_add_test(tc, glob_star_is_any_run);
	tcase_add_test(tc, glob_question_mark_is_one_character);
	tcase_add_test(tc, glob_does_not_explode);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(text_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
