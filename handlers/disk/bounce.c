// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-disk: writing from memory of our own, chunk by chunk: zeroes,
 * where the file system can do nothing better, and what is encrypted, since a
 * request's data is not ours to change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypt.h"
#include "file.h"

#define BOUNCE_CHUNK (1u << 20)

struct bounce {
	struct scstu_io io;
	struct scstu_req *req;
	struct iovec iov;
	bool zeroes;
	/* the memory follows, ALIGN_MAX behind the beginning */
};

static void bounce_end(struct bounce *b, int err)
{
	struct scstu_req *req = b->req;
	bool zeroes = b->zeroes;

	free(b);
	if (zeroes)
		file_zero_end(req, err);
	else
		file_write_done(req, err);
}

static uint64_t bounce_pos(const struct bounce *b)
{
	return b->io.offset - scstu_req_offset(b->req);
}

static size_t bounce_len(const struct scstu_req *req, uint64_t pos)
{
	uint64_t left = scstu_req_length(req) - pos;

	return left < BOUNCE_CHUNK ? left : BOUNCE_CHUNK;
}

/* The next chunk. */
static void bounce_write(struct bounce *b)
{
	struct file *file = disk_state(b->req);
	char *buf = (char *)b + ALIGN_MAX;
	uint64_t pos = bounce_pos(b);
	size_t len = bounce_len(b->req, pos);
	int err = 0;

	if (b->zeroes)
		memset(buf, 0, len);
	else
		scstu_req_get(b->req, pos, buf, len);
	if (file->crypt)
		err = crypt_encrypt(file->crypt, b->io.offset, buf, len);
	b->iov = (struct iovec){ buf, len };
	if (err)
		bounce_end(b, err);
	else
		scstu_queue_submit(scstu_req_queue(b->req), &b->io);
}

/* A chunk that is written in part goes on where it stopped, as it is. */
static void bounce_written(struct scstu_io *io, ssize_t result)
{
	struct bounce *b = (struct bounce *)io;

	if (result > 0) {
		b->io.offset += result;
		b->iov.iov_base = (char *)b->iov.iov_base + result;
		b->iov.iov_len -= result;
	}
	if (result <= 0 && result != -EINTR && result != -EAGAIN)
		bounce_end(b, result ? -result : ENOSPC);
	else if (b->iov.iov_len)
		scstu_queue_submit(scstu_req_queue(b->req), &b->io);
	else if (bounce_pos(b) < scstu_req_length(b->req))
		bounce_write(b);
	else
		bounce_end(b, 0);
}

void file_bounce(struct scstu_req *req, bool zeroes)
{
	bool fua = scstu_req_flags(req) & SCSTU_FUA;
	struct file *file = disk_state(req);
	struct bounce *b;
	size_t len = bounce_len(req, 0);

	b = aligned_alloc(ALIGN_MAX, ALIGN_MAX +
			  (len + ALIGN_MAX - 1) / ALIGN_MAX * ALIGN_MAX);
	if (!b) {
		scstu_fail_errno(req, ENOMEM);
		return;
	}
	b->req = req;
	b->zeroes = zeroes;
	b->io = (struct scstu_io){
		/* zeroes may be many: one sync at the end */
		.op = fua && !zeroes ? SCSTU_IO_WRITE_DSYNC : SCSTU_IO_WRITE,
		.fd = file->fd,
		.offset = scstu_req_offset(req),
		.iov = &b->iov,
		.iov_count = 1,
		.done = bounce_written,
	};
	bounce_write(b);
}
