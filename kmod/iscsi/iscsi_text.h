/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the text of Login and Text PDUs (RFC 7143 clause 6.1).
 *
 * A text is a run of "key=value" pairs, each followed by a zero byte. The
 * reader takes one from a peer apart, in place and without trust; the buffer
 * collects one of ours and never overflows. Neither allocates.
 */
#ifndef ISCSI_TEXT_H
#define ISCSI_TEXT_H

#include "core_os.h"

#define ISCSI_KEY_MAX	     63
#define ISCSI_VALUE_MAX	     255	/* one simple value */
#define ISCSI_LONG_VALUE_MAX 8192	/* a list, or an encoded binary */

/* What is left of a received text. */
struct iscsi_text {
	const char *pos;
	const char *end;
};

struct iscsi_pair {
	char key[ISCSI_KEY_MAX + 1];
	const char *value;	/* in the text, with its zero byte */
	size_t len;
};

static inline void iscsi_text_init(struct iscsi_text *t, const void *data,
				   size_t len)
{
	t->pos = data;
	t->end = t->pos + len;
}

/*
 * Take the next pair off @t. 1, or 0 at the end. A malformed text is a
 * protocol error from here on, and the reader stays where it is:
 *
 * -EBADMSG	 it ends within a pair
 * -EINVAL	 no '=', an empty key, or a character that keys cannot have
 * -ENAMETOOLONG the key has more than 63 bytes
 * -EMSGSIZE	 the value has more than its 255 or 8192
 * -EILSEQ	 the value has control characters or is not UTF-8
 *
 * @p->key is set whenever the key itself was good, and is "" otherwise.
 */
int iscsi_text_next(struct iscsi_text *t, struct iscsi_pair *p);

/* A text under construction. @full: something did not fit. */
struct iscsi_text_buf {
	char *data;
	size_t size;
	size_t len;
	bool full;
};

/* Add a pair, whole or (-ENOSPC) not at all. */
int iscsi_text_add(struct iscsi_text_buf *b, const char *key,
		   const char *fmt, ...) __printf(3, 4);

/* ... with a binary value, in hexadecimal. */
int iscsi_text_add_binary(struct iscsi_text_buf *b, const char *key,
			  const void *data, size_t len);

/*
 * Values. -EINVAL: not of that form.
 *
 * A number, decimal or 0x hexadecimal. -ERANGE: not in [@min, @max].
 */
int iscsi_value_number(const char *value, u64 min, u64 max, u64 *number);

int iscsi_value_bool(const char *value, bool *yes);

/*
 * A binary value, 0x hexadecimal or 0b base64, into @buf, which may be where
 * @value is; its length.
 * -EMSGSIZE: more than @size bytes.
 */
int iscsi_value_binary(const char *value, u8 *buf, size_t size);

/*
 * Walk through a list of values: the next one into @item, false behind the
 * last. Values too long for @item come out empty, as nothing that we know.
 */
bool iscsi_list_next(const char **list, char item[ISCSI_VALUE_MAX + 1]);

/*
 * The rule of list negotiation (6.2.1): the first value of the originator's
 * @list that is one of the @nr at @ours; its index there, or -ENOENT.
 */
int iscsi_list_select(const char *list, const char *const *ours, u32 nr);

/*
 * Could @name be an iSCSI name (4.2.7)? One to 223 bytes of letters, digits,
 * "-.:_" and UTF-8. Type designators and normal form are not insisted on.
 */
bool iscsi_name_valid(const char *name);

#endif
