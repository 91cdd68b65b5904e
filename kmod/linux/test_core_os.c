// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL. Runs the cases that user space runs, too: the same words must mean
 * the same here. Inserting the module fails when a case did.
 */
#define pr_fmt(fmt) "test_core_os: " fmt

#include <linux/module.h>
#include <linux/sched.h>

#include "core_os.h"
#include "shim_cases.h"

static unsigned int run(const struct shim_case *c)
{
	unsigned int failed = 0;
	int line;

	for (; c->name; c++) {
		line = c->fn();
		if (line) {
			pr_err("%s: FAIL at line %d\n", c->name, line);
			failed++;
		} else {
			pr_info("%s: ok\n", c->name);
		}
		cond_resched();
	}
	return failed;
}

static int __init test_core_os_init(void)
{
	unsigned int failed = run(shim_cases) + run(shim_cases_os);

	pr_info("%u failed\n", failed);
	return failed ? -EINVAL : 0;
}

static void __exit test_core_os_exit(void)
{
}

module_init(test_core_os_init);
module_exit(test_core_os_exit);

MODULE_DESCRIPTION("test of what portable code builds on");
MODULE_LICENSE("GPL");
