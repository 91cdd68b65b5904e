/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: a target driver with its initiators, and a device, to test the core
 * with.
 *
 * What happens is written down in a few letters, so that a test can say in
 * one line what it expects, and in which order:
 *
 *	x7	the device was given command 7
 *	w7	the driver was asked for the Data-Out of command 7
 *	a7	command 7 was answered
 *	-7	command 7 ended without an answer: it was aborted
 *	!7	the device was advised that command 7 was given up
 *	!i	... a command of the core's own, which has no number
 *	t7	task management function 7 was answered
 *	k2	the driver shall look after the aborted commands of nexus 2
 *	g2	nexus 2 is gone
 *	R	the device was told of a reset
 *	L2	the device was told of the loss of nexus 2
 *	D	the device was released
 *
 * Commands and functions are numbered together, as they are made; so are
 * nexuses. What the core may free is allocated on its own and freed when the
 * core says so, for the address sanitizer to see who touches it afterwards.
 */
#ifndef CORE_FAKE_H
#define CORE_FAKE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_os.h"
#include "scst.h"
#include "scst_core.h"

#define FDEV_MEM     65536u
#define FDEV_OPCODES 48

/* ---- The device -------------------------------------------------------- */

/* Commands of the device's own; READ and WRITE move bytes of its memory. */
enum {
	FOP_NOP	  = 0xc0,	/* moves nothing */
	FOP_ANY	  = 0xc1,	/* ... and runs whatever is pending */
	FOP_STORE = 0xc2,	/* Data-Out, but alters no medium */
};

struct fdev {
	struct list_head link;
	struct scst_device *core;
	struct scst_device_info info;
	struct scst_device_ops ops;
	struct scst_opcode opcodes[FDEV_OPCODES];
	u8 mem[FDEV_MEM];

	bool hold;		/* commands wait for finish() */
	u32 fail_allocs;	/* buffers that will not be there */
	u32 seg_size;		/* cut buffers to pieces; 0: one piece */
	u32 nr_buffers;		/* given out */
	void (*on_alloc)(struct fdev *d, struct scst_cmd *cmd);
	void (*on_execute)(struct fdev *d, struct scst_cmd *cmd);
	void (*on_internal)(struct fdev *d, struct scst_cmd *cmd);

	/* MODE SELECT */
	bool hold_mode;
	u32 nr_mode_selects;
	enum scst_sense mode_sense;
	struct scst_cmd *mode_cmd;
	u8 mode_wanted[SCST_MODE_PAGE_MAX];
};

/* A disk-like device; fdev_register() makes it known after changes to it. */
struct fdev *fdev_new(const char *name);
void fdev_register(struct fdev *d);
struct fdev *fdev_add(const char *name);	/* both */
void fdev_remove(struct fdev *d);
void fdev_add_opcode(struct fdev *d, u8 op, u8 len, u16 sa, u32 flags);

/* ---- Initiators --------------------------------------------------------- */

struct fport {
	struct list_head link;
	u32 nr;
	struct scst_nexus *nexus;	/* NULL: gone */
	bool deleted;
	bool hold_data;		/* Data-Out waits for send_data() */
	bool hold_end;		/* scst_task_end() waits for end() */
	void (*on_respond)(struct fport *p, struct scst_task *task);
};

/* ... with a nexus to the world's target; NULL and *@err: refused. */
struct fport *fport_new(const char *initiator, int *err);
struct fport *fport_add(const char *initiator);
void fport_del(struct fport *p);

/* What the driver does some time after ops->kick(). */
void fport_serve(struct fport *p);

/* ---- Commands ----------------------------------------------------------- */

struct ftask;

struct fcmd {
	struct list_head link;
	u32 nr;
	struct fport *port;
	struct ftask *ftask;		/* NULL: ended */
	bool wants_data, executed, answered, gone;
	u8 *out;			/* Data-Out */
	void *own;			/* a buffer that the driver brings */

	/* The answer. */
	u8 status;
	enum scst_sense sense;		/* as in the sense data */
	u8 sense_data[SCST_SENSE_MAX];
	u32 sense_len;
	struct scst_residual residual;
	u8 *in;				/* Data-In */
	u32 in_len;
};

/* Not submitted yet: *fcmd_task() may be changed. */
struct fcmd *fcmd_new(struct fport *p, u16 lun, const u8 *cdb, u16 cdb_len,
		      enum scst_data_dir dir, u32 expected);
