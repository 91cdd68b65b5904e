/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: CHAP, the target's side of it (RFC 7143 12.1.3, RFC 1994), and the
 * target's proof of itself when the initiator asks for one.
 *
 *	I: CHAP_A=list				chap_challenge()
 *	T: CHAP_A= CHAP_I= CHAP_C=
 *	I: CHAP_N= CHAP_R= [CHAP_I= CHAP_C=]	chap_verify()
 *	T: [CHAP_N= CHAP_R=]
 *
 * A struct chap belongs to one login; the entry must live as long.
 */
#ifndef ENGINE_CHAP_H
#define ENGINE_CHAP_H

#include "auth.h"
#include "core_os.h"
#include "iscsi_text.h"

#define CHAP_DIGEST_MAX	   32
#define CHAP_CHALLENGE_MAX 1024	/* of an initiator: RFC 7143 12.1.3 */

/* IANA "PPP Authentication Algorithms", as RFC 7143 names them. */
enum chap_alg {
	CHAP_MD5      = 5,
	CHAP_SHA1     = 6,
	CHAP_SHA256   = 7,
	CHAP_SHA3_256 = 8,
};

#define CHAP_NR_ALGS 4

/* Algorithms that we accept, the best first. */
struct chap_algs {
	u8 nr;
	u8 alg[CHAP_NR_ALGS];
};

/* All that libcrypto has here (FIPS has no MD5), the strongest first. */
void chap_algs_default(struct chap_algs *algs);

/*
 * From names: "SHA3-256,SHA-256,SHA1,MD5". -EINVAL: a name that is none, or
 * twice; -ENOTSUP: libcrypto does not have it.
 */
int chap_algs_parse(struct chap_algs *algs, const char *list);

struct chap {
	const struct auth_entry *entry;
	u8 alg;
	u8 id;
	u8 challenge[CHAP_DIGEST_MAX];
	u8 challenge_len;
	const char *why;	/* of the last error, for logs */
};

/*
 * The initiator lists @offered: choose and challenge it. 0; -EACCES: nothing
 * in common; -EIO: no random numbers; -ENOSPC: @reply is full.
 */
int chap_challenge(struct chap *chap, const struct auth_entry *entry,
		   const struct chap_algs *algs, const char *offered,
		   struct iscsi_text_buf *reply);

/* Values of the initiator's answer; NULL: it sent none. */
struct chap_answer {
	const char *name;
	const char *response;
	const char *id;
	const char *challenge;
};

/*
 * Check the answer to our challenge. 0: it is who it says, and @reply has our
 * own proof if one was wanted. -EACCES: it is not, or we cannot prove what it
 * wants; -EPROTO: it is not an answer at all; -EIO; -ENOSPC. The challenge
 * cannot be answered again.
 */
int chap_verify(struct chap *chap, const struct chap_answer *answer,
		struct iscsi_text_buf *reply);

/*
 * The CHAP response over an identifier, a secret and a challenge (RFC 1994
 * 4.1). Its length, or -EIO.
 */
int chap_digest(u8 alg, u8 id, const struct auth_secret *secret,
		const void *challenge, size_t challenge_len,
		u8 digest[CHAP_DIGEST_MAX]);

#endif
