// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of iSCSI task management through the wire, of digests that are
 * wrong, of additional header segments, and of want of memory.
 */
#include "iscsi_peer.h"

static u8 buf[65536];

static void setup(void)
{
	u32 i;

	peer_up();
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = i * 7 + i / 251;
}

static void setup_held(void)
{
	setup();
	peer_login();
	p.hold = true;
}

static u32 itt_of(const struct iscsi_bhs *bhs)
{
	return be32_to_cpu(bhs->itt);
}

/* ---- Task management ------------------------------------------------------------- */

/* The request is with the target before what was posted has run. */
static u32 manage_quietly(u8 fn, u32 ref_tag)
{
	struct iscsi_bhs bhs = request(ISCSI_TMF_REQ | ISCSI_IMMEDIATE);

	bhs.flags = ISCSI_FINAL | fn;
	bhs.tmf.ref_tag = cpu_to_be32(ref_tag);
	ck_assert_uint_eq(iscsi_rx_feed(p.w->conn, (u8 *)&bhs, sizeof(bhs)),
			  sizeof(bhs));
	return itt_of(&bhs);
}

static void other_tmf_done(struct scst_tmf *tmf)
{
}

static void other_nexus_gone(struct scst_nexus *nexus)
{
}

/* Another initiator resets the unit. */
static void reset_lun(void)
{
	struct scst_target_ops ops = iscsi_target_ops;
	struct scst_target *tgt;
	struct scst_nexus nexus;
	struct scst_group *grp;
	struct scst_tmf tmf = { .nexus = &nexus, .fn = SCST_LUN_RESET };

	ops.tmf_done = other_tmf_done;
	ops.nexus_gone = other_nexus_gone;
	tgt = scst_target_register(p.ctx, "iqn.other", &ops, NULL);
	grp = scst_group_add(tgt, "all");
	scst_group_add_pattern(grp, "*");
	scst_group_map(grp, 0, p.dev, false);
	ck_assert_int_eq(scst_nexus_add(&nexus, tgt, "iqn.x"), 0);
	scst_tmf_submit(&tmf);
	pump();
	scst_nexus_del(&nexus);
	scst_target_unregister(tgt);
}

START_TEST(abort_of_a_running_command)
{
	u32 itt, t;

	p.elsewhere = _i;
	itt = cmd_read(0, 1);
	t = manage(ISCSI_TMF_ABORT_TASK, itt);
	no_answer();
	complete(itt);
	ck_tmf(t, ISCSI_TMF_DONE);
	no_answer();
}
END_TEST

START_TEST(abort_of_a_command_that_waits_for_data)
{
	u32 itt, t, ttt;

	p.elsewhere = _i;
	itt = cmd_write(0, 16);
	ttt = be32_to_cpu(answer(ISCSI_R2T)->bhs.r2t.ttt);
	put_pdu(data_out(itt, ttt, 0, 0, false), buf, 512);
	t = manage(ISCSI_TMF_ABORT_TASK, itt);
	ck_tmf(t, ISCSI_TMF_DONE);
	/* What was on its way already. */
	put_pdu(data_out(itt, ttt, 1, 512, false), buf, 512);
	put_pdu(data_out(itt, ttt, 2, 1024, true), buf, 7168);
	no_answer();
	ck_assert_uint_eq(p.nr_buffers, 0);
	/* The tag is free. */
	p.itt = itt;
	p.hold = false;
	write_all(buf, 8192, 8192);
}
END_TEST

