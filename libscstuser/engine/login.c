// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the Login Phase as a function from request PDUs to response PDUs.
 *
 * A request passes through login_header() (may it be read?), login_begin()
 * or login_same() (does it belong to this login?), login_take() (whole
 * texts), login_text() (its keys) and login_respond() (the answer, and the
 * next stage if both sides want it). Each returns a login status, 0 to go on;
 * login_refuse() is where a status gets its reason.
 *
 * Answers collect in @out; what does not fit into one PDU goes out in parts
 * with the C bit, each asked for with an empty request (6.2).
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "login.h"

#define LOGIN_ANSWER_MAX (2 * LOGIN_DATA_MAX)

enum login_state {
	STATE_FRESH,		/* no request yet */
	STATE_RUNNING,
	STATE_WAITING,		/* for login_resume() */
	STATE_OVER,
};

/* Of the security stage, when there is an entry to authenticate by. */
enum auth_state {
	AUTH_START,
	AUTH_PROPOSED,		/* AuthMethod, by us */
	AUTH_CHOSEN,		/* CHAP; the initiator lists algorithms */
	AUTH_CHALLENGED,
	AUTH_DONE,
};

enum security_key {
	AUTH_METHOD,
	CHAP_A,
	CHAP_N,
	CHAP_R,
	CHAP_I,
	CHAP_C,
	NR_SECURITY_KEYS,
};

static const char *const security_keys[NR_SECURITY_KEYS] = {
	"AuthMethod", "CHAP_A", "CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C",
};

struct login {
	const struct login_ops *ops;
	void *env;
	enum login_state state;
	enum auth_state auth;
	const struct auth_entry *entry;		/* NULL: none required */
	struct login_offer offer;
	struct iscsi_neg neg;
	struct chap chap;
	bool identified;

	/* Of the first request; all others must have the same. */
	u8 session_id[8];		/* ISID, TSIH */
	__be32 itt;
	__be16 cid;

	unsigned int requests;
	unsigned int empty;		/* exchanges */
	size_t received;		/* bytes of text */
	char *text;			/* of requests with the C bit */
	size_t text_len;

	u32 stat_sn;			/* of the next response */
	struct login_result result;
	struct login_reply reply;
	char address[LOGIN_ADDRESS_MAX];	/* where the target is now */
	char error[256];
	size_t sent;			/* bytes of @out */
	struct iscsi_text_buf out;
	char out_data[LOGIN_ANSWER_MAX];
};

struct login *login_alloc(const struct login_ops *ops, void *env)
{
	struct login *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->ops = ops;
	l->env = env;
	l->out.data = l->out_data;
	l->out.size = sizeof(l->out_data);
	return l;
}

void login_free(struct login *l)
{
	if (!l)
		return;
	OPENSSL_cleanse(&l->chap, sizeof(l->chap));
	free(l->text);
	free(l);
}

const struct login_reply *login_reply(const struct login *l)
{
	return &l->reply;
}

struct login_result *login_result(struct login *l)
{
	return &l->result;
}

const char *login_error(const struct login *l)
{
	return l->error;
}

static int __printf(3, 4) login_refuse(struct login *l, int status,
				       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->error, sizeof(l->error), fmt, ap);
	va_end(ap);
	return status;
}

/* A protocol error without a status of its own (11.13.5). */
#define login_violation(l, ...) \
	login_refuse(l, ISCSI_LOGIN_INITIATOR_ERROR, __VA_ARGS__)

/* Fill in a response with the next @len bytes of the answer (11.13). */
static void login_send(struct login *l, u8 flags, int status, size_t len)
{
	struct iscsi_bhs *bhs = &l->reply.bhs;

	memset(bhs, 0, sizeof(*bhs));	/* versions: 0 is all there is */
	bhs->opcode = ISCSI_LOGIN_RSP;
	bhs->flags = flags;
	memcpy(bhs->lun, l->session_id, sizeof(bhs->lun));
	bhs->itt = l->itt;
	bhs->login_rsp.status = cpu_to_be16(status);
	if (!status) {
		bhs->login_rsp.stat_sn = cpu_to_be32(l->stat_sn++);
		bhs->login_rsp.exp_cmd_sn = cpu_to_be32(l->result.exp_cmd_sn);
		bhs->login_rsp.max_cmd_sn = cpu_to_be32(l->result.max_cmd_sn);
	}
	iscsi_set_data_len(bhs, len);
	l->reply.data = l->out.data + l->sent;
	l->reply.len = len;
	l->sent += len;
	if (l->sent == l->out.len)
		l->sent = l->out.len = 0;
}

