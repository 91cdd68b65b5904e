/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: three disks to copy between, for tests of EXTENDED COPY.
 *
 * LUN 0 and LUN 1 have blocks of 512 bytes, LUN 2 of 2048; their NAA
 * designators are 1, 2 and 3. The copy manager's commands are in the log as r0
 * and w1: a READ at LUN 0's device, a WRITE at LUN 1's.
 */
#ifndef CORE_XCOPY_H
#define CORE_XCOPY_H

#include "spc_xcopy.h"

#include "core_fake.h"

enum { HOLD = 0, DISCARD = 2, NO_ID = 3 };	/* LIST ID USAGE */
enum { STATUS = 0, PARAMETERS = 3, FAILURE = 4 };

extern struct fdev *disk[3];

/* The world with the disks, and nexuses a and b; all are quiet. */
void xcopy_up(void);
void xcopy_down(void);

/* Before xcopy_up(): of the device of LUN 2. */
extern u8 third_type;

/*
 * Disk @d has changed there and nowhere else, to what disk @src was; @before
 * is what they all were.
 */
extern u8 before[3][FDEV_MEM];
void ck_copied(u32 d, u32 to, u32 src, u32 from, u32 len);
void ck_untouched(void);

/* Let the next command of the copy manager that moves data end so. */
void fail_next(enum scst_sense sense);
/* While @hold_internal, they wait for finish_internal(). */
extern bool hold_internal;
void finish_internal(void);

/* A parameter list. */
struct xlist {
	u8 data[4096];
	u32 len;
	u32 cscds, segments;		/* lengths of the lists */
};

void xlist_begin(struct xlist *l, u8 id, u8 usage);
/* A CSCD descriptor that names @naa, with blocks of @block_size. */
u8 *xlist_cscd(struct xlist *l, u64 naa, u32 block_size);
u8 *xlist_segment(struct xlist *l, u16 src, u16 dst, u16 blocks, u64 src_lba,
		  u64 dst_lba);
struct fcmd *xlist_new(struct fport *p, u16 lun, const struct xlist *l);
struct fcmd *xlist_send(struct fport *p, u16 lun, const struct xlist *l);

/* A list with the disks of LUN 0 and 1 as CSCDs 0 and 1, and one segment. */
void xlist_simple(struct xlist *l, u8 id, u8 usage, u16 blocks, u64 src_lba,
		  u64 dst_lba);
struct fcmd *copy_simple(struct fport *p, u8 id, u8 usage, u16 blocks,
			 u64 src_lba, u64 dst_lba);

/* RECEIVE COPY RESULTS at LUN 0 */
struct fcmd *results(struct fport *p, u8 action, u8 id);

/* Fixed format: COPY ABORTED in this segment, and nothing forwarded. */
#define ck_segment(c, s, segment) \
	do { \
		const struct fcmd *c4_ = (c); \
		ck_sense(c4_, s); \
		ck_assert_uint_eq(c4_->sense_len, 18); \
		ck_assert_uint_eq(get_unaligned_be32(c4_->sense_data + 8), \
				  segment); \
	} while (0)

#endif
