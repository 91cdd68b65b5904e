/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: scst-disk: what its files share.
 */
#ifndef HANDLER_DISK_H
#define HANDLER_DISK_H

#include <scstuser/scstuser.h>

/* What is behind a device, chosen by backend=. */
struct backend {
	const char *name;
	/* Fills @disk; 0 or a negative errno after scstu_dev_error(). */
	int (*open)(struct scstu_dev *dev, struct scstu_disk *disk,
		    void **state);
	void (*close)(struct scstu_dev *dev, void *state);
	struct scstu_disk_ops ops;
};

/* A device's private pointer. */
struct disk {
	const struct backend *backend;
	void *state;
};

static inline void *disk_state(const struct scstu_req *req)
{
	return ((struct disk *)scstu_req_dev_private(req))->state;
}

extern const struct backend file_backend;
extern const struct backend encrypted_backend;	/* the same with key= */
extern const struct backend ram_backend;
extern const struct backend null_backend;

#endif
