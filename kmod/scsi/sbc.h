/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the direct access block device server (SBC-4).
 *
 * One struct sbc_lu is one disk. Commands come in through the rows that
 * sbc_lu_describe() hands to the core; reads, writes and the rest go out to
 * a backend as struct sbc_io, one at a time per command. The server checks
 * ranges, lengths and flags, emulates what a backend lacks, and serialises
 * COMPARE AND WRITE and its kin against overlapping writes; a backend only
 * moves blocks.
 *
 * Contexts: everything may run concurrently for one logical unit, in process
 * context or softirq, and nothing here sleeps.
 */
#ifndef SBC_H
#define SBC_H

#include "core_os.h"
#include "scst_cmd.h"
#include "scst_device.h"

struct sbc_lu;
struct sbc_io;

enum sbc_io_flags {
	/*
	 * write, zero: on the medium before it is done; set only if the
	 * backend has native_fua. read: from the medium rather than from a
	 * cache, a hint; what is cached for writing was flushed before.
	 */
	SBC_IO_FUA	 = 1 << 0,
	SBC_IO_DPO	 = 1 << 1,	/* not worth caching */
	SBC_IO_MAY_UNMAP = 1 << 2,	/* zero: deallocating is welcome */
};

/*
 * One request to a backend. It is the command's; the backend answers with
 * sbc_io_done(), once, from any context. SENSE_BUSY is a valid answer: the
 * initiator tries again.
 */
struct sbc_io {
	struct sbc_lu *lu;
	struct scst_cmd *cmd;
	u64 lba;
	u64 blocks;
	struct core_seg *segs;		/* read, write: exactly the blocks */
	u32 nr_segs;
	u32 flags;
	/* usage: the backend's answer, in blocks; U64_MAX: it cannot tell */
	u64 used;
	u64 available;
	/* status: its answer, for the extent that begins at lba */
	u64 extent;			/* blocks, at least 1 */
	bool mapped;
	/* Where it went wrong, when the backend knows. */
	bool has_bad_lba;
	u64 bad_lba;
	void (*done)(struct sbc_io *io, enum scst_sense sense);
};

static inline void sbc_io_done(struct sbc_io *io, enum scst_sense sense)
{
	io->done(io, sense);
}

/*
 * What a backend does. read is mandatory; without write the unit is
 * read-only; without flush every write is on the medium when it is done.
 */
struct sbc_backend_ops {
	void (*read)(struct sbc_io *io);
	void (*write)(struct sbc_io *io);
	void (*flush)(struct sbc_io *io);	/* at least [lba, lba+blocks) */
	void (*unmap)(struct sbc_io *io);
	/*
	 * The range reads as zeroes afterwards. SENSE_INVALID_OPCODE: not
	 * possible here after all, the server writes zeroes.
	 */
	void (*zero)(struct sbc_io *io);
	void (*status)(struct sbc_io *io);
	void (*prefetch)(struct sbc_io *io);
	/* How much of its storage the unit uses, and how much there is left. */
	void (*usage)(struct sbc_io *io);
	/*
	 * For backends that encrypt all that they store: replace the key, for
	 * good when it is done, so that nothing that was written can be read
	 * any more; blocks read as anything afterwards. Nothing is being
	 * written meanwhile; reads from before may be under way.
	 */
	void (*crypto_erase)(struct sbc_io *io);
	/*
	 * Compare the first half of segs with the medium and write the second
	 * half; SENSE_MISCOMPARE_VERIFY with bad_lba the *byte* offset.
	 * Without it the server reads, compares and writes under a range lock.
	 */
	void (*compare_and_write)(struct sbc_io *io);
	/* START STOP UNIT: the operator's door. Optional. */
	void (*eject)(struct sbc_lu *lu);
	void (*load)(struct sbc_lu *lu);
};

