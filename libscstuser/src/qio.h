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
struct qio_command;

struct qio_ops {
	const char *name;
	struct qio *(*alloc)(struct loop *loop);	/* NULL, errno set */
	void (*free)(struct qio *qio);
	void (*submit)(struct qio *qio, struct scstu_io *io);
	/* NULL: cannot */
	bool (*command)(struct qio *qio, struct qio_command *cmd);
};

/*
 * A call to the driver of @fd that goes along with the file I/O of a turn,
 * before what is submitted behind it (IORING_OP_URING_CMD). @io is for done()
 * and the implementation.
 */
struct qio_command {
	struct scstu_io io;
	uint32_t op;
	uint8_t payload[16];
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

/* False: not possible now; make the call otherwise. */
static inline bool qio_command(struct qio *qio, struct qio_command *cmd)
{
	return qio->ops->command && qio->ops->command(qio, cmd);
}

#endif
