// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of task attributes (SAM-6 8.9): by hand, and at random against
 * a model of the rules.
 */
#include "core_fake.h"

#define S SCST_SIMPLE
#define O SCST_ORDERED
#define H SCST_HEAD_OF_QUEUE

static void setup(void)
{
	world_up();
	w.dev->hold = true;
}

static bool gate_is_open(void)
{
	return !w.dev->core->taskset.closed;
}

/* ---- By hand ------------------------------------------------------------ */

START_TEST(simple_commands_start_as_they_come)
{
	nop(w.a, S);
	nop(w.b, S);
	nop(w.a, S);
	ck_log("x1 x2 x3");
	ck_assert(gate_is_open());
}
END_TEST

START_TEST(ordered_alone_starts_at_once)
{
	struct fcmd *c = nop(w.a, O);

	ck_log("x1");
	ck_assert(!gate_is_open());
	finish(c);
	ck_assert(gate_is_open());
}
END_TEST

START_TEST(ordered_waits_for_what_is_older)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.a, S);

	nop(w.a, O);
	ck_log("x1 x2");
	finish(c2);
	ck_log("a2");
	finish(c1);
	ck_log("a1 x3");
}
END_TEST

START_TEST(simple_waits_for_older_ordered)
{
	struct fcmd *c = nop(w.a, O);

	nop(w.a, S);
	nop(w.a, S);
	ck_log("x1");
	finish(c);
	ck_log("a1 x2 x3");
}
END_TEST

START_TEST(ordered_commands_go_one_by_one)
{
	struct fcmd *c1 = nop(w.a, O), *c2 = nop(w.a, O), *c3 = nop(w.a, O);

	ck_log("x1");
	finish(c1);
	ck_log("a1 x2");
	finish(c2);
	ck_log("a2 x3");
	finish(c3);
	ck_log("a3");
	ck_assert(gate_is_open());
}
END_TEST

START_TEST(all_nexuses_share_one_order)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.b, O);

	nop(w.c, S);
	ck_log("x1");
	finish(c1);
	ck_log("a1 x2");
	finish(c2);
	ck_log("a2 x3");
}
END_TEST

START_TEST(nexus_that_comes_while_the_gate_is_shut)
{
	struct fcmd *c = nop(w.a, O);
	struct fport *p = fport_add("iqn.d");

	see_attentions(p);
	nop(p, S);
	log_clear();
	finish(c);
	ck_log("a1 x2");
}
END_TEST

START_TEST(head_of_queue_starts_at_once)
{
	nop(w.a, S);
	nop(w.a, O);
	nop(w.a, S);
	nop(w.b, H);
	nop(w.a, H);
	ck_log("x1 x4 x5");
}
END_TEST

START_TEST(head_of_queue_goes_before_dormant_simple)
{
	struct fcmd *c1 = nop(w.a, O), *c3;

	nop(w.a, S);
	c3 = nop(w.a, H);
	finish(c1);
	ck_log("x1 x3 a1");
	finish(c3);
	ck_log("a3 x2");
}
END_TEST

START_TEST(head_of_queue_goes_before_dormant_ordered)
{
	struct fcmd *c1 = nop(w.a, S), *c3;

	nop(w.a, O);
	c3 = nop(w.a, H);
	finish(c1);
	ck_log("x1 x3 a1");
	finish(c3);
	ck_log("a3 x2");
}
END_TEST

START_TEST(simple_behind_a_head_of_queue_waits)
{
	struct fcmd *c1 = nop(w.a, H);

	nop(w.a, S);
	ck_log("x1");
	finish(c1);
	ck_log("a1 x2");
}
END_TEST

START_TEST(running_simple_is_not_stopped)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.a, H);

	finish(c1);
	finish(c2);
	ck_log("x1 x2 a1 a2");
	ck_assert(gate_is_open());
}
END_TEST

START_TEST(inline_commands_are_answered_in_order)
{
	struct fcmd *c1;
	u32 i;

	c1 = nop(w.a, S);
	w.dev->hold = false;
	for (i = 0; i < 4; i++)
		nop(w.a, O);
	ck_log("x1");
	finish(c1);
	ck_log("a1 x2 a2 x3 a3 x4 a4 x5 a5");
}
END_TEST

/* A queue that ends inline does not grow the stack. */
static uintptr_t low = UINTPTR_MAX, high;

static void measure(struct fdev *d, struct scst_cmd *cmd)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	low = min(low, here);
	high = max(high, here);
	scst_cmd_good(cmd);
}

