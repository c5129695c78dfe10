/* SPDX-License-Identifier: BSD-2-Clause */
/* A session that agreed on structured replies: READ in chunks, BLOCK_STATUS. */
#include "serve_fixture.h"

#include "chunk.h"

enum { STATUS = 7, DF = 4, REQ_ONE = 8, FAST = 16 };

#define PAGES 256u

static uint8_t bytes[PAGES * PAGE_BYTES];

/* A pool of which FIRST .. FIRST + N are there, each of its own bytes. */
static void have(struct serve *v, uint64_t first, uint64_t n)
{
	for (uint64_t page = first; page < first + n; page++) {
		put(v->me, page, page);
		fill(bytes + page * PAGE_BYTES, PAGE_BYTES, page);
	}
}

static struct serve *begin(struct pools *pools)
{
	struct serve *v = serve_begin(add(pools, "p", PAGES, false));

	memset(bytes, 0, sizeof bytes);
	v->s.terms.structured = true;
	v->s.terms.contexts = CONTEXT_ALLOCATION;
	return v;
}

#define CHUNK_TEST(name) SERVE_TEST_ON(name, PAGES, begin)

static void data(struct serve *v, bool done, uint64_t cookie, uint64_t offset, size_t n)
{
	say_data(&v->want, done, cookie, offset, bytes + offset, n);
}

CHUNK_TEST(what_is_there_is_one_chunk)
{
	have(v, 0, 8);
	ask(v, 0, READ, 7, 0, PAGE_BYTES);
	data(v, true, 7, 0, PAGE_BYTES);
	ask(v, 0, READ, 8, 100, 5 * PAGE_BYTES);
	data(v, true, 8, 100, 5 * PAGE_BYTES);
	ask(v, DF, READ, 9, 4095, 2);
	data(v, true, 9, 4095, 2);
	heard(v, SESSION_REQUEST);
}

CHUNK_TEST(what_is_not_there_is_a_hole)
{
	ask(v, 0, READ, 1, PAGE(3), PAGE_BYTES);
	say_hole(&v->want, true, 1, PAGE(3), PAGE_BYTES);
	ask(v, 0, READ, 2, PAGE(3) + 5, 1);
	say_hole(&v->want, true, 2, PAGE(3) + 5, 1);
	ask(v, 0, READ, 3, 0, PAGES * PAGE_BYTES);
	say_hole(&v->want, true, 3, 0, PAGES * PAGE_BYTES);
	heard(v, SESSION_REQUEST);
}

CHUNK_TEST(do_not_fragment)
{
	have(v, 20, 1);
	ask(v, DF, READ, 1, 0, 64 * PAGE_BYTES);
	data(v, true, 1, 0, 64 * PAGE_BYTES);
	ask(v, DF, READ, 2, PAGE(3), PAGE_BYTES);
	data(v, true, 2, PAGE(3), PAGE_BYTES);
	heard(v, SESSION_REQUEST);
}

/* From byte 5 of a page that is there: there, a long hole, there, a short one,
 * there, a long one. */
CHUNK_TEST(long_holes_within_what_is_there)
{
	have(v, 2, 2);
	have(v, 30, 1);
	have(v, 33, 1);
	ask(v, 0, READ, 1, PAGE(2) + 5, 98 * PAGE_BYTES);
	data(v, false, 1, PAGE(2) + 5, 2 * PAGE_BYTES - 5);
	say_hole(&v->want, false, 1, PAGE(4), 26 * PAGE_BYTES);
	data(v, false, 1, PAGE(30), 4 * PAGE_BYTES);
	say_hole(&v->want, true, 1, PAGE(34), 66 * PAGE_BYTES + 5);
	heard(v, SESSION_REQUEST);
}

CHUNK_TEST(it_begins_with_a_hole_and_ends_with_data)
{
	have(v, 16, 1);
	ask(v, 0, READ, 1, 0, 17 * PAGE_BYTES);
	say_hole(&v->want, false, 1, 0, 16 * PAGE_BYTES);
	data(v, true, 1, PAGE(16), PAGE_BYTES);
	/* 15 pages are too short to be told. */
	ask(v, 0, READ, 2, PAGE(1), 16 * PAGE_BYTES);
	data(v, true, 2, PAGE(1), 16 * PAGE_BYTES);
	heard(v, SESSION_REQUEST);
}

