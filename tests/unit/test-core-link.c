/* SPDX-License-Identifier: BSD-2-Clause */
/* The core on a link that goes up and down. */
#include "coring.h"

static void link_up(const char *identity)
{
	core_link_up(&c, identity);
}

static void link_down(void)
{
	core_link_down(&c, now);
}

TEST(no_link_is_opened_for_nobody)
{
	nothing_to_do();
	later(100000);
	nothing_to_do();
	assert_true(core_wake_at(&c) == CORE_NEVER);
}

TEST(no_link_is_opened_for_what_needs_none)
{
	struct op get = op_of(OP_GET, 0, 1, data), flush = op_of(OP_FLUSH, 0, 1, NULL);

	start(&get), start(&flush);
	done(&get, 0);
	done(&flush, 0);
	nothing_to_do();
}

TEST(the_first_that_needs_the_link_has_it_opened)
{
	struct op put = op_of(OP_PUT, 0, 1, data), more = op_of(OP_PUT, 1, 1, data);

	start(&put);
	next(COMMAND_CONNECT, NULL);
	nothing_to_do();
	start(&more);
	nothing_to_do();
	later(50);
	nothing_to_do();
	link_up("one");
	next(COMMAND_SEND, &put);
	next(COMMAND_SEND, &more);
	nothing_to_do();
}

TEST(a_link_that_went_down_while_idle_stays_down)
{
	put_now(0, 1);
	link_down();
	later(5000);
	nothing_to_do();
	struct op get = op_of(OP_GET, 0, 1, data);
	start(&get);
	next(COMMAND_CONNECT, NULL);
	link_up("one");
	next(COMMAND_SEND, &get);
}

/* 20, 40, ... up to 1000 ms between two attempts; from the start again once
 * the link was up. */
TEST(attempts_become_rarer)
{
	struct op put = op_of(OP_PUT, 0, 1, data);
	int64_t wait = CORE_RETRY_MIN_MS;

	for (int round = 0; round < 2; round++) {
		link_down();
		start(&put);
		wait = CORE_RETRY_MIN_MS;
		for (int i = 0; i < 12; i++) {
			nothing_to_do();
			assert_true(core_wake_at(&c) == now + wait);
			later(wait - 1);
			nothing_to_do();
			later(1);
			next(COMMAND_CONNECT, NULL);
			link_down();
			wait = wait * 2 < CORE_RETRY_MAX_MS ? wait * 2 : CORE_RETRY_MAX_MS;
		}
		assert_int_equal(wait, CORE_RETRY_MAX_MS);
		later(wait);
		next(COMMAND_CONNECT, NULL);
		link_up("one");
		next(COMMAND_SEND, &put);
		answer(&put, 0);
		done(&put, 0);
	}
}

TEST(what_was_sent_is_sent_again_in_order)
{
	struct op op[4], get = op_of(OP_GET, 9, 1, data);

	put_now(9, 1);
	for (size_t i = 0; i < 4; i++) {
		op[i] = op_of(OP_PUT, i, 1, data);
		start(&op[i]);
		next(COMMAND_SEND, &op[i]);
		later(1);
	}
	answer(&op[1], 0);
	done(&op[1], 0);
	start(&get);
	link_down();
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	next(COMMAND_CONNECT, NULL);
	link_up("one");
	next(COMMAND_SEND, &op[0]);
	next(COMMAND_SEND, &op[2]);
	next(COMMAND_SEND, &op[3]);
	next(COMMAND_SEND, &get);
	nothing_to_do();
	answer(&op[2], 0);
	done(&op[2], 0);
	states(0, "-pp-");
}

/* The lender's answer to what was sent before is not one to what is sent now. */
TEST(an_answer_while_the_link_is_down_is_not_heard)
{
	struct op put = op_of(OP_PUT, 0, 1, data);

	start(&put);
	next(COMMAND_SEND, &put);
	link_down();
	answer(&put, 0);
	nothing_to_do();
	states(0, "-");
}

/* Not before its time. */
static void gives_up_and_connects_again(void)
{
	assert_true(core_wake_at(&c) == now + LINK_TIMEOUT);
	later(LINK_TIMEOUT - 1);
	nothing_to_do();
	later(1);
	next(COMMAND_CLOSE, NULL);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	next(COMMAND_CONNECT, NULL);
}

TEST(an_unanswered_link_is_closed_and_opened_anew)
{
	struct op put = op_of(OP_PUT, 0, 1, data);

	start(&put);
	next(COMMAND_SEND, &put);
	gives_up_and_connects_again();
	link_up("one");
	next(COMMAND_SEND, &put);
	later(LINK_TIMEOUT - 1);
	nothing_to_do();
	answer(&put, 0);
	done(&put, 0);
}

