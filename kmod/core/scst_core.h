/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: what the core's files and the SPC device server share.
 *
 * Objects and who holds them:
 *
 *	ctx --> devices, targets		ctx->mutex
 *	target --> groups --> LUN map entries	ctx->mutex
 *	target --> nexuses --> ITLs		ctx->mutex; the table of ITLs is
 *						read in read sections
 *	ITL (I_T_L nexus: one initiator's view of one device) --> tasks
 *						itl->lock
 *
 * A task keeps its ITL, an ITL its device and its nexus. A command touches no
 * lock but its ITL's, which belongs to one session; the device's lock is for
 * what concerns all of a device's nexuses: ordered tasks, task management,
 * reservations, mode parameters.
 *
 * Lock order: ctx->mutex, ctx->alua_lock, dev->lock, itl->lock or
 * ctx->targets_lock. The spinlocks are taken _bh.
 */
#ifndef SCST_CORE_H
#define SCST_CORE_H

#include "core_os.h"
#include "scst.h"
#include "spc_pr.h"

#define SCST_DEVICE_NAME_MAX 63
#define SCST_LUN_MAX 16383	/* fourteen bits of flat space addressing */

struct scst_ctx {
	struct mutex mutex;
	struct list_head devices;
	struct list_head targets;
	spinlock_t targets_lock;	/* to read the list without the mutex */
	struct list_head device_groups;
	spinlock_t alua_lock;		/* see alua.h */
	u64 last_nexus_id;
	u64 last_itl_id;
	const struct scst_observer *observer;
};

/*
 * Tasks that task attributes hold back (SAM-6 8.9). While every task of a
 * device is SIMPLE, nothing of this is touched: tasks start as they come.
 * The first ORDERED or HEAD OF QUEUE task closes the gate on each of the
 * device's ITLs. From then on tasks queue here, in order of arrival, until
 * those counted in @older and all queued ones have ended. dev->lock.
 */
struct scst_taskset {
	struct list_head queue;
	u32 older;		/* tasks from before the gate closed */
	u32 heads;		/* HEAD OF QUEUE tasks that have not ended */
	bool closed;
	bool running;		/* somebody starts tasks ... */
	bool again;		/* ... and shall look once more */
};

struct scst_device {
	struct scst_ctx *ctx;
	const struct scst_device_ops *ops;
	void *priv;
	void *lu;
	struct list_head link;		/* ctx->devices */
	refcount_t refs;
	bool dead;
	struct core_retired retired;

	char name[SCST_DEVICE_NAME_MAX + 1];
	u8 type;
	bool removable;
	bool read_only;
	u8 mode_device_specific;
	u8 vendor[8];
	u8 product[16];
	u8 revision[4];
	char serial[64];
	u64 naa;
	u16 version_descriptors[8];
	u32 max_transfer;
	u32 queue_depth;
	u32 max_tasks;			/* 0: not counted */
	atomic_t nr_tasks;

	/* Sorted by operation code and service action. */
	struct scst_opcode *opcodes;
	u32 nr_opcodes;
	u16 first_opcode[256];		/* nr_opcodes: none */
	u32 withheld;			/* rows with these flags; READ_ONCE */
	struct scst_vpd_page *vpd_pages;
	u32 nr_vpd_pages;

	spinlock_t lock;
	struct list_head itls;
	struct list_head tmfs;		/* end in order of arrival */
	struct scst_taskset taskset;
	bool copies;			/* has a copy manager, and is a CSCD */
	atomic_t nr_copies;
	u64 reserved_by;		/* nexus id of RESERVE */
	struct spc_pr pr;
	struct scst_device_group *group;	/* or NULL; alua_lock */
	u64 blocks;
	u32 block_size;
	struct scst_mode_page *mode_pages;	/* as MODE SENSE lists them */
	u32 nr_mode_pages;
	struct scst_mode_page *control;	/* the Control mode page among them */
	/* Of that one, for READ_ONCE. */
	bool descriptor_sense;
	bool software_protect;
	bool task_aborted_status;
};

struct scst_map {
	struct list_head link;		/* group->maps, by LUN */
	struct scst_device *dev;
	u16 lun;
	bool read_only;
};

struct scst_pattern {
	struct list_head link;
	char text[];
};

struct scst_group {
	struct scst_target *target;
	struct list_head link;		/* target->groups */
	struct list_head patterns;
	struct list_head maps;
	char name[];
};

struct scst_target {
	struct scst_ctx *ctx;
	const struct scst_target_ops *ops;
	void *priv;
	struct list_head link;		/* ctx->targets */
	refcount_t refs;		/* the driver's, the nexuses' */
	struct list_head groups;
	struct list_head nexuses;
	u16 port_id;			/* relative target port identifier */
	char name[SCST_NAME_MAX + 1];
};

#define SCST_UA_MAX 8

struct scst_itl {
	struct scst_nexus *nexus;
	struct scst_device *dev;
	u64 id;
	u16 lun;
	bool read_only;			/* READ_ONCE */
	struct list_head dev_link;	/* dev->itls, dev->lock */
	struct spc_pr_reg *reg;		/* NULL: not registered; dev->lock */
	u16 needs;			/* flags of opcodes; READ_ONCE */
	/* Asymmetric access, as it is now; dev->lock, READ_ONCE */
	u16 port_group;			/* its identifier; 0: none */
	u8 access;			/* enum scst_access_state */
	u8 tpgs;			/* for INQUIRY */
	bool preempted;			/* by a SCST_PREEMPT; dev->lock */
	struct core_retired retired;
	struct scst_tmf loss;		/* runs when the nexus goes */

	spinlock_t lock;
	struct list_head tasks;
	struct list_head tmfs;		/* that wait for awaited tasks */
	struct list_head copies;	/* of EXTENDED COPY */
	u32 nr_tasks;			/* READ_ONCE */
	u32 nr_holds;			/* others' */
	bool dead;			/* goes with the last of both */
	bool gate;			/* new tasks go through the task set */
	u8 nr_ua;			/* READ_ONCE */
	enum scst_sense ua[SCST_UA_MAX];	/* oldest first */
	struct scst_stats stats;
};

/*
 * A nexus's ITLs sorted by LUN, read in read sections. To add one makes a new
 * table; to remove one leaves NULL in its row.
 */
struct scst_itl_row {
	struct scst_itl __rcu *itl;
	u16 lun;
};

struct scst_itl_table {
	struct core_retired retired;
	u32 nr;
	struct scst_itl_row row[];
};

/* The live ITLs of @table, in a read section or under ctx->mutex. */
#define scst_for_each_itl(itl, table, i)				\
	for ((i) = 0; (table) && (i) < (table)->nr; (i)++)		\
		if (((itl) = rcu_dereference_raw((table)->row[i].itl)))

/*
 * State of a task and flags, in one atomic. Only the task's owner of the
 * moment changes the state; anybody may add flags while it is not DONE.
 */
enum scst_task_state {
	TASK_ACTIVE	= 0,	/* core or device server work on it */
	TASK_DATA_OUT	= 1,	/* the driver receives its Data-Out */
	TASK_DORMANT	= 2,	/* the task set holds it back */
	TASK_DONE	= 3,	/* has its outcome; the driver's */
	TASK_STATE	= 3,
	TASK_ABORTED	= 1 << 2,
	TASK_SLOW	= 1 << 3,	/* counted by the task set */
	TASK_QUEUED	= 1 << 4,	/* and in its queue */
};

/* device.c */
void scst_device_get(struct scst_device *dev);
void scst_device_put(struct scst_device *dev);
const struct scst_opcode *scst_device_opcode(const struct scst_device *dev,
					     const u8 *cdb, u16 cdb_len,
					     bool *sa_unknown);
u16 scst_cdb_service_action(const u8 *cdb, u16 cdb_len);
struct scst_device *scst_device_find_locked(struct scst_ctx *ctx,
					    const char *name);

/* target.c */
struct scst_group *scst_target_group(struct scst_target *tgt,
				     const char *initiator);
struct scst_map *scst_map_find(struct scst_group *grp, u16 lun);
void scst_target_get(struct scst_target *tgt);
void scst_target_put(struct scst_target *tgt);
void scst_unmap_device(struct scst_device *dev);

/* nexus.c */
struct scst_itl *scst_itl_find(struct scst_nexus *nexus, u16 lun);
int scst_itl_add(struct scst_nexus *nexus, const struct scst_map *map);
void scst_itl_remove(struct scst_nexus *nexus, u16 lun);
void scst_itl_set_read_only(struct scst_nexus *nexus, u16 lun, bool read_only);
void scst_nexus_regroup(struct scst_nexus *nexus);
void scst_nexus_luns_changed(struct scst_nexus *nexus);
bool scst_itl_hold(struct scst_itl *itl);
void scst_itl_drop(struct scst_itl *itl);
void scst_nexus_get(struct scst_nexus *nexus);
void scst_nexus_put(struct scst_nexus *nexus);

/* ua.c */
void scst_itl_ua(struct scst_itl *itl, enum scst_sense ua);
enum scst_sense scst_itl_take_ua(struct scst_itl *itl);
void scst_nexus_ua(struct scst_nexus *nexus, enum scst_sense ua);
void scst_nexus_clear_ua(struct scst_nexus *nexus, enum scst_sense ua);
void scst_device_ua_locked(struct scst_device *dev, enum scst_sense ua,
			   u64 except);

/* task.c */
void scst_task_start(struct scst_task *task);
bool scst_task_submit_at(struct scst_task *task, struct scst_itl *itl);
bool scst_task_get_data(struct scst_task *task);

/* taskset.c */
void scst_taskset_init(struct scst_taskset *ts);
void scst_taskset_enter(struct scst_device *dev, struct scst_task *task);
void scst_taskset_done(struct scst_device *dev, struct scst_task *task,
		       int state);
void scst_taskset_run(struct scst_device *dev);

/* tmf.c */
void scst_tmf_start(struct scst_tmf *tmf);
bool scst_tmf_mark(struct scst_tmf *tmf);
void scst_tmf_marked(struct scst_tmf *tmf, bool dormant);
void scst_tmf_task_done(struct scst_tmf *tmf);
void scst_itl_end_tmfs(struct scst_itl *itl);

static inline struct scst_task *scst_cmd_task(struct scst_cmd *cmd)
{
	return container_of(cmd, struct scst_task, cmd);
}

/* Is a row of the table there, as things are? */
static inline bool scst_opcode_offered(const struct scst_device *dev,
				       const struct scst_opcode *row)
{
	return !(row->flags & READ_ONCE(dev->withheld));
}

static inline bool scst_itl_protected(const struct scst_itl *itl)
{
	return READ_ONCE(itl->read_only) || READ_ONCE(itl->dev->read_only) ||
	       READ_ONCE(itl->dev->software_protect);
}

#endif
