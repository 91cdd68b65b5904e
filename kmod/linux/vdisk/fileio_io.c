// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: reading and writing a file.
 *
 * Reads and writes go to a worker of their CPU, in batches. It tries what can
 * be done without waiting: reads of what is cached, direct I/O that can be
 * queued. Buffered writes it does itself, since the inode's lock puts them in
 * a line anyway. All else goes to a workqueue where it may block; so does
 * everything if the file system knows no IOCB_NOWAIT.
 *
 * Durable means: flushed by vfs_fsync_range(), or written past the page cache
 * with IOCB_DSYNC where that is known to work. When a flush fails, what the
 * page cache held may be lost, and the kernel says so only once; from then on
 * every write and flush of the device fails, so that no initiator takes a
 * later success for the safety of its earlier writes.
 */
#include <linux/fadvise.h>
#include <linux/uio.h>

#include "fileio.h"
#include "seg.h"

/* It leaves it to others to know its types. */
#include <linux/falloc.h>

struct fileio_req {
	struct vdisk_req req;
	struct kiocb iocb;
	struct iov_iter iter;
	u64 bytes;
	u64 moved;
	u32 piece;			/* bytes of an attempt, 0: all */
	u16 dir;			/* ITER_SOURCE: a write */
	bool buffered;			/* in spite of O_DIRECT */
	bool stalled;			/* nothing moved the last time */
};

static_assert(sizeof(struct fileio_req) <=
	      sizeof(((struct scst_cmd *)0)->backend), "fits the scratch");

static struct fileio *io_fileio(const struct sbc_io *io)
{
	return to_fileio(&io_vdisk(io)->hdev);
}

static struct fileio_req *to_freq(struct vdisk_req *req)
{
	return container_of(req, struct fileio_req, req);
}

static struct fileio_req *freq_init(struct sbc_io *io)
{
	struct fileio_req *fr = (struct fileio_req *)io->cmd->backend;

	fr->req.io = io;
	fr->bytes = vdisk_bytes(io_vdisk(io), io->blocks);
	fr->moved = 0;
	fr->piece = 0;
	fr->buffered = false;
	fr->stalled = false;
	return fr;
}

static loff_t freq_pos(const struct fileio_req *fr)
{
	return vdisk_bytes(io_vdisk(fr->req.io), fr->req.io->lba);
}

static void freq_block(struct fileio_req *fr, work_func_t fn)
{
	INIT_WORK(&fr->req.work, fn);
	queue_work(io_fileio(fr->req.io)->slow, &fr->req.work);
}

/* ---- The end --------------------------------------------------------- */

static void set_lost(struct fileio *fio, int err)
{
	if (!xchg(&fio->lost, true))
		vdisk_err(&fio->disk, "path: making data durable failed (%d): cached writes may be lost. Writes are refused from now on; check the storage, then disable and enable the device",
			  err);
}

static int freq_sync(struct fileio_req *fr)
{
	struct fileio *fio = io_fileio(fr->req.io);
	int err;

	err = vfs_fsync_range(fio->file, freq_pos(fr),
			      freq_pos(fr) + fr->bytes - 1, 1);
	if (err)
		set_lost(fio, err);
	return err;
}

static void freq_fail(struct fileio_req *fr, int err)
{
	struct vdisk *vd = io_vdisk(fr->req.io);

	vdisk_bad_lba(fr->req.io, fr->moved);
	vdisk_done(&fr->req, vdisk_sense(vd, err, fr->dir == ITER_SOURCE));
}

/* ---- One attempt ----------------------------------------------------- */

/*
 * Sets up @fr->iocb and @fr->iter for what is left and calls the file system.
 * With @done, the answer may be -EIOCBQUEUED and @done called, in any context.
 */
static ssize_t freq_call(struct fileio_req *fr, int flags,
			 void (*done)(struct kiocb *iocb, long ret))
{
	struct sbc_io *io = fr->req.io;
	struct file *file = io_fileio(io)->file;

	init_sync_kiocb(&fr->iocb, file);
	fr->iocb.ki_pos = freq_pos(fr) + fr->moved;
	fr->iocb.ki_flags |= flags;
	fr->iocb.ki_complete = done;
	if (fr->buffered)
		fr->iocb.ki_flags &= ~IOCB_DIRECT;
	iov_iter_bvec(&fr->iter, fr->dir, io->segs, io->nr_segs, fr->bytes);
	if (fr->moved)
		iov_iter_advance(&fr->iter, fr->moved);
	if (unlikely(fr->piece))
		iov_iter_truncate(&fr->iter, fr->piece);
	return fr->dir == ITER_SOURCE ?
	       file->f_op->write_iter(&fr->iocb, &fr->iter) :
	       file->f_op->read_iter(&fr->iocb, &fr->iter);
}

