/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER: the embedded engine: core and iSCSI front end in this process.
 *
 * The engine belongs to the server, which owns loops and devices. Sessions
 * live on one loop each; what all loops share (the registry of sessions) is
 * behind engine->lock, which the command path never takes.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <pthread.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "auth.h"
#include "chap.h"
#include "iscsi.h"
#include "login.h"
#include "sbc.h"
#include "scst_device.h"
#include "src/lib.h"
#include "src/loop.h"

struct conn;
struct engine;
struct session;
struct state_dev;
struct state_dir;

/* What the operator says; the server fills it. */
struct engine_config {
	char *target;			/* iSCSI name */
	char *alias;
	struct iscsi_params params;
	struct chap_algs algs;
	uint64_t depth;			/* commands of one session */
	uint64_t max_sessions;
	uint64_t max_logins;		/* connections not logged in yet */
	uint64_t login_timeout;		/* seconds */
	uint64_t nop_interval;		/* seconds, 0: off */
	uint64_t nop_timeout;
};

/* A listening socket. */
struct portal {
	struct list_head link;		/* engine->portals */
	struct loop_fd lfd;
	struct engine *engine;
	struct sockaddr_storage addr;	/* bound, with the real port */
	socklen_t addr_len;
	int spare;			/* of spare_fd() */
};

/* What a loop knows of its connections. */
struct engine_loop {
	struct engine *engine;
	struct loop *loop;
	struct list_head conns;		/* all */
	struct list_head logins;	/* not logged in, oldest first */
	unsigned int nr_logins;
	unsigned int nr_conns;		/* read by others, relaxed */
	struct core_work drain_work;
	struct core_work kill_work;
	struct core_work ask_work;
	bool asking;			/* atomic: ask_work is posted */
	bool draining;
};

#define ENGINE_LUNS 16384

/* access.c: who sees what. */
struct access_group {
	struct list_head link;		/* engine->groups */
	struct scst_group *grp;
	uint64_t order;			/* the lower one counts first */
	struct list_head patterns, luns;
	char name[];
};

struct access_pattern {
	struct list_head link;		/* access_group.patterns */
	uint64_t order;
	char text[];
};

struct access_lun {
	struct list_head link;		/* access_group.luns */
	struct access_group *group;
	struct scst_device *dev;	/* NULL: shows none */
	uint16_t nr;
	bool read_only;
};

struct engine {
	struct engine_config cfg;
	struct scst_ctx *ctx;
	struct scst_target *target;
	struct kmem_cache *task_cache;
	struct scst_device_group *device_group;	/* NULL: no --port-group */
	bool has_port;			/* a group has the target's port */
	struct list_head portals;
	struct list_head groups;	/* struct access_group */
	uint64_t last_order;
	unsigned int nr_access;		/* --access so far */
	DECLARE_BITMAP(luns, ENGINE_LUNS);	/* that somebody may see */
	struct engine_loop *loops;
	unsigned int nr_loops;

	pthread_mutex_t lock;
	struct auth *auth;		/* NULL: nobody need prove anything */
	char moved_to[LOGIN_ADDRESS_MAX];	/* "": the target is here */
	bool moved_for_good;
	struct list_head sessions;	/* struct session */
	uint32_t nr_sessions;
	uint16_t last_tsih;
	unsigned int nr_conns;		/* atomic: everywhere */
	/* Called, on any loop, when nothing is left while draining. */
	void (*drained)(void *arg);
	void *drained_arg;
	bool draining;			/* lock */
};

struct session {
	struct iscsi_session iscsi;
	struct engine *engine;
	struct engine_loop *home;
	struct list_head link;		/* engine->sessions, lock */
	struct list_head waiters;	/* struct conn, lock */
	struct core_work kill_work;
	bool killed;			/* lock; kill_work was posted */
	bool killing;			/* lock; ... and has not run */
	bool released;			/* lock; ... and shall release it */
	size_t buf_bytes;		/* atomic: of its data buffers */
	char target[ISCSI_NAME_MAX + 1];
};

/* A device's part of the engine: scstu_dev.attached. */
struct core_dev {
	struct scstu_dev *dev;
	struct scst_device *core;		/* NULL: detached again */
	struct scst_device_info info;
	struct state_dev *state;		/* NULL: keeps none */

	/* The layer's; one of these. */
	struct sbc_lu *sbc;
	struct sbc_backend_ops backend;
	struct core_work sanitize_work;		/* env->defer() */
	struct scst_opcode *opcodes;
};

/* Once the device is attached. */
static inline struct core_dev *core_dev(const struct scstu_dev *dev)
{
	return dev->attached;
}

/* engine.c */
void engine_config_init(struct engine_config *cfg);
void engine_config_free(struct engine_config *cfg);
/* Takes over @cfg's strings, and @auth (or NULL). */
struct engine *engine_create(const struct engine_config *cfg, struct auth *auth,
			     struct loop **loops, unsigned int nr);
void engine_destroy(struct engine *engine);
/* Logins that begin later use @auth, which the engine takes over. */
void engine_set_auth(struct engine *engine, struct auth *auth);
/* The table as it is now, or NULL; auth_put() it. */
struct auth *engine_get_auth(struct engine *engine);
/* @dir: where the device's state is kept, or NULL. */
int engine_attach(struct engine *engine, struct scstu_dev *dev,
		  struct state_dir *dir);
