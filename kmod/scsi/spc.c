// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: the SPC device server: its table of commands, the small ones
 * among them, and logical units that are not there.
 */
#include "spc.h"
#include "spc_alua.h"
#include "spc_xcopy.h"
#include "scst_core.h"

void spc_reply_add(struct spc_reply *reply, const void *buf, size_t len)
{
	size_t room = reply->alloc > reply->len ? reply->alloc - reply->len : 0;

	scst_cmd_copy_in(reply->cmd, reply->len, buf, min(len, room));
	reply->len += len;
}

void spc_reply_end(struct spc_reply *reply)
{
	struct scst_cmd *cmd = reply->cmd;

	cmd->wanted = min(reply->len, reply->alloc);
	cmd->data_in = min_t(u64, cmd->wanted, scst_cmd_data_in(cmd));
	scst_cmd_good(cmd);
}

/* For devices that do not answer it themselves. */
static void spc_test_unit_ready(struct scst_cmd *cmd)
{
	scst_cmd_good(cmd);
}

/*
 * SPC-5 6.39. Pending sense is a unit attention: nothing else outlives a
 * command here. Outside the core's process there are none.
 */
void scst_cmd_request_sense(struct scst_cmd *cmd,
			    const struct scst_sense_data *pollable)
{
	struct scst_sense_data ua = { .sense = SENSE_NONE };
	u8 buf[SCST_SENSE_MAX];
	unsigned int len;

	if (cmd->dev)
		ua.sense = scst_itl_take_ua(scst_cmd_task(cmd)->itl);
	len = scst_sense_encode(ua.sense ? &ua : pollable, cmd->cdb[1] & 1,
				buf, sizeof(buf));
	scst_cmd_reply(cmd, buf, len, cmd->cdb[4]);
}

static void spc_request_sense(struct scst_cmd *cmd)
{
	struct scst_sense_data sd = { .sense = SENSE_NONE };
	const struct scst_task *task = scst_cmd_task(cmd);

	if (!task->itl && task->lun != SCSI_WLUN_REPORT_LUNS)
		sd.sense = SENSE_LUN_NOT_SUPPORTED;
	scst_cmd_request_sense(cmd, &sd);
}

/* SPC-5 6.42: the default self-test, which has nothing to test. */
static void spc_send_diagnostic(struct scst_cmd *cmd)
{
	if (!(cmd->cdb[1] & 0x04))
		scst_cmd_bad_cdb(cmd, 1, 2);
	else
		scst_cmd_good(cmd);
}

/* ---- RESERVE and RELEASE (SPC-2 7.17 to 7.22) --------------------------- */

/*
 * While there are registrants, neither has an effect, and only who may access
 * the unit does not get a conflict (SPC-2 5.5.1, SPC-5 5.13.3).
 */
static void spc_reserve(struct scst_cmd *cmd)
{
	const struct scst_itl *itl = scst_cmd_task(cmd)->itl;
	struct scst_device *dev = cmd->dev;
	bool conflict;

	spin_lock_bh(&dev->lock);
	if (dev->pr.nr_regs) {
		conflict = !spc_pr_compatible(itl);
	} else {
		conflict = dev->reserved_by &&
			   dev->reserved_by != cmd->nexus_id;
		/* A reset that aborted the command has released the unit. */
		if (!conflict && !READ_ONCE(cmd->aborted))
			dev->reserved_by = cmd->nexus_id;
		spc_resv_update(dev);
	}
	spin_unlock_bh(&dev->lock);
	scst_cmd_complete(cmd, conflict ? SCSI_RESERVATION_CONFLICT :
					  SCSI_GOOD);
}

/* To release what one does not hold is no error. */
static void spc_release(struct scst_cmd *cmd)
{
	const struct scst_itl *itl = scst_cmd_task(cmd)->itl;
	struct scst_device *dev = cmd->dev;
	bool conflict;

	spin_lock_bh(&dev->lock);
	conflict = dev->pr.nr_regs && !spc_pr_compatible(itl);
	if (dev->reserved_by == cmd->nexus_id) {
		dev->reserved_by = 0;
		spc_resv_update(dev);
	}
	spin_unlock_bh(&dev->lock);
	scst_cmd_complete(cmd, conflict ? SCSI_RESERVATION_CONFLICT :
					  SCSI_GOOD);
}

