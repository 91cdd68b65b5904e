// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: targets/DRIVER/NAME: drivers and their targets in configfs.
 *
 * A struct scst_dtarget is held by its directory and by the core's target,
 * which stays until its last nexus is gone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include "scst_int.h"

/* targets/DRIVER */
struct driver_dir {
	struct scst_conf_dir dir;
	struct scst_target_ops ops;	/* the driver's, and ours */
};

/* ---- References ---------------------------------------------------------- */

static void dtarget_free_work(struct work_struct *work)
{
	struct scst_dtarget *dt = container_of(work, struct scst_dtarget,
					       free_work);
	struct scst_conf_dir *dir = scst_conf_dir_of(&dt->group);

	dt->driver->free(dt);
	scst_census_remove(&dir->items);
}

/* From any context: the last nexus may go in an interrupt's bottom half. */
static void dtarget_put(struct scst_dtarget *dt)
{
	if (refcount_dec_and_test(&dt->refs))
		queue_work(scst_wq, &dt->free_work);
}

static void dtarget_released(struct scst_target *tgt)
{
	dtarget_put(scst_dtarget(tgt));
}

static void dtarget_item_release(struct config_item *item)
{
	dtarget_put(to_dtarget(item));
}

static struct configfs_item_operations dtarget_item_ops = {
	.release = dtarget_item_release,
};

/* ---- Attributes ------------------------------------------------------------ */

static ssize_t dtarget_port_id_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n",
			  scst_target_port_id(to_dtarget(item)->tgt));
}

static ssize_t dtarget_port_id_store(struct config_item *item,
				     const char *page, size_t count)
{
	struct scst_target *tgt = to_dtarget(item)->tgt;
	u16 id = 0;
	int ret;

	ret = kstrtou16(page, 0, &id) ? -EINVAL :
					scst_target_set_port_id(tgt, id);
	if (ret)
		pr_err("target %s: port_id: %s\n", scst_target_name(tgt),
		       ret == -EEXIST ? "another target has this number" :
		       ret == -EBUSY ? "cannot change while there are initiators" :
		       "want a number from 1 to 65535");
	return ret ?: count;
}
CONFIGFS_ATTR(dtarget_, port_id);

static struct configfs_attribute *dtarget_attrs[] = {
	&dtarget_attr_port_id,
};

/* ---- Directories ----------------------------------------------------------- */

static int dtarget_open(struct scst_dtarget *dt,
			const struct scst_target_ops *ops, const char *name)
{
	const struct scst_target_driver *driver = dt->driver;
	struct scst_target *tgt;
	int ret;

	tgt = scst_target_register(scst_root, name, ops, dt);
	if (IS_ERR(tgt)) {
		ret = PTR_ERR(tgt);
		pr_err("target %s: %s\n", name, ret == -EEXIST ?
		       "another driver has a target of that name" :
		       "the core refused it");
		return ret;
	}
	refcount_inc(&dt->refs);
	dt->tgt = tgt;
	ret = driver->open ? driver->open(dt) : 0;
	if (ret)
		scst_target_unregister(tgt);
	return ret;
}

static struct config_group *target_make(struct config_group *group,
					const char *name)
{
	struct scst_conf_dir *dir = to_conf_dir(group);
	const struct scst_target_driver *driver = dir->of;
	struct scst_dtarget *dt;
	int ret;

	dt = driver->alloc(name);
	if (IS_ERR(dt))
		return ERR_CAST(dt);
	dt->driver = driver;
	refcount_set(&dt->refs, 1);
	INIT_WORK(&dt->free_work, dtarget_free_work);
	scst_census_add(&dir->items);
	config_group_init_type_name(&dt->group, name, &dir->item_type);
	scst_conf_group_init(&dt->groups);
	configfs_add_default_group(&dt->groups, &dt->group);

	ret = dtarget_open(dt, &container_of(dir, struct driver_dir, dir)->ops,
			   name);
	if (ret) {
		configfs_remove_default_groups(&dt->group);
		config_group_put(&dt->group);
		return ERR_PTR(ret);
	}
	return &dt->group;
}

static void target_drop(struct config_group *group, struct config_item *item)
{
	struct scst_dtarget *dt = to_dtarget(item);

	if (dt->driver->close)
		dt->driver->close(dt);
	scst_target_unregister(dt->tgt);
	config_item_put(item);
}

static struct configfs_group_operations driver_group_ops = {
	.make_group = target_make,
	.drop_item = target_drop,
};

/* ---- Drivers ----------------------------------------------------------------- */

static void driver_dir_free(struct scst_conf_dir *dir)
{
	kfree(dir->item_type.ct_attrs);
	kfree(container_of(dir, struct driver_dir, dir));
}

int scst_target_driver_register(const struct scst_target_driver *driver)
{
	struct driver_dir *driver_dir;
	struct scst_conf_dir *dir;
	int ret = -ENOMEM;

	if (WARN_ON(driver->ops->release))
		return -EINVAL;
	driver_dir = kzalloc(sizeof(*driver_dir), GFP_KERNEL);
	if (!driver_dir)
		return -ENOMEM;
	driver_dir->ops = *driver->ops;
	driver_dir->ops.release = dtarget_released;
	dir = &driver_dir->dir;
	dir->type.ct_owner = driver->owner;
	dir->type.ct_group_ops = &driver_group_ops;
	dir->item_type.ct_owner = driver->owner;
	dir->item_type.ct_item_ops = &dtarget_item_ops;
	dir->item_type.ct_attrs = scst_conf_attrs(dtarget_attrs,
						  ARRAY_SIZE(dtarget_attrs),
						  driver->attrs);
	if (dir->item_type.ct_attrs)
		ret = scst_conf_dir_register(dir, driver, &scst_targets_group,
					     driver->name);
	if (ret)
		driver_dir_free(dir);
	return ret;
}
EXPORT_SYMBOL(scst_target_driver_register);

void scst_target_driver_unregister(const struct scst_target_driver *driver)
{
	struct scst_conf_dir *dir = scst_conf_dir_unregister(driver);

	if (dir)
		driver_dir_free(dir);
}
EXPORT_SYMBOL(scst_target_driver_unregister);
