/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: asymmetric logical unit access (SPC-5 5.16.2): what its files
 * share.
 *
 * A device group holds devices by name and target port groups; a target port
 * group holds target ports by relative identifier. Neither need be there, and
 * ports may be those of another machine that serves the same logical units.
 *
 * Who is in which group changes under ctx->mutex and ctx->alua_lock; states
 * change under the latter, since SET TARGET PORT GROUPS comes in any context.
 * Each ITL has a copy of what concerns it, under dev->lock: commands read that
 * and take no lock.
 */
#ifndef ALUA_H
#define ALUA_H

#include "core_os.h"
#include "scst.h"

struct scst_itl;

#define ALUA_PORTS_MAX 255	/* TARGET PORT COUNT is a byte */

/* STATUS CODE (SPC-5 6.37): what the last change was. */
enum alua_status {
	ALUA_NONE	= 0,
	ALUA_BY_COMMAND = 1,
	ALUA_IMPLICIT	= 2,
};

struct scst_port_group {
	struct scst_device_group *dg;
	struct list_head link;		/* dg->port_groups, by id */
	u16 id;
	u8 state;			/* enum scst_access_state */
	u8 wanted;			/* by SET TARGET PORT GROUPS, ... */
	bool named;			/* ... which names it */
	bool preferred;
	u8 status;			/* enum alua_status */
	u8 nr_ports;			/* 0: initiators do not see it */
	u16 ports[ALUA_PORTS_MAX];
};

struct scst_device_group {
	struct scst_ctx *ctx;
	struct list_head link;		/* ctx->device_groups */
	struct list_head members;
	struct list_head port_groups;
	bool settable;			/* by initiators */
};

/* The target port groups that initiators see; alua_lock. */
#define alua_for_each(pg, dg)						\
	list_for_each_entry(pg, &(dg)->port_groups, link)		\
		if ((pg)->nr_ports)

/*
 * Something of @dg has changed: bring what ITLs know of it up to date, and
 * tell them by @ua, but the ITL @by that asked for it; alua_lock.
 */
void scst_alua_changed(struct scst_device_group *dg, enum scst_sense ua,
		       const struct scst_itl *by);

/* A device came; it leaves before it is retired. ctx->mutex. */
void scst_alua_device_join(struct scst_device *dev);
void scst_alua_device_leave(struct scst_device *dev);
/* An ITL came that no command has found yet. */
void scst_alua_itl_join(struct scst_itl *itl);

#endif
