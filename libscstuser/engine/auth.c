// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the secrets file.
 *
 * The file is read into pages of its own and taken apart in place: words are
 * terminated, unquoted and decoded where they are, so that no secret ever is
 * in memory that a core dump or a later malloc() could show.
 */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth.h"
#include "iscsi_text.h"
#include "scst.h"

#define AUTH_FILE_MAX	 (1024 * 1024)
#define AUTH_ENTRIES_MAX 4096

struct auth {
	refcount_t refs;
	char *text;		/* secret pages */
	size_t size;		/* of them: the file's length and a zero */
	struct auth_entry *entries;
	size_t nr;
};

enum word {
	INITIATOR,
	TARGET,
	USER,
	SECRET,
	TARGET_USER,
	TARGET_SECRET,
	NR_WORDS,
};

static const char *const word_names[NR_WORDS] = {
	"initiator", "target", "user", "secret", "target-user",
	"target-secret",
};

struct parser {
	struct auth *auth;
	const char *name;
	unsigned int line;
	char *err;
	size_t err_size;
};

static struct auth *auth_alloc(size_t len)
{
	struct auth *auth = calloc(1, sizeof(*auth));

	if (!auth)
		return NULL;
	refcount_set(&auth->refs, 1);
	auth->size = len + 1;
	auth->text = mmap(NULL, auth->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (auth->text == MAP_FAILED)
		goto out_free;
	if (madvise(auth->text, auth->size, MADV_DONTDUMP))
		goto out_unmap;
	return auth;

out_unmap:
	munmap(auth->text, auth->size);
out_free:
	free(auth);
	return NULL;
}

struct auth *auth_get(struct auth *auth)
{
	refcount_inc(&auth->refs);
	return auth;
}

void auth_put(struct auth *auth)
{
	if (!auth || !refcount_dec_and_test(&auth->refs))
		return;
	OPENSSL_cleanse(auth->text, auth->size);
	munmap(auth->text, auth->size);
	free(auth->entries);
	free(auth);
}

/* Always -1. The message must not quote values: they may be secrets. */
static int __printf(2, 3) parse_error(struct parser *p, const char *fmt, ...)
{
	int n = snprintf(p->err, p->err_size, "%s:%u: ", p->name, p->line);
	va_list ap;

	if (n < 0 || n >= p->err_size)
		return -1;
	va_start(ap, fmt);
	vsnprintf(p->err + n, p->err_size - n, fmt, ap);
	va_end(ap);
	return -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Unquote the value at @s in place; where the rest begins, or NULL. */
static char *parse_quoted(struct parser *p, char *s)
{
	char *to = s++;

	for (; *s != '"'; s++) {
		if (*s == '\\' && (s[1] == '"' || s[1] == '\\'))
			s++;
		if (!*s) {
			parse_error(p, "closing quote is missing");
			return NULL;
		}
		*to++ = *s;
	}
	s++;
	if (*s && !is_blank(*s)) {
		parse_error(p, "no blank behind a quoted value");
		return NULL;
	}
	*to = 0;
	return s;
}

/*
 * Take "word=value" at *@pos, which is neither blank nor the end; the word,
 * or -1. *@value is terminated.
 */
static int parse_word(struct parser *p, char **pos, char **value)
{
	char *s = *pos;
	size_t len = strcspn(s, "= \t\r");
	int word;

	for (word = 0; word < NR_WORDS; word++)
		if (strlen(word_names[word]) == len &&
		    !memcmp(s, word_names[word], len))
			break;
	if (word == NR_WORDS || s[len] != '=')
		return parse_error(p, "expected one of initiator=, target=, user=, secret=, target-user=, target-secret=");

	*value = s + len + 1;
	if (**value == '"') {
		s = parse_quoted(p, *value);
		if (!s)
			return -1;
	} else {
		s = *value + strcspn(*value, " \t\r");
	}
	if (*s)
		*s++ = 0;
	*pos = s;
	return word;
}

static int parse_secret(struct parser *p, char *value, const char *word,
			struct auth_secret *secret)
{
	int len = strlen(value);

	if (value[0] == '0' && value[1] && strchr("xXbB", value[1])) {
		len = iscsi_value_binary(value, (u8 *)value, len);
		if (len < 0)
			return parse_error(p, "%s= is not valid 0x hexadecimal or 0b base64", word);
	}
	if (len < AUTH_SECRET_MIN)
		return parse_error(p, "%s= has less than the 96 bits (12 bytes) that RFC 7143 9.2.1 asks for", word);
	if (len > AUTH_SECRET_MAX)
		return parse_error(p, "%s= has more than 255 bytes", word);
	secret->data = (const u8 *)value;
	secret->len = len;
	return 0;
}

static bool secret_equal(const struct auth_secret *a,
			 const struct auth_secret *b)
{
	return a->len == b->len && !CRYPTO_memcmp(a->data, b->data, a->len);
}

/* Check what a line said, as far as it can be without the others. */
static int parse_entry(struct parser *p, char *const v[NR_WORDS],
		       struct auth_entry *e)
{
	static const enum word needed[] = { INITIATOR, USER, SECRET };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!v[needed[i]])
			return parse_error(p, "%s= is missing",
					   word_names[needed[i]]);
	for (i = 0; i < NR_WORDS; i++)
		if (v[i] && !*v[i])
			return parse_error(p, "%s= is empty", word_names[i]);
	if (!v[TARGET_USER] != !v[TARGET_SECRET])
		return parse_error(p, "target-user= and target-secret= need each other");
	if (strlen(v[USER]) > AUTH_NAME_MAX ||
	    (v[TARGET_USER] && strlen(v[TARGET_USER]) > AUTH_NAME_MAX))
		return parse_error(p, "a user name has more than 255 bytes");

	e->line = p->line;
	e->initiator = v[INITIATOR];
	e->target = v[TARGET];
	e->user = v[USER];
	e->target_user = v[TARGET_USER];
	if (parse_secret(p, v[SECRET], "secret", &e->secret))
		return -1;
	if (!e->target_user)
		return 0;
	return parse_secret(p, v[TARGET_SECRET], "target-secret",
			    &e->target_secret);
}

static struct auth_entry *auth_new_entry(struct parser *p)
{
	struct auth *auth = p->auth;
	struct auth_entry *entries;

