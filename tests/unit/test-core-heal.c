/* SPDX-License-Identifier: BSD-2-Clause */
/* Missing copies are made again, and what is not needed is given back. */
#include "heal_fixture.h"

TEST(without_a_waiter_nothing_is_healed)
{
	begin(2, 2, false);
	put_now(0, 2);
	without(1, 1, 1);
	later(10000);
	nothing_to_do();
	assert_true(core_wake_at(&c, true) > now);
	assert_int_equal(core_unhealed(&c), 2);
}

TEST(a_missing_copy_is_made_from_the_one_that_is_there)
{
	struct op *op;
	struct ask *ask;
	struct record before;

	begin_healing(2, 2, false);
	put_now(0, 3);
	without(1, 1, 1);
	before = *map_record(&map, 1);
	op = &c.heal.op;
	ask = heals(1, 1);
	assert_int_equal(ask->link_no, 0);
	answer(ask, 0);
	checks(op, 1, 0);
	ask = asked(ASK_PUT, 1, op);
	assert_int_equal(ask->page, 1);
	assert_ptr_equal(ask->data, op->buffer->data); /* as it is, sealed */
	states(1, "p");
	assert_int_equal(holders(1), ON(0));
	answer(ask, 0);
	nothing_to_do();
	assert_int_equal(holders(1), ON(0) | ON(1));
	assert_int_equal(map_record(&map, 1)->version, before.version);
	assert_memory_equal(map_record(&map, 1)->tag, before.tag, TAG_BYTES);
	assert_int_equal(c.counts.healed_pages, 1);
	assert_int_equal(buffers.free_n, BUFFERS);
	heal_all();
	assert_int_equal(core_unhealed(&c), 0);
	assert_true(core_wake_at(&c, true) == CORE_NEVER);
}

/* A page is bad where its last copy is: all others are copied, one by one where it is. */
TEST(a_bad_page_keeps_nothing_else_from_healing)
{
	struct op *op = &c.heal.op;

	begin_healing(2, 2, false);
	put_now(0, 32);
	put_now(32, 32);
	without(1, 0, 64);
	answer(heals(0, 32), 0);
	checks(op, UINT32_MAX, 1u << 5);
	for (uint64_t page = 0; page < 32; page++) {
		if (page != 5) {
			healed(page, 1);
			continue;
		}
		answer(heals(page, 1), 0);
		checks(op, 1, 1);
	}
	healed(32, 32);
	for (int lap = 0; lap < 2; lap++) {
		answer(heals(5, 1), 0); /* it may have been the wire */
		checks(op, 1, 1);
		assert_int_equal(c.heal.lap.n, 1);
		assert_int_equal(core_missing(&c), 1);
	}
	assert_int_equal(c.heal.lap.page[0], 5);
	assert_int_equal(holders(5), ON(0));
	healed(5, 1);
	heal_all();
	assert_int_equal(core_missing(&c), 0);
	assert_int_equal(c.heal.lap.n, 0);
}

/* The same of one that its lender says it has not. */
TEST(a_refused_page_keeps_nothing_else_from_healing)
{
	begin_healing(2, 2, false);
	put_now(0, 2);
	without(1, 0, 2);
	answer(heals(0, 2), EIO);
	answer(heals(0, 1), EIO);
	healed(1, 1);
	assert_int_equal(holders(1), ON(0) | ON(1));
}

TEST(pages_that_lack_the_same_go_together)
{
	begin_healing(2, 2, false);
	put_now(0, 32);
	put_now(32, 32);
	without(1, 3, 20);
	without(1, 25, 39);
	healed(3, 20);
	healed(25, 32);
	healed(57, 7);
	heal_all();
	assert_int_equal(c.counts.healed_pages, 59);
}

