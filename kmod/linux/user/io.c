// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: requests: from the SBC device server to the handler and back, and
 * their data.
 *
 * A transport that asks for a buffer gets it in the arena, if the command is
 * one whose data goes to the handler as it is: then nothing is copied. Other
 * parameter data never is where a handler could write to it while we read it.
 * What comes in memory of its own (the block layer's pages, a device server's
 * scratch, the arena of a handler that is gone) is copied once.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "seg.h"
#include "user.h"

/* ---- Buffers ---------------------------------------------------------------- */

static bool data_is_payload(const struct user_dev *dev,
			    const struct scst_cmd *cmd)
{
	if (!dev->lu)
		return cmd->opcode && cmd->opcode->execute == user_raw_execute;
	switch (cmd->cdb[0]) {
	case SCSI_READ_6:
	case SCSI_READ_10:
	case SCSI_READ_12:
	case SCSI_READ_16:
	case SCSI_WRITE_6:
	case SCSI_WRITE_10:
	case SCSI_WRITE_12:
	case SCSI_WRITE_16:
	case SCSI_WRITE_ATOMIC_16:
		return true;
	default:
		return false;
	}
}

static struct user_dev *cmd_dev(const struct scst_cmd *cmd)
{
	return to_user_dev(scst_device_priv(cmd->dev));
}

/*
 * Pages of the arena. -EAGAIN: nobody serves, or there is no room, and other
 * memory will do; -ENOMEM: the session has its share.
 */
static int arena_data(struct user_dev *dev, struct scst_cmd *cmd, u32 len)
{
	u32 nr = DIV_ROUND_UP(len, PAGE_SIZE);
	struct user_region *region;
	struct user_att *att;
	int first = -EAGAIN;

	rcu_read_lock();
	att = rcu_dereference(dev->att);
	if (!att)
		goto out;
	region = user_att_queue(att)->region;
	first = -ENOMEM;
	if (!user_session_get(region->arena, cmd->nexus_id, nr))
		goto out;
	first = user_region_get(region, nr, true);
	if (first < 0) {
		user_session_put(region->arena, cmd->nexus_id, nr);
		first = -EAGAIN;
		goto out;
	}
	/* the pages keep the arena */
	cmd->data_priv = region;
	cmd->segs = region->arena->vecs + first;
	cmd->nr_segs = nr;
out:
	rcu_read_unlock();
	return min(first, 0);
}

int user_data_alloc(struct scst_cmd *cmd, u32 len)
{
	struct user_dev *dev = cmd_dev(cmd);
	int err = -EAGAIN;

	cmd->data_priv = NULL;
	if (data_is_payload(dev, cmd))
		err = arena_data(dev, cmd, len);
	return err == -EAGAIN ? scst_pages_alloc(cmd, len) : err;
}

/* From under a transport's locks perhaps, so who waits goes on elsewhere. */
static void data_freed(struct user_dev *dev, const struct user_arena *arena,
		       u32 queue)
{
	const struct user_att *att;

	rcu_read_lock();
	att = rcu_dereference(dev->att);
	if (att && att->arena == arena &&
	    READ_ONCE(att->queues[queue].nr_waiting))
		queue_work(user_wq, &dev->fetch_work);
	rcu_read_unlock();
}

void user_data_free(struct scst_cmd *cmd)
{
	struct user_region *region = cmd->data_priv;
	struct user_arena *arena;
	u32 queue;

	if (!region) {
		scst_pages_free(cmd);
		return;
	}
	arena = region->arena;
	queue = region - arena->regions;
	user_session_put(arena, cmd->nexus_id, cmd->nr_segs);
	user_region_put(region, cmd->segs - arena->vecs, cmd->nr_segs);
	data_freed(cmd_dev(cmd), arena, queue);
}

static void bounce_copy(const struct user_req *req, u32 len, bool in)
{
	const struct bio_vec *vecs = req->region->arena->vecs + req->first;
	struct core_segs_pair pair = {
		.a = in ? vecs : req->segs,
		.nr_a = in ? req->nr : req->nr_segs,
		.b = in ? req->segs : vecs,
		.nr_b = in ? req->nr_segs : req->nr,
	};

	core_segs_copy(&pair, len);
}

