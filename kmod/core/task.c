// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: the life of a task, from the driver's submission to its end.
 *
 *	submit -> [DATA_OUT] -> [DORMANT] -> ACTIVE -> DONE -> end
 *
 * A task enters its ITL when it is submitted and leaves it when the driver
 * ends it. In between it is owned by whoever its state names; the only thing
 * that others may do to it is to set flags (struct scst_task_state), under
 * the ITL's lock. One exchange, in task_done(), decides whether an abort came
 * in time.
 */
#include "core_trace.h"
#include "scst_core.h"
#include "spc.h"
#include "spc_alua.h"

void scst_task_init(struct scst_task *task, struct scst_nexus *nexus,
		    const u8 *lun, const u8 *cdb, u16 cdb_len)
{
	struct scst_cmd *cmd = &task->cmd;

	/* The device server's scratch is its own to initialise. */
	memset(cmd, 0, offsetof(struct scst_cmd, server));
	memset((u8 *)task + sizeof(*cmd), 0, sizeof(*task) - sizeof(*cmd));

	task->nexus = nexus;
	task->lun = scst_lun_decode(lun);
	memcpy(task->cdb, cdb, min_t(u16, cdb_len, sizeof(task->cdb)));
	cmd->cdb = cdb_len > sizeof(task->cdb) ? cdb : task->cdb;
	cmd->cdb_len = max_t(u16, cdb_len, sizeof(task->cdb));
	cmd->nexus_id = nexus->id;
}

bool scst_task_aborted(const struct scst_task *task)
{
	return atomic_read(&task->state) & TASK_ABORTED;
}

/* ---- Data buffers ------------------------------------------------------ */

/*
 * A buffer for what the transport will move, as far as the device takes it;
 * false: no memory.
 */
bool scst_task_get_data(struct scst_task *task)
{
	struct scst_cmd *cmd = &task->cmd;
	u32 len;

	if (task->own_buffer) {
		cmd->data_len = task->expected;
		return true;
	}
	if (task->itl)
		len = min(task->expected, cmd->dev->max_transfer);
	else
		len = min_t(u32, task->expected, SPC_NOLUN_DATA);
	if (!len)
		return true;

	if (task->itl && cmd->dev->ops->data_alloc) {
		if (cmd->dev->ops->data_alloc(cmd,
					      round_up(len, SCST_DATA_ALIGN)))
			return false;
	} else if (core_segs_alloc(&cmd->segs, &cmd->nr_segs,
				   round_up(len, SCST_DATA_ALIGN),
				   GFP_ATOMIC)) {
		return false;
	}
	cmd->data_len = len;
	return true;
}

static void task_put_data(struct scst_task *task)
{
	struct scst_cmd *cmd = &task->cmd;

	if (task->own_buffer || !cmd->nr_segs)
		return;
	if (task->itl && cmd->dev->ops->data_alloc)
		cmd->dev->ops->data_free(cmd);
	else
		core_segs_free(cmd->segs, cmd->nr_segs);
}

/* ---- Done -------------------------------------------------------------- */

static void task_was_aborted(struct scst_task *task)
{
	if (task->tas) {
		task->cmd.status = SCSI_TASK_ABORTED;
		task->cmd.data_in = 0;
	} else {
		atomic_set(&task->state, TASK_DONE | TASK_ABORTED);
	}
}

/*
 * The task has its outcome. Whoever aborts it from here on comes too late;
 * if somebody did before, only that function's caller hears of it, unless
 * TAS promises the task's own nexus a TASK ABORTED (SAM-6 5.5).
 */
static void task_done(struct scst_cmd *cmd)
{
	struct scst_task *task = scst_cmd_task(cmd);
	struct scst_device *dev = cmd->dev;
	struct scst_tmf *tmf = NULL;
	int state;

	state = atomic_xchg(&task->state, TASK_DONE);
	if (state & TASK_SLOW) {
		scst_device_get(dev);
		scst_taskset_done(dev, task, state);
	}
	if (state & TASK_ABORTED) {
		tmf = task->tmf;
		task_was_aborted(task);
	}
	trace_scst_respond(task);
	if (unlikely(task->respond))
		task->respond(task);
	else
		task->nexus->target->ops->respond(task);
	/* What waited for the task comes behind its response. */
	if (tmf)
		scst_tmf_task_done(tmf);
	if (state & TASK_SLOW) {
		scst_taskset_run(dev);
		scst_device_put(dev);
	}
}

