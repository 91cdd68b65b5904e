// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: SANITIZE (SBC-4 4.11, 5.24), and REQUEST SENSE for units that have
 * it.
 *
 * An operation is a chain of backend requests on behalf of a command of its
 * own: the one that asked may be answered at once (IMMED) or be aborted, and
 * neither a reset nor the loss of a nexus ends what it began. Between two
 * requests it defers, so that others get their turn on this processor.
 *
 * While it runs, lu->not_ready turns new commands away, and the gate, entered
 * exclusively and sealed, those that were under way: after the first request
 * nobody else writes. Who sets lu->sanitizing to SANITIZE_RUNS owns struct
 * sbc_sanitize until it is set to something else; @stop and @gone are written
 * by others.
 *
 * Overwriting is as good as the backend: one that writes elsewhere what is
 * written again keeps what it had. CRYPTOGRAPHIC ERASE is for those that
 * encrypt all that they store, and reaches that, too.
 */
#include "core_os.h"
#include "sbc_lu.h"

enum {
	/* Parameter list of OVERWRITE. */
	OVERWRITE_HEADER = 4,
	OVERWRITE_INVERT = 0x80,
	OVERWRITE_TEST	 = 0x60,
	OVERWRITE_COUNT	 = 0x1f,

	ERASE_CHUNK = 64 << 20,		/* bytes of one request that erases */
	BUSY_MAX    = 1000,		/* in a row */
};

enum sanitize_how {
	HOW_OVERWRITE,
	HOW_ERASE,		/* the backend makes the zeroes */
	HOW_CRYPTO,		/* ... or replaces the key, all in one request */
};

struct sbc_sanitize {
	struct scst_cmd cmd;		/* the backend's requests are its */
	struct scst_cmd *waiter;	/* SANITIZE without IMMED */
	enum sbc_sanitize_state before;
	enum sanitize_how how;
	u32 chunk;			/* blocks of the scratch memory */
	u32 nr_busy;
	u8 passes;			/* to go */
	u8 nr_passes;
	bool ause;
	bool restricted;		/* the one that failed had no AUSE */
	bool invert;			/* between passes */
	bool deferred;
	bool flushing;
	bool flushed;			/* this pass */
	bool stop;			/* READ_ONCE */
	bool gone;			/* likewise: the medium */
	u8 pattern[];			/* one block */
};

int sbc_sanitize_init(struct sbc_lu *lu)
{
	if (!lu->cfg.sanitize)
		return 0;
	lu->sanitize = kzalloc(sizeof(*lu->sanitize) + lu->cfg.block_size,
			       GFP_KERNEL);
	return lu->sanitize ? 0 : -ENOMEM;
}

void sbc_sanitize_fini(struct sbc_lu *lu)
{
	WARN_ON(lu->sanitizing == SANITIZE_RUNS);
	kfree(lu->sanitize);
}

bool sbc_lu_busy(struct sbc_lu *lu)
{
	bool busy;

	spin_lock_bh(&lu->lock);
	busy = lu->sanitizing == SANITIZE_RUNS;
	spin_unlock_bh(&lu->lock);
	return busy;
}

void sbc_lu_stop(struct sbc_lu *lu)
{
	if (lu->sanitize)
		WRITE_ONCE(lu->sanitize->stop, true);
}

/* Whatever was not sanitized has left with the old one. */
void sbc_sanitize_new_medium(struct sbc_lu *lu)
{
	lockdep_assert_held(&lu->lock);
	if (lu->sanitizing == SANITIZE_RUNS)
		WRITE_ONCE(lu->sanitize->gone, true);
	else
		lu->sanitizing = SANITIZE_IDLE;
}

/* ---- Whose turn it is -------------------------------------------------- */

static void sanitize_set(struct sbc_lu *lu, enum sbc_sanitize_state state)
{
	lockdep_assert_held(&lu->lock);
	lu->sanitizing = state;
	sbc_lu_update(lu);
}

