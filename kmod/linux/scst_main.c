// SPDX-License-Identifier: GPL-2.0-only
/* KERNEL. The module that carries the core. */
#include <linux/module.h>

#include "core_os.h"

static int __init scst_init(void)
{
	return 0;
}

static void __exit scst_exit(void)
{
	/* retired objects call functions of this module */
	core_barrier();
}

module_init(scst_init);
module_exit(scst_exit);

MODULE_DESCRIPTION("SCSI target core");
MODULE_LICENSE("GPL");
