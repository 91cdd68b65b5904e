/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the CD-ROM and DVD-ROM device server (MMC-6).
 *
 * One struct mmc_lu is one drive, with a tray that holds an image or nothing:
 * read-only blocks of MMC_BLOCK bytes. Commands come in through the rows that
 * mmc_lu_describe() hands to the core; reads go out to a backend as struct
 * mmc_io, one at a time per command. What fits on a CD is one, with a single
 * track of mode 1 sectors; what is longer is a DVD.
 *
 * Contexts: everything may run concurrently for one logical unit, in process
 * context or softirq, and nothing here sleeps.
 */
#ifndef MMC_H
#define MMC_H

#include "core_os.h"
#include "scst_cmd.h"
#include "scst_device.h"

#define MMC_BLOCK 2048u

/* READ CAPACITY counts in 32 bits. */
#define MMC_MAX_BLOCKS U32_MAX

struct mmc_lu;
struct mmc_io;

/*
 * One request to a backend. It is the command's; the backend answers with
 * mmc_io_done(), once, from any context. SENSE_BUSY is a valid answer: the
 * initiator tries again. The range is one of the medium that was there when
 * the command began, which may have gone since.
 */
struct mmc_io {
	struct mmc_lu *lu;
	struct scst_cmd *cmd;
	u64 lba;
	u64 blocks;
	struct core_seg *segs;		/* exactly the blocks */
	u32 nr_segs;
	/* Where it went wrong, when the backend knows. */
	bool has_bad_lba;
	u64 bad_lba;
	void (*done)(struct mmc_io *io, enum scst_sense sense);
};

static inline void mmc_io_done(struct mmc_io *io, enum scst_sense sense)
{
	io->done(io, sense);
}

/* What a backend does. */
struct mmc_backend_ops {
	void (*read)(struct mmc_io *io);
	/*
	 * The tray opened, with the medium on it; and it shall close, which a
	 * backend may answer by mmc_lu_set_medium(). Both optional.
	 */
	void (*eject)(struct mmc_lu *lu);
	void (*load)(struct mmc_lu *lu);
};

/* What the server asks of whoever runs it. */
struct mmc_env_ops {
	/* Unit attention for every nexus but @except. */
	void (*ua)(struct mmc_lu *lu, enum scst_sense ua, u64 except);
	/*
	 * Number of blocks changed. Optional, and not for
	 * scst_device_set_capacity(): the mode parameters of these devices
	 * have no block descriptors, and a new medium is told by ua().
	 */
	void (*capacity)(struct mmc_lu *lu);
};

struct mmc_config {
	u64 blocks;			/* of the first medium, 0: none */
	u32 max_transfer;		/* blocks, 0: 8 MiB */
};

/*
 * Process context. ERR_PTR(-EINVAL) with a line in the log when the
 * configuration contradicts itself; -ENOMEM.
 */
struct mmc_lu *mmc_lu_alloc(const struct mmc_config *cfg,
			    const struct mmc_backend_ops *be,
			    const struct mmc_env_ops *env, void *priv);
void mmc_lu_free(struct mmc_lu *lu);

void *mmc_lu_priv(const struct mmc_lu *lu);
const struct mmc_config *mmc_lu_config(const struct mmc_lu *lu);

/* Of the medium, on an open tray, too; 0: there is none. */
u64 mmc_lu_blocks(const struct mmc_lu *lu);

/*
 * Fill type, commands, mode pages and limits of @info; identity and queue
 * depth are the caller's. The tables are @lu's.
 */
void mmc_lu_describe(struct mmc_lu *lu, struct scst_device_info *info);

/* The core's calls, as in struct scst_device_ops. */
void mmc_lu_mode_select(struct mmc_lu *lu, struct scst_cmd *cmd,
			const struct scst_mode_page *page, const u8 *wanted,
			void (*selected)(struct scst_cmd *cmd,
					 enum scst_sense sense));
void mmc_lu_event(struct mmc_lu *lu, enum scst_device_event ev, u64 nexus_id);

/*
 * A medium came (blocks > 0, MMC_MAX_BLOCKS at most count) or went; in either
 * case the tray is closed then. Whether initiators prevent that is not asked.
 */
void mmc_lu_set_medium(struct mmc_lu *lu, u64 blocks);

/*
 * The operator presses the button. True: the tray is open. False: initiators
 * prevent that, and those that listen are asked to allow it.
 */
bool mmc_lu_request_eject(struct mmc_lu *lu);

/* Does an initiator prevent that? */
bool mmc_lu_locked(struct mmc_lu *lu);

#endif
