// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: event loops.
 *
 * Posting: a poster adds to the inbox, then looks whether the loop sleeps;
 * the loop says that it will sleep, then looks at the inbox. Both orders are
 * sequentially consistent, so one of them sees the other, and only a loop
 * that sleeps costs its posters a system call.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"
#include "loop.h"
#include "qio.h"

#define EVENTS_MAX 64

/* To wake a CPU that sleeps takes about as long. */
#define SPIN_NS	     50000
#define SPIN_REST_MAX 1024
#define SPIN_YIELD    16		/* looks for each of them */
#define SPIN_RELAX    64		/* a microsecond or so */

/* How long a CPU is away that was yielded to nobody; to who is soon done. */
#define ALONE_NS 5000
#define SHORT_NS 200000

/* So many takes tell whether patience pays; if not, so many follow without. */
#define PATIENT_TAKES 256
#define HASTY_TAKES   (16 * PATIENT_TAKES)

struct loop {
	unsigned int index;
	int epfd;
	struct loop_fd wake;
	struct loop_fd clock;
	pthread_t thread;
	bool stop;
	bool adopted;			/* turned by its owner */

	struct llist_head inbox;
	int sleeping;

	bool woken_soon;		/* the last sleep was a short one */
	unsigned int spin_rest;		/* so many sleeps without spinning */
	unsigned int spin_missed;	/* rest for that long next time */

	bool may_be_patient;
	bool patient;			/* under SCHED_BATCH */
	unsigned int takes;		/* since that was decided */
	unsigned int taken;		/* ... what there was to take */

	struct list_head late;
	struct list_head timers;
	uint64_t timer_armed;		/* 0: the clock is not set */

	struct qio *qio;
	struct buf_cache *bufs;
	void *staging;
};

static __thread struct loop *current_loop
	__attribute__((tls_model("initial-exec")));

struct loop *loop_current(void)
{
	return current_loop;
}

unsigned int loop_index(const struct loop *loop)
{
	return loop->index;
}

struct qio *loop_qio(struct loop *loop)
{
	return loop->qio;
}

struct buf_cache *loop_bufs(struct loop *loop)
{
	return loop->bufs;
}

void *loop_staging(struct loop *loop)
{
	return loop->staging;
}

int loop_fd_of(const struct loop *loop)
{
	return loop->epfd;
}

/* ---- Descriptors ---------------------------------------------------------- */

static int loop_ctl(struct loop *loop, int op, struct loop_fd *lfd)
{
	struct epoll_event ev = { .events = lfd->events, .data.ptr = lfd };

	return epoll_ctl(loop->epfd, op, lfd->fd, &ev) < 0 ? -errno : 0;
}

int loop_fd_add(struct loop *loop, struct loop_fd *lfd)
{
	return loop_ctl(loop, EPOLL_CTL_ADD, lfd);
}

void loop_fd_set(struct loop *loop, struct loop_fd *lfd, uint32_t events)
{
	if (lfd->events == events)
		return;
	lfd->events = events;
	loop_ctl(loop, EPOLL_CTL_MOD, lfd);
}

/*
 * Events of this turn may still name @lfd: its memory must last until the
 * next turn, which posting the free to the loop itself ensures.
 */
void loop_fd_del(struct loop *loop, struct loop_fd *lfd)
{
	loop_ctl(loop, EPOLL_CTL_DEL, lfd);
}

