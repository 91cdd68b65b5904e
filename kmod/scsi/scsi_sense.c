// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: sense data on the wire, and names for the log.
 *
 * Both formats are built in full in a local buffer and then cut to what the
 * caller takes, so that SDAT_OVFL can say so (SPC-5 4.4.2.1, 4.4.3).
 */
#include "core_os.h"
#include "scsi_sense.h"

enum {
	RESPONSE_FIXED	    = 0x70,
	RESPONSE_DESCRIPTOR = 0x72,
	RESPONSE_DEFERRED   = 0x01,	/* added to either */

	FIXED_LEN	 = 18,
	DESCRIPTOR_START = 8,
};

/* FILEMARK, EOM and ILI have the same place in all formats. */
static u8 sense_stream_bits(const struct scst_sense_data *sd)
{
	return (sd->filemark ? 0x80 : 0) | (sd->eom ? 0x40 : 0) |
	       (sd->ili ? 0x20 : 0);
}

/* What the sense key specific data would be belongs to its sense key only. */
static bool sense_has_specific(const struct scst_sense_data *sd)
{
	switch (SENSE_KEY(sd->sense)) {
	case KEY_ILLEGAL_REQUEST:
		return sd->has_field;
	case KEY_NOT_READY:
		return sd->has_progress;
	default:
		return false;
	}
}

/* A field pointer, or a progress indication (SPC-5 4.4.2.4.2, 4.4.2.4.4). */
static void sense_put_specific(const struct scst_sense_data *sd, u8 *p)
{
	p[0] = 0x80;				/* SKSV */
	if (SENSE_KEY(sd->sense) == KEY_NOT_READY) {
		put_unaligned_be16(sd->progress, p + 1);
		return;
	}
	if (sd->field_in_cdb)
		p[0] |= 0x40;			/* C/D */
	if (sd->field_bit != SENSE_NO_BIT)
		p[0] |= 0x08 | (sd->field_bit & 7);	/* BPV, BIT POINTER */
	put_unaligned_be16(sd->field, p + 1);
}

/* Fixed format (SPC-5 4.4.3). An INFORMATION too wide for it is left out. */
static unsigned int sense_fixed(const struct scst_sense_data *sd, u8 *buf)
{
	buf[0] = RESPONSE_FIXED + (sd->deferred ? RESPONSE_DEFERRED : 0);
	buf[2] = sense_stream_bits(sd) | SENSE_KEY(sd->sense);
	if (sd->has_info && sd->info <= U32_MAX) {
		buf[0] |= 0x80;			/* VALID */
		put_unaligned_be32(sd->info, buf + 3);
	}
	buf[7] = FIXED_LEN - 8;
	put_unaligned_be32(sd->specific, buf + 8);
	buf[12] = SENSE_ASC(sd->sense);
	buf[13] = SENSE_ASCQ(sd->sense);
	if (sense_has_specific(sd))
		sense_put_specific(sd, buf + 15);
	return FIXED_LEN;
}

static u8 *descriptor_information(const struct scst_sense_data *sd, u8 *p)
{
	p[0] = 0x00;
	p[1] = 0x0a;
	p[2] = 0x80;				/* VALID */
	put_unaligned_be64(sd->info, p + 4);
	return p + 12;
}

static u8 *descriptor_specific(const struct scst_sense_data *sd, u8 *p)
{
	p[0] = 0x01;
	p[1] = 0x0a;
	put_unaligned_be64(sd->specific, p + 4);
	return p + 12;
}

static u8 *descriptor_key_specific(const struct scst_sense_data *sd, u8 *p)
{
	p[0] = 0x02;
	p[1] = 0x06;
	sense_put_specific(sd, p + 4);
	return p + 8;
}

static u8 *descriptor_stream(const struct scst_sense_data *sd, u8 *p)
{
	p[0] = 0x04;
	p[1] = 0x02;
	p[3] = sense_stream_bits(sd);
	return p + 4;
}

