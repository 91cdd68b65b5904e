// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-disk: disks from files, block devices and memory.
 *
 * The handler's operations look up the device's backend and go on there; a
 * backend that lacks one answers what the library would have done without it.
 * crypto_erase comes only to disks that said they are encrypted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"

static const struct backend *const backends[] = {
	&file_backend,
	&ram_backend,
	&null_backend,
};

static int backend_find(struct scstu_dev *dev, const struct backend **backend)
{
	const char *name = scstu_dev_string(dev, "backend");
	size_t i;

	for (i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		if (!strcmp(backends[i]->name, name))
			*backend = backends[i];
	if (!*backend)
		return scstu_dev_error(dev, EINVAL,
				       "backend=%s: want file, ram or null",
				       name);
	if (!scstu_dev_string(dev, "key"))
		return 0;
	if (*backend != &file_backend)
		return scstu_dev_error(dev, EINVAL,
				       "key=: only backend=file encrypts");
	*backend = &encrypted_backend;
	return 0;
}

static int disk_open(struct scstu_dev *dev)
{
	struct scstu_disk config = { SCSTU_DISK_INIT };
	struct disk *disk;
	int err;

	disk = calloc(1, sizeof(*disk));
	if (!disk)
		return -ENOMEM;
	err = backend_find(dev, &disk->backend);
	if (!err)
		err = disk->backend->open(dev, &config, &disk->state);
	if (err) {
		free(disk);
		return err;
	}
	scstu_dev_set_private(dev, disk);
	err = scstu_disk_configure(dev, &config);
	if (err) {
		disk->backend->close(dev, disk->state);
		free(disk);
	}
	return err;
}

static void disk_close(struct scstu_dev *dev)
{
	struct disk *disk = scstu_dev_private(dev);

	disk->backend->close(dev, disk->state);
	free(disk);
}

static const struct scstu_disk_ops *req_ops(const struct scstu_req *req)
{
	const struct disk *disk = scstu_req_dev_private(req);

	return &disk->backend->ops;
}

static void disk_read(struct scstu_req *req)
{
	req_ops(req)->read(req);
}

static void disk_write(struct scstu_req *req)
{
	req_ops(req)->write(req);
}

static void disk_flush(struct scstu_req *req)
{
	req_ops(req)->flush(req);
}

static void disk_unmap(struct scstu_req *req)
{
	req_ops(req)->unmap(req);
}

static void disk_write_zeroes(struct scstu_req *req)
{
	req_ops(req)->write_zeroes(req);
}

static void disk_block_status(struct scstu_req *req)
{
	req_ops(req)->block_status(req);
}

static void disk_prefetch(struct scstu_req *req)
{
	req_ops(req)->prefetch(req);
}

static void disk_usage(struct scstu_req *req)
{
	req_ops(req)->usage(req);
}

static void disk_crypto_erase(struct scstu_req *req)
{
	req_ops(req)->crypto_erase(req);
}

static const struct scstu_disk_ops disk_ops = {
	SCSTU_DISK_OPS_INIT,
	.read = disk_read,
	.write = disk_write,
	.flush = disk_flush,
	.unmap = disk_unmap,
	.write_zeroes = disk_write_zeroes,
	.block_status = disk_block_status,
	.prefetch = disk_prefetch,
	.usage = disk_usage,
	.crypto_erase = disk_crypto_erase,
};

static const struct scstu_param disk_params[] = {
	{ "backend", SCSTU_STRING, "file, ram or null", "file" },
	{ "path", SCSTU_STRING, "file: a regular file or a block device" },
	{ "size", SCSTU_SIZE, "capacity; file: creates the file if need be" },
	{ "direct", SCSTU_FLAG, "file: O_DIRECT, past the page cache" },
	{ "key", SCSTU_STRING, "file: encrypt with the key in this file" },
	{ 0 }
};

static const struct scstu_handler handler = {
	SCSTU_HANDLER_INIT,
	.name = "scst-disk",
	.summary = "Serve files, block devices and memory as SCSI disks",
	.threads = SCSTU_QUEUE,
	.params = disk_params,
	.open = disk_open,
	.close = disk_close,
	.disk = &disk_ops,
};

int main(int argc, char **argv)
{
	return scstu_main(argc, argv, &handler);
}
