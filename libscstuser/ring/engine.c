// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the engine scst behind struct engine_ops.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ring.h"
#include "src/log.h"
#include "src/server.h"

static struct ring_dev *ring_dev(const struct scstu_dev *dev)
{
	return dev->attached;
}

/* ---- Start ------------------------------------------------------------------- */

struct watch_call {
	struct ring_queue *q;
	int err;
};

static void watch(void *arg)
{
	struct watch_call *call = arg;

	call->err = ring_queue_watch(call->q);
	loop_be_patient(call->q->loop);
}

static int start_queues(struct ring_dev *rd, struct loop **loops)
{
	struct watch_call call = { 0 };
	uint32_t i;

	rd->live_queues = rd->attach.queues;
	for (i = 0; !call.err && i < rd->attach.queues; i++) {
		call.q = &rd->queues[i];
		call.q->loop = loops[i];
		loop_call(loops[i], watch, &call);
	}
	return call.err;
}

/* What the kernel limits cannot be limited here. */
static int check_options(struct scstu_dev *dev)
{
	if (!dev->opts.queue_depth)
		return 0;
	return scstu_dev_error(dev, EINVAL,
			       "queue-depth: with the engine scst, write it to devices/user/%s/queue_depth in configfs",
			       dev->name);
}

static int attach_device(struct scstu_server *srv, struct scstu_dev *dev)
{
	struct ring_dev *rd = calloc(1, sizeof(*rd));
	int err;

	if (!rd)
		return -ENOMEM;
	rd->dev = dev;
	rd->engine = srv->ring;
	rd->fd = -1;
	pthread_mutex_lock(&dev->lock);
	dev->engine = &ring_ops;
	dev->attached = rd;
	err = check_options(dev);
	if (!err)
		err = ring_attach(rd, srv->loops_running);
	pthread_mutex_unlock(&dev->lock);
	return err;
}

static int attach_devices(struct scstu_server *srv)
{
	struct scstu_dev *dev;
	int err;

	list_for_each_entry(dev, &srv->devices, link) {
		err = attach_device(srv, dev);
		if (err)
			return server_dev_error(srv, dev, err);
		srv->ring->live++;
	}
	return 0;
}

/* Requests are begun once nothing can fail for want of a device. */
static int ring_start(struct scstu_server *srv)
{
	struct scstu_dev *dev;
	int err;

	srv->ring = calloc(1, sizeof(*srv->ring));
	if (!srv->ring)
		return -ENOMEM;
	srv->ring->srv = srv;
	err = attach_devices(srv);
	list_for_each_entry(dev, &srv->devices, link)
		if (!err)
			err = start_queues(ring_dev(dev), srv->loops);
	return err;
}

static const char *ring_ready(struct scstu_server *srv, unsigned int index)
{
	struct scstu_dev *dev;

	list_for_each_entry(dev, &srv->devices, link) {
		if (index--)
			continue;
		snprintf(srv->ring->ready, sizeof(srv->ring->ready), "scst %s",
			 dev->name);
		return srv->ring->ready;
	}
	return NULL;
}

/*
 * A device that the operator removed is no failure, and others go on. Whom the
 * kernel has let go otherwise has to begin anew.
 */
static bool ring_serves(struct scstu_server *srv)
{
	return __atomic_load_n(&srv->ring->live, __ATOMIC_ACQUIRE) &&
	       !__atomic_load_n(&srv->failed, __ATOMIC_RELAXED);
}

/* ---- Shutdown ------------------------------------------------------------------ */

static uint32_t count_queues(struct scstu_server *srv)
{
	struct scstu_dev *dev;
	uint32_t n = 0;

	list_for_each_entry(dev, &srv->devices, link)
		n += ring_dev(dev)->attach.queues;
	return n;
}

static void ring_drain(struct scstu_server *srv)
{
	struct ring_engine *engine = srv->ring;
	struct scstu_dev *dev;
	uint32_t i;

	/* One for us: they may be quicker than this goes on. */
	__atomic_store_n(&engine->undrained, count_queues(srv) + 1,
			 __ATOMIC_RELAXED);
	list_for_each_entry(dev, &srv->devices, link)
		for (i = 0; i < ring_dev(dev)->attach.queues; i++)
			loop_post(ring_dev(dev)->queues[i].loop,
				  &ring_dev(dev)->queues[i].drain_work);
	if (!__atomic_sub_fetch(&engine->undrained, 1, __ATOMIC_ACQ_REL))
		server_drained(srv);
}

static void unwatch(void *arg)
{
	ring_queue_unwatch(arg);
}

/* The rings go, the queues stay until nobody asks for them any more. */
static void detach_device(struct scstu_dev *dev)
{
	struct ring_dev *rd = ring_dev(dev);
	uint32_t i;

	for (i = 0; rd->queues && i < rd->attach.queues; i++)
		if (rd->queues[i].loop)
			loop_call(rd->queues[i].loop, unwatch, &rd->queues[i]);
	pthread_mutex_lock(&dev->lock);
	ring_detach(rd);
	pthread_mutex_unlock(&dev->lock);
}

static void ring_stop(struct scstu_server *srv)
{
	struct scstu_dev *dev;

	list_for_each_entry(dev, &srv->devices, link)
		if (ring_dev(dev))
			detach_device(dev);
	free(srv->ring);
	srv->ring = NULL;
}

static bool ring_working(const struct scstu_dev *dev)
{
	return false;
}

static bool ring_busy(const struct scstu_dev *dev)
{
	const struct ring_dev *rd = ring_dev(dev);
	uint32_t i;

	for (i = 0; i < rd->attach.queues; i++)
		if (__atomic_load_n(&rd->queues[i].in_flight, __ATOMIC_RELAXED))
			return true;
	return false;
}

static void ring_free(struct scstu_dev *dev)
{
	free(dev->attached);
	dev->attached = NULL;
}

/* ---- Devices at run time ------------------------------------------------------- */

static int ring_set(struct scstu_dev *dev, enum scst_user_set_what what,
		    uint64_t value)
{
	struct scst_user_set set = { .what = what, .value = value };
	struct ring_dev *rd = ring_dev(dev);

	if (rd->fd < 0)
		return -ESHUTDOWN;
	return ring_sys->ioctl(rd->fd, SCST_USER_IOC_SET, &set);
}

static int ring_resized(struct scstu_dev *dev)
{
	return ring_set(dev, SCST_USER_SET_BYTES, dev->disk.bytes);
}

static int ring_medium_changed(struct scstu_dev *dev)
{
	return ring_set(dev, SCST_USER_SET_MEDIUM, dev->disk.bytes);
}

static void ring_protected(struct scstu_dev *dev)
{
	int err = ring_set(dev, SCST_USER_SET_READ_ONLY, dev_is_protected(dev));

	if (err)
		scstu_dev_log(dev, LOG_WARNING, "write protection: error %d",
			      -err);
}

const struct engine_ops ring_ops = {
	.name = "scst",
	.start = ring_start,
	.ready = ring_ready,
	.serves = ring_serves,
	.drain = ring_drain,
	.stop = ring_stop,
	.working = ring_working,
	.busy = ring_busy,
	.free = ring_free,
	.resized = ring_resized,
	.medium_changed = ring_medium_changed,
	.protected = ring_protected,
};
