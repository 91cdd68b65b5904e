// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: who runs an I/O, and who ends it.
 *
 * A request that comes in a context where nobody may sleep is put on a list
 * of its CPU; one work item for each list runs all that it finds, with a plug
 * around them. So a burst of commands costs one wake-up. Each device has its
 * own lists: a device that blocks holds up nobody else.
 *
 * Completions may come in hard IRQ, or with interrupts off, where the core
 * may not be called: those are ended by a tasklet of the same CPU.
 */
#include <linux/blkdev.h>
#include <linux/interrupt.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "vdisk.h"

/* ---- Batches --------------------------------------------------------- */

struct vdisk_batch {
	struct llist_head list;
	struct work_struct work;
	struct vdisk_queue *queue;
};

static struct workqueue_struct *batch_wq;

unsigned int vdisk_io_begin(void)
{
	unsigned int flags = current->flags;

	current->flags |= PF_MEMALLOC_NOIO | PF_LOCAL_THROTTLE;
	return flags;
}

void vdisk_io_end(unsigned int flags)
{
	current_restore_flags(flags, PF_MEMALLOC_NOIO | PF_LOCAL_THROTTLE);
}

static void batch_run(struct work_struct *work)
{
	struct vdisk_batch *batch =
		container_of(work, struct vdisk_batch, work);
	struct llist_node *first = llist_del_all(&batch->list);
	vdisk_fn fn = batch->queue->fn;
	struct vdisk_req *req, *next;
	struct blk_plug plug;
	unsigned int flags;

	flags = vdisk_io_begin();
	blk_start_plug(&plug);
	first = llist_reverse_order(first);
	llist_for_each_entry_safe(req, next, first, node) {
		fn(req);
		cond_resched();
	}
	blk_finish_plug(&plug);
	vdisk_io_end(flags);
}

int vdisk_queue_init(struct vdisk_queue *q, vdisk_fn fn)
{
	struct vdisk_batch *batch;
	int cpu;

	q->fn = fn;
	q->batches = alloc_percpu(struct vdisk_batch);
	if (!q->batches)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		batch = per_cpu_ptr(q->batches, cpu);
		init_llist_head(&batch->list);
		INIT_WORK(&batch->work, batch_run);
		batch->queue = q;
	}
	return 0;
}

void vdisk_queue_fini(struct vdisk_queue *q)
{
	int cpu;

	if (!q->batches)
		return;
	for_each_possible_cpu(cpu)
		flush_work(&per_cpu_ptr(q->batches, cpu)->work);
	free_percpu(q->batches);
	q->batches = NULL;
}

void vdisk_queue_add(struct vdisk_queue *q, struct vdisk_req *req)
{
	struct vdisk_batch *batch = raw_cpu_ptr(q->batches);

	if (llist_add(&req->node, &batch->list))
		queue_work(batch_wq, &batch->work);
}

/* ---- The end --------------------------------------------------------- */

struct vdisk_ends {
	struct llist_head list;
	struct tasklet_struct tasklet;
};

static DEFINE_PER_CPU(struct vdisk_ends, vdisk_ends);

static void ends_run(struct tasklet_struct *t)
{
	struct vdisk_ends *ends = from_tasklet(ends, t, tasklet);
	struct llist_node *first = llist_del_all(&ends->list);
	struct vdisk_req *req, *next;

	first = llist_reverse_order(first);
	llist_for_each_entry_safe(req, next, first, node)
		sbc_io_done(req->io, req->sense);
}

void vdisk_done(struct vdisk_req *req, enum scst_sense sense)
{
	struct vdisk_ends *ends;

	if (likely(!in_hardirq() && !irqs_disabled())) {
		sbc_io_done(req->io, sense);
		return;
	}
	req->sense = sense;
	ends = raw_cpu_ptr(&vdisk_ends);
	if (llist_add(&req->node, &ends->list))
		tasklet_schedule(&ends->tasklet);
}

int vdisk_queue_module_init(void)
{
	struct vdisk_ends *ends;
	int cpu;

	batch_wq = alloc_workqueue("scst_vdisk", WQ_MEM_RECLAIM, 0);
	if (!batch_wq)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		ends = per_cpu_ptr(&vdisk_ends, cpu);
		init_llist_head(&ends->list);
		tasklet_setup(&ends->tasklet, ends_run);
	}
	return 0;
}

void vdisk_queue_module_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(&vdisk_ends, cpu)->tasklet);
	destroy_workqueue(batch_wq);
}
