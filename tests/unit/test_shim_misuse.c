// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER. What must not happen: it ends a debug build by SIGABRT with the
 * right words, and a release build says it and goes on.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core_os.h"

static refcount_t refs;
static bool yes = true;

static void do_bug_on(void) { BUG_ON(yes); }

#ifdef SCST_DEBUG

static DEFINE_SPINLOCK(lock);
static DEFINE_MUTEX(mutex);
static LIST_HEAD(a);
static struct list_head b;
static struct hlist_node hnode;
static struct hlist_head hhead;
static void *pointer;

static void do_warn(void) { WARN_ON(yes); }
static void do_warn_once(void) { WARN_ONCE(yes, "%s", "once"); }

static void do_lock_twice(void)
{
	spin_lock(&lock);
	spin_lock(&lock);
}

static void do_mutex_twice(void)
{
	mutex_lock(&mutex);
	mutex_lock(&mutex);
}

static void do_unlock_free(void) { spin_unlock(&lock); }
static void do_mutex_unlock_free(void) { mutex_unlock(&mutex); }

static void *take_lock(void *arg)
{
	spin_lock_bh(&lock);
	/* an exit with it held is a misuse of its own */
	for (;;)
		pause();
	return NULL;
}

static void do_unlock_other(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, take_lock, NULL);
	while (spin_trylock_bh(&lock)) {
		spin_unlock_bh(&lock);
		sched_yield();
	}
	spin_unlock_bh(&lock);
}

static void do_unlock_plain(void)
{
	spin_lock_bh(&lock);
	spin_unlock(&lock);
}

static void do_destroy_held(void)
{
	mutex_lock(&mutex);
	mutex_destroy(&mutex);
}

static void do_not_held(void) { lockdep_assert_held(&mutex); }

static void do_held(void)
{
	spin_lock(&lock);
	lockdep_assert_not_held(&lock);
}

static void do_sleep_locked(void)
{
	spin_lock(&lock);
	might_sleep();
}

static void do_mutex_locked(void)
{
	spin_lock_bh(&lock);
	mutex_lock(&mutex);
}

static void do_alloc_locked(void)
{
	spin_lock(&lock);
	kfree(kmalloc(1, GFP_KERNEL));
}

static void do_alloc_reading(void)
{
	core_read_begin();
	free_percpu(alloc_percpu(int));
}

static void do_barrier_locked(void)
{
	spin_lock(&lock);
	core_barrier();
}

static void do_quiescent_reading(void)
{
	core_read_begin();
	core_quiescent();
}

static void do_offline_reading(void)
{
	core_thread_register();
	core_read_begin();
	core_offline();
}

static void do_read_end(void) { core_read_end(); }
static void do_dereference(void) { (void)rcu_dereference(pointer); }

static void do_walk(void)
{
	struct entry {
		struct list_head node;
	} *pos;

	list_for_each_entry_rcu(pos, &a, node)
		;
}

static void do_protected(void)
{
	(void)rcu_dereference_protected(pointer, lockdep_is_held(&lock));
}

static void call_quiescent(struct core_retired *retired) { core_quiescent(); }

static void do_quiescent_retired(void)
{
	struct core_retired retired;

	core_retire(&retired, call_quiescent);
	core_barrier();
}

static void *exit_registered(void *arg)
{
	core_thread_register();
	return NULL;
}

static void do_exit_registered(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_registered, NULL);
	pthread_join(thread, NULL);
}

static void do_register_twice(void)
{
	core_thread_register();
	core_thread_register();
}

static void do_list_add_twice(void)
{
	list_add(&b, &a);
	list_add(&b, &a);
}

static void do_list_add_broken(void)
{
	list_add(&b, &a);
	a.next->prev = NULL;
	list_add(&b, &a);
}

static void do_list_del_twice(void)
{
	list_add(&b, &a);
	list_del(&b);
	list_del(&b);
}

static void do_list_del_broken(void)
{
	list_add(&b, &a);
	a.next = &a;
	list_del(&b);
}

static void do_hlist_del_twice(void)
{
	hlist_add_head(&hnode, &hhead);
	hlist_del(&hnode);
	hlist_del(&hnode);
}

static void do_ref_inc(void) { refcount_inc(&refs); }
static void do_ref_put(void) { WARN_ON(refcount_dec_and_test(&refs)); }

static void do_ref_saturate(void)
{
	refcount_set(&refs, INT_MAX);
	refcount_inc(&refs);
}

static void do_cache_leak(void)
{
	struct kmem_cache *cache = kmem_cache_create("leak", 8, 0, 0, NULL);

	pointer = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_destroy(cache);
}

static void do_seg_map(void)
{
	struct core_seg s = { .len = 3 };
	size_t len;

	core_seg_unmap(core_seg_map(&s, 4, &len));
}

