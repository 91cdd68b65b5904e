// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: scst_local: commands, and what happens when they last too long.
 *
 * A command's task is in the midlayer's command, and its data buffer is the
 * initiator's memory. Both belong to the core until respond(), whatever the
 * initiator thinks of it: a backend that hangs may still read or write that
 * memory when it comes back. The midlayer's error handler does not know such
 * commands: where abort and resets failed it takes the device offline and
 * gives the command back to its owner, memory and all. So a command that
 * times out never gets there. It is aborted, and its timer starts again until
 * the core has ended it. Only what is stuck hangs; other logical units do not
 * even notice, while the error handler would stop the whole host. If the
 * abort achieves nothing for a while the device goes offline, so that nobody
 * waits who need not.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <scsi/scsi.h>
#include <scsi/scsi_eh.h>

#include "local.h"

#define LOCAL_TMF_WAIT (10 * HZ)

/*
 * With this the midlayer does not clear the whole of a struct local_cmd each
 * time that it is used.
 */
int local_init_cmd(struct Scsi_Host *shost, struct scsi_cmnd *scmd)
{
	struct local_cmd *lc = scsi_cmd_priv(scmd);

	memset(lc, 0, sizeof(*lc));
	lc->scmd = scmd;
	return 0;
}

/* ---- Submission ---------------------------------------------------------- */

static void seg_set(struct core_seg *seg, struct page *page, u32 offset,
		    u32 len)
{
	seg->bv_page = page;
	seg->bv_offset = offset;
	seg->bv_len = len;
}

/*
 * The initiator's memory as the data buffer; false: no memory for the list.
 * Device servers may fill a last block that the initiator has not all the
 * room for (scst_cmd.data_len).
 */
static bool cmd_set_segs(struct local_cmd *lc)
{
	u32 over = scsi_bufflen(lc->scmd) % SCST_DATA_ALIGN;
	u32 i, nr = scsi_sg_count(lc->scmd);
	struct core_seg *segs = lc->segs;
	struct scst_cmd *cmd = &lc->task.cmd;
	struct scatterlist *sg;

	if (unlikely(nr + 1 > LOCAL_INLINE_SEGS)) {
		segs = kmalloc_array(nr + 1, sizeof(*segs),
				     GFP_ATOMIC | __GFP_NOWARN);
		if (!segs)
			return false;
		lc->long_list = segs;
	}
	scsi_for_each_sg(lc->scmd, sg, nr, i)
		seg_set(&segs[i], sg_page(sg), sg->offset, sg->length);
	if (over && cmd->dir == SCST_DATA_IN)
		seg_set(&segs[nr++], local_scrap, 0, SCST_DATA_ALIGN - over);
	cmd->segs = segs;
	cmd->nr_segs = nr;
	return true;
}

static u8 cmd_dir(const struct scsi_cmnd *scmd)
{
	switch (scmd->sc_data_direction) {
	case DMA_TO_DEVICE:
		return SCST_DATA_OUT;
	case DMA_FROM_DEVICE:
	case DMA_BIDIRECTIONAL:	/* sg: the buffer is filled before, too */
		return SCST_DATA_IN;
	default:
		return SCST_DATA_NONE;
	}
}

/* The midlayer has no task attributes; what it submits is SIMPLE. */
static bool cmd_prepare(struct local_cmd *lc, struct local_host *host)
{
	struct scsi_cmnd *scmd = lc->scmd;
	struct scst_task *task = &lc->task;
	struct scsi_lun lun;

	int_to_scsilun(scmd->device->lun, &lun);
	scst_task_init(task, &host->nexus, lun.scsi_lun, scmd->cmnd,
		       scmd->cmd_len);
	lc->nr_uses++;
	task->tag = (u64)lc->nr_uses << 32 |
		    blk_mq_unique_tag(scsi_cmd_to_rq(scmd));
	task->cmd.dir = cmd_dir(scmd);
	task->expected = scsi_bufflen(scmd);
	if (task->expected && !cmd_set_segs(lc))
		return false;
	WRITE_ONCE(lc->busy, true);
	return true;
}

