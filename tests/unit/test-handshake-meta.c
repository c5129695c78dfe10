/* SPDX-License-Identifier: BSD-2-Clause */
/* Structured replies and metadata contexts, as they are agreed on. */
#include "talk_fixture.h"

#include "nbd.h"

#define DF 128

/* LIST or SET of contexts for EXPORT, with up to three queries. */
static void say_meta(struct talk *t, uint32_t option, const char *export, uint32_t n,
                     const char *const *query)
{
	struct wire data = {0};

	say(&data, 4, strlen(export));
	say_text(&data, export);
	say(&data, 4, n);
	for (uint32_t i = 0; i < n; i++) {
		say(&data, 4, strlen(query[i]));
		say_text(&data, query[i]);
	}
	say_option(&t->in, option, data.byte, data.len);
	wire_free(&data);
}

static void say_context(struct wire *w, uint32_t option)
{
	say_reply(w, option, 4, 4 + 15);
	say(w, 4, option == LIST_META ? 0 : 1); /* in a list it says nothing */
	say_text(w, "base:allocation");
}

static void say_vacate(struct wire *w, uint32_t option)
{
	say_reply(w, option, 4, 4 + 16);
	say(w, 4, option == LIST_META ? 0 : 2);
	say_text(w, "x-farpage:vacate");
}

static void agree_on_structure(struct talk *t)
{
	say_option(&t->in, STRUCTURED, NULL, 0);
	feed(t, 0);
	say_ack(&t->want, STRUCTURED);
	heard(t, HANDSHAKE_OPTION);
}

static const char *const allocation[] = { "base:allocation" };

static void set(struct talk *t, const char *export)
{
	say_meta(t, SET_META, export, 1, allocation);
	feed(t, 0);
	say_context(&t->want, SET_META);
	say_ack(&t->want, SET_META);
	heard(t, HANDSHAKE_OPTION);
}

static void go(struct talk *t, const char *export, uint64_t size, uint16_t flags)
{
	say_open(&t->in, GO, export, 0, NULL);
	feed(t, 0);
	say_infos(&t->want, GO, size, flags);
	say_ack(&t->want, GO);
	heard(t, HANDSHAKE_DONE);
}

TALK_TEST(nothing_unless_asked_for)
{
	go(t, "p", 16 * 4096, FLAGS);
	assert_false(t->h.terms.structured);
	assert_int_equal(t->h.terms.contexts, 0);
}

TALK_TEST(structured_replies)
{
	agree_on_structure(t);
	agree_on_structure(t);
	go(t, "p", 16 * 4096, FLAGS | DF);
	assert_true(t->h.terms.structured);
	assert_int_equal(t->h.terms.contexts, 0);
}

TALK_TEST(structured_replies_with_data)
{
	say_option(&t->in, STRUCTURED, "?", 1);
	feed(t, 0);
	heard_refusal(t, STRUCTURED, INVALID);
	go(t, "p", 16 * 4096, FLAGS);
	assert_false(t->h.terms.structured);
}

TALK_TEST(a_context_is_chosen)
{
	agree_on_structure(t);
	set(t, "p");
	go(t, "p", 16 * 4096, FLAGS | DF);
	assert_int_equal(t->h.terms.contexts, CONTEXT_ALLOCATION);
}

TALK_TEST(choosing_claims_nothing)
{
	agree_on_structure(t);
	set(t, "p?claim=me");
	assert_null(t->me->m.pool);
	assert_false(pool_owned(t->p));
	go(t, "p?claim=me", 16 * 4096, FLAGS | DF);
	assert_int_equal(t->h.terms.contexts, CONTEXT_ALLOCATION);
	assert_true(t->me->m.owner);
}

TALK_TEST(a_choice_is_for_one_export)
{
	agree_on_structure(t);
	set(t, "p");
	go(t, "q", 8 * 4096, FLAGS | DF);
	assert_int_equal(t->h.terms.contexts, 0);
}

TALK_TEST(a_choice_is_for_one_way_in)
{
	agree_on_structure(t);
	set(t, "p");
	go(t, "p?claim=me", 16 * 4096, FLAGS | DF);
	assert_int_equal(t->h.terms.contexts, 0);
}

