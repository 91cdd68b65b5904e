// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: reading and writing a block device.
 *
 * An I/O is one bio, which is part of the command and points to the command's
 * own list of segments; the block layer splits it where the device wants it
 * split. Since submitting may sleep, a worker does it, in batches with a plug
 * around them.
 *
 * A bio that fails does not tell where. The blocks are then tried one by one,
 * to report the first that fails: a read or write may be done twice, as long
 * as the command that wants it has not been answered.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>

#include "blockio.h"
#include "seg.h"

struct block_req {
	struct vdisk_req req;
	enum req_op op;
	u32 nr_bounce;
	struct core_seg *bounce;	/* aligned memory in place of segs */
	struct bio bio;
};

static_assert(sizeof(struct block_req) <=
	      sizeof(((struct scst_cmd *)0)->backend), "fits the scratch");

static struct blockio *io_blockio(const struct sbc_io *io)
{
	return to_blockio(&io_vdisk(io)->hdev);
}

static struct block_req *to_breq(struct vdisk_req *req)
{
	return container_of(req, struct block_req, req);
}

static sector_t breq_sector(const struct block_req *br)
{
	const struct sbc_io *io = br->req.io;

	return vdisk_bytes(io_vdisk(io), io->lba) >> SECTOR_SHIFT;
}

static sector_t breq_sectors(const struct block_req *br)
{
	const struct sbc_io *io = br->req.io;

	return vdisk_bytes(io_vdisk(io), io->blocks) >> SECTOR_SHIFT;
}

/* ---- Memory ---------------------------------------------------------- */

/* Drivers may rely on whole sectors that do not cross a page. */
static bool segs_aligned(const struct core_seg *segs, u32 nr)
{
	u32 bits = 0;

	while (nr--) {
		bits |= segs->bv_offset | segs->bv_len;
		segs++;
	}
	return !(bits & (SECTOR_SIZE - 1));
}

static void bounce_copy(struct block_req *br, bool back)
{
	const struct sbc_io *io = br->req.io;
	struct core_segs_pair pair = {
		.a = back ? io->segs : br->bounce,
		.nr_a = back ? io->nr_segs : br->nr_bounce,
		.b = back ? br->bounce : io->segs,
		.nr_b = back ? br->nr_bounce : io->nr_segs,
	};

	core_segs_copy(&pair, vdisk_bytes(io_vdisk(io), io->blocks));
}

static int bounce_get(struct block_req *br)
{
	const struct sbc_io *io = br->req.io;
	int err;

	if (likely(segs_aligned(io->segs, io->nr_segs)))
		return 0;
	err = core_segs_alloc(&br->bounce, &br->nr_bounce,
			      vdisk_bytes(io_vdisk(io), io->blocks), GFP_NOIO);
	if (!err && br->op == REQ_OP_WRITE)
		bounce_copy(br, false);
	return err;
}

static void bounce_put(struct block_req *br, bool good)
{
	if (good && br->op == REQ_OP_READ)
		bounce_copy(br, true);
	core_segs_free(br->bounce, br->nr_bounce);
}

/* ---- The end --------------------------------------------------------- */

static void breq_end(struct block_req *br, int err)
{
	struct vdisk *vd = io_vdisk(br->req.io);

	if (unlikely(br->bounce))
		bounce_put(br, !err);
	vdisk_done(&br->req, likely(!err) ? SENSE_NONE :
		   vdisk_sense(vd, err, br->op != REQ_OP_READ));
}

/* Could another attempt tell which block it is? */
static bool breq_locatable(const struct block_req *br, int err)
{
	return (br->op == REQ_OP_READ || br->op == REQ_OP_WRITE) &&
	       (err == -EIO || err == -ENODATA || err == -EILSEQ);
}

static blk_opf_t breq_opf(const struct block_req *br)
{
	blk_opf_t opf = br->op;

	if (br->op == REQ_OP_WRITE)
		opf |= REQ_SYNC | REQ_IDLE;
	if (br->op == REQ_OP_WRITE && (br->req.io->flags & SBC_IO_FUA))
		opf |= REQ_FUA;
	return opf;
}

