// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE. Cases, see shim_cases.h: what is locked, retired, allocated,
 * printed and measured.
 */
#include "core_os.h"
#include "shim_cases.h"

struct item {
	int value;
	struct list_head node;
	struct hlist_node hnode;
	struct core_retired retired;
};

/* lock.h */

static DEFINE_SPINLOCK(static_lock);
static DEFINE_MUTEX(static_mutex);

static int case_spinlock(void)
{
	spinlock_t lock;

	spin_lock_init(&lock);
	spin_lock(&lock);
	lockdep_assert_held(&lock);
	spin_unlock(&lock);
	spin_lock_bh(&lock);
	spin_lock(&static_lock);
	lockdep_assert_held(&static_lock);
	spin_unlock(&static_lock);
	spin_unlock_bh(&lock);
	if (!spin_trylock_bh(&lock))
		return __LINE__;
	lockdep_assert_held(&lock);
	spin_unlock_bh(&lock);
	if (!spin_trylock(&lock))
		return __LINE__;
	spin_unlock(&lock);
	lockdep_assert_not_held(&lock);
	might_sleep();
	return 0;
}

static int case_mutex(void)
{
	struct mutex mutex;

	mutex_init(&mutex);
	mutex_lock(&mutex);
	lockdep_assert_held(&mutex);
	/* a mutex forbids no sleep */
	might_sleep();
	mutex_lock(&static_mutex);
	mutex_unlock(&static_mutex);
	mutex_unlock(&mutex);
	if (!mutex_trylock(&mutex))
		return __LINE__;
	mutex_unlock(&mutex);
	mutex_destroy(&mutex);
	return 0;
}

/* rcu.h, rculist.h */

static struct item __rcu *shared;
static int retired_nr;

static void item_retired(struct core_retired *retired)
{
	struct item *item = container_of(retired, struct item, retired);

	retired_nr++;
	kfree(item);
}

static struct item *new_item(int value)
{
	struct item *item = kzalloc(sizeof(*item), GFP_KERNEL);

	if (item)
		item->value = value;
	return item;
}

static int case_rcu_pointer(void)
{
	struct item item = { .value = 5 };
	int value, checked, raw;

	CHECK(!rcu_access_pointer(shared));
	rcu_assign_pointer(shared, &item);
	core_read_begin();
	core_read_begin();
	value = rcu_dereference(shared)->value;
	core_read_end();
	checked = rcu_dereference_check(shared, 0)->value;
	raw = rcu_dereference_raw(shared)->value;
	core_read_end();
	CHECK(value == 5 && checked == 5 && raw == 5);
	spin_lock(&static_lock);
	value = rcu_dereference_protected(shared,
			lockdep_is_held(&static_lock))->value;
	spin_unlock(&static_lock);
	CHECK(value == 5);
	RCU_INIT_POINTER(shared, NULL);
	CHECK(!rcu_access_pointer(shared));
	core_barrier();
	return 0;
}

static int case_retire(void)
{
	struct item *item;
	int i;

	retired_nr = 0;
	for (i = 0; i < 10; i++) {
		item = new_item(i);
		CHECK(item);
		core_retire(&item->retired, item_retired);
	}
	core_barrier();
	CHECK(retired_nr == 10);
	/* allowed with a lock that the callback might want, and in a section */
	item = new_item(1);
	CHECK(item);
	spin_lock_bh(&static_lock);
	core_read_begin();
	core_retire(&item->retired, item_retired);
	core_read_end();
	spin_unlock_bh(&static_lock);
	core_barrier();
	CHECK(retired_nr == 11);
	core_barrier();
	return 0;
}

static int case_list_rcu(void)
{
	struct item i[3] = {
		{ .value = 1 }, { .value = 2 }, { .value = 3 }
	}, *pos;
	LIST_HEAD(list);
	int n = 0;

	list_add_tail_rcu(&i[1].node, &list);
	list_add_tail_rcu(&i[2].node, &list);
	list_add_rcu(&i[0].node, &list);
	core_read_begin();
	list_for_each_entry_rcu(pos, &list, node)
		n = n * 10 + pos->value;
	core_read_end();
	CHECK(n == 123);
	list_for_each_entry_reverse(pos, &list, node)
		n = n * 10 + pos->value;
	CHECK(n == 123321);
	/* who was on it may go on from there */
	list_del_rcu(&i[1].node);
	CHECK(i[1].node.next == &i[2].node);
	CHECK(list_entry_rcu(list.next, struct item, node) == &i[0]);
	n = 0;
	spin_lock(&static_lock);
	list_for_each_entry_rcu(pos, &list, node,
				lockdep_is_held(&static_lock))
		n = n * 10 + pos->value;
	spin_unlock(&static_lock);
	CHECK(n == 13);
	return 0;
}

