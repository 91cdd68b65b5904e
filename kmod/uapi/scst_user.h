/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR BSD-3-Clause */
/*
 * /dev/scst_user: devices of scst_user.ko, served by a process.
 *
 * sdk-docs/scst_user.md tells the protocol as a whole, with its state machine;
 * this header is the reference, field by field. Everything is in the machine's
 * byte order, and the same for 32-bit and 64-bit programs.
 *
 *	fd = open("/dev/scst_user", O_RDWR)
 *	ioctl(fd, SCST_USER_IOC_INFO, &info)	what this kernel can do
 *	ioctl(fd, SCST_USER_IOC_ATTACH, &attach) this fd serves device NAME now
 *	base = mmap(NULL, attach.map_size, PROT_READ | PROT_WRITE, MAP_SHARED,
 *		    fd, 0)
 *	loop:	take requests from a queue's ring, put replies in the other,
 *		ioctl(fd, SCST_USER_IOC_ENTER, &enter)
 *	ioctl(fd, SCST_USER_IOC_DETACH)		or exit
 *
 * What the kernel reads of the mapping it reads once and checks: whoever
 * writes nonsense there harms the device that it serves, and nothing else.
 *
 * Rings. An index counts entries since the attachment began and wraps at 2^32;
 * entry I is at I & (entries - 1), and a ring is empty when head and tail are
 * equal. Who produces writes entries, then the tail (store-release); who
 * consumes reads the tail (load-acquire), then entries, then writes the head
 * (store-release). Somebody who waits in ENTER or poll() is woken when a ring
 * stops being empty, and only then: before it waits elsewhere than in ENTER, a
 * consumer stores the head, has a full memory barrier, and loads the tail once
 * more.
 *
 * Every "reserved" is zero when written and ignored when read. Unknown flags
 * are refused with -EINVAL, unknown features with -EOPNOTSUPP.
 */
#ifndef SCST_USER_H
#define SCST_USER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SCST_USER_PATH "/dev/scst_user"

/* Changes when what is here changes its meaning; never within a release. */
#define SCST_USER_ABI 1

#define SCST_USER_NAME_MAX   64		/* with NUL */
#define SCST_USER_SERIAL_MAX 64		/* with NUL */
#define SCST_USER_SENSE_MAX  252	/* bytes of raw sense data */
#define SCST_USER_CDB_MAX    32
#define SCST_USER_SENSE_STRIDE 256

/* What may be there or not: bits of features. All of ABI 1 are below. */
#define SCST_USER_FEAT_URING	 (1ULL << 0)	/* ENTER by IORING_OP_URING_CMD */
#define SCST_USER_FEAT_RAW	 (1ULL << 1)	/* kind RAW */
#define SCST_USER_FEAT_SESSIONS	 (1ULL << 2)	/* OP_SESSION_GONE */
#define SCST_USER_FEAT_AFFINITY	 (1ULL << 3)	/* SCST_USER_IOC_AFFINITY */
#define SCST_USER_FEAT_SANITIZE	 (1ULL << 4)	/* SCST_USER_AT_SANITIZE */

/* ---- Requests -------------------------------------------------------------- */

/*
 * What the kernel asks for. The first group are requests, each to be answered
 * by one reply; the second are notifications, with tag 0, not to be answered.
 * A handler that lets its ring fill up misses notifications.
 */
enum scst_user_op {
	SCST_USER_OP_NOP,

	/* Disks. @offset and @length: bytes of the medium. */
	SCST_USER_OP_READ,	/* fill @data; @data_len is @length */
	SCST_USER_OP_WRITE,	/* take @data, likewise; FUA, DPO */
	SCST_USER_OP_FLUSH,	/* what was written is durable: at least this */
	SCST_USER_OP_UNMAP,	/* deallocate; no data */
	SCST_USER_OP_ZERO,	/* reads as zeroes then; no data; FUA, MAY_UNMAP */
	SCST_USER_OP_STATUS,	/* allocated from @offset on? reply.value, MAPPED */
	SCST_USER_OP_PREFETCH,	/* will be read soon */
	SCST_USER_OP_USAGE,	/* reply.value: bytes used, value2: left */
	/*
	 * What was written is unreadable then: the key that it is encrypted
	 * with is replaced, durably. With SCST_USER_AT_SANITIZE only.
	 */
	SCST_USER_OP_CRYPTO_ERASE,

	/* Raw devices: @cdb, @dir, and @data when there is any. */
	SCST_USER_OP_RAW = 16,

