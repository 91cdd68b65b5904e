// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: is what was acknowledged as durable there after a crash?
 *
 * scst-disk serves a file on a file system of ours (FUSE) that forgets all
 * that was not synced. An initiator keeps writing, every block with a version
 * number, and remembers what it was promised: a write with FUA (or any write
 * when the write cache is off), and every write that was acknowledged before
 * a SYNCHRONIZE CACHE that succeeded. File system and initiator share one
 * record of events. Afterwards the record is replayed and the machine crashes
 * behind every single event: no promise may be broken.
 *
 *	durability [--lie] [--ops N] [--seed N] SCST-DISK OPTION... -- WORDS
 *
 * WORDS are added to those of --device. With --lie the file system's sync does
 * nothing; then a promise must be broken, or the test proves nothing.
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#define BLOCKS	   512u
#define DISK_BYTES (4u << 20)
#define DISK_INO   2
#define DEPTH	   16
#define MAX_RUN	   8u
#define CHUNK	   512u		/* the unit that carries a version */

static void fail(const char *what)
{
	fprintf(stderr, "durability: %s\n", what);
	exit(1);
}

/* ---- The record -------------------------------------------------------------- */

enum event_type {
	EV_WRITE,	/* the file system has it, in memory */
	EV_SYNC_BEGIN,
	EV_SYNC_END,	/* all before EV_SYNC_BEGIN @ref is durable */
	EV_ACK,		/* the initiator heard of a write */
	EV_ACK_DURABLE, /* ... that is promised to last */
	EV_FLUSH,	/* the initiator asks for SYNCHRONIZE CACHE */
	EV_FLUSHED,	/* ... the one of @ref succeeded */
};

struct event {
	enum event_type type;
	uint32_t chunk, version;
	size_t ref;
};

static struct event *events;
static size_t nr_events, room_events;
static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;

/* Returns the event's place, for later events to refer to. */
static size_t record(enum event_type type, uint32_t chunk, uint32_t version,
		     size_t ref)
{
	size_t at;

	pthread_mutex_lock(&events_lock);
	if (nr_events == room_events) {
		room_events = room_events ? 2 * room_events : 65536;
		events = realloc(events, room_events * sizeof(*events));
		if (!events)
			fail("out of memory");
	}
	at = nr_events++;
	events[at] = (struct event){ type, chunk, version, ref };
	pthread_mutex_unlock(&events_lock);
	return at;
}

/* What each CHUNK of the disk begins with. */
struct stamp {
	uint64_t magic;
	uint32_t chunk, version;
};

#define MAGIC 0x6475726162696c65ull

/* ---- The file system ----------------------------------------------------------- */

static unsigned char disk[DISK_BYTES];
static bool lie;

static void fs_attr(fuse_ino_t ino, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = ino;
	st->st_nlink = 1;
	st->st_mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0600;
	st->st_size = ino == DISK_INO ? DISK_BYTES : 0;
	st->st_blksize = 4096;
}

static void fs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e = { .ino = DISK_INO };

	if (parent != FUSE_ROOT_ID || strcmp(name, "disk")) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	fs_attr(DISK_INO, &e.attr);
	fuse_reply_entry(req, &e);
}

static void fs_getattr(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	struct stat st;

	fs_attr(ino, &st);
	fuse_reply_attr(req, &st, 1.0);
}

static void fs_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fuse_reply_open(req, fi);
}

static void fs_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	if (off >= DISK_BYTES)
		size = 0;
	else if (size > (size_t)(DISK_BYTES - off))
		size = DISK_BYTES - off;
	fuse_reply_buf(req, (char *)disk + off, size);
}

static void fs_write(fuse_req_t req, fuse_ino_t ino, const char *buf,
		     size_t size, off_t off, struct fuse_file_info *fi)
{
	size_t at;

	if (off % CHUNK || size % CHUNK || off + size > DISK_BYTES)
		fail("a write that is not of whole chunks");
	memcpy(disk + off, buf, size);
	for (at = 0; at < size; at += CHUNK) {
		struct stamp stamp;

		memcpy(&stamp, buf + at, sizeof(stamp));
		if (stamp.magic != MAGIC || stamp.chunk != (off + at) / CHUNK)
			fail("a write of something else, or elsewhere");
		record(EV_WRITE, stamp.chunk, stamp.version, 0);
	}
	fuse_reply_write(req, size);
}

