/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools under test, and members of them that count how often they are fenced. */
#ifndef FARPAGE_POOL_FIXTURE_H
#define FARPAGE_POOL_FIXTURE_H

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "door.h"
#include "export.h"
#include "lend.h"
#include "member.h"
#include "vacate.h"

#define PAGE(n) ((uint64_t)(n) * PAGE_BYTES)

/* Somebody on a connection. */
struct body {
	struct member m;
	char peer[POOL_PEER_MAX];
	_Atomic unsigned fenced;
	unsigned silent; /* seconds */
};

static inline void count_fence(struct client *c, const char *why)
{
	assert_string_equal(why, "fenced by a newer claim");
	atomic_fetch_add(&((struct body *)c)->fenced, 1);
}

static inline unsigned how_silent(const struct client *c)
{
	return ((const struct body *)c)->silent;
}

static inline struct body *body(const char *peer)
{
	struct body *b = calloc(1, sizeof *b);

	assert_non_null(b);
	snprintf(b->peer, sizeof b->peer, "%s", peer);
	b->m.client = (struct client){ .ops = door_to(NULL).ops, .peer = b->peer,
	                               .hang_up = count_fence, .silent = how_silent };
	return b;
}

/* By a NAME that an owner was told: NULL, it is refused. */
static inline struct body *join(struct pool *pool, const char *name)
{
	struct body *b = body("joined");
	char words[WORDS_MAX] = "";
	struct export e;

	assert_int_equal(export_parse(&e, name, strlen(name)), 0);
	assert_int_equal(e.how, EXPORT_TICKET);
	bool may = member_may_join(pool, e.epoch, &e.ticket, words) == 0;
	if (member_join_ticket(&b->m, pool, e.epoch, &e.ticket, words) == 0) {
		assert_true(may);
		return b;
	}
	assert_false(may);
	assert_non_null(strstr(words, "claim the pool again"));
	assert_null(b->m.pool);
	free(b);
	return NULL;
}

/* A further connection of OWNER's. */
static inline struct body *joined(const struct body *owner)
{
	char name[MEMBER_NAME_MAX];
	struct body *b;

	member_tell_name(&owner->m, name);
	b = join(owner->m.pool, name);
	assert_non_null(b);
	return b;
}

static inline void gone(struct body *b)
{
	member_leave(&b->m);
	free(b);
}

static inline struct pools *lend(uint64_t pages)
{
	struct pools *pools = calloc(1, sizeof *pools);

	assert_non_null(pools);
	pools_init(pools, PAGE(pages));
	return pools;
}

static inline void lend_no_more(struct pools *pools)
{
	pools_free(pools);
	free(pools);
}

static inline struct pool *add_spec(struct pools *pools, const struct pool_spec *spec)
{
	char words[WORDS_MAX] = "";

	if (pool_add(pools, spec, words) < 0)
		fail_msg("%s", words);
	return pool_find(pools, spec->name);
}

static inline struct pool *add(struct pools *pools, const char *name,
                               uint64_t pages, bool thin)
{
	struct pool_spec spec = { .size = PAGE(pages), .thin = thin };

	strcpy(spec.name, name);
	return add_spec(pools, &spec);
}

/* Its pages may be dropped. */
static inline struct pool *add_revocable(struct pools *pools, const char *name,
                                         uint64_t pages, bool thin)
{
	struct pool_spec spec = { .size = PAGE(pages), .thin = thin, .revocable = true };

	strcpy(spec.name, name);
	return add_spec(pools, &spec);
}

/* A reserved pool of its own, and a plain member of it. */
static inline struct body *sole(uint64_t pages)
{
	struct body *b = body("sole");

	member_join(&b->m, add(lend(pages), "p", pages, false));
	return b;
}

static inline void sole_gone(struct body *b)
{
	struct pools *pools = b->m.pool->pools;

	gone(b);
	lend_no_more(pools);
}

/* One page's worth of TAG's bytes at page N: member_put()'s result. */
static inline int put(struct body *b, uint64_t page, uint64_t tag)
{
	uint8_t data[PAGE_BYTES];
	int r;

	fill(data, sizeof data, tag);
	assert_int_equal(member_enter(&b->m), 0);
	r = member_put(&b->m, PAGE(page), sizeof data, data);
	member_exit(&b->m);
	return r;
}

/* LEN bytes at OFFSET as a reply would carry them; absent ones are zeros. */
static inline void read_bytes(struct body *b, uint64_t offset, size_t len,
                              uint8_t *out)
{
	assert_int_equal(member_enter(&b->m), 0);
	while (len) {
		size_t n = len;
		const uint8_t *data;

		assert_int_not_equal(member_get(&b->m, offset, &n, &data), GOT_LOST);
		assert_in_range(n, 1, len);
		if (data)
			memcpy(out, data, n);
		else
			memset(out, 0, n);
		out += n;
		offset += n;
		len -= n;
	}
	member_exit(&b->m);
}

/* TAG 0: it must be absent, not merely zero. */
static inline void expect(struct body *b, uint64_t page, uint64_t tag)
{
	uint8_t want[PAGE_BYTES], got[PAGE_BYTES];
	const uint8_t *data;
	size_t n = 1;

	assert_int_equal(member_enter(&b->m), 0);
	enum backend_got got_what = member_get(&b->m, PAGE(page), &n, &data);
	member_exit(&b->m);
	assert_int_equal(got_what, tag ? GOT_DATA : GOT_HOLE);
	if (!tag)
		return;
	fill(want, sizeof want, tag);
	read_bytes(b, PAGE(page), sizeof got, got);
	assert_memory_equal(got, want, sizeof want);
}

/* It is there to be read, but only in vain. */
static inline void expect_dropped(struct body *b, uint64_t page)
{
	const uint8_t *data;
	size_t n = 1;

	assert_int_equal(member_enter(&b->m), 0);
	enum backend_got got = member_get(&b->m, PAGE(page), &n, &data);
	bool dropped = member_dropped(&b->m, PAGE(page), 1);
	member_exit(&b->m);
	assert_int_equal(got, GOT_LOST);
	assert_null(data);
	assert_true(dropped);
}

/* All of it, however many turns it takes. */
static inline void flush(struct body *b, uint64_t offset, uint64_t end)
{
	while (offset < end)
		assert_true(member_discard(&b->m, &offset, end, 1000) >= 0);
}

/* A number in the pool's description. */
static inline uint64_t told(struct pool *pool, const char *key)
{
	char text[WORDS_MAX], *at;

	pool_describe(pool, text);
	at = strstr(text, key);
	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 10);
}

/* N pages are asked for, and the deadline passes. */
static inline void overdue(struct pools *pools, uint64_t n)
{
	vacate_ask(pools, n);
	vacate_deadline(pools); /* begins */
	vacate_deadline(pools); /* is over */
}

#endif
