// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL: what a handler says when it attaches, checked once; and the
 * attachment that comes of it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>
#include <linux/uaccess.h>

#include "user.h"

#define OPCODES_MAX	256
#define MODE_PAGES_MAX	32
#define VPD_PAGES_MAX	32
#define TRANSFER_DEFAULT (1u << 20)
#define TRANSFER_MAX	(16u << 20)
/* Bytes that the device server moves at a time, where it works in pieces. */
#define CHUNK		(1u << 20)
#define REGION_DEFAULT_MAX (32u << 20)

#define DISK_OPS							\
	(SCST_USER_OP_BIT(SCST_USER_OP_READ) |				\
	 SCST_USER_OP_BIT(SCST_USER_OP_WRITE) |				\
	 SCST_USER_OP_BIT(SCST_USER_OP_FLUSH) |				\
	 SCST_USER_OP_BIT(SCST_USER_OP_UNMAP) |				\
	 SCST_USER_OP_BIT(SCST_USER_OP_ZERO) |				\
	 SCST_USER_OP_BIT(SCST_USER_OP_STATUS) |			\
	 SCST_USER_OP_BIT(SCST_USER_OP_PREFETCH) |			\
	 SCST_USER_OP_BIT(SCST_USER_OP_USAGE) |				\
	 SCST_USER_OP_BIT(SCST_USER_OP_CRYPTO_ERASE) |			\
	 SCST_USER_OP_BIT(SCST_USER_OP_EJECT) |				\
	 SCST_USER_OP_BIT(SCST_USER_OP_LOAD))
#define NOTICES								\
	(SCST_USER_OP_BIT(SCST_USER_OP_ABORT) |				\
	 SCST_USER_OP_BIT(SCST_USER_OP_RESET) |				\
	 SCST_USER_OP_BIT(SCST_USER_OP_SESSION_GONE))
#define RAW_OPS SCST_USER_OP_BIT(SCST_USER_OP_RAW)

#define ALL_FLAGS							\
	(SCST_USER_AT_READ_ONLY | SCST_USER_AT_REMOVABLE |		\
	 SCST_USER_AT_THIN | SCST_USER_AT_ZERO_AFTER_UNMAP |		\
	 SCST_USER_AT_WRITE_CACHE | SCST_USER_AT_NATIVE_FUA |		\
	 SCST_USER_AT_SANITIZE | SCST_USER_AT_NO_REISSUE)
#define ALL_FEATURES							\
	(SCST_USER_FEAT_URING | SCST_USER_FEAT_RAW |			\
	 SCST_USER_FEAT_SESSIONS | SCST_USER_FEAT_AFFINITY |		\
	 SCST_USER_FEAT_SANITIZE)

u64 user_features(void)
{
	return ALL_FEATURES;
}

u64 user_ops(void)
{
	return DISK_OPS | RAW_OPS | NOTICES;
}

/* ---- Checks ----------------------------------------------------------------- */

/* The most that one request moves, in whole pages. */
static u32 request_bytes(const struct scst_user_attach *at)
{
	return round_up(max(at->max_transfer, CHUNK), PAGE_SIZE);
}

/* What is wrong with it, or NULL. */
static const char *common_wrong(const struct scst_user_attach *at)
{
	if (at->flags & ~ALL_FLAGS)
		return "unknown flags";
	if (at->ops & ~user_ops())
		return "unknown operations";
	if (!at->queues || at->queues > USER_MAX_QUEUES)
		return "number of queues";
	if (!is_power_of_2(at->depth) || at->depth > USER_MAX_DEPTH)
		return "depth of the queues";
	if (at->max_transfer < SCST_DATA_ALIGN ||
	    at->max_transfer > TRANSFER_MAX)
		return "longest transfer";
	if (at->arena_size > USER_MAX_ARENA ||
	    round_down(at->arena_size / at->queues, PAGE_SIZE) <
	    request_bytes(at))
		return "size of the arena";
	return NULL;
}

