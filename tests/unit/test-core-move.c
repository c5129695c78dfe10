/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages move: off the spill, off lenders that want their room back or stay away. What
 * nobody needs is given back. */
#include "heal_fixture.h"

#define SPILL 2u

/* A link that is down comes up. */
static void back(unsigned link_no)
{
	c.peer[link_no].retry_at = 0;
	connects(link_no);
	up(link_no);
}

TEST(the_spill_is_emptied_when_lenders_are_back)
{
	begin_healing(2, 2, true);
	down(0);
	down(1);
	c.peer[0].retry_at = c.peer[1].retry_at = CORE_NEVER;
	put_now(0, 32);
	put_now(EXTENT_PAGES + 5, 2);
	assert_int_equal(holders(0), ON(SPILL));
	assert_int_equal(c.layout.slots[SPILL].used, 2);
	back(0);
	back(1);
	heal_all();
	assert_int_equal(holders(0), ON(0) | ON(1));
	assert_int_equal(holders(EXTENT_PAGES + 6), ON(0) | ON(1));
	assert_int_equal(c.layout.slots[SPILL].used, 0);
	assert_int_equal(map.extent[0].copy[COPY_SPILL].link_no, -1);
	assert_int_equal(core_unhealed(&c), 0);
}

/* With one lender of two it may be safer there than nowhere: it stays. */
TEST(the_spill_keeps_what_has_too_few_copies)
{
	begin_healing(2, 2, true);
	down(0);
	down(1);
	c.peer[0].retry_at = c.peer[1].retry_at = CORE_NEVER;
	put_now(0, 1);
	c.peer[0].state = PEER_GONE;
	back(1);
	for (int i = 0; i < 5000; i++) {
		later(1);
		carry_out();
	}
	assert_int_equal(holders(0), ON(1) | ON(SPILL));
	assert_int_equal(c.layout.slots[SPILL].used, 1);
	assert_int_equal(core_unhealed(&c), 1);
}

/* They are there, and full: what only the spill has must not be taken for what is more
 * than enough. */
TEST(the_spill_keeps_what_no_lender_takes)
{
	struct op put;

	begin_healing(2, 2, true);
	put_now(1, 1);
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), ENOSPC);
	answer(asked(ASK_PUT, 1, &put), ENOSPC);
	answer(asked(ASK_PUT, SPILL, &put), 0);
	done(&put, 0);
	later(CORE_FULL_MS - 1);
	nothing_to_do();
	states(0, "pp");
	assert_int_equal(holders(0), ON(SPILL));
	heal_all();
	assert_int_equal(holders(0), ON(0) | ON(1));
	assert_int_equal(c.layout.slots[SPILL].used, 0);
}

TEST(a_lender_that_wants_its_room_back_is_left)
{
	unsigned from, to;
	uint8_t kept;

	begin_healing(3, 2, false);
	put_now(0, 32);
	from = (unsigned)__builtin_ctz(holders(0));
	to = (unsigned)__builtin_ctz(~holders(0));
	kept = (uint8_t)(holders(0) & ~ON(from));
	core_link_wants(&c, from, 0);
	heal_all();
	assert_int_equal(holders(0), kept | ON(to));
	assert_int_equal(holders(31), kept | ON(to));
	assert_int_equal(c.layout.slots[from].used, 0);
	/* And gets nothing until it says otherwise. */
	for (uint64_t page = EXTENT_PAGES; page < EXTENTS * EXTENT_PAGES; page += EXTENT_PAGES) {
		put_now(page, 1);
		assert_int_equal(holders(page), kept | ON(to));
	}
	core_link_wants(&c, from, UINT64_MAX);
	assert_int_equal(core_unhealed(&c), 0);
}

