// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: READ and WRITE (SBC-4, clause 5).
 *
 * The transport may expect to move less than the CDB says. Then a READ
 * delivers what fits and a WRITE writes the whole blocks that came, with
 * GOOD; that something was left over is told by the residual, which follows
 * from cmd->wanted (SAM-6 5.4.2).
 */
#include "core_os.h"
#include "sbc_lu.h"

/* In six-byte CDBs no number means the greatest one. */
static void rw_length(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	if (cmd->cdb[0] < 0x20 && !sc->blocks)
		sc->blocks = 256;
}

/* ---- READ -------------------------------------------------------------- */

static void read_done(struct sbc_io *io, enum scst_sense sense)
{
	struct scst_cmd *cmd = io->cmd;

	if (likely(!sense))
		cmd->data_in = min_t(u64, cmd->wanted, cmd->data_len);
	sbc_end(cmd, sense);
}

static void read_start(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);

	sc->io.flags = (sc->opts & CDB_DPO ? SBC_IO_DPO : 0) |
		       (sc->opts & CDB_FUA ? SBC_IO_FUA : 0);
	if (sbc_use_buffer(cmd, sc->blocks))
		sbc_submit(sc, lu->be->read, read_done);
}

static void read_flushed(struct sbc_io *io, enum scst_sense sense)
{
	if (sense)
		sbc_end(io->cmd, sense);
	else
		sbc_gate_read(io->cmd, read_start);
}

void sbc_read(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_begin(cmd);
	u64 bytes;

	rw_length(cmd);
	if (!sbc_check(cmd) || !sbc_check_limit(cmd, lu->max_transfer))
		return;

	cmd->wanted = sbc_bytes(lu, sc->blocks);
	bytes = min_t(u64, cmd->wanted, scst_cmd_data_in(cmd));
	sc->blocks = (bytes + lu->cfg.block_size - 1) >> lu->shift;
	if (!sc->blocks) {
		scst_cmd_good(cmd);
		return;
	}
	/* SBC-4, FUA: cached writes go to the medium, which is then read. */
	if (unlikely(sc->opts & CDB_FUA) && sbc_caches(lu))
		sbc_submit(sc, sbc_flush(cmd), read_flushed);
	else
		sbc_gate_read(cmd, read_start);
}

/* ---- WRITE ------------------------------------------------------------- */

static void write_done(struct sbc_io *io, enum scst_sense sense)
{
	sbc_write_end(io->cmd, sense);
}

static void write_start(struct scst_cmd *cmd)
{
	sbc_write_flags(cmd);
	sbc_submit(sbc_cmd(cmd), sbc_lu(cmd)->be->write, write_done);
}

/*
 * What WRITE and WRITE AND VERIFY have in common: afterwards the I/O has the
 * data. False: there is nothing to write, and the command is completed.
 */
bool sbc_write_begin(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);

	if (!sbc_check(cmd) || !sbc_check_write(cmd) ||
	    !sbc_check_limit(cmd, lu->max_transfer))
		return false;

	cmd->wanted = sbc_bytes(lu, sc->blocks);
	/* GOOD would be a lie, and the buffer is not ours to read. */
	if (sc->blocks && cmd->dir == SCST_DATA_IN) {
		scst_cmd_fail(cmd, SENSE_DATA_PHASE_ERROR);
		return false;
	}
	sc->blocks = min_t(u64, sc->blocks,
			   scst_cmd_data_out(cmd) >> lu->shift);
	if (!sc->blocks) {
		scst_cmd_good(cmd);
		return false;
	}
	return sbc_use_buffer(cmd, sc->blocks);
}

void sbc_write(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_begin(cmd);

	rw_length(cmd);
	sc->fua = sc->opts & CDB_FUA;
	if (sbc_write_begin(cmd))
		sbc_gate_enter(cmd, false, write_start);
}
