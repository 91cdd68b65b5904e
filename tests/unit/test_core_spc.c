// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of what the SPC device server tells of a device.
 */
#include "core_fake.h"

/* A second device, made by the test, at LUN 1. */
static struct fdev *d;

static void setup(void)
{
	world_up();
	d = fdev_new("dev1");
}

static void show(void)
{
	fdev_register(d);
	scst_group_map(w.grp, 1, d->core, false);
	see_attentions(w.a);
	see_attentions(w.b);
}

static struct fcmd *in(const u8 *cdb, u32 len)
{
	return submit(fcmd_new(w.a, 1, cdb, 16, SCST_DATA_IN, len));
}

static struct fcmd *inquiry(u8 evpd, u8 page, u16 alloc)
{
	u8 cdb[16] = { SCSI_INQUIRY, evpd, page };

	put_unaligned_be16(alloc, cdb + 3);
	return in(cdb, 2048);
}

/* ---- Standard INQUIRY data ------------------------------------------------- */

START_TEST(inquiry_has_the_identity)
{
	struct fcmd *c;

	show();
	c = inquiry(0, 0, 255);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 96);
	ck_assert_uint_eq(c->in[0], SCSI_TYPE_DISK);
	ck_assert_uint_eq(c->in[1], 0);
	ck_assert_uint_eq(c->in[3] & 0xf, 2);
	ck_assert_uint_eq(c->in[4], 91);
	ck_assert_mem_eq(c->in + 8, "ACME    Anvil           1.0 ", 28);
}
END_TEST

START_TEST(identity_is_cut_and_padded)
{
	struct fcmd *c;

	d->info.vendor = "much too long";
	d->info.product = NULL;
	d->info.revision = "12345";
	d->info.removable = true;
	d->info.type = SCSI_TYPE_CDROM;
	show();
	c = inquiry(0, 0, 255);
	ck_assert_uint_eq(c->in[0], SCSI_TYPE_CDROM);
	ck_assert_uint_eq(c->in[1], 0x80);
	ck_assert_mem_eq(c->in + 8, "much too                1234", 28);
}
END_TEST

START_TEST(inquiry_is_cut_to_the_allocation_length)
{
	static const u16 lens[] = { 0, 1, 5, 36, 95, 96, 97, 0xffff };
	struct fcmd *c;

	show();
	c = inquiry(0, 0, lens[_i]);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, min_t(u16, lens[_i], 96));
	ck_assert_uint_eq(c->residual.count, 2048 - min_t(u16, lens[_i], 96));
}
END_TEST

START_TEST(inquiry_is_cut_to_what_is_expected)
{
	const u8 cdb[16] = { SCSI_INQUIRY, 0, 0, 0, 96 };
	struct fcmd *c;

	show();
	c = in(cdb, 36);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 36);
	ck_residual(c, "over 60");
}
END_TEST

START_TEST(page_without_evpd_is_refused)
{
	show();
	ck_bad_cdb(inquiry(0, 0x80, 255), 2, BAD_BYTE);
	ck_bad_cdb(inquiry(2, 0, 255), 1, 1);
}
END_TEST

/* Version descriptors from byte 58 on, as hexadecimal words. */
static const char *versions(void)
{
	static char text[64];
	struct fcmd *c = inquiry(0, 0, 255);
	size_t n = 0;
	u32 at;

	*text = '\0';
	for (at = 58; get_unaligned_be16(c->in + at); at += 2)
		n += snprintf(text + n, sizeof(text) - n, "%s%04x",
			      n ? " " : "", get_unaligned_be16(c->in + at));
	ck_assert_ptr_null(memchr_inv(c->in + at, 0, 96 - at));
	return text;
}

START_TEST(device_adds_its_standards)
{
	const char *own;

	d->info.version_descriptors[0] = 0x0600;
	show();
	own = versions();
	ck_assert_str_eq(strrchr(own, ' '), " 0600");
	ck_assert_ptr_nonnull(strstr(own, "0960"));
}
END_TEST

START_TEST(transport_of_another_kind_is_not_named)
{
	w.ops.protocol = 0;
	show();
	ck_assert_ptr_null(strstr(versions(), "0960"));
}
END_TEST

START_TEST(standards_beyond_eight_are_left_out)
{
	u32 i;

	for (i = 0; i < 8; i++)
		d->info.version_descriptors[i] = 0x1000 + i;
	show();
	ck_assert_uint_eq(strlen(versions()), 8 * 5 - 1);
}
END_TEST

