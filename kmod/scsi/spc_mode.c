// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: MODE SENSE and MODE SELECT (SPC-5 6.13 to 6.16, 7.5) over the
 * tables of mode pages that devices hand over, and the Control mode page,
 * which is the core's.
 *
 * MODE SELECT first checks the whole parameter list, then changes page by
 * page; a device that has a say (ops->mode_select) may take its time. The
 * pages' current values are guarded by dev->lock.
 */
#include "spc.h"
#include "scst_core.h"

#define CONTROL_LEN 12
#define CONTROL_D_SENSE 0x04	/* byte 2 */
#define CONTROL_SWP	0x08	/* byte 4 */
#define CONTROL_TAS	0x40	/* byte 5 */

#define WP 0x80			/* device-specific parameter of disks */

enum { PC_CURRENT, PC_CHANGEABLE, PC_DEFAULT, PC_SAVED };

void spc_control_page(struct scst_mode_page *page)
{
	static const u8 defaults[CONTROL_LEN] = {
		SCSI_MODE_CONTROL, CONTROL_LEN - 2,
		0,
		0x10,		/* unrestricted reordering allowed */
		0, 0, 0, 0,
		0xff, 0xff,	/* busy timeout: unlimited */
	};

	memset(page, 0, sizeof(*page));
	page->len = CONTROL_LEN;
	memcpy(page->defaults, defaults, CONTROL_LEN);
	memcpy(page->current_, defaults, CONTROL_LEN);
	page->changeable[2] = CONTROL_D_SENSE;
	page->changeable[4] = CONTROL_SWP;
	page->changeable[5] = CONTROL_TAS;
}

static void control_update(struct scst_device *dev)
{
	const u8 *control = dev->control->current_;

	lockdep_assert_held(&dev->lock);
	WRITE_ONCE(dev->descriptor_sense, control[2] & CONTROL_D_SENSE);
	WRITE_ONCE(dev->software_protect, control[4] & CONTROL_SWP);
	WRITE_ONCE(dev->task_aborted_status, control[5] & CONTROL_TAS);
}

void spc_mode_reset(struct scst_device *dev)
{
	u32 i;

	lockdep_assert_held(&dev->lock);
	for (i = 0; i < dev->nr_mode_pages; i++)
		memcpy(dev->mode_pages[i].current_, dev->mode_pages[i].defaults,
		       SCST_MODE_PAGE_MAX);
	control_update(dev);
}

static u8 page_code(const struct scst_mode_page *page)
{
	return page->defaults[0] & 0x3f;
}

/* Pages with SPF set have a subpage code (SPC-5 7.5.5). */
static bool page_has_subpage(const u8 *page)
{
	return page[0] & 0x40;
}

static u8 page_subpage(const u8 *page)
{
	return page_has_subpage(page) ? page[1] : 0;
}

/* By its own account. */
static u32 page_len(const u8 *page)
{
	return page_has_subpage(page) ? get_unaligned_be16(page + 2) + 4u :
					page[1] + 2u;
}

bool spc_mode_page_valid(const struct scst_mode_page *page)
{
	const u8 *p = page->defaults;

	if (page->len < (page_has_subpage(p) ? 4 : 2) ||
	    page->len > SCST_MODE_PAGE_MAX || page->len != page_len(p))
		return false;
	/* Codes that stand for all pages, and a subpage that has no number. */
	return page_code(page) != SCSI_MODE_ALL &&
	       page_subpage(p) != SCSI_MODE_ALL_SUBPAGES &&
	       (page_subpage(p) || !page_has_subpage(p));
}

/* In ascending order, but page 00h comes last (SPC-3 6.9.1). */
u32 spc_mode_page_key(const struct scst_mode_page *page)
{
	return (page_code(page) ?: 0x40) << 8 | page_subpage(page->defaults);
}

/* ---- MODE SENSE --------------------------------------------------------- */

struct mode_sense {
	bool ten;		/* the ten-byte command */
	bool no_descriptors;
	bool long_lba;
	u8 control;		/* PC */
	u8 page, subpage;
	u16 alloc;
};

static bool page_wanted(const struct mode_sense *ms,
			const struct scst_mode_page *page)
{
	u8 subpage = page_subpage(page->defaults);

	if (ms->page != SCSI_MODE_ALL && ms->page != page_code(page))
		return false;
	return ms->subpage == SCSI_MODE_ALL_SUBPAGES || ms->subpage == subpage;
}

