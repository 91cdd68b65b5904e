// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: who sees what: --access becomes an initiator group with a LUN map.
 *
 *	initiator=GLOB,lun=N=NAME[:ro][,lun=...]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "scst.h"
#include "src/words.h"

int access_default(struct engine *engine, struct list_head *devices)
{
	struct scst_group *grp = scst_group_add(engine->target, "everyone");
	struct scstu_dev *dev;
	uint16_t lun = 0;
	int err;

	if (IS_ERR(grp))
		return PTR_ERR(grp);
	err = scst_group_add_pattern(grp, "*");
	list_for_each_entry(dev, devices, link) {
		if (err)
			break;
		__set_bit(lun, engine->luns);
		err = scst_group_map(grp, lun++, core_dev(dev)->core,
				     false);
	}
	return err;
}

/* "N=NAME" or "N=NAME:ro" */
static int access_lun(struct engine *engine, struct scst_group *grp,
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
	err = scst_group_map(grp, lun, dev, read_only);
	__set_bit(lun, engine->luns);
	if (err == -EEXIST)
		snprintf(why, size, "lun=%s is given twice", value);
	return err;
}

static int access_word(struct engine *engine, struct scst_group *grp,
		       const struct word *word, char *why, size_t size)
{
	if (!word->value || !*word->value) {
		snprintf(why, size, "%s: needs a value", word->name);
		return -EINVAL;
	}
	if (!strcmp(word->name, "initiator"))
		return scst_group_add_pattern(grp, word->value);
	if (!strcmp(word->name, "lun"))
		return access_lun(engine, grp, word->value, why, size);
	snprintf(why, size, "'%s': want initiator=GLOB,lun=N=NAME[:ro],...",
		 word->name);
	return -EINVAL;
}

int access_apply(struct engine *engine, const char *text, char *why,
		 size_t size)
{
	struct scst_group *grp;
	struct words words;
	bool named = false, maps = false;
	size_t i;
	int err;

	*why = '\0';
	err = words_parse(&words, text, why, size);
	grp = err ? NULL : scst_group_add(engine->target, text);
	if (IS_ERR(grp))
		err = PTR_ERR(grp);
	for (i = 0; !err && i < words.count; i++) {
		named |= !strcmp(words.word[i].name, "initiator");
		maps |= !strcmp(words.word[i].name, "lun");
		err = access_word(engine, grp, &words.word[i], why, size);
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
