// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: what goes back to the initiator: R2T, Data-In, SCSI Response
 * (RFC 7143 11.4, 11.7, 11.8).
 */
#include "iscsi_int.h"

/* ---- R2T ------------------------------------------------------------------ */

static struct iscsi_r2t *next_r2t(struct iscsi_task *task)
{
	u32 i;

	for (i = 0; i < task->r2t_count; i++) {
		struct iscsi_r2t *r2t =
			&task->r2t[(task->r2t_first + i) % ISCSI_MAX_R2T];

		if (!r2t->sent)
			return r2t;
	}
	return NULL;
}

static bool r2t_build(struct iscsi_conn *conn, struct iscsi_tx_item *item,
		      struct iscsi_tx_slot *slot)
{
	struct iscsi_task *task = container_of(item, struct iscsi_task,
					       r2t_item);
	struct iscsi_r2t *r2t = next_r2t(task);
	struct iscsi_bhs *bhs = &slot->bhs;

	r2t->sent = true;
	bhs->opcode = ISCSI_R2T;
	bhs->flags = ISCSI_FINAL;
	scst_lun_encode(task->task.lun, bhs->lun);
	bhs->itt = cpu_to_be32(task->itt);
	iscsi_tx_numbers(conn, bhs, false);
	bhs->r2t.ttt = cpu_to_be32(r2t->ttt);
	bhs->r2t.r2t_sn = cpu_to_be32(task->r2t_sn++);
	bhs->r2t.offset = cpu_to_be32(r2t->off);
	bhs->r2t.length = cpu_to_be32(r2t->len);
	task->r2t_queued = next_r2t(task);
	return task->r2t_queued;
}

const struct iscsi_tx_item_ops iscsi_r2t_item_ops = {
	.build = r2t_build,
};

/* ---- Data-In ---------------------------------------------------------------- */

static u8 residual_flags(const struct iscsi_task *task, __be32 *count)
{
	struct scst_residual res;

	scst_task_residual(&task->task, &res);
	*count = cpu_to_be32(res.count);
	if (res.over)
		return ISCSI_RSP_OVERFLOW;
	return res.under ? ISCSI_RSP_UNDERFLOW : 0;
}

/* One Data-In PDU; true: more follows, Data-In or a response. */
static bool data_in_build(struct iscsi_conn *conn, struct iscsi_task *task,
			  struct iscsi_tx_slot *slot)
{
	const struct iscsi_params *params = &task->sess->params;
	const struct scst_cmd *cmd = &task->task.cmd;
	u32 left = cmd->data_in - task->sent;
	u32 room = params->max_burst - task->burst;
	u32 len = min3(left, room, conn->params.max_xmit);
	struct iscsi_bhs *bhs = &slot->bhs;
	bool end = len == left, status = end && cmd->status == SCSI_GOOD;

	bhs->opcode = ISCSI_DATA_IN;
	bhs->flags = end || len == room ? ISCSI_FINAL : 0;
	bhs->itt = cpu_to_be32(task->itt);
	if (status) {
		iscsi_task_responded(task);
		bhs->flags |= ISCSI_DATA_IN_STATUS;
		bhs->flags |= residual_flags(task, &bhs->data_in.residual);
		bhs->byte3 = cmd->status;
	}
	iscsi_tx_numbers(conn, bhs, status);
	if (!status)
		bhs->data_in.stat_sn = 0;
	bhs->data_in.ttt = cpu_to_be32(ISCSI_TAG_NONE);
	bhs->data_in.data_sn = cpu_to_be32(task->data_sn++);
	bhs->data_in.offset = cpu_to_be32(task->sent);

	slot->segs = cmd->segs;
	slot->nr_segs = cmd->nr_segs;
	slot->data_off = task->sent;
	slot->data_len = len;
	task->sent += len;
	task->burst = bhs->flags & ISCSI_FINAL ? 0 : task->burst + len;
	return !status;
}

/* ---- SCSI Response ---------------------------------------------------------- */

static void response_build(struct iscsi_conn *conn, struct iscsi_task *task,
			   struct iscsi_tx_slot *slot)
{
	const struct scst_cmd *cmd = &task->task.cmd;
	struct iscsi_bhs *bhs = &slot->bhs;
	unsigned int len;

	iscsi_task_responded(task);
	bhs->opcode = ISCSI_SCSI_RSP;
	bhs->flags = ISCSI_FINAL | residual_flags(task, &bhs->rsp.residual);
	bhs->byte2 = ISCSI_RSP_COMPLETED;
	bhs->byte3 = cmd->status;
	bhs->itt = cpu_to_be32(task->itt);
	iscsi_tx_numbers(conn, bhs, true);
	bhs->rsp.exp_data_sn = cpu_to_be32(task->data_sn + task->r2t_sn);
	if (cmd->status != SCSI_CHECK_CONDITION)
		return;

	len = scst_task_sense(&task->task, task->sense + 2,
			      sizeof(task->sense) - 2);
	put_unaligned_be16(len, task->sense);
	core_seg_set(&slot->seg, task->sense, 2 + len);
	slot->segs = &slot->seg;
	slot->nr_segs = 1;
	slot->data_len = 2 + len;
}

static bool task_build(struct iscsi_conn *conn, struct iscsi_tx_item *item,
		       struct iscsi_tx_slot *slot)
{
	struct iscsi_task *task = container_of(item, struct iscsi_task, item);

	if (task->sent < task->task.cmd.data_in)
		return data_in_build(conn, task, slot);
	response_build(conn, task, slot);
	return false;
}

static void task_item_end(struct iscsi_conn *conn, struct iscsi_tx_item *item,
			  bool sent)
{
	iscsi_task_free(container_of(item, struct iscsi_task, item));
}

const struct iscsi_tx_item_ops iscsi_task_item_ops = {
	.build = task_build,
	.end = task_item_end,
};

/* ---- From the core ------------------------------------------------------------ */

static void respond_here(struct iscsi_task *task)
{
	if (!task->conn || task->silent || scst_task_aborted(&task->task))
		iscsi_task_free(task);
	else
		iscsi_tx_queue(task->conn, &task->item);
}

static void respond_work(struct core_work *work)
{
	respond_here(container_of(work, struct iscsi_task, work));
}

/* ops->respond(): any context */
void iscsi_respond(struct scst_task *stask)
{
	struct iscsi_task *task = iscsi_task_of(stask);
	struct iscsi_session *sess = task->sess;

	if (sess->env->is_here(sess)) {
		respond_here(task);
		return;
	}
	task->work.fn = respond_work;
	sess->env->post(sess, &task->work);
}
