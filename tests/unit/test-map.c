/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>

#include "map.h"

#define PAGES 1000u

static struct map m;

static int setup(void **state)
{
	(void)state;
	return map_open(&m, PAGES);
}

static int teardown(void **state)
{
	(void)state;
	map_close(&m);
	return 0;
}

static void all_are(uint64_t from, uint64_t end, enum page_state what)
{
	for (uint64_t page = from; page < end; page++)
		if (map_state(&m, page) != what)
			fail_msg("page %d is %d", (int)page, (int)map_state(&m, page));
}

TEST(at_first_all_is_absent)
{
	all_are(0, PAGES, PAGE_ABSENT);
	assert_int_equal(map_count(&m, 0, PAGES, PAGE_ABSENT), PAGES);
	assert_int_equal(map_count(&m, 0, PAGES, PAGE_PRESENT), 0);
	assert_int_equal(map_count(&m, 0, PAGES, PAGE_LOST), 0);
}

TEST(set_sets_these_and_no_others)
{
	map_set(&m, 10, 5, PAGE_PRESENT);
	map_set(&m, 12, 1, PAGE_LOST);
	map_set(&m, PAGES - 1, 1, PAGE_PRESENT);
	all_are(0, 10, PAGE_ABSENT);
	all_are(10, 12, PAGE_PRESENT);
	all_are(12, 13, PAGE_LOST);
	all_are(13, 15, PAGE_PRESENT);
	all_are(15, PAGES - 1, PAGE_ABSENT);
	all_are(PAGES - 1, PAGES, PAGE_PRESENT);
	map_set(&m, 0, PAGES, PAGE_ABSENT);
	all_are(0, PAGES, PAGE_ABSENT);
}

TEST(set_of_none)
{
	map_set(&m, 10, 0, PAGE_LOST);
	map_set(&m, PAGES, 0, PAGE_LOST);
	all_are(0, PAGES, PAGE_ABSENT);
}

TEST(every_state_may_follow_every_other)
{
	const enum page_state states[] = { PAGE_ABSENT, PAGE_PRESENT, PAGE_LOST };

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			map_set(&m, 5, 1, states[i]);
			map_set(&m, 5, 1, states[k]);
			assert_int_equal(map_state(&m, 5), states[k]);
		}
}

TEST(losing_takes_what_is_there_and_leaves_the_rest)
{
	map_set(&m, 0, 10, PAGE_PRESENT);
	map_set(&m, 5, 2, PAGE_LOST);
	map_set(&m, PAGES - 1, 1, PAGE_PRESENT);
	map_lose(&m);
	all_are(0, 10, PAGE_LOST);
	all_are(10, PAGES - 1, PAGE_ABSENT);
	all_are(PAGES - 1, PAGES, PAGE_LOST);
}

TEST(what_is_taken_cannot_be_taken)
{
	assert_true(map_take(&m, 10, 5));
	assert_false(map_take(&m, 10, 1));
	assert_false(map_take(&m, 14, 1));
	assert_false(map_take(&m, 12, 1));
	assert_true(map_take(&m, 9, 1));
	assert_true(map_take(&m, 15, 1));
	map_release(&m, 10, 5);
	assert_true(map_take(&m, 10, 5));
}

TEST(all_or_none_are_taken)
{
	assert_true(map_take(&m, 12, 1));
	assert_false(map_take(&m, 10, 3));
	assert_false(map_take(&m, 12, 3));
	assert_false(map_take(&m, 0, PAGES));
	/* Nothing stayed taken by the attempts. */
	assert_true(map_take(&m, 10, 2));
	assert_true(map_take(&m, 13, 2));
}

TEST(all_pages_at_once)
{
	assert_true(map_take(&m, 0, PAGES));
	assert_false(map_take(&m, PAGES - 1, 1));
	map_release(&m, 0, PAGES);
	assert_true(map_take(&m, PAGES - 1, 1));
}

TEST(release_lets_go_of_these_only)
{
	assert_true(map_take(&m, 10, 5));
	map_release(&m, 12, 1);
	assert_true(map_take(&m, 12, 1));
	assert_false(map_take(&m, 11, 1));
	assert_false(map_take(&m, 13, 1));
}

TEST(being_taken_and_the_state_have_nothing_to_do_with_each_other)
{
	map_set(&m, 10, 2, PAGE_PRESENT);
	assert_true(map_take(&m, 10, 2));
	all_are(10, 12, PAGE_PRESENT);
	map_set(&m, 10, 1, PAGE_LOST);
	assert_int_equal(map_state(&m, 10), PAGE_LOST);
	assert_false(map_take(&m, 10, 1));
	map_lose(&m);
	assert_int_equal(map_state(&m, 11), PAGE_LOST);
	assert_false(map_take(&m, 11, 1));
	assert_int_equal(map_count(&m, 0, PAGES, PAGE_LOST), 2);
	map_release(&m, 10, 2);
	all_are(10, 12, PAGE_LOST);
	all_are(0, 10, PAGE_ABSENT);
}

TEST(counting)
{
	for (uint64_t page = 0; page < PAGES; page++)
		map_set(&m, page, 1, page % 7 == 0 ? PAGE_LOST : page % 3 == 0 ? PAGE_PRESENT
		                                                               : PAGE_ABSENT);
	for (uint64_t from = 0; from < 50; from++)
		for (uint64_t n = 0; n < 50; n++) {
			uint64_t lost = 0, present = 0;

			for (uint64_t page = from; page < from + n; page++) {
				lost += page % 7 == 0;
				present += page % 7 != 0 && page % 3 == 0;
			}
			assert_int_equal(map_count(&m, from, n, PAGE_LOST), lost);
			assert_int_equal(map_count(&m, from, n, PAGE_PRESENT), present);
			assert_int_equal(map_count(&m, from, n, PAGE_ABSENT), n - lost - present);
		}
}

TEST(a_map_that_cannot_be)
{
	struct map huge = {0};

	errno = 0;
	assert_int_equal(map_open(&huge, UINT64_C(1) << 60), -1);
	assert_int_not_equal(errno, 0);
	map_close(&huge);
	map_close(&huge);
	assert_int_equal(map_open(&huge, 0), -1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(at_first_all_is_absent),
		T(set_sets_these_and_no_others),
		T(set_of_none),
		T(every_state_may_follow_every_other),
		T(losing_takes_what_is_there_and_leaves_the_rest),
		T(what_is_taken_cannot_be_taken),
		T(all_or_none_are_taken),
		T(all_pages_at_once),
		T(release_lets_go_of_these_only),
		T(being_taken_and_the_state_have_nothing_to_do_with_each_other),
		T(counting),
		cmocka_unit_test(a_map_that_cannot_be),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
