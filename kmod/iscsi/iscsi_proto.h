/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: iSCSI on the wire (RFC 7143 clause 11).
 *
 * Every basic header segment is 48 bytes; struct iscsi_bhs is their common
 * shape and one union member each is what an opcode makes of it. All fields
 * are in network byte order and naturally aligned.
 */
#ifndef ISCSI_PROTO_H
#define ISCSI_PROTO_H

#include "core_os.h"

#define ISCSI_BHS_LEN	 48
#define ISCSI_DIGEST_LEN 4
#define ISCSI_PORT	 3260
#define ISCSI_NAME_MAX	 223	/* RFC 7143 4.2.7.1 */
#define ISCSI_TAG_NONE	 0xffffffffu

enum iscsi_opcode {
	/* from the initiator */
	ISCSI_NOP_OUT	 = 0x00,
	ISCSI_SCSI_CMD	 = 0x01,
	ISCSI_TMF_REQ	 = 0x02,
	ISCSI_LOGIN_REQ	 = 0x03,
	ISCSI_TEXT_REQ	 = 0x04,
	ISCSI_DATA_OUT	 = 0x05,
	ISCSI_LOGOUT_REQ = 0x06,
	ISCSI_SNACK	 = 0x10,
	/* from the target */
	ISCSI_NOP_IN	 = 0x20,
	ISCSI_SCSI_RSP	 = 0x21,
	ISCSI_TMF_RSP	 = 0x22,
	ISCSI_LOGIN_RSP	 = 0x23,
	ISCSI_TEXT_RSP	 = 0x24,
	ISCSI_DATA_IN	 = 0x25,
	ISCSI_LOGOUT_RSP = 0x26,
	ISCSI_R2T	 = 0x31,
	ISCSI_ASYNC	 = 0x32,
	ISCSI_REJECT	 = 0x3f,
};

#define ISCSI_OPCODE_MASK 0x3f
#define ISCSI_IMMEDIATE	  0x40	/* I bit of a request */
#define ISCSI_FINAL	  0x80	/* F bit, byte 1 of most PDUs */

/* SCSI Command, byte 1 */
#define ISCSI_CMD_READ	  0x40
#define ISCSI_CMD_WRITE	  0x20
#define ISCSI_CMD_ATTR	  0x07

enum iscsi_attr {
	ISCSI_ATTR_UNTAGGED = 0,
	ISCSI_ATTR_SIMPLE   = 1,
	ISCSI_ATTR_ORDERED  = 2,
	ISCSI_ATTR_HOQ	    = 3,
	ISCSI_ATTR_ACA	    = 4,
};

/* SCSI Response and Data-In, byte 1 */
#define ISCSI_RSP_BIDI_OVER  0x10
#define ISCSI_RSP_BIDI_UNDER 0x08
#define ISCSI_RSP_OVERFLOW   0x04
#define ISCSI_RSP_UNDERFLOW  0x02
#define ISCSI_DATA_IN_STATUS 0x01	/* S bit */
#define ISCSI_DATA_IN_ACK    0x40	/* A bit */

/* SCSI Response, byte 2 */
#define ISCSI_RSP_COMPLETED	 0x00
#define ISCSI_RSP_TARGET_FAILURE 0x01

/* Task management, byte 1 and byte 2 of the response */
enum iscsi_tmf_fn {
	ISCSI_TMF_ABORT_TASK	    = 1,
	ISCSI_TMF_ABORT_TASK_SET    = 2,
	ISCSI_TMF_CLEAR_ACA	    = 3,
	ISCSI_TMF_CLEAR_TASK_SET    = 4,
	ISCSI_TMF_LUN_RESET	    = 5,
	ISCSI_TMF_TARGET_WARM_RESET = 6,
	ISCSI_TMF_TARGET_COLD_RESET = 7,
	ISCSI_TMF_TASK_REASSIGN	    = 8,
};

enum iscsi_tmf_rsp {
	ISCSI_TMF_DONE		 = 0,
	ISCSI_TMF_NO_TASK	 = 1,
	ISCSI_TMF_NO_LUN	 = 2,
	ISCSI_TMF_STILL_ALLEGIANT = 3,
	ISCSI_TMF_NO_REASSIGN	 = 4,
	ISCSI_TMF_NOT_SUPPORTED	 = 5,
	ISCSI_TMF_NOT_AUTHORIZED = 6,
	ISCSI_TMF_REJECTED	 = 255,
};

