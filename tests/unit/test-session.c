/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests carried out one after the other. */
#include "serve_fixture.h"

#define END PAGE(16)

SERVE_TEST(absent_pages_read_as_zeros)
{
	say_request(&v->in, 0, READ, 7, 0, 5000);
	feed(v, 0);
	say_simple(&v->want, 0, 7);
	for (int i = 0; i < 5000; i++)
		say(&v->want, 1, 0);
	heard(v, SESSION_REQUEST);
	assert_int_equal(told(v->me->m.pool, "used="), 0);
}

SERVE_TEST(what_is_written_is_read)
{
	uint8_t data[10000];

	fill(data, sizeof data, 1);
	say_write(v, 1, 4000, sizeof data, 1);
	say_request(&v->in, 0, READ, 2, 4000, sizeof data);
	say_request(&v->in, 0, READ, 3, 13999, 3);
	feed(v, 0);
	say_simple(&v->want, 0, 1);
	say_simple(&v->want, 0, 2);
	say_bytes(&v->want, data, sizeof data);
	say_simple(&v->want, 0, 3);
	say_bytes(&v->want, data + 9999, 1);
	say(&v->want, 2, 0);
	heard(v, SESSION_REQUEST);
}

SERVE_TEST(one_byte)
{
	say_request(&v->in, FUA, WRITE, 1, END - 1, 1);
	say(&v->in, 1, 0xab);
	say_request(&v->in, 0, READ, 2, END - 2, 2);
	feed(v, 1);
	say_simple(&v->want, 0, 1);
	say_simple(&v->want, 0, 2);
	say(&v->want, 2, 0xab);
	heard(v, SESSION_REQUEST);
}

SERVE_TEST(replies_come_in_order)
{
	for (uint64_t i = 0; i < 300; i++) {
		say_request(&v->in, 0, i % 3 ? FLUSH : READ, i, 0, i % 3 ? 0 : 1);
		say_simple(&v->want, 0, i);
		if (i % 3 == 0)
			say(&v->want, 1, 0);
	}
	feed(v, 1000);
	heard(v, SESSION_REQUEST);
}

SERVE_TEST(flush_and_cache)
{
	say_request(&v->in, 0, FLUSH, 1, 0, 0);
	say_request(&v->in, 0, CACHE, 2, 0, (uint32_t)END);
	say_request(&v->in, 0, CACHE, 3, 0, (uint32_t)END + 1);
	feed(v, 0);
	say_simple(&v->want, 0, 1);
	say_simple(&v->want, 0, 2);
	say_simple(&v->want, 22, 3);
	heard(v, SESSION_REQUEST);
	assert_int_equal(told(v->me->m.pool, "used="), 0);
}

SERVE_TEST(commands_that_are_not_known)
{
	for (uint16_t type = 7; type < 20; type++) {
		say_request(&v->in, 0, type, type, 0, 4096);
		say_simple(&v->want, 22, type);
	}
	feed(v, 0);
	heard(v, SESSION_REQUEST);
}

/* The payload looks like requests, and must not be taken for any. */
static void say_refused_write(struct serve *v, uint16_t flags, uint64_t offset,
                              uint32_t error)
{
	struct wire data = {0};

	for (uint64_t i = 0; i < 300; i++)
		say_request(&data, 0, ZEROES, i, 0, (uint32_t)END);
	say_request(&v->in, flags, WRITE, 50, offset, (uint32_t)data.len);
	say_bytes(&v->in, data.byte, data.len);
	wire_free(&data);
	say_simple(&v->want, error, 50);
}

SERVE_TEST(a_refused_payload_is_drained)
{
	put(v->me, 0, 1);
	for (size_t step = 0; step < 5000; step += 317) {
		say_refused_write(v, 0, END - 1, 28);
		say_refused_write(v, 0, UINT64_MAX - 100, 28);
		say_refused_write(v, 4, 0, 22);
		say_request(&v->in, 0, FLUSH, 51, 0, 0);
		feed(v, step);
		say_simple(&v->want, 0, 51);
		heard(v, SESSION_REQUEST);
	}
	expect(v->me, 0, 1);
	expect(v->me, 15, 0);
}

SERVE_TEST(a_read_only_member_changes_nothing)
{
	put(v->me, 0, 1);
	v->me->m.client.read_only = true;
	say_refused_write(v, 0, 0, 1);
	say_request(&v->in, 0, TRIM, 2, 0, (uint32_t)END);
	say_request(&v->in, 0, ZEROES, 3, 0, (uint32_t)END);
	say_request(&v->in, NO_HOLE, ZEROES, 4, 0, (uint32_t)END);
	say_request(&v->in, 0, READ, 5, 0, 4096);
	feed(v, 0);
	for (uint64_t cookie = 2; cookie <= 4; cookie++)
		say_simple(&v->want, 1, cookie);
	say_simple(&v->want, 0, 5);
	uint8_t data[4096];
	fill(data, sizeof data, 1);
	say_bytes(&v->want, data, sizeof data);
	heard(v, SESSION_REQUEST);
}

SERVE_TEST(a_write_of_nothing)
{
	say_request(&v->in, 0, WRITE, 1, 0, 0);
	say_request(&v->in, 0, FLUSH, 2, 0, 0);
	feed(v, 1);
	say_simple(&v->want, 22, 1);
	say_simple(&v->want, 0, 2);
	heard(v, SESSION_REQUEST);
}

