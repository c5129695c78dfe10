/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a program's pages reaches a link, and as what. */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "transfer.h"
#include "clock.h"

#define PAGES (5 * EXTENT_PAGES + 100)

static struct farpage *f;

/* Between the engine and its link. */
static struct link_ops spy;
static const struct link_ops *real;
static unsigned put_asks, put_pages, get_asks, get_pages, flushes, most;
static uint8_t last[PAGE_BYTES];    /* the first page of the last put, as it went out */
static int spoil;                   /* a byte of each page that is got, -1 none */

static void send_spied(struct link *l, struct ask *ask)
{
	switch (ask->kind) {
	case ASK_PUT:
		put_asks++;
		put_pages += ask->pages;
		memcpy(last, ask->data, PAGE_BYTES);
		break;
	case ASK_GET:
		get_asks++;
		get_pages += ask->pages;
		break;
	case ASK_DISCARD:
		flushes++;
		break;
	}
	if (ask->pages > most && ask->kind != ASK_DISCARD)
		most = ask->pages;
	real->send(l, ask);
}

/* And back. */
static const struct link_owner *owner;
static struct link_owner spoiler;

static void reply_spoiled(struct link *l, struct ask *ask, int error)
{
	if (ask->kind == ASK_GET && spoil >= 0)
		for (uint32_t i = 0; i < ask->pages; i++)
			ask->data[i * PAGE_BYTES + (unsigned)spoil] ^= 0x10;
	owner->reply(l, ask, error);
}

static void open_spied(const char *how)
{
	const struct farpage_options o = { .size = PAGES * PAGE_BYTES, .seal = how };
	struct link *l;

	f = farpage_open(&o, sizeof o, NULL);
	assert_non_null(f);
	l = f->engine.link[0];
	real = l->ops;
	spy = *real;
	spy.send = send_spied;
	l->ops = &spy;
	owner = l->upcalls;
	spoiler = *owner;
	spoiler.reply = reply_spoiled;
	l->upcalls = &spoiler;
	put_asks = put_pages = get_asks = get_pages = flushes = most = 0;
	spoil = -1;
}

