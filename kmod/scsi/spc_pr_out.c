// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: PERSISTENT RESERVE OUT (SPC-5 6.16): parameter lists, RESERVE and
 * RELEASE, and the end of the command.
 *
 * The whole service action happens under dev->lock, at once. What takes time
 * comes after it: the tasks that PREEMPT AND ABORT gave up end, and the new
 * state becomes durable. Then the command is answered.
 */
#include "spc.h"
#include "spc_pr_out.h"

#define PARAMS_MIN 24u
#define PARAMS_MAX 8192u

/* ---- Service actions ----------------------------------------------------- */

/* SPC-5 5.13.9 */
static bool pr_reserve(struct spc_pr_out *out)
{
	struct spc_pr_reg *reg = out->itl->reg;
	struct spc_pr *pr = out->pr;

	if (!pr_key_matches(out))
		return pr_conflict(out);
	if (pr->type) {
		if (!spc_pr_holds(pr, reg) || pr->type != out->type)
			return pr_conflict(out);
		out->unchanged = true;
		return true;
	}
	pr->type = out->type;
	pr->holder = spc_pr_all_registrants(out->type) ? NULL : reg;
	return true;
}

/* SPC-5 5.13.11.2 */
static bool pr_release(struct spc_pr_out *out)
{
	struct spc_pr *pr = out->pr;
	u8 type = pr->type;

	if (!pr_key_matches(out))
		return pr_conflict(out);
	if (!spc_pr_holds(pr, out->itl->reg)) {
		out->unchanged = true;
		return true;
	}
	if (out->scope || out->type != type)
		return pr_fail(out, SENSE_INVALID_RELEASE);
	pr->type = PR_NONE;
	pr->holder = NULL;
	if (spc_pr_registrants_only(type) || spc_pr_all_registrants(type))
		spc_pr_ua(out->dev, out->nexus, SENSE_UA_RESV_RELEASED);
	return true;
}

static bool pr_run(struct spc_pr_out *out)
{
	switch (out->action) {
	case SCSI_SA_RESERVE:
		return pr_reserve(out);
	case SCSI_SA_RELEASE:
		return pr_release(out);
	case SCSI_SA_CLEAR:
		return spc_pr_clear(out);
	case SCSI_SA_PREEMPT:
	case SCSI_SA_PREEMPT_AND_ABORT:
		return spc_pr_preempt(out);
	case SCSI_SA_REGISTER_AND_MOVE:
		return spc_pr_register_and_move(out);
	default:
		return spc_pr_register(out);
	}
}

/* ---- The end ------------------------------------------------------------- */

void spc_pr_op_put(struct spc_pr_op *op)
{
	struct scst_cmd *cmd;

	if (!atomic_dec_and_test(&op->pending))
		return;
	cmd = spc_pr_op_cmd(op);
	if (op->sense)
		scst_cmd_fail(cmd, op->sense);
	else
		scst_cmd_good(cmd);
}

static void pr_aborted(struct scst_tmf *tmf)
{
	spc_pr_op_put(container_of(tmf, struct spc_pr_op, tmf));
}

/* Under the lock, with what is aborted marked; true: some is dormant. */
static bool pr_abort(struct spc_pr_out *out, struct spc_pr_op *op)
{
	struct scst_itl *itl;
	bool dormant;

	atomic_inc(&op->pending);
	op->tmf.nexus = out->nexus;
	op->tmf.fn = SCST_PREEMPT;
	op->tmf.itl = out->itl;
	op->tmf.done = pr_aborted;
	dormant = scst_tmf_mark(&op->tmf);
	list_for_each_entry(itl, &out->dev->itls, dev_link)
		itl->preempted = false;
	return dormant;
}

static void pr_refuse(const struct spc_pr_out *out)
{
	if (out->status)
		scst_cmd_complete(out->cmd, out->status);
	else if (out->sense == SENSE_INVALID_FIELD_IN_PARAM)
		scst_cmd_bad_param(out->cmd, out->field, SENSE_NO_BIT);
	else
		scst_cmd_fail(out->cmd, out->sense);
}

/*
 * A command that a function gave up before it came here must do nothing: its
 * initiator was told that it never will. That function, and no later one, is
 * before ours on the device's list, so that neither waits for the other.
 */
