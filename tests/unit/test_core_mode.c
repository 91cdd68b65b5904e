// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of MODE SENSE and MODE SELECT (SPC-5 6.13 to 6.16, 7.5).
 */
#include "core_fake.h"

#define CONTROL_LEN 12
#define CACHING_LEN 20

static struct fdev *d;		/* at LUN 1 */

/* Not in the order of their codes. */
static const struct scst_mode_page pages[] = {
	{
		.len = CACHING_LEN,
		.current_ = { 0x08, CACHING_LEN - 2, 0x04 },
		.changeable = { [2] = 0x05, [5] = 0xff },
		.defaults = { 0x08, CACHING_LEN - 2, 0x04 },
	}, {
		.len = 8,
		.current_ = { 0x00, 6, 1, 2, 3 },
		.defaults = { 0x00, 6, 1, 2, 3 },
	}, {
		.len = 8,
		.current_ = { 0x4a, 0x02, 0, 4, 0xaa, 0xbb },
		.changeable = { [4] = 0xff },
		.defaults = { 0x4a, 0x02, 0, 4, 0xaa, 0xbb },
	}, {
		.len = 4,
		.current_ = { 0x81, 2, 0x11 },
		.defaults = { 0x81, 2, 0x11 },	/* PS: saveable, they say */
	},
};

static void setup(void)
{
	world_up();
	d = fdev_new("dev1");
	d->info.mode_pages = pages;
	d->info.nr_mode_pages = ARRAY_SIZE(pages);
	d->info.mode_device_specific = 0x10;
	fdev_register(d);
	scst_device_set_capacity(d->core, 0x12345, 512);
	scst_group_map(w.grp, 1, d->core, false);
	see_attentions(w.a);
	see_attentions(w.b);
}

/* ---- MODE SENSE ------------------------------------------------------------- */

#define DBD   0x08
#define LLBAA 0x10

static struct fcmd *sense6(u8 opts, u8 page, u8 subpage, u8 alloc)
{
	const u8 cdb[6] = { SCSI_MODE_SENSE_6, opts, page, subpage, alloc };

	return submit(fcmd_new(w.a, 1, cdb, 6, SCST_DATA_IN, 512));
}

static struct fcmd *sense10(u8 opts, u8 page, u8 subpage, u16 alloc)
{
	u8 cdb[10] = { SCSI_MODE_SENSE_10, opts, page, subpage };

	put_unaligned_be16(alloc, cdb + 7);
	return submit(fcmd_new(w.a, 1, cdb, 10, SCST_DATA_IN, 512));
}

START_TEST(header_of_six_bytes)
{
	struct fcmd *c = sense6(0, 0x08, 0, 255);

	ck_good(c);
	ck_assert_uint_eq(c->in_len, 4 + 8 + CACHING_LEN);
	ck_assert_mem_eq(c->in, "\x1f\0\x10\x08", 4);
	ck_assert_mem_eq(c->in + 4, "\0\x01\x23\x45\0\0\x02\0", 8);
	ck_assert_mem_eq(c->in + 12, "\x08\x12\x04", 3);
}
END_TEST

START_TEST(header_of_ten_bytes)
{
	struct fcmd *c = sense10(0, 0x08, 0, 512);

	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8 + 8 + CACHING_LEN);
	ck_assert_mem_eq(c->in, "\0\x22\0\x10\0\0\0\x08", 8);
	ck_assert_mem_eq(c->in + 8, "\0\x01\x23\x45\0\0\x02\0", 8);
	ck_assert_mem_eq(c->in + 16, "\x08\x12\x04", 3);
}
END_TEST

START_TEST(no_block_descriptor_if_told_so)
{
	struct fcmd *c = sense6(DBD, 0x08, 0, 255);

	ck_assert_uint_eq(c->in_len, 4 + CACHING_LEN);
	ck_assert_mem_eq(c->in, "\x17\0\x10\0\x08\x12", 6);
	c = sense10(DBD, 0x08, 0, 255);
	ck_assert_uint_eq(c->in_len, 8 + CACHING_LEN);
	ck_assert_mem_eq(c->in, "\0\x1a\0\x10\0\0\0\0\x08\x12", 10);
}
END_TEST

