// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scstu_main(), the command line of every handler.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib.h"
#include "server.h"

enum { EXIT_OK = 0, EXIT_RUNTIME = 1, EXIT_USAGE = 2 };

#define MAX_OPTIONS 40

/* Options that are not the server's. */
enum { OPT_DEVICE = 256, OPT_HELP, OPT_VERSION, OPT_DUMP, OPT_SERVER };

static struct scstu_server *running;

static void on_signal(int sig)
{
	if (running && sig == SIGHUP)
		scstu_server_reload(running);
	else if (running)
		scstu_server_stop(running);
}

static void catch_signals(struct scstu_server *srv)
{
	struct sigaction sa = { .sa_handler = on_signal };

	running = srv;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	/* A file that may not grow is an error of one request. */
	sigaction(SIGXFSZ, &sa, NULL);
}

/* A descriptor for each session, as many as the system lets us have. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- --help --------------------------------------------------------------------- */

#define HELP_COLUMN 26
#define HELP_WIDTH  79

/* @text from HELP_COLUMN on, in lines of HELP_WIDTH. */
static void print_text(const char *text)
{
	size_t column = HELP_COLUMN, word;

	for (; *text; text += word) {
		text += strspn(text, " ");
		word = strcspn(text, " ");
		if (column + word >= HELP_WIDTH && column > HELP_COLUMN) {
			printf("\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		printf("%s%.*s", column > HELP_COLUMN ? " " : "", (int)word,
		       text);
		column += word + 1;
	}
	printf("\n");
}

static void print_option(const char *name, const char *help)
{
	const char *text = strchr(help, '\t');
	int width;

	width = printf("  --%s %.*s", name, (int)(text - help), help);
	if (width < HELP_COLUMN)
		printf("%*s", HELP_COLUMN - width, "");
	else
		printf("\n%*s", HELP_COLUMN, "");
	print_text(text + 1);
}

static void print_params(const struct scstu_handler *h)
{
	static const char *const kinds[] = {
		[SCSTU_STRING] = "=TEXT",
		[SCSTU_SIZE] = "=SIZE",
		[SCSTU_NUMBER] = "=N",
		[SCSTU_FLAG] = "",
	};
	const struct scstu_param *p;
	char name[64];

	for (p = h->params; p && p->name; p++) {
		snprintf(name, sizeof(name), "%s%s", p->name, kinds[p->type]);
		printf("  %-20s %s", name, p->help);
		if (p->preset)
			printf(" (%s)", p->preset);
		printf("\n");
	}
}

/* Those of the embedded engine, or the others. */
static void print_options(bool front)
{
	const struct server_option *opt;
	size_t i;

	for (i = 0; (opt = server_option_at(i)); i++)
		if (opt->front == front)
			print_option(opt->name, opt->help);
}

static void print_help(const struct scstu_handler *h)
{
	printf("Usage: %s [OPTION...] --device name=NAME[,OPTION...]...\n",
	       h->name);
	if (h->summary)
		printf("%s.\n", h->summary);
	printf("\nOptions:\n");
	print_option("device", "name=NAME,...\ta device; may be repeated, each is a LUN, numbered from 0");
	print_options(false);
	print_option("help", "\tprint this and exit");
	print_option("version", "\tprint the version and exit");
	print_option("dump-handler", "\tprint what the handler declares and exit");
	printf("\nOptions of the engine embedded, which is an iSCSI target:\n");
	print_options(true);
	printf("\nOptions of a device, separated by commas:\n");
	printf("  %-20s %s\n", "name=NAME",
	       "what it is called here; mandatory");
	print_params(h);
	dev_help_options(h->disk != NULL);
	printf("\nSizes are in bytes, or with the suffix k, M, G, T or P. When initiators can\n"
	       "connect, a line 'ready iscsi://ADDRESS:PORT/TARGET/LUN' for each LUN goes to\n"
	       "standard output; with the engine scst 'ready scst NAME' for each device, once\n"
	       "it is served. SIGTERM and SIGINT finish what runs, flush, and end with\n"
	       "status 0; SIGHUP reads the auth-file again. Status 1: failed at run time;\n"
	       "2: wrong options.\n");
}

static void print_ops(const struct scstu_handler *h)
{
	const struct scstu_disk_ops *d = h->disk;

	if (h->raw) {
		printf("layer=raw\nopcodes=%zu\n", h->raw->opcode_count);
		return;
	}
	printf("layer=disk\noperations=read%s%s%s%s%s%s%s%s\n",
	       d->write ? ",write" : "", d->flush ? ",flush" : "",
	       d->unmap ? ",unmap" : "",
	       d->write_zeroes ? ",write_zeroes" : "",
	       d->block_status ? ",block_status" : "",
	       d->prefetch ? ",prefetch" : "",
	       d->usage ? ",usage" : "",
	       d->crypto_erase ? ",crypto_erase" : "");
}

static void print_handler(const struct scstu_handler *h)
{
	static const char *const threads[] = { "serial", "queue", "parallel" };

	printf("name=%s\nversion=%s\nlibrary=%s\nsize=%zu\nthreads=%s\n",
	       h->name, h->version ?: scstu_version(), scstu_version(),
	       h->size, threads[h->threads]);
	print_ops(h);
}

/* ---- Options ---------------------------------------------------------------------- */

static void make_options(struct option *list)
{
	static const struct option own[] = {
		{ "device", required_argument, NULL, OPT_DEVICE },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "dump-handler", no_argument, NULL, OPT_DUMP },
	};
	const struct server_option *opt;
	size_t i, n = ARRAY_SIZE(own);

	memset(list, 0, MAX_OPTIONS * sizeof(*list));
	memcpy(list, own, sizeof(own));
	for (i = 0; (opt = server_option_at(i)) && n < MAX_OPTIONS - 1; i++)
		list[n++] = (struct option){ opt->name, required_argument,
					     NULL, OPT_SERVER };
}

