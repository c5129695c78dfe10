/* SPDX-License-Identifier: BSD-2-Clause */
/* One pool under test, and ways into it. */
#ifndef FARPAGE_CLAIM_FIXTURE_H
#define FARPAGE_CLAIM_FIXTURE_H

#include "pool_fixture.h"

static struct pool *pool; /* of 64 pages, made anew for each test */

static inline int setup(void **state)
{
	*state = lend(64);
	pool = add(*state, "p", 64, false);
	return 0;
}

static inline int teardown(void **state)
{
	lend_no_more(*state);
	return 0;
}

static inline struct body *plain(void)
{
	struct body *b = body("plain");

	assert_int_equal(member_join(&b->m, pool), 0);
	return b;
}

static inline struct body *claim(const char *instance, bool force)
{
	struct body *b = body(instance);
	char words[WORDS_MAX] = "";

	if (member_claim(&b->m, pool, instance, force, words) < 0)
		fail_msg("%s", words);
	return b;
}

static inline bool refused(const char *instance)
{
	char words[WORDS_MAX] = "";
	struct body *b = body(instance);
	int r = member_claim(&b->m, pool, instance, false, words);

	gone(b);
	return r < 0;
}

static inline bool fenced(struct body *b)
{
	uint64_t offset = 0;
	bool out = member_enter(&b->m) < 0;

	if (!out)
		member_exit(&b->m);
	else
		assert_int_equal(errno, ESTALE);
	/* A flush takes the lock itself, and must come to the same result. */
	errno = 0;
	if (member_discard(&b->m, &offset, PAGE(1), 1) < 0)
		assert_int_equal(errno, out ? ESTALE : EPERM);
	else
		assert_false(out);
	return out;
}

/* A test with a pool of its own. */
#define POOL_UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