static enum login_verdict login_fail(struct login *l, int status)
{
	l->state = STATE_OVER;
	l->sent = l->out.len = 0;
	if (status == ISCSI_LOGIN_MOVED_TEMP ||
	    status == ISCSI_LOGIN_MOVED_PERM)
		iscsi_text_add(&l->out, "TargetAddress", "%s", l->address);
	login_send(l, 0, status, l->out.len);
	return LOGIN_FAILED;
}

static enum login_verdict login_drop(struct login *l, const char *why)
{
	l->state = STATE_OVER;
	login_refuse(l, 0, "%s", why);
	return LOGIN_DROP;
}

enum login_verdict login_header(struct login *l, const struct iscsi_bhs *bhs)
{
	if (l->state == STATE_WAITING || l->state == STATE_OVER)
		return login_drop(l, "request out of turn");
	if (iscsi_opcode(bhs) != ISCSI_LOGIN_REQ) {
		/* 4.2.4: nothing is owed to who did not begin a login. */
		if (l->state == STATE_FRESH)
			return login_drop(l, "not a login request");
		login_refuse(l, 0, "opcode 0x%02x during login",
			     iscsi_opcode(bhs));
		return login_fail(l, ISCSI_LOGIN_INVALID_REQUEST);
	}
	if (l->state == STATE_FRESH) {
		memcpy(l->session_id, bhs->lun, sizeof(l->session_id));
		l->itt = bhs->itt;
	}
	if (bhs->ahs_len)
		return login_fail(l, login_violation(l, "additional header"));
	if (iscsi_data_len(bhs) > LOGIN_DATA_MAX)
		return login_fail(l, login_violation(l, "%u bytes of data",
						     iscsi_data_len(bhs)));
	return LOGIN_CONTINUE;
}

/* The first request of a connection. */
static int login_begin(struct login *l, const struct iscsi_bhs *bhs)
{
	struct login_result *res = &l->result;
	u8 stage = ISCSI_LOGIN_CSG(bhs->flags);

	l->state = STATE_RUNNING;
	l->cid = bhs->login_req.cid;
	memcpy(res->isid, bhs->lun, sizeof(res->isid));
	res->tsih = get_unaligned_be16(bhs->lun + 6);
	res->cid = be16_to_cpu(l->cid);
	res->leading = !res->tsih;
	res->exp_cmd_sn = be32_to_cpu(bhs->login_req.cmd_sn);
	res->max_cmd_sn = res->exp_cmd_sn;
	/*
	 * 11.13.4: any first StatSN will do. What the initiator says that it
	 * expects is right also for one that reinstates a connection.
	 */
	l->stat_sn = be32_to_cpu(bhs->login_req.exp_stat_sn);

	iscsi_neg_login(&l->neg, res->leading);
	l->neg.stage = stage;
	if (bhs->byte3 > 0)
		return login_refuse(l, ISCSI_LOGIN_BAD_VERSION,
				    "Version-min %u", bhs->byte3);
	if (stage != ISCSI_STAGE_SECURITY && stage != ISCSI_STAGE_OPERATIONAL)
		return login_violation(l, "begins in stage %u", stage);
	return 0;
}

/* 11.12: what must not change from request to request. */
static int login_same(struct login *l, const struct iscsi_bhs *bhs)
{
	if (bhs->itt != l->itt)
		return login_violation(l, "Initiator Task Tag changed");
	if (memcmp(bhs->lun, l->session_id, sizeof(l->session_id)))
		return login_violation(l, "ISID or TSIH changed");
	if (bhs->login_req.cid != l->cid)
		return login_violation(l, "CID changed");
	if (ISCSI_LOGIN_CSG(bhs->flags) != l->neg.stage)
		return login_violation(l, "in stage %u instead of %u",
				       ISCSI_LOGIN_CSG(bhs->flags),
				       l->neg.stage);
	if (iscsi_sn_before(l->stat_sn,
			    be32_to_cpu(bhs->login_req.exp_stat_sn)))
		return login_violation(l, "acknowledges what was not sent");
	return 0;
}

