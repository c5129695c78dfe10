/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages that the host wants back: which are asked for, and which are dropped. */
#include "pool_fixture.h"

static struct pools *pools;
static struct pool *a, *b, *c;
static struct body *in_a, *in_b, *in_c;

/* a is revocable, b is not, c is thin and revocable. */
static int setup(void **state)
{
	(void)state;
	pools = lend(100000);
	a = add_revocable(pools, "a", 1000, false);
	b = add(pools, "b", 10000, false);
	c = add_revocable(pools, "c", 20000, true);
	in_a = body("a");
	in_b = body("b");
	in_c = body("c");
	member_join(&in_a->m, a);
	member_join(&in_b->m, b);
	member_join(&in_c->m, c);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gone(in_a);
	gone(in_b);
	gone(in_c);
	lend_no_more(pools);
	return 0;
}

static void put_all(struct body *who, uint64_t first, uint64_t end, uint64_t step)
{
	for (uint64_t page = first; page < end; page += step)
		assert_int_equal(put(who, page, page + 1), 0);
}

static uint64_t from(struct body *who)
{
	return member_vacate(&who->m) >> PAGE_SHIFT;
}

static bool nothing_asked(struct body *who)
{
	return member_vacate(&who->m) == UINT64_MAX;
}

static uint64_t used(struct pool *pool)
{
	return told(pool, "used=") >> PAGE_SHIFT;
}

TEST(nothing_is_asked_of_empty_pools)
{
	overdue(pools, 1000);
	assert_true(nothing_asked(in_a) && nothing_asked(in_b) && nothing_asked(in_c));
	assert_int_equal(vacate_asked(pools), 0);
	assert_int_equal(vacate_drop(pools, 1000), 0);
}

TEST(to_the_page_from_the_end)
{
	put_all(in_a, 0, 1000, 1);
	vacate_ask(pools, 1);
	assert_int_equal(from(in_a), 999);
	vacate_ask(pools, 300);
	assert_int_equal(from(in_a), 700);
	assert_int_equal(vacate_asked(pools), 300);
	vacate_ask(pools, 299); /* no less */
	assert_int_equal(from(in_a), 700);
	vacate_ask(pools, 5000);
	assert_int_equal(from(in_a), 0);
	assert_int_equal(vacate_asked(pools), 1000);
	vacate_end(pools);
	assert_true(nothing_asked(in_a));
	assert_int_equal(vacate_asked(pools), 0);
}

TEST(holes_do_not_count)
{
	put_all(in_a, 1, 1000, 10);
	vacate_ask(pools, 3);
	assert_int_equal(from(in_a), 971);
	assert_int_equal(vacate_asked(pools), 3);
}

TEST(in_proportion_to_what_they_hold)
{
	put_all(in_a, 0, 100, 1);
	put_all(in_b, 0, 300, 1);
	put_all(in_c, 0, 600, 1);
	vacate_ask(pools, 100);
	assert_int_equal(from(in_a), 90);
	assert_int_equal(from(in_b), 270);
	assert_int_equal(from(in_c), 540);
	vacate_ask(pools, 1000);
	assert_int_equal(from(in_a) + from(in_b) + from(in_c), 0);
}

TEST(what_is_flushed_has_been_given_back)
{
	put_all(in_a, 0, 1000, 1);
	vacate_ask(pools, 300);
	flush(in_a, PAGE(900), PAGE(1000));
	assert_int_equal(vacate_asked(pools), 200);
	assert_int_equal(pools->counts.vacated, 100);
	flush(in_a, PAGE(0), PAGE(10)); /* it was not asked for */
	assert_int_equal(vacate_asked(pools), 200);
	assert_int_equal(pools->counts.vacated, 100);
	flush(in_a, PAGE(600) + 1, PAGE(801) - 1); /* across the edge */
	assert_int_equal(vacate_asked(pools), 100);
	assert_int_equal(pools->counts.vacated, 200);
	assert_int_equal(used(a), 1000 - 100 - 10 - 199);
	expect(in_a, 599, 600);
	expect(in_a, 601, 0);
	expect(in_a, 799, 0);
	flush(in_a, 0, PAGE(1000));
	assert_int_equal(vacate_asked(pools), 0);
	assert_int_equal(used(a), 0);
}

TEST(in_a_pool_of_many_holes_it_takes_several_calls)
{
	put_all(in_c, 0, 20000, 2);
	put_all(in_b, 0, 10000, 2);
	unsigned calls = 0;

	for (; vacate_asked(pools) < 15000; calls++) {
		assert_true(calls < 100);
		vacate_ask(pools, 15000);
	}
	assert_int_equal(vacate_asked(pools), 15000);
	assert_int_equal(from(in_b) + from(in_c), 0);
}

