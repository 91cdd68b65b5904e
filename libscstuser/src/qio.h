/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a loop's asynchronous file I/O: io_uring, or Linux AIO where io_uring
 * is refused. One struct qio per loop, used on its thread.
 */
#ifndef LIB_QIO_H
#define LIB_QIO_H

#include <scstuser/queue.h>

struct loop;
struct qio;

struct qio_ops {
	const char *name;
	struct qio *(*alloc)(struct loop *loop);	/* NULL, errno set */
	void (*free)(struct qio *qio);
	void (*submit)(struct qio *qio, struct scstu_io *io);
};

/* What the implementations begin with. */
struct qio {
	const struct qio_ops *ops;
};

extern const struct qio_ops qio_uring_ops;
extern const struct qio_ops qio_aio_ops;

/* "auto", "io_uring" or "aio", for loops made later; -EINVAL. */
int qio_set_kind(const char *name);

struct qio *qio_alloc(struct loop *loop);
void qio_free(struct qio *qio);

static inline void qio_submit(struct qio *qio, struct scstu_io *io)
{
	qio->ops->submit(qio, io);
}

#endif
