// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: file I/O by Linux AIO, for where io_uring is refused.
 *
 * io_submit() blocks unless the file was opened with O_DIRECT, so a thread
 * of its own calls it: the loop hands over the operations of a turn, and an
 * event descriptor tells it what has completed. What AIO does not know
 * (fallocate, and fdatasync on some file systems) that thread does itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "qio.h"

#define ENTRIES 256

/* One operation, as AIO wants it. */
struct aio_op {
	struct iocb iocb;
	struct core_work work;		/* completed by the thread */
	struct scstu_io *io;
	struct aio *aio;
	struct aio_op *next;
	ssize_t result;
	/*
	 * From the thread to the loop, by way of the kernel: that orders all
	 * before io_submit() with all behind io_getevents(), but not in the
	 * eyes of the C language.
	 */
	bool given;
};

struct aio {
	struct qio qio;
	struct loop *loop;
	struct loop_fd fd;
	struct loop_late late;
	io_context_t ctx;

	/* The loop's. */
	struct aio_op ops[ENTRIES];
	struct aio_op *free;
	struct aio_op *batch, **batch_last;
	struct scstu_io *wait_first, **wait_last;

	/* The thread's inbox. */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct aio_op *todo, **todo_last;
	bool stop;
};

static struct scstu_io **next_of(struct scstu_io *io)
{
	return (struct scstu_io **)&io->reserved[0];
}

/* ---- The thread ------------------------------------------------------------- */

static void op_finish(struct core_work *work);

/* Done here and now: the loop hears of it by post. */
static void op_done(struct aio_op *op, ssize_t result)
{
	op->result = result;
	op->work.fn = op_finish;
	loop_post(op->aio->loop, &op->work);
}

static ssize_t op_run(const struct scstu_io *io)
{
	int ret;

	if (io->op == SCSTU_IO_ALLOCATE)
		ret = fallocate(io->fd, io->mode, io->offset, io->length);
	else
		ret = fdatasync(io->fd);
	return ret < 0 ? -errno : 0;
}

static void op_prep(struct aio_op *op)
{
	const struct scstu_io *io = op->io;

	switch (io->op) {
	case SCSTU_IO_READ:
		io_prep_preadv(&op->iocb, io->fd, io->iov, io->iov_count,
			       io->offset);
		break;
	case SCSTU_IO_WRITE:
		io_prep_pwritev(&op->iocb, io->fd, io->iov, io->iov_count,
				io->offset);
		break;
	case SCSTU_IO_WRITE_DSYNC:
		io_prep_pwritev2(&op->iocb, io->fd, io->iov, io->iov_count,
				 io->offset, RWF_DSYNC);
		break;
	default:
		io_prep_fdsync(&op->iocb, io->fd);
	}
	op->iocb.data = op;
	io_set_eventfd(&op->iocb, op->aio->fd.fd);
}

static void op_submit(struct aio_op *op)
{
	struct iocb *iocb = &op->iocb;
	int ret;

	if (op->io->op == SCSTU_IO_ALLOCATE) {
		op_done(op, op_run(op->io));
		return;
	}
	op_prep(op);
	__atomic_store_n(&op->given, true, __ATOMIC_RELEASE);
	do {
		ret = io_submit(op->aio->ctx, 1, &iocb);
	} while (ret == -EAGAIN || ret == -EINTR);
	if (ret == 1)
		return;
	/* A file system without asynchronous fsync: -EINVAL. */
	if (op->io->op == SCSTU_IO_DATASYNC)
		op_done(op, op_run(op->io));
	else
		op_done(op, ret < 0 ? ret : -EIO);
}

static struct aio_op *thread_take(struct aio *aio)
{
	struct aio_op *ops;

	pthread_mutex_lock(&aio->lock);
	while (!aio->todo && !aio->stop)
		pthread_cond_wait(&aio->cond, &aio->lock);
	ops = aio->todo;
	aio->todo = NULL;
	aio->todo_last = &aio->todo;
	pthread_mutex_unlock(&aio->lock);
	return ops;
}

static void *aio_thread(void *arg)
{
	struct aio_op *op, *next;

	while ((op = thread_take(arg))) {
		for (; op; op = next) {
			next = op->next;
			op_submit(op);
		}
	}
	return NULL;
}

/* ---- The loop --------------------------------------------------------------- */

static bool aio_put(struct aio *aio, struct scstu_io *io)
{
	struct aio_op *op = aio->free;

	if (!op)
		return false;
	aio->free = op->next;
	op->io = io;
	op->next = NULL;
	*aio->batch_last = op;
	aio->batch_last = &op->next;
	loop_late(aio->loop, &aio->late);
	return true;
}

