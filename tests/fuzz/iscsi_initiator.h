/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the initiator's end of a fuzzed iSCSI session: what it knows of its
 * connections, and what every byte that the target sends must keep to.
 *
 * Two things are watched besides the wire. Bytes that the target took are
 * framed once more (tap_take()), so that no answer comes to what was never
 * asked, however raw the bytes were; and what the core hands to the target
 * driver (expect_data_out(), expect_answer()) must come out on the wire as it
 * is, once.
 */
#ifndef FUZZ_ISCSI_INITIATOR_H
#define FUZZ_ISCSI_INITIATOR_H

#include "fuzz.h"
#include "iscsi.h"
#include "iscsi_int.h"
#include "scst.h"
#include "scst_core.h"
#include "seg.h"

#define FIRST_SN 0xfffffff0u	/* CmdSN and tags wrap soon */
#define SN_MAX	 4096u
#define WIRES	 2
#define DATA_MAX (64u << 10)
#define IN_MAX	 (256u << 10)
#define OUT_MAX	 (256u << 10)
#define TASKS	 256u		/* more than any depth lets in */

/* Requests with a certain CmdSN. */
enum { SEEN_COMMAND = 1, SEEN_OTHER = 2 };

/* One connection of the session, and its bytes on their way. */
struct wire {
	struct iscsi_conn *conn;	/* NULL: gone */
	bool dropped;
	bool deaf;		/* the initiator does not read */
	size_t in_len;		/* of in[]: not taken yet */
	size_t in_late;		/* ... its last bytes, still to come */
	size_t out_len;		/* of out[]: no whole PDU yet */
	u32 limit;		/* of the data segments under way */
	u32 stat_sn;		/* that is expected next */
	u32 exp_cmd_sn, max_cmd_sn;	/* as this connection said last */
	u32 text_itt, text_ttt, ping_ttt;

	/* The tap: a header, then bytes that do not matter. */
	u32 tap_off, tap_len, tap_skip;
	u32 asked[64];		/* requests of each opcode, less the answers */
	u32 nr_asked;
	u8 tap[ISCSI_BHS_LEN];

	/* Not cleared. */
	u8 in[IN_MAX];		/* to the target */
	u8 out[OUT_MAX];	/* from the target */
};

struct expected_r2t {
	u32 ttt, off, len, got, sn;
};

/* A command whose Data-Out the target asks for. */
struct expected_write {
	const struct iscsi_task *task;
	const struct wire *w;
	u32 itt, data_len;
	u32 base_ttt;		/* R2Ts up to this one were another's */
	u32 off, r2t_sn, nr;
	struct expected_r2t r2t[ISCSI_MAX_R2T];
};

/* A command that has ended and is to be answered. */
struct expected_answer {
	const struct wire *w;
	u32 itt, max;		/* most Data-In that is wanted */
	u32 data_in, got, data_sn, burst;
	u8 status, flags;
	u32 residual;
	u8 *data;
};

static struct {
	struct iscsi_session *sess;	/* NULL: gone */
	struct iscsi_params params;
	struct wire wire[WIRES];
	struct expected_write writes[TASKS];
	u32 nr_writes;
	struct expected_answer answers[TASKS];
	u32 nr_answers;
	u8 seen[SN_MAX];	/* what was sent with CmdSN FIRST_SN and on */
	u32 nr_numbered;	/* tasks that took one */
	u32 nr_dropped;
	bool no_memory;		/* an allocation may have failed */
	bool wild;		/* data may be other than pattern[] */
} ini;

/* All data, by its offset. */
static u8 pattern[DATA_MAX];

static struct wire *wire_of(const struct iscsi_conn *conn)
{
	return conn->owner;
}

/* ---- What went in -------------------------------------------------------- */

static struct expected_write *find_write(const struct wire *w, u32 itt)
{
	u32 i;

	for (i = 0; i < ini.nr_writes; i++)
		if (ini.writes[i].w == w && ini.writes[i].itt == itt)
			return &ini.writes[i];
	return NULL;
}

static void tap_data_out(struct wire *w, const struct iscsi_bhs *bhs)
{
	struct expected_write *e = find_write(w, be32_to_cpu(bhs->itt));
	struct expected_r2t *r2t;
	u32 i;

	for (i = 0; e && i < e->nr; i++) {
		r2t = &e->r2t[i];
		if (r2t->ttt != be32_to_cpu(bhs->data_out.ttt))
			continue;
		r2t->got += iscsi_data_len(bhs);
		r2t->sn++;
		if (r2t->got >= r2t->len)
			memmove(r2t, r2t + 1,
				(--e->nr - i) * sizeof(*r2t));
		return;
	}
}

