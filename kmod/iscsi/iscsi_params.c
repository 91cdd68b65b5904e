// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: operational parameters (RFC 7143 clause 13).
 *
 * One table says of every key which values it has, how two offers become a
 * result, and where the initiator may send it. What the initiator leaves out
 * keeps the RFC's default, whatever we would have liked.
 */
#include "iscsi_keys.h"
#include "iscsi_text.h"

#define PARAM(_name, _kind, _use, _field, _min, _max, _initial, _ours) { \
	.name = _name, .kind = _kind, .use = _use,			\
	.offset = offsetof(struct iscsi_params, _field),		\
	.size = sizeof(((struct iscsi_params *)NULL)->_field),		\
	.min = _min, .max = _max, .initial = _initial, .ours = _ours	\
}
#define OTHER(_name, _kind, _use) { \
	.name = _name, .kind = _kind, .use = _use \
}

#define NONE	  ISCSI_DIGEST_NONE
#define CRC	  ISCSI_DIGEST_CRC32C
#define LENGTH_MAX 0xffffff

const struct iscsi_key iscsi_keys[] = {
	PARAM("HeaderDigest", K_DIGEST, IN_OPERATIONAL | WE_INSIST,
	      header_digest, 0, 0, NONE, NONE | CRC),
	PARAM("DataDigest", K_DIGEST, IN_OPERATIONAL | WE_INSIST,
	      data_digest, 0, 0, NONE, NONE | CRC),
	PARAM("MaxConnections", K_MIN, LO_NORMAL,
	      max_connections, 1, 65535, 1, 8),
	PARAM("InitialR2T", K_OR, LO_NORMAL,
	      initial_r2t, 0, 1, true, false),
	PARAM("ImmediateData", K_AND, LO_NORMAL | WE_INSIST,
	      immediate_data, 0, 1, true, true),
	PARAM("MaxRecvDataSegmentLength", K_RECV, IN_OPERATIONAL | IN_FULL,
	      max_recv, 512, LENGTH_MAX, 8192, 262144),
	PARAM("MaxBurstLength", K_MAX_BURST, LO_NORMAL,
	      max_burst, 512, LENGTH_MAX, 262144, 1048576),
	PARAM("FirstBurstLength", K_FIRST_BURST, LO_NORMAL | WE_INSIST,
	      first_burst, 512, LENGTH_MAX, 65536, 262144),
	PARAM("DefaultTime2Wait", K_MAX, LO,
	      time2wait, 0, 3600, 2, 2),
	PARAM("DefaultTime2Retain", K_MIN, LO,
	      time2retain, 0, 3600, 20, 0),
	PARAM("MaxOutstandingR2T", K_MIN, LO_NORMAL | UP_TO_OURS,
	      max_outstanding_r2t, 1, 65535, 1, 8),
	PARAM("DataPDUInOrder", K_OR, LO_NORMAL | IS_FIXED,
	      data_pdu_in_order, 0, 1, true, true),
	PARAM("DataSequenceInOrder", K_OR, LO_NORMAL | IS_FIXED,
	      data_sequence_in_order, 0, 1, true, true),
	PARAM("ErrorRecoveryLevel", K_MIN, LO | IS_FIXED,
	      error_recovery_level, 0, 2, 0, 0),
	PARAM("iSCSIProtocolLevel", K_MIN, LO_NORMAL | IS_FIXED,
	      protocol_level, 0, 31, 1, 1),

	OTHER("InitiatorName", K_IDENTITY, IN_LOGIN | IN_FIRST),
	OTHER("TargetName", K_IDENTITY, IN_LOGIN | IN_FIRST),
	/*
	 * "LO", but initiators are known to repeat SessionType=Normal on
	 * further connections, where it can do no harm.
	 */
	OTHER("SessionType", K_IDENTITY, IN_LOGIN | IN_FIRST),
	OTHER("InitiatorAlias", K_ALIAS, IN_ANY),
	OTHER("TaskReporting", K_REPORTING, LO_NORMAL),
	OTHER("X#NodeArchitecture", K_IGNORED, LO),

	/* 13.25: obsolete, but must not be NotUnderstood */
	OTHER("IFMarker", K_OBSOLETE, IN_OPERATIONAL),
	OTHER("OFMarker", K_OBSOLETE, IN_OPERATIONAL),
	OTHER("IFMarkInt", K_OBSOLETE, IN_OPERATIONAL),
	OTHER("OFMarkInt", K_OBSOLETE, IN_OPERATIONAL),

	OTHER("SendTargets", K_ELSEWHERE, IN_FULL),
	OTHER("AuthMethod", K_ELSEWHERE, IN_SECURITY),
	OTHER("CHAP_A", K_ELSEWHERE, IN_SECURITY),
	OTHER("CHAP_N", K_ELSEWHERE, IN_SECURITY),
	OTHER("CHAP_R", K_ELSEWHERE, IN_SECURITY),
	OTHER("CHAP_I", K_ELSEWHERE, IN_SECURITY),
	OTHER("CHAP_C", K_ELSEWHERE, IN_SECURITY),

	OTHER("TargetAlias", K_FORBIDDEN, IN_ANY),
	OTHER("TargetAddress", K_FORBIDDEN, IN_ANY),
	OTHER("TargetPortalGroupTag", K_FORBIDDEN, IN_ANY),
	/* of authentication methods that we never select (12.1) */
	OTHER("KRB_AP_REQ", K_FORBIDDEN, IN_ANY),
	OTHER("SRP_U", K_FORBIDDEN, IN_ANY),
	OTHER("SRP_A", K_FORBIDDEN, IN_ANY),
	OTHER("SRP_M", K_FORBIDDEN, IN_ANY),
	OTHER("TargetAuth", K_FORBIDDEN, IN_ANY),
	{ .name = NULL }
};