START_TEST(long_block_descriptor_if_asked_for)
{
	struct fcmd *c = sense10(LLBAA, 0x08, 0, 512);

	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8 + 16 + CACHING_LEN);
	ck_assert_mem_eq(c->in, "\0\x2a\0\x10\x01\0\0\x10", 8);
	ck_assert_uint_eq(get_unaligned_be64(c->in + 8), 0x12345);
	ck_assert_uint_eq(get_unaligned_be32(c->in + 20), 512);
}
END_TEST

START_TEST(large_capacity_saturates_the_short_descriptor)
{
	struct fcmd *c;

	scst_device_set_capacity(d->core, 1ULL << 33, 512);
	see_attentions(w.a);
	c = sense6(0, 0x08, 0, 255);
	ck_assert_uint_eq(get_unaligned_be32(c->in + 4), U32_MAX);
	c = sense10(LLBAA, 0x08, 0, 255);
	ck_assert_uint_eq(get_unaligned_be64(c->in + 8), 1ULL << 33);
}
END_TEST

START_TEST(no_block_descriptor_where_there_are_no_blocks)
{
	const u8 cdb[6] = { SCSI_MODE_SENSE_6, 0, 0x0a, 0, 255 };
	struct fcmd *c;

	c = submit(fcmd_new(w.a, 0, cdb, 6, SCST_DATA_IN, 255));
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 4 + CONTROL_LEN);
	ck_assert_uint_eq(c->in[3], 0);
}
END_TEST

START_TEST(write_protection_is_in_the_header)
{
	const u8 cdb[6] = { SCSI_MODE_SENSE_6, 0, 0x0a, 0, 255 };
	struct fcmd *c;

	scst_device_set_read_only(d->core, true);
	ck_assert_uint_eq(sense6(0, 0x08, 0, 255)->in[2], 0x90);
	ck_assert_uint_eq(sense10(0, 0x08, 0, 255)->in[3], 0x90);
	scst_device_set_read_only(d->core, false);
	ck_assert_uint_eq(sense6(0, 0x08, 0, 255)->in[2], 0x10);

	ck_assert_int_eq(scst_group_map(w.grp, 2, d->core, true), 0);
	see_attentions(w.a);
	c = submit(fcmd_new(w.a, 2, cdb, 6, SCST_DATA_IN, 255));
	ck_assert_uint_eq(c->in[2], 0x90);
}
END_TEST

/* Codes of the pages in @c, whose header has @header bytes; subpages behind. */
static const char *codes(const struct fcmd *c, u32 header)
{
	static char text[64];
	size_t n = 0;
	u32 at;

	ck_good(c);
	*text = '\0';
	for (at = header; at < c->in_len;) {
		const u8 *p = c->in + at;

		n += snprintf(text + n, sizeof(text) - n, "%s%x",
			      n ? " " : "", p[0] & 0x3f);
		if (p[0] & 0x40)
			n += snprintf(text + n, sizeof(text) - n, ".%x", p[1]);
		at += p[0] & 0x40 ? 4 + get_unaligned_be16(p + 2) : 2 + p[1];
	}
	ck_assert_uint_eq(at, c->in_len);
	return text;
}

/* SPC-3 6.9.1: in ascending order, page 00h behind them. */
START_TEST(all_pages_come_in_order)
{
	ck_assert_str_eq(codes(sense6(DBD, 0x3f, 0, 255), 4), "1 8 a 0");
	ck_assert_str_eq(codes(sense10(DBD, 0x3f, 0, 255), 8), "1 8 a 0");
	ck_assert_str_eq(codes(sense10(DBD, 0x3f, 0xff, 255), 8),
			 "1 8 a a.2 0");
}
END_TEST

START_TEST(subpages_are_chosen)
{
	ck_assert_str_eq(codes(sense6(DBD, 0x0a, 0, 255), 4), "a");
	ck_assert_str_eq(codes(sense6(DBD, 0x0a, 2, 255), 4), "a.2");
	ck_assert_str_eq(codes(sense6(DBD, 0x0a, 0xff, 255), 4), "a a.2");
	ck_assert_str_eq(codes(sense6(DBD, 0x08, 0xff, 255), 4), "8");
	ck_assert_str_eq(codes(sense6(DBD, 0x00, 0, 255), 4), "0");
}
END_TEST

