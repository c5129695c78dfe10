/* SPDX-License-Identifier: BSD-2-Clause */
/* A session on a pool whose pages may be dropped at any moment: before a request,
 * between a request and its reply, in the middle of a reply. */
#include "serve_fixture.h"


enum { STATUS = 7, DF = 4, REQ_ONE = 8 };
enum { EIO_ = 5, ENOSPC_ = 28 };

#define PAGES 512u

static uint8_t bytes[PAGES * PAGE_BYTES];

/* On a pool that is full. */
static struct serve *begin(struct pools *pools)
{
	struct serve *v = serve_begin(add_revocable(pools, "p", PAGES, false));

	for (uint64_t page = 0; page < PAGES; page++) {
		put(v->me, page, page);
		fill(bytes + page * PAGE_BYTES, PAGE_BYTES, page);
	}
	return v;
}

#define DROP_TEST(name) SERVE_TEST_ON(name, PAGES, begin)

/* All pages from FIRST on are dropped. */
static void drop(struct serve *v, uint64_t first)
{
	struct pools *pools = v->me->m.pool->pools;

	overdue(pools, PAGES - first);
	while (vacate_drop(pools, 100))
		;
	vacate_end(pools);
	expect(v->me, first - 1, first - 1);
	expect_dropped(v->me, first);
	expect_dropped(v->me, PAGES - 1);
}

static void structured(struct serve *v, unsigned contexts)
{
	v->s.terms.structured = true;
	v->s.terms.contexts = contexts;
}

static void simple(struct serve *v, uint64_t cookie, uint64_t offset, size_t n)
{
	say_simple(&v->want, 0, cookie);
	say_bytes(&v->want, bytes + offset, n);
}

DROP_TEST(who_reads_a_dropped_page)
{
	drop(v, 100);
	ask(v, 0, READ, 1, PAGE(100), PAGE_BYTES);
	say_simple(&v->want, EIO_, 1);
	ask(v, 0, READ, 2, PAGE(99), 2 * PAGE_BYTES);
	say_simple(&v->want, EIO_, 2);
	ask(v, 0, READ, 3, PAGE(PAGES) - 1, 1);
	say_simple(&v->want, EIO_, 3);
	ask(v, 0, READ, 4, PAGE(99), PAGE_BYTES);
	simple(v, 4, PAGE(99), PAGE_BYTES);
	ask(v, 0, READ, 5, PAGE(99) + 1, PAGE_BYTES);
	say_simple(&v->want, EIO_, 5);
	heard(v, SESSION_REQUEST);
	assert_true(v->me->m.pool->pools->counts.reads_dropped >= 4);
}

DROP_TEST(who_reads_a_dropped_page_in_chunks)
{
	drop(v, 100);
	structured(v, 0);
	ask(v, 0, READ, 1, PAGE(100), PAGE_BYTES);
	say_error_chunk(&v->want, 1, EIO_);
	ask(v, 0, READ, 2, PAGE(50), 100 * PAGE_BYTES);
	say_error_chunk(&v->want, 2, EIO_);
	ask(v, DF, READ, 3, PAGE(50), 100 * PAGE_BYTES);
	say_error_chunk(&v->want, 3, EIO_);
	ask(v, 0, READ, 4, PAGE(99), PAGE_BYTES);
	say_data(&v->want, true, 4, PAGE(99), bytes + PAGE(99), PAGE_BYTES);
	heard(v, SESSION_REQUEST);
}

/* The request was taken while the page was there; no byte of its reply is sent. */
DROP_TEST(dropped_before_its_reply_begins)
{
	ask(v, 0, READ, 1, PAGE(99), PAGE_BYTES);
	ask(v, 0, READ, 2, PAGE(99), 2 * PAGE_BYTES);
	ask(v, 0, READ, 3, PAGE(98), PAGE_BYTES);
	drop(v, 100);
	simple(v, 1, PAGE(99), PAGE_BYTES);
	say_simple(&v->want, EIO_, 2);
	simple(v, 3, PAGE(98), PAGE_BYTES);
	heard(v, SESSION_REQUEST);
}