static void tap_header(struct wire *w)
{
	const struct iscsi_bhs *bhs = (const struct iscsi_bhs *)w->tap;
	u32 len = iscsi_data_len(bhs), sn;
	bool digest = ini.params.data_digest == ISCSI_DIGEST_CRC32C;

	w->tap_skip = 4u * bhs->ahs_len + len + iscsi_pad(len);
	if (ini.params.header_digest == ISCSI_DIGEST_CRC32C)
		w->tap_skip += ISCSI_DIGEST_LEN;
	if (digest && len)
		w->tap_skip += ISCSI_DIGEST_LEN;
	w->asked[iscsi_opcode(bhs)]++;
	w->nr_asked++;
	sn = be32_to_cpu(bhs->cmd.cmd_sn) - FIRST_SN;
	if (!(bhs->opcode & ISCSI_IMMEDIATE) && sn < SN_MAX)
		ini.seen[sn] |= iscsi_opcode(bhs) == ISCSI_SCSI_CMD ?
				SEEN_COMMAND : SEEN_OTHER;
	if (iscsi_opcode(bhs) == ISCSI_DATA_OUT)
		tap_data_out(w, bhs);
}

/* The target took these bytes. */
static void tap_take(struct wire *w, const u8 *p, size_t len)
{
	size_t n;

	while (len) {
		n = min_t(size_t, len, w->tap_skip);
		w->tap_skip -= n;
		p += n;
		len -= n;
		n = min_t(size_t, len, ISCSI_BHS_LEN - w->tap_off);
		memcpy(w->tap + w->tap_off, p, n);
		w->tap_off += n;
		p += n;
		len -= n;
		if (w->tap_off == ISCSI_BHS_LEN) {
			w->tap_off = 0;
			tap_header(w);
		}
	}
}

/* ---- What the core hands over -------------------------------------------- */

static void expect_data_out(const struct iscsi_task *task)
{
	struct expected_write *e = &ini.writes[ini.nr_writes++];

	MUST(ini.nr_writes <= TASKS);
	memset(e, 0, sizeof(*e));
	e->task = task;
	e->w = wire_of(task->conn);
	e->itt = task->itt;
	e->data_len = task->task.cmd.data_len;
	e->base_ttt = task->sess->next_ttt;
	MUST(e->data_len && e->data_len <= task->task.expected);
}

static void forget_data_out(const struct iscsi_task *task)
{
	u32 i;

	for (i = 0; i < ini.nr_writes; i++)
		if (ini.writes[i].task == task)
			ini.writes[i--] = ini.writes[--ini.nr_writes];
}

static void expect_answer(const struct iscsi_task *task)
{
	const struct scst_cmd *cmd = &task->task.cmd;
	struct expected_answer *e;
	struct scst_residual res;

	forget_data_out(task);
	ini.nr_numbered += !task->immediate && !task->silent;
	if (!task->conn || task->silent || scst_task_aborted(&task->task))
		return;
	e = &ini.answers[ini.nr_answers++];
	MUST(ini.nr_answers <= TASKS);
	memset(e, 0, sizeof(*e));
	e->w = wire_of(task->conn);
	e->itt = task->itt;
	e->max = cmd->dir == SCST_DATA_IN ? task->task.expected : 0;
	e->status = cmd->status;
	scst_task_residual(&task->task, &res);
	e->residual = res.count;
	if (res.over || res.under)
		e->flags = res.over ? ISCSI_RSP_OVERFLOW : ISCSI_RSP_UNDERFLOW;
	e->data_in = cmd->data_in;
	e->data = malloc(cmd->data_in + 1);
	MUST(core_segs_read(cmd->segs, cmd->nr_segs, 0, e->data,
			    cmd->data_in) == cmd->data_in);
}

static void answer_gone(struct expected_answer *e)
{
	free(e->data);
	*e = ini.answers[--ini.nr_answers];
}

static void forget_wire(const struct wire *w)
{
	u32 i;

	for (i = 0; i < ini.nr_answers; i++)
		if (ini.answers[i].w == w)
			answer_gone(&ini.answers[i--]);
	for (i = 0; i < ini.nr_writes; i++)
		if (ini.writes[i].w == w)
			ini.writes[i--] = ini.writes[--ini.nr_writes];
}