static int case_hlist_rcu(void)
{
	struct item i[3] = {
		{ .value = 1 }, { .value = 2 }, { .value = 3 }
	}, *pos;
	HLIST_HEAD(list);
	int n = 0, k;

	for (k = 0; k < 3; k++)
		hlist_add_head_rcu(&i[k].hnode, &list);
	hlist_del_rcu(&i[1].hnode);
	CHECK(i[1].hnode.next == &i[0].hnode);
	core_read_begin();
	hlist_for_each_entry_rcu(pos, &list, hnode)
		n = n * 10 + pos->value;
	core_read_end();
	CHECK(n == 31);
	hlist_del_init_rcu(&i[0].hnode);
	hlist_del_init_rcu(&i[0].hnode);
	CHECK(hlist_unhashed(&i[0].hnode));
	hlist_del_init_rcu(&i[2].hnode);
	CHECK(hlist_empty(&list));
	return 0;
}

/* slab.h */

static int case_kmalloc(void)
{
	size_t huge = SIZE_MAX / 2;
	u8 *p, *q;

	kfree(NULL);
	p = kmalloc(100, GFP_KERNEL);
	CHECK(p);
	memset(p, 1, 100);
	q = krealloc(p, 1000, GFP_KERNEL);
	CHECK(q && !memchr_inv(q, 1, 100));
	kfree_sensitive(q);
	kfree_sensitive(NULL);
	p = kzalloc(77, GFP_ATOMIC);
	CHECK(p && !memchr_inv(p, 0, 77));
	kfree(p);
	p = kcalloc(7, 11, GFP_NOWAIT | __GFP_NOWARN);
	CHECK(p && !memchr_inv(p, 0, 77));
	kfree(p);
	p = kmalloc_array(7, 11, GFP_KERNEL | __GFP_ZERO);
	CHECK(p && !memchr_inv(p, 0, 77));
	kfree(p);
	CHECK(!kmalloc_array(huge, 4, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!kcalloc(huge, 4, GFP_KERNEL | __GFP_NOWARN));
	p = kmalloc(0, GFP_KERNEL);
	CHECK(p && ZERO_OR_NULL_PTR(p) && ZERO_OR_NULL_PTR(NULL));
	q = krealloc(p, 3, GFP_KERNEL);
	CHECK(q && !ZERO_OR_NULL_PTR(q));
	p = krealloc(q, 0, GFP_KERNEL);
	CHECK(p == ZERO_SIZE_PTR);
	kfree(p);
	return 0;
}

static int case_kvmalloc(void)
{
	u8 *p;

	kvfree(NULL);
	p = kvmalloc(100000, GFP_KERNEL);
	CHECK(p);
	memset(p, 1, 100000);
	kvfree(p);
	p = kvzalloc(100000, GFP_KERNEL);
	CHECK(p && !memchr_inv(p, 0, 100000));
	kvfree(p);
	p = kvcalloc(1000, 100, GFP_KERNEL);
	CHECK(p && !memchr_inv(p, 0, 100000));
	kvfree(p);
	p = kvmalloc_array(1000, 100, GFP_KERNEL);
	CHECK(p);
	kvfree(p);
	CHECK(gfpflags_allow_blocking(GFP_KERNEL));
	CHECK(!gfpflags_allow_blocking(GFP_ATOMIC));
	CHECK(!gfpflags_allow_blocking(GFP_NOWAIT));
	return 0;
}

static int case_kmem_cache(void)
{
	struct kmem_cache *cache;
	u8 *obj[200];
	int i, round;

	kmem_cache_destroy(NULL);
	cache = kmem_cache_create("shim_case", 40, 0, SLAB_HWCACHE_ALIGN, NULL);
	CHECK(cache);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			obj[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			CHECK(obj[i] && IS_ALIGNED((uintptr_t)obj[i], 64));
			memset(obj[i], i, 40);
		}
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			CHECK(!memchr_inv(obj[i], i, 40));
			kmem_cache_free(cache, obj[i]);
		}
	}
	obj[0] = kmem_cache_zalloc(cache, GFP_ATOMIC);
	CHECK(obj[0] && !memchr_inv(obj[0], 0, 40));
	kmem_cache_free(cache, obj[0]);
	kmem_cache_destroy(cache);
	return 0;
}

