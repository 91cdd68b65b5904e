// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of iSCSI data: Data-Out by every way that parameters allow,
 * Data-In, what goes with a status, and Data-Out that is not as it should be.
 */
#include "iscsi_peer.h"

static u8 buf[DISK_BYTES / 2];

static void setup(void)
{
	u32 i;

	peer_up();
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = i * 7 + i / 251;
}

static void setup_in(void)
{
	setup();
	peer_login();
}

/* ---- All parameters ---------------------------------------------------------- */

static const struct {
	u32 first, max;
	u16 r2ts;
} bursts[] = {
	{ 512, 512, 1 },
	{ 512, 1024, 8 },
	{ 4096, 4096, 2 },
	{ 8192, 16384, 1 },
	{ 16384, 65536, 4 },
};

static const u32 lens[] = { 512, 1024, 4096, 4608, 20480 };

/* Bits: InitialR2T, ImmediateData, header digest, data digest. */
static void choose(u32 bits)
{
	p.params.initial_r2t = bits & 1;
	p.params.immediate_data = bits & 2;
	if (bits & 4)
		p.params.header_digest = ISCSI_DIGEST_CRC32C;
	if (bits & 8)
		p.params.data_digest = ISCSI_DIGEST_CRC32C;
}

/* PDUs of whole blocks, of odd lengths and as long as they may be. */
static void write_lengths(void)
{
	static const u32 pdus[] = { 512, 997, 8192 };
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (k = 0; k < ARRAY_SIZE(pdus); k++) {
			memset(p.mem, 0, lens[i]);
			write_all(buf, lens[i], pdus[k]);
			ck_assert_mem_eq(p.mem, buf, lens[i]);
		}
	}
	ck_assert(!p.w->dropped);
}

START_TEST(data_out_by_every_way)
{
	p.params.first_burst = bursts[_i % 5].first;
	p.params.max_burst = bursts[_i % 5].max;
	p.params.max_outstanding_r2t = bursts[_i % 5].r2ts;
	choose(_i / 5 % 16);
	p.feed = _i / 80;
	peer_login();
	write_lengths();
}
END_TEST

START_TEST(data_in_by_every_way)
{
	static const u32 max_xmits[] = { 512, 1000, 4096, 262144 };
	u32 i;

	p.params.max_xmit = max_xmits[_i % 4];
	p.params.max_burst = bursts[_i / 4 % 5].max;
	choose(_i / 20 % 4 << 2);
	p.sent_max = _i & 1 ? 100 : 0;
	peer_login();
	memcpy(p.mem, buf, sizeof(buf));
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		ck_assert_mem_eq(read_all(lens[i]), buf, lens[i]);
}
END_TEST

/* More elements than the driver offers must not bring it to a halt. */
START_TEST(data_in_many_pieces)
{
	p.params.max_xmit = 8192;
	choose(_i % 4 << 2);
	p.seg_size = _i / 4 % 2 ? 100 : 4096;
	p.gather_max = 1 + _i / 8;
	peer_login();
	memcpy(p.mem, buf, sizeof(buf));
	ck_assert_mem_eq(read_all(20480), buf, 20480);
	write_all(buf + 512, 20480, 4096);
	ck_assert_mem_eq(p.mem, buf + 512, 20480);
}
END_TEST

START_TEST(several_writes_at_once)
{
	u32 itt[4], ttt[4], i;

	for (i = 0; i < 4; i++)
		itt[i] = cmd_write(i * 16, 16);
	for (i = 0; i < 4; i++) {
		const struct pdu *r2t = answer(ISCSI_R2T);

		ck_sn(r2t->bhs.itt, itt[i]);
		ttt[i] = be32_to_cpu(r2t->bhs.r2t.ttt);
	}
	/* The last one first. */
	for (i = 4; i-- > 0;) {
		put_pdu(data_out(itt[i], ttt[i], 0, 0, true), buf + i * 8192,
			8192);
		response(itt[i], SCSI_GOOD);
	}
	ck_assert_mem_eq(p.mem, buf, 32768);
}
END_TEST