static void task_fail(struct scst_task *task, enum scst_sense sense)
{
	scst_cmd_fail(&task->cmd, sense);
}

static void itl_count(struct scst_itl *itl, const struct scst_task *task)
{
	const struct scst_cmd *cmd = &task->cmd;
	struct scst_stats *stats = &itl->stats;

	lockdep_assert_held(&itl->lock);
	stats->commands++;
	if (scst_task_aborted(task)) {
		stats->aborted++;
		return;
	}
	if (cmd->dir == SCST_DATA_IN)
		stats->read_bytes += cmd->data_in;
	else if (cmd->status == SCSI_GOOD)
		stats->write_bytes += min_t(u64, cmd->wanted, cmd->data_len);
	stats->errors += cmd->status != SCSI_GOOD;
	stats->busy += cmd->status == SCSI_BUSY;
	stats->task_set_full += cmd->status == SCSI_TASK_SET_FULL;
}

void scst_task_end(struct scst_task *task)
{
	struct scst_cmd *cmd = &task->cmd;
	struct scst_nexus *nexus = task->nexus;
	struct scst_itl *itl = task->itl;
	bool awaited, hold;

	task_put_data(task);
	kfree(cmd->raw_sense);
	if (!itl) {
		scst_nexus_put(nexus);
		return;
	}

	spin_lock_bh(&itl->lock);
	list_del(&task->itl_link);
	itl_count(itl, task);
	WRITE_ONCE(itl->nr_tasks, itl->nr_tasks - 1);
	if (task->counted)
		atomic_dec(&itl->dev->nr_tasks);
	/* Mostly there is nothing more to do than this one pass. */
	awaited = task->awaited;
	hold = awaited || (itl->dead && !itl->nr_tasks && !itl->nr_holds);
	itl->nr_holds += hold;
	spin_unlock_bh(&itl->lock);
	if (awaited)
		scst_itl_end_tmfs(itl);
	if (hold)
		scst_itl_drop(itl);
}

/* ---- Start ------------------------------------------------------------- */

/*
 * Bits that the device server does not evaluate must be zero in byte 1, where
 * a one would ask for what it cannot do (protection information, say), and
 * NACA is not supported. Bits 7-5 of byte 1 of a six-byte CDB were the LUN
 * once and stay ignored. False: the command is completed.
 */
static bool task_cdb_ok(struct scst_cmd *cmd)
{
	const struct scst_opcode *row = cmd->opcode;
	bool variable = row->op == SCSI_VARIABLE_LENGTH;
	u8 control = variable ? 1 : row->cdb_len - 1;
	u8 bad = cmd->cdb[1] & ~row->usage[1];

	if (row->cdb_len == 6)
		bad &= 0x1f;
	if (row->sa != SCST_NO_SA)
		bad &= 0xe0;
	if (bad && !variable) {
		scst_cmd_bad_cdb(cmd, 1, fls(bad) - 1);
		return false;
	}
	if (cmd->cdb[control] & SPC_CONTROL_NACA) {
		scst_cmd_bad_cdb(cmd, control, 2);
		return false;
	}
	return true;
}

