// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: UNMAP and WRITE SAME (SBC-4, clause 5).
 *
 * UNMAP checks its whole parameter list before it touches the first block,
 * and takes the gate for the smallest range that holds all of its own.
 * WRITE SAME prefers the backend's zero operation; what that cannot do is
 * written in pieces from one buffer that is filled once.
 */
#include "core_os.h"
#include "sbc_lu.h"

/* ---- UNMAP ------------------------------------------------------------- */

enum {
	UNMAP_ANCHOR = 0x01,		/* byte 1 of the CDB */
	UNMAP_HEADER = 8,
	UNMAP_DESCRIPTOR = 16,
};

struct unmap_range {
	u64 lba;
	u32 blocks;
};

static u32 unmap_at(u32 nr)
{
	return UNMAP_HEADER + nr * UNMAP_DESCRIPTOR;
}

static struct unmap_range unmap_descriptor(struct scst_cmd *cmd, u32 nr)
{
	u8 buf[UNMAP_DESCRIPTOR] = { 0 };

	scst_cmd_copy_out(cmd, unmap_at(nr), buf, sizeof(buf));
	return (struct unmap_range){
		.lba = get_unaligned_be64(buf),
		.blocks = get_unaligned_be32(buf + 8),
	};
}

/* Make the command's range hold @range, too. */
static void unmap_cover(struct sbc_cmd *sc, const struct unmap_range *range)
{
	u64 end = sc->lba + sc->blocks;

	if (!range->blocks)
		return;
	if (!sc->blocks)
		sc->lba = end = range->lba;
	end = max(end, range->lba + range->blocks);
	sc->lba = min(sc->lba, range->lba);
	sc->blocks = end - sc->lba;
}

/* False: a descriptor is wrong, and the command is completed. */
static bool unmap_check_ranges(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u64 capacity = READ_ONCE(sbc_lu(cmd)->blocks);
	struct unmap_range range;
	u32 i;

	sc->lba = 0;
	sc->blocks = 0;
	for (i = 0; i < sc->nr; i++) {
		range = unmap_descriptor(cmd, i);
		/* Right behind the last block, nothing is still nothing. */
		if (range.lba > capacity ||
		    range.blocks > capacity - range.lba) {
			scst_cmd_fail_info(cmd, SENSE_LBA_OUT_OF_RANGE,
					   max(range.lba, capacity));
			return false;
		}
		unmap_cover(sc, &range);
	}
	return true;
}

/*
 * Number of descriptors in a list of @len bytes. An incomplete one is ignored
 * (SBC-4, UNMAP parameter list), also if PARAMETER LIST LENGTH cut it off;
 * where the three lengths disagree, the shortest counts.
 */
static bool unmap_count(struct scst_cmd *cmd, u32 len)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u8 header[UNMAP_HEADER] = { 0 };
	u32 all, list;

	cmd->wanted = len;
	if (len < UNMAP_HEADER || scst_cmd_data_out(cmd) < len) {
		scst_cmd_fail(cmd, SENSE_PARAM_LENGTH_ERROR);
		return false;
	}
	scst_cmd_copy_out(cmd, 0, header, sizeof(header));
	/* UNMAP DATA LENGTH counts what follows it. */
	all = min_t(u32, len, 2 + get_unaligned_be16(header));
	list = all < UNMAP_HEADER ? 0 : all - UNMAP_HEADER;
	list = min_t(u32, list, get_unaligned_be16(header + 2));
	sc->nr = list / UNMAP_DESCRIPTOR;
	if (sc->nr > SBC_UNMAP_DESCRIPTORS) {
		scst_cmd_bad_param(cmd, 2, SENSE_NO_BIT);
		return false;
	}
	return true;
}

/* The next descriptor that is not empty; NULL: there is none. */
static sbc_op unmap_next(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	struct unmap_range range;

	while (sc->pos < sc->nr) {
		range = unmap_descriptor(cmd, sc->pos++);
		if (!range.blocks)
			continue;
		sc->io.lba = range.lba;
		sc->io.blocks = range.blocks;
		sc->io.flags = SBC_IO_MAY_UNMAP;
		return sbc_lu(cmd)->unmap;
	}
	sbc_end(cmd, SENSE_NONE);
	return NULL;
}

void sbc_unmap(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_begin(cmd);
	u32 len = sc->blocks;		/* PARAMETER LIST LENGTH */

	if (!sbc_check_medium(cmd) || !sbc_check_write(cmd))
		return;
	if (sc->opts & UNMAP_ANCHOR) {
		scst_cmd_bad_cdb(cmd, 1, 0);
		return;
	}
	if (!len) {
		scst_cmd_good(cmd);
		return;
	}
	if (!unmap_count(cmd, len) || !unmap_check_ranges(cmd))
		return;
	if (!sc->blocks) {
		scst_cmd_good(cmd);
		return;
	}
	sc->next = unmap_next;
	sbc_gate_enter(cmd, false, sbc_loop);
}

