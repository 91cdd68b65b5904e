// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the embedded engine: core, target and devices in this process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "scst.h"
#include "src/buf.h"
#include "src/log.h"
#include "src/state.h"

/* ---- Devices as the core sees them --------------------------------------------- */

/* The bytes of data buffers that the command's session holds; atomic. */
static size_t *cmd_held(struct scst_cmd *cmd)
{
	struct scst_nexus *nexus = container_of(cmd, struct scst_task,
						cmd)->nexus;

	return &container_of(iscsi_nexus_session(nexus), struct session,
			     iscsi)->buf_bytes;
}

/*
 * One contiguous buffer, from the loop's cache. A session that holds more than
 * it leaves to others has to wait: one that never takes its data, or never
 * sends any, would else end up with all there is.
 */
static int dev_data_alloc(struct scst_cmd *cmd, u32 len)
{
	struct loop *loop = loop_current();
	struct buf_cache *cache = loop ? loop_bufs(loop) : NULL;
	size_t *held = cmd_held(cmd);
	void *buf = NULL;

	if (buf_is_fair(cache, __atomic_load_n(held, __ATOMIC_RELAXED), len))
		buf = buf_get(cache, len);
	if (!buf)
		return -ENOMEM;
	__atomic_add_fetch(held, buf_size(len), __ATOMIC_RELAXED);
	core_seg_set(&cmd->seg, buf, len);
	cmd->segs = &cmd->seg;
	cmd->nr_segs = 1;
	/* A device server may shorten the segment. */
	cmd->data_priv = (void *)(uintptr_t)len;
	return 0;
}

static void dev_data_free(struct scst_cmd *cmd)
{
	struct loop *loop = loop_current();

	__atomic_sub_fetch(cmd_held(cmd),
			   buf_size((uintptr_t)cmd->data_priv),
			   __ATOMIC_RELAXED);
	buf_put(loop ? loop_bufs(loop) : NULL, cmd->seg.base,
		(uintptr_t)cmd->data_priv);
}

static void dev_mode_select(struct scst_cmd *cmd,
			    const struct scst_mode_page *page, const u8 *wanted)
{
	struct scstu_dev *dev = scst_device_priv(cmd->dev);

	sbc_lu_mode_select(dev->sbc, cmd, page, wanted, scst_mode_selected);
}

static void dev_event(struct scst_device *core, enum scst_device_event ev,
		      u64 nexus_id)
{
	struct scstu_dev *dev = scst_device_priv(core);

	if (dev->sbc)
		sbc_lu_event(dev->sbc, ev, nexus_id);
	else
		raw_event(dev, ev);
}

static void dev_persist(struct scst_device *core)
{
	struct scstu_dev *dev = scst_device_priv(core);

	state_dev_persist(dev->state);
}

#define DEVICE_OPS			\
	.data_alloc = dev_data_alloc,	\
	.data_free = dev_data_free,	\
	.event = dev_event

/* With persist() a device promises that reservations survive. */
static const struct scst_device_ops disk_device_ops[2] = {
	{ DEVICE_OPS, .mode_select = dev_mode_select },
	{ DEVICE_OPS, .mode_select = dev_mode_select, .persist = dev_persist },
};

static const struct scst_device_ops raw_device_ops[2] = {
	{ DEVICE_OPS },
	{ DEVICE_OPS, .persist = dev_persist },
};

void dev_core_ua(struct scstu_dev *dev, enum scst_sense ua, uint64_t except)
{
	if (dev->core)
		scst_device_ua(dev->core, ua, except);
}

void dev_core_capacity(struct scstu_dev *dev)
{
	if (dev->core && dev->sbc)
		scst_device_set_capacity(dev->core, sbc_lu_blocks(dev->sbc),
				sbc_lu_config(dev->sbc)->block_size);
}

void dev_core_read_only(struct scstu_dev *dev, bool read_only)
{
	if (dev->core)
		scst_device_set_read_only(dev->core, read_only);
	else
		dev->info.read_only = read_only;
}

int engine_attach(struct engine *engine, struct scstu_dev *dev)
{
	const struct scst_device_ops *ops = dev->sbc ? disk_device_ops :
						       raw_device_ops;
	struct scst_device *core;
	int err;

	core = scst_device_register(engine->ctx, &dev->info,
				    &ops[dev->state != NULL], dev);
	if (IS_ERR(core))
		return PTR_ERR(core);
	scst_device_set_lu(core, dev->sbc ? (void *)dev->sbc : dev);
	dev->core = core;
	if (dev->state) {
		err = state_dev_restore(dev->state, core, dev->error,
					sizeof(dev->error));
		if (err)
			return err;
	}
	dev_core_capacity(dev);
	return 0;
}

void engine_detach(struct engine *engine, struct scstu_dev *dev)
{
	struct scst_device *core = dev->core;

	if (!core)
		return;
	dev->core = NULL;
	scst_device_unregister(core);
	core_barrier();
}

