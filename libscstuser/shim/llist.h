/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * USER. Lock-free list: any thread adds, one takes all of them at once (so
 * that no element can come back while somebody looks at it).
 */
#ifndef SHIM_LLIST_H
#define SHIM_LLIST_H

#include "compiler.h"

struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	struct llist_node *first;
};

#define LLIST_HEAD_INIT(name)	{ NULL }
#define LLIST_HEAD(name)	struct llist_head name = LLIST_HEAD_INIT(name)

static inline void init_llist_head(struct llist_head *head)
{
	head->first = NULL;
}

static inline bool llist_empty(const struct llist_head *head)
{
	return !READ_ONCE(head->first);
}

/*
 * Returns true if the list was empty: who adds the first one wakes the
 * consumer. Fully ordered like the kernel's, for a consumer that announces
 * its sleep and then looks again.
 */
static inline bool llist_add(struct llist_node *new, struct llist_head *head)
{
	struct llist_node *first = READ_ONCE(head->first);

	/* pairs with the exchange in llist_del_all */
	do {
		WRITE_ONCE(new->next, first);
	} while (!__atomic_compare_exchange_n(&head->first, &first, new, true,
					      __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return !first;
}

/* newest first */
static inline struct llist_node *llist_del_all(struct llist_head *head)
{
	/* pairs with llist_add of every element taken */
	return __atomic_exchange_n(&head->first, NULL, __ATOMIC_SEQ_CST);
}

static inline struct llist_node *llist_reverse_order(struct llist_node *head)
{
	struct llist_node *reversed = NULL, *node;

	while (head) {
		node = head;
		head = head->next;
		node->next = reversed;
		reversed = node;
	}
	return reversed;
}

#define llist_entry(ptr, type, member)	container_of(ptr, type, member)
#define shim_llist_entry(ptr, type, member) \
	({ \
		struct llist_node *shim_node_ = (ptr); \
		shim_node_ ? llist_entry(shim_node_, type, member) : NULL; \
	})
#define llist_for_each_entry(pos, node, member) \
	for (pos = shim_llist_entry(node, typeof(*(pos)), member); pos; \
	     pos = shim_llist_entry((pos)->member.next, typeof(*(pos)), \
				    member))
/* n has the type of pos */
#define llist_for_each_entry_safe(pos, n, node, member) \
	for (pos = shim_llist_entry(node, typeof(*(pos)), member); \
	     pos && ({ n = shim_llist_entry((pos)->member.next, \
					    typeof(*(n)), member); 1; }); \
	     pos = n)

#endif
