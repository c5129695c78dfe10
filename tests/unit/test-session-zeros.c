/* SPDX-License-Identifier: BSD-2-Clause */
/* A WRITE of zeros holds nothing: its pages are holes once it is answered. */
#include "serve_fixture.h"

#include "dropped.h"

#define PAGES 600u /* more than two turns */

static struct pools *pools;
static struct serve *v;

static void begin_with(struct pool *pool)
{
	v = serve_begin(pool);
}

static int teardown(void **state)
{
	(void)state;
	serve_end(v);
	assert_int_equal(atomic_load(&pools->granted_pages), pools->lend_pages == 1000 ? PAGES : 0);
	lend_no_more(pools);
	return 0;
}

static int reserved(void **state)
{
	(void)state;
	pools = lend(1000);
	begin_with(add(pools, "p", PAGES, false));
	return 0;
}

/* Its last page does not fit. */
static int thin(void **state)
{
	(void)state;
	pools = lend(PAGES - 1);
	begin_with(add(pools, "p", PAGES, true));
	return 0;
}

static uint64_t used_pages(void)
{
	return told(v->me->m.pool, "used=") / PAGE_BYTES;
}

/* A WRITE of N bytes, which are zeros but for one BYTE of each page, at AT. */
static void say_zeros(uint64_t offset, size_t n, uint8_t byte, size_t at)
{
	uint8_t *data = calloc(1, n);

	assert_non_null(data);
	for (size_t i = at; i < n; i += PAGE_BYTES)
		data[i] = byte;
	say_request(&v->in, 0, WRITE, 1, offset, (uint32_t)n);
	say_bytes(&v->in, data, n);
	free(data);
}

static void write_zeros(uint64_t offset, size_t n, uint8_t byte, size_t at, size_t step)
{
	say_zeros(offset, n, byte, at);
	feed(v, step);
	say_simple(&v->want, 0, 1);
	heard(v, SESSION_REQUEST);
}

TEST(where_no_page_is_none_becomes)
{
	write_zeros(0, PAGES * PAGE_BYTES, 0, 0, 0);
	write_zeros(100, 5000, 0, 0, 7);
	write_zeros(PAGE(3) + 1, 1, 0, 0, 0);
	assert_int_equal(used_pages(), 0);
	for (uint64_t page = 0; page < PAGES; page++)
		expect(v->me, page, 0);
}

TEST(any_byte_but_a_zero_makes_a_page)
{
	const size_t at[] = { 0, 1, 7, 8, 9, 2048, PAGE_BYTES - 8, PAGE_BYTES - 1 };

	for (size_t i = 0; i < COUNT(at); i++) {
		write_zeros(PAGE(2 * i), PAGE_BYTES, 1, at[i], 0);
		assert_int_equal(used_pages(), i + 1);
	}
	for (size_t i = 0; i < COUNT(at); i++) {
		uint8_t want[PAGE_BYTES] = {0}, got[PAGE_BYTES];

		want[at[i]] = 1;
		read_bytes(v->me, PAGE(2 * i), sizeof got, got);
		assert_memory_equal(got, want, sizeof got);
	}
}

TEST(pages_that_are_there_go)
{
	const size_t steps[] = { 0, 5000, 999 };

	for (size_t i = 0; i < COUNT(steps); i++) {
		for (uint64_t page = 0; page < PAGES - 1; page++)
			put(v->me, page, page + 1);
		write_zeros(PAGE(2), PAGE(PAGES - 4), 0, 0, steps[i]);
		assert_int_equal(used_pages(), 3);
		for (uint64_t page = 0; page < PAGES; page++)
			expect(v->me, page, page < 2 || page == PAGES - 2 ? page + 1 : 0);
	}
	write_zeros(0, PAGE(PAGES), 0, 0, 0);
}

/* Of what is written at once only some is zeros. */
TEST(others_stay)
{
	uint8_t data[4 * PAGE_BYTES] = {0};

	for (uint64_t page = 0; page < 8; page++)
		put(v->me, page, page + 1);
	fill(data + PAGE_BYTES, PAGE_BYTES, 50);
	fill(data + 3 * PAGE_BYTES, PAGE_BYTES, 52);
	say_request(&v->in, 0, WRITE, 1, PAGE(2), sizeof data);
	say_bytes(&v->in, data, sizeof data);
	feed(v, 0);
	say_simple(&v->want, 0, 1);
	heard(v, SESSION_REQUEST);
	const uint64_t want[] = { 1, 2, 0, 50, 0, 52, 7, 8 };
	for (uint64_t page = 0; page < 8; page++)
		expect(v->me, page, want[page]);
	flush(v->me, 0, PAGE(8));
}

TEST(two_halves_of_zeros_are_a_page_of_them)
{
	put(v->me, 1, 1);
	write_zeros(PAGE(1), 2000, 0, 0, 0);
	assert_int_equal(used_pages(), 1);
	write_zeros(PAGE(1) + 2000, 2096 + 50, 0, 0, 0);
	expect(v->me, 1, 0);
	assert_int_equal(used_pages(), 0);
}

