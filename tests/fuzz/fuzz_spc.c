// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzes the SPC device server, inside the real core, with tables of a
 * device, CDBs and parameter lists.
 *
 * The input is a device's tables, however odd, and then steps. A device that
 * is refused is taken with no tables at all, so that no input is in vain.
 * Whatever it says: each command is answered or given up exactly once, with a
 * status that there is, and moves no more than there is room for; Data-Out is
 * not written to; lengths inside parameter data agree with what is there;
 * what MODE SENSE returns MODE SELECT takes; and the states that SET TARGET
 * PORT GROUPS takes REPORT TARGET PORT GROUPS returns.
 */
#include "fuzz.h"
#include "scst.h"
#include "scst_core.h"
#include "seg.h"
#include "spc.h"

#define STEPS_MAX 64u
#define TABLE_MAX 48u
#define DATA_MAX  5000u
#define GROUPS	  3u

/* ---- The device ------------------------------------------------------------ */

static struct {
	struct scst_ctx *ctx;
	struct scst_target *tgt;
	struct scst_group *grp;
	struct scst_device *dev;
	struct scst_cmd *held;		/* by the device */
	struct scst_cmd *selecting;	/* in mode_select() */
	struct scst_device_group *dg;	/* NULL: none */
	struct scst_port_group *pgs[GROUPS];
	u32 nr_buffers, nr_gone;
} w;

static int dev_alloc(struct scst_cmd *cmd, u32 len)
{
	void *buf;

	MUST(len && !(len % SCST_DATA_ALIGN));
	buf = malloc(len);
	memset(buf, 0xee, len);
	core_seg_set(&cmd->seg, buf, len);
	cmd->data_priv = buf;
	cmd->segs = &cmd->seg;
	cmd->nr_segs = 1;
	w.nr_buffers++;
	return 0;
}

static void dev_free(struct scst_cmd *cmd)
{
	free(cmd->data_priv);
	w.nr_buffers--;
}

/* Passed on, held, or done at once. */
static void dev_execute(struct scst_cmd *cmd)
{
	switch (cmd->cdb[15] & 3) {
	case 0:
		scst_cmd_pass(cmd);
		break;
	case 1:
		if (!w.held) {
			w.held = cmd;
			break;
		}
		/* fall through */
	default:
		scst_cmd_good(cmd);
	}
}

static void dev_mode_select(struct scst_cmd *cmd,
			    const struct scst_mode_page *page, const u8 *wanted)
{
	MUST(!memcmp(wanted, page->defaults, 1) ||
	     !((wanted[0] ^ page->defaults[0]) & 0x7f));
	if (wanted[page->len - 1] == 0x55)
		scst_mode_selected(cmd, SENSE_WRITE_ERROR);
	else if (wanted[page->len - 1] == 0xaa && !w.selecting)
		w.selecting = cmd;
	else
		scst_mode_selected(cmd, SENSE_NONE);
}

static const struct scst_device_ops dev_ops = {
	.data_alloc = dev_alloc,
	.data_free = dev_free,
	.mode_select = dev_mode_select,
};

static const struct scst_device_ops bare_ops;

static struct scst_opcode opcodes[TABLE_MAX];
static struct scst_mode_page mode_pages[TABLE_MAX];
static struct scst_vpd_page vpd_pages[TABLE_MAX];
static u8 vpd_data[TABLE_MAX][64];

static void get_opcodes(struct scst_device_info *info)
{
	u32 i;

	info->opcodes = opcodes;
	info->nr_opcodes = get8() % TABLE_MAX;
	for (i = 0; i < info->nr_opcodes; i++) {
		struct scst_opcode *row = &opcodes[i];
		u8 kind = get8();

		row->op = get8();
		row->cdb_len = kind & 1 ? get8() : 10;
		row->sa = kind & 2 ? get16() : SCST_NO_SA;
		row->flags = get8() & 0x7f;
		row->execute = dev_execute;
		memset(row->usage, kind & 4 ? 0xff : 0, sizeof(row->usage));
	}
}

