// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: cdrom: a CD or DVD drive whose discs are files.
 *
 * The attribute path is the disc; none is an empty drive. To write it while
 * the device is enabled changes the disc, unless an initiator has locked the
 * drive. A read holds the file of the disc that it began with; it may end
 * after another one came.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/uio.h>

#include "mmc.h"
#include "seg.h"
#include "vdisk.h"

struct cdrom {
	struct vdisk disk;
	char path[PATH_MAX];
	/* From open() to close(): */
	struct mmc_lu *lu;
	struct workqueue_struct *reads;
	spinlock_t lock;
	struct file *disc;		/* lock; NULL: none */
};

struct cdrom_req {
	struct work_struct work;
	struct mmc_io *io;
	struct file *disc;
};

static_assert(sizeof(struct cdrom_req) <=
	      sizeof(((struct scst_cmd *)0)->backend), "fits the scratch");

static struct cdrom *to_cdrom(struct scst_hdev *hdev)
{
	return container_of(hdev, struct cdrom, disk.hdev);
}

/* ---- Reading --------------------------------------------------------- */

static u64 disc_size(const struct file *disc)
{
	return i_size_read(disc->f_mapping->host);
}

/* Behind the end of the file is what is missing of its last block. */
static int read_disc(struct cdrom_req *cr)
{
	struct mmc_io *io = cr->io;
	u64 bytes = io->blocks * MMC_BLOCK;
	struct iov_iter iter;
	struct kiocb iocb;
	ssize_t ret;

	init_sync_kiocb(&iocb, cr->disc);
	iocb.ki_pos = io->lba * MMC_BLOCK;
	iov_iter_bvec(&iter, ITER_DEST, io->segs, io->nr_segs, bytes);
	while (iov_iter_count(&iter)) {
		ret = cr->disc->f_op->read_iter(&iocb, &iter);
		if (ret < 0)
			return ret;
		if (ret)
			continue;
		if (iocb.ki_pos < disc_size(cr->disc))
			return -EIO;
		iov_iter_zero(iov_iter_count(&iter), &iter);
	}
	return 0;
}

static void read_work(struct work_struct *work)
{
	struct cdrom_req *cr = container_of(work, struct cdrom_req, work);
	struct cdrom *cd = mmc_lu_priv(cr->io->lu);
	unsigned int flags = vdisk_io_begin();
	struct mmc_io *io = cr->io;
	int err = read_disc(cr);

	vdisk_io_end(flags);
	fput(cr->disc);
	if (err) {
		io->has_bad_lba = io->blocks == 1;
		io->bad_lba = io->lba;
	}
	mmc_io_done(io, err ? vdisk_sense(&cd->disk, err, false) : SENSE_NONE);
}

static struct file *disc_get(struct cdrom *cd)
{
	struct file *disc;

	spin_lock_bh(&cd->lock);
	disc = cd->disc;
	if (disc)
		get_file(disc);
	spin_unlock_bh(&cd->lock);
	return disc;
}

static void cdrom_read(struct mmc_io *io)
{
	struct cdrom_req *cr = (struct cdrom_req *)io->cmd->backend;
	struct cdrom *cd = mmc_lu_priv(io->lu);

	cr->io = io;
	cr->disc = disc_get(cd);
	if (!cr->disc) {
		mmc_io_done(io, SENSE_NO_MEDIUM);
		return;
	}
	INIT_WORK(&cr->work, read_work);
	queue_work(cd->reads, &cr->work);
}

static const struct mmc_backend_ops cdrom_backend = {
	.read = cdrom_read,
};

static void cdrom_ua(struct mmc_lu *lu, enum scst_sense ua, u64 except)
{
	struct cdrom *cd = mmc_lu_priv(lu);
	struct scst_device *dev = READ_ONCE(cd->disk.dev);

	if (dev)
		scst_device_ua(dev, ua, except);
}

static const struct mmc_env_ops cdrom_env = {
	.ua = cdrom_ua,
};

/* ---- Discs ----------------------------------------------------------- */

static const char *disc_problem(const struct file *disc)
{
	const struct inode *inode = file_inode(disc);

	if (!S_ISREG(inode->i_mode) && !S_ISBLK(inode->i_mode))
		return "neither a file nor a block device";
	if (!disc->f_op->read_iter)
		return "on a file system that cannot do this";
	if (!disc_size(disc))
		return "empty";
	if (DIV_ROUND_UP_ULL(disc_size(disc), MMC_BLOCK) > MMC_MAX_BLOCKS)
		return "too long for a disc";
	return NULL;
}

