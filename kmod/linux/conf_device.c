// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: devices/HANDLER/NAME: handlers and their devices in configfs.
 *
 * A struct scst_hdev is held by its directory, by the core's device while
 * that is registered, and by LUNs that name it. Its handler's module is held
 * by the directory; whatever outlives that is waited for when the handler
 * unregisters.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/utsname.h>

#include "scst_int.h"

#define QUEUE_DEPTH	128
#define QUEUE_DEPTH_MAX 4096

static LIST_HEAD(hdevs);		/* scst_conf_mutex */
static atomic64_t last_enabled_id;

/* ---- References ---------------------------------------------------------- */

void scst_hdev_get(struct scst_hdev *hdev)
{
	refcount_inc(&hdev->refs);
}

void scst_hdev_put(struct scst_hdev *hdev)
{
	struct scst_conf_dir *dir = scst_conf_dir_of(&hdev->group);

	if (!refcount_dec_and_test(&hdev->refs))
		return;
	mutex_destroy(&hdev->lock);
	hdev->handler->free(hdev);
	scst_census_remove(&dir->items);
}
EXPORT_SYMBOL(scst_hdev_put);

bool scst_hdev_get_live(struct scst_hdev *hdev)
{
	return refcount_inc_not_zero(&hdev->refs);
}
EXPORT_SYMBOL(scst_hdev_get_live);

struct scst_hdev *scst_hdev_find(const char *name)
{
	struct scst_hdev *hdev;

	lockdep_assert_held(&scst_conf_mutex);
	list_for_each_entry(hdev, &hdevs, link) {
		if (strcmp(scst_hdev_name(hdev), name))
			continue;
		scst_hdev_get(hdev);
		return hdev;
	}
	return NULL;
}

/* ---- Enable and disable --------------------------------------------------- */

static void hdev_close_work(struct work_struct *work)
{
	struct scst_hdev *hdev = container_of(work, struct scst_hdev,
					      close_work);

	/* Without the lock: it may take long, and rmdir must not wait. */
	hdev->handler->close(hdev);
	mutex_lock(&hdev->lock);
	hdev->dev = NULL;
	hdev->open = false;
	mutex_unlock(&hdev->lock);
	scst_hdev_put(hdev);
}

static void hdev_released(struct scst_device *dev)
{
	struct scst_hdev *hdev = scst_device_priv(dev);

	queue_work(scst_wq, &hdev->close_work);
}

static void hdev_describe(struct scst_hdev *hdev, struct scst_device_info *info)
{
	info->name = scst_hdev_name(hdev);
	info->vendor = hdev->vendor;
	info->product = hdev->product;
	info->revision = hdev->revision;
	info->serial = hdev->serial;
	info->naa = hdev->naa;
	info->read_only = hdev->read_only;
	info->queue_depth = hdev->queue_depth;
	info->max_tasks = hdev->max_tasks;
}

/*
 * Once it is registered it goes the way of hdev_released(), even when it is
 * not to stay.
 */
static int hdev_register(struct scst_hdev *hdev,
			 const struct scst_hdev_setup *setup)
{
	struct scst_device *dev;
	int ret;

	hdev->ops = *setup->ops;
	hdev->ops.release = hdev_released;
	scst_state_prepare(hdev);
	dev = scst_device_register(scst_root, &setup->info, &hdev->ops, hdev);
	if (IS_ERR(dev)) {
		pr_err("device %s: enable: the core refused it: %ld\n",
		       hdev->name, PTR_ERR(dev));
		hdev->handler->close(hdev);
		return PTR_ERR(dev);
	}
	hdev->open = true;
	hdev->dev = dev;
	/* The core's, until hdev_close_work(). */
	scst_hdev_get(hdev);
	scst_device_set_lu(dev, setup->lu);
	if (setup->block_size)
		scst_device_set_capacity(dev, setup->blocks,
					 setup->block_size);
	ret = scst_state_restore(hdev);
	if (ret) {
		scst_device_unregister(dev);
		return ret;
	}
	WRITE_ONCE(hdev->enabled_id, atomic64_inc_return(&last_enabled_id));
	return 0;
}

