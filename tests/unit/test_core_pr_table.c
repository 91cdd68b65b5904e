// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of which commands run against which reservation, for every
 * command of a disk (SPC-5 table 66, SBC-4 table 13).
 *
 * The table below is written from the standards and knows nothing of the
 * flags in the tables of the device servers; each row of those must be in it.
 */
#include "core_pr.h"
#include "sbc.h"

enum rule {
	ALWAYS,		/* runs against any persistent reservation */
	READS,		/* ... against Write Exclusive */
	NEVER,		/* ... against none */
	OWN,		/* decides for itself */
};

/* Against another's RESERVE. */
enum old_rule { OLD_RUNS, OLD_CONFLICT };

#define NO_SA SCST_NO_SA

static const struct {
	u8 op;
	u16 sa;
	u8 byte4;		/* of a CDB that decides */
	enum rule rule;
	enum old_rule old;
} rules[] = {
	{ SCSI_TEST_UNIT_READY, NO_SA, 0, ALWAYS, OLD_CONFLICT },
	{ SCSI_REQUEST_SENSE, NO_SA, 0, ALWAYS, OLD_RUNS },
	{ SCSI_INQUIRY, NO_SA, 0, ALWAYS, OLD_RUNS },
	{ SCSI_MODE_SELECT_6, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_MODE_SELECT_10, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_MODE_SENSE_6, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_MODE_SENSE_10, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_RESERVE_6, NO_SA, 0, OWN, OLD_CONFLICT },
	{ SCSI_RESERVE_10, NO_SA, 0, OWN, OLD_CONFLICT },
	{ SCSI_RELEASE_6, NO_SA, 0, OWN, OLD_RUNS },
	{ SCSI_RELEASE_10, NO_SA, 0, OWN, OLD_RUNS },
	{ SCSI_SEND_DIAGNOSTIC, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_REPORT_LUNS, NO_SA, 0, ALWAYS, OLD_RUNS },
	{ SCSI_THIRD_PARTY_OUT, SCSI_SA_EXTENDED_COPY, 0, NEVER,
	  OLD_CONFLICT },
	{ SCSI_THIRD_PARTY_IN, SCSI_SA_COPY_STATUS, 0, NEVER, OLD_CONFLICT },
	{ SCSI_THIRD_PARTY_IN, SCSI_SA_COPY_PARAMETERS, 0, NEVER,
	  OLD_CONFLICT },
	{ SCSI_THIRD_PARTY_IN, SCSI_SA_COPY_FAILURE, 0, NEVER, OLD_CONFLICT },
	{ SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_OPCODES, 0, READS, OLD_RUNS },
	{ SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_TMFS, 0, READS, OLD_RUNS },
	{ SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_TARGET_GROUPS, 0, ALWAYS,
	  OLD_RUNS },
	{ SCSI_MAINTENANCE_OUT, SCSI_SA_SET_TARGET_GROUPS, 0, NEVER,
	  OLD_CONFLICT },
	{ SCSI_PERSISTENT_IN, SCSI_SA_READ_KEYS, 0, ALWAYS, OLD_CONFLICT },
	{ SCSI_PERSISTENT_IN, SCSI_SA_READ_RESERVATION, 0, ALWAYS,
	  OLD_CONFLICT },
	{ SCSI_PERSISTENT_IN, SCSI_SA_REPORT_CAPABILITIES, 0, ALWAYS,
	  OLD_CONFLICT },
	{ SCSI_PERSISTENT_IN, SCSI_SA_READ_FULL_STATUS, 0, ALWAYS,
	  OLD_CONFLICT },
	{ SCSI_PERSISTENT_OUT, SCSI_SA_REGISTER, 0, OWN, OLD_CONFLICT },
	{ SCSI_PERSISTENT_OUT, SCSI_SA_RESERVE, 0, OWN, OLD_CONFLICT },
	{ SCSI_PERSISTENT_OUT, SCSI_SA_RELEASE, 0, OWN, OLD_CONFLICT },
	{ SCSI_PERSISTENT_OUT, SCSI_SA_CLEAR, 0, OWN, OLD_CONFLICT },
	{ SCSI_PERSISTENT_OUT, SCSI_SA_PREEMPT, 0, OWN, OLD_CONFLICT },
	{ SCSI_PERSISTENT_OUT, SCSI_SA_PREEMPT_AND_ABORT, 0, OWN,
	  OLD_CONFLICT },
	{ SCSI_PERSISTENT_OUT, SCSI_SA_REGISTER_IGNORE, 0, OWN, OLD_CONFLICT },
	{ SCSI_PERSISTENT_OUT, SCSI_SA_REGISTER_AND_MOVE, 0, OWN,
	  OLD_CONFLICT },

	{ SCSI_READ_6, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_READ_10, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_READ_12, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_READ_16, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_VERIFY_10, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_VERIFY_12, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_VERIFY_16, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_PREFETCH_10, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_PREFETCH_16, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_SERVICE_ACTION_IN_16, SCSI_SA_GET_LBA_STATUS, 0, READS,
	  OLD_CONFLICT },
	{ SCSI_READ_DEFECT_DATA_10, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_READ_DEFECT_DATA_12, NO_SA, 0, READS, OLD_CONFLICT },
	{ SCSI_LOG_SENSE, NO_SA, 0, ALWAYS, OLD_CONFLICT },
	{ SCSI_READ_CAPACITY_10, NO_SA, 0, ALWAYS, OLD_RUNS },
	{ SCSI_SERVICE_ACTION_IN_16, SCSI_SA_READ_CAPACITY_16, 0, ALWAYS,
	  OLD_RUNS },
	{ SCSI_WRITE_6, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_WRITE_10, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_WRITE_12, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_WRITE_16, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_WRITE_VERIFY_10, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_WRITE_VERIFY_12, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_WRITE_VERIFY_16, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_WRITE_SAME_10, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_WRITE_SAME_16, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_COMPARE_AND_WRITE, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_ORWRITE_16, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_UNMAP, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_WRITE_ATOMIC_16, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_SANITIZE, SCSI_SA_OVERWRITE, 0, NEVER, OLD_CONFLICT },
	{ SCSI_SANITIZE, SCSI_SA_BLOCK_ERASE, 0, NEVER, OLD_CONFLICT },
	{ SCSI_SANITIZE, SCSI_SA_EXIT_FAILURE_MODE, 0, NEVER, OLD_CONFLICT },
	{ SCSI_SYNC_CACHE_10, NO_SA, 0, NEVER, OLD_CONFLICT },
	{ SCSI_SYNC_CACHE_16, NO_SA, 0, NEVER, OLD_CONFLICT },
	/* START; not START; START with LOEJ, with a power condition */
	{ SCSI_START_STOP_UNIT, NO_SA, 0x01, ALWAYS, OLD_CONFLICT },
	{ SCSI_START_STOP_UNIT, NO_SA, 0x00, NEVER, OLD_CONFLICT },
	{ SCSI_START_STOP_UNIT, NO_SA, 0x03, ALWAYS, OLD_CONFLICT },
	{ SCSI_START_STOP_UNIT, NO_SA, 0x11, NEVER, OLD_CONFLICT },
	{ SCSI_START_STOP_UNIT, NO_SA, 0x10, NEVER, OLD_CONFLICT },
	/* PREVENT */
	{ SCSI_PREVENT_ALLOW, NO_SA, 0x00, ALWAYS, OLD_CONFLICT },
	{ SCSI_PREVENT_ALLOW, NO_SA, 0x01, NEVER, OLD_CONFLICT },
	{ SCSI_PREVENT_ALLOW, NO_SA, 0x02, NEVER, OLD_CONFLICT },
	{ SCSI_PREVENT_ALLOW, NO_SA, 0x03, NEVER, OLD_CONFLICT },
};

