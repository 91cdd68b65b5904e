// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: scst_local: hosts: how they come and go, and their logical units.
 *
 * The end of a host, in local_host_remove():
 *
 *	remove_work	the midlayer lets go of the host: caches are flushed,
 *			what runs ends. This waits for a backend that hangs.
 *	end_work	ends the nexus after a while, so that commands are
 *			aborted, and new ones fail
 *	remove_work	ends the nexus if that did not happen, waits for
 *			nexus_gone(), drops the host
 *
 * A command that never ends thus holds the host, the target and the module,
 * but nobody who configures. The same goes for a logical unit that leaves:
 * scan_work waits for its commands, with the host's scan_mutex held.
 */
#include <linux/module.h>

#include "local.h"

#define LOCAL_CAN_QUEUE 128	/* of each hardware queue */
#define LOCAL_GRACE (10 * HZ)	/* for flushing */

/*
 * The midlayer's LUNs are the LUN field's bytes as they are: beyond 255 they
 * have the bits of flat space addressing in them.
 */
#define LOCAL_MAX_LUN 0x8000

static DEFINE_MUTEX(local_mutex);

/* ---- Logical units ------------------------------------------------------- */

/* SCST_LUN_NONE unless @lun is the one way to write it that REPORT LUNS has. */
static u16 lun_nr(u64 lun)
{
	struct scsi_lun field, canonical;
	u16 nr;

	int_to_scsilun(lun, &field);
	nr = scst_lun_decode(field.scsi_lun);
	memset(&canonical, 0, sizeof(canonical));
	scst_lun_encode(nr, canonical.scsi_lun);
	return memcmp(&field, &canonical, sizeof(field)) ? SCST_LUN_NONE : nr;
}

static void *lun_id(struct local_host *host, u64 lun)
{
	return (void *)(unsigned long)scst_nexus_lun_id(&host->nexus,
							 lun_nr(lun));
}

/* LUN 0 answers REPORT LUNS even if nothing is there. */
static int local_slave_alloc(struct scsi_device *sdev)
{
	sdev->hostdata = lun_id(local_host(sdev->host), sdev->lun);
	return sdev->hostdata || !sdev->lun ? 0 : -ENXIO;
}

/* A device whose LUN shows something else by now, with a reference; NULL. */
static struct scsi_device *stale_device(struct local_host *host)
{
	struct scsi_device *sdev;

	shost_for_each_device(sdev, host->shost)
		if (sdev->hostdata != lun_id(host, sdev->lun))
			return sdev;
	return NULL;
}

static void scan_work(struct work_struct *work)
{
	struct local_host *host = container_of(work, struct local_host,
					       scan_work);
	struct scsi_device *sdev;

	/* local_host_add() will queue us again */
	if (!READ_ONCE(host->added))
		return;
	while ((sdev = stale_device(host))) {
		scsi_remove_device(sdev);
		scsi_device_put(sdev);
	}
	scsi_scan_target(&host->shost->shost_gendev, 0, 0, SCAN_WILD_CARD,
			 SCSI_SCAN_RESCAN);
}

void local_luns_changed(struct scst_nexus *nexus)
{
	queue_work(local_wq, &container_of(nexus, struct local_host,
					   nexus)->scan_work);
}

/* ---- The end ------------------------------------------------------------- */

void local_nexus_gone(struct scst_nexus *nexus)
{
	complete(&container_of(nexus, struct local_host, nexus)->nexus_gone);
}

static void host_end(struct local_host *host)
{
	lockdep_assert_held(&local_mutex);
	if (host->ended)
		return;
	WRITE_ONCE(host->ended, true);
	/* Pairs with the read sections of local_cmd.c. */
	synchronize_rcu();
	list_del(&host->link);
	scst_nexus_del(&host->nexus);
}

void local_hosts_end(struct local_target *target)
{
	struct local_host *host, *next;

	mutex_lock(&local_mutex);
	list_for_each_entry_safe(host, next, &target->hosts, link)
		host_end(host);
	mutex_unlock(&local_mutex);
}