/* The abort comes from elsewhere, between the bytes of a Data-Out PDU. */
START_TEST(abort_in_the_middle_of_data)
{
	struct iscsi_bhs bhs;
	u32 itt, ttt;

	p.feed = _i % FEED_MODES;
	p.w->conn->params.data_digest = _i / FEED_MODES ?
		ISCSI_DIGEST_CRC32C : ISCSI_DIGEST_NONE;
	itt = cmd_write(0, 16);
	ttt = be32_to_cpu(answer(ISCSI_R2T)->bhs.r2t.ttt);
	bhs = data_out(itt, ttt, 0, 0, true);
	p.w->mute_after = ISCSI_BHS_LEN + 1000;
	put_pdu(bhs, buf, 8192);
	ck_assert_ptr_nonnull(p.w->conn->rx.task);
	reset_lun();
	ck_assert_ptr_null(p.w->conn->rx.task);
	ck_assert_uint_eq(p.nr_buffers, 0);
	p.w->mute_after = SIZE_MAX;
	put_bytes(buf + 1000, 8192 - 1000);
	if (p.w->conn->params.data_digest == ISCSI_DIGEST_CRC32C) {
		put_unaligned_le32(~crc32c(~0u, buf, 8192), buf);
		put_bytes(buf, 4);
	}
	no_answer();
	ck_assert(!p.w->dropped);
	ck_sense(cmd_none(), SENSE_UA_DEVICE_RESET);
	itt = cmd_none();
	complete(itt);
	response(itt, SCSI_GOOD);
}
END_TEST

START_TEST(abort_of_what_is_not_there)
{
	ck_tmf(manage(ISCSI_TMF_ABORT_TASK, 0x4711), ISCSI_TMF_NO_TASK);
}
END_TEST

START_TEST(abort_of_what_is_answered)
{
	u32 itt = cmd_none();

	complete(itt);
	response(itt, SCSI_GOOD);
	ck_tmf(manage(ISCSI_TMF_ABORT_TASK, itt), ISCSI_TMF_NO_TASK);
}
END_TEST

/*
 * 4.2.2.3: nothing is heard of the command once the function was answered.
 * Its response comes first when it was made first, also from elsewhere.
 */
START_TEST(answer_from_elsewhere_comes_before_the_function)
{
	u32 itt = cmd_none(), t;

	p.elsewhere = true;
	complete_quietly(itt, SENSE_NONE);
	p.elsewhere = false;
	/* The response waits for its turn in the session's context. */
	t = manage_quietly(ISCSI_TMF_ABORT_TASK, itt);
	response(itt, SCSI_GOOD);
	ck_tmf(t, ISCSI_TMF_NO_TASK);
}
END_TEST

START_TEST(unsent_answer_comes_before_the_function)
{
	u32 itt = cmd_read(0, 16), t;

	p.w->deaf = true;
	complete(itt);
	t = manage(ISCSI_TMF_ABORT_TASK_SET, 0);
	p.w->deaf = false;
	answer(ISCSI_DATA_IN);
	ck_sn(answer(ISCSI_DATA_IN)->bhs.itt, itt);
	ck_tmf(t, ISCSI_TMF_DONE);
}
END_TEST

START_TEST(abort_task_set_ends_all)
{
	u32 itt[3], t, i;

	for (i = 0; i < 3; i++)
		itt[i] = cmd_none();
	t = manage(ISCSI_TMF_ABORT_TASK_SET, 0);
	for (i = 0; i < 3; i++) {
		no_answer();
		complete(itt[i]);
	}
	ck_tmf(t, ISCSI_TMF_DONE);
}
END_TEST

/* It is not just said, the room is there again. */
START_TEST(aborted_commands_open_the_window)
{
	u32 itt[8], i;

	for (i = 0; i < 8; i++)
		itt[i] = cmd_none();
	manage(ISCSI_TMF_CLEAR_TASK_SET, 0);
	for (i = 0; i < 8; i++)
		complete(itt[i]);
	answer(ISCSI_TMF_RSP);
	ck_assert_uint_eq(p.max_cmd_sn, p.cmd_sn + 7);
	for (i = 0; i < 8; i++)
		ck_assert_ptr_nonnull(held_cmd(cmd_none()));
}
END_TEST

