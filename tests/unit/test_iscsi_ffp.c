// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of iSCSI full feature phase: numbering, NOP, logout, what is
 * rejected, discovery sessions.
 */
#include "iscsi_peer.h"

static u8 buf[65536];

static void setup_held(void)
{
	peer_ready();
	p.hold = true;
}

static void setup_discovery(void)
{
	peer_up();
	p.discovery = true;
	peer_login();
}

/* A command with another CmdSN than the next, which does not count. */
static struct iscsi_bhs numbered(u32 sn)
{
	struct iscsi_bhs bhs = scsi(SCSI_TEST_UNIT_READY, 0, 0, 0, 0);

	bhs.cmd.cmd_sn = cpu_to_be32(sn);
	return bhs;
}

static struct iscsi_bhs immediate(struct iscsi_bhs bhs)
{
	bhs.opcode |= ISCSI_IMMEDIATE;
	return bhs;
}

static u32 itt_of(const struct iscsi_bhs *bhs)
{
	return be32_to_cpu(bhs->itt);
}

/* ---- CmdSN -------------------------------------------------------------------- */

START_TEST(commands_are_counted)
{
	u32 i;

	/* Across the wrap of the numbers. */
	for (i = 1; i < 40; i++) {
		response(cmd_none(), SCSI_GOOD);
		ck_assert_uint_eq(p.exp_cmd_sn, FIRST_SN + i);
		ck_assert_uint_eq(p.max_cmd_sn, FIRST_SN + i + p.depth - 1);
	}
}
END_TEST

START_TEST(number_below_the_window_is_ignored)
{
	cmd_none();
	answer(ISCSI_SCSI_RSP);
	put_pdu(numbered(p.cmd_sn - 1), NULL, 0);
	put_pdu(numbered(p.cmd_sn - 100), NULL, 0);
	put_pdu(numbered(p.cmd_sn + 0x80000000u), NULL, 0);
	no_answer();
	ck_assert_uint_eq(p.nr_executed, 1);
	response(cmd_none(), SCSI_GOOD);
}
END_TEST

START_TEST(number_above_the_window_is_ignored)
{
	put_pdu(numbered(p.cmd_sn + p.depth), NULL, 0);
	put_pdu(numbered(p.cmd_sn + 0x7fffffff), NULL, 0);
	no_answer();
	response(cmd_none(), SCSI_GOOD);
}
END_TEST

/* ... with all that is in it. */
START_TEST(data_of_an_ignored_command_is_dropped)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 1, ISCSI_CMD_WRITE, 512);

	p.feed = _i;
	bhs.cmd.cmd_sn = cpu_to_be32(p.cmd_sn - 1);
	put_pdu(bhs, buf, 511);
	no_answer();
	response(cmd_none(), SCSI_GOOD);
}
END_TEST

/* Nobody else could fill the gap. */
START_TEST(gap_ends_a_single_connection)
{
	put_pdu(numbered(p.cmd_sn + 1), NULL, 0);
	ck_dropped("CmdSN");
}
END_TEST

START_TEST(gap_waits_for_the_other_connection)
{
	struct iscsi_bhs bhs = numbered(p.cmd_sn + 1);
	struct wire *w = p.w;

	p.sess->params.max_connections = 2;
	peer_connect();
	put_pdu(bhs, NULL, 0);
	ck_assert(p.w->conn->rx.paused);
	no_answer();
	/* What comes behind it waits, too. */
	put_pdu(numbered(p.cmd_sn + 2), NULL, 0);
	p.cmd_sn += 2;
	p.w = w;
	put_pdu(numbered(p.cmd_sn - 2), NULL, 0);
	answer(ISCSI_SCSI_RSP);
	no_answer();
	p.w = &p.wire[1];
	response(itt_of(&bhs), SCSI_GOOD);
	answer(ISCSI_SCSI_RSP);
	ck_assert_uint_ge(p.w->nr_resumed, 1);
	ck_assert_uint_eq(p.exp_cmd_sn, FIRST_SN + 3);
}
END_TEST

