// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: a disk's life, and what it tells the core of itself.
 *
 * The configuration is checked once, here, and never changes; what does
 * change (capacity, medium, power, write cache) are fields of struct sbc_lu
 * that commands read without a lock.
 */
#include "core_os.h"
#include "sbc_lu.h"

/* ---- Commands ---------------------------------------------------------- */

enum {
	ROW_THIN      = 1 << 0,		/* if blocks can be unmapped */
	ROW_REMOVABLE = 1 << 1,
	ROW_ATOMIC    = 1 << 2,
	ROW_SANITIZE  = 1 << 3,
	ROW_CRYPTO    = 1 << 4,		/* ... and the backend encrypts */
};

struct sbc_row {
	struct scst_opcode op;
	u8 needs;
	u8 thin_opts;			/* more bits of byte 1 when thin */
};

/* What reads, in one way or the other, runs against Write Exclusive. */
#define READS	(SCST_OP_IN | SCST_OP_ANY_WE)
#define VERIFIES (SCST_OP_OUT | SCST_OP_ANY_WE)
#define ALTERS	(SCST_OP_OUT | SCST_OP_WRITES)
#define ANYTIME	(SCST_OP_IN | SCST_OP_ANY_RESV)

#define ROW(code, len, flags, fn, ...) \
	.op = { SCSI_##code, len, SCST_NO_SA, flags, fn, \
		{ SCSI_##code, __VA_ARGS__ } }
#define ROW_SA(action, flags, fn, ...) \
	.op = { SCSI_SERVICE_ACTION_IN_16, 16, SCSI_SA_##action, flags, fn, \
		{ SCSI_SERVICE_ACTION_IN_16, SCSI_SA_##action, __VA_ARGS__ } }

#define ROW_SANITIZE_SA(action, flags, fn, opts, ...) \
	.op = { SCSI_SANITIZE, 10, SCSI_SA_##action, flags, fn, \
		{ SCSI_SANITIZE, (opts) | SCSI_SA_##action, 0, 0, 0, 0, 0, \
		  __VA_ARGS__, NACA } }

/* Parts of CDB usage data. The core evaluates NACA for all. */
#define ALL2 0xff, 0xff
#define ALL4 ALL2, ALL2
#define ALL8 ALL4, ALL4
#define NACA 0x04

/* Ten, twelve and sixteen bytes: options, LBA, length, group, control. */
#define CDB10(opts) opts, ALL4, 0, ALL2, NACA
#define CDB12(opts) opts, ALL4, ALL4, 0, NACA
#define CDB16(opts) opts, ALL8, ALL4, 0, NACA

static const struct sbc_row sbc_rows[] = {
	{ ROW(TEST_UNIT_READY, 6, SCST_OP_ANY_PR, sbc_test_unit_ready,
	      0, 0, 0, 0, NACA) },
	{ ROW(READ_6, 6, READS, sbc_read, 0x1f, ALL2, 0xff, NACA) },
	{ ROW(WRITE_6, 6, ALTERS, sbc_write, 0x1f, ALL2, 0xff, NACA) },
	{ ROW(START_STOP_UNIT, 6, 0, sbc_start_stop,
	      0x01, 0, 0, 0xf7, NACA) },
	{ ROW(PREVENT_ALLOW, 6, 0, sbc_prevent_allow,
	      0, 0, 0, 0x03, NACA), ROW_REMOVABLE },
	{ ROW(READ_CAPACITY_10, 10, ANYTIME, sbc_read_capacity_10,
	      0, 0, 0, 0, 0, 0, 0, 0, NACA) },
	{ ROW(READ_10, 10, READS, sbc_read, CDB10(CDB_DPO | CDB_FUA)) },
	{ ROW(WRITE_10, 10, ALTERS, sbc_write, CDB10(CDB_DPO | CDB_FUA)) },
	{ ROW(WRITE_VERIFY_10, 10, ALTERS, sbc_write_verify,
	      CDB10(CDB_DPO | CDB_BYTCHK)) },
	{ ROW(VERIFY_10, 10, VERIFIES, sbc_verify, CDB10(CDB_DPO | CDB_BYTCHK)) },
	{ ROW(PREFETCH_10, 10, SCST_OP_ANY_WE, sbc_prefetch, CDB10(0x02)) },
	/* SYNC_NV is obsolete, and still sent. */
	{ ROW(SYNC_CACHE_10, 10, 0, sbc_sync_cache, CDB10(0x06)) },
	{ ROW(WRITE_SAME_10, 10, ALTERS, sbc_write_same, CDB10(0)),
	  .thin_opts = 0x08 },
	{ ROW(UNMAP, 10, ALTERS, sbc_unmap, 0, 0, 0, 0, 0, 0, ALL2, NACA),
	  ROW_THIN },
	{ ROW(READ_16, 16, READS, sbc_read, CDB16(CDB_DPO | CDB_FUA)) },
	{ ROW(COMPARE_AND_WRITE, 16, ALTERS, sbc_compare_and_write,
	      CDB_DPO | CDB_FUA, ALL8, 0, 0, 0, 0xff, 0, NACA) },
	{ ROW(WRITE_16, 16, ALTERS, sbc_write, CDB16(CDB_DPO | CDB_FUA)) },
	{ ROW(ORWRITE_16, 16, ALTERS, sbc_orwrite,
	      CDB16(CDB_DPO | CDB_FUA)) },
	{ ROW(WRITE_VERIFY_16, 16, ALTERS, sbc_write_verify,
	      CDB16(CDB_DPO | CDB_BYTCHK)) },
	{ ROW(VERIFY_16, 16, VERIFIES, sbc_verify, CDB16(CDB_DPO | CDB_BYTCHK)) },
	{ ROW(PREFETCH_16, 16, SCST_OP_ANY_WE, sbc_prefetch, CDB16(0x02)) },
	{ ROW(SYNC_CACHE_16, 16, 0, sbc_sync_cache, CDB16(0x06)) },
	{ ROW(WRITE_SAME_16, 16, ALTERS, sbc_write_same, CDB16(0x01)),
	  .thin_opts = 0x08 },
	{ ROW_SA(READ_CAPACITY_16, ANYTIME, sbc_read_capacity_16,
		 0, 0, 0, 0, 0, 0, 0, 0, ALL4, 0, NACA) },
	{ ROW_SA(GET_LBA_STATUS, READS, sbc_get_lba_status,
		 ALL8, ALL4, 0xff, NACA) },
	{ ROW(READ_12, 12, READS, sbc_read, CDB12(CDB_DPO | CDB_FUA)) },
	{ ROW(WRITE_12, 12, ALTERS, sbc_write, CDB12(CDB_DPO | CDB_FUA)) },
	{ ROW(WRITE_VERIFY_12, 12, ALTERS, sbc_write_verify,
	      CDB12(CDB_DPO | CDB_BYTCHK)) },
	{ ROW(VERIFY_12, 12, VERIFIES, sbc_verify, CDB12(CDB_DPO | CDB_BYTCHK)) },
	{ ROW(READ_DEFECT_DATA_10, 10, READS, sbc_read_defect_10,
	      0, 0x1f, 0, 0, 0, 0, ALL2, NACA) },
	{ ROW(LOG_SENSE, 10, SCST_OP_IN | SCST_OP_ANY_PR, sbc_log_sense,
	      0, ALL2, 0, ALL2, ALL2, NACA) },
	{ ROW(READ_DEFECT_DATA_12, 12, READS, sbc_read_defect_12,
	      0x1f, ALL4, ALL4, 0, NACA) },
	{ ROW(WRITE_ATOMIC_16, 16, ALTERS, sbc_write_atomic,
	      CDB_DPO | CDB_FUA, ALL8, 0, 0, ALL2, 0, NACA), ROW_ATOMIC },
	{ ROW_SANITIZE_SA(OVERWRITE, ALTERS, sbc_overwrite,
			  CDB_IMMED | CDB_AUSE, ALL2), ROW_SANITIZE },
	{ ROW_SANITIZE_SA(BLOCK_ERASE, ALTERS, sbc_block_erase,
			  CDB_IMMED | CDB_AUSE, 0, 0),
	  ROW_SANITIZE | ROW_THIN },
	{ ROW_SANITIZE_SA(CRYPTO_ERASE, ALTERS, sbc_crypto_erase,
			  CDB_IMMED | CDB_AUSE, 0, 0),
	  ROW_SANITIZE | ROW_CRYPTO },
	{ ROW_SANITIZE_SA(EXIT_FAILURE_MODE, 0, sbc_exit_failure_mode,
			  CDB_IMMED | CDB_AUSE, 0, 0), ROW_SANITIZE },
	/* Instead of the core's, to tell how far the operation is. */
	{ ROW(REQUEST_SENSE, 6, ANYTIME | SCST_OP_ANY_UA, sbc_request_sense,
	      0x01, 0, 0, 0xff, NACA), ROW_SANITIZE },
};

static_assert(ARRAY_SIZE(sbc_rows) <= SBC_MAX_OPCODES);

static void lu_opcodes(struct sbc_lu *lu)
{
	u8 has = (lu->unmap ? ROW_THIN : 0) |
		 (lu->cfg.removable ? ROW_REMOVABLE : 0) |
		 (lu->max_atomic ? ROW_ATOMIC : 0) |
		 (lu->sanitize ? ROW_SANITIZE : 0) |
		 (lu->be->crypto_erase ? ROW_CRYPTO : 0);
	const struct sbc_row *row;

	for (row = sbc_rows; row < sbc_rows + ARRAY_SIZE(sbc_rows); row++) {
		struct scst_opcode *op = &lu->opcodes[lu->nr_opcodes];

		if (row->needs & ~has)
			continue;
		*op = row->op;
		if (lu->unmap)
			op->usage[1] |= row->thin_opts;
		lu->nr_opcodes++;
	}
}

/* DPOFUA in the device-specific parameter (SBC-4, mode parameters). */
#define DPOFUA 0x10

/* Version descriptor: what all initiators know. */
#define VD_SBC_3 0x04c0

void sbc_lu_describe(struct sbc_lu *lu, struct scst_device_info *info)
{
	info->type = SCSI_TYPE_DISK;
	info->removable = lu->cfg.removable;
	info->read_only = lu->cfg.read_only || !lu->be->write;
	info->opcodes = lu->opcodes;
	info->nr_opcodes = lu->nr_opcodes;
	info->mode_pages = lu->mode_pages;
	info->nr_mode_pages = SBC_MODE_PAGES;
	info->vpd_pages = lu->vpd_pages;
	info->nr_vpd_pages = lu->nr_vpd_pages;
	info->mode_device_specific = DPOFUA;
	info->version_descriptors[0] = VD_SBC_3;
	/* COMPARE AND WRITE brings each block twice, UNMAP a long list. */
	info->max_transfer = max3(sbc_bytes(lu, lu->max_transfer),
				  2 * sbc_bytes(lu, lu->max_compare),
				  (u64)SBC_UNMAP_LIST);
}

/* ---- Configuration ----------------------------------------------------- */

#define DEFAULT_TRANSFER (8u << 20)	/* these in bytes */
#define MAX_TRANSFER	 (1u << 30)
#define MAX_SAME_ZERO	 (4ull << 30)
#define MAX_SAME_WRITE	 (256ull << 20)

/* What is wrong with it, or NULL. */
static const char *config_wrong(const struct sbc_config *cfg,
				const struct sbc_backend_ops *be,
				const struct sbc_env_ops *env)
{
	if (!is_power_of_2(cfg->block_size) || cfg->block_size < 512 ||
	    cfg->block_size > SCST_DATA_ALIGN)
		return "block size";
	if (cfg->blocks > U64_MAX / cfg->block_size)
		return "too many blocks";
	if (!cfg->blocks && (!cfg->removable || cfg->medium))
		return "no blocks";
	if (cfg->physical_exp > 15)
		return "physical block size";
	if (cfg->lowest_aligned > 0x3fff)
		return "lowest aligned block";
	if (cfg->max_transfer > MAX_TRANSFER / cfg->block_size)
		return "maximum transfer too long";
	if (!be->read)
		return "no read operation";
	if (cfg->thin && !be->unmap && !be->zero)
		return "thin, but no unmap or zero operation";
	if (cfg->thin && !be->write)
		return "thin, but no write operation";
	if (cfg->unmap_alignment &&
	    cfg->unmap_alignment >= cfg->unmap_granularity)
		return "unmap alignment";
	if (cfg->max_atomic && !be->write)
		return "atomic writes, but no write operation";
	if (cfg->sanitize && !be->write)
		return "sanitize, but no write operation";
	if (cfg->sanitize && !env->defer)
		return "sanitize, but nobody to defer to";
	return NULL;
}

static void lu_limits(struct sbc_lu *lu)
{
	lu->max_transfer = lu->cfg.max_transfer;
	if (!lu->max_transfer)
		lu->max_transfer = DEFAULT_TRANSFER >> lu->shift;
	/* One byte in the CDB. */
	lu->max_compare = clamp_t(u32, lu->max_transfer / 2, 1, U8_MAX);
	/* Two bytes. */
	lu->max_atomic = min3(lu->cfg.max_atomic, lu->max_transfer,
			      (u32)U16_MAX);
	/* To write it in pieces takes its time, which initiators have not. */
	lu->max_same = (lu->be->zero ? MAX_SAME_ZERO : MAX_SAME_WRITE) >>
		       lu->shift;
}

/* ---- Life -------------------------------------------------------------- */

struct sbc_lu *sbc_lu_alloc(const struct sbc_config *cfg,
			    const struct sbc_backend_ops *be,
			    const struct sbc_env_ops *env, void *priv)
{
	const char *wrong = config_wrong(cfg, be, env);
	struct sbc_lu *lu;
	int err;

	if (wrong) {
		pr_err("disk configuration: %s\n", wrong);
		return ERR_PTR(-EINVAL);
	}
	lu = kzalloc(sizeof(*lu), GFP_KERNEL);
	if (!lu)
		return ERR_PTR(-ENOMEM);
	err = sbc_gate_init(&lu->gate);
	if (err) {
		kfree(lu);
		return ERR_PTR(err);
	}

	lu->be = be;
	lu->env = env;
	lu->priv = priv;
	lu->cfg = *cfg;
	lu->shift = ilog2(cfg->block_size);
	lu->wce = cfg->write_cache && be->flush;
	if (cfg->thin)
		lu->unmap = be->unmap ? be->unmap : be->zero;
	spin_lock_init(&lu->lock);
	INIT_LIST_HEAD(&lu->prevents);
	err = sbc_sanitize_init(lu);
	if (err) {
		sbc_gate_fini(&lu->gate);
		kfree(lu);
		return ERR_PTR(err);
	}
	lu->told = cfg->blocks;
	lu->blocks = cfg->removable && !cfg->medium ? 0 : cfg->blocks;

	lu_limits(lu);
	lu_opcodes(lu);
	sbc_pages_init(lu);
	spin_lock_bh(&lu->lock);
	sbc_lu_update(lu);
	spin_unlock_bh(&lu->lock);
	return lu;
}

/* All commands have ended, and the unit is not busy. */
void sbc_lu_free(struct sbc_lu *lu)
{
	sbc_sanitize_fini(lu);
	sbc_allow_all_removal(lu);
	sbc_gate_fini(&lu->gate);
	kfree(lu);
}

void *sbc_lu_priv(const struct sbc_lu *lu)
{
	return lu->priv;
}

const struct sbc_config *sbc_lu_config(const struct sbc_lu *lu)
{
	return &lu->cfg;
}

u64 sbc_lu_blocks(const struct sbc_lu *lu)
{
	return READ_ONCE(lu->blocks);
}

bool sbc_lu_write_cache(const struct sbc_lu *lu)
{
	return READ_ONCE(lu->wce);
}

/* ---- What changes ------------------------------------------------------ */

/* Sum up why the medium cannot be accessed, if so, for all commands to read. */
void sbc_lu_update(struct sbc_lu *lu)
{
	enum scst_sense sense = SENSE_NONE;

	lockdep_assert_held(&lu->lock);
	if (lu->sanitizing == SANITIZE_RUNS)
		sense = SENSE_SANITIZE_IN_PROGRESS;
	else if (lu->ejected)
		sense = SENSE_NO_MEDIUM_TRAY_OPEN;
	else if (!lu->blocks)
		sense = SENSE_NO_MEDIUM;
	else if (lu->sanitizing == SANITIZE_FAILED)
		sense = SENSE_SANITIZE_FAILED;
	WRITE_ONCE(lu->not_ready, sense);
}

/* True: the core has to hear of it. */
static bool lu_set_blocks(struct sbc_lu *lu, u64 blocks)
{
	bool tell = blocks && blocks != lu->told;

	lockdep_assert_held(&lu->lock);
	WRITE_ONCE(lu->blocks, blocks);
	if (tell)
		lu->told = blocks;
	sbc_lu_update(lu);
	return tell;
}

void sbc_lu_resize(struct sbc_lu *lu, u64 blocks)
{
	bool tell = false;

	spin_lock_bh(&lu->lock);
	/* Without a medium there is nothing that could have grown. */
	if (lu->blocks && blocks)
		tell = lu_set_blocks(lu, blocks);
	spin_unlock_bh(&lu->lock);
	if (tell)
		lu->env->capacity(lu);
}

void sbc_lu_set_medium(struct sbc_lu *lu, u64 blocks)
{
	bool tell;

	spin_lock_bh(&lu->lock);
	lu->ejected = false;
	sbc_sanitize_new_medium(lu);
	tell = lu_set_blocks(lu, blocks);
	smp_store_release(&lu->medium, lu->medium + 1);
	spin_unlock_bh(&lu->lock);
	if (tell)
		lu->env->capacity(lu);
	if (blocks)
		lu->env->ua(lu, SENSE_UA_MEDIUM_CHANGED, 0);
}

/* Mode parameters return to their defaults, here as in the core. */
static void lu_reset(struct sbc_lu *lu)
{
	WRITE_ONCE(lu->wce, lu->cfg.write_cache && lu->be->flush);
	sbc_allow_all_removal(lu);
}

void sbc_lu_event(struct sbc_lu *lu, enum scst_device_event ev, u64 nexus_id)
{
	switch (ev) {
	case SCST_EV_LU_RESET:
		lu_reset(lu);
		break;
	case SCST_EV_NEXUS_LOSS:
		sbc_allow_removal(lu, nexus_id);
		break;
	}
}
