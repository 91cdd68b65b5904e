/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: who may log in with which secret.
 *
 * One entry a line, words in any order, '#' begins a comment:
 *
 *	initiator=GLOB [target=GLOB] user=NAME secret=SECRET
 *		[target-user=NAME target-secret=SECRET]
 *
 * (one line). A value with blanks is put in "quotes", where \" and \\ stand
 * for themselves. A secret is text, or binary as 0x hexadecimal or 0b base64,
 * quoted or not, and has 12 to 255 bytes. The first entry that matches both
 * names wins; who matches none may not log in.
 *
 * A table never changes once loaded and is counted: a login in progress holds
 * the one it began with while a newer one takes its place. All that came from
 * the file lives in pages that are in no core dump and are wiped at the end.
 */
#ifndef ENGINE_AUTH_H
#define ENGINE_AUTH_H

#include "core_os.h"

#define AUTH_SECRET_MIN 12	/* 96 bits: RFC 7143 9.2.1 */
#define AUTH_SECRET_MAX 255
#define AUTH_NAME_MAX	255

struct auth_secret {
	const u8 *data;
	size_t len;
};

struct auth_entry {
	const char *initiator;		/* pattern, see scst_glob() */
	const char *target;		/* NULL: any */
	const char *user;
	struct auth_secret secret;
	const char *target_user;	/* NULL: we do not prove who we are */
	struct auth_secret target_secret;
	unsigned int line;
};

struct auth;

/*
 * Load a file, which nobody but root or us may own, and nobody else may
 * access. NULL: @err has one line that says why.
 */
struct auth *auth_load(const char *path, char *err, size_t err_size);

/* The same from memory; @name is what messages call it. */
struct auth *auth_parse(const char *name, const void *text, size_t len,
			char *err, size_t err_size);

struct auth *auth_get(struct auth *auth);
void auth_put(struct auth *auth);	/* or NULL */

/*
 * The entry for an initiator, or NULL. Discovery sessions have no @target
 * (NULL); any entry of the initiator's will do for them.
 */
const struct auth_entry *auth_find(const struct auth *auth,
				   const char *initiator, const char *target);

#endif
