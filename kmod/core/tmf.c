// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: task management (SAM-6 clause 7).
 *
 * A function marks the tasks it affects and ends when all of them have ended.
 * A task remembers only the first function that marked it; later ones need
 * not, because the functions of one device end in order of arrival: what an
 * earlier one waits for, a later one waits for as well. The loss of an I_T
 * nexus is such a function too.
 *
 * Nothing is killed: the device server gets the advice to hurry, and a write
 * that it has begun is over, one way or the other, before the initiator is
 * told that the function is complete.
 *
 * An initiator must not hear of a task behind the function that ended it. So
 * a function that came too late for tasks of its own nexus, whose responses
 * are with the driver, lets those go out first. It waits on its own ITL, where
 * it holds up nobody else: that initiator may not even read.
 */
#include "core_trace.h"
#include "scst_core.h"
#include "spc.h"
#include "spc_xcopy.h"

/* ---- Ending ------------------------------------------------------------ */

/* Is the response to a task that @tmf concerned still with the driver? */
static bool tmf_must_wait(const struct scst_tmf *tmf)
{
	const struct scst_task *task;

	lockdep_assert_held(&tmf->itl->lock);
	list_for_each_entry(task, &tmf->itl->tasks, itl_link)
		if (task->awaited && (tmf->fn != SCST_ABORT_TASK ||
				      task->tag == tmf->tag))
			return true;
	return false;
}

static void tmf_answer(struct scst_tmf *tmf)
{
	struct scst_itl *itl = tmf->itl;

	tmf->done(tmf);
	scst_itl_drop(itl);
}

static void tmf_end(struct scst_tmf *tmf)
{
	struct scst_itl *itl = tmf->itl;
	bool wait;

	/* The core's own live in an ITL or a command, which they end. */
	if (tmf->fn == SCST_NEXUS_LOSS || tmf->fn == SCST_PREEMPT) {
		tmf->done(tmf);
		return;
	}
	spin_lock_bh(&itl->lock);
	wait = tmf_must_wait(tmf);
	if (wait)
		list_add_tail(&tmf->dev_link, &itl->tmfs);
	spin_unlock_bh(&itl->lock);
	if (!wait)
		tmf_answer(tmf);
}

static struct scst_tmf *itl_next_tmf(struct scst_itl *itl)
{
	struct scst_tmf *tmf;

	list_for_each_entry(tmf, &itl->tmfs, dev_link)
		if (!tmf_must_wait(tmf))
			return tmf;
	return NULL;
}

/* An awaited task of @itl, on which the caller has a hold, is gone. */
void scst_itl_end_tmfs(struct scst_itl *itl)
{
	struct scst_tmf *tmf;

	spin_lock_bh(&itl->lock);
	while ((tmf = itl_next_tmf(itl))) {
		list_del(&tmf->dev_link);
		spin_unlock_bh(&itl->lock);
		tmf_answer(tmf);
		spin_lock_bh(&itl->lock);
	}
	spin_unlock_bh(&itl->lock);
}

/* End those at the head of the device's list that wait for nothing. */
static void device_end_tmfs(struct scst_device *dev)
{
	struct scst_tmf *tmf;

	spin_lock_bh(&dev->lock);
	while ((tmf = list_first_entry_or_null(&dev->tmfs, struct scst_tmf,
					       dev_link)) &&
	       !atomic_read_acquire(&tmf->pending)) {
		list_del(&tmf->dev_link);
		spin_unlock_bh(&dev->lock);
		tmf_end(tmf);
		spin_lock_bh(&dev->lock);
	}
	spin_unlock_bh(&dev->lock);
}

/* One of the tasks that @tmf waits for has ended. */
void scst_tmf_task_done(struct scst_tmf *tmf)
{
	struct scst_device *dev = tmf->itl->dev;

	scst_device_get(dev);
	if (atomic_dec_and_test(&tmf->pending))
		device_end_tmfs(dev);
	scst_device_put(dev);
}

/* ---- Marking ----------------------------------------------------------- */

