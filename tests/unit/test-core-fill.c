/* SPDX-License-Identifier: BSD-2-Clause */
/* Flushes, and pages of one pattern: they need no lender. */
#include "core_fixture.h"

static void fill_now(uint64_t page, uint32_t pages, uint64_t pattern)
{
	struct op fill = fill_of(page, pages, pattern);

	start(&fill);
	carry_out();
	assert_int_equal(fill.state, OP_DONE);
	assert_int_equal(fill.error, 0);
}

TEST(a_fill_is_remembered_and_nobody_is_asked)
{
	struct op fill = fill_of(3, 2, 0x1122334455667788), get = get_of(3, 2);

	begin(2, 2, false);
	start(&fill);
	done(&fill, 0);
	nothing_to_do();
	states(2, "-==-");
	start(&get);
	done(&get, 0);
	nothing_to_do();
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(get.record[i].state, PAGE_SAME);
		assert_memory_equal(get.record[i].tag, &fill.pattern, sizeof fill.pattern);
	}
	assert_int_equal(c.counts.fills, 1);
}

TEST(a_fill_of_zeros_is_a_flush)
{
	begin(2, 2, false);
	put_now(3, 2);
	fill_now(5, 1, 7);
	fill_now(3, 3, 0);
	states(3, "---");
	assert_int_equal(map_extent(&map, 3)->used, 0);
}

TEST(a_flush_of_what_is_absent_asks_nobody)
{
	struct op flush = fill_of(0, EXTENT_PAGES, 0);

	begin(2, 2, false);
	start(&flush);
	done(&flush, 0);
	nothing_to_do();
	assert_null(map_record(&map, 0));
}

TEST(lenders_are_told_so_that_they_have_their_memory_back)
{
	struct op fill = fill_of(3, 2, 7);
	struct ask *ask;

	begin(2, 2, false);
	put_now(0, 8);
	start(&fill);
	for (unsigned link_no = 0; link_no < 2; link_no++) {
		ask = asked(ASK_DISCARD, link_no, &fill);
		assert_int_equal(ask->page, 3);
		assert_int_equal(ask->pages, 2);
		assert_null(ask->buffer);
		answer(ask, 0);
	}
	done(&fill, 0);
	states(2, "p==p");
}

TEST(lenders_that_refuse_or_die_do_not_matter)
{
	struct op flush = fill_of(3, 2, 0);

	begin(2, 2, false);
	put_now(3, 2);
	start(&flush);
	answer(asked(ASK_DISCARD, 0, &flush), EPERM);
	asked(ASK_DISCARD, 1, &flush);
	nothing_to_do();
	states(3, "pp");
	down(1);
	done(&flush, 0);
	states(3, "--");
}

TEST(with_no_lender_at_all_it_is_done_at_once)
{
	struct op flush = fill_of(3, 1, 0), fill = fill_of(4, 1, 7);

	begin(2, 2, false);
	put_now(3, 2);
	down(0);
	down(1);
	start(&flush);
	done(&flush, 0);
	start(&fill);
	done(&fill, 0);
	states(3, "-=");
}

TEST(a_lost_page_is_mended)
{
	begin(1, 1, false);
	lose_now(3, 3);
	fill_now(3, 1, 0);
	fill_now(4, 1, 7);
	states(3, "-=L");
}

/* A copy of what was put before must not be what is read later. */
TEST(what_was_put_before_is_not_there_any_more)
{
	struct op get = get_of(3, 1);

	begin(2, 2, false);
	put_now(3, 1);
	fill_now(3, 1, 7);
	assert_int_equal(holders(3), 0);
	start(&get);
	done(&get, 0);
	assert_int_equal(get.record[0].state, PAGE_SAME);
	put_now(3, 1);
	assert_int_equal(holders(3), ON(0) | ON(1));
}

TEST(a_whole_extent_at_once)
{
	begin(2, 2, false);
	put_now(EXTENT_PAGES, 32);
	put_now(EXTENT_PAGES - 1, 1);
	put_now(2 * EXTENT_PAGES, 1);
	fill_now(EXTENT_PAGES, EXTENT_PAGES, 0);
	assert_int_equal(map.extent[0].used, 1);
	assert_int_equal(map.extent[1].used, 0);
	assert_int_equal(map.extent[2].used, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_fill_is_remembered_and_nobody_is_asked),
		UNIT(a_fill_of_zeros_is_a_flush),
		UNIT(a_flush_of_what_is_absent_asks_nobody),
		UNIT(lenders_are_told_so_that_they_have_their_memory_back),
		UNIT(lenders_that_refuse_or_die_do_not_matter),
		UNIT(with_no_lender_at_all_it_is_done_at_once),
		UNIT(a_lost_page_is_mended),
		UNIT(what_was_put_before_is_not_there_any_more),
		UNIT(a_whole_extent_at_once),
	};

	return cmocka_run_group_tests_name("the core's fills", tests, NULL, NULL);
}
