/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Doubly linked lists, and lists with a one-pointer head for hash
 * tables; hash functions.
 *
 * Stores that a lockless list_empty may meet are WRITE_ONCE. A debug build
 * checks both neighbours before it links or unlinks; a deleted entry is
 * poisoned in every build.
 */
#ifndef SHIM_LIST_H
#define SHIM_LIST_H

#include "bug.h"
#include "compiler.h"

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

/* no one maps these */
#define LIST_POISON1	((void *)0x1d0)
#define LIST_POISON2	((void *)0x1d8)

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	WRITE_ONCE(list->next, list);
	WRITE_ONCE(list->prev, list);
}

static inline void shim_list_check_add(const struct list_head *new,
	const struct list_head *prev, const struct list_head *next)
{
	SHIM_DEBUG_ON(next->prev != prev || prev->next != next,
		      "list_add: the list at %p is corrupted", next);
	SHIM_DEBUG_ON(new == prev || new == next,
		      "list_add: %p is on the list already", new);
}

static inline void shim_list_check_del(const struct list_head *entry)
{
	SHIM_DEBUG_ON(entry->next == LIST_POISON1 ||
		      entry->prev == LIST_POISON2,
		      "list_del: %p was deleted before", entry);
	SHIM_DEBUG_ON(entry->prev->next != entry ||
		      entry->next->prev != entry,
		      "list_del: the list at %p is corrupted", entry);
}

static inline void shim_list_link(struct list_head *prev,
	struct list_head *next)
{
	next->prev = prev;
	WRITE_ONCE(prev->next, next);
}

static inline void shim_list_insert(struct list_head *new,
	struct list_head *prev, struct list_head *next)
{
	shim_list_check_add(new, prev, next);
	next->prev = new;
	new->next = next;
	new->prev = prev;
	WRITE_ONCE(prev->next, new);
}

static inline void list_add(struct list_head *new, struct list_head *head)
{
	shim_list_insert(new, head, head->next);
}

static inline void list_add_tail(struct list_head *new,
	struct list_head *head)
{
	shim_list_insert(new, head->prev, head);
}

static inline void shim_list_unlink(struct list_head *entry)
{
	shim_list_check_del(entry);
	shim_list_link(entry->prev, entry->next);
}

static inline void list_del(struct list_head *entry)
{
	shim_list_unlink(entry);
	entry->next = LIST_POISON1;
	entry->prev = LIST_POISON2;
}

static inline void list_del_init(struct list_head *entry)
{
	shim_list_unlink(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
	shim_list_unlink(entry);
	list_add(entry, head);
}

static inline void list_move_tail(struct list_head *entry,
	struct list_head *head)
{
	shim_list_unlink(entry);
	list_add_tail(entry, head);
}

static inline void list_replace(struct list_head *old, struct list_head *new)
{
	new->next = old->next;
	new->next->prev = new;
	new->prev = old->prev;
	WRITE_ONCE(new->prev->next, new);
}

/* an empty @old gives an empty @new: old->next is old itself until fixed */
static inline void list_replace_init(struct list_head *old,
	struct list_head *new)
{
	list_replace(old, new);
	INIT_LIST_HEAD(old);
}

static inline int list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

static inline int list_is_first(const struct list_head *list,
	const struct list_head *head)
{
	return list->prev == head;
}

static inline int list_is_last(const struct list_head *list,
	const struct list_head *head)
{
	return list->next == head;
}

static inline int list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline void shim_list_splice(const struct list_head *list,
	struct list_head *prev, struct list_head *next)
{
	struct list_head *first = list->next, *last = list->prev;

	first->prev = prev;
	WRITE_ONCE(prev->next, first);
	last->next = next;
	next->prev = last;
}

static inline void list_splice(const struct list_head *list,
	struct list_head *head)
{
	if (!list_empty(list))
		shim_list_splice(list, head, head->next);
}

static inline void list_splice_tail(struct list_head *list,
	struct list_head *head)
{
	if (!list_empty(list))
		shim_list_splice(list, head->prev, head);
}

static inline void list_splice_init(struct list_head *list,
	struct list_head *head)
{
	list_splice(list, head);
	INIT_LIST_HEAD(list);
}

static inline void list_splice_tail_init(struct list_head *list,
	struct list_head *head)
{
	list_splice_tail(list, head);
	INIT_LIST_HEAD(list);
}

#define list_entry(ptr, type, member)	container_of(ptr, type, member)
#define list_first_entry(head, type, member) \
	list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) \
	list_entry((head)->prev, type, member)
/* pos may be the head in disguise: no object, and perhaps misaligned for one */
#define shim_node(pos, member) \
	((typeof((pos)->member) *)((char *)(pos) + \
				   offsetof(typeof(*(pos)), member)))
#define list_next_entry(pos, member) \
	list_entry(shim_node(pos, member)->next, typeof(*(pos)), member)
