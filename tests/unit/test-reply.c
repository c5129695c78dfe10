/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of replies that are owed, and what one send gathers of them. */
#include "pool_fixture.h"
#include "wire.h"

#include "reply.h"

#define PAGES 1024u

static struct body *me;
static struct replies owed;
static struct wire want, got;
static struct { struct gather g; uint8_t behind[64]; } room;
#define g room.g

static int setup(void **state)
{
	(void)state;
	me = sole(PAGES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sole_gone(me);
	replies_free(&owed);
	wire_free(&want);
	wire_free(&got);
	return 0;
}

static void owe(uint64_t cookie, uint32_t error)
{
	assert_int_equal(replies_push(&owed, (struct reply){ .cookie = cookie,
	                 .code = (uint16_t)error }), 0);
	say_simple(&want, error, cookie);
}

/* Data whose bytes are not looked at here. */
static void owe_read(uint64_t cookie, uint64_t offset, uint32_t length)
{
	assert_int_equal(replies_push(&owed, (struct reply){ .cookie = cookie,
	                 .offset = offset, .length = length }), 0);
	say_simple(&want, 0, cookie);
}

/* Gather, check its form, and say that at most MAX bytes of it were sent. */
static size_t send_some(size_t max)
{
	size_t left = max, sum = 0;

	assert_int_equal(member_enter(&me->m), 0);
	assert_int_equal(replies_gather(&owed, &me->m.client, &g), 0);
	assert_true(g.vectors <= GATHER_VECTORS);
	for (unsigned i = 0; i < g.vectors; i++) {
		size_t n = g.vector[i].iov_len < left ? g.vector[i].iov_len : left;

		assert_true(g.vector[i].iov_len > 0);
		sum += g.vector[i].iov_len;
		say_bytes(&got, g.vector[i].iov_base, n);
		left -= n;
	}
	member_exit(&me->m);
	assert_true(sum == g.bytes);
	replies_sent(&owed, max - left);
	return max - left;
}

static void all_is_sent(void)
{
	assert_int_equal(replies_owed(&owed), 0);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.byte, want.byte, want.len);
	got.len = want.len = 0;
}

/* Pages 10..13 of 10's bytes and so on, 14..15 absent, and replies about them. */
static void owe_a_bit_of_everything(void)
{
	uint8_t data[6 * PAGE_BYTES] = {0};

	for (uint64_t page = 10; page < 14; page++) {
		put(me, page, page);
		fill(data + (page - 10) * PAGE_BYTES, PAGE_BYTES, page);
	}
	owe(1, 0);
	owe(2, 28);
	owe_read(3, PAGE(10), PAGE_BYTES);
	say_bytes(&want, data, PAGE_BYTES);
	owe(4, 22);
	owe_read(5, PAGE(13) + 4000, 200); /* across the edge of what is there */
	say_bytes(&want, data + 3 * PAGE_BYTES + 4000, 200);
	owe_read(6, PAGE(15) + 1, 1);
	say(&want, 1, 0);
	owe_read(7, PAGE(11) - 1, PAGE_BYTES + 2);
	say_bytes(&want, data + PAGE_BYTES - 1, PAGE_BYTES + 2);
	owe_read(8, PAGE(14), 300);
	say_bytes(&want, data + 4 * PAGE_BYTES, 300);
	owe(0xfedcba9876543210, 0);
}

TEST(nothing_owed_is_nothing_gathered)
{
	assert_int_equal(send_some(SIZE_MAX), 0);
	assert_int_equal(g.vectors, 0);
}

TEST(the_stream_is_right)
{
	owe_a_bit_of_everything();
	while (send_some(SIZE_MAX))
		;
	all_is_sent();
}

TEST(the_stream_is_right_in_pieces_of_any_length)
{
	for (size_t step = 1; step < 200; step++) {
		owe_a_bit_of_everything();
		while (send_some(step))
			;
		all_is_sent();
	}
	for (size_t step = 4000; step < 4120; step++) {
		owe_a_bit_of_everything();
		while (send_some(step))
			;
		all_is_sent();
	}
}

