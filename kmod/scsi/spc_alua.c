// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: asymmetric logical unit access (SPC-5 5.16.2): REPORT and SET
 * TARGET PORT GROUPS, and which commands run in which state.
 *
 * A change is a single indivisible event: SET TARGET PORT GROUPS completes
 * with all states changed, or none. The states are those of all devices of the
 * device group.
 */
#include "alua.h"
#include "scst_core.h"
#include "spc.h"
#include "spc_alua.h"

/* ---- Commands and states ------------------------------------------------- */

static u32 maintenance_in_flags(u16 sa)
{
	switch (sa) {
	case SCSI_SA_REPORT_TARGET_GROUPS:
		return SCST_OP_STANDBY | SCST_OP_UNAVAILABLE |
		       SCST_OP_TRANSITIONING;
	case SCSI_SA_REPORT_OPCODES:
	case SCSI_SA_REPORT_TMFS:
		return SCST_OP_STANDBY;
	}
	return 0;
}

/*
 * The commands that SPC-5 lists for standby (5.16.2.4.4), unavailable
 * (5.16.2.4.5) and the transition (5.16.2.5). Besides, READ CAPACITY and what
 * tells of commands run in standby, which is left to us: who finds a path
 * wants to know what it leads to.
 */
u32 spc_alua_flags(u8 op, u16 sa)
{
	switch (op) {
	case SCSI_INQUIRY:
	case SCSI_REPORT_LUNS:
	case SCSI_REQUEST_SENSE:
		return SCST_OP_STANDBY | SCST_OP_UNAVAILABLE |
		       SCST_OP_TRANSITIONING;
	case SCSI_LOG_SELECT:
	case SCSI_LOG_SENSE:
	case SCSI_MODE_SELECT_6:
	case SCSI_MODE_SELECT_10:
	case SCSI_MODE_SENSE_6:
	case SCSI_MODE_SENSE_10:
	case SCSI_RECEIVE_DIAGNOSTIC:
	case SCSI_SEND_DIAGNOSTIC:
	case SCSI_PERSISTENT_IN:
	case SCSI_PERSISTENT_OUT:
	case SCSI_READ_CAPACITY_10:
		return SCST_OP_STANDBY;
	case SCSI_SERVICE_ACTION_IN_16:
		return sa == SCSI_SA_READ_CAPACITY_16 ? SCST_OP_STANDBY : 0;
	case SCSI_MAINTENANCE_IN:
		return maintenance_in_flags(sa);
	case SCSI_MAINTENANCE_OUT:
		return sa == SCSI_SA_SET_TARGET_GROUPS ?
		       SCST_OP_STANDBY | SCST_OP_UNAVAILABLE : 0;
	}
	return 0;
}

/* A port that is offline gets no commands, but here some came nevertheless. */
u16 spc_alua_needs(u8 state)
{
	switch (state) {
	case SCST_STANDBY:
		return SCST_OP_STANDBY;
	case SCST_UNAVAILABLE:
	case SCST_OFFLINE:
		return SCST_OP_UNAVAILABLE;
	case SCST_TRANSITIONING:
		return SCST_OP_TRANSITIONING;
	}
	return 0;
}

enum scst_sense spc_alua_sense(u8 state)
{
	switch (state) {
	case SCST_STANDBY:
		return SENSE_PORT_STANDBY;
	case SCST_UNAVAILABLE:
		return SENSE_PORT_UNAVAILABLE;
	case SCST_OFFLINE:
		return SENSE_LUN_OFFLINE;
	}
	return SENSE_ALUA_TRANSITION;
}

/* ---- REPORT TARGET PORT GROUPS (SPC-5 6.37) ------------------------------ */

#define LENGTH_ONLY	0
#define EXTENDED_HEADER 1

/* T_SUP, O_SUP, U_SUP, S_SUP, AN_SUP, AO_SUP: all but dependent on blocks. */
#define STATES_SUPPORTED 0xcf

static void report_group(struct spc_reply *reply,
			 const struct scst_port_group *pg)
{
	u8 buf[8] = {
		(pg->preferred ? 0x80 : 0) | pg->state,
		STATES_SUPPORTED,
		pg->id >> 8, pg->id & 0xff,
		0,
		pg->status,
		0,
		pg->nr_ports,
	};
	u32 i;

	spc_reply_add(reply, buf, sizeof(buf));
	for (i = 0; i < pg->nr_ports; i++) {
		put_unaligned_be32(pg->ports[i], buf);
		spc_reply_add(reply, buf, 4);
	}
}

