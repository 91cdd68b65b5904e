/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the copy manager (SPC-4 5.17): EXTENDED COPY(LID1) among the block
 * devices that the command's own I_T nexus sees.
 *
 * A copy is a loop over its segments in chunks, each a READ(16) and then a
 * WRITE(16) of the core's own. They go to the ITLs of the nexus as if the
 * initiator had sent them, so reservations, access rights, unit attentions
 * and task management hold for them; but they pass the task set and its
 * limits by, because the command that they belong to is in one already.
 *
 * What becomes of a copy that has a list identifier is kept with the ITL for
 * RECEIVE COPY RESULTS, until it is lost, reset, or pushed out by newer ones.
 */
#ifndef SPC_XCOPY_H
#define SPC_XCOPY_H

#include "core_os.h"
#include "scst_target.h"
#include "scsi_loop.h"

struct scst_device;
struct scst_device_info;
struct scst_itl;

#define XCOPY_HEADER	   16u
#define XCOPY_CSCD_LEN	   32u
#define XCOPY_SEGMENT_LEN  28u
#define XCOPY_CSCDS_MAX	   16u
#define XCOPY_SEGMENTS_MAX 64u
#define XCOPY_DESCRIPTORS_MAX \
	(XCOPY_CSCDS_MAX * XCOPY_CSCD_LEN + \
	 XCOPY_SEGMENTS_MAX * XCOPY_SEGMENT_LEN)
/* Bytes that a segment cannot exceed: 65535 of the longest blocks. */
#define XCOPY_SEGMENT_MAX  (65536u * SCST_DATA_ALIGN)
#define XCOPY_CHUNK	   (1u << 20)	/* most memory of a copy */
#define XCOPY_CHUNK_LOW	   (1u << 16)	/* ... when there is little */
#define XCOPY_COPIES_MAX   8u		/* at a time, of a device */
#define XCOPY_RESULTS_MAX  8u		/* kept for an ITL */

/* Descriptor type codes. */
enum {
	XCOPY_BLOCK_TO_BLOCK = 0x02,
	XCOPY_IDENTIFICATION = 0xe4,
};

/* What RECEIVE COPY RESULTS tells of a copy; itl->lock. */
struct spc_copy {
	struct list_head link;		/* itl->copies, oldest first */
	u8 list_id;
	bool keep;			/* when it is over */
	bool running;
	u8 status;			/* once it is not */
	u8 sense_len;
	u8 sense[SCST_SENSE_MAX];
	u16 segments;			/* READ_ONCE while it runs */
	u64 bytes;			/* likewise */
};

/* One end of a segment. */
struct spc_copy_end {
	struct scst_itl *itl;		/* with a hold, or NULL */
	u64 lba;
	u32 block_size;
	u32 max_bytes;			/* of a command */
};

/* Why a copy ends before its time. */
struct spc_copy_error {
	enum scst_sense sense;
	bool forward;			/* what the READ or WRITE ended with: */
	u8 status;
	u8 sense_len;
	u8 sense_data[SCST_SENSE_MAX];
};

struct spc_xcopy {
	struct scst_cmd *cmd;		/* EXTENDED COPY */
	struct spc_copy *copy;		/* NULL: it has no list identifier */
	struct scsi_loop loop;

	u16 nr_cscds, nr_segments;
	u16 segment;			/* the one under way */
	bool open;			/* it has begun */
	bool backwards;			/* from its end: it overlaps itself */
	bool writing;			/* a chunk is in memory */
	struct spc_copy_end src, dst;
	u64 len, left;			/* bytes of the segment */
	u32 bytes;			/* of the chunk */
	struct spc_copy_error error;

	u32 chunk;			/* what there is memory for */
	u32 nr_segs;
	struct core_seg *segs;
	struct core_seg *task_segs;	/* a device may shorten these */

	spinlock_t lock;		/* innermost */
	bool active;			/* @task is submitted; lock */
	struct scst_task task;

	u8 list[];			/* descriptors, checked */
};

/* spc_xcopy.c */
/* Does a device like this take part, and answer the commands? */
bool spc_xcopy_offered(const struct scst_device_info *info);
/* Is @op one of those commands? */
bool spc_xcopy_opcode(u8 op);
void spc_extended_copy(struct scst_cmd *cmd);
void spc_xcopy_free(struct spc_xcopy *xc);

/* spc_xcopy_run.c */
void spc_xcopy_start(struct spc_xcopy *xc);
/* The command was given up. Under the lock of its ITL. */
void spc_xcopy_abort(struct spc_xcopy *xc);

/* spc_xcopy_results.c */
void spc_copy_status(struct scst_cmd *cmd);
void spc_copy_parameters(struct scst_cmd *cmd);
void spc_copy_failure(struct scst_cmd *cmd);
/* VPD page 8Fh from its descriptors on, to @page; returns their length. */
u32 spc_copy_vpd(u8 *page);
/* Register @copy; false: there is one of that list identifier under way. */
bool spc_copy_begin(struct scst_itl *itl, struct spc_copy *copy);
/* It is over, with @status and its sense; may free @copy. */
void spc_copy_done(struct scst_itl *itl, struct spc_copy *copy, u8 status);
/* Forget what is over: reset, or the end of @itl. */
void spc_copy_forget(struct scst_itl *itl);

static inline const u8 *spc_xcopy_cscd(const struct spc_xcopy *xc, u16 index)
{
	return index < xc->nr_cscds ? xc->list + index * XCOPY_CSCD_LEN : NULL;
}

static inline const u8 *spc_xcopy_segment(const struct spc_xcopy *xc,
					  u16 index)
{
	return xc->list + xc->nr_cscds * XCOPY_CSCD_LEN +
	       index * XCOPY_SEGMENT_LEN;
}

#endif
