// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the embedded engine: core, target and devices in this process.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "embedded.h"
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
	struct core_dev *cd = scst_device_priv(cmd->dev);

	sbc_lu_mode_select(cd->sbc, cmd, page, wanted, scst_mode_selected);
}

static void dev_event(struct scst_device *core, enum scst_device_event ev,
		      u64 nexus_id)
{
	struct core_dev *cd = scst_device_priv(core);

	if (cd->sbc)
		sbc_lu_event(cd->sbc, ev, nexus_id);
	else if (ev == SCST_EV_LU_RESET)
		raw_reset(cd->dev);
}

static void dev_persist(struct scst_device *core)
{
	struct core_dev *cd = scst_device_priv(core);

	state_dev_persist(cd->state);
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

/* ---- Attaching and detaching -------------------------------------------------- */

static void dev_info(struct core_dev *cd)
{
	const struct dev_identity *id = &cd->dev->id;
	struct scst_device_info *info = &cd->info;

	info->name = cd->dev->name;
	info->vendor = id->vendor;
	info->product = id->product;
	info->revision = id->revision;
	info->serial = id->serial;
	info->naa = id->naa;
	info->queue_depth = id->queue_depth;
}

static int dev_open_state(struct core_dev *cd, struct state_dir *dir)
{
	struct scstu_dev *dev = cd->dev;

	if (!dir)
		return 0;
	cd->state = state_dev_open(dir, dev->name, dev->error,
				   sizeof(dev->error));
	return cd->state ? 0 : -EINVAL;
}

static int dev_restore_state(struct core_dev *cd)
{
	struct scstu_dev *dev = cd->dev;

	if (!cd->state)
		return 0;
	return state_dev_restore(cd->state, cd->core, dev->error,
				 sizeof(dev->error));
}

static int dev_attach(struct engine *engine, struct core_dev *cd)
{
	const struct scst_device_ops *ops = cd->sbc ? disk_device_ops :
						      raw_device_ops;
	struct scst_device *core;
	int err;

	core = scst_device_register(engine->ctx, &cd->info,
				    &ops[cd->state != NULL], cd);
	if (IS_ERR(core))
		return PTR_ERR(core);
	scst_device_set_lu(core, cd->sbc ? (void *)cd->sbc : cd->dev);
	cd->core = core;
	err = dev_restore_state(cd);
	if (err)
		return err;
	disk_capacity(cd);
	scst_device_set_read_only(core, dev_is_protected(cd->dev));
	return 0;
}

int engine_attach(struct engine *engine, struct scstu_dev *dev,
		  struct state_dir *dir)
{
	struct core_dev *cd = calloc(1, sizeof(*cd));
	int err;

	if (!cd)
		return -ENOMEM;
	cd->dev = dev;
	pthread_mutex_lock(&dev->lock);
	dev->engine = &embedded_ops;
	dev->attached = cd;
	dev_info(cd);
	err = dev_open_state(cd, dir);
	if (!err)
		err = dev->handler->disk ? disk_attach(cd) : raw_attach(cd);
	if (!err)
		err = dev_attach(engine, cd);
	pthread_mutex_unlock(&dev->lock);
	return err;
}

void engine_detach(struct engine *engine, struct scstu_dev *dev)
{
	struct core_dev *cd = core_dev(dev);
	struct scst_device *core;

	if (!cd)
		return;
	pthread_mutex_lock(&dev->lock);
	core = cd->core;
	cd->core = NULL;
	pthread_mutex_unlock(&dev->lock);
	if (core) {
		scst_device_unregister(core);
		core_barrier();
	}
	state_dev_close(cd->state);
	cd->state = NULL;
}

void core_dev_free(struct scstu_dev *dev)
{
	struct core_dev *cd = core_dev(dev);

	dev->attached = NULL;
	if (cd->sbc)
		sbc_lu_free(cd->sbc);
	free(cd->opcodes);
	free(cd);
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

static void loop_ask_work(struct core_work *work)
{
	struct engine_loop *el = container_of(work, struct engine_loop,
					      ask_work);

	__atomic_store_n(&el->asking, false, __ATOMIC_RELEASE);
	conns_ask(el);
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
		el->ask_work.fn = loop_ask_work;
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
	struct engine_config mine = *cfg;
	int err;

	if (!engine) {
		engine_config_free(&mine);
		auth_put(auth);
		return ERR_PTR(-ENOMEM);
	}
	engine->cfg = mine;
	engine->auth = auth;
	pthread_mutex_init(&engine->lock, NULL);
	INIT_LIST_HEAD(&engine->portals);
	INIT_LIST_HEAD(&engine->groups);
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
	access_free(engine);
	if (engine->target)
		scst_target_unregister(engine->target);
	if (engine->device_group)
		scst_device_group_del(engine->device_group);
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

/* ---- The target is elsewhere ---------------------------------------------------------- */

#define PERMANENT ",permanent"

/* @where fits into LOGIN_ADDRESS_MAX. */
static bool address_ok(const char *where)
{
	char text[LOGIN_ADDRESS_MAX], *host, *port, *end;
	unsigned long nr;
	const char *c;

	for (c = where; *c; c++)
		if (*c == ',' || !isgraph((unsigned char)*c))
			return false;
	strcpy(text, where);
	if (address_split(text, &host, &port))
		return false;
	/* Without brackets nobody could tell the port. */
	if (strchr(host, ':') && *where != '[')
		return false;
	if (!port)
		return true;
	nr = strtoul(port, &end, 10);
	return isdigit((unsigned char)*port) && !*end && nr && nr <= 65535;
}

static void engine_ask(struct engine *engine)
{
	unsigned int i;

	for (i = 0; i < engine->nr_loops; i++)
		if (!__atomic_exchange_n(&engine->loops[i].asking, true,
					 __ATOMIC_ACQ_REL))
			loop_post(engine->loops[i].loop,
				  &engine->loops[i].ask_work);
}

int engine_redirect(struct engine *engine, const char *where)
{
	size_t len = strlen(where), suffix = strlen(PERMANENT);
	bool permanent = len > suffix &&
			 !strcmp(where + len - suffix, PERMANENT);
	char address[LOGIN_ADDRESS_MAX] = "";

	if (permanent)
		len -= suffix;
	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, where, len);
	if (len && !address_ok(address))
		return -EINVAL;
	pthread_mutex_lock(&engine->lock);
	strcpy(engine->moved_to, address);
	engine->moved_for_good = permanent;
	pthread_mutex_unlock(&engine->lock);
	if (len)
		engine_ask(engine);
	return 0;
}

void engine_redirection(struct engine *engine, char *buf)
{
	pthread_mutex_lock(&engine->lock);
	sprintf(buf, "%s%s", engine->moved_to,
		engine->moved_for_good ? PERMANENT : "");
	pthread_mutex_unlock(&engine->lock);
}

int engine_moved(struct engine *engine, char *address)
{
	int status;

	pthread_mutex_lock(&engine->lock);
	strcpy(address, engine->moved_to);
	status = !*address ? 0 : engine->moved_for_good ?
		 ISCSI_LOGIN_MOVED_PERM : ISCSI_LOGIN_MOVED_TEMP;
	pthread_mutex_unlock(&engine->lock);
	return status;
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
