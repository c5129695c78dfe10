/* SPDX-License-Identifier: BSD-2-Clause */
/* Every operation ends in time, and a put never while a link may still carry it to
 * a lender. */
#include "core_fixture.h"

#define SHORT 5000

static struct op put, get, flush;

/* Links that are given more time than an operation. */
static void begin_patient(unsigned lenders, unsigned copies)
{
	open_core((struct core_options){ .links = lenders, .copies = copies,
	                                 .deadline_ms = SHORT, .link_timeout_ms = 60000 });
	for (unsigned link_no = 0; link_no < lenders; link_no++)
		up(link_no);
	wipe_all();
}

TEST(a_put_that_is_too_late_is_lost)
{
	begin_patient(1, 1);
	put_now(0, 1);
	put = put_of(0, 1);
	start(&put);
	asked(ASK_PUT, 0, &put);
	assert_true(core_wake_at(&c, false) == now + SHORT);
	later(SHORT - 1);
	nothing_to_do();
	later(1);
	closes(0); /* first: until then it may reach the lender */
	done(&put, EIO);
	states(0, "L-");
	assert_int_equal(buffers.free_n, BUFFERS);
}

TEST(a_put_that_one_copy_has_is_done_without_the_other)
{
	begin_patient(2, 2);
	put = put_of(0, 1);
	start(&put);
	answer(asked(ASK_PUT, 0, &put), 0);
	asked(ASK_PUT, 1, &put);
	later(SHORT);
	closes(1);
	done(&put, 0);
	assert_int_equal(holders(0), ON(0));
}

TEST(a_put_that_no_copy_has_in_time_is_lost)
{
	begin_patient(2, 2);
	put = put_of(0, 1);
	start(&put);
	asked(ASK_PUT, 0, &put);
	asked(ASK_PUT, 1, &put);
	later(SHORT);
	closes(0);
	closes(1);
	done(&put, EIO);
	states(0, "L");
}

TEST(a_get_that_is_too_late_changes_nothing)
{
	struct ask *ask;

	begin_patient(1, 1);
	put_now(0, 1);
	get = get_of(0, 1);
	start(&get);
	ask = asked(ASK_GET, 0, &get);
	later(SHORT);
	done(&get, EIO);
	nothing_to_do();
	states(0, "p");
	answer(ask, 0); /* nobody's */
	nothing_to_do();
	assert_int_equal(buffers.free_n, BUFFERS);
}

TEST(a_flush_that_is_too_late_is_a_flush)
{
	begin_patient(1, 1);
	put_now(0, 1);
	flush = fill_of(0, 1, 0);
	start(&flush);
	asked(ASK_DISCARD, 0, &flush);
	later(SHORT);
	closes(0);
	done(&flush, 0);
	states(0, "-");
	get = get_of(0, 1);
	start(&get);
	done(&get, 0);
}

/* Closing for one gives the others another chance, not an error. */
TEST(those_that_have_time_left_are_sent_again)
{
	struct op late;

	begin_patient(1, 1);
	put = put_of(0, 1);
	start(&put);
	asked(ASK_PUT, 0, &put);
	later(100);
	late = put_of(1, 1);
	start(&late);
	asked(ASK_PUT, 0, &late);
	later(SHORT - 100);
	closes(0);
	done(&put, EIO);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up(0);
	answer(asked(ASK_PUT, 0, &late), 0);
	done(&late, 0);
	states(0, "Lp");
}

TEST(several_that_are_too_late_at_once_are_closed_once)
{
	struct op op[5];

	begin_patient(1, 1);
	for (unsigned i = 0; i < 5; i++) {
		op[i] = put_of(i, 1);
		start(&op[i]);
		asked(ASK_PUT, 0, &op[i]);
	}
	later(SHORT);
	closes(0);
	for (unsigned i = 0; i < 5; i++)
		done(&op[i], EIO);
	nothing_to_do();
	states(0, "LLLLL");
}

TEST(while_it_is_first_opened_all_end_in_time)
{
	open_core((struct core_options){ .links = 1, .copies = 1, .deadline_ms = SHORT,
	                                 .link_timeout_ms = 60000 });
	put = put_of(0, 1);
	start(&put);
	connects(0);
	later(SHORT);
	done(&put, EIO); /* it was never sent: nothing is closed for it */
	nothing_to_do();
	up(0);
	wipe_all();
	put_now(0, 1);
}