START_TEST(sequences_can_be_interleaved)
{
	u32 ttt1, ttt2, itt1, itt2;

	itt1 = cmd_write(0, 16);
	itt2 = cmd_write(16, 16);
	ttt1 = be32_to_cpu(answer(ISCSI_R2T)->bhs.r2t.ttt);
	ttt2 = be32_to_cpu(answer(ISCSI_R2T)->bhs.r2t.ttt);
	ck_assert_uint_ne(ttt1, ttt2);
	put_pdu(data_out(itt2, ttt2, 0, 0, false), buf + 8192, 4096);
	put_pdu(data_out(itt1, ttt1, 0, 0, false), buf, 4096);
	put_pdu(data_out(itt2, ttt2, 1, 4096, true), buf + 12288, 4096);
	response(itt2, SCSI_GOOD);
	put_pdu(data_out(itt1, ttt1, 1, 4096, true), buf + 4096, 4096);
	response(itt1, SCSI_GOOD);
	ck_assert_mem_eq(p.mem, buf, 16384);
}
END_TEST

START_TEST(r2ts_follow_as_sequences_end)
{
	const struct pdu *r2t;
	u32 itt, off;

	p.sess->params.max_burst = 4096;
	p.sess->params.max_outstanding_r2t = 2;
	itt = cmd_write(0, 32);
	ck_assert_uint_eq(nr_answers(), 2);
	for (off = 0; off < 16384; off += 4096) {
		r2t = answer(ISCSI_R2T);
		ck_sn(r2t->bhs.r2t.r2t_sn, off / 4096);
		ck_sn(r2t->bhs.r2t.offset, off);
		put_pdu(data_out(itt, be32_to_cpu(r2t->bhs.r2t.ttt), 0, off,
				 true), buf + off, 4096);
	}
	ck_sn(response(itt, SCSI_GOOD)->bhs.rsp.exp_data_sn, 4);
}
END_TEST

/* The operator may offer what RFC 7143 allows. */
START_TEST(many_outstanding_r2ts)
{
	u32 itt, i;

	p.sess->params.max_outstanding_r2t = 100;
	p.sess->params.max_burst = 512;
	itt = cmd_write(0, 32);
	for (i = 0; i < 32; i++) {
		const struct pdu *r2t = answer(ISCSI_R2T);

		ck_sn(r2t->bhs.r2t.offset, i * 512);
		put_pdu(data_out(itt, be32_to_cpu(r2t->bhs.r2t.ttt), 0,
				 i * 512, true), buf + i * 512, 512);
	}
	response(itt, SCSI_GOOD);
	ck_assert_mem_eq(p.mem, buf, 16384);
}
END_TEST

START_TEST(unsolicited_data_may_end_early)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 16, ISCSI_CMD_WRITE,
				    8192);
	u32 itt = be32_to_cpu(bhs.itt);
	const struct pdu *r2t;

	bhs.flags &= ~ISCSI_FINAL;
	put(bhs, buf, 512);
	no_answer();
	put_pdu(data_out(itt, ISCSI_TAG_NONE, 0, 512, true), buf + 512, 512);
	r2t = answer(ISCSI_R2T);
	ck_sn(r2t->bhs.r2t.offset, 1024);
	ck_sn(r2t->bhs.r2t.length, 7168);
	put_pdu(data_out(itt, be32_to_cpu(r2t->bhs.r2t.ttt), 0, 1024, true),
		buf + 1024, 7168);
	response(itt, SCSI_GOOD);
	ck_assert_mem_eq(p.mem, buf, 8192);
}
END_TEST

START_TEST(unsolicited_data_ends_with_the_first_burst)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 16, ISCSI_CMD_WRITE,
				    8192);
	u32 itt = be32_to_cpu(bhs.itt);

	p.sess->params.first_burst = 1024;
	bhs.flags &= ~ISCSI_FINAL;
	put(bhs, buf, 512);
	put_pdu(data_out(itt, ISCSI_TAG_NONE, 0, 512, false), buf + 512, 512);
	ck_sn(answer(ISCSI_R2T)->bhs.r2t.offset, 1024);
}
END_TEST

