// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-disk: files and block devices, through the page cache or past it.
 *
 * Durable means: written with RWF_DSYNC, or followed by fdatasync(). When
 * either fails, what the page cache held may be lost and the kernel says so
 * only once; from then on every write and flush of the device fails, so that
 * no initiator takes a later success for the safety of its earlier writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "disk.h"

#define ALIGN_MAX  4096u
#define ZERO_CHUNK (1u << 20)

struct file {
	struct scstu_dev *dev;
	int fd;
	bool direct;
	bool block_device;
	uint64_t bytes;
	/* Set once, by whichever queue finds out. */
	bool no_zero_range;		/* the file system refuses it */
	bool no_punch_hole;
	bool lost;			/* see above */
};

static bool flag_get(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_RELAXED);
}

/* True: it was set before. */
static bool flag_set(bool *flag)
{
	return __atomic_exchange_n(flag, true, __ATOMIC_RELAXED);
}

/* ---- Opening ------------------------------------------------------------------ */

/* Two programs that write one file make no disk. */
static int file_lock(struct file *file, const char *path, bool read_only)
{
	struct flock lock = {
		.l_type = read_only ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
	};

	if (!fcntl(file->fd, F_OFD_SETLK, &lock))
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return scstu_dev_error(file->dev, EBUSY,
				       "%s is served or used by another program",
				       path);
	return 0;			/* a file system without locks */
}

static int open_error(struct file *file, const char *path, int err)
{
	const char *what = strerror(err);

	if (err == ENOENT && !scstu_dev_number(file->dev, "size"))
		what = "no such file; size= creates it";
	else if (err == ENOENT)
		what = "no such directory";
	else if (err == EISDIR)
		what = "neither a file nor a block device";
	else if (err == EBUSY)
		what = "in use, mounted perhaps";
	else if (err == EINVAL && file->direct)
		what = "the file system does not do direct=on";
	return scstu_dev_error(file->dev, err, "path=%s: %s", path, what);
}

static int file_open_path(struct file *file, const char *path, bool read_only)
{
	int flags = O_CLOEXEC | (read_only ? O_RDONLY : O_RDWR);
	struct stat st;

	if (file->direct)
		flags |= O_DIRECT;
	if (scstu_dev_number(file->dev, "size") && !read_only)
		flags |= O_CREAT;
	/* O_EXCL without O_CREAT: nobody has the block device mounted. */
	if (!stat(path, &st) && S_ISBLK(st.st_mode))
		flags = (flags & ~O_CREAT) | (read_only ? 0 : O_EXCL);
	file->fd = open(path, flags, 0600);
	if (file->fd < 0)
		return open_error(file, path, errno);
	return file_lock(file, path, read_only);
}

static int device_geometry(struct file *file, struct scstu_disk *disk)
{
	unsigned int physical = 0;
	unsigned short rotational = 0;
	int logical = 512;

	if (ioctl(file->fd, BLKGETSIZE64, &file->bytes))
		return scstu_dev_error(file->dev, errno, "BLKGETSIZE64: %s",
				       strerror(errno));
	if (!ioctl(file->fd, BLKSSZGET, &logical) && logical > 512)
		disk->block_size = logical;
	if (!ioctl(file->fd, BLKPBSZGET, &physical))
		disk->physical_block_size = physical;
	if (!ioctl(file->fd, BLKROTATIONAL, &rotational))
		disk->rotational = rotational;
	return 0;
}

/* size= makes a new or empty file that large, and checks any other. */
static int regular_size(struct file *file, const char *path, uint64_t have)
{
	uint64_t want = scstu_dev_number(file->dev, "size");

	file->bytes = have;
	if (!want || want == have)
		return 0;
	if (have)
		return scstu_dev_error(file->dev, EINVAL,
				       "%s has %llu bytes, which is not size=: leave that out, or resize the file",
				       path, (unsigned long long)have);
	if (ftruncate(file->fd, want))
		return scstu_dev_error(file->dev, errno, "%s: size=: %s", path,
				       strerror(errno));
	file->bytes = want;
	return 0;
}

/* The smallest block that O_DIRECT takes here, found by trying. */
static int direct_alignment(struct file *file, struct scstu_disk *disk)
{
	unsigned int size;
	void *buf;

	if (posix_memalign(&buf, ALIGN_MAX, ALIGN_MAX))
		return -ENOMEM;
	for (size = 512; size <= ALIGN_MAX; size *= 2)
		if (pread(file->fd, buf, size, size) >= 0)
			break;
	free(buf);
	if (size > ALIGN_MAX)
		return scstu_dev_error(file->dev, EINVAL,
				       "direct: no block size works: %s",
				       strerror(errno));
	if (size > 512 && size > disk->block_size)
		disk->block_size = size;
	return 0;
}

/*
 * May a write with RWF_DSYNC be believed? Through the page cache, and on block
 * devices, yes. Past it, and asynchronously, some file systems forget the
 * sync (FUSE does, up to Linux 6.18 at least): only those that are known to
 * do it right are trusted. For the others the library flushes instead.
 */
