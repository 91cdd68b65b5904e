// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the disk layer: an author's disk behind the direct access device
 * server.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"
#include "log.h"

#define MAX_TRANSFER (8u << 20)

static struct scstu_dev *io_dev(const struct sbc_io *io)
{
	return sbc_lu_priv(io->lu);
}

static struct scstu_req *disk_req(struct sbc_io *io)
{
	struct scstu_req *req = (struct scstu_req *)io->cmd->backend;

	req_init(req, io_dev(io), io->cmd, io);
	return req;
}

#define BACKEND_OP(sbc_op, author_op)					\
	static void disk_##sbc_op(struct sbc_io *io)			\
	{								\
		req_issue(disk_req(io),					\
			  io_dev(io)->handler->disk->author_op);	\
	}

static void disk_read(struct sbc_io *io)
{
	struct scstu_req *req = disk_req(io);

	req->reads = true;
	req_issue(req, io_dev(io)->handler->disk->read);
}

BACKEND_OP(write, write)
BACKEND_OP(flush, flush)
BACKEND_OP(unmap, unmap)
BACKEND_OP(zero, write_zeroes)
BACKEND_OP(status, block_status)
BACKEND_OP(prefetch, prefetch)
BACKEND_OP(usage, usage)

/* ---- What the device server tells us --------------------------------------- */

static void disk_ua(struct sbc_lu *lu, enum scst_sense ua, u64 except)
{
	dev_core_ua(sbc_lu_priv(lu), ua, except);
}

static void disk_capacity(struct sbc_lu *lu)
{
	dev_core_capacity(sbc_lu_priv(lu));
}

static void disk_resume(struct core_work *work)
{
	sbc_lu_resume(container_of(work, struct scstu_dev,
				   sanitize_work)->sbc);
}

/* The next turn of the loop: between them it serves others. */
static void disk_defer(struct sbc_lu *lu)
{
	struct scstu_dev *dev = sbc_lu_priv(lu);

	dev->sanitize_work.fn = disk_resume;
	loop_post(loop_current(), &dev->sanitize_work);
}

static void disk_idle(struct sbc_lu *lu)
{
	const struct scstu_dev *dev = sbc_lu_priv(lu);

	server_knock(dev->srv);
}

static const struct sbc_env_ops disk_env = {
	.ua = disk_ua,
	.capacity = disk_capacity,
	.defer = disk_defer,
	.idle = disk_idle,
};

/* ---- Configuration ----------------------------------------------------------- */

int disk_check_handler(const struct scstu_handler *h, char *why, size_t size)
{
	if (!h->disk->read) {
		snprintf(why, size, "a disk needs the operation read");
		return -EINVAL;
	}
	if (h->disk->flush && !h->disk->write) {
		snprintf(why, size, "a disk with flush needs write");
		return -EINVAL;
	}
	return 0;
}

static bool is_block_size(uint64_t size)
{
	return size >= 512 && size <= 4096 && !(size & (size - 1));
}

static int disk_block_sizes(struct scstu_dev *dev, const struct scstu_disk *disk,
			    struct sbc_config *cfg)
{
	uint64_t logical = disk->block_size, physical;

	if (!logical)
		logical = dev->opts.block_size ?: 512;
	if (dev->opts.block_size && dev->opts.block_size != logical)
		return scstu_dev_error(dev, EINVAL,
				       "block-size=%llu: this device has blocks of %llu bytes",
				       (unsigned long long)dev->opts.block_size,
				       (unsigned long long)logical);
	if (!is_block_size(logical))
		return scstu_dev_error(dev, EINVAL,
				       "block-size must be 512, 1024, 2048 or 4096");
	physical = dev->opts.physical_block_size ?: disk->physical_block_size;
	if (!physical)
		physical = logical;
	if (physical < logical || physical > (logical << 15) ||
	    (physical & (physical - 1)))
		return scstu_dev_error(dev, EINVAL,
				       "physical-block-size must be a power of two, at least the block size");
	cfg->block_size = logical;
	cfg->physical_exp = ilog2(physical / logical);
	return 0;
}

static int disk_capabilities(struct scstu_dev *dev,
			     const struct scstu_disk *disk,
			     struct sbc_config *cfg)
{
	const struct scstu_disk_ops *ops = dev->handler->disk;
	const struct dev_options *opts = &dev->opts;
	bool cache = ops->flush && !disk->write_through;

	if (opts->thin && !ops->unmap)
		return scstu_dev_error(dev, EINVAL,
				       "thin: this device cannot unmap");
	if (opts->write_cache && !cache)
		return scstu_dev_error(dev, EINVAL,
				       "write-cache: this device has none");
	if (opts->sanitize && !ops->write)
		return scstu_dev_error(dev, EINVAL,
				       "sanitize: this device cannot write");
	cfg->sanitize = opts->sanitize;
	cfg->read_only = disk->read_only || opts->read_only || !ops->write;
	cfg->removable = disk->removable || opts->removable;
	cfg->medium = disk->bytes > 0;
	cfg->thin = opts->thin;
	if (opts->unmap_zeroes && !disk->zero_after_unmap)
		return scstu_dev_error(dev, EINVAL,
				       "unmap-zeroes: this device does not promise that");
	cfg->zero_after_unmap = disk->zero_after_unmap &&
				(!opts->unmap_zeroes_set || opts->unmap_zeroes);
	cfg->write_cache = cache &&
			   (!opts->write_cache_set || opts->write_cache);
	cfg->native_fua = disk->fua || !cache;
	cfg->rotation_rate = (opts->rotational_set ? opts->rotational :
						     disk->rotational) ? 7200 : 1;
	return 0;
}

