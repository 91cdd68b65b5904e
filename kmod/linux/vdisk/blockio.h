/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KERNEL: a disk on a block device: what opens it (blockio.c) and what reads
 * and writes it (blockio_io.c) have in common.
 */
#ifndef BLOCKIO_H
#define BLOCKIO_H

#include "compat.h"
#include "vdisk.h"

struct blockio {
	struct vdisk disk;
	char path[PATH_MAX];

	/* From open() to close(): */
	struct compat_bdev block;
	bool writable;
	struct sbc_backend_ops backend;
	struct workqueue_struct *slow;	/* for errors */
	struct vdisk_queue queue;
};

static inline struct blockio *to_blockio(struct scst_hdev *hdev)
{
	return container_of(hdev, struct blockio, disk.hdev);
}

/* blockio_io.c */

/* All of the queue and b->backend, by what the device can do. */
int blockio_io_init(struct blockio *b);
void blockio_io_fini(struct blockio *b);

#endif
