// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: listening sockets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine.h"
#include "src/log.h"

#define BACKLOG 256

static uint16_t address_port(const struct sockaddr_storage *addr)
{
	if (addr->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)addr)->sin6_port);
	return ntohs(((const struct sockaddr_in *)addr)->sin_port);
}

static void address_set_port(struct sockaddr_storage *addr, uint16_t port)
{
	if (addr->ss_family == AF_INET6)
		((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)addr)->sin_port = htons(port);
}

static bool address_is_any(const struct sockaddr_storage *addr)
{
	if (addr->ss_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(
			&((const struct sockaddr_in6 *)addr)->sin6_addr);
	return ((const struct sockaddr_in *)addr)->sin_addr.s_addr ==
	       htonl(INADDR_ANY);
}

/* An IPv4 peer of an IPv6 socket is better known by its own address. */
static void address_unmap(struct sockaddr_storage *addr)
{
	struct sockaddr_in6 six;
	struct sockaddr_in *four = (struct sockaddr_in *)addr;

	memcpy(&six, addr, sizeof(six));
	if (addr->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
		return;
	memset(addr, 0, sizeof(*addr));
	four->sin_family = AF_INET;
	four->sin_port = six.sin6_port;
	memcpy(&four->sin_addr, &six.sin6_addr.s6_addr[12], 4);
}

void address_print(const struct sockaddr_storage *from, char *buf, size_t size)
{
	struct sockaddr_storage addr = *from;
	char host[INET6_ADDRSTRLEN];
	const void *ip;

	if (addr.ss_family != AF_INET && addr.ss_family != AF_INET6) {
		snprintf(buf, size, "unknown");
		return;
	}
	address_unmap(&addr);
	ip = addr.ss_family == AF_INET6 ?
	     (void *)&((struct sockaddr_in6 *)&addr)->sin6_addr :
	     (void *)&((struct sockaddr_in *)&addr)->sin_addr;
	inet_ntop(addr.ss_family, ip, host, sizeof(host));
	snprintf(buf, size, addr.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		 host, address_port(&addr));
}

/* ---- Listening --------------------------------------------------------------------- */

int address_split(char *text, char **host, char **port)
{
	char *colon;

	*port = NULL;
	if (*text == '[') {
		*host = text + 1;
		colon = strchr(text, ']');
		if (!colon || (colon[1] && colon[1] != ':'))
			return -EINVAL;
		*port = colon[1] ? colon + 2 : NULL;
		*colon = '\0';
	} else {
		*host = text;
		colon = strchr(text, ':');
		/* Two colons: an IPv6 address without a port. */
		if (colon && !strchr(colon + 1, ':')) {
			*colon = '\0';
			*port = colon + 1;
		}
	}
	if (!**host || (*port && !**port))
		return -EINVAL;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

int spare_fd(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int portal_listen(struct portal *portal, const struct addrinfo *ai)
{
	int fd, on = 1;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -errno;
	portal->lfd.fd = fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* 0.0.0.0 and [::] are to be listened on side by side. */
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	portal->addr_len = sizeof(portal->addr);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) ||
	    listen(fd, BACKLOG) ||
	    getsockname(fd, (struct sockaddr *)&portal->addr,
			&portal->addr_len))
		return -errno;
	return 0;
}

static void portal_free(struct portal *portal)
{
	close_fd(portal->lfd.fd);
	close_fd(portal->spare);
	free(portal);
}

static int portal_explain(const char *address, int err, char *why, size_t size)
{
	if (err == -EADDRINUSE)
		snprintf(why, size, "%s is in use: stop what listens there, "
			 "or choose another port (port 0: any free one)",
			 address);
	else if (err == -EACCES)
		snprintf(why, size, "%s: ports below 1024 are for root",
			 address);
	else if (err == -EADDRNOTAVAIL)
		snprintf(why, size, "%s is no address of this machine",
			 address);
	else
		snprintf(why, size, "%s: %s", address, strerror(-err));
	return err;
}

static int portal_open(struct engine *engine, const char *address,
		       const struct addrinfo *ai, char *why, size_t size)
{
	struct portal *portal = calloc(1, sizeof(*portal));
	int err;

	if (!portal)
		return -ENOMEM;
	portal->engine = engine;
	portal->lfd = (struct loop_fd){ -1, EPOLLIN, NULL };
	portal->spare = spare_fd();
	err = portal_listen(portal, ai);
	if (err) {
		portal_free(portal);
		return portal_explain(address, err, why, size);
	}
	list_add_tail(&portal->link, &engine->portals);
	return 0;
}

int portal_add(struct engine *engine, const char *address, char *why,
	       size_t size)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	char *text = strdup(address), *host, *port;
	struct addrinfo *list = NULL;
	int err;

	if (!text)
		return -ENOMEM;
	err = address_split(text, &host, &port);
	if (err) {
		snprintf(why, size, "'%s': want ADDRESS, ADDRESS:PORT or "
			 "[IPV6-ADDRESS]:PORT", address);
		goto out_free;
	}
	err = getaddrinfo(host, port ?: "3260", &hints, &list);
	if (err) {
		snprintf(why, size, "%s: %s", address, gai_strerror(err));
		err = -EINVAL;
		goto out_free;
	}
	err = portal_open(engine, address, list, why, size);
	freeaddrinfo(list);
out_free:
	free(text);
	return err;
}

void portal_reachable(const struct portal *portal, char *buf, size_t size)
{
	struct sockaddr_storage addr = portal->addr;

	if (address_is_any(&addr) && addr.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&addr)->sin6_addr = in6addr_loopback;
	else if (address_is_any(&addr))
		((struct sockaddr_in *)&addr)->sin_addr.s_addr =
			htonl(INADDR_LOOPBACK);
	address_print(&addr, buf, size);
}

/* ---- Accepting ---------------------------------------------------------------------- */

static struct engine_loop *least_loaded(struct engine *engine)
{
	struct engine_loop *best = &engine->loops[0];
	unsigned int i, n, least = UINT_MAX;

	for (i = 0; i < engine->nr_loops; i++) {
		n = __atomic_load_n(&engine->loops[i].nr_conns,
				    __ATOMIC_RELAXED);
		if (n < least) {
			least = n;
			best = &engine->loops[i];
		}
	}
	return best;
}

static bool too_many(struct engine *engine)
{
	return __atomic_load_n(&engine->nr_conns, __ATOMIC_RELAXED) >=
	       engine->cfg.max_sessions + engine->cfg.max_logins;
}

static int accept_now(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int accept_or_refuse(int listener, int *spare)
{
	int fd = accept_now(listener);

	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	close_fd(*spare);
	close_fd(accept_now(listener));
	*spare = spare_fd();
	errno = EMFILE;
	return -1;
}

static void portal_ready(struct loop_fd *lfd, uint32_t events)
{
	struct portal *portal = container_of(lfd, struct portal, lfd);
	int fd = accept_or_refuse(lfd->fd, &portal->spare);

	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pr_err_ratelimited("accepting a connection: %s\n",
					   strerror(errno));
		return;
	}
	if (too_many(portal->engine)) {
		pr_warn_ratelimited("a connection is refused: there are too many\n");
		close(fd);
		return;
	}
	conn_accept(least_loaded(portal->engine), fd);
}

static void portals_add_to_loop(void *arg)
{
	struct engine *engine = arg;
	struct portal *portal;

	list_for_each_entry(portal, &engine->portals, link) {
		portal->lfd.ready = portal_ready;
		if (loop_fd_add(engine->loops[0].loop, &portal->lfd))
			log_error("listening: %m");
	}
}

int portals_start(struct engine *engine)
{
	loop_call(engine->loops[0].loop, portals_add_to_loop, engine);
	return 0;
}

static void portals_del_from_loop(void *arg)
{
	struct engine *engine = arg;
	struct portal *portal;

	list_for_each_entry(portal, &engine->portals, link)
		if (portal->lfd.ready)
			loop_fd_del(engine->loops[0].loop, &portal->lfd);
}

void portals_stop(struct engine *engine)
{
	loop_call(engine->loops[0].loop, portals_del_from_loop, engine);
}

void portals_close(struct engine *engine)
{
	struct portal *portal, *next;

	list_for_each_entry_safe(portal, next, &engine->portals, link) {
		list_del(&portal->link);
		portal_free(portal);
	}
}

/* ---- SendTargets ---------------------------------------------------------------------- */

static void add_address(struct iscsi_text_buf *text,
			const struct sockaddr_storage *addr)
{
	char buf[80];

	address_print(addr, buf, sizeof(buf));
	iscsi_text_add(text, "TargetAddress", "%s,1", buf);
}

/*
 * Every portal; one that listens on any address is named by the address that
 * the asking connection came to.
 */
void portals_send_targets(struct conn *conn, struct iscsi_text_buf *text)
{
	struct engine *engine = conn_engine(conn);
	struct sockaddr_storage local;
	struct portal *portal;

	conn_local_address(conn, &local);
	iscsi_text_add(text, "TargetName", "%s", engine->cfg.target);
	list_for_each_entry(portal, &engine->portals, link) {
		if (!address_is_any(&portal->addr)) {
			add_address(text, &portal->addr);
		} else if (portal->addr.ss_family == local.ss_family) {
			struct sockaddr_storage addr = local;

			address_set_port(&addr, address_port(&portal->addr));
			add_address(text, &addr);
		}
	}
}
