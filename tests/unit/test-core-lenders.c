/* SPDX-License-Identifier: BSD-2-Clause */
/* Lenders come and go while the device is in use. */
#include "heal_fixture.h"

static struct op put;

static void retires(unsigned link_no)
{
	assert_true(core_link_retire(&c, link_no, now));
	closes(link_no);
	nothing_to_do();
}

TEST(one_that_is_added_gets_pages)
{
	begin_healing(1, 2, false);
	put_now(0, 4);
	assert_int_equal(holders(0), ON(0));
	assert_int_equal(core_link_add(&c, now), 1);
	connects(1);
	up(1);
	wipe_all();
	heal_all();
	assert_int_equal(holders(0), ON(0) | ON(1));
	assert_int_equal(core_unhealed(&c), 0);
}

/* The spill's number stays. */
TEST(one_is_added_behind_the_spill)
{
	begin_healing(1, 1, true);
	assert_int_equal(core_link_add(&c, now), 2);
	connects(2);
	up(2);
	wipe_all();
	core_link_wants(&c, 0, 0);
	put_now(0, 1);
	assert_int_equal(holders(0), ON(2));
	assert_int_equal(c.counts.spilled_pages, 0);
}

TEST(there_are_as_many_as_may_be)
{
	begin_healing(1, 1, false);
	for (int link_no = 1; link_no < (int)LINKS_MAX; link_no++)
		assert_int_equal(core_link_add(&c, now), link_no);
	assert_int_equal(core_link_add(&c, now), -1);
}

TEST(one_that_has_pages_is_not_retired)
{
	begin_healing(3, 2, false);
	put_now(0, 1);
	for (unsigned link_no = 0; link_no < 3; link_no++)
		assert_true(core_link_retire(&c, link_no, now) == !(holders(0) & ON(link_no)));
}

/* Its slot was flushed before, so that the lender has its memory back. */
TEST(one_that_was_drained_is_retired)
{
	unsigned from;
	struct ask *wipe;

	begin_healing(3, 2, false);
	put_now(0, 32);
	from = (unsigned)__builtin_ctz(holders(0));
	core_link_wants(&c, from, 0);
	while (c.layout.slots[from].used)
		healed(0, 32), nothing_to_do(), later(1);
	assert_false(core_link_retire(&c, from, now));
	later(1);
	wipe = asked(ASK_DISCARD, from, NULL);
	assert_false(core_link_retire(&c, from, now));
	answer(wipe, 0);
	retires(from);
	assert_int_equal(holders(0) & ON(from), 0);
	/* Nobody connects it again. */
	later(60000);
	nothing_to_do();
}

TEST(one_that_is_away_and_empty_is_retired)
{
	begin_healing(2, 1, false);
	layout_soil(&c.layout, 1);
	down(1);
	retires(1);
	later(60000);
	nothing_to_do();
}

/* What an answer brings that was under way then is nobody's. */
TEST(one_that_owes_an_answer_is_waited_for)
{
	struct op get = get_of(0, 1);
	struct ask *late;
	unsigned from;

	begin_healing(2, 2, false);
	put_now(0, 1);
	start(&get);
	late = next(COMMAND_SEND).ask;
	from = late->link_no;
	later(SLOW);
	answer(next(COMMAND_SEND).ask, 0);
	checks(&get, 1, 0);
	done(&get, 0);
	c.layout.slots[from].used = 0;
	assert_false(core_link_retire(&c, from, now));
	answer(late, 0);
	assert_true(core_link_retire(&c, from, now));
}

/* What it may have in buffers would be the next one's, and be taken from that one twice. */
TEST(one_that_pages_are_sealed_for_is_waited_for)
{
	struct command sealing;
	unsigned from;

	begin_healing(2, 1, false);
	put_now(1, 1);
	from = (unsigned)__builtin_ctz(holders(1));
	put = put_of(0, 1);
	start(&put);
	assert_true(core_next(&c, &sealing, now));
	assert_ptr_equal(sealing.op, &put);
	core_link_wants(&c, from, 0);
	while (c.layout.slots[from].used || core_wiping(&c))
		carry_out(), later(1);
	assert_false(core_link_retire(&c, from, now));
	seal_pages(&put);
	answer(asked(ASK_PUT, !from, &put), 0);
	done(&put, 0);
	assert_true(core_link_retire(&c, from, now));
}

/* The others are full: a put has nobody to wait for. */
TEST(one_that_left_is_not_waited_for)
{
	begin_healing(2, 1, false);
	retires(0);
	for (uint64_t e = 0; e < EXTENTS; e++)
		put_now(e * EXTENT_PAGES, 1);
	core_link_wants(&c, 1, 2 * EXTENT_PAGES);
	put = put_of(2 * EXTENT_PAGES, 1);
	start(&put);
	done(&put, ENOSPC);
}