static int one_block(struct block_req *br, const struct core_seg *segs, u32 nr,
		     u64 index)
{
	struct sbc_io *io = br->req.io;
	struct vdisk *vd = io_vdisk(io);
	struct bio_vec vecs[SCST_DATA_ALIGN / SECTOR_SIZE];
	struct bio bio;
	int err;

	bio_init(&bio, io_blockio(io)->block.bdev, vecs, ARRAY_SIZE(vecs),
		 breq_opf(br));
	bio.bi_vcnt = core_segs_slice(segs, nr, vdisk_bytes(vd, index),
				      1u << vd->shift, vecs, ARRAY_SIZE(vecs));
	bio.bi_iter.bi_sector = vdisk_bytes(vd, io->lba + index) >>
				SECTOR_SHIFT;
	bio.bi_iter.bi_size = 1u << vd->shift;
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

static void locate_work(struct work_struct *work)
{
	struct block_req *br = container_of(work, struct block_req, req.work);
	struct sbc_io *io = br->req.io;
	const struct core_seg *segs = br->bounce ? br->bounce : io->segs;
	u32 nr = br->bounce ? br->nr_bounce : io->nr_segs;
	unsigned int flags = vdisk_io_begin();
	int err = 0;
	u64 i;

	for (i = 0; i < io->blocks && !err; i++)
		err = one_block(br, segs, nr, i);
	if (err)
		vdisk_bad_lba(io, vdisk_bytes(io_vdisk(io), i - 1));
	vdisk_io_end(flags);
	breq_end(br, err);
}

/* Any context. */
static void bio_done(struct bio *bio)
{
	struct block_req *br = container_of(bio, struct block_req, bio);
	int err = blk_status_to_errno(bio->bi_status);

	bio_uninit(bio);
	if (unlikely(err) && breq_locatable(br, err)) {
		INIT_WORK(&br->req.work, locate_work);
		queue_work(io_blockio(br->req.io)->slow, &br->req.work);
		return;
	}
	breq_end(br, err);
}

/* ---- Submission ------------------------------------------------------ */

static void submit_rw(struct block_req *br)
{
	struct sbc_io *io = br->req.io;
	struct block_device *bdev = io_blockio(io)->block.bdev;
	struct bio *bio = &br->bio;
	int err = bounce_get(br);

	if (err) {
		breq_end(br, err);
		return;
	}
	if (unlikely(br->bounce))
		bio_init(bio, bdev, br->bounce, br->nr_bounce, breq_opf(br));
	else
		bio_init(bio, bdev, io->segs, io->nr_segs, breq_opf(br));
	/* Its list is complete, and not its own. */
	bio->bi_vcnt = bio->bi_max_vecs;
	bio_set_flag(bio, BIO_CLONED);
	bio->bi_iter.bi_sector = breq_sector(br);
	bio->bi_iter.bi_size = breq_sectors(br) << SECTOR_SHIFT;
	bio->bi_end_io = bio_done;
	submit_bio(bio);
}

static void submit_flush(struct block_req *br)
{
	bio_init(&br->bio, io_blockio(br->req.io)->block.bdev, NULL, 0,
		 REQ_OP_WRITE | REQ_PREFLUSH);
	br->bio.bi_end_io = bio_done;
	submit_bio(&br->bio);
}

static void flush_work_fn(struct work_struct *work)
{
	struct block_req *br = container_of(work, struct block_req, req.work);
	unsigned int flags = vdisk_io_begin();

	submit_flush(br);
	vdisk_io_end(flags);
}

/*
 * Of the last of a chain, which answers for all of it. REQ_FUA would concern
 * that one alone, and drivers do not know it with zeroes.
 */
static void chain_done(struct bio *bio)
{
	struct block_req *br = bio->bi_private;
	int err = blk_status_to_errno(bio->bi_status);

	bio_put(bio);
	if (!err && br->op == REQ_OP_WRITE_ZEROES &&
	    (br->req.io->flags & SBC_IO_FUA)) {
		INIT_WORK(&br->req.work, flush_work_fn);
		queue_work(io_blockio(br->req.io)->slow, &br->req.work);
		return;
	}
	breq_end(br, err);
}

static void submit_chain(struct block_req *br, struct bio *last, int err)
{
	if (!last) {
		breq_end(br, err);
		return;
	}
	last->bi_private = br;
	last->bi_end_io = chain_done;
	if (err) {
		last->bi_status = errno_to_blk_status(err);
		bio_endio(last);
	} else {
		submit_bio(last);
	}
}

static void submit_discard(struct block_req *br)
{
	struct bio *last = NULL;
	int err;

	err = __blkdev_issue_discard(io_blockio(br->req.io)->block.bdev,
				     breq_sector(br), breq_sectors(br),
				     GFP_NOIO, &last);
	submit_chain(br, last, err);
}

/* Without help of the device the device server writes the zeroes. */
static void submit_zeroes(struct block_req *br)
{
	struct sbc_io *io = br->req.io;
	unsigned int flags = BLKDEV_ZERO_NOFALLBACK;
	struct bio *last = NULL;
	int err;

	if (!(io->flags & SBC_IO_MAY_UNMAP))
		flags |= BLKDEV_ZERO_NOUNMAP;
	err = __blkdev_issue_zeroout(io_blockio(io)->block.bdev,
				     breq_sector(br), breq_sectors(br),
				     GFP_NOIO, &last, flags);
	submit_chain(br, last, err);
}

static void block_submit(struct vdisk_req *req)
{
	struct block_req *br = to_breq(req);

	switch (br->op) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		submit_rw(br);
		break;
	case REQ_OP_FLUSH:
		submit_flush(br);
		break;
	case REQ_OP_DISCARD:
		submit_discard(br);
		break;
	default:
		submit_zeroes(br);
	}
}

