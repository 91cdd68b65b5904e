// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * PORTABLE. Cases, see shim_cases.h: what is computed, counted and linked.
 */
#define pr_fmt(fmt) "shim_cases: " fmt
#include "core_os.h"
#include "shim_cases.h"

struct item {
	int value;
	struct list_head node;
	struct hlist_node hnode;
	struct llist_node lnode;
};

/* compiler.h */

static_assert(sizeof(u8) == 1 && sizeof(u16) == 2 && sizeof(u32) == 4);
static_assert(sizeof(u64) == 8, "with a message");
static_assert(sizeof(s8) == 1 && sizeof(s16) == 2 && sizeof(s32) == 4 &&
	      sizeof(s64) == 8);
static_assert(sizeof(__be16) == 2 && sizeof(__be32) == 4 &&
	      sizeof(__be64) == 8);
static_assert(sizeof(__le16) == 2 && sizeof(__le32) == 4 &&
	      sizeof(__le64) == 8);
static_assert(sizeof(gfp_t) == 4);

static int case_types(void)
{
	struct {
		u8 a;
		u32 b;
	} __packed packed;
	u8 aligned[3] __aligned(64);

	BUILD_BUG_ON(sizeof(packed) != 5);
	CHECK(IS_ALIGNED((uintptr_t)aligned, 64));
	CHECK(U8_MAX == 255 && U16_MAX == 65535 && U32_MAX == 4294967295U);
	CHECK(U64_MAX == 18446744073709551615ULL && U64_MAX + 1 == 0);
	CHECK(S32_MAX == INT_MAX && S64_MAX == 9223372036854775807LL);
	CHECK(SIZE_MAX == (size_t)-1 && (ssize_t)SIZE_MAX == -1);
	return 0;
}

static int fall_through(int n)
{
	switch (n) {
	case 1:
		n += 10;
		fallthrough;
	case 2:
		n += 100;
	}
	return n;
}

static noinline int case_compiler(void)
{
	struct item item = { .value = 7 };
	int array[5] __maybe_unused, x = 1;
	struct list_head *node = &item.node;

	CHECK(ARRAY_SIZE(array) == 5);
	CHECK(container_of(node, struct item, node) == &item);
	CHECK(container_of(node, struct item, node)->value == 7);
	CHECK(offsetof(struct item, value) == 0);
	CHECK(likely(x) && !unlikely(!x));
	CHECK(fall_through(1) == 111 && fall_through(2) == 102);
	WRITE_ONCE(x, 2);
	CHECK(READ_ONCE(x) == 2);
	smp_store_release(&x, 3);
	CHECK(smp_load_acquire(&x) == 3);
	barrier();
	return 0;
}

static int case_bug(void)
{
	bool no = false;

	CHECK(!WARN_ON(no) && !WARN_ON_ONCE(no));
	CHECK(!WARN(no, "not %d\n", 1) && !WARN_ONCE(no, "not %d\n", 1));
	BUG_ON(no);
	return 0;
}

static int case_err(void)
{
	int x;

	CHECK(PTR_ERR(ERR_PTR(-ENOMEM)) == -ENOMEM);
	CHECK(IS_ERR(ERR_PTR(-1)) && IS_ERR(ERR_PTR(-4095)));
	CHECK(!IS_ERR(ERR_PTR(-4096)) && !IS_ERR(&x) && !IS_ERR(NULL));
	CHECK(IS_ERR_OR_NULL(NULL) && IS_ERR_OR_NULL(ERR_PTR(-EIO)));
	CHECK(!IS_ERR_OR_NULL(&x));
	CHECK(PTR_ERR_OR_ZERO(&x) == 0);
	CHECK(PTR_ERR_OR_ZERO(ERR_PTR(-EINVAL)) == -EINVAL);
	CHECK(ERR_CAST(ERR_PTR(-EIO)) == ERR_PTR(-EIO));
	CHECK(ENOTSUPP == 524 && ERESTARTSYS == 512);
	return 0;
}

static int case_log(void)
{
	pr_debug("debug %d\n", 1);
	pr_info("info %s\n", "two");
	pr_debug_ratelimited("debug %d\n", 3);
	pr_info_ratelimited("info %d\n", 4);
	pr_info_once("info %d\n", 5);
	return 0;
}

/* minmax.h */

