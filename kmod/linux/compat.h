/* SPDX-License-Identifier: GPL-2.0-only */
/* KERNEL: what is called otherwise in older kernels than the newest. */
#ifndef SCST_COMPAT_H
#define SCST_COMPAT_H

#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#include <linux/filelock.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define scsi_timeout_action blk_eh_timer_return
#define SCSI_EH_RESET_TIMER BLK_EH_RESET_TIMER
#endif

/*
 * A lock on the whole of @file that ends when it is closed, as programs take
 * with F_OFD_SETLK. -EAGAIN: somebody has one that excludes it.
 */
static inline int compat_file_lock(struct file *file, bool exclusive)
{
	struct file_lock *lock = locks_alloc_lock();
	int err;

	if (!lock)
		return -ENOMEM;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	lock->c.flc_type = exclusive ? F_WRLCK : F_RDLCK;
	lock->c.flc_flags = FL_POSIX | FL_OFDLCK;
	lock->c.flc_owner = file;
	lock->c.flc_file = file;
	lock->c.flc_pid = -1;
#else
	lock->fl_type = exclusive ? F_WRLCK : F_RDLCK;
	lock->fl_flags = FL_POSIX | FL_OFDLCK;
	lock->fl_owner = file;
	lock->fl_file = file;
	lock->fl_pid = -1;
#endif
	lock->fl_end = OFFSET_MAX;
	err = vfs_lock_file(file, F_SETLK, lock, NULL);
	locks_free_lock(lock);
	return err;
}

/* The bytes of a command of io_uring's; its submitter may change them. */
static inline const void *compat_uring_payload(const struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return io_uring_sqe_cmd(cmd->sqe);
#else
	return cmd->cmd;
#endif
}

/* In mmap(), where nobody else knows @vma. */
static inline void compat_vm_flags(struct vm_area_struct *vma,
				   unsigned long set, unsigned long clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags |= set;
	vma->vm_flags &= ~clear;
#endif
}

/* A block device, held exclusively. */
struct compat_bdev {
	struct block_device *bdev;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	struct file *file;
#else
	fmode_t mode;
#endif
};

static inline int compat_bdev_open(struct compat_bdev *b, const char *path,
				   bool write, void *holder)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	blk_mode_t mode = BLK_OPEN_READ | (write ? BLK_OPEN_WRITE : 0);
	struct file *file;

	file = bdev_file_open_by_path(path, mode, holder, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	b->file = file;
	b->bdev = file_bdev(file);
#else
	fmode_t mode = FMODE_READ | FMODE_EXCL | (write ? FMODE_WRITE : 0);
	struct block_device *bdev;

	bdev = blkdev_get_by_path(path, mode, holder);
	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	b->mode = mode;
	b->bdev = bdev;
#endif
	return 0;
}

static inline void compat_bdev_close(struct compat_bdev *b)
{
	if (!b->bdev)
		return;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	bdev_fput(b->file);
#else
	blkdev_put(b->bdev, b->mode);
#endif
	b->bdev = NULL;
}

#endif
