/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: numbers that the SCSI standards assign.
 *
 * Operation codes, service actions, statuses, VPD and mode page codes, with
 * names of our own so that kernel-only files can include the kernel's
 * headers beside this one. Sources: SPC-5, SBC-4, SSC-5, SMC-3, MMC-6, SAM-6.
 */
#ifndef SCSI_DEFS_H
#define SCSI_DEFS_H

/* Status codes (SAM-6 5.3.1). */
enum scsi_status {
	SCSI_GOOD		  = 0x00,
	SCSI_CHECK_CONDITION	  = 0x02,
	SCSI_CONDITION_MET	  = 0x04,
	SCSI_BUSY		  = 0x08,
	SCSI_RESERVATION_CONFLICT = 0x18,
	SCSI_TASK_SET_FULL	  = 0x28,
	SCSI_ACA_ACTIVE		  = 0x30,
	SCSI_TASK_ABORTED	  = 0x40,
};

/* Operation codes. */
enum scsi_opcode {
	SCSI_TEST_UNIT_READY	  = 0x00,
	SCSI_REZERO_UNIT	  = 0x01,
	SCSI_REQUEST_SENSE	  = 0x03,
	SCSI_FORMAT_UNIT	  = 0x04,
	SCSI_READ_6		  = 0x08,
	SCSI_WRITE_6		  = 0x0a,
	SCSI_INQUIRY		  = 0x12,
	SCSI_MODE_SELECT_6	  = 0x15,
	SCSI_RESERVE_6		  = 0x16,
	SCSI_RELEASE_6		  = 0x17,
	SCSI_MODE_SENSE_6	  = 0x1a,
	SCSI_START_STOP_UNIT	  = 0x1b,
	SCSI_RECEIVE_DIAGNOSTIC	  = 0x1c,
	SCSI_SEND_DIAGNOSTIC	  = 0x1d,
	SCSI_PREVENT_ALLOW	  = 0x1e,
	SCSI_READ_CAPACITY_10	  = 0x25,
	SCSI_READ_10		  = 0x28,
	SCSI_WRITE_10		  = 0x2a,
	SCSI_WRITE_VERIFY_10	  = 0x2e,
	SCSI_VERIFY_10		  = 0x2f,
	SCSI_PREFETCH_10	  = 0x34,
	SCSI_SYNC_CACHE_10	  = 0x35,
	SCSI_READ_DEFECT_DATA_10  = 0x37,
	SCSI_WRITE_SAME_10	  = 0x41,
	SCSI_UNMAP		  = 0x42,
	SCSI_SANITIZE		  = 0x48,
	SCSI_LOG_SELECT		  = 0x4c,
	SCSI_LOG_SENSE		  = 0x4d,
	SCSI_MODE_SELECT_10	  = 0x55,
	SCSI_RESERVE_10		  = 0x56,
	SCSI_RELEASE_10		  = 0x57,
	SCSI_MODE_SENSE_10	  = 0x5a,
	SCSI_PERSISTENT_IN	  = 0x5e,
	SCSI_PERSISTENT_OUT	  = 0x5f,
	SCSI_VARIABLE_LENGTH	  = 0x7f,
	SCSI_THIRD_PARTY_OUT	  = 0x83,
	SCSI_THIRD_PARTY_IN	  = 0x84,
	SCSI_READ_16		  = 0x88,
	SCSI_COMPARE_AND_WRITE	  = 0x89,
	SCSI_WRITE_16		  = 0x8a,
	SCSI_ORWRITE_16		  = 0x8b,
	SCSI_WRITE_VERIFY_16	  = 0x8e,
	SCSI_VERIFY_16		  = 0x8f,
	SCSI_PREFETCH_16	  = 0x90,
	SCSI_SYNC_CACHE_16	  = 0x91,
	SCSI_WRITE_SAME_16	  = 0x93,
	SCSI_WRITE_ATOMIC_16	  = 0x9c,
	SCSI_SERVICE_ACTION_IN_16 = 0x9e,
	SCSI_REPORT_LUNS	  = 0xa0,
	SCSI_MAINTENANCE_IN	  = 0xa3,
	SCSI_MAINTENANCE_OUT	  = 0xa4,
	SCSI_READ_12		  = 0xa8,
	SCSI_WRITE_12		  = 0xaa,
	SCSI_WRITE_VERIFY_12	  = 0xae,
	SCSI_VERIFY_12		  = 0xaf,
	SCSI_READ_DEFECT_DATA_12  = 0xb7,
};

/* Service actions. */
enum scsi_service_action {
	/* SERVICE ACTION IN(16) (SBC-4) */
	SCSI_SA_READ_CAPACITY_16     = 0x10,
	SCSI_SA_GET_LBA_STATUS	     = 0x12,
	/* MAINTENANCE IN (SPC-5) */
	SCSI_SA_REPORT_TARGET_GROUPS = 0x0a,
	SCSI_SA_REPORT_OPCODES	     = 0x0c,
	SCSI_SA_REPORT_TMFS	     = 0x0d,
	SCSI_SA_REPORT_TIMESTAMP     = 0x0f,
};

/* Peripheral device types (SPC-5 6.6.2). */
enum scsi_type {
	SCSI_TYPE_DISK	    = 0x00,
	SCSI_TYPE_TAPE	    = 0x01,
	SCSI_TYPE_PROCESSOR = 0x03,
	SCSI_TYPE_CDROM	    = 0x05,
	SCSI_TYPE_OPTICAL   = 0x07,
	SCSI_TYPE_CHANGER   = 0x08,
	SCSI_TYPE_RAID	    = 0x0c,
	SCSI_TYPE_WLUN	    = 0x1e,
	SCSI_TYPE_UNKNOWN   = 0x1f,
};

/* Vital product data pages. */
enum scsi_vpd {
	SCSI_VPD_SUPPORTED	= 0x00,
	SCSI_VPD_SERIAL		= 0x80,
	SCSI_VPD_IDENTIFICATION = 0x83,
	SCSI_VPD_EXTENDED	= 0x86,
	SCSI_VPD_BLOCK_LIMITS	= 0xb0,
	SCSI_VPD_BLOCK_CHARS	= 0xb1,
	SCSI_VPD_PROVISIONING	= 0xb2,
};

/* Mode pages. */
enum scsi_mode_page {
	SCSI_MODE_RW_RECOVERY	= 0x01,
	SCSI_MODE_CACHING	= 0x08,
	SCSI_MODE_CONTROL	= 0x0a,
	SCSI_MODE_INFO_EXCEPT	= 0x1c,
	SCSI_MODE_ALL		= 0x3f,
	SCSI_MODE_ALL_SUBPAGES	= 0xff,
};

/* Well known logical unit that answers REPORT LUNS (SPC-5 8.2). */
#define SCSI_WLUN_REPORT_LUNS 0xc101

/* Longest CDB that the transports carry: iSCSI's additional header segment. */
#define SCSI_MAX_CDB 260

#endif
