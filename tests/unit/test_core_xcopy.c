// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of EXTENDED COPY: what is copied, and what is refused.
 */
#include "core_xcopy.h"

/* ---- What is copied ------------------------------------------------------- */

START_TEST(copies_from_unit_to_unit)
{
	struct fcmd *c = copy_simple(w.a, 1, DISCARD, 5, 3, 40);

	ck_good(c);
	ck_log("w1 r0 w1 a1");
	ck_residual(c, "");
	ck_copied(1, 40 * 512, 0, 3 * 512, 5 * 512);
}
END_TEST

START_TEST(long_segments_go_in_chunks)
{
	ck_good(copy_simple(w.a, 1, DISCARD, 100, 0, 28));
	ck_log("w1 r0 w1 r0 w1 a1");
	ck_copied(1, 28 * 512, 0, 0, 100 * 512);
}
END_TEST

START_TEST(block_limits_bound_the_chunks)
{
	static const u8 limits[60] = { [7] = 8 };
	struct scst_vpd_page page = { SCSI_VPD_BLOCK_LIMITS, 60, limits };
	struct scst_device *dev = disk[1]->core;

	dev->vpd_pages = kmalloc(sizeof(page), GFP_KERNEL);
	page.data = kmemdup(limits, sizeof(limits), GFP_KERNEL);
	dev->vpd_pages[0] = page;
	dev->nr_vpd_pages = 1;
	ck_good(copy_simple(w.a, 1, DISCARD, 20, 0, 0));
	ck_log("w1 r0 w1 r0 w1 r0 w1 a1");
	ck_copied(1, 0, 0, 0, 20 * 512);
}
END_TEST

START_TEST(a_copy_within_a_unit_may_overlap)
{
	struct xlist l;
	bool up_ = _i;

	xlist_begin(&l, 0, NO_ID);
	xlist_cscd(&l, 2, 512);
	xlist_segment(&l, 0, 0, 90, up_ ? 0 : 20, up_ ? 20 : 0);
	ck_good(xlist_send(w.a, 0, &l));
	ck_copied(1, up_ ? 20 * 512 : 0, 1, up_ ? 0 : 20 * 512, 90 * 512);
}
END_TEST

START_TEST(segments_follow_each_other)
{
	struct xlist l;

	xlist_simple(&l, 1, HOLD, 2, 0, 10);
	xlist_segment(&l, 0, 1, 0, 0, 0);
	xlist_segment(&l, 1, 0, 2, 10, 20);
	ck_good(xlist_send(w.a, 1, &l));
	ck_log("w1 r0 w1 r1 w0 a1");
	memcpy(before[1] + 10 * 512, before[0], 1024);
	ck_copied(0, 20 * 512, 1, 10 * 512, 1024);
}
END_TEST

START_TEST(blocks_may_differ_in_length)
{
	struct xlist l;
	u8 *s;

	xlist_begin(&l, 1, DISCARD);
	xlist_cscd(&l, 1, 512);
	xlist_cscd(&l, 3, 2048);
	xlist_segment(&l, 0, 1, 8, 4, 3);
	s = xlist_segment(&l, 0, 1, 1, 12, 9);
	s[1] = 2;		/* DC: one block of the destination */
	ck_good(xlist_send(w.a, 0, &l));
	memcpy(before[2] + 9 * 2048, before[0] + 12 * 512, 2048);
	ck_copied(2, 3 * 2048, 0, 4 * 512, 8 * 512);
}
END_TEST

START_TEST(nothing_to_copy_is_no_error)
{
	struct xlist l = { .len = 0 };

	ck_good(xlist_send(w.a, 0, &l));
	xlist_begin(&l, 0, NO_ID);
	ck_good(xlist_send(w.a, 0, &l));
	xlist_cscd(&l, 1, 512);
	ck_good(xlist_send(w.a, 0, &l));
	ck_untouched();
}
END_TEST

