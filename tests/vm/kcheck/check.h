/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * KERNEL: as much of Check as tests/unit of the core uses. Each test runs in
 * a thread of its own, which a failed assertion ends; what it held stays
 * held, so the first failure ends the run. Tests share their static variables,
 * as they do not where each is a process: who wants them fresh sets them.
 */
#ifndef KCHECK_CHECK_H
#define KCHECK_CHECK_H

#include <asm/special_insns.h>
#include <linux/string.h>
#include <linux/types.h>

/* the processor's; tests have a function of that name */
#undef nop
/* a macro does not take the compound literals that tests copy */
#undef memcpy

typedef struct kcheck_suite Suite;
typedef struct kcheck_tcase TCase;
typedef struct kcheck_suite SRunner;
typedef void (*kcheck_fn)(int i);

#define CK_ENV 0

#define START_TEST(name) static void name(int _i __maybe_unused)
#define END_TEST

Suite *suite_create(const char *name);
void suite_add_tcase(Suite *s, TCase *tc);

TCase *tcase_create(const char *name);
void tcase_add_checked_fixture(TCase *tc, void (*setup)(void),
			       void (*teardown)(void));
void kcheck_add(TCase *tc, const char *name, kcheck_fn fn, int start, int end);

#define tcase_add_test(tc, fn) kcheck_add(tc, #fn, fn, 0, 1)
#define tcase_add_loop_test(tc, fn, start, end) \
	kcheck_add(tc, #fn, fn, start, end)

/* The harness of the guest has a bound for all of them. */
static inline void tcase_set_timeout(TCase *tc, int seconds)
{
}

SRunner *srunner_create(Suite *s);
void srunner_run_all(SRunner *sr, int mode);
int srunner_ntests_failed(SRunner *sr);
void srunner_free(SRunner *sr);

/* The program's, which is a function here: its file renames it. */
int main(void);

/* It does not return, but objtool is not to be told. */
__printf(3, 4) void kcheck_fail(const char *file, int line,
				const char *fmt, ...);

#define ck_assert_msg(expr, ...) \
	do { \
		if (!(expr)) \
			kcheck_fail(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

#define ck_abort_msg(...) kcheck_fail(__FILE__, __LINE__, __VA_ARGS__)

#define ck_assert(expr) ck_assert_msg(expr, "%s", #expr)

#define kcheck_compare(type, fmt, a, op, b) \
	do { \
		type ck_a_ = (type)(a); \
		type ck_b_ = (type)(b); \
		ck_assert_msg(ck_a_ op ck_b_, "%s: " fmt ", %s: " fmt, \
			      #a, ck_a_, #op " " #b, ck_b_); \
	} while (0)

#define ck_assert_int_eq(a, b)	kcheck_compare(long long, "%lld", a, ==, b)
#define ck_assert_int_ne(a, b)	kcheck_compare(long long, "%lld", a, !=, b)
#define ck_assert_int_lt(a, b)	kcheck_compare(long long, "%lld", a, <, b)
#define ck_assert_int_le(a, b)	kcheck_compare(long long, "%lld", a, <=, b)
#define ck_assert_int_gt(a, b)	kcheck_compare(long long, "%lld", a, >, b)
#define ck_assert_int_ge(a, b)	kcheck_compare(long long, "%lld", a, >=, b)
#define kcheck_uint(a, op, b) \
	kcheck_compare(unsigned long long, "%#llx", a, op, b)
#define ck_assert_uint_eq(a, b)	kcheck_uint(a, ==, b)
#define ck_assert_uint_ne(a, b)	kcheck_uint(a, !=, b)
#define ck_assert_uint_lt(a, b)	kcheck_uint(a, <, b)
#define ck_assert_uint_le(a, b)	kcheck_uint(a, <=, b)
#define ck_assert_uint_gt(a, b)	kcheck_uint(a, >, b)
#define ck_assert_uint_ge(a, b)	kcheck_uint(a, >=, b)
#define kcheck_ptr(a, op, b)	kcheck_compare(const void *, "%px", a, op, b)
#define ck_assert_ptr_eq(a, b)	kcheck_ptr(a, ==, b)
#define ck_assert_ptr_ne(a, b)	kcheck_ptr(a, !=, b)
#define ck_assert_ptr_null(a)	kcheck_ptr(a, ==, NULL)
#define ck_assert_ptr_nonnull(a) kcheck_ptr(a, !=, NULL)

#define ck_assert_str_eq(a, b) \
	do { \
		const char *ck_a_ = (a), *ck_b_ = (b); \
		ck_assert_msg(!strcmp(ck_a_, ck_b_), "%s: \"%s\", %s: \"%s\"", \
			      #a, ck_a_, #b, ck_b_); \
	} while (0)

#define ck_assert_mem_eq(a, b, len) \
	do { \
		const void *ck_a_ = (a), *ck_b_ = (b); \
		size_t ck_len_ = (len); \
		ck_assert_msg(!memcmp(ck_a_, ck_b_, ck_len_), \
			      "%s: %*ph..., %s: %*ph...", \
			      #a, (int)min_t(size_t, ck_len_, 64), ck_a_, \
			      #b, (int)min_t(size_t, ck_len_, 64), ck_b_); \
	} while (0)

#endif