START_TEST(unknown_page_is_refused)
{
	ck_bad_cdb(sense6(0, 0x02, 0, 255), 2, 5);
	ck_bad_cdb(sense10(0, 0x02, 0xff, 255), 2, 5);
	ck_bad_cdb(sense6(0, 0x08, 1, 255), 2, 5);
}
END_TEST

START_TEST(subpage_of_all_pages_is_refused)
{
	ck_bad_cdb(sense6(0, 0x3f, 2, 255), 3, BAD_BYTE);
}
END_TEST

START_TEST(page_control_chooses_the_values)
{
	struct fcmd *c;

	d->core->mode_pages[1].current_[2] = 0x05;
	c = sense6(DBD, 0x08, 0, 255);
	ck_assert_mem_eq(c->in + 4, "\x08\x12\x05\0\0\0\0", 7);
	c = sense6(DBD, 0x40 | 0x08, 0, 255);
	ck_assert_mem_eq(c->in + 4, "\x08\x12\x05\0\0\xff\0", 7);
	c = sense6(DBD, 0x80 | 0x08, 0, 255);
	ck_assert_mem_eq(c->in + 4, "\x08\x12\x04\0\0\0\0", 7);
	ck_sense(sense6(DBD, 0xc0 | 0x08, 0, 255), SENSE_SAVING_NOT_SUPPORTED);
}
END_TEST

START_TEST(mask_of_a_subpage_keeps_its_header)
{
	struct fcmd *c = sense6(DBD, 0x40 | 0x0a, 2, 255);

	ck_assert_mem_eq(c->in + 4, "\x4a\x02\0\x04\xff\0\0\0", 8);
}
END_TEST

START_TEST(mode_data_is_cut_to_the_allocation_length)
{
	struct fcmd *whole = sense10(0, 0x3f, 0xff, 512), *c;
	u32 alloc;

	for (alloc = 0; alloc < whole->in_len + 2; alloc++) {
		c = sense10(0, 0x3f, 0xff, alloc);
		ck_good(c);
		ck_assert_uint_eq(c->in_len, min(alloc, whole->in_len));
		ck_assert_mem_eq(c->in ?: (u8 *)"", whole->in, c->in_len);
	}
}
END_TEST

START_TEST(control_page_at_first)
{
	struct fcmd *c = sense6(DBD, 0x0a, 0, 255);

	ck_assert_mem_eq(c->in + 4, "\x0a\x0a\0\x10\0\0\0\0\xff\xff\0\0", 12);
	c = sense6(DBD, 0x40 | 0x0a, 0, 255);
	ck_assert_mem_eq(c->in + 4, "\x0a\x0a\x04\0\x08\x40\0\0\0\0\0\0", 12);
}
END_TEST

/* ---- MODE SELECT ------------------------------------------------------------ */

#define PF 0x10
#define SP 0x01

struct list {
	u8 buf[512];
	u32 len;
};

static void add(struct list *l, const void *buf, u32 len)
{
	memcpy(l->buf + l->len, buf, len);
	l->len += len;
}

static struct list list6(void)
{
	return (struct list){ .len = 4 };
}

static struct list list10(void)
{
	return (struct list){ .len = 8 };
}

/* The Caching page with these in bytes 2 and 5. */
static void add_caching(struct list *l, u8 b2, u8 b5)
{
	const u8 page[CACHING_LEN] = { 0x08, CACHING_LEN - 2, b2, 0, 0, b5 };

	add(l, page, sizeof(page));
}

static void add_control(struct list *l, u8 b2, u8 b4, u8 b5)
{
	const u8 page[CONTROL_LEN] = { 0x0a, CONTROL_LEN - 2, b2, 0x10, b4,
				       b5, 0, 0, 0xff, 0xff };

	add(l, page, sizeof(page));
}

static struct fcmd *make_select(const struct list *l, u8 op, u8 opts)
{
	u8 cdb[10] = { op, opts };
	struct fcmd *c;

	cdb[4] = op == SCSI_MODE_SELECT_6 ? l->len : 0;
	if (op == SCSI_MODE_SELECT_10)
		put_unaligned_be16(l->len, cdb + 7);
	c = fcmd_new(w.a, 1, cdb, 10, SCST_DATA_OUT, l->len);
	memcpy(c->out, l->buf, l->len);
	return c;
}