	/* Notifications. */
	SCST_USER_OP_ABORT = 32, /* nobody waits for request @arg: advice */
	SCST_USER_OP_RESET,	/* logical unit reset: forget soft state */
	/*
	 * I_T nexus @nexus sees the device no more: forget its state. That it
	 * does, its first request says.
	 */
	SCST_USER_OP_SESSION_GONE,
	SCST_USER_OP_EJECT,	/* START STOP UNIT, of removable disks */
	SCST_USER_OP_LOAD,
};

/* A bit of scst_user_attach.ops and scst_user_info.ops. */
#define SCST_USER_OP_BIT(op) (1ULL << (op))

/* scst_user_request.flags */
#define SCST_USER_RQ_FUA       (1U << 0)	/* on the medium before the reply */
#define SCST_USER_RQ_DPO       (1U << 1)	/* not worth caching */
#define SCST_USER_RQ_MAY_UNMAP (1U << 2)	/* ZERO: deallocating is welcome */
/*
 * An earlier handler had it and did not answer: it may be done, in part or
 * wholly. Nobody is working on it any more.
 */
#define SCST_USER_RQ_AGAIN     (1U << 3)

/* scst_user_request.dir */
enum scst_user_dir {
	SCST_USER_DIR_NONE,
	SCST_USER_DIR_OUT,	/* @data holds what the initiator sent */
	SCST_USER_DIR_IN,	/* @data takes what the initiator shall get */
};

/* Entry of the ring from kernel to handler. */
struct scst_user_request {
	__u64 tag;		/* names the request in its reply; opaque */
	__u8 op;		/* enum scst_user_op */
	__u8 dir;		/* RAW: enum scst_user_dir */
	__u8 cdb_len;		/* RAW */
	__u8 reserved;
	__u32 flags;
	__u64 offset;		/* on the medium */
	__u64 length;
	__u64 data;		/* offset of the data in the arena, page-aligned */
	__u32 data_len;		/* bytes of data; 0: none */
	__u32 reserved2;
	__u64 nexus;		/* whose command it is; never used again */
	__u64 arg;		/* ABORT: the tag */
	__u8 cdb[SCST_USER_CDB_MAX];
	__u64 reserved3[4];
};

/* How a request ended: scst_user_reply.result. */
enum scst_user_result {
	SCST_USER_RES_GOOD,
	SCST_USER_RES_SENSE,	/* CHECK CONDITION with @sense */
	/* RAW only: */
	SCST_USER_RES_STATUS,	/* @status, without sense data */
	SCST_USER_RES_RAW_SENSE, /* CHECK CONDITION with the tag's sense area */
	SCST_USER_RES_PASS,	/* the kernel's SPC server shall answer */
};

/* scst_user_reply.flags */
#define SCST_USER_RP_HAS_BAD (1U << 0)	/* it failed at byte @value of the medium */
#define SCST_USER_RP_MAPPED  (1U << 1)	/* STATUS: the extent is allocated */

#define SCST_USER_UNKNOWN (~0ULL)	/* USAGE: cannot tell */

/* Entry of the ring from handler to kernel. */
struct scst_user_reply {
	__u64 tag;		/* of a request that this queue had */
	__u8 result;		/* enum scst_user_result */
	__u8 status;		/* RES_STATUS: SAM-6 5.3.1 */
	__u8 sense_len;		/* RES_RAW_SENSE: up to SCST_USER_SENSE_MAX */
	__u8 flags;
	/*
	 * RES_SENSE: key << 16 | ASC << 8 | ASCQ (SPC-5 4.4.3); 1 << 24: the
	 * status BUSY, the initiator tries again.
	 */
	__u32 sense;
	/* HAS_BAD; OP_STATUS: bytes of the extent at @offset; OP_USAGE. */
	__u64 value;
	__u64 value2;		/* OP_USAGE */
	/*
	 * RAW: bytes of @data that are for the initiator, also with a status
	 * other than GOOD; and what the command would have moved with a longer
	 * buffer, Data-Out too.
	 */
	__u32 moved;
	__u32 reserved;
	__u64 wanted;
	__u64 reserved2[2];
};

/*
 * Indices of one queue, at the beginning of its part of the mapping. Each line
 * has one writer.
 */
struct scst_user_queue {
	/* The kernel's: read-only for a handler. */
	__u32 request_tail;
	__u32 reply_head;
	__u32 waiting;		/* requests that found no room yet: enter again */
	__u32 reserved[13];
	/* The handler's: read-only for the kernel. */
	__u32 request_head;
	__u32 reply_tail;
	__u32 reserved2[14];
};

