// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-disk: files in memory (tmpfs), mapped.
 *
 * Only pages that are there are touched: a hole would be filled, by reading
 * it, too. mincore() tells, of many at once, and is believed until the disk
 * gives pages back; a page that somebody else takes away just comes again.
 *
 * When somebody cuts the file, or memory fails, a copy ends in SIGBUS. That is
 * caught, and the system call that follows finds out what is the matter. But
 * the rest of a page in which a cut file ends is there, and nothing in it stays.
 */
#include <linux/magic.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mapped.h"

#define WORD 64ull

struct mapped {
	char *memory;
	uint64_t bytes;
	unsigned int page;		/* its size */
	uint64_t *there;		/* a bit for each page */
};

/* ---- Copies that may fail ------------------------------------------------------ */

/* Where to go from a fault of this thread; NULL: no copy is under way. */
static __thread sigjmp_buf *volatile escape;

static struct sigaction sigbus_before;

/* If it is none of ours the fault comes again, and is dealt with as ever. */
static void on_sigbus(int sig)
{
	sigjmp_buf *to = escape;

	if (!to) {
		sigaction(SIGBUS, &sigbus_before, NULL);
		return;
	}
	escape = NULL;
	siglongjmp(*to, 1);
}

static void catch_sigbus(void)
{
	/* Not blocked meanwhile: the handler is left by a jump. */
	struct sigaction sa = { .sa_handler = on_sigbus, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &sa, &sigbus_before);
}

static bool copy(struct mapped *m, struct scstu_req *req, bool write)
{
	char *at = m->memory + scstu_req_offset(req);
	size_t len = scstu_req_length(req);
	sigjmp_buf env;

	if (sigsetjmp(env, 0))
		return false;
	escape = &env;
	if (write)
		scstu_req_get(req, 0, at, len);
	else
		scstu_req_put(req, 0, at, len);
	escape = NULL;
	return true;
}

/* ---- Which pages are there ------------------------------------------------------ */

/* Of pages [@first, @end) those whose bits are in the word of @first. */
static uint64_t word_bits(uint64_t first, uint64_t end)
{
	uint64_t bits = ~0ull << first % WORD;

	if (end / WORD == first / WORD)
		bits &= ~(~0ull << end % WORD);
	return bits;
}

static uint64_t next_word(uint64_t page)
{
	return (page / WORD + 1) * WORD;
}

/* The pages of @bits, in @word. */
static bool are_known(const struct mapped *m, uint64_t word, uint64_t bits)
{
	return !(bits & ~__atomic_load_n(&m->there[word], __ATOMIC_RELAXED));
}

static uint64_t end_page(const struct mapped *m, uint64_t end)
{
	return (end + m->page - 1) / m->page;
}

/* Asks for all pages of the word: others of them will be wanted, too. */
static void look(struct mapped *m, uint64_t word)
{
	uint64_t first = word * WORD, bits = 0;
	uint64_t nr = end_page(m, m->bytes) - first;
	unsigned char there[WORD];
	unsigned int i;

	if (nr > WORD)
		nr = WORD;
	if (mincore(m->memory + first * m->page, nr * m->page, there))
		return;
	for (i = 0; i < nr; i++)
		bits |= (uint64_t)(there[i] & 1) << i;
	__atomic_fetch_or(&m->there[word], bits, __ATOMIC_RELAXED);
}

static bool are_there(struct mapped *m, const struct scstu_req *req)
{
	uint64_t from = scstu_req_offset(req);
	uint64_t to = from + scstu_req_length(req);
	uint64_t page = from / m->page, end = end_page(m, to);

	if (to > m->bytes)
		return false;
	for (; page < end; page = next_word(page)) {
		uint64_t word = page / WORD, bits = word_bits(page, end);

		if (are_known(m, word, bits))
			continue;
		look(m, word);
		if (!are_known(m, word, bits))
			return false;
	}
	return true;
}

void mapped_forget(struct mapped *m, uint64_t offset, uint64_t length)
{
	uint64_t first = offset / m->page, end = end_page(m, offset + length);

	for (; first < end; first = next_word(first))
		__atomic_fetch_and(&m->there[first / WORD],
				   ~word_bits(first, end), __ATOMIC_RELAXED);
}

/* ---- For the backend ------------------------------------------------------------ */

bool mapped_read(struct mapped *m, struct scstu_req *req)
{
	return are_there(m, req) && copy(m, req, false);
}

bool mapped_write(struct mapped *m, struct scstu_req *req)
{
	return are_there(m, req) && copy(m, req, true);
}

static bool is_in_memory(int fd)
{
	struct statfs st;

	return !fstatfs(fd, &st) && (st.f_type == TMPFS_MAGIC ||
				     st.f_type == RAMFS_MAGIC);
}

struct mapped *mapped_open(int fd, uint64_t bytes)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct mapped *m = is_in_memory(fd) ? calloc(1, sizeof(*m)) : NULL;

	if (!m)
		return NULL;
	m->bytes = bytes;
	m->page = sysconf(_SC_PAGESIZE);
	m->there = calloc(end_page(m, bytes) / WORD + 1, sizeof(*m->there));
	m->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!m->there || m->memory == MAP_FAILED) {
		mapped_close(m);
		return NULL;
	}
	madvise(m->memory, bytes, MADV_DONTDUMP);
	pthread_once(&once, catch_sigbus);
	return m;
}

void mapped_close(struct mapped *m)
{
	if (m->memory != MAP_FAILED)
		munmap(m->memory, m->bytes);
	free(m->there);
	free(m);
}
