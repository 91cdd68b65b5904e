// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the gate under threads, for the thread sanitizer as much as for the
 * assertions.
 *
 * Block 0 is a counter that all threads increment with COMPARE AND WRITE.
 * ORWRITE sets a bit per thread in block 1 and adds nothing to the blocks
 * behind it, each of which one thread alone writes and reads back: had an
 * ORWRITE not been alone, it would bring an old value back.
 *
 * The other game is about what must not be seen: part of a WRITE ATOMIC, and a
 * write between the first request of a sanitize operation and its last.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "core_os.h"
#include "sbc.h"
#include "seg.h"

#define BS	512u
#define WORDS	(BS / sizeof(u64))
#define THREADS 4u
#define BLOCKS	(2 + THREADS)
#define ROUNDS	4000u
#define PHASE	90		/* operations of all threads */

static u64 words[BLOCKS * WORDS];	/* the disk: relaxed atomics */
static struct sbc_lu *lu;
static struct scst_device_info info;
static u64 counted;			/* increments that were GOOD */
static atomic_t operations;

/* ---- The backend: inline, or by a pool of workers ----------------------- */

static bool pooled;
static bool stopping;
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t pool_cond = PTHREAD_COND_INITIALIZER;
static struct work {
	struct sbc_io *io;
	void (*fn)(struct sbc_io *io);
} pool[256];
static u32 nr_pool;

static void do_read(struct sbc_io *io)
{
	u64 buf[BLOCKS * WORDS];
	u64 i, nr = io->blocks * WORDS;

	for (i = 0; i < nr; i++)
		buf[i] = READ_ONCE(words[io->lba * WORDS + i]);
	core_segs_write(io->segs, io->nr_segs, 0, buf, nr * sizeof(u64));
	sbc_io_done(io, SENSE_NONE);
}

static void do_write(struct sbc_io *io)
{
	u64 buf[BLOCKS * WORDS];
	u64 i, nr = io->blocks * WORDS;

	core_segs_read(io->segs, io->nr_segs, 0, buf, nr * sizeof(u64));
	for (i = 0; i < nr; i++)
		WRITE_ONCE(words[io->lba * WORDS + i], buf[i]);
	sbc_io_done(io, SENSE_NONE);
}

static void do_zero(struct sbc_io *io)
{
	u64 i;

	for (i = 0; i < io->blocks * WORDS; i++)
		WRITE_ONCE(words[io->lba * WORDS + i], 0);
	sbc_io_done(io, SENSE_NONE);
}

/* A sanitize operation has begun, and not flushed yet. */
static atomic_t sanitizing;

static bool is_sanitize(const struct sbc_io *io)
{
	return io->cmd->cdb[0] == SCSI_SANITIZE;
}

static void do_flush(struct sbc_io *io)
{
	if (is_sanitize(io))
		atomic_set(&sanitizing, 0);
	sbc_io_done(io, SENSE_NONE);
}

static void do_resume(struct sbc_io *io)
{
	sbc_lu_resume(lu);
}

static void submit(struct sbc_io *io, void (*fn)(struct sbc_io *io))
{
	if (!pooled) {
		fn(io);
		return;
	}
	pthread_mutex_lock(&pool_lock);
	ck_assert_uint_lt(nr_pool, ARRAY_SIZE(pool));
	pool[nr_pool++] = (struct work){ io, fn };
	pthread_cond_signal(&pool_cond);
	pthread_mutex_unlock(&pool_lock);
}

static void be_read(struct sbc_io *io)
{
	submit(io, do_read);
}

static void be_write(struct sbc_io *io)
{
	ck_assert_int_eq(atomic_read(&sanitizing), 0);
	submit(io, do_write);
}

static void be_zero(struct sbc_io *io)
{
	if (is_sanitize(io))
		atomic_set(&sanitizing, 1);
	submit(io, do_zero);
}

static void be_flush(struct sbc_io *io)
{
	submit(io, do_flush);
}

static void defer(struct sbc_lu *from)
{
	submit(NULL, do_resume);
}

static void *worker(void *arg)
{
	struct work w;
	u32 i, nr = 0;

	pthread_mutex_lock(&pool_lock);
	while (!stopping || nr_pool) {
		if (!nr_pool) {
			pthread_cond_wait(&pool_cond, &pool_lock);
			continue;
		}
		w = pool[--nr_pool];
		pthread_mutex_unlock(&pool_lock);
		/* Some take longer, to be overtaken. */
		for (i = nr++ % 5; i; i--)
			sched_yield();
		w.fn(w.io);
		pthread_mutex_lock(&pool_lock);
	}
	pthread_mutex_unlock(&pool_lock);
	return NULL;
}

/* ---- Commands ---------------------------------------------------------- */

struct call {
	struct scst_cmd cmd;
	u8 cdb[16];
	u64 data[BLOCKS * WORDS];
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool ended;
};