static_assert(ARRAY_SIZE(iscsi_keys) <= 64 + 1, "sets of keys are u64");
static_assert(sizeof(struct iscsi_params) <= U8_MAX,
	      "offsets of fields are u8");

/* By the bit that stands for each in enum iscsi_digest. */
static const char *const digest_names[] = { "None", "CRC32C" };

const struct iscsi_key *iscsi_key_find(const char *name)
{
	const struct iscsi_key *key;

	for (key = iscsi_keys; key->name; key++)
		if (!strcmp(key->name, name))
			return key;
	return NULL;
}

u32 iscsi_param_get(const struct iscsi_params *p, const struct iscsi_key *key)
{
	const void *field = (const char *)p + key->offset;

	switch (key->size) {
	case 1:
		return *(const u8 *)field;
	case 2:
		return *(const u16 *)field;
	default:
		return *(const u32 *)field;
	}
}

void iscsi_param_put(struct iscsi_params *p, const struct iscsi_key *key,
		     u32 value)
{
	void *field = (char *)p + key->offset;

	switch (key->size) {
	case 1:
		*(u8 *)field = value;
		break;
	case 2:
		*(u16 *)field = value;
		break;
	default:
		*(u32 *)field = value;
	}
}

void iscsi_params_defaults(struct iscsi_params *p)
{
	const struct iscsi_key *key;

	memset(p, 0, sizeof(*p));
	for (key = iscsi_keys; key->name; key++)
		if (key->size)
			iscsi_param_put(p, key, key->initial);
	p->max_xmit = p->max_recv;	/* the same key, of the other side */
}

void iscsi_params_offer(struct iscsi_params *p)
{
	const struct iscsi_key *key;

	iscsi_params_defaults(p);
	for (key = iscsi_keys; key->name; key++)
		if (key->size)
			iscsi_param_put(p, key, key->ours);
}

u8 iscsi_digest_select(const char *list, u8 mask)
{
	char item[ISCSI_VALUE_MAX + 1];
	u8 i;

	while (iscsi_list_next(&list, item))
		for (i = 0; i < ARRAY_SIZE(digest_names); i++)
			if (mask & 1 << i && !strcmp(item, digest_names[i]))
				return 1 << i;
	return 0;
}

const char *iscsi_digest_name(u8 digest)
{
	return digest_names[digest == ISCSI_DIGEST_CRC32C];
}

/* All of @list as a mask; 0: it has a name that is no digest's. */
static u8 digest_mask(const char *list)
{
	char item[ISCSI_VALUE_MAX + 1];
	u8 mask = 0, digest;

	while (iscsi_list_next(&list, item)) {
		digest = iscsi_digest_select(item, NONE | CRC);
		if (!digest)
			return 0;
		mask |= digest;
	}
	return mask;
}

int iscsi_key_parse(const struct iscsi_key *key, const char *value, u32 *v)
{
	u64 number;
	bool yes;
	int err;

	if (key->kind == K_AND || key->kind == K_OR) {
		err = iscsi_value_bool(value, &yes);
		*v = yes;
		return err;
	}
	err = iscsi_value_number(value, key->min, key->max, &number);
	if (!err)
		*v = number;
	return err;
}

int iscsi_params_set(struct iscsi_params *p, const char *name,
		     const char *value)
{
	const struct iscsi_key *key = iscsi_key_find(name);
	u32 v;
	int err;

	if (!key || !key->size)
		return -ENOENT;
	if (key->kind == K_DIGEST) {
		v = digest_mask(value);
		err = v ? 0 : -EINVAL;
	} else {
		err = iscsi_key_parse(key, value, &v);
	}
	if (err)
		return err;
	if (((key->use & IS_FIXED) && v != key->ours) ||
	    ((key->use & UP_TO_OURS) && v > key->ours))
		return -ERANGE;
	iscsi_param_put(p, key, v);
	return 0;
}
