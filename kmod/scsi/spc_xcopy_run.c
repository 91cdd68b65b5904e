// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: a copy on its way: segments, chunks, and what becomes of errors.
 *
 * A copy belongs to whoever runs its loop. The one thing that happens to it
 * meanwhile is that its command is given up: then the READ or WRITE under way
 * is advised of that as well, and the loop ends once that is over.
 */
#include "spc.h"
#include "spc_xcopy.h"
#include "scst_core.h"
#include "seg.h"

static struct spc_xcopy *xcopy_of(struct scst_cmd *cmd)
{
	return scst_cmd_task(cmd)->xcopy;
}

/* ---- Sense (SPC-4 5.17.7.4) ----------------------------------------------- */

/*
 * Fixed format has room for it behind itself: status and sense data, and in
 * the first bytes of COMMAND-SPECIFIC INFORMATION where those begin, for the
 * source and for the destination.
 */
static u32 forward_fixed(const struct spc_copy_error *err, bool dst,
			 u8 *buf, u32 len)
{
	u32 n = min_t(u32, err->sense_len, SCST_SENSE_MAX - len - 1);

	buf[dst ? 9 : 8] = len;
	buf[len] = err->status;
	memcpy(buf + len + 1, err->sense_data, n);
	buf[7] += 1 + n;
	return len + 1 + n;
}

/* Forwarded sense data descriptor (SPC-4 4.5.2.7) */
static u32 forward_descriptor(const struct spc_copy_error *err, bool dst,
			      u8 *buf, u32 len)
{
	u32 n = min_t(u32, err->sense_len, SCST_SENSE_MAX - len - 4);
	u8 *d = buf + len;

	d[0] = 0x0c;
	d[1] = 2 + n;
	d[2] = dst ? 2 : 1;
	d[3] = err->status;
	memcpy(d + 4, err->sense_data, n);
	buf[7] += 4 + n;
	return len + 4 + n;
}

/* The sense data of the copy to @buf; its length. */
static u32 error_encode(const struct spc_xcopy *xc, u8 *buf)
{
	bool descriptor = READ_ONCE(xc->cmd->dev->descriptor_sense);
	const struct spc_copy_error *err = &xc->error;
	struct scst_sense_data sd = {
		.sense = err->sense,
		.specific = xc->segment,
	};
	u32 len = scst_sense_encode(&sd, descriptor, buf, SCST_SENSE_MAX);

	if (descriptor && !xc->segment) {
		/* segment 0, where its being left out would say nothing */
		buf[len] = 0x01;
		buf[len + 1] = 0x0a;
		buf[7] += 12;
		len += 12;
	}
	if (!err->forward)
		return len;
	if (descriptor)
		return forward_descriptor(err, xc->writing, buf, len);
	return forward_fixed(err, xc->writing, buf, len);
}

/* ---- The end -------------------------------------------------------------- */

static void end_drop(struct spc_copy_end *end)
{
	if (end->itl)
		scst_itl_drop(end->itl);
	end->itl = NULL;
}

/* The copy is over, with @status; what is left is to complete its command. */
static void xcopy_finish(struct spc_xcopy *xc, u8 status)
{
	struct scst_task *task = scst_cmd_task(xc->cmd);

	spin_lock_bh(&task->itl->lock);
	task->xcopy = NULL;
	spin_unlock_bh(&task->itl->lock);
	if (xc->copy)
		spc_copy_done(task->itl, xc->copy, status);
	end_drop(&xc->src);
	end_drop(&xc->dst);
	atomic_dec(&xc->cmd->dev->nr_copies);
	spc_xcopy_free(xc);
}

