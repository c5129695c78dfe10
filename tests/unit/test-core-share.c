/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers and asks are few: who has one waits for none that another needs first, and no link has
 * so many that the others have none. */
#define BUFFERS 24u
#include "core_fixture.h"

#define MANY 256u /* more than asks */

static struct op op[MANY], other;

/* One extent on each link, pages put there. */
static void place(unsigned n)
{
	for (uint64_t e = 0; e < n; e++) {
		put_now(e * EXTENT_PAGES, RUN_PAGES);
		assert_int_equal(holders(e * EXTENT_PAGES), ON(map_extent(&map, e * EXTENT_PAGES)->copy[0].link_no));
	}
}

static unsigned link_of(uint64_t e)
{
	return (unsigned)map_extent(&map, e * EXTENT_PAGES)->copy[0].link_no;
}

/* As carry_out(), but MUTE links never answer. */
static void carry_out_but(uint32_t mute)
{
	struct command command;

	while (next_but_seal(&command)) {
		if (command.kind == COMMAND_SEND && !(mute & ON(command.link_no)))
			answer(command.ask, 0);
		else if (command.kind == COMMAND_CHECK)
			core_checked(&c, command.op, 0, now);
	}
}

/* Puts wait for a page that a get has; the get wants a buffer when they have come. */
TEST(who_waits_for_pages_has_no_buffer)
{
	struct buffer *held[BUFFERS];

	begin(1, 1, false);
	put_now(0, RUN_PAGES);
	for (unsigned i = 0; i < BUFFERS; i++)
		held[i] = buffers_take(&buffers);
	other = get_of(0, RUN_PAGES);
	start(&other);
	for (unsigned i = 0; i < MANY; i++) {
		op[i] = put_of(i % RUN_PAGES, 1);
		start(&op[i]);
	}
	nothing_to_do();
	give_back(held[0]);
	carry_out();
	assert_int_equal(other.state, OP_DONE);
	assert_int_equal(other.error, 0);
	for (unsigned i = 0; i < MANY; i++)
		assert_true(op[i].state == OP_DONE && !op[i].error);
	for (unsigned i = 1; i < BUFFERS; i++)
		give_back(held[i]);
}

TEST(a_put_has_its_pages_before_its_buffer)
{
	begin(1, 1, false);
	op[0] = put_of(0, 4), op[1] = put_of(2, 4);
	start(&op[0]), start(&op[1]);
	assert_non_null(op[0].buffer);
	assert_null(op[1].buffer);
	carry_out();
	assert_int_equal(op[1].error, 0);
}

/* What is asked of MUTE links takes as many as it may; the others are served at once. */
static void others_are_served(enum op_kind kind, unsigned mute_n)
{
	uint32_t mute = 0;

	begin(3, 1, false);
	place(3);
	for (unsigned e = 0; e < mute_n; e++)
		mute |= ON(link_of(e));
	for (unsigned i = 0; i < MANY; i++) {
		uint64_t page = (i % mute_n) * EXTENT_PAGES;

		op[i] = kind == OP_GET ? get_of(page + i % RUN_PAGES, 1)
		        : kind == OP_PUT ? put_of(page + 100 + i, 1) : fill_of(page + 1 + i, 1, 0);
		start(&op[i]);
	}
	carry_out_but(mute);
	for (int round = 0; round < 3; round++) {
		other = get_of(2 * EXTENT_PAGES, 8);
		start(&other);
		carry_out_but(mute);
		assert_true(other.state == OP_DONE && !other.error);
		other = put_of(2 * EXTENT_PAGES, 8);
		start(&other);
		carry_out_but(mute);
		assert_true(other.state == OP_DONE && !other.error);
		other = fill_of(2 * EXTENT_PAGES + 9, 8, 0);
		start(&other);
		carry_out_but(mute);
		assert_true(other.state == OP_DONE && !other.error);
	}
	/* Nor is anybody forgotten. */
	later(LINK_TIMEOUT);
	carry_out();
	later(CORE_RETRY_MAX_MS);
	carry_out();
	for (unsigned i = 0; i < MANY; i++)
		assert_true(op[i].state == OP_DONE && !op[i].error);
}

