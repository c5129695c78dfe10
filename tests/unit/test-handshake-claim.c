/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake as the way to claims and epochs. */
#include "talk_fixture.h"

static const uint16_t name_and_description[] = { 1, 2 };

#define TLS_REQD 0x80000005u

/* The ticket in what came out, which the test cannot foretell. */
static void told_name(const struct talk *t, char name[static MEMBER_NAME_MAX])
{
	const uint8_t *at = memchr(t->out.data + 58, '@', t->out.len - 58), *from = at;

	assert_non_null(at);
	while (from[-1] >= 'a')
		from--;
	snprintf(name, MEMBER_NAME_MAX, "%.*s", (int)(strcspn((const char *)at, ".") + TICKET_TEXT_MAX +
	         (size_t)(at - from)), (const char *)from);
}

TALK_TEST(info_never_claims)
{
	uint64_t epoch = told(t->p, "epoch=");

	say_open(&t->in, INFO, "p?claim=me&force", 1, name_and_description);
	feed(t, 0);
	say_infos(&t->want, INFO, 16 * 4096, FLAGS);
	say_info_text(&t->want, INFO, 1, "p");
	say_ack(&t->want, INFO);
	heard(t, HANDSHAKE_OPTION);
	assert_true(told(t->p, "epoch=") == epoch);
	assert_null(t->me->m.pool);
	assert_true(pool_idle(t->p));
	assert_string_equal(t->p->instance, "");
}

/* Not even when all but the last byte is here. */
TEST(no_pool_is_opened_before_the_handshake_is_done)
{
	struct pools *pools = two_pools();
	struct talk *t = NULL;
	size_t len = SIZE_MAX;

	for (size_t n = 0; n < len; n++) {
		if (t)
			talk_end(t);
		t = talk_begin(pools, 3);
		uint64_t epoch = told(t->p, "epoch=");
		say_open(&t->in, INFO, "p?claim=me&force", 0, NULL);
		say_open(&t->in, GO, "p?claim=me&force", 0, NULL);
		len = t->in.len;
		t->in.len = n;
		feed(t, 0);
		assert_null(t->me->m.pool);
		assert_true(pool_idle(t->p));
		assert_true(told(t->p, "epoch=") == epoch);
	}
	t->in.len = len;
	arrive(t, t->in.byte + len - 1, 1);
	assert_int_equal(t->h.state, HANDSHAKE_DONE);
	assert_true(t->me->m.owner);
	talk_end(t);
	lend_no_more(pools);
}

TALK_TEST(go_claims)
{
	uint64_t epoch = told(t->p, "epoch=") + 1;
	char name[MEMBER_NAME_MAX], text[WORDS_MAX];

	say_open(&t->in, GO, "p?claim=me", 2, name_and_description);
	feed(t, 0);
	told_name(t, name);
	pool_describe(t->p, text);
	say_infos(&t->want, GO, 16 * 4096, FLAGS);
	say_info_text(&t->want, GO, 1, name);
	say_info_text(&t->want, GO, 2, text);
	say_ack(&t->want, GO);
	heard(t, HANDSHAKE_DONE);
	assert_true(t->me->m.owner);
	assert_true(t->me->m.epoch == epoch);
	assert_true(told(t->p, "epoch=") == epoch);
	assert_non_null(strstr(text, " size=65536"));
	assert_non_null(strstr(text, " used=0"));
}

