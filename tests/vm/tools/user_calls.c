// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: user_calls: calls of all kinds of an open /dev/scst_user, by a thread
 * each, until the module is gone: then ioctl() and mmap() fail with ESHUTDOWN,
 * and poll() says POLLHUP. Says "ready" when each has been made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../kmod/uapi/scst_user.h"

#define NR 3

static int dev;
static pthread_barrier_t begun;

/* True: the module is gone. */
static bool call_info(void)
{
	struct scst_user_info info = { .size = sizeof(info) };

	if (!ioctl(dev, SCST_USER_IOC_INFO, &info))
		return false;
	if (errno == ESHUTDOWN)
		return true;
	perror("INFO");
	exit(1);
}

/* Nothing is attached. */
static bool call_mmap(void)
{
	if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, dev, 0) == MAP_FAILED) {
		if (errno == ENOTCONN)
			return false;
		if (errno == ESHUTDOWN)
			return true;
	}
	perror("mmap");
	exit(1);
}

static bool call_poll(void)
{
	struct pollfd p = { .fd = dev, .events = POLLIN };

	if (poll(&p, 1, 0) == 1 && p.revents == POLLERR)
		return false;
	if (p.revents == POLLHUP)
		return true;
	fprintf(stderr, "poll: %#x\n", p.revents);
	exit(1);
}

static bool (*const calls[NR])(void) = { call_info, call_mmap, call_poll };

static void *run(void *arg)
{
	bool (*call)(void) = *(bool (*const *)(void))arg;

	call();
	pthread_barrier_wait(&begun);
	while (!call())
		;
	return NULL;
}

int main(void)
{
	pthread_t threads[NR];
	unsigned int i;

	dev = open(SCST_USER_PATH, O_RDWR | O_CLOEXEC);
	if (dev < 0) {
		perror(SCST_USER_PATH);
		return 1;
	}
	pthread_barrier_init(&begun, NULL, NR + 1);
	for (i = 0; i < NR; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)&calls[i]))
			return 1;
	pthread_barrier_wait(&begun);
	puts("ready");
	fflush(stdout);
	for (i = 0; i < NR; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
