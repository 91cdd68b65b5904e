// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: connections that log in: from the first byte to the session.
 *
 * A further connection of a session logs in on the loop that accepted it, as
 * far as naming the session; it moves to the session's loop before it joins.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "src/log.h"

/* ---- Those that log in ----------------------------------------------------------- */

static void login_link(struct conn *conn)
{
	list_add_tail(&conn->login_link, &conn->el->logins);
	conn->el->nr_logins++;
}

static void login_unlink(struct conn *conn)
{
	if (list_empty(&conn->login_link))
		return;
	list_del_init(&conn->login_link);
	conn->el->nr_logins--;
}

/* Whoever has been at it longest makes room. */
static void login_make_room(struct engine_loop *el)
{
	unsigned int max = max(el->engine->cfg.max_logins /
			       el->engine->nr_loops, 1ul);
	struct conn *conn;

	while (el->nr_logins > max) {
		conn = list_first_entry(&el->logins, struct conn, login_link);
		login_unlink(conn);
		conn_drop(conn, "too many connections are logging in");
	}
}

void conn_login_begin(struct conn *conn)
{
	login_link(conn);
	login_make_room(conn->el);
	conn_set_timer(conn, ktime_get_ns() + conn->engine->cfg.login_timeout *
					      NSEC_PER_SEC);
}

void conn_login_end(struct conn *conn)
{
	login_unlink(conn);
	login_free(conn->login);
	conn->login = NULL;
	auth_put(conn->auth);
	conn->auth = NULL;
	if (conn->held)
		iscsi_session_unhold(&conn->held->iscsi);
	conn->held = NULL;
}

/* ---- Requests and replies --------------------------------------------------------- */

static bool conn_reply(struct conn *conn)
{
	const struct login_reply *reply = login_reply(conn->login);
	size_t pad = iscsi_pad(reply->len);

	free(conn->out);
	conn->out_len = sizeof(reply->bhs) + reply->len + pad;
	conn->out_off = 0;
	conn->out = calloc(1, conn->out_len);
	if (!conn->out) {
		conn_drop(conn, "out of memory");
		return false;
	}
	memcpy(conn->out, &reply->bhs, sizeof(reply->bhs));
	if (reply->len)
		memcpy(conn->out + sizeof(reply->bhs), reply->data, reply->len);
	loop_late(conn->el->loop, &conn->tx_late);
	return true;
}

static int conn_start_session(struct conn *conn, const struct login_result *res)
{
	struct iscsi_session *sess = &conn->sess->iscsi;

	sess->params = res->params;
	sess->exp_cmd_sn = res->exp_cmd_sn;
	return iscsi_session_start(sess, conn->engine->target);
}

/* Its own, and what was agreed on for the session. */
static void conn_params(struct iscsi_conn *iscsi, const struct iscsi_params *own)
{
	iscsi->params = iscsi->sess->params;
	iscsi->params.header_digest = own->header_digest;
	iscsi->params.data_digest = own->data_digest;
	iscsi->params.max_recv = own->max_recv;
	iscsi->params.max_xmit = own->max_xmit;
}

/* The session is ours, or has us as one more: leave the login behind. */
static int conn_start_full(struct conn *conn)
{
	const struct login_result *res = login_result(conn->login);
	const struct engine_config *cfg = &conn->engine->cfg;
	struct iscsi_conn *iscsi = calloc(1, sizeof(*iscsi));
	int err = 0;

	if (!iscsi)
		return -ENOMEM;
	if (res->leading)
		err = conn_start_session(conn, res);
	if (err) {
		free(iscsi);
		return err;
	}
	iscsi->owner = conn;
	iscsi->sess = &conn->sess->iscsi;
	iscsi->cid = res->cid;
	iscsi->stat_sn = res->stat_sn;
	conn_params(iscsi, &res->params);
	iscsi->ping_interval = cfg->nop_interval;
	iscsi->ping_timeout = cfg->nop_timeout;
	/* Cannot fail: nobody has logged out of it yet. */
	iscsi_conn_start(iscsi, ktime_get_ns());
	conn->iscsi = iscsi;
	return 0;
}

