// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: file I/O by io_uring.
 *
 * Operations of a turn go to the kernel in one call at its end; those that
 * complete at once, out of the page cache, are reaped behind it. The ring's
 * descriptor tells the loop of the others.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "log.h"
#include "loop.h"
#include "qio.h"

#define ENTRIES 512

struct uring {
	struct qio qio;
	struct io_uring ring;
	struct loop *loop;
	struct loop_fd fd;
	struct loop_late late;
	struct loop_timer retry;
	unsigned int in_flight;		/* at most what the CQ holds */
	struct scstu_io *wait_first;	/* no room yet */
	struct scstu_io **wait_last;
};

static struct scstu_io **next_of(struct scstu_io *io)
{
	return (struct scstu_io **)&io->reserved[0];
}

static void uring_prep(struct io_uring_sqe *sqe, const struct scstu_io *io)
{
	switch (io->op) {
	case SCSTU_IO_READ:
		io_uring_prep_readv(sqe, io->fd, io->iov, io->iov_count,
				    io->offset);
		break;
	case SCSTU_IO_WRITE:
		io_uring_prep_writev(sqe, io->fd, io->iov, io->iov_count,
				     io->offset);
		break;
	case SCSTU_IO_WRITE_DSYNC:
		io_uring_prep_writev2(sqe, io->fd, io->iov, io->iov_count,
				      io->offset, RWF_DSYNC);
		break;
	case SCSTU_IO_DATASYNC:
		io_uring_prep_fsync(sqe, io->fd, IORING_FSYNC_DATASYNC);
		break;
	case SCSTU_IO_ALLOCATE:
		io_uring_prep_fallocate(sqe, io->fd, io->mode, io->offset,
					io->length);
		break;
	}
}

/* NULL: no room. */
static struct io_uring_sqe *uring_get(struct uring *u)
{
	struct io_uring_sqe *sqe;

	if (u->in_flight >= ENTRIES)
		return NULL;
	sqe = io_uring_get_sqe(&u->ring);
	if (sqe)
		u->in_flight++;
	return sqe;
}

static bool uring_put(struct uring *u, struct scstu_io *io)
{
	struct io_uring_sqe *sqe = uring_get(u);

	if (!sqe)
		return false;
	uring_prep(sqe, io);
	io_uring_sqe_set_data(sqe, io);
	return true;
}

static bool uring_command(struct qio *qio, struct qio_command *cmd)
{
	struct uring *u = container_of(qio, struct uring, qio);
	struct io_uring_sqe *sqe = uring_get(u);

	if (!sqe)
		return false;
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, cmd->io.fd, NULL, 0, 0);
	sqe->cmd_op = cmd->op;
	memcpy(sqe->cmd, cmd->payload, sizeof(cmd->payload));
	io_uring_sqe_set_data(sqe, &cmd->io);
	loop_late(u->loop, &u->late);
	return true;
}

static void uring_submit(struct qio *qio, struct scstu_io *io)
{
	struct uring *u = container_of(qio, struct uring, qio);

	loop_late(u->loop, &u->late);
	if (!u->wait_first && uring_put(u, io))
		return;
	*next_of(io) = NULL;
	*u->wait_last = io;
	u->wait_last = next_of(io);
}

/* Those that found no room before. */
static void uring_put_waiting(struct uring *u)
{
	struct scstu_io *io;

	while ((io = u->wait_first)) {
		struct scstu_io *next = *next_of(io);

		if (!uring_put(u, io))
			return;
		u->wait_first = next;
		if (!next)
			u->wait_last = &u->wait_first;
	}
}

static void uring_reap(struct uring *u)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&u->ring, &cqe)) {
		struct scstu_io *io = io_uring_cqe_get_data(cqe);
		ssize_t result = cqe->res;

		io_uring_cqe_seen(&u->ring, cqe);
		u->in_flight--;
		io->done(io, result);
	}
	uring_put_waiting(u);
}

#define RETRY_NS NSEC_PER_MSEC

/*
 * What the kernel had no resources for stays in the submission queue for a
 * moment. Completions may have made for more to submit.
 */
static void uring_flush(struct uring *u)
{
	int ret = io_uring_submit(&u->ring);

	if (ret < 0) {
		if (ret != -EAGAIN && ret != -EBUSY && ret != -EINTR)
			pr_err_ratelimited("io_uring: %s\n", strerror(-ret));
		loop_timer_set(u->loop, &u->retry, ktime_get_ns() + RETRY_NS);
	}
	uring_reap(u);
	if (ret >= 0 && io_uring_sq_ready(&u->ring))
		loop_late(u->loop, &u->late);
}

static void uring_late(struct loop_late *late)
{
	uring_flush(container_of(late, struct uring, late));
}

static void uring_retry(struct loop_timer *timer)
{
	uring_flush(container_of(timer, struct uring, retry));
}

static void uring_ready(struct loop_fd *lfd, uint32_t events)
{
	struct uring *u = container_of(lfd, struct uring, fd);

	uring_reap(u);
	if (io_uring_sq_ready(&u->ring))
		loop_late(u->loop, &u->late);
}

static int uring_open(struct uring *u)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CQSIZE,
		.cq_entries = 2 * ENTRIES,
	};
	int ret;

	ret = io_uring_queue_init_params(ENTRIES, &u->ring, &params);
	if (ret == -EINVAL) {
		/* Linux before 5.19 does not know the first flag. */
		memset(&params, 0, sizeof(params));
		ret = io_uring_queue_init_params(ENTRIES, &u->ring, &params);
	}
	if (ret)
		return ret;
	u->fd = (struct loop_fd){ u->ring.ring_fd, EPOLLIN, uring_ready };
	ret = loop_fd_add(u->loop, &u->fd);
	if (ret)
		io_uring_queue_exit(&u->ring);
	return ret;
}

static struct qio *uring_alloc(struct loop *loop)
{
	struct uring *u = calloc(1, sizeof(*u));
	int ret;

	if (!u)
		return NULL;
	u->qio.ops = &qio_uring_ops;
	u->loop = loop;
	u->late.fn = uring_late;
	INIT_LIST_HEAD(&u->late.link);
	u->retry.fn = uring_retry;
	INIT_LIST_HEAD(&u->retry.link);
	u->wait_last = &u->wait_first;
	ret = uring_open(u);
	if (ret) {
		free(u);
		errno = -ret;
		return NULL;
	}
	return &u->qio;
}

static void uring_free(struct qio *qio)
{
	struct uring *u = container_of(qio, struct uring, qio);

	io_uring_queue_exit(&u->ring);
	free(u);
}

const struct qio_ops qio_uring_ops = {
	.name = "io_uring",
	.alloc = uring_alloc,
	.free = uring_free,
	.submit = uring_submit,
	.command = uring_command,
};
