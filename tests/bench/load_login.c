// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: scst-load: what a session does step by step: log in, learn the
 * capacity.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

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
	const char *digest = load.digests ? "CRC32C" : "None";
	char name[64];
	u32 len = 0;

	snprintf(name, sizeof(name), "iqn.2026-11.org.example:load-%u", nr);
	len = add_key(text, len, "InitiatorName", name);
	len = add_key(text, len, "TargetName", load.target);
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

void session_login(struct session *s, u32 nr)
{
	int on = 1;

	s->fd = socket(load.address.ss_family, SOCK_STREAM, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&load.address,
				 load.address_len))
		die("connect");
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	s->lun = load.first_lun + nr % load.luns;
	s->cmd_sn = 1;
	s->max_xmit = 8192;
	s->first_burst = 65536;
	s->max_burst = 262144;
	login_request(s, nr, true);
	while (!login_response(s))
		login_request(s, nr, false);
}

/* ---- One command at a time ------------------------------------------------------ */

void set_digest(struct session *s, struct iscsi_bhs *bhs, u8 *digest)
{
	if (s->header_digest)
		put_unaligned_le32(~crc32c(~0u, bhs, ISCSI_BHS_LEN), digest);
}

void make_command(struct session *s, struct iscsi_bhs *bhs, u32 tag, u8 flags,
		  u32 expected)
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

void learn_capacity(struct session *s)
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
	if (!s->block_size)
		complain("blocks of 0 bytes");
	if (load.span && load.span / s->block_size < s->blocks)
		s->blocks = load.span / s->block_size;
	if (load.size % s->block_size || s->blocks < load.size / s->block_size)
		complain("the size does not fit the disk");
}
