/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts that no lender takes. */
#include "core_fixture.h"

#define SPILL 2u

static struct op put, get;

/* Both lenders have copies, and the second one is gone. */
static void begin_without(unsigned gone)
{
	begin(2, 2, true);
	put_now(0, 1);
	assert_int_equal(holders(0), ON(0) | ON(1));
	down(gone);
}

TEST(the_spill_takes_no_part_while_a_lender_lives)
{
	begin_without(1);
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), 0);
	done(&put, 0);
	nothing_to_do();
	assert_int_equal(holders(0), ON(0));
	assert_int_equal(c.counts.spilled_pages, 0);
}

TEST(without_a_live_lender_the_spill_takes_it)
{
	begin_without(1);
	down(0);
	put = put_of(0, 2);
	start(&put);
	answer(asked(ASK_PUT, SPILL, &put), 0);
	done(&put, 0);
	states(0, "pp");
	assert_int_equal(holders(0), ON(SPILL));
	assert_true(map_extent(&map, 0)->heal);
	assert_int_equal(c.counts.spilled_pages, 2);
	get = get_of(0, 2);
	start(&get);
	answer(asked(ASK_GET, SPILL, &get), 0);
	checks(&get, 3, 0);
	done(&get, 0);
}

TEST(lenders_that_die_under_way_leave_it_to_the_spill)
{
	begin_without(1);
	put = put_of(0, 1);
	start(&put);
	asked(ASK_PUT, 0, &put);
	down(0);
	answer(asked(ASK_PUT, SPILL, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(0), ON(SPILL));
}

/* The one that had it is waited for only as long as nobody refuses. */
TEST(what_the_spill_refuses_too_goes_to_another_lender)
{
	struct ask *ask;
	unsigned first;

	begin(3, 1, true);
	put = put_of(0, 1);
	start(&put);
	first = next(COMMAND_SEND).ask->link_no;
	down(first);
	answer(asked(ASK_PUT, 3, &put), ENOSPC);
	ask = next(COMMAND_SEND).ask;
	assert_true(ask->link_no < 3 && ask->link_no != first);
	answer(ask, 0);
	done(&put, 0);
	assert_int_equal(holders(0), ON(ask->link_no));
}

/* What is over before it was sent is not what the spill owes: it would be stuck for ever. */
TEST(a_spill_that_owes_nothing_is_not_stuck)
{
	struct command command;

	begin_without(1);
	down(0);
	put = put_of(0, 1);
	start(&put);
	assert_true(core_next(&c, &command, now));
	assert_int_equal(command.kind, COMMAND_CHECK);
	seal_pages(&put);
	later(put.until - now);
	done(&put, EIO);
	assert_int_equal(c.peer[SPILL].state, PEER_UP);
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, SPILL, &put), 0);
	done(&put, 0);
}

TEST(lenders_that_refuse_leave_it_to_the_spill)
{
	begin(2, 2, true);
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), ENOSPC);
	answer(asked(ASK_PUT, 1, &put), ENOSPC);
	answer(asked(ASK_PUT, SPILL, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(0), ON(SPILL));
}

TEST(lenders_without_room_leave_it_to_the_spill)
{
	open_core((struct core_options){ .links = 2, .spill = true, .copies = 1 });
	up_as(0, "a 1", EXTENT_PAGES);
	up(1);
	wipe_all();
	put_now(0, 1);
	put = put_of(EXTENT_PAGES, 1);
	start(&put);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(EXTENT_PAGES), ON(1));
}

TEST(a_spill_that_fails_too_means_a_lost_page)
{
	begin_without(1);
	down(0);
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, SPILL, &put), EIO);
	done(&put, EIO);
	states(0, "L");
}

/* Both copies' lenders have just gone, so their places still count; but two more are there. */
TEST(where_the_spill_refuses_too_another_lender_takes_it)
{
	begin(4, 2, true);
	put_now(0, 1);
	assert_int_equal(holders(0), ON(0) | ON(3));
	put = put_of(0, 1);
	start(&put);
	asked(ASK_PUT, 0, &put);
	asked(ASK_PUT, 3, &put);
	down(0);
	down(3);
	answer(asked(ASK_PUT, 4, &put), ENOSPC);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(0), ON(1));
}

