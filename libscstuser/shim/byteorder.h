/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Byte order, and multi-byte fields at any address. The conversions
 * are macros so that tables can be initialised with them.
 */
#ifndef SHIM_BYTEORDER_H
#define SHIM_BYTEORDER_H

#include "compiler.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define shim_be(bits, x)	__builtin_bswap##bits((u##bits)(x))
#define shim_le(bits, x)	((u##bits)(x))
#else
#define shim_be(bits, x)	((u##bits)(x))
#define shim_le(bits, x)	__builtin_bswap##bits((u##bits)(x))
#endif

#define cpu_to_be16(x)	((__be16)shim_be(16, x))
#define cpu_to_be32(x)	((__be32)shim_be(32, x))
#define cpu_to_be64(x)	((__be64)shim_be(64, x))
#define be16_to_cpu(x)	((u16)shim_be(16, x))
#define be32_to_cpu(x)	((u32)shim_be(32, x))
#define be64_to_cpu(x)	((u64)shim_be(64, x))
#define cpu_to_le16(x)	((__le16)shim_le(16, x))
#define cpu_to_le32(x)	((__le32)shim_le(32, x))
#define cpu_to_le64(x)	((__le64)shim_le(64, x))
#define le16_to_cpu(x)	((u16)shim_le(16, x))
#define le32_to_cpu(x)	((u32)shim_le(32, x))
#define le64_to_cpu(x)	((u64)shim_le(64, x))

/* a packed structure has alignment 1: one instruction, and no undefined one */
#define SHIM_UNALIGNED(order, bits) \
struct shim_##order##bits { \
	__##order##bits v; \
} __packed; \
static inline u##bits get_unaligned_##order##bits(const void *p) \
{ \
	const struct shim_##order##bits *s = p; \
	return order##bits##_to_cpu(s->v); \
} \
static inline void put_unaligned_##order##bits(u##bits v, void *p) \
{ \
	struct shim_##order##bits *s = p; \
	s->v = cpu_to_##order##bits(v); \
}

SHIM_UNALIGNED(be, 16)
SHIM_UNALIGNED(be, 32)
SHIM_UNALIGNED(be, 64)
SHIM_UNALIGNED(le, 16)
SHIM_UNALIGNED(le, 32)
SHIM_UNALIGNED(le, 64)

static inline u32 get_unaligned_be24(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 16 | get_unaligned_be16(b + 1);
}

static inline void put_unaligned_be24(u32 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 16;
	put_unaligned_be16(v, b + 1);
}

static inline u64 get_unaligned_be48(const void *p)
{
	const u8 *b = p;

	return (u64)get_unaligned_be16(b) << 32 | get_unaligned_be32(b + 2);
}

static inline void put_unaligned_be48(u64 v, void *p)
{
	u8 *b = p;

	put_unaligned_be16(v >> 32, b);
	put_unaligned_be32(v, b + 2);
}

#endif
