// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of the secrets file.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth.h"

static struct auth *auth;
static char err[256];

static void stop(void)
{
	auth_put(auth);
	auth = NULL;
}

static bool parse(const char *text)
{
	stop();
	err[0] = 0;
	auth = auth_parse("file", text, strlen(text), err, sizeof(err));
	return auth;
}

static const struct auth_entry *find(const char *initiator, const char *target)
{
	return auth_find(auth, initiator, target);
}

#define GOOD "initiator=* user=joe secret=0123456789ab"

START_TEST(entry_is_found)
{
	const struct auth_entry *e;

	ck_assert(parse("initiator=iqn.i target=iqn.t user=joe secret=0123456789ab target-user=disk target-secret=ba9876543210\n"));
	e = find("iqn.i", "iqn.t");
	ck_assert_ptr_nonnull(e);
	ck_assert_str_eq(e->user, "joe");
	ck_assert_uint_eq(e->secret.len, 12);
	ck_assert_mem_eq(e->secret.data, "0123456789ab", 12);
	ck_assert_str_eq(e->target_user, "disk");
	ck_assert_mem_eq(e->target_secret.data, "ba9876543210", 12);
}
END_TEST

START_TEST(words_come_in_any_order)
{
	ck_assert(parse("secret=0123456789ab user=joe initiator=iqn.i"));
	ck_assert_ptr_nonnull(find("iqn.i", "iqn.t"));
}
END_TEST

START_TEST(comments_and_blank_lines_are_skipped)
{
	ck_assert(parse("# user=\n\n  \t\n  # x\r\n" GOOD " # tail\r\n\n"));
	ck_assert_ptr_nonnull(find("a", "b"));
}
END_TEST

START_TEST(hash_within_a_value_is_no_comment)
{
	ck_assert(parse("initiator=* user=j#e secret=0123456789a#"));
	ck_assert_str_eq(find("a", "b")->user, "j#e");
}
END_TEST

START_TEST(empty_file_lets_nobody_in)
{
	ck_assert(parse(""));
	ck_assert_ptr_null(find("a", "b"));
}
END_TEST

START_TEST(no_match_lets_nobody_in)
{
	ck_assert(parse("initiator=iqn.i user=joe secret=0123456789ab"));
	ck_assert_ptr_null(find("iqn.j", "iqn.t"));
}
END_TEST

START_TEST(first_match_wins)
{
	ck_assert(parse("initiator=iqn.a* user=one secret=0123456789ab\n"
			"initiator=iqn.* user=two secret=0123456789ab\n"));
	ck_assert_str_eq(find("iqn.ab", "t")->user, "one");
	ck_assert_str_eq(find("iqn.b", "t")->user, "two");
}
END_TEST

START_TEST(target_pattern_must_match)
{
	ck_assert(parse("initiator=* target=*:a user=one secret=0123456789ab\n"
			"initiator=* target=*:b user=two secret=0123456789ab\n"));
	ck_assert_str_eq(find("i", "iqn:b")->user, "two");
	ck_assert_ptr_null(find("i", "iqn:c"));
}
END_TEST

START_TEST(discovery_takes_any_entry_of_the_initiator)
{
	ck_assert(parse("initiator=x user=one secret=0123456789ab\n"
			"initiator=i target=t user=two secret=0123456789ab\n"));
	ck_assert_str_eq(find("i", NULL)->user, "two");
	ck_assert_ptr_null(find("j", NULL));
}
END_TEST

START_TEST(values_can_be_quoted)
{
	const struct auth_entry *e;

	ck_assert(parse("initiator=\"*\" user=\"joe \\\"the\\\" \\\\user\" secret=\"blanks are fine\""));
	e = find("a", "b");
	ck_assert_str_eq(e->user, "joe \"the\" \\user");
	ck_assert_uint_eq(e->secret.len, 15);
}
END_TEST

START_TEST(other_backslashes_stand_for_themselves)
{
	ck_assert(parse("initiator=* user=\"DOMAIN\\joe\" secret=0123456789ab"));
	ck_assert_str_eq(find("a", "b")->user, "DOMAIN\\joe");
}
END_TEST

START_TEST(secret_can_be_hexadecimal)
{
	const struct auth_entry *e;

	ck_assert(parse("initiator=* user=joe secret=0x000102030405060708090a0b"));
	e = find("a", "b");
	ck_assert_uint_eq(e->secret.len, 12);
	ck_assert_mem_eq(e->secret.data, "\0\1\2\3\4\5\6\7\10\11\12\13", 12);
}
END_TEST

START_TEST(secret_can_be_base64)
{
	const struct auth_entry *e;

	ck_assert(parse("initiator=* user=joe secret=\"0bYWJjZGVmZ2hpamtsbQ==\""));
	e = find("a", "b");
	ck_assert_uint_eq(e->secret.len, 13);
	ck_assert_mem_eq(e->secret.data, "abcdefghijklm", 13);
}
END_TEST