static void get_mode_pages(struct scst_device_info *info)
{
	u32 i;

	info->mode_pages = mode_pages;
	info->nr_mode_pages = get8() % TABLE_MAX;
	for (i = 0; i < info->nr_mode_pages; i++) {
		struct scst_mode_page *page = &mode_pages[i];
		u8 kind = get8();

		memset(page, 0, sizeof(*page));
		page->len = kind & 1 ? get8() : 4 + get8() % 33;
		page->defaults[0] = get8();
		if (page->defaults[0] & 0x40) {
			page->defaults[1] = get8();
			page->defaults[3] = kind & 2 ? get8() : page->len - 4;
		} else {
			page->defaults[1] = kind & 2 ? get8() : page->len - 2;
		}
		memcpy(page->current_, page->defaults, 4);
		memset(page->changeable, get8(), SCST_MODE_PAGE_MAX);
		page->current_[SCST_MODE_PAGE_MAX - 1] = get8();
	}
}

static void get_vpd_pages(struct scst_device_info *info)
{
	u32 i;

	info->vpd_pages = vpd_pages;
	info->nr_vpd_pages = get8() % TABLE_MAX;
	for (i = 0; i < info->nr_vpd_pages; i++) {
		vpd_pages[i].code = get8();
		vpd_pages[i].len = get8() % 64;
		vpd_pages[i].data = vpd_data[i];
		memset(vpd_data[i], i, sizeof(vpd_data[i]));
	}
}

static void device_up(void)
{
	static const char serial[] = "0123456789012345678901234567890123456789";
	struct scst_device_info info = { .name = "odd" };
	u8 kind = get8();

	info.type = get8();
	info.serial = serial + get8() % sizeof(serial);
	info.vendor = kind & 1 ? "far too long a vendor" : NULL;
	info.naa = get8();
	info.max_transfer = get16() << (kind >> 4);
	info.queue_depth = get8() % 8;
	info.mode_device_specific = kind;
	get_opcodes(&info);
	get_mode_pages(&info);
	get_vpd_pages(&info);
	w.dev = scst_device_register(w.ctx, &info,
				     kind & 2 ? &bare_ops : &dev_ops, NULL);
	if (!IS_ERR(w.dev))
		return;
	MUST(PTR_ERR(w.dev) == -EINVAL);
	info.nr_opcodes = 0;
	info.nr_mode_pages = 0;
	info.nr_vpd_pages = 0;
	w.dev = scst_device_register(w.ctx, &info, &dev_ops, NULL);
	MUST(!IS_ERR(w.dev));
}

/* ---- The driver -------------------------------------------------------------- */

struct command {
	struct scst_task task;
	u8 cdb[260];
	u8 *out;		/* Data-Out, as it was sent */
	u8 *in;			/* Data-In */
	u32 in_len;
	u8 status;
	bool answered, kept;
};

static struct command *command_of(struct scst_task *task)
{
	return container_of(task, struct command, task);
}

static void command_free(struct command *c)
{
	free(c->out);
	free(c->in);
	free(c);
}

static void drv_want_data_out(struct scst_task *task)
{
	struct scst_cmd *cmd = &task->cmd;

	MUST(cmd->data_len <= task->expected);
	core_segs_write(cmd->segs, cmd->nr_segs, 0, command_of(task)->out,
			cmd->data_len);
	scst_task_data_out(task, SENSE_NONE);
}

static bool status_is_known(u8 status)
{
	switch (status) {
	case SCSI_GOOD:
	case SCSI_CHECK_CONDITION:
	case SCSI_BUSY:
	case SCSI_RESERVATION_CONFLICT:
	case SCSI_TASK_SET_FULL:
	case SCSI_TASK_ABORTED:
		return true;
	}
	return false;
}

static void check_data(struct command *c)
{
	struct scst_cmd *cmd = &c->task.cmd;
	u8 *data;

	if (cmd->dir == SCST_DATA_OUT && cmd->nr_segs) {
		data = malloc(cmd->data_len + 1);
		core_segs_read(cmd->segs, cmd->nr_segs, 0, data,
			       cmd->data_len);
		MUST(!memcmp(data, c->out, cmd->data_len));
		free(data);
	}
	MUST(cmd->data_in <= scst_cmd_data_in(cmd));
	MUST(cmd->data_in <= c->task.expected);
	c->in = malloc(cmd->data_in + 1);
	c->in_len = core_segs_read(cmd->segs, cmd->nr_segs, 0, c->in,
				   cmd->data_in);
	MUST(c->in_len == cmd->data_in);
}

