// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: devices: the words of --device, parameters, identity, and the threads
 * that a handler's model asks for.
 */
#include <ctype.h>
#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "lib.h"
#include "log.h"

#define QUEUE_DEPTH_DEFAULT 128
#define QUEUE_DEPTH_MAX	    1024
#define THREADS_DEFAULT	    8
#define THREADS_MAX	    256

/* ---- Options that every device has -------------------------------------------- */

enum option_type { OPT_TEXT, OPT_SIZE, OPT_NUMBER, OPT_FLAG, OPT_NAA };

struct option_def {
	const char *name;
	enum option_type type;
	size_t offset;		/* in struct dev_options */
	size_t set_offset;	/* of a bool that tells it was given; 0: none */
	uint64_t max;		/* number; or longest text */
	const char *help;
	bool disk;		/* disks only */
};

#define AT(field) offsetof(struct dev_options, field)

static const struct option_def options[] = {
	{ "read-only", OPT_FLAG, AT(read_only), 0, 0,
	  "initiators cannot write", false },
	{ "removable", OPT_FLAG, AT(removable), 0, 0,
	  "a removable medium", false },
	{ "thin", OPT_FLAG, AT(thin), 0, 0,
	  "thin provisioned: offer UNMAP", true },
	{ "unmap-zeroes", OPT_FLAG, AT(unmap_zeroes), AT(unmap_zeroes_set), 0,
	  "off: do not promise that unmapped blocks read as zero", true },
	{ "sanitize", OPT_FLAG, AT(sanitize), 0, 0,
	  "allow SANITIZE, which destroys all data", true },
	{ "block-size", OPT_SIZE, AT(block_size), 0, 0,
	  "bytes of a logical block: 512, 1024, 2048, 4096", true },
	{ "physical-block-size", OPT_SIZE, AT(physical_block_size), 0, 0,
	  "bytes of a physical block", true },
	{ "write-cache", OPT_FLAG, AT(write_cache), AT(write_cache_set), 0,
	  "off: every write is durable when it is done", true },
	{ "rotational", OPT_FLAG, AT(rotational), AT(rotational_set), 0,
	  "report a spinning medium, or (off) a solid one", true },
	{ "queue-depth", OPT_NUMBER, AT(queue_depth), 0, QUEUE_DEPTH_MAX,
	  "commands of one initiator at a time (128)", false },
	{ "threads", OPT_NUMBER, AT(threads), 0, THREADS_MAX,
	  "threads of a parallel handler (8)", false },
	{ "vendor", OPT_TEXT, AT(vendor), 0, 8,
	  "T10 vendor identification", false },
	{ "product", OPT_TEXT, AT(product), 0, 16,
	  "product identification", false },
	{ "revision", OPT_TEXT, AT(revision), 0, 4,
	  "product revision level", false },
	{ "serial", OPT_TEXT, AT(serial), 0, 63,
	  "unit serial number", false },
	{ "naa", OPT_NAA, AT(naa), 0, 0,
	  "NAA designator, 16 hexadecimal digits", false },
};

void dev_help_options(bool disk)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (disk || !options[i].disk)
			printf("  %-20s %s\n", options[i].name,
			       options[i].help);
}

static int option_text(char **to, const char *value, size_t max)
{
	const char *c;

	if (!value || !*value || strlen(value) > max)
		return -EINVAL;
	for (c = value; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return -EINVAL;
	free(*to);
	*to = strdup(value);
	return *to ? 0 : -ENOMEM;
}

static int option_naa(uint64_t *naa, const char *value)
{
	char *end;

	if (!value)
		return -EINVAL;
	if (!strncmp(value, "0x", 2))
		value += 2;
	if (strlen(value) != 16 || strspn(value, "0123456789abcdefABCDEF") != 16)
		return -EINVAL;
	*naa = strtoull(value, &end, 16);
	/* NAA 2h, 3h and 5h have eight bytes (SPC-5 7.7.6.6). */
	return *naa >> 60 == 2 || *naa >> 60 == 3 || *naa >> 60 == 5 ? 0 :
								  -EINVAL;
}

static int option_set(struct dev_options *opts, const struct option_def *def,
		      const char *value)
{
	char *at = (char *)opts + def->offset;
	int err;

	if (def->set_offset)
		*((bool *)((char *)opts + def->set_offset)) = true;
	switch (def->type) {
	case OPT_TEXT:
		return option_text((char **)at, value, def->max);
	case OPT_SIZE:
		return value ? parse_size(value, (uint64_t *)at) : -EINVAL;
	case OPT_NUMBER:
		err = value ? parse_number(value, def->max, (uint64_t *)at) :
			      -EINVAL;
		return err ?: *(uint64_t *)at ? 0 : -EINVAL;
	case OPT_FLAG:
		return parse_flag(value, (bool *)at);
	case OPT_NAA:
		return option_naa((uint64_t *)at, value);
	}
	return -EINVAL;
}

static const struct option_def *option_find(const struct scstu_dev *dev,
					    const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(options[i].name, name) &&
		    (dev->handler->disk || !options[i].disk))
			return &options[i];
	return NULL;
}

