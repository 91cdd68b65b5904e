// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER. The shared cases under Check, and what only user space has: threads,
 * failing allocations, leak reports, the log hook. Misuse is in
 * test_shim_misuse.c.
 *
 * The work of a thread test is counted, not timed.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define pr_fmt(fmt) "test: " fmt
#include "core_os.h"
#include "shim_cases.h"

static const struct shim_case *nth_case(int n)
{
	const struct shim_case *c = shim_cases;

	for (; n && c->name; n--)
		c++;
	return c->name ? c : &shim_cases_os[n];
}

static int nr_cases(const struct shim_case *c)
{
	int n = 0;

	while (c[n].name)
		n++;
	return n;
}

static void quiet_log(int level, const char *fmt, va_list ap)
{
}

START_TEST(test_case)
{
	const struct shim_case *c = nth_case(_i);
	int line;

	line = c->fn();
	ck_assert_msg(!line, "%s: line %d", c->name, line);
	ck_assert_int_eq(core_slab_live(), 0);
}
END_TEST

/* fails in the same way on every line that allocates */
static int allocate_all(gfp_t gfp)
{
	struct kmem_cache *cache = kmem_cache_create("all", 32, 0, 0, NULL);
	struct core_seg *segs;
	void *p[5];
	int i, failed = 0;
	u32 nr;

	if (!cache)
		return 1;
	p[0] = kmalloc(10, gfp);
	p[1] = kasprintf(gfp, "%d", 1);
	p[2] = kmem_cache_alloc(cache, gfp);
	p[3] = alloc_percpu_gfp(u64, gfp);
	p[4] = krealloc(NULL, 3, gfp);
	if (core_segs_alloc(&segs, &nr, 5000, gfp))
		failed++;
	core_segs_free(segs, nr);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		failed += !p[i];
	kmem_cache_free(cache, p[2]);
	kmem_cache_destroy(cache);
	kfree(p[0]);
	kfree(p[1]);
	free_percpu(p[3]);
	kfree(p[4]);
	return failed;
}

START_TEST(test_fail_nth)
{
	int n, failed;

	for (n = 1; n < 100; n++) {
		core_fail_alloc(n);
		failed = allocate_all(GFP_KERNEL);
		ck_assert_int_eq(core_slab_live(), 0);
		if (core_fail_alloc(0)) {
			ck_assert_int_eq(failed, 0);
			break;
		}
		ck_assert_int_eq(failed, 1);
	}
	/* the cache, five, and two for the segments */
	ck_assert_int_eq(n, 9);
	ck_assert_int_eq(allocate_all(GFP_ATOMIC), 0);
}
END_TEST

START_TEST(test_fail_atomic)
{
	core_fail_atomic_alloc(1);
	ck_assert_int_eq(allocate_all(GFP_ATOMIC), 6);
	ck_assert_int_eq(allocate_all(GFP_NOWAIT), 6);
	ck_assert_int_eq(allocate_all(GFP_KERNEL), 0);
	core_fail_atomic_alloc(3);
	ck_assert_int_eq(allocate_all(GFP_ATOMIC), 2);
	core_fail_atomic_alloc(0);
	ck_assert_int_eq(allocate_all(GFP_ATOMIC), 0);
	ck_assert_int_eq(core_slab_live(), 0);
}
END_TEST

START_TEST(test_krealloc_fails)
{
	char *p = kmalloc(10, GFP_KERNEL), *q;

	strcpy(p, "still");
	core_fail_alloc(1);
	q = krealloc(p, 1000, GFP_KERNEL);
	ck_assert_ptr_null(q);
	ck_assert_str_eq(p, "still");
	kfree(p);
}
END_TEST

static struct {
	int nr, level;
	char text[200];
} said;

static void keep_log(int level, const char *fmt, va_list ap)
{
	said.nr++;
	said.level = level;
	vsnprintf(said.text, sizeof(said.text), fmt, ap);
}