int local_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *scmd)
{
	struct local_cmd *lc = scsi_cmd_priv(scmd);
	struct local_host *host = local_host(shost);
	int ret = 0;

	/* Pairs with synchronize_rcu() in host_end(). */
	rcu_read_lock();
	if (unlikely(READ_ONCE(host->ended))) {
		set_host_byte(scmd, DID_NO_CONNECT);
		scsi_done(scmd);
	} else if (likely(cmd_prepare(lc, host))) {
		scst_task_submit(&lc->task);
	} else {
		ret = SCSI_MLQUEUE_HOST_BUSY;
	}
	rcu_read_unlock();
	return ret;
}

/* ---- Response ------------------------------------------------------------ */

/*
 * Sense data that the midlayer would not understand and states that it does
 * not know would start its error handler.
 */
static int cmd_status(struct local_cmd *lc)
{
	struct scsi_cmnd *scmd = lc->scmd;
	u8 status = lc->task.cmd.status;
	struct scsi_sense_hdr hdr;
	unsigned int len;

	switch (status) {
	case SAM_STAT_CHECK_CONDITION:
		len = scst_task_sense(&lc->task, scmd->sense_buffer,
				      SCSI_SENSE_BUFFERSIZE);
		if (!scsi_normalize_sense(scmd->sense_buffer, len, &hdr))
			break;
		fallthrough;
	case SAM_STAT_CONDITION_MET:
	case SAM_STAT_BUSY:
	case SAM_STAT_RESERVATION_CONFLICT:
	case SAM_STAT_TASK_SET_FULL:
	case SAM_STAT_TASK_ABORTED:
		return status;
	}
	return DID_ERROR << 16;
}

static int cmd_abort_result(const struct local_cmd *lc)
{
	if (READ_ONCE(local_host(lc->scmd->device->host)->ended))
		return DID_NO_CONNECT << 16;
	if (READ_ONCE(lc->aborted_tag) == lc->task.tag)
		/* it timed out: again, as often as it may be retried */
		return DID_SOFT_ERROR << 16;
	return DID_RESET << 16;
}

void local_respond(struct scst_task *task)
{
	struct local_cmd *lc = container_of(task, struct local_cmd, task);
	struct scsi_cmnd *scmd = lc->scmd;
	struct scst_residual res;

	if (unlikely(scst_task_aborted(task))) {
		scmd->result = cmd_abort_result(lc);
	} else {
		scmd->result = likely(!task->cmd.status) ? 0 : cmd_status(lc);
		scst_task_residual(task, &res);
		if (res.under)
			scsi_set_resid(scmd, res.count);
	}
	kfree(lc->long_list);
	lc->long_list = NULL;
	scst_task_end(task);

	/* The section pairs with synchronize_rcu() in local_eh_abort(). */
	rcu_read_lock();
	/* All of @lc that the abort looks at is written. */
	smp_store_release(&lc->busy, false);
	scsi_done(scmd);
	rcu_read_unlock();
}

/* ---- Task management ----------------------------------------------------- */

struct local_tmf {
	struct scst_tmf tmf;
	struct completion done;
	refcount_t refs;		/* the core's, who waits */
};

static void tmf_put(struct local_tmf *lt)
{
	if (refcount_dec_and_test(&lt->refs))
		kfree(lt);
}

void local_tmf_done(struct scst_tmf *tmf)
{
	struct local_tmf *lt = container_of(tmf, struct local_tmf, tmf);

	complete(&lt->done);
	tmf_put(lt);
}

/* NULL: no memory, or no nexus any more. One reference is the caller's. */
static struct local_tmf *tmf_submit(struct scsi_device *sdev,
				    enum scst_tmf_fn fn, u64 tag, gfp_t gfp)
{
	struct local_host *host = local_host(sdev->host);
	struct local_tmf *lt = kzalloc(sizeof(*lt), gfp);
	struct scsi_lun lun;
	bool ended;

	if (!lt)
		return NULL;
	int_to_scsilun(sdev->lun, &lun);
	lt->tmf.nexus = &host->nexus;
	lt->tmf.fn = fn;
	lt->tmf.lun = scst_lun_decode(lun.scsi_lun);
	lt->tmf.tag = tag;
	init_completion(&lt->done);
	refcount_set(&lt->refs, 2);