TEST(a_spill_that_is_too_small_has_no_room)
{
	open_core((struct core_options){ .links = 2, .spill = true, .copies = 1 });
	up(0);
	up_as(1, "spill 1", EXTENT_PAGES / 2);
	wipe_all();
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), ENOSPC);
	done(&put, ENOSPC);
	states(0, "L");
}

/* Nobody is there: it waits for whoever comes first. */
TEST(with_nobody_it_waits_for_a_lender)
{
	begin_without(1);
	down(0);
	down(SPILL);
	put = put_of(0, 1);
	start(&put);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	connects(0);
	connects(1);
	connects(SPILL);
	up(1);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(0), ON(1));
}

TEST(with_nobody_for_too_long_it_is_lost)
{
	begin_without(1);
	down(0);
	down(SPILL);
	put = put_of(0, 1);
	start(&put);
	assert_true(put.deadline == now + DEADLINE);
	while (put.state == OP_ACTIVE && now < put.started + 2 * DEADLINE) {
		struct command command;

		later(1);
		while (core_next(&c, &command, now))
			if (command.kind == COMMAND_CONNECT)
				down(command.link_no);
	}
	assert_true(now == put.started + DEADLINE);
	assert_int_equal(put.state, OP_DONE);
	assert_int_equal(put.error, EIO);
	states(0, "L");
}

TEST(with_nobody_left_for_good_it_is_lost_at_once)
{
	begin(1, 1, false);
	put_now(0, 1);
	down(0);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up_as(0, "memory0 another", EXTENTS * EXTENT_PAGES);
	closes(0);
	put = put_of(0, 1);
	start(&put);
	done(&put, EIO);
	nothing_to_do();
}

/* A disk cannot be made to let go of what it was given, and what it does late must not
 * meet what it is given now. */
TEST(a_spill_that_hangs_is_left_alone_until_it_has_answered)
{
	struct ask *ask;

	begin_without(1);
	down(0);
	put = put_of(0, 1);
	start(&put);
	ask = asked(ASK_PUT, SPILL, &put);
	now += 10 * LINK_TIMEOUT; /* it may be as slow as the deadline allows */
	c.peer[0].retry_at = c.peer[1].retry_at = CORE_NEVER;
	later(1);
	nothing_to_do();
	later(put.deadline - now);
	done(&put, EIO);
	nothing_to_do();
	states(0, "L");
	assert_int_equal(buffers.free_n, BUFFERS - 1);
	put = put_of(0, 1);
	c.peer[0].state = c.peer[1].state = PEER_GONE;
	start(&put);
	nothing_to_do();
	answer(ask, 0); /* nobody's: the page is lost all the same */
	states(0, "L");
	answer(asked(ASK_PUT, SPILL, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(0), ON(SPILL));
	assert_int_equal(buffers.free_n, BUFFERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(the_spill_takes_no_part_while_a_lender_lives),
		UNIT(without_a_live_lender_the_spill_takes_it),
		UNIT(lenders_that_die_under_way_leave_it_to_the_spill),
		UNIT(what_the_spill_refuses_too_goes_to_another_lender),
		UNIT(a_spill_that_owes_nothing_is_not_stuck),
		UNIT(lenders_that_refuse_leave_it_to_the_spill),
		UNIT(lenders_without_room_leave_it_to_the_spill),
		UNIT(a_spill_that_fails_too_means_a_lost_page),
		UNIT(where_the_spill_refuses_too_another_lender_takes_it),
		UNIT(a_spill_that_is_too_small_has_no_room),
		UNIT(with_nobody_it_waits_for_a_lender),
		UNIT(with_nobody_for_too_long_it_is_lost),
		UNIT(with_nobody_left_for_good_it_is_lost_at_once),
		UNIT(a_spill_that_hangs_is_left_alone_until_it_has_answered),
	};

	return cmocka_run_group_tests_name("the core's spill", tests, NULL, NULL);
}
