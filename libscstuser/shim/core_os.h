/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. The words of core_os.h for user space: a subset of the kernel's own,
 * same names, same meaning, each implemented here and each with a case in
 * tests/unit/shim_cases.c, which the kernel runs too.
 *
 * A seam and not an emulator: no threads, timers, waits or workqueues. With
 * SCST_DEBUG=1 what lockdep and the slab debugger catch in a debugging
 * kernel aborts here: see bug.h, lock.h, slab.h and rcu.h.
 */
#ifndef SHIM_CORE_OS_H
#define SHIM_CORE_OS_H

#include "compiler.h"
#include "err.h"
#include "log.h"
#include "bug.h"
#include "minmax.h"
#include "byteorder.h"
#include "atomic.h"
#include "bitmap.h"
#include "list.h"
#include "llist.h"
#include "lock.h"
#include "rcu.h"
#include "rculist.h"
#include "slab.h"
#include "kstring.h"
#include "percpu.h"
#include "seg.h"
#include "crc32c.h"
#include "ktime.h"

/* See core_trace.h. */
#define CORE_TRACE_HEADER "src/trace.h"

#endif
