/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk in memory: the smallest useful handler.
 *
 *	cc -o ramdisk ramdisk.c $(pkg-config --cflags --libs libscstuser)
 *	./ramdisk --device name=d0,size=64M
 *	iscsi-ls -s iscsi://127.0.0.1
 *
 * Each device has one thread (SCSTU_SERIAL, the default): no locks.
 */
#include <errno.h>
#include <stdlib.h>

#include <scstuser/scstuser.h>

static int ram_open(struct scstu_dev *dev)
{
	struct scstu_disk disk = { SCSTU_DISK_INIT };
	char *memory;
	int err;

	disk.bytes = scstu_dev_number(dev, "size");
	err = scstu_disk_configure(dev, &disk);
	if (err)
		return err;
	memory = calloc(1, disk.bytes);
	if (!memory)
		return scstu_dev_error(dev, ENOMEM, "no memory for size=");
	scstu_dev_set_private(dev, memory);
	return 0;
}

static void ram_close(struct scstu_dev *dev)
{
	free(scstu_dev_private(dev));
}

static void ram_read(struct scstu_req *req)
{
	char *memory = scstu_req_dev_private(req);

	scstu_req_put(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static void ram_write(struct scstu_req *req)
{
	char *memory = scstu_req_dev_private(req);

	scstu_req_get(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static const struct scstu_param ram_params[] = {
	{ "size", SCSTU_SIZE, "capacity of the disk", "64M" },
	{ 0 }
};

static const struct scstu_disk_ops ram_disk = {
	SCSTU_DISK_OPS_INIT,
	.read = ram_read,
	.write = ram_write,
};

static const struct scstu_handler ram = {
	SCSTU_HANDLER_INIT,
	.name = "ramdisk",
	.summary = "A disk in memory, gone when the program ends",
	.params = ram_params,
	.open = ram_open,
	.close = ram_close,
	.disk = &ram_disk,
};

int main(int argc, char **argv)
{
	return scstu_main(argc, argv, &ram);
}
