// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: CHAP with libcrypto's digests and random numbers.
 *
 * What an unauthenticated peer can learn from answers and their timing is
 * kept to "no": a wrong name costs the same work as a wrong secret and ends
 * the same way, and comparisons take constant time.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "chap.h"

static const struct {
	u8 alg;
	u8 len;
	const char *name;	/* RFC 7143, and libcrypto has it too */
} chap_table[CHAP_NR_ALGS] = {
	{ CHAP_SHA3_256, 32, "SHA3-256" },
	{ CHAP_SHA256, 32, "SHA-256" },
	{ CHAP_SHA1, 20, "SHA1" },
	{ CHAP_MD5, 16, "MD5" },
};

/* Row of @alg, which must be one. */
static int chap_row(u8 alg)
{
	int i = 0;

	while (chap_table[i].alg != alg)
		i++;
	return i;
}

/* A failed fetch is an answer here, not an error to keep for somebody. */
static EVP_MD *chap_fetch(int row)
{
	EVP_MD *md;

	ERR_set_mark();
	md = EVP_MD_fetch(NULL, chap_table[row].name, NULL);
	ERR_pop_to_mark();
	return md;
}

static bool chap_available(int row)
{
	EVP_MD *md = chap_fetch(row);

	EVP_MD_free(md);
	return md;
}

void chap_algs_default(struct chap_algs *algs)
{
	int i;

	algs->nr = 0;
	for (i = 0; i < CHAP_NR_ALGS; i++)
		if (chap_available(i))
			algs->alg[algs->nr++] = chap_table[i].alg;
}

static int chap_add_alg(struct chap_algs *algs, const char *name)
{
	int row = 0;

	while (row < CHAP_NR_ALGS && strcasecmp(chap_table[row].name, name))
		row++;
	if (row == CHAP_NR_ALGS ||
	    memchr(algs->alg, chap_table[row].alg, algs->nr))
		return -EINVAL;
	if (!chap_available(row))
		return -ENOTSUP;
	algs->alg[algs->nr++] = chap_table[row].alg;
	return 0;
}

int chap_algs_parse(struct chap_algs *algs, const char *list)
{
	char item[ISCSI_VALUE_MAX + 1];
	int err;

	algs->nr = 0;
	while (iscsi_list_next(&list, item)) {
		err = chap_add_alg(algs, item);
		if (err)
			return err;
	}
	return algs->nr ? 0 : -EINVAL;
}

int chap_digest(u8 alg, u8 id, const struct auth_secret *secret,
		const void *challenge, size_t challenge_len,
		u8 digest[CHAP_DIGEST_MAX])
{
	int row = chap_row(alg);
	EVP_MD *md = chap_fetch(row);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = md && ctx && EVP_DigestInit_ex2(ctx, md, NULL) &&
	     EVP_DigestUpdate(ctx, &id, 1) &&
	     EVP_DigestUpdate(ctx, secret->data, secret->len) &&
	     EVP_DigestUpdate(ctx, challenge, challenge_len) &&
	     EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return ok ? chap_table[row].len : -EIO;
}

static int chap_error(struct chap *chap, int err, const char *why)
{
	chap->why = why;
	return err;
}

static int chap_no_space(struct chap *chap)
{
	return chap_error(chap, -ENOSPC, "answer too long");
}

static int chap_broken(struct chap *chap)
{
	return chap_error(chap, -EIO, "libcrypto failed");
}

/* The best of ours that is in theirs; numbers we do not know are skipped. */
static u8 chap_select(const struct chap_algs *algs, const char *offered)
{
	char item[ISCSI_VALUE_MAX + 1];
	u8 best = algs->nr, i;
	u64 number;

	while (iscsi_list_next(&offered, item)) {
		if (iscsi_value_number(item, 0, 255, &number))
			continue;
		for (i = 0; i < best; i++)
			if (algs->alg[i] == number)
				best = i;
	}
	return best < algs->nr ? algs->alg[best] : 0;
}

int chap_challenge(struct chap *chap, const struct auth_entry *entry,
		   const struct chap_algs *algs, const char *offered,
		   struct iscsi_text_buf *reply)
{
	memset(chap, 0, sizeof(*chap));
	chap->entry = entry;
	chap->alg = chap_select(algs, offered);
	if (!chap->alg)
		return chap_error(chap, -EACCES, "no common CHAP algorithm");

