/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: what surrounds a fuzzed iSCSI session: the owner of its sockets, the
 * core with a small device, and another initiator that gets in the way.
 *
 * Everything stands still until run(). The device's Data-In is pattern[], and
 * what is written to it should be, unless the input says otherwise (ini.wild).
 */
#ifndef FUZZ_ISCSI_OWNER_H
#define FUZZ_ISCSI_OWNER_H

#include "iscsi_initiator.h"

#define TRANSFER 8192u

/* ---- The world ----------------------------------------------------------- */

static struct {
	struct scst_ctx *ctx;
	struct scst_target *tgt, *other_tgt;
	struct scst_device *dev;
	struct scst_nexus other;
	struct kmem_cache *cache;
	struct llist_head inbox;
	bool elsewhere;		/* the core's calls come from other threads */
	bool cold_reset;
	bool wants_cid, holds;	/* a login that waits */
	u32 nr_other_tmfs;
	u64 now;

	/* The device. */
	struct scst_cmd *held[TASKS];
	u32 nr_held, nr_buffers;
	u32 fail_buffers;
	bool hold;

	/* Chosen before owner_up(). */
	u32 depth, seg_size, gather_max, sent_max;
	u8 feed;		/* how bytes go in */
	bool discovery, slow_close;
} x;

/* ---- The device ---------------------------------------------------------- */

