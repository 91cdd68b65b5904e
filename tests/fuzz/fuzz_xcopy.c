// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzes EXTENDED COPY inside the real core: parameter lists, good ones
 * with something changed and bytes that are none, RECEIVE COPY RESULTS, and
 * functions, resets, maps and nexuses that change while copies are under way.
 *
 * Whatever comes: each command is answered or given up exactly once; the copy
 * manager's own commands are whole blocks, with a buffer that is long enough,
 * and no more of them at a time than there are copies; a copy that ends with
 * GOOD copied all that its segments say; and nothing is left behind.
 */
#include "fuzz.h"
#include "scst.h"
#include "scst_core.h"
#include "seg.h"
#include "spc_xcopy.h"

#define STEPS_MAX 60u
#define LIST_MAX  3072u
#define NEXUSES	  2u
#define DISKS	  3u
#define DISK_SIZE 32768u
#define NOT_KNOWN (U64_MAX / 2)

/* ---- The world ----------------------------------------------------------- */

struct disk {
	struct scst_device *core;
	u32 block_size;
	u8 mem[DISK_SIZE];
};

struct port {
	struct scst_nexus nexus;
	bool gone;
};

static struct {
	struct scst_ctx *ctx;
	struct scst_target *tgt;
	struct scst_group *grp;
	struct disk disks[DISKS];
	struct port *ports[NEXUSES];
	struct scst_cmd *held[64];	/* commands with the devices */
	u32 nr_held;
	bool hold;
	u32 nr_commands, nr_copies, nr_ports, nr_tmfs;
	u64 written;			/* bytes, by copies */
	bool alone;			/* the copy under way always was */
} w;

struct command {
	struct scst_task task;
	u64 written;			/* before it */
	u64 wanted;			/* or NOT_KNOWN, or more */
	u8 out[LIST_MAX];
};

static struct command *command_of(const struct scst_task *task)
{
	return container_of((struct scst_task *)task, struct command, task);
}

/* ---- The disks ----------------------------------------------------------- */

static void move_data(struct scst_cmd *cmd)
{
	struct disk *d = cmd->lu;
	u64 lba = get_unaligned_be64(cmd->cdb + 2);
	u64 len = (u64)get_unaligned_be32(cmd->cdb + 10) * d->block_size;

	if (lba > DISK_SIZE / d->block_size ||
	    len > DISK_SIZE - lba * d->block_size) {
		scst_cmd_fail(cmd, SENSE_LBA_OUT_OF_RANGE);
		return;
	}
	cmd->wanted = len;
	if (cmd->cdb[0] == SCSI_READ_16) {
		cmd->data_in = scst_cmd_copy_in(cmd, 0,
						d->mem + lba * d->block_size,
						len);
	} else {
		scst_cmd_copy_out(cmd, 0, d->mem + lba * d->block_size, len);
		w.written += len;
	}
	scst_cmd_good(cmd);
}

static void dev_execute(struct scst_cmd *cmd)
{
	struct scst_task *task = scst_cmd_task(cmd);
	struct disk *d = cmd->lu;

	MUST(task->respond);
	MUST(task->expected && task->expected == cmd->data_len);
	MUST(task->expected == (u64)get_unaligned_be32(cmd->cdb + 10) *
			       d->block_size);
	MUST(core_segs_len(cmd->segs, cmd->nr_segs) >=
	     round_up(cmd->data_len, SCST_DATA_ALIGN));
	MUST(w.nr_held < ARRAY_SIZE(w.held) && w.nr_held < w.nr_copies);
	if (w.hold)
		w.held[w.nr_held++] = cmd;
	else
		move_data(cmd);
}

/* Under a lock: it may be looked at, and no more. */
static void dev_abort(struct scst_device *dev, const struct scst_cmd *cmd)
{
	MUST(READ_ONCE(cmd->aborted));
}

static const struct scst_device_ops dev_ops = { .abort = dev_abort };

static const struct scst_opcode opcodes[] = {
	{ SCSI_READ_16, 16, SCST_NO_SA, SCST_OP_IN, dev_execute, { 0x88 } },
	{ SCSI_WRITE_16, 16, SCST_NO_SA, SCST_OP_OUT | SCST_OP_WRITES,
	  dev_execute, { 0x8a } },
};

static void disk_up(u32 i)
{
	static const char *const names[DISKS] = { "d0", "d1", "d2" };
	const struct scst_device_info info = {
		.name = names[i],
		.naa = i + 1,
		.opcodes = opcodes,
		.nr_opcodes = ARRAY_SIZE(opcodes),
		.max_transfer = 4096,
		.queue_depth = 4,
	};
	struct disk *d = &w.disks[i];

	d->block_size = i == 2 ? 4096 : 512;
	d->core = scst_device_register(w.ctx, &info, &dev_ops, d);
	MUST(!IS_ERR(d->core));
	scst_device_set_lu(d->core, d);
	scst_device_set_capacity(d->core, DISK_SIZE / d->block_size,
				 d->block_size);
	MUST(!scst_group_map(w.grp, i, d->core, false));
}

