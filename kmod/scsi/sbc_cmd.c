// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: the frame that every SBC command runs in: reading and checking
 * its CDB, submitting I/O, loops of several, and the end.
 *
 * A command is owned by whoever runs its current step; a step ends by handing
 * it to the backend, to the gate or to cmd->done(), and does not touch it
 * afterwards. So nothing in struct sbc_cmd needs a lock, but for the gate's.
 */
#include "core_os.h"
#include "sbc_lu.h"

/* ---- Reading and checking the CDB -------------------------------------- */

/* The groups' layouts are those of the typical CDBs (SPC-5 4.2.2). */
struct sbc_cmd *sbc_begin(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	const u8 *cdb = cmd->cdb;

	memset(sc, 0, sizeof(*sc));
	sc->io.lu = sbc_lu(cmd);
	sc->io.cmd = cmd;
	/* Pairs with sbc_lu_set_medium(): what is checked is this medium's. */
	sc->medium = smp_load_acquire(&sc->io.lu->medium);

	switch (cdb[0] >> 5) {
	case 0:
		sc->lba = get_unaligned_be24(cdb + 1) & 0x1fffff;
		sc->blocks = cdb[4];
		sc->length_at = 4;
		return sc;
	case 4:
		sc->lba = get_unaligned_be64(cdb + 2);
		sc->blocks = get_unaligned_be32(cdb + 10);
		sc->length_at = 10;
		break;
	case 5:
		sc->lba = get_unaligned_be32(cdb + 2);
		sc->blocks = get_unaligned_be32(cdb + 6);
		sc->length_at = 6;
		break;
	default:
		sc->lba = get_unaligned_be32(cdb + 2);
		sc->blocks = get_unaligned_be16(cdb + 7);
		sc->length_at = 7;
	}
	sc->opts = cdb[1];
	return sc;
}

/* The medium cannot be accessed for now; how far that has got goes along. */
void sbc_not_ready(struct scst_cmd *cmd, enum scst_sense sense)
{
	struct scst_sense_data sd = { .sense = sense };

	if (sense == SENSE_SANITIZE_IN_PROGRESS) {
		sd.has_progress = true;
		sd.progress = READ_ONCE(sbc_lu(cmd)->progress);
	}
	scst_cmd_fail_with(cmd, &sd);
}

/* Is there a medium that may be accessed? */
bool sbc_check_medium(struct scst_cmd *cmd)
{
	enum scst_sense sense = READ_ONCE(sbc_lu(cmd)->not_ready);

	if (likely(!sense))
		return true;
	sbc_not_ready(cmd, sense);
	return false;
}

/* For commands that need no medium: is a sanitize operation under way? */
bool sbc_check_sanitize(struct scst_cmd *cmd)
{
	enum scst_sense sense = READ_ONCE(sbc_lu(cmd)->not_ready);

	if (likely(sense != SENSE_SANITIZE_IN_PROGRESS))
		return true;
	sbc_not_ready(cmd, sense);
	return false;
}

/*
 * The LBA must exist even if nothing is to be transferred, and so must all
 * blocks of the range. INFORMATION is the first that does not.
 */
static bool check_range(struct scst_cmd *cmd, bool to_end)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u64 capacity = READ_ONCE(sbc_lu(cmd)->blocks);

	if (unlikely(sc->lba >= capacity ||
		     sc->blocks > capacity - sc->lba)) {
		scst_cmd_fail_info(cmd, SENSE_LBA_OUT_OF_RANGE,
				   max(sc->lba, capacity));
		return false;
	}
	if (to_end && !sc->blocks)
		sc->blocks = capacity - sc->lba;
	return true;
}

static bool check_access(struct scst_cmd *cmd, bool to_end)
{
	u8 protect = sbc_cmd(cmd)->opts & CDB_PROTECT;

	if (!sbc_check_medium(cmd))
		return false;
	/* The medium is not formatted with protection information. */
	if (protect) {
		scst_cmd_bad_cdb(cmd, 1, fls(protect) - 1);
		return false;
	}
	return check_range(cmd, to_end);
}

/* What all commands with a range of blocks have in common. */
bool sbc_check(struct scst_cmd *cmd)
{
	return check_access(cmd, false);
}

/* The same where no blocks means all up to the last one. */
bool sbc_check_to_end(struct scst_cmd *cmd)
{
	return check_access(cmd, true);
}

/* The core protects what is read-only; this is for want of an operation. */
bool sbc_check_write(struct scst_cmd *cmd)
{
	if (likely(sbc_lu(cmd)->be->write))
		return true;
	scst_cmd_fail(cmd, SENSE_WRITE_PROTECTED);
	return false;
}

void sbc_bad_length(struct scst_cmd *cmd)
{
	scst_cmd_bad_cdb(cmd, sbc_cmd(cmd)->length_at, SENSE_NO_BIT);
}

bool sbc_check_limit(struct scst_cmd *cmd, u32 max)
{
	if (likely(sbc_cmd(cmd)->blocks <= max))
		return true;
	sbc_bad_length(cmd);
	return false;
}

/* ---- Memory ------------------------------------------------------------ */

/*
 * The next I/O moves the first @blocks of the command's range to or from the
 * data buffer. The buffer may be longer, an I/O's list is exact.
 */
