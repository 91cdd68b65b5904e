// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzes an iSCSI session in full feature phase, on the real core with
 * a small device behind it.
 *
 * The input is what login negotiated and then steps: PDUs that make sense,
 * more or less, raw bytes, and what happens to the owner of a socket and to a
 * device meanwhile. Whatever it says: each command is answered or given up
 * exactly once, every PDU keeps to the numbers, limits and digests agreed on
 * (iscsi_initiator.h), and nothing is left at the end.
 */
#include "iscsi_owner.h"

#define STEPS_MAX 160u
#define SENT	  16u

/* ---- Input --------------------------------------------------------------- */

static u32 get_of(const u32 *values, u32 nr)
{
	return values[get8() % nr];
}

#define GET_OF(...) \
	get_of((const u32[]){ __VA_ARGS__ }, \
	       ARRAY_SIZE(((const u32[]){ __VA_ARGS__ })))

/* ---- The initiator ------------------------------------------------------- */

/* A command that was sent; it may be gone long since. */
struct sent {
	u32 itt, sn;
	u32 unsolicited, unsolicited_sn;	/* bytes and PDUs sent */
};

static struct {
	struct wire *w;		/* the one of this step */
	u32 cmd_sn, itt;
	struct sent sent[SENT];
	u32 nr_sent;
	struct iscsi_bhs last;	/* that was sent */
	bool armed;		/* an allocation is to fail in the next step */
} me;

/* A request with the CmdSN that the target waits for, or the next. */
static struct iscsi_bhs request(u8 opcode)
{
	struct iscsi_bhs bhs = { .opcode = opcode, .flags = ISCSI_FINAL };

	if (!ini.wire[0].in_len && !ini.wire[1].in_len)
		me.cmd_sn = ini.sess->exp_cmd_sn;
	bhs.itt = cpu_to_be32(me.itt++);
	bhs.word[0] = cpu_to_be32(ISCSI_TAG_NONE);
	bhs.cmd.cmd_sn = cpu_to_be32(me.cmd_sn);
	bhs.cmd.exp_stat_sn = cpu_to_be32(me.w->stat_sn);
	return bhs;
}

static struct sent *some_sent(u8 which)
{
	return &me.sent[which % SENT];
}

enum quirk {
	Q_NONE, Q_HEADER_DIGEST, Q_DATA_DIGEST, Q_SN_AHEAD, Q_SN_BEHIND,
	Q_FLAGS, Q_BYTE, Q_ITT, Q_LATE, Q_SHORT, Q_IMMEDIATE,
};

/* What is wrong with a header; most often nothing. */
static u8 get_quirk(struct iscsi_bhs *bhs)
{
	u8 quirk = get8();
	u32 sn = be32_to_cpu(bhs->cmd.cmd_sn);

	switch (quirk) {
	case Q_SN_AHEAD:
		bhs->cmd.cmd_sn = cpu_to_be32(sn + 1 + get8() % 4);
		break;
	case Q_SN_BEHIND:
		bhs->cmd.cmd_sn = cpu_to_be32(sn - 1 - get8());
		break;
	case Q_FLAGS:
		bhs->flags ^= get8();
		break;
	case Q_BYTE:
		((u8 *)bhs)[get8() % ISCSI_BHS_LEN] ^= get8();
		ini.wild = true;
		break;
	case Q_ITT:
		bhs->itt = cpu_to_be32(some_sent(get8())->itt);
		break;
	case Q_IMMEDIATE:
		bhs->opcode ^= ISCSI_IMMEDIATE;
		break;
	}
	return quirk;
}

static size_t add_digest(u8 *pdu, size_t from, size_t to, bool on, bool bad)
{
	u32 crc = ~crc32c(~0u, pdu + from, to - from) ^ bad;

	if (on)
		put_unaligned_le32(crc, pdu + to);
	return on ? to + ISCSI_DIGEST_LEN : to;
}

