/* SPDX-License-Identifier: BSD-2-Clause */
/* Epochs, tickets and incarnations of a pool, and plain members beside its owner. */
#include "claim_fixture.h"

TEST(a_ticket_lets_one_connection_in)
{
	struct body *a = claim("a", false), *e;
	char name[MEMBER_NAME_MAX], other[MEMBER_NAME_MAX];

	member_tell_name(&a->m, name);
	member_tell_name(&a->m, other);
	assert_string_not_equal(name, other);
	e = join(pool, name);
	assert_non_null(e);
	assert_true(e->m.owner);
	assert_false(e->m.client.read_only);
	put(e, 1, 1);
	expect(a, 1, 1);
	assert_null(join(pool, name));
	gone(joined(e));
	gone(a), gone(e);
	assert_null(join(pool, name));
	e = join(pool, other); /* also after all of them were gone */
	assert_non_null(e);
	gone(e);
	assert_null(join(pool, other));
}

TEST(no_other_ticket_does)
{
	struct body *a = claim("a", false);
	char name[MEMBER_NAME_MAX], words[WORDS_MAX], *digit;
	struct export e;

	snprintf(name, sizeof name, "p@%llu.%032d", (unsigned long long)a->m.epoch, 0);
	assert_null(join(pool, name)); /* what a slot without one holds */
	member_tell_name(&a->m, name);
	for (digit = strchr(name, '.') + 1; *digit; digit++) {
		char was = *digit;

		*digit = was == '0' ? '1' : '0';
		assert_null(join(pool, name));
		*digit = was;
	}
	assert_int_equal(export_parse(&e, name, strlen(name)), 0);
	assert_int_equal(member_may_join(pool, e.epoch + 1, &e.ticket, words), -1);
	assert_int_equal(member_may_join(pool, e.epoch - 1, &e.ticket, words), -1);
	gone(join(pool, name));
	gone(a);
}

TEST(many_tickets_void_the_oldest)
{
	struct body *a = claim("a", false);
	char name[3 * TICKETS_MAX][MEMBER_NAME_MAX];

	for (unsigned i = 0; i < COUNT(name); i++)
		member_tell_name(&a->m, name[i]);
	for (unsigned i = 0; i < COUNT(name); i++) {
		struct body *b = join(pool, name[i]);

		assert_int_equal(b != NULL, i >= 2 * TICKETS_MAX);
		if (b)
			gone(b);
	}
	gone(a);
}

TEST(a_newer_claim_voids_all_tickets)
{
	char name[100][MEMBER_NAME_MAX];

	for (unsigned i = 0; i < COUNT(name); i++) {
		struct body *a = claim(i % 3 ? "a" : "b", true);

		for (unsigned k = 0; k < i; k++)
			assert_null(join(pool, name[k]));
		member_tell_name(&a->m, name[i]);
		gone(a);
	}
	gone(join(pool, name[COUNT(name) - 1]));
}

TEST(a_fenced_owner_is_told_no_ticket_that_is_good)
{
	struct body *a = claim("a", false), *b = claim("b", true);
	char name[MEMBER_NAME_MAX];

	member_tell_name(&a->m, name);
	assert_null(join(pool, name));
	gone(a), gone(b);
}

TEST(tickets_are_void_once_a_plain_member_wrote)
{
	struct body *a = claim("a", false), *p;
	char name[MEMBER_NAME_MAX];

	member_tell_name(&a->m, name);
	gone(a);
	p = plain();
	put(p, 1, 1);
	assert_null(join(pool, name));
	gone(p);
	assert_null(join(pool, name));
	a = claim("a", false);
	assert_null(join(pool, name));
	gone(joined(a));
	gone(a);
}

TEST(epochs_and_incarnations_do_not_repeat)
{
	struct pools *others[20];
	char seen[20][33];
	uint64_t epoch[20];

	for (size_t i = 0; i < COUNT(others); i++) {
		others[i] = lend(1);
		struct pool *p = add(others[i], "p", 1, false);

		assert_int_equal(strlen(p->incarnation), 32);
		strcpy(seen[i], p->incarnation);
		epoch[i] = told(p, "epoch=");
		/* They only ever grow, as if each were a daemon started later. */
		assert_true(i == 0 || epoch[i] > epoch[i - 1] + 1);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
	}
	for (size_t i = 0; i < COUNT(others); i++)
		lend_no_more(others[i]);
}

