/* SPDX-License-Identifier: BSD-2-Clause */
/* The drive: threads that wait, and turn the wheel while they do. */
#include "fakelink.h"

#include <errno.h>

#include "drive.h"

#define PAGES FAKE_PAGES

static struct drive d;
static struct fake *f;

/* Open a drive on a fake link, and begin. */
static void open_drive(uint64_t seed, int64_t deadline_ms, int64_t link_timeout_ms)
{
	memset(&d, 0, sizeof d);
	f = fake_link(seed);
	assert_int_equal(drive_open(&d, &f->link, 5000), 0);
	assert_true(d.size == f->size);
	assert_int_equal(drive_begin(&d, PAGES, PAGE_ABSENT, deadline_ms, link_timeout_ms), 0);
}

static int run(enum op_kind kind, uint64_t page, uint64_t pages, uint8_t *data)
{
	struct op op = { .kind = kind, .page = page, .pages = pages, .data = data };

	return drive_run(&d, &op);
}

/* The next attempt may not be due before the time of one operation is over. */
static int run_in_the_end(enum op_kind kind, uint64_t page, uint8_t *data)
{
	int r = -1;

	for (int i = 0; r < 0 && i < 100; i++)
		r = run(kind, page, 1, data);
	return r;
}

TEST(one_thread_alone)
{
	uint8_t data[3 * PAGE_BYTES], got[3 * PAGE_BYTES], zero[3 * PAGE_BYTES] = {0};

	open_drive(1, 20000, 20000);
	assert_true(drive_up(&d));
	fill(data, sizeof data, 1);
	assert_int_equal(run(OP_PUT, 5, 3, data), 0);
	assert_int_equal(run(OP_GET, 5, 3, got), 0);
	assert_memory_equal(got, data, sizeof got);
	assert_int_equal(run(OP_FLUSH, 5, 3, NULL), 0);
	assert_int_equal(run(OP_GET, 5, 3, got), 0);
	assert_memory_equal(got, zero, sizeof got);
	drive_close(&d);
}

TEST(a_link_that_answers_at_once)
{
	uint8_t data[PAGE_BYTES], got[PAGE_BYTES];

	open_drive(2, 20000, 20000);
	f->at_once = 1;
	for (uint64_t i = 0; i < 1000; i++) {
		fill(data, sizeof data, i);
		assert_int_equal(run(OP_PUT, i % PAGES, 1, data), 0);
		assert_int_equal(run(OP_GET, i % PAGES, 1, got), 0);
		assert_memory_equal(got, data, sizeof got);
	}
	drive_close(&d);
}

TEST(opening_what_is_not_there)
{
	memset(&d, 0, sizeof d);
	f = fake_link(3);
	f->stays_away = 1;
	assert_int_equal(drive_open(&d, &f->link, 5000), -1);
	assert_string_equal(d.words, "broken by dice");
	drive_close(&d);
}

TEST(opening_what_does_not_answer)
{
	memset(&d, 0, sizeof d);
	f = fake_link(4);
	assert_int_equal(drive_open(&d, &f->link, 0), -1);
	assert_non_null(strstr(d.words, "no answer within"));
	drive_close(&d);
}

TEST(a_lender_that_is_away_means_eio_in_time)
{
	uint8_t data[PAGE_BYTES] = {0};
	struct timespec t0, t1;

	open_drive(5, 300, 100);
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	pthread_mutex_lock(&d.lock);
	fake_break(f);
	f->stays_away = 1;
	pthread_mutex_unlock(&d.lock);
	assert_false(drive_up(&d));
	clock_gettime(CLOCK_MONOTONIC, &t0);
	errno = 0;
	assert_int_equal(run(OP_GET, 1, 1, data), -1);
	assert_int_equal(errno, EIO);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	assert_in_range((t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_nsec - t0.tv_nsec) / 1000000,
	                299, 5000);
	assert_int_equal(run(OP_FLUSH, 1, 1, NULL), 0);
	assert_true(f->connects > 3);
	f->stays_away = 0;
	assert_int_equal(run_in_the_end(OP_PUT, 1, data), 0);
	drive_close(&d);
}

TEST(a_lender_that_hangs_is_opened_anew)
{
	uint8_t data[PAGE_BYTES], got[PAGE_BYTES];

	fill(data, sizeof data, 1);
	open_drive(6, 20000, 50);
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	f->hangs = 3;
	for (int i = 0; i < 200 && f->closes < 3; i++) {
		assert_int_equal(run(OP_GET, 1, 1, got), 0);
		assert_memory_equal(got, data, sizeof got);
	}
	assert_int_equal(f->closes, 3);
	drive_close(&d);
}

TEST(a_pool_that_has_shrunk_is_not_used)
{
	uint8_t data[PAGE_BYTES] = {0};

	open_drive(7, 200, 100);
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	pthread_mutex_lock(&d.lock);
	fake_break(f);
	f->size -= 1;
	pthread_mutex_unlock(&d.lock);
	assert_int_equal(run(OP_GET, 1, 1, data), -1);
	assert_int_equal(errno, EIO);
	assert_string_equal(d.words, "the lender's pool has shrunk");
	assert_false(drive_up(&d));
	f->size += 2 * PAGE_BYTES; /* larger is fine */
	assert_int_equal(run_in_the_end(OP_GET, 1, data), 0);
	drive_close(&d);
}

TEST(other_memory_means_eio_until_put_again)
{
	uint8_t data[PAGE_BYTES], got[PAGE_BYTES];

	fill(data, sizeof data, 1);
	open_drive(8, 20000, 20000);
	assert_int_equal(run(OP_PUT, 1, 2, (uint8_t[2 * PAGE_BYTES]){0}), 0);
	pthread_mutex_lock(&d.lock);
	fake_break(f);
	f->forgets = 1;
	pthread_mutex_unlock(&d.lock);
	assert_int_equal(run(OP_GET, 1, 1, got), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	assert_int_equal(run(OP_GET, 1, 1, got), 0);
	assert_memory_equal(got, data, sizeof got);
	assert_int_equal(run(OP_GET, 2, 1, got), -1);
	drive_close(&d);
}

TEST(in_a_hurry_operations_have_less_time)
{
	uint8_t data[PAGE_BYTES] = {0};

	open_drive(9, 600000, 600000);
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	drive_hurry(&d, 700000); /* no more time than before */
	drive_hurry(&d, 200);
	f->hangs = 1;
	assert_int_equal(run(OP_GET, 1, 1, data), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(run(OP_FLUSH, 1, 1, NULL), 0);
	drive_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_alone),
		cmocka_unit_test(a_link_that_answers_at_once),
		cmocka_unit_test(opening_what_is_not_there),
		cmocka_unit_test(opening_what_does_not_answer),
		cmocka_unit_test(a_lender_that_is_away_means_eio_in_time),
		cmocka_unit_test(a_lender_that_hangs_is_opened_anew),
		cmocka_unit_test(a_pool_that_has_shrunk_is_not_used),
		cmocka_unit_test(other_memory_means_eio_until_put_again),
		cmocka_unit_test(in_a_hurry_operations_have_less_time),
	};

	return cmocka_run_group_tests_name("drive", tests, NULL, NULL);
}