SERVE_TEST(a_read_larger_than_any_is_refused)
{
	say_request(&v->in, 0, READ, 1, 0, (32 << 20) + 1);
	say_request(&v->in, 0, READ, 2, 0, 0xffffffff);
	say_request(&v->in, 0, FLUSH, 3, 0, 0);
	feed(v, 0);
	say_simple(&v->want, 22, 1);
	say_simple(&v->want, 22, 2);
	say_simple(&v->want, 0, 3);
	heard(v, SESSION_REQUEST);
}

SERVE_TEST(a_write_larger_than_any_breaks_off)
{
	say_request(&v->in, 0, FLUSH, 1, 0, 0);
	say_request(&v->in, 0, WRITE, 2, 0, (32 << 20) + 1);
	say_request(&v->in, 0, FLUSH, 3, 0, 0);
	feed(v, 0);
	assert_int_equal(v->s.state, SESSION_BROKEN);
	assert_non_null(v->s.why);
	assert_int_equal(v->kept.len, 28);
}

SERVE_TEST(the_largest_write_is_drained_although_it_does_not_fit)
{
	uint8_t block[65536] = {0};

	say_request(&v->in, 0, WRITE, 1, 0, 32 << 20);
	for (int i = 0; i < 512; i++)
		say_bytes(&v->in, block, sizeof block);
	say_request(&v->in, 0, FLUSH, 2, 0, 0);
	feed(v, 256 << 10);
	say_simple(&v->want, 28, 1);
	say_simple(&v->want, 0, 2);
	heard(v, SESSION_REQUEST);
}

SERVE_TEST(a_request_without_its_magic_number_breaks_off)
{
	say_request(&v->in, 0, FLUSH, 1, 0, 0);
	for (int i = 0; i < 28; i++)
		say(&v->in, 1, 0x25);
	say_request(&v->in, 0, FLUSH, 2, 0, 0);
	feed(v, 0);
	assert_int_equal(v->s.state, SESSION_BROKEN);
	assert_non_null(v->s.why);
	assert_int_equal(replies_owed(&v->s.replies), 1);
}

SERVE_TEST(disc_ends_and_what_was_asked_before_is_owed)
{
	uint8_t data[100];

	fill(data, sizeof data, 1);
	say_write(v, 1, 0, sizeof data, 1);
	say_request(&v->in, 0, READ, 2, 0, sizeof data);
	say_request(&v->in, 0, DISC, 3, 0, 0);
	say_request(&v->in, 0, TRIM, 4, 0, (uint32_t)END);
	feed(v, 0);
	assert_int_equal(v->kept.len, 28);
	say_simple(&v->want, 0, 1);
	say_simple(&v->want, 0, 2);
	say_bytes(&v->want, data, sizeof data);
	heard(v, SESSION_ENDING);
}

SERVE_TEST(disc_with_odd_fields_ends_too)
{
	say_request(&v->in, 0xffff, DISC, 3, 12345, 0xffffffff);
	feed(v, 1);
	heard(v, SESSION_ENDING);
}

TEST(a_page_that_does_not_fit_is_told_and_is_flushed)
{
	struct pools *pools = lend(2);
	struct serve *v = serve_begin(add(pools, "p", 16, true));

	put(v->me, 3, 9);
	say_write(v, 1, PAGE(2), 3 * PAGE_BYTES, 1); /* 2 fits, 3 is there, 4 does not fit */
	say_request(&v->in, 0, FLUSH, 2, 0, 0);
	feed(v, 1000);
	say_simple(&v->want, 28, 1);
	say_simple(&v->want, 0, 2);
	heard(v, SESSION_REQUEST);
	expect(v->me, 4, 0);
	uint8_t want[3 * PAGE_BYTES], got[3 * PAGE_BYTES];
	fill(want, sizeof want, 1);
	read_bytes(v->me, PAGE(2), sizeof got, got);
	assert_memory_equal(got, want, 2 * PAGE_BYTES);
	say_request(&v->in, 0, TRIM, 3, PAGE(2), 4096);
	say_write(v, 4, PAGE(4), PAGE_BYTES, 5);
	feed(v, 0);
	say_simple(&v->want, 0, 3);
	say_simple(&v->want, 0, 4);
	heard(v, SESSION_REQUEST);
	expect(v->me, 4, 5);
	serve_end(v);
	lend_no_more(pools);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_pages_read_as_zeros),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(one_byte),
		cmocka_unit_test(replies_come_in_order),
		cmocka_unit_test(flush_and_cache),
		cmocka_unit_test(commands_that_are_not_known),
		cmocka_unit_test(a_refused_payload_is_drained),
		cmocka_unit_test(a_read_only_member_changes_nothing),
		cmocka_unit_test(a_write_of_nothing),
		cmocka_unit_test(a_read_larger_than_any_is_refused),
		cmocka_unit_test(a_write_larger_than_any_breaks_off),
		cmocka_unit_test(the_largest_write_is_drained_although_it_does_not_fit),
		cmocka_unit_test(a_request_without_its_magic_number_breaks_off),
		cmocka_unit_test(disc_ends_and_what_was_asked_before_is_owed),
		cmocka_unit_test(disc_with_odd_fields_ends_too),
		cmocka_unit_test(a_page_that_does_not_fit_is_told_and_is_flushed),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