TALK_TEST(the_last_choice_counts)
{
	agree_on_structure(t);
	set(t, "p");
	say_meta(t, SET_META, "p", 1, (const char *const[]){ "base:nothing" });
	feed(t, 0);
	say_ack(&t->want, SET_META);
	heard(t, HANDSHAKE_OPTION);
	go(t, "p", 16 * 4096, FLAGS | DF);
	assert_int_equal(t->h.terms.contexts, 0);
}

TALK_TEST(a_choice_that_fails_takes_the_older_one_away)
{
	agree_on_structure(t);
	set(t, "p");
	say_meta(t, SET_META, "nosuch", 1, allocation);
	feed(t, 0);
	heard_refusal(t, SET_META, UNKNOWN);
	go(t, "p", 16 * 4096, FLAGS | DF);
	assert_int_equal(t->h.terms.contexts, 0);
}

TALK_TEST(only_with_structured_replies)
{
	const uint32_t options[] = { LIST_META, SET_META };

	for (size_t i = 0; i < COUNT(options); i++) {
		say_meta(t, options[i], "p", 1, allocation);
		feed(t, 0);
		heard_refusal(t, options[i], INVALID);
	}
	still_talks(t);
}

enum { NEITHER, ALLOCATION, VACATE, BOTH };

/* Which contexts are told, each once, for these queries. */
static void answered(struct talk *t, uint32_t option, uint32_t n, const char *const *query,
                     unsigned which)
{
	say_meta(t, option, "p", n, query);
	feed(t, 0);
	if (which & ALLOCATION)
		say_context(&t->want, option);
	if (which & VACATE)
		say_vacate(&t->want, option);
	say_ack(&t->want, option);
	heard(t, HANDSHAKE_OPTION);
	if (option == SET_META)
		assert_int_equal(t->h.terms.contexts, which << 1);
}

/* Somebody else may have said it. */
TALK_TEST(nothing_said_before_tls_counts_within_it)
{
	t->h.tls = TLS_ALLOW;
	agree_on_structure(t);
	set(t, "p");
	say_option(&t->in, STARTTLS, NULL, 0);
	feed(t, 0);
	say_ack(&t->want, STARTTLS);
	heard(t, HANDSHAKE_TLS);
	handshake_secured(&t->h);
	say_meta(t, LIST_META, "p", 1, allocation);
	feed(t, 0);
	heard_refusal(t, LIST_META, INVALID);
	go(t, "p", 16 * 4096, FLAGS);
	assert_false(t->h.terms.structured);
	assert_int_equal(t->h.terms.contexts, 0);
}

TALK_TEST(queries)
{
	const struct { const char *query; unsigned list, set; } cases[] = {
		{ "base:allocation", ALLOCATION, ALLOCATION }, { "base:", ALLOCATION, 0 },
		{ "x-farpage:vacate", VACATE, VACATE }, { "x-farpage:", VACATE, 0 },
		{ "base:allocatio", 0, 0 }, { "base:allocationx", 0, 0 },
		{ "x-farpage:vacat", 0, 0 }, { "x-farpage", 0, 0 }, { "x-", 0, 0 },
		{ "base:vacate", 0, 0 }, { "x-farpage:allocation", 0, 0 },
		{ "base", 0, 0 }, { "", 0, 0 }, { ":", 0, 0 },
		{ "qemu:dirty-bitmap:x", 0, 0 }, { "BASE:ALLOCATION", 0, 0 },
	};

	agree_on_structure(t);
	answered(t, LIST_META, 0, NULL, BOTH);
	answered(t, SET_META, 0, NULL, NEITHER);
	for (size_t i = 0; i < COUNT(cases); i++) {
		answered(t, LIST_META, 1, &cases[i].query, cases[i].list);
		answered(t, SET_META, 1, &cases[i].query, cases[i].set);
	}
	/* However often it is asked for, it is told once. */
	answered(t, LIST_META, 3, (const char *const[]){ "base:", "base:allocation", "x" },
	         ALLOCATION);
	answered(t, SET_META, 3, (const char *const[]){ "x", "base:allocation",
	                                            "base:allocation" }, ALLOCATION);
	answered(t, LIST_META, 2, (const char *const[]){ "x-farpage:", "base:" }, BOTH);
	answered(t, SET_META, 2, (const char *const[]){ "x-farpage:vacate", "base:allocation" },
	         BOTH);
}

