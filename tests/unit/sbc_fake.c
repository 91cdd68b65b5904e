// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a disk in memory to test the SBC device server with, see sbc_fake.h.
 */
#include <string.h>

#include "../must.h"
#include "sbc_fake.h"
#include "seg.h"

static u64 fake_offset(const struct fake *f, u64 lba)
{
	return lba * f->cfg.block_size;
}

/* ---- Requests ---------------------------------------------------------- */

static void check_request(struct fake *f, enum fake_op op, struct sbc_io *io)
{
	u64 bytes = fake_offset(f, io->blocks);
	bool data = op == FAKE_READ || op == FAKE_WRITE || op == FAKE_CAW;

	MUST(io->lu == f->lu && io->done);
	MUST(io->lba <= f->room && io->blocks <= f->room - io->lba);
	MUST(io->blocks);
	if (data)
		MUST(core_segs_len(io->segs, io->nr_segs) ==
		     (op == FAKE_CAW ? 2 * bytes : bytes));
	else
		MUST(!io->nr_segs);
	if ((io->flags & SBC_IO_FUA) && op != FAKE_READ)
		MUST(f->cfg.native_fua &&
		     (op == FAKE_WRITE || op == FAKE_ZERO || op == FAKE_CAW));
	if (io->flags & SBC_IO_MAY_UNMAP)
		MUST(op == FAKE_ZERO || op == FAKE_UNMAP);
}

static bool request_fails(const struct fake *f, enum fake_op op,
			  const struct sbc_io *io)
{
	return f->fail && (f->fail_ops & (1u << op)) &&
	       f->fail_lba >= io->lba && f->fail_lba < io->lba + io->blocks;
}

static void make_durable(struct fake *f, u64 lba, u64 blocks)
{
	u64 off = fake_offset(f, lba);

	memcpy(f->medium + off, f->cached + off, fake_offset(f, blocks));
}

static void altered(struct fake *f, const struct sbc_io *io, bool mapped)
{
	u64 i;

	for (i = 0; i < io->blocks; i++)
		f->mapped[io->lba + i] = mapped;
	if ((io->flags & SBC_IO_FUA) || !f->ops.flush)
		make_durable(f, io->lba, io->blocks);
}

static void do_status(struct fake *f, struct sbc_io *io)
{
	io->extent = 1;
	io->mapped = f->mapped[io->lba];
	while (io->extent < io->blocks &&
	       f->mapped[io->lba + io->extent] == io->mapped)
		io->extent++;
}

static void do_usage(const struct fake *f, struct sbc_io *io)
{
	u64 i;

	io->used = 0;
	for (i = 0; i < f->room; i++)
		io->used += f->mapped[i];
	io->available = f->room - io->used;
}

static enum scst_sense do_caw(struct fake *f, struct sbc_io *io)
{
	u64 off = fake_offset(f, io->lba), len = fake_offset(f, io->blocks);
	u8 *half = malloc(len);
	u64 i = 0;

	core_segs_read(io->segs, io->nr_segs, 0, half, len);
	while (i < len && half[i] == f->cached[off + i])
		i++;
	free(half);
	if (i < len) {
		io->has_bad_lba = true;
		io->bad_lba = i;
		return SENSE_MISCOMPARE_VERIFY;
	}
	core_segs_read(io->segs, io->nr_segs, len, f->cached + off, len);
	altered(f, io, true);
	return SENSE_NONE;
}

/* Read with another key it is noise, and that lasts. */
static void do_crypto(struct fake *f)
{
	u64 i, len = fake_offset(f, f->room);

	for (i = 0; i < len; i++) {
		f->cached[i] ^= 0x5c;
		f->medium[i] ^= 0x5c;
	}
}

static enum scst_sense do_request(struct fake *f, enum fake_op op,
				  struct sbc_io *io)
{
	u64 off = fake_offset(f, io->lba), len = fake_offset(f, io->blocks);

