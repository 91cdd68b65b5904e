/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the library's own view of devices, requests and engines.
 *
 * An engine is what carries commands: the core in this process (engine/), or
 * the kernel's (ring/). It makes a request in memory of its own and issues it
 * on a loop. The request is carried to whatever thread the handler's model
 * says, and completed from any; its outcome is then taken back to the loop,
 * its home, where the engine goes on.
 */
#ifndef LIB_LIB_H
#define LIB_LIB_H

#include <scstuser/scstuser.h>

#include <pthread.h>

#include "loop.h"
#include "seg.h"
#include "words.h"

struct kmem_cache;
struct pool;

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
	/* raw */
	REQ_STATUS,
	REQ_RAW_SENSE,
	REQ_PASS,
};

struct scstu_req {
	union {
		struct list_head link;		/* waits in the pool */
		struct core_work work;		/* is on its way home */
	};
	struct scstu_dev *dev;
	struct loop *home;
	void (*op)(struct scstu_req *req);
	/* The engine's: at home, with an outcome; and what it came with. */
	void (*end)(struct scstu_req *req);
	void *carrier;
	void *private_;

	/* What is asked for. */
	uint64_t offset;		/* disk */
	uint64_t length;
	const struct core_seg *segs;
	uint32_t nr_segs;
	uint32_t data_moved;		/* raw, see data_wanted */
	const bool *aborted;		/* READ_ONCE */

	uint8_t state;			/* enum req_state */
	uint8_t flags;			/* enum scstu_req_flags */
	bool reads;
	uint8_t cdb_len;		/* raw */

	uint8_t outcome;		/* enum req_outcome */
	uint8_t status;
	uint8_t raw_sense_len;
	bool has_bad;
	bool mapped;			/* disk, block_status: see value */
	unsigned int sense;		/* SENSE_BUSY: the status */
	union {
		struct {		/* disk */
			uint64_t bad;	/* it failed here, in bytes */
			/* bytes; UINT64_MAX: the handler said nothing */
			uint64_t value;		/* extent, or used */
			uint64_t value2;	/* available */
		};
		struct {		/* raw */
			const uint8_t *cdb;
			uint64_t nexus;
			uint8_t *raw_sense;	/* the engine frees it */
			uint64_t data_wanted;
		};
	};

	/* scstu_req_read_file() and its like. */
	struct scstu_io file;
	scstu_file_done *file_done;
	struct iovec *rest;		/* what a short transfer left */
	uint64_t moved;
};

struct scstu_queue {
	struct scstu_dev *dev;
	struct loop *loop;
	void *private_;
	bool open;

	/* scstu_req_read_file() and its like: of the file they used last. */
	int known_fd;			/* atomic; -1: none */
	bool in_memory;
};

/* What initiators learn of a device. */
struct dev_identity {
	const char *vendor, *product, *revision;
	char *serial;
	uint64_t naa;
	uint32_t queue_depth;
};

/*
 * What carries commands to the devices of a server. Unless it says otherwise
 * a function is called by the server's owner.
 */
struct engine_ops {
	const char *name;
	/*
	 * The loops run, the devices are open. 0, or a negative errno, perhaps
	 * with a reason in server_error() or scstu_dev_error().
	 */
	int (*start)(struct scstu_server *srv);
	/* Behind "ready" for device @index; NULL past the last. */
	const char *(*ready)(struct scstu_server *srv, unsigned int index);
	/* Read files again. NULL: there are none. */
	void (*reload)(struct scstu_server *srv);
	/*
	 * While it serves, after server_knock(). False: there is no device
	 * left, and the server ends. NULL: there always is.
	 */
	bool (*serves)(struct scstu_server *srv);
	/* Finish what runs, then server_drained(). */
	void (*drain)(struct scstu_server *srv);
	/* That took too long: let go of initiators. NULL: cannot. */
	void (*kill)(struct scstu_server *srv);
	/* Nothing runs, or start() failed: devices are let go. */
	void (*stop)(struct scstu_server *srv);

	/* Does @dev still do what nobody waits for? Any request at all? */
	bool (*working)(const struct scstu_dev *dev);
	bool (*busy)(const struct scstu_dev *dev);
	/* The loops have stopped: what is left of dev->attached. */
	void (*free)(struct scstu_dev *dev);

	/* Any thread, with dev->lock: dev->disk and so on have changed. */
	int (*resized)(struct scstu_dev *dev);
	int (*medium_changed)(struct scstu_dev *dev);
	void (*protected)(struct scstu_dev *dev);
};

struct scstu_dev {
	struct list_head link;			/* server->devices */
	struct scstu_server *srv;
	const struct scstu_handler *handler;
	char *name;
	void *private_;
	struct dev_options opts;
	struct dev_param *params;
	struct dev_identity id;
	char error[256];			/* scstu_dev_error() */
	bool opened;

	struct kmem_cache *privs;		/* of handler->req_private */
	struct pool *pool;			/* SERIAL, PARALLEL */
	struct scstu_queue *queues;		/* QUEUE: one per loop */
	unsigned int nr_queues;

	/*
	 * The layer's part, once the handler has declared it, as initiators
	 * shall see it: handler and operator have been heard. Zeroes still
	 * mean what the structures say, but for the block sizes.
	 */
	bool declared;
	union {
		struct scstu_disk disk;
		struct scstu_raw raw;
	};
	struct scstu_req reset_req;		/* carries raw's reset() */
	int reset_pending;			/* atomic */

	/* What changes at run time: disk.bytes, write_protect, attached. */
	pthread_mutex_t lock;
	bool write_protect;			/* scstu_dev_set_read_only() */
	const struct engine_ops *engine;	/* while attached is not NULL */
	void *attached;				/* the engine's part */
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
/* The logical unit was reset; may be called under a spinlock. */
void raw_reset(struct scstu_dev *dev);
/* Is it read-only for initiators, now? */
bool dev_is_protected(const struct scstu_dev *dev);

/* req.c: all zero but for dev, home, end, carrier. */
void req_init(struct scstu_req *req, struct scstu_dev *dev,
	      void (*end)(struct scstu_req *req), void *carrier);
void req_issue(struct scstu_req *req, void (*op)(struct scstu_req *req));
/* An outcome is set: take it home. Once. */
void req_finish(struct scstu_req *req);

/* file.c: descriptors may name other files from now on. Any thread. */
void file_forget(struct scstu_dev *dev);

/* pool.c: threads that call handlers, for requests of @nr loops, which run */
struct pool *pool_alloc(const char *name, unsigned int threads,
			struct loop **loops, unsigned int nr);
void pool_free(struct pool *pool);
/* Any thread; may be called under a spinlock. */
void pool_add(struct pool *pool, struct scstu_req *req);

/*
 * A copy of @from, a structure of the program's that begins with its size, as
 * this library's version of it: what an older program did not know is zero.
 * -EOPNOTSUPP when a newer one sets what we do not know.
 */
int sized_copy(void *to, size_t size, const void *from);

#endif