static void end_work(struct work_struct *work)
{
	struct local_host *host = container_of(to_delayed_work(work),
					       struct local_host, end_work);

	mutex_lock(&local_mutex);
	host_end(host);
	mutex_unlock(&local_mutex);
}

/* No call comes for the nexus any more, nor does it have a use for works. */
static void host_finish(struct local_host *host)
{
	cancel_delayed_work_sync(&host->end_work);
	mutex_lock(&local_mutex);
	host_end(host);
	mutex_unlock(&local_mutex);
	wait_for_completion(&host->nexus_gone);
	cancel_work_sync(&host->scan_work);
	scsi_host_put(host->shost);
}

static void remove_work(struct work_struct *work)
{
	struct local_host *host = container_of(work, struct local_host,
					       remove_work);

	scsi_remove_host(host->shost);
	host_finish(host);
}

void local_host_remove(struct local_host *host)
{
	queue_delayed_work(local_wq, &host->end_work, LOCAL_GRACE);
	queue_work(local_wq, &host->remove_work);
}

/* ---- The beginning ------------------------------------------------------- */

/*
 * There is no limit to what a command moves but that of the device, which it
 * states itself. A TASK SET FULL makes the midlayer find a lower depth.
 */
static struct scsi_host_template local_template = {
	.module = THIS_MODULE,
	.name = "SCST local",
	.proc_name = "scst_local",
	.queuecommand = local_queuecommand,
	.cmd_size = sizeof(struct local_cmd),
	.init_cmd_priv = local_init_cmd,
	.eh_timed_out = local_timed_out,
	.eh_abort_handler = local_eh_abort,
	.eh_device_reset_handler = local_eh_device_reset,
	.eh_target_reset_handler = local_eh_target_reset,
	.eh_bus_reset_handler = local_eh_target_reset,
	.eh_host_reset_handler = local_eh_target_reset,
	.slave_alloc = local_slave_alloc,
	.change_queue_depth = scsi_change_queue_depth,
	.track_queue_depth = 1,
	.skip_settle_delay = 1,
	.this_id = -1,
	.can_queue = LOCAL_CAN_QUEUE,
	.cmd_per_lun = LOCAL_CAN_QUEUE,
	.sg_tablesize = SG_MAX_SEGMENTS,
	.max_segment_size = UINT_MAX,
	.max_sectors = 32768,
};

static struct local_host *host_alloc(void)
{
	struct local_host *host;
	struct Scsi_Host *shost;

	shost = scsi_host_alloc(&local_template, sizeof(*host));
	if (!shost)
		return NULL;
	shost->max_id = 1;
	shost->max_lun = LOCAL_MAX_LUN;
	shost->max_cmd_len = sizeof_field(struct scsi_cmnd, cmnd);
	shost->nr_hw_queues = num_online_cpus();

	host = local_host(shost);
	host->shost = shost;
	init_completion(&host->nexus_gone);
	INIT_WORK(&host->scan_work, scan_work);
	INIT_WORK(&host->remove_work, remove_work);
	INIT_DELAYED_WORK(&host->end_work, end_work);
	return host;
}

struct local_host *local_host_add(struct local_target *target,
				  const char *initiator)
{
	struct local_host *host = host_alloc();
	int ret;

	if (!host)
		return ERR_PTR(-ENOMEM);
	ret = scst_nexus_add(&host->nexus, target->dt.tgt, initiator);
	if (ret) {
		scsi_host_put(host->shost);
		return ERR_PTR(ret);
	}
	mutex_lock(&local_mutex);
	list_add_tail(&host->link, &target->hosts);
	mutex_unlock(&local_mutex);

	ret = scsi_add_host(host->shost, local_root);
	if (ret) {
		host_finish(host);
		return ERR_PTR(ret);
	}
	/* What to send next is known to who has the medium, not to us. */
	host->shost->tag_set.flags |= BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	/* remove_work's */
	scsi_host_get(host->shost);
	WRITE_ONCE(host->added, true);
	queue_work(local_wq, &host->scan_work);
	return host;
}