/* Only what lies beyond it goes, and while it does it can be read. */
TEST(a_lender_that_wants_some_of_it_back)
{
	struct op get = get_of(EXTENT_PAGES, 1);
	unsigned from;

	begin_healing(2, 1, false);
	for (uint64_t e = 0; e < EXTENTS; e++)
		put_now(e * EXTENT_PAGES, 1);
	from = c.layout.slots[0].used > c.layout.slots[1].used ? 0 : 1;
	assert_int_equal(c.layout.slots[from].used, 2);
	core_link_wants(&c, from, EXTENT_PAGES);
	start(&get);
	answer(next(COMMAND_SEND).ask, 0);
	checks(&get, 1, 0);
	done(&get, 0);
	heal_all();
	assert_int_equal(c.layout.slots[from].used, 1);
	assert_int_equal(c.layout.slots[!from].used, 2);
	states(0, "p");
	states(EXTENT_PAGES, "p");
	states(2 * EXTENT_PAGES, "p");
}

TEST(with_nowhere_to_go_it_stays)
{
	begin_healing(2, 2, false);
	put_now(0, 1);
	core_link_wants(&c, 0, 0);
	for (int i = 0; i < 5000; i++) {
		later(1);
		carry_out();
	}
	assert_int_equal(holders(0), ON(0) | ON(1));
	assert_int_equal(core_unhealed(&c), 1);
}

TEST(a_lender_that_stays_away_is_replaced)
{
	unsigned gone, third;

	begin_healing(3, 2, false);
	put_now(0, 3);
	gone = (unsigned)__builtin_ctz(holders(0));
	third = (unsigned)__builtin_ctz(~holders(0));
	down(gone);
	for (int ms = 1; ms < CORE_MOVE_MS; ms++) {
		struct command k;

		later(1);
		while (core_next(&c, &k, now)) {
			assert_int_equal(k.kind, COMMAND_CONNECT);
			down(k.link_no);
		}
	}
	assert_int_equal(c.counts.healed_pages, 0); /* it might have come back */
	heal_all();
	later(3000);
	heal_all();
	assert_int_equal(holders(0), 7 & ~ON(gone));
	assert_int_equal(holders(2), 7 & ~ON(gone));
	assert_true(holders(0) & ON(third));
	assert_int_equal(c.layout.slots[gone].used, 0);
	/* When it is back, it has only what is not needed. */
	back(gone);
	assert_true(core_wiping(&c));
	heal_all();
	assert_int_equal(c.layout.slots[gone].dirty_n, 0);
	assert_int_equal(holders(0), 7 & ~ON(gone));
}

/* It comes back when the others have begun: what is more than enough is dropped. */
TEST(one_that_comes_back_too_soon)
{
	struct ask *ask;
	unsigned gone;

	begin_healing(3, 2, false);
	put_now(0, 32);
	put_now(64, 32);
	gone = (unsigned)__builtin_ctz(holders(0));
	down(gone);
	c.peer[gone].retry_at = CORE_NEVER;
	now += CORE_MOVE_MS;
	map_heal(&map, &map.extent[0], true);
	healed(0, 32);
	ask = heals(64, 32);
	back(gone);
	answer(ask, 0);
	heal_all();
	assert_int_equal(__builtin_popcount(holders(0)), 2);
	assert_int_equal(__builtin_popcount(holders(64)), 2);
	assert_int_equal(holders(0), holders(64));
	assert_int_equal(c.layout.slots[0].used + c.layout.slots[1].used + c.layout.slots[2].used,
	                 2);
}

/* Puts and gets, in turn, each begun before the one before it ends. */
static void keep_busy(int ms)
{
	struct op op[2] = {{ .state = OP_DONE }, { .state = OP_DONE }};
	struct ask *asked_for[2] = { NULL, NULL }; /* one of each */
	struct command k;

	for (int i = 0; i < ms; i++, later(1)) {
		int newer = i % 2, older = !newer;

		if (op[newer].state == OP_DONE) {
			op[newer] = newer ? put_of(1, 1) : get_of(0, 1);
			start(&op[newer]);
		}
		if (asked_for[older])
			answer(asked_for[older], 0);
		asked_for[older] = NULL;
		while (core_next(&c, &k, now)) {
			if (k.kind == COMMAND_CHECK)
				core_checked(&c, k.op, 0, now);
			else if (k.kind == COMMAND_SEND && k.ask->op == &op[newer] &&
			         !asked_for[newer])
				asked_for[newer] = k.ask;
			else if (k.kind == COMMAND_SEND)
				answer(k.ask, 0);
		}
	}
	for (int i = 0; i < 2; i++)
		if (asked_for[i])
			answer(asked_for[i], 0);
	carry_out();
}