/* ---- The driver ---------------------------------------------------------- */

static void drv_want_data_out(struct scst_task *task)
{
	struct command *c = command_of(task);

	core_segs_write(task->cmd.segs, task->cmd.nr_segs, 0, c->out,
			task->cmd.data_len);
	scst_task_data_out(task, SENSE_NONE);
}

static void check_copy(const struct command *c)
{
	const struct scst_cmd *cmd = &c->task.cmd;
	u8 sense[SCST_SENSE_MAX];

	if (cmd->status == SCSI_CHECK_CONDITION)
		MUST(scst_task_sense(&c->task, sense, sizeof(sense)) >= 8);
	if (cmd->status == SCSI_GOOD && c->wanted < NOT_KNOWN && w.alone)
		MUST(w.written - c->written == c->wanted);
}

static void drv_respond(struct scst_task *task)
{
	struct command *c = command_of(task);
	bool copy = task->cdb[0] == SCSI_THIRD_PARTY_OUT;

	MUST(!task->xcopy);
	if (copy && !scst_task_aborted(task))
		check_copy(c);
	w.nr_copies -= copy;
	w.nr_commands--;
	scst_task_end(task);
	free(c);
}

static void drv_kick(struct scst_nexus *nexus)
{
}

static void drv_tmf_done(struct scst_tmf *tmf)
{
	free(tmf);
	w.nr_tmfs--;
}

static void drv_nexus_gone(struct scst_nexus *nexus)
{
	struct port *p = container_of(nexus, struct port, nexus);

	MUST(p->gone);
	free(p);
	w.nr_ports--;
}

static const struct scst_target_ops drv_ops = {
	.protocol = SCST_PROTOCOL_ISCSI,
	.want_data_out = drv_want_data_out,
	.respond = drv_respond,
	.kick = drv_kick,
	.tmf_done = drv_tmf_done,
	.nexus_gone = drv_nexus_gone,
};

/* ---- Parameter lists ------------------------------------------------------ */

static u32 make_cscd(u8 *d)
{
	u8 kind = get8();

	memset(d, 0, XCOPY_CSCD_LEN);
	d[0] = XCOPY_IDENTIFICATION;
	d[4] = 1;
	d[5] = 3;
	d[7] = 8;
	put_unaligned_be64(kind % 4 + 1, d + 8);
	put_unaligned_be24(kind % 4 == 2 ? 4096 : 512, d + 29);
	if (kind & 0x80)
		d[get8() % XCOPY_CSCD_LEN] = get8();
	return XCOPY_CSCD_LEN;
}

/* Adds the bytes that it is to write to *@wanted. */
static u32 make_segment(u8 *s, u32 cscds, const u8 *list, u64 *wanted)
{
	u32 src = get8() % (cscds + !cscds), dst = get8() % (cscds + !cscds);
	u8 kind = get8(), blocks = get8();
	const u8 *d;

	memset(s, 0, XCOPY_SEGMENT_LEN);
	s[0] = XCOPY_BLOCK_TO_BLOCK;
	s[1] = kind & 3;
	s[3] = XCOPY_SEGMENT_LEN - 4;
	s[5] = src;
	s[7] = dst;
	s[11] = blocks;
	s[19] = get8() % 64;
	s[27] = get8() % 64;
	d = list + XCOPY_HEADER + (kind & 2 ? dst : src) * XCOPY_CSCD_LEN;
	*wanted += blocks * get_unaligned_be24(d + 29);
	if (kind & 0x80) {
		s[get8() % XCOPY_SEGMENT_LEN] = get8();
		*wanted = NOT_KNOWN;
	}
	return XCOPY_SEGMENT_LEN;
}

static u32 make_list(u8 *list, u64 *wanted)
{
	u8 kind = get8();
	u32 cscds = kind % 5, segments = kind / 8 % 4, i;
	u32 len = XCOPY_HEADER;

	memset(list, 0, XCOPY_HEADER);
	list[0] = get8() % 4;
	list[1] = get8() & 0x18;
	for (i = 0; i < cscds; i++)
		len += make_cscd(list + len);
	for (i = 0; i < segments; i++)
		len += make_segment(list + len, cscds, list, wanted);
	put_unaligned_be16(cscds * XCOPY_CSCD_LEN, list + 2);
	put_unaligned_be32(segments * XCOPY_SEGMENT_LEN, list + 8);
	if (kind & 0x80) {
		list[get8() % XCOPY_HEADER] = get8();
		*wanted = NOT_KNOWN;
	}
	return len;
}

/* ---- Steps --------------------------------------------------------------- */

static struct command *command_new(struct port *p, const u8 *cdb, u8 dir,
				   u32 expected)
{
	struct command *c = calloc(1, sizeof(*c));
	u8 lun[8];

	scst_lun_encode(get8() % (DISKS + 1), lun);
	scst_task_init(&c->task, &p->nexus, lun, cdb, 16);
	c->task.cmd.dir = dir;
	c->task.expected = expected;
	c->task.tag = get8() % 8;
	c->task.attr = get8() % 3;
	w.nr_commands++;
	return c;
}

