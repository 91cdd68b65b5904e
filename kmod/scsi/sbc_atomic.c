// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: COMPARE AND WRITE, ORWRITE and WRITE ATOMIC (SBC-4, clause 5).
 *
 * The first two read the blocks into scratch memory, decide there what they
 * become, and write them, alone in the gate with what overlaps them. Memory is
 * taken before the gate is entered, so that nobody waits for it there.
 *
 * Of a WRITE ATOMIC others see all or nothing because of the gate; that it is
 * on the medium wholly or not at all is what the backend has promised.
 */
#include "core_os.h"
#include "sbc_lu.h"

/* Read the blocks, as @read does, once nobody else can change them. */
static void modify_begin(struct scst_cmd *cmd,
			 void (*read)(struct scst_cmd *cmd))
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	if (!sbc_get_scratch(cmd, sc->blocks))
		return;
	sbc_use_scratch(cmd, sc->lba, sc->blocks);
	sc->io.flags = sc->opts & CDB_DPO ? SBC_IO_DPO : 0;
	sbc_gate_enter(cmd, true, read);
}

/* The blocks that were read, and Data-Out from byte @off on. */
static struct core_segs_pair modify_pair(struct scst_cmd *cmd, u64 off)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	return (struct core_segs_pair){
		.a = sc->scratch,
		.nr_a = sc->nr_scratch,
		.b = cmd->segs,
		.nr_b = cmd->nr_segs,
		.off_b = off,
	};
}

static void modify_written(struct sbc_io *io, enum scst_sense sense)
{
	sbc_write_end(io->cmd, sense);
}

/* What the memory of the I/O holds now goes to its blocks. */
static void modify_write(struct scst_cmd *cmd)
{
	sbc_write_flags(cmd);
	sbc_submit(sbc_cmd(cmd), sbc_lu(cmd)->be->write, modify_written);
}

/* ---- COMPARE AND WRITE ------------------------------------------------- */

/* Data-Out is what shall be there, and then what shall be there instead. */
static void compare_read_done(struct sbc_io *io, enum scst_sense sense)
{
	struct scst_cmd *cmd = io->cmd;
	struct core_segs_pair pair = modify_pair(cmd, 0);
	u64 len = sbc_bytes(io->lu, io->blocks), same;

	if (sense) {
		sbc_end(cmd, sense);
		return;
	}
	same = core_segs_compare(&pair, len);
	if (same < len) {
		/* INFORMATION: offset of the first difference. */
		io->has_bad_lba = true;
		io->bad_lba = same;
		sbc_end(cmd, SENSE_MISCOMPARE_VERIFY);
		return;
	}
	pair.off_b = len;
	core_segs_copy(&pair, len);
	modify_write(cmd);
}

static void compare_read(struct scst_cmd *cmd)
{
	sbc_submit(sbc_cmd(cmd), sbc_lu(cmd)->be->read, compare_read_done);
}

/* A backend that can do it by itself enters like a write. */
static void compare_native(struct scst_cmd *cmd)
{
	sbc_write_flags(cmd);
	sbc_submit(sbc_cmd(cmd), sbc_lu(cmd)->be->compare_and_write,
		   modify_written);
}

static bool compare_begin(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);

	if (!sbc_check(cmd) || !sbc_check_write(cmd) ||
	    !sbc_check_limit(cmd, lu->max_compare))
		return false;
	cmd->wanted = 2 * sbc_bytes(lu, sc->blocks);
	/* 256 blocks of data and a 0 in the CDB: it does not fit there. */
	if (scst_cmd_data_out(cmd) != cmd->wanted) {
		sbc_bad_length(cmd);
		return false;
	}
	if (!sc->blocks)
		scst_cmd_good(cmd);
	return sc->blocks;
}

void sbc_compare_and_write(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_begin(cmd);

	sc->blocks = cmd->cdb[13];
	sc->length_at = 13;
	sc->fua = sc->opts & CDB_FUA;
	if (!compare_begin(cmd))
		return;

	if (!sbc_lu(cmd)->be->compare_and_write) {
		modify_begin(cmd, compare_read);
	} else if (sbc_use_buffer(cmd, 2 * sc->blocks)) {
		sc->io.blocks = sc->blocks;
		sbc_gate_enter(cmd, false, compare_native);
	}
}

/* ---- ORWRITE ----------------------------------------------------------- */

static void or_read_done(struct sbc_io *io, enum scst_sense sense)
{
	struct scst_cmd *cmd = io->cmd;
	struct core_segs_pair pair = modify_pair(cmd, 0);

	if (sense) {
		sbc_end(cmd, sense);
		return;
	}
	core_segs_or(&pair, sbc_bytes(io->lu, io->blocks));
	modify_write(cmd);
}

static void or_read(struct scst_cmd *cmd)
{
	sbc_submit(sbc_cmd(cmd), sbc_lu(cmd)->be->read, or_read_done);
}

void sbc_orwrite(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_begin(cmd);

	sc->fua = sc->opts & CDB_FUA;
	if (!sbc_check(cmd) || !sbc_check_write(cmd) ||
	    !sbc_check_limit(cmd, lu->max_transfer))
		return;
	cmd->wanted = sbc_bytes(lu, sc->blocks);
	/* To do half of it and say GOOD would not be atomic. */
	if (scst_cmd_data_out(cmd) < cmd->wanted)
		sbc_bad_length(cmd);
	else if (!sc->blocks)
		scst_cmd_good(cmd);
	else
		modify_begin(cmd, or_read);
}

/* ---- WRITE ATOMIC ------------------------------------------------------ */

enum { ATOMIC_BOUNDARY_AT = 10, ATOMIC_LENGTH_AT = 12 };

void sbc_write_atomic(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_begin(cmd);

	sc->blocks = get_unaligned_be16(cmd->cdb + ATOMIC_LENGTH_AT);
	sc->length_at = ATOMIC_LENGTH_AT;
	sc->fua = sc->opts & CDB_FUA;
	if (!sbc_check(cmd) || !sbc_check_write(cmd) ||
	    !sbc_check_limit(cmd, lu->max_atomic))
		return;
	/* One write or none: they are not cut into several atomic ones. */
	if (get_unaligned_be16(cmd->cdb + ATOMIC_BOUNDARY_AT)) {
		scst_cmd_bad_cdb(cmd, ATOMIC_BOUNDARY_AT, SENSE_NO_BIT);
		return;
	}
	cmd->wanted = sbc_bytes(lu, sc->blocks);
	if (scst_cmd_data_out(cmd) < cmd->wanted)
		sbc_bad_length(cmd);
	else if (!sc->blocks)
		scst_cmd_good(cmd);
	else if (sbc_use_buffer(cmd, sc->blocks))
		sbc_gate_enter(cmd, true, modify_write);
}
