// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a raw device in the embedded engine: the core's commands as requests.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define MAX_TRANSFER (1u << 20)

/* The request came home: what became of the command? */
static void cmd_end(struct scstu_req *req)
{
	struct scst_cmd *cmd = req->carrier;

	if (cmd->dir == SCST_DATA_IN)
		cmd->data_in = req->data_moved;
	cmd->wanted = req->data_wanted;
	switch (req->outcome) {
	case REQ_GOOD:
		scst_cmd_good(cmd);
		return;
	case REQ_STATUS:
		scst_cmd_complete(cmd, req->status);
		return;
	case REQ_RAW_SENSE:
		cmd->raw_sense = req->raw_sense;
		cmd->raw_sense_len = req->raw_sense_len;
		scst_cmd_complete(cmd, SCSI_CHECK_CONDITION);
		return;
	case REQ_PASS:
		scst_cmd_pass(cmd);
		return;
	default:
		scst_cmd_fail(cmd, req->sense);
	}
}

static void raw_execute(struct scst_cmd *cmd)
{
	struct scstu_req *req = (struct scstu_req *)cmd->backend;
	struct scstu_dev *dev = cmd->lu;

	req_init(req, dev, cmd_end, cmd);
	req->length = cmd->data_len;
	req->segs = cmd->segs;
	req->nr_segs = cmd->nr_segs;
	req->reads = cmd->dir == SCST_DATA_IN;
	req->aborted = &cmd->aborted;
	req->cdb = cmd->cdb;
	req->cdb_len = cmd->opcode->cdb_len;
	req->nexus = cmd->nexus_id;
	/* Data-Out was all taken unless the handler says otherwise. */
	req->data_wanted = cmd->dir == SCST_DATA_OUT ? cmd->data_len : 0;
	req_issue(req, dev->handler->raw->execute);
}

static void raw_row(struct scst_opcode *row, const struct scstu_opcode *from)
{
	static const uint8_t none[sizeof(from->usage)];

	row->op = from->opcode;
	row->cdb_len = from->cdb_length;
	row->sa = from->service_action;
	row->execute = raw_execute;
	if (from->direction == SCSTU_DATA_IN)
		row->flags |= SCST_OP_IN;
	else if (from->direction == SCSTU_DATA_OUT)
		row->flags |= SCST_OP_OUT;
	if (from->writes)
		row->flags |= SCST_OP_WRITES;
	if (memcmp(from->usage, none, sizeof(none)))
		memcpy(row->usage, from->usage, sizeof(row->usage));
	else
		memset(row->usage, 0xff, sizeof(row->usage));
}

int raw_attach(struct core_dev *cd)
{
	const struct scstu_raw_ops *ops = cd->dev->handler->raw;
	const struct scstu_raw *raw = &cd->dev->raw;
	size_t i;

	cd->opcodes = calloc(ops->opcode_count, sizeof(*cd->opcodes));
	if (!cd->opcodes)
		return -ENOMEM;
	for (i = 0; i < ops->opcode_count; i++)
		raw_row(&cd->opcodes[i], &ops->opcodes[i]);
	cd->info.type = raw->type;
	cd->info.removable = raw->removable;
	cd->info.read_only = raw->read_only;
	cd->info.opcodes = cd->opcodes;
	cd->info.nr_opcodes = ops->opcode_count;
	cd->info.max_transfer = raw->max_transfer ?: MAX_TRANSFER;
	return 0;
}
