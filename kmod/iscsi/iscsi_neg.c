// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: the target's side of a negotiation (RFC 7143 clauses 6.2 to 6.4).
 *
 * Which key may come when, and what becomes of its value, is in the table of
 * iscsi_params.c; here are the rules that this table speaks of.
 *
 * Invariant: result.first_burst <= result.max_burst after iscsi_neg_end().
 */
#include "iscsi_keys.h"
#include "iscsi_neg.h"

void iscsi_neg_login(struct iscsi_neg *n, bool leading)
{
	memset(n, 0, sizeof(*n));
	iscsi_params_offer(&n->offer);
	iscsi_params_defaults(&n->result);
	n->leading = leading;
}

void iscsi_neg_text(struct iscsi_neg *n, const struct iscsi_params *now)
{
	memset(n, 0, sizeof(*n));
	n->offer = *now;
	n->result = *now;
	n->stage = ISCSI_STAGE_FULL;
}

static int neg_error(struct iscsi_neg *n, const char *why)
{
	n->why = why;
	return -EPROTO;
}

static enum iscsi_login_status neg_refuse(struct iscsi_neg *n,
					  enum iscsi_login_status status,
					  const char *why)
{
	n->why = why;
	return status;
}

static bool take_name(char *to, const struct iscsi_pair *pair)
{
	if (!iscsi_name_valid(pair->value))
		return false;
	memcpy(to, pair->value, pair->len + 1);
	return true;
}

static enum iscsi_login_status neg_identity(struct iscsi_neg *n,
					    const struct iscsi_pair *pair)
{
	if (!strcmp(pair->key, "InitiatorName")) {
		if (!take_name(n->initiator, pair))
			return neg_refuse(n, ISCSI_LOGIN_INITIATOR_ERROR,
					  "InitiatorName is not a name");
	} else if (!strcmp(pair->key, "TargetName")) {
		if (!take_name(n->target, pair))
			return neg_refuse(n, ISCSI_LOGIN_NOT_FOUND,
					  "TargetName is not a name");
	} else if (!strcmp(pair->key, "SessionType")) {
		n->discovery = !strcmp(pair->value, "Discovery");
		if (!n->discovery && strcmp(pair->value, "Normal"))
			return neg_refuse(n, ISCSI_LOGIN_BAD_SESSION_TYPE,
					  "unknown SessionType");
	}
	return ISCSI_LOGIN_OK;
}

enum iscsi_login_status iscsi_neg_identify(struct iscsi_neg *n,
					   const void *text, size_t len)
{
	enum iscsi_login_status status;
	struct iscsi_text t;
	struct iscsi_pair pair;
	int err;

	n->first = true;
	iscsi_text_init(&t, text, len);
	while ((err = iscsi_text_next(&t, &pair)) > 0) {
		status = neg_identity(n, &pair);
		if (status)
			return status;
	}
	if (err)
		return neg_refuse(n, ISCSI_LOGIN_INITIATOR_ERROR,
				  "malformed text");
	if (!*n->initiator)
		return neg_refuse(n, ISCSI_LOGIN_MISSING_PARAM,
				  "no InitiatorName");
	if (!*n->target && !n->discovery)
		return neg_refuse(n, ISCSI_LOGIN_MISSING_PARAM,
				  "no TargetName");
	/* 13.21: a discovery session has one connection. */
	if (n->discovery && !n->leading)
		return neg_refuse(n, ISCSI_LOGIN_TOO_MANY_CONNS,
				  "further connection of a discovery session");
	return ISCSI_LOGIN_OK;
}

/* 6.2: words that are answers only. */
static bool is_reserved(const char *value)
{
	return !strcmp(value, "Reject") || !strcmp(value, "Irrelevant") ||
	       !strcmp(value, "NotUnderstood");
}

/*
 * 6.3 has names redeclared refused. But libiscsi, and with it QEMU, introduces
 * itself once more when its offer of CHAP was answered with None; as long as
 * it says the same, let it.
 */
static int neg_introduced(struct iscsi_neg *n, const struct iscsi_key *key,
			  const char *value)
{
	const char *known = n->discovery ? "Discovery" : "Normal";

	if (!strcmp(key->name, "InitiatorName"))
		known = n->initiator;
	else if (!strcmp(key->name, "TargetName"))
		known = n->target;
	return strcmp(value, known) ? neg_error(n, "redeclared") : 0;
}

