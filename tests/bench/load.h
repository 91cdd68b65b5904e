/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: scst-load: what it was asked for, and a session; see load.c.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <sys/socket.h>

#include "core_os.h"
#include "iscsi_proto.h"
#include "measure.h"

#define MAX_SESSIONS 4096
#define MAX_DEPTH    512
#define MAX_SIZE     (8u << 20)

enum rw { READS, WRITES, MIX };

struct load {
	enum rw rw;
	u32 size, depth, sessions, first_lun, luns;
	u64 span;		/* of a LUN to use, in bytes; 0: all */
	double seconds, warmup;
	bool sequential, digests, idle, fill;
	char target[ISCSI_NAME_MAX + 1];
	struct sockaddr_storage address;
	socklen_t address_len;
};

extern struct load load;
extern struct measure measure;

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
	u32 turn;		/* which LUN is next */
	u64 left;		/* commands still to be started */

	struct command *cmd;
	u32 *free, nr_free;
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

void die(const char *what);
__noreturn void complain(const char *what);

void parse_options(int argc, char **argv);
void session_login(struct session *s, u32 nr);
void learn_capacity(struct session *s);
void set_digest(struct session *s, struct iscsi_bhs *bhs, u8 *digest);
void make_command(struct session *s, struct iscsi_bhs *bhs, u32 tag, u8 flags,
		  u32 expected);

#endif
