/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool's pages, and what they count against. Who may touch them is in test-pool-claim. */
#include "pool_fixture.h"

#include "memfd.h"

static const struct origin nowhere;

static uint64_t used(const struct body *b)
{
	return atomic_load(&b->m.pool->used_pages);
}

static uint64_t granted(const struct pools *pools)
{
	return atomic_load(&pools->granted_pages);
}

TEST(pages_are_put_and_got_and_counted)
{
	struct body *b = sole(8);

	assert_int_equal(put(b, 3, 1), 0);
	assert_int_equal(put(b, 3, 2), 0);
	assert_int_equal(put(b, 7, 3), 0);
	expect(b, 3, 2);
	expect(b, 7, 3);
	expect(b, 0, 0);
	assert_int_equal(used(b), 2);
	assert_int_equal(told(b->m.pool, "used="), 2 * PAGE_BYTES);
	assert_int_equal(told(b->m.pool, "size="), 8 * PAGE_BYTES);
	flush(b, 0, PAGE(8));
	assert_int_equal(used(b), 0);
	expect(b, 3, 0);
	sole_gone(b);
}

TEST(any_offset_and_length_as_a_plain_array_says)
{
	enum { PAGES = 6, BYTES = PAGES * (int)PAGE_BYTES };
	static uint8_t model[BYTES], data[BYTES], got[BYTES];
	struct body *b = sole(PAGES);
	uint64_t seed = 5;

	memset(model, 0, sizeof model);
	for (uint64_t i = 1; i <= 4000; i++) {
		uint64_t near = dice_below(&seed, PAGES + 1) * PAGE_BYTES + dice_below(&seed, 5);
		uint64_t offset = dice_below(&seed, 2) ? dice_below(&seed, BYTES)
		                                       : near < 2 ? 0 : (near - 2) % BYTES;
		size_t len = 1 + (size_t)dice_below(&seed, BYTES - offset);

		if (dice_below(&seed, 3)) {
			fill(data, len, i);
			memcpy(model + offset, data, len);
			assert_int_equal(member_enter(&b->m), 0);
			assert_int_equal(member_put(&b->m, offset, len, data), 0);
			member_exit(&b->m);
		} else {
			memset(model + offset, 0, len);
			flush(b, offset, offset + len);
		}
		read_bytes(b, 0, BYTES, got);
		assert_memory_equal(got, model, BYTES);
	}
	sole_gone(b);
}

TEST(a_flush_frees_whole_pages_and_zeros_parts)
{
	struct body *b = sole(8);

	for (uint64_t page = 0; page < 8; page++)
		put(b, page, page + 1);
	flush(b, PAGE(1) + 1, PAGE(6) - 1);
	assert_int_equal(used(b), 8 - 3);
	expect(b, 2, 0);
	expect(b, 4, 0);
	expect(b, 0, 1);
	expect(b, 6, 7);
	sole_gone(b);
}

TEST(zeroing_a_part_of_an_absent_page_costs_nothing)
{
	struct body *b = sole(8);

	flush(b, 10, 20);
	flush(b, PAGE(1) + 5, PAGE(3) + 5);
	assert_int_equal(used(b), 0);
	for (uint64_t page = 0; page < 4; page++)
		expect(b, page, 0);
	sole_gone(b);
}

TEST(a_flush_comes_in_slices)
{
	struct body *b = sole(100);
	uint64_t offset = 100, turns = 0;

	for (uint64_t page = 0; page < 100; page++)
		put(b, page, 1);
	for (; offset < PAGE(99) + 100; turns++) {
		uint64_t before = used(b);
		int64_t freed = member_discard(&b->m, &offset, PAGE(99) + 100, 10);

		assert_in_range(freed, 0, 10);
		assert_int_equal(before - used(b), freed);
	}
	assert_in_range(turns, 10, 11);
	assert_true(offset == PAGE(99) + 100);
	assert_int_equal(used(b), 2);
	sole_gone(b);
}