static void put_pdu_as(struct iscsi_bhs bhs, const u8 *ahs, u32 ahs_len,
		       const u8 *data, u32 len, u8 quirk)
{
	static u8 pdu[ISCSI_BHS_LEN + ISCSI_AHS_MAX + DATA_MAX + 12];
	bool hd = ini.params.header_digest == ISCSI_DIGEST_CRC32C;
	bool dd = ini.params.data_digest == ISCSI_DIGEST_CRC32C;
	size_t at = ISCSI_BHS_LEN + ahs_len, head;

	memcpy(pdu, &bhs, sizeof(bhs));
	if (ahs_len)
		memcpy(pdu + ISCSI_BHS_LEN, ahs, ahs_len);
	head = add_digest(pdu, 0, at, hd, quirk == Q_HEADER_DIGEST);
	if (len)
		memcpy(pdu + head, data, len);
	at = head + len;
	memset(pdu + at, 0, iscsi_pad(len));
	at += iscsi_pad(len);
	at = add_digest(pdu, head, at, dd && len, quirk == Q_DATA_DIGEST);
	if (quirk == Q_SHORT) {
		at -= get16() % at;
		ini.wild = true;
	}
	if (!(bhs.opcode & ISCSI_IMMEDIATE) &&
	    iscsi_opcode(&bhs) != ISCSI_DATA_OUT)
		me.cmd_sn++;
	put_bytes(me.w, pdu, at);
	if (quirk == Q_LATE && me.w->in_len)
		me.w->in_late = get16() % me.w->in_len;
}

static void put_pdu(struct iscsi_bhs bhs, const u8 *ahs, u32 ahs_len,
		    const u8 *data, u32 len)
{
	u8 quirk;

	iscsi_set_data_len(&bhs, len);
	bhs.ahs_len = ahs_len / 4;
	quirk = get_quirk(&bhs);
	me.last = bhs;
	put_pdu_as(bhs, ahs, ahs_len, data, len, quirk);
}

/* ---- Steps: commands ----------------------------------------------------- */

static u32 get_ahs(struct iscsi_bhs *bhs, u8 *ahs)
{
	u32 len = 4 * (get8() % 16);

	memset(ahs, 0, ISCSI_AHS_MAX);
	switch (get8() % 4) {
	case 0:
		get_bytes(ahs, len);
		return len;
	case 1:
		len = 4 * get8();
		break;
	default:
		bhs->cmd.cdb[0] = SCSI_VARIABLE_LENGTH;
		bhs->cmd.cdb[1] = 0;
		bhs->cmd.cdb[7] = 24;
		put_unaligned_be16(0x0b, bhs->cmd.cdb + 8);
		len = 20;
	}
	if (len) {
		put_unaligned_be16(len - 3, ahs);
		ahs[2] = 1;
	}
	return len;
}

/* Data-Out that comes with the command, and the flag for that behind it. */
static u32 get_immediate(struct iscsi_bhs *bhs, u32 expected, u8 how)
{
	u32 max = min3(expected, ini.params.first_burst, ini.params.max_recv);

	if (!ini.params.initial_r2t && !(how & 0x10))
		bhs->flags &= ~ISCSI_FINAL;
	if (how & 0x20)
		return 0;
	return ini.params.immediate_data ? max : 0;
}

static const u8 other_opcodes[] = {
	SCSI_TEST_UNIT_READY, SCSI_INQUIRY, SCSI_REPORT_LUNS,
	SCSI_MODE_SENSE_10, SCSI_MODE_SELECT_10, SCSI_REQUEST_SENSE,
	SCSI_MAINTENANCE_IN, SCSI_RESERVE_6, SCSI_RELEASE_6, 0xff,
};

static void step_command(u8 op, u8 dir)
{
	struct iscsi_bhs bhs = request(ISCSI_SCSI_CMD);
	struct sent *sent = some_sent(me.nr_sent++);
	u32 expected = get16() % 12000, len = 0, ahs_len = 0;
	u8 how = get8(), ahs[ISCSI_AHS_MAX];

	bhs.flags |= dir | (how & 0x40 ? get8() % 8 : ISCSI_ATTR_SIMPLE);
	bhs.cmd.expected = cpu_to_be32(expected);
	bhs.cmd.cdb[0] = op;
	bhs.cmd.cdb[6] = get8();
	put_unaligned_be16(how & 1 ? get16() : expected, bhs.cmd.cdb + 7);
	if (how & 2)
		bhs.opcode |= ISCSI_IMMEDIATE;
	if ((how & 0x0c) == 0x0c)
		bhs.lun[1] = 1;
	if (how & 0x80)
		ahs_len = get_ahs(&bhs, ahs);
	if (dir == ISCSI_CMD_WRITE)
		len = get_immediate(&bhs, expected, how);
	*sent = (struct sent){ be32_to_cpu(bhs.itt), me.cmd_sn, len, 0 };
	put_pdu(bhs, ahs, ahs_len, pattern, len);
}

