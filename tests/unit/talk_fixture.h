/* SPDX-License-Identifier: BSD-2-Clause */
/* A handshake under test: a lender of two pools, "p" of 16 pages and "q" of 8,
 * and a client that says bytes, as many at a time as the test wants. */
#ifndef FARPAGE_TALK_FIXTURE_H
#define FARPAGE_TALK_FIXTURE_H

#include "pool_fixture.h"
#include "wire.h"

#include "handshake.h"

/* has flags, flush, FUA, trim, write zeroes, multi-conn, cache, fast zero */
#define FLAGS (1 | 4 | 8 | 32 | 64 | 256 | 1024 | 2048)
#define READ_ONLY 2

enum { ABORT = 2, LIST = 3, STARTTLS = 5, INFO = 6, GO = 7, STRUCTURED = 8, LIST_META = 9, SET_META = 10 };
#define UNSUP   0x80000001u
#define POLICY  0x80000002u
#define INVALID 0x80000003u
#define UNKNOWN 0x80000006u
#define TOO_BIG 0x80000009u

struct talk {
	struct pools *pools;
	struct backend door;
	struct pool *p;
	struct body *me;
	struct handshake h;
	struct buf out;
	struct wire in, want;  /* said by the test; owed by the code */
	struct wire kept;      /* fed, but not consumed */
};

/* The greeting is taken off already, and FLAGS (4 bytes) said. */
static inline struct talk *talk_begin(struct pools *pools, uint32_t flags)
{
	struct talk *t = calloc(1, sizeof *t);

	assert_non_null(t);
	t->pools = pools;
	t->p = pool_find(pools, "p");
	t->me = body("client");
	t->door = door_to(pools);
	handshake_start(&t->h, &t->door, &t->me->m.client, TLS_OFF, &t->out);
	buf_take(&t->out, t->out.len);
	say(&t->in, 4, flags);
	return t;
}

static inline void talk_end(struct talk *t)
{
	gone(t->me);
	handshake_end(&t->h);
	buf_free(&t->out);
	wire_free(&t->in);
	wire_free(&t->want);
	wire_free(&t->kept);
	free(t);
}

static inline struct pools *two_pools(void)
{
	struct pools *pools = lend(100);

	add(pools, "p", 16, false);
	add(pools, "q", 8, false);
	return pools;
}

static inline bool talks(const struct talk *t)
{
	return t->h.state < HANDSHAKE_DONE;
}

/* N bytes arrive, behind those that were kept; from a block of exactly their
 * size, so that a checker sees a read beyond. */
static inline void arrive(struct talk *t, const uint8_t *data, size_t n)
{
	size_t len = t->kept.len + n, used;
	uint8_t *block = malloc(len ? len : 1);

	assert_non_null(block);
	if (t->kept.len)
		memcpy(block, t->kept.byte, t->kept.len);
	memcpy(block + t->kept.len, data, n);
	used = handshake_feed(&t->h, block, len, &t->out);
	assert_true(used <= len);
	t->kept.len = 0;
	say_bytes(&t->kept, block + used, len - used);
	if (talks(t) && t->out.len < HANDSHAKE_OUT_MAX)
		assert_true(t->kept.len <= HANDSHAKE_KEEP_BYTES);
	free(block);
}

/* Feed all that was said, STEP bytes at a time (0: at once). */
static inline void feed(struct talk *t, size_t step)
{
	for (size_t at = 0; at < t->in.len && talks(t); ) {
		size_t n = step && step < t->in.len - at ? step : t->in.len - at;

		arrive(t, t->in.byte + at, n);
		at += n;
	}
	t->in.len = 0;
}

/* An option that promises LEN bytes of data, of which none follow. */
static inline void say_promise(struct talk *t, uint32_t option, uint32_t len)
{
	say_text(&t->in, "IHAVEOPT");
	say(&t->in, 4, option);
	say(&t->in, 4, len);
}

/* GO or INFO with lengths that the test makes up. */
static inline void say_odd(struct talk *t, uint32_t option, uint32_t name_len,
                    const char *name, uint16_t infos, size_t info_bytes)
{
	struct wire data = {0};

	say(&data, 4, name_len);
	say_text(&data, name);
	say(&data, 2, infos);
	for (size_t i = 0; i < info_bytes; i++)
		say(&data, 1, 0);
	say_option(&t->in, option, data.byte, data.len);
	wire_free(&data);
}

static inline void say_zeros(struct talk *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		say(&t->in, 1, 0);
}

/* Exactly what was wanted came out. */
static inline void heard(struct talk *t, enum handshake_state state)
{
	assert_int_equal(t->h.state, state);
	assert_int_equal(t->out.len, t->want.len);
	if (t->want.len)
		assert_memory_equal(t->out.data, t->want.byte, t->want.len);
	t->out.len = t->want.len = 0;
}

/* A refusal of OPTION came out, and nothing else: its words. */
static inline const char *heard_refusal(struct talk *t, uint32_t option, uint32_t error)
{
	static char words[1024];
	size_t n = t->out.len - 20;

	assert_in_range(t->out.len, 20, sizeof words);
	say_reply(&t->want, option, error, n);
	assert_memory_equal(t->out.data, t->want.byte, 20);
	memcpy(words, t->out.data + 20, n);
	words[n] = '\0';
	t->out.len = t->want.len = 0;
	return words;
}

/* The connection is as good as new: LIST is answered. */
static inline void still_talks(struct talk *t)
{
	say_option(&t->in, LIST, NULL, 0);
	feed(t, 0);
	say_reply(&t->want, LIST, 2, 5);
	say(&t->want, 4, 1);
	say_text(&t->want, "p");
	say_reply(&t->want, LIST, 2, 5);
	say(&t->want, 4, 1);
	say_text(&t->want, "q");
	say_ack(&t->want, LIST);
	heard(t, HANDSHAKE_OPTION);
}

/* Tests whose T talks to two_pools(), in fixed newstyle without zeroes. */
#define TALK_TEST(name) \
	static void name##_(struct talk *t); \
	TEST(name) \
	{ \
		struct pools *pools = two_pools(); \
		struct talk *t = talk_begin(pools, 3); \
		name##_(t); \
		talk_end(t); \
		lend_no_more(pools); \
	} \
	static void name##_(struct talk *t)

#endif
