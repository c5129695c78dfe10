/* SPDX-License-Identifier: BSD-2-Clause */
/* Libfarpage and a lender in one process, with a unix socket between: what a
 * borrower gets when its lender goes and comes back. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "farpage.h"
#include "listen.h"
#include "log.h"

#define BYTES (UINT64_C(64) * PAGE_SIZE)

static char dir[] = "/tmp/farpage-test-link-XXXXXX", at[64];

/* The lender: pools, which may outlive the loop that serves them. */
static struct pools pools;
static struct limits limits;
static struct loops loops;
static struct loop *loop;
static struct listener *listener;
static pthread_t thread;

static void *run(void *unused)
{
	(void)unused;
	loop_run(loop);
	return NULL;
}

static void lender_up(void)
{
	char words[LISTEN_WORDS_MAX];

	limits_init(&limits, 100, 100, 100);
	loops = (struct loops){ .loop = &loop, .n = 1,
	                        .shared = { .pools = &pools, .limits = &limits } };
	loop = loop_new(ev_loop_new(EVFLAG_AUTO), &loops.shared);
	assert_non_null(loop);
	listener = listen_on(at, &loops, words);
	if (!listener)
		fail_msg("%s", words);
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
}

static void lender_down(void)
{
	loop_stop(loop);
	pthread_join(thread, NULL);
	listen_close(listener);
	loop_free(loop);
	limits_free(&limits);
}

static void new_memory(void)
{
	char words[POOL_WORDS_MAX];

	pools_init(&pools, 4 * BYTES);
	assert_int_equal(pool_add(&pools, &(struct pool_spec){ .name = "p", .size = BYTES, .thin = false }, words), 0);
	assert_int_equal(pool_add(&pools, &(struct pool_spec){ .name = "q", .size = 2 * BYTES, .thin = true }, words), 0);
}

static int setup(void **state)
{
	(void)state;
	new_memory();
	lender_up();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lender_down();
	pools_free(&pools);
	return 0;
}

static struct farpage *open_pool(const char *pool, char words[static FARPAGE_WORDS_MAX])
{
	const struct farpage_options o = { .lender = at, .pool = pool, .deadline_ms = 2000,
	                                   .link_timeout_ms = 2000 };

	return farpage_open(&o, words);
}

static struct farpage *good(const char *pool)
{
	char words[FARPAGE_WORDS_MAX];
	struct farpage *f = open_pool(pool, words);

	if (!f)
		fail_msg("%s", words);
	return f;
}

static void refused(const char *pool, const char *says)
{
	char words[FARPAGE_WORDS_MAX];

	assert_null(open_pool(pool, words));
	if (!strstr(words, says))
		fail_msg("\"%s\" does not say \"%s\"", words, says);
}

static void put(struct farpage *f, uint64_t page, uint64_t tag)
{
	uint8_t data[PAGE_SIZE];

	fill(data, sizeof data, tag);
	assert_int_equal(farpage_put(f, page, 1, data), 0);
}

static void expect(struct farpage *f, uint64_t page, uint64_t tag)
{
	uint8_t got[PAGE_SIZE], want[PAGE_SIZE] = {0};

	if (tag)
		fill(want, sizeof want, tag);
	assert_int_equal(farpage_get(f, page, 1, got), 0);
	assert_memory_equal(got, want, sizeof got);
}

static void expect_lost(struct farpage *f, uint64_t page)
{
	uint8_t got[PAGE_SIZE];

	errno = 0;
	assert_int_equal(farpage_get(f, page, 1, got), -1);
	assert_int_equal(errno, EIO);
}

TEST(there_and_back)
{
	struct farpage *f = good(NULL), *q = good("q");

	assert_true(farpage_size(f) == BYTES);
	assert_true(farpage_size(q) == 2 * BYTES);
	put(f, 0, 1);
	put(f, 63, 2);
	put(q, 63, 3);
	expect(f, 0, 1);
	expect(f, 63, 2);
	expect(q, 63, 3);
	expect(f, 1, 0);
	assert_int_equal(farpage_flush(f, 63, 1), 0);
	expect(f, 63, 0);
	assert_int_equal(atomic_load(&pool_find(&pools, "p")->used_pages), 1);
	farpage_close(f);
	farpage_close(q);
	assert_int_equal(atomic_load(&pool_find(&pools, "p")->used_pages), 0);
}