/* ---- Mapping --------------------------------------------------------------- */

/*
 * One file, that may be mapped as a whole or in parts (shared, never executed,
 * not inherited by fork()):
 *
 *	0				struct scst_user_control
 *	queue_offset + Q * queue_stride	queue Q:
 *	    + 0				struct scst_user_queue
 *	    + requests_offset		entries * struct scst_user_request
 *	    + replies_offset		entries * struct scst_user_reply
 *	    + sense_offset		depth * SCST_USER_SENSE_STRIDE bytes; a
 *					tag's are number (tag & 0xffff)
 *	arena_offset			the arena: arena_size bytes
 *
 * The arena is memory like any other: O_DIRECT and io_uring's registered
 * buffers take it. A request's data is the handler's from the moment that it
 * finds the entry until it publishes the reply; it has nothing to do with other
 * parts of it.
 */
enum scst_user_state {
	SCST_USER_ATTACHED = 1,
	SCST_USER_DETACHED,	/* by DETACH, or because it broke the protocol */
	SCST_USER_REMOVED,	/* the operator removed the device */
};

/* For the handler to look at; the kernel never reads it. */
struct scst_user_control {
	__u32 abi;
	__u32 state;		/* enum scst_user_state */
	__u64 generation;	/* grows with each attachment of the device */
	__u64 bad_replies;	/* replies that were not understood */
	__u64 reserved[13];
};

/* ---- ioctls ---------------------------------------------------------------- */

struct scst_user_info {
	__u32 size;		/* in: of this struct as the program knows it */
	__u32 abi;		/* out: SCST_USER_ABI */
	__u64 features;		/* out: those that are there */
	__u64 ops;		/* out: SCST_USER_OP_BIT()s that are there */
	__u32 max_queues;
	__u32 max_depth;	/* of one queue */
	__u64 max_arena;	/* bytes */
	__u64 reserved[4];
};

enum scst_user_kind {
	/*
	 * A disk. The kernel's SBC device server takes every command, checks
	 * it, emulates what the handler lacks, and asks for READ, WRITE, ...
	 */
	SCST_USER_DISK = 1,
	/*
	 * Any device: the commands of @opcodes reach the handler as they are.
	 * All others are answered by the kernel's SPC device server.
	 */
	SCST_USER_RAW_DEVICE = 2,
};

/* scst_user_attach.flags */
#define SCST_USER_AT_READ_ONLY	 (1ULL << 0)	/* for initiators */
#define SCST_USER_AT_REMOVABLE	 (1ULL << 1)
#define SCST_USER_AT_THIN	 (1ULL << 2)	/* LBPME; needs UNMAP or ZERO */
#define SCST_USER_AT_ZERO_AFTER_UNMAP (1ULL << 3)	/* LBPRZ */
#define SCST_USER_AT_WRITE_CACHE (1ULL << 4)	/* WCE at first; needs FLUSH */
#define SCST_USER_AT_NATIVE_FUA	 (1ULL << 5)	/* WRITE, ZERO honour FUA */
#define SCST_USER_AT_SANITIZE	 (1ULL << 6)	/* allow SANITIZE */
/*
 * Requests that this handler leaves unanswered when it goes must not be given
 * to another: they fail. What RAW_DEVICE always is.
 */
#define SCST_USER_AT_NO_REISSUE	 (1ULL << 7)

/* scst_user_opcode.flags */
#define SCST_USER_OPC_IN	  (1U << 0)	/* moves Data-In */
#define SCST_USER_OPC_OUT	  (1U << 1)	/* moves Data-Out */
#define SCST_USER_OPC_WRITES	  (1U << 2)	/* refused when read-only */
#define SCST_USER_OPC_ANY_UA	  (1U << 3)	/* with a unit attention pending */
#define SCST_USER_OPC_ANY_RESERVE (1U << 4)	/* against another's RESERVE */
#define SCST_USER_OPC_ANY_WE	  (1U << 5)	/* ... and Write Exclusive */
#define SCST_USER_OPC_ANY_EA	  (1U << 6)	/* ... and Exclusive Access */

#define SCST_USER_NO_SA 0xffff

/* RAW: a command that the handler answers. */
struct scst_user_opcode {
	__u8 opcode;
	__u8 cdb_len;		/* 6, 10, 12, 16, 32 */
	__u16 service_action;	/* or SCST_USER_NO_SA */
	__u32 flags;
	__u8 usage[16];		/* CDB usage data (SPC-5 6.35.3) */
};

