/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: a PERSISTENT RESERVE OUT command while its service action runs,
 * under dev->lock, for spc_pr_out.c and spc_pr_preempt.c.
 *
 * A service action either changes the state and returns true, or changes
 * nothing and returns false with the outcome in here.
 */
#ifndef SPC_PR_OUT_H
#define SPC_PR_OUT_H

#include "spc_pr.h"
#include "scst_core.h"

struct spc_pr_out {
	struct scst_cmd *cmd;
	struct scst_device *dev;
	struct spc_pr *pr;
	struct scst_itl *itl;
	struct scst_nexus *nexus;

	/* What it asks for. */
	u8 action;
	u8 scope, type;
	u64 key;
	u64 sa_key;		/* SERVICE ACTION RESERVATION KEY */
	bool spec_i_pt, all_tg_pt, aptpl, unreg;
	u16 port;		/* RELATIVE TARGET PORT IDENTIFIER */
	const u8 *tids;		/* TransportIDs, from byte @tids_at on */
	u32 tids_at, tids_len;

	/* What became of it. */
	bool abort;		/* itl->preempted is set */
	bool unchanged;		/* true was returned nevertheless */
	u8 status;		/* other than GOOD and CHECK CONDITION */
	enum scst_sense sense;
	u16 field;		/* SENSE_INVALID_FIELD_IN_PARAM: byte */
};

static inline bool pr_conflict(struct spc_pr_out *out)
{
	out->status = SCSI_RESERVATION_CONFLICT;
	return false;
}

static inline bool pr_fail(struct spc_pr_out *out, enum scst_sense sense)
{
	out->sense = sense;
	return false;
}

static inline bool pr_bad_param(struct spc_pr_out *out, u16 byte)
{
	out->field = byte;
	return pr_fail(out, SENSE_INVALID_FIELD_IN_PARAM);
}

/* Is the command from a registrant, and does it know the key? */
static inline bool pr_key_matches(const struct spc_pr_out *out)
{
	return out->itl->reg && out->itl->reg->key == out->key;
}

/* spc_pr_preempt.c */
bool spc_pr_clear(struct spc_pr_out *out);
bool spc_pr_preempt(struct spc_pr_out *out);

/* spc_pr_reg.c */
bool spc_pr_register(struct spc_pr_out *out);
bool spc_pr_register_and_move(struct spc_pr_out *out);

#endif