/* kstring.h */

static int case_mem(void)
{
	char buf[16] = "0123456789";
	u8 same[20];

	memmove(buf + 2, buf, 5);
	CHECK(!memcmp(buf, "0101234789", 10));
	CHECK(memchr(buf, '7', 10) == buf + 7 && !memchr(buf, 'x', 10));
	memset(same, 9, sizeof(same));
	CHECK(!memchr_inv(same, 9, sizeof(same)));
	same[19] = 8;
	CHECK(memchr_inv(same, 9, sizeof(same)) == same + 19);
	CHECK(!memchr_inv(same, 9, 19) && !memchr_inv(same, 1, 0));
	CHECK(memchr_inv(same, 0, 2) == same);
	return 0;
}

static int case_str(void)
{
	static const char text[] = "one two one";

	CHECK(strlen(text) == 11 && strnlen(text, 5) == 5);
	CHECK(strcmp(text, "one") > 0 && !strncmp(text, "one", 3));
	CHECK(strchr(text, 'o') == text && strrchr(text, 'o') == text + 8);
	CHECK(!strchr(text, 'x') && strstr(text, "two") == text + 4);
	CHECK(!strstr(text, "three"));
	CHECK(!strcasecmp("AbC", "aBc") && strcasecmp("ab", "abc") < 0);
	CHECK(strcasecmp("b", "A") > 0);
	CHECK(!strncasecmp("ABx", "aby", 2) && strncasecmp("ABx", "aby", 3));
	return 0;
}

static int case_strscpy(void)
{
	char buf[4] = "xxx";

	CHECK(strscpy(buf, "ab", sizeof(buf)) == 2 && !strcmp(buf, "ab"));
	CHECK(strscpy(buf, "abc", sizeof(buf)) == 3 && !strcmp(buf, "abc"));
	CHECK(strscpy(buf, "wxyz", sizeof(buf)) == -E2BIG);
	CHECK(!strcmp(buf, "wxy"));
	CHECK(strscpy(buf, "", sizeof(buf)) == 0 && !buf[0]);
	return 0;
}

static int case_strdup(void)
{
	char *p;

	p = kstrdup("hello", GFP_KERNEL);
	CHECK(p && !strcmp(p, "hello"));
	kfree(p);
	CHECK(!kstrdup(NULL, GFP_KERNEL) && !kstrndup(NULL, 3, GFP_KERNEL));
	p = kstrndup("hello", 3, GFP_KERNEL);
	CHECK(p && !strcmp(p, "hel"));
	kfree(p);
	p = kstrndup("hello", 30, GFP_KERNEL);
	CHECK(p && !strcmp(p, "hello"));
	kfree(p);
	p = kmemdup("\0\1\2", 3, GFP_KERNEL);
	CHECK(p && !memcmp(p, "\0\1\2", 3));
	kfree(p);
	p = kasprintf(GFP_KERNEL, "%s-%llu", "x", (u64)U64_MAX);
	CHECK(p && !strcmp(p, "x-18446744073709551615"));
	kfree(p);
	return 0;
}