bool sbc_use_buffer(struct scst_cmd *cmd, u64 blocks)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	sc->io.lba = sc->lba;
	sc->io.blocks = blocks;
	sc->io.segs = cmd->segs;
	sc->io.nr_segs = cmd->nr_segs;
	if (likely(core_segs_trim(cmd->segs, &sc->io.nr_segs,
				  sbc_bytes(sbc_lu(cmd), blocks))))
		return true;
	WARN_ONCE(1, "data buffer shorter than announced\n");
	sbc_end(cmd, SENSE_INTERNAL_FAILURE);
	return false;
}

/* Scratch memory for @blocks; false: none, completed with BUSY. */
bool sbc_get_scratch(struct scst_cmd *cmd, u64 blocks)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	if (!core_segs_alloc(&sc->scratch, &sc->nr_scratch,
			     sbc_bytes(sbc_lu(cmd), blocks), GFP_ATOMIC))
		return true;
	sc->scratch = NULL;
	sbc_end(cmd, SENSE_BUSY);
	return false;
}

/* The next I/O moves blocks to or from the scratch memory, ever fewer. */
void sbc_use_scratch(struct scst_cmd *cmd, u64 lba, u64 blocks)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	sc->io.lba = lba;
	sc->io.blocks = blocks;
	sc->io.segs = sc->scratch;
	sc->io.nr_segs = sc->nr_scratch;
	core_segs_trim(sc->scratch, &sc->io.nr_segs,
		       sbc_bytes(sbc_lu(cmd), blocks));
}

/* ---- I/O --------------------------------------------------------------- */

/*
 * A command of several steps must not end on another medium than it began on.
 * Whoever tries again hears first that it is another.
 */
void sbc_submit(struct sbc_cmd *sc, sbc_op op,
		void (*done)(struct sbc_io *io, enum scst_sense sense))
{
	const struct sbc_lu *lu = sc->io.lu;

	sc->io.has_bad_lba = false;
	sc->io.done = done;
	if (unlikely(sc->medium != READ_ONCE(lu->medium)))
		done(&sc->io, READ_ONCE(lu->blocks) ? SENSE_ABORTED :
						      SENSE_NO_MEDIUM);
	else
		op(&sc->io);
}

static void sbc_loop_done(struct sbc_io *io, enum scst_sense sense)
{
	struct sbc_cmd *sc = container_of(io, struct sbc_cmd, io);

	if (scsi_loop_done(&sc->loop, sense))
		sbc_loop(io->cmd);
}

static bool sbc_loop_next(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	sbc_op op = sc->next(cmd);

	if (!op)
		return false;
	sbc_submit(sc, op, sbc_loop_done);
	return true;
}

/*
 * Run sc->next() until it returns NULL, which it does once the command is in
 * other hands.
 */
void sbc_loop(struct scst_cmd *cmd)
{
	scsi_loop_run(cmd, &sbc_cmd(cmd)->loop, sbc_loop_next, sbc_end);
}

/* ---- Durability -------------------------------------------------------- */

/* Flags of an I/O that writes; without native FUA a flush follows instead. */
void sbc_write_flags(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);

	if (sc->opts & CDB_DPO)
		sc->io.flags |= SBC_IO_DPO;
	if (lu->cfg.native_fua && (sc->fua || !READ_ONCE(lu->wce)))
		sc->io.flags |= SBC_IO_FUA;
}

/*
 * Asked when the data is written, and not before: a MODE SELECT that cleared
 * WCE meanwhile may have flushed too early for this command.
 */
bool sbc_wants_flush(struct scst_cmd *cmd)
{
	const struct sbc_lu *lu = sbc_lu(cmd);
	const struct sbc_cmd *sc = sbc_cmd(cmd);

	return lu->be->flush && !(sc->io.flags & SBC_IO_FUA) &&
	       (sc->fua || !READ_ONCE(lu->wce));
}

/* The next I/O flushes the command's range. */
sbc_op sbc_flush(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	sc->io.lba = sc->lba;
	sc->io.blocks = sc->blocks;
	sc->io.segs = NULL;
	sc->io.nr_segs = 0;
	sc->io.flags = 0;
	return sbc_lu(cmd)->be->flush;
}

/* ---- The end ----------------------------------------------------------- */

void sbc_end(struct scst_cmd *cmd, enum scst_sense sense)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	if (sc->gate)
		sbc_gate_exit(cmd);
	if (sc->scratch)
		core_segs_free(sc->scratch, sc->nr_scratch);

	if (likely(!sense))
		scst_cmd_good(cmd);
	else if (sc->io.has_bad_lba)
		scst_cmd_fail_info(cmd, sense, sc->io.bad_lba);
	else
		sbc_not_ready(cmd, sense);
}

void sbc_io_end(struct sbc_io *io, enum scst_sense sense)
{
	sbc_end(io->cmd, sense);
}

/*
 * The data is written, or not. GOOD has to wait for the medium if FUA or WCE
 * demand it, and when that flush fails so does the write; ranges need not be
 * kept from others meanwhile.
 */
void sbc_write_end(struct scst_cmd *cmd, enum scst_sense sense)
{
	sbc_gate_exit(cmd);
	if (unlikely(sense) || !sbc_wants_flush(cmd))
		sbc_end(cmd, sense);
	else
		sbc_submit(sbc_cmd(cmd), sbc_flush(cmd), sbc_io_end);
}