/* May the initiator send @key now? (6.3, and "Use" of each key.) */
static int neg_legal(struct iscsi_neg *n, const struct iscsi_key *key,
		     const char *value)
{
	u8 here = n->stage == ISCSI_STAGE_FULL ? IN_FULL :
		  n->stage == ISCSI_STAGE_OPERATIONAL ? IN_OPERATIONAL :
		  IN_SECURITY;

	if (key->kind == K_FORBIDDEN)
		return neg_error(n, "not for an initiator to send");
	if (!(key->use & here))
		return neg_error(n, "not allowed in this stage");
	if (key->use & IN_FIRST && !n->first)
		return neg_introduced(n, key, value);
	if (key->use & ON_LEADING && !n->leading)
		return neg_error(n, "for the leading connection only");
	if (n->seen & iscsi_key_bit(key))
		return neg_error(n, "sent twice");
	if (is_reserved(value))
		return neg_error(n, n->asked & iscsi_key_bit(key) ?
				 "turned down" : "reserved value");
	return 0;
}

/* The answer to a proposal of ours. */
static int neg_answer(struct iscsi_neg *n, const struct iscsi_key *key,
		      const char *value)
{
	u32 v;

	n->asked &= ~iscsi_key_bit(key);
	n->awaited &= ~iscsi_key_bit(key);
	if (key->kind == K_DIGEST) {
		v = strchr(value, ',') ? 0 :
		    iscsi_digest_select(value, iscsi_param_get(&n->offer, key));
		if (!v)
			return neg_error(n, "not what was proposed");
	} else if (iscsi_key_parse(key, value, &v) ||
		   v > iscsi_param_get(&n->offer, key)) {
		return neg_error(n, "not what was proposed");
	}
	iscsi_param_put(&n->result, key, v);
	if (key->kind == K_FIRST_BURST)
		n->agreed_burst = v;
	return 0;
}

static int neg_digest(struct iscsi_neg *n, const struct iscsi_key *key,
		      const char *value, struct iscsi_text_buf *reply)
{
	u8 v = iscsi_digest_select(value, iscsi_param_get(&n->offer, key));

	if (!v)
		return iscsi_text_add(reply, key->name, "Reject");
	iscsi_param_put(&n->result, key, v);
	return iscsi_text_add(reply, key->name, "%s", iscsi_digest_name(v));
}

/* 6.2.2: what is not admissible is rejected and leaves all as it was. */
static int neg_value(struct iscsi_neg *n, const struct iscsi_key *key,
		     const char *value, struct iscsi_text_buf *reply)
{
	u32 ours = iscsi_param_get(&n->offer, key), v;

	if (iscsi_key_parse(key, value, &v))
		return iscsi_text_add(reply, key->name, "Reject");
	if (key->kind == K_FIRST_BURST) {
		n->offered_burst = v;	/* answered by iscsi_neg_end() */
		return 0;
	}
	v = key->kind == K_MAX || key->kind == K_OR ?
		max(v, ours) : min(v, ours);
	/* A FirstBurstLength that was agreed on before must not exceed it. */
	if (key->kind == K_MAX_BURST && v < n->agreed_burst)
		return iscsi_text_add(reply, key->name, "Reject");
	iscsi_param_put(&n->result, key, v);
	if (key->kind == K_AND || key->kind == K_OR)
		return iscsi_text_add(reply, key->name, v ? "Yes" : "No");
	return iscsi_text_add(reply, key->name, "%u", v);
}

/* MaxRecvDataSegmentLength is a declaration and gets no answer (13.12). */
static int neg_recv(struct iscsi_neg *n, const struct iscsi_key *key,
		    const char *value)
{
	u32 v;

	if (iscsi_key_parse(key, value, &v))
		return neg_error(n, "no such length");
	n->result.max_xmit = v;
	return 0;
}

/* 13.23: tasks end the way of RFC 3720 (4.2.3.3), which is the default. */
static int neg_reporting(const struct iscsi_key *key, const char *value,
			 struct iscsi_text_buf *reply)
{
	static const char *const ours[] = { "RFC3720" };

	if (iscsi_list_select(value, ours, ARRAY_SIZE(ours)) < 0)
		return iscsi_text_add(reply, key->name, "Reject");
	return iscsi_text_add(reply, key->name, "RFC3720");
}

int iscsi_neg_key(struct iscsi_neg *n, const struct iscsi_pair *pair,
		  struct iscsi_text_buf *reply)
{
	const struct iscsi_key *key = iscsi_key_find(pair->key);
	int err;

	if (!key && is_reserved(pair->value))
		return neg_error(n, "reserved value");
	if (!key)
		return iscsi_text_add(reply, pair->key, "NotUnderstood");
	err = neg_legal(n, key, pair->value);
	if (err)
		return err;

	n->seen |= iscsi_key_bit(key);
	if (n->asked & iscsi_key_bit(key))
		return neg_answer(n, key, pair->value);
	if (key->use & IN_NORMAL && n->discovery)
		return iscsi_text_add(reply, key->name, "Irrelevant");

