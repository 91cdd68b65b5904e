// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: generic netlink: nexuses, statistics and events. configfs says what
 * is wanted, this says what is.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <net/genetlink.h>

#include "../uapi/scst_netlink.h"
#include "scst_int.h"

static struct genl_family family;

/* ---- Messages --------------------------------------------------------------- */

static int put_nexus(struct sk_buff *skb, const char *target,
		     const char *initiator, u64 id)
{
	if (nla_put_string(skb, SCST_NL_A_TARGET, target) ||
	    nla_put_string(skb, SCST_NL_A_INITIATOR, initiator) ||
	    nla_put_u64_64bit(skb, SCST_NL_A_NEXUS, id, SCST_NL_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_counters(struct sk_buff *skb, const struct scst_stats *stats)
{
	const struct {
		int attr;
		u64 value;
	} rows[] = {
		{ SCST_NL_A_COMMANDS, stats->commands },
		{ SCST_NL_A_READ_BYTES, stats->read_bytes },
		{ SCST_NL_A_WRITE_BYTES, stats->write_bytes },
		{ SCST_NL_A_ERRORS, stats->errors },
		{ SCST_NL_A_ABORTED, stats->aborted },
		{ SCST_NL_A_UNIT_ATTENTIONS, stats->unit_attentions },
		{ SCST_NL_A_TASK_SET_FULL, stats->task_set_full },
		{ SCST_NL_A_BUSY, stats->busy },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (nla_put_u64_64bit(skb, rows[i].attr, rows[i].value,
				      SCST_NL_A_PAD))
			return -EMSGSIZE;
	return 0;
}

static int put_itl(struct sk_buff *skb, const struct scst_itl_report *rep)
{
	if (put_nexus(skb, rep->target, rep->initiator, rep->nexus_id) ||
	    nla_put_string(skb, SCST_NL_A_DEVICE, rep->device) ||
	    nla_put_u16(skb, SCST_NL_A_LUN, rep->lun) ||
	    (rep->read_only && nla_put_flag(skb, SCST_NL_A_READ_ONLY)) ||
	    nla_put_u32(skb, SCST_NL_A_TASKS, rep->tasks))
		return -EMSGSIZE;
	return put_counters(skb, &rep->stats);
}

/* ---- Dumps -------------------------------------------------------------------- */

/*
 * A dump goes over the whole tree for each message that it fills, and skips
 * what earlier ones had: the tree may change in between, as in any dump.
 */
struct dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	long skip, seen;
	u8 cmd;
	bool full;
};

static void *dump_begin(struct dump *dump)
{
	void *header;

	if (dump->full || dump->seen++ < dump->skip)
		return NULL;
	header = genlmsg_put(dump->skb, NETLINK_CB(dump->cb->skb).portid,
			     dump->cb->nlh->nlmsg_seq, &family, NLM_F_MULTI,
			     dump->cmd);
	dump->full = !header;
	return header;
}

static void dump_end(struct dump *dump, void *header, int ret)
{
	if (ret) {
		genlmsg_cancel(dump->skb, header);
		dump->full = true;
		return;
	}
	genlmsg_end(dump->skb, header);
	dump->cb->args[0]++;
}

static void dump_nexus(struct scst_nexus *nexus, void *arg)
{
	struct dump *dump = arg;
	void *header = dump_begin(dump);

	if (header)
		dump_end(dump, header,
			 put_nexus(dump->skb, scst_target_name(nexus->target),
				   nexus->initiator, nexus->id));
}

static void dump_itl(const struct scst_itl_report *rep, void *arg)
{
	struct dump *dump = arg;
	void *header = dump_begin(dump);

	if (header)
		dump_end(dump, header, put_itl(dump->skb, rep));
}

static struct dump dump_init(struct sk_buff *skb, struct netlink_callback *cb,
			     u8 cmd)
{
	return (struct dump){
		.skb = skb,
		.cb = cb,
		.skip = cb->args[0],
		.cmd = cmd,
	};
}

static int get_nexuses(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump dump = dump_init(skb, cb, SCST_NL_GET_NEXUSES);

	scst_report_nexuses(scst_root, dump_nexus, &dump);
	return skb->len;
}

static int get_stats(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump dump = dump_init(skb, cb, SCST_NL_GET_STATS);

	scst_report(scst_root, dump_itl, &dump);
	return skb->len;
}

/* ---- Events ------------------------------------------------------------------- */

static void event_send(struct sk_buff *skb, void *header, int ret)
{
	if (ret) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, header);
	/* Nobody listening is no error. */
	genlmsg_multicast(&family, skb, 0, 0, GFP_KERNEL);
}

static void *event_begin(struct sk_buff **skb, u8 cmd)
{
	void *header;

	if (!genl_has_listeners(&family, &init_net, 0))
		return NULL;
	*skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!*skb)
		return NULL;
	header = genlmsg_put(*skb, 0, 0, &family, 0, cmd);
	if (!header)
		nlmsg_free(*skb);
	return header;
}

static void nexus_event(const struct scst_nexus *nexus, bool added)
{
	struct sk_buff *skb;
	void *header = event_begin(&skb, added ? SCST_NL_NEXUS_ADDED :
						 SCST_NL_NEXUS_REMOVED);

	if (header)
		event_send(skb, header,
			   put_nexus(skb, scst_target_name(nexus->target),
				     nexus->initiator, nexus->id));
}

static void device_event(const struct scst_device *dev, bool added)
{
	struct sk_buff *skb;
	void *header = event_begin(&skb, added ? SCST_NL_DEVICE_ADDED :
						 SCST_NL_DEVICE_REMOVED);

	if (header)
		event_send(skb, header, nla_put_string(skb, SCST_NL_A_DEVICE,
						scst_device_name(dev)));
}

const struct scst_observer scst_netlink_observer = {
	.nexus = nexus_event,
	.device = device_event,
};

/* ---- The family ------------------------------------------------------------------ */

static const struct genl_ops ops[] = {
	{
		.cmd = SCST_NL_GET_NEXUSES,
		.dumpit = get_nexuses,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = SCST_NL_GET_STATS,
		.dumpit = get_stats,
		.flags = GENL_ADMIN_PERM,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = SCST_NL_EVENTS },
};

static struct genl_family family = {
	.name = SCST_NL_FAMILY,
	.version = SCST_NL_VERSION,
	.maxattr = SCST_NL_A_MAX,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = SCST_NL_GET_STATS + 1,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int scst_netlink_init(void)
{
	return genl_register_family(&family);
}

void scst_netlink_exit(void)
{
	genl_unregister_family(&family);
}
