// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a target driver with its initiators, and a device, to test the core
 * with; see core_fake.h.
 */
#include <stdarg.h>
#include <stdio.h>

#include "core_fake.h"
#include "seg.h"

struct world w;

static LIST_HEAD(devices);
static LIST_HEAD(ports);
static LIST_HEAD(cmds);
static LIST_HEAD(tmfs);
static u32 last_nr;

/* ---- The log ------------------------------------------------------------ */

static char log_text[4096];
static size_t log_len;

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (log_len && log_len < sizeof(log_text) - 1)
		log_text[log_len++] = ' ';
	log_len += vsnprintf(log_text + log_len, sizeof(log_text) - log_len,
			     fmt, ap);
	va_end(ap);
	/* Who makes that much noise does not read it. */
	if (log_len > sizeof(log_text) - 64)
		log_len = 0;
}

const char *noted(void)
{
	log_text[log_len] = '\0';
	return log_text;
}

void log_clear(void)
{
	log_len = 0;
}

/* ---- The device -------------------------------------------------------- */

static struct fcmd *cmd_of(const struct scst_cmd *cmd);

static struct fdev *dev_of(const struct scst_device *core)
{
	return scst_device_priv(core);
}

static void fill_segs(struct scst_cmd *cmd, u32 len, u32 piece)
{
	u8 *buf = malloc(len);
	u32 i;

	memset(buf, 0xee, len);
	cmd->data_priv = buf;
	cmd->nr_segs = piece ? DIV_ROUND_UP(len, piece) : 1;
	piece = piece ?: len;
	cmd->segs = calloc(cmd->nr_segs, sizeof(*cmd->segs));
	for (i = 0; i < cmd->nr_segs; i++)
		core_seg_set(&cmd->segs[i], buf + i * piece,
			     min(piece, len - i * piece));
}

static int dev_data_alloc(struct scst_cmd *cmd, u32 len)
{
	struct fdev *d = dev_of(cmd->dev);

	ck_assert_uint_eq(len % SCST_DATA_ALIGN, 0);
	if (d->on_alloc)
		d->on_alloc(d, cmd);
	if (d->fail_allocs) {
		d->fail_allocs--;
		return -ENOMEM;
	}
	fill_segs(cmd, len, d->seg_size);
	d->nr_buffers++;
	return 0;
}

static void dev_data_free(struct scst_cmd *cmd)
{
	dev_of(cmd->dev)->nr_buffers--;
	free(cmd->segs);
	free(cmd->data_priv);
}

/* Is it the core's own, which no initiator sent? */
static bool is_internal(const struct scst_cmd *cmd)
{
	return container_of(cmd, struct scst_task, cmd)->respond;
}

static void dev_abort(struct scst_device *core, const struct scst_cmd *cmd)
{
	if (is_internal(cmd))
		note("!i");
	else
		note("!%u", cmd_of(cmd)->nr);
}

static void dev_event(struct scst_device *core, enum scst_device_event ev,
		      u64 nexus_id)
{
	if (ev == SCST_EV_LU_RESET)
		note("R");
	else
		note("L%llu", (unsigned long long)nexus_id);
}

static void dev_release(struct scst_device *core)
{
	dev_of(core)->core = NULL;
	note("D");
}

static void dev_mode_select(struct scst_cmd *cmd,
			    const struct scst_mode_page *page,
			    const u8 *wanted)
{
	struct fdev *d = dev_of(cmd->dev);

	d->nr_mode_selects++;
	memcpy(d->mode_wanted, wanted, page->len);
	if (d->hold_mode)
		d->mode_cmd = cmd;
	else
		scst_mode_selected(cmd, d->mode_sense);
}

/* Bytes that the CDB asks for; its "LBA" is a byte of the memory. */
static void transfer(struct fdev *d, struct scst_cmd *cmd)
{
	u32 at = get_unaligned_be32(cmd->cdb + 2);
	u32 len = get_unaligned_be16(cmd->cdb + 7) * 512u;

	switch (cmd->cdb[0]) {
	case SCSI_READ_10:
		cmd->wanted = len;
		cmd->data_in = scst_cmd_copy_in(cmd, 0, d->mem + at, len);
		break;
	case SCSI_WRITE_10:
		cmd->wanted = len;
		scst_cmd_copy_out(cmd, 0, d->mem + at, len);
		break;
	case FOP_STORE:
		cmd->wanted = cmd->data_len;
		scst_cmd_copy_out(cmd, 0, d->mem, cmd->data_len);
		break;
	}
}

