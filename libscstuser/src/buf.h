/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: data buffers.
 *
 * Buffers come in powers of two from 4 KiB on, aligned to 4096. Each loop
 * keeps a few that were freed; the memory of all loops together, in use and
 * kept, is bounded.
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf_cache;

struct buf_cache *buf_cache_alloc(void);
void buf_cache_free(struct buf_cache *cache);

/* @cache may be NULL: from outside of a loop. NULL: too much is in use. */
void *buf_get(struct buf_cache *cache, size_t len);
void buf_put(struct buf_cache *cache, void *buf, size_t len);

/* What a buffer for @len bytes takes. */
size_t buf_size(size_t len);

/*
 * May who holds @held bytes have a buffer for @len more? Only if it leaves as
 * much as it has then to others: one gets half of all, two get a third each,
 * and something is always left. Who is alone may have what there is.
 */
bool buf_is_fair(const struct buf_cache *cache, size_t held, size_t len);

/* Bytes that all buffers together may take. */
void buf_set_limit(size_t bytes);
size_t buf_in_use(void);

#endif
