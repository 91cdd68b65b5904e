// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: from responses to bytes.
 *
 * What wants to be sent queues as items, in order. Sending builds their PDUs
 * into a window of slots, just before they go, so that a long transfer holds
 * a few headers and not thousands, and StatSN follows the order on the wire.
 * Everything in the window is offered to one system call.
 */
#include "iscsi_int.h"

void iscsi_tx_queue(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	list_add_tail(&item->link, &conn->tx_items);
	conn->sess->env->want_tx(conn);
}

/* MaxCmdSN never goes back (RFC 7143 4.2.2.1). */
static u32 max_cmd_sn(struct iscsi_session *sess)
{
	u32 room = sess->depth > sess->nr_tasks ?
		   sess->depth - sess->nr_tasks : 0;
	u32 max = sess->exp_cmd_sn + room - 1;

	if (iscsi_sn_before(sess->max_cmd_sn, max))
		sess->max_cmd_sn = max;
	return sess->max_cmd_sn;
}

void iscsi_tx_numbers(struct iscsi_conn *conn, struct iscsi_bhs *bhs,
		      bool takes)
{
	bhs->in.stat_sn = cpu_to_be32(conn->stat_sn);
	bhs->in.exp_cmd_sn = cpu_to_be32(conn->sess->exp_cmd_sn);
	bhs->in.max_cmd_sn = cpu_to_be32(max_cmd_sn(conn->sess));
	conn->stat_sn += takes;
}

/* ---- Control responses --------------------------------------------------- */

static bool ctrl_build(struct iscsi_conn *conn, struct iscsi_tx_item *item,
		       struct iscsi_tx_slot *slot)
{
	struct iscsi_ctrl *ctrl = container_of(item, struct iscsi_ctrl, item);

	slot->bhs = ctrl->bhs;
	iscsi_tx_numbers(conn, &slot->bhs, ctrl->takes_stat_sn);
	core_seg_set(&slot->seg, ctrl->data, ctrl->len);
	slot->segs = &slot->seg;
	slot->nr_segs = 1;
	slot->data_len = ctrl->len;
	return false;
}

static void ctrl_end(struct iscsi_conn *conn, struct iscsi_tx_item *item,
		     bool sent)
{
	struct iscsi_ctrl *ctrl = container_of(item, struct iscsi_ctrl, item);
	struct iscsi_session *sess = conn->sess;
	bool close = ctrl->close, cold_reset = ctrl->cold_reset;

	conn->nr_ctrl--;
	conn->ctrl_bytes -= ctrl->len;
	kfree(ctrl);
	if (!sent)
		return;
	if (cold_reset)
		sess->env->cold_reset(sess);
	if (close)
		iscsi_drop(conn, NULL);
}

static const struct iscsi_tx_item_ops ctrl_item_ops = {
	.build = ctrl_build,
	.end = ctrl_end,
};

/*
 * A response with room for @len bytes of data. Without memory the connection
 * is dropped and NULL returned: the peer must not wait for an answer that
 * never comes.
 */
struct iscsi_ctrl *iscsi_ctrl_alloc(struct iscsi_conn *conn, u8 opcode, u32 len)
{
	struct iscsi_ctrl *ctrl;

	ctrl = kmalloc(struct_size(ctrl, data, len), GFP_ATOMIC);
	if (!ctrl) {
		iscsi_drop(conn, "out of memory");
		return NULL;
	}
	memset(ctrl, 0, sizeof(*ctrl));
	ctrl->item.ops = &ctrl_item_ops;
	ctrl->bhs.opcode = opcode;
	ctrl->bhs.flags = ISCSI_FINAL;
	ctrl->takes_stat_sn = true;
	ctrl->len = len;
	return ctrl;
}

void iscsi_ctrl_queue(struct iscsi_conn *conn, struct iscsi_ctrl *ctrl)
{
	conn->nr_ctrl++;
	conn->ctrl_bytes += ctrl->len;
	iscsi_tx_queue(conn, &ctrl->item);
}

/* ---- The window ---------------------------------------------------------- */

static struct iscsi_tx_slot *tx_slot(struct iscsi_conn *conn, u32 nr)
{
	return &conn->tx[nr % ISCSI_TX_SLOTS];
}

static void slot_finish(struct iscsi_conn *conn, struct iscsi_tx_slot *slot)
{
	u32 pad = iscsi_pad(slot->data_len), crc;

	iscsi_set_data_len(&slot->bhs, slot->data_len);
	if (conn->params.header_digest == ISCSI_DIGEST_CRC32C)
		put_unaligned_le32(~crc32c(~0u, &slot->bhs, ISCSI_BHS_LEN),
				   slot->digest);
	slot->tail_len = 0;
	if (!slot->data_len)
		return;
	memset(slot->tail, 0, pad);
	slot->tail_len = pad;
	if (conn->params.data_digest == ISCSI_DIGEST_CRC32C) {
		crc = ~0u;
		core_segs_crc32c(slot->segs, slot->nr_segs, slot->data_off,
				 slot->data_len, &crc);
		crc = crc32c(crc, slot->tail, pad);
		put_unaligned_le32(~crc, slot->tail + pad);
		slot->tail_len += ISCSI_DIGEST_LEN;
	}
}

