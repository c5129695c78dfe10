/* SPDX-License-Identifier: BSD-2-Clause */
/* One bit a page, against a plain array, and from two threads at once. */
#include "unit.h"

#include <pthread.h>

#include "bitmap.h"

#define PAGES  300u
#define ROUNDS 2000u
#define TURNS  500000u

static _Atomic uint64_t bits[(PAGES + BITMAP_WORD_BITS - 1) / BITMAP_WORD_BITS];
static bool model[PAGES];
static pthread_barrier_t ready;

static int setup(void **state)
{
	(void)state;
	memset((void *)bits, 0, sizeof bits);
	memset(model, 0, sizeof model);
	return 0;
}

static uint64_t model_find(uint64_t page, uint64_t end, bool what)
{
	while (page < end && model[page] != what)
		page++;
	return page;
}

static void same(void)
{
	uint64_t count = 0;

	for (uint64_t page = 0; page < PAGES; page++) {
		count += model[page];
		assert_int_equal(bitmap_has(bits, page), model[page]);
		for (int what = 0; what < 2; what++) {
			uint64_t next = model_find(page, PAGES, what);

			assert_int_equal(bitmap_find(bits, page, PAGES, what), next);
			assert_int_equal(bitmap_find(bits, page, page, what), page);
			assert_int_equal(bitmap_find(bits, page, page + 1, what),
			                 next > page ? page + 1 : page);
		}
	}
	assert_int_equal(bitmap_count(bits, PAGES), count);
}

TEST(whole_words_of_bytes)
{
	assert_int_equal(bitmap_bytes(0), 0);
	assert_int_equal(bitmap_bytes(1), 8);
	assert_int_equal(bitmap_bytes(64), 8);
	assert_int_equal(bitmap_bytes(65), 16);
	assert_int_equal(bitmap_bytes(PAGES), sizeof bits);
}

TEST(as_an_array_would)
{
	uint64_t seed = 1;

	same();
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t first = dice_below(&seed, PAGES), changed = 0;
		uint64_t end = first + dice_below(&seed, PAGES - first + 1);
		bool what = dice_below(&seed, 2);

		for (uint64_t page = first; page < end; page++) {
			changed += model[page] != what;
			model[page] = what;
		}
		assert_int_equal((what ? bitmap_set : bitmap_clear)(bits, first, end), changed);
		same();
	}
}

/* Sets 200 pages and clears 100 of them, again and again; how many more it has set. */
static void *turn_all(void *data)
{
	uint64_t first = *(const uint64_t *)data, changed = 0;

	pthread_barrier_wait(&ready);
	for (unsigned i = 0; i < TURNS; i++) {
		changed += bitmap_set(bits, first, first + 200);
		changed -= bitmap_clear(bits, first + 50, first + 150);
	}
	return (void *)(uintptr_t)changed;
}

/* Pages 0 .. 200 and 100 .. 300. */
TEST(two_threads_count_each_change_once)
{
	uint64_t first[2] = { 0, 100 }, count = 0;
	pthread_t thread[2];
	void *changed;

	pthread_barrier_init(&ready, NULL, 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, turn_all, &first[i]), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(thread[i], &changed), 0);
		count += (uintptr_t)changed;
	}
	pthread_barrier_destroy(&ready);
	assert_int_equal(bitmap_count(bits, PAGES), count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_words_of_bytes),
		cmocka_unit_test_setup(as_an_array_would, setup),
		cmocka_unit_test_setup(two_threads_count_each_change_once, setup),
	};

	return cmocka_run_group_tests_name("bitmap", tests, NULL, NULL);
}