TALK_TEST(the_name_a_claim_was_told_lets_one_in)
{
	struct talk *first = talk_begin(t->pools, 1), *third = talk_begin(t->pools, 1);
	char name[MEMBER_NAME_MAX], next[MEMBER_NAME_MAX];

	say_open(&first->in, GO, "q?claim=me", 2, name_and_description);
	feed(first, 0);
	told_name(first, name);
	assert_int_equal(first->h.state, HANDSHAKE_DONE);
	/* To ask about it does not use it up. */
	for (int i = 0; i < 2; i++) {
		say_open(&t->in, INFO, name, 1, name_and_description);
		feed(t, 0);
		say_infos(&t->want, INFO, 8 * 4096, FLAGS);
		say_info_text(&t->want, INFO, 1, "q");
		say_ack(&t->want, INFO);
		heard(t, HANDSHAKE_OPTION);
	}
	say_open(&t->in, GO, name, 1, name_and_description);
	feed(t, 0);
	told_name(t, next);
	assert_string_not_equal(next, name);
	say_infos(&t->want, GO, 8 * 4096, FLAGS);
	say_info_text(&t->want, GO, 1, next);
	say_ack(&t->want, GO);
	heard(t, HANDSHAKE_DONE);
	assert_true(t->me->m.owner);
	assert_int_equal(first->me->fenced, 0);
	say_open(&third->in, GO, name, 0, NULL);
	feed(third, 0);
	assert_non_null(strstr(heard_refusal(third, GO, POLICY), "this name is void"));
	say_open(&third->in, INFO, name, 0, NULL);
	feed(third, 0);
	assert_non_null(strstr(heard_refusal(third, INFO, POLICY), "this name is void"));
	say_option(&third->in, 1, next, strlen(next));
	feed(third, 0);
	assert_true(third->me->m.owner);
	talk_end(first);
	talk_end(third);
}

/* Where it is to know who may open a pool, a ticket opens it in the open; whatever else is
 * asked there, also about it, is answered as to anybody. */
TALK_TEST(a_ticket_is_good_without_tls)
{
	struct pool_spec spec = { .name = "mine", .size = 4096, .owner = "me" };
	struct body *owner = body("owner");
	char words[WORDS_MAX], name[MEMBER_NAME_MAX], wrong[MEMBER_NAME_MAX];
	const char *const names[] = { "mine", "mine?claim=o", "mine@1", wrong };

	member_claim(&owner->m, add_spec(t->pools, &spec), "o", false, words);
	member_tell_name(&owner->m, name);
	strcpy(wrong, name);
	wrong[strlen(name) - 1] = name[strlen(name) - 1] == '0' ? '1' : '0';
	for (int required = 1; required >= 0; required--) {
		t->h.tls = required ? TLS_REQUIRE : TLS_ALLOW;
		for (size_t i = 0; i < COUNT(names); i++) {
			say_open(&t->in, GO, names[i], 0, NULL);
			feed(t, 0);
			heard_refusal(t, GO, required ? TLS_REQD : UNKNOWN);
		}
		say_open(&t->in, INFO, name, 0, NULL);
		feed(t, 0);
		heard_refusal(t, INFO, required ? TLS_REQD : UNKNOWN);
	}
	t->h.tls = TLS_REQUIRE;
	say_open(&t->in, GO, name, 1, name_and_description);
	feed(t, 0);
	/* It could be overheard: no further one is told. */
	say_infos(&t->want, GO, 4096, FLAGS);
	say_info_text(&t->want, GO, 1, "mine");
	say_ack(&t->want, GO);
	heard(t, HANDSHAKE_DONE);
	assert_true(t->me->m.owner);
	gone(owner);
}

TALK_TEST(export_name_takes_a_ticket_without_tls)
{
	struct body *owner = body("owner");
	char words[WORDS_MAX], name[MEMBER_NAME_MAX];

	member_claim(&owner->m, t->p, "o", false, words);
	member_tell_name(&owner->m, name);
	t->h.tls = TLS_REQUIRE;
	say_option(&t->in, 1, name, strlen(name));
	feed(t, 0);
	assert_int_equal(t->h.state, HANDSHAKE_DONE);
	assert_true(t->me->m.owner);
	gone(owner);
}

TALK_TEST(beside_an_owner_a_plain_name_is_read_only)
{
	struct body *owner = body("owner");
	char words[WORDS_MAX];

	member_claim(&owner->m, t->p, "o", false, words);
	say_open(&t->in, GO, "p", 0, NULL);
	feed(t, 0);
	say_infos(&t->want, GO, 16 * 4096, FLAGS | READ_ONLY);
	say_ack(&t->want, GO);
	heard(t, HANDSHAKE_DONE);
	gone(owner);
}

TALK_TEST(info_tells_what_go_would)
{
	struct body *owner = body("owner");
	char words[WORDS_MAX];

	member_claim(&owner->m, t->p, "o", false, words);
	say_open(&t->in, INFO, "p", 0, NULL);
	say_open(&t->in, INFO, "p?claim=me&force", 0, NULL);
	say_open(&t->in, INFO, "q", 0, NULL);
	feed(t, 0);
	say_infos(&t->want, INFO, 16 * 4096, FLAGS | READ_ONLY);
	say_ack(&t->want, INFO);
	say_infos(&t->want, INFO, 16 * 4096, FLAGS);
	say_ack(&t->want, INFO);
	say_infos(&t->want, INFO, 8 * 4096, FLAGS);
	say_ack(&t->want, INFO);
	heard(t, HANDSHAKE_OPTION);
	gone(owner);
}

