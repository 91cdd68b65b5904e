// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of PERSISTENT RESERVE IN, and of registering others by their
 * TransportIDs.
 */
#include "core_pr.h"

#define WE	1
#define EA	3
#define WE_AR	7

#define SPEC_I_PT 0x08

/* ---- PERSISTENT RESERVE IN (SPC-5 6.15) ---------------------------------- */

START_TEST(keys_are_listed)
{
	struct fcmd *c;

	c = pr_in(w.a, READ_KEYS, 255);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8);
	ck_assert_mem_eq(c->in, "\0\0\0\0\0\0\0\0", 8);
	reg(w.a, 0x0102030405060708);
	reg(w.b, 2);
	c = pr_in(w.c, READ_KEYS, 255);
	ck_assert_uint_eq(c->in_len, 24);
	ck_assert_mem_eq(c->in, "\0\0\0\2\0\0\0\x10\1\2\3\4\5\6\7\x8"
				"\0\0\0\0\0\0\0\2", 24);
}
END_TEST

START_TEST(reservation_is_described)
{
	struct fcmd *c;

	reg(w.a, 0x99);
	c = pr_in(w.b, READ_RESERVATION, 255);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8);
	ck_assert_mem_eq(c->in, "\0\0\0\1\0\0\0\0", 8);
	ck_good(pr_out(w.a, RESERVE, EA, 0x99, 0));
	c = pr_in(w.b, READ_RESERVATION, 255);
	ck_assert_uint_eq(c->in_len, 24);
	ck_assert_mem_eq(c->in, "\0\0\0\1\0\0\0\x10\0\0\0\0\0\0\0\x99"
				"\0\0\0\0\0\3\0\0", 24);
}
END_TEST

START_TEST(reservation_of_all_registrants_has_no_key)
{
	reg_all(WE_AR);
	ck_assert_mem_eq(pr_in(w.b, READ_RESERVATION, 255)->in + 8,
			 "\0\0\0\0\0\0\0\0\0\0\0\0\0\7\0\0", 16);
}
END_TEST

START_TEST(capabilities_are_told)
{
	struct fcmd *c = pr_in(w.a, CAPABILITIES, 255);

	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8);
	ck_assert_mem_eq(c->in, "\0\x8\x1c\xb0\xea\x01\0\0", 8);
}
END_TEST

START_TEST(full_status_has_everything)
{
	struct fcmd *c;

	reg(w.a, 0x11);
	ck_good(pr_out(w.a, RESERVE, WE, 0x11, 0));
	c = pr_in(w.b, FULL_STATUS, 255);
	ck_good(c);
	ck_assert_uint_eq(c->in_len, 8 + 24 + 4 + 24);
	ck_assert_mem_eq(c->in, "\0\0\0\1\0\0\0\x34", 8);
	ck_assert_mem_eq(c->in + 8, "\0\0\0\0\0\0\0\x11\0\0\0\0\1\1\0\0"
				    "\0\0\0\1\0\0\0\x1c", 24);
	ck_assert_mem_eq(c->in + 32, "\x45\0\0\x18iqn.a,i,0x000000000000\0",
			 4 + 23);
	ck_assert_uint_eq(c->in[4 + 24 + 8 + 23], 0);
}
END_TEST

START_TEST(everything_is_cut_to_the_allocation_length)
{
	struct fcmd *whole, *c;
	u16 alloc;

	reg_all(EA);
	whole = pr_in(w.a, _i, 2048);
	for (alloc = 0; alloc <= whole->in_len + 1; alloc++) {
		c = pr_in(w.a, _i, alloc);
		ck_good(c);
		ck_assert_uint_eq(c->in_len, min_t(u32, alloc, whole->in_len));
		ck_assert_mem_eq(c->in ?: (u8 *)"", whole->in, c->in_len);
	}
}
END_TEST

START_TEST(everybody_may_look)
{
	u8 sa;

	reg_all(EA);
	ck_good(pr_out(w.a, PREEMPT, EA, 1, 2));
	see_attentions(w.b);
	for (sa = READ_KEYS; sa <= FULL_STATUS; sa++)
		ck_good(pr_in(w.b, sa, 255));
}
END_TEST

