/* SPDX-License-Identifier: BSD-2-Clause */
/* The flat store: how large it may be, and how it becomes larger or smaller. */
#include "store_fixture.h"

#include <stdlib.h>

static void resize(struct store *s, uint64_t pages)
{
	assert_int_equal(s->ops->resize(s, pages), 0);
}

STORE_TEST(a_larger_store_keeps_its_pages)
{
	for (uint64_t page = 0; page < PAGES; page += 3)
		put(s, page, page + 1);
	resize(s, 5 * PAGES + 1);
	for (uint64_t page = 0; page < PAGES; page++)
		expect(s, page, page % 3 ? 0 : page + 1);
	assert_int_equal(held_pages(), (PAGES + 2) / 3);
}

STORE_TEST(the_pages_it_gained_are_absent_and_usable)
{
	uint64_t run;

	put(s, PAGES - 1, 1);
	resize(s, 2 * PAGES);
	assert_null(s->ops->get(s, PAGES, PAGES, &run));
	assert_true(run == PAGES);
	assert_int_equal(put(s, PAGES, 2), 1);
	assert_int_equal(put(s, 2 * PAGES - 1, 3), 1);
	expect(s, PAGES - 1, 1);
	expect(s, PAGES, 2);
	expect(s, 2 * PAGES - 1, 3);
}

STORE_TEST(a_smaller_store_gives_memory_back)
{
	for (uint64_t page = 0; page < PAGES; page++)
		put(s, page, page + 1);
	resize(s, 70);
	for (uint64_t page = 0; page < 70; page++)
		expect(s, page, page + 1);
	assert_int_equal(held_pages(), 70);
}

STORE_TEST(what_was_cut_off_does_not_grow_again)
{
	uint8_t want[PAGE_BYTES] = {0}, one = 1;

	for (uint64_t page = 0; page < PAGES; page++)
		put(s, page, page + 1);
	resize(s, 70);
	resize(s, PAGES);
	for (uint64_t page = 0; page < PAGES; page++)
		expect(s, page, page < 70 ? page + 1 : 0);
	assert_int_equal(s->ops->put(s, 71, 5, 1, &one), 1);
	want[5] = one;
	assert_memory_equal(get(s, 71), want, sizeof want);
}

STORE_TEST(the_same_size_changes_nothing)
{
	put(s, 5, 1);
	put(s, PAGES - 1, 2);
	resize(s, PAGES);
	expect(s, 5, 1);
	expect(s, PAGES - 1, 2);
	assert_int_equal(held_pages(), 2);
}

STORE_TEST(sizes_about_a_word_of_the_bitmap)
{
	for (uint64_t pages = 62; pages <= 66; pages++) {
		resize(s, pages);
		for (uint64_t page = 0; page < pages; page++)
			put(s, page, page + 1);
		resize(s, 64);
		for (uint64_t page = 0; page < 64; page++)
			expect(s, page, page < pages ? page + 1 : 0);
		resize(s, 130);
		for (uint64_t page = 64; page < 130; page++)
			expect(s, page, 0);
	}
}

STORE_TEST(a_size_that_cannot_be_leaves_it_as_it_was)
{
	put(s, 5, 1);
	errno = 0;
	assert_int_equal(s->ops->resize(s, UINT64_C(1) << 50), -1);
	assert_int_not_equal(errno, 0);
	expect(s, 5, 1);
	assert_int_equal(put(s, PAGES - 1, 2), 1);
	expect(s, PAGES - 1, 2);
	assert_int_equal(held_pages(), 2);
}

STORE_TEST(whatever_its_size_it_is_as_a_plain_table_says)
{
	static uint64_t tag[600];
	uint64_t seed = 4, pages = PAGES;

	for (uint64_t i = 1; i <= 300; i++) {
		uint64_t page;

		for (int k = 0; k < 20; k++) {
			page = dice_below(&seed, pages);
			put(s, page, i);
			tag[page] = i;
		}
		pages = 1 + dice_below(&seed, COUNT(tag));
		resize(s, pages);
		for (page = pages; page < COUNT(tag); page++)
			tag[page] = 0;
		for (int k = 0; k < 20; k++) {
			page = dice_below(&seed, pages);
			expect(s, page, tag[page]);
		}
	}
	for (uint64_t page = 0; page < pages; page++)
		expect(s, page, tag[page]);
}

TEST(a_store_that_cannot_be)
{
	bool locked;

	errno = 0;
	assert_null(store_flat.open(-1, UINT64_C(1) << 50, &locked));
	assert_int_not_equal(errno, 0);
	assert_int_equal(held_pages(), -1);
	assert_null(store_flat.open(-1, 0, &locked));
	assert_int_equal(held_pages(), -1);
}

TEST(a_store_far_larger_than_memory_costs_what_is_put)
{
	const uint64_t pages = UINT64_C(16) << 30 >> PAGE_SHIFT;
	struct store *s = open_store(pages);
	uint64_t run, page = 0;

	put(s, pages - 1, 1);
	put(s, pages / 2, 2);
	assert_int_equal(held_pages(), 2);
	assert_null(s->ops->get(s, 0, pages, &run));
	assert_true(run == pages / 2);
	assert_true(s->ops->discard(s, &page, pages, 1) == 1);
	assert_true(page > pages / 2 && page < pages);
	assert_true(s->ops->discard(s, &page, pages, 1) == 1);
	assert_int_equal(held_pages(), 0);
	s->ops->close(s);
}

/* KiB in a line of /proc/self/status. */
static unsigned long status_kib(const char *what)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	unsigned long kib = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtoul(line + strlen(what), NULL, 10);
	fclose(f);
	return kib;
}

TEST(it_says_whether_it_is_locked)
{
	unsigned long before = status_kib("VmLck:"), more;
	bool locked = false;
	struct store *s = store_flat.open(-1, 512, &locked);

	assert_non_null(s);
	more = status_kib("VmLck:") - before;
	assert_int_equal(more >= 512 * 4, locked);
	resize(s, 1024);
	more = status_kib("VmLck:") - before;
	assert_int_equal(more >= 1024 * 4, locked);
	s->ops->close(s);
	assert_int_equal(status_kib("VmLck:"), before);
}

TEST(closing_nothing)
{
	store_flat.close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_UNIT(a_larger_store_keeps_its_pages),
		STORE_UNIT(the_pages_it_gained_are_absent_and_usable),
		STORE_UNIT(a_smaller_store_gives_memory_back),
		STORE_UNIT(what_was_cut_off_does_not_grow_again),
		STORE_UNIT(the_same_size_changes_nothing),
		STORE_UNIT(sizes_about_a_word_of_the_bitmap),
		STORE_UNIT(a_size_that_cannot_be_leaves_it_as_it_was),
		STORE_UNIT(whatever_its_size_it_is_as_a_plain_table_says),
		cmocka_unit_test(a_store_that_cannot_be),
		cmocka_unit_test(a_store_far_larger_than_memory_costs_what_is_put),
		cmocka_unit_test(it_says_whether_it_is_locked),
		cmocka_unit_test(closing_nothing),
	};

	return cmocka_run_group_tests_name("store_flat's size", tests, NULL, NULL);
}
