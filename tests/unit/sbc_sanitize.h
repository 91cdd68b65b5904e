/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: what tests of SANITIZE share.
 */
#ifndef SBC_SANITIZE_H
#define SBC_SANITIZE_H

#include "sbc_test.h"

#define OVERWRITE 0x01
#define ERASE	  0x02
#define CRYPTO	  0x03
#define EXIT	  0x1f
#define IMMED	  0x80
#define AUSE	  0x20
#define INVERT	  0x80

static struct fake_cmd *op;		/* the SANITIZE that runs */

static inline struct sbc_config config(void)
{
	struct sbc_config cfg = fake_config();

	cfg.sanitize = true;
	return cfg;
}

static inline void setup(void)
{
	struct sbc_config cfg = config();

	disk(&cfg, 0);
	op = NULL;
}

static inline void sanitize_teardown(void)
{
	if (f)
		fake_drain(f);
	fake_cmd_free(op);
	op = NULL;
	teardown();
}

/* A SANITIZE of @len bytes of parameters. */
static inline void make_sanitize(u8 byte1, u16 len)
{
	make(SCSI_SANITIZE, byte1, 0, len, len ? SCST_DATA_OUT : SCST_DATA_NONE,
	     len);
}

/* Begin what was made; then it is @op, and there may be another command. */
static inline void begin(void)
{
	f->deferred = true;
	fake_clear_log(f);
	fake_execute(c);
	fake_cmd_free(op);
	op = c;
	c = NULL;
}

/* Block 5 is being written with 77h; that is @op. */
static inline void begin_write(void)
{
	f->deferred = true;
	make(SCSI_WRITE_10, 0, 5, 1, SCST_DATA_OUT, BS);
	fill(0x77);
	fake_execute(c);
	op = c;
	c = NULL;
}

static inline void finish(void)
{
	fake_drain(f);
	f->deferred = false;
	ck_assert(!sbc_lu_busy(f->lu));
}

static inline void ck_in_progress(void)
{
	ck_sense(SENSE_SANITIZE_IN_PROGRESS);
	ck_assert(c->cmd.sense.has_progress);
}

static inline void add_case(Suite *s, const char *name, void (*before)(void),
		     void (*add)(TCase *tc))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, before, sanitize_teardown);
	add(tc);
	suite_add_tcase(s, tc);
}

#endif
