// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: handlers come and go, and the device stays.
 *
 *	nobody		requests are parked
 *	fencing		likewise, also when the next handler is attached: what
 *			a predecessor began may still go on, in its process or
 *			in I/O that outlived it (fence.c)
 *	serving		requests go to the rings
 *
 * Nothing waits without a bound: for a handler, and all of fencing,
 * wait_for_handler; for an answer, wait_for_reply. Then commands end with an
 * error, and so do all others until somebody serves again. Fencing goes on.
 *
 * dev->mutex serialises changes of all that.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>

#include "user.h"

static unsigned long handler_bound(const struct user_dev *dev)
{
	return READ_ONCE(dev->wait_for_handler) * HZ;
}

static unsigned long reply_bound(const struct user_dev *dev)
{
	return READ_ONCE(dev->wait_for_reply) * HZ;
}

/* ---- Parking ---------------------------------------------------------------- */

/* When nobody serves. */
static bool down_too_long(const struct user_dev *dev)
{
	return time_after(jiffies, READ_ONCE(dev->down) + handler_bound(dev));
}

/* Too old, even if one handler after the other came and went meanwhile. */
static bool req_too_old(const struct user_dev *dev, const struct user_req *req)
{
	return time_after(jiffies, req->since + handler_bound(dev) +
				   reply_bound(dev));
}

enum scst_sense user_dev_ready(struct user_dev *dev)
{
	enum scst_sense sense = SENSE_NONE;
	struct user_att *att;

	rcu_read_lock();
	att = rcu_dereference(dev->att);
	if (likely(att)) {
		if (unlikely(atomic_read(&att->orphans)))
			sense = SENSE_NOT_READY;
	} else if (down_too_long(dev)) {
		sense = SENSE_NOT_READY;
	}
	rcu_read_unlock();
	return sense;
}

bool user_dev_park(struct user_dev *dev, struct user_req *req,
		   const struct user_att *att)
{
	const struct user_att *now;
	bool park;

	spin_lock_bh(&dev->lock);
	now = rcu_dereference_protected(dev->att, lockdep_is_held(&dev->lock));
	park = !now || now == att;
	if (park)
		list_add_tail(&req->link, &dev->parked);
	spin_unlock_bh(&dev->lock);
	return park;
}

/* ---- Serving ---------------------------------------------------------------- */

/* A successor may have come with a smaller medium, or with another. */
static enum scst_sense req_misfit(const struct user_req *req)
{
	u64 bytes;

	if (!req->io)
		return SENSE_NONE;
	bytes = READ_ONCE(req->dev->desc->attach.bytes);
	if (req->offset + req->length > bytes)
		return bytes ? SENSE_LBA_OUT_OF_RANGE : SENSE_NO_MEDIUM;
	return user_req_stale(req);
}

static void dev_issue(struct list_head *list)
{
	struct user_req *req, *next;
	enum scst_sense sense;

	list_for_each_entry_safe(req, next, list, link) {
		/* nobody works on it any more */
		sense = READ_ONCE(req->cmd->aborted) ? SENSE_ABORTED :
						       req_misfit(req);
		if (sense)
			user_req_fail(req, sense);
		else
			user_req_issue(req);
	}
}

/* What no other handler must have. */
static void take_lost(struct list_head *from, struct list_head *to)
{
	struct user_req *req, *next;

	list_for_each_entry_safe(req, next, from, link) {
		if (!(req->flags & USER_LOST))
			continue;
		req->sense = req->io ? SENSE_ABORTED : SENSE_UA_RESET;
		list_move_tail(&req->link, to);
	}
}

/* A device that was removed has its name until its last command has ended. */
static bool dev_fenced(const struct user_dev *dev)
{
	lockdep_assert_held(&dev->mutex);
	return dev->elders || user_fenced(dev);
}

/*
 * Let the handler that is attached serve, if nothing of its predecessors is
 * left. Nothing is under way then, so that what was lost may end.
 */
static void dev_serve(struct user_dev *dev)
{
	LIST_HEAD(again);
	LIST_HEAD(lost);

	lockdep_assert_held(&dev->mutex);
	if (dev_fenced(dev))
		return;
	spin_lock_bh(&dev->lock);
	take_lost(&dev->parked, &lost);
	if (dev->owner) {
		rcu_assign_pointer(dev->att, dev->owner);
		list_splice_init(&dev->parked, &again);
	}
	spin_unlock_bh(&dev->lock);
	user_list_fail(&lost);
	dev_issue(&again);
}

void user_dev_unfenced(struct user_dev *dev)
{
	mutex_lock(&dev->mutex);
	dev_serve(dev);
	mutex_unlock(&dev->mutex);
}

