// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: a target driver for tests, which has no memory of its own: data
 * goes to and from the buffers that a device gives, as with iSCSI.
 *
 *	mkdir targets/test_buffers/T ...; echo LUN COUNT >targets/.../T/run
 *
 * writes COUNT times blocks of 512 bytes at random, with a pattern, reads them
 * again and compares. What ends with BUSY, or a unit attention, is tried again.
 *
 *	echo LUN COUNT >targets/.../T/hold
 *
 * lets COUNT initiators begin writes whose data they do not send, until COUNT
 * is 0.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "scst_target_driver.h"
#include "seg.h"

#define BLOCKS_MAX 128
#define AREA	   4096		/* blocks */
#define HOLDERS_MAX 16
#define HELD	   16		/* writes of each */
#define HELD_TAG   (1ULL << 32)

struct session {
	struct scst_nexus nexus;
	struct completion gone;
};

struct held {
	struct scst_task task;
	struct completion event;	/* it is asked for its data, or over */
	bool over;
};

struct holder {
	struct session session;
	struct held held[HELD];
};

struct buffers {
	struct scst_dtarget dt;
	struct session session;
	struct scst_task task;
	struct completion done;
	u64 tag, pattern;
	u8 status;
	bool differs, ua;
	struct holder *holders[HOLDERS_MAX];
};

static struct buffers *to_buffers(struct scst_task *task)
{
	return container_of(task, struct buffers, task);
}

static void buffers_want_data_out(struct scst_task *task)
{
	struct scst_cmd *cmd = &task->cmd;

	if (task->tag >= HELD_TAG) {
		complete(&container_of(task, struct held, task)->event);
		return;
	}
	core_segs_fill(cmd->segs, cmd->nr_segs, 0, cmd->data_len,
		       &to_buffers(task)->pattern, sizeof(u64));
	scst_task_data_out(task, SENSE_NONE);
}

static bool data_differs(const struct scst_cmd *cmd, u64 pattern)
{
	u64 word;
	u32 off;

	for (off = 0; off < cmd->data_in; off += sizeof(word)) {
		core_segs_read(cmd->segs, cmd->nr_segs, off, &word,
			       sizeof(word));
		if (word != pattern)
			return true;
	}
	return false;
}

static void held_respond(struct held *held)
{
	scst_task_end(&held->task);
	held->over = true;
	complete(&held->event);
}

static void buffers_respond(struct scst_task *task)
{
	struct buffers *b = to_buffers(task);
	const struct scst_cmd *cmd = &task->cmd;

	if (task->tag >= HELD_TAG) {
		held_respond(container_of(task, struct held, task));
		return;
	}
	b->status = scst_task_aborted(task) ? 0xff : cmd->status;
	b->ua = SENSE_KEY(cmd->sense.sense) == KEY_UNIT_ATTENTION;
	if (!b->status && cmd->dir == SCST_DATA_IN)
		b->differs = cmd->data_in != task->expected ||
			     data_differs(cmd, b->pattern);
	scst_task_end(task);
	complete(&b->done);
}

static void buffers_kick(struct scst_nexus *nexus)
{
}

static void buffers_tmf_done(struct scst_tmf *tmf)
{
}

static void buffers_nexus_gone(struct scst_nexus *nexus)
{
	complete(&container_of(nexus, struct session, nexus)->gone);
}

static const struct scst_target_ops buffers_ops = {
	.protocol = SCST_PROTOCOL_NONE,
	.want_data_out = buffers_want_data_out,
	.respond = buffers_respond,
	.kick = buffers_kick,
	.tmf_done = buffers_tmf_done,
	.nexus_gone = buffers_nexus_gone,
};

static void submit(struct buffers *b, u16 lun, bool write, u32 lba, u16 blocks)
{
	u8 cdb[10] = { write ? SCSI_WRITE_10 : SCSI_READ_10 }, field[8];
	struct scst_task *task = &b->task;

	put_unaligned_be32(lba, cdb + 2);
	put_unaligned_be16(blocks, cdb + 7);
	scst_lun_encode(lun, field);
	scst_task_init(task, &b->session.nexus, field, cdb, sizeof(cdb));
	task->tag = ++b->tag;
	task->cmd.dir = write ? SCST_DATA_OUT : SCST_DATA_IN;
	task->expected = blocks * 512;
	reinit_completion(&b->done);
	scst_task_submit(task);
}

/* Until it is neither busy nor surprised. */
static int run_one(struct buffers *b, u16 lun, bool write, u32 lba, u16 blocks)
{
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		submit(b, lun, write, lba, blocks);
		wait_for_completion(&b->done);
		if (!b->status)
			return b->differs ? -EILSEQ : 0;
		if (b->status != SCSI_BUSY && !b->ua)
			break;
		usleep_range(1000, 2000);
	}
	pr_err("status %#x\n", b->status);
	return -EIO;
}

static int session_begin(struct session *session, struct buffers *b)
{
	init_completion(&session->gone);
	return scst_nexus_add(&session->nexus, b->dt.tgt, "buffers");
}

static void session_end(struct session *session)
{
	scst_nexus_del(&session->nexus);
	wait_for_completion(&session->gone);
}

