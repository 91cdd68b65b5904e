// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a drive to test the MMC device server with, see mmc_fake.h.
 */
#include <string.h>

#include "../must.h"
#include "mmc_fake.h"
#include "seg.h"

/* ---- The medium -------------------------------------------------------- */

/* No two words are alike, and so no two blocks. */
void drive_block(u64 lba, u8 *block)
{
	u64 i, word, words = MMC_BLOCK / sizeof(word);

	for (i = 0; i < words; i++) {
		word = (lba * words + i + 1) * 0x9e3779b97f4a7c15ULL;
		memcpy(block + i * sizeof(word), &word, sizeof(word));
	}
}

static void check_request(struct drive *d, const struct mmc_io *io)
{
	MUST(io->lu == d->lu && io->done && io->blocks);
	MUST(io->lba <= d->room && io->blocks <= d->room - io->lba);
	MUST(core_segs_len(io->segs, io->nr_segs) == io->blocks * MMC_BLOCK);
}

static void carry_out(struct drive *d, struct mmc_io *io)
{
	u8 block[MMC_BLOCK];
	u64 i;

	if (d->fail && d->fail_lba - io->lba < io->blocks) {
		io->has_bad_lba = d->fail == SENSE_READ_ERROR;
		io->bad_lba = d->fail_lba;
		mmc_io_done(io, d->fail);
		return;
	}
	for (i = 0; i < io->blocks; i++) {
		drive_block(io->lba + i, block);
		core_segs_write(io->segs, io->nr_segs, i * MMC_BLOCK, block,
				MMC_BLOCK);
	}
	mmc_io_done(io, SENSE_NONE);
}

static void drive_read(struct mmc_io *io)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	struct drive *d = mmc_lu_priv(io->lu);
	u32 at = d->nr_log++ % DRIVE_LOG_MAX;

	check_request(d, io);
	d->log[at].lba = io->lba;
	d->log[at].blocks = io->blocks;
	d->stack_low = min(d->stack_low, here);
	d->stack_high = max(d->stack_high, here);
	if (!d->deferred) {
		carry_out(d, io);
		return;
	}
	MUST(d->nr_queued < DRIVE_QUEUE_MAX);
	d->queue[d->nr_queued++] = io;
}

void drive_step(struct drive *d, u32 nr)
{
	struct mmc_io *io = d->queue[nr];

	MUST(nr < d->nr_queued);
	d->nr_queued--;
	memmove(&d->queue[nr], &d->queue[nr + 1],
		(d->nr_queued - nr) * sizeof(io));
	carry_out(d, io);
}

void drive_drain(struct drive *d)
{
	while (d->nr_queued)
		drive_step(d, 0);
}

/* ---- The drive --------------------------------------------------------- */

static void drive_eject(struct mmc_lu *lu)
{
	struct drive *d = mmc_lu_priv(lu);

	d->nr_eject++;
}

static void drive_load(struct mmc_lu *lu)
{
	struct drive *d = mmc_lu_priv(lu);

	d->nr_load++;
	if (d->load_brings)
		drive_set_medium(d, d->load_brings);
}

static void drive_ua(struct mmc_lu *lu, enum scst_sense ua, u64 except)
{
	struct drive *d = mmc_lu_priv(lu);

	d->nr_ua++;
	d->ua = ua;
	d->ua_except = except;
}

static void drive_capacity(struct mmc_lu *lu)
{
	struct drive *d = mmc_lu_priv(lu);

	d->nr_capacity++;
}

static const struct mmc_env_ops drive_env = {
	.ua = drive_ua,
	.capacity = drive_capacity,
};

struct drive *drive_new(const struct mmc_config *cfg)
{
	struct drive *d = calloc(1, sizeof(*d));

	d->room = cfg->blocks;
	d->stack_low = UINTPTR_MAX;
	d->ops = (struct mmc_backend_ops){
		.read = drive_read,
		.eject = drive_eject,
		.load = drive_load,
	};
	d->lu = mmc_lu_alloc(cfg, &d->ops, &drive_env, d);
	if (IS_ERR(d->lu)) {
		free(d);
		return NULL;
	}
	mmc_lu_describe(d->lu, &d->info);
	return d;
}

void drive_free(struct drive *d)
{
	MUST(!d->nr_queued);
	mmc_lu_free(d->lu);
	free(d);
}

void drive_set_medium(struct drive *d, u64 blocks)
{
	d->room = max(d->room, blocks);
	mmc_lu_set_medium(d->lu, blocks);
}

/* ---- Commands ---------------------------------------------------------- */

static void drive_done(struct scst_cmd *cmd)
{
	struct drive_cmd *c = container_of(cmd, struct drive_cmd, cmd);

	MUST(!c->ended);
	c->ended = true;
}

struct drive_cmd *drive_cmd_new(struct drive *d, const u8 *cdb,
				enum scst_data_dir dir, u32 len)
{
	struct drive_cmd *c = calloc(1, sizeof(*c));
	u32 size = round_up(len, SCST_DATA_ALIGN), cut = min(size, 1001u);

	c->d = d;
	memcpy(c->cdb, cdb, sizeof(c->cdb));
	c->cmd.cdb = c->cdb;
	c->cmd.cdb_len = sizeof(c->cdb);
	c->cmd.dir = dir;
	c->cmd.lu = d->lu;
	c->cmd.nexus_id = 1;
	c->cmd.done = drive_done;
	/* The device server initialises its own scratch. */
	memset(c->cmd.server, 0xa5, sizeof(c->cmd.server));
	if (dir == SCST_DATA_NONE || !len)
		return c;

	c->cmd.data_len = len;
	c->data = malloc(size);
	memset(c->data, 0xee, size);
	c->segs[0] = (struct core_seg){ c->data, cut };
	c->segs[1] = (struct core_seg){ c->data + cut, size - cut };
	c->cmd.segs = c->segs;
	c->cmd.nr_segs = 2;
	return c;
}

void drive_cmd_free(struct drive_cmd *c)
{
	if (!c)
		return;
	MUST(c->ended);
	free(c->data);
	free(c);
}

const struct scst_opcode *drive_row(const struct drive *d, u8 op)
{
	u32 i;

	for (i = 0; i < d->info.nr_opcodes; i++)
		if (d->info.opcodes[i].op == op)
			return &d->info.opcodes[i];
	return NULL;
}

bool drive_execute(struct drive_cmd *c)
{
	c->cmd.opcode = drive_row(c->d, c->cdb[0]);
	if (!c->cmd.opcode)
		return false;
	c->cmd.opcode->execute(&c->cmd);
	return true;
}
