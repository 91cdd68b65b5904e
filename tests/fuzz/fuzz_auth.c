// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzing of the secrets file.
 */
#include <stdlib.h>

#include "auth.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_secret(const struct auth_secret *s)
{
	u8 copy[AUTH_SECRET_MAX];

	require(s->len >= AUTH_SECRET_MIN && s->len <= AUTH_SECRET_MAX);
	memcpy(copy, s->data, s->len);		/* readable */
	require(!memcmp(copy, s->data, s->len));
}

static void check_entry(const struct auth_entry *e)
{
	if (!e)
		return;
	require(*e->initiator && *e->user && e->line);
	require(strlen(e->user) <= AUTH_NAME_MAX);
	check_secret(&e->secret);
	if (!e->target_user)
		return;
	require(*e->target_user);
	check_secret(&e->target_secret);
	require(e->secret.len != e->target_secret.len ||
		memcmp(e->secret.data, e->target_secret.data, e->secret.len));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char err[256] = "";
	struct auth *auth;

	auth = auth_parse("file", data, size, err, sizeof(err));
	require(!auth == !!*err);
	require(!strchr(err, '\n'));
	if (!auth)
		return 0;
	check_entry(auth_find(auth, "iqn.i", "iqn.t"));
	check_entry(auth_find(auth, "iqn.i", NULL));
	check_entry(auth_find(auth, "a", "b"));
	auth_put(auth);
	return 0;
}