static __printf(3, 4) noinline
int print(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vscnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

/* not known to the compiler, which would warn of what is cut */
static size_t printf_size = 4;

static int case_printf(void)
{
	char buf[8] = "xxxxxxx";
	size_t four = READ_ONCE(printf_size);

	CHECK(snprintf(buf, four, "%s", "abcdef") == 6 && !strcmp(buf, "abc"));
	CHECK(scnprintf(buf, four, "%d", 123456) == 3 && !strcmp(buf, "123"));
	CHECK(scnprintf(buf, four, "%c", 'x') == 1 && !strcmp(buf, "x"));
	CHECK(scnprintf(buf, four - 4, "%c", 'y') == 0 && buf[0] == 'x');
	CHECK(print(buf, four, "%s", "hello") == 3 && !strcmp(buf, "hel"));
	CHECK(print(buf, 8, "%02x-%zu", 10, four) == 4);
	CHECK(!strcmp(buf, "0a-4"));
	return 0;
}

static int case_kstrtoull(void)
{
	unsigned long long v = 1;
	unsigned long l;
	u64 u;

	CHECK(!kstrtoull("123", 10, &v) && v == 123);
	CHECK(!kstrtoull("+7\n", 0, &v) && v == 7);
	CHECK(!kstrtoull("0x1F", 0, &v) && v == 31);
	CHECK(!kstrtoull("0X1f", 16, &v) && v == 31);
	CHECK(!kstrtoull("017", 0, &v) && v == 15);
	CHECK(!kstrtoull("0", 0, &v) && v == 0);
	CHECK(!kstrtoull("18446744073709551615", 10, &v) && v == U64_MAX);
	CHECK(kstrtoull("18446744073709551616", 10, &v) == -ERANGE);
	CHECK(kstrtoull("99999999999999999999999x", 10, &v) == -ERANGE);
	v = 5;
	CHECK(kstrtoull("", 10, &v) == -EINVAL);
	CHECK(kstrtoull("+", 10, &v) == -EINVAL);
	CHECK(kstrtoull("-1", 10, &v) == -EINVAL);
	CHECK(kstrtoull(" 1", 10, &v) == -EINVAL);
	CHECK(kstrtoull("1 ", 10, &v) == -EINVAL);
	CHECK(kstrtoull("1\n\n", 10, &v) == -EINVAL);
	CHECK(kstrtoull("0x", 0, &v) == -EINVAL);
	CHECK(kstrtoull("12a", 10, &v) == -EINVAL);
	CHECK(kstrtoull("8", 8, &v) == -EINVAL);
	CHECK(v == 5);
	CHECK(!kstrtou64("42", 10, &u) && u == 42);
	CHECK(!kstrtoul("43", 10, &l) && l == 43);
	return 0;
}

static int case_kstrto_small(void)
{
	unsigned int i = 9;
	u32 w;
	u16 h;
	u8 b;

	CHECK(!kstrtouint("4294967295", 10, &i) && i == U32_MAX);
	CHECK(kstrtouint("4294967296", 10, &i) == -ERANGE && i == U32_MAX);
	CHECK(!kstrtou32("7", 10, &w) && w == 7);
	CHECK(!kstrtou16("65535", 10, &h) && h == U16_MAX);
	CHECK(kstrtou16("65536", 10, &h) == -ERANGE);
	CHECK(!kstrtou8("255", 10, &b) && b == 255);
	CHECK(kstrtou8("256", 10, &b) == -ERANGE);
	CHECK(kstrtou8("x", 10, &b) == -EINVAL);
	return 0;
}

static int case_kstrtobool(void)
{
	static const char * const yes[] = { "y", "Y", "1", "on", "ON", "yes" };
	static const char * const no[] = { "n", "N", "0", "off", "oF", "no\n" };
	bool v;
	int i;

	for (i = 0; i < ARRAY_SIZE(yes); i++) {
		v = false;
		CHECK(!kstrtobool(yes[i], &v) && v);
		CHECK(!kstrtobool(no[i], &v) && !v);
	}
	CHECK(kstrtobool("", &v) == -EINVAL && kstrtobool("x", &v) == -EINVAL);
	CHECK(kstrtobool("o", &v) == -EINVAL);
	CHECK(kstrtobool(NULL, &v) == -EINVAL);
	return 0;
}

static int case_hex(void)
{
	char text[9] = "";
	u8 bin[4];

	CHECK(hex_to_bin('0') == 0 && hex_to_bin('9') == 9);
	CHECK(hex_to_bin('a') == 10 && hex_to_bin('F') == 15);
	CHECK(hex_to_bin('g') < 0 && hex_to_bin('/') < 0);
	CHECK(hex_to_bin(':') < 0 && hex_to_bin('@') < 0);
	CHECK(hex_to_bin(0x10) < 0 && hex_to_bin(0xe1) < 0);
	CHECK(!hex2bin(bin, "01aBfF80", 4));
	CHECK(!memcmp(bin, "\x01\xab\xff\x80", 4));
	CHECK(hex2bin(bin, "0g", 1) < 0 && hex2bin(bin, "g0", 1) < 0);
	CHECK(bin2hex(text, bin, 4) == text + 8 && !strcmp(text, "01abff80"));
	return 0;
}

/* all that is asked of all characters, in one number */
static int case_ctype(void)
{
	u8 class[256];
	int c;

	CHECK(isdigit('0') && isdigit('9') && !isdigit('a') && !isdigit('/'));
	CHECK(isxdigit('f') && isxdigit('A') && !isxdigit('g'));
	CHECK(isspace(' ') && isspace('\n') && !isspace('x'));
	CHECK(isprint('~') && !isprint('\t') && !isprint(127));
	CHECK(isupper('Z') && !isupper('z'));
	CHECK(tolower('Z') == 'z' && tolower('1') == '1');
	for (c = 0; c < 256; c++)
		class[c] = (isdigit(c) ? 1 : 0) | (isxdigit(c) ? 2 : 0) |
			   (isspace(c) ? 4 : 0) | (isprint(c) ? 8 : 0) |
			   (isupper(c) ? 16 : 0);
	CHECK(core_hash(class, 256, 0) == 0xb2714253);
	for (c = 0; c < 256; c++)
		class[c] = tolower(c);
	CHECK(core_hash(class, 256, 0) == 0xc4efbee2);
	return 0;
}

/* percpu.h */

struct counters {
	u64 reads, writes;
};

static int case_percpu(void)
{
	struct counters __percpu *p = alloc_percpu(struct counters);
	struct counters __percpu *q;
	bool mine = false;
	u64 sum = 0;
	int cpu;

	CHECK(p);
	for_each_possible_cpu(cpu) {
		CHECK(!per_cpu_ptr(p, cpu)->reads);
		CHECK(!per_cpu_ptr(p, cpu)->writes);
		per_cpu_ptr(p, cpu)->writes = cpu;
	}
	raw_cpu_ptr(p)->reads += 3;
	CHECK(raw_smp_processor_id() < nr_cpu_ids);
	for_each_possible_cpu(cpu) {
		CHECK(per_cpu_ptr(p, cpu)->writes == cpu);
		sum += per_cpu_ptr(p, cpu)->reads;
		mine |= raw_cpu_ptr(p) == per_cpu_ptr(p, cpu);
	}
	CHECK(sum == 3 && mine);
	q = alloc_percpu_gfp(struct counters, GFP_KERNEL);
	CHECK(q && !raw_cpu_ptr(q)->reads);
	free_percpu(q);
	free_percpu(p);
	free_percpu(NULL);
	return 0;
}

/* seg.h */

static size_t segs_len(const struct core_seg *segs, u32 nr)
{
	size_t len = 0;

	while (nr--)
		len += core_seg_len(&segs[nr]);
	return len;
}

/* counts up through the segment, writing or comparing; the next number */
static int seg_walk(const struct core_seg *s, int n, bool write)
{
	size_t off = 0, len, i;
	u8 *p;

	for (; off < core_seg_len(s); off += len) {
		p = core_seg_map(s, off, &len);
		if (!len || len > core_seg_len(s) - off)
			n = INT_MIN;
		for (i = 0; i < len; i++, n = (n + 1) % 251) {
			if (write)
				p[i] = n;
			else if (p[i] != n)
				n = INT_MIN;
		}
		core_seg_unmap(p);
	}
	return n;
}

static int segs_case(size_t len, gfp_t gfp)
{
	struct core_seg *segs, first;
	u32 nr, i;
	int n = 0;

	CHECK(!core_segs_alloc(&segs, &nr, len, gfp));
	CHECK(segs_len(segs, nr) == len && nr);
	for (i = 0; i < nr; i++)
		n = seg_walk(&segs[i], n, true);
	for (i = 0, n = 0; i < nr; i++)
		n = seg_walk(&segs[i], n, false);
	CHECK(n == len % 251);
	/* from any byte on */
	first = segs[0];
	core_seg_advance(&first, 1);
	CHECK(core_seg_len(&first) == core_seg_len(&segs[0]) - 1);
	CHECK(seg_walk(&first, 1, false) >= 0);
	if (core_seg_len(&first) > 5000) {
		core_seg_advance(&first, 4999);
		CHECK(seg_walk(&first, 5000 % 251, false) >= 0);
	}
	core_seg_trim(&first, 3);
	core_seg_trim(&first, 4);
	CHECK(core_seg_len(&first) == min_t(size_t, 3, len - 1));
	/* what is left of a segment does not matter to the free */
	core_seg_advance(&segs[0], core_seg_len(&segs[0]));
	CHECK(core_seg_len(&segs[0]) == 0);
	core_segs_free(segs, nr);
	return 0;
}

static int case_segs(void)
{
	static const size_t sizes[] = {
		1, 2, 511, 4095, 4096, 4097, 8192, 65536, 100001, 1 << 20,
	};
	struct core_seg *segs;
	int i, line;
	u32 nr;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		line = segs_case(sizes[i], GFP_KERNEL);
		if (line)
			return line;
	}
	line = segs_case(10000, GFP_ATOMIC);
	if (line)
		return line;
	CHECK(!core_segs_alloc(&segs, &nr, 0, GFP_KERNEL) && !nr && !segs);
	core_segs_free(segs, nr);
	return 0;
}

