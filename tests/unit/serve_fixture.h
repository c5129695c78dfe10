/* SPDX-License-Identifier: BSD-2-Clause */
/* A session under test: a pool, and a client that says requests, as many
 * bytes at a time as the test wants. The test is the connection between. */
#ifndef FARPAGE_SERVE_FIXTURE_H
#define FARPAGE_SERVE_FIXTURE_H

#include "pool_fixture.h"
#include "wire.h"

#include "session.h"

enum { READ, WRITE, DISC, FLUSH, TRIM, CACHE, ZEROES };
enum { FUA = 1, NO_HOLE = 2 };

struct serve {
	struct body *me;
	struct session s;
	struct wire in, want; /* said by the test; owed by the code */
	struct wire kept;     /* fed, but not consumed */
};

static inline struct serve *serve_begin(struct pool *pool)
{
	struct serve *v = calloc(1, sizeof *v);

	assert_non_null(v);
	v->me = body("client");
	member_join(&v->me->m, pool);
	session_start(&v->s, &v->me->m.client, &(struct terms){ .size = pool->size });
	return v;
}

static inline void serve_end(struct serve *v)
{
	gone(v->me);
	session_free(&v->s);
	wire_free(&v->in);
	wire_free(&v->want);
	wire_free(&v->kept);
	free(v);
}

static inline bool serves(const struct serve *v)
{
	return v->s.state == SESSION_REQUEST || v->s.state == SESSION_PAYLOAD;
}

/* One turn at an erase. */
static inline int erase(struct serve *v)
{
	uint64_t turn = REQUEST_TURN_PAGES;

	return session_erase(&v->s, &turn);
}

/* What the connection does with what was kept, until no more is consumed. */
static inline void digest(struct serve *v)
{
	for (;;) {
		/* A block of exactly its size, so that a checker sees a read beyond. */
		size_t len = v->kept.len, used;
		uint8_t *block = malloc(len ? len : 1);

		assert_non_null(block);
		if (len)
			memcpy(block, v->kept.byte, len);
		assert_int_equal(member_enter(&v->me->m), 0);
		used = session_feed(&v->s, block, len);
		member_exit(&v->me->m);
		assert_true(used <= len);
		v->kept.len = 0;
		say_bytes(&v->kept, block + used, len - used);
		free(block);
		if (v->s.state != SESSION_ERASE)
			break;
		while (v->s.state == SESSION_ERASE)
			assert_int_equal(erase(v), 0);
	}
	if (serves(v))
		assert_true(v->kept.len < REQUEST_KEEP_BYTES);
}

/* Feed all that was said, STEP bytes at a time (0: at once). */
static inline void feed(struct serve *v, size_t step)
{
	for (size_t at = 0; at < v->in.len && serves(v); ) {
		size_t n = step && step < v->in.len - at ? step : v->in.len - at;

		say_bytes(&v->kept, v->in.byte + at, n);
		digest(v);
		at += n;
	}
	v->in.len = 0;
}

/* Take at most MAX of the bytes that are owed, into W. Returns how many. */
static inline size_t take(struct serve *v, size_t max, struct wire *w)
{
	static struct gather g;
	size_t left = max, sum = 0;

	assert_int_equal(member_enter(&v->me->m), 0);
	assert_int_equal(replies_gather(&v->s.replies, &v->me->m.client, &g), 0);
	assert_true(g.vectors <= GATHER_VECTORS);
	for (unsigned i = 0; i < g.vectors; i++) {
		size_t n = g.vector[i].iov_len < left ? g.vector[i].iov_len : left;

		assert_true(g.vector[i].iov_len > 0);
		sum += g.vector[i].iov_len;
		say_bytes(w, g.vector[i].iov_base, n);
		left -= n;
	}
	member_exit(&v->me->m);
	assert_true(sum == g.bytes);
	replies_sent(&v->s.replies, max - left);
	return max - left;
}

/* Exactly what was wanted is owed. */
static inline void heard(struct serve *v, enum session_state state)
{
	struct wire got = {0};

	assert_int_equal(v->s.state, state);
	while (take(v, SIZE_MAX, &got))
		;
	assert_int_equal(replies_owed(&v->s.replies), 0);
	assert_int_equal(got.len, v->want.len);
	if (got.len)
		assert_memory_equal(got.byte, v->want.byte, got.len);
	wire_free(&got);
	v->want.len = 0;
}

/* Say a WRITE of N bytes of TAG's. */
static inline void say_write(struct serve *v, uint64_t cookie, uint64_t offset,
                             size_t n, uint64_t tag)
{
	uint8_t *data = malloc(n ? n : 1);

	assert_non_null(data);
	fill(data, n, tag);
	say_request(&v->in, 0, WRITE, cookie, offset, (uint32_t)n);
	say_bytes(&v->in, data, n);
	free(data);
}

/* Say a request, and have it carried out. */
static inline void ask(struct serve *v, uint16_t flags, uint16_t type, uint64_t cookie,
                       uint64_t offset, uint32_t length)
{
	say_request(&v->in, flags, type, cookie, offset, length);
	feed(v, 0);
}

static inline struct serve *serve_small(struct pools *pools)
{
	return serve_begin(add(pools, "p", 16, false));
}

/* A test whose V is what BEGIN makes of a lender of PAGES. */
#define SERVE_TEST_ON(name, pages, begin) \
	static void name##_(struct serve *v); \
	TEST(name) \
	{ \
		struct pools *pools_ = lend(pages); \
		struct serve *v = begin(pools_); \
		name##_(v); \
		serve_end(v); \
		lend_no_more(pools_); \
	} \
	static void name##_(struct serve *v)

#define SERVE_TEST(name) SERVE_TEST_ON(name, 16, serve_small)

#endif
