// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: an initiator, the owner of its socket and a disk, for tests of iSCSI
 * full feature phase; see iscsi_peer.h.
 */
#include "iscsi_peer.h"
#include "seg.h"

/* Check writes down every assertion it meets: too slow for every byte. */
#define must(cond) \
	do { \
		if (!(cond)) \
			ck_abort_msg("%s", #cond); \
	} while (0)

struct peer p;

u32 rnd(u32 below)
{
	p.rng ^= p.rng << 13;
	p.rng ^= p.rng >> 7;
	p.rng ^= p.rng << 17;
	return (p.rng >> 16) % below;
}

/* ---- The environment ---------------------------------------------------------- */

static struct wire *wire_of(const struct iscsi_conn *conn)
{
	return conn->owner;
}

static bool env_is_here(const struct iscsi_session *sess)
{
	return !p.elsewhere;
}

static void env_post(struct iscsi_session *sess, struct core_work *work)
{
	llist_add(&work->node, &p.inbox);
}

static void env_want_tx(struct iscsi_conn *conn)
{
}

static void env_resume_rx(struct iscsi_conn *conn)
{
	wire_of(conn)->nr_resumed++;
}

static void env_drop(struct iscsi_conn *conn, const char *why)
{
	struct wire *w = wire_of(conn);

	ck_assert(!w->dropped);
	w->dropped = true;
	w->why = why;
}

static void env_send_targets(struct iscsi_conn *conn, const char *name,
			     struct iscsi_text_buf *text)
{
	char other[64];
	u32 i;

	if (!name || !strcmp(name, "iqn.t")) {
		iscsi_text_add(text, "TargetName", "iqn.t");
		iscsi_text_add(text, "TargetAddress", "127.0.0.1:3260,1");
	}
	/* A discovery session finds many. */
	for (i = 0; !name && i < 100; i++) {
		snprintf(other, sizeof(other), "iqn.2000-01.com.example:%u", i);
		iscsi_text_add(text, "TargetName", "%s", other);
		iscsi_text_add(text, "TargetAddress", "127.0.0.1:3260,1");
	}
}

static void env_cid_gone(struct iscsi_session *sess)
{
	p.cids_gone++;
}

static void env_cold_reset(struct iscsi_session *sess)
{
	p.cold_resets++;
}

static void env_session_gone(struct iscsi_session *sess)
{
	ck_assert_ptr_eq(sess, p.sess);
	free(sess);
	p.sess = NULL;
}

static const struct iscsi_env_ops env = {
	.is_here = env_is_here,
	.post = env_post,
	.want_tx = env_want_tx,
	.resume_rx = env_resume_rx,
	.drop = env_drop,
	.send_targets = env_send_targets,
	.cid_gone = env_cid_gone,
	.cold_reset = env_cold_reset,
	.session_gone = env_session_gone,
};

static bool run_inbox(void)
{
	struct llist_node *list = llist_del_all(&p.inbox);
	struct core_work *work, *next;

	list = llist_reverse_order(list);
	llist_for_each_entry_safe(work, next, list, node)
		work->fn(work);
	return list;
}

/* ---- Bytes to the target ---------------------------------------------------- */

static size_t chunk(size_t len)
{
	switch (p.feed) {
	case FEED_BYTES:
	case FEED_WANT_BYTES:
		return 1;
	case FEED_RANDOM:
	case FEED_WANT:
		return min_t(size_t, len, 1 + rnd(rnd(2) ? 8 : 3000));
	default:
		return len;
	}
}

static size_t feed_want(struct iscsi_conn *conn, const u8 *buf, size_t len)
{
	struct core_seg segs[3];
	size_t want, n;
	u32 nr;

	nr = iscsi_rx_want(conn, segs, 1 + rnd(3), &want);
	if (!nr)
		return 0;
	must(want > 0);
	must(core_segs_len(segs, nr) == want);
	n = min(len, want);
	/* What is to be dropped has no address. */
	if (segs[0].base)
		core_segs_write(segs, nr, 0, buf, n);
	iscsi_rx_done(conn, n);
	return n;
}

static bool feed(struct wire *w)
{
	bool want = p.feed == FEED_WANT || p.feed == FEED_WANT_BYTES;
	size_t taken = 0, n, len;

	while (taken < w->in_len && !w->dropped) {
		len = chunk(w->in_len - taken);
		if (want)
			n = feed_want(w->conn, w->in + taken, len);
		else
			n = iscsi_rx_feed(w->conn, w->in + taken, len);
		taken += n;
		if (!n || w->conn->rx.paused)
			break;
	}
	memmove(w->in, w->in + taken, w->in_len - taken);
	w->in_len -= taken;
	return taken;
}

void put_bytes(const void *buf, size_t len)
{
	struct wire *w = p.w;

	len = min(len, w->mute_after);
	w->mute_after -= len;
	w->in = realloc(w->in, w->in_len + len + 1);
	memcpy(w->in + w->in_len, buf, len);
	w->in_len += len;
}

/* ---- Bytes from the target ---------------------------------------------------- */

static bool takes_stat_sn(const struct iscsi_bhs *bhs)
{
	switch (iscsi_opcode(bhs)) {
	case ISCSI_R2T:
		return false;
	case ISCSI_DATA_IN:
		return bhs->flags & ISCSI_DATA_IN_STATUS;
	case ISCSI_NOP_IN:
		return bhs->itt != cpu_to_be32(ISCSI_TAG_NONE);
	default:
		return true;
	}
}

static void check_numbers(struct wire *w, const struct iscsi_bhs *bhs)
{
	u32 exp = be32_to_cpu(bhs->in.exp_cmd_sn);
	u32 max = be32_to_cpu(bhs->in.max_cmd_sn);

	must(!iscsi_sn_before(exp, p.exp_cmd_sn));
	must(!iscsi_sn_before(max, p.max_cmd_sn));
	must(!iscsi_sn_before(max, exp - 1));
	must(max - (exp - 1) <= p.depth);
	p.exp_cmd_sn = exp;
	p.max_cmd_sn = max;
	if (iscsi_opcode(bhs) == ISCSI_DATA_IN && !takes_stat_sn(bhs)) {
		must(!bhs->data_in.stat_sn);
		return;
	}
	must(be32_to_cpu(bhs->in.stat_sn) == w->stat_sn);
	w->stat_sn += takes_stat_sn(bhs);
}

static void check_digest(const u8 *buf, size_t len, bool on)
{
	must(!on || get_unaligned_le32(buf + len) == ~crc32c(~0u, buf, len));
}

/* Takes the first PDU off the stream; false: it is not all there. */
static bool take_pdu(struct wire *w)
{
	const struct iscsi_params *params = &w->conn->params;
	bool hd = params->header_digest == ISCSI_DIGEST_CRC32C;
	bool dd = params->data_digest == ISCSI_DIGEST_CRC32C;
	size_t data = ISCSI_BHS_LEN + (hd ? 4 : 0), whole;
	struct pdu *pdu;
	u32 len, pad;

	if (w->out_len < data)
		return false;
	len = iscsi_data_len((struct iscsi_bhs *)w->out);
	pad = iscsi_pad(len);
	whole = data + len + pad + (dd && len ? 4 : 0);
	if (w->out_len < whole)
		return false;

	pdu = malloc(sizeof(*pdu) + len);
	memcpy(&pdu->bhs, w->out, ISCSI_BHS_LEN);
	pdu->len = len;
	memcpy(pdu->data, w->out + data, len);
	must(!pdu->bhs.ahs_len);
	must(len <= params->max_xmit);
	must(!memchr_inv(w->out + data + len, 0, pad));
	check_digest(w->out, ISCSI_BHS_LEN, hd);
	check_digest(w->out + data, len + pad, dd && len);
	check_numbers(w, &pdu->bhs);
	list_add_tail(&pdu->link, &w->pdus);
	memmove(w->out, w->out + whole, w->out_len - whole);
	w->out_len -= whole;
	return true;
}

static bool gather(struct wire *w)
{
	struct core_seg segs[64];
	size_t n;
	u32 nr;

	nr = iscsi_tx_gather(w->conn, segs, min_t(u32, p.gather_max, 64));
	if (!nr)
		return false;
	must(nr <= p.gather_max);
	n = core_segs_len(segs, nr);
	must(n > 0);
	if (p.sent_max)
		n = min_t(size_t, n, 1 + rnd(p.sent_max));
	w->out = realloc(w->out, w->out_len + n);
	must(core_segs_read(segs, nr, 0, w->out + w->out_len, n) == n);
	w->out_len += n;
	iscsi_tx_sent(w->conn, n);
	return true;
}

static bool take(struct wire *w)
{
	if (w->dropped || !gather(w))
		return false;
	while (take_pdu(w))
		;
	return true;
}

bool take_once(void)
{
	return take(p.w);
}

static bool pump_wire(struct wire *w)
{
	bool more = false;

	if (!w->conn || w->dropped)
		return false;
	if (w->in_len && !w->conn->rx.paused)
		more |= feed(w);
	while (!w->deaf && take(w))
		more = true;
	return more;
}

void pump(void)
{
	bool more;

	do {
		more = run_inbox();
		more |= pump_wire(&p.wire[0]);
		more |= pump_wire(&p.wire[1]);
	} while (more);
}

/* ---- PDUs ---------------------------------------------------------------- */

struct iscsi_bhs request(u8 opcode)
{
	struct iscsi_bhs bhs = { .opcode = opcode, .flags = ISCSI_FINAL };

	bhs.itt = cpu_to_be32(p.itt++);
	bhs.word[0] = cpu_to_be32(ISCSI_TAG_NONE);
	bhs.cmd.cmd_sn = cpu_to_be32(p.cmd_sn);
	bhs.cmd.exp_stat_sn = cpu_to_be32(p.w->stat_sn);
	return bhs;
}

struct iscsi_bhs logout(u8 reason, u16 cid)
{
	struct iscsi_bhs bhs = request(ISCSI_LOGOUT_REQ);

	bhs.flags = ISCSI_FINAL | reason;
	bhs.logout_req.cid = cpu_to_be16(cid);
	bhs.logout_req.rsvd0 = 0;
	return bhs;
}

static void add_digest(const void *buf, size_t len, const void *more,
		       size_t more_len, bool *bad)
{
	u32 crc = crc32c(crc32c(~0u, buf, len), more, more_len);
	u8 digest[4];

	put_unaligned_le32(~crc ^ *bad, digest);
	*bad = false;
	put_bytes(digest, 4);
}

void put_pdu(struct iscsi_bhs bhs, const void *data, u32 len)
{
	const struct iscsi_params *params = &p.w->conn->params;
	static const u8 pad[4];

	iscsi_set_data_len(&bhs, len);
	bhs.ahs_len = p.ahs_len / 4;
	put_bytes(&bhs, sizeof(bhs));
	put_bytes(p.ahs ?: pad, p.ahs_len);
	if (params->header_digest == ISCSI_DIGEST_CRC32C)
		add_digest(&bhs, sizeof(bhs), p.ahs ?: pad, p.ahs_len,
			   &p.bad_header_digest);
	put_bytes(data ?: pad, len);
	put_bytes(pad, iscsi_pad(len));
	if (len && params->data_digest == ISCSI_DIGEST_CRC32C)
		add_digest(data, len, pad, iscsi_pad(len),
			   &p.bad_data_digest);
	p.ahs = NULL;
	p.ahs_len = 0;
	pump();
}

void put(struct iscsi_bhs bhs, const void *data, u32 len)
{
	if (!(bhs.opcode & ISCSI_IMMEDIATE))
		p.cmd_sn++;
	put_pdu(bhs, data, len);
}

const struct pdu *answer(u8 opcode)
{
	static struct pdu *last;
	struct pdu *pdu;

	pump();
	ck_assert_msg(!list_empty(&p.w->pdus), "no answer, but want %x",
		      opcode);
	pdu = list_first_entry(&p.w->pdus, struct pdu, link);
	ck_assert_uint_eq(pdu->bhs.opcode, opcode);
	list_del(&pdu->link);
	free(last);
	last = pdu;
	return pdu;
}

u32 nr_answers(void)
{
	struct pdu *pdu;
	u32 nr = 0;

	list_for_each_entry(pdu, &p.w->pdus, link)
		nr++;
	return nr;
}

void no_answer(void)
{
	pump();
	ck_assert_uint_eq(nr_answers(), 0);
}

/* ---- Commands -------------------------------------------------------------- */

struct iscsi_bhs scsi(u8 op, u32 lba, u16 blocks, u8 dir, u32 expected)
{
	struct iscsi_bhs bhs = request(ISCSI_SCSI_CMD);

	bhs.flags |= dir | ISCSI_ATTR_SIMPLE;
	bhs.cmd.expected = cpu_to_be32(expected);
	bhs.cmd.cdb[0] = op;
	put_unaligned_be32(lba, bhs.cmd.cdb + 2);
	put_unaligned_be16(blocks, bhs.cmd.cdb + 7);
	return bhs;
}

static u32 send_cmd(struct iscsi_bhs bhs)
{
	put(bhs, NULL, 0);
	return be32_to_cpu(bhs.itt);
}

u32 cmd_read(u32 lba, u16 blocks)
{
	return send_cmd(scsi(SCSI_READ_10, lba, blocks, ISCSI_CMD_READ,
			     blocks * BLOCK));
}

u32 cmd_write(u32 lba, u16 blocks)
{
	return send_cmd(scsi(SCSI_WRITE_10, lba, blocks, ISCSI_CMD_WRITE,
			     blocks * BLOCK));
}

u32 cmd_none(void)
{
	return send_cmd(scsi(SCSI_TEST_UNIT_READY, 0, 0, 0, 0));
}

struct iscsi_bhs data_out(u32 itt, u32 ttt, u32 data_sn, u32 offset,
			  bool final)
{
	struct iscsi_bhs bhs = {
		.opcode = ISCSI_DATA_OUT,
		.flags = final ? ISCSI_FINAL : 0,
		.itt = cpu_to_be32(itt),
	};

	bhs.data_out.ttt = cpu_to_be32(ttt);
	bhs.data_out.data_sn = cpu_to_be32(data_sn);
	bhs.data_out.offset = cpu_to_be32(offset);
	return bhs;
}

/* A sequence of Data-Out PDUs for [off, off + len). */
static void send_sequence(u32 itt, u32 ttt, const u8 *buf, u32 off, u32 len,
			  u32 pdu)
{
	u32 done = 0, n, sn = 0;

	do {
		n = min(pdu, len - done);
		put_pdu(data_out(itt, ttt, sn++, off + done,
				  done + n == len), buf + off + done, n);
		done += n;
	} while (done < len);
}

const struct pdu *write_all(const void *buf, u32 len, u32 pdu)
{
	const struct iscsi_params *params = &p.params;
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, len / BLOCK,
				    ISCSI_CMD_WRITE, len);
	u32 itt = be32_to_cpu(bhs.itt), imm = 0, first, r2t_sn = 0, off = 0;
	const struct pdu *rsp;

	first = min(len, params->first_burst);
	if (params->immediate_data)
		imm = min3(first, pdu, params->max_recv);
	if (!params->initial_r2t && imm < first)
		bhs.flags &= ~ISCSI_FINAL;
	put(bhs, buf, imm);
	off = imm;
	if (!(bhs.flags & ISCSI_FINAL)) {
		send_sequence(itt, ISCSI_TAG_NONE, buf, imm, first - imm, pdu);
		off = first;
	}
	while (off < len) {
		rsp = answer(ISCSI_R2T);
		ck_sn(rsp->bhs.itt, itt);
		ck_sn(rsp->bhs.r2t.r2t_sn, r2t_sn++);
		ck_sn(rsp->bhs.r2t.offset, off);
		ck_sn(rsp->bhs.r2t.length, min(len - off, params->max_burst));
		ck_assert_uint_lt(nr_answers(), params->max_outstanding_r2t);
		send_sequence(itt, be32_to_cpu(rsp->bhs.r2t.ttt), buf, off,
			      be32_to_cpu(rsp->bhs.r2t.length), pdu);
		off += be32_to_cpu(rsp->bhs.r2t.length);
	}
	rsp = response(itt, SCSI_GOOD);
	ck_sn(rsp->bhs.rsp.exp_data_sn, r2t_sn);
	return rsp;
}

