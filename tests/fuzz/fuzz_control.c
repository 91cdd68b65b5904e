// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: fuzzes the requests of the control socket.
 *
 * Whatever the lines: each is answered, by lines that begin with "=" and one
 * that is "ok" or an error with its number; what was made can be listed, and
 * has no separator in its name; and all of it goes with the engine.
 */
#include <errno.h>

#include "control.h"
#include "embedded.h"
#include "fuzz.h"

#define TARGET "iqn.t"

static void fake_op(struct scstu_req *req)
{
}

static int fake_open(struct scstu_dev *dev)
{
	struct scstu_disk disk = { SCSTU_DISK_INIT, .bytes = 1 << 20 };

	return scstu_disk_configure(dev, &disk);
}

static const struct scstu_disk_ops disk_ops = {
	SCSTU_DISK_OPS_INIT,
	.read = fake_op,
	.write = fake_op,
};

static const struct scstu_handler handler = {
	SCSTU_HANDLER_INIT,
	.name = "fuzz",
	.open = fake_open,
	.disk = &disk_ops,
};

/* ---- Requests ------------------------------------------------------------ */

static void check_answer(const char *answer, size_t len)
{
	const char *line = answer, *end = NULL;
	int err;

	MUST(len && strlen(answer) == len);
	for (; *line == '='; line = end + 1) {
		end = strchr(line, '\n');
		MUST(end);
	}
	end = strchr(line, '\n');
	MUST(end && end == answer + len - 1);
	if (strcmp(line, "ok\n")) {
		MUST(sscanf(line, "error\t%d\t", &err) == 1);
		MUST(err > 0);
	}
}

/* An allocation of its own, so that reading on is seen. */
static void ask(struct scstu_server *srv, const char *text, size_t text_len)
{
	char *line = strndup(text, text_len), *answer = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&answer, &len);

	MUST(line && out);
	control_request(srv, line, out);
	MUST(!fclose(out));
	check_answer(answer, len);
	free(answer);
	free(line);
}

static void check_groups(struct engine *engine)
{
	struct access_pattern *pattern;
	struct access_group *ag;
	struct access_lun *lun;

	list_for_each_entry(ag, &engine->groups, link) {
		MUST(*ag->name && !strpbrk(ag->name, "/\t\n"));
		list_for_each_entry(pattern, &ag->patterns, link)
			MUST(*pattern->text &&
			     !strpbrk(pattern->text, "/\t\n"));
		list_for_each_entry(lun, &ag->luns, link)
			MUST(lun->nr < ENGINE_LUNS && lun->group == ag);
	}
}

/*
 * A byte is a part that requests are often made of, or, from 128 on, itself
 * without its highest bit.
 */
static const char *const parts[] = {
	"kind\t", "list\t", "read\t", "write\t", "mkdir\t", "rmdir\t",
	"nexuses", "stats", "targets/iscsi/" TARGET "/groups", "/g", "/h",
	"/initiators", "/*", "/luns", "/0", "/16383", "/device", "/read_only",
	"/order", "\ta", "\tb", "\t", "\t1", "\t0", "devices/fuzz", "/a",
	"/size", "version", "/everyone",
};

static void fuzz_lines(struct scstu_server *srv)
{
	char line[CONTROL_LINE_MAX];
	size_t len = 0, add;
	u8 byte;

	while (in.len) {
		byte = get8();
		if (byte >= 128) {
			line[len++] = byte & 127;
		} else if (byte < ARRAY_SIZE(parts)) {
			add = strlen(parts[byte]);
			memcpy(line + len, parts[byte], add);
			len += add;
		}
		if (byte != 127 && in.len && len < sizeof(line) - 64)
			continue;
		ask(srv, line, len);
		check_groups(srv->embedded->engine);
		len = 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scstu_server *srv = scstu_server_create(&handler);
	struct engine_config cfg;
	struct scstu_dev *dev;

	MUST(srv);
	core_log_hook = fuzz_quiet;
	input_set(data, size);
	engine_config_init(&cfg);
	cfg.target = strdup(TARGET);
	srv->embedded->engine = engine_create(&cfg, NULL, NULL, 0);
	MUST(!IS_ERR(srv->embedded->engine));
	MUST(!scstu_server_add_device(srv, "name=a"));
	MUST(!scstu_server_add_device(srv, "name=b"));
	list_for_each_entry(dev, &srv->devices, link)
		MUST(!engine_attach(srv->embedded->engine, dev, NULL));
	MUST(!access_default(srv->embedded->engine, &srv->devices));

	fuzz_lines(srv);

	list_for_each_entry(dev, &srv->devices, link)
		engine_detach(srv->embedded->engine, dev);
	engine_destroy(srv->embedded->engine);
	srv->embedded->engine = NULL;
	scstu_server_destroy(srv);
	core_barrier();
	MUST(!core_slab_live());
	return 0;
}
