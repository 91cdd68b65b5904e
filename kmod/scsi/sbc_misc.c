// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: TEST UNIT READY (SPC-5), SYNCHRONIZE CACHE, PRE-FETCH and READ
 * CAPACITY (SBC-4, clause 5).
 *
 * IMMED allows to answer before the work is done. Nobody is harmed by waiting
 * for it, and so no error comes when there is no command to report it with.
 */
#include "core_os.h"
#include "sbc_lu.h"

void sbc_test_unit_ready(struct scst_cmd *cmd)
{
	if (sbc_check_medium(cmd))
		scst_cmd_good(cmd);
}

void sbc_sync_cache(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_begin(cmd);

	if (!sbc_check_to_end(cmd))
		return;
	if (sbc_lu(cmd)->be->flush)
		sbc_submit(sc, sbc_flush(cmd), sbc_io_end);
	else
		scst_cmd_good(cmd);
}

/*
 * GOOD and not CONDITION MET, which would promise that the cache has taken
 * all the blocks: only the backend's own caches could know.
 */
void sbc_prefetch(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_begin(cmd);

	if (!sbc_check_to_end(cmd))
		return;
	if (!lu->be->prefetch) {
		scst_cmd_good(cmd);
		return;
	}
	sc->io.lba = sc->lba;
	sc->io.blocks = sc->blocks;
	sbc_submit(sc, lu->be->prefetch, sbc_io_end);
}

/* ---- READ CAPACITY ----------------------------------------------------- */

/* The address of the last block; false: no medium, completed. */
static bool capacity_last(struct scst_cmd *cmd, u64 *last)
{
	u64 blocks = READ_ONCE(sbc_lu(cmd)->blocks);
	enum scst_sense sense = READ_ONCE(sbc_lu(cmd)->not_ready);

	if (!sense && !blocks)
		sense = SENSE_NO_MEDIUM;
	if (sense) {
		sbc_not_ready(cmd, sense);
		return false;
	}
	*last = blocks - 1;
	return true;
}

void sbc_read_capacity_10(struct scst_cmd *cmd)
{
	u8 buf[8];
	u64 last;

	if (!capacity_last(cmd, &last))
		return;
	/* All ones: ask READ CAPACITY(16). */
	put_unaligned_be32(min_t(u64, last, U32_MAX), buf);
	put_unaligned_be32(sbc_lu(cmd)->cfg.block_size, buf + 4);
	scst_cmd_reply(cmd, buf, sizeof(buf), sizeof(buf));
}

void sbc_read_capacity_16(struct scst_cmd *cmd)
{
	const struct sbc_lu *lu = sbc_lu(cmd);
	u8 buf[32] = { 0 };
	u64 last;

	if (!capacity_last(cmd, &last))
		return;
	put_unaligned_be64(last, buf);
	put_unaligned_be32(lu->cfg.block_size, buf + 8);
	buf[13] = lu->cfg.physical_exp;
	put_unaligned_be16(lu->cfg.lowest_aligned, buf + 14);
	if (lu->unmap) {
		buf[14] |= 0x80;			/* LBPME */
		if (lu->cfg.zero_after_unmap)
			buf[14] |= 0x40;		/* LBPRZ */
	}
	scst_cmd_reply(cmd, buf, sizeof(buf),
		       get_unaligned_be32(cmd->cdb + 10));
}
