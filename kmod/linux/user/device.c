// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: devices/user/NAME: what the operator makes, and a handler fills
 * with life.
 *
 * What the device is like the first handler says; enabling it before that is
 * a wish that comes true when one attaches. From then on the core has the
 * device, whether there is a handler or not.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include "user.h"

static LIST_HEAD(user_devs);		/* user_mutex */
DEFINE_MUTEX(user_mutex);

/* ---- References -------------------------------------------------------------- */

static void user_dev_free(struct kref *ref)
{
	struct user_dev *dev = container_of(ref, struct user_dev, ref);

	if (dev->desc)
		user_about_free(dev->desc);
	kfree(dev);
}

void user_dev_put(struct user_dev *dev)
{
	kref_put(&dev->ref, user_dev_free);
}

struct user_dev *user_dev_find(const char *name)
{
	struct user_dev *dev;

	lockdep_assert_held(&user_mutex);
	list_for_each_entry_reverse(dev, &user_devs, link) {
		if (strcmp(dev->hdev.name, name))
			continue;
		kref_get(&dev->ref);
		return dev;
	}
	return NULL;
}

/* ---- What the device servers tell us, and the core asks ------------------------ */

static void dev_ua(struct sbc_lu *lu, enum scst_sense ua, u64 except)
{
	struct user_dev *dev = sbc_lu_priv(lu);
	struct scst_device *core = READ_ONCE(dev->core);

	if (core)
		scst_device_ua(core, ua, except);
}

static void dev_capacity(struct sbc_lu *lu)
{
	struct user_dev *dev = sbc_lu_priv(lu);
	struct scst_device *core = READ_ONCE(dev->core);

	if (core)
		scst_device_set_capacity(core, sbc_lu_blocks(lu),
					 sbc_lu_config(lu)->block_size);
}

static void sanitize_work(struct work_struct *work)
{
	sbc_lu_resume(container_of(work, struct user_dev, sanitize_work)->lu);
}

static void dev_defer(struct sbc_lu *lu)
{
	struct user_dev *dev = sbc_lu_priv(lu);

	queue_work(user_wq, &dev->sanitize_work);
}

static void dev_idle(struct sbc_lu *lu)
{
	struct user_dev *dev = sbc_lu_priv(lu);

	wake_up_all(&dev->idle);
}

static const struct sbc_env_ops dev_env = {
	.ua = dev_ua,
	.capacity = dev_capacity,
	.defer = dev_defer,
	.idle = dev_idle,
};

static void dev_mode_select(struct scst_cmd *cmd,
			    const struct scst_mode_page *page, const u8 *wanted)
{
	if (to_user_dev(scst_device_priv(cmd->dev))->lu)
		sbc_lu_mode_select(cmd->lu, cmd, page, wanted,
				   scst_mode_selected);
	else
		scst_mode_selected(cmd, SENSE_NONE);
}

static void dev_event(struct scst_device *core, enum scst_device_event ev,
		      u64 nexus_id)
{
	struct user_dev *dev = to_user_dev(scst_device_priv(core));

	if (dev->lu)
		sbc_lu_event(dev->lu, ev, nexus_id);
	if (ev == SCST_EV_LU_RESET)
		user_dev_notify(dev, SCST_USER_OP_RESET, 0);
	else if (ev == SCST_EV_NEXUS_LOSS)
		user_dev_notify(dev, SCST_USER_OP_SESSION_GONE, nexus_id);
}

static void dev_abort(struct scst_device *core, const struct scst_cmd *cmd)
{
	struct user_dev *dev = to_user_dev(scst_device_priv(core));

	queue_work(user_wq, &dev->abort_work);
}

static const struct scst_device_ops user_device_ops = {
	.data_alloc = user_data_alloc,
	.data_free = user_data_free,
	.abort = dev_abort,
	.mode_select = dev_mode_select,
	.event = dev_event,
};

/*
 * The device server would say that the unit is ready: it does not know of
 * handlers.
 */
static void test_unit_ready(struct scst_cmd *cmd)
{
	struct user_dev *dev = to_user_dev(scst_device_priv(cmd->dev));
	enum scst_sense sense = user_dev_ready(dev);

	if (sense)
		scst_cmd_fail(cmd, sense);
	else
		dev->test_unit_ready(cmd);
}

/* ---- Open and close ----------------------------------------------------------- */