DROP_TEST(dropped_before_its_chunks_begin)
{
	structured(v, CONTEXT_ALLOCATION);
	flush(v->me, PAGE(20), PAGE(60)); /* so that there are three chunks */
	memset(bytes + PAGE(20), 0, 40 * PAGE_BYTES);
	ask(v, 0, READ, 1, PAGE(10), 100 * PAGE_BYTES);
	ask(v, REQ_ONE, STATUS, 2, 0, PAGE_BYTES);
	drop(v, 100);
	say_data(&v->want, false, 1, PAGE(10), bytes + PAGE(10), 10 * PAGE_BYTES);
	say_hole(&v->want, false, 1, PAGE(20), 40 * PAGE_BYTES);
	say_error_chunk(&v->want, 1, EIO_);
	say_chunk(&v->want, true, 5, 2, 12);
	say(&v->want, 4, 1);
	say(&v->want, 4, PAGE_BYTES);
	say(&v->want, 4, 0);
	heard(v, SESSION_REQUEST);
}

/* Some of the reply is sent: whatever more came would be taken for the page. */
static void cut_at(struct serve *v, size_t sent, bool in_chunks)
{
	static struct gather g;
	struct wire got = {0};

	if (in_chunks)
		structured(v, 0);
	ask(v, 0, READ, 1, PAGE(99), 2 * PAGE_BYTES);
	if (in_chunks)
		say_data(&v->want, true, 1, PAGE(99), bytes + PAGE(99), 2 * PAGE_BYTES);
	else
		simple(v, 1, PAGE(99), 2 * PAGE_BYTES);
	assert_int_equal(take(v, sent, &got), sent);
	assert_memory_equal(got.byte, v->want.byte, sent);
	wire_free(&got);
	drop(v, 100);
	assert_int_equal(member_enter(&v->me->m), 0);
	int first = replies_gather(&v->s.replies, &v->me->m.client, &g);
	int again = replies_gather(&v->s.replies, &v->me->m.client, &g);
	member_exit(&v->me->m);
	assert_int_equal(first, -1);
	assert_int_equal(again, -1);
}

DROP_TEST(dropped_when_a_part_of_the_header_is_sent) { cut_at(v, 1, false); }
DROP_TEST(dropped_when_the_header_is_sent) { cut_at(v, 16, false); }
DROP_TEST(dropped_when_another_page_is_sent) { cut_at(v, 16 + PAGE_BYTES, false); }
DROP_TEST(dropped_when_all_but_a_byte_is_sent) { cut_at(v, 16 + 2 * PAGE_BYTES - 1, false); }
DROP_TEST(dropped_when_a_part_of_a_chunk_is_sent) { cut_at(v, 28 + 5, true); }

/* What is sent already is good, and what is left is there. */
DROP_TEST(dropped_behind_what_is_left_to_send)
{
	struct wire got = {0};

	ask(v, 0, READ, 1, PAGE(98), 2 * PAGE_BYTES);
	ask(v, 0, READ, 2, PAGE(100), PAGE_BYTES);
	take(v, 100, &got);
	wire_free(&got);
	drop(v, 100);
	say_bytes(&v->want, bytes + PAGE(98) + 84, 2 * PAGE_BYTES - 84);
	say_simple(&v->want, EIO_, 2);
	heard(v, SESSION_REQUEST);
}

/* Whenever it is dropped: right bytes, an error, or a connection that ends. */
DROP_TEST(dropped_at_any_byte_of_a_large_reply)
{
	static const size_t at[] = { 0, 1, 15, 16, 17, 5000, 1 << 20, 300 * PAGE_BYTES,
	                             400 * PAGE_BYTES + 16, 400 * PAGE_BYTES + 17 };

	for (size_t i = 0; i < COUNT(at); i++) {
		struct pools *pools = lend(PAGES);
		struct serve *w = begin(pools);
		static struct gather g;
		struct wire got = {0};
		int r;

		ask(w, 0, READ, 1, 0, 500 * PAGE_BYTES);
		while (got.len < at[i])
			take(w, at[i] - got.len, &got);
		drop(w, 400);
		assert_int_equal(member_enter(&w->me->m), 0);
		while ((r = replies_gather(&w->s.replies, &w->me->m.client, &g)) == 0 && g.bytes) {
			say_bytes(&got, g.vector[0].iov_base, g.vector[0].iov_len);
			replies_sent(&w->s.replies, g.vector[0].iov_len);
		}
		member_exit(&w->me->m);
		assert_int_equal(r, at[i] ? -1 : 0);
		simple(w, 1, 0, 500 * PAGE_BYTES);
		if (at[i]) {
			assert_true(got.len <= w->want.len);
			assert_memory_equal(got.byte, w->want.byte, got.len);
		} else {
			assert_int_equal(got.len, 16);
		}
		wire_free(&got);
		serve_end(w);
		lend_no_more(pools);
	}
	heard(v, SESSION_REQUEST);
}