static void dev_execute(struct scst_cmd *cmd)
{
	struct fdev *d = cmd->lu;

	if (is_internal(cmd)) {
		d->on_internal(d, cmd);
		return;
	}
	note("x%u", cmd_of(cmd)->nr);
	cmd_of(cmd)->executed = true;
	if (d->on_execute) {
		d->on_execute(d, cmd);
		return;
	}
	if (d->hold)
		return;
	transfer(d, cmd);
	scst_cmd_good(cmd);
}

void finish_with(struct fcmd *c, enum scst_sense sense)
{
	struct scst_cmd *cmd = fcmd_cmd(c);

	ck_assert(c->executed);
	if (sense) {
		scst_cmd_fail(cmd, sense);
		return;
	}
	transfer(dev_of(cmd->dev), cmd);
	scst_cmd_good(cmd);
}

void finish(struct fcmd *c)
{
	finish_with(c, SENSE_NONE);
}

void fdev_add_opcode(struct fdev *d, u8 op, u8 len, u16 sa, u32 flags)
{
	ck_assert_uint_lt(d->info.nr_opcodes, FDEV_OPCODES);
	d->opcodes[d->info.nr_opcodes++] = (struct scst_opcode){
		.op = op,
		.cdb_len = len,
		.sa = sa,
		.flags = flags,
		.execute = dev_execute,
		.usage = { op, op == SCSI_MAINTENANCE_IN ? 0x1f : 0x08 },
	};
}

struct fdev *fdev_new(const char *name)
{
	struct fdev *d = calloc(1, sizeof(*d));

	d->info = (struct scst_device_info){
		.name = name,
		.type = SCSI_TYPE_DISK,
		.vendor = "ACME",
		.product = "Anvil",
		.revision = "1.0",
		.serial = "S-1",
		.opcodes = d->opcodes,
		.max_transfer = FDEV_MEM / 2,
		.queue_depth = 64,
	};
	d->ops = (struct scst_device_ops){
		.data_alloc = dev_data_alloc,
		.data_free = dev_data_free,
		.abort = dev_abort,
		.mode_select = dev_mode_select,
		.event = dev_event,
		.release = dev_release,
	};
	fdev_add_opcode(d, FOP_NOP, 10, SCST_NO_SA, 0);
	fdev_add_opcode(d, FOP_ANY, 10, SCST_NO_SA,
			SCST_OP_ANY_UA | SCST_OP_ANY_RESV);
	fdev_add_opcode(d, FOP_STORE, 10, SCST_NO_SA, SCST_OP_OUT);
	fdev_add_opcode(d, SCSI_READ_10, 10, SCST_NO_SA, SCST_OP_IN);
	fdev_add_opcode(d, SCSI_WRITE_10, 10, SCST_NO_SA,
			SCST_OP_OUT | SCST_OP_WRITES);
	list_add_tail(&d->link, &devices);
	return d;
}

void fdev_register(struct fdev *d)
{
	d->core = scst_device_register(w.ctx, &d->info, &d->ops, d);
	ck_assert_msg(!IS_ERR(d->core), "%ld", PTR_ERR(d->core));
	scst_device_set_lu(d->core, d);
}

struct fdev *fdev_add(const char *name)
{
	struct fdev *d = fdev_new(name);

	fdev_register(d);
	return d;
}

void fdev_remove(struct fdev *d)
{
	scst_device_unregister(d->core);
}

/* ---- The driver ---------------------------------------------------------- */

/* The nexus, and who it is for. */
struct fnexus {
	struct scst_nexus nexus;
	struct fport *port;
};

static struct fport *port_of(struct scst_nexus *nexus)
{
	return container_of(nexus, struct fnexus, nexus)->port;
}

struct ftask {
	struct scst_task task;
	struct fcmd *cmd;
};

static struct fcmd *cmd_of_task(const struct scst_task *task)
{
	return container_of(task, struct ftask, task)->cmd;
}

static struct fcmd *cmd_of(const struct scst_cmd *cmd)
{
	return cmd_of_task(container_of(cmd, struct scst_task, cmd));
}

static void drv_want_data_out(struct scst_task *task)
{
	struct fcmd *c = cmd_of_task(task);

	note("w%u", c->nr);
	c->wants_data = true;
	if (!c->port->hold_data)
		send_data(c);
}

void send_data(struct fcmd *c)
{
	struct scst_cmd *cmd = fcmd_cmd(c);

	ck_assert(c->wants_data);
	c->wants_data = false;
	core_segs_write(cmd->segs, cmd->nr_segs, 0, c->out, cmd->data_len);
	scst_task_data_out(fcmd_task(c), SENSE_NONE);
}