/* 6.3: from a stage to a later one; stage 2 does not exist. */
static int login_check_flags(struct login *l, u8 flags)
{
	u8 next = ISCSI_LOGIN_NSG(flags);

	if (!(flags & ISCSI_LOGIN_TRANSIT))
		return 0;
	if (flags & ISCSI_LOGIN_CONTINUE)
		return login_violation(l, "T and C bits");
	if (next <= l->neg.stage ||
	    (next != ISCSI_STAGE_OPERATIONAL && next != ISCSI_STAGE_FULL))
		return login_violation(l, "stage %u to %u", l->neg.stage, next);
	return 0;
}

static int login_identify(struct login *l, const char *text, size_t len)
{
	struct iscsi_neg *n = &l->neg;
	const char *target;
	int status;

	status = iscsi_neg_identify(n, text, len);
	if (status)
		return login_refuse(l, status, "%s", n->why);
	target = *n->target ? n->target : NULL;
	l->result.initiator = n->initiator;
	l->result.initiator_alias = n->alias;
	l->result.target = target;
	l->result.discovery = n->discovery;

	status = l->ops->find_target(l->env, target, n->initiator, l->address);
	if (status == ISCSI_LOGIN_MOVED_TEMP ||
	    status == ISCSI_LOGIN_MOVED_PERM)
		return login_refuse(l, status, "target is at %s", l->address);
	if (status)
		return login_refuse(l, status, "target not for this initiator");
	status = l->ops->auth(l->env, n->initiator, target, &l->entry);
	if (status)
		return login_refuse(l, status, "initiator may not log in");
	if (l->entry && l->neg.stage != ISCSI_STAGE_SECURITY)
		return login_refuse(l, ISCSI_LOGIN_AUTH_FAILED,
				    "no security stage, but CHAP is required");

	iscsi_params_offer(&l->offer.params);
	l->offer.window = 1;
	if (l->entry)
		chap_algs_default(&l->offer.algs);
	if (l->ops->offer)
		l->ops->offer(l->env, target, &l->offer);
	n->offer = l->offer.params;
	l->result.max_cmd_sn += max(l->offer.window, 1u) - 1;
	l->identified = true;
	return 0;
}

/* What became of a key, as a status. */
static int login_neg_status(struct login *l, const char *key, int err)
{
	if (err >= 0)
		return 0;
	if (err == -ENOSPC)
		return login_refuse(l, ISCSI_LOGIN_NO_RESOURCES,
				    "our answer is too long");
	return login_violation(l, "%s: %s", key, l->neg.why);
}

static int login_chap_status(struct login *l, int err)
{
	int status = err == -EACCES ? ISCSI_LOGIN_AUTH_FAILED :
		     err == -EPROTO ? ISCSI_LOGIN_INITIATOR_ERROR :
		     ISCSI_LOGIN_TARGET_ERROR;

	return err ? login_refuse(l, status, "CHAP: %s", l->chap.why) : 0;
}

static int auth_start(struct login *l, const char *method)
{
	const char *ours = l->entry ? "CHAP" : "None";

	if (!method && !l->entry)
		return 0;
	/* 12.1: the target may propose, when the initiator does not. */
	l->auth = AUTH_PROPOSED;
	if (method) {
		if (iscsi_list_select(method, &ours, 1) < 0)
			return login_refuse(l, ISCSI_LOGIN_AUTH_FAILED,
					    "AuthMethod has no %s", ours);
		l->auth = l->entry ? AUTH_CHOSEN : AUTH_DONE;
	}
	return login_neg_status(l, "AuthMethod",
				iscsi_text_add(&l->out, "AuthMethod", "%s",
					       ours));
}

/* With the choice of what we proposed comes its first step (12.1). */
static int auth_chosen(struct login *l, const char *const v[NR_SECURITY_KEYS])
{
	if (l->auth == AUTH_PROPOSED &&
	    (!v[AUTH_METHOD] || strcmp(v[AUTH_METHOD], "CHAP")))
		return login_refuse(l, ISCSI_LOGIN_AUTH_FAILED,
				    "AuthMethod=CHAP was turned down");
	if (!v[CHAP_A])
		return login_violation(l, "CHAP_A is missing");
	l->auth = AUTH_CHALLENGED;
	return login_chap_status(l, chap_challenge(&l->chap, l->entry,
						   &l->offer.algs, v[CHAP_A],
						   &l->out));
}

