// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzes persistent reservations inside the real core: PERSISTENT
 * RESERVE OUT with TransportIDs, IN with any allocation length, nexuses that
 * come and go, functions meanwhile, and images that are stored and restored.
 *
 * Whatever comes: each command is answered or given up exactly once; the
 * table of registrants, the ITLs and the reservation agree with each other;
 * what IN returns is as long as it says; an image brings back just what was
 * there; and bytes that are no image bring back nothing.
 */
#include "fuzz.h"
#include "scst.h"
#include "scst_core.h"
#include "seg.h"

#define STEPS_MAX 80u
#define LIST_MAX  1024u
#define NEXUSES	  4u

/* ---- The world ----------------------------------------------------------- */

struct port {
	struct scst_nexus nexus;
	bool gone;
	u8 isid;
};

static struct {
	struct scst_ctx *ctx;
	struct scst_target *tgt[2];
	struct scst_device *dev;
	struct port *ports[NEXUSES];
	struct list_head held;		/* commands with the device */
	u32 nr_commands, nr_ports, nr_tmfs;
	bool persist;			/* was asked for */
} w;

struct command {
	struct scst_task task;
	struct list_head link;		/* w.held */
	u8 out[LIST_MAX];
};

static struct command *command_of(const struct scst_task *task)
{
	return container_of((struct scst_task *)task, struct command, task);
}

static void dev_execute(struct scst_cmd *cmd)
{
	struct command *c = command_of(scst_cmd_task(cmd));

	list_add_tail(&c->link, &w.held);
}

static void dev_persist(struct scst_device *dev)
{
	MUST(!w.persist);
	w.persist = true;
}

static const struct scst_device_ops dev_ops = { .persist = dev_persist };
static const struct scst_device_ops bare_ops;

static const struct scst_opcode opcodes[] = {
	{ SCSI_READ_10, 10, SCST_NO_SA, SCST_OP_ANY_WE, dev_execute,
	  { 0x28, 0xff } },
	{ SCSI_WRITE_10, 10, SCST_NO_SA, 0, dev_execute, { 0x2a, 0xff } },
};

/* ---- The driver ---------------------------------------------------------- */

static void drv_want_data_out(struct scst_task *task)
{
	struct command *c = command_of(task);

	core_segs_write(task->cmd.segs, task->cmd.nr_segs, 0, c->out,
			task->cmd.data_len);
	scst_task_data_out(task, SENSE_NONE);
}

/* Additional length, in the header of all but REPORT CAPABILITIES. */
static void check_in(const struct command *c)
{
	const struct scst_cmd *cmd = &c->task.cmd;
	u32 wanted = cmd->wanted, alloc = get_unaligned_be16(cmd->cdb + 7);
	u8 data[8];

	MUST(wanted <= alloc);
	MUST(cmd->data_in == min_t(u64, wanted, cmd->data_len));
	if (cmd->data_in < 8)
		return;
	MUST(core_segs_read(cmd->segs, cmd->nr_segs, 0, data, 8) == 8);
	if (cmd->cdb[1] == SCSI_SA_REPORT_CAPABILITIES)
		MUST(get_unaligned_be16(data) == 8);
	else if (wanted < alloc)
		MUST(get_unaligned_be32(data + 4) == wanted - 8);
}

