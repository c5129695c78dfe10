/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake with lengths that lie. */
#include "talk_fixture.h"

/* They neither allocate nor wait for so much, nor wrap to something small. */
TEST(lengths_near_2_to_the_32)
{
	const uint32_t options[] = { 1, LIST, STARTTLS, INFO, GO, 99 };
	const uint32_t lengths[] = { 0xffffffff, 0xfffffffe, 0xfffffff0, 0xffffffef,
	                             0xfffffffa, 0x80000000, 0x7fffffff,
	                             HANDSHAKE_SKIP_MAX + 1 };
	struct pools *pools = two_pools();

	for (size_t i = 0; i < COUNT(options); i++)
		for (size_t k = 0; k < COUNT(lengths); k++) {
			struct talk *t = talk_begin(pools, 3);

			say_promise(t, options[i], lengths[k]);
			say_zeros(t, 100);
			feed(t, 7);
			heard(t, HANDSHAKE_CLOSE);
			assert_non_null(t->h.why);
			assert_null(t->me->m.pool);
			talk_end(t);
		}
	lend_no_more(pools);
}

TEST(an_oversized_option_is_skipped_and_answered)
{
	const uint32_t lengths[] = { HANDSHAKE_OPTION_MAX + 1, 20000, HANDSHAKE_SKIP_MAX };
	const size_t steps[] = { 0, 1, 4096, 5000 };
	struct pools *pools = two_pools();

	for (size_t i = 0; i < COUNT(lengths); i++)
		for (size_t k = 0; k < COUNT(steps); k++) {
			struct talk *t = talk_begin(pools, 3);

			say_promise(t, GO, lengths[i]);
			say_zeros(t, lengths[i]);
			feed(t, steps[k]);
			assert_int_equal(t->h.state, HANDSHAKE_OPTION);
			assert_string_equal(heard_refusal(t, GO, TOO_BIG),
			                    "the option is too long");
			still_talks(t);
			talk_end(t);
		}
	lend_no_more(pools);
}

TALK_TEST(the_largest_option_that_is_read)
{
	say_promise(t, 99, HANDSHAKE_OPTION_MAX);
	say_zeros(t, HANDSHAKE_OPTION_MAX);
	feed(t, 1000);
	heard_refusal(t, 99, UNSUP);
	still_talks(t);
}

TALK_TEST(an_oversized_export_name_cannot_be_answered)
{
	say_promise(t, 1, HANDSHAKE_OPTION_MAX + 1);
	say_zeros(t, HANDSHAKE_OPTION_MAX + 1);
	feed(t, 0);
	heard(t, HANDSHAKE_CLOSE);
}

TEST(an_inner_length_that_is_larger_than_the_outer)
{
	const uint32_t lengths[] = { 2, 3, 4, 5, 100, 4096, 0x7fffffff, 0x80000000,
	                             0xfffffff9, 0xfffffffa, 0xfffffffb, 0xfffffffc,
	                             0xfffffffe, 0xffffffff };

	for (uint32_t option = INFO; option <= GO; option++)
		for (size_t i = 0; i < COUNT(lengths); i++) {
			struct pools *pools = two_pools();
			struct talk *t = talk_begin(pools, 3);

			say_odd(t, option, lengths[i], "p", 0, 0);
			feed(t, 0);
			assert_non_null(strstr(heard_refusal(t, option, INVALID), "lengths"));
			assert_null(t->me->m.pool);
			still_talks(t);
			talk_end(t);
			lend_no_more(pools);
		}
}

TALK_TEST(an_inner_length_that_is_smaller_than_the_outer)
{
	say_odd(t, GO, 1, "pp", 0, 0);
	feed(t, 0);
	heard_refusal(t, GO, INVALID);
	say_odd(t, GO, 0, "p", 0, 0);
	feed(t, 0);
	heard_refusal(t, GO, INVALID);
	still_talks(t);
}

TALK_TEST(infos_that_do_not_add_up)
{
	const struct { uint16_t infos; size_t bytes; } cases[] = {
		{ 1, 0 }, { 1, 1 }, { 1, 3 }, { 0, 1 }, { 0, 2 }, { 2, 2 }, { 3, 7 },
		{ 0x7fff, 0 }, { 0x8000, 0 }, { 0x8001, 2 }, { 0xffff, 0 }, { 0xffff, 6 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		say_odd(t, GO, 1, "p", cases[i].infos, cases[i].bytes);
		feed(t, 0);
		heard_refusal(t, GO, INVALID);
	}
	still_talks(t);
}

TALK_TEST(an_option_too_short_for_its_lengths)
{
	for (size_t n = 0; n < 6; n++) {
		say_option(&t->in, GO, "\0\0\0\0\0", n);
		feed(t, 0);
		heard_refusal(t, GO, INVALID);
		say_option(&t->in, INFO, "\xff\xff\xff\xff\xff", n);
		feed(t, 0);
		heard_refusal(t, INFO, INVALID);
	}
	still_talks(t);
}

TALK_TEST(a_name_longer_than_4096_is_not_said_back)
{
	char name[5001];

	memset(name, 'x', 5000);
	for (size_t n = 4096; n <= 5000; n += n < 4098 ? 1 : 902) {
		name[n] = '\0';
		say_open(&t->in, GO, name, 0, NULL);
		feed(t, 0);
		const char *words = heard_refusal(t, GO, n > 4096 ? TOO_BIG : UNKNOWN);
		assert_true(strlen(words) < 200);
		assert_null(strstr(words, "xxx"));
		name[n] = 'x';
	}
	still_talks(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_near_2_to_the_32),
		cmocka_unit_test(an_oversized_option_is_skipped_and_answered),
		cmocka_unit_test(the_largest_option_that_is_read),
		cmocka_unit_test(an_oversized_export_name_cannot_be_answered),
		cmocka_unit_test(an_inner_length_that_is_larger_than_the_outer),
		cmocka_unit_test(an_inner_length_that_is_smaller_than_the_outer),
		cmocka_unit_test(infos_that_do_not_add_up),
		cmocka_unit_test(an_option_too_short_for_its_lengths),
		cmocka_unit_test(a_name_longer_than_4096_is_not_said_back),
	};

	return cmocka_run_group_tests_name("lengths in handshakes", tests, NULL, NULL);
}
