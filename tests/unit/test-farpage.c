/* SPDX-License-Identifier: BSD-2-Clause */
/* libfarpage as a program sees it, on the store in its own process. */
#include "memfd.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "farpage.h"

#define PAGE FARPAGE_PAGE_BYTES
#define MIB  (UINT64_C(1) << 20)

static struct farpage *f; /* of 64 pages */

static int setup(void **state)
{
	const struct farpage_options o = { .size = 64 * PAGE };

	(void)state;
	f = farpage_open(&o, sizeof o, NULL);
	return f ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	farpage_close(f);
	return 0;
}

static void expect(uint64_t page, uint64_t tag)
{
	uint8_t got[PAGE], want[PAGE] = {0};

	memset(got, 0x5a, sizeof got);
	if (tag)
		fill(want, sizeof want, tag);
	assert_int_equal(farpage_get(f, page, 1, got), 0);
	assert_memory_equal(got, want, sizeof got);
}

static int put(uint64_t page, uint64_t tag)
{
	uint8_t data[PAGE];

	fill(data, sizeof data, tag);
	return farpage_put(f, page, 1, data);
}

TEST(its_size_and_its_name)
{
	const char *name = farpage_instance(f);

	assert_true(farpage_size(f) == 64 * PAGE);
	assert_int_equal(strlen(name), 32);
	assert_int_equal(strspn(name, "0123456789abcdef"), 32);
}

TEST(every_opening_has_another_name)
{
	const struct farpage_options o = { .size = PAGE };
	struct farpage *other = farpage_open(&o, sizeof o, NULL);

	assert_non_null(other);
	assert_string_not_equal(farpage_instance(f), farpage_instance(other));
	farpage_close(other);
}

TEST(put_get_flush)
{
	for (uint64_t page = 0; page < 64; page++)
		expect(page, 0);
	assert_int_equal(put(0, 1), 0);
	assert_int_equal(put(63, 2), 0);
	assert_int_equal(put(63, 3), 0);
	expect(0, 1);
	expect(1, 0);
	expect(63, 3);
	assert_int_equal(farpage_flush(f, 63, 1), 0);
	expect(63, 0);
	expect(0, 1);
	assert_int_equal(farpage_flush_area(f), 0);
	expect(0, 0);
}

TEST(what_is_flushed_is_given_back)
{
	for (uint64_t page = 0; page < 64; page++)
		put(page, 1);
	assert_int_equal(held_pages(), 64);
	assert_int_equal(farpage_flush(f, 10, 20), 0);
	assert_int_equal(held_pages(), 44);
	assert_int_equal(farpage_flush_area(f), 0);
	assert_int_equal(held_pages(), 0);
}

TEST(many_pages_at_once)
{
	static uint8_t data[64 * PAGE], got[64 * PAGE];

	fill(data, sizeof data, 7);
	assert_int_equal(farpage_put(f, 0, 64, data), 0);
	assert_int_equal(farpage_get(f, 0, 64, got), 0);
	assert_memory_equal(got, data, sizeof got);
	assert_int_equal(farpage_flush(f, 10, 20), 0);
	memset(data + 10 * PAGE, 0, 20 * PAGE);
	assert_int_equal(farpage_get(f, 0, 64, got), 0);
	assert_memory_equal(got, data, sizeof got);
}

TEST(no_pages_at_all)
{
	assert_int_equal(farpage_put(f, 0, 0, NULL), 0);
	assert_int_equal(farpage_get(f, 64, 0, NULL), 0);
	assert_int_equal(farpage_flush(f, 64, 0), 0);
}

TEST(pages_beyond_the_end)
{
	const struct { uint64_t page, n; } cases[] = {
		{ 64, 1 }, { 63, 2 }, { 0, 65 }, { 65, 0 }, { UINT64_MAX, 1 }, { 1, UINT64_MAX },
		{ UINT64_MAX, UINT64_MAX }, { UINT64_C(1) << 52, 1 },
	};
	static uint8_t data[65 * PAGE];

	for (size_t i = 0; i < COUNT(cases); i++) {
		errno = 0;
		assert_int_equal(farpage_put(f, cases[i].page, cases[i].n, data), -1);
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_int_equal(farpage_get(f, cases[i].page, cases[i].n, data), -1);
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_int_equal(farpage_flush(f, cases[i].page, cases[i].n), -1);
		assert_int_equal(errno, EINVAL);
	}
}

