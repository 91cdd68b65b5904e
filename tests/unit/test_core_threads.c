// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the core under several threads, for the thread sanitizer and for
 * what only a race brings about.
 *
 * Players are target drivers' threads: each makes a nexus, sends commands and
 * functions, and lets it go, over and over. Workers complete what the devices
 * were given. The operator changes LUN maps, devices and access states meanwhile.
 * In the end every command was answered or given up exactly once and nothing is left.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_os.h"
#include "scst.h"
#include "scst_core.h"
#include "seg.h"
#include "spc_xcopy.h"
#include "work.h"

#define PLAYERS	 4
#define WORKERS	 2
#define LIVES	 100
#define COMMANDS 100		/* of one life */
#define DEPTH	 12

static u32 xorshift(u64 *rng)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return *rng >> 16;
}

/* ---- A queue that a thread can wait at ---------------------------------------- */

struct inbox {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct llist_head list;
	bool stop;
};

static void inbox_init(struct inbox *in)
{
	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->cond, NULL);
	init_llist_head(&in->list);
	in->stop = false;
}

static void inbox_post(struct inbox *in, struct core_work *work)
{
	pthread_mutex_lock(&in->lock);
	llist_add(&work->node, &in->list);
	pthread_cond_signal(&in->cond);
	pthread_mutex_unlock(&in->lock);
}

/* In the order in which they came; false: told to stop, and nothing is left. */
static bool inbox_run(struct inbox *in, bool wait)
{
	struct core_work *work, *next;
	struct llist_node *list;
	bool stop;

	pthread_mutex_lock(&in->lock);
	while (wait && llist_empty(&in->list) && !in->stop)
		pthread_cond_wait(&in->cond, &in->lock);
	list = llist_reverse_order(llist_del_all(&in->list));
	stop = in->stop;
	pthread_mutex_unlock(&in->lock);
	llist_for_each_entry_safe(work, next, list, node)
		work->fn(work);
	return list || !stop;
}

static void inbox_stop(struct inbox *in)
{
	pthread_mutex_lock(&in->lock);
	in->stop = true;
	pthread_cond_broadcast(&in->cond);
	pthread_mutex_unlock(&in->lock);
}

/* ---- Devices ------------------------------------------------------------------ */

struct device {
	struct scst_device *core;
	struct core_work persist_work;
	bool keeps_order;	/* no HEAD OF QUEUE there: order is checked */
	atomic_t simple, ordered;	/* running */
	atomic_t released;
};

static struct inbox pool;
static struct scst_ctx *ctx;
static struct scst_target *tgt;
static struct scst_group *grp;
static atomic_t executed, aborts, stored, copied, moved;

/* Of a command with the device; in its scratch for the backend. */
struct job {
	struct core_work work;
	struct scst_cmd *cmd;
	bool ordered;
	bool counted;		/* against the device's order */
};

static struct job *job_of(struct scst_cmd *cmd)
{
	return (struct job *)cmd->backend;
}

static void job_begin(struct device *d, struct job *job)
{
	if (!job->counted)
		return;
	if (job->ordered) {
		ck_assert_int_eq(atomic_inc_return(&d->ordered), 1);
		ck_assert_int_eq(atomic_read(&d->simple), 0);
	} else {
		atomic_inc(&d->simple);
		ck_assert_int_eq(atomic_read(&d->ordered), 0);
	}
}

static void job_end(struct core_work *work)
{
	struct job *job = container_of(work, struct job, work);
	struct device *d = job->cmd->lu;

	if (job->counted)
		atomic_dec(job->ordered ? &d->ordered : &d->simple);
	job->cmd->wanted = job->cmd->data_len;
	if (job->cmd->dir == SCST_DATA_IN)
		job->cmd->data_in = job->cmd->data_len;
	scst_cmd_good(job->cmd);
}

static void dev_execute(struct scst_cmd *cmd)
{
	const struct scst_task *task = scst_cmd_task(cmd);
	u32 nr = atomic_inc_return(&executed);
	struct job *job = job_of(cmd);
	struct device *d = cmd->lu;

	job->cmd = cmd;
	job->work.fn = job_end;
	job->ordered = task->attr == SCST_ORDERED;
	/* A copy's commands are where the copy is in the order. */
	job->counted = d->keeps_order && !task->respond;
	job_begin(d, job);
	if (nr % 4)
		inbox_post(&pool, &job->work);
	else
		job_end(&job->work);
}

