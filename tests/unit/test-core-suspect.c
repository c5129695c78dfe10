/* SPDX-License-Identifier: BSD-2-Clause */
/* A lender that greets, and does not do what it is asked for. */
#include "heal_fixture.h"

#define HOLE 1u /* which one it is */

static unsigned swallowed;
static int64_t slow_ms;
static uint64_t base; /* the pages of an extent that HOLE has a copy of */

/* Requests to HOLE are not answered, or SLOW_MS late; all else is done at once. */
static void run(void)
{
	struct command command;
	struct ask *held[CORE_ASKS];
	unsigned n = 0, waits;

	do {
		while (next_but_seal(&command)) {
			switch (command.kind) {
			case COMMAND_CONNECT: up(command.link_no); break;
			case COMMAND_CLOSE: n = 0; break;
			case COMMAND_SEND:
				if (command.link_no != HOLE || command.ask->kind == ASK_DISCARD) {
					answer(command.ask, 0);
					break;
				}
				swallowed++;
				held[n++] = command.ask;
				break;
			case COMMAND_CHECK: core_checked(&c, command.op, 0, now); break;
			case COMMAND_DONE: break;
			}
		}
		waits = n;
		if (n && slow_ms && now - held[0]->sent_at >= slow_ms)
			answer(held[0], 0), memmove(held, held + 1, --n * sizeof *held);
		else if (n)
			later(10);
	} while (waits);
}

/* One after the other for MS, of PAGES in all; how many took longer than LINK_TIMEOUT / 4. */
static unsigned put_for(int64_t ms, uint64_t pages)
{
	unsigned slow = 0;
	uint64_t n = 0;

	for (int64_t end = now + ms; now < end; n++) {
		struct op op = put_of(base + n % pages, 1);
		int64_t then = now;

		start(&op);
		run();
		assert_int_equal(op.state, OP_DONE);
		assert_int_equal(op.error, 0);
		slow += now - then > LINK_TIMEOUT / 4;
		later(20);
		run();
	}
	return slow;
}

static void begin_on_hole(unsigned lenders)
{
	begin_healing(lenders, 2, false);
	for (base = 0;; base += EXTENT_PAGES) {
		put_now(base, 1);
		if (holders(base) & ON(HOLE))
			return;
	}
}

static int setup(void **state)
{
	(void)state;
	swallowed = 0;
	slow_ms = 0;
	return 0;
}

/* The third one has its copies soon, and nobody waits any more. */
TEST(one_that_answers_no_put_is_replaced)
{
	begin_on_hole(3);
	put_for(15000, 8);
	assert_true(core_left_out(&c, HOLE, now));
	assert_int_equal(put_for(60000, 8), 0);
	for (uint64_t page = 0; page < 8; page++)
		assert_int_equal(holders(base + page), ON(0) | ON(2));
}

/* With nobody in its stead it is tried again ever more rarely, by healing if there is some. */
TEST(pauses_grow)
{
	unsigned first;

	begin_on_hole(2);
	put_for(30000, 8);
	first = swallowed;
	assert_in_range(first, 3, 12);
	put_for(30000, 8);
	swallowed = 0;
	assert_true(put_for(200000, 8) <= 6);
	assert_in_range(swallowed, 1, 8);
	assert_true(core_left_out(&c, HOLE, now));
	assert_int_equal(core_left_out(&c, 0, now), 0);
}

/* It does in the end what it is asked for: just not so that anybody would wait for it. */
TEST(one_that_is_almost_too_late_is_replaced)
{
	begin_on_hole(3);
	slow_ms = LINK_TIMEOUT * 9 / 10;
	put_for(20000, 8);
	assert_int_equal(put_for(60000, 8), 0);
	for (uint64_t page = 0; page < 8; page++)
		assert_int_equal(holders(base + page), ON(0) | ON(2));
}

/* Alone, it is asked all the same: slow is better than not at all. */
TEST(one_that_is_slow_and_alone_is_used)
{
	struct op put;

	begin(2, 1, false);
	assert_true(core_link_retire(&c, 0, now));
	closes(0);
	slow_ms = LINK_TIMEOUT * 9 / 10;
	for (uint64_t page = 0; page < 20; page++) {
		put = put_of(page, 1);
		start(&put);
		while (put.state != OP_DONE) {
			struct command command;
			int64_t then = now;

			while (next_but_seal(&command))
				if (command.kind == COMMAND_CONNECT)
					down(command.link_no);
				else if (command.kind == COMMAND_SEND)
					later(slow_ms), answer(command.ask, 0);
			later(now == then);
		}
		assert_int_equal(put.error, 0);
		assert_int_equal(holders(page), ON(HOLE));
	}
}

/* Who was cut now and then is as good as ever; and who failed long ago, too. */
TEST(cuts_and_old_failures_are_forgiven)
{
	begin_on_hole(2);
	for (int i = 0; i < 10; i++) {
		struct op put = put_of(base, 1);

		put_now(1, 1);
		start(&put);
		asked(ASK_PUT, 0, &put);
		asked(ASK_PUT, 1, &put);
		down(HOLE);
		answer(TAILQ_FIRST(&c.peer[0].sent), 0);
		done(&put, 0);
		later(CORE_RETRY_MIN_MS);
		connects(HOLE);
		up(HOLE);
		put_now(0, 1);
		assert_int_equal(holders(0), ON(0) | ON(HOLE));
	}
	assert_int_equal(c.peer[HOLE].strikes, 0);
}