/* ---- What comes out ------------------------------------------------------ */

static struct expected_answer *find_answer(const struct wire *w, __be32 itt)
{
	u32 i;

	for (i = 0; i < ini.nr_answers; i++)
		if (ini.answers[i].w == w &&
		    ini.answers[i].itt == be32_to_cpu(itt))
			return &ini.answers[i];
	return NULL;
}

static void check_status(struct expected_answer *e,
			 const struct iscsi_bhs *bhs)
{
	MUST(bhs->byte3 == e->status);
	MUST((bhs->flags & 0x1e) == e->flags);
	MUST(be32_to_cpu(bhs->rsp.residual) == e->residual);
	MUST(e->got == e->data_in);
	answer_gone(e);
}

static void check_data_in(struct wire *w, const struct iscsi_bhs *bhs,
			  const u8 *data, u32 len)
{
	struct expected_answer *e = find_answer(w, bhs->itt);
	bool final = bhs->flags & ISCSI_FINAL;

	MUST(e);
	MUST(bhs->data_in.ttt == cpu_to_be32(ISCSI_TAG_NONE));
	MUST(be32_to_cpu(bhs->data_in.offset) == e->got);
	MUST(be32_to_cpu(bhs->data_in.data_sn) == e->data_sn++);
	MUST(len && len <= e->data_in - e->got && e->data_in <= e->max);
	MUST(!memcmp(data, e->data + e->got, len));
	e->got += len;
	e->burst += len;
	MUST(e->burst <= ini.params.max_burst);
	MUST(final == (e->burst == ini.params.max_burst ||
		       e->got == e->data_in));
	if (final)
		e->burst = 0;
	if (!(bhs->flags & ISCSI_DATA_IN_STATUS))
		return;
	MUST(final && e->status == SCSI_GOOD);
	check_status(e, bhs);
}

static void check_response(struct wire *w, const struct iscsi_bhs *bhs,
			   const u8 *data, u32 len)
{
	struct expected_answer *e = find_answer(w, bhs->itt);

	MUST(bhs->byte2 == ISCSI_RSP_COMPLETED);
	if (!e) {
		MUST(ini.no_memory && bhs->byte3 == SCSI_BUSY);
		return;
	}
	MUST((bhs->byte3 == SCSI_CHECK_CONDITION) == !!len);
	if (len)
		MUST(len >= 2 + 8 && get_unaligned_be16(data) == len - 2);
	MUST(be32_to_cpu(bhs->rsp.exp_data_sn) >= e->data_sn);
	check_status(e, bhs);
}

static void check_r2t(struct wire *w, const struct iscsi_bhs *bhs)
{
	struct expected_write *e = find_write(w, be32_to_cpu(bhs->itt));
	u32 off = be32_to_cpu(bhs->r2t.offset);
	u32 len = be32_to_cpu(bhs->r2t.length);
	u32 ttt = be32_to_cpu(bhs->r2t.ttt);

	MUST(ttt != ISCSI_TAG_NONE && len && len <= ini.params.max_burst);
	/* Its command may have been aborted since. */
	if (!e || !iscsi_sn_before(e->base_ttt, ttt))
		return;
	MUST(be32_to_cpu(bhs->r2t.r2t_sn) == e->r2t_sn++);
	MUST(off >= e->off && (e->r2t_sn == 1 || off == e->off));
	MUST(off < e->data_len && len <= e->data_len - off);
	e->off = off + len;
	MUST(e->nr < ini.params.max_outstanding_r2t && e->nr < ISCSI_MAX_R2T);
	e->r2t[e->nr++] = (struct expected_r2t){ ttt, off, len, 0, 0 };
}

/* An answer to one request of @opcode. */
static void check_asked(struct wire *w, u8 opcode)
{
	MUST(w->asked[opcode]);
	w->asked[opcode]--;
}

