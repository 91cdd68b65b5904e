// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the disk layer: what a handler and the operator say of a disk, and
 * what the handler says of it later. The device server is the engine's.
 */
#include <errno.h>
#include <stdio.h>

#include "lib.h"
#include "log.h"

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

static int disk_block_sizes(struct scstu_dev *dev, struct scstu_disk *disk)
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
	disk->block_size = logical;
	disk->physical_block_size = physical;
	return 0;
}

static int disk_check_options(struct scstu_dev *dev,
			      const struct scstu_disk *disk)
{
	const struct scstu_disk_ops *ops = dev->handler->disk;
	const struct dev_options *opts = &dev->opts;

	if (opts->thin && !ops->unmap)
		return scstu_dev_error(dev, EINVAL,
				       "thin: this device cannot unmap");
	if (opts->write_cache && (!ops->flush || disk->write_through))
		return scstu_dev_error(dev, EINVAL,
				       "write-cache: this device has none");
	if (opts->sanitize && !ops->write)
		return scstu_dev_error(dev, EINVAL,
				       "sanitize: this device cannot write");
	if (disk->encrypted && !ops->crypto_erase)
		return scstu_dev_error(dev, EINVAL,
				       "encrypted, but without the operation crypto_erase");
	if (opts->unmap_zeroes && !disk->zero_after_unmap)
		return scstu_dev_error(dev, EINVAL,
				       "unmap-zeroes: this device does not promise that");
	return 0;
}

/* The operator's word goes into what the handler said. */
static void disk_apply_options(struct scstu_dev *dev, struct scstu_disk *disk)
{
	const struct scstu_disk_ops *ops = dev->handler->disk;
	const struct dev_options *opts = &dev->opts;
	bool cache = ops->flush && !disk->write_through;

	disk->read_only |= opts->read_only || !ops->write;
	disk->removable |= opts->removable;
	if (opts->unmap_zeroes_set && !opts->unmap_zeroes)
		disk->zero_after_unmap = false;
	disk->fua |= !cache;
	disk->write_through = !cache ||
			      (opts->write_cache_set && !opts->write_cache);
	if (opts->rotational_set)
		disk->rotational = opts->rotational;
	if (!ops->write)
		disk->max_atomic = 0;
}

/* What does not fill a block cannot be used. */
static void disk_log_rest(struct scstu_dev *dev, const struct scstu_disk *disk)
{
	if (disk->bytes % disk->block_size)
		scstu_dev_log(dev, LOG_WARNING,
			      "the last %llu bytes are no whole block and cannot be used",
			      (unsigned long long)(disk->bytes %
						   disk->block_size));
}

int scstu_disk_configure(struct scstu_dev *dev, const struct scstu_disk *from)
{
	struct scstu_disk disk;
	int err;

	err = sized_copy(&disk, sizeof(disk), from);
	if (err)
		return scstu_dev_error(dev, -err,
				       "struct scstu_disk is newer than the library");
	if (!dev->handler->disk || dev->declared)
		return scstu_dev_error(dev, EINVAL,
				       "not a disk, or configured twice");
	err = disk_block_sizes(dev, &disk);
	if (!err)
		err = disk_check_options(dev, &disk);
	if (err)
		return err;
	disk_apply_options(dev, &disk);
	if (disk.bytes < disk.block_size && !disk.removable)
		return scstu_dev_error(dev, EINVAL,
				       "no room for a single block");
	disk_log_rest(dev, &disk);
	dev->disk = disk;
	dev->declared = true;
	return 0;
}

/* ---- At run time -------------------------------------------------------------- */

uint32_t scstu_disk_block_size(const struct scstu_dev *dev)
{
	return dev->handler->disk && dev->declared ? dev->disk.block_size : 0;
}

void scstu_disk_extent(struct scstu_req *req, uint64_t length, bool allocated)
{
	uint32_t size = req->dev->disk.block_size;

	/* A block that is partly allocated is allocated. */
	if (allocated && length % size)
		length += size - length % size;
	req->value = length - length % size;
	req->mapped = allocated;
	if (req->value)
		return;
	req->value = size;
	req->mapped = true;
}

void scstu_disk_usage(struct scstu_req *req, uint64_t used, uint64_t available)
{
	req->value = used;
	req->value2 = available;
}

int scstu_disk_resize(struct scstu_dev *dev, uint64_t bytes)
{
	int err = 0;

	if (!scstu_disk_block_size(dev) || bytes < dev->disk.block_size)
		return -EINVAL;
	pthread_mutex_lock(&dev->lock);
	dev->disk.bytes = bytes;
	if (dev->attached)
		err = dev->engine->resized(dev);
	pthread_mutex_unlock(&dev->lock);
	return err;
}

int scstu_disk_set_medium(struct scstu_dev *dev, uint64_t bytes)
{
	int err = 0;

	if (!scstu_disk_block_size(dev) || !dev->disk.removable)
		return -EINVAL;
	file_forget(dev);
	pthread_mutex_lock(&dev->lock);
	dev->disk.bytes = bytes;
	if (dev->attached)
		err = dev->engine->medium_changed(dev);
	pthread_mutex_unlock(&dev->lock);
	return err;
}