/* Begin an operation for @cmd; false: not now, and completed. */
static bool sanitize_take(struct scst_cmd *cmd)
{
	bool ause = cmd->cdb[1] & CDB_AUSE, restricted = false;
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_sanitize *sz = lu->sanitize;
	enum scst_sense sense;

	spin_lock_bh(&lu->lock);
	sense = lu->not_ready;
	if (sense == SENSE_SANITIZE_FAILED) {
		restricted = sz->restricted && ause;
		sense = SENSE_NONE;
	}
	if (!sense && !restricted) {
		sz->before = lu->sanitizing;
		WRITE_ONCE(lu->progress, 0);
		WRITE_ONCE(sz->gone, false);
		sanitize_set(lu, SANITIZE_RUNS);
	}
	spin_unlock_bh(&lu->lock);

	/* After a failure without AUSE only success helps (SBC-4 4.11.3). */
	if (restricted)
		scst_cmd_bad_cdb(cmd, 1, 5);
	else if (sense)
		sbc_not_ready(cmd, sense);
	return !sense && !restricted;
}

static void sanitize_done(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_sanitize *sz = lu->sanitize;
	struct scst_cmd *waiter = sz->waiter;
	bool good = cmd->status == SCSI_GOOD;

	spin_lock_bh(&lu->lock);
	sz->restricted = !sz->ause;
	sanitize_set(lu, good || sz->gone ? SANITIZE_IDLE : SANITIZE_FAILED);
	spin_unlock_bh(&lu->lock);
	/* From here on it is somebody else's. */
	if (waiter)
		sbc_end(waiter, good ? SENSE_NONE : SENSE_SANITIZE_FAILED);
	if (lu->env->idle)
		lu->env->idle(lu);
}

/* ---- The chain --------------------------------------------------------- */

static void sanitize_run(struct scst_cmd *cmd);

static void sanitize_tell(struct sbc_lu *lu, u64 pos, u64 blocks)
{
	struct sbc_sanitize *sz = lu->sanitize;
	u32 done = sz->nr_passes - sz->passes, shift = 0;

	/* Sixteen more bits have to fit. */
	while (blocks >> shift >> 47)
		shift++;
	pos = div64_u64(pos >> shift << 16, blocks >> shift);
	WRITE_ONCE(lu->progress,
		   min_t(u64, div_u64((done << 16) + pos, sz->nr_passes),
			 U16_MAX));
}

/* What the backend cannot erase after all is overwritten. */
static void sanitize_io_done(struct sbc_io *io, enum scst_sense sense)
{
	struct sbc_sanitize *sz = io->lu->sanitize;
	struct sbc_cmd *sc = sbc_cmd(io->cmd);

	if (sense == SENSE_INVALID_OPCODE && sz->how == HOW_ERASE) {
		sz->how = HOW_OVERWRITE;
		sense = SENSE_NONE;
	} else if (sense == SENSE_BUSY && ++sz->nr_busy < BUSY_MAX) {
		sense = SENSE_NONE;
	} else if (!sense) {
		sz->nr_busy = 0;
		sz->flushed = sz->flushing;
		sc->pos = io->lba + io->blocks;
	}
	if (scsi_loop_done(&sc->loop, sense))
		sanitize_run(io->cmd);
}

/* One request for all of the disk: flush, or crypto_erase. */
static void sanitize_all(struct scst_cmd *cmd, sbc_op op, u64 blocks)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	sc->io.lba = 0;
	sc->io.blocks = blocks;
	sc->io.segs = NULL;
	sc->io.nr_segs = 0;
	sc->io.flags = 0;
	sbc_submit(sc, op, sanitize_io_done);
}

/* How to erase; NULL: by overwriting. As for WRITE SAME of zeroes. */
static sbc_op sanitize_erase_op(const struct sbc_lu *lu)
{
	if (lu->be->zero)
		return lu->be->zero;
	return lu->cfg.zero_after_unmap && lu->cfg.unmap_granularity <= 1 ?
	       lu->be->unmap : NULL;
}

