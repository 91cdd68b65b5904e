// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of reservations at several target ports, ALL_TG_PT, and of
 * REGISTER AND MOVE.
 */
#include "core_pr.h"

#define EA	3
#define WE_AR	7

#define SPEC_I_PT 0x08
#define ALL_TG_PT 0x04

/* ---- Target ports -------------------------------------------------------- */

/* Another target of the same device; @protocol of its port. */
static struct scst_target *second;
static struct scst_target_ops second_ops;

static void second_up(u8 protocol)
{
	struct scst_group *grp;

	second_ops = w.ops;
	second_ops.protocol = protocol;
	second = scst_target_register(w.ctx, "iqn.t2", &second_ops, &w);
	ck_assert(!IS_ERR(second));
	grp = scst_group_add(second, "all");
	ck_assert_int_eq(scst_group_add_pattern(grp, "*"), 0);
	ck_assert_int_eq(scst_group_map(grp, 0, w.dev->core, false), 0);
}

static struct fport *second_port(const char *initiator)
{
	struct scst_target *first = w.tgt;
	struct fport *p;

	w.tgt = second;
	p = fport_add(initiator);
	w.tgt = first;
	see_attentions(p);
	return p;
}

static void second_down(struct fport *p)
{
	if (p)
		fport_del(p);
	scst_target_unregister(second);
}

START_TEST(same_initiator_elsewhere_is_another)
{
	struct fport *p;

	second_up(5);
	p = second_port("iqn.a");
	reg_all(EA);
	ck_conflict(rd(p, 1));
	reg(p, 9);
	ck_pr("a=1* b=2 c=3 a@2=9, 3");
	second_down(p);
	ck_pr("a=1* b=2 c=3 a@2=9, 3");
}
END_TEST

START_TEST(all_target_ports_at_once)
{
	struct fport *p;

	second_up(5);
	p = second_port("iqn.a");
	ck_good(pr_out_bits(w.a, REGISTER, 0, 0, 1, ALL_TG_PT));
	ck_pr("a=1 a@2=1");
	ck_good(pr_out(p, RESERVE, EA, 1, 0));
	ck_good(pr_out_bits(p, REGISTER, 0, 1, 2, ALL_TG_PT));
	ck_pr("a=2 a@2=2*, 3");
	ck_good(pr_out(p, REGISTER, 0, 2, 3));
	ck_pr("a=2 a@2=3*, 3");
	ck_good(pr_out_bits(w.a, IGNORE, 0, 0, 0, ALL_TG_PT));
	ck_pr("");
	second_down(p);
}
END_TEST

START_TEST(all_target_ports_for_all_listed)
{
	struct pr_list l;

	second_up(5);
	list_begin(&l, 0, 7, SPEC_I_PT | ALL_TG_PT);
	list_add_tid(&l, 0x45, "iqn.n,i,0x1");
	list_add_tid(&l, 0x05, "iqn.b");
	ck_good(list_send(w.a, &l));
	ck_pr("a=7 a@2=7 n#1=7 n#1@2=7 b=7 b@2=7");
	second_down(NULL);
}
END_TEST

START_TEST(ports_of_another_transport_do_not_count)
{
	second_up(0);
	ck_good(pr_out_bits(w.a, REGISTER, 0, 0, 1, ALL_TG_PT));
	ck_pr("a=1");
	second_down(NULL);
}
END_TEST

START_TEST(port_identifiers_are_told_and_used_again)
{
	const u8 cdb[6] = { SCSI_INQUIRY, 1, 0x83, 1, 0 };
	struct fport *p;
	struct fcmd *c;

	second_up(5);
	p = second_port("iqn.a");
	c = submit(fcmd_new(p, 0, cdb, 6, SCST_DATA_IN, 256));
	ck_good(c);
	/* Behind the T10 designator, S-1 and vendor. */
	ck_assert_mem_eq(c->in + 4 + 15, "\x51\x94\0\4\0\0\0\2", 8);
	second_down(p);
	second_up(5);
	ck_assert_uint_eq(second->port_id, 2);
	second_down(NULL);
}
END_TEST

/* ---- REGISTER AND MOVE (5.13.8) ------------------------------------------ */

static void move_begin(struct pr_list *l, u64 key, u64 sa_key, u16 port,
		       const char *text)
{
	list_begin(l, key, sa_key, 0);
	l->len = 24;
	put_unaligned_be16(port, l->data + 18);
	list_put_tid(l, 0x45, text);
	put_unaligned_be32(l->len - 24, l->data + 20);
}

static struct fcmd *move_send(struct fport *p, const struct pr_list *l)
{
	return pr_out_list(p, MOVE, 0, l->data, l->len);
}

static struct fcmd *move(struct fport *p, u64 key, u64 sa_key, u16 port,
			 const char *text)
{
	struct pr_list l;

	move_begin(&l, key, sa_key, port, text);
	return move_send(p, &l);
}

START_TEST(reservation_can_be_moved)
{
	reg_all(EA);
	ck_good(move(w.a, 1, 9, 1, "iqn.n,i,0x5"));
	ck_pr("a=1 b=2 c=3 n#5=9*, 3");
	ck_assert_uint_eq(pr_generation(), 4);
	ck_conflict(rd(w.a, 1));
	ck_ua(w.a, SENSE_NONE);
	ck_ua(w.b, SENSE_NONE);
}
END_TEST

