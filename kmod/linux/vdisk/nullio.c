// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: nullio: a disk that forgets, to measure all but the disk with.
 *
 * Commands end in the context they come in. What is written is gone; what is
 * read are zeroes, from pages that all commands share and nobody writes to.
 * A transport that brings its own buffer keeps what was in it, unless the
 * attribute zero is set. Memory that was somebody else's is never sent.
 */
#include <linux/gfp.h>
#include <linux/module.h>

#include "seg.h"
#include "vdisk.h"

#define ZEROES_ORDER 5			/* 128 KiB: often one segment */
#define DEFAULT_SIZE (1ULL << 30)

struct nullio {
	struct vdisk disk;
	bool zero;
	/* From open() to close(): */
	struct page *zeroes;
	unsigned int order;
};

static struct nullio *to_nullio(struct scst_hdev *hdev)
{
	return container_of(hdev, struct nullio, disk.hdev);
}

/* ---- Buffers --------------------------------------------------------- */

static bool is_read(const struct scst_cmd *cmd)
{
	if (cmd->dir != SCST_DATA_IN)
		return false;
	switch (cmd->cdb[0]) {
	case SCSI_READ_6:
	case SCSI_READ_10:
	case SCSI_READ_12:
	case SCSI_READ_16:
		return true;
	default:
		return false;
	}
}

static int zeroes_alloc(const struct nullio *nd, struct scst_cmd *cmd, u32 len)
{
	u32 size = PAGE_SIZE << nd->order, i;

	cmd->nr_segs = DIV_ROUND_UP(len, size);
	cmd->segs = &cmd->seg;
	if (cmd->nr_segs > 1)
		cmd->segs = kmalloc_array(cmd->nr_segs, sizeof(*cmd->segs),
					  GFP_ATOMIC | __GFP_NOWARN);
	if (!cmd->segs) {
		cmd->nr_segs = 0;
		return -ENOMEM;
	}
	for (i = 0; i < cmd->nr_segs; i++, len -= size) {
		cmd->segs[i].bv_page = nd->zeroes;
		cmd->segs[i].bv_offset = 0;
		cmd->segs[i].bv_len = min(len, size);
	}
	cmd->data_priv = nd->zeroes;
	return 0;
}

static int nullio_data_alloc(struct scst_cmd *cmd, u32 len)
{
	if (is_read(cmd))
		return zeroes_alloc(to_nullio(scst_device_priv(cmd->dev)), cmd,
				    len);
	cmd->data_priv = NULL;
	return scst_pages_alloc(cmd, len);
}

static void nullio_data_free(struct scst_cmd *cmd)
{
	if (!cmd->data_priv)
		scst_pages_free(cmd);
	else if (cmd->segs != &cmd->seg)
		kfree(cmd->segs);
}

/* ---- The backend ----------------------------------------------------- */

/* The device server may read to memory of its own, which has to be filled. */
static void nullio_read(struct sbc_io *io)
{
	const struct nullio *nd = to_nullio(&io_vdisk(io)->hdev);
	bool buffer = io->segs == io->cmd->segs;

	if (!buffer || (nd->zero && io->cmd->data_priv != nd->zeroes))
		core_segs_zero(io->segs, io->nr_segs, 0,
			       vdisk_bytes(&nd->disk, io->blocks));
	sbc_io_done(io, SENSE_NONE);
}

static void nullio_nothing(struct sbc_io *io)
{
	sbc_io_done(io, SENSE_NONE);
}

static const struct sbc_backend_ops nullio_backend = {
	.read = nullio_read,
	.write = nullio_nothing,
	.zero = nullio_nothing,
};

static const struct scst_device_ops nullio_device_ops = {
	.data_alloc = nullio_data_alloc,
	.data_free = nullio_data_free,
	.mode_select = vdisk_mode_select,
	.event = vdisk_event,
};

/* ---- Life ------------------------------------------------------------ */

static struct scst_hdev *nullio_alloc(const char *name)
{
	struct nullio *nd = kzalloc(sizeof(*nd), GFP_KERNEL);

	if (!nd)
		return ERR_PTR(-ENOMEM);
	vdisk_init(&nd->disk);
	nd->disk.size = DEFAULT_SIZE;
	return &nd->disk.hdev;
}

static void nullio_free(struct scst_hdev *hdev)
{
	kfree(to_nullio(hdev));
}

static int zeroes_get(struct nullio *nd)
{
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_COMP | __GFP_NOWARN;

	for (nd->order = ZEROES_ORDER;; nd->order--) {
		nd->zeroes = alloc_pages(gfp, nd->order);
		if (nd->zeroes)
			return 0;
		if (!nd->order)
			return -ENOMEM;
	}
}

static void nullio_close(struct scst_hdev *hdev)
{
	struct nullio *nd = to_nullio(hdev);

	vdisk_close(&nd->disk);
	if (nd->zeroes)
		__free_pages(nd->zeroes, nd->order);
	nd->zeroes = NULL;
}

static int nullio_open(struct scst_hdev *hdev, struct scst_hdev_setup *setup)
{
	struct nullio *nd = to_nullio(hdev);
	struct vdisk *vd = &nd->disk;
	struct sbc_config cfg = {
		.block_size = vd->block_size,
		.blocks = vd->size / vd->block_size,
	};
	int err;

	err = zeroes_get(nd);
	if (!err)
		err = vdisk_open(vd, &cfg, &nullio_backend, setup);
	setup->ops = &nullio_device_ops;
	if (err)
		nullio_close(hdev);
	return err;
}

/* ---- Attributes ------------------------------------------------------ */

static ssize_t nullio_size_show(struct config_item *item, char *page)
{
	return vdisk_show_number(to_vdisk(item)->size, page);
}

static ssize_t nullio_size_store(struct config_item *item, const char *page,
				 size_t count)
{
	struct vdisk *vd = to_vdisk(item);
	u64 size;
	int err;

	err = vdisk_parse(vd, "size", page, count, S64_MAX, &size);
	if (err)
		return err;
	mutex_lock(&vd->hdev.lock);
	if (scst_hdev_enabled(&vd->hdev))
		err = vdisk_resize(vd, size);
	if (!err)
		vd->size = size;
	mutex_unlock(&vd->hdev.lock);
	return err ? err : count;
}
CONFIGFS_ATTR(nullio_, size);

static ssize_t nullio_zero_show(struct config_item *item, char *page)
{
	return vdisk_show_number(to_nullio(to_hdev(item))->zero, page);
}

static ssize_t nullio_zero_store(struct config_item *item, const char *page,
				 size_t count)
{
	struct nullio *nd = to_nullio(to_hdev(item));

	return vdisk_store_bool(&nd->disk, "zero", &nd->zero, page, count);
}
CONFIGFS_ATTR(nullio_, zero);

static struct configfs_attribute *nullio_attrs[] = {
	&nullio_attr_size,
	&nullio_attr_zero,
	&vdisk_attr_block_size,
	&vdisk_attr_rotation_rate,
	NULL,
};

const struct scst_handler nullio_handler = {
	.name = "nullio",
	.owner = THIS_MODULE,
	.attrs = nullio_attrs,
	.alloc = nullio_alloc,
	.open = nullio_open,
	.opened = vdisk_opened,
	.close = nullio_close,
	.free = nullio_free,
};
