// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the registry of sessions: reinstatement, further connections, limits,
 * TSIH.
 *
 * An initiator that logs in again with the name and ISID of a session that
 * still exists reinstates it (RFC 7143 6.3.5): the old one is ended, and the
 * login waits until its last command has. Otherwise a write that the old
 * session left behind in a backend could land after a newer one of the new
 * session, which the initiator believes to be alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "src/log.h"

static bool session_is(const struct session *sess,
		       const struct login_result *res)
{
	return !sess->iscsi.discovery && !res->discovery &&
	       !strcasecmp(sess->iscsi.initiator, res->initiator) &&
	       !memcmp(sess->iscsi.isid, res->isid, sizeof(res->isid)) &&
	       res->target && !strcasecmp(sess->target, res->target);
}

static struct session *session_find(struct engine *engine,
				    const struct login_result *res)
{
	struct session *sess;

	list_for_each_entry(sess, &engine->sessions, link)
		if (session_is(sess, res))
			return sess;
	return NULL;
}

/* Not 0, and not one that is in use. */
static uint16_t next_tsih(struct engine *engine)
{
	struct session *sess;
	uint16_t tsih;

again:
	tsih = ++engine->last_tsih;
	if (!tsih)
		goto again;
	list_for_each_entry(sess, &engine->sessions, link)
		if (sess->iscsi.tsih == tsih)
			goto again;
	return tsih;
}

/* Those that wait are to ask again. */
static void wake_waiters(struct session *sess)
{
	while (!list_empty(&sess->waiters)) {
		struct list_head *link = sess->waiters.next;

		list_del_init(link);
		conn_retry(conn_of_waiter(link));
	}
}

void session_wake(struct session *sess)
{
	pthread_mutex_lock(&sess->engine->lock);
	wake_waiters(sess);
	pthread_mutex_unlock(&sess->engine->lock);
}

/*
 * On the session's loop: its connections go, the rest follows. The session may
 * have come to its end by itself since this was posted.
 */
static void session_kill_work(struct core_work *work)
{
	struct session *sess = container_of(work, struct session, kill_work);
	struct iscsi_conn *conn, *next;
	bool released;

	pthread_mutex_lock(&sess->engine->lock);
	sess->killing = false;
	released = sess->released;
	pthread_mutex_unlock(&sess->engine->lock);
	if (released) {
		session_release(sess);
		return;
	}
	list_for_each_entry_safe(conn, next, &sess->iscsi.conns, link)
		conn_drop(conn_of_iscsi(conn), "the session is reinstated");
	session_wake(sess);
}

static void session_kill(struct session *sess)
{
	if (sess->killed)
		return;
	sess->killed = true;
	sess->killing = true;
	loop_post(sess->home->loop, &sess->kill_work);
}

static struct session *session_alloc(struct engine_loop *el,
				     const struct login_result *res)
{
	struct session *sess = calloc(1, sizeof(*sess));
	struct iscsi_session *iscsi;

	if (!sess)
		return NULL;
	sess->engine = el->engine;
	sess->home = el;
	sess->kill_work.fn = session_kill_work;
	INIT_LIST_HEAD(&sess->waiters);
	strscpy(sess->target, res->target ?: "", sizeof(sess->target));

	iscsi = &sess->iscsi;
	INIT_LIST_HEAD(&iscsi->conns);
	iscsi->env = &conn_env;
	iscsi->task_cache = el->engine->task_cache;
	iscsi->discovery = res->discovery;
	strscpy(iscsi->initiator, res->initiator, sizeof(iscsi->initiator));
	memcpy(iscsi->isid, res->isid, sizeof(iscsi->isid));
	iscsi->depth = el->engine->cfg.depth;
	return sess;
}

static int reserve_new(struct engine_loop *el, struct login_result *res,
		       struct session **sess)
{
	struct engine *engine = el->engine;

