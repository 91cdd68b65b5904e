/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: asymmetric logical unit access: its commands, and which commands
 * run through a target port in which state.
 */
#ifndef SPC_ALUA_H
#define SPC_ALUA_H

#include "core_os.h"
#include "scst_cmd.h"

/* TPGS, where it stands in byte 5 of standard INQUIRY data. */
#define SPC_TPGS_IMPLICIT 0x10
#define SPC_TPGS_EXPLICIT 0x20

/* Of a command by its operation code: in which states it runs. */
u32 spc_alua_flags(u8 op, u16 sa);

/* Of an access state: what a command needs of these, as itl->needs. */
u16 spc_alua_needs(u8 state);

/* Why a command without them fails. */
enum scst_sense spc_alua_sense(u8 state);

void spc_report_port_groups(struct scst_cmd *cmd);
void spc_set_port_groups(struct scst_cmd *cmd);

#endif
