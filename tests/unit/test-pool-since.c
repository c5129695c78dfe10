/* SPDX-License-Identifier: BSD-2-Clause */
/* "since": the epoch since which nobody but the owner wrote. An owner that
 * finds it changed takes its pages for lost, so it must change whenever a page
 * may have, and must not change for nothing. */
#include "pool_fixture.h"

static struct pools *pools;
static struct pool *pool;

static int setup(void **state)
{
	(void)state;
	pools = lend(64);
	pool = add(pools, "p", 64, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lend_no_more(pools);
	return 0;
}

static struct body *claim(const char *instance)
{
	struct body *b = body(instance);
	char words[WORDS_MAX];

	assert_int_equal(member_claim(&b->m, pool, instance, true, words), 0);
	return b;
}

/* INSTANCE comes, says what since is, and is gone again. */
static uint64_t since(const char *instance)
{
	struct body *b = claim(instance);
	uint64_t n = told(pool, "since=");

	gone(b);
	return n;
}

static struct body *plain(void)
{
	struct body *b = body("plain");

	member_join(&b->m, pool);
	return b;
}

TEST(the_first_claim_begins_anew)
{
	uint64_t before = told(pool, "epoch=");

	assert_true(since("a") == before + 1);
}

TEST(it_stays_while_the_same_instance_claims)
{
	uint64_t first = since("a");

	for (int i = 0; i < 10; i++)
		assert_true(since("a") == first);
	assert_true(told(pool, "epoch=") == first + 10);
}

TEST(it_stays_whatever_the_owner_writes)
{
	struct body *a = claim("a"), *e = joined(a);
	uint64_t first = told(pool, "since=");

	put(a, 1, 1);
	put(e, 2, 2);
	flush(a, 0, PAGE(2));
	flush(e, 0, PAGE(3));
	gone(a), gone(e);
	assert_true(since("a") == first);
}

TEST(another_instance_changes_it)
{
	uint64_t first = since("a"), second = since("b"), third = since("a");

	assert_true(first < second);
	assert_true(second < third);
	assert_true(third == told(pool, "epoch="));
}

TEST(a_plain_put_changes_it_once)
{
	uint64_t first = since("a"), second;
	struct body *p = plain();

	put(p, 1, 1);
	gone(p);
	second = since("a");
	assert_true(second > first);
	assert_true(since("a") == second);
}

TEST(a_plain_flush_changes_it)
{
	uint64_t first = since("a");
	struct body *p = plain();

	flush(p, 0, PAGE(1));
	gone(p);
	assert_true(since("a") > first);
}

TEST(a_plain_writer_that_is_still_there_changes_it)
{
	uint64_t first = since("a");
	struct body *p = plain();

	put(p, 1, 1);
	assert_true(since("a") > first);
	gone(p);
}

TEST(a_plain_reader_does_not)
{
	uint64_t first = since("a");
	struct body *p = plain();

	expect(p, 1, 0);
	gone(p);
	assert_true(since("a") == first);
}

TEST(a_plain_reader_beside_the_owner_does_not)
{
	struct body *a = claim("a"), *p = plain();
	uint64_t first = told(pool, "since=");

	put(a, 1, 1);
	expect(p, 1, 1);
	gone(a), gone(p);
	assert_true(since("a") == first);
}

TEST(a_plain_write_before_the_first_claim_is_not_held_against_it)
{
	struct body *p = plain();
	uint64_t first;

	put(p, 1, 1);
	gone(p);
	first = since("a");
	assert_true(since("a") == first);
}

TEST(a_refused_claim_does_not)
{
	struct body *a = claim("a"), *b = body("b");
	uint64_t first = told(pool, "since=");
	char words[WORDS_MAX];

	assert_int_equal(member_claim(&b->m, pool, "b", false, words), -1);
	gone(b), gone(a);
	assert_true(since("a") == first);
}

/* Its bytes were refused, so they changed nothing. */
TEST(a_fenced_plain_writer_does_not)
{
	struct body *p = plain(), *a = claim("a");
	uint64_t first = told(pool, "since="), offset = 0;

	assert_int_equal(member_discard(&p->m, &offset, PAGE(64), 64), -1);
	gone(p), gone(a);
	assert_true(since("a") == first);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_first_claim_begins_anew),
		T(it_stays_while_the_same_instance_claims),
		T(it_stays_whatever_the_owner_writes),
		T(another_instance_changes_it),
		T(a_plain_put_changes_it_once),
		T(a_plain_flush_changes_it),
		T(a_plain_writer_that_is_still_there_changes_it),
		T(a_plain_reader_does_not),
		T(a_plain_reader_beside_the_owner_does_not),
		T(a_plain_write_before_the_first_claim_is_not_held_against_it),
		T(a_refused_claim_does_not),
		T(a_fenced_plain_writer_does_not),
	};

	return cmocka_run_group_tests_name("a pool's since", tests, NULL, NULL);
}