/* Login, byte 1 */
#define ISCSI_LOGIN_TRANSIT  0x80
#define ISCSI_LOGIN_CONTINUE 0x40
#define ISCSI_LOGIN_CSG(b)   (((b) >> 2) & 3)
#define ISCSI_LOGIN_NSG(b)   ((b) & 3)

enum iscsi_stage {
	ISCSI_STAGE_SECURITY	= 0,
	ISCSI_STAGE_OPERATIONAL = 1,
	ISCSI_STAGE_FULL	= 3,
};

/* Login response: Status-Class << 8 | Status-Detail (11.13.5) */
enum iscsi_login_status {
	ISCSI_LOGIN_OK		     = 0x0000,
	ISCSI_LOGIN_MOVED_TEMP	     = 0x0101,
	ISCSI_LOGIN_MOVED_PERM	     = 0x0102,
	ISCSI_LOGIN_INITIATOR_ERROR  = 0x0200,
	ISCSI_LOGIN_AUTH_FAILED	     = 0x0201,
	ISCSI_LOGIN_NOT_ALLOWED	     = 0x0202,
	ISCSI_LOGIN_NOT_FOUND	     = 0x0203,
	ISCSI_LOGIN_TARGET_REMOVED   = 0x0204,
	ISCSI_LOGIN_BAD_VERSION	     = 0x0205,
	ISCSI_LOGIN_TOO_MANY_CONNS   = 0x0206,
	ISCSI_LOGIN_MISSING_PARAM    = 0x0207,
	ISCSI_LOGIN_NO_INCLUDE	     = 0x0208,
	ISCSI_LOGIN_BAD_SESSION_TYPE = 0x0209,
	ISCSI_LOGIN_NO_SESSION	     = 0x020a,
	ISCSI_LOGIN_INVALID_REQUEST  = 0x020b,
	ISCSI_LOGIN_TARGET_ERROR     = 0x0300,
	ISCSI_LOGIN_UNAVAILABLE	     = 0x0301,
	ISCSI_LOGIN_NO_RESOURCES     = 0x0302,
};

/* Text, byte 1 */
#define ISCSI_TEXT_CONTINUE 0x40

/* Logout, byte 1 and byte 2 of the response */
enum iscsi_logout_reason {
	ISCSI_LOGOUT_SESSION	= 0,
	ISCSI_LOGOUT_CONNECTION = 1,
	ISCSI_LOGOUT_RECOVERY	= 2,
};

enum iscsi_logout_rsp {
	ISCSI_LOGOUT_DONE	 = 0,
	ISCSI_LOGOUT_NO_CID	 = 1,
	ISCSI_LOGOUT_NO_RECOVERY = 2,
	ISCSI_LOGOUT_FAILED	 = 3,
};

/* Asynchronous message, byte 36 */
enum iscsi_async_event {
	ISCSI_ASYNC_SCSI	 = 0,
	ISCSI_ASYNC_LOGOUT	 = 1,
	ISCSI_ASYNC_DROP_CONN	 = 2,
	ISCSI_ASYNC_DROP_SESSION = 3,
	ISCSI_ASYNC_NEGOTIATE	 = 4,
};

/* Reject, byte 2 (11.17.1) */
enum iscsi_reject_reason {
	ISCSI_REJECT_DATA_DIGEST   = 0x02,
	ISCSI_REJECT_SNACK	   = 0x03,
	ISCSI_REJECT_PROTOCOL	   = 0x04,
	ISCSI_REJECT_NOT_SUPPORTED = 0x05,
	ISCSI_REJECT_IMMEDIATE	   = 0x06,
	ISCSI_REJECT_IN_PROGRESS   = 0x07,
	ISCSI_REJECT_BAD_ACK	   = 0x08,
	ISCSI_REJECT_INVALID_FIELD = 0x09,
	ISCSI_REJECT_LONG_OP	   = 0x0a,
	ISCSI_REJECT_OUT_OF_RESOURCES = 0x0b,
	ISCSI_REJECT_LOGOUT	   = 0x0c,
};