/* NULL: the path is empty. ERR_PTR() with a line in the log. */
static struct file *disc_open(struct cdrom *cd, const char *path)
{
	const char *what;
	struct file *disc;

	if (!path[0])
		return NULL;
	if (path[0] != '/') {
		vdisk_err(&cd->disk, "path: must begin with /, or be empty");
		return ERR_PTR(-EINVAL);
	}
	disc = filp_open(path, O_RDONLY | O_LARGEFILE, 0);
	if (IS_ERR(disc)) {
		vdisk_err(&cd->disk, "path: %s cannot be opened (%ld)", path,
			  PTR_ERR(disc));
		return disc;
	}
	what = disc_problem(disc);
	if (!what)
		return disc;
	vdisk_err(&cd->disk, "path: %s is %s", path, what);
	fput(disc);
	return ERR_PTR(-EINVAL);
}

static u64 disc_blocks(const struct file *disc)
{
	return disc ? DIV_ROUND_UP_ULL(disc_size(disc), MMC_BLOCK) : 0;
}

/* Out with the old one, so that nobody reads the new one for it. */
static void disc_change(struct cdrom *cd, struct file *disc)
{
	struct file *old;

	mmc_lu_set_medium(cd->lu, 0);
	spin_lock_bh(&cd->lock);
	old = cd->disc;
	cd->disc = disc;
	spin_unlock_bh(&cd->lock);
	if (old)
		fput(old);
	if (disc)
		mmc_lu_set_medium(cd->lu, disc_blocks(disc));
}

/* ---- The core -------------------------------------------------------- */

static void cdrom_mode_select(struct scst_cmd *cmd,
			      const struct scst_mode_page *page,
			      const u8 *wanted)
{
	mmc_lu_mode_select(cmd->lu, cmd, page, wanted, scst_mode_selected);
}

static void cdrom_event(struct scst_device *dev, enum scst_device_event ev,
			u64 nexus_id)
{
	mmc_lu_event(to_cdrom(scst_device_priv(dev))->lu, ev, nexus_id);
}

static const struct scst_device_ops cdrom_device_ops = {
	.data_alloc = scst_pages_alloc,
	.data_free = scst_pages_free,
	.mode_select = cdrom_mode_select,
	.event = cdrom_event,
};

/* ---- Life ------------------------------------------------------------ */

static struct scst_hdev *cdrom_alloc(const char *name)
{
	struct cdrom *cd = kzalloc(sizeof(*cd), GFP_KERNEL);

	if (!cd)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&cd->lock);
	return &cd->disk.hdev;
}

static void cdrom_free(struct scst_hdev *hdev)
{
	kfree(to_cdrom(hdev));
}

static void cdrom_close(struct scst_hdev *hdev)
{
	struct cdrom *cd = to_cdrom(hdev);

	vdisk_close(&cd->disk);
	if (cd->lu)
		mmc_lu_free(cd->lu);
	cd->lu = NULL;
	if (cd->reads)
		destroy_workqueue(cd->reads);
	cd->reads = NULL;
	if (cd->disc)
		vdisk_fput(cd->disc);
	cd->disc = NULL;
}

static int drive_open(struct cdrom *cd)
{
	struct mmc_config cfg = { .blocks = disc_blocks(cd->disc) };
	struct mmc_lu *lu;

	cd->reads = alloc_workqueue("scst_cdrom_%s",
				    WQ_UNBOUND | WQ_MEM_RECLAIM, 0,
				    scst_hdev_name(&cd->disk.hdev));
	if (!cd->reads)
		return -ENOMEM;
	lu = mmc_lu_alloc(&cfg, &cdrom_backend, &cdrom_env, cd);
	if (IS_ERR(lu))
		return PTR_ERR(lu);
	cd->lu = lu;
	return 0;
}

static int cdrom_open(struct scst_hdev *hdev, struct scst_hdev_setup *setup)
{
	struct cdrom *cd = to_cdrom(hdev);
	struct file *disc = disc_open(cd, cd->path);
	int err;

	if (IS_ERR(disc))
		return PTR_ERR(disc);
	cd->disc = disc;
	err = drive_open(cd);
	if (err) {
		cdrom_close(hdev);
		return err;
	}
	mmc_lu_describe(cd->lu, &setup->info);
	setup->ops = &cdrom_device_ops;
	setup->lu = cd->lu;
	return 0;
}

