/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: configuration of the core.
 *
 * Who holds a struct scst_ctx (the module, or an embedded engine) builds the
 * tree: devices (scst_device.h), targets (scst_target.h), and per target the
 * initiator groups with their LUN maps. All calls here are for process
 * context and take the context's mutex.
 */
#ifndef SCST_H
#define SCST_H

#include "core_os.h"
#include "scst_device.h"
#include "scst_target.h"

struct scst_ctx;
struct scst_device_group;
struct scst_group;
struct scst_port_group;

struct scst_ctx *scst_ctx_alloc(void);

/* Devices and targets must be gone. */
void scst_ctx_free(struct scst_ctx *ctx);

struct scst_device *scst_device_find(struct scst_ctx *ctx, const char *name);
const char *scst_device_name(const struct scst_device *dev);

/* Does it have commands that did not end? Is it in any LUN map? */
bool scst_device_busy(struct scst_device *dev);
bool scst_device_mapped(struct scst_device *dev);

/*
 * Add an initiator group to a target. An initiator belongs to the first
 * group, in order of addition, that has a pattern matching its name; the
 * patterns of a group are tried in order, and one that begins with '!'
 * excludes what it matches.
 */
struct scst_group *scst_group_add(struct scst_target *tgt, const char *name);
int scst_group_add_pattern(struct scst_group *grp, const char *pattern);

/*
 * Take a group, or one pattern of it, away. Nexuses that exist follow the
 * groups as they are then, and those that no group matches see no logical
 * unit any more. -ENOENT: there is no such pattern.
 */
void scst_group_del(struct scst_group *grp);
int scst_group_del_pattern(struct scst_group *grp, const char *pattern);

/*
 * Show @dev as logical unit @lun (0 to 16383) to the group's initiators.
 * -EEXIST: the number is taken. Nexuses that exist see the change with
 * REPORTED LUNS DATA HAS CHANGED.
 */
int scst_group_map(struct scst_group *grp, u16 lun, struct scst_device *dev,
		   bool read_only);
int scst_group_unmap(struct scst_group *grp, u16 lun);

/* Commands that are under way are not concerned. -ENOENT: not mapped. */
int scst_group_set_read_only(struct scst_group *grp, u16 lun, bool read_only);

/*
 * Asymmetric logical unit access (SPC-5 5.16.2). The devices of a device group
 * are reached through the same target port groups, whose states they share. A
 * target port group is made of relative target port identifiers. Neither
 * devices nor targets need exist: some may be of another machine that serves
 * the same logical units. A nexus through a port of no group sees none of it.
 *
 * A device is in one device group at most, and a port in one target port group
 * of a device group.
 */
enum scst_access_state {
	SCST_ACTIVE_OPTIMIZED	  = 0x0,
	SCST_ACTIVE_NON_OPTIMIZED = 0x1,
	SCST_STANDBY		  = 0x2,
	SCST_UNAVAILABLE	  = 0x3,
	SCST_OFFLINE		  = 0xe,
	SCST_TRANSITIONING	  = 0xf,
};

/* The standard's words for them, as "active/optimized". -EINVAL: it is none. */
const char *scst_access_state_name(enum scst_access_state state);
int scst_access_state_parse(const char *name, enum scst_access_state *state);

/* All must be gone before the context is freed. ERR_PTR(-ENOMEM) */
struct scst_device_group *scst_device_group_add(struct scst_ctx *ctx);
void scst_device_group_del(struct scst_device_group *dg);

/* By name. -EEXIST: it is in a group already; -ENOENT: not in this one. */
int scst_device_group_add_device(struct scst_device_group *dg,
				 const char *name);
int scst_device_group_del_device(struct scst_device_group *dg,
				 const char *name);

/*
 * May initiators change states by SET TARGET PORT GROUPS? At first they may
 * not. States are not kept over a restart.
 */
void scst_device_group_set_explicit(struct scst_device_group *dg, bool on);

/* ERR_PTR(-EINVAL): @id is 0; -EEXIST, -ENOMEM. */
struct scst_port_group *scst_port_group_add(struct scst_device_group *dg,
					    u16 id);
void scst_port_group_del(struct scst_port_group *pg);
/* NULL: there is none. */
struct scst_port_group *scst_port_group_find(struct scst_device_group *dg,
					     u16 id);

/*
 * -EINVAL: @port is 0; -EEXIST: it is in a group of the same devices already;
 * -ENOSPC: there are 255; -ENOENT: it is not in this group.
 */
int scst_port_group_add_port(struct scst_port_group *pg, u16 port);
int scst_port_group_del_port(struct scst_port_group *pg, u16 port);

/* Initiators hear of each change. At first: active/optimized. */
void scst_port_group_set_state(struct scst_port_group *pg,
			       enum scst_access_state state);
enum scst_access_state scst_port_group_state(struct scst_port_group *pg);
void scst_port_group_set_preferred(struct scst_port_group *pg, bool preferred);

/*
 * The relative target port identifier of @tgt, which is the least that was
 * free. -EINVAL: 0; -EEXIST; -EBUSY: it has nexuses, or some that are going.
 */
u16 scst_target_port_id(struct scst_target *tgt);
int scst_target_set_port_id(struct scst_target *tgt, u16 id);

/* '*' any run, '?' any character, the rest by letter, case ignored. */
bool scst_glob(const char *pattern, const char *name);

/* Counters of one I_T_L nexus, since it began. */
struct scst_stats {
	u64 commands;
	u64 read_bytes;
	u64 write_bytes;
	u64 errors;		/* ended with other than GOOD */
	u64 aborted;
	u64 unit_attentions;
	u64 task_set_full;
	u64 busy;
};

struct scst_itl_report {
	const char *target, *initiator, *device;
	u64 nexus_id;
	u16 lun;
	bool read_only;
	u32 tasks;
	struct scst_stats stats;
};

/* Calls @fn for each I_T_L nexus; under the mutex, must not call back. */
void scst_report(struct scst_ctx *ctx,
		 void (*fn)(const struct scst_itl_report *rep, void *arg),
		 void *arg);

/* Calls @fn for each I_T nexus, likewise. */
void scst_report_nexuses(struct scst_ctx *ctx,
			 void (*fn)(struct scst_nexus *nexus, void *arg),
			 void *arg);

/*
 * Who wants to know what happens; each call optional, under the mutex, must
 * not call back. A nexus is told of when it may submit, and when it no longer
 * may; a device while it has its name.
 */
struct scst_observer {
	void (*nexus)(const struct scst_nexus *nexus, bool added);
	void (*device)(const struct scst_device *dev, bool added);
};

/* Before anything is registered; stays until the context is freed. */
void scst_observe(struct scst_ctx *ctx, const struct scst_observer *observer);

#endif