/* More than one request to a lender would carry. */
TEST(looking)
{
	uint8_t page[PAGE];
	uint64_t n = 64;

	assert_int_equal(farpage_look(f, 0, &n), 1);
	assert_int_equal(n, 64);
	fill(page, sizeof page, 1);
	assert_int_equal(farpage_put(f, 9, 1, page), 0);
	assert_int_equal(farpage_look(f, 0, &n), 1);
	assert_int_equal(n, 9);
	n = 55;
	assert_int_equal(farpage_look(f, 9, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(farpage_flush(f, 9, 1), 0);
	n = 1;
	assert_int_equal(farpage_look(f, 9, &n), 1);
	n = 65;
	assert_int_equal(farpage_look(f, 0, &n), -1);
	n = 0;
	assert_int_equal(farpage_look(f, 0, &n), -1);
	n = UINT64_MAX;
	assert_int_equal(farpage_look(f, 63, &n), -1);
}

TEST(more_than_32_mib_at_once)
{
	const struct farpage_options o = { .size = 70 * MIB };
	struct farpage *large = farpage_open(&o, sizeof o, NULL);
	const size_t n = 70 * MIB - PAGE;
	uint8_t *data = malloc(n), *got = malloc(n);

	assert_true(large && data && got);
	for (size_t i = 0; i < n; i += 8)
		memcpy(data + i, &i, 8);
	assert_int_equal(farpage_put(large, 1, n / PAGE, data), 0);
	assert_int_equal(farpage_get(large, 1, n / PAGE, got), 0);
	assert_memory_equal(got, data, n);
	farpage_close(large);
	free(data);
	free(got);
}

static void figures(void **state)
{
	struct farpage_stats s, part;
	uint8_t data[3 * PAGE];
	char json[FARPAGE_STATS_JSON_MAX];

	(void)state;
	memset(data, 7, sizeof data);
	fill(data, PAGE, 9);
	assert_int_equal(farpage_put(f, 4, 3, data), 0);
	assert_int_equal(farpage_get(f, 4, 1, data), 0);
	farpage_stats(f, &s, sizeof s);
	assert_int_equal(s.size, 64 * PAGE);
	assert_int_equal(s.copies, 1);
	assert_int_equal(s.lenders, 1);
	assert_int_equal(s.sealed_pages, 1);
	assert_int_equal(s.same_pages, 2);
	assert_string_equal(s.lender[0].name, "this process");
	assert_string_equal(s.lender[0].state, "up");
	assert_int_equal(s.lender[0].put.pages, 1);
	assert_int_equal(s.lender[0].get.pages, 1);
	/* A program that was built when there was less, and one when there was more. */
	memset(&part, 0x5a, sizeof part);
	farpage_stats(f, &part, offsetof(struct farpage_stats, uptime_ms));
	assert_int_equal(part.size, s.size);
	assert_int_equal(part.uptime_ms, UINT64_C(0x5a5a5a5a5a5a5a5a));
	assert_in_range(farpage_stats_json(f, json, sizeof json), 100, sizeof json - 1);
	assert_int_equal(farpage_stats_json(f, json, 99), 0);
}

static void *mine(void *number)
{
	uint64_t first = 16 * (uintptr_t)number, seed = first + 1, tag[16] = {0};
	uint8_t data[PAGE], want[PAGE];

	for (uint64_t i = 1; i < 500; i++) {
		uint64_t page = dice_below(&seed, 16);

		memset(want, 0, sizeof want);
		if (tag[page])
			fill(want, sizeof want, tag[page]);
		if (farpage_get(f, first + page, 1, data) < 0 ||
		    memcmp(data, want, sizeof want) != 0)
			return "wrong";
		tag[page] = dice_below(&seed, 3) ? i : 0;
		fill(data, sizeof data, tag[page]);
		if (tag[page] ? farpage_put(f, first + page, 1, data)
		              : farpage_flush(f, first + page, 1))
			return "failed";
	}
	return NULL;
}

TEST(four_threads)
{
	pthread_t thread[4];
	void *result;

	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, mine, (void *)i);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(thread[i], &result);
		assert_null(result);
	}
}

TEST(closing_nothing)
{
	farpage_close(NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(its_size_and_its_name),
		T(every_opening_has_another_name),
		T(put_get_flush),
		T(what_is_flushed_is_given_back),
		T(many_pages_at_once),
		T(no_pages_at_all),
		T(pages_beyond_the_end),
		T(looking),
		cmocka_unit_test(more_than_32_mib_at_once),
		T(four_threads),
		T(figures),
		cmocka_unit_test(closing_nothing),
	};

	return cmocka_run_group_tests_name("libfarpage", tests, NULL, NULL);
}