static void disk_config(const struct user_dev *dev, struct sbc_config *cfg)
{
	const struct scst_user_attach *at = &dev->desc->attach;
	u32 physical = at->physical_block_size ?: at->block_size;
	u8 shift = dev->shift;

	*cfg = (struct sbc_config){
		.blocks = at->bytes >> shift,
		.block_size = at->block_size,
		.physical_exp = ilog2(physical) - shift,
		.lowest_aligned = at->lowest_aligned,
		.removable = at->flags & SCST_USER_AT_REMOVABLE,
		.medium = at->bytes >> shift,
		.thin = at->flags & SCST_USER_AT_THIN,
		.zero_after_unmap = at->flags & SCST_USER_AT_ZERO_AFTER_UNMAP,
		.write_cache = at->flags & SCST_USER_AT_WRITE_CACHE,
		.native_fua = at->flags & SCST_USER_AT_NATIVE_FUA,
		.sanitize = at->flags & SCST_USER_AT_SANITIZE,
		.read_only = dev->hdev.read_only || dev->read_only,
		.rotation_rate = at->rotation_rate,
		.max_transfer = at->max_transfer >> shift,
		.optimal_transfer = at->optimal_transfer >> shift,
		.optimal_granularity = physical >> shift,
		.unmap_granularity = at->unmap_granularity >> shift,
		.unmap_alignment = at->unmap_alignment >> shift,
		.max_atomic = at->max_atomic >> shift,
	};
}

static int disk_open(struct user_dev *dev, struct scst_hdev_setup *setup)
{
	struct scst_device_info *info = &setup->info;
	struct sbc_config cfg;
	struct sbc_lu *lu;
	u32 i;

	dev->shift = ilog2(dev->desc->attach.block_size);
	disk_config(dev, &cfg);
	user_backend_init(dev, dev->desc->attach.ops);
	lu = sbc_lu_alloc(&cfg, &dev->backend, &dev_env, dev);
	if (IS_ERR(lu))
		return PTR_ERR(lu);
	sbc_lu_describe(lu, info);
	dev->opcodes = kmemdup(info->opcodes,
			       info->nr_opcodes * sizeof(*info->opcodes),
			       GFP_KERNEL);
	if (!dev->opcodes) {
		sbc_lu_free(lu);
		return -ENOMEM;
	}
	for (i = 0; i < info->nr_opcodes; i++) {
		if (dev->opcodes[i].op != SCSI_TEST_UNIT_READY)
			continue;
		dev->test_unit_ready = dev->opcodes[i].execute;
		dev->opcodes[i].execute = test_unit_ready;
	}
	info->opcodes = dev->opcodes;
	dev->lu = lu;
	setup->lu = lu;
	setup->blocks = cfg.blocks;
	setup->block_size = cfg.block_size;
	return 0;
}

static void raw_open(struct user_dev *dev, struct scst_hdev_setup *setup)
{
	const struct user_about *desc = dev->desc;
	const struct scst_user_attach *at = &desc->attach;
	struct scst_device_info *info = &setup->info;

	info->type = at->type;
	info->removable = at->flags & SCST_USER_AT_REMOVABLE;
	info->read_only |= dev->read_only;
	info->opcodes = desc->opcodes;
	info->nr_opcodes = at->nr_opcodes;
	info->mode_pages = desc->mode_pages;
	info->nr_mode_pages = at->nr_mode_pages;
	info->vpd_pages = desc->vpd_pages;
	info->nr_vpd_pages = at->nr_vpd_pages;
	info->mode_device_specific = at->mode_device_specific;
	info->max_transfer = at->max_transfer;
	memcpy(info->version_descriptors, at->version_descriptors,
	       sizeof(info->version_descriptors) - sizeof(u16));
	setup->lu = dev;
}

static void dev_identity(const struct user_about *desc,
			 struct scst_device_info *info)
{
	if (*desc->vendor)
		info->vendor = desc->vendor;
	if (*desc->product)
		info->product = desc->product;
	if (*desc->revision)
		info->revision = desc->revision;
	if (*desc->attach.serial)
		info->serial = desc->attach.serial;
	if (desc->attach.naa)
		info->naa = desc->attach.naa;
}

static int user_open(struct scst_hdev *hdev, struct scst_hdev_setup *setup)
{
	struct user_dev *dev = to_user_dev(hdev);
	int err = 0;

	/* What a handler said that has left is not what the next one will. */
	if (!dev->desc || !READ_ONCE(dev->owner))
		return -EPROBE_DEFER;
	dev->max_transfer = dev->desc->attach.max_transfer;
	if (dev->desc->attach.kind == SCST_USER_DISK)
		err = disk_open(dev, setup);
	else
		raw_open(dev, setup);
	if (err)
		return err;
	dev_identity(dev->desc, &setup->info);
	setup->ops = &user_device_ops;
	user_life_open(dev);
	return 0;
}