static void pr_execute(struct spc_pr_out *out)
{
	struct spc_pr_op *op = (struct spc_pr_op *)out->cmd->server;
	struct scst_device *dev = out->dev;
	bool dormant = false, persist = false, done = true;

	memset(op, 0, sizeof(*op));
	atomic_set(&op->pending, 1);
	spin_lock_bh(&dev->lock);
	if (READ_ONCE(out->cmd->aborted))
		out->unchanged = true;
	else if (dev->reserved_by)
		done = pr_conflict(out);
	else
		done = pr_run(out);
	if (done && !out->unchanged) {
		spc_resv_update(dev);
		if (out->abort)
			dormant = pr_abort(out, op);
		persist = spc_pr_store(dev, op);
	}
	spin_unlock_bh(&dev->lock);

	if (!done) {
		pr_refuse(out);
		return;
	}
	if (persist)
		dev->ops->persist(dev);
	if (out->abort)
		scst_tmf_marked(&op->tmf, dormant);
	spc_pr_op_put(op);
}

/* ---- Parameter lists ----------------------------------------------------- */

static bool list_too_short(struct spc_pr_out *out)
{
	scst_cmd_fail(out->cmd, SENSE_PARAM_LENGTH_ERROR);
	return false;
}

/* Table 222 */
static bool parse_basic(struct spc_pr_out *out, const u8 *p, u32 len)
{
	out->spec_i_pt = p[20] & 0x08;
	out->all_tg_pt = p[20] & 0x04;
	out->aptpl = p[20] & 0x01;
	if (!out->spec_i_pt)
		return len == PARAMS_MIN || list_too_short(out);
	if (out->action != SCSI_SA_REGISTER) {
		scst_cmd_bad_param(out->cmd, 20, 3);
		return false;
	}
	if (len < PARAMS_MIN + 4 ||
	    get_unaligned_be32(p + 24) > len - PARAMS_MIN - 4)
		return list_too_short(out);
	out->tids_at = PARAMS_MIN + 4;
	out->tids = p + out->tids_at;
	out->tids_len = get_unaligned_be32(p + 24);
	return true;
}

/* Table 224 */
static bool parse_move(struct spc_pr_out *out, const u8 *p, u32 len)
{
	out->unreg = p[17] & 0x02;
	out->aptpl = p[17] & 0x01;
	out->port = get_unaligned_be16(p + 18);
	if (get_unaligned_be32(p + 20) > len - PARAMS_MIN)
		return list_too_short(out);
	out->tids_at = PARAMS_MIN;
	out->tids = p + out->tids_at;
	out->tids_len = get_unaligned_be32(p + 20);
	return true;
}

/* False: completed. */
static bool parse(struct spc_pr_out *out, const u8 *p, u32 len)
{
	out->key = get_unaligned_be64(p);
	out->sa_key = get_unaligned_be64(p + 8);
	if (out->action == SCSI_SA_REGISTER_AND_MOVE)
		return parse_move(out, p, len);
	return parse_basic(out, p, len);
}

/* Only a logical unit can be reserved, in one of six ways. */
static bool check_cdb(struct spc_pr_out *out)
{
	switch (out->action) {
	case SCSI_SA_RESERVE:
	case SCSI_SA_PREEMPT:
	case SCSI_SA_PREEMPT_AND_ABORT:
		break;
	default:
		return true;
	}
	if (out->scope) {
		scst_cmd_bad_cdb(out->cmd, 2, 7);
		return false;
	}
	if (!spc_pr_type_valid(out->type)) {
		scst_cmd_bad_cdb(out->cmd, 2, 3);
		return false;
	}
	return true;
}

void spc_pr_out(struct scst_cmd *cmd)
{
	struct scst_task *task = scst_cmd_task(cmd);
	u32 len = get_unaligned_be32(cmd->cdb + 5);
	struct spc_pr_out out = {
		.cmd = cmd,
		.dev = cmd->dev,
		.pr = &cmd->dev->pr,
		.itl = task->itl,
		.nexus = task->nexus,
		.action = cmd->cdb[1] & 0x1f,
		.scope = cmd->cdb[2] >> 4,
		.type = cmd->cdb[2] & 0x0f,
	};
	u8 *params;

	if (!check_cdb(&out))
		return;
	if (len < PARAMS_MIN || len > PARAMS_MAX) {
		list_too_short(&out);
		return;
	}
	params = kmalloc(len, GFP_ATOMIC);
	if (!params) {
		scst_cmd_complete(cmd, SCSI_BUSY);
		return;
	}
	if (scst_cmd_get_params(cmd, params, len) && parse(&out, params, len))
		pr_execute(&out);
	kfree(params);
}
