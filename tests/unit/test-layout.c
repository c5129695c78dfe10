/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "layout.h"

#define EXTENTS 12u
#define TAIL    100u /* pages of the last */
#define SPILL   4

static struct map m;
static struct layout l;

static void open_layout(uint64_t seed)
{
	assert_int_equal(map_open(&m, (EXTENTS - 1) * EXTENT_PAGES + TAIL), 0);
	assert_int_equal(layout_open(&l, &m, 5, SPILL, seed), 0);
}

static void close_layout(void)
{
	layout_close(&l);
	map_close(&m);
}

static int setup(void **state)
{
	(void)state;
	open_layout(1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_layout();
	return 0;
}

/* LINK_NO has N slots, and all of them are clean. */
static void clean(unsigned link_no, uint32_t n)
{
	int64_t slot;
	uint32_t wiped;

	layout_size(&l, link_no, n * EXTENT_PAGES);
	while ((slot = layout_wipe(&l, link_no, &wiped)) >= 0)
		layout_wiped(&l, link_no, (uint32_t)slot, wiped, true);
}

static bool place(unsigned e, unsigned copy, uint32_t allowed)
{
	return layout_place(&l, &m.extent[e], copy, allowed);
}

static const struct copy *at(unsigned e, unsigned copy)
{
	return &m.extent[e].copy[copy];
}

TEST(a_link_of_which_nothing_is_known_gets_nothing)
{
	assert_false(place(0, 0, 0xf));
	assert_int_equal(at(0, 0)->link_no, -1);
	layout_size(&l, 2, EXTENT_PAGES);
	assert_true(place(0, 0, 0xf));
	assert_int_equal(at(0, 0)->link_no, 2);
	assert_int_equal(at(0, 0)->slot, 0);
	assert_false(place(1, 0, 0xf));
}

TEST(only_who_is_allowed_gets_it)
{
	for (unsigned link_no = 0; link_no < 4; link_no++)
		clean(link_no, 12);
	for (unsigned e = 0; e < EXTENTS; e++) {
		assert_true(place(e, 0, 1 << 1 | 1 << 3));
		assert_true(at(e, 0)->link_no == 1 || at(e, 0)->link_no == 3);
	}
	assert_false(place(0, 1, 0));
}

TEST(two_copies_are_never_on_one_link)
{
	clean(0, 12);
	clean(1, 12);
	clean(2, 12);
	for (unsigned e = 0; e < EXTENTS; e++) {
		for (unsigned copy = 0; copy < 3; copy++)
			assert_true(place(e, copy, 0xf));
		assert_false(place(e, 3, 0xf));
		assert_int_not_equal(at(e, 0)->link_no, at(e, 1)->link_no);
		assert_int_not_equal(at(e, 0)->link_no, at(e, 2)->link_no);
		assert_int_not_equal(at(e, 1)->link_no, at(e, 2)->link_no);
	}
}

TEST(no_slot_is_given_twice)
{
	bool given[EXTENTS] = {0};

	clean(0, EXTENTS);
	for (unsigned e = 0; e < EXTENTS; e++) {
		assert_true(place(e, 0, 1));
		assert_false(given[at(e, 0)->slot]);
		given[at(e, 0)->slot] = true;
	}
	assert_int_equal(l.slots[0].used, EXTENTS);
}

/* With four lenders alike no one has much more than the others. */
TEST(what_is_placed_is_spread)
{
	for (uint64_t seed = 1; seed < 50; seed++) {
		close_layout();
		open_layout(seed);
		for (unsigned link_no = 0; link_no < 4; link_no++)
			clean(link_no, EXTENTS);
		for (unsigned e = 0; e < EXTENTS; e++)
			for (unsigned copy = 0; copy < 2; copy++)
				assert_true(place(e, copy, 0xf));
		for (unsigned link_no = 0; link_no < 4; link_no++)
			assert_in_range(l.slots[link_no].used, 3, 9);
	}
}

TEST(the_same_seed_places_the_same)
{
	int16_t link_no[EXTENTS];

	for (int round = 0; round < 2; round++) {
		close_layout();
		open_layout(7);
		for (unsigned i = 0; i < 4; i++)
			clean(i, EXTENTS);
		for (unsigned e = 0; e < EXTENTS; e++) {
			assert_true(place(e, 0, 0xf));
			if (round)
				assert_int_equal(at(e, 0)->link_no, link_no[e]);
			link_no[e] = at(e, 0)->link_no;
		}
	}
}

TEST(a_clean_slot_is_given_before_a_dirty_one)
{
	uint32_t n;

	layout_size(&l, 0, 3 * EXTENT_PAGES);
	assert_int_equal(l.slots[0].dirty_n, 3);
	assert_int_equal(layout_wipe(&l, 0, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(l.slots[0].dirty_n, 0);
	layout_wiped(&l, 0, 0, 1, false);
	layout_wiped(&l, 0, 1, 1, true);
	layout_wiped(&l, 0, 2, 1, false);
	assert_int_equal(l.slots[0].dirty_n, 2);
	assert_true(place(0, 0, 1));
	assert_int_equal(at(0, 0)->slot, 1);
	assert_true(place(1, 0, 1)); /* a dirty one is as good */
	assert_int_equal(at(1, 0)->slot, 0);
}

TEST(a_slot_that_is_being_flushed_is_not_given)
{
	uint32_t n;

	layout_size(&l, 0, EXTENT_PAGES);
	assert_int_equal(layout_wipe(&l, 0, &n), 0);
	assert_int_equal(layout_wipe(&l, 0, &n), -1);
	assert_false(place(0, 0, 1));
	layout_wiped(&l, 0, 0, 1, false);
	assert_true(place(0, 0, 1));
	assert_int_equal(layout_wipe(&l, 0, &n), -1); /* it is used now */
}

TEST(a_slot_that_was_dropped_is_dirty)
{
	uint32_t n;

	clean(0, 2);
	assert_true(place(0, 1, 1));
	layout_drop(&l, &m.extent[0], 1);
	assert_int_equal(at(0, 1)->link_no, -1);
	assert_int_equal(l.slots[0].used, 0);
	assert_int_equal(l.slots[0].dirty_n, 1);
	assert_int_equal(layout_wipe(&l, 0, &n), 0);
	assert_int_equal(n, 1);
}

TEST(a_short_slot_takes_only_a_short_extent)
{
	layout_size(&l, 0, EXTENT_PAGES + TAIL);
	assert_int_equal(l.slots[0].n, 2);
	assert_int_equal(layout_slot_pages(&l, 0, 0), EXTENT_PAGES);
	assert_int_equal(layout_slot_pages(&l, 0, 1), TAIL);
	assert_true(place(EXTENTS - 1, 0, 1));
	assert_int_equal(at(EXTENTS - 1, 0)->slot, 1); /* so that the long one is left */
	assert_true(place(0, 0, 1));
	assert_int_equal(at(0, 0)->slot, 0);
	/* One page too short. */
	layout_size(&l, 1, EXTENT_PAGES + TAIL - 1);
	assert_true(place(EXTENTS - 1, 1, 2));
	assert_int_equal(at(EXTENTS - 1, 1)->slot, 0);
	assert_false(place(0, 1, 2));
}

TEST(a_pool_is_used_as_large_as_it_is)
{
	layout_size(&l, 0, 2 * EXTENT_PAGES);
	assert_true(place(0, 0, 1));
	assert_true(place(1, 0, 1));
	layout_size(&l, 0, EXTENT_PAGES); /* what is beyond has no copy that counts */
	assert_int_equal(l.slots[0].n, 1);
	assert_int_equal(l.slots[0].used, 2);
	layout_drop(&l, &m.extent[1], 0);
	assert_int_equal(l.slots[0].used, 1);
	assert_int_equal(l.slots[0].dirty_n, at(0, 0)->slot != 0);
	layout_size(&l, 0, 20 * EXTENT_PAGES);
	assert_int_equal(l.slots[0].n, EXTENTS);
	assert_int_equal(l.slots[0].limit, EXTENTS);
	assert_int_equal(l.slots[0].dirty_n, EXTENTS - 1);
	layout_size(&l, 1, UINT64_MAX / PAGE_BYTES); /* no more than there are extents */
	assert_int_equal(l.slots[1].n, EXTENTS);
	assert_int_equal(layout_slot_pages(&l, 1, EXTENTS - 1), EXTENT_PAGES);
}

TEST(a_limit_stays_when_a_pool_changes)
{
	layout_size(&l, 0, 3 * EXTENT_PAGES);
	layout_limit(&l, 0, 2 * EXTENT_PAGES);
	layout_size(&l, 0, 4 * EXTENT_PAGES);
	assert_int_equal(l.slots[0].limit, 2);
	layout_size(&l, 0, EXTENT_PAGES);
	assert_int_equal(l.slots[0].limit, 1);
}

TEST(a_page_lies_at_its_place_in_the_slot)
{
	const struct copy c = { .link_no = 0, .slot = 5 };

	assert_int_equal(layout_page(&c, 0), 5 * EXTENT_PAGES);
	assert_int_equal(layout_page(&c, 3 * EXTENT_PAGES + 17), 5 * EXTENT_PAGES + 17);
	/* Beyond 2^32 bytes, and pages. */
	assert_true(layout_page(&(struct copy){ .slot = UINT32_MAX }, 1) ==
	            UINT32_MAX * EXTENT_PAGES + 1);
}

TEST(a_link_that_lost_its_memory_makes_its_copies_stale)
{
	clean(0, 4);
	clean(1, 4);
	for (unsigned e = 0; e < 2; e++)
		assert_true(place(e, 0, 1) && place(e, 1, 2));
	layout_lost(&l, 1);
	for (unsigned e = 0; e < 2; e++) {
		assert_false(at(e, 0)->stale);
		assert_true(at(e, 1)->stale);
		assert_true(m.extent[e].heal);
	}
	assert_false(m.extent[2].heal);
	assert_int_equal(l.slots[1].used, 2); /* until nobody's record says otherwise */
	assert_int_equal(l.slots[1].dirty_n, 2);
	layout_drop(&l, &m.extent[0], 1);
	assert_true(place(0, 1, 2));
	assert_false(at(0, 1)->stale);
}

TEST(what_a_link_wants_back_is_not_given)
{
	clean(0, 4);
	assert_true(place(0, 0, 1));
	assert_true(place(1, 0, 1));
	assert_int_equal(at(1, 0)->slot, 1);
	/* From the middle of a slot on: all of the slot. */
	layout_limit(&l, 0, EXTENT_PAGES + 1);
	assert_false(layout_wanted(&l, at(0, 0)));
	assert_true(layout_wanted(&l, at(1, 0)));
	assert_false(m.extent[0].heal);
	assert_true(m.extent[1].heal);
	assert_false(place(2, 0, 1));
	layout_limit(&l, 0, UINT64_MAX);
	assert_false(layout_wanted(&l, at(1, 0)));
	assert_true(place(2, 0, 1));
	assert_false(layout_wanted(&l, &(struct copy){ .link_no = -1 }));
}

/* What lies beyond the limit and has yet to go is none of what is left. */
TEST(below_the_limit_there_is_room_although_more_is_used_above)
{
	clean(0, 6);
	for (unsigned e = 0; e < 6; e++)
		assert_true(place(e, 0, 1));
	layout_drop(&l, &m.extent[0], 0);
	layout_limit(&l, 0, 3 * EXTENT_PAGES);
	assert_true(place(7, 0, 1));
	assert_int_equal(at(7, 0)->slot, 0);
	assert_false(place(8, 0, 1));
	layout_limit(&l, 0, 0);
	layout_drop(&l, &m.extent[1], 0);
	assert_false(place(8, 0, 1));
}

/* Whoever asked for that hears how it ended. */
TEST(what_is_being_flushed_goes_on_being_so)
{
	uint32_t n;

	layout_size(&l, 0, 2 * EXTENT_PAGES);
	assert_int_equal(layout_wipe(&l, 0, &n), 0);
	layout_soil(&l, 0);
	assert_int_equal(l.slots[0].dirty_n, 0);
	layout_wiped(&l, 0, 0, n, false);
	assert_int_equal(l.slots[0].dirty_n, 2);
}

TEST(soiled_are_all_of_a_link)
{
	clean(0, 3);
	clean(1, 3);
	assert_true(place(0, 0, 1));
	layout_soil(&l, 0);
	assert_int_equal(l.slots[0].dirty_n, 3);
	assert_int_equal(l.slots[0].used, 0);
	assert_int_equal(l.slots[1].dirty_n, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_link_of_which_nothing_is_known_gets_nothing),
		T(only_who_is_allowed_gets_it),
		T(two_copies_are_never_on_one_link),
		T(no_slot_is_given_twice),
		T(what_is_placed_is_spread),
		T(the_same_seed_places_the_same),
		T(a_clean_slot_is_given_before_a_dirty_one),
		T(a_slot_that_is_being_flushed_is_not_given),
		T(a_slot_that_was_dropped_is_dirty),
		T(a_short_slot_takes_only_a_short_extent),
		T(a_pool_is_used_as_large_as_it_is),
		T(a_limit_stays_when_a_pool_changes),
		T(a_page_lies_at_its_place_in_the_slot),
		T(a_link_that_lost_its_memory_makes_its_copies_stale),
		T(what_a_link_wants_back_is_not_given),
		T(below_the_limit_there_is_room_although_more_is_used_above),
		T(what_is_being_flushed_goes_on_being_so),
		T(soiled_are_all_of_a_link),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
