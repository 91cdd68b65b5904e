// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: data buffers.
 */
#include <stdlib.h>

#include "buf.h"
#include "shim/core_os.h"

#define BUF_ALIGN   4096
#define MIN_SHIFT   12
#define NR_CLASSES  16			/* 4 KiB to 128 MiB */
#define KEEP_BYTES  (16u << 20)		/* of one loop, all classes */

/* A free buffer holds the link to the next one. */
struct free_buf {
	struct free_buf *next;
};

struct buf_cache {
	struct free_buf *free[NR_CLASSES];
	size_t kept;
};

/* Taken from the system: in use and kept. */
static size_t total_bytes;
static size_t limit_bytes = (size_t)1 << 30;

void buf_set_limit(size_t bytes)
{
	limit_bytes = bytes;
}

size_t buf_in_use(void)
{
	return __atomic_load_n(&total_bytes, __ATOMIC_RELAXED);
}

static unsigned int buf_class(size_t len)
{
	return len <= BUF_ALIGN ? 0 : fls64(len - 1) - MIN_SHIFT;
}

size_t buf_size(size_t len)
{
	return (size_t)BUF_ALIGN << buf_class(len);
}

bool buf_is_fair(const struct buf_cache *cache, size_t held, size_t len)
{
	size_t taken = buf_in_use(), kept = cache ? cache->kept : 0;
	size_t left = limit_bytes + kept - min(taken, limit_bytes);

	return taken == kept || held + 2 * buf_size(len) <= left;
}

static void *buf_new(size_t size)
{
	void *buf;

	if (__atomic_add_fetch(&total_bytes, size, __ATOMIC_RELAXED) <=
	    limit_bytes) {
		buf = aligned_alloc(BUF_ALIGN, size);
		if (buf)
			return buf;
	}
	__atomic_sub_fetch(&total_bytes, size, __ATOMIC_RELAXED);
	return NULL;
}

static void buf_release(void *buf, size_t size)
{
	free(buf);
	__atomic_sub_fetch(&total_bytes, size, __ATOMIC_RELAXED);
}

void *buf_get(struct buf_cache *cache, size_t len)
{
	unsigned int class = buf_class(len);
	size_t size = buf_size(len);
	struct free_buf *buf;

	if (class >= NR_CLASSES)
		return NULL;
	if (!cache || !cache->free[class])
		return buf_new(size);
	buf = cache->free[class];
	cache->free[class] = buf->next;
	cache->kept -= size;
	return buf;
}

void buf_put(struct buf_cache *cache, void *data, size_t len)
{
	unsigned int class = buf_class(len);
	size_t size = buf_size(len);
	struct free_buf *buf = data;

#ifdef SCST_DEBUG
	cache = NULL;		/* let the sanitizers see every use */
#endif
	if (!cache || cache->kept + size > KEEP_BYTES) {
		buf_release(data, size);
		return;
	}
	buf->next = cache->free[class];
	cache->free[class] = buf;
	cache->kept += size;
}

struct buf_cache *buf_cache_alloc(void)
{
	return calloc(1, sizeof(struct buf_cache));
}

void buf_cache_free(struct buf_cache *cache)
{
	unsigned int class;

	if (!cache)
		return;
	for (class = 0; class < NR_CLASSES; class++) {
		while (cache->free[class]) {
			struct free_buf *buf = cache->free[class];

			cache->free[class] = buf->next;
			buf_release(buf, (size_t)BUF_ALIGN << class);
		}
	}
	free(cache);
}
