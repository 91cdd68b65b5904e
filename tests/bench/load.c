// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: load on an iSCSI target, by one thread that batches: all commands that
 * a receive makes room for leave in one send.
 *
 *	load [OPTION...] iscsi://HOST:PORT/TARGET/LUN
 *
 *	--rw read|write|mix	mix: 70 % reads (read)
 *	--size BYTES		of a command (4096)
 *	--sequential		instead of random addresses
 *	--depth N		commands of each session at a time (32)
 *	--sessions N		(1)
 *	--luns N		sessions take LUNs 0 to N-1 in turn (1)
 *	--digests		CRC32C for headers and data
 *	--seconds N		of measuring (5), after --warmup N (1)
 *	--cpu N			run there
 *	--idle			log in and do nothing
 *
 * Prints one JSON object.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "core_os.h"
#include "iscsi_proto.h"

#define MAX_SESSIONS 4096
#define MAX_DEPTH    512
#define MAX_SIZE     (8u << 20)
#define RX_BUFFER    (1u << 20)
#define MAX_DATA     262144u		/* our MaxRecvDataSegmentLength */
#define IOV_MAX_	     1024

enum rw { READS, WRITES, MIX };

static enum rw rw = READS;
static u32 size = 4096, depth = 32, nr_sessions = 1, nr_luns = 1;
static u32 seconds = 5, warmup = 1;
static bool sequential, digests, idle;
static char target[ISCSI_NAME_MAX + 1];
static struct sockaddr_storage address;
static socklen_t address_len;
static u8 pattern[MAX_SIZE];

struct command {
	u64 start;
	bool write;
};

/* A Data-Out or command that waits to be sent. */
struct out {
	struct iscsi_bhs bhs;
	__le32 header_digest;
	u8 data_digest[4];
	u32 data_len, data_off;
};

struct session {
	int fd, lun;
	u32 cmd_sn, exp_stat_sn, max_xmit, first_burst, max_burst;
	bool header_digest, data_digest;
	u32 block_size;
	u64 blocks, next;

	struct command cmd[MAX_DEPTH];
	u32 free[MAX_DEPTH], nr_free;
	u64 done;

	/* receiving */
	u8 header[ISCSI_BHS_LEN + ISCSI_DIGEST_LEN];
	u32 got, skip;

	/* sending */
	struct out *out;
	u32 nr_out, room_out, sent_out;
	size_t sent_bytes;
	bool want_write;
};

static struct session *sessions;
static int ep;
static u64 now, measured_from;
static u64 total, total_bytes;

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static __noreturn void complain(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

/* ---- Latency: buckets of 1/16 of a power of two, in ns ------------------------- */

static u64 histogram[64 * 16];

static u32 bucket_of(u64 ns)
{
	u32 shift = ns < 16 ? 0 : fls64(ns) - 5;

	return shift * 16 + (ns >> shift);
}

static double bucket_us(u32 bucket)
{
	u32 shift = bucket < 32 ? 0 : bucket / 16 - 1;

	return (double)((u64)(bucket - shift * 16) << shift) / 1000;
}

static double percentile(double p)
{
	u64 sum = 0, want = total * p;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(histogram); i++) {
		sum += histogram[i];
		if (sum > want)
			return bucket_us(i);
	}
	return 0;
}

/* ---- Login and what else goes step by step -------------------------------------- */

static void send_all(int fd, const void *buf, size_t len)
{
	while (len) {
		ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

		if (n < 0)
			die("send");
		buf = (const u8 *)buf + n;
		len -= n;
	}
}

static void recv_all(int fd, void *buf, size_t len)
{
	while (len) {
		ssize_t n = recv(fd, buf, len, 0);

		if (n <= 0)
			die("recv");
		buf = (u8 *)buf + n;
		len -= n;
	}
}

static u32 add_key(u8 *text, u32 len, const char *key, const char *value)
{
	return len + sprintf((char *)text + len, "%s=%s", key, value) + 1;
}

static u32 login_keys(u8 *text, u32 nr)
{
	const char *digest = digests ? "CRC32C" : "None";
	char name[64];
	u32 len = 0;

	snprintf(name, sizeof(name), "iqn.2026-11.org.example:load-%u", nr);
	len = add_key(text, len, "InitiatorName", name);
	len = add_key(text, len, "TargetName", target);
	len = add_key(text, len, "SessionType", "Normal");
	len = add_key(text, len, "HeaderDigest", digest);
	len = add_key(text, len, "DataDigest", digest);
	len = add_key(text, len, "InitialR2T", "No");
	len = add_key(text, len, "ImmediateData", "Yes");
	len = add_key(text, len, "MaxRecvDataSegmentLength", "262144");
	len = add_key(text, len, "MaxBurstLength", "1048576");
	len = add_key(text, len, "FirstBurstLength", "262144");
	len = add_key(text, len, "MaxOutstandingR2T", "8");
	return len;
}

