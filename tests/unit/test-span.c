/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes to whole pages, on a fake libfarpage: an array, which aborts when it is
 * called as the test does not expect. */
#include "span_fixture.h"

static unsigned needed(uint32_t count, uint64_t offset, unsigned part)
{
	uint64_t first = (offset + PAGE - 1) / PAGE, last = (offset + count) / PAGE;

	if (first > last)
		return part;
	return (offset % PAGE ? part : 0) + (last > first) +
	       ((offset + count) % PAGE ? part : 0);
}

static void get(uint32_t count, uint64_t offset)
{
	begin(GET);
	memset(out, 0x5a, sizeof out);
	assert_int_equal(span_get(handle, out + 1, count, offset), 0);
	assert_memory_equal(out + 1, model + offset, count);
	assert_int_equal(out[0], 0x5a);
	assert_int_equal(out[1 + count], 0x5a);
	assert_int_equal(calls, needed(count, offset, 1));
}

static void put(uint32_t count, uint64_t offset, uint64_t tag)
{
	begin(GET | PUT);
	fill(in, count, tag);
	assert_int_equal(span_put(handle, in, count, offset), 0);
	memcpy(model + offset, in, count);
	assert_memory_equal(pages, model, sizeof model);
	assert_int_equal(calls, needed(count, offset, 2));
}

static void flush(uint32_t count, uint64_t offset)
{
	begin(GET | PUT | FLUSH);
	assert_int_equal(span_flush(handle, count, offset), 0);
	memset(model + offset, 0, count);
	assert_memory_equal(pages, model, sizeof model);
	assert_int_equal(calls, needed(count, offset, 2));
}

/* Everything that begins and ends near the edge of a page. */
static void about_edges(void (*each)(uint32_t count, uint64_t offset))
{
	static const int near[] = { -2, -1, 0, 1, 2, 17, 511, 512, 2048 };

	for (int from = 0; from <= PAGES; from++)
		for (size_t i = 0; i < COUNT(near); i++)
			for (int to = from; to <= PAGES; to++)
				for (size_t k = 0; k < COUNT(near); k++) {
					int64_t offset = from * PAGE + near[i];
					int64_t end = to * PAGE + near[k];

					if (offset >= 0 && end > offset && end <= BYTES)
						each((uint32_t)(end - offset), (uint64_t)offset);
				}
}

static void put_any(uint32_t count, uint64_t offset)
{
	static uint64_t tag = 100;

	put(count, offset, tag++);
}

static void flush_any(uint32_t count, uint64_t offset)
{
	flush(count, offset);
	put(BYTES, 0, offset + count); /* something to flush again */
}

TEST(get_about_edges)
{
	about_edges(get);
}

TEST(put_about_edges)
{
	about_edges(put_any);
}

TEST(flush_about_edges)
{
	about_edges(flush_any);
}

TEST(anything_as_a_plain_array_says)
{
	uint64_t seed = 10;

	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t offset = dice_below(&seed, BYTES);
		uint32_t count = 1 + (uint32_t)dice_below(&seed, BYTES - offset);

		switch (dice_below(&seed, 3)) {
		case 0: get(count, offset); break;
		case 1: put(count, offset, i); break;
		case 2: flush(count, offset); break;
		}
	}
}

TEST(whole_pages_are_one_call)
{
	begin(GET);
	assert_int_equal(span_get(handle, out, 4 * PAGE, PAGE), 0);
	assert_int_equal(calls, 1);
	begin(PUT);
	assert_int_equal(span_put(handle, in, 4 * PAGE, PAGE), 0);
	assert_int_equal(calls, 1);
	begin(FLUSH);
	assert_int_equal(span_flush(handle, 4 * PAGE, PAGE), 0);
	assert_int_equal(calls, 1);
}

/* 100 bytes of page 0, pages 1 and 2, 100 bytes of page 3. */
#define AT  (PAGE - 100)
#define LEN (2 * PAGE + 200)

TEST(a_get_that_fails_says_so)
{
	for (unsigned nth = 1; nth <= 3; nth++) {
		begin(GET);
		fails = nth;
		errno = 0;
		assert_int_equal(span_get(handle, out, LEN, AT), -1);
		assert_int_equal(errno, ENOSPC);
		assert_int_equal(calls, nth);
	}
	begin(GET);
	fails = 4;
	assert_int_equal(span_get(handle, out, LEN, AT), 0);
}