static int write_flags(const struct fileio_req *fr)
{
	if (fr->dir == ITER_SOURCE && (fr->req.io->flags & SBC_IO_FUA))
		return IOCB_DSYNC | IOCB_WRITE;
	return fr->dir == ITER_SOURCE ? IOCB_WRITE : 0;
}

/* ---- Until it is done ------------------------------------------------ */

/* The file is shorter than the disk: behind its end there are zeroes. */
static bool read_behind_end(struct fileio_req *fr)
{
	struct sbc_io *io = fr->req.io;
	u64 size = i_size_read(file_inode(io_fileio(io)->file));

	if (fr->dir == ITER_SOURCE || freq_pos(fr) + fr->moved < size)
		return false;
	core_segs_zero(io->segs, io->nr_segs, fr->moved,
		       fr->bytes - fr->moved);
	fr->moved = fr->bytes;
	return true;
}

/*
 * Past the page cache a transfer fails as a whole. Block by block it gets as
 * far as the first that is bad, and tells which.
 */
static bool freq_shorter(struct fileio_req *fr, ssize_t ret)
{
	if (ret != -EIO && ret != -ENODATA && ret != -EILSEQ)
		return false;
	if (fr->piece || !(fr->iocb.ki_flags & IOCB_DIRECT))
		return false;
	fr->piece = 1u << io_vdisk(fr->req.io)->shift;
	return true;
}

/* What an attempt came to; 0: try again, or all is moved. */
static int freq_progress(struct fileio_req *fr, ssize_t ret)
{
	if (ret > 0) {
		fr->moved = min_t(u64, fr->moved + ret, fr->bytes);
		fr->stalled = false;
		return 0;
	}
	/* Memory that is not aligned enough for the device. */
	if (ret == -EINVAL && (fr->iocb.ki_flags & IOCB_DIRECT)) {
		fr->buffered = true;
		return 0;
	}
	if (ret && freq_shorter(fr, ret))
		return 0;
	if (ret)
		return ret;
	if (read_behind_end(fr))
		return 0;
	if (fr->stalled)
		return fr->dir == ITER_SOURCE ? -ENOSPC : -EIO;
	fr->stalled = true;
	return 0;
}

/* In process context, for as long as it takes. */
static void freq_run(struct fileio_req *fr)
{
	struct file *file = io_fileio(fr->req.io)->file;
	int err = 0;

	if (fr->dir == ITER_SOURCE)
		file_start_write(file);
	while (!err && fr->moved < fr->bytes)
		err = freq_progress(fr, freq_call(fr, write_flags(fr), NULL));
	/* Whatever became of IOCB_DSYNC on the way through the cache. */
	if (!err && fr->buffered && (write_flags(fr) & IOCB_DSYNC))
		err = freq_sync(fr);
	if (fr->dir == ITER_SOURCE)
		file_end_write(file);
	if (err)
		freq_fail(fr, err);
	else
		vdisk_done(&fr->req, SENSE_NONE);
}

static void freq_work(struct work_struct *work)
{
	struct fileio_req *fr = container_of(work, struct fileio_req,
					     req.work);
	unsigned int flags = vdisk_io_begin();

	freq_run(fr);
	vdisk_io_end(flags);
}

/* ---- Without waiting ------------------------------------------------- */

static void freq_ended(struct fileio_req *fr, ssize_t ret)
{
	if (ret > 0)
		fr->moved = min_t(u64, fr->moved + ret, fr->bytes);
	if (likely(fr->moved == fr->bytes))
		vdisk_done(&fr->req, SENSE_NONE);
	else if (ret < 0 && ret != -EAGAIN && ret != -EOPNOTSUPP &&
		 ret != -EINVAL && !freq_shorter(fr, ret))
		freq_fail(fr, ret);
	else
		freq_block(fr, freq_work);
}

/* From wherever the lower device ends its I/O. */
static void direct_done(struct kiocb *iocb, long ret)
{
	struct fileio_req *fr = container_of(iocb, struct fileio_req, iocb);

	if (fr->dir == ITER_SOURCE)
		kiocb_end_write(iocb);
	freq_ended(fr, ret);
}