const u8 *read_all(u32 len)
{
	const struct iscsi_params *params = &p.params;
	u32 itt = cmd_read(0, len / BLOCK), off = 0, burst = 0, sn = 0;
	static u8 *buf;
	const struct pdu *in;

	free(buf);
	buf = malloc(len);
	while (off < len) {
		in = answer(ISCSI_DATA_IN);
		ck_sn(in->bhs.itt, itt);
		ck_sn(in->bhs.data_in.ttt, ISCSI_TAG_NONE);
		ck_sn(in->bhs.data_in.data_sn, sn++);
		ck_sn(in->bhs.data_in.offset, off);
		ck_assert_uint_gt(in->len, 0);
		ck_assert_uint_le(in->len, len - off);
		memcpy(buf + off, in->data, in->len);
		off += in->len;
		burst += in->len;
		ck_assert_uint_le(burst, params->max_burst);
		ck_assert_uint_eq(!!(in->bhs.flags & ISCSI_FINAL),
				  burst == params->max_burst || off == len);
		ck_assert_uint_eq(!!(in->bhs.flags & ISCSI_DATA_IN_STATUS),
				  off == len);
		if (in->bhs.flags & ISCSI_FINAL)
			burst = 0;
	}
	no_answer();
	return buf;
}

u32 manage(u8 fn, u32 ref_tag)
{
	struct iscsi_bhs bhs = request(ISCSI_TMF_REQ | ISCSI_IMMEDIATE);

	bhs.flags = ISCSI_FINAL | fn;
	bhs.tmf.ref_tag = cpu_to_be32(ref_tag);
	put(bhs, NULL, 0);
	return be32_to_cpu(bhs.itt);
}

