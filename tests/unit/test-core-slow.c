/* SPDX-License-Identifier: BSD-2-Clause */
/* Gets from a link that is slow or away. */
#include "core_fixture.h"

static struct op get;
static struct ask *slow;
static unsigned link_no; /* who is slow */

/* A page with two copies, of which one is asked. */
static void ask_one(void)
{
	begin(2, 2, false);
	put_now(3, 1);
	get = get_of(3, 1);
	start(&get);
	slow = next(COMMAND_SEND).ask;
	link_no = slow->link_no;
	nothing_to_do();
}

/* So late that the other one was asked too. */
static struct ask *hedge(void)
{
	assert_true(core_wake_at(&c, false) <= now + SLOW);
	later(SLOW);
	assert_int_equal(c.counts.hedges, 1);
	return asked(ASK_GET, !link_no, &get);
}

TEST(a_slow_get_asks_another_copy_too)
{
	struct ask *other;

	ask_one();
	other = hedge();
	nothing_to_do();
	later(SLOW); /* there is no third one */
	nothing_to_do();
	answer(other, 0);
	checks(&get, 1, 0);
	done(&get, 0);
	/* The slow answer is nobody's. */
	answer(slow, EIO);
	nothing_to_do();
	assert_int_equal(holders(3), 3);
	assert_int_equal(buffers.free_n, BUFFERS);
}

TEST(the_slow_one_may_still_be_first)
{
	struct ask *other;

	ask_one();
	other = hedge();
	answer(slow, 0);
	checks(&get, 1, 0);
	done(&get, 0);
	answer(other, 0);
	nothing_to_do();
	assert_int_equal(buffers.free_n, BUFFERS);
}

/* Both came before the first was looked at. */
TEST(both_at_once)
{
	struct ask *other;

	ask_one();
	other = hedge();
	answer(slow, 0);
	answer(other, 0);
	checks(&get, 1, 1);
	answer(asked(ASK_GET, !link_no, &get), 0);
	checks(&get, 1, 0);
	done(&get, 0);
	assert_int_equal(holders(3), ON(!link_no));
}

TEST(when_the_other_one_fails_the_slow_one_is_waited_for)
{
	ask_one();
	answer(hedge(), EIO);
	nothing_to_do();
	later(SLOW);
	nothing_to_do();
	answer(slow, 0);
	checks(&get, 1, 0);
	done(&get, 0);
}

TEST(when_the_slow_one_fails_the_other_one_is_waited_for)
{
	struct ask *other;

	ask_one();
	other = hedge();
	answer(slow, EIO);
	nothing_to_do();
	answer(other, 0);
	checks(&get, 1, 0);
	done(&get, 0);
	assert_int_equal(holders(3), ON(!link_no));
}

TEST(who_owes_an_old_answer_is_asked_last)
{
	struct op next_one = get_of(3, 1);
	struct ask *other;

	ask_one();
	other = hedge();
	answer(other, 0);
	checks(&get, 1, 0);
	done(&get, 0);
	for (int i = 0; i < 3; i++) {
		start(&next_one);
		answer(asked(ASK_GET, !link_no, &next_one), 0);
		checks(&next_one, 1, 0);
		done(&next_one, 0);
	}
}

/* A link that is always so slow is not helped by asking twice. */
TEST(what_is_slow_is_learned)
{
	int64_t first;

	begin(2, 2, false);
	put_now(3, 1);
	down(1);
	for (int i = 0; i < 300; i++) {
		get = get_of(3, 1);
		start(&get);
		slow = asked(ASK_GET, 0, &get);
		now += 30;
		answer(slow, 0);
		checks(&get, 1, 0);
		done(&get, 0);
	}
	up(1);
	down(0);
	up(0);
	get = get_of(3, 1);
	start(&get);
	first = get.hedge_at - now;
	slow = next(COMMAND_SEND).ask;
	if (slow->link_no == 0)
		assert_in_range(first, 25, 60);
	else
		assert_in_range(first, 1, 10);
}

TEST(a_slow_link_without_another_copy_is_waited_for)
{
	begin(1, 1, false);
	put_now(3, 1);
	get = get_of(3, 1);
	start(&get);
	slow = asked(ASK_GET, 0, &get);
	assert_true(core_wake_at(&c, false) == now + LINK_TIMEOUT);
	later(LINK_TIMEOUT - 1);
	nothing_to_do();
	answer(slow, 0);
	checks(&get, 1, 0);
	done(&get, 0);
}

TEST(a_copy_whose_link_is_away_is_waited_for)
{
	begin(2, 1, false);
	put_now(3, 1);
	link_no = (unsigned)__builtin_ctz(holders(3));
	down(link_no);
	get = get_of(3, 1);
	start(&get);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	connects(link_no);
	later(700);
	nothing_to_do();
	up(link_no);
	answer(asked(ASK_GET, link_no, &get), 0);
	checks(&get, 1, 0);
	done(&get, 0);
}

/* Each page that swapping off reads would wait anew. */
TEST(a_link_that_was_away_for_long_is_given_little_time)
{
	begin(1, 1, false);
	put_now(3, 1);
	down(0);
	later(DEADLINE - 5);
	connects(0);
	get = get_of(3, 1);
	start(&get);
	assert_true(get.deadline == now + CORE_PATIENCE_MS);
	later(CORE_PATIENCE_MS - 1);
	nothing_to_do();
	later(1);
	done(&get, EIO);
	states(3, "p");
	/* Back again, it is waited for as ever. */
	up(0);
	down(0);
	start(&get);
	assert_true(get.deadline == now + DEADLINE);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up(0);
	answer(asked(ASK_GET, 0, &get), 0);
	checks(&get, 1, 0);
	done(&get, 0);
}

TEST(a_wrong_copy_here_and_the_other_away)
{
	begin(2, 2, false);
	put_now(3, 1);
	down(1);
	get = get_of(3, 1);
	start(&get);
	answer(asked(ASK_GET, 0, &get), 0);
	checks(&get, 1, 1);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	connects(1);
	up(1);
	answer(asked(ASK_GET, 1, &get), 0);
	checks(&get, 1, 0);
	done(&get, 0);
	assert_int_equal(holders(3), ON(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_slow_get_asks_another_copy_too),
		UNIT(the_slow_one_may_still_be_first),
		UNIT(both_at_once),
		UNIT(when_the_other_one_fails_the_slow_one_is_waited_for),
		UNIT(when_the_slow_one_fails_the_other_one_is_waited_for),
		UNIT(who_owes_an_old_answer_is_asked_last),
		UNIT(what_is_slow_is_learned),
		UNIT(a_slow_link_without_another_copy_is_waited_for),
		UNIT(a_copy_whose_link_is_away_is_waited_for),
		UNIT(a_link_that_was_away_for_long_is_given_little_time),
		UNIT(a_wrong_copy_here_and_the_other_away),
	};

	return cmocka_run_group_tests_name("the core's slow gets", tests, NULL, NULL);
}