	if (auth->nr == AUTH_ENTRIES_MAX) {
		parse_error(p, "more than %u entries", AUTH_ENTRIES_MAX);
		return NULL;
	}
	/* Powers of two: time to grow. */
	if (!(auth->nr & (auth->nr - 1))) {
		entries = realloc(auth->entries,
				  (2 * auth->nr + 1) * sizeof(*entries));
		if (!entries) {
			parse_error(p, "out of memory");
			return NULL;
		}
		auth->entries = entries;
	}
	entries = &auth->entries[auth->nr++];
	memset(entries, 0, sizeof(*entries));
	return entries;
}

static int parse_line(struct parser *p, char *s)
{
	char *values[NR_WORDS] = { NULL }, *value = NULL;
	struct auth_entry *entry;
	bool empty = true;
	int word;

	for (;;) {
		while (is_blank(*s))
			s++;
		if (!*s || *s == '#')
			break;
		word = parse_word(p, &s, &value);
		if (word < 0)
			return -1;
		if (values[word])
			return parse_error(p, "%s= twice", word_names[word]);
		values[word] = value;
		empty = false;
	}
	if (empty)
		return 0;
	entry = auth_new_entry(p);
	return entry ? parse_entry(p, values, entry) : -1;
}

/*
 * RFC 7143 9.2.1: no secret for both directions. Whoever knows one as an
 * initiator could pose as this target with it.
 */
static int check_directions(struct parser *p)
{
	const struct auth *auth = p->auth;
	size_t i, j;

	for (i = 0; i < auth->nr; i++) {
		const struct auth_entry *e = &auth->entries[i];

		for (j = 0; e->target_user && j < auth->nr; j++) {
			if (!secret_equal(&e->target_secret,
					  &auth->entries[j].secret))
				continue;
			p->line = e->line;
			return parse_error(p, "target-secret= is the same as secret= of line %u",
					   auth->entries[j].line);
		}
	}
	return 0;
}

/* p->auth->text holds @len bytes of file. */
static int parse_file(struct parser *p, size_t len)
{
	char *s = p->auth->text, *end = s + len, *next;

	for (; s < end; s = next) {
		p->line++;
		next = memchr(s, '\n', end - s);
		if (!next)
			next = end;	/* where a zero byte is */
		if (memchr(s, 0, next - s))
			return parse_error(p, "zero byte");
		*next++ = 0;
		if (parse_line(p, s))
			return -1;
	}
	return check_directions(p);
}

/* Takes @auth, and returns it or frees it. */
static struct auth *auth_finish(struct auth *auth, const char *name,
				size_t len, char *err, size_t err_size)
{
	struct parser p = {
		.auth = auth, .name = name, .err = err, .err_size = err_size
	};

	if (!parse_file(&p, len))
		return auth;
	auth_put(auth);
	return NULL;
}

struct auth *auth_parse(const char *name, const void *text, size_t len,
			char *err, size_t err_size)
{
	struct auth *auth;

	if (len > AUTH_FILE_MAX) {
		snprintf(err, err_size, "%s: more than 1 MiB", name);
		return NULL;
	}
	auth = auth_alloc(len);
	if (!auth) {
		snprintf(err, err_size, "%s: out of memory", name);
		return NULL;
	}
	if (len)
		memcpy(auth->text, text, len);
	return auth_finish(auth, name, len, err, err_size);
}

static bool file_acceptable(int fd, const char *path, struct stat *st,
			    char *err, size_t err_size)
{
	if (fstat(fd, st)) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISREG(st->st_mode)) {
		snprintf(err, err_size, "%s: not a regular file", path);
		return false;
	}
	if (st->st_uid && st->st_uid != geteuid()) {
		snprintf(err, err_size, "%s: has secrets and must belong to root or to you; run: chown %u %s",
			 path, geteuid(), path);
		return false;
	}
	if (st->st_mode & 077) {
		snprintf(err, err_size, "%s: has secrets and others may access it; run: chmod 600 %s",
			 path, path);
		return false;
	}
	if (st->st_size > AUTH_FILE_MAX) {
		snprintf(err, err_size, "%s: more than 1 MiB", path);
		return false;
	}
	return true;
}

/* What the file has, at most @len bytes; or -1. */
static ssize_t read_file(int fd, char *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, buf + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		done += n;
	}
	return done;
}

struct auth *auth_load(const char *path, char *err, size_t err_size)
{
	struct auth *auth = NULL;
	struct stat st;
	ssize_t len;
	int fd;

	/* O_NONBLOCK: a FIFO is refused, not waited for. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (!file_acceptable(fd, path, &st, err, err_size))
		goto out;
	auth = auth_alloc(st.st_size);
	if (!auth) {
		snprintf(err, err_size, "%s: out of memory", path);
		goto out;
	}
	len = read_file(fd, auth->text, st.st_size);
	if (len < 0) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		auth_put(auth);
		auth = NULL;
		goto out;
	}
	auth = auth_finish(auth, path, len, err, err_size);
out:
	close(fd);
	return auth;
}

const struct auth_entry *auth_find(const struct auth *auth,
				   const char *initiator, const char *target)
{
	size_t i;

	for (i = 0; i < auth->nr; i++) {
		const struct auth_entry *e = &auth->entries[i];

		if (!scst_glob(e->initiator, initiator))
			continue;
		if (!target || !e->target || scst_glob(e->target, target))
			return e;
	}
	return NULL;
}