/* Those behind one that is too late have their turn, or are too late themselves. */
TEST(those_that_waited_for_each_other_all_end_in_time)
{
	struct op op[9];
	struct command command;
	unsigned ended = 0;

	begin_patient(1, 1);
	put_now(0, 3);
	for (unsigned i = 0; i < 9; i++) {
		op[i] = i % 3 == 0 ? put_of(0, 1 + i % 2) :
		        i % 3 == 1 ? get_of(0, 2) : fill_of(0, 3, i % 2 ? 0 : 7);
		start(&op[i]);
		later(1);
	}
	asked(ASK_PUT, 0, &op[0]);
	for (later(SHORT - 9); ended < 9 && now < 1010000 + 2 * SHORT; later(1))
		while (core_next(&c, &command, now))
			ended += command.kind == COMMAND_DONE;
	assert_int_equal(ended, 9);
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(op[i].state, OP_DONE);
		if (op[i].kind == OP_FILL)
			assert_int_equal(op[i].error, 0);
		if (op[i].kind == OP_PUT)
			assert_int_equal(op[i].error, EIO);
	}
	states(0, "===");
}

TEST(it_wakes_for_whatever_comes_first)
{
	struct op queued;
	struct ask *ask;

	begin(1, 1, false);
	assert_true(core_wake_at(&c, false) == CORE_NEVER);
	put = put_of(0, 1);
	start(&put);
	asked(ASK_PUT, 0, &put);
	queued = put_of(0, 1);
	start(&queued);
	assert_true(core_wake_at(&c, false) == now + LINK_TIMEOUT);
	down(0);
	assert_true(core_wake_at(&c, false) == now + CORE_RETRY_MIN_MS);
	later(CORE_RETRY_MIN_MS);
	connects(0);
	up(0);
	ask = asked(ASK_PUT, 0, &put);
	assert_true(core_wake_at(&c, false) == now + LINK_TIMEOUT);
	answer(ask, 0);
	done(&put, 0);
	answer(asked(ASK_PUT, 0, &queued), 0);
	done(&queued, 0);
	assert_true(core_wake_at(&c, false) == CORE_NEVER);
}

/* The last of what a request was cut into. */
TEST(what_begins_too_late_ends_at_once)
{
	begin_patient(1, 1);
	put_now(0, 4);
	put = put_of(0, 1), get = get_of(1, 1), flush = fill_of(2, 1, 0);
	put.until = get.until = flush.until = now;
	core_start(&c, &put, now);
	core_start(&c, &get, now);
	core_start(&c, &flush, now);
	done(&put, EIO);
	done(&get, EIO);
	done(&flush, 0);
	nothing_to_do();
	states(0, "Lp-p");
}

/* Nobody is closed who was not asked in time. */
TEST(what_was_sealed_too_late_is_not_sent)
{
	struct command command;

	begin_patient(1, 1);
	put = put_of(0, 1);
	start(&put);
	assert_true(core_next(&c, &command, now));
	assert_int_equal(command.kind, COMMAND_CHECK);
	later(SHORT);
	seal_pages(&put);
	done(&put, EIO);
	nothing_to_do();
	states(0, "L");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_put_that_is_too_late_is_lost),
		UNIT(a_put_that_one_copy_has_is_done_without_the_other),
		UNIT(a_put_that_no_copy_has_in_time_is_lost),
		UNIT(a_get_that_is_too_late_changes_nothing),
		UNIT(a_flush_that_is_too_late_is_a_flush),
		UNIT(those_that_have_time_left_are_sent_again),
		UNIT(several_that_are_too_late_at_once_are_closed_once),
		UNIT(while_it_is_first_opened_all_end_in_time),
		UNIT(those_that_waited_for_each_other_all_end_in_time),
		UNIT(it_wakes_for_whatever_comes_first),
		UNIT(what_begins_too_late_ends_at_once),
		UNIT(what_was_sealed_too_late_is_not_sent),
	};

	return cmocka_run_group_tests_name("the core's deadlines", tests, NULL, NULL);
}
