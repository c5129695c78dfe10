/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates, on a clock of our own. */
#include "unit.h"

#include "rate.h"

#define SECOND UINT64_C(1000000000)

/* How many are let through from FROM to TO, asked for every STEP ns. */
static unsigned through(struct rate *r, uint64_t from, uint64_t to, uint64_t step, uint64_t units)
{
	unsigned n = 0;

	for (uint64_t now = from; now < to; now += step)
		while (!rate_wait(r, now) && n < 1000000) {
			rate_take(r, now, units);
			n++;
		}
	return n;
}

TEST(no_limit)
{
	struct rate r = {0};

	rate_set(&r, 0);
	rate_take(&r, SECOND, UINT64_C(1) << 25);
	assert_int_equal(rate_wait(&r, SECOND), 0);
}

TEST(so_many_a_second_and_a_tenth_at_once)
{
	struct rate r = {0};

	rate_set(&r, 1000);
	assert_in_range(through(&r, SECOND, SECOND + 1, 1, 1), 100, 101);
	assert_in_range(through(&r, SECOND + 1, 11 * SECOND, 1000000, 1), 9990, 10001);
}

TEST(what_was_not_used_is_not_saved_up)
{
	struct rate r = {0};

	rate_set(&r, 1000);
	through(&r, SECOND, SECOND + 1, 1, 1);
	assert_in_range(through(&r, 1000 * SECOND, 1000 * SECOND + 1, 1, 1), 100, 101);
}

TEST(a_large_one_passes_and_is_paid_for_later)
{
	struct rate r = {0};

	rate_set(&r, 4096);
	assert_int_equal(rate_wait(&r, SECOND), 0);
	rate_take(&r, SECOND, 40960);
	assert_in_range(rate_wait(&r, SECOND), 99 * SECOND / 10 - SECOND / 100, 99 * SECOND / 10);
	assert_int_equal(rate_wait(&r, 11 * SECOND), 0);
}

TEST(a_limit_that_goes_away)
{
	struct rate r = {0};

	rate_set(&r, 1);
	rate_take(&r, SECOND, 1000);
	rate_set(&r, 0);
	rate_take(&r, SECOND, 1000);
	assert_int_equal(rate_wait(&r, SECOND), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_limit),
		cmocka_unit_test(so_many_a_second_and_a_tenth_at_once),
		cmocka_unit_test(what_was_not_used_is_not_saved_up),
		cmocka_unit_test(a_large_one_passes_and_is_paid_for_later),
		cmocka_unit_test(a_limit_that_goes_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
