// SPDX-License-Identifier: GPL-2.0-only
/*
 * KERNEL. What core_os.h does not do in line: retirement by call_rcu, and
 * data buffers.
 *
 * The exports carry no licence condition: the modules that use them may be
 * anybody's.
 */
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/module.h>

#include "core_os.h"
#include "scst_handler.h"

static void core_retired_run(struct rcu_head *rcu)
{
	struct core_retired *retired;

	retired = container_of(rcu, struct core_retired, rcu);
	retired->fn(retired);
}

void core_retire(struct core_retired *retired,
		 void (*fn)(struct core_retired *retired))
{
	retired->fn = fn;
	call_rcu(&retired->rcu, core_retired_run);
}
EXPORT_SYMBOL(core_retire);

/* the largest piece that may fail without harm, at most @order, at last one */
static struct page *seg_alloc_pages(unsigned int *order, gfp_t gfp)
{
	gfp_t eager = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN |
		      __GFP_NORETRY | __GFP_COMP;
	struct page *page;

	for (; *order; (*order)--) {
		page = alloc_pages(eager, *order);
		if (page)
			return page;
	}
	return alloc_page(gfp);
}

/* pages of the remaining @len, as an order the allocator likes to serve */
static unsigned int seg_order(size_t len)
{
	size_t pages = DIV_ROUND_UP(len, PAGE_SIZE);

	return min_t(unsigned int, ilog2(pages), PAGE_ALLOC_COSTLY_ORDER);
}

/*
 * The list is as long as single pages would need: known before the first of
 * them is there, and few segments of it are used when memory is whole.
 */
int core_segs_alloc(struct core_seg **segs, u32 *nr, size_t len, gfp_t gfp)
{
	size_t max = DIV_ROUND_UP(len, PAGE_SIZE);
	struct core_seg *s;
	unsigned int order;
	struct page *page;
	u32 n;

	*segs = NULL;
	*nr = 0;
	if (!len)
		return 0;
	if (max > U32_MAX)
		return -ENOMEM;
	s = kvmalloc_array(max, sizeof(*s), gfp & ~__GFP_ZERO);
	if (!s)
		return -ENOMEM;
	for (n = 0; len; n++) {
		order = seg_order(len);
		page = seg_alloc_pages(&order, gfp);
		if (!page) {
			core_segs_free(s, n);
			return -ENOMEM;
		}
		s[n].bv_page = page;
		s[n].bv_offset = 0;
		s[n].bv_len = min_t(size_t, len, PAGE_SIZE << order);
		len -= s[n].bv_len;
	}
	*segs = s;
	*nr = n;
	return 0;
}
EXPORT_SYMBOL(core_segs_alloc);

void core_segs_free(struct core_seg *segs, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		put_page(segs[i].bv_page);
	kvfree(segs);
}
EXPORT_SYMBOL(core_segs_free);

/*
 * Waits for nothing, since a command may come from a context that must not
 * sleep; when memory is short the command ends with BUSY.
 */
int scst_pages_alloc(struct scst_cmd *cmd, u32 len)
{
	return core_segs_alloc(&cmd->segs, &cmd->nr_segs, len,
			       GFP_ATOMIC | __GFP_NOWARN);
}
EXPORT_SYMBOL(scst_pages_alloc);

void scst_pages_free(struct scst_cmd *cmd)
{
	core_segs_free(cmd->segs, cmd->nr_segs);
}
EXPORT_SYMBOL(scst_pages_free);