/* The device's part of the engine stays until core_dev_free(). */
void engine_detach(struct engine *engine, struct scstu_dev *dev);
void core_dev_free(struct scstu_dev *dev);
/*
 * "ADDRESS[:PORT][,permanent]": from now on logins are sent there; who is
 * logged in is asked to log out. "": they are taken again. -EINVAL, also for
 * what an initiator could not use. Any thread.
 */
int engine_redirect(struct engine *engine, const char *where);
/* The same text, in @buf of LOGIN_ADDRESS_MAX + 16 bytes. */
void engine_redirection(struct engine *engine, char *buf);
/* 0, or the status of a login, and where it is to go in @address. */
int engine_moved(struct engine *engine, char *address);
/*
 * Ask everybody to log out, let those go that do not, finish what runs;
 * engine->drained tells.
 */
void engine_drain(struct engine *engine, void (*drained)(void *arg), void *arg);
/* Stop waiting for initiators. */
void engine_kill(struct engine *engine);
/* Something ended: was it the last? */
void engine_check_drained(struct engine *engine);

/* disk.c, raw.c: the layer of a device that is to be attached */
int disk_attach(struct core_dev *cd);
int raw_attach(struct core_dev *cd);
void disk_capacity(struct core_dev *cd);

/* access.c */
int access_default(struct engine *engine, struct list_head *devices);
/* Apply one --access; -EINVAL with the reason in @why. */
int access_apply(struct engine *engine, const char *text, char *why,
		 size_t size);
struct access_group *access_group_add(struct engine *engine, const char *name);
void access_group_del(struct access_group *ag);
void access_free(struct engine *engine);
int access_pattern_add(struct engine *engine, struct access_group *ag,
		       const char *text);
void access_pattern_del(struct access_group *ag,
			struct access_pattern *pattern);
/* It shows nothing yet. */
struct access_lun *access_lun_add(struct access_group *ag, uint16_t nr);
void access_lun_del(struct access_lun *lun);
/* It shows nothing; afterwards nothing again. */
int access_lun_show(struct access_lun *lun, struct scst_device *dev);
void access_lun_clear(struct access_lun *lun);
void access_lun_protect(struct access_lun *lun, bool read_only);

/* port_group.c */
/* Before the others, and with at least one group to follow */
int port_groups_begin(struct engine *engine, struct list_head *devices);
/* Apply one --port-group; -EINVAL with the reason in @why. */
int port_group_add(struct engine *engine, const char *text, char *why,
		   size_t size);
/* State, or preference, of one that there is; the same. Any time. */
int port_group_change(struct engine *engine, const char *text, char *why,
		      size_t size);

/* portal.c */
int portal_add(struct engine *engine, const char *address, char *why,
	       size_t size);
int portals_start(struct engine *engine);
void portals_stop(struct engine *engine);
void portals_close(struct engine *engine);
/*
 * "HOST", "HOST:PORT", "[V6]:PORT", "V6": into host and port (NULL: none), in
 * place; -EINVAL.
 */
int address_split(char *text, char **host, char **port);
/* "ADDRESS:PORT", IPv6 in brackets */
void address_print(const struct sockaddr_storage *addr, char *buf, size_t size);
/* An address that an initiator can use, also of one that listens on any. */
void portal_reachable(const struct portal *portal, char *buf, size_t size);
int spare_fd(void);
/*
 * Non-blocking; -1 with errno. A connection for which there is no descriptor
 * would make @listener ready again and again: it is accepted in place of the
 * spare one, and closed (EMFILE).
 */
int accept_or_refuse(int listener, int *spare);
void portals_send_targets(struct conn *conn, struct iscsi_text_buf *text);

/* conn.c */
void conn_accept(struct engine_loop *el, int fd);
void conn_drop(struct conn *conn, const char *why);
/* Ask those that are logged in to log out. */
void conns_ask(struct engine_loop *el);
void conns_drain(struct engine_loop *el);
void conns_kill(struct engine_loop *el);
struct engine *conn_engine(const struct conn *conn);
struct session *conn_session(const struct conn *conn);
const char *conn_peer(const struct conn *conn);
void conn_local_address(const struct conn *conn, struct sockaddr_storage *addr);
struct list_head *conn_waiter_link(struct conn *conn);
struct conn *conn_of_waiter(struct list_head *link);
/*
 * From login_ops.reserve(), which returns LOGIN_RESERVE_WAIT then: it will be
 * asked again on @home.
 */
void conn_move_to(struct conn *conn, struct engine_loop *home);
/*
 * Likewise: it waits to join @sess, and keeps it until the login is over. On
 * the session's loop.
 */
void conn_hold(struct conn *conn, struct session *sess);
/* The session that a login waited for is gone, or ready. Any thread. */
void conn_retry(struct conn *conn);
extern const struct iscsi_env_ops conn_env;
struct conn *conn_of_iscsi(struct iscsi_conn *iscsi);

/* session.c */
/*
 * login_ops.reserve(): on success *@sess belongs to @conn's loop; of a leading
 * connection it is new, and the caller's to start or release.
 */
int session_reserve(struct conn *conn, struct engine_loop *el,
		    struct login_result *res, struct session **sess);
void session_unwait(struct engine *engine, struct conn *conn);
/* What logins wait for may have come about. Any thread. */
void session_wake(struct session *sess);
/* It never came to life, or is gone. */
void session_release(struct session *sess);
void sessions_cold_reset(struct engine *engine);

#endif
