// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER. The registry of threads, see thread.h.
 *
 * A pthread key's destructor takes a thread that exits out of it. Should a
 * later destructor allocate again, the thread is attached again and the key
 * runs once more.
 */
#include <stdlib.h>
#include <string.h>
#include "bug.h"
#include "thread.h"

pthread_mutex_t shim_threads_lock = PTHREAD_MUTEX_INITIALIZER;
LIST_HEAD(shim_threads);

__thread struct shim_thread *shim_thread_self;

static pthread_key_t shim_thread_key;
static pthread_once_t shim_thread_once = PTHREAD_ONCE_INIT;

/*
 * Where there is no memory: the first threads, which are those of the library,
 * must not need any. Which are in use is under shim_threads_lock.
 */
static struct shim_thread spare[16];
static bool spare_used[ARRAY_SIZE(spare)];

static struct shim_thread *spare_get(void)
{
	struct shim_thread *self = NULL;
	unsigned int i;

	pthread_mutex_lock(&shim_threads_lock);
	for (i = 0; i < ARRAY_SIZE(spare) && !self; i++) {
		if (spare_used[i])
			continue;
		spare_used[i] = true;
		self = &spare[i];
	}
	pthread_mutex_unlock(&shim_threads_lock);
	return self;
}

/* Under shim_threads_lock. */
static void thread_free(struct shim_thread *self)
{
	if (self >= spare && self < spare + ARRAY_SIZE(spare))
		spare_used[self - spare] = false;
	else
		free(self);
}

static void shim_thread_exit(void *data)
{
	struct shim_thread *self = data;

	SHIM_DEBUG_ON(self->atomic_depth, "thread exits, atomic since %s",
		      self->atomic_where);
	SHIM_DEBUG_ON(self->registered, "thread exits registered");
	pthread_mutex_lock(&shim_threads_lock);
	shim_slab_thread_exit(self);
	list_del(&self->node);
	thread_free(self);
	pthread_mutex_unlock(&shim_threads_lock);
	shim_thread_self = NULL;
}

static void shim_thread_key_init(void)
{
	if (pthread_key_create(&shim_thread_key, shim_thread_exit))
		shim_die(SHIM_HERE, "no thread key");
}

/* does not fail: where libc has no memory for a thread's own it aborts, too */
struct shim_thread *shim_thread_attach(void)
{
	struct shim_thread *self = aligned_alloc(SHIM_CACHELINE, sizeof(*self));

	if (!self)
		self = spare_get();
	pthread_once(&shim_thread_once, shim_thread_key_init);
	if (!self || pthread_setspecific(shim_thread_key, self))
		shim_die(SHIM_HERE, "no memory for a thread");
	memset(self, 0, sizeof(*self));
	pthread_mutex_lock(&shim_threads_lock);
	list_add_tail(&self->node, &shim_threads);
	pthread_mutex_unlock(&shim_threads_lock);
	shim_thread_self = self;
	return self;
}