static void step_other_command(void)
{
	static const u8 dirs[] = { 0, ISCSI_CMD_READ, ISCSI_CMD_WRITE,
				   ISCSI_CMD_READ | ISCSI_CMD_WRITE };
	u8 op = other_opcodes[get8() % ARRAY_SIZE(other_opcodes)];

	step_command(op, dirs[get8() % 4]);
}

static void data_out(u32 itt, u32 ttt, u32 sn, u32 off, u32 len, bool final)
{
	struct iscsi_bhs bhs = {
		.opcode = ISCSI_DATA_OUT,
		.flags = final ? ISCSI_FINAL : 0,
		.itt = cpu_to_be32(itt),
	};
	u8 odd = get8();

	len = min(len, DATA_MAX / 2);
	off %= DATA_MAX / 2;
	bhs.data_out.ttt = cpu_to_be32(odd == 1 ? ttt + get8() : ttt);
	bhs.data_out.data_sn = cpu_to_be32(odd == 2 ? sn + 1 : sn);
	bhs.data_out.offset = cpu_to_be32(odd == 3 ? off + get8() : off);
	put_pdu(bhs, NULL, 0, pattern + off, len);
}

/* What an R2T asks for; a piece of it, or too much. */
static void step_solicited(void)
{
	const struct expected_write *e;
	const struct expected_r2t *r2t;
	u32 len;
	u8 how = get8();

	if (!ini.nr_writes)
		return;
	e = &ini.writes[(how & 15) % ini.nr_writes];
	if (e->w != me.w || !e->nr)
		return;
	r2t = &e->r2t[how & 0x10 ? e->nr - 1 : 0];
	len = min(r2t->len - r2t->got, ini.params.max_recv);
	if (how & 0x20)
		len = min(len, get16());
	if ((how & 0xc0) == 0xc0)
		len = get16();
	data_out(e->itt, r2t->ttt, r2t->sn, r2t->off + r2t->got, len,
		 r2t->got + len >= r2t->len || how == 0x80);
}

static void step_unsolicited(void)
{
	u8 how = get8();
	struct sent *sent = some_sent(how & 0x10 ? how : me.nr_sent - 1);
	u32 len = min(ini.params.first_burst, ini.params.max_recv);

	len -= min(len, sent->unsolicited);
	if (how & 0x20)
		len = get16() % ini.params.max_recv;
	data_out(sent->itt, ISCSI_TAG_NONE, sent->unsolicited_sn++,
		 sent->unsolicited, len, how & 0x40);
	sent->unsolicited += len;
}

/* ---- Steps: the other requests ------------------------------------------- */

static void step_tmf(void)
{
	struct iscsi_bhs bhs = request(ISCSI_TMF_REQ);
	u8 how = get8();
	const struct sent *sent = some_sent(how & 0x40 ? how :
							 me.nr_sent - 1);

	if (how & 0x80)
		bhs.opcode |= ISCSI_IMMEDIATE;
	if ((how & 0x30) == 0x30)
		bhs.lun[1] = 1;
	bhs.flags |= get8() % 10;
	bhs.tmf.ref_tag = cpu_to_be32(sent->itt);
	bhs.tmf.ref_cmd_sn = cpu_to_be32(sent->sn);
	put_pdu(bhs, NULL, 0, NULL, 0);
}

static void step_nop(void)
{
	struct iscsi_bhs bhs = request(ISCSI_NOP_OUT);
	u8 how = get8();

	if (how & 0x80)
		bhs.opcode |= ISCSI_IMMEDIATE;
	if (how & 0x40) {
		bhs.itt = cpu_to_be32(ISCSI_TAG_NONE);
		bhs.req.ttt = cpu_to_be32(me.w->ping_ttt);
	}
	put_pdu(bhs, NULL, 0, pattern, how & 0x20 ? get16() : how % 32);
}

