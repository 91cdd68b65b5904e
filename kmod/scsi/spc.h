/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: the SPC device server (SPC-5), which the core runs for every
 * device from the tables that the device handed over.
 */
#ifndef SPC_H
#define SPC_H

#include "core_os.h"
#include "scst_device.h"

struct scst_task;

#define SPC_CONTROL_NACA 0x04	/* CONTROL byte (SAM-6 5.2) */
#define SPC_NOLUN_DATA	 8192u	/* most Data-In where there is no device */

/* Rows of the commands below. */
const struct scst_opcode *spc_opcodes(u32 *nr);

/* Answer a command whose LUN the nexus does not see. */
void spc_execute_nolun(struct scst_task *task);

/* The Control mode page as it is at first. */
void spc_control_page(struct scst_mode_page *page);

/* Do code, lengths and format of @page agree? */
bool spc_mode_page_valid(const struct scst_mode_page *page);

/* Where MODE SENSE lists it; no two pages of a device have the same. */
u32 spc_mode_page_key(const struct scst_mode_page *page);

/* Mode parameters back to their defaults: logical unit reset. */
void spc_mode_reset(struct scst_device *dev);

/* A VPD page that the device handed over; NULL: it did not. */
const struct scst_vpd_page *spc_vpd_find(const struct scst_device *dev,
					 u8 code);

/*
 * Is @dev the logical unit that the designator at @id names? Its layout is
 * that of page 83h (SPC-5 7.7.6.1), in 24 bytes.
 */
bool spc_is_designated(const struct scst_device *dev, const u8 *id);

void spc_inquiry(struct scst_cmd *cmd);
void spc_inquiry_nolun(struct scst_cmd *cmd, u8 peripheral);
void spc_mode_sense_6(struct scst_cmd *cmd);
void spc_mode_sense_10(struct scst_cmd *cmd);
void spc_mode_select_6(struct scst_cmd *cmd);
void spc_mode_select_10(struct scst_cmd *cmd);
void spc_report_luns(struct scst_cmd *cmd);
void spc_report_opcodes(struct scst_cmd *cmd);
void spc_report_tmfs(struct scst_cmd *cmd);

/*
 * Parameter data that is written in pieces: as much of it as the CDB's
 * allocation length and the buffer take reaches the initiator.
 */
struct spc_reply {
	struct scst_cmd *cmd;
	size_t alloc;
	size_t len;
};

void spc_reply_add(struct spc_reply *reply, const void *buf, size_t len);
void spc_reply_end(struct spc_reply *reply);

#endif