TEST(what_is_wrong_is_not_copied)
{
	begin_healing(2, 2, false);
	put_now(0, 2);
	without(1, 0, 2);
	answer(heals(0, 2), 0);
	checks(&c.heal.op, 3, 2);
	healed(0, 1);
	answer(heals(1, 1), 0);
	checks(&c.heal.op, 1, 1);
	nothing_to_do();
	assert_int_equal(holders(1), ON(0));
	assert_int_equal(c.counts.bad_pages, 2);
	assert_int_equal(c.counts.healed_pages, 1);
	assert_int_equal(buffers.free_n, BUFFERS);
	assert_true(core_wake_at(&c, true) > now); /* not at once again */
}

/* What is written comes from one buffer: all of it is read again. */
TEST(a_run_in_which_one_copy_has_a_page_wrong)
{
	struct ask *ask;
	unsigned link_no;

	begin_healing(3, 3, false);
	put_now(0, 4);
	without(2, 0, 4);
	answer(heals(0, 4), 0);
	checks(&c.heal.op, 0xf, 1 << 1);
	ask = next(COMMAND_SEND).ask;
	link_no = ask->link_no;
	assert_int_equal(ask->kind, ASK_GET);
	assert_int_equal(ask->pages, 4);
	answer(ask, 0);
	checks(&c.heal.op, 0xf, 0);
	answer(asked(ASK_PUT, 2, &c.heal.op), 0);
	assert_int_equal(holders(1), ON(2) | ON(link_no));
}

TEST(a_source_that_fails_or_a_target_that_refuses_is_tried_again_later)
{
	begin_healing(2, 2, false);
	put_now(0, 1);
	without(1, 0, 1);
	answer(heals(0, 1), EIO);
	nothing_to_do();
	later(500);
	answer(heals(0, 1), 0);
	checks(&c.heal.op, 1, 0);
	answer(asked(ASK_PUT, 1, &c.heal.op), ENOSPC);
	nothing_to_do();
	assert_int_equal(holders(0), ON(0));
	assert_int_equal(buffers.free_n, BUFFERS);
	later(1000);
	later(1001);
	heal_all();
	assert_int_equal(holders(0), ON(0) | ON(1));
}

TEST(three_copies_are_made_at_once)
{
	begin_healing(3, 3, false);
	put_now(0, 1);
	without(1, 0, 1);
	without(2, 0, 1);
	answer(heals(0, 1), 0);
	checks(&c.heal.op, 1, 0);
	answer(asked(ASK_PUT, 1, &c.heal.op), EIO);
	answer(asked(ASK_PUT, 2, &c.heal.op), 0);
	assert_int_equal(holders(0), ON(0) | ON(2));
}

TEST(other_memory_is_filled_again)
{
	begin_healing(2, 2, false);
	put_now(0, 32);
	put_now(EXTENT_PAGES, 1);
	down(1);
	later(CORE_RETRY_MIN_MS);
	connects(1);
	up_as(1, "other owner", EXTENTS * EXTENT_PAGES);
	heal_all();
	assert_int_equal(holders(0), ON(0) | ON(1));
	assert_int_equal(holders(31), ON(0) | ON(1));
	assert_int_equal(holders(EXTENT_PAGES), ON(0) | ON(1));
	assert_int_equal(c.counts.healed_pages, 33);
	assert_int_equal(core_unhealed(&c), 0);
}

/* An operation has the page: it is looked at again. */
TEST(a_page_that_is_taken_is_left_for_later)
{
	struct op get = get_of(0, 1);

	begin_healing(2, 2, false);
	put_now(0, 2);
	without(1, 0, 2);
	start(&get);
	answer(asked(ASK_GET, 0, &get), 0);
	assert_ptr_equal(next(COMMAND_CHECK).op, &get);
	healed(1, 1);
	core_checked(&c, &get, 0, now);
	done(&get, 0);
	heal_all();
	assert_int_equal(holders(0), ON(0) | ON(1));
	assert_int_equal(core_unhealed(&c), 0);
}

TEST(a_put_waits_for_a_page_that_is_being_healed)
{
	struct op put;

	begin_healing(2, 2, false);
	put_now(0, 1);
	without(1, 0, 1);
	answer(heals(0, 1), 0);
	put = put_of(0, 1);
	start(&put);
	checks(&c.heal.op, 1, 0);
	answer(asked(ASK_PUT, 1, &c.heal.op), 0);
	answer(asked(ASK_PUT, 0, &put), 0);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	assert_int_equal(map_record(&map, 0)->version, put.record[0].version);
}