START_TEST(gap_may_be_behind_data)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 1, ISCSI_CMD_WRITE, 512);

	p.sess->params.max_connections = 2;
	peer_connect();
	p.feed = _i;
	memset(buf, 0x5a, 512);
	bhs.cmd.cmd_sn = cpu_to_be32(p.cmd_sn + 1);
	put_pdu(bhs, buf, 512);
	no_answer();
	p.w = &p.wire[0];
	cmd_none();
	answer(ISCSI_SCSI_RSP);
	p.w = &p.wire[1];
	response(itt_of(&bhs), SCSI_GOOD);
	ck_assert_mem_eq(p.mem, buf, 512);
}
END_TEST

START_TEST(number_on_both_connections_is_taken_once)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 1, ISCSI_CMD_WRITE, 512);
	struct wire *w = p.w;

	p.sess->params.max_connections = 2;
	memset(buf, 0x5a, 512);
	w->mute_after = ISCSI_BHS_LEN + 412;
	put_pdu(bhs, buf, 512);
	peer_connect();
	put_pdu(numbered(p.cmd_sn), NULL, 0);
	no_answer();
	p.w = w;
	w->mute_after = SIZE_MAX;
	put_bytes(buf, 100);
	pump();
	response(itt_of(&bhs), SCSI_GOOD);
	ck_assert_uint_eq(p.exp_cmd_sn, FIRST_SN + 1);
}
END_TEST

START_TEST(window_closes_and_opens)
{
	u32 itt[8], i;

	for (i = 0; i < 8; i++)
		itt[i] = cmd_none();
	/* Full: what comes now is ignored. */
	put_pdu(numbered(p.cmd_sn), NULL, 0);
	no_answer();
	complete(itt[0]);
	response(itt[0], SCSI_GOOD);
	ck_assert_uint_eq(p.max_cmd_sn, p.cmd_sn);
	complete(itt[5]);
	response(itt[5], SCSI_GOOD);
	ck_assert_uint_eq(p.max_cmd_sn, p.cmd_sn + 1);
	itt[0] = cmd_none();
	ck_assert(held_cmd(itt[0]));
}
END_TEST

/* Immediate commands take room and shall not take back what was granted. */
START_TEST(window_never_shrinks)
{
	struct iscsi_bhs bhs;
	u32 i, max = p.max_cmd_sn;

	for (i = 0; i < 6; i++)
		put_pdu(immediate(numbered(p.cmd_sn)), NULL, 0);
	bhs = request(ISCSI_NOP_OUT | ISCSI_IMMEDIATE);
	put(bhs, NULL, 0);
	answer(ISCSI_NOP_IN);
	ck_assert_uint_eq(p.max_cmd_sn, max);
	for (i = 0; i < 8; i++)
		ck_assert(held_cmd(cmd_none()));
}
END_TEST

START_TEST(unread_answers_keep_the_window_shut)
{
	u32 i;

	p.hold = false;
	p.w->deaf = true;
	for (i = 0; i < 8; i++)
		cmd_none();
	put_pdu(numbered(p.cmd_sn), NULL, 0);
	ck_assert_uint_eq(p.nr_executed, 8);
	p.w->deaf = false;
	for (i = 0; i < 8; i++)
		answer(ISCSI_SCSI_RSP);
	no_answer();
	cmd_none();
	ck_assert_uint_eq(p.nr_executed, 9);
}
END_TEST

/* ---- Immediate commands ---------------------------------------------------------- */

START_TEST(immediate_command_is_not_counted)
{
	struct iscsi_bhs bhs = immediate(numbered(p.cmd_sn));

	put_pdu(bhs, NULL, 0);
	response(itt_of(&bhs), SCSI_GOOD);
	ck_assert_uint_eq(p.exp_cmd_sn, FIRST_SN);
	response(cmd_none(), SCSI_GOOD);
	ck_assert_uint_eq(p.exp_cmd_sn, FIRST_SN + 1);
}
END_TEST

