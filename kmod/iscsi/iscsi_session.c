// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: sessions and connections in full feature phase: how they begin,
 * how they end, and the time in between.
 *
 * A session ends with its last connection (error recovery level 0). Its
 * commands may take longer: they come back from the core in their own time
 * and find nobody to answer. The session is gone when the core has let go of
 * the nexus and the last task management function has ended.
 */
#include "iscsi_int.h"

const size_t iscsi_task_size = sizeof(struct iscsi_task);

void iscsi_session_get(struct iscsi_session *sess)
{
	sess->refs++;
}

void iscsi_session_put(struct iscsi_session *sess)
{
	if (!--sess->refs)
		sess->env->session_gone(sess);
}

struct iscsi_session *iscsi_nexus_session(struct scst_nexus *nexus)
{
	return container_of(nexus, struct iscsi_session, nexus);
}

/* Never the reserved tag. */
u32 iscsi_next_ttt(struct iscsi_session *sess)
{
	if (++sess->next_ttt == ISCSI_TAG_NONE)
		sess->next_ttt = 0;
	return sess->next_ttt;
}

/* A numbered command was taken: those that waited for it may go on. */
void iscsi_session_advance(struct iscsi_session *sess)
{
	struct iscsi_conn *conn;

	sess->exp_cmd_sn++;
	list_for_each_entry(conn, &sess->conns, link)
		if (conn->rx.paused)
			iscsi_rx_resume(conn);
}

/* ---- Tasks that lost their data ------------------------------------------- */

/* End tasks that wait for Data-Out: all of @conn's, or else aborted ones. */
static void fail_waiting(struct iscsi_session *sess, struct iscsi_conn *conn)
{
	struct iscsi_task *task;

again:
	list_for_each_entry(task, &sess->tasks, link) {
		if (!task->receiving)
			continue;
		if (conn ? task->conn != conn : !scst_task_aborted(&task->task))
			continue;
		/* The list may look different afterwards. */
		iscsi_task_fail_data(task);
		goto again;
	}
}

static void kick_work(struct core_work *work)
{
	struct iscsi_session *sess = container_of(work, struct iscsi_session,
						  kick_work);

	/* Pairs with atomic_xchg() in iscsi_kick(): marks before are seen. */
	atomic_xchg(&sess->kicked, 0);
	fail_waiting(sess, NULL);
}

/*
 * ops->kick(): under a spinlock. The tasks concerned keep the nexus, and that
 * the session, until the work is done: only it can end them.
 */
static void iscsi_kick(struct scst_nexus *nexus)
{
	struct iscsi_session *sess = iscsi_nexus_session(nexus);

	if (!atomic_xchg(&sess->kicked, 1))
		sess->env->post(sess, &sess->kick_work);
}

static void gone_work(struct core_work *work)
{
	iscsi_session_put(container_of(work, struct iscsi_session, gone_work));
}

/* ops->nexus_gone(): any context */
static void iscsi_nexus_gone(struct scst_nexus *nexus)
{
	struct iscsi_session *sess = iscsi_nexus_session(nexus);

	/* Not at once: the caller may be busy with a task of the session. */
	sess->env->post(sess, &sess->gone_work);
}

/* ops->transport_id() */
static u16 iscsi_transport_id(struct scst_nexus *nexus, u8 *tid)
{
	const struct iscsi_session *sess = iscsi_nexus_session(nexus);

	return scst_iscsi_transport_id(tid, sess->initiator, sess->isid);
}

const struct scst_target_ops iscsi_target_ops = {
	.protocol = SCST_PROTOCOL_ISCSI,
	.want_data_out = iscsi_want_data_out,
	.respond = iscsi_respond,
	.kick = iscsi_kick,
	.tmf_done = iscsi_tmf_done,
	.nexus_gone = iscsi_nexus_gone,
	.transport_id = iscsi_transport_id,
};

/* ---- Begin and end ---------------------------------------------------------- */

int iscsi_session_start(struct iscsi_session *sess, struct scst_target *tgt)
{
	u32 i;
	int ret;

	INIT_LIST_HEAD(&sess->conns);
	INIT_LIST_HEAD(&sess->tasks);
	INIT_LIST_HEAD(&sess->tmfs);
	for (i = 0; i < ISCSI_ITT_BUCKETS; i++)
		INIT_HLIST_HEAD(&sess->by_itt[i]);
	sess->kick_work.fn = kick_work;
	sess->gone_work.fn = gone_work;
	atomic_set(&sess->kicked, 0);
	sess->max_cmd_sn = sess->exp_cmd_sn + sess->depth - 1;
	sess->leaving = false;
	sess->cid_wanted = false;
	sess->holds = 0;
	sess->refs = 0;
	if (sess->discovery)
		return 0;

	ret = scst_nexus_add(&sess->nexus, tgt, sess->initiator);
	if (ret)
		return ret;
	sess->has_nexus = true;
	sess->refs = 1;
	return 0;
}

