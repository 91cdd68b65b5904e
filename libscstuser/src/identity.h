/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: stable identities made from names.
 */
#ifndef LIB_IDENTITY_H
#define LIB_IDENTITY_H

#include <stdint.h>

/* Of this machine: from /etc/machine-id, else from its host name. */
uint64_t identity_machine(void);

/* @hash and @text together. */
uint64_t identity_mix(uint64_t hash, const char *text);

#endif
