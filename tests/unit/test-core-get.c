/* SPDX-License-Identifier: BSD-2-Clause */
/* Gets: from which copy, and what follows when it is wrong. */
#include "core_fixture.h"

static struct op get;
static struct ask *ask;

/* The get was started; the link whose copy is asked first. */
static unsigned first(void)
{
	start(&get);
	ask = next(COMMAND_SEND).ask;
	assert_int_equal(ask->kind, ASK_GET);
	assert_ptr_equal(ask->op, &get);
	return ask->link_no;
}

TEST(what_was_never_put_is_absent_and_nobody_is_asked)
{
	begin(2, 2, false);
	get = get_of(3, 2);
	memset(get.record, 0x77, sizeof get.record);
	start(&get);
	done(&get, 0);
	assert_int_equal(get.record[0].state, PAGE_ABSENT);
	assert_int_equal(get.record[1].state, PAGE_ABSENT);
	put_now(3, 1); /* and the same where its extent has records */
	get = get_of(4, 2);
	start(&get);
	done(&get, 0);
	assert_int_equal(get.record[0].state, PAGE_ABSENT);
	nothing_to_do();
	assert_int_equal(c.counts.gets, 2);
}

TEST(a_get_of_what_was_put_asks_one_copy)
{
	begin(2, 2, false);
	put_now(3, 2);
	get = get_of(3, 2);
	first();
	assert_int_equal(ask->page, 3);
	assert_int_equal(ask->pages, 2);
	nothing_to_do();
	answer(ask, 0);
	checks(&get, 3, 0);
	done(&get, 0);
	nothing_to_do();
	assert_int_equal(get.record[0].state, PAGE_SEALED);
	assert_int_equal(get.record[1].version, map_record(&map, 4)->version);
	assert_int_equal(buffers.free_n, BUFFERS);
}

/* What is opened lies at its page's place in the buffer. */
TEST(only_what_was_put_is_asked_for)
{
	struct op fill = fill_of(2, 1, 7);

	begin(1, 1, false);
	put_now(1, 1);
	put_now(3, 1);
	start(&fill);
	carry_out();
	get = get_of(0, 6);
	first();
	assert_int_equal(ask->page, 1);
	assert_int_equal(ask->pages, 3);
	assert_ptr_equal(ask->data, ask->buffer->data + PAGE_BYTES);
	answer(ask, 0);
	checks(&get, 1 << 1 | 1 << 3, 0);
	done(&get, 0);
	assert_int_equal(get.record[0].state, PAGE_ABSENT);
	assert_int_equal(get.record[2].state, PAGE_SAME);
	assert_memory_equal(get.record[2].tag, &(uint64_t){7}, 8);
}

TEST(one_lost_page_fails_the_whole_get)
{
	begin(2, 2, false);
	put_now(0, 4);
	lose_now(3, 1);
	get = get_of(0, 4);
	start(&get);
	done(&get, EIO);
	nothing_to_do();
	assert_int_equal(c.counts.get_errors, 1);
}

TEST(the_link_that_has_less_to_do_is_asked)
{
	struct op other = get_of(9, 1), third = get_of(4, 1);
	unsigned link_no;

	begin(2, 2, false);
	put_now(3, 2);
	put_now(9, 1);
	get = get_of(3, 1);
	link_no = first();
	start(&other);
	answer(asked(ASK_GET, !link_no, &other), 0);
	checks(&other, 1, 0);
	done(&other, 0);
	start(&third); /* the same again, now that it is idle */
	asked(ASK_GET, !link_no, &third);
}

TEST(a_link_that_is_down_is_not_asked)
{
	for (unsigned gone = 0; gone < 2; gone++) {
		begin(2, 2, false);
		put_now(3, 1);
		down(gone);
		get = get_of(3, 1);
		assert_int_equal(first(), !gone);
		answer(ask, 0);
		checks(&get, 1, 0);
		done(&get, 0);
		if (!gone)
			close_core();
	}
}

TEST(a_lender_that_cannot_read_means_the_next_copy)
{
	unsigned link_no;

	begin(2, 2, false);
	put_now(3, 1);
	get = get_of(3, 1);
	link_no = first();
	answer(ask, EIO);
	answer(asked(ASK_GET, !link_no, &get), 0);
	checks(&get, 1, 0);
	done(&get, 0);
	assert_int_equal(holders(3), ON(!link_no));
	assert_true(map_extent(&map, 3)->heal);
}

TEST(a_page_that_is_wrong_means_the_next_copy_and_is_remembered)
{
	unsigned link_no;

	begin(2, 2, false);
	put_now(3, 3);
	get = get_of(3, 3);
	link_no = first();
	answer(ask, 0);
	checks(&get, 7, 1 << 1);
	ask = asked(ASK_GET, !link_no, &get);
	assert_int_equal(ask->page, 4); /* the others are good */
	assert_int_equal(ask->pages, 1);
	answer(ask, 0);
	checks(&get, 1 << 1, 0);
	done(&get, 0);
	assert_int_equal(holders(3), 3);
	assert_int_equal(holders(4), ON(!link_no));
	assert_int_equal(holders(5), 3);
	assert_int_equal(c.counts.bad_pages, 1);
	assert_true(map_extent(&map, 3)->heal);
}

