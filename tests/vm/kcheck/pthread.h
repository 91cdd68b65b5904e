/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * KERNEL: as much of POSIX threads as tests/unit of the core uses. Callbacks
 * of the core lock, so a mutex is a spinlock here, with which nobody sleeps.
 */
#ifndef KCHECK_PTHREAD_H
#define KCHECK_PTHREAD_H

#include <linux/completion.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

typedef struct {
	spinlock_t lock;
} pthread_mutex_t;

typedef struct {
	wait_queue_head_t wait;
} pthread_cond_t;

typedef struct kcheck_thread *pthread_t;

/* macros: each lock has a class of its own */
#define pthread_mutex_init(m, attr)	spin_lock_init(&(m)->lock)
#define pthread_cond_init(c, attr)	init_waitqueue_head(&(c)->wait)

static inline void pthread_mutex_lock(pthread_mutex_t *m)
{
	spin_lock_bh(&m->lock);
}

static inline void pthread_mutex_unlock(pthread_mutex_t *m)
{
	spin_unlock_bh(&m->lock);
}

static inline void pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	DEFINE_WAIT(wait);

	prepare_to_wait(&c->wait, &wait, TASK_UNINTERRUPTIBLE);
	spin_unlock_bh(&m->lock);
	schedule();
	spin_lock_bh(&m->lock);
	finish_wait(&c->wait, &wait);
}

static inline void pthread_cond_signal(pthread_cond_t *c)
{
	wake_up(&c->wait);
}

static inline void pthread_cond_broadcast(pthread_cond_t *c)
{
	wake_up_all(&c->wait);
}

int pthread_create(pthread_t *t, const void *attr, void *(*fn)(void *),
		   void *arg);
int pthread_join(pthread_t t, void **result);

#endif
