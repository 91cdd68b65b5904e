// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE: the gate, which keeps atomic operations apart from writes that
 * overlap them.
 *
 * COMPARE AND WRITE and ORWRITE read, think and write as if nothing else
 * happened to their blocks: SBC-4 wants that of both. They enter
 * exclusively; all other commands that alter the medium enter shared. Of a
 * WRITE ATOMIC, exclusive as well, nobody may see a part: where there is that
 * command, those that read enter shared, too.
 *
 * The gate is open as long as nobody is exclusive. Then a shared command
 * counts itself in and out on its processor's counter and touches nothing
 * that another processor writes. The first exclusive command closes the gate:
 * it adds CLOSED to each counter and thereby learns how many are inside,
 * which is the sum over all counters, since a command may come out on another
 * processor than it went in. They leave by gate.drain, one by one; nobody
 * else comes in.
 *
 * While the gate is closed every command puts its range on one list, in order
 * of arrival, and waits for those before it that overlap it, if one of the
 * two is exclusive. So nobody overtakes a waiting exclusive command whose
 * blocks it wants, and no wait is longer than those before it. The gate opens
 * again when a number of shared commands met no exclusive one: clients that
 * live on COMPARE AND WRITE do not open and close it all the time.
 *
 * A sanitize operation enters exclusively for all there is, and seals the
 * gate: who comes behind it would wait for hours, and is refused instead.
 */
#include "core_os.h"
#include "sbc_lu.h"

/* Far from any count, and from overflow: 2^61 commands come out elsewhere. */
#define CLOSED (1LL << 62)
#define IS_CLOSED(count) ((count) >= CLOSED / 2)

/* Shared commands on the list before the gate opens again. */
#define IDLE_MAX 64

int sbc_gate_init(struct sbc_gate *gate)
{
	spin_lock_init(&gate->lock);
	INIT_LIST_HEAD(&gate->ranges);
	INIT_LIST_HEAD(&gate->ready);
	gate->inside = alloc_percpu(atomic64_t);
	return gate->inside ? 0 : -ENOMEM;
}

void sbc_gate_fini(struct sbc_gate *gate)
{
	WARN_ON(!list_empty(&gate->ranges));
	free_percpu(gate->inside);
}

/* ---- Open -------------------------------------------------------------- */

/* Acquire: the data of whoever held the gate exclusively is seen. */
static bool gate_count_in(struct sbc_gate *gate)
{
	atomic64_t *inside = raw_cpu_ptr(gate->inside);
	s64 count = atomic64_read(inside);

	do {
		if (unlikely(IS_CLOSED(count)))
			return false;
	} while (!atomic64_try_cmpxchg_acquire(inside, &count, count + 1));
	return true;
}

/* Release: pairs with gate_close(). True: the gate waits for this. */
static bool gate_count_out(struct sbc_gate *gate)
{
	atomic64_t *inside = raw_cpu_ptr(gate->inside);

	return unlikely(IS_CLOSED(atomic64_dec_return_release(inside)));
}

static void gate_close(struct sbc_gate *gate)
{
	int cpu;

	gate->closed = true;
	for_each_possible_cpu(cpu)
		gate->drain += atomic64_fetch_add(CLOSED,
					per_cpu_ptr(gate->inside, cpu));
}

static void gate_open(struct sbc_gate *gate)
{
	int cpu;

	WARN_ON_ONCE(gate->drain);
	gate->closed = false;
	for_each_possible_cpu(cpu)
		atomic64_fetch_sub(CLOSED, per_cpu_ptr(gate->inside, cpu));
}

/* ---- Closed ------------------------------------------------------------ */

static bool range_conflict(const struct sbc_cmd *a, const struct sbc_cmd *b)
{
	if (!a->exclusive && !b->exclusive)
		return false;
	return a->lba < b->lba + b->blocks && b->lba < a->lba + a->blocks;
}

static bool range_may_go(const struct sbc_gate *gate, const struct sbc_cmd *sc)
{
	const struct sbc_cmd *before;

	if (sc->exclusive && gate->drain)
		return false;
	list_for_each_entry(before, &gate->ranges, range_link) {
		if (before == sc)
			break;
		if (range_conflict(before, sc))
			return false;
	}
	return true;
}

static bool range_is_all(const struct sbc_cmd *sc)
{
	return sc->blocks == SBC_ALL_BLOCKS;
}

enum gate_answer { GATE_GO, GATE_WAIT, GATE_REFUSED };

