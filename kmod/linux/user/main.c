// SPDX-License-Identifier: GPL-2.0-only
/* KERNEL: scst_user.ko: devices that processes serve. */
#include <linux/module.h>

#include "user.h"

struct workqueue_struct *user_wq;

static int __init user_module_init(void)
{
	int err;

	/* memory may depend on a disk of ours, and on what is done here */
	user_wq = alloc_workqueue("scst_user", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!user_wq)
		return -ENOMEM;
	err = user_arena_module_init();
	if (err)
		goto out_wq;
	err = scst_handler_register(&user_handler);
	if (err)
		goto out_arena;
	err = user_chardev_init();
	if (err)
		goto out_handler;
	return 0;

out_handler:
	scst_handler_unregister(&user_handler);
out_arena:
	user_arena_module_exit();
out_wq:
	destroy_workqueue(user_wq);
	return err;
}

static void __exit user_module_exit(void)
{
	user_chardev_exit();
	scst_handler_unregister(&user_handler);
	user_fences_exit();
	destroy_workqueue(user_wq);
	user_arena_module_exit();
}

module_init(user_module_init);
module_exit(user_module_exit);

MODULE_DESCRIPTION("SCSI target: devices in user space");
MODULE_VERSION(SCST_VERSION);
MODULE_LICENSE("GPL");
