// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: SCSI commands and their Data-Out (RFC 7143 11.3, 11.7, 11.8).
 *
 * Data-Out comes as immediate data, as unsolicited PDUs behind the command,
 * and as the answers to our R2Ts, in this order and without gaps, because
 * DataPDUInOrder and DataSequenceInOrder are always Yes. Whatever breaks the
 * order ends the command; data for a command that has ended, or that we never
 * knew, is discarded without a word, since it may have crossed our response.
 */
#include "iscsi_int.h"

/* ---- Tasks ---------------------------------------------------------------- */

static struct hlist_head *itt_bucket(struct iscsi_session *sess, u32 itt)
{
	return &sess->by_itt[hash_32(itt, ilog2(ISCSI_ITT_BUCKETS))];
}

static struct iscsi_task *task_find(struct iscsi_session *sess, u32 itt)
{
	struct iscsi_task *task;

	hlist_for_each_entry(task, itt_bucket(sess, itt), hash)
		if (task->itt == itt)
			return task;
	return NULL;
}

/* The command no longer counts against the window. */
void iscsi_task_responded(struct iscsi_task *task)
{
	if (!task->counted)
		return;
	task->counted = false;
	task->sess->nr_tasks--;
	task->sess->nr_immediate -= task->immediate;
}

void iscsi_task_free(struct iscsi_task *task)
{
	struct iscsi_session *sess = task->sess;

	iscsi_task_responded(task);
	hlist_del(&task->hash);
	list_del(&task->link);
	scst_task_end(&task->task);
	kfree(task->long_cdb);
	kmem_cache_free(sess->task_cache, task);
	iscsi_session_check(sess);
}

static struct iscsi_task *task_alloc(struct iscsi_conn *conn, u32 itt)
{
	struct iscsi_session *sess = conn->sess;
	struct iscsi_task *task;

	task = kmem_cache_alloc(sess->task_cache, GFP_ATOMIC);
	if (!task)
		return NULL;
	/* scst_task_init() sees to the rest, and sense is set when needed. */
	memset((u8 *)task + sizeof(task->task), 0,
	       offsetof(struct iscsi_task, sense) - sizeof(task->task));
	task->sess = sess;
	task->conn = conn;
	task->cid = conn->cid;
	task->itt = itt;
	task->item.ops = &iscsi_task_item_ops;
	task->r2t_item.ops = &iscsi_r2t_item_ops;
	task->immediate = conn->rx.bhs.opcode & ISCSI_IMMEDIATE;
	task->counted = true;
	sess->nr_tasks++;
	sess->nr_immediate += task->immediate;
	list_add_tail(&task->link, &sess->tasks);
	hlist_add_head(&task->hash, itt_bucket(sess, itt));
	return task;
}

/* ---- Data-Out: getting all of it ------------------------------------------ */

/* The Data-Out phase is over, well (SENSE_NONE) or not. */
static void data_done(struct iscsi_task *task, enum scst_sense sense)
{
	task->receiving = false;
	if (task->conn)
		iscsi_rx_forget(task->conn, task);
	if (task->r2t_queued)
		list_del(&task->r2t_item.link);
	task->r2t_queued = false;
	scst_task_data_out(&task->task, sense);
}

/* The task was aborted, or its connection is gone, while it waited for data. */
void iscsi_task_fail_data(struct iscsi_task *task)
{
	data_done(task, SENSE_ABORTED);
}

/* Ask for what is missing, as far as MaxOutstandingR2T lets us. */
static void solicit(struct iscsi_task *task)
{
	const struct iscsi_params *params = &task->sess->params;
	u32 max = min_t(u32, params->max_outstanding_r2t, ISCSI_MAX_R2T);
	u32 total = task->task.cmd.data_len;
	struct iscsi_r2t *r2t;

	while (task->solicited < total && task->r2t_count < max) {
		r2t = &task->r2t[(task->r2t_first + task->r2t_count++) %
				 ISCSI_MAX_R2T];
		*r2t = (struct iscsi_r2t){
			.ttt = iscsi_next_ttt(task->sess),
			.off = task->solicited,
			.len = min(params->max_burst, total - task->solicited),
		};
		task->solicited += r2t->len;
		if (!task->r2t_queued) {
			task->r2t_queued = true;
			iscsi_tx_queue(task->conn, &task->r2t_item);
		}
	}
}

