// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: connections: a socket between the login (conn_login.c), then full
 * feature phase, and the peer.
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
#include <sys/uio.h>
#include <unistd.h>

#include "conn.h"
#include "src/log.h"

#define IOV_BATCH   256
#define DIRECT_MIN  (16u << 10)		/* less is cheaper to copy */
#define RX_ROUNDS   8			/* reads of one connection in a turn */
#define TX_ROUNDS   16
#define LOGOUT_TIME 2			/* seconds that we ask for it */

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

void conn_events(struct conn *conn, uint32_t set, uint32_t clear)
{
	if (conn->state != CONN_CLOSED)
		loop_fd_set(conn->el->loop, &conn->lfd,
			    (conn->lfd.events | set) & ~clear);
}

void conn_set_timer(struct conn *conn, uint64_t when)
{
	if (when)
		loop_timer_set(conn->el->loop, &conn->timer, when);
	else
		loop_timer_cancel(&conn->timer);
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
	if (conn->iscsi && conn->why && !conn->iscsi->leaving)
		conn_fail_session(conn);
	if (conn->state == CONN_WAIT)
		session_unwait(conn->engine, conn);
	loop_fd_del(conn->el->loop, &conn->lfd);
	conn->state = CONN_CLOSED;
	conn_login_end(conn);
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
	if (conn->finishing && conn_is_idle(conn))
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

static void env_cid_gone(struct iscsi_session *iscsi)
{
	session_wake(session_of(iscsi));
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
	.cid_gone = env_cid_gone,
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
		conn_login_read(conn);
}

/* Takes nothing new, and goes when nothing is under way. */
static void conn_finish(struct conn *conn)
{
	conn->finishing = true;
	conn->iscsi->closing = true;
	if (conn_is_idle(conn))
		conn_drop(conn, "shutting down");
}

static void conn_timer(struct loop_timer *timer)
{
	struct conn *conn = container_of(timer, struct conn, timer);

	if (conn->state != CONN_FULL)
		conn_drop(conn, "the login takes too long");
	else if (conn->el->draining)
		conn_finish(conn);
	else
		conn_set_timer(conn, iscsi_conn_tick(conn->iscsi,
						     ktime_get_ns()));
}

/* ---- Beginning ------------------------------------------------------------------------ */

static void conn_begin(struct core_work *work)
{
	struct conn *conn = container_of(work, struct conn, begin_work);
	struct engine_loop *el = conn->el;
	int err;

	list_add_tail(&conn->link, &el->conns);
	err = loop_fd_add(el->loop, &conn->lfd);
	if (err || el->draining) {
		conn_drop(conn, err ? strerror(-err) : "shutting down");
		return;
	}
	conn_login_begin(conn);
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

	if (!conn || conn_login_init(conn)) {
		log_error("a connection is refused: out of memory");
		free(conn);
		close(fd);
		return;
	}
	conn_tune(fd);
	conn->lfd = (struct loop_fd){ fd, EPOLLIN, conn_ready };
	conn->engine = el->engine;
	conn->el = el;
	conn->tx_late.fn = conn_send;
	conn->rx_late.fn = conn_resume;
	conn->close_late.fn = conn_close;
	conn->timer.fn = conn_timer;
	INIT_LIST_HEAD(&conn->tx_late.link);
	INIT_LIST_HEAD(&conn->rx_late.link);
	INIT_LIST_HEAD(&conn->close_late.link);
	INIT_LIST_HEAD(&conn->timer.link);
	conn_name_peer(conn);
	__atomic_add_fetch(&el->engine->nr_conns, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&el->nr_conns, 1, __ATOMIC_RELAXED);
	conn->begin_work.fn = conn_begin;
	loop_post(el->loop, &conn->begin_work);
}

/* ---- The end of all ---------------------------------------------------------------------- */

static bool conn_is_normal(const struct conn *conn)
{
	return conn->state == CONN_FULL && !conn->sess->iscsi.discovery;
}

void conns_ask(struct engine_loop *el)
{
	struct conn *conn;

	list_for_each_entry(conn, &el->conns, link)
		if (conn_is_normal(conn))
			iscsi_conn_request_logout(conn->iscsi, LOGOUT_TIME);
}

/*
 * An initiator that is asked finishes what it has begun, and comes back
 * without an error when we do. The others get no more than the time for that.
 */
void conns_drain(struct engine_loop *el)
{
	struct conn *conn, *next;

	el->draining = true;
	list_for_each_entry_safe(conn, next, &el->conns, link) {
		if (conn->state != CONN_FULL)
			conn_drop(conn, "shutting down");
		else if (!conn_is_normal(conn))
			conn_finish(conn);
		else
			conn_set_timer(conn, ktime_get_ns() +
				       LOGOUT_TIME * NSEC_PER_SEC);
	}
	conns_ask(el);
}

void conns_kill(struct engine_loop *el)
{
	struct conn *conn, *next;

	list_for_each_entry_safe(conn, next, &el->conns, link)
		conn_drop(conn, "shutting down");
}