/* RAW: a mode page, from its page code on; MODE SELECT is the kernel's. */
struct scst_user_mode_page {
	__u8 len;		/* bytes in use, up to 36 */
	__u8 current_[36];
	__u8 changeable[36];
	__u8 defaults[36];
	__u8 reserved[3];
};

/* RAW: a VPD page: what follows its four bytes of header. */
struct scst_user_vpd_page {
	__u8 code;
	__u8 reserved;
	__u16 len;
	__u32 reserved2;
	__u64 data;		/* pointer */
};

/*
 * Make this fd the handler of a device. The operator has made it:
 * mkdir .../scst/devices/user/NAME. What the first attachment says of the
 * device holds while the device is enabled; a successor that says otherwise
 * gets -EINVAL, but for @bytes (which is a resize, or another medium of a
 * removable disk), queues, depth and arena.
 *
 * -ENOENT: there is no such device; -EBUSY: it has a handler, that did not go
 * within @wait_ms, or too much memory of earlier ones did not; -EALREADY: this fd has been attached before; -EINVAL with a
 * line in the kernel log that says why.
 */
struct scst_user_attach {
	__u32 size;		/* in: of this struct as the program knows it */
	__u32 abi;		/* in: SCST_USER_ABI */
	__u64 features;		/* in: what the program is going to use */
	__u64 flags;
	__u64 ops;		/* SCST_USER_OP_BIT()s of what the handler does */
	char name[SCST_USER_NAME_MAX];
	__u8 kind;		/* enum scst_user_kind */
	__u8 type;		/* RAW: peripheral device type (SPC-5 6.6.2) */
	__u16 queues;		/* 1 to max_queues */
	__u32 depth;		/* requests of one queue, a power of two */
	__u64 arena_size;	/* bytes; 0: the kernel chooses */
	__u32 wait_ms;		/* for a predecessor to go; 0: not */
	__u32 max_transfer;	/* bytes of one request; 0: the kernel chooses */

	/* Disk. */
	__u64 bytes;		/* size of the medium; 0: none, removable only */
	__u32 block_size;	/* 512 to 4096, a power of two */
	__u32 physical_block_size;	/* 0: block_size */
	__u32 optimal_transfer;	/* bytes; these: 0: none */
	__u32 unmap_granularity;	/* bytes */
	__u32 unmap_alignment;	/* bytes */
	__u32 max_atomic;	/* bytes of a WRITE that is all or nothing */
	__u16 rotation_rate;	/* SBC-4 6.5.3; 0: unknown, 1: solid */
	__u16 lowest_aligned;	/* block */

	/* RAW. */
	__u32 nr_opcodes;	/* of struct scst_user_opcode */
	__u64 opcodes;		/* pointer */
	__u32 nr_mode_pages;
	__u32 nr_vpd_pages;
	__u64 mode_pages;	/* pointer */
	__u64 vpd_pages;	/* pointer */
	__u8 mode_device_specific;	/* mode parameter header, without WP */
	__u8 reserved1[7];

	/* Identity; what is zero or empty is as configfs says. */
	__u64 naa;		/* NAA designator */
	char vendor[8];		/* no NUL where it fills the field */
	char product[16];
	char revision[4];
	__u32 reserved2;
	char serial[SCST_USER_SERIAL_MAX];
	__u16 version_descriptors[8];	/* RAW; SPC-5 6.6.2, zero-terminated */

	/* out */
	__u64 generation;
	__u64 map_size;		/* of everything */
	__u64 queue_offset;
	__u64 queue_stride;
	__u64 arena_offset;
	__u64 arena_bytes;	/* arena_size, or what was chosen */
	__u32 entries;		/* of both rings of a queue */
	__u32 requests_offset;
	__u32 replies_offset;
	__u32 sense_offset;
	__u64 reserved3[16];
};

/*
 * A batch: the kernel takes up to @replies replies of the queue, puts what
 * waited for room into the ring of requests, and, when @min is not 0, waits
 * until there are @min requests, or @timeout_ms have passed, or the attachment
 * has ended, or a signal comes.
 *
 * -ESHUTDOWN: the attachment has ended, see scst_user_control.state; whoever
 * wants to go on opens the device file anew. -EINTR: by a signal, and no reply
 * was taken. -EINVAL: the queue, flags, or indices that cannot be: the
 * attachment ends.
 *
 * By io_uring: IORING_OP_URING_CMD with cmd_op SCST_USER_IOC_ENTER and a struct
 * scst_user_enter_cmd in sqe->cmd; it never waits, and its result is 0 or a
 * negative errno. To wait, IORING_OP_POLL_ADD.
 *
 * poll(): POLLIN: a queue has requests; POLLHUP: the attachment has ended. On
 * the descriptor that attached it speaks for all queues, see also JOIN.
 */