static void drv_respond(struct scst_task *task)
{
	struct command *c = command_of(task);

	if (!scst_task_aborted(task)) {
		MUST((task->cmd.status == SCSI_CHECK_CONDITION) ==
		     !!task->cmd.sense.sense);
		if (task->cmd.cdb[0] == SCSI_PERSISTENT_IN &&
		    task->cmd.status == SCSI_GOOD)
			check_in(c);
	}
	scst_task_end(task);
	free(c);
	w.nr_commands--;
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

static u16 drv_transport_id(struct scst_nexus *nexus, u8 *tid)
{
	struct port *p = container_of(nexus, struct port, nexus);
	const u8 isid[6] = { [5] = p->isid };

	return scst_iscsi_transport_id(tid, nexus->initiator, isid);
}

static const struct scst_target_ops drv_ops = {
	.protocol = SCST_PROTOCOL_ISCSI,
	.want_data_out = drv_want_data_out,
	.respond = drv_respond,
	.kick = drv_kick,
	.tmf_done = drv_tmf_done,
	.nexus_gone = drv_nexus_gone,
	.transport_id = drv_transport_id,
};

/* ---- What must always be so ---------------------------------------------- */

static bool listed(const struct spc_pr *pr, const struct spc_pr_reg *wanted)
{
	const struct spc_pr_reg *reg;

	list_for_each_entry(reg, &pr->regs, link)
		if (reg == wanted)
			return true;
	return false;
}

static void check_regs(const struct spc_pr *pr)
{
	const struct spc_pr_reg *reg;
	u8 tid[SCST_TRANSPORT_ID_MAX];
	u32 nr = 0;
	u16 len;

	list_for_each_entry(reg, &pr->regs, link) {
		MUST(reg->key && !reg->gone && reg->port);
		MUST(spc_pr_find(pr, reg->tid, reg->tid_len, reg->port) == reg);
		MUST(spc_tid_parse(reg->tid, reg->tid_len, tid, &len) ==
		     reg->tid_len);
		MUST(len == reg->tid_len && !memcmp(tid, reg->tid, len));
		nr++;
	}
	MUST(nr == pr->nr_regs && nr <= SPC_PR_REGS_MAX);
	MUST(!pr->type || (nr && spc_pr_type_valid(pr->type)));
	if (pr->type && !spc_pr_all_registrants(pr->type))
		MUST(listed(pr, pr->holder));
	else
		MUST(!pr->holder);
}

static void check_itl(struct scst_itl *itl)
{
	const struct scst_nexus *nexus = itl->nexus;
	u16 needs = itl->needs;

	MUST(itl->reg == spc_pr_find(&w.dev->pr, nexus->transport_id,
				     nexus->transport_id_len,
				     nexus->target->port_id));
	MUST(!itl->preempted);
	spc_pr_join(itl);
	MUST(itl->needs == needs);
}

static void check_state(void)
{
	struct scst_itl *itl;

	spin_lock_bh(&w.dev->lock);
	check_regs(&w.dev->pr);
	list_for_each_entry(itl, &w.dev->itls, dev_link)
		check_itl(itl);
	spin_unlock_bh(&w.dev->lock);
}

/* ---- Commands ------------------------------------------------------------ */

static const char *const names[] = {
	"iqn.a", "iqn.b", "IQN.A", "iqn.a,i,0x000000000000", "iqn.b,i,0x1",
	"iqn.c,i,0xAB", "iqn.a,i,0x", "", ",i,0x1", "iqn.d,i,0x1234567890ab",
	"iqn.longer-than-twenty-bytes-in-any-case,i,0x000000000001",
};

/* A TransportID at @p of @room; its length. */
static u32 make_tid(u8 *p, u32 room)
{
	u8 kind = get8();
	u32 len;

	if (kind & 0x80) {
		len = min_t(u32, room, get8());
		get_bytes(p, len);
		return len;
	}
	if (kind & 0x40) {
		const char *name = names[kind % ARRAY_SIZE(names)];

		len = max_t(u32, round_up(strlen(name) + 1, 4), 20);
		if (len + 4 > room)
			return 0;
		memset(p, 0, len + 4);
		p[0] = strchr(name, ',') ? 0x45 : 0x05;
		put_unaligned_be16(len, p + 2);
		memcpy(p + 4, name, strlen(name));
		return len + 4;
	}
	if (room < 24)
		return 0;
	memset(p, kind, 24);
	p[0] = kind & 0x0f;
	return 24;
}

static u32 make_list(u8 *p, u8 action)
{
	u32 at, from;

	memset(p, 0, 28);
	p[7] = get8() % 4;
	p[15] = get8() % 4;
	p[20] = get8() & 0x0f;
	if (action == SCSI_SA_REGISTER_AND_MOVE) {
		p[17] = p[20] & 3;
		p[19] = get8() % 4;
		p[20] = 0;
		at = 24 + make_tid(p + 24, LIST_MAX - 24);
		put_unaligned_be32(at - 24, p + 20);
		return at;
	}
	if (!(p[20] & 0x08))
		return 24;
	at = 28;
	do {
		from = at;
		at += make_tid(p + at, LIST_MAX - at);
	} while (at != from && get8() % 3);
	put_unaligned_be32(at - 28, p + 24);
	return at;
}

static struct command *command_new(struct port *p, const u8 *cdb, u8 dir,
				   u32 expected)
{
	static const u8 lun[8];
	struct command *c = calloc(1, sizeof(*c));

	scst_task_init(&c->task, &p->nexus, lun, cdb, 10);
	c->task.cmd.dir = dir;
	c->task.expected = expected;
	c->task.tag = get8() % 8;
	w.nr_commands++;
	return c;
}

static void step_out(struct port *p)
{
	u8 cdb[16] = { SCSI_PERSISTENT_OUT }, kind = get8();
	struct command *c;
	u8 list[LIST_MAX];
	u32 len;

	cdb[1] = kind % 9;
	cdb[2] = get8();
	if (cdb[2] < 0x80)
		cdb[2] = cdb[2] % 9;
	if (kind < 0xe0) {
		len = make_list(list, cdb[1]);
	} else {
		len = get16() % LIST_MAX;
		get_bytes(list, len);
	}
	put_unaligned_be32(kind & 0x10 ? len : len + get8() % 3, cdb + 5);
	c = command_new(p, cdb, SCST_DATA_OUT, len);
	memcpy(c->out, list, len);
	c->task.attr = get8() % 3;
	scst_task_submit(&c->task);
}

static void step_in(struct port *p)
{
	u8 cdb[16] = { SCSI_PERSISTENT_IN, get8() % 5 };
	struct command *c;

	put_unaligned_be16(get16(), cdb + 7);
	c = command_new(p, cdb, SCST_DATA_IN, get16() % 8192);
	scst_task_submit(&c->task);
}

static void step_other(struct port *p)
{
	static const u8 ops[] = {
		SCSI_READ_10, SCSI_WRITE_10, SCSI_RESERVE_6, SCSI_RELEASE_6,
		SCSI_REQUEST_SENSE,
	};
	u8 kind = get8();
	u8 cdb[16] = { ops[kind % ARRAY_SIZE(ops)] };
	struct command *c = command_new(p, cdb, SCST_DATA_NONE, 0);

	c->task.attr = kind / 8 % 3;
	scst_task_submit(&c->task);
}

static void step_tmf(struct port *p)
{
	struct scst_tmf *tmf = calloc(1, sizeof(*tmf));

	tmf->nexus = &p->nexus;
	tmf->fn = get8() % (SCST_TARGET_RESET + 1);
	tmf->tag = get8() % 8;
	w.nr_tmfs++;
	scst_tmf_submit(tmf);
}

static void finish_one(void)
{
	struct command *c = list_first_entry_or_null(&w.held, struct command,
						     link);

	if (!c)
		return;
	list_del(&c->link);
	scst_cmd_good(&c->task.cmd);
}

static struct port *port_new(u8 kind)
{
	static const char *const initiators[] = {
		"iqn.a", "iqn.b", "iqn.c", "iqn.A",
	};
	struct port *p = calloc(1, sizeof(*p));

	p->isid = kind >> 3 & 1;
	MUST(!scst_nexus_add(&p->nexus, w.tgt[kind >> 2 & 1],
			     initiators[kind & 3]));
	w.nr_ports++;
	return p;
}

static void port_del(struct port *p)
{
	p->gone = true;
	scst_nexus_del(&p->nexus);
}

/* ---- Images -------------------------------------------------------------- */

static u8 image[SCST_PR_IMAGE_MAX], again[SCST_PR_IMAGE_MAX];

static struct scst_device *device_new(const char *name, bool able)
{
	const struct scst_device_info info = {
		.name = name,
		.opcodes = opcodes,
		.nr_opcodes = ARRAY_SIZE(opcodes),
		.max_transfer = 4096,
		.queue_depth = 8,
	};
	struct scst_device *dev;

	dev = scst_device_register(w.ctx, &info, able ? &dev_ops : &bare_ops,
				   NULL);
	MUST(!IS_ERR(dev));
	return dev;
}

/* What is restored from @buf must make the same image again. */
static void check_restore(const u8 *buf, u32 len, bool good)
{
	struct scst_device *dev = device_new("second", true);
	int err = scst_pr_restore(dev, buf, len);

	MUST(!err || (err == -EINVAL && !good));
	if (!err) {
		check_regs(&dev->pr);
		MUST(scst_pr_image(dev, again, sizeof(again)) == (int)len);
		MUST(!memcmp(again, buf, len));
	} else {
		MUST(!dev->pr.nr_regs && !dev->pr.type);
	}
	scst_device_unregister(dev);
}

static void step_persist(void)
{
	int len;

	if (!w.persist)
		return;
	w.persist = false;
	len = scst_pr_image(w.dev, image, sizeof(image));
	MUST(len > 0);
	check_restore(image, len, true);
	scst_pr_persisted(w.dev, get8() % 4 ? 0 : -EIO);
}

static void seal(u8 *buf, u32 len)
{
	if (len < 36)
		return;
	memcpy(buf, "SCSTPR01", 8);
	put_unaligned_be32(len, buf + 16);
	put_unaligned_be32(~crc32c(~0u, buf, len - 4), buf + len - 4);
}

/* The rest of the input as an image, undamaged as far as it can tell. */
static void fuzz_image(void)
{
	u32 len = min_t(u32, in.len, sizeof(image));
	u8 *exact = malloc(len + !len);

	get_bytes(exact, len);
	check_restore(exact, len, false);
	seal(exact, len);
	check_restore(exact, len, false);
	free(exact);
}

/* -------------------------------------------------------------------------- */

static void step(void)
{
	u8 kind = get8(), nr = kind % NEXUSES;

	switch (kind >> 5) {
	case 0:
		step_persist();
		break;
	case 1:
		finish_one();
		break;
	case 2:
		step_tmf(w.ports[nr]);
		break;
	case 3:
		port_del(w.ports[nr]);
		w.ports[nr] = port_new(get8());
		break;
	case 4:
		step_in(w.ports[nr]);
		break;
	case 5:
		step_other(w.ports[nr]);
		break;
	default:
		step_out(w.ports[nr]);
	}
	check_state();
}

static struct scst_target *target_up(const char *name)
{
	struct scst_target *tgt = scst_target_register(w.ctx, name, &drv_ops,
						       NULL);
	struct scst_group *grp = scst_group_add(tgt, "all");

	scst_group_add_pattern(grp, "*");
	MUST(!scst_group_map(grp, 0, w.dev, false));
	return tgt;
}

static void up(u8 kind)
{
	u32 i;

	memset(&w, 0, sizeof(w));
	INIT_LIST_HEAD(&w.held);
	w.ctx = scst_ctx_alloc();
	w.dev = device_new("dev", kind & 2);
	w.tgt[0] = target_up("iqn.t0");
	w.tgt[1] = target_up("iqn.t1");
	for (i = 0; i < NEXUSES; i++)
		w.ports[i] = port_new(i);
}

static void down(void)
{
	u32 i;

	for (i = 0; i < NEXUSES; i++)
		port_del(w.ports[i]);
	while (!list_empty(&w.held) || w.persist) {
		finish_one();
		step_persist();
	}
	MUST(!w.nr_commands && !w.nr_ports && !w.nr_tmfs);
	scst_device_unregister(w.dev);
	scst_target_unregister(w.tgt[0]);
	scst_target_unregister(w.tgt[1]);
	scst_ctx_free(w.ctx);
	MUST(!core_slab_live());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 kind;
	u32 i;

	core_log_hook = fuzz_quiet;
	input_set(data, size);
	kind = get8();
	up(kind);
	if (kind & 1)
		fuzz_image();
	for (i = 0; i < STEPS_MAX && in.len; i++)
		step();
	down();
	return 0;
}