static void do_seg_advance(void)
{
	struct core_seg s = { .len = 3 };

	core_seg_advance(&s, 4);
}

#endif

static const struct {
	const char *name, *words;
	void (*fn)(void);
} misuses[] = {
#define MISUSE(name, words)	{ #name, words, do_##name }
	MISUSE(bug_on, "yes"),
#ifdef SCST_DEBUG
	MISUSE(warn, "yes"),
	MISUSE(warn_once, "once"),
	MISUSE(lock_twice, "lock taken twice, first at "),
	MISUSE(mutex_twice, "lock taken twice, first at "),
	MISUSE(unlock_free, "not the owner"),
	MISUSE(mutex_unlock_free, "not the owner"),
	MISUSE(unlock_other, "not the owner"),
	MISUSE(unlock_plain, "the other _bh than at "),
	MISUSE(destroy_held, "destroyed while held"),
	MISUSE(not_held, "&mutex is not held"),
	MISUSE(held, "&lock is held"),
	MISUSE(sleep_locked, "may sleep, but atomic since "),
	MISUSE(mutex_locked, "may sleep, but atomic since "),
	MISUSE(alloc_locked, "may sleep, but atomic since "),
	MISUSE(alloc_reading, "atomic since core_read_begin"),
	MISUSE(barrier_locked, "may sleep, but atomic since "),
	MISUSE(quiescent_reading, "quiescent in a read section"),
	MISUSE(offline_reading, "core_offline out of turn"),
	MISUSE(read_end, "core_read_end outside a section"),
	MISUSE(dereference, "outside a read section"),
	MISUSE(walk, "outside a read section"),
	MISUSE(protected, "&lock"),
	MISUSE(quiescent_retired, "quiescent in a retire callback"),
	MISUSE(exit_registered, "thread exits registered"),
	MISUSE(register_twice, "registered twice"),
	MISUSE(list_add_twice, "on the list already"),
	MISUSE(list_add_broken, "corrupted"),
	MISUSE(list_del_twice, "was deleted before"),
	MISUSE(list_del_broken, "corrupted"),
	MISUSE(hlist_del_twice, "was deleted before"),
	MISUSE(ref_inc, "addition on 0"),
	MISUSE(ref_put, "underflow"),
	MISUSE(ref_saturate, "saturated"),
	MISUSE(cache_leak, "leak: destroyed with 1 objects"),
	MISUSE(seg_map, "core_seg_map past the end"),
	MISUSE(seg_advance, "core_seg_advance past the end"),
#endif
};

static int words_fd;

static void write_log(int level, const char *fmt, va_list ap)
{
	char text[400];
	int len = vscnprintf(text, sizeof(text), fmt, ap);

	if (write(words_fd, text, len) != len)
		_exit(3);
}

/* in a process of its own, which must end by SIGABRT and say why */
START_TEST(test_misuse)
{
	char text[400] = "";
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		words_fd = fds[1];
		core_log_hook = write_log;
		signal(SIGABRT, SIG_DFL);
		misuses[_i].fn();
		_exit(0);
	}
	close(fds[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_ge(read(fds[0], text, sizeof(text) - 1), 0);
	close(fds[0]);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
		      "%s: status %x", misuses[_i].name, status);
	ck_assert_msg(strstr(text, misuses[_i].words), "%s: %s",
		      misuses[_i].name, text);
}
END_TEST

#ifndef SCST_DEBUG

static struct {
	int nr;
	char text[200];
} said;

static void keep_log(int level, const char *fmt, va_list ap)
{
	said.nr++;
	vsnprintf(said.text, sizeof(said.text), fmt, ap);
}

/* the release build says it and goes on */
START_TEST(test_survives)
{
	bool warned;
	int i;

	core_log_hook = keep_log;
	ck_assert(WARN_ON(yes));
	ck_assert_ptr_nonnull(strstr(said.text, "test_shim_misuse.c"));
	ck_assert(WARN(yes, "%d", 1));
	for (i = 0, said.nr = 0; i < 3; i++) {
		warned = WARN_ON_ONCE(yes);
		ck_assert(warned);
	}
	ck_assert_int_eq(said.nr, 1);
	refcount_inc(&refs);
	ck_assert(!refcount_dec_and_test(&refs));
	ck_assert(!refcount_dec_and_test(&refs));
	ck_assert(refcount_read(&refs) == (u32)REFCOUNT_SATURATED);
	refcount_set(&refs, INT_MAX);
	ck_assert(refcount_inc_not_zero(&refs));
	ck_assert(refcount_read(&refs) == (u32)REFCOUNT_SATURATED);
}
END_TEST

#endif

static Suite *make_suite(void)
{
	Suite *suite = suite_create("shim_misuse");
	TCase *tc = tcase_create("misuse");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_misuse, 0, ARRAY_SIZE(misuses));
#ifndef SCST_DEBUG
	tcase_add_test(tc, test_survives);
#endif
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
