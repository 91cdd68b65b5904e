// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: a world in which things fail, to be preloaded (LD_PRELOAD); or, as
 * sanitizers have an allocator of their own, FAULTY_LINKED: linked in, with all
 * functions below in --wrap.
 *
 *	SCST_FAULT=alloc:N	the N-th allocation fails
 *	SCST_FAULT=alloc:N+	and all that follow
 *	SCST_FAULT=io		reads, writes and waits are interrupted by
 *				signals, or move a part only; sockets are full
 *	SCST_FAULT=clock	the wall clock jumps by days, to and fro
 *	SCST_FAULT=kill:N	the process is killed before the N-th call of
 *				pwrite(), fsync(), rename() and unlink()
 *
 * Only calls from the program, libscstuser and libc (strdup() and its like)
 * count, not those of other libraries. SCST_FAULT_COUNT names a file for the
 * number of allocations that were counted, in its last line; before that "hit"
 * if one failed, and what was never freed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* ---- Whose call is it? --------------------------------------------------- */

#ifdef FAULTY_LINKED

/* That of what it is linked with. Leaks are the sanitizer's to find. */
static void look_around(void)
{
}

static bool watched(const void *caller)
{
	return true;
}

static bool own(const void *caller)
{
	return true;
}

#else

#define RANGES_MAX 16

static struct {
	uintptr_t from, to;
	bool own;		/* not libc's */
} ranges[RANGES_MAX];

static unsigned int nr_ranges;

static bool is_watched(const char *name)
{
	return !*name || strstr(name, "/libscstuser.so") ||
	       strstr(name, "/libc.so");
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *arg)
{
	int i;

	if (!is_watched(info->dlpi_name))
		return 0;
	for (i = 0; i < info->dlpi_phnum && nr_ranges < RANGES_MAX; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X))
			continue;
		ranges[nr_ranges].from = info->dlpi_addr + ph->p_vaddr;
		ranges[nr_ranges].to = ranges[nr_ranges].from + ph->p_memsz;
		ranges[nr_ranges].own = !strstr(info->dlpi_name, "/libc.so");
		nr_ranges++;
	}
	return 0;
}

/* -1: nobody's; or the range. */
static int range_of(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;
	unsigned int i;

	for (i = 0; i < nr_ranges; i++)
		if (at >= ranges[i].from && at < ranges[i].to)
			return i;
	return -1;
}

static bool watched(const void *caller)
{
	return range_of(caller) >= 0;
}

static bool own(const void *caller)
{
	int range = range_of(caller);

	return range >= 0 && ranges[range].own;
}

static void look_around(void)
{
	dl_iterate_phdr(add_ranges, NULL);
}

#endif

/* ---- What shall fail ----------------------------------------------------- */

static unsigned long fail_at, kill_at, allocs, calls;
static bool fail_on, fail_io, fail_clock;

static void tell(const char *text)
{
	const char *path = getenv("SCST_FAULT_COUNT");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		_exit(99);
	close(fd);
}

__attribute__((constructor)) static void begin(void)
{
	const char *what = getenv("SCST_FAULT") ?: "";
	char *end;

	look_around();
	fail_io = !strcmp(what, "io");
	fail_clock = !strcmp(what, "clock");
	if (!strncmp(what, "kill:", 5))
		kill_at = strtoul(what + 5, NULL, 10);
	if (strncmp(what, "alloc:", 6))
		return;
	fail_on = strchr(what, '+');
	fail_at = strtoul(what + 6, &end, 10);
}

static bool alloc_fails(const void *caller)
{
	unsigned long n;

	if (!watched(caller))
		return false;
	n = __atomic_add_fetch(&allocs, 1, __ATOMIC_RELAXED);
	if (!fail_at || (fail_on ? n < fail_at : n != fail_at))
		return false;
	if (n == fail_at)
		tell("hit\n");
	errno = ENOMEM;
	return true;
}

/* ---- Leaks --------------------------------------------------------------- */

#ifdef FAULTY_LINKED

static void *live_add(void *p, const void *caller)
{
	return p;
}

static void live_del(void *p)
{
}

static void live_tell(void)
{
}

#else

/* What was allocated by the program itself and libscstuser; 0: free, 1: gone */
#define LIVE_MAX (1u << 16)

static struct {
	uintptr_t p;
	const void *caller;
} live[LIVE_MAX];

static unsigned int nr_live;
static bool live_lock;

