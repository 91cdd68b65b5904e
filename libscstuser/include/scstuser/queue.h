/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLIC: queues, for handlers with the thread model SCSTU_QUEUE.
 *
 * A queue is one event loop as a device sees it. The loop waits in one place
 * for commands, for the handler's own file I/O and for what goes back to the
 * initiators; the functions here put I/O there. They use io_uring, and Linux
 * AIO where that is refused. All are for the queue's own thread.
 */
#ifndef SCSTUSER_QUEUE_H
#define SCSTUSER_QUEUE_H

#include <scstuser/request.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The handler's pointer for this device on this queue. */
SCSTU_API void scstu_queue_set_private(struct scstu_queue *q, void *private_);
SCSTU_API void *scstu_queue_private(const struct scstu_queue *q);

/* Queues of a device are numbered from 0. */
SCSTU_API unsigned int scstu_queue_index(const struct scstu_queue *q);

/* ---- Whole requests ---------------------------------------------------- */

/*
 * Work on the whole of @req with the file @fd, at the request's own offset
 * plus @base. Then, on the queue's thread, @done is called with 0 or a
 * positive errno, and goes on or completes the request; NULL: the request is
 * completed by scstu_done() or scstu_fail_errno(). For a file in memory (tmpfs)
 * that is before the function returns.
 */
typedef void scstu_file_done(struct scstu_req *req, int err);

/*
 * Fill the buffer, or write it. Short transfers are continued; reading behind
 * the end of the file gives zeroes. A write honours SCSTU_FUA, by RWF_DSYNC.
 */
SCSTU_API void scstu_req_read_file(struct scstu_req *req, int fd,
				   uint64_t base, scstu_file_done *done);
SCSTU_API void scstu_req_write_file(struct scstu_req *req, int fd,
				    uint64_t base, scstu_file_done *done);

/* fdatasync(2). */
SCSTU_API void scstu_req_sync_file(struct scstu_req *req, int fd,
				   scstu_file_done *done);

/* fallocate(2) with @mode on the request's range. */
SCSTU_API void scstu_req_allocate_file(struct scstu_req *req, int fd, int mode,
				       uint64_t base, scstu_file_done *done);

/* ---- Single operations ------------------------------------------------- */

enum scstu_io_op {
	SCSTU_IO_READ,
	SCSTU_IO_WRITE,
	SCSTU_IO_WRITE_DSYNC,
	SCSTU_IO_DATASYNC,
	SCSTU_IO_ALLOCATE,
};

/*
 * One asynchronous operation, in memory of the handler's (the request's
 * private bytes, say) that stays until done() is called on the same queue.
 */
struct scstu_io {
	enum scstu_io_op op;
	int fd;
	uint64_t offset;
	const struct iovec *iov;	/* READ, WRITE, WRITE_DSYNC */
	int iov_count;
	int mode;			/* ALLOCATE: as fallocate(2) */
	uint64_t length;		/* ALLOCATE */
	/* @result: bytes moved, 0, or a negative errno. */
	void (*done)(struct scstu_io *io, ssize_t result);
	void *reserved[4];		/* the library's */
};

SCSTU_API void scstu_queue_submit(struct scstu_queue *q, struct scstu_io *io);

#ifdef __cplusplus
}
#endif
#endif