static void dev_abort(struct scst_device *core, const struct scst_cmd *cmd)
{
	atomic_inc(&aborts);
}

static void dev_release(struct scst_device *core)
{
	struct device *d = scst_device_priv(core);

	atomic_inc(&d->released);
}

static void persist_work(struct core_work *work)
{
	struct device *d = container_of(work, struct device, persist_work);
	u8 *image = malloc(SCST_PR_IMAGE_MAX);
	int len = scst_pr_image(d->core, image, SCST_PR_IMAGE_MAX);
	u64 generation;

	atomic_inc(&stored);
	ck_assert_int_gt(len, 0);
	generation = scst_pr_image_generation(image, len);
	ck_assert_uint_ne(generation, 0);
	free(image);
	scst_pr_persisted(d->core, generation % 4 ? 0 : -EIO);
}

static void dev_persist(struct scst_device *core)
{
	struct device *d = scst_device_priv(core);

	inbox_post(&pool, &d->persist_work);
}

static const struct scst_device_ops dev_ops = {
	.abort = dev_abort,
	.persist = dev_persist,
	.release = dev_release,
};

static const struct scst_opcode dev_opcodes[] = {
	{ SCSI_TEST_UNIT_READY, 6, SCST_NO_SA, 0, dev_execute, { 0 } },
	{ SCSI_READ_10, 10, SCST_NO_SA, SCST_OP_IN, dev_execute, { 0 } },
	{ SCSI_WRITE_10, 10, SCST_NO_SA, SCST_OP_OUT, dev_execute, { 0 } },
	{ SCSI_READ_16, 16, SCST_NO_SA, SCST_OP_IN, dev_execute, { 0 } },
	{ SCSI_WRITE_16, 16, SCST_NO_SA, SCST_OP_OUT, dev_execute, { 0 } },
};

static void device_add(struct device *d, const char *name, u64 naa)
{
	const struct scst_device_info info = {
		.name = name,
		.naa = naa,
		.opcodes = dev_opcodes,
		.nr_opcodes = ARRAY_SIZE(dev_opcodes),
		.queue_depth = DEPTH - 4,
	};

	d->persist_work.fn = persist_work;
	d->core = scst_device_register(ctx, &info, &dev_ops, d);
	ck_assert(!IS_ERR(d->core));
	scst_device_set_lu(d->core, d);
	scst_device_set_capacity(d->core, 100, 512);
}

/* ---- Players ------------------------------------------------------------------- */

struct life {
	struct scst_nexus nexus;
	struct player *player;
	struct core_work kick_work, gone_work;
	atomic_t kicked;
};

struct player {
	pthread_t thread;
	u32 nr;
	u64 rng;
	struct inbox inbox;
	struct life *life;	/* NULL: gone */
	struct list_head waiting;	/* for their Data-Out */
	u64 tag;
	bool out[LIVES * COMMANDS + 1];	/* by tag: answer is out, or none is due */
	atomic_t tasks, tmfs;
	/* Of all lives. */
	u32 sent, sent_tmfs;
	atomic_t answered, given_up, functions;
};

struct ptask {
	struct scst_task task;
	struct player *player;
	struct list_head link;
	struct core_work work;
	atomic_t answers;
	bool waits;
	u32 list_len;
	u8 list[108];		/* parameters */
};

struct ptmf {
	struct scst_tmf tmf;
	struct player *player;
};

static u32 rnd(struct player *p, u32 below)
{
	return xorshift(&p->rng) % below;
}

static struct ptask *ptask_of(struct scst_task *task)
{
	return container_of(task, struct ptask, task);
}

static void task_over(struct core_work *work)
{
	struct ptask *t = container_of(work, struct ptask, work);
	struct player *p = t->player;

	WRITE_ONCE(p->out[t->task.tag], true);
	scst_task_end(&t->task);
	free(t);
	atomic_dec(&p->tasks);
}

