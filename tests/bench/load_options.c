// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-load: the command line.
 */
#include <getopt.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define MAX_LUNS 256

struct load load = {
	.size = 4096,
	.depth = 32,
	.sessions = 1,
	.luns = 1,
	.seconds = 5,
	.warmup = 1,
};

struct measure measure;

static void usage(void)
{
	printf(
"usage: scst-load [OPTION...] iscsi://HOST[:PORT]/TARGET/LUN\n"
"\n"
"  --rw read|write|mix  mix: 70 %% reads (read)\n"
"  --size BYTES         of a command (4096)\n"
"  --sequential         instead of random addresses\n"
"  --depth N            commands of each session at a time (32)\n"
"  --sessions N         (1)\n"
"  --luns N             from the URL's on, which sessions take in turn, or\n"
"                       commands, where there are fewer sessions (1)\n"
"  --span BYTES         use only so much of each LUN (all)\n"
"  --digests            CRC32C for headers and data\n"
"  --seconds N          of measuring (5)\n"
"  --warmup N           seconds before (1)\n"
"  --pid N              measure CPU time and context switches of this process;\n"
"                       may be repeated\n"
"  --cpu N              run there\n"
"  --fill               write every block once, and end\n"
"  --idle               log in and do nothing\n"
"  --help               print this\n");
}

static __noreturn void wrong(const char *what)
{
	fprintf(stderr, "scst-load: %s, see --help\n", what);
	exit(2);
}

static void parse_portal(char *host)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	char *port = strrchr(host, ':');

	if (port && !strchr(port, ']'))
		*port++ = '\0';
	else
		port = "3260";
	if (*host == '[') {
		host++;
		host[strcspn(host, "]")] = '\0';
	}
	if (getaddrinfo(host, port, &hints, &ai))
		complain("unknown host");
	memcpy(&load.address, ai->ai_addr, ai->ai_addrlen);
	load.address_len = ai->ai_addrlen;
	freeaddrinfo(ai);
}

static void parse_url(char *url)
{
	char *host = url + 8, *name, *end;

	if (strncmp(url, "iscsi://", 8) || !(name = strchr(host, '/')))
		wrong("want iscsi://HOST:PORT/TARGET/LUN");
	*name++ = '\0';
	end = strchr(name, '/');
	if (end) {
		*end++ = '\0';
		load.first_lun = strtoul(end, NULL, 10);
	}
	strscpy(load.target, name, sizeof(load.target));
	parse_portal(host);
}

static enum rw parse_rw(const char *word)
{
	static const char *const words[] = { "read", "write", "mix" };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i]))
			return (enum rw)i;
	wrong("--rw: want read, write or mix");
}

static double parse_number(const char *text, double most)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || !(n >= 0 && n <= most))
		wrong(text);
	return n;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("--cpu");
}

static const struct option options[] = {
	{ "rw", required_argument, NULL, 'r' },
	{ "size", required_argument, NULL, 's' },
	{ "sequential", no_argument, NULL, 'q' },
	{ "depth", required_argument, NULL, 'd' },
	{ "sessions", required_argument, NULL, 'n' },
	{ "luns", required_argument, NULL, 'l' },
	{ "span", required_argument, NULL, 'S' },
	{ "digests", no_argument, NULL, 'g' },
	{ "seconds", required_argument, NULL, 't' },
	{ "warmup", required_argument, NULL, 'w' },
	{ "pid", required_argument, NULL, 'p' },
	{ "cpu", required_argument, NULL, 'c' },
	{ "fill", no_argument, NULL, 'f' },
	{ "idle", no_argument, NULL, 'i' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static void take_option(int c)
{
	switch (c) {
	case 'r':
		load.rw = parse_rw(optarg);
		return;
	case 's':
		load.size = parse_number(optarg, MAX_SIZE);
		return;
	case 'q':
		load.sequential = true;
		return;
	case 'd':
		load.depth = parse_number(optarg, MAX_DEPTH);
		return;
	case 'n':
		load.sessions = parse_number(optarg, MAX_SESSIONS);
		return;
	case 'l':
		load.luns = parse_number(optarg, MAX_LUNS);
		return;
	case 'S':
		load.span = parse_number(optarg, 1ull << 62);
		return;
	case 'g':
		load.digests = true;
		return;
	case 't':
		load.seconds = parse_number(optarg, 1 << 20);
		return;
	case 'w':
		load.warmup = parse_number(optarg, 1 << 20);
		return;
	case 'p':
		if (!measure_add_pid(&measure, optarg))
			wrong(optarg);
		return;
	case 'c':
		pin(parse_number(optarg, CPU_SETSIZE - 1));
		return;
	case 'f':
		load.fill = load.sequential = true;
		load.rw = WRITES;
		return;
	case 'i':
		load.idle = true;
		return;
	case 'h':
		usage();
		exit(0);
	default:
		exit(2);
	}
}

void parse_options(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(c);
	if (optind + 1 != argc)
		wrong("want one URL");
	if (!load.size || !load.depth || !load.sessions || !load.luns)
		wrong("0 is not enough");
	parse_url(argv[optind]);
	if (load.first_lun + load.luns > MAX_LUNS)
		wrong("LUNs go to 255 here");
}
