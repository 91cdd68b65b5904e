// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: what the copy manager tells: RECEIVE COPY RESULTS (SPC-4 6.35 to
 * 6.38) and the Third-party Copy VPD page (SPC-4 7.8.17).
 *
 * No segment that it takes makes held data, so there is no RECEIVE DATA.
 */
#include "spc.h"
#include "spc_xcopy.h"
#include "scst_core.h"

/* ---- Records -------------------------------------------------------------- */

static struct spc_copy *copy_find(const struct scst_itl *itl, u8 list_id)
{
	struct spc_copy *copy;

	lockdep_assert_held(&itl->lock);
	list_for_each_entry(copy, &itl->copies, link)
		if (copy->list_id == list_id)
			return copy;
	return NULL;
}

static void copy_free(struct spc_copy *copy)
{
	list_del(&copy->link);
	kfree(copy);
}

/* Forget the oldest results, but for @nr of them. */
static void copies_trim(struct scst_itl *itl, u32 nr)
{
	struct spc_copy *copy, *next;
	u32 over = 0;

	lockdep_assert_held(&itl->lock);
	list_for_each_entry(copy, &itl->copies, link)
		over += !copy->running;
	list_for_each_entry_safe(copy, next, &itl->copies, link) {
		if (over <= nr)
			return;
		if (copy->running)
			continue;
		copy_free(copy);
		over--;
	}
}

bool spc_copy_begin(struct scst_itl *itl, struct spc_copy *copy)
{
	struct spc_copy *old;
	bool begun;

	spin_lock_bh(&itl->lock);
	old = copy_find(itl, copy->list_id);
	begun = !old || !old->running;
	if (begun) {
		if (old)
			copy_free(old);
		copy->running = true;
		list_add_tail(&copy->link, &itl->copies);
	}
	spin_unlock_bh(&itl->lock);
	return begun;
}

void spc_copy_done(struct scst_itl *itl, struct spc_copy *copy, u8 status)
{
	spin_lock_bh(&itl->lock);
	copy->running = false;
	copy->status = status;
	list_move_tail(&copy->link, &itl->copies);
	if (copy->keep)
		copies_trim(itl, XCOPY_RESULTS_MAX);
	else
		copy_free(copy);
	spin_unlock_bh(&itl->lock);
}

void spc_copy_forget(struct scst_itl *itl)
{
	struct spc_copy *copy;

	spin_lock_bh(&itl->lock);
	list_for_each_entry(copy, &itl->copies, link)
		copy->keep = false;
	copies_trim(itl, 0);
	spin_unlock_bh(&itl->lock);
}

/* ---- RECEIVE COPY RESULTS ------------------------------------------------- */

static u32 copy_alloc_length(const struct scst_cmd *cmd)
{
	return get_unaligned_be32(cmd->cdb + 10);
}

/* TRANSFER COUNT, in the least unit that reaches: bytes, KiB, MiB ... */
static void put_count(u64 bytes, u8 *units, u8 *count)
{
	for (*units = 0; bytes > U32_MAX; bytes >>= 10)
		++*units;
	put_unaligned_be32(bytes, count);
}

void spc_copy_status(struct scst_cmd *cmd)
{
	struct scst_itl *itl = scst_cmd_task(cmd)->itl;
	const struct spc_copy *copy;
	u8 data[12] = { 0, 0, 0, 8 };

	spin_lock_bh(&itl->lock);
	copy = copy_find(itl, cmd->cdb[2]);
	if (copy) {
		if (!copy->running)
			data[4] = copy->status == SCSI_GOOD ? 1 : 2;
		put_unaligned_be16(READ_ONCE(copy->segments), data + 5);
		put_count(READ_ONCE(copy->bytes), data + 7, data + 8);
	}
	spin_unlock_bh(&itl->lock);
	if (copy)
		scst_cmd_reply(cmd, data, sizeof(data), copy_alloc_length(cmd));
	else
		scst_cmd_bad_cdb(cmd, 2, SENSE_NO_BIT);
}