START_TEST(a_t10_designator_will_do)
{
	struct xlist l;
	u8 *d;

	xlist_simple(&l, 1, DISCARD, 1, 0, 0);
	d = l.data + XCOPY_HEADER;
	d[4] = 2;
	d[5] = 1;
	d[7] = 11;
	memcpy(d + 8, "ACME    S-1", 11);
	ck_good(xlist_send(w.a, 0, &l));
	d[5] = 0x11;		/* of the port */
	ck_sense(xlist_send(w.a, 0, &l), SENSE_COPY_NOT_REACHABLE);
	d[5] = 1;
	d[4] = 3;
	ck_sense(xlist_send(w.a, 0, &l), SENSE_COPY_NOT_REACHABLE);
	d[4] = 2;
	d[7] = 10;
	ck_sense(xlist_send(w.a, 0, &l), SENSE_COPY_NOT_REACHABLE);
}
END_TEST

/* ---- Lists that are wrong ------------------------------------------------- */

START_TEST(short_lists_are_refused)
{
	struct xlist l;
	u32 len;

	xlist_simple(&l, 1, DISCARD, 1, 0, 0);
	for (len = l.len - 1; len; len--) {
		l.len = len;
		ck_sense(xlist_send(w.a, 0, &l), SENSE_PARAM_LENGTH_ERROR);
	}
	ck_untouched();
}
END_TEST

START_TEST(lists_that_did_not_arrive_are_refused)
{
	struct xlist l;
	struct fcmd *c;

	xlist_simple(&l, 1, DISCARD, 1, 0, 0);
	c = xlist_new(w.a, 0, &l);
	fcmd_task(c)->expected -= 1;
	ck_sense(submit(c), SENSE_PARAM_LENGTH_ERROR);
	ck_residual(c, "over 1");
	ck_untouched();
}
END_TEST

START_TEST(headers_are_checked)
{
	struct xlist l;

	xlist_simple(&l, 1, 1, 1, 0, 0);
	ck_bad_param(xlist_send(w.a, 0, &l), 1, 4);
	xlist_simple(&l, 1, NO_ID, 1, 0, 0);
	ck_bad_param(xlist_send(w.a, 0, &l), 0, BAD_BYTE);
	xlist_simple(&l, 1, DISCARD, 1, 0, 0);
	l.data[15] = 1;
	ck_sense(xlist_send(w.a, 0, &l), SENSE_INLINE_DATA_EXCEEDED);
	l.data[15] = 0;
	put_unaligned_be32(U32_MAX - 63, l.data + 8);
	ck_sense(xlist_send(w.a, 0, &l), SENSE_PARAM_LENGTH_ERROR);
	ck_untouched();
}
END_TEST

static void many(struct xlist *l, u32 cscds, u32 segments)
{
	xlist_begin(l, 0, NO_ID);
	while (cscds--)
		xlist_cscd(l, 1, 512);
	while (segments--)
		xlist_segment(l, 0, 0, 0, 0, 0);
}

START_TEST(descriptors_are_counted)
{
	struct xlist l;
	struct fcmd *c;

	many(&l, XCOPY_CSCDS_MAX, XCOPY_SEGMENTS_MAX);
	ck_good(xlist_send(w.a, 0, &l));
	/* what is behind the descriptors is nobody's */
	l.len += 100;
	c = xlist_send(w.a, 0, &l);
	ck_good(c);
	ck_residual(c, "");
	many(&l, XCOPY_CSCDS_MAX + 1, 1);
	ck_sense(xlist_send(w.a, 0, &l), SENSE_TOO_MANY_CSCDS);
	many(&l, 1, XCOPY_SEGMENTS_MAX + 1);
	ck_sense(xlist_send(w.a, 0, &l), SENSE_TOO_MANY_SEGMENTS);
	many(&l, XCOPY_CSCDS_MAX + 1, XCOPY_SEGMENTS_MAX + 1);
	ck_sense(xlist_send(w.a, 0, &l), SENSE_PARAM_LENGTH_ERROR);
}
END_TEST

START_TEST(descriptors_are_checked)
{
	struct xlist l;
	u8 *s;

	xlist_simple(&l, 1, DISCARD, 1, 0, 0);
	s = l.data + XCOPY_HEADER + 2 * XCOPY_CSCD_LEN;
	s[3]++;
	ck_bad_param(xlist_send(w.a, 0, &l), 16 + 64 + 2, BAD_BYTE);
	s[0] = 0x03;
	ck_sense(xlist_send(w.a, 0, &l), SENSE_BAD_SEGMENT_TYPE);
	l.data[XCOPY_HEADER + 32 + 7] = 21;
	ck_bad_param(xlist_send(w.a, 0, &l), 16 + 32 + 7, BAD_BYTE);
	l.data[XCOPY_HEADER + 32] = 0xe0;
	ck_sense(xlist_send(w.a, 0, &l), SENSE_BAD_CSCD_TYPE);
	ck_untouched();
}
END_TEST