void user_req_copy_in(const struct user_req *req)
{
	if ((req->flags & USER_BOUNCE) && (req->flags & USER_WRITES))
		bounce_copy(req, req->data_len, true);
}

/* ---- Issue -------------------------------------------------------------------- */

void user_req_issue(struct user_req *req)
{
	struct user_dev *dev = req->dev;
	enum scst_sense sense;
	struct user_att *att;
	bool taken = false;

	do {
		sense = user_dev_ready(dev);
		if (unlikely(sense)) {
			user_req_fail(req, sense);
			return;
		}
		rcu_read_lock();
		att = rcu_dereference(dev->att);
		if (likely(att))
			taken = user_queue_submit(att, req);
		rcu_read_unlock();
	} while (unlikely(!taken) && !user_dev_park(dev, req, att));
}

enum scst_sense user_req_stale(const struct user_req *req)
{
	const struct user_dev *dev = req->dev;

	if (!req->io || likely(req->medium == READ_ONCE(dev->medium)))
		return SENSE_NONE;
	/* who tries again hears first that the medium is another */
	return READ_ONCE(dev->desc->attach.bytes) ? SENSE_ABORTED :
						    SENSE_NO_MEDIUM;
}

void user_req_fail(struct user_req *req, enum scst_sense sense)
{
	if (req->io)
		sbc_io_done(req->io, sense);
	else
		scst_cmd_fail(req->cmd, sense);
}

void user_list_fail(struct list_head *list)
{
	struct user_req *req, *next;

	list_for_each_entry_safe(req, next, list, link)
		user_req_fail(req, req->sense);
}

/* ---- Replies ------------------------------------------------------------------ */

void user_req_answered(struct user_req *req,
		       const struct scst_user_reply *reply,
		       const struct user_queue *q)
{
	u32 len = req->data_len;

	if (!req->io) {
		user_raw_answered(req, reply, q);
		len = req->cmd->data_in;
	} else if (reply->result != SCST_USER_RES_GOOD) {
		return;
	}
	if ((req->flags & USER_BOUNCE) && (req->flags & USER_READS))
		bounce_copy(req, len, false);
}

/* What a handler may say; the rest is an error of its own. */
enum scst_sense user_reply_sense(const struct scst_user_reply *reply)
{
	if (reply->sense == SENSE_BUSY)
		return SENSE_BUSY;
	if (!reply->sense || reply->sense >> 20 ||
	    SENSE_KEY(reply->sense) == KEY_UNIT_ATTENTION)
		return SENSE_INTERNAL_FAILURE;
	return reply->sense;
}

static void io_status(struct sbc_io *io, const struct scst_user_reply *reply,
		      u8 shift)
{
	io->mapped = reply->flags & SCST_USER_RP_MAPPED;
	/* a block that is partly allocated is allocated */
	io->extent = io->mapped ?
		     (reply->value >> shift) +
		     !!(reply->value & ((1u << shift) - 1)) :
		     reply->value >> shift;
	if (io->extent)
		return;
	io->extent = 1;
	io->mapped = true;
}

static void io_usage(struct sbc_io *io, const struct scst_user_reply *reply,
		     u8 shift)
{
	io->used = U64_MAX;
	io->available = U64_MAX;
	if (reply->value != SCST_USER_UNKNOWN)
		io->used = (reply->value >> shift) +
			   !!(reply->value & ((1u << shift) - 1));
	if (reply->value2 != SCST_USER_UNKNOWN)
		io->available = reply->value2 >> shift;
}

static void io_done(struct user_req *req, const struct scst_user_reply *reply)
{
	u8 shift = req->dev->shift;
	struct sbc_io *io = req->io;
	enum scst_sense sense;

	if (likely(reply->result == SCST_USER_RES_GOOD)) {
		if (req->op == SCST_USER_OP_STATUS)
			io_status(io, reply, shift);
		else if (req->op == SCST_USER_OP_USAGE)
			io_usage(io, reply, shift);
		sbc_io_done(io, SENSE_NONE);
		return;
	}
	sense = reply->result == SCST_USER_RES_SENSE ?
		user_reply_sense(reply) : SENSE_INTERNAL_FAILURE;
	if ((reply->flags & SCST_USER_RP_HAS_BAD) &&
	    reply->value - req->offset < req->length) {
		io->has_bad_lba = true;
		io->bad_lba = reply->value >> shift;
	}
	sbc_io_done(io, sense);
}

