/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KERNEL: what the files of scst_local.ko share.
 *
 * A target's I_T nexus is a SCSI host of this machine, with one target port
 * on it whose logical units are those of the nexus. A struct local_host is
 * both; it lives in the host's private memory and is held by its directory in
 * configfs and, once that is gone, by the work that removes the host.
 */
#ifndef LOCAL_H
#define LOCAL_H

#include <linux/completion.h>
#include <linux/configfs.h>
#include <linux/workqueue.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "compat.h"
#include "scst_target_driver.h"

struct local_target {
	struct scst_dtarget dt;
	struct config_group nexuses;
	struct list_head hosts;		/* whose nexus lasts; local_mutex */
};

struct local_host {
	struct config_item item;
	struct Scsi_Host *shost;
	struct scst_nexus nexus;
	struct completion nexus_gone;
	struct list_head link;		/* target->hosts, local_mutex */
	bool added;			/* the midlayer knows the host */
	bool ended;			/* nothing may be submitted; RCU */
	struct work_struct scan_work, remove_work;
	struct delayed_work end_work;
};

#define LOCAL_INLINE_SEGS 32

/* Behind each of the midlayer's commands. */
struct local_cmd {
	struct scst_task task;
	struct scsi_cmnd *scmd;
	struct core_seg *long_list;	/* where segs is too short */
	u32 nr_uses;			/* in the tag: no two are the same */
	bool busy;			/* the core has it */
	u64 aborted_tag;		/* of the use that timed out ... */
	unsigned long aborted_at;	/* ... first then */
	struct core_seg segs[LOCAL_INLINE_SEGS];
};

/* Data-In beyond the end of a buffer, where a block is longer; never read. */
extern struct page *local_scrap;
extern struct device *local_root;	/* the parent of hosts */
extern struct workqueue_struct *local_wq;
extern unsigned int local_offline_after;

static inline struct local_target *to_local_target(struct scst_dtarget *dt)
{
	return container_of(dt, struct local_target, dt);
}

static inline struct local_host *local_host(struct Scsi_Host *shost)
{
	return shost_priv(shost);
}

/* local_host.c */
struct local_host *local_host_add(struct local_target *target,
				  const char *initiator);
/* The directory is gone; does not wait. The caller's reference stays. */
void local_host_remove(struct local_host *host);
/* End the nexuses of @target that are left. */
void local_hosts_end(struct local_target *target);

void local_nexus_gone(struct scst_nexus *nexus);
void local_luns_changed(struct scst_nexus *nexus);

/* local_cmd.c: the part of the host template that is about commands. */
int local_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *scmd);
int local_init_cmd(struct Scsi_Host *shost, struct scsi_cmnd *scmd);
enum scsi_timeout_action local_timed_out(struct scsi_cmnd *scmd);
int local_eh_abort(struct scsi_cmnd *scmd);
int local_eh_device_reset(struct scsi_cmnd *scmd);
int local_eh_target_reset(struct scsi_cmnd *scmd);

void local_respond(struct scst_task *task);
void local_tmf_done(struct scst_tmf *tmf);

#endif