START_TEST(long_queue_needs_no_stack)
{
	struct fcmd *c1 = nop(w.a, O);
	u32 i;

	for (i = 0; i < 40; i++)
		nop(w.a, i % 2 ? O : S);
	w.dev->on_execute = measure;
	finish(c1);
	ck_assert_uint_lt(high - low, 4096);
	ck_assert(gate_is_open());
}
END_TEST

START_TEST(gate_opens_with_the_last_command)
{
	struct fcmd *c1 = nop(w.a, O), *c2 = nop(w.a, S);

	finish(c1);
	/* Arrives while the gate is shut, and starts all the same. */
	nop(w.a, S);
	ck_assert(!gate_is_open());
	ck_log("x1 a1 x2 x3");
	finish(c2);
	ck_assert(!gate_is_open());
}
END_TEST

START_TEST(ordered_waits_for_the_data_of_older_ones)
{
	struct fcmd *c1;

	w.a->hold_data = true;
	c1 = store(w.a, S, 512);
	nop(w.b, O);
	ck_log("w1");
	send_data(c1);
	ck_log("x1");
	finish(c1);
	ck_log("a1 x2");
}
END_TEST

START_TEST(data_is_fetched_before_its_turn)
{
	struct fcmd *c1 = nop(w.a, O);

	store(w.b, O, 512);
	ck_log("x1 w2");
	finish(c1);
	ck_log("a1 x2");
}
END_TEST

START_TEST(turn_comes_before_the_data)
{
	struct fcmd *c1 = nop(w.a, O), *c2;

	w.b->hold_data = true;
	c2 = store(w.b, O, 512);
	nop(w.a, S);
	finish(c1);
	ck_log("x1 w2 a1");
	send_data(c2);
	ck_log("x2");
	finish(c2);
	ck_log("a2 x3");
}
END_TEST

START_TEST(failed_data_lets_the_next_one_start)
{
	struct fcmd *c1;

	w.a->hold_data = true;
	c1 = store(w.a, O, 512);
	nop(w.b, S);
	ck_log("w1");
	fail_data(c1, SENSE_PROTOCOL_CRC);
	ck_log("a1 x2");
}
END_TEST

START_TEST(refused_command_lets_the_next_one_start)
{
	const u8 cdb[6] = { 0xef };
	struct fcmd *c;

	nop(w.a, S);
	c = fcmd_new(w.a, 0, cdb, 6, SCST_DATA_NONE, 0);
	fcmd_task(c)->attr = O;
	submit(c);
	nop(w.a, S);
	ck_log("x1 a2 x3");
}
END_TEST

START_TEST(attributes_are_of_each_device)
{
	const u8 cdb[10] = { FOP_ANY };
	struct fdev *d = fdev_add("dev1");

	scst_group_map(w.grp, 1, d->core, false);
	see_attentions(w.a);
	nop(w.a, O);
	submit(fcmd_new(w.a, 1, cdb, 10, SCST_DATA_NONE, 0));
	ck_log("x1 x2 a2");
}
END_TEST

/* ---- With task management ------------------------------------------------- */

START_TEST(aborted_dormant_command_is_gone_at_once)
{
	struct fcmd *c1 = nop(w.a, O), *c2 = nop(w.a, O);

	abort_cmd(w.a, c2);
	ck_log("x1 -2 t3");
	finish(c1);
	ck_log("a1");
	ck_assert(gate_is_open());
}
END_TEST

START_TEST(abort_of_the_one_that_blocks)
{
	struct fcmd *c1 = nop(w.a, S), *c2 = nop(w.a, O);

	nop(w.a, S);
	abort_cmd(w.a, c2);
	ck_log("x1 -2 x3 t4");
	finish(c1);
}
END_TEST

START_TEST(abort_of_the_running_one_waits_for_it)
{
	struct fcmd *c1 = nop(w.a, O);

	nop(w.a, S);
	abort_cmd(w.a, c1);
	ck_log("x1 !1");
	finish(c1);
	ck_log("-1 t3 x2");
}
END_TEST

START_TEST(abort_while_data_is_awaited)
{
	struct fcmd *c1;

	w.a->hold_data = true;
	c1 = store(w.a, O, 512);
	nop(w.b, S);
	abort_cmd(w.a, c1);
	ck_log("w1 k1");
	fport_serve(w.a);
	ck_log("-1 t3 x2");
}
END_TEST