START_TEST(test_log)
{
	static const char * const names[] = { "err", "warn", "notice", "info" };
	int i;

	core_log_hook = keep_log;
	core_log_level = CORE_LOG_NOTICE;
	for (i = 0; i < 4; i++) {
		said.nr = 0;
		switch (i) {
		case 0: pr_err("%s\n", names[i]); break;
		case 1: pr_warn("%s\n", names[i]); break;
		case 2: pr_notice("%s\n", names[i]); break;
		case 3: pr_info("%s\n", names[i]); break;
		}
		ck_assert_int_eq(said.nr, i < 3);
		ck_assert_int_eq(said.level, i < 3 ? 3 + i : CORE_LOG_NOTICE);
	}
	ck_assert_str_eq(said.text, "test: notice\n");
	core_log_level = CORE_LOG_DEBUG;
	pr_debug("%d\n", 7);
	ck_assert_int_eq(said.level, 7);
}
END_TEST

START_TEST(test_log_limits)
{
	int i;

	core_log_hook = keep_log;
	for (i = 0; i < 5; i++) {
		pr_err_once("once\n");
		pr_warn_once("once\n");
		pr_info_once("once\n");
	}
	ck_assert_int_eq(said.nr, 3);
	said.nr = 0;
	for (i = 0; i < 1000; i++)
		pr_warn_ratelimited("%d\n", i);
	/* at the turn of a window twice as many, and the summary */
	ck_assert_int_ge(said.nr, 10);
	ck_assert_int_le(said.nr, 21);
	pr_err_ratelimited("other places are not affected\n");
	ck_assert_str_eq(said.text, "test: other places are not affected\n");
	pr_notice_ratelimited("notice\n");
	ck_assert_int_eq(said.level, CORE_LOG_NOTICE);
}
END_TEST

START_TEST(test_leak_report)
{
	struct kmem_cache *cache = kmem_cache_create("leaky", 8, 0, 0, NULL);
	void *a = kmem_cache_alloc(cache, GFP_KERNEL);
	void *b = kmem_cache_alloc(cache, GFP_KERNEL);
	void *c = kmalloc(1, GFP_KERNEL);

	core_log_hook = keep_log;
	ck_assert_int_eq(core_slab_live(), 3);
	ck_assert_int_eq(said.nr, 2);
	kmem_cache_free(cache, a);
	kmem_cache_free(cache, b);
	ck_assert_int_eq(core_slab_live(), 1);
	ck_assert_str_eq(said.text, "kmalloc: 1 objects in use\n");
	kfree(c);
	kmem_cache_destroy(cache);
	ck_assert_int_eq(core_slab_live(), 0);
}
END_TEST

/* more caches than there are magazines for */
START_TEST(test_many_caches)
{
	struct kmem_cache *cache[100];
	void *obj[100];
	int i, round;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < 100; i++) {
			cache[i] = kmem_cache_create("many", 64 + i, 0, 0,
						     NULL);
			obj[i] = kmem_cache_zalloc(cache[i], GFP_KERNEL);
			ck_assert_ptr_nonnull(obj[i]);
		}
		ck_assert_int_ge(core_slab_live(), 60);
		for (i = 0; i < 100; i++) {
			kmem_cache_free(cache[i], obj[i]);
			kmem_cache_destroy(cache[i]);
		}
		ck_assert_int_eq(core_slab_live(), 0);
	}
}
END_TEST

static void fill(u8 *p, size_t len)
{
	u32 x = 1;

	while (len--) {
		x = x * 1664525 + 1013904223;
		*p++ = x >> 24;
	}
}

