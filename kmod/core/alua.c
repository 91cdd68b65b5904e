// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: asymmetric logical unit access (SPC-5 5.16.2): device groups and
 * their target port groups, and what they mean for each ITL; see alua.h. The
 * commands are in spc_alua.c.
 */
#include "alua.h"
#include "scst_core.h"
#include "spc_alua.h"

struct member {
	struct list_head link;		/* dg->members */
	struct scst_device *dev;	/* NULL: it is not there */
	char name[SCST_DEVICE_NAME_MAX + 1];
};

/* ---- What ITLs know ------------------------------------------------------ */

static bool has_port(const struct scst_port_group *pg, u16 port)
{
	u32 i;

	for (i = 0; i < pg->nr_ports; i++)
		if (pg->ports[i] == port)
			return true;
	return false;
}

static struct scst_port_group *group_of_port(struct scst_device_group *dg,
					     u16 port)
{
	struct scst_port_group *pg;

	list_for_each_entry(pg, &dg->port_groups, link)
		if (has_port(pg, port))
			return pg;
	return NULL;
}

/* One whose port is in no group is not subject to any of this. */
static void itl_update(struct scst_itl *itl)
{
	struct scst_device_group *dg = itl->dev->group;
	struct scst_port_group *pg = NULL;
	u8 tpgs = 0;

	lockdep_assert_held(&itl->dev->lock);
	if (dg)
		pg = group_of_port(dg, itl->nexus->target->port_id);
	if (pg)
		tpgs = SPC_TPGS_IMPLICIT | (dg->settable ? SPC_TPGS_EXPLICIT :
							   0);
	if (tpgs != itl->tpgs)
		scst_itl_ua(itl, SENSE_UA_INQUIRY_CHANGED);
	WRITE_ONCE(itl->tpgs, tpgs);
	WRITE_ONCE(itl->port_group, pg ? pg->id : 0);
	WRITE_ONCE(itl->access, pg ? pg->state : SCST_ACTIVE_OPTIMIZED);
	spc_resv_update_itl(itl);
}

static u32 rows_withheld(struct scst_device_group *dg)
{
	struct scst_port_group *pg;
	u32 flags = SCST_OP_GROUPS | SCST_OP_SET_GROUPS;

	if (!dg)
		return flags;
	alua_for_each(pg, dg)
		flags &= ~SCST_OP_GROUPS;
	if (dg->settable && !(flags & SCST_OP_GROUPS))
		flags = 0;
	return flags;
}

static void device_update(struct scst_device *dev, enum scst_sense ua,
			  const struct scst_itl *by)
{
	struct scst_itl *itl;

	lockdep_assert_held(&dev->ctx->alua_lock);
	spin_lock_bh(&dev->lock);
	WRITE_ONCE(dev->withheld, rows_withheld(dev->group));
	list_for_each_entry(itl, &dev->itls, dev_link) {
		itl_update(itl);
		if (ua && itl->tpgs && itl != by)
			scst_itl_ua(itl, ua);
	}
	spin_unlock_bh(&dev->lock);
}

void scst_alua_changed(struct scst_device_group *dg, enum scst_sense ua,
		       const struct scst_itl *by)
{
	struct member *m;

	lockdep_assert_held(&dg->ctx->alua_lock);
	list_for_each_entry(m, &dg->members, link)
		if (m->dev)
			device_update(m->dev, ua, by);
}

static void alua_lock(struct scst_device_group *dg)
	__acquires(&dg->ctx->alua_lock)
{
	mutex_lock(&dg->ctx->mutex);
	spin_lock_bh(&dg->ctx->alua_lock);
}

static void alua_unlock(struct scst_device_group *dg)
	__releases(&dg->ctx->alua_lock)
{
	spin_unlock_bh(&dg->ctx->alua_lock);
	mutex_unlock(&dg->ctx->mutex);
}

/* ---- Devices ------------------------------------------------------------- */

