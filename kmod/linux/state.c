// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: what devices must remember when the power goes: their persistent
 * reservations, in the directory that the module's parameter names.
 *
 * A device has two files there, NAME.pr.0 and NAME.pr.1, written in turn: each
 * holds a whole image with a checksum and a generation, and while one is
 * written the other is good. A work item does the writing. While there is no
 * such directory initiators are told that reservations do not persist.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "scst_int.h"

static char *state_dir = "/var/lib/scst";
module_param(state_dir, charp, 0444);
MODULE_PARM_DESC(state_dir,
		 "directory for reservations that survive a loss of power (default /var/lib/scst)");

/* ---- Files ----------------------------------------------------------------- */

static char *slot_path(const struct scst_hdev *hdev, unsigned int nr)
{
	return kasprintf(GFP_KERNEL, "%s/%s.pr.%u", state_dir, hdev->name, nr);
}

static int slot_read_file(struct file *file, struct scst_pr_slot *slot)
{
	loff_t pos = 0, len = i_size_read(file_inode(file));

	slot->there = true;
	if (!len || len > SCST_PR_IMAGE_MAX)
		return 0;
	slot->len = len;
	slot->image = kvmalloc(len, GFP_KERNEL);
	if (!slot->image)
		return -ENOMEM;
	while (pos < len) {
		ssize_t n = kernel_read(file, slot->image + pos, len - pos,
					&pos);

		if (n <= 0)
			return n ?: -EIO;
	}
	return 0;
}

static int slot_read(const struct scst_hdev *hdev, unsigned int nr,
		     struct scst_pr_slot *slot)
{
	char *path = slot_path(hdev, nr);
	struct file *file;
	int ret;

	if (!path)
		return -ENOMEM;
	file = filp_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	kfree(path);
	if (IS_ERR(file))
		return PTR_ERR(file) == -ENOENT ? 0 : PTR_ERR(file);
	ret = S_ISREG(file_inode(file)->i_mode) ?
	      slot_read_file(file, slot) : -EINVAL;
	fput(file);
	return ret;
}

static int write_all(struct file *file, const void *buf, size_t len)
{
	loff_t pos = 0;

	while (pos < len) {
		ssize_t n = kernel_write(file, buf + pos, len - pos, &pos);

		if (n <= 0)
			return n ?: -EIO;
	}
	return vfs_fsync(file, 0);
}

/* A file's entry in the directory, when it may be new. */
static int sync_dir(void)
{
	struct file *dir = filp_open(state_dir, O_RDONLY | O_DIRECTORY, 0);
	int ret;

	if (IS_ERR(dir))
		return PTR_ERR(dir);
	ret = vfs_fsync(dir, 0);
	fput(dir);
	return ret;
}

static int slot_write(const struct scst_hdev *hdev, unsigned int nr,
		      const void *image, size_t len)
{
	char *path = slot_path(hdev, nr);
	struct file *file;
	int ret;

	if (!path)
		return -ENOMEM;
	file = filp_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	kfree(path);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = write_all(file, image, len);
	fput(file);
	return ret ?: sync_dir();
}

/* ---- Devices --------------------------------------------------------------- */

static void state_write_work(struct work_struct *work)
{
	struct scst_hdev *hdev = container_of(work, struct scst_hdev,
					      persist_work);
	void *image = kvmalloc(SCST_PR_IMAGE_MAX, GFP_KERNEL);
	int ret = -ENOMEM;

	if (image)
		ret = scst_pr_image(hdev->dev, image, SCST_PR_IMAGE_MAX);
	if (ret > 0)
		ret = slot_write(hdev, hdev->next_slot, image, ret);
	if (ret)
		pr_err("device %s: cannot store reservations in %s: error %d\n",
		       hdev->name, state_dir, ret);
	else
		hdev->next_slot = !hdev->next_slot;
	kvfree(image);
	scst_pr_persisted(hdev->dev, ret);
}

static void state_persist(struct scst_device *dev)
{
	struct scst_hdev *hdev = scst_device_priv(dev);

	queue_work(scst_wq, &hdev->persist_work);
}

void scst_state_prepare(struct scst_hdev *hdev)
{
	struct path path;
	int ret;

	INIT_WORK(&hdev->persist_work, state_write_work);
	ret = kern_path(state_dir, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);
	if (!ret)
		path_put(&path);
	/* For lack of memory there is no less of a directory. */
	hdev->ops.persist = ret == -ENOENT || ret == -ENOTDIR ? NULL :
								state_persist;
}

static int state_restore(struct scst_hdev *hdev, struct scst_pr_slot *slots)
{
	int ret;

	ret = slot_read(hdev, 0, &slots[0]) ?: slot_read(hdev, 1, &slots[1]);
	if (ret)
		return ret;
	ret = scst_pr_newest(slots);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	hdev->next_slot = !ret;
	return scst_pr_restore(hdev->dev, slots[ret].image, slots[ret].len);
}

int scst_state_restore(struct scst_hdev *hdev)
{
	struct scst_pr_slot slots[2] = { };
	int ret;

	hdev->next_slot = 0;
	if (!hdev->ops.persist)
		return 0;
	ret = state_restore(hdev, slots);
	kvfree(slots[0].image);
	kvfree(slots[1].image);
	if (ret)
		pr_err("device %s: reservations in %s/%s.pr.*: error %d; remove these files to begin without any\n",
		       hdev->name, state_dir, hdev->name, ret);
	return ret;
}
