/* SPDX-License-Identifier: BSD-2-Clause */
/* When the host needs its memory: what was seen, and what is made of it. */
#include "unit.h"

#include "pressure.h"

#define KEEP 1000u
#define HELD 100000u

static struct pressure p;
static struct pressure_rule rule;
static struct pressure_seen seen;

static int setup(void **state)
{
	(void)state;
	p = (struct pressure){0};
	rule = (struct pressure_rule){ .keep_free = KEEP, .deadline_ms = 60000 };
	seen = (struct pressure_seen){ .now_ms = 5000000, .available = 10 * KEEP, .held = HELD };
	return 0;
}

/* A look MS later. */
static enum pressure_state after(uint64_t ms, uint64_t available)
{
	seen.now_ms += ms;
	seen.available = available;
	pressure_step(&p, &rule, &seen);
	return p.state;
}

/* Looks every 100 ms for MS. */
static enum pressure_state during(uint64_t ms, uint64_t available)
{
	for (uint64_t past = 0; past < ms; past += 100)
		after(100, available);
	return p.state;
}

static void asks(uint64_t ask, uint64_t take)
{
	assert_int_equal(p.ask, ask);
	assert_int_equal(p.take, take);
}

TEST(all_is_well)
{
	assert_int_equal(during(1000000, 10 * KEEP), PRESSURE_NONE);
	assert_int_equal(after(1, KEEP), PRESSURE_NONE);
	asks(0, 0);
}

TEST(one_step_after_the_other)
{
	assert_int_equal(after(0, KEEP - 1), PRESSURE_REFUSE);
	asks(0, 0);
	assert_int_equal(during(900, KEEP - 1), PRESSURE_REFUSE);
	assert_int_equal(after(100, KEEP - 1), PRESSURE_VACATE);
	asks(KEEP / 4 + 1, 0);
	assert_int_equal(during(59900, 300), PRESSURE_VACATE);
	asks(KEEP + KEEP / 4 - 300, 0);
	assert_int_equal(p.rounds, 0);
	assert_int_equal(after(100, 300), PRESSURE_DROP);
	asks(KEEP + KEEP / 4 - 300, KEEP - 300);
	assert_int_equal(p.rounds, 1);
	during(59900, 300);
	assert_int_equal(p.rounds, 1);
	during(100, 300);
	assert_int_equal(p.rounds, 2);
}

TEST(a_short_dip_asks_nobody)
{
	for (int i = 0; i < 10; i++) {
		assert_int_equal(during(800, KEEP - 1), PRESSURE_REFUSE);
		assert_int_equal(during(100, KEEP), PRESSURE_REFUSE);
	}
}

/* Between the two marks all stays as it is, whichever it is. */
TEST(neither_short_nor_over)
{
	during(100000, KEEP + KEEP / 4 - 1);
	assert_int_equal(p.state, PRESSURE_NONE);
	after(0, 0);
	assert_int_equal(during(100000, KEEP + KEEP / 4 - 1), PRESSURE_REFUSE);
	during(1000, 0);
	assert_int_equal(during(50000, KEEP + KEEP / 4 - 1), PRESSURE_VACATE);
	asks(1, 0);
	/* Dropping ends where keep-free begins. */
	assert_int_equal(during(50000, KEEP), PRESSURE_DROP);
	asks(KEEP / 4, 0);
	after(100, KEEP - 1);
	asks(KEEP / 4 + 1, 1);
}

TEST(over_only_after_a_while)
{
	const uint64_t deep[] = { 100, 2000, 100000 };

	for (size_t i = 0; i < COUNT(deep); i++) {
		during(deep[i], 0);
		assert_int_equal(p.state, (enum pressure_state)(i + 1));
		during(4900, KEEP + KEEP / 4);
		assert_int_equal(p.state, (enum pressure_state)(i + 1));
		asks(0, 0);
		after(100, KEEP + KEEP / 4 - 1); /* counts from the beginning */
		during(4900, KEEP + KEEP / 4);
		assert_int_equal(p.state, (enum pressure_state)(i + 1));
		after(100, KEEP + KEEP / 4);
		assert_int_equal(p.state, PRESSURE_NONE);
		asks(0, 0);
	}
}

TEST(a_new_shortage_has_a_deadline_of_its_own)
{
	during(62000, 0);
	assert_int_equal(p.state, PRESSURE_DROP);
	assert_int_equal(during(5100, 10 * KEEP), PRESSURE_NONE);
	assert_int_equal(during(60000, 0), PRESSURE_VACATE);
	assert_int_equal(during(2000, 0), PRESSURE_DROP);
}

TEST(no_more_is_wanted_than_there_is)
{
	seen.held = 10;
	during(62000, 0);
	asks(10, 10);
	seen.held = 0;
	after(1, 0);
	asks(0, 0);
}

