/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: scst-disk: what the files of backend=file share.
 */
#ifndef HANDLER_DISK_FILE_H
#define HANDLER_DISK_FILE_H

#include "disk.h"

#define ALIGN_MAX 4096u		/* that O_DIRECT may want */

struct crypt;
struct mapped;

struct file {
	struct scstu_dev *dev;
	int fd;
	bool direct;
	bool block_device;
	bool empty;			/* no data when it was opened */
	uint64_t bytes;
	struct crypt *crypt;		/* NULL: stored as it is */
	struct mapped *mapped;		/* NULL: by system calls only */
	/* Set once, by whichever queue finds out. */
	bool no_zero_range;		/* the file system refuses it */
	bool no_punch_hole;
	bool lost;			/* see file.c */
};

/* file.c: the end of one that wrote data, or zeroes; @err: 0, or an errno. */
void file_write_done(struct scstu_req *req, int err);
void file_zero_end(struct scstu_req *req, int err);

/*
 * bounce.c: write the request's data, or zeroes for its range, from memory of
 * our own, encrypted if the disk is.
 */
void file_bounce(struct scstu_req *req, bool zeroes);

#endif
