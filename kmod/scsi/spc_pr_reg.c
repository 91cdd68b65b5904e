// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: PERSISTENT RESERVE OUT: REGISTER, REGISTER AND IGNORE EXISTING
 * KEY, REGISTER AND MOVE.
 *
 * New registrants are made, and everything is checked, before the first of
 * them enters the table: all or none.
 */
#include "spc_pr_out.h"

/* Registrants that shall be added, and for whom the next one is. */
struct batch {
	struct spc_pr_out *out;
	struct list_head regs;
	u32 nr;
	const u8 *tid;
	u16 tid_len;
	u32 at;			/* where @tid is in the parameter list */
};

static void batch_free(struct batch *b)
{
	struct spc_pr_reg *reg, *next;

	list_for_each_entry_safe(reg, next, &b->regs, link)
		kfree(reg);
}

static void batch_commit(struct batch *b)
{
	struct spc_pr_reg *reg, *next;

	list_for_each_entry_safe(reg, next, &b->regs, link) {
		list_del(&reg->link);
		spc_pr_add(b->out->dev, reg);
	}
}

static bool batch_has(const struct batch *b, u16 port)
{
	const struct spc_pr_reg *reg;

	list_for_each_entry(reg, &b->regs, link)
		if (reg->port == port && reg->tid_len == b->tid_len &&
		    !memcmp(reg->tid, b->tid, b->tid_len))
			return true;
	return false;
}

/* ---- Ports --------------------------------------------------------------- */

/* The target ports that the command is for; @fn returns false to stop. */
static bool each_port(struct batch *b, bool (*fn)(struct batch *b, u16 port))
{
	const struct scst_target *own = b->out->nexus->target;
	struct scst_ctx *ctx = own->ctx;
	struct scst_target *tgt;
	bool ok = true;

	if (!b->out->all_tg_pt)
		return fn(b, own->port_id);
	spin_lock_bh(&ctx->targets_lock);
	list_for_each_entry(tgt, &ctx->targets, link)
		if (ok && tgt->ops->protocol == own->ops->protocol)
			ok = fn(b, tgt->port_id);
	spin_unlock_bh(&ctx->targets_lock);
	return ok;
}

/* The protocol of a target port, or -1: there is none. */
static int port_protocol(struct scst_ctx *ctx, u16 port)
{
	struct scst_target *tgt;
	int protocol = -1;

	spin_lock_bh(&ctx->targets_lock);
	list_for_each_entry(tgt, &ctx->targets, link)
		if (tgt->port_id == port)
			protocol = tgt->ops->protocol;
	spin_unlock_bh(&ctx->targets_lock);
	return protocol;
}

/* ---- REGISTER ------------------------------------------------------------ */

static bool no_room(const struct batch *b)
{
	return b->out->pr->nr_regs + b->nr >= SPC_PR_REGS_MAX;
}

/* Another nexus keeps the key that it has; the own one gets the new one. */
static bool add_one(struct batch *b, u16 port)
{
	struct spc_pr_out *out = b->out;
	struct spc_pr_reg *reg;

	reg = spc_pr_find(out->pr, b->tid, b->tid_len, port);
	if (reg) {
		if (b->at && reg->key != out->sa_key)
			return pr_bad_param(out, b->at);
		return true;
	}
	if (batch_has(b, port))
		return true;
	reg = no_room(b) ? NULL : spc_pr_reg_alloc(b->tid, b->tid_len, port,
						   out->sa_key);
	if (!reg)
		return pr_fail(out, SENSE_INSUFFICIENT_REGISTRATIONS);
	list_add_tail(&reg->link, &b->regs);
	b->nr++;
	return true;
}

static bool set_key(struct batch *b, u16 port)
{
	struct spc_pr_reg *reg = spc_pr_find(b->out->pr, b->tid, b->tid_len,
					     port);

	if (reg)
		reg->key = b->out->sa_key;
	return true;
}

static bool set_gone(struct batch *b, u16 port)
{
	struct spc_pr_reg *reg = spc_pr_find(b->out->pr, b->tid, b->tid_len,
					     port);

	if (reg)
		reg->gone = true;
	return true;
}

/* All initiator ports of @device that are logged in (SPC-5 7.6.4.6). */
static bool add_device(struct batch *b, const u8 *device)
{
	struct scst_itl *itl;

	list_for_each_entry(itl, &b->out->dev->itls, dev_link) {
		const struct scst_nexus *nexus = itl->nexus;

		if (!spc_tid_of_device(nexus->transport_id, device))
			continue;
		b->tid = nexus->transport_id;
		b->tid_len = nexus->transport_id_len;
		if (!each_port(b, add_one))
			return false;
	}
	return true;
}

/* SPEC_I_PT: those whose TransportIDs are listed. */
static bool add_listed(struct batch *b)
{
	struct spc_pr_out *out = b->out;
	u8 protocol = out->nexus->target->ops->protocol;
	u8 tid[SCST_TRANSPORT_ID_MAX];
	u32 off, used;
	bool ok;

	for (off = 0; off < out->tids_len; off += used) {
		b->at = out->tids_at + off;
		used = spc_tid_parse(out->tids + off, out->tids_len - off,
				     tid, &b->tid_len);
		if (!used || spc_tid_protocol(tid) != protocol)
			return pr_bad_param(out, b->at);
		b->tid = tid;
		ok = spc_tid_is_device(tid) ? add_device(b, tid) :
					      each_port(b, add_one);
		if (!ok)
			return false;
	}
	return true;
}

