// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: PERSISTENT RESERVE IN (SPC-5 6.15).
 */
#include "spc.h"
#include "spc_pr.h"
#include "scst_core.h"

static void add_header(struct spc_reply *reply, const struct spc_pr *pr,
		       u32 len)
{
	u8 header[8];

	put_unaligned_be32(pr->generation, header);
	put_unaligned_be32(len, header + 4);
	spc_reply_add(reply, header, sizeof(header));
}

static void read_keys(struct spc_reply *reply, const struct spc_pr *pr)
{
	const struct spc_pr_reg *reg;
	u8 key[8];

	add_header(reply, pr, 8 * pr->nr_regs);
	list_for_each_entry(reg, &pr->regs, link) {
		put_unaligned_be64(reg->key, key);
		spc_reply_add(reply, key, sizeof(key));
	}
}

/* A reservation of all registrants is held under no key of its own. */
static void read_reservation(struct spc_reply *reply, const struct spc_pr *pr)
{
	u8 data[16] = { 0 };

	add_header(reply, pr, pr->type ? sizeof(data) : 0);
	if (!pr->type)
		return;
	put_unaligned_be64(pr->holder ? pr->holder->key : 0, data);
	data[13] = pr->type;
	spc_reply_add(reply, data, sizeof(data));
}

/*
 * ALLOW COMMANDS 011b: TEST UNIT READY runs against all types; MODE SENSE and
 * the reports of what is supported, against Write Exclusive.
 */
static void report_capabilities(struct spc_reply *reply,
				const struct scst_device *dev)
{
	u8 data[8] = { 0, sizeof(data) };

	data[2] = 0x10 | 0x08 | 0x04;		/* CRH, SIP_C, ATP_C */
	data[2] |= dev->ops->persist ? 0x01 : 0;	/* PTPL_C */
	data[3] = 0x80 | 3 << 4;		/* TMV, ALLOW COMMANDS */
	data[3] |= dev->pr.aptpl;		/* PTPL_A */
	/* WR_EX_AR, EX_AC_RO, WR_EX_RO, EX_AC, WR_EX; EX_AC_AR */
	data[4] = 0xea;
	data[5] = 0x01;
	spc_reply_add(reply, data, sizeof(data));
}

#define STATUS_LEN 24

static void read_full_status(struct spc_reply *reply, const struct spc_pr *pr)
{
	const struct spc_pr_reg *reg;
	u8 data[STATUS_LEN];
	u32 len = 0;

	list_for_each_entry(reg, &pr->regs, link)
		len += STATUS_LEN + reg->tid_len;
	add_header(reply, pr, len);
	list_for_each_entry(reg, &pr->regs, link) {
		memset(data, 0, sizeof(data));
		put_unaligned_be64(reg->key, data);
		if (spc_pr_holds(pr, reg)) {
			data[12] = 0x01;	/* R_HOLDER */
			data[13] = pr->type;
		}
		put_unaligned_be16(reg->port, data + 18);
		put_unaligned_be32(reg->tid_len, data + 20);
		spc_reply_add(reply, data, sizeof(data));
		spc_reply_add(reply, reg->tid, reg->tid_len);
	}
}

void spc_pr_in(struct scst_cmd *cmd)
{
	struct scst_device *dev = cmd->dev;
	struct spc_reply reply = {
		.cmd = cmd,
		.alloc = get_unaligned_be16(cmd->cdb + 7),
	};
	bool conflict;

	spin_lock_bh(&dev->lock);
	/* RESERVE keeps its own holder out, too (SPC-2 5.5.1). */
	conflict = dev->reserved_by;
	switch (cmd->cdb[1] & 0x1f) {
	case SCSI_SA_READ_KEYS:
		read_keys(&reply, &dev->pr);
		break;
	case SCSI_SA_READ_RESERVATION:
		read_reservation(&reply, &dev->pr);
		break;
	case SCSI_SA_REPORT_CAPABILITIES:
		report_capabilities(&reply, dev);
		break;
	default:
		read_full_status(&reply, &dev->pr);
	}
	spin_unlock_bh(&dev->lock);
	if (conflict)
		scst_cmd_complete(cmd, SCSI_RESERVATION_CONFLICT);
	else
		spc_reply_end(&reply);
}