TEST(an_extent_that_is_never_idle_is_left_all_the_same)
{
	unsigned from;

	begin_healing(3, 2, false);
	put_now(0, 32);
	from = (unsigned)__builtin_ctz(holders(0));
	core_link_wants(&c, from, 0);
	keep_busy(5000);
	assert_int_equal(c.layout.slots[from].used, 0);
	assert_int_equal(__builtin_popcount(holders(0)), 2);
	assert_int_equal(core_unhealed(&c), 0);
}

TEST(what_is_no_longer_used_is_given_back)
{
	struct op fill = fill_of(0, 32, 0);

	begin_healing(2, 2, false);
	put_now(0, 32);
	put_now(EXTENT_PAGES, 1);
	start(&fill);
	carry_out();
	heal_all();
	later(1001);
	carry_out();
	assert_null(map.extent[0].record);
	assert_int_equal(c.layout.slots[0].used, 1);
	assert_int_equal(c.layout.slots[1].used, 1);
	assert_non_null(map.extent[1].record);
	assert_true(core_wake_at(&c, true) <= now || core_wiping(&c) ||
	            core_wake_at(&c, true) == CORE_NEVER);
	put_now(0, 1);
	states(0, "p-");
}

/* What lies side by side at once; again later if it failed. */
TEST(dirty_slots_are_wiped)
{
	struct ask *ask;

	open_core((struct core_options){ .links = 1, .copies = 1 });
	up_as(0, "memory0 owner", 2 * EXTENT_PAGES + 100);
	assert_true(core_wiping(&c));
	later(1);
	ask = asked(ASK_DISCARD, 0, NULL);
	assert_int_equal(ask->page, 0);
	assert_int_equal(ask->pages, 2 * EXTENT_PAGES + 100);
	later(1);
	nothing_to_do();
	answer(ask, EIO);
	later(1);
	nothing_to_do();
	assert_true(core_wake_at(&c, true) <= now + 1000);
	later(1000);
	ask = asked(ASK_DISCARD, 0, NULL);
	assert_int_equal(ask->page, 0);
	assert_int_equal(ask->pages, 2 * EXTENT_PAGES + 100);
	answer(ask, 0);
	later(1);
	nothing_to_do();
	assert_false(core_wiping(&c));
}

TEST(a_flush_of_a_slot_that_is_cut_off_is_begun_again)
{
	open_core((struct core_options){ .links = 1, .copies = 1 });
	up(0);
	later(1);
	asked(ASK_DISCARD, 0, NULL);
	down(0);
	assert_int_equal(c.layout.slots[0].dirty_n, 3);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up(0);
	wipe_all();
	put_now(0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(the_spill_is_emptied_when_lenders_are_back),
		UNIT(the_spill_keeps_what_has_too_few_copies),
		UNIT(the_spill_keeps_what_no_lender_takes),
		UNIT(a_lender_that_wants_its_room_back_is_left),
		UNIT(a_lender_that_wants_some_of_it_back),
		UNIT(with_nowhere_to_go_it_stays),
		UNIT(a_lender_that_stays_away_is_replaced),
		UNIT(one_that_comes_back_too_soon),
		UNIT(an_extent_that_is_never_idle_is_left_all_the_same),
		UNIT(what_is_no_longer_used_is_given_back),
		UNIT(dirty_slots_are_wiped),
		UNIT(a_flush_of_a_slot_that_is_cut_off_is_begun_again),
	};

	return cmocka_run_group_tests_name("what the core moves", tests, NULL, NULL);
}
