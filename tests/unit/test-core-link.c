/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that go down and come up again with the memory that they had. */
#include "core_fixture.h"

static struct op put, get;

TEST(links_are_opened_at_the_start)
{
	open_core((struct core_options){ .links = 3, .copies = 2 });
	connects(0);
	connects(1);
	connects(2);
	nothing_to_do();
	down(1);
	up(0);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	assert_int_equal(next(COMMAND_SEND).ask->kind, ASK_DISCARD); /* its slots */
	connects(1);
	nothing_to_do();
}

/* 20, 40, ... up to 1000 ms between two attempts; from the start again once
 * the link was up. */
TEST(attempts_become_rarer)
{
	begin(1, 1, false);
	for (int round = 0; round < 2; round++) {
		int64_t wait = CORE_RETRY_MIN_MS;

		for (int i = 0; i < 12; i++) {
			down(0);
			nothing_to_do();
			assert_true(core_wake_at(&c, false) == now + wait); /* may come to wait */
			assert_true(core_wake_at(&c, true) == now + wait);
			later(wait - 1);
			nothing_to_do();
			later(1);
			connects(0);
			wait = wait * 2 < 1000 ? wait * 2 : 1000;
		}
		up(0);
	}
}

TEST(for_who_waits_attempts_are_frequent)
{
	unsigned tries = 0;

	begin(1, 1, false);
	down(0);
	for (int i = 0; i < 20; i++) { /* it is long gone */
		later(2000);
		connects(0);
		down(0);
	}
	put = put_of(0, 1);
	start(&put);
	for (int i = 0; i < CORE_PATIENCE_MS && put.state == OP_ACTIVE; i++) {
		struct command command;

		later(1);
		while (core_next(&c, &command, now) && command.kind == COMMAND_CONNECT) {
			tries++;
			down(0);
		}
	}
	assert_in_range(tries, 1, 10);
	assert_int_equal(put.error, EIO);
}

TEST(an_unanswered_link_is_closed_before_it_goes_on_elsewhere)
{
	begin(2, 2, true);
	put = put_of(0, 1);
	start(&put);
	asked(ASK_PUT, 0, &put);
	asked(ASK_PUT, 1, &put);
	assert_true(core_wake_at(&c, false) == now + LINK_TIMEOUT);
	later(LINK_TIMEOUT - 1);
	nothing_to_do();
	later(1);
	closes(0);
	closes(1);
	answer(asked(ASK_PUT, 2, &put), 0); /* the spill */
	done(&put, 0);
	assert_int_equal(holders(0), ON(2));
}

/* What is stuck in its sockets may still land, until its new claim fences it. */
TEST(nothing_is_sent_before_the_new_claim)
{
	begin(1, 1, false);
	put = put_of(0, 1);
	start(&put);
	asked(ASK_PUT, 0, &put);
	later(LINK_TIMEOUT);
	closes(0);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	connects(0);
	nothing_to_do();
	later(100);
	nothing_to_do();
	up(0);
	answer(asked(ASK_PUT, 0, &put), 0);
	done(&put, 0);
}

/* Answers to others do not excuse the one that is missing. */
TEST(the_oldest_unanswered_one_counts)
{
	struct op other;

	begin(1, 1, false);
	put = put_of(0, 1);
	start(&put);
	asked(ASK_PUT, 0, &put);
	for (int i = 0; i < 9; i++) {
		later(LINK_TIMEOUT / 10);
		other = put_of(1, 1);
		start(&other);
		answer(asked(ASK_PUT, 0, &other), 0);
		done(&other, 0);
	}
	later(LINK_TIMEOUT / 10);
	closes(0);
	later(CORE_RETRY_MIN_MS);
	carry_out();
	assert_int_equal(put.state, OP_DONE);
}

TEST(answers_give_the_link_more_time)
{
	struct op op[2];
	struct ask *ask[2];

	begin(1, 1, false);
	for (unsigned i = 0; i < 20; i++) {
		op[i % 2] = put_of(i % 2, 1);
		start(&op[i % 2]);
		ask[i % 2] = asked(ASK_PUT, 0, &op[i % 2]);
		later(LINK_TIMEOUT / 2 - 1);
		nothing_to_do();
		if (i) {
			answer(ask[(i + 1) % 2], 0);
			done(&op[(i + 1) % 2], 0);
		}
	}
	answer(ask[1], 0);
	done(&op[1], 0);
}