static int auth_answered(struct login *l,
			 const char *const v[NR_SECURITY_KEYS])
{
	const struct chap_answer answer = {
		.name = v[CHAP_N], .response = v[CHAP_R],
		.id = v[CHAP_I], .challenge = v[CHAP_C],
	};
	int err;

	err = chap_verify(&l->chap, &answer, &l->out);
	if (err)
		return login_chap_status(l, err);
	l->auth = AUTH_DONE;
	l->result.authenticated = true;
	return 0;
}

/* A step of 12.1.3, by the values @v of a request; NULL: not sent. */
static int login_security(struct login *l,
			  const char *const v[NR_SECURITY_KEYS])
{
	static const bool legal[][NR_SECURITY_KEYS] = {
		[AUTH_START] = { [AUTH_METHOD] = true },
		[AUTH_PROPOSED] = { [AUTH_METHOD] = true, [CHAP_A] = true },
		[AUTH_CHOSEN] = { [CHAP_A] = true },
		[AUTH_CHALLENGED] = { [CHAP_N] = true, [CHAP_R] = true,
				      [CHAP_I] = true, [CHAP_C] = true },
		[AUTH_DONE] = { false },
	};
	int i;

	for (i = 0; i < NR_SECURITY_KEYS; i++)
		if (v[i] && !legal[l->auth][i])
			return login_violation(l, "%s: out of order",
					       security_keys[i]);
	switch (l->auth) {
	case AUTH_START:
		return auth_start(l, v[AUTH_METHOD]);
	case AUTH_PROPOSED:
	case AUTH_CHOSEN:
		return auth_chosen(l, v);
	case AUTH_CHALLENGED:
		return auth_answered(l, v);
	default:
		return 0;
	}
}

/* All pairs of a text. The values of security keys go to @v. */
static int login_keys(struct login *l, const char *text, size_t len,
		      const char *v[NR_SECURITY_KEYS])
{
	struct iscsi_pair pair;
	struct iscsi_text t;
	int err, i;

	iscsi_text_init(&t, text, len);
	while ((err = iscsi_text_next(&t, &pair)) > 0) {
		err = iscsi_neg_key(&l->neg, &pair, &l->out);
		if (err < 0)
			return login_neg_status(l, pair.key, err);
		for (i = 0; err && i < NR_SECURITY_KEYS; i++)
			if (!strcmp(security_keys[i], pair.key))
				v[i] = pair.value;
	}
	if (err)
		return login_violation(l, "malformed text at key \"%s\"",
				       pair.key);
	return 0;
}

/* A whole text. */
static int login_text(struct login *l, const char *text, size_t len)
{
	const char *values[NR_SECURITY_KEYS] = { NULL };
	const char *alias;
	int status = 0, err;

	if (!l->identified)
		status = login_identify(l, text, len);
	if (!status)
		status = login_keys(l, text, len, values);
	if (!status && l->neg.stage == ISCSI_STAGE_SECURITY)
		status = login_security(l, values);
	if (status)
		return status;

	/* The portal group is for anybody (13.9), the alias is not. */
	alias = l->entry && l->auth != AUTH_DONE ? NULL : l->offer.alias;
	err = iscsi_neg_end(&l->neg, &l->out);
	if (!err)
		err = iscsi_neg_declare(&l->neg, l->offer.portal_group, alias,
					&l->out);
	return login_neg_status(l, "", err);
}

/* Put @data behind what came with the C bit before. */
static int login_append(struct login *l, const void *data, size_t len)
{
	char *text = realloc(l->text, l->text_len + len + 1);

	if (!text)
		return login_refuse(l, ISCSI_LOGIN_NO_RESOURCES,
				    "out of memory");
	if (len)
		memcpy(text + l->text_len, data, len);
	l->text = text;
	l->text_len += len;
	return 0;
}

static int login_take(struct login *l, u8 flags, const void *data, size_t len)
{
	bool more = flags & ISCSI_LOGIN_CONTINUE;
	int status;

	l->received += len;
	if (l->received > LOGIN_TEXT_MAX)
		return login_violation(l, "more than 64 KiB of text");
	if (++l->requests > LOGIN_REQUESTS_MAX)
		return login_violation(l, "too many requests");
	/* 6.2: an answer with the C bit is asked on with nothing. */
	if (l->out.len)
		return len || more ?
			login_violation(l, "text before our answer ended") : 0;

	if (!more && !l->text)
		return login_text(l, data, len);
	status = login_append(l, data, len);
	if (status || more)
		return status;
	status = login_text(l, l->text, l->text_len);
	free(l->text);
	l->text = NULL;
	l->text_len = 0;
	return status;
}

