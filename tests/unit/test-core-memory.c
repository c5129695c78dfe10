/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that come up again without what they had. */
#include "core_fixture.h"

#define OTHER   "other owner2"
#define USURPED "memory0 thief"

static struct op put, get;

/* LINK_NO is closed, and comes up as IDENTITY. */
static void comes_as(unsigned link_no, const char *identity)
{
	down(link_no);
	later(CORE_RETRY_MIN_MS);
	connects(link_no);
	up_as(link_no, identity, EXTENTS * EXTENT_PAGES);
}

static void gets(uint64_t page, int error)
{
	get = get_of(page, 1);
	start(&get);
	carry_out();
	assert_int_equal(get.state, OP_DONE);
	assert_int_equal(get.error, error);
}

TEST(other_memory_has_lost_the_only_copy)
{
	begin(1, 1, false);
	put_now(0, 2);
	comes_as(0, OTHER);
	assert_int_equal(c.counts.lost_memories, 1);
	gets(0, EIO);
	states(0, "LL-");
	put_now(0, 1);
	comes_as(0, OTHER);
	gets(0, 0);
	comes_as(0, "memory0 owner"); /* not even the first one's are back */
	gets(0, EIO);
	gets(1, EIO);
	assert_int_equal(c.counts.lost_memories, 2);
	assert_int_equal(holders(0), 0);
}

TEST(other_memory_leaves_the_other_copy)
{
	begin(2, 2, false);
	put_now(0, 2);
	comes_as(0, OTHER);
	assert_int_equal(holders(0), ON(1));
	gets(0, 0);
	states(0, "pp");
	assert_int_equal(holders(0), ON(1));
	assert_true(map_extent(&map, 0)->heal);
	put_now(0, 1);
	assert_int_equal(holders(0), ON(0) | ON(1));
	assert_int_equal(holders(1), ON(1));
}

TEST(both_lost_at_once_lose_the_page)
{
	begin(2, 2, false);
	put_now(0, 1);
	down(0);
	down(1);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	connects(1);
	up_as(0, OTHER, EXTENTS * EXTENT_PAGES);
	up_as(1, "other1 owner2", EXTENTS * EXTENT_PAGES);
	gets(0, EIO);
	states(0, "L");
}

/* As other memory; also if it says that it is the same. */
static void shrinks(const char *identity)
{
	begin(1, 1, false);
	put_now(0, 1);
	put_now(2 * EXTENT_PAGES, 1);
	down(0);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up_as(0, identity, 2 * EXTENT_PAGES);
	wipe_all();
	gets(0, EIO);
	put_now(0, 1);
	put_now(EXTENT_PAGES, 1);
	put = put_of(2 * EXTENT_PAGES, 1);
	start(&put);
	done(&put, ENOSPC);
	down(0);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up_as(0, identity, 9 * EXTENT_PAGES); /* and grows */
	wipe_all();
	gets(0, 0);
	put_now(2 * EXTENT_PAGES, 1);
	assert_int_equal(c.counts.lost_memories, 1);
}

TEST(a_pool_that_comes_back_smaller_is_used)
{
	shrinks(OTHER);
}

TEST(a_pool_that_has_shrunk_has_lost_all)
{
	shrinks("memory0 owner");
}

/* Another borrower owned the pool: it may do so again at any moment. */
TEST(a_pool_that_was_anothers_is_never_used_again)
{
	begin(2, 2, false);
	put_now(0, 1);
	comes_as(0, USURPED);
	closes(0);
	assert_int_equal(c.peer[0].state, PEER_GONE);
	assert_int_equal(c.counts.usurped, 1);
	assert_int_equal(c.counts.lost_memories, 0);
	assert_int_equal(holders(0), ON(1));
	for (int i = 0; i < 20; i++) {
		later(1000);
		nothing_to_do();
	}
	gets(0, 0);
	put_now(0, 1);
	assert_int_equal(holders(0), ON(1));
}

TEST(with_the_only_pool_gone_all_is_eio_at_once)
{
	begin(1, 1, false);
	put_now(0, 1);
	comes_as(0, USURPED);
	closes(0);
	get = get_of(0, 1);
	start(&get);
	done(&get, EIO);
	states(0, "L");
	put = put_of(0, 1);
	start(&put);
	done(&put, EIO);
	nothing_to_do();
}

TEST(identities_that_differ_in_their_last_letter)
{
	char a[IDENTITY_MAX];

	begin(1, 1, false);
	memset(a, 'i', sizeof a);
	a[sizeof a - 1] = '\0';
	comes_as(0, a);
	assert_int_equal(c.counts.lost_memories, 1);
	put_now(0, 1);
	comes_as(0, a);
	gets(0, 0);
	a[sizeof a - 2] = 'j';
	comes_as(0, a);
	assert_int_equal(c.counts.lost_memories, 2);
	gets(0, EIO);
}

