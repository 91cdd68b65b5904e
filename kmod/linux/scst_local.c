// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: scst_local.ko: the target driver whose initiator is this machine.
 *
 *	mkdir targets/scst_local/NAME
 *	mkdir targets/scst_local/NAME/nexuses/INITIATOR
 *				a SCSI host appears with the logical units
 *				that the target shows INITIATOR
 *	cat .../INITIATOR/host	its number
 *	rmdir .../INITIATOR	it goes, in the background if it has to wait
 *
 * Logical units that are added and taken away later come and go by themselves.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "local.h"

struct page *local_scrap;
struct device *local_root;
struct workqueue_struct *local_wq;

unsigned int local_offline_after = 30;
module_param_named(offline_after, local_offline_after, uint, 0644);
MODULE_PARM_DESC(offline_after,
		 "seconds from the abort of a command that does not end until its device goes offline (default 30, 0: never)");

/* ---- nexuses/INITIATOR --------------------------------------------------- */

static struct local_host *to_local_host(struct config_item *item)
{
	return container_of(item, struct local_host, item);
}

static ssize_t host_host_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", to_local_host(item)->shost->host_no);
}
CONFIGFS_ATTR_RO(host_, host);

static struct configfs_attribute *host_attrs[] = {
	&host_attr_host,
	NULL,
};

static void host_release(struct config_item *item)
{
	scsi_host_put(to_local_host(item)->shost);
}

static struct configfs_item_operations host_item_ops = {
	.release = host_release,
};

static const struct config_item_type host_type = {
	.ct_owner = THIS_MODULE,
	.ct_item_ops = &host_item_ops,
	.ct_attrs = host_attrs,
};

static struct config_item *nexus_make(struct config_group *group,
				      const char *name)
{
	struct local_target *target = container_of(group, struct local_target,
						   nexuses);
	struct local_host *host = local_host_add(target, name);

	if (IS_ERR(host)) {
		if (PTR_ERR(host) == -EACCES)
			pr_err("target %s: no group has a pattern for %s\n",
			       scst_target_name(target->dt.tgt), name);
		return ERR_CAST(host);
	}
	config_item_init_type_name(&host->item, name, &host_type);
	return &host->item;
}

static void nexus_drop(struct config_group *group, struct config_item *item)
{
	local_host_remove(to_local_host(item));
	config_item_put(item);
}

static struct configfs_group_operations nexuses_group_ops = {
	.make_item = nexus_make,
	.drop_item = nexus_drop,
};

static const struct config_item_type nexuses_type = {
	.ct_owner = THIS_MODULE,
	.ct_group_ops = &nexuses_group_ops,
};

/* ---- Targets ------------------------------------------------------------- */

static struct scst_dtarget *local_alloc(const char *name)
{
	struct local_target *target = kzalloc(sizeof(*target), GFP_KERNEL);

	if (!target)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&target->hosts);
	return &target->dt;
}

static int local_open(struct scst_dtarget *dt)
{
	struct local_target *target = to_local_target(dt);

	config_group_init_type_name(&target->nexuses, "nexuses",
				    &nexuses_type);
	configfs_add_default_group(&target->nexuses, &dt->group);
	return 0;
}

/* No directory of a nexus is left, but hosts may still be going. */
static void local_close(struct scst_dtarget *dt)
{
	local_hosts_end(to_local_target(dt));
}

static void local_free(struct scst_dtarget *dt)
{
	kfree(to_local_target(dt));
}

/* want_data_out() and kick() are for who brings no buffer. */
static const struct scst_target_ops local_target_ops = {
	.protocol = SCST_PROTOCOL_SAS,	/* loopback has none of its own */
	.respond = local_respond,
	.tmf_done = local_tmf_done,
	.nexus_gone = local_nexus_gone,
	.luns_changed = local_luns_changed,
};

static const struct scst_target_driver local_driver = {
	.name = "scst_local",
	.owner = THIS_MODULE,
	.ops = &local_target_ops,
	.alloc = local_alloc,
	.open = local_open,
	.close = local_close,
	.free = local_free,
};

/* ---- Module -------------------------------------------------------------- */

static int __init local_init(void)
{
	int ret = -ENOMEM;

	local_scrap = alloc_page(GFP_KERNEL);
	if (!local_scrap)
		return ret;
	local_wq = alloc_workqueue("scst_local", WQ_UNBOUND, 0);
	if (!local_wq)
		goto out_page;
	local_root = root_device_register("scst_local");
	if (IS_ERR(local_root)) {
		ret = PTR_ERR(local_root);
		goto out_wq;
	}
	ret = scst_target_driver_register(&local_driver);
	if (ret)
		goto out_root;
	return 0;

out_root:
	root_device_unregister(local_root);
out_wq:
	destroy_workqueue(local_wq);
out_page:
	__free_page(local_scrap);
	return ret;
}

/* Waits for hosts that are going; see local_host.c. */
static void __exit local_exit(void)
{
	scst_target_driver_unregister(&local_driver);
	destroy_workqueue(local_wq);
	root_device_unregister(local_root);
	__free_page(local_scrap);
}

module_init(local_init);
module_exit(local_exit);

MODULE_DESCRIPTION("SCSI target driver for this machine itself");
MODULE_VERSION(SCST_VERSION);
MODULE_LICENSE("GPL");