/* Build PDUs of the first item until it has no more or the window is full. */
static void tx_build_item(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	while (conn->tx_head - conn->tx_tail < ISCSI_TX_SLOTS) {
		struct iscsi_tx_slot *slot = tx_slot(conn, conn->tx_head);

		memset(&slot->bhs, 0, sizeof(slot->bhs));
		slot->data_len = 0;
		slot->data_off = 0;
		slot->nr_segs = 0;
		slot->item = item->ops->end ? item : NULL;
		slot->last = !item->ops->build(conn, item, slot);
		slot_finish(conn, slot);
		conn->tx_head++;
		if (slot->last) {
			list_del_init(&item->link);
			return;
		}
	}
}

static u32 slot_header_len(const struct iscsi_conn *conn)
{
	return conn->params.header_digest == ISCSI_DIGEST_CRC32C ?
	       ISCSI_BHS_LEN + ISCSI_DIGEST_LEN : ISCSI_BHS_LEN;
}

static size_t slot_len(const struct iscsi_conn *conn,
		       const struct iscsi_tx_slot *slot)
{
	return slot_header_len(conn) + slot->data_len + slot->tail_len;
}

/* The caller's elements, and what was sent of the slot at hand before. */
struct gather {
	struct core_seg *segs;
	u32 nr, max;
	size_t skip;
};

/* A piece of a slot. False: it does not fit in whole, nothing may follow. */
static bool gather_flat(struct gather *g, u8 *base, size_t len)
{
	size_t n = min(g->skip, len);

	g->skip -= n;
	if (n == len)
		return true;
	if (g->nr == g->max)
		return false;
	core_seg_set(&g->segs[g->nr++], base + n, len - n);
	return true;
}

static bool gather_data(struct gather *g, const struct iscsi_tx_slot *slot)
{
	size_t n = min_t(size_t, g->skip, slot->data_len);
	size_t left = slot->data_len - n;
	struct core_seg *segs = g->segs + g->nr;
	u32 nr;

	g->skip -= n;
	if (!left)
		return true;
	nr = core_segs_slice(slot->segs, slot->nr_segs, slot->data_off + n,
			     left, segs, g->max - g->nr);
	g->nr += nr;
	return core_segs_len(segs, nr) == left;
}

static bool gather_slot(struct gather *g, struct iscsi_conn *conn,
			struct iscsi_tx_slot *slot)
{
	return gather_flat(g, (u8 *)&slot->bhs, slot_header_len(conn)) &&
	       gather_data(g, slot) &&
	       gather_flat(g, slot->tail, slot->tail_len);
}

u32 iscsi_tx_gather(struct iscsi_conn *conn, struct core_seg *segs, u32 max)
{
	struct gather g = { .segs = segs, .max = max, .skip = conn->tx_done };
	struct iscsi_tx_item *item;
	u32 i;

	while (conn->tx_head - conn->tx_tail < ISCSI_TX_SLOTS &&
	       (item = list_first_entry_or_null(&conn->tx_items,
						struct iscsi_tx_item, link)))
		tx_build_item(conn, item);

	for (i = conn->tx_tail; i != conn->tx_head; i++)
		if (!gather_slot(&g, conn, tx_slot(conn, i)))
			break;
	return g.nr;
}

static void slot_end(struct iscsi_conn *conn, struct iscsi_tx_slot *slot,
		     bool sent)
{
	if (slot->last && slot->item)
		slot->item->ops->end(conn, slot->item, sent);
}

void iscsi_tx_sent(struct iscsi_conn *conn, size_t n)
{
	struct iscsi_tx_slot *slot;
	size_t left;

	while (n) {
		slot = tx_slot(conn, conn->tx_tail);
		left = slot_len(conn, slot) - conn->tx_done;
		if (n < left) {
			conn->tx_done += n;
			return;
		}
		n -= left;
		conn->tx_done = 0;
		conn->tx_tail++;
		slot_end(conn, slot, true);
	}
	if (conn->rx.paused)
		iscsi_rx_resume(conn);
}

/* The connection is gone: end everything that waits. */
void iscsi_tx_purge(struct iscsi_conn *conn)
{
	struct iscsi_tx_item *item;

	while (conn->tx_tail != conn->tx_head) {
		struct iscsi_tx_slot *slot = tx_slot(conn, conn->tx_tail++);

		slot_end(conn, slot, false);
	}
	while ((item = list_first_entry_or_null(&conn->tx_items,
						struct iscsi_tx_item, link))) {
		list_del_init(&item->link);
		if (item->ops->end)
			item->ops->end(conn, item, false);
	}
}