START_TEST(lost_nexus_lets_others_start)
{
	struct fcmd *c1 = nop(w.a, O);

	nop(w.a, O);
	nop(w.b, S);
	ck_log("x1");
	fport_del(w.a);
	ck_log("!1 -2");
	finish(c1);
	ck_log("-1 L1 g1 x3");
}
END_TEST

START_TEST(reset_empties_the_queue)
{
	struct fcmd *c1 = nop(w.a, O);

	nop(w.b, O);
	nop(w.c, H);
	nop(w.a, S);
	log_clear();
	tmf(w.a, SCST_LUN_RESET, 0);
	ck_log("!1 !3 R -2 -4");
	finish(c1);
	ck_log("-1");
}
END_TEST

START_TEST(command_that_comes_during_a_reset_waits_its_turn)
{
	struct fcmd *c1 = nop(w.a, S);

	tmf(w.b, SCST_LUN_RESET, 0);
	see_attentions(w.a);
	nop(w.a, O);
	ck_log("x1 !1 R");
	finish(c1);
	ck_log("-1 t2 x3");
}
END_TEST

/* ---- At random ------------------------------------------------------------ */

#define SEEDS 150
#define STEPS 200

/* One command as the model sees it, in order of arrival. */
struct model {
	struct fcmd *c;
	enum scst_attr attr;
	bool over;		/* answered or gone */
	bool early;		/* it could have started on arrival */
};

static struct model model[STEPS];
static u32 nr_model;
static u64 rng;

static u32 rnd(u32 below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 16) % below;
}

static bool is_over(const struct fcmd *c)
{
	return c->answered || c->gone;
}

/* SAM-6 8.9: may number @i leave the dormant state? */
static bool may_start(u32 i)
{
	bool older = false, older_ordered = false, heads = false;
	u32 j;

	for (j = 0; j < nr_model; j++) {
		if (model[j].over || j == i)
			continue;
		heads |= model[j].attr == H;
		older |= j < i;
		older_ordered |= j < i && model[j].attr == O;
	}
	if (model[i].attr == H)
		return true;
	if (model[i].attr == O)
		return !older && !heads;
	return !older_ordered && !heads;
}

/*
 * What started must have been allowed to, and what is allowed to must have
 * started. One that waits for data may lose its turn to a HEAD OF QUEUE.
 */
static void check_model(void)
{
	u32 i;

	for (i = 0; i < nr_model; i++) {
		struct fcmd *c = model[i].c;

		if (model[i].over || c->wants_data || c->executed)
			continue;
		ck_assert_msg(!may_start(i), "%u may start", c->nr);
	}
}

/* The device's hook: at this very moment, is it in order? */
static void check_start(struct fdev *d, struct scst_cmd *cmd)
{
	u32 i;

	for (i = 0; i < nr_model; i++)
		if (model[i].c->ftask && fcmd_cmd(model[i].c) == cmd)
			break;
	if (i < nr_model)
		ck_assert_msg(may_start(i) || model[i].early,
			      "%u must not start", model[i].c->nr);
}

static void check_over(struct fport *p, struct scst_task *task)
{
	u32 i;

	for (i = 0; i < nr_model; i++)
		model[i].over |= is_over(model[i].c);
}

static struct fport *any_port(void)
{
	struct fport *ports[] = { w.a, w.b, w.c };

	return ports[rnd(3)];
}

static void arrive(void)
{
	static const enum scst_attr attrs[] = { S, S, S, S, O, O, H };
	u8 cdb[10] = { rnd(3) ? FOP_NOP : FOP_STORE };
	struct model *m = &model[nr_model];
	bool out = cdb[0] == FOP_STORE;

	m->c = fcmd_new(any_port(), 0, cdb, 10,
			out ? SCST_DATA_OUT : SCST_DATA_NONE, out ? 512 : 0);
	m->attr = attrs[rnd(ARRAY_SIZE(attrs))];
	m->over = false;
	fcmd_task(m->c)->attr = m->attr;
	nr_model++;
	m->early = may_start(nr_model - 1);
	submit(m->c);
}

/* One of those that @fits, or none. */
static struct fcmd *pick(bool (*fits)(const struct fcmd *c))
{
	struct fcmd *found[STEPS];
	u32 i, nr = 0;

	for (i = 0; i < nr_model; i++)
		if (!model[i].over && fits(model[i].c))
			found[nr++] = model[i].c;
	return nr ? found[rnd(nr)] : NULL;
}

static bool runs(const struct fcmd *c)
{
	return c->executed;
}

