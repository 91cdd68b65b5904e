// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: reader, builder and values of iSCSI text (RFC 7143 clause 6.1).
 *
 * Everything the reader looks at is under a peer's control: lengths are
 * bounded by the buffer and then by the protocol before a byte is used.
 */
#include "iscsi_text.h"
#include "iscsi_proto.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * A standard-label, and '#' for X#NodeArchitecture (13.26). Labels begin
 * with a capital letter, except that iSCSIProtocolLevel (13.24) does not.
 */
static bool is_key_char(char c)
{
	return is_letter(c) || isdigit(c) || (c && strchr(".-+@_#", c));
}

/*
 * Length of the UTF-8 character at @s, at most @len bytes: shortest form, no
 * surrogates, nothing above U+10FFFF. 0: that is none.
 */
static size_t utf8_char(const char *s, size_t len)
{
	const u8 *p = (const u8 *)s;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (len < n)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/*
 * What any value may consist of. text-value has far fewer characters, but
 * aliases and CHAP names may have all of UTF-8. Control characters stay out
 * although aliases could have them: all of this ends up in logs.
 */
static bool value_chars_valid(const char *value, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {
		if ((u8)value[i] < 0x20 || value[i] == 0x7f)
			return false;
		n = utf8_char(value + i, len - i);
		if (!n)
			return false;
	}
	return true;
}

static bool is_encoded(const char *value)
{
	return value[0] == '0' && value[1] && strchr("xXbB", value[1]);
}

/* 255 bytes are for each value of a list; an encoded one is longer. */
static bool value_fits(const char *value, size_t len)
{
	size_t item;

	if (len > ISCSI_LONG_VALUE_MAX)
		return false;
	while (*value) {
		item = strcspn(value, ",");
		if (item > ISCSI_VALUE_MAX && !is_encoded(value))
			return false;
		value += item;
		value += *value == ',';
	}
	return true;
}

/* The key at t->pos, before @limit, into @p. Its length or an error. */
static int text_key(const struct iscsi_text *t, const char *limit,
		    struct iscsi_pair *p)
{
	const char *eq = memchr(t->pos, '=', limit - t->pos);
	size_t len, i;

	if (!eq || eq == t->pos || !is_letter(*t->pos))
		return -EINVAL;
	len = eq - t->pos;
	for (i = 0; i < len; i++)
		if (!is_key_char(t->pos[i]))
			return -EINVAL;
	if (len > ISCSI_KEY_MAX)
		return -ENAMETOOLONG;
	memcpy(p->key, t->pos, len);
	p->key[len] = 0;
	return len;
}

int iscsi_text_next(struct iscsi_text *t, struct iscsi_pair *p)
{
	const char *nul;
	int len;

	p->key[0] = 0;
	p->value = "";
	p->len = 0;

	/* One zero byte ends a pair; more of them do no harm. */
	while (t->pos < t->end && !*t->pos)
		t->pos++;
	if (t->pos == t->end)
		return 0;

	nul = memchr(t->pos, 0, t->end - t->pos);
	len = text_key(t, nul ? nul : t->end, p);
	if (!nul)
		return -EBADMSG;
	if (len < 0)
		return len;
	p->value = t->pos + len + 1;
	p->len = nul - p->value;
	if (!value_fits(p->value, p->len))
		return -EMSGSIZE;
	if (!value_chars_valid(p->value, p->len))
		return -EILSEQ;
	t->pos = nul + 1;
	return 1;
}

/* Room for @len bytes of value behind "@key=", zero byte included. */
static char *text_reserve(struct iscsi_text_buf *b, const char *key, size_t len)
{
	size_t key_len = strlen(key) + 1;
	char *p = b->data + b->len;

	if (len > b->size - b->len || key_len > b->size - b->len - len) {
		b->full = true;
		return NULL;
	}
	memcpy(p, key, key_len - 1);
	p[key_len - 1] = '=';
	return p + key_len;
}

int iscsi_text_add(struct iscsi_text_buf *b, const char *key,
		   const char *fmt, ...)
{
	char *value = text_reserve(b, key, 1);
	size_t room;
	va_list ap;
	int len;

	if (!value)
		return -ENOSPC;
	room = b->data + b->size - value;
	va_start(ap, fmt);
	len = vsnprintf(value, room, fmt, ap);
	va_end(ap);
	if (len < 0 || len >= room) {
		b->full = true;
		return -ENOSPC;
	}
	b->len = value + len + 1 - b->data;
	return 0;
}

int iscsi_text_add_binary(struct iscsi_text_buf *b, const char *key,
			  const void *data, size_t len)
{
	char *value;

	if (len > ISCSI_LONG_VALUE_MAX) {
		b->full = true;
		return -ENOSPC;
	}
	value = text_reserve(b, key, 2 + 2 * len + 1);
	if (!value)
		return -ENOSPC;
	*value++ = '0';
	*value++ = 'x';
	value = bin2hex(value, data, len);
	*value++ = 0;
	b->len = value - b->data;
	return 0;
}

/* @digits to the end of the string are a number in @base. */
static int parse_u64(const char *digits, unsigned int base, u64 *number)
{
	u64 n = 0;

	if (!*digits)
		return -EINVAL;
	for (; *digits; digits++) {
		int digit = hex_to_bin(*digits);

		if (digit < 0 || digit >= base)
			return -EINVAL;
		if (check_mul_overflow(n, (u64)base, &n) ||
		    check_add_overflow(n, (u64)digit, &n))
			return -ERANGE;
	}
	*number = n;
	return 0;
}

int iscsi_value_number(const char *value, u64 min, u64 max, u64 *number)
{
	int err;

	if (value[0] != '0')
		err = parse_u64(value, 10, number);
	else if (value[1] == 'x' || value[1] == 'X')
		err = parse_u64(value + 2, 16, number);
	else if (!value[1])
		err = *number = 0;
	else
		err = -EINVAL;	/* decimal constants have no leading zeros */
	if (err)
		return err;
	return *number < min || *number > max ? -ERANGE : 0;
}

int iscsi_value_bool(const char *value, bool *yes)
{
	*yes = !strcmp(value, "Yes");
	return *yes || !strcmp(value, "No") ? 0 : -EINVAL;
}

/* An odd number of digits begins with half a byte (6.1, hex-constant). */
static int binary_hex(const char *digits, u8 *buf, size_t size)
{
	size_t nr = strlen(digits), half = nr % 2, len = nr / 2 + half, i;

	if (!nr)
		return -EINVAL;
	for (i = half; i < nr + half; i++) {
		int digit = hex_to_bin(digits[i - half]);

		if (digit < 0)
			return -EINVAL;
		if (i / 2 >= size)
			continue;
		if (i % 2 && i > half)
			buf[i / 2] |= digit;
		else
			buf[i / 2] = i % 2 ? digit : digit << 4;
	}
	return len <= size ? len : -EMSGSIZE;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (isdigit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 clause 4: whole groups of four, and padding bits are zero. */
static int binary_base64(const char *digits, u8 *buf, size_t size)
{
	size_t nr = strlen(digits), len, i, out = 0;
	u32 bits = 0;

	if (!nr || nr % 4)
		return -EINVAL;
	len = nr / 4 * 3;
	for (i = 0; i < 2 && digits[nr - 1] == '='; i++) {
		nr--;
		len--;
	}
	for (i = 0; i < nr; i++) {
		int digit = base64_digit(digits[i]);

		if (digit < 0)
			return -EINVAL;
		bits = bits << 6 | digit;
		if (i % 4 && out < size)
			buf[out++] = bits >> (6 - i % 4 * 2);
	}
	if ((nr % 4 == 2 && bits & 0xf) || (nr % 4 == 3 && bits & 0x3))
		return -EINVAL;
	return len <= size ? len : -EMSGSIZE;
}

int iscsi_value_binary(const char *value, u8 *buf, size_t size)
{
	if (!is_encoded(value))
		return -EINVAL;
	if (value[1] == 'x' || value[1] == 'X')
		return binary_hex(value + 2, buf, size);
	return binary_base64(value + 2, buf, size);
}

bool iscsi_list_next(const char **list, char item[ISCSI_VALUE_MAX + 1])
{
	size_t len = strcspn(*list, ",");

	if (!**list)
		return false;
	item[0] = 0;
	if (len <= ISCSI_VALUE_MAX) {
		memcpy(item, *list, len);
		item[len] = 0;
	}
	*list += len;
	*list += **list == ',';
	return true;
}

int iscsi_list_select(const char *list, const char *const *ours, u32 nr)
{
	char item[ISCSI_VALUE_MAX + 1];
	u32 i;

	while (iscsi_list_next(&list, item))
		for (i = 0; i < nr; i++)
			if (!strcmp(item, ours[i]))
				return i;
	return -ENOENT;
}

bool iscsi_name_valid(const char *name)
{
	size_t len = strlen(name), i, n;

	if (!len || len > ISCSI_NAME_MAX)
		return false;
	for (i = 0; i < len; i += n) {
		n = utf8_char(name + i, len - i);
		if (!n)
			return false;
		if (n == 1 && !is_letter(name[i]) && !isdigit(name[i]) &&
		    !strchr("-.:_", name[i]))
			return false;
	}
	return true;
}
