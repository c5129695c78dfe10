/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims of a pool, and whom they fence. */
#include "claim_fixture.h"

#include <inttypes.h>

TEST(every_claim_raises_the_epoch)
{
	uint64_t before = told(pool, "epoch=");

	for (int i = 1; i <= 5; i++) {
		struct body *b = claim(i % 2 ? "a" : "b", true);

		assert_true(b->m.epoch == before + (uint64_t)i);
		assert_true(told(pool, "epoch=") == b->m.epoch);
		assert_true(b->m.owner);
		assert_false(b->m.client.read_only);
		gone(b);
	}
}

TEST(a_claim_fences_all_that_were_there)
{
	struct body *p = plain(), *a = claim("a", false);
	struct body *e = joined(a), *q = plain();

	assert_int_equal(p->fenced, 1);
	assert_int_equal(a->fenced + e->fenced + q->fenced, 0);
	assert_true(fenced(p));
	assert_false(fenced(a) || fenced(e) || fenced(q));
	struct body *b = claim("a", false);
	assert_int_equal(a->fenced, 1);
	assert_int_equal(e->fenced, 1);
	assert_int_equal(q->fenced, 1);
	assert_true(fenced(a) && fenced(e) && fenced(q) && fenced(p));
	assert_false(fenced(b));
	assert_int_equal(b->fenced, 0);
	gone(p), gone(a), gone(e), gone(q), gone(b);
}

TEST(a_fenced_member_changes_nothing)
{
	struct body *a = claim("a", false), *b;
	uint64_t offset = 0;

	put(a, 3, 1);
	b = claim("b", true);
	put(b, 4, 2);
	errno = 0;
	assert_int_equal(member_enter(&a->m), -1);
	assert_int_equal(errno, ESTALE);
	errno = 0;
	assert_int_equal(member_discard(&a->m, &offset, PAGE(64), 64), -1);
	assert_int_equal(errno, ESTALE);
	errno = 0;
	assert_int_equal(member_settle(&a->m, &offset, PAGE(64), 64), -1);
	assert_int_equal(errno, ESTALE);
	assert_true(offset == 0);
	expect(b, 3, 1);
	expect(b, 4, 2);
	gone(a);
	expect(b, 4, 2);
	gone(b);
}

TEST(a_claim_voids_the_tickets_before_it)
{
	struct body *a = claim("a", false), *b;
	char name[MEMBER_NAME_MAX], newer[MEMBER_NAME_MAX + 24];

	member_tell_name(&a->m, name);
	b = claim("b", true);
	assert_null(join(pool, name));
	/* Its epoch is no secret. */
	snprintf(newer, sizeof newer, "p@%" PRIu64 "%s", b->m.epoch, strchr(name, '.'));
	assert_null(join(pool, newer));
	gone(a), gone(b);
}

TEST(who_wrote_while_there_was_no_owner_may_not_beside_one)
{
	char name[MEMBER_NAME_MAX];
	struct body *a = claim("a", false), *p, *again;
	uint64_t offset = 0;

	put(a, 3, 1);
	member_tell_name(&a->m, name);
	gone(a);
	p = plain();
	assert_false(p->m.client.read_only);
	again = join(pool, name);
	assert_non_null(again);
	errno = 0;
	assert_int_equal(put(p, 3, 2), -1);
	assert_int_equal(errno, EPERM);
	errno = 0;
	assert_int_equal(member_discard(&p->m, &offset, PAGE(64), 64), -1);
	assert_int_equal(errno, EPERM);
	expect(again, 3, 1);
	gone(p), gone(again);
}

TEST(the_same_instance_may_always_claim_again)
{
	struct body *a = claim("a", false), *b = claim("a", false), *c;

	assert_true(b->m.epoch == a->m.epoch + 1);
	gone(a);
	c = claim("a", false);
	gone(b), gone(c);
	gone(claim("a", false));
}

