// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER. Read sections by quiescence, see rcu.h.
 *
 * A number counts grace periods. Each thread shows in ->seen the number it
 * last read outside of any section, or 0 while it is in none and starts
 * none. Retired objects gather in `next'; when `wait' is free they move
 * there, the number goes up, and once every thread shows 0 or the new number
 * they are run. One batch runs at a time, so batches end in order.
 *
 * Why that is enough, without a fence:
 * - A thread shows the number (release) after its sections; who looks
 *   (acquire) and runs callbacks comes after them.
 * - A thread reads the number (acquire) that was raised after the unlinking,
 *   so its later sections see the object unlinked.
 * - A thread coming online shows itself and then reads the number by an
 *   atomic addition of 0. Additions to one location have an order: if its
 *   own came first, raising the number acquires it and the look at ->seen
 *   finds the thread there; if it came second, the thread has acquired the
 *   unlinking.
 *
 * shim_threads_lock protects everything but the number and ->seen.
 */
#include <sched.h>
#include <time.h>
#include "bitmap.h"
#include "lock.h"
#include "percpu.h"
#include "rcu.h"

/* what core_quiescent reads, alone on its cache line */
static struct {
	u64 epoch;
	bool pending;	/* anything retired and not yet run */
} hot __aligned(SHIM_CACHELINE) = { .epoch = 1 };

/* first in, first out */
struct shim_queue {
	struct core_retired *first, **last;
};

static struct {
	struct shim_queue next, wait;
	u64 target;	/* what every thread must show for `wait' */
	u64 retired, done;	/* since the start */
	bool running;
} gp = {
	.next.last = &gp.next.first,
	.wait.last = &gp.wait.first,
};

/* 0 is for all others */
static DECLARE_BITMAP(cpus, SHIM_NR_CPUS) = { 1 };

static void queue_take(struct shim_queue *to, struct shim_queue *from)
{
	*to->last = from->first;
	to->last = from->last;
	from->first = NULL;
	from->last = &from->first;
}

static void gp_start(void)
{
	if (gp.wait.first || !gp.next.first)
		return;
	queue_take(&gp.wait, &gp.next);
	/*
	 * Release: the unlinking, for who reads the number. Acquire: the
	 * ->seen of a thread that came online before.
	 */
	gp.target = __atomic_add_fetch(&hot.epoch, 1, __ATOMIC_ACQ_REL);
}

static bool gp_passed(void)
{
	struct shim_thread *t;

	list_for_each_entry(t, &shim_threads, node) {
		/* pairs with the releases of announce and shim_read_leave */
		u64 seen = smp_load_acquire(&t->seen);

		if (seen && seen < gp.target)
			return false;
	}
	return true;
}

/* a batch to run, if its time has come */
static struct core_retired *gp_take_due(void)
{
	struct core_retired *due;

	gp_start();
	if (gp.running || !gp.wait.first || !gp_passed())
		return NULL;
	due = gp.wait.first;
	gp.wait.first = NULL;
	gp.wait.last = &gp.wait.first;
	gp.running = true;
	gp_start();
	return due;
}

static void gp_done(u64 nr)
{
	gp.done += nr;
	gp.running = false;
	WRITE_ONCE(hot.pending, gp.done != gp.retired);
}

static void run_batch(struct shim_thread *self, struct core_retired *due)
{
	struct core_retired *next;
	u64 nr = 0;

	self->in_callbacks = true;
	for (; due; due = next, nr++) {
		next = due->next;
		due->fn(due);
	}
	self->in_callbacks = false;
	pthread_mutex_lock(&shim_threads_lock);
	gp_done(nr);
	pthread_mutex_unlock(&shim_threads_lock);
}

void core_retire(struct core_retired *retired,
		 void (*fn)(struct core_retired *retired))
{
	retired->fn = fn;
	retired->next = NULL;
	pthread_mutex_lock(&shim_threads_lock);
	*gp.next.last = retired;
	gp.next.last = &retired->next;
	gp.retired++;
	WRITE_ONCE(hot.pending, true);
	gp_start();
	pthread_mutex_unlock(&shim_threads_lock);
}

/* self is outside of any section and online */
static void announce(struct shim_thread *self)
{
	u64 epoch = smp_load_acquire(&hot.epoch);

	if (self->seen != epoch)
		smp_store_release(&self->seen, epoch);
}

