// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: READ, READ CD, VERIFY and SEEK (MMC-6, clause 6).
 *
 * User data goes straight to the data buffer. READ CD of more than that reads
 * pieces into scratch memory and makes sectors of them, one by one; VERIFY
 * reads pieces and is content.
 *
 * The transport may expect to move less than the CDB says. Then what fits is
 * delivered, with GOOD, and the residual follows from cmd->wanted.
 */
#include "core_os.h"
#include "mmc_lu.h"

/* Blocks of a piece. */
#define CHUNK 32u

/* ---- Frame ------------------------------------------------------------- */

/* Read the CDB's range; false: the command is completed. */
static bool mmc_begin(struct scst_cmd *cmd, u32 lba, u32 blocks)
{
	struct mmc_cmd *mc = mmc_cmd(cmd);
	u32 capacity = mmc_check_medium(cmd);

	if (!capacity)
		return false;
	memset(mc, 0, sizeof(*mc));
	mc->io.lu = mmc_lu(cmd);
	mc->io.cmd = cmd;
	mc->lba = lba;
	mc->blocks = blocks;
	/* The LBA must exist even if nothing is to be transferred. */
	if (likely(lba < capacity && blocks <= capacity - lba))
		return true;
	scst_cmd_fail_info(cmd, SENSE_LBA_OUT_OF_RANGE, max(lba, capacity));
	return false;
}

static void mmc_end(struct scst_cmd *cmd, enum scst_sense sense)
{
	struct mmc_cmd *mc = mmc_cmd(cmd);

	if (mc->scratch)
		core_segs_free(mc->scratch, mc->nr_scratch);
	kfree(mc->sector);

	if (likely(!sense))
		scst_cmd_good(cmd);
	else if (mc->io.has_bad_lba)
		scst_cmd_fail_info(cmd, sense, mc->io.bad_lba);
	else
		scst_cmd_fail(cmd, sense);
}

static void mmc_submit(struct mmc_cmd *mc, u32 lba, u32 blocks,
		       void (*done)(struct mmc_io *io, enum scst_sense sense))
{
	mc->io.lba = lba;
	mc->io.blocks = blocks;
	mc->io.has_bad_lba = false;
	mc->io.done = done;
	mc->io.lu->be->read(&mc->io);
}

/*
 * How many units of @size bytes there is room for, of @nr that the CDB says;
 * a last one in part.
 */
static u32 mmc_fits(struct scst_cmd *cmd, u32 nr, u32 size)
{
	u32 bytes;

	cmd->wanted = (u64)nr * size;
	bytes = min_t(u64, cmd->wanted, scst_cmd_data_in(cmd));
	return bytes / size + (bytes % size != 0);
}

/* ---- User data --------------------------------------------------------- */

static void data_done(struct mmc_io *io, enum scst_sense sense)
{
	struct scst_cmd *cmd = io->cmd;

	if (likely(!sense))
		cmd->data_in = min_t(u64, cmd->wanted, cmd->data_len);
	mmc_end(cmd, sense);
}

static void data_read(struct scst_cmd *cmd)
{
	struct mmc_cmd *mc = mmc_cmd(cmd);
	u32 blocks = mmc_fits(cmd, mc->blocks, MMC_BLOCK);

	if (!blocks) {
		scst_cmd_good(cmd);
		return;
	}
	mc->io.segs = cmd->segs;
	mc->io.nr_segs = cmd->nr_segs;
	if (!core_segs_trim(cmd->segs, &mc->io.nr_segs,
			    (size_t)blocks << MMC_SHIFT)) {
		WARN_ONCE(1, "data buffer shorter than announced\n");
		mmc_end(cmd, SENSE_INTERNAL_FAILURE);
		return;
	}
	mmc_submit(mc, mc->lba, blocks, data_done);
}

static void mmc_read(struct scst_cmd *cmd, u32 blocks, u8 length_at)
{
	if (!mmc_begin(cmd, get_unaligned_be32(cmd->cdb + 2), blocks))
		return;
	if (blocks > mmc_lu(cmd)->max_transfer >> MMC_SHIFT)
		scst_cmd_bad_cdb(cmd, length_at, SENSE_NO_BIT);
	else
		data_read(cmd);
}

void mmc_read_10(struct scst_cmd *cmd)
{
	mmc_read(cmd, get_unaligned_be16(cmd->cdb + 7), 7);
}