	switch (op) {
	case FAKE_READ:
		core_segs_write(io->segs, io->nr_segs, 0, f->cached + off, len);
		break;
	case FAKE_WRITE:
		core_segs_read(io->segs, io->nr_segs, 0, f->cached + off, len);
		altered(f, io, true);
		break;
	case FAKE_UNMAP:
	case FAKE_ZERO:
		memset(f->cached + off, op == FAKE_UNMAP &&
		       !f->cfg.zero_after_unmap ? 0xdb : 0, len);
		altered(f, io, !(io->flags & SBC_IO_MAY_UNMAP));
		break;
	case FAKE_FLUSH:
		make_durable(f, io->lba, io->blocks);
		break;
	case FAKE_STATUS:
		do_status(f, io);
		break;
	case FAKE_USAGE:
		do_usage(f, io);
		break;
	case FAKE_CAW:
		return do_caw(f, io);
	case FAKE_CRYPTO:
		do_crypto(f);
		break;
	default:
		break;
	}
	return SENSE_NONE;
}

static void carry_out(struct fake *f, enum fake_op op, struct sbc_io *io)
{
	enum scst_sense sense;

	if (request_fails(f, op, io)) {
		sense = f->fail;
		io->has_bad_lba = sense == SENSE_READ_ERROR ||
				  sense == SENSE_WRITE_ERROR;
		io->bad_lba = f->fail_lba;
	} else {
		sense = do_request(f, op, io);
		if (f->executed)
			f->executed(f, op, io);
	}
	sbc_io_done(io, sense);
}

static void request(struct sbc_io *io, enum fake_op op)
{
	struct fake *f = sbc_lu_priv(io->lu);

	check_request(f, op, io);
	f->log[f->nr_log++ % FAKE_LOG_MAX] = (struct fake_entry){
		.op = op,
		.lba = io->lba,
		.blocks = io->blocks,
		.flags = io->flags,
	};
	if (f->submitted)
		f->submitted(f, op, io);
	if (!f->deferred) {
		carry_out(f, op, io);
		return;
	}
	MUST(f->nr_queued < FAKE_QUEUE_MAX);
	f->queue[f->nr_queued++] = (struct fake_pending){ io, op };
}

#define REQUEST(name, op) \
static void name(struct sbc_io *io) \
{ \
	request(io, op); \
}

REQUEST(fake_read, FAKE_READ)
REQUEST(fake_write, FAKE_WRITE)
REQUEST(fake_flush, FAKE_FLUSH)
REQUEST(fake_unmap, FAKE_UNMAP)
REQUEST(fake_zero, FAKE_ZERO)
REQUEST(fake_status, FAKE_STATUS)
REQUEST(fake_prefetch, FAKE_PREFETCH)
REQUEST(fake_caw, FAKE_CAW)
REQUEST(fake_usage, FAKE_USAGE)
REQUEST(fake_crypto, FAKE_CRYPTO)

static void fake_eject(struct sbc_lu *lu)
{
	struct fake *f = sbc_lu_priv(lu);

	f->nr_eject++;
}

static void fake_load(struct sbc_lu *lu)
{
	struct fake *f = sbc_lu_priv(lu);

	f->nr_load++;
}

void fake_step(struct fake *f, u32 nr)
{
	struct fake_pending p = f->queue[nr];

	MUST(nr < f->nr_queued);
	f->nr_queued--;
	memmove(&f->queue[nr], &f->queue[nr + 1],
		(f->nr_queued - nr) * sizeof(p));
	carry_out(f, p.op, p.io);
}

void fake_resume(struct fake *f)
{
	MUST(f->resume);
	f->resume = false;
	sbc_lu_resume(f->lu);
}

void fake_drain(struct fake *f)
{
	while (f->nr_queued || f->resume) {
		if (f->resume)
			fake_resume(f);
		else
			fake_step(f, 0);
	}
}

/* ---- The log ----------------------------------------------------------- */

void fake_clear_log(struct fake *f)
{
	f->nr_log = 0;
}

u32 fake_count(const struct fake *f, enum fake_op op)
{
	u32 i, nr = 0;

	for (i = 0; i < f->nr_log; i++)
		nr += f->log[i].op == op;
	return nr;
}

