/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: something to be done in another context, carried there by a
 * lock-free list. Embedded in what it is about; the carrier allocates nothing.
 */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include "core_os.h"

struct core_work {
	struct llist_node node;
	void (*fn)(struct core_work *work);
};

#endif