/* What the server asks of whoever runs it. */
struct sbc_env_ops {
	/* Unit attention for every nexus but @except. */
	void (*ua)(struct sbc_lu *lu, enum scst_sense ua, u64 except);
	/* Number of blocks changed: the core's mode parameters follow. */
	void (*capacity)(struct sbc_lu *lu);
	/*
	 * With sbc_config.sanitize: call sbc_lu_resume() soon, not from inside
	 * this call, where requests may be made; others get their turn before.
	 */
	void (*defer)(struct sbc_lu *lu);
	/* Likewise: sbc_lu_busy() is false now. Optional. */
	void (*idle)(struct sbc_lu *lu);
};

/* Declared before sbc_lu_init(); fixed afterwards but where it says so. */
struct sbc_config {
	u64 blocks;
	u32 block_size;			/* power of two, 512 to 4096 */
	u8 physical_exp;		/* log2 of logical blocks per physical */
	u16 lowest_aligned;
	bool removable;
	bool medium;			/* a removable unit begins loaded */
	bool thin;			/* LBPME: needs ops->unmap or zero */
	bool zero_after_unmap;		/* LBPRZ */
	bool write_cache;		/* WCE at first */
	bool native_fua;		/* write honours SBC_IO_FUA itself */
	bool read_only;
	u16 rotation_rate;		/* SBC-4 6.5.3: 0 unknown, 1 solid */
	u32 max_transfer;		/* blocks, 0: 8 MiB */
	u32 optimal_transfer;		/* blocks, 0: none */
	u32 optimal_granularity;	/* blocks, 0: none */
	u32 unmap_granularity;		/* blocks, 0: none */
	u32 unmap_alignment;
	/*
	 * Blocks that the backend's write writes all or not at all, be it that
	 * it fails or that power is lost: the longest WRITE ATOMIC. 0: none.
	 * That others see all or nothing of it is the server's part.
	 */
	u32 max_atomic;
	/* SANITIZE, which destroys all data. Not resumed after a restart. */
	bool sanitize;
};

/*
 * Process context. ERR_PTR(-EINVAL) with a line in the log when the
 * configuration contradicts itself; -ENOMEM.
 */
struct sbc_lu *sbc_lu_alloc(const struct sbc_config *cfg,
			    const struct sbc_backend_ops *be,
			    const struct sbc_env_ops *env, void *priv);
void sbc_lu_free(struct sbc_lu *lu);

void *sbc_lu_priv(const struct sbc_lu *lu);
const struct sbc_config *sbc_lu_config(const struct sbc_lu *lu);
u64 sbc_lu_blocks(const struct sbc_lu *lu);
bool sbc_lu_write_cache(const struct sbc_lu *lu);

/*
 * Fill type, commands, mode pages, VPD pages and limits of @info; identity
 * and queue depth are the caller's. The tables are @lu's.
 */
void sbc_lu_describe(struct sbc_lu *lu, struct scst_device_info *info);

/*
 * The core's calls, as in struct scst_device_ops. MODE SELECT with WCE going
 * to zero flushes before it is @selected.
 */
void sbc_lu_mode_select(struct sbc_lu *lu, struct scst_cmd *cmd,
			const struct scst_mode_page *page, const u8 *wanted,
			void (*selected)(struct scst_cmd *cmd,
					 enum scst_sense sense));
void sbc_lu_event(struct sbc_lu *lu, enum scst_device_event ev, u64 nexus_id);

/* The backend grew or shrank. */
void sbc_lu_resize(struct sbc_lu *lu, u64 blocks);

/*
 * A sanitize operation outlives its command. The unit must not be freed while
 * one is under way; a call to stop makes it fail at its next step.
 */
bool sbc_lu_busy(struct sbc_lu *lu);
void sbc_lu_stop(struct sbc_lu *lu);

/* What env->defer() asked for. Process context or softirq. */
void sbc_lu_resume(struct sbc_lu *lu);

/* A medium came (blocks > 0) or went; removable units only. */
void sbc_lu_set_medium(struct sbc_lu *lu, u64 blocks);

#endif