/* Put @sc on the list. */
static enum gate_answer range_add(struct sbc_gate *gate, struct sbc_cmd *sc)
{
	if (gate->sealed)
		return GATE_REFUSED;
	gate->sealed = range_is_all(sc);
	sc->gate = SBC_LISTED;
	list_add_tail(&sc->range_link, &gate->ranges);
	gate->exclusive += sc->exclusive;
	sc->waiting = !range_may_go(gate, sc);
	gate->waiting += sc->waiting;
	return sc->waiting ? GATE_WAIT : GATE_GO;
}

static enum gate_answer gate_enter_slowly(struct sbc_gate *gate,
					  struct sbc_cmd *sc)
{
	enum gate_answer answer;

	spin_lock_bh(&gate->lock);
	if (sc->exclusive)
		gate->idle = 0;
	else if (gate->closed && !gate->exclusive && ++gate->idle > IDLE_MAX)
		gate_open(gate);
	if (sc->exclusive && !gate->closed)
		gate_close(gate);

	/* Only under the lock does it close: counting in cannot fail. */
	if (gate->closed) {
		answer = range_add(gate, sc);
	} else {
		answer = GATE_GO;
		sc->gate = SBC_INSIDE;
		gate_count_in(gate);
	}
	spin_unlock_bh(&gate->lock);
	return answer;
}

/* Commands that need not wait any more become ready, in order. */
static void gate_grant(struct sbc_gate *gate)
{
	struct sbc_cmd *sc;

	if (!gate->waiting)
		return;
	list_for_each_entry(sc, &gate->ranges, range_link) {
		if (!sc->waiting || !range_may_go(gate, sc))
			continue;
		sc->waiting = false;
		gate->waiting--;
		list_add_tail(&sc->ready_link, &gate->ready);
	}
}

/*
 * Let ready commands go. One at a time does that; who makes others ready
 * meanwhile, perhaps from inside go(), leaves them to it: no recursion.
 */
static void gate_run(struct sbc_gate *gate) __must_hold(&gate->lock)
{
	struct scst_cmd *cmd;
	struct sbc_cmd *sc;

	lockdep_assert_held(&gate->lock);
	if (gate->running || list_empty(&gate->ready))
		return;
	gate->running = true;
	while ((sc = list_first_entry_or_null(&gate->ready, struct sbc_cmd,
					      ready_link))) {
		list_del(&sc->ready_link);
		spin_unlock_bh(&gate->lock);
		cmd = sc->io.cmd;
		if (READ_ONCE(cmd->aborted))
			sbc_end(cmd, SENSE_ABORTED);
		else
			sc->go(cmd);
		spin_lock_bh(&gate->lock);
	}
	gate->running = false;
}

/* ---- Both -------------------------------------------------------------- */

/*
 * @go is called once the command may touch the blocks of its range, here or
 * later, from wherever another command leaves the gate. Or the command ends,
 * because the gate is sealed.
 */
void sbc_gate_enter(struct scst_cmd *cmd, bool exclusive,
		    void (*go)(struct scst_cmd *cmd))
{
	struct sbc_gate *gate = &sbc_lu(cmd)->gate;
	struct sbc_cmd *sc = sbc_cmd(cmd);

	if (likely(!exclusive) && likely(gate_count_in(gate))) {
		sc->gate = SBC_INSIDE;
		go(cmd);
		return;
	}
	sc->exclusive = exclusive;
	sc->go = go;
	switch (gate_enter_slowly(gate, sc)) {
	case GATE_GO:
		go(cmd);
		break;
	case GATE_REFUSED:
		sbc_end(cmd, SENSE_SANITIZE_IN_PROGRESS);
		break;
	default:
		break;
	}
}

/* For those that only read. */
void sbc_gate_read(struct scst_cmd *cmd, void (*go)(struct scst_cmd *cmd))
{
	if (unlikely(sbc_lu(cmd)->max_atomic))
		sbc_gate_enter(cmd, false, go);
	else
		go(cmd);
}

void sbc_gate_exit(struct scst_cmd *cmd)
{
	struct sbc_gate *gate = &sbc_lu(cmd)->gate;
	struct sbc_cmd *sc = sbc_cmd(cmd);
	bool listed = sc->gate == SBC_LISTED;

	sc->gate = SBC_OUTSIDE;
	if (likely(!listed) && likely(!gate_count_out(gate)))
		return;

	spin_lock_bh(&gate->lock);
	if (listed) {
		list_del(&sc->range_link);
		gate->exclusive -= sc->exclusive;
		if (range_is_all(sc))
			gate->sealed = false;
	} else {
		gate->drain--;
	}
	gate_grant(gate);
	gate_run(gate);
	spin_unlock_bh(&gate->lock);
}
