// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: connections: a socket between the login, then full feature phase, and
 * the peer.
 *
 * Receiving: one readv() a time, into the data buffer that the PDU at hand
 * wants, if it wants much, and behind it into the loop's staging buffer, from
 * which whole batches of PDUs are taken. Sending: at the end of the loop's
 * turn, all that is ready in one sendmsg().
 *
 * A connection is closed at the end of the turn in which it was dropped, and
 * freed by work posted to its loop after that, so that whatever else the turn
 * holds may still name it.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine.h"
#include "src/log.h"

#define IOV_BATCH   256
#define DIRECT_MIN  (16u << 10)		/* less is cheaper to copy */
#define RX_ROUNDS   8			/* reads of one connection in a turn */
#define TX_ROUNDS   16

enum conn_state { CONN_LOGIN, CONN_WAIT, CONN_FULL, CONN_CLOSED };

struct conn {
	struct loop_fd lfd;
	struct engine *engine;
	struct engine_loop *el;
	enum conn_state state;
	struct list_head link;		/* el->conns */
	struct list_head login_link;	/* el->logins */
	struct list_head waiter_link;	/* session->waiters */
	struct loop_late tx_late;
	struct loop_late rx_late;
	struct loop_late close_late;
	struct loop_timer timer;
	struct core_work begin_work, retry_work, move_work, free_work;
	const char *why;
	char peer[64];

	/* Login. */
	struct login *login;
	struct auth *auth;		/* its entries, as long as it lasts */
	struct iscsi_bhs bhs;
	uint8_t data[LOGIN_DATA_MAX + 3];
	uint32_t got, want;		/* of header and data together */
	uint8_t *out;			/* a reply that is being sent */
	size_t out_len, out_off;
	bool refused;			/* close behind the reply */
	struct engine_loop *move_to;	/* where its session lives */

	/* Full feature phase. */
	struct session *sess;
	struct iscsi_conn *iscsi;
	uint8_t *backlog;		/* read, but reading is paused */
	size_t backlog_len;
};

struct engine *conn_engine(const struct conn *conn)
{
	return conn->engine;
}

struct session *conn_session(const struct conn *conn)
{
	return conn->sess;
}

const char *conn_peer(const struct conn *conn)
{
	return conn->peer;
}

struct list_head *conn_waiter_link(struct conn *conn)
{
	return &conn->waiter_link;
}

struct conn *conn_of_waiter(struct list_head *link)
{
	return list_entry(link, struct conn, waiter_link);
}

void conn_local_address(const struct conn *conn, struct sockaddr_storage *addr)
{
	socklen_t len = sizeof(*addr);

	memset(addr, 0, sizeof(*addr));
	if (getsockname(conn->lfd.fd, (struct sockaddr *)addr, &len) < 0)
		log_warn("%s: %m", conn->peer);
}

static void conn_events(struct conn *conn, uint32_t set, uint32_t clear)
{
	if (conn->state != CONN_CLOSED)
		loop_fd_set(conn->el->loop, &conn->lfd,
			    (conn->lfd.events | set) & ~clear);
}

/* ---- Closing ------------------------------------------------------------------- */

/* Any number of times; the first reason counts. NULL: as it should be. */
void conn_drop(struct conn *conn, const char *why)
{
	if (conn->state == CONN_CLOSED || !list_empty(&conn->close_late.link))
		return;
	conn->why = why;
	loop_late(conn->el->loop, &conn->close_late);
}

static void conn_free_work(struct core_work *work)
{
	struct conn *conn = container_of(work, struct conn, free_work);
	struct engine *engine = conn->engine;

	free(conn);
	__atomic_sub_fetch(&engine->nr_conns, 1, __ATOMIC_RELAXED);
	engine_check_drained(engine);
}

static void conn_end_login(struct conn *conn)
{
	if (!list_empty(&conn->login_link)) {
		list_del_init(&conn->login_link);
		conn->el->nr_logins--;
	}
	login_free(conn->login);
	conn->login = NULL;
	auth_put(conn->auth);
	conn->auth = NULL;
}

