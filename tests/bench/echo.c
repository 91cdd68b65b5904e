// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-echo: what TCP alone does: a server that answers requests of one
 * size with replies of another, as iSCSI reads and writes would, but does
 * nothing else; and the client that keeps a number of them outstanding. Both
 * batch: all that came in one receive is answered, or asked, in one send.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define MAX_SESSIONS 1024
#define MAX_DEPTH    512
#define BUFFER	     (256u << 10)
#define SEND_MAX     (8u << 20)

static unsigned int request_size = 48, reply_size = 4144;
static unsigned int depth = 32, sessions = 1;
static double seconds = 3, warmup = 0.5;
static int cpu_server = -1, cpu_client = -1;
static char *zeroes;
static struct measure measure;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

/* One side of a connection: bytes that came, bytes that are owed. */
struct side {
	int fd;
	size_t in;		/* of the message at hand */
	size_t out;		/* still to be sent */
	bool reading, writing;	/* io_uring: under way */
	char *buf;
	uint64_t *start;	/* client: of each that is outstanding, */
	unsigned int oldest;	/* a ring */
};

/* @n bytes of messages of @size came: owe one of @answer for each. */
static unsigned int side_take(struct side *s, size_t n, size_t size,
			      size_t answer)
{
	unsigned int whole = (s->in + n) / size;

	s->in = (s->in + n) % size;
	s->out += whole * answer;
	return whole;
}

static size_t side_chunk(const struct side *s)
{
	return s->out < SEND_MAX ? s->out : SEND_MAX;
}

/* ---- epoll ------------------------------------------------------------------ */

/* False: the socket is full. */
static bool side_send(struct side *s)
{
	ssize_t n;

	while (s->out) {
		n = send(s->fd, zeroes, side_chunk(s),
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? false : true;
		s->out -= n;
	}
	return true;
}

static void serve_epoll(struct side *side, unsigned int n)
{
	struct epoll_event ev[64];
	int ep = epoll_create1(0), i, ready;
	unsigned int open = n;

	for (i = 0; i < (int)n; i++) {
		ev[0].events = EPOLLIN;
		ev[0].data.ptr = &side[i];
		if (epoll_ctl(ep, EPOLL_CTL_ADD, side[i].fd, &ev[0]))
			die("epoll_ctl");
	}
	while (open) {
		ready = epoll_wait(ep, ev, 64, -1);
		for (i = 0; i < ready; i++) {
			struct side *s = ev[i].data.ptr;
			ssize_t got = 0;

			if (ev[i].events & EPOLLIN) {
				got = recv(s->fd, s->buf, BUFFER, 0);
				if (got <= 0) {
					close(s->fd);
					open--;
					continue;
				}
				side_take(s, got, request_size, reply_size);
			}
			ev[i].data.ptr = s;
			ev[i].events = side_send(s) ? EPOLLIN :
						      EPOLLIN | EPOLLOUT;
			if (s->writing != !!s->out) {
				s->writing = s->out;
				epoll_ctl(ep, EPOLL_CTL_MOD, s->fd, &ev[i]);
			}
		}
	}
}

/* ---- io_uring ------------------------------------------------------------------ */

static void uring_queue(struct io_uring *ring, struct side *s)
{
	struct io_uring_sqe *sqe;

	if (s->out && !s->writing) {
		sqe = io_uring_get_sqe(ring);
		io_uring_prep_send(sqe, s->fd, zeroes, side_chunk(s),
				   MSG_NOSIGNAL);
		io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)s | 1);
		s->writing = true;
	}
	if (!s->reading) {
		sqe = io_uring_get_sqe(ring);
		io_uring_prep_recv(sqe, s->fd, s->buf, BUFFER, 0);
		io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)s);
		s->reading = true;
	}
}

static void serve_uring(struct side *side, unsigned int n)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN,
	};
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	unsigned int open = n, i, head, seen;

	if (io_uring_queue_init_params(1024, &ring, &params)) {
		memset(&params, 0, sizeof(params));
		if (io_uring_queue_init_params(1024, &ring, &params))
			die("io_uring");
	}
	for (i = 0; i < n; i++)
		uring_queue(&ring, &side[i]);
	while (open) {
		io_uring_submit_and_wait(&ring, 1);
		seen = 0;
		io_uring_for_each_cqe(&ring, head, cqe) {
			uint64_t data = io_uring_cqe_get_data64(cqe);
			struct side *s = (void *)(uintptr_t)(data & ~1ull);

			seen++;
			if (cqe->res <= 0) {
				if (!(data & 1)) {
					open--;
					close(s->fd);
				}
				continue;
			}
			if (data & 1) {
				s->writing = false;
				s->out -= cqe->res;
			} else {
				s->reading = false;
				side_take(s, cqe->res, request_size,
					  reply_size);
			}
			uring_queue(&ring, s);
		}
		io_uring_cq_advance(&ring, seen);
	}
}

/* ---- The client ------------------------------------------------------------------ */

/* Answers come in the order of requests, each makes room for another. */
static void client_done(struct side *s, unsigned int n, uint64_t now)
{
	while (n--) {
		if (measure.on)
			measure_command(&measure, now - s->start[s->oldest],
					request_size + reply_size);
		s->start[s->oldest] = now;
		s->oldest = (s->oldest + 1) % depth;
	}
}

