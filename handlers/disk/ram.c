// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-disk: backends without a medium: ram, which remembers, and null,
 * which does not and is there to measure everything else.
 *
 * Memory is mapped, so that what was never written takes none, and what is
 * unmapped gives it back. Nothing survives the process; there is no cache to
 * flush, and writes are as durable as they get when they are done.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "disk.h"

#define PAGE 4096ull

/* There is no power cut that memory survives, and a copy does not fail. */
#define MAX_ATOMIC (1u << 20)

struct ram {
	char *memory;
	size_t bytes;
	uint64_t *written;		/* a bit for each page */
	size_t map_bytes;
};

static bool page_written(const struct ram *ram, uint64_t page)
{
	return __atomic_load_n(&ram->written[page / 64], __ATOMIC_RELAXED) &
	       1ull << page % 64;
}

static void page_set(struct ram *ram, uint64_t page, bool written)
{
	uint64_t bit = 1ull << page % 64, *word = &ram->written[page / 64];

	if (page_written(ram, page) == written)
		return;
	if (written)
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED);
}

static void *map_memory(size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static int ram_open(struct scstu_dev *dev, struct scstu_disk *disk,
		    void **state)
{
	struct ram *ram = calloc(1, sizeof(*ram));

	if (!ram)
		return -ENOMEM;
	ram->bytes = scstu_dev_number(dev, "size");
	if (!ram->bytes) {
		free(ram);
		return scstu_dev_error(dev, EINVAL, "backend=ram needs size=");
	}
	ram->map_bytes = 8 * (ram->bytes / PAGE / 64 + 1);
	ram->memory = map_memory(ram->bytes);
	ram->written = map_memory(ram->map_bytes);
	if (ram->memory == MAP_FAILED || ram->written == MAP_FAILED) {
		if (ram->memory != MAP_FAILED)
			munmap(ram->memory, ram->bytes);
		free(ram);
		return scstu_dev_error(dev, ENOMEM,
				       "there is no memory for size=");
	}
	disk->bytes = ram->bytes;
	disk->fua = true;
	disk->write_through = true;
	disk->zero_after_unmap = true;
	disk->unmap_granularity = PAGE;
	disk->max_atomic = MAX_ATOMIC;
	*state = ram;
	return 0;
}

static void ram_close(struct scstu_dev *dev, void *state)
{
	struct ram *ram = state;

	munmap(ram->memory, ram->bytes);
	munmap(ram->written, ram->map_bytes);
	free(ram);
}

static void ram_read(struct scstu_req *req)
{
	struct ram *ram = disk_state(req);

	scstu_req_put(req, 0, ram->memory + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static void ram_write(struct scstu_req *req)
{
	struct ram *ram = disk_state(req);
	uint64_t from = scstu_req_offset(req), to = from, page;

	to += scstu_req_get(req, 0, ram->memory + from, scstu_req_length(req));
	for (page = from / PAGE; page * PAGE < to; page++)
		page_set(ram, page, true);
	scstu_done(req);
}

/* Whole pages go back to the system; what is left of others is cleared. */
static void ram_zero(struct scstu_req *req)
{
	struct ram *ram = disk_state(req);
	uint64_t from = scstu_req_offset(req);
	uint64_t to = from + scstu_req_length(req);
	uint64_t first = (from + PAGE - 1) & ~(PAGE - 1), last = to & ~(PAGE - 1);

	if (first >= last ||
	    madvise(ram->memory + first, last - first, MADV_DONTNEED)) {
		memset(ram->memory + from, 0, to - from);
	} else {
		memset(ram->memory + from, 0, first - from);
		memset(ram->memory + last, 0, to - last);
		for (; first < last; first += PAGE)
			page_set(ram, first / PAGE, false);
	}
	scstu_done(req);
}

/* The extent of pages that are alike, as far as the request goes. */
static void ram_block_status(struct scstu_req *req)
{
	struct ram *ram = disk_state(req);
	uint64_t from = scstu_req_offset(req), to = from + scstu_req_length(req);
	uint64_t page = from / PAGE;
	bool written = page_written(ram, page);

	do {
		page++;
	} while (page * PAGE < to && page_written(ram, page) == written);
	scstu_disk_extent(req, page * PAGE - from, written);
	scstu_done(req);
}

static void ram_usage(struct scstu_req *req)
{
	const struct ram *ram = disk_state(req);
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < ram->map_bytes / 8; i++)
		pages += __builtin_popcountll(__atomic_load_n(&ram->written[i],
							      __ATOMIC_RELAXED));
	scstu_disk_usage(req, pages * PAGE, UINT64_MAX);
	scstu_done(req);
}

static void nothing(struct scstu_req *req)
{
	scstu_done(req);
}

const struct backend ram_backend = {
	.name = "ram",
	.open = ram_open,
	.close = ram_close,
	.ops = {
		.read = ram_read,
		.write = ram_write,
		.flush = nothing,
		.unmap = ram_zero,
		.write_zeroes = ram_zero,
		.block_status = ram_block_status,
		.prefetch = nothing,
		.usage = ram_usage,
	},
};

/* ---- null ---------------------------------------------------------------------- */

static int null_open(struct scstu_dev *dev, struct scstu_disk *disk,
		     void **state)
{
	disk->bytes = scstu_dev_number(dev, "size");
	if (!disk->bytes)
		return scstu_dev_error(dev, EINVAL, "backend=null needs size=");
	disk->fua = true;
	disk->write_through = true;
	return 0;
}

static void null_close(struct scstu_dev *dev, void *state)
{
}

/* Not what the buffer held before: that was another's. */
static void null_read(struct scstu_req *req)
{
	const struct iovec *iov;
	int count, i;

	iov = scstu_req_iov(req, &count);
	for (i = 0; i < count; i++)
		memset(iov[i].iov_base, 0, iov[i].iov_len);
	scstu_done(req);
}

static void null_block_status(struct scstu_req *req)
{
	scstu_disk_extent(req, scstu_req_length(req), true);
	scstu_done(req);
}

static void null_usage(struct scstu_req *req)
{
	scstu_disk_usage(req, 0, UINT64_MAX);
	scstu_done(req);
}

const struct backend null_backend = {
	.name = "null",
	.open = null_open,
	.close = null_close,
	.ops = {
		.read = null_read,
		.write = nothing,
		.flush = nothing,
		.unmap = nothing,
		.write_zeroes = nothing,
		.block_status = null_block_status,
		.prefetch = nothing,
		.usage = null_usage,
	},
};