TEST(a_reserved_pool_takes_its_size_from_what_is_lent)
{
	struct pools *pools = lend(100);
	char words[WORDS_MAX] = "";

	add(pools, "a", 60, false);
	assert_int_equal(granted(pools), 60);
	assert_int_equal(pool_add(pools, &(struct pool_spec){ .name = "b", .size = PAGE(41), .thin = false }, words), -1);
	assert_non_null(strstr(words, "pool b"));
	assert_non_null(strstr(words, "lend"));
	assert_null(pool_find(pools, "b"));
	assert_int_equal(granted(pools), 60);
	add(pools, "b", 40, false);
	assert_int_equal(granted(pools), 100);
	assert_int_equal(pool_add(pools, &(struct pool_spec){ .name = "c", .size = PAGE(1), .thin = false }, words), -1);
	lend_no_more(pools);
}

TEST(a_removed_pool_gives_its_share_back)
{
	struct pools *pools = lend(100);
	char words[WORDS_MAX] = "";
	struct body *b = body("b");

	member_join(&b->m, add(pools, "thin", 1000, true));
	for (uint64_t page = 0; page < 30; page++)
		put(b, page, 1);
	assert_int_equal(granted(pools), 30);
	gone(b);
	assert_int_equal(pool_remove(pool_find(pools, "thin"), words), 0);
	assert_int_equal(granted(pools), 0);
	assert_int_equal(pool_remove(add(pools, "whole", 100, false), words), 0);
	assert_int_equal(granted(pools), 0);
	lend_no_more(pools);
}

TEST(a_pool_in_use_is_not_removed)
{
	struct body *b = sole(8);
	char words[WORDS_MAX] = "";

	put(b, 1, 1);
	assert_false(pool_idle(b->m.pool));
	assert_int_equal(pool_remove(b->m.pool, words), -1);
	assert_non_null(strstr(words, "in use"));
	expect(b, 1, 1);
	sole_gone(b);
}

TEST(a_reserved_put_is_never_refused)
{
	struct pools *pools = lend(20);
	struct body *thin = body("thin"), *whole = body("whole");

	member_join(&whole->m, add(pools, "whole", 12, false));
	member_join(&thin->m, add(pools, "thin", 100, true));
	for (uint64_t page = 0; page < 8; page++)
		assert_int_equal(put(thin, page, page + 1), 0);
	assert_int_equal(put(thin, 8, 9), -1);
	assert_int_equal(errno, ENOSPC);
	for (uint64_t page = 0; page < 12; page++)
		assert_int_equal(put(whole, page, page + 1), 0);
	gone(thin);
	gone(whole);
	lend_no_more(pools);
}

TEST(lend_holds_to_the_page)
{
	struct pools *pools = lend(10);
	struct body *b = body("b"), *c = body("c");

	member_join(&b->m, add(pools, "b", 100, true));
	member_join(&c->m, add(pools, "c", 100, true));
	for (uint64_t page = 0; page < 6; page++)
		assert_int_equal(put(b, page, 1), 0);
	for (uint64_t page = 0; page < 4; page++)
		assert_int_equal(put(c, page, 1), 0);
	assert_int_equal(put(c, 50, 1), -1);
	assert_int_equal(put(b, 50, 1), -1);
	assert_int_equal(put(b, 5, 2), 0); /* over itself it fits */
	flush(c, 0, PAGE(1));
	assert_int_equal(put(b, 50, 1), 0);
	assert_int_equal(put(c, 0, 1), -1);
	assert_int_equal(granted(pools), 10);
	gone(b);
	gone(c);
	lend_no_more(pools);
}

