/* SPDX-License-Identifier: BSD-2-Clause */
/* When there are fewer buffers than who wants one. */
#include "driving.h"

static struct buffer *held[BUFFERS];
static _Atomic bool got;

static void hold_all(void)
{
	for (unsigned i = 0; i < BUFFERS; i++) {
		held[i] = drive_buffer(&d, false);
		assert_non_null(held[i]);
	}
}

static void drop_all(unsigned from)
{
	for (unsigned i = from; i < BUFFERS; i++)
		drive_drop(&d, held[i]);
}

TEST(none_is_none_without_waiting)
{
	open_drive(1, 1, (struct core_options){0});
	hold_all();
	assert_null(drive_buffer(&d, false));
	drop_all(0);
	assert_int_equal(d.buffers.free_n, BUFFERS);
	close_drive();
}

TEST(who_waits_gets_none_when_its_time_is_over)
{
	int64_t then;

	open_drive(1, 2, (struct core_options){ .deadline_ms = 200 });
	hold_all();
	then = drive_now();
	assert_null(drive_buffer(&d, true));
	assert_in_range(drive_now() - then, 199, 3000);
	drop_all(0);
	close_drive();
}

static void *wait_for_one(void *arg)
{
	struct buffer *b = drive_buffer(&d, true);

	(void)arg;
	got = b != NULL;
	if (b)
		drive_drop(&d, b);
	return NULL;
}

TEST(who_waits_gets_the_next_one)
{
	pthread_t thread[3];

	open_drive(1, 3, (struct core_options){0});
	hold_all();
	for (unsigned i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, wait_for_one, NULL);
	WAIT_FOR(d.want_buffers == 3);
	assert_false(got);
	drive_drop(&d, held[0]); /* one is enough for all, in turn */
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	assert_true(got);
	drop_all(1);
	close_drive();
}

static void *get_one(void *data)
{
	return (void *)(intptr_t)run(OP_GET, 0, 1, data);
}

TEST(a_get_waits_for_one)
{
	uint8_t data[PAGE_BYTES], back[PAGE_BYTES];
	pthread_t thread;
	void *error;

	fill(data, sizeof data, 4);
	open_drive(1, 4, (struct core_options){0});
	assert_int_equal(run(OP_PUT, 0, 1, data), 0);
	hold_all();
	pthread_create(&thread, NULL, get_one, back);
	WAIT_FOR(d.core.starved);
	drive_drop(&d, held[0]);
	pthread_join(thread, &error);
	assert_int_equal((intptr_t)error, 0);
	assert_memory_equal(back, data, sizeof data);
	drop_all(1);
	close_drive();
}

TEST(a_get_that_gets_none_in_time_fails)
{
	uint8_t data[PAGE_BYTES];

	fill(data, sizeof data, 5);
	open_drive(1, 5, (struct core_options){ .deadline_ms = 200 });
	assert_int_equal(run(OP_PUT, 0, 1, data), 0);
	hold_all();
	assert_int_equal(run(OP_GET, 0, 1, data), EIO);
	drop_all(0);
	assert_int_equal(run(OP_GET, 0, 1, data), 0);
	close_drive();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_is_none_without_waiting),
		cmocka_unit_test(who_waits_gets_none_when_its_time_is_over),
		cmocka_unit_test(who_waits_gets_the_next_one),
		cmocka_unit_test(a_get_waits_for_one),
		cmocka_unit_test(a_get_that_gets_none_in_time_fails),
	};

	return cmocka_run_group_tests_name("a drive's buffers", tests, NULL, NULL);
}