static int case_minmax(void)
{
	u8 small = 3;
	u32 a = 5;
	size_t b = 9;
	int i = 1, n = -1;

	CHECK(min(a, b) == 5 && max(a, b) == 9 && min(a, 7) == 5);
	CHECK(max(small, a) == 5 && min(n, 0) == -1);
	CHECK(min(min(a, b), max(a, 2U)) == 5);
	CHECK(min_t(int, n, 2) == -1 && max_t(int, n, 0) == 0);
	CHECK(min3(a, b, 4U) == 4 && max3(a, b, 10U) == 10);
	CHECK(clamp(n, 0, 3) == 0 && clamp(i, 0, 3) == 1);
	CHECK(clamp_t(u32, 9, 2, 4) == 4);
	/* arguments are evaluated once */
	CHECK(min(i++, 5) == 1 && i == 2);
	CHECK(max_t(int, ++i, 0) == 3 && i == 3);
	swap(i, n);
	CHECK(i == -1 && n == 3);
	return 0;
}

static int case_rounding(void)
{
	u32 x = 4097;
	u64 big = U32_MAX;
	char *p = (char *)5;

	CHECK(DIV_ROUND_UP(x, 4096) == 2 && DIV_ROUND_UP(4096, 4096) == 1);
	CHECK(round_up(x, 4096) == 8192 && round_up(4096, 4096) == 4096);
	CHECK(round_up(0U, 8) == 0);
	/* the mask takes the type of the first: no bits are lost */
	CHECK(round_up(big, 4096) == 1ULL << 32);
	CHECK(round_down(big, 4096U) == 0xfffff000U);
	CHECK(ALIGN(x, 8) == 4104 && ALIGN_DOWN(x, 8) == 4096);
	CHECK(IS_ALIGNED(4096, 4096) && !IS_ALIGNED(x, 2));
	CHECK(PTR_ALIGN(p, 8) == (char *)8);
	return 0;
}

static int case_bits(void)
{
	u64 n = 1;

	CHECK(is_power_of_2(1) && is_power_of_2(4096));
	CHECK(!is_power_of_2(0) && !is_power_of_2(6));
	CHECK(ilog2(n) == 0 && ilog2(n << 40) == 40 && ilog2(n + 4) == 2);
	CHECK(roundup_pow_of_two(1) == 1 && roundup_pow_of_two(5) == 8);
	CHECK(roundup_pow_of_two(8) == 8);
	CHECK(BIT(5) == 32 && BIT_ULL(40) == 1ULL << 40);
	CHECK(GENMASK(7, 4) == 0xf0 && GENMASK(0, 0) == 1);
	CHECK(GENMASK_ULL(63, 0) == U64_MAX);
	CHECK(GENMASK_ULL(39, 32) >> 32 == 255);
	CHECK(upper_32_bits(0x123456789abcdefULL) == 0x1234567);
	CHECK(lower_32_bits(0x123456789abcdefULL) == 0x89abcdef);
	return 0;
}

static int case_div(void)
{
	u32 rem;

	CHECK(div_u64(U64_MAX, 10) == 1844674407370955161ULL);
	CHECK(div64_u64(U64_MAX, 1ULL << 40) == (1 << 24) - 1);
	CHECK(div_u64_rem(1000000000007ULL, 1000, &rem) == 1000000000);
	CHECK(rem == 7);
	return 0;
}

struct flexible {
	u32 nr;
	u64 entry[];
};

static int case_overflow(void)
{
	struct flexible *f = NULL;
	size_t many = SIZE_MAX / 4;
	u32 u;
	int i;

	CHECK(!check_add_overflow(1U, 2U, &u) && u == 3);
	CHECK(check_add_overflow(U32_MAX, 1U, &u) && u == 0);
	CHECK(check_sub_overflow(1U, 2U, &u));
	CHECK(!check_sub_overflow(2U, 1U, &u) && u == 1);
	CHECK(check_mul_overflow(1U << 16, 1U << 16, &u));
	CHECK(!check_mul_overflow(1U << 16, 3U, &u) && u == 3U << 16);
	CHECK(check_add_overflow(INT_MAX, 1, &i));
	CHECK(struct_size(f, entry, 3) == sizeof(*f) + 24);
	CHECK(struct_size(f, entry, many) == SIZE_MAX);
	CHECK(array_size(many, 3) == many * 3);
	CHECK(array_size(many, 5) == SIZE_MAX);
	CHECK(size_add(many, 1) == many + 1 && size_mul(many, 8) == SIZE_MAX);
	CHECK(size_add(SIZE_MAX, 1) == SIZE_MAX);
	return 0;
}

