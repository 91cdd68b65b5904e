// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: what a disc tells of itself: READ TOC/PMA/ATIP, READ DISC
 * INFORMATION, READ TRACK INFORMATION and READ DISC STRUCTURE (MMC-6, clause
 * 6).
 *
 * All discs look the same: pressed, closed, one session with one track of
 * data from the first block to the last.
 */
#include "core_os.h"
#include "mmc_lu.h"

enum {
	TRACK	   = 1,
	LEAD_OUT   = 0xaa,
	SESSION	   = 1,
	DATA_TRACK = 0x04,	/* control: data, copying not permitted */
	ADR_TIME   = 0x10,	/* the Q sub-channel has the position */
};

/* Addresses as READ TOC returns them, four bytes. */
static void disc_address(u32 lba, bool msf, u8 *p)
{
	if (msf)
		mmc_put_msf(lba, p + 1);
	else
		put_unaligned_be32(lba, p);
}

/* ---- READ TOC/PMA/ATIP ------------------------------------------------- */

enum { TOC_TRACKS, TOC_SESSIONS, TOC_RAW };

/* Format 0000b: the tracks from the one in byte 6 on, and the lead-out. */
static void toc_tracks(struct scst_cmd *cmd, u32 blocks, bool msf, u16 alloc)
{
	u8 from = cmd->cdb[6], buf[4 + 2 * 8] = { 0 }, *p = buf + 4;

	if (from > TRACK && from != LEAD_OUT) {
		scst_cmd_bad_cdb(cmd, 6, SENSE_NO_BIT);
		return;
	}
	buf[2] = TRACK;				/* the first */
	buf[3] = TRACK;				/* and the last */
	if (from != LEAD_OUT) {
		p[1] = ADR_TIME | DATA_TRACK;
		p[2] = TRACK;
		disc_address(0, msf, p + 4);
		p += 8;
	}
	p[1] = ADR_TIME | DATA_TRACK;
	p[2] = LEAD_OUT;
	disc_address(blocks, msf, p + 4);
	p += 8;
	put_unaligned_be16(p - buf - 2, buf);
	scst_cmd_reply(cmd, buf, p - buf, alloc);
}

/* Format 0001b: where the last session begins. */
static void toc_sessions(struct scst_cmd *cmd, bool msf, u16 alloc)
{
	u8 buf[12] = { 0, sizeof(buf) - 2, SESSION, SESSION, 0,
		       ADR_TIME | DATA_TRACK, TRACK };

	disc_address(0, msf, buf + 8);
	scst_cmd_reply(cmd, buf, sizeof(buf), alloc);
}

/* An entry of the lead-in; bytes 8 to 10 are for what @point means. */
static u8 *toc_point(u8 *p, u8 point)
{
	p[0] = SESSION;
	p[1] = ADR_TIME | DATA_TRACK;
	p[3] = point;
	return p + 11;
}

/* Format 0010b: as in the lead-in, where addresses are always MSF. */
static void toc_raw(struct scst_cmd *cmd, u32 blocks, u16 alloc)
{
	u8 buf[4 + 4 * 11] = { 0, sizeof(buf) - 2, SESSION, SESSION };
	u8 *p = buf + 4;

	/* DVDs have no such lead-in. */
	if (mmc_profile(blocks) != MMC_CD_ROM) {
		scst_cmd_bad_cdb(cmd, 2, 3);
		return;
	}
	if (cmd->cdb[6] > SESSION) {
		scst_cmd_bad_cdb(cmd, 6, SENSE_NO_BIT);
		return;
	}
	p[8] = TRACK;				/* the first */
	p = toc_point(p, 0xa0);
	p[8] = TRACK;				/* the last */
	p = toc_point(p, 0xa1);
	mmc_put_msf(blocks, p + 8);		/* the lead-out */
	p = toc_point(p, 0xa2);
	mmc_put_msf(0, p + 8);
	toc_point(p, TRACK);
	scst_cmd_reply(cmd, buf, sizeof(buf), alloc);
}

void mmc_read_toc(struct scst_cmd *cmd)
{
	const u8 *cdb = cmd->cdb;
	u16 alloc = get_unaligned_be16(cdb + 7);
	u32 blocks = mmc_check_medium(cmd);
	u8 format = cdb[2] & 0x0f ?: cdb[9] >> 6;
	bool msf = cdb[1] & 0x02;

	if (!blocks)
		return;
	switch (format) {
	case TOC_TRACKS:
		toc_tracks(cmd, blocks, msf, alloc);
		break;
	case TOC_SESSIONS:
		toc_sessions(cmd, msf, alloc);
		break;
	case TOC_RAW:
		toc_raw(cmd, blocks, alloc);
		break;
	default:		/* PMA, ATIP and CD-TEXT are not pressed */
		scst_cmd_bad_cdb(cmd, 2, 3);
	}
}

/* ---- READ DISC INFORMATION --------------------------------------------- */

void mmc_read_disc_info(struct scst_cmd *cmd)
{
	static const u8 info[34] = {
		0, sizeof(info) - 2,
		0x0e,			/* disc and session are complete */
		TRACK,			/* the first */
		1,			/* number of sessions */
		TRACK, TRACK,		/* first and last of that session */
		0x20,			/* URU: for unrestricted use */
		0x00,			/* CD-ROM, and what is no CD */
		/* no addresses to write at: 16 to 19, and 20 to 23 */
		[16] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};

	if (!mmc_check_medium(cmd))
		return;
	/* Resources for tracks and POW are of those who write. */
	if (cmd->cdb[1] & 7)
		scst_cmd_bad_cdb(cmd, 1, 2);
	else
		scst_cmd_reply(cmd, info, sizeof(info),
			       get_unaligned_be16(cmd->cdb + 7));
}