DROP_TEST(writes)
{
	drop(v, 100);
	say_write(v, 1, PAGE(100) + 1, 10, 7);
	say_simple(&v->want, EIO_, 1);
	say_write(v, 2, PAGE(101), PAGE_BYTES, 7);
	say_simple(&v->want, 0, 2);
	/* A part, a whole one, a part: the whole one is put. */
	say_write(v, 3, PAGE(103) - 1, PAGE_BYTES + 2, 8);
	say_simple(&v->want, EIO_, 3);
	feed(v, 1);
	heard(v, SESSION_REQUEST);
	expect_dropped(v->me, 100);
	expect(v->me, 101, 7);
	expect_dropped(v->me, 102);
	expect_dropped(v->me, 104);
	ask(v, 0, READ, 4, PAGE(103), PAGE_BYTES);
	fill(bytes + PAGE(103) - 1, PAGE_BYTES + 2, 8);
	simple(v, 4, PAGE(103), PAGE_BYTES);
	heard(v, SESSION_REQUEST);
}

DROP_TEST(erasing)
{
	const uint16_t types[] = { TRIM, ZEROES };

	drop(v, 100);
	for (uint64_t i = 0; i < COUNT(types); i++) {
		uint64_t page = 110 + 10 * i;

		ask(v, 0, types[i], 1, PAGE(page), PAGE_BYTES);
		say_simple(&v->want, 0, 1);
		ask(v, 0, types[i], 2, PAGE(page + 1) + 1, 10);
		say_simple(&v->want, EIO_, 2);
		ask(v, 0, types[i], 3, PAGE(page + 3) - 1, PAGE_BYTES + 2);
		say_simple(&v->want, EIO_, 3);
		heard(v, SESSION_REQUEST);
		expect(v->me, page, 0);
		expect_dropped(v->me, page + 1);
		expect_dropped(v->me, page + 2);
		expect(v->me, page + 3, 0);
		expect_dropped(v->me, page + 4);
	}
	ask(v, NO_HOLE, ZEROES, 4, PAGE(200) + 1, PAGE_BYTES - 1);
	say_simple(&v->want, EIO_, 4);
	ask(v, NO_HOLE, ZEROES, 5, PAGE(201), PAGE_BYTES);
	say_simple(&v->want, 0, 5);
	ask(v, 0, READ, 6, PAGE(201), PAGE_BYTES);
	memset(bytes + PAGE(201), 0, PAGE_BYTES);
	simple(v, 6, PAGE(201), PAGE_BYTES);
	heard(v, SESSION_REQUEST);
	expect_dropped(v->me, 200);
}

/* A chunk of extents for context ID. */
static void status(struct serve *v, bool done, uint64_t cookie, uint32_t id, unsigned n,
                   const uint32_t (*extent)[2])
{
	say_chunk(&v->want, done, 5, cookie, 4 + 8 * n);
	say(&v->want, 4, id);
	for (unsigned i = 0; i < n; i++) {
		say(&v->want, 4, extent[i][0]);
		say(&v->want, 4, extent[i][1]);
	}
}

DROP_TEST(a_dropped_page_is_no_hole)
{
	flush(v->me, PAGE(10), PAGE(20));
	drop(v, 100);
	flush(v->me, PAGE(150), PAGE(PAGES));
	structured(v, CONTEXT_ALLOCATION);
	ask(v, 0, STATUS, 1, 0, PAGES * PAGE_BYTES);
	status(v, true, 1, 1, 4, (const uint32_t[][2]){
		{ 10 * PAGE_BYTES, 0 }, { 10 * PAGE_BYTES, 3 }, { 130 * PAGE_BYTES, 0 },
		{ (PAGES - 150) * PAGE_BYTES, 3 } });
	heard(v, SESSION_REQUEST);
}

