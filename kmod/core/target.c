// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: targets, initiator groups and LUN maps: who sees what.
 */
#include "scst_core.h"

/* The least that is free: the same again after a restart. */
static u16 free_port_id(struct scst_ctx *ctx)
{
	struct scst_target *tgt;
	u16 id = 1;

again:
	list_for_each_entry(tgt, &ctx->targets, link) {
		if (tgt->port_id == id) {
			id++;
			goto again;
		}
	}
	return id;
}

struct scst_target *scst_target_register(struct scst_ctx *ctx,
					 const char *name,
					 const struct scst_target_ops *ops,
					 void *priv)
{
	struct scst_target *tgt, *other;

	tgt = kzalloc(sizeof(*tgt), GFP_KERNEL);
	if (!tgt)
		return ERR_PTR(-ENOMEM);
	if (strscpy(tgt->name, name, sizeof(tgt->name)) < 0) {
		kfree(tgt);
		return ERR_PTR(-ENAMETOOLONG);
	}
	tgt->ctx = ctx;
	tgt->ops = ops;
	tgt->priv = priv;
	refcount_set(&tgt->refs, 1);
	INIT_LIST_HEAD(&tgt->groups);
	INIT_LIST_HEAD(&tgt->nexuses);

	mutex_lock(&ctx->mutex);
	list_for_each_entry(other, &ctx->targets, link) {
		if (!strcasecmp(other->name, name)) {
			mutex_unlock(&ctx->mutex);
			kfree(tgt);
			return ERR_PTR(-EEXIST);
		}
	}
	tgt->port_id = free_port_id(ctx);
	spin_lock_bh(&ctx->targets_lock);
	list_add_tail(&tgt->link, &ctx->targets);
	spin_unlock_bh(&ctx->targets_lock);
	mutex_unlock(&ctx->mutex);
	return tgt;
}

void scst_target_get(struct scst_target *tgt)
{
	refcount_inc(&tgt->refs);
}

void scst_target_put(struct scst_target *tgt)
{
	if (!refcount_dec_and_test(&tgt->refs))
		return;
	if (tgt->ops->release)
		tgt->ops->release(tgt);
	kfree(tgt);
}

static void map_free(struct scst_map *map)
{
	list_del(&map->link);
	scst_device_put(map->dev);
	kfree(map);
}

static void group_free(struct scst_group *grp)
{
	struct scst_pattern *pattern, *next_pattern;
	struct scst_map *map, *next_map;

	list_for_each_entry_safe(pattern, next_pattern, &grp->patterns, link)
		kfree(pattern);
	list_for_each_entry_safe(map, next_map, &grp->maps, link)
		map_free(map);
	list_del(&grp->link);
	kfree(grp);
}

void scst_target_unregister(struct scst_target *tgt)
{
	struct scst_group *grp, *next;

	mutex_lock(&tgt->ctx->mutex);
	WARN_ON(!list_empty(&tgt->nexuses));
	list_for_each_entry_safe(grp, next, &tgt->groups, link)
		group_free(grp);
	spin_lock_bh(&tgt->ctx->targets_lock);
	list_del(&tgt->link);
	spin_unlock_bh(&tgt->ctx->targets_lock);
	mutex_unlock(&tgt->ctx->mutex);
	scst_target_put(tgt);
}

void *scst_target_priv(const struct scst_target *tgt)
{
	return tgt->priv;
}

const char *scst_target_name(const struct scst_target *tgt)
{
	return tgt->name;
}

u16 scst_target_port_id(struct scst_target *tgt)
{
	u16 id;

	mutex_lock(&tgt->ctx->mutex);
	id = tgt->port_id;
	mutex_unlock(&tgt->ctx->mutex);
	return id;
}

/* While a nexus lasts, its registrations and its groups go by the number. */
int scst_target_set_port_id(struct scst_target *tgt, u16 id)
{
	struct scst_target *other;
	int ret = id ? 0 : -EINVAL;

	mutex_lock(&tgt->ctx->mutex);
	list_for_each_entry(other, &tgt->ctx->targets, link)
		if (other != tgt && other->port_id == id)
			ret = -EEXIST;
	if (tgt->port_id == id)
		ret = 0;
	else if (!ret && refcount_read(&tgt->refs) > 1)
		ret = -EBUSY;
	if (!ret) {
		spin_lock_bh(&tgt->ctx->targets_lock);
		tgt->port_id = id;
		spin_unlock_bh(&tgt->ctx->targets_lock);
	}
	mutex_unlock(&tgt->ctx->mutex);
	return ret;
}

struct scst_group *scst_group_add(struct scst_target *tgt, const char *name)
{
	struct scst_group *grp;
	size_t len = strlen(name);

	grp = kzalloc(struct_size(grp, name, len + 1), GFP_KERNEL);
	if (!grp)
		return ERR_PTR(-ENOMEM);
	memcpy(grp->name, name, len);
	grp->target = tgt;
	INIT_LIST_HEAD(&grp->patterns);
	INIT_LIST_HEAD(&grp->maps);

