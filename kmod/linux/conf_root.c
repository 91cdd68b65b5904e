// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: the root of the tree in configfs: scst/{devices,targets,version}.
 */
#include <linux/module.h>

#include "scst_int.h"

DEFINE_MUTEX(scst_conf_mutex);

/* Handlers and drivers add their own directories. */
static const struct config_item_type plain_type = {
	.ct_owner = THIS_MODULE,
};

struct config_group scst_devices_group, scst_targets_group;

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
	configfs_add_default_group(&scst_devices_group, &subsystem.su_group);
	configfs_add_default_group(&scst_targets_group, &subsystem.su_group);
	return configfs_register_subsystem(&subsystem);
}

void scst_conf_exit(void)
{
	configfs_unregister_subsystem(&subsystem);
}