static const struct {
	const char *text, *message;
} bad[] = {
	{ "nonsense", "file:1: expected one of" },
	{ "\n\nhost=a", "file:3: expected one of" },
	{ "initiator", "file:1: expected one of" },
	{ "initiator =a", "file:1: expected one of" },
	{ "user=joe secret=0123456789ab", "file:1: initiator= is missing" },
	{ "initiator=* secret=0123456789ab", "file:1: user= is missing" },
	{ "initiator=* user=joe", "file:1: secret= is missing" },
	{ "initiator= user=joe secret=0123456789ab",
	  "file:1: initiator= is empty" },
	{ "initiator=* user=\"\" secret=0123456789ab",
	  "file:1: user= is empty" },
	{ GOOD " user=jim", "file:1: user= twice" },
	{ GOOD " target-user=disk",
	  "file:1: target-user= and target-secret= need each other" },
	{ GOOD " target-secret=abcdefghijkl",
	  "file:1: target-user= and target-secret= need each other" },
	{ "initiator=* user=joe secret=0123456789a",
	  "file:1: secret= has less than the 96 bits (12 bytes)" },
	{ "initiator=* user=joe secret=0x0102030405060708090a0b",
	  "file:1: secret= has less than the 96 bits (12 bytes)" },
	{ GOOD " target-user=disk target-secret=short",
	  "file:1: target-secret= has less than the 96 bits" },
	{ "initiator=* user=joe secret=0xnothexadecimal",
	  "file:1: secret= is not valid 0x" },
	{ "initiator=* user=joe secret=0bAAAAA",
	  "file:1: secret= is not valid 0x" },
	{ GOOD " target-user=disk target-secret=0123456789ab",
	  "file:1: target-secret= is the same as secret= of line 1" },
	{ GOOD "\ninitiator=x user=j secret=abcdefghijkl target-user=t target-secret=0x303132333435363738396162",
	  "file:2: target-secret= is the same as secret= of line 1" },
	{ "initiator=* user=\"joe secret=0123456789ab",
	  "file:1: closing quote is missing" },
	{ "initiator=* user=\"joe\\", "file:1: closing quote is missing" },
	{ "initiator=\"*\"user=joe", "file:1: no blank behind" },
};

START_TEST(mistake_is_reported)
{
	ck_assert(!parse(bad[_i].text));
	ck_assert_msg(!strncmp(err, bad[_i].message, strlen(bad[_i].message)),
		      "%s", err);
}
END_TEST

START_TEST(messages_have_no_secrets)
{
	ck_assert(!parse("initiator=* user=joe secret=0xhunter2hunter2"));
	ck_assert_ptr_null(strstr(err, "hunter"));
	ck_assert(!parse("initiator=* user=joe secret=first secret=second"));
	ck_assert_ptr_null(strstr(err, "second"));
	ck_assert(!parse("initiator=* user=joe secret =hunter2hunter2"));
	ck_assert_ptr_null(strstr(err, "hunter"));
}
END_TEST

START_TEST(messages_are_cut_to_their_room)
{
	char small[8];

	ck_assert_ptr_null(auth_parse("file", "x", 1, small, sizeof(small)));
	ck_assert_str_eq(small, "file:1:");
}
END_TEST

START_TEST(secret_has_at_most_255_bytes)
{
	char text[400];
	int n = sprintf(text, "initiator=* user=joe secret=");

	memset(text + n, 's', 255);
	text[n + 255] = 0;
	ck_assert(parse(text));
	memset(text + n, 's', 256);
	text[n + 256] = 0;
	ck_assert(!parse(text));
}
END_TEST

START_TEST(zero_byte_is_refused)
{
	static const char text[] = GOOD "\0" "junk\n";

	ck_assert_ptr_null(auth_parse("file", text, sizeof(text) - 1, err,
				      sizeof(err)));
	ck_assert_str_eq(err, "file:1: zero byte");
}
END_TEST

START_TEST(many_entries_are_taken)
{
	static char text[64 * 4097];
	size_t n = 0;
	int i;

	for (i = 0; i < 4096; i++)
		n += sprintf(text + n,
			     "initiator=i%d user=u%d secret=0123456789ab\n",
			     i, i);
	ck_assert(parse(text));
	ck_assert_str_eq(find("i4095", "t")->user, "u4095");
	strcpy(text + n, GOOD "\n");
	ck_assert(!parse(text));
	ck_assert_str_eq(err, "file:4097: more than 4096 entries");
}
END_TEST

START_TEST(table_lives_while_it_is_held)
{
	struct auth *held;

	ck_assert(parse(GOOD));
	held = auth_get(auth);
	stop();
	ck_assert_str_eq(auth_find(held, "a", "b")->user, "joe");
	auth_put(held);
}
END_TEST

static char path[] = "/tmp/test_auth.XXXXXX";

