/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR BSD-3-Clause */
/*
 * Generic netlink: what happens in scst.ko. The family is "scst"; events come
 * on its multicast group "events". Numbers are in the machine's byte order.
 */
#ifndef SCST_NETLINK_H
#define SCST_NETLINK_H

#define SCST_NL_FAMILY	"scst"
#define SCST_NL_VERSION 1
#define SCST_NL_EVENTS	"events"

enum scst_nl_cmd {
	SCST_NL_UNSPEC,
	/*
	 * Dump: one message for each I_T nexus, with TARGET, INITIATOR,
	 * NEXUS. Needs CAP_NET_ADMIN.
	 */
	SCST_NL_GET_NEXUSES,
	/*
	 * Dump: one message for each I_T_L nexus, with TARGET, INITIATOR,
	 * NEXUS, DEVICE, LUN, READ_ONLY, TASKS and the counters. Needs
	 * CAP_NET_ADMIN.
	 */
	SCST_NL_GET_STATS,
	/* Events. A nexus: TARGET, INITIATOR, NEXUS; a device: DEVICE. */
	SCST_NL_NEXUS_ADDED,
	SCST_NL_NEXUS_REMOVED,
	SCST_NL_DEVICE_ADDED,
	SCST_NL_DEVICE_REMOVED,
};

enum scst_nl_attr {
	SCST_NL_A_UNSPEC,
	SCST_NL_A_PAD,
	SCST_NL_A_TARGET,		/* string: name of the target */
	SCST_NL_A_INITIATOR,		/* string: name of the initiator */
	SCST_NL_A_NEXUS,		/* u64: never used again */
	SCST_NL_A_DEVICE,		/* string: name of the device */
	SCST_NL_A_LUN,			/* u16 */
	SCST_NL_A_READ_ONLY,		/* flag */
	SCST_NL_A_TASKS,		/* u32: commands that run now */
	/* u64, since the I_T_L nexus began. */
	SCST_NL_A_COMMANDS,
	SCST_NL_A_READ_BYTES,
	SCST_NL_A_WRITE_BYTES,
	SCST_NL_A_ERRORS,		/* ended with other than GOOD */
	SCST_NL_A_ABORTED,
	SCST_NL_A_UNIT_ATTENTIONS,
	SCST_NL_A_TASK_SET_FULL,
	SCST_NL_A_BUSY,
	SCST_NL_A_END
};

#define SCST_NL_A_MAX (SCST_NL_A_END - 1)

#endif