static void user_opened(struct scst_hdev *hdev)
{
	WRITE_ONCE(to_user_dev(hdev)->core, hdev->dev);
}

static void user_close(struct scst_hdev *hdev)
{
	struct user_dev *dev = to_user_dev(hdev);

	if (dev->lu) {
		sbc_lu_stop(dev->lu);
		wait_event(dev->idle, !sbc_lu_busy(dev->lu));
		cancel_work_sync(&dev->sanitize_work);
	}
	user_life_close(dev);
	WRITE_ONCE(dev->core, NULL);
	if (dev->lu)
		sbc_lu_free(dev->lu);
	dev->lu = NULL;
	kfree(dev->opcodes);
	dev->opcodes = NULL;
}

/* ---- Directories ---------------------------------------------------------------- */

static void dev_list(struct user_dev *dev)
{
	const struct user_dev *other;

	mutex_lock(&user_mutex);
	list_for_each_entry(other, &user_devs, link)
		if (!strcmp(other->hdev.name, dev->hdev.name))
			dev->elders++;
	list_add_tail(&dev->link, &user_devs);
	mutex_unlock(&user_mutex);
}

static void dev_unlist(struct user_dev *dev)
{
	struct user_dev *other = dev;

	mutex_lock(&user_mutex);
	list_for_each_entry_continue(other, &user_devs, link)
		if (!strcmp(other->hdev.name, dev->hdev.name))
			user_dev_elder_gone(other);
	list_del(&dev->link);
	mutex_unlock(&user_mutex);
}

static struct scst_hdev *user_alloc(const char *name)
{
	struct user_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return ERR_PTR(-ENOMEM);
	kref_init(&dev->ref);
	init_waitqueue_head(&dev->idle);
	INIT_WORK(&dev->sanitize_work, sanitize_work);
	user_life_init(dev);
	strscpy(dev->hdev.name, name, sizeof(dev->hdev.name));
	dev_list(dev);
	return &dev->hdev;
}

static void user_free(struct scst_hdev *hdev)
{
	struct user_dev *dev = to_user_dev(hdev);

	user_life_fini(dev);
	dev_unlist(dev);
	user_dev_put(dev);
}

static void user_read_only(struct scst_hdev *hdev, bool read_only)
{
	scst_device_set_read_only(hdev->dev,
				  read_only || to_user_dev(hdev)->read_only);
}

/* ---- A handler's description ------------------------------------------------------ */

/* What may be otherwise the next time. */
static void attach_strip(struct scst_user_attach *at)
{
	at->size = 0;
	at->features = 0;
	at->flags &= ~SCST_USER_AT_READ_ONLY;
	at->bytes = 0;
	at->queues = 0;
	at->depth = 0;
	at->arena_size = 0;
	at->wait_ms = 0;
	at->opcodes = 0;
	at->mode_pages = 0;
	at->vpd_pages = 0;
	memset_startat(at, 0, generation);
}

static bool tables_equal(const struct user_about *a, const struct user_about *b)
{
	const struct scst_vpd_page *va = a->vpd_pages, *vb = b->vpd_pages;
	u32 i;

	if (memcmp(a->opcodes, b->opcodes,
		   a->attach.nr_opcodes * sizeof(*a->opcodes)) ||
	    memcmp(a->mode_pages, b->mode_pages,
		   a->attach.nr_mode_pages * sizeof(*a->mode_pages)))
		return false;
	for (i = 0; i < a->attach.nr_vpd_pages; i++)
		if (va[i].code != vb[i].code || va[i].len != vb[i].len ||
		    memcmp(va[i].data, vb[i].data, va[i].len))
			return false;
	return true;
}

static bool desc_equal(const struct user_about *a, const struct user_about *b)
{
	struct scst_user_attach *at = kmalloc_array(2, sizeof(*at),
						    GFP_KERNEL);
	bool equal = false;

	if (!at)
		return false;
	at[0] = a->attach;
	at[1] = b->attach;
	attach_strip(&at[0]);
	attach_strip(&at[1]);
	if (!memcmp(&at[0], &at[1], sizeof(*at)))
		equal = tables_equal(a, b);
	kfree(at);
	return equal;
}

