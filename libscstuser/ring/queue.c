// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a queue on its loop: taking requests and handing in replies.
 *
 * The loop waits for the joined descriptor, level-triggered: an epoll item
 * stays on the list of those that may be ready until the kernel has looked at
 * the ring and found it empty, after we last wrote the head. So nothing has to
 * be looked at again before the loop sleeps.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "ring.h"
#include "src/log.h"
#include "src/server.h"

/*
 * How often a turn of the loop comes back for requests that arrived
 * meanwhile, before others on the loop have theirs.
 */
#define ROUNDS_MAX 8

/*
 * Replies with so much data are not kept until the end of the turn: the
 * initiator goes on with them while the next ones are made.
 */
#define DATA_MAX (128u << 10)

/* ---- The end ---------------------------------------------------------------- */

static void tell_end(struct ring_dev *rd)
{
	const struct scst_user_control *control = rd->map;

	if (__atomic_exchange_n(&rd->over, true, __ATOMIC_ACQ_REL))
		return;
	if (__atomic_load_n(&control->state, __ATOMIC_ACQUIRE) ==
	    SCST_USER_REMOVED) {
		scstu_dev_log(rd->dev, LOG_WARNING,
			      "the device was removed from the kernel");
		return;
	}
	scstu_dev_log(rd->dev, LOG_ERROR,
		      "the kernel has detached the device; its log says why");
	__atomic_store_n(&rd->engine->srv->failed, true, __ATOMIC_RELAXED);
	server_knock(rd->engine->srv);
}

static bool count_down(uint32_t *count)
{
	return !__atomic_sub_fetch(count, 1, __ATOMIC_ACQ_REL);
}

/* Has what the queue still had to do been done? */
static void queue_settle(struct ring_queue *q)
{
	struct ring_dev *rd = q->rd;
	struct ring_engine *engine = rd->engine;

	if (q->in_flight || q->entering ||
	    (!q->over && ring_unsent(&q->ring)))
		return;
	if (q->draining && !q->drained) {
		q->drained = true;
		if (count_down(&engine->undrained))
			server_drained(engine->srv);
	}
	if (q->over && !q->idle) {
		q->idle = true;
		if (count_down(&rd->live_queues) && count_down(&engine->live))
			server_knock(engine->srv);
	}
}

static void queue_over(struct ring_queue *q)
{
	if (q->over)
		return;
	q->over = true;
	ring_queue_unwatch(q);
	tell_end(q->rd);
}

/* ---- Turns ------------------------------------------------------------------- */

static void enter_result(struct ring_queue *q, int err)
{
	if (!err || err == -EINTR)
		return;
	if (err != -ESHUTDOWN)
		scstu_dev_log(q->rd->dev, LOG_ERROR, "SCST_USER_IOC_ENTER: %s",
			      strerror(-err));
	queue_over(q);
}

static void enter_done(struct scstu_io *io, ssize_t result)
{
	struct ring_queue *q = container_of(io, struct ring_queue, enter.io);

	q->entering = false;
	q->data = 0;
	enter_result(q, result);
	loop_late(q->loop, &q->late);
}

/*
 * Along with the file I/O of requests that are there by now, if they will have
 * any. All replies are handed in that are there when it is carried out.
 */
static bool enter_along(struct ring_queue *q)
{
	struct scst_user_enter_cmd cmd = {
		.queue = q->index,
		.replies = q->ring.entries,
	};

	if (!(q->rd->attach.features & SCST_USER_FEAT_URING) ||
	    !q->rd->dev->queues || !ring_request(&q->ring))
		return false;
	q->enter.io.fd = q->lfd.fd;
	q->enter.io.done = enter_done;
	q->enter.op = (uint32_t)SCST_USER_IOC_ENTER;
	memcpy(q->enter.payload, &cmd, sizeof(cmd));
	q->entering = qio_command(loop_qio(q->loop), &q->enter);
	return q->entering;
}

static void enter_now(struct ring_queue *q)
{
	struct scst_user_enter enter = {
		.queue = q->index,
		.replies = ring_unsent(&q->ring),
	};

	q->data = 0;
	enter_result(q, ring_sys->ioctl(q->lfd.fd, SCST_USER_IOC_ENTER,
					&enter));
}

/* Hand in the replies; the kernel also lets in what waited for room. */
static void queue_enter(struct ring_queue *q)
{
	if (q->over || q->entering ||
	    !(ring_unsent(&q->ring) ||
	      (!q->in_flight && ring_waiting(&q->ring))))
		return;
	if (!enter_along(q))
		enter_now(q);
}

/* Returns how many there were. */
static uint32_t queue_take(struct ring_queue *q)
{
	const struct scst_user_request *entry;
	uint32_t taken = 0;

	if (q->draining)
		return 0;
	while (taken < q->ring.entries && !q->over &&
	       (entry = ring_request(&q->ring))) {
		ring_begin(q, entry);
		ring_consume(&q->ring);
		taken++;
		if (q->data >= DATA_MAX && !q->entering)
			enter_now(q);
	}
	return taken;
}

static void queue_late(struct loop_late *late)
{
	struct ring_queue *q = container_of(late, struct ring_queue, late);

	queue_enter(q);
	if (q->rounds < ROUNDS_MAX && queue_take(q)) {
		q->rounds++;
		loop_late(q->loop, &q->late);
	}
	queue_settle(q);
}

static void queue_ready(struct loop_fd *lfd, uint32_t events)
{
	struct ring_queue *q = container_of(lfd, struct ring_queue, lfd);

	if (q->over)
		return;
	q->rounds = 0;
	if (events & (EPOLLHUP | EPOLLERR))
		queue_over(q);
	else
		loop_took(q->loop, queue_take(q));
	loop_late(q->loop, &q->late);
}

void ring_queue_reply(struct ring_queue *q, struct ring_req *rq)
{
	struct scst_user_reply *reply = ring_reply(&q->ring);

	ring_fill_reply(rq, reply);
	rq->taken = false;
	q->data += rq->seg.len;
	ring_queue_count(q, -1);
	ring_publish(&q->ring);
	loop_late(q->loop, &q->late);
}

/* ---- Beginning and end ---------------------------------------------------------- */

int ring_queue_watch(struct ring_queue *q)
{
	int err;

	q->late.fn = queue_late;
	INIT_LIST_HEAD(&q->late.link);
	q->drain_work.fn = ring_queue_drain;
	q->lfd.events = EPOLLIN;
	q->lfd.ready = queue_ready;
	err = loop_fd_add(q->loop, &q->lfd);
	q->watched = !err;
	return err;
}

void ring_queue_unwatch(struct ring_queue *q)
{
	if (q->watched)
		loop_fd_del(q->loop, &q->lfd);
	q->watched = false;
	loop_late_cancel(&q->late);
}

/*
 * What is left in the ring of requests goes to a successor. The descriptor
 * stays, for the end of the attachment is still to be noticed.
 */
void ring_queue_drain(struct core_work *drain_work)
{
	struct ring_queue *q = container_of(drain_work, struct ring_queue,
					    drain_work);

	q->draining = true;
	if (q->watched)
		loop_fd_set(q->loop, &q->lfd, 0);
	loop_late(q->loop, &q->late);
}