/* A page that could not be got is not put: its other bytes are not known. */
TEST(a_put_that_fails_says_so)
{
	fill(in, LEN, 7);
	for (unsigned nth = 1; nth <= 5; nth++) {
		begin(GET | PUT);
		fails = nth;
		errno = 0;
		assert_int_equal(span_put(handle, in, LEN, AT), -1);
		assert_int_equal(errno, ENOSPC);
		assert_int_equal(calls, nth);
		/* What was done before it failed, and nothing else. */
		if (nth > 2)
			memcpy(model + AT, in, 100);
		if (nth > 3)
			memcpy(model + PAGE, in + 100, 2 * PAGE);
		assert_memory_equal(pages, model, sizeof model);
	}
}

TEST(a_flush_that_fails_says_so)
{
	for (unsigned nth = 1; nth <= 5; nth++) {
		begin(GET | PUT | FLUSH);
		fails = nth;
		errno = 0;
		assert_int_equal(span_flush(handle, LEN, AT), -1);
		assert_int_equal(errno, ENOSPC);
		assert_int_equal(calls, nth);
	}
}

/* The lock that a change of a part takes is let go also when it fails. */
TEST(after_a_failure_all_goes_on)
{
	begin(GET | PUT);
	fails = 1;
	assert_int_equal(span_put(handle, in, 1, 1), -1);
	memcpy(model, pages, sizeof model);
	put(1, 1, 3);
	flush(1, 1);
}

static void *put_a_page(void *unused)
{
	(void)unused;
	assert_int_equal(span_put(handle, in, PAGE, PAGE), 0);
	return NULL;
}

/* It waits for an older change of its pages, no longer than any request may take. */
TEST(a_change_behind_one_that_does_not_end)
{
	pthread_t thread;

	begin(GET | PUT | FLUSH);
	blocking = true;
	pthread_create(&thread, NULL, put_a_page, NULL);
	while (!calls)
		usleep(100);
	lasts = 200;
	errno = 0;
	assert_int_equal(span_put(handle, in, 1, PAGE + 1), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(span_flush(handle, 2 * PAGE, 0), -1);
	lasts = 20000;
	blocking = false;
	pthread_join(thread, NULL);
	memcpy(model, pages, sizeof model);
	put(1, 1, 3);
	flush(1, 1);
}

/* Byte N, N + 2, N + 4 ... of the beginning of a page, one at a time. */
static void *put_bytes(void *n)
{
	uint8_t one = 0x11;

	for (uint64_t at = (uintptr_t)n; at < PAGE / 8; at += 2)
		if (span_put(handle, &one, 1, PAGE + at) < 0)
			abort();
	return NULL;
}

TEST(parts_of_a_page_do_not_undo_each_other)
{
	pthread_t thread[2];

	begin(GET | PUT);
	yielding = true;
	for (uintptr_t i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, put_bytes, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	yielding = false;
	memset(model + PAGE, 0x11, PAGE / 8);
	assert_memory_equal(pages, model, sizeof model);
}

static atomic_bool done;

/* A byte at the beginning of page 1, again and again. */
static void *put_one_byte(void *n)
{
	uint8_t one = 0x11;

	(void)n;
	while (!atomic_load(&done))
		if (span_put(handle, &one, 1, PAGE) < 0)
			abort();
	return NULL;
}

/* What a whole put or a flush said is done stays done, whatever a part of the
 * same page was read before it. */
TEST(parts_of_a_page_do_not_undo_what_covers_it)
{
	static uint8_t whole[3 * PAGE];
	pthread_t thread;

	begin(GET | PUT | FLUSH);
	yielding = true;
	atomic_store(&done, false);
	pthread_create(&thread, NULL, put_one_byte, NULL);
	for (unsigned i = 1; i <= 300; i++) {
		uint8_t want = i % 3 ? (uint8_t)i : 0;

		memset(whole, want, sizeof whole);
		if (want)
			assert_int_equal(span_put(handle, whole, sizeof whole, 0), 0);
		else
			assert_int_equal(span_flush(handle, sizeof whole, 0), 0);
		usleep(100);
		assert_int_equal(((volatile uint8_t *)pages)[2 * PAGE - 1], want);
	}
	atomic_store(&done, true);
	pthread_join(thread, NULL);
	yielding = false;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(get_about_edges),
		T(put_about_edges),
		T(flush_about_edges),
		T(anything_as_a_plain_array_says),
		T(whole_pages_are_one_call),
		T(a_get_that_fails_says_so),
		T(a_put_that_fails_says_so),
		T(a_flush_that_fails_says_so),
		T(after_a_failure_all_goes_on),
		T(a_change_behind_one_that_does_not_end),
		T(parts_of_a_page_do_not_undo_each_other),
		T(parts_of_a_page_do_not_undo_what_covers_it),
	};

	return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