/* The SBC device server checks the rest. */
static const char *disk_wrong(const struct scst_user_attach *at)
{
	if (at->nr_opcodes || at->nr_mode_pages || at->nr_vpd_pages)
		return "tables of a raw device";
	if (!(at->ops & SCST_USER_OP_BIT(SCST_USER_OP_READ)))
		return "a disk that cannot read";
	if (!is_power_of_2(at->block_size) || at->block_size < 512 ||
	    at->block_size > SCST_DATA_ALIGN)
		return "block size";
	if (at->physical_block_size &&
	    (!is_power_of_2(at->physical_block_size) ||
	     at->physical_block_size < at->block_size ||
	     at->physical_block_size > at->block_size << 15))
		return "physical block size";
	if (at->bytes > S64_MAX)
		return "size";
	if (!(at->bytes / at->block_size) &&
	    !(at->flags & SCST_USER_AT_REMOVABLE))
		return "no room for a single block";
	return NULL;
}

static const char *raw_wrong(const struct scst_user_attach *at)
{
	if (at->type > 0x1f)
		return "peripheral device type";
	if (!at->nr_opcodes || at->nr_opcodes > OPCODES_MAX)
		return "number of opcodes";
	if (at->nr_mode_pages > MODE_PAGES_MAX)
		return "number of mode pages";
	if (at->nr_vpd_pages > VPD_PAGES_MAX)
		return "number of VPD pages";
	return NULL;
}

static const char *attach_wrong(const struct scst_user_attach *at)
{
	const char *wrong = common_wrong(at);

	if (wrong)
		return wrong;
	switch (at->kind) {
	case SCST_USER_DISK:
		return disk_wrong(at);
	case SCST_USER_RAW_DEVICE:
		return raw_wrong(at);
	default:
		return "kind of device";
	}
}

static void attach_defaults(struct scst_user_attach *at)
{
	u64 region;

	if (!at->max_transfer)
		at->max_transfer = TRANSFER_DEFAULT;
	region = clamp_t(u64, (u64)at->depth << 16,
			 4ULL * max(at->max_transfer, CHUNK),
			 max(REGION_DEFAULT_MAX, 4 * at->max_transfer));
	if (!at->arena_size)
		at->arena_size = min_t(u64, region * at->queues,
				       USER_MAX_ARENA);
	if (at->kind == SCST_USER_RAW_DEVICE)
		at->flags |= SCST_USER_AT_NO_REISSUE;
}

/* ---- Tables of raw devices ----------------------------------------------------- */

static const struct {
	u32 user, core;
} opcode_flags[] = {
	{ SCST_USER_OPC_IN, SCST_OP_IN },
	{ SCST_USER_OPC_OUT, SCST_OP_OUT },
	{ SCST_USER_OPC_WRITES, SCST_OP_WRITES },
	{ SCST_USER_OPC_ANY_UA, SCST_OP_ANY_UA },
	{ SCST_USER_OPC_ANY_RESERVE, SCST_OP_ANY_RESERVE },
	{ SCST_USER_OPC_ANY_WE, SCST_OP_ANY_WE },
	{ SCST_USER_OPC_ANY_EA, SCST_OP_ANY_EA },
};

static int opcode_set(struct scst_opcode *to,
		      const struct scst_user_opcode *from)
{
	u32 i, left = from->flags;

	to->op = from->opcode;
	to->cdb_len = from->cdb_len;
	to->sa = from->service_action;
	to->execute = user_raw_execute;
	memcpy(to->usage, from->usage, sizeof(to->usage));
	for (i = 0; i < ARRAY_SIZE(opcode_flags); i++) {
		if (from->flags & opcode_flags[i].user)
			to->flags |= opcode_flags[i].core;
		left &= ~opcode_flags[i].user;
	}
	return left || from->cdb_len > SCST_USER_CDB_MAX ? -EINVAL : 0;
}

static int desc_opcodes(struct user_about *desc)
{
	u32 i, nr = desc->attach.nr_opcodes;
	struct scst_user_opcode *from;
	int err = 0;

	from = memdup_user(u64_to_user_ptr(desc->attach.opcodes),
			   nr * sizeof(*from));
	if (IS_ERR(from))
		return PTR_ERR(from);
	desc->opcodes = kcalloc(nr, sizeof(*desc->opcodes), GFP_KERNEL);
	if (!desc->opcodes)
		err = -ENOMEM;
	for (i = 0; i < nr && !err; i++)
		err = opcode_set(&desc->opcodes[i], &from[i]);
	kfree(from);
	return err;
}