static void live_enter(void)
{
	while (__atomic_test_and_set(&live_lock, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void live_leave(void)
{
	__atomic_clear(&live_lock, __ATOMIC_RELEASE);
}

static unsigned int live_slot(uintptr_t p)
{
	return (p >> 4) * 2654435761u % LIVE_MAX;
}

static void *live_add(void *p, const void *caller)
{
	unsigned int i = live_slot((uintptr_t)p);

	if (!p || !own(caller))
		return p;
	live_enter();
	while (live[i].p > 1)
		i = (i + 1) % LIVE_MAX;
	live[i].p = (uintptr_t)p;
	live[i].caller = caller;
	if (++nr_live == LIVE_MAX / 2)
		abort();
	live_leave();
	return p;
}

static void live_del(void *p)
{
	unsigned int i = live_slot((uintptr_t)p);

	live_enter();
	while (live[i].p && live[i].p != (uintptr_t)p)
		i = (i + 1) % LIVE_MAX;
	if (p && live[i].p) {
		live[i].p = 1;
		nr_live--;
	}
	live_leave();
}

/* By file and offset, for addr2line. */
static void live_tell(void)
{
	char text[4200];
	unsigned int i;
	Dl_info at;

	for (i = 0; i < LIVE_MAX; i++) {
		if (live[i].p <= 1)
			continue;
		if (dladdr(live[i].caller, &at))
			snprintf(text, sizeof(text), "live: %s %#tx\n",
				 at.dli_fname, (const char *)live[i].caller -
				 (const char *)at.dli_fbase);
		tell(text);
	}
}

#endif

/* ---- Memory -------------------------------------------------------------- */

#ifdef FAULTY_LINKED

#define OURS(name) __wrap_##name

#define REAL(name)							\
	extern __typeof__(name) __real_##name, __wrap_##name;		\
	static __typeof__(name) *get_##name(void)			\
	{								\
		return __real_##name;					\
	}

static const bool looking;

#else

#define OURS(name) name

/* Inside of dlsym(), which may want memory itself, and free it. */
static __thread bool looking;

#define REAL(name)							\
	static __typeof__(name) *real_##name;				\
	static __typeof__(name) *get_##name(void)			\
	{								\
		if (!real_##name) {					\
			looking = true;					\
			real_##name = (__typeof__(name) *)		\
				      dlsym(RTLD_NEXT, #name);		\
			looking = false;				\
		}							\
		return real_##name;					\
	}

#endif

REAL(malloc)
REAL(calloc)
REAL(realloc)
REAL(posix_memalign)
REAL(aligned_alloc)

#define CALLER __builtin_return_address(0)

/* What it gets meanwhile, and never gives back. */
static _Alignas(16) char early[4096];
static size_t early_used;

static void *early_alloc(size_t size)
{
	void *p = early + early_used;

	early_used += (size + 15) & ~15ul;
	return early_used <= sizeof(early) ? p : NULL;
}

#define COUNTED(caller, failed, call)					\
	(alloc_fails(caller) ? (failed) : (call))

void *OURS(malloc)(size_t size)
{
	if (looking)
		return early_alloc(size);
	return COUNTED(CALLER, NULL, live_add(get_malloc()(size), CALLER));
}

void *OURS(calloc)(size_t nr, size_t size)
{
	if (looking)
		return early_alloc(nr * size);
	return COUNTED(CALLER, NULL, live_add(get_calloc()(nr, size), CALLER));
}

void *OURS(realloc)(void *old, size_t size)
{
	void *p;

	if (alloc_fails(CALLER))
		return NULL;
	live_del(old);
	p = get_realloc()(old, size);
	live_add(p ?: old, CALLER);
	return p;
}

int OURS(posix_memalign)(void **p, size_t align, size_t size)
{
	int err = COUNTED(CALLER, ENOMEM,
			  get_posix_memalign()(p, align, size));

	if (!err)
		live_add(*p, CALLER);
	return err;
}

void *OURS(aligned_alloc)(size_t align, size_t size)
{
	return COUNTED(CALLER, NULL,
		       live_add(get_aligned_alloc()(align, size), CALLER));
}

#ifndef FAULTY_LINKED

static bool is_early(const void *p)
{
	return (const char *)p >= early &&
	       (const char *)p < early + sizeof(early);
}

REAL(free)
void free(void *p)
{
	if (looking || is_early(p))
		return;
	live_del(p);
	get_free()(p);
}

#endif

/* ---- I/O ----------------------------------------------------------------- */

enum trouble { NO_TROUBLE, SHORT, INTERRUPTED };

/* By turns; never the same call interrupted for ever. */
static enum trouble trouble(const void *caller)
{
	if (!fail_io || !watched(caller))
		return NO_TROUBLE;
	switch (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % 4) {
	case 0:
		errno = EINTR;
		return INTERRUPTED;
	case 2:
		return SHORT;
	default:
		return NO_TROUBLE;
	}
}

/* Something, but not all. */
static size_t part(size_t len)
{
	return len > 1 ? len / 2 : len;
}

#define SHORTENED(type, name, params, args, len)			\
	REAL(name)							\
	type OURS(name) params						\
	{								\
		switch (trouble(CALLER)) {				\
		case INTERRUPTED:					\
			return -1;					\
		case SHORT:						\
			len = part(len);				\
			break;						\
		case NO_TROUBLE:					\
			break;						\
		}							\
		return get_##name() args;				\
	}

SHORTENED(ssize_t, recv, (int fd, void *buf, size_t len, int flags),
	  (fd, buf, len, flags), len)
SHORTENED(ssize_t, send, (int fd, const void *buf, size_t len, int flags),
	  (fd, buf, len, flags), len)
SHORTENED(ssize_t, pread, (int fd, void *buf, size_t len, off_t off),
	  (fd, buf, len, off), len)

/* ---- The end, by the program's own calls --------------------------------- */

static void kill_here(const void *caller)
{
	static unsigned long steps;

	if (!kill_at || !own(caller) ||
	    __atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED) != kill_at)
		return;
	tell("hit\n");
	raise(SIGKILL);
}

REAL(pwrite)
ssize_t OURS(pwrite)(int fd, const void *buf, size_t len, off_t off)
{
	enum trouble t = trouble(CALLER);

	kill_here(CALLER);
	if (t == INTERRUPTED)
		return -1;
	return get_pwrite()(fd, buf, t == SHORT ? part(len) : len, off);
}

REAL(fsync)
int OURS(fsync)(int fd)
{
	kill_here(CALLER);
	return get_fsync()(fd);
}

REAL(rename)
int OURS(rename)(const char *from, const char *to)
{
	kill_here(CALLER);
	return get_rename()(from, to);
}

REAL(unlink)
int OURS(unlink)(const char *path)
{
	kill_here(CALLER);
	return get_unlink()(path);
}

/* -------------------------------------------------------------------------- */

/* Event and timer descriptors: eight bytes or none, and nobody waits. */
#define EVENT_LEN 8

REAL(read)
ssize_t OURS(read)(int fd, void *buf, size_t len)
{
	enum trouble t = len > EVENT_LEN ? trouble(CALLER) : NO_TROUBLE;

	if (t == INTERRUPTED)
		return -1;
	return get_read()(fd, buf, t == SHORT ? part(len) : len);
}

REAL(write)
ssize_t OURS(write)(int fd, const void *buf, size_t len)
{
	enum trouble t = len > EVENT_LEN ? trouble(CALLER) : NO_TROUBLE;

	if (t == INTERRUPTED)
		return -1;
	return get_write()(fd, buf, t == SHORT ? part(len) : len);
}

/* Half of the first piece alone. */
static int cut(struct iovec *to, const struct iovec *from)
{
	to->iov_base = from->iov_base;
	to->iov_len = part(from->iov_len);
	return 1;
}

REAL(readv)
ssize_t OURS(readv)(int fd, const struct iovec *iov, int nr)
{
	enum trouble t = trouble(CALLER);
	struct iovec first;

	if (t == INTERRUPTED)
		return -1;
	if (t == SHORT)
		return get_readv()(fd, &first, cut(&first, iov));
	return get_readv()(fd, iov, nr);
}

/* Every other time: whatever is sent, it does not go at once. */
static bool is_full(const void *caller)
{
	static unsigned int sends;

	if (!fail_io || !watched(caller) ||
	    __atomic_fetch_add(&sends, 1, __ATOMIC_RELAXED) % 2)
		return false;
	errno = EAGAIN;
	return true;
}

REAL(sendmsg)
ssize_t OURS(sendmsg)(int fd, const struct msghdr *from, int flags)
{
	enum trouble t = is_full(CALLER) ? INTERRUPTED : trouble(CALLER);
	struct msghdr msg = *from;
	struct iovec first;

	if (t == INTERRUPTED)
		return -1;
	if (t == SHORT) {
		msg.msg_iovlen = cut(&first, from->msg_iov);
		msg.msg_iov = &first;
	}
	return get_sendmsg()(fd, &msg, flags);
}

REAL(accept4)
int OURS(accept4)(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return trouble(CALLER) == INTERRUPTED ? -1 :
	       get_accept4()(fd, addr, len, flags);
}

REAL(epoll_wait)
int OURS(epoll_wait)(int fd, struct epoll_event *events, int max, int timeout)
{
	return trouble(CALLER) == INTERRUPTED ? -1 :
	       get_epoll_wait()(fd, events, max, timeout);
}

REAL(poll)
int OURS(poll)(struct pollfd *fds, nfds_t nr, int timeout)
{
	return trouble(CALLER) == INTERRUPTED ? -1 :
	       get_poll()(fds, nr, timeout);
}

REAL(clock_gettime)
int OURS(clock_gettime)(clockid_t clock, struct timespec *time)
{
	int ret = get_clock_gettime()(clock, time);

	if (!ret && fail_clock && clock == CLOCK_REALTIME)
		time->tv_sec += (__atomic_add_fetch(&calls, 1,
						    __ATOMIC_RELAXED) % 21 -
				 10) * 86400;
	return ret;
}

/* -------------------------------------------------------------------------- */

__attribute__((destructor)) static void end(void)
{
	char text[32];

	fail_at = 0;
	live_tell();
	snprintf(text, sizeof(text), "%lu\n",
		 __atomic_load_n(&allocs, __ATOMIC_RELAXED));
	tell(text);
}
