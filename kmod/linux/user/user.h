/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KERNEL: what the files of scst_user.ko share.
 *
 *	struct user_dev		a device, devices/user/NAME (device.c). It lives
 *				on while handlers come and go.
 *	struct user_att		an attachment: one handler, its rings and its
 *				arena (attach.c), until the handler goes
 *	struct user_queue	one pair of rings (ring.c, reply.c)
 *	struct user_arena	memory shared with one handler (arena.c), which
 *				may outlive it: initiators are still being sent
 *				what it read
 *	struct user_req		a request to the handler, in scst_cmd.backend
 *				(io.c, raw.c)
 *
 * A request is always in one place, whose lock says who owns it:
 *
 *	parked at the device	dev->lock	nobody serves
 *	waiting at a queue	q->lock		no slot, or no room in the arena
 *	in a slot of a queue	q->lock		the handler has it
 *
 * Whoever takes it out completes it or puts it elsewhere. life.c moves
 * requests between handlers and ends those that waited too long.
 *
 * Locks, outermost first: user_mutex, hdev->lock, dev->mutex, dev->lock,
 * q->lock, region->lock. The last three are spinlocks, taken _bh. Of those the
 * way of a request takes only its queue's and its region's. Nothing that may
 * take long is done under any of them.
 */
#ifndef USER_H
#define USER_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core_os.h"
#include "sbc.h"
#include "scst_handler.h"
#include "../../uapi/scst_user.h"

struct file;
struct io_uring_cmd;
struct vm_area_struct;
struct user_att;
struct user_dev;

/* main.c: all work of the module. */
extern struct workqueue_struct *user_wq;

#define USER_MAX_QUEUES 64
#define USER_MAX_DEPTH	1024
#define USER_MAX_ARENA	(1ULL << 30)
/* Pages of all arenas of a device, those of predecessors included. */
#define USER_MAX_PAGES	(2 * USER_MAX_ARENA >> PAGE_SHIFT)
#define USER_SESSIONS	64		/* counters of sessions, a power of two */

/* ---- arena.c: memory shared with a handler ------------------------------- */

/*
 * A part of the arena, of one queue. Its first @shared pages go to whoever
 * asks. A command may have some from before it is received until its response
 * is sent, so that how long is up to its initiator, and may meanwhile wait at
 * a queue. So the rest, which is as long as a request can be, is for bounces
 * of this queue alone: those have pages only while the handler has them, and
 * wait for nothing else with them. The first that waits at a queue is
 * overtaken by none, so that when the handler has answered what it has, there
 * is room for it, whatever initiators do.
 */
struct user_region {
	struct user_arena *arena;
	spinlock_t lock;
	unsigned long *used;		/* bit: page */
	/* Once it is closed: not the handler's when it went. */
	unsigned long *spared;
	u32 first, nr;			/* pages of the arena */
	u32 shared;
	u32 hint[2];			/* where the last one ended, in each */
	u32 nr_used;
	bool closed;			/* nothing is allocated any more */
};

struct user_arena_size {
	u32 ring_pages, nr_pages, nr_regions;
	u32 request_pages;	/* of the longest request */
};

struct user_arena {
	refcount_t refs;	/* the attachment, its fence, regions in use */
	struct user_dev *dev;
	struct file *file;
	u32 ring_pages;		/* before the arena proper */
	u32 nr_pages;		/* of it */
	struct page **pages;	/* of both */
	struct bio_vec *vecs;	/* one for each page of the arena proper */
	void *rings;		/* the kernel's mapping of what is before */
	struct work_struct free_work;

	struct list_head fence_link;	/* of fence.c */

	/*
	 * Pages that transports have, by I_T nexus: an initiator that does not
	 * take its data leaves room for others. Nexuses may share a counter.
	 */
	u32 session_max;
	atomic_t sessions[USER_SESSIONS];

	u32 nr_regions;
	struct user_region regions[];
};

/* Count @nr pages for @nexus; false: those are too many. */
bool user_session_get(struct user_arena *arena, u64 nexus, u32 nr);
void user_session_put(struct user_arena *arena, u64 nexus, u32 nr);

int user_arena_module_init(void);
void user_arena_module_exit(void);

struct user_arena *user_arena_alloc(struct user_dev *dev,
				    const struct user_arena_size *size);
void user_arena_put(struct user_arena *arena);
int user_arena_mmap(struct user_arena *arena, struct vm_area_struct *vma);

/* The first of @nr pages, shared ones or of the rest, or -ENOSPC. */
int user_region_get(struct user_region *region, u32 nr, bool shared);
void user_region_put(struct user_region *region, u32 first, u32 nr);
/* Nobody gets pages of it any more; who has some keeps them. */
void user_arena_close(struct user_arena *arena);
/* The handler's are all back: what is in use now never was the handler's. */
void user_arena_spare(struct user_arena *arena);