TEST(what_a_predecessor_left_is_flushed)
{
	struct farpage *f = good("p");

	put(f, 5, 1);
	lender_down(); /* so that it cannot flush when it is closed */
	farpage_close(f);
	lender_up();
	assert_int_equal(atomic_load(&pool_find(&pools, "p")->used_pages), 1);
	f = good("p");
	assert_int_equal(atomic_load(&pool_find(&pools, "p")->used_pages), 0);
	expect(f, 5, 0);
	farpage_close(f);
}

TEST(a_lender_that_comes_back_has_the_pages)
{
	struct farpage *f = good("p");

	put(f, 5, 1);
	for (int i = 0; i < 3; i++) {
		lender_down();
		lender_up();
		expect(f, 5, 1);
		put(f, 6, 2);
	}
	farpage_close(f);
}

TEST(a_lender_that_comes_back_with_other_memory_has_not)
{
	struct farpage *f = good("p");

	put(f, 5, 1);
	put(f, 6, 2);
	lender_down();
	pools_free(&pools);
	new_memory();
	lender_up();
	expect_lost(f, 5);
	expect(f, 7, 0);
	put(f, 5, 3);
	expect(f, 5, 3);
	assert_int_equal(farpage_flush(f, 6, 1), 0);
	expect(f, 6, 0);
	farpage_close(f);
}

static void nobody(struct member *m)
{
	(void)m;
}

TEST(pages_that_another_may_have_changed_are_lost)
{
	struct member other = { .fence = nobody };
	struct farpage *f = good("p");

	put(f, 5, 1);
	lender_down();
	member_join(&other, pool_find(&pools, "p"));
	assert_int_equal(member_enter(&other), 0);
	assert_int_equal(member_put(&other, 5 * PAGE_SIZE, 1, (const uint8_t *)"x"), 0);
	member_exit(&other);
	member_leave(&other);
	lender_up();
	expect_lost(f, 5);
	farpage_close(f);
}

TEST(a_pool_that_was_taken_away)
{
	struct member other = { .fence = nobody, .peer = "elsewhere" };
	char words[POOL_WORDS_MAX];
	struct farpage *f = good("p");

	put(f, 5, 1);
	assert_int_equal(member_claim(&other, pool_find(&pools, "p"), "other", true, words), 0);
	expect_lost(f, 5); /* refused while the other is there, until it is too late */
	member_leave(&other);
	expect_lost(f, 5); /* and its own no more when it is gone */
	put(f, 5, 2);
	expect(f, 5, 2);
	farpage_close(f);
}

TEST(refusals_in_the_lenders_words)
{
	struct farpage *f = good("p");

	refused("none", "no pool is called none");
	refused("p", "claimed by instance");
	farpage_close(f);
}

TEST(a_pool_that_ran_full)
{
	struct farpage *p = good("p"), *q;
	uint8_t data[PAGE_SIZE] = {1};
	uint64_t page = 0;

	q = good("q");
	pools.lend_pages = atomic_load(&pools.granted_pages) + 10;
	while (page < 20 && farpage_put(q, page, 1, data) == 0)
		page++;
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(page, 10);
	expect_lost(q, 10);
	assert_int_equal(farpage_get(q, 9, 1, data), 0);
	assert_int_equal(farpage_flush(q, 0, 1), 0);
	assert_int_equal(farpage_put(q, 10, 1, data), 0);
	put(p, 63, 1);
	farpage_close(p);
	farpage_close(q);
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
		T(what_a_predecessor_left_is_flushed),
		T(a_lender_that_comes_back_has_the_pages),
		T(a_lender_that_comes_back_with_other_memory_has_not),
		T(pages_that_another_may_have_changed_are_lost),
		T(a_pool_that_was_taken_away),
		T(refusals_in_the_lenders_words),
		T(a_pool_that_ran_full),
	};

	return cmocka_run_group_tests_name("borrower and lender", tests, make_dir, remove_dir);
}