/* ---- Segments that fail --------------------------------------------------- */

/* The list with one more segment. */
static struct fcmd *second_segment(struct xlist *l, u16 src, u16 dst)
{
	xlist_segment(l, src, dst, 1, 0, 0);
	return xlist_send(w.a, 0, l);
}

START_TEST(units_must_be_seen)
{
	struct xlist l;

	xlist_begin(&l, 1, HOLD);
	xlist_cscd(&l, 1, 512);
	xlist_cscd(&l, 0x99, 512);
	xlist_segment(&l, 0, 0, 1, 0, 7);
	ck_segment(second_segment(&l, 0, 1), SENSE_COPY_NOT_REACHABLE, 1);
	ck_copied(0, 7 * 512, 0, 0, 512);
}
END_TEST

START_TEST(other_initiators_units_are_not_seen)
{
	struct scst_group *own = scst_group_add(w.tgt, "own");
	struct fport *p;
	struct xlist l;

	scst_group_del_pattern(w.grp, "*");
	scst_group_add_pattern(w.grp, "iqn.a");
	scst_group_add_pattern(own, "iqn.p");
	scst_group_map(own, 0, disk[0]->core, false);
	p = fport_add("iqn.p");
	see_attentions(p);
	xlist_simple(&l, 1, HOLD, 1, 0, 0);
	ck_segment(xlist_send(p, 0, &l), SENSE_COPY_NOT_REACHABLE, 0);
	ck_untouched();
}
END_TEST

START_TEST(null_devices_and_wrong_indices_are_unreachable)
{
	struct xlist l;

	xlist_simple(&l, 1, HOLD, 1, 0, 0);
	l.data[XCOPY_HEADER + 1] = 0x20;
	ck_segment(xlist_send(w.a, 0, &l), SENSE_COPY_NOT_REACHABLE, 0);
	xlist_simple(&l, 1, HOLD, 0, 0, 0);
	ck_segment(second_segment(&l, 0, 2), SENSE_COPY_UNREACHABLE, 1);
	xlist_simple(&l, 1, HOLD, 0, 0, 0);
	ck_segment(second_segment(&l, 0xffff, 0), SENSE_COPY_UNREACHABLE, 1);
	ck_untouched();
}
END_TEST

START_TEST(block_lengths_must_agree)
{
	struct xlist l;

	xlist_begin(&l, 1, HOLD);
	xlist_cscd(&l, 1, 512);
	xlist_cscd(&l, 2, 4096);
	xlist_cscd(&l, 3, 2048);
	ck_segment(second_segment(&l, 0, 1), SENSE_COPY_INVALID_FIELD, 0);
	l.segments = 0;
	l.len -= XCOPY_SEGMENT_LEN;
	ck_segment(second_segment(&l, 0, 2), SENSE_COPY_INEXACT, 0);
	ck_untouched();
}
END_TEST

START_TEST(types_must_agree)
{
	struct xlist l;

	xlist_simple(&l, 1, HOLD, 1, 0, 0);
	l.data[XCOPY_HEADER + 1] = SCSI_TYPE_CDROM;
	ck_segment(xlist_send(w.a, 0, &l), SENSE_COPY_WRONG_TYPE, 0);
	/* nor may blocks be longer than any buffer is made for */
	xlist_simple(&l, 1, HOLD, 1, 0, 0);
	put_unaligned_be24(8192, l.data + XCOPY_HEADER + 29);
	scst_device_set_capacity(disk[0]->core, 8, 8192);
	see_attentions(w.a);
	ck_segment(xlist_send(w.a, 0, &l), SENSE_COPY_WRONG_TYPE, 0);
	scst_device_set_capacity(disk[0]->core, 0, 0);
	see_attentions(w.a);
	put_unaligned_be24(0, l.data + XCOPY_HEADER + 29);
	ck_segment(xlist_send(w.a, 0, &l), SENSE_COPY_WRONG_TYPE, 0);
	ck_untouched();
}
END_TEST

