// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: device_groups/NAME: asymmetric logical unit access: which devices
 * are reached through which target port groups, and in which state these are.
 *
 *	explicit			may initiators set states?
 *	devices/NAME/			a directory for each device
 *	port_groups/ID/state		in the words of SPC
 *	port_groups/ID/preferred
 *	port_groups/ID/ports/NR/	for each relative target port identifier
 *
 * Devices and ports go by name and number and need not be there, so nothing
 * here holds anything elsewhere, and directories come and go in any order.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "scst_int.h"

struct conf_dgroup {
	struct config_group group, devices, port_groups;
	struct scst_device_group *dg;
	bool settable;
};

struct conf_member {
	struct config_item item;
	struct scst_device_group *dg;
};

struct conf_pgroup {
	struct config_group group, ports;
	struct scst_port_group *pg;
	bool preferred;
};

struct conf_port {
	struct config_item item;
	struct scst_port_group *pg;
	u16 nr;
};

/* One number has one name: decimal, without leading zeros. */
static int parse_id(const char *what, const char *name, u16 *id)
{
	if (isdigit(*name) && *name != '0' && !kstrtou16(name, 10, id))
		return 0;
	pr_err("%s '%s': want a number from 1 to 65535\n", what, name);
	return -EINVAL;
}

/* ---- ports/NR ----------------------------------------------------------- */

static struct conf_port *to_port(struct config_item *item)
{
	return container_of(item, struct conf_port, item);
}

static void port_release(struct config_item *item)
{
	kfree(to_port(item));
}

static struct configfs_item_operations port_item_ops = {
	.release = port_release,
};

static const struct config_item_type port_type = {
	.ct_owner = THIS_MODULE,
	.ct_item_ops = &port_item_ops,
};

static int port_add(struct conf_port *port, const char *name)
{
	int ret = parse_id("target port", name, &port->nr);

	if (ret)
		return ret;
	ret = scst_port_group_add_port(port->pg, port->nr);
	if (ret == -EEXIST)
		pr_err("target port %u: is in another target port group of these devices\n",
		       port->nr);
	return ret;
}

static struct config_item *port_make(struct config_group *group,
				     const char *name)
{
	struct conf_pgroup *parent = container_of(group, struct conf_pgroup,
						  ports);
	struct conf_port *port = kzalloc(sizeof(*port), GFP_KERNEL);
	int ret;

	if (!port)
		return ERR_PTR(-ENOMEM);
	port->pg = parent->pg;
	ret = port_add(port, name);
	if (ret) {
		kfree(port);
		return ERR_PTR(ret);
	}
	config_item_init_type_name(&port->item, name, &port_type);
	return &port->item;
}

static void port_drop(struct config_group *group, struct config_item *item)
{
	scst_port_group_del_port(to_port(item)->pg, to_port(item)->nr);
	config_item_put(item);
}

static struct configfs_group_operations ports_group_ops = {
	.make_item = port_make,
	.drop_item = port_drop,
};

static const struct config_item_type ports_type = {
	.ct_owner = THIS_MODULE,
	.ct_group_ops = &ports_group_ops,
};

/* ---- port_groups/ID ----------------------------------------------------- */

static struct conf_pgroup *to_pgroup(struct config_item *item)
{
	return container_of(to_config_group(item), struct conf_pgroup, group);
}

static ssize_t pgroup_state_show(struct config_item *item, char *page)
{
	enum scst_access_state state;

	state = scst_port_group_state(to_pgroup(item)->pg);
	return sysfs_emit(page, "%s\n", scst_access_state_name(state));
}

static ssize_t pgroup_state_store(struct config_item *item, const char *page,
				  size_t count)
{
	enum scst_access_state state;
	char name[32];

	if (scst_store_line(name, sizeof(name), page, count) ||
	    scst_access_state_parse(name, &state)) {
		pr_err("target port group %s: state: want active/optimized, active/non-optimized, standby, unavailable, offline or transitioning\n",
		       config_item_name(item));
		return -EINVAL;
	}
	scst_port_group_set_state(to_pgroup(item)->pg, state);
	return count;
}
CONFIGFS_ATTR(pgroup_, state);

static ssize_t pgroup_preferred_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", to_pgroup(item)->preferred);
}

static ssize_t pgroup_preferred_store(struct config_item *item,
				      const char *page, size_t count)
{
	struct conf_pgroup *conf = to_pgroup(item);
	bool preferred;
	int ret;

	ret = kstrtobool(page, &preferred);
	if (ret)
		return ret;
	WRITE_ONCE(conf->preferred, preferred);
	scst_port_group_set_preferred(conf->pg, preferred);
	return count;
}
CONFIGFS_ATTR(pgroup_, preferred);

static struct configfs_attribute *pgroup_attrs[] = {
	&pgroup_attr_state,
	&pgroup_attr_preferred,
	NULL,
};

static void pgroup_release(struct config_item *item)
{
	kfree(to_pgroup(item));
}

static struct configfs_item_operations pgroup_item_ops = {
	.release = pgroup_release,
};

static const struct config_item_type pgroup_type = {
	.ct_owner = THIS_MODULE,
	.ct_item_ops = &pgroup_item_ops,
	.ct_attrs = pgroup_attrs,
};

