/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. CRC-32C (Castagnoli, RFC 7143 section 13.1) as the kernel computes
 * it: the caller inverts before the first call and after the last.
 */
#ifndef SHIM_CRC32C_H
#define SHIM_CRC32C_H

#include "compiler.h"

u32 crc32c(u32 crc, const void *data, unsigned int len);

/* for the test, which compares them */
u32 shim_crc32c_table(u32 crc, const void *data, size_t len);
const char *shim_crc32c_name(void);

#endif