static void page_copy(const struct scst_mode_page *page, u8 control, u8 *buf)
{
	const u8 *from = page->current_;
	u8 header = page_has_subpage(page->defaults) ? 4 : 2;

	if (control == PC_CHANGEABLE)
		from = page->changeable;
	else if (control == PC_DEFAULT)
		from = page->defaults;
	memcpy(buf, page->defaults, header);
	memcpy(buf + header, from + header, page->len - header);
}

/* Block descriptor of direct access devices (SBC-4 6.4.2). */
static u32 make_descriptor(const struct scst_device *dev, bool long_lba, u8 *buf)
{
	if (long_lba) {
		put_unaligned_be64(dev->blocks, buf);
		put_unaligned_be32(dev->block_size, buf + 12);
		return 16;
	}
	put_unaligned_be32(min_t(u64, dev->blocks, U32_MAX), buf);
	put_unaligned_be24(dev->block_size, buf + 5);
	return 8;
}

/* How many bytes of pages @ms asks for; 0: there is no such page. */
static u32 pages_len(const struct scst_device *dev, const struct mode_sense *ms)
{
	u32 i, len = 0;

	for (i = 0; i < dev->nr_mode_pages; i++)
		if (page_wanted(ms, &dev->mode_pages[i]))
			len += dev->mode_pages[i].len;
	return len;
}

static void sense_header(struct scst_cmd *cmd, const struct mode_sense *ms,
			 struct spc_reply *reply, u32 pages)
{
	const struct scst_device *dev = cmd->dev;
	struct scst_itl *itl = scst_cmd_task(cmd)->itl;
	u8 buf[8 + 16] = { 0 }, specific = dev->mode_device_specific;
	u32 header = ms->ten ? 8 : 4, descriptor = 0;

	if (!ms->no_descriptors && dev->block_size)
		descriptor = make_descriptor(dev, ms->long_lba, buf + header);
	if (scst_itl_protected(itl))
		specific |= WP;
	if (ms->ten) {
		put_unaligned_be16(header - 2 + descriptor + pages, buf);
		buf[3] = specific;
		buf[4] = descriptor == 16;
		put_unaligned_be16(descriptor, buf + 6);
	} else {
		buf[0] = min_t(u32, header - 1 + descriptor + pages, U8_MAX);
		buf[2] = specific;
		buf[3] = descriptor;
	}
	spc_reply_add(reply, buf, header + descriptor);
}

static void mode_sense(struct scst_cmd *cmd, const struct mode_sense *ms)
{
	struct spc_reply reply = { .cmd = cmd, .alloc = ms->alloc };
	struct scst_device *dev = cmd->dev;
	u8 buf[SCST_MODE_PAGE_MAX];
	u32 i, pages = pages_len(dev, ms);

	if (ms->control == PC_SAVED) {
		scst_cmd_fail(cmd, SENSE_SAVING_NOT_SUPPORTED);
		return;
	}
	if (ms->page == SCSI_MODE_ALL && ms->subpage &&
	    ms->subpage != SCSI_MODE_ALL_SUBPAGES) {
		scst_cmd_bad_cdb(cmd, 3, SENSE_NO_BIT);
		return;
	}
	if (!pages) {
		scst_cmd_bad_cdb(cmd, 2, 5);
		return;
	}
	spin_lock_bh(&dev->lock);
	sense_header(cmd, ms, &reply, pages);
	for (i = 0; i < dev->nr_mode_pages; i++) {
		const struct scst_mode_page *page = &dev->mode_pages[i];

		if (!page_wanted(ms, page))
			continue;
		page_copy(page, ms->control, buf);
		spc_reply_add(&reply, buf, page->len);
	}
	spin_unlock_bh(&dev->lock);
	spc_reply_end(&reply);
}

void spc_mode_sense_6(struct scst_cmd *cmd)
{
	const u8 *cdb = cmd->cdb;
	struct mode_sense ms = {
		.no_descriptors = cdb[1] & 0x08,
		.control = cdb[2] >> 6,
		.page = cdb[2] & 0x3f,
		.subpage = cdb[3],
		.alloc = cdb[4],
	};

	mode_sense(cmd, &ms);
}