/* ---- The handler's parameters ---------------------------------------------------- */

static size_t param_count(const struct scstu_handler *h)
{
	size_t n = 0;

	while (h->params && h->params[n].name)
		n++;
	return n;
}

static int param_set(struct dev_param *param, const struct scstu_param *def,
		     const char *value)
{
	param->given = true;
	if (def->type == SCSTU_FLAG)
		return parse_flag(value, &param->flag);
	if (!value)
		return -EINVAL;
	if (def->type == SCSTU_SIZE)
		return parse_size(value, &param->number);
	if (def->type == SCSTU_NUMBER)
		return parse_number(value, UINT64_MAX, &param->number);
	free(param->string);
	param->string = strdup(value);
	return param->string ? 0 : -ENOMEM;
}

static int param_find(const struct scstu_dev *dev, const char *name)
{
	size_t i, n = param_count(dev->handler);

	for (i = 0; i < n; i++)
		if (!strcmp(dev->handler->params[i].name, name))
			return i;
	return -1;
}

/* A wrong name is the author's mistake: tell at once. */
static const struct dev_param *param_get(const struct scstu_dev *dev,
					 const char *name)
{
	int i = param_find(dev, name);

	if (i < 0) {
		log_print(LOG_ERROR, dev->name,
			  "the handler asks for a parameter '%s' that it does not declare",
			  name);
		abort();
	}
	return &dev->params[i];
}

const char *scstu_dev_string(const struct scstu_dev *dev, const char *param)
{
	return param_get(dev, param)->string;
}

uint64_t scstu_dev_number(const struct scstu_dev *dev, const char *param)
{
	return param_get(dev, param)->number;
}

bool scstu_dev_flag(const struct scstu_dev *dev, const char *param)
{
	return param_get(dev, param)->flag;
}

static int params_preset(struct scstu_dev *dev, char *why, size_t size)
{
	const struct scstu_param *def = dev->handler->params;
	size_t i, n = param_count(dev->handler);

	dev->params = calloc(n + 1, sizeof(*dev->params));
	if (!dev->params)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		if (!def[i].preset)
			continue;
		if (param_set(&dev->params[i], &def[i], def[i].preset)) {
			snprintf(why, size, "the handler's preset of %s: '%s'",
				 def[i].name, def[i].preset);
			return -EINVAL;
		}
		dev->params[i].given = false;
	}
	return 0;
}

/* ---- Words ------------------------------------------------------------------------ */

static int word_error(const struct word *word, int err, char *why, size_t size)
{
	if (err == -ERANGE)
		snprintf(why, size, "%s=%s: too large", word->name,
			 word->value);
	else if (word->value)
		snprintf(why, size, "%s=%s: not a valid value", word->name,
			 word->value);
	else
		snprintf(why, size, "%s: needs a value", word->name);
	return err;
}

static int word_take(struct scstu_dev *dev, const struct word *word, char *why,
		     size_t size)
{
	const struct option_def *option = option_find(dev, word->name);
	int i = param_find(dev, word->name), err;

	if (!strcmp(word->name, "name")) {
		free(dev->name);
		dev->name = strdup(word->value ?: "");
		return dev->name ? 0 : -ENOMEM;
	}
	if (i >= 0)
		err = param_set(&dev->params[i], &dev->handler->params[i],
				word->value);
	else if (option)
		err = option_set(&dev->opts, option, word->value);
	else {
		snprintf(why, size, "no device option '%s'; see --help",
			 word->name);
		return -EINVAL;
	}
	return err ? word_error(word, err, why, size) : 0;
}

