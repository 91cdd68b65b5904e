// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a handler as no handler should be. Its devices are memory, and do with
 * each read of the second half what the parameter mode= says:
 *
 *	good	nothing bad
 *	twice	complete it twice
 *	never	never complete it
 *	late	complete it once it has been aborted, and not before
 *	block	block in the operation until somebody writes to gate=FIFO
 *
 *	misbehave serial|queue|parallel OPTION...
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <scstuser/scstuser.h>

#define BYTES (8u << 20)

static int bad_open(struct scstu_dev *dev)
{
	struct scstu_disk disk = { SCSTU_DISK_INIT, .bytes = BYTES };
	char *memory = calloc(1, BYTES);

	if (!memory)
		return -1;
	scstu_dev_set_private(dev, memory);
	return scstu_disk_configure(dev, &disk);
}

static void bad_close(struct scstu_dev *dev)
{
	free(scstu_dev_private(dev));
}

static void finish(struct scstu_req *req)
{
	char *memory = scstu_req_dev_private(req);

	scstu_req_put(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

/* As a backend that ends what was cancelled: in its own time. */
static void *wait_for_abort(void *arg)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	struct scstu_req *req = arg;

	while (!scstu_req_aborted(req))
		nanosleep(&pause, NULL);
	finish(req);
	return NULL;
}

static void complete_late(struct scstu_req *req)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_abort, req))
		abort();
	pthread_detach(thread);
}

static void wait_at(const char *gate)
{
	int fd = open(gate, O_RDONLY);
	char byte;

	if (fd < 0 || read(fd, &byte, 1) < 0)
		abort();
	close(fd);
}

static void bad_read(struct scstu_req *req)
{
	struct scstu_dev *dev = scstu_req_dev(req);
	const char *mode = scstu_dev_string(dev, "mode");

	if (scstu_req_offset(req) < BYTES / 2)
		mode = "good";
	if (!strcmp(mode, "never"))
		return;
	if (!strcmp(mode, "late")) {
		complete_late(req);
		return;
	}
	if (!strcmp(mode, "block"))
		wait_at(scstu_dev_string(dev, "gate"));
	finish(req);
	if (!strcmp(mode, "twice"))
		scstu_done(req);
}

static void bad_write(struct scstu_req *req)
{
	char *memory = scstu_req_dev_private(req);

	scstu_req_get(req, 0, memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static const struct scstu_param params[] = {
	{ "mode", SCSTU_STRING, "good, twice, never, late or block", "good" },
	{ "gate", SCSTU_STRING, "block: the FIFO", "" },
	{ 0 }
};

static const struct scstu_disk_ops ops = {
	SCSTU_DISK_OPS_INIT,
	.read = bad_read,
	.write = bad_write,
};

int main(int argc, char **argv)
{
	struct scstu_handler handler = {
		SCSTU_HANDLER_INIT,
		.name = "misbehave",
		.params = params,
		.open = bad_open,
		.close = bad_close,
		.disk = &ops,
	};

	if (argc < 2)
		return 2;
	handler.threads = !strcmp(argv[1], "queue") ? SCSTU_QUEUE :
			  !strcmp(argv[1], "parallel") ? SCSTU_PARALLEL :
							 SCSTU_SERIAL;
	argv[1] = argv[0];
	return scstu_main(argc - 1, argv + 1, &handler);
}