static struct fcmd *select6(const struct list *l)
{
	return submit(make_select(l, SCSI_MODE_SELECT_6, PF));
}

static struct fcmd *select10(const struct list *l)
{
	return submit(make_select(l, SCSI_MODE_SELECT_10, PF));
}

static u8 caching(u8 at)
{
	return d->core->mode_pages[1].current_[at];
}

START_TEST(page_is_changed)
{
	struct list l = list6();

	add_caching(&l, 0x01, 0x77);
	ck_good(select6(&l));
	ck_assert_uint_eq(caching(2), 0x01);
	ck_assert_uint_eq(caching(5), 0x77);
	ck_assert_uint_eq(d->nr_mode_selects, 1);
	ck_assert_mem_eq(d->mode_wanted, l.buf + 4, CACHING_LEN);
}
END_TEST

START_TEST(pages_are_changed_by_the_ten_byte_command)
{
	struct list l = list10();

	add_caching(&l, 0, 0);
	add_control(&l, 0x04, 0, 0x40);
	add(&l, "\x4a\x02\0\x04\x12\xbb\0", 8);
	ck_good(select10(&l));
	ck_assert_uint_eq(caching(2), 0);
	ck_assert(d->core->descriptor_sense);
	ck_assert(d->core->task_aborted_status);
	ck_assert_uint_eq(d->core->mode_pages[3].current_[4], 0x12);
	/* The device has no say in the Control page. */
	ck_assert_uint_eq(d->nr_mode_selects, 2);
}
END_TEST

START_TEST(change_is_told_to_the_others)
{
	struct list l = list6();

	add_caching(&l, 0, 0);
	ck_good(select6(&l));
	ck_assert_uint_eq(attention(w.a, 1), SENSE_NONE);
	ck_assert_uint_eq(attention(w.b, 1), SENSE_UA_MODE_CHANGED);
	ck_assert_uint_eq(attention(w.b, 1), SENSE_NONE);
}
END_TEST

START_TEST(what_changes_nothing_is_not_told)
{
	struct list l = list6();

	add_caching(&l, 0x04, 0);
	add_control(&l, 0, 0, 0);
	ck_good(select6(&l));
	ck_assert_uint_eq(attention(w.b, 1), SENSE_NONE);
}
END_TEST

START_TEST(device_without_a_say_takes_all)
{
	struct list l = list6();

	d->ops.mode_select = NULL;
	add_caching(&l, 0x01, 0);
	ck_good(select6(&l));
	ck_assert_uint_eq(caching(2), 0x01);
}
END_TEST

START_TEST(device_may_refuse)
{
	struct list l = list6();

	d->mode_sense = SENSE_WRITE_ERROR;
	add_caching(&l, 0x01, 0);
	ck_sense(select6(&l), SENSE_WRITE_ERROR);
	ck_assert_uint_eq(caching(2), 0x04);
	ck_assert_uint_eq(attention(w.b, 1), SENSE_NONE);
	d->mode_sense = SENSE_BUSY;
	ck_status(select6(&l), SCSI_BUSY);
}
END_TEST

START_TEST(device_may_take_its_time)
{
	struct list l = list6();
	struct fcmd *c;

	d->hold_mode = true;
	add_caching(&l, 0x01, 0);
	c = select6(&l);
	ck_assert(!c->answered);
	ck_assert_uint_eq(caching(2), 0x04);
	scst_mode_selected(d->mode_cmd, SENSE_NONE);
	ck_good(c);
	ck_assert_uint_eq(caching(2), 0x01);
	ck_assert_uint_eq(attention(w.b, 1), SENSE_UA_MODE_CHANGED);
}
END_TEST

START_TEST(device_takes_its_time_for_each_page)
{
	struct list l = list6();
	struct fcmd *c;

	d->hold_mode = true;
	add_caching(&l, 0x01, 0);
	add_control(&l, 0x04, 0, 0);
	add(&l, "\x4a\x02\0\x04\x12\xbb\0", 8);
	c = select6(&l);
	ck_assert(!d->core->descriptor_sense);
	scst_mode_selected(d->mode_cmd, SENSE_NONE);
	ck_assert(d->core->descriptor_sense);
	ck_assert_uint_eq(d->mode_wanted[4], 0x12);
	ck_assert(!c->answered);
	scst_mode_selected(d->mode_cmd, SENSE_NONE);
	ck_good(c);
}
END_TEST

