// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: threads that call the functions of SERIAL and PARALLEL handlers.
 *
 * Each device has threads of its own, so that one that blocks holds up no
 * other device. A loop hands over all requests of a turn at its end. A thread
 * takes them in the order of their issue; a single one takes all that wait at
 * once.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib.h"
#include "log.h"

/* What a loop has for the threads. */
struct lane {
	struct loop_late late;
	struct loop *loop;
	struct pool *pool;
	struct list_head reqs;		/* scstu_req.link */
};

struct pool {
	struct lane *lanes;		/* by loop */
	unsigned int nr_lanes;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct list_head todo;		/* scstu_req.link */
	bool stop;
	bool single;			/* one thread, which may take all */
	unsigned int nr_threads;	/* running */
	pthread_t threads[];
};

/* Wait for requests: one, or for a single thread all. False: stop. */
static bool pool_take(struct pool *pool, struct list_head *batch)
{
	bool more;

	pthread_mutex_lock(&pool->lock);
	while (list_empty(&pool->todo) && !pool->stop)
		pthread_cond_wait(&pool->cond, &pool->lock);
	more = !list_empty(&pool->todo);
	if (pool->single)
		list_splice_init(&pool->todo, batch);
	else if (more)
		list_move_tail(pool->todo.next, batch);
	pthread_mutex_unlock(&pool->lock);
	return more;
}

static void *pool_thread(void *arg)
{
	struct pool *pool = arg;
	struct scstu_req *req;
	LIST_HEAD(batch);

	while (pool_take(pool, &batch)) {
		while (!list_empty(&batch)) {
			req = list_first_entry(&batch, struct scstu_req, link);
			list_del(&req->link);
			req->op(req);
		}
	}
	return NULL;
}

static void pool_hand_over(struct pool *pool, struct list_head *reqs)
{
	struct scstu_req *req;

	pthread_mutex_lock(&pool->lock);
	if (pool->single && list_empty(&pool->todo))
		pthread_cond_signal(&pool->cond);
	else if (!pool->single)
		list_for_each_entry(req, reqs, link)
			pthread_cond_signal(&pool->cond);
	list_splice_tail_init(reqs, &pool->todo);
	pthread_mutex_unlock(&pool->lock);
}

static void lane_late(struct loop_late *late)
{
	struct lane *lane = container_of(late, struct lane, late);

	pool_hand_over(lane->pool, &lane->reqs);
}

void pool_add(struct pool *pool, struct scstu_req *req)
{
	struct loop *loop = loop_current();
	struct lane *lane;
	LIST_HEAD(alone);

	if (loop) {
		lane = &pool->lanes[loop_index(loop)];
		list_add_tail(&req->link, &lane->reqs);
		loop_late(loop, &lane->late);
	} else {
		list_add(&req->link, &alone);
		pool_hand_over(pool, &alone);
	}
}

static bool lanes_alloc(struct pool *pool, struct loop **loops, unsigned int nr)
{
	unsigned int i;

	pool->lanes = calloc(nr, sizeof(*pool->lanes));
	if (!pool->lanes)
		return false;
	pool->nr_lanes = nr;
	for (i = 0; i < nr; i++) {
		struct lane *lane = &pool->lanes[i];

		lane->late.fn = lane_late;
		INIT_LIST_HEAD(&lane->late.link);
		INIT_LIST_HEAD(&lane->reqs);
		lane->loop = loops[i];
		lane->pool = pool;
	}
	return true;
}

/* A reset, which nobody waits for, may be in it. */
static void lane_close(void *arg)
{
	struct lane *lane = arg;

	loop_late_cancel(&lane->late);
	pool_hand_over(lane->pool, &lane->reqs);
}

struct pool *pool_alloc(const char *name, unsigned int threads,
			struct loop **loops, unsigned int nr)
{
	struct pool *pool;
	char title[16];
	int err;

	pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->threads[0]));
	if (!pool)
		return NULL;
	if (!lanes_alloc(pool, loops, nr)) {
		free(pool);
		return NULL;
	}
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->cond, NULL);
	INIT_LIST_HEAD(&pool->todo);
	snprintf(title, sizeof(title), "%s", name);
	pool->single = threads == 1;
	for (; pool->nr_threads < threads; pool->nr_threads++) {
		err = pthread_create(&pool->threads[pool->nr_threads], NULL,
				     pool_thread, pool);
		if (err) {
			pool_free(pool);
			return NULL;
		}
		pthread_setname_np(pool->threads[pool->nr_threads], title);
	}
	return pool;
}

void pool_free(struct pool *pool)
{
	unsigned int i;

	if (!pool)
		return;
	for (i = 0; i < pool->nr_lanes; i++)
		loop_call(pool->lanes[i].loop, lane_close, &pool->lanes[i]);
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->cond);
	pthread_mutex_unlock(&pool->lock);
	for (i = 0; i < pool->nr_threads; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->cond);
	pthread_mutex_destroy(&pool->lock);
	free(pool->lanes);
	free(pool);
}
