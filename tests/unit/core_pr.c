// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: persistent reservations, for tests; see core_pr.h.
 */
#include "core_pr.h"

static struct fport *observer;

void pr_up(void)
{
	world_up();
	observer = fport_add("iqn.z");
	see_attentions(observer);
}

struct fcmd *pr_out_new(struct fport *p, u8 action, u8 type, const u8 *list,
			u32 len)
{
	u8 cdb[10] = { SCSI_PERSISTENT_OUT, action, type };
	struct fcmd *c;

	put_unaligned_be32(len, cdb + 5);
	c = fcmd_new(p, 0, cdb, sizeof(cdb), SCST_DATA_OUT, len);
	if (len)
		memcpy(c->out, list, len);
	return c;
}

struct fcmd *pr_out_list(struct fport *p, u8 action, u8 type, const u8 *list,
			 u32 len)
{
	return submit(pr_out_new(p, action, type, list, len));
}

struct fcmd *pr_out_bits(struct fport *p, u8 action, u8 type, u64 key,
			 u64 sa_key, u8 bits)
{
	u8 list[24] = { [20] = bits };

	put_unaligned_be64(key, list);
	put_unaligned_be64(sa_key, list + 8);
	return pr_out_list(p, action, type, list, sizeof(list));
}

struct fcmd *pr_out(struct fport *p, u8 action, u8 type, u64 key, u64 sa_key)
{
	return pr_out_bits(p, action, type, key, sa_key, 0);
}

struct fcmd *pr_in(struct fport *p, u8 action, u16 alloc)
{
	u8 cdb[10] = { SCSI_PERSISTENT_IN, action };

	put_unaligned_be16(alloc, cdb + 7);
	return submit(fcmd_new(p, 0, cdb, sizeof(cdb), SCST_DATA_IN, alloc));
}

void list_begin(struct pr_list *l, u64 key, u64 sa_key, u8 bits)
{
	memset(l, 0, sizeof(*l));
	put_unaligned_be64(key, l->data);
	put_unaligned_be64(sa_key, l->data + 8);
	l->data[20] = bits;
	l->len = 28;
}

void list_put_tid(struct pr_list *l, u8 first, const char *text)
{
	u32 n = max_t(u32, round_up(strlen(text) + 1, 4), 20);
	u8 *p = l->data + l->len;

	p[0] = first;
	put_unaligned_be16(n, p + 2);
	memcpy(p + 4, text, strlen(text));
	l->len += 4 + n;
}

void list_add_tid(struct pr_list *l, u8 first, const char *text)
{
	list_put_tid(l, first, text);
	put_unaligned_be32(l->len - 28, l->data + 24);
}

struct fcmd *list_send(struct fport *p, const struct pr_list *l)
{
	return pr_out_list(p, REGISTER, 0, l->data, l->len);
}

void reg(struct fport *p, u64 key)
{
	ck_good(pr_out(p, IGNORE, 0, 0, key));
}

void reg_all(u8 type)
{
	reg(w.a, 1);
	reg(w.b, 2);
	reg(w.c, 3);
	ck_good(pr_out(w.a, RESERVE, type, 1, 0));
}

static struct fcmd *look(u8 action)
{
	struct fcmd *c;

	see_attentions(observer);
	c = pr_in(observer, action, 32768);
	ck_good(c);
	ck_assert_uint_ge(c->in_len, 8);
	ck_assert_uint_eq(get_unaligned_be32(c->in + 4), c->in_len - 8);
	return c;
}

u32 pr_generation(void)
{
	return get_unaligned_be32(look(READ_KEYS)->in);
}

/* One descriptor of the full status at @d; its length. */
static u32 describe(char *text, size_t size, const u8 *d)
{
	const char *tid = (const char *)d + 24 + 4;
	u16 port = get_unaligned_be16(d + 18);
	size_t n = strlen(text);
	unsigned long isid;

	ck_assert_uint_eq(d[24], 0x45);
	ck_assert_int_eq(strncmp(tid, "iqn.", 4), 0);
	n += snprintf(text + n, size - n, "%s%.*s", n ? " " : "",
		      (int)strcspn(tid + 4, ","), tid + 4);
	isid = strtoul(strstr(tid, ",i,0x") + 5, NULL, 16);
	if (isid)
		n += snprintf(text + n, size - n, "#%lx", isid);
	if (port != 1)
		n += snprintf(text + n, size - n, "@%u", port);
	snprintf(text + n, size - n, "=%llx%s",
		 (unsigned long long)get_unaligned_be64(d),
		 d[12] & 1 ? "*" : "");
	return 24 + get_unaligned_be32(d + 20);
}

const char *pr_state(void)
{
	static char text[512];
	struct fcmd *c = look(FULL_STATUS);
	u32 off;

	*text = '\0';
	for (off = 8; off < c->in_len; )
		off += describe(text, sizeof(text), c->in + off);
	ck_assert_uint_eq(off, c->in_len);
	c = look(READ_RESERVATION);
	if (c->in_len > 8)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 ", %u", c->in[21]);
	return text;
}
