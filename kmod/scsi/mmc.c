// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: a drive's life, what it tells the core of itself, and the
 * commands that ask no more than whether it is ready.
 */
#include "core_os.h"
#include "mmc_lu.h"

/* ---- Commands ---------------------------------------------------------- */

/* What reads runs against Write Exclusive. */
#define READS	(SCST_OP_IN | SCST_OP_ANY_WE)
#define ANYTIME	(SCST_OP_IN | SCST_OP_ANY_RESV)
/* MMC-6: neither a unit attention nor a reservation is in their way. */
#define ALWAYS	(SCST_OP_IN | SCST_OP_ANY_UA | SCST_OP_ANY_RESV)

#define ROW(code, len, flags, fn, ...) \
	{ SCSI_##code, len, SCST_NO_SA, flags, fn, \
	  { SCSI_##code, __VA_ARGS__ } }

/* Parts of CDB usage data. The core evaluates NACA for all. */
#define ALL2 0xff, 0xff
#define ALL3 0xff, ALL2
#define ALL4 ALL2, ALL2
#define NACA 0x04
/* DPO and FUA: there is but one copy of the data. */
#define RW_OPTS 0x18

static const struct scst_opcode mmc_opcodes[] = {
	ROW(TEST_UNIT_READY, 6, SCST_OP_ANY_PR, mmc_test_unit_ready,
	    0, 0, 0, 0, NACA),
	ROW(START_STOP_UNIT, 6, 0, mmc_start_stop, 0x01, 0, 0, 0xf7, NACA),
	ROW(PREVENT_ALLOW, 6, 0, mmc_prevent_allow, 0, 0, 0, 0x03, NACA),
	ROW(READ_CAPACITY_10, 10, ANYTIME, mmc_read_capacity,
	    0, 0, 0, 0, 0, 0, 0, 0, NACA),
	ROW(READ_10, 10, READS, mmc_read_10, RW_OPTS, ALL4, 0, ALL2, NACA),
	ROW(SEEK_10, 10, SCST_OP_ANY_WE, mmc_seek, 0, ALL4, 0, 0, 0, NACA),
	ROW(VERIFY_10, 10, SCST_OP_ANY_WE, mmc_verify,
	    0x12, ALL4, 0, ALL2, NACA),
	/* The format was in the control byte before it had its own. */
	ROW(READ_TOC, 10, READS, mmc_read_toc,
	    0x02, 0x0f, 0, 0, 0, 0xff, ALL2, 0xc0 | NACA),
	ROW(GET_CONFIGURATION, 10, ALWAYS, mmc_get_configuration,
	    0x03, ALL2, 0, 0, 0, ALL2, NACA),
	ROW(GET_EVENT_STATUS, 10, ALWAYS, mmc_get_event_status,
	    0x01, 0, 0, 0xff, 0, 0, ALL2, NACA),
	ROW(READ_DISC_INFO, 10, READS, mmc_read_disc_info,
	    0x07, 0, 0, 0, 0, 0, ALL2, NACA),
	ROW(READ_TRACK_INFO, 10, READS, mmc_read_track_info,
	    0x07, ALL4, 0, ALL2, NACA),
	ROW(READ_12, 12, READS, mmc_read_12, RW_OPTS, ALL4, ALL4, 0, NACA),
	ROW(READ_DISC_STRUCTURE, 12, READS, mmc_read_disc_structure,
	    0x0f, 0, 0, 0, 0, 0xff, 0xff, ALL2, 0, NACA),
	ROW(READ_CD_MSF, 12, READS, mmc_read_cd_msf,
	    0x1e, 0, ALL3, ALL3, 0xfe, 0x07, NACA),
	ROW(SET_CD_SPEED, 12, 0, mmc_set_speed,
	    0x03, ALL4, 0, 0, 0, 0, 0, NACA),
	ROW(MECHANISM_STATUS, 12, READS, mmc_mechanism_status,
	    0, 0, 0, 0, 0, 0, 0, ALL2, 0, NACA),
	ROW(READ_CD, 12, READS, mmc_read_cd,
	    0x1e, ALL4, ALL3, 0xfe, 0x07, NACA),
};

/* Version descriptor of MMC-6. */
#define VD_MMC_6 0x04e0

/*
 * No command writes, and the mode parameters of these devices have no WP bit:
 * there is nothing that read_only could change.
 */
void mmc_lu_describe(struct mmc_lu *lu, struct scst_device_info *info)
{
	info->type = SCSI_TYPE_CDROM;
	info->removable = true;
	info->opcodes = mmc_opcodes;
	info->nr_opcodes = ARRAY_SIZE(mmc_opcodes);
	info->mode_pages = lu->mode_pages;
	info->nr_mode_pages = MMC_MODE_PAGES;
	info->version_descriptors[0] = VD_MMC_6;
	info->max_transfer = lu->max_transfer;
}

u32 mmc_check_medium(struct scst_cmd *cmd)
{
	const struct mmc_lu *lu = mmc_lu(cmd);
	u32 blocks = READ_ONCE(lu->ready);

	if (unlikely(!blocks))
		scst_cmd_fail(cmd, READ_ONCE(lu->open) ?
				   SENSE_NO_MEDIUM_TRAY_OPEN :
				   SENSE_NO_MEDIUM_TRAY_CLOSED);
	return blocks;
}

void mmc_test_unit_ready(struct scst_cmd *cmd)
{
	if (mmc_check_medium(cmd))
		scst_cmd_good(cmd);
}

void mmc_read_capacity(struct scst_cmd *cmd)
{
	u32 blocks = mmc_check_medium(cmd);
	u8 buf[8];

	if (!blocks)
		return;
	put_unaligned_be32(blocks - 1, buf);
	put_unaligned_be32(MMC_BLOCK, buf + 4);
	scst_cmd_reply(cmd, buf, sizeof(buf), sizeof(buf));
}

/* Whatever speed is asked for, it is as fast as it can be. */
void mmc_set_speed(struct scst_cmd *cmd)
{
	scst_cmd_good(cmd);
}

/* MMC-6 6.10: idle, and there are no slots, for this is no changer. */
void mmc_mechanism_status(struct scst_cmd *cmd)
{
	u8 buf[8] = { 0 };

	if (READ_ONCE(mmc_lu(cmd)->open))
		buf[1] = 0x10;
	scst_cmd_reply(cmd, buf, sizeof(buf),
		       get_unaligned_be16(cmd->cdb + 8));
}

/* ---- Life -------------------------------------------------------------- */

#define DEFAULT_TRANSFER (8u << 20)	/* these in bytes */
#define MAX_TRANSFER	 (1u << 30)

/* What is wrong with it, or NULL. */
static const char *config_wrong(const struct mmc_config *cfg,
				const struct mmc_backend_ops *be)
{
	if (cfg->blocks > MMC_MAX_BLOCKS)
		return "too many blocks";
	if (cfg->max_transfer > MAX_TRANSFER / MMC_BLOCK)
		return "maximum transfer too long";
	if (!be->read)
		return "no read operation";
	return NULL;
}

struct mmc_lu *mmc_lu_alloc(const struct mmc_config *cfg,
			    const struct mmc_backend_ops *be,
			    const struct mmc_env_ops *env, void *priv)
{
	const char *wrong = config_wrong(cfg, be);
	struct mmc_lu *lu;

	if (wrong) {
		pr_err("CD-ROM configuration: %s\n", wrong);
		return ERR_PTR(-EINVAL);
	}
	lu = kzalloc(sizeof(*lu), GFP_KERNEL);
	if (!lu)
		return ERR_PTR(-ENOMEM);

	lu->be = be;
	lu->env = env;
	lu->priv = priv;
	lu->cfg = *cfg;
	lu->max_transfer = DEFAULT_TRANSFER;
	if (cfg->max_transfer)
		lu->max_transfer = cfg->max_transfer * MMC_BLOCK;
	spin_lock_init(&lu->lock);
	INIT_LIST_HEAD(&lu->nexuses);
	lu->medium = cfg->blocks;
	lu->told = cfg->blocks;
	lu->ready = cfg->blocks;
	mmc_pages_init(lu);
	return lu;
}

/* All commands have ended. */
void mmc_lu_free(struct mmc_lu *lu)
{
	scsi_nexus_forget_all(&lu->nexuses);
	kfree(lu);
}

void *mmc_lu_priv(const struct mmc_lu *lu)
{
	return lu->priv;
}

const struct mmc_config *mmc_lu_config(const struct mmc_lu *lu)
{
	return &lu->cfg;
}

u64 mmc_lu_blocks(const struct mmc_lu *lu)
{
	return READ_ONCE(lu->medium);
}

/* ---- What changes ------------------------------------------------------ */

void mmc_lu_update(struct mmc_lu *lu)
{
	lockdep_assert_held(&lu->lock);
	WRITE_ONCE(lu->ready, lu->open ? 0 : lu->medium);
}

void mmc_lu_set_medium(struct mmc_lu *lu, u64 blocks)
{
	bool tell, had;

	spin_lock_bh(&lu->lock);
	had = lu->ready;
	WRITE_ONCE(lu->open, false);
	WRITE_ONCE(lu->medium, min_t(u64, blocks, MMC_MAX_BLOCKS));
	mmc_lu_update(lu);
	tell = lu->medium && lu->medium != lu->told;
	if (tell)
		lu->told = lu->medium;
	if (blocks)
		mmc_announce(lu, MMC_EV_NEW_MEDIUM | MMC_EV_FEATURES);
	else if (had)
		mmc_announce(lu, MMC_EV_REMOVED | MMC_EV_FEATURES);
	spin_unlock_bh(&lu->lock);

	if (tell && lu->env->capacity)
		lu->env->capacity(lu);
	if (blocks)
		lu->env->ua(lu, SENSE_UA_MEDIUM_CHANGED, 0);
}

void mmc_lu_event(struct mmc_lu *lu, enum scst_device_event ev, u64 nexus_id)
{
	spin_lock_bh(&lu->lock);
	switch (ev) {
	case SCST_EV_LU_RESET:
		scsi_nexus_forget_all(&lu->nexuses);
		break;
	case SCST_EV_NEXUS_LOSS:
		scsi_nexus_forget(&lu->nexuses, nexus_id);
		break;
	}
	spin_unlock_bh(&lu->lock);
}