/* ---- Life ------------------------------------------------------------------------- */

void engine_config_init(struct engine_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	iscsi_params_offer(&cfg->params);
	chap_algs_default(&cfg->algs);
	cfg->depth = 128;
	cfg->max_sessions = 4096;
	cfg->max_logins = 128;
	cfg->login_timeout = 15;
	cfg->nop_interval = 30;
	cfg->nop_timeout = 30;
}

void engine_config_free(struct engine_config *cfg)
{
	free(cfg->target);
	free(cfg->alias);
}

static void loop_drain_work(struct core_work *work)
{
	struct engine_loop *el = container_of(work, struct engine_loop,
					      drain_work);

	conns_drain(el);
	engine_check_drained(el->engine);
}

static void loop_kill_work(struct core_work *work)
{
	conns_kill(container_of(work, struct engine_loop, kill_work));
}

static int engine_init_loops(struct engine *engine, struct loop **loops,
			     unsigned int nr)
{
	unsigned int i;

	engine->loops = calloc(nr, sizeof(*engine->loops));
	if (!engine->loops)
		return -ENOMEM;
	engine->nr_loops = nr;
	for (i = 0; i < nr; i++) {
		struct engine_loop *el = &engine->loops[i];

		el->engine = engine;
		el->loop = loops[i];
		INIT_LIST_HEAD(&el->conns);
		INIT_LIST_HEAD(&el->logins);
		el->drain_work.fn = loop_drain_work;
		el->kill_work.fn = loop_kill_work;
	}
	return 0;
}

static int engine_init_core(struct engine *engine)
{
	engine->ctx = scst_ctx_alloc();
	if (!engine->ctx)
		return -ENOMEM;
	engine->target = scst_target_register(engine->ctx, engine->cfg.target,
					      &iscsi_target_ops, engine);
	if (IS_ERR(engine->target)) {
		int err = PTR_ERR(engine->target);

		engine->target = NULL;
		return err;
	}
	engine->task_cache = kmem_cache_create("iscsi task", iscsi_task_size,
					       64, 0, NULL);
	return engine->task_cache ? 0 : -ENOMEM;
}

struct engine *engine_create(const struct engine_config *cfg, struct auth *auth,
			     struct loop **loops, unsigned int nr)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int err;

	if (!engine)
		return ERR_PTR(-ENOMEM);
	engine->cfg = *cfg;
	engine->auth = auth;
	pthread_mutex_init(&engine->lock, NULL);
	INIT_LIST_HEAD(&engine->portals);
	INIT_LIST_HEAD(&engine->sessions);
	err = engine_init_loops(engine, loops, nr);
	if (!err)
		err = engine_init_core(engine);
	if (err) {
		engine_destroy(engine);
		return ERR_PTR(err);
	}
	return engine;
}

void engine_destroy(struct engine *engine)
{
	portals_close(engine);
	if (engine->target)
		scst_target_unregister(engine->target);
	if (engine->ctx)
		scst_ctx_free(engine->ctx);
	if (engine->task_cache)
		kmem_cache_destroy(engine->task_cache);
	auth_put(engine->auth);
	engine_config_free(&engine->cfg);
	pthread_mutex_destroy(&engine->lock);
	free(engine->loops);
	free(engine);
}

void engine_set_auth(struct engine *engine, struct auth *auth)
{
	struct auth *old;

	pthread_mutex_lock(&engine->lock);
	old = engine->auth;
	engine->auth = auth;
	pthread_mutex_unlock(&engine->lock);
	auth_put(old);
}

struct auth *engine_get_auth(struct engine *engine)
{
	struct auth *auth;

	pthread_mutex_lock(&engine->lock);
	auth = engine->auth ? auth_get(engine->auth) : NULL;
	pthread_mutex_unlock(&engine->lock);
	return auth;
}

/* ---- Shutdown ------------------------------------------------------------------------ */

void engine_check_drained(struct engine *engine)
{
	void (*drained)(void *arg) = NULL;

	pthread_mutex_lock(&engine->lock);
	if (engine->draining && !engine->nr_sessions &&
	    !__atomic_load_n(&engine->nr_conns, __ATOMIC_RELAXED)) {
		drained = engine->drained;
		engine->drained = NULL;
	}
	pthread_mutex_unlock(&engine->lock);
	if (drained)
		drained(engine->drained_arg);
}

void engine_drain(struct engine *engine, void (*drained)(void *arg), void *arg)
{
	unsigned int i;

	pthread_mutex_lock(&engine->lock);
	engine->draining = true;
	engine->drained = drained;
	engine->drained_arg = arg;
	pthread_mutex_unlock(&engine->lock);
	for (i = 0; i < engine->nr_loops; i++)
		loop_post(engine->loops[i].loop, &engine->loops[i].drain_work);
}

void engine_kill(struct engine *engine)
{
	unsigned int i;

	for (i = 0; i < engine->nr_loops; i++)
		loop_post(engine->loops[i].loop, &engine->loops[i].kill_work);
}