/* Runs of one page: after some the rest is data, though a hole ends it. */
CHUNK_TEST(how_far_a_read_is_looked_at)
{
	for (uint64_t page = 0; page < CHUNK_RUNS_MAX + 2; page += 2)
		have(v, page, 1);
	ask(v, 0, READ, 1, 0, PAGES * PAGE_BYTES);
	data(v, true, 1, 0, PAGES * PAGE_BYTES);
	/* One run less, and it is found. */
	ask(v, 0, READ, 2, PAGE(3), (PAGES - 3) * PAGE_BYTES);
	data(v, false, 2, PAGE(3), (CHUNK_RUNS_MAX + 1 - 3) * PAGE_BYTES);
	say_hole(&v->want, true, 2, PAGE(CHUNK_RUNS_MAX + 1),
	         (PAGES - CHUNK_RUNS_MAX - 1) * PAGE_BYTES);
	heard(v, SESSION_REQUEST);
}

/* How long a chunk is was said already when its pages come and go. */
CHUNK_TEST(a_reply_is_as_long_as_it_began)
{
	struct wire got = {0};

	have(v, 0, 32);
	ask(v, 0, READ, 1, 0, 64 * PAGE_BYTES);
	data(v, false, 1, 0, 32 * PAGE_BYTES);
	say_hole(&v->want, true, 1, PAGE(32), 32 * PAGE_BYTES);
	assert_int_equal(take(v, 1000, &got), 1000);
	uint64_t at = PAGE(16);
	assert_int_equal(member_discard(&v->me->m, &at, PAGE(20), 100), 4);
	put(v->me, 40, 40);
	while (take(v, 777, &got))
		;
	assert_int_equal(got.len, v->want.len);
	memset(v->want.byte + 28 + PAGE(16), 0, 4 * PAGE_BYTES);
	assert_memory_equal(got.byte, v->want.byte, got.len);
	wire_free(&got);
}

CHUNK_TEST(errors)
{
	ask(v, 0, READ, 1, PAGES * PAGE_BYTES, 1);
	say_error_chunk(&v->want, 1, 22);
	ask(v, REQ_ONE, READ, 2, 0, 1);
	say_error_chunk(&v->want, 2, 22);
	ask(v, 0, READ, 3, 0, (32 << 20) + 1);
	say_error_chunk(&v->want, 3, 22);
	ask(v, 0, STATUS, 4, 0, 0);
	say_error_chunk(&v->want, 4, 22);
	ask(v, 0, STATUS, 5, PAGE(1), PAGES * PAGE_BYTES);
	say_error_chunk(&v->want, 5, 22);
	/* Of others, and of what is not known, simple ones. */
	ask(v, 0, TRIM, 6, PAGES * PAGE_BYTES, 1);
	say_simple(&v->want, 22, 6);
	ask(v, 0, 8, 7, 0, 1);
	say_simple(&v->want, 22, 7);
	ask(v, FAST | NO_HOLE, ZEROES, 8, 0, PAGE_BYTES);
	say_simple(&v->want, 95, 8);
	heard(v, SESSION_REQUEST);
}

CHUNK_TEST(fast_zeroes)
{
	have(v, 0, 4);
	ask(v, FAST, ZEROES, 1, PAGE(1), 2 * PAGE_BYTES);
	say_simple(&v->want, 0, 1);
	heard(v, SESSION_REQUEST);
	assert_true(v->me->m.pool->used_pages == 2);
}

static void status(struct serve *v, uint64_t cookie, unsigned n, const uint32_t (*extent)[2])
{
	say_chunk(&v->want, true, 5, cookie, 4 + 8 * n);
	say(&v->want, 4, 1);
	for (unsigned i = 0; i < n; i++) {
		say(&v->want, 4, extent[i][0]);
		say(&v->want, 4, extent[i][1]);
	}
}