void spc_report_port_groups(struct scst_cmd *cmd)
{
	struct scst_ctx *ctx = cmd->dev->ctx;
	struct spc_reply reply = {
		.cmd = cmd,
		.alloc = get_unaligned_be32(cmd->cdb + 6),
	};
	u8 header[8] = { [4] = EXTENDED_HEADER << 4 };
	struct scst_device_group *dg;
	struct scst_port_group *pg;
	u8 format = cmd->cdb[1] >> 5;

	if (format > EXTENDED_HEADER) {
		scst_cmd_bad_cdb(cmd, 1, 7);
		return;
	}
	reply.len = format == EXTENDED_HEADER ? 8 : 4;
	spin_lock_bh(&ctx->alua_lock);
	dg = cmd->dev->group;
	if (dg)
		alua_for_each(pg, dg)
			report_group(&reply, pg);
	spin_unlock_bh(&ctx->alua_lock);
	put_unaligned_be32(reply.len - 4, header);
	scst_cmd_copy_in(cmd, 0, header,
			 min_t(size_t, format == EXTENDED_HEADER ? 8 : 4,
			       reply.alloc));
	spc_reply_end(&reply);
}

/* ---- SET TARGET PORT GROUPS (SPC-5 6.45) --------------------------------- */

#define PARAMS_MAX 4096u

static struct scst_port_group *group_find(struct scst_device_group *dg, u16 id)
{
	struct scst_port_group *pg;

	alua_for_each(pg, dg)
		if (pg->id == id)
			return pg;
	return NULL;
}

/*
 * All that is to change, marked. 0, or the byte of the parameter list that is
 * wrong: a state that only we set, a group that is not there or that was named
 * before.
 */
static u32 set_prepare(struct scst_device_group *dg, const u8 *params, u32 len)
{
	struct scst_port_group *pg;
	u32 at;

	alua_for_each(pg, dg)
		pg->named = false;
	for (at = 4; at < len; at += 4) {
		u8 state = params[at] & 0x0f;

		if (state > SCST_UNAVAILABLE)
			return at;
		pg = group_find(dg, get_unaligned_be16(params + at + 2));
		if (!pg || pg->named)
			return at + 2;
		pg->named = true;
		pg->wanted = state;
	}
	return 0;
}

/* Does any state change by that? */
static bool set_commit(struct scst_device_group *dg)
{
	struct scst_port_group *pg;
	bool changed = false;

	alua_for_each(pg, dg) {
		if (!pg->named || pg->state == pg->wanted)
			continue;
		pg->state = pg->wanted;
		pg->status = ALUA_BY_COMMAND;
		changed = true;
	}
	return changed;
}

static void set_states(struct scst_cmd *cmd, const u8 *params, u32 len)
{
	const struct scst_itl *itl = scst_cmd_task(cmd)->itl;
	struct scst_ctx *ctx = cmd->dev->ctx;
	struct scst_device_group *dg;
	bool may;
	u32 bad = 0;

	spin_lock_bh(&ctx->alua_lock);
	dg = cmd->dev->group;
	may = dg && dg->settable;
	/* Who gave it up may have been told already that it is over. */
	if (may && !READ_ONCE(cmd->aborted)) {
		bad = set_prepare(dg, params, len);
		if (!bad && set_commit(dg))
			scst_alua_changed(dg, SENSE_UA_ALUA_CHANGED, itl);
	}
	spin_unlock_bh(&ctx->alua_lock);
	if (!may)
		scst_cmd_bad_cdb(cmd, 1, 4);
	else if (bad)
		scst_cmd_bad_param(cmd, bad, bad % 4 ? SENSE_NO_BIT : 3);
	else
		scst_cmd_good(cmd);
}

void spc_set_port_groups(struct scst_cmd *cmd)
{
	u32 len = get_unaligned_be32(cmd->cdb + 6);
	u8 *params;

	/* Of nothing, or a header alone, there is nothing to be done. */
	if (len % 4 || len > PARAMS_MAX) {
		scst_cmd_bad_cdb(cmd, 6, SENSE_NO_BIT);
		return;
	}
	params = kmalloc(max(len, 4u), GFP_ATOMIC);
	if (!params) {
		scst_cmd_complete(cmd, SCSI_BUSY);
		return;
	}
	if (scst_cmd_get_params(cmd, params, len))
		set_states(cmd, params, len);
	kfree(params);
}