/* Another size is another medium, where that can be. */
static void dev_redescribe(struct user_dev *dev, u64 bytes)
{
	const struct scst_user_attach *at = &dev->desc->attach;

	if (at->kind != SCST_USER_DISK || at->bytes == bytes)
		return;
	if (at->flags & SCST_USER_AT_REMOVABLE)
		user_dev_set_medium(dev, bytes);
	else
		user_dev_resize(dev, bytes);
}

int user_dev_describe(struct user_dev *dev, struct user_about *desc)
{
	u64 bytes = desc->attach.bytes;

	lockdep_assert_held(&dev->hdev.lock);
	if (dev->hdev.open && !desc_equal(dev->desc, desc)) {
		pr_err("device %s: attach: described otherwise than by the handler before; disable it first\n",
		       dev->hdev.name);
		return -EINVAL;
	}
	dev->read_only = desc->attach.flags & SCST_USER_AT_READ_ONLY;
	if (!dev->hdev.open) {
		if (dev->desc)
			user_about_free(dev->desc);
		dev->desc = desc;
		return 0;
	}
	user_about_free(desc);
	dev_redescribe(dev, bytes);
	if (scst_hdev_enabled(&dev->hdev))
		user_read_only(&dev->hdev, dev->hdev.read_only);
	return 0;
}

void user_dev_resize(struct user_dev *dev, u64 bytes)
{
	lockdep_assert_held(&dev->hdev.lock);
	WRITE_ONCE(dev->desc->attach.bytes, bytes);
	if (scst_hdev_enabled(&dev->hdev))
		sbc_lu_resize(dev->lu, bytes >> dev->shift);
}

/*
 * Commands that found the medium of before are under way perhaps. They have
 * its number, or the new one is not given to them.
 */
void user_dev_set_medium(struct user_dev *dev, u64 bytes)
{
	lockdep_assert_held(&dev->hdev.lock);
	WRITE_ONCE(dev->desc->attach.bytes, bytes);
	if (scst_hdev_enabled(&dev->hdev))
		sbc_lu_set_medium(dev->lu, bytes >> dev->shift);
	WRITE_ONCE(dev->medium, dev->medium + 1);
}

/* ---- Attributes ------------------------------------------------------------------ */

#define BOUND_MAX 3600

static ssize_t bound_store(struct user_dev *dev, const char *name, u32 *to,
			   const char *page, size_t count)
{
	u32 value;

	if (kstrtou32(page, 0, &value) || !value || value > BOUND_MAX) {
		pr_err("device %s: %s: want a number of seconds from 1 to %d\n",
		       dev->hdev.name, name, BOUND_MAX);
		return -EINVAL;
	}
	WRITE_ONCE(*to, value);
	return count;
}

#define BOUND_ATTR(name)						\
static ssize_t user_##name##_show(struct config_item *item, char *page)	\
{									\
	return sysfs_emit(page, "%u\n", to_user_dev(to_hdev(item))->name); \
}									\
									\
static ssize_t user_##name##_store(struct config_item *item,		\
				   const char *page, size_t count)	\
{									\
	struct user_dev *dev = to_user_dev(to_hdev(item));		\
									\
	return bound_store(dev, #name, &dev->name, page, count);	\
}									\
CONFIGFS_ATTR(user_, name)

BOUND_ATTR(wait_for_handler);
BOUND_ATTR(wait_for_reply);

static ssize_t user_handler_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%s\n",
			  user_dev_status(to_user_dev(to_hdev(item))));
}
CONFIGFS_ATTR_RO(user_, handler);

static ssize_t user_size_show(struct config_item *item, char *page)
{
	struct user_dev *dev = to_user_dev(to_hdev(item));
	u64 bytes;

	mutex_lock(&dev->hdev.lock);
	bytes = dev->desc ? dev->desc->attach.bytes : 0;
	mutex_unlock(&dev->hdev.lock);
	return sysfs_emit(page, "%llu\n", bytes);
}
CONFIGFS_ATTR_RO(user_, size);

static struct configfs_attribute *user_attrs[] = {
	&user_attr_handler,
	&user_attr_size,
	&user_attr_wait_for_handler,
	&user_attr_wait_for_reply,
	NULL,
};

const struct scst_handler user_handler = {
	.name = "user",
	.owner = THIS_MODULE,
	.attrs = user_attrs,
	.alloc = user_alloc,
	.open = user_open,
	.opened = user_opened,
	.close = user_close,
	.free = user_free,
	.read_only = user_read_only,
};