void fail_data(struct fcmd *c, enum scst_sense sense)
{
	ck_assert(c->wants_data);
	c->wants_data = false;
	scst_task_data_out(fcmd_task(c), sense);
}

void end(struct fcmd *c)
{
	struct ftask *t = c->ftask;

	c->ftask = NULL;
	scst_task_end(&t->task);
	free(t);
}

/* Sense data tell themselves in which format they are. */
static enum scst_sense parse_sense(const u8 *s)
{
	if ((s[0] & 0x7f) >= 0x72)
		return SENSE(s[1] & 0xf, s[2], s[3]);
	return SENSE(s[2] & 0xf, s[12], s[13]);
}

static void take_answer(struct fcmd *c)
{
	struct scst_task *task = fcmd_task(c);
	struct scst_cmd *cmd = &task->cmd;

	c->answered = true;
	c->status = cmd->status;
	scst_task_residual(task, &c->residual);
	if (c->status == SCSI_CHECK_CONDITION) {
		c->sense_len = scst_task_sense(task, c->sense_data,
					       sizeof(c->sense_data));
		c->sense = parse_sense(c->sense_data);
	}
	ck_assert_uint_le(cmd->data_in, cmd->data_len);
	if (!cmd->data_in)
		return;
	ck_assert_uint_eq(cmd->dir, SCST_DATA_IN);
	c->in = malloc(cmd->data_in);
	c->in_len = core_segs_read(cmd->segs, cmd->nr_segs, 0, c->in,
				   cmd->data_in);
	ck_assert_uint_eq(c->in_len, cmd->data_in);
}

static void drv_respond(struct scst_task *task)
{
	struct fcmd *c = cmd_of_task(task);

	ck_assert(!c->answered && !c->gone);
	c->wants_data = false;
	if (scst_task_aborted(task)) {
		c->gone = true;
		note("-%u", c->nr);
	} else {
		note("a%u", c->nr);
		take_answer(c);
	}
	if (c->port->on_respond)
		c->port->on_respond(c->port, task);
	if (!c->port->hold_end)
		end(c);
}

static void drv_kick(struct scst_nexus *nexus)
{
	note("k%u", port_of(nexus)->nr);
}

static void drv_nexus_gone(struct scst_nexus *nexus)
{
	struct fport *p = port_of(nexus);

	note("g%u", p->nr);
	ck_assert(p->deleted);
	p->nexus = NULL;
	free(container_of(nexus, struct fnexus, nexus));
}

static u16 drv_transport_id(struct scst_nexus *nexus, u8 *tid)
{
	const u8 isid[6] = { [5] = w.isid };

	return scst_iscsi_transport_id(tid, nexus->initiator, isid);
}

/* ---- Initiators --------------------------------------------------------- */

struct fport *fport_new(const char *initiator, int *err)
{
	struct fport *p = calloc(1, sizeof(*p));
	struct fnexus *n = calloc(1, sizeof(*n));

	n->port = p;
	*err = scst_nexus_add(&n->nexus, w.tgt, initiator);
	if (*err) {
		free(n);
		free(p);
		return NULL;
	}
	p->nexus = &n->nexus;
	p->nr = n->nexus.id;
	list_add_tail(&p->link, &ports);
	return p;
}

struct fport *fport_add(const char *initiator)
{
	struct fport *p;
	int err;

	p = fport_new(initiator, &err);
	ck_assert_int_eq(err, 0);
	return p;
}

void fport_del(struct fport *p)
{
	p->deleted = true;
	scst_nexus_del(p->nexus);
}

void fport_serve(struct fport *p)
{
	struct fcmd *c;

	list_for_each_entry(c, &cmds, link)
		if (c->port == p && c->wants_data &&
		    scst_task_aborted(fcmd_task(c)))
			fail_data(c, SENSE_ABORTED);
}

/* ---- Commands ----------------------------------------------------------- */

struct fcmd *fcmd_new(struct fport *p, u16 lun, const u8 *cdb, u16 cdb_len,
		      enum scst_data_dir dir, u32 expected)
{
	struct fcmd *c = calloc(1, sizeof(*c));
	struct ftask *t = malloc(sizeof(*t));
	u8 field[8];
	u32 i;