/* ---- Checks ----------------------------------------------------------------- */

void ck_tmf(u32 itt, u8 rsp)
{
	const struct pdu *pdu = answer(ISCSI_TMF_RSP);

	ck_sn(pdu->bhs.itt, itt);
	ck_assert_uint_eq(pdu->bhs.flags, ISCSI_FINAL);
	ck_assert_uint_eq(pdu->bhs.byte2, rsp);
}

const struct pdu *response(u32 itt, u8 status)
{
	const struct pdu *pdu = answer(ISCSI_SCSI_RSP);

	ck_sn(pdu->bhs.itt, itt);
	ck_assert(pdu->bhs.flags & ISCSI_FINAL);
	ck_assert_uint_eq(pdu->bhs.byte2, ISCSI_RSP_COMPLETED);
	ck_assert_uint_eq(pdu->bhs.byte3, status);
	return pdu;
}

void ck_sense(u32 itt, enum scst_sense sense)
{
	const struct pdu *pdu = response(itt, SCSI_CHECK_CONDITION);
	const u8 *s = pdu->data + 2;

	ck_assert_uint_ge(pdu->len, 2 + 18);
	ck_assert_uint_eq(get_unaligned_be16(pdu->data), pdu->len - 2);
	ck_assert_uint_eq(SENSE(s[2] & 0xf, s[12], s[13]), sense);
}

