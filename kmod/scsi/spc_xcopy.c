// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: EXTENDED COPY(LID1): its parameter list (SPC-4 6.4.3).
 *
 * What is wrong with the list as such is an ILLEGAL REQUEST, before anything
 * is copied. Whether the devices that it names are there, and take what is
 * asked of them, turns out as each segment begins.
 */
#include "spc.h"
#include "spc_xcopy.h"
#include "scst_core.h"

/* LIST ID USAGE */
enum { LIST_ID_HOLD = 0, LIST_ID_DISCARD = 2, LIST_ID_NONE = 3 };

struct xcopy_list {
	struct scst_cmd *cmd;
	u8 id, id_usage;
	u32 cscds_len, segments_len;
};

static bool offers(const struct scst_device_info *info, u8 op)
{
	u32 i;

	for (i = 0; i < info->nr_opcodes; i++)
		if (info->opcodes[i].op == op)
			return true;
	return false;
}

bool spc_xcopy_opcode(u8 op)
{
	return op == SCSI_THIRD_PARTY_OUT || op == SCSI_THIRD_PARTY_IN;
}

/* A handler that takes the commands itself is its own copy manager. */
bool spc_xcopy_offered(const struct scst_device_info *info)
{
	return info->type == SCSI_TYPE_DISK && offers(info, SCSI_READ_16) &&
	       offers(info, SCSI_WRITE_16) &&
	       !offers(info, SCSI_THIRD_PARTY_OUT) &&
	       !offers(info, SCSI_THIRD_PARTY_IN);
}

/* ---- The checks: false: completed ---------------------------------------- */

static bool bad(struct scst_cmd *cmd, enum scst_sense sense)
{
	scst_cmd_fail(cmd, sense);
	return false;
}

static bool bad_field(struct scst_cmd *cmd, u16 byte, u8 bit)
{
	scst_cmd_bad_param(cmd, byte, bit);
	return false;
}

static bool check_header(struct xcopy_list *list, const u8 *p, u32 len)
{
	struct scst_cmd *cmd = list->cmd;

	list->id = p[0];
	list->id_usage = (p[1] >> 3) & 3;
	list->cscds_len = get_unaligned_be16(p + 2);
	list->segments_len = get_unaligned_be32(p + 8);

	if (list->id_usage == 1)
		return bad_field(cmd, 1, 4);
	if (list->id_usage == LIST_ID_NONE && list->id)
		return bad_field(cmd, 0, SENSE_NO_BIT);
	if (get_unaligned_be32(p + 12))
		return bad(cmd, SENSE_INLINE_DATA_EXCEEDED);
	if (list->segments_len > XCOPY_DESCRIPTORS_MAX ||
	    list->cscds_len + list->segments_len > XCOPY_DESCRIPTORS_MAX ||
	    list->cscds_len + list->segments_len > len - XCOPY_HEADER)
		return bad(cmd, SENSE_PARAM_LENGTH_ERROR);
	return true;
}

static bool check_cscds(const struct xcopy_list *list, const u8 *p)
{
	u32 at;

	for (at = 0; at < list->cscds_len; at += XCOPY_CSCD_LEN) {
		if (at == XCOPY_CSCDS_MAX * XCOPY_CSCD_LEN)
			return bad(list->cmd, SENSE_TOO_MANY_CSCDS);
		if (p[at] != XCOPY_IDENTIFICATION)
			return bad(list->cmd, SENSE_BAD_CSCD_TYPE);
		if (list->cscds_len - at < XCOPY_CSCD_LEN)
			return bad(list->cmd, SENSE_PARAM_LENGTH_ERROR);
		if (p[at + 7] > 20)
			return bad_field(list->cmd, XCOPY_HEADER + at + 7,
					 SENSE_NO_BIT);
	}
	return true;
}

static bool check_segments(const struct xcopy_list *list, const u8 *p)
{
	u32 at, field = XCOPY_HEADER + list->cscds_len;

	for (at = 0; at < list->segments_len; at += XCOPY_SEGMENT_LEN) {
		if (at == XCOPY_SEGMENTS_MAX * XCOPY_SEGMENT_LEN)
			return bad(list->cmd, SENSE_TOO_MANY_SEGMENTS);
		if (p[at] != XCOPY_BLOCK_TO_BLOCK)
			return bad(list->cmd, SENSE_BAD_SEGMENT_TYPE);
		if (list->segments_len - at < XCOPY_SEGMENT_LEN)
			return bad(list->cmd, SENSE_PARAM_LENGTH_ERROR);
		if (get_unaligned_be16(p + at + 2) != XCOPY_SEGMENT_LEN - 4)
			return bad_field(list->cmd, field + at + 2,
					 SENSE_NO_BIT);
	}
	return true;
}

/* ---- The start ------------------------------------------------------------ */