/* byteorder.h */

static int case_byteorder(void)
{
	static const __be16 table[] = { cpu_to_be16(0x0102) };
	__be32 be = cpu_to_be32(0x01020304);
	__le32 le = cpu_to_le32(0x01020304);

	CHECK(*(const u8 *)table == 1 && be16_to_cpu(table[0]) == 0x0102);
	CHECK(*(u8 *)&be == 1 && *(u8 *)&le == 4);
	CHECK(be32_to_cpu(be) == 0x01020304 && le32_to_cpu(le) == 0x01020304);
	CHECK(be64_to_cpu(cpu_to_be64(U64_MAX - 5)) == U64_MAX - 5);
	CHECK(le16_to_cpu(cpu_to_le16(0x0102)) == 0x0102);
	CHECK(le64_to_cpu(cpu_to_le64(U64_MAX - 5)) == U64_MAX - 5);
	return 0;
}

static int case_unaligned(void)
{
	static const u8 bytes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	const u8 *p = bytes + 1;
	u8 buf[9];

	CHECK(get_unaligned_be16(p) == 0x0102);
	CHECK(get_unaligned_be24(p) == 0x010203);
	CHECK(get_unaligned_be32(p) == 0x01020304);
	CHECK(get_unaligned_be48(p) == 0x010203040506ULL);
	CHECK(get_unaligned_be64(p) == 0x0102030405060708ULL);
	CHECK(get_unaligned_le16(p) == 0x0201);
	CHECK(get_unaligned_le32(p) == 0x04030201);
	CHECK(get_unaligned_le64(p) == 0x0807060504030201ULL);

	memset(buf, 0, sizeof(buf));
	put_unaligned_be16(0x0102, buf + 1);
	put_unaligned_be24(0x030405, buf + 3);
	CHECK(!memcmp(buf, bytes, 6) && buf[6] == 0);
	put_unaligned_be48(0x010203040506ULL, buf + 1);
	CHECK(!memcmp(buf, bytes, 7) && buf[7] == 0);
	put_unaligned_be32(0x01020304, buf + 1);
	put_unaligned_le32(0x08070605, buf + 5);
	CHECK(!memcmp(buf, bytes, 9));
	put_unaligned_le64(0, buf + 1);
	put_unaligned_be64(0x0102030405060708ULL, buf + 1);
	CHECK(!memcmp(buf, bytes, 9));
	put_unaligned_le64(0x0807060504030201ULL, buf + 1);
	CHECK(!memcmp(buf, bytes, 9));
	put_unaligned_le16(0x0302, buf + 2);
	CHECK(!memcmp(buf, bytes, 9));
	return 0;
}

/* atomic.h */

