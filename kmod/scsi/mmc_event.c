// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: GET EVENT STATUS NOTIFICATION (MMC-6 6.6), for those who poll.
 *
 * Events are kept for each I_T nexus, so that none takes another's away. A
 * nexus that asks for the first time hears of the medium that it finds, as
 * after power on.
 */
#include "core_os.h"
#include "mmc_lu.h"

/* Notification classes, and as a mask those that there are here. */
enum {
	CLASS_OPERATIONAL = 1,
	CLASS_POWER	  = 2,
	CLASS_MEDIA	  = 4,
	CLASS_BUSY	  = 6,
	CLASSES = 1 << CLASS_OPERATIONAL | 1 << CLASS_POWER |
		  1 << CLASS_MEDIA | 1 << CLASS_BUSY,
};

enum { HEADER_LEN = 4, EVENT_LEN = 4, NO_EVENT_AVAILABLE = 0x80 };

#define MEDIA_EVENTS \
	(MMC_EV_NEW_MEDIUM | MMC_EV_REMOVED | MMC_EV_EJECT_REQUEST)

/* Whatever befalls the medium makes moot what was to be said of it before. */
void mmc_announce(struct mmc_lu *lu, u8 events)
{
	struct scsi_nexus *nexus;

	lockdep_assert_held(&lu->lock);
	list_for_each_entry(nexus, &lu->nexuses, link) {
		if (events & (MMC_EV_NEW_MEDIUM | MMC_EV_REMOVED))
			nexus->events &= ~MEDIA_EVENTS;
		nexus->events |= events;
	}
}

struct scsi_nexus *mmc_nexus(struct mmc_lu *lu, u64 id)
{
	struct scsi_nexus *nexus = scsi_nexus_find(&lu->nexuses, id);

	lockdep_assert_held(&lu->lock);
	if (nexus)
		return nexus;
	nexus = scsi_nexus_remember(&lu->nexuses, id);
	if (nexus && lu->ready)
		nexus->events = MMC_EV_NEW_MEDIUM;
	return nexus;
}

/* The class to speak of: the first that has news, else the first asked for. */
static u8 event_class(u8 wanted, u8 events)
{
	u8 news = 0;

	if (events & MMC_EV_FEATURES)
		news |= 1 << CLASS_OPERATIONAL;
	if (events & MEDIA_EVENTS)
		news |= 1 << CLASS_MEDIA;
	if (wanted & news)
		wanted &= news;
	return __ffs(wanted);
}

/* MMC-6 6.6.2.2; true features are told by GET CONFIGURATION. */
static u8 event_operational(struct mmc_lu *lu, u8 events, u8 *p)
{
	if (scsi_nexus_prevents(&lu->nexuses, SCSI_PREVENT_PERSISTENT))
		p[1] = 0x80;
	if (!(events & MMC_EV_FEATURES))
		return 0;
	p[0] = 2;				/* changed: */
	put_unaligned_be16(1, p + 2);		/* features */
	return MMC_EV_FEATURES;
}

/* MMC-6 6.6.2.5; one event at a time, the button last. */
static u8 event_media(const struct mmc_lu *lu, u8 events, u8 *p)
{
	p[1] = (lu->ready ? 0x02 : 0) | (lu->open ? 0x01 : 0);
	if (events & MMC_EV_NEW_MEDIUM) {
		p[0] = 2;
		return MMC_EV_NEW_MEDIUM;
	}
	if (events & MMC_EV_REMOVED) {
		p[0] = 3;
		return MMC_EV_REMOVED;
	}
	if (events & MMC_EV_EJECT_REQUEST) {
		p[0] = 1;
		return MMC_EV_EJECT_REQUEST;
	}
	return 0;
}

/* Fill in the event at @p; which one it tells of. */
static u8 event_fill(struct mmc_lu *lu, u8 class, u8 events, u8 *p)
{
	switch (class) {
	case CLASS_OPERATIONAL:
		return event_operational(lu, events, p);
	case CLASS_MEDIA:
		return event_media(lu, events, p);
	case CLASS_POWER:
		p[1] = 1;			/* active, ever */
		return 0;
	default:
		return 0;			/* not busy */
	}
}

void mmc_get_event_status(struct scst_cmd *cmd)
{
	u16 alloc = get_unaligned_be16(cmd->cdb + 7);
	u32 room = min_t(u32, alloc, scst_cmd_data_in(cmd));
	struct mmc_lu *lu = mmc_lu(cmd);
	u8 wanted = cmd->cdb[4] & CLASSES, told;
	u8 buf[HEADER_LEN + EVENT_LEN] = { 0 };
	struct scsi_nexus *nexus;

	/* To be told when it happens takes a command that waits. */
	if (!(cmd->cdb[1] & 0x01)) {
		scst_cmd_bad_cdb(cmd, 1, 0);
		return;
	}
	buf[3] = CLASSES;
	if (!wanted) {
		put_unaligned_be16(HEADER_LEN - 2, buf);
		buf[2] = NO_EVENT_AVAILABLE;
		scst_cmd_reply(cmd, buf, HEADER_LEN, alloc);
		return;
	}

	put_unaligned_be16(sizeof(buf) - 2, buf);
	spin_lock_bh(&lu->lock);
	nexus = mmc_nexus(lu, cmd->nexus_id);
	buf[2] = event_class(wanted, nexus ? nexus->events : 0);
	told = event_fill(lu, buf[2], nexus ? nexus->events : 0,
			  buf + HEADER_LEN);
	/* It has been told only if there is room to tell it. */
	if (nexus && room > HEADER_LEN)
		nexus->events &= ~told;
	spin_unlock_bh(&lu->lock);
	scst_cmd_reply(cmd, buf, sizeof(buf), alloc);
}
