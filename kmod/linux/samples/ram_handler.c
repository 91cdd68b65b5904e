// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device handler to start from: disks in memory.
 *
 *	modprobe ram_handler
 *	mkdir /sys/kernel/config/scst/devices/ram/r0
 *	echo 64M > /sys/kernel/config/scst/devices/ram/r0/size
 *	echo 1 > /sys/kernel/config/scst/devices/ram/r0/enable
 *
 * SCSI is the business of the SBC device server: this file only moves blocks.
 * Both its calls may come in any context and for many commands at once, and
 * copying is all that they do, so that they are done when they return.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "sbc.h"
#include "scst_handler.h"
#include "seg.h"

#define RAM_BLOCK 512

struct ram_device {
	struct scst_hdev hdev;
	u64 size;		/* bytes */
	u8 *memory;
	struct sbc_lu *lu;
};

static struct ram_device *to_ram(struct scst_hdev *hdev)
{
	return container_of(hdev, struct ram_device, hdev);
}

/* ---- The backend: sbc.h ------------------------------------------------- */

static void ram_read(struct sbc_io *io)
{
	struct ram_device *ram = sbc_lu_priv(io->lu);

	core_segs_write(io->segs, io->nr_segs, 0,
			ram->memory + io->lba * RAM_BLOCK,
			io->blocks * RAM_BLOCK);
	sbc_io_done(io, SENSE_NONE);
}

static void ram_write(struct sbc_io *io)
{
	struct ram_device *ram = sbc_lu_priv(io->lu);

	core_segs_read(io->segs, io->nr_segs, 0,
		       ram->memory + io->lba * RAM_BLOCK,
		       io->blocks * RAM_BLOCK);
	sbc_io_done(io, SENSE_NONE);
}

static const struct sbc_backend_ops ram_backend = {
	.read = ram_read,
	.write = ram_write,
};

static void ram_ua(struct sbc_lu *lu, enum scst_sense ua, u64 except)
{
	struct ram_device *ram = sbc_lu_priv(lu);

	scst_device_ua(ram->hdev.dev, ua, except);
}

static const struct sbc_env_ops ram_env = {
	.ua = ram_ua,
};

/* ---- The core's calls: scst_device.h -------------------------------------- */

static void ram_mode_select(struct scst_cmd *cmd,
			    const struct scst_mode_page *page, const u8 *wanted)
{
	sbc_lu_mode_select(cmd->lu, cmd, page, wanted, scst_mode_selected);
}

static void ram_event(struct scst_device *dev, enum scst_device_event ev,
		      u64 nexus_id)
{
	sbc_lu_event(to_ram(scst_device_priv(dev))->lu, ev, nexus_id);
}

static const struct scst_device_ops ram_device_ops = {
	.data_alloc = scst_pages_alloc,
	.data_free = scst_pages_free,
	.mode_select = ram_mode_select,
	.event = ram_event,
};

/* ---- The operator's: scst_handler.h ---------------------------------------- */

static struct scst_hdev *ram_alloc(const char *name)
{
	struct ram_device *ram = kzalloc(sizeof(*ram), GFP_KERNEL);

	if (!ram)
		return ERR_PTR(-ENOMEM);
	ram->size = 16 << 20;
	return &ram->hdev;
}

static int ram_open(struct scst_hdev *hdev, struct scst_hdev_setup *setup)
{
	struct ram_device *ram = to_ram(hdev);
	struct sbc_config config = { .block_size = RAM_BLOCK };

	config.blocks = ram->size / RAM_BLOCK;
	ram->memory = vzalloc(ram->size);
	if (!ram->memory) {
		pr_err("device %s: not enough memory\n", hdev->name);
		return -ENOMEM;
	}
	ram->lu = sbc_lu_alloc(&config, &ram_backend, &ram_env, ram);
	if (IS_ERR(ram->lu)) {
		vfree(ram->memory);
		return PTR_ERR(ram->lu);
	}
	sbc_lu_describe(ram->lu, &setup->info);
	setup->ops = &ram_device_ops;
	setup->lu = ram->lu;
	setup->blocks = config.blocks;
	setup->block_size = config.block_size;
	return 0;
}

static void ram_close(struct scst_hdev *hdev)
{
	struct ram_device *ram = to_ram(hdev);

	sbc_lu_free(ram->lu);
	vfree(ram->memory);
}

static void ram_free(struct scst_hdev *hdev)
{
	kfree(to_ram(hdev));
}

static ssize_t ram_size_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%llu\n", to_ram(to_hdev(item))->size);
}

static ssize_t ram_size_store(struct config_item *item, const char *page,
			      size_t count)
{
	struct ram_device *ram = to_ram(to_hdev(item));
	u64 size = memparse(page, NULL);
	int ret;

	if (!size || size % RAM_BLOCK) {
		pr_err("device %s: size: want a multiple of %d\n",
		       ram->hdev.name, RAM_BLOCK);
		return -EINVAL;
	}
	ret = scst_hdev_configure(&ram->hdev, "size");
	if (ret)
		return ret;
	ram->size = size;
	scst_hdev_configured(&ram->hdev);
	return count;
}
CONFIGFS_ATTR(ram_, size);

static struct configfs_attribute *ram_attrs[] = { &ram_attr_size, NULL };

static const struct scst_handler ram_handler = {
	.name = "ram",
	.owner = THIS_MODULE,
	.attrs = ram_attrs,
	.alloc = ram_alloc,
	.open = ram_open,
	.close = ram_close,
	.free = ram_free,
};

static int __init ram_init(void)
{
	return scst_handler_register(&ram_handler);
}

static void __exit ram_exit(void)
{
	scst_handler_unregister(&ram_handler);
}

module_init(ram_init);
module_exit(ram_exit);

MODULE_DESCRIPTION("sample device handler: disks in memory");
MODULE_LICENSE("GPL");
