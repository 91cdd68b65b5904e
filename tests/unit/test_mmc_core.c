// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of a drive behind the core: what initiators ask when they meet
 * one, and unit attentions.
 */
#include "core_fake.h"
#include "mmc_fake.h"

#define BLOCKS 1000u

static struct drive *drive;
static struct fport *a, *b;

static void core_ua(struct mmc_lu *lu, enum scst_sense ua, u64 except)
{
	scst_device_ua(w.dev->core, ua, except);
}

static const struct mmc_env_ops env = { .ua = core_ua };

static void core_event(struct scst_device *dev, enum scst_device_event ev,
		       u64 nexus_id)
{
	mmc_lu_event(drive->lu, ev, nexus_id);
}

static void core_mode_select(struct scst_cmd *cmd,
			     const struct scst_mode_page *page,
			     const u8 *wanted)
{
	mmc_lu_mode_select(drive->lu, cmd, page, wanted, scst_mode_selected);
}

static void setup(void)
{
	struct mmc_config cfg = { .blocks = BLOCKS };

	drive = drive_new(&cfg);
	mmc_lu_free(drive->lu);
	drive->lu = mmc_lu_alloc(&cfg, &drive->ops, &env, drive);

	world_bare();
	w.dev = fdev_new("cd0");
	mmc_lu_describe(drive->lu, &w.dev->info);
	w.dev->info.max_transfer = FDEV_MEM;
	w.dev->ops.event = core_event;
	w.dev->ops.mode_select = core_mode_select;
	fdev_register(w.dev);
	scst_device_set_lu(w.dev->core, drive->lu);
	w.grp = scst_group_add(w.tgt, "all");
	ck_assert_int_eq(scst_group_add_pattern(w.grp, "*"), 0);
	ck_assert_int_eq(scst_group_map(w.grp, 0, w.dev->core, false), 0);
	a = fport_add("iqn.a");
	b = fport_add("iqn.b");
}

static void setup_seen(void)
{
	setup();
	see_attentions(a);
	see_attentions(b);
}

static void teardown(void)
{
	world_down();
	drive_free(drive);
}

static struct fcmd *in(struct fport *p, const u8 *cdb, u16 cdb_len, u32 len)
{
	return submit(fcmd_new(p, 0, cdb, cdb_len, SCST_DATA_IN, len));
}

static struct fcmd *tur(struct fport *p)
{
	static const u8 cdb[16];

	return submit(fcmd_new(p, 0, cdb, 6, SCST_DATA_NONE, 0));
}

static struct fcmd *media_status(struct fport *p)
{
	static const u8 cdb[16] = { SCSI_GET_EVENT_STATUS, 1, 0, 0, 0x10, 0, 0,
				    0, 8 };

	return in(p, cdb, 10, 8);
}

static struct fcmd *start_stop(struct fport *p, u8 options)
{
	const u8 cdb[16] = { SCSI_START_STOP_UNIT, 0, 0, 0, options };

	return submit(fcmd_new(p, 0, cdb, 6, SCST_DATA_NONE, 0));
}

/* ---- What it is -------------------------------------------------------- */

START_TEST(inquiry_tells_of_a_removable_cd_rom)
{
	static const u8 cdb[16] = { SCSI_INQUIRY, 0, 0, 0, 96 };
	struct fcmd *c = in(a, cdb, 6, 96);

	ck_good(c);
	ck_assert_uint_eq(c->in[0], SCSI_TYPE_CDROM);
	ck_assert_uint_eq(c->in[1], 0x80);
}
END_TEST

/* As Linux does: 128 bytes, block descriptors welcome. */
START_TEST(capabilities_come_without_block_descriptors)
{
	static const u8 cdb[16] = { SCSI_MODE_SENSE_10, 0, SCSI_MODE_CD_CAPS, 0,
				    0, 0, 0, 0, 128 };
	struct fcmd *c = in(a, cdb, 10, 128);

	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8 + 26);
	ck_assert_uint_eq(get_unaligned_be16(c->in), 6 + 26);
	ck_assert(!memchr_inv(c->in + 2, 0, 6));
	ck_assert_uint_eq(c->in[8], SCSI_MODE_CD_CAPS);
	ck_assert_uint_eq(c->in[9], 24);
	ck_assert_uint_eq(c->in[10], 0x08);		/* DVD-ROM */
	ck_assert_uint_eq(c->in[14], 0x29);		/* tray, eject, lock */
	ck_assert_uint_gt(get_unaligned_be16(c->in + 16), 176);
}
END_TEST

static const struct {
	u8 code, len;
} mode_pages[] = {
	{ SCSI_MODE_RW_RECOVERY, 12 }, { SCSI_MODE_POWER, 12 },
	{ SCSI_MODE_TIMEOUT, 10 }, { SCSI_MODE_CD_CAPS, 26 },
};

START_TEST(mode_pages_are_there)
{
	const u8 cdb[16] = { SCSI_MODE_SENSE_10, 0x08, mode_pages[_i].code, 0,
			     0, 0, 0, 0, 255 };
	struct fcmd *c = in(a, cdb, 10, 255);

	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8 + mode_pages[_i].len);
	ck_assert_uint_eq(c->in[8], mode_pages[_i].code);
	ck_assert_uint_eq(c->in[9], mode_pages[_i].len - 2);
}
END_TEST