/* How discovery ends, and who never got in, is nobody's news. */
static void conn_log_end(const struct conn *conn)
{
	const struct iscsi_session *sess = conn->sess ? &conn->sess->iscsi :
							NULL;

	if (sess && !sess->discovery && conn->why)
		log_info("%s (%s): connection dropped: %s", sess->initiator,
			 conn->peer, conn->why);
	else if (sess && !sess->discovery)
		log_info("%s (%s): logged out", sess->initiator, conn->peer);
	else if (!conn->refused)
		log_debug("%s: closed: %s", conn->peer,
			  conn->why ?: "logged out");
}

/*
 * At error recovery level 0 a session does not outlive a connection that fails
 * (7.1.4): the initiator cannot know what became of its commands.
 */
static void conn_fail_session(struct conn *conn)
{
	struct iscsi_conn *other;

	list_for_each_entry(other, &conn->sess->iscsi.conns, link)
		if (other != conn->iscsi && !other->closing)
			conn_drop(conn_of_iscsi(other),
				  "another connection of the session failed");
}

static void conn_close(struct loop_late *late)
{
	struct conn *conn = container_of(late, struct conn, close_late);

	conn_log_end(conn);
	if (conn->iscsi && conn->why)
		conn_fail_session(conn);
	if (conn->state == CONN_WAIT)
		session_unwait(conn->engine, conn);
	loop_fd_del(conn->el->loop, &conn->lfd);
	conn->state = CONN_CLOSED;
	conn_end_login(conn);
	if (conn->iscsi) {
		iscsi_conn_del(conn->iscsi);
		free(conn->iscsi);
		conn->iscsi = NULL;
	}
	loop_late_cancel(&conn->tx_late);
	loop_late_cancel(&conn->rx_late);
	loop_timer_cancel(&conn->timer);
	close(conn->lfd.fd);
	free(conn->out);
	free(conn->backlog);
	list_del(&conn->link);
	__atomic_sub_fetch(&conn->el->nr_conns, 1, __ATOMIC_RELAXED);
	conn->free_work.fn = conn_free_work;
	loop_post(conn->el->loop, &conn->free_work);
}

/* ---- Sending --------------------------------------------------------------------- */