static int desc_mode_pages(struct user_about *desc)
{
	u32 i, nr = desc->attach.nr_mode_pages;
	struct scst_user_mode_page *from;
	struct scst_mode_page *to;

	if (!nr)
		return 0;
	from = memdup_user(u64_to_user_ptr(desc->attach.mode_pages),
			   nr * sizeof(*from));
	if (IS_ERR(from))
		return PTR_ERR(from);
	desc->mode_pages = kcalloc(nr, sizeof(*to), GFP_KERNEL);
	for (i = 0; i < nr && desc->mode_pages; i++) {
		BUILD_BUG_ON(sizeof(to->current_) != sizeof(from->current_));
		to = &desc->mode_pages[i];
		to->len = from[i].len;
		memcpy(to->current_, from[i].current_, sizeof(to->current_));
		memcpy(to->changeable, from[i].changeable,
		       sizeof(to->changeable));
		memcpy(to->defaults, from[i].defaults, sizeof(to->defaults));
	}
	kfree(from);
	return desc->mode_pages ? 0 : -ENOMEM;
}

static int desc_vpd_pages(struct user_about *desc)
{
	u32 i, nr = desc->attach.nr_vpd_pages;
	struct scst_user_vpd_page *from;
	void *data;
	int err = 0;

	if (!nr)
		return 0;
	from = memdup_user(u64_to_user_ptr(desc->attach.vpd_pages),
			   nr * sizeof(*from));
	if (IS_ERR(from))
		return PTR_ERR(from);
	desc->vpd_pages = kcalloc(nr, sizeof(*desc->vpd_pages), GFP_KERNEL);
	if (!desc->vpd_pages)
		err = -ENOMEM;
	for (i = 0; i < nr && !err; i++) {
		desc->vpd_pages[i].code = from[i].code;
		desc->vpd_pages[i].len = from[i].len;
		data = memdup_user(u64_to_user_ptr(from[i].data), from[i].len);
		if (IS_ERR(data))
			err = PTR_ERR(data);
		else
			desc->vpd_pages[i].data = data;
	}
	kfree(from);
	return err;
}

/* ---- Description ----------------------------------------------------------------- */

void user_about_free(struct user_about *desc)
{
	u32 i;

	for (i = 0; desc->vpd_pages && i < desc->attach.nr_vpd_pages; i++)
		kfree(desc->vpd_pages[i].data);
	kfree(desc->vpd_pages);
	kfree(desc->mode_pages);
	kfree(desc->opcodes);
	kfree(desc);
}

