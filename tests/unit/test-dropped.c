/* SPDX-License-Identifier: BSD-2-Clause */
/* The bitmap of dropped pages, against a plain array. */
#include "unit.h"

#include "dropped.h"

#define PAGES 300u

static bool model[2 * PAGES];

static void same(const struct dropped *d, uint64_t pages)
{
	uint64_t count = 0;

	for (uint64_t first = 0; first < pages; first++) {
		uint64_t next = first;

		count += model[first];
		while (next < pages && !model[next])
			next++;
		assert_int_equal(dropped_find(d, first, pages), next);
		assert_int_equal(dropped_find(d, first, first + 1), model[first] ? first : first + 1);
		assert_int_equal(dropped_find(d, first, first), first);
	}
	assert_int_equal(dropped_pages(d), count);
}

TEST(as_an_array_would)
{
	struct dropped *d = dropped_open(PAGES);
	uint64_t seed = 1;

	memset(model, 0, sizeof model);
	same(d, PAGES);
	for (int i = 0; i < 2000; i++) {
		uint64_t first = dice_below(&seed, PAGES);
		uint64_t end = first + dice_below(&seed, PAGES - first + 1);
		bool set = dice_below(&seed, 2);

		(set ? dropped_set : dropped_clear)(d, first, end);
		for (uint64_t page = first; page < end; page++)
			model[page] = set;
		same(d, PAGES);
	}
	dropped_close(d);
}

TEST(more_pages_and_fewer)
{
	struct dropped *d = dropped_open(PAGES);

	memset(model, 0, sizeof model);
	dropped_set(d, 250, PAGES);
	dropped_set(d, 3, 5);
	for (uint64_t page = 250; page < PAGES; page++)
		model[page] = true;
	model[3] = model[4] = true;
	assert_int_equal(dropped_resize(d, 2 * PAGES), 0);
	same(d, 2 * PAGES);
	assert_int_equal(dropped_resize(d, 251), 0);
	same(d, 251);
	assert_int_equal(dropped_resize(d, PAGES), 0);
	memset(model + 251, 0, sizeof model - 251);
	same(d, PAGES);
	dropped_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_an_array_would),
		cmocka_unit_test(more_pages_and_fewer),
	};

	return cmocka_run_group_tests_name("dropped", tests, NULL, NULL);
}