START_TEST(resets_leave_a_unit_attention)
{
	static const u8 fns[] = { ISCSI_TMF_LUN_RESET,
				  ISCSI_TMF_TARGET_WARM_RESET,
				  ISCSI_TMF_TARGET_COLD_RESET };
	u32 itt = cmd_none(), t;

	t = manage(fns[_i], 0);
	complete(itt);
	ck_tmf(t, ISCSI_TMF_DONE);
	ck_assert_uint_eq(p.cold_resets,
			  fns[_i] == ISCSI_TMF_TARGET_COLD_RESET);
	ck_sense(cmd_none(), SENSE_UA_DEVICE_RESET);
}
END_TEST

START_TEST(cold_reset_comes_after_its_answer)
{
	p.w->deaf = true;
	manage(ISCSI_TMF_TARGET_COLD_RESET, 0);
	ck_assert_uint_eq(p.cold_resets, 0);
	p.w->deaf = false;
	answer(ISCSI_TMF_RSP);
	ck_assert_uint_eq(p.cold_resets, 1);
}
END_TEST

static const struct {
	u8 fn, rsp;
} others[] = {
	{ ISCSI_TMF_CLEAR_ACA, ISCSI_TMF_NOT_SUPPORTED },
	{ ISCSI_TMF_TASK_REASSIGN, ISCSI_TMF_NO_REASSIGN },
	{ 0, ISCSI_TMF_NOT_SUPPORTED },
	{ 9, ISCSI_TMF_NOT_SUPPORTED },
	{ 0x7f, ISCSI_TMF_NOT_SUPPORTED },
};

START_TEST(other_functions_are_not_supported)
{
	ck_tmf(manage(others[_i].fn, 0), others[_i].rsp);
}
END_TEST

START_TEST(function_for_an_unknown_lun)
{
	struct iscsi_bhs bhs = request(ISCSI_TMF_REQ);

	bhs.flags = ISCSI_FINAL | ISCSI_TMF_LUN_RESET;
	bhs.lun[1] = 9;
	put(bhs, NULL, 0);
	ck_tmf(itt_of(&bhs), ISCSI_TMF_NO_LUN);
	ck_assert_uint_eq(p.exp_cmd_sn, p.cmd_sn);
}
END_TEST

START_TEST(connection_goes_while_a_function_runs)
{
	u32 itt = cmd_none();

	manage(ISCSI_TMF_LUN_RESET, 0);
	peer_disconnect();
	pump();
	ck_assert_ptr_nonnull(p.sess);
	p.elsewhere = _i;
	complete(itt);
	ck_assert_ptr_null(p.sess);
}
END_TEST

START_TEST(connection_goes_while_a_function_waits_for_an_answer)
{
	u32 itt = cmd_none();

	p.w->deaf = true;
	complete(itt);
	manage(ISCSI_TMF_ABORT_TASK, itt);
	peer_disconnect();
	pump();
	ck_assert_ptr_null(p.sess);
}
END_TEST

/* ---- Digests ------------------------------------------------------------------------ */

static void with_digests(void)
{
	p.params.header_digest = ISCSI_DIGEST_CRC32C;
	p.params.data_digest = ISCSI_DIGEST_CRC32C;
	peer_login();
}

START_TEST(bad_header_digest_ends_the_connection)
{
	static const u8 opcodes[] = { ISCSI_NOP_OUT, ISCSI_SCSI_CMD,
				      ISCSI_TMF_REQ, ISCSI_TEXT_REQ,
				      ISCSI_DATA_OUT, ISCSI_LOGOUT_REQ,
				      ISCSI_SNACK, 0x1f };

	p.feed = _i / 8;
	with_digests();
	p.bad_header_digest = true;
	put_pdu(request(opcodes[_i % 8]), NULL, 0);
	ck_dropped("header digest");
	ck_assert_uint_eq(nr_answers(), 0);
}
END_TEST

START_TEST(bad_data_digest_of_a_ping)
{
	struct iscsi_bhs bhs;

	p.feed = _i;
	with_digests();
	bhs = request(ISCSI_NOP_OUT);
	p.bad_data_digest = true;
	put_pdu(bhs, buf, 1001);
	ck_reject(ISCSI_REJECT_DATA_DIGEST);
	ck_assert_uint_eq(p.exp_cmd_sn, FIRST_SN);
	/* Once more, as if it had never been sent. */
	put(bhs, buf, 1001);
	answer(ISCSI_NOP_IN);
}
END_TEST

