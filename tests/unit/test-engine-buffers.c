/* SPDX-License-Identifier: BSD-2-Clause */
/* When there are fewer buffers than who wants one. */
#include "dispatch.h"
#include "engine_fixture.h"

static struct buffer *held[BUFFERS];

static void hold_all(void)
{
	pthread_mutex_lock(&e.lock);
	for (unsigned i = 0; i < BUFFERS; i++) {
		held[i] = buffers_take(&e.buffers);
		assert_non_null(held[i]);
	}
	engine_unlock(&e);
}

static void drop_all(unsigned from, unsigned end)
{
	pthread_mutex_lock(&e.lock);
	for (unsigned i = from; i < end; i++)
		buffers_drop(&e.buffers, held[i]);
	e.core.freed = true;
	dispatch(&e.core, clock_ms());
	engine_carry_out(&e);
	engine_unlock(&e);
}

static void *get_one(void *data)
{
	return (void *)(intptr_t)run(OP_GET, 0, 1, data);
}

static void *put_one(void *data)
{
	return (void *)(intptr_t)run(OP_PUT, 0, 1, data);
}

TEST(who_waits_gets_the_next_one)
{
	uint8_t data[PAGE_BYTES], back[PAGE_BYTES];
	pthread_t putter[3], getter[3];
	void *error;

	fill(data, sizeof data, 4);
	open_drive(1, 4, (struct core_options){0});
	assert_int_equal(run(OP_PUT, 0, 1, data), 0);
	hold_all();
	for (unsigned i = 0; i < 3; i++) {
		pthread_create(&putter[i], NULL, put_one, data);
		pthread_create(&getter[i], NULL, get_one, back);
	}
	WAIT_FOR(e.core.starved && e.asleep == 5);
	drop_all(0, 1); /* one is enough for all, in turn */
	for (unsigned i = 0; i < 3; i++) {
		pthread_join(putter[i], &error);
		assert_int_equal((intptr_t)error, 0);
		pthread_join(getter[i], &error);
		assert_int_equal((intptr_t)error, 0);
	}
	assert_memory_equal(back, data, sizeof data);
	drop_all(1, BUFFERS);
	assert_int_equal(e.buffers.free_n, BUFFERS);
	close_drive();
}

static void fails_without(enum op_kind kind)
{
	uint8_t data[PAGE_BYTES];
	int64_t then;

	fill(data, sizeof data, 5);
	open_drive(1, 5, (struct core_options){ .deadline_ms = 200 });
	assert_int_equal(run(OP_PUT, 0, 1, data), 0);
	hold_all();
	then = clock_ms();
	assert_int_equal(run(kind, 0, 1, data), EIO);
	assert_in_range(clock_ms() - then, 199, 3000);
	drop_all(0, BUFFERS);
	assert_int_equal(run(OP_GET, 0, 1, data), kind == OP_PUT ? EIO : 0);
	close_drive();
}

TEST(a_get_that_gets_none_in_time_fails)
{
	fails_without(OP_GET);
}

TEST(a_put_that_gets_none_in_time_fails)
{
	fails_without(OP_PUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_gets_the_next_one),
		cmocka_unit_test(a_get_that_gets_none_in_time_fails),
		cmocka_unit_test(a_put_that_gets_none_in_time_fails),
	};

	return cmocka_run_group_tests_name("an engine's buffers", tests, NULL, NULL);
}
