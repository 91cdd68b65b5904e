// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: servers: options, devices, loops and engine brought together.
 *
 * Who calls the functions of server.h is the owner; the loops run on threads
 * of their own, or, with the option loops=0, in scstu_server_dispatch(). What
 * the loops tell the owner, and a signal handler too, goes through one event
 * descriptor.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/embedded.h"
#include "log.h"
#include "server.h"
#include "shim/core_os.h"

#define LOOPS_DEFAULT_MAX 4

/* ---- Errors --------------------------------------------------------------------- */

int server_error(struct scstu_server *srv, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(srv->error, sizeof(srv->error), fmt, ap);
	va_end(ap);
	return -abs(err);
}

int server_dev_error(struct scstu_server *srv, const struct scstu_dev *dev,
		     int err)
{
	return server_error(srv, err, "device %s: %s", dev->name,
			    *dev->error ? dev->error : strerror(abs(err)));
}

const char *scstu_server_error(const struct scstu_server *srv)
{
	return srv->error;
}

/* ---- The handler ------------------------------------------------------------------ */

int sized_copy(void *to, size_t size, const void *from)
{
	const unsigned char *bytes = from;
	size_t given, i;

	memcpy(&given, from, sizeof(given));
	if (given < sizeof(given))
		return -EINVAL;
	for (i = size; i < given; i++)
		if (bytes[i])
			return -EOPNOTSUPP;
	memset(to, 0, size);
	memcpy(to, from, min(given, size));
	return 0;
}

/* Copies of the author's tables, as this library's version of them. */
static int handler_copy(struct scstu_server *srv,
			const struct scstu_handler *from)
{
	struct scstu_handler *h = &srv->handler;
	int err = sized_copy(h, sizeof(*h), from);

	if (!err && h->disk) {
		err = sized_copy(&srv->disk_ops, sizeof(srv->disk_ops),
				 h->disk);
		h->disk = &srv->disk_ops;
	}
	if (!err && h->raw) {
		err = sized_copy(&srv->raw_ops, sizeof(srv->raw_ops), h->raw);
		h->raw = &srv->raw_ops;
	}
	if (err == -EOPNOTSUPP)
		return server_error(srv, EINVAL,
				    "the handler uses a function that libscstuser %s does not know: a newer library is needed",
				    scstu_version());
	return err ? server_error(srv, EINVAL,
				  "the handler lacks SCSTU_HANDLER_INIT or its like") : 0;
}

static int handler_check(struct scstu_server *srv)
{
	const struct scstu_handler *h = &srv->handler;

	if (!h->name || !*h->name || !h->open)
		return server_error(srv, EINVAL,
				    "a handler needs a name and open()");
	if (!h->disk == !h->raw)
		return server_error(srv, EINVAL,
				    "a handler needs either disk or raw operations");
	if (h->threads > SCSTU_PARALLEL)
		return server_error(srv, EINVAL, "unknown thread model %d",
				    h->threads);
	if (h->disk)
		return disk_check_handler(h, srv->error, sizeof(srv->error));
	return raw_check_handler(h, srv->error, sizeof(srv->error));
}

/* ---- Lists of strings --------------------------------------------------------------- */