/* ---- VPD pages ------------------------------------------------------------- */

/* Page @page in full, checked for its header. */
static struct fcmd *vpd(u8 page)
{
	struct fcmd *c = inquiry(1, page, 2048);

	ck_good(c);
	ck_assert_uint_ge(c->in_len, 4);
	ck_assert_uint_eq(c->in[0], d->info.type);
	ck_assert_uint_eq(c->in[1], page);
	ck_assert_uint_eq(get_unaligned_be16(c->in + 2), c->in_len - 4);
	return c;
}

START_TEST(supported_pages_are_listed)
{
	struct fcmd *c;

	show();
	c = vpd(SCSI_VPD_SUPPORTED);
	ck_assert_uint_eq(c->in_len, 8);
	ck_assert_mem_eq(c->in + 4, "\x00\x80\x83\x86", 4);
}
END_TEST

/* SPC-5 7.7.14: in ascending order, each one once. */
START_TEST(pages_of_the_device_are_listed_in_order)
{
	const struct scst_vpd_page pages[] = {
		{ 0xb1, 1, (const u8 *)"b" },
		{ 0x85, 1, (const u8 *)"c" },
		{ 0x80, 3, (const u8 *)"own" },
	};
	struct fcmd *c;

	d->info.vpd_pages = pages;
	d->info.nr_vpd_pages = ARRAY_SIZE(pages);
	show();
	c = vpd(SCSI_VPD_SUPPORTED);
	ck_assert_uint_eq(c->in_len, 4 + 6);
	ck_assert_mem_eq(c->in + 4, "\x00\x80\x83\x85\x86\xb1", 6);
	c = vpd(0x80);
	ck_assert_mem_eq(c->in + 4, "own", 3);
}
END_TEST

START_TEST(every_listed_page_is_there)
{
	u8 list[256];
	struct fcmd *c;
	u32 i, nr;

	show();
	c = vpd(SCSI_VPD_SUPPORTED);
	nr = c->in_len - 4;
	memcpy(list, c->in + 4, nr);
	for (i = 0; i < nr; i++)
		vpd(list[i]);
	ck_bad_cdb(inquiry(1, 0x82, 255), 2, BAD_BYTE);
}
END_TEST

START_TEST(page_is_cut_to_the_allocation_length)
{
	static const u8 pages[] = { 0x00, 0x80, 0x83, 0x86, 0xc0 };
	const struct scst_vpd_page own = { 0xc0, 5, (const u8 *)"12345" };
	struct fcmd *whole, *c;
	u16 alloc;

	d->info.vpd_pages = &own;
	d->info.nr_vpd_pages = 1;
	show();
	whole = vpd(pages[_i]);
	for (alloc = 0; alloc <= whole->in_len + 1; alloc++) {
		c = inquiry(1, pages[_i], alloc);
		ck_good(c);
		ck_assert_uint_eq(c->in_len, min_t(u32, alloc, whole->in_len));
		ck_assert_mem_eq(c->in ?: (u8 *)"", whole->in, c->in_len);
	}
}
END_TEST

START_TEST(serial_number_is_the_devices)
{
	struct fcmd *c;

	show();
	c = vpd(SCSI_VPD_SERIAL);
	ck_assert_uint_eq(c->in_len, 4 + 3);
	ck_assert_mem_eq(c->in + 4, "S-1", 3);
}
END_TEST

START_TEST(serial_number_is_the_name_if_there_is_none)
{
	d->info.serial = NULL;
	show();
	ck_assert_mem_eq(vpd(SCSI_VPD_SERIAL)->in + 4, "dev1", 4);
}
END_TEST

/* Designator number @nr of page 83h: its header and what follows. */
static const u8 *designator(const struct fcmd *c, u32 nr)
{
	const u8 *p = c->in + 4;

	while (nr--) {
		p += 4 + p[3];
		ck_assert(p < c->in + c->in_len);
	}
	return p;
}