static void sanitize_erase(struct scst_cmd *cmd, u64 blocks)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);

	sc->io.lba = sc->pos;
	sc->io.blocks = min_t(u64, blocks - sc->pos, ERASE_CHUNK >> lu->shift);
	sc->io.segs = NULL;
	sc->io.nr_segs = 0;
	sc->io.flags = SBC_IO_MAY_UNMAP;
	sbc_submit(sc, sanitize_erase_op(lu), sanitize_io_done);
}

/* The last piece overlaps the one before: the list stays as long as it is. */
static void sanitize_write(struct scst_cmd *cmd, u64 blocks)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u32 chunk = lu->sanitize->chunk;

	sbc_use_scratch(cmd, min(sc->pos, blocks - chunk), chunk);
	sc->io.flags = 0;
	sbc_submit(sc, lu->be->write, sanitize_io_done);
}

/* Fill the scratch memory with what this pass writes. */
static void sanitize_fill(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_sanitize *sz = lu->sanitize;
	struct sbc_cmd *sc = sbc_cmd(cmd);

	core_segs_fill(sc->scratch, sc->nr_scratch, 0,
		       sbc_bytes(lu, sz->chunk), sz->pattern,
		       lu->cfg.block_size);
}

static void pattern_invert(struct sbc_lu *lu)
{
	u32 i;

	for (i = 0; i < lu->cfg.block_size; i++)
		lu->sanitize->pattern[i] ^= 0xff;
}

/* All blocks are done, and durable. True: once more. */
static bool sanitize_next_pass(struct scst_cmd *cmd)
{
	struct sbc_sanitize *sz = sbc_lu(cmd)->sanitize;

	if (!--sz->passes)
		return false;
	sbc_cmd(cmd)->pos = 0;
	sz->flushed = false;
	if (sz->invert) {
		pattern_invert(sbc_lu(cmd));
		sanitize_fill(cmd);
	}
	return true;
}

/* Why it cannot go on. */
static enum scst_sense sanitize_broken(struct sbc_lu *lu, u64 blocks)
{
	const struct sbc_sanitize *sz = lu->sanitize;

	if (READ_ONCE(sz->gone))
		return SENSE_NO_MEDIUM;
	if (READ_ONCE(sz->stop))
		return SENSE_ABORTED;
	return blocks < sz->chunk ? SENSE_LBA_OUT_OF_RANGE : SENSE_NONE;
}

/* The command is over, the operation is not. */
static void sanitize_heed_abort(struct sbc_sanitize *sz)
{
	struct scst_cmd *waiter = sz->waiter;

	if (!waiter || !READ_ONCE(waiter->aborted))
		return;
	sz->waiter = NULL;
	sbc_end(waiter, SENSE_ABORTED);
}

/* The next request. A disk that has grown meanwhile is done to its end. */
static bool sanitize_step(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_sanitize *sz = lu->sanitize;
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u64 blocks = READ_ONCE(lu->blocks);
	enum scst_sense sense = sanitize_broken(lu, blocks);

	if (sense) {
		sbc_end(cmd, sense);
		return false;
	}
	sanitize_heed_abort(sz);
	sz->flushing = false;
	sanitize_tell(lu, min(sc->pos, blocks), blocks);
	if (sc->pos >= blocks) {
		if (lu->be->flush && !sz->flushed) {
			sz->flushing = true;
			sanitize_all(cmd, lu->be->flush, blocks);
			return true;
		}
		if (!sanitize_next_pass(cmd)) {
			sbc_end(cmd, SENSE_NONE);
			return false;
		}
	}
	if (sz->how == HOW_CRYPTO)
		sanitize_all(cmd, lu->be->crypto_erase, blocks);
	else if (sz->how == HOW_ERASE)
		sanitize_erase(cmd, blocks);
	else
		sanitize_write(cmd, blocks);
	return true;
}

static bool sanitize_next(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);

	lu->sanitize->deferred = !lu->sanitize->deferred;
	if (!lu->sanitize->deferred)
		return sanitize_step(cmd);
	lu->env->defer(lu);
	return false;
}

