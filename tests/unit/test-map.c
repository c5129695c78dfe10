/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>

#include "map.h"

/* Two blocks, and some extents more of which the last is short. */
#define PAGES (2 * BLOCK_PAGES + LAST + 100)
#define LAST  (3 * EXTENT_PAGES)

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

static void give(unsigned n)
{
	while (n--) {
		void *block = record_block_new();

		assert_non_null(block);
		map_give(&m, block);
	}
}

static void set(uint64_t page, enum page_state state)
{
	map_set(&m, page, &(struct record){ .state = state & 3, .version = 7, .copies = 1 });
}

TEST(extents_cover_all_pages_and_the_last_is_short)
{
	assert_int_equal(m.extents, 2 * BLOCK_EXTENTS + 4);
	assert_int_equal(map_extent_pages(&m, &m.extent[0]), EXTENT_PAGES);
	assert_int_equal(map_extent_pages(&m, &m.extent[1]), EXTENT_PAGES);
	assert_int_equal(map_extent_pages(&m, &m.extent[m.extents - 1]), 100);
	assert_ptr_equal(map_extent(&m, 0), &m.extent[0]);
	assert_ptr_equal(map_extent(&m, EXTENT_PAGES - 1), &m.extent[0]);
	assert_ptr_equal(map_extent(&m, EXTENT_PAGES), &m.extent[1]);
	assert_ptr_equal(map_extent(&m, PAGES - 1), &m.extent[m.extents - 1]);
}

TEST(at_first_there_are_no_records_and_no_copies)
{
	for (uint64_t e = 0; e < m.extents; e++) {
		assert_null(map_record(&m, e * EXTENT_PAGES));
		for (unsigned copy = 0; copy < COPY_PLACES; copy++)
			assert_int_equal(m.extent[e].copy[copy].link_no, -1);
	}
}

TEST(records_come_from_what_is_ready)
{
	assert_int_equal(map_wants(&m), BLOCKS_READY);
	assert_false(map_touch(&m, 5));
	give(2);
	assert_int_equal(map_wants(&m), BLOCKS_READY - 2);
	assert_true(map_touch(&m, 5));
	assert_int_equal(map_wants(&m), BLOCKS_READY - 1);
	assert_true(map_touch(&m, EXTENT_PAGES - 1)); /* they are there already */
	assert_int_equal(map_wants(&m), BLOCKS_READY - 1);
	assert_true(map_touch(&m, BLOCK_PAGES - 1)); /* of the same block */
	assert_int_equal(map_wants(&m), BLOCKS_READY - 1);
	assert_true(map_touch(&m, BLOCK_PAGES));
	assert_int_equal(map_wants(&m), BLOCKS_READY);
	assert_false(map_touch(&m, PAGES - 1));
	assert_ptr_equal(map_record(&m, 5), map_record(&m, 0) + 5);
	assert_ptr_equal(map_record(&m, BLOCK_PAGES - 1), map_record(&m, 0) + BLOCK_PAGES - 1);
	assert_null(map_record(&m, EXTENT_PAGES));
	assert_ptr_not_equal(map_record(&m, BLOCK_PAGES), map_record(&m, 0));
	assert_null(map_record(&m, PAGES - 1));
}

TEST(new_records_are_absent)
{
	const struct record zero = {0};

	give(1);
	assert_true(map_touch(&m, 0));
	for (uint64_t page = 0; page < EXTENT_PAGES; page++)
		assert_memory_equal(map_record(&m, page), &zero, sizeof zero);
}

TEST(an_extent_is_forgotten_and_its_records_are_ready_again)
{
	give(1);
	assert_true(map_touch(&m, EXTENT_PAGES + 3));
	assert_true(map_touch(&m, 7));
	set(EXTENT_PAGES + 3, PAGE_SEALED);
	set(EXTENT_PAGES + 3, PAGE_ABSENT);
	map_forget(&m, &m.extent[1]);
	assert_null(map_record(&m, EXTENT_PAGES + 3));
	assert_int_equal(map_wants(&m), BLOCKS_READY); /* another extent is in it */
	map_forget(&m, &m.extent[0]);
	assert_int_equal(map_wants(&m), BLOCKS_READY - 1);
	assert_true(map_touch(&m, PAGES - 1));
	/* Nothing is left of what was there: not even the version. */
	for (uint64_t page = 2 * BLOCK_PAGES + LAST; page < PAGES; page++)
		assert_memory_equal(map_record(&m, page), &(struct record){0},
		                    sizeof(struct record));
}

TEST(more_than_the_reserve_is_given_back)
{
	give(1);
	assert_true(map_touch(&m, 0));
	give(BLOCKS_READY);
	assert_int_equal(map_wants(&m), 0);
	map_forget(&m, &m.extent[0]);
	assert_int_equal(map_wants(&m), 0);
}

TEST(set_counts_what_is_used)
{
	struct extent *e = &m.extent[0];

	give(1);
	assert_true(map_touch(&m, 0));
	assert_int_equal(e->used, 0);
	set(10, PAGE_SEALED);
	set(11, PAGE_SAME);
	set(EXTENT_PAGES - 1, PAGE_LOST);
	assert_int_equal(e->used, 3);
	set(10, PAGE_LOST);
	set(10, PAGE_SEALED);
	assert_int_equal(e->used, 3);
	assert_int_equal(map_record(&m, 10)->version, 7);
	assert_int_equal(map_record(&m, 9)->state, PAGE_ABSENT);
	set(10, PAGE_ABSENT);
	set(10, PAGE_ABSENT);
	assert_int_equal(e->used, 2);
	assert_int_equal(m.extent[1].used, 0);
}

