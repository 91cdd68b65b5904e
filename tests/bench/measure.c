// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: what scst-load and scst-echo measure, see measure.h.
 *
 * CPU time comes from /proc/PID/task/TID/schedstat, in nanoseconds. The
 * target's is read by the generator itself, at the moments when it begins and
 * ends counting: whoever else read it would have to be woken up first, on a
 * processor that one of the two keeps busy.
 */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

uint64_t measure_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint64_t cpu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

#define YIELD_NS 20000		/* it took longer: somebody ran */
#define REST	 64

static bool cpu_is_ours(void)
{
	uint64_t before = measure_now();

	sched_yield();
	return measure_now() - before < YIELD_NS;
}

int measure_poll(struct measure *m, int ep, struct epoll_event *ev, int room)
{
	int n;

	if (m->rest) {
		m->rest--;
		return epoll_wait(ep, ev, room, 1000);
	}
	n = epoll_wait(ep, ev, room, 0);
	if (n <= 0) {
		if (!m->idle_since)
			m->idle_since = cpu_now();
		if (!cpu_is_ours())
			m->rest = REST;
	}
	if (m->idle_since && (n > 0 || m->rest)) {
		m->idle_ns += cpu_now() - m->idle_since;
		m->idle_since = 0;
	}
	return n;
}

bool measure_add_pid(struct measure *m, const char *text)
{
	char *end;
	long pid = strtol(text, &end, 10);

	if (*end || pid <= 0 || m->pids == MEASURE_PIDS)
		return false;
	m->pid[m->pids++] = pid;
	return true;
}

/* ---- Usage ---------------------------------------------------------------------- */

static void add_cpu(struct usage *u, const char *path)
{
	unsigned long long ns;
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	if (fscanf(file, "%llu", &ns) == 1)
		u->cpu_ns += ns;
	fclose(file);
}

static void add_switches(struct usage *u, const char *path)
{
	unsigned long long n;
	char line[256], *count;
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		count = strstr(line, "voluntary_ctxt_switches:");
		if (count && sscanf(strchr(count, ':') + 1, "%llu", &n) == 1)
			u->switches += n;
	}
	fclose(file);
}

static void usage_add(struct usage *u, int pid)
{
	char path[64 + sizeof(((struct dirent *)0)->d_name)];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid,
			 entry->d_name);
		add_cpu(u, path);
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid,
			 entry->d_name);
		add_switches(u, path);
	}
	closedir(dir);
}

static void usage_take(const struct measure *m, struct usage *target)
{
	unsigned int i;

	memset(target, 0, sizeof(*target));
	for (i = 0; i < m->pids; i++)
		usage_add(target, m->pid[i]);
}

void measure_start(struct measure *m)
{
	fprintf(stderr, "measuring\n");
	usage_take(m, &m->target);
	m->from_ns = measure_now();
	m->self_ns = cpu_now();
	m->idle_ns = 0;
	if (m->idle_since)
		m->idle_since = m->self_ns;
	m->on = true;
}

static void usage_since(struct usage *before, const struct usage *after)
{
	/* A thread that ended takes its share with it. */
	before->cpu_ns = after->cpu_ns > before->cpu_ns ?
				 after->cpu_ns - before->cpu_ns : 0;
	before->switches = after->switches > before->switches ?
				   after->switches - before->switches : 0;
}

void measure_stop(struct measure *m)
{
	struct usage target;

	m->from_ns = measure_now() - m->from_ns;
	m->self_ns = cpu_now() - m->self_ns - m->idle_ns;
	m->on = false;
	usage_take(m, &target);
	usage_since(&m->target, &target);
	fprintf(stderr, "measured\n");
}

/* ---- Results --------------------------------------------------------------------- */

/* The middle of a bucket. */
static double bucket_us(unsigned int bucket)
{
	unsigned int shift = bucket < 32 ? 0 : bucket / 16 - 1;
	uint64_t from = (uint64_t)(bucket - shift * 16) << shift;

	return (from + (1ull << shift) / 2) / 1000.0;
}

static double percentile(const struct measure *m, double p)
{
	uint64_t sum = 0, want = m->commands * p;
	unsigned int i;

	for (i = 0; i < sizeof(m->bucket) / sizeof(m->bucket[0]); i++) {
		sum += m->bucket[i];
		if (sum > want)
			return bucket_us(i);
	}
	return 0;
}

void measure_print(const struct measure *m)
{
	double seconds = m->from_ns / 1e9;
	double n = m->commands ? m->commands : 1;

	printf("\"iops\":%.1f,\"mbps\":%.2f,\"p50\":%.1f,\"p99\":%.1f,"
	       "\"p999\":%.1f,\"commands\":%llu,\"seconds\":%.3f,"
	       "\"load_cpu_us\":%.3f,\"load_cpu\":%.3f",
	       m->commands / seconds, m->bytes / seconds / 1e6,
	       percentile(m, 0.5), percentile(m, 0.99), percentile(m, 0.999),
	       (unsigned long long)m->commands, seconds,
	       m->self_ns / 1e3 / n, m->self_ns / 1e9 / seconds);
	if (m->pids)
		printf(",\"cpu_us\":%.3f,\"cpu\":%.3f,\"switches\":%.4f",
		       m->target.cpu_ns / 1e3 / n,
		       m->target.cpu_ns / 1e9 / seconds,
		       m->target.switches / n);
}