static void aio_submit(struct qio *qio, struct scstu_io *io)
{
	struct aio *aio = container_of(qio, struct aio, qio);

	if (!aio->wait_first && aio_put(aio, io))
		return;
	*next_of(io) = NULL;
	*aio->wait_last = io;
	aio->wait_last = next_of(io);
}

/* Hand the turn's operations to the thread. */
static void aio_late(struct loop_late *late)
{
	struct aio *aio = container_of(late, struct aio, late);

	if (!aio->batch)
		return;
	pthread_mutex_lock(&aio->lock);
	*aio->todo_last = aio->batch;
	aio->todo_last = aio->batch_last;
	pthread_cond_signal(&aio->cond);
	pthread_mutex_unlock(&aio->lock);
	aio->batch = NULL;
	aio->batch_last = &aio->batch;
}

static void aio_complete(struct aio_op *op, ssize_t result)
{
	struct aio *aio = op->aio;
	struct scstu_io *io = op->io;

	op->next = aio->free;
	aio->free = op;
	if (aio->wait_first) {
		struct scstu_io *waiting = aio->wait_first;

		aio->wait_first = *next_of(waiting);
		if (!aio->wait_first)
			aio->wait_last = &aio->wait_first;
		aio_put(aio, waiting);
	}
	io->done(io, result);
}

static void op_finish(struct core_work *work)
{
	struct aio_op *op = container_of(work, struct aio_op, work);

	aio_complete(op, op->result);
}

static void aio_reap(struct aio_op *op, ssize_t result)
{
	/* Pairs with op_submit(). */
	WARN_ON_ONCE(!__atomic_load_n(&op->given, __ATOMIC_ACQUIRE));
	aio_complete(op, result);
}

static void aio_ready(struct loop_fd *lfd, uint32_t events)
{
	struct aio *aio = container_of(lfd, struct aio, fd);
	struct timespec none = { 0, 0 };
	struct io_event event[64];
	uint64_t count;
	int i, n;

	if (read(lfd->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_error("aio: event descriptor: %m");
	do {
		n = io_getevents(aio->ctx, 0, ARRAY_SIZE(event), event, &none);
		for (i = 0; i < n; i++)
			aio_reap(event[i].data, (long)event[i].res);
	} while (n == ARRAY_SIZE(event));
}

static int aio_open(struct aio *aio)
{
	int i, ret;

	for (i = 0; i < ENTRIES; i++) {
		aio->ops[i].aio = aio;
		aio->ops[i].next = aio->free;
		aio->free = &aio->ops[i];
	}
	ret = io_setup(ENTRIES, &aio->ctx);
	if (ret)
		return ret;
	aio->fd = (struct loop_fd){ eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
				    EPOLLIN, aio_ready };
	ret = aio->fd.fd < 0 ? -errno : loop_fd_add(aio->loop, &aio->fd);
	if (!ret)
		ret = -pthread_create(&aio->thread, NULL, aio_thread, aio);
	if (ret) {
		io_destroy(aio->ctx);
		if (aio->fd.fd >= 0)
			close(aio->fd.fd);
	}
	return ret;
}

static struct qio *aio_alloc(struct loop *loop)
{
	struct aio *aio = calloc(1, sizeof(*aio));
	int ret;

	if (!aio)
		return NULL;
	aio->qio.ops = &qio_aio_ops;
	aio->loop = loop;
	aio->late.fn = aio_late;
	INIT_LIST_HEAD(&aio->late.link);
	aio->batch_last = &aio->batch;
	aio->wait_last = &aio->wait_first;
	aio->todo_last = &aio->todo;
	pthread_mutex_init(&aio->lock, NULL);
	pthread_cond_init(&aio->cond, NULL);
	ret = aio_open(aio);
	if (ret) {
		free(aio);
		errno = -ret;
		return NULL;
	}
	return &aio->qio;
}

static void aio_free(struct qio *qio)
{
	struct aio *aio = container_of(qio, struct aio, qio);

	pthread_mutex_lock(&aio->lock);
	aio->stop = true;
	pthread_cond_signal(&aio->cond);
	pthread_mutex_unlock(&aio->lock);
	pthread_join(aio->thread, NULL);
	io_destroy(aio->ctx);
	close(aio->fd.fd);
	pthread_cond_destroy(&aio->cond);
	pthread_mutex_destroy(&aio->lock);
	free(aio);
}

const struct qio_ops qio_aio_ops = {
	.name = "aio",
	.alloc = aio_alloc,
	.free = aio_free,
	.submit = aio_submit,
};