static inline struct bio_vec *user_arena_vecs(const struct user_arena *arena,
					      u32 first)
{
	return arena->vecs + first;
}

/*
 * When it is closed: these were the handler's, too. Pages that are in use
 * otherwise may have other users than it, who do no harm.
 */
void user_region_watch(struct user_region *region, u32 first, u32 nr);

/*
 * May anybody else still read or write what was the handler's? When it is
 * closed, and by user_arena_drain() before, which sleeps.
 */
bool user_arena_mapped(const struct user_arena *arena);
bool user_arena_foreign(const struct user_arena *arena);
void user_arena_drain(void);

/* ---- fence.c -------------------------------------------------------------- */

/* The handler of @arena is gone. */
void user_fence(struct user_arena *arena);
/* Is one that had a device of the name of @dev's perhaps not over? */
bool user_fenced(const struct user_dev *dev);
void user_fences_exit(void);

/* ---- Requests ------------------------------------------------------------ */

enum user_req_flags {
	USER_ALTERS = 1 << 0,	/* must be over before anything newer */
	USER_READS  = 1 << 1,	/* data comes from the handler */
	USER_WRITES = 1 << 2,	/* ... goes there */
	USER_AGAIN  = 1 << 3,	/* a handler has had it before */
	USER_LOST   = 1 << 4,	/* ... and no other must have it */
	USER_BOUNCE = 1 << 5,	/* its pages of the arena are its own */
};

/* In scst_cmd.backend. */
struct user_req {
	struct list_head link;		/* parked, waiting */
	struct user_dev *dev;
	struct scst_cmd *cmd;
	struct sbc_io *io;		/* NULL: raw */
	unsigned long since;		/* jiffies: submitted */
	unsigned long given;		/* ... given to the handler */
	u8 op;				/* enum scst_user_op */
	u8 flags;			/* enum user_req_flags */
	u16 slot;
	u32 rq_flags;			/* SCST_USER_RQ_ */
	u32 medium;			/* what dev->medium was */
	u64 offset, length;
	/* Its data. */
	const struct core_seg *segs;
	u32 nr_segs;
	u32 data_len;
	/* Pages of the arena that the handler sees as such. */
	struct user_region *region;
	u32 first, nr;
	/* How it ended, on its way to be completed outside of locks. */
	enum scst_sense sense;
};

static_assert(sizeof(struct user_req) <=
	      sizeof(((struct scst_cmd *)0)->backend), "fits the scratch");

static inline struct user_req *user_req(struct scst_cmd *cmd)
{
	return (struct user_req *)cmd->backend;
}

/* ---- ring.c, reply.c: queues --------------------------------------------- */

enum user_slot_state {
	USER_SLOT_FREE,
	USER_SLOT_TAKEN,	/* by somebody who works outside of the lock */
	USER_SLOT_GIVEN,	/* the handler has it */
	USER_SLOT_ORPHAN,	/* likewise, but the command is gone */
};

struct user_slot {
	struct user_req *req;		/* GIVEN */
	u32 seq;			/* of its tag */
	u8 state;
	u8 flags;			/* ORPHAN: enum user_req_flags */
	bool advised;			/* ABORT was sent */
	struct user_region *region;	/* ORPHAN: pages set aside */
	u32 first, nr;
};

struct user_queue {
	spinlock_t lock;
	struct user_att *att;
	u32 index;
	bool dead;

	/* The kernel's own indices; the shared ones are copies. */
	u32 request_tail;
	u32 reply_head;
	struct scst_user_queue *shared;
	struct scst_user_request *requests;
	struct scst_user_reply *replies;
	u8 *sense;

	struct list_head waiting;	/* requests, oldest first */
	u32 nr_waiting;
	u32 nr_free;
	u16 *free;			/* slots, a stack */
	struct user_slot *slots;
	struct user_region *region;

	wait_queue_head_t enter;	/* who waits in ENTER */
	wait_queue_head_t poll;		/* descriptors for this queue */
};

/* An attachment. */
struct user_att {
	struct kref ref;
	struct user_dev *dev;
	u64 generation;
	struct user_arena *arena;
	struct scst_user_control *control;
	u64 flags;			/* SCST_USER_AT_ */
	u32 depth, entries;
	bool dead;			/* READ_ONCE */
	atomic_t orphans;		/* that alter the medium */
	atomic64_t bad_replies;
	unsigned long broken;		/* bit 0 */
	struct work_struct break_work;
	void *owner;			/* files_struct of the process */
	wait_queue_head_t poll;		/* descriptors for all queues */
	u32 nr_queues;
	struct user_queue queues[];
};

