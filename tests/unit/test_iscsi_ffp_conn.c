// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of iSCSI connections in full feature phase that end in the
 * middle of things, and of initiators that do not read.
 */
#include "iscsi_peer.h"

static u8 buf[65536];

static void setup_held(void)
{
	peer_ready();
	p.hold = true;
}

static u32 itt_of(const struct iscsi_bhs *bhs)
{
	return be32_to_cpu(bhs->itt);
}

static void cmd_read_as(u8 bits)
{
	struct iscsi_bhs bhs = scsi(SCSI_READ_10, 0, 16, ISCSI_CMD_READ, 8192);

	bhs.opcode |= bits;
	put_pdu(bhs, NULL, 0);
}

/* ---- Connections that go ---------------------------------------------------------------- */

START_TEST(idle_session_goes_with_its_connection)
{
	peer_disconnect();
	pump();
	ck_assert_ptr_null(p.sess);
}
END_TEST

START_TEST(session_waits_for_the_disk)
{
	u32 itt = cmd_read(0, 1);

	peer_disconnect();
	pump();
	ck_assert_ptr_nonnull(p.sess);
	complete(itt);
	ck_assert_ptr_null(p.sess);
}
END_TEST

START_TEST(session_waits_for_answers_from_elsewhere)
{
	u32 itt1 = cmd_read(0, 1), itt2 = cmd_none();

	p.elsewhere = true;
	complete_quietly(itt1, SENSE_NONE);
	peer_disconnect();
	complete_quietly(itt2, SENSE_NONE);
	ck_assert_ptr_nonnull(p.sess);
	pump();
	ck_assert_ptr_null(p.sess);
}
END_TEST

START_TEST(connection_goes_while_data_is_awaited)
{
	cmd_write(0, 16);
	answer(ISCSI_R2T);
	peer_disconnect();
	pump();
	ck_assert_ptr_null(p.sess);
}
END_TEST

START_TEST(connection_goes_with_an_r2t_unsent)
{
	p.w->deaf = true;
	cmd_write(0, 16);
	cmd_write(16, 16);
	peer_disconnect();
	pump();
	ck_assert_ptr_null(p.sess);
}
END_TEST

/* In the middle of every PDU of a write, after every byte. */
START_TEST(connection_goes_anywhere)
{
	struct iscsi_bhs bhs;
	u32 n;

	for (n = 0; n < 2 * ISCSI_BHS_LEN + 2 * 512; n++) {
		bhs = scsi(SCSI_WRITE_10, 0, 2, ISCSI_CMD_WRITE, 1024);
		bhs.flags &= ~ISCSI_FINAL;
		p.w->deaf = n & 1;
		p.elsewhere = n & 2;
		p.w->mute_after = n;
		put(bhs, buf, 512);
		put_pdu(data_out(itt_of(&bhs), ISCSI_TAG_NONE, 0, 512, true),
			buf, 512);
		peer_disconnect();
		pump();
		ck_assert_ptr_null(p.sess);
		p.elsewhere = false;
		peer_login();
	}
}
END_TEST

START_TEST(connection_goes_with_answers_unsent)
{
	u32 n, i;

	p.hold = false;
	for (n = 0; n < 60; n++) {
		p.w->deaf = true;
		cmd_read(0, 32);
		cmd_none();
		put(request(ISCSI_NOP_OUT), buf, 100);
		cmd_write(0, 16);
		/* Some of it goes. */
		p.sent_max = 700;
		for (i = 0; i < n; i++)
			take_once();
		peer_disconnect();
		pump();
		ck_assert_ptr_null(p.sess);
		peer_login();
	}
}
END_TEST

START_TEST(one_of_two_connections_goes)
{
	u32 itt;

	p.sess->params.max_connections = 2;
	peer_connect();
	itt = cmd_read(0, 1);
	peer_disconnect();
	/* Its command is lost, the session is not. */
	complete(itt);
	no_answer();
	itt = cmd_none();
	complete(itt);
	response(itt, SCSI_GOOD);
}
END_TEST

/* ---- Connections that go while others stay ------------------------------------- */

/* A second one, which is in use then. */
static void further(void)
{
	p.sess->params.max_connections = 2;
	peer_connect();
}

static void ck_logged_out(void)
{
	ck_assert_uint_eq(answer(ISCSI_LOGOUT_RSP)->bhs.byte2,
			  ISCSI_LOGOUT_DONE);
}

/* Whoever has the answer may write by another path. */
START_TEST(logout_waits_for_commands)
{
	u32 itt = cmd_read(0, 1);

	put(logout(ISCSI_LOGOUT_SESSION, 0), NULL, 0);
	ck_assert(scst_task_aborted(container_of(held_cmd(itt),
						 struct scst_task, cmd)));
	no_answer();
	complete(itt);
	ck_logged_out();
	ck_dropped(NULL);
}
END_TEST