/* ---- WRITE SAME -------------------------------------------------------- */

enum {
	SAME_ANCHOR = 0x10,		/* byte 1 of the CDB */
	SAME_UNMAP  = 0x08,
	SAME_NDOB   = 0x01,		/* no data-out buffer: zeroes */
};

/* Fill the scratch memory with copies of the block in Data-Out. */
static void same_fill(struct scst_cmd *cmd, u64 len)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u64 have = sbc_lu(cmd)->cfg.block_size;
	struct core_segs_pair pair = {
		.a = sc->scratch,
		.nr_a = sc->nr_scratch,
		.b = cmd->segs,
		.nr_b = cmd->nr_segs,
	};

	core_segs_copy(&pair, have);
	pair.b = sc->scratch;
	pair.nr_b = sc->nr_scratch;
	for (; have < len; have *= 2) {
		pair.off_a = have;
		core_segs_copy(&pair, min(have, len - have));
	}
}

static sbc_op same_next(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u64 blocks = min_t(u64, sc->blocks - sc->pos, SBC_CHUNK >> lu->shift);

	if (!blocks) {
		sbc_write_end(cmd, SENSE_NONE);
		return NULL;
	}
	sbc_use_scratch(cmd, sc->lba + sc->pos, blocks);
	sc->pos += blocks;
	return lu->be->write;
}

/* Flags once for all pieces: the last one's tell whether to flush. */
static void same_write(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u64 blocks = min_t(u64, sc->blocks, SBC_CHUNK >> lu->shift);
	u64 len = sbc_bytes(lu, blocks);

	if (!sbc_get_scratch(cmd, blocks))
		return;
	if (sc->zeroes)
		core_segs_zero(sc->scratch, sc->nr_scratch, 0, len);
	else
		same_fill(cmd, len);
	sc->io.flags = 0;
	sbc_write_flags(cmd);
	sc->next = same_next;
	sbc_loop(cmd);
}

/*
 * How to make zeroes without writing them; NULL: not at all. To unmap is good
 * enough when asked for, if what is unmapped reads as zeroes and no block of
 * the range can be spared for lying in a granule that others share.
 */
static sbc_op same_zero_op(struct scst_cmd *cmd)
{
	const struct sbc_lu *lu = sbc_lu(cmd);

	if (lu->be->zero)
		return lu->be->zero;
	if ((sbc_cmd(cmd)->opts & SAME_UNMAP) && lu->cfg.zero_after_unmap &&
	    lu->cfg.unmap_granularity <= 1)
		return lu->be->unmap;
	return NULL;
}

static void same_zero_done(struct sbc_io *io, enum scst_sense sense)
{
	if (sense == SENSE_INVALID_OPCODE)
		same_write(io->cmd);
	else
		sbc_write_end(io->cmd, sense);
}

static void same_zero(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	sbc_op op = same_zero_op(cmd);

	if (op == sbc_lu(cmd)->be->zero)
		sbc_write_flags(cmd);
	if (sc->opts & SAME_UNMAP)
		sc->io.flags |= SBC_IO_MAY_UNMAP;
	sc->io.lba = sc->lba;
	sc->io.blocks = sc->blocks;
	sbc_submit(sc, op, same_zero_done);
}

/* The options and the number of blocks; false: completed. */
static bool same_check(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	u8 opts = sbc_cmd(cmd)->opts;

	if (!sbc_check_to_end(cmd) || !sbc_check_write(cmd))
		return false;
	/* Nothing is ever anchored. */
	if (opts & SAME_ANCHOR) {
		scst_cmd_bad_cdb(cmd, 1, 4);
		return false;
	}
	if ((opts & SAME_UNMAP) && !lu->unmap) {
		scst_cmd_bad_cdb(cmd, 1, 3);
		return false;
	}
	return sbc_check_limit(cmd, lu->max_same);
}

void sbc_write_same(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_begin(cmd);
	u32 block = lu->cfg.block_size;

	if (!same_check(cmd))
		return;
	sc->zeroes = cmd->cdb[0] == SCSI_WRITE_SAME_16 &&
		     (sc->opts & SAME_NDOB);
	cmd->wanted = sc->zeroes ? 0 : block;
	/* One block: with less there is no pattern, with more a mistake. */
	if (!sc->zeroes && scst_cmd_data_out(cmd) != block) {
		sbc_bad_length(cmd);
		return;
	}
	sc->zeroes = sc->zeroes || core_segs_is_zero(cmd->segs, cmd->nr_segs,
						     0, block);
	sbc_gate_enter(cmd, false, sc->zeroes && same_zero_op(cmd) ?
				   same_zero : same_write);
}
