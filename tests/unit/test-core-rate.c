/* SPDX-License-Identifier: BSD-2-Clause */
/* Healing does not take more than its share of the network, and takes that. */
#define EXTENTS 16u
#include "heal_fixture.h"

#define MANY 4000u

static void begin_at(uint32_t pages_a_second)
{
	open_core((struct core_options){ .links = 2, .copies = 2,
	                                 .heal_pages = pages_a_second });
	up(0);
	up(1);
	wipe_all();
	for (uint64_t page = 0; page < MANY; page += 32)
		put_now(page, 32);
	without(1, 0, MANY);
	c.heal.waiter = &c;
}

/* Pages that are healed in MS, when the clock is looked at every so many of them. */
static uint64_t healed_in(int64_t ms, int64_t every)
{
	uint64_t before = c.counts.healed_pages;

	for (int64_t end = now + ms; now < end; ) {
		later(every);
		carry_out();
	}
	return c.counts.healed_pages - before;
}

TEST(no_more_than_its_rate_and_not_much_less)
{
	const uint32_t rates[] = { 1, 7, 100, 999, 1000, 1500 };
	const int64_t steps[] = { 1, 3, 100, 997 };

	for (size_t i = 0; i < COUNT(rates); i++)
		for (size_t k = 0; k < COUNT(steps); k++) {
			int64_t seconds = rates[i] < 100 ? 40 : 2;
			uint64_t fair = rates[i] * (uint64_t)seconds, pages;

			/* A step that is longer than a pause is made up for leaves some. */
			if (steps[k] > 100 && rates[i] >= 100)
				continue;
			begin_at(rates[i]);
			pages = healed_in(seconds * 1000, steps[k]);
			if (pages > fair + 32 + rates[i] / 5 || pages < fair * 7 / 10)
				fail_msg("%u a second, looked at every %d ms: %d in %d s",
				         (unsigned)rates[i], (int)steps[k], (int)pages, (int)seconds);
			assert_int_equal(close_core(), 0);
		}
	begin_at(1);
}

/* What was not used for long is not made up for. */
TEST(a_pause_is_not_made_up_for)
{
	begin_at(1000);
	c.heal.waiter = NULL;
	later(3600000);
	c.heal.waiter = &c;
	assert_in_range(healed_in(10, 1), 1, 200);
}

TEST(it_wakes_when_it_may_go_on)
{
	int64_t at;

	begin_at(100);
	healed(0, 32);
	nothing_to_do();
	at = core_wake_at(&c, true);
	assert_in_range(at - now, 200, 400);
	later(at - now);
	healed(32, 32);
	assert_in_range(c.counts.healed_pages, 64, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(no_more_than_its_rate_and_not_much_less),
		UNIT(a_pause_is_not_made_up_for),
		UNIT(it_wakes_when_it_may_go_on),
	};

	return cmocka_run_group_tests_name("the core's rate of healing", tests, NULL, NULL);
}