static int fail(struct scstu_server *srv, int status)
{
	fprintf(stderr, "%s: %s\n", srv->handler.name,
		scstu_server_error(srv));
	scstu_server_destroy(srv);
	return status;
}

/* Devices come last: their open() may depend on options. */
static int take_devices(struct scstu_server *srv, int argc, char **argv,
			const struct option *options)
{
	int c, err;

	optind = 0;
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c != OPT_DEVICE)
			continue;
		err = scstu_server_add_device(srv, optarg);
		if (err)
			return err;
	}
	return 0;
}

/* -1: serve; otherwise exit with this status. */
static int take_options(struct scstu_server *srv, int argc, char **argv)
{
	struct option options[MAX_OPTIONS];
	int c, index;

	make_options(options);
	optind = 0;
	while ((c = getopt_long(argc, argv, ":h", options, &index)) != -1) {
		switch (c) {
		case 'h':
		case OPT_HELP:
			print_help(&srv->handler);
			return EXIT_OK;
		case OPT_VERSION:
			printf("%s %s (libscstuser %s)\n", srv->handler.name,
			       srv->handler.version ?: scstu_version(),
			       scstu_version());
			return EXIT_OK;
		case OPT_DUMP:
			print_handler(&srv->handler);
			return EXIT_OK;
		case OPT_DEVICE:
			break;
		case OPT_SERVER:
			if (scstu_server_set(srv, options[index].name, optarg))
				return EXIT_USAGE;
			break;
		case ':':
			snprintf(srv->error, sizeof(srv->error),
				 "%s: needs a value", argv[optind - 1]);
			return EXIT_USAGE;
		default:
			snprintf(srv->error, sizeof(srv->error),
				 "wrong option '%s'; see --help",
				 argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		snprintf(srv->error, sizeof(srv->error),
			 "unexpected '%s'; see --help", argv[optind]);
		return EXIT_USAGE;
	}
	if (!srv->nr_loops) {
		snprintf(srv->error, sizeof(srv->error),
			 "loops=0 is for programs with a loop of their own");
		return EXIT_USAGE;
	}
	return take_devices(srv, argc, argv, options) ? EXIT_USAGE : -1;
}

static void print_ready(struct scstu_server *srv)
{
	const char *what;
	unsigned int i;

	for (i = 0; (what = server_ready(srv, i)); i++)
		printf("ready %s\n", what);
	fflush(stdout);
}

int scstu_main(int argc, char **argv, const struct scstu_handler *handler)
{
	struct scstu_server *srv = scstu_server_create(handler);
	int status;

	if (!srv) {
		/* What is wrong with the handler, the log says. */
		if (errno != EINVAL)
			fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		return EXIT_USAGE;
	}
	opterr = 0;
	status = take_options(srv, argc, argv);
	if (status == EXIT_USAGE)
		return fail(srv, status);
	if (status >= 0) {
		scstu_server_destroy(srv);
		return status;
	}
	catch_signals(srv);
	raise_file_limit();
	if (scstu_server_start(srv))
		return fail(srv, EXIT_USAGE);
	print_ready(srv);
	if (scstu_server_run(srv)) {
		running = NULL;
		if (srv->state != SERVER_STUCK)
			return fail(srv, EXIT_RUNTIME);
		fprintf(stderr, "%s: %s\n", srv->handler.name,
			scstu_server_error(srv));
		/* Threads are stuck in the handler: no tidy end. */
		_exit(EXIT_RUNTIME);
	}
	running = NULL;
	scstu_server_destroy(srv);
	return EXIT_OK;
}
