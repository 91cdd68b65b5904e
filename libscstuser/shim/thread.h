/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER, internal to the shim. What each thread owns: its place in the read
 * sections, its slot for per-thread data, its slab magazines, and for debug
 * builds what it holds.
 *
 * A thread gets it with its first use and keeps it until it exits. The
 * registry of all of them is under shim_threads_lock; fields marked "own"
 * are touched by the thread alone.
 *
 * A child of fork() inherits the registry with threads that it does not
 * have: fork before there are any, or exec.
 */
#ifndef SHIM_THREAD_H
#define SHIM_THREAD_H

#include <pthread.h>
#include "compiler.h"
#include "list.h"

#define SHIM_MAX_CACHES	64

/* free objects of one cache, chained through their first word */
struct shim_magazine {
	void *free;		/* own */
	unsigned int nr_free;	/* own */
	long live;		/* allocated - freed here; read by others */
};

struct shim_thread {
	/*
	 * The grace period this thread was last known to be out of any read
	 * section in; 0: it is in none and starts none. See rcu.c.
	 */
	u64 seen __aligned(SHIM_CACHELINE);
	int read_depth;		/* own */
	bool online;		/* own: between online and offline */
	bool registered;	/* own */
	bool in_callbacks;	/* own */
	int cpu;		/* own: slot for per-thread data */

	int atomic_depth;	/* own, debug: spinlocks and read sections */
	const char *atomic_where;	/* own, debug: the last one begun */

	struct list_head node;	/* shim_threads */
	struct shim_magazine mag[SHIM_MAX_CACHES];
};

extern pthread_mutex_t shim_threads_lock;
extern struct list_head shim_threads;

/*
 * One load away in the static TLS block, of which a library that is opened
 * late gets little: hence a pointer and not the structure.
 */
extern __thread struct shim_thread *shim_thread_self
	__attribute__((tls_model("initial-exec")));

struct shim_thread *shim_thread_attach(void);

static inline struct shim_thread *shim_self(void)
{
	struct shim_thread *self = shim_thread_self;

	return likely(self) ? self : shim_thread_attach();
}

/* of the subsystems, for a thread that exits; slab's is under the lock */
void shim_slab_thread_exit(struct shim_thread *self);

#endif
