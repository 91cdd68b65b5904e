// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: the options of a server.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "engine/embedded.h"
#include "log.h"
#include "qio.h"
#include "ring/ring.h"
#include "server.h"
#include "state.h"

#define LOOPS_MAX 64

static int set_string(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to ? 0 : -ENOMEM;
}

static const struct engine_ops *const engines[] = {
	&embedded_ops,
	&ring_ops,
};

static int set_engine(struct scstu_server *srv, const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i]->name, value)) {
			srv->engine = engines[i];
			return 0;
		}
	return server_error(srv, EINVAL, "engine=%s: want embedded or scst",
			    value);
}

int options_settle(struct scstu_server *srv)
{
	const char *name = secure_getenv("SCST_ENGINE");

	if (!srv->engine && name && set_engine(srv, name))
		return server_error(srv, EINVAL,
				    "SCST_ENGINE=%s: want embedded or scst",
				    name);
	if (!srv->engine)
		srv->engine = &embedded_ops;
	if (srv->engine != &embedded_ops && srv->front_option)
		return server_error(srv, EINVAL,
				    "%s: only the embedded engine has it; with engine %s this is for the kernel's configuration",
				    srv->front_option, srv->engine->name);
	return 0;
}

static int set_listen(struct scstu_server *srv, const char *value)
{
	return strings_add(&srv->embedded->listen, value);
}

/* RFC 7143 4.2.7: the three name types. */
static int set_target(struct scstu_server *srv, const char *value)
{
	if (!iscsi_name_valid(value) ||
	    (strncmp(value, "iqn.", 4) && strncmp(value, "eui.", 4) &&
	     strncmp(value, "naa.", 4)))
		return -EINVAL;
	return set_string(&srv->embedded->cfg.target, value);
}

static int set_alias(struct scstu_server *srv, const char *value)
{
	return set_string(&srv->embedded->cfg.alias, value);
}

static int set_access(struct scstu_server *srv, const char *value)
{
	return strings_add(&srv->embedded->access, value);
}

/* Afterwards: a change of one that there is. */
static int set_port_group(struct scstu_server *srv, const char *value)
{
	struct embedded *e = srv->embedded;
	char why[256];
	int err;

	if (!e->engine)
		return strings_add(&e->port_groups, value);
	err = port_group_change(e->engine, value, why, sizeof(why));
	return err ? server_error(srv, err, "port-group %.100s: %s", value,
				  why) : 0;
}

static int set_alua(struct scstu_server *srv, const char *value)
{
	srv->embedded->states_settable = !strcmp(value, "explicit");
	return srv->embedded->states_settable || !strcmp(value, "implicit") ?
	       0 : -EINVAL;
}

static int set_redirect(struct scstu_server *srv, const char *value)
{
	return set_string(&srv->embedded->redirect, value);
}

static int set_auth_file(struct scstu_server *srv, const char *value)
{
	struct auth *auth = auth_load(value, srv->error, sizeof(srv->error));

	if (!auth)
		return -EINVAL;
	auth_put(srv->embedded->auth);
	srv->embedded->auth = auth;
	return set_string(&srv->embedded->auth_file, value);
}

static int set_chap(struct scstu_server *srv, const char *value)
{
	return chap_algs_parse(&srv->embedded->cfg.algs, value);
}

static int set_control(struct scstu_server *srv, const char *value)
{
	return *value ? set_string(&srv->embedded->control_path, value) :
			-EINVAL;
}

static int set_iscsi(struct scstu_server *srv, const char *value)
{
	char *key = strdup(value), *eq;
	int err = -EINVAL;

	if (!key)
		return -ENOMEM;
	eq = strchr(key, '=');
	if (eq) {
		*eq = '\0';
		err = iscsi_params_set(&srv->embedded->cfg.params, key, eq + 1);
		if (err == -ENOENT)
			err = server_error(srv, EINVAL,
					   "iscsi: there is no key '%s' to set",
					   key);
	}
	free(key);
	return err;
}

static int set_state_dir(struct scstu_server *srv, const char *value)
{
	struct state_dir *dir = state_dir_open(value, srv->error,
					       sizeof(srv->error));

	if (!dir)
		return -EINVAL;
	state_dir_close(srv->embedded->state_dir);
	srv->embedded->state_dir = dir;
	return 0;
}

static int set_file_io(struct scstu_server *srv, const char *value)
{
	return qio_set_kind(value);
}

static int set_log_level(struct scstu_server *srv, const char *value)
{
	return log_set_level(value);
}

static int set_log_format(struct scstu_server *srv, const char *value)
{
	return log_set_format(value);
}

static int set_memory(struct scstu_server *srv, const char *value)
{
	uint64_t bytes;
	int err = parse_size(value, &bytes);

	if (!err && bytes < (16u << 20))
		return server_error(srv, EINVAL,
				    "memory=%s: want at least 16M", value);
	if (!err)
		buf_set_limit(bytes);
	return err;
}

/* A number of struct scstu_server, or what a function makes of the value. */
#define NUMBER(opt, field, least, most, text)				\
	{ opt, false, NULL, offsetof(struct scstu_server, field), least, most, \
	  text }
#define CALL(opt, fn, text) { opt, false, fn, 0, 0, 0, text }
/* The same of the embedded engine. */
#define FRONT_NUMBER(opt, field, least, most, text)			\
	{ opt, true, NULL, offsetof(struct embedded, field), least, most, text }
#define FRONT(opt, fn, text) { opt, true, fn, 0, 0, 0, text }

