/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: event loops.
 *
 * A loop is a thread (or, with its owner's consent, somebody else's) that
 * waits in one place for descriptors, for work that other threads post and
 * for time. It goes in turns: wait, handle what is ready, run posted work,
 * then once more everything that asked to be run at the end of the turn,
 * which is where responses are sent and file I/O is submitted in batches.
 *
 * Everything but loop_post() and loop_is_current() is for the loop's thread.
 */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "work.h"

struct loop;
struct qio;
struct buf_cache;

/* A descriptor to watch; embedded in its user. */
struct loop_fd {
	int fd;
	uint32_t events;		/* EPOLLIN, EPOLLOUT */
	void (*ready)(struct loop_fd *lfd, uint32_t events);
};

/* Something to be done at the end of this turn, at most once a turn. */
struct loop_late {
	struct list_head link;		/* empty: not asked for */
	void (*fn)(struct loop_late *late);
};

struct loop_timer {
	struct list_head link;		/* empty: not set */
	uint64_t when;			/* ns of ktime_get_ns() */
	void (*fn)(struct loop_timer *timer);
};

/* @index numbers the loops of a server. NULL with errno set. */
struct loop *loop_alloc(unsigned int index);
void loop_free(struct loop *loop);

/* Run it on a thread of its own until loop_stop(); 0 or -errno. */
int loop_start(struct loop *loop);
/* Ask it to end, and wait. */
void loop_stop(struct loop *loop);

/*
 * Or run it turn by turn on the caller's thread: loop_fd_of() is readable
 * when there is work.
 */
void loop_adopt(struct loop *loop);
void loop_abandon(struct loop *loop);
int loop_fd_of(const struct loop *loop);
/* @wait: until there is something to do. */
void loop_turn(struct loop *loop, bool wait);

/*
 * Let those who wake this loop go on with what they do, as long as that is more
 * work for us, of which we then take all at once: it runs under SCHED_BATCH.
 * On the loop; nothing if somebody has chosen a scheduling policy, or the
 * thread is not our own.
 */
void loop_be_patient(struct loop *loop);
/* There were @n when a patient loop came to take them. */
void loop_took(struct loop *loop, unsigned int n);

unsigned int loop_index(const struct loop *loop);

/* The loop whose thread this is; NULL: none. */
struct loop *loop_current(void);
static inline bool loop_is_current(const struct loop *loop)
{
	return loop_current() == loop;
}

int loop_fd_add(struct loop *loop, struct loop_fd *lfd);
void loop_fd_set(struct loop *loop, struct loop_fd *lfd, uint32_t events);
void loop_fd_del(struct loop *loop, struct loop_fd *lfd);

/* Run work->fn on @loop. Any thread; also while holding locks. */
void loop_post(struct loop *loop, struct core_work *work);

/* Run @fn on @loop and wait for it. Not from a loop. */
void loop_call(struct loop *loop, void (*fn)(void *arg), void *arg);

void loop_late(struct loop *loop, struct loop_late *late);
void loop_late_cancel(struct loop_late *late);

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t when);
void loop_timer_cancel(struct loop_timer *timer);

/* What a loop holds for others: its file I/O, its data buffers, staging. */
struct qio *loop_qio(struct loop *loop);
struct buf_cache *loop_bufs(struct loop *loop);
void *loop_staging(struct loop *loop);
#define LOOP_STAGING (256u << 10)

#endif