START_TEST(immediate_command_has_any_number)
{
	put_pdu(immediate(numbered(p.cmd_sn + 1000)), NULL, 0);
	answer(ISCSI_SCSI_RSP);
	put_pdu(immediate(numbered(p.cmd_sn - 1000)), NULL, 0);
	answer(ISCSI_SCSI_RSP);
}
END_TEST

START_TEST(immediate_commands_have_their_limit)
{
	struct iscsi_bhs first = immediate(numbered(p.cmd_sn));
	u32 i;

	put_pdu(first, NULL, 0);
	for (i = 1; i < 32; i++)
		put_pdu(immediate(numbered(p.cmd_sn)), NULL, 0);
	no_answer();
	put_pdu(immediate(numbered(p.cmd_sn)), NULL, 0);
	ck_reject(ISCSI_REJECT_IMMEDIATE);
	/* Others are not concerned. */
	ck_assert(held_cmd(cmd_none()));
	complete(itt_of(&first));
	response(itt_of(&first), SCSI_GOOD);
	put_pdu(immediate(numbered(p.cmd_sn)), NULL, 0);
	no_answer();
}
END_TEST

/* ---- Tags ------------------------------------------------------------------------ */

START_TEST(tag_in_use_is_rejected)
{
	u32 itt = cmd_none();
	struct iscsi_bhs bhs = numbered(p.cmd_sn);
	const struct pdu *pdu;

	bhs.itt = cpu_to_be32(itt);
	put_pdu(bhs, NULL, 0);
	pdu = answer(ISCSI_REJECT);
	ck_assert_uint_eq(pdu->bhs.byte2, ISCSI_REJECT_IN_PROGRESS);
	ck_assert_mem_eq(pdu->data, &bhs, sizeof(bhs));
	/* It was not received, and its number is free. */
	ck_assert_uint_eq(p.exp_cmd_sn, p.cmd_sn);
	complete(itt);
	response(itt, SCSI_GOOD);
	put(bhs, NULL, 0);
	complete(itt);
	response(itt, SCSI_GOOD);
}
END_TEST

START_TEST(tag_is_free_once_answered)
{
	struct iscsi_bhs bhs = numbered(p.cmd_sn);
	u32 i;

	p.hold = false;
	for (i = 0; i < 20; i++) {
		bhs.cmd.cmd_sn = cpu_to_be32(p.cmd_sn);
		put(bhs, NULL, 0);
		response(itt_of(&bhs), SCSI_GOOD);
	}
}
END_TEST

START_TEST(many_tags_at_once)
{
	u32 itt[8], i;

	/* All in one bucket, or nearly. */
	for (i = 0; i < 8; i++) {
		p.itt = i << 26;
		itt[i] = cmd_none();
	}
	for (i = 8; i-- > 0;) {
		complete(itt[i]);
		response(itt[i], SCSI_GOOD);
	}
}
END_TEST

/* ---- What is rejected -------------------------------------------------------------- */

static void bad_tag(struct iscsi_bhs *bhs)
{
	bhs->itt = cpu_to_be32(ISCSI_TAG_NONE);
}

static void bad_attr(struct iscsi_bhs *bhs)
{
	bhs->flags |= 7;
}

static void both_ways(struct iscsi_bhs *bhs)
{
	bhs->flags |= ISCSI_CMD_READ | ISCSI_CMD_WRITE;
}

static void data_without_write(struct iscsi_bhs *bhs)
{
	bhs->flags &= ~ISCSI_CMD_WRITE;
}

static void more_than_expected(struct iscsi_bhs *bhs)
{
	bhs->cmd.expected = cpu_to_be32(511);
}

static void no_immediate_data(struct iscsi_bhs *bhs)
{
	p.sess->params.immediate_data = false;
}

static void beyond_first_burst(struct iscsi_bhs *bhs)
{
	p.sess->params.first_burst = 511;
}