void user_req_done(struct user_req *req, const struct scst_user_reply *reply)
{
	if (likely(req->io))
		io_done(req, reply);
	else
		user_raw_done(req, reply);
}

/* ---- The backend of the SBC device server --------------------------------------- */

static void disk_issue(struct sbc_io *io, enum scst_user_op op, u8 flags)
{
	struct user_dev *dev = sbc_lu_priv(io->lu);
	struct user_req *req = user_req(io->cmd);

	req->dev = dev;
	req->cmd = io->cmd;
	req->io = io;
	req->since = jiffies;
	req->op = op;
	req->flags = flags;
	req->rq_flags = (io->flags & SBC_IO_FUA ? SCST_USER_RQ_FUA : 0) |
			(io->flags & SBC_IO_DPO ? SCST_USER_RQ_DPO : 0) |
			(io->flags & SBC_IO_MAY_UNMAP ?
			 SCST_USER_RQ_MAY_UNMAP : 0);
	req->medium = READ_ONCE(dev->medium);
	req->offset = io->lba << dev->shift;
	req->length = io->blocks << dev->shift;
	req->segs = io->segs;
	req->nr_segs = io->nr_segs;
	req->data_len = flags & (USER_READS | USER_WRITES) ? req->length : 0;
	user_req_issue(req);
}

static void disk_read(struct sbc_io *io)
{
	disk_issue(io, SCST_USER_OP_READ, USER_READS);
}

static void disk_write(struct sbc_io *io)
{
	disk_issue(io, SCST_USER_OP_WRITE, USER_WRITES | USER_ALTERS);
}

static void disk_flush(struct sbc_io *io)
{
	disk_issue(io, SCST_USER_OP_FLUSH, 0);
}

static void disk_unmap(struct sbc_io *io)
{
	disk_issue(io, SCST_USER_OP_UNMAP, USER_ALTERS);
}

static void disk_zero(struct sbc_io *io)
{
	disk_issue(io, SCST_USER_OP_ZERO, USER_ALTERS);
}

static void disk_status(struct sbc_io *io)
{
	disk_issue(io, SCST_USER_OP_STATUS, 0);
}

static void disk_prefetch(struct sbc_io *io)
{
	disk_issue(io, SCST_USER_OP_PREFETCH, 0);
}

static void disk_usage(struct sbc_io *io)
{
	disk_issue(io, SCST_USER_OP_USAGE, 0);
}

static void disk_crypto_erase(struct sbc_io *io)
{
	disk_issue(io, SCST_USER_OP_CRYPTO_ERASE, USER_ALTERS);
}

/* The first queue's handler hears of it, if there is one now. */
static void disk_notify(struct sbc_lu *lu, enum scst_user_op op)
{
	user_dev_notify(sbc_lu_priv(lu), op, 0);
}

static void disk_eject(struct sbc_lu *lu)
{
	disk_notify(lu, SCST_USER_OP_EJECT);
}

static void disk_load(struct sbc_lu *lu)
{
	disk_notify(lu, SCST_USER_OP_LOAD);
}

void user_backend_init(struct user_dev *dev, u64 ops)
{
	dev->backend = (struct sbc_backend_ops){ .read = disk_read };
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_WRITE))
		dev->backend.write = disk_write;
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_FLUSH))
		dev->backend.flush = disk_flush;
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_UNMAP))
		dev->backend.unmap = disk_unmap;
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_ZERO))
		dev->backend.zero = disk_zero;
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_STATUS))
		dev->backend.status = disk_status;
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_PREFETCH))
		dev->backend.prefetch = disk_prefetch;
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_USAGE))
		dev->backend.usage = disk_usage;
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_CRYPTO_ERASE))
		dev->backend.crypto_erase = disk_crypto_erase;
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_EJECT))
		dev->backend.eject = disk_eject;
	if (ops & SCST_USER_OP_BIT(SCST_USER_OP_LOAD))
		dev->backend.load = disk_load;
}
