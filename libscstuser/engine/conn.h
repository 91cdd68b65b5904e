/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a connection, as its files see it: conn_login.c as long as it logs in,
 * conn.c before and after.
 */
#ifndef ENGINE_CONN_H
#define ENGINE_CONN_H

#include <sys/epoll.h>

#include "engine.h"

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
	bool finishing;			/* close when nothing is under way */
	struct engine_loop *move_to;	/* where its session lives */
	struct session *held;		/* that it waits to join */

	/* Full feature phase. */
	struct session *sess;
	struct iscsi_conn *iscsi;
	uint8_t *backlog;		/* read, but reading is paused */
	size_t backlog_len;
};

/* conn.c */
/* Wait for these, no longer for those. */
void conn_events(struct conn *conn, uint32_t set, uint32_t clear);
/* @when: 0 for never */
void conn_set_timer(struct conn *conn, uint64_t when);

/* conn_login.c */
/* 0 or -ENOMEM */
int conn_login_init(struct conn *conn);
/* On its loop, for the first time. */
void conn_login_begin(struct conn *conn);
/* There is something to read. */
void conn_login_read(struct conn *conn);
/* However it ended, also when that was long ago. */
void conn_login_end(struct conn *conn);

#endif
