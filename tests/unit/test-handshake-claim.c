/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake as the way to claims and epochs. */
#include "talking.h"

static const uint16_t name_and_description[] = { 1, 2 };

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
	char name[64], text[POOL_WORDS_MAX];

	say_open(&t->in, GO, "p?claim=me", 2, name_and_description);
	feed(t, 0);
	snprintf(name, sizeof name, "p@%llu", (unsigned long long)epoch);
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

TALK_TEST(the_name_a_claim_was_given_joins_it)
{
	struct talk *first = talk_begin(t->pools, 1);
	char name[64];

	say_open(&first->in, GO, "q?claim=me", 0, NULL);
	feed(first, 0);
	assert_int_equal(first->h.state, HANDSHAKE_DONE);
	snprintf(name, sizeof name, "q@%llu", (unsigned long long)first->me->m.epoch);
	say_open(&t->in, GO, name, 1, name_and_description);
	feed(t, 0);
	say_infos(&t->want, GO, 8 * 4096, FLAGS);
	say_info_text(&t->want, GO, 1, name);
	say_ack(&t->want, GO);
	heard(t, HANDSHAKE_DONE);
	assert_true(t->me->m.owner);
	assert_int_equal(first->me->fenced, 0);
	talk_end(first);
}

TALK_TEST(beside_an_owner_a_plain_name_is_read_only)
{
	struct body *owner = body("owner");
	char words[POOL_WORDS_MAX];

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
	char words[POOL_WORDS_MAX];

	member_claim(&owner->m, t->p, "o", false, words);
	say_open(&t->in, INFO, "p", 0, NULL);
	say_open(&t->in, INFO, "p?claim=o", 0, NULL);
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

TALK_TEST(a_claim_that_is_refused)
{
	struct body *owner = body("owner");
	char words[POOL_WORDS_MAX];

	member_claim(&owner->m, t->p, "o", false, words);
	say_open(&t->in, GO, "p?claim=me", 0, NULL);
	feed(t, 0);
	assert_non_null(strstr(heard_refusal(t, GO, POLICY), "claimed by instance o"));
	assert_null(t->me->m.pool);
	assert_int_equal(owner->fenced, 0);
	still_talks(t);
	say_open(&t->in, GO, "p?claim=me&force", 0, NULL);
	feed(t, 0);
	assert_int_equal(t->h.state, HANDSHAKE_DONE);
	assert_int_equal(owner->fenced, 1);
	gone(owner);
}

TALK_TEST(an_epoch_that_is_over)
{
	say_open(&t->in, GO, "p@1", 0, NULL);
	feed(t, 0);
	assert_non_null(strstr(heard_refusal(t, GO, POLICY), "epoch 1 is over"));
	still_talks(t);
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
		cmocka_unit_test(the_name_a_claim_was_given_joins_it),
		cmocka_unit_test(beside_an_owner_a_plain_name_is_read_only),
		cmocka_unit_test(info_tells_what_go_would),
		cmocka_unit_test(a_claim_that_is_refused),
		cmocka_unit_test(an_epoch_that_is_over),
		cmocka_unit_test(export_name_claims_too),
	};

	return cmocka_run_group_tests_name("claims by handshake", tests, NULL, NULL);
}