/* ---- TransportIDs in lists (7.6.4) --------------------------------------- */

START_TEST(others_can_be_registered)
{
	struct pr_list l;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.b,i,0x000000000000");
	list_add_tid(&l, 0x45, "iqn.n,i,0x0000000000ab");
	ck_good(list_send(w.a, &l));
	ck_pr("a=7 b=7 n#ab=7");
	ck_assert_uint_eq(pr_generation(), 1);
	ck_good(pr_out(w.b, RESERVE, EA, 7, 0));
	ck_ua(w.b, SENSE_NONE);
}
END_TEST

START_TEST(nexus_that_comes_finds_itself_registered)
{
	struct fport *p;
	struct pr_list l;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.n,i,0x0000000000ab");
	ck_good(list_send(w.a, &l));
	w.isid = 0xab;
	p = fport_add("iqn.n");
	see_attentions(p);
	ck_good(pr_out(p, RESERVE, WE, 7, 0));
	ck_pr("a=7 n#ab=7*, 1");
}
END_TEST

static const char *const same[] = {
	"iqn.b,i,0x000000000000", "IQN.B,i,0x000000000000",
	"iqn.b,i,0x0", "iqn.b,I,0X00", "iqn.b,i,0x0000",
};

START_TEST(name_of_a_port_has_many_forms)
{
	struct pr_list l;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, same[_i]);
	ck_good(list_send(w.a, &l));
	ck_pr("a=7 b=7");
	ck_good(pr_out(w.b, RESERVE, WE, 7, 0));
}
END_TEST

START_TEST(digits_of_isid_have_no_case)
{
	struct fport *p;
	struct pr_list l;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.n,i,0xCAFE000000ab");
	ck_good(list_send(w.a, &l));
	ck_pr("a=7 n#cafe000000ab=7");
	p = fport_add("iqn.n");
	see_attentions(p);
	ck_conflict(pr_out(p, RESERVE, WE, 7, 0));
}
END_TEST

START_TEST(device_stands_for_its_ports)
{
	struct pr_list l;

	w.isid = 1;
	fport_add("iqn.b");
	w.isid = 2;
	fport_add("iqn.b");
	fport_add("iqn.bb");
	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x05, "IQN.b");
	list_add_tid(&l, 0x05, "iqn.nobody");
	ck_good(list_send(w.a, &l));
	ck_pr("a=7 b=7 b#1=7 b#2=7");
}
END_TEST

START_TEST(named_twice_is_registered_once)
{
	struct pr_list l;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.a,i,0x0");
	list_add_tid(&l, 0x45, "iqn.b,i,0x0");
	list_add_tid(&l, 0x45, "iqn.b,i,0x00");
	list_add_tid(&l, 0x05, "iqn.b");
	ck_good(list_send(w.a, &l));
	ck_pr("a=7 b=7");
}
END_TEST

START_TEST(registered_with_another_key_is_wrong)
{
	struct pr_list l;

	reg(w.c, 7);
	reg(w.b, 8);
	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.n,i,0x1");
	list_add_tid(&l, 0x45, "iqn.c,i,0x0");
	list_add_tid(&l, 0x45, "iqn.b,i,0x0");
	ck_bad_param(list_send(w.a, &l), 28 + 24 + 24, BAD_BYTE);
	ck_pr("c=7 b=8");
	ck_assert_uint_eq(pr_generation(), 2);
}
END_TEST

START_TEST(list_of_nobody_is_no_error)
{
	struct pr_list l;

	list_begin(&l, 0, 7, SPEC_I_PT);
	ck_good(list_send(w.a, &l));
	ck_pr("a=7");
}
END_TEST

