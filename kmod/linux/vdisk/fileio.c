// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: fileio: a disk in a regular file: its attributes, opening it and
 * closing it.
 *
 * The file is locked as a whole for as long as it is open, the way programs
 * do with F_OFD_SETLK: two that write one file make no disk.
 */
#include <linux/file.h>
#include <linux/magic.h>
#include <linux/module.h>

#include "compat.h"
#include "fileio.h"

/* ---- Opening --------------------------------------------------------- */

static const char *open_problem(const struct fileio *fio, int err)
{
	switch (err) {
	case -ENOENT:
		return fio->disk.size ? "no such directory" :
					"no such file; size creates it";
	case -EISDIR:
		return "a directory";
	case -EACCES:
	case -EPERM:
		return "permission denied";
	case -EROFS:
		return "on a file system that is mounted read-only; read_only serves it";
	case -EINVAL:
		return fio->direct ? "the file system does not do direct" :
				     "cannot be opened";
	default:
		return "cannot be opened";
	}
}

static int file_lock(struct fileio *fio)
{
	int err = compat_file_lock(fio->file, !fio->disk.hdev.read_only);

	if (err == -EAGAIN) {
		vdisk_err(&fio->disk, "path: %s is in use by another device or program",
			  fio->path);
		return -EBUSY;
	}
	if (err == -ENOMEM)
		return err;
	return 0;			/* or a file system without locks */
}

static int file_check(const struct fileio *fio)
{
	const struct file *file = fio->file;
	const struct inode *inode = file_inode(file);
	const char *what = NULL;

	if (S_ISBLK(inode->i_mode))
		what = "a block device, for which there is blockio";
	else if (!S_ISREG(inode->i_mode))
		what = "not a regular file";
	else if (!file->f_op->read_iter || !file->f_op->fsync ||
		 ((file->f_mode & FMODE_WRITE) && !file->f_op->write_iter))
		what = "on a file system that cannot do this";
	else if (IS_SWAPFILE(inode))
		what = "used for swapping";
	if (!what)
		return 0;
	vdisk_err(&fio->disk, "path: %s is %s", fio->path, what);
	return -EINVAL;
}

static int file_open(struct fileio *fio)
{
	bool read_only = fio->disk.hdev.read_only;
	int flags = O_LARGEFILE | (read_only ? O_RDONLY : O_RDWR);
	struct file *file;

	if (fio->path[0] != '/') {
		vdisk_err(&fio->disk, "path: must be set, and begin with /");
		return -EINVAL;
	}
	if (fio->direct)
		flags |= O_DIRECT;
	if (fio->disk.size && !read_only)
		flags |= O_CREAT;
	file = filp_open(fio->path, flags, 0600);
	if (IS_ERR(file)) {
		vdisk_err(&fio->disk, "path: %s: %s (%ld)", fio->path,
			  open_problem(fio, PTR_ERR(file)), PTR_ERR(file));
		return PTR_ERR(file);
	}
	fio->file = file;
	return 0;
}

/* ---- What the file is like ------------------------------------------- */

static u64 file_size(const struct fileio *fio)
{
	return i_size_read(file_inode(fio->file));
}

/* The attribute size makes a new or shorter file that large. */
static int file_grow(struct fileio *fio, u64 want)
{
	struct vdisk *vd = &fio->disk;
	u64 have = file_size(fio);
	int err;

	if (!want || want == have)
		return 0;
	if (want < have) {
		vdisk_err(vd, "size: %s has %llu bytes and is not cut: set size to 0, or cut it yourself",
			  fio->path, have);
		return -EINVAL;
	}
	if (!(fio->file->f_mode & FMODE_WRITE)) {
		vdisk_err(vd, "size: %s has %llu bytes, and the device is read-only",
			  fio->path, have);
		return -EROFS;
	}
	err = vfs_truncate(&fio->file->f_path, want);
	if (err)
		vdisk_err(vd, "size: %s cannot be made %llu bytes long (%d)",
			  fio->path, want, err);
	return err;
}

/* O_DIRECT takes whole sectors only, of a size found by trying. */
static int file_probe_direct(struct fileio *fio)
{
	struct vdisk *vd = &fio->disk;
	int err;

	if (!fio->direct)
		return 0;
	err = fileio_probe(fio, vd->block_size, vd->block_size);
	if (err)
		vdisk_err(vd, "direct: %s cannot be read in blocks of %u bytes (%d); try block_size 4096",
			  fio->path, vd->block_size, err);
	return err;
}

