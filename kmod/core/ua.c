// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: unit attention conditions (SAM-6 5.14).
 *
 * Each ITL keeps a short queue. A condition that is already pending is not
 * added again. A reset condition goes first and makes earlier ones moot;
 * when the queue is full the newest are dropped in favour of one that says
 * "reset", which makes an initiator look at everything.
 */
#include "core_trace.h"
#include "scst_core.h"

static bool ua_is_reset(enum scst_sense ua)
{
	return SENSE_ASC(ua) == 0x29;
}

static void itl_remove_ua(struct scst_itl *itl, u8 at)
{
	u8 nr = itl->nr_ua - 1;

	memmove(&itl->ua[at], &itl->ua[at + 1], (nr - at) * sizeof(itl->ua[0]));
	WRITE_ONCE(itl->nr_ua, nr);
}

static void itl_ua_locked(struct scst_itl *itl, enum scst_sense ua)
{
	u8 i;

	lockdep_assert_held(&itl->lock);
	for (i = 0; i < itl->nr_ua; i++)
		if (itl->ua[i] == ua)
			return;

	trace_scst_ua(itl, ua);
	if (!ua_is_reset(ua) && itl->nr_ua == SCST_UA_MAX)
		ua = SENSE_UA_RESET;
	if (ua_is_reset(ua)) {
		itl->ua[0] = ua;
		WRITE_ONCE(itl->nr_ua, 1);
		return;
	}
	itl->ua[itl->nr_ua] = ua;
	WRITE_ONCE(itl->nr_ua, itl->nr_ua + 1);
}

void scst_itl_ua(struct scst_itl *itl, enum scst_sense ua)
{
	spin_lock_bh(&itl->lock);
	itl_ua_locked(itl, ua);
	spin_unlock_bh(&itl->lock);
}

static void itl_clear_ua(struct scst_itl *itl, enum scst_sense ua)
{
	u8 i;

	spin_lock_bh(&itl->lock);
	for (i = 0; i < itl->nr_ua; i++) {
		if (itl->ua[i] == ua) {
			itl_remove_ua(itl, i);
			break;
		}
	}
	spin_unlock_bh(&itl->lock);
}

/*
 * The condition to report now, which is cleared by that; SENSE_NONE when none
 * is pending. REPORTED LUNS DATA HAS CHANGED is cleared on every logical unit
 * of the nexus once one reported it (SPC-5 6.34).
 */
enum scst_sense scst_itl_take_ua(struct scst_itl *itl)
{
	enum scst_sense ua = SENSE_NONE;

	spin_lock_bh(&itl->lock);
	if (itl->nr_ua) {
		ua = itl->ua[0];
		itl_remove_ua(itl, 0);
		itl->stats.unit_attentions++;
	}
	spin_unlock_bh(&itl->lock);

	if (ua == SENSE_UA_LUNS_CHANGED)
		scst_nexus_clear_ua(itl->nexus, ua);
	return ua;
}

static void nexus_each_itl(struct scst_nexus *nexus, enum scst_sense ua,
			   void (*fn)(struct scst_itl *, enum scst_sense))
{
	const struct scst_itl_table *table;
	struct scst_itl *itl;
	u32 i;

	core_read_begin();
	table = rcu_dereference(nexus->itls);
	scst_for_each_itl(itl, table, i)
		fn(itl, ua);
	core_read_end();
}

void scst_nexus_ua(struct scst_nexus *nexus, enum scst_sense ua)
{
	nexus_each_itl(nexus, ua, scst_itl_ua);
}

void scst_nexus_clear_ua(struct scst_nexus *nexus, enum scst_sense ua)
{
	nexus_each_itl(nexus, ua, itl_clear_ua);
}

void scst_device_ua_locked(struct scst_device *dev, enum scst_sense ua,
			   u64 except)
{
	struct scst_itl *itl;

	lockdep_assert_held(&dev->lock);
	list_for_each_entry(itl, &dev->itls, dev_link)
		if (itl->nexus->id != except)
			scst_itl_ua(itl, ua);
}

void scst_device_ua(struct scst_device *dev, enum scst_sense ua, u64 except)
{
	spin_lock_bh(&dev->lock);
	scst_device_ua_locked(dev, ua, except);
	spin_unlock_bh(&dev->lock);
}
