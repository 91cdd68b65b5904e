/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the iSCSI target in full feature phase (RFC 7143), without I/O.
 *
 * Whoever owns the socket, an event loop of the embedded engine or the
 * kernel's target, carries bytes: it asks a connection where the next ones
 * shall go (iscsi_rx_want(), iscsi_rx_done(), or iscsi_rx_feed() from a
 * buffer of its own) and what to send (iscsi_tx_gather(), iscsi_tx_sent()).
 * Everything else, from header to SCSI task and back, happens in here.
 *
 * Contexts: all calls for one session, its connections included, are made
 * from one context at a time, "the session's". What the core reports from
 * elsewhere is brought there by env->post().
 */
#ifndef ISCSI_H
#define ISCSI_H

#include "core_os.h"
#include "iscsi_params.h"
#include "iscsi_proto.h"
#include "iscsi_text.h"
#include "scst_target.h"
#include "work.h"

struct iscsi_conn;
struct iscsi_ctrl;
struct iscsi_session;

/* What full feature phase asks of its environment. */
struct iscsi_env_ops {
	/* Is the caller in the session's context already? */
	bool (*is_here)(const struct iscsi_session *sess);
	/*
	 * Run work->fn(work) there, in the order of the calls. Any context,
	 * also under a spinlock.
	 */
	void (*post)(struct iscsi_session *sess, struct core_work *work);
	/* There is something to send: gather when input is exhausted. */
	void (*want_tx)(struct iscsi_conn *conn);
	/* Reading was paused by iscsi_rx_paused() and may go on. */
	void (*resume_rx)(struct iscsi_conn *conn);
	/*
	 * The connection is over, @why for the log: call iscsi_conn_del()
	 * and close the socket; not from inside this call.
	 */
	void (*drop)(struct iscsi_conn *conn, const char *why);
	/*
	 * SendTargets: add TargetName and TargetAddress of @name, or, when it
	 * is NULL, of every target that the session's initiator may see.
	 */
	void (*send_targets)(struct iscsi_conn *conn, const char *name,
			     struct iscsi_text_buf *text);
	/*
	 * What iscsi_session_free_cid() waits for may have come about: ask it
	 * again, but not from inside this call.
	 */
	void (*cid_gone)(struct iscsi_session *sess);
	/* TARGET COLD RESET was answered: drop all sessions of the target. */
	void (*cold_reset)(struct iscsi_session *sess);
	/* The session's last reference is gone; its memory is free. */
	void (*session_gone)(struct iscsi_session *sess);
};

#define ISCSI_ITT_BUCKETS 64
#define ISCSI_MAX_R2T 8

struct iscsi_session {
	/* Set by the environment before iscsi_session_start(). */
	const struct iscsi_env_ops *env;
	struct kmem_cache *task_cache;	/* of ISCSI_TASK_SIZE objects */
	bool discovery;
	char initiator[ISCSI_NAME_MAX + 1];
	u8 isid[6];
	u16 tsih;
	u32 depth;		/* commands that may be outstanding */
	u32 exp_cmd_sn;
	struct iscsi_params params;	/* as negotiated by the first login */

	/* Own. */
	struct scst_nexus nexus;
	bool has_nexus;
	u32 max_cmd_sn;
	u32 nr_tasks;		/* commands without their response yet */
	u32 nr_immediate;	/* ... that came as immediate ones */
	u32 nr_tmfs;		/* functions, likewise */
	u32 next_ttt;
	struct list_head conns;
	struct list_head tasks;
	struct list_head tmfs;
	struct hlist_head by_itt[ISCSI_ITT_BUCKETS];
	struct core_work kick_work;
	struct core_work gone_work;
	atomic_t kicked;
	bool leaving;		/* somebody waits for connections to end */
	bool cid_wanted;	/* ... the environment */
	u32 holds;		/* logins that wait to join */
	u32 refs;		/* connections, nexus, functions, holds */
};

/* A PDU, or a run of them, that waits to be sent. */
struct iscsi_tx_item {
	struct list_head link;
	const struct iscsi_tx_item_ops *ops;
};

struct iscsi_tx_slot;

struct iscsi_tx_item_ops {
	/*
	 * Make the item's next PDU in @slot. True: there is more to come.
	 */
	bool (*build)(struct iscsi_conn *conn, struct iscsi_tx_item *item,
		      struct iscsi_tx_slot *slot);
	/*
	 * The item's last PDU was sent, or never will be (@sent false). NULL:
	 * the item may go once its last PDU is built.
	 */
	void (*end)(struct iscsi_conn *conn, struct iscsi_tx_item *item,
		    bool sent);
};

/* A PDU on its way: header and digest, data, padding and digest. */
struct iscsi_tx_slot {
	struct iscsi_bhs bhs;
	u8 digest[ISCSI_DIGEST_LEN];	/* behind bhs, sent with it */
	u8 tail[3 + ISCSI_DIGEST_LEN];
	u8 tail_len;
	bool last;			/* of its item */
	u32 data_len;
	u32 data_off;
	const struct core_seg *segs;
	u32 nr_segs;
	struct core_seg seg;
	struct iscsi_tx_item *item;
};

#define ISCSI_TX_SLOTS 64

enum iscsi_rx_state {
	ISCSI_RX_BHS,
	ISCSI_RX_AHS,		/* and the header digest */
	ISCSI_RX_DATA,
	ISCSI_RX_TAIL,		/* padding and data digest */
};

/* Longest additional header segments: TotalAHSLength is a byte of words. */
#define ISCSI_AHS_MAX (255 * 4)

