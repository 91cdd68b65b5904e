// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: what each PDU of an initiator leads to: command numbering, the
 * table of handlers, and the PDUs that need no file of their own (NOP-Out,
 * SNACK).
 */
#include "iscsi_int.h"

/* What a handler may do, by opcode. */
struct pdu_type {
	/* Header complete: choose where the data goes. May be NULL. */
	void (*header)(struct iscsi_conn *conn);
	/* The PDU is complete. May be NULL. */
	void (*end)(struct iscsi_conn *conn, bool digest_ok);
	bool numbered;		/* carries CmdSN (RFC 7143 4.2.2.1) */
	bool discovery;		/* allowed in a discovery session */
	bool tagged;		/* an Initiator Task Tag is a must */
};

/* Once per connection; its driver gets rid of it in its own time. */
void iscsi_drop(struct iscsi_conn *conn, const char *why)
{
	if (conn->dropped)
		return;
	conn->dropped = true;
	conn->sess->env->drop(conn, why);
}

/*
 * Reject the PDU at hand (11.17). A numbered command that is rejected was not
 * received, as far as ExpCmdSN is concerned.
 */
void iscsi_reject(struct iscsi_conn *conn, u8 reason)
{
	struct iscsi_rx *rx = &conn->rx;
	struct iscsi_ctrl *ctrl;

	rx->counted = false;
	ctrl = iscsi_ctrl_alloc(conn, ISCSI_REJECT, ISCSI_BHS_LEN);
	if (!ctrl)
		return;
	ctrl->bhs.byte2 = reason;
	ctrl->bhs.itt = cpu_to_be32(ISCSI_TAG_NONE);
	memcpy(ctrl->data, &rx->bhs, ISCSI_BHS_LEN);
	iscsi_ctrl_queue(conn, ctrl);
}

/* ---- NOP-Out (11.18) ------------------------------------------------------ */

static void nop_header(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;
	u32 len = iscsi_data_len(&rx->bhs);

	if (rx->bhs.itt == cpu_to_be32(ISCSI_TAG_NONE)) {
		/* The answer to our ping; it wants none. */
		if (be32_to_cpu(rx->bhs.req.ttt) == conn->ping_ttt)
			conn->ping_sent = 0;
		return;
	}
	if (!len)
		return;
	rx->text = kmalloc(len, GFP_ATOMIC);
	if (rx->text)
		iscsi_rx_into(conn, rx->text);
	else
		iscsi_drop(conn, "out of memory");
}

static void nop_end(struct iscsi_conn *conn, bool digest_ok)
{
	struct iscsi_rx *rx = &conn->rx;
	struct iscsi_ctrl *ctrl;
	u32 len = min(iscsi_data_len(&rx->bhs), conn->params.max_xmit);

	if (rx->bhs.itt == cpu_to_be32(ISCSI_TAG_NONE))
		return;
	if (!digest_ok) {
		iscsi_reject(conn, ISCSI_REJECT_DATA_DIGEST);
		return;
	}
	ctrl = iscsi_ctrl_alloc(conn, ISCSI_NOP_IN, len);
	if (!ctrl)
		return;
	ctrl->bhs.itt = rx->bhs.itt;
	ctrl->bhs.in.ttt = cpu_to_be32(ISCSI_TAG_NONE);
	if (len)
		memcpy(ctrl->data, rx->text, len);
	iscsi_ctrl_queue(conn, ctrl);
}

/* ---- SNACK, task management ----------------------------------------------- */

/* Nothing to retransmit at error recovery level 0 (11.16). */
static void snack_end(struct iscsi_conn *conn, bool digest_ok)
{
	iscsi_reject(conn, ISCSI_REJECT_SNACK);
}

static void tmf_end(struct iscsi_conn *conn, bool digest_ok)
{
	iscsi_tmf_request(conn);
}

/* ---- Dispatch ------------------------------------------------------------- */

static const struct pdu_type pdu_types[] = {
	[ISCSI_NOP_OUT]	   = { nop_header, nop_end, true, true },
	[ISCSI_SCSI_CMD]   = { iscsi_cmd_header, iscsi_cmd_end, true, false },
	[ISCSI_TMF_REQ]	   = { NULL, tmf_end, true, false, true },
	[ISCSI_TEXT_REQ]   = { iscsi_text_header, iscsi_text_end, true, true,
			       true },
	[ISCSI_DATA_OUT]   = { iscsi_data_header, iscsi_data_end, false,
			       false },
	[ISCSI_LOGOUT_REQ] = { NULL, iscsi_logout_end, true, true,
			       true },
	[ISCSI_SNACK]	   = { NULL, snack_end, false, false },
};