START_TEST(abort_while_the_device_takes_its_time)
{
	struct list l = list6();
	struct fcmd *c;
	struct ftmf *t;

	d->hold_mode = true;
	add_caching(&l, 0x01, 0);
	c = select6(&l);
	t = tmf(w.b, SCST_LUN_RESET, 1);
	ck_assert(!t->done);
	scst_mode_selected(d->mode_cmd, SENSE_NONE);
	ck_assert(c->gone);
	ck_assert(t->done);
}
END_TEST

START_TEST(list_may_be_empty)
{
	struct list l = { .len = 0 };

	ck_good(select6(&l));
	ck_good(select10(&l));
	l = list6();
	ck_good(select6(&l));
	l = list10();
	ck_good(select10(&l));
	ck_assert_uint_eq(attention(w.b, 1), SENSE_NONE);
}
END_TEST

/* ---- Block descriptors in MODE SELECT -------------------------------------- */

static const struct {
	const char *descriptor;
	int bad;		/* its byte, or -1 */
} descriptors[] = {
	{ "\0\x01\x23\x45\0\0\x02\0", -1 },
	{ "\0\0\0\0\0\0\x02\0", -1 },
	{ "\xff\xff\xff\xff\0\0\x02\0", -1 },
	{ "\0\x01\x23\x44\0\0\x02\0", 0 },
	{ "\0\x01\x23\x45\0\0\x04\0", 5 },
	{ "\0\0\0\0\0\0\0\0", 5 },
};

START_TEST(short_descriptor_may_say_what_is_so)
{
	struct list l = list6();
	struct fcmd *c;

	l.buf[3] = 8;
	add(&l, descriptors[_i].descriptor, 8);
	add_caching(&l, 0x01, 0);
	c = select6(&l);
	if (descriptors[_i].bad < 0)
		ck_good(c);
	else
		ck_bad_param(c, 4 + descriptors[_i].bad, BAD_BYTE);
	ck_assert_uint_eq(caching(2), descriptors[_i].bad < 0 ? 0x01 : 0x04);
}
END_TEST

START_TEST(long_descriptor_may_say_what_is_so)
{
	static const u64 blocks[] = { 0x12345, 0, U64_MAX, U32_MAX };
	struct list l = list10();
	u8 *p = l.buf + 8;

	l.buf[4] = 1;
	l.buf[7] = 16;
	put_unaligned_be64(blocks[_i], p);
	put_unaligned_be32(512, p + 12);
	l.len += 16;
	if (_i < 3)
		ck_good(select10(&l));
	else
		ck_bad_param(select10(&l), 8, BAD_BYTE);
	put_unaligned_be32(1024, p + 12);
	put_unaligned_be64(0, p);
	ck_bad_param(select10(&l), 8 + 12, BAD_BYTE);
}
END_TEST

START_TEST(descriptor_of_a_large_unit)
{
	struct list l = list6();

	scst_device_set_capacity(d->core, 1ULL << 33, 512);
	see_attentions(w.a);
	l.buf[3] = 8;
	add(&l, "\xff\xff\xff\xff\0\0\x02\0", 8);
	ck_good(select6(&l));
}
END_TEST

START_TEST(descriptor_has_its_length)
{
	struct list l = list6();

	l.buf[3] = 16;
	l.len += 16;
	ck_bad_param(select6(&l), 3, BAD_BYTE);
	l = list10();
	l.buf[4] = 1;
	l.buf[7] = 8;
	l.len += 8;
	ck_bad_param(select10(&l), 7, BAD_BYTE);
}
END_TEST

/* ---- Refused lists ----------------------------------------------------------- */

START_TEST(saving_is_not_supported)
{
	struct list l = list6();

	add_caching(&l, 0, 0);
	ck_bad_cdb(submit(make_select(&l, SCSI_MODE_SELECT_6, PF | SP)), 1, 0);
	ck_bad_cdb(submit(make_select(&l, SCSI_MODE_SELECT_10, SP)), 1, 0);
}
END_TEST

START_TEST(page_format_is_needed)
{
	struct list l = list6();

	add_caching(&l, 0, 0);
	ck_bad_cdb(submit(make_select(&l, SCSI_MODE_SELECT_6, 0)), 1, 4);
}
END_TEST

