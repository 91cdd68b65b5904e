// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: disks to copy between, for tests; see core_xcopy.h.
 */
#include "core_xcopy.h"

#define NR_HELD 16

struct fdev *disk[3];
u8 third_type;
u8 before[3][FDEV_MEM];
bool hold_internal;
static enum scst_sense next_sense;
static struct scst_cmd *held[NR_HELD];
static u32 nr_held;

void fail_next(enum scst_sense sense)
{
	next_sense = sense;
}

static void move_data(struct scst_cmd *cmd)
{
	struct fdev *d = cmd->lu;
	u32 bs = d->core->block_size;
	u64 lba = get_unaligned_be64(cmd->cdb + 2);
	u64 len = (u64)get_unaligned_be32(cmd->cdb + 10) * bs;
	enum scst_sense sense = next_sense;

	next_sense = SENSE_NONE;
	if (lba > FDEV_MEM / bs || len > FDEV_MEM - lba * bs)
		sense = SENSE_LBA_OUT_OF_RANGE;
	if (sense) {
		scst_cmd_fail(cmd, sense);
		return;
	}
	ck_assert_uint_le(len, d->info.max_transfer);
	cmd->wanted = len;
	if (cmd->cdb[0] == SCSI_READ_16)
		cmd->data_in = scst_cmd_copy_in(cmd, 0, d->mem + lba * bs, len);
	else
		scst_cmd_copy_out(cmd, 0, d->mem + lba * bs, len);
	scst_cmd_good(cmd);
}

static void internal(struct fdev *d, struct scst_cmd *cmd)
{
	u32 i;

	for (i = 0; disk[i] != d; i++)
		;
	note("%c%u", cmd->cdb[0] == SCSI_READ_16 ? 'r' : 'w', i);
	if (!hold_internal) {
		move_data(cmd);
		return;
	}
	ck_assert_uint_lt(nr_held, NR_HELD);
	held[nr_held++] = cmd;
}

void finish_internal(void)
{
	struct scst_cmd *cmd = held[0];

	ck_assert_uint_gt(nr_held, 0);
	memmove(held, held + 1, --nr_held * sizeof(held[0]));
	move_data(cmd);
}

static void add_disk(u32 i)
{
	static const char *const names[] = { "disk0", "disk1", "disk2" };
	struct fdev *d = fdev_new(names[i]);
	u32 bs = i == 2 ? 2048 : 512, j;

	d->info.naa = i + 1;
	if (i == 2)
		d->info.type = third_type;
	fdev_add_opcode(d, SCSI_READ_16, 16, SCST_NO_SA, SCST_OP_IN);
	fdev_add_opcode(d, SCSI_WRITE_16, 16, SCST_NO_SA,
			SCST_OP_OUT | SCST_OP_WRITES);
	d->on_internal = internal;
	for (j = 0; j < FDEV_MEM; j++)
		d->mem[j] = i * 97 + j / 512 * 3 + j;
	fdev_register(d);
	scst_device_set_capacity(d->core, FDEV_MEM / bs, bs);
	memcpy(before[i], d->mem, FDEV_MEM);
	ck_assert_int_eq(scst_group_map(w.grp, i, d->core, false), 0);
	disk[i] = d;
}

void xcopy_up(void)
{
	u32 i;

	world_bare();
	hold_internal = false;
	next_sense = SENSE_NONE;
	nr_held = 0;
	w.grp = scst_group_add(w.tgt, "all");
	ck_assert_int_eq(scst_group_add_pattern(w.grp, "*"), 0);
	for (i = 0; i < ARRAY_SIZE(disk); i++)
		add_disk(i);
	w.dev = disk[0];
	w.a = fport_add("iqn.a");
	w.b = fport_add("iqn.b");
	see_attentions(w.a);
	see_attentions(w.b);
}

void xcopy_down(void)
{
	while (nr_held)
		finish_internal();
	third_type = SCSI_TYPE_DISK;
	world_down();
}

void ck_copied(u32 d, u32 to, u32 src, u32 from, u32 len)
{
	memmove(before[d] + to, before[src] + from, len);
	ck_assert_mem_eq(disk[d]->mem, before[d], FDEV_MEM);
}

void ck_untouched(void)
{
	u32 i;

	for (i = 0; i < 3; i++)
		ck_assert_mem_eq(disk[i]->mem, before[i], FDEV_MEM);
}

void xlist_begin(struct xlist *l, u8 id, u8 usage)
{
	memset(l, 0, sizeof(*l));
	l->data[0] = id;
	l->data[1] = usage << 3;
	l->len = XCOPY_HEADER;
}

u8 *xlist_cscd(struct xlist *l, u64 naa, u32 block_size)
{
	u8 *d = l->data + l->len;

	d[0] = XCOPY_IDENTIFICATION;
	d[4] = 1;
	d[5] = 3;
	d[7] = 8;
	put_unaligned_be64(naa, d + 8);
	put_unaligned_be24(block_size, d + 29);
	l->len += XCOPY_CSCD_LEN;
	l->cscds += XCOPY_CSCD_LEN;
	put_unaligned_be16(l->cscds, l->data + 2);
	return d;
}

u8 *xlist_segment(struct xlist *l, u16 src, u16 dst, u16 blocks, u64 src_lba,
		  u64 dst_lba)
{
	u8 *d = l->data + l->len;

	d[0] = XCOPY_BLOCK_TO_BLOCK;
	put_unaligned_be16(XCOPY_SEGMENT_LEN - 4, d + 2);
	put_unaligned_be16(src, d + 4);
	put_unaligned_be16(dst, d + 6);
	put_unaligned_be16(blocks, d + 10);
	put_unaligned_be64(src_lba, d + 12);
	put_unaligned_be64(dst_lba, d + 20);
	l->len += XCOPY_SEGMENT_LEN;
	l->segments += XCOPY_SEGMENT_LEN;
	put_unaligned_be32(l->segments, l->data + 8);
	return d;
}

struct fcmd *xlist_new(struct fport *p, u16 lun, const struct xlist *l)
{
	u8 cdb[16] = { SCSI_THIRD_PARTY_OUT };
	struct fcmd *c;

	put_unaligned_be32(l->len, cdb + 10);
	c = fcmd_new(p, lun, cdb, sizeof(cdb),
		     l->len ? SCST_DATA_OUT : SCST_DATA_NONE, l->len);
	if (l->len)
		memcpy(c->out, l->data, l->len);
	return c;
}

struct fcmd *xlist_send(struct fport *p, u16 lun, const struct xlist *l)
{
	return submit(xlist_new(p, lun, l));
}

void xlist_simple(struct xlist *l, u8 id, u8 usage, u16 blocks, u64 src_lba,
		  u64 dst_lba)
{
	xlist_begin(l, id, usage);
	xlist_cscd(l, 1, 512);
	xlist_cscd(l, 2, 512);
	xlist_segment(l, 0, 1, blocks, src_lba, dst_lba);
}

struct fcmd *copy_simple(struct fport *p, u8 id, u8 usage, u16 blocks,
			 u64 src_lba, u64 dst_lba)
{
	struct xlist l;

	xlist_simple(&l, id, usage, blocks, src_lba, dst_lba);
	return xlist_send(p, 0, &l);
}

struct fcmd *results(struct fport *p, u8 action, u8 id)
{
	u8 cdb[16] = { SCSI_THIRD_PARTY_IN, action, id };

	put_unaligned_be32(1024, cdb + 10);
	return submit(fcmd_new(p, 0, cdb, sizeof(cdb), SCST_DATA_IN, 1024));
}
