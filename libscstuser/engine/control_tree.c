// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: requests of the control socket; see control.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "embedded.h"
#include "scst.h"
#include "src/words.h"

/* ---- Finding what a path names ----------------------------------------------- */

enum node_kind {
	NODE_ROOT,
	NODE_DEVICES,
	NODE_HANDLER,
	NODE_DEVICE,
	NODE_TARGETS,
	NODE_DRIVER,
	NODE_TARGET,
	NODE_GROUPS,
	NODE_GROUP,
	NODE_INITIATORS,
	NODE_PATTERN,
	NODE_LUNS,
	NODE_LUN,
	NODE_ATTR,
};

struct node {
	struct scstu_server *srv;
	struct engine *engine;
	enum node_kind kind, parent;	/* parent: of NODE_ATTR */
	const char *attr;
	struct scstu_dev *dev;
	struct access_group *group;
	struct access_pattern *pattern;
	struct access_lun *lun;
};

#define DRIVER "iscsi"

/* What does not depend on the server; ends with an empty name. */
static const struct child {
	enum node_kind of, kind;
	const char *name;
	bool writable;
} children[] = {
	{ NODE_ROOT, NODE_DEVICES, "devices" },
	{ NODE_ROOT, NODE_TARGETS, "targets" },
	{ NODE_ROOT, NODE_ATTR, "version" },
	{ NODE_DEVICE, NODE_ATTR, "block_size" },
	{ NODE_DEVICE, NODE_ATTR, "read_only" },
	{ NODE_DEVICE, NODE_ATTR, "size" },
	{ NODE_DEVICE, NODE_ATTR, "state" },
	{ NODE_TARGETS, NODE_DRIVER, DRIVER },
	{ NODE_TARGET, NODE_GROUPS, "groups" },
	{ NODE_TARGET, NODE_ATTR, "redirect", true },
	{ NODE_GROUP, NODE_INITIATORS, "initiators" },
	{ NODE_GROUP, NODE_LUNS, "luns" },
	{ NODE_GROUP, NODE_ATTR, "order" },
	{ NODE_PATTERN, NODE_ATTR, "order" },
	{ NODE_LUN, NODE_ATTR, "device", true },
	{ NODE_LUN, NODE_ATTR, "read_only", true },
};

static bool step_device(struct node *node, const char *name)
{
	list_for_each_entry(node->dev, &node->srv->devices, link)
		if (!strcmp(node->dev->name, name))
			return true;
	return false;
}

static bool step_group(struct node *node, const char *name)
{
	list_for_each_entry(node->group, &node->engine->groups, link)
		if (!strcmp(node->group->name, name))
			return true;
	return false;
}

static bool step_pattern(struct node *node, const char *name)
{
	list_for_each_entry(node->pattern, &node->group->patterns, link)
		if (!strcmp(node->pattern->text, name))
			return true;
	return false;
}

static bool lun_parse(const char *name, uint16_t *nr)
{
	uint64_t number;

	if (parse_number(name, ENGINE_LUNS - 1, &number) ||
	    (*name == '0' && name[1]))
		return false;
	*nr = number;
	return true;
}

static bool step_lun(struct node *node, const char *name)
{
	uint16_t nr;

	if (!lun_parse(name, &nr))
		return false;
	list_for_each_entry(node->lun, &node->group->luns, link)
		if (node->lun->nr == nr)
			return true;
	return false;
}

/* What has a name of its own: its kind, or NODE_ROOT when there is none. */
static enum node_kind step_named(struct node *node, const char *name)
{
	switch (node->kind) {
	case NODE_DEVICES:
		return strcmp(name, node->srv->handler.name) ? NODE_ROOT :
							       NODE_HANDLER;
	case NODE_HANDLER:
		return step_device(node, name) ? NODE_DEVICE : NODE_ROOT;
	case NODE_DRIVER:
		return strcmp(name, node->engine->cfg.target) ? NODE_ROOT :
								NODE_TARGET;
	case NODE_GROUPS:
		return step_group(node, name) ? NODE_GROUP : NODE_ROOT;
	case NODE_INITIATORS:
		return step_pattern(node, name) ? NODE_PATTERN : NODE_ROOT;
	case NODE_LUNS:
		return step_lun(node, name) ? NODE_LUN : NODE_ROOT;
	default:
		return NODE_ROOT;
	}
}

static int step(struct node *node, const char *name)
{
	enum node_kind kind = NODE_ROOT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(children); i++)
		if (children[i].of == node->kind &&
		    !strcmp(children[i].name, name)) {
			kind = children[i].kind;
			node->attr = children[i].name;
		}
	if (kind == NODE_ROOT)
		kind = step_named(node, name);
	if (kind == NODE_ROOT)
		return -ENOENT;
	node->parent = node->kind;
	node->kind = kind;
	return 0;
}

static int find(struct node *node, char *path)
{
	char *name, *next;
	int err = 0;

	for (name = strtok_r(path, "/", &next); name && !err;
	     name = strtok_r(NULL, "/", &next))
		err = step(node, name);
	return err;
}

