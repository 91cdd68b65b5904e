// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: the context that everything hangs from, and LUN fields.
 */
#include "scst_core.h"

struct scst_ctx *scst_ctx_alloc(void)
{
	struct scst_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return NULL;
	mutex_init(&ctx->mutex);
	INIT_LIST_HEAD(&ctx->devices);
	INIT_LIST_HEAD(&ctx->targets);
	spin_lock_init(&ctx->targets_lock);
	INIT_LIST_HEAD(&ctx->device_groups);
	spin_lock_init(&ctx->alua_lock);
	return ctx;
}

void scst_ctx_free(struct scst_ctx *ctx)
{
	WARN_ON(!list_empty(&ctx->devices));
	WARN_ON(!list_empty(&ctx->targets));
	WARN_ON(!list_empty(&ctx->device_groups));
	core_barrier();
	mutex_destroy(&ctx->mutex);
	kfree(ctx);
}

void scst_observe(struct scst_ctx *ctx, const struct scst_observer *observer)
{
	ctx->observer = observer;
}

/*
 * SAM-6 4.7: the first level alone is used. Peripheral device addressing
 * (00b, bus 0), flat space addressing (01b) and logical unit addressing
 * with bus and target 0 (10b) name ordinary logical units; the well known
 * ones keep their extended form (11b).
 */
u16 scst_lun_decode(const u8 *lun)
{
	u16 first = get_unaligned_be16(lun);

	if (memchr_inv(lun + 2, 0, 6))
		return SCST_LUN_NONE;

	switch (first >> 14) {
	case 0:
		return first & 0x3f00 ? SCST_LUN_NONE : first;
	case 1:
		return first & 0x3fff;
	case 2:
		return first & 0x3fe0 ? SCST_LUN_NONE : first & 0x1f;
	default:
		return first == SCSI_WLUN_REPORT_LUNS ? first : SCST_LUN_NONE;
	}
}

void scst_lun_encode(u16 nr, u8 *lun)
{
	memset(lun, 0, 8);
	/* Peripheral device addressing where it reaches (SAM-6 4.7.7.2). */
	if (nr > 0xff && nr <= SCST_LUN_MAX)
		nr |= 0x4000;
	put_unaligned_be16(nr, lun);
}