static struct fdev *disk;
static struct scst_device_group *dg;

static void never(struct sbc_io *io)
{
	ck_abort_msg("a command reached the disk");
}

static void defer(struct sbc_lu *lu)
{
	ck_abort_msg("a sanitize operation has begun");
}

/* With all that the core has for a disk */
static void groups_up(void)
{
	struct scst_port_group *pg;

	dg = scst_device_group_add(w.ctx);
	ck_assert(!IS_ERR(dg));
	ck_assert_int_eq(scst_device_group_add_device(dg, "disk"), 0);
	pg = scst_port_group_add(dg, 1);
	ck_assert(!IS_ERR(pg));
	ck_assert_int_eq(scst_port_group_add_port(pg, 1), 0);
	scst_device_group_set_explicit(dg, true);
}

/* LUN 0 becomes a device with the commands of a disk. */
static void setup(void)
{
	static const struct sbc_backend_ops be = {
		.read = never,
		.write = never,
		.unmap = never,
	};
	static const struct sbc_env_ops env = { .defer = defer };
	const struct sbc_config cfg = {
		.blocks = 1024, .block_size = 512, .removable = true,
		.medium = true, .thin = true, .max_atomic = 8,
		.sanitize = true,
	};
	struct scst_device_info info = { .name = "" };
	struct sbc_lu *lu;
	u32 i;

	pr_up();
	lu = sbc_lu_alloc(&cfg, &be, &env, NULL);
	ck_assert(!IS_ERR(lu));
	sbc_lu_describe(lu, &info);
	disk = fdev_new("disk");
	disk->info.nr_opcodes = 0;
	for (i = 0; i < info.nr_opcodes; i++) {
		/* That the core answers, in the end. */
		if (info.opcodes[i].op == SCSI_REQUEST_SENSE)
			continue;
		fdev_add_opcode(disk, info.opcodes[i].op,
				info.opcodes[i].cdb_len, info.opcodes[i].sa,
				info.opcodes[i].flags);
	}
	sbc_lu_free(lu);
	fdev_register(disk);
	groups_up();
	scst_group_unmap(w.grp, 0);
	ck_assert_int_eq(scst_group_map(w.grp, 0, disk->core, false), 0);
	see_attentions(w.a);
	see_attentions(w.b);
	see_attentions(w.c);
}