static int setup(void **state)
{
	(void)state;
	open_spied(NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	farpage_close(f);
	return 0;
}

static void same(uint8_t *data, size_t pages, uint64_t pattern)
{
	for (size_t at = 0; at < pages * PAGE_BYTES; at += sizeof pattern)
		memcpy(data + at, &pattern, sizeof pattern);
}

TEST(pages_of_one_pattern_never_leave)
{
	static uint8_t data[70 * PAGE_BYTES], got[70 * PAGE_BYTES];
	const uint64_t patterns[] = { 0, 1, UINT64_MAX, 0x0123456789abcdef };

	for (size_t i = 0; i < COUNT(patterns); i++) {
		same(data, 70, patterns[i]);
		assert_int_equal(farpage_put(f, 5, 70, data), 0);
		memset(got, 0x5a, sizeof got);
		assert_int_equal(farpage_get(f, 5, 70, got), 0);
		assert_memory_equal(got, data, sizeof got);
	}
	assert_int_equal(put_asks + get_asks + flushes, 0);
	data[4095] ^= 1; /* almost one: the last byte differs */
	assert_int_equal(farpage_put(f, 5, 1, data), 0);
	assert_int_equal(put_pages, 1);
	assert_int_equal(farpage_get(f, 5, 70, got), 0);
	assert_memory_equal(got, data, sizeof got);
	assert_int_equal(get_pages, 1);
}

/* Of each call: some of one pattern, some of another, some of none. */
TEST(mixed_calls)
{
	static uint8_t data[40 * PAGE_BYTES], got[40 * PAGE_BYTES];
	uint64_t seed = 1;

	for (unsigned round = 0; round < 50; round++) {
		unsigned plain = 0, page = (unsigned)dice_below(&seed, 60);

		for (unsigned i = 0; i < 40; i++) {
			uint64_t kind = dice_below(&seed, 4);

			if (kind < 2) {
				same(data + i * PAGE_BYTES, 1, kind);
			} else {
				fill(data + i * PAGE_BYTES, PAGE_BYTES, dice(&seed));
				plain++;
			}
		}
		put_pages = 0;
		assert_int_equal(farpage_put(f, page, 40, data), 0);
		assert_int_equal(put_pages, plain);
		assert_int_equal(farpage_get(f, page, 40, got), 0);
		assert_memory_equal(got, data, sizeof got);
	}
}

TEST(long_calls_are_cut)
{
	static uint8_t data[200 * PAGE_BYTES], got[200 * PAGE_BYTES];

	fill(data, sizeof data, 1);
	assert_int_equal(farpage_put(f, 3, 200, data), 0);
	assert_int_equal(farpage_get(f, 3, 200, got), 0);
	assert_memory_equal(got, data, sizeof got);
	assert_int_equal(put_pages, 200);
	assert_int_equal(get_pages, 200);
	assert_int_equal(most, RUN_PAGES);
	assert_int_equal(put_asks, 7); /* as few as can be */
	assert_int_equal(get_asks, 7);
}

TEST(nothing_crosses_the_end_of_an_extent)
{
	static uint8_t data[32 * PAGE_BYTES], got[32 * PAGE_BYTES];

	fill(data, sizeof data, 1);
	for (uint32_t before = 1; before < 32; before += 10) {
		put_asks = get_asks = 0;
		assert_int_equal(farpage_put(f, EXTENT_PAGES - before, 32, data), 0);
		assert_int_equal(farpage_get(f, EXTENT_PAGES - before, 32, got), 0);
		assert_memory_equal(got, data, sizeof got);
		assert_int_equal(put_asks, 2);
		assert_int_equal(get_asks, 2);
		assert_int_equal(farpage_flush(f, EXTENT_PAGES - before, 32), 0);
	}
	same(data, 32, 7);
	assert_int_equal(farpage_put(f, EXTENT_PAGES - 16, 32, data), 0);
	assert_int_equal(farpage_get(f, EXTENT_PAGES - 16, 32, got), 0);
	assert_memory_equal(got, data, sizeof got);
}

TEST(what_leaves_is_not_what_was_put)
{
	uint8_t data[PAGE_BYTES], first[PAGE_BYTES];
	unsigned alike = 0;

	fill(data, sizeof data, 1);
	assert_int_equal(farpage_put(f, 0, 1, data), 0);
	memcpy(first, last, sizeof first);
	for (size_t i = 0; i < PAGE_BYTES; i++)
		alike += data[i] == first[i];
	assert_in_range(alike, 0, 60); /* one in 256 by chance */
	/* Nor twice the same. */
	assert_int_equal(farpage_put(f, 0, 1, data), 0);
	assert_memory_not_equal(first, last, sizeof first);
	farpage_close(f);
	open_spied("off");
	assert_int_equal(farpage_put(f, 0, 1, data), 0);
	assert_memory_equal(last, data, sizeof data);
}

TEST(what_was_altered_is_eio_and_not_a_page)
{
	uint8_t data[2 * PAGE_BYTES], got[2 * PAGE_BYTES];

	fill(data, sizeof data, 1);
	assert_int_equal(farpage_put(f, 0, 2, data), 0);
	for (spoil = 0; spoil < (int)PAGE_BYTES; spoil += 819) {
		assert_int_equal(farpage_get(f, 0, 2, got), -1);
		assert_int_equal(errno, EIO);
	}
	spoil = -1; /* it was the wire */
	assert_int_equal(farpage_get(f, 0, 2, got), 0);
	assert_memory_equal(got, data, sizeof got);
}

/* A page of the same number and contents, but older. */
TEST(what_was_put_before_is_not_taken_for_it)
{
	uint8_t data[PAGE_BYTES], got[PAGE_BYTES];
	struct record before, *r;

	fill(data, sizeof data, 1);
	assert_int_equal(farpage_put(f, 0, 1, data), 0);
	r = map_record(&f->engine.map, 0);
	before = *r;
	assert_int_equal(farpage_put(f, 0, 1, data), 0);
	assert_true(r->version > before.version);
	*r = before;
	assert_int_equal(farpage_get(f, 0, 1, got), -1);
	assert_int_equal(errno, EIO);
}

/* When every buffer is with somebody, a put waits, and fails when its time is over. */
TEST(without_buffers)
{
	struct buffer *held[64];
	uint8_t data[PAGE_BYTES], got[PAGE_BYTES];
	unsigned n = 0;

	fill(data, sizeof data, 1);
	assert_int_equal(farpage_put(f, 0, 1, data), 0);
	f->engine.core.o.deadline_ms = 100;
	while (n < COUNT(held) && (held[n] = buffers_take(&f->engine.buffers)))
		n++;
	assert_in_range(n, 16, 63);
	assert_int_equal(farpage_put(f, 0, 1, data), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(farpage_get(f, 0, 1, got), -1); /* that put may not be forgotten */
	assert_int_equal(errno, EIO);
	assert_int_equal(farpage_flush(f, 0, 1), 0);
	while (n)
		buffers_drop(&f->engine.buffers, held[--n]);
	assert_int_equal(farpage_put(f, 0, 1, data), 0);
	assert_int_equal(farpage_get(f, 0, 1, got), 0);
	assert_memory_equal(got, data, sizeof got);
}

/* All of a request ends by its deadline, and nothing that it was to overwrite comes back. */
TEST(a_request_has_one_deadline)
{
	static uint8_t data[1024 * PAGE_BYTES];
	struct buffer *held[64];
	unsigned n = 0;
	int64_t begin;

	fill(data, sizeof data, 1);
	assert_int_equal(farpage_put(f, 0, 1024, data), 0);
	f->engine.core.o.deadline_ms = 300;
	while (n < COUNT(held) && (held[n] = buffers_take(&f->engine.buffers)))
		n++;
	begin = clock_ms();
	assert_int_equal(farpage_put(f, 0, 1024, data), -1);
	assert_int_equal(errno, EIO);
	assert_in_range(clock_ms() - begin, 299, 1500); /* and not eight times that */
	while (n)
		buffers_drop(&f->engine.buffers, held[--n]);
	for (uint64_t page = 0; page < 1024; page += 31)
		assert_int_equal(farpage_get(f, page, 1, data), -1);
	assert_int_equal(farpage_put_until(f, 0, 1, data, clock_ms()), -1);
	assert_int_equal(farpage_get_until(f, 0, 1, data, farpage_until(f)), -1);
	assert_int_equal(farpage_put_until(f, 0, 1, data, farpage_until(f)), 0);
	assert_int_equal(farpage_get_until(f, 0, 1, data, farpage_until(f)), 0);
	assert_int_equal(farpage_flush_until(f, 0, 1, clock_ms()), 0);
}

static void *put_and_get(void *number)
{
	uint64_t first = 64 * (uintptr_t)number, tag = 1000 * first;
	uint8_t *data = malloc(64 * PAGE_BYTES), *got = malloc(64 * PAGE_BYTES);
	char *wrong = NULL;

	for (unsigned i = 0; i < 20; i++) {
		fill(data, 64 * PAGE_BYTES, tag++);
		if (farpage_put(f, first, 64, data) || farpage_get(f, first, 64, got) ||
		    memcmp(got, data, 64 * PAGE_BYTES) != 0)
			wrong = "wrong";
	}
	free(data);
	free(got);
	return wrong;
}

/* More threads than there are buffers for all they would have at once. */
TEST(with_few_buffers_all_have_their_turn)
{
	pthread_t thread[20];
	void *wrong;

	for (uintptr_t i = 0; i < COUNT(thread); i++)
		pthread_create(&thread[i], NULL, put_and_get, (void *)i);
	for (size_t i = 0; i < COUNT(thread); i++) {
		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
	assert_int_equal(f->engine.buffers.free_n, f->engine.buffers.n);
}

/* Who is dead is found out while there is time to ask another one. */
TEST(a_links_timeout_is_less_than_the_deadline)
{
	static const struct { unsigned deadline_ms, link_timeout_ms; int64_t is; } cases[] = {
		{ 0, 0, 10000 }, { 30000, 0, 10000 }, { 20000, 0, 10000 }, { 19999, 0, 10000 },
		{ 1000, 0, 500 }, { 11, 0, 6 }, { 10, 0, 5 }, { 1000, 999, 999 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct farpage_options o = { .size = PAGE_BYTES, .deadline_ms = cases[i].deadline_ms,
		                                   .link_timeout_ms = cases[i].link_timeout_ms };
		struct farpage *one = farpage_open(&o, sizeof o, NULL);

		assert_non_null(one);
		assert_int_equal(one->engine.core.o.link_timeout_ms, cases[i].is);
		assert_true(one->engine.core.o.link_timeout_ms < one->engine.core.o.deadline_ms);
		farpage_close(one);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(pages_of_one_pattern_never_leave),
		T(mixed_calls),
		T(long_calls_are_cut),
		T(nothing_crosses_the_end_of_an_extent),
		T(what_leaves_is_not_what_was_put),
		T(what_was_altered_is_eio_and_not_a_page),
		T(what_was_put_before_is_not_taken_for_it),
		T(without_buffers),
		T(a_request_has_one_deadline),
		T(with_few_buffers_all_have_their_turn),
		cmocka_unit_test(a_links_timeout_is_less_than_the_deadline),
	};

	return cmocka_run_group_tests_name("libfarpage's page path", tests, NULL, NULL);
}
