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
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "crypt.h"
#include "file.h"
#include "mapped.h"

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

static bool has_no_data(int fd, const struct stat *st)
{
	return S_ISREG(st->st_mode) &&
	       (!st->st_size || (lseek(fd, 0, SEEK_DATA) < 0 && errno == ENXIO));
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
	file->empty = has_no_data(file->fd, &st);
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
	const char *key = scstu_dev_string(dev, "key");
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
	if (!err && key)
		err = crypt_open(dev, key, file->empty && !read_only,
				 &file->crypt);
	if (err) {
		if (file->fd >= 0)
			close(file->fd);
		free(file);
		return err;
	}
	if (!read_only && !file->direct && !key)
		file->mapped = mapped_open(file->fd, file->bytes);
	disk->bytes = file->bytes;
	disk->fua = trusts_dsync(file);
	disk->zero_after_unmap = !key;
	disk->encrypted = key;
	*state = file;
	return 0;
}

static void file_close(struct scstu_dev *dev, void *state)
{
	struct file *file = state;

	if (!scstu_dev_read_only(dev) && fdatasync(file->fd))
		scstu_dev_log(dev, 3, "the last flush failed, data may be lost: %s",
			      strerror(errno));
	if (file->crypt)
		crypt_close(file->crypt);
	if (file->mapped)
		mapped_close(file->mapped);
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

	if (file->mapped && mapped_read(file->mapped, req))
		scstu_done(req);
	else
		scstu_req_read_file(req, file->fd, 0, NULL);
}

/*
 * Past the page cache a failed write says nothing of others; through it the
 * error may be that of an earlier one.
 */
void file_write_done(struct scstu_req *req, int err)
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
	else if (file->mapped && mapped_write(file->mapped, req))
		scstu_done(req);
	else
		scstu_req_write_file(req, file->fd, 0, file_write_done);
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

void file_zero_end(struct scstu_req *req, int err)
{
	struct file *file = disk_state(req);

	if (file->mapped)
		mapped_forget(file->mapped, scstu_req_offset(req),
			      scstu_req_length(req));
	if (err)
		file_write_done(req, err);
	else if (scstu_req_flags(req) & SCSTU_FUA)
		scstu_req_sync_file(req, file->fd, sync_done);
	else
		scstu_done(req);
}

static void zero_punched(struct scstu_req *req, int err)
{
	struct file *file = disk_state(req);

	if (err == EOPNOTSUPP) {
		flag_set(&file->no_punch_hole);
		file_bounce(req, true);
	} else {
		file_zero_end(req, err);
	}
}

static void punch_zeroes(struct scstu_req *req)
{
	struct file *file = disk_state(req);

	if (flag_get(&file->no_punch_hole))
		file_bounce(req, true);
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
		file_zero_end(req, err);
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
 * made they are overwritten. Encrypted, they read as noise.
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

/* ---- Encrypted ----------------------------------------------------------------------- */

static void decrypt(struct scstu_req *req, int err)
{
	struct file *file = disk_state(req);

	if (!err)
		err = crypt_decrypt(file->crypt, req);
	if (err)
		scstu_fail_errno(req, err);
	else
		scstu_done(req);
}

static void encrypted_read(struct scstu_req *req)
{
	struct file *file = disk_state(req);

	scstu_req_read_file(req, file->fd, 0, decrypt);
}

static void encrypted_bounce(struct scstu_req *req, bool zeroes)
{
	struct file *file = disk_state(req);

	if (flag_get(&file->lost))
		scstu_fail(req, SCSTU_SENSE_WRITE_ERROR);
	else
		file_bounce(req, zeroes);
}

static void encrypted_write(struct scstu_req *req)
{
	encrypted_bounce(req, false);
}

static void encrypted_write_zeroes(struct scstu_req *req)
{
	encrypted_bounce(req, true);
}

static void *erase_thread(void *arg)
{
	struct scstu_req *req = arg;
	struct file *file = disk_state(req);
	int err = crypt_erase(file->crypt);

	if (err)
		scstu_fail_errno(req, err);
	else
		scstu_done(req);
	return NULL;
}

/* A thread of its own: it is rare, and waits for the storage of the key. */
static void encrypted_crypto_erase(struct scstu_req *req)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, erase_thread, req);

	if (err)
		scstu_fail_errno(req, err);
	else
		pthread_detach(thread);
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

const struct backend encrypted_backend = {
	.name = "file",
	.open = file_open,
	.close = file_close,
	.ops = {
		.read = encrypted_read,
		.write = encrypted_write,
		.flush = file_flush,
		.unmap = file_unmap,
		.write_zeroes = encrypted_write_zeroes,
		.block_status = file_block_status,
		.prefetch = file_prefetch,
		.usage = file_usage,
		.crypto_erase = encrypted_crypto_erase,
	},
};
