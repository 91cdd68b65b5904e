// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: I_T nexuses and, for each logical unit they see, an I_T_L nexus.
 *
 * A nexus's ITLs stand in a table sorted by LUN. A change makes a new table
 * under ctx->mutex and retires the old one; commands find their ITL in a read
 * section, and REPORT LUNS lists the same table.
 *
 * An ITL lives until it left the table, its last task has ended and its last
 * function is over; tasks of a nexus that go to no logical unit hold the nexus
 * directly.
 */
#include "alua.h"
#include "scst_core.h"
#include "spc_xcopy.h"

void scst_nexus_get(struct scst_nexus *nexus)
{
	refcount_inc(&nexus->refs);
}

void scst_nexus_put(struct scst_nexus *nexus)
{
	struct scst_target *tgt = nexus->target;

	if (!refcount_dec_and_test(&nexus->refs))
		return;
	tgt->ops->nexus_gone(nexus);
	scst_target_put(tgt);
}

/* Tell the initiator, and the driver. */
void scst_nexus_luns_changed(struct scst_nexus *nexus)
{
	scst_nexus_ua(nexus, SENSE_UA_LUNS_CHANGED);
	if (nexus->target->ops->luns_changed)
		nexus->target->ops->luns_changed(nexus);
}

static void itl_retired(struct core_retired *retired)
{
	kfree(container_of(retired, struct scst_itl, retired));
}

static void itl_free(struct scst_itl *itl)
{
	struct scst_device *dev = itl->dev;
	struct scst_nexus *nexus = itl->nexus;

	spin_lock_bh(&dev->lock);
	list_del(&itl->dev_link);
	spin_unlock_bh(&dev->lock);
	spc_copy_forget(itl);
	core_retire(&itl->retired, itl_retired);
	scst_device_put(dev);
	scst_nexus_put(nexus);
}

/* In a read section, or with a task of @itl. False: it died. */
bool scst_itl_hold(struct scst_itl *itl)
{
	bool alive;

	spin_lock_bh(&itl->lock);
	alive = !itl->dead;
	itl->nr_holds += alive;
	spin_unlock_bh(&itl->lock);
	return alive;
}

/* Give back a hold on @itl; the last one after it died frees it. */
void scst_itl_drop(struct scst_itl *itl)
{
	bool last;

	spin_lock_bh(&itl->lock);
	last = !--itl->nr_holds && !itl->nr_tasks && itl->dead;
	spin_unlock_bh(&itl->lock);
	if (last)
		itl_free(itl);
}

/* The ITL at @lun; in a read section. */
struct scst_itl *scst_itl_find(struct scst_nexus *nexus, u16 lun)
{
	const struct scst_itl_table *table = rcu_dereference(nexus->itls);
	u32 lo = 0, hi;

	if (!table)
		return NULL;
	/* LUNs are mostly numbered from 0 without gaps. */
	if (lun < table->nr && table->row[lun].lun == lun)
		return rcu_dereference(table->row[lun].itl);

