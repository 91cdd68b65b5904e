// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: VERIFY and WRITE AND VERIFY (SBC-4, clause 5).
 *
 * To verify is to read the medium: what a volatile cache holds is flushed
 * before. The blocks are read in pieces into scratch memory and, if BYTCHK
 * says so, compared with the Data-Out buffer.
 */
#include "core_os.h"
#include "sbc_lu.h"

enum {
	BYTCHK_NONE,
	BYTCHK_ALL,		/* Data-Out has all the blocks */
	BYTCHK_RESERVED,
	BYTCHK_SAME,		/* Data-Out has one, which all shall equal */
};

static u64 verify_chunk(struct scst_cmd *cmd)
{
	const struct sbc_cmd *sc = sbc_cmd(cmd);

	return min_t(u64, sc->blocks - sc->pos,
		     SBC_CHUNK >> sbc_lu(cmd)->shift);
}

/* Bytes from the start of the piece to the first that differs, or @len. */
static u64 verify_compare_same(struct scst_cmd *cmd, u64 len)
{
	u32 block = sbc_lu(cmd)->cfg.block_size;
	const struct sbc_cmd *sc = sbc_cmd(cmd);
	struct core_segs_pair pair = {
		.a = sc->io.segs,
		.nr_a = sc->io.nr_segs,
		.b = cmd->segs,
		.nr_b = cmd->nr_segs,
	};
	size_t same;

	for (; pair.off_a < len; pair.off_a += block) {
		same = core_segs_compare(&pair, block);
		if (same < block)
			return pair.off_a + same;
	}
	return len;
}

static u64 verify_compare(struct scst_cmd *cmd, u64 len)
{
	const struct sbc_cmd *sc = sbc_cmd(cmd);
	struct core_segs_pair pair = {
		.a = sc->io.segs,
		.nr_a = sc->io.nr_segs,
		.b = cmd->segs,
		.nr_b = cmd->nr_segs,
		.off_b = sbc_bytes(sbc_lu(cmd), sc->pos),
	};

	switch (sc->bytchk) {
	case BYTCHK_ALL:
		return core_segs_compare(&pair, len);
	case BYTCHK_SAME:
		return verify_compare_same(cmd, len);
	default:
		return len;
	}
}

static sbc_op verify_check(struct scst_cmd *cmd);

static sbc_op verify_read(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	sbc_use_scratch(cmd, sc->lba + sc->pos, verify_chunk(cmd));
	sc->io.flags = SBC_IO_FUA | (sc->opts & CDB_DPO ? SBC_IO_DPO : 0);
	sc->next = verify_check;
	return sbc_lu(cmd)->be->read;
}

/* INFORMATION tells where it differs, in bytes from the first block. */
static sbc_op verify_check(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u64 len = sbc_bytes(lu, sc->io.blocks);
	u64 same = verify_compare(cmd, len);

	if (same < len) {
		sc->io.has_bad_lba = true;
		sc->io.bad_lba = sbc_bytes(lu, sc->pos) + same;
		sbc_end(cmd, SENSE_MISCOMPARE_VERIFY);
		return NULL;
	}
	sc->pos += sc->io.blocks;
	if (sc->pos < sc->blocks)
		return verify_read(cmd);
	sbc_end(cmd, SENSE_NONE);
	return NULL;
}

/* ---- VERIFY ------------------------------------------------------------ */

static sbc_op verify_start(struct scst_cmd *cmd)
{
	if (!sbc_caches(sbc_lu(cmd)))
		return verify_read(cmd);
	sbc_cmd(cmd)->next = verify_read;
	return sbc_flush(cmd);
}

/* How much Data-Out there has to be. */
static u64 verify_wanted(struct scst_cmd *cmd)
{
	const struct sbc_lu *lu = sbc_lu(cmd);
	const struct sbc_cmd *sc = sbc_cmd(cmd);

	switch (sc->bytchk) {
	case BYTCHK_ALL:
		return sbc_bytes(lu, sc->blocks);
	case BYTCHK_SAME:
		return sc->blocks ? lu->cfg.block_size : 0;
	default:
		return 0;
	}
}

static bool verify_begin(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);

	if (!sbc_check(cmd))
		return false;
	if (sc->bytchk == BYTCHK_RESERVED) {
		scst_cmd_bad_cdb(cmd, 1, 2);
		return false;
	}
	if (sc->bytchk == BYTCHK_ALL &&
	    !sbc_check_limit(cmd, lu->max_transfer))
		return false;
	cmd->wanted = verify_wanted(cmd);
	/* With less there is nothing to compare some of the blocks with. */
	if (scst_cmd_data_out(cmd) < cmd->wanted) {
		sbc_bad_length(cmd);
		return false;
	}
	if (!sc->blocks) {
		scst_cmd_good(cmd);
		return false;
	}
	return sbc_get_scratch(cmd, verify_chunk(cmd));
}

void sbc_verify(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_begin(cmd);

	sc->bytchk = (sc->opts & CDB_BYTCHK) >> 1;
	if (!verify_begin(cmd))
		return;
	sc->next = verify_start;
	sbc_gate_read(cmd, sbc_loop);
}

/* ---- WRITE AND VERIFY -------------------------------------------------- */

/* The data is written; it has to be on the medium to be verified there. */
static sbc_op write_verify_written(struct scst_cmd *cmd)
{
	sbc_gate_exit(cmd);
	if (!sbc_wants_flush(cmd))
		return verify_read(cmd);
	sbc_cmd(cmd)->next = verify_read;
	return sbc_flush(cmd);
}

static sbc_op write_verify_write(struct scst_cmd *cmd)
{
	sbc_write_flags(cmd);
	sbc_cmd(cmd)->next = write_verify_written;
	return sbc_lu(cmd)->be->write;
}

void sbc_write_verify(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_begin(cmd);

	sc->bytchk = (sc->opts & CDB_BYTCHK) >> 1;
	sc->fua = true;
	/* One bit until SBC-3, two since, of which 1xb is reserved. */
	if (sc->bytchk > BYTCHK_ALL) {
		scst_cmd_bad_cdb(cmd, 1, 2);
		return;
	}
	if (!sbc_write_begin(cmd) || !sbc_get_scratch(cmd, verify_chunk(cmd)))
		return;
	sc->next = write_verify_write;
	sbc_gate_enter(cmd, false, sbc_loop);
}
