/* SPDX-License-Identifier: BSD-2-Clause */
/* The core on a link that is up: what one operation does. */
#include "coring.h"

TEST(a_put_is_done_when_the_lender_says_so)
{
	struct op put = op_of(OP_PUT, 3, 2, data);

	start(&put);
	assert_true(put.deadline == now + DEADLINE);
	next(COMMAND_SEND, &put);
	nothing_to_do();
	later(5);
	nothing_to_do();
	answer(&put, 0);
	done(&put, 0);
	nothing_to_do();
	states(2, "-pp-");
}

TEST(a_put_leaves_its_data_alone)
{
	struct op put = op_of(OP_PUT, 3, 2, data);

	memset(data, 0x5a, sizeof data);
	start(&put);
	next(COMMAND_SEND, &put);
	answer(&put, EIO);
	done(&put, EIO);
	assert_true(all_bytes(data, sizeof data, 0x5a));
}

TEST(a_get_of_what_was_never_put_is_zeros_and_asks_nobody)
{
	struct op get = op_of(OP_GET, 3, 2, data);

	memset(data, 0x5a, sizeof data);
	start(&get);
	done(&get, 0);
	nothing_to_do();
	assert_true(all_bytes(data, 2 * PAGE_BYTES, 0));
	assert_true(all_bytes(data + 2 * PAGE_BYTES, PAGE_BYTES, 0x5a));
}

TEST(a_get_of_what_was_put_asks_the_lender)
{
	struct op get = op_of(OP_GET, 3, 2, data);

	put_now(3, 2);
	start(&get);
	next(COMMAND_SEND, &get);
	memset(data, 0x77, 2 * PAGE_BYTES);
	answer(&get, 0);
	done(&get, 0);
	assert_true(all_bytes(data, 2 * PAGE_BYTES, 0x77));
	states(3, "pp");
}

/* The lender may hold anything for a page that the record says is absent. */
TEST(a_get_of_both_takes_from_the_lender_only_what_was_put)
{
	struct op get = op_of(OP_GET, 0, 5, data);

	put_now(1, 1);
	put_now(3, 1);
	start(&get);
	next(COMMAND_SEND, &get);
	memset(data, 0x77, 5 * PAGE_BYTES);
	answer(&get, 0);
	done(&get, 0);
	for (size_t page = 0; page < 5; page++)
		assert_true(all_bytes(data + page * PAGE_BYTES, PAGE_BYTES,
		                      page % 2 ? 0x77 : 0));
}

TEST(a_flush_makes_pages_absent)
{
	struct op flush = op_of(OP_FLUSH, 3, 3, NULL), get = op_of(OP_GET, 4, 1, data);

	put_now(4, 2);
	start(&flush);
	next(COMMAND_SEND, &flush);
	states(3, "-pp");
	answer(&flush, 0);
	done(&flush, 0);
	states(3, "---");
	start(&get);
	done(&get, 0);
	assert_true(all_bytes(data, PAGE_BYTES, 0));
}

TEST(a_flush_of_what_is_absent_asks_nobody)
{
	struct op flush = op_of(OP_FLUSH, 0, PAGES, NULL);

	start(&flush);
	done(&flush, 0);
	nothing_to_do();
}

TEST(a_flush_that_the_lender_refuses_is_a_flush)
{
	struct op flush = op_of(OP_FLUSH, 3, 2, NULL), get = op_of(OP_GET, 3, 2, data);

	put_now(3, 2);
	start(&flush);
	next(COMMAND_SEND, &flush);
	answer(&flush, EPERM);
	done(&flush, 0);
	states(3, "--");
	memset(data, 0x5a, sizeof data);
	start(&get);
	done(&get, 0);
	assert_true(all_bytes(data, 2 * PAGE_BYTES, 0));
}

TEST(a_put_that_failed_leaves_its_pages_lost)
{
	struct op get = op_of(OP_GET, 4, 1, data);

	put_now(2, 5);
	lose_now(3, 3);
	states(1, "-pLLLp-");
	start(&get);
	done(&get, EIO);
	nothing_to_do();
}

TEST(one_lost_page_fails_the_whole_get)
{
	struct op get = op_of(OP_GET, 0, 4, data);

	put_now(0, 4);
	lose_now(3, 1);
	start(&get);
	done(&get, EIO);
	nothing_to_do();
}

TEST(a_lost_page_is_mended_by_a_put)
{
	lose_now(3, 2);
	put_now(3, 1);
	states(3, "pL");
}

TEST(a_lost_page_is_mended_by_a_flush_which_the_lender_is_told)
{
	struct op flush = op_of(OP_FLUSH, 3, 2, NULL);

	lose_now(3, 2);
	start(&flush);
	next(COMMAND_SEND, &flush);
	answer(&flush, 0);
	done(&flush, 0);
	states(3, "--");
}

TEST(a_get_that_failed_changes_nothing)
{
	struct op get = op_of(OP_GET, 3, 1, data);

	put_now(3, 1);
	start(&get);
	next(COMMAND_SEND, &get);
	answer(&get, EIO);
	done(&get, EIO);
	states(3, "p");
	start(&get);
	next(COMMAND_SEND, &get);
	answer(&get, 0);
	done(&get, 0);
}

TEST(a_second_answer_is_not_heard)
{
	struct op put = op_of(OP_PUT, 3, 1, data);

	start(&put);
	next(COMMAND_SEND, &put);
	answer(&put, 0);
	answer(&put, EIO);
	done(&put, 0);
	answer(&put, EIO);
	nothing_to_do();
	states(3, "p");
}

TEST(an_op_may_be_used_again)
{
	struct op op = op_of(OP_PUT, 3, 1, data);

	for (int i = 0; i < 5; i++) {
		start(&op);
		next(COMMAND_SEND, &op);
		answer(&op, i % 2 ? EIO : 0);
		done(&op, i % 2 ? EIO : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UP_UNIT(a_put_is_done_when_the_lender_says_so),
		UP_UNIT(a_put_leaves_its_data_alone),
		UP_UNIT(a_get_of_what_was_never_put_is_zeros_and_asks_nobody),
		UP_UNIT(a_get_of_what_was_put_asks_the_lender),
		UP_UNIT(a_get_of_both_takes_from_the_lender_only_what_was_put),
		UP_UNIT(a_flush_makes_pages_absent),
		UP_UNIT(a_flush_of_what_is_absent_asks_nobody),
		UP_UNIT(a_flush_that_the_lender_refuses_is_a_flush),
		UP_UNIT(a_put_that_failed_leaves_its_pages_lost),
		UP_UNIT(one_lost_page_fails_the_whole_get),
		UP_UNIT(a_lost_page_is_mended_by_a_put),
		UP_UNIT(a_lost_page_is_mended_by_a_flush_which_the_lender_is_told),
		UP_UNIT(a_get_that_failed_changes_nothing),
		UP_UNIT(a_second_answer_is_not_heard),
		UP_UNIT(an_op_may_be_used_again),
	};

	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
