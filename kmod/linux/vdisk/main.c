// SPDX-License-Identifier: GPL-2.0-only
/* KERNEL: scst_vdisk.ko: disks and CD-ROM drives made of what is here. */
#include <linux/module.h>

#include "vdisk.h"

static const struct scst_handler *const handlers[] = {
	&nullio_handler,
	&fileio_handler,
	&blockio_handler,
	&cdrom_handler,
};

static void handlers_unregister(size_t nr)
{
	while (nr--)
		scst_handler_unregister(handlers[nr]);
}

static int __init handlers_register(void)
{
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(handlers); i++) {
		err = scst_handler_register(handlers[i]);
		if (err) {
			handlers_unregister(i);
			return err;
		}
	}
	return 0;
}

static int __init vdisk_module_init(void)
{
	int err = vdisk_queue_module_init();

	if (err)
		return err;
	err = handlers_register();
	if (err)
		vdisk_queue_module_exit();
	return err;
}

static void __exit vdisk_module_exit(void)
{
	handlers_unregister(ARRAY_SIZE(handlers));
	vdisk_queue_module_exit();
}

module_init(vdisk_module_init);
module_exit(vdisk_module_exit);

MODULE_DESCRIPTION("SCSI target: disks from files, block devices and nothing");
MODULE_LICENSE("GPL");
