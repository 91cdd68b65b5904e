// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: persistent reservations through a loss of power: the state as
 * bytes, and the commands that wait until these are durable.
 *
 * The owner of a device takes the image when it is about to write it. All
 * changes until then are in it, so that commands that came together are
 * stored together. An image with APTPL off says that there is nothing to
 * bring back: without it, the one before would be.
 *
 *	 0  "SCSTPR01"
 *	 8  generation		u64
 *	16  length of it all	u32
 *	20  registrants		u32
 *	24  number of holder	u32, HOLDER_NONE
 *	28  type		u8
 *	29  APTPL		u8
 *	30  0			u16
 *	32  for each registrant
 *		 0  key			u64
 *		 8  target port		u16
 *		10  n			u16
 *		12  TransportID		n bytes, n % 4 == 0
 *	 -  CRC32C of the above	u32
 */
#include "spc_pr.h"
#include "scst_core.h"

#define MAGIC	    "SCSTPR01"
#define HEADER_LEN  32u
#define REG_LEN	    12u
#define CRC_LEN	    4u
#define HOLDER_NONE U32_MAX

static_assert(HEADER_LEN + CRC_LEN +
	      SPC_PR_REGS_MAX * (REG_LEN + SCST_TRANSPORT_ID_MAX) <=
	      SCST_PR_IMAGE_MAX);

/* ---- Storing ------------------------------------------------------------- */

/* The owner is about to be asked; what it takes is this state or a later. */
static void pr_ask(struct spc_pr *pr)
{
	pr->storing = true;
	pr->image_seq = pr->seq;
	pr->image_aptpl = pr->aptpl;
}

bool spc_pr_store(struct scst_device *dev, struct spc_pr_op *op)
{
	struct spc_pr *pr = &dev->pr;

	lockdep_assert_held(&dev->lock);
	pr->seq++;
	/* What was asked to be stored may have come so far. */
	if (!pr->aptpl && !pr->stored_aptpl && !pr->storing)
		return false;
	op->seq = pr->seq;
	atomic_inc(&op->pending);
	list_add_tail(&op->link, &pr->waiting);
	if (pr->storing)
		return false;
	pr_ask(pr);
	return true;
}

void scst_pr_persisted(struct scst_device *dev, int err)
{
	struct spc_pr *pr = &dev->pr;
	struct spc_pr_op *op, *next;
	LIST_HEAD(done);
	bool again;

	scst_device_get(dev);
	spin_lock_bh(&dev->lock);
	list_for_each_entry_safe(op, next, &pr->waiting, link) {
		if (op->seq > pr->image_seq)
			break;
		op->sense = err ? SENSE_INTERNAL_FAILURE : SENSE_NONE;
		list_move_tail(&op->link, &done);
	}
	/* After an error there may be the one or the other. */
	pr->stored_aptpl = pr->image_aptpl || (err && pr->stored_aptpl);
	again = !list_empty(&pr->waiting);
	pr->storing = false;
	if (again)
		pr_ask(pr);
	spin_unlock_bh(&dev->lock);

	if (again)
		dev->ops->persist(dev);
	list_for_each_entry_safe(op, next, &done, link)
		spc_pr_op_put(op);
	scst_device_put(dev);
}

/* ---- Encoding ------------------------------------------------------------ */

static u8 *encode_reg(u8 *p, const struct spc_pr_reg *reg)
{
	put_unaligned_be64(reg->key, p);
	put_unaligned_be16(reg->port, p + 8);
	put_unaligned_be16(reg->tid_len, p + 10);
	memcpy(p + REG_LEN, reg->tid, reg->tid_len);
	return p + REG_LEN + reg->tid_len;
}

static int encode(struct spc_pr *pr, u8 *buf, u32 size)
{
	u32 nr = 0, holder = HOLDER_NONE, left = size - CRC_LEN;
	const struct spc_pr_reg *reg;
	u8 *p = buf + HEADER_LEN;

	memset(buf, 0, HEADER_LEN);
	memcpy(buf, MAGIC, strlen(MAGIC));
	put_unaligned_be64(pr->seq, buf + 8);
	if (pr->aptpl) {
		list_for_each_entry(reg, &pr->regs, link) {
			if (p - buf + REG_LEN + reg->tid_len > left)
				return -ENOSPC;
			if (reg == pr->holder)
				holder = nr;
			p = encode_reg(p, reg);
			nr++;
		}
		buf[28] = pr->type;
		buf[29] = true;
	}
	put_unaligned_be32(p - buf + CRC_LEN, buf + 16);
	put_unaligned_be32(nr, buf + 20);
	put_unaligned_be32(holder, buf + 24);
	return p - buf;
}

static u32 image_crc(const u8 *buf, u32 len)
{
	return ~crc32c(~0u, buf, len);
}