START_TEST(unit_and_port_are_identified)
{
	struct fcmd *c;
	const u8 *p;

	d->info.naa = 0x3123456789abcdefULL;
	show();
	c = vpd(SCSI_VPD_IDENTIFICATION);
	p = designator(c, 0);
	ck_assert_mem_eq(p, "\x02\x01\x00\x0b" "ACME    S-1", 4 + 11);
	p = designator(c, 1);
	ck_assert_mem_eq(p, "\x01\x03\x00\x08", 4);
	ck_assert_uint_eq(get_unaligned_be64(p + 4), d->info.naa);
	p = designator(c, 2);
	ck_assert_mem_eq(p, "\x51\x94\x00\x04\0\0\0\x01", 8);
	p = designator(c, 3);
	ck_assert_mem_eq(p, "\x53\x98\x00\x10" "iqn.t,t,0x0001\0", 4 + 16);
	p = designator(c, 4);
	ck_assert_mem_eq(p, "\x53\xa8\x00\x08" "iqn.t\0\0", 4 + 8);
	ck_assert_ptr_eq(p + 4 + 8, c->in + c->in_len);
}
END_TEST

START_TEST(no_naa_designator_without_a_number)
{
	show();
	ck_assert_uint_eq(designator(vpd(SCSI_VPD_IDENTIFICATION), 1)[1],
			  0x94);
}
END_TEST

START_TEST(other_transports_have_no_iscsi_names)
{
	struct fcmd *c;
	const u8 *p;

	w.ops.protocol = 0;
	show();
	c = vpd(SCSI_VPD_IDENTIFICATION);
	p = designator(c, 1);
	ck_assert_uint_eq(p[0], 0x01);
	ck_assert_ptr_eq(p + 8, c->in + c->in_len);
}
END_TEST

START_TEST(longest_names_fit)
{
	char name[SCST_NAME_MAX + 1], serial[64];
	struct scst_target *old = w.tgt;
	struct fport *p;

	memset(name, 'n', SCST_NAME_MAX);
	name[SCST_NAME_MAX] = '\0';
	memset(serial, 's', 63);
	serial[63] = '\0';
	d->info.serial = serial;
	d->info.naa = 1;
	show();
	w.tgt = scst_target_register(w.ctx, name, &w.ops, NULL);
	ck_assert_int_eq(scst_group_add_pattern(scst_group_add(w.tgt, "g"),
						"*"), 0);
	p = fport_add("iqn.x");
	ck_assert_int_eq(scst_group_map(p->nexus->group, 1, d->core, false),
			 0);
	w.a = p;
	ck_assert_uint_eq(vpd(SCSI_VPD_IDENTIFICATION)->in_len,
			  4 + 75 + 12 + 8 + 240 + 228);
	fport_del(p);
	scst_target_unregister(w.tgt);
	w.tgt = old;
}
END_TEST

START_TEST(extended_inquiry_data)
{
	struct fcmd *c;

	show();
	c = vpd(SCSI_VPD_EXTENDED);
	ck_assert_uint_eq(c->in_len, 64);
	ck_assert_uint_eq(c->in[5], 0x07);
	ck_assert_uint_eq(c->in[13], SCST_SENSE_MAX);
}
END_TEST

START_TEST(all_vpd_pages_can_be_the_devices)
{
	static struct scst_vpd_page pages[255];
	struct fcmd *c;
	u32 i;

	for (i = 0; i < 255; i++)
		pages[i] = (struct scst_vpd_page){ 255 - i, 1, (u8 *)"x" };
	d->info.vpd_pages = pages;
	d->info.nr_vpd_pages = 255;
	show();
	c = vpd(SCSI_VPD_SUPPORTED);
	ck_assert_uint_eq(c->in_len, 4 + 256);
	for (i = 0; i < 256; i++)
		ck_assert_uint_eq(c->in[4 + i], i);
}
END_TEST

START_TEST(empty_page_of_the_device)
{
	const struct scst_vpd_page own = { 0xc0, 0, NULL };

	d->info.vpd_pages = &own;
	d->info.nr_vpd_pages = 1;
	show();
	ck_assert_uint_eq(vpd(0xc0)->in_len, 4);
}
END_TEST

/* ---- REPORT SUPPORTED OPERATION CODES ---------------------------------------- */

static struct fcmd *rsoc(u8 options, u8 op, u16 sa, u32 alloc)
{
	u8 cdb[16] = { SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_OPCODES, options,
		       op };

	put_unaligned_be16(sa, cdb + 4);
	put_unaligned_be32(alloc, cdb + 6);
	return in(cdb, 4096);
}

