/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that nobody waits for, on the store in this process and on its face to an event loop. */
#include "memfd.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "farpage.h"

#define PAGE     FARPAGE_PAGE_BYTES
#define PAGES    1024u
#define REQUESTS 4u

static struct farpage *f;

struct outcome {
	int calls, error;
};

static int setup(void **state)
{
	const struct farpage_options o = { .size = PAGES * PAGE, .requests = REQUESTS };

	(void)state;
	f = farpage_open(&o, sizeof o, NULL);
	return f ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	farpage_close(f);
	return 0;
}

static void note(void *user, int error)
{
	struct outcome *o = user;

	o->calls++;
	o->error = error;
}

/* Until O's request is done, as a loop does it. */
static void wait_for(const struct outcome *o)
{
	struct pollfd p = { .fd = farpage_fd(f), .events = POLLIN };

	for (farpage_process(f); !o->calls; farpage_process(f))
		assert_int_equal(poll(&p, 1, 5000), 1);
}

static int carry_out(enum farpage_verb verb, const struct farpage_run *runs, unsigned n)
{
	struct outcome o = {0};

	assert_int_equal(farpage_submit(f, verb, runs, n, note, &o), 0);
	wait_for(&o);
	assert_int_equal(o.calls, 1);
	return o.error;
}

TEST(runs_of_pages)
{
	static uint8_t data[200 * PAGE], got[200 * PAGE], zeros[200 * PAGE];
	const struct farpage_run puts[] = { { 3, 1, data }, { 700, 150, data + PAGE }, { 9, 0, NULL }, { 40, 49, data + 151 * PAGE } };
	const struct farpage_run gets[] = { { 3, 1, got }, { 700, 150, got + PAGE }, { 40, 49, got + 151 * PAGE } };
	const struct farpage_run some[] = { { 700, 150, NULL }, { 3, 1, NULL } };

	fill(data, sizeof data, 5);
	assert_int_equal(carry_out(FARPAGE_PUT, puts, COUNT(puts)), 0);
	assert_int_equal(carry_out(FARPAGE_GET, gets, COUNT(gets)), 0);
	assert_memory_equal(got, data, sizeof got);
	assert_int_equal(carry_out(FARPAGE_FLUSH, some, COUNT(some)), 0);
	assert_int_equal(carry_out(FARPAGE_GET, gets, COUNT(gets)), 0);
	assert_memory_equal(got, zeros, 151 * PAGE);
	assert_memory_equal(got + 151 * PAGE, data + 151 * PAGE, 49 * PAGE);
}

TEST(as_many_as_may_be)
{
	static uint8_t data[REQUESTS][PAGE];
	struct farpage_run run[REQUESTS];
	struct outcome o[REQUESTS] = {0}, none = {0};

	for (unsigned i = 0; i < REQUESTS; i++) {
		run[i] = (struct farpage_run){ i, 1, data[i] };
		fill(data[i], PAGE, i);
		assert_int_equal(farpage_submit(f, FARPAGE_PUT, &run[i], 1, note, &o[i]), 0);
	}
	assert_int_equal(farpage_submit(f, FARPAGE_PUT, &run[0], 1, note, &none), -1);
	assert_int_equal(errno, EAGAIN);
	for (unsigned i = 0; i < REQUESTS; i++) {
		wait_for(&o[i]);
		assert_int_equal(o[i].error, 0);
	}
	assert_int_equal(none.calls, 0);
	assert_int_equal(carry_out(FARPAGE_PUT, &run[0], 1), 0);
}

