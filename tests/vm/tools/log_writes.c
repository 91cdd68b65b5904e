// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: what dm-log-writes logged, replayed to any point of it
 * (Documentation/admin-guide/device-mapper/log-writes.rst).
 *
 *	log_writes check LOG BLOCKS
 *		At each point of the log, the blocks that "durable" wrote to
 *		the mapping itself are what it was told they are, or newer.
 *	log_writes marks LOG
 *		Each point that is right behind a mark of durable's: how many
 *		entries there are up to it. The last line is the log's end.
 *	log_writes replay LOG IMAGE ENTRIES ACKED
 *		Write that many entries to IMAGE, and to ACKED the marks that
 *		are among them.
 *	log_writes verify FILE ACKED
 *		What durable wrote to a disk whose blocks are those of FILE.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "blocks.h"

enum {
	LOG_DISCARD = 1 << 2,
	LOG_MARK = 1 << 3,
	BLOCKS_MAX = 1 << 20,
};

#define LOG_MAGIC 0x6a736677736872u

/* Little endian, at the beginning of the first sector of the log */
struct super {
	uint64_t magic, version, nr_entries;
	uint32_t sectorsize;
};

/* At the beginning of a sector; the data of a write begin in the next. */
struct raw_entry {
	uint64_t sector, nr_sectors, flags, data_len;
};

struct log {
	int fd;
	uint64_t nr_entries, next;	/* entries */
	uint64_t pos;			/* byte */
	uint32_t sectorsize;
};

struct entry {
	uint64_t pos, len;		/* bytes on the device */
	uint64_t flags;
	unsigned char *data;		/* NULL: a discard, or a mark */
	char *mark;			/* NULL: none */
};

static void die(const char *what)
{
	fprintf(stderr, "log_writes: %s: %s\n", what,
		errno ? strerror(errno) : "not what it should be");
	exit(1);
}

static void *get_memory(size_t len)
{
	void *p = calloc(1, len ? len : 1);

	if (!p)
		die("memory");
	return p;
}

static void read_at(int fd, void *buf, size_t len, uint64_t pos)
{
	ssize_t n;

	for (; len; len -= n, pos += n, buf = (char *)buf + n) {
		errno = 0;
		n = pread(fd, buf, len, pos);
		if (n <= 0)
			die("read");
	}
}

/* ---- The log --------------------------------------------------------- */

static void log_open(struct log *log, const char *path)
{
	struct super super;

	log->fd = open(path, O_RDONLY);
	if (log->fd < 0)
		die(path);
	read_at(log->fd, &super, sizeof(super), 0);
	errno = 0;
	if (le64toh(super.magic) != LOG_MAGIC || le64toh(super.version) != 1)
		die(path);
	log->nr_entries = le64toh(super.nr_entries);
	log->sectorsize = le32toh(super.sectorsize);
	log->pos = log->sectorsize;
	log->next = 0;
}

/* False: there is none any more. */
static bool log_next(struct log *log, struct entry *entry)
{
	unsigned char *sector;
	struct raw_entry raw;

	memset(entry, 0, sizeof(*entry));
	if (log->next == log->nr_entries)
		return false;
	sector = get_memory(log->sectorsize + 1);
	read_at(log->fd, sector, log->sectorsize, log->pos);
	memcpy(&raw, sector, sizeof(raw));
	log->pos += log->sectorsize;
	log->next++;
	entry->flags = le64toh(raw.flags);
	entry->pos = le64toh(raw.sector) * log->sectorsize;
	entry->len = le64toh(raw.nr_sectors) * log->sectorsize;
	if (entry->flags & LOG_MARK) {
		entry->mark = strdup((char *)sector + sizeof(raw));
		entry->len = 0;
	} else if (!(entry->flags & LOG_DISCARD)) {
		entry->data = get_memory(entry->len);
		read_at(log->fd, entry->data, entry->len, log->pos);
		log->pos += entry->len;
	}
	free(sector);
	return true;
}

static void entry_free(struct entry *entry)
{
	free(entry->data);
	free(entry->mark);
}

/* durable's, not the end that dm-log-writes marks itself */
static bool is_note(const struct entry *entry)
{
	return entry->mark && isdigit((unsigned char)entry->mark[0]);
}

/* Takes BLOCK:SEQ from @text; false: none is left. */
static bool note_next(const char **text, uint64_t *block, uint64_t *seq)
{
	int len;

	if (sscanf(*text, "%" SCNu64 ":%" SCNu64 "%n", block, seq, &len) < 2)
		return false;
	errno = 0;
	if (*block >= BLOCKS_MAX)
		die("mark");
	*text += len;
	*text += **text == ',';
	return true;
}

/* ---- Check: every point ---------------------------------------------- */

struct check {
	uint64_t nr_blocks;
	uint64_t *acked;		/* of each block */
	uint64_t *seq;			/* of each sector */
	uint64_t entry, nr_acks, nr_lost;
};

static void check_sector(struct check *c, uint64_t sector)
{
	uint64_t block = sector / SECTORS_PER_BLOCK;

	if (c->seq[sector] >= c->acked[block] || c->nr_lost++ >= 20)
		return;
	printf("entry %" PRIu64 ": block %" PRIu64 ", sector %" PRIu64
	       ": from write %" PRIu64 ", but %" PRIu64 " was durable\n",
	       c->entry, block, sector % SECTORS_PER_BLOCK, c->seq[sector],
	       c->acked[block]);
}

