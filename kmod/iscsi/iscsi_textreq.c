// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: text requests in full feature phase (RFC 7143 11.10, 11.11):
 * SendTargets, and the few keys that may be negotiated again.
 *
 * A request may span several PDUs (C bit) and so may its response, and the
 * initiator may have more to ask (no F bit). One exchange at a time, tied
 * together by its initiator task tag and the target's of each turn.
 */
#include "iscsi_int.h"
#include "iscsi_neg.h"

/* The exchange is over, or never mind. */
void iscsi_text_forget(struct iscsi_conn *conn)
{
	kfree(conn->text_in);
	kfree(conn->text_out);
	conn->text_in = NULL;
	conn->text_in_len = 0;
	conn->text_out = NULL;
	conn->text_out_len = 0;
	conn->text_out_off = 0;
	conn->text_ttt = ISCSI_TAG_NONE;
}

void iscsi_text_header(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;
	u32 len = iscsi_data_len(&rx->bhs);

	if (!len || len > ISCSI_TEXT_MAX)
		return;
	rx->text = kmalloc(len, GFP_ATOMIC);
	if (rx->text)
		iscsi_rx_into(conn, rx->text);
	else
		iscsi_drop(conn, "out of memory");
}

/*
 * The next piece of the response; more than one needs the initiator's turn.
 * Behind the last one the exchange goes on if the request is not final.
 */
static void text_reply(struct iscsi_conn *conn)
{
	u32 left = conn->text_out_len - conn->text_out_off;
	u32 len = min(left, conn->params.max_xmit);
	bool final = conn->rx.bhs.flags & ISCSI_FINAL;
	struct iscsi_ctrl *ctrl;

	ctrl = iscsi_ctrl_alloc(conn, ISCSI_TEXT_RSP, len);
	if (!ctrl)
		return;
	ctrl->bhs.itt = conn->rx.bhs.itt;
	if (len)
		memcpy(ctrl->data, conn->text_out + conn->text_out_off, len);
	conn->text_out_off += len;
	if (len < left) {
		ctrl->bhs.flags = ISCSI_TEXT_CONTINUE;
	} else {
		ctrl->bhs.flags = final ? ISCSI_FINAL : 0;
		iscsi_text_forget(conn);
	}
	if (ctrl->bhs.flags != ISCSI_FINAL)
		conn->text_ttt = iscsi_next_ttt(conn->sess);
	ctrl->bhs.in.ttt = cpu_to_be32(conn->text_ttt);
	iscsi_ctrl_queue(conn, ctrl);
}

/* "Go on": the request has C set, its response is empty. */
static void text_ask_more(struct iscsi_conn *conn)
{
	struct iscsi_ctrl *ctrl = iscsi_ctrl_alloc(conn, ISCSI_TEXT_RSP, 0);

	if (!ctrl)
		return;
	ctrl->bhs.flags = 0;
	ctrl->bhs.itt = conn->rx.bhs.itt;
	conn->text_ttt = iscsi_next_ttt(conn->sess);
	ctrl->bhs.in.ttt = cpu_to_be32(conn->text_ttt);
	iscsi_ctrl_queue(conn, ctrl);
}

/* RFC 7143 Appendix C: All in discovery sessions, else the session's own. */
static void send_targets(struct iscsi_conn *conn, const char *value,
			 struct iscsi_text_buf *reply)
{
	struct iscsi_session *sess = conn->sess;

	if (!strcmp(value, "All") && sess->discovery)
		sess->env->send_targets(conn, NULL, reply);
	else if (!*value && !sess->discovery)
		sess->env->send_targets(conn,
					scst_target_name(sess->nexus.target),
					reply);
	else if (iscsi_name_valid(value) && strcmp(value, "All"))
		sess->env->send_targets(conn, value, reply);
	else
		iscsi_text_add(reply, "SendTargets", "Reject");
}

/* Answer the request in text_in; 0 or a negative errno. */
static int text_negotiate(struct iscsi_conn *conn, struct iscsi_neg *neg,
			  struct iscsi_text_buf *reply)
{
	struct iscsi_text text;
	struct iscsi_pair pair;
	int ret;

	iscsi_neg_text(neg, &conn->params);
	iscsi_text_init(&text, conn->text_in, conn->text_in_len);
	while ((ret = iscsi_text_next(&text, &pair)) > 0) {
		ret = iscsi_neg_key(neg, &pair, reply);
		if (ret == ISCSI_NEG_ELSEWHERE)
			send_targets(conn, pair.value, reply);
		else if (ret)
			return ret;
	}
	if (!ret)
		ret = iscsi_neg_end(neg, reply);
	return ret;
}

static void text_answer(struct iscsi_conn *conn)
{
	struct iscsi_text_buf reply = { .size = ISCSI_TEXT_MAX };
	struct iscsi_neg *neg = kmalloc(sizeof(*neg), GFP_ATOMIC);
	int ret = -ENOMEM;

	reply.data = kmalloc(reply.size, GFP_ATOMIC);
	if (neg && reply.data)
		ret = text_negotiate(conn, neg, &reply);
	if (ret) {
		kfree(reply.data);
		iscsi_text_forget(conn);
		iscsi_reject(conn, ret == -ENOMEM ?
			     ISCSI_REJECT_OUT_OF_RESOURCES :
			     ISCSI_REJECT_PROTOCOL);
	} else {
		conn->text_out = (u8 *)reply.data;
		conn->text_out_len = reply.len;
		text_reply(conn);
		conn->params = neg->result;
	}
	kfree(neg);
}

/* Add the PDU's data to what came before. */
static bool text_collect(struct iscsi_conn *conn, u32 len)
{
	u8 *all;

	if (conn->text_in_len + len > ISCSI_TEXT_MAX)
		return false;
	all = krealloc(conn->text_in, conn->text_in_len + len + 1, GFP_ATOMIC);
	if (!all)
		return false;
	if (len)
		memcpy(all + conn->text_in_len, conn->rx.text, len);
	conn->text_in = all;
	conn->text_in_len += len;
	return true;
}

void iscsi_text_end(struct iscsi_conn *conn, bool digest_ok)
{
	struct iscsi_rx *rx = &conn->rx;
	u32 len = iscsi_data_len(&rx->bhs), ttt = be32_to_cpu(rx->bhs.req.ttt);
	bool final = rx->bhs.flags & ISCSI_FINAL;
	bool more = rx->bhs.flags & ISCSI_TEXT_CONTINUE;

	if (!digest_ok) {
		iscsi_reject(conn, ISCSI_REJECT_DATA_DIGEST);
		return;
	}
	if (final && more) {
		iscsi_reject(conn, ISCSI_REJECT_INVALID_FIELD);
		return;
	}
	if (ttt == ISCSI_TAG_NONE) {
		/* A new exchange resets an old one (11.10.4). */
		iscsi_text_forget(conn);
		conn->text_itt = be32_to_cpu(rx->bhs.itt);
	} else if (ttt != conn->text_ttt ||
		   be32_to_cpu(rx->bhs.itt) != conn->text_itt) {
		iscsi_reject(conn, ISCSI_REJECT_INVALID_FIELD);
		return;
	}
	if (conn->text_out) {
		text_reply(conn);
		return;
	}
	if (!text_collect(conn, len)) {
		iscsi_text_forget(conn);
		iscsi_reject(conn, ISCSI_REJECT_OUT_OF_RESOURCES);
		return;
	}
	if (more)
		text_ask_more(conn);
	else
		text_answer(conn);
}