START_TEST(all_commands_are_reported_in_order)
{
	struct fcmd *c;
	u32 i, key, last = 0;

	show();
	c = rsoc(0, 0, 0, 4096);
	ck_good(c);
	ck_assert_uint_eq(get_unaligned_be32(c->in), c->in_len - 4);
	ck_assert_uint_eq((c->in_len - 4) % 8, 0);
	ck_assert_uint_ge((c->in_len - 4) / 8, 5 + 27);
	for (i = 4; i < c->in_len; i += 8) {
		key = 1 + (c->in[i] << 16 |
			   get_unaligned_be16(c->in + i + 2));
		ck_assert_uint_gt(key, last);
		last = key;
		ck_assert_uint_eq(c->in[i + 5],
				  c->in[i] == SCSI_MAINTENANCE_IN ||
				  c->in[i] == SCSI_PERSISTENT_IN ||
				  c->in[i] == SCSI_PERSISTENT_OUT);
	}
}
END_TEST

START_TEST(timeouts_come_with_all_commands)
{
	struct fcmd *plain, *c;
	u32 i, nr;

	show();
	plain = rsoc(0, 0, 0, 4096);
	c = rsoc(0x80, 0, 0, 4096);
	nr = (plain->in_len - 4) / 8;
	ck_assert_uint_eq(c->in_len, 4 + 20 * nr);
	ck_assert_uint_eq(get_unaligned_be32(c->in), 20 * nr);
	for (i = 0; i < nr; i++) {
		ck_assert_uint_eq(c->in[4 + 20 * i + 5] & 2, 2);
		ck_assert_uint_eq(get_unaligned_be16(c->in + 4 + 20 * i + 8),
				  10);
	}
}
END_TEST

START_TEST(every_reported_command_is_reported_alone)
{
	struct fcmd *all, *c;
	u32 i;

	show();
	all = rsoc(0, 0, 0, 4096);
	for (i = 4; i < all->in_len; i += 8) {
		u16 sa = get_unaligned_be16(all->in + i + 2);
		u16 len = get_unaligned_be16(all->in + i + 6);

		c = rsoc(all->in[i + 5] & 1 ? 2 : 1, all->in[i], sa, 4096);
		ck_good(c);
		ck_assert_uint_eq(c->in_len, 4 + len);
		ck_assert_uint_eq(c->in[1], 3);
		ck_assert_uint_eq(get_unaligned_be16(c->in + 2), len);
		ck_assert_uint_eq(c->in[4], all->in[i]);
		if (all->in[i + 5] & 1)
			ck_assert_uint_eq(c->in[5] & 0x1f, sa);
		c = rsoc(3, all->in[i], sa, 4096);
		ck_assert_uint_eq(c->in[1], 3);
	}
}
END_TEST

START_TEST(one_command_with_timeouts)
{
	struct fcmd *c;

	show();
	c = rsoc(0x81, SCSI_INQUIRY, 0, 4096);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 4 + 6 + 12);
	ck_assert_mem_eq(c->in, "\x00\x83\x00\x06\x12\x01\xff\xff\xff\x04"
			 "\x00\x0a", 12);
}
END_TEST

START_TEST(unknown_command_is_reported_as_such)
{
	static const struct {
		u8 options, op;
		u16 sa;
	} unknown[] = {
		{ 1, 0xef, 0 },
		{ 2, 0xef, 1 },
		{ 3, 0xef, 0 },
		{ 2, SCSI_MAINTENANCE_IN, 0x1e },
		{ 3, SCSI_MAINTENANCE_IN, 0x1e },
		{ 3, SCSI_INQUIRY, 1 },
		{ 0x81, 0xef, 0 },
	};
	struct fcmd *c;

	show();
	c = rsoc(unknown[_i].options, unknown[_i].op, unknown[_i].sa, 4096);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 4);
	ck_assert_mem_eq(c->in, "\0\x01\0\0", 4);
}
END_TEST

START_TEST(reporting_option_must_fit_the_command)
{
	static const struct {
		u8 options, op;
	} bad[] = {
		{ 1, SCSI_MAINTENANCE_IN }, { 2, SCSI_INQUIRY }, { 4, 0 },
		{ 7, 0 },
	};

	show();
	ck_bad_cdb(rsoc(bad[_i].options, bad[_i].op, SCSI_SA_REPORT_OPCODES,
			4096), 2, 2);
}
END_TEST

START_TEST(report_is_cut_to_the_allocation_length)
{
	struct fcmd *c;

	show();
	c = rsoc(0, 0, 0, 10);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 10);
	ck_assert_uint_eq(rsoc(1, SCSI_INQUIRY, 0, 7)->in_len, 7);
}
END_TEST

