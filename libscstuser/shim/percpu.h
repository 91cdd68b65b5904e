/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. One copy of something per registered thread, each on cache lines of
 * its own. Threads that are not registered, or too many, share copy 0: like
 * code that may be preempted in the kernel, users need atomics inside.
 */
#ifndef SHIM_PERCPU_H
#define SHIM_PERCPU_H

#include "compiler.h"
#include "slab.h"
#include "thread.h"

#define SHIM_NR_CPUS		128
#define nr_cpu_ids		((unsigned int)SHIM_NR_CPUS)

#define shim_percpu_stride(type)	ALIGN(sizeof(type), SHIM_CACHELINE)

#define alloc_percpu_gfp(type, gfp) \
	((type *)shim_alloc(SHIM_NR_CPUS * shim_percpu_stride(type), \
			    SHIM_CACHELINE, (gfp) | __GFP_ZERO))
#define alloc_percpu(type)	alloc_percpu_gfp(type, GFP_KERNEL)
#define free_percpu(p)		kfree(p)

#define per_cpu_ptr(p, cpu) \
	((typeof(p))((char *)(p) + \
		     (size_t)(cpu) * shim_percpu_stride(*(p))))
#define raw_smp_processor_id()	(shim_self()->cpu)
#define raw_cpu_ptr(p)		per_cpu_ptr(p, raw_smp_processor_id())
#define for_each_possible_cpu(cpu) \
	for ((cpu) = 0; (cpu) < SHIM_NR_CPUS; (cpu)++)

#endif
