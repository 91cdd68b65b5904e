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
	struct config_group group;
	const struct scst_target_driver *driver;
	struct config_item_type type, target_type;
	struct scst_census targets;
	struct list_head link;
};

static LIST_HEAD(driver_dirs);		/* scst_conf_mutex */

static struct driver_dir *dtarget_dir(const struct scst_dtarget *dt)
{
	return container_of(dt->group.cg_item.ci_type, struct driver_dir,
			    target_type);
}

/* ---- References ---------------------------------------------------------- */

static void dtarget_free_work(struct work_struct *work)
{
	struct scst_dtarget *dt = container_of(work, struct scst_dtarget,
					       free_work);
	struct driver_dir *dir = dtarget_dir(dt);

	dir->driver->free(dt);
	scst_census_remove(&dir->targets);
}

/* From any context: the last nexus may go in an interrupt's bottom half. */
static void dtarget_put(struct scst_dtarget *dt)
{
	if (refcount_dec_and_test(&dt->refs))
		queue_work(scst_wq, &dt->free_work);
}

void scst_dtarget_released(struct scst_target *tgt)
{
	dtarget_put(scst_dtarget(tgt));
}
EXPORT_SYMBOL(scst_dtarget_released);

static void dtarget_item_release(struct config_item *item)
{
	dtarget_put(to_dtarget(item));
}

static struct configfs_item_operations dtarget_item_ops = {
	.release = dtarget_item_release,
};

/* ---- Directories ----------------------------------------------------------- */

static int dtarget_open(struct scst_dtarget *dt, const char *name)
{
	const struct scst_target_driver *driver = dt->driver;
	struct scst_target *tgt;
	int ret;

	tgt = scst_target_register(scst_root, name, driver->ops, dt);
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
	struct driver_dir *dir = container_of(group, struct driver_dir, group);
	struct scst_dtarget *dt;
	int ret;

	if (WARN_ON(dir->driver->ops->release != scst_dtarget_released))
		return ERR_PTR(-EINVAL);
	dt = dir->driver->alloc(name);
	if (IS_ERR(dt))
		return ERR_CAST(dt);
	dt->driver = dir->driver;
	refcount_set(&dt->refs, 1);
	INIT_WORK(&dt->free_work, dtarget_free_work);
	scst_census_add(&dir->targets);
	config_group_init_type_name(&dt->group, name, &dir->target_type);
	scst_conf_group_init(&dt->groups);
	configfs_add_default_group(&dt->groups, &dt->group);

	ret = dtarget_open(dt, name);
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

static struct driver_dir *dir_find(const char *name)
{
	struct driver_dir *dir;

	list_for_each_entry(dir, &driver_dirs, link)
		if (!strcmp(dir->driver->name, name))
			return dir;
	return NULL;
}

int scst_target_driver_register(const struct scst_target_driver *driver)
{
	struct driver_dir *dir;
	int ret;

	dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	if (!dir)
		return -ENOMEM;
	dir->driver = driver;
	scst_census_init(&dir->targets);
	dir->type.ct_owner = driver->owner;
	dir->type.ct_group_ops = &driver_group_ops;
	dir->target_type.ct_owner = driver->owner;
	dir->target_type.ct_item_ops = &dtarget_item_ops;
	dir->target_type.ct_attrs = driver->attrs;
	config_group_init_type_name(&dir->group, driver->name, &dir->type);

	mutex_lock(&scst_conf_mutex);
	ret = dir_find(driver->name) ? -EEXIST : 0;
	if (!ret)
		list_add_tail(&dir->link, &driver_dirs);
	mutex_unlock(&scst_conf_mutex);
	if (ret)
		goto out_free;

	ret = configfs_register_group(&scst_targets_group, &dir->group);
	if (ret)
		goto out_unlink;
	return 0;

out_unlink:
	mutex_lock(&scst_conf_mutex);
	list_del(&dir->link);
	mutex_unlock(&scst_conf_mutex);
out_free:
	pr_err("target driver %s: cannot register: %d\n", driver->name, ret);
	kfree(dir);
	return ret;
}
EXPORT_SYMBOL(scst_target_driver_register);

void scst_target_driver_unregister(const struct scst_target_driver *driver)
{
	struct driver_dir *dir;

	mutex_lock(&scst_conf_mutex);
	dir = dir_find(driver->name);
	mutex_unlock(&scst_conf_mutex);
	if (WARN_ON(!dir || dir->driver != driver))
		return;

	configfs_unregister_group(&dir->group);
	scst_census_wait(&dir->targets);
	mutex_lock(&scst_conf_mutex);
	list_del(&dir->link);
	mutex_unlock(&scst_conf_mutex);
	kfree(dir);
}
EXPORT_SYMBOL(scst_target_driver_unregister);
