// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: PERSISTENT RESERVE OUT: CLEAR, PREEMPT, PREEMPT AND ABORT.
 */
#include "spc_pr_out.h"

/* SPC-5 5.13.11.6 */
bool spc_pr_clear(struct spc_pr_out *out)
{
	struct spc_pr *pr = out->pr;
	struct spc_pr_reg *reg;

	if (!pr_key_matches(out))
		return pr_conflict(out);
	list_for_each_entry(reg, &pr->regs, link)
		reg->gone = true;
	spc_pr_sweep(out->dev, out->nexus, SENSE_UA_RESV_PREEMPTED, false);
	pr->generation++;
	return true;
}

/* Does the command go for the reservation, or for registrations alone? */
static bool takes_reservation(const struct spc_pr_out *out)
{
	const struct spc_pr *pr = out->pr;

	if (!pr->type)
		return false;
	if (spc_pr_all_registrants(pr->type))
		return !out->sa_key;
	return pr->holder->key == out->sa_key;
}

/*
 * Mark whom it removes: those with the key, or for a reservation of all
 * registrants everybody; but not who takes the reservation. True: there are
 * some.
 */
static bool mark_gone(struct spc_pr_out *out, bool takes)
{
	struct spc_pr_reg *reg;
	bool some = false;

	list_for_each_entry(reg, &out->pr->regs, link) {
		if (takes && reg == out->itl->reg)
			continue;
		if (out->sa_key && reg->key != out->sa_key)
			continue;
		reg->gone = true;
		some = true;
	}
	return some;
}

/* SPC-5 5.13.11.4, 5.13.11.5 */
bool spc_pr_preempt(struct spc_pr_out *out)
{
	struct spc_pr_reg *reg = out->itl->reg;
	struct spc_pr *pr = out->pr;
	u8 old = pr->type;
	bool takes;

	if (!pr_key_matches(out))
		return pr_conflict(out);
	takes = takes_reservation(out);
	if (!out->sa_key && !takes)
		return pr_bad_param(out, 8);
	if (!mark_gone(out, takes) && !takes)
		return pr_conflict(out);

	if (takes) {
		pr->type = out->type;
		pr->holder = spc_pr_all_registrants(out->type) ? NULL : reg;
	}
	out->abort = out->action == SCSI_SA_PREEMPT_AND_ABORT;
	spc_pr_sweep(out->dev, out->nexus, SENSE_UA_REGS_PREEMPTED,
		     out->abort);
	if (takes && old != pr->type)
		spc_pr_ua(out->dev, out->nexus, SENSE_UA_RESV_RELEASED);
	pr->generation++;
	return true;
}