static void take_key(struct session *s, const char *pair)
{
	unsigned int n;

	if (sscanf(pair, "MaxRecvDataSegmentLength=%u", &n) == 1)
		s->max_xmit = n;
	else if (sscanf(pair, "FirstBurstLength=%u", &n) == 1)
		s->first_burst = n;
	else if (sscanf(pair, "MaxBurstLength=%u", &n) == 1)
		s->max_burst = n;
	else if (!strcmp(pair, "HeaderDigest=CRC32C"))
		s->header_digest = true;
	else if (!strcmp(pair, "DataDigest=CRC32C"))
		s->data_digest = true;
	else if (!strcmp(pair, "ImmediateData=No"))
		s->first_burst = 0;
}

static void login_request(struct session *s, u32 nr, bool first)
{
	u8 pdu[ISCSI_BHS_LEN + 2048] = { 0 };
	struct iscsi_bhs *bhs = (struct iscsi_bhs *)pdu;
	u32 len = first ? login_keys(pdu + ISCSI_BHS_LEN, nr) : 0;

	bhs->opcode = ISCSI_LOGIN_REQ | ISCSI_IMMEDIATE;
	bhs->flags = ISCSI_LOGIN_TRANSIT | ISCSI_STAGE_OPERATIONAL << 2 |
		     ISCSI_STAGE_FULL;
	iscsi_set_data_len(bhs, len);
	bhs->lun[0] = 0x80;		/* random ISID */
	put_unaligned_be32(getpid() * 4096u + nr, bhs->lun + 1);
	bhs->itt = cpu_to_be32(1);
	bhs->login_req.cmd_sn = cpu_to_be32(1);
	bhs->login_req.exp_stat_sn = cpu_to_be32(s->exp_stat_sn);
	send_all(s->fd, pdu, ISCSI_BHS_LEN + len + iscsi_pad(len));
}

/* True: full feature phase. */
static bool login_response(struct session *s)
{
	struct iscsi_bhs bhs;
	char text[8192 + 4], *p;
	u32 len;

	recv_all(s->fd, &bhs, sizeof(bhs));
	len = iscsi_data_len(&bhs);
	if (iscsi_opcode(&bhs) != ISCSI_LOGIN_RSP || len > 8192)
		complain("no login response");
	recv_all(s->fd, text, len + iscsi_pad(len));
	if (bhs.login_rsp.status)
		complain("the login was refused");
	for (p = text; p < text + len; p += strlen(p) + 1)
		take_key(s, p);
	s->exp_stat_sn = be32_to_cpu(bhs.login_rsp.stat_sn) + 1;
	return (bhs.flags & ISCSI_LOGIN_TRANSIT) &&
	       ISCSI_LOGIN_NSG(bhs.flags) == ISCSI_STAGE_FULL;
}

static void set_digest(struct session *s, struct iscsi_bhs *bhs, u8 *digest)
{
	if (s->header_digest)
		put_unaligned_le32(~crc32c(~0u, bhs, ISCSI_BHS_LEN), digest);
}

static void make_command(struct session *s, struct iscsi_bhs *bhs, u32 tag,
			 u8 flags, u32 expected)
{
	memset(bhs, 0, sizeof(*bhs));
	bhs->opcode = ISCSI_SCSI_CMD;
	bhs->flags = ISCSI_FINAL | ISCSI_ATTR_SIMPLE | flags;
	bhs->lun[1] = s->lun;
	bhs->itt = cpu_to_be32(tag);
	bhs->cmd.expected = cpu_to_be32(expected);
	bhs->cmd.cmd_sn = cpu_to_be32(s->cmd_sn++);
	bhs->cmd.exp_stat_sn = cpu_to_be32(s->exp_stat_sn);
}

