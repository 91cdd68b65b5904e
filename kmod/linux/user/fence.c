// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: what handlers that are gone may still be at.
 *
 * A process that has ended may have writes under way that outlive it, and one
 * that has only detached, or whose device was removed, may begin new ones. Its
 * arena tells: as long as anybody maps it, or refers to pages of it that were
 * the handler's, it is fenced, and nothing newer may overtake.
 *
 * That concerns the medium, for which the name of a device stands. So a device
 * that is made anew under the name of one that was removed finds the fences of
 * that one. Only when the module goes they are forgotten.
 *
 * fence_work() alone removes fences, and looks at arenas without a lock:
 * nobody waits for that.
 */
#include <linux/jiffies.h>

#include "user.h"

#define FENCE_FIRST msecs_to_jiffies(10)
#define FENCE_LAST  msecs_to_jiffies(200)

static void fence_work(struct work_struct *unused);

static DEFINE_SPINLOCK(fences_lock);
static LIST_HEAD(fences);		/* arenas */
static unsigned long fence_delay;	/* fences_lock */
static DECLARE_DELAYED_WORK(fences_work, fence_work);

/* The device of @arena goes on, and the one that has its name now. */
static void fence_over(struct user_arena *arena)
{
	struct user_dev *dev = arena->dev, *heir;

	user_dev_unfenced(dev);
	mutex_lock(&user_mutex);
	heir = user_dev_find(dev->hdev.name);
	mutex_unlock(&user_mutex);
	if (!heir)
		return;
	if (heir != dev)
		user_dev_unfenced(heir);
	user_dev_put(heir);
}

/* @drained: the processors' batches of pages have been emptied. */
static bool arena_is_over(struct user_arena *arena, bool *drained)
{
	if (user_arena_mapped(arena))
		return false;
	if (!*drained)
		user_arena_drain();
	*drained = true;
	return !user_arena_foreign(arena);
}

static void fences_take(struct list_head *list)
{
	struct user_arena *arena, *next;
	bool drained = false, is_over;

	spin_lock(&fences_lock);
	list_for_each_entry_safe(arena, next, &fences, fence_link) {
		spin_unlock(&fences_lock);
		is_over = arena_is_over(arena, &drained);
		spin_lock(&fences_lock);
		if (is_over)
			list_move_tail(&arena->fence_link, list);
	}
	if (!list_empty(&fences)) {
		queue_delayed_work(user_wq, &fences_work, fence_delay);
		fence_delay = min(fence_delay * 2, FENCE_LAST);
	}
	spin_unlock(&fences_lock);
}

static void fence_work(struct work_struct *unused)
{
	struct user_arena *arena, *next;
	LIST_HEAD(list);

	fences_take(&list);
	list_for_each_entry_safe(arena, next, &list, fence_link) {
		fence_over(arena);
		user_arena_put(arena);
	}
}

void user_fence(struct user_arena *arena)
{
	refcount_inc(&arena->refs);
	spin_lock(&fences_lock);
	list_add_tail(&arena->fence_link, &fences);
	fence_delay = FENCE_FIRST;
	mod_delayed_work(user_wq, &fences_work, 0);
	spin_unlock(&fences_lock);
}

bool user_fenced(const struct user_dev *dev)
{
	const struct user_arena *arena;
	bool fenced = false;

	spin_lock(&fences_lock);
	list_for_each_entry(arena, &fences, fence_link)
		if (!strcmp(arena->dev->hdev.name, dev->hdev.name))
			fenced = true;
	spin_unlock(&fences_lock);
	return fenced;
}

void user_fences_exit(void)
{
	struct user_arena *arena, *next;

	cancel_delayed_work_sync(&fences_work);
	list_for_each_entry_safe(arena, next, &fences, fence_link)
		user_arena_put(arena);
}
