/* SPDX-License-Identifier: BSD-2-Clause */
/* A client that asks for whatever the dice say, in a stream that is cut and
 * answered in pieces of any length. A plain array says what must come back. */
#include "serve_fixture.h"

#define PAGES 24u
#define BYTES (PAGES * PAGE_BYTES)

static uint8_t model[BYTES];

/* One request, what it does to the model, and the reply it is owed. */
static void say_any(struct serve *v, uint64_t *seed, uint64_t cookie)
{
	uint64_t offset = dice_below(seed, BYTES);
	uint32_t length = 1 + (uint32_t)dice_below(seed, 3 * PAGE_BYTES);
	bool fits = offset + length <= BYTES;
	uint16_t type = (uint16_t)dice_below(seed, 8);

	if (dice_below(seed, 2)) { /* as the kernel asks */
		offset -= offset % PAGE_BYTES;
		length = PAGE_BYTES;
		fits = true;
	}
	switch (type) {
	case WRITE:
		if (dice_below(seed, 3)) {
			say_write(v, cookie, offset, length, cookie);
			if (fits)
				fill(model + offset, length, cookie);
		} else {
			static const uint8_t zeros[3 * PAGE_BYTES];

			say_request(&v->in, 0, WRITE, cookie, offset, length);
			say_bytes(&v->in, zeros, length);
			if (fits)
				memset(model + offset, 0, length);
		}
		say_simple(&v->want, fits ? 0 : 28, cookie);
		break;
	case TRIM:
	case ZEROES:
		say_request(&v->in, type == ZEROES && dice_below(seed, 2) ? NO_HOLE : 0, type,
		            cookie, offset, length);
		if (fits)
			memset(model + offset, 0, length);
		say_simple(&v->want, fits ? 0 : type == ZEROES ? 28 : 22, cookie);
		break;
	case FLUSH:
		say_request(&v->in, 0, FLUSH, cookie, 0, 0);
		say_simple(&v->want, 0, cookie);
		break;
	case CACHE:
		say_request(&v->in, FUA, CACHE, cookie, offset, length);
		say_simple(&v->want, fits ? 0 : 22, cookie);
		break;
	case DISC: /* not yet */
	case READ:
		say_request(&v->in, 0, READ, cookie, offset, length);
		say_simple(&v->want, fits ? 0 : 22, cookie);
		if (fits)
			say_bytes(&v->want, model + offset, length);
		break;
	default:
		say_request(&v->in, 0, type, cookie, offset, length);
		say_simple(&v->want, 22, cookie);
	}
}

/* What a READ sends is gathered when it is sent, so the client of this test
 * takes all its replies before it writes on. */
static void talk(uint64_t seed)
{
	struct pools *pools = lend(PAGES);
	struct serve *v = serve_begin(add(pools, "p", PAGES, false));
	struct wire got = {0};

	memset(model, 0, sizeof model);
	for (uint64_t cookie = 1; cookie <= 400; cookie++) {
		say_any(v, &seed, cookie);
		for (size_t at = 0; at < v->in.len; ) {
			size_t n = 1 + dice_below(&seed, v->in.len - at);

			say_bytes(&v->kept, v->in.byte + at, n);
			digest(v);
			at += n;
		}
		v->in.len = 0;
		while (take(v, 1 + dice_below(&seed, 5000), &got))
			;
		assert_int_equal(v->kept.len, 0);
		assert_int_equal(got.len, v->want.len);
		assert_memory_equal(got.byte, v->want.byte, got.len);
		got.len = v->want.len = 0;
	}
	say_request(&v->in, 0, DISC, 0, 0, 0);
	feed(v, 0);
	heard(v, SESSION_ENDING);
	wire_free(&got);
	serve_end(v);
	lend_no_more(pools);
}

TEST(one_at_a_time)
{
	for (uint64_t seed = 1; seed <= 60; seed++)
		talk(seed);
}

/* Many in the pipe: pages are only ever written before they are read. */
TEST(a_full_pipe)
{
	for (uint64_t seed = 100; seed < 130; seed++) {
		uint64_t dice_seed = seed;
		struct pools *pools = lend(PAGES);
		struct serve *v = serve_begin(add(pools, "p", PAGES, false));

		memset(model, 0, sizeof model);
		for (uint64_t page = 0; page < PAGES; page += 2) {
			say_write(v, page, PAGE(page), PAGE_BYTES, page + 1);
			fill(model + PAGE(page), PAGE_BYTES, page + 1);
			say_simple(&v->want, 0, page);
		}
		for (uint64_t cookie = 100; cookie < 600; cookie++) {
			uint64_t offset = dice_below(&dice_seed, BYTES);
			uint32_t length = 1 + (uint32_t)dice_below(&dice_seed, BYTES - offset);

			say_request(&v->in, 0, READ, cookie, offset, length);
			say_simple(&v->want, 0, cookie);
			say_bytes(&v->want, model + offset, length);
		}
		feed(v, 1 + dice_below(&dice_seed, 3000));
		heard(v, SESSION_REQUEST);
		serve_end(v);
		lend_no_more(pools);
	}
}

/* Bytes that are no talk at all end in BROKEN, ENDING or waiting for more, and
 * never beyond the pool. */
TEST(noise)
{
	uint64_t seed = 9;

	for (int i = 0; i < 3000; i++) {
		struct pools *pools = lend(PAGES);
		struct serve *v = serve_begin(add(pools, "p", PAGES, false));

		for (int k = 0; k < 20; k++) {
			say_request(&v->in, (uint16_t)dice_below(&seed, 3),
			            (uint16_t)dice_below(&seed, 8), dice(&seed),
			            dice(&seed) >> dice_below(&seed, 64),
			            (uint32_t)dice(&seed) >> dice_below(&seed, 32));
			for (uint64_t n = dice_below(&seed, 3); n; n--)
				v->in.byte[dice_below(&seed, v->in.len)] ^= (uint8_t)dice(&seed);
		}
		feed(v, dice_below(&seed, 100));
		assert_true(told(v->me->m.pool, "used=") <= BYTES);
		serve_end(v);
		lend_no_more(pools);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(a_full_pipe),
		cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests_name("sessions by dice", tests, NULL, NULL);
}