/* header bytes that are no page's beginning, across pages */
static int case_seg_set(void)
{
	u8 *p = kmalloc(9001, GFP_KERNEL);
	struct core_seg s;
	int i;

	CHECK(p);
	core_seg_set(&s, p + 1, 9000);
	CHECK(core_seg_len(&s) == 9000 && seg_walk(&s, 0, true) >= 0);
	for (i = 0; i < 9000; i++)
		CHECK(p[i + 1] == i % 251);
	kfree(p);
	core_seg_set(&s, NULL, 512);
	CHECK(core_seg_len(&s) == 512);
	return 0;
}

static int case_segs_zero(void)
{
	struct core_seg *segs;
	size_t len;
	u32 nr;
	u8 *p;

	CHECK(!core_segs_alloc(&segs, &nr, 100, GFP_KERNEL | __GFP_ZERO));
	p = core_seg_map(&segs[0], 1, &len);
	CHECK(len == 99 && !memchr_inv(p, 0, len));
	core_seg_unmap(p);
	core_segs_free(segs, nr);
	return 0;
}

/* crc32c.h, ktime.h */

static u32 digest(const void *p, unsigned int len)
{
	return ~crc32c(~0U, p, len);
}

/* the vectors of RFC 7143, appendix A.4, and the usual nine digits */
static int case_crc32c(void)
{
	u8 buf[32];
	int i;

	CHECK(digest("123456789", 9) == 0xe3069283);
	memset(buf, 0, 32);
	CHECK(digest(buf, 32) == 0x8a9136aa);
	memset(buf, 0xff, 32);
	CHECK(digest(buf, 32) == 0x62a8ab43);
	for (i = 0; i < 32; i++)
		buf[i] = i;
	CHECK(digest(buf, 32) == 0x46dd794e);
	for (i = 0; i < 32; i++)
		buf[i] = 31 - i;
	CHECK(digest(buf, 32) == 0x113fdb5c);
	/* in pieces, and nothing */
	CHECK(~crc32c(crc32c(~0U, buf, 13), buf + 13, 19) == 0x113fdb5c);
	CHECK(crc32c(77, buf, 0) == 77);
	return 0;
}