static int dev_alloc(struct scst_cmd *cmd, u32 len)
{
	u32 piece = x.seg_size ?: len, i;
	u8 *buf;

	if (x.fail_buffers) {
		x.fail_buffers--;
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
	x.nr_buffers++;
	return 0;
}

static void dev_free(struct scst_cmd *cmd)
{
	x.nr_buffers--;
	free(cmd->segs);
	free(cmd->data_priv);
}

static void dev_end(struct scst_cmd *cmd, u8 how)
{
	static const enum scst_sense senses[] = {
		SENSE_BUSY, SENSE_READ_ERROR, SENSE_WRITE_ERROR,
		SENSE_INVALID_OPCODE,
	};

	cmd->wanted = get_unaligned_be16(cmd->cdb + 7);
	if (!(how & 0x10))
		cmd->data_in = scst_cmd_copy_in(cmd, 0, pattern, cmd->wanted);
	if ((how & 0x0c) == 0x0c)
		scst_cmd_fail(cmd, senses[how & 3]);
	else
		scst_cmd_good(cmd);
}

static void dev_execute(struct scst_cmd *cmd)
{
	u8 *data = cmd->data_priv;

	if (cmd->dir == SCST_DATA_OUT && cmd->nr_segs && !ini.wild)
		MUST(!memcmp(data, pattern, cmd->data_len));
	if (!x.hold && !(cmd->cdb[6] & 0x20)) {
		dev_end(cmd, cmd->cdb[6]);
		return;
	}
	MUST(x.nr_held < TASKS);
	x.held[x.nr_held++] = cmd;
}

static void dev_complete(u32 nr, u8 how)
{
	struct scst_cmd *cmd = x.held[nr];

	memmove(x.held + nr, x.held + nr + 1,
		(--x.nr_held - nr) * sizeof(x.held[0]));
	dev_end(cmd, how);
}

static void dev_release(void)
{
	x.hold = false;
	while (x.nr_held)
		dev_complete(0, 0);
}

static const struct scst_device_ops dev_ops = {
	.data_alloc = dev_alloc,
	.data_free = dev_free,
};

static const struct scst_opcode dev_opcodes[] = {
	{ SCSI_READ_10, 10, SCST_NO_SA, SCST_OP_IN, dev_execute, { 0 } },
	{ SCSI_WRITE_10, 10, SCST_NO_SA, SCST_OP_OUT, dev_execute, { 0 } },
	{ SCSI_VARIABLE_LENGTH, 32, 0x0b, SCST_OP_OUT, dev_execute, { 0 } },
};

/* ---- Between core and driver --------------------------------------------- */

static void watch_want_data_out(struct scst_task *stask)
{
	expect_data_out(iscsi_task_of(stask));
	iscsi_target_ops.want_data_out(stask);
}

static void watch_respond(struct scst_task *stask)
{
	expect_answer(iscsi_task_of(stask));
	iscsi_target_ops.respond(stask);
}

/* Another target's nexus, whose resets come in between. */
static void other_tmf_done(struct scst_tmf *tmf)
{
	x.nr_other_tmfs--;
	free(tmf);
}

static void other_nexus_gone(struct scst_nexus *nexus)
{
}

static const struct scst_target_ops other_ops = {
	.protocol = SCST_PROTOCOL_ISCSI,
	.tmf_done = other_tmf_done,
	.nexus_gone = other_nexus_gone,
};

/* ---- The environment ----------------------------------------------------- */

static bool env_is_here(const struct iscsi_session *sess)
{
	return !x.elsewhere;
}

static void env_post(struct iscsi_session *sess, struct core_work *work)
{
	llist_add(&work->node, &x.inbox);
}

static void env_nothing(struct iscsi_conn *conn)
{
}

static void env_drop(struct iscsi_conn *conn, const char *why)
{
	struct wire *w = wire_of(conn);

	MUST(w->conn == conn && !w->dropped);
	w->dropped = true;
}

static void env_send_targets(struct iscsi_conn *conn, const char *name,
			     struct iscsi_text_buf *text)
{
	u32 i;

	for (i = 0; i < (name ? 1 : 60); i++) {
		iscsi_text_add(text, "TargetName", "iqn.t:%u", i);
		iscsi_text_add(text, "TargetAddress", "127.0.0.1:3260,1");
	}
}

static void env_cid_gone(struct iscsi_session *sess)
{
	MUST(x.wants_cid);
	x.wants_cid = false;
}

static void env_cold_reset(struct iscsi_session *sess)
{
	x.cold_reset = true;
}

static void env_session_gone(struct iscsi_session *sess)
{
	MUST(sess == ini.sess);
	MUST(list_empty(&sess->tasks) && list_empty(&sess->tmfs));
	MUST(!sess->nr_tasks && !sess->nr_immediate && !sess->nr_tmfs);
	check_commands(sess->exp_cmd_sn);
	free(sess);
	ini.sess = NULL;
}

static const struct iscsi_env_ops env = {
	.is_here = env_is_here,
	.post = env_post,
	.want_tx = env_nothing,
	.resume_rx = env_nothing,
	.drop = env_drop,
	.send_targets = env_send_targets,
	.cid_gone = env_cid_gone,
	.cold_reset = env_cold_reset,
	.session_gone = env_session_gone,
};

static bool run_inbox(void)
{
	struct llist_node *list = llist_del_all(&x.inbox);
	struct core_work *work, *next;

	list = llist_reverse_order(list);
	llist_for_each_entry_safe(work, next, list, node)
		work->fn(work);
	return list;
}

/* ---- Bytes to the target ------------------------------------------------- */

/* Where the target wants them. */
static size_t feed_want(struct iscsi_conn *conn, const u8 *buf, size_t len)
{
	struct core_seg segs[4];
	u32 max = 1 + x.feed % 4;
	size_t want;
	u32 nr;

	nr = iscsi_rx_want(conn, segs, max, &want);
	if (!nr)
		return 0;
	MUST(nr <= max && want > 0 && core_segs_len(segs, nr) == want);
	MUST(iscsi_rx_payload(conn) <= conn->params.max_recv);
	len = min(len, want);
	if (segs[0].base)
		core_segs_write(segs, nr, 0, buf, len);
	iscsi_rx_done(conn, len);
	return len;
}

static bool feed(struct wire *w)
{
	static const u32 pieces[] = { IN_MAX, IN_MAX, 1, 37, 700, 48 };
	u32 piece = pieces[x.feed / 8 % ARRAY_SIZE(pieces)];
	size_t there = w->in_len - w->in_late, taken = 0, n, len;

	while (taken < there && !w->dropped && !w->conn->rx.paused) {
		len = min_t(size_t, piece, there - taken);
		if (x.feed & 4)
			n = feed_want(w->conn, w->in + taken, len);
		else
			n = iscsi_rx_feed(w->conn, w->in + taken, len);
		MUST(n <= len);
		MUST(n || w->dropped || w->conn->rx.paused);
		tap_take(w, w->in + taken, n);
		taken += n;
		w->limit = max(w->limit, w->conn->params.max_xmit);
		w->conn->last_rx = x.now;
	}
	if (taken)
		memmove(w->in, w->in + taken, w->in_len -= taken);
	return taken;
}

static void put_bytes(struct wire *w, const void *buf, size_t len)
{
	if (!len || w->in_len + len > IN_MAX)
		return;
	memcpy(w->in + w->in_len, buf, len);
	w->in_len += len;
	w->in_late = 0;
}

/* ---- Bytes from the target ----------------------------------------------- */

static bool take(struct wire *w, u32 max_segs, size_t max)
{
	struct core_seg segs[64];
	size_t n;
	u32 nr;

	if (!w->conn || w->dropped)
		return false;
	nr = iscsi_tx_gather(w->conn, segs, max_segs);
	MUST(nr <= max_segs);
	if (!nr) {
		MUST(!w->out_len);
		w->limit = w->conn->params.max_xmit;
		return false;
	}
	n = core_segs_len(segs, nr);
	MUST(n > 0);
	n = min3(n, max, OUT_MAX - w->out_len);
	MUST(core_segs_read(segs, nr, 0, w->out + w->out_len, n) == n);
	w->out_len += n;
	iscsi_tx_sent(w->conn, n);
	check_out(w);
	return n;
}

static void check_session(void)
{
	const struct iscsi_session *sess = ini.sess;
	u32 window, under_way = 0, i;

	if (!sess)
		return;
	for (i = 0; i < WIRES; i++)
		if (ini.wire[i].conn)
			under_way += ini.wire[i].conn->rx.counted;
	window = sess->max_cmd_sn + 1 - sess->exp_cmd_sn;
	MUST(window + sess->nr_tasks - sess->nr_immediate <=
	     sess->depth + under_way + ini.nr_dropped);
	MUST(sess->nr_immediate <= ISCSI_IMMEDIATE_MAX);
	/* The initiator's, and those for the tasks of a connection. */
	MUST(sess->nr_tmfs <= ISCSI_TMF_MAX + TASKS);
	if (iscsi_session_idle(sess))
		MUST(!ini.nr_answers && !ini.nr_writes);
}

static void del_wire(struct wire *w)
{
	if (!w->conn)
		return;
	ini.nr_dropped++;
	iscsi_conn_del(w->conn);
	forget_wire(w);
	free(w->conn);
	w->conn = NULL;
	w->in_len = 0;
}

static bool connected(void)
{
	return ini.wire[0].conn || ini.wire[1].conn;
}

static bool run_wire(struct wire *w)
{
	bool more = false;

	if (!w->conn)
		return false;
	more |= feed(w);
	while (!w->deaf && take(w, x.gather_max, x.sent_max))
		more = true;
	if (w->conn && (x.cold_reset || (w->dropped && !x.slow_close))) {
		del_wire(w);
		more = true;
	}
	return more;
}

/* Everything that moves by itself. */
static void run(void)
{
	bool more;
	u32 i;

	do {
		more = run_inbox();
		for (i = 0; i < WIRES; i++)
			more |= run_wire(&ini.wire[i]);
		check_session();
	} while (more);
}

/* ---- Beginning and end --------------------------------------------------- */

static void world_up(void)
{
	static struct scst_target_ops ops;
	const struct scst_device_info info = {
		.name = "disk",
		.opcodes = dev_opcodes,
		.nr_opcodes = ARRAY_SIZE(dev_opcodes),
		.max_transfer = TRANSFER,
		.queue_depth = 128,
	};
	struct scst_group *grp;

	ops = iscsi_target_ops;
	ops.want_data_out = watch_want_data_out;
	ops.respond = watch_respond;
	init_llist_head(&x.inbox);
	x.cache = kmem_cache_create("tasks", iscsi_task_size, 0, 0, NULL);
	x.ctx = scst_ctx_alloc();
	x.dev = scst_device_register(x.ctx, &info, &dev_ops, NULL);
	x.tgt = scst_target_register(x.ctx, "iqn.t", &ops, NULL);
	grp = scst_group_add(x.tgt, "all");
	scst_group_add_pattern(grp, "*");
	scst_group_map(grp, 0, x.dev, false);
	x.other_tgt = scst_target_register(x.ctx, "iqn.u", &other_ops, NULL);
	grp = scst_group_add(x.other_tgt, "all");
	scst_group_add_pattern(grp, "*");
	scst_group_map(grp, 0, x.dev, false);
	MUST(!scst_nexus_add(&x.other, x.other_tgt, "iqn.o"));
}

static void connect_wire(struct wire *w)
{
	struct iscsi_conn *conn = calloc(1, sizeof(*conn));

	memset(w, 0, offsetof(struct wire, in));
	w->stat_sn = 1000;
	w->exp_cmd_sn = FIRST_SN;
	w->max_cmd_sn = FIRST_SN - 1;
	w->limit = ini.params.max_xmit;
	conn->owner = w;
	conn->sess = ini.sess;
	conn->cid = w - ini.wire;
	conn->stat_sn = w->stat_sn;
	conn->params = ini.params;
	conn->ping_interval = 2;
	conn->ping_timeout = 3;
	if (iscsi_conn_start(conn, x.now)) {
		free(conn);
		return;
	}
	w->conn = conn;
}

static void login(void)
{
	struct iscsi_session *sess = calloc(1, sizeof(*sess));
	struct scst_itl *itl;

	sess->env = &env;
	sess->task_cache = x.cache;
	sess->discovery = x.discovery;
	strcpy(sess->initiator, "iqn.i");
	sess->depth = x.depth;
	sess->exp_cmd_sn = FIRST_SN;
	sess->next_ttt = FIRST_SN;
	sess->params = ini.params;
	MUST(!iscsi_session_start(sess, x.tgt));
	ini.sess = sess;
	connect_wire(&ini.wire[0]);
	if (x.discovery)
		return;
	core_read_begin();
	itl = scst_itl_find(&sess->nexus, 0);
	while (scst_itl_take_ua(itl))
		;
	core_read_end();
}

/* On a cleared x but for what was chosen, and ini.params. */
static void owner_up(void)
{
	u32 i;

	core_log_hook = fuzz_quiet;
	for (i = 0; !pattern[1] && i < DATA_MAX; i++)
		pattern[i] = i * 31 + (i >> 8);
	for (i = 0; i < WIRES; i++)
		memset(&ini.wire[i], 0, offsetof(struct wire, in));
	memset(ini.seen, 0, sizeof(ini.seen));
	ini.nr_numbered = 0;
	ini.nr_dropped = 0;
	ini.no_memory = false;
	ini.wild = false;
	x.now = NSEC_PER_SEC;
	world_up();
	login();
}

static void settle(void)
{
	u32 i;

	for (i = 0; i < WIRES; i++)
		ini.wire[i].deaf = false;
	do {
		dev_release();
		run();
	} while (x.nr_held);
	MUST(!ini.nr_answers || ini.wire[0].dropped || ini.wire[1].dropped);
	if (!ini.sess || ini.wire[0].dropped || ini.wire[1].dropped)
		return;
	/* Only those that wait for Data-Out are left. */
	MUST(ini.sess->nr_tasks >= ini.nr_writes);
	MUST(list_empty(&ini.sess->tmfs));
}

static void owner_down(void)
{
	u32 i;

	core_fail_alloc(0);
	if (x.holds) {
		x.holds = false;
		iscsi_session_unhold(ini.sess);
	}
	settle();
	for (i = 0; i < WIRES; i++)
		del_wire(&ini.wire[i]);
	while (run_inbox() || x.nr_held)
		dev_release();
	MUST(!ini.sess && !ini.nr_answers && !ini.nr_writes);
	MUST(!x.nr_other_tmfs && !x.nr_buffers);
	scst_nexus_del(&x.other);
	scst_device_unregister(x.dev);
	scst_target_unregister(x.other_tgt);
	scst_target_unregister(x.tgt);
	scst_ctx_free(x.ctx);
	kmem_cache_destroy(x.cache);
	MUST(!core_slab_live());
}

#endif
