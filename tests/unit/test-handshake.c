/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake with clients that mean well. */
#include "talk_fixture.h"

static const uint16_t name_and_description[] = { 1, 2 };

TEST(the_greeting)
{
	struct buf out = {0};
	struct wire want = {0};
	struct handshake h;

	handshake_start(&h, NULL, NULL, TLS_OFF, &out);
	say_greeting(&want);
	assert_int_equal(out.len, 18);
	assert_memory_equal(out.data, want.byte, 18);
	assert_int_equal(h.state, HANDSHAKE_FLAGS);
	buf_free(&out);
	wire_free(&want);
}

TEST(the_clients_flags)
{
	const struct { uint32_t flags; enum handshake_state state; } cases[] = {
		{ 1, HANDSHAKE_OPTION }, { 3, HANDSHAKE_OPTION },
		{ 0, HANDSHAKE_CLOSE }, { 2, HANDSHAKE_CLOSE }, { 4, HANDSHAKE_CLOSE },
		{ 5, HANDSHAKE_CLOSE }, { 7, HANDSHAKE_CLOSE },
		{ 0x01000000, HANDSHAKE_CLOSE }, { 0x80000001, HANDSHAKE_CLOSE },
	};
	struct pools *pools = two_pools();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct talk *t = talk_begin(pools, cases[i].flags);

		feed(t, 1);
		heard(t, cases[i].state);
		assert_int_equal(t->h.why != NULL, cases[i].state == HANDSHAKE_CLOSE);
		talk_end(t);
	}
	lend_no_more(pools);
}

TALK_TEST(list)
{
	still_talks(t);
	still_talks(t);
}

TALK_TEST(list_with_data)
{
	say_option(&t->in, LIST, "?", 1);
	feed(t, 0);
	assert_string_equal(heard_refusal(t, LIST, INVALID), "LIST carries no data");
	still_talks(t);
}

TALK_TEST(go)
{
	say_open(&t->in, GO, "q", 0, NULL);
	feed(t, 0);
	say_infos(&t->want, GO, 8 * 4096, FLAGS);
	say_ack(&t->want, GO);
	heard(t, HANDSHAKE_DONE);
	assert_int_equal(t->h.terms.size, 8 * 4096);
	assert_ptr_equal(t->me->m.pool, pool_find(t->pools, "q"));
	assert_false(t->me->m.owner);
}

TALK_TEST(go_without_a_name_is_the_first_pool)
{
	const uint16_t name = 1;

	say_open(&t->in, GO, "", 1, &name);
	feed(t, 0);
	say_infos(&t->want, GO, 16 * 4096, FLAGS);
	say_info_text(&t->want, GO, 1, "p");
	say_ack(&t->want, GO);
	heard(t, HANDSHAKE_DONE);
}

TALK_TEST(infos_are_told_once_however_often_they_are_asked_for)
{
	const uint16_t infos[] = { 1, 1, 3, 0, 2, 77, 0xffff, 2, 1 };
	char text[WORDS_MAX];

	say_open(&t->in, INFO, "p", COUNT(infos), infos);
	feed(t, 0);
	pool_describe(t->p, text);
	say_infos(&t->want, INFO, 16 * 4096, FLAGS);
	say_info_text(&t->want, INFO, 1, "p");
	say_info_text(&t->want, INFO, 2, text);
	say_ack(&t->want, INFO);
	heard(t, HANDSHAKE_OPTION);
	assert_null(t->me->m.pool);
}

TALK_TEST(a_pool_that_is_not_there)
{
	say_open(&t->in, GO, "r", 0, NULL);
	feed(t, 0);
	assert_string_equal(heard_refusal(t, GO, UNKNOWN), "there is no pool r");
	say_open(&t->in, INFO, "r?claim=me", 0, NULL);
	feed(t, 0);
	heard_refusal(t, INFO, UNKNOWN);
	still_talks(t);
}

TEST(a_lender_without_pools)
{
	struct pools *pools = lend(1);
	struct talk *t = talk_begin(pools, 3);

	say_option(&t->in, LIST, NULL, 0);
	feed(t, 0);
	say_ack(&t->want, LIST);
	heard(t, HANDSHAKE_OPTION);
	say_open(&t->in, GO, "", 0, NULL);
	feed(t, 0);
	assert_string_equal(heard_refusal(t, GO, UNKNOWN), "this lender has no pools");
	talk_end(t);
	lend_no_more(pools);
}

TEST(export_name_with_and_without_zeroes)
{
	for (uint32_t flags = 1; flags <= 3; flags += 2) {
		struct pools *pools = two_pools();
		struct talk *t = talk_begin(pools, flags);

		say_option(&t->in, 1, "q", 1);
		feed(t, 1);
		say(&t->want, 8, 8 * 4096);
		say(&t->want, 2, FLAGS);
		for (int i = 0; flags == 1 && i < 124; i++)
			say(&t->want, 1, 0);
		heard(t, HANDSHAKE_DONE);
		assert_int_equal(t->h.terms.size, 8 * 4096);
		talk_end(t);
		lend_no_more(pools);
	}
}