TALK_TEST(byte_by_byte)
{
	say_option(&t->in, STRUCTURED, NULL, 0);
	say_meta(t, SET_META, "p", 1, allocation);
	say_open(&t->in, GO, "p", 0, NULL);
	feed(t, 1);
	say_ack(&t->want, STRUCTURED);
	say_context(&t->want, SET_META);
	say_ack(&t->want, SET_META);
	say_infos(&t->want, GO, 16 * 4096, FLAGS | DF);
	say_ack(&t->want, GO);
	heard(t, HANDSHAKE_DONE);
	assert_int_equal(t->h.terms.contexts, CONTEXT_ALLOCATION);
}

/* NAME_LEN, "p", N queries, and then whatever BYTES are. */
static void say_lie(struct talk *t, uint32_t option, uint32_t name_len, uint32_t n,
                    const void *bytes, size_t len)
{
	struct wire data = {0};

	say(&data, 4, name_len);
	say_text(&data, "p");
	say(&data, 4, n);
	say_bytes(&data, bytes, len);
	say_option(&t->in, option, data.byte, data.len);
	wire_free(&data);
}

TALK_TEST(lengths_that_lie)
{
	static const uint8_t long_query[] = { 0xff, 0xff, 0xff, 0xff, 'b' };
	static const uint8_t short_query[] = { 0, 0, 0, 2, 'b' };
	static const uint8_t more[] = { 0, 0, 0, 1, 'b', 'x' };
	const uint32_t options[] = { LIST_META, SET_META };

	agree_on_structure(t);
	for (size_t i = 0; i < COUNT(options); i++) {
		uint32_t o = options[i];

		set(t, "p");
		for (size_t len = 0; len < 8; len++) {
			say_option(&t->in, o, "\0\0\0\1p\0\0\0", len);
			feed(t, 0);
			heard_refusal(t, o, INVALID);
		}
		say_lie(t, o, 0xffffffff, 0, NULL, 0);
		say_lie(t, o, 6, 0, NULL, 0);
		say_lie(t, o, 1, 1, NULL, 0);
		say_lie(t, o, 1, 0xffffffff, more, 5);
		say_lie(t, o, 1, 1, long_query, sizeof long_query);
		say_lie(t, o, 1, 1, short_query, sizeof short_query);
		say_lie(t, o, 1, 1, more, sizeof more);
		say_lie(t, o, 1, 0, "x", 1);
		feed(t, 0);
		for (int k = 0; k < 8; k++) {
			say_reply(&t->want, o, INVALID,
			          strlen("the option's lengths do not add up"));
			say_text(&t->want, "the option's lengths do not add up");
		}
		heard(t, HANDSHAKE_OPTION);
	}
	assert_int_equal(t->h.terms.contexts, 0);
	still_talks(t);
}

TALK_TEST(extended_headers_are_refused_and_all_goes_on)
{
	say_option(&t->in, 11, NULL, 0);
	feed(t, 0);
	heard_refusal(t, 11, UNSUP);
	agree_on_structure(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_unless_asked_for),
		cmocka_unit_test(structured_replies),
		cmocka_unit_test(structured_replies_with_data),
		cmocka_unit_test(a_context_is_chosen),
		cmocka_unit_test(choosing_claims_nothing),
		cmocka_unit_test(a_choice_is_for_one_export),
		cmocka_unit_test(a_choice_is_for_one_way_in),
		cmocka_unit_test(the_last_choice_counts),
		cmocka_unit_test(a_choice_that_fails_takes_the_older_one_away),
		cmocka_unit_test(only_with_structured_replies),
		cmocka_unit_test(nothing_said_before_tls_counts_within_it),
		cmocka_unit_test(queries),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(extended_headers_are_refused_and_all_goes_on),
	};

	return cmocka_run_group_tests_name("metadata contexts", tests, NULL, NULL);
}
