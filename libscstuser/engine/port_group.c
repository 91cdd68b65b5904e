// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: which ports are how good: --port-group becomes a target port group of
 * all devices (SPC-5 5.16.2).
 *
 *	id=N,port=N[,port=N...][,state=STATE][,preferred[=off]]
 *
 * The engine's target is one of the ports; the others are those of servers
 * elsewhere that have the same logical units.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "scst.h"
#include "src/log.h"
#include "src/words.h"

struct spec {
	uint16_t id;
	bool has_ports, has_state, has_preferred, preferred;
	enum scst_access_state state;
};

static int spec_number(const struct word *word, uint16_t *number, char *why,
		       size_t size)
{
	uint64_t value;

	if (!word->value || parse_number(word->value, UINT16_MAX, &value) ||
	    !value) {
		snprintf(why, size, "%s=%s: want a number from 1 to 65535",
			 word->name, word->value ?: "");
		return -EINVAL;
	}
	*number = value;
	return 0;
}

static int spec_state(struct spec *spec, const struct word *word, char *why,
		      size_t size)
{
	spec->has_state = true;
	if (word->value &&
	    !scst_access_state_parse(word->value, &spec->state))
		return 0;
	snprintf(why, size, "state=%s: want active/optimized, "
		 "active/non-optimized, standby, unavailable, offline or "
		 "transitioning", word->value ?: "");
	return -EINVAL;
}

static int spec_word(struct spec *spec, const struct word *word, char *why,
		     size_t size)
{
	uint16_t port;

	if (!strcmp(word->name, "id"))
		return spec_number(word, &spec->id, why, size);
	if (!strcmp(word->name, "port")) {
		spec->has_ports = true;
		return spec_number(word, &port, why, size);
	}
	if (!strcmp(word->name, "state"))
		return spec_state(spec, word, why, size);
	if (!strcmp(word->name, "preferred")) {
		spec->has_preferred = true;
		if (!parse_flag(word->value, &spec->preferred))
			return 0;
	}
	snprintf(why, size, "'%s': want id=N,port=N,...[,state=STATE]"
		 "[,preferred]", word->name);
	return -EINVAL;
}

/* words_free() in either case */
static int spec_parse(struct spec *spec, struct words *words, const char *text,
		      char *why, size_t size)
{
	int err = words_parse(words, text, why, size);
	size_t i;

	memset(spec, 0, sizeof(*spec));
	for (i = 0; !err && i < words->count; i++)
		err = spec_word(spec, &words->word[i], why, size);
	if (!err && !spec->id) {
		snprintf(why, size, "want id=N");
		err = -EINVAL;
	}
	return err;
}

static void spec_apply(const struct spec *spec, struct scst_port_group *pg)
{
	if (spec->has_preferred)
		scst_port_group_set_preferred(pg, spec->preferred);
	if (spec->has_state)
		scst_port_group_set_state(pg, spec->state);
}

static int add_ports(struct engine *engine, struct scst_port_group *pg,
		     const struct words *words, char *why, size_t size)
{
	uint16_t port = 0;
	size_t i;
	int err;

	for (i = 0; i < words->count; i++) {
		if (strcmp(words->word[i].name, "port"))
			continue;
		err = spec_number(&words->word[i], &port, why, size);
		if (!err)
			err = scst_port_group_add_port(pg, port);
		if (err == -EEXIST)
			snprintf(why, size, "port=%u is given twice", port);
		if (err == -ENOSPC)
			snprintf(why, size, "there are more than 255 ports");
		if (err)
			return err;
		engine->has_port |= port == scst_target_port_id(engine->target);
	}
	return 0;
}

int port_group_add(struct engine *engine, const char *text, char *why,
		   size_t size)
{
	struct scst_port_group *pg;
	struct words words;
	struct spec spec;
	int err;

	*why = '\0';
	err = spec_parse(&spec, &words, text, why, size);
	if (!err && !spec.has_ports) {
		snprintf(why, size, "want port=N");
		err = -EINVAL;
	}
	if (!err) {
		pg = scst_port_group_add(engine->device_group, spec.id);
		err = IS_ERR(pg) ? PTR_ERR(pg) : 0;
		if (err == -EEXIST)
			snprintf(why, size, "id=%u is given twice", spec.id);
	}
	if (!err) {
		spec_apply(&spec, pg);
		err = add_ports(engine, pg, &words, why, size);
	}
	words_free(&words);
	if (err && !*why)
		snprintf(why, size, "%s", strerror(-err));
	return err;
}

int port_group_change(struct engine *engine, const char *text, char *why,
		      size_t size)
{
	struct scst_port_group *pg = NULL;
	struct words words;
	struct spec spec;
	int err;

	*why = '\0';
	err = spec_parse(&spec, &words, text, why, size);
	words_free(&words);
	if (!err && spec.has_ports) {
		snprintf(why, size, "port=: the ports cannot change any more");
		err = -EBUSY;
	}
	if (!err && engine->device_group)
		pg = scst_port_group_find(engine->device_group, spec.id);
	if (pg) {
		spec_apply(&spec, pg);
	} else if (!err) {
		snprintf(why, size, "id=%u: there is no such group", spec.id);
		err = -EINVAL;
	}
	if (err && !*why)
		snprintf(why, size, "%s", strerror(-err));
	return err;
}

int port_groups_begin(struct engine *engine, struct list_head *devices)
{
	struct scst_device_group *dg = scst_device_group_add(engine->ctx);
	struct scstu_dev *dev;
	int err = 0;

	if (IS_ERR(dg))
		return PTR_ERR(dg);
	engine->device_group = dg;
	list_for_each_entry(dev, devices, link)
		if (!err)
			err = scst_device_group_add_device(dg, dev->name);
	return err;
}
