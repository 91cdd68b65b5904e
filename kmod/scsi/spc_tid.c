// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: TransportIDs (SPC-5 7.6.4): the names of initiator ports.
 *
 * Those of iSCSI have a text, in which letters have no case and digits may be
 * left out; all others are 24 bytes. What initiators send is brought into one
 * form, so that two of them are equal when their bytes are.
 */
#include "spc_pr.h"

#define TID_LEN	       24u	/* of all but iSCSI's */
#define TID_TEXT       4	/* where iSCSI's text begins */
#define FORMAT_PORT    0x40	/* name and ISID */
#define ISID_LEN       6
#define SEPARATOR      ",i,0x"

u16 scst_iscsi_transport_id(u8 *tid, const char *name, const u8 *isid)
{
	char *text = (char *)tid + TID_TEXT;
	size_t i, n = strnlen(name, SCST_NAME_MAX);
	u16 len;

	memset(tid, 0, SCST_TRANSPORT_ID_MAX);
	tid[0] = SCST_PROTOCOL_ISCSI | (isid ? FORMAT_PORT : 0);
	for (i = 0; i < n; i++)
		text[i] = tolower(name[i]);
	if (isid)
		n += snprintf(text + n, SCST_TRANSPORT_ID_MAX - TID_TEXT - n,
			      SEPARATOR "%02x%02x%02x%02x%02x%02x", isid[0],
			      isid[1], isid[2], isid[3], isid[4], isid[5]);
	len = max_t(u16, round_up(n + 1, 4), TID_LEN - TID_TEXT);
	put_unaligned_be16(len, tid + 2);
	return TID_TEXT + len;
}

u16 spc_tid_default(u8 *tid, u8 protocol, const char *name)
{
	u64 hash;

	if (protocol == SCST_PROTOCOL_ISCSI)
		return scst_iscsi_transport_id(tid, name, NULL);
	hash = (u64)core_hash(name, strlen(name), 1) << 32 |
	       core_hash(name, strlen(name), 2);
	memset(tid, 0, TID_LEN);
	tid[0] = protocol & 0x0f;
	put_unaligned_be64(hash, tid + (protocol == SCST_PROTOCOL_SAS ? 4 : 8));
	return TID_LEN;
}

static int hex_digit(char c)
{
	c = tolower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to twelve hexadecimal digits and nothing else. */
static bool parse_isid(const char *text, u8 *isid)
{
	u64 value = 0;
	u32 i;

	for (i = 0; text[i]; i++) {
		if (i == 2 * ISID_LEN || hex_digit(text[i]) < 0)
			return false;
		value = value << 4 | hex_digit(text[i]);
	}
	if (!i)
		return false;
	for (i = ISID_LEN; i-- > 0; value >>= 8)
		isid[i] = value;
	return true;
}

static u32 parse_iscsi(const u8 *p, u32 len, u8 *tid, u16 *tid_len)
{
	char text[SCST_TRANSPORT_ID_MAX - TID_TEXT + 1];
	bool port = p[0] & FORMAT_PORT;
	u8 isid[ISID_LEN];
	char *end;
	u32 n;

	n = get_unaligned_be16(p + 2);
	if (n % 4 || n < TID_LEN - TID_TEXT || n >= sizeof(text) ||
	    n > len - TID_TEXT)
		return 0;
	memcpy(text, p + TID_TEXT, n);
	text[n] = '\0';
	if (strlen(text) == n)
		return 0;
	end = strchr(text, ',');
	if (!end == port)
		return 0;
	if (port) {
		if (strncasecmp(end, SEPARATOR, strlen(SEPARATOR)) ||
		    !parse_isid(end + strlen(SEPARATOR), isid))
			return 0;
		*end = '\0';
	}
	if (!*text || strlen(text) > SCST_NAME_MAX)
		return 0;
	*tid_len = scst_iscsi_transport_id(tid, text, port ? isid : NULL);
	return TID_TEXT + n;
}

u32 spc_tid_parse(const u8 *p, u32 len, u8 *tid, u16 *tid_len)
{
	if (len < TID_LEN)
		return 0;
	if (spc_tid_protocol(p) == SCST_PROTOCOL_ISCSI)
		return p[0] & 0x80 ? 0 : parse_iscsi(p, len, tid, tid_len);
	if (p[0] & 0xc0)
		return 0;
	memcpy(tid, p, TID_LEN);
	tid[0] &= 0x0f;
	*tid_len = TID_LEN;
	return TID_LEN;
}

bool spc_tid_is_device(const u8 *tid)
{
	return tid[0] == SCST_PROTOCOL_ISCSI;
}

bool spc_tid_of_device(const u8 *tid, const u8 *device)
{
	const char *name = (const char *)device + TID_TEXT;
	size_t len = strlen(name);

	if (spc_tid_protocol(tid) != SCST_PROTOCOL_ISCSI ||
	    strncmp((const char *)tid + TID_TEXT, name, len))
		return false;
	return !tid[TID_TEXT + len] || tid[TID_TEXT + len] == ',';
}
