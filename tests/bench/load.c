// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-load: load on an iSCSI target, by one thread that batches: all
 * commands that a receive makes room for leave in one send. What it
 * prints is one JSON object, see scst-bench(1).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "load.h"

#define RX_BUFFER (1u << 20)
#define IOV_ROOM  1024

static u8 pattern[MAX_SIZE];
static struct session *sessions;
static int ep;
static u64 now, finished, wanted;	/* wanted: to fill */

void die(const char *what)
{
	fprintf(stderr, "scst-load: %s: %s\n", what, strerror(errno));
	exit(1);
}

__noreturn void complain(const char *what)
{
	fprintf(stderr, "scst-load: %s\n", what);
	exit(1);
}

static void session_open(struct session *s, u32 nr)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
	u32 i;

	session_login(s, nr);
	if (load.digests && !(s->header_digest && s->data_digest))
		complain("the target does not do digests");
	if (epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &ev))
		die("epoll");
	if (load.idle)
		return;
	/* Each LUN that it will use has a unit attention to say. */
	for (i = 0; load.sessions < load.luns && i < load.luns; i++) {
		s->lun = load.first_lun + i;
		learn_capacity(s);
	}
	learn_capacity(s);
	s->cmd = calloc(load.depth, sizeof(*s->cmd));
	s->free = calloc(load.depth, sizeof(*s->free));
	if (!s->cmd || !s->free)
		complain("out of memory");
	for (i = 0; i < load.depth; i++)
		s->free[s->nr_free++] = i;
	s->left = ~0ull;
	s->next = s->blocks / load.sessions * nr;
	if (load.fill) {
		s->left = s->blocks / (load.size / s->block_size);
		s->next = 0;
		wanted += s->left;
	}
}

/* ---- Sending ---------------------------------------------------------------------- */

static struct out *add_out(struct session *s)
{
	if (s->nr_out == s->room_out) {
		s->room_out = s->room_out ? 2 * s->room_out : 64;
		s->out = realloc(s->out, s->room_out * sizeof(*s->out));
		if (!s->out)
			complain("out of memory");
	}
	return &s->out[s->nr_out++];
}

static void finish_out(struct session *s, struct out *out)
{
	u32 crc;

	iscsi_set_data_len(&out->bhs, out->data_len);
	set_digest(s, &out->bhs, (u8 *)&out->header_digest);
	if (s->data_digest && out->data_len) {
		crc = crc32c(~0u, pattern + out->data_off, out->data_len);
		put_unaligned_le32(~crc, out->data_digest);
	}
}

static u64 next_lba(struct session *s)
{
	static u64 seed = 88172645463325252ull;
	u64 blocks = load.size / s->block_size, slots = s->blocks / blocks, lba;

	if (load.sequential) {
		lba = s->next / blocks * blocks;
		s->next = lba + 2 * blocks > s->blocks ? 0 : lba + blocks;
		return lba;
	}
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % slots * blocks;
}

static bool next_is_write(void)
{
	static u32 turn;

	return load.rw == WRITES || (load.rw == MIX && turn++ % 10 >= 7);
}

static void start_command(struct session *s)
{
	u32 tag = s->free[--s->nr_free];
	struct out *out = add_out(s);
	bool write = next_is_write();
	u8 *cdb = out->bhs.cmd.cdb;

	if (load.sessions < load.luns)
		s->lun = load.first_lun + s->turn++ % load.luns;
	make_command(s, &out->bhs, tag, write ? ISCSI_CMD_WRITE :
						ISCSI_CMD_READ, load.size);
	cdb[0] = write ? 0x8a : 0x88;
	put_unaligned_be64(next_lba(s), cdb + 2);
	put_unaligned_be32(load.size / s->block_size, cdb + 10);
	out->data_off = 0;
	out->data_len = write ? min3(load.size, s->first_burst, s->max_xmit) : 0;
	finish_out(s, out);
	s->cmd[tag] = (struct command){ now, write };
}

