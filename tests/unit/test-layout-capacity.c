/* SPDX-License-Identifier: BSD-2-Clause */
/* How much there is room for, and that there is. */
#include "unit.h"

#include "layout.h"

#define X EXTENT_PAGES

static uint64_t capacity(const uint64_t *pages, unsigned n, unsigned copies)
{
	return layout_capacity(pages, n, copies);
}

#define CAPACITY(copies, ...) \
	capacity((const uint64_t[]){ __VA_ARGS__ }, COUNT(((const uint64_t[]){ __VA_ARGS__ })), \
	         copies)

TEST(one_lender_has_room_for_its_last_page)
{
	assert_int_equal(CAPACITY(1, 0), 0);
	assert_int_equal(CAPACITY(1, 1), 1);
	assert_int_equal(CAPACITY(1, X - 1), X - 1);
	assert_int_equal(CAPACITY(1, 5 * X + 17), 5 * X + 17);
}

TEST(of_several_only_whole_extents_count)
{
	assert_int_equal(CAPACITY(1, X, X), 2 * X);
	assert_int_equal(CAPACITY(1, X + X / 2, X + X / 2), 2 * X);
	assert_int_equal(CAPACITY(1, X - 1, X - 1), 0);
	assert_int_equal(CAPACITY(2, 3 * X, 3 * X), 3 * X);
	assert_int_equal(CAPACITY(2, 3 * X, 3 * X, 3 * X), 4 * X);
	assert_int_equal(CAPACITY(3, 3 * X, 3 * X, 3 * X), 3 * X);
}

TEST(uneven_lenders_have_room_for_what_finds_a_second_place)
{
	assert_int_equal(CAPACITY(2, 100 * X, X), X);
	assert_int_equal(CAPACITY(2, 100 * X, 3 * X, 4 * X), 7 * X);
	assert_int_equal(CAPACITY(2, 10 * X, 5 * X, 5 * X), 10 * X);
	assert_int_equal(CAPACITY(2, 100 * X, 0), 0);
	assert_int_equal(CAPACITY(3, 100 * X, 100 * X), 0);
}

TEST(three_copies_want_three_lenders_of_that_size)
{
	assert_int_equal(CAPACITY(3, 10 * X, 10 * X, X), X);
	assert_int_equal(CAPACITY(3, 10 * X, 10 * X, X, 2 * X), 3 * X);
	assert_int_equal(CAPACITY(3, 10 * X, 6 * X, 5 * X, X), 6 * X);
}

/* Every extent of a device as large as that finds its places, in whatever order. */
static void fill_up(const uint64_t *pages, unsigned n, unsigned copies, uint64_t seed)
{
	uint64_t device = layout_capacity(pages, n, copies);
	struct layout l;
	struct map m;

	assert_int_equal(map_open(&m, device), 0);
	assert_int_equal(layout_open(&l, &m, n, -1, seed), 0);
	for (unsigned link_no = 0; link_no < n; link_no++)
		layout_size(&l, link_no, pages[link_no]);
	for (uint64_t e = 0; e < m.extents; e++)
		for (unsigned copy = 0; copy < copies; copy++)
			if (!layout_place(&l, &m.extent[e], copy, (1u << n) - 1))
				fail_msg("seed %d: extent %d of %d has no copy %d", (int)seed, (int)e,
				         (int)m.extents, (int)copy);
	layout_close(&l);
	map_close(&m);
}

TEST(there_is_room_for_what_there_is_said_to_be)
{
	uint64_t throws = 1;

	for (uint64_t seed = 1; seed < 400; seed++) {
		unsigned n = 1 + (unsigned)dice_below(&throws, 6);
		unsigned copies = 1 + (unsigned)dice_below(&throws, n < 3 ? n : 3);
		uint64_t pages[6];

		for (unsigned link_no = 0; link_no < n; link_no++)
			pages[link_no] = (1 + dice_below(&throws, 20)) * X + dice_below(&throws, X);
		if (layout_capacity(pages, n, copies))
			fill_up(pages, n, copies, seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_lender_has_room_for_its_last_page),
		cmocka_unit_test(of_several_only_whole_extents_count),
		cmocka_unit_test(uneven_lenders_have_room_for_what_finds_a_second_place),
		cmocka_unit_test(three_copies_want_three_lenders_of_that_size),
		cmocka_unit_test(there_is_room_for_what_there_is_said_to_be),
	};

	return cmocka_run_group_tests_name("capacity", tests, NULL, NULL);
}