START_TEST(logout_ends_the_connections_commands)
{
	u32 others = cmd_read(0, 1), itt;

	further();
	itt = cmd_read(8, 1);
	cmd_write(16, 16);
	answer(ISCSI_R2T);
	put(logout(ISCSI_LOGOUT_CONNECTION, p.w->cid), NULL, 0);
	no_answer();
	complete(itt);
	ck_logged_out();
	ck_dropped(NULL);
	peer_disconnect();
	p.w = &p.wire[0];
	complete(others);
	answer(ISCSI_DATA_IN);
	no_answer();
}
END_TEST

START_TEST(another_connection_is_logged_out)
{
	u32 itt;

	further();
	itt = cmd_read(8, 1);
	p.w = &p.wire[0];
	put(logout(ISCSI_LOGOUT_CONNECTION, p.wire[1].cid), NULL, 0);
	ck_assert(p.wire[1].dropped);
	p.w = &p.wire[1];
	peer_disconnect();
	p.w = &p.wire[0];
	no_answer();
	/* One at a time. */
	put_pdu(logout(ISCSI_LOGOUT_SESSION, 0), NULL, 0);
	ck_reject(ISCSI_REJECT_IN_PROGRESS);
	complete(itt);
	ck_logged_out();
	itt = cmd_none();
	complete(itt);
	response(itt, SCSI_GOOD);
}
END_TEST

START_TEST(logout_is_forgotten_with_its_connection)
{
	u32 itt = cmd_read(8, 1);

	further();
	put(logout(ISCSI_LOGOUT_CONNECTION, p.wire[0].cid), NULL, 0);
	peer_disconnect();
	p.w = &p.wire[0];
	peer_disconnect();
	complete(itt);
	ck_assert_ptr_null(p.sess);
}
END_TEST

START_TEST(place_is_taken_when_commands_have_ended)
{
	u32 itt;
	u16 cid;

	further();
	cid = p.w->cid;
	itt = cmd_read(8, 1);
	ck_assert(iscsi_session_free_cid(p.sess, 99));
	ck_assert(!iscsi_session_free_cid(p.sess, cid));
	ck_dropped("takes its place");
	peer_disconnect();
	ck_assert_uint_eq(p.cids_gone, 1);
	ck_assert(!iscsi_session_free_cid(p.sess, cid));
	complete(itt);
	ck_assert_uint_eq(p.cids_gone, 2);
	ck_assert(iscsi_session_free_cid(p.sess, cid));
}
END_TEST

START_TEST(place_of_the_only_connection_is_taken)
{
	u16 cid = p.w->cid;
	u32 itt;

	iscsi_session_hold(p.sess);
	ck_assert(!iscsi_session_free_cid(p.sess, cid));
	peer_disconnect();
	ck_assert(iscsi_session_free_cid(p.sess, cid));
	peer_connect();
	iscsi_session_unhold(p.sess);
	itt = cmd_none();
	complete(itt);
	response(itt, SCSI_GOOD);
}
END_TEST

START_TEST(place_is_given_up)
{
	iscsi_session_hold(p.sess);
	iscsi_session_free_cid(p.sess, p.w->cid);
	peer_disconnect();
	iscsi_session_unhold(p.sess);
	pump();
	ck_assert_ptr_null(p.sess);
}
END_TEST

START_TEST(idle_session_is_known)
{
	u32 itt;

	ck_assert(iscsi_session_idle(p.sess));
	itt = cmd_none();
	ck_assert(!iscsi_session_idle(p.sess));
	p.w->deaf = true;
	complete(itt);
	ck_assert(!iscsi_session_idle(p.sess));
	p.w->deaf = false;
	answer(ISCSI_SCSI_RSP);
	ck_assert(iscsi_session_idle(p.sess));
}
END_TEST

/* ---- Who does not read ------------------------------------------------------------------- */

START_TEST(pings_without_reading_are_bounded)
{
	u32 i;

	p.w->deaf = true;
	for (i = 0; i < 250; i++)
		put(request(ISCSI_NOP_OUT | ISCSI_IMMEDIATE), buf, 8192);
	ck_assert(p.w->conn->rx.paused);
	ck_assert_uint_lt(p.w->conn->nr_ctrl, 200);
	ck_assert_uint_lt(p.w->conn->ctrl_bytes, 2 << 20);
	ck_assert_uint_gt(p.w->in_len, 500000);
	p.w->deaf = false;
	for (i = 0; i < 250; i++)
		answer(ISCSI_NOP_IN);
	ck_assert_uint_ge(p.w->nr_resumed, 1);
	ck_assert(!p.w->conn->rx.paused);
	ck_assert_uint_eq(p.w->conn->nr_ctrl, 0);
	ck_assert_uint_eq(p.w->conn->ctrl_bytes, 0);
}
END_TEST