void ck_reject(u8 reason)
{
	const struct pdu *pdu = answer(ISCSI_REJECT);

	ck_assert_uint_eq(pdu->bhs.byte2, reason);
	ck_sn(pdu->bhs.itt, ISCSI_TAG_NONE);
	ck_assert_uint_eq(pdu->len, ISCSI_BHS_LEN);
}

void ck_dropped(const char *why)
{
	pump();
	ck_assert(p.w->dropped);
	ck_assert_msg(!why == !p.w->why && (!why || strstr(p.w->why, why)),
		      "dropped: %s", p.w->why);
}

/* ---- Beginning and end ---------------------------------------------------------- */

static void quiet(int level, const char *fmt, va_list ap)
{
}

void peer_up(void)
{
	core_log_hook = quiet;
	memset(&p, 0, sizeof(p));
	p.live = core_slab_live();
	p.rng = 0x9e3779b97f4a7c15ULL;
	p.depth = 8;
	p.gather_max = 64;
	iscsi_params_offer(&p.params);
	p.params.max_connections = 1;
	p.params.max_recv = 8192;
	p.params.max_xmit = 4096;
	p.params.first_burst = 16384;
	p.params.max_burst = 32768;
	p.params.max_outstanding_r2t = 4;
	p.params.header_digest = ISCSI_DIGEST_NONE;
	p.params.data_digest = ISCSI_DIGEST_NONE;

	init_llist_head(&p.inbox);
	p.cache = kmem_cache_create("tasks", iscsi_task_size, 0, 0, NULL);
	p.ctx = scst_ctx_alloc();
	p.tgt = scst_target_register(p.ctx, "iqn.t", &iscsi_target_ops, NULL);
	ck_assert(!IS_ERR(p.tgt));
	p.grp = scst_group_add(p.tgt, "all");
	scst_group_add_pattern(p.grp, "*");
	peer_disk_up();
}