static int hdev_enable(struct scst_hdev *hdev)
{
	struct scst_hdev_setup setup = { };
	int ret;

	lockdep_assert_held(&hdev->lock);
	if (scst_hdev_enabled(hdev))
		return 0;
	if (hdev->open) {
		pr_err("device %s: enable: commands from before have not ended yet, try again\n",
		       scst_hdev_name(hdev));
		return -EBUSY;
	}
	hdev_describe(hdev, &setup.info);
	ret = hdev->handler->open(hdev, &setup);
	hdev->awaited = ret == -EPROBE_DEFER;
	if (hdev->awaited)
		return 0;
	if (ret)
		return ret;
	ret = hdev_register(hdev, &setup);
	if (ret)
		return ret;
	if (hdev->handler->opened)
		hdev->handler->opened(hdev);
	return 0;
}

int scst_hdev_ready(struct scst_hdev *hdev)
{
	lockdep_assert_held(&hdev->lock);
	return hdev->awaited ? hdev_enable(hdev) : 0;
}
EXPORT_SYMBOL(scst_hdev_ready);

static void hdev_disable(struct scst_hdev *hdev)
{
	lockdep_assert_held(&hdev->lock);
	hdev->awaited = false;
	if (!scst_hdev_enabled(hdev))
		return;
	WRITE_ONCE(hdev->enabled_id, 0);
	scst_device_unregister(hdev->dev);
}

/* ---- Attributes ----------------------------------------------------------- */

int scst_hdev_configure(struct scst_hdev *hdev, const char *attribute)
{
	mutex_lock(&hdev->lock);
	if (!hdev->open)
		return 0;
	mutex_unlock(&hdev->lock);
	pr_err("device %s: %s: can be changed only while the device is disabled\n",
	       scst_hdev_name(hdev), attribute);
	return -EBUSY;
}
EXPORT_SYMBOL(scst_hdev_configure);

int scst_store_line(char *to, size_t size, const char *page, size_t count)
{
	size_t i;

	if (count && page[count - 1] == '\n')
		count--;
	if (count >= size)
		return -EINVAL;
	for (i = 0; i < count; i++)
		if (!isascii(page[i]) || !isprint(page[i]))
			return -EINVAL;
	memcpy(to, page, count);
	to[count] = '\0';
	return 0;
}
EXPORT_SYMBOL(scst_store_line);

static ssize_t store_text(struct scst_hdev *hdev, const char *attribute,
			  char *to, size_t size, const char *page,
			  size_t count)
{
	int ret = scst_hdev_configure(hdev, attribute);

	if (ret)
		return ret;
	ret = scst_store_line(to, size, page, count);
	scst_hdev_configured(hdev);
	if (ret)
		pr_err("device %s: %s: want up to %zu printable characters\n",
		       scst_hdev_name(hdev), attribute, size - 1);
	return ret ?: count;
}

#define TEXT_ATTR(name)							\
static ssize_t hdev_##name##_show(struct config_item *item, char *page)	\
{									\
	return sysfs_emit(page, "%s\n", to_hdev(item)->name);		\
}									\
									\
static ssize_t hdev_##name##_store(struct config_item *item,		\
				   const char *page, size_t count)	\
{									\
	struct scst_hdev *hdev = to_hdev(item);				\
									\
	return store_text(hdev, #name, hdev->name, sizeof(hdev->name),	\
			  page, count);					\
}									\
CONFIGFS_ATTR(hdev_, name)

TEXT_ATTR(vendor);
TEXT_ATTR(product);
TEXT_ATTR(revision);
TEXT_ATTR(serial);

static ssize_t hdev_naa_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%016llx\n", to_hdev(item)->naa);
}

static ssize_t hdev_naa_store(struct config_item *item, const char *page,
			      size_t count)
{
	struct scst_hdev *hdev = to_hdev(item);
	u64 naa;
	int ret;

	ret = kstrtou64(page, 16, &naa);
	if (ret) {
		pr_err("device %s: naa: want 16 hexadecimal digits\n",
		       scst_hdev_name(hdev));
		return ret;
	}
	ret = scst_hdev_configure(hdev, "naa");
	if (ret)
		return ret;
	hdev->naa = naa;
	scst_hdev_configured(hdev);
	return count;
}
CONFIGFS_ATTR(hdev_, naa);