/* Some data came in: is that all, or what comes next? */
static void data_continue(struct iscsi_task *task)
{
	u32 total = task->task.cmd.data_len;

	if (task->unsolicited)
		return;
	if (task->received >= total) {
		data_done(task, SENSE_NONE);
		return;
	}
	if (task->solicited < task->received)
		task->solicited = task->received;
	solicit(task);
}

/* ops->want_data_out(): inside scst_task_submit(), called for the PDU at hand */
void iscsi_want_data_out(struct scst_task *stask)
{
	struct iscsi_task *task = iscsi_task_of(stask);
	struct iscsi_rx *rx = &task->conn->rx;

	task->receiving = true;
	task->unsolicited = !(rx->bhs.flags & ISCSI_FINAL);
	iscsi_rx_into_task(task->conn, task, 0);
}

/* ---- SCSI Command ---------------------------------------------------------- */

/* Why the command PDU is unacceptable; 0: it is fine. */
static u8 cmd_defect(struct iscsi_conn *conn)
{
	const struct iscsi_params *params = &conn->sess->params;
	const struct iscsi_bhs *bhs = &conn->rx.bhs;
	bool write = bhs->flags & ISCSI_CMD_WRITE;
	u32 len = iscsi_data_len(bhs);

	if (bhs->itt == cpu_to_be32(ISCSI_TAG_NONE) ||
	    (bhs->flags & ISCSI_CMD_ATTR) > ISCSI_ATTR_ACA)
		return ISCSI_REJECT_INVALID_FIELD;
	if (write && (bhs->flags & ISCSI_CMD_READ))
		return ISCSI_REJECT_INVALID_FIELD;
	if (len && (!write || len > be32_to_cpu(bhs->cmd.expected)))
		return ISCSI_REJECT_INVALID_FIELD;
	if (len && (!params->immediate_data || len > params->first_burst))
		return ISCSI_REJECT_PROTOCOL;
	if (!(bhs->flags & ISCSI_FINAL) && (!write || params->initial_r2t))
		return ISCSI_REJECT_PROTOCOL;
	if (task_find(conn->sess, be32_to_cpu(bhs->itt)))
		return ISCSI_REJECT_IN_PROGRESS;
	if ((bhs->opcode & ISCSI_IMMEDIATE) &&
	    conn->sess->nr_immediate >= ISCSI_IMMEDIATE_MAX)
		return ISCSI_REJECT_IMMEDIATE;
	return 0;
}

#define AHS_EXTENDED_CDB 1

/*
 * The extended CDB of additional header segments (11.2.2.3): its part beyond
 * the first 16 bytes in *@ext. Length of that; 0: none; -EINVAL: malformed.
 */
static int ahs_cdb(const struct iscsi_rx *rx, const u8 **ext)
{
	const u8 *ahs = rx->header + ISCSI_BHS_LEN;
	u32 left = 4u * rx->bhs.ahs_len, len;
	int found = 0;

	while (left) {
		/* AHSLength counts behind AHSType, reserved byte included. */
		len = get_unaligned_be16(ahs);
		if (left < 4 || len < 1 || round_up(3 + len, 4) > left)
			return -EINVAL;
		if (ahs[2] == AHS_EXTENDED_CDB) {
			*ext = ahs + 4;
			found = len - 1;
		}
		left -= round_up(3 + len, 4);
		ahs += round_up(3 + len, 4);
	}
	return found <= SCSI_MAX_CDB - 16 ? found : -EINVAL;
}

static enum scst_attr task_attr(u8 flags)
{
	switch (flags & ISCSI_CMD_ATTR) {
	case ISCSI_ATTR_ORDERED:
		return SCST_ORDERED;
	case ISCSI_ATTR_HOQ:
		return SCST_HEAD_OF_QUEUE;
	case ISCSI_ATTR_ACA:
		return SCST_ACA;
	default:
		return SCST_SIMPLE;
	}
}