START_TEST(long_command_has_usage_data_of_its_length)
{
	struct fcmd *c;

	fdev_add_opcode(d, SCSI_VARIABLE_LENGTH, 32, 0x0b, 0);
	show();
	c = rsoc(0x82, SCSI_VARIABLE_LENGTH, 0x0b, 4096);
	ck_good(c);
	ck_assert_uint_eq(get_unaligned_be16(c->in + 2), 32);
	ck_assert_uint_eq(c->in_len, 4 + 32 + 12);
	ck_assert_uint_eq(c->in[4], SCSI_VARIABLE_LENGTH);
	ck_assert_uint_eq(get_unaligned_be16(c->in + 4 + 8), 0x0b);
	ck_assert_uint_eq(get_unaligned_be16(c->in + 4 + 32), 10);
}
END_TEST

START_TEST(functions_are_reported)
{
	u8 cdb[16] = { SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_TMFS };
	struct fcmd *c;

	show();
	put_unaligned_be32(255, cdb + 6);
	c = in(cdb, 255);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 4);
	ck_assert_uint_eq(c->in[0], 0xd8);
	cdb[2] = 0x80;
	c = in(cdb, 255);
	ck_assert_uint_eq(c->in_len, 16);
	ck_assert_uint_eq(c->in[0], 0xd8);
	ck_assert_uint_eq(c->in[3], 12);
}
END_TEST

/* ---- Small ones ------------------------------------------------------------- */

START_TEST(test_unit_ready_is_good)
{
	const u8 cdb[16] = { SCSI_TEST_UNIT_READY };

	show();
	ck_good(in(cdb, 0));
}
END_TEST

START_TEST(default_self_test_is_good)
{
	u8 cdb[16] = { SCSI_SEND_DIAGNOSTIC, 0x04 };

	show();
	ck_good(in(cdb, 0));
	cdb[1] = 0;
	ck_bad_cdb(in(cdb, 0), 1, 2);
	cdb[1] = 0x20;
	ck_bad_cdb(in(cdb, 0), 1, 2);
}
END_TEST

/* ---- Rows of the device, and passing commands on ------------------------------- */

START_TEST(row_of_the_device_goes_first)
{
	const u8 cdb[16] = { SCSI_INQUIRY, 0, 0, 0, 96 };
	struct fcmd *c;

	fdev_add_opcode(d, SCSI_INQUIRY, 6, SCST_NO_SA,
			SCST_OP_IN | SCST_OP_ANY_UA);
	show();
	log_clear();
	c = in(cdb, 96);
	ck_log("x1 a1");
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 0);
}
END_TEST

START_TEST(same_row_twice_is_one)
{
	fdev_add_opcode(d, FOP_NOP, 6, SCST_NO_SA, 0);
	show();
	ck_assert_uint_eq(rsoc(1, FOP_NOP, 0, 4096)->in_len, 4 + 10);
}
END_TEST

START_TEST(longest_transfer_of_all)
{
	const u8 cdb[16] = { SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct fcmd *c;

	d->info.max_transfer = U32_MAX;
	show();
	c = in(cdb, 512);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 512);
}
END_TEST

START_TEST(row_without_service_action_has_them_all)
{
	const u8 cdb[16] = { SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_OPCODES };

	fdev_add_opcode(d, SCSI_MAINTENANCE_IN, 12, SCST_NO_SA, SCST_OP_IN);
	show();
	log_clear();
	in(cdb, 96);
	ck_log("x1 a1");
}
END_TEST

START_TEST(row_with_a_service_action_leaves_the_others)
{
	u8 cdb[16] = { SCSI_MAINTENANCE_IN, 0x05 };
	struct fcmd *c;

	fdev_add_opcode(d, SCSI_MAINTENANCE_IN, 12, 0x05, SCST_OP_IN);
	show();
	log_clear();
	in(cdb, 96);
	ck_log("x1 a1");
	c = rsoc(0, 0, 0, 4096);
	ck_good(c);
	cdb[1] = 0x06;
	ck_bad_cdb(in(cdb, 96), 1, 4);
}
END_TEST

static void pass(struct fdev *dev, struct scst_cmd *cmd)
{
	scst_cmd_pass(cmd);
}

START_TEST(device_may_pass_a_command_on)
{
	struct fcmd *c;

	fdev_add_opcode(d, SCSI_INQUIRY, 6, SCST_NO_SA,
			SCST_OP_IN | SCST_OP_ANY_UA);
	d->on_execute = pass;
	show();
	c = inquiry(0, 0, 96);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 96);
}
END_TEST

