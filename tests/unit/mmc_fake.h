/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a drive to test the MMC device server with.
 *
 * Its media take no memory: what a block holds follows from its address. The
 * backend completes inline or when told, fails where told, and writes down
 * what it was asked. What no backend should ever be asked makes it abort, so
 * that a fuzzer stops there, too.
 */
#ifndef MMC_FAKE_H
#define MMC_FAKE_H

#include "core_os.h"
#include "mmc.h"

#define DRIVE_LOG_MAX	64
#define DRIVE_QUEUE_MAX 64

struct drive {
	struct mmc_lu *lu;
	struct mmc_backend_ops ops;
	struct scst_device_info info;
	u64 room;		/* the longest medium that there was */

	bool deferred;		/* queue, for drive_step() */
	struct mmc_io *queue[DRIVE_QUEUE_MAX];
	u32 nr_queued;

	/* Fail what touches @fail_lba, if @fail is set. */
	enum scst_sense fail;
	u64 fail_lba;

	struct {
		u64 lba, blocks;
	} log[DRIVE_LOG_MAX];
	u32 nr_log;		/* goes on counting */
	uintptr_t stack_low, stack_high;	/* where reads are called */

	/* What the server told its environment. */
	u32 nr_ua, nr_capacity, nr_eject, nr_load;
	enum scst_sense ua;
	u64 ua_except;
	u64 load_brings;	/* blocks of a medium that comes with a load */
};

/* A drive with a medium of @blocks; NULL: the server refuses that. */
struct drive *drive_new(const struct mmc_config *cfg);
void drive_free(struct drive *d);

void drive_set_medium(struct drive *d, u64 blocks);

/* Complete the queued read @nr; and all of them, oldest first. */
void drive_step(struct drive *d, u32 nr);
void drive_drain(struct drive *d);

/* What block @lba holds. */
void drive_block(u64 lba, u8 *block);

/* ---- Commands ---------------------------------------------------------- */

struct drive_cmd {
	struct scst_cmd cmd;
	struct drive *d;
	u8 cdb[16];
	u8 *data;		/* the buffer's bytes, in two segments */
	struct core_seg segs[2];
	bool ended;
};

/* A command with room for @len bytes of Data-In, which is poisoned. */
struct drive_cmd *drive_cmd_new(struct drive *d, const u8 *cdb,
				enum scst_data_dir dir, u32 len);
void drive_cmd_free(struct drive_cmd *c);

const struct scst_opcode *drive_row(const struct drive *d, u8 op);

/* Let the device server execute it; false: no row is for it. */
bool drive_execute(struct drive_cmd *c);

#endif