START_TEST(who_is_registered_cannot_register_others)
{
	struct pr_list l;

	reg(w.a, 1);
	list_begin(&l, 1, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.n,i,0x1");
	ck_sense(list_send(w.a, &l), SENSE_INVALID_FIELD_IN_CDB);
	put_unaligned_be64(0, l.data + 8);
	ck_sense(list_send(w.a, &l), SENSE_INVALID_FIELD_IN_CDB);
	ck_pr("a=1");
}
END_TEST

START_TEST(only_register_takes_others)
{
	struct pr_list l;
	u8 action;

	reg(w.a, 1);
	ck_good(pr_out(w.a, RESERVE, WE, 1, 0));
	for (action = RESERVE; action <= IGNORE; action++) {
		list_begin(&l, 1, 1, SPEC_I_PT);
		list_add_tid(&l, 0x45, "iqn.n,i,0x1");
		ck_bad_param(pr_out_list(w.a, action, WE, l.data, l.len), 20,
			     3);
	}
	ck_pr("a=1*, 1");
}
END_TEST

START_TEST(length_of_the_ids_must_fit)
{
	struct pr_list l;
	u32 len;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.n,i,0x1");
	for (len = 24; len < l.len; len++)
		ck_sense(pr_out_list(w.a, REGISTER, 0, l.data, len),
			 SENSE_PARAM_LENGTH_ERROR);
	put_unaligned_be32(U32_MAX, l.data + 24);
	ck_sense(list_send(w.a, &l), SENSE_PARAM_LENGTH_ERROR);
	ck_pr("");
}
END_TEST

/* Cut short at every byte. */
START_TEST(ids_must_be_whole)
{
	struct pr_list l;
	u32 len;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.n,i,0x1");
	for (len = 1; len < l.len - 28; len++) {
		put_unaligned_be32(len, l.data + 24);
		ck_bad_param(list_send(w.a, &l), 28, BAD_BYTE);
	}
	ck_pr("");
}
END_TEST

static const struct {
	u8 first;
	const char *text;
} bad_ids[] = {
	{ 0x45, "" }, { 0x05, "" }, { 0x45, ",i,0x1" }, { 0x45, "iqn.n" },
	{ 0x45, "iqn.n,i,0x" }, { 0x45, "iqn.n,i,0x1234567890123" },
	{ 0x45, "iqn.n,i,0x12g4" }, { 0x45, "iqn.n,t,0x1" },
	{ 0x45, "iqn.n,i,1" }, { 0x45, "iqn.n, i,0x1" },
	{ 0x05, "iqn.n,i,0x1" }, { 0x05, "iqn.n," },
	{ 0x85, "iqn.n,i,0x1" }, { 0xc5, "iqn.n,i,0x1" },
	{ 0x46, "iqn.n,i,0x1" }, { 0x00, "fc" }, { 0x06, "sas" },
};

START_TEST(ids_must_be_well_formed)
{
	struct pr_list l;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.n,i,0x1");
	list_add_tid(&l, bad_ids[_i].first, bad_ids[_i].text);
	ck_bad_param(list_send(w.a, &l), 28 + 24, BAD_BYTE);
	ck_pr("");
}
END_TEST

START_TEST(text_must_end)
{
	struct pr_list l;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.nnnnnnnnnn,i,0x1");
	/* Twenty bytes, and no room for the NUL. */
	l.len = 28 + 4 + 20;
	put_unaligned_be32(24, l.data + 24);
	put_unaligned_be16(20, l.data + 28 + 2);
	ck_bad_param(list_send(w.a, &l), 28, BAD_BYTE);
}
END_TEST

START_TEST(longest_name_of_all)
{
	char text[512], name[SCST_NAME_MAX + 1] = "iqn.";
	struct fport *p;
	struct pr_list l;
	u32 n;

	memset(name + 4, 'x', SCST_NAME_MAX - 4);
	n = snprintf(text, sizeof(text), "%s,i,0x000000000000", name);
	ck_assert_uint_eq(round_up(n + 1, 4) + 4, SCST_TRANSPORT_ID_MAX);
	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, text);
	ck_good(list_send(w.a, &l));
	p = fport_add(name);
	see_attentions(p);
	ck_good(pr_out(p, RESERVE, WE, 7, 0));
	ck_assert_uint_eq(pr_in(w.a, FULL_STATUS, 2048)->in_len,
			  8 + 24 + 28 + 24 + SCST_TRANSPORT_ID_MAX);
	snprintf(text, sizeof(text), "x%s,i,0x0", name);
	list_begin(&l, 0, 8, SPEC_I_PT);
	list_add_tid(&l, 0x45, text);
	ck_bad_param(list_send(w.b, &l), 28, BAD_BYTE);
}
END_TEST