/* @wait: for who holds the lock; else that thread does the work */
static struct core_retired *take_due(bool wait)
{
	struct core_retired *due;

	if (wait)
		pthread_mutex_lock(&shim_threads_lock);
	else if (pthread_mutex_trylock(&shim_threads_lock))
		return NULL;
	due = gp_take_due();
	pthread_mutex_unlock(&shim_threads_lock);
	return due;
}

static void check_quiescent(struct shim_thread *self)
{
	SHIM_DEBUG_ON(self->read_depth, "quiescent in a read section");
	SHIM_DEBUG_ON(self->in_callbacks, "quiescent in a retire callback");
	might_sleep();
}

/*
 * Two rounds: what waits for others, and what this thread alone holds up.
 * Not more, or those who keep retiring would keep this loop from its work.
 */
void core_quiescent(void)
{
	struct shim_thread *self = shim_self();
	struct core_retired *due;
	int round;

	check_quiescent(self);
	for (round = 0; round < 2; round++) {
		if (self->online)
			announce(self);
		if (likely(!READ_ONCE(hot.pending)))
			return;
		due = take_due(false);
		if (!due)
			return;
		run_batch(self, due);
	}
}

void shim_read_enter(struct shim_thread *self)
{
	/* any number not above the present one will do */
	WRITE_ONCE(self->seen, READ_ONCE(hot.epoch));
	/* orders the store before, and all that follows after; see above */
	__atomic_fetch_add(&hot.epoch, 0, __ATOMIC_ACQ_REL);
}

void shim_read_leave(struct shim_thread *self)
{
	/* release: pairs with gp_passed */
	smp_store_release(&self->seen, 0);
}

void core_online(void)
{
	struct shim_thread *self = shim_self();

	SHIM_DEBUG_ON(!self->registered || self->online || self->read_depth,
		      "core_online out of turn");
	self->online = true;
	shim_read_enter(self);
}

void core_offline(void)
{
	struct shim_thread *self = shim_self();

	SHIM_DEBUG_ON(!self->online || self->read_depth,
		      "core_offline out of turn");
	shim_read_leave(self);
	self->online = false;
}

void core_thread_register(void)
{
	struct shim_thread *self = shim_self();
	unsigned long cpu;

	SHIM_DEBUG_ON(self->registered, "registered twice");
	pthread_mutex_lock(&shim_threads_lock);
	cpu = find_first_zero_bit(cpus, SHIM_NR_CPUS);
	if (cpu < SHIM_NR_CPUS)
		__set_bit(cpu, cpus);
	pthread_mutex_unlock(&shim_threads_lock);
	self->cpu = cpu < SHIM_NR_CPUS ? cpu : 0;
	self->registered = true;
	core_online();
}

void core_thread_unregister(void)
{
	struct shim_thread *self = shim_self();

	SHIM_DEBUG_ON(!self->registered, "not registered");
	if (self->online)
		core_offline();
	pthread_mutex_lock(&shim_threads_lock);
	if (self->cpu)
		__clear_bit(self->cpu, cpus);
	pthread_mutex_unlock(&shim_threads_lock);
	self->cpu = 0;
	self->registered = false;
	/* the last loop to end leaves nothing behind */
	core_quiescent();
}

static bool barrier_done(u64 target)
{
	bool done;

	pthread_mutex_lock(&shim_threads_lock);
	done = gp.done >= target;
	pthread_mutex_unlock(&shim_threads_lock);
	return done;
}

/* the others are in their sections: let them run, then look now and then */
static void barrier_pause(unsigned int turn)
{
	static const struct timespec pause = { .tv_nsec = 100 * 1000 };

	if (turn < 10)
		sched_yield();
	else
		nanosleep(&pause, NULL);
}

void core_barrier(void)
{
	struct shim_thread *self = shim_self();
	bool online = self->online;
	struct core_retired *due;
	unsigned int turn = 0;
	u64 target;

	check_quiescent(self);
	/* not online, or two barriers would wait for each other */
	if (online)
		core_offline();
	pthread_mutex_lock(&shim_threads_lock);
	target = gp.retired;
	pthread_mutex_unlock(&shim_threads_lock);
	while (!barrier_done(target)) {
		due = take_due(true);
		if (due)
			run_batch(self, due);
		else
			barrier_pause(turn++);
	}
	if (online)
		core_online();
}