static void unsolicited_without_write(struct iscsi_bhs *bhs)
{
	bhs->flags &= ~(ISCSI_CMD_WRITE | ISCSI_FINAL);
}

static void unsolicited_against_initial_r2t(struct iscsi_bhs *bhs)
{
	bhs->flags &= ~ISCSI_FINAL;
	p.sess->params.initial_r2t = true;
}

static const struct {
	void (*spoil)(struct iscsi_bhs *bhs);
	u8 reason;
} bad_commands[] = {
	{ bad_tag, ISCSI_REJECT_INVALID_FIELD },
	{ bad_attr, ISCSI_REJECT_INVALID_FIELD },
	{ both_ways, ISCSI_REJECT_INVALID_FIELD },
	{ data_without_write, ISCSI_REJECT_INVALID_FIELD },
	{ more_than_expected, ISCSI_REJECT_INVALID_FIELD },
	{ no_immediate_data, ISCSI_REJECT_PROTOCOL },
	{ beyond_first_burst, ISCSI_REJECT_PROTOCOL },
	{ unsolicited_against_initial_r2t, ISCSI_REJECT_PROTOCOL },
};

START_TEST(bad_command_is_rejected)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 1, ISCSI_CMD_WRITE, 512);

	bad_commands[_i].spoil(&bhs);
	put_pdu(bhs, buf, 512);
	ck_reject(bad_commands[_i].reason);
	no_answer();
	ck_assert_uint_eq(p.nr_executed, 0);
	ck_assert_uint_eq(p.exp_cmd_sn, p.cmd_sn);
	response(cmd_none(), SCSI_GOOD);
}
END_TEST

START_TEST(unsolicited_data_of_a_read_is_rejected)
{
	struct iscsi_bhs bhs = scsi(SCSI_READ_10, 0, 1, ISCSI_CMD_READ, 512);

	unsolicited_without_write(&bhs);
	put_pdu(bhs, NULL, 0);
	ck_reject(ISCSI_REJECT_PROTOCOL);
}
END_TEST

START_TEST(attributes_reach_the_core)
{
	static const struct {
		u8 iscsi;
		u8 core;
	} attrs[] = {
		{ ISCSI_ATTR_UNTAGGED, SCST_SIMPLE },
		{ ISCSI_ATTR_SIMPLE, SCST_SIMPLE },
		{ ISCSI_ATTR_ORDERED, SCST_ORDERED },
		{ ISCSI_ATTR_HOQ, SCST_HEAD_OF_QUEUE },
	};
	struct iscsi_bhs bhs = numbered(p.cmd_sn);

	bhs.flags = ISCSI_FINAL | attrs[_i].iscsi;
	put(bhs, NULL, 0);
	ck_assert_uint_eq(scst_cmd_task(held_cmd(itt_of(&bhs)))->attr,
			  attrs[_i].core);
}
END_TEST

START_TEST(aca_attribute_has_a_response)
{
	struct iscsi_bhs bhs = numbered(p.cmd_sn);

	bhs.flags = ISCSI_FINAL | ISCSI_ATTR_ACA;
	put(bhs, NULL, 0);
	ck_sense(itt_of(&bhs), SENSE_INVALID_MESSAGE);
}
END_TEST

START_TEST(unknown_opcode_is_rejected)
{
	static const u8 opcodes[] = { 0x07, 0x0f, 0x11, 0x1c, 0x1f, 0x20,
				      0x3f, ISCSI_LOGIN_REQ };
	struct iscsi_bhs bhs = request(opcodes[_i]);
	const struct pdu *pdu;

	p.feed = _i % FEED_MODES;
	bhs.opcode |= _i & 1 ? ISCSI_IMMEDIATE : 0;
	put_pdu(bhs, buf, 33);
	pdu = answer(ISCSI_REJECT);
	ck_assert_uint_eq(pdu->bhs.byte2, ISCSI_REJECT_NOT_SUPPORTED);
	ck_assert_mem_eq(pdu->data, &bhs, 4);
	ck_assert_mem_eq(pdu->data + 8, (u8 *)&bhs + 8, 40);
	response(cmd_none(), SCSI_GOOD);
}
END_TEST