TEST(only_what_was_asked_for_a_whole_deadline_is_dropped)
{
	put_all(in_a, 0, 1000, 1);
	vacate_ask(pools, 100);
	assert_int_equal(vacate_drop(pools, 1000), 0);
	vacate_deadline(pools); /* begins */
	vacate_ask(pools, 200);
	assert_int_equal(vacate_drop(pools, 1000), 0);
	vacate_deadline(pools); /* is over, and another begins */
	assert_int_equal(vacate_drop(pools, 70), 70);
	assert_int_equal(vacate_drop(pools, 70), 30);
	assert_int_equal(vacate_drop(pools, 70), 0);
	assert_int_equal(vacate_asked(pools), 100);
	assert_int_equal(used(a), 900);
	for (uint64_t page = 0; page < 1000; page++)
		if (page < 900)
			expect(in_a, page, page + 1);
		else
			expect_dropped(in_a, page);
	vacate_deadline(pools);
	assert_int_equal(vacate_drop(pools, 1000), 100);
	assert_int_equal(pools->counts.dropped, 200);
	assert_int_equal(vacate_asked(pools), 0);
	/* That it is over brings nothing back, and the next time it counts anew. */
	vacate_end(pools);
	expect_dropped(in_a, 999);
	vacate_ask(pools, 10);
	assert_int_equal(from(in_a), 790);
	assert_int_equal(vacate_drop(pools, 1000), 0);
}

TEST(a_pool_that_is_asked_later_has_its_time_too)
{
	put_all(in_a, 0, 1000, 1);
	vacate_ask(pools, 10);
	vacate_deadline(pools);
	put_all(in_c, 0, 1000, 1);
	vacate_ask(pools, 400);
	vacate_deadline(pools);
	assert_int_equal(vacate_drop(pools, 1000), 10);
	assert_int_equal(vacate_drop(pools, 1000), 0);
	assert_int_equal(used(c), 1000);
	vacate_deadline(pools);
	while (vacate_drop(pools, 1000))
		;
	assert_int_equal(used(a) + used(c), 2000 - 10 - 390);
}

TEST(nothing_is_dropped_from_who_did_not_agree)
{
	put_all(in_b, 0, 1000, 1);
	overdue(pools, 1000);
	assert_int_equal(vacate_drop(pools, 1000), 0);
	for (uint64_t page = 0; page < 1000; page++)
		expect(in_b, page, page + 1);
}

TEST(who_was_asked_for_most_is_dropped_from_first)
{
	put_all(in_a, 0, 100, 1);
	put_all(in_c, 0, 300, 1);
	overdue(pools, 400);
	for (int i = 0; i < 4; i++)
		assert_int_equal(vacate_drop(pools, 50), 50);
	assert_int_equal(used(c), 100);
	assert_int_equal(used(a), 100);
	while (vacate_drop(pools, 50))
		;
	assert_int_equal(used(a) + used(c), 0);
}

TEST(a_thin_pool_gives_back_what_it_was_granted)
{
	uint64_t granted = pools->granted_pages;

	put_all(in_c, 0, 100, 2);
	overdue(pools, 20);
	assert_int_equal(vacate_drop(pools, 1000), 20);
	assert_int_equal(pools->granted_pages, granted + 30);
	/* To put such a page is to put one that is not there. */
	assert_int_equal(put(in_c, 98, 7), 0);
	assert_int_equal(pools->granted_pages, granted + 31);
	expect(in_c, 98, 7);
	expect(in_c, 97, 0);
	expect_dropped(in_c, 96);
}

/* member_put()'s result: its errno, or 0. */
static int put_bytes(uint64_t offset, size_t len, const uint8_t *data)
{
	assert_int_equal(member_enter(&in_a->m), 0);
	errno = 0;
	int r = member_put(&in_a->m, offset, len, data) < 0 ? errno : 0;
	member_exit(&in_a->m);
	return r;
}

/* A dropped page is no other page than before to who puts or flushes it whole; and it
 * stays dropped for who has only a part. */
