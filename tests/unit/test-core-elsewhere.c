/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies are made elsewhere, where a lender refuses them or its place is taken up by one
 * that stays away. */
#include "heal_fixture.h"

/* As heal_all(), for so long; link FULL, -1 none, has no room, and
 * what is down stays down. */
static void heal_for(int64_t ms, int full)
{
	struct command command;

	while (ms--) {
		later(1);
		while (core_next(&c, &command, now)) {
			switch (command.kind) {
			case COMMAND_CONNECT: down(command.link_no); break;
			case COMMAND_CLOSE: break;
			case COMMAND_SEND:
				answer(command.ask, command.ask->kind == ASK_PUT &&
				       (int)command.ask->link_no == full ? ENOSPC : 0);
				break;
			case COMMAND_CHECK: core_checked(&c, command.op, 0, now); break;
			default: fail_msg("a command of kind %d", (int)command.kind);
			}
		}
	}
}

/* The first of the links that are set in HOLDING. */
static unsigned holder_of(unsigned holding)
{
	assert_true(holding);
	return (unsigned)__builtin_ctz(holding);
}

TEST(what_a_lender_always_refuses_goes_to_another)
{
	struct op put;
	unsigned full;

	begin_healing(3, 2, false);
	put_now(0, 32);
	full = holder_of(holders(0));
	put = put_of(3, 1);
	start(&put);
	for (int i = 0; i < 2; i++) {
		struct ask *ask = next(COMMAND_SEND).ask;

		answer(ask, ask->link_no == full ? ENOSPC : 0);
	}
	done(&put, 0);
	heal_for(20000, (int)full);
	for (uint64_t page = 0; page < 32; page++)
		assert_int_equal(holders(page), (ON(0) | ON(1) | ON(2)) & ~ON(full));
	assert_int_equal(core_unhealed(&c), 0);
}

/* Once is no reason to move an extent: a request that was bent on its way looks the same. */
TEST(who_refused_once_keeps_its_copies)
{
	struct op put;
	unsigned before;

	begin_healing(3, 2, false);
	put_now(0, 32);
	before = holders(0);
	put = put_of(3, 1);
	start(&put);
	answer(next(COMMAND_SEND).ask, ENOSPC);
	answer(next(COMMAND_SEND).ask, 0);
	done(&put, 0);
	heal_all();
	assert_int_equal(holders(3), before);
	assert_int_equal(c.counts.healed_pages, 1);
}

/* With nobody else it is tried again, until it takes them. */
TEST(what_a_lender_refused_it_is_offered_again)
{
	struct op put;

	begin_healing(2, 2, false);
	put_now(0, 32);
	put = put_of(3, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), ENOSPC);
	answer(asked(ASK_PUT, 1, &put), 0);
	done(&put, 0);
	heal_for(5000, 0);
	assert_int_equal(holders(3), ON(1));
	heal_all();
	assert_int_equal(holders(3), ON(0) | ON(1));
	assert_int_equal(core_unhealed(&c), 0);
}

/* More of them than an extent has places. */
TEST(places_of_lenders_that_are_gone_for_good_are_used)
{
	begin_healing(9, 3, false);
	put_now(0, 32);
	for (int times = 0; times < 6; times++) {
		unsigned link_no = 0;

		while (!(c.peer[link_no].state == PEER_UP && holders(0) & ON(link_no)))
			link_no++;
		down(link_no);
		heal_for(10000, -1);
		for (uint64_t page = 0; page < 32; page++) {
			unsigned up = 0;

			for (link_no = 0; link_no < 9; link_no++)
				up += c.peer[link_no].state == PEER_UP && holders(page) & ON(link_no);
			assert_int_equal(up, 3);
		}
	}
}

/* Its place is kept as long as a page has no other copy. */
TEST(the_place_of_a_last_copy_is_kept)
{
	unsigned last, holding;

	begin_healing(6, 3, false);
	put_now(0, 2);
	holding = holders(0);
	last = holder_of(holding);
	for (unsigned link_no = last + 1; link_no < 6; link_no++)
		if (holding & ON(link_no))
			without(link_no, 1, 1);
	down(last);
	down(holder_of(holding & ~ON(last)));
	heal_for(10000, -1);
	assert_int_equal(holders(1), ON(last));
	assert_int_equal(__builtin_popcount(holders(0) & ~holding), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(what_a_lender_always_refuses_goes_to_another),
		UNIT(who_refused_once_keeps_its_copies),
		UNIT(what_a_lender_refused_it_is_offered_again),
		UNIT(places_of_lenders_that_are_gone_for_good_are_used),
		UNIT(the_place_of_a_last_copy_is_kept),
	};

	return cmocka_run_group_tests_name("what the core keeps elsewhere", tests, NULL, NULL);
}
