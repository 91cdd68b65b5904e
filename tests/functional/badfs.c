// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a file system (FUSE) with one file, "disk", of six MiB in memory, on
 * which things fail by place:
 *
 *	MiB 0	nothing does
 *	    1	every read and write: EIO
 *	    2	every write, also of zeroes or holes: ENOSPC
 *	    3	transfers move a part, or are interrupted (EINTR)
 *	    4	writes are taken, but the next sync fails: EIO
 *	    5	unmapping and zeroing: EIO
 *
 *	badfs MOUNTPOINT
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MIB   (1 << 20)
#define BYTES (6 * MIB)

static char disk[BYTES];
static bool sync_fails;
static unsigned int transfers;

/* Linux makes EIO of short writes that it does asynchronously. */
static void *bad_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	conn->want &= ~FUSE_CAP_ASYNC_DIO;
	return NULL;
}

static bool is_disk(const char *path)
{
	return !strcmp(path, "/disk");
}

static int bad_getattr(const char *path, struct stat *st,
		       struct fuse_file_info *fi)
{
	memset(st, 0, sizeof(*st));
	if (!strcmp(path, "/")) {
		st->st_mode = S_IFDIR | 0700;
		st->st_nlink = 2;
	} else if (is_disk(path)) {
		st->st_mode = S_IFREG | 0600;
		st->st_nlink = 1;
		st->st_size = BYTES;
	} else {
		return -ENOENT;
	}
	return 0;
}

/* No page cache: errors are those of the transfer, as with real ones past it. */
static int bad_open(const char *path, struct fuse_file_info *fi)
{
	if (!is_disk(path))
		return -ENOENT;
	fi->direct_io = 1;
	return 0;
}

/* What becomes of @len bytes at @off: fewer, or an error. */
static int transfer(size_t len, off_t off, bool write)
{
	if (off < 0 || off >= BYTES)
		return write ? -EFBIG : 0;
	if (len > BYTES - off)
		len = BYTES - off;
	switch (off / MIB) {
	case 1:
		return -EIO;
	case 2:
		return write ? -ENOSPC : len;
	case 3:
		if (++transfers % 3 == 0)
			return -EINTR;
		return len > 512 ? len / 2 : len;
	case 4:
		sync_fails |= write;
		return len;
	default:
		return len;
	}
}

static int bad_read(const char *path, char *buf, size_t len, off_t off,
		    struct fuse_file_info *fi)
{
	int n = transfer(len, off, false);

	if (n > 0)
		memcpy(buf, disk + off, n);
	return n;
}

static int bad_write(const char *path, const char *buf, size_t len, off_t off,
		     struct fuse_file_info *fi)
{
	int n = transfer(len, off, true);

	if (n > 0)
		memcpy(disk + off, buf, n);
	return n;
}

/* The error is told once, as file systems do. */
static int bad_fsync(const char *path, int data_only, struct fuse_file_info *fi)
{
	bool fails = sync_fails;

	sync_fails = false;
	return fails ? -EIO : 0;
}

static int bad_fallocate(const char *path, int mode, off_t off, off_t len,
			 struct fuse_file_info *fi)
{
	if (off < 0 || len < 0 || off > BYTES || len > BYTES - off)
		return -EFBIG;
	if (off / MIB == 2)
		return -ENOSPC;
	if (off / MIB == 5)
		return -EIO;
	memset(disk + off, 0, len);
	return 0;
}

static const struct fuse_operations ops = {
	.init = bad_init,
	.getattr = bad_getattr,
	.open = bad_open,
	.read = bad_read,
	.write = bad_write,
	.fsync = bad_fsync,
	.fallocate = bad_fallocate,
};

int main(int argc, char **argv)
{
	char foreground[] = "-f", single[] = "-s";
	char *args[] = { argv[0], foreground, single, argv[1], NULL };

	return argc == 2 ? fuse_main(4, args, &ops, NULL) : 2;
}
