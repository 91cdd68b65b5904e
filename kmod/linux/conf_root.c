// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: the root of the tree in configfs: scst/version and the directories
 * beside it, and what handlers and drivers add to them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include "scst_int.h"

DEFINE_MUTEX(scst_conf_mutex);

struct config_group scst_devices_group, scst_targets_group;
static struct config_group device_groups;

static LIST_HEAD(conf_dirs);		/* scst_conf_mutex */

/* ---- Directories of handlers and drivers ------------------------------------- */

static int conf_dir_add(struct scst_conf_dir *dir)
{
	const char *name = config_item_name(&dir->group.cg_item);
	struct scst_conf_dir *other;
	int ret = 0;

	mutex_lock(&scst_conf_mutex);
	list_for_each_entry(other, &conf_dirs, link)
		if (other->parent == dir->parent &&
		    !strcmp(config_item_name(&other->group.cg_item), name))
			ret = -EEXIST;
	if (!ret)
		list_add_tail(&dir->link, &conf_dirs);
	mutex_unlock(&scst_conf_mutex);
	return ret;
}

static void conf_dir_remove(struct scst_conf_dir *dir)
{
	mutex_lock(&scst_conf_mutex);
	list_del(&dir->link);
	mutex_unlock(&scst_conf_mutex);
}

static struct scst_conf_dir *conf_dir_find(const void *of)
{
	struct scst_conf_dir *dir, *found = NULL;

	mutex_lock(&scst_conf_mutex);
	list_for_each_entry(dir, &conf_dirs, link)
		if (dir->of == of)
			found = dir;
	mutex_unlock(&scst_conf_mutex);
	return found;
}

int scst_conf_dir_register(struct scst_conf_dir *dir, const void *of,
			   struct config_group *parent, const char *name)
{
	int ret;

	dir->of = of;
	dir->parent = parent;
	scst_census_init(&dir->items);
	config_group_init_type_name(&dir->group, name, &dir->type);
	ret = conf_dir_add(dir);
	if (!ret) {
		ret = configfs_register_group(parent, &dir->group);
		if (ret)
			conf_dir_remove(dir);
	}
	if (ret)
		pr_err("cannot add %s/%s: %s, error %d\n",
		       config_item_name(&parent->cg_item), name,
		       ret == -EEXIST ? "the name is taken" : "configfs", ret);
	return ret;
}

struct scst_conf_dir *scst_conf_dir_unregister(const void *of)
{
	struct scst_conf_dir *dir = conf_dir_find(of);

	if (WARN_ON(!dir))
		return NULL;
	configfs_unregister_group(&dir->group);
	scst_census_wait(&dir->items);
	conf_dir_remove(dir);
	return dir;
}

struct configfs_attribute **
scst_conf_attrs(struct configfs_attribute *const *common, size_t nr,
		struct configfs_attribute *const *own)
{
	struct configfs_attribute **attrs;
	size_t nr_own = 0;

	while (own && own[nr_own])
		nr_own++;
	attrs = kcalloc(nr + nr_own + 1, sizeof(*attrs), GFP_KERNEL);
	if (!attrs)
		return NULL;
	memcpy(attrs, common, nr * sizeof(*attrs));
	if (nr_own)
		memcpy(attrs + nr, own, nr_own * sizeof(*attrs));
	return attrs;
}

/* ---- The root -------------------------------------------------------------- */

static const struct config_item_type plain_type = {
	.ct_owner = THIS_MODULE,
};

static ssize_t root_version_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%s\n", SCST_VERSION);
}
CONFIGFS_ATTR_RO(root_, version);

static struct configfs_attribute *root_attrs[] = {
	&root_attr_version,
	NULL,
};

static const struct config_item_type root_type = {
	.ct_owner = THIS_MODULE,
	.ct_attrs = root_attrs,
};

static struct configfs_subsystem subsystem = {
	.su_group.cg_item = {
		.ci_namebuf = "scst",
		.ci_type = &root_type,
	},
};

int scst_conf_init(void)
{
	config_group_init(&subsystem.su_group);
	mutex_init(&subsystem.su_mutex);
	config_group_init_type_name(&scst_devices_group, "devices",
				    &plain_type);
	config_group_init_type_name(&scst_targets_group, "targets",
				    &plain_type);
	scst_conf_alua_init(&device_groups);
	configfs_add_default_group(&scst_devices_group, &subsystem.su_group);
	configfs_add_default_group(&device_groups, &subsystem.su_group);
	configfs_add_default_group(&scst_targets_group, &subsystem.su_group);
	return configfs_register_subsystem(&subsystem);
}

void scst_conf_exit(void)
{
	configfs_unregister_subsystem(&subsystem);
}