static void fs_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
		     struct fuse_file_info *fi)
{
	size_t begin = record(EV_SYNC_BEGIN, 0, 0, 0);

	if (!lie)
		record(EV_SYNC_END, 0, 0, begin);
	fuse_reply_err(req, 0);
}

static const struct fuse_lowlevel_ops fs_ops = {
	.lookup = fs_lookup,
	.getattr = fs_getattr,
	.open = fs_open,
	.read = fs_read,
	.write = fs_write,
	.fsync = fs_fsync,
};

static struct fuse_session *fs_session;
static pthread_t fs_thread;

static void *fs_run(void *arg)
{
	/* One thread: libfuse 3.14 leaks the configuration of several. */
	fuse_session_loop(fs_session);
	return NULL;
}

static void fs_start(const char *dir)
{
	char *argv[] = { "durability", "-ofsname=forgetful", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(2, argv);

	fs_session = fuse_session_new(&args, &fs_ops, sizeof(fs_ops), NULL);
	fuse_opt_free_args(&args);
	if (!fs_session || fuse_session_mount(fs_session, dir)) {
		fprintf(stderr, "durability: skipped: FUSE cannot mount here\n");
		rmdir(dir);
		exit(77);
	}
	if (pthread_create(&fs_thread, NULL, fs_run, NULL))
		fail("no thread");
}

static void fs_stop(const char *dir)
{
	fuse_session_exit(fs_session);
	fuse_session_unmount(fs_session);
	pthread_join(fs_thread, NULL);
	fuse_session_destroy(fs_session);
	rmdir(dir);
}

/* ---- The server ------------------------------------------------------------------ */

static pid_t server_pid;

/* Its first line on standard output is "ready URL". */
static void server_start(char **argv, char *url, size_t size)
{
	FILE *out;
	int fds[2];

	if (pipe(fds))
		fail("no pipe");
	server_pid = fork();
	if (!server_pid) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	out = fdopen(fds[0], "r");
	if (!out || fscanf(out, "ready %255s", url) != 1)
		fail("the server did not start");
	fclose(out);
}

static void server_crash(void)
{
	int status;

	kill(server_pid, SIGKILL);
	waitpid(server_pid, &status, 0);
}

/* ---- The initiator ------------------------------------------------------------------ */

enum op_type { OP_WRITE, OP_WRITE_FUA, OP_WRITE_VERIFY, OP_CAW, OP_FLUSH,
	       NR_OPS };

struct op {
	enum op_type type;
	uint32_t lba, blocks;		/* of @block_size */
	size_t flush;			/* the event */
	unsigned char data[2 * MAX_RUN * 4096];
};

static struct iscsi_context *iscsi;
static uint32_t block_size;
static bool write_through;
static uint32_t version[DISK_BYTES / CHUNK];
static bool busy[BLOCKS];
static unsigned int in_flight;
static unsigned long done_ops;

static void stamp_block(unsigned char *data, uint32_t lba, uint32_t ahead)
{
	uint32_t off;

	memset(data, 0, block_size);
	for (off = 0; off < block_size; off += CHUNK) {
		struct stamp stamp = { MAGIC, (lba * block_size + off) / CHUNK };

		stamp.version = version[stamp.chunk] + ahead;
		if (stamp.version)
			memcpy(data + off, &stamp, sizeof(stamp));
	}
}

static void op_written(const struct op *op)
{
	bool durable = write_through || op->type != OP_WRITE;
	uint32_t chunk = op->lba * block_size / CHUNK;
	uint32_t end = (op->lba + op->blocks) * block_size / CHUNK;
	uint32_t i;

	for (; chunk < end; chunk++)
		record(durable ? EV_ACK_DURABLE : EV_ACK, chunk,
		       version[chunk], 0);
	for (i = 0; i < op->blocks; i++)
		busy[op->lba + i] = false;
}

static void op_done(struct iscsi_context *ctx, int status, void *data,
		    void *private_)
{
	struct op *op = private_;
	struct scsi_task *task = data;

	if (status != SCSI_STATUS_GOOD) {
		fprintf(stderr, "durability: %s\n", iscsi_get_error(ctx));
		fail("a command failed");
	}
	if (op->type == OP_FLUSH)
		record(EV_FLUSHED, 0, 0, op->flush);
	else
		op_written(op);
	scsi_free_scsi_task(task);
	free(op);
	in_flight--;
	done_ops++;
}

/* A run of blocks that nobody is writing; 0: none found. */
static uint32_t pick_blocks(uint32_t *lba, uint32_t max)
{
	uint32_t n;

	*lba = rand() % BLOCKS;
	for (n = 0; n < max && *lba + n < BLOCKS && !busy[*lba + n]; n++)
		;
	return n ? 1 + rand() % n : 0;
}

static void op_fill(struct op *op)
{
	uint32_t i, chunk, end;
	unsigned char *data = op->data;

	if (op->type == OP_CAW) {
		stamp_block(data, op->lba, 0);
		data += block_size;
	}
	for (i = 0; i < op->blocks; i++) {
		stamp_block(data + i * block_size, op->lba + i, 1);
		busy[op->lba + i] = true;
	}
	chunk = op->lba * block_size / CHUNK;
	end = (op->lba + op->blocks) * block_size / CHUNK;
	while (chunk < end)
		version[chunk++]++;
}

static void op_send(struct op *op)
{
	size_t len = (size_t)op->blocks * block_size;
	struct scsi_task *task = NULL;

	switch (op->type) {
	case OP_WRITE:
	case OP_WRITE_FUA:
		task = iscsi_write16_task(iscsi, 0, op->lba, op->data, len,
					  block_size, 0, 0,
					  op->type == OP_WRITE_FUA, 0, 0,
					  op_done, op);
		break;
	case OP_WRITE_VERIFY:
		task = iscsi_writeverify16_task(iscsi, 0, op->lba, op->data,
						len, block_size, 0, 0, 1, 0,
						op_done, op);
		break;
	case OP_CAW:
		task = iscsi_compareandwrite_task(iscsi, 0, op->lba, op->data,
						  2 * len, block_size, 0, 0, 1,
						  0, 0, op_done, op);
		break;
	case OP_FLUSH:
		op->flush = record(EV_FLUSH, 0, 0, 0);
		task = iscsi_synchronizecache16_task(iscsi, 0, 0, 0, 0, 0,
						     op_done, op);
		break;
	case NR_OPS:
		break;
	}
	if (!task)
		fail(iscsi_get_error(iscsi));
	in_flight++;
}

static void op_start(void)
{
	struct op *op = calloc(1, sizeof(*op));

	if (!op)
		fail("out of memory");
	op->type = rand() % 20 ? rand() % OP_FLUSH : OP_FLUSH;
	if (op->type != OP_FLUSH) {
		op->blocks = pick_blocks(&op->lba,
					 op->type == OP_CAW ? 1 : MAX_RUN);
		if (!op->blocks) {
			free(op);
			return;
		}
		op_fill(op);
	}
	op_send(op);
}

static void initiator_connect(const char *text)
{
	struct iscsi_url *url;
	struct scsi_task *task;
	struct scsi_readcapacity16 *rc;

	iscsi = iscsi_create_context("iqn.2026-11.org.example:durability");
	url = iscsi_parse_full_url(iscsi, text);
	if (!url)
		fail(iscsi_get_error(iscsi));
	iscsi_set_targetname(iscsi, url->target);
	iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
	if (iscsi_full_connect_sync(iscsi, url->portal, 0))
		fail(iscsi_get_error(iscsi));
	task = iscsi_readcapacity16_sync(iscsi, 0);
	rc = task ? scsi_datain_unmarshall(task) : NULL;
	if (!rc)
		fail("READ CAPACITY");
	block_size = rc->block_length;
	scsi_free_scsi_task(task);
	iscsi_destroy_url(url);
}

static void initiator_run(unsigned long ops)
{
	struct pollfd pfd;

	while (done_ops < ops || in_flight) {
		if (done_ops < ops && in_flight < DEPTH)
			op_start();
		pfd.fd = iscsi_get_fd(iscsi);
		pfd.events = iscsi_which_events(iscsi);
		if (poll(&pfd, 1, in_flight < DEPTH && done_ops < ops ? 0 :
				  60000) < 0)
			fail("poll");
		if (iscsi_service(iscsi, pfd.revents))
			fail(iscsi_get_error(iscsi));
	}
}

/* ---- The crashes ------------------------------------------------------------------------ */

struct state {
	uint32_t cached[DISK_BYTES / CHUNK];
	uint32_t durable[DISK_BYTES / CHUNK];
	uint32_t acked[DISK_BYTES / CHUNK];
	uint32_t promised[DISK_BYTES / CHUNK];
};

static void raise_to(uint32_t *have, uint32_t want)
{
	if (*have < want)
		*have = want;
}

/* Versions before event @end, of events of type @type, become @have. */
static void collect(size_t end, enum event_type type, enum event_type also,
		    uint32_t *have)
{
	size_t i;

	for (i = 0; i < end; i++)
		if (events[i].type == type || events[i].type == also)
			raise_to(&have[events[i].chunk], events[i].version);
}

/* Crash behind event @at: is every promise kept? */
static bool survives(const struct state *s, size_t at)
{
	uint32_t chunk;

	for (chunk = 0; chunk < DISK_BYTES / CHUNK; chunk++) {
		if (s->durable[chunk] >= s->promised[chunk])
			continue;
		fprintf(stderr, "durability: crash behind event %zu: chunk %u has version %u, %u was promised\n",
			at, chunk, s->durable[chunk], s->promised[chunk]);
		return false;
	}
	return true;
}

static bool replay(void)
{
	struct state *s = calloc(1, sizeof(*s));
	bool look, kept = true;
	size_t i;

	for (i = 0; kept && i < nr_events; i++) {
		const struct event *ev = &events[i];

		look = false;
		switch (ev->type) {
		case EV_SYNC_END:
			collect(ev->ref, EV_WRITE, EV_WRITE, s->durable);
			break;
		case EV_ACK_DURABLE:
			raise_to(&s->promised[ev->chunk], ev->version);
			look = true;
			break;
		case EV_FLUSHED:
			collect(ev->ref, EV_ACK, EV_ACK_DURABLE, s->promised);
			look = true;
			break;
		default:
			break;
		}
		/* Nothing else can break a promise. */
		if (look)
			kept = survives(s, i);
	}
	free(s);
	return kept;
}

static unsigned long take_number(char ***argv)
{
	(*argv)++;
	if (!**argv)
		fail("wrong arguments");
	return strtoul(**argv, NULL, 0);
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/durability.XXXXXX", words[512], url[256];
	unsigned long ops = 3000, seed = 1;
	char *command[32];
	int n = 0;
	bool kept;

	for (argv++; *argv && !strncmp(*argv, "--", 2); argv++) {
		if (!strcmp(*argv, "--lie"))
			lie = true;
		else if (!strcmp(*argv, "--ops"))
			ops = take_number(&argv);
		else if (!strcmp(*argv, "--seed"))
			seed = take_number(&argv);
		else
			fail("wrong arguments");
	}
	while (*argv && strcmp(*argv, "--") && n < 24)
		command[n++] = *argv++;
	if (!n || !*argv || !argv[1] || !mkdtemp(dir))
		fail("wrong arguments");
	write_through = strstr(argv[1], "write-cache=off");
	snprintf(words, sizeof(words), "name=d,path=%s/disk,%s", dir, argv[1]);
	command[n++] = "--listen";
	command[n++] = "127.0.0.1:0";
	command[n++] = "--device";
	command[n++] = words;
	command[n] = NULL;

	srand(seed);
	fs_start(dir);
	server_start(command, url, sizeof(url));
	initiator_connect(url);
	initiator_run(ops);
	server_crash();
	iscsi_destroy_context(iscsi);
	fs_stop(dir);
	kept = replay();
	printf("%lu commands, %zu events, %s\n", done_ops, nr_events,
	       kept ? "every promise was kept" : "a promise was broken");
	free(events);
	return kept == lie;
}
