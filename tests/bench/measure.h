/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: what scst-load and scst-echo measure, and print as one JSON object:
 * latency, and CPU time and context switches of processes.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define MEASURE_PIDS 64

/* Since a process began; of all its threads that still run. */
struct usage {
	uint64_t cpu_ns;
	uint64_t switches;	/* context switches of both kinds */
};

struct measure {
	int pid[MEASURE_PIDS];	/* whose usage to take */
	unsigned int pids;
	bool on;		/* what ends now counts */
	uint64_t from_ns;
	uint64_t commands, bytes;
	struct usage target;
	uint64_t self_ns;	/* CPU time of the generator, which is a thread */
	unsigned int rest;	/* sleep so many times before looking again */
	uint64_t idle_since;	/* looking in vain, in CPU time; 0: not */
	uint64_t idle_ns;
	uint64_t bucket[64 * 16];
};

uint64_t measure_now(void);
bool measure_add_pid(struct measure *m, const char *text);

/*
 * What is between the two counts. They say "measuring" and "measured" on
 * standard error, for a runner that has something of its own to measure.
 */
void measure_start(struct measure *m);
void measure_stop(struct measure *m);

/*
 * Wait for events without going to sleep: how long it takes to wake a generator
 * up is not to be measured, nor is the target to pay for it. What passes while
 * there are none (0) is no work of the generator's. Where others want the
 * processor, it sleeps like everybody.
 */
int measure_poll(struct measure *m, int ep, struct epoll_event *ev, int room);

static inline void measure_command(struct measure *m, uint64_t ns,
				   uint64_t bytes)
{
	/* Buckets of 1/16 of a power of two. */
	unsigned int shift = ns < 32 ? 0 : 59 - __builtin_clzll(ns);

	m->bucket[shift * 16 + (ns >> shift)]++;
	m->commands++;
	m->bytes += bytes;
}

/* Without the braces, so that the caller can add its own. */
void measure_print(const struct measure *m);

#endif
