/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts, and which copies they leave. */
#include "core_fixture.h"

TEST(a_put_is_done_when_every_copy_is)
{
	struct op put;
	struct ask *one, *two;

	begin(2, 2, false);
	put = put_of(3, 2);
	start(&put);
	one = asked(ASK_PUT, 0, &put);
	two = asked(ASK_PUT, 1, &put);
	assert_int_equal(one->pages, 2);
	assert_ptr_equal(one->data, put.buffer->data);
	assert_ptr_equal(two->data, put.buffer->data);
	nothing_to_do();
	states(2, "----");
	answer(two, 0);
	later(5);
	nothing_to_do();
	states(2, "----");
	answer(one, 0);
	done(&put, 0);
	nothing_to_do();
	states(2, "-pp-");
	assert_int_equal(holders(3), ON(0) | ON(1));
	assert_int_equal(map_record(&map, 4)->version, put.record[1].version);
	assert_false(map_extent(&map, 3)->heal);
	assert_int_equal(c.counts.puts, 1);
	assert_int_equal(buffers.free_n, BUFFERS);
}

TEST(a_put_goes_to_its_place_in_each_pool)
{
	struct op put;

	begin(2, 2, false);
	put_now(5, 1);                  /* slots are given in order */
	put_now(EXTENT_PAGES + 5, 1);
	put = put_of(EXTENT_PAGES + 9, 1);
	start(&put);
	for (unsigned link_no = 0; link_no < 2; link_no++) {
		struct ask *ask = asked(ASK_PUT, link_no, &put);
		uint32_t slot = map_extent(&map, EXTENT_PAGES)->copy[copy_on(EXTENT_PAGES, link_no)].slot;

		assert_int_equal(slot, 1);
		assert_int_equal(ask->page, EXTENT_PAGES + 9);
		answer(ask, 0);
	}
	done(&put, 0);
}

TEST(as_many_copies_as_are_wanted_and_no_more)
{
	for (unsigned copies = 1; copies <= 3; copies++) {
		begin(4, copies, false);
		for (uint64_t page = 0; page < EXTENTS * EXTENT_PAGES; page += EXTENT_PAGES) {
			put_now(page, 1);
			assert_int_equal(__builtin_popcount(holders(page)), copies);
		}
		if (copies < 3)
			close_core();
	}
}

/* One lender is gone: the other alone makes it a success. */
TEST(a_copy_whose_link_died_is_left_out)
{
	struct op put;
	struct ask *one;

	begin(2, 2, false);
	put = put_of(3, 2);
	start(&put);
	one = asked(ASK_PUT, 0, &put);
	asked(ASK_PUT, 1, &put);
	down(1);
	nothing_to_do();
	answer(one, 0);
	done(&put, 0);
	assert_int_equal(holders(3), ON(0));
	assert_int_equal(holders(4), ON(0));
	assert_true(map_extent(&map, 3)->heal);
	assert_int_equal(core_unhealed(&c), 2);
}

TEST(a_copy_whose_link_was_down_before_is_left_out)
{
	struct op put;

	begin(2, 2, false);
	put_now(3, 1);
	down(0);
	put = put_of(3, 1);
	start(&put);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(3), ON(1));
	/* What link 0 has of it is older: it must not count when that is back. */
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up(0);
	assert_int_equal(holders(3), ON(1));
}

TEST(a_lender_that_refuses_is_left_out)
{
	struct op put;

	begin(2, 2, false);
	put = put_of(3, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), ENOSPC);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(3), ON(1));
	assert_true(map_extent(&map, 3)->heal);
	/* For a while it is not asked again, as long as there is another. */
	put = put_of(3, 1);
	start(&put);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	later(CORE_FULL_MS);
	put = put_of(3, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), 0);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(3), ON(0) | ON(1));
}

TEST(a_put_that_all_refuse_leaves_its_pages_lost)
{
	struct op put, get = get_of(4, 1);

	begin(2, 2, false);
	put_now(2, 4);
	put = put_of(3, 2);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), ENOSPC);
	answer(asked(ASK_PUT, 1, &put), ENOSPC);
	done(&put, ENOSPC);
	states(1, "-pLLp-");
	assert_int_equal(c.counts.put_errors, 1);
	start(&get);
	done(&get, EIO);
	nothing_to_do();
	/* Those who said that they are full are asked all the same: nobody else is there. */
	put = put_of(3, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), 0);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	states(2, "ppL");
}

TEST(a_lenders_error_is_eio_unless_it_is_full)
{
	struct op put;

	begin(1, 1, false);
	put = put_of(3, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), EPERM);
	done(&put, EIO);
	states(3, "L");
	put = put_of(3, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), ENOSPC);
	done(&put, ENOSPC);
}

TEST(a_put_that_could_not_be_sealed_is_lost_and_nobody_is_asked)
{
	begin(2, 2, false);
	put_now(3, 1);
	lose_now(3, 2);
	nothing_to_do();
	states(2, "-LL-");
	put_now(4, 1);
	states(2, "-Lp-");
}

TEST(with_too_few_lenders_there_are_fewer_copies)
{
	begin(1, 2, false);
	put_now(3, 1);
	assert_int_equal(holders(3), ON(0));
	assert_true(map_extent(&map, 3)->heal);
}

