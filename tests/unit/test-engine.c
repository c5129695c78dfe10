/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine: threads that wait, and turn the wheel while they do. */
#include "engine_fixture.h"

static int64_t ms_since(int64_t then)
{
	return clock_ms() - then;
}

/* The next attempt may not be due before the time of one operation is over. */
static int run_in_the_end(enum op_kind kind, uint64_t page, uint8_t *data)
{
	int error = EIO;

	for (int i = 0; error && i < 100; i++)
		error = run(kind, page, 1, data);
	return error;
}

TEST(one_thread_alone)
{
	uint8_t data[3 * PAGE_BYTES], got[3 * PAGE_BYTES], zero[3 * PAGE_BYTES] = {0};

	for (unsigned links = 1; links < 4; links++) {
		open_drive(links, 1, (struct core_options){0});
		fill(data, sizeof data, 1);
		assert_int_equal(run(OP_PUT, 5, 3, data), 0);
		assert_int_equal(run(OP_GET, 5, 3, got), 0);
		assert_memory_equal(got, data, sizeof got);
		assert_int_equal(run(OP_FILL, 5, 3, NULL), 0);
		assert_int_equal(run(OP_GET, 5, 3, got), 0);
		assert_memory_equal(got, zero, sizeof got);
		close_drive();
	}
}

TEST(several_operations_at_once)
{
	static uint8_t got[10][PAGE_BYTES];
	uint8_t data[10 * PAGE_BYTES];
	struct run r[10];

	open_drive(2, 2, (struct core_options){0});
	fill(data, sizeof data, 1);
	assert_int_equal(run(OP_PUT, 5, 10, data), 0);
	for (unsigned i = 0; i < 10; i++)
		r[i] = (struct run){ .op = { .kind = OP_GET, .page = 5 + i, .pages = 1,
		                             .until = clock_ms() + 20000,
		                             .next = i < 9 ? &r[i + 1].op : NULL },
		                     .data = got[i] };
	engine_run(&e, &r[0].op);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(r[i].op.error, 0);
	assert_memory_equal(got, data, sizeof data);
	close_drive();
}

TEST(links_that_answer_at_once)
{
	uint8_t data[PAGE_BYTES], got[PAGE_BYTES];

	open_drive(2, 2, (struct core_options){0});
	fake[0]->at_once = fake[1]->at_once = 1;
	for (uint64_t i = 0; i < 1000; i++) {
		fill(data, sizeof data, i);
		assert_int_equal(run(OP_PUT, i % FAKE_PAGES, 1, data), 0);
		assert_int_equal(run(OP_GET, i % FAKE_PAGES, 1, got), 0);
		assert_memory_equal(got, data, sizeof got);
	}
	close_drive();
}

TEST(opening_what_is_not_there)
{
	make_drive(2, 3);
	fake[1]->stays_away = 1;
	engine_open(&e, clock_ms() + 5000);
	assert_true(e.opening[0].up);
	assert_int_equal(e.opening[0].pages, FAKE_PAGES);
	assert_string_equal(e.opening[0].identity, "memory0.0 0");
	assert_false(e.opening[1].up);
	assert_string_equal(e.opening[1].words, "broken by dice");
	close_drive();
}

TEST(opening_what_does_not_answer)
{
	make_drive(2, 4);
	engine_open(&e, clock_ms());
	for (unsigned link_no = 0; link_no < 2; link_no++) {
		assert_false(e.opening[link_no].up);
		assert_non_null(strstr(e.opening[link_no].words, "no answer within"));
		assert_int_equal(fake[link_no]->closes, 1);
	}
	close_drive();
}

TEST(each_address_of_one_that_is_mute_gets_its_share)
{
	make_drive(2, 4);
	fake[0]->silent = true;
	fake[0]->link.ways = 3;
	fake[1]->link.ways = 1;
	engine_open(&e, clock_ms() + 302); /* which three do not share evenly */
	assert_true(e.opening[1].up);
	assert_false(e.opening[0].up);
	assert_int_equal(fake[0]->connects, 3);
	assert_int_equal(fake[0]->closes, 3);
	assert_int_equal(fake[1]->connects, 1);
	assert_int_equal(fake[1]->closes, 0);
	close_drive();
}

TEST(a_lender_that_is_away_means_eio_in_time)
{
	uint8_t data[PAGE_BYTES];
	int64_t then;

	open_drive(1, 5, (struct core_options){ .deadline_ms = 300, .link_timeout_ms = 100 });
	fill(data, sizeof data, 1);
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	fake[0]->stays_away = 1;
	break_link(0);
	then = clock_ms();
	assert_int_equal(run(OP_GET, 1, 1, data), EIO);
	assert_in_range(ms_since(then), 249, 5000);
	assert_int_equal(run(OP_FILL, 1, 1, NULL), 0);
	assert_true(fake[0]->connects > 3);
	fake[0]->stays_away = 0;
	assert_int_equal(run_in_the_end(OP_PUT, 1, data), 0);
	close_drive();
}

