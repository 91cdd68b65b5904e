// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: servers: options, devices, loops and engine brought together.
 *
 * Who calls the functions of server.h is the owner; the loops run on threads
 * of their own, or, with the option loops=0, in scstu_server_dispatch(). What
 * the loops tell the owner, and a signal handler too, goes through one event
 * descriptor.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/engine.h"
#include "buf.h"
#include "lib.h"
#include "log.h"
#include "qio.h"
#include "scst.h"
#include "server.h"
#include "shim/core_os.h"

#define LOOPS_DEFAULT_MAX 4
#define LOOPS_MAX 64

/* ---- Errors --------------------------------------------------------------------- */

static int server_error(struct scstu_server *srv, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int server_error(struct scstu_server *srv, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(srv->error, sizeof(srv->error), fmt, ap);
	va_end(ap);
	return -abs(err);
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

/* ---- Options ------------------------------------------------------------------------ */

static int strings_add(struct strings *list, const char *value)
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

static void strings_free(struct strings *list)
{
	while (list->count)
		free(list->item[--list->count]);
	free(list->item);
}

static int set_string(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to ? 0 : -ENOMEM;
}

static int set_engine(struct scstu_server *srv, const char *value)
{
	return strcmp(value, "embedded") ? -EINVAL : 0;
}

static int set_listen(struct scstu_server *srv, const char *value)
{
	return strings_add(&srv->listen, value);
}

/* RFC 7143 4.2.7: the three name types. */
static int set_target(struct scstu_server *srv, const char *value)
{
	if (!iscsi_name_valid(value) ||
	    (strncmp(value, "iqn.", 4) && strncmp(value, "eui.", 4) &&
	     strncmp(value, "naa.", 4)))
		return -EINVAL;
	return set_string(&srv->cfg.target, value);
}

static int set_alias(struct scstu_server *srv, const char *value)
{
	return set_string(&srv->cfg.alias, value);
}

static int set_access(struct scstu_server *srv, const char *value)
{
	return strings_add(&srv->access, value);
}

static int set_auth_file(struct scstu_server *srv, const char *value)
{
	struct auth *auth = auth_load(value, srv->error, sizeof(srv->error));

	if (!auth)
		return -EINVAL;
	auth_put(srv->auth);
	srv->auth = auth;
	return set_string(&srv->auth_file, value);
}

/* Logins from now on use what the file says now; a bad one changes nothing. */
static void server_reload(struct scstu_server *srv)
{
	struct auth *auth;

	if (!srv->auth_file) {
		log_info("nothing to reload: there is no auth-file");
		return;
	}
	auth = auth_load(srv->auth_file, srv->error, sizeof(srv->error));
	if (!auth) {
		log_error("not reloaded: %s", srv->error);
		return;
	}
	engine_set_auth(srv->engine, auth);
	log_info("reloaded %s", srv->auth_file);
}

static int set_chap(struct scstu_server *srv, const char *value)
{
	return chap_algs_parse(&srv->cfg.algs, value);
}

static int set_iscsi(struct scstu_server *srv, const char *value)
{
	char *key = strdup(value), *eq;
	int err = -EINVAL;

	if (!key)
		return -ENOMEM;
	eq = strchr(key, '=');
	if (eq) {
		*eq = '\0';
		err = iscsi_params_set(&srv->cfg.params, key, eq + 1);
		if (err == -ENOENT)
			err = server_error(srv, EINVAL,
					   "iscsi: there is no key '%s' to set",
					   key);
	}
	free(key);
	return err;
}

static int set_state_dir(struct scstu_server *srv, const char *value)
{
	struct state_dir *dir = state_dir_open(value, srv->error,
					       sizeof(srv->error));

	if (!dir)
		return -EINVAL;
	state_dir_close(srv->state_dir);
	srv->state_dir = dir;
	return 0;
}

static int set_file_io(struct scstu_server *srv, const char *value)
{
	return qio_set_kind(value);
}

static int set_log_level(struct scstu_server *srv, const char *value)
{
	return log_set_level(value);
}

static int set_log_format(struct scstu_server *srv, const char *value)
{
	return log_set_format(value);
}

static int set_memory(struct scstu_server *srv, const char *value)
{
	uint64_t bytes;
	int err = parse_size(value, &bytes);

	if (!err && bytes < (16u << 20))
		return server_error(srv, EINVAL,
				    "memory=%s: want at least 16M", value);
	if (!err)
		buf_set_limit(bytes);
	return err;
}

/* A number of struct scstu_server or its configuration. */
#define NUMBER(opt, field, least, most, text)				\
	{ opt, NULL, offsetof(struct scstu_server, field), least, most, text }
#define CALL(opt, fn, text) { opt, fn, 0, 0, 0, text }

static const struct server_option server_options[] = {
	CALL("engine", set_engine,
	     "ENGINE\tembedded: core and iSCSI front end in this process"),
	CALL("listen", set_listen,
	     "ADDRESS[:PORT]\twhere initiators connect; may be repeated (127.0.0.1:3260; port 0: any free one)"),
	CALL("target", set_target,
	     "NAME\tthe target's iSCSI name (iqn.2026-11.org.scst:HOST.HANDLER)"),
	CALL("alias", set_alias, "TEXT\tthe target's alias"),
	CALL("access", set_access,
	     "initiator=GLOB,lun=N=NAME[:ro],...\ta LUN map for the initiators that match; may be repeated, the first that matches holds (everyone sees every device)"),
	CALL("auth-file", set_auth_file,
	     "FILE\tCHAP secrets; who is not in it may not log in"),
	CALL("chap", set_chap,
	     "LIST\tCHAP algorithms, the preferred first (SHA3-256,SHA-256,SHA1,MD5)"),
	CALL("iscsi", set_iscsi,
	     "KEY=VALUE\twhat to offer for an operational key, as HeaderDigest=CRC32C,None; may be repeated"),
	NUMBER("nop-interval", cfg.nop_interval, 0, 86400,
	       "SECONDS\tof silence before an initiator is pinged (30; 0: never)"),
	NUMBER("nop-timeout", cfg.nop_timeout, 1, 86400,
	       "SECONDS\tan initiator may take to answer (30)"),
	NUMBER("login-timeout", cfg.login_timeout, 1, 3600,
	       "SECONDS\ta login may take (15)"),
	NUMBER("max-sessions", cfg.max_sessions, 1, 65535,
	       "N\tsessions at a time (4096)"),
	NUMBER("max-logins", cfg.max_logins, 1, 65535,
	       "N\tconnections that have not logged in yet (128)"),
	NUMBER("session-depth", cfg.depth, 1, 4096,
	       "N\tcommands of one session at a time (128)"),
	NUMBER("loops", nr_loops, 0, LOOPS_MAX,
	       "N\tevent loops (one for each CPU, at most 4)"),
	CALL("memory", set_memory,
	     "SIZE\tfor data buffers of all sessions together (1G)"),
	CALL("state-dir", set_state_dir,
	     "DIR\twhere persistent reservations survive a loss of power (none: they do not)"),
	CALL("file-io", set_file_io,
	     "KIND\tio_uring, aio, or auto: io_uring where it is allowed"),
	NUMBER("shutdown-timeout", shutdown_timeout, 1, 3600,
	       "SECONDS\tto finish what runs at the end (30)"),
	CALL("log-level", set_log_level,
	     "LEVEL\terror, warn, info or debug (info)"),
	CALL("log-format", set_log_format, "FORMAT\ttext or json (text)"),
};

const struct server_option *server_option_at(size_t i)
{
	return i < ARRAY_SIZE(server_options) ? &server_options[i] : NULL;
}

static int option_number(struct scstu_server *srv,
			 const struct server_option *opt, const char *value)
{
	uint64_t number;

	if (parse_number(value, opt->most, &number) || number < opt->least)
		return server_error(srv, EINVAL,
				    "%s=%s: want a number from %llu to %llu",
				    opt->name, value,
				    (unsigned long long)opt->least,
				    (unsigned long long)opt->most);
	*(uint64_t *)((char *)srv + opt->offset) = number;
	return 0;
}

int scstu_server_set(struct scstu_server *srv, const char *name,
		     const char *value)
{
	const struct server_option *opt;
	size_t i;
	int err;

	*srv->error = '\0';
	if (srv->state != SERVER_NEW)
		return server_error(srv, EBUSY, "the server has started");
	for (i = 0; (opt = server_option_at(i)); i++)
		if (!strcmp(opt->name, name))
			break;
	if (!opt)
		return server_error(srv, EINVAL, "no option '%s'; see --help",
				    name);
	if (!value || !*value)
		return server_error(srv, EINVAL, "%s: needs a value", name);
	err = opt->set ? opt->set(srv, value) : option_number(srv, opt, value);
	if (err && !*srv->error)
		return server_error(srv, err, "%s: '%s' is not valid: want %.*s",
				    name, value, (int)strcspn(opt->help, "\t"),
				    opt->help);
	return err;
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

	engine_config_init(&srv->cfg);
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
	err = srv->event < 0 ? -errno : handler_copy(srv, handler);
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

	*srv->error = '\0';
	if (srv->state != SERVER_NEW)
		return server_error(srv, EBUSY, "the server has started");
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

static int default_target(struct scstu_server *srv)
{
	char host[64] = "localhost", *name, *c;

	if (srv->cfg.target)
		return 0;
	gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	if (asprintf(&name, "iqn.2026-11.org.scst:%s.%s", host,
		     srv->handler.name) < 0)
		return -ENOMEM;
	for (c = name; *c; c++)
		*c = isalnum(*c) || strchr(".:-", *c) ? tolower(*c) : '-';
	srv->cfg.target = name;
	return 0;
}

static int server_start_state(struct scstu_server *srv)
{
	return srv->state_dir ? state_dir_start(srv->state_dir, srv->loops[0]) :
				0;
}

static int device_open_state(struct scstu_server *srv, struct scstu_dev *dev)
{
	if (!srv->state_dir)
		return 0;
	dev->state = state_dev_open(srv->state_dir, dev->name, dev->error,
				    sizeof(dev->error));
	return dev->state ? 0 : -EINVAL;
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
		if (!err)
			err = device_open_state(srv, dev);
		if (!err)
			err = engine_attach(srv->engine, dev);
		if (err)
			return server_error(srv, err, "device %s: %s",
					    dev->name, *dev->error ? dev->error :
					    strerror(-err));
	}
	return 0;
}

static int server_start_access(struct scstu_server *srv)
{
	struct scstu_dev *dev;
	char why[256];
	size_t i;
	int err;

	if (!srv->access.count)
		return access_default(srv->engine, &srv->devices);
	for (i = 0; i < srv->access.count; i++) {
		err = access_apply(srv->engine, srv->access.item[i], why,
				   sizeof(why));
		if (err)
			return server_error(srv, err, "--access %.100s: %s",
					    srv->access.item[i], why);
	}
	list_for_each_entry(dev, &srv->devices, link)
		if (!scst_device_mapped(dev->core))
			log_warn("%s: no --access shows this device to anybody",
				 dev->name);
	return 0;
}

static int server_start_portals(struct scstu_server *srv)
{
	char why[256];
	size_t i;
	int err;

	if (!srv->listen.count) {
		err = strings_add(&srv->listen, "127.0.0.1:3260");
		if (err)
			return err;
	}
	for (i = 0; i < srv->listen.count; i++) {
		err = portal_add(srv->engine, srv->listen.item[i], why,
				 sizeof(why));
		if (err)
			return server_error(srv, err, "--listen %s", why);
	}
	return portals_start(srv->engine);
}

static int server_start_engine(struct scstu_server *srv)
{
	struct engine *engine;

	engine = engine_create(&srv->cfg, srv->auth ? auth_get(srv->auth) : NULL,
			       srv->loops, srv->loops_running);
	memset(&srv->cfg, 0, sizeof(srv->cfg));
	if (IS_ERR(engine))
		return server_error(srv, PTR_ERR(engine), "%s",
				    strerror(-PTR_ERR(engine)));
	srv->engine = engine;
	return 0;
}

int scstu_server_start(struct scstu_server *srv)
{
	int err;

	*srv->error = '\0';
	if (srv->state != SERVER_NEW)
		return server_error(srv, EBUSY, "the server has started");
	srv->state = SERVER_STARTED;
	err = default_target(srv);
	if (!err)
		err = server_start_loops(srv);
	if (!err)
		err = server_start_engine(srv);
	if (!err)
		err = server_start_state(srv);
	if (!err)
		err = server_start_devices(srv);
	if (!err)
		err = server_start_access(srv);
	if (!err)
		err = server_start_portals(srv);
	if (!err)
		return 0;
	if (!*srv->error)
		server_error(srv, err, "%s", strerror(-err));
	srv->state = SERVER_FAILED;
	return err;
}

const char *scstu_server_url(struct scstu_server *srv, unsigned int index)
{
	char address[80];
	struct portal *portal;
	unsigned long lun;

	if (srv->state != SERVER_STARTED)
		return NULL;
	for_each_set_bit(lun, srv->engine->luns, ENGINE_LUNS)
		if (!index--)
			break;
	if (lun >= ENGINE_LUNS)
		return NULL;
	portal = list_first_entry(&srv->engine->portals, struct portal, link);
	portal_reachable(portal, address, sizeof(address));
	snprintf(srv->url, sizeof(srv->url), "iscsi://%s/%s/%lu", address,
		 srv->engine->cfg.target, lun);
	return srv->url;
}

/* ---- Shutdown ------------------------------------------------------------------------ */

void server_knock(void *arg)
{
	struct scstu_server *srv = arg;
	uint64_t one = 1;

	if (write(srv->event, &one, sizeof(one)) < 0)
		return;		/* full: somebody has knocked already */
}

static void server_drained(void *arg)
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
	struct scstu_dev *dev;

	log_info("shutting down");
	srv->state = SERVER_DRAINING;
	server_set_deadline(srv);
	portals_stop(srv->engine);
	list_for_each_entry(dev, &srv->devices, link)
		disk_stop(dev);
	engine_drain(srv->engine, server_drained, srv);
}

/* Sessions that would not end in time lose their connections. */
static void server_force_shutdown(struct scstu_server *srv)
{
	log_warn("initiators are still at it: closing their connections");
	srv->state = SERVER_KILLING;
	server_set_deadline(srv);
	engine_kill(srv->engine);
}

/* For the message: one that has commands left. */
static const char *stuck_device(struct scstu_server *srv)
{
	struct scstu_dev *dev;

	list_for_each_entry(dev, &srv->devices, link)
		if (disk_busy(dev) ||
		    (dev->core && scst_device_busy(dev->core)))
			return dev->name;
	return "a device";
}

/* Does a device do what nobody waits for? */
static bool server_busy(struct scstu_server *srv)
{
	struct scstu_dev *dev;

	list_for_each_entry(dev, &srv->devices, link)
		if (disk_busy(dev))
			return true;
	return false;
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
	if (srv->state == SERVER_STARTED &&
	    __atomic_load_n(&srv->stop, __ATOMIC_ACQUIRE))
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
	if (srv->state == SERVER_DRAINING) {
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

	list_for_each_entry(dev, &srv->devices, link) {
		engine_detach(srv->engine, dev);
		state_dev_close(dev->state);
		dev->state = NULL;
		dev_stop(dev);
	}
}

static void server_stop_loops(struct scstu_server *srv)
{
	unsigned int i;

	for (i = 0; i < srv->loops_running; i++) {
		if (srv->nr_loops)
			loop_stop(srv->loops[i]);
		else
			loop_abandon(srv->loops[i]);
		loop_free(srv->loops[i]);
	}
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

/* Nothing is in flight: everything goes, the devices last. */
static void server_teardown(struct scstu_server *srv)
{
	if (srv->engine) {
		server_stop_devices(srv);
		engine_destroy(srv->engine);
		srv->engine = NULL;
	}
	state_dir_stop(srv->state_dir);
	if (srv->loops)
		server_stop_loops(srv);
	server_close_devices(srv);
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
	if (!ret)
		server_teardown(srv);
	return ret;
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
	if (!ret)
		server_teardown(srv);
	return ret;
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
	state_dir_close(srv->state_dir);
	auth_put(srv->auth);
	engine_config_free(&srv->cfg);
	free(srv->auth_file);
	strings_free(&srv->listen);
	strings_free(&srv->access);
	if (srv->event >= 0)
		close(srv->event);
	free(srv);
}