/* Answers to others do not excuse the one that is missing. */
TEST(the_oldest_unanswered_one_counts)
{
	struct op put = op_of(OP_PUT, 0, 1, data), other = op_of(OP_PUT, 1, 1, data);

	start(&put);
	next(COMMAND_SEND, &put);
	for (int i = 0; i < 9; i++) {
		later(1000);
		start(&other);
		next(COMMAND_SEND, &other);
		answer(&other, 0);
		done(&other, 0);
	}
	start(&other);
	next(COMMAND_SEND, &other);
	later(1000);
	next(COMMAND_CLOSE, NULL);
}

TEST(answers_give_the_link_more_time)
{
	struct op op[2] = { op_of(OP_PUT, 0, 1, data), op_of(OP_PUT, 1, 1, data) };

	for (int i = 0; i < 20; i++) {
		start(&op[i % 2]);
		next(COMMAND_SEND, &op[i % 2]);
		later(LINK_TIMEOUT / 2 - 1);
		nothing_to_do();
		if (i) {
			answer(&op[(i + 1) % 2], 0);
			done(&op[(i + 1) % 2], 0);
		}
	}
}

TEST(an_attempt_without_end_is_ended)
{
	struct op put = op_of(OP_PUT, 0, 1, data);

	start(&put);
	next(COMMAND_CONNECT, NULL);
	gives_up_and_connects_again();
}

TEST(the_same_memory_keeps_its_pages)
{
	put_now(0, 2);
	lose_now(3, 1);
	link_down();
	link_up("one");
	states(0, "pp-L-");
	assert_int_equal(c.lost_times, 0);
}

TEST(other_memory_has_lost_them)
{
	put_now(0, 2);
	lose_now(3, 1);
	link_down();
	link_up("two");
	states(0, "LL-L-");
	assert_int_equal(c.lost_times, 1);
	put_now(0, 1);
	link_down();
	link_up("two");
	states(0, "pL-L-");
	link_down();
	link_up("one"); /* not even the first one's are back */
	states(0, "LL-L-");
	assert_int_equal(c.lost_times, 2);
}

TEST(identities_that_differ_in_their_last_letter)
{
	char a[CORE_IDENTITY_MAX], b[CORE_IDENTITY_MAX];

	memset(a, 'i', sizeof a);
	a[sizeof a - 1] = '\0';
	strcpy(b, a);
	b[sizeof b - 2] = 'j';
	link_up(a);
	put_now(0, 1);
	link_up(a);
	states(0, "p");
	link_up(b);
	states(0, "L");
}

/* What had been sent or was waiting when the memory was lost. */
TEST(operations_that_meet_other_memory)
{
	struct op get = op_of(OP_GET, 0, 1, data), put = op_of(OP_PUT, 1, 1, data);
	struct op flush = op_of(OP_FLUSH, 2, 1, NULL), behind = op_of(OP_GET, 1, 1, data);
	struct op queued = op_of(OP_GET, 0, 1, data), half = op_of(OP_GET, 3, 2, data);

	put_now(0, 4);
	start(&get), start(&put), start(&flush), start(&behind), start(&queued);
	next(COMMAND_SEND, &get);
	next(COMMAND_SEND, &put);
	next(COMMAND_SEND, &flush);
	link_down();
	start(&half);
	later(CORE_RETRY_MIN_MS);
	next(COMMAND_CONNECT, NULL);
	link_up("two");
	done(&get, EIO);
	done(&queued, EIO);
	done(&half, EIO);
	next(COMMAND_SEND, &put);
	next(COMMAND_SEND, &flush);
	nothing_to_do();
	answer(&put, 0);
	answer(&flush, 0);
	done(&put, 0);
	done(&flush, 0);
	next(COMMAND_SEND, &behind); /* it was put into the new memory */
	states(0, "Lp-L-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DOWN_UNIT(no_link_is_opened_for_nobody),
		DOWN_UNIT(no_link_is_opened_for_what_needs_none),
		DOWN_UNIT(the_first_that_needs_the_link_has_it_opened),
		UP_UNIT(a_link_that_went_down_while_idle_stays_down),
		UP_UNIT(attempts_become_rarer),
		UP_UNIT(what_was_sent_is_sent_again_in_order),
		UP_UNIT(an_answer_while_the_link_is_down_is_not_heard),
		UP_UNIT(an_unanswered_link_is_closed_and_opened_anew),
		UP_UNIT(the_oldest_unanswered_one_counts),
		UP_UNIT(answers_give_the_link_more_time),
		DOWN_UNIT(an_attempt_without_end_is_ended),
		UP_UNIT(the_same_memory_keeps_its_pages),
		UP_UNIT(other_memory_has_lost_them),
		UP_UNIT(identities_that_differ_in_their_last_letter),
		UP_UNIT(operations_that_meet_other_memory),
	};

	return cmocka_run_group_tests_name("the core's link", tests, NULL, NULL);
}
