// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the disk behind iscsi_peer.h: READ and WRITE of its memory, now or
 * when the test says so.
 */
#include "iscsi_peer.h"
#include "seg.h"

struct held_cmd {
	struct list_head link;
	struct scst_cmd *cmd;
};

static int disk_alloc(struct scst_cmd *cmd, u32 len)
{
	u32 piece = p.seg_size ?: len, i;
	u8 *buf;

	if (p.fail_allocs) {
		p.fail_allocs--;
		return -ENOMEM;
	}
	buf = malloc(len);
	memset(buf, 0xee, len);
	cmd->data_priv = buf;
	cmd->nr_segs = DIV_ROUND_UP(len, piece);
	cmd->segs = calloc(cmd->nr_segs, sizeof(*cmd->segs));
	for (i = 0; i < cmd->nr_segs; i++)
		core_seg_set(&cmd->segs[i], buf + i * piece,
			     min(piece, len - i * piece));
	p.nr_buffers++;
	return 0;
}

static void disk_free(struct scst_cmd *cmd)
{
	p.nr_buffers--;
	free(cmd->segs);
	free(cmd->data_priv);
}

static void disk_transfer(struct scst_cmd *cmd)
{
	u32 len = get_unaligned_be16(cmd->cdb + 7) * BLOCK;
	u8 *at = p.mem + get_unaligned_be32(cmd->cdb + 2) * BLOCK;

	cmd->wanted = cmd->cdb[0] == SCSI_TEST_UNIT_READY ? 0 : len;
	if (cmd->cdb[0] == SCSI_READ_10)
		cmd->data_in = scst_cmd_copy_in(cmd, 0, at, len);
	else if (cmd->cdb[0] == SCSI_WRITE_10)
		scst_cmd_copy_out(cmd, 0, at, len);
}

static void disk_execute(struct scst_cmd *cmd)
{
	struct held_cmd *h;

	p.nr_executed++;
	if (!p.hold) {
		disk_transfer(cmd);
		scst_cmd_good(cmd);
		return;
	}
	h = malloc(sizeof(*h));
	h->cmd = cmd;
	list_add_tail(&h->link, &p.held);
}

static struct held_cmd *find_held(u32 itt)
{
	struct held_cmd *h;

	list_for_each_entry(h, &p.held, link)
		if (scst_cmd_task(h->cmd)->tag == itt)
			return h;
	return NULL;
}

struct scst_cmd *held_cmd(u32 itt)
{
	struct held_cmd *h = find_held(itt);

	return h ? h->cmd : NULL;
}

void complete_quietly(u32 itt, enum scst_sense sense)
{
	struct held_cmd *h = find_held(itt);
	struct scst_cmd *cmd;

	ck_assert_ptr_nonnull(h);
	cmd = h->cmd;
	list_del(&h->link);
	free(h);
	if (sense && p.fail_data)
		cmd->data_in = scst_cmd_copy_in(cmd, 0, p.fail_data,
						strlen(p.fail_data));
	if (sense) {
		scst_cmd_fail(cmd, sense);
	} else {
		disk_transfer(cmd);
		scst_cmd_good(cmd);
	}
}

void complete_with(u32 itt, enum scst_sense sense)
{
	complete_quietly(itt, sense);
	pump();
}

void complete(u32 itt)
{
	complete_with(itt, SENSE_NONE);
}

static const struct scst_device_ops disk_ops = {
	.data_alloc = disk_alloc,
	.data_free = disk_free,
};

static const struct scst_opcode disk_opcodes[] = {
	{ SCSI_TEST_UNIT_READY, 6, SCST_NO_SA, 0, disk_execute, { 0 } },
	{ SCSI_READ_10, 10, SCST_NO_SA, SCST_OP_IN, disk_execute, { 0 } },
	{ SCSI_WRITE_10, 10, SCST_NO_SA, SCST_OP_OUT, disk_execute, { 0 } },
	{ SCSI_VARIABLE_LENGTH, 32, 0x0b, SCST_OP_OUT, disk_execute, { 0 } },
};

void peer_disk_up(void)
{
	const struct scst_device_info info = {
		.name = "disk",
		.opcodes = disk_opcodes,
		.nr_opcodes = ARRAY_SIZE(disk_opcodes),
		.max_transfer = DISK_BYTES / 2,
		.queue_depth = 128,
	};

	p.mem = calloc(1, DISK_BYTES);
	INIT_LIST_HEAD(&p.held);
	p.dev = scst_device_register(p.ctx, &info, &disk_ops, NULL);
	ck_assert(!IS_ERR(p.dev));
	ck_assert_int_eq(scst_group_map(p.grp, 0, p.dev, false), 0);
}

void peer_disk_release(void)
{
	struct held_cmd *h;

	/* What ends lets others begin. */
	while ((h = list_first_entry_or_null(&p.held, struct held_cmd, link)))
		complete_quietly(scst_cmd_task(h->cmd)->tag, SENSE_NONE);
}

void peer_disk_down(void)
{
	ck_assert_uint_eq(p.nr_buffers, 0);
	scst_device_unregister(p.dev);
	free(p.mem);
}