TEST(a_page_that_did_not_fit_is_flushed_and_the_rest_is_new)
{
	struct pools *pools = lend(3);
	struct body *b = body("b");
	static uint8_t data[5 * PAGE_BYTES];

	member_join(&b->m, add(pools, "b", 100, true));
	put(b, 1, 1);
	put(b, 4, 2);
	fill(data, PAGE_BYTES, 10);
	for (size_t i = 1; i < 5; i++)
		memcpy(data + i * PAGE_BYTES, data, PAGE_BYTES);
	assert_int_equal(member_enter(&b->m), 0);
	errno = 0;
	assert_int_equal(member_put(&b->m, 0, sizeof data, data), -1);
	assert_int_equal(errno, ENOSPC);
	member_exit(&b->m);
	expect(b, 0, 10); /* the one page that there was room for */
	expect(b, 1, 10); /* there before: new now, whatever became of others */
	expect(b, 2, 0);
	expect(b, 3, 0);
	expect(b, 4, 10);
	assert_int_equal(granted(pools), 3);
	gone(b);
	lend_no_more(pools);
}

TEST(a_part_that_did_not_fit_is_zeros)
{
	struct pools *pools = lend(1);
	struct body *b = body("b");
	uint8_t one = 1;

	member_join(&b->m, add(pools, "b", 100, true));
	put(b, 0, 1);
	assert_int_equal(member_enter(&b->m), 0);
	assert_int_equal(member_put(&b->m, PAGE(2) + 77, 1, &one), -1);
	member_exit(&b->m);
	expect(b, 2, 0);
	gone(b);
	lend_no_more(pools);
}

TEST(growing)
{
	struct pools *pools = lend(20);
	struct body *b = body("b");
	char words[WORDS_MAX] = "";
	struct pool *pool = add(pools, "b", 8, false);

	member_join(&b->m, pool);
	put(b, 7, 1);
	assert_int_equal(pool_grow(pool, PAGE(21), words), -1);
	assert_non_null(strstr(words, "lend"));
	assert_int_equal(pool->size, PAGE(8));
	assert_int_equal(granted(pools), 8);
	assert_int_equal(pool_grow(pool, PAGE(20), words), 0);
	assert_int_equal(pool->size, PAGE(20));
	assert_int_equal(granted(pools), 20);
	expect(b, 7, 1);
	assert_int_equal(put(b, 19, 2), 0);
	expect(b, 19, 2);
	gone(b);
	lend_no_more(pools);
}

/* A removed pool's share is for those that come in its place, though a thin one
 * is short of it at the same time. */
TEST(what_is_held_while_pools_change)
{
	struct pools *pools = lend(10);
	struct pool *old = add(pools, "old", 8, false), *kept = add(pools, "kept", 1, false);
	struct body *b = body("b");
	char words[WORDS_MAX];

	member_join(&b->m, add(pools, "thin", 100, true));
	assert_int_equal(put(b, 0, 1), 0);
	assert_int_equal(put(b, 1, 1), -1);
	assert_false(pools_hold(pools, 1));
	assert_true(pools_hold(pools, 0));
	assert_int_equal(pool_remove(old, words), 0);
	assert_int_equal(put(b, 1, 1), -1);
	assert_int_equal(granted(pools), 10);
	add(pools, "new", 5, false);
	assert_int_equal(pool_grow(kept, PAGE(3), words), 0);
	assert_int_equal(pool_add(pools, &(struct pool_spec){ .name = "more", .size = PAGE(2), .thin = false }, words), -1);
	assert_int_equal(put(b, 1, 1), -1);
	pools_release(pools);
	assert_int_equal(granted(pools), 9);
	assert_int_equal(put(b, 1, 1), 0);
	assert_int_equal(put(b, 2, 1), -1);
	gone(b);
	lend_no_more(pools);
}

TEST(pools_are_found_by_name_and_the_first_by_none)
{
	struct pools *pools = lend(20);

	assert_null(pool_offered(pools, "", "", &nowhere));
	struct pool *a = add(pools, "a", 1, false), *b = add(pools, "b", 1, true);
	assert_ptr_equal(pool_find(pools, "a"), a);
	assert_ptr_equal(pool_find(pools, "b"), b);
	assert_ptr_equal(pool_offered(pools, "", "", &nowhere), a);
	assert_null(pool_find(pools, "A"));
	assert_null(pool_find(pools, "ab"));
	lend_no_more(pools);
}