#define list_prev_entry(pos, member) \
	list_entry(shim_node(pos, member)->prev, typeof(*(pos)), member)
#define list_first_entry_or_null(head, type, member) \
	({ \
		struct list_head *shim_head_ = (head); \
		struct list_head *shim_first_ = READ_ONCE(shim_head_->next); \
		shim_first_ == shim_head_ ? NULL : \
			list_entry(shim_first_, type, member); \
	})
#define list_entry_is_head(pos, head, member) \
	(shim_node(pos, member) == (head))

#define list_for_each_entry(pos, head, member) \
	for (pos = list_first_entry(head, typeof(*(pos)), member); \
	     !list_entry_is_head(pos, head, member); \
	     pos = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member) \
	for (pos = list_last_entry(head, typeof(*(pos)), member); \
	     !list_entry_is_head(pos, head, member); \
	     pos = list_prev_entry(pos, member))
#define list_for_each_entry_continue(pos, head, member) \
	for (pos = list_next_entry(pos, member); \
	     !list_entry_is_head(pos, head, member); \
	     pos = list_next_entry(pos, member))
#define list_for_each_entry_safe(pos, n, head, member) \
	for (pos = list_first_entry(head, typeof(*(pos)), member), \
	     n = list_next_entry(pos, member); \
	     !list_entry_is_head(pos, head, member); \
	     pos = n, n = list_next_entry(n, member))

#define HLIST_HEAD_INIT		{ .first = NULL }
#define HLIST_HEAD(name)	struct hlist_head name = HLIST_HEAD_INIT
#define INIT_HLIST_HEAD(ptr)	((void)((ptr)->first = NULL))

static inline void INIT_HLIST_NODE(struct hlist_node *node)
{
	node->next = NULL;
	node->pprev = NULL;
}

static inline int hlist_unhashed(const struct hlist_node *node)
{
	return !node->pprev;
}

static inline int hlist_empty(const struct hlist_head *head)
{
	return !READ_ONCE(head->first);
}

static inline void hlist_add_head(struct hlist_node *node,
	struct hlist_head *head)
{
	struct hlist_node *first = head->first;

	WRITE_ONCE(node->next, first);
	if (first)
		first->pprev = &node->next;
	WRITE_ONCE(head->first, node);
	node->pprev = &head->first;
}

static inline void shim_hlist_unlink(struct hlist_node *node)
{
	SHIM_DEBUG_ON(node->pprev == LIST_POISON2,
		      "hlist_del: %p was deleted before", node);
	SHIM_DEBUG_ON(*node->pprev != node,
		      "hlist_del: the list at %p is corrupted", node);
	/*
	 * Release although the kernel's is plain: a reader that comes to
	 * node->next by this store must find it initialised, and the
	 * kernel's reason, that it was published before by another store,
	 * is one the C memory model does not know.
	 */
	smp_store_release(node->pprev, node->next);
	if (node->next)
		node->next->pprev = node->pprev;
}

static inline void hlist_del(struct hlist_node *node)
{
	shim_hlist_unlink(node);
	node->next = LIST_POISON1;
	node->pprev = LIST_POISON2;
}

static inline void hlist_del_init(struct hlist_node *node)
{
	if (hlist_unhashed(node))
		return;
	shim_hlist_unlink(node);
	INIT_HLIST_NODE(node);
}

#define hlist_entry(ptr, type, member)	container_of(ptr, type, member)
#define hlist_entry_safe(ptr, type, member) \
	({ \
		struct hlist_node *shim_node_ = (ptr); \
		shim_node_ ? hlist_entry(shim_node_, type, member) : NULL; \
	})
#define hlist_for_each_entry(pos, head, member) \
	for (pos = hlist_entry_safe((head)->first, typeof(*(pos)), member); \
	     pos; \
	     pos = hlist_entry_safe((pos)->member.next, typeof(*(pos)), \
				    member))
/* n is a struct hlist_node * */
#define hlist_for_each_entry_safe(pos, n, head, member) \
	for (pos = hlist_entry_safe((head)->first, typeof(*(pos)), member); \
	     pos && ({ n = (pos)->member.next; 1; }); \
	     pos = hlist_entry_safe(n, typeof(*(pos)), member))

/* an odd number near 2^n / golden ratio spreads neighbours far apart */
static inline u32 hash_32(u32 val, unsigned int bits)
{
	return val * 0x9e3779b1U >> (32 - bits);
}

static inline u32 hash_64(u64 val, unsigned int bits)
{
	return val * 0x9e3779b97f4a7c15ULL >> (64 - bits);
}

#define hash_long(val, bits) \
	(sizeof(long) == 8 ? hash_64(val, bits) : hash_32(val, bits))
#define hash_ptr(ptr, bits)	hash_long((unsigned long)(ptr), bits)

#endif
