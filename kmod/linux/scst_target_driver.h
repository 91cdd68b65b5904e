/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KERNEL: the interface for target drivers: how targets come to be.
 *
 *	modprobe			scst_target_driver_register()
 *	mkdir targets/DRIVER/NAME	ops->alloc(), then the core knows the
 *					target, then ops->open()
 *	mkdir .../NAME/groups/GROUP and the initiators and LUNs in it:
 *					the core's
 *	rmdir targets/DRIVER/NAME	ops->close(); when its last nexus is
 *					gone: ops->free()
 *
 * Nothing of that waits for I/O. How a driver reports I_T nexuses and submits
 * commands is described in scst_target.h. samples/null_target.c is a whole
 * driver to start from.
 */
#ifndef SCST_TARGET_DRIVER_H
#define SCST_TARGET_DRIVER_H

#include <linux/configfs.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>

#include "scst_target.h"

struct module;
struct scst_target_driver;

/* A target of a driver, which embeds this in an object of its own. */
struct scst_dtarget {
	struct config_group group;
	const struct scst_target_driver *driver;
	struct scst_target *tgt;	/* the core's; from open() to close() */

	/* The core module's own. */
	struct config_group groups;	/* its subdirectory */
	refcount_t refs;
	struct work_struct free_work;
};

struct scst_target_driver {
	const char *name;		/* of its directory */
	struct module *owner;
	/*
	 * What scst_target_priv() returns is the struct scst_dtarget.
	 * ops->release is the core module's: NULL here.
	 */
	const struct scst_target_ops *ops;
	/* Of each target; ends with NULL; may be NULL. */
	struct configfs_attribute **attrs;

	/*
	 * A new object around a zeroed struct scst_dtarget. ERR_PTR(-EINVAL),
	 * with a line in the log: no name for this transport.
	 */
	struct scst_dtarget *(*alloc)(const char *name);
	/*
	 * The target is known: nexuses may come. Subdirectories of the
	 * driver's may be added to dt->group with configfs_add_default_group().
	 * Optional.
	 */
	int (*open)(struct scst_dtarget *dt);
	/*
	 * No new nexus from here on: scst_nexus_del() for those that are
	 * there, without waiting for them. Optional if open() is.
	 */
	void (*close)(struct scst_dtarget *dt);
	void (*free)(struct scst_dtarget *dt);
};

/* Module context. -EEXIST: the name is taken; -ENOMEM. */
int scst_target_driver_register(const struct scst_target_driver *driver);

/* From module exit: waits until the last nexus of each target is gone. */
void scst_target_driver_unregister(const struct scst_target_driver *driver);

static inline struct scst_dtarget *to_dtarget(struct config_item *item)
{
	return container_of(to_config_group(item), struct scst_dtarget, group);
}

static inline struct scst_dtarget *scst_dtarget(const struct scst_target *tgt)
{
	return scst_target_priv(tgt);
}

#endif