START_TEST(data_of_no_bytes)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 0, ISCSI_CMD_WRITE, 0);

	put(bhs, NULL, 0);
	response(be32_to_cpu(bhs.itt), SCSI_GOOD);
	bhs = scsi(SCSI_READ_10, 0, 0, ISCSI_CMD_READ, 0);
	put(bhs, NULL, 0);
	response(be32_to_cpu(bhs.itt), SCSI_GOOD);
}
END_TEST

/* More than the device takes is read, and dropped. */
START_TEST(data_beyond_what_the_device_takes)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 8, ISCSI_CMD_WRITE,
				    DISK_BYTES);
	u32 itt = be32_to_cpu(bhs.itt), off;
	const struct pdu *r2t;

	p.sess->params.max_burst = DISK_BYTES;
	put(bhs, NULL, 0);
	r2t = answer(ISCSI_R2T);
	ck_sn(r2t->bhs.r2t.length, DISK_BYTES / 2);
	for (off = 0; off < DISK_BYTES / 2; off += 8192)
		put_pdu(data_out(itt, be32_to_cpu(r2t->bhs.r2t.ttt),
				 off / 8192, off, off + 8192 == DISK_BYTES / 2),
			buf + off, 8192);
	response(itt, SCSI_GOOD);
}
END_TEST

START_TEST(unwanted_data_is_dropped)
{
	struct iscsi_bhs bhs;

	choose(2 | _i / FEED_MODES << 2);
	p.feed = _i % FEED_MODES;
	peer_login();
	bhs = scsi(0xef, 0, 0, ISCSI_CMD_WRITE, 4096);
	put(bhs, buf, 4093);
	ck_sense(be32_to_cpu(bhs.itt), SENSE_INVALID_OPCODE);
	write_all(buf, 8192, 4096);
	ck_assert_uint_eq(p.exp_cmd_sn, p.cmd_sn);
}
END_TEST

START_TEST(unsolicited_data_of_a_refused_command_is_dropped)
{
	struct iscsi_bhs bhs = scsi(0xef, 0, 0, ISCSI_CMD_WRITE, 8192);
	u32 itt = be32_to_cpu(bhs.itt);

	bhs.flags &= ~ISCSI_FINAL;
	put(bhs, buf, 512);
	put_pdu(data_out(itt, ISCSI_TAG_NONE, 0, 512, true), buf, 512);
	ck_sense(itt, SENSE_INVALID_OPCODE);
	write_all(buf, 8192, 4096);
}
END_TEST

/* ---- Status ------------------------------------------------------------------- */

START_TEST(status_goes_with_the_last_data)
{
	const struct pdu *in;
	u32 sn = p.w->stat_sn;

	cmd_read(0, 16);
	in = answer(ISCSI_DATA_IN);
	ck_assert_uint_eq(in->bhs.flags, 0);
	in = answer(ISCSI_DATA_IN);
	ck_assert_uint_eq(in->bhs.flags, ISCSI_FINAL | ISCSI_DATA_IN_STATUS);
	ck_assert_uint_eq(in->bhs.byte3, SCSI_GOOD);
	ck_sn(in->bhs.data_in.stat_sn, sn);
	no_answer();
}
END_TEST

static const struct {
	u32 expected;
	u16 blocks;
	u8 flags;
	u32 count;
} residuals[] = {
	{ 1024, 2, 0, 0 },
	{ 1000, 2, ISCSI_RSP_OVERFLOW, 24 },
	{ 1030, 2, ISCSI_RSP_UNDERFLOW, 6 },
};

START_TEST(residual_goes_with_the_last_data)
{
	struct iscsi_bhs bhs = scsi(SCSI_READ_10, 0, residuals[_i].blocks,
				    ISCSI_CMD_READ, residuals[_i].expected);
	const struct pdu *in;

	put(bhs, NULL, 0);
	in = answer(ISCSI_DATA_IN);
	ck_assert_uint_eq(in->bhs.flags, ISCSI_FINAL | ISCSI_DATA_IN_STATUS |
			  residuals[_i].flags);
	ck_sn(in->bhs.data_in.residual, residuals[_i].count);
	ck_assert_uint_eq(in->len, min(residuals[_i].expected, 1024u));
}
END_TEST