struct iscsi_bhs {
	u8 opcode;		/* opcode, I bit */
	u8 flags;
	u8 byte2;		/* response codes, login versions */
	u8 byte3;
	u8 ahs_len;		/* in words of four bytes */
	u8 data_len[3];
	u8 lun[8];		/* login: ISID[6], TSIH[2] */
	__be32 itt;
	union {
		__be32 word[7];
		struct {
			__be32 expected;	/* expected data length */
			__be32 cmd_sn;
			__be32 exp_stat_sn;
			u8 cdb[16];
		} cmd;
		struct {
			__be32 snack_tag;
			__be32 stat_sn;
			__be32 exp_cmd_sn;
			__be32 max_cmd_sn;
			__be32 exp_data_sn;
			__be32 bidi_residual;
			__be32 residual;
		} rsp;
		struct {
			__be32 ref_tag;
			__be32 cmd_sn;
			__be32 exp_stat_sn;
			__be32 ref_cmd_sn;
			__be32 exp_data_sn;
			__be32 rsvd[2];
		} tmf;
		struct {
			__be32 ttt;
			__be32 rsvd0;
			__be32 exp_stat_sn;
			__be32 rsvd1;
			__be32 data_sn;
			__be32 offset;
			__be32 rsvd2;
		} data_out;
		struct {
			__be32 ttt;
			__be32 stat_sn;
			__be32 exp_cmd_sn;
			__be32 max_cmd_sn;
			__be32 data_sn;
			__be32 offset;
			__be32 residual;
		} data_in;
		struct {
			__be32 ttt;
			__be32 stat_sn;
			__be32 exp_cmd_sn;
			__be32 max_cmd_sn;
			__be32 r2t_sn;
			__be32 offset;
			__be32 length;
		} r2t;
		struct {
			__be16 cid;
			__be16 rsvd0;
			__be32 cmd_sn;
			__be32 exp_stat_sn;
			__be32 rsvd1[4];
		} login_req;
		struct {
			__be32 rsvd0;
			__be32 stat_sn;
			__be32 exp_cmd_sn;
			__be32 max_cmd_sn;
			__be16 status;	/* enum iscsi_login_status */
			__be16 rsvd1;
			__be32 rsvd2[2];
		} login_rsp;
		struct {
			__be16 cid;
			__be16 rsvd0;
			__be32 cmd_sn;
			__be32 exp_stat_sn;
			__be32 rsvd1[4];
		} logout_req;
		struct {
			__be32 rsvd0;
			__be32 stat_sn;
			__be32 exp_cmd_sn;
			__be32 max_cmd_sn;
			__be32 rsvd1;
			__be16 time2wait;
			__be16 time2retain;
			__be32 rsvd2;
		} logout_rsp;
		/* NOP-Out, Text Request */
		struct {
			__be32 ttt;
			__be32 cmd_sn;
			__be32 exp_stat_sn;
			__be32 rsvd[4];
		} req;
		/* NOP-In, Text Response, TMF response, Reject, Async */
		struct {
			__be32 ttt;
			__be32 stat_sn;
			__be32 exp_cmd_sn;
			__be32 max_cmd_sn;
			u8 async_event;		/* Reject: DataSN[4] */
			u8 async_vcode;
			__be16 param1;
			__be16 param2;
			__be16 param3;
			__be32 rsvd;
		} in;
	};
};

static_assert(sizeof(struct iscsi_bhs) == ISCSI_BHS_LEN,
	      "a basic header segment has 48 bytes");

static inline u32 iscsi_data_len(const struct iscsi_bhs *bhs)
{
	return get_unaligned_be24(bhs->data_len);
}

static inline void iscsi_set_data_len(struct iscsi_bhs *bhs, u32 len)
{
	put_unaligned_be24(len, bhs->data_len);
}

static inline u8 iscsi_opcode(const struct iscsi_bhs *bhs)
{
	return bhs->opcode & ISCSI_OPCODE_MASK;
}

/* Data segments are padded to words. */
static inline u32 iscsi_pad(u32 len)
{
	return -len & 3;
}

/* Serial numbers (RFC 1982, 32 bits): is @a before @b? */
static inline bool iscsi_sn_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

#endif