	if (engine->draining)
		return ISCSI_LOGIN_UNAVAILABLE;
	if (engine->nr_sessions >= engine->cfg.max_sessions)
		return ISCSI_LOGIN_NO_RESOURCES;
	*sess = session_alloc(el, res);
	if (!*sess)
		return ISCSI_LOGIN_NO_RESOURCES;
	(*sess)->iscsi.tsih = next_tsih(engine);
	res->tsih = (*sess)->iscsi.tsih;
	list_add_tail(&(*sess)->link, &engine->sessions);
	engine->nr_sessions++;
	return ISCSI_LOGIN_OK;
}

/*
 * A further connection, on the session's loop. One with the CID of another
 * takes the place of that (6.3.4), and waits until its commands have ended.
 */
static int session_join(struct session *sess, struct login_result *res)
{
	struct iscsi_session *iscsi = &sess->iscsi;
	const struct iscsi_conn *conn;
	u32 nr = 0;

	if (!iscsi->has_nexus)
		return ISCSI_LOGIN_NO_SESSION;
	if (!iscsi_session_free_cid(iscsi, res->cid))
		return LOGIN_RESERVE_WAIT;
	list_for_each_entry(conn, &iscsi->conns, link)
		nr++;
	if (nr >= iscsi->params.max_connections)
		return ISCSI_LOGIN_TOO_MANY_CONNS;
	res->exp_cmd_sn = iscsi->exp_cmd_sn;
	res->max_cmd_sn = iscsi->max_cmd_sn;
	return ISCSI_LOGIN_OK;
}

/* Of a session that exists: what @conn, now on @el, is to do. */
static int reserve_further(struct conn *conn, struct engine_loop *el,
			   struct session *old, struct login_result *res,
			   struct session **sess)
{
	int status;

	if (!old || old->iscsi.tsih != res->tsih || old->killed)
		return ISCSI_LOGIN_NO_SESSION;
	if (old->home != el) {
		conn_move_to(conn, old->home);
		return LOGIN_RESERVE_WAIT;
	}
	status = session_join(old, res);
	if (status == LOGIN_RESERVE_WAIT) {
		list_add_tail(conn_waiter_link(conn), &old->waiters);
		conn_hold(conn, old);
	} else if (!status) {
		*sess = old;
	}
	return status;
}

int session_reserve(struct conn *conn, struct engine_loop *el,
		    struct login_result *res, struct session **sess)
{
	struct engine *engine = el->engine;
	struct session *old;
	int status;

	pthread_mutex_lock(&engine->lock);
	old = session_find(engine, res);
	if (!res->leading) {
		status = reserve_further(conn, el, old, res, sess);
	} else if (old) {
		session_kill(old);
		list_add_tail(conn_waiter_link(conn), &old->waiters);
		status = LOGIN_RESERVE_WAIT;
	} else {
		status = reserve_new(el, res, sess);
	}
	pthread_mutex_unlock(&engine->lock);
	return status;
}

void session_unwait(struct engine *engine, struct conn *conn)
{
	pthread_mutex_lock(&engine->lock);
	list_del_init(conn_waiter_link(conn));
	pthread_mutex_unlock(&engine->lock);
}

void session_release(struct session *sess)
{
	struct engine *engine = sess->engine;

	pthread_mutex_lock(&engine->lock);
	if (sess->killing) {
		/* Its work is on the way here, and comes back to this. */
		sess->released = true;
		pthread_mutex_unlock(&engine->lock);
		return;
	}
	list_del(&sess->link);
	engine->nr_sessions--;
	wake_waiters(sess);
	pthread_mutex_unlock(&engine->lock);
	free(sess);
	engine_check_drained(engine);
}

/* TARGET COLD RESET: everybody goes (RFC 7143 11.5.1). */
void sessions_cold_reset(struct engine *engine)
{
	struct session *sess;

	pthread_mutex_lock(&engine->lock);
	list_for_each_entry(sess, &engine->sessions, link)
		session_kill(sess);
	pthread_mutex_unlock(&engine->lock);
}
