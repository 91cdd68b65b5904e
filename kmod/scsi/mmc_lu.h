/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: what the files of the MMC device server share.
 *
 * A command that reads has a struct mmc_cmd in scst_cmd.server, and ends in
 * mmc_end(). All others are answered at once, from struct mmc_lu.
 *
 * Locks: lu->lock for tray, prevention and events; it is not held while
 * calling out.
 */
#ifndef MMC_LU_H
#define MMC_LU_H

#include "core_os.h"
#include "mmc.h"
#include "scsi_loop.h"
#include "scsi_nexus.h"
#include "seg.h"

#define MMC_SHIFT 11			/* log2 of MMC_BLOCK */

/* 80 minutes of 75 sectors a second: no CD is longer. */
#define MMC_CD_BLOCKS (80 * 60 * 75)

/* Sectors of a CD are counted from here on in minutes (MMC-6 4.2). */
#define MMC_MSF_OFFSET 150

/* Profiles (MMC-6 5.3.1). */
enum mmc_profile {
	MMC_NO_PROFILE = 0x00,
	MMC_CD_ROM     = 0x08,
	MMC_DVD_ROM    = 0x10,
};

/* What a nexus hears of by GET EVENT STATUS NOTIFICATION. */
enum mmc_event {
	MMC_EV_NEW_MEDIUM    = 1 << 0,
	MMC_EV_REMOVED	     = 1 << 1,
	MMC_EV_EJECT_REQUEST = 1 << 2,
	MMC_EV_FEATURES	     = 1 << 3,	/* other features are current */
};

enum { MMC_MODE_PAGES = 4 };

struct mmc_lu {
	const struct mmc_backend_ops *be;
	const struct mmc_env_ops *env;
	void *priv;
	struct mmc_config cfg;
	u32 max_transfer;		/* bytes */

	/* READ_ONCE */
	u32 ready;			/* blocks that can be read, 0: none */
	bool open;			/* the tray */

	spinlock_t lock;
	u32 medium;			/* blocks of what is on the tray */
	u32 told;			/* env->capacity() knows of these */
	struct list_head nexuses;	/* struct scsi_nexus */

	struct scst_mode_page mode_pages[MMC_MODE_PAGES];
};

/* The bytes of a sector that READ CD is to return (MMC-6 6.18). */
struct mmc_part {
	u16 at;
	u16 len;
};

struct mmc_cmd {
	struct mmc_io io;

	/* From the CDB; later, what of it is really done. */
	u32 lba;
	u32 blocks;
	u32 pos;		/* how far it got, in blocks */
	struct mmc_part part;

	/* Commands of several I/Os. */
	struct scsi_loop loop;
	struct core_seg *scratch;
	u32 nr_scratch;
	u8 *sector;		/* one that is being made, with all its parts */
};

static_assert(sizeof(struct mmc_cmd) <=
	      sizeof(((struct scst_cmd *)0)->server), "fits the scratch");

static inline struct mmc_cmd *mmc_cmd(struct scst_cmd *cmd)
{
	return (struct mmc_cmd *)cmd->server;
}

static inline struct mmc_lu *mmc_lu(const struct scst_cmd *cmd)
{
	return cmd->lu;
}

static inline enum mmc_profile mmc_profile(u32 blocks)
{
	if (!blocks)
		return MMC_NO_PROFILE;
	return blocks <= MMC_CD_BLOCKS ? MMC_CD_ROM : MMC_DVD_ROM;
}

/* mmc.c: blocks of the medium; 0: not ready, the command is completed. */
u32 mmc_check_medium(struct scst_cmd *cmd);
/* The state of the tray has changed; lu->lock. */
void mmc_lu_update(struct mmc_lu *lu);

/*
 * mmc_event.c; lu->lock. Let all nexuses hear of @events; what is remembered
 * of @id, NULL: no memory.
 */
void mmc_announce(struct mmc_lu *lu, u8 events);
struct scsi_nexus *mmc_nexus(struct mmc_lu *lu, u64 id);

/* mmc_pages.c */
void mmc_pages_init(struct mmc_lu *lu);

/* mmc_sector.c */
enum {
	MMC_SECTOR	  = 2352,
	MMC_SECTOR_HEADER = 12,
	MMC_SECTOR_DATA	  = 16,
	MMC_SECTOR_EDC	  = MMC_SECTOR_DATA + MMC_BLOCK,
};

/* Put all else around the user data of the sector at @lba. */
void mmc_sector_make(u8 *sector, u32 lba);

/* Minute, second and frame of @lba, the last there is if need be. */
void mmc_put_msf(u32 lba, u8 *msf);

/* The execute functions. */
void mmc_test_unit_ready(struct scst_cmd *cmd);		/* mmc.c */
void mmc_read_capacity(struct scst_cmd *cmd);
void mmc_set_speed(struct scst_cmd *cmd);
void mmc_mechanism_status(struct scst_cmd *cmd);
void mmc_read_10(struct scst_cmd *cmd);			/* mmc_read.c */
void mmc_read_12(struct scst_cmd *cmd);
void mmc_read_cd(struct scst_cmd *cmd);
void mmc_read_cd_msf(struct scst_cmd *cmd);
void mmc_verify(struct scst_cmd *cmd);
void mmc_seek(struct scst_cmd *cmd);
void mmc_read_toc(struct scst_cmd *cmd);		/* mmc_disc.c */
void mmc_read_disc_info(struct scst_cmd *cmd);
void mmc_read_track_info(struct scst_cmd *cmd);
void mmc_read_disc_structure(struct scst_cmd *cmd);
void mmc_get_configuration(struct scst_cmd *cmd);	/* mmc_pages.c */
void mmc_get_event_status(struct scst_cmd *cmd);	/* mmc_event.c */
void mmc_start_stop(struct scst_cmd *cmd);		/* mmc_tray.c */
void mmc_prevent_allow(struct scst_cmd *cmd);

#endif
