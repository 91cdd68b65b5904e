/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLIC: the outcomes that a handler reports with scstu_fail().
 *
 * A sense constant packs sense key, additional sense code and qualifier
 * (SPC-5 4.4.3, tables in annex F). Where none fits, make one with
 * SCSTU_SENSE().
 */
#ifndef SCSTUSER_SENSE_H
#define SCSTUSER_SENSE_H

#define SCSTU_SENSE(key, asc, ascq) \
	((unsigned int)(((key) << 16) | ((asc) << 8) | (ascq)))

/* NOT READY */
#define SCSTU_SENSE_NOT_READY		  SCSTU_SENSE(0x2, 0x04, 0x00)
#define SCSTU_SENSE_BECOMING_READY	  SCSTU_SENSE(0x2, 0x04, 0x01)
#define SCSTU_SENSE_NO_MEDIUM		  SCSTU_SENSE(0x2, 0x3a, 0x00)
/* MEDIUM ERROR */
#define SCSTU_SENSE_WRITE_ERROR		  SCSTU_SENSE(0x3, 0x0c, 0x00)
#define SCSTU_SENSE_READ_ERROR		  SCSTU_SENSE(0x3, 0x11, 0x00)
/* HARDWARE ERROR */
#define SCSTU_SENSE_INTERNAL_FAILURE	  SCSTU_SENSE(0x4, 0x44, 0x00)
/* ILLEGAL REQUEST */
#define SCSTU_SENSE_PARAM_LENGTH_ERROR	  SCSTU_SENSE(0x5, 0x1a, 0x00)
#define SCSTU_SENSE_INVALID_OPCODE	  SCSTU_SENSE(0x5, 0x20, 0x00)
#define SCSTU_SENSE_LBA_OUT_OF_RANGE	  SCSTU_SENSE(0x5, 0x21, 0x00)
#define SCSTU_SENSE_INVALID_FIELD_IN_CDB  SCSTU_SENSE(0x5, 0x24, 0x00)
#define SCSTU_SENSE_INVALID_FIELD_IN_PARAM SCSTU_SENSE(0x5, 0x26, 0x00)
/* DATA PROTECT */
#define SCSTU_SENSE_WRITE_PROTECTED	  SCSTU_SENSE(0x7, 0x27, 0x00)
#define SCSTU_SENSE_SPACE_EXHAUSTED	  SCSTU_SENSE(0x7, 0x27, 0x07)
/* ABORTED COMMAND */
#define SCSTU_SENSE_ABORTED		  SCSTU_SENSE(0xb, 0x00, 0x00)
/* MISCOMPARE */
#define SCSTU_SENSE_MISCOMPARE		  SCSTU_SENSE(0xe, 0x1d, 0x00)

#endif
