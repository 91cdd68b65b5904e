/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Spinlocks and mutexes.
 *
 * Release: one word. The holder may lose its processor at any time, so a
 * waiter spins for a moment only and then sleeps in the kernel; without
 * contention each side is one atomic operation.
 *
 * SCST_DEBUG=1: a pthread mutex, which the thread sanitizer understands, and
 * an owner. Taking a lock twice, giving back another's, mixing _bh with
 * plain, and sleeping with a spinlock held abort.
 */
#ifndef SHIM_LOCK_H
#define SHIM_LOCK_H

#include "compiler.h"

#ifdef SCST_DEBUG

#include <pthread.h>
#include "thread.h"

struct shim_lock {
	pthread_mutex_t mutex;
	struct shim_thread *owner;
	const char *where;	/* it was taken */
	bool bh;
};

typedef struct { struct shim_lock lock; } spinlock_t;
struct mutex { struct shim_lock lock; };

#define SHIM_UNLOCKED		{ { .mutex = PTHREAD_MUTEX_INITIALIZER } }

void shim_lock_init(struct shim_lock *l);
void shim_mutex_destroy(struct shim_lock *l, const char *where);
void shim_spin_lock(struct shim_lock *l, bool bh, const char *where);
bool shim_spin_trylock(struct shim_lock *l, bool bh, const char *where);
void shim_spin_unlock(struct shim_lock *l, bool bh, const char *where);
void shim_mutex_lock(struct shim_lock *l, const char *where);
bool shim_mutex_trylock(struct shim_lock *l, const char *where);
void shim_mutex_unlock(struct shim_lock *l, const char *where);
bool shim_lock_held(const struct shim_lock *l);
void shim_might_sleep(const char *where);

#define spin_lock_init(l)	shim_lock_init(&(l)->lock)
#define spin_lock(l)		shim_spin_lock(&(l)->lock, false, SHIM_HERE)
#define spin_lock_bh(l)		shim_spin_lock(&(l)->lock, true, SHIM_HERE)
#define spin_trylock(l)		shim_spin_trylock(&(l)->lock, false, SHIM_HERE)
#define spin_trylock_bh(l)	shim_spin_trylock(&(l)->lock, true, SHIM_HERE)
#define spin_unlock(l)		shim_spin_unlock(&(l)->lock, false, SHIM_HERE)
#define spin_unlock_bh(l)	shim_spin_unlock(&(l)->lock, true, SHIM_HERE)

#define mutex_init(m)		shim_lock_init(&(m)->lock)
#define mutex_destroy(m)	shim_mutex_destroy(&(m)->lock, SHIM_HERE)
#define mutex_lock(m)		shim_mutex_lock(&(m)->lock, SHIM_HERE)
#define mutex_trylock(m)	shim_mutex_trylock(&(m)->lock, SHIM_HERE)
#define mutex_unlock(m)		shim_mutex_unlock(&(m)->lock, SHIM_HERE)

#define might_sleep()		shim_might_sleep(SHIM_HERE)
#define lockdep_is_held(l)	shim_lock_held(&(l)->lock)
#define lockdep_assert_held(l) \
	SHIM_DEBUG_ON(!lockdep_is_held(l), "%s is not held", #l)
#define lockdep_assert_not_held(l) \
	SHIM_DEBUG_ON(lockdep_is_held(l), "%s is held", #l)

#else /* !SCST_DEBUG */

/* 0 free, 1 taken, 2 taken and somebody may sleep */
typedef struct { u32 word; } spinlock_t;
struct mutex { u32 word; };

#define SHIM_UNLOCKED		{ 0 }

void shim_lock_slow(u32 *word);
void shim_lock_wake(u32 *word);

static inline bool shim_trylock(u32 *word)
{
	u32 expected = 0;

	/* acquire: pairs with the release in shim_unlock */
	return __atomic_compare_exchange_n(word, &expected, 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void shim_lock(u32 *word)
{
	if (unlikely(!shim_trylock(word)))
		shim_lock_slow(word);
}

/*
 * Another thread may take the lock and free it with its object before the
 * wake: then nobody is woken there, or somebody who looks again anyway.
 */
static inline void shim_unlock(u32 *word)
{
	/* release: pairs with the acquire of the next holder */
	if (unlikely(__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2))
		shim_lock_wake(word);
}

static inline void spin_lock_init(spinlock_t *l)
{
	l->word = 0;
}

static inline void spin_lock(spinlock_t *l)
{
	shim_lock(&l->word);
}

static inline int spin_trylock(spinlock_t *l)
{
	return shim_trylock(&l->word);
}

static inline void spin_unlock(spinlock_t *l)
{
	shim_unlock(&l->word);
}

/* no softirq interrupts a program */
#define spin_lock_bh(l)		spin_lock(l)
#define spin_trylock_bh(l)	spin_trylock(l)
#define spin_unlock_bh(l)	spin_unlock(l)

static inline void mutex_init(struct mutex *m)
{
	m->word = 0;
}

static inline void mutex_destroy(struct mutex *m)
{
}

static inline void mutex_lock(struct mutex *m)
{
	shim_lock(&m->word);
}

static inline int mutex_trylock(struct mutex *m)
{
	return shim_trylock(&m->word);
}

static inline void mutex_unlock(struct mutex *m)
{
	shim_unlock(&m->word);
}

#define might_sleep()			do { } while (0)
#define lockdep_is_held(l)		((void)(l), 1)
#define lockdep_assert_held(l)		((void)(l))
#define lockdep_assert_not_held(l)	((void)(l))

#endif

#define DEFINE_SPINLOCK(name)	spinlock_t name = SHIM_UNLOCKED
#define DEFINE_MUTEX(name)	struct mutex name = SHIM_UNLOCKED

#endif