static void sanitize_run(struct scst_cmd *cmd)
{
	scsi_loop_run(cmd, &sbc_cmd(cmd)->loop, sanitize_next, sbc_end);
}

void sbc_lu_resume(struct sbc_lu *lu)
{
	sanitize_run(&lu->sanitize->cmd);
}

/* ---- Start ------------------------------------------------------------- */

/* A command for the chain, with the scratch memory; false: no memory. */
static bool sanitize_cmd_init(struct sbc_lu *lu, const struct scst_cmd *from)
{
	static const u8 cdb[16] = { SCSI_SANITIZE };
	struct sbc_sanitize *sz = lu->sanitize;
	struct scst_cmd *cmd = &sz->cmd;
	struct sbc_cmd *sc;

	memset(cmd, 0, sizeof(*cmd));
	cmd->cdb = cdb;
	cmd->cdb_len = 10;
	cmd->dev = from->dev;
	cmd->lu = lu;
	cmd->nexus_id = from->nexus_id;
	cmd->done = sanitize_done;
	sc = sbc_begin(cmd);
	sc->blocks = SBC_ALL_BLOCKS;
	sz->chunk = min_t(u64, READ_ONCE(lu->blocks), SBC_CHUNK >> lu->shift);
	if (!core_segs_alloc(&sc->scratch, &sc->nr_scratch,
			     sbc_bytes(lu, sz->chunk), GFP_ATOMIC))
		return true;
	sc->scratch = NULL;
	return false;
}

static void sanitize_refuse(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);

	spin_lock_bh(&lu->lock);
	sanitize_set(lu, lu->sanitize->before);
	spin_unlock_bh(&lu->lock);
	sbc_end(cmd, SENSE_BUSY);
	if (lu->env->idle)
		lu->env->idle(lu);
}

/* The unit is taken, the pattern made. */
static void sanitize_start(struct scst_cmd *cmd, u8 passes)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_sanitize *sz = lu->sanitize;

	if (!sanitize_cmd_init(lu, cmd)) {
		sanitize_refuse(cmd);
		return;
	}
	sanitize_fill(&sz->cmd);
	sz->passes = passes;
	sz->nr_passes = passes;
	sz->nr_busy = 0;
	sz->flushed = false;
	sz->deferred = false;
	sz->ause = cmd->cdb[1] & CDB_AUSE;
	sz->waiter = cmd;
	if (cmd->cdb[1] & CDB_IMMED) {
		sz->waiter = NULL;
		sbc_end(cmd, SENSE_NONE);
	}
	sbc_gate_enter(&sz->cmd, true, sanitize_run);
}

/* ---- The commands ------------------------------------------------------ */

/* A bit that we do not know must not be lost on who destroys all data. */
static bool sanitize_check(struct scst_cmd *cmd)
{
	u32 i;

	for (i = 2; i <= 6; i++) {
		if (cmd->cdb[i]) {
			scst_cmd_bad_cdb(cmd, i, fls(cmd->cdb[i]) - 1);
			return false;
		}
	}
	return true;
}

/* For those without a parameter list. */
static bool sanitize_check_bare(struct scst_cmd *cmd)
{
	if (!sanitize_check(cmd))
		return false;
	if (sbc_cmd(cmd)->blocks)		/* PARAMETER LIST LENGTH */
		sbc_bad_length(cmd);
	return !sbc_cmd(cmd)->blocks;
}

void sbc_block_erase(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_sanitize *sz = lu->sanitize;

	sbc_begin(cmd);
	if (!sanitize_check_bare(cmd) || !sanitize_take(cmd))
		return;
	memset(sz->pattern, 0, lu->cfg.block_size);
	sz->how = sanitize_erase_op(lu) ? HOW_ERASE : HOW_OVERWRITE;
	sz->invert = false;
	sanitize_start(cmd, 1);
}

