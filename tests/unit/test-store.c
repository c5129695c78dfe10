/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_fixture.h"

STORE_TEST(at_first_all_is_absent)
{
	uint64_t run;

	assert_null(s->ops->get(s, 0, PAGES, &run));
	assert_true(run == PAGES);
	for (uint64_t page = 0; page < PAGES; page++)
		expect(s, page, 0);
	assert_int_equal(held_pages(), 0);
}

STORE_TEST(looking_costs_no_memory)
{
	uint64_t run;

	for (uint64_t page = 0; page < PAGES; page++)
		s->ops->get(s, page, PAGES - page, &run);
	assert_int_equal(held_pages(), 0);
}

STORE_TEST(a_put_is_what_get_gets)
{
	assert_int_equal(put(s, 7, 1), 1);
	expect(s, 7, 1);
	expect(s, 6, 0);
	expect(s, 8, 0);
	assert_int_equal(held_pages(), 1);
}

STORE_TEST(a_put_over_a_put)
{
	put(s, 7, 1);
	assert_int_equal(put(s, 7, 2), 0);
	expect(s, 7, 2);
	assert_int_equal(held_pages(), 1);
}

STORE_TEST(the_first_and_the_last_page)
{
	put(s, 0, 1);
	put(s, PAGES - 1, 2);
	expect(s, 0, 1);
	expect(s, PAGES - 1, 2);
	assert_int_equal(held_pages(), 2);
}

STORE_TEST(a_part_of_an_absent_page_leaves_zeros_around)
{
	uint8_t want[PAGE_BYTES] = {0}, part[100];

	fill(part, sizeof part, 3);
	assert_int_equal(s->ops->put(s, 9, 1000, sizeof part, part), 1);
	memcpy(want + 1000, part, sizeof part);
	assert_memory_equal(get(s, 9), want, sizeof want);
}

STORE_TEST(a_part_of_a_page_keeps_the_rest)
{
	uint8_t want[PAGE_BYTES], one = 0x5a;

	put(s, 9, 4);
	fill(want, sizeof want, 4);
	assert_int_equal(s->ops->put(s, 9, PAGE_BYTES - 1, 1, &one), 0);
	assert_int_equal(s->ops->put(s, 9, 0, 1, &one), 0);
	want[0] = want[PAGE_BYTES - 1] = one;
	assert_memory_equal(get(s, 9), want, sizeof want);
	expect(s, 8, 0);
	expect(s, 10, 0);
}

STORE_TEST(a_part_of_a_flushed_page_finds_nothing_old)
{
	uint64_t page = 9;
	uint8_t want[PAGE_BYTES] = {0}, one = 0x5a;

	put(s, 9, 5);
	s->ops->discard(s, &page, 10, 1);
	assert_int_equal(s->ops->put(s, 9, 17, 1, &one), 1);
	want[17] = one;
	assert_memory_equal(get(s, 9), want, sizeof want);
}

STORE_TEST(runs_end_where_presence_changes)
{
	uint64_t run;

	for (uint64_t page = 60; page < 130; page++)
		put(s, page, page);
	assert_null(s->ops->get(s, 0, PAGES, &run));
	assert_true(run == 60);
	assert_non_null(s->ops->get(s, 60, PAGES - 60, &run));
	assert_true(run == 70);
	assert_non_null(s->ops->get(s, 100, 20, &run));
	assert_true(run == 20);
	assert_null(s->ops->get(s, 130, PAGES - 130, &run));
	assert_true(run == PAGES - 130);
}

STORE_TEST(the_bytes_of_a_run_lie_in_a_row)
{
	uint64_t run;
	uint8_t want[PAGE_BYTES];

	for (uint64_t page = 62; page < 66; page++)
		put(s, page, page);
	const uint8_t *data = s->ops->get(s, 62, 4, &run);
	assert_true(run == 4);
	for (uint64_t page = 62; page < 66; page++) {
		fill(want, sizeof want, page);
		assert_memory_equal(data + (page - 62) * PAGE_BYTES, want, sizeof want);
	}
}

