/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of lenders, and that nothing is told twice. */
#include "unit.h"

#include "events.h"

static struct events events;
static struct events_loss loss;
static struct engine_view view;
static struct link_view *of;
static char words[WORDS_MAX];

static int setup(void **state)
{
	(void)state;
	memset(&events, 0, sizeof events);
	memset(&loss, 0, sizeof loss);
	memset(&view, 0, sizeof view);
	of = &view.link[3];
	of->down_since = INT64_MIN / 2;
	view.now = 100000;
	return 0;
}

static void up_as(const char *identity)
{
	of->state = PEER_UP;
	of->known = true;
	strcpy(of->identity, identity);
}

static void down(const char *why)
{
	of->state = PEER_DOWN;
	of->down_since = view.now;
	strcpy(of->words, why);
}

static void told(const char *want)
{
	if (!events_of(&events, &loss, "a:1", of, view.now, words))
		fail_msg("nothing was told, not '%s'", want);
	assert_string_equal(words, want);
	assert_false(events_of(&events, &loss, "a:1", of, view.now, words));
}

static void untold(void)
{
	if (events_of(&events, &loss, "a:1", of, view.now, words))
		fail_msg("told: %s", words);
}

static void complete(const char *want)
{
	assert_true(events_of_copies(&loss, &view, 2, words));
	assert_string_equal(words, want);
	assert_false(events_of_copies(&loss, &view, 2, words));
}

TEST(one_that_is_added)
{
	of->state = PEER_CONNECTING;
	untold();
	up_as("m 1");
	told("lender a:1 is added");
	assert_false(events_of_copies(&loss, &view, 2, words));
}

TEST(one_that_cannot_be_reached_at_first)
{
	of->state = PEER_DOWN;
	strcpy(of->words, "it is locked");
	told("lender a:1 is not there yet: it is locked");
	view.now += 5000;
	of->state = PEER_CONNECTING;
	untold();
	up_as("m 1");
	told("lender a:1 is there after 5.0 s");
	assert_false(events_of_copies(&loss, &view, 2, words));
}

TEST(one_that_is_lost_and_comes_back)
{
	up_as("m 1");
	told("lender a:1 is added");
	down("Connection refused");
	view.unhealed = 1;
	untold();
	view.now += EVENTS_LOST_MS;
	told("lender a:1 is lost: Connection refused");
	view.now += 1500;
	untold();
	up_as("m 1");
	told("lender a:1 is back after 2.5 s");
	assert_false(events_of_copies(&loss, &view, 2, words));
	view.now += 100;
	view.unhealed = 0;
	complete("all copies are complete again, 2.6 s after lender a:1 was lost");
}

TEST(a_cut_that_is_mended_is_no_news)
{
	up_as("m 1");
	told("lender a:1 is added");
	down("cut");
	view.now += EVENTS_LOST_MS - 1;
	untold();
	up_as("m 1");
	untold();
	assert_false(events_of_copies(&loss, &view, 2, words));
}

TEST(one_that_lost_its_memory)
{
	up_as("m 1");
	told("lender a:1 is added");
	up_as("mm 1");
	told("lender a:1 lost the pages that it had");
	view.now += 1200;
	complete("all copies are complete again, 1.2 s after lender a:1 was lost");
	down("cut");
	view.now += EVENTS_LOST_MS;
	told("lender a:1 is lost: cut");
	up_as("m 1");
	told("lender a:1 is back after 1.0 s, without the pages that it had");
}

/* Healing began with the first. */
TEST(two_that_are_lost)
{
	struct events other = { .state = EVENTS_UP };

	up_as("m 1");
	told("lender a:1 is added");
	down("cut");
	view.now += 1000;
	told("lender a:1 is lost: cut");
	view.now += 1000;
	assert_true(events_of(&other, &loss, "b:1", of, view.now, words));
	view.now += 1000;
	complete("all copies are complete again, 3.0 s after lender a:1 was lost");
}

TEST(one_that_was_taken)
{
	up_as("m 1");
	told("lender a:1 is added");
	of->state = PEER_GONE;
	told("lender a:1: another borrower had its pool, so it is no longer used");
	view.now += 500;
	complete("all copies are complete again, 0.5 s after lender a:1 was lost");
}

/* Nobody was lost; and what is made up for soon is not told. */
TEST(copies_that_are_missing)
{
	view.missing = view.unhealed = 300;
	assert_false(events_of_copies(&loss, &view, 2, words));
	view.now += EVENTS_FEWER_MS - 1;
	assert_false(events_of_copies(&loss, &view, 2, words));
	view.missing = view.unhealed = 0;
	assert_false(events_of_copies(&loss, &view, 2, words));
	view.missing = view.unhealed = 300;
	assert_false(events_of_copies(&loss, &view, 2, words));
	view.now += EVENTS_FEWER_MS;
	complete("pages with fewer than 2 copies: 300 (2 MiB); more copies are made when lenders have "
	         "room for them");
	view.missing = 900;
	view.now += 60000;
	assert_false(events_of_copies(&loss, &view, 2, words));
	view.missing = view.unhealed = 0;
	complete("all copies are complete again, 62.0 s after the first was missing");
}

TEST(pages_that_cannot_be_healed)
{
	view.unread = (struct unread){ .n = 2, .page = { 5, 70000 } };
	assert_false(events_of_unread(&loss, &view, words));
	view.now += EVENTS_FEWER_MS;
	assert_true(events_of_unread(&loss, &view, words));
	assert_non_null(strstr(words, "no lender has page 5, 70000 as"));
	assert_false(events_of_unread(&loss, &view, words));
	view.unread = (struct unread){ .n = 1000, .page = { 1, 2, 3, 4 } };
	assert_true(events_of_unread(&loss, &view, words));
	assert_non_null(strstr(words, "no lender has page 1, 2, 3, 4 and others as"));
	view.unread.n = 0;
	assert_false(events_of_unread(&loss, &view, words));
	view.unread.n = 1;
	assert_false(events_of_unread(&loss, &view, words));
	view.now += EVENTS_FEWER_MS;
	assert_true(events_of_unread(&loss, &view, words));
}

static void host_told(struct events_host *host, const char *want)
{
	assert_true(events_of_host(host, &view, words));
	assert_non_null(strstr(words, want));
	assert_false(events_of_host(host, &view, words));
}

TEST(this_host_itself)
{
	struct events_host host = {0};

	assert_false(events_of_host(&host, &view, words));
	view.dry = true;
	host_told(&host, "no memory for records");
	view.stuck = true;
	host_told(&host, "the spill does not answer");
	view.dry = false;
	host_told(&host, "there is memory");
	view.stuck = false;
	host_told(&host, "the spill answers");
}

int main(void)
{
#define NEWS(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		NEWS(one_that_is_added),
		NEWS(copies_that_are_missing),
		NEWS(pages_that_cannot_be_healed),
		NEWS(one_that_cannot_be_reached_at_first),
		NEWS(one_that_is_lost_and_comes_back),
		NEWS(a_cut_that_is_mended_is_no_news),
		NEWS(one_that_lost_its_memory),
		NEWS(two_that_are_lost),
		NEWS(one_that_was_taken),
		NEWS(this_host_itself),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