TEST(half_an_identity_is_not_admitted)
{
	const char *const others[] = { NULL, "", "a", "alic", "alice.b", "lice", "Alice", "bob" };
	const struct pool_spec spec = { .name = "p", .size = PAGE(8), .owner = "alice" };
	struct pools *pools = lend(8);
	char words[WORDS_MAX];

	assert_int_equal(pool_add(pools, &spec, words), 0);
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_false(pool_admits(pool_find(pools, "p"), others[i], &nowhere));
		assert_null(pool_offered(pools, "p", others[i], &nowhere));
		assert_null(pool_offered(pools, "", others[i], &nowhere));
	}
	assert_true(pool_admits(pool_find(pools, "p"), "alice", &nowhere));
	assert_non_null(pool_offered(pools, "p", "alice", &nowhere));
	lend_no_more(pools);
}

TEST(a_size_for_which_there_is_no_address_space)
{
	struct pools *pools = lend(20);
	char words[WORDS_MAX] = "";

	assert_int_equal(pool_add(pools, &(struct pool_spec){ .name = "huge", .size = UINT64_C(1) << 62, .thin = true }, words), -1);
	assert_non_null(strstr(words, "pool huge: no memory"));
	assert_null(pool_find(pools, "huge"));
	assert_int_equal(granted(pools), 0);
	lend_no_more(pools);
}

/* So that others have their turn between: what one call does has a bound, however large
 * the pool is, and however few of its pages are there. */
TEST(the_memory_of_a_removed_pool_goes_back_bit_by_bit)
{
	struct pools *pools = lend(20000000);
	char words[WORDS_MAX] = "";
	struct body *b = body("b");
	uint64_t calls = 0;

	member_join(&b->m, add(pools, "full", 1000, true));
	for (uint64_t page = 0; page < 1000; page++)
		put(b, page, 1);
	gone(b);
	add(pools, "empty", 10000000, false);
	assert_int_equal(pool_remove(pool_find(pools, "full"), words), 0);
	assert_int_equal(pool_remove(pool_find(pools, "empty"), words), 0);
	assert_int_equal(granted(pools), 0);
	assert_null(pool_find(pools, "full"));
	add(pools, "full", 20, false); /* a new one has nothing to do with it */
	for (long left = held_pages(); pools_leaving(pools); calls++) {
		pools_sweep(pools, 100);
		assert_in_range(left - held_pages(), 0, 100);
		left = held_pages();
	}
	assert_in_range(calls, 10 + 10000000 / (100 * 4096), 60);
	assert_int_equal(held_pages(), 0);
	assert_int_equal(granted(pools), 20);
	assert_int_equal(pool_remove(pool_find(pools, "full"), words), 0);
	lend_no_more(pools);
	assert_int_equal(held_pages(), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_put_and_got_and_counted),
		cmocka_unit_test(any_offset_and_length_as_a_plain_array_says),
		cmocka_unit_test(a_flush_frees_whole_pages_and_zeros_parts),
		cmocka_unit_test(zeroing_a_part_of_an_absent_page_costs_nothing),
		cmocka_unit_test(a_flush_comes_in_slices),
		cmocka_unit_test(a_reserved_pool_takes_its_size_from_what_is_lent),
		cmocka_unit_test(a_removed_pool_gives_its_share_back),
		cmocka_unit_test(the_memory_of_a_removed_pool_goes_back_bit_by_bit),
		cmocka_unit_test(a_pool_in_use_is_not_removed),
		cmocka_unit_test(a_reserved_put_is_never_refused),
		cmocka_unit_test(lend_holds_to_the_page),
		cmocka_unit_test(a_page_that_did_not_fit_is_flushed_and_the_rest_is_new),
		cmocka_unit_test(a_part_that_did_not_fit_is_zeros),
		cmocka_unit_test(growing),
		cmocka_unit_test(what_is_held_while_pools_change),
		cmocka_unit_test(pools_are_found_by_name_and_the_first_by_none),
		cmocka_unit_test(half_an_identity_is_not_admitted),
		cmocka_unit_test(a_size_for_which_there_is_no_address_space),
	};

	return cmocka_run_group_tests_name("a pool's pages", tests, NULL, NULL);
}