CHUNK_TEST(block_status)
{
	const uint32_t all[][2] = { { 2 * PAGE_BYTES, 3 }, { PAGE_BYTES, 0 },
	                            { PAGE_BYTES, 3 }, { 2 * PAGE_BYTES, 0 },
	                            { 250 * PAGE_BYTES, 3 } };
	const uint32_t part[][2] = { { PAGE_BYTES - 1, 0 }, { 1, 3 } };

	have(v, 2, 1);
	have(v, 4, 2);
	ask(v, 0, STATUS, 1, 0, PAGES * PAGE_BYTES);
	status(v, 1, 5, all);
	ask(v, REQ_ONE, STATUS, 2, 0, PAGES * PAGE_BYTES);
	status(v, 2, 1, all);
	ask(v, 0, STATUS, 3, PAGE(2) + 1, PAGE_BYTES);
	status(v, 3, 2, part);
	ask(v, REQ_ONE | FUA, STATUS, 4, PAGE(2) + 1, 5);
	status(v, 4, 1, (const uint32_t[][2]){ { 5, 0 } });
	heard(v, SESSION_REQUEST);
}

CHUNK_TEST(more_extents_than_one_answer_tells)
{
	uint32_t extent[CHUNK_EXTENTS_MAX][2];

	for (uint64_t page = 0; page < PAGES; page += 2)
		have(v, page, 1);
	for (unsigned i = 0; i < CHUNK_EXTENTS_MAX; i++) {
		extent[i][0] = PAGE_BYTES;
		extent[i][1] = i % 2 ? 3 : 0;
	}
	ask(v, 0, STATUS, 1, 0, PAGES * PAGE_BYTES);
	status(v, 1, CHUNK_EXTENTS_MAX, (const uint32_t(*)[2])extent);
	heard(v, SESSION_REQUEST);
}

/* In pieces of any length, with others before and behind. */
CHUNK_TEST(the_stream_is_right_in_pieces)
{
	have(v, 20, 3);
	for (size_t step = 1; step < 300; step += 7) {
		struct wire got = {0};

		for (uint64_t i = 0; i < 3; i++) {
			ask(v, 0, STATUS, i, 0, 40 * PAGE_BYTES);
			status(v, i, 3, (const uint32_t[][2]){ { 20 * PAGE_BYTES, 3 },
			                                       { 3 * PAGE_BYTES, 0 },
			                                       { 17 * PAGE_BYTES, 3 } });
			ask(v, 0, FLUSH, i, 0, 0);
			say_simple(&v->want, 0, i);
			ask(v, 0, READ, i, PAGE(20) + 4000, 200);
			data(v, true, i, PAGE(20) + 4000, 200);
			ask(v, 0, READ, i, PAGES * PAGE_BYTES, 1);
			say_error_chunk(&v->want, i, 22);
		}
		while (take(v, step, &got))
			;
		assert_int_equal(got.len, v->want.len);
		assert_memory_equal(got.byte, v->want.byte, got.len);
		assert_int_equal(v->s.replies.bytes.len, 0);
		v->want.len = 0;
		wire_free(&got);
	}
}

/* A client that only asks: it is not heard any more, and what it is owed has an
 * end; when it takes its replies, all of them come. */
static void ask_on(struct serve *v, unsigned n, uint16_t type, uint32_t length, size_t each)
{
	struct wire got = {0};
	size_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		say_request(&v->in, 0, type, i, 0, length);
	say_bytes(&v->kept, v->in.byte, v->in.len);
	v->in.len = 0;
	for (unsigned turns = 0; v->kept.len; turns++) {
		size_t used;

		assert_true(turns < 100000);
		member_enter(&v->me->m);
		used = session_feed(&v->s, v->kept.byte, v->kept.len);
		member_exit(&v->me->m);
		memmove(v->kept.byte, v->kept.byte + used, v->kept.len - used);
		v->kept.len -= used;
		assert_true(session_full(&v->s) || v->kept.len == 0);
		assert_true(replies_owed(&v->s.replies) < SESSION_OWED_MAX + PAGES);
		assert_true(v->s.replies.bytes.len < SESSION_BYTES_MAX + 1024);
		if (replies_owed(&v->s.replies) > 1 && type == STATUS)
			assert_true(v->s.replies.bytes.len - each < v->s.room);
		for (; !session_light(&v->s); got.len = 0)
			sum += take(v, SIZE_MAX, &got);
	}
	for (; replies_owed(&v->s.replies); got.len = 0)
		sum += take(v, SIZE_MAX, &got);
	assert_int_equal(sum, n * each);
	wire_free(&got);
}