/* Data-Out for an R2T. */
static void answer_r2t(struct session *s, const struct iscsi_bhs *r2t)
{
	u32 off = be32_to_cpu(r2t->r2t.offset);
	u32 left = be32_to_cpu(r2t->r2t.length), sn = 0, n;
	struct out *out;

	if (off > load.size || left > load.size - off)
		complain("an R2T for more than there is");
	for (; left; left -= n, off += n) {
		n = min(left, s->max_xmit);
		out = add_out(s);
		memset(&out->bhs, 0, sizeof(out->bhs));
		out->bhs.opcode = ISCSI_DATA_OUT;
		out->bhs.flags = n == left ? ISCSI_FINAL : 0;
		memcpy(out->bhs.lun, r2t->lun, 8);
		out->bhs.itt = r2t->itt;
		out->bhs.data_out.ttt = r2t->r2t.ttt;
		out->bhs.data_out.exp_stat_sn = cpu_to_be32(s->exp_stat_sn);
		out->bhs.data_out.data_sn = cpu_to_be32(sn++);
		out->bhs.data_out.offset = cpu_to_be32(off);
		out->data_off = off;
		out->data_len = n;
		finish_out(s, out);
	}
}

static u32 add_iov(struct iovec *iov, void *base, size_t len, size_t *skip)
{
	size_t n = min(*skip, len);

	*skip -= n;
	if (n == len)
		return 0;
	iov->iov_base = (u8 *)base + n;
	iov->iov_len = len - n;
	return 1;
}

static size_t out_len(const struct session *s, const struct out *out)
{
	return ISCSI_BHS_LEN + (s->header_digest ? 4 : 0) + out->data_len +
	       (s->data_digest && out->data_len ? 4 : 0);
}

static u32 gather(struct session *s, struct iovec *iov)
{
	size_t skip = s->sent_bytes;
	u32 i, nr = 0;

	for (i = s->sent_out; i < s->nr_out && nr + 3 <= IOV_ROOM; i++) {
		struct out *out = &s->out[i];

		nr += add_iov(&iov[nr], &out->bhs, ISCSI_BHS_LEN +
			      (s->header_digest ? 4 : 0), &skip);
		nr += add_iov(&iov[nr], pattern + out->data_off,
			      out->data_len, &skip);
		if (s->data_digest && out->data_len)
			nr += add_iov(&iov[nr], out->data_digest, 4, &skip);
	}
	return nr;
}

static void sent(struct session *s, size_t n)
{
	size_t left;

	while (n) {
		left = out_len(s, &s->out[s->sent_out]) - s->sent_bytes;
		if (n < left) {
			s->sent_bytes += n;
			return;
		}
		n -= left;
		s->sent_bytes = 0;
		s->sent_out++;
	}
}

static void set_want_write(struct session *s, bool want)
{
	struct epoll_event ev = { .data.ptr = s };

	if (s->want_write == want)
		return;
	s->want_write = want;
	ev.events = EPOLLIN | (want ? EPOLLOUT : 0);
	if (epoll_ctl(ep, EPOLL_CTL_MOD, s->fd, &ev))
		die("epoll");
}