/* ---- The table --------------------------------------------------------- */

#define ALWAYS (SCST_OP_ANY_UA | SCST_OP_ANY_RESV)
#define REPORT (SCST_OP_IN | SCST_OP_ANY_RESERVE | SCST_OP_ANY_WE)

/* What they say to RESERVE is for them to find out. */
#define PR_IN(sa) \
	{ SCSI_PERSISTENT_IN, 10, SCSI_SA_##sa, SCST_OP_IN | SCST_OP_ANY_PR, \
	  spc_pr_in, { 0x5e, 0x1f, 0, 0, 0, 0, 0, 0xff, 0xff, 0x04 } }
#define PR_OUT(sa, scope_type) \
	{ SCSI_PERSISTENT_OUT, 10, SCSI_SA_##sa, \
	  SCST_OP_OUT | SCST_OP_ANY_PR, spc_pr_out, \
	  { 0x5f, 0x1f, scope_type, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x04 } }

#define COPY_RESULTS(sa, execute, list_id) \
	{ SCSI_THIRD_PARTY_IN, 16, SCSI_SA_##sa, SCST_OP_IN, execute, \
	  { 0x84, 0x1f, list_id, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, \
	    0xff, 0, 0x04 } }

static const struct scst_opcode opcodes[] = {
	{ SCSI_TEST_UNIT_READY, 6, SCST_NO_SA, SCST_OP_ANY_PR,
	  spc_test_unit_ready, { 0x00, 0, 0, 0, 0, 0x04 } },
	{ SCSI_REQUEST_SENSE, 6, SCST_NO_SA, SCST_OP_IN | ALWAYS,
	  spc_request_sense, { 0x03, 0x01, 0, 0, 0xff, 0x04 } },
	{ SCSI_INQUIRY, 6, SCST_NO_SA, SCST_OP_IN | ALWAYS,
	  spc_inquiry, { 0x12, 0x01, 0xff, 0xff, 0xff, 0x04 } },
	{ SCSI_MODE_SELECT_6, 6, SCST_NO_SA, SCST_OP_OUT,
	  spc_mode_select_6, { 0x15, 0x11, 0, 0, 0xff, 0x04 } },
	{ SCSI_RESERVE_6, 6, SCST_NO_SA, SCST_OP_ANY_PR,
	  spc_reserve, { 0x16, 0, 0, 0, 0, 0x04 } },
	{ SCSI_RELEASE_6, 6, SCST_NO_SA, SCST_OP_ANY_RESV,
	  spc_release, { 0x17, 0, 0, 0, 0, 0x04 } },
	{ SCSI_MODE_SENSE_6, 6, SCST_NO_SA, SCST_OP_IN | SCST_OP_ANY_WE,
	  spc_mode_sense_6, { 0x1a, 0x08, 0xff, 0xff, 0xff, 0x04 } },
	{ SCSI_SEND_DIAGNOSTIC, 6, SCST_NO_SA, 0,
	  spc_send_diagnostic, { 0x1d, 0x04, 0, 0, 0, 0x04 } },
	{ SCSI_MODE_SELECT_10, 10, SCST_NO_SA, SCST_OP_OUT,
	  spc_mode_select_10, { 0x55, 0x11, 0, 0, 0, 0, 0, 0xff, 0xff, 0x04 } },
	{ SCSI_RESERVE_10, 10, SCST_NO_SA, SCST_OP_ANY_PR,
	  spc_reserve, { 0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0x04 } },
	{ SCSI_RELEASE_10, 10, SCST_NO_SA, SCST_OP_ANY_RESV,
	  spc_release, { 0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0x04 } },
	{ SCSI_MODE_SENSE_10, 10, SCST_NO_SA, SCST_OP_IN | SCST_OP_ANY_WE,
	  spc_mode_sense_10,
	  { 0x5a, 0x18, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0x04 } },
	PR_IN(READ_KEYS),
	PR_IN(READ_RESERVATION),
	PR_IN(REPORT_CAPABILITIES),
	PR_IN(READ_FULL_STATUS),
	PR_OUT(REGISTER, 0),
	PR_OUT(RESERVE, 0xff),
	PR_OUT(RELEASE, 0xff),
	PR_OUT(CLEAR, 0),
	PR_OUT(PREEMPT, 0xff),
	PR_OUT(PREEMPT_AND_ABORT, 0xff),
	PR_OUT(REGISTER_IGNORE, 0),
	PR_OUT(REGISTER_AND_MOVE, 0),
	{ SCSI_THIRD_PARTY_OUT, 16, SCSI_SA_EXTENDED_COPY, SCST_OP_OUT,
	  spc_extended_copy,
	  { 0x83, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0,
	    0x04 } },
	COPY_RESULTS(COPY_STATUS, spc_copy_status, 0xff),
	COPY_RESULTS(COPY_PARAMETERS, spc_copy_parameters, 0),
	COPY_RESULTS(COPY_FAILURE, spc_copy_failure, 0xff),
	{ SCSI_REPORT_LUNS, 12, SCST_NO_SA, SCST_OP_IN | ALWAYS,
	  spc_report_luns,
	  { 0xa0, 0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0x04 } },
	{ SCSI_MAINTENANCE_IN, 12, SCSI_SA_REPORT_TARGET_GROUPS,
	  SCST_OP_IN | SCST_OP_ANY_RESV | SCST_OP_GROUPS,
	  spc_report_port_groups,
	  { 0xa3, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0x04 } },
	{ SCSI_MAINTENANCE_IN, 12, SCSI_SA_REPORT_OPCODES,
	  REPORT, spc_report_opcodes,
	  { 0xa3, 0x1f, 0x87, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,
	    0x04 } },
	{ SCSI_MAINTENANCE_IN, 12, SCSI_SA_REPORT_TMFS,
	  REPORT, spc_report_tmfs,
	  { 0xa3, 0x1f, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0x04 } },
	{ SCSI_MAINTENANCE_OUT, 12, SCSI_SA_SET_TARGET_GROUPS,
	  SCST_OP_OUT | SCST_OP_SET_GROUPS, spc_set_port_groups,
	  { 0xa4, 0x1f, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0x04 } },
};