START_TEST(test_crc_table_is_hardware)
{
	static const unsigned int longer[] = {
		2047, 2048, 3071, 3072, 6143, 6144, 6145, 6528, 12288, 19999,
	};
	static u8 buf[20008];
	unsigned int len, off, i;

	fill(buf, sizeof(buf));
	for (off = 0; off <= 8; off++) {
		for (len = 0; len <= 1100; len++)
			ck_assert_uint_eq(
				crc32c(len, buf + off, len),
				shim_crc32c_table(len, buf + off, len));
		for (i = 0; i < ARRAY_SIZE(longer); i++)
			ck_assert_uint_eq(
				crc32c(~0U, buf + off, longer[i]),
				shim_crc32c_table(~0U, buf + off, longer[i]));
	}
	ck_assert_str_ne(shim_crc32c_name(), "bitwise");
}
END_TEST

/* Threads */

#define NR_THREADS	4

static void in_threads(int nr, void *(*fn)(void *), void *arg)
{
	pthread_t thread[200];
	int i;

	for (i = 0; i < nr; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, fn, arg), 0);
	for (i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
}

static struct {
	spinlock_t spin;
	struct mutex mutex;
	u64 spun, slept;	/* under the one, under the other */
} locks;

static void *lock_many(void *arg)
{
	int i;

	for (i = 0; i < 50000; i++) {
		if (i % 3)
			spin_lock_bh(&locks.spin);
		else
			while (!spin_trylock_bh(&locks.spin))
				sched_yield();
		locks.spun++;
		spin_unlock_bh(&locks.spin);
		if (i % 5 == 0) {
			mutex_lock(&locks.mutex);
			locks.slept++;
			/* loses the processor while holding it */
			if (i % 100 == 0)
				sched_yield();
			mutex_unlock(&locks.mutex);
		}
	}
	return NULL;
}

START_TEST(test_lock_threads)
{
	spin_lock_init(&locks.spin);
	mutex_init(&locks.mutex);
	in_threads(NR_THREADS, lock_many, NULL);
	ck_assert_uint_eq(locks.spun, NR_THREADS * 50000);
	ck_assert_uint_eq(locks.slept, NR_THREADS * 10000);
	mutex_destroy(&locks.mutex);
}
END_TEST

struct parcel {
	struct llist_node node;
	u64 check;
};

static struct {
	struct llist_head list;
	struct kmem_cache *cache;
	atomic_t received;
} post;

#define NR_PARCELS	30000

/* whoever adds to an empty list would wake the receiver: a token each */
static void *send_parcels(void *arg)
{
	int i;

	for (i = 0; i < NR_PARCELS; i++) {
		struct parcel *p = kmem_cache_alloc(post.cache, GFP_KERNEL);

		p->check = (uintptr_t)p ^ 0x5a5a;
		llist_add(&p->node, &post.list);
	}
	return NULL;
}

static void *receive_parcels(void *arg)
{
	struct parcel *p, *next;
	struct llist_node *all;

	while (atomic_read(&post.received) < 2 * NR_PARCELS) {
		all = llist_reverse_order(llist_del_all(&post.list));
		if (!all)
			sched_yield();
		llist_for_each_entry_safe(p, next, all, node) {
			ck_assert(p->check == ((uintptr_t)p ^ 0x5a5a));
			p->check = 0;
			kmem_cache_free(post.cache, p);
			atomic_inc(&post.received);
		}
	}
	return NULL;
}

/* allocated by two threads, freed by two others */
START_TEST(test_parcels)
{
	pthread_t receiver[2];
	int i;

	post.cache = kmem_cache_create("parcel", sizeof(struct parcel), 0, 0,
				       NULL);
	init_llist_head(&post.list);
	for (i = 0; i < 2; i++)
		pthread_create(&receiver[i], NULL, receive_parcels, NULL);
	in_threads(2, send_parcels, NULL);
	for (i = 0; i < 2; i++)
		pthread_join(receiver[i], NULL);
	ck_assert_int_eq(core_slab_live(), 0);
	kmem_cache_destroy(post.cache);
}
END_TEST

static void *churn(void *arg)
{
	struct kmem_cache *cache = arg;
	void *obj[150];
	int i, round;

	for (round = 0; round < 200; round++) {
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			obj[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			memset(obj[i], i, 48);
		}
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			ck_assert_ptr_null(memchr_inv(obj[i], i, 48));
			kmem_cache_free(cache, obj[i]);
		}
	}
	kfree(kmalloc(10, GFP_KERNEL));
	return NULL;
}