static void check_answer(struct command *c)
{
	struct scst_cmd *cmd = &c->task.cmd;
	struct scst_residual res;
	u8 sense[300];
	u32 len;

	MUST(status_is_known(cmd->status));
	MUST((cmd->status == SCSI_CHECK_CONDITION) == !!cmd->sense.sense);
	scst_task_residual(&c->task, &res);
	MUST(!(res.over && res.under));
	MUST(res.under || res.over || !res.count);
	if (res.under)
		MUST(res.count <= c->task.expected);
	len = scst_task_sense(&c->task, sense, get8());
	MUST(len <= 255);
	check_data(c);
}

static void drv_respond(struct scst_task *task)
{
	struct command *c = command_of(task);

	MUST(!c->answered);
	c->answered = true;
	c->status = task->cmd.status;
	if (!scst_task_aborted(task))
		check_answer(c);
	scst_task_end(task);
	if (!c->kept)
		command_free(c);
}

static void drv_kick(struct scst_nexus *nexus)
{
	abort();		/* nothing ever waits for Data-Out here */
}

static void drv_tmf_done(struct scst_tmf *tmf)
{
	free(tmf);
}

static void drv_nexus_gone(struct scst_nexus *nexus)
{
	w.nr_gone++;
}

static const struct scst_target_ops drv_ops = {
	.protocol = SCST_PROTOCOL_ISCSI,
	.want_data_out = drv_want_data_out,
	.respond = drv_respond,
	.kick = drv_kick,
	.tmf_done = drv_tmf_done,
	.nexus_gone = drv_nexus_gone,
};

static struct scst_nexus nexuses[2];

static struct command *command_new(struct scst_nexus *nexus, u16 lun,
				   const u8 *cdb, u16 len, u8 dir,
				   u32 expected)
{
	struct command *c = calloc(1, sizeof(*c));
	u8 field[8];

	memcpy(c->cdb, cdb, len);
	scst_lun_encode(lun, field);
	scst_task_init(&c->task, nexus, field, c->cdb, len);
	c->task.cmd.dir = dir;
	c->task.expected = dir == SCST_DATA_NONE ? 0 : expected;
	c->out = calloc(1, expected + 1);
	return c;
}

/* ---- Steps ------------------------------------------------------------------- */

static const u8 interesting[] = {
	SCSI_INQUIRY, SCSI_REQUEST_SENSE, SCSI_MODE_SENSE_6,
	SCSI_MODE_SENSE_10, SCSI_MODE_SELECT_6, SCSI_MODE_SELECT_10,
	SCSI_REPORT_LUNS, SCSI_MAINTENANCE_IN, SCSI_TEST_UNIT_READY,
	SCSI_RESERVE_6, SCSI_RELEASE_10, SCSI_SEND_DIAGNOSTIC,
	SCSI_VARIABLE_LENGTH,
};

static void step_command(u8 kind)
{
	static const u16 luns[] = { 0, 0, 0, 0, 0, 1, SCSI_WLUN_REPORT_LUNS,
				    SCST_LUN_NONE };
	u8 cdb[260] = { 0 }, dir = get8() % 3;
	u32 expected = get16() % DATA_MAX;
	struct command *c;
	u16 len = 16;

	get_bytes(cdb, 12);
	if (kind & 0x40)
		cdb[0] = interesting[cdb[0] % ARRAY_SIZE(interesting)];
	if (kind & 0x20)
		len = 16 + get8() % 245;
	cdb[15] = kind;
	c = command_new(&nexuses[kind & 1], luns[kind >> 1 & 7], cdb, len, dir,
			expected);
	if (dir == SCST_DATA_OUT)
		get_bytes(c->out, min_t(u32, expected, get8()));
	c->task.attr = get8() % 4;
	scst_task_submit(&c->task);
}

static void step_tmf(u8 kind)
{
	struct scst_tmf *tmf = calloc(1, sizeof(*tmf));

	tmf->nexus = &nexuses[kind & 1];
	tmf->fn = get8() % (SCST_TARGET_RESET + 1);
	tmf->lun = get8() & 1;
	scst_tmf_submit(tmf);
}

static void let_go(void)
{
	struct scst_cmd *cmd = w.held;

	w.held = NULL;
	if (cmd)
		scst_cmd_good(cmd);
	cmd = w.selecting;
	w.selecting = NULL;
	if (cmd)
		scst_mode_selected(cmd, SENSE_NONE);
}

/* GOOD or not; the command is the caller's to free. */
static struct command *ask(u8 *cdb, u16 len, u8 dir, const void *out, u32 size)
{
	struct command *c = command_new(&nexuses[0], 0, cdb, len, dir, size);