	mutex_lock(&tgt->ctx->mutex);
	list_add_tail(&grp->link, &tgt->groups);
	mutex_unlock(&tgt->ctx->mutex);
	return grp;
}

/* Let the nexuses of @tgt follow its groups. */
static void target_regroup(struct scst_target *tgt)
{
	struct scst_nexus *nexus;

	list_for_each_entry(nexus, &tgt->nexuses, target_link)
		scst_nexus_regroup(nexus);
}

void scst_group_del(struct scst_group *grp)
{
	struct scst_target *tgt = grp->target;
	struct scst_pattern *pattern, *next;

	mutex_lock(&tgt->ctx->mutex);
	list_for_each_entry_safe(pattern, next, &grp->patterns, link) {
		list_del(&pattern->link);
		kfree(pattern);
	}
	target_regroup(tgt);
	group_free(grp);
	mutex_unlock(&tgt->ctx->mutex);
}

int scst_group_del_pattern(struct scst_group *grp, const char *text)
{
	struct scst_target *tgt = grp->target;
	struct scst_pattern *pattern;
	int ret = -ENOENT;

	mutex_lock(&tgt->ctx->mutex);
	list_for_each_entry(pattern, &grp->patterns, link) {
		if (strcmp(pattern->text, text))
			continue;
		list_del(&pattern->link);
		kfree(pattern);
		target_regroup(tgt);
		ret = 0;
		break;
	}
	mutex_unlock(&tgt->ctx->mutex);
	return ret;
}

int scst_group_add_pattern(struct scst_group *grp, const char *text)
{
	struct scst_pattern *pattern;
	size_t len = strlen(text);

	pattern = kzalloc(struct_size(pattern, text, len + 1), GFP_KERNEL);
	if (!pattern)
		return -ENOMEM;
	memcpy(pattern->text, text, len);

	mutex_lock(&grp->target->ctx->mutex);
	list_add_tail(&pattern->link, &grp->patterns);
	target_regroup(grp->target);
	mutex_unlock(&grp->target->ctx->mutex);
	return 0;
}

static bool group_matches(const struct scst_group *grp, const char *initiator)
{
	const struct scst_pattern *pattern;

	list_for_each_entry(pattern, &grp->patterns, link) {
		const char *text = pattern->text;
		bool exclude = *text == '!';

		if (scst_glob(text + exclude, initiator))
			return !exclude;
	}
	return false;
}

struct scst_group *scst_target_group(struct scst_target *tgt,
				     const char *initiator)
{
	struct scst_group *grp;

	lockdep_assert_held(&tgt->ctx->mutex);
	list_for_each_entry(grp, &tgt->groups, link)
		if (group_matches(grp, initiator))
			return grp;
	return NULL;
}

bool scst_target_admits(struct scst_target *tgt, const char *initiator)
{
	bool admits;

	mutex_lock(&tgt->ctx->mutex);
	admits = scst_target_group(tgt, initiator);
	mutex_unlock(&tgt->ctx->mutex);
	return admits;
}

/* The first entry of @grp that is not before @lun, or the list's head. */
static struct list_head *map_position(struct scst_group *grp, u16 lun)
{
	struct scst_map *map;

	list_for_each_entry(map, &grp->maps, link)
		if (map->lun >= lun)
			return &map->link;
	return &grp->maps;
}

struct scst_map *scst_map_find(struct scst_group *grp, u16 lun)
{
	struct list_head *at = map_position(grp, lun);
	struct scst_map *map;

	if (at == &grp->maps)
		return NULL;
	map = list_entry(at, struct scst_map, link);
	return map->lun == lun ? map : NULL;
}

/* Show a new entry to the nexuses that exist. */
static int map_publish(struct scst_group *grp, const struct scst_map *map)
{
	struct scst_nexus *nexus;
	int ret;

	list_for_each_entry(nexus, &grp->target->nexuses, target_link) {
		if (nexus->group != grp)
			continue;
		ret = scst_itl_add(nexus, map);
		if (ret)
			return ret;
		scst_nexus_luns_changed(nexus);
	}
	return 0;
}

static void map_remove(struct scst_group *grp, struct scst_map *map)
{
	struct scst_nexus *nexus;

	list_for_each_entry(nexus, &grp->target->nexuses, target_link) {
		if (nexus->group != grp)
			continue;
		scst_itl_remove(nexus, map->lun);
		scst_nexus_luns_changed(nexus);
	}
	map_free(map);
}

