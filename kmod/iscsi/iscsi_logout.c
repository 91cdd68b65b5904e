// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: connections that end while their session goes on: Logout (RFC 7143
 * 11.14, 11.15), and logins that take the place of a connection (6.3.4).
 *
 * Whoever hears that a connection is closed may send its commands again, by
 * another connection or another path. So they are ended first, and the answer
 * waits for the last of them: a write that is still under way could land on
 * its own repetition.
 */
#include "iscsi_int.h"

/* Nothing is left that has @cid; @but, which has it, does not count. */
static bool cid_is_free(const struct iscsi_session *sess, u16 cid,
			const struct iscsi_conn *but)
{
	const struct iscsi_conn *conn;
	const struct iscsi_task *task;

	list_for_each_entry(conn, &sess->conns, link)
		if (conn != but && conn->cid == cid)
			return false;
	list_for_each_entry(task, &sess->tasks, link)
		if (task->cid == cid)
			return false;
	return true;
}

static bool logout_complete(const struct iscsi_conn *conn)
{
	const struct iscsi_session *sess = conn->sess;

	if (conn->logout_all)
		return list_empty(&sess->tasks) &&
		       list_is_singular(&sess->conns);
	return cid_is_free(sess, conn->logout_cid, conn);
}

void iscsi_session_settle(struct iscsi_session *sess)
{
	struct iscsi_ctrl *rsp;
	struct iscsi_conn *conn;

	sess->leaving = false;
	list_for_each_entry(conn, &sess->conns, link) {
		rsp = conn->logout;
		if (!rsp)
			continue;
		if (!logout_complete(conn)) {
			sess->leaving = true;
			continue;
		}
		conn->logout = NULL;
		iscsi_ctrl_queue(conn, rsp);
	}
	if (sess->cid_wanted) {
		sess->cid_wanted = false;
		sess->env->cid_gone(sess);
	}
}

static struct iscsi_conn *conn_find(struct iscsi_session *sess, u16 cid)
{
	struct iscsi_conn *conn;

	list_for_each_entry(conn, &sess->conns, link)
		if (conn->cid == cid)
			return conn;
	return NULL;
}

/* Its commands end with it (iscsi_conn_del()). */
static void conn_leave(struct iscsi_conn *conn, const char *why)
{
	conn->leaving = true;
	iscsi_drop(conn, why);
}

bool iscsi_session_free_cid(struct iscsi_session *sess, u16 cid)
{
	struct iscsi_conn *conn = conn_find(sess, cid);

	if (cid_is_free(sess, cid, NULL))
		return true;
	sess->leaving = true;
	sess->cid_wanted = true;
	if (conn)
		conn_leave(conn, "another connection takes its place");
	return false;
}

/* ---- Logout --------------------------------------------------------------- */

static u8 logout_answer(u8 reason, const struct iscsi_conn *which)
{
	switch (reason) {
	case ISCSI_LOGOUT_SESSION:
		return ISCSI_LOGOUT_DONE;
	case ISCSI_LOGOUT_CONNECTION:
		return which ? ISCSI_LOGOUT_DONE : ISCSI_LOGOUT_NO_CID;
	default:
		return ISCSI_LOGOUT_NO_RECOVERY;
	}
}

/*
 * With its last connection the session ends at once: whoever has read the
 * response may be back, on another thread of ours, and must not meet what this
 * nexus held.
 */
static void logout_session(struct iscsi_conn *conn)
{
	struct iscsi_conn *other;

	conn->closing = true;
	conn->logout_all = true;
	list_for_each_entry(other, &conn->sess->conns, link)
		if (other != conn)
			conn_leave(other, "the session is logged out");
	iscsi_session_leave(conn->sess);
}

static void logout_connection(struct iscsi_conn *conn, struct iscsi_conn *which)
{
	conn->logout_cid = which->cid;
	if (which != conn) {
		conn_leave(which, "logged out by another connection");
	} else if (list_is_singular(&conn->sess->conns)) {
		logout_session(conn);
	} else {
		conn->closing = true;
		conn->leaving = true;
		iscsi_conn_abort_tasks(conn);
	}
}

void iscsi_logout_end(struct iscsi_conn *conn, bool digest_ok)
{
	const struct iscsi_params *params = &conn->sess->params;
	const struct iscsi_bhs *bhs = &conn->rx.bhs;
	u8 reason = bhs->flags & 0x7f;
	struct iscsi_conn *which;
	struct iscsi_ctrl *rsp;

	if (conn->logout) {
		iscsi_reject(conn, ISCSI_REJECT_IN_PROGRESS);
		return;
	}
	rsp = iscsi_ctrl_alloc(conn, ISCSI_LOGOUT_RSP, 0);
	if (!rsp)
		return;
	which = conn_find(conn->sess, be16_to_cpu(bhs->logout_req.cid));
	rsp->bhs.byte2 = logout_answer(reason, which);
	rsp->bhs.itt = bhs->itt;
	rsp->bhs.logout_rsp.time2wait = cpu_to_be16(params->time2wait);
	rsp->bhs.logout_rsp.time2retain = cpu_to_be16(params->time2retain);
	if (rsp->bhs.byte2 != ISCSI_LOGOUT_DONE) {
		iscsi_ctrl_queue(conn, rsp);
		return;
	}
	conn->logout = rsp;
	conn->sess->leaving = true;
	if (reason == ISCSI_LOGOUT_SESSION)
		logout_session(conn);
	else
		logout_connection(conn, which);
	rsp->close = conn->closing;
	iscsi_session_settle(conn->sess);
}