static void drain_counter(struct loop_fd *lfd, uint32_t events)
{
	uint64_t count;

	if (read(lfd->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_error("event descriptor: %m");
}

/* ---- Work from others ------------------------------------------------------ */

static void loop_wake(struct loop *loop)
{
	uint64_t one = 1;

	if (__atomic_exchange_n(&loop->sleeping, 0, __ATOMIC_SEQ_CST) &&
	    write(loop->wake.fd, &one, sizeof(one)) < 0)
		log_error("waking an event loop: %m");
}

void loop_post(struct loop *loop, struct core_work *work)
{
	llist_add(&work->node, &loop->inbox);
	if (__atomic_load_n(&loop->sleeping, __ATOMIC_SEQ_CST))
		loop_wake(loop);
}

/* In the order in which it was posted. */
static void run_inbox(struct loop *loop)
{
	struct llist_node *list = llist_del_all(&loop->inbox);
	struct core_work *work, *next;

	list = llist_reverse_order(list);
	llist_for_each_entry_safe(work, next, list, node)
		work->fn(work);
}

struct call {
	struct core_work work;
	void (*fn)(void *arg);
	void *arg;
	sem_t done;
};

static void call_run(struct core_work *work)
{
	struct call *call = container_of(work, struct call, work);

	call->fn(call->arg);
	sem_post(&call->done);
}

void loop_call(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	struct call call = { .work.fn = call_run, .fn = fn, .arg = arg };

	if (loop_is_current(loop)) {
		fn(arg);
		return;
	}
	sem_init(&call.done, 0, 0);
	loop_post(loop, &call.work);
	while (sem_wait(&call.done) < 0 && errno == EINTR)
		;
	sem_destroy(&call.done);
}

/* ---- The end of a turn ------------------------------------------------------ */

void loop_late(struct loop *loop, struct loop_late *late)
{
	if (list_empty(&late->link))
		list_add_tail(&late->link, &loop->late);
}

void loop_late_cancel(struct loop_late *late)
{
	list_del_init(&late->link);
}

/* What they ask for in turn is run as well. */
static void run_late(struct loop *loop)
{
	struct loop_late *late;

	while ((late = list_first_entry_or_null(&loop->late, struct loop_late,
						link))) {
		list_del_init(&late->link);
		late->fn(late);
	}
}

/* ---- Time ------------------------------------------------------------------- */

/* Set the clock to the earliest timer. */
static void timers_arm(struct loop *loop)
{
	struct itimerspec spec = { 0 };
	struct loop_timer *timer;
	uint64_t first = 0;

	list_for_each_entry(timer, &loop->timers, link)
		if (!first || timer->when < first)
			first = timer->when;
	if (first == loop->timer_armed)
		return;
	loop->timer_armed = first;
	spec.it_value.tv_sec = first / NSEC_PER_SEC;
	spec.it_value.tv_nsec = first % NSEC_PER_SEC;
	if (timerfd_settime(loop->clock.fd, TFD_TIMER_ABSTIME, &spec, NULL))
		log_error("timer: %m");
}

static void clock_ready(struct loop_fd *lfd, uint32_t events)
{
	struct loop *loop = container_of(lfd, struct loop, clock);
	uint64_t now = ktime_get_ns();
	struct loop_timer *timer, *next;
	LIST_HEAD(due);

	drain_counter(lfd, events);
	loop->timer_armed = 0;
	list_for_each_entry_safe(timer, next, &loop->timers, link)
		if (timer->when <= now)
			list_move_tail(&timer->link, &due);
	while ((timer = list_first_entry_or_null(&due, struct loop_timer,
						 link))) {
		list_del_init(&timer->link);
		timer->fn(timer);
	}
	timers_arm(loop);
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t when)
{
	timer->when = when;
	if (list_empty(&timer->link))
		list_add_tail(&timer->link, &loop->timers);
	if (!loop->timer_armed || when < loop->timer_armed)
		timers_arm(loop);
}

/* The clock may ring for nothing once; that is cheaper than to set it back. */
void loop_timer_cancel(struct loop_timer *timer)
{
	list_del_init(&timer->link);
}

/* ---- Waiting ---------------------------------------------------------------- */

/* With @timeout -1, until something happens; 0: just look. */
static int loop_sleep(struct loop *loop, struct epoll_event *events,
		      int timeout)
{
	int n;

	__atomic_store_n(&loop->sleeping, 1, __ATOMIC_SEQ_CST);
	if (!llist_empty(&loop->inbox))
		timeout = 0;
	n = epoll_wait(loop->epfd, events, EVENTS_MAX, timeout);
	__atomic_store_n(&loop->sleeping, 0, __ATOMIC_SEQ_CST);
	return n;
}

/*
 * Look around for a while instead of sleeping, if the last sleep was so short
 * that it would have paid. One in vain makes the loop rest from it, twice as
 * long each time: a loop that has nothing to do sleeps.
 */
static bool spin_allowed(struct loop *loop)
{
	if (!loop->woken_soon)
		return false;
	if (!loop->spin_rest)
		return true;
	loop->spin_rest--;
	return false;
}

/*
 * Let others have the CPU: who is to give us work may wait for this very one.
 * Returns how long that took. The scheduler makes who yields often wait long,
 * so it is done rarely.
 */
static uint64_t yield(void)
{
	uint64_t before = ktime_get_ns();

	sched_yield();
	return ktime_get_ns() - before;
}

static void relax(void)
{
	int i;

	for (i = 0; i < SPIN_RELAX; i++)
		cpu_relax();
}

/*
 * Returns how many events there are; -1: nothing happened. If somebody ran
 * meanwhile, look once more for what they did, and then let them have the CPU.
 */
static int loop_spin(struct loop *loop, struct epoll_event *events)
{
	uint64_t end = ktime_get_ns() + SPIN_NS, away = 0;
	unsigned int looks = 0;
	int n;

	do {
		n = epoll_wait(loop->epfd, events, EVENTS_MAX, 0);
		if (n > 0 || !llist_empty(&loop->inbox)) {
			loop->spin_missed = 0;
			return max(n, 0);
		}
		if (away > ALONE_NS)
			break;
		if (looks++ % SPIN_YIELD == 0)
			away = yield();
		else
			relax();
	} while (away < SHORT_NS && ktime_get_ns() < end + away);
	loop->spin_missed = clamp(2 * loop->spin_missed, 1u,
				  (unsigned int)SPIN_REST_MAX);
	loop->spin_rest = loop->spin_missed;
	return -1;
}

static int loop_wait(struct loop *loop, struct epoll_event *events)
{
	uint64_t began;
	int n = -1;

	core_offline();
	if (spin_allowed(loop))
		n = loop_spin(loop, events);
	if (n < 0) {
		began = ktime_get_ns();
		n = loop_sleep(loop, events, -1);
		loop->woken_soon = ktime_get_ns() - began < SPIN_NS;
	}
	core_online();
	return n;
}

/* ---- Turns ------------------------------------------------------------------ */

void loop_turn(struct loop *loop, bool wait)
{
	struct epoll_event events[EVENTS_MAX];
	int i, n;

	n = wait ? loop_wait(loop, events) : loop_sleep(loop, events, 0);
	for (i = 0; i < n; i++) {
		struct loop_fd *lfd = events[i].data.ptr;

		lfd->ready(lfd, events[i].events);
	}
	run_inbox(loop);
	run_late(loop);
	core_quiescent();
	if (loop->adopted) {
		/* Until its owner comes again, posters must knock. */
		__atomic_store_n(&loop->sleeping, 1, __ATOMIC_SEQ_CST);
		if (!llist_empty(&loop->inbox))
			loop_wake(loop);
	}
}

static void loop_enter(struct loop *loop)
{
	current_loop = loop;
	core_thread_register();
}

void loop_adopt(struct loop *loop)
{
	loop->adopted = true;
	loop_enter(loop);
}

void loop_abandon(struct loop *loop)
{
	core_thread_unregister();
	current_loop = NULL;
}

static void *loop_thread(void *arg)
{
	struct loop *loop = arg;

	loop_enter(loop);
	while (!loop->stop)
		loop_turn(loop, true);
	loop_abandon(loop);
	return NULL;
}

int loop_start(struct loop *loop)
{
	char name[16];
	int err;

	err = pthread_create(&loop->thread, NULL, loop_thread, loop);
	if (err)
		return -err;
	snprintf(name, sizeof(name), "scst-loop%u", loop->index);
	pthread_setname_np(loop->thread, name);
	return 0;
}

static int policy(bool patient)
{
	return patient ? SCHED_BATCH : SCHED_OTHER;
}

/* Only if the policy is the one that we left it with, or found usual. */
static void set_patience(struct loop *loop, bool patient)
{
	const struct sched_param param = { 0 };

	loop->takes = 0;
	loop->taken = 0;
	if (patient == loop->patient)
		return;
	loop->may_be_patient =
		sched_getscheduler(0) == policy(loop->patient) &&
		!sched_setscheduler(0, policy(patient), &param);
	if (loop->may_be_patient)
		loop->patient = patient;
}

void loop_be_patient(struct loop *loop)
{
	if (!loop->adopted)
		set_patience(loop, true);
}

void loop_took(struct loop *loop, unsigned int n)
{
	if (!loop->may_be_patient)
		return;
	loop->taken += n;
	if (++loop->takes >= (loop->patient ? PATIENT_TAKES : HASTY_TAKES))
		set_patience(loop, !loop->patient ||
				   loop->taken >= 2 * loop->takes);
}

static void set_stop(void *arg)
{
	struct loop *loop = arg;

	loop->stop = true;
}

void loop_stop(struct loop *loop)
{
	loop_call(loop, set_stop, loop);
	pthread_join(loop->thread, NULL);
}

static int loop_open(struct loop *loop)
{
	int err;

	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	loop->clock.fd = timerfd_create(CLOCK_MONOTONIC,
					TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->epfd < 0 || loop->wake.fd < 0 || loop->clock.fd < 0)
		return -errno;
	err = loop_fd_add(loop, &loop->wake);
	if (!err)
		err = loop_fd_add(loop, &loop->clock);
	if (err)
		return err;
	loop->bufs = buf_cache_alloc();
	loop->qio = loop->bufs ? qio_alloc(loop) : NULL;
	if (!loop->qio || posix_memalign(&loop->staging, 4096, LOOP_STAGING))
		return -ENOMEM;
	return 0;
}

struct loop *loop_alloc(unsigned int index)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (!loop)
		return NULL;
	loop->index = index;
	loop->epfd = -1;
	loop->wake = (struct loop_fd){ -1, EPOLLIN, drain_counter };
	loop->clock = (struct loop_fd){ -1, EPOLLIN, clock_ready };
	init_llist_head(&loop->inbox);
	INIT_LIST_HEAD(&loop->late);
	INIT_LIST_HEAD(&loop->timers);
	/* What is posted before the first turn must wake an adopted one. */
	loop->sleeping = 1;
	err = loop_open(loop);
	if (err) {
		loop_free(loop);
		errno = -err;
		return NULL;
	}
	return loop;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void loop_free(struct loop *loop)
{
	qio_free(loop->qio);
	buf_cache_free(loop->bufs);
	free(loop->staging);
	close_fd(loop->clock.fd);
	close_fd(loop->wake.fd);
	close_fd(loop->epfd);
	free(loop);
}
