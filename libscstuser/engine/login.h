/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the Login Phase, the target's side (RFC 7143 clauses 6.3, 11.12,
 * 11.13), without I/O.
 *
 * A struct login lives from the first byte of a connection to its Full
 * Feature Phase or its end. Per request PDU, the connection does:
 *
 *	48 bytes of header are here:	v = login_header(l, &bhs)
 *	... CONTINUE, and its data too:	v = login_request(l, &bhs, data, len)
 *
 *	LOGIN_CONTINUE	send login_reply(), read the next request
 *	LOGIN_DONE	send login_reply(), then run with login_result()
 *	LOGIN_FAILED	send login_reply(), then close
 *	LOGIN_DROP	close; there is no reply
 *	LOGIN_WAIT	the environment is at it; read nothing until it calls
 *			login_resume(), whose verdict is DONE or FAILED
 *
 * No login holds more than LOGIN_TEXT_MAX bytes of a peer, nor answers more
 * than LOGIN_REQUESTS_MAX requests; how long they may take is the caller's to
 * limit. There are no locks and no globals: a login belongs to one thread.
 */
#ifndef ENGINE_LOGIN_H
#define ENGINE_LOGIN_H

#include "auth.h"
#include "chap.h"
#include "core_os.h"
#include "iscsi_neg.h"
#include "iscsi_proto.h"

/* The default MaxRecvDataSegmentLength holds throughout login (6.3). */
#define LOGIN_DATA_MAX	   8192
#define LOGIN_TEXT_MAX	   (64 * 1024)	/* 6.1: of all requests */
#define LOGIN_REQUESTS_MAX 64
#define LOGIN_EMPTY_MAX	   16		/* exchanges that settle nothing */
#define LOGIN_ADDRESS_MAX  (255 + 8)	/* a name or address, and a port */

enum login_verdict {
	LOGIN_CONTINUE,
	LOGIN_DONE,
	LOGIN_FAILED,
	LOGIN_DROP,
	LOGIN_WAIT,
};

/* What the environment offers an initiator; preset with our defaults. */
struct login_offer {
	struct iscsi_params params;
	struct chap_algs algs;
	u16 portal_group;
	u32 window;		/* commands at a time, for MaxCmdSN; 1 */
	const char *alias;	/* TargetAlias, or NULL; outlives the login,
				   at most 255 bytes of UTF-8 */
};

/*
 * What is known of a connection, complete after LOGIN_DONE. Session
 * parameters are those of the leading connection: behind a TSIH that was not
 * zero, only header_digest, data_digest, max_recv and max_xmit are meant.
 */
struct login_result {
	const char *initiator;		/* these live as long as the login */
	const char *initiator_alias;	/* or "" */
	const char *target;		/* NULL: discovery without one */
	bool discovery;
	bool leading;			/* TSIH was 0: a new session */
	bool authenticated;		/* by CHAP */
	u8 isid[6];
	u16 tsih;			/* asked for; then what reserve() set */
	u16 cid;
	struct iscsi_params params;
	/*
	 * Command numbers: of the request, and a window from there. For a
	 * session that exists, reserve() puts in what holds there.
	 */
	u32 exp_cmd_sn;
	u32 max_cmd_sn;
	u32 stat_sn;			/* of the next response */
};

struct login;

/*
 * The environment. Statuses are enum iscsi_login_status, 0 for success.
 * @target is NULL for a discovery session that names none.
 */
struct login_ops {
	/*
	 * May @initiator have @target? NOT_FOUND, NOT_ALLOWED, ...; or
	 * MOVED_TEMP, MOVED_PERM with the other's address, as 13.8 has it but
	 * without a portal group, in @address of LOGIN_ADDRESS_MAX bytes.
	 */
	int (*find_target)(void *env, const char *target,
			   const char *initiator, char *address);
	/*
	 * How must @initiator authenticate itself: by *@entry, which outlives
	 * the login, or not at all (NULL)? A status denies the login.
	 */
	int (*auth)(void *env, const char *initiator, const char *target,
		    const struct auth_entry **entry);
	/* Optional: change the presets. */
	void (*offer)(void *env, const char *target,
		      struct login_offer *offer);
	/*
	 * Login is complete but for the session: make one, reinstate one
	 * (TSIH 0), or add or reinstate a connection of one (6.3.5, 6.3.4), by
	 * what is in login_result(), and set tsih there. 0, a status
	 * (NO_SESSION, TOO_MANY_CONNS, ...), or LOGIN_RESERVE_WAIT:
	 * login_resume() will be called, but not from here.
	 */
	int (*reserve)(void *env, struct login *login);
};

#define LOGIN_RESERVE_WAIT (-1)

/* NULL: out of memory. */
struct login *login_alloc(const struct login_ops *ops, void *env);
void login_free(struct login *login);	/* or NULL */

/*
 * Look at a request's header before its data is read. CONTINUE: what follows
 * is at most LOGIN_DATA_MAX bytes of data (no additional header segments, no
 * digests) and is login_request()'s. Anything else is the verdict.
 */
enum login_verdict login_header(struct login *login,
				const struct iscsi_bhs *bhs);

/* Take a request with its @len bytes of data, padding not included. */
enum login_verdict login_request(struct login *login,
				 const struct iscsi_bhs *bhs,
				 const void *data, size_t len);

/* The reservation that was waited for has come about (0) or not (status). */
enum login_verdict login_resume(struct login *login, int status);

/* What to send: 48 bytes, then data, to be padded to words. */
struct login_reply {
	struct iscsi_bhs bhs;
	const void *data;
	size_t len;
};

/* Valid until the next request. */
const struct login_reply *login_reply(const struct login *login);

struct login_result *login_result(struct login *login);

/* Why it failed, in one line for a log; "" if it did not. */
const char *login_error(const struct login *login);

#endif