TEST(where_no_pool_has_room_it_is_refused)
{
	struct op put;

	open_core((struct core_options){ .links = 2, .copies = 2 });
	up_as(0, "a 1", EXTENT_PAGES);
	up_as(1, "b 1", EXTENT_PAGES);
	wipe_all();
	put_now(0, 1);
	put = put_of(EXTENT_PAGES, 1);
	start(&put);
	done(&put, ENOSPC);
	states(EXTENT_PAGES, "L");
	put_now(1, 1);
}

/* A lender that is away is not waited for while the other takes it, and what is put then goes
 * to a third one when it stays away. */
TEST(another_lender_takes_the_place_of_one_that_stays_away)
{
	unsigned gone, third;

	begin(3, 2, false);
	put_now(3, 1);
	gone = holders(3) & ON(0) ? 0 : 1;
	third = (unsigned)__builtin_ctz(~holders(3));
	down(gone);
	put_now(4, 1);
	assert_int_equal(holders(4), holders(3) & ~ON(gone));
	later(CORE_MOVE_MS - 1);
	put_now(5, 1);
	assert_int_equal(__builtin_popcount(holders(5) & ~ON(gone)), 1);
	down(gone); /* the good link of the test's let it up again */
	later(CORE_MOVE_MS);
	assert_int_equal(next(COMMAND_CONNECT).link_no, gone);
	put_now(6, 1);
	assert_int_equal(holders(6), (holders(3) & ~ON(gone)) | ON(third));
}

/* Both pools are full but for what was given back and is being flushed: link 0's slot is ready first. */
static struct ask *flushed_at_one(struct op *op)
{
	struct ask *wipe[2];

	begin(2, 2, false);
	c.heal.waiter = &c;
	for (uint64_t e = 0; e < EXTENTS; e++)
		put_now(e * EXTENT_PAGES, 1);
	*op = fill_of(0, 1, 0);
	start(op);
	carry_out();
	while (!core_wiping(&c))
		later(1);
	later(1);
	wipe[0] = asked(ASK_DISCARD, 0, NULL);
	wipe[1] = asked(ASK_DISCARD, 1, NULL);
	answer(wipe[0], 0);
	*op = put_of(0, 1);
	start(op);
	return wipe[1];
}

TEST(a_slot_that_is_ready_in_a_moment_is_waited_for)
{
	struct op op;
	struct ask *wipe = flushed_at_one(&op);

	nothing_to_do();
	answer(wipe, 0);
	answer(asked(ASK_PUT, 0, &op), 0);
	answer(asked(ASK_PUT, 1, &op), 0);
	done(&op, 0);
	assert_int_equal(holders(0), ON(0) | ON(1));
}

TEST(a_slot_that_is_not_ready_in_time_is_not)
{
	struct op op;

	(void)flushed_at_one(&op);
	nothing_to_do();
	later(LINK_TIMEOUT);
	closes(1);
	answer(asked(ASK_PUT, 0, &op), 0);
	done(&op, 0);
	assert_int_equal(holders(0), ON(0));
}

TEST(an_op_may_be_used_again)
{
	begin(2, 2, false);
	struct op op = put_of(3, 1);

	for (int i = 0; i < 5; i++) {
		int error = i % 2 ? EIO : 0;

		start(&op);
		answer(asked(ASK_PUT, 0, &op), error);
		answer(asked(ASK_PUT, 1, &op), error);
		assert_ptr_equal(next(COMMAND_DONE).op, &op);
		assert_int_equal(op.error, error);
	}
}

/* More puts than there are buffers: they take turns, and all come to their end. */
TEST(more_puts_than_buffers)
{
	struct op put[4 * BUFFERS];

	begin(2, 2, false);
	for (unsigned i = 0; i < COUNT(put); i++) {
		put[i] = put_of(i, 1);
		start(&put[i]);
	}
	carry_out();
	for (unsigned i = 0; i < COUNT(put); i++) {
		assert_int_equal(put[i].state, OP_DONE);
		assert_int_equal(put[i].error, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_put_is_done_when_every_copy_is),
		UNIT(a_put_goes_to_its_place_in_each_pool),
		UNIT(as_many_copies_as_are_wanted_and_no_more),
		UNIT(a_copy_whose_link_died_is_left_out),
		UNIT(a_copy_whose_link_was_down_before_is_left_out),
		UNIT(a_lender_that_refuses_is_left_out),
		UNIT(a_put_that_all_refuse_leaves_its_pages_lost),
		UNIT(a_lenders_error_is_eio_unless_it_is_full),
		UNIT(a_put_that_could_not_be_sealed_is_lost_and_nobody_is_asked),
		UNIT(with_too_few_lenders_there_are_fewer_copies),
		UNIT(where_no_pool_has_room_it_is_refused),
		UNIT(another_lender_takes_the_place_of_one_that_stays_away),
		UNIT(a_slot_that_is_ready_in_a_moment_is_waited_for),
		UNIT(a_slot_that_is_not_ready_in_time_is_not),
		UNIT(an_op_may_be_used_again),
		UNIT(more_puts_than_buffers),
	};

	return cmocka_run_group_tests_name("the core's puts", tests, NULL, NULL);
}