static void xcopy_fail(struct spc_xcopy *xc)
{
	struct scst_cmd *cmd = xc->cmd;
	u8 buf[SCST_SENSE_MAX] = { 0 };
	u32 len = error_encode(xc, buf);

	cmd->sense.sense = xc->error.sense;
	/* Without memory the initiator learns no more than that. */
	cmd->raw_sense = kmemdup(buf, len, GFP_ATOMIC);
	cmd->raw_sense_len = len;
	if (xc->copy) {
		xc->copy->sense_len = len;
		memcpy(xc->copy->sense, buf, len);
	}
	xcopy_finish(xc, SCSI_CHECK_CONDITION);
	scst_cmd_complete(cmd, SCSI_CHECK_CONDITION);
}

/* The loop's: an error, or the command was given up. */
static void xcopy_end(struct scst_cmd *cmd, enum scst_sense sense)
{
	struct spc_xcopy *xc = xcopy_of(cmd);

	if (sense != SENSE_ABORTED) {
		xcopy_fail(xc);
		return;
	}
	xcopy_finish(xc, SCSI_TASK_ABORTED);
	scst_cmd_fail(cmd, SENSE_ABORTED);
}

/* ---- Segments ------------------------------------------------------------- */

/* The ITL of this nexus that the CSCD descriptor @d names, with a hold. */
static struct scst_itl *cscd_find(const struct scst_task *task, const u8 *d)
{
	const struct scst_itl_table *table;
	struct scst_itl *itl, *found = NULL;
	u32 i;

	/* Of several ways to a device, the one that the command took. */
	if (spc_is_designated(task->itl->dev, d + 4) &&
	    scst_itl_hold(task->itl))
		return task->itl;
	core_read_begin();
	table = rcu_dereference(task->nexus->itls);
	scst_for_each_itl(itl, table, i) {
		if (spc_is_designated(itl->dev, d + 4) && scst_itl_hold(itl)) {
			found = itl;
			break;
		}
	}
	core_read_end();
	return found;
}

static u32 device_max_bytes(const struct scst_device *dev, u32 block_size)
{
	const struct scst_vpd_page *page;
	u32 blocks = 0;

	page = spc_vpd_find(dev, SCSI_VPD_BLOCK_LIMITS);
	if (page && page->len >= 8)	/* MAXIMUM TRANSFER LENGTH */
		blocks = get_unaligned_be32(page->data + 4);
	if (!blocks)
		return dev->max_transfer;
	return min_t(u64, (u64)blocks * block_size, dev->max_transfer);
}

static enum scst_sense end_open(const struct spc_xcopy *xc,
				struct spc_copy_end *end, u16 index, u64 lba)
{
	const u8 *d = spc_xcopy_cscd(xc, index);
	struct scst_device *dev;

	end_drop(end);
	if (!d)
		return SENSE_COPY_UNREACHABLE;
	if (!(d[1] & 0x20))		/* NUL: no device at all */
		end->itl = cscd_find(scst_cmd_task(xc->cmd), d);
	if (!end->itl)
		return SENSE_COPY_NOT_REACHABLE;
	dev = end->itl->dev;
	spin_lock_bh(&dev->lock);
	end->block_size = dev->block_size;
	spin_unlock_bh(&dev->lock);
	if (!dev->copies || (d[1] & 0x1f) != dev->type || !end->block_size ||
	    end->block_size > SCST_DATA_ALIGN)
		return SENSE_COPY_WRONG_TYPE;
	if (get_unaligned_be24(d + 29) != end->block_size)
		return SENSE_COPY_INVALID_FIELD;
	end->lba = lba;
	end->max_bytes = device_max_bytes(dev, end->block_size);
	return SENSE_NONE;
}

/* Would a copy from the beginning overwrite what it has yet to read? */
static bool overlaps(const struct spc_xcopy *xc)
{
	return xc->src.itl->dev == xc->dst.itl->dev &&
	       xc->dst.lba > xc->src.lba &&
	       xc->dst.lba - xc->src.lba < xc->len / xc->src.block_size;
}

static bool lba_overflows(const struct spc_copy_end *end, u64 len)
{
	u64 behind;

	return check_add_overflow(end->lba, len / end->block_size, &behind);
}