static void step_text(void)
{
	static const char *const texts[] = {
		"SendTargets=All", "SendTargets=", "SendTargets=iqn.t",
		"MaxRecvDataSegmentLength=512",
		"MaxRecvDataSegmentLength=8192",
		"MaxRecvDataSegmentLength=1", "HeaderDigest=None",
		"X-new=1", "InitiatorAlias=me", "garbage",
	};
	struct iscsi_bhs bhs = request(ISCSI_TEXT_REQ);
	u8 how = get8(), which = get8(), raw[256] = { 0 };
	const char *text = texts[which % ARRAY_SIZE(texts)];
	u32 len = strlen(text) + 1;

	if (how & 1)
		bhs.opcode |= ISCSI_IMMEDIATE;
	if (how & 2)
		bhs.flags = 0;
	if (how & 4)
		bhs.flags = ISCSI_TEXT_CONTINUE;
	if (how & 8) {
		bhs.itt = cpu_to_be32(me.w->text_itt);
		bhs.req.ttt = cpu_to_be32(me.w->text_ttt);
	}
	memcpy(raw, text, len);
	if (how & 0x10)
		len = get_bytes(raw, get8());
	if (how & 0x20)
		len = 0;
	if ((how & 0xc0) == 0xc0)
		put_pdu(bhs, NULL, 0, pattern, get16());
	else
		put_pdu(bhs, NULL, 0, raw, len);
}

static void step_logout(void)
{
	struct iscsi_bhs bhs = request(ISCSI_LOGOUT_REQ);
	u8 how = get8();

	if (how & 0x80)
		bhs.opcode |= ISCSI_IMMEDIATE;
	bhs.flags |= how % 4;
	bhs.logout_req.cid = cpu_to_be16(how >> 4 & 3);
	put_pdu(bhs, NULL, 0, NULL, 0);
}

/* Any header, with the numbers that make it be heard. */
static void step_any(void)
{
	struct iscsi_bhs bhs = request(0);
	u8 how = get8();
	u32 len = how & 1 ? get16() : how >> 4;

	if (how & 2)
		get_bytes((u8 *)&bhs, ISCSI_BHS_LEN);
	else
		bhs.opcode = get8();
	ini.wild = true;
	put_pdu(bhs, NULL, 0, pattern, len);
}

/* The last request again and again, as new ones. */
static void step_again(void)
{
	u32 nr = get8() % 160;

	me.last.ahs_len = 0;
	iscsi_set_data_len(&me.last, 0);
	while (nr--) {
		me.last.itt = cpu_to_be32(me.itt++);
		if (iscsi_opcode(&me.last) != ISCSI_DATA_OUT)
			me.last.cmd.cmd_sn = cpu_to_be32(me.cmd_sn);
		put_pdu_as(me.last, NULL, 0, NULL, 0, Q_NONE);
	}
}

static void step_raw(void)
{
	u8 raw[255];

	ini.wild = true;
	put_bytes(me.w, raw, get_bytes(raw, get8()));
}

/* ---- Steps: everything else ---------------------------------------------- */

static void step_complete(void)
{
	u8 which = get8(), how = get8();

	x.elsewhere = how & 0x80;
	if (x.nr_held)
		dev_complete(which % x.nr_held, how);
	x.elsewhere = false;
}

static void step_take(void)
{
	u8 how = get8();

	me.w->deaf = how & 1;
	take(me.w, 1 + (how >> 2), get16());
}

static void step_time(void)
{
	u64 next;

	x.now += get8() * (NSEC_PER_SEC / 10);
	next = iscsi_conn_tick(me.w->conn, x.now);
	MUST(!next || next > x.now);
}

static void step_other_reset(void)
{
	static const enum scst_tmf_fn fns[] = {
		SCST_ABORT_TASK_SET, SCST_CLEAR_TASK_SET, SCST_LUN_RESET,
		SCST_TARGET_RESET,
	};
	struct scst_tmf *tmf = calloc(1, sizeof(*tmf));
	u8 how = get8();

	x.dev->task_aborted_status = how & 4;
	tmf->nexus = &x.other;
	tmf->fn = fns[how % 4];
	x.nr_other_tmfs++;
	x.elsewhere = !(how & 8);
	scst_tmf_submit(tmf);
	x.elsewhere = false;
}

