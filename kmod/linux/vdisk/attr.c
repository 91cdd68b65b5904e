// SPDX-License-Identifier: GPL-2.0-only
/* KERNEL: configfs attributes of virtual disks. */
#include "vdisk.h"

/* ---- Values ---------------------------------------------------------- */

/* Binary powers; -1: no such suffix. */
static int suffix_shift(char suffix)
{
	static const char suffixes[] = "kMGTP";
	const char *at;

	if (suffix == 'K')
		suffix = 'k';
	at = suffix ? strchr(suffixes, suffix) : NULL;
	return at ? 10 * (at - suffixes + 1) : -1;
}

static int parse_size(char *text, u64 *value)
{
	size_t len = strlen(text);
	int shift = len ? suffix_shift(text[len - 1]) : -1;

	if (shift > 0)
		text[len - 1] = '\0';
	else
		shift = 0;
	if (kstrtou64(text, 0, value))
		return -EINVAL;
	if (*value > U64_MAX >> shift)
		return -ERANGE;
	*value <<= shift;
	return 0;
}

int vdisk_parse(const struct vdisk *vd, const char *attr, const char *page,
		size_t count, u64 max, u64 *value)
{
	char text[32];
	int err;

	err = scst_store_line(text, sizeof(text), page, count);
	if (!err)
		err = parse_size(text, value);
	if (!err && *value > max)
		err = -ERANGE;
	if (err == -ERANGE)
		vdisk_err(vd, "%s: must be at most %llu", attr, max);
	else if (err)
		vdisk_err(vd, "%s: must be a number, with k, M, G, T or P perhaps",
			  attr);
	return err;
}

ssize_t vdisk_show_number(u64 value, char *page)
{
	return scnprintf(page, PAGE_SIZE, "%llu\n", value);
}

ssize_t vdisk_show_string(struct vdisk *vd, const char *from, char *page)
{
	ssize_t len;

	mutex_lock(&vd->hdev.lock);
	len = scnprintf(page, PAGE_SIZE, "%s\n", from);
	mutex_unlock(&vd->hdev.lock);
	return len;
}

ssize_t vdisk_store_string(struct vdisk *vd, const char *attr, char *to,
			   size_t size, const char *page, size_t count)
{
	int err = scst_hdev_configure(&vd->hdev, attr);

	if (err)
		return err;
	err = scst_store_line(to, size, page, count);
	scst_hdev_configured(&vd->hdev);
	if (err)
		vdisk_err(vd, "%s: too long, or not printable", attr);
	return err ? err : count;
}

ssize_t vdisk_store_bool(struct vdisk *vd, const char *attr, bool *to,
			 const char *page, size_t count)
{
	bool value;
	int err;

	err = kstrtobool(page, &value);
	if (err) {
		vdisk_err(vd, "%s: must be 0 or 1", attr);
		return err;
	}
	err = scst_hdev_configure(&vd->hdev, attr);
	if (err)
		return err;
	*to = value;
	scst_hdev_configured(&vd->hdev);
	return count;
}

/* ---- Attributes of struct vdisk -------------------------------------- */

#define DISK_ATTR(name_)						\
	struct configfs_attribute vdisk_attr_##name_ = {		\
		.ca_name = #name_,					\
		.ca_mode = 0644,					\
		.ca_owner = THIS_MODULE,				\
		.show = disk_##name_##_show,				\
		.store = disk_##name_##_store,				\
	}

#define DISK_BOOL(name_)						\
	static ssize_t disk_##name_##_store(struct config_item *item,	\
					  const char *page, size_t count) \
	{								\
		struct vdisk *vd = to_vdisk(item);			\
									\
		return vdisk_store_bool(vd, #name_, &vd->name_, page,	\
					count);				\
	}

static ssize_t disk_block_size_show(struct config_item *item, char *page)
{
	struct vdisk *vd = to_vdisk(item);
	u32 size;

	mutex_lock(&vd->hdev.lock);
	size = scst_hdev_enabled(&vd->hdev) ? 1u << vd->shift : vd->block_size;
	mutex_unlock(&vd->hdev.lock);
	return vdisk_show_number(size, page);
}

static ssize_t disk_block_size_store(struct config_item *item,
				     const char *page, size_t count)
{
	struct vdisk *vd = to_vdisk(item);
	u64 value;
	int err;

	err = vdisk_parse(vd, "block_size", page, count, SCST_DATA_ALIGN,
			  &value);
	if (err)
		return err;
	if (value < 512 || !is_power_of_2(value)) {
		vdisk_err(vd, "block_size: must be 512, 1024, 2048 or 4096");
		return -EINVAL;
	}
	err = scst_hdev_configure(&vd->hdev, "block_size");
	if (err)
		return err;
	vd->block_size = value;
	scst_hdev_configured(&vd->hdev);
	return count;
}
DISK_ATTR(block_size);

static ssize_t disk_rotation_rate_show(struct config_item *item, char *page)
{
	return vdisk_show_number(to_vdisk(item)->rotation_rate, page);
}

/* SBC-4, MEDIUM ROTATION RATE: FFFFh and 2 to 400h are reserved. */
static ssize_t disk_rotation_rate_store(struct config_item *item,
					const char *page, size_t count)
{
	struct vdisk *vd = to_vdisk(item);
	u64 value;
	int err;

	err = vdisk_parse(vd, "rotation_rate", page, count, U16_MAX - 1,
			  &value);
	if (err)
		return err;
	if (value > 1 && value <= 0x400) {
		vdisk_err(vd, "rotation_rate: must be 0 (unknown), 1 (no rotation) or more than 1024 per minute");
		return -EINVAL;
	}
	err = scst_hdev_configure(&vd->hdev, "rotation_rate");
	if (err)
		return err;
	vd->rotation_rate = value;
	scst_hdev_configured(&vd->hdev);
	return count;
}
DISK_ATTR(rotation_rate);

/* While the device is enabled, what it really is; as long, lu stays. */
static ssize_t disk_thin_show(struct config_item *item, char *page)
{
	struct vdisk *vd = to_vdisk(item);
	bool thin;

	mutex_lock(&vd->hdev.lock);
	thin = scst_hdev_enabled(&vd->hdev) ? sbc_lu_config(vd->lu)->thin :
					      vd->thin;
	mutex_unlock(&vd->hdev.lock);
	return vdisk_show_number(thin, page);
}

DISK_BOOL(thin)
DISK_ATTR(thin);

static ssize_t disk_write_cache_show(struct config_item *item, char *page)
{
	struct vdisk *vd = to_vdisk(item);
	bool wce;

	mutex_lock(&vd->hdev.lock);
	wce = scst_hdev_enabled(&vd->hdev) ? sbc_lu_write_cache(vd->lu) :
					     vd->write_cache;
	mutex_unlock(&vd->hdev.lock);
	return vdisk_show_number(wce, page);
}

DISK_BOOL(write_cache)
DISK_ATTR(write_cache);

static ssize_t disk_removable_show(struct config_item *item, char *page)
{
	return vdisk_show_number(to_vdisk(item)->removable, page);
}

DISK_BOOL(removable)
DISK_ATTR(removable);