#define SCST_USER_NO_TIMEOUT (~0U)

struct scst_user_enter {
	__u32 queue;
	__u32 flags;		/* none yet */
	__u32 replies;		/* in: at most; out: taken */
	__u32 min;		/* in: requests to wait for; out: there are */
	__u32 timeout_ms;
	__u32 reserved[3];
};

struct scst_user_enter_cmd {
	__u16 queue;
	__u16 flags;		/* none yet */
	__u32 replies;		/* at most */
	__u64 reserved;
};

/*
 * What changes at run time. From any thread, at any time while attached;
 * initiators hear of it by the unit attention that belongs to it.
 */
enum scst_user_set_what {
	/* disk: resized to value; a removable one: the medium that it has is */
	SCST_USER_SET_BYTES = 1,
	SCST_USER_SET_READ_ONLY,	/* value: 0, 1 */
	/* removable disk: another medium, of value bytes; 0: it has none */
	SCST_USER_SET_MEDIUM,
	/* value: a unit attention as in scst_user_reply.sense, for all but @except */
	SCST_USER_SET_UNIT_ATTENTION,
};

struct scst_user_set {
	__u32 what;
	__u32 reserved;
	__u64 value;
	__u64 except;		/* a nexus; 0: none */
	__u64 reserved2;
};

/*
 * On a descriptor just opened: it becomes one more for the attachment of the
 * descriptor @fd, whose poll() speaks for one queue, for a thread that waits
 * for that queue alone. ENTER, SET and AFFINITY go by any of them. The
 * attachment ends with the descriptor that attached.
 */
struct scst_user_join {
	__s32 fd;
	__u32 queue;
};

/* Which processors' commands come by a queue. */
struct scst_user_affinity {
	__u32 queue;
	__u32 len;		/* in: bytes at @mask; out: bytes written */
	__u64 mask;		/* pointer; bit N of the bytes: processor N */
};

#define SCST_USER_IOC_INFO     _IOWR(0xd5, 0x00, struct scst_user_info)
#define SCST_USER_IOC_ATTACH   _IOWR(0xd5, 0x01, struct scst_user_attach)
#define SCST_USER_IOC_ENTER    _IOWR(0xd5, 0x02, struct scst_user_enter)
#define SCST_USER_IOC_SET      _IOW(0xd5, 0x03, struct scst_user_set)
/*
 * The handler goes, and nothing of it works on an unanswered request any more.
 * Its mappings keep a successor waiting until they are gone.
 */
#define SCST_USER_IOC_DETACH   _IO(0xd5, 0x04)
#define SCST_USER_IOC_AFFINITY _IOWR(0xd5, 0x05, struct scst_user_affinity)
#define SCST_USER_IOC_JOIN     _IOW(0xd5, 0x06, struct scst_user_join)

#ifdef __cplusplus
#define SCST_USER_ASSERT(what) static_assert(what, #what)
#else
#define SCST_USER_ASSERT(what) _Static_assert(what, #what)
#endif

SCST_USER_ASSERT(sizeof(struct scst_user_request) == 128);
SCST_USER_ASSERT(sizeof(struct scst_user_reply) == 64);
SCST_USER_ASSERT(sizeof(struct scst_user_queue) == 128);
SCST_USER_ASSERT(sizeof(struct scst_user_control) == 128);
SCST_USER_ASSERT(sizeof(struct scst_user_info) == 72);
SCST_USER_ASSERT(sizeof(struct scst_user_opcode) == 24);
SCST_USER_ASSERT(sizeof(struct scst_user_mode_page) == 112);
SCST_USER_ASSERT(sizeof(struct scst_user_vpd_page) == 16);
SCST_USER_ASSERT(sizeof(struct scst_user_attach) == 512);
SCST_USER_ASSERT(sizeof(struct scst_user_enter) == 32);
SCST_USER_ASSERT(sizeof(struct scst_user_enter_cmd) == 16);
SCST_USER_ASSERT(sizeof(struct scst_user_set) == 32);
SCST_USER_ASSERT(sizeof(struct scst_user_affinity) == 16);
SCST_USER_ASSERT(sizeof(struct scst_user_join) == 8);

#endif