/* A login wants to take the place of a connection, or gives up. */
static void step_reinstatement(u8 how)
{
	if (how & 64) {
		if (!x.holds)
			iscsi_session_hold(ini.sess);
		x.holds = true;
	} else if (x.holds) {
		x.holds = false;
		iscsi_session_unhold(ini.sess);
		if (!ini.sess)
			return;
	}
	if (how & 32)
		x.wants_cid |= !iscsi_session_free_cid(ini.sess,
						       how >> 4 & 1);
}

static void step_connection(void)
{
	u8 how = get8();

	switch (how % 4) {
	case 0:
		del_wire(me.w);
		break;
	case 1:
		if (how & 128)
			step_reinstatement(how);
		else
			iscsi_conn_request_logout(me.w->conn, how);
		break;
	case 2:
		if (!ini.wire[1].stat_sn)
			connect_wire(&ini.wire[1]);
		break;
	case 3:
		x.feed = get8();
		break;
	}
}

static void step_device(void)
{
	u8 how = get8();

	if (how & 1)
		x.hold = how & 2;
	if (how & 4)
		x.fail_buffers = how >> 6;
	if (how & 8)
		scst_device_ua(x.dev, SENSE_UA_CAPACITY_CHANGED, 0);
	if (how & 16) {
		core_fail_alloc(1 + (how >> 5));
		me.armed = true;
		ini.no_memory = true;
	}
}

static void step_read(void)
{
	step_command(SCSI_READ_10, ISCSI_CMD_READ);
}

static void step_write(void)
{
	step_command(SCSI_WRITE_10, ISCSI_CMD_WRITE);
}

/* As often as they shall be taken. */
static void (*const steps[])(void) = {
	step_raw, step_any, step_text, step_nop, step_tmf, step_logout,
	step_read, step_read, step_write, step_write, step_write,
	step_other_command, step_solicited, step_solicited, step_solicited,
	step_solicited, step_unsolicited, step_complete, step_complete,
	step_take, step_again, step_time, step_other_reset, step_connection, step_device,
};

static void step(void)
{
	u8 kind = get8();

	me.w = &ini.wire[kind >> 7];
	if (!me.w->conn)
		me.w = &ini.wire[!(kind >> 7)];
	steps[(kind & 0x7f) % ARRAY_SIZE(steps)]();
	run();
	if (!me.armed)
		core_fail_alloc(0);
	me.armed = false;
}

/* -------------------------------------------------------------------------- */

static void get_params(struct iscsi_params *params)
{
	u8 flags = get8();

	iscsi_params_offer(params);
	params->max_connections = WIRES;
	params->header_digest = flags & 1 ? ISCSI_DIGEST_CRC32C :
					    ISCSI_DIGEST_NONE;
	params->data_digest = flags & 2 ? ISCSI_DIGEST_CRC32C :
					  ISCSI_DIGEST_NONE;
	params->immediate_data = flags & 4;
	params->initial_r2t = flags & 8;
	x.discovery = (flags & 0x70) == 0x70;
	x.slow_close = flags & 0x80;
	if ((flags & 0x30) == 0x30)
		params->max_connections = 1;
	params->max_recv = GET_OF(512, 1001, 8192, 40000);
	params->max_xmit = GET_OF(512, 1002, 4096, 65536);
	params->first_burst = GET_OF(512, 1003, 4096, 16384);
	params->max_burst = max(params->first_burst,
				GET_OF(512, 2047, 8192));
	params->max_outstanding_r2t = GET_OF(1, 2, 4, 8, 20);
}

static void up(void)
{
	memset(&me, 0, sizeof(me));
	memset(&x, 0, sizeof(x));
	me.itt = 0x100;
	get_params(&ini.params);
	x.feed = get8();
	x.gather_max = GET_OF(64, 1, 3, 8);
	x.sent_max = GET_OF(OUT_MAX, 137, 1000);
	x.seg_size = GET_OF(0, 4096, 515);
	x.depth = GET_OF(1, 3, 8, 32);
	owner_up();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 i;

	input_set(data, size);
	up();
	for (i = 0; i < STEPS_MAX && in.len && connected(); i++)
		step();
	owner_down();
	return 0;
}
