/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: what the fuzzers share: the input as a cursor that yields zeroes behind
 * its end, and conditions that must hold.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_os.h"
#include "../must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const uint8_t *p;
	size_t len;
} in;

static inline void input_set(const uint8_t *data, size_t size)
{
	in.p = data;
	in.len = size;
}

static inline u8 get8(void)
{
	if (!in.len)
		return 0;
	in.len--;
	return *in.p++;
}

static inline u32 get16(void)
{
	u32 high = get8();

	return high << 8 | get8();
}

/* Returns how many there were; the rest of @to is zeroes. */
static inline size_t get_bytes(u8 *to, size_t len)
{
	size_t have = min(len, in.len);

	memset(to, 0, len);
	if (have)
		memcpy(to, in.p, have);
	in.p += have;
	in.len -= have;
	return have;
}

static inline void fuzz_quiet(int level, const char *fmt, va_list ap)
{
}

#endif