static void teardown(void)
{
	scst_device_group_del(dg);
	world_down();
}

static struct fcmd *send(struct fport *p, u32 nr)
{
	u8 cdb[16] = { rules[nr].op };

	if (rules[nr].sa != NO_SA)
		cdb[1] = rules[nr].sa;
	cdb[4] = rules[nr].byte4;
	return submit(fcmd_new(p, 0, cdb, sizeof(cdb), SCST_DATA_NONE, 0));
}

static bool conflicts(struct fport *p, u32 nr)
{
	struct fcmd *c = send(p, nr);

	ck_assert(c->answered);
	return c->status == SCSI_RESERVATION_CONFLICT;
}

static bool expected(enum rule rule, u8 type)
{
	bool write_exclusive = type == 1 || type == 5 || type == 7;

	return rule == NEVER || (rule == READS && !write_exclusive);
}

#define ck_conflicts(p, nr, type, expect) \
	ck_assert_msg(conflicts(p, nr) == (expect), \
		      "command %02x, byte 4 %02x, type %u: %s", \
		      rules[nr].op, rules[nr].byte4, type, \
		      (expect) ? "runs" : "conflict")

static const u8 types[] = { 1, 3, 5, 6, 7, 8 };

START_TEST(every_command_has_a_rule)
{
	const struct scst_device *dev = disk->core;
	u32 i, j;

	for (i = 0; i < dev->nr_opcodes; i++) {
		for (j = 0; j < ARRAY_SIZE(rules); j++)
			if (rules[j].op == dev->opcodes[i].op &&
			    rules[j].sa == dev->opcodes[i].sa)
				break;
		ck_assert_msg(j < ARRAY_SIZE(rules), "no rule for %02x, %x",
			      dev->opcodes[i].op, dev->opcodes[i].sa);
	}
}
END_TEST

START_TEST(every_rule_has_a_command)
{
	u8 cdb[16] = { rules[_i].op, rules[_i].sa & 0x1f };
	bool sa_unknown;

	ck_assert_ptr_nonnull(scst_device_opcode(disk->core, cdb, 16,
						 &sa_unknown));
}
END_TEST

START_TEST(nothing_conflicts_without_a_reservation)
{
	reg(w.a, 1);
	if (rules[_i].rule != OWN)
		ck_conflicts(w.b, _i, 0, false);
}
END_TEST

START_TEST(stranger_is_kept_out)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		reg(w.a, 1);
		ck_good(pr_out(w.a, RESERVE, types[i], 1, 0));
		if (rules[_i].rule != OWN)
			ck_conflicts(w.b, _i, types[i],
				     expected(rules[_i].rule, types[i]));
		ck_good(pr_out(w.a, CLEAR, 0, 1, 0));
	}
}
END_TEST

START_TEST(registrant_is_kept_out_of_what_is_for_one)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		reg(w.a, 1);
		reg(w.b, 2);
		ck_good(pr_out(w.a, RESERVE, types[i], 1, 0));
		if (rules[_i].rule != OWN)
			ck_conflicts(w.b, _i, types[i], types[i] <= 3 &&
				     expected(rules[_i].rule, types[i]));
		ck_good(pr_out(w.a, CLEAR, 0, 1, 0));
		see_attentions(w.b);
	}
}
END_TEST

