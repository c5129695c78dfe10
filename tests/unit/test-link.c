/* SPDX-License-Identifier: BSD-2-Clause */
/* The link to a lender, and a lender in the same process, with a unix socket between:
 * what is asked and replied, and what the link says of a lender that goes and comes back. */
#include "lender_fixture.h"

TEST(there_and_back)
{
	struct link *p = good(""), *q;

	assert_true(told.pages == PAGES);
	q = good("q");
	assert_true(told.pages == 2 * PAGES);
	put(p, 0, 1);
	put(p, 63, 2);
	put(q, 63, 3);
	expect(p, 0, 1);
	expect(p, 63, 2);
	expect(q, 63, 3);
	expect(p, 1, 0);
	assert_int_equal(do_ask(p, ASK_DISCARD, 63, 1, NULL), 0);
	expect(p, 63, 0);
	assert_int_equal(atomic_load(&pool_find(&pools, "p")->used_pages), 1);
	p->ops->free(p);
	q->ops->free(q);
}

/* More of them than one look at the socket finds, in runs of all lengths. */
TEST(many_at_once)
{
	static uint8_t put_data[PAGES * PAGE_BYTES], got[PAGES * PAGE_BYTES];
	static struct ask ask[2 * PAGES];
	struct link *l = good("p");
	uint64_t seed = 1;

	fill(put_data, sizeof put_data, 7);
	for (unsigned round = 0; round < 200; round++) {
		uint64_t n = 0;

		memset(got, 0, sizeof got);
		assert_int_equal(do_ask(l, ASK_PUT, 0, PAGES, put_data), 0);
		for (uint64_t page = 0; page < PAGES; page += ask[n++].pages) {
			uint64_t run = 1 + dice_below(&seed, round % 2 ? 1 : 8);

			ask[n] = (struct ask){ .kind = ASK_GET, .page = page,
			                       .data = got + page * PAGE_BYTES };
			ask[n].pages = (uint32_t)(run < PAGES - page ? run : PAGES - page);
			send_ask(l, &ask[n]);
		}
		for (uint64_t i = 0; i < n; i++)
			assert_int_equal(reply_of(l, &ask[i]), 0);
		assert_memory_equal(got, put_data, sizeof got);
	}
	l->ops->free(l);
}

TEST(what_is_out_of_bounds_is_refused_and_the_link_goes_on)
{
	struct link *l = good("p");
	uint8_t data[PAGE_BYTES] = {1};

	assert_int_equal(do_ask(l, ASK_PUT, PAGES, 1, data), ENOSPC);
	assert_int_equal(do_ask(l, ASK_GET, PAGES, 1, data), EINVAL);
	assert_int_equal(told.downs, 0);
	put(l, 1, 1);
	expect(l, 1, 1);
	l->ops->free(l);
}

/* Whose it is was asked before. */
TEST(what_is_anothers_is_not_claimed)
{
	struct link *l = good("p"), *other;
	struct told first = told;

	other = link_to("p");
	told.refuses = true;
	assert_false(reopen(other));
	assert_string_equal(told.met, first.identity);
	assert_non_null(strstr(told.words, "another lender"));
	other->ops->free(other);
	told = first;
	put(l, 5, 1); /* it was not cut */
	expect(l, 5, 1);
	l->ops->free(l);
}

TEST(a_lender_that_comes_back_has_the_same_identity)
{
	struct link *l = good("p");
	char identity[IDENTITY_MAX];

	memcpy(identity, told.identity, sizeof identity);
	put(l, 5, 1);
	for (int i = 0; i < 3; i++) {
		lender_down();
		goes_down(l);
		lender_up();
		assert_true(reopen(l));
		assert_string_equal(told.identity, identity);
		expect(l, 5, 1);
		put(l, 6, 2);
	}
	l->ops->free(l);
}

/* "INCARNATION SINCE": which of the two became another? */
static void identity_changes(const char *before, bool incarnation, bool since)
{
	size_t n = strcspn(before, " "), now = strcspn(told.identity, " ");

	assert_true(n > 0 && before[n] == ' ' && before[n + 1]);
	assert_int_equal(n != now || memcmp(before, told.identity, n) != 0, incarnation);
	assert_int_equal(strcmp(before + n, told.identity + now) != 0, since);
}

