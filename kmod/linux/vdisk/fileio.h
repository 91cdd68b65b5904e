/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KERNEL: a disk in a file: what opens it (fileio.c) and what reads and
 * writes it (fileio_io.c) have in common.
 */
#ifndef FILEIO_H
#define FILEIO_H

#include <linux/fs.h>

#include "vdisk.h"

struct fileio {
	struct vdisk disk;
	char path[PATH_MAX];
	bool direct;

	/* From open() to close(): */
	struct file *file;
	struct workqueue_struct *slow;	/* what blocks */
	struct vdisk_queue reads, writes;
	bool nowait;			/* IOCB_NOWAIT means something */
	bool memory;			/* nothing blocks for long */
	bool trusts_dsync;
	/* Set once, by whoever finds out; READ_ONCE. */
	bool no_zero_range;
	bool lost;			/* see fileio_io.c */
};

static inline struct fileio *to_fileio(struct scst_hdev *hdev)
{
	return container_of(hdev, struct fileio, disk.hdev);
}

/* fileio_io.c */
extern const struct sbc_backend_ops fileio_backend;

int fileio_io_init(struct fileio *fio);
void fileio_io_fini(struct fileio *fio);

/* True if @len bytes from @pos on could be made a hole. */
bool fileio_punch(struct fileio *fio, u64 pos, u64 len);

/* Read one block at @pos, past the page cache if the file is for that. */
int fileio_probe(struct fileio *fio, u64 pos, u32 len);

#endif