/* No memory for a task: SAM-6 5.3.1, come again. */
static void respond_busy(struct iscsi_conn *conn)
{
	struct iscsi_ctrl *ctrl = iscsi_ctrl_alloc(conn, ISCSI_SCSI_RSP, 0);

	if (!ctrl)
		return;
	ctrl->bhs.byte3 = SCSI_BUSY;
	ctrl->bhs.itt = conn->rx.bhs.itt;
	iscsi_ctrl_queue(conn, ctrl);
}

static bool task_fill(struct iscsi_conn *conn, struct iscsi_task *task,
		      const u8 *ext, u32 ext_len)
{
	const struct iscsi_bhs *bhs = &conn->rx.bhs;
	struct scst_task *stask = &task->task;
	const u8 *cdb = bhs->cmd.cdb;

	if (ext_len) {
		task->long_cdb = kmalloc(16 + ext_len, GFP_ATOMIC);
		if (!task->long_cdb)
			return false;
		memcpy(task->long_cdb, cdb, 16);
		memcpy(task->long_cdb + 16, ext, ext_len);
		cdb = task->long_cdb;
	}
	scst_task_init(stask, &conn->sess->nexus, bhs->lun, cdb, 16 + ext_len);
	stask->tag = task->itt;
	stask->attr = task_attr(bhs->flags);
	stask->expected = be32_to_cpu(bhs->cmd.expected);
	if (bhs->flags & ISCSI_CMD_WRITE)
		stask->cmd.dir = SCST_DATA_OUT;
	else if (bhs->flags & ISCSI_CMD_READ)
		stask->cmd.dir = SCST_DATA_IN;
	return true;
}

/* A task that never reached the core. */
static void task_cancel(struct iscsi_task *task)
{
	iscsi_task_responded(task);
	hlist_del(&task->hash);
	list_del(&task->link);
	kmem_cache_free(task->sess->task_cache, task);
}

static void cmd_refuse(struct iscsi_conn *conn, u8 reason)
{
	iscsi_reject(conn, reason);
	conn->rx.ignored = true;
}

void iscsi_cmd_header(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;
	u8 defect = cmd_defect(conn);
	struct iscsi_task *task;
	const u8 *ext = NULL;
	int ext_len;

	if (defect) {
		cmd_refuse(conn, defect);
		return;
	}
	ext_len = ahs_cdb(rx, &ext);
	if (ext_len < 0) {
		cmd_refuse(conn, ISCSI_REJECT_INVALID_FIELD);
		return;
	}
	task = task_alloc(conn, be32_to_cpu(rx->bhs.itt));
	if (task && !task_fill(conn, task, ext, ext_len)) {
		task_cancel(task);
		task = NULL;
	}
	if (!task) {
		respond_busy(conn);
		return;
	}
	/* From here on it may be gone; rx->task tells that it wants data. */
	scst_task_submit(&task->task);
}

void iscsi_cmd_end(struct iscsi_conn *conn, bool digest_ok)
{
	struct iscsi_rx *rx = &conn->rx;
	struct iscsi_task *task = rx->task;
	u32 len = iscsi_data_len(&rx->bhs);

	/* One that wanted no data has run: nothing is wrong with that. */
	if (!task)
		return;
	if (!digest_ok) {
		/*
		 * The PDU counts as never received (7.8), and so does the
		 * command.
		 */
		iscsi_reject(conn, ISCSI_REJECT_DATA_DIGEST);
		task->silent = true;
		data_done(task, SENSE_PROTOCOL_CRC);
		return;
	}
	task->received = min(len, task->task.cmd.data_len);
	task->unsolicited_got = len;
	data_continue(task);
}

/* ---- Data-Out --------------------------------------------------------------- */