START_TEST(other_transports_have_24_bytes)
{
	static const u8 protocols[] = { 0, 1, 3, 4, 6, 10 };
	u8 list[28 + 48] = { [15] = 7, [20] = SPEC_I_PT, [27] = 48 };
	struct fport *p;
	struct fcmd *c;

	w.ops.transport_id = NULL;
	w.ops.protocol = protocols[_i];
	p = fport_add("d");
	see_attentions(p);
	list[28] = list[52] = protocols[_i];
	memset(list + 29, 0x55, 23);
	memset(list + 53, 0x66, 23);
	ck_good(pr_out_list(p, REGISTER, 0, list, sizeof(list)));
	c = pr_in(p, FULL_STATUS, 2048);
	ck_assert_uint_eq(c->in_len, 8 + 3 * 48);
	ck_assert_mem_eq(c->in + 8 + 48 + 24, list + 28, 24);
	ck_assert_mem_eq(c->in + 8 + 96 + 24, list + 52, 24);
}
END_TEST

START_TEST(all_or_none_for_want_of_memory)
{
	struct pr_list l;
	struct fcmd *c;
	u32 nth, left;

	list_begin(&l, 0, 7, SPEC_I_PT);
	list_add_tid(&l, 0x45, "iqn.m,i,0x1");
	list_add_tid(&l, 0x45, "iqn.n,i,0x1");
	for (nth = 1;; nth++) {
		core_fail_alloc(nth);
		c = list_send(w.a, &l);
		left = core_fail_alloc(0);
		if (left)
			break;
		ck_assert_uint_ne(c->status, SCSI_GOOD);
		ck_pr("");
	}
	ck_assert_uint_ge(nth, 5);
	ck_good(c);
	ck_pr("a=7 m#1=7 n#1=7");
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *in_tcase(void)
{
	TCase *tc = tcase_create("PERSISTENT RESERVE IN");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_test(tc, keys_are_listed);
	tcase_add_test(tc, reservation_is_described);
	tcase_add_test(tc, reservation_of_all_registrants_has_no_key);
	tcase_add_test(tc, capabilities_are_told);
	tcase_add_test(tc, full_status_has_everything);
	tcase_add_loop_test(tc, everything_is_cut_to_the_allocation_length, 0,
			    4);
	tcase_add_test(tc, everybody_may_look);
	return tc;
}

static TCase *list_tcase(void)
{
	TCase *tc = tcase_create("SPEC_I_PT");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_test(tc, others_can_be_registered);
	tcase_add_test(tc, nexus_that_comes_finds_itself_registered);
	tcase_add_loop_test(tc, name_of_a_port_has_many_forms, 0,
			    ARRAY_SIZE(same));
	tcase_add_test(tc, digits_of_isid_have_no_case);
	tcase_add_test(tc, device_stands_for_its_ports);
	tcase_add_test(tc, named_twice_is_registered_once);
	tcase_add_test(tc, registered_with_another_key_is_wrong);
	tcase_add_test(tc, list_of_nobody_is_no_error);
	tcase_add_test(tc, who_is_registered_cannot_register_others);
	tcase_add_test(tc, only_register_takes_others);
	tcase_add_test(tc, length_of_the_ids_must_fit);
	tcase_add_test(tc, ids_must_be_whole);
	tcase_add_loop_test(tc, ids_must_be_well_formed, 0,
			    ARRAY_SIZE(bad_ids));
	tcase_add_test(tc, text_must_end);
	tcase_add_test(tc, longest_name_of_all);
	tcase_add_loop_test(tc, other_transports_have_24_bytes, 0, 6);
	tcase_add_test(tc, all_or_none_for_want_of_memory);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		in_tcase, list_tcase,
	};

	return core_main("core_pr_in", tcases, ARRAY_SIZE(tcases));
}