/* ---- READ TRACK INFORMATION -------------------------------------------- */

/* Byte 1: what the address is. */
enum { OF_LBA, OF_TRACK, OF_SESSION, OF_RESERVED, OF_OPEN = 4 };

/* Is it in the track? False: the command is completed. */
static bool track_check(struct scst_cmd *cmd, u32 blocks)
{
	u32 address = get_unaligned_be32(cmd->cdb + 2);
	u8 what = cmd->cdb[1] & 7;

	if (what >= OF_OPEN)			/* no track is open */
		scst_cmd_bad_cdb(cmd, 1, 2);
	else if (what == OF_RESERVED)
		scst_cmd_bad_cdb(cmd, 1, 1);
	else if (what == OF_LBA && address >= blocks)
		scst_cmd_fail_info(cmd, SENSE_LBA_OUT_OF_RANGE, address);
	else if (what != OF_LBA && address != 1)
		scst_cmd_bad_cdb(cmd, 2, SENSE_NO_BIT);
	else
		return true;
	return false;
}

void mmc_read_track_info(struct scst_cmd *cmd)
{
	u8 buf[36] = {
		0, sizeof(buf) - 2, TRACK, SESSION, 0, DATA_TRACK,
		0x01,			/* mode 1 */
		0x02,			/* LRA_V */
	};
	u32 blocks = mmc_check_medium(cmd);

	if (!blocks || !track_check(cmd, blocks))
		return;
	put_unaligned_be32(blocks, buf + 24);		/* its length */
	put_unaligned_be32(blocks - 1, buf + 28);	/* recorded last */
	scst_cmd_reply(cmd, buf, sizeof(buf),
		       get_unaligned_be16(cmd->cdb + 7));
}

/* ---- READ DISC STRUCTURE ----------------------------------------------- */

enum {
	STRUCT_PHYSICAL	     = 0x00,
	STRUCT_COPYRIGHT     = 0x01,
	STRUCT_MANUFACTURING = 0x04,
	STRUCT_LIST	     = 0xff,

	STRUCT_HEADER	     = 4,
	STRUCT_LEN	     = STRUCT_HEADER + 2048,
	STRUCT_COPYRIGHT_LEN = 4,

	DATA_START = 0x030000,	/* sector number of the first block */
};

/* MMC-6 6.22.3.2.1; the disc is taken for one of a single layer. */
static void struct_physical(u32 blocks, u8 *p)
{
	u64 last = (u64)DATA_START + blocks - 1;

	p[0] = 0x01;			/* DVD-ROM, version 1 */
	p[1] = 0x0f;			/* 120 mm, no maximum rate */
	p[2] = 0x01;			/* one layer, embossed */
	put_unaligned_be24(DATA_START, p + 5);
	put_unaligned_be24(min_t(u64, last, 0xffffff), p + 9);
}

/* The formats that there are, each readable (MMC-6 6.22.3.1). */
static const u8 struct_list[] = {
	STRUCT_PHYSICAL, 0x40, STRUCT_LEN >> 8, STRUCT_LEN & 0xff,
	STRUCT_COPYRIGHT, 0x40, 0, STRUCT_HEADER + STRUCT_COPYRIGHT_LEN,
	STRUCT_MANUFACTURING, 0x40, STRUCT_LEN >> 8, STRUCT_LEN & 0xff,
};

/* No manufacturer says anything, and there is no copy protection. */
static u32 struct_fill(u8 format, u32 blocks, u8 *p)
{
	switch (format) {
	case STRUCT_COPYRIGHT:
		return STRUCT_HEADER + STRUCT_COPYRIGHT_LEN;
	case STRUCT_LIST:
		memcpy(p + STRUCT_HEADER, struct_list, sizeof(struct_list));
		return STRUCT_HEADER + sizeof(struct_list);
	case STRUCT_PHYSICAL:
		struct_physical(blocks, p + STRUCT_HEADER);
		return STRUCT_LEN;
	default:
		return STRUCT_LEN;
	}
}

static void struct_reply(struct scst_cmd *cmd, u32 blocks)
{
	u8 *buf = kzalloc(STRUCT_LEN, GFP_ATOMIC);
	u32 len;

	if (!buf) {
		scst_cmd_complete(cmd, SCSI_BUSY);
		return;
	}
	len = struct_fill(cmd->cdb[7], blocks, buf);
	put_unaligned_be16(len - 2, buf);
	scst_cmd_reply(cmd, buf, len, get_unaligned_be16(cmd->cdb + 8));
	kfree(buf);
}

void mmc_read_disc_structure(struct scst_cmd *cmd)
{
	const u8 *cdb = cmd->cdb;
	u32 blocks = mmc_check_medium(cmd);

	if (!blocks)
		return;
	switch (cdb[7]) {
	case STRUCT_PHYSICAL:
	case STRUCT_COPYRIGHT:
	case STRUCT_MANUFACTURING:
	case STRUCT_LIST:
		break;
	default:	/* keys, BCA: what copy protection would need */
		scst_cmd_bad_cdb(cmd, 7, SENSE_NO_BIT);
		return;
	}
	if (cdb[1] & 0x0f)				/* not of a DVD */
		scst_cmd_bad_cdb(cmd, 1, 3);
	else if (mmc_profile(blocks) != MMC_DVD_ROM)
		scst_cmd_fail(cmd, SENSE_INCOMPATIBLE_FORMAT);
	else if (cdb[6])				/* no such layer */
		scst_cmd_bad_cdb(cmd, 6, SENSE_NO_BIT);
	else
		struct_reply(cmd, blocks);
}
