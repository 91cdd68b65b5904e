// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: what a device server tells of itself: REPORT LUNS, REPORT
 * SUPPORTED OPERATION CODES, REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS.
 */
#include "spc.h"
#include "scst_core.h"

/* ---- REPORT LUNS (SPC-5 6.36) ------------------------------------------ */

static void luns_add(struct spc_reply *reply, u16 lun)
{
	u8 field[8];

	scst_lun_encode(lun, field);
	spc_reply_add(reply, field, sizeof(field));
}

void spc_report_luns(struct scst_cmd *cmd)
{
	struct scst_nexus *nexus = scst_cmd_task(cmd)->nexus;
	struct spc_reply reply = {
		.cmd = cmd,
		.alloc = get_unaligned_be32(cmd->cdb + 6),
	};
	u8 select = cmd->cdb[2];
	const struct scst_itl_table *table;
	struct scst_itl *itl;
	u8 header[8] = { 0 };
	u32 i;

	if (select > 2) {
		scst_cmd_bad_cdb(cmd, 2, SENSE_NO_BIT);
		return;
	}
	/* Who reads the inventory need not be told that it changed. */
	scst_nexus_clear_ua(nexus, SENSE_UA_LUNS_CHANGED);

	core_read_begin();
	table = rcu_dereference(nexus->itls);
	if (select == 1)
		table = NULL;
	/* How long the list is turns out as it is made: LUNs come and go. */
	reply.len = sizeof(header);
	scst_for_each_itl(itl, table, i)
		luns_add(&reply, itl->lun);
	core_read_end();
	if (select)
		luns_add(&reply, SCSI_WLUN_REPORT_LUNS);
	put_unaligned_be32(reply.len - sizeof(header), header);
	scst_cmd_copy_in(cmd, 0, header, min(sizeof(header), reply.alloc));
	spc_reply_end(&reply);
}

/* ---- REPORT SUPPORTED OPERATION CODES (SPC-5 6.35) ---------------------- */

/* Neither timeout is specified. */
static void opcode_add_timeouts(struct spc_reply *reply)
{
	static const u8 timeouts[12] = { 0, 10 };

	spc_reply_add(reply, timeouts, sizeof(timeouts));
}

static void report_all(struct scst_cmd *cmd, struct spc_reply *reply, bool rctd)
{
	const struct scst_device *dev = cmd->dev;
	u8 buf[8];
	u32 i;

	/* How many there are turns out as they are listed. */
	reply->len = 4;
	for (i = 0; i < dev->nr_opcodes; i++) {
		const struct scst_opcode *row = &dev->opcodes[i];
		bool sa = row->sa != SCST_NO_SA;

		if (!scst_opcode_offered(dev, row))
			continue;
		memset(buf, 0, sizeof(buf));
		buf[0] = row->op;
		put_unaligned_be16(sa ? row->sa : 0, buf + 2);
		buf[5] = (rctd ? 0x02 : 0) | (sa ? 0x01 : 0);
		put_unaligned_be16(row->cdb_len, buf + 6);
		spc_reply_add(reply, buf, sizeof(buf));
		if (rctd)
			opcode_add_timeouts(reply);
	}
	put_unaligned_be32(reply->len - 4, buf);
	scst_cmd_copy_in(cmd, 0, buf, min_t(size_t, 4, reply->alloc));
	spc_reply_end(reply);
}

/*
 * CDB usage data: the code and service action by value, the rest as bits; all
 * bits of what the table does not reach.
 */
static void report_usage(struct spc_reply *reply, const struct scst_opcode *row)
{
	u8 usage[U8_MAX];

	memset(usage, 0xff, sizeof(usage));
	memcpy(usage, row->usage, sizeof(row->usage));
	usage[0] = row->op;
	if (row->sa != SCST_NO_SA && row->op == SCSI_VARIABLE_LENGTH)
		put_unaligned_be16(row->sa, usage + 8);
	else if (row->sa != SCST_NO_SA)
		usage[1] = (usage[1] & 0xe0) | row->sa;
	spc_reply_add(reply, usage, row->cdb_len);
}

static void report_one(struct spc_reply *reply, const struct scst_opcode *row,
		       bool rctd)
{
	u8 header[4] = { 0 };

	header[1] = row ? 3 : 1;
	if (row) {
		header[1] |= rctd ? 0x80 : 0;
		put_unaligned_be16(row->cdb_len, header + 2);
	}
	spc_reply_add(reply, header, sizeof(header));
	if (row) {
		report_usage(reply, row);
		if (rctd)
			opcode_add_timeouts(reply);
	}
	spc_reply_end(reply);
}

static const struct scst_opcode *opcode_find(const struct scst_device *dev,
					     u8 op, u16 sa, bool *has_sa)
{
	const struct scst_opcode *row, *end = dev->opcodes + dev->nr_opcodes;

	*has_sa = false;
	for (row = dev->opcodes + dev->first_opcode[op];
	     row < end && row->op == op; row++) {
		if (!scst_opcode_offered(dev, row))
			continue;
		*has_sa = row->sa != SCST_NO_SA;
		if (!*has_sa || row->sa == sa)
			return row;
	}
	return NULL;
}

void spc_report_opcodes(struct scst_cmd *cmd)
{
	struct spc_reply reply = {
		.cmd = cmd,
		.alloc = get_unaligned_be32(cmd->cdb + 6),
	};
	bool rctd = cmd->cdb[2] & 0x80;
	u8 options = cmd->cdb[2] & 7;
	u16 sa = get_unaligned_be16(cmd->cdb + 4);
	const struct scst_opcode *row;
	bool has_sa;

	if (options == 0) {
		report_all(cmd, &reply, rctd);
		return;
	}
	row = opcode_find(cmd->dev, cmd->cdb[3], sa, &has_sa);
	/*
	 * Table 266: 001b asks for a code without service actions, 010b for
	 * one with; 011b takes both and wants SERVICE ACTION 0 for the first.
	 */
	if (options > 3 || (options == 1 && has_sa)) {
		scst_cmd_bad_cdb(cmd, 2, 2);
		return;
	}
	if (row && options == 2 && !has_sa) {
		scst_cmd_bad_cdb(cmd, 2, 2);
		return;
	}
	if (row && options == 3 && !has_sa && sa)
		row = NULL;
	report_one(&reply, row, rctd);
}

/* ---- REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-5 6.41) ------------ */

void spc_report_tmfs(struct scst_cmd *cmd)
{
	/* ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET */
	u8 data[16] = { 0x80 | 0x40 | 0x10 | 0x08 };
	bool extended = cmd->cdb[2] & 0x80;

	if (extended)
		data[3] = 12;
	scst_cmd_reply(cmd, data, extended ? 16 : 4,
		       get_unaligned_be32(cmd->cdb + 6));
}
