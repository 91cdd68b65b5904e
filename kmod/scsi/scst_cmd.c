// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: what every device server does with a command, see scst_cmd.h.
 *
 * The data buffer is touched only in the direction that the transport
 * announced: with the other one it holds, or awaits, somebody else's bytes.
 */
#include "core_os.h"
#include "scst_cmd.h"
#include "seg.h"

void scst_cmd_fail_with(struct scst_cmd *cmd,
			const struct scst_sense_data *sd)
{
	if (sd->sense == SENSE_BUSY) {
		scst_cmd_complete(cmd, SCSI_BUSY);
		return;
	}
	cmd->sense = *sd;
	scst_cmd_complete(cmd, SCSI_CHECK_CONDITION);
}

void scst_cmd_fail(struct scst_cmd *cmd, enum scst_sense sense)
{
	struct scst_sense_data sd = { .sense = sense };

	scst_cmd_fail_with(cmd, &sd);
}

void scst_cmd_fail_info(struct scst_cmd *cmd, enum scst_sense sense, u64 info)
{
	struct scst_sense_data sd = {
		.sense = sense,
		.info = info,
		.has_info = true,
	};

	scst_cmd_fail_with(cmd, &sd);
}

void scst_cmd_bad_cdb(struct scst_cmd *cmd, u16 byte, u8 bit)
{
	struct scst_sense_data sd = {
		.sense = SENSE_INVALID_FIELD_IN_CDB,
		.field = byte,
		.field_bit = bit,
		.has_field = true,
		.field_in_cdb = true,
	};

	scst_cmd_fail_with(cmd, &sd);
}

void scst_cmd_bad_param(struct scst_cmd *cmd, u16 byte, u8 bit)
{
	struct scst_sense_data sd = {
		.sense = SENSE_INVALID_FIELD_IN_PARAM,
		.field = byte,
		.field_bit = bit,
		.has_field = true,
	};

	scst_cmd_fail_with(cmd, &sd);
}

size_t scst_cmd_copy_out(const struct scst_cmd *cmd, size_t off, void *buf,
			 size_t len)
{
	size_t end = scst_cmd_data_out(cmd);

	if (off >= end)
		return 0;
	return core_segs_read(cmd->segs, cmd->nr_segs, off, buf,
			      min(len, end - off));
}

size_t scst_cmd_copy_in(const struct scst_cmd *cmd, size_t off,
			const void *buf, size_t len)
{
	size_t end = scst_cmd_data_in(cmd);

	if (off >= end)
		return 0;
	return core_segs_write(cmd->segs, cmd->nr_segs, off, buf,
			       min(len, end - off));
}

void scst_cmd_reply(struct scst_cmd *cmd, const void *buf, size_t len,
		    size_t alloc)
{
	cmd->wanted = min(len, alloc);
	cmd->data_in = scst_cmd_copy_in(cmd, 0, buf, cmd->wanted);
	scst_cmd_good(cmd);
}

bool scst_cmd_get_params(struct scst_cmd *cmd, void *buf, size_t len)
{
	cmd->wanted = len;
	if (scst_cmd_copy_out(cmd, 0, buf, len) == len)
		return true;
	scst_cmd_fail(cmd, SENSE_PARAM_LENGTH_ERROR);
	return false;
}
