/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools that outlive who had them: all that was promised about one stands. */
#include "fakestate.h"

/* As a process that is killed while it writes the label, and one that is killed right after. */
void __real_keep_label(struct pool *);
void __wrap_keep_label(struct pool *);
static bool foreign_by_then;

void __wrap_keep_label(struct pool *pool)
{
	foreign_by_then = atomic_load(pool_foreign(pool));
	__real_keep_label(pool);
}

/* Killed in between, the next lender still knows that somebody else wrote. */
TEST(who_wrote_is_forgotten_last)
{
	struct pools *pools = lend_kept(64);
	struct pool *pool = add(pools, "a", 64, false);
	struct body *b = body("plain");

	member_join(&b->m, pool);
	put(b, 9, 90);
	gone(b);
	b = claimed(pool, "me");
	assert_true(foreign_by_then);
	assert_int_equal(atomic_load(pool_foreign(pool)), 0);
	gone(b);
	lend_no_more(pools);
}

/* All of the pool's description but which process lends it. */
static void describe(struct pool *pool, char text[static WORDS_MAX])
{
	char *lender;

	pool_describe(pool, text);
	lender = strstr(text, " lender=");
	assert_non_null(lender);
	*lender = '\0';
}

TEST(everything_promised_stands)
{
	struct pools *pools = lend_kept(64);
	struct pool *pool = add(pools, "a", 64, false);
	char before[WORDS_MAX], after[WORDS_MAX], name[MEMBER_NAME_MAX];
	struct body *b = claimed(pool, "me");
	uint64_t epoch = b->m.epoch;

	assert_false(pool->kept);
	put(b, 3, 30);
	member_tell_name(&b->m, name);
	describe(pool, before);
	gone(b);
	lend_no_more(pools);

	pools = lend_kept(64);
	pool = add(pools, "a", 64, false);
	assert_true(pool->kept);
	describe(pool, after);
	assert_string_equal(after, before);
	assert_null(join(pool, name)); /* tickets are lost */
	b = claimed(pool, "me");
	expect(b, 3, 30);
	expect(b, 4, 0);
	assert_true(told(pool, "since=") == epoch && b->m.epoch == epoch + 1);
	gone(b);
	lend_no_more(pools);
}

TEST(another_instance_is_told_apart)
{
	left(false);
	struct pools *pools = lend_kept(64);
	struct pool *pool = add(pools, "a", 64, false);
	struct body *b = claimed(pool, "other");

	assert_true(told(pool, "since=") == b->m.epoch);
	gone(b);
	lend_no_more(pools);
}

TEST(the_owner_learns_of_a_plain_writer)
{
	left(false);
	struct pools *pools = lend_kept(64);
	struct pool *pool = add(pools, "a", 64, false);
	struct body *b = body("plain");
	uint64_t since = told(pool, "since=");

	member_join(&b->m, pool);
	put(b, 9, 90);
	gone(b);
	lend_no_more(pools);

	pools = lend_kept(64);
	pool = add(pools, "a", 64, false);
	assert_true(told(pool, "since=") == since);
	b = claimed(pool, "me");
	assert_true(told(pool, "since=") == b->m.epoch);
	gone(b);
	b = claimed(pool, "me"); /* and only once */
	assert_true(told(pool, "since=") == b->m.epoch - 1);
	gone(b);
	lend_no_more(pools);
}

TEST(what_it_holds_is_counted)
{
	left(true);
	struct pools *pools = lend_kept(3);
	struct body *b = body("b");

	member_join(&b->m, add(pools, "a", 64, true));
	assert_true(told(b->m.pool, "used=") == PAGE(2));
	assert_int_equal(put(b, 7, 1), 0);
	assert_int_equal(put(b, 8, 1), -1);
	flush(b, 0, PAGE(64));
	assert_true(pools->granted_pages == 0);
	gone(b);
	lend_no_more(pools);
}

TEST(it_may_have_grown_meanwhile)
{
	left(false);
	for (int round = 0; round < 2; round++) {
		struct pools *pools = lend_kept(100);
		struct body *b = body("b");

		member_join(&b->m, add(pools, "a", 100, false));
		assert_true(told(b->m.pool, "size=") == PAGE(100));
		expect(b, 5, 50);
		expect(b, 99, round ? 99 : 0);
		put(b, 99, 99);
		gone(b);
		lend_no_more(pools);
	}
}

TEST(a_removed_pool_is_not_found)
{
	struct pools *pools = lend_kept(64);
	char words[WORDS_MAX];

	assert_int_equal(pool_remove(add(pools, "a", 64, false), words), 0);
	assert_null(find("a"));
	assert_false(add(pools, "a", 64, false)->kept);
	lend_no_more(pools);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEEP_UNIT(who_wrote_is_forgotten_last),
		KEEP_UNIT(everything_promised_stands),
		KEEP_UNIT(another_instance_is_told_apart),
		KEEP_UNIT(the_owner_learns_of_a_plain_writer),
		KEEP_UNIT(what_it_holds_is_counted),
		KEEP_UNIT(it_may_have_grown_meanwhile),
		KEEP_UNIT(a_removed_pool_is_not_found),
	};

	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