struct scst_task *fcmd_task(struct fcmd *c);
struct scst_cmd *fcmd_cmd(struct fcmd *c);
void fcmd_own_buffer(struct fcmd *c, u32 len);
struct fcmd *submit(struct fcmd *c);

/* Submitted at LUN 0, with this attribute. */
struct fcmd *nop(struct fport *p, enum scst_attr attr);
struct fcmd *store(struct fport *p, enum scst_attr attr, u32 len);
struct fcmd *rd(struct fport *p, u16 blocks);
struct fcmd *wr(struct fport *p, u16 blocks);

/* What the driver does, if told to hold it. */
void send_data(struct fcmd *c);
void fail_data(struct fcmd *c, enum scst_sense sense);
void end(struct fcmd *c);

/* What the device does with a command that it holds. */
void finish(struct fcmd *c);
void finish_with(struct fcmd *c, enum scst_sense sense);

/* ---- Task management ---------------------------------------------------- */

struct ftmf {
	struct list_head link;
	u32 nr;
	bool done;
	enum scst_tmf_response response;
	void (*on_done)(struct ftmf *t);
};

struct ftmf *tmf(struct fport *p, enum scst_tmf_fn fn, u16 lun);
struct ftmf *abort_cmd(struct fport *p, const struct fcmd *c);

/* ---- The world ---------------------------------------------------------- */

struct world {
	struct scst_ctx *ctx;
	struct scst_target *tgt;
	struct scst_group *grp;		/* of all initiators */
	struct fdev *dev;		/* its LUN 0 */
	struct fport *a, *b, *c;	/* who have seen their unit attentions */
	struct scst_target_ops ops;
	u8 isid;		/* of ports that come from now on */
	long live;
};

extern struct world w;

/* A context and a target; nothing else yet. */
void world_bare(void);
/* ... a device, three initiators, and a clean log. */
void world_up(void);
/*
 * Everything must have been answered, and must go without a trace. What is
 * still held is finished first.
 */
void world_down(void);

/* Take all unit attentions of the nexus away, without a command. */
void see_attentions(struct fport *p);
/* The sense of the next unit attention at @lun; 0: none. */
enum scst_sense attention(struct fport *p, u16 lun);

/* ---- The log ------------------------------------------------------------ */

void note(const char *fmt, ...) __printf(1, 2);
const char *noted(void);
void log_clear(void);

/* This happened since the log was last looked at, and nothing else. */
#define ck_log(expected) \
	do { \
		ck_assert_str_eq(noted(), expected); \
		log_clear(); \
	} while (0)

#define ck_status(c, st) \
	do { \
		const struct fcmd *c1_ = (c); \
		ck_assert(c1_->answered); \
		ck_assert_msg(c1_->status == (st), "status %x, %s", \
			      c1_->status, scst_sense_name(c1_->sense)); \
	} while (0)

#define ck_good(c) ck_status(c, SCSI_GOOD)

#define ck_sense(c, s) \
	do { \
		const struct fcmd *c2_ = (c); \
		ck_status(c2_, SCSI_CHECK_CONDITION); \
		ck_assert_str_eq(scst_sense_name(c2_->sense), \
				 scst_sense_name(s)); \
		ck_assert_uint_eq(c2_->sense, s); \
	} while (0)

/* A field pointer of fixed format sense data: @bit < 0: the whole byte. */
#define ck_field(c, in_cdb, byte, bit) \
	do { \
		const u8 *sks_ = (c)->sense_data + 15; \
		int bit_ = (bit); \
		ck_assert_uint_eq(sks_[0], 0x80 | ((in_cdb) ? 0x40 : 0) | \
				  (bit_ < 0 ? 0 : 0x08 | bit_)); \
		ck_assert_uint_eq(get_unaligned_be16(sks_ + 1), byte); \
	} while (0)

#define ck_bad_cdb(c, byte, bit) \
	do { \
		const struct fcmd *c3_ = (c); \
		ck_sense(c3_, SENSE_INVALID_FIELD_IN_CDB); \
		ck_field(c3_, true, byte, bit); \
	} while (0)

#define ck_bad_param(c, byte, bit) \
	do { \
		const struct fcmd *c3_ = (c); \
		ck_sense(c3_, SENSE_INVALID_FIELD_IN_PARAM); \
		ck_field(c3_, false, byte, bit); \
	} while (0)

/* @expected: "over 5", "under 5" or "" */
void ck_residual(const struct fcmd *c, const char *expected);

#define BAD_BYTE (-1)

int core_main(const char *name, TCase *(*const tcases[])(void), u32 nr);

#endif
