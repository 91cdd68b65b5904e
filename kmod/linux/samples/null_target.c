// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target driver to start from: the initiator is whoever types.
 *
 *	modprobe null_target
 *	cd /sys/kernel/config/scst/targets
 *	mkdir null_target/t null_target/t/groups/all && cd null_target/t
 *	mkdir groups/all/initiators/null groups/all/luns/0
 *	echo r0 > groups/all/luns/0/device
 *	echo 0 12 00 00 00 24 00 > command	# LUN 0: INQUIRY
 *	cat result
 *
 * Each target has one I_T nexus, begun by the first command, and one task. A
 * real driver has one for each initiator, and embeds tasks in its commands.
 */
#include <linux/bitops.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "scst_target_driver.h"
#include "seg.h"

#define NULL_DATA 252
enum { TASK_BUSY, LOGGED_IN };

struct null_target {
	struct scst_dtarget dt;
	unsigned long flags;
	struct scst_nexus nexus;
	struct scst_task task;
	u64 last_tag;

	/* Of the last command. */
	bool aborted;
	u8 status;
	unsigned int sense_len, data_len;
	u8 sense[18], data[NULL_DATA];
};

static struct null_target *to_null(struct scst_dtarget *dt)
{
	return container_of(dt, struct null_target, dt);
}

/* ---- The core's calls: scst_target.h -------------------------------------- */

/* In any context. Once the task is ended, its data buffer is gone. */
static void null_respond(struct scst_task *task)
{
	struct null_target *nt = container_of(task, struct null_target, task);
	const struct scst_cmd *cmd = &task->cmd;

	nt->aborted = scst_task_aborted(task);
	nt->status = cmd->status;
	nt->sense_len = 0;
	if (cmd->status == SCSI_CHECK_CONDITION)
		nt->sense_len = scst_task_sense(task, nt->sense,
						sizeof(nt->sense));
	nt->data_len = core_segs_read(cmd->segs, cmd->nr_segs, 0, nt->data,
				      min_t(u32, cmd->data_in, NULL_DATA));
	scst_task_end(task);
	clear_bit_unlock(TASK_BUSY, &nt->flags);
}

/* The target stays for longer, and the nexus is in it. */
static void null_nexus_gone(struct scst_nexus *nexus)
{
}

/*
 * want_data_out() and kick() come for commands with Data-Out alone, tmf_done()
 * after scst_tmf_submit(): there is neither here.
 */
static const struct scst_target_ops null_target_ops = {
	.protocol = SCST_PROTOCOL_NONE,
	.respond = null_respond,
	.nexus_gone = null_nexus_gone,
};

/* ---- The operator's: scst_target_driver.h ---------------------------------- */

static struct scst_dtarget *null_alloc(const char *name)
{
	struct null_target *nt = kzalloc(sizeof(*nt), GFP_KERNEL);

	return nt ? &nt->dt : ERR_PTR(-ENOMEM);
}

/* No attribute is written any more. What runs is aborted and ends later. */
static void null_close(struct scst_dtarget *dt)
{
	struct null_target *nt = to_null(dt);

	if (test_bit(LOGGED_IN, &nt->flags))
		scst_nexus_del(&nt->nexus);
}

static void null_free(struct scst_dtarget *dt)
{
	kfree(to_null(dt));
}

/* The caller has the task to itself. -EACCES: no group matches "null". */
static int null_login(struct null_target *nt)
{
	int ret;

	if (test_bit(LOGGED_IN, &nt->flags))
		return 0;
	ret = scst_nexus_add(&nt->nexus, nt->dt.tgt, "null");
	if (!ret)
		set_bit(LOGGED_IN, &nt->flags);
	return ret;
}

static void null_submit(struct null_target *nt, u16 lun, const u8 *cdb, u16 len)
{
	struct scst_task *task = &nt->task;
	u8 field[8];

	scst_lun_encode(lun, field);
	scst_task_init(task, &nt->nexus, field, cdb, len);
	task->tag = ++nt->last_tag;
	task->cmd.dir = SCST_DATA_IN;
	task->expected = NULL_DATA;
	scst_task_submit(task);
}

static ssize_t null_command_store(struct config_item *item, const char *page,
				  size_t count)
{
	struct null_target *nt = to_null(to_dtarget(item));
	int ret, n, at;
	u8 cdb[16];
	u16 lun;

	if (sscanf(page, "%hu%n", &lun, &at) != 1)
		return -EINVAL;
	for (n = 0; n < sizeof(cdb); n++, at += ret)
		if (sscanf(page + at, "%hhx%n", &cdb[n], &ret) != 1)
			break;
	if (n < 6)
		return -EINVAL;

	if (test_and_set_bit_lock(TASK_BUSY, &nt->flags))
		return -EBUSY;
	ret = null_login(nt);
	if (!ret)
		null_submit(nt, lun, cdb, n);
	else
		clear_bit_unlock(TASK_BUSY, &nt->flags);
	return ret ?: count;
}
CONFIGFS_ATTR_WO(null_, command);

static ssize_t null_result_show(struct config_item *item, char *page)
{
	struct null_target *nt = to_null(to_dtarget(item));

	if (test_bit_acquire(TASK_BUSY, &nt->flags))
		return sysfs_emit(page, "running\n");
	if (nt->aborted)
		return sysfs_emit(page, "aborted\n");
	return sysfs_emit(page, "status %02x\nsense %*phN\ndata %*phN\n",
			  nt->status, nt->sense_len, nt->sense,
			  min(nt->data_len, 64u), nt->data);
}
CONFIGFS_ATTR_RO(null_, result);

static struct configfs_attribute *null_attrs[] = {
	&null_attr_command, &null_attr_result, NULL,
};

static const struct scst_target_driver null_driver = {
	.name = "null_target",
	.owner = THIS_MODULE,
	.ops = &null_target_ops,
	.attrs = null_attrs,
	.alloc = null_alloc,
	.close = null_close,
	.free = null_free,
};

static int __init null_init(void)
{
	return scst_target_driver_register(&null_driver);
}

static void __exit null_exit(void)
{
	scst_target_driver_unregister(&null_driver);
}

module_init(null_init);
module_exit(null_exit);

MODULE_DESCRIPTION("sample target driver: commands by hand");
MODULE_LICENSE("GPL");