static struct config_group *pgroup_make(struct config_group *group,
					const char *name)
{
	struct conf_dgroup *parent = container_of(group, struct conf_dgroup,
						  port_groups);
	struct conf_pgroup *conf;
	int ret;
	u16 id;

	ret = parse_id("target port group", name, &id);
	if (ret)
		return ERR_PTR(ret);
	conf = kzalloc(sizeof(*conf), GFP_KERNEL);
	if (!conf)
		return ERR_PTR(-ENOMEM);
	conf->pg = scst_port_group_add(parent->dg, id);
	if (IS_ERR(conf->pg)) {
		ret = PTR_ERR(conf->pg);
		kfree(conf);
		return ERR_PTR(ret);
	}
	config_group_init_type_name(&conf->group, name, &pgroup_type);
	config_group_init_type_name(&conf->ports, "ports", &ports_type);
	configfs_add_default_group(&conf->ports, &conf->group);
	return &conf->group;
}

static void pgroup_drop(struct config_group *group, struct config_item *item)
{
	scst_port_group_del(to_pgroup(item)->pg);
	config_item_put(item);
}

static struct configfs_group_operations pgroups_group_ops = {
	.make_group = pgroup_make,
	.drop_item = pgroup_drop,
};

static const struct config_item_type pgroups_type = {
	.ct_owner = THIS_MODULE,
	.ct_group_ops = &pgroups_group_ops,
};

/* ---- devices/NAME ------------------------------------------------------- */

static struct conf_member *to_member(struct config_item *item)
{
	return container_of(item, struct conf_member, item);
}

static void member_release(struct config_item *item)
{
	kfree(to_member(item));
}

static struct configfs_item_operations member_item_ops = {
	.release = member_release,
};

static const struct config_item_type member_type = {
	.ct_owner = THIS_MODULE,
	.ct_item_ops = &member_item_ops,
};

static struct config_item *member_make(struct config_group *group,
				       const char *name)
{
	struct conf_dgroup *parent = container_of(group, struct conf_dgroup,
						  devices);
	struct conf_member *member = kzalloc(sizeof(*member), GFP_KERNEL);
	int ret;

	if (!member)
		return ERR_PTR(-ENOMEM);
	ret = scst_device_group_add_device(parent->dg, name);
	if (ret) {
		if (ret == -EEXIST)
			pr_err("device %s: is in another device group\n",
			       name);
		kfree(member);
		return ERR_PTR(ret);
	}
	member->dg = parent->dg;
	config_item_init_type_name(&member->item, name, &member_type);
	return &member->item;
}

static void member_drop(struct config_group *group, struct config_item *item)
{
	scst_device_group_del_device(to_member(item)->dg,
				     config_item_name(item));
	config_item_put(item);
}

static struct configfs_group_operations devices_group_ops = {
	.make_item = member_make,
	.drop_item = member_drop,
};

static const struct config_item_type devices_type = {
	.ct_owner = THIS_MODULE,
	.ct_group_ops = &devices_group_ops,
};

/* ---- device_groups/NAME ------------------------------------------------- */

static struct conf_dgroup *to_dgroup(struct config_item *item)
{
	return container_of(to_config_group(item), struct conf_dgroup, group);
}

static ssize_t dgroup_explicit_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", to_dgroup(item)->settable);
}

static ssize_t dgroup_explicit_store(struct config_item *item,
				     const char *page, size_t count)
{
	struct conf_dgroup *conf = to_dgroup(item);
	bool settable;
	int ret;

	ret = kstrtobool(page, &settable);
	if (ret)
		return ret;
	WRITE_ONCE(conf->settable, settable);
	scst_device_group_set_explicit(conf->dg, settable);
	return count;
}
CONFIGFS_ATTR(dgroup_, explicit);

static struct configfs_attribute *dgroup_attrs[] = {
	&dgroup_attr_explicit,
	NULL,
};

static void dgroup_release(struct config_item *item)
{
	kfree(to_dgroup(item));
}

static struct configfs_item_operations dgroup_item_ops = {
	.release = dgroup_release,
};

static const struct config_item_type dgroup_type = {
	.ct_owner = THIS_MODULE,
	.ct_item_ops = &dgroup_item_ops,
	.ct_attrs = dgroup_attrs,
};

static struct config_group *dgroup_make(struct config_group *group,
					const char *name)
{
	struct conf_dgroup *conf = kzalloc(sizeof(*conf), GFP_KERNEL);

	if (!conf)
		return ERR_PTR(-ENOMEM);
	conf->dg = scst_device_group_add(scst_root);
	if (IS_ERR(conf->dg)) {
		int ret = PTR_ERR(conf->dg);

		kfree(conf);
		return ERR_PTR(ret);
	}
	config_group_init_type_name(&conf->group, name, &dgroup_type);
	config_group_init_type_name(&conf->devices, "devices", &devices_type);
	config_group_init_type_name(&conf->port_groups, "port_groups",
				    &pgroups_type);
	configfs_add_default_group(&conf->devices, &conf->group);
	configfs_add_default_group(&conf->port_groups, &conf->group);
	return &conf->group;
}

static void dgroup_drop(struct config_group *group, struct config_item *item)
{
	scst_device_group_del(to_dgroup(item)->dg);
	config_item_put(item);
}

static struct configfs_group_operations dgroups_group_ops = {
	.make_group = dgroup_make,
	.drop_item = dgroup_drop,
};

static const struct config_item_type dgroups_type = {
	.ct_owner = THIS_MODULE,
	.ct_group_ops = &dgroups_group_ops,
};

void scst_conf_alua_init(struct config_group *groups)
{
	config_group_init_type_name(groups, "device_groups", &dgroups_type);
}
