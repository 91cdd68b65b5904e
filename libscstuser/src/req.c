// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: requests, from issue to completion.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"
#include "log.h"
#include "scsi_sense.h"
#include "seg.h"

/* ---- Issue ------------------------------------------------------------------ */

void req_init(struct scstu_req *req, struct scstu_dev *dev,
	      void (*end)(struct scstu_req *req), void *carrier)
{
	memset(req, 0, sizeof(*req));
	req->dev = dev;
	req->end = end;
	req->carrier = carrier;
	req->home = loop_current();
}

/* At home. */
static void req_complete(struct scstu_req *req)
{
	if (req->private_)
		kmem_cache_free(req->dev->privs, req->private_);
	req->end(req);
}

static void req_come_home(struct core_work *work)
{
	req_complete(container_of(work, struct scstu_req, work));
}

void req_finish(struct scstu_req *req)
{
	uint8_t state = __atomic_exchange_n(&req->state, REQ_DONE,
					    __ATOMIC_ACQ_REL);

	if (state != REQ_ISSUED) {
		log_print(LOG_ERROR, NULL,
			  "the handler completed a request twice");
		abort();
	}
	if (loop_is_current(req->home)) {
		req_complete(req);
		return;
	}
	req->work.fn = req_come_home;
	loop_post(req->home, &req->work);
}

void req_issue(struct scstu_req *req, void (*op)(struct scstu_req *req))
{
	struct scstu_dev *dev = req->dev;

	req->state = REQ_ISSUED;
	req->op = op;
	if (dev->privs) {
		req->private_ = kmem_cache_alloc(dev->privs, GFP_ATOMIC);
		if (!req->private_) {
			scstu_fail_errno(req, ENOMEM);
			return;
		}
	}
	if (dev->pool)
		pool_add(dev->pool, req);
	else
		op(req);
}

/* ---- What a handler asks ------------------------------------------------------ */

struct scstu_dev *scstu_req_dev(const struct scstu_req *req)
{
	return req->dev;
}

void *scstu_req_dev_private(const struct scstu_req *req)
{
	return req->dev->private_;
}

void *scstu_req_private(struct scstu_req *req)
{
	return req->private_;
}

struct scstu_queue *scstu_req_queue(const struct scstu_req *req)
{
	if (!req->dev->queues)
		return NULL;
	return &req->dev->queues[loop_index(req->home)];
}

uint64_t scstu_req_offset(const struct scstu_req *req)
{
	return req->offset;
}

uint64_t scstu_req_length(const struct scstu_req *req)
{
	return req->length;
}

unsigned int scstu_req_flags(const struct scstu_req *req)
{
	return req->flags;
}

/* A segment is laid out like an iovec (shim/seg.h). */
const struct iovec *scstu_req_iov(const struct scstu_req *req, int *count)
{
	*count = req->nr_segs;
	return (const struct iovec *)req->segs;
}

size_t scstu_req_put(struct scstu_req *req, size_t pos, const void *buf,
		     size_t len)
{
	return core_segs_write(req->segs, req->nr_segs, pos, buf, len);
}

size_t scstu_req_get(const struct scstu_req *req, size_t pos, void *buf,
		     size_t len)
{
	return core_segs_read(req->segs, req->nr_segs, pos, buf, len);
}

bool scstu_req_aborted(const struct scstu_req *req)
{
	return READ_ONCE(*req->aborted);
}

/* ---- Completion ----------------------------------------------------------------- */

void scstu_done(struct scstu_req *req)
{
	req->outcome = REQ_GOOD;
	req_finish(req);
}

/* A failure without a reason must not become a success. */
void scstu_fail(struct scstu_req *req, unsigned int sense)
{
	req->outcome = REQ_SENSE;
	req->sense = sense ?: SCSTU_SENSE_INTERNAL_FAILURE;
	req_finish(req);
}

void scstu_fail_at(struct scstu_req *req, unsigned int sense, uint64_t offset)
{
	req->has_bad = true;
	req->bad = offset;
	scstu_fail(req, sense);
}

static unsigned int errno_sense(const struct scstu_req *req, int err)
{
	switch (err) {
	case EIO:
	case EILSEQ:
	case ENODATA:
		return req->reads ? SCSTU_SENSE_READ_ERROR :
				    SCSTU_SENSE_WRITE_ERROR;
	case ENOSPC:
	case EDQUOT:
		return SCSTU_SENSE_SPACE_EXHAUSTED;
	case EROFS:
	case EPERM:
	case EACCES:
		return SCSTU_SENSE_WRITE_PROTECTED;
	case ENOMEDIUM:
	case ENODEV:
	case ENXIO:
		return SCSTU_SENSE_NO_MEDIUM;
	case EOPNOTSUPP:
		return SCSTU_SENSE_INVALID_OPCODE;
	default:
		return SCSTU_SENSE_INTERNAL_FAILURE;
	}
}

void scstu_fail_errno(struct scstu_req *req, int err)
{
	err = abs(err);
	if (err == EAGAIN || err == ENOMEM || err == ENOBUFS)
		scstu_fail(req, SENSE_BUSY);
	else
		scstu_fail(req, errno_sense(req, err));
}
