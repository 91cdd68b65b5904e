// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: the way back from the handler, and requests that do not come back.
 *
 * A reply is copied out of the ring once and believed nothing: its tag must
 * name a slot of this queue that the handler has, in its present use. Then the
 * request is ours again. Data is copied, slots are freed, and the commands go
 * on without a lock, in batches.
 *
 * A request that nobody waits for, or that took too long, can be separated
 * from its slot, which stays with the handler as an orphan: its pages are set
 * aside until the reply comes, or the handler goes. As long as there are
 * orphans that may still alter the medium, the device takes no commands:
 * what is newer must not be overtaken by what is older.
 */
#include "user.h"

#define BATCH 16

struct user_batch {
	u32 nr;
	struct user_req *reqs[BATCH];
	struct scst_user_reply replies[BATCH];
};

/* ---- Replies --------------------------------------------------------------- */

static void reply_copy(struct scst_user_reply *to,
		       const struct scst_user_reply *from)
{
	const u64 *src = (const u64 *)from;
	u64 *dst = (u64 *)to;
	u32 i;

	BUILD_BUG_ON(sizeof(*to) % sizeof(u64));
	for (i = 0; i < sizeof(*to) / sizeof(u64); i++)
		dst[i] = READ_ONCE(src[i]);
}

/* The slot that @tag names, if the handler has it; NULL. */
static struct user_slot *slot_find(struct user_queue *q, u64 tag)
{
	u16 nr = tag, queue = tag >> 16;
	struct user_slot *slot;

	if (nr >= q->att->depth || queue != q->index)
		return NULL;
	slot = &q->slots[array_index_nospec(nr, q->att->depth)];
	if (slot->seq != tag >> 32)
		return NULL;
	return slot->state == USER_SLOT_GIVEN ||
	       slot->state == USER_SLOT_ORPHAN ? slot : NULL;
}

static void orphan_end(struct user_queue *q, struct user_slot *slot)
{
	if (slot->region)
		user_region_put(slot->region, slot->first, slot->nr);
	slot->region = NULL;
	if (slot->flags & USER_ALTERS)
		atomic_dec(&q->att->orphans);
	user_slot_free(q, slot - q->slots);
}

static void bad_reply(struct user_queue *q)
{
	u64 bad = atomic64_inc_return(&q->att->bad_replies);

	WRITE_ONCE(q->att->control->bad_replies, bad);
}

static void reply_take(struct user_queue *q, struct user_batch *batch,
		       const struct scst_user_reply *entry)
{
	struct scst_user_reply *reply = &batch->replies[batch->nr];
	struct user_slot *slot;

	reply_copy(reply, entry);
	slot = slot_find(q, reply->tag);
	if (!slot) {
		bad_reply(q);
	} else if (slot->state == USER_SLOT_ORPHAN) {
		orphan_end(q, slot);
	} else {
		slot->state = USER_SLOT_TAKEN;
		batch->reqs[batch->nr++] = slot->req;
	}
}

/* Entries consumed, or -EINVAL. */
static int batch_take(struct user_queue *q, struct user_batch *batch, u32 max)
{
	u32 mask = q->att->entries - 1, i, nr;

	batch->nr = 0;
	spin_lock_bh(&q->lock);
	if (q->dead) {
		spin_unlock_bh(&q->lock);
		return 0;
	}
	/* the replies before that are written */
	nr = smp_load_acquire(&q->shared->reply_tail) - q->reply_head;
	if (nr > q->att->entries) {
		spin_unlock_bh(&q->lock);
		user_att_break(q->att, "the tail of the replies cannot be");
		return -EINVAL;
	}
	nr = min3(nr, max, (u32)BATCH);
	for (i = 0; i < nr; i++)
		reply_take(q, batch, &q->replies[(q->reply_head + i) & mask]);
	q->reply_head += nr;
	/* and were read before they may be written again */
	smp_store_release(&q->shared->reply_head, q->reply_head);
	spin_unlock_bh(&q->lock);
	return nr;
}

/* The requests are ours, the slots TAKEN. */
static void batch_end(struct user_queue *q, struct user_batch *batch)
{
	struct user_req *req;
	u32 i;

	for (i = 0; i < batch->nr; i++)
		user_req_answered(batch->reqs[i], &batch->replies[i], q);
	spin_lock_bh(&q->lock);
	for (i = 0; i < batch->nr; i++) {
		req = batch->reqs[i];
		user_slot_free(q, req->slot);
		user_req_put_pages(req);
	}
	spin_unlock_bh(&q->lock);
	for (i = 0; i < batch->nr; i++)
		user_req_done(batch->reqs[i], &batch->replies[i]);
}

