// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: what a device server remembers of its I_T nexuses, see
 * scsi_nexus.h.
 */
#include "core_os.h"
#include "scsi_nexus.h"

struct scsi_nexus *scsi_nexus_find(struct list_head *list, u64 id)
{
	struct scsi_nexus *nexus;

	list_for_each_entry(nexus, list, link)
		if (nexus->id == id)
			return nexus;
	return NULL;
}

struct scsi_nexus *scsi_nexus_remember(struct list_head *list, u64 id)
{
	struct scsi_nexus *nexus = scsi_nexus_find(list, id);

	if (nexus)
		return nexus;
	nexus = kzalloc(sizeof(*nexus), GFP_ATOMIC);
	if (!nexus)
		return NULL;
	nexus->id = id;
	list_add(&nexus->link, list);
	return nexus;
}

static void nexus_drop(struct scsi_nexus *nexus)
{
	list_del(&nexus->link);
	kfree(nexus);
}

void scsi_nexus_forget(struct list_head *list, u64 id)
{
	struct scsi_nexus *nexus = scsi_nexus_find(list, id);

	if (nexus)
		nexus_drop(nexus);
}

void scsi_nexus_forget_all(struct list_head *list)
{
	struct scsi_nexus *nexus, *next;

	list_for_each_entry_safe(nexus, next, list, link)
		nexus_drop(nexus);
}

bool scsi_nexus_prevents(struct list_head *list, u8 how)
{
	struct scsi_nexus *nexus;

	list_for_each_entry(nexus, list, link)
		if (nexus->prevents & how)
			return true;
	return false;
}