int user_queue_init(struct user_queue *q, struct user_att *att, u32 index,
		    void *mapping, const struct scst_user_attach *attach);
void user_queue_fini(struct user_queue *q);

/* Requests that the handler has not consumed. */
u32 user_queue_ready(const struct user_queue *q);

/*
 * Give @req to the handler, or let it wait here. False: the attachment has
 * ended. In a read section.
 */
bool user_queue_submit(struct user_att *att, struct user_req *req);

/* Let in what waited for room. Process context or softirq. */
void user_queue_fetch(struct user_queue *q);

/* Take up to @max replies; returns how many, or -EINVAL. */
int user_queue_replies(struct user_queue *q, u32 max);

/*
 * The handler is gone: all requests of the queue, to the end of @list; those
 * it had are USER_AGAIN.
 */
void user_queue_kill(struct user_queue *q, struct list_head *list);

/* Tell the handler which requests were aborted; those that may go, to @list. */
void user_queue_aborts(struct user_queue *q, struct list_head *list);

/* Likewise those that have been here for too long. */
void user_queue_expire(struct user_queue *q, struct list_head *list,
		       unsigned long bound);

/* A notification; false: no room, the handler does not consume. */
bool user_queue_notify(struct user_queue *q, u8 op, u64 nexus);

/* Of ring.c for reply.c. q->lock. */
void user_slot_free(struct user_queue *q, u16 slot);
void user_waiting_remove(struct user_queue *q, struct user_req *req);
u64 user_slot_tag(const struct user_queue *q, u16 slot);
bool user_queue_tell(struct user_queue *q, u8 op, u64 nexus, u64 arg);
/* What a bounce had of the arena. */
void user_req_put_pages(struct user_req *req);

/* Whose is what this processor submits? */
static inline u32 user_cpu_queue(u32 nr_queues, unsigned int cpu)
{
	return (u64)cpu * nr_queues / nr_cpu_ids;
}

static inline struct user_queue *user_att_queue(struct user_att *att)
{
	return &att->queues[user_cpu_queue(att->nr_queues,
					   raw_smp_processor_id())];
}

/* ---- io.c: requests of disks ---------------------------------------------- */

int user_data_alloc(struct scst_cmd *cmd, u32 len);
void user_data_free(struct scst_cmd *cmd);
enum scst_sense user_reply_sense(const struct scst_user_reply *reply);
void user_backend_init(struct user_dev *dev, u64 ops);

/* Hand @req to whoever serves now, or park it. */
void user_req_issue(struct user_req *req);
/* Was it for a medium that is not there any more? Then the sense for it. */
enum scst_sense user_req_stale(const struct user_req *req);
/* Of one that no queue has. */
void user_req_fail(struct user_req *req, enum scst_sense sense);
void user_list_fail(struct list_head *list);
/*
 * There is a reply. Outside of locks; first while the request has its slot and
 * its pages of the arena, then without.
 */
void user_req_answered(struct user_req *req,
		       const struct scst_user_reply *reply,
		       const struct user_queue *q);
void user_req_done(struct user_req *req, const struct scst_user_reply *reply);
/* Data-Out of a bounce, into the arena. */
void user_req_copy_in(const struct user_req *req);

/* ---- raw.c: requests of other devices ------------------------------------- */

void user_raw_execute(struct scst_cmd *cmd);
void user_raw_answered(struct user_req *req,
		       const struct scst_user_reply *reply,
		       const struct user_queue *q);
void user_raw_done(struct user_req *req, const struct scst_user_reply *reply);

/* ---- device.c ------------------------------------------------------------- */

/* What the first handler said of the device. */
struct user_about {
	struct scst_user_attach attach;
	char vendor[9], product[17], revision[5];
	struct scst_opcode *opcodes;		/* RAW */
	struct scst_mode_page *mode_pages;
	struct scst_vpd_page *vpd_pages;
};

struct user_dev {
	struct scst_hdev hdev;
	struct kref ref;		/* its directory, its attachments */
	struct list_head link;		/* user_devs, user_mutex */
	struct user_about *desc;		/* NULL: none came yet; hdev->lock */
	bool read_only;			/* says the handler; hdev->lock */

	/* From open() to close(): */
	struct sbc_lu *lu;		/* NULL: raw */
	struct scst_opcode *opcodes;
	void (*test_unit_ready)(struct scst_cmd *cmd);
	struct sbc_backend_ops backend;
	struct scst_device *core;	/* READ_ONCE; from opened() on */
	u32 medium;			/* counts those of a removable disk */
	u32 max_transfer;
	u8 shift;
	struct work_struct sanitize_work;
	wait_queue_head_t idle;

