// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: the way of requests to the handler: slots, the ring, who is woken.
 *
 * A request needs a slot and, unless its data is in the arena already, pages
 * there. Both are reserved under the queue's lock; the data is copied without
 * it, and under it again the entry is published. Who finds no room waits in
 * order of arrival, and nobody overtakes.
 *
 * The ring has twice as many entries as there are slots. Each slot in use has
 * at most one entry that is not consumed; what is left takes notifications.
 */
#include <linux/slab.h>

#include "seg.h"
#include "user.h"

/* ---- Life ----------------------------------------------------------------- */

int user_queue_init(struct user_queue *q, struct user_att *att, u32 index,
		    void *mapping, const struct scst_user_attach *attach)
{
	u8 *base = mapping;
	u32 i;

	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->waiting);
	init_waitqueue_head(&q->enter);
	init_waitqueue_head(&q->poll);
	q->att = att;
	q->index = index;
	q->shared = mapping;
	q->requests = (void *)(base + attach->requests_offset);
	q->replies = (void *)(base + attach->replies_offset);
	q->sense = base + attach->sense_offset;
	q->region = &att->arena->regions[index];
	q->slots = kvcalloc(att->depth, sizeof(*q->slots), GFP_KERNEL_ACCOUNT);
	q->free = kvcalloc(att->depth, sizeof(*q->free), GFP_KERNEL_ACCOUNT);
	if (!q->slots || !q->free)
		return -ENOMEM;
	for (i = 0; i < att->depth; i++)
		q->free[i] = att->depth - 1 - i;
	q->nr_free = att->depth;
	return 0;
}

void user_queue_fini(struct user_queue *q)
{
	kvfree(q->slots);
	kvfree(q->free);
}

/* ---- Room ----------------------------------------------------------------- */

/* Is the data of @req in the arena? */
static bool req_is_direct(const struct user_req *req,
			  const struct user_arena *arena)
{
	return req->segs >= arena->vecs &&
	       req->segs < arena->vecs + arena->nr_pages;
}

static struct user_region *region_of(struct user_arena *arena, u32 first)
{
	return &arena->regions[first / arena->regions[0].nr];
}

/* When its own are used, what is shared of another queue's is as good. */
static bool req_bounce(struct user_queue *q, struct user_req *req)
{
	struct user_arena *arena = q->att->arena;
	u32 i, nr = DIV_ROUND_UP(req->data_len, PAGE_SIZE);
	int first = user_region_get(q->region, nr, false);

	if (first < 0)
		first = user_region_get(q->region, nr, true);
	for (i = 0; first < 0 && i < arena->nr_regions; i++)
		first = user_region_get(&arena->regions[i], nr, true);
	if (first < 0)
		return false;
	req->flags |= USER_BOUNCE;
	req->region = region_of(arena, first);
	req->first = first;
	req->nr = nr;
	return true;
}

static bool req_get_pages(struct user_queue *q, struct user_req *req)
{
	struct user_arena *arena = q->att->arena;

	req->flags &= ~USER_BOUNCE;
	req->region = NULL;
	req->nr = 0;
	if (!req->data_len)
		return true;
	if (!req_is_direct(req, arena))
		return req_bounce(q, req);
	req->first = req->segs - arena->vecs;
	req->nr = req->nr_segs;
	req->region = region_of(arena, req->first);
	return true;
}

void user_req_put_pages(struct user_req *req)
{
	if (req->flags & USER_BOUNCE)
		user_region_put(req->region, req->first, req->nr);
	req->flags &= ~USER_BOUNCE;
	req->region = NULL;
}

/* A slot and pages, or nothing. */
static bool queue_reserve(struct user_queue *q, struct user_req *req)
{
	lockdep_assert_held(&q->lock);
	if (!q->nr_free || !req_get_pages(q, req))
		return false;
	req->slot = q->free[--q->nr_free];
	q->slots[req->slot].state = USER_SLOT_TAKEN;
	return true;
}

void user_slot_free(struct user_queue *q, u16 slot)
{
	lockdep_assert_held(&q->lock);
	q->slots[slot].state = USER_SLOT_FREE;
	q->slots[slot].req = NULL;
	q->free[q->nr_free++] = slot;
}

/* ---- The ring ------------------------------------------------------------- */

u64 user_slot_tag(const struct user_queue *q, u16 slot)
{
	return (u64)q->slots[slot].seq << 32 | (u64)q->index << 16 | slot;
}

u32 user_queue_ready(const struct user_queue *q)
{
	return READ_ONCE(q->request_tail) - READ_ONCE(q->shared->request_head);
}

/* The next entry; NULL: the handler moved its index to where it cannot be. */
static struct scst_user_request *ring_next(struct user_queue *q)
{
	u32 used = user_queue_ready(q);

	lockdep_assert_held(&q->lock);
	if (used >= q->att->entries) {
		user_att_break(q->att, "requests are not consumed in order");
		return NULL;
	}
	return &q->requests[q->request_tail & (q->att->entries - 1)];
}

/*
 * Whoever empties the ring looks again after it said so: the barrier between
 * our tail and its head pairs with the one between its head and our tail.
 */
