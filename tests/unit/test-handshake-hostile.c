/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake with clients that mean harm, or that are broken. */
#include "talk_fixture.h"

TALK_TEST(a_wrong_magic_number)
{
	say_text(&t->in, "IHAVEOPS");
	say(&t->in, 4, LIST);
	say(&t->in, 4, 0);
	feed(t, 0);
	heard(t, HANDSHAKE_CLOSE);
	assert_non_null(t->h.why);
}

TALK_TEST(a_request_where_an_option_should_be)
{
	say_request(&t->in, 0, 0, 1, 0, 4096);
	feed(t, 0);
	heard(t, HANDSHAKE_CLOSE);
}

TEST(noise_in_place_of_a_handshake)
{
	struct pools *pools = two_pools();
	uint64_t seed = 6;

	for (int i = 0; i < 3000; i++) {
		struct talk *t = talk_begin(pools, 3);

		for (int k = 0; k < 40; k++)
			say(&t->in, 1, dice(&seed));
		feed(t, 1 + dice_below(&seed, 40));
		heard(t, HANDSHAKE_CLOSE);
		talk_end(t);
	}
	lend_no_more(pools);
}

TALK_TEST(names_that_are_none)
{
	const char *const names[] = { "p@", "p?", "p?claim=", "p@1?claim=a", "p/q",
	                              "../p", "p%s%n", "p\n", "\xff", "p?force" };

	for (size_t i = 0; i < COUNT(names); i++) {
		say_open(&t->in, GO, names[i], 0, NULL);
		feed(t, 0);
		heard_refusal(t, GO, UNKNOWN);
	}
	still_talks(t);
}

TALK_TEST(a_nul_within_a_name)
{
	struct wire data = {0};

	say(&data, 4, 3);
	say_bytes(&data, "p\0q", 3);
	say(&data, 2, 0);
	say_option(&t->in, GO, data.byte, data.len);
	wire_free(&data);
	feed(t, 0);
	heard_refusal(t, GO, UNKNOWN);
	say_option(&t->in, 1, "p\0", 2);
	feed(t, 0);
	heard(t, HANDSHAKE_CLOSE);
}

TALK_TEST(an_export_name_longer_than_any)
{
	char name[HANDSHAKE_OPTION_MAX];

	memset(name, 'x', sizeof name);
	say_option(&t->in, 1, name, sizeof name);
	feed(t, 0);
	heard(t, HANDSHAKE_CLOSE);
}

TALK_TEST(options_without_end)
{
	for (int i = 0; i < HANDSHAKE_OPTIONS; i++) {
		say_option(&t->in, 99, NULL, 0);
		feed(t, 0);
		heard_refusal(t, 99, UNSUP);
	}
	say_open(&t->in, GO, "p", 0, NULL);
	feed(t, 0);
	heard(t, HANDSHAKE_CLOSE);
	assert_string_equal(t->h.why, "too many options");
	assert_null(t->me->m.pool);
}

/* It asks and asks, and takes nothing: it is not read from until it does. */
TEST(a_client_that_takes_no_answers)
{
	struct pools *pools = lend(64);
	struct talk *t = talk_begin(pools, 3);
	size_t asked = HANDSHAKE_OPTIONS, answers = 0, turns = 0;
	char name[POOL_NAME_MAX + 1];

	for (int i = 0; i < 64; i++) {
		snprintf(name, sizeof name, "%064d", i);
		add(pools, name, 1, false);
	}
	for (size_t i = 0; i < asked; i++)
		say_option(&t->in, LIST, NULL, 0);
	for (; t->in.len; turns++) {
		feed(t, 0);
		assert_in_range(t->out.len, 1, HANDSHAKE_OUT_MAX + 64 * (20 + 4 + 64) + 20);
		for (size_t at = 0; at + 20 <= t->out.len; at += 20 + t->out.data[at + 19])
			answers += t->out.data[at + 15] == 1;
		t->out.len = 0;
		say_bytes(&t->in, t->kept.byte, t->kept.len);
		t->kept.len = 0;
	}
	assert_int_equal(answers, asked);
	assert_true(turns > 10);
	talk_end(t);
	lend_no_more(pools);
}

TALK_TEST(oversized_options_without_end)
{
	for (int i = 0; i < HANDSHAKE_OPTIONS; i++) {
		say_promise(t, 99, HANDSHAKE_OPTION_MAX + 1);
		say_zeros(t, HANDSHAKE_OPTION_MAX + 1);
		feed(t, 0);
		heard_refusal(t, 99, TOO_BIG);
	}
	say_promise(t, 99, HANDSHAKE_OPTION_MAX + 1);
	say_zeros(t, HANDSHAKE_OPTION_MAX + 1);
	feed(t, 0);
	heard(t, HANDSHAKE_CLOSE);
}

/* A good talk with a few bytes changed: whatever it means now, it means the
 * same however it was cut, and only a GO or an EXPORT_NAME opens a pool. */
TEST(a_good_talk_gone_bad)
{
	const uint16_t infos[] = { 1, 2 };
	struct pools *pools = two_pools();
	uint64_t seed = 7;

	for (int i = 0; i < 5000; i++) {
		struct talk *a = talk_begin(pools, 3), *b = talk_begin(pools, 3);

		say_option(&a->in, LIST, NULL, 0);
		say_open(&a->in, INFO, "q", 2, infos);
		say_option(&a->in, 9, "data", 4);
		say_open(&a->in, GO, "p", 2, infos);
		for (uint64_t n = 1 + dice_below(&seed, 4); n; n--)
			a->in.byte[4 + dice_below(&seed, a->in.len - 4)] =
			    (uint8_t)(dice_below(&seed, 2) ? dice(&seed) : dice_below(&seed, 8));
		say_bytes(&b->in, a->in.byte + 4, a->in.len - 4);
		feed(a, 0);
		feed(b, 1 + dice_below(&seed, 30));
		assert_int_equal(a->h.state, b->h.state);
		assert_int_equal(a->out.len, b->out.len);
		if (a->out.len)
			assert_memory_equal(a->out.data, b->out.data, a->out.len);
		assert_int_equal(a->me->m.pool != NULL, a->h.state == HANDSHAKE_DONE);
		talk_end(a);
		talk_end(b);
	}
	lend_no_more(pools);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_magic_number),
		cmocka_unit_test(a_request_where_an_option_should_be),
		cmocka_unit_test(noise_in_place_of_a_handshake),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(a_nul_within_a_name),
		cmocka_unit_test(an_export_name_longer_than_any),
		cmocka_unit_test(options_without_end),
		cmocka_unit_test(a_client_that_takes_no_answers),
		cmocka_unit_test(oversized_options_without_end),
		cmocka_unit_test(a_good_talk_gone_bad),
	};

	return cmocka_run_group_tests_name("hostile handshakes", tests, NULL, NULL);
}
