// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: durable DISK MAPPING|JOURNAL BLOCKS OPERATIONS [through]
 *
 * Writes blocks of 4 KiB to a SCSI disk, from several threads, some with FUA,
 * some followed by SYNCHRONIZE CACHE, and some by nothing. What is acknowledged
 * as durable is noted where the disk's own writes are: as a mark in the log of
 * the dm-log-writes device MAPPING below it, which begins behind all that was
 * written by then; or, if it has a slash in its name, as a line in the file
 * JOURNAL, which is then elsewhere. With "through" the disk has no cache, and each write that
 * is acknowledged is durable.
 *
 * A mark is a list of BLOCK:SEQ, with commas between them. Half of a thread's
 * blocks are written with FUA only and half without: dm-log-writes logs a
 * write without FUA at the next flush, behind a later one with it. And to a log
 * there is only one flush at a time: dm-log-writes takes what was written when
 * a flush begins and logs it when that one ends, so of two flushes the one that
 * ends first would be marked before what the other has taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <pthread.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "blocks.h"

enum {
	THREADS = 4,
	RUN_MAX = 8,		/* blocks of a write */
	PENDING_MAX = 24,	/* fits a mark */
	MARK_MAX = 470,
};

struct note {
	uint32_t block;
	uint64_t seq;
};

/* Blocks that are acknowledged, and not yet in a mark */
struct notes {
	struct note note[PENDING_MAX];
	unsigned int nr;
};

struct worker {
	pthread_t thread;
	unsigned int nr;
	unsigned int seed;
	uint64_t seq;
	unsigned char *buf;
	struct notes cached;
};

static int disk, control = -1, journal = -1;
static const char *mapping;
static unsigned int nr_blocks, nr_operations;
static bool through;
static pthread_mutex_t flushing = PTHREAD_MUTEX_INITIALIZER;

