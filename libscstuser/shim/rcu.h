/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Read sections, and objects retired until no reader can hold them.
 *
 * An event loop registers its thread and calls core_quiescent once per turn,
 * where it holds no protected pointer; its read sections then cost nothing
 * shared. Around a sleep it is offline and holds nobody up. A thread that
 * never registered may read as well: it is online inside its sections only,
 * for the price of one atomic operation on a shared word.
 *
 * Retired objects are freed by a thread in core_quiescent or core_barrier,
 * never from inside core_retire: as in the kernel, the caller may hold locks
 * that the callback takes.
 */
#ifndef SHIM_RCU_H
#define SHIM_RCU_H

#include "bug.h"
#include "compiler.h"
#include "thread.h"

struct core_retired {
	struct core_retired *next;
	void (*fn)(struct core_retired *retired);
};

/* @fn runs when every read section of now has ended; it does not sleep */
void core_retire(struct core_retired *retired,
		 void (*fn)(struct core_retired *retired));
/* returns when what was retired before has been run; may sleep */
void core_barrier(void);

/* the calling thread is an event loop: it is online until it says otherwise */
void core_thread_register(void);
void core_thread_unregister(void);
/* this thread is in no read section now; runs what is due */
void core_quiescent(void);
void core_offline(void);
void core_online(void);

/* for a thread that is not online */
void shim_read_enter(struct shim_thread *self);
void shim_read_leave(struct shim_thread *self);

static inline void core_read_begin(void)
{
	struct shim_thread *self = shim_self();

	if (self->read_depth++ == 0 && unlikely(!self->online))
		shim_read_enter(self);
#ifdef SCST_DEBUG
	self->atomic_depth++;
	self->atomic_where = "core_read_begin";
#endif
}

static inline void core_read_end(void)
{
	struct shim_thread *self = shim_self();

	SHIM_DEBUG_ON(!self->read_depth, "core_read_end outside a section");
#ifdef SCST_DEBUG
	self->atomic_depth--;
#endif
	if (--self->read_depth == 0 && unlikely(!self->online))
		shim_read_leave(self);
}

/* pairs with rcu_assign_pointer; acquire, since compilers know no consume */
#define shim_rcu_load(p)	__atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define shim_rcu_check(cond) \
	({ SHIM_DEBUG_ON(!(cond) && !shim_self()->read_depth, \
			 "protected pointer outside a read section"); })

#define rcu_dereference_check(p, cond) \
	({ shim_rcu_check(cond); shim_rcu_load(p); })
#define rcu_dereference(p)	rcu_dereference_check(p, 0)
/* for who knows better than any check */
#define rcu_dereference_raw(p)	shim_rcu_load(p)
#define rcu_dereference_protected(p, cond) \
	({ SHIM_DEBUG_ON(!(cond), "%s", #cond); READ_ONCE(p); })
#define rcu_access_pointer(p)	READ_ONCE(p)
#define rcu_assign_pointer(p, v) \
	__atomic_store_n(&(p), (v), __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, v)	WRITE_ONCE(p, v)

#endif