/* -1: cannot go on now, or not at all. */
static ssize_t conn_sendmsg(struct conn *conn, struct iovec *iov, size_t count)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = count };
	ssize_t n;

	do {
		n = sendmsg(conn->lfd.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		conn_events(conn, EPOLLOUT, 0);
	else
		conn_drop(conn, strerror(errno));
	return -1;
}

/* The login's reply first; true: it is on its way. */
static bool conn_send_reply(struct conn *conn)
{
	struct iovec iov;
	ssize_t n;

	while (conn->out) {
		iov.iov_base = conn->out + conn->out_off;
		iov.iov_len = conn->out_len - conn->out_off;
		n = conn_sendmsg(conn, &iov, 1);
		if (n < 0)
			return false;
		conn->out_off += n;
		if (conn->out_off == conn->out_len) {
			free(conn->out);
			conn->out = NULL;
		}
	}
	return true;
}

static size_t iov_bytes(const struct core_seg *segs, uint32_t nr)
{
	size_t bytes = 0;

	while (nr--)
		bytes += segs[nr].len;
	return bytes;
}

static void conn_send_full(struct conn *conn)
{
	struct core_seg segs[IOV_BATCH];
	int round;
	ssize_t n;
	uint32_t nr;

	for (round = 0; round < TX_ROUNDS; round++) {
		nr = iscsi_tx_gather(conn->iscsi, segs, IOV_BATCH);
		if (!nr) {
			conn_events(conn, 0, EPOLLOUT);
			return;
		}
		n = conn_sendmsg(conn, (struct iovec *)segs, nr);
		if (n < 0)
			return;
		iscsi_tx_sent(conn->iscsi, n);
		if (conn->iscsi->dropped)
			return;
		if ((size_t)n < iov_bytes(segs, nr))
			break;
	}
	/* The others' turn; or the socket is full. */
	conn_events(conn, EPOLLOUT, 0);
}

static bool conn_is_idle(const struct conn *conn)
{
	return !conn->out && conn->sess && iscsi_session_idle(&conn->sess->iscsi);
}

static void conn_send(struct loop_late *late)
{
	struct conn *conn = container_of(late, struct conn, tx_late);
	bool held_up = conn->out;

	if (!conn_send_reply(conn)) {
		/* Who does not take answers need not ask. */
		conn_events(conn, 0, EPOLLIN);
		return;
	}
	if (conn->state == CONN_FULL && held_up && !conn->iscsi->rx.paused)
		conn_events(conn, EPOLLIN, 0);
	if (conn->state == CONN_FULL)
		conn_send_full(conn);
	else if (conn->refused)
		conn_drop(conn, "login refused");
	else if (conn->state == CONN_LOGIN)
		conn_events(conn, EPOLLIN, EPOLLOUT);
	if (conn->el->draining && conn_is_idle(conn))
		conn_drop(conn, "shutting down");
}

/* ---- Full feature phase ----------------------------------------------------------- */

struct conn *conn_of_iscsi(struct iscsi_conn *iscsi)
{
	return iscsi->owner;
}

static struct session *session_of(const struct iscsi_session *iscsi)
{
	return container_of(iscsi, struct session, iscsi);
}

static bool env_is_here(const struct iscsi_session *iscsi)
{
	return loop_is_current(session_of(iscsi)->home->loop);
}

static void env_post(struct iscsi_session *iscsi, struct core_work *work)
{
	loop_post(session_of(iscsi)->home->loop, work);
}

static void env_want_tx(struct iscsi_conn *iscsi)
{
	struct conn *conn = iscsi->owner;

	/* With EPOLLOUT set the socket will tell when to go on. */
	if (conn->state == CONN_FULL && !(conn->lfd.events & EPOLLOUT))
		loop_late(conn->el->loop, &conn->tx_late);
}

static void env_resume_rx(struct iscsi_conn *iscsi)
{
	struct conn *conn = iscsi->owner;

	if (conn->state == CONN_FULL)
		loop_late(conn->el->loop, &conn->rx_late);
}

static void env_drop(struct iscsi_conn *iscsi, const char *why)
{
	conn_drop(iscsi->owner, why);
}

static void env_send_targets(struct iscsi_conn *iscsi, const char *name,
			     struct iscsi_text_buf *text)
{
	struct conn *conn = iscsi->owner;
	struct engine *engine = conn->engine;

	if (name && strcasecmp(name, engine->cfg.target))
		return;
	if (scst_target_admits(engine->target, conn->sess->iscsi.initiator))
		portals_send_targets(conn, text);
}

static void env_cold_reset(struct iscsi_session *iscsi)
{
	sessions_cold_reset(session_of(iscsi)->engine);
}

static void env_session_gone(struct iscsi_session *iscsi)
{
	session_release(session_of(iscsi));
}

const struct iscsi_env_ops conn_env = {
	.is_here = env_is_here,
	.post = env_post,
	.want_tx = env_want_tx,
	.resume_rx = env_resume_rx,
	.drop = env_drop,
	.send_targets = env_send_targets,
	.cold_reset = env_cold_reset,
	.session_gone = env_session_gone,
};

/* What the connection did not take while it is paused. */
static void conn_keep_backlog(struct conn *conn, const uint8_t *buf, size_t len)
{
	uint8_t *copy = len ? malloc(len) : NULL;

	conn_events(conn, 0, EPOLLIN);
	if (len && !copy) {
		conn_drop(conn, "out of memory");
		return;
	}
	if (len)
		memcpy(copy, buf, len);
	free(conn->backlog);
	conn->backlog = copy;
	conn->backlog_len = len;
}

static void conn_feed(struct conn *conn, const uint8_t *buf, size_t len)
{
	size_t taken = iscsi_rx_feed(conn->iscsi, buf, len);

	if (conn->iscsi->rx.paused && !conn->iscsi->dropped)
		conn_keep_backlog(conn, buf + taken, len - taken);
}

/* Reading may go on: first with what was read already. */
static void conn_resume(struct loop_late *late)
{
	struct conn *conn = container_of(late, struct conn, rx_late);
	uint8_t *backlog = conn->backlog;
	size_t len = conn->backlog_len;

	conn->backlog = NULL;
	conn->backlog_len = 0;
	conn_events(conn, EPOLLIN, 0);
	if (len)
		conn_feed(conn, backlog, len);
	free(backlog);
}

/* Once; false: nothing more for now. */
static bool conn_read(struct conn *conn)
{
	struct core_seg segs[16 + 1];
	struct core_seg *staging;
	size_t direct = 0, room;
	uint32_t nr = 0;
	ssize_t n;

	if (iscsi_rx_payload(conn->iscsi) >= DIRECT_MIN)
		nr = iscsi_rx_want(conn->iscsi, segs, 16, &direct);
	staging = &segs[nr];
	core_seg_set(staging, loop_staging(conn->el->loop), LOOP_STAGING);
	room = direct + LOOP_STAGING;

	do {
		n = readv(conn->lfd.fd, (struct iovec *)segs, nr + 1);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			conn_drop(conn, n ? strerror(errno) :
					    "closed by the peer");
		return false;
	}
	if (direct)
		iscsi_rx_done(conn->iscsi, min_t(size_t, n, direct));
	if ((size_t)n > direct)
		conn_feed(conn, staging->base, n - direct);
	return (size_t)n == room && !conn->iscsi->rx.paused &&
	       !conn->iscsi->dropped;
}

static void conn_read_full(struct conn *conn)
{
	int round = 0;

	conn->iscsi->last_rx = ktime_get_ns();
	while (round++ < RX_ROUNDS && conn_read(conn))
		;
}

/* ---- Login ------------------------------------------------------------------------ */

static void conn_set_timer(struct conn *conn, uint64_t when)
{
	if (when)
		loop_timer_set(conn->el->loop, &conn->timer, when);
	else
		loop_timer_cancel(&conn->timer);
}

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
	conn_end_login(conn);
	conn_events(conn, EPOLLIN, 0);
	conn_set_timer(conn, iscsi_conn_tick(conn->iscsi, ktime_get_ns()));
}