START_TEST(residual_of_a_write)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, residuals[_i].blocks,
				    ISCSI_CMD_WRITE, residuals[_i].expected);
	const struct pdu *rsp;

	put(bhs, buf, residuals[_i].expected);
	rsp = response(be32_to_cpu(bhs.itt), SCSI_GOOD);
	ck_assert_uint_eq(rsp->bhs.flags, ISCSI_FINAL | residuals[_i].flags);
	ck_sn(rsp->bhs.rsp.residual, residuals[_i].count);
	ck_sn(rsp->bhs.rsp.exp_data_sn, 0);
}
END_TEST

START_TEST(read_without_data_has_a_response)
{
	struct iscsi_bhs bhs = scsi(SCSI_READ_10, 0, 0, ISCSI_CMD_READ, 512);
	const struct pdu *rsp;

	put(bhs, NULL, 0);
	rsp = response(be32_to_cpu(bhs.itt), SCSI_GOOD);
	ck_assert(rsp->bhs.flags & ISCSI_RSP_UNDERFLOW);
	ck_sn(rsp->bhs.rsp.residual, 512);
}
END_TEST

START_TEST(data_can_go_before_sense)
{
	const struct pdu *pdu;
	u32 itt;

	p.hold = true;
	itt = cmd_read(0, 16);
	p.fail_data = "abcd";
	complete_with(itt, SENSE_READ_ERROR);
	pdu = answer(ISCSI_DATA_IN);
	ck_assert_uint_eq(pdu->len, 4);
	ck_assert_uint_eq(pdu->bhs.flags, ISCSI_FINAL);
	pdu = response(itt, SCSI_CHECK_CONDITION);
	ck_sn(pdu->bhs.rsp.exp_data_sn, 1);
	ck_sn(pdu->bhs.rsp.residual, 8192 - 4);
}
END_TEST

START_TEST(busy_without_a_buffer)
{
	u32 itt;

	p.fail_allocs = 2;
	itt = cmd_read(0, 1);
	response(itt, SCSI_BUSY);
	itt = cmd_write(0, 1);
	response(itt, SCSI_BUSY);
	ck_assert_mem_eq(read_all(512), p.mem, 512);
}
END_TEST

/* ---- Data-Out that is not as it should be ---------------------------------------- */

struct defect {
	int ttt, data_sn, offset;	/* more than it should be */
	u32 len;
	bool final;
	enum scst_sense sense;
};

static const struct defect solicited[] = {
	{ 1, 0, 0, 512, false, SENSE_DATA_PHASE_ERROR },
	{ 0, 1, 0, 512, false, SENSE_DATA_PHASE_ERROR },
	{ 0, -1, 0, 512, false, SENSE_DATA_PHASE_ERROR },
	{ 0, 0, 512, 512, false, SENSE_DATA_OFFSET_ERROR },
	{ 0, 0, -512, 512, false, SENSE_DATA_OFFSET_ERROR },
	{ 0, 0, 1 << 30, 512, false, SENSE_DATA_OFFSET_ERROR },
	{ 0, 0, 0, 4608, true, SENSE_TOO_MUCH_DATA },
	{ 0, 0, 0, 512, true, SENSE_DATA_PHASE_ERROR },
};

START_TEST(solicited_data_must_fit_the_r2t)
{
	const struct defect *d = &solicited[_i % 8];
	u32 itt, ttt;

	p.feed = _i / 8;
	itt = cmd_write(0, 9);
	ttt = be32_to_cpu(answer(ISCSI_R2T)->bhs.r2t.ttt);
	put_pdu(data_out(itt, ttt, 0, 0, false), buf, 512);
	put_pdu(data_out(itt, ttt + d->ttt, 1 + d->data_sn, 512 + d->offset,
			 d->final), buf, d->len);
	ck_sense(itt, d->sense);
	/* What still comes of it is nobody's. */
	put_pdu(data_out(itt, ttt, 2, 1024, true), buf, 512);
	no_answer();
	ck_assert_uint_eq(p.nr_executed, 0);
	write_all(buf, 8192, 4096);
}
END_TEST

