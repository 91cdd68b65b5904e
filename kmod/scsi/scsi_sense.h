/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the outcomes a device server reports, as constants.
 *
 * A sense constant packs sense key, ASC and ASCQ (SPC-5 4.4). It is the only
 * currency between a backend, a device server and the core; sense data on
 * the wire is made from it once, by scst_sense_encode(), in the format that
 * the initiator asked for with D_SENSE.
 */
#ifndef SCSI_SENSE_H
#define SCSI_SENSE_H

#include "core_os.h"

enum scsi_sense_key {
	KEY_NO_SENSE	    = 0x0,
	KEY_RECOVERED	    = 0x1,
	KEY_NOT_READY	    = 0x2,
	KEY_MEDIUM_ERROR    = 0x3,
	KEY_HARDWARE_ERROR  = 0x4,
	KEY_ILLEGAL_REQUEST = 0x5,
	KEY_UNIT_ATTENTION  = 0x6,
	KEY_DATA_PROTECT    = 0x7,
	KEY_BLANK_CHECK	    = 0x8,
	KEY_COPY_ABORTED    = 0xa,
	KEY_ABORTED_COMMAND = 0xb,
	KEY_VOLUME_OVERFLOW = 0xd,
	KEY_MISCOMPARE	    = 0xe,
	KEY_COMPLETED	    = 0xf,
};

#define SENSE(key, asc, ascq) (((key) << 16) | ((asc) << 8) | (ascq))
#define SENSE_KEY(s)  (((s) >> 16) & 0xf)
#define SENSE_ASC(s)  (((s) >> 8) & 0xff)
#define SENSE_ASCQ(s) ((s) & 0xff)