/* Nor one that is away, and has no room for it. */
TEST(one_that_is_away_and_full_is_not_waited_for)
{
	begin_healing(2, 1, false);
	put_now(0, 1);
	core_link_wants(&c, 0, EXTENT_PAGES);
	core_link_wants(&c, 1, EXTENT_PAGES);
	put_now(EXTENT_PAGES, 1);
	down(0);
	put = put_of(2 * EXTENT_PAGES, 1);
	start(&put);
	done(&put, ENOSPC);
	put = put_of(holders(0) == ON(0) ? 0 : EXTENT_PAGES, 1); /* what it has, it may take */
	start(&put);
	later(CORE_PATIENCE_MS);
	assert_int_equal(put.state, OP_ACTIVE);
	connects(0);
	up(0);
	wipe_all();
	answer(asked(ASK_PUT, 0, &put), 0);
	done(&put, 0);
}

/* Another lender, or the same one again: nothing is known of it. */
TEST(a_number_is_used_again)
{
	begin_healing(2, 1, false);
	retires(0);
	assert_int_equal(core_link_add(&c, now), 0);
	connects(0);
	up_as(0, "another0 owner", 2 * EXTENT_PAGES);
	assert_int_equal(c.counts.lost_memories, 0);
	assert_int_equal(c.layout.slots[0].n, 2);
	assert_int_equal(c.layout.slots[0].dirty_n, 2);
	core_link_wants(&c, 1, 0);
	put_now(0, 1);
	assert_int_equal(holders(0), ON(0));
}

TEST(one_whose_pool_was_taken_is_retired)
{
	begin_healing(1, 1, false);
	put_now(0, 1);
	down(0);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up_as(0, "memory0 another", EXTENTS * EXTENT_PAGES);
	closes(0);
	assert_int_equal(c.peer[0].state, PEER_GONE);
	heal_all();
	retires(0);
	assert_int_equal(core_link_add(&c, now), 0);
	connects(0);
	up_as(0, "memory0 back", EXTENTS * EXTENT_PAGES);
	wipe_all();
	put_now(1, 1);
	states(0, "Lp");
}

/* Somebody is always busy there. */
TEST(a_busy_extent_is_left_all_the_same)
{
	struct op get = get_of(9, 1);
	struct command k;
	unsigned from;

	open_core((struct core_options){ .links = 3, .copies = 2, .link_timeout_ms = 20000 });
	for (unsigned link_no = 0; link_no < 3; link_no++)
		up(link_no);
	wipe_all();
	c.heal.waiter = &c;
	put_now(0, 12);
	from = (unsigned)__builtin_ctz(holders(0));
	core_link_wants(&c, from, 0);
	healed(0, 12);
	start(&get);
	for (int ms = 0; ms < 5000; ms++) {
		later(1);
		while (core_next(&c, &k, now)) {
			assert_int_equal(k.kind, COMMAND_SEND);
			if (k.ask->op != &get)
				answer(k.ask, 0);
			else
				assert_int_not_equal(k.ask->link_no, from);
		}
	}
	assert_int_equal(get.state, OP_ACTIVE);
	assert_int_equal(c.layout.slots[from].used, 0);
	assert_int_equal(holders(0) & ON(from), 0);
}

/* But not by who is asked just now: its answer is of that copy, and no other's. */
TEST(a_copy_that_is_asked_is_kept_until_it_answered)
{
	struct op get = get_of(9, 1);
	unsigned from;

	open_core((struct core_options){ .links = 2, .copies = 1, .link_timeout_ms = 20000 });
	up(0);
	up(1);
	wipe_all();
	put_now(0, 12);
	from = (unsigned)__builtin_ctz(holders(0));
	start(&get);
	struct ask *ask = asked(ASK_GET, from, &get);
	c.heal.waiter = &c;
	core_link_wants(&c, from, 0);
	healed(0, 9);
	healed(10, 2);
	later(5000);
	assert_int_equal(holders(9), ON(from));
	answer(ask, 0);
	checks(&get, 1, 0);
	done(&get, 0);
	heal_all();
	assert_int_equal(holders(9), ON(!from));
	assert_int_equal(c.layout.slots[from].used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(one_that_is_added_gets_pages),
		UNIT(one_is_added_behind_the_spill),
		UNIT(there_are_as_many_as_may_be),
		UNIT(one_that_has_pages_is_not_retired),
		UNIT(one_that_was_drained_is_retired),
		UNIT(one_that_is_away_and_empty_is_retired),
		UNIT(one_that_owes_an_answer_is_waited_for),
		UNIT(one_that_pages_are_sealed_for_is_waited_for),
		UNIT(one_that_left_is_not_waited_for),
		UNIT(one_that_is_away_and_full_is_not_waited_for),
		UNIT(a_number_is_used_again),
		UNIT(one_whose_pool_was_taken_is_retired),
		UNIT(a_busy_extent_is_left_all_the_same),
		UNIT(a_copy_that_is_asked_is_kept_until_it_answered),
	};

	return cmocka_run_group_tests_name("lenders come and go", tests, NULL, NULL);
}