static bool waits_for_data(const struct fcmd *c)
{
	return c->wants_data;
}

static bool any(const struct fcmd *c)
{
	return true;
}

static void manage(void)
{
	static const enum scst_tmf_fn fns[] = {
		SCST_ABORT_TASK_SET, SCST_CLEAR_TASK_SET, SCST_LUN_RESET,
	};
	struct fcmd *c = pick(any);

	if (c && rnd(4))
		abort_cmd(c->port, c);
	else if (!rnd(3))
		tmf(any_port(), fns[rnd(3)], 0);
	fport_serve(w.a);
	fport_serve(w.b);
	fport_serve(w.c);
	see_attentions(w.a);
	see_attentions(w.b);
	see_attentions(w.c);
}

static void step(void)
{
	struct fcmd *c;

	switch (rnd(8)) {
	case 0:
	case 1:
	case 2:
		arrive();
		break;
	case 3:
	case 4:
	case 5:
		c = pick(runs);
		if (c)
			finish(c);
		break;
	case 6:
		c = pick(waits_for_data);
		if (c && rnd(8))
			send_data(c);
		else if (c)
			fail_data(c, SENSE_PROTOCOL_CRC);
		break;
	default:
		manage();
	}
}

START_TEST(random_commands_follow_the_rules)
{
	struct fcmd *c;
	u32 i;

	rng = 0x9e3779b97f4a7c15ULL * (_i + 1);
	nr_model = 0;
	w.dev->on_execute = check_start;
	w.a->on_respond = w.b->on_respond = w.c->on_respond = check_over;
	w.b->hold_data = w.c->hold_data = true;
	for (i = 0; i < STEPS; i++) {
		step();
		check_model();
	}
	while ((c = pick(waits_for_data)))
		send_data(c);
	while ((c = pick(runs)))
		finish(c);
	for (i = 0; i < nr_model; i++)
		ck_assert(model[i].over);
	ck_assert(gate_is_open());
}
END_TEST

/* ---------------------------------------------------------------------------- */

static TCase *order_tcase(void)
{
	TCase *tc = tcase_create("order");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, simple_commands_start_as_they_come);
	tcase_add_test(tc, ordered_alone_starts_at_once);
	tcase_add_test(tc, ordered_waits_for_what_is_older);
	tcase_add_test(tc, simple_waits_for_older_ordered);
	tcase_add_test(tc, ordered_commands_go_one_by_one);
	tcase_add_test(tc, all_nexuses_share_one_order);
	tcase_add_test(tc, nexus_that_comes_while_the_gate_is_shut);
	tcase_add_test(tc, head_of_queue_starts_at_once);
	tcase_add_test(tc, head_of_queue_goes_before_dormant_simple);
	tcase_add_test(tc, head_of_queue_goes_before_dormant_ordered);
	tcase_add_test(tc, simple_behind_a_head_of_queue_waits);
	tcase_add_test(tc, running_simple_is_not_stopped);
	tcase_add_test(tc, inline_commands_are_answered_in_order);
	tcase_add_test(tc, long_queue_needs_no_stack);
	tcase_add_test(tc, gate_opens_with_the_last_command);
	tcase_add_test(tc, ordered_waits_for_the_data_of_older_ones);
	tcase_add_test(tc, data_is_fetched_before_its_turn);
	tcase_add_test(tc, turn_comes_before_the_data);
	tcase_add_test(tc, failed_data_lets_the_next_one_start);
	tcase_add_test(tc, refused_command_lets_the_next_one_start);
	tcase_add_test(tc, attributes_are_of_each_device);
	return tc;
}

static TCase *abort_tcase(void)
{
	TCase *tc = tcase_create("aborts");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, aborted_dormant_command_is_gone_at_once);
	tcase_add_test(tc, abort_of_the_one_that_blocks);
	tcase_add_test(tc, abort_of_the_running_one_waits_for_it);
	tcase_add_test(tc, abort_while_data_is_awaited);
	tcase_add_test(tc, lost_nexus_lets_others_start);
	tcase_add_test(tc, reset_empties_the_queue);
	tcase_add_test(tc, command_that_comes_during_a_reset_waits_its_turn);
	return tc;
}

static TCase *random_tcase(void)
{
	TCase *tc = tcase_create("random");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_loop_test(tc, random_commands_follow_the_rules, 0, SEEDS);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = {
		order_tcase, abort_tcase, random_tcase,
	};

	return core_main("core_attr", tcases, ARRAY_SIZE(tcases));
}
