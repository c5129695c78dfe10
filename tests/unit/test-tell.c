/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is told may stand still: nobody waits, and what was lost is counted. */
#include "unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "engine.h"
#include "farpage.h"
#include "tell.h"

static sem_t called, go_on;
static char heard[100][FARPAGE_WORDS_MAX];
static unsigned n;

static void listen(void *user, const char *words)
{
	(void)user;
	snprintf(heard[n++], FARPAGE_WORDS_MAX, "%s", words);
}

static void stand_still(void *user, const char *words)
{
	listen(user, words);
	sem_post(&called);
	sem_wait(&go_on);
}

static int setup(void **state)
{
	(void)state;
	n = 0;
	sem_init(&called, 0, 0);
	sem_init(&go_on, 0, 0);
	return 0;
}

TEST(all_in_their_order_before_the_end)
{
	struct tell *t = tell_open(listen, NULL);
	char words[20];

	assert_non_null(t);
	for (unsigned i = 0; i < 30; i++) {
		snprintf(words, sizeof words, "words %u", i);
		tell_say(t, words);
	}
	tell_close(t, clock_ms() + 10000);
	assert_int_equal(n, 30);
	assert_string_equal(heard[0], "words 0");
	assert_string_equal(heard[29], "words 29");
}

TEST(nobody_is_told)
{
	tell_say(NULL, "words");
	tell_close(NULL, 0);
}

TEST(who_stands_still_loses_words_and_is_told_how_many)
{
	struct tell *t = tell_open(stand_still, NULL);
	unsigned said = 1;

	assert_non_null(t);
	tell_say(t, "first");
	sem_wait(&called);
	/* 32 wait, 8 are lost. */
	for (; said <= 40; said++)
		tell_say(t, "more");
	for (unsigned i = 0; i < 33; i++)
		sem_post(&go_on);
	for (unsigned i = 0; i < 32; i++)
		sem_wait(&called);
	tell_say(t, "last");
	sem_post(&go_on);
	sem_post(&go_on);
	tell_close(t, clock_ms() + 10000);
	assert_int_equal(n, 1 + 32 + 2);
	assert_string_equal(heard[33], "warnings were not read in time: 8 warnings are lost");
	assert_string_equal(heard[34], "last");
}

TEST(who_stands_still_for_ever_is_left_alone)
{
	struct tell *t = tell_open(stand_still, NULL);
	int64_t then = clock_ms();

	assert_non_null(t);
	tell_say(t, "first");
	sem_wait(&called);
	tell_close(t, then + 100);
	assert_true(clock_ms() >= then + 100);
	sem_post(&go_on); /* it ends by itself */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_in_their_order_before_the_end, setup),
		cmocka_unit_test(nobody_is_told),
		cmocka_unit_test_setup(who_stands_still_loses_words_and_is_told_how_many, setup),
		cmocka_unit_test_setup(who_stands_still_for_ever_is_left_alone, setup),
	};

	return cmocka_run_group_tests_name("tell", tests, NULL, NULL);
}
