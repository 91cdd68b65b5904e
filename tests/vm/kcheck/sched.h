/* SPDX-License-Identifier: BSD-3-Clause */
/* KERNEL */
#ifndef KCHECK_SCHED_H
#define KCHECK_SCHED_H

#include <linux/sched.h>

static inline void sched_yield(void)
{
	yield();
}

#endif
