// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: from bytes to PDUs.
 *
 * A PDU comes in up to four parts: basic header, additional headers with the
 * header digest, data segment, padding with the data digest. Each part has a
 * place, a length and an offset; bytes go there wherever they come from, and
 * when a part is full the next one begins. The data segment's place is
 * chosen by the PDU's handler when the header is complete, so payload is
 * received into the device's buffer; what nobody wants is discarded.
 */
#include "iscsi_int.h"

static void rx_begin(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;

	rx->state = ISCSI_RX_BHS;
	rx->off = 0;
	rx->len = ISCSI_BHS_LEN;
	rx->counted = false;
	rx->keep = 0;
	rx->text = NULL;
	rx->task = NULL;
}

/* The data segment goes to the task's buffer, from byte @off of that. */
void iscsi_rx_into_task(struct iscsi_conn *conn, struct iscsi_task *task,
			u32 off)
{
	struct iscsi_rx *rx = &conn->rx;
	u32 room = task->task.cmd.data_len - min(off, task->task.cmd.data_len);

	rx->task = task;
	rx->keep = min(iscsi_data_len(&rx->bhs), room);
	rx->segs = task->task.cmd.segs;
	rx->nr_segs = task->task.cmd.nr_segs;
	rx->seg_off = off;
}

/* The data segment goes to @buf, which has room for it. */
void iscsi_rx_into(struct iscsi_conn *conn, void *buf)
{
	struct iscsi_rx *rx = &conn->rx;

	rx->keep = iscsi_data_len(&rx->bhs);
	core_seg_set(&rx->seg, buf, rx->keep);
	rx->segs = &rx->seg;
	rx->nr_segs = 1;
	rx->seg_off = 0;
}

/* @task ends: if its data is just coming in, that goes nowhere. */
void iscsi_rx_forget(struct iscsi_conn *conn, const struct iscsi_task *task)
{
	if (conn->rx.task != task)
		return;
	conn->rx.task = NULL;
	conn->rx.keep = 0;
}

/* ---- Digests ----------------------------------------------------------- */

static bool digest_matches(u32 crc, const u8 *digest)
{
	return get_unaligned_le32(digest) == ~crc;
}

static bool header_digest_ok(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;
	u32 len = ISCSI_BHS_LEN + 4u * rx->bhs.ahs_len;

	if (conn->params.header_digest != ISCSI_DIGEST_CRC32C)
		return true;
	return digest_matches(crc32c(~0u, rx->header, len), rx->header + len);
}

static bool has_data_digest(const struct iscsi_conn *conn)
{
	return conn->params.data_digest == ISCSI_DIGEST_CRC32C;
}

static bool data_digest_ok(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;
	u32 pad = iscsi_pad(iscsi_data_len(&rx->bhs));

	if (!has_data_digest(conn))
		return true;
	return digest_matches(crc32c(rx->crc, rx->tail, pad), rx->tail + pad);
}


/* ---- Parts ------------------------------------------------------------- */

static void rx_pdu_done(struct iscsi_conn *conn, bool digest_ok)
{
	iscsi_pdu_end(conn, digest_ok);
	rx_begin(conn);
}

static void rx_enter(struct iscsi_conn *conn, enum iscsi_rx_state state,
		     u32 len)
{
	conn->rx.state = state;
	conn->rx.off = 0;
	conn->rx.len = len;
}

/* Behind the data: padding and digest, if there are any. */
static void rx_enter_tail(struct iscsi_conn *conn)
{
	u32 len = iscsi_pad(iscsi_data_len(&conn->rx.bhs));

	if (has_data_digest(conn))
		len += ISCSI_DIGEST_LEN;
	if (len)
		rx_enter(conn, ISCSI_RX_TAIL, len);
	else
		rx_pdu_done(conn, true);
}

/* The header is complete and good, or was before a pause. */
static void rx_header_done(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;
	u32 len = iscsi_data_len(&rx->bhs);

	iscsi_pdu_header(conn);
	if (conn->dropped || rx->paused)
		return;
	if (!len) {
		rx_pdu_done(conn, true);
		return;
	}
	rx->crc = ~0u;
	rx_enter(conn, ISCSI_RX_DATA, len);
}