TEST(a_lender_that_hangs_is_opened_anew)
{
	uint8_t data[PAGE_BYTES], got[PAGE_BYTES];

	fill(data, sizeof data, 1);
	open_drive(1, 6, (struct core_options){ .link_timeout_ms = 50 });
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	fake[0]->hangs = 3;
	for (int i = 0; i < 200 && fake[0]->closes < 3; i++) {
		assert_int_equal(run(OP_GET, 1, 1, got), 0);
		assert_memory_equal(got, data, sizeof got);
	}
	assert_true(fake[0]->closes >= 3);
	close_drive();
}

/* Reads go on at once, and puts when the link timeout is over. */
TEST(with_two_copies_one_that_hangs_costs_little)
{
	uint8_t data[PAGE_BYTES], got[PAGE_BYTES];
	int64_t then;

	fill(data, sizeof data, 1);
	open_drive(2, 7, (struct core_options){ .link_timeout_ms = 2000 });
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	fake[0]->hangs = 1;
	then = clock_ms();
	for (int i = 0; i < 20; i++) {
		assert_int_equal(run(OP_GET, 1, 1, got), 0);
		assert_memory_equal(got, data, sizeof got);
	}
	assert_in_range(ms_since(then), 0, 1900);
	assert_int_equal(fake[0]->closes, 0);
	/* It owes an answer still: closing does not mind. */
	close_drive();
}

TEST(other_memory_means_eio_until_put_again)
{
	uint8_t data[2 * PAGE_BYTES], got[PAGE_BYTES];

	fill(data, sizeof data, 1);
	open_drive(1, 8, (struct core_options){0});
	assert_int_equal(run(OP_PUT, 1, 2, data), 0);
	fake[0]->forgets = 1;
	break_link(0);
	assert_int_equal(run(OP_GET, 1, 1, got), EIO);
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	assert_int_equal(run(OP_GET, 1, 1, got), 0);
	assert_memory_equal(got, data, sizeof got);
	assert_int_equal(run(OP_GET, 2, 1, got), EIO);
	close_drive();
}

TEST(a_page_that_a_lender_has_wrong_comes_from_the_other)
{
	uint8_t data[PAGE_BYTES], got[PAGE_BYTES];

	fill(data, sizeof data, 1);
	open_drive(2, 9, (struct core_options){0});
	for (unsigned link_no = 0; link_no < 2; link_no++) {
		assert_int_equal(run(OP_PUT, 1, 1, data), 0);
		fake[link_no]->page[1][4095] ^= 1;
		assert_int_equal(run(OP_GET, 1, 1, got), 0);
		assert_memory_equal(got, data, sizeof got);
	}
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	fake[0]->page[1][0] ^= 1;
	fake[1]->page[1][0] ^= 1;
	assert_int_equal(run(OP_GET, 1, 1, got), EIO);
	close_drive();
}

/* All that was put, and what was not, is flushed. */
TEST(wiping_all)
{
	uint8_t data[PAGE_BYTES];

	fill(data, sizeof data, 1);
	open_drive(2, 10, (struct core_options){0});
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	fake[1]->page[100][0] = 1;
	engine_wipe(&e, true, 5000);
	for (unsigned link_no = 0; link_no < 2; link_no++)
		for (unsigned page = 0; page < FAKE_PAGES; page++)
			assert_true(fake[link_no]->page[page][0] == 0);
	close_drive();
}

TEST(wiping_takes_no_longer_than_it_may)
{
	int64_t then;

	open_drive(2, 11, (struct core_options){0});
	fake[0]->hangs = 1;
	then = clock_ms();
	engine_wipe(&e, true, 200);
	assert_in_range(ms_since(then), 199, 3000);
	close_drive();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_alone),
		cmocka_unit_test(several_operations_at_once),
		cmocka_unit_test(links_that_answer_at_once),
		cmocka_unit_test(opening_what_is_not_there),
		cmocka_unit_test(opening_what_does_not_answer),
		cmocka_unit_test(each_address_of_one_that_is_mute_gets_its_share),
		cmocka_unit_test(a_lender_that_is_away_means_eio_in_time),
		cmocka_unit_test(a_lender_that_hangs_is_opened_anew),
		cmocka_unit_test(with_two_copies_one_that_hangs_costs_little),
		cmocka_unit_test(other_memory_means_eio_until_put_again),
		cmocka_unit_test(a_page_that_a_lender_has_wrong_comes_from_the_other),
		cmocka_unit_test(wiping_all),
		cmocka_unit_test(wiping_takes_no_longer_than_it_may),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
