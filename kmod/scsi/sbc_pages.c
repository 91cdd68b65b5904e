// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: mode pages and VPD pages of a disk, and MODE SELECT of the
 * caching page (SBC-4, clause 6).
 *
 * The core keeps the pages and answers for them; here is what they say at
 * first. That has to agree with the command table in sbc.c.
 */
#include "core_os.h"
#include "sbc_lu.h"

/* ---- Mode pages -------------------------------------------------------- */

enum {
	CACHING_LEN = 20,
	CACHING_WCE = 0x04,		/* byte 2 */
	RECOVERY_LEN = 12,
	EXCEPTIONS_LEN = 12,
	EXCEPTIONS_DEXCPT = 0x08,	/* byte 2: none are reported */
};

static struct scst_mode_page *mode_page(struct scst_mode_page *page, u8 code,
					u8 len, u8 byte2)
{
	page->len = len;
	page->defaults[0] = code;
	page->defaults[1] = len - 2;
	page->defaults[2] = byte2;
	memcpy(page->current_, page->defaults, len);
	return page;
}

static void mode_pages(struct sbc_lu *lu)
{
	struct scst_mode_page *page = lu->mode_pages;

	mode_page(page++, SCSI_MODE_RW_RECOVERY, RECOVERY_LEN, 0);
	mode_page(page, SCSI_MODE_CACHING, CACHING_LEN,
		  lu->wce ? CACHING_WCE : 0);
	/* Without a flush there is no cache to speak of. */
	if (lu->be->flush)
		page->changeable[2] = CACHING_WCE;
	mode_page(++page, SCSI_MODE_INFO_EXCEPT, EXCEPTIONS_LEN,
		  EXCEPTIONS_DEXCPT);
}

/* ---- MODE SELECT ------------------------------------------------------- */

/* The device server's scratch in the command is the core's now. */
struct sbc_mode_select {
	struct sbc_io io;
	void (*selected)(struct scst_cmd *cmd, enum scst_sense sense);
};

static void wce_flushed(struct sbc_io *io, enum scst_sense sense)
{
	struct sbc_mode_select *sel =
		container_of(io, struct sbc_mode_select, io);
	struct scst_cmd *cmd = io->cmd;

	/* If it failed the page keeps what it had, and so must the unit. */
	WRITE_ONCE(io->lu->wce, sense != SENSE_NONE);
	sel->selected(cmd, sense);
	kfree(sel);
}

/*
 * From now on a write is on the medium before it is GOOD; those that were
 * GOOD before follow with this flush.
 */
static void wce_clear(struct sbc_lu *lu, struct scst_cmd *cmd,
		      void (*selected)(struct scst_cmd *cmd,
				       enum scst_sense sense))
{
	struct sbc_mode_select *sel = kzalloc(sizeof(*sel), GFP_ATOMIC);

	if (!sel) {
		selected(cmd, SENSE_BUSY);
		return;
	}
	sel->io.lu = lu;
	sel->io.cmd = cmd;
	sel->io.blocks = sbc_lu_blocks(lu);
	sel->io.done = wce_flushed;
	sel->selected = selected;
	WRITE_ONCE(lu->wce, false);
	lu->be->flush(&sel->io);
}

void sbc_lu_mode_select(struct sbc_lu *lu, struct scst_cmd *cmd,
			const struct scst_mode_page *page, const u8 *wanted,
			void (*selected)(struct scst_cmd *cmd,
					 enum scst_sense sense))
{
	bool wce = wanted[2] & CACHING_WCE;

	if ((page->defaults[0] & 0x3f) != SCSI_MODE_CACHING ||
	    !lu->be->flush) {
		selected(cmd, SENSE_NONE);
	} else if (!wce && READ_ONCE(lu->wce) && sbc_lu_blocks(lu)) {
		wce_clear(lu, cmd, selected);
	} else {
		WRITE_ONCE(lu->wce, wce);
		selected(cmd, SENSE_NONE);
	}
}

/* ---- VPD pages --------------------------------------------------------- */

/* Byte @at of the page as the standard counts, which counts the header. */
#define VPD(page, at) (&(page)[(at) - 4])