TEST(an_attempt_without_end_is_ended)
{
	open_core((struct core_options){ .links = 1, .copies = 1 });
	connects(0);
	later(1999); /* connecting may take longer than an answer */
	nothing_to_do();
	assert_true(core_wake_at(&c, false) == now + 1);
	later(1);
	closes(0);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS * 2);
	connects(0);
}

TEST(what_was_sent_is_sent_again)
{
	struct op op[4];
	struct ask *ask[4];

	begin(1, 1, false);
	put_now(9, 1);
	for (unsigned i = 0; i < 4; i++) {
		op[i] = put_of(i, 1);
		start(&op[i]);
		ask[i] = asked(ASK_PUT, 0, &op[i]);
	}
	answer(ask[1], 0);
	done(&op[1], 0);
	get = get_of(9, 1);
	start(&get);
	down(0);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up(0);
	for (unsigned i = 0; i < 4; i++)
		if (i != 1) {
			answer(asked(ASK_PUT, 0, &op[i]), 0);
			done(&op[i], 0);
		}
	answer(asked(ASK_GET, 0, &get), 0);
	checks(&get, 1, 0);
	done(&get, 0);
}

/* While it is down, and after. */
TEST(the_same_memory_keeps_its_pages)
{
	begin(2, 2, false);
	put_now(0, 2);
	down(0);
	assert_int_equal(holders(0), ON(0) | ON(1));
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up(0);
	wipe_all();
	states(0, "pp");
	assert_int_equal(holders(0), ON(0) | ON(1));
	assert_int_equal(c.counts.lost_memories, 0);
	assert_int_equal(c.counts.usurped, 0);
}

TEST(a_get_goes_to_the_other_copy_when_its_link_dies)
{
	unsigned link_no;

	begin(2, 2, false);
	put_now(0, 1);
	get = get_of(0, 1);
	start(&get);
	link_no = next(COMMAND_SEND).ask->link_no;
	down(link_no);
	answer(asked(ASK_GET, !link_no, &get), 0);
	checks(&get, 1, 0);
	done(&get, 0);
	assert_int_equal(holders(0), 3); /* nothing is wrong with the other one */
}

/* Its address leads to where the other one is: it keeps what it had, and waits. */
TEST(a_pool_that_another_link_has_is_not_claimed)
{
	begin(2, 2, false);
	put_now(0, 1);
	down(1);
	later(CORE_RETRY_MIN_MS);
	connects(1);
	assert_false(core_link_meets(&c, 1, "memory0 owner"));
	assert_int_equal(c.peer[1].twin, 0);
	down(1);
	assert_int_equal(holders(0), ON(0) | ON(1));
	later(CORE_MOVE_MS);
	connects(1);
	assert_true(core_link_meets(&c, 1, "memory1 owner"));
	assert_int_equal(c.peer[1].twin, -1);
	up(1);
	assert_int_equal(holders(0), ON(0) | ON(1));
}

/* Both met it before it was claimed. */
TEST(a_pool_that_was_claimed_meanwhile_is_let_go)
{
	open_core((struct core_options){ .links = 2, .copies = 2 });
	connects(0);
	connects(1);
	assert_true(core_link_meets(&c, 0, "memory0 owner"));
	assert_true(core_link_meets(&c, 1, "memory0 owner"));
	up(0);
	up_as(1, "memory0 owner", EXTENTS * EXTENT_PAGES);
	closes(1);
	wipe_all();
	put_now(0, 1);
	assert_int_equal(holders(0), ON(0));
}

/* Of the other nothing is known any more, or it is never used again. */
TEST(a_pool_that_another_link_had_is_claimed)
{
	begin(2, 1, false);
	assert_false(core_link_meets(&c, 1, "memory0 owner"));
	assert_false(core_link_meets(&c, 1, "memory0 another")); /* what it has is another's now */
	layout_soil(&c.layout, 0);
	down(0);
	assert_false(core_link_meets(&c, 1, "memory0 owner"));
	assert_true(core_link_retire(&c, 0, now));
	assert_true(core_link_meets(&c, 1, "memory0 owner"));
}

/* Both copies would be lost together. What counts is who lends now. */
TEST(two_pools_of_one_lender_have_no_two_copies)
{
	open_core((struct core_options){ .links = 2, .copies = 2 });
	connects(0);
	connects(1);
	up_as(0, "memory0 owner lender", EXTENTS * EXTENT_PAGES);
	assert_false(core_link_meets(&c, 1, "memory1 owner lender"));
	assert_int_equal(c.peer[1].twin, -1);
	assert_int_equal(c.peer[1].sibling, 0);
	assert_true(core_link_meets(&c, 1, "memory1 owner lender2"));
	assert_int_equal(c.peer[1].sibling, -1);
	up_as(1, "memory1 owner lender2", EXTENTS * EXTENT_PAGES);
	down(1);
	assert_false(core_link_meets(&c, 1, "memory1 owner lender"));
	assert_true(core_link_meets(&c, 0, "memory0 owner lender")); /* the other is not there by that */
}

