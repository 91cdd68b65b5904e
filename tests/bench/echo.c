// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: what TCP alone does: a server that answers requests of one size with
 * replies of another, as iSCSI reads and writes would, but does nothing else;
 * and the client that keeps a number of them outstanding.
 *
 *	echo [--server epoll|io_uring] [--request BYTES] [--reply BYTES]
 *	     [--depth N] [--sessions N] [--seconds N] [--cpus SERVER,CLIENT]
 *
 * Prints requests per second, and microseconds of CPU that the server took
 * for each. Both sides batch: all that came in one receive is answered, or
 * asked, in one send.
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SESSIONS 256
#define BUFFER	     (256u << 10)
#define SEND_MAX     (8u << 20)

static unsigned int request_size = 48, reply_size = 4144;
static unsigned int depth = 32, sessions = 1, seconds = 3;
static int cpu_server = -1, cpu_client = -1;
static char *zeroes;

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

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* One side of a connection: bytes that came, bytes that are owed. */
struct side {
	int fd;
	size_t in;		/* of the message at hand */
	size_t out;		/* still to be sent */
	bool reading, writing;	/* io_uring: under way */
	char *buf;
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

static unsigned long run_client(struct side *side, unsigned int n)
{
	struct epoll_event ev[64];
	int ep = epoll_create1(0), i, ready;
	double end = now() + seconds;
	unsigned long total = 0;

	for (i = 0; i < (int)n; i++) {
		ev[0].events = EPOLLIN;
		ev[0].data.ptr = &side[i];
		epoll_ctl(ep, EPOLL_CTL_ADD, side[i].fd, &ev[0]);
		side[i].out = (size_t)depth * request_size;
		side_send(&side[i]);
	}
	while (now() < end) {
		ready = epoll_wait(ep, ev, 64, 1000);
		for (i = 0; i < ready; i++) {
			struct side *s = ev[i].data.ptr;
			ssize_t got = 0;

			if (ev[i].events & EPOLLIN) {
				got = recv(s->fd, s->buf, BUFFER, 0);
				if (got <= 0)
					die("recv");
				total += side_take(s, got, reply_size,
						   request_size);
			}
			side_send(s);
			if (s->writing != !!s->out) {
				s->writing = s->out;
				ev[i].data.ptr = s;
				ev[i].events = EPOLLIN |
					       (s->out ? EPOLLOUT : 0);
				epoll_ctl(ep, EPOLL_CTL_MOD, s->fd, &ev[i]);
			}
		}
	}
	return total;
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

static void client(const struct sockaddr_in *addr, pid_t pid, const char *name)
{
	static struct side side[MAX_SESSIONS];
	struct rusage usage;
	unsigned long total;
	unsigned int i;
	double cpu;
	int fd;

	pin(cpu_client);
	for (i = 0; i < sessions; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
			die("connect");
		side_init(&side[i], fd);
	}
	total = run_client(side, sessions);
	for (i = 0; i < sessions; i++)
		close(side[i].fd);
	wait4(pid, NULL, 0, &usage);
	cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	      (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("%s request=%u reply=%u depth=%u sessions=%u: %.0f/s %.2f us\n",
	       name, request_size, reply_size, depth, sessions,
	       (double)total / seconds, cpu * 1e6 / total);
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
		{ "cpus", required_argument, NULL, 'c' },
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
			seconds = atoi(optarg);
			break;
		case 'c':
			if (sscanf(optarg, "%d,%d", &cpu_server,
				   &cpu_client) == 2)
				break;
			/* fall through */
		default:
			fprintf(stderr, "see the comment in echo.c\n");
			return 2;
		}
	}
	if (!request_size || !reply_size || !depth || !sessions ||
	    sessions > MAX_SESSIONS || !seconds)
		return 2;
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
	client(&addr, pid, name);
	return 0;
}