static bool attr_writable(const struct node *node)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(children); i++)
		if (children[i].of == node->parent &&
		    !strcmp(children[i].name, node->attr))
			return children[i].writable;
	return false;
}

/* ---- Looking ------------------------------------------------------------------ */

static int request_kind(struct node *node, FILE *out)
{
	fprintf(out, "=%c\n", node->kind != NODE_ATTR ? 'd' :
		attr_writable(node) ? 'a' : 'r');
	return 0;
}

static void list_named(const struct node *node, FILE *out)
{
	const struct access_pattern *pattern;
	const struct access_group *group;
	const struct access_lun *lun;
	const struct scstu_dev *dev;

	switch (node->kind) {
	case NODE_DEVICES:
		fprintf(out, "=d\t%s\n", node->srv->handler.name);
		break;
	case NODE_HANDLER:
		list_for_each_entry(dev, &node->srv->devices, link)
			fprintf(out, "=d\t%s\n", dev->name);
		break;
	case NODE_DRIVER:
		fprintf(out, "=d\t%s\n", node->engine->cfg.target);
		break;
	case NODE_GROUPS:
		list_for_each_entry(group, &node->engine->groups, link)
			fprintf(out, "=d\t%s\n", group->name);
		break;
	case NODE_INITIATORS:
		list_for_each_entry(pattern, &node->group->patterns, link)
			fprintf(out, "=d\t%s\n", pattern->text);
		break;
	case NODE_LUNS:
		list_for_each_entry(lun, &node->group->luns, link)
			fprintf(out, "=d\t%u\n", lun->nr);
		break;
	default:
		break;
	}
}

static int request_list(struct node *node, FILE *out)
{
	size_t i;

	if (node->kind == NODE_ATTR)
		return -ENOTDIR;
	for (i = 0; i < ARRAY_SIZE(children); i++)
		if (children[i].of == node->kind)
			fprintf(out, "=%c\t%s\n",
				children[i].kind != NODE_ATTR ? 'd' :
				children[i].writable ? 'a' : 'r',
				children[i].name);
	list_named(node, out);
	return 0;
}

static void read_device(struct node *node, FILE *out)
{
	const struct scstu_dev *dev = node->dev;
	bool disk = dev->handler->disk;

	if (!strcmp(node->attr, "state"))
		fprintf(out, "=enabled\n");
	else if (!strcmp(node->attr, "read_only"))
		fprintf(out, "=%d\n", dev_is_protected(dev));
	else if (!strcmp(node->attr, "size"))
		fprintf(out, "=%llu\n", disk ?
			(unsigned long long)dev->disk.bytes : 0);
	else
		fprintf(out, "=%u\n", disk ? dev->disk.block_size : 0);
}

static void read_lun(const struct node *node, FILE *out)
{
	const struct access_lun *lun = node->lun;

	if (!strcmp(node->attr, "read_only"))
		fprintf(out, "=%d\n", lun->read_only);
	else
		fprintf(out, "=%s\n", lun->dev ? scst_device_name(lun->dev) :
						 "");
}

static void read_target(const struct node *node, FILE *out)
{
	char where[LOGIN_ADDRESS_MAX + 16];

	engine_redirection(node->engine, where);
	fprintf(out, "=%s\n", where);
}

static int request_read(struct node *node, FILE *out)
{
	if (node->kind != NODE_ATTR)
		return -EISDIR;
	switch (node->parent) {
	case NODE_DEVICE:
		pthread_mutex_lock(&node->dev->lock);
		read_device(node, out);
		pthread_mutex_unlock(&node->dev->lock);
		break;
	case NODE_TARGET:
		read_target(node, out);
		break;
	case NODE_GROUP:
		fprintf(out, "=%llu\n",
			(unsigned long long)node->group->order);
		break;
	case NODE_PATTERN:
		fprintf(out, "=%llu\n",
			(unsigned long long)node->pattern->order);
		break;
	case NODE_LUN:
		read_lun(node, out);
		break;
	default:
		fprintf(out, "=%s\n", scstu_version());
	}
	return 0;
}

/* ---- Changing ------------------------------------------------------------------- */

static int write_device(struct node *node, const char *value)
{
	struct access_lun *lun = node->lun;
	struct scst_device *dev;

	if (!*value) {
		access_lun_clear(lun);
		return 0;
	}
	dev = scst_device_find(node->engine->ctx, value);
	if (!dev)
		return -ENODEV;
	if (lun->dev)
		return lun->dev == dev ? 0 : -EBUSY;
	return access_lun_show(lun, dev);
}

static int request_write(struct node *node, const char *value)
{
	bool flag;

	if (node->kind != NODE_ATTR)
		return -EISDIR;
	if (!attr_writable(node))
		return -EACCES;
	if (node->parent == NODE_TARGET)
		return engine_redirect(node->engine, value);
	if (!strcmp(node->attr, "device"))
		return write_device(node, value);
	if (strlen(value) != 1 || (*value != '0' && *value != '1'))
		return -EINVAL;
	flag = *value == '1';
	access_lun_protect(node->lun, flag);
	return 0;
}

