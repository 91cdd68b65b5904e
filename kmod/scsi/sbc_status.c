// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: GET LBA STATUS (SBC-4, clause 5).
 *
 * The backend tells of one extent at a time; neighbours of the same state
 * become one descriptor. Descriptors go to the Data-In buffer as they are
 * complete. The initiator asks again for what does not fit, so there is no
 * need to be thorough: a bound on the questions keeps a shredded disk from
 * making this take forever.
 */
#include "core_os.h"
#include "sbc_lu.h"

enum {
	STATUS_HEADER = 8,
	STATUS_DESCRIPTOR = 16,
	STATUS_QUESTIONS = 1024,

	/* PROVISIONING STATUS */
	STATUS_MAPPED = 0,
	STATUS_DEALLOCATED = 1,

	REPORT_TYPE_AT = 14,
};

/*
 * In struct sbc_cmd: @lba and @blocks are the extent in hand (none yet: no
 * blocks), @zeroes that it is not mapped; @pos the descriptors that are
 * complete, @nr the questions asked.
 */

/* What the initiator takes of the parameter data. */
static u64 status_alloc(struct scst_cmd *cmd)
{
	return get_unaligned_be32(cmd->cdb + 10);
}

static void status_put(struct scst_cmd *cmd, u64 off, const u8 *buf, u64 len)
{
	u64 alloc = status_alloc(cmd);

	if (off < alloc)
		scst_cmd_copy_in(cmd, off, buf, min(len, alloc - off));
}

/* Room for one more descriptor. */
static bool status_room(struct scst_cmd *cmd)
{
	u64 end = STATUS_HEADER +
		  (sbc_cmd(cmd)->pos + 1) * STATUS_DESCRIPTOR;

	return end <= min_t(u64, status_alloc(cmd), scst_cmd_data_in(cmd));
}

static void status_put_extent(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u8 buf[STATUS_DESCRIPTOR] = { 0 };

	put_unaligned_be64(sc->lba, buf);
	put_unaligned_be32(sc->blocks, buf + 8);
	buf[12] = sc->zeroes ? STATUS_DEALLOCATED : STATUS_MAPPED;
	status_put(cmd, STATUS_HEADER + sc->pos++ * STATUS_DESCRIPTOR, buf,
		   sizeof(buf));
	sc->lba += sc->blocks;
	sc->blocks = 0;
}

static void status_end(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u8 header[STATUS_HEADER] = { 0 };
	u64 len;

	if (sc->blocks)
		status_put_extent(cmd);
	len = STATUS_HEADER + sc->pos * STATUS_DESCRIPTOR;
	put_unaligned_be32(len - 4, header);
	status_put(cmd, 0, header, sizeof(header));
	cmd->wanted = min(len, status_alloc(cmd));
	cmd->data_in = min_t(u64, cmd->wanted, scst_cmd_data_in(cmd));
	sbc_end(cmd, SENSE_NONE);
}

/*
 * The extent in hand grows. A descriptor counts blocks in 32 bits; what is
 * more waits for the next command.
 */
static void status_add(struct scst_cmd *cmd, u64 blocks, bool mapped)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);

	sc->zeroes = !mapped;
	sc->blocks = min_t(u64, sc->blocks + blocks, U32_MAX);
}

static sbc_op status_next(struct scst_cmd *cmd);

static sbc_op status_answered(struct scst_cmd *cmd)
{
	struct sbc_cmd *sc = sbc_cmd(cmd);
	struct sbc_io *io = &sc->io;

	if (sc->blocks && sc->zeroes == io->mapped) {
		status_put_extent(cmd);
		if (!status_room(cmd)) {
			status_end(cmd);
			return NULL;
		}
	}
	status_add(cmd, clamp_t(u64, io->extent, 1, io->blocks), io->mapped);
	return status_next(cmd);
}

static sbc_op status_next(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_cmd(cmd);
	u64 lba = sc->lba + sc->blocks, capacity = READ_ONCE(lu->blocks);

	if (lba >= capacity || sc->blocks == U32_MAX ||
	    sc->nr++ == STATUS_QUESTIONS) {
		status_end(cmd);
		return NULL;
	}
	sc->io.lba = lba;
	sc->io.blocks = capacity - lba;
	sc->next = status_answered;
	return lu->be->status;
}

void sbc_get_lba_status(struct scst_cmd *cmd)
{
	struct sbc_lu *lu = sbc_lu(cmd);
	struct sbc_cmd *sc = sbc_begin(cmd);

	sc->blocks = 0;			/* that was ALLOCATION LENGTH */
	sc->opts = 0;
	if (!sbc_check(cmd))
		return;
	/* Other types report states that there are none of. */
	if (cmd->cdb[REPORT_TYPE_AT]) {
		scst_cmd_bad_cdb(cmd, REPORT_TYPE_AT, SENSE_NO_BIT);
		return;
	}
	if (!lu->be->status) {
		status_add(cmd, READ_ONCE(lu->blocks) - sc->lba, true);
		status_end(cmd);
		return;
	}
	sc->next = status_next;
	sbc_loop(cmd);
}
