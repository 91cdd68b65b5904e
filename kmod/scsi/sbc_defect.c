// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: READ DEFECT DATA (SBC-4, clause 5).
 *
 * What is behind a backend mends its defects by itself: both lists are there,
 * and empty. Empty they are the same in every format that the standard
 * defines; who asks for another gets the default one, and is told so.
 */
#include "core_os.h"
#include "sbc_lu.h"

enum {
	DEFECT_LISTS	   = 0x18,	/* PLIST and GLIST, asked for and valid */
	DEFECT_FORMAT	   = 0x07,
	DEFECT_LAST_FORMAT = 0x05,	/* physical sector; 6: vendor specific */
};

/* @asked: the byte with lists and format, which the header echoes. */
static void defect_reply(struct scst_cmd *cmd, u8 asked, size_t len, u32 alloc)
{
	u8 header[8] = { 0, asked & DEFECT_LISTS };

	if (!sbc_check_medium(cmd))
		return;
	if ((asked & DEFECT_FORMAT) <= DEFECT_LAST_FORMAT) {
		header[1] |= asked & DEFECT_FORMAT;
		scst_cmd_reply(cmd, header, len, alloc);
		return;
	}
	cmd->wanted = min_t(size_t, len, alloc);
	cmd->data_in = scst_cmd_copy_in(cmd, 0, header, cmd->wanted);
	scst_cmd_fail(cmd, SENSE_DEFECT_LIST_NOT_FOUND);
}

void sbc_read_defect_10(struct scst_cmd *cmd)
{
	defect_reply(cmd, cmd->cdb[2], 4, get_unaligned_be16(cmd->cdb + 7));
}

/* Whatever ADDRESS DESCRIPTOR INDEX is, there is nothing behind it. */
void sbc_read_defect_12(struct scst_cmd *cmd)
{
	defect_reply(cmd, cmd->cdb[1], 8, get_unaligned_be32(cmd->cdb + 6));
}
