// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: what a drive can do: GET CONFIGURATION (MMC-6 5.3, 6.5) and mode
 * pages (MMC-6, clause 7).
 */
#include "core_os.h"
#include "mmc_lu.h"

/* ---- Features ---------------------------------------------------------- */

/* When a feature is current. */
enum { EVER, WITH_MEDIUM, WITH_CD, WITH_DVD };

enum { FEATURE_PERSISTENT = 0x02, FEATURE_CURRENT = 0x01 };

/* In ascending order. The profile list, 0000h, is made for the occasion. */
static const struct mmc_feature {
	u16 code;
	u8 version;
	u8 current_;
	u8 len;
	u8 data[8];
} features[] = {
	/* Core: the SCSI family; DBE, device busy events */
	{ 0x0001, 2, EVER, 8, { 0, 0, 0, 1, 0x01 } },
	/* Morphing: OCEvent, operational change events */
	{ 0x0002, 1, EVER, 4, { 0x02 } },
	/* Removable Medium: a tray that loads, ejects and locks */
	{ 0x0003, 2, EVER, 4, { 0x20 | 0x10 | 0x08 | 0x01 } },
	/* Random Readable: block size, blocking, PP: mode page 01h */
	{ 0x0010, 0, WITH_MEDIUM, 8, { 0, 0, MMC_BLOCK >> 8, 0, 0, 1, 0x01 } },
	/* CD Read: no DAP, C2 flags or CD-Text */
	{ 0x001e, 2, WITH_CD, 4 },
	/* DVD Read */
	{ 0x001f, 2, WITH_DVD, 4 },
	/* Power Management */
	{ 0x0100, 0, EVER, 0 },
	/* Timeout */
	{ 0x0105, 0, EVER, 0 },
};

enum {
	CONFIG_HEADER = 8,
	FEATURE_HEADER = 4,
	PROFILES_LEN = FEATURE_HEADER + 2 * 4,
	CONFIG_MAX = CONFIG_HEADER + PROFILES_LEN +
		     ARRAY_SIZE(features) * (FEATURE_HEADER + 8),
};

static bool feature_current(u8 when, enum mmc_profile profile)
{
	switch (when) {
	case WITH_MEDIUM:
		return profile != MMC_NO_PROFILE;
	case WITH_CD:
		return profile == MMC_CD_ROM;
	case WITH_DVD:
		return profile == MMC_DVD_ROM;
	default:
		return true;
	}
}

/* The fullest first. */
static u8 *put_profiles(enum mmc_profile profile, u8 *p)
{
	p[2] = FEATURE_PERSISTENT | FEATURE_CURRENT;
	p[3] = PROFILES_LEN - FEATURE_HEADER;
	p[5] = MMC_DVD_ROM;
	p[6] = profile == MMC_DVD_ROM;
	p[9] = MMC_CD_ROM;
	p[10] = profile == MMC_CD_ROM;
	return p + PROFILES_LEN;
}

static u8 *put_feature(const struct mmc_feature *f, bool current_, u8 *p)
{
	put_unaligned_be16(f->code, p);
	p[2] = f->version << 2 | (current_ ? FEATURE_CURRENT : 0) |
	       (f->current_ == EVER ? FEATURE_PERSISTENT : 0);
	p[3] = f->len;
	memcpy(p + FEATURE_HEADER, f->data, f->len);
	return p + FEATURE_HEADER + f->len;
}

/* RT: which features. */
enum { RT_ALL, RT_CURRENT, RT_ONE, RT_RESERVED };

static u8 *put_features(u8 rt, u16 from, enum mmc_profile profile, u8 *p)
{
	const struct mmc_feature *f;
	bool current_;

	if (!from)
		p = put_profiles(profile, p);
	for (f = features; f < features + ARRAY_SIZE(features); f++) {
		current_ = feature_current(f->current_, profile);
		if (f->code < from || (rt == RT_ONE && f->code != from) ||
		    (rt == RT_CURRENT && !current_))
			continue;
		p = put_feature(f, current_, p);
	}
	return p;
}

void mmc_get_configuration(struct scst_cmd *cmd)
{
	u16 from = get_unaligned_be16(cmd->cdb + 2);
	enum mmc_profile profile;
	u8 rt = cmd->cdb[1] & 3;
	u8 buf[CONFIG_MAX] = { 0 };
	u8 *end;

	if (rt == RT_RESERVED) {
		scst_cmd_bad_cdb(cmd, 1, 1);
		return;
	}
	profile = mmc_profile(READ_ONCE(mmc_lu(cmd)->ready));
	end = put_features(rt, from, profile, buf + CONFIG_HEADER);
	put_unaligned_be32(end - buf - 4, buf);
	put_unaligned_be16(profile, buf + 6);
	scst_cmd_reply(cmd, buf, end - buf, get_unaligned_be16(cmd->cdb + 7));
}

/* ---- Mode pages -------------------------------------------------------- */

/* Kilobytes a second: 48 times that of audio, which is 176. */
#define SPEED (48 * 176)

static const struct scst_mode_page pages[MMC_MODE_PAGES] = {
	{ .len = 12, .defaults = { SCSI_MODE_RW_RECOVERY, 10 } },
	/* No timer runs. */
	{ .len = 12, .defaults = { SCSI_MODE_POWER, 10 } },
	/* Nor does TMOE let commands time out. */
	{ .len = 10, .defaults = { SCSI_MODE_TIMEOUT, 8 } },
	/* MMC-3 5.5.10: gone from the standard, and still asked for. */
	{ .len = 26, .defaults = {
		SCSI_MODE_CD_CAPS, 24,
		0x08,			/* reads DVD-ROM */
		0x00,			/* writes nothing */
		0x00,			/* mode 1 only, no audio */
		0x00,
		0x20 | 0x08 | 0x01,	/* a tray that ejects and locks */
		[8] = SPEED >> 8, SPEED & 0xff,		/* at most */
		[14] = SPEED >> 8, SPEED & 0xff,	/* now */
	} },
};

void mmc_pages_init(struct mmc_lu *lu)
{
	u32 i;

	for (i = 0; i < MMC_MODE_PAGES; i++) {
		lu->mode_pages[i] = pages[i];
		memcpy(lu->mode_pages[i].current_, pages[i].defaults,
		       pages[i].len);
	}
}

/* What the masks allow to change, which is nothing, has no effect here. */
void mmc_lu_mode_select(struct mmc_lu *lu, struct scst_cmd *cmd,
			const struct scst_mode_page *page, const u8 *wanted,
			void (*selected)(struct scst_cmd *cmd,
					 enum scst_sense sense))
{
	selected(cmd, SENSE_NONE);
}