/* True: @task is marked by @tmf now, and was in @state. */
static bool task_mark(struct scst_task *task, struct scst_tmf *tmf, int *state)
{
	*state = atomic_read(&task->state);
	do {
		if ((*state & TASK_ABORTED) ||
		    (*state & TASK_STATE) == TASK_DONE)
			return false;
		task->tmf = tmf;
		task->tas = READ_ONCE(task->cmd.dev->task_aborted_status) &&
			    tmf->nexus != task->nexus;
	} while (!atomic_try_cmpxchg(&task->state, state,
				     *state | TASK_ABORTED));
	return true;
}

struct tmf_marks {
	bool any, data_out, dormant;
};

/*
 * False: @task has ended, and its response is all that is left of it. The
 * nexus that asked for @tmf is to have that first.
 */
static bool mark_task(struct scst_task *task, struct scst_tmf *tmf,
		      struct tmf_marks *marks)
{
	struct scst_device *dev = task->cmd.dev;
	int state;

	atomic_inc(&tmf->pending);
	if (!task_mark(task, tmf, &state)) {
		atomic_dec(&tmf->pending);
		if ((state & TASK_STATE) != TASK_DONE)
			return true;
		task->awaited |= task->nexus == tmf->nexus;
		return false;
	}
	marks->any = true;
	WRITE_ONCE(task->cmd.aborted, true);
	switch (state & TASK_STATE) {
	case TASK_DATA_OUT:
		marks->data_out = true;
		break;
	case TASK_DORMANT:
		marks->dormant = true;
		break;
	default:
		if (task->xcopy)
			spc_xcopy_abort(task->xcopy);
		else if (dev->ops->abort)
			dev->ops->abort(dev, &task->cmd);
	}
	return true;
}

/* Mark the tasks of @itl that @tmf affects; true: some are dormant. */
static bool mark_itl(struct scst_itl *itl, struct scst_tmf *tmf)
{
	struct tmf_marks marks = { false, false, false };
	struct scst_task *task;

	spin_lock_bh(&itl->lock);
	list_for_each_entry(task, &itl->tasks, itl_link) {
		/* The initiator knows no tag of the core's own. */
		if (tmf->fn == SCST_ABORT_TASK &&
		    (task->tag != tmf->tag || task->respond))
			continue;
		if (mark_task(task, tmf, &marks) && tmf->fn == SCST_ABORT_TASK)
			tmf->response = SCST_TMF_COMPLETE;
	}
	if (marks.data_out)
		itl->nexus->target->ops->kick(itl->nexus);
	spin_unlock_bh(&itl->lock);

	/* SAM-6 5.5: the others learn that their commands were cleared. */
	if (marks.any && itl->nexus != tmf->nexus &&
	    (tmf->fn == SCST_CLEAR_TASK_SET || tmf->fn == SCST_PREEMPT) &&
	    !READ_ONCE(itl->dev->task_aborted_status))
		scst_itl_ua(itl, SENSE_UA_TASKS_CLEARED);
	return marks.dormant;
}

/* SAM-6 6.3.3 and 7.7: logical unit reset. */
static void device_reset(struct scst_device *dev)
{
	struct scst_itl *itl;

	lockdep_assert_held(&dev->lock);
	list_for_each_entry(itl, &dev->itls, dev_link)
		spc_copy_forget(itl);
	dev->reserved_by = 0;
	spc_resv_update(dev);
	spc_mode_reset(dev);
	if (dev->ops->event)
		dev->ops->event(dev, SCST_EV_LU_RESET, 0);
	scst_device_ua_locked(dev, SENSE_UA_DEVICE_RESET, 0);
}

static bool tmf_is_for_all(const struct scst_tmf *tmf)
{
	return tmf->fn == SCST_CLEAR_TASK_SET || tmf->fn == SCST_LUN_RESET ||
	       tmf->fn == SCST_TARGET_RESET;
}

/*
 * The part of scst_tmf_start() under dev->lock. The caller passes the result
 * on to scst_tmf_marked(), without the lock.
 */
