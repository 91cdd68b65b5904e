// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: requests served from a file: scstu_req_read_file() and its kind.
 *
 * A transfer that comes back short is continued where it stopped, with a copy
 * of the iovec cut to what is left; most never need one.
 *
 * Files in memory (tmpfs) do not wait for anything but, rarely, a swap device,
 * yet io_uring hands each of their operations to a thread of its own. Those are
 * carried out here, at once.
 */
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib.h"
#include "qio.h"
#include "seg.h"

void scstu_queue_submit(struct scstu_queue *q, struct scstu_io *io)
{
	qio_submit(loop_qio(q->loop), io);
}

static struct scstu_req *io_req(struct scstu_io *io)
{
	return container_of(io, struct scstu_req, file);
}

static bool is_in_memory(struct scstu_queue *q, int fd)
{
	struct statfs st;

	if (fd == __atomic_load_n(&q->known_fd, __ATOMIC_RELAXED))
		return q->in_memory;
	__atomic_store_n(&q->known_fd, fd, __ATOMIC_RELAXED);
	q->in_memory = !fstatfs(fd, &st) && (st.f_type == TMPFS_MAGIC ||
					     st.f_type == RAMFS_MAGIC);
	return q->in_memory;
}

void file_forget(struct scstu_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nr_queues; i++)
		__atomic_store_n(&dev->queues[i].known_fd, -1,
				 __ATOMIC_RELAXED);
}

static ssize_t io_here(const struct scstu_io *io)
{
	ssize_t n = 0;

	switch (io->op) {
	case SCSTU_IO_READ:
		n = preadv(io->fd, io->iov, io->iov_count, io->offset);
		break;
	case SCSTU_IO_WRITE:
		n = pwritev(io->fd, io->iov, io->iov_count, io->offset);
		break;
	case SCSTU_IO_WRITE_DSYNC:
		n = pwritev2(io->fd, io->iov, io->iov_count, io->offset,
			     RWF_DSYNC);
		break;
	case SCSTU_IO_DATASYNC:
		n = fdatasync(io->fd);
		break;
	case SCSTU_IO_ALLOCATE:
		break;
	}
	return n < 0 ? -errno : n;
}

/* To give back much memory takes long. */
static void file_submit(struct scstu_req *req)
{
	struct scstu_queue *q = scstu_req_queue(req);
	struct scstu_io *io = &req->file;

	if (io->op != SCSTU_IO_ALLOCATE && is_in_memory(q, io->fd))
		io->done(io, io_here(io));
	else
		scstu_queue_submit(q, io);
}

static void file_end(struct scstu_req *req, int err)
{
	free(req->rest);
	req->rest = NULL;
	if (req->file_done)
		req->file_done(req, err);
	else if (err)
		scstu_fail_errno(req, err);
	else
		scstu_done(req);
}

static bool is_transient(ssize_t result)
{
	return result == -EINTR || result == -EAGAIN;
}

/* Cut what was moved off the iovec. False: no memory. */
static bool file_cut(struct scstu_req *req)
{
	uint64_t left = scstu_req_length(req) - req->moved;
	uint32_t nr = req->nr_segs;

	if (!req->rest)
		req->rest = calloc(nr, sizeof(*req->rest));
	if (!req->rest)
		return false;
	req->file.iov = req->rest;
	req->file.iov_count = core_segs_slice(req->segs, nr, req->moved, left,
					      (struct core_seg *)req->rest, nr);
	return true;
}

/* @n bytes moved, but not all; or none because of a signal. */
static void file_continue(struct scstu_req *req, size_t n)
{
	req->moved += n;
	req->file.offset += n;
	if (n && !file_cut(req))
		file_end(req, ENOMEM);
	else
		file_submit(req);
}

static void file_read_done(struct scstu_io *io, ssize_t result)
{
	struct scstu_req *req = io_req(io);
	uint64_t left = scstu_req_length(req) - req->moved;

	if (result > 0 && (uint64_t)result >= left) {
		file_end(req, 0);
	} else if (result > 0 || is_transient(result)) {
		file_continue(req, max_t(ssize_t, result, 0));
	} else if (result < 0) {
		file_end(req, -result);
	} else {
		/* Behind the end of the file. */
		core_segs_zero(req->segs, req->nr_segs, req->moved, left);
		file_end(req, 0);
	}
}

static void file_write_done(struct scstu_io *io, ssize_t result)
{
	struct scstu_req *req = io_req(io);
	uint64_t left = scstu_req_length(req) - req->moved;

	if (result > 0 && (uint64_t)result >= left)
		file_end(req, 0);
	else if (result > 0 || is_transient(result))
		file_continue(req, max_t(ssize_t, result, 0));
	else
		/* A write that moves nothing has nowhere to put it. */
		file_end(req, result ? -result : ENOSPC);
}

static void file_plain_done(struct scstu_io *io, ssize_t result)
{
	struct scstu_req *req = io_req(io);

	if (is_transient(result))
		file_submit(req);
	else
		file_end(req, result < 0 ? -result : 0);
}

static void file_start(struct scstu_req *req, enum scstu_io_op op, int fd,
		       uint64_t base, scstu_file_done *file_done,
		       void (*done)(struct scstu_io *io, ssize_t result))
{
	req->file_done = file_done;
	req->moved = 0;
	req->file = (struct scstu_io){
		.op = op,
		.fd = fd,
		.offset = scstu_req_offset(req) + base,
		.length = scstu_req_length(req),
		.done = done,
	};
	req->file.iov = scstu_req_iov(req, &req->file.iov_count);
}

void scstu_req_read_file(struct scstu_req *req, int fd, uint64_t base,
			 scstu_file_done *done)
{
	file_start(req, SCSTU_IO_READ, fd, base, done, file_read_done);
	file_submit(req);
}

void scstu_req_write_file(struct scstu_req *req, int fd, uint64_t base,
			  scstu_file_done *done)
{
	file_start(req, scstu_req_flags(req) & SCSTU_FUA ?
		   SCSTU_IO_WRITE_DSYNC : SCSTU_IO_WRITE, fd, base, done,
		   file_write_done);
	file_submit(req);
}

void scstu_req_sync_file(struct scstu_req *req, int fd, scstu_file_done *done)
{
	file_start(req, SCSTU_IO_DATASYNC, fd, 0, done, file_plain_done);
	file_submit(req);
}

void scstu_req_allocate_file(struct scstu_req *req, int fd, int mode,
			     uint64_t base, scstu_file_done *done)
{
	file_start(req, SCSTU_IO_ALLOCATE, fd, base, done, file_plain_done);
	req->file.mode = mode;
	file_submit(req);
}