static bool trusts_dsync(const struct file *file)
{
	struct statfs st;

	if (!file->direct || file->block_device)
		return true;
	if (fstatfs(file->fd, &st))
		return false;
	switch ((unsigned int)st.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

static int file_geometry(struct file *file, const char *path,
			 struct scstu_disk *disk)
{
	struct stat st;
	int err;

	if (fstat(file->fd, &st))
		return scstu_dev_error(file->dev, errno, "%s: %s", path,
				       strerror(errno));
	file->block_device = S_ISBLK(st.st_mode);
	if (file->block_device)
		err = device_geometry(file, disk);
	else if (S_ISREG(st.st_mode))
		err = regular_size(file, path, st.st_size);
	else
		err = scstu_dev_error(file->dev, EINVAL,
				      "path=%s: neither a file nor a block device",
				      path);
	if (!err && file->direct)
		err = direct_alignment(file, disk);
	return err;
}

static int file_open(struct scstu_dev *dev, struct scstu_disk *disk,
		     void **state)
{
	const char *path = scstu_dev_string(dev, "path");
	bool read_only = scstu_dev_read_only(dev);
	struct file *file;
	int err;

	if (!path)
		return scstu_dev_error(dev, EINVAL, "backend=file needs path=");
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->dev = dev;
	file->direct = scstu_dev_flag(dev, "direct");
	err = file_open_path(file, path, read_only);
	if (!err)
		err = file_geometry(file, path, disk);
	if (err) {
		if (file->fd >= 0)
			close(file->fd);
		free(file);
		return err;
	}
	disk->bytes = file->bytes;
	disk->fua = trusts_dsync(file);
	disk->zero_after_unmap = true;
	*state = file;
	return 0;
}

static void file_close(struct scstu_dev *dev, void *state)
{
	struct file *file = state;

	if (!scstu_dev_read_only(dev) && fdatasync(file->fd))
		scstu_dev_log(dev, 3, "the last flush failed, data may be lost: %s",
			      strerror(errno));
	close(file->fd);
	free(file);
}

/* ---- Reading and writing --------------------------------------------------------- */

static void set_lost(struct file *file, int err)
{
	if (!flag_set(&file->lost))
		scstu_dev_log(file->dev, 3,
			      "making data durable failed (%s): cached writes may be lost. Writes are refused from now on; check the storage, then restart",
			      strerror(err));
}

static void file_read(struct scstu_req *req)
{
	struct file *file = disk_state(req);

	scstu_req_read_file(req, file->fd, 0, NULL);
}

/*
 * Past the page cache a failed write says nothing of others; through it the
 * error may be that of an earlier one.
 */
static void write_done(struct scstu_req *req, int err)
{
	struct file *file = disk_state(req);

	if (err == EIO && (scstu_req_flags(req) & SCSTU_FUA) && !file->direct)
		set_lost(file, err);
	if (err)
		scstu_fail_errno(req, err);
	else
		scstu_done(req);
}

static void file_write(struct scstu_req *req)
{
	struct file *file = disk_state(req);

	if (flag_get(&file->lost))
		scstu_fail(req, SCSTU_SENSE_WRITE_ERROR);
	else
		scstu_req_write_file(req, file->fd, 0, write_done);
}

static void sync_done(struct scstu_req *req, int err)
{
	if (err) {
		set_lost(disk_state(req), err);
		scstu_fail(req, SCSTU_SENSE_WRITE_ERROR);
	} else {
		scstu_done(req);
	}
}

static void file_flush(struct scstu_req *req)
{
	struct file *file = disk_state(req);

	if (flag_get(&file->lost))
		scstu_fail(req, SCSTU_SENSE_WRITE_ERROR);
	else
		scstu_req_sync_file(req, file->fd, sync_done);
}

/* ---- Zeroes ------------------------------------------------------------------------ */

/* Where the file system can do nothing better: zeroes, written. */
struct zeroes {
	struct scstu_io io;
	struct scstu_req *req;
	struct iovec iov;
	uint64_t left;
	/* ZERO_CHUNK zeroes follow, ALIGN_MAX behind the beginning */
};

static void zero_end(struct scstu_req *req, int err)
{
	struct file *file = disk_state(req);

	if (err)
		write_done(req, err);
	else if (scstu_req_flags(req) & SCSTU_FUA)
		scstu_req_sync_file(req, file->fd, sync_done);
	else
		scstu_done(req);
}

static void zeroes_submit(struct zeroes *z)
{
	z->iov.iov_base = (char *)z + ALIGN_MAX;
	z->iov.iov_len = z->left < ZERO_CHUNK ? z->left : ZERO_CHUNK;
	scstu_queue_submit(scstu_req_queue(z->req), &z->io);
}

static void zeroes_written(struct scstu_io *io, ssize_t result)
{
	struct zeroes *z = (struct zeroes *)io;
	struct scstu_req *req = z->req;

	if (result > 0) {
		z->left -= result;
		z->io.offset += result;
	}
	if (z->left && (result > 0 || result == -EINTR || result == -EAGAIN)) {
		zeroes_submit(z);
		return;
	}
	free(z);
	zero_end(req, result < 0 ? -result : result ? 0 : ENOSPC);
}

static void write_zeroes(struct scstu_req *req)
{
	struct file *file = disk_state(req);
	struct zeroes *z;

	z = aligned_alloc(ALIGN_MAX, ALIGN_MAX + ZERO_CHUNK);
	if (!z) {
		scstu_fail_errno(req, ENOMEM);
		return;
	}
	memset(z, 0, ALIGN_MAX + ZERO_CHUNK);
	z->req = req;
	z->left = scstu_req_length(req);
	z->io = (struct scstu_io){
		.op = SCSTU_IO_WRITE,
		.fd = file->fd,
		.offset = scstu_req_offset(req),
		.iov = &z->iov,
		.iov_count = 1,
		.done = zeroes_written,
	};
	zeroes_submit(z);
}

static void zero_punched(struct scstu_req *req, int err)
{
	struct file *file = disk_state(req);

	if (err == EOPNOTSUPP) {
		flag_set(&file->no_punch_hole);
		write_zeroes(req);
	} else {
		zero_end(req, err);
	}
}

static void punch_zeroes(struct scstu_req *req)
{
	struct file *file = disk_state(req);

	if (flag_get(&file->no_punch_hole))
		write_zeroes(req);
	else
		scstu_req_allocate_file(req, file->fd,
					FALLOC_FL_PUNCH_HOLE |
					FALLOC_FL_KEEP_SIZE, 0, zero_punched);
}

static void zero_ranged(struct scstu_req *req, int err)
{
	struct file *file = disk_state(req);

	if (err == EOPNOTSUPP) {
		flag_set(&file->no_zero_range);
		punch_zeroes(req);
	} else {
		zero_end(req, err);
	}
}

static void file_write_zeroes(struct scstu_req *req)
{
	struct file *file = disk_state(req);

	if (flag_get(&file->lost))
		scstu_fail(req, SCSTU_SENSE_WRITE_ERROR);
	else if ((scstu_req_flags(req) & SCSTU_MAY_UNMAP) ||
		 flag_get(&file->no_zero_range))
		punch_zeroes(req);
	else
		scstu_req_allocate_file(req, file->fd,
					FALLOC_FL_ZERO_RANGE |
					FALLOC_FL_KEEP_SIZE, 0, zero_ranged);
}

/*
 * Unmapped blocks read as zeroes, as we declared; so where no hole can be
 * made they are overwritten.
 */
static void file_unmap(struct scstu_req *req)
{
	struct file *file = disk_state(req);

	if (flag_get(&file->lost))
		scstu_fail(req, SCSTU_SENSE_WRITE_ERROR);
	else
		punch_zeroes(req);
}

/* ---- The rest ------------------------------------------------------------------------ */

static void file_block_status(struct scstu_req *req)
{
	struct file *file = disk_state(req);
	uint64_t from = scstu_req_offset(req);
	off_t data = -1, hole;

	if (!file->block_device)
		data = lseek(file->fd, from, SEEK_DATA);
	if (data < 0 && (file->block_device || errno != ENXIO)) {
		/* Nobody can tell: it is all there. */
		scstu_disk_extent(req, scstu_req_length(req), true);
	} else if (data < 0) {
		/* A hole up to the end. */
		scstu_disk_extent(req, file->bytes - from, false);
	} else if ((uint64_t)data > from) {
		scstu_disk_extent(req, data - from, false);
	} else {
		hole = lseek(file->fd, from, SEEK_HOLE);
		scstu_disk_extent(req, hole > data ? hole - data : 1, true);
	}
	scstu_done(req);
}

static void file_prefetch(struct scstu_req *req)
{
	struct file *file = disk_state(req);

	if (!file->direct)
		posix_fadvise(file->fd, scstu_req_offset(req),
			      scstu_req_length(req), POSIX_FADV_WILLNEED);
	scstu_done(req);
}

/* Of a block device the library may say that it is all taken. */
static void file_usage(struct scstu_req *req)
{
	struct file *file = disk_state(req);
	uint64_t left = UINT64_MAX;
	struct statvfs vfs;
	struct stat st;

	if (file->block_device || fstat(file->fd, &st)) {
		scstu_done(req);
		return;
	}
	if (!fstatvfs(file->fd, &vfs))
		left = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	scstu_disk_usage(req, (uint64_t)st.st_blocks * 512, left);
	scstu_done(req);
}

const struct backend file_backend = {
	.name = "file",
	.open = file_open,
	.close = file_close,
	.ops = {
		.read = file_read,
		.write = file_write,
		.flush = file_flush,
		.unmap = file_unmap,
		.write_zeroes = file_write_zeroes,
		.block_status = file_block_status,
		.prefetch = file_prefetch,
		.usage = file_usage,
	},
};
