// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: raw devices: commands that the handler asked for reach it as they
 * are, and what it says becomes their outcome.
 *
 * Any of them may alter the medium or where it stands, so none is given to
 * another handler, and none is left alone before it is over.
 */
#include <linux/slab.h>

#include "seg.h"
#include "user.h"

void user_raw_execute(struct scst_cmd *cmd)
{
	struct user_req *req = user_req(cmd);

	req->dev = to_user_dev(scst_device_priv(cmd->dev));
	req->cmd = cmd;
	req->io = NULL;
	req->since = jiffies;
	req->op = SCST_USER_OP_RAW;
	req->flags = USER_ALTERS;
	if (cmd->dir == SCST_DATA_IN)
		req->flags |= USER_READS;
	else if (cmd->dir == SCST_DATA_OUT)
		req->flags |= USER_WRITES;
	req->rq_flags = 0;
	req->offset = 0;
	req->length = 0;
	req->segs = cmd->segs;
	req->nr_segs = cmd->nr_segs;
	/* a transport's own buffer may be longer than what we take */
	req->data_len = cmd->nr_segs ?
			min(cmd->data_len, req->dev->max_transfer) : 0;
	cmd->data_in = 0;
	/* unless the handler says otherwise */
	cmd->wanted = cmd->dir == SCST_DATA_OUT ? req->data_len : 0;
	user_req_issue(req);
}

/* Sense data of the handler's own; without memory the key at least arrives. */
static void raw_sense(struct scst_cmd *cmd, const u8 *from, u8 len)
{
	cmd->raw_sense = kmemdup(from, len, GFP_ATOMIC);
	cmd->raw_sense_len = cmd->raw_sense ? len : 0;
}

void user_raw_answered(struct user_req *req,
		       const struct scst_user_reply *reply,
		       const struct user_queue *q)
{
	struct scst_cmd *cmd = req->cmd;

	if (cmd->dir == SCST_DATA_IN)
		cmd->data_in = min(reply->moved, req->data_len);
	if (reply->wanted || cmd->dir == SCST_DATA_IN)
		cmd->wanted = max_t(u64, reply->wanted, cmd->data_in);
	if (reply->result == SCST_USER_RES_RAW_SENSE && reply->sense_len &&
	    reply->sense_len <= SCST_USER_SENSE_MAX)
		raw_sense(cmd, q->sense + req->slot * SCST_USER_SENSE_STRIDE,
			  reply->sense_len);
}

/*
 * The SPC device server reads its parameters where nobody else can write:
 * false: no memory.
 */
static bool raw_own_data(struct scst_cmd *cmd)
{
	struct core_segs_pair pair;
	struct core_seg *segs;
	u32 nr;

	if (!cmd->data_priv || !cmd->nr_segs)
		return true;
	if (core_segs_alloc(&segs, &nr, round_up(cmd->data_len,
						 SCST_DATA_ALIGN),
			    GFP_ATOMIC | __GFP_NOWARN))
		return false;
	pair = (struct core_segs_pair){
		.a = segs, .nr_a = nr, .b = cmd->segs, .nr_b = cmd->nr_segs,
	};
	core_segs_copy(&pair, cmd->data_len);
	user_data_free(cmd);
	cmd->data_priv = NULL;
	cmd->segs = segs;
	cmd->nr_segs = nr;
	return true;
}

static void raw_pass(struct scst_cmd *cmd)
{
	cmd->data_in = 0;
	cmd->wanted = 0;
	if (raw_own_data(cmd))
		scst_cmd_pass(cmd);
	else
		scst_cmd_complete(cmd, SCSI_BUSY);
}

static void raw_status(struct scst_cmd *cmd, u8 status)
{
	switch (status) {
	case SCSI_GOOD:
	case SCSI_CONDITION_MET:
	case SCSI_BUSY:
	case SCSI_RESERVATION_CONFLICT:
	case SCSI_TASK_SET_FULL:
		scst_cmd_complete(cmd, status);
		break;
	default:
		scst_cmd_fail(cmd, SENSE_INTERNAL_FAILURE);
	}
}

void user_raw_done(struct user_req *req, const struct scst_user_reply *reply)
{
	struct scst_cmd *cmd = req->cmd;

	switch (reply->result) {
	case SCST_USER_RES_GOOD:
		scst_cmd_good(cmd);
		break;
	case SCST_USER_RES_SENSE:
		scst_cmd_fail(cmd, user_reply_sense(reply));
		break;
	case SCST_USER_RES_STATUS:
		raw_status(cmd, reply->status);
		break;
	case SCST_USER_RES_RAW_SENSE:
		if (cmd->raw_sense)
			scst_cmd_complete(cmd, SCSI_CHECK_CONDITION);
		else
			scst_cmd_fail(cmd, SENSE_ABORTED);
		break;
	case SCST_USER_RES_PASS:
		raw_pass(cmd);
		break;
	default:
		scst_cmd_fail(cmd, SENSE_INTERNAL_FAILURE);
	}
}
