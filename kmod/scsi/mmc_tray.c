// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: the tray: START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL (MMC-6
 * clause 6) and the operator's button.
 *
 * An open tray keeps its medium until the operator takes it, and loading
 * brings it back. A nexus that prevents the removal keeps initiators from
 * ejecting; one that does so persistently takes the button over, and is told
 * when it is pressed.
 */
#include "core_os.h"
#include "mmc_lu.h"

/* START STOP UNIT, byte 4. */
enum {
	SSU_START = 0x01,
	SSU_LOEJ  = 0x02,
	SSU_FL	  = 0x04,	/* change the format layer */
	SSU_POWER = 0xf0,

	POWER_IDLE    = 0x20,
	POWER_STANDBY = 0x30,
	POWER_SLEEP   = 0x50,
};

/* True: it was closed. */
static bool tray_open(struct mmc_lu *lu)
{
	bool had = lu->ready;

	lockdep_assert_held(&lu->lock);
	if (lu->open)
		return false;
	WRITE_ONCE(lu->open, true);
	mmc_lu_update(lu);
	if (had)
		mmc_announce(lu, MMC_EV_REMOVED | MMC_EV_FEATURES);
	return true;
}

/* True: a medium came in by that. */
static bool tray_close(struct mmc_lu *lu)
{
	bool loaded = lu->open && lu->medium;

	lockdep_assert_held(&lu->lock);
	WRITE_ONCE(lu->open, false);
	mmc_lu_update(lu);
	if (loaded)
		mmc_announce(lu, MMC_EV_NEW_MEDIUM | MMC_EV_FEATURES);
	return loaded;
}

/* ---- START STOP UNIT --------------------------------------------------- */

static void unit_load(struct scst_cmd *cmd)
{
	struct mmc_lu *lu = mmc_lu(cmd);
	bool loaded;

	if (lu->be->load)
		lu->be->load(lu);
	spin_lock_bh(&lu->lock);
	loaded = tray_close(lu);
	spin_unlock_bh(&lu->lock);
	if (loaded)
		lu->env->ua(lu, SENSE_UA_MEDIUM_CHANGED, 0);
	mmc_test_unit_ready(cmd);
}

static void unit_eject(struct scst_cmd *cmd)
{
	struct mmc_lu *lu = mmc_lu(cmd);
	bool prevented, opened;

	spin_lock_bh(&lu->lock);
	prevented = scsi_nexus_prevents(&lu->nexuses, SCSI_PREVENT);
	opened = !prevented && tray_open(lu);
	spin_unlock_bh(&lu->lock);

	if (opened && lu->be->eject)
		lu->be->eject(lu);
	if (prevented)
		scst_cmd_fail(cmd, SENSE_REMOVAL_PREVENTED);
	else
		scst_cmd_good(cmd);
}

/* There is no power to save; but these are all the conditions there are. */
static void unit_power(struct scst_cmd *cmd)
{
	switch (cmd->cdb[4] & SSU_POWER) {
	case POWER_IDLE:
	case POWER_STANDBY:
	case POWER_SLEEP:
		scst_cmd_good(cmd);
		break;
	default:
		scst_cmd_bad_cdb(cmd, 4, 7);
	}
}

void mmc_start_stop(struct scst_cmd *cmd)
{
	u8 options = cmd->cdb[4];

	if (options & SSU_POWER)
		unit_power(cmd);
	else if (options & SSU_FL)
		scst_cmd_bad_cdb(cmd, 4, 2);
	else if ((options & (SSU_LOEJ | SSU_START)) == SSU_LOEJ)
		unit_eject(cmd);
	else if (options & SSU_LOEJ)
		unit_load(cmd);
	else if (options & SSU_START)
		mmc_test_unit_ready(cmd);
	else
		scst_cmd_good(cmd);
}

/* ---- PREVENT ALLOW MEDIUM REMOVAL -------------------------------------- */

static bool nexus_prevent(struct mmc_lu *lu, u64 nexus_id, u8 how)
{
	struct scsi_nexus *nexus = mmc_nexus(lu, nexus_id);

	if (!nexus)
		return false;
	nexus->prevents |= how;
	return true;
}

static void nexus_allow(struct mmc_lu *lu, u64 nexus_id, u8 how)
{
	struct scsi_nexus *nexus = scsi_nexus_find(&lu->nexuses, nexus_id);

	if (nexus)
		nexus->prevents &= ~how;
}

void mmc_prevent_allow(struct scst_cmd *cmd)
{
	struct mmc_lu *lu = mmc_lu(cmd);
	u8 options = cmd->cdb[4], how;
	bool done = true;

	how = options & 2 ? SCSI_PREVENT_PERSISTENT : SCSI_PREVENT;
	spin_lock_bh(&lu->lock);
	if (options & 1)
		done = nexus_prevent(lu, cmd->nexus_id, how);
	else
		nexus_allow(lu, cmd->nexus_id, how);
	spin_unlock_bh(&lu->lock);
	scst_cmd_complete(cmd, done ? SCSI_GOOD : SCSI_BUSY);
}

/* ---- The button -------------------------------------------------------- */

/* An open tray is nothing to keep anybody from. */
static bool button_prevented(struct mmc_lu *lu)
{
	lockdep_assert_held(&lu->lock);
	return !lu->open &&
	       scsi_nexus_prevents(&lu->nexuses,
				   SCSI_PREVENT | SCSI_PREVENT_PERSISTENT);
}

bool mmc_lu_request_eject(struct mmc_lu *lu)
{
	bool prevented, opened;

	spin_lock_bh(&lu->lock);
	prevented = button_prevented(lu);
	opened = !prevented && tray_open(lu);
	if (prevented)
		mmc_announce(lu, MMC_EV_EJECT_REQUEST);
	spin_unlock_bh(&lu->lock);

	if (opened && lu->be->eject)
		lu->be->eject(lu);
	return !prevented;
}

bool mmc_lu_locked(struct mmc_lu *lu)
{
	bool locked;

	spin_lock_bh(&lu->lock);
	locked = button_prevented(lu);
	spin_unlock_bh(&lu->lock);
	return locked;
}