TEST(an_incarnation_lasts_as_long_as_its_memory)
{
	char before[33], words[WORDS_MAX] = "", text[WORDS_MAX];

	strcpy(before, pool->incarnation);
	gone(claim("a", false));
	gone(claim("b", false));
	gone(plain());
	assert_int_equal(pool_grow(pool, PAGE(64), words), 0);
	assert_string_equal(pool->incarnation, before);
	pool_describe(pool, text);
	assert_int_equal(strncmp(text, "incarnation=", 12), 0);
	assert_int_equal(strncmp(text + 12, before, 32), 0);
}

static void lender_of(struct pool *p, char id[static 33])
{
	char text[WORDS_MAX], *at;

	pool_describe(p, text);
	at = strstr(text, " lender=");
	assert_non_null(at);
	assert_int_equal(strspn(at + 8, "0123456789abcdef"), 32);
	memcpy(id, at + 8, 33);
	assert_int_equal(id[32], '\0'); /* the last of all */
}

TEST(all_pools_of_a_process_have_one_lender)
{
	char first[33], second[33], words[WORDS_MAX];
	const struct pool_spec q = { .name = "q", .size = PAGE(1), .thin = true };
	struct pools others;

	lender_of(pool, first);
	assert_int_equal(pool_add(pool->pools, &q, words), 0);
	lender_of(pool_find(pool->pools, "q"), second);
	assert_string_equal(first, second);
	pools_init(&others, PAGE(1));
	assert_int_equal(pool_add(&others, &q, words), 0);
	lender_of(pool_find(&others, "q"), second);
	assert_string_not_equal(first, second);
	pools_free(&others);
}

TEST(a_plain_member_beside_a_living_owner_is_read_only)
{
	struct body *before = plain(), *a, *beside, *after;

	assert_false(before->m.client.read_only);
	a = claim("a", false);
	beside = plain();
	assert_true(beside->m.client.read_only);
	gone(a);
	assert_true(beside->m.client.read_only);
	after = plain();
	assert_false(after->m.client.read_only);
	gone(before), gone(beside), gone(after);
}

TEST(a_plain_member_beside_a_returning_owner_is_read_only)
{
	struct body *a = claim("a", false), *p, *e;
	char name[MEMBER_NAME_MAX];

	member_tell_name(&a->m, name);
	gone(a);
	p = plain();
	assert_false(p->m.client.read_only);
	e = join(pool, name);
	assert_non_null(e);
	assert_true(p->m.client.read_only);
	assert_int_equal(put(p, 1, 1), -1);
	assert_int_equal(errno, EPERM);
	expect(e, 1, 0);
	gone(p), gone(e);
}

TEST(a_reader_writes_nothing)
{
	struct body *a = claim("a", false), *p = plain();
	uint64_t offset = 0;

	put(a, 1, 1);
	errno = 0;
	assert_int_equal(put(p, 1, 2), -1);
	assert_int_equal(errno, EPERM);
	errno = 0;
	assert_int_equal(member_discard(&p->m, &offset, PAGE(64), 64), -1);
	assert_int_equal(errno, EPERM);
	expect(a, 1, 1);
	expect(p, 1, 1);
	gone(p), gone(a);
}

TEST(whether_there_is_an_owner)
{
	struct body *p = plain(), *a;

	assert_false(pool_owned(pool));
	a = claim("a", false);
	assert_true(pool_owned(pool));
	gone(a);
	assert_false(pool_owned(pool));
	gone(p);
}

TEST(leaving_twice_or_without_having_come)
{
	struct body *a = claim("a", false), *nobody = body("nobody");

	member_leave(&a->m);
	assert_null(a->m.pool);
	assert_true(pool_idle(pool));
	gone(a), gone(nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_UNIT(a_ticket_lets_one_connection_in),
		POOL_UNIT(no_other_ticket_does),
		POOL_UNIT(many_tickets_void_the_oldest),
		POOL_UNIT(a_newer_claim_voids_all_tickets),
		POOL_UNIT(a_fenced_owner_is_told_no_ticket_that_is_good),
		POOL_UNIT(tickets_are_void_once_a_plain_member_wrote),
		POOL_UNIT(epochs_and_incarnations_do_not_repeat),
		POOL_UNIT(an_incarnation_lasts_as_long_as_its_memory),
		POOL_UNIT(all_pools_of_a_process_have_one_lender),
		POOL_UNIT(a_plain_member_beside_a_living_owner_is_read_only),
		POOL_UNIT(a_plain_member_beside_a_returning_owner_is_read_only),
		POOL_UNIT(a_reader_writes_nothing),
		POOL_UNIT(whether_there_is_an_owner),
		POOL_UNIT(leaving_twice_or_without_having_come),
	};

	return cmocka_run_group_tests_name("a pool's epochs", tests, NULL, NULL);
}