TEST(who_waits_for_memory)
{
	seen.stalled = PRESSURE_STALLED - 1;
	assert_int_equal(during(10000, KEEP), PRESSURE_NONE);
	seen.stalled = PRESSURE_STALLED;
	assert_int_equal(after(1, 2 * KEEP - 1), PRESSURE_REFUSE);
	/* No page is asked for as long as enough is free. */
	assert_int_equal(during(100000, 2 * KEEP - 1), PRESSURE_REFUSE);
	seen.stalled = PRESSURE_UNSTALLED;
	assert_int_equal(during(100000, 2 * KEEP - 1), PRESSURE_REFUSE);
	seen.stalled = PRESSURE_UNSTALLED - 1;
	assert_int_equal(during(4900, 2 * KEEP - 1), PRESSURE_REFUSE);
	assert_int_equal(during(200, 2 * KEEP - 1), PRESSURE_NONE);
}

TEST(who_waits_although_plenty_is_free)
{
	seen.stalled = 10000;
	assert_int_equal(during(100000, 2 * KEEP), PRESSURE_NONE);
	during(2000, 0);
	assert_int_equal(during(5100, 2 * KEEP), PRESSURE_NONE);
}

TEST(without_keep_free_only_stalls_count)
{
	rule.keep_free = 0;
	assert_int_equal(during(100000, 0), PRESSURE_NONE);
	seen.stalled = PRESSURE_STALLED;
	assert_int_equal(during(100000, 0), PRESSURE_REFUSE);
	seen.stalled = 0;
	assert_int_equal(during(5100, 0), PRESSURE_NONE);
}

TEST(nobody_knows_what_is_free)
{
	rule.keep_free = INT64_MAX;
	assert_int_equal(during(100000, UINT64_MAX), PRESSURE_NONE);
}

TEST(the_rule_may_change)
{
	during(2000, KEEP / 2);
	assert_int_equal(p.state, PRESSURE_VACATE);
	rule.deadline_ms = 1000;
	assert_int_equal(during(1000, KEEP / 2), PRESSURE_DROP);
	rule.keep_free = KEEP / 4;
	after(100, KEEP / 2);
	asks(0, 0);
	assert_int_equal(during(5000, KEEP / 2), PRESSURE_NONE);
	rule.keep_free = INT64_MAX;
	assert_int_equal(after(100, KEEP), PRESSURE_REFUSE);
	assert_int_equal(during(1000, KEEP), PRESSURE_VACATE);
	asks(HELD, 0);
}

/* A host that slept for a day had no time to give anything back. */
TEST(a_clock_that_jumps_ahead)
{
	after(0, 0);
	assert_int_equal(after(1, 0), PRESSURE_REFUSE);
	during(1000, 0);
	assert_int_equal(after(86400000, 0), PRESSURE_VACATE);
	assert_int_equal(during(57800, 0), PRESSURE_VACATE);
	assert_int_equal(during(200, 0), PRESSURE_DROP);
	assert_int_equal(after(86400000, 10 * KEEP), PRESSURE_DROP);
	assert_int_equal(during(2900, 10 * KEEP), PRESSURE_DROP);
	assert_int_equal(during(200, 10 * KEEP), PRESSURE_NONE);
}

TEST(a_clock_that_goes_back)
{
	after(0, 0);
	during(1000, 0);
	assert_int_equal(p.state, PRESSURE_VACATE);
	for (int i = 0; i < 1000; i++) {
		seen.now_ms -= 1000;
		assert_int_equal(after(0, 0), PRESSURE_VACATE);
	}
	assert_int_equal(during(59900, 0), PRESSURE_VACATE);
	assert_int_equal(during(100, 0), PRESSURE_DROP);
	seen.now_ms = 0;
	assert_int_equal(after(0, 10 * KEEP), PRESSURE_DROP);
	assert_int_equal(during(5000, 10 * KEEP), PRESSURE_NONE);
}

TEST(the_first_look_counts_for_no_time)
{
	seen.now_ms = UINT64_MAX - 100;
	assert_int_equal(after(0, 0), PRESSURE_REFUSE);
	assert_int_equal(p.short_ms, 0);
}

/* A page that found no room says so sooner than the next look does. */
TEST(who_was_refused_is_not_taken_from)
{
	seen.refused = true;
	assert_int_equal(after(0, KEEP + 1), PRESSURE_REFUSE);
	asks(0, 0);
	assert_int_equal(during(20000, KEEP + 1), PRESSURE_REFUSE);
	seen.refused = false;
	assert_int_equal(during(6000, 2 * KEEP), PRESSURE_NONE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(all_is_well),
		T(one_step_after_the_other),
		T(a_short_dip_asks_nobody),
		T(neither_short_nor_over),
		T(over_only_after_a_while),
		T(a_new_shortage_has_a_deadline_of_its_own),
		T(no_more_is_wanted_than_there_is),
		T(who_waits_for_memory),
		T(who_waits_although_plenty_is_free),
		T(without_keep_free_only_stalls_count),
		T(nobody_knows_what_is_free),
		T(the_rule_may_change),
		T(a_clock_that_jumps_ahead),
		T(a_clock_that_goes_back),
		T(the_first_look_counts_for_no_time),
		T(who_was_refused_is_not_taken_from),
	};

	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