static void client_event(int ep, struct side *s, unsigned int events)
{
	struct epoll_event ev = { .data.ptr = s };
	ssize_t got;

	if (events & EPOLLIN) {
		got = recv(s->fd, s->buf, BUFFER, 0);
		if (got <= 0)
			die("recv");
		client_done(s, side_take(s, got, reply_size, request_size),
			    measure_now());
	}
	side_send(s);
	if (s->writing != !!s->out) {
		s->writing = s->out;
		ev.events = EPOLLIN | (s->out ? EPOLLOUT : 0);
		epoll_ctl(ep, EPOLL_CTL_MOD, s->fd, &ev);
	}
}

static void client_run(int ep, double length)
{
	uint64_t end = measure_now() + length * 1e9;
	struct epoll_event ev[64];
	int i, ready;

	while (measure_now() < end) {
		ready = measure_poll(&measure, ep, ev, 64);
		for (i = 0; i < ready; i++)
			client_event(ep, ev[i].data.ptr, ev[i].events);
	}
}

static void client_begin(int ep, struct side *s)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
	unsigned int i;

	s->start = calloc(depth, sizeof(*s->start));
	if (!s->start || epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &ev))
		die("epoll_ctl");
	for (i = 0; i < depth; i++)
		s->start[i] = measure_now();
	s->out = (size_t)depth * request_size;
	client_event(ep, s, 0);
}

/* ---- Both ------------------------------------------------------------------------ */

static void side_init(struct side *s, int fd)
{
	int on = 1;

	memset(s, 0, sizeof(*s));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	s->fd = fd;
	s->buf = malloc(BUFFER);
	if (!s->buf)
		die("malloc");
}

static void server(int listener, bool uring)
{
	static struct side side[MAX_SESSIONS];
	unsigned int i;

	pin(cpu_server);
	for (i = 0; i < sessions; i++)
		side_init(&side[i], accept4(listener, NULL, NULL,
					    uring ? 0 : SOCK_NONBLOCK));
	if (uring)
		serve_uring(side, sessions);
	else
		serve_epoll(side, sessions);
	exit(0);
}

static void client(const struct sockaddr_in *addr, pid_t pid)
{
	static struct side side[MAX_SESSIONS];
	int fd, ep = epoll_create1(0);
	unsigned int i;

	pin(cpu_client);
	for (i = 0; i < sessions; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
			die("connect");
		side_init(&side[i], fd);
	}
	for (i = 0; i < sessions; i++)
		client_begin(ep, &side[i]);
	measure.pid[measure.pids++] = pid;
	client_run(ep, warmup);
	measure_start(&measure);
	client_run(ep, seconds);
	/* However busy the machine is, there is something to be said. */
	while (measure.commands < depth * sessions)
		client_run(ep, 0.001);
	measure_stop(&measure);
	for (i = 0; i < sessions; i++)
		close(side[i].fd);
	waitpid(pid, NULL, 0);
	printf("{");
	measure_print(&measure);
	printf("}\n");
}

static void usage(void)
{
	printf(
"usage: scst-echo [OPTION...]\n"
"\n"
"  --server epoll|io_uring  how the server waits (epoll)\n"
"  --request BYTES          size of a request (48)\n"
"  --reply BYTES            size of a reply (4144)\n"
"  --depth N                requests of each session at a time (32)\n"
"  --sessions N             connections (1)\n"
"  --seconds N              of measuring (3)\n"
"  --warmup N               seconds before (0.5)\n"
"  --cpus SERVER,CLIENT     where to run\n"
"  --help                   print this\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "server", required_argument, NULL, 's' },
		{ "request", required_argument, NULL, 'q' },
		{ "reply", required_argument, NULL, 'r' },
		{ "depth", required_argument, NULL, 'd' },
		{ "sessions", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 't' },
		{ "warmup", required_argument, NULL, 'w' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	const char *name = "epoll";
	int c, listener;
	pid_t pid;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			name = optarg;
			break;
		case 'q':
			request_size = atoi(optarg);
			break;
		case 'r':
			reply_size = atoi(optarg);
			break;
		case 'd':
			depth = atoi(optarg);
			break;
		case 'n':
			sessions = atoi(optarg);
			break;
		case 't':
			seconds = strtod(optarg, NULL);
			break;
		case 'w':
			warmup = strtod(optarg, NULL);
			break;
		case 'h':
			usage();
			return 0;
		case 'c':
			if (sscanf(optarg, "%d,%d", &cpu_server,
				   &cpu_client) == 2)
				break;
			/* fall through */
		default:
			fprintf(stderr, "scst-echo: wrong option, see --help\n");
			return 2;
		}
	}
	if (!request_size || !reply_size || !depth || depth > MAX_DEPTH ||
	    !sessions || sessions > MAX_SESSIONS || !(seconds > 0)) {
		fprintf(stderr, "scst-echo: out of range, see --help\n");
		return 2;
	}
	zeroes = calloc(1, SEND_MAX);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (!zeroes || bind(listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, MAX_SESSIONS) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len))
		die("listen");
	pid = fork();
	if (!pid)
		server(listener, !strcmp(name, "io_uring"));
	client(&addr, pid);
	return 0;
}