TEST(the_stream_is_right_when_cut_anywhere)
{
	for (size_t cut = 0;; cut++) {
		owe_a_bit_of_everything();
		size_t whole = want.len;
		assert_int_equal(send_some(cut), cut);
		while (send_some(SIZE_MAX))
			;
		all_is_sent();
		if (cut == whole)
			break;
	}
}

TEST(replies_are_owed_until_their_last_byte)
{
	owe(1, 0);
	owe(2, 0);
	assert_int_equal(replies_owed(&owed), 2);
	send_some(15);
	assert_int_equal(replies_owed(&owed), 2);
	send_some(1);
	assert_int_equal(replies_owed(&owed), 1);
	send_some(15);
	assert_int_equal(replies_owed(&owed), 1);
	send_some(1);
	all_is_sent();
}

TEST(data_comes_straight_from_the_store)
{
	size_t n = 3 * PAGE_BYTES;
	const uint8_t *data;

	for (uint64_t page = 10; page < 13; page++)
		put(me, page, page);
	owe_read(1, PAGE(10), 3 * PAGE_BYTES);
	assert_int_equal(member_enter(&me->m), 0);
	assert_int_equal(replies_gather(&owed, &me->m.client, &g), 0);
	assert_int_equal(g.vectors, 2);
	assert_int_equal(member_get(&me->m, PAGE(10), &n, &data), GOT_DATA);
	assert_ptr_equal(g.vector[1].iov_base, data);
	assert_int_equal(g.vector[1].iov_len, 3 * PAGE_BYTES);
	member_exit(&me->m);
}

/* What was not sent is gathered anew: as the page is then, at its new place. */
TEST(what_changed_meanwhile_is_sent_as_it_is_now)
{
	uint8_t data[PAGE_BYTES], zero[PAGE_BYTES] = {0};

	put(me, 10, 1);
	owe_read(1, PAGE(10), PAGE_BYTES);
	owe_read(2, PAGE(10), PAGE_BYTES);
	send_some(16 + PAGE_BYTES + 10);
	flush(me, PAGE(10), PAGE(11));
	while (send_some(SIZE_MAX))
		;
	fill(data, sizeof data, 1);
	want.len = 0;
	say_simple(&want, 0, 1);
	say_bytes(&want, data, PAGE_BYTES);
	say_simple(&want, 0, 2);
	say_bytes(&want, zero, PAGE_BYTES);
	all_is_sent();
}

TEST(headers_in_a_row_are_one_vector)
{
	for (uint64_t i = 0; i < 40; i++)
		owe(i, (uint32_t)i);
	assert_int_equal(send_some(SIZE_MAX), 40 * 16);
	assert_int_equal(g.vectors, 1);
	all_is_sent();
}

TEST(no_more_than_fits_into_one_send)
{
	for (uint64_t i = 0; i < 5000; i++)
		owe(i, 5);
	assert_int_equal(send_some(SIZE_MAX), sizeof g.headers);
	while (send_some(SIZE_MAX))
		;
	all_is_sent();
}

/* Chunks' headers are of several lengths, and none is written beyond the room. */
TEST(no_header_is_written_beyond_the_room)
{
	const size_t acks[] = { 1019, 1021, 1022, 1023 }, errors[] = { 3, 1, 1, 0 };
	static const uint8_t none[64];

	for (size_t k = 0; k < COUNT(acks); k++) {
		for (size_t i = 0; i < errors[k] + acks[k] + 1; i++)
			if (i < errors[k] || i == errors[k] + acks[k])
				replies_push_bytes(&owed, (struct reply){
					.kind = REPLY_BYTES, .code = 0x8001, .length = 6,
					.offset = UINT64_MAX, .done = true }, none);
			else
				replies_push(&owed, (struct reply){ .cookie = i });
		send_some(SIZE_MAX);
		assert_memory_equal(room.behind, none, sizeof none);
		while (send_some(SIZE_MAX))
			;
		assert_int_equal(replies_owed(&owed), 0);
		got.len = 0;
	}
}