int user_queue_replies(struct user_queue *q, u32 max)
{
	struct user_batch batch;
	u32 taken = 0;
	int nr;

	/* There are never more, and the caller may be killed meanwhile. */
	max = min(max, q->att->entries);
	while (taken < max) {
		nr = batch_take(q, &batch, max - taken);
		if (nr < 0)
			return nr;
		if (!nr)
			break;
		batch_end(q, &batch);
		taken += nr;
		cond_resched();
	}
	return taken;
}

/* ---- Requests that do not come back ------------------------------------------ */

static void list_give(struct list_head *list, struct user_req *req,
		      enum scst_sense sense)
{
	req->sense = sense;
	list_add_tail(&req->link, list);
}

/*
 * Separate the command from its slot. Pages that are the command's own buffer
 * become the slot's.
 */
static void slot_abandon(struct user_queue *q, struct user_slot *slot,
			 struct list_head *list, enum scst_sense sense)
{
	struct user_req *req = slot->req;
	struct scst_cmd *cmd = req->cmd;

	slot->state = USER_SLOT_ORPHAN;
	slot->flags = req->flags;
	slot->region = req->region;
	slot->first = req->first;
	slot->nr = req->nr;
	slot->req = NULL;
	if (req->region && !(req->flags & USER_BOUNCE)) {
		/* all of the buffer, of which the request may be a part */
		slot->first = cmd->segs - req->region->arena->vecs;
		slot->nr = cmd->nr_segs;
		user_session_put(req->region->arena, cmd->nexus_id, slot->nr);
		cmd->nr_segs = 0;
	}
	if (req->flags & USER_ALTERS)
		atomic_inc(&q->att->orphans);
	req->flags &= ~USER_BOUNCE;
	req->region = NULL;
	list_give(list, req, sense);
}

static void slot_abort(struct user_queue *q, u16 nr, struct list_head *list)
{
	struct user_slot *slot = &q->slots[nr];

	if (!slot->advised)
		slot->advised = user_queue_tell(q, SCST_USER_OP_ABORT,
						slot->req->cmd->nexus_id,
						user_slot_tag(q, nr));
	if (!(slot->req->flags & USER_ALTERS))
		slot_abandon(q, slot, list, SENSE_ABORTED);
}

void user_queue_aborts(struct user_queue *q, struct list_head *list)
{
	struct user_req *req, *next;
	u32 i;

	spin_lock_bh(&q->lock);
	list_for_each_entry_safe(req, next, &q->waiting, link)
		if (READ_ONCE(req->cmd->aborted)) {
			user_waiting_remove(q, req);
			list_give(list, req, SENSE_ABORTED);
		}
	for (i = 0; i < q->att->depth; i++)
		if (q->slots[i].state == USER_SLOT_GIVEN &&
		    READ_ONCE(q->slots[i].req->cmd->aborted))
			slot_abort(q, i, list);
	spin_unlock_bh(&q->lock);
}

void user_queue_expire(struct user_queue *q, struct list_head *list,
		       unsigned long bound)
{
	struct user_req *req, *next;
	struct user_slot *slot;
	u32 i;

	spin_lock_bh(&q->lock);
	list_for_each_entry_safe(req, next, &q->waiting, link)
		if (time_after(jiffies, req->since + bound)) {
			user_waiting_remove(q, req);
			list_give(list, req, SENSE_BUSY);
		}
	for (i = 0; i < q->att->depth; i++) {
		slot = &q->slots[i];
		if (slot->state == USER_SLOT_GIVEN &&
		    time_after(jiffies, slot->req->given + bound))
			slot_abandon(q, slot, list, SENSE_NOT_READY);
	}
	spin_unlock_bh(&q->lock);
}

/* ---- The end of the handler -------------------------------------------------- */

static void slot_kill(struct user_queue *q, struct user_slot *slot,
		      struct list_head *list)
{
	struct user_req *req = slot->req;

	if (slot->state == USER_SLOT_ORPHAN)
		orphan_end(q, slot);
	if (slot->state != USER_SLOT_GIVEN)
		return;
	req->flags |= USER_AGAIN;
	if ((q->att->flags & SCST_USER_AT_NO_REISSUE) || !req->io)
		req->flags |= USER_LOST;
	user_slot_free(q, slot - q->slots);
	if (req->flags & USER_BOUNCE)
		user_req_put_pages(req);
	list_add_tail(&req->link, list);
}

void user_queue_kill(struct user_queue *q, struct list_head *list)
{
	u32 i;

	spin_lock_bh(&q->lock);
	q->dead = true;
	for (i = 0; i < q->att->depth; i++)
		slot_kill(q, &q->slots[i], list);
	list_splice_tail_init(&q->waiting, list);
	q->nr_waiting = 0;
	spin_unlock_bh(&q->lock);
	wake_up_all(&q->enter);
	wake_up_poll(&q->poll, EPOLLHUP);
}