TEST(another_instance_is_refused_while_the_owner_lives)
{
	struct body *a = body("here"), *b = body("b");
	char words[WORDS_MAX] = "", year[] = "since 2";

	assert_int_equal(member_claim(&a->m, pool, "owner-1", false, words), 0);
	uint64_t epoch = told(pool, "epoch="), since = told(pool, "since=");

	assert_int_equal(member_claim(&b->m, pool, "other", false, words), -1);
	assert_non_null(strstr(words, "pool p "));
	assert_non_null(strstr(words, "from here")); /* its peer */
	assert_null(strstr(words, "owner-1"));       /* what claiming again takes */
	assert_non_null(strstr(words, year));
	assert_non_null(strstr(words, "&force"));
	assert_null(b->m.pool);
	assert_int_equal(a->fenced, 0);
	assert_false(fenced(a));
	assert_true(told(pool, "epoch=") == epoch);
	assert_true(told(pool, "since=") == since);
	gone(a), gone(b);
}

TEST(half_an_instance_is_another)
{
	char all[POOL_INSTANCE_MAX + 1], part[POOL_INSTANCE_MAX + 1];
	struct body *a;

	memset(all, 'x', POOL_INSTANCE_MAX);
	all[POOL_INSTANCE_MAX] = '\0';
	a = claim(all, false);
	for (unsigned n = 1; n <= POOL_INSTANCE_MAX; n++) {
		memcpy(part, all, sizeof part);
		part[n - 1] = 'y';
		assert_true(refused(part));
		part[n - 1] = '\0';
		assert_true(n == 1 || refused(part));
	}
	gone(a);
	gone(claim("x", false));
	a = claim("x", false);
	assert_true(refused("xx"));
	gone(a);
}

TEST(any_of_its_connections_keeps_an_owner_alive)
{
	struct body *a = claim("a", false), *e = joined(a);

	gone(a);
	assert_true(refused("b"));
	gone(e);
	assert_false(refused("b"));
}

TEST(a_fenced_connection_keeps_nobody_alive)
{
	struct body *old = claim("a", false);

	gone(claim("a", false));
	assert_false(refused("b"));
	gone(old);
}

TEST(a_plain_member_stops_no_claim)
{
	struct body *p = plain();

	assert_false(refused("a"));
	assert_int_equal(p->fenced, 1);
	gone(p);
}

TEST(force_takes_a_pool_away)
{
	struct body *a = claim("a", false), *b = claim("b", true);

	assert_int_equal(a->fenced, 1);
	assert_true(fenced(a));
	assert_true(refused("a"));
	gone(a), gone(b);
}

TEST(a_silent_owner_keeps_its_pool_until_another_claims_it)
{
	struct body *a = claim("a", false), *again = claim("a", false), *p, *b;
	struct body *e = joined(again);
	uint64_t since = told(pool, "since=");

	gone(a);
	put(again, 1, 1);
	again->silent = 15;
	assert_true(refused("b")); /* the other connection is heard */
	e->silent = 100;
	p = plain();
	assert_true(p->m.client.read_only);
	assert_int_equal(again->fenced, 0);
	e->silent = 0;
	assert_true(refused("b")); /* it is back */
	e->silent = 16;
	b = claim("b", false);
	assert_true(fenced(again) && fenced(e) && fenced(p));
	assert_true(told(pool, "since=") == b->m.epoch && b->m.epoch > since);
	gone(p), gone(again), gone(e), gone(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_UNIT(every_claim_raises_the_epoch),
		POOL_UNIT(a_claim_fences_all_that_were_there),
		POOL_UNIT(a_fenced_member_changes_nothing),
		POOL_UNIT(a_claim_voids_the_tickets_before_it),
		POOL_UNIT(who_wrote_while_there_was_no_owner_may_not_beside_one),
		POOL_UNIT(the_same_instance_may_always_claim_again),
		POOL_UNIT(a_silent_owner_keeps_its_pool_until_another_claims_it),
		POOL_UNIT(another_instance_is_refused_while_the_owner_lives),
		POOL_UNIT(half_an_instance_is_another),
		POOL_UNIT(any_of_its_connections_keeps_an_owner_alive),
		POOL_UNIT(a_fenced_connection_keeps_nobody_alive),
		POOL_UNIT(a_plain_member_stops_no_claim),
		POOL_UNIT(force_takes_a_pool_away),
	};

	return cmocka_run_group_tests_name("a pool's members", tests, NULL, NULL);
}