/* May the login leave its stage, as far as keys are concerned? */
static bool login_settled(const struct login *l)
{
	if (l->neg.stage == ISCSI_STAGE_SECURITY)
		return !l->entry || l->auth == AUTH_DONE;
	return iscsi_neg_settled(&l->neg);
}

/* What became of the session: the login ends here, or has to wait. */
static enum login_verdict login_reserved(struct login *l, int status)
{
	u8 flags = ISCSI_LOGIN_TRANSIT | l->neg.stage << 2 | ISCSI_STAGE_FULL;

	if (status == LOGIN_RESERVE_WAIT) {
		l->state = STATE_WAITING;
		return LOGIN_WAIT;
	}
	if (!status && !l->result.tsih)
		status = ISCSI_LOGIN_TARGET_ERROR;
	if (status)
		return login_fail(l, login_refuse(l, status, "no session"));

	/* 11.13.3: the TSIH of a new session is in the last response only. */
	put_unaligned_be16(l->result.tsih, l->session_id + 6);
	login_send(l, flags, 0, l->out.len - l->sent);
	l->result.stat_sn = l->stat_sn;
	l->state = STATE_OVER;
	return LOGIN_DONE;
}

enum login_verdict login_resume(struct login *l, int status)
{
	if (l->state != STATE_WAITING)
		return login_drop(l, "resumed without a reservation");
	return login_reserved(l, status);
}

/* Both sides are ready for stage @next. */
static enum login_verdict login_transit(struct login *l, u8 next)
{
	u8 stage = l->neg.stage;

	/*
	 * 6.3.2: the target may choose an earlier stage. It does when the
	 * defaults, which would hold now, are not what we can offer.
	 */
	if (stage == ISCSI_STAGE_SECURITY && !iscsi_neg_acceptable(&l->neg))
		next = ISCSI_STAGE_OPERATIONAL;
	if (next == ISCSI_STAGE_FULL) {
		l->result.params = l->neg.result;
		return login_reserved(l, l->ops->reserve(l->env, l));
	}
	l->neg.stage = next;
	login_send(l, ISCSI_LOGIN_TRANSIT | stage << 2 | next, 0,
		   l->out.len - l->sent);
	return LOGIN_CONTINUE;
}

/* Answer a request of @len bytes that was taken. */
static enum login_verdict login_respond(struct login *l, u8 flags, size_t len)
{
	u8 reply = l->neg.stage << 2;
	bool transit = flags & ISCSI_LOGIN_TRANSIT;
	size_t rest;
	int nr;

	if (transit && l->neg.stage == ISCSI_STAGE_OPERATIONAL) {
		nr = iscsi_neg_propose(&l->neg, &l->out);
		if (nr < 0)
			return login_fail(l, login_neg_status(l, "offer", nr));
		transit = !nr;
	}
	rest = l->out.len - l->sent;
	if (rest > LOGIN_DATA_MAX) {
		rest = LOGIN_DATA_MAX;
		reply |= ISCSI_LOGIN_CONTINUE;
	} else if (transit && login_settled(l)) {
		return login_transit(l, ISCSI_LOGIN_NSG(flags));
	}
	if (!len && !rest && ++l->empty > LOGIN_EMPTY_MAX)
		return login_fail(l, login_violation(l, "nothing happens"));
	login_send(l, reply, 0, rest);
	return LOGIN_CONTINUE;
}

enum login_verdict login_request(struct login *l, const struct iscsi_bhs *bhs,
				 const void *data, size_t len)
{
	enum login_verdict verdict = login_header(l, bhs);
	int status;

	if (verdict != LOGIN_CONTINUE)
		return verdict;
	if (l->state == STATE_FRESH)
		status = login_begin(l, bhs);
	else
		status = login_same(l, bhs);
	if (!status && len != iscsi_data_len(bhs))
		status = login_violation(l, "%zu bytes instead of %u", len,
					 iscsi_data_len(bhs));
	if (!status)
		status = login_check_flags(l, bhs->flags);
	if (!status)
		status = login_take(l, bhs->flags, data, len);
	if (status)
		return login_fail(l, status);
	return login_respond(l, bhs->flags, len);
}
