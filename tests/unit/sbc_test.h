/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: what the tests of the SBC device server share: one fake disk, and the
 * last command that it executed.
 */
#ifndef SBC_TEST_H
#define SBC_TEST_H

#include <check.h>
#include <stdlib.h>

#include "cmd_test.h"
#include "sbc_fake.h"
#include "seg.h"

#define BS 512u
#define BLOCKS 2048u

#define DPO 0x10
#define FUA 0x08

static struct fake *f;
static struct fake_cmd *c;

static inline void disk(const struct sbc_config *cfg, u32 lacks)
{
	f = fake_new(cfg, lacks);
	ck_assert_ptr_nonnull(f);
}

static inline void teardown(void)
{
	fake_cmd_free(c);
	c = NULL;
	if (f)
		fake_free(f);
	f = NULL;
}

/* A new last command, its CDB laid out as its group is. */
static inline void make(u8 op, u8 opts, u64 lba, u32 blocks,
			enum scst_data_dir dir, u32 len)
{
	u8 cdb[16];

	fake_cdb(cdb, op, opts, lba, blocks);
	fake_cmd_free(c);
	c = fake_cmd_new(f, cdb, dir, len);
}

/* Data-Out of blocks that are all @byte. */
static inline void fill(u8 byte)
{
	memset(c->data, byte, c->len);
}

static inline void run(void)
{
	fake_clear_log(f);
	fake_run(c);
}

static inline void do_in(u8 op, u8 opts, u64 lba, u32 blocks, u32 len)
{
	make(op, opts, lba, blocks, SCST_DATA_IN, len);
	run();
}

static inline void do_out(u8 op, u8 opts, u64 lba, u32 blocks, u32 len,
			  u8 byte)
{
	make(op, opts, lba, blocks, SCST_DATA_OUT, len);
	if (len)
		fill(byte);
	run();
}

static inline void do_none(u8 op, u8 opts, u64 lba, u32 blocks)
{
	make(op, opts, lba, blocks, SCST_DATA_NONE, 0);
	run();
}

/* True when @blocks from @lba on hold nothing but @byte. */
static inline bool holds(const u8 *where, u64 lba, u64 blocks, u8 byte)
{
	return !memchr_inv(where + lba * BS, byte, blocks * BS);
}

/* The backend was asked this, and nothing else. */
#define ck_ops(ops) ck_assert_str_eq(fake_ops(f), ops)

/* A hook for fake.submitted: how far apart its calls are on the stack. */
static uintptr_t stack_low = UINTPTR_MAX, stack_high;

static inline void watch_stack(struct fake *fake, enum fake_op op,
			       struct sbc_io *io)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	stack_low = min(stack_low, here);
	stack_high = max(stack_high, here);
}

#define ck_no_recursion() 	ck_assert_uint_le(stack_high - stack_low, 4096)

#endif