START_TEST(request_without_a_tag_is_rejected)
{
	static const u8 opcodes[] = { ISCSI_TMF_REQ, ISCSI_TEXT_REQ,
				      ISCSI_LOGOUT_REQ };
	struct iscsi_bhs bhs = request(opcodes[_i]);

	bhs.flags = ISCSI_FINAL;
	bhs.itt = cpu_to_be32(ISCSI_TAG_NONE);
	bhs.req.ttt = cpu_to_be32(ISCSI_TAG_NONE);
	put_pdu(bhs, "SendTargets=All", opcodes[_i] == ISCSI_TEXT_REQ ? 16 : 0);
	ck_reject(ISCSI_REJECT_INVALID_FIELD);
	response(cmd_none(), SCSI_GOOD);
}
END_TEST

START_TEST(snack_is_rejected)
{
	put_pdu(request(ISCSI_SNACK), NULL, 0);
	ck_reject(ISCSI_REJECT_SNACK);
	ck_assert_uint_eq(p.exp_cmd_sn, p.cmd_sn);
}
END_TEST

START_TEST(data_segment_beyond_our_limit_ends_the_connection)
{
	struct iscsi_bhs bhs = request(ISCSI_NOP_OUT);

	put_pdu(bhs, buf, p.params.max_recv + 1);
	ck_dropped("longer than agreed");
}
END_TEST

/* ---- NOP -------------------------------------------------------------------------- */

START_TEST(ping_is_answered)
{
	static const u32 lens[] = { 0, 1, 2, 3, 4, 511, 4096, 8192 };
	struct iscsi_bhs bhs = request(ISCSI_NOP_OUT);
	const struct pdu *pdu;

	p.feed = _i / 8;
	memset(buf, 0xa5, sizeof(buf));
	put(bhs, buf, lens[_i % 8]);
	pdu = answer(ISCSI_NOP_IN);
	ck_assert_uint_eq(pdu->bhs.flags, ISCSI_FINAL);
	ck_sn(pdu->bhs.itt, itt_of(&bhs));
	ck_sn(pdu->bhs.in.ttt, ISCSI_TAG_NONE);
	/* No more than the initiator takes at once. */
	ck_assert_uint_eq(pdu->len, min(lens[_i % 8], p.params.max_xmit));
	ck_assert_mem_eq(pdu->data, buf, pdu->len);
	ck_assert_uint_eq(p.exp_cmd_sn, p.cmd_sn);
}
END_TEST

START_TEST(immediate_ping_is_not_counted)
{
	put(request(ISCSI_NOP_OUT | ISCSI_IMMEDIATE), NULL, 0);
	answer(ISCSI_NOP_IN);
	ck_assert_uint_eq(p.exp_cmd_sn, FIRST_SN);
}
END_TEST

START_TEST(ping_without_a_tag_wants_no_answer)
{
	struct iscsi_bhs bhs = request(ISCSI_NOP_OUT | ISCSI_IMMEDIATE);

	bhs.itt = cpu_to_be32(ISCSI_TAG_NONE);
	put(bhs, buf, 20);
	no_answer();
}
END_TEST

#define SECOND ((u64)NSEC_PER_SEC)

static void ping_every(u32 interval, u32 timeout)
{
	p.w->conn->ping_interval = interval;
	p.w->conn->ping_timeout = timeout;
	p.w->conn->last_rx = 100 * SECOND;
}

