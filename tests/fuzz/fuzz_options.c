// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzes the syntax of --device, --access, --listen and all the other
 * options that take no file.
 *
 * Whatever the text: it is taken, or refused with one line that says why and
 * nothing left behind; what was taken is what the text says.
 */
#include <errno.h>

#include "engine.h"
#include "fuzz.h"
#include "scst.h"
#include "server.h"

/* Each text as an allocation of its own, so that reading on is seen. */
static char *get_text(size_t max)
{
	size_t len = min(in.len, max);
	char *text = malloc(len + 1);

	get_bytes((u8 *)text, len);
	text[len] = '\0';
	return text;
}

/* In quotes a line feed is taken, and told again. */
static void check_why(int err, const char *why, const char *text)
{
	MUST(err < 0);
	MUST(*why);
	MUST(strchr(text, '\n') || !strchr(why, '\n'));
}

/* ---- A handler with a parameter of each kind ----------------------------- */

static int fake_open(struct scstu_dev *dev)
{
	struct scstu_disk disk = {
		SCSTU_DISK_INIT,
		.bytes = scstu_dev_number(dev, "size"),
		.block_size = scstu_dev_number(dev, "number"),
		.removable = scstu_dev_flag(dev, "flag"),
		.zero_after_unmap = true,
	};
	const char *text = scstu_dev_string(dev, "text");

	MUST(text);
	if (strlen(text) > 200)
		return scstu_dev_error(dev, EINVAL, "text=: too long");
	return scstu_disk_configure(dev, &disk);
}

static void fake_op(struct scstu_req *req)
{
}

static const struct scstu_param params[] = {
	{ "text", SCSTU_STRING, "any", "preset" },
	{ "size", SCSTU_SIZE, "bytes", "1M" },
	{ "number", SCSTU_NUMBER, "any" },
	{ "flag", SCSTU_FLAG, "on or off" },
	{ 0 }
};

static const struct scstu_disk_ops disk_ops = {
	SCSTU_DISK_OPS_INIT,
	.read = fake_op,
	.write = fake_op,
	.flush = fake_op,
	.unmap = fake_op,
};

static const struct scstu_handler handler = {
	SCSTU_HANDLER_INIT,
	.name = "fuzz",
	.params = params,
	.open = fake_open,
	.disk = &disk_ops,
};

/* ---- Targets ------------------------------------------------------------- */

static void check_name(const char *name)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-";

	MUST(*name && strlen(name) <= 63);
	MUST(strspn(name, set) == strlen(name));
}

static void fuzz_device(struct scstu_server *srv)
{
	struct scstu_dev *dev;
	char *text;
	int err;

	while (in.len) {
		text = get_text(get16() % 512);
		err = scstu_server_add_device(srv, text);
		if (err)
			check_why(err, scstu_server_error(srv), text);
		free(text);
	}
	list_for_each_entry(dev, &srv->devices, link) {
		check_name(dev->name);
		MUST(dev->opened && scstu_disk_block_size(dev) >= 512);
	}
}

static void fuzz_access(struct scstu_server *srv)
{
	struct engine_config cfg;
	struct engine *engine;
	char *text, why[256];
	struct scstu_dev *dev;
	int err;

	engine_config_init(&cfg);
	cfg.target = strdup("iqn.t");
	engine = engine_create(&cfg, NULL, NULL, 0);
	MUST(!IS_ERR(engine));
	MUST(!scstu_server_add_device(srv, "name=a"));
	MUST(!scstu_server_add_device(srv, "name=b:ro"));
	list_for_each_entry(dev, &srv->devices, link)
		MUST(!engine_attach(engine, dev, NULL));
	while (in.len) {
		text = get_text(get16() % 512);
		err = access_apply(engine, text, why, sizeof(why));
		if (err)
			check_why(err, why, text);
		else
			MUST(!bitmap_empty(engine->luns, ENGINE_LUNS));
		free(text);
	}
	scst_target_admits(engine->target, "iqn.i");
	list_for_each_entry(dev, &srv->devices, link)
		engine_detach(engine, dev);
	engine_destroy(engine);
}

static void fuzz_port_group(struct scstu_server *srv)
{
	struct engine_config cfg;
	struct engine *engine;
	char *text, why[256];
	bool add;
	int err;

	engine_config_init(&cfg);
	cfg.target = strdup("iqn.t");
	engine = engine_create(&cfg, NULL, NULL, 0);
	MUST(!IS_ERR(engine));
	MUST(!port_groups_begin(engine, &srv->devices));
	while (in.len) {
		add = get8() & 1;
		text = get_text(get16() % 512);
		err = add ? port_group_add(engine, text, why, sizeof(why)) :
			    port_group_change(engine, text, why, sizeof(why));
		if (err)
			check_why(err, why, text);
		free(text);
	}
	engine_destroy(engine);
}

static void fuzz_address(void)
{
	char *text = get_text(512), *host, *port;
	size_t len = strlen(text);
	int err = address_split(text, &host, &port);

	MUST(!err || err == -EINVAL);
	if (!err) {
		MUST(*host && host >= text && host <= text + len);
		MUST(!port || (*port && port > host && port <= text + len));
	}
	free(text);
}

/* Options that open files have fuzzers of their own. */
static bool opens_files(const char *name)
{
	return !strcmp(name, "auth-file") || !strcmp(name, "state-dir");
}

static void fuzz_option(struct scstu_server *srv)
{
	const struct server_option *opt;
	size_t nr = 0;
	char *text;
	int err;

	while (server_option_at(nr))
		nr++;
	while (in.len) {
		opt = server_option_at(get8() % nr);
		text = get_text(get16() % 512);
		err = opens_files(opt->name) ? 0 :
		      scstu_server_set(srv, opt->name, text);
		if (err)
			check_why(err, scstu_server_error(srv), text);
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scstu_server *srv = scstu_server_create(&handler);

	MUST(srv);
	core_log_hook = fuzz_quiet;
	input_set(data, size);
	switch (get8() % 5) {
	case 0:
		fuzz_device(srv);
		break;
	case 1:
		fuzz_access(srv);
		break;
	case 2:
		fuzz_address();
		break;
	case 4:
		fuzz_port_group(srv);
		break;
	default:
		fuzz_option(srv);
	}
	scstu_server_destroy(srv);
	core_barrier();
	MUST(!core_slab_live());
	return 0;
}