static void make_file(void)
{
	int fd;

	strcpy(strrchr(path, '.'), ".XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, GOOD "\n", sizeof(GOOD)), sizeof(GOOD));
	close(fd);
}

static void remove_file(void)
{
	unlink(path);
	stop();
}

static bool load(const char *name)
{
	stop();
	auth = auth_load(name, err, sizeof(err));
	return auth;
}

START_TEST(private_file_is_loaded)
{
	ck_assert(load(path));
	ck_assert_str_eq(find("a", "b")->user, "joe");
}
END_TEST

static const mode_t open_modes[] = { 0640, 0620, 0604, 0602, 0644 };

START_TEST(file_that_others_can_access_is_refused)
{
	char expected[128];

	chmod(path, open_modes[_i]);
	ck_assert(!load(path));
	snprintf(expected, sizeof(expected), "run: chmod 600 %s", path);
	ck_assert_ptr_nonnull(strstr(err, expected));
}
END_TEST

START_TEST(file_of_another_user_is_refused)
{
	if (geteuid())
		return;		/* only root can give files away */
	ck_assert_int_eq(chown(path, 12345, 0), 0);
	ck_assert(!load(path));
	ck_assert_ptr_nonnull(strstr(err, "run: chown 0 "));
}
END_TEST

START_TEST(missing_file_is_reported)
{
	ck_assert(!load("/nonexistent/secrets"));
	ck_assert_str_eq(err, "/nonexistent/secrets: No such file or directory");
}
END_TEST

START_TEST(directory_is_refused)
{
	ck_assert(!load("/tmp"));
	ck_assert_str_eq(err, "/tmp: not a regular file");
}
END_TEST

START_TEST(fifo_is_refused_without_waiting)
{
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!load(path));
	ck_assert_ptr_nonnull(strstr(err, "not a regular file"));
}
END_TEST

START_TEST(empty_file_is_loaded)
{
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert(load(path));
	ck_assert_ptr_null(find("a", "b"));
}
END_TEST

START_TEST(huge_file_is_refused)
{
	ck_assert_int_eq(truncate(path, 1024 * 1024 + 1), 0);
	ck_assert(!load(path));
	ck_assert_ptr_nonnull(strstr(err, "more than 1 MiB"));
}
END_TEST

/* The mapping that has @p: does a core dump leave it out ("dd")? */
static bool not_dumped(const void *p)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long begin, end, addr = (unsigned long)p;
	bool inside = false, found = false;
	char line[512];

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			inside = addr >= begin && addr < end;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			found = strstr(line, " dd");
	}
	fclose(f);
	return found;
}

START_TEST(secrets_are_in_no_core_dump)
{
	ck_assert(load(path));
	ck_assert(not_dumped(find("a", "b")->secret.data));
	ck_assert(!not_dumped(path));
}
END_TEST

static TCase *file_tcase(void)
{
	TCase *tc = tcase_create("file");

	tcase_add_checked_fixture(tc, make_file, remove_file);
	tcase_add_test(tc, private_file_is_loaded);
	tcase_add_loop_test(tc, file_that_others_can_access_is_refused, 0,
			    ARRAY_SIZE(open_modes));
	tcase_add_test(tc, file_of_another_user_is_refused);
	tcase_add_test(tc, missing_file_is_reported);
	tcase_add_test(tc, directory_is_refused);
	tcase_add_test(tc, fifo_is_refused_without_waiting);
	tcase_add_test(tc, empty_file_is_loaded);
	tcase_add_test(tc, huge_file_is_refused);
	tcase_add_test(tc, secrets_are_in_no_core_dump);
	return tc;
}

static TCase *syntax_tcase(void)
{
	TCase *tc = tcase_create("syntax");

	tcase_add_checked_fixture(tc, NULL, stop);
	tcase_add_test(tc, entry_is_found);
	tcase_add_test(tc, words_come_in_any_order);
	tcase_add_test(tc, comments_and_blank_lines_are_skipped);
	tcase_add_test(tc, hash_within_a_value_is_no_comment);
	tcase_add_test(tc, empty_file_lets_nobody_in);
	tcase_add_test(tc, no_match_lets_nobody_in);
	tcase_add_test(tc, first_match_wins);
	tcase_add_test(tc, target_pattern_must_match);
	tcase_add_test(tc, discovery_takes_any_entry_of_the_initiator);
	tcase_add_test(tc, values_can_be_quoted);
	tcase_add_test(tc, other_backslashes_stand_for_themselves);
	tcase_add_test(tc, secret_can_be_hexadecimal);
	tcase_add_test(tc, secret_can_be_base64);
	tcase_add_loop_test(tc, mistake_is_reported, 0, ARRAY_SIZE(bad));
	tcase_add_test(tc, messages_have_no_secrets);
	tcase_add_test(tc, messages_are_cut_to_their_room);
	tcase_add_test(tc, secret_has_at_most_255_bytes);
	tcase_add_test(tc, zero_byte_is_refused);
	tcase_add_test(tc, many_entries_are_taken);
	tcase_add_test(tc, table_lives_while_it_is_held);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("auth");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, syntax_tcase());
	suite_add_tcase(s, file_tcase());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
