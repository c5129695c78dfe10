/* SPDX-License-Identifier: BSD-2-Clause */
/* The process stood still: nobody is to blame for what was due meanwhile. */
#include "core_fixture.h"

#define STILL 250

static struct op op;

static void begin_still(unsigned n)
{
	begin(n, n, false);
	c.o.stall_ms = STILL;
}

TEST(an_answer_that_came_meanwhile_is_heard)
{
	struct ask *ask;

	begin_still(2);
	put_now(0, 1);
	op = get_of(0, 1);
	start(&op);
	ask = next(COMMAND_SEND).ask;
	later(2 * DEADLINE);
	nothing_to_do();
	answer(ask, 0);
	checks(&op, 1, 0);
	done(&op, 0);
}

/* Its request had begun, and it had not come to the core yet. */
TEST(who_stood_still_before_it_began_has_its_time)
{
	begin_still(1);
	put_now(0, 1);
	op = get_of(0, 1);
	op.until = now + DEADLINE;
	later(DEADLINE + STILL);
	core_start(&c, &op, now);
	answer(next(COMMAND_SEND).ask, 0);
	checks(&op, 1, 0);
	done(&op, 0);
	/* A request whose time was used up is not one. */
	op = get_of(0, 1);
	op.until = now + DEADLINE;
	later(DEADLINE + STILL - 1);
	core_start(&c, &op, now);
	done(&op, EIO);
}

/* The answer is the first that happens then. */
TEST(who_waits_for_its_turn_has_it)
{
	struct op second = get_of(0, 1);
	struct ask *ask;

	begin_still(1);
	op = put_of(0, 1);
	start(&op);
	start(&second);
	ask = next(COMMAND_SEND).ask;
	now += 2 * DEADLINE;
	answer(ask, 0);
	done(&op, 0);
	answer(next(COMMAND_SEND).ask, 0);
	checks(&second, 1, 0);
	done(&second, 0);
}

TEST(who_sealed_meanwhile_has_its_time)
{
	struct command command;

	begin_still(1);
	op = put_of(0, 1);
	start(&op);
	assert_true(core_next(&c, &command, now));
	assert_int_equal(command.kind, COMMAND_CHECK);
	later(DEADLINE + 1);
	core_checked(&c, &op, 0, now);
	answer(next(COMMAND_SEND).ask, 0);
	done(&op, 0);
}

/* What was due before it came is no excuse. */
TEST(who_came_afterwards_has_no_more_than_its_time)
{
	begin_still(1);
	put_now(0, 1);
	down(0);
	now += CORE_RETRY_MAX_MS;
	connects(0);
	now += 100 * DEADLINE;
	op = get_of(0, 1);
	start(&op);
	later(0);
	assert_true(op.until <= now + DEADLINE + STILL);
}

/* Its patience was over before it needed any. */
TEST(who_has_waited_for_long_did_not_stand_still)
{
	struct ask *ask;

	begin_still(2);
	put_now(0, 1);
	down(1);
	now += DEADLINE;
	op = get_of(0, 1);
	start(&op);
	ask = asked(ASK_GET, 0, &op);
	connects(1);
	for (int ms = 0; ms < LINK_TIMEOUT - 1; ms++)
		later(1);
	answer(ask, EIO);
	later(0);
	done(&op, EIO);
}

TEST(a_put_that_was_under_way_is_done)
{
	struct ask *ask[2];

	begin_still(2);
	op = put_of(0, 1);
	start(&op);
	ask[0] = next(COMMAND_SEND).ask;
	ask[1] = next(COMMAND_SEND).ask;
	answer(ask[0], 0);
	later(2 * DEADLINE);
	nothing_to_do();
	answer(ask[1], 0);
	done(&op, 0);
	assert_int_equal(holders(0), ON(0) | ON(1));
}

TEST(who_waits_for_its_turn_or_a_link_waits_on)
{
	struct op second = get_of(0, 1);
	struct ask *ask;

	begin_still(1);
	put_now(0, 1);
	op = get_of(0, 1);
	start(&op);
	start(&second);
	ask = next(COMMAND_SEND).ask;
	later(2 * DEADLINE);
	down(0);
	later(CORE_RETRY_MAX_MS);
	connects(0);
	later(2 * DEADLINE);
	nothing_to_do();
	up(0);
	ask = next(COMMAND_SEND).ask;
	answer(ask, 0);
	checks(&op, 1, 0);
	done(&op, 0);
	answer(next(COMMAND_SEND).ask, 0);
	checks(&second, 1, 0);
	done(&second, 0);
}

/* After that it is as always. */
TEST(a_lender_that_says_nothing_is_given_up)
{
	begin_still(1);
	put_now(0, 1);
	op = get_of(0, 1);
	start(&op);
	next(COMMAND_SEND);
	later(2 * DEADLINE);
	nothing_to_do();
	for (int ms = 0; ms < STILL; ms++)
		later(1);
	closes(0);
}

/* What is to be sent is to be sent at once: its time had just begun when we stood still, and it is over by
 * less than what tells standing still from being late. */
TEST(what_waits_to_be_sent_has_its_time)
{
	struct command sealing;
	struct ask *ask;

	begin_still(1);
	op = put_of(0, 1);
	start(&op);
	assert_true(core_next(&c, &sealing, now));
	seal_pages(&op);
	now += DEADLINE + STILL - 1;
	ask = asked(ASK_PUT, 0, &op);
	later(0);
	nothing_to_do();
	answer(ask, 0);
	done(&op, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(an_answer_that_came_meanwhile_is_heard),
		UNIT(who_stood_still_before_it_began_has_its_time),
		UNIT(who_waits_for_its_turn_has_it),
		UNIT(who_sealed_meanwhile_has_its_time),
		UNIT(who_came_afterwards_has_no_more_than_its_time),
		UNIT(who_has_waited_for_long_did_not_stand_still),
		UNIT(a_put_that_was_under_way_is_done),
		UNIT(who_waits_for_its_turn_or_a_link_waits_on),
		UNIT(a_lender_that_says_nothing_is_given_up),
		UNIT(what_waits_to_be_sent_has_its_time),
	};

	return cmocka_run_group_tests_name("a core that stood still", tests, NULL, NULL);
}
