// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a world with target port groups, for tests; see core_alua.h.
 */
#include "core_alua.h"

struct alua al;

struct fport *alua_port_at(struct scst_target *tgt, const char *initiator)
{
	struct scst_target *first = w.tgt;
	struct fport *p;

	w.tgt = tgt;
	p = fport_add(initiator);
	w.tgt = first;
	see_attentions(p);
	return p;
}

void alua_up_bare(void)
{
	struct scst_group *grp;

	world_up();
	al.dg = NULL;
	al.other = scst_target_register(w.ctx, "iqn.u", &w.ops, &w);
	ck_assert(!IS_ERR(al.other));
	grp = scst_group_add(al.other, "all");
	ck_assert_int_eq(scst_group_add_pattern(grp, "*"), 0);
	ck_assert_int_eq(scst_group_map(grp, 0, w.dev->core, false), 0);
	al.x = alua_port_at(al.other, "iqn.a");
}

void alua_see(void)
{
	see_attentions(w.a);
	see_attentions(w.b);
	see_attentions(w.c);
	see_attentions(al.x);
	log_clear();
}

static struct scst_port_group *port_group(u16 id, u16 port)
{
	struct scst_port_group *pg = scst_port_group_add(al.dg, id);

	ck_assert(!IS_ERR(pg));
	ck_assert_int_eq(scst_port_group_add_port(pg, port), 0);
	return pg;
}

void alua_up(void)
{
	alua_up_bare();
	al.dg = scst_device_group_add(w.ctx);
	ck_assert(!IS_ERR(al.dg));
	ck_assert_int_eq(scst_device_group_add_device(al.dg, "dev0"), 0);
	al.g7 = port_group(7, 2);
	al.g3 = port_group(3, 1);
	alua_see();
}

void alua_up_explicit(void)
{
	alua_up();
	scst_device_group_set_explicit(al.dg, true);
	alua_see();
}

void alua_down(void)
{
	fport_del(al.x);
	scst_target_unregister(al.other);
	if (al.dg)
		scst_device_group_del(al.dg);
	world_down();
}

/* ---- Commands ----------------------------------------------------------- */

struct fcmd *alua_report(struct fport *p, u8 format, u32 alloc)
{
	u8 cdb[16] = { SCSI_MAINTENANCE_IN,
		       format << 5 | SCSI_SA_REPORT_TARGET_GROUPS };

	put_unaligned_be32(alloc, cdb + 6);
	return submit(fcmd_new(p, 0, cdb, sizeof(cdb), SCST_DATA_IN, 4096));
}

struct fcmd *alua_set_new(struct fport *p, const void *list, u32 sent,
			    u32 len)
{
	u8 cdb[16] = { SCSI_MAINTENANCE_OUT, SCSI_SA_SET_TARGET_GROUPS };
	struct fcmd *c;

	put_unaligned_be32(len, cdb + 6);
	c = fcmd_new(p, 0, cdb, sizeof(cdb), SCST_DATA_OUT, sent);
	memcpy(c->out, list, sent);
	return c;
}

struct fcmd *alua_set_list(struct fport *p, const char *list, u32 len)
{
	return submit(alua_set_new(p, list, len, len));
}

struct fcmd *alua_set(struct fport *p, u16 group, u8 state)
{
	u8 list[8] = { 0, 0, 0, 0, state };

	put_unaligned_be16(group, list + 6);
	return submit(alua_set_new(p, list, 8, 8));
}

const char *alua_groups(struct fport *p)
{
	static char text[256];
	struct fcmd *c = alua_report(p, 0, 4096);
	u32 at, i;
	size_t n = 0;

	ck_good(c);
	ck_assert_uint_eq(get_unaligned_be32(c->in) + 4, c->in_len);
	*text = '\0';
	for (at = 4; at < c->in_len; at += 8 + 4 * c->in[at + 7]) {
		n += snprintf(text + n, sizeof(text) - n, "%s%u %x%s %u:",
			      n ? ", " : "", get_unaligned_be16(c->in + at + 2),
			      c->in[at] & 0x0f, c->in[at] & 0x80 ? "*" : "",
			      c->in[at + 5]);
		for (i = 0; i < c->in[at + 7]; i++)
			n += snprintf(text + n, sizeof(text) - n, " %u",
				      get_unaligned_be32(c->in + at + 8 +
							 4 * i));
	}
	ck_assert_uint_eq(at, c->in_len);
	log_clear();
	return text;
}

struct fcmd *alua_inquiry(struct fport *p, u8 evpd, u8 page)
{
	const u8 cdb[16] = { SCSI_INQUIRY, evpd, page, 0x08 };
	struct fcmd *c;

	c = submit(fcmd_new(p, 0, cdb, sizeof(cdb), SCST_DATA_IN, 2048));
	ck_good(c);
	log_clear();
	return c;
}

u8 alua_tpgs(struct fport *p)
{
	return alua_inquiry(p, 0, 0)->in[5] >> 4 & 3;
}

u16 alua_designated(struct fport *p)
{
	struct fcmd *c = alua_inquiry(p, 1, SCSI_VPD_IDENTIFICATION);
	u32 at;

	for (at = 4; at < c->in_len; at += 4 + c->in[at + 3]) {
		if (c->in[at + 1] != (0x80 | 0x10 | 5))
			continue;
		ck_assert_uint_eq(c->in[at] & 0x0f, 1);
		ck_assert_uint_eq(c->in[at + 3], 4);
		return get_unaligned_be32(c->in + at + 4);
	}
	return 0;
}