/* It may have been the wire: it is asked again, and the copy is not given up. */
TEST(the_last_copy_is_asked_again_and_never_given_up)
{
	begin(1, 1, false);
	put_now(3, 1);
	get = get_of(3, 1);
	first();
	answer(ask, 0);
	checks(&get, 1, 1);
	answer(asked(ASK_GET, 0, &get), EIO);
	answer(asked(ASK_GET, 0, &get), 0);
	checks(&get, 1, 0);
	done(&get, 0);
	assert_int_equal(holders(3), ON(0));
	get = get_of(3, 1);
	first();
	answer(ask, 0);
	for (int tries = 0; tries < 3; tries++) {
		if (tries)
			answer(asked(ASK_GET, 0, &get), 0);
		checks(&get, 1, 1);
	}
	done(&get, EIO);
	nothing_to_do();
	assert_int_equal(holders(3), ON(0));
	states(3, "p");
}

TEST(both_copies_wrong_leave_one_and_eio)
{
	unsigned asks = 0;

	begin(2, 2, false);
	put_now(3, 1);
	get = get_of(3, 1);
	first();
	for (struct command k = {0}; k.kind != COMMAND_DONE; asks++) {
		answer(ask, 0);
		checks(&get, 1, 1);
		assert_true(core_next(&c, &k, now));
		ask = k.ask;
	}
	assert_int_equal(get.error, EIO);
	assert_in_range(asks, 2, 6);
	assert_int_equal(__builtin_popcount(holders(3)), 1);
	states(3, "p");
}

/* Pages of one run that are on one link each. */
TEST(two_sources_in_one_run)
{
	struct op put;
	unsigned link_no;

	begin(2, 2, false);
	put_now(0, 4);
	for (unsigned page = 1; page < 3; page++) {
		put = put_of(page, 1);
		start(&put);
		answer(asked(ASK_PUT, 0, &put), page == 1 ? 0 : EIO);
		answer(asked(ASK_PUT, 1, &put), page == 2 ? 0 : EIO);
		done(&put, 0);
	}
	get = get_of(0, 4);
	link_no = first();
	assert_int_equal(ask->pages, 4); /* the one between is ignored */
	answer(ask, 0);
	checks(&get, link_no == 0 ? 0xb : 0xd, 0);
	ask = asked(ASK_GET, !link_no, &get);
	assert_int_equal(ask->page, link_no == 0 ? 2 : 1);
	assert_int_equal(ask->pages, 1);
	answer(ask, 0);
	checks(&get, link_no == 0 ? 4 : 2, 0);
	done(&get, 0);
}

/* The copy that has all of them is better than one that has some. */
TEST(one_source_if_there_is_one)
{
	begin(2, 2, false);
	put_now(0, 4);
	for (unsigned link_no = 0; link_no < 2; link_no++) {
		struct record r = *map_record(&map, 2);

		r.copies = 1u << copy_on(2, link_no) & COPIES_ALL;
		map_set(&map, 2, &r);
		get = get_of(0, 4);
		assert_int_equal(first(), link_no);
		answer(ask, 0);
		checks(&get, 15, 0);
		done(&get, 0);
	}
}

TEST(the_spill_is_asked_only_when_it_alone_has_it)
{
	begin(2, 2, true);
	down(0);
	down(1);
	put_now(3, 1);
	assert_int_equal(holders(3), ON(2));
	later(CORE_RETRY_MIN_MS);
	carry_out();
	put_now(4, 1);
	assert_int_equal(holders(4), ON(0) | ON(1));
	get = get_of(4, 1);
	assert_in_range(first(), 0, 1);
	answer(ask, EIO);
	assert_in_range((ask = next(COMMAND_SEND).ask)->link_no, 0, 1);
	answer(ask, 0);
	checks(&get, 1, 0);
	done(&get, 0);
	get = get_of(3, 1);
	assert_int_equal(first(), 2);
}

TEST(a_get_that_has_no_buffer_waits_for_one)
{
	struct buffer *held[BUFFERS];

	begin(1, 1, false);
	put_now(3, 1);
	for (unsigned i = 0; i < BUFFERS; i++)
		held[i] = buffers_take(&buffers);
	get = get_of(3, 1);
	start(&get);
	nothing_to_do();
	give_back(held[0]);
	ask = asked(ASK_GET, 0, &get);
	answer(ask, 0);
	checks(&get, 1, 0);
	done(&get, 0);
	assert_int_equal(buffers.free_n, 1);
	for (unsigned i = 1; i < BUFFERS; i++)
		give_back(held[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(what_was_never_put_is_absent_and_nobody_is_asked),
		UNIT(a_get_of_what_was_put_asks_one_copy),
		UNIT(only_what_was_put_is_asked_for),
		UNIT(one_lost_page_fails_the_whole_get),
		UNIT(the_link_that_has_less_to_do_is_asked),
		UNIT(a_link_that_is_down_is_not_asked),
		UNIT(a_lender_that_cannot_read_means_the_next_copy),
		UNIT(a_page_that_is_wrong_means_the_next_copy_and_is_remembered),
		UNIT(the_last_copy_is_asked_again_and_never_given_up),
		UNIT(both_copies_wrong_leave_one_and_eio),
		UNIT(two_sources_in_one_run),
		UNIT(one_source_if_there_is_one),
		UNIT(the_spill_is_asked_only_when_it_alone_has_it),
		UNIT(a_get_that_has_no_buffer_waits_for_one),
	};

	return cmocka_run_group_tests_name("the core's gets", tests, NULL, NULL);
}
