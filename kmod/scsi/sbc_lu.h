/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: what the files of the SBC device server share.
 *
 * A command's state is a struct sbc_cmd in scst_cmd.server. Its execute
 * function reads the CDB into it once (sbc_begin), checks it, and then either
 * submits one I/O (sbc_submit) or runs as a loop of several (sbc_loop).
 * Whatever happens, sbc_end() is the end.
 *
 * Commands that alter the medium pass the gate (sbc_gate.c) on their way to
 * the backend, and so do those that read it where writes can be atomic. Those
 * that answer for durability end in sbc_write_end().
 *
 * Locks: lu->lock for medium and prevention; gate.lock for ranges.
 * Neither is taken inside the other or held while calling out.
 */
#ifndef SBC_LU_H
#define SBC_LU_H

#include "core_os.h"
#include "sbc.h"
#include "scsi_loop.h"
#include "scsi_nexus.h"
#include "seg.h"

/* Options in byte 1 of CDBs. */
enum {
	CDB_PROTECT = 0xe0,	/* RDPROTECT, WRPROTECT, VRPROTECT, ORPROTECT */
	CDB_DPO	    = 0x10,
	CDB_FUA	    = 0x08,
	CDB_BYTCHK  = 0x06,
	CDB_IMMED   = 0x80,	/* SANITIZE */
	CDB_AUSE    = 0x20,
};

/* Bytes of a piece, where a command goes through its range in pieces. */
#define SBC_CHUNK (1u << 20)

/* Descriptors of one UNMAP, and bytes of a list with as many. */
#define SBC_UNMAP_DESCRIPTORS 256
#define SBC_UNMAP_LIST (8 + SBC_UNMAP_DESCRIPTORS * 16)

/* Excludes atomic operations from what they must not overlap. */
struct sbc_gate {
	atomic64_t __percpu *inside;	/* see sbc_gate.c */
	spinlock_t lock;
	bool closed;
	bool sealed;		/* who would wait is refused */
	bool running;		/* somebody empties @ready */
	s64 drain;		/* still inside from before it closed */
	u32 exclusive;		/* of @ranges */
	u32 waiting;		/* of @ranges */
	u32 idle;		/* since there was an exclusive one */
	struct list_head ranges;	/* in order of arrival */
	struct list_head ready;	/* may go on, likewise */
};

enum { SBC_MAX_OPCODES = 40, SBC_MODE_PAGES = 3, SBC_VPD_PAGES = 3 };

enum sbc_sanitize_state {
	SANITIZE_IDLE,
	SANITIZE_RUNS,
	SANITIZE_FAILED,	/* until another is successful, or exit */
};

struct sbc_lu {
	const struct sbc_backend_ops *be;
	const struct sbc_env_ops *env;
	void *priv;
	void (*unmap)(struct sbc_io *io);	/* NULL unless thin */

	/* READ_ONCE: resize, medium changes, MODE SELECT. */
	u64 blocks;
	u32 medium;			/* counts them */
	enum scst_sense not_ready;	/* SENSE_NONE: medium access goes */
	bool wce;

	u8 shift;			/* log2 of the block size */
	u32 max_transfer;		/* these in blocks */
	u32 max_compare;
	u32 max_same;
	u32 max_atomic;
	struct sbc_config cfg;
	struct sbc_gate gate;

	spinlock_t lock;
	bool ejected;
	u64 told;			/* capacity that the core knows */
	struct list_head prevents;	/* struct scsi_nexus: all prevent */

	/* @sanitizing changes under @lock; see sbc_sanitize.c. */
	enum sbc_sanitize_state sanitizing;
	struct sbc_sanitize *sanitize;	/* NULL: not supported */
	u32 progress;			/* READ_ONCE, of 65536 */

	/* For sbc_lu_describe(). */
	struct scst_opcode opcodes[SBC_MAX_OPCODES];
	u32 nr_opcodes;
	struct scst_mode_page mode_pages[SBC_MODE_PAGES];
	struct scst_vpd_page vpd_pages[SBC_VPD_PAGES];
	u32 nr_vpd_pages;
	u8 vpd_limits[60];
	u8 vpd_chars[60];
	u8 vpd_provisioning[4];
};

typedef void (*sbc_op)(struct sbc_io *io);

/* Range of a command that has to be alone: no disk is that large. */
#define SBC_ALL_BLOCKS U64_MAX

enum sbc_gate_state {
	SBC_OUTSIDE,
	SBC_INSIDE,		/* counted */
	SBC_LISTED,		/* in gate.ranges */
};

struct sbc_cmd {
	struct sbc_io io;

	/* From the CDB; later, what of it is really done. */
	u64 lba;
	u64 blocks;
	u8 opts;		/* byte 1, zero in six-byte CDBs */
	u8 length_at;		/* where the number of blocks stands */
	u8 bytchk;
	bool fua;		/* on the medium before GOOD */
	bool zeroes;		/* WRITE SAME: of zeroes */

	/* The gate's; waiting and ready under its lock. */
	u8 gate;		/* enum sbc_gate_state */
	bool exclusive;
	bool waiting;
	struct list_head range_link;
	struct list_head ready_link;
	void (*go)(struct scst_cmd *cmd);

	/* Commands of several I/Os. */
	sbc_op (*next)(struct scst_cmd *cmd);
	struct scsi_loop loop;
	u32 medium;		/* that it began on */
	u32 nr;			/* UNMAP descriptors, status questions */
	u64 pos;		/* how far it got, in blocks or of those */
	struct core_seg *scratch;
	u32 nr_scratch;
};