/* The first link had it, then lost its memory before the second had answered. */
TEST(a_copy_that_was_lost_before_the_end_does_not_count)
{
	struct ask *two;

	begin(2, 2, false);
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), 0);
	two = asked(ASK_PUT, 1, &put);
	comes_as(0, OTHER);
	nothing_to_do();
	answer(two, 0);
	done(&put, 0);
	assert_int_equal(holders(0), ON(1));
	assert_true(map_extent(&map, 0)->heal);
}

/* Nor for the second of two that are under way in the same extent. */
TEST(of_several_puts_none_counts_on_lost_memory)
{
	struct op puts[2];
	struct ask *two[2];

	begin(2, 2, false);
	for (unsigned i = 0; i < 2; i++) {
		puts[i] = put_of(i, 1);
		start(&puts[i]);
		answer(asked(ASK_PUT, 0, &puts[i]), 0);
		two[i] = asked(ASK_PUT, 1, &puts[i]);
	}
	comes_as(0, OTHER);
	for (unsigned i = 0; i < 2; i++) {
		answer(two[i], 0);
		done(&puts[i], 0);
		assert_int_equal(holders(i), ON(1));
	}
}

/* It was all that the put had: it begins anew. */
TEST(a_put_whose_only_ack_was_lost_begins_anew)
{
	begin(2, 2, false);
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), 0);
	asked(ASK_PUT, 1, &put);
	comes_as(0, OTHER);
	down(1);
	answer(asked(ASK_PUT, 0, &put), 0);
	done(&put, 0);
	assert_int_equal(holders(0), ON(0));
}

/* One that kept its memory, and was only cut off, has what it said it has. */
TEST(an_ack_counts_when_the_link_died_after_it)
{
	struct ask *two;

	begin(2, 2, false);
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), 0);
	two = asked(ASK_PUT, 1, &put);
	down(0);
	answer(two, 0);
	done(&put, 0);
	assert_int_equal(holders(0), ON(0) | ON(1));
}

/* What came before the memory was lost is as good as ever. */
TEST(a_get_that_came_in_time)
{
	begin(1, 1, false);
	put_now(0, 1);
	get = get_of(0, 1);
	start(&get);
	answer(asked(ASK_GET, 0, &get), 0);
	assert_ptr_equal(next(COMMAND_CHECK).op, &get);
	comes_as(0, OTHER);
	core_checked(&c, &get, 0, now);
	done(&get, 0);
	states(0, "L");
}

/* What had been sent or was waiting when the memory was lost. */
TEST(operations_that_meet_other_memory)
{
	struct op behind = get_of(1, 1), queued = get_of(0, 1), flush = fill_of(2, 1, 0);

	begin(1, 1, false);
	put_now(0, 4);
	get = get_of(0, 1);
	put = put_of(1, 1);
	start(&get), start(&put), start(&flush), start(&behind), start(&queued);
	asked(ASK_GET, 0, &get);
	asked(ASK_DISCARD, 0, &flush);
	asked(ASK_PUT, 0, &put);
	down(0);
	done(&flush, 0);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up_as(0, OTHER, EXTENTS * EXTENT_PAGES);
	done(&get, EIO);
	done(&queued, EIO);
	answer(asked(ASK_PUT, 0, &put), 0);
	done(&put, 0);
	answer(asked(ASK_GET, 0, &behind), 0); /* it was put into the new memory */
	checks(&behind, 1, 0);
	done(&behind, 0);
	states(0, "Lp-L-");
}

/* Memory that it does not know may hold anything: another's pages, or our older ones. */
TEST(slots_of_other_memory_are_wiped)
{
	begin(1, 1, false);
	put_now(0, 1);
	assert_false(core_wiping(&c));
	comes_as(0, OTHER);
	assert_true(core_wiping(&c));
	wipe_all();
	gets(0, EIO);
	assert_int_equal(c.layout.slots[0].dirty_n, 1); /* the page's own, free now */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(other_memory_has_lost_the_only_copy),
		UNIT(other_memory_leaves_the_other_copy),
		UNIT(both_lost_at_once_lose_the_page),
		UNIT(a_pool_that_comes_back_smaller_is_used),
		UNIT(a_pool_that_has_shrunk_has_lost_all),
		UNIT(a_pool_that_was_anothers_is_never_used_again),
		UNIT(with_the_only_pool_gone_all_is_eio_at_once),
		UNIT(identities_that_differ_in_their_last_letter),
		UNIT(a_copy_that_was_lost_before_the_end_does_not_count),
		UNIT(of_several_puts_none_counts_on_lost_memory),
		UNIT(a_put_whose_only_ack_was_lost_begins_anew),
		UNIT(an_ack_counts_when_the_link_died_after_it),
		UNIT(a_get_that_came_in_time),
		UNIT(operations_that_meet_other_memory),
		UNIT(slots_of_other_memory_are_wiped),
	};

	return cmocka_run_group_tests_name("the core's lost memories", tests, NULL, NULL);
}