/* Both met it before it was claimed. */
TEST(a_lender_of_whom_another_pool_was_claimed_meanwhile_is_let_go)
{
	open_core((struct core_options){ .links = 2, .copies = 2 });
	connects(0);
	connects(1);
	assert_true(core_link_meets(&c, 0, "memory0 owner lender"));
	assert_true(core_link_meets(&c, 1, "memory1 owner lender"));
	up_as(0, "memory0 owner lender", EXTENTS * EXTENT_PAGES);
	up_as(1, "memory1 owner lender", EXTENTS * EXTENT_PAGES);
	closes(1);
	wipe_all();
	put_now(0, 1);
	assert_int_equal(holders(0), ON(0));
}

TEST(two_pools_of_one_lender_hold_one_copy_each)
{
	open_core((struct core_options){ .links = 2, .copies = 1 });
	up_as(0, "memory0 owner lender", EXTENTS * EXTENT_PAGES);
	assert_true(core_link_meets(&c, 1, "memory1 owner lender"));
}

TEST(two_pools_of_one_lender_where_that_may_be)
{
	open_core((struct core_options){ .links = 2, .copies = 2, .same_lender = true });
	up_as(0, "memory0 owner lender", EXTENTS * EXTENT_PAGES);
	assert_true(core_link_meets(&c, 1, "memory1 owner lender"));
	assert_false(core_link_meets(&c, 1, "memory0 owner lender")); /* one pool never is */
	assert_int_equal(c.peer[1].twin, 0);
}

TEST(a_lender_that_does_not_say_who_it_is_may_be_any)
{
	begin(2, 2, false);
	down(1);
	assert_true(core_link_meets(&c, 1, "memory1 owner"));
	assert_true(core_link_meets(&c, 1, "memory1 owner "));
	assert_true(core_link_meets(&c, 1, "memory1 owner lender"));
}

/* Its farpaged was started anew, and has its pages. */
TEST(a_lender_that_is_another_process_has_the_same_memory)
{
	begin(1, 1, false);
	put_now(0, 1);
	down(0);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up_as(0, "memory0 owner another", EXTENTS * EXTENT_PAGES);
	assert_int_equal(c.counts.lost_memories + c.counts.usurped, 0);
	assert_int_equal(holders(0), ON(0));
}

/* Of the other nothing is known any more, or it is never used again. */
TEST(a_lender_of_whom_another_link_had_a_pool)
{
	open_core((struct core_options){ .links = 2, .copies = 2 });
	up_as(0, "memory0 owner lender", EXTENTS * EXTENT_PAGES);
	down(0);
	assert_false(core_link_meets(&c, 1, "memory1 owner lender"));
	assert_true(core_link_retire(&c, 0, now));
	assert_true(core_link_meets(&c, 1, "memory1 owner lender"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(links_are_opened_at_the_start),
		UNIT(attempts_become_rarer),
		UNIT(for_who_waits_attempts_are_frequent),
		UNIT(an_unanswered_link_is_closed_before_it_goes_on_elsewhere),
		UNIT(nothing_is_sent_before_the_new_claim),
		UNIT(the_oldest_unanswered_one_counts),
		UNIT(answers_give_the_link_more_time),
		UNIT(an_attempt_without_end_is_ended),
		UNIT(what_was_sent_is_sent_again),
		UNIT(the_same_memory_keeps_its_pages),
		UNIT(a_get_goes_to_the_other_copy_when_its_link_dies),
		UNIT(a_pool_that_another_link_has_is_not_claimed),
		UNIT(a_pool_that_was_claimed_meanwhile_is_let_go),
		UNIT(a_pool_that_another_link_had_is_claimed),
		UNIT(two_pools_of_one_lender_have_no_two_copies),
		UNIT(a_lender_of_whom_another_pool_was_claimed_meanwhile_is_let_go),
		UNIT(two_pools_of_one_lender_hold_one_copy_each),
		UNIT(two_pools_of_one_lender_where_that_may_be),
		UNIT(a_lender_that_does_not_say_who_it_is_may_be_any),
		UNIT(a_lender_that_is_another_process_has_the_same_memory),
		UNIT(a_lender_of_whom_another_link_had_a_pool),
	};

	return cmocka_run_group_tests_name("the core's links", tests, NULL, NULL);
}
