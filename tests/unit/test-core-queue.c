/* SPDX-License-Identifier: BSD-2-Clause */
/* The core on a link that is up: operations on the same pages take turns. */
#include "coring.h"

TEST(what_does_not_overlap_goes_at_once)
{
	struct op op[8];

	for (size_t i = 0; i < COUNT(op); i++) {
		op[i] = op_of(OP_PUT, 2 * i, 2, data);
		start(&op[i]);
	}
	for (size_t i = 0; i < COUNT(op); i++)
		next(COMMAND_SEND, &op[i]);
	/* Replies may come in any order. */
	for (size_t i = COUNT(op); i-- > 0; ) {
		answer(&op[i], 0);
		done(&op[i], 0);
	}
}

TEST(what_overlaps_takes_turns_in_order)
{
	struct op op[10];

	for (size_t i = 0; i < COUNT(op); i++) {
		op[i] = op_of(i % 2 ? OP_GET : OP_PUT, 5, 1, data);
		start(&op[i]);
	}
	for (size_t i = 0; i < COUNT(op); i++) {
		next(COMMAND_SEND, &op[i]);
		nothing_to_do();
		answer(&op[i], 0);
		done(&op[i], 0);
	}
	nothing_to_do();
}

/* Two pages each, half on half: 0-1, 1-2, 2-3, 3-4. */
TEST(a_chain_of_overlaps_takes_turns_in_order)
{
	struct op op[4];

	for (size_t i = 0; i < 4; i++) {
		op[i] = op_of(OP_PUT, i, 2, data);
		start(&op[i]);
	}
	for (size_t i = 0; i < 4; i++) {
		next(COMMAND_SEND, &op[i]);
		nothing_to_do();
		answer(&op[i], 0);
		done(&op[i], 0);
	}
}

/* B waits for A, and C must not take B's other page meanwhile. */
TEST(nobody_overtakes_in_the_queue)
{
	struct op a = op_of(OP_PUT, 0, 2, data), b = op_of(OP_PUT, 1, 2, data);
	struct op after = op_of(OP_PUT, 2, 1, data), other = op_of(OP_PUT, 9, 1, data);

	start(&a), start(&b), start(&after), start(&other);
	next(COMMAND_SEND, &a);
	next(COMMAND_SEND, &other);
	nothing_to_do();
	answer(&a, 0);
	done(&a, 0);
	next(COMMAND_SEND, &b);
	nothing_to_do();
	answer(&b, 0);
	done(&b, 0);
	next(COMMAND_SEND, &after);
}

TEST(one_end_admits_all_that_waited_for_it)
{
	struct op wide = op_of(OP_PUT, 0, 8, data), op[8];

	start(&wide);
	next(COMMAND_SEND, &wide);
	for (size_t i = 0; i < 8; i++) {
		op[i] = op_of(OP_GET, i, 1, data + i * PAGE_BYTES);
		start(&op[i]);
	}
	nothing_to_do();
	answer(&wide, 0);
	done(&wide, 0);
	for (size_t i = 0; i < 8; i++)
		next(COMMAND_SEND, &op[i]);
}

/* What waited is decided when its turn comes, not when it was started. */
TEST(a_get_behind_a_put_that_fails)
{
	struct op put = op_of(OP_PUT, 3, 1, data), get = op_of(OP_GET, 3, 1, data);
	struct op again = op_of(OP_PUT, 3, 1, data), last = op_of(OP_GET, 3, 1, data);

	start(&put), start(&get), start(&again), start(&last);
	next(COMMAND_SEND, &put);
	answer(&put, ENOSPC);
	done(&put, ENOSPC);
	done(&get, EIO);
	next(COMMAND_SEND, &again);
	answer(&again, 0);
	done(&again, 0);
	next(COMMAND_SEND, &last);
}

TEST(a_get_behind_a_flush)
{
	struct op flush = op_of(OP_FLUSH, 3, 1, NULL), get = op_of(OP_GET, 3, 1, data);

	put_now(3, 1);
	start(&flush), start(&get);
	next(COMMAND_SEND, &flush);
	nothing_to_do();
	answer(&flush, 0);
	done(&flush, 0);
	done(&get, 0);
	assert_true(all_bytes(data, PAGE_BYTES, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UP_UNIT(what_does_not_overlap_goes_at_once),
		UP_UNIT(what_overlaps_takes_turns_in_order),
		UP_UNIT(a_chain_of_overlaps_takes_turns_in_order),
		UP_UNIT(nobody_overtakes_in_the_queue),
		UP_UNIT(one_end_admits_all_that_waited_for_it),
		UP_UNIT(a_get_behind_a_put_that_fails),
		UP_UNIT(a_get_behind_a_flush),
	};

	return cmocka_run_group_tests_name("turns in the core", tests, NULL, NULL);
}
