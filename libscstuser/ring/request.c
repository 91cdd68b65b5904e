// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: entries of the ring become requests, and outcomes replies.
 */
#include <errno.h>
#include <string.h>

#include "ring.h"
#include "scsi_sense.h"
#include "src/log.h"

/* What goes by as it is. */
static_assert((int)SCSTU_FUA == SCST_USER_RQ_FUA);
static_assert((int)SCSTU_DPO == SCST_USER_RQ_DPO);
static_assert((int)SCSTU_MAY_UNMAP == SCST_USER_RQ_MAY_UNMAP);
static_assert(SENSE_BUSY == 1 << 24);
static_assert(SCST_USER_UNKNOWN == UINT64_MAX);

#define FLAGS (SCSTU_FUA | SCSTU_DPO | SCSTU_MAY_UNMAP)

static struct ring_req *slot_of(struct ring_queue *q, uint64_t tag)
{
	uint32_t slot = tag & 0xffff;

	return slot < q->rd->attach.depth ? &q->reqs[slot] : NULL;
}

/* ---- Requests --------------------------------------------------------------- */

static void refuse(struct scstu_req *req)
{
	scstu_fail(req, SCSTU_SENSE_INVALID_OPCODE);
}

typedef void op_fn(struct scstu_req *req);

static op_fn *disk_op(const struct scstu_disk_ops *ops, uint8_t op)
{
	switch (op) {
	case SCST_USER_OP_READ:
		return ops->read;
	case SCST_USER_OP_WRITE:
		return ops->write;
	case SCST_USER_OP_FLUSH:
		return ops->flush;
	case SCST_USER_OP_UNMAP:
		return ops->unmap;
	case SCST_USER_OP_ZERO:
		return ops->write_zeroes;
	case SCST_USER_OP_STATUS:
		return ops->block_status;
	case SCST_USER_OP_PREFETCH:
		return ops->prefetch;
	case SCST_USER_OP_USAGE:
		return ops->usage;
	case SCST_USER_OP_CRYPTO_ERASE:
		return ops->crypto_erase;
	default:
		return NULL;
	}
}

static op_fn *handler_op(const struct scstu_handler *h, uint8_t op)
{
	op_fn *fn = NULL;

	if (op == SCST_USER_OP_NOP)
		return scstu_done;
	if (h->disk)
		fn = disk_op(h->disk, op);
	else if (op == SCST_USER_OP_RAW)
		fn = h->raw->execute;
	return fn ?: refuse;
}

static void req_end(struct scstu_req *req)
{
	struct ring_req *rq = req->carrier;

	ring_queue_reply(rq->queue, rq);
}

static void set_data(struct ring_req *rq, const struct scst_user_request *entry)
{
	struct ring_dev *rd = rq->queue->rd;
	struct scstu_req *req = &rq->req;

	rq->seg.len = entry->data_len;
	if (!entry->data_len)
		return;
	rq->seg.base = (uint8_t *)rd->map + rd->attach.arena_offset +
		       entry->data;
	req->segs = &rq->seg;
	req->nr_segs = 1;
}

static void set_disk(struct ring_req *rq, const struct scst_user_request *entry)
{
	struct scstu_req *req = &rq->req;

	req->offset = entry->offset;
	req->length = entry->length;
	req->flags = entry->flags & FLAGS;
	req->reads = entry->op == SCST_USER_OP_READ;
	req->value = UINT64_MAX;
	req->value2 = UINT64_MAX;
}

static void set_raw(struct ring_req *rq, const struct scst_user_request *entry)
{
	struct scstu_req *req = &rq->req;

	memcpy(rq->cdb, entry->cdb, sizeof(rq->cdb));
	req->cdb = rq->cdb;
	req->cdb_len = entry->cdb_len;
	req->nexus = entry->nexus;
	req->length = entry->data_len;
	req->reads = entry->dir == SCST_USER_DIR_IN;
	/* Data-Out was all taken unless the handler says otherwise. */
	if (entry->dir == SCST_USER_DIR_OUT)
		req->data_wanted = entry->data_len;
}