START_TEST(mode_pages_can_be_selected_as_they_are)
{
	static const u8 sense[16] = { SCSI_MODE_SENSE_10, 0x08, SCSI_MODE_POWER,
				      0, 0, 0, 0, 0, 20 };
	static const u8 select[16] = { SCSI_MODE_SELECT_10, 0x10, 0, 0, 0, 0, 0,
				       0, 20 };
	struct fcmd *pages = in(a, sense, 10, 20), *c;

	ck_good(pages);
	c = fcmd_new(a, 0, select, 10, SCST_DATA_OUT, 20);
	memcpy(c->out, pages->in, 20);
	memset(c->out, 0, 2);			/* reserved in a selection */
	submit(c);
	ck_good(c);
}
END_TEST

START_TEST(commands_are_reported)
{
	static const u8 cdb[16] = { SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_OPCODES,
				    1, SCSI_READ_TOC, 0, 0, 0, 0, 0, 64 };
	struct fcmd *c = in(a, cdb, 12, 64);

	ck_good(c);
	ck_assert_uint_eq(c->in[1], 3);
	ck_assert_uint_eq(get_unaligned_be16(c->in + 2), 10);
	ck_assert_uint_eq(c->in[4], SCSI_READ_TOC);
}
END_TEST

/* What would write, play, or exchange keys. */
static const u8 absent[] = {
	SCSI_WRITE_10, SCSI_SYNC_CACHE_10, 0x45 /* PLAY AUDIO */,
	SCSI_MAINTENANCE_OUT /* REPORT KEY */, 0xa1 /* BLANK */,
};

START_TEST(absent_commands_are_refused)
{
	const u8 cdb[16] = { absent[_i] };

	ck_sense(in(a, cdb, 12, 8), SENSE_INVALID_OPCODE);
}
END_TEST

START_TEST(reads_go_through_the_core)
{
	static const u8 cdb[16] = { SCSI_READ_10, 0, 0, 0, 0, 7, 0, 0, 1 };
	struct fcmd *c = in(a, cdb, 10, MMC_BLOCK);
	u8 block[MMC_BLOCK];

	ck_good(c);
	drive_block(7, block);
	ck_assert_mem_eq(c->in, block, MMC_BLOCK);
	ck_residual(c, "");
}
END_TEST

/* ---- Unit attentions --------------------------------------------------- */

START_TEST(attentions_do_not_keep_from_polling)
{
	static const u8 cdb[16] = { SCSI_GET_CONFIGURATION, 0, 0, 0, 0, 0, 0, 0,
				    8 };

	ck_good(media_status(a));
	ck_good(in(a, cdb, 10, 8));
	ck_assert_uint_ne(attention(a, 0), SENSE_NONE);
}
END_TEST

START_TEST(new_medium_is_an_attention_of_each_nexus)
{
	drive_set_medium(drive, 500);
	ck_sense(tur(a), SENSE_UA_MEDIUM_CHANGED);
	ck_good(tur(a));
	ck_sense(tur(b), SENSE_UA_MEDIUM_CHANGED);
	ck_good(tur(b));
}
END_TEST

START_TEST(new_medium_is_no_other_attention)
{
	drive_set_medium(drive, 500);
	ck_assert_uint_eq(attention(a, 0), SENSE_UA_MEDIUM_CHANGED);
	ck_assert_uint_eq(attention(a, 0), SENSE_NONE);
}
END_TEST

START_TEST(ejected_medium_is_not_ready_for_anybody)
{
	ck_good(start_stop(a, 0x02));
	ck_sense(tur(a), SENSE_NO_MEDIUM_TRAY_OPEN);
	ck_sense(tur(b), SENSE_NO_MEDIUM_TRAY_OPEN);
}
END_TEST

START_TEST(logout_lets_the_medium_go)
{
	static const u8 cdb[16] = { SCSI_PREVENT_ALLOW, 0, 0, 0, 1 };

	ck_good(submit(fcmd_new(b, 0, cdb, 6, SCST_DATA_NONE, 0)));
	ck_sense(start_stop(a, 0x02), SENSE_REMOVAL_PREVENTED);
	fport_del(b);
	ck_good(start_stop(a, 0x02));
}
END_TEST

static TCase *identity_case(void)
{
	TCase *tc = tcase_create("identity");

	tcase_add_checked_fixture(tc, setup_seen, teardown);
	tcase_add_test(tc, inquiry_tells_of_a_removable_cd_rom);
	tcase_add_test(tc, capabilities_come_without_block_descriptors);
	tcase_add_loop_test(tc, mode_pages_are_there, 0,
			    ARRAY_SIZE(mode_pages));
	tcase_add_test(tc, mode_pages_can_be_selected_as_they_are);
	tcase_add_test(tc, commands_are_reported);
	tcase_add_loop_test(tc, absent_commands_are_refused, 0,
			    ARRAY_SIZE(absent));
	tcase_add_test(tc, reads_go_through_the_core);
	return tc;
}

static TCase *attention_case(void)
{
	TCase *tc = tcase_create("attentions");

	tcase_add_checked_fixture(tc, setup_seen, teardown);
	tcase_add_test(tc, new_medium_is_an_attention_of_each_nexus);
	tcase_add_test(tc, new_medium_is_no_other_attention);
	tcase_add_test(tc, ejected_medium_is_not_ready_for_anybody);
	tcase_add_test(tc, logout_lets_the_medium_go);
	return tc;
}

static TCase *newcomer_case(void)
{
	TCase *tc = tcase_create("newcomer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, attentions_do_not_keep_from_polling);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		identity_case, attention_case, newcomer_case,
	};

	return core_main("mmc_core", tcases, ARRAY_SIZE(tcases));
}
