// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: open files of a module that goes.
 *
 * Whoever calls a method of a file looks whether there is one, and then looks
 * up which one it is. So a file that is open must not lose any: one that was
 * seen would not be found. What takes the place of a module's methods is here,
 * in a module that stays as long as such a file is open.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>

#include "compat.h"
#include "scst_handler.h"

static long dead_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return -ESHUTDOWN;
}

static int dead_uring_cmd(struct io_uring_cmd *cmd, unsigned int flags)
{
	return -ESHUTDOWN;
}

static int dead_mmap(struct file *file, struct vm_area_struct *vma)
{
	return -ESHUTDOWN;
}

static __poll_t dead_poll(struct file *file, struct poll_table_struct *wait)
{
	return EPOLLHUP;
}

static int dead_flush(struct file *file, fl_owner_t id)
{
	return 0;
}

static int dead_release(struct inode *inode, struct file *file)
{
	return 0;
}

static const struct file_operations dead_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = dead_ioctl,
	.compat_ioctl = dead_ioctl,
	.uring_cmd = dead_uring_cmd,
	.mmap = dead_mmap,
	.poll = dead_poll,
	.flush = dead_flush,
	.release = dead_release,
};

void scst_file_dead(struct file *file)
{
	/* whoever closes the file puts the owner of its methods */
	__module_get(THIS_MODULE);
	WRITE_ONCE(file->f_op, &dead_fops);
}
EXPORT_SYMBOL(scst_file_dead);