static const struct server_option server_options[] = {
	CALL("engine", set_engine,
	     "ENGINE\tembedded: core and iSCSI front end in this process; scst: the kernel's, by /dev/scst_user (embedded, or what SCST_ENGINE says)"),
	FRONT("listen", set_listen,
	     "ADDRESS[:PORT]\twhere initiators connect; may be repeated (127.0.0.1:3260; port 0: any free one)"),
	FRONT("target", set_target,
	     "NAME\tthe target's iSCSI name (iqn.2026-11.org.scst:HOST.HANDLER)"),
	FRONT("alias", set_alias, "TEXT\tthe target's alias"),
	FRONT("access", set_access,
	     "initiator=GLOB,lun=N=NAME[:ro],...\ta LUN map for the initiators that match; may be repeated, the first that matches holds (everyone sees every device)"),
	FRONT_NUMBER("port-id", port_id, 1, 65535,
	       "N\tthe target's relative target port identifier (1)"),
	FRONT("port-group", set_port_group,
	      "id=N,port=N,...[,state=STATE][,preferred]\ta target port group of all devices, also with ports of other servers that have them; may be repeated (none; STATE: active/optimized)"),
	FRONT("alua", set_alua,
	      "KIND\timplicit, or explicit: initiators may set states of port groups (implicit)"),
	FRONT("redirect", set_redirect,
	      "ADDRESS[:PORT][,permanent]\tsend who logs in to another server of the target (none)"),
	FRONT("control", set_control,
	      "PATH\ta socket for scstctl, which shows and changes access (none)"),
	FRONT("auth-file", set_auth_file,
	     "FILE\tCHAP secrets; who is not in it may not log in"),
	FRONT("chap", set_chap,
	     "LIST\tCHAP algorithms, the preferred first (SHA3-256,SHA-256,SHA1,MD5)"),
	FRONT("iscsi", set_iscsi,
	     "KEY=VALUE\twhat to offer for an operational key, as HeaderDigest=CRC32C,None; may be repeated"),
	FRONT_NUMBER("nop-interval", cfg.nop_interval, 0, 86400,
	       "SECONDS\tof silence before an initiator is pinged (30; 0: never)"),
	FRONT_NUMBER("nop-timeout", cfg.nop_timeout, 1, 86400,
	       "SECONDS\tan initiator may take to answer (30)"),
	FRONT_NUMBER("login-timeout", cfg.login_timeout, 1, 3600,
	       "SECONDS\ta login may take (15)"),
	FRONT_NUMBER("max-sessions", cfg.max_sessions, 1, 65535,
	       "N\tsessions at a time (4096)"),
	FRONT_NUMBER("max-logins", cfg.max_logins, 1, 65535,
	       "N\tconnections that have not logged in yet (128)"),
	FRONT_NUMBER("session-depth", cfg.depth, 1, 4096,
	       "N\tcommands of one session at a time (128)"),
	NUMBER("loops", nr_loops, 0, LOOPS_MAX,
	       "N\tevent loops (one for each CPU, at most 4)"),
	FRONT("memory", set_memory,
	     "SIZE\tfor data buffers of all sessions together (1G)"),
	FRONT("state-dir", set_state_dir,
	     "DIR\twhere persistent reservations survive a loss of power (none: they do not)"),
	CALL("file-io", set_file_io,
	     "KIND\tio_uring, aio, or auto: io_uring where it is allowed"),
	NUMBER("shutdown-timeout", shutdown_timeout, 1, 3600,
	       "SECONDS\tto finish what runs at the end (30)"),
	CALL("log-level", set_log_level,
	     "LEVEL\terror, warn, info or debug (info)"),
	CALL("log-format", set_log_format, "FORMAT\ttext or json (text)"),
};

const struct server_option *server_option_at(size_t i)
{
	return i < ARRAY_SIZE(server_options) ? &server_options[i] : NULL;
}

static int option_number(struct scstu_server *srv,
			 const struct server_option *opt, const char *value)
{
	uint64_t number;
	char *base;

	if (parse_number(value, opt->most, &number) || number < opt->least)
		return server_error(srv, EINVAL,
				    "%s=%s: want a number from %llu to %llu",
				    opt->name, value,
				    (unsigned long long)opt->least,
				    (unsigned long long)opt->most);
	base = opt->front ? (char *)srv->embedded : (char *)srv;
	*(uint64_t *)(base + opt->offset) = number;
	return 0;
}

int scstu_server_set(struct scstu_server *srv, const char *name,
		     const char *value)
{
	const struct server_option *opt;
	size_t i;
	int err;

	*srv->error = '\0';
	for (i = 0; (opt = server_option_at(i)); i++)
		if (!strcmp(opt->name, name))
			break;
	if (!opt)
		return server_error(srv, EINVAL, "no option '%s'; see --help",
				    name);
	if (srv->state != SERVER_NEW &&
	    !(srv->state == SERVER_STARTED && srv->embedded->engine &&
	      opt->set == set_port_group))
		return server_error(srv, EBUSY, "the server has started");
	if (!value || !*value)
		return server_error(srv, EINVAL, "%s: needs a value", name);
	err = opt->set ? opt->set(srv, value) : option_number(srv, opt, value);
	if (!err && opt->front)
		srv->front_option = opt->name;
	if (err && !*srv->error)
		return server_error(srv, err, "%s: '%s' is not valid: want %.*s",
				    name, value, (int)strcspn(opt->help, "\t"),
				    opt->help);
	return err;
}
