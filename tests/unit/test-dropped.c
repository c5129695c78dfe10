/* SPDX-License-Identifier: BSD-2-Clause */
/* Which pages were dropped, and how many; bit by bit in test-bitmap. */
#include "unit.h"

#include "dropped.h"

#define PAGES 300u

TEST(each_is_counted_once)
{
	struct dropped *d = dropped_open(PAGES);

	assert_int_equal(dropped_pages(d), 0);
	assert_int_equal(dropped_find(d, 0, PAGES), PAGES);
	dropped_set(d, 10, 100);
	dropped_set(d, 90, 110);
	assert_int_equal(dropped_pages(d), 100);
	assert_int_equal(dropped_find(d, 0, PAGES), 10);
	assert_int_equal(dropped_find(d, 0, 10), 10);
	dropped_clear(d, 0, 11);
	dropped_clear(d, 0, 11);
	assert_int_equal(dropped_pages(d), 99);
	assert_int_equal(dropped_find(d, 0, PAGES), 11);
	dropped_clear(d, 0, PAGES);
	assert_int_equal(dropped_pages(d), 0);
	dropped_close(d);
}

/* FIRST .. END are dropped, below PAGES, and no others. */
static void only(const struct dropped *d, uint64_t first, uint64_t end, uint64_t pages)
{
	assert_int_equal(dropped_pages(d), end - first);
	for (uint64_t page = 0; page < pages; page++)
		assert_int_equal(dropped_find(d, page, page + 1) == page,
		                 page >= first && page < end);
}

TEST(more_pages_and_fewer)
{
	struct dropped *d = dropped_open(PAGES);

	dropped_set(d, 250, PAGES);
	assert_int_equal(dropped_resize(d, 2 * PAGES), 0);
	only(d, 250, PAGES, 2 * PAGES);
	assert_int_equal(dropped_resize(d, 251), 0);
	only(d, 250, 251, 251);
	assert_int_equal(dropped_resize(d, PAGES), 0);
	only(d, 250, 251, PAGES);
	dropped_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_counted_once),
		cmocka_unit_test(more_pages_and_fewer),
	};

	return cmocka_run_group_tests_name("dropped", tests, NULL, NULL);
}
