/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on the same pages take turns. */
#define BUFFERS 40u
#define EXTENTS (BLOCK_EXTENTS + 1u)
#include "core_fixture.h"

/* The next command is to send OP; it is answered well, and so is what came. */
static void goes(struct op *op)
{
	answer(asked(op->kind == OP_PUT ? ASK_PUT : op->kind == OP_GET ? ASK_GET : ASK_DISCARD, 0,
	             op), 0);
	if (op->kind == OP_GET)
		checks(op, op->pages == 32 ? UINT32_MAX : (1u << op->pages) - 1, 0);
	done(op, 0);
}

static int setup(void **state)
{
	(void)state;
	begin(1, 1, false);
	return 0;
}

TEST(what_does_not_overlap_goes_at_once)
{
	struct op op[8];
	struct ask *ask[8];

	for (unsigned i = 0; i < 8; i++) {
		op[i] = put_of(2 * i, 2);
		start(&op[i]);
	}
	for (unsigned i = 0; i < 8; i++)
		ask[i] = asked(ASK_PUT, 0, &op[i]);
	for (unsigned i = 8; i-- > 0; ) { /* replies come in any order */
		answer(ask[i], 0);
		done(&op[i], 0);
	}
}

TEST(what_overlaps_takes_turns_in_order)
{
	struct op op[10];

	for (unsigned i = 0; i < 10; i++) {
		op[i] = i % 2 ? get_of(5, 1) : put_of(5, 1);
		start(&op[i]);
	}
	for (unsigned i = 0; i < 10; i++)
		goes(&op[i]);
	nothing_to_do();
}

/* Two pages each, half on half: 0-1, 1-2, 2-3, 3-4. */
TEST(a_chain_of_overlaps_takes_turns_in_order)
{
	struct op op[4];

	for (unsigned i = 0; i < 4; i++) {
		op[i] = put_of(i, 2);
		start(&op[i]);
	}
	for (unsigned i = 0; i < 4; i++)
		goes(&op[i]);
}

/* B waits for A, and C must not take B's other page meanwhile. */
TEST(nobody_overtakes_in_the_queue)
{
	struct op a = put_of(0, 2), second = put_of(1, 2), after = put_of(2, 1);
	struct op other = put_of(9, 1);
	struct ask *ask;

	start(&a), start(&second), start(&after), start(&other);
	ask = asked(ASK_PUT, 0, &a);
	goes(&other);
	nothing_to_do();
	answer(ask, 0);
	done(&a, 0);
	goes(&second);
	goes(&after);
}

TEST(one_end_admits_all_that_waited_for_it)
{
	struct op wide = put_of(0, 4), op[4];
	struct ask *ask;

	start(&wide);
	ask = asked(ASK_PUT, 0, &wide);
	for (unsigned i = 0; i < 4; i++) {
		op[i] = get_of(i, 1);
		start(&op[i]);
	}
	nothing_to_do();
	answer(ask, 0);
	done(&wide, 0);
	for (unsigned i = 0; i < 4; i++)
		asked(ASK_GET, 0, &op[i]);
}

/* What waited is decided when its turn comes, not when it was started. */
TEST(a_get_behind_a_put_that_fails)
{
	struct op put = put_of(3, 1), get = get_of(3, 1);
	struct op again = put_of(3, 1), last = get_of(3, 1);

	start(&put), start(&get), start(&again), start(&last);
	answer(asked(ASK_PUT, 0, &put), EIO);
	done(&put, EIO);
	done(&get, EIO);
	goes(&again);
	goes(&last);
}

TEST(a_get_behind_a_fill)
{
	struct op flush = fill_of(3, 1, 0), get = get_of(3, 1), same = fill_of(3, 1, 7);
	struct op last = get_of(3, 1);

	put_now(3, 1);
	start(&flush), start(&get), start(&same), start(&last);
	answer(asked(ASK_DISCARD, 0, &flush), 0);
	done(&flush, 0);
	done(&get, 0);
	assert_int_equal(get.record[0].state, PAGE_ABSENT);
	done(&same, 0);
	done(&last, 0);
	assert_int_equal(last.record[0].state, PAGE_SAME);
}

TEST(a_fill_waits_for_those_under_way)
{
	struct op put = put_of(3, 1), flush = fill_of(0, EXTENT_PAGES, 0);
	struct ask *ask;

	start(&put), start(&flush);
	ask = asked(ASK_PUT, 0, &put);
	nothing_to_do();
	answer(ask, 0);
	done(&put, 0);
	goes(&flush);
	states(3, "-");
}

/* A get that was told what came, but has not yet looked, has its pages still. */
TEST(a_put_waits_until_what_came_was_opened)
{
	struct op get = get_of(3, 1), put = put_of(3, 1);

	put_now(3, 1);
	start(&get);
	answer(asked(ASK_GET, 0, &get), 0);
	assert_ptr_equal(next(COMMAND_CHECK).op, &get);
	start(&put);
	nothing_to_do();
	core_checked(&c, &get, 0, now);
	done(&get, 0);
	goes(&put);
}

/* An extent has no records, and none are ready. */
TEST(a_put_waits_for_memory_for_its_records)
{
	struct op put = put_of(0, 1), get = get_of(1, 1), other = get_of(0, 1);
	void *block[BLOCKS_READY];

	for (unsigned i = 0; i < BLOCKS_READY; i++)
		block[i] = map.ready[--map.readies];
	start(&put), start(&get), start(&other);
	done(&get, 0); /* it needs none */
	nothing_to_do();
	core_give(&c, block[0], now);
	goes(&put);
	goes(&other);
	for (unsigned i = 1; i < BLOCKS_READY; i++)
		map_give(&map, block[i]);
}

/* Nor can any be had. */
TEST(a_put_without_memory_for_its_records_fails_at_once)
{
	struct op put = put_of(0, 1), flush = fill_of(0, 1, 0), get = get_of(0, 1);
	void *block[BLOCKS_READY];

	for (unsigned i = 0; i < BLOCKS_READY; i++)
		block[i] = map.ready[--map.readies];
	start(&put);
	nothing_to_do();
	core_give(&c, NULL, now);
	done(&put, ENOMEM);
	start(&put);
	done(&put, ENOMEM);
	start(&flush), start(&get);
	done(&flush, 0);
	done(&get, 0);
	core_give(&c, block[0], now);
	start(&put);
	goes(&put);
	put = put_of(BLOCK_PAGES, 1); /* until it was tried again, there may be some */
	start(&put);
	nothing_to_do();
	core_give(&c, block[1], now);
	goes(&put);
	for (unsigned i = 2; i < BLOCKS_READY; i++)
		map_give(&map, block[i]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_does_not_overlap_goes_at_once),
		T(what_overlaps_takes_turns_in_order),
		T(a_chain_of_overlaps_takes_turns_in_order),
		T(nobody_overtakes_in_the_queue),
		T(one_end_admits_all_that_waited_for_it),
		T(a_get_behind_a_put_that_fails),
		T(a_get_behind_a_fill),
		T(a_fill_waits_for_those_under_way),
		T(a_put_waits_until_what_came_was_opened),
		T(a_put_waits_for_memory_for_its_records),
		T(a_put_without_memory_for_its_records_fails_at_once),
	};

	return cmocka_run_group_tests_name("turns in the core", tests, NULL, NULL);
}
