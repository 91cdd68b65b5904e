/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the interface between the core and device handlers.
 *
 * A handler describes its logical unit once, in tables: identity, commands,
 * mode pages, VPD pages. From them the core's SPC device server answers all
 * that SCSI asks of any device, also while the handler cannot. Each row of
 * the command table has an execute function, and every command of that row
 * ends there, at the handler's media device server.
 *
 * Contexts: execute(), data_alloc() and data_free() are called in process
 * context or softirq and must not sleep; the other calls say so themselves.
 * The tables are copied at registration.
 */
#ifndef SCST_DEVICE_H
#define SCST_DEVICE_H

#include "core_os.h"
#include "scst_cmd.h"

struct scst_ctx;
struct scst_device;
struct scst_mode_page;

/* Service action of a row whose operation code has none. */
#define SCST_NO_SA 0xffff

enum scst_opcode_flags {
	SCST_OP_IN	= 1 << 0,	/* moves Data-In */
	SCST_OP_OUT	= 1 << 1,	/* moves Data-Out */
	SCST_OP_WRITES	= 1 << 2,	/* alters the medium */
	SCST_OP_ANY_UA	= 1 << 3,	/* runs with a unit attention pending */
	/* Runs against another's reservation: RESERVE; persistent ones. */
	SCST_OP_ANY_RESERVE = 1 << 4,
	SCST_OP_ANY_WE	= 1 << 5,	/* Write Exclusive */
	SCST_OP_ANY_EA	= 1 << 6,	/* Exclusive Access */
	SCST_OP_ANY_PR	= SCST_OP_ANY_WE | SCST_OP_ANY_EA,
	SCST_OP_ANY_RESV = SCST_OP_ANY_RESERVE | SCST_OP_ANY_PR,
	SCST_OP_DEVICES	= (1 << 8) - 1,	/* what a device may say */

	/* Set by the core. Runs through a target port in this state: */
	SCST_OP_STANDBY	= 1 << 8,
	SCST_OP_TRANSITIONING = 1 << 9,
	SCST_OP_UNAVAILABLE = 1 << 10,
	SCST_OP_ANY_ACCESS = SCST_OP_STANDBY | SCST_OP_TRANSITIONING |
			     SCST_OP_UNAVAILABLE,
	/* There only while the device has target port groups: */
	SCST_OP_GROUPS	= 1 << 11,
	SCST_OP_SET_GROUPS = 1 << 12,	/* and initiators may set them */
};

/*
 * One command that a device answers. @usage is the CDB usage data that
 * REPORT SUPPORTED OPERATION CODES returns (SPC-5 6.35.3): a one where the
 * device server reads the bit. The core refuses a one elsewhere in byte 1.
 */
struct scst_opcode {
	u8 op;
	u8 cdb_len;
	u16 sa;
	u32 flags;
	void (*execute)(struct scst_cmd *cmd);
	u8 usage[16];
};

#define SCST_MODE_PAGE_MAX 36

/*
 * One mode page (SPC-5 7.5): its bytes from the page code on, as they are
 * now, which of them MODE SELECT may change, and what they were at first.
 */
struct scst_mode_page {
	u8 len;
	u8 current_[SCST_MODE_PAGE_MAX];
	u8 changeable[SCST_MODE_PAGE_MAX];
	u8 defaults[SCST_MODE_PAGE_MAX];
};

/* One VPD page: what follows its four bytes of header. */
struct scst_vpd_page {
	u8 code;
	u16 len;
	const u8 *data;
};

struct scst_device_info {
	const char *name;		/* unique; [A-Za-z0-9_.:-], 1 to 63 */
	u8 type;			/* enum scsi_type */
	bool removable;
	bool read_only;

	/* Identity. ASCII; padded with blanks where the standard does. */
	const char *vendor;		/* up to 8 */
	const char *product;		/* up to 16 */
	const char *revision;		/* up to 4 */
	const char *serial;		/* up to 63; also makes the T10 id */
	u64 naa;			/* NAA designator, 0: none */
	u16 version_descriptors[8];	/* SPC-5 6.6.2, zero-terminated */

	const struct scst_opcode *opcodes;
	u32 nr_opcodes;
	const struct scst_mode_page *mode_pages;
	u32 nr_mode_pages;
	const struct scst_vpd_page *vpd_pages;
	u32 nr_vpd_pages;
	u8 mode_device_specific;	/* mode parameter header, without WP */

	u32 max_transfer;		/* bytes of one command, at least 4096 */
	u32 queue_depth;		/* commands of one I_T_L nexus */
	u32 max_tasks;			/* of all of them; 0: no limit */
};