static void conn_login_failed(struct conn *conn)
{
	log_warn("%s: login refused: %s", conn->peer, login_error(conn->login));
	conn->refused = true;
	conn_events(conn, 0, EPOLLIN);
	conn_reply(conn);
}

static void conn_verdict(struct conn *conn, enum login_verdict verdict);

static void conn_link(struct conn *conn)
{
	list_add_tail(&conn->link, &conn->el->conns);
	list_add_tail(&conn->login_link, &conn->el->logins);
	conn->el->nr_logins++;
}

/* On its new loop, which the session may have left meanwhile. */
static void conn_moved(struct core_work *work)
{
	struct conn *conn = container_of(work, struct conn, move_work);
	int err, status;

	conn_link(conn);
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
	list_del_init(&conn->login_link);
	from->nr_logins--;
	__atomic_sub_fetch(&from->nr_conns, 1, __ATOMIC_RELAXED);
	conn->el = conn->move_to;
	conn->move_to = NULL;
	__atomic_add_fetch(&conn->el->nr_conns, 1, __ATOMIC_RELAXED);
	conn->move_work.fn = conn_moved;
	loop_post(conn->el->loop, &conn->move_work);
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
static void conn_read_login(struct conn *conn)
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
			     const char *initiator)
{
	struct conn *conn = env;
	struct engine *engine = conn->engine;

	if (target && strcasecmp(target, engine->cfg.target))
		return ISCSI_LOGIN_NOT_FOUND;
	if (target && !scst_target_admits(engine->target, initiator))
		return ISCSI_LOGIN_NOT_ALLOWED;
	return ISCSI_LOGIN_OK;
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

/* ---- Events -------------------------------------------------------------------------- */

static void conn_ready(struct loop_fd *lfd, uint32_t events)
{
	struct conn *conn = container_of(lfd, struct conn, lfd);

	if (conn->state == CONN_CLOSED)
		return;
	if (events & EPOLLOUT)
		loop_late(conn->el->loop, &conn->tx_late);
	/* Errors are found by reading, unless nothing is to be read. */
	if ((events & (EPOLLERR | EPOLLHUP)) && !(conn->lfd.events & EPOLLIN)) {
		conn_drop(conn, "connection reset");
		return;
	}
	if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		return;
	if (conn->state == CONN_FULL)
		conn_read_full(conn);
	else if (conn->state == CONN_LOGIN)
		conn_read_login(conn);
}

static void conn_timer(struct loop_timer *timer)
{
	struct conn *conn = container_of(timer, struct conn, timer);

	if (conn->state == CONN_FULL)
		conn_set_timer(conn, iscsi_conn_tick(conn->iscsi,
						     ktime_get_ns()));
	else
		conn_drop(conn, "the login takes too long");
}

/* ---- Beginning ------------------------------------------------------------------------ */

/* Whoever has been at it longest makes room. */
static void login_make_room(struct engine_loop *el)
{
	unsigned int max = max(el->engine->cfg.max_logins /
			       el->engine->nr_loops, 1ul);
	struct conn *conn;

	while (el->nr_logins > max) {
		conn = list_first_entry(&el->logins, struct conn, login_link);
		list_del_init(&conn->login_link);
		el->nr_logins--;
		conn_drop(conn, "too many connections are logging in");
	}
}

static void conn_begin(struct core_work *work)
{
	struct conn *conn = container_of(work, struct conn, begin_work);
	struct engine_loop *el = conn->el;
	int err;

	conn_link(conn);
	err = loop_fd_add(el->loop, &conn->lfd);
	if (err || el->draining) {
		conn_drop(conn, err ? strerror(-err) : "shutting down");
		return;
	}
	login_make_room(el);
	conn_set_timer(conn, ktime_get_ns() + conn->engine->cfg.login_timeout *
					      NSEC_PER_SEC);
}

static void conn_tune(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)))
		log_debug("socket options: %m");
}