START_TEST(units_of_other_types_take_no_part)
{
	const u8 inquiry[6] = { SCSI_INQUIRY, 0, 0, 0, 96 };
	const u8 page[6] = { SCSI_INQUIRY, 1, 0x8f, 0, 96 };
	struct xlist l;
	struct fcmd *c;

	xlist_begin(&l, 1, HOLD);
	xlist_cscd(&l, 3, 2048)[1] = SCSI_TYPE_TAPE;
	ck_segment(second_segment(&l, 0, 0), SENSE_COPY_WRONG_TYPE, 0);
	ck_sense(xlist_send(w.a, 2, &l), SENSE_INVALID_OPCODE);
	c = submit(fcmd_new(w.a, 2, inquiry, 6, SCST_DATA_IN, 96));
	ck_good(c);
	ck_assert_uint_eq(c->in[5], 0);
	c = submit(fcmd_new(w.a, 2, page, 6, SCST_DATA_IN, 96));
	ck_bad_cdb(c, 2, BAD_BYTE);
}
END_TEST

START_TEST(addresses_do_not_wrap)
{
	ck_segment(copy_simple(w.a, 1, HOLD, 2, U64_MAX, 0),
		   SENSE_COPY_INVALID_FIELD, 0);
	ck_segment(copy_simple(w.a, 1, HOLD, 2, 0, U64_MAX - 1),
		   SENSE_COPY_INVALID_FIELD, 0);
	ck_untouched();
}
END_TEST

/* ---- Sense that is forwarded ---------------------------------------------- */

START_TEST(errors_of_the_source_are_forwarded)
{
	const u8 *s;
	struct fcmd *c;

	fail_next(SENSE_READ_ERROR);
	c = copy_simple(w.a, 1, HOLD, 4, 0, 0);
	ck_sense(c, SENSE_COPY_ABORTED);
	s = c->sense_data;
	ck_assert_uint_eq(c->sense_len, 18 + 1 + 18);
	ck_assert_uint_eq(s[7], c->sense_len - 8);
	ck_assert_mem_eq(s + 8, "\x12\0\0\0", 4);
	ck_assert_uint_eq(s[18], SCSI_CHECK_CONDITION);
	ck_assert_uint_eq(s[19 + 2], KEY_MEDIUM_ERROR);
	ck_assert_uint_eq(s[19 + 12], 0x11);
	ck_untouched();
}
END_TEST

START_TEST(errors_of_the_destination_are_forwarded)
{
	struct fcmd *c = copy_simple(w.a, 1, HOLD, 4, 0, 127);

	ck_sense(c, SENSE_COPY_ABORTED);
	ck_assert_mem_eq(c->sense_data + 8, "\0\x12\0\0", 4);
	ck_assert_uint_eq(c->sense_data[19 + 12], 0x21);
}
END_TEST

START_TEST(errors_are_forwarded_by_descriptors)
{
	const u8 *s;
	struct fcmd *c;

	disk[0]->core->descriptor_sense = true;
	fail_next(SENSE_READ_ERROR);
	c = copy_simple(w.a, 1, HOLD, 4, 0, 0);
	ck_sense(c, SENSE_COPY_ABORTED);
	s = c->sense_data;
	ck_assert_uint_eq(s[0], 0x72);
	ck_assert_uint_eq(c->sense_len, s[7] + 8u);
	ck_assert_mem_eq(s + 8, "\1\xa\0\0\0\0\0\0\0\0\0\0", 12);
	s += 20;
	ck_assert_uint_eq(s[0], 0x0c);
	ck_assert_uint_eq(s[1], c->sense_len - 22);
	ck_assert_uint_eq(s[2], 1);
	ck_assert_uint_eq(s[3], SCSI_CHECK_CONDITION);
	ck_assert_uint_eq(s[4 + 1], KEY_MEDIUM_ERROR);
}
END_TEST

START_TEST(unit_attentions_end_a_copy)
{
	struct fcmd *c;

	scst_device_ua(disk[1]->core, SENSE_UA_CAPACITY_CHANGED, 0);
	c = copy_simple(w.a, 1, HOLD, 4, 0, 0);
	ck_sense(c, SENSE_COPY_ABORTED);
	ck_assert_uint_eq(c->sense_data[19 + 2], KEY_UNIT_ATTENTION);
	ck_assert_uint_eq(c->sense_data[19 + 12], 0x2a);
	ck_good(copy_simple(w.a, 1, HOLD, 4, 0, 0));
}
END_TEST