enum scst_device_event {
	SCST_EV_LU_RESET,	/* reset conditions: forget soft state */
	SCST_EV_NEXUS_LOSS,	/* @nexus_id is gone: forget its state */
};

struct scst_device_ops {
	/*
	 * Give @cmd a buffer of @len bytes (a multiple of SCST_DATA_ALIGN):
	 * set segs and nr_segs. -ENOMEM makes the command end with BUSY.
	 */
	int (*data_alloc)(struct scst_cmd *cmd, u32 len);
	void (*data_free)(struct scst_cmd *cmd);
	/*
	 * Advice: the initiator gave @cmd up; cmd->aborted is set. Under a
	 * spinlock; must not complete @cmd from here. @cmd is but a name: the
	 * handler may not have seen it yet, or may be answering it just now.
	 * Optional.
	 */
	void (*abort)(struct scst_device *dev, const struct scst_cmd *cmd);
	/*
	 * MODE SELECT wants @page to become @wanted (page->len bytes). End
	 * with scst_mode_selected(), now or later. Optional: without it every
	 * change that the mask allows is taken.
	 */
	void (*mode_select)(struct scst_cmd *cmd,
			    const struct scst_mode_page *page,
			    const u8 *wanted);
	/* A condition of SAM-6 6.3; under a spinlock. Optional. */
	void (*event)(struct scst_device *dev, enum scst_device_event ev,
		      u64 nexus_id);
	/*
	 * Persistent reservations that are to survive a loss of power have
	 * changed: from process context, take their image by scst_pr_image(),
	 * make it durable and answer by scst_pr_persisted(). Any context, must
	 * not sleep; not called again before the answer. Optional: without it
	 * they do not survive, and initiators are told so.
	 */
	void (*persist)(struct scst_device *dev);
	/* The last reference is gone; @dev is freed after the call. */
	void (*release)(struct scst_device *dev);
};

/*
 * Make a device known to the core. Process context. ERR_PTR(-EEXIST): the
 * name is taken; -EINVAL: a table contradicts itself; -ENOMEM.
 */
struct scst_device *scst_device_register(struct scst_ctx *ctx,
					 const struct scst_device_info *info,
					 const struct scst_device_ops *ops,
					 void *priv);

/*
 * Take a device away: it leaves every LUN map at once, its commands in flight
 * finish, then ops->release() is called, perhaps before this returns.
 */
void scst_device_unregister(struct scst_device *dev);

void *scst_device_priv(const struct scst_device *dev);

/* What scst_cmd.lu holds for the device's commands. Before the first map. */
void scst_device_set_lu(struct scst_device *dev, void *lu);

/*
 * Number and size of the logical blocks, for the block descriptor of the
 * mode parameters. A change raises CAPACITY DATA HAS CHANGED on each nexus.
 */
void scst_device_set_capacity(struct scst_device *dev, u64 blocks,
			      u32 block_size);

void scst_device_set_read_only(struct scst_device *dev, bool read_only);

/* Unit attention for every I_T nexus but @except (0: for all). */
void scst_device_ua(struct scst_device *dev, enum scst_sense ua, u64 except);

/*
 * The answer to ops->mode_select(): SENSE_NONE takes the change. From any
 * context; may complete @cmd.
 */
void scst_mode_selected(struct scst_cmd *cmd, enum scst_sense sense);

#define SCST_PR_IMAGE_MAX (320u << 10)

/*
 * The persistent reservations of @dev as bytes, at most SCST_PR_IMAGE_MAX, in
 * @buf of @size. Returns their number, or -ENOSPC. Process context.
 */
int scst_pr_image(struct scst_device *dev, void *buf, u32 size);

/*
 * The answer to ops->persist(): the image is durable, or could not be made so
 * (@err). From any context; completes the commands that wait for it.
 */
void scst_pr_persisted(struct scst_device *dev, int err);

/* Each image has a higher one than the last; 0: @buf is not one, or damaged. */
u64 scst_pr_image_generation(const void *buf, u32 len);

/* What one of the two places holds that images are written to in turn. */
struct scst_pr_slot {
	bool there;
	void *image;		/* NULL: it cannot be one */
	u32 len;
};

/*
 * Which of two @slots to restore; the other is to be written next. -ENOENT:
 * neither. -EILSEQ: both are damaged.
 */
int scst_pr_newest(const struct scst_pr_slot *slots);

/*
 * After a loss of power, before the first map: bring the reservations of an
 * image back. -EINVAL: it is none that we made; -ENOMEM. Process context.
 */
int scst_pr_restore(struct scst_device *dev, const void *buf, u32 len);

/*
 * Hand @cmd, which a row of the device caught, to the SPC device server
 * after all, which fails what it does not know.
 */
void scst_cmd_pass(struct scst_cmd *cmd);

#endif