void mmc_read_12(struct scst_cmd *cmd)
{
	mmc_read(cmd, get_unaligned_be32(cmd->cdb + 6), 6);
}

/* There are no heads to move, but the address has to be one. */
void mmc_seek(struct scst_cmd *cmd)
{
	if (mmc_begin(cmd, get_unaligned_be32(cmd->cdb + 2), 0))
		scst_cmd_good(cmd);
}

/* ---- In pieces --------------------------------------------------------- */

/* Of the blocks read last the wanted parts of sectors, into the data buffer. */
static void piece_make(struct scst_cmd *cmd)
{
	struct mmc_cmd *mc = mmc_cmd(cmd);
	u32 i, lba, nr = mc->io.blocks;

	for (i = 0; i < nr; i++) {
		lba = mc->lba + mc->pos + i;
		core_segs_read(mc->scratch, mc->nr_scratch,
			       (size_t)i << MMC_SHIFT,
			       mc->sector + MMC_SECTOR_DATA, MMC_BLOCK);
		mmc_sector_make(mc->sector, lba);
		scst_cmd_copy_in(cmd, (size_t)(mc->pos + i) * mc->part.len,
				 mc->sector + mc->part.at, mc->part.len);
	}
}

static void piece_run(struct scst_cmd *cmd);

static void piece_done(struct mmc_io *io, enum scst_sense sense)
{
	struct mmc_cmd *mc = container_of(io, struct mmc_cmd, io);

	if (scsi_loop_done(&mc->loop, sense))
		piece_run(io->cmd);
}

/* Take up what the last I/O read, if there was one, and start the next. */
static bool piece_next(struct scst_cmd *cmd)
{
	struct mmc_cmd *mc = mmc_cmd(cmd);
	u32 nr;

	if (mc->sector && mc->io.blocks)
		piece_make(cmd);
	mc->pos += mc->io.blocks;
	if (mc->pos == mc->blocks) {
		if (mc->sector)
			cmd->data_in = min_t(u64, cmd->wanted, cmd->data_len);
		mmc_end(cmd, SENSE_NONE);
		return false;
	}
	nr = min(mc->blocks - mc->pos, CHUNK);
	mc->io.segs = mc->scratch;
	mc->io.nr_segs = mc->nr_scratch;
	core_segs_trim(mc->scratch, &mc->io.nr_segs, (size_t)nr << MMC_SHIFT);
	mmc_submit(mc, mc->lba + mc->pos, nr, piece_done);
	return true;
}

static void piece_run(struct scst_cmd *cmd)
{
	scsi_loop_run(cmd, &mmc_cmd(cmd)->loop, piece_next, mmc_end);
}

/* Go through the range, at least one block long. */
static void pieces_start(struct scst_cmd *cmd)
{
	struct mmc_cmd *mc = mmc_cmd(cmd);
	u32 nr = min(mc->blocks, CHUNK);

	if (core_segs_alloc(&mc->scratch, &mc->nr_scratch,
			    (size_t)nr << MMC_SHIFT, GFP_ATOMIC)) {
		mc->scratch = NULL;
		mmc_end(cmd, SENSE_BUSY);
		return;
	}
	piece_run(cmd);
}

void mmc_verify(struct scst_cmd *cmd)
{
	const u8 *cdb = cmd->cdb;
	u32 blocks = get_unaligned_be16(cdb + 7);

	/* BYTCHK: with what would it be compared? */
	if (cdb[1] & 0x02)
		scst_cmd_bad_cdb(cmd, 1, 1);
	else if (!mmc_begin(cmd, get_unaligned_be32(cdb + 2), blocks))
		return;
	else if (blocks)
		pieces_start(cmd);
	else
		scst_cmd_good(cmd);
}

/* ---- READ CD ----------------------------------------------------------- */

/* Byte 9, main channel selection. */
enum {
	PART_SYNC      = 0x80,
	PART_SUBHEADER = 0x40,		/* which mode 1 has not */
	PART_HEADER    = 0x20,
	PART_DATA      = 0x10,
	PART_EDC       = 0x08,		/* and ECC */
	PART_C2        = 0x06,
};

/* Expected sector type, byte 1. */
enum { TYPE_ANY = 0, TYPE_MODE_1 = 2, TYPE_RESERVED = 6 };

