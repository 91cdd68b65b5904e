// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the embedded engine behind struct engine_ops.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "embedded.h"
#include "scst.h"
#include "src/log.h"
#include "src/state.h"

struct embedded *embedded_alloc(void)
{
	struct embedded *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	engine_config_init(&e->cfg);
	e->port_id = 1;
	return e;
}

void embedded_free(struct embedded *e)
{
	state_dir_close(e->state_dir);
	auth_put(e->auth);
	engine_config_free(&e->cfg);
	free(e->auth_file);
	free(e->control_path);
	free(e->redirect);
	strings_free(&e->listen);
	strings_free(&e->access);
	strings_free(&e->port_groups);
	free(e);
}

/* ---- Start ---------------------------------------------------------------------- */

static int default_target(struct scstu_server *srv)
{
	char host[64] = "localhost", *name, *c;

	if (srv->embedded->cfg.target)
		return 0;
	gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	if (asprintf(&name, "iqn.2026-11.org.scst:%s.%s", host,
		     srv->handler.name) < 0)
		return -ENOMEM;
	for (c = name; *c; c++)
		*c = isalnum(*c) || strchr(".:-", *c) ? tolower(*c) : '-';
	srv->embedded->cfg.target = name;
	return 0;
}

static int start_engine(struct scstu_server *srv)
{
	struct embedded *e = srv->embedded;
	struct engine *engine;

	engine = engine_create(&e->cfg, e->auth ? auth_get(e->auth) : NULL,
			       srv->loops, srv->loops_running);
	memset(&e->cfg, 0, sizeof(e->cfg));
	if (IS_ERR(engine))
		return PTR_ERR(engine);
	e->engine = engine;
	return e->state_dir ? state_dir_start(e->state_dir, srv->loops[0]) : 0;
}

static int start_devices(struct scstu_server *srv)
{
	struct embedded *e = srv->embedded;
	struct scstu_dev *dev;
	int err;

	list_for_each_entry(dev, &srv->devices, link) {
		err = engine_attach(e->engine, dev, e->state_dir);
		if (err)
			return server_dev_error(srv, dev, err);
	}
	return 0;
}

static int start_access(struct scstu_server *srv)
{
	struct embedded *e = srv->embedded;
	struct scstu_dev *dev;
	char why[256];
	size_t i;
	int err;

	if (!e->access.count)
		return access_default(e->engine, &srv->devices);
	for (i = 0; i < e->access.count; i++) {
		err = access_apply(e->engine, e->access.item[i], why,
				   sizeof(why));
		if (err)
			return server_error(srv, err, "--access %.100s: %s",
					    e->access.item[i], why);
	}
	list_for_each_entry(dev, &srv->devices, link)
		if (!scst_device_mapped(core_dev(dev)->core))
			log_warn("%s: no --access shows this device to anybody",
				 dev->name);
	return 0;
}

static int start_port_groups(struct scstu_server *srv)
{
	struct embedded *e = srv->embedded;
	char why[256];
	size_t i;
	int err;

	err = scst_target_set_port_id(e->engine->target, e->port_id);
	if (!err && e->states_settable && !e->port_groups.count)
		err = server_error(srv, EINVAL,
				   "--alua explicit: want --port-group, too");
	if (err || !e->port_groups.count)
		return err;
	err = port_groups_begin(e->engine, &srv->devices);
	for (i = 0; !err && i < e->port_groups.count; i++) {
		err = port_group_add(e->engine, e->port_groups.item[i], why,
				     sizeof(why));
		if (err)
			return server_error(srv, err,
					    "--port-group %.100s: %s",
					    e->port_groups.item[i], why);
	}
	if (!err && !e->engine->has_port)
		log_warn("no --port-group has port=%u, which is this target's",
			 (unsigned int)e->port_id);
	if (!err)
		scst_device_group_set_explicit(e->engine->device_group,
					       e->states_settable);
	return err;
}

static int start_portals(struct scstu_server *srv)
{
	struct embedded *e = srv->embedded;
	char why[256];
	size_t i;
	int err;

	if (!e->listen.count) {
		err = strings_add(&e->listen, "127.0.0.1:3260");
		if (err)
			return err;
	}
	for (i = 0; i < e->listen.count; i++) {
		err = portal_add(e->engine, e->listen.item[i], why,
				 sizeof(why));
		if (err)
			return server_error(srv, err, "--listen %s", why);
	}
	return portals_start(e->engine);
}

static int start_redirect(struct scstu_server *srv)
{
	struct embedded *e = srv->embedded;

	if (!e->redirect || !engine_redirect(e->engine, e->redirect))
		return 0;
	return server_error(srv, EINVAL,
			    "--redirect %.100s: want ADDRESS, ADDRESS:PORT or [IPV6-ADDRESS]:PORT, and then perhaps ,permanent",
			    e->redirect);
}