int scst_pr_image(struct scst_device *dev, void *buf, u32 size)
{
	struct spc_pr *pr = &dev->pr;
	int len;

	if (size < HEADER_LEN + CRC_LEN)
		return -ENOSPC;
	spin_lock_bh(&dev->lock);
	len = encode(pr, buf, size);
	pr->image_seq = pr->seq;
	pr->image_aptpl = pr->aptpl;
	spin_unlock_bh(&dev->lock);
	if (len < 0)
		return len;
	put_unaligned_be32(image_crc(buf, len), (u8 *)buf + len);
	return len + CRC_LEN;
}

/* ---- Decoding ------------------------------------------------------------ */

u64 scst_pr_image_generation(const void *buf, u32 len)
{
	const u8 *p = buf;
	u32 crc_at;

	if (len < HEADER_LEN + CRC_LEN || memcmp(p, MAGIC, strlen(MAGIC)) ||
	    get_unaligned_be32(p + 16) != len)
		return 0;
	crc_at = len - CRC_LEN;
	if (get_unaligned_be32(p + crc_at) != image_crc(p, crc_at))
		return 0;
	return get_unaligned_be64(p + 8);
}

/*
 * One damaged slot alone is the very first, whose writing did not end: nobody
 * was told that anything is stored.
 */
int scst_pr_newest(const struct scst_pr_slot *slots)
{
	u64 generation[2];
	int i;

	for (i = 0; i < 2; i++)
		generation[i] = slots[i].image ?
			scst_pr_image_generation(slots[i].image,
						 slots[i].len) : 0;
	if (!generation[0] && !generation[1])
		return slots[0].there && slots[1].there ? -EILSEQ : -ENOENT;
	return generation[1] > generation[0];
}

/* The registrant at @p of @len bytes; returns its length, or an error. */
static int decode_reg(struct spc_pr *pr, const u8 *p, u32 len)
{
	u8 tid[SCST_TRANSPORT_ID_MAX];
	struct spc_pr_reg *reg;
	u16 tid_len, n, port;
	u64 key;

	if (len < REG_LEN)
		return -EINVAL;
	key = get_unaligned_be64(p);
	port = get_unaligned_be16(p + 8);
	n = get_unaligned_be16(p + 10);
	if (!key || !port || !n || n > len - REG_LEN ||
	    spc_tid_parse(p + REG_LEN, n, tid, &tid_len) != n ||
	    tid_len != n || memcmp(tid, p + REG_LEN, n) ||
	    spc_pr_find(pr, tid, tid_len, port))
		return -EINVAL;
	reg = spc_pr_reg_alloc(tid, tid_len, port, key);
	if (!reg)
		return -ENOMEM;
	list_add_tail(&reg->link, &pr->regs);
	pr->nr_regs++;
	return REG_LEN + n;
}

static int decode_holder(struct spc_pr *pr, u32 holder, u8 type)
{
	struct spc_pr_reg *reg;

	if (type != PR_NONE && (!spc_pr_type_valid(type) || !pr->nr_regs))
		return -EINVAL;
	pr->type = type;
	if (type == PR_NONE || spc_pr_all_registrants(type))
		return holder == HOLDER_NONE ? 0 : -EINVAL;
	list_for_each_entry(reg, &pr->regs, link)
		if (!holder--)
			pr->holder = reg;
	return pr->holder ? 0 : -EINVAL;
}

static int decode(struct spc_pr *pr, const u8 *p, u32 len)
{
	u32 i, nr, off = HEADER_LEN, end = len - CRC_LEN;
	int n;

	pr->seq = scst_pr_image_generation(p, len);
	if (!pr->seq)
		return -EINVAL;
	nr = get_unaligned_be32(p + 20);
	pr->aptpl = p[29];
	if (nr > SPC_PR_REGS_MAX || p[29] > 1 || p[30] || p[31] ||
	    (!pr->aptpl && (nr || p[28])))
		return -EINVAL;
	for (i = 0; i < nr; i++, off += n) {
		n = decode_reg(pr, p + off, end - off);
		if (n < 0)
			return n;
	}
	if (off != end)
		return -EINVAL;
	pr->stored_aptpl = pr->aptpl;
	return decode_holder(pr, get_unaligned_be32(p + 24), p[28]);
}

int scst_pr_restore(struct scst_device *dev, const void *buf, u32 len)
{
	struct spc_pr pr = { .seq = 0 };
	int err;

	spc_pr_init(&pr);
	err = decode(&pr, buf, len);
	if (err) {
		spc_pr_fini(&pr);
		return err;
	}
	spin_lock_bh(&dev->lock);
	WARN_ON(!list_empty(&dev->itls) || dev->pr.nr_regs);
	dev->pr = pr;
	spc_pr_init(&dev->pr);
	list_splice(&pr.regs, &dev->pr.regs);
	spin_unlock_bh(&dev->lock);
	return 0;
}