static void session_send(struct session *s)
{
	static struct iovec iov[IOV_ROOM];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n;

	while (s->sent_out < s->nr_out) {
		msg.msg_iovlen = gather(s, iov);
		n = sendmsg(s->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			die("send");
		if (n < 0) {
			set_want_write(s, true);
			return;
		}
		sent(s, n);
	}
	s->nr_out = 0;
	s->sent_out = 0;
	set_want_write(s, false);
}

/* ---- Receiving --------------------------------------------------------------------- */

static void command_done(struct session *s, const struct iscsi_bhs *bhs)
{
	u32 tag = be32_to_cpu(bhs->itt);

	if (tag >= load.depth)
		complain("an answer to nothing");
	if (bhs->byte3)
		complain("a command failed");
	s->free[s->nr_free++] = tag;
	s->done++;
	finished++;
	if (measure.on)
		measure_command(&measure, now - s->cmd[tag].start, load.size);
}

static void answer_ping(struct session *s, const struct iscsi_bhs *nop)
{
	struct out *out = add_out(s);

	memset(&out->bhs, 0, sizeof(out->bhs));
	out->bhs.opcode = ISCSI_NOP_OUT | ISCSI_IMMEDIATE;
	out->bhs.flags = ISCSI_FINAL;
	out->bhs.itt = cpu_to_be32(ISCSI_TAG_NONE);
	out->bhs.req.ttt = nop->in.ttt;
	out->bhs.req.cmd_sn = cpu_to_be32(s->cmd_sn);
	out->bhs.req.exp_stat_sn = cpu_to_be32(s->exp_stat_sn);
	out->data_len = 0;
	finish_out(s, out);
}

static void take_header(struct session *s)
{
	const struct iscsi_bhs *bhs = (struct iscsi_bhs *)s->header;
	u32 len = iscsi_data_len(bhs);

	s->got = 0;
	s->skip = len + iscsi_pad(len) + (len && s->data_digest ? 4 : 0);
	switch (iscsi_opcode(bhs)) {
	case ISCSI_SCSI_RSP:
		s->exp_stat_sn = be32_to_cpu(bhs->in.stat_sn) + 1;
		command_done(s, bhs);
		return;
	case ISCSI_DATA_IN:
		if (bhs->flags & ISCSI_DATA_IN_STATUS) {
			s->exp_stat_sn = be32_to_cpu(bhs->in.stat_sn) + 1;
			command_done(s, bhs);
		}
		return;
	case ISCSI_R2T:
		answer_r2t(s, bhs);
		return;
	case ISCSI_NOP_IN:
		if (bhs->in.ttt != cpu_to_be32(ISCSI_TAG_NONE))
			answer_ping(s, bhs);
		return;
	default:
		complain("an unexpected PDU");
	}
}

static void take_bytes(struct session *s, const u8 *buf, size_t n)
{
	u32 want = ISCSI_BHS_LEN + (s->header_digest ? 4 : 0), take;

	while (n) {
		if (s->skip) {
			take = min_t(size_t, s->skip, n);
			s->skip -= take;
		} else {
			take = min_t(size_t, want - s->got, n);
			memcpy(s->header + s->got, buf, take);
			s->got += take;
			if (s->got == want)
				take_header(s);
		}
		buf += take;
		n -= take;
	}
}

static void session_recv(struct session *s)
{
	static u8 buf[RX_BUFFER];
	ssize_t n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		die("recv");
	now = measure_now();
	take_bytes(s, buf, n);
}

/* ---- The whole ------------------------------------------------------------------------ */

static void session_go(struct session *s)
{
	for (; s->nr_free && s->left; s->left--)
		start_command(s);
	session_send(s);
}

/* Until it is @until, or so many commands are finished. */
static void run(u64 until, u64 commands)
{
	struct epoll_event ev[64];
	int i, n;

	while (now < until && finished < commands) {
		n = load.idle ? epoll_wait(ep, ev, ARRAY_SIZE(ev), 1000) :
				measure_poll(&measure, ep, ev,
					     ARRAY_SIZE(ev));
		if (n <= 0)
			now = measure_now();
		for (i = 0; i < n; i++) {
			struct session *s = ev[i].data.ptr;

			if (ev[i].events & EPOLLIN)
				session_recv(s);
			session_go(s);
		}
	}
}

static void run_measured(void)
{
	u64 least = ~0ull, most = 0;
	u32 i;

	run(now + load.warmup * NSEC_PER_SEC, ~0ull);
	for (i = 0; i < load.sessions; i++)
		sessions[i].done = 0;
	measure_start(&measure);
	now = measure_now();
	run(now + load.seconds * NSEC_PER_SEC, ~0ull);
	/* However busy the machine is, there is something to be said. */
	while (measure.commands < load.depth * load.sessions)
		run(now + NSEC_PER_MSEC, ~0ull);
	measure_stop(&measure);
	for (i = 0; i < load.sessions; i++) {
		least = min(least, sessions[i].done);
		most = max(most, sessions[i].done);
	}
	printf("{");
	measure_print(&measure);
	printf(",\"fairness\":%.3f}\n", most ? (double)least / most : 0);
}

static void run_fill(void)
{
	run(~0ull, wanted);
	printf("{\"filled\":%llu}\n", (unsigned long long)wanted * load.size);
}

/* Logged in; pings are answered. */
static void run_idle(void)
{
	printf("{\"idle\":%u}\n", load.sessions);
	fflush(stdout);
	run(~0ull, ~0ull);
}

/* Each session is a descriptor. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	u32 i;

	parse_options(argc, argv);
	raise_limit();
	sessions = calloc(load.sessions, sizeof(*sessions));
	ep = epoll_create1(0);
	if (!sessions || ep < 0)
		die("memory");
	memset(pattern, 0x5a, sizeof(pattern));
	for (i = 0; i < load.sessions; i++)
		session_open(&sessions[i], i);
	now = measure_now();
	for (i = 0; i < load.sessions && !load.idle; i++)
		session_go(&sessions[i]);
	if (load.idle)
		run_idle();
	else if (load.fill)
		run_fill();
	else
		run_measured();
	return 0;
}