CHUNK_TEST(who_asks_for_status_on_and_on)
{
	for (uint64_t page = 0; page < PAGES; page += 2)
		put(v->me, page, page);
	ask_on(v, 3000, STATUS, PAGES * PAGE_BYTES, 20 + 4 + 8 * CHUNK_EXTENTS_MAX);
}

/* There is not always so much room, and with none at all one reply is still owed. */
CHUNK_TEST(who_asks_for_status_when_room_is_scarce)
{
	const size_t rooms[] = { 0, 1, 600, 5000, 100000 };

	for (uint64_t page = 0; page < PAGES; page += 2)
		put(v->me, page, page);
	for (size_t i = 0; i < COUNT(rooms); i++) {
		v->s.room = rooms[i];
		ask_on(v, 300, STATUS, PAGES * PAGE_BYTES, 20 + 4 + 8 * CHUNK_EXTENTS_MAX);
		replies_free(&v->s.replies);
	}
}

/* What is looked for is counted, so that one who asks much at once has the others served
 * in between. */
CHUNK_TEST(a_turn_ends_among_requests_that_are_looked_into)
{
	size_t used;

	for (unsigned i = 0; i < 20; i++)
		say_request(&v->in, 0, i % 2 ? READ : STATUS, i, 0, PAGE_BYTES);
	v->s.turn = 2 * (REQUEST_STATUS_PAGES + REQUEST_READ_PAGES) + 1;
	member_enter(&v->me->m);
	used = session_feed(&v->s, v->in.byte, v->in.len);
	assert_int_equal(used, 5 * NBD_REQUEST_BYTES);
	assert_int_equal(v->s.turn, 0);
	assert_int_equal(session_feed(&v->s, v->in.byte + used, v->in.len - used), 0);
	v->s.turn = 100;
	assert_int_equal(session_feed(&v->s, v->in.byte + used, v->in.len - used),
	                 15 * NBD_REQUEST_BYTES);
	member_exit(&v->me->m);
	v->in.len = 0;
}

CHUNK_TEST(who_reads_holes_on_and_on)
{
	for (uint64_t page = 0; page < PAGES; page += 17)
		put(v->me, page, page);
	/* 16 pages of data and 15 holes in 240 pages. */
	ask_on(v, 400, READ, 255 * PAGE_BYTES, 15 * (28 + PAGE_BYTES + 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_one_chunk),
		cmocka_unit_test(what_is_not_there_is_a_hole),
		cmocka_unit_test(do_not_fragment),
		cmocka_unit_test(long_holes_within_what_is_there),
		cmocka_unit_test(it_begins_with_a_hole_and_ends_with_data),
		cmocka_unit_test(how_far_a_read_is_looked_at),
		cmocka_unit_test(a_reply_is_as_long_as_it_began),
		cmocka_unit_test(errors),
		cmocka_unit_test(fast_zeroes),
		cmocka_unit_test(block_status),
		cmocka_unit_test(more_extents_than_one_answer_tells),
		cmocka_unit_test(the_stream_is_right_in_pieces),
		cmocka_unit_test(who_asks_for_status_on_and_on),
		cmocka_unit_test(who_asks_for_status_when_room_is_scarce),
		cmocka_unit_test(a_turn_ends_among_requests_that_are_looked_into),
		cmocka_unit_test(who_reads_holes_on_and_on),
	};

	return cmocka_run_group_tests_name("chunks", tests, NULL, NULL);
}
