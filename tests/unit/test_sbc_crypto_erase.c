// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of SANITIZE, CRYPTOGRAPHIC ERASE.
 */
#include "sbc_sanitize.h"

START_TEST(crypto_erase_is_one_request_for_all)
{
	u8 before[BS];

	memcpy(before, f->medium, BS);
	make_sanitize(CRYPTO, 0);
	run();
	ck_good();
	ck_ops("KF");
	ck_assert_uint_eq(f->log[0].lba, 0);
	ck_assert_uint_eq(f->log[0].blocks, BLOCKS);
	ck_assert_uint_eq(f->log[0].flags, 0);
	ck_assert_mem_ne(f->cached, before, BS);
	ck_assert_mem_ne(f->medium, before, BS);
	ck_assert_uint_eq(f->nr_idle, 1);
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_good();
}
END_TEST

START_TEST(crypto_erase_without_a_cache)
{
	struct sbc_config cfg = config();

	disk(&cfg, LACKS_FLUSH);
	make_sanitize(CRYPTO, 0);
	run();
	ck_good();
	ck_ops("K");
}
END_TEST

START_TEST(crypto_erase_takes_no_parameters)
{
	make_sanitize(CRYPTO, 8);
	run();
	ck_bad_cdb(7, SENSE_NO_BIT);
	ck_ops("");
}
END_TEST

/* Not even when the backend says that it cannot: that would be something else. */
START_TEST(crypto_erase_that_fails_is_not_made_up_for)
{
	static const enum scst_sense why[] = { SENSE_WRITE_ERROR,
					       SENSE_INVALID_OPCODE };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(why); i++) {
		f->fail = why[i];
		f->fail_ops = 1 << FAKE_CRYPTO;
		make_sanitize(CRYPTO, 0);
		run();
		ck_sense(SENSE_SANITIZE_FAILED);
		ck_ops("K");
		do_in(SCSI_READ_10, 0, 0, 1, BS);
		ck_sense(SENSE_SANITIZE_FAILED);
		make_sanitize(EXIT, 0);
		run();
		ck_bad_cdb(1, 4);
	}
	f->fail = SENSE_NONE;
	make_sanitize(CRYPTO, 0);
	run();
	ck_good();
	do_in(SCSI_READ_10, 0, 0, 1, BS);
	ck_good();
}
END_TEST

START_TEST(crypto_erase_that_failed_with_ause_can_be_left)
{
	f->fail = SENSE_WRITE_ERROR;
	f->fail_ops = 1 << FAKE_CRYPTO;
	make_sanitize(AUSE | CRYPTO, 0);
	run();
	ck_sense(SENSE_SANITIZE_FAILED);
	f->fail = SENSE_NONE;
	make_sanitize(EXIT, 0);
	run();
	ck_good();
	do_none(SCSI_TEST_UNIT_READY, 0, 0, 0);
	ck_good();
}
END_TEST

START_TEST(crypto_erase_with_immed)
{
	make_sanitize(IMMED | CRYPTO, 0);
	begin();
	ck_assert_uint_eq(op->cmd.status, SCSI_GOOD);
	ck_assert_uint_eq(fake_count(f, FAKE_CRYPTO), 0);
	make(SCSI_TEST_UNIT_READY, 0, 0, 0, SCST_DATA_NONE, 0);
	fake_execute(c);
	ck_in_progress();
	finish();
	ck_ops("KF");
}
END_TEST

/* The old key must not encrypt what the new one is to decrypt. */
START_TEST(crypto_erase_waits_for_writes_under_way)
{
	begin_write();
	make_sanitize(CRYPTO, 0);
	fake_clear_log(f);
	fake_execute(c);
	ck_assert(!f->resume);
	ck_ops("");
	finish();
	ck_good();
	ck_ops("KF");
	ck_assert_uint_eq(op->cmd.status, SCSI_GOOD);
	ck_assert(!holds(f->cached, 5, 1, 0x77));
}
END_TEST

START_TEST(crypto_erase_is_for_backends_that_encrypt)
{
	u8 cdb[2] = { SCSI_SANITIZE, CRYPTO };
	struct sbc_config cfg = config();

	disk(&cfg, LACKS_CRYPTO);
	ck_assert_ptr_null(fake_row(f, cdb));
	ck_assert_uint_eq(f->info.vpd_pages[1].data[3], 0x40);
	cdb[1] = OVERWRITE;
	ck_assert_ptr_nonnull(fake_row(f, cdb));
}
END_TEST

static void add_encrypted(TCase *tc)
{
	tcase_add_test(tc, crypto_erase_is_one_request_for_all);
	tcase_add_test(tc, crypto_erase_takes_no_parameters);
	tcase_add_test(tc, crypto_erase_with_immed);
	tcase_add_test(tc, crypto_erase_waits_for_writes_under_way);
	tcase_add_test(tc, crypto_erase_that_fails_is_not_made_up_for);
	tcase_add_test(tc, crypto_erase_that_failed_with_ause_can_be_left);
}

static void add_others(TCase *tc)
{
	tcase_add_test(tc, crypto_erase_without_a_cache);
	tcase_add_test(tc, crypto_erase_is_for_backends_that_encrypt);
}

int main(void)
{
	Suite *s = suite_create("sbc_crypto_erase");

	add_case(s, "encrypted disks", setup, add_encrypted);
	add_case(s, "others", NULL, add_others);
	return run_suite(s);
}