void spc_mode_sense_10(struct scst_cmd *cmd)
{
	const u8 *cdb = cmd->cdb;
	struct mode_sense ms = {
		.ten = true,
		.no_descriptors = cdb[1] & 0x08,
		.long_lba = cdb[1] & 0x10,
		.control = cdb[2] >> 6,
		.page = cdb[2] & 0x3f,
		.subpage = cdb[3],
		.alloc = get_unaligned_be16(cdb + 7),
	};

	mode_sense(cmd, &ms);
}

/* ---- MODE SELECT -------------------------------------------------------- */

/* Longer parameter lists than any of ours are refused. */
#define SELECT_MAX 1024

struct mode_select {
	u8 *buf;		/* the parameter list */
	u32 len;
	u32 at;			/* the page in hand */
	bool changed;
	struct scst_mode_page *page;
};

static_assert(sizeof(struct mode_select) <=
	      sizeof(((struct scst_cmd *)0)->server), "fits the scratch");

static struct mode_select *select_of(struct scst_cmd *cmd)
{
	return (struct mode_select *)cmd->server;
}

static void select_end(struct scst_cmd *cmd, enum scst_sense sense)
{
	struct mode_select *sel = select_of(cmd);

	if (sel->changed)
		scst_device_ua(cmd->dev, SENSE_UA_MODE_CHANGED, cmd->nexus_id);
	kfree(sel->buf);
	if (sense)
		scst_cmd_fail(cmd, sense);
	else
		scst_cmd_good(cmd);
}

static struct scst_mode_page *select_find(struct scst_device *dev, const u8 *p)
{
	u32 i;

	for (i = 0; i < dev->nr_mode_pages; i++) {
		struct scst_mode_page *page = &dev->mode_pages[i];

		/* Code and SPF; PS is reserved here. */
		if (!((page->defaults[0] ^ p[0]) & 0x7f) &&
		    page_subpage(page->defaults) == page_subpage(p))
			return page;
	}
	return NULL;
}

/* Byte of @p that would change what cannot be; page->len: none. */
static u32 select_unchangeable(struct scst_device *dev,
			       const struct scst_mode_page *page, const u8 *p)
{
	u32 i = page_has_subpage(p) ? 4 : 2;

	spin_lock_bh(&dev->lock);
	while (i < page->len &&
	       !((p[i] ^ page->current_[i]) & ~page->changeable[i]))
		i++;
	spin_unlock_bh(&dev->lock);
	return i;
}

/* One page of the list; false: @cmd is completed. */
static bool select_check_page(struct scst_cmd *cmd, u32 at)
{
	struct mode_select *sel = select_of(cmd);
	const u8 *p = sel->buf + at;
	u32 left = sel->len - at, bad;
	struct scst_mode_page *page;

	if (left < 2 || (page_has_subpage(p) && left < 4) ||
	    left < page_len(p)) {
		scst_cmd_fail(cmd, SENSE_PARAM_LENGTH_ERROR);
		return false;
	}
	page = select_find(cmd->dev, p);
	if (!page) {
		scst_cmd_bad_param(cmd, at, 5);
		return false;
	}
	if (page_len(p) != page->len) {
		scst_cmd_bad_param(cmd, at + (page_has_subpage(p) ? 2 : 1),
				   SENSE_NO_BIT);
		return false;
	}
	bad = select_unchangeable(cmd->dev, page, p);
	if (bad < page->len) {
		scst_cmd_bad_param(cmd, at + bad, SENSE_NO_BIT);
		return false;
	}
	return true;
}

/*
 * The block descriptor may repeat the medium's geometry; zero blocks, or all
 * ones, mean "as it is" (SBC-4 6.4.2).
 */
static bool select_check_descriptor(struct scst_cmd *cmd, u32 at, u32 len,
				    bool long_lba)
{
	const u8 *d = select_of(cmd)->buf + at;
	struct scst_device *dev = cmd->dev;
	u64 blocks, now, all = long_lba ? U64_MAX : U32_MAX;
	u32 size, size_now;

	if (!len)
		return true;
	if (len != (long_lba ? 16 : 8)) {
		scst_cmd_bad_param(cmd, at - 1, SENSE_NO_BIT);
		return false;
	}
	spin_lock_bh(&dev->lock);
	now = min(dev->blocks, all);
	size_now = dev->block_size;
	spin_unlock_bh(&dev->lock);
	blocks = long_lba ? get_unaligned_be64(d) : get_unaligned_be32(d);
	size = long_lba ? get_unaligned_be32(d + 12) : get_unaligned_be24(d + 5);
	if (blocks && blocks != all && blocks != now) {
		scst_cmd_bad_param(cmd, at, SENSE_NO_BIT);
		return false;
	}
	if (size != size_now) {
		scst_cmd_bad_param(cmd, at + (long_lba ? 12 : 5), SENSE_NO_BIT);
		return false;
	}
	return true;
}