START_TEST(silent_initiator_is_pinged)
{
	struct iscsi_conn *conn = p.w->conn;
	const struct pdu *pdu;
	struct iscsi_bhs bhs;

	ping_every(10, 5);
	ck_assert_uint_eq(iscsi_conn_tick(conn, 105 * SECOND), 110 * SECOND);
	no_answer();
	ck_assert_uint_eq(iscsi_conn_tick(conn, 110 * SECOND), 115 * SECOND);
	pdu = answer(ISCSI_NOP_IN);
	ck_sn(pdu->bhs.itt, ISCSI_TAG_NONE);
	ck_assert(pdu->bhs.in.ttt != cpu_to_be32(ISCSI_TAG_NONE));

	/* The answer counts, not that the time is short. */
	ck_assert_uint_eq(iscsi_conn_tick(conn, 114 * SECOND), 115 * SECOND);
	bhs = request(ISCSI_NOP_OUT | ISCSI_IMMEDIATE);
	bhs.itt = cpu_to_be32(ISCSI_TAG_NONE);
	bhs.req.ttt = pdu->bhs.in.ttt;
	put(bhs, NULL, 0);
	no_answer();
	conn->last_rx = 114 * SECOND;
	ck_assert_uint_eq(iscsi_conn_tick(conn, 115 * SECOND), 124 * SECOND);
	ck_assert(!p.w->dropped);
}
END_TEST

START_TEST(who_does_not_answer_is_dropped)
{
	struct iscsi_conn *conn = p.w->conn;

	ping_every(10, 5);
	iscsi_conn_tick(conn, 110 * SECOND);
	answer(ISCSI_NOP_IN);
	ck_assert_uint_eq(iscsi_conn_tick(conn, 115 * SECOND), 0);
	ck_dropped("NOP-In");
	ck_assert_uint_eq(iscsi_conn_tick(conn, 116 * SECOND), 0);
}
END_TEST

/* We were stopped, or the clock jumped: then it has another chance. */
START_TEST(late_tick_drops_nobody)
{
	struct iscsi_conn *conn = p.w->conn;

	ping_every(10, 5);
	iscsi_conn_tick(conn, 110 * SECOND);
	answer(ISCSI_NOP_IN);
	ck_assert_uint_eq(iscsi_conn_tick(conn, 5000 * SECOND), 5005 * SECOND);
	ck_assert(!p.w->dropped);
	iscsi_conn_tick(conn, 5005 * SECOND);
	ck_dropped("NOP-In");
}
END_TEST

START_TEST(answer_to_another_ping_does_not_count)
{
	struct iscsi_conn *conn = p.w->conn;
	struct iscsi_bhs bhs;

	ping_every(10, 5);
	iscsi_conn_tick(conn, 110 * SECOND);
	bhs = request(ISCSI_NOP_OUT | ISCSI_IMMEDIATE);
	bhs.itt = cpu_to_be32(ISCSI_TAG_NONE);
	bhs.req.ttt = cpu_to_be32(be32_to_cpu(
			answer(ISCSI_NOP_IN)->bhs.in.ttt) + 1);
	put(bhs, NULL, 0);
	iscsi_conn_tick(conn, 115 * SECOND);
	ck_dropped("NOP-In");
}
END_TEST

START_TEST(busy_initiator_is_not_pinged)
{
	ping_every(10, 5);
	p.w->conn->last_rx = 109 * SECOND;
	ck_assert_uint_eq(iscsi_conn_tick(p.w->conn, 110 * SECOND),
			  119 * SECOND);
	no_answer();
	ping_every(0, 5);
	ck_assert_uint_eq(iscsi_conn_tick(p.w->conn, 1000 * SECOND), 0);
	no_answer();
}
END_TEST

/* ---- Logout ------------------------------------------------------------------------ */

static void ck_logout(struct iscsi_bhs bhs, u8 rsp)
{
	const struct pdu *pdu;

	put(bhs, NULL, 0);
	pdu = answer(ISCSI_LOGOUT_RSP);
	ck_sn(pdu->bhs.itt, itt_of(&bhs));
	ck_assert_uint_eq(pdu->bhs.flags, ISCSI_FINAL);
	ck_assert_uint_eq(pdu->bhs.byte2, rsp);
	ck_assert_uint_eq(be16_to_cpu(pdu->bhs.logout_rsp.time2wait),
			  p.params.time2wait);
}

