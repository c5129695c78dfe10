/* SPDX-License-Identifier: BSD-2-Clause */
/* The core and deadlines: every operation ends in time, and never while the
 * link may still touch its data or carry it to the lender. */
#include "coring.h"

/* What was sent and not answered, with a link that is given more time than an
 * operation. */
static void patient_link(void)
{
	core_init(&c, &map, 5000, 60000);
	core_link_up(&c, "one");
}

TEST(a_put_that_is_too_late_is_lost)
{
	struct op put = op_of(OP_PUT, 0, 1, data);

	patient_link();
	put_now(0, 1);
	start(&put);
	next(COMMAND_SEND, &put);
	assert_true(core_wake_at(&c) == now + 5000);
	later(4999);
	nothing_to_do();
	later(1);
	next(COMMAND_CLOSE, NULL); /* first: until then the link has its data */
	done(&put, EIO);
	nothing_to_do();
	states(0, "L-");
}

TEST(a_get_that_is_too_late_changes_nothing)
{
	struct op get = op_of(OP_GET, 0, 1, data);

	patient_link();
	put_now(0, 1);
	start(&get);
	next(COMMAND_SEND, &get);
	later(5000);
	next(COMMAND_CLOSE, NULL);
	done(&get, EIO);
	states(0, "p");
}

TEST(a_flush_that_is_too_late_is_a_flush)
{
	struct op flush = op_of(OP_FLUSH, 0, 1, NULL), get = op_of(OP_GET, 0, 1, data);

	patient_link();
	put_now(0, 1);
	start(&flush);
	next(COMMAND_SEND, &flush);
	later(5000);
	next(COMMAND_CLOSE, NULL);
	done(&flush, 0);
	states(0, "-");
	memset(data, 0x5a, PAGE_BYTES);
	start(&get);
	done(&get, 0);
	assert_true(all_bytes(data, PAGE_BYTES, 0));
}

/* Closing for one gives the others another chance, not an error. */
TEST(those_that_have_time_left_are_sent_again)
{
	struct op early = op_of(OP_PUT, 0, 1, data), late = op_of(OP_PUT, 1, 1, data);

	patient_link();
	start(&early);
	next(COMMAND_SEND, &early);
	later(100);
	start(&late);
	next(COMMAND_SEND, &late);
	later(4900);
	next(COMMAND_CLOSE, NULL);
	done(&early, EIO);
	nothing_to_do();
	later(CORE_RETRY_MIN_MS);
	next(COMMAND_CONNECT, NULL);
	core_link_up(&c, "one");
	next(COMMAND_SEND, &late);
	answer(&late, 0);
	done(&late, 0);
	states(0, "Lp");
}

TEST(several_that_are_too_late_at_once_are_closed_once)
{
	struct op op[5];

	patient_link();
	for (size_t i = 0; i < 5; i++) {
		op[i] = op_of(OP_PUT, i, 1, data);
		start(&op[i]);
		next(COMMAND_SEND, &op[i]);
	}
	later(5000);
	next(COMMAND_CLOSE, NULL);
	for (size_t i = 0; i < 5; i++)
		done(&op[i], EIO);
	nothing_to_do();
	states(0, "LLLLL");
}

/* Both at the same moment: the link's and the operation's time are over. */
TEST(an_answer_that_is_too_late_is_not_heard)
{
	struct op put = op_of(OP_PUT, 0, 1, data);

	patient_link();
	start(&put);
	next(COMMAND_SEND, &put);
	later(5000);
	answer(&put, 0);
	next(COMMAND_CLOSE, NULL);
	done(&put, EIO);
	states(0, "L");
}

TEST(without_a_link_all_end_in_time)
{
	struct op put = op_of(OP_PUT, 0, 1, data), get = op_of(OP_GET, 2, 1, data);
	struct op flush = op_of(OP_FLUSH, 1, 2, NULL), idle = op_of(OP_PUT, 8, 1, data);
	int64_t began;

	put_now(1, 2);
	core_link_down(&c, now);
	began = now;
	start(&put), start(&get), start(&flush);
	later(20000);
	start(&idle);
	for (struct command command; now < began + DEADLINE; later(1))
		while (core_next(&c, &command, now)) {
			assert_int_equal(command.kind, COMMAND_CONNECT);
			core_link_down(&c, now);
		}
	done(&put, EIO);
	done(&get, EIO);
	done(&idle, EIO); /* the link has been down for as long as for the others */
	done(&flush, 0);
	nothing_to_do();
	states(0, "L--");
}

/* A link that has been down for as long as an operation may wait is not waited for
 * so long once more, and again, but it is tried. */
TEST(a_link_that_is_gone_is_not_waited_for)
{
	struct op early = op_of(OP_PUT, 0, 1, data), late = op_of(OP_GET, 8, 1, data);
	struct op back = op_of(OP_GET, 8, 1, data), fresh = op_of(OP_GET, 8, 1, data);
	unsigned tries = 0;

	put_now(8, 1);
	core_link_down(&c, now);
	later(DEADLINE - 5);
	start(&early);
	for (int64_t end = now + CORE_PATIENCE_MS; now < end; later(1)) {
		assert_int_equal(early.state, OP_READY);
		for (struct command command; core_next(&c, &command, now); tries++) {
			assert_int_equal(command.kind, COMMAND_CONNECT);
			core_link_down(&c, now);
		}
	}
	assert_in_range(tries, 2, 20);
	done(&early, EIO);
	states(0, "L");
	later(60000);
	start(&late);
	next(COMMAND_CONNECT, NULL);
	assert_true(core_wake_at(&c) == now + CORE_PATIENCE_MS);
	later(CORE_PATIENCE_MS);
	done(&late, EIO);
	states(8, "p");
	/* It goes on being opened, and the next one finds it so. */
	start(&back);
	nothing_to_do();
	core_link_up(&c, "one");
	next(COMMAND_SEND, &back);
	answer(&back, 0);
	done(&back, 0);
	/* From now on it is waited for as ever. */
	core_link_down(&c, now);
	start(&fresh);
	assert_true(fresh.deadline == now + DEADLINE);
	later(DEADLINE - 1);
	assert_int_equal(fresh.state, OP_READY);
	later(1);
}