START_TEST(rejects_without_reading_are_bounded)
{
	u32 i;

	p.w->deaf = true;
	for (i = 0; i < 1000; i++)
		put_pdu(request(ISCSI_SNACK), NULL, 0);
	ck_assert(p.w->conn->rx.paused);
	ck_assert_uint_lt(p.w->conn->nr_ctrl, 200);
	p.w->deaf = false;
	for (i = 0; i < 1000; i++)
		ck_reject(ISCSI_REJECT_SNACK);
}
END_TEST

START_TEST(reads_without_reading_are_bounded)
{
	u32 i;

	p.hold = false;
	p.w->deaf = true;
	for (i = 0; i < 500; i++)
		cmd_read_as(i & 1 ? ISCSI_IMMEDIATE : 0);
	ck_assert_uint_le(p.nr_buffers, p.depth + 32 + ISCSI_TX_SLOTS);
}
END_TEST

START_TEST(functions_without_end_are_bounded)
{
	u32 itt = cmd_none(), i, rejected = 0;

	for (i = 0; i < 500; i++)
		manage(ISCSI_TMF_ABORT_TASK, itt);
	while (nr_answers())
		rejected += answer(ISCSI_TMF_RSP)->bhs.byte2 ==
			    ISCSI_TMF_REJECTED;
	ck_assert_uint_ge(rejected, 400);
	complete(itt);
	ck_assert_uint_eq(nr_answers(), 500 - rejected);
	while (nr_answers())
		ck_assert_uint_eq(answer(ISCSI_TMF_RSP)->bhs.byte2,
				  ISCSI_TMF_DONE);
	ck_tmf(manage(ISCSI_TMF_ABORT_TASK, itt), ISCSI_TMF_NO_TASK);
}
END_TEST

/* SPC-5 7.6.4.6: what persistent reservations know the initiator port by. */
START_TEST(initiator_port_is_name_and_isid)
{
	const struct scst_nexus *nexus = &p.sess->nexus;

	ck_assert_uint_eq(nexus->transport_id_len, 4 + 24);
	ck_assert_mem_eq(nexus->transport_id,
			 "\x45\0\0\x18iqn.i,i,0x40000000abcd\0", 4 + 24);
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *gone_tcase(void)
{
	TCase *tc = tcase_create("gone");

	tcase_add_checked_fixture(tc, setup_held, peer_down);
	tcase_add_test(tc, idle_session_goes_with_its_connection);
	tcase_add_test(tc, session_waits_for_the_disk);
	tcase_add_test(tc, session_waits_for_answers_from_elsewhere);
	tcase_add_test(tc, connection_goes_while_data_is_awaited);
	tcase_add_test(tc, connection_goes_with_an_r2t_unsent);
	tcase_add_test(tc, connection_goes_with_answers_unsent);
	tcase_add_test(tc, one_of_two_connections_goes);
	tcase_add_test(tc, logout_waits_for_commands);
	tcase_add_test(tc, logout_ends_the_connections_commands);
	tcase_add_test(tc, another_connection_is_logged_out);
	tcase_add_test(tc, logout_is_forgotten_with_its_connection);
	tcase_add_test(tc, place_is_taken_when_commands_have_ended);
	tcase_add_test(tc, place_of_the_only_connection_is_taken);
	tcase_add_test(tc, place_is_given_up);
	tcase_add_test(tc, idle_session_is_known);
	tcase_add_test(tc, initiator_port_is_name_and_isid);
	return tc;
}

static TCase *anywhere_tcase(void)
{
	TCase *tc = tcase_create("anywhere");

	tcase_add_checked_fixture(tc, peer_ready, peer_down);
	tcase_add_test(tc, connection_goes_anywhere);
	return tc;
}

static TCase *deaf_tcase(void)
{
	TCase *tc = tcase_create("deaf");

	tcase_add_checked_fixture(tc, setup_held, peer_down);
	tcase_add_test(tc, pings_without_reading_are_bounded);
	tcase_add_test(tc, rejects_without_reading_are_bounded);
	tcase_add_test(tc, reads_without_reading_are_bounded);
	tcase_add_test(tc, functions_without_end_are_bounded);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		gone_tcase, anywhere_tcase, deaf_tcase,
	};

	return peer_main_ffp("iscsi_ffp_conn", tcases, ARRAY_SIZE(tcases));
}
