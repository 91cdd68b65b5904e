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
struct scst_group;

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
