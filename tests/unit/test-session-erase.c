/* SPDX-License-Identifier: BSD-2-Clause */
/* TRIM and WRITE_ZEROES, which come in slices, so that other connections have
 * their turn between. */
#include "serve_fixture.h"

#define SLICE REQUEST_TURN_PAGES
#define PAGES (3 * SLICE + 100)

static struct pools *pools;
static struct serve *v;

static int setup(void **state)
{
	(void)state;
	pools = lend(PAGES);
	v = serve_begin(add(pools, "p", PAGES, false));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	serve_end(v);
	lend_no_more(pools);
	return 0;
}

static uint64_t used_pages(void)
{
	return told(v->me->m.pool, "used=") / PAGE_BYTES;
}

static void put_all(void)
{
	uint8_t data[PAGE_BYTES];

	memset(data, 0xdd, sizeof data);
	assert_int_equal(member_enter(&v->me->m), 0);
	for (uint64_t page = 0; page < PAGES; page++)
		assert_int_equal(member_put(&v->me->m, PAGE(page), sizeof data, data), 0);
	member_exit(&v->me->m);
}

/* Feed one request and stop where the connection would. */
static void begin(uint16_t flags, uint16_t type, uint64_t offset, uint32_t length)
{
	struct wire w = {0};

	say_request(&w, flags, type, 1, offset, length);
	say_request(&w, 0, FLUSH, 2, 0, 0);
	assert_int_equal(member_enter(&v->me->m), 0);
	assert_int_equal(session_feed(&v->s, w.byte, w.len), 28);
	member_exit(&v->me->m);
	assert_int_equal(v->s.state, SESSION_ERASE);
	assert_int_equal(replies_owed(&v->s.replies), 0);
	wire_free(&w);
}

static void finished(uint32_t error)
{
	say_simple(&v->want, error, 1);
	heard(v, SESSION_REQUEST);
}

TEST(a_large_trim_comes_in_slices)
{
	put_all();
	begin(0, TRIM, 0, PAGES * PAGE_BYTES);
	for (uint64_t left = PAGES; left; ) {
		assert_int_equal(v->s.state, SESSION_ERASE);
		assert_int_equal(replies_owed(&v->s.replies), 0);
		assert_int_equal(erase(v), 0);
		assert_in_range(left - used_pages(), 1, SLICE);
		left = used_pages();
	}
	finished(0);
}

/* It is no work to speak of, but many of them are. */
TEST(a_trim_of_what_is_not_there_is_counted)
{
	struct pools *huge = lend(1 << 20);
	struct serve *w = serve_begin(add(huge, "h", 1 << 20, false));
	uint64_t turn = REQUEST_TURN_PAGES;

	say_request(&w->in, 0, TRIM, 1, 0, 0xfffff000);
	assert_int_equal(member_enter(&w->me->m), 0);
	assert_int_equal(session_feed(&w->s, w->in.byte, w->in.len), 28);
	member_exit(&w->me->m);
	w->in.len = 0;
	assert_int_equal(session_erase(&w->s, &turn), 0);
	assert_int_equal(w->s.state, SESSION_REQUEST);
	assert_in_range(turn, 1, REQUEST_TURN_PAGES - 200);
	serve_end(w);
	lend_no_more(huge);
}

/* The owner comes back in the middle: no fence, but an answer. */
TEST(who_may_only_look_from_now_on_is_told)
{
	put_all();
	begin(0, TRIM, 0, PAGES * PAGE_BYTES);
	assert_int_equal(erase(v), 0);
	v->me->m.client.read_only = true;
	uint64_t left = used_pages();
	assert_int_equal(erase(v), 0);
	assert_true(used_pages() == left);
	finished(1);
}

TEST(a_trim_of_what_is_not_there_is_quick)
{
	put(v->me, PAGES - 1, 1);
	begin(0, TRIM, 0, PAGES * PAGE_BYTES);
	assert_int_equal(erase(v), 0);
	finished(0);
	assert_int_equal(used_pages(), 0);
}

/* Small ones share a turn: it is counted down by what they free, and by one at
 * least. */
TEST(a_turn_is_counted_down)
{
	uint64_t turn = 100;

	put_all();
	begin(0, TRIM, 0, 30 * PAGE_BYTES);
	assert_int_equal(session_erase(&v->s, &turn), 0);
	assert_int_equal(turn, 70);
	finished(0);
	begin(0, TRIM, 0, 30 * PAGE_BYTES); /* they are gone already */
	assert_int_equal(session_erase(&v->s, &turn), 0);
	assert_int_equal(turn, 69);
	finished(0);
	begin(NO_HOLE, ZEROES, 0, 32 * PAGE_BYTES);
	assert_int_equal(session_erase(&v->s, &turn), 0);
	assert_int_equal(turn, 37);
	finished(0);
	begin(0, ZEROES, 0, 50 * PAGE_BYTES);
	assert_int_equal(session_erase(&v->s, &turn), 0);
	assert_int_equal(turn, 0);
	assert_int_equal(v->s.state, SESSION_ERASE);
	turn = 100;
	assert_int_equal(session_erase(&v->s, &turn), 0);
	assert_int_equal(turn, 87);
	finished(0);
}

TEST(zeroes_make_holes)
{
	put_all();
	begin(0, ZEROES, 100, 3 * PAGE_BYTES);
	assert_int_equal(erase(v), 0);
	finished(0);
	assert_int_equal(used_pages(), PAGES - 2);
	uint8_t want[4 * PAGE_BYTES], got[4 * PAGE_BYTES];
	memset(want, 0xdd, sizeof want);
	memset(want + 100, 0, 3 * PAGE_BYTES);
	read_bytes(v->me, 0, sizeof got, got);
	assert_memory_equal(got, want, sizeof got);
}

