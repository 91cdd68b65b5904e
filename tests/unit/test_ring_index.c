// SPDX-License-Identifier: BSD-3-Clause
/*
 * USER: tests of a ring's indices, by the handler's side.
 */
#include <check.h>
#include <stddef.h>
#include <string.h>

#include "ring/index.h"

#define ENTRIES 4

static struct {
	struct scst_user_queue queue;
	struct scst_user_request requests[ENTRIES];
	struct scst_user_reply replies[ENTRIES];
} part;

static struct ring ring;

/* All indices at @from, as after so many requests. */
static void ring_at(uint32_t from)
{
	struct scst_user_attach at = {
		.entries = ENTRIES,
		.requests_offset = offsetof(typeof(part), requests),
		.replies_offset = offsetof(typeof(part), replies),
	};

	memset(&part, 0, sizeof(part));
	ring_init(&ring, &at, &part);
	part.queue.request_tail = part.queue.request_head = from;
	part.queue.reply_tail = part.queue.reply_head = from;
	ring.request_head = ring.request_tail = ring.reply_tail = from;
}

/* From the beginning, and over the end of the numbers. */
static const uint32_t starts[] = { 0, UINT32_MAX - 2 };

START_TEST(requests_are_taken_in_order)
{
	uint64_t tag = 1, want = 1;
	uint32_t i, n;

	ring_at(starts[_i]);
	for (n = 1; n <= ENTRIES; n++) {
		for (i = 0; i < n; i++)
			part.requests[part.queue.request_tail++ %
				      ENTRIES].tag = tag++;
		for (i = 0; i < n; i++) {
			ck_assert_uint_eq(ring_request(&ring)->tag, want++);
			ring_consume(&ring);
		}
		ck_assert_ptr_null(ring_request(&ring));
		ck_assert_uint_eq(part.queue.request_head,
				  part.queue.request_tail);
	}
}
END_TEST

START_TEST(request_stays_until_it_is_consumed)
{
	ring_at(starts[_i]);
	part.requests[starts[_i] % ENTRIES].tag = 7;
	part.queue.request_tail++;
	ck_assert_uint_eq(ring_request(&ring)->tag, 7);
	ck_assert_uint_eq(part.queue.request_head, starts[_i]);
	ck_assert_uint_eq(ring_request(&ring)->tag, 7);
}
END_TEST

START_TEST(replies_are_counted_until_the_kernel_takes_them)
{
	uint32_t i;

	ring_at(starts[_i]);
	for (i = 0; i < ENTRIES; i++) {
		ck_assert_uint_eq(ring_unsent(&ring), i);
		ring_reply(&ring)->tag = i;
		ck_assert_uint_eq(ring_unsent(&ring), i);
		ring_publish(&ring);
	}
	part.queue.reply_head += 3;
	ck_assert_uint_eq(ring_unsent(&ring), ENTRIES - 3);
	for (i = 0; i < ENTRIES; i++)
		ck_assert_uint_eq(part.replies[(starts[_i] + i) %
					       ENTRIES].tag, i);
}
END_TEST

START_TEST(reply_begins_with_nothing_of_the_last)
{
	uint32_t i;

	ring_at(0);
	for (i = 0; i <= ENTRIES; i++) {
		struct scst_user_reply *reply = ring_reply(&ring);

		ck_assert_uint_eq(reply->tag, 0);
		ck_assert_uint_eq(reply->value2, 0);
		memset(reply, 0xff, sizeof(*reply));
		ring_publish(&ring);
	}
}
END_TEST

static TCase *index_tcase(void)
{
	TCase *tc = tcase_create("indices");

	tcase_add_loop_test(tc, requests_are_taken_in_order, 0, 2);
	tcase_add_loop_test(tc, request_stays_until_it_is_consumed, 0, 2);
	tcase_add_loop_test(tc, replies_are_counted_until_the_kernel_takes_them,
			    0, 2);
	tcase_add_test(tc, reply_begins_with_nothing_of_the_last);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("ring_index");
	SRunner *sr;
	int failed;

	suite_add_tcase(suite, index_tcase());
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
