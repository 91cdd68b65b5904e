// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: devices and their command tables.
 *
 * At registration the device's rows and those of the SPC device server are
 * merged into one sorted table with an index by operation code, so that a
 * command is looked up once. A row of the device goes before one of SPC's.
 */
#include "alua.h"
#include "scst_core.h"
#include "spc.h"
#include "spc_alua.h"
#include "spc_xcopy.h"

void scst_device_get(struct scst_device *dev)
{
	refcount_inc(&dev->refs);
}

static void device_free(struct scst_device *dev)
{
	u32 i;

	for (i = 0; i < dev->nr_vpd_pages; i++)
		kfree(dev->vpd_pages[i].data);
	kfree(dev->vpd_pages);
	kfree(dev->mode_pages);
	kfree(dev->opcodes);
	spc_pr_fini(&dev->pr);
	kfree(dev);
}

static void device_retired(struct core_retired *retired)
{
	device_free(container_of(retired, struct scst_device, retired));
}

void scst_device_put(struct scst_device *dev)
{
	if (!refcount_dec_and_test(&dev->refs))
		return;
	if (dev->ops->release)
		dev->ops->release(dev);
	core_retire(&dev->retired, device_retired);
}

u16 scst_cdb_service_action(const u8 *cdb, u16 cdb_len)
{
	if (cdb[0] == SCSI_VARIABLE_LENGTH)
		return cdb_len >= 10 ? get_unaligned_be16(cdb + 8) : 0;
	return cdb[1] & 0x1f;
}

/*
 * The row that answers @cdb. NULL: none; @sa_unknown tells an unknown service
 * action of a known operation code, which is another error.
 */
const struct scst_opcode *scst_device_opcode(const struct scst_device *dev,
					     const u8 *cdb, u16 cdb_len,
					     bool *sa_unknown)
{
	const struct scst_opcode *row, *end = dev->opcodes + dev->nr_opcodes;
	u16 sa = scst_cdb_service_action(cdb, cdb_len);

	*sa_unknown = false;
	for (row = dev->opcodes + dev->first_opcode[cdb[0]];
	     row < end && row->op == cdb[0]; row++) {
		if (row->sa == SCST_NO_SA)
			return row;
		if (!scst_opcode_offered(dev, row))
			continue;
		if (row->sa == sa)
			return row;
		*sa_unknown = true;
	}
	return NULL;
}

/* More than any device has. MODE SELECT may recurse once for each page. */
#define OPCODES_MAX    4096
#define MODE_PAGES_MAX 32

static int device_wrong(const struct scst_device_info *info, const char *what)
{
	pr_err("device '%.64s': %s\n", info->name, what);
	return -EINVAL;
}

static bool opcode_before(const struct scst_opcode *a,
			  const struct scst_opcode *b)
{
	return a->op != b->op ? a->op < b->op : a->sa < b->sa;
}

/* Insert by operation code and service action; the first of equals stays. */
static void opcode_insert(struct scst_device *dev,
			  const struct scst_opcode *row)
{
	u32 at = dev->nr_opcodes;

	while (at && opcode_before(row, &dev->opcodes[at - 1]))
		at--;
	if (at && dev->opcodes[at - 1].op == row->op &&
	    dev->opcodes[at - 1].sa == row->sa)
		return;
	memmove(&dev->opcodes[at + 1], &dev->opcodes[at],
		(dev->nr_opcodes - at) * sizeof(*row));
	dev->opcodes[at] = *row;
	dev->opcodes[at].flags |= spc_alua_flags(row->op, row->sa);
	dev->nr_opcodes++;
}

/* Does the device answer all service actions of @op? */
static bool takes_opcode(const struct scst_device_info *info, u8 op)
{
	u32 i;

	for (i = 0; i < info->nr_opcodes; i++)
		if (info->opcodes[i].op == op &&
		    info->opcodes[i].sa == SCST_NO_SA)
			return true;
	return false;
}

static int device_set_opcodes(struct scst_device *dev,
			      const struct scst_device_info *info)
{
	u32 i, nr_spc;
	const struct scst_opcode *spc = spc_opcodes(&nr_spc);

	if (info->nr_opcodes > OPCODES_MAX)
		return device_wrong(info, "too many commands");
	dev->copies = spc_xcopy_offered(info);
	dev->opcodes = kcalloc(info->nr_opcodes + nr_spc,
			       sizeof(*dev->opcodes), GFP_KERNEL);
	if (!dev->opcodes)
		return -ENOMEM;

	for (i = 0; i < info->nr_opcodes; i++) {
		if (!info->opcodes[i].execute ||
		    info->opcodes[i].cdb_len < 6 ||
		    (info->opcodes[i].flags & ~SCST_OP_DEVICES))
			return device_wrong(info, "table of commands");
		opcode_insert(dev, &info->opcodes[i]);
	}
	for (i = 0; i < nr_spc; i++)
		if (!takes_opcode(info, spc[i].op) &&
		    (dev->copies || !spc_xcopy_opcode(spc[i].op)))
			opcode_insert(dev, &spc[i]);

	for (i = 0; i < ARRAY_SIZE(dev->first_opcode); i++)
		dev->first_opcode[i] = dev->nr_opcodes;
	for (i = dev->nr_opcodes; i-- > 0;)
		dev->first_opcode[dev->opcodes[i].op] = i;
	return 0;
}