START_TEST(holder_may_do_everything)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		reg(w.a, 1);
		ck_good(pr_out(w.a, RESERVE, types[i], 1, 0));
		if (rules[_i].rule != OWN)
			ck_conflicts(w.a, _i, types[i], false);
		ck_good(pr_out(w.a, CLEAR, 0, 1, 0));
	}
}
END_TEST

START_TEST(old_reservation_keeps_others_out)
{
	const u8 cdb[6] = { SCSI_RESERVE_6 };

	ck_good(submit(fcmd_new(w.a, 0, cdb, 6, SCST_DATA_NONE, 0)));
	ck_conflicts(w.b, _i, 0, rules[_i].old == OLD_CONFLICT);
}
END_TEST

/* SSC-5: LOAD UNLOAD has this code, and no such exception. */
START_TEST(tape_has_no_unit_to_start)
{
	const u8 cdb[6] = { SCSI_START_STOP_UNIT, 0, 0, 0, 1 };
	struct fdev *tape = fdev_new("tape");
	struct fcmd *c;

	tape->info.type = SCSI_TYPE_TAPE;
	fdev_add_opcode(tape, SCSI_START_STOP_UNIT, 6, NO_SA, 0);
	fdev_register(tape);
	scst_group_unmap(w.grp, 0);
	ck_assert_int_eq(scst_group_map(w.grp, 0, tape->core, false), 0);
	see_attentions(w.a);
	see_attentions(w.b);
	reg(w.a, 1);
	ck_good(pr_out(w.a, RESERVE, 1, 1, 0));
	c = submit(fcmd_new(w.b, 0, cdb, 6, SCST_DATA_NONE, 0));
	ck_conflict(c);
	ck_good(submit(fcmd_new(w.a, 0, cdb, 6, SCST_DATA_NONE, 0)));
}
END_TEST

/* SAM-6 5.3.1: the status goes first, and the condition stays. */
START_TEST(conflict_leaves_the_unit_attention)
{
	reg(w.a, 1);
	ck_good(pr_out(w.a, RESERVE, 3, 1, 0));
	scst_device_ua(disk->core, SENSE_UA_CAPACITY_CHANGED, 0);
	ck_conflict(rd(w.b, 1));
	ck_ua(w.b, SENSE_UA_CAPACITY_CHANGED);
}
END_TEST

/* The reservation came while the command waited for its turn. */
START_TEST(dormant_command_conflicts_when_it_starts)
{
	const u8 cdb[16] = { SCSI_WRITE_10 };
	const u8 list[24] = { [7] = 1 };
	struct fcmd *c1, *c2, *out;

	reg(w.a, 1);
	disk->hold = true;
	c1 = wr(w.b, 1);
	c2 = fcmd_new(w.b, 0, cdb, 16, SCST_DATA_NONE, 0);
	fcmd_task(c2)->attr = SCST_ORDERED;
	submit(c2);
	ck_assert(c1->executed && !c2->executed);
	out = pr_out_new(w.a, RESERVE, 1, list, sizeof(list));
	fcmd_task(out)->attr = SCST_HEAD_OF_QUEUE;
	submit(out);
	ck_good(out);
	finish(c1);
	ck_good(c1);
	ck_conflict(c2);
}
END_TEST

/* -------------------------------------------------------------------------- */

static TCase *table_tcase(void)
{
	TCase *tc = tcase_create("conflicts");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_command_has_a_rule);
	tcase_add_loop_test(tc, every_rule_has_a_command, 0,
			    ARRAY_SIZE(rules));
	tcase_add_loop_test(tc, nothing_conflicts_without_a_reservation, 0,
			    ARRAY_SIZE(rules));
	tcase_add_loop_test(tc, stranger_is_kept_out, 0, ARRAY_SIZE(rules));
	tcase_add_loop_test(tc, registrant_is_kept_out_of_what_is_for_one, 0,
			    ARRAY_SIZE(rules));
	tcase_add_loop_test(tc, holder_may_do_everything, 0,
			    ARRAY_SIZE(rules));
	tcase_add_loop_test(tc, old_reservation_keeps_others_out, 0,
			    ARRAY_SIZE(rules));
	tcase_add_test(tc, tape_has_no_unit_to_start);
	tcase_add_test(tc, conflict_leaves_the_unit_attention);
	tcase_add_test(tc, dormant_command_conflicts_when_it_starts);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = { table_tcase };

	return core_main("core_pr_table", tcases, ARRAY_SIZE(tcases));
}