static void drv_respond(struct scst_task *task)
{
	struct ptask *t = ptask_of(task);
	struct player *p = t->player;

	ck_assert_int_eq(atomic_inc_return(&t->answers), 1);
	if (scst_task_aborted(task)) {
		atomic_inc(&p->given_up);
		WRITE_ONCE(p->out[task->tag], true);
	} else {
		atomic_inc(&p->answered);
		atomic_add(task->cdb[0] == SCSI_THIRD_PARTY_OUT &&
			   task->cmd.status == SCSI_GOOD, &copied);
		atomic_add(task->cdb[0] == SCSI_MAINTENANCE_OUT &&
			   task->cmd.status == SCSI_GOOD, &moved);
	}
	t->work.fn = task_over;
	/* Some drivers are done at once, in whose context ever. */
	if (task->tag % 3)
		inbox_post(&p->inbox, &t->work);
	else
		task_over(&t->work);
}

/* Inside scst_task_submit(), hence the player's own thread. */
static void drv_want_data_out(struct scst_task *task)
{
	struct ptask *t = ptask_of(task);

	t->waits = true;
	list_add_tail(&t->link, &t->player->waiting);
}

static void data_over(struct ptask *t, enum scst_sense sense)
{
	struct scst_cmd *cmd = &t->task.cmd;

	t->waits = false;
	list_del(&t->link);
	if (!sense)
		core_segs_write(cmd->segs, cmd->nr_segs, 0, t->list,
				min(cmd->data_len, t->list_len));
	scst_task_data_out(&t->task, sense);
}

static void give_up_waiting(struct player *p, bool all)
{
	struct ptask *t, *next;

	list_for_each_entry_safe(t, next, &p->waiting, link)
		if (all || scst_task_aborted(&t->task))
			data_over(t, SENSE_ABORTED);
}

static void kick_work(struct core_work *work)
{
	struct life *life = container_of(work, struct life, kick_work);

	atomic_xchg(&life->kicked, 0);
	give_up_waiting(life->player, false);
}

static void drv_kick(struct scst_nexus *nexus)
{
	struct life *life = container_of(nexus, struct life, nexus);

	if (!atomic_xchg(&life->kicked, 1))
		inbox_post(&life->player->inbox, &life->kick_work);
}

static void gone_work(struct core_work *work)
{
	struct life *life = container_of(work, struct life, gone_work);

	life->player->life = NULL;
	free(life);
}

static void drv_nexus_gone(struct scst_nexus *nexus)
{
	struct life *life = container_of(nexus, struct life, nexus);

	inbox_post(&life->player->inbox, &life->gone_work);
}

static void drv_tmf_done(struct scst_tmf *tmf)
{
	struct ptmf *t = container_of(tmf, struct ptmf, tmf);
	struct player *p = t->player;

	/* Nothing is heard of a command behind the function that ended it. */
	if (tmf->fn == SCST_ABORT_TASK && tmf->response == SCST_TMF_COMPLETE)
		ck_assert(READ_ONCE(p->out[tmf->tag]));
	atomic_inc(&p->functions);
	free(t);
	atomic_dec(&p->tmfs);
}

static const struct scst_target_ops drv_ops = {
	.protocol = SCST_PROTOCOL_ISCSI,
	.want_data_out = drv_want_data_out,
	.respond = drv_respond,
	.kick = drv_kick,
	.tmf_done = drv_tmf_done,
	.nexus_gone = drv_nexus_gone,
};

/*
 * Everybody has the same key or none, so that most of it has an effect; what
 * is reserved is soon cleared, or the others would see nothing else.
 */
static void make_reservation(struct player *p, struct ptask *t, u8 *cdb)
{
	static const u8 actions[] = {
		SCSI_SA_REGISTER_IGNORE, SCSI_SA_REGISTER_IGNORE,
		SCSI_SA_RESERVE, SCSI_SA_RELEASE, SCSI_SA_CLEAR,
		SCSI_SA_PREEMPT, SCSI_SA_PREEMPT_AND_ABORT,
		SCSI_SA_PREEMPT_AND_ABORT,
	};
	static const u8 types[] = { 1, 3, 5, 6, 7, 8 };

	cdb[1] = actions[rnd(p, ARRAY_SIZE(actions))];
	cdb[2] = types[rnd(p, ARRAY_SIZE(types))];
	t->list_len = 24;
	cdb[8] = t->list_len;
	t->list[7] = 7;
	t->list[15] = rnd(p, 4) ? 7 : 0;
	t->list[20] = rnd(p, 2) ? 0x04 : 0x05;
}