TEST(zeroes_without_holes_keep_their_pages)
{
	uint64_t slices = 0;

	put(v->me, 1, 1);
	begin(NO_HOLE, ZEROES, PAGE_BYTES, (PAGES - 1) * PAGE_BYTES);
	for (uint64_t before = 1; v->s.state == SESSION_ERASE; slices++) {
		assert_int_equal(erase(v), 0);
		assert_true(used_pages() - before <= SLICE);
		before = used_pages();
	}
	finished(0);
	assert_int_equal(slices, 4);
	assert_int_equal(used_pages(), PAGES - 1);
	expect(v->me, 0, 0);
	uint8_t got[PAGE_BYTES], zero[PAGE_BYTES] = {0};
	for (uint64_t page = 1; page < PAGES; page += 97) {
		read_bytes(v->me, PAGE(page), sizeof got, got);
		assert_memory_equal(got, zero, sizeof got);
	}
}

TEST(zeroes_without_holes_at_any_offset)
{
	uint8_t want[40 * PAGE_BYTES], got[40 * PAGE_BYTES];
	const struct { uint32_t offset, length; } cases[] = {
		{ 0, 1 }, { 1, 4096 }, { 4095, 2 }, { 4097, 70000 }, { 65535, 65538 },
		{ 4096, 65536 }, { 0, 140000 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		put_all();
		begin(NO_HOLE, ZEROES, cases[i].offset, cases[i].length);
		assert_int_equal(erase(v), 0);
		finished(0);
		memset(want, 0xdd, sizeof want);
		memset(want + cases[i].offset, 0, cases[i].length);
		read_bytes(v->me, 0, sizeof got, got);
		assert_memory_equal(got, want, sizeof got);
	}
}

TEST(zeroes_that_do_not_fit)
{
	struct pools *few = lend(10);
	struct serve *t = serve_begin(add(few, "t", 100, true));

	put(t->me, 50, 1);
	say_request(&t->in, NO_HOLE, ZEROES, 1, 0, 100 * PAGE_BYTES);
	say_request(&t->in, 0, ZEROES, 2, 0, 100 * PAGE_BYTES);
	feed(t, 0);
	say_simple(&t->want, 28, 1);
	say_simple(&t->want, 0, 2);
	heard(t, SESSION_REQUEST);
	assert_int_equal(atomic_load(&few->granted_pages), 0);
	serve_end(t);
	lend_no_more(few);
}

TEST(what_follows_an_erase_comes_after_it)
{
	put(v->me, 0, 1);
	say_request(&v->in, 0, TRIM, 1, 0, PAGE_BYTES);
	say_write(v, 2, 0, PAGE_BYTES, 2);
	say_request(&v->in, 0, ZEROES, 3, PAGE_BYTES, PAGE_BYTES);
	say_request(&v->in, 0, DISC, 4, 0, 0);
	feed(v, 0);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		say_simple(&v->want, 0, cookie);
	heard(v, SESSION_ENDING);
	expect(v->me, 0, 2);
}

TEST(fenced_between_two_slices)
{
	const uint16_t flags[] = { 0, NO_HOLE };

	for (size_t i = 0; i < COUNT(flags); i++) {
		struct serve *s = serve_begin(v->me->m.pool), *mine = v;
		struct body *owner = body("owner");
		char words[WORDS_MAX];

		v = s;
		put_all();
		begin(flags[i], ZEROES, 0, PAGES * PAGE_BYTES);
		assert_int_equal(erase(v), 0);
		assert_int_equal(member_claim(&owner->m, v->me->m.pool, "o", true, words), 0);
		uint64_t left = used_pages();
		assert_int_equal(erase(v), -1);
		assert_int_equal(used_pages(), left);
		uint8_t got[PAGE_BYTES], want[PAGE_BYTES];
		memset(want, 0xdd, sizeof want);
		read_bytes(owner, PAGE(PAGES - 1), sizeof got, got);
		assert_memory_equal(got, want, sizeof got);
		assert_int_equal(replies_owed(&v->s.replies), 0);
		serve_end(s);
		gone(owner);
		v = mine;
	}
}

/* What another one sees between two slices, or an owner after a claim there. */
TEST(no_page_is_left_half_erased_between_slices)
{
	uint8_t got[PAGE_BYTES], zero[PAGE_BYTES] = {0}, full[PAGE_BYTES];

	memset(full, 0xdd, sizeof full);
	put_all();
	begin(NO_HOLE, ZEROES, 100, (PAGES - 1) * PAGE_BYTES);
	assert_int_equal(erase(v), 0);
	assert_int_equal(v->s.state, SESSION_ERASE);
	for (uint64_t page = 1; page < PAGES - 1; page++) {
		read_bytes(v->me, PAGE(page), sizeof got, got);
		assert_true(memcmp(got, zero, sizeof got) == 0 ||
		            memcmp(got, full, sizeof got) == 0);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_large_trim_comes_in_slices),
		T(a_trim_of_what_is_not_there_is_counted),
		T(who_may_only_look_from_now_on_is_told),
		T(a_trim_of_what_is_not_there_is_quick),
		T(a_turn_is_counted_down),
		T(zeroes_make_holes),
		T(zeroes_without_holes_keep_their_pages),
		T(zeroes_without_holes_at_any_offset),
		T(zeroes_that_do_not_fit),
		T(what_follows_an_erase_comes_after_it),
		T(fenced_between_two_slices),
		T(no_page_is_left_half_erased_between_slices),
	};

	return cmocka_run_group_tests_name("erasing", tests, NULL, NULL);
}