enum scst_sense {
	SENSE_NONE = 0,
	/* Not sense: status BUSY, for want of resources (SAM-6 5.3.1). */
	SENSE_BUSY = 1 << 24,
#define RE KEY_RECOVERED
	SENSE_DEFECT_LIST_NOT_FOUND	= SENSE(RE, 0x1c, 0x00),
#undef RE
#define NR KEY_NOT_READY
	SENSE_NOT_READY			= SENSE(NR, 0x04, 0x00),
	SENSE_BECOMING_READY		= SENSE(NR, 0x04, 0x01),
	SENSE_NEEDS_START		= SENSE(NR, 0x04, 0x02),
	SENSE_ALUA_TRANSITION		= SENSE(NR, 0x04, 0x0a),
	SENSE_PORT_STANDBY		= SENSE(NR, 0x04, 0x0b),
	SENSE_PORT_UNAVAILABLE		= SENSE(NR, 0x04, 0x0c),
	SENSE_LUN_OFFLINE		= SENSE(NR, 0x04, 0x12),
	SENSE_SANITIZE_IN_PROGRESS	= SENSE(NR, 0x04, 0x1b),
	SENSE_NO_MEDIUM			= SENSE(NR, 0x3a, 0x00),
	SENSE_NO_MEDIUM_TRAY_CLOSED	= SENSE(NR, 0x3a, 0x01),
	SENSE_NO_MEDIUM_TRAY_OPEN	= SENSE(NR, 0x3a, 0x02),
#undef NR
#define ME KEY_MEDIUM_ERROR
	SENSE_WRITE_ERROR		= SENSE(ME, 0x0c, 0x00),
	SENSE_READ_ERROR		= SENSE(ME, 0x11, 0x00),
	SENSE_SANITIZE_FAILED		= SENSE(ME, 0x31, 0x03),
#undef ME
#define HW KEY_HARDWARE_ERROR
	SENSE_INTERNAL_FAILURE		= SENSE(HW, 0x44, 0x00),
#undef HW
#define IR KEY_ILLEGAL_REQUEST
	SENSE_OPERATION_IN_PROGRESS	= SENSE(IR, 0x00, 0x16),
	SENSE_PARAM_LENGTH_ERROR	= SENSE(IR, 0x1a, 0x00),
	SENSE_INVALID_OPCODE		= SENSE(IR, 0x20, 0x00),
	SENSE_LBA_OUT_OF_RANGE		= SENSE(IR, 0x21, 0x00),
	SENSE_INVALID_FIELD_IN_CDB	= SENSE(IR, 0x24, 0x00),
	SENSE_LUN_NOT_SUPPORTED		= SENSE(IR, 0x25, 0x00),
	SENSE_INVALID_FIELD_IN_PARAM	= SENSE(IR, 0x26, 0x00),
	SENSE_PARAM_NOT_SUPPORTED	= SENSE(IR, 0x26, 0x01),
	SENSE_PARAM_VALUE_INVALID	= SENSE(IR, 0x26, 0x02),
	SENSE_INVALID_RELEASE		= SENSE(IR, 0x26, 0x04),
	SENSE_TOO_MANY_CSCDS		= SENSE(IR, 0x26, 0x06),
	SENSE_BAD_CSCD_TYPE		= SENSE(IR, 0x26, 0x07),
	SENSE_TOO_MANY_SEGMENTS		= SENSE(IR, 0x26, 0x08),
	SENSE_BAD_SEGMENT_TYPE		= SENSE(IR, 0x26, 0x09),
	SENSE_INLINE_DATA_EXCEEDED	= SENSE(IR, 0x26, 0x0b),
	SENSE_INCOMPATIBLE_FORMAT	= SENSE(IR, 0x30, 0x02),
	SENSE_SAVING_NOT_SUPPORTED	= SENSE(IR, 0x39, 0x00),
	SENSE_INVALID_MESSAGE		= SENSE(IR, 0x49, 0x00),
	SENSE_REMOVAL_PREVENTED		= SENSE(IR, 0x53, 0x02),
	SENSE_INSUFFICIENT_RESOURCES	= SENSE(IR, 0x55, 0x03),
	SENSE_INSUFFICIENT_REGISTRATIONS = SENSE(IR, 0x55, 0x04),
	SENSE_ILLEGAL_TRACK_MODE	= SENSE(IR, 0x64, 0x00),
#undef IR
#define UA KEY_UNIT_ATTENTION
	SENSE_UA_MEDIUM_CHANGED		= SENSE(UA, 0x28, 0x00),
	SENSE_UA_RESET			= SENSE(UA, 0x29, 0x00),
	SENSE_UA_POWER_ON		= SENSE(UA, 0x29, 0x01),
	SENSE_UA_BUS_RESET		= SENSE(UA, 0x29, 0x02),
	SENSE_UA_DEVICE_RESET		= SENSE(UA, 0x29, 0x03),
	SENSE_UA_NEXUS_LOSS		= SENSE(UA, 0x29, 0x07),
	SENSE_UA_MODE_CHANGED		= SENSE(UA, 0x2a, 0x01),
	SENSE_UA_RESV_PREEMPTED		= SENSE(UA, 0x2a, 0x03),
	SENSE_UA_RESV_RELEASED		= SENSE(UA, 0x2a, 0x04),
	SENSE_UA_REGS_PREEMPTED		= SENSE(UA, 0x2a, 0x05),
	SENSE_UA_ALUA_CHANGED		= SENSE(UA, 0x2a, 0x06),
	SENSE_UA_CAPACITY_CHANGED	= SENSE(UA, 0x2a, 0x09),
	SENSE_UA_TASKS_CLEARED		= SENSE(UA, 0x2f, 0x00),
	SENSE_UA_INQUIRY_CHANGED	= SENSE(UA, 0x3f, 0x03),
	SENSE_UA_LUNS_CHANGED		= SENSE(UA, 0x3f, 0x0e),
#undef UA
#define DP KEY_DATA_PROTECT
	SENSE_WRITE_PROTECTED		= SENSE(DP, 0x27, 0x00),
	SENSE_SOFTWARE_WRITE_PROTECTED	= SENSE(DP, 0x27, 0x02),
	SENSE_SPACE_EXHAUSTED		= SENSE(DP, 0x27, 0x07),
#undef DP
#define CA KEY_COPY_ABORTED
	SENSE_COPY_ABORTED		= SENSE(CA, 0x00, 0x00),
	SENSE_COPY_UNREACHABLE		= SENSE(CA, 0x08, 0x04),
	SENSE_COPY_NOT_REACHABLE	= SENSE(CA, 0x0d, 0x02),
	SENSE_COPY_WRONG_TYPE		= SENSE(CA, 0x0d, 0x03),
	SENSE_COPY_INVALID_FIELD	= SENSE(CA, 0x26, 0x00),
	SENSE_COPY_INEXACT		= SENSE(CA, 0x26, 0x0a),
#undef CA
#define AC KEY_ABORTED_COMMAND
	SENSE_ABORTED			= SENSE(AC, 0x00, 0x00),
	SENSE_NOT_ENOUGH_DATA_OUT	= SENSE(AC, 0x0c, 0x0d),
	SENSE_TOO_MUCH_DATA_OUT		= SENSE(AC, 0x0c, 0x0c),
	SENSE_PROTOCOL_CRC		= SENSE(AC, 0x47, 0x05),
	SENSE_INITIATOR_ERROR		= SENSE(AC, 0x48, 0x00),
	SENSE_DATA_PHASE_ERROR		= SENSE(AC, 0x4b, 0x00),
	SENSE_TOO_MUCH_DATA		= SENSE(AC, 0x4b, 0x02),
	SENSE_DATA_OFFSET_ERROR		= SENSE(AC, 0x4b, 0x05),
#undef AC
	SENSE_MISCOMPARE_VERIFY		= SENSE(KEY_MISCOMPARE, 0x1d, 0x00),
};

/*
 * Sense as a device server states it: the constant and what belongs to it.
 * @info is the INFORMATION field (an LBA, a residual), valid with @has_info.
 * @field points at the byte of CDB or parameter list that was wrong (SPC-5
 * 4.4.2.4.2, field pointer), valid with @has_field; @progress how far the
 * unit is from being ready, in 65536ths, valid with @has_progress.
 */
struct scst_sense_data {
	enum scst_sense sense;
	u64 info;
	u32 specific;		/* COMMAND-SPECIFIC INFORMATION */
	u16 field;
	u16 progress;
	u8 field_bit;		/* highest bad bit, or SENSE_NO_BIT */
	u8 has_info : 1;
	u8 has_field : 1;
	u8 field_in_cdb : 1;	/* else in the parameter list */
	u8 deferred : 1;
	u8 filemark : 1;
	u8 eom : 1;
	u8 ili : 1;
	u8 has_progress : 1;
};

#define SENSE_NO_BIT 0xff

/* Room that any encoded sense data of ours fits in. */
#define SCST_SENSE_MAX 96

unsigned int scst_sense_encode(const struct scst_sense_data *sd,
			       bool descriptor, u8 *buf, unsigned int size);

/* Words for the log: of the sense constant, else of its sense key. */
const char *scst_sense_name(enum scst_sense sense);

#endif