static void disk_limits(const struct scstu_dev *dev,
			const struct scstu_disk *disk, struct sbc_config *cfg)
{
	uint32_t max = disk->max_transfer ?: MAX_TRANSFER;

	cfg->max_transfer = max / cfg->block_size;
	cfg->optimal_transfer = disk->optimal_transfer / cfg->block_size;
	cfg->optimal_granularity = 1u << cfg->physical_exp;
	cfg->unmap_granularity = disk->unmap_granularity / cfg->block_size;
	cfg->blocks = disk->bytes / cfg->block_size;
	if (dev->handler->disk->write)
		cfg->max_atomic = disk->max_atomic / cfg->block_size;
}

/* What does not fill a block cannot be used. */
static void disk_log_rest(struct scstu_dev *dev, const struct scstu_disk *disk,
			  uint32_t block_size)
{
	if (disk->bytes % block_size)
		scstu_dev_log(dev, LOG_WARNING,
			      "the last %llu bytes are no whole block and cannot be used",
			      (unsigned long long)(disk->bytes % block_size));
}

static struct sbc_backend_ops *disk_backend(struct scstu_dev *dev)
{
	const struct scstu_disk_ops *ops = dev->handler->disk;
	struct sbc_backend_ops *be = &dev->backend;

	*be = (struct sbc_backend_ops){
		.read = disk_read,
		.write = ops->write ? disk_write : NULL,
		.flush = ops->flush ? disk_flush : NULL,
		.unmap = ops->unmap ? disk_unmap : NULL,
		.zero = ops->write_zeroes ? disk_zero : NULL,
		.status = ops->block_status ? disk_status : NULL,
		.prefetch = ops->prefetch ? disk_prefetch : NULL,
		.usage = ops->usage ? disk_usage : NULL,
	};
	return be;
}

int scstu_disk_configure(struct scstu_dev *dev, const struct scstu_disk *from)
{
	struct sbc_config cfg = { 0 };
	struct scstu_disk disk;
	int err;

	err = sized_copy(&disk, sizeof(disk), from);
	if (err)
		return scstu_dev_error(dev, -err,
				       "struct scstu_disk is newer than the library");
	if (!dev->handler->disk || dev->sbc)
		return scstu_dev_error(dev, EINVAL,
				       "not a disk, or configured twice");
	err = disk_block_sizes(dev, &disk, &cfg);
	if (!err)
		err = disk_capabilities(dev, &disk, &cfg);
	if (err)
		return err;
	disk_limits(dev, &disk, &cfg);
	if (!cfg.blocks && !cfg.removable)
		return scstu_dev_error(dev, EINVAL,
				       "no room for a single block");

	dev->sbc = sbc_lu_alloc(&cfg, disk_backend(dev), &disk_env, dev);
	if (!dev->sbc)
		return scstu_dev_error(dev, ENOMEM, "out of memory");
	if (IS_ERR(dev->sbc)) {
		err = -PTR_ERR(dev->sbc);
		dev->sbc = NULL;
		return scstu_dev_error(dev, err, "unusable configuration");
	}
	disk_log_rest(dev, &disk, cfg.block_size);
	dev->info.type = SCSI_TYPE_DISK;
	sbc_lu_describe(dev->sbc, &dev->info);
	return 0;
}

void disk_stop(struct scstu_dev *dev)
{
	if (dev->sbc)
		sbc_lu_stop(dev->sbc);
}

bool disk_busy(const struct scstu_dev *dev)
{
	return dev->sbc && sbc_lu_busy(dev->sbc);
}

void disk_destroy(struct scstu_dev *dev)
{
	if (dev->sbc)
		sbc_lu_free(dev->sbc);
	dev->sbc = NULL;
}

/* ---- At run time -------------------------------------------------------------- */

uint32_t scstu_disk_block_size(const struct scstu_dev *dev)
{
	return dev->sbc ? sbc_lu_config(dev->sbc)->block_size : 0;
}

void scstu_disk_extent(struct scstu_req *req, uint64_t length, bool allocated)
{
	uint32_t size = sbc_lu_config(req->dev->sbc)->block_size;

	/* A block that is partly allocated is allocated. */
	req->io->extent = allocated ? DIV_ROUND_UP(length, size) :
				      length / size;
	req->io->mapped = allocated;
	if (req->io->extent)
		return;
	req->io->extent = 1;
	req->io->mapped = true;
}

void scstu_disk_usage(struct scstu_req *req, uint64_t used, uint64_t available)
{
	uint32_t size = sbc_lu_config(req->dev->sbc)->block_size;

	if (used != UINT64_MAX)
		req->io->used = used / size + (used % size != 0);
	if (available != UINT64_MAX)
		req->io->available = available / size;
}

int scstu_disk_resize(struct scstu_dev *dev, uint64_t bytes)
{
	if (!dev->sbc || bytes < scstu_disk_block_size(dev))
		return -EINVAL;
	sbc_lu_resize(dev->sbc, bytes / scstu_disk_block_size(dev));
	return 0;
}

int scstu_disk_set_medium(struct scstu_dev *dev, uint64_t bytes)
{
	if (!dev->sbc || !sbc_lu_config(dev->sbc)->removable)
		return -EINVAL;
	sbc_lu_set_medium(dev->sbc, bytes / scstu_disk_block_size(dev));
	return 0;
}