/* What is chosen has to be in one piece (MMC-6 6.18). */
static bool cd_part(u8 chosen, struct mmc_part *part)
{
	u32 end;

	if ((chosen & PART_SYNC) && !(chosen & PART_HEADER))
		return false;
	if ((chosen & PART_EDC) && !(chosen & PART_DATA))
		return false;

	if (chosen & PART_SYNC)
		part->at = 0;
	else if (chosen & PART_HEADER)
		part->at = MMC_SECTOR_HEADER;
	else
		part->at = MMC_SECTOR_DATA;

	if (chosen & PART_EDC)
		end = MMC_SECTOR;
	else if (chosen & PART_DATA)
		end = MMC_SECTOR_EDC;
	else
		end = MMC_SECTOR_DATA;
	part->len = end - part->at;
	return true;
}

static bool cd_check(struct scst_cmd *cmd)
{
	struct mmc_cmd *mc = mmc_cmd(cmd);
	const u8 *cdb = cmd->cdb;
	u8 type = cdb[1] >> 2 & 7;

	if (mmc_profile(READ_ONCE(mmc_lu(cmd)->ready)) == MMC_DVD_ROM)
		scst_cmd_fail(cmd, SENSE_INCOMPATIBLE_FORMAT);
	else if (type >= TYPE_RESERVED)
		scst_cmd_bad_cdb(cmd, 1, 4);
	else if (cdb[9] & PART_C2)
		scst_cmd_bad_cdb(cmd, 9, 2);
	else if (!cd_part(cdb[9], &mc->part))
		scst_cmd_bad_cdb(cmd, 9, SENSE_NO_BIT);
	else if (cdb[10] & 7)				/* sub-channels */
		scst_cmd_bad_cdb(cmd, 10, 2);
	else if (type != TYPE_ANY && type != TYPE_MODE_1)
		scst_cmd_fail(cmd, SENSE_ILLEGAL_TRACK_MODE);
	else
		return true;
	return false;
}

/* Sectors with more around their user data, or less than that. */
static void cd_read_sectors(struct scst_cmd *cmd)
{
	struct mmc_cmd *mc = mmc_cmd(cmd);

	mc->blocks = mmc_fits(cmd, mc->blocks, mc->part.len);
	if (!mc->blocks) {
		scst_cmd_good(cmd);
		return;
	}
	mc->sector = kmalloc(MMC_SECTOR, GFP_ATOMIC);
	if (mc->sector)
		pieces_start(cmd);
	else
		mmc_end(cmd, SENSE_BUSY);
}

static void cd_read(struct scst_cmd *cmd, u32 lba, u32 blocks)
{
	struct mmc_cmd *mc = mmc_cmd(cmd);

	if (!mmc_begin(cmd, lba, blocks) || !cd_check(cmd))
		return;
	if ((u64)blocks * mc->part.len > mmc_lu(cmd)->max_transfer)
		scst_cmd_bad_cdb(cmd, 6, SENSE_NO_BIT);
	else if (!mc->part.len)
		scst_cmd_good(cmd);
	else if (mc->part.at == MMC_SECTOR_DATA && mc->part.len == MMC_BLOCK)
		data_read(cmd);
	else
		cd_read_sectors(cmd);
}

void mmc_read_cd(struct scst_cmd *cmd)
{
	const u8 *cdb = cmd->cdb;

	cd_read(cmd, get_unaligned_be32(cdb + 2), get_unaligned_be24(cdb + 6));
}

static u32 msf_frames(const u8 *msf)
{
	return (msf[0] * 60u + msf[1]) * 75u + msf[2];
}

static bool msf_valid(const u8 *msf)
{
	return msf[1] < 60 && msf[2] < 75 && msf_frames(msf) >= MMC_MSF_OFFSET;
}

/* The sector at the ending address is not read any more. */
void mmc_read_cd_msf(struct scst_cmd *cmd)
{
	const u8 *start = cmd->cdb + 3, *end = cmd->cdb + 6;

	if (!msf_valid(start))
		scst_cmd_bad_cdb(cmd, 3, SENSE_NO_BIT);
	else if (!msf_valid(end) || msf_frames(end) < msf_frames(start))
		scst_cmd_bad_cdb(cmd, 6, SENSE_NO_BIT);
	else
		cd_read(cmd, msf_frames(start) - MMC_MSF_OFFSET,
			msf_frames(end) - msf_frames(start));
}
