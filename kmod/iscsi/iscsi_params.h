/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: operational parameters of sessions and connections
 * (RFC 7143 clause 13) and their limits. How two sides agree on them is in
 * iscsi_neg.h.
 */
#ifndef ISCSI_PARAMS_H
#define ISCSI_PARAMS_H

#include "core_os.h"

enum iscsi_digest {
	ISCSI_DIGEST_NONE   = 1 << 0,
	ISCSI_DIGEST_CRC32C = 1 << 1,
};

/*
 * What a connection runs with. Before negotiation: what we offer; the
 * initiator's answers turn it into the result.
 */
struct iscsi_params {
	/* of the session */
	u16 max_connections;
	bool initial_r2t;
	bool immediate_data;
	u32 max_burst;		/* bytes of one R2T or one Data-In sequence */
	u32 first_burst;	/* unsolicited bytes of one command */
	u16 time2wait;		/* seconds */
	u16 time2retain;
	u16 max_outstanding_r2t;
	u8 error_recovery_level;
	bool data_pdu_in_order;
	bool data_sequence_in_order;
	u8 protocol_level;	/* iSCSIProtocolLevel: always ours, at most */
	/* of the connection */
	u8 header_digest;	/* one of enum iscsi_digest; a mask as offer */
	u8 data_digest;
	u32 max_recv;		/* MaxRecvDataSegmentLength: ours */
	u32 max_xmit;		/* the initiator's */
};

/* What the RFC says holds while nothing was negotiated. */
void iscsi_params_defaults(struct iscsi_params *p);

/* What we offer unless told otherwise. */
void iscsi_params_offer(struct iscsi_params *p);

/*
 * Change an offer, by the name of the key. A digest takes a list, whose order
 * does not matter: the initiator's does. -ENOENT: no key that can be set;
 * -EINVAL: not a value of that key; -ERANGE: outside of what the RFC allows,
 * or of what this target can do.
 */
int iscsi_params_set(struct iscsi_params *p, const char *key,
		     const char *value);

#endif
