// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: targets/DRIVER/NAME/groups/GROUP: which initiators see what.
 *
 *	initiators/PATTERN/	a directory for each pattern of names; they are
 *				tried in order of creation, and '!' before one
 *				excludes what it matches
 *	luns/NR/device		the name of the device, or nothing
 *	luns/NR/read_only
 *	order			of a group and of a pattern: the lower one
 *				counts first
 *
 * Nexuses that exist follow at once. When a device is disabled it leaves the
 * LUNs that name it, and does not come back by itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include "scst_core.h"
#include "scst_int.h"

struct conf_group {
	struct config_group group, initiators, luns;
	struct scst_group *grp;
	u64 order;
};

struct conf_pattern {
	struct config_item item;
	struct scst_group *grp;
	u64 order;
};

struct conf_lun {
	struct config_item item;
	struct scst_group *grp;
	struct mutex lock;
	u16 nr;
	bool read_only;
	struct scst_hdev *hdev;		/* held; NULL: none */
	u64 enabled_id;			/* hdev's, when it was mapped */
};

/* Directories are listed in any order, and that of creation decides. */
static atomic64_t last_order;

/* ---- LUNs ------------------------------------------------------------------ */

static struct conf_lun *to_lun(struct config_item *item)
{
	return container_of(item, struct conf_lun, item);
}

/* Does the LUN show a device now? It may have been disabled since. */
static bool lun_mapped(struct conf_lun *lun)
{
	return lun->hdev && READ_ONCE(lun->hdev->enabled_id) == lun->enabled_id;
}

static void lun_clear(struct conf_lun *lun)
{
	if (!lun->hdev)
		return;
	/* The device may have left by itself. */
	scst_group_unmap(lun->grp, lun->nr);
	scst_hdev_put(lun->hdev);
	lun->hdev = NULL;
}

static int lun_map(struct conf_lun *lun, struct scst_hdev *hdev)
{
	int ret = -ENODEV;

	mutex_lock(&hdev->lock);
	if (scst_hdev_enabled(hdev)) {
		ret = scst_group_map(lun->grp, lun->nr, hdev->dev,
				     lun->read_only);
		lun->enabled_id = hdev->enabled_id;
	}
	mutex_unlock(&hdev->lock);
	if (ret)
		return ret;
	scst_hdev_get(hdev);
	lun->hdev = hdev;
	return 0;
}

static int lun_set(struct conf_lun *lun, const char *name)
{
	struct scst_hdev *hdev;
	int ret;

	mutex_lock(&scst_conf_mutex);
	hdev = scst_hdev_find(name);
	mutex_unlock(&scst_conf_mutex);
	if (!hdev) {
		pr_err("LUN %u: there is no device %s\n", lun->nr, name);
		return -ENODEV;
	}
	if (lun_mapped(lun) && lun->hdev == hdev) {
		ret = 0;
	} else if (lun_mapped(lun)) {
		pr_err("LUN %u: shows device %s; clear it before it shows %s\n",
		       lun->nr, scst_hdev_name(lun->hdev), name);
		ret = -EBUSY;
	} else {
		lun_clear(lun);
		ret = lun_map(lun, hdev);
		if (ret == -ENODEV)
			pr_err("LUN %u: device %s is not enabled\n", lun->nr,
			       name);
	}
	scst_hdev_put(hdev);
	return ret;
}

static ssize_t lun_device_show(struct config_item *item, char *page)
{
	struct conf_lun *lun = to_lun(item);
	ssize_t ret;

	mutex_lock(&lun->lock);
	ret = sysfs_emit(page, "%s\n", lun_mapped(lun) ?
			 scst_hdev_name(lun->hdev) : "");
	mutex_unlock(&lun->lock);
	return ret;
}

static ssize_t lun_device_store(struct config_item *item, const char *page,
				size_t count)
{
	struct conf_lun *lun = to_lun(item);
	char name[SCST_HDEV_NAME_MAX + 1];
	int ret;

	ret = scst_store_line(name, sizeof(name), page, count);
	if (ret)
		return ret;
	mutex_lock(&lun->lock);
	if (*name)
		ret = lun_set(lun, name);
	else
		lun_clear(lun);
	mutex_unlock(&lun->lock);
	return ret ?: count;
}
CONFIGFS_ATTR(lun_, device);

static ssize_t lun_read_only_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", to_lun(item)->read_only);
}

static ssize_t lun_read_only_store(struct config_item *item, const char *page,
				   size_t count)
{
	struct conf_lun *lun = to_lun(item);
	bool read_only;
	int ret;

	ret = kstrtobool(page, &read_only);
	if (ret)
		return ret;
	mutex_lock(&lun->lock);
	lun->read_only = read_only;
	if (lun_mapped(lun))
		scst_group_set_read_only(lun->grp, lun->nr, read_only);
	mutex_unlock(&lun->lock);
	return count;
}
CONFIGFS_ATTR(lun_, read_only);

static struct configfs_attribute *lun_attrs[] = {
	&lun_attr_device,
	&lun_attr_read_only,
	NULL,
};

static void lun_release(struct config_item *item)
{
	kfree(to_lun(item));
}

static struct configfs_item_operations lun_item_ops = {
	.release = lun_release,
};

static const struct config_item_type lun_type = {
	.ct_owner = THIS_MODULE,
	.ct_item_ops = &lun_item_ops,
	.ct_attrs = lun_attrs,
};

/* One number has one name: decimal, without leading zeros. */
static int lun_parse(const char *name, u16 *nr)
{
	if (!isdigit(*name) || (*name == '0' && name[1]) ||
	    kstrtou16(name, 10, nr) || *nr > SCST_LUN_MAX) {
		pr_err("LUN '%s': want a number from 0 to %d\n", name,
		       SCST_LUN_MAX);
		return -EINVAL;
	}
	return 0;
}