static void conn_login_done(struct conn *conn)
{
	const struct login_result *res = login_result(conn->login);
	int err = conn_start_full(conn);

	if (err) {
		if (res->leading)
			session_release(conn->sess);
		conn->sess = NULL;
		conn_drop(conn, strerror(-err));
		return;
	}
	if (!conn_reply(conn))
		return;
	if (!res->leading)
		log_info("%s (%s): connection added", res->initiator,
			 conn->peer);
	else if (!res->discovery)
		log_info("%s (%s): logged in", res->initiator, conn->peer);
	conn->state = CONN_FULL;
	conn_login_end(conn);
	conn_events(conn, EPOLLIN, 0);
	conn_set_timer(conn, iscsi_conn_tick(conn->iscsi, ktime_get_ns()));
}

static void conn_login_failed(struct conn *conn)
{
	const struct iscsi_bhs *bhs = &login_reply(conn->login)->bhs;
	u16 status = be16_to_cpu(bhs->login_rsp.status);

	if (status == ISCSI_LOGIN_MOVED_TEMP ||
	    status == ISCSI_LOGIN_MOVED_PERM)
		log_info("%s: redirected: %s", conn->peer,
			 login_error(conn->login));
	else
		log_warn("%s: login refused: %s", conn->peer,
			 login_error(conn->login));
	conn->refused = true;
	conn_events(conn, 0, EPOLLIN);
	conn_reply(conn);
}

static void conn_verdict(struct conn *conn, enum login_verdict verdict);

/* On its new loop, which the session may have left meanwhile. */
static void conn_moved(struct core_work *work)
{
	struct conn *conn = container_of(work, struct conn, move_work);
	int err, status;

	list_add_tail(&conn->link, &conn->el->conns);
	login_link(conn);
	err = loop_fd_add(conn->el->loop, &conn->lfd);
	if (err || conn->el->draining) {
		conn_drop(conn, err ? strerror(-err) : "shutting down");
		return;
	}
	conn_set_timer(conn, conn->timer.when);
	status = session_reserve(conn, conn->el, login_result(conn->login),
				 &conn->sess);
	conn_verdict(conn, login_resume(conn->login, status));
}

/* To the loop of its session. The last thing that is done with it here. */
static void conn_move(struct conn *conn)
{
	struct engine_loop *from = conn->el;

	/* Dropped in this very turn. */
	if (!list_empty(&conn->close_late.link))
		return;
	loop_fd_del(from->loop, &conn->lfd);
	loop_timer_cancel(&conn->timer);
	list_del(&conn->link);
	login_unlink(conn);
	__atomic_sub_fetch(&from->nr_conns, 1, __ATOMIC_RELAXED);
	conn->el = conn->move_to;
	conn->move_to = NULL;
	__atomic_add_fetch(&conn->el->nr_conns, 1, __ATOMIC_RELAXED);
	conn->move_work.fn = conn_moved;
	loop_post(conn->el->loop, &conn->move_work);
}

void conn_hold(struct conn *conn, struct session *sess)
{
	if (conn->held)
		return;
	conn->held = sess;
	iscsi_session_hold(&sess->iscsi);
}

void conn_move_to(struct conn *conn, struct engine_loop *home)
{
	conn->move_to = home;
}

static void conn_verdict(struct conn *conn, enum login_verdict verdict)
{
	conn->state = CONN_LOGIN;
	switch (verdict) {
	case LOGIN_CONTINUE:
		conn->got = 0;
		conn->want = ISCSI_BHS_LEN;
		conn_reply(conn);
		return;
	case LOGIN_DONE:
		conn_login_done(conn);
		return;
	case LOGIN_FAILED:
		conn_login_failed(conn);
		return;
	case LOGIN_WAIT:
		conn->state = CONN_WAIT;
		conn_events(conn, 0, EPOLLIN);
		if (conn->move_to)
			conn_move(conn);
		return;
	case LOGIN_DROP:
		conn_drop(conn, login_error(conn->login));
		return;
	}
}