void peer_connect(void)
{
	struct wire *w = p.wire[0].conn ? &p.wire[1] : &p.wire[0];
	struct iscsi_conn *conn = calloc(1, sizeof(*conn));

	w->conn = conn;
	w->stat_sn = 1000;
	w->mute_after = SIZE_MAX;
	w->cid = 7 + (w - p.wire);
	INIT_LIST_HEAD(&w->pdus);
	conn->owner = w;
	conn->sess = p.sess;
	conn->cid = w->cid;
	conn->stat_sn = w->stat_sn;
	conn->params = p.params;
	ck_assert_int_eq(iscsi_conn_start(conn, 0), 0);
	p.w = w;
}

void peer_login(void)
{
	struct iscsi_session *sess = calloc(1, sizeof(*sess));
	struct scst_itl *itl;

	/* One at a time. */
	pump();
	sess->env = &env;
	sess->task_cache = p.cache;
	sess->discovery = p.discovery;
	strcpy(sess->initiator, "iqn.i");
	memcpy(sess->isid, "\x40\0\0\0\xab\xcd", sizeof(sess->isid));
	sess->depth = p.depth;
	sess->exp_cmd_sn = FIRST_SN;
	sess->params = p.params;
	ck_assert_int_eq(iscsi_session_start(sess, p.tgt), 0);
	p.sess = sess;
	p.cmd_sn = FIRST_SN;
	p.exp_cmd_sn = FIRST_SN;
	p.max_cmd_sn = FIRST_SN + p.depth - 1;
	p.itt = 0x100;
	peer_connect();
	if (p.discovery)
		return;
	core_read_begin();
	itl = scst_itl_find(&sess->nexus, 0);
	while (scst_itl_take_ua(itl))
		;
	core_read_end();
}

void peer_ready(void)
{
	peer_up();
	peer_login();
}

void peer_disconnect(void)
{
	struct wire *w = p.w;
	struct pdu *pdu, *next;

	iscsi_conn_del(w->conn);
	free(w->conn);
	free(w->in);
	free(w->out);
	list_for_each_entry_safe(pdu, next, &w->pdus, link)
		free(pdu);
	memset(w, 0, sizeof(*w));
	p.w = &p.wire[w == &p.wire[0]];
}

void peer_down(void)
{
	while (p.wire[0].conn || p.wire[1].conn) {
		p.w = p.wire[0].conn ? &p.wire[0] : &p.wire[1];
		peer_disconnect();
	}
	pump();
	peer_disk_release();
	pump();
	ck_assert_ptr_null(p.sess);
	peer_disk_down();
	scst_target_unregister(p.tgt);
	scst_ctx_free(p.ctx);
	kmem_cache_destroy(p.cache);
	ck_assert_int_eq(core_slab_live(), p.live);
}

int peer_main_ffp(const char *name, TCase *(*const tcases[])(void), u32 nr)
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