/* Descriptor format (SPC-5 4.4.2). */
static unsigned int sense_descriptor(const struct scst_sense_data *sd, u8 *buf)
{
	u8 *p = buf + DESCRIPTOR_START;

	buf[0] = RESPONSE_DESCRIPTOR + (sd->deferred ? RESPONSE_DEFERRED : 0);
	buf[1] = SENSE_KEY(sd->sense);
	buf[2] = SENSE_ASC(sd->sense);
	buf[3] = SENSE_ASCQ(sd->sense);
	if (sd->has_info)
		p = descriptor_information(sd, p);
	if (sd->specific)
		p = descriptor_specific(sd, p);
	if (sense_has_specific(sd))
		p = descriptor_key_specific(sd, p);
	if (sense_stream_bits(sd))
		p = descriptor_stream(sd, p);
	buf[7] = p - buf - DESCRIPTOR_START;
	return p - buf;
}

unsigned int scst_sense_encode(const struct scst_sense_data *sd,
			       bool descriptor, u8 *buf, unsigned int size)
{
	u8 sense[SCST_SENSE_MAX] = { 0 };
	unsigned int len;

	if (descriptor) {
		len = sense_descriptor(sd, sense);
		sense[4] |= size < len ? 0x80 : 0;	/* SDAT_OVFL */
	} else {
		len = sense_fixed(sd, sense);
		sense[2] |= size < len ? 0x10 : 0;	/* SDAT_OVFL */
	}
	len = min(len, size);
	memcpy(buf, sense, len);
	return len;
}

/* ---- Names ------------------------------------------------------------- */