/*
 * May a write with IOCB_DSYNC be believed? Past the page cache, and
 * asynchronously, some file systems forget it: only those that are known to do
 * it right are trusted, and for others the device server flushes.
 */
static bool file_trusts_dsync(const struct fileio *fio)
{
	if (!fio->direct)
		return false;
	switch (file_inode(fio->file)->i_sb->s_magic) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

static void file_learn(struct fileio *fio)
{
	unsigned long magic = file_inode(fio->file)->i_sb->s_magic;

	fio->nowait = fio->file->f_mode & FMODE_NOWAIT;
	fio->memory = !fio->direct && (magic == TMPFS_MAGIC ||
				       magic == RAMFS_MAGIC);
	fio->no_zero_range = false;
	fio->lost = false;
}

/* Behind the end a hole changes nothing, and tells whether there could be. */
static bool file_can_punch(struct fileio *fio, u64 size)
{
	return (fio->file->f_mode & FMODE_WRITE) &&
	       fileio_punch(fio, round_up(size, SCST_DATA_ALIGN),
			    SCST_DATA_ALIGN);
}

static void file_describe(struct fileio *fio, struct sbc_config *cfg)
{
	struct vdisk *vd = &fio->disk;
	u64 size = file_size(fio);
	u32 unit = clamp_t(u32, i_blocksize(file_inode(fio->file)),
			   vd->block_size, SCST_DATA_ALIGN);

	*cfg = (struct sbc_config){
		.block_size = vd->block_size,
		.blocks = size / vd->block_size,
		.physical_exp = ilog2(unit / vd->block_size),
		.write_cache = vd->write_cache,
		.native_fua = file_trusts_dsync(fio),
		.thin = vd->thin && file_can_punch(fio, size),
		.zero_after_unmap = true,
		.unmap_granularity = unit / vd->block_size,
	};
	if (size % vd->block_size)
		vdisk_warn(vd, "path: the last %llu bytes are no whole block and cannot be used",
			   size % vd->block_size);
}

/* ---- Life ------------------------------------------------------------ */

static struct scst_hdev *fileio_alloc(const char *name)
{
	struct fileio *fio = kzalloc(sizeof(*fio), GFP_KERNEL);

	if (!fio)
		return ERR_PTR(-ENOMEM);
	vdisk_init(&fio->disk);
	return &fio->disk.hdev;
}

static void fileio_free(struct scst_hdev *hdev)
{
	kfree(to_fileio(hdev));
}

static int file_setup(struct fileio *fio, struct scst_hdev_setup *setup)
{
	struct sbc_config cfg;
	int err;

	err = file_check(fio);
	if (!err)
		err = file_lock(fio);
	if (!err)
		err = file_grow(fio, fio->disk.size);
	if (!err)
		err = file_probe_direct(fio);
	if (!err)
		err = fileio_io_init(fio);
	if (err)
		return err;
	file_learn(fio);
	file_describe(fio, &cfg);
	return vdisk_open(&fio->disk, &cfg, &fileio_backend, setup);
}

static void file_close(struct fileio *fio)
{
	vdisk_close(&fio->disk);
	fileio_io_fini(fio);
	if (fio->file)
		vdisk_fput(fio->file);
	fio->file = NULL;
}

static int fileio_open(struct scst_hdev *hdev, struct scst_hdev_setup *setup)
{
	struct fileio *fio = to_fileio(hdev);
	int err;

	err = file_open(fio);
	if (!err)
		err = file_setup(fio, setup);
	if (err)
		file_close(fio);
	return err;
}

/*
 * Nobody is left to hear of a write that goes wrong from here on, but the
 * operator.
 */
static void fileio_close(struct scst_hdev *hdev)
{
	struct fileio *fio = to_fileio(hdev);
	int err = 0;

	if (fio->file->f_mode & FMODE_WRITE)
		err = vfs_fsync(fio->file, 1);
	if (err)
		vdisk_err(&fio->disk, "path: the last flush failed (%d): data may be lost",
			  err);
	file_close(fio);
}

static void fileio_read_only(struct scst_hdev *hdev, bool read_only)
{
	struct fileio *fio = to_fileio(hdev);

	if (!read_only && !(fio->file->f_mode & FMODE_WRITE))
		vdisk_err(&fio->disk, "read_only: %s was opened for reading: disable and enable the device to write",
			  fio->path);
}

/* ---- Attributes ------------------------------------------------------ */

static ssize_t fileio_path_show(struct config_item *item, char *page)
{
	struct fileio *fio = to_fileio(to_hdev(item));

	return vdisk_show_string(&fio->disk, fio->path, page);
}

static ssize_t fileio_path_store(struct config_item *item, const char *page,
				 size_t count)
{
	struct fileio *fio = to_fileio(to_hdev(item));

	return vdisk_store_string(&fio->disk, "path", fio->path,
				  sizeof(fio->path), page, count);
}
CONFIGFS_ATTR(fileio_, path);

static ssize_t fileio_direct_show(struct config_item *item, char *page)
{
	return vdisk_show_number(to_fileio(to_hdev(item))->direct, page);
}

static ssize_t fileio_direct_store(struct config_item *item, const char *page,
				   size_t count)
{
	struct fileio *fio = to_fileio(to_hdev(item));

	return vdisk_store_bool(&fio->disk, "direct", &fio->direct, page,
				count);
}
CONFIGFS_ATTR(fileio_, direct);

/* What the disk has while it is enabled, else what was asked for. */
static ssize_t fileio_size_show(struct config_item *item, char *page)
{
	struct vdisk *vd = to_vdisk(item);
	u64 size;

	mutex_lock(&vd->hdev.lock);
	size = scst_hdev_enabled(&vd->hdev) ?
	       vdisk_bytes(vd, sbc_lu_blocks(vd->lu)) : vd->size;
	mutex_unlock(&vd->hdev.lock);
	return vdisk_show_number(size, page);
}

static ssize_t fileio_size_store(struct config_item *item, const char *page,
				 size_t count)
{
	struct fileio *fio = to_fileio(to_hdev(item));
	struct vdisk *vd = &fio->disk;
	u64 size;
	int err;

	err = vdisk_parse(vd, "size", page, count, S64_MAX, &size);
	if (err)
		return err;
	mutex_lock(&vd->hdev.lock);
	if (scst_hdev_enabled(&vd->hdev)) {
		err = file_grow(fio, size);
		if (!err)
			err = vdisk_resize(vd, file_size(fio));
	}
	if (!err)
		vd->size = size;
	mutex_unlock(&vd->hdev.lock);
	return err ? err : count;
}
CONFIGFS_ATTR(fileio_, size);

/* Written: somebody else changed the file's size. */
static ssize_t fileio_resize_store(struct config_item *item, const char *page,
				   size_t count)
{
	struct fileio *fio = to_fileio(to_hdev(item));
	struct vdisk *vd = &fio->disk;
	int err;

	mutex_lock(&vd->hdev.lock);
	if (scst_hdev_enabled(&vd->hdev)) {
		err = vdisk_resize(vd, file_size(fio));
	} else {
		vdisk_err(vd, "resize: the device is not enabled");
		err = -ENODEV;
	}
	/* It will not be the size that was asked for once. */
	if (!err)
		vd->size = 0;
	mutex_unlock(&vd->hdev.lock);
	return err ? err : count;
}
CONFIGFS_ATTR_WO(fileio_, resize);

static ssize_t fileio_lost_show(struct config_item *item, char *page)
{
	return vdisk_show_number(READ_ONCE(to_fileio(to_hdev(item))->lost),
				 page);
}
CONFIGFS_ATTR_RO(fileio_, lost);

static struct configfs_attribute *fileio_attrs[] = {
	&fileio_attr_path,
	&fileio_attr_size,
	&fileio_attr_resize,
	&fileio_attr_direct,
	&fileio_attr_lost,
	&vdisk_attr_block_size,
	&vdisk_attr_rotation_rate,
	&vdisk_attr_thin,
	&vdisk_attr_write_cache,
	&vdisk_attr_removable,
	NULL,
};

const struct scst_handler fileio_handler = {
	.name = "fileio",
	.owner = THIS_MODULE,
	.attrs = fileio_attrs,
	.alloc = fileio_alloc,
	.open = fileio_open,
	.opened = vdisk_opened,
	.close = fileio_close,
	.free = fileio_free,
	.read_only = fileio_read_only,
};
