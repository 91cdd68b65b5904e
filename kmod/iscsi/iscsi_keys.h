/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the table of keys (RFC 7143 clause 13), shared by what sets
 * parameters and what negotiates them. Not for others to include.
 */
#ifndef ISCSI_KEYS_H
#define ISCSI_KEYS_H

#include "iscsi_params.h"

enum key_kind {
	K_AND,		/* booleans, by result function */
	K_OR,
	K_MIN,		/* numbers, likewise */
	K_MAX,
	K_MAX_BURST,		/* minimum, tied to each other */
	K_FIRST_BURST,
	K_DIGEST,
	K_REPORTING,
	K_RECV,		/* declared by each side */
	K_ALIAS,
	K_IDENTITY,		/* taken by iscsi_neg_identify() */
	K_IGNORED,
	K_OBSOLETE,
	K_ELSEWHERE,
	K_FORBIDDEN,		/* never from an initiator */
};

/* Where a key may be sent (clause 13: IO, LO, ALL, FFPO, Any-Stage). */
enum key_use {
	IN_SECURITY	= 1 << 0,
	IN_OPERATIONAL	= 1 << 1,
	IN_FULL		= 1 << 2,
	IN_LOGIN	= IN_SECURITY | IN_OPERATIONAL,
	IN_ANY		= IN_LOGIN | IN_FULL,
	IN_FIRST	= 1 << 3,	/* in the first text of a login */
	IN_NORMAL	= 1 << 4,	/* irrelevant in discovery sessions */
	ON_LEADING	= 1 << 5,	/* only on the leading connection */
	WE_INSIST	= 1 << 6,	/* on our offer, against the default */
	IS_FIXED	= 1 << 7,	/* says what this target can do */
	UP_TO_OURS	= 1 << 8,	/* ... and how much of it */
	LO		= IN_OPERATIONAL | ON_LEADING,
	LO_NORMAL	= LO | IN_NORMAL,
};

struct iscsi_key {
	const char *name;
	u8 kind;
	u16 use;
	u8 offset;	/* of a field in struct iscsi_params, if @size */
	u8 size;
	u32 min;
	u32 max;
	u32 initial;	/* the RFC's default */
	u32 ours;
};

/* Up to one without a name; at most 64, for sets of keys are u64. */
extern const struct iscsi_key iscsi_keys[];

static inline u64 iscsi_key_bit(const struct iscsi_key *key)
{
	return 1ULL << (key - iscsi_keys);
}

const struct iscsi_key *iscsi_key_find(const char *name);

/* The field of @key, which has one. */
u32 iscsi_param_get(const struct iscsi_params *p, const struct iscsi_key *key);
void iscsi_param_put(struct iscsi_params *p, const struct iscsi_key *key,
		     u32 value);

/* A boolean or a number in @key's range: 0, -EINVAL or -ERANGE. */
int iscsi_key_parse(const struct iscsi_key *key, const char *value, u32 *v);

/* The first of @list that @mask (enum iscsi_digest) has; 0: none of it. */
u8 iscsi_digest_select(const char *list, u8 mask);
const char *iscsi_digest_name(u8 digest);

#endif