static int start_control(struct scstu_server *srv)
{
	struct embedded *e = srv->embedded;

	if (!e->control_path)
		return 0;
	e->control = control_open(srv, e->control_path);
	if (!e->control)
		return -EINVAL;
	control_start(e->control);
	return 0;
}

static int embedded_start(struct scstu_server *srv)
{
	int err;

	err = default_target(srv);
	if (!err)
		err = start_engine(srv);
	if (!err)
		err = start_devices(srv);
	if (!err)
		err = start_port_groups(srv);
	if (!err)
		err = start_access(srv);
	if (!err)
		err = start_redirect(srv);
	if (!err)
		err = start_control(srv);
	return err ?: start_portals(srv);
}

static const char *embedded_ready(struct scstu_server *srv, unsigned int index)
{
	struct embedded *e = srv->embedded;
	struct portal *portal;
	char address[80];
	unsigned long lun;

	for_each_set_bit(lun, e->engine->luns, ENGINE_LUNS)
		if (!index--)
			break;
	if (lun >= ENGINE_LUNS)
		return NULL;
	portal = list_first_entry(&e->engine->portals, struct portal, link);
	portal_reachable(portal, address, sizeof(address));
	snprintf(e->url, sizeof(e->url), "iscsi://%s/%s/%lu", address,
		 e->engine->cfg.target, lun);
	return e->url;
}

/* Logins from now on use what the file says now; a bad one changes nothing. */
static void embedded_reload(struct scstu_server *srv)
{
	struct embedded *e = srv->embedded;
	struct auth *auth;

	if (!e->auth_file) {
		log_info("nothing to reload: there is no auth-file");
		return;
	}
	auth = auth_load(e->auth_file, srv->error, sizeof(srv->error));
	if (!auth) {
		log_error("not reloaded: %s", srv->error);
		return;
	}
	engine_set_auth(e->engine, auth);
	log_info("reloaded %s", e->auth_file);
}

/* ---- Shutdown --------------------------------------------------------------------- */

static void embedded_drain(struct scstu_server *srv)
{
	struct engine *engine = srv->embedded->engine;
	struct scstu_dev *dev;

	portals_stop(engine);
	control_stop(srv->embedded->control);
	list_for_each_entry(dev, &srv->devices, link)
		if (core_dev(dev)->sbc)
			sbc_lu_stop(core_dev(dev)->sbc);
	engine_drain(engine, server_drained, srv);
}

/* Sessions that would not end in time lose their connections. */
static void embedded_kill(struct scstu_server *srv)
{
	log_warn("initiators are still at it: closing their connections");
	engine_kill(srv->embedded->engine);
}

static void embedded_stop(struct scstu_server *srv)
{
	struct embedded *e = srv->embedded;
	struct scstu_dev *dev;

	control_free(e->control);
	e->control = NULL;
	if (e->engine) {
		list_for_each_entry(dev, &srv->devices, link)
			engine_detach(e->engine, dev);
		engine_destroy(e->engine);
		e->engine = NULL;
	}
	state_dir_stop(e->state_dir);
}

static bool embedded_working(const struct scstu_dev *dev)
{
	const struct core_dev *cd = core_dev(dev);

	return cd->sbc && sbc_lu_busy(cd->sbc);
}

static bool embedded_busy(const struct scstu_dev *dev)
{
	const struct core_dev *cd = core_dev(dev);

	return embedded_working(dev) ||
	       (cd->core && scst_device_busy(cd->core));
}

/* ---- Devices at run time ------------------------------------------------------------ */

static int embedded_resized(struct scstu_dev *dev)
{
	sbc_lu_resize(core_dev(dev)->sbc,
		      dev->disk.bytes / dev->disk.block_size);
	return 0;
}

static int embedded_medium_changed(struct scstu_dev *dev)
{
	sbc_lu_set_medium(core_dev(dev)->sbc,
			  dev->disk.bytes / dev->disk.block_size);
	return 0;
}

static void embedded_protected(struct scstu_dev *dev)
{
	struct core_dev *cd = core_dev(dev);

	if (cd->core)
		scst_device_set_read_only(cd->core, dev_is_protected(dev));
}

const struct engine_ops embedded_ops = {
	.name = "embedded",
	.start = embedded_start,
	.ready = embedded_ready,
	.reload = embedded_reload,
	.drain = embedded_drain,
	.kill = embedded_kill,
	.stop = embedded_stop,
	.working = embedded_working,
	.busy = embedded_busy,
	.free = core_dev_free,
	.resized = embedded_resized,
	.medium_changed = embedded_medium_changed,
	.protected = embedded_protected,
};