TEST(a_lender_that_comes_back_with_other_memory_says_so)
{
	struct link *l = good("p");
	char identity[IDENTITY_MAX];

	memcpy(identity, told.identity, sizeof identity);
	put(l, 5, 1);
	lender_down();
	pools_free(&pools);
	new_memory();
	lender_up();
	assert_true(reopen(l));
	identity_changes(identity, true, true);
	l->ops->free(l);
}

static void nobody(struct client *c, const char *why)
{
	(void)c, (void)why;
}

TEST(a_pool_that_was_anothers_meanwhile_says_so)
{
	struct member other = { .client.hang_up = nobody };
	struct link *l = good("p");
	char identity[IDENTITY_MAX];

	memcpy(identity, told.identity, sizeof identity);
	lender_down();
	member_join(&other, pool_find(&pools, "p"));
	assert_int_equal(member_enter(&other), 0);
	assert_int_equal(member_put(&other, 5 * PAGE_BYTES, 1, (const uint8_t *)"x"), 0);
	member_exit(&other);
	member_leave(&other);
	lender_up();
	assert_true(reopen(l));
	identity_changes(identity, false, true);
	l->ops->free(l);
}

TEST(a_pool_that_is_taken_away)
{
	struct member other = { .client = { .hang_up = nobody, .peer = "elsewhere" } };
	char words[WORDS_MAX];
	struct link *l = good("p");

	put(l, 5, 1);
	assert_int_equal(member_claim(&other, pool_find(&pools, "p"), "other", true, words), 0);
	goes_down(l);
	assert_false(reopen(l));
	member_leave(&other);
	assert_true(reopen(l));
	l->ops->free(l);
}

TEST(what_was_asked_of_a_link_that_went_down_has_no_reply)
{
	uint8_t data[PAGE_BYTES];
	struct ask ask = { .kind = ASK_GET, .pages = 1, .data = data };
	struct link *l = good("p");

	lender_down();
	send_ask(l, &ask);
	if (!told.downs)
		goes_down(l);
	assert_int_equal(told.replies, 0);
	assert_int_equal(told.downs, 1);
	lender_up();
	l->ops->free(l);
}

TEST(a_closed_link_has_no_replies_and_no_interest)
{
	uint8_t data[PAGE_BYTES];
	struct ask ask = { .kind = ASK_GET, .pages = 1, .data = data };
	struct link *l = good("p");

	send_ask(l, &ask);
	l->ops->close(l);
	assert_int_equal(l->ops->interest(l).fd, -1);
	l->ops->notify(l, POLLIN);
	assert_int_equal(told.replies + told.downs, 0);
	assert_true(reopen(l));
	put(l, 5, 1);
	assert_int_equal(told.replies, 1);
	l->ops->free(l);
}

TEST(refusals_in_the_lenders_words)
{
	struct link *l = good("p");

	refused("none", "there is no pool none");
	l->ops->free(l);
}

TEST(a_pool_that_ran_full)
{
	struct link *p = good("p"), *q = good("q");
	uint8_t data[PAGE_BYTES] = {1};
	uint64_t page = 0;
	int error;

	pools.lend_pages = atomic_load(&pools.granted_pages) + 10;
	while ((error = do_ask(q, ASK_PUT, page, 1, data)) == 0)
		page++;
	assert_int_equal(error, ENOSPC);
	assert_int_equal(page, 10);
	assert_int_equal(do_ask(q, ASK_DISCARD, 0, 1, NULL), 0);
	assert_int_equal(do_ask(q, ASK_PUT, 10, 1, data), 0);
	put(p, 63, 1);
	p->ops->free(p);
	q->ops->free(q);
}

static int make_dir(void **state)
{
	(void)state;
	log_level = LOG_ERROR;
	if (!mkdtemp(dir))
		return -1;
	snprintf(at, sizeof at, "unix:%s/s", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(there_and_back),
		T(many_at_once),
		T(what_is_out_of_bounds_is_refused_and_the_link_goes_on),
		T(what_is_anothers_is_not_claimed),
		T(a_lender_that_comes_back_has_the_same_identity),
		T(a_lender_that_comes_back_with_other_memory_says_so),
		T(a_pool_that_was_anothers_meanwhile_says_so),
		T(a_pool_that_is_taken_away),
		T(what_was_asked_of_a_link_that_went_down_has_no_reply),
		T(a_closed_link_has_no_replies_and_no_interest),
		T(refusals_in_the_lenders_words),
		T(a_pool_that_ran_full),
	};

	return cmocka_run_group_tests_name("the link to a lender", tests, make_dir, remove_dir);
}