static void direct_try(struct fileio_req *fr)
{
	ssize_t ret;

	if (fr->dir == ITER_SOURCE) {
		init_sync_kiocb(&fr->iocb, io_fileio(fr->req.io)->file);
		kiocb_start_write(&fr->iocb);
	}
	ret = freq_call(fr, write_flags(fr) | IOCB_NOWAIT, direct_done);
	if (ret != -EIOCBQUEUED)
		direct_done(&fr->iocb, ret);
}

static void read_try(struct vdisk_req *req)
{
	struct fileio_req *fr = to_freq(req);
	const struct fileio *fio = io_fileio(req->io);

	if (fio->direct)
		direct_try(fr);
	else if (fio->memory)
		freq_run(fr);
	else
		freq_ended(fr, freq_call(fr, IOCB_NOWAIT | IOCB_NOIO, NULL));
}

static void write_try(struct vdisk_req *req)
{
	if (io_fileio(req->io)->direct)
		direct_try(to_freq(req));
	else
		freq_run(to_freq(req));
}

static void freq_start(struct fileio_req *fr, struct vdisk_queue *q)
{
	const struct fileio *fio = io_fileio(fr->req.io);

	if (fio->nowait || fio->memory)
		vdisk_queue_add(q, &fr->req);
	else
		freq_block(fr, freq_work);
}

static void fileio_read(struct sbc_io *io)
{
	struct fileio_req *fr = freq_init(io);

	fr->dir = ITER_DEST;
	freq_start(fr, &io_fileio(io)->reads);
}

/* False: and @io is answered. */
static bool may_write(struct sbc_io *io)
{
	const struct fileio *fio = io_fileio(io);

	if (unlikely(READ_ONCE(fio->lost)))
		sbc_io_done(io, SENSE_WRITE_ERROR);
	else if (unlikely(!(fio->file->f_mode & FMODE_WRITE)))
		sbc_io_done(io, SENSE_WRITE_PROTECTED);
	else
		return true;
	return false;
}

static void fileio_write(struct sbc_io *io)
{
	struct fileio_req *fr;

	if (!may_write(io))
		return;
	fr = freq_init(io);
	fr->dir = ITER_SOURCE;
	freq_start(fr, &io_fileio(io)->writes);
}

/* ---- Flush ----------------------------------------------------------- */

static void flush_work_fn(struct work_struct *work)
{
	struct fileio_req *fr = container_of(work, struct fileio_req,
					     req.work);
	unsigned int flags = vdisk_io_begin();
	int err = freq_sync(fr);

	vdisk_io_end(flags);
	vdisk_done(&fr->req, err ? SENSE_WRITE_ERROR : SENSE_NONE);
}

static void fileio_flush(struct sbc_io *io)
{
	if (READ_ONCE(io_fileio(io)->lost))
		sbc_io_done(io, SENSE_WRITE_ERROR);
	else
		freq_block(freq_init(io), flush_work_fn);
}

/* ---- Zeroes ---------------------------------------------------------- */

static int punch(struct fileio *fio, u64 pos, u64 len)
{
	return vfs_fallocate(fio->file,
			     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pos,
			     len);
}

bool fileio_punch(struct fileio *fio, u64 pos, u64 len)
{
	return !punch(fio, pos, len);
}

static int zero_range(struct fileio *fio, u64 pos, u64 len)
{
	int err = -EOPNOTSUPP;

	if (!READ_ONCE(fio->no_zero_range))
		err = vfs_fallocate(fio->file, FALLOC_FL_ZERO_RANGE |
				    FALLOC_FL_KEEP_SIZE, pos, len);
	if (err == -EOPNOTSUPP)
		WRITE_ONCE(fio->no_zero_range, true);
	return err;
}

/* A hole where one is welcome, or may be and there is no better way. */
static int freq_zero(struct fileio_req *fr)
{
	struct sbc_io *io = fr->req.io;
	struct fileio *fio = io_fileio(io);
	int err = -EOPNOTSUPP;

	if (!(io->flags & SBC_IO_MAY_UNMAP))
		err = zero_range(fio, freq_pos(fr), fr->bytes);
	if (err == -EOPNOTSUPP && sbc_lu_config(io->lu)->thin)
		err = punch(fio, freq_pos(fr), fr->bytes);
	if (!err && (io->flags & SBC_IO_FUA))
		err = freq_sync(fr);
	return err;
}