/* ---- Attributes ------------------------------------------------------ */

static ssize_t cdrom_path_show(struct config_item *item, char *page)
{
	struct cdrom *cd = to_cdrom(to_hdev(item));

	return vdisk_show_string(&cd->disk, cd->path, page);
}

/* False: initiators do not let go of the disc. */
static bool drive_unlocked(struct cdrom *cd, const char *attr)
{
	if (!mmc_lu_blocks(cd->lu) || mmc_lu_request_eject(cd->lu))
		return true;
	vdisk_err(&cd->disk, "%s: an initiator has locked the drive; it was asked to unlock it",
		  attr);
	return false;
}

static int path_change(struct cdrom *cd, const char *path)
{
	struct file *disc = disc_open(cd, path);

	lockdep_assert_held(&cd->disk.hdev.lock);
	if (IS_ERR(disc))
		return PTR_ERR(disc);
	if (!drive_unlocked(cd, "path")) {
		if (disc)
			fput(disc);
		return -EBUSY;
	}
	disc_change(cd, disc);
	return 0;
}

static ssize_t cdrom_path_store(struct config_item *item, const char *page,
				size_t count)
{
	struct cdrom *cd = to_cdrom(to_hdev(item));
	char *path = kmalloc(PATH_MAX, GFP_KERNEL);
	int err;

	if (!path)
		return -ENOMEM;
	err = scst_store_line(path, PATH_MAX, page, count);
	if (err)
		vdisk_err(&cd->disk, "path: too long, or not printable");
	mutex_lock(&cd->disk.hdev.lock);
	if (!err && scst_hdev_enabled(&cd->disk.hdev))
		err = path_change(cd, path);
	if (!err)
		strscpy(cd->path, path, sizeof(cd->path));
	mutex_unlock(&cd->disk.hdev.lock);
	kfree(path);
	return err ? err : count;
}
CONFIGFS_ATTR(cdrom_, path);

/* The button: 1 opens the tray; 2 takes the disc away, locked or not. */
static int press_eject(struct cdrom *cd, u64 how)
{
	if (!scst_hdev_enabled(&cd->disk.hdev)) {
		vdisk_err(&cd->disk, "eject: the device is not enabled");
		return -ENODEV;
	}
	if (how == 2) {
		disc_change(cd, NULL);
		cd->path[0] = '\0';
		return 0;
	}
	return drive_unlocked(cd, "eject") ? 0 : -EBUSY;
}

static ssize_t cdrom_eject_store(struct config_item *item, const char *page,
				 size_t count)
{
	struct cdrom *cd = to_cdrom(to_hdev(item));
	u64 how;
	int err;

	err = vdisk_parse(&cd->disk, "eject", page, count, 2, &how);
	if (err)
		return err;
	if (!how)
		return count;
	mutex_lock(&cd->disk.hdev.lock);
	err = press_eject(cd, how);
	mutex_unlock(&cd->disk.hdev.lock);
	return err ? err : count;
}
CONFIGFS_ATTR_WO(cdrom_, eject);

static ssize_t cdrom_locked_show(struct config_item *item, char *page)
{
	struct cdrom *cd = to_cdrom(to_hdev(item));
	bool locked;

	mutex_lock(&cd->disk.hdev.lock);
	locked = scst_hdev_enabled(&cd->disk.hdev) && mmc_lu_locked(cd->lu);
	mutex_unlock(&cd->disk.hdev.lock);
	return vdisk_show_number(locked, page);
}
CONFIGFS_ATTR_RO(cdrom_, locked);

static struct configfs_attribute *cdrom_attrs[] = {
	&cdrom_attr_path,
	&cdrom_attr_eject,
	&cdrom_attr_locked,
	NULL,
};

const struct scst_handler cdrom_handler = {
	.name = "cdrom",
	.owner = THIS_MODULE,
	.attrs = cdrom_attrs,
	.alloc = cdrom_alloc,
	.open = cdrom_open,
	.opened = vdisk_opened,
	.close = cdrom_close,
	.free = cdrom_free,
};
