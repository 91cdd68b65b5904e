// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: task attributes (SAM-6 8.9).
 *
 * A device's task set is open while all its tasks are SIMPLE: they start as
 * they come and this file is not entered. The first task with another
 * attribute closes it: under dev->lock every ITL's gate is shut and the tasks
 * under way are counted (TASK_SLOW), exactly once each, because an ITL's lock
 * is held while its tasks are counted and their end is one exchange of the
 * state word. Tasks that come later wait in the queue, in order of arrival:
 *
 *	HEAD OF QUEUE	starts at once
 *	ORDERED		after every older task and every HEAD OF QUEUE one
 *	SIMPLE		after every older ORDERED and every HEAD OF QUEUE one
 *
 * When all of them have ended the gates open again.
 */
#include "scst_core.h"

void scst_taskset_init(struct scst_taskset *ts)
{
	memset(ts, 0, sizeof(*ts));
	INIT_LIST_HEAD(&ts->queue);
}

/* Flag @task unless it is DONE already. */
static bool task_set_slow(struct scst_task *task)
{
	int state = atomic_read(&task->state);

	do {
		if ((state & TASK_STATE) == TASK_DONE)
			return false;
	} while (!atomic_try_cmpxchg(&task->state, &state,
				     state | TASK_SLOW));
	return true;
}

static void taskset_close(struct scst_device *dev)
{
	struct scst_taskset *ts = &dev->taskset;
	struct scst_task *task;
	struct scst_itl *itl;

	ts->closed = true;
	list_for_each_entry(itl, &dev->itls, dev_link) {
		spin_lock_bh(&itl->lock);
		itl->gate = true;
		list_for_each_entry(task, &itl->tasks, itl_link)
			if (task_set_slow(task))
				ts->older++;
		spin_unlock_bh(&itl->lock);
	}
}

static void taskset_open(struct scst_device *dev)
{
	struct scst_itl *itl;

	dev->taskset.closed = false;
	list_for_each_entry(itl, &dev->itls, dev_link) {
		spin_lock_bh(&itl->lock);
		itl->gate = false;
		spin_unlock_bh(&itl->lock);
	}
}

/* Enter a task that the gate stopped, or that is not SIMPLE. */
void scst_taskset_enter(struct scst_device *dev, struct scst_task *task)
{
	struct scst_taskset *ts = &dev->taskset;
	struct scst_itl *itl = task->itl;

	spin_lock_bh(&dev->lock);
	if (!ts->closed && task->attr != SCST_SIMPLE)
		taskset_close(dev);

	spin_lock_bh(&itl->lock);
	if (ts->closed) {
		atomic_set(&task->state, TASK_SLOW | TASK_QUEUED);
		list_add_tail(&task->queue_link, &ts->queue);
		if (task->attr == SCST_HEAD_OF_QUEUE)
			ts->heads++;
	}
	list_add_tail(&task->itl_link, &itl->tasks);
	spin_unlock_bh(&itl->lock);
	spin_unlock_bh(&dev->lock);
}

/*
 * A task with TASK_SLOW in @state has ended; the caller runs the task set
 * once it has responded.
 */
void scst_taskset_done(struct scst_device *dev, struct scst_task *task,
		       int state)
{
	struct scst_taskset *ts = &dev->taskset;

	spin_lock_bh(&dev->lock);
	if (state & TASK_QUEUED) {
		list_del(&task->queue_link);
		if (task->attr == SCST_HEAD_OF_QUEUE)
			ts->heads--;
	} else {
		ts->older--;
	}
	if (list_empty(&ts->queue) && !ts->older)
		taskset_open(dev);
	spin_unlock_bh(&dev->lock);
}

static bool task_startable(const struct scst_taskset *ts,
			   const struct scst_task *task, bool ordered_before,
			   bool first)
{
	/* Acquire: pairs with the release in task_ready(). */
	int state = atomic_read_acquire(&task->state);

	if ((state & TASK_STATE) != TASK_DORMANT)
		return false;
	if ((state & TASK_ABORTED) || task->attr == SCST_HEAD_OF_QUEUE)
		return true;
	if (ts->heads || ordered_before)
		return false;
	return task->attr == SCST_SIMPLE || (first && !ts->older);
}

static struct scst_task *taskset_next(const struct scst_taskset *ts)
{
	bool first = true, ordered = false;
	struct scst_task *task;

	list_for_each_entry(task, &ts->queue, queue_link) {
		if (task_startable(ts, task, ordered, first))
			return task;
		first = false;
		ordered |= task->attr == SCST_ORDERED;
	}
	return NULL;
}

/*
 * Start what may start. Tasks can end while they are started and come here
 * again; then the outer call goes round once more, so that the stack does not
 * grow with the queue.
 */
void scst_taskset_run(struct scst_device *dev)
{
	struct scst_taskset *ts = &dev->taskset;
	struct scst_task *task;

	spin_lock_bh(&dev->lock);
	ts->again = true;
	if (ts->running) {
		spin_unlock_bh(&dev->lock);
		return;
	}
	ts->running = true;
	scst_device_get(dev);
	while (ts->again) {
		ts->again = false;
		while ((task = taskset_next(ts))) {
			atomic_add(TASK_ACTIVE - TASK_DORMANT, &task->state);
			spin_unlock_bh(&dev->lock);
			scst_task_start(task);
			spin_lock_bh(&dev->lock);
		}
	}
	ts->running = false;
	spin_unlock_bh(&dev->lock);
	scst_device_put(dev);
}