const struct scst_opcode *spc_opcodes(u32 *nr)
{
	*nr = ARRAY_SIZE(opcodes);
	return opcodes;
}

void scst_cmd_pass(struct scst_cmd *cmd)
{
	u16 sa = scst_cdb_service_action(cmd->cdb, cmd->cdb_len);
	bool sa_unknown = false;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		const struct scst_opcode *row = &opcodes[i];

		if (row->op != cmd->cdb[0] ||
		    (spc_xcopy_opcode(row->op) && !cmd->dev->copies) ||
		    !scst_opcode_offered(cmd->dev, row))
			continue;
		if (row->sa != SCST_NO_SA && row->sa != sa) {
			sa_unknown = true;
			continue;
		}
		cmd->opcode = row;
		row->execute(cmd);
		return;
	}
	if (sa_unknown)
		scst_cmd_bad_cdb(cmd, 1, 4);
	else
		scst_cmd_fail(cmd, SENSE_INVALID_OPCODE);
}

/* ---- No such logical unit ---------------------------------------------- */

/*
 * SPC-5 4.6 and 8.2: what must be answered at a LUN that the nexus does not
 * see, and at the REPORT LUNS well known logical unit.
 */
void spc_execute_nolun(struct scst_task *task)
{
	struct scst_cmd *cmd = &task->cmd;
	bool wlun = task->lun == SCSI_WLUN_REPORT_LUNS;
	u8 peripheral = 0x60 | SCSI_TYPE_UNKNOWN;	/* not capable */

	if (cmd->dir == SCST_DATA_IN && !scst_task_get_data(task)) {
		scst_cmd_complete(cmd, SCSI_BUSY);
		return;
	}
	switch (cmd->cdb[0]) {
	case SCSI_INQUIRY:
		if (wlun)
			peripheral = SCSI_TYPE_WLUN;
		else if (task->lun == 0)
			peripheral = 0x20 | SCSI_TYPE_UNKNOWN;
		spc_inquiry_nolun(cmd, peripheral);
		return;
	case SCSI_REPORT_LUNS:
		spc_report_luns(cmd);
		return;
	case SCSI_REQUEST_SENSE:
		spc_request_sense(cmd);
		return;
	case SCSI_TEST_UNIT_READY:
		if (wlun) {
			scst_cmd_good(cmd);
			return;
		}
		break;
	}
	scst_cmd_fail(cmd, wlun ? SENSE_INVALID_OPCODE :
				  SENSE_LUN_NOT_SUPPORTED);
}