TALK_TEST(export_name_of_nothing_hangs_up_without_a_word)
{
	say_option(&t->in, 1, "r", 1);
	feed(t, 0);
	heard(t, HANDSHAKE_CLOSE);
	assert_non_null(t->h.why);
	assert_null(t->me->m.pool);
}

TALK_TEST(abort_)
{
	say_option(&t->in, ABORT, NULL, 0);
	say_option(&t->in, LIST, NULL, 0);
	feed(t, 0);
	say_ack(&t->want, ABORT);
	heard(t, HANDSHAKE_CLOSE);
	assert_null(t->h.why);
}

/* Whatever it carries, and whether that is read or too long for it. */
TEST(abort_of_any_length)
{
	const uint32_t lengths[] = { 1, 4096, HANDSHAKE_OPTION_MAX, HANDSHAKE_OPTION_MAX + 1,
	                             HANDSHAKE_SKIP_MAX, HANDSHAKE_SKIP_MAX + 1, UINT32_MAX };
	struct pools *pools = two_pools();

	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct talk *t = talk_begin(pools, 3);

		say_promise(t, ABORT, lengths[i]);
		if (lengths[i] <= HANDSHAKE_SKIP_MAX)
			say_zeros(t, lengths[i]);
		feed(t, 5000);
		say_ack(&t->want, ABORT);
		heard(t, HANDSHAKE_CLOSE);
		assert_null(t->h.why);
		talk_end(t);
	}
	lend_no_more(pools);
}

TALK_TEST(a_lender_that_ends_refuses_what_is_asked)
{
	const uint32_t options[] = { GO, INFO, LIST, STRUCTURED, 99 };

	t->h.ending = true;
	for (size_t i = 0; i < COUNT(options); i++) {
		say_open(&t->in, options[i], "p", 0, NULL);
		feed(t, 0);
		heard_refusal(t, options[i], 0x80000007u);
	}
	assert_null(t->me->m.pool);
	say_option(&t->in, ABORT, NULL, 0);
	feed(t, 0);
	say_ack(&t->want, ABORT);
	heard(t, HANDSHAKE_CLOSE);
}

/* Their data look like options, and must not be taken for any. */
TALK_TEST(options_that_are_not_known_are_refused_with_all_their_data)
{
	const uint32_t options[] = { 0, 4, STARTTLS, 11, 12, 13, 255, 0x80000007,
	                             0xffffffff };
	struct wire data = {0};

	say_option(&data, ABORT, NULL, 0);
	say_open(&data, GO, "p", 0, NULL);
	for (size_t i = 0; i < COUNT(options); i++) {
		say_option(&t->in, options[i], data.byte, i % 2 ? data.len : 0);
		feed(t, 0);
		heard_refusal(t, options[i], UNSUP);
	}
	wire_free(&data);
	still_talks(t);
}

TALK_TEST(what_follows_go_is_left_alone)
{
	say_open(&t->in, GO, "p", 0, NULL);
	say_request(&t->in, 0, 0, 1, 0, 4096);
	feed(t, 0);
	assert_int_equal(t->h.state, HANDSHAKE_DONE);
	assert_int_equal(t->kept.len, 28);
	struct wire want = {0};
	say_request(&want, 0, 0, 1, 0, 4096);
	assert_memory_equal(t->kept.byte, want.byte, 28);
	wire_free(&want);
}

/* A long talk comes out the same however it was cut. */
TEST(byte_by_byte)
{
	struct pools *pools = two_pools();
	struct wire first = {0};

	for (size_t step = 0; step < 64; step++) {
		struct talk *t = talk_begin(pools, 1);

		say_option(&t->in, LIST, NULL, 0);
		say_option(&t->in, 8, NULL, 0);
		say_option(&t->in, 10, "some data", 9);
		say_open(&t->in, INFO, "q", 2, name_and_description);
		say_open(&t->in, GO, "none", 0, NULL);
		say_open(&t->in, GO, "p", 2, name_and_description);
		feed(t, step);
		assert_int_equal(t->h.state, HANDSHAKE_DONE);
		if (step == 0)
			say_bytes(&first, t->out.data, t->out.len);
		assert_int_equal(t->out.len, first.len);
		assert_memory_equal(t->out.data, first.byte, first.len);
		talk_end(t);
	}
	wire_free(&first);
	lend_no_more(pools);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_greeting),
		cmocka_unit_test(the_clients_flags),
		cmocka_unit_test(list),
		cmocka_unit_test(list_with_data),
		cmocka_unit_test(go),
		cmocka_unit_test(go_without_a_name_is_the_first_pool),
		cmocka_unit_test(infos_are_told_once_however_often_they_are_asked_for),
		cmocka_unit_test(a_pool_that_is_not_there),
		cmocka_unit_test(a_lender_without_pools),
		cmocka_unit_test(export_name_with_and_without_zeroes),
		cmocka_unit_test(export_name_of_nothing_hangs_up_without_a_word),
		cmocka_unit_test(abort_),
		cmocka_unit_test(abort_of_any_length),
		cmocka_unit_test(a_lender_that_ends_refuses_what_is_asked),
		cmocka_unit_test(options_that_are_not_known_are_refused_with_all_their_data),
		cmocka_unit_test(what_follows_go_is_left_alone),
		cmocka_unit_test(byte_by_byte),
	};

	return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
