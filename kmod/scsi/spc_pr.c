// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: persistent reservations: the table of registrants, and what their
 * reservation means for the commands of each ITL.
 */
#include "spc.h"
#include "spc_alua.h"
#include "spc_pr.h"
#include "scst_core.h"

void spc_pr_init(struct spc_pr *pr)
{
	INIT_LIST_HEAD(&pr->regs);
	INIT_LIST_HEAD(&pr->waiting);
}

void spc_pr_fini(struct spc_pr *pr)
{
	struct spc_pr_reg *reg, *next;

	list_for_each_entry_safe(reg, next, &pr->regs, link)
		kfree(reg);
}

/* ---- What a reservation means -------------------------------------------- */

/* Flags that a command of @itl needs: for reservations, its port's state. */
static u16 itl_needs(const struct scst_itl *itl)
{
	const struct scst_device *dev = itl->dev;
	const struct spc_pr *pr = &dev->pr;
	u16 needs = spc_alua_needs(itl->access);

	if (dev->reserved_by && dev->reserved_by != itl->nexus->id)
		needs |= SCST_OP_ANY_RESERVE;
	if (!pr->type || spc_pr_holds(pr, itl->reg) ||
	    (itl->reg && spc_pr_registrants_only(pr->type)))
		return needs;
	if (pr->type == PR_WRITE_EXCLUSIVE ||
	    pr->type == PR_WRITE_EXCLUSIVE_RO ||
	    pr->type == PR_WRITE_EXCLUSIVE_AR)
		return needs | SCST_OP_ANY_WE;
	return needs | SCST_OP_ANY_EA;
}

void spc_resv_update_itl(struct scst_itl *itl)
{
	lockdep_assert_held(&itl->dev->lock);
	WRITE_ONCE(itl->needs, itl_needs(itl));
}

void spc_resv_update(struct scst_device *dev)
{
	struct scst_itl *itl;

	list_for_each_entry(itl, &dev->itls, dev_link)
		spc_resv_update_itl(itl);
}

static bool has_power_conditions(u8 type)
{
	return type == SCSI_TYPE_DISK || type == SCSI_TYPE_CDROM ||
	       type == SCSI_TYPE_OPTICAL;
}

/*
 * SPC-5 table 66, SBC-4 table 13: to allow removal of the medium and to start
 * a unit is allowed where preventing and stopping are not.
 */
bool spc_resv_allows(const struct scst_cmd *cmd, u32 needs)
{
	const u8 *cdb = cmd->cdb;

	if (needs & ~cmd->opcode->flags & SCST_OP_ANY_RESERVE)
		return false;
	switch (cdb[0]) {
	case SCSI_PREVENT_ALLOW:
		return !(cdb[4] & 0x03);
	case SCSI_START_STOP_UNIT:
		return has_power_conditions(cmd->dev->type) &&
		       (cdb[4] & 0x01) && !(cdb[4] & 0xf0);
	}
	return false;
}

bool spc_pr_compatible(const struct scst_itl *itl)
{
	const struct spc_pr *pr = &itl->dev->pr;

	lockdep_assert_held(&itl->dev->lock);
	return spc_pr_holds(pr, itl->reg) ||
	       (itl->reg && spc_pr_registrants_only(pr->type));
}

/* ---- Registrants --------------------------------------------------------- */

static bool reg_is(const struct spc_pr_reg *reg, const u8 *tid, u16 len,
		   u32 hash, u16 port)
{
	return reg->hash == hash && reg->port == port &&
	       reg->tid_len == len && !memcmp(reg->tid, tid, len);
}

static bool reg_is_itl(const struct spc_pr_reg *reg, const struct scst_itl *itl)
{
	const struct scst_nexus *nexus = itl->nexus;

	return reg_is(reg, nexus->transport_id, nexus->transport_id_len,
		      nexus->transport_hash, nexus->target->port_id);
}

struct spc_pr_reg *spc_pr_find(const struct spc_pr *pr, const u8 *tid,
			       u16 len, u16 port)
{
	u32 hash = core_hash(tid, len, 0);
	struct spc_pr_reg *reg;

	list_for_each_entry(reg, &pr->regs, link)
		if (reg_is(reg, tid, len, hash, port))
			return reg;
	return NULL;
}

void spc_pr_join(struct scst_itl *itl)
{
	struct spc_pr *pr = &itl->dev->pr;
	struct spc_pr_reg *reg;

	lockdep_assert_held(&itl->dev->lock);
	list_for_each_entry(reg, &pr->regs, link)
		if (reg_is_itl(reg, itl))
			itl->reg = reg;
	spc_resv_update_itl(itl);
}

struct spc_pr_reg *spc_pr_reg_alloc(const u8 *tid, u16 len, u16 port, u64 key)
{
	struct spc_pr_reg *reg = kzalloc(struct_size(reg, tid, len),
					 GFP_ATOMIC);

	if (!reg)
		return NULL;
	reg->key = key;
	reg->port = port;
	reg->hash = core_hash(tid, len, 0);
	reg->tid_len = len;
	memcpy(reg->tid, tid, len);
	return reg;
}

void spc_pr_add(struct scst_device *dev, struct spc_pr_reg *reg)
{
	struct spc_pr *pr = &dev->pr;
	struct scst_itl *itl;

	lockdep_assert_held(&dev->lock);
	list_add_tail(&reg->link, &pr->regs);
	pr->nr_regs++;
	list_for_each_entry(itl, &dev->itls, dev_link)
		if (reg_is_itl(reg, itl))
			itl->reg = reg;
}

void spc_pr_sweep(struct scst_device *dev, const struct scst_nexus *except,
		  enum scst_sense ua, bool abort)
{
	struct spc_pr_reg *reg, *next;
	struct spc_pr *pr = &dev->pr;
	struct scst_itl *itl;

	lockdep_assert_held(&dev->lock);
	list_for_each_entry(itl, &dev->itls, dev_link) {
		if (!itl->reg || !itl->reg->gone)
			continue;
		itl->reg = NULL;
		if (itl->nexus == except)
			continue;
		itl->preempted = abort;
		if (ua)
			scst_itl_ua(itl, ua);
	}
	if (pr->holder && pr->holder->gone) {
		pr->holder = NULL;
		pr->type = PR_NONE;
	}
	list_for_each_entry_safe(reg, next, &pr->regs, link) {
		if (!reg->gone)
			continue;
		list_del(&reg->link);
		kfree(reg);
		pr->nr_regs--;
	}
	if (!pr->nr_regs)
		pr->type = PR_NONE;
}

void spc_pr_ua(struct scst_device *dev, const struct scst_nexus *except,
	       enum scst_sense ua)
{
	struct scst_itl *itl;

	lockdep_assert_held(&dev->lock);
	list_for_each_entry(itl, &dev->itls, dev_link)
		if (itl->reg && itl->nexus != except)
			scst_itl_ua(itl, ua);
}