START_TEST(passed_command_that_nobody_knows)
{
	const u8 cdb[16] = { FOP_NOP };

	d->on_execute = pass;
	show();
	ck_sense(in(cdb, 0), SENSE_INVALID_OPCODE);
}
END_TEST

START_TEST(passed_service_action_that_nobody_knows)
{
	const u8 cdb[16] = { SCSI_MAINTENANCE_IN, 0x05 };

	fdev_add_opcode(d, SCSI_MAINTENANCE_IN, 12, SCST_NO_SA, SCST_OP_IN);
	d->on_execute = pass;
	show();
	ck_bad_cdb(in(cdb, 96), 1, 4);
}
END_TEST

/* The device's row may have been generous, and not asked for the buffer. */
START_TEST(passed_command_without_a_buffer)
{
	struct fcmd *c;

	fdev_add_opcode(d, SCSI_INQUIRY, 6, SCST_NO_SA, 0);
	d->on_execute = pass;
	show();
	c = inquiry(0, 0, 96);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 0);
	ck_residual(c, "under 2048");
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *inquiry_tcase(void)
{
	TCase *tc = tcase_create("INQUIRY");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, inquiry_has_the_identity);
	tcase_add_test(tc, identity_is_cut_and_padded);
	tcase_add_loop_test(tc, inquiry_is_cut_to_the_allocation_length, 0, 8);
	tcase_add_test(tc, inquiry_is_cut_to_what_is_expected);
	tcase_add_test(tc, page_without_evpd_is_refused);
	tcase_add_test(tc, device_adds_its_standards);
	tcase_add_test(tc, transport_of_another_kind_is_not_named);
	tcase_add_test(tc, standards_beyond_eight_are_left_out);
	tcase_add_test(tc, supported_pages_are_listed);
	tcase_add_test(tc, pages_of_the_device_are_listed_in_order);
	tcase_add_test(tc, every_listed_page_is_there);
	tcase_add_loop_test(tc, page_is_cut_to_the_allocation_length, 0, 5);
	tcase_add_test(tc, serial_number_is_the_devices);
	tcase_add_test(tc, serial_number_is_the_name_if_there_is_none);
	tcase_add_test(tc, unit_and_port_are_identified);
	tcase_add_test(tc, no_naa_designator_without_a_number);
	tcase_add_test(tc, other_transports_have_no_iscsi_names);
	tcase_add_test(tc, longest_names_fit);
	tcase_add_test(tc, extended_inquiry_data);
	tcase_add_test(tc, all_vpd_pages_can_be_the_devices);
	tcase_add_test(tc, empty_page_of_the_device);
	return tc;
}

static TCase *report_tcase(void)
{
	TCase *tc = tcase_create("reports");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, all_commands_are_reported_in_order);
	tcase_add_test(tc, timeouts_come_with_all_commands);
	tcase_add_test(tc, every_reported_command_is_reported_alone);
	tcase_add_test(tc, one_command_with_timeouts);
	tcase_add_loop_test(tc, unknown_command_is_reported_as_such, 0, 7);
	tcase_add_loop_test(tc, reporting_option_must_fit_the_command, 0, 4);
	tcase_add_test(tc, report_is_cut_to_the_allocation_length);
	tcase_add_test(tc, long_command_has_usage_data_of_its_length);
	tcase_add_test(tc, functions_are_reported);
	tcase_add_test(tc, test_unit_ready_is_good);
	tcase_add_test(tc, default_self_test_is_good);
	return tc;
}

static TCase *row_tcase(void)
{
	TCase *tc = tcase_create("rows");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, row_of_the_device_goes_first);
	tcase_add_test(tc, same_row_twice_is_one);
	tcase_add_test(tc, longest_transfer_of_all);
	tcase_add_test(tc, row_without_service_action_has_them_all);
	tcase_add_test(tc, row_with_a_service_action_leaves_the_others);
	tcase_add_test(tc, device_may_pass_a_command_on);
	tcase_add_test(tc, passed_command_that_nobody_knows);
	tcase_add_test(tc, passed_service_action_that_nobody_knows);
	tcase_add_test(tc, passed_command_without_a_buffer);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		inquiry_tcase, report_tcase, row_tcase,
	};

	return core_main("core_spc", tcases, ARRAY_SIZE(tcases));
}