/* Its time was over while it waited: the page is lost, and healing must not bring back what
 * was there before. */
TEST(healing_does_not_bring_back_what_a_failed_put_overwrote)
{
	struct op put;

	begin_healing(2, 2, false);
	put_now(0, 2);
	without(1, 0, 2);
	answer(heals(0, 2), 0);
	assert_ptr_equal(next(COMMAND_CHECK).op, &c.heal.op);
	put = put_of(0, 1);
	start(&put);
	later(DEADLINE);
	done(&put, EIO);
	states(0, "Lp");
	core_checked(&c, &c.heal.op, 0, now);
	carry_out();
	states(0, "Lp");
	assert_int_equal(holders(0), 0);
}

/* But what was lost only at the lender is there, in our hands. */
TEST(healing_saves_a_page_whose_last_copy_is_lost_meanwhile)
{
	begin_healing(2, 2, false);
	put_now(0, 1);
	without(1, 0, 1);
	answer(heals(0, 1), 0);
	assert_ptr_equal(next(COMMAND_CHECK).op, &c.heal.op);
	down(0);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up_as(0, "other owner", EXTENTS * EXTENT_PAGES);
	states(0, "L");
	core_checked(&c, &c.heal.op, 0, now);
	answer(asked(ASK_PUT, 1, &c.heal.op), 0);
	carry_out();
	states(0, "p");
	heal_all();
	assert_int_equal(holders(0), ON(0) | ON(1));
}

/* A run that had to wait for its turn finds its pages put anew: they are not what it was to
 * heal, and what it knew of them says nothing. */
TEST(a_run_that_waited_does_not_doubt_what_was_put_meanwhile)
{
	struct op get, put;

	begin_healing(2, 2, false);
	put_now(0, 2);
	without(1, 1, 1);
	get = get_of(0, 1);
	start(&get);
	answer(asked(ASK_GET, 0, &get), 0);
	assert_ptr_equal(next(COMMAND_CHECK).op, &get);
	put = put_of(0, 2); /* waits for page 0, and for page 1 nobody */
	start(&put);
	later(1000);
	nothing_to_do();
	assert_int_equal(c.heal.op.page, 1);
	assert_int_equal(c.heal.op.state, OP_QUEUED);
	core_checked(&c, &get, 0, now);
	done(&get, 0);
	answer(asked(ASK_PUT, 0, &put), 0);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	for (struct command k; core_next(&c, &k, now); ) {
		if (k.kind == COMMAND_CHECK) /* of another version */
			core_checked(&c, k.op, k.op->came, now);
		else
			answer(k.ask, 0);
	}
	assert_int_equal(holders(1), ON(0) | ON(1));
	assert_int_equal(c.counts.bad_pages, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(without_a_waiter_nothing_is_healed),
		UNIT(a_missing_copy_is_made_from_the_one_that_is_there),
		UNIT(a_bad_page_keeps_nothing_else_from_healing),
		UNIT(a_refused_page_keeps_nothing_else_from_healing),
		UNIT(pages_that_lack_the_same_go_together),
		UNIT(what_is_wrong_is_not_copied),
		UNIT(a_run_in_which_one_copy_has_a_page_wrong),
		UNIT(a_source_that_fails_or_a_target_that_refuses_is_tried_again_later),
		UNIT(three_copies_are_made_at_once),
		UNIT(other_memory_is_filled_again),
		UNIT(a_page_that_is_taken_is_left_for_later),
		UNIT(a_put_waits_for_a_page_that_is_being_healed),
		UNIT(healing_does_not_bring_back_what_a_failed_put_overwrote),
		UNIT(healing_saves_a_page_whose_last_copy_is_lost_meanwhile),
		UNIT(a_run_that_waited_does_not_doubt_what_was_put_meanwhile),
	};

	return cmocka_run_group_tests_name("the core's healing", tests, NULL, NULL);
}