DROP_TEST(what_is_wanted_back)
{
	const uint32_t none[][2] = { { PAGES * PAGE_BYTES, 0 } };
	const uint32_t some[][2] = { { 400 * PAGE_BYTES, 0 }, { 112 * PAGE_BYTES, 1 } };
	struct pools *pools = v->me->m.pool->pools;

	structured(v, CONTEXT_VACATE);
	ask(v, 0, STATUS, 1, 0, PAGES * PAGE_BYTES);
	status(v, true, 1, 2, 1, none);
	vacate_ask(pools, 112);
	ask(v, 0, STATUS, 2, 0, PAGES * PAGE_BYTES);
	status(v, true, 2, 2, 2, some);
	ask(v, REQ_ONE, STATUS, 3, 0, PAGES * PAGE_BYTES);
	status(v, true, 3, 2, 1, some);
	ask(v, 0, STATUS, 4, PAGE(399) + 1, PAGE_BYTES);
	status(v, true, 4, 2, 2, (const uint32_t[][2]){ { PAGE_BYTES - 1, 0 }, { 1, 1 } });
	ask(v, 0, STATUS, 5, PAGE(400), PAGE_BYTES);
	status(v, true, 5, 2, 1, (const uint32_t[][2]){ { PAGE_BYTES, 1 } });
	ask(v, 0, STATUS, 6, 0, 400 * PAGE_BYTES);
	status(v, true, 6, 2, 1, (const uint32_t[][2]){ { 400 * PAGE_BYTES, 0 } });
	vacate_end(pools);
	ask(v, 0, STATUS, 7, 0, PAGES * PAGE_BYTES);
	status(v, true, 7, 2, 1, none);
	heard(v, SESSION_REQUEST);
}

DROP_TEST(two_contexts_are_two_chunks)
{
	flush(v->me, PAGE(0), PAGE(10));
	vacate_ask(v->me->m.pool->pools, 2);
	structured(v, CONTEXT_ALLOCATION | CONTEXT_VACATE);
	for (uint64_t i = 0; i < 3; i++) {
		ask(v, 0, STATUS, i, 0, PAGES * PAGE_BYTES);
		status(v, false, i, 1, 2, (const uint32_t[][2]){
			{ 10 * PAGE_BYTES, 3 }, { (PAGES - 10) * PAGE_BYTES, 0 } });
		status(v, true, i, 2, 2, (const uint32_t[][2]){
			{ (PAGES - 2) * PAGE_BYTES, 0 }, { 2 * PAGE_BYTES, 1 } });
	}
	ask(v, 0, STATUS, 9, PAGES * PAGE_BYTES, 1);
	say_error_chunk(&v->want, 9, 22);
	heard(v, SESSION_REQUEST);
}

DROP_TEST(a_write_that_is_refused_for_pressure)
{
	flush(v->me, PAGE(10), PAGE(20));
	v->me->m.pool->pools->refusing = true;
	say_write(v, 1, PAGE(9), 2 * PAGE_BYTES, 7);
	say_simple(&v->want, ENOSPC_, 1);
	say_write(v, 2, PAGE(9), PAGE_BYTES, 8);
	say_simple(&v->want, 0, 2);
	feed(v, 0);
	ask(v, NO_HOLE, ZEROES, 3, PAGE(10), PAGE_BYTES);
	say_simple(&v->want, ENOSPC_, 3);
	heard(v, SESSION_REQUEST);
	expect(v->me, 9, 8);
	expect(v->me, 10, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_reads_a_dropped_page),
		cmocka_unit_test(who_reads_a_dropped_page_in_chunks),
		cmocka_unit_test(dropped_before_its_reply_begins),
		cmocka_unit_test(dropped_before_its_chunks_begin),
		cmocka_unit_test(dropped_when_a_part_of_the_header_is_sent),
		cmocka_unit_test(dropped_when_the_header_is_sent),
		cmocka_unit_test(dropped_when_another_page_is_sent),
		cmocka_unit_test(dropped_when_all_but_a_byte_is_sent),
		cmocka_unit_test(dropped_when_a_part_of_a_chunk_is_sent),
		cmocka_unit_test(dropped_behind_what_is_left_to_send),
		cmocka_unit_test(dropped_at_any_byte_of_a_large_reply),
		cmocka_unit_test(writes),
		cmocka_unit_test(erasing),
		cmocka_unit_test(a_dropped_page_is_no_hole),
		cmocka_unit_test(what_is_wanted_back),
		cmocka_unit_test(two_contexts_are_two_chunks),
		cmocka_unit_test(a_write_that_is_refused_for_pressure),
	};

	return cmocka_run_group_tests_name("dropped pages", tests, NULL, NULL);
}
