// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: a disk of this module between the core and the SBC device server.
 *
 * vd->lu lives from open() to close(), which covers all commands. vd->dev is
 * set a little later: what the device server has to say before that, the core
 * learns from struct scst_hdev_setup.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/sched.h>

#include "vdisk.h"

void vdisk_init(struct vdisk *vd)
{
	vd->block_size = 512;
	vd->rotation_rate = 1;
	vd->thin = true;
	vd->write_cache = true;
}

void vdisk_err(const struct vdisk *vd, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	pr_err("device %s: %pV\n", scst_hdev_name(&vd->hdev), &vaf);
	va_end(args);
}

void vdisk_warn(const struct vdisk *vd, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	pr_warn("device %s: %pV\n", scst_hdev_name(&vd->hdev), &vaf);
	va_end(args);
}

/* ---- What the device server tells us --------------------------------- */

static void disk_ua(struct sbc_lu *lu, enum scst_sense ua, u64 except)
{
	struct vdisk *vd = sbc_lu_priv(lu);
	struct scst_device *dev = READ_ONCE(vd->dev);

	if (dev)
		scst_device_ua(dev, ua, except);
}

static void disk_capacity(struct sbc_lu *lu)
{
	struct vdisk *vd = sbc_lu_priv(lu);
	struct scst_device *dev = READ_ONCE(vd->dev);

	if (dev)
		scst_device_set_capacity(dev, sbc_lu_blocks(lu),
					 sbc_lu_config(lu)->block_size);
}

static const struct sbc_env_ops disk_env = {
	.ua = disk_ua,
	.capacity = disk_capacity,
};

/* ---- What the core asks of us ---------------------------------------- */

void vdisk_mode_select(struct scst_cmd *cmd, const struct scst_mode_page *page,
		       const u8 *wanted)
{
	sbc_lu_mode_select(cmd->lu, cmd, page, wanted, scst_mode_selected);
}

void vdisk_event(struct scst_device *dev, enum scst_device_event ev,
		 u64 nexus_id)
{
	struct scst_hdev *hdev = scst_device_priv(dev);

	sbc_lu_event(container_of(hdev, struct vdisk, hdev)->lu, ev, nexus_id);
}

const struct scst_device_ops vdisk_device_ops = {
	.data_alloc = scst_pages_alloc,
	.data_free = scst_pages_free,
	.mode_select = vdisk_mode_select,
	.event = vdisk_event,
};

/* ---- Life ------------------------------------------------------------ */

static int config_blocks(struct vdisk *vd, const struct sbc_config *cfg)
{
	if (cfg->blocks)
		return 0;
	vdisk_err(vd, "size: less than one block of %u bytes", cfg->block_size);
	return -EINVAL;
}

int vdisk_open(struct vdisk *vd, struct sbc_config *cfg,
	       const struct sbc_backend_ops *be,
	       struct scst_hdev_setup *setup)
{
	struct sbc_lu *lu;
	int err;

	vd->shift = ilog2(cfg->block_size);
	cfg->read_only = vd->hdev.read_only;
	cfg->removable = vd->removable;
	cfg->medium = true;
	cfg->rotation_rate = vd->rotation_rate;
	cfg->optimal_granularity = 1u << cfg->physical_exp;
	err = config_blocks(vd, cfg);
	if (err)
		return err;
	lu = sbc_lu_alloc(cfg, be, &disk_env, vd);
	if (IS_ERR(lu))
		return PTR_ERR(lu);
	vd->lu = lu;
	sbc_lu_describe(lu, &setup->info);
	setup->ops = &vdisk_device_ops;
	setup->lu = lu;
	setup->blocks = cfg->blocks;
	setup->block_size = cfg->block_size;
	return 0;
}

void vdisk_opened(struct scst_hdev *hdev)
{
	struct vdisk *vd = container_of(hdev, struct vdisk, hdev);

	WRITE_ONCE(vd->dev, hdev->dev);
}

void vdisk_close(struct vdisk *vd)
{
	vd->dev = NULL;
	if (vd->lu)
		sbc_lu_free(vd->lu);
	vd->lu = NULL;
}

void vdisk_fput(struct file *file)
{
	if (current->flags & PF_KTHREAD)
		__fput_sync(file);
	else
		fput(file);
}

int vdisk_resize(struct vdisk *vd, u64 bytes)
{
	u64 blocks = bytes >> vd->shift;

	lockdep_assert_held(&vd->hdev.lock);
	if (!blocks) {
		vdisk_err(vd, "size: %llu bytes are less than one block",
			  bytes);
		return -EINVAL;
	}
	sbc_lu_resize(vd->lu, blocks);
	return 0;
}