START_TEST(reservation_can_be_moved_to_a_registrant)
{
	reg_all(EA);
	ck_good(move(w.a, 1, 9, 1, "iqn.b,i,0x0"));
	ck_pr("a=1 b=9* c=3, 3");
	ck_good(rd(w.b, 1));
}
END_TEST

START_TEST(mover_can_unregister)
{
	struct pr_list l;

	reg_all(5);
	move_begin(&l, 1, 9, 1, "iqn.b,i,0x0");
	l.data[17] = 2;
	ck_good(move_send(w.a, &l));
	ck_pr("b=9* c=3, 5");
	ck_conflict(wr(w.a, 1));
	ck_ua(w.c, SENSE_NONE);
}
END_TEST

START_TEST(only_the_holder_can_move)
{
	reg(w.a, 1);
	reg(w.b, 2);
	ck_sense(move(w.a, 1, 9, 1, "iqn.n,i,0x5"),
		 SENSE_INVALID_FIELD_IN_CDB);
	ck_good(pr_out(w.a, RESERVE, EA, 1, 0));
	ck_conflict(move(w.b, 2, 9, 1, "iqn.n,i,0x5"));
	ck_conflict(move(w.a, 2, 9, 1, "iqn.n,i,0x5"));
	ck_conflict(move(w.c, 0, 9, 1, "iqn.n,i,0x5"));
	ck_pr("a=1* b=2, 3");
}
END_TEST

START_TEST(that_of_all_registrants_cannot_be_moved)
{
	reg_all(WE_AR);
	ck_conflict(move(w.a, 1, 9, 1, "iqn.n,i,0x5"));
	ck_pr("a=1* b=2* c=3*, 7");
}
END_TEST

START_TEST(move_is_checked)
{
	struct pr_list l;

	reg_all(EA);
	ck_bad_param(move(w.a, 1, 0, 1, "iqn.n,i,0x5"), 8, BAD_BYTE);
	ck_bad_param(move(w.a, 1, 9, 2, "iqn.n,i,0x5"), 18, BAD_BYTE);
	ck_bad_param(move(w.a, 1, 9, 0, "iqn.n,i,0x5"), 18, BAD_BYTE);
	ck_bad_param(move(w.a, 1, 9, 1, "iqn.a,i,0x0"), 24, BAD_BYTE);
	ck_bad_param(move(w.a, 1, 9, 1, "iqn.n"), 24, BAD_BYTE);
	move_begin(&l, 1, 9, 1, "iqn.n,i,0x5");
	l.data[24] = 0x05;
	ck_bad_param(move_send(w.a, &l), 24, BAD_BYTE);
	l.data[24] = 0x00;
	ck_bad_param(move_send(w.a, &l), 24, BAD_BYTE);
	move_begin(&l, 1, 9, 1, "iqn.n,i,0x5");
	l.data[17] = 1;
	ck_bad_param(move_send(w.a, &l), 17, BAD_BYTE);
	ck_pr("a=1* b=2 c=3, 3");
}
END_TEST

START_TEST(move_names_exactly_one)
{
	struct pr_list l;
	u32 n;

	reg_all(EA);
	move_begin(&l, 1, 9, 1, "iqn.n,i,0x5");
	for (n = 0; n < l.len - 24; n++) {
		put_unaligned_be32(n, l.data + 20);
		ck_bad_param(move_send(w.a, &l), 24, BAD_BYTE);
	}
	put_unaligned_be32(l.len - 24 + 1, l.data + 20);
	ck_sense(move_send(w.a, &l), SENSE_PARAM_LENGTH_ERROR);
	l.len += 24;
	put_unaligned_be32(l.len - 24, l.data + 20);
	ck_bad_param(move_send(w.a, &l), 24, BAD_BYTE);
	ck_pr("a=1* b=2 c=3, 3");
}
END_TEST

START_TEST(reservation_can_be_moved_to_another_port)
{
	struct fport *p;

	second_up(5);
	p = second_port("iqn.a");
	reg_all(EA);
	ck_good(move(w.a, 1, 9, 2, "iqn.a,i,0x0"));
	ck_pr("a=1 b=2 c=3 a@2=9*, 3");
	ck_good(rd(p, 1));
	ck_conflict(rd(w.a, 1));
	second_down(p);
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *port_tcase(void)
{
	TCase *tc = tcase_create("target ports");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_test(tc, same_initiator_elsewhere_is_another);
	tcase_add_test(tc, all_target_ports_at_once);
	tcase_add_test(tc, all_target_ports_for_all_listed);
	tcase_add_test(tc, ports_of_another_transport_do_not_count);
	tcase_add_test(tc, port_identifiers_are_told_and_used_again);
	return tc;
}

static TCase *move_tcase(void)
{
	TCase *tc = tcase_create("REGISTER AND MOVE");

	tcase_add_checked_fixture(tc, pr_up, world_down);
	tcase_add_test(tc, reservation_can_be_moved);
	tcase_add_test(tc, reservation_can_be_moved_to_a_registrant);
	tcase_add_test(tc, mover_can_unregister);
	tcase_add_test(tc, only_the_holder_can_move);
	tcase_add_test(tc, that_of_all_registrants_cannot_be_moved);
	tcase_add_test(tc, move_is_checked);
	tcase_add_test(tc, move_names_exactly_one);
	tcase_add_test(tc, reservation_can_be_moved_to_another_port);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = { port_tcase, move_tcase };

	return core_main("core_pr_move", tcases, ARRAY_SIZE(tcases));
}
