/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * PORTABLE: persistent reservations (SPC-5 5.13, 6.15, 6.16): their state and
 * what its files share.
 *
 * A registrant is an I_T nexus by name: the TransportID of an initiator port
 * and the relative identifier of a target port. It outlives the nexus. Each
 * ITL points at its registrant, and knows in itl->needs which opcode
 * flags a command must have to run against the reservations of others. Both
 * are brought up to date whenever the state changes, so that commands read
 * one byte and take no lock.
 *
 * Everything here is guarded by dev->lock.
 */
#ifndef SPC_PR_H
#define SPC_PR_H

#include "core_os.h"
#include "scst_cmd.h"
#include "scst_target.h"

struct scst_device;
struct scst_itl;

#define SPC_PR_REGS_MAX 1024u

/* Persistent reservation types (SPC-5 6.15.3.4). */
enum spc_pr_type {
	PR_NONE			= 0,
	PR_WRITE_EXCLUSIVE	= 1,
	PR_EXCLUSIVE_ACCESS	= 3,
	PR_WRITE_EXCLUSIVE_RO	= 5,	/* registrants only */
	PR_EXCLUSIVE_ACCESS_RO	= 6,
	PR_WRITE_EXCLUSIVE_AR	= 7,	/* all registrants */
	PR_EXCLUSIVE_ACCESS_AR	= 8,
};

struct spc_pr_reg {
	struct list_head link;		/* pr->regs */
	u64 key;
	u32 hash;			/* of the TransportID */
	u16 port;			/* relative target port identifier */
	bool gone;			/* about to be removed */
	u16 tid_len;
	u8 tid[];
};

struct spc_pr {
	struct list_head regs;		/* oldest first */
	u32 nr_regs;
	u32 generation;			/* PRGENERATION */
	u8 type;			/* enum spc_pr_type */
	struct spc_pr_reg *holder;	/* NULL: nobody, or all registrants */
	bool aptpl;			/* last valid APTPL */

	/* spc_pr_image.c */
	u64 seq;			/* counts changes */
	u64 image_seq;			/* state in the last image */
	bool image_aptpl;
	bool stored_aptpl;		/* what a loss of power brings back */
	bool storing;
	struct list_head waiting;	/* commands, until they are stored */
};

/* A PERSISTENT RESERVE OUT command in progress; in its scratch. */
struct spc_pr_op {
	struct scst_tmf tmf;		/* PREEMPT AND ABORT */
	struct list_head link;		/* pr->waiting */
	u64 seq;
	enum scst_sense sense;
	atomic_t pending;
};

static_assert(sizeof(struct spc_pr_op) <=
	      sizeof(((struct scst_cmd *)0)->server), "fits the scratch");

static inline struct scst_cmd *spc_pr_op_cmd(struct spc_pr_op *op)
{
	return container_of((void *)op, struct scst_cmd, server);
}

static inline bool spc_pr_type_valid(u8 type)
{
	return type == PR_WRITE_EXCLUSIVE || type == PR_EXCLUSIVE_ACCESS ||
	       (type >= PR_WRITE_EXCLUSIVE_RO &&
		type <= PR_EXCLUSIVE_ACCESS_AR);
}

static inline bool spc_pr_registrants_only(u8 type)
{
	return type == PR_WRITE_EXCLUSIVE_RO || type == PR_EXCLUSIVE_ACCESS_RO;
}

static inline bool spc_pr_all_registrants(u8 type)
{
	return type == PR_WRITE_EXCLUSIVE_AR || type == PR_EXCLUSIVE_ACCESS_AR;
}

/* Is @reg (or NULL) a holder of the reservation? */
static inline bool spc_pr_holds(const struct spc_pr *pr,
				const struct spc_pr_reg *reg)
{
	return pr->type && reg &&
	       (spc_pr_all_registrants(pr->type) || pr->holder == reg);
}

/* spc_pr.c */
void spc_pr_init(struct spc_pr *pr);
void spc_pr_fini(struct spc_pr *pr);
/* An ITL came: is it a registrant's? Which commands may it send? */
void spc_pr_join(struct scst_itl *itl);
/* Recompute itl->needs, also for RESERVE and access states: of one, of all. */
void spc_resv_update_itl(struct scst_itl *itl);
void spc_resv_update(struct scst_device *dev);
/* Does a command without the flags in @needs run after all? By its CDB. */
bool spc_resv_allows(const struct scst_cmd *cmd, u32 needs);
/* Do RESERVE and RELEASE end without effect (SPC-5 5.13.3)? */
bool spc_pr_compatible(const struct scst_itl *itl);

struct spc_pr_reg *spc_pr_find(const struct spc_pr *pr, const u8 *tid,
			       u16 len, u16 port);
struct spc_pr_reg *spc_pr_reg_alloc(const u8 *tid, u16 len, u16 port, u64 key);
void spc_pr_add(struct scst_device *dev, struct spc_pr_reg *reg);
/*
 * Remove the registrants marked as gone, and with them a reservation that
 * nobody else holds. Their nexuses, but @except, get the unit attention @ua;
 * with @abort, they are marked for SCST_PREEMPT.
 */
void spc_pr_sweep(struct scst_device *dev, const struct scst_nexus *except,
		  enum scst_sense ua, bool abort);
/* Unit attention for the registered nexuses but @except. */
void spc_pr_ua(struct scst_device *dev, const struct scst_nexus *except,
	       enum scst_sense ua);

/* spc_pr_in.c, spc_pr_out.c: commands */
void spc_pr_in(struct scst_cmd *cmd);
void spc_pr_out(struct scst_cmd *cmd);
/* One of the things that @op waited for is over. */
void spc_pr_op_put(struct spc_pr_op *op);

/* spc_pr_image.c */
/*
 * The state has changed by @op. True: the owner of the device must be told
 * (ops->persist) once the lock is released.
 */
bool spc_pr_store(struct scst_device *dev, struct spc_pr_op *op);

/* spc_tid.c: TransportIDs (SPC-5 7.6.4), in the one form that we compare */
/* For a transport that has none of its own to offer: made from the name. */
u16 spc_tid_default(u8 *tid, u8 protocol, const char *name);
/*
 * The TransportID that begins at @p, of at most @len bytes: to @tid, *@tid_len
 * bytes. Returns how many bytes of @p it takes; 0: it is none.
 */
u32 spc_tid_parse(const u8 *p, u32 len, u8 *tid, u16 *tid_len);
/* An iSCSI TransportID that names a device, not one of its ports. */
bool spc_tid_is_device(const u8 *tid);
bool spc_tid_of_device(const u8 *tid, const u8 *device);

static inline u8 spc_tid_protocol(const u8 *tid)
{
	return tid[0] & 0x0f;
}

#endif