static void check_mark(struct check *c, const char *text)
{
	uint64_t block, seq, i;

	while (note_next(&text, &block, &seq)) {
		errno = 0;
		if (block >= c->nr_blocks)
			die("mark");
		if (seq > c->acked[block])
			c->acked[block] = seq;
		c->nr_acks++;
		for (i = 0; i < SECTORS_PER_BLOCK; i++)
			check_sector(c, block * SECTORS_PER_BLOCK + i);
	}
}

static void check_data(struct check *c, const struct entry *entry)
{
	uint64_t i, sector;

	for (i = 0; i < entry->len; i += SECTOR) {
		sector = (entry->pos + i) / SECTOR;
		if (sector / SECTORS_PER_BLOCK >= c->nr_blocks)
			continue;
		if (!entry->data ||
		    !sector_read(entry->data + i, sector / SECTORS_PER_BLOCK,
				 &c->seq[sector]))
			c->seq[sector] = 0;
		check_sector(c, sector);
	}
}

static int check(const char *path, uint64_t nr_blocks)
{
	struct check c = { .nr_blocks = nr_blocks };
	struct entry entry;
	struct log log;

	log_open(&log, path);
	c.acked = get_memory(nr_blocks * sizeof(*c.acked));
	c.seq = get_memory(nr_blocks * SECTORS_PER_BLOCK * sizeof(*c.seq));
	while (log_next(&log, &entry)) {
		c.entry = log.next;
		if (is_note(&entry))
			check_mark(&c, entry.mark);
		else
			check_data(&c, &entry);
		entry_free(&entry);
	}
	printf("%" PRIu64 " entries, %" PRIu64 " durable blocks, %" PRIu64
	       " lost\n", log.next, c.nr_acks, c.nr_lost);
	return c.nr_lost || !c.nr_acks;
}

/* ---- Replay ---------------------------------------------------------- */

static int marks(const char *path)
{
	struct entry entry;
	struct log log;

	log_open(&log, path);
	while (log_next(&log, &entry)) {
		if (is_note(&entry))
			printf("%" PRIu64 "\n", log.next);
		entry_free(&entry);
	}
	printf("%" PRIu64 "\n", log.next);
	return 0;
}

/* What is discarded may be anything: here it is what a program would write. */
static void replay_entry(int image, const struct entry *entry)
{
	unsigned char *junk = NULL;

	if (!entry->data && entry->len) {
		junk = get_memory(entry->len);
		memset(junk, 0xd1, entry->len);
	}
	if (entry->len &&
	    pwrite(image, junk ? junk : entry->data, entry->len, entry->pos) !=
	    (ssize_t)entry->len)
		die("write");
	free(junk);
}

static int replay(const char *path, const char *image_path,
		  uint64_t nr_entries, const char *acked_path)
{
	int image = open(image_path, O_WRONLY);
	FILE *acked = fopen(acked_path, "w");
	struct entry entry;
	struct log log;

	if (image < 0 || !acked)
		die("open");
	log_open(&log, path);
	while (log.next < nr_entries && log_next(&log, &entry)) {
		if (is_note(&entry))
			fprintf(acked, "%s\n", entry.mark);
		else
			replay_entry(image, &entry);
		entry_free(&entry);
	}
	if (fclose(acked) || close(image))
		die("close");
	return 0;
}

/* ---- Verify ---------------------------------------------------------- */

static uint64_t *acked_read(const char *path)
{
	uint64_t *acked = get_memory(BLOCKS_MAX * sizeof(*acked)), block, seq;
	FILE *file = fopen(path, "r");
	char line[1024];
	const char *text;

	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file))
		for (text = line; note_next(&text, &block, &seq);)
			if (seq > acked[block])
				acked[block] = seq;
	fclose(file);
	return acked;
}

static int verify(const char *path, const char *acked_path)
{
	uint64_t *acked = acked_read(acked_path), block, seq;
	unsigned char data[BLOCK];
	unsigned int i, lost = 0, nr = 0;
	int fd = open(path, O_RDONLY);

	for (block = 0; block < BLOCKS_MAX; block++) {
		if (!acked[block])
			continue;
		nr++;
		if (fd < 0)
			die(path);
		read_at(fd, data, sizeof(data), block * BLOCK);
		for (i = 0; i < BLOCK; i += SECTOR) {
			if (sector_read(data + i, block, &seq) &&
			    seq >= acked[block])
				continue;
			if (lost++ < 20)
				printf("block %" PRIu64 ", sector %u: from write %" PRIu64 ", but %" PRIu64 " was durable\n",
				       block, i / SECTOR, seq, acked[block]);
		}
	}
	printf("%u durable blocks, %u sectors lost\n", nr, lost);
	return lost != 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "check") && argc == 4)
		return check(argv[2], strtoull(argv[3], NULL, 0));
	if (!strcmp(what, "marks") && argc == 3)
		return marks(argv[2]);
	if (!strcmp(what, "replay") && argc == 6)
		return replay(argv[2], argv[3], strtoull(argv[4], NULL, 0),
			      argv[5]);
	if (!strcmp(what, "verify") && argc == 4)
		return verify(argv[2], argv[3]);
	fprintf(stderr, "log_writes: see its source\n");
	return 2;
}