#define ATOMIC_ORDER(pfx, sfx) \
	do { \
		pfx##_set(&v, 10); \
		CHECK(pfx##_add_return##sfx(5, &v) == 15); \
		CHECK(pfx##_sub_return##sfx(3, &v) == 12); \
		CHECK(pfx##_inc_return##sfx(&v) == 13); \
		CHECK(pfx##_dec_return##sfx(&v) == 12); \
		CHECK(pfx##_fetch_add##sfx(2, &v) == 12); \
		CHECK(pfx##_fetch_sub##sfx(4, &v) == 14); \
		CHECK(pfx##_fetch_inc##sfx(&v) == 10); \
		CHECK(pfx##_fetch_dec##sfx(&v) == 11); \
		CHECK(pfx##_fetch_or##sfx(5, &v) == 10); \
		CHECK(pfx##_fetch_and##sfx(6, &v) == 15); \
		CHECK(pfx##_xchg##sfx(&v, 20) == 6); \
		CHECK(pfx##_cmpxchg##sfx(&v, 20, 21) == 20); \
		CHECK(pfx##_cmpxchg##sfx(&v, 20, 22) == 21); \
		old = 20; \
		CHECK(!pfx##_try_cmpxchg##sfx(&v, &old, 23) && old == 21); \
		CHECK(pfx##_try_cmpxchg##sfx(&v, &old, 23) && old == 21); \
		CHECK(pfx##_read(&v) == 23); \
	} while (0)

#define ATOMIC_CASES(pfx, type, init) \
static noinline int case_##pfx##_orders(void) \
{ \
	pfx##_t v; \
	type old; \
\
	ATOMIC_ORDER(pfx,); \
	ATOMIC_ORDER(pfx, _relaxed); \
	ATOMIC_ORDER(pfx, _acquire); \
	ATOMIC_ORDER(pfx, _release); \
	return 0; \
} \
static noinline int case_##pfx(void) \
{ \
	pfx##_t v = init(3); \
\
	CHECK(pfx##_read(&v) == 3 && pfx##_read_acquire(&v) == 3); \
	pfx##_set_release(&v, 1); \
	pfx##_inc(&v); \
	pfx##_add(8, &v); \
	pfx##_dec(&v); \
	pfx##_sub(2, &v); \
	CHECK(pfx##_read(&v) == 7); \
	pfx##_or(8, &v); \
	pfx##_and(9, &v); \
	CHECK(pfx##_read(&v) == 9); \
	CHECK(!pfx##_sub_and_test(7, &v)); \
	CHECK(!pfx##_dec_and_test(&v) && pfx##_dec_and_test(&v)); \
	CHECK(!pfx##_inc_not_zero(&v) && pfx##_read(&v) == 0); \
	CHECK(pfx##_dec_if_positive(&v) == -1 && pfx##_read(&v) == 0); \
	pfx##_set(&v, -1); \
	CHECK(pfx##_inc_and_test(&v)); \
	CHECK(pfx##_add_unless(&v, 4, 1) && !pfx##_add_unless(&v, 4, 4)); \
	CHECK(pfx##_inc_not_zero(&v) && pfx##_read(&v) == 5); \
	CHECK(pfx##_dec_if_positive(&v) == 4 && pfx##_read(&v) == 4); \
	CHECK(pfx##_sub_and_test(4, &v)); \
	return 0; \
}

ATOMIC_CASES(atomic, int, ATOMIC_INIT)
ATOMIC_CASES(atomic64, s64, ATOMIC64_INIT)
ATOMIC_CASES(atomic_long, long, ATOMIC_LONG_INIT)

static int case_xchg(void)
{
	u32 v = 1, old = 0;
	void *p = NULL;

	CHECK(xchg(&v, 2) == 1 && xchg_relaxed(&v, 3) == 2);
	CHECK(xchg_acquire(&v, 4) == 3 && xchg_release(&v, 5) == 4);
	CHECK(cmpxchg(&v, 5, 6) == 5 && cmpxchg(&v, 5, 7) == 6);
	CHECK(cmpxchg_relaxed(&v, 6, 7) == 6);
	CHECK(cmpxchg_acquire(&v, 7, 8) == 7);
	CHECK(cmpxchg_release(&v, 8, 9) == 8);
	CHECK(!try_cmpxchg(&v, &old, 1) && old == 9);
	CHECK(try_cmpxchg(&v, &old, 1) && v == 1);
	CHECK(!xchg(&p, &v) && p == &v);
	CHECK(cmpxchg(&p, (void *)&v, NULL) == &v && !p);
	return 0;
}

static int case_refcount(void)
{
	refcount_t r = REFCOUNT_INIT(1);

	refcount_inc(&r);
	refcount_add(2, &r);
	CHECK(refcount_read(&r) == 4);
	CHECK(refcount_inc_not_zero(&r));
	CHECK(!refcount_sub_and_test(3, &r));
	CHECK(!refcount_dec_and_test(&r));
	CHECK(refcount_dec_and_test(&r));
	CHECK(!refcount_inc_not_zero(&r));
	refcount_set(&r, 3);
	CHECK(refcount_sub_and_test(3, &r));
	return 0;
}

/* bitmap.h */

static int case_bit_numbers(void)
{
	CHECK(fls(0) == 0 && fls(1) == 1 && fls(0x80000000U) == 32);
	CHECK(fls64(0) == 0 && fls64(1ULL << 40) == 41);
	CHECK(ffs(0) == 0 && ffs(1) == 1 && ffs(0x80) == 8);
	CHECK(__ffs(1) == 0 && __ffs(0x80) == 7 && __fls(0xff) == 7);
	CHECK(hweight32(0xf0f0) == 8 && hweight64(U64_MAX) == 64);
	return 0;
}

static int case_bitops(void)
{
	DECLARE_BITMAP(map, 130);

	BUILD_BUG_ON(sizeof(map) != BITS_TO_LONGS(130) * sizeof(long));
	CHECK(BITS_TO_LONGS(BITS_PER_LONG) == 1);
	CHECK(BIT_WORD(BITS_PER_LONG) == 1 && BIT_MASK(BITS_PER_LONG) == 1);
	bitmap_zero(map, 130);
	CHECK(bitmap_empty(map, 130));
	set_bit(129, map);
	CHECK(test_bit(129, map) && !test_bit(128, map));
	CHECK(test_and_set_bit(129, map) && !test_and_set_bit(0, map));
	clear_bit(129, map);
	CHECK(!test_and_clear_bit(129, map) && test_and_clear_bit(0, map));
	CHECK(bitmap_empty(map, 130));
	__set_bit(65, map);
	CHECK(__test_and_set_bit(65, map) && !__test_and_set_bit(64, map));
	__clear_bit(65, map);
	CHECK(!__test_and_clear_bit(65, map) && __test_and_clear_bit(64, map));
	CHECK(bitmap_empty(map, 130));
	bitmap_fill(map, 130);
	CHECK(bitmap_weight(map, 130) == 130 && bitmap_weight(map, 3) == 3);
	return 0;
}

static int case_bitmap_find(void)
{
	static const unsigned int set[] = { 0, 1, 63, 64, 127, 140 };
	DECLARE_BITMAP(map, 150);
	unsigned int i = 0, bit;

	bitmap_zero(map, 150);
	CHECK(find_first_bit(map, 150) == 150);
	CHECK(find_first_zero_bit(map, 150) == 0);
	for (i = 0; i < ARRAY_SIZE(set); i++)
		__set_bit(set[i], map);
	i = 0;
	for_each_set_bit(bit, map, 150)
		CHECK(bit == set[i++]);
	CHECK(i == ARRAY_SIZE(set));
	CHECK(find_first_bit(map, 150) == 0);
	CHECK(find_first_zero_bit(map, 150) == 2);
	CHECK(find_next_bit(map, 150, 2) == 63);
	CHECK(find_next_bit(map, 150, 128) == 140);
	/* a bit past the size does not exist */
	CHECK(find_next_bit(map, 140, 128) == 140);
	CHECK(find_next_bit(map, 150, 150) == 150);
	CHECK(find_next_zero_bit(map, 150, 63) == 65);
	CHECK(bitmap_weight(map, 150) == 6 && bitmap_weight(map, 64) == 3);
	bitmap_fill(map, 150);
	CHECK(find_first_zero_bit(map, 150) == 150);
	CHECK(find_next_zero_bit(map, 150, 149) == 150);
	return 0;
}

/* list.h */

/* the values of a list, read as decimal digits, forward */
static int digits(struct list_head *head)
{
	struct item *item;
	int n = 0;

	list_for_each_entry(item, head, node)
		n = n * 10 + item->value;
	return n;
}

static int digits_backward(struct list_head *head)
{
	struct item *item;
	int n = 0;

	list_for_each_entry_reverse(item, head, node)
		n = n * 10 + item->value;
	return n;
}

static void number(struct item *items, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		items[i].value = i + 1;
}

static int case_list(void)
{
	/* The head is in an item: the end of a walk is a place that exists. */
	struct item i[4], head, *pos;
	struct list_head *const list = &head.node;

	INIT_LIST_HEAD(list);
	number(i, 4);
	CHECK(list_empty(list) && !list_is_singular(list));
	CHECK(!list_first_entry_or_null(list, struct item, node));
	list_add_tail(&i[1].node, list);
	CHECK(list_is_singular(list) && !list_empty(list));
	list_add(&i[0].node, list);
	list_add_tail(&i[2].node, list);
	CHECK(digits(list) == 123 && digits_backward(list) == 321);
	CHECK(list_first_entry(list, struct item, node) == &i[0]);
	CHECK(list_first_entry_or_null(list, struct item, node) == &i[0]);
	CHECK(list_last_entry(list, struct item, node) == &i[2]);
	CHECK(list_next_entry(&i[0], node) == &i[1]);
	CHECK(list_prev_entry(&i[1], node) == &i[0]);
	CHECK(list_entry(&i[1].node, struct item, node) == &i[1]);
	CHECK(list_is_first(&i[0].node, list));
	CHECK(list_is_last(&i[2].node, list));
	CHECK(!list_is_last(&i[1].node, list));
	pos = list_next_entry(&i[2], node);
	CHECK(list_entry_is_head(pos, list, node));
	pos = &i[0];
	list_for_each_entry_continue(pos, list, node)
		CHECK(pos != &i[0]);
	list_move(&i[2].node, list);
	CHECK(digits(list) == 312);
	list_move_tail(&i[2].node, list);
	list_del(&i[1].node);
	CHECK(digits(list) == 13);
	list_del_init(&i[0].node);
	CHECK(list_empty(&i[0].node) && list_is_singular(list));
	list_replace(&i[2].node, &i[3].node);
	CHECK(digits(list) == 4);
	return 0;
}

static int case_list_safe(void)
{
	struct item i[4], *pos, *next;
	struct list_head list;

	number(i, 4);
	INIT_LIST_HEAD(&list);
	list_add_tail(&i[0].node, &list);
	list_add_tail(&i[1].node, &list);
	list_add_tail(&i[2].node, &list);
	list_for_each_entry_safe(pos, next, &list, node) {
		if (pos->value != 2)
			list_del(&pos->node);
	}
	CHECK(digits(&list) == 2);
	return 0;
}

/* the head is no object: a walk must not take it for an aligned one */
static int case_list_aligned(void)
{
	struct wide {
		struct list_head node;
		int value;
	} __aligned(64) w[2] = { { .value = 1 }, { .value = 2 } }, *pos, *next;
	struct {
		char c[8];
		struct list_head list;
	} __aligned(64) odd;
	int n = 0;

	INIT_LIST_HEAD(&odd.list);
	list_add_tail(&w[0].node, &odd.list);
	list_add_tail_rcu(&w[1].node, &odd.list);
	list_for_each_entry_safe(pos, next, &odd.list, node)
		n = n * 10 + pos->value;
	list_for_each_entry_reverse(pos, &odd.list, node)
		n = n * 10 + pos->value;
	core_read_begin();
	list_for_each_entry_rcu(pos, &odd.list, node)
		n = n * 10 + pos->value;
	core_read_end();
	CHECK(n == 122112);
	return 0;
}

static int case_list_splice(void)
{
	struct item i[6];
	LIST_HEAD(a);
	LIST_HEAD(b);

	number(i, 6);
	list_add_tail(&i[0].node, &a);
	list_add_tail(&i[1].node, &b);
	list_add_tail(&i[2].node, &b);
	list_splice_tail_init(&b, &a);
	CHECK(digits(&a) == 123 && digits_backward(&a) == 321);
	CHECK(list_empty(&b));
	list_splice_tail_init(&b, &a);
	CHECK(digits(&a) == 123);
	list_add_tail(&i[3].node, &b);
	list_splice_init(&b, &a);
	CHECK(digits(&a) == 4123 && digits_backward(&a) == 3214);
	CHECK(list_empty(&b));
	list_splice_init(&b, &a);
	list_add_tail(&i[4].node, &b);
	list_splice(&b, &a);
	CHECK(digits(&a) == 54123);
	INIT_LIST_HEAD(&b);
	list_add(&i[5].node, &b);
	list_splice_tail(&b, &a);
	CHECK(digits(&a) == 541236);
	return 0;
}

static int case_list_replace_init(void)
{
	struct item i[2];
	LIST_HEAD(a);
	LIST_HEAD(b);

	number(i, 2);
	list_replace_init(&a, &b);
	CHECK(list_empty(&a) && list_empty(&b));
	list_add_tail(&i[0].node, &a);
	list_add_tail(&i[1].node, &a);
	list_replace_init(&a, &b);
	CHECK(list_empty(&a) && digits(&b) == 12);
	CHECK(digits_backward(&b) == 21);
	return 0;
}

static int case_hlist(void)
{
	struct item i[3], *pos;
	struct hlist_node *next;
	HLIST_HEAD(a);
	struct hlist_head b;
	int n = 0, k;

	number(i, 3);
	INIT_HLIST_HEAD(&b);
	CHECK(hlist_empty(&a) && hlist_empty(&b));
	for (k = 0; k < 3; k++) {
		INIT_HLIST_NODE(&i[k].hnode);
		CHECK(hlist_unhashed(&i[k].hnode));
		hlist_add_head(&i[k].hnode, &a);
	}
	hlist_for_each_entry(pos, &a, hnode)
		n = n * 10 + pos->value;
	CHECK(n == 321 && !hlist_unhashed(&i[0].hnode));
	CHECK(hlist_entry(a.first, struct item, hnode) == &i[2]);
	hlist_del_init(&i[1].hnode);
	hlist_del_init(&i[1].hnode);
	CHECK(hlist_unhashed(&i[1].hnode));
	hlist_for_each_entry_safe(pos, next, &a, hnode)
		hlist_del(&pos->hnode);
	CHECK(hlist_empty(&a));
	return 0;
}

static int case_hash(void)
{
	u32 seen = 0;
	int i;

	for (i = 0; i < 64; i++) {
		CHECK(hash_32(i, 5) < 32 && hash_64(i, 5) < 32);
		CHECK(hash_long(i, 5) < 32 && hash_ptr(&i + i, 5) < 32);
		seen |= 1U << hash_64(i, 5);
	}
	/* neighbours spread */
	CHECK(hweight32(seen) > 24);
	CHECK(hash_32(U32_MAX, 32) != hash_32(U32_MAX - 1, 32));
	return 0;
}

static int case_core_hash(void)
{
	u8 buf[40];
	u32 h, i;

	memset(buf, 0, sizeof(buf));
	CHECK(core_hash("iqn.2003-10.org:x", 17, 7) == 0x76f6b8bc);
	/* length, seed and each byte count */
	for (i = 0; i < sizeof(buf); i++) {
		h = core_hash(buf, i, 0);
		CHECK(h != core_hash(buf, i + 1, 0));
		CHECK(h != core_hash(buf, i, 1));
		h = core_hash(buf, sizeof(buf), 0);
		buf[i] = 1;
		CHECK(h != core_hash(buf, sizeof(buf), 0));
	}
	/* where it is does not */
	memcpy(buf + 1, "abcdefghijk", 11);
	CHECK(core_hash(buf + 1, 11, 3) == core_hash("abcdefghijk", 11, 3));
	return 0;
}

static int case_llist(void)
{
	struct item i[3], *pos, *next;
	struct llist_node *all;
	struct llist_head list;
	LLIST_HEAD(other);
	int n = 0;

	number(i, 3);
	init_llist_head(&list);
	CHECK(llist_empty(&list) && llist_empty(&other));
	CHECK(!llist_del_all(&list));
	CHECK(llist_add(&i[0].lnode, &list));
	CHECK(!llist_add(&i[1].lnode, &list));
	CHECK(!llist_add(&i[2].lnode, &list));
	all = llist_del_all(&list);
	CHECK(llist_empty(&list));
	llist_for_each_entry(pos, all, lnode)
		n = n * 10 + pos->value;
	CHECK(n == 321);
	all = llist_reverse_order(all);
	CHECK(llist_entry(all, struct item, lnode) == &i[0]);
	n = 0;
	llist_for_each_entry_safe(pos, next, all, lnode) {
		n = n * 10 + pos->value;
		/* gone, as if it had been freed */
		memset(&pos->lnode, 0xff, sizeof(pos->lnode));
	}
	CHECK(n == 123 && !llist_reverse_order(NULL));
	return 0;
}

const struct shim_case shim_cases[] = {
	CASE(types), CASE(compiler), CASE(bug), CASE(err), CASE(log),
	CASE(minmax), CASE(rounding), CASE(bits), CASE(div), CASE(overflow),
	CASE(byteorder), CASE(unaligned),
	CASE(atomic), CASE(atomic_orders), CASE(atomic64),
	CASE(atomic64_orders), CASE(atomic_long), CASE(atomic_long_orders),
	CASE(xchg), CASE(refcount),
	CASE(bit_numbers), CASE(bitops), CASE(bitmap_find),
	CASE(list), CASE(list_safe), CASE(list_aligned), CASE(list_splice),
	CASE(list_replace_init), CASE(hlist), CASE(hash), CASE(core_hash),
	CASE(llist),
	{ .name = NULL }
};