int strings_add(struct strings *list, const char *value)
{
	char **grown = realloc(list->item,
			       (list->count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	list->item = grown;
	list->item[list->count] = strdup(value);
	if (!list->item[list->count])
		return -ENOMEM;
	list->count++;
	return 0;
}

void strings_free(struct strings *list)
{
	while (list->count)
		free(list->item[--list->count]);
	free(list->item);
}

/* ---- Life --------------------------------------------------------------------------- */

/* It only wakes an owner who polls. */
static void server_deadline(struct loop_timer *timer)
{
}

const char *scstu_version(void)
{
	return SCST_VERSION;
}

static void server_defaults(struct scstu_server *srv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	srv->nr_loops = clamp_t(long, cpus, 1, LOOPS_DEFAULT_MAX);
	srv->shutdown_timeout = 30;
}

struct scstu_server *scstu_server_create(const struct scstu_handler *handler)
{
	struct scstu_server *srv = calloc(1, sizeof(*srv));
	int err;

	if (!srv)
		return NULL;
	log_init();
	INIT_LIST_HEAD(&srv->devices);
	INIT_LIST_HEAD(&srv->tick.link);
	srv->tick.fn = server_deadline;
	srv->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	server_defaults(srv);
	srv->embedded = embedded_alloc();
	if (srv->event < 0 || !srv->embedded)
		err = -ENOMEM;
	else
		err = handler_copy(srv, handler);
	if (!err)
		err = handler_check(srv);
	if (err) {
		if (*srv->error)
			log_error("%s", srv->error);
		scstu_server_destroy(srv);
		errno = -err;
		return NULL;
	}
	return srv;
}

static bool name_taken(struct scstu_server *srv, const char *name)
{
	struct scstu_dev *dev;

	list_for_each_entry(dev, &srv->devices, link)
		if (!strcmp(dev->name, name))
			return true;
	return false;
}

int scstu_server_add_device(struct scstu_server *srv, const char *words)
{
	char why[320] = "";
	struct scstu_dev *dev;
	int err;

	*srv->error = '\0';
	if (srv->state != SERVER_NEW)
		return server_error(srv, EBUSY, "the server has started");
	err = options_settle(srv);
	if (err)
		return err;
	dev = dev_create(srv, &srv->handler, words, why, sizeof(why));
	if (IS_ERR(dev))
		return server_error(srv, PTR_ERR(dev), "--device %.100s: %s",
				    words, why);
	if (name_taken(srv, dev->name)) {
		server_error(srv, EEXIST, "--device: the name '%s' is taken",
			     dev->name);
		dev_destroy(dev);
		return -EEXIST;
	}
	list_add_tail(&dev->link, &srv->devices);
	return 0;
}

static int server_start_loops(struct scstu_server *srv)
{
	unsigned int i, nr = max_t(uint64_t, srv->nr_loops, 1);
	int err;

	srv->loops = calloc(nr, sizeof(struct loop *));
	if (!srv->loops)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		srv->loops[i] = loop_alloc(i);
		if (!srv->loops[i])
			return server_error(srv, errno, "event loop: %s",
					    strerror(errno));
		srv->loops_running = i + 1;
		if (!srv->nr_loops) {
			loop_adopt(srv->loops[i]);
			continue;
		}
		err = loop_start(srv->loops[i]);
		if (err) {
			loop_free(srv->loops[i]);
			srv->loops_running = i;
			return server_error(srv, err, "event loop: %s",
					    strerror(-err));
		}
	}
	return 0;
}

static int server_start_devices(struct scstu_server *srv)
{
	struct scstu_dev *dev;
	int err;

	if (list_empty(&srv->devices))
		return server_error(srv, EINVAL,
				    "no device: give --device name=NAME,...");
	list_for_each_entry(dev, &srv->devices, link) {
		err = dev_start(dev, srv->loops, srv->loops_running);
		if (err)
			return server_dev_error(srv, dev, err);
	}
	return 0;
}

static int server_start_engine(struct scstu_server *srv)
{
	srv->engine_started = true;
	return srv->engine->start(srv);
}

int scstu_server_start(struct scstu_server *srv)
{
	int err;

	*srv->error = '\0';
	if (srv->state != SERVER_NEW)
		return server_error(srv, EBUSY, "the server has started");
	srv->state = SERVER_STARTED;
	err = options_settle(srv);
	if (!err)
		err = server_start_loops(srv);
	if (!err)
		err = server_start_devices(srv);
	if (!err)
		err = server_start_engine(srv);
	if (!err)
		return 0;
	if (!*srv->error)
		server_error(srv, err, "%s", strerror(-err));
	srv->state = SERVER_FAILED;
	return err;
}

const char *server_ready(struct scstu_server *srv, unsigned int index)
{
	return srv->state == SERVER_STARTED ? srv->engine->ready(srv, index) :
					      NULL;
}

/* Initiators of another engine connect to what it is part of. */
const char *scstu_server_url(struct scstu_server *srv, unsigned int index)
{
	return srv->engine == &embedded_ops ? server_ready(srv, index) : NULL;
}

/* ---- Shutdown ------------------------------------------------------------------------ */

void server_knock(void *arg)
{
	struct scstu_server *srv = arg;
	uint64_t one = 1;

	if (write(srv->event, &one, sizeof(one)) < 0)
		return;		/* full: somebody has knocked already */
}

void server_drained(void *arg)
{
	struct scstu_server *srv = arg;

	__atomic_store_n(&srv->drained, true, __ATOMIC_RELEASE);
	server_knock(srv);
}

/* Only what a signal handler may do. */
static void server_ask(struct scstu_server *srv, bool *what)
{
	int saved = errno;

	__atomic_store_n(what, true, __ATOMIC_RELEASE);
	server_knock(srv);
	errno = saved;
}

void scstu_server_stop(struct scstu_server *srv)
{
	server_ask(srv, &srv->stop);
}

void scstu_server_reload(struct scstu_server *srv)
{
	server_ask(srv, &srv->reload);
}

/* The next step must come within the timeout; wakes an owner with a poll. */
static void server_set_deadline(struct scstu_server *srv)
{
	srv->deadline = ktime_get_ns() + srv->shutdown_timeout * NSEC_PER_SEC;
	if (!srv->nr_loops)
		loop_timer_set(srv->loops[0], &srv->tick, srv->deadline);
}

static void server_begin_shutdown(struct scstu_server *srv)
{
	log_info("shutting down");
	srv->state = SERVER_DRAINING;
	server_set_deadline(srv);
	srv->engine->drain(srv);
}

static void server_force_shutdown(struct scstu_server *srv)
{
	srv->state = SERVER_KILLING;
	server_set_deadline(srv);
	srv->engine->kill(srv);
}

/* For the message: one that has commands left. */
static const char *stuck_device(struct scstu_server *srv)
{
	struct scstu_dev *dev;

	list_for_each_entry(dev, &srv->devices, link)
		if (srv->engine->busy(dev))
			return dev->name;
	return "a device";
}

/* Does a device do what nobody waits for? */
static bool server_busy(struct scstu_server *srv)
{
	struct scstu_dev *dev;

	list_for_each_entry(dev, &srv->devices, link)
		if (srv->engine->working(dev))
			return true;
	return false;
}

static void server_reload(struct scstu_server *srv)
{
	if (srv->engine->reload)
		srv->engine->reload(srv);
	else
		log_info("nothing to reload");
}

static bool server_shall_end(struct scstu_server *srv)
{
	return __atomic_load_n(&srv->stop, __ATOMIC_ACQUIRE) ||
	       (srv->engine->serves && !srv->engine->serves(srv));
}

/* Look where things stand. 1: goes on; 0: over; or what went wrong. */
static int server_advance(struct scstu_server *srv)
{
	uint64_t count;

	if (read(srv->event, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	if (srv->state == SERVER_STARTED &&
	    __atomic_exchange_n(&srv->reload, false, __ATOMIC_ACQUIRE))
		server_reload(srv);
	if (srv->state == SERVER_STARTED && server_shall_end(srv))
		server_begin_shutdown(srv);
	if (srv->state != SERVER_DRAINING && srv->state != SERVER_KILLING)
		return 1;
	if (__atomic_load_n(&srv->drained, __ATOMIC_ACQUIRE) &&
	    !server_busy(srv)) {
		srv->state = SERVER_DRAINED;
		return 0;
	}
	if (ktime_get_ns() < srv->deadline)
		return 1;
	if (srv->state == SERVER_DRAINING && srv->engine->kill) {
		server_force_shutdown(srv);
		return 1;
	}
	srv->state = SERVER_STUCK;
	return server_error(srv, ETIMEDOUT,
			    "%s does not finish its commands",
			    stuck_device(srv));
}

/* ms until the deadline; -1: there is none */
static int server_timeout(const struct scstu_server *srv)
{
	uint64_t now = ktime_get_ns();

	if (srv->state != SERVER_DRAINING && srv->state != SERVER_KILLING)
		return -1;
	return now >= srv->deadline ? 0 :
	       (srv->deadline - now) / NSEC_PER_MSEC + 1;
}

static void server_stop_devices(struct scstu_server *srv)
{
	struct scstu_dev *dev;

	list_for_each_entry(dev, &srv->devices, link)
		dev_stop(dev);
}

static void nothing(void *arg)
{
}

/* What was posted to the loops has run: who drains is not told by all. */
static void server_sync_loops(struct scstu_server *srv)
{
	unsigned int i;

	for (i = 0; srv->nr_loops && i < srv->loops_running; i++)
		loop_call(srv->loops[i], nothing, NULL);
}

static void server_stop_loops(struct scstu_server *srv)
{
	unsigned int i;

	for (i = 0; i < srv->loops_running; i++)
		if (srv->nr_loops)
			loop_stop(srv->loops[i]);
		else
			loop_abandon(srv->loops[i]);
}

static void server_free_loops(struct scstu_server *srv)
{
	unsigned int i;

	for (i = 0; i < srv->loops_running; i++)
		loop_free(srv->loops[i]);
	free(srv->loops);
	srv->loops = NULL;
	srv->loops_running = 0;
}

static void server_close_devices(struct scstu_server *srv)
{
	struct scstu_dev *dev, *next;

	list_for_each_entry_safe(dev, next, &srv->devices, link) {
		list_del(&dev->link);
		dev_destroy(dev);
	}
}

/*
 * Nothing is in flight: everything goes. A handler's thread that completed the
 * last request may still be about to wake its loop: close() waits for it, and
 * then the loops' memory goes.
 */
static void server_teardown(struct scstu_server *srv)
{
	server_sync_loops(srv);
	if (srv->engine_started)
		srv->engine->stop(srv);
	srv->engine_started = false;
	if (srv->loops) {
		server_stop_devices(srv);
		server_stop_loops(srv);
	}
	server_close_devices(srv);
	server_free_loops(srv);
}

/* It has ended in good order: is there something to be told? */
static int server_end(struct scstu_server *srv)
{
	server_teardown(srv);
	return __atomic_load_n(&srv->failed, __ATOMIC_RELAXED) ?
	       server_error(srv, EIO, "the kernel has let a device go") : 0;
}

int scstu_server_run(struct scstu_server *srv)
{
	struct pollfd pfd = { .fd = srv->event, .events = POLLIN };
	int ret;

	if (srv->state != SERVER_STARTED || !srv->nr_loops)
		return server_error(srv, EINVAL, "not started, or loops=0");
	while ((ret = server_advance(srv)) > 0)
		if (poll(&pfd, 1, server_timeout(srv)) < 0 && errno != EINTR)
			return server_error(srv, errno, "poll: %s",
					    strerror(errno));
	return ret ?: server_end(srv);
}

/* ---- With the owner's loop -------------------------------------------------------------- */

/* Knocking ends the poll; scstu_server_dispatch() looks at the rest. */
static void server_event_ready(struct loop_fd *lfd, uint32_t events)
{
}

int scstu_server_fd(struct scstu_server *srv)
{
	int err;

	if (srv->state == SERVER_NEW || srv->nr_loops || !srv->loops)
		return -EINVAL;
	if (!srv->event_lfd.ready) {
		srv->event_lfd = (struct loop_fd){ srv->event, EPOLLIN,
						   server_event_ready };
		err = loop_fd_add(srv->loops[0], &srv->event_lfd);
		if (err)
			return err;
	}
	return loop_fd_of(srv->loops[0]);
}

int scstu_server_dispatch(struct scstu_server *srv)
{
	int ret;

	if (srv->nr_loops || !srv->loops)
		return server_error(srv, EINVAL, "not started with loops=0");
	loop_turn(srv->loops[0], false);
	ret = server_advance(srv);
	return ret ?: server_end(srv);
}

static bool is_serving(const struct scstu_server *srv)
{
	return srv->state == SERVER_STARTED || srv->state == SERVER_DRAINING ||
	       srv->state == SERVER_KILLING;
}

/* Shut down on the owner's thread, which turns the only loop. */
static int server_finish(struct scstu_server *srv)
{
	struct pollfd pfd = { .fd = scstu_server_fd(srv), .events = POLLIN };
	int ret;

	while ((ret = scstu_server_dispatch(srv)) > 0)
		if (poll(&pfd, 1, server_timeout(srv)) < 0 && errno != EINTR)
			return -errno;
	return ret;
}

void scstu_server_destroy(struct scstu_server *srv)
{
	if (!srv)
		return;
	if (is_serving(srv)) {
		scstu_server_stop(srv);
		if (srv->nr_loops)
			scstu_server_run(srv);
		else
			server_finish(srv);
	}
	if (srv->state == SERVER_STUCK)
		return;			/* the handler's threads still use it */
	server_teardown(srv);
	if (srv->embedded)
		embedded_free(srv->embedded);
	if (srv->event >= 0)
		close(srv->event);
	free(srv);
}
