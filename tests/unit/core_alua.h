/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a world with target port groups, for tests.
 *
 * The world's target is port 1; there is another, port 2, with the same device
 * at LUN 0. Port 1 is in group 3, port 2 in group 7.
 */
#ifndef CORE_ALUA_H
#define CORE_ALUA_H

#include "core_fake.h"

struct alua {
	struct scst_target *other;
	struct fport *x;		/* a nexus to it */
	struct scst_device_group *dg;	/* NULL: none */
	struct scst_port_group *g3, *g7;
};

extern struct alua al;

/* Without groups; with them; and initiators may set their states. */
void alua_up_bare(void);
void alua_up(void);
void alua_up_explicit(void);
void alua_down(void);

/* All see their unit attentions, and the log is clean. */
void alua_see(void);
/* A nexus to @tgt that has seen them. */
struct fport *alua_port_at(struct scst_target *tgt, const char *initiator);

/* REPORT TARGET PORT GROUPS */
struct fcmd *alua_report(struct fport *p, u8 format, u32 alloc);
/*
 * What it says, in a line: "3 0 2: 1 4, 7 f* 1: 2" are group 3, optimized by an
 * implicit change, of ports 1 and 4, and group 7, which is preferred and was
 * set by a command.
 */
const char *alua_groups(struct fport *p);

#define ck_groups(expected) ck_assert_str_eq(alua_groups(w.a), expected)

/*
 * SET TARGET PORT GROUPS, not submitted yet: @sent bytes of @list arrive, the
 * CDB says @len.
 */
struct fcmd *alua_set_new(struct fport *p, const void *list, u32 sent, u32 len);
struct fcmd *alua_set_list(struct fport *p, const char *list, u32 len);
struct fcmd *alua_set(struct fport *p, u16 group, u8 state);

/* INQUIRY, which must succeed; its field TPGS; the designator of type 5 or 0 */
struct fcmd *alua_inquiry(struct fport *p, u8 evpd, u8 page);
u8 alua_tpgs(struct fport *p);
u16 alua_designated(struct fport *p);

/* No unit attention, or this one and no other, is pending at LUN 0. */
#define ck_ua(p, expected) \
	do { \
		struct fport *p1_ = (p); \
		ck_assert_str_eq(scst_sense_name(attention(p1_, 0)), \
				 scst_sense_name(expected)); \
		ck_assert_uint_eq(attention(p1_, 0), SENSE_NONE); \
	} while (0)

#endif