	for (hi = table->nr; lo < hi;) {
		u32 mid = lo + (hi - lo) / 2;

		if (table->row[mid].lun == lun)
			return rcu_dereference(table->row[mid].itl);
		if (table->row[mid].lun < lun)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static struct scst_itl_table *nexus_table(const struct scst_nexus *nexus)
{
	return rcu_dereference_protected(nexus->itls,
			lockdep_is_held(&nexus->target->ctx->mutex));
}

static void table_retired(struct core_retired *retired)
{
	kfree(container_of(retired, struct scst_itl_table, retired));
}

static void nexus_set_table(struct scst_nexus *nexus,
			    struct scst_itl_table *table)
{
	struct scst_itl_table *old = nexus_table(nexus);

	rcu_assign_pointer(nexus->itls, table);
	if (old)
		core_retire(&old->retired, table_retired);
}

static void table_append(struct scst_itl_table *table, struct scst_itl *itl)
{
	struct scst_itl_row *row = &table->row[table->nr++];

	row->lun = itl->lun;
	rcu_assign_pointer(row->itl, itl);
}

static struct scst_itl *itl_alloc(struct scst_nexus *nexus,
				  const struct scst_map *map)
{
	struct scst_itl *itl = kzalloc(sizeof(*itl), GFP_KERNEL);

	if (!itl)
		return NULL;
	itl->nexus = nexus;
	itl->dev = map->dev;
	itl->id = ++itl->dev->ctx->last_itl_id;
	itl->lun = map->lun;
	itl->read_only = map->read_only;
	spin_lock_init(&itl->lock);
	INIT_LIST_HEAD(&itl->tasks);
	INIT_LIST_HEAD(&itl->tmfs);
	INIT_LIST_HEAD(&itl->copies);
	/* 29/00 covers it all, and every initiator knows it. */
	itl->ua[0] = SENSE_UA_RESET;
	itl->nr_ua = 1;

	scst_nexus_get(nexus);
	scst_device_get(itl->dev);
	spin_lock_bh(&itl->dev->lock);
	itl->gate = itl->dev->taskset.closed;
	list_add_tail(&itl->dev_link, &itl->dev->itls);
	spc_pr_join(itl);
	spin_unlock_bh(&itl->dev->lock);
	scst_alua_itl_join(itl);
	return itl;
}

/* Let @nexus see the entry @map of its group. */
int scst_itl_add(struct scst_nexus *nexus, const struct scst_map *map)
{
	const struct scst_itl_table *old = nexus_table(nexus);
	struct scst_itl_table *table;
	struct scst_itl *added, *itl;
	u32 i;

	added = itl_alloc(nexus, map);
	if (!added)
		return -ENOMEM;
	table = kzalloc(struct_size(table, row, (old ? old->nr : 0) + 1),
			GFP_KERNEL);
	if (!table) {
		itl_free(added);
		return -ENOMEM;
	}
	scst_for_each_itl(itl, old, i) {
		if (added && itl->lun > added->lun) {
			table_append(table, added);
			added = NULL;
		}
		table_append(table, itl);
	}
	if (added)
		table_append(table, added);
	nexus_set_table(nexus, table);
	return 0;
}

/* The nexus's state on the device ends, and with it the ITL's reference. */
static void itl_forget(struct scst_itl *itl)
{
	struct scst_device *dev = itl->dev;

	spin_lock_bh(&dev->lock);
	if (dev->reserved_by == itl->nexus->id) {
		dev->reserved_by = 0;
		spc_resv_update(dev);
	}
	if (dev->ops->event)
		dev->ops->event(dev, SCST_EV_NEXUS_LOSS, itl->nexus->id);
	spin_unlock_bh(&dev->lock);
	scst_itl_drop(itl);
}

static void itl_lost(struct scst_tmf *tmf)
{
	itl_forget(tmf->itl);
}

/* Let no new task in; the caller gets a hold. */
static void itl_close(struct scst_itl *itl)
{
	spin_lock_bh(&itl->lock);
	itl->dead = true;
	itl->nr_holds++;
	spin_unlock_bh(&itl->lock);
}

/*
 * The nexus goes: what runs is aborted and finishes at its own pace, within
 * the device's order of task management functions, so that a later LOGICAL
 * UNIT RESET does not overtake it.
 */
static void itl_lose(struct scst_itl *itl)
{
	itl_close(itl);
	itl->loss.nexus = itl->nexus;
	itl->loss.fn = SCST_NEXUS_LOSS;
	itl->loss.itl = itl;
	itl->loss.done = itl_lost;
	scst_tmf_start(&itl->loss);
}

/*
 * The entry @lun left the group of @nexus. Tasks that are under way end as if
 * nothing had happened: the initiator waits for them.
 */
void scst_itl_remove(struct scst_nexus *nexus, u16 lun)
{
	struct scst_itl_table *table = nexus_table(nexus);
	struct scst_itl *itl;
	u32 i;

	scst_for_each_itl(itl, table, i) {
		if (itl->lun != lun)
			continue;
		RCU_INIT_POINTER(table->row[i].itl, NULL);
		itl_close(itl);
		itl_forget(itl);
		return;
	}
}

void scst_itl_set_read_only(struct scst_nexus *nexus, u16 lun, bool read_only)
{
	struct scst_itl *itl;

	core_read_begin();
	itl = scst_itl_find(nexus, lun);
	if (itl && itl->read_only != read_only) {
		WRITE_ONCE(itl->read_only, read_only);
		/* the WP bit of the mode parameter header */
		scst_itl_ua(itl, SENSE_UA_MODE_CHANGED);
	}
	core_read_end();
}

static bool nexus_sees(struct scst_nexus *nexus, const struct scst_map *map)
{
	bool sees;

	core_read_begin();
	sees = scst_itl_find(nexus, map->lun);
	core_read_end();
	return sees;
}

/* Let @nexus see what the group that it now belongs to shows. */
void scst_nexus_regroup(struct scst_nexus *nexus)
{
	struct scst_group *grp = scst_target_group(nexus->target,
						   nexus->initiator);
	struct scst_itl_table *table = nexus_table(nexus);
	struct scst_map *map;
	struct scst_itl *itl;
	u32 i;

	if (grp == nexus->group)
		return;
	nexus->group = grp;
	scst_for_each_itl(itl, table, i) {
		map = grp ? scst_map_find(grp, itl->lun) : NULL;
		if (!map || map->dev != itl->dev)
			scst_itl_remove(nexus, itl->lun);
		else
			scst_itl_set_read_only(nexus, map->lun, map->read_only);
	}
	if (grp)
		list_for_each_entry(map, &grp->maps, link)
			if (!nexus_sees(nexus, map) && scst_itl_add(nexus, map))
				pr_err("%s: no memory for LUN %u of %s\n",
				       nexus->target->name, map->lun,
				       nexus->initiator);
	scst_nexus_luns_changed(nexus);
}

u64 scst_nexus_lun_id(struct scst_nexus *nexus, u16 lun)
{
	struct scst_itl *itl;
	u64 id;

	core_read_begin();
	itl = scst_itl_find(nexus, lun);
	id = itl ? itl->id : 0;
	core_read_end();
	return id;
}

static struct scst_itl_table *table_make(struct scst_nexus *nexus)
{
	struct scst_itl_table *table;
	struct scst_itl *itl;
	struct scst_map *map;
	u32 i, nr = 0;

	list_for_each_entry(map, &nexus->group->maps, link)
		nr++;
	table = kzalloc(struct_size(table, row, nr), GFP_KERNEL);
	if (!table)
		return NULL;
	list_for_each_entry(map, &nexus->group->maps, link) {
		itl = itl_alloc(nexus, map);
		if (!itl)
			goto out_free;
		table_append(table, itl);
	}
	return table;

out_free:
	scst_for_each_itl(itl, table, i)
		itl_free(itl);
	kfree(table);
	return NULL;
}

static void nexus_observe(const struct scst_nexus *nexus, bool added)
{
	const struct scst_observer *observer = nexus->target->ctx->observer;

	if (observer && observer->nexus)
		observer->nexus(nexus, added);
}

static void nexus_set_transport_id(struct scst_nexus *nexus)
{
	const struct scst_target_ops *ops = nexus->target->ops;

	if (ops->transport_id)
		nexus->transport_id_len =
			ops->transport_id(nexus, nexus->transport_id);
	else
		nexus->transport_id_len =
			spc_tid_default(nexus->transport_id, ops->protocol,
					nexus->initiator);
	nexus->transport_hash = core_hash(nexus->transport_id,
					  nexus->transport_id_len, 0);
}

int scst_nexus_add(struct scst_nexus *nexus, struct scst_target *tgt,
		   const char *initiator)
{
	struct scst_itl_table *table;
	int ret = 0;

	nexus->target = tgt;
	refcount_set(&nexus->refs, 1);
	if (strscpy(nexus->initiator, initiator, sizeof(nexus->initiator)) < 0)
		return -ENAMETOOLONG;
	nexus_set_transport_id(nexus);

	mutex_lock(&tgt->ctx->mutex);
	nexus->id = ++tgt->ctx->last_nexus_id;
	nexus->group = scst_target_group(tgt, initiator);
	table = nexus->group ? table_make(nexus) : NULL;
	if (table) {
		RCU_INIT_POINTER(nexus->itls, table);
		list_add_tail(&nexus->target_link, &tgt->nexuses);
		scst_target_get(tgt);
		nexus_observe(nexus, true);
	} else {
		ret = nexus->group ? -ENOMEM : -EACCES;
	}
	mutex_unlock(&tgt->ctx->mutex);
	return ret;
}

void scst_nexus_del(struct scst_nexus *nexus)
{
	struct scst_ctx *ctx = nexus->target->ctx;
	struct scst_itl_table *table;
	struct scst_itl *itl;
	u32 i;

	mutex_lock(&ctx->mutex);
	nexus_observe(nexus, false);
	list_del(&nexus->target_link);
	table = nexus_table(nexus);
	RCU_INIT_POINTER(nexus->itls, NULL);
	scst_for_each_itl(itl, table, i)
		itl_lose(itl);
	mutex_unlock(&ctx->mutex);

	core_retire(&table->retired, table_retired);
	scst_nexus_put(nexus);
}