static ssize_t store_limit(struct scst_hdev *hdev, const char *attribute,
			   u32 *to, u32 low, u32 high, const char *page,
			   size_t count)
{
	u32 value;
	int ret;

	ret = kstrtou32(page, 0, &value);
	if (ret || value < low || value > high) {
		pr_err("device %s: %s: want a number from %u to %u\n",
		       scst_hdev_name(hdev), attribute, low, high);
		return -EINVAL;
	}
	ret = scst_hdev_configure(hdev, attribute);
	if (ret)
		return ret;
	*to = value;
	scst_hdev_configured(hdev);
	return count;
}

#define LIMIT_ATTR(name, low, high)					\
static ssize_t hdev_##name##_show(struct config_item *item, char *page)	\
{									\
	return sysfs_emit(page, "%u\n", to_hdev(item)->name);		\
}									\
									\
static ssize_t hdev_##name##_store(struct config_item *item,		\
				   const char *page, size_t count)	\
{									\
	struct scst_hdev *hdev = to_hdev(item);				\
									\
	return store_limit(hdev, #name, &hdev->name, low, high, page,	\
			   count);					\
}									\
CONFIGFS_ATTR(hdev_, name)

LIMIT_ATTR(queue_depth, 1, QUEUE_DEPTH_MAX);
LIMIT_ATTR(max_tasks, 0, INT_MAX);

static ssize_t hdev_read_only_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", to_hdev(item)->read_only);
}

static ssize_t hdev_read_only_store(struct config_item *item,
				    const char *page, size_t count)
{
	struct scst_hdev *hdev = to_hdev(item);
	bool read_only;
	int ret;

	ret = kstrtobool(page, &read_only);
	if (ret)
		return ret;
	mutex_lock(&hdev->lock);
	hdev->read_only = read_only;
	if (scst_hdev_enabled(hdev)) {
		scst_device_set_read_only(hdev->dev, read_only);
		if (hdev->handler->read_only)
			hdev->handler->read_only(hdev, read_only);
	}
	mutex_unlock(&hdev->lock);
	return count;
}
CONFIGFS_ATTR(hdev_, read_only);

static ssize_t hdev_enable_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", scst_hdev_enabled(to_hdev(item)));
}

static ssize_t hdev_enable_store(struct config_item *item, const char *page,
				 size_t count)
{
	struct scst_hdev *hdev = to_hdev(item);
	bool enable;
	int ret;

	ret = kstrtobool(page, &enable);
	if (ret)
		return ret;
	mutex_lock(&hdev->lock);
	if (enable)
		ret = hdev_enable(hdev);
	else
		hdev_disable(hdev);
	mutex_unlock(&hdev->lock);
	return ret ?: count;
}
CONFIGFS_ATTR(hdev_, enable);

static ssize_t hdev_state_show(struct config_item *item, char *page)
{
	struct scst_hdev *hdev = to_hdev(item);
	const char *state;

	mutex_lock(&hdev->lock);
	state = scst_hdev_enabled(hdev) ? "enabled" :
		hdev->open ? "closing" :
		hdev->awaited ? "waiting" : "disabled";
	mutex_unlock(&hdev->lock);
	return sysfs_emit(page, "%s\n", state);
}
CONFIGFS_ATTR_RO(hdev_, state);

static struct configfs_attribute *hdev_attrs[] = {
	&hdev_attr_enable,
	&hdev_attr_state,
	&hdev_attr_vendor,
	&hdev_attr_product,
	&hdev_attr_revision,
	&hdev_attr_serial,
	&hdev_attr_naa,
	&hdev_attr_read_only,
	&hdev_attr_queue_depth,
	&hdev_attr_max_tasks,
};

/* ---- Directories ----------------------------------------------------------- */

static void hdev_item_release(struct config_item *item)
{
	scst_hdev_put(to_hdev(item));
}

static struct configfs_item_operations hdev_item_ops = {
	.release = hdev_item_release,
};

/*
 * Stable, and different on another machine of another name. The NAA
 * designator is of the locally assigned kind (SPC-5 7.8.6.6.4).
 */