/* SBC-4, Block Limits VPD page. */
static void vpd_limits(const struct sbc_lu *lu, u8 *p)
{
	const struct sbc_config *cfg = &lu->cfg;

	/* WSNZ=0: WRITE SAME of no blocks means all up to the last. */
	*VPD(p, 5) = lu->max_compare;
	put_unaligned_be16(min_t(u32, cfg->optimal_granularity, U16_MAX),
			   VPD(p, 6));
	put_unaligned_be32(lu->max_transfer, VPD(p, 8));
	put_unaligned_be32(cfg->optimal_transfer, VPD(p, 12));
	put_unaligned_be64(lu->max_same, VPD(p, 36));
	/* No alignment, no granularity, and one atomic write at a time. */
	put_unaligned_be32(lu->max_atomic, VPD(p, 44));
	if (!lu->unmap)
		return;
	put_unaligned_be32(U32_MAX, VPD(p, 20));	/* LBAs: no limit */
	put_unaligned_be32(SBC_UNMAP_DESCRIPTORS, VPD(p, 24));
	if (!cfg->unmap_granularity)
		return;
	put_unaligned_be32(cfg->unmap_granularity, VPD(p, 28));
	put_unaligned_be32(cfg->unmap_alignment | 1u << 31,	/* UGAVALID */
			   VPD(p, 32));
}

/* SBC-4, Block Device Characteristics VPD page. */
static void vpd_chars(const struct sbc_lu *lu, u8 *p)
{
	put_unaligned_be16(lu->cfg.rotation_rate, VPD(p, 4));
	/* WABEREQ, WACEREQ: what was erased can be read. */
	if (lu->sanitize && lu->unmap)
		*VPD(p, 7) = 1 << 6;
	if (lu->sanitize && lu->be->crypto_erase)
		*VPD(p, 7) |= 1 << 4;
	/* FUAB: FUA and SYNCHRONIZE CACHE do as SBC-4 says. */
	*VPD(p, 8) = 0x02;
	/* VBULS: VERIFY compares unmapped blocks, too: they have data. */
	if (!lu->unmap || lu->cfg.zero_after_unmap)
		*VPD(p, 8) |= 0x01;
}

/*
 * Resource counts are 32 bits wide, of units of 2^exponent blocks. Zero, one
 * block, also says that there are no thresholds, and there are none; larger
 * disks have to look as if.
 */
u8 sbc_threshold_exponent(const struct sbc_lu *lu)
{
	return max(fls64(lu->cfg.blocks), 32) - 32;
}

/* SBC-4, Logical Block Provisioning VPD page. */
static void vpd_provisioning(const struct sbc_lu *lu, u8 *p)
{
	if (lu->be->usage)
		*VPD(p, 4) = sbc_threshold_exponent(lu);
	*VPD(p, 5) = 0x80 | 0x40 | 0x20;	/* LBPU, LBPWS, LBPWS10 */
	if (lu->cfg.zero_after_unmap)
		*VPD(p, 5) |= 1 << 2;		/* LBPRZ: 001b, zeroes */
	*VPD(p, 6) = 2;				/* thin provisioned */
}

static void vpd_page(struct scst_vpd_page *page, u8 code, const u8 *data,
		     u16 len)
{
	page->code = code;
	page->data = data;
	page->len = len;
}

static void vpd_pages(struct sbc_lu *lu)
{
	vpd_limits(lu, lu->vpd_limits);
	vpd_page(&lu->vpd_pages[0], SCSI_VPD_BLOCK_LIMITS, lu->vpd_limits,
		 sizeof(lu->vpd_limits));
	vpd_chars(lu, lu->vpd_chars);
	vpd_page(&lu->vpd_pages[1], SCSI_VPD_BLOCK_CHARS, lu->vpd_chars,
		 sizeof(lu->vpd_chars));
	lu->nr_vpd_pages = 2;
	if (!lu->unmap)
		return;
	vpd_provisioning(lu, lu->vpd_provisioning);
	vpd_page(&lu->vpd_pages[2], SCSI_VPD_PROVISIONING,
		 lu->vpd_provisioning, sizeof(lu->vpd_provisioning));
	lu->nr_vpd_pages = 3;
}

void sbc_pages_init(struct sbc_lu *lu)
{
	mode_pages(lu);
	vpd_pages(lu);
}