TEST(while_it_is_opened_all_end_in_time)
{
	struct op put = op_of(OP_PUT, 0, 1, data);

	core_init(&c, &map, 5000, 60000);
	start(&put);
	next(COMMAND_CONNECT, NULL);
	later(5000);
	done(&put, EIO); /* it was never sent: nothing is closed for it */
	nothing_to_do();
	core_link_up(&c, "one");
	nothing_to_do();
	put_now(0, 1);
}

TEST(those_that_waited_for_each_other_all_end_in_time)
{
	struct op op[12];

	patient_link();
	put_now(0, 3);
	for (size_t i = 0; i < COUNT(op); i++) {
		op[i] = op_of((enum op_kind)(i % 3), 0, 1 + i % 3, data);
		start(&op[i]);
	}
	next(COMMAND_SEND, &op[0]);
	later(5000);
	next(COMMAND_CLOSE, NULL);
	for (size_t i = 0; i < COUNT(op); i++) {
		next(COMMAND_DONE, &op[i]);
		if (op[i].kind == OP_FLUSH)
			assert_int_equal(op[i].error, 0);
		if (op[i].kind == OP_PUT)
			assert_int_equal(op[i].error, EIO);
	}
	nothing_to_do();
	assert_true(core_wake_at(&c) == CORE_NEVER);
}

/* A put that failed because it never got its turn has overwritten nothing at
 * the lender, and yet what was there must not come back. */
TEST(a_put_that_never_had_its_turn_is_lost_too)
{
	struct op get = op_of(OP_GET, 0, 2, data), put = op_of(OP_PUT, 1, 1, data);

	patient_link();
	put_now(0, 2);
	start(&get), start(&put);
	next(COMMAND_SEND, &get);
	later(5000);
	next(COMMAND_CLOSE, NULL);
	done(&get, EIO);
	done(&put, EIO);
	states(0, "pL");
}

/* The same when those before it have more time than itself. */
TEST(a_put_that_waits_longer_than_it_may_is_lost)
{
	struct op get = op_of(OP_GET, 0, 2, data), put = op_of(OP_PUT, 1, 1, data);

	put_now(0, 2);
	start(&get);
	next(COMMAND_SEND, &get);
	c.deadline_ms = 100; /* as drive_hurry() does */
	start(&put);
	assert_true(core_wake_at(&c) == now + 100);
	later(99);
	nothing_to_do();
	later(1);
	done(&put, EIO);
	nothing_to_do();
	states(0, "pL");
	answer(&get, 0);
	done(&get, 0);
	states(0, "pL");
}

TEST(it_wakes_for_whatever_comes_first)
{
	struct op put = op_of(OP_PUT, 0, 1, data), queued = op_of(OP_PUT, 0, 1, data);

	assert_true(core_wake_at(&c) == CORE_NEVER);
	start(&put);
	next(COMMAND_SEND, &put);
	start(&queued);
	assert_true(core_wake_at(&c) == now + LINK_TIMEOUT);
	core_link_down(&c, now);
	assert_true(core_wake_at(&c) == now + CORE_RETRY_MIN_MS);
	later(CORE_RETRY_MIN_MS);
	next(COMMAND_CONNECT, NULL);
	assert_true(core_wake_at(&c) == now + LINK_TIMEOUT);
	core_link_up(&c, "one");
	next(COMMAND_SEND, &put);
	answer(&put, 0);
	done(&put, 0);
	next(COMMAND_SEND, &queued);
	assert_true(core_wake_at(&c) == now + LINK_TIMEOUT);
	answer(&queued, 0);
	done(&queued, 0);
	assert_true(core_wake_at(&c) == CORE_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UP_UNIT(a_put_that_is_too_late_is_lost),
		UP_UNIT(a_get_that_is_too_late_changes_nothing),
		UP_UNIT(a_flush_that_is_too_late_is_a_flush),
		UP_UNIT(those_that_have_time_left_are_sent_again),
		UP_UNIT(several_that_are_too_late_at_once_are_closed_once),
		UP_UNIT(an_answer_that_is_too_late_is_not_heard),
		UP_UNIT(without_a_link_all_end_in_time),
		UP_UNIT(a_link_that_is_gone_is_not_waited_for),
		DOWN_UNIT(while_it_is_opened_all_end_in_time),
		UP_UNIT(those_that_waited_for_each_other_all_end_in_time),
		UP_UNIT(a_put_that_never_had_its_turn_is_lost_too),
		UP_UNIT(a_put_that_waits_longer_than_it_may_is_lost),
		UP_UNIT(it_wakes_for_whatever_comes_first),
	};

	return cmocka_run_group_tests_name("the core's deadlines", tests, NULL, NULL);
}