	/* The core initialises what it needs. */
	memset(t, 0xa5, sizeof(*t));
	c->ftask = t;
	t->cmd = c;
	c->nr = ++last_nr;
	c->port = p;
	list_add_tail(&c->link, &cmds);
	scst_lun_encode(lun, field);
	scst_task_init(&t->task, p->nexus, field, cdb, cdb_len);
	t->task.tag = c->nr;
	t->task.expected = expected;
	t->task.cmd.dir = dir;
	if (dir == SCST_DATA_OUT) {
		c->out = malloc(expected + 1);
		for (i = 0; i < expected; i++)
			c->out[i] = c->nr + i % 251;
	}
	return c;
}

struct scst_task *fcmd_task(struct fcmd *c)
{
	ck_assert_ptr_nonnull(c->ftask);
	return &c->ftask->task;
}

struct scst_cmd *fcmd_cmd(struct fcmd *c)
{
	return &fcmd_task(c)->cmd;
}

void fcmd_own_buffer(struct fcmd *c, u32 len)
{
	struct scst_cmd *cmd = fcmd_cmd(c);

	c->own = calloc(1, len);
	core_seg_set(&cmd->seg, c->own, len);
	cmd->segs = &cmd->seg;
	cmd->nr_segs = 1;
}

struct fcmd *submit(struct fcmd *c)
{
	scst_task_submit(fcmd_task(c));
	return c;
}

static struct fcmd *simple_cmd(struct fport *p, u8 op, enum scst_attr attr,
			       u16 blocks, enum scst_data_dir dir, u32 expected)
{
	u8 cdb[16] = { op };
	struct fcmd *c;

	put_unaligned_be16(blocks, cdb + 7);
	c = fcmd_new(p, 0, cdb, sizeof(cdb), dir, expected);
	fcmd_task(c)->attr = attr;
	return submit(c);
}

struct fcmd *nop(struct fport *p, enum scst_attr attr)
{
	return simple_cmd(p, FOP_NOP, attr, 0, SCST_DATA_NONE, 0);
}

struct fcmd *store(struct fport *p, enum scst_attr attr, u32 len)
{
	return simple_cmd(p, FOP_STORE, attr, 0, SCST_DATA_OUT, len);
}

struct fcmd *rd(struct fport *p, u16 blocks)
{
	return simple_cmd(p, SCSI_READ_10, SCST_SIMPLE, blocks, SCST_DATA_IN,
			  blocks * 512u);
}

struct fcmd *wr(struct fport *p, u16 blocks)
{
	return simple_cmd(p, SCSI_WRITE_10, SCST_SIMPLE, blocks, SCST_DATA_OUT,
			  blocks * 512u);
}

void ck_residual(const struct fcmd *c, const char *expected)
{
	char got[32] = "";

	ck_assert(!(c->residual.over && c->residual.under));
	if (c->residual.over || c->residual.under)
		snprintf(got, sizeof(got), "%s %u",
			 c->residual.over ? "over" : "under",
			 c->residual.count);
	ck_assert_str_eq(got, expected);
}

/* ---- Task management ---------------------------------------------------- */

struct fcall {
	struct scst_tmf tmf;
	struct ftmf *result;
};

static void drv_tmf_done(struct scst_tmf *tmf)
{
	struct fcall *call = container_of(tmf, struct fcall, tmf);
	struct ftmf *t = call->result;

	ck_assert(!t->done);
	t->done = true;
	t->response = tmf->response;
	free(call);
	note("t%u", t->nr);
	if (t->on_done)
		t->on_done(t);
}

static struct ftmf *tmf_tag(struct fport *p, enum scst_tmf_fn fn, u16 lun,
			    u64 tag)
{
	struct ftmf *t = calloc(1, sizeof(*t));
	struct fcall *call = malloc(sizeof(*call));

	memset(call, 0xa5, sizeof(*call));
	call->result = t;
	call->tmf.nexus = p->nexus;
	call->tmf.fn = fn;
	call->tmf.lun = lun;
	call->tmf.tag = tag;
	t->nr = ++last_nr;
	list_add_tail(&t->link, &tmfs);
	scst_tmf_submit(&call->tmf);
	return t;
}

struct ftmf *tmf(struct fport *p, enum scst_tmf_fn fn, u16 lun)
{
	return tmf_tag(p, fn, lun, 0);
}

struct ftmf *abort_cmd(struct fport *p, const struct fcmd *c)
{
	return tmf_tag(p, SCST_ABORT_TASK, 0, c->nr);
}

/* ---- The world ---------------------------------------------------------- */

static void quiet(int level, const char *fmt, va_list ap)
{
}