/* Bytes of the longest segment, as the descriptors give the blocks' length. */
static u64 longest_segment(const struct spc_xcopy *xc)
{
	u64 longest = 0;
	u16 i;

	for (i = 0; i < xc->nr_segments; i++) {
		const u8 *s = spc_xcopy_segment(xc, i);
		const u8 *d = spc_xcopy_cscd(xc,
				get_unaligned_be16(s + (s[1] & 2 ? 6 : 4)));

		if (d)
			longest = max(longest, (u64)get_unaligned_be24(d + 29) *
					       get_unaligned_be16(s + 10));
	}
	return longest;
}

/* Memory for a chunk, as much as there is; false: not even a small one. */
static bool get_chunk(struct spc_xcopy *xc)
{
	u64 want = clamp_t(u64, longest_segment(xc), 1, XCOPY_CHUNK);
	u32 len = round_up((u32)want, SCST_DATA_ALIGN);

	while (core_segs_alloc(&xc->segs, &xc->nr_segs, len,
			       GFP_ATOMIC | __GFP_NOWARN)) {
		if (len <= XCOPY_CHUNK_LOW)
			return false;
		len = round_up(len / 2, SCST_DATA_ALIGN);
	}
	xc->chunk = len;
	xc->task_segs = kmalloc_array(xc->nr_segs, sizeof(*xc->task_segs),
				      GFP_ATOMIC);
	if (xc->task_segs)
		return true;
	core_segs_free(xc->segs, xc->nr_segs);
	return false;
}

static struct spc_xcopy *xcopy_alloc(const struct xcopy_list *list,
				     const u8 *descriptors)
{
	u32 len = list->cscds_len + list->segments_len;
	struct spc_xcopy *xc = kzalloc(struct_size(xc, list, len), GFP_ATOMIC);

	if (!xc)
		return NULL;
	xc->cmd = list->cmd;
	spin_lock_init(&xc->lock);
	xc->nr_cscds = list->cscds_len / XCOPY_CSCD_LEN;
	xc->nr_segments = list->segments_len / XCOPY_SEGMENT_LEN;
	memcpy(xc->list, descriptors, len);
	if (get_chunk(xc))
		return xc;
	kfree(xc);
	return NULL;
}

void spc_xcopy_free(struct spc_xcopy *xc)
{
	core_segs_free(xc->segs, xc->nr_segs);
	kfree(xc->task_segs);
	kfree(xc);
}

/* A record of the copy, where it has a list identifier; false: completed. */
static bool get_record(struct spc_xcopy *xc, const struct xcopy_list *list)
{
	struct spc_copy *copy;

	if (list->id_usage == LIST_ID_NONE)
		return true;
	copy = kzalloc(sizeof(*copy), GFP_ATOMIC);
	if (!copy) {
		scst_cmd_complete(xc->cmd, SCSI_BUSY);
		return false;
	}
	copy->list_id = list->id;
	copy->keep = list->id_usage == LIST_ID_HOLD;
	if (!spc_copy_begin(scst_cmd_task(xc->cmd)->itl, copy)) {
		kfree(copy);
		return bad(xc->cmd, SENSE_OPERATION_IN_PROGRESS);
	}
	xc->copy = copy;
	return true;
}

static void xcopy_begin(const struct xcopy_list *list, const u8 *descriptors)
{
	struct scst_device *dev = list->cmd->dev;
	struct spc_xcopy *xc;

	if (atomic_add_return(1, &dev->nr_copies) > XCOPY_COPIES_MAX) {
		atomic_dec(&dev->nr_copies);
		scst_cmd_complete(list->cmd, SCSI_BUSY);
		return;
	}
	xc = xcopy_alloc(list, descriptors);
	if (xc && get_record(xc, list)) {
		spc_xcopy_start(xc);
		return;
	}
	atomic_dec(&dev->nr_copies);
	if (xc)
		spc_xcopy_free(xc);
	else
		scst_cmd_complete(list->cmd, SCSI_BUSY);
}

/* No more is looked at than the longest list that can be good. */
void spc_extended_copy(struct scst_cmd *cmd)
{
	u32 len = get_unaligned_be32(cmd->cdb + 10);
	u32 room = XCOPY_HEADER + XCOPY_DESCRIPTORS_MAX;
	struct xcopy_list list = { .cmd = cmd };
	u8 *p;

	if (!len) {
		scst_cmd_good(cmd);
		return;
	}
	cmd->wanted = len;
	if (len < XCOPY_HEADER || scst_cmd_data_out(cmd) < len) {
		scst_cmd_fail(cmd, SENSE_PARAM_LENGTH_ERROR);
		return;
	}
	p = kmalloc(room, GFP_ATOMIC);
	if (!p) {
		scst_cmd_complete(cmd, SCSI_BUSY);
		return;
	}
	scst_cmd_copy_out(cmd, 0, p, min(len, room));
	if (check_header(&list, p, len) &&
	    check_cscds(&list, p + XCOPY_HEADER) &&
	    check_segments(&list, p + XCOPY_HEADER + list.cscds_len))
		xcopy_begin(&list, p + XCOPY_HEADER);
	kfree(p);
}
