/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that are cut in the middle of a payload, at every byte of it:
 * each page is then wholly as it was or wholly as it was to be. */
#include "serve_fixture.h"

#define PAGES 4u
#define BYTES (PAGES * PAGE_BYTES)

static uint8_t was[BYTES], is[BYTES], wanted[BYTES];

/* Write LEN bytes at OFFSET over pages that are there (or not), STEP bytes at a
 * time, cut after CUT bytes of the payload. */
static void cut_write(struct pool *pool, uint64_t offset, size_t len, size_t cut,
                      size_t step, bool there)
{
	struct serve *v = serve_begin(pool);

	flush(v->me, 0, BYTES);
	memset(was, 0, sizeof was);
	if (there) {
		fill(was, sizeof was, 1);
		assert_int_equal(member_enter(&v->me->m), 0);
		member_put(&v->me->m, 0, sizeof was, was);
		member_exit(&v->me->m);
	}
	memcpy(wanted, was, sizeof wanted);
	memset(wanted + offset, 0xcc, len);
	say_request(&v->in, 0, WRITE, 1, offset, (uint32_t)len);
	say_bytes(&v->in, wanted + offset, cut);
	feed(v, step);
	read_bytes(v->me, 0, sizeof is, is);
	for (unsigned page = 0; page < PAGES; page++) {
		const uint8_t *got = is + page * PAGE_BYTES;

		if (memcmp(got, was + page * PAGE_BYTES, PAGE_BYTES) != 0 &&
		    memcmp(got, wanted + page * PAGE_BYTES, PAGE_BYTES) != 0)
			fail_msg("cut after %zu of %zu bytes at %llu, %zu at a time: page %u is "
			         "half old, half new", cut, len, (unsigned long long)offset,
			         step, page);
	}
	if (cut == len) {
		assert_memory_equal(is, wanted, sizeof is);
		say_simple(&v->want, 0, 1);
	}
	heard(v, cut == len ? SESSION_REQUEST : SESSION_PAYLOAD);
	serve_end(v);
}

static void cut_everywhere(uint64_t offset, size_t len, bool there)
{
	struct pools *pools = lend(PAGES);
	struct pool *pool = add(pools, "p", PAGES, false);
	uint64_t seed = offset + len;

	for (size_t cut = 0; cut <= len; cut++)
		cut_write(pool, offset, len, cut, dice_below(&seed, 3000), there);
	/* Right about the ends of pages, however the bytes come in. */
	for (size_t end = 0; end <= len; end++) {
		if ((offset + end) % PAGE_BYTES > 1 && end < len)
			continue;
		for (size_t step = 1; step < 2 * PAGE_BYTES; step = step * 2 + 1)
			cut_write(pool, offset, len, end, step, there);
	}
	lend_no_more(pools);
}

TEST(whole_pages)
{
	cut_everywhere(PAGE_BYTES, 2 * PAGE_BYTES, true);
}

TEST(whole_pages_that_were_absent)
{
	cut_everywhere(PAGE_BYTES, 2 * PAGE_BYTES, false);
}

TEST(parts_at_both_ends)
{
	cut_everywhere(PAGE_BYTES - 1000, PAGE_BYTES + 2000, true);
}

TEST(within_one_page)
{
	cut_everywhere(PAGE_BYTES + 10, 500, true);
	cut_everywhere(PAGE_BYTES + 10, 500, false);
}

TEST(one_byte_across)
{
	cut_everywhere(2 * PAGE_BYTES - 1, 2, true);
}

/* The part that has arrived whole is in place already: nothing waits for the
 * end of a large payload. */
TEST(no_more_than_a_page_is_held_back)
{
	struct pools *pools = lend(PAGES);
	struct serve *v = serve_begin(add(pools, "p", PAGES, false));

	say_write(v, 1, 0, BYTES, 3);
	for (size_t at = 28; at <= BYTES; at += 100) {
		size_t landed = (at - 28) / PAGE_BYTES;
		size_t n = at == 28 ? 28 : 100;

		say_bytes(&v->kept, v->in.byte + at - n, n);
		digest(v);
		assert_true(v->kept.len < PAGE_BYTES);
		assert_int_equal(told(v->me->m.pool, "used="), landed * PAGE_BYTES);
	}
	serve_end(v);
	lend_no_more(pools);
}

/* A session's member is fenced while its payload is on the way: what was fed
 * is there, what comes after is not. */
TEST(fenced_in_the_middle)
{
	struct pools *pools = lend(PAGES);
	struct pool *pool = add(pools, "p", PAGES, false);
	struct serve *v = serve_begin(pool);
	struct body *owner = body("owner");
	char words[WORDS_MAX];

	say_write(v, 1, 0, 2 * PAGE_BYTES, 3);
	v->in.len -= 100;
	feed(v, 0);
	assert_int_equal(member_claim(&owner->m, pool, "o", false, words), 0);
	assert_int_equal(member_enter(&v->me->m), -1);
	expect(owner, 1, 0);
	assert_int_equal(told(pool, "used="), PAGE_BYTES);
	serve_end(v);
	gone(owner);
	lend_no_more(pools);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pages),
		cmocka_unit_test(whole_pages_that_were_absent),
		cmocka_unit_test(parts_at_both_ends),
		cmocka_unit_test(within_one_page),
		cmocka_unit_test(one_byte_across),
		cmocka_unit_test(no_more_than_a_page_is_held_back),
		cmocka_unit_test(fenced_in_the_middle),
	};

	return cmocka_run_group_tests_name("payloads cut off", tests, NULL, NULL);
}