static const struct defect unsolicited[] = {
	{ 0, 1, 0, 512, false, SENSE_DATA_PHASE_ERROR },
	{ 0, 0, 1, 512, false, SENSE_DATA_OFFSET_ERROR },
	{ 0, 0, -512, 512, false, SENSE_DATA_OFFSET_ERROR },
	{ 0, 0, 0, 4096, false, SENSE_TOO_MUCH_DATA_OUT },
};

START_TEST(unsolicited_data_must_fit)
{
	const struct defect *d = &unsolicited[_i];
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 8, ISCSI_CMD_WRITE,
				    4096);
	u32 itt = be32_to_cpu(bhs.itt);

	bhs.flags &= ~ISCSI_FINAL;
	put(bhs, buf, 512);
	put_pdu(data_out(itt, ISCSI_TAG_NONE, d->data_sn, 512 + d->offset,
			 d->final), buf, d->len);
	ck_sense(itt, d->sense);
	ck_assert_uint_eq(p.nr_executed, 0);
}
END_TEST

START_TEST(unsolicited_data_behind_the_final_bit)
{
	u32 itt = cmd_write(0, 8);

	answer(ISCSI_R2T);
	put_pdu(data_out(itt, ISCSI_TAG_NONE, 0, 0, true), buf, 512);
	ck_sense(itt, SENSE_TOO_MUCH_DATA_OUT);
}
END_TEST

START_TEST(solicited_data_before_the_r2t)
{
	struct iscsi_bhs bhs = scsi(SCSI_WRITE_10, 0, 8, ISCSI_CMD_WRITE,
				    4096);
	u32 itt = be32_to_cpu(bhs.itt);

	bhs.flags &= ~ISCSI_FINAL;
	put(bhs, NULL, 0);
	put_pdu(data_out(itt, 1, 0, 0, true), buf, 512);
	ck_sense(itt, SENSE_DATA_PHASE_ERROR);
}
END_TEST

/* Its tag can be guessed; the initiator has not heard of it. */
START_TEST(solicited_data_before_the_r2t_was_sent)
{
	u32 itt;

	p.w->deaf = true;
	itt = cmd_write(0, 8);
	put_pdu(data_out(itt, 1, 0, 0, true), buf, 4096);
	p.w->deaf = false;
	ck_sense(itt, SENSE_DATA_PHASE_ERROR);
	no_answer();
}
END_TEST

START_TEST(sequences_must_come_in_order)
{
	u32 itt, ttt;

	p.sess->params.max_burst = 2048;
	itt = cmd_write(0, 8);
	answer(ISCSI_R2T);
	ttt = be32_to_cpu(answer(ISCSI_R2T)->bhs.r2t.ttt);
	put_pdu(data_out(itt, ttt, 0, 2048, true), buf, 2048);
	ck_sense(itt, SENSE_DATA_PHASE_ERROR);
}
END_TEST

START_TEST(failed_command_asks_for_no_more_data)
{
	u32 itt, ttt;

	p.sess->params.max_burst = 1024;
	p.sess->params.max_outstanding_r2t = 2;
	itt = cmd_write(0, 8);
	ttt = be32_to_cpu(answer(ISCSI_R2T)->bhs.r2t.ttt);
	answer(ISCSI_R2T);
	/* The first ends, a third waits to be sent, the second fails. */
	p.w->deaf = true;
	put_pdu(data_out(itt, ttt, 0, 0, true), buf, 1024);
	put_pdu(data_out(itt, ttt + 1, 5, 1024, true), buf, 1024);
	p.w->deaf = false;
	ck_sense(itt, SENSE_DATA_PHASE_ERROR);
	no_answer();
}
END_TEST

