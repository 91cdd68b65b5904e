// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of scst-disk's encryption: buffers in pieces of any length, and
 * keys that are replaced by halves. What the image holds, and which keys are
 * refused, tests/functional/encryption.sh knows.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd_test.h"
#include "lib.h"

/* The N-th sync from now on fails. */
static unsigned int fail_sync;

static int fake_fsync(int fd)
{
	if (fail_sync && !--fail_sync) {
		errno = EIO;
		return -1;
	}
	return fsync(fd);
}

#define fsync fake_fsync
#include "../../handlers/disk/crypt.c"
#undef fsync

#define SECTORS 16u
#define BYTES	(SECTORS * SECTOR)

static char dir[32], path[64], name[64];
static struct scstu_dev dev = { .name = "d" };
static struct crypt *crypt_;
static uint8_t plain[BYTES], stored[BYTES];

static void setup(void)
{
	unsigned int i;

	strcpy(dir, "/tmp/test_crypt.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	snprintf(name, sizeof(name), "%s/other", dir);
	ck_assert_int_eq(crypt_open(&dev, path, true, &crypt_), 0);
	ck_assert_int_eq(link(path, name), 0);
	for (i = 0; i < BYTES; i++)
		plain[i] = i * 7 + i / 251;
}

static void crypt_teardown(void)
{
	crypt_close(crypt_);
	unlink(name);
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void store(uint64_t offset)
{
	memcpy(stored, plain, BYTES);
	ck_assert_int_eq(crypt_encrypt(crypt_, offset, stored, BYTES), 0);
}

/* Does it come back? In a buffer of elements as long as @next() says. */
static bool comes_back(uint64_t offset, unsigned int (*next)(unsigned int i))
{
	static uint8_t buf[2 * BYTES];
	struct core_seg segs[256];
	struct scstu_req req = {
		.dev = &dev, .offset = offset, .length = BYTES, .segs = segs,
	};
	size_t pos = 0;

	while (pos < BYTES) {
		segs[req.nr_segs].base = buf + pos;
		segs[req.nr_segs].len = next(req.nr_segs);
		pos += segs[req.nr_segs++].len;
		ck_assert_uint_le(req.nr_segs, ARRAY_SIZE(segs));
		ck_assert_uint_le(pos, sizeof(buf));
	}
	memset(buf, 0xee, sizeof(buf));
	memcpy(buf, stored, BYTES);
	ck_assert_int_eq(crypt_decrypt(crypt_, &req), 0);
	ck_assert(!memchr_inv(buf + BYTES, 0xee, sizeof(buf) - BYTES));
	return !memcmp(buf, plain, BYTES);
}

static unsigned int one_piece(unsigned int i)
{
	return BYTES;
}

static unsigned int pages(unsigned int i)
{
	return 4096;
}

/* More than one element in a sector, and empty ones. */
static unsigned int odd(unsigned int i)
{
	static const unsigned int lens[] = { 1, 511, 512, 0, 700, 100, 3, 2000,
					     513, 1535, 0, 0, 211 };

	return lens[i % ARRAY_SIZE(lens)];
}

static unsigned int any(unsigned int i)
{
	static uint32_t seed = 1;

	seed = seed * 1103515245 + 12345;
	return seed >> 16 & 0x3ff;
}

START_TEST(buffers_may_be_in_any_pieces)
{
	unsigned int i;

	store(512 * 77);
	ck_assert(memcmp(stored, plain, BYTES));
	ck_assert(comes_back(512 * 77, one_piece));
	ck_assert(comes_back(512 * 77, pages));
	ck_assert(comes_back(512 * 77, odd));
	for (i = 0; i < 200; i++)
		ck_assert(comes_back(512 * 77, any));
}
END_TEST

/* The number has 64 bits. */
START_TEST(equal_sectors_differ_by_their_numbers)
{
	static const uint64_t offsets[] = { 0, 512, 1ull << 41, 1ull << 62 };
	unsigned int i;

	memset(plain, 0, BYTES);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		store(offsets[i]);
		ck_assert(memcmp(stored, stored + SECTOR, SECTOR));
		ck_assert(comes_back(offsets[i], pages));
		ck_assert(!comes_back(offsets[i] + 1024, pages));
	}
}
END_TEST

static bool is_zeroed(const char *file)
{
	uint8_t key[KEY_LEN + 1];
	FILE *f = fopen(file, "r");
	size_t n = fread(key, 1, sizeof(key), f);

	fclose(f);
	return n == KEY_LEN && !memchr_inv(key, 0, KEY_LEN);
}

static bool file_has_key(void)
{
	uint8_t key[KEY_LEN];
	FILE *f = fopen(path, "r");

	ck_assert_uint_eq(fread(key, 1, KEY_LEN, f), KEY_LEN);
	fclose(f);
	return !memcmp(key, crypt_->key, KEY_LEN);
}

START_TEST(erase_replaces_the_key)
{
	store(0);
	ck_assert_int_eq(crypt_erase(crypt_), 0);
	ck_assert(!comes_back(0, pages));
	ck_assert(file_has_key());
	ck_assert(is_zeroed(name));
	ck_assert(!memchr_inv(crypt_->next, 0, KEY_LEN));
	store(0);
	ck_assert(comes_back(0, pages));
}
END_TEST

START_TEST(erase_that_has_no_new_key_changes_nothing)
{
	store(0);
	fail_sync = 1;
	ck_assert_int_eq(crypt_erase(crypt_), EIO);
	ck_assert(comes_back(0, pages));
	ck_assert(file_has_key());
	store(0);
	ck_assert_int_eq(crypt_erase(crypt_), 0);
	ck_assert(!comes_back(0, pages));
}
END_TEST

/* Of the directory, of the zeroes: who knows which key a crash would leave. */
START_TEST(nothing_is_written_with_a_doubtful_key)
{
	uint8_t key[KEY_LEN];

	store(0);
	fail_sync = _i;
	ck_assert_int_eq(crypt_erase(crypt_), EIO);
	ck_assert(!comes_back(0, pages));
	ck_assert(file_has_key());
	ck_assert_int_eq(crypt_encrypt(crypt_, 0, stored, BYTES), EIO);
	memcpy(key, crypt_->key, KEY_LEN);
	fail_sync = 1;
	ck_assert_int_eq(crypt_erase(crypt_), EIO);
	ck_assert_int_eq(crypt_erase(crypt_), 0);
	/* It went on where it had stopped. */
	ck_assert_mem_eq(key, crypt_->key, KEY_LEN);
	ck_assert(is_zeroed(name));
	store(0);
	ck_assert(comes_back(0, pages));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("crypt");
	TCase *tc = tcase_create("crypt");

	tcase_add_checked_fixture(tc, setup, crypt_teardown);
	tcase_add_test(tc, buffers_may_be_in_any_pieces);
	tcase_add_test(tc, equal_sectors_differ_by_their_numbers);
	tcase_add_test(tc, erase_replaces_the_key);
	tcase_add_test(tc, erase_that_has_no_new_key_changes_nothing);
	tcase_add_loop_test(tc, nothing_is_written_with_a_doubtful_key, 2, 4);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