/* By their order; false: there is such a page already. */
static bool mode_page_insert(struct scst_device *dev,
			     const struct scst_mode_page *page)
{
	u32 at = dev->nr_mode_pages, key = spc_mode_page_key(page);

	while (at && spc_mode_page_key(&dev->mode_pages[at - 1]) > key)
		at--;
	if (at && spc_mode_page_key(&dev->mode_pages[at - 1]) == key)
		return false;
	memmove(&dev->mode_pages[at + 1], &dev->mode_pages[at],
		(dev->nr_mode_pages - at) * sizeof(*page));
	dev->mode_pages[at] = *page;
	dev->nr_mode_pages++;
	return true;
}

static int device_set_mode_pages(struct scst_device *dev,
				 const struct scst_device_info *info)
{
	struct scst_mode_page control;
	u32 i;

	if (info->nr_mode_pages > MODE_PAGES_MAX)
		return device_wrong(info, "too many mode pages");
	dev->mode_pages = kcalloc(info->nr_mode_pages + 1,
				  sizeof(*dev->mode_pages), GFP_KERNEL);
	if (!dev->mode_pages)
		return -ENOMEM;
	spc_control_page(&control);
	mode_page_insert(dev, &control);
	for (i = 0; i < info->nr_mode_pages; i++)
		if (!spc_mode_page_valid(&info->mode_pages[i]) ||
		    !mode_page_insert(dev, &info->mode_pages[i]))
			return device_wrong(info, "mode pages");
	for (i = 0; i < dev->nr_mode_pages; i++)
		if (spc_mode_page_key(&dev->mode_pages[i]) ==
		    spc_mode_page_key(&control))
			dev->control = &dev->mode_pages[i];
	return 0;
}

/* Page 00h, which lists them all, is the core's; no page may be there twice. */
static bool vpd_page_valid(const struct scst_device *dev,
			   const struct scst_vpd_page *page)
{
	u32 i;

	for (i = 0; i < dev->nr_vpd_pages; i++)
		if (dev->vpd_pages[i].code == page->code)
			return false;
	return page->code != SCSI_VPD_SUPPORTED;
}

static int device_set_vpd_pages(struct scst_device *dev,
				const struct scst_device_info *info)
{
	struct scst_vpd_page *page;
	u32 i;

	if (!info->nr_vpd_pages)
		return 0;
	if (info->nr_vpd_pages > U8_MAX)
		return device_wrong(info, "too many VPD pages");
	dev->vpd_pages = kcalloc(info->nr_vpd_pages, sizeof(*page),
				 GFP_KERNEL);
	if (!dev->vpd_pages)
		return -ENOMEM;
	for (i = 0; i < info->nr_vpd_pages; i++) {
		if (!vpd_page_valid(dev, &info->vpd_pages[i]))
			return device_wrong(info, "VPD pages");
		page = &dev->vpd_pages[dev->nr_vpd_pages];
		*page = info->vpd_pages[i];
		page->data = page->len ? kmemdup(page->data, page->len,
						 GFP_KERNEL) : NULL;
		if (page->len && !page->data)
			return -ENOMEM;
		dev->nr_vpd_pages++;
	}
	return 0;
}

/* Left-aligned ASCII, padded with blanks (SPC-5 4.3.1). */
static void set_text(u8 *field, size_t size, const char *text)
{
	size_t len = strnlen(text, size);

	memset(field, ' ', size);
	memcpy(field, text, len);
}

static bool name_is_good(const char *name)
{
	size_t i, len = strnlen(name, SCST_DEVICE_NAME_MAX + 1);

	if (!len || len > SCST_DEVICE_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum(name[i]) && !strchr("_.:-", name[i]))
			return false;
	return true;
}