/*
 * A length that is not whole blocks at both ends is an inexact segment
 * whatever PAD and CAT say: residual data is not kept.
 */
static enum scst_sense segment_open(struct spc_xcopy *xc)
{
	const u8 *s = spc_xcopy_segment(xc, xc->segment);
	u32 small, large;
	enum scst_sense sense;

	sense = end_open(xc, &xc->src, get_unaligned_be16(s + 4),
			 get_unaligned_be64(s + 12));
	if (!sense)
		sense = end_open(xc, &xc->dst, get_unaligned_be16(s + 6),
				 get_unaligned_be64(s + 20));
	if (sense)
		return sense;
	small = min(xc->src.block_size, xc->dst.block_size);
	large = max(xc->src.block_size, xc->dst.block_size);
	xc->len = (u64)get_unaligned_be16(s + 10) *
		  (s[1] & 2 ? xc->dst.block_size : xc->src.block_size);
	if (large % small || xc->len % large)
		return SENSE_COPY_INEXACT;
	if (lba_overflows(&xc->src, xc->len) ||
	    lba_overflows(&xc->dst, xc->len))
		return SENSE_COPY_INVALID_FIELD;
	xc->backwards = overlaps(xc);
	xc->left = xc->len;
	return SENSE_NONE;
}

/* On to the next segment that has data; false: there is none, or an error. */
static bool segment_next(struct spc_xcopy *xc)
{
	while (!xc->left) {
		if (xc->open) {
			xc->segment++;
			if (xc->copy)
				WRITE_ONCE(xc->copy->segments, xc->segment);
		}
		xc->open = false;
		if (xc->segment == xc->nr_segments)
			return false;
		xc->error.sense = segment_open(xc);
		if (xc->error.sense)
			return false;
		xc->open = true;
	}
	return true;
}

/* ---- Chunks --------------------------------------------------------------- */

static struct spc_copy_end *current_end(struct spc_xcopy *xc)
{
	return xc->writing ? &xc->dst : &xc->src;
}

void spc_xcopy_abort(struct spc_xcopy *xc)
{
	struct scst_device *dev;

	spin_lock_bh(&xc->lock);
	if (xc->active) {
		dev = current_end(xc)->itl->dev;
		WRITE_ONCE(xc->task.cmd.aborted, true);
		if (dev->ops->abort)
			dev->ops->abort(dev, &xc->task.cmd);
	}
	spin_unlock_bh(&xc->lock);
}

/* False: the copy is to go no further. */
static bool set_active(struct spc_xcopy *xc)
{
	bool go;

	spin_lock_bh(&xc->lock);
	go = !READ_ONCE(xc->cmd->aborted);
	xc->active = go;
	spin_unlock_bh(&xc->lock);
	return go;
}

static void set_idle(struct spc_xcopy *xc)
{
	spin_lock_bh(&xc->lock);
	xc->active = false;
	spin_unlock_bh(&xc->lock);
}

/* What did the READ or WRITE come to? */
static enum scst_sense chunk_outcome(struct spc_xcopy *xc)
{
	const struct scst_task *task = &xc->task;
	const struct scst_cmd *cmd = &task->cmd;
	struct spc_copy_error *err = &xc->error;

	if (!scst_task_aborted(task) && cmd->status == SCSI_GOOD &&
	    cmd->wanted == xc->bytes &&
	    (xc->writing || cmd->data_in == xc->bytes))
		return SENSE_NONE;

	err->sense = SENSE_COPY_ABORTED;
	err->forward = !scst_task_aborted(task) && cmd->status != SCSI_GOOD;
	err->status = cmd->status;
	if (cmd->status == SCSI_CHECK_CONDITION)
		err->sense_len = scst_task_sense(task, err->sense_data,
						 sizeof(err->sense_data));
	return err->sense;
}

static bool xcopy_next(struct scst_cmd *cmd);