static void call_done(struct scst_cmd *cmd)
{
	struct call *call = container_of(cmd, struct call, cmd);

	pthread_mutex_lock(&call->lock);
	call->ended = true;
	pthread_cond_signal(&call->cond);
	pthread_mutex_unlock(&call->lock);
}

static void execute(struct scst_cmd *cmd)
{
	u32 i;

	for (i = 0; i < info.nr_opcodes; i++) {
		if (info.opcodes[i].op == cmd->cdb[0] &&
		    (info.opcodes[i].sa == SCST_NO_SA ||
		     info.opcodes[i].sa == (cmd->cdb[1] & 0x1f))) {
			info.opcodes[i].execute(cmd);
			return;
		}
	}
	ck_abort_msg("no such command");
}

/* Status of a command on @blocks at @lba with @len bytes of call->data. */
static u8 run(struct call *call, u8 op, u64 lba, u32 blocks,
	      enum scst_data_dir dir, u32 len)
{
	struct scst_cmd *cmd = &call->cmd;

	memset(cmd, 0, sizeof(*cmd));
	memset(call->cdb, 0, sizeof(call->cdb));
	call->cdb[0] = op;
	if (op == SCSI_SANITIZE)
		call->cdb[1] = SCSI_SA_BLOCK_ERASE;
	else
		put_unaligned_be64(lba, call->cdb + 2);
	if (op == SCSI_COMPARE_AND_WRITE)
		call->cdb[13] = blocks;
	else
		put_unaligned_be32(blocks, call->cdb + 10);
	cmd->cdb = call->cdb;
	cmd->cdb_len = 16;
	cmd->dir = dir;
	cmd->data_len = len;
	cmd->seg = (struct core_seg){ call->data, sizeof(call->data) };
	cmd->segs = &cmd->seg;
	cmd->nr_segs = 1;
	cmd->lu = lu;
	cmd->done = call_done;
	call->ended = false;

	execute(cmd);
	pthread_mutex_lock(&call->lock);
	while (!call->ended)
		pthread_cond_wait(&call->cond, &call->lock);
	pthread_mutex_unlock(&call->lock);
	return cmd->status;
}

/* ---- What the threads do ------------------------------------------------ */

struct player {
	pthread_t thread;
	u32 nr;
	u64 rng;
	u64 mine;		/* what its block holds */
	u64 counted;
	struct call call;
};

static u32 rnd(struct player *p, u32 below)
{
	p->rng ^= p->rng << 13;
	p->rng ^= p->rng >> 7;
	p->rng ^= p->rng << 17;
	return (p->rng >> 16) % below;
}

static void increment(struct player *p)
{
	u64 *data = p->call.data;
	u8 status;

	status = run(&p->call, SCSI_READ_16, 0, 1, SCST_DATA_IN, BS);
	ck_assert_uint_eq(status, SCSI_GOOD);
	memcpy(data + WORDS, data, BS);
	data[WORDS]++;
	status = run(&p->call, SCSI_COMPARE_AND_WRITE, 0, 1, SCST_DATA_OUT,
		     2 * BS);
	if (status == SCSI_GOOD)
		p->counted++;
	else
		ck_assert_uint_eq(p->call.cmd.sense.sense,
				  SENSE_MISCOMPARE_VERIFY);
}

static void set_bits(struct player *p)
{
	memset(p->call.data, 0, sizeof(p->call.data));
	p->call.data[rnd(p, WORDS)] = 1ULL << p->nr;
	p->call.data[0] |= 1ULL << p->nr;
	ck_assert_uint_eq(run(&p->call, SCSI_ORWRITE_16, 1, 1 + THREADS,
			      SCST_DATA_OUT, (1 + THREADS) * BS), SCSI_GOOD);
}

static void write_mine(struct player *p)
{
	u32 i;

	p->mine = p->rng;
	for (i = 0; i < WORDS; i++)
		p->call.data[i] = p->mine;
	ck_assert_uint_eq(run(&p->call, SCSI_WRITE_16, 2 + p->nr, 1,
			      SCST_DATA_OUT, BS), SCSI_GOOD);
}

static void zero_mine(struct player *p)
{
	p->mine = 0;
	memset(p->call.data, 0, BS);
	ck_assert_uint_eq(run(&p->call, SCSI_WRITE_SAME_16, 2 + p->nr, 1,
			      SCST_DATA_OUT, BS), SCSI_GOOD);
}

static void read_mine(struct player *p)
{
	u32 i;

	ck_assert_uint_eq(run(&p->call, SCSI_READ_16, 2 + p->nr, 1,
			      SCST_DATA_IN, BS), SCSI_GOOD);
	for (i = 0; i < WORDS; i++)
		ck_assert_uint_eq(p->call.data[i], p->mine);
}

