/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the target's side of a negotiation (RFC 7143 clauses 6.2 to 6.4).
 *
 * The same negotiator serves the Login Phase and the Text requests of the
 * Full Feature Phase. It is fed the pairs of one whole text (all PDUs up to
 * one without the C bit) at a time and writes the answers:
 *
 *	iscsi_neg_login()	or iscsi_neg_text(), once
 *	iscsi_neg_identify()	first text of a login only
 *	iscsi_neg_key()		for each pair of a text
 *	iscsi_neg_end()		behind the last pair of a text
 *	iscsi_neg_declare()	what we declare unasked, if it is due
 *	iscsi_neg_propose()	before login leaves the operational stage
 *
 * A struct iscsi_neg belongs to whoever negotiates; it points to nothing that
 * needs to be freed.
 */
#ifndef ISCSI_NEG_H
#define ISCSI_NEG_H

#include "iscsi_params.h"
#include "iscsi_proto.h"
#include "iscsi_text.h"

struct iscsi_neg {
	struct iscsi_params offer;
	struct iscsi_params result;
	u8 stage;		/* enum iscsi_stage; the owner moves it on */
	bool leading;		/* the first connection of a session */
	bool discovery;
	bool first;		/* in the first text of the login */
	char initiator[ISCSI_NAME_MAX + 1];
	char target[ISCSI_NAME_MAX + 1];	/* "": none was given */
	char alias[ISCSI_VALUE_MAX + 1];	/* InitiatorAlias */
	const char *why;	/* of the last error, for logs */

	/* Sets of keys, by their place in the table. */
	u64 seen;		/* the initiator has sent */
	u64 asked;		/* we have proposed; not answered yet */
	u64 awaited;		/* ... and an answer is not optional */

	u32 offered_burst;	/* FirstBurstLength of this text, or 0 */
	u32 agreed_burst;	/* ... as it was answered, or 0 */
	bool tag_declared;
	bool alias_declared;
	bool recv_declared;
};

/* Begin the negotiation of a login. The caller sets @stage when it knows. */
void iscsi_neg_login(struct iscsi_neg *n, bool leading);

/* Begin one in the Full Feature Phase of a connection that runs with @now. */
void iscsi_neg_text(struct iscsi_neg *n, const struct iscsi_params *now);

/*
 * From the first text of a login: who wants what of whom (6.3). Sets
 * @initiator, @target and @discovery, which all else depends on, wherever in
 * the text they are; iscsi_neg_key() still wants to see all pairs. Set @offer
 * after this.
 */
enum iscsi_login_status iscsi_neg_identify(struct iscsi_neg *n,
					   const void *text, size_t len);

/*
 * Take one pair and answer it in @reply. 0; or ISCSI_NEG_ELSEWHERE: the key
 * is legal here, the caller deals with it (security keys, SendTargets); or
 * -EPROTO: a protocol error, @why says which; or -ENOSPC.
 */
#define ISCSI_NEG_ELSEWHERE 1
int iscsi_neg_key(struct iscsi_neg *n, const struct iscsi_pair *pair,
		  struct iscsi_text_buf *reply);

/* A text is complete: answer what depends on other keys. 0 or -ENOSPC. */
int iscsi_neg_end(struct iscsi_neg *n, struct iscsi_text_buf *reply);

/*
 * Declare what is due: TargetPortalGroupTag the first time, @alias the first
 * time that it is not NULL, MaxRecvDataSegmentLength in the operational
 * stage. 0 or -ENOSPC.
 */
int iscsi_neg_declare(struct iscsi_neg *n, u16 portal_group,
		      const char *alias, struct iscsi_text_buf *reply);

/*
 * The initiator has nothing to add. Where the RFC's default would hold and
 * @offer forbids it (HeaderDigest, DataDigest, ImmediateData,
 * FirstBurstLength), propose something else. Returns the number of proposals
 * that it made, or -EPROTO: the initiator has turned ours down, or -ENOSPC.
 */
int iscsi_neg_propose(struct iscsi_neg *n, struct iscsi_text_buf *reply);

/* Does nothing that we proposed await an answer? */
static inline bool iscsi_neg_settled(const struct iscsi_neg *n)
{
	return !n->awaited;
}

/* Could the login end here: does @offer allow what now holds? */
bool iscsi_neg_acceptable(const struct iscsi_neg *n);

#endif