static void chunk_done(struct scst_task *task)
{
	struct spc_xcopy *xc = container_of(task, struct spc_xcopy, task);
	struct scst_cmd *cmd = xc->cmd;
	enum scst_sense sense;

	set_idle(xc);
	sense = chunk_outcome(xc);
	scst_task_end(task);
	if (!sense) {
		if (xc->writing) {
			xc->left -= xc->bytes;
			if (xc->copy)
				WRITE_ONCE(xc->copy->bytes,
					   xc->copy->bytes + xc->bytes);
		}
		xc->writing = !xc->writing;
	}
	if (scsi_loop_done(&xc->loop, sense))
		scsi_loop_run(cmd, &xc->loop, xcopy_next, xcopy_end);
}

/* Whole blocks of both ends. */
static u32 chunk_bytes(const struct spc_xcopy *xc)
{
	u32 most = min3(xc->chunk, xc->src.max_bytes, xc->dst.max_bytes);

	most -= most % max(xc->src.block_size, xc->dst.block_size);
	return min_t(u64, most, xc->left);
}

static void chunk_prepare(struct spc_xcopy *xc)
{
	const struct spc_copy_end *end = current_end(xc);
	struct scst_task *parent = scst_cmd_task(xc->cmd);
	struct scst_task *task = &xc->task;
	u8 cdb[16] = { xc->writing ? SCSI_WRITE_16 : SCSI_READ_16 };
	u64 off;
	u8 lun[8];

	if (!xc->writing)
		xc->bytes = chunk_bytes(xc);
	off = xc->backwards ? xc->left - xc->bytes : xc->len - xc->left;
	put_unaligned_be64(end->lba + off / end->block_size, cdb + 2);
	put_unaligned_be32(xc->bytes / end->block_size, cdb + 10);

	scst_lun_encode(end->itl->lun, lun);
	scst_task_init(task, parent->nexus, lun, cdb, sizeof(cdb));
	task->tag = parent->tag;
	task->expected = xc->bytes;
	task->respond = chunk_done;
	task->cmd.dir = xc->writing ? SCST_DATA_OUT : SCST_DATA_IN;
	memcpy(xc->task_segs, xc->segs, xc->nr_segs * sizeof(*xc->segs));
	task->cmd.segs = xc->task_segs;
	task->cmd.nr_segs = xc->nr_segs;
	core_segs_trim(task->cmd.segs, &task->cmd.nr_segs,
		       round_up(xc->bytes, SCST_DATA_ALIGN));
}

/* The loop's: submit the next READ or WRITE, or end the command. */
static bool xcopy_next(struct scst_cmd *cmd)
{
	struct spc_xcopy *xc = xcopy_of(cmd);

	if (!segment_next(xc)) {
		if (xc->error.sense) {
			xcopy_fail(xc);
		} else {
			xcopy_finish(xc, SCSI_GOOD);
			scst_cmd_good(cmd);
		}
		return false;
	}
	chunk_prepare(xc);
	if (!set_active(xc)) {
		scsi_loop_done(&xc->loop, SENSE_ABORTED);
	} else if (!scst_task_submit_at(&xc->task, current_end(xc)->itl)) {
		/* It left the nexus meanwhile. */
		set_idle(xc);
		xc->error.sense = SENSE_COPY_NOT_REACHABLE;
		scsi_loop_done(&xc->loop, xc->error.sense);
	}
	return true;
}

void spc_xcopy_start(struct spc_xcopy *xc)
{
	struct scst_cmd *cmd = xc->cmd;
	struct scst_task *task = scst_cmd_task(cmd);

	/* Who gives the command up later than this finds the copy. */
	spin_lock_bh(&task->itl->lock);
	task->xcopy = xc;
	spin_unlock_bh(&task->itl->lock);
	scsi_loop_run(cmd, &xc->loop, xcopy_next, xcopy_end);
}