	rcu_read_lock();
	ended = READ_ONCE(host->ended);
	if (!ended)
		scst_tmf_submit(&lt->tmf);
	rcu_read_unlock();
	if (ended) {
		kfree(lt);
		return NULL;
	}
	return lt;
}

static int tmf_run(struct scsi_device *sdev, enum scst_tmf_fn fn, u64 tag)
{
	struct local_tmf *lt = tmf_submit(sdev, fn, tag, GFP_NOIO);
	int ret = FAILED;

	if (!lt)
		return FAILED;
	if (wait_for_completion_timeout(&lt->done, LOCAL_TMF_WAIT) &&
	    lt->tmf.response == SCST_TMF_COMPLETE)
		ret = SUCCESS;
	tmf_put(lt);
	return ret;
}

/* ---- Timeouts ------------------------------------------------------------ */

struct local_offline {
	struct work_struct work;
	struct scsi_device *sdev;
};

static void offline_work(struct work_struct *work)
{
	struct local_offline *off = container_of(work, struct local_offline,
						 work);
	struct scsi_device *sdev = off->sdev;
	int ret = -EINVAL;

	mutex_lock(&sdev->state_mutex);
	if (scsi_device_online(sdev))
		ret = scsi_device_set_state(sdev, SDEV_OFFLINE);
	mutex_unlock(&sdev->state_mutex);
	if (!ret)
		sdev_printk(KERN_ERR, sdev,
			    "offline: a command does not end that was aborted %u s ago\n",
			    local_offline_after);
	scsi_device_put(sdev);
	kfree(off);
}

static void offline(struct scsi_device *sdev)
{
	struct local_offline *off;

	if (!scsi_device_online(sdev))
		return;
	off = kmalloc(sizeof(*off), GFP_ATOMIC);
	if (!off)
		return;
	if (scsi_device_get(sdev)) {
		kfree(off);
		return;
	}
	off->sdev = sdev;
	INIT_WORK(&off->work, offline_work);
	queue_work(local_wq, &off->work);
}

/*
 * What fails here is tried again at the next timeout. The command may be
 * ending just now, but not be used again: the caller has a reference.
 */
enum scsi_timeout_action local_timed_out(struct scsi_cmnd *scmd)
{
	struct local_cmd *lc = scsi_cmd_priv(scmd);
	struct scsi_device *sdev = scmd->device;
	u64 tag = lc->task.tag;
	struct local_tmf *lt;

	if (!READ_ONCE(lc->busy))
		return SCSI_EH_RESET_TIMER;
	if (lc->aborted_tag != tag) {
		lc->aborted_at = jiffies;
		WRITE_ONCE(lc->aborted_tag, tag);
		lt = tmf_submit(sdev, SCST_ABORT_TASK, tag, GFP_ATOMIC);
		if (lt)
			tmf_put(lt);
		else
			WRITE_ONCE(lc->aborted_tag, 0);
	} else if (local_offline_after &&
		   time_after(jiffies, lc->aborted_at +
				       local_offline_after * HZ)) {
		offline(sdev);
	}
	return SCSI_EH_RESET_TIMER;
}

/* ---- The midlayer's error handler ---------------------------------------- */

/*
 * Only commands of the error handler itself come here, which runs for nothing
 * but devices that want to be started (allow_restart). Whether this succeeds
 * or not it takes the memory of the command back, so it has to wait for the
 * core, without a bound.
 */
int local_eh_abort(struct scsi_cmnd *scmd)
{
	struct local_cmd *lc = scsi_cmd_priv(scmd);

	if (READ_ONCE(lc->busy))
		tmf_run(scmd->device, SCST_ABORT_TASK, lc->task.tag);
	/* Acquire: pairs with the release in local_respond(). */
	while (smp_load_acquire(&lc->busy))
		msleep(20);
	synchronize_rcu();
	return SUCCESS;
}

/* For the ioctl SG_SCSI_RESET: @scmd has a device and nothing else. */
int local_eh_device_reset(struct scsi_cmnd *scmd)
{
	return tmf_run(scmd->device, SCST_LUN_RESET, 0);
}

/* All of a host is one target. */
int local_eh_target_reset(struct scsi_cmnd *scmd)
{
	return tmf_run(scmd->device, SCST_TARGET_RESET, 0);
}
