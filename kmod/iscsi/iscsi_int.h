/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: what the files of full feature phase share.
 */
#ifndef ISCSI_INT_H
#define ISCSI_INT_H

#include "iscsi.h"
#include "seg.h"

/* A solicited sequence of Data-Out PDUs. */
struct iscsi_r2t {
	u32 ttt;
	u32 off;
	u32 len;
	u32 got;
	u32 data_sn;		/* that the next PDU must have */
	bool sent;		/* the R2T PDU was built */
};

/*
 * A SCSI command. While its Data-Out comes in it is ours (receiving); then
 * the core's, until respond() brings it back.
 */
struct iscsi_task {
	struct scst_task task;
	struct iscsi_session *sess;
	struct iscsi_conn *conn;	/* its allegiance; NULL: gone */
	u16 cid;			/* of that */
	struct list_head link;		/* sess->tasks */
	struct hlist_node hash;		/* sess->by_itt */
	struct core_work work;
	struct iscsi_tx_item item;	/* Data-In and response */
	struct iscsi_tx_item r2t_item;
	u32 itt;
	bool immediate;		/* the command's I bit */
	bool counted;		/* in sess->nr_tasks */
	bool receiving;
	bool unsolicited;	/* unsolicited Data-Out may still come */
	bool r2t_queued;
	bool silent;		/* rejected: no response */
	enum scst_sense data_sense;	/* what went wrong with Data-Out */

	u32 unsolicited_got;
	u32 unsolicited_sn;
	u32 received;		/* Data-Out bytes in the buffer, in order */
	u32 solicited;		/* Data-Out bytes asked for so far */
	u32 r2t_sn;
	u8 r2t_first, r2t_count;
	struct iscsi_r2t r2t[ISCSI_MAX_R2T];

	u32 sent;		/* Data-In bytes built */
	u32 data_sn;
	u32 burst;		/* ... in the sequence at hand */
	u8 *long_cdb;
	u8 sense[2 + SCST_SENSE_MAX + 256];
};

/* A response without a task: header and data in one. */
struct iscsi_ctrl {
	struct iscsi_tx_item item;
	struct iscsi_bhs bhs;
	bool takes_stat_sn;
	bool close;		/* the connection, once this is sent */
	bool cold_reset;
	u32 len;
	u8 data[];
};

/* More control responses than this waiting, and we stop listening. */
#define ISCSI_CTRL_MAX 128
#define ISCSI_CTRL_BYTES (1u << 20)
/* Immediate commands beyond the window (RFC 7143 4.2.2.1). */
#define ISCSI_IMMEDIATE_MAX 32
/* Task management functions of a session under way; others are rejected. */
#define ISCSI_TMF_MAX 64
/* Text of one request or response, over all its PDUs. */
#define ISCSI_TEXT_MAX (64u << 10)

/* iscsi_rx.c */
void iscsi_rx_into_task(struct iscsi_conn *conn, struct iscsi_task *task,
			u32 off);
void iscsi_rx_into(struct iscsi_conn *conn, void *buf);
void iscsi_rx_forget(struct iscsi_conn *conn, const struct iscsi_task *task);
void iscsi_rx_resume(struct iscsi_conn *conn);

/* iscsi_tx.c */
void iscsi_tx_queue(struct iscsi_conn *conn, struct iscsi_tx_item *item);
void iscsi_tx_purge(struct iscsi_conn *conn);
struct iscsi_ctrl *iscsi_ctrl_alloc(struct iscsi_conn *conn, u8 opcode,
				    u32 len);
void iscsi_ctrl_queue(struct iscsi_conn *conn, struct iscsi_ctrl *ctrl);
/* StatSN (advanced when @takes), ExpCmdSN and MaxCmdSN of a response. */
void iscsi_tx_numbers(struct iscsi_conn *conn, struct iscsi_bhs *bhs,
		      bool takes);

/* iscsi_pdu.c */
/* A header is complete: decide what becomes of the data segment. */
void iscsi_pdu_header(struct iscsi_conn *conn);
/* ... and the whole PDU; @digest_ok tells of the data digest. */
void iscsi_pdu_end(struct iscsi_conn *conn, bool digest_ok);
void iscsi_drop(struct iscsi_conn *conn, const char *why);
void iscsi_reject(struct iscsi_conn *conn, u8 reason);

/* iscsi_cmd.c */
void iscsi_cmd_header(struct iscsi_conn *conn);
void iscsi_cmd_end(struct iscsi_conn *conn, bool digest_ok);
void iscsi_data_header(struct iscsi_conn *conn);
void iscsi_data_end(struct iscsi_conn *conn, bool digest_ok);
void iscsi_task_free(struct iscsi_task *task);
void iscsi_task_fail_data(struct iscsi_task *task);
void iscsi_task_responded(struct iscsi_task *task);
void iscsi_want_data_out(struct scst_task *stask);

/* iscsi_rsp.c */
void iscsi_respond(struct scst_task *stask);
extern const struct iscsi_tx_item_ops iscsi_task_item_ops;
extern const struct iscsi_tx_item_ops iscsi_r2t_item_ops;

/* iscsi_tmf.c */
void iscsi_tmf_request(struct iscsi_conn *conn);
void iscsi_tmf_done(struct scst_tmf *tmf);
void iscsi_tmf_forget(struct iscsi_conn *conn);
/* Those that the core has, without a word to the initiator. */
void iscsi_conn_abort_tasks(struct iscsi_conn *conn);

/* iscsi_logout.c */
void iscsi_logout_end(struct iscsi_conn *conn, bool digest_ok);
void iscsi_session_settle(struct iscsi_session *sess);

/* Something of the session has ended: is it what somebody waits for? */
static inline void iscsi_session_check(struct iscsi_session *sess)
{
	if (unlikely(sess->leaving))
		iscsi_session_settle(sess);
}

/* iscsi_textreq.c */
void iscsi_text_header(struct iscsi_conn *conn);
void iscsi_text_end(struct iscsi_conn *conn, bool digest_ok);
void iscsi_text_forget(struct iscsi_conn *conn);

/* iscsi_session.c */
void iscsi_session_get(struct iscsi_session *sess);
void iscsi_session_put(struct iscsi_session *sess);
/* Its I_T nexus is lost, if it is not yet. */
void iscsi_session_leave(struct iscsi_session *sess);
u32 iscsi_next_ttt(struct iscsi_session *sess);
void iscsi_session_advance(struct iscsi_session *sess);

static inline struct iscsi_task *iscsi_task_of(struct scst_task *stask)
{
	return container_of(stask, struct iscsi_task, task);
}

#endif