static int case_crc32c_long(void)
{
	size_t len = 20000, i;
	u8 *p = kvmalloc(len, GFP_KERNEL);
	u32 whole, pieces = ~0U;

	CHECK(p);
	for (i = 0; i < len; i++)
		p[i] = i * i >> 3;
	whole = crc32c(~0U, p, len);
	for (i = 0; i < len; i += 40)
		pieces = crc32c(pieces, p + i, 40);
	CHECK(whole == pieces);
	kvfree(p);
	return 0;
}

static int case_time(void)
{
	u64 a = ktime_get_ns(), b = ktime_get_ns();
	time64_t now = ktime_get_real_seconds();

	CHECK(a && b >= a && b - a < 10ULL * NSEC_PER_SEC);
	CHECK(now > 1700000000);
	CHECK(NSEC_PER_SEC == 1000 * NSEC_PER_MSEC);
	CHECK(NSEC_PER_MSEC == 1000 * NSEC_PER_USEC && NSEC_PER_USEC == 1000);
	CHECK(USEC_PER_SEC == 1000 * USEC_PER_MSEC && MSEC_PER_SEC == 1000);
	return 0;
}

const struct shim_case shim_cases_os[] = {
	CASE(spinlock), CASE(mutex),
	CASE(rcu_pointer), CASE(retire), CASE(list_rcu), CASE(hlist_rcu),
	CASE(kmalloc), CASE(kvmalloc), CASE(kmem_cache),
	CASE(mem), CASE(str), CASE(strscpy), CASE(strdup), CASE(printf),
	CASE(kstrtoull), CASE(kstrto_small), CASE(kstrtobool), CASE(hex),
	CASE(ctype), CASE(percpu), CASE(segs), CASE(segs_zero),
	CASE(seg_set),
	CASE(crc32c), CASE(crc32c_long), CASE(time),
	{ .name = NULL }
};