void sbc_crypto_erase(struct scst_cmd *cmd)
{
	struct sbc_sanitize *sz = sbc_lu(cmd)->sanitize;

	sbc_begin(cmd);
	if (!sanitize_check_bare(cmd) || !sanitize_take(cmd))
		return;
	sz->how = HOW_CRYPTO;
	sz->invert = false;
	sanitize_start(cmd, 1);
}

/* Check the parameter list of @len bytes, and get its header. */
static bool overwrite_check(struct scst_cmd *cmd, u32 len, u8 *header)
{
	u32 pattern;

	cmd->wanted = len;
	if (scst_cmd_data_out(cmd) < len) {
		scst_cmd_fail(cmd, SENSE_PARAM_LENGTH_ERROR);
		return false;
	}
	scst_cmd_copy_out(cmd, 0, header, OVERWRITE_HEADER);
	pattern = get_unaligned_be16(header + 2);
	if (header[0] & OVERWRITE_TEST)
		scst_cmd_bad_param(cmd, 0, 6);
	else if (!(header[0] & OVERWRITE_COUNT))
		scst_cmd_bad_param(cmd, 0, 4);
	else if (!pattern || pattern > len - OVERWRITE_HEADER)
		scst_cmd_bad_param(cmd, 2, SENSE_NO_BIT);
	else
		return true;
	return false;
}

/* Each block begins with the first byte of the pattern. */
static void overwrite_pattern(struct scst_cmd *cmd, u32 len)
{
	u32 block = sbc_lu(cmd)->cfg.block_size, i;
	u8 *pattern = sbc_lu(cmd)->sanitize->pattern;

	scst_cmd_copy_out(cmd, OVERWRITE_HEADER, pattern, len);
	for (i = len; i < block; i++)
		pattern[i] = pattern[i - len];
}

void sbc_overwrite(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	u32 len = sbc_begin(cmd)->blocks;	/* PARAMETER LIST LENGTH */
	u8 header[OVERWRITE_HEADER] = { 0 }, passes;

	if (!sanitize_check(cmd))
		return;
	if (len <= OVERWRITE_HEADER ||
	    len > OVERWRITE_HEADER + lu->cfg.block_size) {
		sbc_bad_length(cmd);
		return;
	}
	if (!overwrite_check(cmd, len, header) || !sanitize_take(cmd))
		return;
	overwrite_pattern(cmd, get_unaligned_be16(header + 2));
	passes = header[0] & OVERWRITE_COUNT;
	lu->sanitize->how = HOW_OVERWRITE;
	lu->sanitize->invert = header[0] & OVERWRITE_INVERT;
	/* The last pass is to write the pattern as it is. */
	if (lu->sanitize->invert && passes % 2 == 0)
		pattern_invert(lu);
	sanitize_start(cmd, passes);
}

/* With nothing to leave it is good. */
void sbc_exit_failure_mode(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	bool running, restricted;

	sbc_begin(cmd);
	if (!sanitize_check_bare(cmd))
		return;
	spin_lock_bh(&lu->lock);
	running = lu->sanitizing == SANITIZE_RUNS;
	restricted = lu->sanitizing == SANITIZE_FAILED &&
		     lu->sanitize->restricted;
	if (!running && !restricted)
		sanitize_set(lu, SANITIZE_IDLE);
	spin_unlock_bh(&lu->lock);
	if (running)
		sbc_not_ready(cmd, SENSE_SANITIZE_IN_PROGRESS);
	else if (restricted)
		scst_cmd_bad_cdb(cmd, 1, 4);
	else
		scst_cmd_good(cmd);
}

void sbc_request_sense(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct scst_sense_data sd = { .sense = READ_ONCE(lu->not_ready) };

	if (sd.sense == SENSE_SANITIZE_IN_PROGRESS) {
		sd.has_progress = true;
		sd.progress = READ_ONCE(lu->progress);
	} else if (sd.sense != SENSE_SANITIZE_FAILED) {
		sd.sense = SENSE_NONE;
	}
	scst_cmd_request_sense(cmd, &sd);
}
