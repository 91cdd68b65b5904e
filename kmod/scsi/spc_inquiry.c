// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: INQUIRY, standard data and vital product data (SPC-5 6.6, 7.7).
 */
#include "spc.h"
#include "spc_xcopy.h"
#include "scst_core.h"

#define INQUIRY_LEN 96
#define VERSION_SPC4 0x06	/* what all initiators know */

/* Version descriptors of the standards that the core itself follows. */
#define VD_SAM_5 0x00a0
#define VD_SPC_4 0x0460
#define VD_ISCSI 0x0960

static void standard_versions(u8 *data, const struct scst_device *dev,
			      u8 protocol)
{
	u16 list[ARRAY_SIZE(dev->version_descriptors)] = { VD_SAM_5, VD_SPC_4 };
	u32 nr = 2, i;

	if (protocol == SCST_PROTOCOL_ISCSI)
		list[nr++] = VD_ISCSI;
	for (i = 0; nr < ARRAY_SIZE(list) && dev->version_descriptors[i]; i++)
		list[nr++] = dev->version_descriptors[i];
	for (i = 0; i < nr; i++)
		put_unaligned_be16(list[i], data + 58 + 2 * i);
}

/* Through a port that is unavailable it is not connected (5.16.2.4.5). */
static u8 peripheral(struct scst_cmd *cmd)
{
	const struct scst_itl *itl = scst_cmd_task(cmd)->itl;

	return (READ_ONCE(itl->access) == SCST_UNAVAILABLE ? 0x20 : 0) |
	       cmd->dev->type;
}

static void inquiry_standard(struct scst_cmd *cmd, u16 alloc)
{
	const struct scst_itl *itl = scst_cmd_task(cmd)->itl;
	const struct scst_device *dev = cmd->dev;
	u8 data[INQUIRY_LEN] = { 0 };

	data[0] = peripheral(cmd);
	data[1] = dev->removable ? 0x80 : 0;
	data[2] = VERSION_SPC4;
	data[3] = 0x10 | 2;		/* HISUP, response data format */
	data[4] = INQUIRY_LEN - 5;
	data[5] = READ_ONCE(itl->tpgs);
	data[5] |= dev->copies ? 0x08 : 0;	/* 3PC */
	data[7] = 0x02;			/* CMDQUE */
	memcpy(data + 8, dev->vendor, 8);
	memcpy(data + 16, dev->product, 16);
	memcpy(data + 32, dev->revision, 4);
	standard_versions(data, dev,
			  scst_cmd_task(cmd)->nexus->target->ops->protocol);
	scst_cmd_reply(cmd, data, sizeof(data), alloc);
}

/* ---- Device Identification, page 83h (SPC-5 7.7.6) ---------------------- */

enum {
	CODE_BINARY = 1, CODE_ASCII = 2, CODE_UTF8 = 3,
	ID_T10 = 1, ID_NAA = 3, ID_RELATIVE_PORT = 4, ID_PORT_GROUP = 5,
	ID_NAME = 8,
	OF_LU = 0x00, OF_PORT = 0x10, OF_TARGET = 0x20,
	PIV = 0x80,
};

struct vpd_buf {
	u8 data[1024];
	u32 len;
};

static u8 *designator(struct vpd_buf *vpd, u8 code, u8 type, u8 len, u8 proto)
{
	u8 *d = vpd->data + vpd->len;

	d[0] = proto << 4 | code;
	d[1] = type;
	d[2] = 0;
	d[3] = len;
	memset(d + 4, 0, len);
	vpd->len += 4 + len;
	return d + 4;
}

/* SCSI name string: NUL-terminated, padded to a multiple of four. */
static void add_name(struct vpd_buf *vpd, u8 of, const char *name,
		     const char *suffix)
{
	size_t len = strlen(name), extra = strlen(suffix);
	u8 *id = designator(vpd, CODE_UTF8, PIV | of | ID_NAME,
			    round_up(len + extra + 1, 4), SCST_PROTOCOL_ISCSI);

	memcpy(id, name, len);
	memcpy(id + len, suffix, extra);
}

/* What names the logical unit. */
static void add_unit(struct vpd_buf *vpd, const struct scst_device *dev)
{
	size_t serial = strlen(dev->serial);
	u8 *id;

	id = designator(vpd, CODE_ASCII, OF_LU | ID_T10, 8 + serial, 0);
	memcpy(id, dev->vendor, 8);
	memcpy(id + 8, dev->serial, serial);
	if (dev->naa)
		put_unaligned_be64(dev->naa, designator(vpd, CODE_BINARY,
						OF_LU | ID_NAA, 8, 0));
}

bool spc_is_designated(const struct scst_device *dev, const u8 *id)
{
	struct vpd_buf vpd = { .len = 0 };
	const u8 *d;

	add_unit(&vpd, dev);
	for (d = vpd.data; d < vpd.data + vpd.len; d += 4 + d[3])
		if (d[3] <= 20 && d[3] == id[3] &&
		    (d[0] & 0x0f) == (id[0] & 0x0f) &&
		    (d[1] & 0x3f) == (id[1] & 0x3f) &&
		    !memcmp(d + 4, id + 4, d[3]))
			return true;
	return false;
}

static void vpd_identification(struct scst_cmd *cmd, struct vpd_buf *vpd)
{
	const struct scst_target *tgt = scst_cmd_task(cmd)->nexus->target;
	u16 group = READ_ONCE(scst_cmd_task(cmd)->itl->port_group);
	u8 proto = tgt->ops->protocol;

	add_unit(vpd, cmd->dev);
	put_unaligned_be32(tgt->port_id, designator(vpd, CODE_BINARY,
					 PIV | OF_PORT | ID_RELATIVE_PORT, 4,
					 proto));
	if (group)
		put_unaligned_be32(group, designator(vpd, CODE_BINARY,
						     PIV | OF_PORT |
						     ID_PORT_GROUP, 4, proto));
	if (proto == SCST_PROTOCOL_ISCSI) {
		add_name(vpd, OF_PORT, tgt->name, ",t,0x0001");
		add_name(vpd, OF_TARGET, tgt->name, "");
	}
}