START_TEST(test_slab_threads)
{
	struct kmem_cache *cache = kmem_cache_create("churn", 48, 0, 0, NULL);

	in_threads(NR_THREADS, churn, cache);
	/* their magazines are gone with them, objects and counts are not */
	ck_assert_int_eq(core_slab_live(), 0);
	kmem_cache_destroy(cache);
}
END_TEST

struct version {
	struct core_retired retired;
	struct list_head node;
	u64 a, b;
};

static struct {
	spinlock_t lock;
	struct version *current;
	struct list_head list;
	atomic_t freed;
} versions;

#define NR_VERSIONS	2000

static void version_free(struct core_retired *retired)
{
	struct version *v = container_of(retired, struct version, retired);

	/* a reader that is left finds this, or the sanitizer does */
	v->a = 1;
	v->b = 2;
	kfree(v);
	atomic_inc(&versions.freed);
}

static struct version *version_new(u64 n)
{
	struct version *v = kmalloc(sizeof(*v), GFP_KERNEL);

	v->a = n;
	v->b = ~n;
	return v;
}

static void read_versions(void)
{
	struct version *v;

	core_read_begin();
	v = rcu_dereference(versions.current);
	ck_assert(v->a == ~v->b);
	core_read_begin();
	list_for_each_entry_rcu(v, &versions.list, node)
		ck_assert(v->a == ~v->b);
	core_read_end();
	core_read_end();
}

/* an event loop; now and then it sleeps */
static void *read_registered(void *arg)
{
	int i;

	core_thread_register();
	for (i = 0; i < 20000; i++) {
		read_versions();
		core_quiescent();
		if (i % 50 == 0) {
			core_offline();
			sched_yield();
			/* any thread may read, this one now for a price */
			read_versions();
			core_online();
		}
	}
	core_thread_unregister();
	return NULL;
}

static void *read_unregistered(void *arg)
{
	int i;

	for (i = 0; i < 20000; i++)
		read_versions();
	return NULL;
}

static void version_replace(u64 n)
{
	struct version *v = version_new(n), *old, *item = version_new(n);

	spin_lock(&versions.lock);
	old = rcu_dereference_protected(versions.current,
					lockdep_is_held(&versions.lock));
	rcu_assign_pointer(versions.current, v);
	core_retire(&old->retired, version_free);
	list_add_tail_rcu(&item->node, &versions.list);
	item = list_first_entry(&versions.list, struct version, node);
	list_del_rcu(&item->node);
	core_retire(&item->retired, version_free);
	spin_unlock(&versions.lock);
}

static void *write_versions(void *arg)
{
	int i;

	for (i = 0; i < NR_VERSIONS; i++) {
		version_replace(i);
		if (i % 100 == 0)
			core_barrier();
	}
	return NULL;
}