START_TEST(data_for_nobody_is_dropped)
{
	u32 itt;

	put_pdu(data_out(0x4711, ISCSI_TAG_NONE, 0, 0, true), buf, 512);
	put_pdu(data_out(ISCSI_TAG_NONE, 1, 0, 0, true), buf, 512);
	p.hold = true;
	itt = cmd_read(0, 1);
	put_pdu(data_out(itt, ISCSI_TAG_NONE, 0, 0, true), buf, 512);
	no_answer();
	complete(itt);
	answer(ISCSI_DATA_IN);
	ck_assert_uint_eq(p.nr_executed, 1);
}
END_TEST

START_TEST(empty_data_out_does_no_harm)
{
	u32 itt, ttt;

	itt = cmd_write(0, 1);
	ttt = be32_to_cpu(answer(ISCSI_R2T)->bhs.r2t.ttt);
	put_pdu(data_out(itt, ttt, 0, 0, false), NULL, 0);
	put_pdu(data_out(itt, ttt, 1, 0, true), buf, 512);
	response(itt, SCSI_GOOD);
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *ways_tcase(void)
{
	TCase *tc = tcase_create("ways");

	tcase_add_checked_fixture(tc, setup, peer_down);
	tcase_add_loop_test(tc, data_out_by_every_way, 0, 80 * FEED_MODES);
	tcase_add_loop_test(tc, data_in_by_every_way, 0, 80);
	tcase_add_loop_test(tc, data_in_many_pieces, 0, 48);
	tcase_add_loop_test(tc, unwanted_data_is_dropped, 0, 20);
	return tc;
}

static TCase *data_tcase(void)
{
	TCase *tc = tcase_create("data");

	tcase_add_checked_fixture(tc, setup_in, peer_down);
	tcase_add_test(tc, several_writes_at_once);
	tcase_add_test(tc, sequences_can_be_interleaved);
	tcase_add_test(tc, r2ts_follow_as_sequences_end);
	tcase_add_test(tc, many_outstanding_r2ts);
	tcase_add_test(tc, unsolicited_data_may_end_early);
	tcase_add_test(tc, unsolicited_data_ends_with_the_first_burst);
	tcase_add_test(tc, data_of_no_bytes);
	tcase_add_test(tc, data_beyond_what_the_device_takes);
	tcase_add_test(tc, unsolicited_data_of_a_refused_command_is_dropped);
	return tc;
}

static TCase *status_tcase(void)
{
	TCase *tc = tcase_create("status");

	tcase_add_checked_fixture(tc, setup_in, peer_down);
	tcase_add_test(tc, status_goes_with_the_last_data);
	tcase_add_loop_test(tc, residual_goes_with_the_last_data, 0, 3);
	tcase_add_loop_test(tc, residual_of_a_write, 0, 3);
	tcase_add_test(tc, read_without_data_has_a_response);
	tcase_add_test(tc, data_can_go_before_sense);
	tcase_add_test(tc, busy_without_a_buffer);
	return tc;
}

static TCase *defect_tcase(void)
{
	TCase *tc = tcase_create("defects");

	tcase_add_checked_fixture(tc, setup_in, peer_down);
	tcase_add_loop_test(tc, solicited_data_must_fit_the_r2t, 0,
			    8 * FEED_MODES);
	tcase_add_loop_test(tc, unsolicited_data_must_fit, 0,
			    ARRAY_SIZE(unsolicited));
	tcase_add_test(tc, unsolicited_data_behind_the_final_bit);
	tcase_add_test(tc, solicited_data_before_the_r2t);
	tcase_add_test(tc, solicited_data_before_the_r2t_was_sent);
	tcase_add_test(tc, sequences_must_come_in_order);
	tcase_add_test(tc, failed_command_asks_for_no_more_data);
	tcase_add_test(tc, data_for_nobody_is_dropped);
	tcase_add_test(tc, empty_data_out_does_no_harm);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		ways_tcase, data_tcase, status_tcase, defect_tcase,
	};

	return peer_main_ffp("iscsi_ffp_data", tcases, ARRAY_SIZE(tcases));
}