/* While it is there, so that nobody finds out unseen. */
TALK_TEST(info_does_not_tell_which_instance_is_right)
{
	struct body *owner = body("owner");
	char words[WORDS_MAX], other[1024];

	member_claim(&owner->m, t->p, "o", false, words);
	say_open(&t->in, INFO, "p?claim=other", 0, NULL);
	feed(t, 0);
	snprintf(other, sizeof other, "%s", heard_refusal(t, INFO, POLICY));
	say_open(&t->in, INFO, "p?claim=o", 0, NULL);
	feed(t, 0);
	assert_string_equal(heard_refusal(t, INFO, POLICY), other);
	say_open(&t->in, GO, "p?claim=other", 0, NULL);
	feed(t, 0);
	assert_string_equal(heard_refusal(t, GO, POLICY), other);
	gone(owner);
	say_open(&t->in, INFO, "p?claim=other", 0, NULL);
	feed(t, 0);
	say_infos(&t->want, INFO, 16 * 4096, FLAGS);
	say_ack(&t->want, INFO);
	heard(t, HANDSHAKE_OPTION);
}

TALK_TEST(a_claim_that_is_refused)
{
	struct body *owner = body("owner");
	char words[WORDS_MAX];

	member_claim(&owner->m, t->p, "secret", false, words);
	say_open(&t->in, GO, "p?claim=me", 0, NULL);
	feed(t, 0);
	const char *said = heard_refusal(t, GO, POLICY);
	assert_non_null(strstr(said, "claimed, from owner, since 20"));
	assert_null(strstr(said, "secret"));
	assert_null(t->me->m.pool);
	assert_int_equal(owner->fenced, 0);
	still_talks(t);
	say_open(&t->in, GO, "p?claim=me&force", 0, NULL);
	feed(t, 0);
	assert_int_equal(t->h.state, HANDSHAKE_DONE);
	assert_int_equal(owner->fenced, 1);
	gone(owner);
}

/* INFO tells it to everybody. */
TALK_TEST(an_epoch_alone_opens_nothing)
{
	struct body *owner = body("owner");
	char words[WORDS_MAX], name[64];

	member_claim(&owner->m, t->p, "o", false, words);
	snprintf(name, sizeof name, "p@%llu", (unsigned long long)told(t->p, "epoch="));
	for (uint32_t option = INFO; option <= GO; option += GO - INFO) {
		say_open(&t->in, option, name, 0, NULL);
		feed(t, 0);
		assert_non_null(strstr(heard_refusal(t, option, POLICY), "NAME@EPOCH.TICKET"));
		assert_null(t->me->m.pool);
	}
	still_talks(t);
	gone(owner);
}

TALK_TEST(export_name_claims_too)
{
	uint64_t epoch = told(t->p, "epoch=");

	say_option(&t->in, 1, "?claim=me", 9);
	feed(t, 0);
	assert_int_equal(t->h.state, HANDSHAKE_DONE);
	assert_true(t->me->m.owner);
	assert_true(told(t->p, "epoch=") == epoch + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(info_never_claims),
		cmocka_unit_test(no_pool_is_opened_before_the_handshake_is_done),
		cmocka_unit_test(go_claims),
		cmocka_unit_test(the_name_a_claim_was_told_lets_one_in),
		cmocka_unit_test(a_ticket_is_good_without_tls),
		cmocka_unit_test(export_name_takes_a_ticket_without_tls),
		cmocka_unit_test(beside_an_owner_a_plain_name_is_read_only),
		cmocka_unit_test(info_tells_what_go_would),
		cmocka_unit_test(info_does_not_tell_which_instance_is_right),
		cmocka_unit_test(a_claim_that_is_refused),
		cmocka_unit_test(an_epoch_alone_opens_nothing),
		cmocka_unit_test(export_name_claims_too),
	};

	return cmocka_run_group_tests_name("claims by handshake", tests, NULL, NULL);
}