static struct member *member_find(struct scst_device_group *dg,
				  const char *name)
{
	struct member *m;

	list_for_each_entry(m, &dg->members, link)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

static void member_set(struct scst_device_group *dg, struct member *m,
		       struct scst_device *dev)
{
	struct scst_device *old = m->dev;

	lockdep_assert_held(&dg->ctx->alua_lock);
	m->dev = dev;
	if (dev) {
		dev->group = dg;
		device_update(dev, SENSE_UA_ALUA_CHANGED, NULL);
	} else if (old) {
		old->group = NULL;
		device_update(old, SENSE_NONE, NULL);
	}
}

static void device_set_member(struct scst_device *dev, struct scst_device *to)
{
	struct scst_ctx *ctx = dev->ctx;
	struct scst_device_group *dg;
	struct member *m;

	lockdep_assert_held(&ctx->mutex);
	spin_lock_bh(&ctx->alua_lock);
	list_for_each_entry(dg, &ctx->device_groups, link) {
		m = member_find(dg, dev->name);
		if (m)
			member_set(dg, m, to);
	}
	spin_unlock_bh(&ctx->alua_lock);
}

void scst_alua_device_join(struct scst_device *dev)
{
	device_set_member(dev, dev);
}

void scst_alua_device_leave(struct scst_device *dev)
{
	device_set_member(dev, NULL);
}

void scst_alua_itl_join(struct scst_itl *itl)
{
	struct scst_ctx *ctx = itl->dev->ctx;

	spin_lock_bh(&ctx->alua_lock);
	spin_lock_bh(&itl->dev->lock);
	itl_update(itl);
	spin_unlock_bh(&itl->dev->lock);
	spin_unlock_bh(&ctx->alua_lock);
}

int scst_device_group_add_device(struct scst_device_group *dg,
				 const char *name)
{
	struct member *m = kzalloc(sizeof(*m), GFP_KERNEL);
	struct scst_device_group *other;
	struct scst_device *dev;
	bool taken = false;

	if (!m)
		return -ENOMEM;
	if (strscpy(m->name, name, sizeof(m->name)) < 0) {
		kfree(m);
		return -ENAMETOOLONG;
	}
	mutex_lock(&dg->ctx->mutex);
	list_for_each_entry(other, &dg->ctx->device_groups, link)
		taken |= member_find(other, name) != NULL;
	if (!taken) {
		dev = scst_device_find_locked(dg->ctx, name);
		spin_lock_bh(&dg->ctx->alua_lock);
		list_add_tail(&m->link, &dg->members);
		member_set(dg, m, dev);
		spin_unlock_bh(&dg->ctx->alua_lock);
	}
	mutex_unlock(&dg->ctx->mutex);
	if (taken)
		kfree(m);
	return taken ? -EEXIST : 0;
}

int scst_device_group_del_device(struct scst_device_group *dg,
				 const char *name)
{
	struct member *m;

	alua_lock(dg);
	m = member_find(dg, name);
	if (m) {
		member_set(dg, m, NULL);
		list_del(&m->link);
	}
	alua_unlock(dg);
	if (!m)
		return -ENOENT;
	kfree(m);
	return 0;
}

/* ---- Device groups ------------------------------------------------------- */

struct scst_device_group *scst_device_group_add(struct scst_ctx *ctx)
{
	struct scst_device_group *dg = kzalloc(sizeof(*dg), GFP_KERNEL);

	if (!dg)
		return ERR_PTR(-ENOMEM);
	dg->ctx = ctx;
	INIT_LIST_HEAD(&dg->members);
	INIT_LIST_HEAD(&dg->port_groups);
	mutex_lock(&ctx->mutex);
	list_add_tail(&dg->link, &ctx->device_groups);
	mutex_unlock(&ctx->mutex);
	return dg;
}

void scst_device_group_del(struct scst_device_group *dg)
{
	struct scst_port_group *pg, *next_pg;
	struct member *m, *next;

	alua_lock(dg);
	list_for_each_entry(m, &dg->members, link)
		member_set(dg, m, NULL);
	list_del(&dg->link);
	alua_unlock(dg);
	list_for_each_entry_safe(m, next, &dg->members, link)
		kfree(m);
	list_for_each_entry_safe(pg, next_pg, &dg->port_groups, link)
		kfree(pg);
	kfree(dg);
}

void scst_device_group_set_explicit(struct scst_device_group *dg, bool on)
{
	alua_lock(dg);
	dg->settable = on;
	scst_alua_changed(dg, SENSE_NONE, NULL);
	alua_unlock(dg);
}

/* ---- Target port groups -------------------------------------------------- */

/* The first group of @dg whose id is not below @id, or the list's head. */
static struct list_head *port_group_position(struct scst_device_group *dg,
					     u16 id)
{
	struct scst_port_group *pg;

	list_for_each_entry(pg, &dg->port_groups, link)
		if (pg->id >= id)
			return &pg->link;
	return &dg->port_groups;
}

struct scst_port_group *scst_port_group_add(struct scst_device_group *dg,
					    u16 id)
{
	struct scst_port_group *pg = kzalloc(sizeof(*pg), GFP_KERNEL);
	struct list_head *at;
	int ret = 0;

	if (!pg)
		return ERR_PTR(-ENOMEM);
	pg->dg = dg;
	pg->id = id;
	alua_lock(dg);
	at = port_group_position(dg, id);
	if (!id)
		ret = -EINVAL;
	else if (at != &dg->port_groups &&
		 list_entry(at, struct scst_port_group, link)->id == id)
		ret = -EEXIST;
	else
		list_add_tail(&pg->link, at);
	alua_unlock(dg);
	if (!ret)
		return pg;
	kfree(pg);
	return ERR_PTR(ret);
}

void scst_port_group_del(struct scst_port_group *pg)
{
	struct scst_device_group *dg = pg->dg;

	alua_lock(dg);
	list_del(&pg->link);
	if (pg->nr_ports)
		scst_alua_changed(dg, SENSE_UA_ALUA_CHANGED, NULL);
	alua_unlock(dg);
	kfree(pg);
}

struct scst_port_group *scst_port_group_find(struct scst_device_group *dg,
					     u16 id)
{
	struct scst_port_group *pg, *found = NULL;

	mutex_lock(&dg->ctx->mutex);
	list_for_each_entry(pg, &dg->port_groups, link)
		if (pg->id == id)
			found = pg;
	mutex_unlock(&dg->ctx->mutex);
	return found;
}

int scst_port_group_add_port(struct scst_port_group *pg, u16 port)
{
	struct scst_device_group *dg = pg->dg;
	int ret = 0;

	alua_lock(dg);
	if (!port) {
		ret = -EINVAL;
	} else if (group_of_port(dg, port)) {
		ret = -EEXIST;
	} else if (pg->nr_ports == ALUA_PORTS_MAX) {
		ret = -ENOSPC;
	} else {
		pg->ports[pg->nr_ports++] = port;
		scst_alua_changed(dg, SENSE_UA_ALUA_CHANGED, NULL);
	}
	alua_unlock(dg);
	return ret;
}

int scst_port_group_del_port(struct scst_port_group *pg, u16 port)
{
	struct scst_device_group *dg = pg->dg;
	int ret = -ENOENT;
	u32 i;

	alua_lock(dg);
	for (i = 0; i < pg->nr_ports; i++) {
		if (pg->ports[i] != port)
			continue;
		pg->nr_ports--;
		memmove(&pg->ports[i], &pg->ports[i + 1],
			(pg->nr_ports - i) * sizeof(pg->ports[0]));
		scst_alua_changed(dg, SENSE_UA_ALUA_CHANGED, NULL);
		ret = 0;
		break;
	}
	alua_unlock(dg);
	return ret;
}

void scst_port_group_set_state(struct scst_port_group *pg,
			       enum scst_access_state state)
{
	alua_lock(pg->dg);
	if (pg->state != state) {
		pg->state = state;
		pg->status = ALUA_IMPLICIT;
		scst_alua_changed(pg->dg, SENSE_UA_ALUA_CHANGED, NULL);
	}
	alua_unlock(pg->dg);
}

enum scst_access_state scst_port_group_state(struct scst_port_group *pg)
{
	enum scst_access_state state;

	spin_lock_bh(&pg->dg->ctx->alua_lock);
	state = pg->state;
	spin_unlock_bh(&pg->dg->ctx->alua_lock);
	return state;
}

void scst_port_group_set_preferred(struct scst_port_group *pg, bool preferred)
{
	alua_lock(pg->dg);
	if (pg->preferred != preferred) {
		pg->preferred = preferred;
		scst_alua_changed(pg->dg, SENSE_UA_ALUA_CHANGED, NULL);
	}
	alua_unlock(pg->dg);
}

/* ---- Names of states ----------------------------------------------------- */

static const char *const state_names[16] = {
	[SCST_ACTIVE_OPTIMIZED] = "active/optimized",
	[SCST_ACTIVE_NON_OPTIMIZED] = "active/non-optimized",
	[SCST_STANDBY] = "standby",
	[SCST_UNAVAILABLE] = "unavailable",
	[SCST_OFFLINE] = "offline",
	[SCST_TRANSITIONING] = "transitioning",
};

const char *scst_access_state_name(enum scst_access_state state)
{
	return state_names[state];
}

int scst_access_state_parse(const char *name, enum scst_access_state *state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(state_names); i++) {
		if (!state_names[i] || strcmp(state_names[i], name))
			continue;
		*state = i;
		return 0;
	}
	return -EINVAL;
}