const char *fake_ops(const struct fake *f)
{
	static char ops[65];
	u32 i;

	for (i = 0; i < f->nr_log && i < sizeof(ops) - 1; i++)
		ops[i] = "RWFUZSPCAK"[f->log[i].op];
	ops[i] = '\0';
	return ops;
}

/* ---- The disk ---------------------------------------------------------- */

static void fake_ua(struct sbc_lu *lu, enum scst_sense ua, u64 except)
{
	struct fake *f = sbc_lu_priv(lu);

	f->nr_ua++;
	f->ua = ua;
	f->ua_except = except;
}

static void fake_capacity(struct sbc_lu *lu)
{
	struct fake *f = sbc_lu_priv(lu);

	f->nr_capacity++;
}

static void fake_defer(struct sbc_lu *lu)
{
	struct fake *f = sbc_lu_priv(lu);

	MUST(!f->resume);
	f->resume = true;
}

static void fake_idle(struct sbc_lu *lu)
{
	struct fake *f = sbc_lu_priv(lu);

	MUST(!sbc_lu_busy(lu));
	f->nr_idle++;
}

static const struct sbc_env_ops fake_env = {
	.ua = fake_ua,
	.capacity = fake_capacity,
	.defer = fake_defer,
	.idle = fake_idle,
};

struct sbc_config fake_config(void)
{
	return (struct sbc_config){
		.blocks = 2048,
		.block_size = 512,
		.removable = true,
		.medium = true,
		.thin = true,
		.zero_after_unmap = true,
		.write_cache = true,
		.max_transfer = 512,
	};
}

static struct sbc_backend_ops fake_backend(u32 lacks)
{
	struct sbc_backend_ops ops = {
		.read = fake_read,
		.write = fake_write,
		.flush = fake_flush,
		.unmap = fake_unmap,
		.zero = fake_zero,
		.status = fake_status,
		.prefetch = fake_prefetch,
		.compare_and_write = fake_caw,
		.usage = fake_usage,
		.crypto_erase = fake_crypto,
		.eject = fake_eject,
		.load = fake_load,
	};

	if (lacks & LACKS_WRITE)
		ops.write = NULL;
	if (lacks & LACKS_FLUSH)
		ops.flush = NULL;
	if (lacks & LACKS_UNMAP)
		ops.unmap = NULL;
	if (lacks & LACKS_ZERO)
		ops.zero = NULL;
	if (lacks & LACKS_STATUS)
		ops.status = NULL;
	if (lacks & LACKS_PREFETCH)
		ops.prefetch = NULL;
	if (lacks & LACKS_CAW)
		ops.compare_and_write = NULL;
	if (lacks & LACKS_USAGE)
		ops.usage = NULL;
	if (lacks & LACKS_CRYPTO)
		ops.crypto_erase = NULL;
	return ops;
}

/* No two words of the disk are alike, and so no two blocks. */
static void fake_fill(struct fake *f)
{
	u64 *words = (u64 *)f->cached;
	u64 i, nr = fake_offset(f, f->room) / sizeof(*words);

	for (i = 0; i < nr; i++)
		words[i] = (i + 1) * 0x9e3779b97f4a7c15ULL;
	memcpy(f->medium, f->cached, fake_offset(f, f->room));
	memset(f->mapped, true, f->room);
}

struct fake *fake_new(const struct sbc_config *cfg, u32 lacks)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->cfg = *cfg;
	f->ops = fake_backend(lacks);
	f->lu = sbc_lu_alloc(cfg, &f->ops, &fake_env, f);
	if (IS_ERR(f->lu)) {
		free(f);
		return NULL;
	}
	sbc_lu_describe(f->lu, &f->info);
	f->room = cfg->blocks;
	f->cached = malloc(fake_offset(f, f->room));
	f->medium = malloc(fake_offset(f, f->room));
	f->mapped = calloc(f->room, sizeof(*f->mapped));
	fake_fill(f);
	return f;
}

void fake_free(struct fake *f)
{
	MUST(!f->nr_queued && !f->resume);
	sbc_lu_free(f->lu);
	free(f->cached);
	free(f->medium);
	free(f->mapped);
	free(f);
}

