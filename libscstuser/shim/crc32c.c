// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER. CRC-32C: eight tables anywhere, the processor's instruction where it
 * has one. Everything is computed at start from the polynomial, before
 * main(); until then crc32c works bit by bit.
 *
 * Bits are reflected: the low bit of a byte is the high power of x, and a
 * 32-bit word's bit i stands for x^(31 - i).
 */
#include <string.h>
#include "byteorder.h"
#include "crc32c.h"

#define POLY	0x82f63b78U

static u32 crc_bitwise(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;
	int bit;

	for (; len; len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (POLY & -(crc & 1));
	}
	return crc;
}

static u32 (*crc_best)(u32 crc, const void *data, size_t len) = crc_bitwise;
static const char *crc_name = "bitwise";

/* table[k][b]: byte b with k zero bytes after it */
static u32 table[8][256];

static void table_init(void)
{
	u8 byte;
	int b, k;

	for (b = 0; b < 256; b++) {
		byte = b;
		table[0][b] = crc_bitwise(0, &byte, 1);
	}
	for (k = 1; k < 8; k++)
		for (b = 0; b < 256; b++)
			table[k][b] = table[k - 1][b] >> 8 ^
				      table[0][table[k - 1][b] & 0xff];
}

static u32 table_bytes(u32 crc, const u8 *p, size_t len)
{
	for (; len; len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return crc;
}

u32 shim_crc32c_table(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;
	u64 v;

	for (; len >= 8; len -= 8, p += 8) {
		v = get_unaligned_le64(p) ^ crc;
		crc = table[7][v & 0xff] ^
		      table[6][v >> 8 & 0xff] ^
		      table[5][v >> 16 & 0xff] ^
		      table[4][v >> 24 & 0xff] ^
		      table[3][v >> 32 & 0xff] ^
		      table[2][v >> 40 & 0xff] ^
		      table[1][v >> 48 & 0xff] ^
		      table[0][v >> 56];
	}
	return table_bytes(crc, p, len);
}

#ifdef __x86_64__
#include <nmmintrin.h>
#include <wmmintrin.h>

/*
 * The instruction takes 8 bytes each cycle but answers after three: three
 * stretches of the buffer at once, in long steps and then in short ones.
 */
#define LONG_STEP	2048
#define SHORT_STEP	128
#define TARGET		__attribute__((__target__("sse4.2,pclmul")))

/* x^(8n - 33) for n one stretch and two */
static struct crc_shift {
	u32 one, two;
} long_shift, short_shift;

/* x^n mod the polynomial, n >= 31 */
static u32 power_of_x(unsigned int n)
{
	u32 r = 1;	/* x^31 */

	for (n -= 31; n; n--)
		r = r >> 1 ^ (POLY & -(r & 1));
	return r;
}

/*
 * crc times x^(8n). The product of two reflected words, read as a 64-bit
 * one, has one power of x too many, and the instruction on it multiplies by
 * x^32: hence the 33 above.
 */
static inline TARGET u64 crc_shift(u64 crc, u32 shift)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128(crc),
					       _mm_cvtsi64_si128(shift), 0);

	return _mm_crc32_u64(0, _mm_cvtsi128_si64(product));
}

static inline TARGET u32 crc_three(u32 crc, const u8 *p, size_t step,
				   const struct crc_shift *shift)
{
	u64 a = crc, b = 0, c = 0;
	size_t i;

	for (i = 0; i < step; i += 8) {
		a = _mm_crc32_u64(a, get_unaligned_le64(p + i));
		b = _mm_crc32_u64(b, get_unaligned_le64(p + step + i));
		c = _mm_crc32_u64(c, get_unaligned_le64(p + 2 * step + i));
	}
	return crc_shift(a, shift->two) ^ crc_shift(b, shift->one) ^ c;
}

static TARGET u32 crc_sse42(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;
	u64 c;

	for (; len >= 3 * LONG_STEP; len -= 3 * LONG_STEP, p += 3 * LONG_STEP)
		crc = crc_three(crc, p, LONG_STEP, &long_shift);
	for (; len >= 3 * SHORT_STEP; len -= 3 * SHORT_STEP,
	     p += 3 * SHORT_STEP)
		crc = crc_three(crc, p, SHORT_STEP, &short_shift);
	for (c = crc; len >= 8; len -= 8, p += 8)
		c = _mm_crc32_u64(c, get_unaligned_le64(p));
	for (crc = c; len; len--)
		crc = _mm_crc32_u8(crc, *p++);
	return crc;
}

static void hardware_init(void)
{
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("sse4.2") ||
	    !__builtin_cpu_supports("pclmul"))
		return;
	long_shift.one = power_of_x(8 * LONG_STEP - 33);
	long_shift.two = power_of_x(16 * LONG_STEP - 33);
	short_shift.one = power_of_x(8 * SHORT_STEP - 33);
	short_shift.two = power_of_x(16 * SHORT_STEP - 33);
	crc_best = crc_sse42;
	crc_name = "sse4.2";
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

static u32 crc_armv8(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;

	for (; len >= 8; len -= 8, p += 8)
		crc = __crc32cd(crc, get_unaligned_le64(p));
	for (; len; len--)
		crc = __crc32cb(crc, *p++);
	return crc;
}

static void hardware_init(void)
{
	crc_best = crc_armv8;
	crc_name = "armv8";
}

#else

static void hardware_init(void)
{
}

#endif

static void __attribute__((__constructor__)) crc_init(void)
{
	table_init();
	crc_best = shim_crc32c_table;
	crc_name = "table";
	hardware_init();
}

u32 crc32c(u32 crc, const void *data, unsigned int len)
{
	return crc_best(crc, data, len);
}

const char *shim_crc32c_name(void)
{
	return crc_name;
}
