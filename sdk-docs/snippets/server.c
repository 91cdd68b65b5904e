/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program with a loop of its own that serves a disk beside its other work:
 * here, to obey what is typed. "resize BYTES" changes the disk's capacity,
 * "quit" or the end of the input ends the program.
 *
 *	cc -o console server.c $(pkg-config --cflags --libs libscstuser)
 *	./console
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <scstuser/scstuser.h>

#define SIZE_MAX_ (1ull << 30)

static struct scstu_dev *the_disk;

static int mem_open(struct scstu_dev *dev)
{
	struct scstu_disk disk = { SCSTU_DISK_INIT, .bytes = 16 << 20 };
	char *memory = mmap(NULL, SIZE_MAX_, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return scstu_dev_error(dev, ENOMEM, "no memory");
	scstu_dev_set_private(dev, memory);
	the_disk = dev;
	return scstu_disk_configure(dev, &disk);
}

static void mem_close(struct scstu_dev *dev)
{
	munmap(scstu_dev_private(dev), SIZE_MAX_);
	the_disk = NULL;
}

/* Quick enough for the loop itself: copying memory blocks nobody for long. */
static void mem_read(struct scstu_req *req)
{
	char *memory = scstu_req_dev_private(req);

	scstu_req_put(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static void mem_write(struct scstu_req *req)
{
	char *memory = scstu_req_dev_private(req);

	scstu_req_get(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static const struct scstu_disk_ops mem_disk = {
	SCSTU_DISK_OPS_INIT,
	.read = mem_read,
	.write = mem_write,
};

static const struct scstu_handler handler = {
	SCSTU_HANDLER_INIT,
	.name = "console",
	.threads = SCSTU_QUEUE,
	.open = mem_open,
	.close = mem_close,
	.disk = &mem_disk,
};

/* What is behind the disk has grown or shrunk: tell the initiators. */
static void resize(const char *text)
{
	uint64_t bytes = strtoull(text, NULL, 10);

	if (bytes > SIZE_MAX_ || scstu_disk_resize(the_disk, bytes))
		fprintf(stderr, "%s: not a size for this disk\n", text);
	else
		printf("resized\n");
	fflush(stdout);
}

static void obey(struct scstu_server *srv)
{
	char line[80];

	if (!fgets(line, sizeof(line), stdin) || !strncmp(line, "quit", 4))
		scstu_server_stop(srv);
	else if (!strncmp(line, "resize ", 7))
		resize(line + 7);
}

static struct scstu_server *start(void)
{
	struct scstu_server *srv = scstu_server_create(&handler);

	if (!srv)
		return NULL;		/* the log says why */
	if (scstu_server_set(srv, "loops", "0") ||
	    scstu_server_set(srv, "listen", "127.0.0.1:0") ||
	    scstu_server_add_device(srv, "name=d0") ||
	    scstu_server_start(srv)) {
		fprintf(stderr, "%s\n", scstu_server_error(srv));
		scstu_server_destroy(srv);
		return NULL;
	}
	printf("ready %s\n", scstu_server_url(srv, 0));
	fflush(stdout);
	return srv;
}

int main(void)
{
	struct scstu_server *srv = start();
	struct pollfd fds[] = { { .events = POLLIN }, { .events = POLLIN } };
	int status;

	if (!srv)
		return 1;
	fds[0].fd = scstu_server_fd(srv);
	fds[1].fd = 0;
	setvbuf(stdin, NULL, _IONBF, 0);	/* or poll() would miss lines */
	while ((status = scstu_server_dispatch(srv)) > 0) {
		poll(fds, 2, -1);
		if (fds[1].revents) {
			obey(srv);
			if (feof(stdin))
				fds[1].fd = -1;
		}
	}
	if (status)
		fprintf(stderr, "%s\n", scstu_server_error(srv));
	scstu_server_destroy(srv);
	return status ? 1 : 0;
}