/* The core's rule; it would only say that something is invalid. */
static int name_check(const struct scstu_dev *dev, char *why, size_t size)
{
	const char *name = dev->name ?: "", *c = name;

	if (!*name) {
		snprintf(why, size, "a device needs a name: name=NAME,...");
		return -EINVAL;
	}
	while (isalnum((unsigned char)*c) || (*c && strchr("_.:-", *c)))
		c++;
	if (!*c && strlen(name) <= 63)
		return 0;
	snprintf(why, size, "name=%s: want 1 to 63 letters, digits, '_.:-'",
		 name);
	return -EINVAL;
}

static int words_take(struct scstu_dev *dev, const char *text, char *why,
		      size_t size)
{
	struct words words;
	size_t i;
	int err;

	err = words_parse(&words, text, why, size);
	for (i = 0; !err && i < words.count; i++)
		err = word_take(dev, &words.word[i], why, size);
	words_free(&words);
	return err ?: name_check(dev, why, size);
}

/* ---- Identity ----------------------------------------------------------------------- */

/*
 * Who does not say otherwise gets an identity that is the same at every
 * start, and another one on another machine, for another name or another
 * file: initiators take equal designators for paths to one disk.
 */
static uint64_t dev_hash(const struct scstu_dev *dev)
{
	size_t i, n = param_count(dev->handler);
	uint64_t hash = identity_machine();

	hash = identity_mix(hash, dev->handler->name);
	hash = identity_mix(hash, dev->name);
	for (i = 0; i < n; i++)
		if (dev->params[i].given && dev->params[i].string)
			hash = identity_mix(hash, dev->params[i].string);
	return hash;
}

static int dev_identify(struct scstu_dev *dev)
{
	const struct dev_options *opts = &dev->opts;
	struct dev_identity *id = &dev->id;
	uint64_t hash = dev_hash(dev);

	if (opts->serial)
		id->serial = strdup(opts->serial);
	else if (asprintf(&id->serial, "%016llx",
			  (unsigned long long)hash) < 0)
		id->serial = NULL;
	if (!id->serial)
		return -ENOMEM;
	id->vendor = opts->vendor ?: "SCST";
	id->product = opts->product ?: dev->name;
	id->revision = opts->revision ?: "0100";
	/* NAA 3h: locally assigned */
	id->naa = opts->naa ?: 3ULL << 60 | hash >> 4;
	id->queue_depth = opts->queue_depth ?: QUEUE_DEPTH_DEFAULT;
	return 0;
}

/* ---- Life ------------------------------------------------------------------------------ */

static int dev_open(struct scstu_dev *dev, char *why, size_t size)
{
	int err = dev->handler->open(dev);

	if (!err && !dev->declared) {
		snprintf(why, size, "the handler's open() declared no device");
		err = -EINVAL;
	}
	if (!err) {
		dev->opened = true;
		return 0;
	}
	if (*dev->error)
		snprintf(why, size, "%s", dev->error);
	else if (!*why)
		snprintf(why, size, "%s", strerror(abs(err)));
	return err < 0 ? err : -EINVAL;
}

static int dev_prepare(struct scstu_dev *dev, const char *text, char *why,
		       size_t size)
{
	int err;

	err = params_preset(dev, why, size);
	if (!err)
		err = words_take(dev, text, why, size);
	if (!err)
		err = dev_identify(dev);
	if (!err)
		err = dev_open(dev, why, size);
	return err;
}

struct scstu_dev *dev_create(struct scstu_server *srv,
			     const struct scstu_handler *handler,
			     const char *text, char *why, size_t size)
{
	struct scstu_dev *dev = calloc(1, sizeof(*dev));
	int err;

	*why = '\0';
	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->srv = srv;
	dev->handler = handler;
	INIT_LIST_HEAD(&dev->link);
	pthread_mutex_init(&dev->lock, NULL);
	err = dev_prepare(dev, text, why, size);
	if (err) {
		if (!*why)
			snprintf(why, size, "%s", strerror(-err));
		dev_destroy(dev);
		return ERR_PTR(err);
	}
	return dev;
}

void dev_destroy(struct scstu_dev *dev)
{
	size_t i, n = param_count(dev->handler);

	if (dev->opened && dev->handler->close)
		dev->handler->close(dev);
	if (dev->attached)
		dev->engine->free(dev);
	for (i = 0; dev->params && i < n; i++)
		free(dev->params[i].string);
	free(dev->params);
	free(dev->opts.vendor);
	free(dev->opts.product);
	free(dev->opts.revision);
	free(dev->opts.serial);
	free(dev->id.serial);
	free(dev->name);
	pthread_mutex_destroy(&dev->lock);
	free(dev);
}