static struct config_item *lun_make(struct config_group *group,
				    const char *name)
{
	struct conf_group *parent = container_of(group, struct conf_group,
						 luns);
	struct conf_lun *lun;
	u16 nr;
	int ret;

	ret = lun_parse(name, &nr);
	if (ret)
		return ERR_PTR(ret);
	lun = kzalloc(sizeof(*lun), GFP_KERNEL);
	if (!lun)
		return ERR_PTR(-ENOMEM);
	mutex_init(&lun->lock);
	lun->nr = nr;
	lun->grp = parent->grp;
	config_item_init_type_name(&lun->item, name, &lun_type);
	return &lun->item;
}

static void lun_drop(struct config_group *group, struct config_item *item)
{
	struct conf_lun *lun = to_lun(item);

	mutex_lock(&lun->lock);
	lun_clear(lun);
	mutex_unlock(&lun->lock);
	config_item_put(item);
}

static struct configfs_group_operations luns_group_ops = {
	.make_item = lun_make,
	.drop_item = lun_drop,
};

static const struct config_item_type luns_type = {
	.ct_owner = THIS_MODULE,
	.ct_group_ops = &luns_group_ops,
};

/* ---- Initiators --------------------------------------------------------------- */

static struct conf_pattern *to_pattern(struct config_item *item)
{
	return container_of(item, struct conf_pattern, item);
}

static void pattern_release(struct config_item *item)
{
	kfree(to_pattern(item));
}

static struct configfs_item_operations pattern_item_ops = {
	.release = pattern_release,
};

static ssize_t pattern_order_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%llu\n", to_pattern(item)->order);
}
CONFIGFS_ATTR_RO(pattern_, order);

static struct configfs_attribute *pattern_attrs[] = {
	&pattern_attr_order,
	NULL,
};

static const struct config_item_type pattern_type = {
	.ct_owner = THIS_MODULE,
	.ct_item_ops = &pattern_item_ops,
	.ct_attrs = pattern_attrs,
};

static struct config_item *pattern_make(struct config_group *group,
					const char *name)
{
	struct conf_group *parent = container_of(group, struct conf_group,
						 initiators);
	struct conf_pattern *pattern;
	int ret;

	pattern = kzalloc(sizeof(*pattern), GFP_KERNEL);
	if (!pattern)
		return ERR_PTR(-ENOMEM);
	ret = scst_group_add_pattern(parent->grp, name);
	if (ret) {
		kfree(pattern);
		return ERR_PTR(ret);
	}
	pattern->grp = parent->grp;
	pattern->order = atomic64_inc_return(&last_order);
	config_item_init_type_name(&pattern->item, name, &pattern_type);
	return &pattern->item;
}

static void pattern_drop(struct config_group *group, struct config_item *item)
{
	scst_group_del_pattern(to_pattern(item)->grp, config_item_name(item));
	config_item_put(item);
}

static struct configfs_group_operations initiators_group_ops = {
	.make_item = pattern_make,
	.drop_item = pattern_drop,
};

static const struct config_item_type initiators_type = {
	.ct_owner = THIS_MODULE,
	.ct_group_ops = &initiators_group_ops,
};

/* ---- Groups -------------------------------------------------------------------- */

static struct conf_group *to_conf_group(struct config_item *item)
{
	return container_of(to_config_group(item), struct conf_group, group);
}

static void group_release(struct config_item *item)
{
	kfree(to_conf_group(item));
}

static struct configfs_item_operations group_item_ops = {
	.release = group_release,
};

static ssize_t group_order_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%llu\n", to_conf_group(item)->order);
}
CONFIGFS_ATTR_RO(group_, order);

static struct configfs_attribute *group_attrs[] = {
	&group_attr_order,
	NULL,
};

static const struct config_item_type group_type = {
	.ct_owner = THIS_MODULE,
	.ct_item_ops = &group_item_ops,
	.ct_attrs = group_attrs,
};

static struct config_group *group_make(struct config_group *groups,
				       const char *name)
{
	struct scst_dtarget *dt = container_of(groups, struct scst_dtarget,
					       groups);
	struct conf_group *conf;

	conf = kzalloc(sizeof(*conf), GFP_KERNEL);
	if (!conf)
		return ERR_PTR(-ENOMEM);
	conf->grp = scst_group_add(dt->tgt, name);
	if (IS_ERR(conf->grp)) {
		int ret = PTR_ERR(conf->grp);

		kfree(conf);
		return ERR_PTR(ret);
	}
	conf->order = atomic64_inc_return(&last_order);
	config_group_init_type_name(&conf->group, name, &group_type);
	config_group_init_type_name(&conf->initiators, "initiators",
				    &initiators_type);
	config_group_init_type_name(&conf->luns, "luns", &luns_type);
	configfs_add_default_group(&conf->initiators, &conf->group);
	configfs_add_default_group(&conf->luns, &conf->group);
	return &conf->group;
}

static void group_drop(struct config_group *groups, struct config_item *item)
{
	scst_group_del(to_conf_group(item)->grp);
	config_item_put(item);
}

static struct configfs_group_operations groups_group_ops = {
	.make_group = group_make,
	.drop_item = group_drop,
};

static const struct config_item_type groups_type = {
	.ct_owner = THIS_MODULE,
	.ct_group_ops = &groups_group_ops,
};

void scst_conf_group_init(struct config_group *groups)
{
	config_group_init_type_name(groups, "groups", &groups_type);
}
