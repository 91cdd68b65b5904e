/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Lists that readers walk inside core_read_begin/end while one writer,
 * under its lock, changes them. A writer's release store of a link pairs
 * with the reader's acquire load of it in rcu_dereference.
 *
 * A deleted entry keeps its forward pointer: a reader may stand on it.
 */
#ifndef SHIM_RCULIST_H
#define SHIM_RCULIST_H

#include "list.h"
#include "rcu.h"

static inline void shim_list_insert_rcu(struct list_head *new,
	struct list_head *prev, struct list_head *next)
{
	shim_list_check_add(new, prev, next);
	new->next = next;
	new->prev = prev;
	rcu_assign_pointer(prev->next, new);
	next->prev = new;
}

static inline void list_add_rcu(struct list_head *new, struct list_head *head)
{
	shim_list_insert_rcu(new, head, head->next);
}

static inline void list_add_tail_rcu(struct list_head *new,
	struct list_head *head)
{
	shim_list_insert_rcu(new, head->prev, head);
}

static inline void list_del_rcu(struct list_head *entry)
{
	shim_list_check_del(entry);
	entry->next->prev = entry->prev;
	/* release: why, see shim_hlist_unlink */
	rcu_assign_pointer(entry->prev->next, entry->next);
	entry->prev = LIST_POISON2;
}

#define list_entry_rcu(ptr, type, member) \
	container_of(READ_ONCE(ptr), type, member)

/* cond: what else than a read section protects the walk, if anything */
#define list_for_each_entry_rcu(pos, head, member, cond...) \
	for (shim_rcu_check(cond + 0), \
	     pos = list_entry(shim_rcu_load((head)->next), typeof(*(pos)), \
			      member); \
	     !list_entry_is_head(pos, head, member); \
	     pos = list_entry(shim_rcu_load((pos)->member.next), \
			      typeof(*(pos)), member))

static inline void hlist_add_head_rcu(struct hlist_node *node,
	struct hlist_head *head)
{
	struct hlist_node *first = head->first;

	node->next = first;
	node->pprev = &head->first;
	rcu_assign_pointer(head->first, node);
	if (first)
		first->pprev = &node->next;
}

static inline void hlist_del_rcu(struct hlist_node *node)
{
	shim_hlist_unlink(node);
	node->pprev = LIST_POISON2;
}

static inline void hlist_del_init_rcu(struct hlist_node *node)
{
	if (hlist_unhashed(node))
		return;
	shim_hlist_unlink(node);
	node->pprev = NULL;
}

#define hlist_for_each_entry_rcu(pos, head, member, cond...) \
	for (shim_rcu_check(cond + 0), \
	     pos = hlist_entry_safe(shim_rcu_load((head)->first), \
				    typeof(*(pos)), member); \
	     pos; \
	     pos = hlist_entry_safe(shim_rcu_load((pos)->member.next), \
				    typeof(*(pos)), member))

#endif