static void begin_request(struct ring_queue *q,
			  const struct scst_user_request *entry)
{
	struct ring_req *rq = slot_of(q, entry->tag);
	struct scstu_dev *dev = q->rd->dev;

	if (!rq || rq->taken) {
		scstu_dev_log(dev, LOG_ERROR, "the kernel gave a wrong tag");
		return;
	}
	req_init(&rq->req, dev, req_end, rq);
	rq->queue = q;
	rq->tag = entry->tag;
	rq->op = entry->op;
	rq->taken = true;
	WRITE_ONCE(rq->aborted, false);
	rq->req.aborted = &rq->aborted;
	set_data(rq, entry);
	if (dev->handler->disk)
		set_disk(rq, entry);
	else
		set_raw(rq, entry);
	ring_queue_count(q, 1);
	req_issue(&rq->req, handler_op(dev->handler, rq->op));
}

/* ---- Notifications ------------------------------------------------------------ */

/* It may have been answered by now. */
static void advise_abort(struct ring_queue *q, uint64_t tag)
{
	struct ring_req *rq = slot_of(q, tag);

	if (rq && rq->taken && rq->tag == tag)
		WRITE_ONCE(rq->aborted, true);
}

/* EJECT and LOAD do not concern a handler: the device server keeps the door. */
void ring_begin(struct ring_queue *q, const struct scst_user_request *entry)
{
	switch (entry->op) {
	case SCST_USER_OP_ABORT:
		advise_abort(q, entry->arg);
		break;
	case SCST_USER_OP_RESET:
		raw_reset(q->rd->dev);
		break;
	case SCST_USER_OP_SESSION_GONE:
		scstu_dev_log(q->rd->dev, LOG_DEBUG, "I_T nexus %llu is gone",
			      (unsigned long long)entry->nexus);
		break;
	case SCST_USER_OP_EJECT:
	case SCST_USER_OP_LOAD:
		break;
	default:
		begin_request(q, entry);
	}
}

/* ---- Replies -------------------------------------------------------------------- */

static void fill_good(const struct ring_req *rq, struct scst_user_reply *reply)
{
	const struct scstu_req *req = &rq->req;
	bool said;

	reply->result = SCST_USER_RES_GOOD;
	switch (rq->op) {
	case SCST_USER_OP_STATUS:
		said = req->value != UINT64_MAX;
		reply->value = said ? req->value : req->length;
		if (req->mapped || !said)
			reply->flags = SCST_USER_RP_MAPPED;
		break;
	case SCST_USER_OP_USAGE:
		reply->value = req->value;
		reply->value2 = req->value2;
		break;
	}
}

static void fill_sense(const struct ring_req *rq, struct scst_user_reply *reply)
{
	const struct scstu_req *req = &rq->req;

	reply->result = SCST_USER_RES_SENSE;
	reply->sense = req->sense;
	if (req->has_bad && rq->op != SCST_USER_OP_RAW) {
		reply->flags = SCST_USER_RP_HAS_BAD;
		reply->value = req->bad;
	}
}

static void fill_raw_sense(struct ring_req *rq, struct scst_user_reply *reply)
{
	uint8_t *area = rq->queue->ring.sense +
			(rq->tag & 0xffff) * SCST_USER_SENSE_STRIDE;
	struct scstu_req *req = &rq->req;

	memcpy(area, req->raw_sense, req->raw_sense_len);
	kfree(req->raw_sense);
	reply->result = SCST_USER_RES_RAW_SENSE;
	reply->sense_len = req->raw_sense_len;
}

void ring_fill_reply(struct ring_req *rq, struct scst_user_reply *reply)
{
	const struct scstu_req *req = &rq->req;

	reply->tag = rq->tag;
	switch (req->outcome) {
	case REQ_GOOD:
		fill_good(rq, reply);
		break;
	case REQ_STATUS:
		reply->result = SCST_USER_RES_STATUS;
		reply->status = req->status;
		break;
	case REQ_RAW_SENSE:
		fill_raw_sense(rq, reply);
		break;
	case REQ_PASS:
		reply->result = SCST_USER_RES_PASS;
		break;
	default:
		fill_sense(rq, reply);
	}
	if (rq->op == SCST_USER_OP_RAW) {
		reply->moved = req->data_moved;
		reply->wanted = req->data_wanted;
	}
}
