/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLIC: requests.
 *
 * A request is one piece of work that the library hands to a function of the
 * handler. It belongs to the handler until it is completed, exactly once, by
 * scstu_done() or one of the scstu_fail functions, in the function itself or
 * later, on any thread. After that it must not be touched. A build of the
 * library with SCST_DEBUG aborts on a second completion.
 */
#ifndef SCSTUSER_REQUEST_H
#define SCSTUSER_REQUEST_H

#include <sys/types.h>
#include <sys/uio.h>

#include <scstuser/handler.h>
#include <scstuser/sense.h>

#ifdef __cplusplus
extern "C" {
#endif

SCSTU_API struct scstu_dev *scstu_req_dev(const struct scstu_req *req);

/* Shorthand for scstu_dev_private(scstu_req_dev(req)). */
SCSTU_API void *scstu_req_dev_private(const struct scstu_req *req);

/*
 * scstu_handler.req_private bytes that live as long as the request, aligned
 * for any type; their contents are undefined at first.
 */
SCSTU_API void *scstu_req_private(struct scstu_req *req);

/* The loop that this request belongs to; NULL unless SCSTU_QUEUE. */
SCSTU_API struct scstu_queue *scstu_req_queue(const struct scstu_req *req);

/* Where on the disk, in bytes, and how many of them. */
SCSTU_API uint64_t scstu_req_offset(const struct scstu_req *req);
SCSTU_API uint64_t scstu_req_length(const struct scstu_req *req);

enum scstu_req_flags {
	SCSTU_FUA	= 1 << 0,	/* write: on the medium when done */
	SCSTU_DPO	= 1 << 1,	/* data will not be wanted again soon */
	SCSTU_MAY_UNMAP = 1 << 2,	/* write_zeroes: may deallocate */
};
SCSTU_API unsigned int scstu_req_flags(const struct scstu_req *req);

/*
 * The data buffer: *@count elements that hold at least scstu_req_length()
 * bytes. To be filled by a read, to be taken by a write. Memory of the
 * library's, aligned to 4096 where it begins, valid until completion.
 */
SCSTU_API const struct iovec *scstu_req_iov(const struct scstu_req *req,
					    int *count);

/*
 * Copy between the data buffer, from byte @pos of it, and @buf; for code that
 * does not care for iovecs. Returns the bytes copied, less than @len when the
 * buffer ends.
 */
SCSTU_API size_t scstu_req_put(struct scstu_req *req, size_t pos,
			       const void *buf, size_t len);
SCSTU_API size_t scstu_req_get(const struct scstu_req *req, size_t pos,
			       void *buf, size_t len);

/* Nobody waits for this request any more; complete it soon, anyhow. */
SCSTU_API bool scstu_req_aborted(const struct scstu_req *req);

/* ---- Completion: one of these, once ------------------------------------ */

/* It worked. */
SCSTU_API void scstu_done(struct scstu_req *req);

/* It failed: CHECK CONDITION with one of the SCSTU_SENSE_ constants. */
SCSTU_API void scstu_fail(struct scstu_req *req, unsigned int sense);

/*
 * It failed at byte @offset of the disk: the same, and the initiator learns
 * the first bad logical block.
 */
SCSTU_API void scstu_fail_at(struct scstu_req *req, unsigned int sense,
			     uint64_t offset);

/*
 * It failed with errno @err (a positive number): EIO becomes MEDIUM ERROR
 * (read or write error by the request), ENOSPC and EDQUOT DATA PROTECT with
 * SPACE ALLOCATION FAILED, EROFS and EPERM WRITE PROTECTED, ENOMEDIUM NOT
 * READY, EOPNOTSUPP INVALID OPCODE; EAGAIN and ENOMEM status BUSY; anything
 * else HARDWARE ERROR.
 */
SCSTU_API void scstu_fail_errno(struct scstu_req *req, int err);

#ifdef __cplusplus
}
#endif
#endif