/* A part of the request is complete: the header, or all of it. */
static void conn_login_part(struct conn *conn)
{
	enum login_verdict verdict;
	uint32_t len = iscsi_data_len(&conn->bhs);

	if (conn->got == ISCSI_BHS_LEN) {
		verdict = login_header(conn->login, &conn->bhs);
		if (verdict != LOGIN_CONTINUE) {
			conn_verdict(conn, verdict);
			return;
		}
		conn->want += len + iscsi_pad(len);
		if (conn->want > conn->got)
			return;
	}
	conn_verdict(conn, login_request(conn->login, &conn->bhs, conn->data,
					 len));
}

/*
 * Exactly what the request has, and not a byte of what follows: that belongs
 * to full feature phase. Login is no place to be fast.
 */
void conn_login_read(struct conn *conn)
{
	uint8_t *to;
	ssize_t n;

	if (conn->out)
		return;		/* the reply goes first */
	if (conn->got < ISCSI_BHS_LEN)
		to = (uint8_t *)&conn->bhs + conn->got;
	else
		to = conn->data + conn->got - ISCSI_BHS_LEN;
	n = recv(conn->lfd.fd, to, conn->want - conn->got, MSG_DONTWAIT);
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			conn_drop(conn, n ? strerror(errno) :
					    "closed by the peer during login");
		return;
	}
	conn->got += n;
	if (conn->got == conn->want)
		conn_login_part(conn);
}

/* ---- Login's environment ------------------------------------------------------------ */

static int login_find_target(void *env, const char *target,
			     const char *initiator, char *address)
{
	struct conn *conn = env;
	struct engine *engine = conn->engine;

	if (target && strcasecmp(target, engine->cfg.target))
		return ISCSI_LOGIN_NOT_FOUND;
	if (target && !scst_target_admits(engine->target, initiator))
		return ISCSI_LOGIN_NOT_ALLOWED;
	if (login_result(conn->login)->discovery)
		return ISCSI_LOGIN_OK;
	return engine_moved(engine, address);
}

static int login_auth(void *env, const char *initiator, const char *target,
		      const struct auth_entry **entry)
{
	struct conn *conn = env;

	*entry = NULL;
	if (!conn->auth)
		conn->auth = engine_get_auth(conn->engine);
	if (!conn->auth)
		return ISCSI_LOGIN_OK;
	*entry = auth_find(conn->auth, initiator, target);
	return *entry ? ISCSI_LOGIN_OK : ISCSI_LOGIN_NOT_ALLOWED;
}

static void login_make_offer(void *env, const char *target,
			     struct login_offer *offer)
{
	struct conn *conn = env;
	const struct engine_config *cfg = &conn->engine->cfg;

	offer->params = cfg->params;
	offer->algs = cfg->algs;
	offer->portal_group = 1;
	offer->window = cfg->depth;
	offer->alias = cfg->alias;
}

static int login_reserve(void *env, struct login *login)
{
	struct conn *conn = env;

	return session_reserve(conn, conn->el, login_result(login),
			       &conn->sess);
}

static const struct login_ops login_env = {
	.find_target = login_find_target,
	.auth = login_auth,
	.offer = login_make_offer,
	.reserve = login_reserve,
};

int conn_login_init(struct conn *conn)
{
	INIT_LIST_HEAD(&conn->waiter_link);
	INIT_LIST_HEAD(&conn->login_link);
	conn->want = ISCSI_BHS_LEN;
	conn->login = login_alloc(&login_env, conn);
	return conn->login ? 0 : -ENOMEM;
}

static void conn_retry_work(struct core_work *work)
{
	struct conn *conn = container_of(work, struct conn, retry_work);
	int status;

	if (conn->state != CONN_WAIT)
		return;
	status = login_reserve(conn, conn->login);
	if (status != LOGIN_RESERVE_WAIT)
		conn_verdict(conn, login_resume(conn->login, status));
}

void conn_retry(struct conn *conn)
{
	conn->retry_work.fn = conn_retry_work;
	loop_post(conn->el->loop, &conn->retry_work);
}