	if (out)
		memcpy(c->out, out, size);
	c->kept = true;
	c->task.attr = SCST_HEAD_OF_QUEUE;
	scst_task_submit(&c->task);
	/* MODE SELECT may have been put aside. */
	if (!c->answered)
		let_go();
	MUST(c->answered);
	return c;
}

/* The pages in @p must end where the data end. */
static u32 check_pages(const u8 *p, u32 len)
{
	u32 at = 0, nr = 0;

	while (at < len) {
		at += p[at] & 0x40 ? 4 + get_unaligned_be16(p + at + 2) :
				     2 + p[at + 1];
		nr++;
	}
	MUST(at == len);
	return nr;
}

static bool device_answers(u8 op)
{
	u32 i;

	for (i = 0; i < w.dev->nr_opcodes; i++)
		if (w.dev->opcodes[i].op == op)
			return w.dev->opcodes[i].execute == dev_execute;
	return false;
}

/* All mode pages, and back with them. */
static void step_round_trip(void)
{
	u8 sense[16] = { SCSI_MODE_SENSE_10, 0x08, 0x3f, 0xff };
	u8 select[16] = { SCSI_MODE_SELECT_10, 0x10 };
	struct command *c, *back;

	let_go();
	if (device_answers(SCSI_MODE_SENSE_10) ||
	    device_answers(SCSI_MODE_SELECT_10))
		return;
	put_unaligned_be16(4096, sense + 7);
	c = ask(sense, 16, SCST_DATA_IN, NULL, 4096);
	if (c->status == SCSI_GOOD) {
		MUST(c->in_len >= 8 + 12);
		MUST(get_unaligned_be16(c->in) + 2u == c->in_len);
		MUST(check_pages(c->in + 8, c->in_len - 8) ==
		     w.dev->nr_mode_pages);
		put_unaligned_be16(c->in_len, select + 7);
		back = ask(select, 16, SCST_DATA_OUT, c->in, c->in_len);
		if (c->in_len <= 1024 &&
		    back->task.cmd.sense.sense != SENSE_WRITE_ERROR)
			MUST(back->status == SCSI_GOOD);
		command_free(back);
	}
	command_free(c);
}

/* INQUIRY is always answered, and every page of page 00h is there. */
static void step_vpd(void)
{
	u8 cdb[16] = { SCSI_INQUIRY, 1, 0, 0x08, 0 };
	struct command *list, *c;
	u32 i;

	let_go();
	if (device_answers(SCSI_INQUIRY))
		return;
	list = ask(cdb, 16, SCST_DATA_IN, NULL, 2048);
	if (list->status != SCSI_TASK_SET_FULL) {
		MUST(list->status == SCSI_GOOD && list->in_len >= 8);
		for (i = 5; i < list->in_len; i++) {
			MUST(list->in[i] > list->in[i - 1]);
			cdb[2] = list->in[i];
			c = ask(cdb, 16, SCST_DATA_IN, NULL, 2048);
			MUST(c->status == SCSI_GOOD);
			MUST(c->in[1] == cdb[2]);
			MUST(get_unaligned_be16(c->in + 2) + 4u == c->in_len);
			command_free(c);
		}
	}
	command_free(list);
}

/* ---- Target port groups ------------------------------------------------------ */

static void groups_up(void)
{
	u32 i;

	w.dg = scst_device_group_add(w.ctx);
	MUST(!scst_device_group_add_device(w.dg, "odd"));
	/* The nexuses' port, 1, is in the first. */
	for (i = 0; i < GROUPS; i++) {
		w.pgs[i] = scst_port_group_add(w.dg, i + 1);
		MUST(!scst_port_group_add_port(w.pgs[i], i + 1));
	}
}

static void groups_down(void)
{
	if (w.dg)
		scst_device_group_del(w.dg);
	w.dg = NULL;
}

/* Does SPC answer it? */
static bool spc_answers(const u8 *cdb)
{
	bool sa_unknown;
	const struct scst_opcode *row = scst_device_opcode(w.dev, cdb, 16,
							   &sa_unknown);

	return row && row->execute != dev_execute;
}