TEST(how_a_dropped_page_comes_back)
{
	uint8_t data[2 * PAGE_BYTES];
	uint64_t at;

	fill(data, sizeof data, 5);
	put_all(in_a, 0, 1000, 1);
	overdue(pools, 1000);
	assert_int_equal(vacate_drop(pools, 1000), 1000);
	vacate_end(pools);

	assert_int_equal(put_bytes(PAGE(1), PAGE_BYTES - 1, data), EIO);
	assert_int_equal(put_bytes(PAGE(1) + 1, PAGE_BYTES - 1, data), EIO);
	assert_int_equal(put_bytes(PAGE(2) + 1, PAGE_BYTES, data), EIO);
	assert_int_equal(put_bytes(PAGE(4), PAGE_BYTES, data), 0);
	expect_dropped(in_a, 1);
	expect_dropped(in_a, 2);
	expect_dropped(in_a, 3);
	expect(in_a, 4, 5);

	at = PAGE(5) + 1;
	assert_int_equal(member_discard(&in_a->m, &at, PAGE(6) - 1, 100), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(at, PAGE(6) - 1);
	at = PAGE(7) - 1;
	assert_int_equal(member_discard(&in_a->m, &at, PAGE(9) + 1, 100), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(at, PAGE(9) + 1);
	expect_dropped(in_a, 5);
	expect_dropped(in_a, 6);
	expect(in_a, 7, 0);
	expect(in_a, 8, 0);
	expect_dropped(in_a, 9);
	flush(in_a, 0, PAGE(1000));
	for (uint64_t page = 0; page < 1000; page++)
		expect(in_a, page, 0);
}

TEST(while_it_refuses)
{
	put_all(in_a, 0, 10, 1);
	put_all(in_b, 0, 10, 1);
	put_all(in_c, 0, 10, 1);
	overdue(pools, 30);
	assert_int_equal(vacate_drop(pools, 1), 1);
	atomic_store(&pools->refusing, true);
	struct body *const all[] = { in_a, in_b, in_c };
	for (size_t i = 0; i < COUNT(all); i++) {
		errno = 0;
		assert_int_equal(put(all[i], 500, 1), -1);
		assert_int_equal(errno, ENOSPC);
		expect(all[i], 500, 0);
		assert_int_equal(put(all[i], 9, 77), 0);
		expect(all[i], 9, 77);
	}
	assert_int_equal(pools->counts.refused_pressure, 3);
	assert_int_equal(pools->counts.refused_lend, 0);
	/* A dropped page is not there, and refusing does not make it zeros. */
	assert_int_equal(put(in_a, 0, 1), -1);
	expect_dropped(in_a, 0);
	atomic_store(&pools->refusing, false);
	assert_int_equal(put(in_a, 0, 1), 0);
	expect(in_a, 0, 1);
}

TEST(a_pool_that_grows_and_one_that_goes)
{
	char words[WORDS_MAX];

	put_all(in_a, 0, 1000, 1);
	overdue(pools, 1000);
	assert_int_equal(vacate_drop(pools, 1000), 1000);
	vacate_end(pools);
	assert_int_equal(pool_grow(a, PAGE(2000), words), 0);
	expect_dropped(in_a, 999);
	expect(in_a, 1000, 0);
	assert_int_equal(put(in_a, 1999, 3), 0);
	vacate_ask(pools, 1);
	assert_int_equal(from(in_a), 1999);
	member_leave(&in_a->m);
	assert_int_equal(pool_remove(a, words), 0);
	assert_int_equal(vacate_asked(pools), 0);
}

/* A call goes through no more of it than it may, and the next one goes on. */
TEST(few_pages_in_a_pool_that_looks_very_large)
{
	const uint64_t many = UINT64_C(1) << 29;
	struct pools *small = lend(20);
	struct body *me = body("me");
	const struct pool_spec spec = { .name = "p", .size = PAGE(many), .thin = true,
	                                .revocable = true };
	char words[WORDS_MAX];
	unsigned asks = 0, drops = 0;

	if (pool_add(small, &spec, words) < 0) {
		gone(me);
		lend_no_more(small);
		skip(); /* valgrind has not so many addresses */
	}
	member_join(&me->m, pool_find(small, "p"));
	for (uint64_t page = 3; page < 13; page++)
		put(me, page, page);
	for (; vacate_asked(small) < 10 && asks < 100; asks++)
		vacate_ask(small, 10);
	assert_in_range(asks, 2, 20);
	vacate_deadline(small);
	vacate_deadline(small);
	for (; told(me->m.pool, "used=") && drops < 100; drops++)
		vacate_drop(small, 4);
	assert_in_range(drops, 3, 20);
	for (uint64_t page = 3; page < 13; page++)
		expect_dropped(me, page);
	expect(me, 2, 0);
	gone(me);
	lend_no_more(small);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_is_asked_of_empty_pools),
		T(to_the_page_from_the_end),
		T(holes_do_not_count),
		T(in_proportion_to_what_they_hold),
		T(what_is_flushed_has_been_given_back),
		T(in_a_pool_of_many_holes_it_takes_several_calls),
		T(only_what_was_asked_for_a_whole_deadline_is_dropped),
		T(a_pool_that_is_asked_later_has_its_time_too),
		T(nothing_is_dropped_from_who_did_not_agree),
		T(who_was_asked_for_most_is_dropped_from_first),
		T(a_thin_pool_gives_back_what_it_was_granted),
		T(how_a_dropped_page_comes_back),
		T(while_it_refuses),
		T(a_pool_that_grows_and_one_that_goes),
		cmocka_unit_test(few_pages_in_a_pool_that_looks_very_large),
	};

	return cmocka_run_group_tests_name("vacate", tests, NULL, NULL);
}