static enum scst_sense check_unsolicited(const struct iscsi_task *task,
					 const struct iscsi_bhs *bhs)
{
	u32 max = min(task->sess->params.first_burst, task->task.expected);
	u32 len = iscsi_data_len(bhs);

	if (!task->unsolicited)
		return SENSE_TOO_MUCH_DATA_OUT;
	if (be32_to_cpu(bhs->data_out.data_sn) != task->unsolicited_sn)
		return SENSE_DATA_PHASE_ERROR;
	if (be32_to_cpu(bhs->data_out.offset) != task->unsolicited_got)
		return SENSE_DATA_OFFSET_ERROR;
	if (len > max - min(max, task->unsolicited_got))
		return SENSE_TOO_MUCH_DATA_OUT;
	return SENSE_NONE;
}

/* Sequences are answered in the order in which they were asked for. */
static enum scst_sense check_solicited(const struct iscsi_task *task,
				       const struct iscsi_bhs *bhs)
{
	const struct iscsi_r2t *r2t = &task->r2t[task->r2t_first];

	if (!task->r2t_count || !r2t->sent ||
	    be32_to_cpu(bhs->data_out.ttt) != r2t->ttt)
		return SENSE_DATA_PHASE_ERROR;
	if (be32_to_cpu(bhs->data_out.data_sn) != r2t->data_sn)
		return SENSE_DATA_PHASE_ERROR;
	if (be32_to_cpu(bhs->data_out.offset) != r2t->off + r2t->got)
		return SENSE_DATA_OFFSET_ERROR;
	if (iscsi_data_len(bhs) > r2t->len - r2t->got)
		return SENSE_TOO_MUCH_DATA;
	return SENSE_NONE;
}

static bool is_unsolicited(const struct iscsi_bhs *bhs)
{
	return bhs->data_out.ttt == cpu_to_be32(ISCSI_TAG_NONE);
}

void iscsi_data_header(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;
	struct iscsi_task *task;

	task = task_find(conn->sess, be32_to_cpu(rx->bhs.itt));
	if (!task || !task->receiving || task->conn != conn) {
		rx->ignored = true;
		return;
	}
	task->data_sense = is_unsolicited(&rx->bhs) ?
			   check_unsolicited(task, &rx->bhs) :
			   check_solicited(task, &rx->bhs);
	iscsi_rx_into_task(conn, task, be32_to_cpu(rx->bhs.data_out.offset));
	if (task->data_sense)
		rx->keep = 0;
}

static void unsolicited_end(struct iscsi_task *task, u32 len, bool final)
{
	u32 max = min(task->sess->params.first_burst, task->task.expected);

	task->unsolicited_got += len;
	task->unsolicited_sn++;
	if (final || task->unsolicited_got == max)
		task->unsolicited = false;
}

/* False: the sequence ended short. */
static bool solicited_end(struct iscsi_task *task, u32 len, bool final)
{
	struct iscsi_r2t *r2t = &task->r2t[task->r2t_first];

	r2t->got += len;
	r2t->data_sn++;
	if (r2t->got < r2t->len)
		return !final;
	task->r2t_first = (task->r2t_first + 1) % ISCSI_MAX_R2T;
	task->r2t_count--;
	return true;
}

void iscsi_data_end(struct iscsi_conn *conn, bool digest_ok)
{
	struct iscsi_rx *rx = &conn->rx;
	struct iscsi_task *task = rx->task;
	u32 len = iscsi_data_len(&rx->bhs);
	bool final = rx->bhs.flags & ISCSI_FINAL;

	if (!task)
		return;		/* it was aborted while this came in */
	if (!digest_ok) {
		iscsi_reject(conn, ISCSI_REJECT_DATA_DIGEST);
		data_done(task, SENSE_PROTOCOL_CRC);
		return;
	}
	if (task->data_sense) {
		data_done(task, task->data_sense);
		return;
	}
	task->received = min(task->received + len, task->task.cmd.data_len);
	if (is_unsolicited(&rx->bhs)) {
		unsolicited_end(task, len, final);
	} else if (!solicited_end(task, len, final)) {
		data_done(task, SENSE_DATA_PHASE_ERROR);
		return;
	}
	data_continue(task);
}