static int run(struct buffers *b, u16 lun, u32 count)
{
	u16 blocks;
	int err;
	u32 lba;

	err = session_begin(&b->session, b);
	if (err)
		return err;
	init_completion(&b->done);
	while (count-- && !err) {
		lba = get_random_u32() % (AREA - BLOCKS_MAX);
		blocks = 1 + get_random_u32() % BLOCKS_MAX;
		b->pattern = get_random_u64();
		b->differs = false;
		err = run_one(b, lun, true, lba, blocks);
		if (!err)
			err = run_one(b, lun, false, lba, blocks);
	}
	session_end(&b->session);
	return err;
}

/* ---- Writes that do not go on ----------------------------------------------- */

/* Until it waits for its data: a new session has a unit attention. */
static void held_begin(struct held *held, struct scst_nexus *nexus, u64 tag,
		       u16 lun)
{
	u8 cdb[10] = { SCSI_WRITE_10 }, field[8];
	int tries;

	put_unaligned_be16(BLOCKS_MAX, cdb + 7);
	scst_lun_encode(lun, field);
	for (tries = 0; tries < 10; tries++) {
		init_completion(&held->event);
		held->over = false;
		scst_task_init(&held->task, nexus, field, cdb, sizeof(cdb));
		held->task.tag = tag;
		held->task.cmd.dir = SCST_DATA_OUT;
		held->task.expected = BLOCKS_MAX * 512;
		scst_task_submit(&held->task);
		wait_for_completion(&held->event);
		if (!held->over)
			return;
	}
}

static void held_end(struct held *held)
{
	if (held->over)
		return;
	reinit_completion(&held->event);
	scst_task_data_out(&held->task, SENSE_ABORTED);
	wait_for_completion(&held->event);
}

static void holder_end(struct holder *h)
{
	u32 i;

	for (i = 0; i < HELD; i++)
		held_end(&h->held[i]);
	session_end(&h->session);
	kfree(h);
}

/* What gets no memory, as it should when this one has its share, is over. */
static struct holder *holder_begin(struct buffers *b, u16 lun)
{
	struct holder *h = kzalloc(sizeof(*h), GFP_KERNEL);
	u32 i;
	int err;

	if (!h)
		return ERR_PTR(-ENOMEM);
	err = session_begin(&h->session, b);
	if (err) {
		kfree(h);
		return ERR_PTR(err);
	}
	for (i = 0; i < HELD; i++)
		held_begin(&h->held[i], &h->session.nexus, HELD_TAG + i, lun);
	return h;
}

static void holders_end(struct buffers *b)
{
	u32 i;

	for (i = 0; i < HOLDERS_MAX; i++)
		if (b->holders[i])
			holder_end(b->holders[i]);
	memset(b->holders, 0, sizeof(b->holders));
}

static ssize_t buffers_hold_store(struct config_item *item, const char *page,
				  size_t size)
{
	struct buffers *b = container_of(to_dtarget(item), struct buffers, dt);
	struct holder *h;
	u32 i, count;
	u16 lun;

	if (sscanf(page, "%hu %u", &lun, &count) != 2 || count > HOLDERS_MAX)
		return -EINVAL;
	holders_end(b);
	for (i = 0; i < count; i++) {
		h = holder_begin(b, lun);
		if (IS_ERR(h))
			return PTR_ERR(h);
		b->holders[i] = h;
	}
	return size;
}
CONFIGFS_ATTR_WO(buffers_, hold);

/* ---- Configuration ----------------------------------------------------------- */

static ssize_t buffers_run_store(struct config_item *item, const char *page,
				 size_t size)
{
	struct buffers *b = container_of(to_dtarget(item), struct buffers, dt);
	u32 count;
	u16 lun;
	int err;

	if (sscanf(page, "%hu %u", &lun, &count) != 2)
		return -EINVAL;
	err = run(b, lun, count);
	return err ? err : size;
}
CONFIGFS_ATTR_WO(buffers_, run);

static struct configfs_attribute *buffers_attrs[] = {
	&buffers_attr_run, &buffers_attr_hold, NULL,
};

static struct scst_dtarget *buffers_alloc(const char *name)
{
	struct buffers *b = kzalloc(sizeof(*b), GFP_KERNEL);

	return b ? &b->dt : ERR_PTR(-ENOMEM);
}

static void buffers_close(struct scst_dtarget *dt)
{
	holders_end(container_of(dt, struct buffers, dt));
}

static void buffers_free(struct scst_dtarget *dt)
{
	kfree(container_of(dt, struct buffers, dt));
}

static const struct scst_target_driver buffers_driver = {
	.name = "test_buffers",
	.owner = THIS_MODULE,
	.ops = &buffers_ops,
	.attrs = buffers_attrs,
	.alloc = buffers_alloc,
	.close = buffers_close,
	.free = buffers_free,
};

static int __init buffers_init(void)
{
	return scst_target_driver_register(&buffers_driver);
}

static void __exit buffers_exit(void)
{
	scst_target_driver_unregister(&buffers_driver);
}

module_init(buffers_init);
module_exit(buffers_exit);

MODULE_DESCRIPTION("target driver that takes the device's buffers, for tests");
MODULE_LICENSE("GPL");
