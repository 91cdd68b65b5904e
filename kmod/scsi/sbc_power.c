// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: START STOP UNIT and PREVENT ALLOW MEDIUM REMOVAL (SBC-4, clause
 * 5).
 *
 * There is no spindle to stop and no power to save, and one initiator that
 * shuts down must not take a shared unit away from the others: a unit is ready
 * as long as it has a medium. To stop it flushes; LOEJ puts the medium out,
 * for all, unless somebody prevents that. sbc_lu_update() sums it up, under
 * lu->lock.
 */
#include "core_os.h"
#include "sbc_lu.h"

/* START STOP UNIT, byte 4. */
enum {
	SSU_NO_FLUSH = 0x04,
	SSU_LOEJ     = 0x02,
	SSU_START    = 0x01,
	SSU_POWER    = 0xf0,
};

/* ---- START STOP UNIT --------------------------------------------------- */

/*
 * What is not there cannot be loaded. Initiators other than the one that
 * asked learn of the medium by a unit attention.
 */
static void unit_load(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	enum scst_sense sense = SENSE_NONE;
	bool loaded = false;

	spin_lock_bh(&lu->lock);
	if (!list_empty(&lu->prevents))
		sense = SENSE_REMOVAL_PREVENTED;
	spin_unlock_bh(&lu->lock);

	if (!sense && lu->be->load)
		lu->be->load(lu);

	spin_lock_bh(&lu->lock);
	if (!sense && !lu->blocks)
		sense = SENSE_NO_MEDIUM;
	if (!sense) {
		loaded = lu->ejected;
		lu->ejected = false;
		sbc_lu_update(lu);
	}
	spin_unlock_bh(&lu->lock);

	if (loaded)
		lu->env->ua(lu, SENSE_UA_MEDIUM_CHANGED, cmd->nexus_id);
	sbc_end(cmd, sense);
}

/* The cache is flushed, or shall not be. */
static void unit_stop(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	bool eject = cmd->cdb[4] & SSU_LOEJ;
	enum scst_sense sense = SENSE_NONE;

	spin_lock_bh(&lu->lock);
	if (lu->sanitizing == SANITIZE_RUNS)
		sense = SENSE_SANITIZE_IN_PROGRESS;
	else if (eject && list_empty(&lu->prevents))
		lu->ejected = true;
	else if (eject)
		sense = SENSE_REMOVAL_PREVENTED;
	sbc_lu_update(lu);
	spin_unlock_bh(&lu->lock);

	if (eject && !sense && lu->be->eject)
		lu->be->eject(lu);
	sbc_end(cmd, sense);
}

static void unit_flushed(struct sbc_io *io, enum scst_sense sense)
{
	if (sense)
		sbc_end(io->cmd, sense);
	else
		unit_stop(io->cmd);
}

static void unit_flush_and_stop(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);

	sc->lba = 0;
	sc->blocks = READ_ONCE(lu->blocks);
	if ((cmd->cdb[4] & SSU_NO_FLUSH) || !sc->blocks || !sbc_caches(lu))
		unit_stop(cmd);
	else
		sbc_submit(sc, sbc_flush(cmd), unit_flushed);
}

void sbc_start_stop(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	u8 options = cmd->cdb[4];

	sbc_begin(cmd);
	if (!sbc_check_sanitize(cmd))
		return;
	if (options & SSU_POWER)
		/* In every power condition it does all that it can do. */
		sbc_end(cmd, SENSE_NONE);
	else if ((options & SSU_LOEJ) && !lu->cfg.removable)
		scst_cmd_bad_cdb(cmd, 4, 1);
	else if (!(options & SSU_START))
		unit_flush_and_stop(cmd);
	else if (options & SSU_LOEJ)
		unit_load(cmd);
	else
		sbc_end(cmd, SENSE_NONE);
}

/* ---- PREVENT ALLOW MEDIUM REMOVAL -------------------------------------- */

void sbc_allow_removal(struct sbc_lu *lu, u64 nexus_id)
{
	spin_lock_bh(&lu->lock);
	scsi_nexus_forget(&lu->prevents, nexus_id);
	spin_unlock_bh(&lu->lock);
}

void sbc_allow_all_removal(struct sbc_lu *lu)
{
	spin_lock_bh(&lu->lock);
	scsi_nexus_forget_all(&lu->prevents);
	spin_unlock_bh(&lu->lock);
}

static int sbc_prevent_removal(struct sbc_lu *lu, u64 nexus_id)
{
	struct scsi_nexus *nexus;

	spin_lock_bh(&lu->lock);
	nexus = scsi_nexus_remember(&lu->prevents, nexus_id);
	spin_unlock_bh(&lu->lock);
	return nexus ? 0 : -ENOMEM;
}

void sbc_prevent_allow(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	u8 prevent = cmd->cdb[4] & 3;

	if (!sbc_check_sanitize(cmd))
		return;
	/* 1xb is obsolete: it meant the changer's side. */
	if (prevent & 2)
		scst_cmd_bad_cdb(cmd, 4, 1);
	else if (prevent && sbc_prevent_removal(lu, cmd->nexus_id))
		scst_cmd_complete(cmd, SCSI_BUSY);
	else if (prevent)
		scst_cmd_good(cmd);
	else {
		sbc_allow_removal(lu, cmd->nexus_id);
		scst_cmd_good(cmd);
	}
}