START_TEST(session_is_closed)
{
	ck_logout(logout(ISCSI_LOGOUT_SESSION, 0), ISCSI_LOGOUT_DONE);
	ck_dropped(NULL);
}
END_TEST

START_TEST(connection_is_closed)
{
	ck_logout(logout(ISCSI_LOGOUT_CONNECTION, p.w->cid),
		  ISCSI_LOGOUT_DONE);
	ck_dropped(NULL);
}
END_TEST

START_TEST(other_connection_is_not_there)
{
	ck_logout(logout(ISCSI_LOGOUT_CONNECTION, p.w->cid + 1),
		  ISCSI_LOGOUT_NO_CID);
	ck_assert(!p.w->dropped);
	response(cmd_none(), SCSI_GOOD);
}
END_TEST

START_TEST(recovery_is_not_supported)
{
	ck_logout(logout(ISCSI_LOGOUT_RECOVERY, p.w->cid),
		  ISCSI_LOGOUT_NO_RECOVERY);
	ck_assert(!p.w->dropped);
}
END_TEST

START_TEST(answers_before_the_logout_are_sent)
{
	u32 itt[3], i;

	p.w->deaf = true;
	for (i = 0; i < 3; i++)
		itt[i] = cmd_read(0, 16);
	put(logout(ISCSI_LOGOUT_SESSION, 0), NULL, 0);
	/* Behind it nothing is heard. */
	cmd_none();
	ck_assert_uint_eq(p.nr_executed, 3);
	ck_assert(!p.w->dropped);
	p.w->deaf = false;
	for (i = 0; i < 3; i++) {
		answer(ISCSI_DATA_IN);
		ck_sn(answer(ISCSI_DATA_IN)->bhs.itt, itt[i]);
	}
	answer(ISCSI_LOGOUT_RSP);
	ck_dropped(NULL);
}
END_TEST

START_TEST(nexus_is_lost_before_logout_is_answered)
{
	struct iscsi_conn joining = { .sess = p.sess };

	p.w->deaf = true;
	put(logout(ISCSI_LOGOUT_SESSION, 0), NULL, 0);
	ck_assert(!p.w->dropped);
	ck_assert(list_empty(&p.tgt->nexuses));
	ck_assert_int_eq(iscsi_conn_start(&joining, 0), -ENOTCONN);
	p.w->deaf = false;
	answer(ISCSI_LOGOUT_RSP);
	ck_dropped(NULL);
}
END_TEST

START_TEST(logout_can_be_asked_for)
{
	const struct pdu *pdu;

	iscsi_conn_request_logout(p.w->conn, 5);
	pdu = answer(ISCSI_ASYNC);
	ck_assert_uint_eq(pdu->bhs.in.async_event, ISCSI_ASYNC_LOGOUT);
	ck_sn(pdu->bhs.itt, ISCSI_TAG_NONE);
	ck_assert_uint_eq(be16_to_cpu(pdu->bhs.in.param3), 5);
}
END_TEST

/* ---- Discovery sessions --------------------------------------------------------------- */

START_TEST(discovery_session_has_no_commands)
{
	static const u8 opcodes[] = { ISCSI_SCSI_CMD, ISCSI_TMF_REQ,
				      ISCSI_DATA_OUT, ISCSI_SNACK };
	struct iscsi_bhs bhs = request(opcodes[_i]);

	put_pdu(bhs, NULL, 0);
	ck_reject(ISCSI_REJECT_PROTOCOL);
	put(request(ISCSI_NOP_OUT), NULL, 0);
	answer(ISCSI_NOP_IN);
}
END_TEST