START_TEST(read_only_units_stay_as_they_are)
{
	struct fcmd *c;

	scst_group_set_read_only(w.grp, 1, true);
	see_attentions(w.a);
	c = copy_simple(w.a, 1, HOLD, 4, 0, 0);
	ck_sense(c, SENSE_COPY_ABORTED);
	ck_assert_uint_eq(c->sense_data[19 + 2], KEY_DATA_PROTECT);
	ck_untouched();
}
END_TEST

START_TEST(reservations_hold)
{
	const u8 reserve[6] = { SCSI_RESERVE_6 };
	struct fcmd *c;

	ck_good(submit(fcmd_new(w.b, 1, reserve, 6, SCST_DATA_NONE, 0)));
	c = copy_simple(w.a, 1, HOLD, 4, 0, 0);
	ck_sense(c, SENSE_COPY_ABORTED);
	ck_assert_uint_eq(c->sense_len, 18 + 1);
	ck_assert_uint_eq(c->sense_data[9], 18);
	ck_assert_uint_eq(c->sense_data[18], SCSI_RESERVATION_CONFLICT);
	ck_untouched();
	ck_good(copy_simple(w.b, 1, HOLD, 4, 0, 0));
	ck_good(submit(fcmd_new(w.b, 0, reserve, 6, SCST_DATA_NONE, 0)));
	ck_status(copy_simple(w.a, 1, HOLD, 4, 0, 0),
		  SCSI_RESERVATION_CONFLICT);
}
END_TEST

/* ---- The suite ------------------------------------------------------------ */

static void tape_up(void)
{
	third_type = SCSI_TYPE_TAPE;
	xcopy_up();
}

static TCase *tcase_copy(void)
{
	TCase *tc = tcase_create("copy");

	tcase_add_checked_fixture(tc, xcopy_up, xcopy_down);
	tcase_add_test(tc, copies_from_unit_to_unit);
	tcase_add_test(tc, long_segments_go_in_chunks);
	tcase_add_test(tc, block_limits_bound_the_chunks);
	tcase_add_loop_test(tc, a_copy_within_a_unit_may_overlap, 0, 2);
	tcase_add_test(tc, segments_follow_each_other);
	tcase_add_test(tc, blocks_may_differ_in_length);
	tcase_add_test(tc, nothing_to_copy_is_no_error);
	tcase_add_test(tc, a_t10_designator_will_do);
	return tc;
}

static TCase *tcase_list(void)
{
	TCase *tc = tcase_create("list");

	tcase_add_checked_fixture(tc, xcopy_up, xcopy_down);
	tcase_add_test(tc, short_lists_are_refused);
	tcase_add_test(tc, lists_that_did_not_arrive_are_refused);
	tcase_add_test(tc, headers_are_checked);
	tcase_add_test(tc, descriptors_are_counted);
	tcase_add_test(tc, descriptors_are_checked);
	return tc;
}

static TCase *tcase_segment(void)
{
	TCase *tc = tcase_create("segment");

	tcase_add_checked_fixture(tc, xcopy_up, xcopy_down);
	tcase_add_test(tc, units_must_be_seen);
	tcase_add_test(tc, other_initiators_units_are_not_seen);
	tcase_add_test(tc, null_devices_and_wrong_indices_are_unreachable);
	tcase_add_test(tc, block_lengths_must_agree);
	tcase_add_test(tc, types_must_agree);
	tcase_add_test(tc, addresses_do_not_wrap);
	tcase_add_test(tc, errors_of_the_source_are_forwarded);
	tcase_add_test(tc, errors_of_the_destination_are_forwarded);
	tcase_add_test(tc, errors_are_forwarded_by_descriptors);
	tcase_add_test(tc, unit_attentions_end_a_copy);
	tcase_add_test(tc, read_only_units_stay_as_they_are);
	tcase_add_test(tc, reservations_hold);
	return tc;
}

static TCase *tcase_tape(void)
{
	TCase *tc = tcase_create("tape");

	tcase_add_checked_fixture(tc, tape_up, xcopy_down);
	tcase_add_test(tc, units_of_other_types_take_no_part);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		tcase_copy, tcase_list, tcase_segment, tcase_tape,
	};

	return core_main("core_xcopy", tcases, ARRAY_SIZE(tcases));
}
