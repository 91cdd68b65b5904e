// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the core without memory: a scenario is played again and again, and
 * each time another allocation fails. Whatever comes of it, every command is
 * answered and nothing is left behind.
 */
#include "core_fake.h"

/* A failure, if it came, has told itself by an error. */
static bool failed;

static void may_fail(int err)
{
	if (err)
		ck_assert_int_eq(err, -ENOMEM);
	failed |= err;
}

static void answered(const struct fcmd *c)
{
	ck_assert(c->answered);
	if (c->status == SCSI_BUSY)
		failed = true;
	else
		ck_good(c);
}

static void add_device(struct fdev *d)
{
	d->core = scst_device_register(w.ctx, &d->info, &d->ops, d);
	if (IS_ERR(d->core)) {
		may_fail(PTR_ERR(d->core));
		d->core = NULL;
		return;
	}
	scst_device_set_lu(d->core, d);
	may_fail(scst_group_map(w.grp, 1, d->core, false));
	may_fail(scst_group_map(w.grp, 7, d->core, true));
}

static void add_target(void)
{
	struct scst_target *tgt;
	struct scst_group *grp;

	tgt = scst_target_register(w.ctx, "iqn.other", &w.ops, NULL);
	if (IS_ERR(tgt)) {
		may_fail(PTR_ERR(tgt));
		return;
	}
	grp = scst_group_add(tgt, "all");
	if (IS_ERR(grp))
		may_fail(PTR_ERR(grp));
	else
		may_fail(scst_group_add_pattern(grp, "*"));
	scst_target_unregister(tgt);
}

static void add_ctx(void)
{
	struct scst_ctx *ctx = scst_ctx_alloc();

	may_fail(ctx ? 0 : -ENOMEM);
	if (ctx)
		scst_ctx_free(ctx);
}

static struct fcmd *in(struct fport *p, u16 lun, const u8 *cdb)
{
	return submit(fcmd_new(p, lun, cdb, 12, SCST_DATA_IN, 255));
}

static void use(struct fport *p)
{
	const u8 inquiry[12] = { SCSI_INQUIRY, 0, 0, 0, 255 };
	const u8 luns[12] = { SCSI_REPORT_LUNS, 0, 0, 0, 0, 0, 0, 0, 0, 255 };
	const u8 modes[12] = { SCSI_MODE_SENSE_6, 0, 0x3f, 0, 255 };
	const u8 select[6] = { SCSI_MODE_SELECT_6, 0x10, 0, 0, 16 };
	const u8 list[16] = { [4] = 0x0a, 10, 0x04, 0x10, 0, 0, 0, 0, 0xff,
			      0xff };
	struct fcmd *c;

	see_attentions(p);
	answered(in(p, 0, inquiry));
	answered(in(p, 9, inquiry));
	answered(in(p, 0, luns));
	answered(in(p, 0, modes));
	c = fcmd_new(p, 0, select, 6, SCST_DATA_OUT, 16);
	memcpy(c->out, list, 16);
	answered(submit(c));
	answered(rd(p, 8));
	answered(wr(p, 8));
}

/* The device's buffers come from the core. */
static void scenario(void)
{
	struct fdev *d = fdev_new("dev1");
	struct fport *p;
	struct ftmf *t;
	int err;

	failed = false;
	d->ops.data_alloc = NULL;
	d->ops.data_free = NULL;
	add_ctx();
	add_target();
	add_device(d);
	p = fport_new("iqn.d", &err);
	may_fail(err);
	if (p)
		use(p);
	use(w.a);
	t = tmf(w.a, SCST_TARGET_RESET, 0);
	ck_assert(t->done);
	failed |= t->response != SCST_TMF_COMPLETE;
	scst_group_unmap(w.grp, 7);
	if (p)
		fport_del(p);
	if (d->core)
		fdev_remove(d);
}

/* Room for the device's own buffers, which the sweep shall see, too. */
static int alloc_from_the_core(struct scst_cmd *cmd, u32 len)
{
	return core_segs_alloc(&cmd->segs, &cmd->nr_segs, len, GFP_ATOMIC);
}

static void free_to_the_core(struct scst_cmd *cmd)
{
	core_segs_free(cmd->segs, cmd->nr_segs);
}

START_TEST(every_allocation_may_fail)
{
	u32 nth, left;

	for (nth = 1;; nth++) {
		world_up();
		w.dev->ops.data_alloc = alloc_from_the_core;
		w.dev->ops.data_free = free_to_the_core;
		core_fail_alloc(nth);
		scenario();
		left = core_fail_alloc(0);
		ck_assert_msg(failed == !left, "allocation %u", nth);
		world_down();
		if (left)
			break;
	}
	ck_assert_uint_gt(nth, 40);
}
END_TEST

/* What must not sleep may fail often, and all at once. */
START_TEST(many_atomic_allocations_may_fail)
{
	world_up();
	core_fail_atomic_alloc(_i);
	scenario();
	core_fail_atomic_alloc(0);
	ck_assert(failed);
	world_down();
}
END_TEST

static TCase *nomem_tcase(void)
{
	TCase *tc = tcase_create("nomem");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_allocation_may_fail);
	tcase_add_loop_test(tc, many_atomic_allocations_may_fail, 1, 6);
	return tc;
}

int main(void)
{
	static TCase *(*const tcases[])(void) = { nomem_tcase };

	return core_main("core_nomem", tcases, ARRAY_SIZE(tcases));
}
