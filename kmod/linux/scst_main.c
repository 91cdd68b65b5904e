// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: the module that carries the core: one context, its configuration
 * and what it tells.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "scst_int.h"

struct scst_ctx *scst_root;
struct workqueue_struct *scst_wq;

static int __init scst_init(void)
{
	int ret = -ENOMEM;

	scst_wq = alloc_workqueue("scst", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!scst_wq)
		return -ENOMEM;
	scst_root = scst_ctx_alloc();
	if (!scst_root)
		goto out_wq;
	ret = scst_netlink_init();
	if (ret)
		goto out_ctx;
	scst_observe(scst_root, &scst_netlink_observer);
	ret = scst_conf_init();
	if (ret)
		goto out_netlink;
	return 0;

out_netlink:
	scst_netlink_exit();
out_ctx:
	scst_ctx_free(scst_root);
out_wq:
	destroy_workqueue(scst_wq);
	return ret;
}

static void __exit scst_exit(void)
{
	scst_conf_exit();
	scst_netlink_exit();
	destroy_workqueue(scst_wq);
	/* Retired objects call functions of this module: this waits. */
	scst_ctx_free(scst_root);
}

module_init(scst_init);
module_exit(scst_exit);

MODULE_DESCRIPTION("SCSI target core");
MODULE_VERSION(SCST_VERSION);
MODULE_LICENSE("GPL");