START_TEST(discovery_session_can_log_out)
{
	ck_logout(logout(ISCSI_LOGOUT_SESSION, 0), ISCSI_LOGOUT_DONE);
	ck_dropped(NULL);
	peer_disconnect();
	ck_assert_ptr_null(p.sess);
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *sn_tcase(void)
{
	TCase *tc = tcase_create("CmdSN");

	tcase_add_checked_fixture(tc, peer_ready, peer_down);
	tcase_add_test(tc, commands_are_counted);
	tcase_add_test(tc, number_below_the_window_is_ignored);
	tcase_add_test(tc, number_above_the_window_is_ignored);
	tcase_add_loop_test(tc, data_of_an_ignored_command_is_dropped, 0,
			    FEED_MODES);
	tcase_add_test(tc, gap_ends_a_single_connection);
	tcase_add_test(tc, gap_waits_for_the_other_connection);
	tcase_add_loop_test(tc, gap_may_be_behind_data, 0, FEED_MODES);
	tcase_add_test(tc, number_on_both_connections_is_taken_once);
	tcase_add_test(tc, immediate_command_is_not_counted);
	tcase_add_test(tc, immediate_command_has_any_number);
	tcase_add_loop_test(tc, bad_command_is_rejected, 0,
			    ARRAY_SIZE(bad_commands));
	tcase_add_test(tc, unsolicited_data_of_a_read_is_rejected);
	tcase_add_test(tc, aca_attribute_has_a_response);
	tcase_add_loop_test(tc, unknown_opcode_is_rejected, 0, 8);
	tcase_add_loop_test(tc, request_without_a_tag_is_rejected, 0, 3);
	tcase_add_test(tc, snack_is_rejected);
	tcase_add_test(tc, data_segment_beyond_our_limit_ends_the_connection);
	return tc;
}

static TCase *held_tcase(void)
{
	TCase *tc = tcase_create("commands under way");

	tcase_add_checked_fixture(tc, setup_held, peer_down);
	tcase_add_test(tc, window_closes_and_opens);
	tcase_add_test(tc, window_never_shrinks);
	tcase_add_test(tc, unread_answers_keep_the_window_shut);
	tcase_add_test(tc, immediate_commands_have_their_limit);
	tcase_add_test(tc, tag_in_use_is_rejected);
	tcase_add_test(tc, tag_is_free_once_answered);
	tcase_add_test(tc, many_tags_at_once);
	tcase_add_loop_test(tc, attributes_reach_the_core, 0, 4);
	return tc;
}

static TCase *nop_tcase(void)
{
	TCase *tc = tcase_create("NOP and logout");

	tcase_add_checked_fixture(tc, peer_ready, peer_down);
	tcase_add_loop_test(tc, ping_is_answered, 0, 8 * FEED_MODES);
	tcase_add_test(tc, immediate_ping_is_not_counted);
	tcase_add_test(tc, ping_without_a_tag_wants_no_answer);
	tcase_add_test(tc, silent_initiator_is_pinged);
	tcase_add_test(tc, who_does_not_answer_is_dropped);
	tcase_add_test(tc, late_tick_drops_nobody);
	tcase_add_test(tc, answer_to_another_ping_does_not_count);
	tcase_add_test(tc, busy_initiator_is_not_pinged);
	tcase_add_test(tc, session_is_closed);
	tcase_add_test(tc, connection_is_closed);
	tcase_add_test(tc, other_connection_is_not_there);
	tcase_add_test(tc, recovery_is_not_supported);
	tcase_add_test(tc, answers_before_the_logout_are_sent);
	tcase_add_test(tc, nexus_is_lost_before_logout_is_answered);
	tcase_add_test(tc, logout_can_be_asked_for);
	return tc;
}

static TCase *discovery_tcase(void)
{
	TCase *tc = tcase_create("discovery");

	tcase_add_checked_fixture(tc, setup_discovery, peer_down);
	tcase_add_loop_test(tc, discovery_session_has_no_commands, 0, 4);
	tcase_add_test(tc, discovery_session_can_log_out);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		sn_tcase, held_tcase, nop_tcase, discovery_tcase,
	};

	return peer_main_ffp("iscsi_ffp", tcases, ARRAY_SIZE(tcases));
}
