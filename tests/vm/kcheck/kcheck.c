// SPDX-License-Identifier: BSD-3-Clause
/*
 * KERNEL: runs what the programs of tests/unit would. Inserting the module
 * fails when a test did; suite=NAME runs that one only, except=NAME,... all
 * others.
 */
#define pr_fmt(fmt) "test_core: " fmt
#include "kcheck.h"

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "check.h"

static char *suite;
module_param(suite, charp, 0444);
MODULE_PARM_DESC(suite, "the suite to run; none: all");

static char *except[8];
static int nr_except;
module_param_array(except, charp, &nr_except, 0444);
MODULE_PARM_DESC(except, "the suites not to run");

struct kcheck_test {
	struct list_head link;
	const char *name;
	kcheck_fn fn;
	int start, end;
};

struct kcheck_tcase {
	struct list_head link;
	const char *name;
	struct list_head tests;
	void (*setup)(void);
	void (*teardown)(void);
};

/* ... and its own runner */
struct kcheck_suite {
	const char *name;
	struct list_head tcases;
	u32 nr_run, nr_failed;
};

/* Of the test that runs; there is one at a time. */
static struct task_struct *thread;
static DECLARE_COMPLETION(thread_done);
static bool thread_passed;

void (*core_log_hook)(int level, const char *fmt, va_list ap);

void kcheck_log(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (core_log_hook)
		core_log_hook(level, fmt, ap);
	else
		vprintk(fmt, ap);
	va_end(ap);
}

/* ---- Building ------------------------------------------------------------- */

static void *some(size_t size)
{
	return kzalloc(size, GFP_KERNEL | __GFP_NOFAIL);
}

Suite *suite_create(const char *name)
{
	Suite *s = some(sizeof(*s));

	s->name = name;
	INIT_LIST_HEAD(&s->tcases);
	return s;
}

TCase *tcase_create(const char *name)
{
	TCase *tc = some(sizeof(*tc));

	tc->name = name;
	INIT_LIST_HEAD(&tc->tests);
	return tc;
}

void suite_add_tcase(Suite *s, TCase *tc)
{
	list_add_tail(&tc->link, &s->tcases);
}

/* one is enough for our tests */
void tcase_add_checked_fixture(TCase *tc, void (*setup)(void),
			       void (*teardown)(void))
{
	BUG_ON(tc->setup || tc->teardown);
	tc->setup = setup;
	tc->teardown = teardown;
}

void kcheck_add(TCase *tc, const char *name, kcheck_fn fn, int start, int end)
{
	struct kcheck_test *t = some(sizeof(*t));

	t->name = name;
	t->fn = fn;
	t->start = start;
	t->end = end;
	list_add_tail(&t->link, &tc->tests);
}

SRunner *srunner_create(Suite *s)
{
	return s;
}

void srunner_free(SRunner *sr)
{
	struct kcheck_tcase *tc, *next_tc;
	struct kcheck_test *t, *next_t;

	list_for_each_entry_safe(tc, next_tc, &sr->tcases, link) {
		list_for_each_entry_safe(t, next_t, &tc->tests, link)
			kfree(t);
		kfree(tc);
	}
	kfree(sr);
}

int srunner_ntests_failed(SRunner *sr)
{
	return sr->nr_failed;
}

/* ---- Running -------------------------------------------------------------- */

/*
 * Ends the test's thread. It cannot be ended where it may not sleep, as in a
 * callback under a lock, nor can another context end it: then the guest ends.
 */
void kcheck_fail(const char *file, int line, const char *fmt, ...)
{
	struct va_format vaf;
	va_list ap;

	va_start(ap, fmt);
	vaf.fmt = fmt;
	vaf.va = &ap;
	pr_err("FAIL %s:%d: %pV\n", kbasename(file), line, &vaf);
	va_end(ap);
	BUG_ON(current != thread || in_atomic() || irqs_disabled());
	kthread_complete_and_exit(&thread_done, 0);
}

struct kcheck_run {
	const struct kcheck_tcase *tc;
	const struct kcheck_test *test;
	int i;
};

static int run_in_thread(void *arg)
{
	const struct kcheck_run *run = arg;

	if (run->tc->setup)
		run->tc->setup();
	run->test->fn(run->i);
	if (run->tc->teardown)
		run->tc->teardown();
	thread_passed = true;
	kthread_complete_and_exit(&thread_done, 0);
}

static bool passes(const struct kcheck_tcase *tc,
		   const struct kcheck_test *test, int i)
{
	struct kcheck_run run = { .tc = tc, .test = test, .i = i };
	struct task_struct *task;

	reinit_completion(&thread_done);
	thread_passed = false;
	task = kthread_create(run_in_thread, &run, "%s", test->name);
	BUG_ON(IS_ERR(task));
	thread = task;
	wake_up_process(task);
	wait_for_completion(&thread_done);
	thread = NULL;
	if (!thread_passed)
		pr_err("FAIL %s, %s, %d\n", tc->name, test->name, i);
	return thread_passed;
}

static bool run_tcase(SRunner *sr, const struct kcheck_tcase *tc)
{
	const struct kcheck_test *test;
	int i;

	list_for_each_entry(test, &tc->tests, link) {
		for (i = test->start; i < test->end; i++) {
			sr->nr_run++;
			if (!passes(tc, test, i)) {
				sr->nr_failed++;
				return false;
			}
			cond_resched();
		}
	}
	return true;
}

void srunner_run_all(SRunner *sr, int mode)
{
	const struct kcheck_tcase *tc;
	bool go_on = true;

	list_for_each_entry(tc, &sr->tcases, link)
		go_on = go_on && run_tcase(sr, tc);
	pr_info("%s: %u run, %u failed\n", sr->name, sr->nr_run,
		sr->nr_failed);
}

/* ---- The module ------------------------------------------------------------ */

#define X(name) int name##_main(void);
KCHECK_SUITES
#undef X

static const struct {
	const char *name;
	int (*main)(void);
} suites[] = {
#define X(name) { #name, name##_main },
KCHECK_SUITES
#undef X
};

static bool is_excepted(const char *name)
{
	int i;

	for (i = 0; i < nr_except; i++)
		if (!strcmp(except[i], name))
			return true;
	return false;
}

static int __init kcheck_init(void)
{
	bool found = false;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		if (suite && strcmp(suite, suites[i].name))
			continue;
		if (is_excepted(suites[i].name))
			continue;
		found = true;
		if (suites[i].main())
			return -EINVAL;
	}
	return found ? 0 : -ENOENT;
}

static void __exit kcheck_exit(void)
{
}

module_init(kcheck_init);
module_exit(kcheck_exit);

MODULE_DESCRIPTION("the core's unit tests");
MODULE_LICENSE("Dual BSD/GPL");
