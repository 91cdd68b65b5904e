// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: random interleavings of commands on a backend that completes in any
 * order, against a model; and want of memory at each place.
 *
 * The model is the disk's contents, changed by each command in one step: at
 * the moment when its write is carried out. A command that is not atomic
 * makes the disk differ from it. Besides, nobody may pass by an atomic
 * command that came earlier, nor may it pass by others.
 *
 * SBC_SEED repeats one run.
 */
#include <stdio.h>

#include "sbc_test.h"

#define SMALL 24u		/* blocks of the disk */
#define OUTSTANDING 20u
#define STEPS 3000u

struct track {
	struct fake_cmd *c;
	u32 seq;
	bool atomic, alters;
	bool data_done;		/* what is to be written is written */
	bool miscompares;	/* as the model was when it was read */
	bool durable;		/* shall be, once it is GOOD */
	u32 version;		/* of its blocks when it wrote them */
};

/* Of each block: how often it was written, and what of that is durable. */
static u32 versions[SMALL], durable[SMALL], version;

static u8 model[SMALL * BS];
static struct track tracks[OUTSTANDING];
static u32 nr_tracks, next_seq;
static u64 rng_state;
static u32 nr_good, nr_miscompare, nr_error;

static u32 rnd(u32 below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (rng_state >> 16) % below;
}

static struct track *track_of(struct scst_cmd *cmd)
{
	struct fake_cmd *fc = container_of(cmd, struct fake_cmd, cmd);

	return fc->priv;
}

/* The range that the command names; of UNMAP, its first descriptor. */
static void range_of(const struct fake_cmd *fc, u64 *lba, u64 *blocks)
{
	if (fc->cdb[0] == SCSI_UNMAP) {
		*lba = get_unaligned_be64(fc->data + 8);
		*blocks = get_unaligned_be32(fc->data + 16);
		return;
	}
	*lba = get_unaligned_be64(fc->cdb + 2);
	*blocks = get_unaligned_be32(fc->cdb + 10);
	if (fc->cdb[0] == SCSI_COMPARE_AND_WRITE)
		*blocks = fc->cdb[13];
}

static bool overlap(const struct track *a, const struct track *b)
{
	u64 a_lba, a_blocks, b_lba, b_blocks;

	range_of(a->c, &a_lba, &a_blocks);
	range_of(b->c, &b_lba, &b_blocks);
	return a_lba < b_lba + b_blocks && b_lba < a_lba + a_blocks;
}

/* @t touches its blocks now: may it? */
static void check_order(const struct track *t)
{
	u32 i;

	for (i = 0; i < nr_tracks; i++) {
		const struct track *o = &tracks[i];

		if (o == t || o->c->ended || o->data_done || !o->alters ||
		    o->seq > t->seq || !overlap(o, t))
			continue;
		ck_assert_msg(!o->atomic && !t->atomic,
			      "%02x passes by %02x", t->c->cdb[0],
			      o->c->cdb[0]);
	}
}

static void model_write(struct track *t, struct sbc_io *io)
{
	u8 *to = model + io->lba * BS;
	const u8 *data = t->c->data;
	u64 i, len = io->blocks * BS;

	for (i = 0; i < len; i++) {
		switch (t->c->cdb[0]) {
		case SCSI_ORWRITE_16:
			to[i] |= data[i];
			break;
		case SCSI_COMPARE_AND_WRITE:
			ck_assert_uint_eq(to[i], data[i]);
			to[i] = data[len + i];
			break;
		case SCSI_WRITE_SAME_16:
			to[i] = data[i % BS];
			break;
		default:
			to[i] = data[i];
		}
	}
}

static void age(struct track *t, enum fake_op op, const struct sbc_io *io)
{
	u64 lba;

	version++;
	for (lba = io->lba; lba < io->lba + io->blocks; lba++) {
		if (op != FAKE_FLUSH)
			versions[lba] = t->version = version;
		if (op == FAKE_FLUSH || (io->flags & SBC_IO_FUA))
			durable[lba] = versions[lba];
	}
}

static void check_durable(const struct track *t)
{
	u64 lba, blocks;

	range_of(t->c, &lba, &blocks);
	while (blocks--)
		ck_assert_uint_ge(durable[lba++], t->version);
}

static void executed(struct fake *fake, enum fake_op op, struct sbc_io *io)
{
	struct track *t = track_of(io->cmd);
	u64 len = io->blocks * BS;

	if (op != FAKE_READ)
		age(t, op, io);
	if (op == FAKE_FLUSH)
		return;
	if (t->alters && !t->data_done)
		check_order(t);
	if (op == FAKE_READ && t->c->cdb[0] == SCSI_COMPARE_AND_WRITE)
		t->miscompares = memcmp(model + io->lba * BS, t->c->data, len);
	if (op == FAKE_WRITE)
		model_write(t, io);
	if (op == FAKE_ZERO || op == FAKE_UNMAP)
		memset(model + io->lba * BS, 0, len);
	if (op == FAKE_WRITE || op == FAKE_ZERO)
		t->data_done = true;
	ck_assert_mem_eq(model, fake->cached, sizeof(model));
}

