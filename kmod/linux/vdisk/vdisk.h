/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KERNEL: what the handlers of scst_vdisk.ko share.
 *
 * A struct vdisk is a device of one of them: a disk whose commands the SBC
 * device server (sbc.h) turns into struct sbc_io, or a CD-ROM drive likewise.
 * The handler moves blocks. An I/O's state lives in scst_cmd.backend, so
 * nothing is allocated on its way.
 *
 * Backend operations are called in any context but hard IRQ and must not
 * sleep. What may sleep goes through a struct vdisk_queue to a worker of the
 * same CPU, in batches; what will, to a workqueue of the device's own.
 */
#ifndef VDISK_H
#define VDISK_H

#include <linux/configfs.h>
#include <linux/workqueue.h>

#include "core_os.h"
#include "sbc.h"
#include "scst_handler.h"

struct file;
struct vdisk_queue;

/* The beginning of each backend's own part of a command, scst_cmd.backend. */
struct vdisk_req {
	union {
		struct llist_node node;
		struct work_struct work;
	};
	struct sbc_io *io;
	enum scst_sense sense;
};

struct vdisk {
	struct scst_hdev hdev;
	/* From open() to close(): */
	struct sbc_lu *lu;
	struct scst_device *dev;	/* READ_ONCE; NULL until opened() */
	u8 shift;			/* log2 of the block size */

	/* Attributes that most of them have. */
	u64 size;			/* bytes as configured, 0: not */
	u32 block_size;			/* 0: the backend's */
	u32 rotation_rate;
	bool thin;
	bool write_cache;
	bool removable;
};

static inline struct vdisk *to_vdisk(struct config_item *item)
{
	return container_of(to_hdev(item), struct vdisk, hdev);
}

static inline struct vdisk *io_vdisk(const struct sbc_io *io)
{
	return sbc_lu_priv(io->lu);
}

static inline u64 vdisk_bytes(const struct vdisk *vd, u64 blocks)
{
	return blocks << vd->shift;
}

/* ---- disk.c: a disk behind the device server ------------------------- */

void vdisk_init(struct vdisk *vd);

/* A line about the device, which begins with what it concerns. */
__printf(2, 3) void vdisk_err(const struct vdisk *vd, const char *fmt, ...);
__printf(2, 3) void vdisk_warn(const struct vdisk *vd, const char *fmt, ...);

/*
 * From open(): fills in what the attributes say, makes the logical unit and
 * describes it. The caller sets block counts, limits and capabilities of
 * @cfg first.
 */
int vdisk_open(struct vdisk *vd, struct sbc_config *cfg,
	       const struct sbc_backend_ops *be,
	       struct scst_hdev_setup *setup);
void vdisk_opened(struct scst_hdev *hdev);
void vdisk_close(struct vdisk *vd);

/*
 * From close(): the file is closed when this returns. What a kernel thread
 * leaves to fput() would be closed a little later, and keep file systems from
 * being unmounted until then.
 */
void vdisk_fput(struct file *file);

/* The backend has @bytes now; the device is enabled, its lock held. */
int vdisk_resize(struct vdisk *vd, u64 bytes);

extern const struct scst_device_ops vdisk_device_ops;

/* Two of them, for handlers that have others of their own. */
void vdisk_mode_select(struct scst_cmd *cmd, const struct scst_mode_page *page,
		       const u8 *wanted);
void vdisk_event(struct scst_device *dev, enum scst_device_event ev,
		 u64 nexus_id);

/* ---- sense.c --------------------------------------------------------- */

/* The sense that @io ends with after the error @err (-errno). */
enum scst_sense vdisk_sense(const struct vdisk *vd, int err, bool writes);

/* The first block that was not moved, after @moved bytes. */
void vdisk_bad_lba(struct sbc_io *io, u64 moved);

/* ---- queue.c --------------------------------------------------------- */

typedef void (*vdisk_fn)(struct vdisk_req *req);

/* A worker on each CPU that runs @fn for each request put there. */
struct vdisk_queue {
	struct vdisk_batch __percpu *batches;
	vdisk_fn fn;
};

int vdisk_queue_init(struct vdisk_queue *q, vdisk_fn fn);
/* No request is left; waits for the workers to notice. */
void vdisk_queue_fini(struct vdisk_queue *q);
/* Any context. */
void vdisk_queue_add(struct vdisk_queue *q, struct vdisk_req *req);

/* End of an I/O: like sbc_io_done(), but in any context. */
void vdisk_done(struct vdisk_req *req, enum scst_sense sense);

/*
 * Around I/O by a worker, which may be what writes back the dirty pages of an
 * initiator on this machine: it must neither wait for those nor be throttled
 * as if they were its own.
 */
unsigned int vdisk_io_begin(void);
void vdisk_io_end(unsigned int flags);

int vdisk_queue_module_init(void);
void vdisk_queue_module_exit(void);

/* ---- attr.c ---------------------------------------------------------- */

/* @page as a number up to @max, or with suffix k, M, G, T, P. -errno. */
int vdisk_parse(const struct vdisk *vd, const char *attr, const char *page,
		size_t count, u64 max, u64 *value);

ssize_t vdisk_show_string(struct vdisk *vd, const char *from, char *page);
ssize_t vdisk_store_string(struct vdisk *vd, const char *attr, char *to,
			   size_t size, const char *page, size_t count);
ssize_t vdisk_store_bool(struct vdisk *vd, const char *attr, bool *to,
			 const char *page, size_t count);
ssize_t vdisk_show_number(u64 value, char *page);

/* Attributes of struct vdisk. */
extern struct configfs_attribute vdisk_attr_block_size;
extern struct configfs_attribute vdisk_attr_rotation_rate;
extern struct configfs_attribute vdisk_attr_thin;
extern struct configfs_attribute vdisk_attr_write_cache;
extern struct configfs_attribute vdisk_attr_removable;

/* ---- The handlers ---------------------------------------------------- */

extern const struct scst_handler nullio_handler;
extern const struct scst_handler fileio_handler;
extern const struct scst_handler blockio_handler;
extern const struct scst_handler cdrom_handler;

#endif
