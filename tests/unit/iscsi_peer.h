/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: an initiator, the owner of its socket and a disk, for tests of iSCSI
 * full feature phase.
 *
 * The initiator makes PDUs and takes answers apart; what every answer has to
 * keep to (sequence numbers, windows, digests, padding, lengths) is checked
 * as it comes in. Bytes go in by one of several ways (enum feed) and come out
 * in pieces, so that no test depends on how a stream is cut.
 *
 * Everything stands still until pump() is called, which put() does: then
 * posted work runs, and what the target has to say is taken. No threads.
 */
#ifndef ISCSI_PEER_H
#define ISCSI_PEER_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "iscsi.h"
#include "iscsi_int.h"
#include "scst.h"
#include "scst_core.h"

#define BLOCK	   512u
#define DISK_BYTES (1u << 20)
#define FIRST_SN   0xfffffff0u	/* it wraps soon */

/* How bytes get to the connection. */
enum feed {
	FEED_WHOLE,
	FEED_BYTES,		/* one at a time */
	FEED_RANDOM,
	FEED_WANT,		/* where iscsi_rx_want() wants them */
	FEED_WANT_BYTES,
	FEED_MODES,
};

/* An answer. */
struct pdu {
	struct list_head link;
	struct iscsi_bhs bhs;
	u32 len;
	u8 data[];
};

/* One connection of the session, and its bytes on their way. */
struct wire {
	struct iscsi_conn *conn;	/* NULL: deleted */
	u16 cid;
	u8 *in;			/* to the target, not taken yet */
	size_t in_len;
	u8 *out;		/* from the target, not a whole PDU yet */
	size_t out_len;
	size_t mute_after;	/* bytes; what follows is lost */
	bool deaf;		/* the initiator does not read */
	bool dropped;
	const char *why;
	u32 stat_sn;		/* that is expected next */
	struct list_head pdus;
	u32 nr_resumed;
};

struct peer {
	/* Before peer_login(). */
	struct iscsi_params params;
	u32 depth;
	bool discovery;
	enum feed feed;
	u32 gather_max;		/* elements that the driver offers */
	u32 sent_max;		/* bytes that the socket takes at once */

	/* The target's side. */
	struct scst_ctx *ctx;
	struct scst_target *tgt;
	struct scst_group *grp;
	struct scst_device *dev;
	struct kmem_cache *cache;
	struct iscsi_session *sess;	/* NULL: gone */
	struct llist_head inbox;
	bool elsewhere;		/* the core's calls come from other threads */
	u32 cold_resets, cids_gone;

	/* The disk. */
	u8 *mem;
	bool hold;		/* commands wait for complete() */
	struct list_head held;
	u32 seg_size;
	u32 fail_allocs;
	const char *fail_data;	/* Data-In that goes with a failure */
	u32 nr_buffers, nr_executed;

	/* The initiator's. */
	struct wire wire[2];
	struct wire *w;		/* the one that is used now */
	u32 cmd_sn, itt;
	u32 exp_cmd_sn, max_cmd_sn;	/* as the target said last */
	u64 rng;

	/* What is wrong with the next PDU. */
	bool bad_header_digest, bad_data_digest;
	const u8 *ahs;
	u32 ahs_len;
	long live;
};

extern struct peer p;

/* Target and disk; parameters are those of a typical login. */
void peer_up(void);
void peer_login(void);
/* ... at once */
void peer_ready(void);
/* A further connection, which becomes the one in use. */
void peer_connect(void);
void peer_disconnect(void);
/* Whatever is under way: it must all go. */
void peer_down(void);

u32 rnd(u32 below);

/* ---- PDUs ---------------------------------------------------------------- */

/* A request with the next CmdSN, not yet counted, and a new tag. */
struct iscsi_bhs request(u8 opcode);
/* Logout, for @reason, of the connection @cid. */
struct iscsi_bhs logout(u8 reason, u16 cid);
/* Its bytes, without any thought; @len bytes of data. */
void put_pdu(struct iscsi_bhs bhs, const void *data, u32 len);
/* ... which counts if it is a command that is numbered. */
void put(struct iscsi_bhs bhs, const void *data, u32 len);
/* Into the stream, whatever they are. */
void put_bytes(const void *buf, size_t len);
void pump(void);
/* Take what the target would send at once, however deaf we are. */
bool take_once(void);

/* The next answer, which must be of this kind; stays valid. */
const struct pdu *answer(u8 opcode);
/* There is none. */
void no_answer(void);
u32 nr_answers(void);

/* ---- Commands -------------------------------------------------------------- */

struct iscsi_bhs scsi(u8 op, u32 lba, u16 blocks, u8 dir, u32 expected);
/* READ and WRITE of whole blocks; the tag. No data is sent with it. */
u32 cmd_read(u32 lba, u16 blocks);
u32 cmd_write(u32 lba, u16 blocks);
u32 cmd_none(void);

/* A Data-Out PDU. */
struct iscsi_bhs data_out(u32 itt, u32 ttt, u32 data_sn, u32 offset,
			  bool final);

/*
 * Write @len bytes to block 0 as the parameters allow: immediate, unsolicited
 * and solicited data, in PDUs of at most @pdu bytes. The response.
 */
const struct pdu *write_all(const void *buf, u32 len, u32 pdu);
/* Read them back, and check every Data-In; the data. */
const u8 *read_all(u32 len);

/* Task management; the tag of the request. */
u32 manage(u8 fn, u32 ref_tag);
/* Its response is the next answer. */
void ck_tmf(u32 itt, u8 response);

/* ---- The disk --------------------------------------------------------------- */

void peer_disk_up(void);
/* Complete all that it holds. */
void peer_disk_release(void);
void peer_disk_down(void);

/* Complete what it holds, by tag; quietly: pump() comes later. */
void complete(u32 itt);
void complete_with(u32 itt, enum scst_sense sense);
void complete_quietly(u32 itt, enum scst_sense sense);
struct scst_cmd *held_cmd(u32 itt);

/* ---- Checks ----------------------------------------------------------------- */

/* A SCSI Response to @itt. */
const struct pdu *response(u32 itt, u8 status);
void ck_sense(u32 itt, enum scst_sense sense);
void ck_reject(u8 reason);
/* The connection was dropped, because of something with @why in it. */
void ck_dropped(const char *why);

#define ck_sn(field, value) ck_assert_uint_eq(be32_to_cpu(field), value)

int peer_main_ffp(const char *name, TCase *(*const tcases[])(void), u32 nr);

#endif