/* A status goes before a unit attention, which stays pending (SAM-6 5.3.1). */
static bool task_may_run(struct scst_task *task)
{
	struct scst_itl *itl = task->itl;
	u32 flags = task->cmd.opcode->flags;
	u32 lacks = READ_ONCE(itl->needs) & ~flags;
	enum scst_sense ua;

	if (unlikely(lacks & SCST_OP_ANY_RESV) &&
	    !spc_resv_allows(&task->cmd, lacks)) {
		scst_cmd_complete(&task->cmd, SCSI_RESERVATION_CONFLICT);
		return false;
	}
	if (READ_ONCE(itl->nr_ua) && !(flags & SCST_OP_ANY_UA)) {
		ua = scst_itl_take_ua(itl);
		if (ua) {
			task_fail(task, ua);
			return false;
		}
	}
	if (unlikely(lacks & SCST_OP_ANY_ACCESS)) {
		task_fail(task, spc_alua_sense(READ_ONCE(itl->access)));
		return false;
	}
	if (!task_cdb_ok(&task->cmd))
		return false;
	if ((flags & SCST_OP_WRITES) && scst_itl_protected(itl)) {
		task_fail(task, READ_ONCE(itl->dev->software_protect) ?
				SENSE_SOFTWARE_WRITE_PROTECTED :
				SENSE_WRITE_PROTECTED);
		return false;
	}
	return true;
}

/* Execute; the task is ACTIVE and may enter the enabled state. */
void scst_task_start(struct scst_task *task)
{
	struct scst_cmd *cmd = &task->cmd;
	const struct scst_opcode *row = cmd->opcode;

	if (scst_task_aborted(task)) {
		scst_cmd_good(cmd);
		return;
	}
	if (!task_may_run(task))
		return;
	if ((row->flags & SCST_OP_IN) && cmd->dir == SCST_DATA_IN &&
	    !scst_task_get_data(task)) {
		scst_cmd_complete(cmd, SCSI_BUSY);
		return;
	}
	trace_scst_execute(task);
	row->execute(cmd);
}

/* Everything that the task needs from the initiator is here. */
static void task_ready(struct scst_task *task)
{
	struct scst_device *dev = task->cmd.dev;

	if (!(atomic_read(&task->state) & TASK_QUEUED)) {
		scst_task_start(task);
		return;
	}
	/*
	 * Once it is DORMANT others may start and end it. Release: pairs with
	 * the acquire in task_startable().
	 */
	scst_device_get(dev);
	atomic_fetch_add_release(TASK_DORMANT - TASK_ACTIVE, &task->state);
	scst_taskset_run(dev);
	scst_device_put(dev);
}

void scst_task_data_out(struct scst_task *task, enum scst_sense sense)
{
	atomic_add(TASK_ACTIVE - TASK_DATA_OUT, &task->state);
	if (sense)
		task_fail(task, sense);
	else
		task_ready(task);
}

/* ---- Submission -------------------------------------------------------- */

/* Enter the ITL at the task's LUN; false: completed. */
static bool itl_enter(struct scst_itl *itl, struct scst_task *task)
{
	spin_lock_bh(&itl->lock);
	if (itl->dead) {
		spin_unlock_bh(&itl->lock);
		return false;
	}
	task->itl = itl;
	task->cmd.dev = itl->dev;
	task->cmd.lu = itl->dev->lu;
	WRITE_ONCE(itl->nr_tasks, itl->nr_tasks + 1);
	/* What waits for the core's own task may be before it already. */
	if ((itl->gate || task->attr != SCST_SIMPLE) && !task->respond) {
		spin_unlock_bh(&itl->lock);
		scst_taskset_enter(itl->dev, task);
		return true;
	}
	list_add_tail(&task->itl_link, &itl->tasks);
	spin_unlock_bh(&itl->lock);
	return true;
}

static bool task_enter(struct scst_task *task)
{
	struct scst_itl *itl;
	bool entered;

	core_read_begin();
	itl = scst_itl_find(task->nexus, task->lun);
	entered = itl && itl_enter(itl, task);
	core_read_end();
	return entered;
}

static bool task_lookup(struct scst_task *task)
{
	struct scst_cmd *cmd = &task->cmd;
	bool sa_unknown;

	cmd->opcode = scst_device_opcode(cmd->dev, cmd->cdb, cmd->cdb_len,
					 &sa_unknown);
	if (cmd->opcode && cmd->opcode->cdb_len <= cmd->cdb_len)
		return true;
	if (!sa_unknown)
		task_fail(task, SENSE_INVALID_OPCODE);
	else if (cmd->cdb[0] == SCSI_VARIABLE_LENGTH)
		scst_cmd_bad_cdb(cmd, 8, SENSE_NO_BIT);
	else
		scst_cmd_bad_cdb(cmd, 1, 4);
	return false;
}