START_TEST(bad_data_digest_of_immediate_data)
{
	struct iscsi_bhs bhs;

	p.feed = _i;
	with_digests();
	bhs = scsi(SCSI_WRITE_10, 0, 2, ISCSI_CMD_WRITE, 1024);
	p.bad_data_digest = true;
	put_pdu(bhs, buf, 1024);
	ck_reject(ISCSI_REJECT_DATA_DIGEST);
	no_answer();
	ck_assert_uint_eq(p.nr_executed, 0);
	ck_assert_uint_eq(p.nr_buffers, 0);
	ck_assert_uint_eq(p.exp_cmd_sn, FIRST_SN);
	put(bhs, buf, 1024);
	response(itt_of(&bhs), SCSI_GOOD);
	ck_assert_mem_eq(p.mem, buf, 1024);
}
END_TEST

/* It has run, and was not asked for its data. */
START_TEST(bad_data_digest_of_unwanted_data)
{
	struct iscsi_bhs bhs;

	p.feed = _i;
	with_digests();
	bhs = scsi(0xef, 0, 0, ISCSI_CMD_WRITE, 1024);
	p.bad_data_digest = true;
	put(bhs, buf, 1024);
	ck_sense(itt_of(&bhs), SENSE_INVALID_OPCODE);
	no_answer();
	ck_assert_uint_eq(p.exp_cmd_sn, p.cmd_sn);
}
END_TEST

START_TEST(bad_data_digest_of_solicited_data)
{
	u32 itt, ttt;

	p.feed = _i;
	with_digests();
	itt = cmd_write(0, 2);
	ttt = be32_to_cpu(answer(ISCSI_R2T)->bhs.r2t.ttt);
	p.bad_data_digest = true;
	put_pdu(data_out(itt, ttt, 0, 0, true), buf, 1024);
	ck_reject(ISCSI_REJECT_DATA_DIGEST);
	ck_sense(itt, SENSE_PROTOCOL_CRC);
	ck_assert_uint_eq(p.nr_executed, 0);
}
END_TEST

START_TEST(bad_data_digest_of_unsolicited_data)
{
	struct iscsi_bhs bhs;

	p.feed = _i;
	with_digests();
	bhs = scsi(SCSI_WRITE_10, 0, 2, ISCSI_CMD_WRITE, 1024);
	bhs.flags &= ~ISCSI_FINAL;
	put(bhs, buf, 512);
	p.bad_data_digest = true;
	put_pdu(data_out(itt_of(&bhs), ISCSI_TAG_NONE, 0, 512, true),
		buf + 512, 512);
	ck_reject(ISCSI_REJECT_DATA_DIGEST);
	ck_sense(itt_of(&bhs), SENSE_PROTOCOL_CRC);
}
END_TEST

START_TEST(bad_data_digest_of_data_for_nobody)
{
	p.feed = _i;
	with_digests();
	p.bad_data_digest = true;
	put_pdu(data_out(0x4711, ISCSI_TAG_NONE, 0, 0, true), buf, 1024);
	no_answer();
	ck_assert(!p.w->dropped);
}
END_TEST

/* ---- Additional header segments --------------------------------------------------------- */

/* An extended CDB of 32 bytes in all. */
static const u8 ext_cdb[20] = { 0, 17, 1 };

static struct iscsi_bhs long_cdb(void)
{
	struct iscsi_bhs bhs = scsi(SCSI_VARIABLE_LENGTH, 0, 0, 0, 0);

	bhs.cmd.cdb[7] = 24;
	bhs.cmd.cdb[9] = 0x0b;
	return bhs;
}