/* Of a few chunks from one of the devices to one of them. */
static void make_copy(struct player *p, struct ptask *t, u8 *cdb)
{
	u8 *d = t->list + XCOPY_HEADER;
	u32 i;

	t->list_len = sizeof(t->list);
	cdb[0] = SCSI_THIRD_PARTY_OUT;
	cdb[13] = t->list_len;
	t->list[0] = rnd(p, 4);
	t->list[1] = rnd(p, 2) << 4;
	t->list[3] = 2 * XCOPY_CSCD_LEN;
	t->list[11] = XCOPY_SEGMENT_LEN;
	for (i = 0; i < 2; i++, d += XCOPY_CSCD_LEN) {
		d[0] = XCOPY_IDENTIFICATION;
		d[4] = 1;
		d[5] = 3;
		d[7] = 8;
		d[15] = rnd(p, 8) ? 1 + rnd(p, 2) : 3;
		put_unaligned_be24(512, d + 29);
	}
	d[0] = XCOPY_BLOCK_TO_BLOCK;
	d[3] = XCOPY_SEGMENT_LEN - 4;
	d[7] = 1;
	d[11] = rnd(p, 40);
}

/* Of which the players' port is in the first; or what they are. */
static void make_groups(struct player *p, struct ptask *t, u8 *cdb)
{
	cdb[1] = SCSI_SA_SET_TARGET_GROUPS;
	cdb[0] = rnd(p, 2) ? SCSI_MAINTENANCE_OUT : SCSI_MAINTENANCE_IN;
	if (cdb[0] == SCSI_MAINTENANCE_OUT)
		t->list_len = 12;
	cdb[9] = 12;
	t->list[4] = rnd(p, 2);
	t->list[7] = 1;
	t->list[8] = rnd(p, 4);
	t->list[11] = 2;
}

/* LUN 0 keeps an order, 1 does not, 2 comes and goes, 3 is never there. */
static void send_command(struct player *p)
{
	static const u8 ops[] = { SCSI_TEST_UNIT_READY, SCSI_READ_10,
				  SCSI_WRITE_10, SCSI_WRITE_10, SCSI_INQUIRY,
				  SCSI_REPORT_LUNS, SCSI_RESERVE_6,
				  SCSI_RELEASE_6 };
	u8 cdb[16] = { ops[rnd(p, ARRAY_SIZE(ops))] };
	struct ptask *t = calloc(1, sizeof(*t));
	u8 field[8];
	u16 lun;

	lun = rnd(p, 10) ? rnd(p, 3) : 3;
	/* Rarely, or the others would see nothing but conflicts. */
	if (cdb[0] == SCSI_RESERVE_6 && rnd(p, 32))
		cdb[0] = SCSI_RELEASE_6;
	if (!rnd(p, 16)) {
		cdb[0] = SCSI_PERSISTENT_OUT;
		make_reservation(p, t, cdb);
	} else if (!rnd(p, 8)) {
		make_copy(p, t, cdb);
	} else if (!rnd(p, 16)) {
		make_groups(p, t, cdb);
	}
	scst_lun_encode(lun, field);
	scst_task_init(&t->task, &p->life->nexus, field, cdb, 16);
	t->player = p;
	t->task.tag = ++p->tag;
	t->task.attr = rnd(p, 4) ? SCST_SIMPLE : SCST_ORDERED;
	if (lun == 1 && !rnd(p, 8))
		t->task.attr = SCST_HEAD_OF_QUEUE;
	if (cdb[0] == SCSI_WRITE_10 || t->list_len)
		t->task.cmd.dir = SCST_DATA_OUT;
	else if (cdb[0] == SCSI_READ_10 || cdb[0] == SCSI_MAINTENANCE_IN)
		t->task.cmd.dir = SCST_DATA_IN;
	t->task.expected = 1 + rnd(p, 9000);
	if (t->list_len)
		t->task.expected = t->list_len;
	p->sent++;
	atomic_inc(&p->tasks);
	scst_task_submit(&t->task);
}