/* ---- Threads ----------------------------------------------------------------------------- */

struct queue_call {
	struct scstu_dev *dev;
	struct scstu_queue *queue;
	int err;
};

static void queue_open(void *arg)
{
	struct queue_call *call = arg;
	struct scstu_dev *dev = call->dev;

	if (dev->handler->queue_open)
		call->err = dev->handler->queue_open(dev, call->queue);
	call->queue->open = !call->err;
}

static void queue_close(void *arg)
{
	struct queue_call *call = arg;
	struct scstu_dev *dev = call->dev;

	if (call->queue->open && dev->handler->queue_close)
		dev->handler->queue_close(dev, call->queue);
	call->queue->open = false;
}

static int dev_start_queues(struct scstu_dev *dev, struct loop **loops,
			    unsigned int nr)
{
	struct queue_call call = { .dev = dev };
	unsigned int i;

	dev->queues = calloc(nr, sizeof(*dev->queues));
	if (!dev->queues)
		return -ENOMEM;
	dev->nr_queues = nr;
	for (i = 0; i < nr; i++) {
		call.queue = &dev->queues[i];
		call.queue->dev = dev;
		call.queue->loop = loops[i];
		call.queue->known_fd = -1;
		loop_call(loops[i], queue_open, &call);
		if (call.err)
			return call.err < 0 ? call.err : -EINVAL;
	}
	return 0;
}

int dev_start(struct scstu_dev *dev, struct loop **loops, unsigned int nr)
{
	unsigned int threads = 1;

	if (dev->handler->req_private) {
		dev->privs = kmem_cache_create("request private",
					       dev->handler->req_private,
					       alignof(max_align_t), 0, NULL);
		if (!dev->privs)
			return -ENOMEM;
	}
	if (dev->handler->threads == SCSTU_QUEUE)
		return dev_start_queues(dev, loops, nr);
	if (dev->handler->threads == SCSTU_PARALLEL)
		threads = dev->opts.threads ?: THREADS_DEFAULT;
	dev->pool = pool_alloc(dev->name, threads, loops, nr);
	return dev->pool ? 0 : -ENOMEM;
}

/* No request is in flight. */
void dev_stop(struct scstu_dev *dev)
{
	struct queue_call call = { .dev = dev };
	unsigned int i;

	for (i = 0; i < dev->nr_queues; i++) {
		call.queue = &dev->queues[i];
		if (call.queue->open)
			loop_call(call.queue->loop, queue_close, &call);
	}
	free(dev->queues);
	dev->queues = NULL;
	dev->nr_queues = 0;
	pool_free(dev->pool);
	dev->pool = NULL;
	if (dev->privs)
		kmem_cache_destroy(dev->privs);
	dev->privs = NULL;
}

/* ---- The rest of the author's view --------------------------------------------------------- */

void scstu_dev_set_private(struct scstu_dev *dev, void *private_)
{
	dev->private_ = private_;
}

void *scstu_dev_private(const struct scstu_dev *dev)
{
	return dev->private_;
}

const char *scstu_dev_name(const struct scstu_dev *dev)
{
	return dev->name;
}

bool scstu_dev_read_only(const struct scstu_dev *dev)
{
	return dev->opts.read_only;
}

/* What the operator or the medium said first still holds. */
bool dev_is_protected(const struct scstu_dev *dev)
{
	return dev->write_protect || (dev->handler->disk ?
		dev->disk.read_only : dev->raw.read_only);
}

void scstu_dev_set_read_only(struct scstu_dev *dev, bool read_only)
{
	pthread_mutex_lock(&dev->lock);
	dev->write_protect = read_only;
	if (dev->attached)
		dev->engine->protected(dev);
	pthread_mutex_unlock(&dev->lock);
}

int scstu_dev_error(struct scstu_dev *dev, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(dev->error, sizeof(dev->error), format, ap);
	va_end(ap);
	return -abs(err);
}

void scstu_dev_log(struct scstu_dev *dev, int level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_vprint(level, dev->name, format, ap);
	va_end(ap);
}

void scstu_queue_set_private(struct scstu_queue *q, void *private_)
{
	q->private_ = private_;
}

void *scstu_queue_private(const struct scstu_queue *q)
{
	return q->private_;
}

unsigned int scstu_queue_index(const struct scstu_queue *q)
{
	return loop_index(q->loop);
}
