// SPDX-License-Identifier: BSD-3-Clause
/* USER. What is not the common case of a lock, see lock.h. */
#include "bug.h"
#include "lock.h"

#ifdef SCST_DEBUG

void shim_lock_init(struct shim_lock *l)
{
	pthread_mutex_init(&l->mutex, NULL);
	WRITE_ONCE(l->owner, NULL);
}

/* only the thread itself ever stores its own address: relaxed is enough */
bool shim_lock_held(const struct shim_lock *l)
{
	return READ_ONCE(l->owner) == shim_self();
}

void shim_might_sleep(const char *where)
{
	struct shim_thread *self = shim_self();

	if (self->atomic_depth)
		shim_die(where, "may sleep, but atomic since %s",
			 self->atomic_where);
}

static void shim_lock_taken(struct shim_lock *l, const char *where)
{
	WRITE_ONCE(l->owner, shim_self());
	l->where = where;
}

static void shim_lock_take(struct shim_lock *l, const char *where)
{
	if (shim_lock_held(l))
		shim_die(where, "lock taken twice, first at %s", l->where);
	pthread_mutex_lock(&l->mutex);
	shim_lock_taken(l, where);
}

static bool shim_lock_try(struct shim_lock *l, const char *where)
{
	if (pthread_mutex_trylock(&l->mutex))
		return false;
	shim_lock_taken(l, where);
	return true;
}

static void shim_lock_give(struct shim_lock *l, const char *where)
{
	if (!shim_lock_held(l))
		shim_die(where, "unlock by a thread that is not the owner");
	WRITE_ONCE(l->owner, NULL);
	pthread_mutex_unlock(&l->mutex);
}

static void shim_atomic_begin(struct shim_lock *l, bool bh, const char *where)
{
	struct shim_thread *self = shim_self();

	l->bh = bh;
	self->atomic_depth++;
	self->atomic_where = where;
}

void shim_spin_lock(struct shim_lock *l, bool bh, const char *where)
{
	shim_lock_take(l, where);
	shim_atomic_begin(l, bh, where);
}

bool shim_spin_trylock(struct shim_lock *l, bool bh, const char *where)
{
	if (!shim_lock_try(l, where))
		return false;
	shim_atomic_begin(l, bh, where);
	return true;
}

void shim_spin_unlock(struct shim_lock *l, bool bh, const char *where)
{
	if (shim_lock_held(l) && l->bh != bh)
		shim_die(where, "unlock with the other _bh than at %s",
			 l->where);
	shim_lock_give(l, where);
	shim_self()->atomic_depth--;
}

void shim_mutex_lock(struct shim_lock *l, const char *where)
{
	shim_might_sleep(where);
	shim_lock_take(l, where);
}

bool shim_mutex_trylock(struct shim_lock *l, const char *where)
{
	return shim_lock_try(l, where);
}

void shim_mutex_unlock(struct shim_lock *l, const char *where)
{
	shim_lock_give(l, where);
}

void shim_mutex_destroy(struct shim_lock *l, const char *where)
{
	if (READ_ONCE(l->owner))
		shim_die(where, "mutex destroyed while held");
	pthread_mutex_destroy(&l->mutex);
}

#else

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* about a microsecond: longer than most critical sections here */
#define SPIN_TURNS	64

/* the 2 of a sleeper ends the spinning: it was here first */
static bool shim_lock_spin(u32 *word)
{
	int i;

	for (i = 0; i < SPIN_TURNS; i++) {
		u32 seen = READ_ONCE(*word);

		if (seen == 0 && shim_trylock(word))
			return true;
		if (seen == 2)
			return false;
		cpu_relax();
	}
	return false;
}

/* whoever slept takes the lock as 2: there may be others */
void shim_lock_slow(u32 *word)
{
	if (shim_lock_spin(word))
		return;
	/* acquire: pairs with the release in shim_unlock */
	while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0)
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 2, NULL);
}

void shim_lock_wake(u32 *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

#endif