static int name_check(const char *name)
{
	size_t len = strlen(name), i;

	if (!len || len > SCST_NAME_MAX + 1)
		return -ENAMETOOLONG;
	for (i = 0; i < len; i++)
		if (!isprint((unsigned char)name[i]))
			return -EINVAL;
	return strcmp(name, ".") && strcmp(name, "..") ? 0 : -EINVAL;
}

static int make_lun(struct node *node, const char *name)
{
	uint16_t nr;

	if (!lun_parse(name, &nr))
		return -EINVAL;
	return PTR_ERR_OR_ZERO(access_lun_add(node->group, nr));
}

/* The path of a directory and, behind its last slash, a new name. */
static int request_mkdir(struct node *node, char *path)
{
	char *name = strrchr(path, '/');
	int err;

	if (!name)
		return -EPERM;
	*name++ = '\0';
	err = name_check(name) ?: find(node, path);
	if (err)
		return err;
	if (!step(node, name))
		return -EEXIST;
	switch (node->kind) {
	case NODE_GROUPS:
		return PTR_ERR_OR_ZERO(access_group_add(node->engine, name));
	case NODE_INITIATORS:
		return access_pattern_add(node->engine, node->group, name);
	case NODE_LUNS:
		return make_lun(node, name);
	default:
		return -EPERM;
	}
}

static int request_rmdir(struct node *node)
{
	switch (node->kind) {
	case NODE_GROUP:
		if (!list_empty(&node->group->patterns) ||
		    !list_empty(&node->group->luns))
			return -ENOTEMPTY;
		access_group_del(node->group);
		return 0;
	case NODE_PATTERN:
		access_pattern_del(node->group, node->pattern);
		return 0;
	case NODE_LUN:
		access_lun_del(node->lun);
		return 0;
	default:
		return -EPERM;
	}
}

/* ---- What happens ------------------------------------------------------------------- */

static void print_nexus(struct scst_nexus *nexus, void *out)
{
	fprintf(out, "=%s\t%s\t%llu\n", scst_target_name(nexus->target),
		nexus->initiator, (unsigned long long)nexus->id);
}

static void print_itl(const struct scst_itl_report *rep, void *out)
{
	const struct scst_stats *stats = &rep->stats;
	const uint64_t counters[] = {
		stats->commands, stats->read_bytes, stats->write_bytes,
		stats->errors, stats->aborted, stats->unit_attentions,
		stats->task_set_full, stats->busy,
	};
	size_t i;

	fprintf(out, "=%s\t%s\t%llu\t%u\t%s\t%d\t%u", rep->target,
		rep->initiator, (unsigned long long)rep->nexus_id, rep->lun,
		rep->device, rep->read_only, rep->tasks);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		fprintf(out, "\t%llu", (unsigned long long)counters[i]);
	fputc('\n', out);
}

/* ---- Requests ------------------------------------------------------------------------- */

static int request_path(struct node *node, const char *verb, char *path,
			const char *value, FILE *out)
{
	int err;

	if (!strcmp(verb, "mkdir"))
		return request_mkdir(node, path);
	err = find(node, path);
	if (err)
		return err;
	if (!strcmp(verb, "kind"))
		return request_kind(node, out);
	if (!strcmp(verb, "list"))
		return request_list(node, out);
	if (!strcmp(verb, "read"))
		return request_read(node, out);
	if (!strcmp(verb, "rmdir"))
		return request_rmdir(node);
	if (!strcmp(verb, "write") && value)
		return request_write(node, value);
	return -EOPNOTSUPP;
}

static const char *explain(int err)
{
	switch (-err) {
	case EACCES:
		return "cannot be set while the server runs";
	case EPERM:
		return "only groups, patterns and LUNs come and go while the server runs";
	case ENODEV:
		return "there is no such device";
	case EBUSY:
		return "shows another device: clear it first";
	case EINVAL:
		return "a LUN is a number from 0 to 16383, a flag 0 or 1, a name printable, an address ADDRESS[:PORT][,permanent]";
	case EOPNOTSUPP:
		return "no such request";
	default:
		return strerror(-err);
	}
}

void control_request(struct scstu_server *srv, char *line, FILE *out)
{
	char *verb = strsep(&line, "\t"), *path = strsep(&line, "\t");
	struct node node = {
		.srv = srv,
		.engine = srv->embedded->engine,
	};
	int err = 0;

	if (path)
		err = request_path(&node, verb, path, line, out);
	else if (!strcmp(verb, "nexuses"))
		scst_report_nexuses(node.engine->ctx, print_nexus, out);
	else if (!strcmp(verb, "stats"))
		scst_report(node.engine->ctx, print_itl, out);
	else
		err = -EOPNOTSUPP;
	if (err)
		fprintf(out, "error\t%d\t%s\n", -err, explain(err));
	else
		fprintf(out, "ok\n");
}