struct iscsi_rx {
	enum iscsi_rx_state state;
	u32 off;		/* bytes of the state's part that are here */
	u32 len;		/* ... that there will be */
	u32 crc;
	bool paused;
	bool counted;		/* CmdSN to be taken when the PDU is over */
	bool ignored;		/* read and forgotten */
	/* Where the first @keep bytes of data go; the others nowhere. */
	u32 keep;
	const struct core_seg *segs;
	u32 nr_segs;
	u32 seg_off;
	struct core_seg seg;
	u8 *text;		/* data of text and NOP-Out requests */
	struct iscsi_task *task;	/* whose data it is */
	u8 tail[3 + ISCSI_DIGEST_LEN];
	u8 waste[512];		/* data that is read for its digest only */
	union {
		struct iscsi_bhs bhs;
		u8 header[ISCSI_BHS_LEN + ISCSI_AHS_MAX + ISCSI_DIGEST_LEN];
	};
};

struct iscsi_conn {
	/* Set by the environment before iscsi_conn_start(). */
	struct iscsi_session *sess;
	void *owner;
	u16 cid;
	u32 stat_sn;
	struct iscsi_params params;	/* digests, max_recv, max_xmit */
	u32 ping_interval;	/* seconds of silence before NOP-In, 0: off */
	u32 ping_timeout;

	/* Own. */
	struct list_head link;		/* sess->conns */
	bool closing;		/* takes nothing new, only Data-Out */
	bool dropped;
	bool leaving;		/* the session goes on without it */
	bool logout_all;	/* the session, not a connection */
	u16 logout_cid;
	struct iscsi_ctrl *logout;	/* a response that waits */
	struct iscsi_rx rx;

	struct list_head tx_items;
	u32 tx_head, tx_tail;	/* slots in use: [tail, head) */
	u32 tx_done;		/* bytes sent of the slot at tail */
	u32 nr_ctrl;		/* responses without a task that wait */
	u32 ctrl_bytes;
	struct iscsi_tx_slot tx[ISCSI_TX_SLOTS];

	/* Text negotiation that spans PDUs. */
	u8 *text_in;
	u32 text_in_len;
	u8 *text_out;
	u32 text_out_len, text_out_off;
	u32 text_itt;
	u32 text_ttt;		/* ISCSI_TAG_NONE: no exchange */

	u64 last_rx;		/* ns */
	u64 ping_sent;
	u32 ping_ttt;
};

/* Size of the objects in iscsi_session.task_cache. */
extern const size_t iscsi_task_size;

/* The operations to register targets with. */
extern const struct scst_target_ops iscsi_target_ops;

/*
 * Begin a session's full feature phase; for a normal one, on @tgt (-EACCES,
 * -ENOMEM as scst_nexus_add()).
 */
int iscsi_session_start(struct iscsi_session *sess, struct scst_target *tgt);

/*
 * Add a connection; @sess keeps it until iscsi_conn_del(). -ENOTCONN: nobody
 * joins @sess any more, as its last connection has logged out.
 */
int iscsi_conn_start(struct iscsi_conn *conn, u64 now);

/*
 * The connection is gone, for whatever reason. With the last one the session
 * ends (error recovery level 0), unless it is held: env->session_gone()
 * follows when its tasks have ended. If conn->leaving is not set, the caller
 * has to end the others, too.
 */
void iscsi_conn_del(struct iscsi_conn *conn);

/*
 * A login wants to join with @cid (6.3.4). True: it may. Otherwise a
 * connection that has it is dropped and its commands are ended;
 * env->cid_gone() follows.
 */
bool iscsi_session_free_cid(struct iscsi_session *sess, u16 cid);

/* Keep @sess, also without a connection, as long as a login waits to join. */
void iscsi_session_hold(struct iscsi_session *sess);
void iscsi_session_unhold(struct iscsi_session *sess);

/* Session of @nexus. */
struct iscsi_session *iscsi_nexus_session(struct scst_nexus *nexus);

/*
 * Where the next bytes go: fills @segs, at most @max; returns how many
 * elements, the bytes in *@len. Elements with a NULL address are for bytes to
 * discard (user space only). 0: reading is paused. What was asked for is good
 * until the next call of another function for the session.
 */
u32 iscsi_rx_want(struct iscsi_conn *conn, struct core_seg *segs, u32 max,
		  size_t *len);

/* @n of the bytes that iscsi_rx_want() asked for are there. */
void iscsi_rx_done(struct iscsi_conn *conn, size_t n);

/*
 * The same from a buffer: takes bytes until they are used up, reading is
 * paused or the connection dropped. Returns how many were taken.
 */
size_t iscsi_rx_feed(struct iscsi_conn *conn, const u8 *buf, size_t len);

/*
 * Payload bytes that are still to come for the PDU in hand; for a driver that
 * reads long ones right into place.
 */
static inline size_t iscsi_rx_payload(const struct iscsi_conn *conn)
{
	const struct iscsi_rx *rx = &conn->rx;

	return rx->state == ISCSI_RX_DATA && rx->off < rx->keep ?
	       rx->keep - rx->off : 0;
}

/* What to send next: at most @max elements; returns their number. */
u32 iscsi_tx_gather(struct iscsi_conn *conn, struct core_seg *segs, u32 max);
void iscsi_tx_sent(struct iscsi_conn *conn, size_t n);

/*
 * Time passes: pings a silent initiator and drops one that does not answer.
 * Returns when to call again, in ns of ktime_get_ns(); 0: never.
 */
u64 iscsi_conn_tick(struct iscsi_conn *conn, u64 now);

/* Ask the initiator to log out within @seconds (clause 11.9.1). */
void iscsi_conn_request_logout(struct iscsi_conn *conn, u16 seconds);

/* No command of the session is under way and nothing waits to be sent. */
bool iscsi_session_idle(const struct iscsi_session *sess);

#endif
