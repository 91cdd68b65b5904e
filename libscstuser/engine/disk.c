// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a disk in the embedded engine: the author's disk behind the direct
 * access device server.
 */
#include <errno.h>

#include "engine.h"
#include "src/server.h"

#define MAX_TRANSFER (8u << 20)

static_assert(sizeof(struct scstu_req) <=
	      sizeof(((struct scst_cmd *)0)->backend),
	      "a request fits the command's scratch");

/* ---- Requests --------------------------------------------------------------- */

static struct scstu_dev *io_dev(const struct sbc_io *io)
{
	struct core_dev *cd = sbc_lu_priv(io->lu);

	return cd->dev;
}

static void io_done(struct sbc_io *io, struct scstu_req *req)
{
	enum scst_sense sense = SENSE_NONE;

	if (req->outcome != REQ_GOOD) {
		sense = req->sense;
		io->has_bad_lba = req->has_bad;
		io->bad_lba = req->bad / req->dev->disk.block_size;
	}
	sbc_io_done(io, sense);
}

static void io_end(struct scstu_req *req)
{
	io_done(req->carrier, req);
}

static void status_end(struct scstu_req *req)
{
	struct sbc_io *io = req->carrier;

	bool said = req->value != UINT64_MAX;

	io->extent = said ? req->value / req->dev->disk.block_size : io->blocks;
	io->mapped = req->mapped || !said;
	io_done(io, req);
}

static void usage_end(struct scstu_req *req)
{
	uint32_t size = req->dev->disk.block_size;
	struct sbc_io *io = req->carrier;

	if (req->value != UINT64_MAX)
		io->used = req->value / size + (req->value % size != 0);
	if (req->value2 != UINT64_MAX)
		io->available = req->value2 / size;
	io_done(io, req);
}

static uint8_t io_flags(const struct sbc_io *io)
{
	return (io->flags & SBC_IO_FUA ? SCSTU_FUA : 0) |
	       (io->flags & SBC_IO_DPO ? SCSTU_DPO : 0) |
	       (io->flags & SBC_IO_MAY_UNMAP ? SCSTU_MAY_UNMAP : 0);
}

static struct scstu_req *io_req(struct sbc_io *io,
				void (*end)(struct scstu_req *req))
{
	struct scstu_req *req = (struct scstu_req *)io->cmd->backend;
	struct scstu_dev *dev = io_dev(io);

	req_init(req, dev, end, io);
	req->offset = io->lba * dev->disk.block_size;
	req->length = io->blocks * dev->disk.block_size;
	req->segs = io->segs;
	req->nr_segs = io->nr_segs;
	req->flags = io_flags(io);
	req->aborted = &io->cmd->aborted;
	req->value = UINT64_MAX;
	req->value2 = UINT64_MAX;
	return req;
}

static void backend_read(struct sbc_io *io)
{
	struct scstu_req *req = io_req(io, io_end);

	req->reads = true;
	req_issue(req, io_dev(io)->handler->disk->read);
}

#define BACKEND_OP(sbc_op, author_op, end)				\
	static void backend_##sbc_op(struct sbc_io *io)			\
	{								\
		req_issue(io_req(io, end),				\
			  io_dev(io)->handler->disk->author_op);	\
	}

BACKEND_OP(write, write, io_end)
BACKEND_OP(flush, flush, io_end)
BACKEND_OP(unmap, unmap, io_end)
BACKEND_OP(zero, write_zeroes, io_end)
BACKEND_OP(status, block_status, status_end)
BACKEND_OP(prefetch, prefetch, io_end)
BACKEND_OP(usage, usage, usage_end)
BACKEND_OP(crypto_erase, crypto_erase, io_end)

/* ---- What the device server tells us --------------------------------------- */

static void env_ua(struct sbc_lu *lu, enum scst_sense ua, u64 except)
{
	struct core_dev *cd = sbc_lu_priv(lu);

	if (cd->core)
		scst_device_ua(cd->core, ua, except);
}

static void env_capacity(struct sbc_lu *lu)
{
	disk_capacity(sbc_lu_priv(lu));
}

static void sanitize_resume(struct core_work *work)
{
	sbc_lu_resume(container_of(work, struct core_dev, sanitize_work)->sbc);
}

/* The next turn of the loop: between them it serves others. */
static void env_defer(struct sbc_lu *lu)
{
	struct core_dev *cd = sbc_lu_priv(lu);

	cd->sanitize_work.fn = sanitize_resume;
	loop_post(loop_current(), &cd->sanitize_work);
}

static void env_idle(struct sbc_lu *lu)
{
	const struct core_dev *cd = sbc_lu_priv(lu);

	server_knock(cd->dev->srv);
}

static const struct sbc_env_ops disk_env = {
	.ua = env_ua,
	.capacity = env_capacity,
	.defer = env_defer,
	.idle = env_idle,
};

void disk_capacity(struct core_dev *cd)
{
	if (cd->core && cd->sbc)
		scst_device_set_capacity(cd->core, sbc_lu_blocks(cd->sbc),
					 cd->dev->disk.block_size);
}

/* ---- Attaching ---------------------------------------------------------------- */

static void disk_config(const struct scstu_dev *dev, struct sbc_config *cfg)
{
	const struct scstu_disk *disk = &dev->disk;
	uint32_t size = disk->block_size;

	*cfg = (struct sbc_config){
		.blocks = disk->bytes / size,
		.block_size = size,
		.physical_exp = ilog2(disk->physical_block_size / size),
		.removable = disk->removable,
		.medium = disk->bytes > 0,
		.thin = dev->opts.thin,
		.zero_after_unmap = disk->zero_after_unmap,
		.write_cache = !disk->write_through,
		.native_fua = disk->fua,
		.read_only = disk->read_only,
		.rotation_rate = disk->rotational ? 7200 : 1,
		.max_transfer = (disk->max_transfer ?: MAX_TRANSFER) / size,
		.optimal_transfer = disk->optimal_transfer / size,
		.optimal_granularity = disk->physical_block_size / size,
		.unmap_granularity = disk->unmap_granularity / size,
		.max_atomic = disk->max_atomic / size,
		.sanitize = dev->opts.sanitize,
	};
}

static void disk_backend(struct core_dev *cd)
{
	const struct scstu_disk_ops *ops = cd->dev->handler->disk;

	cd->backend = (struct sbc_backend_ops){
		.read = backend_read,
		.write = ops->write ? backend_write : NULL,
		.flush = ops->flush ? backend_flush : NULL,
		.unmap = ops->unmap ? backend_unmap : NULL,
		.zero = ops->write_zeroes ? backend_zero : NULL,
		.status = ops->block_status ? backend_status : NULL,
		.prefetch = ops->prefetch ? backend_prefetch : NULL,
		.usage = ops->usage ? backend_usage : NULL,
		.crypto_erase = cd->dev->disk.encrypted ?
				backend_crypto_erase : NULL,
	};
}

int disk_attach(struct core_dev *cd)
{
	struct sbc_config cfg;
	struct sbc_lu *sbc;

	disk_config(cd->dev, &cfg);
	disk_backend(cd);
	sbc = sbc_lu_alloc(&cfg, &cd->backend, &disk_env, cd);
	if (!sbc)
		return -ENOMEM;
	if (IS_ERR(sbc))
		return scstu_dev_error(cd->dev, PTR_ERR(sbc),
				       "unusable configuration");
	cd->sbc = sbc;
	cd->info.type = SCSI_TYPE_DISK;
	sbc_lu_describe(sbc, &cd->info);
	return 0;
}
