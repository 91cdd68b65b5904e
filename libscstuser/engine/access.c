// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: who sees what: --access becomes an initiator group with a LUN map.
 *
 *	initiator=GLOB,lun=N=NAME[:ro][,lun=...]
 *
 * Groups, patterns and maps are kept here as well, for control.c to show and
 * change. One thread at a time does: who starts the server, then its first loop.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "scst.h"
#include "src/words.h"

/* ---- Groups -------------------------------------------------------------------- */

struct access_group *access_group_add(struct engine *engine, const char *name)
{
	struct access_group *ag = calloc(1, sizeof(*ag) + strlen(name) + 1);

	if (!ag)
		return ERR_PTR(-ENOMEM);
	strcpy(ag->name, name);
	ag->order = ++engine->last_order;
	INIT_LIST_HEAD(&ag->patterns);
	INIT_LIST_HEAD(&ag->luns);
	ag->grp = scst_group_add(engine->target, name);
	if (IS_ERR(ag->grp)) {
		int err = PTR_ERR(ag->grp);

		free(ag);
		return ERR_PTR(err);
	}
	list_add_tail(&ag->link, &engine->groups);
	return ag;
}

static void group_free(struct access_group *ag)
{
	struct access_pattern *pattern, *next_pattern;
	struct access_lun *lun, *next_lun;

	list_for_each_entry_safe(pattern, next_pattern, &ag->patterns, link)
		free(pattern);
	list_for_each_entry_safe(lun, next_lun, &ag->luns, link)
		free(lun);
	list_del(&ag->link);
	free(ag);
}

void access_group_del(struct access_group *ag)
{
	scst_group_del(ag->grp);
	group_free(ag);
}

void access_free(struct engine *engine)
{
	struct access_group *ag, *next;

	list_for_each_entry_safe(ag, next, &engine->groups, link)
		group_free(ag);
}

int access_pattern_add(struct engine *engine, struct access_group *ag,
		       const char *text)
{
	struct access_pattern *pattern;
	int err;

	pattern = calloc(1, sizeof(*pattern) + strlen(text) + 1);
	if (!pattern)
		return -ENOMEM;
	strcpy(pattern->text, text);
	pattern->order = ++engine->last_order;
	err = scst_group_add_pattern(ag->grp, text);
	if (err) {
		free(pattern);
		return err;
	}
	list_add_tail(&pattern->link, &ag->patterns);
	return 0;
}

void access_pattern_del(struct access_group *ag, struct access_pattern *pattern)
{
	scst_group_del_pattern(ag->grp, pattern->text);
	list_del(&pattern->link);
	free(pattern);
}

/* ---- LUNs ---------------------------------------------------------------------- */

struct access_lun *access_lun_add(struct access_group *ag, uint16_t nr)
{
	struct access_lun *lun = calloc(1, sizeof(*lun));

	if (!lun)
		return ERR_PTR(-ENOMEM);
	lun->nr = nr;
	lun->group = ag;
	list_add_tail(&lun->link, &ag->luns);
	return lun;
}

void access_lun_clear(struct access_lun *lun)
{
	if (lun->dev)
		scst_group_unmap(lun->group->grp, lun->nr);
	lun->dev = NULL;
}

void access_lun_del(struct access_lun *lun)
{
	access_lun_clear(lun);
	list_del(&lun->link);
	free(lun);
}

int access_lun_show(struct access_lun *lun, struct scst_device *dev)
{
	int err = scst_group_map(lun->group->grp, lun->nr, dev,
				 lun->read_only);

	if (!err)
		lun->dev = dev;
	return err;
}

void access_lun_protect(struct access_lun *lun, bool read_only)
{
	lun->read_only = read_only;
	if (lun->dev)
		scst_group_set_read_only(lun->group->grp, lun->nr, read_only);
}

