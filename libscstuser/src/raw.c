// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the raw layer: commands as they are, to a handler that asked for them.
 */
#include <errno.h>
#include <stdio.h>

#include "lib.h"
#include "scsi_sense.h"

#define SENSE_BYTES_MAX 252

/* ---- Commands ------------------------------------------------------------------ */

const uint8_t *scstu_raw_cdb(const struct scstu_req *req, size_t *length)
{
	if (length)
		*length = req->cdb_len;
	return req->cdb;
}

uint64_t scstu_raw_nexus(const struct scstu_req *req)
{
	return req->nexus;
}

void scstu_raw_transferred(struct scstu_req *req, size_t moved, size_t wanted)
{
	req->data_wanted = max(wanted, moved);
	if (req->reads)
		req->data_moved = min_t(size_t, moved, req->length);
}

void scstu_raw_status(struct scstu_req *req, uint8_t status)
{
	req->outcome = REQ_STATUS;
	req->status = status;
	req_finish(req);
}

void scstu_raw_fail(struct scstu_req *req, const uint8_t *sense, size_t length)
{
	length = min_t(size_t, length, SENSE_BYTES_MAX);
	req->raw_sense = kmemdup(sense, length, GFP_ATOMIC);
	req->raw_sense_len = req->raw_sense ? length : 0;
	/* Without memory for it the key at least arrives as ABORTED COMMAND. */
	req->sense = SENSE_ABORTED;
	req->outcome = req->raw_sense ? REQ_RAW_SENSE : REQ_SENSE;
	req_finish(req);
}

void scstu_pass(struct scstu_req *req)
{
	if (req->dev->handler->disk) {
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

int scstu_raw_configure(struct scstu_dev *dev, const struct scstu_raw *from)
{
	struct scstu_raw raw;
	int err;

	err = sized_copy(&raw, sizeof(raw), from);
	if (err)
		return scstu_dev_error(dev, -err,
				       "struct scstu_raw is newer than the library");
	if (!dev->handler->raw || dev->declared)
		return scstu_dev_error(dev, EINVAL,
				       "not a raw device, or configured twice");
	raw.removable |= dev->opts.removable;
	raw.read_only |= dev->opts.read_only;
	dev->raw = raw;
	dev->declared = true;
	return 0;
}

/*
 * The reset travels like a request, to the thread that calls the device's
 * functions; one that is on its way stands for all that happen meanwhile.
 */
static void reset_op(struct scstu_req *req)
{
	struct scstu_dev *dev = req->dev;

	__atomic_store_n(&dev->reset_pending, 0, __ATOMIC_SEQ_CST);
	dev->handler->raw->reset(dev);
}

static void reset_here(struct core_work *work)
{
	reset_op(container_of(work, struct scstu_req, work));
}

void raw_reset(struct scstu_dev *dev)
{
	struct scstu_req *req = &dev->reset_req;

	if (!dev->handler->raw || !dev->handler->raw->reset ||
	    __atomic_exchange_n(&dev->reset_pending, 1, __ATOMIC_SEQ_CST))
		return;
	req->dev = dev;
	req->op = reset_op;
	req->work.fn = reset_here;
	if (dev->pool)
		pool_add(dev->pool, req);
	else
		loop_post(dev->queues[0].loop, &req->work);
}
