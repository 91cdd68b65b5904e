/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the interface between the core and target drivers.
 *
 * A target driver registers targets, reports I_T nexuses as they come and
 * go, and submits tasks. It embeds struct scst_nexus and struct scst_task in
 * objects of its own; the core allocates nothing per command but the data
 * buffer, which comes from the device.
 *
 * A task's life, driver's calls on the left, core's calls on the right:
 *
 *	scst_task_init()
 *	scst_task_submit()
 *				ops->want_data_out()	with a data buffer
 *	scst_task_data_out()				once it is filled
 *				ops->respond()		status, data, sense
 *	scst_task_end()					sent, or given up
 *
 * want_data_out() comes only for commands with Data-Out, and any call of the
 * right column may come before the call on its left has returned. The calls
 * on the right come in any context, also from another nexus's: a driver whose
 * nexus belongs to one thread hops there itself.
 */
#ifndef SCST_TARGET_H
#define SCST_TARGET_H

#include "core_os.h"
#include "scst_cmd.h"

struct scst_ctx;
struct scst_group;
struct scst_itl;
struct scst_itl_table;
struct scst_nexus;
struct scst_target;
struct scst_task;
struct scst_tmf;
struct spc_xcopy;

/* Task attributes (SAM-6 8.9). */
enum scst_attr {
	SCST_SIMPLE,
	SCST_ORDERED,
	SCST_HEAD_OF_QUEUE,
	SCST_ACA,
};

/* Task management functions (SAM-6 clause 7). */
enum scst_tmf_fn {
	SCST_ABORT_TASK,
	SCST_ABORT_TASK_SET,
	SCST_CLEAR_TASK_SET,
	SCST_LUN_RESET,
	SCST_TARGET_RESET,	/* every logical unit the nexus reaches */
	/* The core's own: */
	SCST_NEXUS_LOSS,	/* the I_T nexus is gone */
	SCST_PREEMPT,		/* PREEMPT AND ABORT of reservations */
};

/* Service responses of task management functions (SAM-6 7.1). */
enum scst_tmf_response {
	SCST_TMF_COMPLETE,
	SCST_TMF_NO_TASK,	/* ABORT TASK: no such task */
	SCST_TMF_NO_LUN,
	SCST_TMF_REJECTED,
};

/* Protocol identifiers (SPC-5 7.6.1). */
enum scst_protocol {
	SCST_PROTOCOL_FCP	= 0x0,
	SCST_PROTOCOL_ISCSI	= 0x5,
	SCST_PROTOCOL_SAS	= 0x6,
	SCST_PROTOCOL_NONE	= 0xf,	/* no specific protocol */
};

struct scst_target_ops {
	u8 protocol;		/* enum scst_protocol */
	/* NULL: no task of this driver has Data-Out; nor kick() then. */
	void (*want_data_out)(struct scst_task *task);
	/*
	 * With scst_task_aborted() true the initiator must not hear of the
	 * task again: no response; otherwise status, sense and Data-In are
	 * in task->cmd. Either way scst_task_end() follows.
	 */
	void (*respond)(struct scst_task *task);
	/*
	 * Some tasks of @nexus that wait for Data-Out were aborted: call
	 * scst_task_data_out() for each one that scst_task_aborted() names.
	 * Under a spinlock: post the work.
	 */
	void (*kick)(struct scst_nexus *nexus);
	/*
	 * The nexus's own tasks that @tmf concerned are all ended: aborted,
	 * or their response went out before. NULL: the driver submits none.
	 */
	void (*tmf_done)(struct scst_tmf *tmf);
	/* Everything about a removed nexus is over; its memory is free. */
	void (*nexus_gone)(struct scst_nexus *nexus);
	/*
	 * The TransportID (SPC-5 7.6.4) of the initiator port of @nexus, to
	 * @tid; returns its length. It is what persistent reservations know
	 * the nexus by when it comes again. Process context. Optional: without
	 * it one is made from the initiator's name.
	 */
	u16 (*transport_id)(struct scst_nexus *nexus, u8 *tid);
	/*
	 * Logical units came to @nexus or left it, which the initiator hears
	 * by a unit attention, too. Under the context's mutex: post the work.
	 * Optional.
	 */
	void (*luns_changed)(struct scst_nexus *nexus);
	/*
	 * The target was unregistered and its last nexus is gone: no call
	 * follows. Any context. Optional.
	 */
	void (*release)(struct scst_target *tgt);
};

#define SCST_NAME_MAX 223	/* longest iSCSI name (RFC 7143 4.2.7.1) */

/* iSCSI's: name, ",i,0x", ISID and NUL, behind four bytes. */
#define SCST_TRANSPORT_ID_MAX 248

/* An I_T nexus. All but @target, @id, @initiator is the core's. */
struct scst_nexus {
	struct scst_target *target;
	u64 id;
	char initiator[SCST_NAME_MAX + 1];

	u16 transport_id_len;
	u8 transport_id[SCST_TRANSPORT_ID_MAX];
	u32 transport_hash;
	struct scst_group *group;	/* whose LUN map it sees */
	struct list_head target_link;	/* target->nexuses, ctx->mutex */
	struct scst_itl_table __rcu *itls;
	refcount_t refs;
};

