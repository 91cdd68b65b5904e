/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a disk in memory to test the SBC device server with.
 *
 * The fake backend has a volatile cache in front of its medium, completes
 * inline or when told, in any order, fails where told, and writes down what
 * it was asked. What no backend should ever be asked makes it abort, so that
 * a fuzzer stops there, too: a range off the disk, a list that is not exactly
 * as long as the blocks, a flag that it cannot honour.
 */
#ifndef SBC_FAKE_H
#define SBC_FAKE_H

#include "core_os.h"
#include "sbc.h"

#define FAKE_LOG_MAX 2048
#define FAKE_QUEUE_MAX 512

enum fake_op {
	FAKE_READ,
	FAKE_WRITE,
	FAKE_FLUSH,
	FAKE_UNMAP,
	FAKE_ZERO,
	FAKE_STATUS,
	FAKE_PREFETCH,
	FAKE_CAW,
	FAKE_USAGE,
	FAKE_CRYPTO,
	FAKE_NR_OPS,
};

/* A backend without what these name. */
enum fake_lacks {
	LACKS_WRITE	= 1 << FAKE_WRITE,
	LACKS_FLUSH	= 1 << FAKE_FLUSH,
	LACKS_UNMAP	= 1 << FAKE_UNMAP,
	LACKS_ZERO	= 1 << FAKE_ZERO,
	LACKS_STATUS	= 1 << FAKE_STATUS,
	LACKS_PREFETCH	= 1 << FAKE_PREFETCH,
	LACKS_CAW	= 1 << FAKE_CAW,
	LACKS_USAGE	= 1 << FAKE_USAGE,
	LACKS_CRYPTO	= 1 << FAKE_CRYPTO,
};

struct fake_entry {
	enum fake_op op;
	u64 lba, blocks;
	u32 flags;
};

struct fake_pending {
	struct sbc_io *io;
	enum fake_op op;
};

struct fake {
	struct sbc_lu *lu;
	struct sbc_config cfg;
	struct sbc_backend_ops ops;
	struct scst_device_info info;
	u64 room;		/* blocks that there is memory for */
	u8 *cached;		/* what a read finds */
	u8 *medium;		/* what a power cut leaves */
	bool *mapped;		/* per block */

	bool deferred;		/* queue, for fake_step() */
	struct fake_pending queue[FAKE_QUEUE_MAX];
	u32 nr_queued;

	/* Fail what touches @fail_lba, if @fail is set. */
	enum scst_sense fail;
	u32 fail_ops;		/* mask of 1 << enum fake_op */
	u64 fail_lba;

	struct fake_entry log[FAKE_LOG_MAX];
	u32 nr_log;		/* goes on counting */

	/* Called before and after a request is carried out. */
	void (*submitted)(struct fake *f, enum fake_op op, struct sbc_io *io);
	void (*executed)(struct fake *f, enum fake_op op, struct sbc_io *io);

	/* What the server told its environment. */
	u32 nr_ua, nr_capacity, nr_eject, nr_load;
	enum scst_sense ua;
	u64 ua_except;
	u32 nr_idle;
	bool resume;		/* it asked for sbc_lu_resume() */
};

/* Zero or more of LACKS_; NULL when the server refuses the configuration. */
struct fake *fake_new(const struct sbc_config *cfg, u32 lacks);
void fake_free(struct fake *f);

/* A removable thin disk of 2048 blocks of 512 bytes with a write cache. */
struct sbc_config fake_config(void);

/*
 * Carry out the queued request @nr; resume what was deferred; and all of that
 * until nothing is left, the oldest request first.
 */
void fake_step(struct fake *f, u32 nr);
void fake_resume(struct fake *f);
void fake_drain(struct fake *f);

/* How often the backend was asked for @op since the log was cleared. */
u32 fake_count(const struct fake *f, enum fake_op op);
void fake_clear_log(struct fake *f);

/* The operations in order, a letter each: R W F U Z S P C A K. */
const char *fake_ops(const struct fake *f);

/* ---- Commands ---------------------------------------------------------- */

struct fake_cmd {
	struct scst_cmd cmd;
	struct fake *f;
	u8 cdb[16];
	u8 *data;		/* the buffer's bytes, in three segments */
	u32 len;
	struct core_seg segs[3];
	bool ended;
	void (*on_end)(struct fake_cmd *c);
	void *priv;
};

/*
 * A command with @len bytes of Data-In or -Out. A Data-In buffer is poisoned,
 * Data-Out is zero.
 */
struct fake_cmd *fake_cmd_new(struct fake *f, const u8 *cdb,
			      enum scst_data_dir dir, u32 len);
void fake_cmd_free(struct fake_cmd *c);

/* Let the device server execute it; false: no row is for it. */
bool fake_execute(struct fake_cmd *c);

/* The same, and complete all I/O. */
void fake_run(struct fake_cmd *c);

const struct scst_opcode *fake_row(const struct fake *f, const u8 *cdb);

/* Fill a CDB by its group's layout; its length. */
u32 fake_cdb(u8 *cdb, u8 op, u8 opts, u64 lba, u32 len);

#endif