TEST(zeroes_without_holes_are_there_until_zeros_are_written)
{
	ask(v, NO_HOLE, ZEROES, 1, 0, PAGE(300));
	say_simple(&v->want, 0, 1);
	heard(v, SESSION_REQUEST);
	assert_int_equal(used_pages(), 300);
	write_zeros(0, PAGE(10), 0, 0, 0);
	assert_int_equal(used_pages(), 290);
	flush(v->me, 0, PAGE(PAGES));
}

/* In slices, each of its own under the pool's lock; what is read between is zeros. */
TEST(large_ones_come_in_slices)
{
	struct wire w = {0};
	uint8_t got[PAGE_BYTES], zero[PAGE_BYTES] = {0};
	unsigned slices = 0;

	for (uint64_t page = 0; page < PAGES - 1; page++)
		put(v->me, page, page + 1);
	say_zeros(0, PAGE(PAGES - 1), 0, 0);
	say_bytes(&w, v->in.byte, v->in.len);
	v->in.len = 0;
	assert_int_equal(member_enter(&v->me->m), 0);
	assert_int_equal(session_feed(&v->s, w.byte, w.len), w.len);
	member_exit(&v->me->m);
	wire_free(&w);
	for (uint64_t left = used_pages(); v->s.state == SESSION_ERASE; left = used_pages(), slices++) {
		assert_int_equal(replies_owed(&v->s.replies), 0);
		assert_int_equal(erase(v), 0);
		assert_in_range(left - used_pages(), 1, REQUEST_TURN_PAGES);
		for (uint64_t page = 0; page < PAGES; page += 37) {
			read_bytes(v->me, PAGE(page), sizeof got, got);
			assert_memory_equal(got, zero, sizeof got);
		}
	}
	assert_int_equal(slices, 3);
	assert_int_equal(used_pages(), 0);
	say_simple(&v->want, 0, 1);
	heard(v, SESSION_REQUEST);
}

/* Zeros fit where nothing does, and what gives memory back needs none. */
TEST(they_fit_into_a_full_pool)
{
	for (uint64_t page = 0; page < PAGES - 1; page++)
		assert_int_equal(put(v->me, page, page + 1), 0);
	assert_int_equal(put(v->me, PAGES - 1, 1), -1);
	write_zeros(PAGE(PAGES - 1), PAGE_BYTES, 0, 0, 0);
	assert_int_equal(used_pages(), PAGES - 1);
	write_zeros(PAGE(5), PAGE_BYTES, 0, 0, 0);
	assert_int_equal(put(v->me, PAGES - 1, 7), 0);
	expect(v->me, 5, 0);
	write_zeros(0, PAGE(PAGES), 0, 0, 0);
	assert_int_equal(used_pages(), 0);
}

/* Who may only look from now on has written before. */
TEST(the_owner_comes_back_in_between)
{
	struct wire w = {0};

	put(v->me, 0, 1);
	say_zeros(0, PAGE_BYTES, 0, 0);
	say_bytes(&w, v->in.byte, v->in.len);
	v->in.len = 0;
	assert_int_equal(member_enter(&v->me->m), 0);
	session_feed(&v->s, w.byte, w.len);
	member_exit(&v->me->m);
	wire_free(&w);
	v->me->m.client.read_only = true;
	assert_int_equal(erase(v), 0);
	say_simple(&v->want, 0, 1);
	heard(v, SESSION_REQUEST);
	expect(v->me, 0, 0);
}

static int revocable(void **state)
{
	(void)state;
	pools = lend(PAGES);
	begin_with(add_revocable(pools, "p", PAGES, true));
	return 0;
}

TEST(a_dropped_page_is_zeros_again_and_no_part_of_one)
{
	for (uint64_t page = 0; page < 100; page++)
		put(v->me, page, page + 1);
	overdue(pools, 50);
	vacate_drop(pools, 50);
	expect_dropped(v->me, 60);
	say_zeros(PAGE(60) + 5, 100, 0, 0);
	feed(v, 0);
	say_simple(&v->want, 5, 1);
	heard(v, SESSION_REQUEST);
	expect_dropped(v->me, 60);
	write_zeros(PAGE(60), PAGE_BYTES, 0, 0, 0);
	expect(v->me, 60, 0);
	expect_dropped(v->me, 61);
	write_zeros(PAGE(40), PAGE(60), 0, 0, 0);
	assert_int_equal(used_pages(), 40);
	assert_int_equal(dropped_pages(v->me->m.pool->dropped), 0);
	flush(v->me, 0, PAGE(PAGES));
}

int main(void)
{
#define T(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(where_no_page_is_none_becomes, reserved),
		T(any_byte_but_a_zero_makes_a_page, reserved),
		T(pages_that_are_there_go, reserved),
		T(pages_that_are_there_go, thin),
		T(others_stay, thin),
		T(two_halves_of_zeros_are_a_page_of_them, thin),
		T(zeroes_without_holes_are_there_until_zeros_are_written, thin),
		T(large_ones_come_in_slices, thin),
		T(they_fit_into_a_full_pool, thin),
		T(the_owner_comes_back_in_between, reserved),
		T(a_dropped_page_is_zeros_again_and_no_part_of_one, revocable),
	};

	return cmocka_run_group_tests_name("zeros", tests, NULL, NULL);
}