/* A command in a task set. */
struct scst_task {
	struct scst_cmd cmd;
	struct scst_nexus *nexus;
	u64 tag;		/* unique among the nexus's tasks */
	u32 expected;		/* bytes that the initiator expects to move */
	u16 lun;		/* SCST_LUN_NONE: not a LUN that we use */
	u8 attr;		/* enum scst_attr */
	u8 cdb[16];		/* most CDBs live here */

	/* The core's. */
	atomic_t state;
	bool tas;		/* aborted: by another nexus, which it may hear */
	bool own_buffer;	/* the driver brought cmd.segs */
	bool awaited;		/* a function waits for the end; itl->lock */
	bool counted;		/* by dev->nr_tasks */
	struct scst_itl *itl;
	struct scst_tmf *tmf;		/* who aborted it */
	struct list_head itl_link;	/* itl->tasks, itl->lock */
	struct list_head queue_link;	/* task set, in slow mode */
	/* The core's own tasks have this instead of ops->respond(). */
	void (*respond)(struct scst_task *task);
	struct spc_xcopy *xcopy;	/* what it copies by such; itl->lock */
};

/* Residual of a finished task (SAM-6 5.4.2). */
struct scst_residual {
	bool over, under;
	u32 count;
};

struct scst_tmf {
	/* From the driver. */
	struct scst_nexus *nexus;
	enum scst_tmf_fn fn;
	u16 lun;
	u64 tag;			/* ABORT TASK */
	/* To the driver. */
	enum scst_tmf_response response;
	/* The core's. */
	struct scst_itl *itl;
	struct scst_tmf *parent;	/* of one among several devices */
	atomic_t pending;		/* tasks, or children, not yet ended */
	struct list_head dev_link;	/* dev->tmfs, dev->lock */
	void (*done)(struct scst_tmf *tmf);
};

#define SCST_LUN_NONE 0xffff

/*
 * Make a target known. @name is what initiators call it. Process context.
 * ERR_PTR(-EEXIST), -ENOMEM.
 */
struct scst_target *scst_target_register(struct scst_ctx *ctx,
					 const char *name,
					 const struct scst_target_ops *ops,
					 void *priv);

/* Its nexuses must have been removed; they may still be finishing. */
void scst_target_unregister(struct scst_target *tgt);

void *scst_target_priv(const struct scst_target *tgt);
const char *scst_target_name(const struct scst_target *tgt);

/* May @initiator log in at all: does a group of @tgt match its name? */
bool scst_target_admits(struct scst_target *tgt, const char *initiator);

/*
 * Begin an I_T nexus for @initiator. Process context. -EACCES: no group of
 * the target matches; -ENOMEM.
 */
int scst_nexus_add(struct scst_nexus *nexus, struct scst_target *tgt,
		   const char *initiator);

/*
 * End it: every task is aborted, reservations go, and ops->nexus_gone() is
 * called when the last task has ended, perhaps before this returns. No task
 * may be submitted any more. Process context.
 */
void scst_nexus_del(struct scst_nexus *nexus);

/*
 * What @nexus sees at @lun, as a number that no other mapping of a logical
 * unit ever has; 0: nothing. Process context.
 */
u64 scst_nexus_lun_id(struct scst_nexus *nexus, u16 lun);

/*
 * Prepare a task. @lun is the eight-byte LUN field. A @cdb of up to 16 bytes
 * is copied; a longer one must stay valid until scst_task_end(). Then set
 * what the transport announces: tag, attr, expected, cmd.dir; and cmd.segs,
 * cmd.nr_segs when the driver brings the data buffer itself.
 */
void scst_task_init(struct scst_task *task, struct scst_nexus *nexus,
		    const u8 *lun, const u8 *cdb, u16 cdb_len);

void scst_task_submit(struct scst_task *task);

/*
 * The Data-Out phase is over. @sense: SENSE_NONE, or why it failed. Also the
 * answer to ops->kick(), with any @sense.
 */
void scst_task_data_out(struct scst_task *task, enum scst_sense sense);

/* The driver is done with a task: its data buffer and references go. */
void scst_task_end(struct scst_task *task);

bool scst_task_aborted(const struct scst_task *task);

void scst_task_residual(const struct scst_task *task,
			struct scst_residual *res);

/* Sense data of a task with CHECK CONDITION; its length. */
unsigned int scst_task_sense(const struct scst_task *task, u8 *buf,
			     unsigned int size);

/*
 * Set nexus, fn, lun and tag first. ops->tmf_done() answers. Not after
 * scst_nexus_del().
 */
void scst_tmf_submit(struct scst_tmf *tmf);

/*
 * The TransportID of an iSCSI initiator port: its name and its six bytes of
 * ISID. Returns the length.
 */
u16 scst_iscsi_transport_id(u8 *tid, const char *name, const u8 *isid);

/* LUN field (SAM-6 4.7) to number and back; SCST_LUN_NONE when unusable. */
u16 scst_lun_decode(const u8 *lun);
void scst_lun_encode(u16 nr, u8 *lun);

#endif