void world_bare(void)
{
	core_log_hook = quiet;
	last_nr = 0;
	log_clear();
	w.live = core_slab_live();
	w.ops = (struct scst_target_ops){
		.protocol = SCST_PROTOCOL_ISCSI,
		.want_data_out = drv_want_data_out,
		.respond = drv_respond,
		.kick = drv_kick,
		.tmf_done = drv_tmf_done,
		.nexus_gone = drv_nexus_gone,
		.transport_id = drv_transport_id,
	};
	w.isid = 0;
	w.ctx = scst_ctx_alloc();
	ck_assert_ptr_nonnull(w.ctx);
	w.tgt = scst_target_register(w.ctx, "iqn.t", &w.ops, &w);
	ck_assert(!IS_ERR(w.tgt));
}

enum scst_sense attention(struct fport *p, u16 lun)
{
	const u8 cdb[6] = { SCSI_REQUEST_SENSE, 0, 0, 0, 252 };
	enum scst_sense sense;
	struct fcmd *c;

	c = submit(fcmd_new(p, lun, cdb, 6, SCST_DATA_IN, 252));
	ck_good(c);
	ck_assert_uint_ge(c->in_len, 18);
	sense = parse_sense(c->in);
	log_clear();
	return sense;
}

void see_attentions(struct fport *p)
{
	const struct scst_itl_table *table;
	struct scst_itl *itl;
	u32 i;

	core_read_begin();
	table = rcu_dereference(p->nexus->itls);
	scst_for_each_itl(itl, table, i)
		while (scst_itl_take_ua(itl))
			;
	core_read_end();
}

void world_up(void)
{
	world_bare();
	w.dev = fdev_add("dev0");
	w.grp = scst_group_add(w.tgt, "all");
	ck_assert_int_eq(scst_group_add_pattern(w.grp, "*"), 0);
	ck_assert_int_eq(scst_group_map(w.grp, 0, w.dev->core, false), 0);
	w.a = fport_add("iqn.a");
	w.b = fport_add("iqn.b");
	w.c = fport_add("iqn.c");
	see_attentions(w.a);
	see_attentions(w.b);
	see_attentions(w.c);
	last_nr = 0;
}

static void release_all(void)
{
	struct fport *p;
	struct fcmd *c;

	list_for_each_entry(p, &ports, link)
		p->hold_end = false;
	list_for_each_entry(c, &cmds, link) {
		if (!c->ftask)
			continue;
		if (c->answered || c->gone)
			end(c);
		else if (c->wants_data)
			fail_data(c, SENSE_ABORTED);
		else if (c->executed)
			scst_cmd_good(fcmd_cmd(c));
	}
}

static void free_lists(void)
{
	struct fport *p, *next_p;
	struct fdev *d, *next_d;
	struct fcmd *c, *next_c;
	struct ftmf *t, *next_t;

	list_for_each_entry_safe(c, next_c, &cmds, link) {
		ck_assert_msg(!c->ftask, "command %u did not end", c->nr);
		free(c->in);
		free(c->out);
		free(c->own);
		free(c);
	}
	list_for_each_entry_safe(t, next_t, &tmfs, link) {
		ck_assert_msg(t->done, "function %u did not end", t->nr);
		free(t);
	}
	list_for_each_entry_safe(p, next_p, &ports, link) {
		ck_assert_ptr_null(p->nexus);
		free(p);
	}
	list_for_each_entry_safe(d, next_d, &devices, link) {
		ck_assert_ptr_null(d->core);
		ck_assert_uint_eq(d->nr_buffers, 0);
		free(d);
	}
	INIT_LIST_HEAD(&cmds);
	INIT_LIST_HEAD(&tmfs);
	INIT_LIST_HEAD(&ports);
	INIT_LIST_HEAD(&devices);
}

void world_down(void)
{
	struct fport *p;
	struct fdev *d;
	struct fcmd *c;
	bool more;

	/* What ends lets others begin. */
	do {
		release_all();
		more = false;
		list_for_each_entry(c, &cmds, link)
			more |= c->ftask && (c->wants_data || c->executed);
	} while (more);
	list_for_each_entry(p, &ports, link)
		if (!p->deleted)
			fport_del(p);
	list_for_each_entry(d, &devices, link)
		if (d->core)
			fdev_remove(d);
	scst_target_unregister(w.tgt);
	scst_ctx_free(w.ctx);
	core_barrier();
	free_lists();
	ck_assert_int_eq(core_slab_live(), w.live);
}

int core_main(const char *name, TCase *(*const tcases[])(void), u32 nr)
{
	Suite *s = suite_create(name);
	SRunner *sr;
	int failed;
	u32 i;

	for (i = 0; i < nr; i++)
		suite_add_tcase(s, tcases[i]());
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