static_assert(sizeof(struct sbc_cmd) <=
	      sizeof(((struct scst_cmd *)0)->server), "fits the scratch");

static inline struct sbc_cmd *sbc_cmd(struct scst_cmd *cmd)
{
	return (struct sbc_cmd *)cmd->server;
}

static inline struct sbc_lu *sbc_lu(const struct scst_cmd *cmd)
{
	return cmd->lu;
}

static inline u64 sbc_bytes(const struct sbc_lu *lu, u64 blocks)
{
	return blocks << lu->shift;
}

/* Writes may sit in a volatile cache. */
static inline bool sbc_caches(const struct sbc_lu *lu)
{
	return lu->be->flush && READ_ONCE(lu->wce);
}

/* sbc_cmd.c: checks. False or NULL: the command is completed. */
struct sbc_cmd *sbc_begin(struct scst_cmd *cmd);
bool sbc_check(struct scst_cmd *cmd);
bool sbc_check_medium(struct scst_cmd *cmd);
bool sbc_check_sanitize(struct scst_cmd *cmd);
bool sbc_check_write(struct scst_cmd *cmd);
bool sbc_check_limit(struct scst_cmd *cmd, u32 max);
bool sbc_check_to_end(struct scst_cmd *cmd);
void sbc_bad_length(struct scst_cmd *cmd);
void sbc_not_ready(struct scst_cmd *cmd, enum scst_sense sense);

/* sbc_cmd.c: I/O */
bool sbc_use_buffer(struct scst_cmd *cmd, u64 blocks);
bool sbc_get_scratch(struct scst_cmd *cmd, u64 blocks);
void sbc_use_scratch(struct scst_cmd *cmd, u64 lba, u64 blocks);
void sbc_write_flags(struct scst_cmd *cmd);
void sbc_submit(struct sbc_cmd *sc, sbc_op op,
		void (*done)(struct sbc_io *io, enum scst_sense sense));
void sbc_loop(struct scst_cmd *cmd);
bool sbc_wants_flush(struct scst_cmd *cmd);
sbc_op sbc_flush(struct scst_cmd *cmd);
void sbc_write_end(struct scst_cmd *cmd, enum scst_sense sense);
void sbc_end(struct scst_cmd *cmd, enum scst_sense sense);
void sbc_io_end(struct sbc_io *io, enum scst_sense sense);

/* sbc_rw.c */
bool sbc_write_begin(struct scst_cmd *cmd);

/* sbc_gate.c */
int sbc_gate_init(struct sbc_gate *gate);
void sbc_gate_fini(struct sbc_gate *gate);
void sbc_gate_enter(struct scst_cmd *cmd, bool exclusive,
		    void (*go)(struct scst_cmd *cmd));
void sbc_gate_exit(struct scst_cmd *cmd);
void sbc_gate_read(struct scst_cmd *cmd, void (*go)(struct scst_cmd *cmd));

/* sbc.c */
void sbc_lu_update(struct sbc_lu *lu);

/* sbc_power.c */
void sbc_allow_removal(struct sbc_lu *lu, u64 nexus_id);
void sbc_allow_all_removal(struct sbc_lu *lu);

/* sbc_pages.c */
u8 sbc_threshold_exponent(const struct sbc_lu *lu);
void sbc_pages_init(struct sbc_lu *lu);

/* sbc_sanitize.c */
int sbc_sanitize_init(struct sbc_lu *lu);
void sbc_sanitize_fini(struct sbc_lu *lu);
void sbc_sanitize_new_medium(struct sbc_lu *lu);

/* The execute functions. */
void sbc_read(struct scst_cmd *cmd);			/* sbc_rw.c */
void sbc_write(struct scst_cmd *cmd);
void sbc_verify(struct scst_cmd *cmd);			/* sbc_verify.c */
void sbc_write_verify(struct scst_cmd *cmd);
void sbc_compare_and_write(struct scst_cmd *cmd);	/* sbc_atomic.c */
void sbc_orwrite(struct scst_cmd *cmd);
void sbc_write_atomic(struct scst_cmd *cmd);
void sbc_write_same(struct scst_cmd *cmd);		/* sbc_unmap.c */
void sbc_unmap(struct scst_cmd *cmd);
void sbc_get_lba_status(struct scst_cmd *cmd);		/* sbc_status.c */
void sbc_test_unit_ready(struct scst_cmd *cmd);		/* sbc_misc.c */
void sbc_sync_cache(struct scst_cmd *cmd);
void sbc_prefetch(struct scst_cmd *cmd);
void sbc_read_capacity_10(struct scst_cmd *cmd);
void sbc_read_capacity_16(struct scst_cmd *cmd);
void sbc_read_defect_10(struct scst_cmd *cmd);		/* sbc_defect.c */
void sbc_read_defect_12(struct scst_cmd *cmd);
void sbc_log_sense(struct scst_cmd *cmd);		/* sbc_log.c */
void sbc_overwrite(struct scst_cmd *cmd);		/* sbc_sanitize.c */
void sbc_block_erase(struct scst_cmd *cmd);
void sbc_crypto_erase(struct scst_cmd *cmd);
void sbc_exit_failure_mode(struct scst_cmd *cmd);
void sbc_request_sense(struct scst_cmd *cmd);
void sbc_start_stop(struct scst_cmd *cmd);		/* sbc_power.c */
void sbc_prevent_allow(struct scst_cmd *cmd);

#endif