/* Records of extents that are forgotten are used again as they are. */
TEST(of_an_absent_page_nothing_is_remembered)
{
	give(1);
	assert_true(map_touch(&m, 0));
	set(10, PAGE_SEALED);
	set(10, PAGE_ABSENT);
	assert_memory_equal(map_record(&m, 10), &(struct record){0}, sizeof(struct record));
}

TEST(what_is_taken_cannot_be_taken)
{
	give(1);
	assert_true(map_touch(&m, 0));
	assert_true(map_take(&m, 10, 5));
	assert_false(map_take(&m, 10, 1));
	assert_false(map_take(&m, 14, 1));
	assert_true(map_take(&m, 9, 1));
	assert_true(map_take(&m, 15, 1));
	assert_int_equal(m.extent[0].taken, 7);
	map_release(&m, 10, 5);
	assert_int_equal(m.extent[0].taken, 2);
	assert_true(map_take(&m, 10, 5));
}

TEST(all_or_none_are_taken)
{
	give(1);
	assert_true(map_touch(&m, 0));
	assert_true(map_take(&m, 12, 1));
	assert_false(map_take(&m, 10, 3));
	assert_false(map_take(&m, 12, 3));
	assert_false(map_take(&m, 0, EXTENT_PAGES));
	assert_int_equal(m.extent[0].taken, 1);
	assert_true(map_take(&m, 10, 2));
	assert_true(map_take(&m, 13, 2));
}

TEST(all_pages_of_an_extent_at_once)
{
	give(1);
	assert_true(map_touch(&m, EXTENT_PAGES));
	assert_true(map_take(&m, EXTENT_PAGES, EXTENT_PAGES));
	assert_false(map_take(&m, 2 * EXTENT_PAGES - 1, 1));
	map_release(&m, EXTENT_PAGES, EXTENT_PAGES);
	assert_int_equal(m.extent[1].taken, 0);
	assert_true(map_take(&m, 2 * EXTENT_PAGES - 1, 1));
}

TEST(being_taken_and_the_state_have_nothing_to_do_with_each_other)
{
	give(1);
	assert_true(map_touch(&m, 0));
	assert_true(map_take(&m, 10, 2));
	set(10, PAGE_SEALED);
	set(11, PAGE_ABSENT);
	assert_false(map_take(&m, 10, 1));
	assert_false(map_take(&m, 11, 1));
	map_release(&m, 10, 2);
	assert_int_equal(map_record(&m, 10)->state, PAGE_SEALED);
	map_set(&m, 10, &(struct record){ .state = PAGE_SAME, .taken = 1 });
	assert_true(map_take(&m, 10, 1));
}

static void runs(uint64_t page, uint64_t n, bool hole, uint64_t most)
{
	uint64_t run = most;

	assert_int_equal(map_look(&m, page, &run), hole);
	assert_int_equal(run, n);
}

TEST(runs_of_absent_pages)
{
	give(2);
	runs(0, BLOCK_PAGES, true, PAGES);
	runs(PAGES - 1, 1, true, 1);
	assert_true(map_touch(&m, 300) && map_touch(&m, 2 * EXTENT_PAGES));
	set(300, PAGE_SEALED);
	set(301, PAGE_LOST);
	set(302, PAGE_SAME);
	runs(0, 300, true, PAGES);
	runs(7, 293, true, 1000);
	runs(300, 3, false, 1000);
	runs(301, 1, false, 1);
	runs(303, 1000, true, 1000);
	set(301, PAGE_ABSENT);
	runs(300, 1, false, 1000);
	runs(301, 1, true, 1000);
	for (uint64_t page = EXTENT_PAGES; page < 3 * EXTENT_PAGES; page++)
		set(page, PAGE_LOST);
	runs(EXTENT_PAGES, 2 * EXTENT_PAGES, false, PAGES - EXTENT_PAGES);
}

TEST(clearing_a_copy_leaves_the_others)
{
	struct record r = { .copies = COPIES_ALL };

	record_clear(&r, 0);
	record_clear(&r, COPY_SPILL);
	assert_int_equal(r.copies, COPIES_ALL & ~(1u | 1u << COPY_SPILL));
	record_clear(&r, 0);
	assert_int_equal(r.copies, COPIES_ALL & ~(1u | 1u << COPY_SPILL));
}

/* For ASan: an allocation that cannot be is none of its business. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

TEST(a_map_that_cannot_be)
{
	struct map huge = {0};

	errno = 0;
	assert_int_equal(map_open(&huge, UINT64_C(1) << 62), -1);
	assert_int_not_equal(errno, 0);
	map_close(&huge);
	map_close(&huge);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(extents_cover_all_pages_and_the_last_is_short),
		T(at_first_there_are_no_records_and_no_copies),
		T(records_come_from_what_is_ready),
		T(new_records_are_absent),
		T(an_extent_is_forgotten_and_its_records_are_ready_again),
		T(more_than_the_reserve_is_given_back),
		T(set_counts_what_is_used),
		T(of_an_absent_page_nothing_is_remembered),
		T(what_is_taken_cannot_be_taken),
		T(all_or_none_are_taken),
		T(all_pages_of_an_extent_at_once),
		T(being_taken_and_the_state_have_nothing_to_do_with_each_other),
		T(runs_of_absent_pages),
		T(clearing_a_copy_leaves_the_others),
		cmocka_unit_test(a_map_that_cannot_be),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