START_TEST(list_must_not_end_within_its_parts)
{
	struct list l = list10();
	u32 len, whole;

	l.buf[7] = 8;
	add(&l, "\0\0\0\0\0\0\x02\0", 8);
	add_caching(&l, 0x01, 0);
	add(&l, "\x4a\x02\0\x04\x12\xbb\0", 8);
	whole = l.len;
	for (len = 1; len < whole; len++) {
		l.len = len;
		if (len == 16 || len == 16 + CACHING_LEN)
			continue;	/* is whole */
		ck_sense(select10(&l), SENSE_PARAM_LENGTH_ERROR);
		ck_assert_uint_eq(caching(2), 0x04);
	}
	l.len = whole;
	ck_good(select10(&l));
}
END_TEST

START_TEST(less_data_than_the_cdb_says)
{
	struct list l = list6();
	struct fcmd *c;

	add_caching(&l, 0x01, 0);
	c = make_select(&l, SCSI_MODE_SELECT_6, PF);
	fcmd_task(c)->expected--;
	ck_sense(submit(c), SENSE_PARAM_LENGTH_ERROR);
	ck_residual(c, "over 1");
	ck_assert_uint_eq(caching(2), 0x04);
}
END_TEST

START_TEST(more_data_than_the_cdb_says)
{
	const u8 cdb[6] = { SCSI_MODE_SELECT_6, PF, 0, 0, 4 + CACHING_LEN };
	struct list l = list6();
	struct fcmd *c;

	add_caching(&l, 0x01, 0);
	c = fcmd_new(w.a, 1, cdb, 6, SCST_DATA_OUT, l.len + 10);
	memcpy(c->out, l.buf, l.len);
	ck_good(submit(c));
	ck_residual(c, "under 10");
	ck_assert_uint_eq(caching(2), 0x01);
}
END_TEST

START_TEST(list_that_is_too_long)
{
	u8 cdb[10] = { SCSI_MODE_SELECT_10, PF, 0, 0, 0, 0, 0, 0x04, 0x01 };

	ck_sense(submit(fcmd_new(w.a, 1, cdb, 10, SCST_DATA_OUT, 1025)),
		 SENSE_PARAM_LENGTH_ERROR);
}
END_TEST

START_TEST(unknown_page_in_the_list)
{
	struct list l = list6();

	add_caching(&l, 0x01, 0);
	add(&l, "\x02\x02\0", 4);
	ck_bad_param(select6(&l), 4 + CACHING_LEN, 5);
	ck_assert_uint_eq(caching(2), 0x04);
	ck_assert_uint_eq(d->nr_mode_selects, 0);
}
END_TEST

START_TEST(subpage_where_there_is_none)
{
	struct list l = list6();
	u8 page[CACHING_LEN] = { 0x48, 0, 0, CACHING_LEN - 4, 1 };

	add(&l, page, sizeof(page));
	ck_bad_param(select6(&l), 4, 5);
}
END_TEST

START_TEST(page_of_another_length)
{
	struct list l = list6();

	add_caching(&l, 0x01, 0);
	add(&l, "\x0a\x06\0\0\0\0\0", 8);
	ck_bad_param(select6(&l), 4 + CACHING_LEN + 1, BAD_BYTE);
	l = list6();
	add(&l, "\x4a\x02\0\x02\x12", 6);
	ck_bad_param(select6(&l), 4 + 2, BAD_BYTE);
	ck_assert_uint_eq(caching(2), 0x04);
}
END_TEST

START_TEST(what_is_not_changeable_must_stay)
{
	struct list l = list6();

	add_control(&l, 0x04, 0, 0);
	add_caching(&l, 0x05 | 0x02, 0);
	ck_bad_param(select6(&l), 4 + CONTROL_LEN + 2, BAD_BYTE);
	ck_assert(!d->core->descriptor_sense);
	ck_assert_uint_eq(attention(w.b, 1), SENSE_NONE);
}
END_TEST

START_TEST(page_more_often_than_there_are_pages)
{
	struct list l = list10();
	u32 i;

	for (i = 0; i < 5; i++)
		add_caching(&l, i & 1, 0);
	ck_good(select10(&l));
	ck_assert_uint_eq(caching(2), 0);
	add_caching(&l, 1, 0);
	ck_bad_param(select10(&l), 8 + 5 * CACHING_LEN, BAD_BYTE);
}
END_TEST