static void ring_publish(struct user_queue *q)
{
	u32 tail = q->request_tail;

	WRITE_ONCE(q->request_tail, tail + 1);
	/* behind the entry */
	smp_store_release(&q->shared->request_tail, tail + 1);
	/* before its head is read, see above */
	smp_mb();
	if (!list_empty(&q->enter.head))
		wake_up_interruptible(&q->enter);
	if (READ_ONCE(q->shared->request_head) != tail)
		return;
	wake_up_interruptible_poll(&q->poll, EPOLLIN);
	if (wq_has_sleeper(&q->att->poll))
		wake_up_interruptible_poll(&q->att->poll, EPOLLIN);
}

static void entry_fill(const struct user_queue *q, const struct user_req *req,
		       struct scst_user_request *entry)
{
	entry->tag = user_slot_tag(q, req->slot);
	entry->op = req->op;
	entry->flags = req->rq_flags |
		       (req->flags & USER_AGAIN ? SCST_USER_RQ_AGAIN : 0);
	entry->offset = req->offset;
	entry->length = req->length;
	entry->data = (u64)req->first << PAGE_SHIFT;
	entry->data_len = req->data_len;
	entry->nexus = req->cmd->nexus_id;
	entry->arg = 0;
	if (req->io)
		return;
	entry->dir = req->cmd->dir;
	entry->cdb_len = min_t(u16, req->cmd->opcode->cdb_len,
			       sizeof(entry->cdb));
	memcpy(entry->cdb, req->cmd->cdb, entry->cdb_len);
}

/* What was reserved is ready; false: the attachment has ended meanwhile. */
static bool queue_give(struct user_queue *q, struct user_req *req)
{
	struct user_slot *slot = &q->slots[req->slot];
	struct scst_user_request *entry;

	spin_lock_bh(&q->lock);
	entry = q->dead ? NULL : ring_next(q);
	if (!entry) {
		user_slot_free(q, req->slot);
		user_req_put_pages(req);
		spin_unlock_bh(&q->lock);
		return false;
	}
	slot->state = USER_SLOT_GIVEN;
	slot->req = req;
	slot->seq++;
	slot->advised = false;
	req->given = jiffies;
	entry_fill(q, req, entry);
	ring_publish(q);
	spin_unlock_bh(&q->lock);
	return true;
}

/* ---- Submission ----------------------------------------------------------- */

static void queue_wait(struct user_queue *q, struct user_req *req)
{
	lockdep_assert_held(&q->lock);
	list_add_tail(&req->link, &q->waiting);
	WRITE_ONCE(q->shared->waiting, ++q->nr_waiting);
}

void user_waiting_remove(struct user_queue *q, struct user_req *req)
{
	lockdep_assert_held(&q->lock);
	list_del(&req->link);
	WRITE_ONCE(q->shared->waiting, --q->nr_waiting);
}

static bool queue_reserve_first(struct user_queue *q, struct user_req *req,
				bool *waits)
{
	bool alive;

	spin_lock_bh(&q->lock);
	alive = !q->dead;
	*waits = alive && (!list_empty(&q->waiting) || !queue_reserve(q, req));
	if (*waits)
		queue_wait(q, req);
	spin_unlock_bh(&q->lock);
	return alive;
}

bool user_queue_submit(struct user_att *att, struct user_req *req)
{
	struct user_queue *q = user_att_queue(att);
	bool waits;

	if (!queue_reserve_first(q, req, &waits))
		return false;
	if (waits)
		return true;
	user_req_copy_in(req);
	return queue_give(q, req);
}

/* Those that waited in vain go to @stale. */
static struct user_req *queue_next(struct user_queue *q,
				   struct list_head *stale)
{
	struct user_req *req;

	spin_lock_bh(&q->lock);
	while ((req = list_first_entry_or_null(&q->waiting, struct user_req,
					       link))) {
		req->sense = user_req_stale(req);
		if (!req->sense && !queue_reserve(q, req)) {
			req = NULL;
			break;
		}
		user_waiting_remove(q, req);
		if (!req->sense)
			break;
		list_add_tail(&req->link, stale);
	}
	spin_unlock_bh(&q->lock);
	return req;
}

void user_queue_fetch(struct user_queue *q)
{
	struct user_req *req;
	LIST_HEAD(stale);

	if (list_empty_careful(&q->waiting))
		return;
	while ((req = queue_next(q, &stale))) {
		user_req_copy_in(req);
		if (!queue_give(q, req))
			user_req_issue(req);
	}
	user_list_fail(&stale);
}

/* ---- Notifications --------------------------------------------------------- */

bool user_queue_tell(struct user_queue *q, u8 op, u64 nexus, u64 arg)
{
	struct scst_user_request *entry;

	lockdep_assert_held(&q->lock);
	if (q->dead || user_queue_ready(q) >= q->att->entries - q->att->depth)
		return false;
	entry = ring_next(q);
	if (!entry)
		return false;
	memset(entry, 0, sizeof(*entry));
	entry->op = op;
	entry->nexus = nexus;
	entry->arg = arg;
	ring_publish(q);
	return true;
}

bool user_queue_notify(struct user_queue *q, u8 op, u64 nexus)
{
	bool told;

	spin_lock_bh(&q->lock);
	told = user_queue_tell(q, op, nexus, 0);
	spin_unlock_bh(&q->lock);
	return told;
}
