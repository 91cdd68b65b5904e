// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: what other modules may call of the portable core. Without a licence
 * condition: target drivers and handlers may be anybody's.
 */
#include <linux/export.h>

#include "mmc.h"
#include "sbc.h"
#include "scst.h"
#include "scst_handler.h"
#include "seg.h"

/* seg.h */
EXPORT_SYMBOL(core_segs_compare);
EXPORT_SYMBOL(core_segs_copy);
EXPORT_SYMBOL(core_segs_fill);
EXPORT_SYMBOL(core_segs_is_zero);
EXPORT_SYMBOL(core_segs_len);
EXPORT_SYMBOL(core_segs_read);
EXPORT_SYMBOL(core_segs_slice);
EXPORT_SYMBOL(core_segs_trim);
EXPORT_SYMBOL(core_segs_write);
EXPORT_SYMBOL(core_segs_zero);

/* scst_cmd.h */
EXPORT_SYMBOL(scst_cmd_bad_cdb);
EXPORT_SYMBOL(scst_cmd_bad_param);
EXPORT_SYMBOL(scst_cmd_copy_in);
EXPORT_SYMBOL(scst_cmd_copy_out);
EXPORT_SYMBOL(scst_cmd_fail);
EXPORT_SYMBOL(scst_cmd_fail_info);
EXPORT_SYMBOL(scst_cmd_fail_with);
EXPORT_SYMBOL(scst_cmd_get_params);
EXPORT_SYMBOL(scst_cmd_reply);
EXPORT_SYMBOL(scst_cmd_request_sense);
EXPORT_SYMBOL(scst_sense_encode);
EXPORT_SYMBOL(scst_sense_name);

/* scst_device.h */
EXPORT_SYMBOL(scst_cmd_pass);
EXPORT_SYMBOL(scst_device_name);
EXPORT_SYMBOL(scst_device_priv);
EXPORT_SYMBOL(scst_device_set_capacity);
EXPORT_SYMBOL(scst_device_set_read_only);
EXPORT_SYMBOL(scst_device_ua);
EXPORT_SYMBOL(scst_mode_selected);

/* scst_target.h */
EXPORT_SYMBOL(scst_lun_decode);
EXPORT_SYMBOL(scst_lun_encode);
EXPORT_SYMBOL(scst_nexus_add);
EXPORT_SYMBOL(scst_nexus_del);
EXPORT_SYMBOL(scst_nexus_lun_id);
EXPORT_SYMBOL(scst_target_admits);
EXPORT_SYMBOL(scst_target_name);
EXPORT_SYMBOL(scst_target_priv);
EXPORT_SYMBOL(scst_task_aborted);
EXPORT_SYMBOL(scst_task_data_out);
EXPORT_SYMBOL(scst_task_end);
EXPORT_SYMBOL(scst_task_init);
EXPORT_SYMBOL(scst_task_residual);
EXPORT_SYMBOL(scst_task_sense);
EXPORT_SYMBOL(scst_task_submit);
EXPORT_SYMBOL(scst_tmf_submit);

/* mmc.h */
EXPORT_SYMBOL(mmc_lu_alloc);
EXPORT_SYMBOL(mmc_lu_blocks);
EXPORT_SYMBOL(mmc_lu_config);
EXPORT_SYMBOL(mmc_lu_describe);
EXPORT_SYMBOL(mmc_lu_event);
EXPORT_SYMBOL(mmc_lu_free);
EXPORT_SYMBOL(mmc_lu_locked);
EXPORT_SYMBOL(mmc_lu_mode_select);
EXPORT_SYMBOL(mmc_lu_priv);
EXPORT_SYMBOL(mmc_lu_request_eject);
EXPORT_SYMBOL(mmc_lu_set_medium);

/* sbc.h */
EXPORT_SYMBOL(sbc_lu_alloc);
EXPORT_SYMBOL(sbc_lu_blocks);
EXPORT_SYMBOL(sbc_lu_busy);
EXPORT_SYMBOL(sbc_lu_config);
EXPORT_SYMBOL(sbc_lu_describe);
EXPORT_SYMBOL(sbc_lu_event);
EXPORT_SYMBOL(sbc_lu_free);
EXPORT_SYMBOL(sbc_lu_mode_select);
EXPORT_SYMBOL(sbc_lu_priv);
EXPORT_SYMBOL(sbc_lu_resize);
EXPORT_SYMBOL(sbc_lu_resume);
EXPORT_SYMBOL(sbc_lu_set_medium);
EXPORT_SYMBOL(sbc_lu_stop);
EXPORT_SYMBOL(sbc_lu_write_cache);
