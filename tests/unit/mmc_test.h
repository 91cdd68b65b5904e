/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: what the tests of the MMC device server share: one fake drive, and the
 * last command that it executed.
 */
#ifndef MMC_TEST_H
#define MMC_TEST_H

#include <check.h>
#include <stdlib.h>

#include "cmd_test.h"
#include "mmc_fake.h"

#define BS	   MMC_BLOCK
#define CD_BLOCKS  5000u
#define DVD_BLOCKS 2000000u

static struct drive *d;
static struct drive_cmd *c;

static inline void drive_with(u64 blocks)
{
	struct mmc_config cfg = { .blocks = blocks, .max_transfer = 512 };

	d = drive_new(&cfg);
	ck_assert_ptr_nonnull(d);
}

static inline void teardown(void)
{
	drive_cmd_free(c);
	c = NULL;
	if (d)
		drive_free(d);
	d = NULL;
}

static inline void with_cd(void)
{
	drive_with(CD_BLOCKS);
}

static inline void with_dvd(void)
{
	drive_with(DVD_BLOCKS);
}

static inline void empty(void)
{
	drive_with(0);
}

/* The next command; its CDB and its nexus may be changed before it is run. */
static inline u8 *make(u8 op, u32 len)
{
	u8 cdb[16] = { op };

	drive_cmd_free(c);
	c = drive_cmd_new(d, cdb, len ? SCST_DATA_IN : SCST_DATA_NONE, len);
	return c->cdb;
}

static inline void run(void)
{
	d->nr_log = 0;
	ck_assert(drive_execute(c));
	drive_drain(d);
	ck_assert(c->ended);
}

/* A ten-byte CDB with an allocation length in its place. */
static inline u8 *make_alloc(u8 op, u16 alloc)
{
	u8 *cdb = make(op, alloc);

	put_unaligned_be16(alloc, cdb + 7);
	return cdb;
}

static inline void tur(void)
{
	make(SCSI_TEST_UNIT_READY, 0);
	run();
}

static inline void start_stop(u8 options)
{
	make(SCSI_START_STOP_UNIT, 0)[4] = options;
	run();
}

#define EJECT 0x02
#define LOAD  0x03

static inline void prevent(u64 nexus_id, u8 how)
{
	make(SCSI_PREVENT_ALLOW, 0)[4] = how;
	c->cmd.nexus_id = nexus_id;
	run();
}

/* Data-In, all of it. */
#define ck_data(...) \
	do { \
		static const u8 expected_[] = { __VA_ARGS__ }; \
		ck_good(); \
		ck_assert_uint_eq(c->cmd.data_in, sizeof(expected_)); \
		ck_assert_mem_eq(c->data, expected_, sizeof(expected_)); \
	} while (0)

/* ---- Blocks ------------------------------------------------------------ */

static inline bool is_block(const u8 *data, u64 lba)
{
	u8 block[BS];

	drive_block(lba, block);
	return !memcmp(data, block, BS);
}

static inline void ck_blocks(u64 lba, u32 blocks)
{
	u32 i;

	ck_good();
	ck_assert_uint_eq(c->cmd.data_in, blocks * BS);
	for (i = 0; i < blocks; i++)
		ck_assert(is_block(c->data + i * BS, lba + i));
}

/* Room enough for all that is not a sector. */
#define ROOM 4096

#endif