START_TEST(long_cdb_is_taken)
{
	struct iscsi_bhs bhs;
	u8 ahs[20];

	p.feed = _i;
	if (_i & 1)
		p.params.header_digest = ISCSI_DIGEST_CRC32C;
	peer_login();
	p.hold = true;
	memcpy(ahs, ext_cdb, sizeof(ahs));
	memset(ahs + 4, 0x5a, 16);
	bhs = long_cdb();
	p.ahs = ahs;
	p.ahs_len = sizeof(ahs);
	put(bhs, NULL, 0);
	ck_assert_ptr_nonnull(held_cmd(itt_of(&bhs)));
	ck_assert_uint_eq(held_cmd(itt_of(&bhs))->cdb_len, 32);
	ck_assert_mem_eq(held_cmd(itt_of(&bhs))->cdb, bhs.cmd.cdb, 16);
	ck_assert_mem_eq(held_cmd(itt_of(&bhs))->cdb + 16, ahs + 4, 16);
}
END_TEST

START_TEST(long_cdb_without_its_rest)
{
	struct iscsi_bhs bhs = long_cdb();

	put(bhs, NULL, 0);
	ck_sense(itt_of(&bhs), SENSE_INVALID_OPCODE);
}
END_TEST

START_TEST(segment_of_another_kind_is_ignored)
{
	static const u8 ahs[28] = { 0, 5, 2, 0, 0, 0, 2, 0,
				    0, 17, 1 };
	struct iscsi_bhs bhs = long_cdb();

	p.ahs = ahs;
	p.ahs_len = sizeof(ahs);
	put(bhs, NULL, 0);
	ck_assert_ptr_nonnull(held_cmd(itt_of(&bhs)));
}
END_TEST

START_TEST(longest_cdb)
{
	static const u8 ahs[248] = { 0, 245, 1 };
	struct iscsi_bhs bhs = long_cdb();

	p.ahs = ahs;
	p.ahs_len = sizeof(ahs);
	put(bhs, NULL, 0);
	ck_assert_uint_eq(held_cmd(itt_of(&bhs))->cdb_len, SCSI_MAX_CDB);
}
END_TEST

static const struct {
	u8 ahs[8];
	u32 len;
} bad_ahs[] = {
	{ { 0, 0, 1, 0 }, 4 },			/* no reserved byte */
	{ { 0, 5, 1, 0 }, 4 },			/* beyond the header */
	{ { 0, 6, 1, 0, 1, 2, 3, 4 }, 8 },
	{ { 0xff, 0xff, 1, 0 }, 4 },
	{ { 0, 1, 2, 0, 0, 0, 0, 0 }, 8 },	/* the second one */
	{ { 0, 246, 1 }, 252 },			/* longer than CDBs are */
	{ { 3, 0xf9, 1 }, 1020 },
};

START_TEST(malformed_segment_is_rejected)
{
	u8 ahs[1020] = { 0 };
	struct iscsi_bhs bhs = long_cdb();

	p.feed = _i % FEED_MODES;
	memcpy(ahs, bad_ahs[_i].ahs, 8);
	p.ahs = ahs;
	p.ahs_len = bad_ahs[_i].len;
	put_pdu(bhs, NULL, 0);
	ck_reject(ISCSI_REJECT_INVALID_FIELD);
	ck_assert_uint_eq(p.exp_cmd_sn, p.cmd_sn);
	p.hold = false;
	response(cmd_none(), SCSI_GOOD);
}
END_TEST

START_TEST(segments_of_other_requests_are_ignored)
{
	static const u8 ahs[1020] = { 0xff, 0xff, 1 };

	p.ahs = ahs;
	p.ahs_len = sizeof(ahs);
	put(request(ISCSI_NOP_OUT), buf, 20);
	ck_assert_uint_eq(answer(ISCSI_NOP_IN)->len, 20);
}
END_TEST

/* ---- Without memory ---------------------------------------------------------------------- */