static int device_describe(struct scst_device *dev,
			   const struct scst_device_info *info)
{
	int ret;

	if (!name_is_good(info->name)) {
		pr_err("device name '%.64s': 1 to %d letters, digits, '_.:-'\n",
		       info->name, SCST_DEVICE_NAME_MAX);
		return -EINVAL;
	}
	strscpy(dev->name, info->name, sizeof(dev->name));
	dev->type = info->type;
	dev->removable = info->removable;
	dev->read_only = info->read_only;
	dev->mode_device_specific = info->mode_device_specific;
	set_text(dev->vendor, sizeof(dev->vendor), info->vendor ?: "");
	set_text(dev->product, sizeof(dev->product), info->product ?: "");
	set_text(dev->revision, sizeof(dev->revision), info->revision ?: "");
	strscpy(dev->serial, info->serial ?: info->name, sizeof(dev->serial));
	dev->naa = info->naa;
	memcpy(dev->version_descriptors, info->version_descriptors,
	       sizeof(dev->version_descriptors));
	dev->max_transfer = clamp_t(u32, info->max_transfer, SCST_DATA_ALIGN,
				    round_down(U32_MAX, SCST_DATA_ALIGN));
	dev->max_transfer = round_up(dev->max_transfer, SCST_DATA_ALIGN);
	dev->queue_depth = info->queue_depth ?: 1;
	dev->max_tasks = info->max_tasks;

	ret = device_set_opcodes(dev, info);
	if (!ret)
		ret = device_set_mode_pages(dev, info);
	if (!ret)
		ret = device_set_vpd_pages(dev, info);
	return ret;
}

struct scst_device *scst_device_find_locked(struct scst_ctx *ctx,
					    const char *name)
{
	struct scst_device *dev;

	lockdep_assert_held(&ctx->mutex);
	list_for_each_entry(dev, &ctx->devices, link)
		if (!strcmp(dev->name, name))
			return dev;
	return NULL;
}

struct scst_device *scst_device_find(struct scst_ctx *ctx, const char *name)
{
	struct scst_device *dev;

	mutex_lock(&ctx->mutex);
	dev = scst_device_find_locked(ctx, name);
	mutex_unlock(&ctx->mutex);
	return dev;
}

struct scst_device *scst_device_register(struct scst_ctx *ctx,
					 const struct scst_device_info *info,
					 const struct scst_device_ops *ops,
					 void *priv)
{
	struct scst_device *dev;
	int ret;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->ctx = ctx;
	dev->ops = ops;
	dev->priv = priv;
	dev->withheld = SCST_OP_GROUPS | SCST_OP_SET_GROUPS;
	refcount_set(&dev->refs, 1);
	spin_lock_init(&dev->lock);
	INIT_LIST_HEAD(&dev->itls);
	INIT_LIST_HEAD(&dev->tmfs);
	scst_taskset_init(&dev->taskset);
	spc_pr_init(&dev->pr);

	ret = device_describe(dev, info);
	if (ret)
		goto out_free;

	mutex_lock(&ctx->mutex);
	if (scst_device_find_locked(ctx, dev->name)) {
		ret = -EEXIST;
	} else {
		list_add_tail(&dev->link, &ctx->devices);
		scst_alua_device_join(dev);
	}
	if (!ret && ctx->observer && ctx->observer->device)
		ctx->observer->device(dev, true);
	mutex_unlock(&ctx->mutex);
	if (ret)
		goto out_free;
	return dev;

out_free:
	device_free(dev);
	return ERR_PTR(ret);
}

void scst_device_unregister(struct scst_device *dev)
{
	struct scst_ctx *ctx = dev->ctx;

	mutex_lock(&ctx->mutex);
	dev->dead = true;
	list_del(&dev->link);
	scst_alua_device_leave(dev);
	scst_unmap_device(dev);
	if (ctx->observer && ctx->observer->device)
		ctx->observer->device(dev, false);
	mutex_unlock(&ctx->mutex);
	scst_device_put(dev);
}

void *scst_device_priv(const struct scst_device *dev)
{
	return dev->priv;
}

const char *scst_device_name(const struct scst_device *dev)
{
	return dev->name;
}

void scst_device_set_lu(struct scst_device *dev, void *lu)
{
	dev->lu = lu;
}

void scst_device_set_capacity(struct scst_device *dev, u64 blocks,
			      u32 block_size)
{
	bool changed;

	spin_lock_bh(&dev->lock);
	changed = dev->block_size && dev->blocks != blocks;
	dev->blocks = blocks;
	dev->block_size = block_size;
	if (changed)
		scst_device_ua_locked(dev, SENSE_UA_CAPACITY_CHANGED, 0);
	spin_unlock_bh(&dev->lock);
}

void scst_device_set_read_only(struct scst_device *dev, bool read_only)
{
	WRITE_ONCE(dev->read_only, read_only);
}
