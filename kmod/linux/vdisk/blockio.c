// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: blockio: a disk on a block device, past the page cache: its
 * attributes, opening it and closing it.
 *
 * The device is held exclusively. What it can do, and its limits, are the
 * disk's.
 */
#include <linux/blkdev.h>
#include <linux/module.h>

#include "blockio.h"

/* ---- Opening --------------------------------------------------------- */

static const char *open_problem(int err)
{
	switch (err) {
	case -ENOENT:
		return "no such file";
	case -ENOTBLK:
		return "not a block device; fileio is for files";
	case -EBUSY:
		return "in use: mounted, or by another device or program";
	case -EACCES:
	case -EROFS:
		return "write-protected; read_only serves it";
	case -ENXIO:
	case -ENODEV:
		return "there is no such device";
	case -ENOMEDIUM:
		return "no medium";
	default:
		return "cannot be opened";
	}
}

static int block_open(struct blockio *b)
{
	struct vdisk *vd = &b->disk;
	int err;

	if (b->path[0] != '/') {
		vdisk_err(vd, "path: must be set, and begin with /");
		return -EINVAL;
	}
	b->writable = !vd->hdev.read_only;
	err = compat_bdev_open(&b->block, b->path, b->writable, b);
	if (err)
		vdisk_err(vd, "path: %s: %s (%d)", b->path, open_problem(err),
			  err);
	return err;
}

/* ---- What the device is like ----------------------------------------- */

static int block_sizes(struct blockio *b, struct sbc_config *cfg)
{
	struct block_device *bdev = b->block.bdev;
	u32 logical = bdev_logical_block_size(bdev);
	u32 physical = bdev_physical_block_size(bdev);
	struct vdisk *vd = &b->disk;

	cfg->block_size = vd->block_size ? vd->block_size : logical;
	if (cfg->block_size < logical || logical > SCST_DATA_ALIGN) {
		vdisk_err(vd, "block_size: the device has blocks of %u bytes",
			  logical);
		return -EINVAL;
	}
	if (physical > cfg->block_size && is_power_of_2(physical))
		cfg->physical_exp = min_t(u32, 15,
					  ilog2(physical / cfg->block_size));
	if (cfg->physical_exp && bdev_alignment_offset(bdev) > 0)
		cfg->lowest_aligned = bdev_alignment_offset(bdev) /
				      cfg->block_size;
	cfg->blocks = bdev_nr_bytes(bdev) / cfg->block_size;
	return 0;
}

static void block_provisioning(struct blockio *b, struct sbc_config *cfg)
{
	struct block_device *bdev = b->block.bdev;
	u32 alignment = bdev_discard_alignment(bdev) / cfg->block_size;

	cfg->thin = b->disk.thin && b->writable &&
		    bdev_max_discard_sectors(bdev);
	cfg->unmap_granularity = bdev_discard_granularity(bdev) /
				 cfg->block_size;
	if (alignment < cfg->unmap_granularity)
		cfg->unmap_alignment = alignment;
}

/* What is discarded may read as anything. */
static int block_describe(struct blockio *b, struct sbc_config *cfg)
{
	struct block_device *bdev = b->block.bdev;
	struct vdisk *vd = &b->disk;
	int err;

	*cfg = (struct sbc_config){
		.write_cache = vd->write_cache && bdev_write_cache(bdev),
		.native_fua = true,
	};
	err = block_sizes(b, cfg);
	if (err)
		return err;
	block_provisioning(b, cfg);
	cfg->optimal_transfer = bdev_io_opt(bdev) / cfg->block_size;
	vd->rotation_rate = bdev_nonrot(bdev) ? 1 : 0;
	return 0;
}

/* ---- Life ------------------------------------------------------------ */

static struct scst_hdev *blockio_alloc(const char *name)
{
	struct blockio *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return ERR_PTR(-ENOMEM);
	vdisk_init(&b->disk);
	b->disk.block_size = 0;		/* the device's own */
	return &b->disk.hdev;
}

static void blockio_free(struct scst_hdev *hdev)
{
	kfree(to_blockio(hdev));
}

static void blockio_close(struct scst_hdev *hdev)
{
	struct blockio *b = to_blockio(hdev);

	vdisk_close(&b->disk);
	blockio_io_fini(b);
	compat_bdev_close(&b->block);
}

static int blockio_open(struct scst_hdev *hdev, struct scst_hdev_setup *setup)
{
	struct blockio *b = to_blockio(hdev);
	struct sbc_config cfg;
	int err;

	err = block_open(b);
	if (err)
		return err;
	err = block_describe(b, &cfg);
	if (!err)
		err = blockio_io_init(b);
	if (!err)
		err = vdisk_open(&b->disk, &cfg, &b->backend, setup);
	if (err)
		blockio_close(hdev);
	return err;
}

static void blockio_read_only(struct scst_hdev *hdev, bool read_only)
{
	struct blockio *b = to_blockio(hdev);

	if (!read_only && !b->writable)
		vdisk_err(&b->disk, "read_only: %s was opened for reading: disable and enable the device to write",
			  b->path);
}

/* ---- Attributes ------------------------------------------------------ */

static ssize_t blockio_path_show(struct config_item *item, char *page)
{
	struct blockio *b = to_blockio(to_hdev(item));

	return vdisk_show_string(&b->disk, b->path, page);
}

static ssize_t blockio_path_store(struct config_item *item, const char *page,
				  size_t count)
{
	struct blockio *b = to_blockio(to_hdev(item));

	return vdisk_store_string(&b->disk, "path", b->path, sizeof(b->path),
				  page, count);
}
CONFIGFS_ATTR(blockio_, path);

static ssize_t blockio_size_show(struct config_item *item, char *page)
{
	struct vdisk *vd = to_vdisk(item);
	u64 size = 0;

	mutex_lock(&vd->hdev.lock);
	if (scst_hdev_enabled(&vd->hdev))
		size = vdisk_bytes(vd, sbc_lu_blocks(vd->lu));
	mutex_unlock(&vd->hdev.lock);
	return vdisk_show_number(size, page);
}
CONFIGFS_ATTR_RO(blockio_, size);

/* Written: the block device became longer or shorter. */
static ssize_t blockio_resize_store(struct config_item *item, const char *page,
				    size_t count)
{
	struct blockio *b = to_blockio(to_hdev(item));
	struct vdisk *vd = &b->disk;
	int err;

	mutex_lock(&vd->hdev.lock);
	if (scst_hdev_enabled(&vd->hdev)) {
		err = vdisk_resize(vd, bdev_nr_bytes(b->block.bdev));
	} else {
		vdisk_err(vd, "resize: the device is not enabled");
		err = -ENODEV;
	}
	mutex_unlock(&vd->hdev.lock);
	return err ? err : count;
}
CONFIGFS_ATTR_WO(blockio_, resize);

static struct configfs_attribute *blockio_attrs[] = {
	&blockio_attr_path,
	&blockio_attr_size,
	&blockio_attr_resize,
	&vdisk_attr_block_size,
	&vdisk_attr_thin,
	&vdisk_attr_write_cache,
	&vdisk_attr_removable,
	NULL,
};

const struct scst_handler blockio_handler = {
	.name = "blockio",
	.owner = THIS_MODULE,
	.attrs = blockio_attrs,
	.alloc = blockio_alloc,
	.open = blockio_open,
	.opened = vdisk_opened,
	.close = blockio_close,
	.free = blockio_free,
	.read_only = blockio_read_only,
};