void user_dev_elder_gone(struct user_dev *dev)
{
	mutex_lock(&dev->mutex);
	dev->elders--;
	dev_serve(dev);
	mutex_unlock(&dev->mutex);
}

/* ---- The beginning of a handler ------------------------------------------------ */

int user_dev_may_claim(const struct user_dev *dev, u32 pages)
{
	if (READ_ONCE(dev->removed))
		return -ENOENT;
	if (READ_ONCE(dev->owner) || READ_ONCE(dev->claimed) ||
	    atomic_read(&dev->nr_pages) + pages > USER_MAX_PAGES)
		return -EBUSY;
	return 0;
}

int user_dev_claim(struct user_dev *dev, u32 pages)
{
	int err;

	mutex_lock(&dev->mutex);
	err = user_dev_may_claim(dev, pages);
	if (!err)
		WRITE_ONCE(dev->claimed, true);
	mutex_unlock(&dev->mutex);
	return err;
}

void user_dev_unclaim(struct user_dev *dev)
{
	mutex_lock(&dev->mutex);
	WRITE_ONCE(dev->claimed, false);
	mutex_unlock(&dev->mutex);
	wake_up_all(&dev->gone);
}

void user_dev_attach(struct user_dev *dev, struct user_att *att)
{
	mutex_lock(&dev->mutex);
	kref_get(&att->ref);
	att->generation = ++dev->generation;
	att->control->generation = att->generation;
	WRITE_ONCE(dev->owner, att);
	dev_serve(dev);
	mutex_unlock(&dev->mutex);
}

/* ---- The end of a handler ----------------------------------------------------- */

/* The arena is closed: what of it was the handler's to the last? */
static void arena_watch(const struct list_head *list)
{
	struct user_req *req;

	list_for_each_entry(req, list, link) {
		if (req->region && (req->flags & USER_AGAIN))
			user_region_watch(req->region, req->first, req->nr);
		req->region = NULL;
	}
}

static void dev_release(struct user_dev *dev, struct user_att *att)
{
	struct user_arena *arena = att->arena;
	LIST_HEAD(list);
	u32 i;

	spin_lock_bh(&dev->lock);
	if (rcu_access_pointer(dev->att) == att) {
		RCU_INIT_POINTER(dev->att, NULL);
		WRITE_ONCE(dev->down, jiffies);
	}
	spin_unlock_bh(&dev->lock);
	/*
	 * Pages that come back from here on may still be the handler's in an
	 * I/O of its own: nobody else may get them.
	 */
	user_arena_close(arena);
	for (i = 0; i < att->nr_queues; i++)
		user_queue_kill(&att->queues[i], &list);
	user_arena_spare(arena);
	arena_watch(&list);
	spin_lock_bh(&dev->lock);
	list_splice_tail(&list, &dev->parked);
	spin_unlock_bh(&dev->lock);
	user_fence(arena);
}

void user_dev_detach(struct user_dev *dev, struct user_att *att,
		     enum scst_user_state state)
{
	bool first;

	mutex_lock(&dev->mutex);
	first = !att->dead;
	if (first) {
		WRITE_ONCE(att->dead, true);
		WRITE_ONCE(att->control->state, state);
		WRITE_ONCE(dev->owner, NULL);
		dev_release(dev, att);
	}
	mutex_unlock(&dev->mutex);
	if (!first)
		return;
	wake_up_poll(&att->poll, EPOLLHUP);
	wake_up_all(&dev->gone);
	user_att_put(att);
}

static void break_work(struct work_struct *work)
{
	struct user_att *att = container_of(work, struct user_att, break_work);

	user_dev_detach(att->dev, att, SCST_USER_DETACHED);
	user_att_put(att);
}

void user_att_break(struct user_att *att, const char *why)
{
	if (!kref_get_unless_zero(&att->ref))
		return;
	if (test_and_set_bit(0, &att->broken)) {
		user_att_put(att);
		return;
	}
	pr_warn("device %s: its handler broke the protocol: %s\n",
		att->dev->hdev.name, why);
	INIT_WORK(&att->break_work, break_work);
	queue_work(user_wq, &att->break_work);
}

/* ---- Bounds and advice --------------------------------------------------------- */

static struct user_att *dev_owner(struct user_dev *dev)
{
	struct user_att *att;

	mutex_lock(&dev->mutex);
	att = dev->owner;
	if (att)
		kref_get(&att->ref);
	mutex_unlock(&dev->mutex);
	return att;
}