	/* Attributes, in seconds; READ_ONCE. */
	u32 wait_for_handler;
	u32 wait_for_reply;

	/* life.c */
	struct mutex mutex;
	struct user_att *owner;		/* attached, perhaps not serving yet */
	bool claimed;			/* somebody is about to be */
	bool removed;
	atomic_t nr_pages;		/* of arenas */
	u32 elders;			/* removed devices of the same name */
	u64 generation;
	spinlock_t lock;
	struct user_att __rcu *att;	/* who serves */
	struct list_head parked;
	unsigned long down;		/* jiffies: since when nobody serves */
	wait_queue_head_t gone;		/* who waits to succeed its handler */
	struct delayed_work tick;
	struct work_struct abort_work, fetch_work;
};

extern const struct scst_handler user_handler;
extern struct mutex user_mutex;

static inline struct user_dev *to_user_dev(struct scst_hdev *hdev)
{
	return container_of(hdev, struct user_dev, hdev);
}

/* The last one of that name, with a reference; NULL. user_mutex. */
struct user_dev *user_dev_find(const char *name);
void user_dev_put(struct user_dev *dev);

/*
 * What a new handler says of the device: takes @desc over, or -EINVAL.
 * hdev->lock.
 */
int user_dev_describe(struct user_dev *dev, struct user_about *desc);
/* Disks: the medium is longer or shorter now, or is another. hdev->lock. */
void user_dev_resize(struct user_dev *dev, u64 bytes);
void user_dev_set_medium(struct user_dev *dev, u64 bytes);

/* ---- life.c --------------------------------------------------------------- */

void user_life_init(struct user_dev *dev);
/* From open() and close(), and before the device's memory goes. */
void user_life_open(struct user_dev *dev);
void user_life_close(struct user_dev *dev);
void user_life_fini(struct user_dev *dev);

/*
 * First of all a handler claims the device: nobody else gets memory for it.
 * -EBUSY: there is a handler, or so much is left of earlier ones that @pages
 * more would be too many. -ENOENT: the device is gone.
 */
int user_dev_claim(struct user_dev *dev, u32 pages);
void user_dev_unclaim(struct user_dev *dev);
/* Without a lock, for who waits on dev->gone. */
int user_dev_may_claim(const struct user_dev *dev, u32 pages);
/* @att becomes the handler. */
void user_dev_attach(struct user_dev *dev, struct user_att *att);
/* Predecessors may be over; likewise, and the device that came before is. */
void user_dev_unfenced(struct user_dev *dev);
void user_dev_elder_gone(struct user_dev *dev);
/* Once; may sleep. */
void user_dev_detach(struct user_dev *dev, struct user_att *att,
		     enum scst_user_state state);
/* The same later, from any context: it broke the protocol. */
void user_att_break(struct user_att *att, const char *why);

/*
 * Put @req aside until somebody serves. False: somebody else than @att does
 * already.
 */
bool user_dev_park(struct user_dev *dev, struct user_req *req,
		   const struct user_att *att);
/* For the operator. */
const char *user_dev_status(struct user_dev *dev);
/* Does the device answer, or is it too long without an answer? */
enum scst_sense user_dev_ready(struct user_dev *dev);
/* Tell the handler, if somebody serves. */
void user_dev_notify(struct user_dev *dev, u8 op, u64 nexus);

/* ---- attach.c ------------------------------------------------------------- */

struct user_about *user_about_get(const struct scst_user_attach __user *arg);
void user_about_free(struct user_about *desc);
/* Fills in what is out in @at. */
void user_att_layout(struct scst_user_attach *at);
/* With one reference; not attached yet. */
struct user_att *user_att_create(struct user_dev *dev,
				 const struct scst_user_attach *at);
void user_att_put(struct user_att *att);
u64 user_features(void);
u64 user_ops(void);

/* ---- call.c ---------------------------------------------------------------- */

#define USER_ALL_QUEUES (~0u)

/* An open file. */
struct user_file {
	struct file *file;
	struct list_head link, dead_link;	/* chardev.c */
	struct mutex lock;
	struct user_att *att;		/* set once; smp_load_acquire */
	bool attached;			/* not joined: the end of @att */
	u32 queue;			/* of poll(), or USER_ALL_QUEUES */
};

struct user_att *user_file_att(const struct user_file *uf);
long user_call(struct user_file *uf, unsigned int cmd, unsigned long arg);
int user_call_uring(const struct user_file *uf, struct io_uring_cmd *cmd);

/* ---- chardev.c ------------------------------------------------------------ */

bool user_file_is_ours(const struct file *file);
int user_chardev_init(void);
void user_chardev_exit(void);

#endif