	chap->challenge_len = chap_table[chap_row(chap->alg)].len;
	if (RAND_bytes(&chap->id, 1) != 1 ||
	    RAND_bytes(chap->challenge, chap->challenge_len) != 1)
		return chap_broken(chap);

	if (iscsi_text_add(reply, "CHAP_A", "%u", chap->alg) ||
	    iscsi_text_add(reply, "CHAP_I", "%u", chap->id) ||
	    iscsi_text_add_binary(reply, "CHAP_C", chap->challenge,
				  chap->challenge_len))
		return chap_no_space(chap);
	return 0;
}

/* Names are not that secret; this is so that no case is faster. */
static bool name_equal(const char *a, const char *b)
{
	char pad[2][AUTH_NAME_MAX + 1] = { { 0 }, { 0 } };

	strscpy(pad[0], a, sizeof(pad[0]));
	strscpy(pad[1], b, sizeof(pad[1]));
	return !CRYPTO_memcmp(pad[0], pad[1], sizeof(pad[0]));
}

/* Has the initiator the name and the secret? @response is @len bytes. */
static int chap_check(struct chap *chap, const char *name,
		      const u8 response[CHAP_DIGEST_MAX], int len)
{
	u8 digest[CHAP_DIGEST_MAX] = { 0 };
	bool ok;
	int n;

	n = chap_digest(chap->alg, chap->id, &chap->entry->secret,
			chap->challenge, chap->challenge_len, digest);
	if (n < 0)
		return chap_broken(chap);
	ok = !CRYPTO_memcmp(digest, response, sizeof(digest));
	ok &= name_equal(name, chap->entry->user);
	ok &= len == n;
	OPENSSL_cleanse(digest, sizeof(digest));
	return ok ? 0 : chap_error(chap, -EACCES, "wrong name or secret");
}

/* Prove to the initiator who we are. */
static int chap_prove(struct chap *chap, const struct chap_answer *answer,
		      struct iscsi_text_buf *reply)
{
	u8 challenge[CHAP_CHALLENGE_MAX], digest[CHAP_DIGEST_MAX];
	int len, n, err;
	u64 id;

	if (iscsi_value_number(answer->id, 0, 255, &id))
		return chap_error(chap, -EPROTO, "CHAP_I is not a byte");
	len = iscsi_value_binary(answer->challenge, challenge,
				 sizeof(challenge));
	if (len <= 0)
		return chap_error(chap, -EPROTO,
				  "CHAP_C is not 1 to 1024 binary bytes");
	/* 9.2.1: never answer what may be our own challenge. */
	if (len == chap->challenge_len &&
	    !CRYPTO_memcmp(challenge, chap->challenge, len))
		return chap_error(chap, -EACCES, "our challenge came back");
	if (!chap->entry->target_user)
		return chap_error(chap, -EACCES,
				  "the target has no secret to prove itself");

	n = chap_digest(chap->alg, id, &chap->entry->target_secret, challenge,
			len, digest);
	if (n < 0)
		return chap_broken(chap);
	err = iscsi_text_add(reply, "CHAP_N", "%s", chap->entry->target_user);
	if (!err)
		err = iscsi_text_add_binary(reply, "CHAP_R", digest, n);
	OPENSSL_cleanse(digest, sizeof(digest));
	return err ? chap_no_space(chap) : 0;
}

static int chap_verify_once(struct chap *chap,
			    const struct chap_answer *answer,
			    struct iscsi_text_buf *reply)
{
	u8 response[CHAP_DIGEST_MAX] = { 0 };
	int len, err;

	if (!answer->name || !answer->response)
		return chap_error(chap, -EPROTO, "CHAP_N or CHAP_R is missing");
	if (!answer->id != !answer->challenge)
		return chap_error(chap, -EPROTO,
				  "CHAP_I and CHAP_C need each other");
	len = iscsi_value_binary(answer->response, response, sizeof(response));
	if (len == -EINVAL)
		return chap_error(chap, -EPROTO, "CHAP_R is not binary");

	err = chap_check(chap, answer->name, response, len);
	if (err || !answer->challenge)
		return err;
	return chap_prove(chap, answer, reply);
}

int chap_verify(struct chap *chap, const struct chap_answer *answer,
		struct iscsi_text_buf *reply)
{
	int err;

	if (!chap->entry)
		return chap_error(chap, -EPROTO, "answer without a challenge");
	err = chap_verify_once(chap, answer, reply);
	OPENSSL_cleanse(chap->challenge, sizeof(chap->challenge));
	chap->entry = NULL;
	return err;
}