START_TEST(list_without_memory_is_busy)
{
	struct list l = list6();
	struct fcmd *c;

	add_caching(&l, 0x01, 0);
	c = make_select(&l, SCSI_MODE_SELECT_6, PF);
	core_fail_alloc(1);
	submit(c);
	ck_assert_uint_eq(core_fail_alloc(0), 0);
	ck_status(c, SCSI_BUSY);
	ck_assert_uint_eq(caching(2), 0x04);
}
END_TEST

START_TEST(reset_brings_the_defaults_back)
{
	struct list l = list6();

	add_caching(&l, 0x01, 0x77);
	ck_good(select6(&l));
	ck_assert(tmf(w.b, SCST_LUN_RESET, 1)->done);
	ck_assert_uint_eq(caching(2), 0x04);
	ck_assert_uint_eq(caching(5), 0);
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *sense_tcase(void)
{
	TCase *tc = tcase_create("MODE SENSE");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, header_of_six_bytes);
	tcase_add_test(tc, header_of_ten_bytes);
	tcase_add_test(tc, no_block_descriptor_if_told_so);
	tcase_add_test(tc, long_block_descriptor_if_asked_for);
	tcase_add_test(tc, large_capacity_saturates_the_short_descriptor);
	tcase_add_test(tc, no_block_descriptor_where_there_are_no_blocks);
	tcase_add_test(tc, write_protection_is_in_the_header);
	tcase_add_test(tc, all_pages_come_in_order);
	tcase_add_test(tc, subpages_are_chosen);
	tcase_add_test(tc, unknown_page_is_refused);
	tcase_add_test(tc, subpage_of_all_pages_is_refused);
	tcase_add_test(tc, page_control_chooses_the_values);
	tcase_add_test(tc, mask_of_a_subpage_keeps_its_header);
	tcase_add_test(tc, mode_data_is_cut_to_the_allocation_length);
	tcase_add_test(tc, control_page_at_first);
	return tc;
}

static TCase *select_tcase(void)
{
	TCase *tc = tcase_create("MODE SELECT");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, page_is_changed);
	tcase_add_test(tc, pages_are_changed_by_the_ten_byte_command);
	tcase_add_test(tc, change_is_told_to_the_others);
	tcase_add_test(tc, what_changes_nothing_is_not_told);
	tcase_add_test(tc, device_without_a_say_takes_all);
	tcase_add_test(tc, device_may_refuse);
	tcase_add_test(tc, device_may_take_its_time);
	tcase_add_test(tc, device_takes_its_time_for_each_page);
	tcase_add_test(tc, abort_while_the_device_takes_its_time);
	tcase_add_test(tc, list_may_be_empty);
	tcase_add_loop_test(tc, short_descriptor_may_say_what_is_so, 0,
			    ARRAY_SIZE(descriptors));
	tcase_add_loop_test(tc, long_descriptor_may_say_what_is_so, 0, 4);
	tcase_add_test(tc, descriptor_of_a_large_unit);
	tcase_add_test(tc, descriptor_has_its_length);
	tcase_add_test(tc, reset_brings_the_defaults_back);
	return tc;
}

static TCase *refused_tcase(void)
{
	TCase *tc = tcase_create("refused");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, saving_is_not_supported);
	tcase_add_test(tc, page_format_is_needed);
	tcase_add_test(tc, list_must_not_end_within_its_parts);
	tcase_add_test(tc, less_data_than_the_cdb_says);
	tcase_add_test(tc, more_data_than_the_cdb_says);
	tcase_add_test(tc, list_that_is_too_long);
	tcase_add_test(tc, unknown_page_in_the_list);
	tcase_add_test(tc, subpage_where_there_is_none);
	tcase_add_test(tc, page_of_another_length);
	tcase_add_test(tc, what_is_not_changeable_must_stay);
	tcase_add_test(tc, page_more_often_than_there_are_pages);
	tcase_add_test(tc, list_without_memory_is_busy);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		sense_tcase, select_tcase, refused_tcase,
	};

	return core_main("core_mode", tcases, ARRAY_SIZE(tcases));
}
