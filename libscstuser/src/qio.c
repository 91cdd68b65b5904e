// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: which asynchronous file I/O a loop uses.
 */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "qio.h"
#include "shim/core_os.h"

static const struct qio_ops *forced;

int qio_set_kind(const char *name)
{
	if (!strcmp(name, "auto"))
		forced = NULL;
	else if (!strcmp(name, qio_uring_ops.name))
		forced = &qio_uring_ops;
	else if (!strcmp(name, qio_aio_ops.name))
		forced = &qio_aio_ops;
	else
		return -EINVAL;
	return 0;
}

struct qio *qio_alloc(struct loop *loop)
{
	struct qio *qio;

	if (forced) {
		qio = forced->alloc(loop);
		if (!qio)
			log_error("%s: %m", forced->name);
		return qio;
	}
	qio = qio_uring_ops.alloc(loop);
	if (qio)
		return qio;
	pr_info_once("io_uring is refused (%s): using Linux AIO for files\n",
		     strerror(errno));
	return qio_aio_ops.alloc(loop);
}

void qio_free(struct qio *qio)
{
	if (qio)
		qio->ops->free(qio);
}
