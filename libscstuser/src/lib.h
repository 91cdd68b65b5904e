/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the library's own view of servers, devices and requests.
 *
 * A request begins as a command of the core (raw layer) or as a struct sbc_io
 * of the disk's device server; it lives in the command's scratch. It is
 * issued on a loop, carried to whatever thread the handler's model says, and
 * completed from any; its outcome is then taken back to the loop, its home,
 * where device server and core go on.
 */
#ifndef LIB_LIB_H
#define LIB_LIB_H

#include <scstuser/scstuser.h>

#include "loop.h"
#include "sbc.h"
#include "scst_device.h"
#include "words.h"

struct engine;
struct pool;
struct state_dev;

/* A device's options that the library understands, for every handler. */
struct dev_options {
	char *vendor, *product, *revision, *serial;
	uint64_t naa;
	uint64_t block_size, physical_block_size;
	uint64_t queue_depth;
	uint64_t threads;
	bool read_only, removable, thin, sanitize;
	bool rotational, rotational_set;
	bool write_cache, write_cache_set;
	bool unmap_zeroes, unmap_zeroes_set;
};

/* The handler's parameters, in the order of scstu_handler.params. */
struct dev_param {
	bool given;
	char *string;
	uint64_t number;
	bool flag;
};

enum req_state {
	REQ_FREE,
	REQ_ISSUED,		/* the handler's */
	REQ_DONE,
};

/* How a request ended, while it travels home. */
enum req_outcome {
	REQ_GOOD,
	REQ_SENSE,
	REQ_STATUS,		/* raw */
	REQ_PASS,		/* raw */
};

struct scstu_req {
	union {
		struct list_head link;		/* waits in the pool */
		struct core_work work;		/* is on its way home */
	};
	struct scstu_dev *dev;
	struct loop *home;
	struct scst_cmd *cmd;
	struct sbc_io *io;		/* disk */
	void (*op)(struct scstu_req *req);
	void *private_;

	int state;			/* enum req_state */
	uint8_t outcome;		/* enum req_outcome */
	uint8_t status;
	bool reads;
	bool has_offset;
	unsigned int sense;
	uint64_t offset;

	/* scstu_req_read_file() and its like. */
	struct scstu_io file;
	scstu_file_done *file_done;
	struct iovec *rest;		/* what a short transfer left */
	uint64_t moved;
};

static_assert(sizeof(struct scstu_req) <=
	      sizeof(((struct scst_cmd *)0)->backend),
	      "a request fits the command's scratch");

struct scstu_queue {
	struct scstu_dev *dev;
	struct loop *loop;
	void *private_;
	bool open;
};

struct scstu_dev {
	struct list_head link;			/* server->devices */
	struct scstu_server *srv;
	const struct scstu_handler *handler;
	char *name;
	void *private_;
	struct dev_options opts;
	struct dev_param *params;
	char error[256];			/* scstu_dev_error() */
	bool opened;

	struct kmem_cache *privs;		/* of handler->req_private */
	struct pool *pool;			/* SERIAL, PARALLEL */
	struct scstu_queue *queues;		/* QUEUE: one per loop */
	unsigned int nr_queues;

	/* The layer's part; one of these. */
	struct sbc_lu *sbc;
	struct sbc_backend_ops backend;
	struct core_work sanitize_work;		/* env->defer() */
	struct raw_layer *raw;
	struct scstu_req reset_req;		/* carries raw's reset() */
	int reset_pending;			/* atomic */
	struct scst_device_info info;
	struct scst_device *core;		/* once attached */
	struct state_dev *state;		/* NULL: keeps none */
};

/*
 * dev.c. dev_create() calls the handler's open(); ERR_PTR, with the reason in
 * @why. dev_start() begins its threads and queues on @nr loops.
 */
struct scstu_dev *dev_create(struct scstu_server *srv,
			     const struct scstu_handler *handler,
			     const char *text, char *why, size_t size);
void dev_destroy(struct scstu_dev *dev);
int dev_start(struct scstu_dev *dev, struct loop **loops, unsigned int nr);
void dev_stop(struct scstu_dev *dev);
void dev_help_options(bool disk);

/* disk.c, raw.c: layers */
int disk_check_handler(const struct scstu_handler *h, char *why, size_t size);
int raw_check_handler(const struct scstu_handler *h, char *why, size_t size);
/* What outlives its command ends soon; server_knock() when it has. */
void disk_stop(struct scstu_dev *dev);
bool disk_busy(const struct scstu_dev *dev);
void disk_destroy(struct scstu_dev *dev);
void raw_destroy(struct scstu_dev *dev);
void raw_event(struct scstu_dev *dev, enum scst_device_event ev);

/* server.c: wake the owner, who then looks where things stand. */
void server_knock(void *srv);

/* req.c */
void req_init(struct scstu_req *req, struct scstu_dev *dev,
	      struct scst_cmd *cmd, struct sbc_io *io);
void req_issue(struct scstu_req *req, void (*op)(struct scstu_req *req));
/* An outcome is set: take it home. Once. */
void req_finish(struct scstu_req *req);
/* The request's data, as the layer sees it. */
const struct core_seg *req_segs(const struct scstu_req *req, uint32_t *nr);
void raw_complete(struct scstu_req *req);

/* pool.c: threads that call handlers */
struct pool *pool_alloc(const char *name, unsigned int threads);
void pool_free(struct pool *pool);
void pool_add(struct pool *pool, struct scstu_req *req);

/* What a device tells the core; NULL core: not attached yet. */
void dev_core_ua(struct scstu_dev *dev, enum scst_sense ua, uint64_t except);
void dev_core_capacity(struct scstu_dev *dev);
void dev_core_read_only(struct scstu_dev *dev, bool read_only);

/*
 * A copy of @from, a structure of the program's that begins with its size, as
 * this library's version of it: what an older program did not know is zero.
 * -EOPNOTSUPP when a newer one sets what we do not know.
 */
int sized_copy(void *to, size_t size, const void *from);

#endif