static const struct {
	enum scst_sense sense;
	const char *name;
} sense_names[] = {
	{ SENSE_NONE, "no sense" },
	{ SENSE_BUSY, "busy" },

	{ SENSE_NOT_READY, "not ready" },
	{ SENSE_BECOMING_READY, "becoming ready" },
	{ SENSE_NEEDS_START, "initializing command required" },
	{ SENSE_ALUA_TRANSITION, "asymmetric access state transition" },
	{ SENSE_PORT_STANDBY, "target port in standby state" },
	{ SENSE_PORT_UNAVAILABLE, "target port in unavailable state" },
	{ SENSE_LUN_OFFLINE, "offline" },
	{ SENSE_SANITIZE_IN_PROGRESS, "sanitize in progress" },
	{ SENSE_NO_MEDIUM, "medium not present" },
	{ SENSE_NO_MEDIUM_TRAY_CLOSED, "medium not present, tray closed" },
	{ SENSE_NO_MEDIUM_TRAY_OPEN, "medium not present, tray open" },
	{ SENSE_WRITE_ERROR, "write error" },
	{ SENSE_READ_ERROR, "unrecovered read error" },
	{ SENSE_SANITIZE_FAILED, "sanitize command failed" },
	{ SENSE_INTERNAL_FAILURE, "internal target failure" },

	{ SENSE_OPERATION_IN_PROGRESS, "operation in progress" },
	{ SENSE_TOO_MANY_CSCDS, "too many target descriptors" },
	{ SENSE_BAD_CSCD_TYPE, "unsupported target descriptor type code" },
	{ SENSE_TOO_MANY_SEGMENTS, "too many segment descriptors" },
	{ SENSE_BAD_SEGMENT_TYPE, "unsupported segment descriptor type code" },
	{ SENSE_INLINE_DATA_EXCEEDED, "inline data length exceeded" },
	{ SENSE_COPY_ABORTED, "copy aborted" },
	{ SENSE_COPY_UNREACHABLE, "unreachable copy target" },
	{ SENSE_COPY_NOT_REACHABLE, "copy target device not reachable" },
	{ SENSE_COPY_WRONG_TYPE, "incorrect copy target device type" },
	{ SENSE_COPY_INVALID_FIELD, "copy aborted, invalid field in list" },
	{ SENSE_COPY_INEXACT, "unexpected inexact segment" },
	{ SENSE_PARAM_LENGTH_ERROR, "parameter list length error" },
	{ SENSE_INVALID_OPCODE, "invalid command operation code" },
	{ SENSE_LBA_OUT_OF_RANGE, "LBA out of range" },
	{ SENSE_INVALID_FIELD_IN_CDB, "invalid field in CDB" },
	{ SENSE_LUN_NOT_SUPPORTED, "logical unit not supported" },
	{ SENSE_INVALID_FIELD_IN_PARAM, "invalid field in parameter list" },
	{ SENSE_PARAM_NOT_SUPPORTED, "parameter not supported" },
	{ SENSE_PARAM_VALUE_INVALID, "parameter value invalid" },
	{ SENSE_INVALID_RELEASE, "invalid release of reservation" },
	{ SENSE_INCOMPATIBLE_FORMAT, "medium of an incompatible format" },
	{ SENSE_SAVING_NOT_SUPPORTED, "saving parameters not supported" },
	{ SENSE_INVALID_MESSAGE, "invalid message" },
	{ SENSE_REMOVAL_PREVENTED, "medium removal prevented" },
	{ SENSE_INSUFFICIENT_RESOURCES, "insufficient resources" },
	{ SENSE_INSUFFICIENT_REGISTRATIONS,
	  "insufficient registration resources" },
	{ SENSE_ILLEGAL_TRACK_MODE, "illegal mode for this track" },

	{ SENSE_UA_MEDIUM_CHANGED, "not ready to ready change" },
	{ SENSE_UA_RESET, "reset occurred" },
	{ SENSE_UA_POWER_ON, "power on occurred" },
	{ SENSE_UA_BUS_RESET, "bus reset occurred" },
	{ SENSE_UA_DEVICE_RESET, "device reset occurred" },
	{ SENSE_UA_NEXUS_LOSS, "I_T nexus loss occurred" },
	{ SENSE_UA_MODE_CHANGED, "mode parameters changed" },
	{ SENSE_UA_RESV_PREEMPTED, "reservations preempted" },
	{ SENSE_UA_RESV_RELEASED, "reservations released" },
	{ SENSE_UA_REGS_PREEMPTED, "registrations preempted" },
	{ SENSE_UA_ALUA_CHANGED, "asymmetric access state changed" },
	{ SENSE_UA_CAPACITY_CHANGED, "capacity data has changed" },
	{ SENSE_UA_TASKS_CLEARED, "commands cleared by another initiator" },
	{ SENSE_UA_INQUIRY_CHANGED, "inquiry data has changed" },
	{ SENSE_UA_LUNS_CHANGED, "reported LUNs data has changed" },

	{ SENSE_WRITE_PROTECTED, "write protected" },
	{ SENSE_SOFTWARE_WRITE_PROTECTED, "software write protected" },
	{ SENSE_SPACE_EXHAUSTED, "space allocation failed" },
	{ SENSE_ABORTED, "aborted" },
	{ SENSE_NOT_ENOUGH_DATA_OUT, "not enough unsolicited data" },
	{ SENSE_TOO_MUCH_DATA_OUT, "unexpected unsolicited data" },
	{ SENSE_PROTOCOL_CRC, "protocol service CRC error" },
	{ SENSE_INITIATOR_ERROR, "initiator detected error" },
	{ SENSE_DATA_PHASE_ERROR, "data phase error" },
	{ SENSE_TOO_MUCH_DATA, "too much write data" },
	{ SENSE_DATA_OFFSET_ERROR, "data offset error" },
	{ SENSE_MISCOMPARE_VERIFY, "miscompare during verify" },
};

static const char *const key_names[16] = {
	[KEY_NO_SENSE] = "no sense",
	[KEY_RECOVERED] = "recovered error",
	[KEY_NOT_READY] = "not ready",
	[KEY_MEDIUM_ERROR] = "medium error",
	[KEY_HARDWARE_ERROR] = "hardware error",
	[KEY_ILLEGAL_REQUEST] = "illegal request",
	[KEY_UNIT_ATTENTION] = "unit attention",
	[KEY_DATA_PROTECT] = "data protect",
	[KEY_BLANK_CHECK] = "blank check",
	[0x9] = "vendor specific",
	[KEY_COPY_ABORTED] = "copy aborted",
	[KEY_ABORTED_COMMAND] = "aborted command",
	[0xc] = "reserved",
	[KEY_VOLUME_OVERFLOW] = "volume overflow",
	[KEY_MISCOMPARE] = "miscompare",
	[KEY_COMPLETED] = "completed",
};

const char *scst_sense_name(enum scst_sense sense)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sense_names); i++)
		if (sense_names[i].sense == sense)
			return sense_names[i].name;
	return key_names[SENSE_KEY(sense)];
}
