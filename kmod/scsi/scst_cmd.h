/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: a command as a device server sees it.
 *
 * The core embeds a struct scst_cmd in each task and hands it to the SPC
 * device server or to the device's media device server; over the kernel ring
 * the library fills one from a ring entry. A device server knows nothing
 * else of where a command came from.
 *
 * Life: execute() is called once. The server sets the outcome with
 * scst_cmd_good() or one of the scst_cmd_fail*() calls, from any context,
 * exactly once; each of them ends in cmd->done(), after which the command
 * must not be touched.
 */
#ifndef SCST_CMD_H
#define SCST_CMD_H

#include "core_os.h"
#include "scsi_defs.h"
#include "scsi_sense.h"

struct scst_device;
struct scst_opcode;

enum scst_data_dir {
	SCST_DATA_NONE,
	SCST_DATA_OUT,		/* initiator to target */
	SCST_DATA_IN,
};

struct scst_cmd {
	/* The request. Read-only for a device server. */
	const u8 *cdb;
	u16 cdb_len;
	u8 dir;			/* enum scst_data_dir, as the transport says */
	bool aborted;		/* advice: nobody waits any more; READ_ONCE */
	/*
	 * Bytes that the transport moves at most: received Data-Out, or room
	 * for Data-In. The buffer behind @segs is at least this long, rounded
	 * up to SCST_DATA_ALIGN, so that a last partial block fits. A device
	 * server may cut the list behind @segs to what the command moves.
	 */
	u32 data_len;
	u32 nr_segs;
	struct core_seg *segs;
	struct core_seg seg;	/* where @segs points when one is enough */
	void *data_priv;	/* of whoever allocated the buffer */

	const struct scst_opcode *opcode;	/* the row that matched */
	struct scst_device *dev;	/* NULL outside the core's process */
	void *lu;		/* the media device server's logical unit */
	u64 nexus_id;		/* I_T nexus, never reused */

	/* The outcome. */
	u8 status;		/* enum scsi_status */
	u8 raw_sense_len;
	u8 *raw_sense;		/* instead of @sense; kfree()d by the owner */
	struct scst_sense_data sense;
	/*
	 * Bytes that the command would move were the buffer long enough, and
	 * bytes of Data-In that are there; residuals follow from both and
	 * from data_len (SAM-6 5.4.2).
	 */
	u64 wanted;
	u32 data_in;

	void (*done)(struct scst_cmd *cmd);

	/* Scratch of the device server and of the backend behind it. */
	u64 server[26];
	u64 backend[32];
};

/* Data buffers are a multiple of this, and no block is longer. */
#define SCST_DATA_ALIGN 4096u

static inline void scst_cmd_complete(struct scst_cmd *cmd, u8 status)
{
	cmd->status = status;
	cmd->done(cmd);
}

static inline void scst_cmd_good(struct scst_cmd *cmd)
{
	scst_cmd_complete(cmd, SCSI_GOOD);
}

/*
 * CHECK CONDITION with @sense; SENSE_BUSY becomes the status BUSY. Data-In
 * that the server announced in data_in goes with it.
 */
void scst_cmd_fail(struct scst_cmd *cmd, enum scst_sense sense);

/* The same, with all that @sd says besides. */
void scst_cmd_fail_with(struct scst_cmd *cmd,
			const struct scst_sense_data *sd);

/* ... with a value for the INFORMATION field. */
void scst_cmd_fail_info(struct scst_cmd *cmd, enum scst_sense sense, u64 info);

/*
 * INVALID FIELD IN CDB with a field pointer to @byte and its highest wrong
 * @bit (SENSE_NO_BIT: the whole byte).
 */
void scst_cmd_bad_cdb(struct scst_cmd *cmd, u16 byte, u8 bit);

/* INVALID FIELD IN PARAMETER LIST, the same way. */
void scst_cmd_bad_param(struct scst_cmd *cmd, u16 byte, u8 bit);

/*
 * Parameter data for the initiator: copies @len bytes of @buf, as many as
 * the CDB's allocation length @alloc and the buffer take, and completes with
 * GOOD (SPC-5 4.2.5.6: truncation is no error).
 */
void scst_cmd_reply(struct scst_cmd *cmd, const void *buf, size_t len,
		    size_t alloc);

/*
 * The parameter list of @len bytes, as the CDB gives its length: copies it to
 * @buf. Returns false, with the command completed, when the transport
 * delivered less (PARAMETER LIST LENGTH ERROR).
 */
bool scst_cmd_get_params(struct scst_cmd *cmd, void *buf, size_t len);

/*
 * REQUEST SENSE: the unit attention that is pending, if there is one in the
 * core's process; else @pollable (SPC-5 6.39).
 */
void scst_cmd_request_sense(struct scst_cmd *cmd,
			    const struct scst_sense_data *pollable);

/* Bytes of Data-Out that came; none in the other direction. */
static inline u32 scst_cmd_data_out(const struct scst_cmd *cmd)
{
	return cmd->dir == SCST_DATA_OUT ? cmd->data_len : 0;
}

/* Room for Data-In, likewise. */
static inline u32 scst_cmd_data_in(const struct scst_cmd *cmd)
{
	return cmd->dir == SCST_DATA_IN ? cmd->data_len : 0;
}

/*
 * Data buffer of @cmd: byte @off from and to @buf; bytes copied, none in the
 * wrong direction.
 */
size_t scst_cmd_copy_out(const struct scst_cmd *cmd, size_t off, void *buf,
			 size_t len);
size_t scst_cmd_copy_in(const struct scst_cmd *cmd, size_t off,
			const void *buf, size_t len);

#endif