static void batch_for_self(struct batch *b)
{
	b->tid = b->out->nexus->transport_id;
	b->tid_len = b->out->nexus->transport_id_len;
	b->at = 0;
}

/* SPC-5 5.13.11.3: who unregisters gives the reservation up with it. */
static void pr_unregister(struct batch *b)
{
	struct spc_pr_out *out = b->out;
	struct spc_pr *pr = out->pr;
	bool tell;

	batch_for_self(b);
	each_port(b, set_gone);
	tell = spc_pr_registrants_only(pr->type) && pr->holder->gone;
	spc_pr_sweep(out->dev, out->nexus, SENSE_NONE, false);
	if (tell)
		spc_pr_ua(out->dev, out->nexus, SENSE_UA_RESV_RELEASED);
}

static bool pr_add_all(struct batch *b)
{
	batch_for_self(b);
	if (!each_port(b, add_one) || !add_listed(b)) {
		batch_free(b);
		return false;
	}
	batch_for_self(b);
	each_port(b, set_key);
	batch_commit(b);
	return true;
}

static bool aptpl_supported(const struct spc_pr_out *out)
{
	return !out->aptpl || out->dev->ops->persist;
}

/* SPC-5 5.13.7 */
bool spc_pr_register(struct spc_pr_out *out)
{
	struct batch b = { .out = out, .regs = LIST_HEAD_INIT(b.regs) };
	const struct spc_pr_reg *reg = out->itl->reg;
	struct spc_pr *pr = out->pr;

	if (!aptpl_supported(out))
		return pr_bad_param(out, 20);
	if (out->action == SCSI_SA_REGISTER &&
	    out->key != (reg ? reg->key : 0))
		return pr_conflict(out);
	if (reg && out->spec_i_pt)
		return pr_fail(out, SENSE_INVALID_FIELD_IN_CDB);
	if (!reg && !out->sa_key) {
		out->unchanged = true;
		return true;
	}
	if (!out->sa_key)
		pr_unregister(&b);
	else if (!pr_add_all(&b))
		return false;
	pr->aptpl = out->aptpl;
	pr->generation++;
	return true;
}

/* ---- REGISTER AND MOVE --------------------------------------------------- */

/* To whom the reservation shall go. */
static bool move_parse(struct spc_pr_out *out, u8 *tid, u16 *tid_len)
{
	const struct scst_nexus *nexus = out->nexus;
	int protocol = port_protocol(out->dev->ctx, out->port);
	u32 used;

	if (protocol < 0)
		return pr_bad_param(out, 18);
	used = spc_tid_parse(out->tids, out->tids_len, tid, tid_len);
	if (!used || used != out->tids_len ||
	    spc_tid_protocol(tid) != protocol || spc_tid_is_device(tid))
		return pr_bad_param(out, 24);
	if (out->port == nexus->target->port_id &&
	    *tid_len == nexus->transport_id_len &&
	    !memcmp(tid, nexus->transport_id, *tid_len))
		return pr_bad_param(out, 24);
	return true;
}

/* The registrant that it names, perhaps a new one; NULL: no room. */
static struct spc_pr_reg *move_target(struct spc_pr_out *out, const u8 *tid,
				      u16 tid_len)
{
	struct spc_pr *pr = out->pr;
	struct spc_pr_reg *reg = spc_pr_find(pr, tid, tid_len, out->port);

	if (reg) {
		reg->key = out->sa_key;
		return reg;
	}
	if (pr->nr_regs >= SPC_PR_REGS_MAX)
		return NULL;
	reg = spc_pr_reg_alloc(tid, tid_len, out->port, out->sa_key);
	if (reg)
		spc_pr_add(out->dev, reg);
	return reg;
}

/* SPC-5 5.13.8 */
bool spc_pr_register_and_move(struct spc_pr_out *out)
{
	struct spc_pr_reg *reg = out->itl->reg, *to;
	u8 tid[SCST_TRANSPORT_ID_MAX];
	struct spc_pr *pr = out->pr;
	u16 tid_len;

	if (!aptpl_supported(out))
		return pr_bad_param(out, 17);
	if (!pr_key_matches(out))
		return pr_conflict(out);
	if (!pr->type)
		return pr_fail(out, SENSE_INVALID_FIELD_IN_CDB);
	if (pr->holder != reg)
		return pr_conflict(out);
	if (!out->sa_key)
		return pr_bad_param(out, 8);
	if (!move_parse(out, tid, &tid_len))
		return false;
	to = move_target(out, tid, tid_len);
	if (!to)
		return pr_fail(out, SENSE_INSUFFICIENT_REGISTRATIONS);
	pr->holder = to;
	if (out->unreg) {
		reg->gone = true;
		spc_pr_sweep(out->dev, out->nexus, SENSE_NONE, false);
	}
	pr->aptpl = out->aptpl;
	pr->generation++;
	return true;
}