static void send_tmf(struct player *p)
{
	static const enum scst_tmf_fn fns[] = {
		SCST_ABORT_TASK, SCST_ABORT_TASK, SCST_ABORT_TASK,
		SCST_ABORT_TASK_SET, SCST_ABORT_TASK_SET,
		SCST_CLEAR_TASK_SET, SCST_LUN_RESET, SCST_TARGET_RESET,
	};
	struct ptmf *t = calloc(1, sizeof(*t));

	t->player = p;
	t->tmf.nexus = &p->life->nexus;
	t->tmf.fn = fns[rnd(p, ARRAY_SIZE(fns))];
	t->tmf.lun = rnd(p, 4);
	t->tmf.tag = p->tag - min_t(u64, p->tag, rnd(p, 8));
	p->sent_tmfs++;
	atomic_inc(&p->tmfs);
	scst_tmf_submit(&t->tmf);
}

static void send_some_data(struct player *p)
{
	struct ptask *t, *next;

	list_for_each_entry_safe(t, next, &p->waiting, link)
		if (rnd(p, 2))
			data_over(t, rnd(p, 20) ? SENSE_NONE :
						  SENSE_PROTOCOL_CRC);
}

static void step(struct player *p)
{
	if (atomic_read(&p->tasks) < DEPTH)
		send_command(p);
	else
		sched_yield();
	if (!rnd(p, 24) && atomic_read(&p->tmfs) < 4)
		send_tmf(p);
	if (!rnd(p, 3))
		send_some_data(p);
	inbox_run(&p->inbox, false);
}

static void live(struct player *p)
{
	struct life *life = calloc(1, sizeof(*life));
	u32 until = p->sent + COMMANDS;
	char name[16];

	life->player = p;
	life->kick_work.fn = kick_work;
	life->gone_work.fn = gone_work;
	snprintf(name, sizeof(name), "iqn.player%u", p->nr);
	ck_assert_int_eq(scst_nexus_add(&life->nexus, tgt, name), 0);
	p->life = life;
	while (p->sent < until)
		step(p);
	scst_nexus_del(&life->nexus);
	/* Those of a LUN that was taken away are not the core's to name. */
	give_up_waiting(p, true);
	while (p->life)
		inbox_run(&p->inbox, true);
	while (atomic_read(&p->tasks) || atomic_read(&p->tmfs))
		sched_yield();
}

static void *play(void *arg)
{
	struct player *p = arg;
	bool loop = p->nr & 1;
	u32 i;

	/* Some are event loops, some are not. */
	if (loop)
		core_thread_register();
	for (i = 0; i < LIVES; i++) {
		live(p);
		core_quiescent();
	}
	if (loop)
		core_thread_unregister();
	return NULL;
}

static void *work(void *arg)
{
	while (inbox_run(&pool, true))
		core_quiescent();
	return NULL;
}

/* ---- The operator ---------------------------------------------------------------- */

static atomic_t over;
static struct scst_device_group *dg;
static struct scst_port_group *pgs[2];

static void groups_up(void)
{
	u32 i;

	dg = scst_device_group_add(ctx);
	ck_assert_int_eq(scst_device_group_add_device(dg, "second"), 0);
	ck_assert_int_eq(scst_device_group_add_device(dg, "third"), 0);
	for (i = 0; i < 2; i++) {
		pgs[i] = scst_port_group_add(dg, i + 1);
		ck_assert_int_eq(scst_port_group_add_port(pgs[i], i + 1), 0);
	}
	scst_device_group_set_explicit(dg, true);
}

/* The players' port is shut for a moment, and the first device comes along. */
static void change_groups(u64 *rng)
{
	bool first = xorshift(rng) % 2;

	if (first)
		scst_device_group_add_device(dg, "first");
	scst_port_group_set_state(pgs[0], xorshift(rng) % 4);
	scst_port_group_set_preferred(pgs[1], xorshift(rng) % 2);
	scst_port_group_set_state(pgs[0], SCST_ACTIVE_OPTIMIZED);
	if (first)
		scst_device_group_del_device(dg, "first");
}