static void *play(void *arg)
{
	struct player *p = arg;
	bool loop = p->nr & 1;
	u32 i;

	/* Some are event loops with a counter of their own, some are not. */
	if (loop)
		core_thread_register();
	for (i = 0; i < ROUNDS; i++) {
		/* In every other phase nothing is atomic: the gate opens. */
		bool calm = atomic_inc_return(&operations) / PHASE & 1;

		switch (rnd(p, calm ? 3 : 6)) {
		case 0:
			zero_mine(p);
			break;
		case 3:
			set_bits(p);
			break;
		case 4:
		case 5:
			increment(p);
			break;
		default:
			write_mine(p);
		}
		read_mine(p);
	}
	set_bits(p);
	if (loop)
		core_thread_unregister();
	return NULL;
}

/* ---- What must not be seen ---------------------------------------------- */

/* Status of a command that may meet a sanitize operation; true: it did not. */
static bool went(u8 status, const struct player *p)
{
	if (status == SCSI_GOOD)
		return true;
	ck_assert_uint_eq(p->call.cmd.sense.sense, SENSE_SANITIZE_IN_PROGRESS);
	return false;
}

static void write_atomic(struct player *p)
{
	u32 i;

	p->rng++;
	for (i = 0; i < BLOCKS * WORDS; i++)
		p->call.data[i] = p->rng;
	if (went(run(&p->call, SCSI_WRITE_ATOMIC_16, 0, BLOCKS, SCST_DATA_OUT,
		     BLOCKS * BS), p))
		p->counted++;
}

static void read_atomic(struct player *p)
{
	u32 i;

	if (!went(run(&p->call, SCSI_READ_16, 0, BLOCKS, SCST_DATA_IN,
		      BLOCKS * BS), p))
		return;
	for (i = 1; i < BLOCKS * WORDS; i++)
		ck_assert_uint_eq(p->call.data[i], p->call.data[0]);
}

static void *play_atomic(void *arg)
{
	struct player *p = arg;
	u32 i;

	for (i = 0; i < ROUNDS / 4; i++) {
		switch (rnd(p, 64)) {
		case 0:
			went(run(&p->call, SCSI_SANITIZE, 0, 0, SCST_DATA_NONE,
				 0), p);
			break;
		case 1 ... 20:
			write_atomic(p);
			break;
		default:
			read_atomic(p);
		}
	}
	return NULL;
}

static void play_all(void *(*game)(void *arg))
{
	static struct player players[THREADS];
	u32 i;

	for (i = 0; i < THREADS; i++) {
		players[i].nr = i;
		players[i].rng = 0x9e3779b97f4a7c15ULL * (i + 1);
		pthread_mutex_init(&players[i].call.lock, NULL);
		pthread_cond_init(&players[i].call.cond, NULL);
		pthread_create(&players[i].thread, NULL, game, &players[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(players[i].thread, NULL);
		counted += players[i].counted;
	}
}

static void serve(const struct sbc_config *cfg,
		  const struct sbc_backend_ops *be, void *(*game)(void *arg))
{
	static const struct sbc_env_ops env = { .defer = defer };
	pthread_t workers[2];
	u32 i;

	lu = sbc_lu_alloc(cfg, be, &env, NULL);
	ck_assert(!IS_ERR(lu));
	sbc_lu_describe(lu, &info);
	for (i = 0; pooled && i < 2; i++)
		pthread_create(&workers[i], NULL, worker, NULL);
	play_all(game);
	pthread_mutex_lock(&pool_lock);
	stopping = true;
	pthread_cond_broadcast(&pool_cond);
	pthread_mutex_unlock(&pool_lock);
	for (i = 0; pooled && i < 2; i++)
		pthread_join(workers[i], NULL);
	sbc_lu_free(lu);
}

START_TEST(nothing_is_lost)
{
	static const struct sbc_backend_ops be = {
		.read = be_read,
		.write = be_write,
		.zero = be_zero,
	};
	struct sbc_config cfg = {
		.blocks = BLOCKS,
		.block_size = BS,
		.max_transfer = BLOCKS,
	};

	pooled = _i;
	serve(&cfg, &be, play);
	ck_assert_uint_gt(counted, 100);
	ck_assert_uint_eq(words[0], counted);
	ck_assert_uint_eq(words[WORDS], (1 << THREADS) - 1);
}
END_TEST

START_TEST(nothing_is_torn)
{
	static const struct sbc_backend_ops be = {
		.read = be_read,
		.write = be_write,
		.flush = be_flush,
		.zero = be_zero,
	};
	struct sbc_config cfg = {
		.blocks = BLOCKS,
		.block_size = BS,
		.max_transfer = BLOCKS,
		.max_atomic = BLOCKS,
		.thin = true,
		.sanitize = true,
		.write_cache = true,
	};

	pooled = true;
	serve(&cfg, &be, play_atomic);
	ck_assert_uint_gt(counted, 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sbc_threads");
	TCase *tc = tcase_create("threads");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, nothing_is_lost, 0, 2);
	tcase_add_test(tc, nothing_is_torn);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
