/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KERNEL: what the files of scst.ko share.
 *
 * configfs holds what the operator wants:
 *
 *	scst/devices/HANDLER/NAME/			conf_device.c
 *	scst/targets/DRIVER/NAME/groups/GROUP/		conf_target.c
 *		initiators/PATTERN/ luns/NR/		conf_lun.c
 *	scst/device_groups/NAME/			conf_alua.c
 *
 * and the core's objects follow. Locks, outermost first: configfs's own,
 * scst_conf_mutex, hdev->lock, the core's context mutex.
 */
#ifndef SCST_INT_H
#define SCST_INT_H

#include <linux/configfs.h>
#include <linux/mutex.h>
#include <linux/wait.h>

#include "scst.h"
#include "scst_handler.h"
#include "scst_target_driver.h"

/* The module's one context. */
extern struct scst_ctx *scst_root;
extern struct workqueue_struct *scst_wq;

/* Which device is where; hdev lists, LUNs. */
extern struct mutex scst_conf_mutex;

/* How many objects of a module are still to be freed, for its exit. */
struct scst_census {
	atomic_t nr;
	wait_queue_head_t none;
};

static inline void scst_census_init(struct scst_census *census)
{
	atomic_set(&census->nr, 0);
	init_waitqueue_head(&census->none);
}

static inline void scst_census_add(struct scst_census *census)
{
	atomic_inc(&census->nr);
}

/* Nothing of the module runs for the object any more. */
static inline void scst_census_remove(struct scst_census *census)
{
	if (atomic_dec_and_test(&census->nr))
		wake_up_all(&census->none);
}

static inline void scst_census_wait(struct scst_census *census)
{
	wait_event(census->none, !atomic_read(&census->nr));
}

/*
 * conf_root.c: what a module adds to devices/ or targets/, from its loading to
 * its unloading.
 */
struct scst_conf_dir {
	struct config_group group;
	struct config_item_type type;		/* its own */
	struct config_item_type item_type;	/* of what operators make in it */
	struct scst_census items;
	const void *of;				/* the handler, or the driver */
	struct config_group *parent;
	struct list_head link;
};

static inline struct scst_conf_dir *to_conf_dir(struct config_group *group)
{
	return container_of(group, struct scst_conf_dir, group);
}

/* That of an object that was made in it. */
static inline struct scst_conf_dir *
scst_conf_dir_of(const struct config_group *item)
{
	return container_of(item->cg_item.ci_type, struct scst_conf_dir,
			    item_type);
}

extern struct config_group scst_devices_group, scst_targets_group;
/* @dir: zeroed but for the types. -EEXIST: the name is taken. */
int scst_conf_dir_register(struct scst_conf_dir *dir, const void *of,
			   struct config_group *parent, const char *name);
/* Waits for the last item to be freed. NULL, with a warning: there is none. */
struct scst_conf_dir *scst_conf_dir_unregister(const void *of);
/* @nr attributes and @own, which may be NULL; ends with NULL; kfree() */
struct configfs_attribute **
scst_conf_attrs(struct configfs_attribute *const *common, size_t nr,
		struct configfs_attribute *const *own);
int scst_conf_init(void);
void scst_conf_exit(void);

/* conf_device.c */
void scst_hdev_get(struct scst_hdev *hdev);
/* The one of that name, with a reference; NULL. scst_conf_mutex. */
struct scst_hdev *scst_hdev_find(const char *name);

/* state.c */
/* May the device's reservations persist? Sets hdev->ops.persist. */
void scst_state_prepare(struct scst_hdev *hdev);
/* hdev->dev is not mapped yet; -errno with a line in the log. */
int scst_state_restore(struct scst_hdev *hdev);

/* conf_lun.c */
void scst_conf_group_init(struct config_group *groups);

/* conf_alua.c */
void scst_conf_alua_init(struct config_group *groups);

/* netlink.c */
extern const struct scst_observer scst_netlink_observer;
int scst_netlink_init(void);
void scst_netlink_exit(void);

#endif