/* ---- Commands ---------------------------------------------------------- */

static void on_end(struct fake_cmd *fc)
{
	struct track *t = fc->priv;
	struct scst_cmd *cmd = &fc->cmd;

	if (cmd->status == SCSI_GOOD) {
		nr_good++;
		ck_assert(!t->miscompares);
		if (t->durable)
			check_durable(t);
		ck_assert(!t->alters || t->data_done ||
			  fc->cdb[0] == SCSI_UNMAP);
	} else if (cmd->sense.sense == SENSE_MISCOMPARE_VERIFY &&
		   fc->cdb[0] == SCSI_COMPARE_AND_WRITE) {
		nr_miscompare++;
		ck_assert(t->miscompares && !t->data_done);
	} else {
		nr_error++;
	}
}

static u32 data_len(u8 op, u32 blocks)
{
	switch (op) {
	case SCSI_COMPARE_AND_WRITE:
		return 2 * blocks * BS;
	case SCSI_UNMAP:
		return 24;
	case SCSI_WRITE_SAME_16:
		return BS;
	default:
		return blocks * BS;
	}
}

/* Often what is there, so that some compare. */
static void data_fill(struct fake_cmd *fc, u8 op, u64 lba, u32 blocks)
{
	memset(fc->data, rnd(4) * rnd(256), fc->len);
	if (op == SCSI_UNMAP) {
		memset(fc->data, 0, fc->len);
		put_unaligned_be16(22, fc->data);
		put_unaligned_be16(16, fc->data + 2);
		put_unaligned_be64(lba, fc->data + 8);
		put_unaligned_be32(blocks, fc->data + 16);
	} else if (op == SCSI_COMPARE_AND_WRITE && rnd(3)) {
		memcpy(fc->data, model + lba * BS, blocks * BS);
	}
}

/* While @calm nothing is atomic, and the gate opens. */
static void start_one(bool calm)
{
	static const u8 ops[] = {
		SCSI_READ_16, SCSI_WRITE_16, SCSI_WRITE_16,
		SCSI_WRITE_VERIFY_16, SCSI_WRITE_SAME_16, SCSI_UNMAP,
		SCSI_ORWRITE_16, SCSI_COMPARE_AND_WRITE,
		SCSI_COMPARE_AND_WRITE,
	};
	u8 op = ops[rnd(ARRAY_SIZE(ops) - (calm ? 3 : 0))];
	u8 opts = rnd(4) ? 0 : FUA, cdb[16];
	u64 lba = rnd(SMALL);
	u32 blocks = 1 + rnd(min_t(u32, 4, SMALL - lba));
	struct track *t = &tracks[nr_tracks++];
	struct fake_cmd *fc;

	if (op == SCSI_WRITE_SAME_16 || op == SCSI_UNMAP ||
	    op == SCSI_WRITE_VERIFY_16)
		opts = 0;
	if (op == SCSI_UNMAP)
		fake_cdb(cdb, op, 0, 0, 24);
	else
		fake_cdb(cdb, op, opts, lba, blocks);
	fc = fake_cmd_new(f, cdb, op == SCSI_READ_16 ? SCST_DATA_IN :
						       SCST_DATA_OUT,
			  data_len(op, blocks));
	if (op != SCSI_READ_16)
		data_fill(fc, op, lba, blocks);
	*t = (struct track){
		.c = fc,
		.seq = next_seq++,
		.alters = op != SCSI_READ_16,
		.atomic = op == SCSI_ORWRITE_16 ||
			  op == SCSI_COMPARE_AND_WRITE,
		.durable = op != SCSI_UNMAP && op != SCSI_READ_16 &&
			   (opts || op == SCSI_WRITE_VERIFY_16 ||
			    !sbc_lu_write_cache(f->lu)),
	};
	fc->priv = t;
	fc->on_end = on_end;
	fake_execute(fc);
}

static void reap(void)
{
	u32 i;

	for (i = 0; i < nr_tracks;) {
		if (!tracks[i].c->ended) {
			i++;
			continue;
		}
		fake_cmd_free(tracks[i].c);
		tracks[i] = tracks[--nr_tracks];
		if (i < nr_tracks)
			tracks[i].c->priv = &tracks[i];
	}
}

static void step(bool calm)
{
	f->fail = rnd(20) ? SENSE_NONE : SENSE_WRITE_ERROR;
	f->fail_lba = rnd(SMALL);
	if (f->nr_queued && (nr_tracks == OUTSTANDING || rnd(2)))
		fake_step(f, rnd(f->nr_queued));
	else if (nr_tracks < OUTSTANDING)
		start_one(calm);
	if (nr_tracks && !rnd(50))
		WRITE_ONCE(tracks[rnd(nr_tracks)].c->cmd.aborted, true);
	reap();
}