/* ---- The other pages ---------------------------------------------------- */

static void vpd_serial(struct scst_cmd *cmd, struct vpd_buf *vpd)
{
	size_t len = strlen(cmd->dev->serial);

	memcpy(vpd->data + vpd->len, cmd->dev->serial, len);
	vpd->len += len;
}

/* Extended INQUIRY Data, page 86h (SPC-5 7.7.7) */
static void vpd_extended(struct scst_cmd *cmd, struct vpd_buf *vpd)
{
	u8 *page = vpd->data;

	memset(page + 4, 0, 60);
	page[5] = 0x07;			/* HEADSUP, ORDSUP, SIMPSUP */
	page[7] = 0x01;			/* LUICLR */
	page[13] = SCST_SENSE_MAX;
	vpd->len = 64;
}

static void vpd_third_party(struct scst_cmd *cmd, struct vpd_buf *vpd)
{
	vpd->len += spc_copy_vpd(vpd->data + vpd->len);
}

static void vpd_supported(struct scst_cmd *cmd, struct vpd_buf *vpd);

struct own_page {
	u8 code;
	void (*make)(struct scst_cmd *cmd, struct vpd_buf *vpd);
};

static const struct own_page own_pages[] = {
	{ SCSI_VPD_SUPPORTED, vpd_supported },
	{ SCSI_VPD_SERIAL, vpd_serial },
	{ SCSI_VPD_IDENTIFICATION, vpd_identification },
	{ SCSI_VPD_EXTENDED, vpd_extended },
	{ SCSI_VPD_THIRD_PARTY, vpd_third_party },
};

static const struct own_page *find_own(const struct scst_device *dev, u8 code)
{
	u32 i;

	if (code == SCSI_VPD_THIRD_PARTY && !dev->copies)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(own_pages); i++)
		if (own_pages[i].code == code)
			return &own_pages[i];
	return NULL;
}

const struct scst_vpd_page *spc_vpd_find(const struct scst_device *dev,
					 u8 code)
{
	u32 i;

	for (i = 0; i < dev->nr_vpd_pages; i++)
		if (dev->vpd_pages[i].code == code)
			return &dev->vpd_pages[i];
	return NULL;
}

/* Page 00h lists all in ascending order (SPC-5 7.7.14). */
static void vpd_supported(struct scst_cmd *cmd, struct vpd_buf *vpd)
{
	u32 code;

	for (code = 0; code <= U8_MAX; code++)
		if (find_own(cmd->dev, code) || spc_vpd_find(cmd->dev, code))
			vpd->data[vpd->len++] = code;
}

/* A page that the device handed over. */
static void vpd_static(struct scst_cmd *cmd, const struct scst_vpd_page *page,
		       u16 alloc)
{
	struct spc_reply reply = { .cmd = cmd, .alloc = alloc };
	u8 header[4] = { peripheral(cmd), page->code };

	put_unaligned_be16(page->len, header + 2);
	spc_reply_add(&reply, header, sizeof(header));
	spc_reply_add(&reply, page->data, page->len);
	spc_reply_end(&reply);
}

static void inquiry_vpd(struct scst_cmd *cmd, u16 alloc)
{
	const struct scst_vpd_page *page = spc_vpd_find(cmd->dev, cmd->cdb[2]);
	const struct own_page *own = find_own(cmd->dev, cmd->cdb[2]);
	struct vpd_buf vpd;

	if (page) {
		vpd_static(cmd, page, alloc);
		return;
	}
	if (!own) {
		scst_cmd_bad_cdb(cmd, 2, SENSE_NO_BIT);
		return;
	}
	vpd.data[0] = peripheral(cmd);
	vpd.data[1] = cmd->cdb[2];
	vpd.len = 4;
	own->make(cmd, &vpd);
	put_unaligned_be16(vpd.len - 4, vpd.data + 2);
	scst_cmd_reply(cmd, vpd.data, vpd.len, alloc);
}

void spc_inquiry(struct scst_cmd *cmd)
{
	u16 alloc = get_unaligned_be16(cmd->cdb + 3);

	if (cmd->cdb[1] & 1)
		inquiry_vpd(cmd, alloc);
	else if (cmd->cdb[2])
		scst_cmd_bad_cdb(cmd, 2, SENSE_NO_BIT);
	else
		inquiry_standard(cmd, alloc);
}

/* Where there is no device: who we are and that nothing is here. */
void spc_inquiry_nolun(struct scst_cmd *cmd, u8 peripheral)
{
	u16 alloc = get_unaligned_be16(cmd->cdb + 3);
	u8 data[INQUIRY_LEN] = { 0 };

	data[0] = peripheral;
	if (cmd->cdb[1] & 1) {
		/* Supported VPD Pages, with only itself in it */
		data[3] = 1;
		if (cmd->cdb[2])
			scst_cmd_bad_cdb(cmd, 2, SENSE_NO_BIT);
		else
			scst_cmd_reply(cmd, data, 5, alloc);
		return;
	}
	data[2] = VERSION_SPC4;
	data[3] = 0x10 | 2;
	data[4] = INQUIRY_LEN - 5;
	data[7] = 0x02;
	memcpy(data + 8, "SCST    ", 8);
	memcpy(data + 16, "no logical unit ", 16);
	memcpy(data + 32, "    ", 4);
	scst_cmd_reply(cmd, data, sizeof(data), alloc);
}