static bool text_ok(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size && text[i]; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

static int attach_get(struct scst_user_attach *at,
		      const struct scst_user_attach __user *arg)
{
	u32 size;
	int err;

	if (get_user(size, &arg->size))
		return -EFAULT;
	if (size < sizeof(*at) || size > PAGE_SIZE)
		return -EINVAL;
	err = copy_struct_from_user(at, sizeof(*at), arg, size);
	if (err)
		return err;
	if (at->abi != SCST_USER_ABI || at->features & ~ALL_FEATURES)
		return -EOPNOTSUPP;
	if (strnlen(at->name, sizeof(at->name)) == sizeof(at->name) ||
	    strnlen(at->serial, sizeof(at->serial)) == sizeof(at->serial) ||
	    !text_ok(at->name, sizeof(at->name)) ||
	    !text_ok(at->vendor, sizeof(at->vendor)) ||
	    !text_ok(at->product, sizeof(at->product)) ||
	    !text_ok(at->revision, sizeof(at->revision)) ||
	    !text_ok(at->serial, sizeof(at->serial)))
		return -EINVAL;
	return 0;
}

static int desc_fill(struct user_about *desc,
		     const struct scst_user_attach __user *arg)
{
	struct scst_user_attach *at = &desc->attach;
	const char *wrong;
	int err;

	err = attach_get(at, arg);
	if (err)
		return err;
	attach_defaults(at);
	wrong = attach_wrong(at);
	if (wrong) {
		pr_err("device %s: attach: wrong: %s\n", at->name, wrong);
		return -EINVAL;
	}
	memcpy(desc->vendor, at->vendor, sizeof(at->vendor));
	memcpy(desc->product, at->product, sizeof(at->product));
	memcpy(desc->revision, at->revision, sizeof(at->revision));
	if (at->kind != SCST_USER_RAW_DEVICE)
		return 0;
	err = desc_opcodes(desc);
	if (!err)
		err = desc_mode_pages(desc);
	if (!err)
		err = desc_vpd_pages(desc);
	if (err)
		pr_err("device %s: attach: table of commands, mode or VPD pages: error %d\n",
		       at->name, err);
	return err;
}

struct user_about *user_about_get(const struct scst_user_attach __user *arg)
{
	struct user_about *desc = kzalloc(sizeof(*desc), GFP_KERNEL_ACCOUNT);
	int err;

	if (!desc)
		return ERR_PTR(-ENOMEM);
	err = desc_fill(desc, arg);
	if (!err)
		return desc;
	/* a table that was not read has no pages to free */
	if (!desc->vpd_pages)
		desc->attach.nr_vpd_pages = 0;
	user_about_free(desc);
	return ERR_PTR(err);
}

/* ---- Attachments ------------------------------------------------------------------ */

/* Where everything is; all but the sizes are of the kernel's choice. */
void user_att_layout(struct scst_user_attach *at)
{
	u32 entries = 2 * at->depth;
	u32 sense = at->kind == SCST_USER_RAW_DEVICE ?
		    at->depth * SCST_USER_SENSE_STRIDE : 0;

	at->arena_bytes = round_down(at->arena_size,
				     (u64)PAGE_SIZE * at->queues);
	at->entries = entries;
	at->requests_offset = sizeof(struct scst_user_queue);
	at->replies_offset = at->requests_offset +
			     entries * sizeof(struct scst_user_request);
	at->sense_offset = at->replies_offset +
			   entries * sizeof(struct scst_user_reply);
	at->queue_offset = PAGE_SIZE;
	at->queue_stride = PAGE_ALIGN(at->sense_offset + sense);
	at->arena_offset = at->queue_offset + at->queues * at->queue_stride;
	at->map_size = at->arena_offset + at->arena_bytes;
}

static void att_free(struct kref *ref)
{
	struct user_att *att = container_of(ref, struct user_att, ref);
	u32 i;

	/* commands that looked for it are over, see user_req_issue() */
	synchronize_rcu();
	for (i = 0; i < att->nr_queues; i++)
		user_queue_fini(&att->queues[i]);
	if (!IS_ERR_OR_NULL(att->arena))
		user_arena_put(att->arena);
	user_dev_put(att->dev);
	kvfree(att);
}

void user_att_put(struct user_att *att)
{
	kref_put(&att->ref, att_free);
}

static int att_init(struct user_att *att, const struct scst_user_attach *at)
{
	const struct user_arena_size size = {
		.ring_pages = at->arena_offset >> PAGE_SHIFT,
		.nr_pages = at->arena_bytes >> PAGE_SHIFT,
		.nr_regions = at->queues,
		.request_pages = request_bytes(at) >> PAGE_SHIFT,
	};
	u8 *rings;
	u32 i;
	int err;

	att->arena = user_arena_alloc(att->dev, &size);
	if (IS_ERR(att->arena))
		return PTR_ERR(att->arena);
	att->arena->session_max = max_t(u64, att->arena->nr_pages / 4,
					DIV_ROUND_UP(at->max_transfer,
						     PAGE_SIZE));
	rings = att->arena->rings;
	att->control = (struct scst_user_control *)rings;
	att->control->abi = SCST_USER_ABI;
	att->control->state = SCST_USER_ATTACHED;
	for (i = 0; i < at->queues; i++) {
		err = user_queue_init(&att->queues[i], att, i,
				      rings + at->queue_offset +
				      i * at->queue_stride, at);
		if (err)
			return err;
	}
	return 0;
}

struct user_att *user_att_create(struct user_dev *dev,
				 const struct scst_user_attach *at)
{
	struct user_att *att;
	int err;

	att = kvzalloc(struct_size(att, queues, at->queues),
		       GFP_KERNEL_ACCOUNT);
	if (!att)
		return ERR_PTR(-ENOMEM);
	kref_init(&att->ref);
	kref_get(&dev->ref);
	att->dev = dev;
	init_waitqueue_head(&att->poll);
	att->flags = at->flags;
	att->depth = at->depth;
	att->entries = at->entries;
	att->nr_queues = at->queues;
	att->owner = current->files;
	err = att_init(att, at);
	if (err) {
		user_att_put(att);
		return ERR_PTR(err);
	}
	return att;
}