STORE_TEST(a_flush_gives_memory_back)
{
	uint64_t page = 0;

	for (uint64_t i = 0; i < PAGES; i++)
		put(s, i, i + 1);
	assert_int_equal(held_pages(), PAGES);
	assert_true(s->ops->discard(s, &page, PAGES, PAGES) == PAGES);
	assert_true(page == PAGES);
	assert_int_equal(held_pages(), 0);
	for (uint64_t i = 0; i < PAGES; i++)
		expect(s, i, 0);
}

STORE_TEST(a_flush_takes_no_neighbour)
{
	uint64_t page = 63;

	for (uint64_t i = 60; i < 70; i++)
		put(s, i, i);
	assert_true(s->ops->discard(s, &page, 66, PAGES) == 3);
	assert_true(page == 66);
	for (uint64_t i = 60; i < 70; i++)
		expect(s, i, i >= 63 && i < 66 ? 0 : i);
	assert_int_equal(held_pages(), 7);
}

STORE_TEST(a_flush_of_nothing_goes_to_the_end_at_once)
{
	uint64_t page = 3;

	assert_true(s->ops->discard(s, &page, 190, 1) == 0);
	assert_true(page == 190);
}

STORE_TEST(a_flush_goes_on_where_it_stopped)
{
	uint64_t page = 0, freed, turns = 0, sum = 0;

	for (uint64_t i = 10; i < 190; i += 3)
		put(s, i, i);
	for (; page < PAGES; turns++, sum += freed) {
		uint64_t before = page;

		freed = s->ops->discard(s, &page, PAGES, 7);
		assert_true(freed <= 7);
		assert_true(page > before);
		assert_int_equal(held_pages(), 60 - (long)(sum + freed));
	}
	assert_true(sum == 60);
	assert_true(turns <= 10);
	assert_int_equal(held_pages(), 0);
}

STORE_TEST(whatever_happens_it_is_as_a_plain_table_says)
{
	static uint64_t tag[PAGES];
	uint64_t seed = 3;

	for (uint64_t i = 1; i <= 20000; i++) {
		uint64_t page = dice_below(&seed, PAGES), end, from, freed, gone = 0, run;

		if (dice_below(&seed, 3)) {
			assert_int_equal(put(s, page, i), tag[page] == 0);
			tag[page] = i;
		} else {
			from = page;
			end = from + dice_below(&seed, PAGES - from + 1);
			freed = s->ops->discard(s, &page, end, 1 + dice_below(&seed, 20));
			assert_in_range(page, from, end);
			for (; from < page; from++) {
				gone += tag[from] != 0;
				tag[from] = 0;
			}
			assert_true(freed == gone);
		}
		page = dice_below(&seed, PAGES);
		expect(s, page, tag[page]);
		s->ops->get(s, page, PAGES - page, &run);
		for (end = page; end < PAGES && !tag[end] == !tag[page]; )
			end++;
		assert_true(run == end - page);
	}
	for (uint64_t page = 0; page < PAGES; page++) {
		expect(s, page, tag[page]);
		tag[page] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_UNIT(at_first_all_is_absent),
		STORE_UNIT(looking_costs_no_memory),
		STORE_UNIT(a_put_is_what_get_gets),
		STORE_UNIT(a_put_over_a_put),
		STORE_UNIT(the_first_and_the_last_page),
		STORE_UNIT(a_part_of_an_absent_page_leaves_zeros_around),
		STORE_UNIT(a_part_of_a_page_keeps_the_rest),
		STORE_UNIT(a_part_of_a_flushed_page_finds_nothing_old),
		STORE_UNIT(runs_end_where_presence_changes),
		STORE_UNIT(the_bytes_of_a_run_lie_in_a_row),
		STORE_UNIT(a_flush_gives_memory_back),
		STORE_UNIT(a_flush_takes_no_neighbour),
		STORE_UNIT(a_flush_of_nothing_goes_to_the_end_at_once),
		STORE_UNIT(a_flush_goes_on_where_it_stopped),
		STORE_UNIT(whatever_happens_it_is_as_a_plain_table_says),
	};

	return cmocka_run_group_tests_name("store_flat", tests, NULL, NULL);
}
