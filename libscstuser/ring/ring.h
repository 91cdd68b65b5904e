/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the engine scst: devices of the kernel's core, by /dev/scst_user.
 *
 * A device is one attachment with a queue for each loop. The kernel's device
 * servers are in front of it: what comes by a queue are requests, which become
 * requests of the library in the slots that their tags name, with their data
 * where it is, in the arena. Replies of a turn of the loop are handed in by
 * one call at its end, or sooner when they carry much data.
 *
 * A queue's thread is its loop's. What they share is counted with atomics.
 */
#ifndef RING_RING_H
#define RING_RING_H

#include "index.h"
#include "src/lib.h"
#include "src/qio.h"

struct ring_dev;
struct ring_queue;

/* A slot. */
struct ring_req {
	struct scstu_req req;
	struct ring_queue *queue;
	uint64_t tag;
	uint8_t op;			/* enum scst_user_op */
	bool taken;			/* begun and not answered */
	bool aborted;			/* WRITE_ONCE */
	struct core_seg seg;
	uint8_t cdb[SCST_USER_CDB_MAX];
};

struct ring_queue {
	struct ring_dev *rd;
	struct loop *loop;
	uint32_t index;
	struct loop_fd lfd;		/* joined; -1: none */
	struct loop_late late;
	struct core_work drain_work;
	struct ring ring;
	struct qio_command enter;	/* ENTER along with file I/O */
	bool entering;			/* ... is under way */
	struct ring_req *reqs;		/* attach.depth slots */
	uint32_t in_flight;		/* slots taken; others read it */
	uint32_t rounds;		/* in this turn of the loop */
	size_t data;			/* bytes, of replies not handed in */
	bool watched;			/* the loop waits for lfd */
	bool draining;			/* takes no more */
	bool drained;			/* ... and has answered all */
	bool over;			/* the attachment has ended */
	bool idle;			/* ... and nothing of it is left */
};

/* scstu_dev.attached */
struct ring_dev {
	struct scstu_dev *dev;
	struct ring_engine *engine;
	struct scst_user_attach attach;
	int fd;				/* dev->lock; -1: detached */
	void *map;
	struct ring_queue *queues;	/* attach.queues */
	uint32_t live_queues;		/* atomic: not idle */
	bool over;			/* atomic: somebody has noticed */
};

struct ring_engine {
	struct scstu_server *srv;
	uint32_t live;			/* atomic: devices */
	uint32_t undrained;		/* atomic: queues */
	char ready[80];
};

extern const struct engine_ops ring_ops;

/* ---- attach.c ------------------------------------------------------------- */

/* The calls to the kernel; tests are a kernel of their own. */
struct ring_sys {
	int (*open)(void);
	int (*ioctl)(int fd, unsigned long cmd, void *arg);
	void *(*map)(int fd, size_t size);	/* NULL: errno */
};

extern const struct ring_sys *ring_sys;

/*
 * Attach @rd->dev: descriptors, mapping, and the rings of up to @max_queues
 * queues. A negative errno after scstu_dev_error(); then, too, ring_detach().
 */
int ring_attach(struct ring_dev *rd, unsigned int max_queues);
void ring_detach(struct ring_dev *rd);

/* ---- request.c ------------------------------------------------------------ */

/* Begin what @entry asks for. */
void ring_begin(struct ring_queue *q, const struct scst_user_request *entry);
/* What became of @rq. */
void ring_fill_reply(struct ring_req *rq, struct scst_user_reply *reply);

/* ---- queue.c -------------------------------------------------------------- */

/* These run on the queue's loop. */
int ring_queue_watch(struct ring_queue *q);
void ring_queue_unwatch(struct ring_queue *q);
/* Take no more, finish what runs, then count engine->undrained down. */
void ring_queue_drain(struct core_work *drain_work);
/* @rq has its outcome: reply. */
void ring_queue_reply(struct ring_queue *q, struct ring_req *rq);

static inline void ring_queue_count(struct ring_queue *q, int n)
{
	__atomic_store_n(&q->in_flight, q->in_flight + n, __ATOMIC_RELAXED);
}

#endif