	switch (key->kind) {
	case K_DIGEST:
		return neg_digest(n, key, pair->value, reply);
	case K_RECV:
		return neg_recv(n, key, pair->value);
	case K_REPORTING:
		return neg_reporting(key, pair->value, reply);
	case K_OBSOLETE:
		return iscsi_text_add(reply, key->name, "Reject");
	case K_ALIAS:
		strscpy(n->alias, pair->value, sizeof(n->alias));
		return 0;
	case K_IDENTITY:
	case K_IGNORED:
		return 0;
	case K_ELSEWHERE:
		return ISCSI_NEG_ELSEWHERE;
	default:
		return neg_value(n, key, pair->value, reply);
	}
}

static bool unsolicited(const struct iscsi_params *p)
{
	return !p->initial_r2t || p->immediate_data;
}

int iscsi_neg_end(struct iscsi_neg *n, struct iscsi_text_buf *reply)
{
	struct iscsi_params *r = &n->result;
	u32 offered = n->offered_burst;
	int err = 0;

	n->first = false;
	n->offered_burst = 0;
	if (offered && !unsolicited(r)) {
		err = iscsi_text_add(reply, "FirstBurstLength", "Irrelevant");
	} else if (offered) {
		r->first_burst = min3(offered, n->offer.first_burst,
				      r->max_burst);
		n->agreed_burst = r->first_burst;
		err = iscsi_text_add(reply, "FirstBurstLength", "%u",
				     r->first_burst);
	}
	r->first_burst = min(r->first_burst, r->max_burst);
	/* 13.19: recovery can repeat but the last R2T of a sequence. */
	if (r->error_recovery_level && r->data_sequence_in_order)
		r->max_outstanding_r2t = 1;
	return err;
}

int iscsi_neg_declare(struct iscsi_neg *n, u16 portal_group,
		      const char *alias, struct iscsi_text_buf *reply)
{
	int err;

	/* 13.9: in the first response, whenever TargetName was given. */
	if (!n->tag_declared && *n->target) {
		err = iscsi_text_add(reply, "TargetPortalGroupTag", "%u",
				     portal_group);
		if (err)
			return err;
	}
	n->tag_declared = true;
	/* 13.6: worth saying in normal sessions. */
	if (!n->alias_declared && alias && !n->discovery) {
		err = iscsi_text_add(reply, "TargetAlias", "%s", alias);
		if (err)
			return err;
		n->alias_declared = true;
	}
	if (n->recv_declared || n->stage != ISCSI_STAGE_OPERATIONAL)
		return 0;
	err = iscsi_text_add(reply, "MaxRecvDataSegmentLength", "%u",
			     n->offer.max_recv);
	if (err)
		return err;
	n->result.max_recv = n->offer.max_recv;
	n->recv_declared = true;
	return 0;
}

/* Of a key that we insist on: does our offer allow what now holds? */
static bool key_acceptable(const struct iscsi_neg *n,
			   const struct iscsi_key *key)
{
	u32 offer = iscsi_param_get(&n->offer, key);
	u32 now = iscsi_param_get(&n->result, key);

	if (n->discovery && key->use & IN_NORMAL)
		return true;
	/* What is of the session was settled when it began. */
	if (!n->leading && key->use & ON_LEADING)
		return true;
	if (key->kind == K_DIGEST)
		return now & offer;
	if (key->kind == K_FIRST_BURST && !unsolicited(&n->result))
		return true;
	return now <= offer;
}

bool iscsi_neg_acceptable(const struct iscsi_neg *n)
{
	const struct iscsi_key *key;

	for (key = iscsi_keys; key->name; key++)
		if (key->use & WE_INSIST && !key_acceptable(n, key))
			return false;
	return true;
}

static int neg_propose(struct iscsi_neg *n, const struct iscsi_key *key,
		       struct iscsi_text_buf *reply)
{
	u32 v = iscsi_param_get(&n->offer, key);

	n->asked |= iscsi_key_bit(key);
	if (key->kind == K_AND) {
		/* 6.2.2: No decides an AND, with an answer or without. */
		iscsi_param_put(&n->result, key, false);
		return iscsi_text_add(reply, key->name, "No");
	}
	n->awaited |= iscsi_key_bit(key);
	if (key->kind == K_DIGEST)
		return iscsi_text_add(reply, key->name, "%s",
				      iscsi_digest_name(v));
	return iscsi_text_add(reply, key->name, "%u", v);
}

int iscsi_neg_propose(struct iscsi_neg *n, struct iscsi_text_buf *reply)
{
	const struct iscsi_key *key;
	int nr = 0, err;

	for (key = iscsi_keys; key->name; key++) {
		if (!(key->use & WE_INSIST) || key_acceptable(n, key) ||
		    n->asked & iscsi_key_bit(key))
			continue;
		if (n->seen & iscsi_key_bit(key))
			return neg_error(n, "nothing that we could agree on");
		err = neg_propose(n, key, reply);
		if (err)
			return err;
		nr++;
	}
	return nr;
}
