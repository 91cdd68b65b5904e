/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KERNEL: the interface for device handlers inside the kernel.
 *
 * A handler makes devices of one kind. Its life as the operator sees it:
 *
 *	modprobe			scst_handler_register()
 *	mkdir devices/HANDLER/NAME	ops->alloc()
 *	echo X > .../NAME/ATTRIBUTE	the handler's configfs attributes
 *	echo 1 > .../NAME/enable	ops->open(), then the core knows NAME
 *	echo 0 > .../NAME/enable	the device leaves every LUN map; when its
 *					last command has ended: ops->close()
 *	rmdir devices/HANDLER/NAME	the same, then ops->free()
 *
 * Nothing of that waits for I/O. What the device does once it is enabled is
 * described in scst_device.h; a disk leaves it to the device server of sbc.h
 * and only moves blocks. samples/ram_handler.c is a whole handler to start
 * from.
 *
 * All calls below are made in process context, one at a time for a device;
 * with hdev->lock held, but for free(), and close() as a rule.
 */
#ifndef SCST_HANDLER_H
#define SCST_HANDLER_H

#include <linux/configfs.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "scst_device.h"

struct file;
struct module;
struct scst_handler;

#define SCST_HDEV_NAME_MAX   63
#define SCST_HDEV_SERIAL_MAX 63

/* A device of a handler, which embeds this in an object of its own. */
struct scst_hdev {
	struct config_group group;
	const struct scst_handler *handler;
	char name[SCST_HDEV_NAME_MAX + 1];
	struct mutex lock;		/* attributes, enable and disable */
	/* Set before opened(); the core's commands may use it to the last. */
	struct scst_device *dev;

	/* Common attributes. */
	char vendor[8 + 1];
	char product[16 + 1];
	char revision[4 + 1];
	char serial[SCST_HDEV_SERIAL_MAX + 1];
	u64 naa;
	bool read_only;
	u32 queue_depth;
	u32 max_tasks;

	/* The core module's own. */
	refcount_t refs;
	bool open;			/* close() is still to come */
	bool awaited;			/* enable it as soon as open() can */
	u64 enabled_id;			/* never the same twice; 0: disabled */
	struct list_head link;
	struct scst_device_ops ops;
	unsigned int next_slot;		/* state.c */
	struct work_struct close_work, persist_work;
};

/* What open() says of the device. */
struct scst_hdev_setup {
	/* Name, identity, read_only and limits are set already. */
	struct scst_device_info info;
	/* release() and persist() are the core module's business. */
	const struct scst_device_ops *ops;
	void *lu;			/* for scst_cmd.lu */
	u64 blocks;			/* of a block device; else 0 */
	u32 block_size;
};

struct scst_handler {
	const char *name;		/* of its directory */
	struct module *owner;
	/* Of each device, beside the common ones; ends with NULL. */
	struct configfs_attribute **attrs;

	/* A new object around a zeroed struct scst_hdev; ERR_PTR(). */
	struct scst_hdev *(*alloc)(const char *name);
	/*
	 * Open what is behind the device. The tables that @setup points to
	 * are copied before opened() is called. -errno, with a line in the
	 * log that says why; -EPROBE_DEFER: not yet, the handler will call
	 * scst_hdev_ready().
	 */
	int (*open)(struct scst_hdev *hdev, struct scst_hdev_setup *setup);
	/*
	 * The device is known to the core and may get commands from now on.
	 * Optional.
	 */
	void (*opened)(struct scst_hdev *hdev);
	/* The last command has ended, or the core refused the device. */
	void (*close)(struct scst_hdev *hdev);
	void (*free)(struct scst_hdev *hdev);
	/*
	 * The common attribute read_only was changed while enabled; the core
	 * protects the medium already. Optional.
	 */
	void (*read_only)(struct scst_hdev *hdev, bool read_only);
};

/* Module context. -EEXIST: the name is taken; -ENOMEM. */
int scst_handler_register(const struct scst_handler *handler);

/* From module exit: waits for devices that are closing. */
void scst_handler_unregister(const struct scst_handler *handler);

static inline struct scst_hdev *to_hdev(struct config_item *item)
{
	return container_of(to_config_group(item), struct scst_hdev, group);
}

static inline const char *scst_hdev_name(const struct scst_hdev *hdev)
{
	return hdev->name;
}

/* Does the core have the device? Under hdev->lock. */
static inline bool scst_hdev_enabled(const struct scst_hdev *hdev)
{
	return hdev->enabled_id;
}

/*
 * A reference that keeps @hdev and free() away from each other, for who finds
 * it by a list of the handler's own; false: free() is about to be called.
 */
bool scst_hdev_get_live(struct scst_hdev *hdev);
void scst_hdev_put(struct scst_hdev *hdev);

/* open() may succeed now: enables what waits for that. hdev->lock. */
int scst_hdev_ready(struct scst_hdev *hdev);

/*
 * For stores to attributes that may change only while the device is disabled:
 * locks it; or -EBUSY with a line in the log, unlocked.
 */
int scst_hdev_configure(struct scst_hdev *hdev, const char *attribute);

static inline void scst_hdev_configured(struct scst_hdev *hdev)
{
	mutex_unlock(&hdev->lock);
}

/*
 * A line that an operator wrote, without its newline, into @to; -EINVAL: too
 * long, or not printable.
 */
int scst_store_line(char *to, size_t size, const char *page, size_t count);

/*
 * Buffers of pages, for scst_device_ops.data_alloc and data_free of handlers
 * that have no memory of their own to receive into.
 */
int scst_pages_alloc(struct scst_cmd *cmd, u32 len);
void scst_pages_free(struct scst_cmd *cmd);

/*
 * @file, which is open, has nothing to do with its module any more: calls fail
 * with -ESHUTDOWN, and poll() says EPOLLHUP. From module exit; who is in one
 * of the module's methods, or on the way to it, is for the module to wait for.
 */
void scst_file_dead(struct file *file);

#endif
