/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: what a device server remembers of its I_T nexuses.
 *
 * A list has an entry for each nexus of which there is something to say; the
 * owner's lock guards it and is held by whoever calls. An entry ends with its
 * nexus (SCST_EV_NEXUS_LOSS), which bounds their number.
 */
#ifndef SCSI_NEXUS_H
#define SCSI_NEXUS_H

#include "core_os.h"

/* Of PREVENT ALLOW MEDIUM REMOVAL, as in its CDB (MMC-6 6.14). */
enum scsi_prevent {
	SCSI_PREVENT		= 1 << 0,
	SCSI_PREVENT_PERSISTENT = 1 << 1,
};

struct scsi_nexus {
	struct list_head link;
	u64 id;
	u8 prevents;		/* enum scsi_prevent */
	u8 events;		/* that it has not heard of yet, the owner's */
};

struct scsi_nexus *scsi_nexus_find(struct list_head *list, u64 id);

/* The entry of @id, a new one if need be, all zeroes. NULL: no memory. */
struct scsi_nexus *scsi_nexus_remember(struct list_head *list, u64 id);

void scsi_nexus_forget(struct list_head *list, u64 id);
void scsi_nexus_forget_all(struct list_head *list);

/* Does any nexus prevent the removal in one of the ways @how? */
bool scsi_nexus_prevents(struct list_head *list, u8 how);

#endif
