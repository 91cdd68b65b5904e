/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file as a disk, by plain blocking calls on several threads.
 *
 *	cc -o filedisk parallel.c $(pkg-config --cflags --libs libscstuser)
 *	./filedisk --device name=d0,path=/srv/d0.img
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <scstuser/scstuser.h>

struct file {
	int fd;
	atomic_bool lost;	/* a flush failed: see file_flush() */
};

static void file_free(struct file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

/* 0, or a negative errno after scstu_dev_error(). */
static int file_find(struct scstu_dev *dev, struct file *file, uint64_t *bytes)
{
	const char *path = scstu_dev_string(dev, "path");
	struct stat st;

	if (!path)
		return scstu_dev_error(dev, EINVAL, "path= is missing");
	file->fd = open(path, O_CLOEXEC |
			(scstu_dev_read_only(dev) ? O_RDONLY : O_RDWR));
	if (file->fd < 0 || fstat(file->fd, &st))
		return scstu_dev_error(dev, errno, "%s: %s", path,
				       strerror(errno));
	*bytes = st.st_size;
	return 0;
}

/* When open() fails, close() is not called: what was begun is undone here. */
static int file_open(struct scstu_dev *dev)
{
	struct scstu_disk disk = { SCSTU_DISK_INIT };
	struct file *file = calloc(1, sizeof(*file));
	int err;

	if (!file)
		return -ENOMEM;
	file->fd = -1;
	err = file_find(dev, file, &disk.bytes);
	if (!err)
		err = scstu_disk_configure(dev, &disk);
	if (err) {
		file_free(file);
		return err;
	}
	scstu_dev_set_private(dev, file);
	return 0;
}

/* What flush() would save is saved here, too. */
static void file_close(struct scstu_dev *dev)
{
	struct file *file = scstu_dev_private(dev);

	if (!scstu_dev_read_only(dev) && fdatasync(file->fd))
		scstu_dev_log(dev, 3, "the last flush failed: %s",
			      strerror(errno));
	file_free(file);
}

/* Move one element; 0 or a positive errno. */
static int file_move(int fd, const struct iovec *iov, off_t at, bool write)
{
	char *next = iov->iov_base, *end = next + iov->iov_len;
	ssize_t n;

	while (next < end) {
		n = write ? pwrite(fd, next, end - next, at) :
			    pread(fd, next, end - next, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return EIO;	/* somebody made the file shorter */
		next += n;
		at += n;
	}
	return 0;
}

static void file_transfer(struct scstu_req *req, bool write)
{
	struct file *file = scstu_req_dev_private(req);
	uint64_t at = scstu_req_offset(req), left = scstu_req_length(req);
	const struct iovec *iov;
	int i, count, err = 0;

	iov = scstu_req_iov(req, &count);
	for (i = 0; i < count && left && !err; i++) {
		struct iovec part = iov[i];

		if (part.iov_len > left)
			part.iov_len = left;
		err = file_move(file->fd, &part, at, write);
		at += part.iov_len;
		left -= part.iov_len;
	}
	if (err)
		scstu_fail_errno(req, err);
	else
		scstu_done(req);
}

static void file_read(struct scstu_req *req)
{
	file_transfer(req, false);
}

static void file_write(struct scstu_req *req)
{
	struct file *file = scstu_req_dev_private(req);

	if (file->lost)
		scstu_fail(req, SCSTU_SENSE_WRITE_ERROR);
	else
		file_transfer(req, true);
}

/*
 * The kernel reports a failed write-back once and then forgets it. So do not
 * let a later flush succeed: an initiator would take it for the safety of
 * writes that are lost.
 */
static void file_flush(struct scstu_req *req)
{
	struct file *file = scstu_req_dev_private(req);

	if (!file->lost && fdatasync(file->fd)) {
		file->lost = true;
		scstu_dev_log(scstu_req_dev(req), 3, "flush failed: %s",
			      strerror(errno));
	}
	if (file->lost)
		scstu_fail(req, SCSTU_SENSE_WRITE_ERROR);
	else
		scstu_done(req);
}

static const struct scstu_param file_params[] = {
	{ "path", SCSTU_STRING, "the file; its size is the disk's", NULL },
	{ 0 }
};

static const struct scstu_disk_ops file_disk = {
	SCSTU_DISK_OPS_INIT,
	.read = file_read,
	.write = file_write,
	.flush = file_flush,
};

static const struct scstu_handler handler = {
	SCSTU_HANDLER_INIT,
	.name = "filedisk",
	.summary = "A file as a disk, read and written by several threads",
	.threads = SCSTU_PARALLEL,
	.params = file_params,
	.open = file_open,
	.close = file_close,
	.disk = &file_disk,
};

int main(int argc, char **argv)
{
	return scstu_main(argc, argv, &handler);
}