/* One command, and its answer: status and Data-In. */
static u8 run_command(struct session *s, const u8 *cdb, u8 *data, u32 len)
{
	u8 request[ISCSI_BHS_LEN + ISCSI_DIGEST_LEN], waste[4096];
	struct iscsi_bhs *bhs = (struct iscsi_bhs *)request, rsp;
	u32 n;

	make_command(s, bhs, 1, len ? ISCSI_CMD_READ : 0, len);
	memcpy(bhs->cmd.cdb, cdb, 16);
	set_digest(s, bhs, request + ISCSI_BHS_LEN);
	send_all(s->fd, request, ISCSI_BHS_LEN +
		 (s->header_digest ? ISCSI_DIGEST_LEN : 0));
	for (;;) {
		recv_all(s->fd, &rsp, sizeof(rsp));
		if (s->header_digest)
			recv_all(s->fd, waste, ISCSI_DIGEST_LEN);
		n = iscsi_data_len(&rsp);
		if (n > sizeof(waste))
			complain("an answer is too long");
		recv_all(s->fd, waste, n + iscsi_pad(n));
		if (n && s->data_digest)
			recv_all(s->fd, &(u8[4]){ 0 }, ISCSI_DIGEST_LEN);
		if (iscsi_opcode(&rsp) == ISCSI_DATA_IN)
			memcpy(data, waste, min(n, len));
		s->exp_stat_sn = be32_to_cpu(rsp.in.stat_sn) + 1;
		if (iscsi_opcode(&rsp) == ISCSI_SCSI_RSP ||
		    (iscsi_opcode(&rsp) == ISCSI_DATA_IN &&
		     (rsp.flags & ISCSI_DATA_IN_STATUS)))
			return rsp.byte3;
	}
}

static void learn_capacity(struct session *s)
{
	static const u8 ready[16];
	static const u8 capacity[16] = { 0x25 };
	u8 data[8];
	int tries = 0;

	while (run_command(s, ready, NULL, 0))
		if (tries++ > 10)
			complain("the logical unit is not ready");
	if (run_command(s, capacity, data, sizeof(data)))
		complain("READ CAPACITY failed");
	s->block_size = get_unaligned_be32(data + 4);
	s->blocks = (u64)get_unaligned_be32(data) + 1;
	if (size % s->block_size || s->blocks < size / s->block_size)
		complain("the size does not fit the disk");
}

static void session_open(struct session *s, u32 nr)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
	int on = 1;
	u32 i;

	s->fd = socket(address.ss_family, SOCK_STREAM, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&address,
				 address_len))
		die("connect");
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	s->lun = nr % nr_luns;
	s->cmd_sn = 1;
	s->max_xmit = 8192;
	s->first_burst = 65536;
	s->max_burst = 262144;
	login_request(s, nr, true);
	while (!login_response(s))
		login_request(s, nr, false);
	if (idle)
		return;
	learn_capacity(s);
	for (i = 0; i < depth; i++)
		s->free[s->nr_free++] = i;
	s->next = (s->blocks / nr_sessions) * nr;
	if (epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &ev))
		die("epoll");
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
	u64 blocks = size / s->block_size, slots = s->blocks / blocks, lba;

	if (sequential) {
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

	return rw == WRITES || (rw == MIX && turn++ % 10 >= 7);
}

static void start_command(struct session *s)
{
	u32 tag = s->free[--s->nr_free];
	struct out *out = add_out(s);
	bool write = next_is_write();
	u8 *cdb = out->bhs.cmd.cdb;

	make_command(s, &out->bhs, tag, write ? ISCSI_CMD_WRITE :
						ISCSI_CMD_READ, size);
	cdb[0] = write ? 0x8a : 0x88;
	put_unaligned_be64(next_lba(s), cdb + 2);
	put_unaligned_be32(size / s->block_size, cdb + 10);
	out->data_off = 0;
	out->data_len = write ? min3(size, s->first_burst, s->max_xmit) : 0;
	finish_out(s, out);
	s->cmd[tag] = (struct command){ now, write };
}