static void block_start(struct sbc_io *io, enum req_op op)
{
	struct block_req *br = (struct block_req *)io->cmd->backend;

	if (unlikely(op != REQ_OP_READ && !io_blockio(io)->writable)) {
		sbc_io_done(io, SENSE_WRITE_PROTECTED);
		return;
	}
	br->req.io = io;
	br->op = op;
	br->bounce = NULL;
	vdisk_queue_add(&io_blockio(io)->queue, &br->req);
}

static void blockio_read(struct sbc_io *io)
{
	block_start(io, REQ_OP_READ);
}

static void blockio_write(struct sbc_io *io)
{
	block_start(io, REQ_OP_WRITE);
}

static void blockio_flush(struct sbc_io *io)
{
	block_start(io, REQ_OP_FLUSH);
}

static void blockio_unmap(struct sbc_io *io)
{
	block_start(io, REQ_OP_DISCARD);
}

static void blockio_zero(struct sbc_io *io)
{
	block_start(io, REQ_OP_WRITE_ZEROES);
}

/* ---- Life ------------------------------------------------------------ */

int blockio_io_init(struct blockio *b)
{
	struct block_device *bdev = b->block.bdev;

	b->backend = (struct sbc_backend_ops){
		.read = blockio_read,
		.write = blockio_write,
		.flush = blockio_flush,
		.unmap = bdev_max_discard_sectors(bdev) ? blockio_unmap : NULL,
		.zero = bdev_write_zeroes_sectors(bdev) ? blockio_zero : NULL,
	};
	b->slow = alloc_workqueue("scst_block_%s", WQ_UNBOUND | WQ_MEM_RECLAIM,
				  0, scst_hdev_name(&b->disk.hdev));
	if (!b->slow)
		return -ENOMEM;
	return vdisk_queue_init(&b->queue, block_submit);
}

/* Also after a blockio_io_init() that failed, or none. */
void blockio_io_fini(struct blockio *b)
{
	vdisk_queue_fini(&b->queue);
	if (b->slow)
		destroy_workqueue(b->slow);
	b->slow = NULL;
}