/* Nothing but the header where there is no failure to tell of. */
void spc_copy_failure(struct scst_cmd *cmd)
{
	struct scst_itl *itl = scst_cmd_task(cmd)->itl;
	u8 data[60 + SCST_SENSE_MAX] = { 0 };
	const struct spc_copy *copy;
	u32 len = 4;

	spin_lock_bh(&itl->lock);
	copy = copy_find(itl, cmd->cdb[2]);
	if (copy && copy->sense_len && !copy->running) {
		data[56] = copy->status;
		put_unaligned_be16(copy->sense_len, data + 58);
		memcpy(data + 60, copy->sense, copy->sense_len);
		len = 60 + copy->sense_len;
		put_unaligned_be32(len - 4, data);
	}
	spin_unlock_bh(&itl->lock);
	if (copy)
		scst_cmd_reply(cmd, data, len, copy_alloc_length(cmd));
	else
		scst_cmd_bad_cdb(cmd, 2, SENSE_NO_BIT);
}

void spc_copy_parameters(struct scst_cmd *cmd)
{
	u8 data[46] = { 0 };

	put_unaligned_be32(sizeof(data) - 4, data);
	data[4] = 0x01;			/* SNLID */
	put_unaligned_be16(XCOPY_CSCDS_MAX, data + 8);
	put_unaligned_be16(XCOPY_SEGMENTS_MAX, data + 10);
	put_unaligned_be32(XCOPY_DESCRIPTORS_MAX, data + 12);
	put_unaligned_be32(XCOPY_SEGMENT_MAX, data + 16);
	put_unaligned_be16(XCOPY_COPIES_MAX, data + 34);
	data[36] = XCOPY_COPIES_MAX;
	data[37] = 9;			/* granularity, a power of two */
	data[43] = 2;
	data[44] = XCOPY_BLOCK_TO_BLOCK;
	data[45] = XCOPY_IDENTIFICATION;
	scst_cmd_reply(cmd, data, sizeof(data), copy_alloc_length(cmd));
}

/* ---- Third-party Copy VPD page -------------------------------------------- */

static u8 *vpd_descriptor(u8 *page, u32 *len, u16 type, u16 size)
{
	u8 *d = page + *len;

	memset(d, 0, size + 4);
	put_unaligned_be16(type, d);
	put_unaligned_be16(size, d + 2);
	*len += size + 4;
	return d;
}

u32 spc_copy_vpd(u8 *page)
{
	static const u8 commands[] = {
		8,
		SCSI_THIRD_PARTY_OUT, 1, SCSI_SA_EXTENDED_COPY,
		SCSI_THIRD_PARTY_IN, 3, SCSI_SA_COPY_STATUS,
		SCSI_SA_COPY_PARAMETERS, SCSI_SA_COPY_FAILURE,
	};
	static const u8 types[] = {
		2, XCOPY_BLOCK_TO_BLOCK, XCOPY_IDENTIFICATION,
	};
	u32 len = 0;
	u8 *d;

	d = vpd_descriptor(page, &len, 0x0001, 12);	/* commands */
	memcpy(d + 4, commands, sizeof(commands));
	d = vpd_descriptor(page, &len, 0x0004, 28);	/* parameter data */
	put_unaligned_be16(XCOPY_CSCDS_MAX, d + 8);
	put_unaligned_be16(XCOPY_SEGMENTS_MAX, d + 10);
	put_unaligned_be32(XCOPY_DESCRIPTORS_MAX, d + 12);
	d = vpd_descriptor(page, &len, 0x0008, 4);	/* descriptor types */
	memcpy(d + 4, types, sizeof(types));
	vpd_descriptor(page, &len, 0x000c, 4);		/* no other CSCD IDs */
	d = vpd_descriptor(page, &len, 0x8001, 32);	/* general */
	put_unaligned_be32(XCOPY_COPIES_MAX, d + 4);
	put_unaligned_be32(XCOPY_COPIES_MAX, d + 8);
	put_unaligned_be32(XCOPY_SEGMENT_MAX, d + 12);
	d[16] = 9;
	return len;
}