static void count_report(const struct scst_itl_report *rep, void *arg)
{
	u32 *nr = arg;

	*nr += rep->tasks;
}

static void *operate(void *arg)
{
	u64 rng = 0x123456789abcdefULL;
	struct device *d = arg;
	u32 nr = 0;

	while (!atomic_read(&over)) {
		struct device *third = calloc(1, sizeof(*third));

		device_add(third, "third", 3);
		scst_group_map(grp, 2, third->core, xorshift(&rng) % 2);
		scst_report(ctx, count_report, &nr);
		scst_device_ua(d[0].core, SENSE_UA_CAPACITY_CHANGED, 0);
		scst_device_set_capacity(d[1].core, xorshift(&rng) % 100 + 1,
					 512);
		change_groups(&rng);
		sched_yield();
		if (xorshift(&rng) % 2)
			scst_group_unmap(grp, 2);
		scst_device_unregister(third->core);
		while (!atomic_read(&third->released))
			sched_yield();
		core_barrier();
		free(third);
	}
	return NULL;
}

/* ---------------------------------------------------------------------------- */

static void check_players(const struct player *p)
{
	u32 i, given_up = 0;

	for (i = 0; i < PLAYERS; i++) {
		ck_assert_uint_eq(atomic_read(&p[i].answered) +
				  atomic_read(&p[i].given_up), p[i].sent);
		ck_assert_uint_eq(atomic_read(&p[i].functions),
				  p[i].sent_tmfs);
		given_up += atomic_read(&p[i].given_up);
	}
	/* Or it was no test. */
	ck_assert_uint_gt(given_up, 100);
	ck_assert_uint_gt(atomic_read(&executed), 1000);
	ck_assert_uint_gt(atomic_read(&stored), 10);
	ck_assert_uint_gt(atomic_read(&copied), 100);
	ck_assert_uint_gt(atomic_read(&moved), 10);
}

START_TEST(everything_at_once)
{
	static struct device d[2];
	static struct player p[PLAYERS];
	pthread_t workers[WORKERS], operator;
	long slab = core_slab_live();
	u32 i;

	memset(d, 0, sizeof(d));
	memset(p, 0, sizeof(p));
	atomic_set(&over, 0);
	ctx = scst_ctx_alloc();
	tgt = scst_target_register(ctx, "iqn.t", &drv_ops, NULL);
	grp = scst_group_add(tgt, "all");
	scst_group_add_pattern(grp, "*");
	d[0].keeps_order = true;
	device_add(&d[0], "first", 1);
	device_add(&d[1], "second", 2);
	scst_group_map(grp, 0, d[0].core, false);
	scst_group_map(grp, 1, d[1].core, false);
	groups_up();
	/* On one device others hear of the end of their commands. */
	d[1].core->task_aborted_status = true;

	inbox_init(&pool);
	for (i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (i = 0; i < PLAYERS; i++) {
		p[i].nr = i;
		p[i].rng = 0x9e3779b97f4a7c15ULL * (i + 1 + _i * PLAYERS);
		INIT_LIST_HEAD(&p[i].waiting);
		inbox_init(&p[i].inbox);
		pthread_create(&p[i].thread, NULL, play, &p[i]);
	}
	pthread_create(&operator, NULL, operate, d);

	for (i = 0; i < PLAYERS; i++)
		pthread_join(p[i].thread, NULL);
	atomic_set(&over, 1);
	pthread_join(operator, NULL);
	inbox_stop(&pool);
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);

	check_players(p);
	scst_device_unregister(d[0].core);
	scst_device_unregister(d[1].core);
	ck_assert_int_eq(atomic_read(&d[0].released), 1);
	ck_assert_int_eq(atomic_read(&d[1].released), 1);
	scst_target_unregister(tgt);
	scst_device_group_del(dg);
	scst_ctx_free(ctx);
	ck_assert_int_eq(core_slab_live(), slab);
}
END_TEST

static void quiet(int level, const char *fmt, va_list ap)
{
}

int main(void)
{
	Suite *s = suite_create("core_threads");
	TCase *tc = tcase_create("threads");
	SRunner *sr;
	int failed;

	core_log_hook = quiet;
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, everything_at_once, 0, 3);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
