/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLIC: the raw layer.
 *
 * For devices that no typed layer covers, or for those who want the CDB. The
 * handler names the commands it answers; only those reach it. The library
 * answers everything else that any device must: INQUIRY from the identity,
 * REPORT LUNS, REQUEST SENSE, MODE SENSE, RESERVE, REPORT SUPPORTED OPERATION
 * CODES, and so on.
 */
#ifndef SCSTUSER_RAW_H
#define SCSTUSER_RAW_H

#include <scstuser/request.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which way a command's data goes, seen from the initiator. */
enum scstu_direction {
	SCSTU_NO_DATA = 0,
	SCSTU_DATA_IN,		/* the handler fills the buffer */
	SCSTU_DATA_OUT,		/* the handler takes the buffer */
};

#define SCSTU_NO_SERVICE_ACTION 0xffff

/* A command that the handler answers. */
struct scstu_opcode {
	uint8_t opcode;
	uint8_t cdb_length;		/* 6, 10, 12, 16 or 32 */
	uint16_t service_action;	/* or SCSTU_NO_SERVICE_ACTION */
	enum scstu_direction direction;
	bool writes;			/* refused on a read-only LUN */
	/*
	 * CDB usage data for REPORT SUPPORTED OPERATION CODES (SPC-5 6.35.3):
	 * a one for each bit that the handler reads. All zero: every bit.
	 */
	uint8_t usage[16];
};

struct scstu_raw_ops {
	size_t size;			/* SCSTU_RAW_OPS_INIT */
	const struct scstu_opcode *opcodes;
	size_t opcode_count;

	/*
	 * Execute a command.
	 * Replies: scstu_done after scstu_raw_transferred() when data moved,
	 * scstu_fail, scstu_raw_fail, scstu_raw_status, scstu_fail_errno,
	 * scstu_pass.
	 */
	void (*execute)(struct scstu_req *req);

	/*
	 * The logical unit was reset: forget soft state. Called like execute,
	 * behind the requests that were issued before. Optional.
	 */
	void (*reset)(struct scstu_dev *dev);
};

#define SCSTU_RAW_OPS_INIT .size = sizeof(struct scstu_raw_ops)

/* What an initiator learns of the device from INQUIRY. */
struct scstu_raw {
	size_t size;			/* SCSTU_RAW_INIT */
	uint8_t type;			/* peripheral device type, SPC-5 6.6.2 */
	bool removable;
	bool read_only;
	uint32_t max_transfer;		/* bytes of one command; 0: 1 MiB */
};

#define SCSTU_RAW_INIT .size = sizeof(struct scstu_raw)

/* Declare the device; in open(). As scstu_disk_configure(). */
SCSTU_API int scstu_raw_configure(struct scstu_dev *dev,
				  const struct scstu_raw *raw);

/* The command descriptor block; *@length its bytes. */
SCSTU_API const uint8_t *scstu_raw_cdb(const struct scstu_req *req,
				       size_t *length);

/* The I_T nexus that sent it: equal for equal nexuses, never used again. */
SCSTU_API uint64_t scstu_raw_nexus(const struct scstu_req *req);

/*
 * How much data moved: @moved bytes of the buffer, of @wanted that the
 * command would have moved with a longer one. Also before scstu_fail(): data
 * together with CHECK CONDITION is delivered.
 */
SCSTU_API void scstu_raw_transferred(struct scstu_req *req, size_t moved,
				     size_t wanted);

/* End with a status other than CHECK CONDITION (SAM-6 5.3.1), say BUSY. */
SCSTU_API void scstu_raw_status(struct scstu_req *req, uint8_t status);

/* CHECK CONDITION with sense data of the handler's own; at most 252 bytes. */
SCSTU_API void scstu_raw_fail(struct scstu_req *req, const uint8_t *sense,
			      size_t length);

/* Not for me: let the library answer, or refuse, this command. */
SCSTU_API void scstu_pass(struct scstu_req *req);

#ifdef __cplusplus
}
#endif
#endif