static void die(const char *what)
{
	fprintf(stderr, "durable: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- The disk -------------------------------------------------------- */

/* The status; what the transport made of it is fatal. */
static int command(unsigned char *cdb, int len, void *data, unsigned int bytes)
{
	unsigned char sense[64];
	struct sg_io_hdr io = {
		.interface_id = 'S',
		.dxfer_direction = bytes ? SG_DXFER_TO_DEV : SG_DXFER_NONE,
		.cmd_len = len,
		.cmdp = cdb,
		.dxfer_len = bytes,
		.dxferp = data,
		.sbp = sense,
		.mx_sb_len = sizeof(sense),
		.timeout = 600000,
	};

	if (ioctl(disk, SG_IO, &io))
		die("SG_IO");
	if (io.host_status) {
		fprintf(stderr, "durable: host status %x\n", io.host_status);
		exit(1);
	}
	return io.status;
}

static void must(unsigned char *cdb, int len, void *data, unsigned int bytes)
{
	int status;

	do
		status = command(cdb, len, data, bytes);
	while (status == 0x08 || status == 0x28);
	if (!status)
		return;
	fprintf(stderr, "durable: command %02x: status %02x\n", cdb[0],
		status);
	exit(1);
}

static void flush(void)
{
	unsigned char cdb[10] = { 0x35 };

	if (journal < 0)
		pthread_mutex_lock(&flushing);
	must(cdb, sizeof(cdb), NULL, 0);
	if (journal < 0)
		pthread_mutex_unlock(&flushing);
}

static void write_blocks(struct worker *w, uint32_t block, uint32_t nr,
			 bool fua)
{
	uint32_t lba = block * SECTORS_PER_BLOCK;
	uint32_t sectors = nr * SECTORS_PER_BLOCK, i;
	unsigned char cdb[10] = {
		0x2a, fua ? 0x08 : 0, lba >> 24, lba >> 16, lba >> 8, lba, 0,
		sectors >> 8, sectors,
	};

	for (i = 0; i < nr; i++)
		block_fill(w->buf + (size_t)i * BLOCK, BLOCK, block + i,
			   w->seq);
	must(cdb, sizeof(cdb), w->buf, nr * BLOCK);
}

/* ---- The log --------------------------------------------------------- */

static void mark_journal(const char *text)
{
	char line[MARK_MAX + 2];
	int len = snprintf(line, sizeof(line), "%s\n", text);

	if (write(journal, line, len) != len)
		die("journal");
}

static void mark_log(const char *text)
{
	union {
		struct dm_ioctl dm;
		char bytes[sizeof(struct dm_ioctl) +
			   sizeof(struct dm_target_msg) + MARK_MAX + 8];
	} request = {
		.dm = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(request),
			.data_start = sizeof(request.dm),
		},
	};
	struct dm_target_msg *msg = (void *)(&request.dm + 1);

	snprintf(request.dm.name, sizeof(request.dm.name), "%s", mapping);
	snprintf(msg->message, MARK_MAX + 8, "mark %s", text);
	if (ioctl(control, DM_TARGET_MSG, &request))
		die("mark");
}

static void mark(const char *text)
{
	if (journal < 0)
		mark_log(text);
	else
		mark_journal(text);
}

static void notes_add(struct notes *notes, uint32_t block, uint32_t nr,
		      uint64_t seq)
{
	while (nr--)
		notes->note[notes->nr++] =
			(struct note){ .block = block++, .seq = seq };
}

static void notes_mark(struct notes *notes)
{
	char text[MARK_MAX];
	unsigned int i, at = 0;

	for (i = 0; i < notes->nr && at < sizeof(text); i++)
		at += snprintf(text + at, sizeof(text) - at, "%s%u:%llu",
			       i ? "," : "", notes->note[i].block,
			       (unsigned long long)notes->note[i].seq);
	if (at >= sizeof(text)) {
		errno = EMSGSIZE;
		die("mark");
	}
	if (notes->nr)
		mark(text);
	notes->nr = 0;
}

/* ---- The load -------------------------------------------------------- */

/* Some blocks of the lower (0) or upper half of the thread's own */
static void pick(struct worker *w, unsigned int half, uint32_t *block,
		 uint32_t *nr)
{
	uint32_t own = nr_blocks / THREADS / 2;

	*nr = 1 + rand_r(&w->seed) % RUN_MAX;
	*block = (w->nr * 2 + half) * own +
		 rand_r(&w->seed) % (own - *nr + 1);
}

static void write_fua(struct worker *w)
{
	struct notes notes = { .nr = 0 };
	uint32_t block, nr;

	pick(w, 0, &block, &nr);
	write_blocks(w, block, nr, true);
	notes_add(&notes, block, nr, w->seq);
	notes_mark(&notes);
}

static void sync_cached(struct worker *w)
{
	flush();
	notes_mark(&w->cached);
}

static void write_cached(struct worker *w)
{
	uint32_t block, nr;

	pick(w, 1, &block, &nr);
	if (w->cached.nr + nr > PENDING_MAX)
		sync_cached(w);
	write_blocks(w, block, nr, false);
	notes_add(&w->cached, block, nr, w->seq);
	if (through)
		notes_mark(&w->cached);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int i;

	for (i = 0; i < nr_operations / THREADS; i++) {
		w->seq++;
		if (!through && rand_r(&w->seed) % 3 == 0)
			write_fua(w);
		else if (!through && rand_r(&w->seed) % 5 == 0)
			sync_cached(w);
		else
			write_cached(w);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned char ready[6] = { 0 };
	struct worker workers[THREADS] = { 0 };
	unsigned int i;

	if (argc < 5)
		return 2;
	disk = open(argv[1], O_RDWR);
	mapping = argv[2];
	if (strchr(mapping, '/'))
		journal = open(mapping, O_WRONLY | O_APPEND | O_CREAT, 0600);
	else
		control = open("/dev/mapper/control", O_RDWR);
	if (disk < 0 || (control < 0 && journal < 0))
		die("open");
	nr_blocks = atoi(argv[3]);
	nr_operations = atoi(argv[4]);
	through = argc > 5;
	while (command(ready, sizeof(ready), NULL, 0))
		;
	for (i = 0; i < THREADS; i++) {
		workers[i].nr = i;
		workers[i].seed = 7 + i;
		if (posix_memalign((void **)&workers[i].buf, BLOCK,
				   RUN_MAX * BLOCK))
			die("memory");
		if (pthread_create(&workers[i].thread, NULL, work,
				   &workers[i]))
			die("thread");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	return 0;
}
