/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations whose time is over before they had their pages. */
#include "core_fixture.h"

#define BEFORE 100

static struct op get, op;
static struct ask *ask;

/* Pages 0 to 3 hold something, and a get that began a while ago has 0 and 1. */
static void begin_with_get(void)
{
	begin(1, 1, false);
	c.o.link_timeout_ms = 100 * DEADLINE;
	put_now(0, 4);
	get = get_of(0, 2);
	start(&get);
	ask = asked(ASK_GET, 0, &get);
	answer(ask, 0);
	assert_ptr_equal(next(COMMAND_CHECK).op, &get);
}

/* Nobody looks at what came, for longer than OP has time. */
static void too_late(int error)
{
	start(&op);
	assert_true(core_wake_at(&c, false) == now + DEADLINE);
	later(DEADLINE - 1);
	nothing_to_do();
	later(1);
	done(&op, error);
	nothing_to_do();
}

static void get_ends(void)
{
	core_checked(&c, &get, 0, now);
	done(&get, 0); /* as if it had been before */
	nothing_to_do();
	assert_int_equal(map_extent(&map, 0)->taken, 0);
}

/* A put that failed because it never got its turn has overwritten nothing at the lender,
 * and yet what was there must not come back. */
TEST(a_put_is_lost)
{
	begin_with_get();
	op = put_of(1, 2);
	too_late(EIO);
	states(0, "pLLp");
	get_ends();
	states(0, "pLLp");
}

TEST(a_get_changes_nothing)
{
	begin_with_get();
	op = get_of(1, 2);
	too_late(EIO);
	states(0, "pppp");
	get_ends();
}

TEST(a_flush_is_a_flush)
{
	begin_with_get();
	op = fill_of(1, 2, 0);
	too_late(0);
	states(0, "p--p");
	get_ends();
	states(0, "p--p");
}

TEST(a_page_of_one_pattern_is_remembered)
{
	begin_with_get();
	op = fill_of(1, 2, 7);
	too_late(0);
	states(0, "p==p");
	get_ends();
	assert_memory_equal(map_record(&map, 2)->tag, &(uint64_t){7}, 8);
}

TEST(those_behind_it_have_their_turn)
{
	struct op behind = get_of(2, 1);

	begin_with_get();
	op = put_of(1, 2);
	start(&op);
	later(BEFORE);
	start(&behind);
	later(DEADLINE - BEFORE);
	done(&op, EIO);
	done(&behind, EIO); /* the page is lost */
	get_ends();
}

/* There are no records, and no memory for them. */
TEST(where_there_are_no_records)
{
	struct op put, fill = fill_of(EXTENT_PAGES, 1, 7), flush = fill_of(EXTENT_PAGES, 1, 0);
	void *block[BLOCKS_READY];
	unsigned n = 0;

	begin(1, 1, false);
	while (map.readies)
		block[n++] = map.ready[--map.readies];
	put = put_of(EXTENT_PAGES, 1);
	start(&put), start(&fill), start(&flush);
	nothing_to_do();
	later(DEADLINE);
	done(&put, EIO);
	done(&fill, EIO);
	done(&flush, 0);
	states(EXTENT_PAGES, "-");
	while (n)
		core_give(&c, block[--n], now);
	nothing_to_do();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_put_is_lost),
		UNIT(a_get_changes_nothing),
		UNIT(a_flush_is_a_flush),
		UNIT(a_page_of_one_pattern_is_remembered),
		UNIT(those_behind_it_have_their_turn),
		UNIT(where_there_are_no_records),
	};

	return cmocka_run_group_tests_name("the core's queue, too late", tests, NULL, NULL);
}