static void rx_bhs_done(struct iscsi_conn *conn)
{
	struct iscsi_rx *rx = &conn->rx;
	u32 more = 4u * rx->bhs.ahs_len;

	/* Before a digest vouches for them lengths may be anything. */
	if (conn->params.header_digest == ISCSI_DIGEST_CRC32C)
		more += ISCSI_DIGEST_LEN;
	if (more) {
		rx_enter(conn, ISCSI_RX_AHS, more);
		return;
	}
	rx_header_done(conn);
}

static void rx_part_done(struct iscsi_conn *conn)
{
	switch (conn->rx.state) {
	case ISCSI_RX_BHS:
		rx_bhs_done(conn);
		break;
	case ISCSI_RX_AHS:
		if (header_digest_ok(conn))
			rx_header_done(conn);
		else
			iscsi_drop(conn, "header digest error");
		break;
	case ISCSI_RX_DATA:
		rx_enter_tail(conn);
		break;
	case ISCSI_RX_TAIL:
		rx_pdu_done(conn, data_digest_ok(conn));
		break;
	}
}

/* @n bytes of the part at hand have arrived. */
static void rx_advance(struct iscsi_conn *conn, size_t n)
{
	conn->rx.off += n;
	if (conn->rx.off == conn->rx.len)
		rx_part_done(conn);
}

/* Go on after a pause, which always comes at the end of a header. */
void iscsi_rx_resume(struct iscsi_conn *conn)
{
	if (!conn->rx.paused || conn->dropped)
		return;
	conn->rx.paused = false;
	rx_header_done(conn);
	if (!conn->rx.paused && !conn->dropped)
		conn->sess->env->resume_rx(conn);
}

/* ---- The driver's calls -------------------------------------------------- */

/* Where a part other than data lies. */
static u8 *rx_flat(struct iscsi_rx *rx)
{
	switch (rx->state) {
	case ISCSI_RX_BHS:
		return rx->header + rx->off;
	case ISCSI_RX_AHS:
		return rx->header + ISCSI_BHS_LEN + rx->off;
	default:
		return rx->tail + rx->off;
	}
}

u32 iscsi_rx_want(struct iscsi_conn *conn, struct core_seg *segs, u32 max,
		  size_t *len)
{
	struct iscsi_rx *rx = &conn->rx;
	u32 nr;

	*len = 0;
	if (conn->dropped || rx->paused)
		return 0;
	if (rx->state == ISCSI_RX_DATA && rx->off < rx->keep) {
		nr = core_segs_slice(rx->segs, rx->nr_segs,
				     rx->seg_off + rx->off, rx->keep - rx->off,
				     segs, max);
		*len = core_segs_len(segs, nr);
		return nr;
	}
	*len = rx->len - rx->off;
	if (rx->state != ISCSI_RX_DATA) {
		core_seg_set(segs, rx_flat(rx), *len);
	} else if (has_data_digest(conn)) {
		*len = min(*len, sizeof(rx->waste));
		core_seg_set(segs, rx->waste, *len);
	} else {
		core_seg_set(segs, NULL, *len);
	}
	return 1;
}

void iscsi_rx_done(struct iscsi_conn *conn, size_t n)
{
	struct iscsi_rx *rx = &conn->rx;

	if (rx->state == ISCSI_RX_DATA && has_data_digest(conn)) {
		if (rx->off < rx->keep)
			core_segs_crc32c(rx->segs, rx->nr_segs,
					 rx->seg_off + rx->off, n, &rx->crc);
		else
			rx->crc = crc32c(rx->crc, rx->waste, n);
	}
	rx_advance(conn, n);
}

/* @n bytes of data segment at @buf. */
static void rx_take_data(struct iscsi_conn *conn, const u8 *buf, size_t n)
{
	struct iscsi_rx *rx = &conn->rx;

	if (rx->off < rx->keep)
		core_segs_write(rx->segs, rx->nr_segs, rx->seg_off + rx->off,
				buf, min_t(size_t, n, rx->keep - rx->off));
	if (has_data_digest(conn))
		rx->crc = crc32c(rx->crc, buf, n);
}

size_t iscsi_rx_feed(struct iscsi_conn *conn, const u8 *buf, size_t len)
{
	struct iscsi_rx *rx = &conn->rx;
	size_t taken = 0, n;

	while (taken < len && !rx->paused && !conn->dropped) {
		n = min_t(size_t, len - taken, rx->len - rx->off);
		if (rx->state == ISCSI_RX_DATA)
			rx_take_data(conn, buf + taken, n);
		else
			memcpy(rx_flat(rx), buf + taken, n);
		taken += n;
		rx_advance(conn, n);
	}
	return taken;
}