int scst_group_map(struct scst_group *grp, u16 lun, struct scst_device *dev,
		   bool read_only)
{
	struct scst_ctx *ctx = grp->target->ctx;
	struct scst_map *map;
	int ret;

	if (lun > SCST_LUN_MAX)
		return -ERANGE;
	map = kzalloc(sizeof(*map), GFP_KERNEL);
	if (!map)
		return -ENOMEM;
	map->lun = lun;
	map->dev = dev;
	map->read_only = read_only;

	mutex_lock(&ctx->mutex);
	if (dev->dead || scst_map_find(grp, lun)) {
		ret = dev->dead ? -ENODEV : -EEXIST;
		mutex_unlock(&ctx->mutex);
		kfree(map);
		return ret;
	}
	scst_device_get(dev);
	list_add_tail(&map->link, map_position(grp, lun));
	ret = map_publish(grp, map);
	if (ret)
		map_remove(grp, map);
	mutex_unlock(&ctx->mutex);
	return ret;
}

int scst_group_unmap(struct scst_group *grp, u16 lun)
{
	struct scst_ctx *ctx = grp->target->ctx;
	struct scst_map *map;

	mutex_lock(&ctx->mutex);
	map = scst_map_find(grp, lun);
	if (map)
		map_remove(grp, map);
	mutex_unlock(&ctx->mutex);
	return map ? 0 : -ENOENT;
}

int scst_group_set_read_only(struct scst_group *grp, u16 lun, bool read_only)
{
	struct scst_ctx *ctx = grp->target->ctx;
	struct scst_nexus *nexus;
	struct scst_map *map;

	mutex_lock(&ctx->mutex);
	map = scst_map_find(grp, lun);
	if (map && map->read_only != read_only) {
		map->read_only = read_only;
		list_for_each_entry(nexus, &grp->target->nexuses, target_link)
			if (nexus->group == grp)
				scst_itl_set_read_only(nexus, lun, read_only);
	}
	mutex_unlock(&ctx->mutex);
	return map ? 0 : -ENOENT;
}

/* Take @dev out of every LUN map. */
void scst_unmap_device(struct scst_device *dev)
{
	struct scst_map *map, *next;
	struct scst_target *tgt;
	struct scst_group *grp;

	lockdep_assert_held(&dev->ctx->mutex);
	list_for_each_entry(tgt, &dev->ctx->targets, link)
		list_for_each_entry(grp, &tgt->groups, link)
			list_for_each_entry_safe(map, next, &grp->maps, link)
				if (map->dev == dev)
					map_remove(grp, map);
}

bool scst_device_busy(struct scst_device *dev)
{
	struct scst_itl *itl;
	bool busy = false;

	spin_lock_bh(&dev->lock);
	list_for_each_entry(itl, &dev->itls, dev_link)
		busy |= READ_ONCE(itl->nr_tasks) != 0;
	spin_unlock_bh(&dev->lock);
	return busy;
}

bool scst_device_mapped(struct scst_device *dev)
{
	struct scst_target *tgt;
	struct scst_group *grp;
	struct scst_map *map;
	bool mapped = false;

	mutex_lock(&dev->ctx->mutex);
	list_for_each_entry(tgt, &dev->ctx->targets, link)
		list_for_each_entry(grp, &tgt->groups, link)
			list_for_each_entry(map, &grp->maps, link)
				mapped |= map->dev == dev;
	mutex_unlock(&dev->ctx->mutex);
	return mapped;
}

static void report_nexus(struct scst_nexus *nexus,
			 void (*fn)(const struct scst_itl_report *, void *),
			 void *arg)
{
	const struct scst_itl_table *table;
	struct scst_itl_report rep;
	struct scst_itl *itl;
	u32 i;

	core_read_begin();
	table = rcu_dereference(nexus->itls);
	scst_for_each_itl(itl, table, i) {
		rep = (struct scst_itl_report){
			.target = nexus->target->name,
			.initiator = nexus->initiator,
			.device = itl->dev->name,
			.nexus_id = nexus->id,
			.lun = itl->lun,
			.read_only = itl->read_only,
		};
		spin_lock_bh(&itl->lock);
		rep.tasks = itl->nr_tasks;
		rep.stats = itl->stats;
		spin_unlock_bh(&itl->lock);
		fn(&rep, arg);
	}
	core_read_end();
}

void scst_report(struct scst_ctx *ctx,
		 void (*fn)(const struct scst_itl_report *rep, void *arg),
		 void *arg)
{
	struct scst_target *tgt;
	struct scst_nexus *nexus;

	mutex_lock(&ctx->mutex);
	list_for_each_entry(tgt, &ctx->targets, link)
		list_for_each_entry(nexus, &tgt->nexuses, target_link)
			report_nexus(nexus, fn, arg);
	mutex_unlock(&ctx->mutex);
}

void scst_report_nexuses(struct scst_ctx *ctx,
			 void (*fn)(struct scst_nexus *nexus, void *arg),
			 void *arg)
{
	struct scst_target *tgt;
	struct scst_nexus *nexus;

	mutex_lock(&ctx->mutex);
	list_for_each_entry(tgt, &ctx->targets, link)
		list_for_each_entry(nexus, &tgt->nexuses, target_link)
			fn(nexus, arg);
	mutex_unlock(&ctx->mutex);
}