static void hdev_identify(struct scst_hdev *hdev, const char *name)
{
	const char *node = init_utsname()->nodename;
	u32 a = core_hash(node, strlen(node), 0);
	u32 b = core_hash(name, strlen(name), a);
	u32 c = core_hash(name, strlen(name), b);

	strscpy(hdev->vendor, "SCST", sizeof(hdev->vendor));
	strscpy(hdev->product, name, sizeof(hdev->product));
	strscpy(hdev->revision, "0001", sizeof(hdev->revision));
	snprintf(hdev->serial, sizeof(hdev->serial), "%08x%08x", b, c);
	hdev->naa = 3ULL << 60 | (((u64)b << 32 | c) & GENMASK_ULL(59, 0));
}

static bool name_taken(const char *name)
{
	struct scst_hdev *hdev = scst_hdev_find(name);

	if (hdev)
		scst_hdev_put(hdev);
	return hdev;
}

static struct config_group *device_make(struct config_group *group,
					const char *name)
{
	struct scst_conf_dir *dir = to_conf_dir(group);
	const struct scst_handler *handler = dir->of;
	struct scst_hdev *hdev;

	mutex_lock(&scst_conf_mutex);
	if (name_taken(name)) {
		mutex_unlock(&scst_conf_mutex);
		pr_err("device %s: another handler has a device of that name\n",
		       name);
		return ERR_PTR(-EEXIST);
	}
	hdev = strlen(name) <= SCST_HDEV_NAME_MAX ?
	       handler->alloc(name) : ERR_PTR(-ENAMETOOLONG);
	if (IS_ERR(hdev)) {
		mutex_unlock(&scst_conf_mutex);
		return ERR_CAST(hdev);
	}
	hdev->handler = handler;
	strscpy(hdev->name, name, sizeof(hdev->name));
	refcount_set(&hdev->refs, 1);
	mutex_init(&hdev->lock);
	INIT_WORK(&hdev->close_work, hdev_close_work);
	hdev->queue_depth = QUEUE_DEPTH;
	hdev_identify(hdev, name);
	scst_census_add(&dir->items);
	config_group_init_type_name(&hdev->group, name, &dir->item_type);
	list_add_tail(&hdev->link, &hdevs);
	mutex_unlock(&scst_conf_mutex);
	return &hdev->group;
}

static void device_drop(struct config_group *group, struct config_item *item)
{
	struct scst_hdev *hdev = to_hdev(item);

	mutex_lock(&scst_conf_mutex);
	list_del(&hdev->link);
	mutex_unlock(&scst_conf_mutex);
	mutex_lock(&hdev->lock);
	hdev_disable(hdev);
	mutex_unlock(&hdev->lock);
	config_item_put(item);
}

static struct configfs_group_operations handler_group_ops = {
	.make_group = device_make,
	.drop_item = device_drop,
};

/* ---- Handlers --------------------------------------------------------------- */

static void handler_dir_free(struct scst_conf_dir *dir)
{
	kfree(dir->item_type.ct_attrs);
	kfree(dir);
}

int scst_handler_register(const struct scst_handler *handler)
{
	struct scst_conf_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!dir)
		return -ENOMEM;
	dir->type.ct_owner = handler->owner;
	dir->type.ct_group_ops = &handler_group_ops;
	dir->item_type.ct_owner = handler->owner;
	dir->item_type.ct_item_ops = &hdev_item_ops;
	dir->item_type.ct_attrs = scst_conf_attrs(hdev_attrs,
						  ARRAY_SIZE(hdev_attrs),
						  handler->attrs);
	if (dir->item_type.ct_attrs)
		ret = scst_conf_dir_register(dir, handler, &scst_devices_group,
					     handler->name);
	if (ret)
		handler_dir_free(dir);
	return ret;
}
EXPORT_SYMBOL(scst_handler_register);

void scst_handler_unregister(const struct scst_handler *handler)
{
	struct scst_conf_dir *dir = scst_conf_dir_unregister(handler);

	if (dir)
		handler_dir_free(dir);
}
EXPORT_SYMBOL(scst_handler_unregister);