static void parked_take(struct user_dev *dev, struct list_head *list,
			bool aborts)
{
	struct user_req *req, *next;
	bool down;

	spin_lock_bh(&dev->lock);
	down = !rcu_access_pointer(dev->att) && down_too_long(dev);
	list_for_each_entry_safe(req, next, &dev->parked, link) {
		if (READ_ONCE(req->cmd->aborted) && !(req->flags & USER_AGAIN))
			req->sense = SENSE_ABORTED;
		else if (!aborts && (down || req_too_old(dev, req)))
			req->sense = SENSE_NOT_READY;
		else
			continue;
		list_move_tail(&req->link, list);
	}
	spin_unlock_bh(&dev->lock);
}

static void tick(struct work_struct *work)
{
	struct user_dev *dev = container_of(to_delayed_work(work),
					    struct user_dev, tick);
	struct user_att *att = dev_owner(dev);
	unsigned long period;
	LIST_HEAD(list);
	u32 i;

	parked_take(dev, &list, false);
	for (i = 0; att && i < att->nr_queues; i++) {
		user_queue_aborts(&att->queues[i], &list);
		user_queue_expire(&att->queues[i], &list, reply_bound(dev));
		user_queue_fetch(&att->queues[i]);
	}
	if (!list_empty(&list))
		pr_warn_ratelimited("device %s: no answer from its handler in time\n",
				    dev->hdev.name);
	user_list_fail(&list);
	if (att)
		user_att_put(att);
	period = min(handler_bound(dev), reply_bound(dev)) / 8;
	queue_delayed_work(user_wq, &dev->tick,
			   clamp_t(unsigned long, period, HZ / 20, HZ));
}

static void abort_work(struct work_struct *work)
{
	struct user_dev *dev = container_of(work, struct user_dev, abort_work);
	struct user_att *att = dev_owner(dev);
	LIST_HEAD(list);
	u32 i;

	parked_take(dev, &list, true);
	for (i = 0; att && i < att->nr_queues; i++)
		user_queue_aborts(&att->queues[i], &list);
	user_list_fail(&list);
	if (att)
		user_att_put(att);
}

static void fetch_work(struct work_struct *work)
{
	struct user_dev *dev = container_of(work, struct user_dev, fetch_work);
	struct user_att *att = dev_owner(dev);
	u32 i;

	if (!att)
		return;
	for (i = 0; i < att->nr_queues; i++)
		user_queue_fetch(&att->queues[i]);
	user_att_put(att);
}

void user_dev_notify(struct user_dev *dev, u8 op, u64 nexus)
{
	struct user_att *att;

	rcu_read_lock();
	att = rcu_dereference(dev->att);
	if (att)
		user_queue_notify(&att->queues[0], op, nexus);
	rcu_read_unlock();
}

const char *user_dev_status(struct user_dev *dev)
{
	const char *status;

	mutex_lock(&dev->mutex);
	if (!dev->owner)
		status = dev_fenced(dev) ? "fencing" : "none";
	else if (rcu_access_pointer(dev->att) != dev->owner)
		status = "attached";
	else
		status = atomic_read(&dev->owner->orphans) ? "stuck" :
							     "serving";
	mutex_unlock(&dev->mutex);
	return status;
}

/* ---- Life ------------------------------------------------------------------------ */

void user_life_init(struct user_dev *dev)
{
	mutex_init(&dev->mutex);
	spin_lock_init(&dev->lock);
	INIT_LIST_HEAD(&dev->parked);
	init_waitqueue_head(&dev->gone);
	INIT_DELAYED_WORK(&dev->tick, tick);
	INIT_WORK(&dev->abort_work, abort_work);
	INIT_WORK(&dev->fetch_work, fetch_work);
	dev->wait_for_handler = 30;
	dev->wait_for_reply = 60;
}

void user_life_open(struct user_dev *dev)
{
	WRITE_ONCE(dev->down, jiffies);
	queue_delayed_work(user_wq, &dev->tick, HZ / 20);
}

void user_life_close(struct user_dev *dev)
{
	cancel_delayed_work_sync(&dev->tick);
	cancel_work_sync(&dev->abort_work);
	cancel_work_sync(&dev->fetch_work);
	WARN_ON(!list_empty(&dev->parked));
}

/* The directory is gone, and so is all that the core had of the device. */
void user_life_fini(struct user_dev *dev)
{
	struct user_att *att = dev_owner(dev);

	WRITE_ONCE(dev->removed, true);
	wake_up_all(&dev->gone);
	if (!att)
		return;
	user_dev_detach(dev, att, SCST_USER_REMOVED);
	user_att_put(att);
}