/* ---- Commands ---------------------------------------------------------- */

static void fake_done(struct scst_cmd *cmd)
{
	struct fake_cmd *c = container_of(cmd, struct fake_cmd, cmd);

	MUST(!c->ended);
	c->ended = true;
	if (c->on_end)
		c->on_end(c);
}

/* Neither equally long nor aligned; what is empty comes along, too. */
static void fake_segment(struct fake_cmd *c, u32 size)
{
	u32 first = min_t(u32, size, 1000), second = min_t(u32, size - first,
							   24);

	c->segs[0] = (struct core_seg){ c->data, first };
	c->segs[1] = (struct core_seg){ c->data + first, second };
	c->segs[2] = (struct core_seg){ c->data + first + second,
					size - first - second };
	c->cmd.segs = c->segs;
	c->cmd.nr_segs = 3;
}

struct fake_cmd *fake_cmd_new(struct fake *f, const u8 *cdb,
			      enum scst_data_dir dir, u32 len)
{
	struct fake_cmd *c = calloc(1, sizeof(*c));
	u32 size = round_up(len, SCST_DATA_ALIGN);

	c->f = f;
	memcpy(c->cdb, cdb, sizeof(c->cdb));
	c->cmd.cdb = c->cdb;
	c->cmd.cdb_len = sizeof(c->cdb);
	c->cmd.dir = dir;
	c->cmd.data_len = dir == SCST_DATA_NONE ? 0 : len;
	c->cmd.lu = f->lu;
	c->cmd.nexus_id = 1;
	c->cmd.done = fake_done;
	c->len = c->cmd.data_len;
	/* The device server initialises its own scratch. */
	memset(c->cmd.server, 0xa5, sizeof(c->cmd.server));
	if (c->len) {
		c->data = malloc(size);
		memset(c->data, dir == SCST_DATA_IN ? 0xee : 0, size);
		fake_segment(c, size);
	}
	return c;
}

void fake_cmd_free(struct fake_cmd *c)
{
	if (!c)
		return;
	MUST(c->ended);
	free(c->data);
	free(c);
}

const struct scst_opcode *fake_row(const struct fake *f, const u8 *cdb)
{
	u32 i;

	for (i = 0; i < f->info.nr_opcodes; i++) {
		const struct scst_opcode *row = &f->info.opcodes[i];

		if (row->op == cdb[0] &&
		    (row->sa == SCST_NO_SA || row->sa == (cdb[1] & 0x1f)))
			return row;
	}
	return NULL;
}

bool fake_execute(struct fake_cmd *c)
{
	const struct scst_opcode *row = fake_row(c->f, c->cdb);

	if (!row)
		return false;
	c->cmd.opcode = row;
	row->execute(&c->cmd);
	return true;
}

void fake_run(struct fake_cmd *c)
{
	MUST(fake_execute(c));
	fake_drain(c->f);
	MUST(c->ended);
}

u32 fake_cdb(u8 *cdb, u8 op, u8 opts, u64 lba, u32 len)
{
	memset(cdb, 0, 16);
	switch (op >> 5) {
	case 0:
		put_unaligned_be24(lba & 0x1fffff, cdb + 1);
		cdb[4] = len;
		break;
	case 4:
		put_unaligned_be64(lba, cdb + 2);
		put_unaligned_be32(len, cdb + 10);
		break;
	case 5:
		put_unaligned_be32(lba, cdb + 2);
		put_unaligned_be32(len, cdb + 6);
		break;
	default:
		put_unaligned_be32(lba, cdb + 2);
		put_unaligned_be16(len, cdb + 7);
	}
	cdb[0] = op;
	cdb[1] |= opts;
	if (op == SCSI_COMPARE_AND_WRITE) {
		put_unaligned_be32(0, cdb + 10);
		cdb[13] = len;
	}
	if (op == SCSI_WRITE_ATOMIC_16)
		put_unaligned_be32(len & U16_MAX, cdb + 10);
	return op >> 5 == 0 ? 6 : op >> 5 == 4 ? 16 : op >> 5 == 5 ? 12 : 10;
}