static int group_map(struct engine *engine, struct access_group *ag,
		     uint16_t nr, struct scst_device *dev, bool read_only)
{
	struct access_lun *lun = access_lun_add(ag, nr);
	int err;

	if (IS_ERR(lun))
		return PTR_ERR(lun);
	lun->read_only = read_only;
	err = access_lun_show(lun, dev);
	if (err)
		access_lun_del(lun);
	else
		__set_bit(nr, engine->luns);
	return err;
}

/* ---- Options ------------------------------------------------------------------- */

int access_default(struct engine *engine, struct list_head *devices)
{
	struct access_group *ag = access_group_add(engine, "everyone");
	struct scstu_dev *dev;
	uint16_t lun = 0;
	int err;

	if (IS_ERR(ag))
		return PTR_ERR(ag);
	err = access_pattern_add(engine, ag, "*");
	list_for_each_entry(dev, devices, link) {
		if (err)
			break;
		err = group_map(engine, ag, lun++, core_dev(dev)->core, false);
	}
	return err;
}

/* "N=NAME" or "N=NAME:ro" */
static int access_lun(struct engine *engine, struct access_group *ag,
		      char *value, char *why, size_t size)
{
	char *name = strchr(value, '='), *mode;
	struct scst_device *dev;
	bool read_only = false;
	uint64_t lun;
	int err;

	if (!name) {
		snprintf(why, size, "lun=%s: want lun=N=NAME or lun=N=NAME:ro",
			 value);
		return -EINVAL;
	}
	*name++ = '\0';
	if (parse_number(value, 16383, &lun)) {
		snprintf(why, size, "lun=%s: want a number from 0 to 16383",
			 value);
		return -EINVAL;
	}
	/* A device may itself be called "x:ro". */
	dev = scst_device_find(engine->ctx, name);
	mode = dev ? NULL : strrchr(name, ':');
	if (mode && (!strcmp(mode, ":ro") || !strcmp(mode, ":rw"))) {
		read_only = mode[2] == 'o';
		*mode = '\0';
		dev = scst_device_find(engine->ctx, name);
	}
	if (!dev) {
		snprintf(why, size, "lun=%s: there is no device '%s'", value,
			 name);
		return -EINVAL;
	}
	err = group_map(engine, ag, lun, dev, read_only);
	if (err == -EEXIST)
		snprintf(why, size, "lun=%s is given twice", value);
	return err;
}

static int access_word(struct engine *engine, struct access_group *ag,
		       const struct word *word, char *why, size_t size)
{
	if (!word->value || !*word->value) {
		snprintf(why, size, "%s: needs a value", word->name);
		return -EINVAL;
	}
	if (!strcmp(word->name, "initiator"))
		return access_pattern_add(engine, ag, word->value);
	if (!strcmp(word->name, "lun"))
		return access_lun(engine, ag, word->value, why, size);
	snprintf(why, size, "'%s': want initiator=GLOB,lun=N=NAME[:ro],...",
		 word->name);
	return -EINVAL;
}

int access_apply(struct engine *engine, const char *text, char *why,
		 size_t size)
{
	struct access_group *ag;
	struct words words;
	bool named = false, maps = false;
	char name[32];
	size_t i;
	int err;

	*why = '\0';
	err = words_parse(&words, text, why, size);
	snprintf(name, sizeof(name), "access%u", ++engine->nr_access);
	ag = err ? NULL : access_group_add(engine, name);
	if (IS_ERR(ag))
		err = PTR_ERR(ag);
	for (i = 0; !err && i < words.count; i++) {
		named |= !strcmp(words.word[i].name, "initiator");
		maps |= !strcmp(words.word[i].name, "lun");
		err = access_word(engine, ag, &words.word[i], why, size);
	}
	words_free(&words);
	if (!err && !(named && maps)) {
		snprintf(why, size, "want initiator=GLOB,lun=N=NAME[:ro],...");
		err = -EINVAL;
	}
	if (err && !*why)
		snprintf(why, size, "%s", strerror(-err));
	return err;
}
