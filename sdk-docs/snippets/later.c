/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Completing later: a disk in memory that takes its time.
 *
 * Each request ends delay= milliseconds after it began, on a thread of the
 * handler's own; meanwhile others begin.
 *
 *	cc -o slowdisk later.c $(pkg-config --cflags --libs libscstuser)
 *	./slowdisk --device name=d0,delay=5
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <scstuser/scstuser.h>

/* What a request carries while it waits: its private bytes. */
struct waiting {
	struct waiting *next;
	struct scstu_req *req;
	struct timespec until;
	bool write;
};

struct slow {
	char *memory;
	uint64_t delay;			/* ms */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct waiting *first, **last;	/* who waits longest comes first */
	bool stop;
};

/* The request ends here, in one of three ways; then it must not be touched. */
static void slow_finish(struct slow *slow, struct waiting *w)
{
	struct scstu_req *req = w->req;
	char *at = slow->memory + scstu_req_offset(req);
	size_t length = scstu_req_length(req);

	if (scstu_req_aborted(req)) {
		scstu_fail(req, SCSTU_SENSE_ABORTED);
		return;
	}
	if (w->write)
		scstu_req_get(req, 0, at, length);
	else
		scstu_req_put(req, 0, at, length);
	scstu_done(req);
}

/* The lock is held; it is given back while a request ends. */
static void slow_take_first(struct slow *slow)
{
	struct waiting *w = slow->first;

	slow->first = w->next;
	if (!slow->first)
		slow->last = &slow->first;
	pthread_mutex_unlock(&slow->lock);
	slow_finish(slow, w);
	pthread_mutex_lock(&slow->lock);
}

static void *slow_thread(void *arg)
{
	struct slow *slow = arg;
	struct timespec until;

	pthread_mutex_lock(&slow->lock);
	while (!slow->stop) {
		if (!slow->first) {
			pthread_cond_wait(&slow->cond, &slow->lock);
			continue;
		}
		until = slow->first->until;
		if (pthread_cond_timedwait(&slow->cond, &slow->lock, &until) ==
		    ETIMEDOUT)
			slow_take_first(slow);
	}
	pthread_mutex_unlock(&slow->lock);
	return NULL;
}

static void slow_begin(struct scstu_req *req, bool write)
{
	struct slow *slow = scstu_req_dev_private(req);
	struct waiting *w = scstu_req_private(req);

	w->next = NULL;
	w->req = req;
	w->write = write;
	clock_gettime(CLOCK_MONOTONIC, &w->until);
	w->until.tv_sec += slow->delay / 1000;
	w->until.tv_nsec += slow->delay % 1000 * 1000000;
	if (w->until.tv_nsec >= 1000000000) {
		w->until.tv_sec++;
		w->until.tv_nsec -= 1000000000;
	}

	pthread_mutex_lock(&slow->lock);
	*slow->last = w;
	slow->last = &w->next;
	pthread_cond_signal(&slow->cond);
	pthread_mutex_unlock(&slow->lock);
}

static void slow_read(struct scstu_req *req)
{
	slow_begin(req, false);
}

static void slow_write(struct scstu_req *req)
{
	slow_begin(req, true);
}

static void slow_free(struct slow *slow)
{
	free(slow->memory);
	free(slow);
}

static int slow_start(struct slow *slow)
{
	pthread_condattr_t attr;

	slow->last = &slow->first;
	pthread_mutex_init(&slow->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&slow->cond, &attr);
	return -pthread_create(&slow->thread, NULL, slow_thread, slow);
}

static int slow_open(struct scstu_dev *dev)
{
	struct scstu_disk disk = { SCSTU_DISK_INIT };
	struct slow *slow;
	int err;

	disk.bytes = scstu_dev_number(dev, "size");
	err = scstu_disk_configure(dev, &disk);
	slow = err ? NULL : calloc(1, sizeof(*slow));
	if (!slow)
		return err ? err : -ENOMEM;
	slow->delay = scstu_dev_number(dev, "delay");
	slow->memory = calloc(1, disk.bytes);
	err = slow->memory ? slow_start(slow) : -ENOMEM;
	if (err) {
		slow_free(slow);
		return err;
	}
	scstu_dev_set_private(dev, slow);
	return 0;
}

/* No request is in flight any more: the thread has nothing left. */
static void slow_close(struct scstu_dev *dev)
{
	struct slow *slow = scstu_dev_private(dev);

	pthread_mutex_lock(&slow->lock);
	slow->stop = true;
	pthread_cond_signal(&slow->cond);
	pthread_mutex_unlock(&slow->lock);
	pthread_join(slow->thread, NULL);
	slow_free(slow);
}

static const struct scstu_param slow_params[] = {
	{ "size", SCSTU_SIZE, "capacity of the disk", "64M" },
	{ "delay", SCSTU_NUMBER, "milliseconds that a request takes", "1" },
	{ 0 }
};

static const struct scstu_disk_ops slow_disk = {
	SCSTU_DISK_OPS_INIT,
	.read = slow_read,
	.write = slow_write,
};

static const struct scstu_handler handler = {
	SCSTU_HANDLER_INIT,
	.name = "slowdisk",
	.summary = "A disk in memory that takes its time",
	.req_private = sizeof(struct waiting),
	.params = slow_params,
	.open = slow_open,
	.close = slow_close,
	.disk = &slow_disk,
};

int main(int argc, char **argv)
{
	return scstu_main(argc, argv, &handler);
}