static void step_copy(struct port *p, bool raw)
{
	u8 cdb[16] = { SCSI_THIRD_PARTY_OUT };
	struct command *c;
	u8 list[LIST_MAX];
	u64 wanted = 0;
	u32 len;

	if (raw) {
		len = get8() % 32 * 32u + get8() % 32;
		get_bytes(list, len);
		wanted = NOT_KNOWN;
	} else {
		len = make_list(list, &wanted);
	}
	put_unaligned_be32(len, cdb + 10);
	c = command_new(p, cdb, SCST_DATA_OUT, len);
	c->wanted = wanted;
	c->written = w.written;
	memcpy(c->out, list, len);
	w.alone = !w.nr_copies++;
	scst_task_submit(&c->task);
}

static void step_results(struct port *p)
{
	u8 cdb[16] = { SCSI_THIRD_PARTY_IN, get8() % 6, get8() % 4 };

	put_unaligned_be32(get8(), cdb + 10);
	scst_task_submit(&command_new(p, cdb, SCST_DATA_IN, get8())->task);
}

static void step_tmf(struct port *p)
{
	struct scst_tmf *tmf = calloc(1, sizeof(*tmf));

	tmf->nexus = &p->nexus;
	tmf->fn = get8() % (SCST_TARGET_RESET + 1);
	tmf->lun = get8() % DISKS;
	tmf->tag = get8() % 8;
	w.nr_tmfs++;
	scst_tmf_submit(tmf);
}

static void finish_one(bool good)
{
	struct scst_cmd *cmd;

	if (!w.nr_held)
		return;
	cmd = w.held[0];
	memmove(w.held, w.held + 1, --w.nr_held * sizeof(w.held[0]));
	if (good)
		move_data(cmd);
	else
		scst_cmd_fail(cmd, SENSE_READ_ERROR);
}

static struct port *port_new(void)
{
	struct port *p = calloc(1, sizeof(*p));

	MUST(!scst_nexus_add(&p->nexus, w.tgt, "iqn.a"));
	w.nr_ports++;
	return p;
}

static void port_del(struct port *p)
{
	p->gone = true;
	scst_nexus_del(&p->nexus);
}

static void step_map(u8 kind)
{
	u16 lun = kind % DISKS;

	if (kind & 0x10) {
		scst_group_set_read_only(w.grp, lun, kind & 0x08);
		return;
	}
	scst_group_unmap(w.grp, lun);
	MUST(!scst_group_map(w.grp, lun, w.disks[kind / 4 % DISKS].core,
			     false));
}

/* Unit attentions end copies, so mostly they are out of the way. */
static void take_attentions(struct port *p)
{
	const struct scst_itl_table *table;
	struct scst_itl *itl;
	u32 i;

	core_read_begin();
	table = rcu_dereference(p->nexus.itls);
	scst_for_each_itl(itl, table, i)
		while (scst_itl_take_ua(itl))
			;
	core_read_end();
}

static void step(void)
{
	u8 kind = get8();
	struct port *p = w.ports[kind % NEXUSES];

	if (kind & 0x08)
		take_attentions(p);
	w.hold = kind & 0x04;
	switch (kind >> 4) {
	case 0 ... 2:
		finish_one(!(kind & 2));
		break;
	case 3:
		step_tmf(p);
		break;
	case 4:
		if (!(kind & 2))
			break;
		port_del(p);
		w.ports[kind % NEXUSES] = port_new();
		break;
	case 5:
		step_map(get8());
		break;
	case 6 ... 7:
		step_results(p);
		break;
	default:
		step_copy(p, (kind & 0x72) == 0x72);
	}
}

/* -------------------------------------------------------------------------- */

static void up(void)
{
	u32 i;

	memset(&w, 0, sizeof(w));
	w.ctx = scst_ctx_alloc();
	w.tgt = scst_target_register(w.ctx, "iqn.t", &drv_ops, NULL);
	w.grp = scst_group_add(w.tgt, "all");
	scst_group_add_pattern(w.grp, "*");
	for (i = 0; i < DISKS; i++)
		disk_up(i);
	for (i = 0; i < NEXUSES; i++)
		w.ports[i] = port_new();
}

static void down(void)
{
	u32 i;

	w.hold = false;
	while (w.nr_held)
		finish_one(true);
	MUST(!w.nr_commands && !w.nr_copies && !w.nr_tmfs);
	for (i = 0; i < NEXUSES; i++)
		port_del(w.ports[i]);
	MUST(!w.nr_ports);
	for (i = 0; i < DISKS; i++) {
		MUST(!atomic_read(&w.disks[i].core->nr_copies));
		scst_device_unregister(w.disks[i].core);
	}
	scst_target_unregister(w.tgt);
	scst_ctx_free(w.ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	long live = core_slab_live();
	u32 i;

	core_log_hook = fuzz_quiet;
	input_set(data, size);
	up();
	for (i = 0; i < STEPS_MAX && in.len; i++)
		step();
	down();
	core_barrier();
	MUST(core_slab_live() == live);
	return 0;
}
