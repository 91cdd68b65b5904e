// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the control socket: its file and its clients; see control.h.
 *
 * Everything is on the first loop. A client's requests are answered one by
 * one: while an answer is not sent, no further request is read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "embedded.h"
#include "src/log.h"

#define CLIENTS_MAX 16

struct control {
	struct scstu_server *srv;
	struct loop *loop;		/* NULL: not started */
	struct loop_fd lfd;
	int spare;			/* of spare_fd() */
	struct list_head clients;
	unsigned int nr_clients;
	struct sockaddr_un addr;
};

struct client {
	struct list_head link;		/* control->clients */
	struct control *control;
	struct loop_fd lfd;
	char in[CONTROL_LINE_MAX];
	size_t in_len;
	char *out;			/* NULL: nothing to send */
	size_t out_len, out_at;
};

/* ---- Clients ----------------------------------------------------------------- */

static void client_close(struct client *client)
{
	loop_fd_del(client->control->loop, &client->lfd);
	close(client->lfd.fd);
	list_del(&client->link);
	client->control->nr_clients--;
	free(client->out);
	free(client);
}

/* The first line of client->in, if it is there, is answered in client->out. */
static int client_answer(struct client *client)
{
	char *end = memchr(client->in, '\n', client->in_len);
	size_t len = end ? end - client->in + 1 : 0;
	FILE *out;

	if (!end)
		return client->in_len == sizeof(client->in) ? -EMSGSIZE : 0;
	out = open_memstream(&client->out, &client->out_len);
	if (!out)
		return -ENOMEM;
	*end = '\0';
	control_request(client->control->srv, client->in, out);
	if (fclose(out))
		return -ENOMEM;
	client->out_at = 0;
	client->in_len -= len;
	memmove(client->in, client->in + len, client->in_len);
	return 0;
}

/* 1: all of it. */
static int client_send(struct client *client)
{
	ssize_t ret;

	while (client->out_at < client->out_len) {
		ret = send(client->lfd.fd, client->out + client->out_at,
			   client->out_len - client->out_at, MSG_NOSIGNAL);
		if (ret < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		client->out_at += ret;
	}
	free(client->out);
	client->out = NULL;
	return 1;
}

static int client_receive(struct client *client)
{
	ssize_t ret = recv(client->lfd.fd, client->in + client->in_len,
			   sizeof(client->in) - client->in_len, 0);

	if (ret < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	client->in_len += ret;
	return ret ? 0 : -EPIPE;
}

static void client_ready(struct loop_fd *lfd, uint32_t events)
{
	struct client *client = container_of(lfd, struct client, lfd);
	int err = client->out ? 0 : client_receive(client);

	while (!err) {
		if (!client->out)
			err = client_answer(client);
		if (err || !client->out)
			break;
		err = client_send(client);
		if (err <= 0)
			break;
		err = 0;
	}
	if (err)
		client_close(client);
	else
		loop_fd_set(client->control->loop, lfd,
			    client->out ? EPOLLOUT : EPOLLIN);
}

static void client_add(struct control *control, int fd)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client) {
		close(fd);
		return;
	}
	client->control = control;
	client->lfd = (struct loop_fd){ fd, EPOLLIN, client_ready };
	if (loop_fd_add(control->loop, &client->lfd)) {
		close(fd);
		free(client);
		return;
	}
	list_add_tail(&client->link, &control->clients);
	control->nr_clients++;
}

static void control_ready(struct loop_fd *lfd, uint32_t events)
{
	struct control *control = container_of(lfd, struct control, lfd);
	int fd = accept_or_refuse(lfd->fd, &control->spare);

	if (fd < 0)
		return;
	if (control->nr_clients >= CLIENTS_MAX)
		close(fd);
	else
		client_add(control, fd);
}

/* ---- The socket ------------------------------------------------------------------ */

/* What a server left that did not end in good order. */
static int remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, err;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ?
	      errno : EADDRINUSE;
	close(fd);
	if (err != ECONNREFUSED)
		return -err;
	return unlink(addr->sun_path) ? -errno : 0;
}

static int control_listen(struct control *control)
{
	const struct sockaddr *addr = (const struct sockaddr *)&control->addr;
	int fd, err;

	err = remove_stale(&control->addr);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* The mode that the file gets: nobody else connects in between. */
	if (fchmod(fd, 0600) || bind(fd, addr, sizeof(control->addr)) ||
	    listen(fd, CLIENTS_MAX)) {
		err = -errno;
		close(fd);
		return err;
	}
	control->lfd = (struct loop_fd){ fd, EPOLLIN, control_ready };
	control->spare = spare_fd();
	return 0;
}

struct control *control_open(struct scstu_server *srv, const char *path)
{
	struct control *control = calloc(1, sizeof(*control));
	int err = control ? 0 : -ENOMEM;

	if (!err && strlen(path) >= sizeof(control->addr.sun_path))
		err = -ENAMETOOLONG;
	if (!err) {
		control->srv = srv;
		INIT_LIST_HEAD(&control->clients);
		control->addr.sun_family = AF_UNIX;
		strcpy(control->addr.sun_path, path);
		err = control_listen(control);
	}
	if (!err)
		return control;
	free(control);
	server_error(srv, -err, "--control %.200s: %s", path,
		     err == -EADDRINUSE ? "another server is there" :
		     err == -ENOTSOCK ? "there is a file that is no socket" :
		     strerror(-err));
	return NULL;
}

static void add_to_loop(void *arg)
{
	struct control *control = arg;

	if (loop_fd_add(control->loop, &control->lfd))
		log_error("control socket: %m");
}

void control_start(struct control *control)
{
	control->loop = control->srv->loops[0];
	loop_call(control->loop, add_to_loop, control);
}

static void del_from_loop(void *arg)
{
	struct control *control = arg;
	struct client *client, *next;

	list_for_each_entry_safe(client, next, &control->clients, link)
		client_close(client);
	loop_fd_del(control->loop, &control->lfd);
}

void control_stop(struct control *control)
{
	if (!control || !control->loop)
		return;
	loop_call(control->loop, del_from_loop, control);
	control->loop = NULL;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	control_stop(control);
	close(control->lfd.fd);
	if (control->spare >= 0)
		close(control->spare);
	unlink(control->addr.sun_path);
	free(control);
}