static void check_body(struct wire *w, const struct iscsi_bhs *bhs,
		       const u8 *data, u32 len)
{
	switch (iscsi_opcode(bhs)) {
	case ISCSI_SCSI_RSP:
		check_response(w, bhs, data, len);
		break;
	case ISCSI_DATA_IN:
		check_data_in(w, bhs, data, len);
		return;
	case ISCSI_R2T:
		check_r2t(w, bhs);
		MUST(!len);
		return;
	case ISCSI_NOP_IN:
		if (bhs->itt == cpu_to_be32(ISCSI_TAG_NONE))
			w->ping_ttt = be32_to_cpu(bhs->in.ttt);
		else
			check_asked(w, ISCSI_NOP_OUT);
		MUST(ini.wild || !memcmp(data, pattern, len));
		break;
	case ISCSI_TEXT_RSP:
		check_asked(w, ISCSI_TEXT_REQ);
		w->text_itt = be32_to_cpu(bhs->itt);
		w->text_ttt = be32_to_cpu(bhs->in.ttt);
		MUST((bhs->flags == ISCSI_FINAL) ==
		     (w->text_ttt == ISCSI_TAG_NONE));
		break;
	case ISCSI_TMF_RSP:
	case ISCSI_LOGOUT_RSP:
		check_asked(w, iscsi_opcode(bhs) & ~ISCSI_NOP_IN);
		MUST(!len);
		break;
	case ISCSI_REJECT:
		MUST(len == ISCSI_BHS_LEN && w->nr_asked--);
		break;
	default:
		MUST(iscsi_opcode(bhs) == ISCSI_ASYNC);
	}
}

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

	MUST(!iscsi_sn_before(exp, w->exp_cmd_sn));
	MUST(!iscsi_sn_before(max, w->max_cmd_sn));
	MUST(max - (exp - 1) <= ini.sess->depth);
	for (; w->exp_cmd_sn != exp; w->exp_cmd_sn++)
		MUST(w->exp_cmd_sn - FIRST_SN >= SN_MAX ||
		     ini.seen[w->exp_cmd_sn - FIRST_SN]);
	w->max_cmd_sn = max;
	if (iscsi_opcode(bhs) == ISCSI_DATA_IN && !takes_stat_sn(bhs)) {
		MUST(!bhs->data_in.stat_sn);
		return;
	}
	MUST(be32_to_cpu(bhs->in.stat_sn) == w->stat_sn);
	w->stat_sn += takes_stat_sn(bhs);
}

static void check_digest(const u8 *buf, size_t len, bool on)
{
	MUST(!on || get_unaligned_le32(buf + len) == ~crc32c(~0u, buf, len));
}

/* The PDU at @p, of which @have bytes are there; its length, 0: not all. */
static size_t check_pdu(struct wire *w, const u8 *p, size_t have)
{
	bool hd = ini.params.header_digest == ISCSI_DIGEST_CRC32C;
	bool dd = ini.params.data_digest == ISCSI_DIGEST_CRC32C;
	size_t head = ISCSI_BHS_LEN + (hd ? ISCSI_DIGEST_LEN : 0), whole;
	struct iscsi_bhs bhs;
	u32 len, pad;

	if (have < head)
		return 0;
	memcpy(&bhs, p, sizeof(bhs));
	len = iscsi_data_len(&bhs);
	pad = iscsi_pad(len);
	MUST(!bhs.ahs_len && len <= w->limit);
	whole = head + len + pad + (dd && len ? ISCSI_DIGEST_LEN : 0);
	if (have < whole)
		return 0;
	MUST(!memchr_inv(p + head + len, 0, pad));
	check_digest(p, ISCSI_BHS_LEN, hd);
	check_digest(p + head, len + pad, dd && len);
	check_numbers(w, &bhs);
	check_body(w, &bhs, p + head, len);
	return whole;
}

/*
 * The session is over. CmdSNs were taken by a task each, but for one that
 * came with a connection that broke off; and what was a command became one.
 */
static void check_commands(u32 exp_cmd_sn)
{
	u32 nr = min(exp_cmd_sn - FIRST_SN, SN_MAX), commands = 0, i;

	for (i = 0; i < nr; i++)
		commands += ini.seen[i] == SEEN_COMMAND;
	MUST(ini.nr_numbered <= exp_cmd_sn - FIRST_SN + ini.nr_dropped);
	MUST(ini.no_memory || ini.nr_numbered >= commands);
}

/* w->out has grown. */
static void check_out(struct wire *w)
{
	size_t off = 0, n;

	while ((n = check_pdu(w, w->out + off, w->out_len - off)))
		off += n;
	memmove(w->out, w->out + off, w->out_len - off);
	w->out_len -= off;
}

#endif