static void play(u64 seed, const struct sbc_config *cfg, u32 lacks)
{
	u32 i;

	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	rng_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	disk(cfg, lacks | LACKS_CAW);
	f->deferred = true;
	f->fail_ops = ~0u;
	f->executed = executed;
	memcpy(model, f->cached, sizeof(model));
	for (i = 0; i < STEPS; i++)
		step(i / 200 & 1);
	f->fail = SENSE_NONE;
	while (f->nr_queued)
		fake_step(f, rnd(f->nr_queued));
	reap();
	ck_assert_uint_eq(nr_tracks, 0);
	ck_assert_mem_eq(model, f->cached, sizeof(model));
	ck_assert_uint_gt(nr_good, 500);
	ck_assert_uint_gt(nr_miscompare, 10);
	ck_assert_uint_gt(nr_error, 10);
}

START_TEST(interleavings_agree_with_the_model)
{
	const char *seed = getenv("SBC_SEED");
	struct sbc_config cfg = fake_config();

	cfg.blocks = SMALL;
	cfg.write_cache = _i & 1;
	cfg.native_fua = _i & 2;
	play(seed ? strtoull(seed, NULL, 0) : 1000 + _i, &cfg,
	     _i & 4 ? LACKS_ZERO : 0);
}
END_TEST

/* ---- Want of memory ---------------------------------------------------- */

static void make_needy(u32 nr)
{
	static const u8 ops[] = {
		SCSI_VERIFY_16, SCSI_WRITE_VERIFY_16, SCSI_WRITE_SAME_16,
		SCSI_COMPARE_AND_WRITE, SCSI_ORWRITE_16, SCSI_PREVENT_ALLOW,
	};
	u8 op = ops[nr];

	make(op, 0, 5, op == SCSI_PREVENT_ALLOW ? 1 : 2, SCST_DATA_OUT,
	     op == SCSI_WRITE_SAME_16 ? BS :
	     op == SCSI_COMPARE_AND_WRITE ? 4 * BS : 2 * BS);
	memset(c->data, 0x77, c->len);
	if (op == SCSI_COMPARE_AND_WRITE)
		memcpy(c->data, f->cached + 5 * BS, 2 * BS);
}

START_TEST(want_of_memory_is_busy)
{
	struct sbc_config cfg = fake_config();
	u32 nth, failures = 0;

	for (nth = 1; ; nth++) {
		disk(&cfg, LACKS_CAW);
		make_needy(_i);
		core_fail_alloc(nth);
		run();
		if (core_fail_alloc(0))
			break;
		failures++;
		ck_assert_uint_eq(c->cmd.status, SCSI_BUSY);
		ck_ops("");
		ck_assert_mem_eq(f->cached, f->medium, BLOCKS * BS);
		teardown();
	}
	ck_good();
	ck_assert_uint_gt(failures, 0);
}
END_TEST

START_TEST(want_of_memory_makes_no_disk)
{
	struct sbc_config cfg = fake_config();
	u32 nth;

	for (nth = 1; ; nth++) {
		core_fail_alloc(nth);
		f = fake_new(&cfg, 0);
		if (core_fail_alloc(0))
			break;
		ck_assert_ptr_null(f);
	}
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(nth, 2);
}
END_TEST

/* The fallback when zero() is not possible after all has the gate already. */
START_TEST(want_of_memory_in_the_gate_leaves_it)
{
	struct sbc_config cfg = fake_config();
	u8 same[16];

	disk(&cfg, LACKS_CAW);
	f->fail = SENSE_INVALID_OPCODE;
	f->fail_ops = 1 << FAKE_ZERO;
	f->fail_lba = 5;
	fake_cdb(same, SCSI_WRITE_SAME_16, 0, 5, 2);
	c = fake_cmd_new(f, same, SCST_DATA_OUT, BS);
	core_fail_alloc(1);
	run();
	core_fail_alloc(0);
	ck_assert_uint_eq(c->cmd.status, SCSI_BUSY);
	/* An atomic command would wait for it. */
	do_out(SCSI_ORWRITE_16, 0, 5, 1, BS, 1);
	ck_good();
}
END_TEST

static Suite *random_suite(void)
{
	Suite *s = suite_create("sbc_random");
	TCase *tc = tcase_create("interleavings");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, interleavings_agree_with_the_model, 0, 16);
	suite_add_tcase(s, tc);

	tc = tcase_create("memory");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, want_of_memory_is_busy, 0, 6);
	tcase_add_test(tc, want_of_memory_makes_no_disk);
	tcase_add_test(tc, want_of_memory_in_the_gate_leaves_it);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return run_suite(random_suite());
}
