// SPDX-License-Identifier: BSD-3-Clause
/* KERNEL: threads of tests. */
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/kthread.h>

#include "pthread.h"
#include "stdlib.h"

struct kcheck_thread {
	struct completion done;
	void *(*fn)(void *arg);
	void *arg;
};

static int run(void *arg)
{
	struct kcheck_thread *t = arg;

	t->fn(t->arg);
	kthread_complete_and_exit(&t->done, 0);
}

int pthread_create(pthread_t *thread, const void *attr, void *(*fn)(void *),
		   void *arg)
{
	struct kcheck_thread *t = malloc(sizeof(*t));

	init_completion(&t->done);
	t->fn = fn;
	t->arg = arg;
	BUG_ON(IS_ERR(kthread_run(run, t, "kcheck")));
	*thread = t;
	return 0;
}

int pthread_join(pthread_t t, void **result)
{
	wait_for_completion(&t->done);
	free(t);
	return 0;
}