/* What is reported is what the core has. */
static void check_groups(void)
{
	u8 cdb[16] = { SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_TARGET_GROUPS,
		       [8] = 0x10 };
	struct command *c;
	u32 at, id;

	if (!spc_answers(cdb))
		return;
	c = ask(cdb, 16, SCST_DATA_IN, NULL, 4096);
	if (c->status == SCSI_GOOD) {
		MUST(get_unaligned_be32(c->in) + 4u == c->in_len);
		for (at = 4; at < c->in_len; at += 8 + 4 * c->in[at + 7]) {
			id = get_unaligned_be16(c->in + at + 2);
			MUST(id >= 1 && id <= GROUPS);
			MUST((c->in[at] & 0x0f) ==
			     (u32)scst_port_group_state(w.pgs[id - 1]));
		}
		MUST(at == c->in_len);
	}
	command_free(c);
}

/* All that it names is so, or all is as before. */
static void step_set_groups(void)
{
	u8 cdb[16] = { SCSI_MAINTENANCE_OUT, SCSI_SA_SET_TARGET_GROUPS };
	u8 list[64] = { 0 }, before[GROUPS];
	u32 i, len = get8() % sizeof(list);
	struct command *c;

	let_go();
	if (!spc_answers(cdb))
		return;
	get_bytes(list, len);
	put_unaligned_be32(len, cdb + 6);
	for (i = 0; i < GROUPS; i++)
		before[i] = scst_port_group_state(w.pgs[i]);
	c = ask(cdb, 16, SCST_DATA_OUT, list, len);
	for (i = 4; c->status == SCSI_GOOD && i < len; i += 4) {
		u16 id = get_unaligned_be16(list + i + 2);

		MUST(id >= 1 && id <= GROUPS);
		before[id - 1] = list[i] & 0x0f;
	}
	command_free(c);
	for (i = 0; i < GROUPS; i++)
		MUST(before[i] == scst_port_group_state(w.pgs[i]));
}

static void step_groups(u8 kind)
{
	static const enum scst_access_state states[] = {
		SCST_ACTIVE_OPTIMIZED, SCST_ACTIVE_NON_OPTIMIZED, SCST_STANDBY,
		SCST_UNAVAILABLE, SCST_OFFLINE, SCST_TRANSITIONING,
	};
	u8 which;

	if (!w.dg)
		groups_up();
	switch (kind & 7) {
	case 1:
		which = get8();
		scst_port_group_set_state(w.pgs[which % GROUPS],
					  states[which / GROUPS %
						 ARRAY_SIZE(states)]);
		break;
	case 2:
		scst_device_group_set_explicit(w.dg, kind & 8);
		break;
	case 3:
		which = get8();
		if (scst_port_group_del_port(w.pgs[which % GROUPS], which))
			scst_port_group_add_port(w.pgs[which % GROUPS], which);
		break;
	case 4:
		groups_down();
		return;
	default:
		step_set_groups();
	}
	check_groups();
}

static void step(void)
{
	u8 kind = get8();

	switch (kind >> 4 & 7) {
	case 0:
		if (kind & 0x0f)
			step_groups(kind);
		else
			let_go();
		break;
	case 1:
		step_tmf(kind);
		break;
	case 2:
		scst_device_ua(w.dev, SENSE_UA_CAPACITY_CHANGED, 0);
		scst_device_set_capacity(w.dev, (u64)get16() << kind % 40,
					 512 << kind % 4);
		break;
	case 3:
		step_round_trip();
		step_vpd();
		break;
	default:
		step_command(kind);
	}
}

/* ---------------------------------------------------------------------------- */

static void up(void)
{
	memset(&w, 0, sizeof(w));
	w.ctx = scst_ctx_alloc();
	w.tgt = scst_target_register(w.ctx, "iqn.t", &drv_ops, NULL);
	w.grp = scst_group_add(w.tgt, "all");
	scst_group_add_pattern(w.grp, "*");
	device_up();
	scst_group_map(w.grp, 0, w.dev, false);
	MUST(!scst_nexus_add(&nexuses[0], w.tgt, "iqn.a"));
	MUST(!scst_nexus_add(&nexuses[1], w.tgt, "iqn.b"));
}

static void down(void)
{
	scst_nexus_del(&nexuses[0]);
	scst_nexus_del(&nexuses[1]);
	while (w.held || w.selecting)
		let_go();
	MUST(w.nr_gone == 2);
	groups_down();
	scst_device_unregister(w.dev);
	scst_target_unregister(w.tgt);
	scst_ctx_free(w.ctx);
	MUST(!w.nr_buffers);
	MUST(!core_slab_live());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 i;

	core_log_hook = fuzz_quiet;
	input_set(data, size);
	up();
	for (i = 0; i < STEPS_MAX && in.len; i++)
		step();
	down();
	return 0;
}