TEST(gets_of_a_mute_link) { others_are_served(OP_GET, 1); }
TEST(gets_of_two_mute_links) { others_are_served(OP_GET, 2); }
TEST(puts_to_a_mute_link) { others_are_served(OP_PUT, 1); }
TEST(puts_to_two_mute_links) { others_are_served(OP_PUT, 2); }
TEST(flushes_on_a_mute_link) { others_are_served(OP_FILL, 1); }
TEST(flushes_on_two_mute_links) { others_are_served(OP_FILL, 2); }

/* A copy that is there does not pay for the one that is not. */
TEST(the_other_copy_of_what_a_mute_link_owes)
{
	begin(3, 2, false);
	put_now(0, 1);
	for (unsigned i = 0; i < MANY; i++) {
		op[i] = put_of(1 + i, 1);
		start(&op[i]);
	}
	carry_out_but(ON(link_of(0)));
	other = get_of(0, 1);
	c.peer[link_of(0)].slow = 1 << 20; /* so that the other one is asked first */
	start(&other);
	carry_out_but(ON(link_of(0)));
	assert_true(other.state == OP_DONE && !other.error);
	later(LINK_TIMEOUT);
	carry_out();
}

/* A disk cannot be made to let go of buffers. */
TEST(a_spill_that_does_not_answer)
{
	struct ask *owed[BUFFERS];
	struct command command;
	unsigned n = 0;

	begin(1, 1, true);
	put_now(0, 1);
	down(0);
	put_now(EXTENT_PAGES, RUN_PAGES); /* on the spill */
	assert_int_equal(holders(EXTENT_PAGES), ON(1));
	up(0);
	for (unsigned i = 0; i < RUN_PAGES; i++) {
		op[i] = get_of(EXTENT_PAGES + i, 1);
		start(&op[i]);
	}
	while (next_but_seal(&command))
		if (command.kind == COMMAND_SEND && command.link_no == 1)
			owed[n++] = command.ask;
	assert_in_range(n, 1, BUFFERS / 2);
	for (int ms = 0; ms < DEADLINE + 10; ms += 10) {
		other = ms % 20 ? put_of(0, 1) : get_of(0, 1);
		start(&other);
		carry_out_but(ON(1));
		assert_true(other.state == OP_DONE && !other.error);
		later(10);
	}
	carry_out_but(ON(1));
	for (unsigned i = 0; i < RUN_PAGES; i++)
		assert_true(op[i].state == OP_DONE && op[i].error == EIO);
	assert_int_equal(c.peer[1].state, PEER_STUCK);
	op[0] = get_of(EXTENT_PAGES, 1); /* it is not asked, and soon not waited for long */
	start(&op[0]);
	nothing_to_do();
	later(DEADLINE);
	done(&op[0], EIO);
	op[0] = get_of(EXTENT_PAGES, 1);
	start(&op[0]);
	later(CORE_PATIENCE_MS);
	done(&op[0], EIO);
	while (n)
		answer(owed[--n], 0);
	assert_int_equal(c.peer[1].state, PEER_UP);
	op[0] = get_of(EXTENT_PAGES, 1);
	start(&op[0]);
	carry_out();
	assert_true(op[0].state == OP_DONE && !op[0].error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(who_waits_for_pages_has_no_buffer),
		UNIT(a_put_has_its_pages_before_its_buffer),
		UNIT(gets_of_a_mute_link),
		UNIT(gets_of_two_mute_links),
		UNIT(puts_to_a_mute_link),
		UNIT(puts_to_two_mute_links),
		UNIT(flushes_on_a_mute_link),
		UNIT(flushes_on_two_mute_links),
		UNIT(the_other_copy_of_what_a_mute_link_owes),
		UNIT(a_spill_that_does_not_answer),
	};

	return cmocka_run_group_tests_name("what is shared in the core", tests, NULL, NULL);
}