static void zero_work_fn(struct work_struct *work)
{
	struct fileio_req *fr = container_of(work, struct fileio_req,
					     req.work);
	struct vdisk *vd = io_vdisk(fr->req.io);
	unsigned int flags = vdisk_io_begin();
	int err = freq_zero(fr);

	vdisk_io_end(flags);
	vdisk_done(&fr->req, err ? vdisk_sense(vd, err, true) : SENSE_NONE);
}

/* UNMAP comes with SBC_IO_MAY_UNMAP. */
static void fileio_zero(struct sbc_io *io)
{
	if (may_write(io))
		freq_block(freq_init(io), zero_work_fn);
}

/* ---- The rest -------------------------------------------------------- */

/* A block that is partly there is there. */
static void set_extent(struct sbc_io *io, u64 bytes, bool mapped)
{
	u8 shift = io_vdisk(io)->shift;

	if (mapped)
		bytes += (1u << shift) - 1;
	io->extent = bytes >> shift;
	io->mapped = mapped;
	if (io->extent)
		return;
	io->extent = 1;
	io->mapped = true;
}

static void status_work_fn(struct work_struct *work)
{
	struct fileio_req *fr = container_of(work, struct fileio_req,
					     req.work);
	struct file *file = io_fileio(fr->req.io)->file;
	loff_t from = freq_pos(fr), data, hole;

	data = vfs_llseek(file, from, SEEK_DATA);
	if (data == -ENXIO) {
		/* A hole up to the end. */
		set_extent(fr->req.io, fr->bytes, false);
	} else if (data < 0) {
		/* Nobody can tell: it is all there. */
		set_extent(fr->req.io, fr->bytes, true);
	} else if (data > from) {
		set_extent(fr->req.io, data - from, false);
	} else {
		hole = vfs_llseek(file, from, SEEK_HOLE);
		set_extent(fr->req.io, hole > from ? hole - from : 1, true);
	}
	vdisk_done(&fr->req, SENSE_NONE);
}

static void fileio_status(struct sbc_io *io)
{
	freq_block(freq_init(io), status_work_fn);
}

static void prefetch_work_fn(struct work_struct *work)
{
	struct fileio_req *fr = container_of(work, struct fileio_req,
					     req.work);

	vfs_fadvise(io_fileio(fr->req.io)->file, freq_pos(fr), fr->bytes,
		    POSIX_FADV_WILLNEED);
	vdisk_done(&fr->req, SENSE_NONE);
}

static void fileio_prefetch(struct sbc_io *io)
{
	if (io_fileio(io)->direct)
		sbc_io_done(io, SENSE_NONE);
	else
		freq_block(freq_init(io), prefetch_work_fn);
}

const struct sbc_backend_ops fileio_backend = {
	.read = fileio_read,
	.write = fileio_write,
	.flush = fileio_flush,
	.unmap = fileio_zero,
	.zero = fileio_zero,
	.status = fileio_status,
	.prefetch = fileio_prefetch,
};

/* ---- Life ------------------------------------------------------------ */

int fileio_probe(struct fileio *fio, u64 pos, u32 len)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct bio_vec bvec = { .bv_page = page, .bv_len = len };
	struct iov_iter iter;
	struct kiocb iocb;
	ssize_t ret;

	if (!page)
		return -ENOMEM;
	init_sync_kiocb(&iocb, fio->file);
	iocb.ki_pos = pos;
	iov_iter_bvec(&iter, ITER_DEST, &bvec, 1, len);
	ret = fio->file->f_op->read_iter(&iocb, &iter);
	put_page(page);
	return ret < 0 ? ret : 0;
}

int fileio_io_init(struct fileio *fio)
{
	int err;

	fio->slow = alloc_workqueue("scst_file_%s", WQ_UNBOUND | WQ_MEM_RECLAIM,
				    0, scst_hdev_name(&fio->disk.hdev));
	if (!fio->slow)
		return -ENOMEM;
	err = vdisk_queue_init(&fio->reads, read_try);
	if (!err)
		err = vdisk_queue_init(&fio->writes, write_try);
	return err;
}

/* Also after an fileio_io_init() that failed, or none. */
void fileio_io_fini(struct fileio *fio)
{
	vdisk_queue_fini(&fio->reads);
	vdisk_queue_fini(&fio->writes);
	if (fio->slow)
		destroy_workqueue(fio->slow);
	fio->slow = NULL;
}