static void conn_name_peer(struct conn *conn)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);

	if (getpeername(conn->lfd.fd, (struct sockaddr *)&addr, &len) < 0)
		addr.ss_family = AF_UNSPEC;
	address_print(&addr, conn->peer, sizeof(conn->peer));
}

/* Any loop; @fd becomes @el's. */
void conn_accept(struct engine_loop *el, int fd)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (conn)
		conn->login = login_alloc(&login_env, conn);
	if (!conn || !conn->login) {
		log_error("a connection is refused: out of memory");
		free(conn);
		close(fd);
		return;
	}
	conn_tune(fd);
	conn->lfd = (struct loop_fd){ fd, EPOLLIN, conn_ready };
	conn->engine = el->engine;
	conn->el = el;
	conn->want = ISCSI_BHS_LEN;
	conn->tx_late.fn = conn_send;
	conn->rx_late.fn = conn_resume;
	conn->close_late.fn = conn_close;
	conn->timer.fn = conn_timer;
	INIT_LIST_HEAD(&conn->tx_late.link);
	INIT_LIST_HEAD(&conn->rx_late.link);
	INIT_LIST_HEAD(&conn->close_late.link);
	INIT_LIST_HEAD(&conn->timer.link);
	INIT_LIST_HEAD(&conn->waiter_link);
	INIT_LIST_HEAD(&conn->login_link);
	conn_name_peer(conn);
	__atomic_add_fetch(&el->engine->nr_conns, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&el->nr_conns, 1, __ATOMIC_RELAXED);
	conn->begin_work.fn = conn_begin;
	loop_post(el->loop, &conn->begin_work);
}

/* ---- The end of all ---------------------------------------------------------------------- */

/* Take nothing new; who has nothing under way goes. */
void conns_drain(struct engine_loop *el)
{
	struct conn *conn, *next;

	el->draining = true;
	list_for_each_entry_safe(conn, next, &el->conns, link) {
		if (conn->state == CONN_FULL)
			conn->iscsi->closing = true;
		if (conn->state != CONN_FULL || conn_is_idle(conn))
			conn_drop(conn, "shutting down");
	}
}

void conns_kill(struct engine_loop *el)
{
	struct conn *conn, *next;

	list_for_each_entry_safe(conn, next, &el->conns, link)
		conn_drop(conn, "shutting down");
}
