// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the raw layer: commands as they are, to a handler that asked for them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"
#include "log.h"
#include "seg.h"

#define MAX_TRANSFER (1u << 20)
#define SENSE_BYTES_MAX 252

struct raw_layer {
	struct scst_opcode *opcodes;
};

/* ---- Commands ------------------------------------------------------------------ */

static struct scstu_req *cmd_req(struct scst_cmd *cmd)
{
	return (struct scstu_req *)cmd->backend;
}

static void raw_execute(struct scst_cmd *cmd)
{
	struct scstu_dev *dev = cmd->lu;
	struct scstu_req *req = cmd_req(cmd);

	req_init(req, dev, cmd, NULL);
	req->reads = cmd->dir == SCST_DATA_IN;
	/* Data-Out was all taken unless the handler says otherwise. */
	cmd->wanted = cmd->dir == SCST_DATA_OUT ? cmd->data_len : 0;
	req_issue(req, dev->handler->raw->execute);
}

/* The request came home: what became of the command? */
void raw_complete(struct scstu_req *req)
{
	struct scst_cmd *cmd = req->cmd;

	switch (req->outcome) {
	case REQ_GOOD:
		scst_cmd_good(cmd);
		return;
	case REQ_STATUS:
		scst_cmd_complete(cmd, req->status);
		return;
	case REQ_PASS:
		scst_cmd_pass(cmd);
		return;
	default:
		scst_cmd_fail(cmd, req->sense);
	}
}

const uint8_t *scstu_raw_cdb(const struct scstu_req *req, size_t *length)
{
	if (length)
		*length = req->cmd->opcode->cdb_len;
	return req->cmd->cdb;
}

uint64_t scstu_raw_nexus(const struct scstu_req *req)
{
	return req->cmd->nexus_id;
}

void scstu_raw_transferred(struct scstu_req *req, size_t moved, size_t wanted)
{
	struct scst_cmd *cmd = req->cmd;

	cmd->wanted = max(wanted, moved);
	if (cmd->dir == SCST_DATA_IN)
		cmd->data_in = min_t(size_t, moved, cmd->data_len);
}

void scstu_raw_status(struct scstu_req *req, uint8_t status)
{
	req->outcome = REQ_STATUS;
	req->status = status;
	req_finish(req);
}

void scstu_raw_fail(struct scstu_req *req, const uint8_t *sense, size_t length)
{
	struct scst_cmd *cmd = req->cmd;

	length = min_t(size_t, length, SENSE_BYTES_MAX);
	cmd->raw_sense = kmemdup(sense, length, GFP_ATOMIC);
	cmd->raw_sense_len = cmd->raw_sense ? length : 0;
	/* Without memory for it the key at least arrives as ABORTED COMMAND. */
	req->sense = SENSE_ABORTED;
	req->outcome = cmd->raw_sense ? REQ_STATUS : REQ_SENSE;
	req->status = SCSI_CHECK_CONDITION;
	req_finish(req);
}

void scstu_pass(struct scstu_req *req)
{
	if (req->io) {
		scstu_fail(req, SCSTU_SENSE_INVALID_OPCODE);
		return;
	}
	req->outcome = REQ_PASS;
	req_finish(req);
}

/* ---- Configuration --------------------------------------------------------------- */

int raw_check_handler(const struct scstu_handler *h, char *why, size_t size)
{
	const struct scstu_raw_ops *raw = h->raw;
	size_t i;

	if (!raw->execute || !raw->opcodes || !raw->opcode_count) {
		snprintf(why, size,
			 "a raw device needs execute and a list of opcodes");
		return -EINVAL;
	}
	for (i = 0; i < raw->opcode_count; i++) {
		switch (raw->opcodes[i].cdb_length) {
		case 6:
		case 10:
		case 12:
		case 16:
		case 32:
			continue;
		}
		snprintf(why, size, "opcode %#x: a CDB has 6, 10, 12, 16 or 32 bytes",
			 raw->opcodes[i].opcode);
		return -EINVAL;
	}
	return 0;
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

int scstu_raw_configure(struct scstu_dev *dev, const struct scstu_raw *from)
{
	const struct scstu_raw_ops *ops = dev->handler->raw;
	struct scstu_raw raw;
	size_t i;
	int err;

	err = sized_copy(&raw, sizeof(raw), from);
	if (err)
		return scstu_dev_error(dev, -err,
				       "struct scstu_raw is newer than the library");
	if (!ops || dev->raw)
		return scstu_dev_error(dev, EINVAL,
				       "not a raw device, or configured twice");
	dev->raw = calloc(1, sizeof(*dev->raw));
	if (dev->raw)
		dev->raw->opcodes = calloc(ops->opcode_count,
					   sizeof(*dev->raw->opcodes));
	if (!dev->raw || !dev->raw->opcodes)
		return scstu_dev_error(dev, ENOMEM, "out of memory");
	for (i = 0; i < ops->opcode_count; i++)
		raw_row(&dev->raw->opcodes[i], &ops->opcodes[i]);

	dev->info.type = raw.type;
	dev->info.removable = raw.removable || dev->opts.removable;
	dev->info.read_only = raw.read_only || dev->opts.read_only;
	dev->info.opcodes = dev->raw->opcodes;
	dev->info.nr_opcodes = ops->opcode_count;
	dev->info.max_transfer = raw.max_transfer ?: MAX_TRANSFER;
	return 0;
}

void raw_destroy(struct scstu_dev *dev)
{
	if (dev->raw)
		free(dev->raw->opcodes);
	free(dev->raw);
	dev->raw = NULL;
}

/*
 * The reset travels like a request, to the thread that calls the device's
 * functions; one that is on its way stands for all that happen meanwhile.
 */
static void raw_reset(struct scstu_req *req)
{
	struct scstu_dev *dev = req->dev;

	__atomic_store_n(&dev->reset_pending, 0, __ATOMIC_SEQ_CST);
	dev->handler->raw->reset(dev);
}

static void raw_reset_here(struct core_work *work)
{
	raw_reset(container_of(work, struct scstu_req, work));
}

/* From the core, under a lock. */
void raw_event(struct scstu_dev *dev, enum scst_device_event ev)
{
	struct scstu_req *req = &dev->reset_req;

	if (ev != SCST_EV_LU_RESET || !dev->handler->raw->reset ||
	    __atomic_exchange_n(&dev->reset_pending, 1, __ATOMIC_SEQ_CST))
		return;
	req->dev = dev;
	req->op = raw_reset;
	req->work.fn = raw_reset_here;
	if (dev->pool)
		pool_add(dev->pool, req);
	else
		loop_post(dev->queues[0].loop, &req->work);
}