START_TEST(test_retire_threads)
{
	pthread_t reader[4];
	struct version *v;
	int i;

	spin_lock_init(&versions.lock);
	INIT_LIST_HEAD(&versions.list);
	v = version_new(0);
	list_add_tail_rcu(&v->node, &versions.list);
	rcu_assign_pointer(versions.current, version_new(0));
	for (i = 0; i < 4; i++)
		pthread_create(&reader[i], NULL, i % 2 ? read_registered :
			       read_unregistered, NULL);
	in_threads(2, write_versions, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(reader[i], NULL);
	core_barrier();
	ck_assert_int_eq(atomic_read(&versions.freed), 4 * NR_VERSIONS);
	kfree(versions.current);
	kfree(list_first_entry(&versions.list, struct version, node));
	ck_assert_int_eq(core_slab_live(), 0);
}
END_TEST

static int ran;

static void count_run(struct core_retired *retired)
{
	ran++;
}

static void retire_again(struct core_retired *retired)
{
	ran++;
	core_retire(retired, count_run);
}

/* without any thread online, core_retire itself runs nothing */
START_TEST(test_retire_alone)
{
	struct core_retired a, b;

	core_retire(&a, count_run);
	core_retire(&b, retire_again);
	ck_assert_int_eq(ran, 0);
	core_quiescent();
	core_quiescent();
	ck_assert_int_eq(ran, 3);
	core_retire(&b, retire_again);
	core_barrier();
	core_barrier();
	ck_assert_int_eq(ran, 5);
}
END_TEST

START_TEST(test_retire_online)
{
	struct core_retired a, b;

	core_thread_register();
	core_retire(&a, count_run);
	core_retire(&b, count_run);
	core_read_begin();
	core_read_end();
	ck_assert_int_eq(ran, 0);
	core_quiescent();
	core_quiescent();
	ck_assert_int_eq(ran, 2);
	core_retire(&a, count_run);
	core_barrier();
	ck_assert_int_eq(ran, 3);
	core_retire(&a, count_run);
	core_thread_unregister();
	ck_assert_int_eq(ran, 4);
}
END_TEST

/* 0: wait for the reader; 1: it is in; 2: it may leave */
static int stage;

static void *slow_reader(void *registered)
{
	if (registered)
		core_thread_register();
	core_read_begin();
	smp_store_release(&stage, 1);
	while (smp_load_acquire(&stage) != 2)
		sched_yield();
	ck_assert_int_eq(READ_ONCE(ran), 0);
	core_read_end();
	if (registered)
		core_thread_unregister();
	return NULL;
}

static void wait_for_reader(void *registered)
{
	struct core_retired a;
	pthread_t reader;
	int i;

	ran = stage = 0;
	pthread_create(&reader, NULL, slow_reader, registered);
	while (smp_load_acquire(&stage) != 1)
		sched_yield();
	core_retire(&a, count_run);
	for (i = 0; i < 10; i++)
		core_quiescent();
	ck_assert_int_eq(ran, 0);
	smp_store_release(&stage, 2);
	core_barrier();
	ck_assert_int_eq(ran, 1);
	pthread_join(reader, NULL);
}

START_TEST(test_retire_waits)
{
	wait_for_reader(NULL);
	wait_for_reader(&stage);
}
END_TEST

static void slow_callback(struct core_retired *retired)
{
	smp_store_release(&stage, 1);
	while (smp_load_acquire(&stage) != 2)
		sched_yield();
	WRITE_ONCE(ran, 1);
}

static void *run_slow_callback(void *registered)
{
	if (registered)
		core_thread_register();
	while (!smp_load_acquire(&stage))
		core_quiescent();
	if (registered)
		core_thread_unregister();
	return NULL;
}

static void *wait_for_callback(void *second)
{
	core_barrier();
	ck_assert_int_eq(READ_ONCE(ran), second ? 2 : 1);
	return NULL;
}

static void count_second(struct core_retired *retired)
{
	ck_assert_int_eq(READ_ONCE(ran), 1);
	WRITE_ONCE(ran, 2);
}

static void while_running(void *registered, struct core_retired *second)
{
	struct core_retired first;
	pthread_t runner, waiter;
	int i;

	ran = stage = 0;
	core_retire(&first, slow_callback);
	pthread_create(&runner, NULL, run_slow_callback, registered);
	while (!smp_load_acquire(&stage))
		sched_yield();
	if (second)
		core_retire(second, count_second);
	pthread_create(&waiter, NULL, wait_for_callback, second);
	/* if they do not wait, they fail in here, or at times not at all */
	for (i = 0; i < 1000; i++) {
		core_quiescent();
		sched_yield();
	}
	smp_store_release(&stage, 2);
	pthread_join(waiter, NULL);
	pthread_join(runner, NULL);
}

/* a callback at work in another thread holds up later ones and barriers */
START_TEST(test_retire_running)
{
	struct core_retired second;

	while_running(NULL, NULL);
	while_running(NULL, &second);
	while_running(&second, NULL);
	while_running(&second, &second);
}
END_TEST

/* two at once, each online: neither waits for the other */
static void *barriers(void *arg)
{
	int i;

	core_thread_register();
	for (i = 0; i < 300; i++) {
		version_replace(i);
		core_barrier();
	}
	core_thread_unregister();
	return NULL;
}

START_TEST(test_two_barriers)
{
	spin_lock_init(&versions.lock);
	INIT_LIST_HEAD(&versions.list);
	versions.current = version_new(0);
	in_threads(2, barriers, NULL);
	ck_assert_int_eq(atomic_read(&versions.freed), 1200);
	kfree(versions.current);
	ck_assert_int_eq(core_slab_live(), 0);
}
END_TEST

static struct {
	u64 __percpu *hits;
	pthread_barrier_t together;
	atomic_t shared;
} slots;

static void *use_slot(void *arg)
{
	core_thread_register();
	pthread_barrier_wait(&slots.together);
	if (raw_smp_processor_id() == 0)
		atomic_inc(&slots.shared);
	else
		++*raw_cpu_ptr(slots.hits);
	pthread_barrier_wait(&slots.together);
	core_thread_unregister();
	ck_assert_int_eq(raw_smp_processor_id(), 0);
	return NULL;
}

/* three more than there are slots, and slots are used again */
START_TEST(test_percpu_threads)
{
	int nr = nr_cpu_ids - 1 + 3, round, cpu;

	slots.hits = alloc_percpu(u64);
	pthread_barrier_init(&slots.together, NULL, nr);
	for (round = 1; round <= 2; round++) {
		atomic_set(&slots.shared, 0);
		in_threads(nr, use_slot, NULL);
		ck_assert_int_eq(atomic_read(&slots.shared), 3);
		for_each_possible_cpu(cpu)
			ck_assert_uint_eq(*per_cpu_ptr(slots.hits, cpu),
					  cpu ? round : 0);
	}
	pthread_barrier_destroy(&slots.together);
	free_percpu(slots.hits);
}
END_TEST

/* so that CK_FORK=no works as well */
static void reset(void)
{
	core_log_hook = quiet_log;
	core_log_level = CORE_LOG_INFO;
	memset(&said, 0, sizeof(said));
	memset(&locks, 0, sizeof(locks));
	atomic_set(&post.received, 0);
	atomic_set(&versions.freed, 0);
	ran = stage = 0;
}

static TCase *make_tcase(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, reset, NULL);
	suite_add_tcase(suite, tc);
	return tc;
}