static void select_next(struct scst_cmd *cmd);

/* A page was taken: make it current. */
static void select_commit(struct scst_cmd *cmd)
{
	struct mode_select *sel = select_of(cmd);
	struct scst_device *dev = cmd->dev;
	const u8 *p = sel->buf + sel->at;
	u8 header = page_has_subpage(p) ? 4 : 2;

	spin_lock_bh(&dev->lock);
	if (memcmp(sel->page->current_ + header, p + header,
		   sel->page->len - header)) {
		memcpy(sel->page->current_ + header, p + header,
		       sel->page->len - header);
		sel->changed = true;
		control_update(dev);
	}
	spin_unlock_bh(&dev->lock);
	sel->at += sel->page->len;
	select_next(cmd);
}

void scst_mode_selected(struct scst_cmd *cmd, enum scst_sense sense)
{
	if (sense)
		select_end(cmd, sense);
	else
		select_commit(cmd);
}

/* At most one level of recursion a page, and there are few pages. */
static void select_next(struct scst_cmd *cmd)
{
	struct mode_select *sel = select_of(cmd);
	struct scst_device *dev = cmd->dev;

	if (sel->at >= sel->len) {
		select_end(cmd, SENSE_NONE);
		return;
	}
	sel->page = select_find(dev, sel->buf + sel->at);
	if (sel->page != dev->control && dev->ops->mode_select)
		dev->ops->mode_select(cmd, sel->page, sel->buf + sel->at);
	else
		select_commit(cmd);
}

/* Check all that is there before the first change. */
static void select_run(struct scst_cmd *cmd, bool ten)
{
	struct mode_select *sel = select_of(cmd);
	u32 header = ten ? 8 : 4, descriptor, at, nr = 0;
	bool long_lba;
	u8 *buf = sel->buf;

	if (sel->len < header)
		goto out_short;
	descriptor = ten ? get_unaligned_be16(buf + 6) : buf[3];
	long_lba = ten && (buf[4] & 1);
	if (descriptor > sel->len - header)
		goto out_short;
	if (!select_check_descriptor(cmd, header, descriptor, long_lba))
		goto out_free;

	sel->at = header + descriptor;
	for (at = sel->at; at < sel->len; at += page_len(buf + at)) {
		if (!select_check_page(cmd, at))
			goto out_free;
		if (++nr > cmd->dev->nr_mode_pages) {
			scst_cmd_bad_param(cmd, at, SENSE_NO_BIT);
			goto out_free;
		}
	}
	select_next(cmd);
	return;

out_short:
	scst_cmd_fail(cmd, SENSE_PARAM_LENGTH_ERROR);
out_free:
	kfree(buf);
}

static void mode_select(struct scst_cmd *cmd, u32 len, bool ten)
{
	struct mode_select *sel = select_of(cmd);
	u8 *buf;

	/* SP: nothing can be saved. PF=0: a format that is not ours. */
	if (cmd->cdb[1] & 0x01) {
		scst_cmd_bad_cdb(cmd, 1, 0);
		return;
	}
	if (!(cmd->cdb[1] & 0x10)) {
		scst_cmd_bad_cdb(cmd, 1, 4);
		return;
	}
	if (!len) {
		scst_cmd_good(cmd);
		return;
	}
	if (len > SELECT_MAX) {
		scst_cmd_fail(cmd, SENSE_PARAM_LENGTH_ERROR);
		return;
	}
	buf = kmalloc(len, GFP_ATOMIC);
	if (!buf) {
		scst_cmd_complete(cmd, SCSI_BUSY);
		return;
	}
	if (!scst_cmd_get_params(cmd, buf, len)) {
		kfree(buf);
		return;
	}
	*sel = (struct mode_select){ .buf = buf, .len = len };
	select_run(cmd, ten);
}

void spc_mode_select_6(struct scst_cmd *cmd)
{
	mode_select(cmd, cmd->cdb[4], false);
}

void spc_mode_select_10(struct scst_cmd *cmd)
{
	mode_select(cmd, get_unaligned_be16(cmd->cdb + 7), true);
}