int iscsi_conn_start(struct iscsi_conn *conn, u64 now)
{
	struct iscsi_session *sess = conn->sess;

	if (!sess->discovery && !sess->has_nexus)
		return -ENOTCONN;
	INIT_LIST_HEAD(&conn->tx_items);
	conn->rx.state = ISCSI_RX_BHS;
	conn->rx.len = ISCSI_BHS_LEN;
	conn->ping_ttt = ISCSI_TAG_NONE;
	conn->text_ttt = ISCSI_TAG_NONE;
	conn->last_rx = now;
	list_add_tail(&conn->link, &sess->conns);
	iscsi_session_get(sess);
	return 0;
}

void iscsi_session_leave(struct iscsi_session *sess)
{
	if (!sess->has_nexus)
		return;
	sess->has_nexus = false;
	scst_nexus_del(&sess->nexus);
}

/* By a connection, or by one that wanted to be. */
static void session_left(struct iscsi_session *sess)
{
	if (list_empty(&sess->conns) && !sess->holds)
		iscsi_session_leave(sess);
}

void iscsi_conn_del(struct iscsi_conn *conn)
{
	struct iscsi_session *sess = conn->sess;
	struct iscsi_task *task;

	conn->dropped = true;
	iscsi_tx_purge(conn);
	fail_waiting(sess, conn);
	if (conn->leaving)
		iscsi_conn_abort_tasks(conn);
	/* What ended, or began behind that, may have been answered. */
	iscsi_tx_purge(conn);
	list_for_each_entry(task, &sess->tasks, link)
		if (task->conn == conn)
			task->conn = NULL;
	iscsi_tmf_forget(conn);
	iscsi_text_forget(conn);
	kfree(conn->rx.text);
	conn->rx.text = NULL;
	kfree(conn->logout);
	conn->logout = NULL;
	list_del(&conn->link);
	session_left(sess);
	iscsi_session_check(sess);
	iscsi_session_put(sess);
}

void iscsi_session_hold(struct iscsi_session *sess)
{
	sess->holds++;
	iscsi_session_get(sess);
}

void iscsi_session_unhold(struct iscsi_session *sess)
{
	sess->holds--;
	session_left(sess);
	iscsi_session_put(sess);
}

bool iscsi_session_idle(const struct iscsi_session *sess)
{
	const struct iscsi_conn *conn;

	if (!list_empty(&sess->tasks) || !list_empty(&sess->tmfs))
		return false;
	list_for_each_entry(conn, &sess->conns, link)
		if (!list_empty(&conn->tx_items) ||
		    conn->tx_head != conn->tx_tail)
			return false;
	return true;
}

/* ---- Time, and what we say unasked ------------------------------------------ */

/* A tick that comes later than this behind its time says nothing of the peer. */
#define TICK_LATE ((u64)NSEC_PER_SEC)

static void ping(struct iscsi_conn *conn, u64 now)
{
	struct iscsi_ctrl *ctrl = iscsi_ctrl_alloc(conn, ISCSI_NOP_IN, 0);

	if (!ctrl)
		return;
	conn->ping_ttt = iscsi_next_ttt(conn->sess);
	conn->ping_sent = now;
	ctrl->takes_stat_sn = false;
	ctrl->bhs.itt = cpu_to_be32(ISCSI_TAG_NONE);
	ctrl->bhs.in.ttt = cpu_to_be32(conn->ping_ttt);
	iscsi_ctrl_queue(conn, ctrl);
}

u64 iscsi_conn_tick(struct iscsi_conn *conn, u64 now)
{
	u64 interval = conn->ping_interval * (u64)NSEC_PER_SEC;
	u64 timeout = conn->ping_timeout * (u64)NSEC_PER_SEC;

	if (!interval || conn->dropped)
		return 0;
	if (conn->ping_sent) {
		if (now - conn->ping_sent < timeout)
			return conn->ping_sent + timeout;
		/* If it is us who slept, the answer may be there, unread. */
		if (now - conn->ping_sent - timeout > TICK_LATE) {
			conn->ping_sent = now;
			return now + timeout;
		}
		iscsi_drop(conn, "no answer to NOP-In");
		return 0;
	}
	if (now - conn->last_rx < interval)
		return conn->last_rx + interval;
	ping(conn, now);
	return now + timeout;
}

void iscsi_conn_request_logout(struct iscsi_conn *conn, u16 seconds)
{
	struct iscsi_ctrl *ctrl = iscsi_ctrl_alloc(conn, ISCSI_ASYNC, 0);

	if (!ctrl)
		return;
	ctrl->bhs.itt = cpu_to_be32(ISCSI_TAG_NONE);
	ctrl->bhs.in.ttt = cpu_to_be32(ISCSI_TAG_NONE);
	ctrl->bhs.in.async_event = ISCSI_ASYNC_LOGOUT;
	ctrl->bhs.in.param3 = cpu_to_be16(seconds);
	iscsi_ctrl_queue(conn, ctrl);
}