static Suite *make_suite(void)
{
	Suite *suite = suite_create("shim");
	TCase *tc = make_tcase(suite, "cases");

	tcase_add_loop_test(tc, test_case, 0, nr_cases(shim_cases) +
			    nr_cases(shim_cases_os));
	tc = make_tcase(suite, "hooks");
	tcase_add_test(tc, test_fail_nth);
	tcase_add_test(tc, test_fail_atomic);
	tcase_add_test(tc, test_krealloc_fails);
	tcase_add_test(tc, test_log);
	tcase_add_test(tc, test_log_limits);
	tcase_add_test(tc, test_leak_report);
	tcase_add_test(tc, test_many_caches);
	tcase_add_test(tc, test_crc_table_is_hardware);
	tc = make_tcase(suite, "threads");
	tcase_add_test(tc, test_lock_threads);
	tcase_add_test(tc, test_parcels);
	tcase_add_test(tc, test_slab_threads);
	tcase_add_test(tc, test_retire_threads);
	tcase_add_test(tc, test_retire_alone);
	tcase_add_test(tc, test_retire_online);
	tcase_add_test(tc, test_retire_waits);
	tcase_add_test(tc, test_retire_running);
	tcase_add_test(tc, test_two_barriers);
	tcase_add_test(tc, test_percpu_threads);
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