static const struct pdu_type *pdu_type(const struct iscsi_conn *conn)
{
	const struct pdu_type *type;
	u8 opcode = iscsi_opcode(&conn->rx.bhs);

	if (opcode >= ARRAY_SIZE(pdu_types))
		return NULL;
	type = &pdu_types[opcode];
	if (!type->end || (conn->sess->discovery && !type->discovery))
		return NULL;
	return type;
}

/* The value that means no tag is no tag of a request (11.2.1.8). */
static bool tag_missing(const struct iscsi_conn *conn,
			const struct pdu_type *type)
{
	return type->tagged && conn->rx.bhs.itt == cpu_to_be32(ISCSI_TAG_NONE);
}

enum sn_verdict { SN_TAKE, SN_IGNORE, SN_WAIT };

/* Another connection is receiving what ExpCmdSN stands for. */
static bool next_is_under_way(const struct iscsi_session *sess)
{
	const struct iscsi_conn *conn;

	list_for_each_entry(conn, &sess->conns, link)
		if (conn->rx.counted && !conn->dropped)
			return true;
	return false;
}

/*
 * 4.2.2.1: commands are delivered in the order of CmdSN; what is outside of
 * the window is ignored, and so are duplicates. A gap can only be filled by another connection, for
 * each one sends its own commands in order, so this one need not be read on.
 */
static enum sn_verdict check_cmd_sn(struct iscsi_conn *conn)
{
	struct iscsi_session *sess = conn->sess;
	struct iscsi_rx *rx = &conn->rx;
	u32 sn = be32_to_cpu(rx->bhs.cmd.cmd_sn);

	if (rx->bhs.opcode & ISCSI_IMMEDIATE)
		return SN_TAKE;
	if (iscsi_sn_before(sn, sess->exp_cmd_sn) ||
	    iscsi_sn_before(sess->max_cmd_sn, sn))
		return SN_IGNORE;
	if (sn != sess->exp_cmd_sn)
		return SN_WAIT;
	if (next_is_under_way(sess))
		return SN_IGNORE;
	rx->counted = true;
	return SN_TAKE;
}

static void ignore_pdu(struct iscsi_conn *conn)
{
	conn->rx.ignored = true;
}

/* False: the PDU goes no further for now, or for good. */
static bool number_ok(struct iscsi_conn *conn)
{
	switch (check_cmd_sn(conn)) {
	case SN_TAKE:
		return true;
	case SN_IGNORE:
		ignore_pdu(conn);
		return false;
	case SN_WAIT:
		if (conn->sess->params.max_connections > 1)
			conn->rx.paused = true;
		else
			iscsi_drop(conn, "CmdSN was skipped");
		return false;
	}
	return false;
}

/* The peer sends faster than it reads: let it wait. */
static bool too_much_waits(const struct iscsi_conn *conn)
{
	return conn->nr_ctrl > ISCSI_CTRL_MAX ||
	       conn->ctrl_bytes > ISCSI_CTRL_BYTES;
}

void iscsi_pdu_header(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;
	const struct pdu_type *type = pdu_type(conn);

	rx->ignored = false;
	if (iscsi_data_len(&rx->bhs) > conn->params.max_recv) {
		iscsi_drop(conn, "data segment is longer than agreed");
		return;
	}
	if (conn->closing && iscsi_opcode(&rx->bhs) != ISCSI_DATA_OUT) {
		ignore_pdu(conn);
		return;
	}
	if (too_much_waits(conn)) {
		rx->paused = true;
		return;
	}
	if (!type)
		return;
	if (type->numbered && !number_ok(conn))
		return;
	if (type->header && !tag_missing(conn, type))
		type->header(conn);
}

void iscsi_pdu_end(struct iscsi_conn *conn, bool digest_ok)
{
	const struct pdu_type *type = pdu_type(conn);
	struct iscsi_rx *rx = &conn->rx;
	bool known = iscsi_opcode(&rx->bhs) < ARRAY_SIZE(pdu_types) &&
		     pdu_types[iscsi_opcode(&rx->bhs)].end;

	if (!rx->ignored && !conn->dropped) {
		if (type && tag_missing(conn, type))
			iscsi_reject(conn, ISCSI_REJECT_INVALID_FIELD);
		else if (type)
			type->end(conn, digest_ok);
		else
			iscsi_reject(conn, known ? ISCSI_REJECT_PROTOCOL :
						   ISCSI_REJECT_NOT_SUPPORTED);
	}
	kfree(rx->text);
	rx->text = NULL;
	if (rx->counted && !conn->dropped) {
		rx->counted = false;
		iscsi_session_advance(conn->sess);
	}
}