/* It comes, and goes as soon as it is asked for something. */
TEST(one_that_only_comes_and_goes_is_left_out)
{
	begin_on_hole(3);
	for (int i = 0; i < 400; i++) {
		struct command command;
		struct op put = put_of(base, 1);

		start(&put);
		while (put.state != OP_DONE) {
			while (next_but_seal(&command)) {
				switch (command.kind) {
				case COMMAND_CONNECT: up(command.link_no); break;
				case COMMAND_SEND:
					if (command.link_no == HOLE)
						down(HOLE);
					else
						answer(command.ask, 0);
					break;
				case COMMAND_CHECK: core_checked(&c, command.op, 0, now); break;
				case COMMAND_DONE:
				case COMMAND_CLOSE: break;
				}
			}
			later(10);
		}
		later(40);
	}
	assert_int_equal(holders(base), ON(0) | ON(2));
}

/* No put is taken, and that is said at once. */
TEST(one_that_refuses_all_puts_is_replaced)
{
	begin_on_hole(3);
	for (int i = 0; i < 200; i++) {
		struct command command;
		struct op put = put_of(base, 1);

		start(&put);
		while (next_but_seal(&command)) {
			if (command.kind == COMMAND_SEND)
				answer(command.ask, command.link_no == HOLE && command.ask->kind == ASK_PUT ? EPERM : 0);
			else if (command.kind == COMMAND_CHECK)
				core_checked(&c, command.op, 0, now);
		}
		assert_int_equal(put.error, 0);
		later(50);
	}
	assert_int_equal(holders(base), ON(0) | ON(2));
}

/* It failed so often that it is left out, the last time MS ago. */
static void blame(unsigned link_no, int64_t ms)
{
	c.peer[link_no].strikes = 8;
	c.peer[link_no].struck_at = now - ms;
	assert_true(core_left_out(&c, link_no, now));
}

#define TRIED_AGAIN 66000 /* that long after its last failure */
#define LONG_AGO    70000

/* Better than fewer copies. */
TEST(what_is_new_has_copies_on_those_that_are_tried_again)
{
	begin_healing(3, 3, false);
	blame(HOLE, LONG_AGO);
	put_now(0, 1);
	assert_int_equal(holders(0), ON(0) | ON(1) | ON(2));
}

/* One that has a page failed just now, all others MS ago. */
static void the_worst_is_replaced(int64_t ms)
{
	unsigned had;

	begin_healing(3, 2, false);
	put_now(0, 1);
	had = holders(0);
	for (unsigned link_no = 0; link_no < 3; link_no++)
		blame(link_no, had & ON(link_no) && link_no == (unsigned)__builtin_ctz(had) ? 0 : ms);
	map_heal(&map, map_extent(&map, 0), true);
	for (int i = 0; i < 10000; i++) {
		later(1);
		carry_out();
	}
	assert_int_equal(holders(0), (ON(0) | ON(1) | ON(2)) & ~ON(__builtin_ctz(had)));
}

/* Nobody is above suspicion: then who failed just now is the one whose copies are made elsewhere. */
TEST(of_those_that_are_left_out_the_worst_is_replaced)
{
	the_worst_is_replaced(LONG_AGO);
}

/* Nobody would do when it was found out. The others do five seconds later, when nothing else happens. */
TEST(the_worst_is_replaced_as_soon_as_another_is_tried_again)
{
	the_worst_is_replaced(TRIED_AGAIN - 5000);
}

/* Each waits as long as a pause; still nobody is asked twice before all were asked. */
TEST(a_put_asks_everybody_before_it_begins_anew)
{
	struct op put = put_of(0, 1);
	unsigned asked = 0;

	open_core((struct core_options){ .links = 3, .copies = 1, .link_timeout_ms = 4000 });
	for (unsigned link_no = 0; link_no < 3; link_no++)
		up(link_no);
	wipe_all();
	start(&put);
	for (int i = 0; i < 3; i++) {
		struct ask *ask = next(COMMAND_SEND).ask;
		unsigned link_no = ask->link_no;

		assert_false(asked & ON(link_no));
		asked |= ON(link_no);
		if (i == 2) {
			answer(ask, 0);
			break;
		}
		down(link_no);
		up(link_no);
		later(4000);
	}
	done(&put, 0);
}

int main(void)
{
#define U(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		U(one_that_answers_no_put_is_replaced),
		U(pauses_grow),
		U(one_that_is_almost_too_late_is_replaced),
		U(one_that_is_slow_and_alone_is_used),
		U(cuts_and_old_failures_are_forgiven),
		U(one_that_only_comes_and_goes_is_left_out),
		U(one_that_refuses_all_puts_is_replaced),
		U(what_is_new_has_copies_on_those_that_are_tried_again),
		U(of_those_that_are_left_out_the_worst_is_replaced),
		U(the_worst_is_replaced_as_soon_as_another_is_tried_again),
		U(a_put_asks_everybody_before_it_begins_anew),
	};

	return cmocka_run_group_tests_name("the core and who is left out", tests, NULL, NULL);
}