TEST(as_many_vectors_as_there_are)
{
	uint8_t data[PAGE_BYTES];

	put(me, 0, 1);
	fill(data, sizeof data, 1);
	for (uint64_t i = 0; i < 1000; i++) {
		owe_read(i, 0, 10);
		say_bytes(&want, data, 10);
	}
	send_some(SIZE_MAX);
	assert_int_equal(g.vectors, GATHER_VECTORS);
	while (send_some(SIZE_MAX))
		;
	all_is_sent();
}

/* One page there, one not, and so on: each is a vector of its own. */
TEST(a_read_of_more_pieces_than_vectors)
{
	uint8_t data[PAGE_BYTES];

	owe_read(1, 0, PAGES * PAGE_BYTES);
	for (uint64_t page = 0; page < PAGES; page++) {
		memset(data, 0, sizeof data);
		if (page % 2) {
			put(me, page, page);
			fill(data, sizeof data, page);
		}
		say_bytes(&want, data, sizeof data);
	}
	while (send_some(SIZE_MAX))
		;
	all_is_sent();
}

TEST(zeros_without_end)
{
	static const uint8_t zero[PAGE_BYTES];

	for (uint64_t i = 0; i < 3; i++) {
		owe_read(i, 0, PAGES * PAGE_BYTES);
		for (uint64_t page = 0; page < PAGES; page++)
			say_bytes(&want, zero, PAGE_BYTES);
	}
	for (size_t n; (n = send_some(777777)) > 0; )
		assert_true(g.bytes <= GATHER_BYTES + (64 << 10));
	all_is_sent();
	assert_int_equal(told(me->m.pool, "used="), 0);
}

TEST(the_ring_grows_wherever_its_head_is)
{
	for (uint64_t ahead = 0; ahead < 130; ahead += 13) {
		for (uint64_t i = 0; i < ahead; i++)
			owe(i, 1);
		while (send_some(SIZE_MAX))
			;
		all_is_sent();
		for (uint64_t i = 0; i < 50 + 11 * ahead; i++)
			owe(i, 2);
		while (send_some(1000))
			;
		all_is_sent();
		replies_free(&owed);
	}
}

TEST(the_ring_does_not_grow_in_steady_state)
{
	uint32_t size = 0;

	for (uint64_t i = 0; i < 10000; i++) {
		owe(i, 0);
		owe(i, 0);
		if (i > 20)
			send_some(32);
		if (i == 100)
			size = owed.size;
	}
	assert_int_equal(owed.size, size);
	while (send_some(SIZE_MAX))
		;
	all_is_sent();
}

TEST(the_counts_may_wrap)
{
	for (uint32_t before = 0; before < 70; before += 7) {
		owe(0, 0);
		send_some(16);
		got.len = want.len = 0;
		owed.head = owed.tail = UINT32_MAX - before;
		for (uint64_t i = 0; i < 200; i++)
			owe(i, 3);
		assert_int_equal(replies_owed(&owed), 200);
		while (send_some(100))
			;
		all_is_sent();
		replies_free(&owed);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_owed_is_nothing_gathered),
		T(the_stream_is_right),
		T(the_stream_is_right_in_pieces_of_any_length),
		T(the_stream_is_right_when_cut_anywhere),
		T(replies_are_owed_until_their_last_byte),
		T(data_comes_straight_from_the_store),
		T(what_changed_meanwhile_is_sent_as_it_is_now),
		T(headers_in_a_row_are_one_vector),
		T(no_more_than_fits_into_one_send),
		T(no_header_is_written_beyond_the_room),
		T(as_many_vectors_as_there_are),
		T(a_read_of_more_pieces_than_vectors),
		T(zeros_without_end),
		T(the_ring_grows_wherever_its_head_is),
		T(the_ring_does_not_grow_in_steady_state),
		T(the_counts_may_wrap),
	};

	return cmocka_run_group_tests_name("replies", tests, NULL, NULL);
}
