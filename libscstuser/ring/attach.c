// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: becoming the handler of a kernel's device, and ceasing to be it.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring.h"
#include "src/log.h"

#define DEPTH	128
/* A predecessor that was told to go may still be at it. */
#define WAIT_MS 2000

/* ---- Calls ------------------------------------------------------------------- */

static int sys_open(void)
{
	int fd = open(SCST_USER_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int sys_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

static void *sys_map(int fd, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

static const struct ring_sys kernel = { sys_open, sys_ioctl, sys_map };

const struct ring_sys *ring_sys = &kernel;

/* ---- What goes wrong --------------------------------------------------------- */

static int access_error(struct scstu_dev *dev)
{
	struct group *group = NULL;
	struct stat st;

	if (!stat(SCST_USER_PATH, &st) && st.st_gid)
		group = getgrgid(st.st_gid);
	if (group)
		return scstu_dev_error(dev, EACCES,
				       "%s: permission denied: it is for root and the group %s",
				       SCST_USER_PATH, group->gr_name);
	return scstu_dev_error(dev, EACCES,
			       "%s: permission denied: it is for root", SCST_USER_PATH);
}

static int open_error(struct scstu_dev *dev, int err)
{
	if (err == -ENOENT || err == -ENXIO || err == -ENODEV)
		return scstu_dev_error(dev, -err,
				       "there is no %s: load scst_user: modprobe scst_user",
				       SCST_USER_PATH);
	if (err == -EACCES || err == -EPERM)
		return access_error(dev);
	return scstu_dev_error(dev, -err, "%s: %s", SCST_USER_PATH,
			       strerror(-err));
}

static int version_error(struct scstu_dev *dev, const char *what)
{
	return scstu_dev_error(dev, EOPNOTSUPP,
			       "the scst_user module that is loaded does not know %s: is it as new as this program?",
			       what);
}

static int attach_error(struct scstu_dev *dev, int err)
{
	switch (err) {
	case -ENOENT:
		return scstu_dev_error(dev, ENOENT,
				       "the kernel has no such device: mkdir /sys/kernel/config/scst/devices/user/%s",
				       dev->name);
	case -EBUSY:
		return scstu_dev_error(dev, EBUSY,
				       "another program serves this device");
	case -EINVAL:
		return scstu_dev_error(dev, EINVAL,
				       "the kernel refuses the device; its log says why (dmesg)");
	case -EOPNOTSUPP:
		return version_error(dev, "what this needs");
	case -ENOMEM:
		return scstu_dev_error(dev, ENOMEM,
				       "the kernel has no memory for the device");
	default:
		return scstu_dev_error(dev, -err, "attaching: %s",
				       strerror(-err));
	}
}

/* ---- What to say ------------------------------------------------------------------ */

static uint64_t disk_ops(const struct scstu_dev *dev)
{
	const struct scstu_disk_ops *ops = dev->handler->disk;
	const struct {
		bool there;
		enum scst_user_op op;
	} map[] = {
		{ ops->read, SCST_USER_OP_READ },
		{ ops->write, SCST_USER_OP_WRITE },
		{ ops->flush, SCST_USER_OP_FLUSH },
		{ ops->unmap, SCST_USER_OP_UNMAP },
		{ ops->write_zeroes, SCST_USER_OP_ZERO },
		{ ops->block_status, SCST_USER_OP_STATUS },
		{ ops->prefetch, SCST_USER_OP_PREFETCH },
		{ ops->usage, SCST_USER_OP_USAGE },
		{ dev->disk.encrypted, SCST_USER_OP_CRYPTO_ERASE },
	};
	uint64_t mask = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (map[i].there)
			mask |= SCST_USER_OP_BIT(map[i].op);
	return mask;
}

static void say_disk(const struct scstu_dev *dev, struct scst_user_attach *at)
{
	const struct scstu_disk *disk = &dev->disk;

	at->kind = SCST_USER_DISK;
	at->ops = disk_ops(dev);
	at->bytes = disk->bytes;
	at->block_size = disk->block_size;
	at->physical_block_size = disk->physical_block_size;
	at->max_transfer = disk->max_transfer;
	at->optimal_transfer = disk->optimal_transfer;
	at->unmap_granularity = disk->unmap_granularity;
	at->max_atomic = disk->max_atomic;
	at->rotation_rate = disk->rotational ? 7200 : 1;
	at->flags = (disk->removable ? SCST_USER_AT_REMOVABLE : 0) |
		    (dev->opts.thin ? SCST_USER_AT_THIN : 0) |
		    (disk->zero_after_unmap ? SCST_USER_AT_ZERO_AFTER_UNMAP : 0) |
		    (disk->write_through ? 0 : SCST_USER_AT_WRITE_CACHE) |
		    (disk->fua ? SCST_USER_AT_NATIVE_FUA : 0) |
		    (dev->opts.sanitize ? SCST_USER_AT_SANITIZE : 0) |
		    (disk->no_reissue ? SCST_USER_AT_NO_REISSUE : 0);
	if (dev->opts.sanitize)
		at->features |= SCST_USER_FEAT_SANITIZE;
}

static void say_opcode(struct scst_user_opcode *to,
		       const struct scstu_opcode *from)
{
	static const uint8_t none[sizeof(from->usage)];

	to->opcode = from->opcode;
	to->cdb_len = from->cdb_length;
	to->service_action = from->service_action;
	if (from->direction == SCSTU_DATA_IN)
		to->flags |= SCST_USER_OPC_IN;
	else if (from->direction == SCSTU_DATA_OUT)
		to->flags |= SCST_USER_OPC_OUT;
	if (from->writes)
		to->flags |= SCST_USER_OPC_WRITES;
	if (memcmp(from->usage, none, sizeof(none)))
		memcpy(to->usage, from->usage, sizeof(to->usage));
	else
		memset(to->usage, 0xff, sizeof(to->usage));
}

/* With a table that is the caller's to free. */
static int say_raw(const struct scstu_dev *dev, struct scst_user_attach *at)
{
	const struct scstu_raw_ops *ops = dev->handler->raw;
	struct scst_user_opcode *opcodes;
	size_t i;

	opcodes = calloc(ops->opcode_count, sizeof(*opcodes));
	if (!opcodes)
		return -ENOMEM;
	for (i = 0; i < ops->opcode_count; i++)
		say_opcode(&opcodes[i], &ops->opcodes[i]);
	at->kind = SCST_USER_RAW_DEVICE;
	at->type = dev->raw.type;
	at->ops = SCST_USER_OP_BIT(SCST_USER_OP_RAW);
	at->features |= SCST_USER_FEAT_RAW;
	at->max_transfer = dev->raw.max_transfer;
	if (dev->raw.removable)
		at->flags |= SCST_USER_AT_REMOVABLE;
	at->opcodes = (uintptr_t)opcodes;
	at->nr_opcodes = ops->opcode_count;
	return 0;
}

/* These fields have no NUL where they are full. */
static void say_text(char *to, const char *from, size_t size)
{
	if (from)
		memcpy(to, from, min(strlen(from), size));
}

/* What the operator does not say here, configfs says. */
static void say_identity(const struct scstu_dev *dev,
			 struct scst_user_attach *at)
{
	const struct dev_options *opts = &dev->opts;

	at->naa = opts->naa;
	say_text(at->vendor, opts->vendor, sizeof(at->vendor));
	say_text(at->product, opts->product, sizeof(at->product));
	say_text(at->revision, opts->revision, sizeof(at->revision));
	say_text(at->serial, opts->serial, sizeof(at->serial) - 1);
}

static int say(const struct scstu_dev *dev, const struct scst_user_info *info,
	       unsigned int max_queues, struct scst_user_attach *at)
{
	*at = (struct scst_user_attach){
		.size = sizeof(*at),
		.abi = SCST_USER_ABI,
		.features = info->features & (SCST_USER_FEAT_SESSIONS |
					      SCST_USER_FEAT_URING),
		.queues = min(max_queues, info->max_queues),
		.depth = min_t(uint32_t, DEPTH, info->max_depth),
		.wait_ms = WAIT_MS,
	};
	say_text(at->name, dev->name, sizeof(at->name) - 1);
	say_identity(dev, at);
	if (dev->handler->raw && say_raw(dev, at))
		return -ENOMEM;
	if (dev->handler->disk)
		say_disk(dev, at);
	if (dev_is_protected(dev))
		at->flags |= SCST_USER_AT_READ_ONLY;
	return 0;
}

/* ---- Attaching ------------------------------------------------------------------ */

static int get_info(struct ring_dev *rd, struct scst_user_info *info)
{
	int err;

	*info = (struct scst_user_info){ .size = sizeof(*info) };
	err = ring_sys->ioctl(rd->fd, SCST_USER_IOC_INFO, info);
	if (err || info->abi != SCST_USER_ABI)
		return version_error(rd->dev, "this version of its interface");
	if (rd->dev->handler->raw && !(info->features & SCST_USER_FEAT_RAW))
		return version_error(rd->dev, "raw devices");
	return 0;
}

static int attach(struct ring_dev *rd, unsigned int max_queues)
{
	struct scst_user_info info;
	int err;

	err = get_info(rd, &info);
	if (err)
		return err;
	err = say(rd->dev, &info, max_queues, &rd->attach);
	if (err)
		return err;
	err = ring_sys->ioctl(rd->fd, SCST_USER_IOC_ATTACH, &rd->attach);
	free((void *)(uintptr_t)rd->attach.opcodes);
	rd->attach.opcodes = 0;
	return err ? attach_error(rd->dev, err) : 0;
}

static int map(struct ring_dev *rd)
{
	rd->map = ring_sys->map(rd->fd, rd->attach.map_size);
	return rd->map ? 0 : scstu_dev_error(rd->dev, errno,
					     "mapping the queues: %s",
					     strerror(errno));
}

static int join(struct ring_dev *rd, struct ring_queue *q)
{
	struct scst_user_join join = { .fd = rd->fd, .queue = q->index };
	int err;

	q->lfd.fd = ring_sys->open();
	if (q->lfd.fd < 0)
		return open_error(rd->dev, q->lfd.fd);
	err = ring_sys->ioctl(q->lfd.fd, SCST_USER_IOC_JOIN, &join);
	return err ? attach_error(rd->dev, err) : 0;
}

static int make_queue(struct ring_dev *rd, struct ring_queue *q)
{
	const struct scst_user_attach *at = &rd->attach;

	ring_init(&q->ring, at, (uint8_t *)rd->map + at->queue_offset +
				q->index * at->queue_stride);
	q->reqs = calloc(at->depth, sizeof(*q->reqs));
	return q->reqs ? join(rd, q) : -ENOMEM;
}

static int make_queues(struct ring_dev *rd)
{
	uint32_t i;
	int err = 0;

	rd->queues = calloc(rd->attach.queues, sizeof(*rd->queues));
	if (!rd->queues)
		return -ENOMEM;
	for (i = 0; i < rd->attach.queues; i++) {
		rd->queues[i].rd = rd;
		rd->queues[i].index = i;
		rd->queues[i].lfd.fd = -1;
	}
	for (i = 0; !err && i < rd->attach.queues; i++)
		err = make_queue(rd, &rd->queues[i]);
	return err;
}

int ring_attach(struct ring_dev *rd, unsigned int max_queues)
{
	int err;

	rd->fd = ring_sys->open();
	if (rd->fd < 0)
		return open_error(rd->dev, rd->fd);
	err = attach(rd, max_queues);
	if (!err)
		err = map(rd);
	return err ?: make_queues(rd);
}

/* ---- Detaching ------------------------------------------------------------------ */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void ring_detach(struct ring_dev *rd)
{
	uint32_t i;

	if (rd->fd >= 0)
		ring_sys->ioctl(rd->fd, SCST_USER_IOC_DETACH, NULL);
	for (i = 0; rd->queues && i < rd->attach.queues; i++) {
		close_fd(&rd->queues[i].lfd.fd);
		free(rd->queues[i].reqs);
	}
	free(rd->queues);
	rd->queues = NULL;
	if (rd->map)
		munmap(rd->map, rd->attach.map_size);
	rd->map = NULL;
	close_fd(&rd->fd);
}