bool scst_tmf_mark(struct scst_tmf *tmf)
{
	struct scst_device *dev = tmf->itl->dev;
	bool dormant = false;
	struct scst_itl *itl;

	lockdep_assert_held(&dev->lock);
	/* One for ourselves, so that it does not end while we mark. */
	atomic_set(&tmf->pending, 1);
	list_add_tail(&tmf->dev_link, &dev->tmfs);
	if (tmf_is_for_all(tmf) || tmf->fn == SCST_PREEMPT) {
		list_for_each_entry(itl, &dev->itls, dev_link)
			if (tmf->fn != SCST_PREEMPT || itl->preempted)
				dormant |= mark_itl(itl, tmf);
	} else {
		dormant = mark_itl(tmf->itl, tmf);
	}
	if (tmf->fn == SCST_LUN_RESET || tmf->fn == SCST_TARGET_RESET)
		device_reset(dev);
	return dormant;
}

void scst_tmf_marked(struct scst_tmf *tmf, bool dormant)
{
	if (dormant)
		scst_taskset_run(tmf->itl->dev);
	scst_tmf_task_done(tmf);
}

/* Run @tmf on tmf->itl, on which the caller has a hold. */
void scst_tmf_start(struct scst_tmf *tmf)
{
	struct scst_device *dev = tmf->itl->dev;
	bool dormant;

	spin_lock_bh(&dev->lock);
	dormant = scst_tmf_mark(tmf);
	spin_unlock_bh(&dev->lock);
	scst_tmf_marked(tmf, dormant);
}

/* ---- Submission -------------------------------------------------------- */

static struct scst_itl *tmf_hold_itl(struct scst_nexus *nexus, u16 lun)
{
	struct scst_itl *itl;

	core_read_begin();
	itl = scst_itl_find(nexus, lun);
	if (itl && !scst_itl_hold(itl))
		itl = NULL;
	core_read_end();
	return itl;
}

static void tmf_respond(struct scst_tmf *tmf)
{
	trace_scst_tmf_done(tmf);
	tmf->nexus->target->ops->tmf_done(tmf);
}

static void tmf_child_done(struct scst_tmf *child)
{
	struct scst_tmf *parent = child->parent;

	kfree(child);
	if (atomic_dec_and_test(&parent->pending))
		tmf_respond(parent);
}

static bool tmf_start_child(struct scst_tmf *parent, u16 lun)
{
	struct scst_tmf *child = kzalloc(sizeof(*child), GFP_ATOMIC);

	if (!child)
		return false;
	child->nexus = parent->nexus;
	child->fn = parent->fn;
	child->lun = lun;
	child->parent = parent;
	child->done = tmf_child_done;
	child->itl = tmf_hold_itl(parent->nexus, lun);
	if (!child->itl) {
		kfree(child);
		return true;
	}
	atomic_inc(&parent->pending);
	scst_tmf_start(child);
	return true;
}

/* TARGET RESET: a logical unit reset of each one that the nexus reaches. */
static void tmf_reset_target(struct scst_tmf *tmf)
{
	const struct scst_itl_table *table;
	struct scst_itl *itl;
	u32 i;

	atomic_set(&tmf->pending, 1);
	core_read_begin();
	table = rcu_dereference(tmf->nexus->itls);
	scst_for_each_itl(itl, table, i)
		if (!tmf_start_child(tmf, itl->lun))
			tmf->response = SCST_TMF_REJECTED;
	core_read_end();
	if (atomic_dec_and_test(&tmf->pending))
		tmf_respond(tmf);
}

void scst_tmf_submit(struct scst_tmf *tmf)
{
	tmf->done = tmf_respond;
	tmf->parent = NULL;
	tmf->response = SCST_TMF_COMPLETE;
	trace_scst_tmf_submit(tmf);
	if (tmf->fn == SCST_TARGET_RESET) {
		tmf_reset_target(tmf);
		return;
	}
	tmf->itl = tmf_hold_itl(tmf->nexus, tmf->lun);
	if (!tmf->itl) {
		tmf->response = SCST_TMF_NO_LUN;
		tmf_respond(tmf);
		return;
	}
	if (tmf->fn == SCST_ABORT_TASK)
		tmf->response = SCST_TMF_NO_TASK;
	scst_tmf_start(tmf);
}