/*
 * TASK SET FULL while the nexus has other tasks here, whose end will make
 * room; BUSY when only those of others do (SAM-6 5.3.1).
 */
static bool task_within_limits(struct scst_task *task)
{
	struct scst_itl *itl = task->itl;
	struct scst_device *dev = itl->dev;
	u32 nr = READ_ONCE(itl->nr_tasks);

	if (nr > dev->queue_depth) {
		scst_cmd_complete(&task->cmd, SCSI_TASK_SET_FULL);
		return false;
	}
	if (!dev->max_tasks)
		return true;
	task->counted = true;
	if (atomic_add_return(1, &dev->nr_tasks) <= dev->max_tasks)
		return true;
	scst_cmd_complete(&task->cmd, nr > 1 ? SCSI_TASK_SET_FULL : SCSI_BUSY);
	return false;
}

static void task_begin(struct scst_task *task)
{
	task->cmd.done = task_done;
	task->own_buffer = task->cmd.nr_segs != 0;
	trace_scst_submit(task);
}

/* It has entered its ITL. */
static void task_go(struct scst_task *task)
{
	struct scst_cmd *cmd = &task->cmd;

	if (!task->respond && !task_within_limits(task))
		return;
	if (!task_lookup(task))
		return;
	if (task->attr == SCST_ACA) {
		/* Only accepted during an ACA condition, which we never have. */
		task_fail(task, SENSE_INVALID_MESSAGE);
		return;
	}

	if (!(cmd->opcode->flags & SCST_OP_OUT) || cmd->dir != SCST_DATA_OUT ||
	    !task->expected || task->own_buffer) {
		if (task->own_buffer && cmd->dir == SCST_DATA_OUT)
			cmd->data_len = task->expected;
		task_ready(task);
		return;
	}
	if (!scst_task_get_data(task)) {
		scst_cmd_complete(cmd, SCSI_BUSY);
		return;
	}
	/* Aborted before: there was nobody yet to be kicked. */
	if (atomic_add_return(TASK_DATA_OUT - TASK_ACTIVE, &task->state) &
	    TASK_ABORTED)
		scst_task_data_out(task, SENSE_ABORTED);
	else
		task->nexus->target->ops->want_data_out(task);
}

void scst_task_submit(struct scst_task *task)
{
	task_begin(task);
	if (task_enter(task)) {
		task_go(task);
		return;
	}
	scst_nexus_get(task->nexus);
	spc_execute_nolun(task);
}

/*
 * Submit a task of the core's own at @itl, on which the caller has a hold. It
 * comes with its buffer, SIMPLE, on behalf of a command that is in a task set
 * already. False: @itl takes no tasks any more.
 */
bool scst_task_submit_at(struct scst_task *task, struct scst_itl *itl)
{
	task_begin(task);
	if (!itl_enter(itl, task))
		return false;
	task_go(task);
	return true;
}

/* ---- For the driver's response ----------------------------------------- */

void scst_task_residual(const struct scst_task *task,
			struct scst_residual *res)
{
	const struct scst_cmd *cmd = &task->cmd;
	u64 moved = cmd->dir == SCST_DATA_IN ? cmd->data_in : cmd->wanted;

	memset(res, 0, sizeof(*res));
	if (cmd->wanted > task->expected) {
		res->over = true;
		res->count = min_t(u64, cmd->wanted - task->expected, U32_MAX);
	} else if (moved < task->expected) {
		res->under = true;
		res->count = task->expected - moved;
	}
}

unsigned int scst_task_sense(const struct scst_task *task, u8 *buf,
			     unsigned int size)
{
	const struct scst_cmd *cmd = &task->cmd;
	bool descriptor;

	if (cmd->raw_sense) {
		size = min_t(unsigned int, size, cmd->raw_sense_len);
		memcpy(buf, cmd->raw_sense, size);
		return size;
	}
	descriptor = cmd->dev && READ_ONCE(cmd->dev->descriptor_sense);
	return scst_sense_encode(&cmd->sense, descriptor, buf, size);
}