/* Data-Out for an R2T. */
static void answer_r2t(struct session *s, const struct iscsi_bhs *r2t)
{
	u32 off = be32_to_cpu(r2t->r2t.offset);
	u32 left = be32_to_cpu(r2t->r2t.length), sn = 0, n;
	struct out *out;

	if (off + left > size)
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

	for (i = s->sent_out; i < s->nr_out && nr + 3 <= IOV_MAX_; i++) {
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
	static struct iovec iov[IOV_MAX_];
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

	if (tag >= depth)
		complain("an answer to nothing");
	if (bhs->byte3)
		complain("a command failed");
	s->free[s->nr_free++] = tag;
	s->done++;
	if (s->cmd[tag].start >= measured_from && measured_from) {
		histogram[bucket_of(now - s->cmd[tag].start)]++;
		total++;
		total_bytes += size;
	}
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
	now = ktime_get_ns();
	take_bytes(s, buf, n);
}

/* ---- The whole ------------------------------------------------------------------------ */

static void session_go(struct session *s)
{
	while (s->nr_free)
		start_command(s);
	session_send(s);
}

static void run(u64 until)
{
	struct epoll_event ev[64];
	int i, n;

	while (now < until) {
		n = epoll_wait(ep, ev, ARRAY_SIZE(ev), 1000);
		if (!n)
			now = ktime_get_ns();
		for (i = 0; i < n; i++) {
			struct session *s = ev[i].data.ptr;

			if (ev[i].events & EPOLLIN)
				session_recv(s);
			session_go(s);
		}
	}
}

static void print_result(double elapsed)
{
	u64 least = ~0ull, most = 0;
	u32 i;

	for (i = 0; i < nr_sessions; i++) {
		least = min(least, sessions[i].done);
		most = max(most, sessions[i].done);
	}
	printf("{\"iops\":%.0f,\"mbps\":%.1f,\"p50\":%.1f,\"p99\":%.1f,"
	       "\"p999\":%.1f,\"commands\":%llu,\"fairness\":%.3f}\n",
	       total / elapsed, total_bytes / elapsed / 1e6, percentile(0.5),
	       percentile(0.99), percentile(0.999), (unsigned long long)total,
	       most ? (double)least / most : 0);
}

static void parse_url(char *url)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	char *host = url + 8, *port, *name, *end;

	if (strncmp(url, "iscsi://", 8) || !(name = strchr(host, '/')))
		complain("want iscsi://HOST:PORT/TARGET/LUN");
	*name++ = '\0';
	end = strchr(name, '/');
	if (end)
		*end = '\0';
	strscpy(target, name, sizeof(target));
	port = strrchr(host, ':');
	if (port && !strchr(port, ']'))
		*port++ = '\0';
	else
		port = "3260";
	if (*host == '[') {
		host++;
		host[strcspn(host, "]")] = '\0';
	}
	if (getaddrinfo(host, port, &hints, &ai))
		complain("unknown host");
	memcpy(&address, ai->ai_addr, ai->ai_addrlen);
	address_len = ai->ai_addrlen;
	freeaddrinfo(ai);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("--cpu");
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rw", required_argument, NULL, 'r' },
		{ "size", required_argument, NULL, 's' },
		{ "sequential", no_argument, NULL, 'q' },
		{ "depth", required_argument, NULL, 'd' },
		{ "sessions", required_argument, NULL, 'n' },
		{ "luns", required_argument, NULL, 'l' },
		{ "digests", no_argument, NULL, 'g' },
		{ "seconds", required_argument, NULL, 't' },
		{ "warmup", required_argument, NULL, 'w' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "idle", no_argument, NULL, 'i' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			rw = *optarg == 'r' ? READS : *optarg == 'w' ? WRITES :
								       MIX;
			break;
		case 's':
			size = strtoul(optarg, NULL, 0);
			break;
		case 'q':
			sequential = true;
			break;
		case 'd':
			depth = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			nr_sessions = strtoul(optarg, NULL, 0);
			break;
		case 'l':
			nr_luns = strtoul(optarg, NULL, 0);
			break;
		case 'g':
			digests = true;
			break;
		case 't':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			warmup = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			pin(atoi(optarg));
			break;
		case 'i':
			idle = true;
			break;
		default:
			complain("wrong option, see load.c");
		}
	}
	if (optind + 1 != argc || !size || size > MAX_SIZE || !depth ||
	    depth > MAX_DEPTH || !nr_sessions || nr_sessions > MAX_SESSIONS ||
	    !nr_luns || nr_luns > 256)
		complain("wrong option, see load.c");
	parse_url(argv[optind]);
}

int main(int argc, char **argv)
{
	u64 start;
	u32 i;

	parse_options(argc, argv);
	sessions = calloc(nr_sessions, sizeof(*sessions));
	ep = epoll_create1(0);
	if (!sessions || ep < 0)
		die("memory");
	memset(pattern, 0x5a, sizeof(pattern));
	for (i = 0; i < nr_sessions; i++)
		session_open(&sessions[i], i);
	if (idle) {
		printf("{\"idle\":%u}\n", nr_sessions);
		fflush(stdout);
		pause();
		return 0;
	}
	now = ktime_get_ns();
	for (i = 0; i < nr_sessions; i++)
		session_go(&sessions[i]);
	run(now + warmup * NSEC_PER_SEC);
	start = measured_from = now;
	for (i = 0; i < nr_sessions; i++)
		sessions[i].done = 0;
	/* Where the target and we share the clock, so is the runner's. */
	fprintf(stderr, "measuring\n");
	run(start + seconds * NSEC_PER_SEC);
	print_result((now - start) / 1e9);
	return 0;
}