static void play_all(void)
{
	struct iscsi_bhs bhs = long_cdb();

	cmd_read(0, 4);
	cmd_write(0, 4);
	p.ahs = ext_cdb;
	p.ahs_len = sizeof(ext_cdb);
	bhs.cmd.cmd_sn = cpu_to_be32(p.cmd_sn);
	put(bhs, NULL, 0);
	put(request(ISCSI_NOP_OUT), buf, 100);
	put(request(ISCSI_TEXT_REQ), "SendTargets=", 13);
	manage(ISCSI_TMF_TARGET_WARM_RESET, 0);
	iscsi_conn_request_logout(p.w->conn, 1);
	put(request(ISCSI_LOGOUT_REQ), NULL, 0);
	pump();
}

/* Every request is answered, or the connection is over. */
START_TEST(every_allocation_may_fail)
{
	u32 nth, left;

	p.params.initial_r2t = true;
	for (nth = 1;; nth++) {
		peer_login();
		core_fail_alloc(nth);
		play_all();
		left = core_fail_alloc(0);
		ck_assert(p.w->dropped || nr_answers() >= 8);
		if (left)
			break;
		peer_disconnect();
	}
	ck_assert_uint_gt(nth, 12);
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *tmf_tcase(void)
{
	TCase *tc = tcase_create("functions");

	tcase_add_checked_fixture(tc, setup_held, peer_down);
	tcase_add_loop_test(tc, abort_of_a_running_command, 0, 2);
	tcase_add_loop_test(tc, abort_of_a_command_that_waits_for_data, 0, 2);
	tcase_add_loop_test(tc, abort_in_the_middle_of_data, 0,
			    2 * FEED_MODES);
	tcase_add_test(tc, abort_of_what_is_not_there);
	tcase_add_test(tc, abort_of_what_is_answered);
	tcase_add_test(tc, answer_from_elsewhere_comes_before_the_function);
	tcase_add_test(tc, unsent_answer_comes_before_the_function);
	tcase_add_test(tc, abort_task_set_ends_all);
	tcase_add_test(tc, aborted_commands_open_the_window);
	tcase_add_loop_test(tc, resets_leave_a_unit_attention, 0, 3);
	tcase_add_test(tc, cold_reset_comes_after_its_answer);
	tcase_add_loop_test(tc, other_functions_are_not_supported, 0,
			    ARRAY_SIZE(others));
	tcase_add_test(tc, function_for_an_unknown_lun);
	tcase_add_loop_test(tc, connection_goes_while_a_function_runs, 0, 2);
	tcase_add_test(tc,
		       connection_goes_while_a_function_waits_for_an_answer);
	tcase_add_test(tc, long_cdb_without_its_rest);
	tcase_add_test(tc, segment_of_another_kind_is_ignored);
	tcase_add_test(tc, longest_cdb);
	tcase_add_loop_test(tc, malformed_segment_is_rejected, 0,
			    ARRAY_SIZE(bad_ahs));
	tcase_add_test(tc, segments_of_other_requests_are_ignored);
	return tc;
}

static TCase *digest_tcase(void)
{
	TCase *tc = tcase_create("digests");

	tcase_add_checked_fixture(tc, setup, peer_down);
	tcase_add_loop_test(tc, bad_header_digest_ends_the_connection, 0,
			    8 * FEED_MODES);
	tcase_add_loop_test(tc, bad_data_digest_of_a_ping, 0, FEED_MODES);
	tcase_add_loop_test(tc, bad_data_digest_of_immediate_data, 0,
			    FEED_MODES);
	tcase_add_loop_test(tc, bad_data_digest_of_unwanted_data, 0,
			    FEED_MODES);
	tcase_add_loop_test(tc, bad_data_digest_of_solicited_data, 0,
			    FEED_MODES);
	tcase_add_loop_test(tc, bad_data_digest_of_unsolicited_data, 0,
			    FEED_MODES);
	tcase_add_loop_test(tc, bad_data_digest_of_data_for_nobody, 0,
			    FEED_MODES);
	tcase_add_loop_test(tc, long_cdb_is_taken, 0, 2 * FEED_MODES);
	tcase_add_test(tc, every_allocation_may_fail);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		tmf_tcase, digest_tcase,
	};

	return peer_main_ffp("iscsi_ffp_tmf", tcases, ARRAY_SIZE(tcases));
}