TEST(what_cannot_be)
{
	const struct farpage_run beyond[] = { { 0, 1, NULL }, { PAGES - 1, 2, NULL } }, nothing = { 5, 0, NULL };
	const struct farpage_run round = { UINT64_MAX, 2, NULL };
	struct outcome o = {0};

	assert_int_equal(farpage_submit(f, FARPAGE_FLUSH, beyond, 2, note, &o), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(farpage_submit(f, FARPAGE_FLUSH, &round, 1, note, &o), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(farpage_submit(f, FARPAGE_FLUSH, &nothing, 1, note, &o), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(farpage_submit(f, (enum farpage_verb)7, beyond, 1, note, &o), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(carry_out(FARPAGE_FLUSH, beyond, 1), 0);
}

struct chain {
	struct farpage_run run;
	unsigned left;
	int error;
};

static void go_on(void *user, int error)
{
	struct chain *c = user;

	c->error |= error;
	c->run.page++;
	if (c->left && --c->left)
		assert_int_equal(farpage_submit(f, FARPAGE_PUT, &c->run, 1, go_on, c), 0);
}

/* A callback that always has more to do does not keep the caller from its other business. */
TEST(a_callback_may_submit)
{
	static uint8_t data[PAGE];
	struct chain c = { .run = { 0, 1, data }, .left = 500 };
	struct pollfd p = { .fd = farpage_fd(f), .events = POLLIN };
	unsigned turns = 0;

	fill(data, sizeof data, 1);
	assert_int_equal(farpage_submit(f, FARPAGE_PUT, &c.run, 1, go_on, &c), 0);
	for (farpage_process(f); c.left; farpage_process(f), turns++)
		assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(c.error, 0);
	assert_true(turns > 50);
	assert_int_equal(farpage_get(f, 499, 1, data), 0);
}

TEST(a_loop_with_nothing_to_do_is_not_woken)
{
	struct pollfd p = { .fd = farpage_fd(f), .events = POLLIN };
	unsigned woken = 0;

	for (farpage_process(f); poll(&p, 1, 1200) > 0 && woken < 100; woken++)
		farpage_process(f);
	assert_true(woken < 5);
}

static void *call(void *result)
{
	uint8_t data[PAGE], got[PAGE];
	int *wrong = result;

	for (unsigned i = 0; i < 2000; i++) {
		uint64_t page = 600 + i % 100;

		fill(data, sizeof data, i);
		*wrong += farpage_put(f, page, 1, data) < 0 || farpage_get(f, page, 1, got) < 0 ||
		          memcmp(data, got, PAGE) != 0;
	}
	return NULL;
}

TEST(calls_from_another_thread_go_on_beside_it)
{
	static uint8_t data[PAGE], got[PAGE];
	pthread_t thread;
	int wrong = 0;

	assert_int_equal(pthread_create(&thread, NULL, call, &wrong), 0);
	for (unsigned i = 0; i < 2000; i++) {
		const struct farpage_run put = { i % 500, 1, data }, get = { i % 500, 1, got };

		fill(data, sizeof data, 1000000 + i);
		assert_int_equal(carry_out(FARPAGE_PUT, &put, 1), 0);
		assert_int_equal(carry_out(FARPAGE_GET, &get, 1), 0);
		assert_memory_equal(data, got, PAGE);
	}
	pthread_join(thread, NULL);
	assert_int_equal(wrong, 0);
}

TEST(closing_waits_for_what_is_under_way)
{
	static uint8_t data[PAGE];
	const struct farpage_run put = { 5, 1, data };
	struct outcome o = {0};

	fill(data, sizeof data, 1);
	assert_int_equal(farpage_submit(f, FARPAGE_PUT, &put, 1, note, &o), 0);
	farpage_close(f);
	f = NULL;
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.error, 0);
}

#define with_f(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_f(runs_of_pages),
		with_f(as_many_as_may_be),
		with_f(what_cannot_be),
		with_f(a_callback_may_submit),
		with_f(a_loop_with_nothing_to_do_is_not_woken),
		with_f(calls_from_another_thread_go_on_beside_it),
		with_f(closing_waits_for_what_is_under_way),
	};

	return cmocka_run_group_tests_name("requests submitted to libfarpage", tests, NULL, NULL);
}
