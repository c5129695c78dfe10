/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parameters.h"

static struct parameters p;
static char words[WORDS_MAX];

static int begin(void **state)
{
	(void)state;
	parameters_begin(&p);
	return 0;
}

static int end(void **state)
{
	(void)state;
	parameters_free(&p);
	return 0;
}

static void good(const char *key, const char *value)
{
	if (parameters_set(&p, key, value, words) < 0)
		fail_msg("%s", words);
}

static void bad(const char *key, const char *value, const char *says)
{
	if (parameters_set(&p, key, value, words) == 0)
		fail_msg("%s=%s was taken", key, value);
	if (!strstr(words, says))
		fail_msg("\"%s\" does not say \"%s\"", words, says);
}

TEST(what_is_not_said)
{
	good("size", "1M");
	assert_int_equal(parameters_complete(&p, words), 0);
	assert_true(p.options.size == 1 << 20);
	assert_null(p.options.lender[0]);
	assert_null(p.options.pool);
	assert_int_equal(p.options.copies, 0);
	assert_int_equal(p.options.deadline_ms, 0);
	assert_true(p.swap);
	assert_false(p.realtime);
	assert_null(p.stats);
}

TEST(everything_at_once)
{
	const char *const said[][2] = {
		{ "lender", "ann" }, { "lender", "ben:1" }, { "lenders", "/l" }, { "copies", "3" },
		{ "same-lender", "yes" }, { "spill", "/s" }, { "seal", "check" }, { "pool", "web" },
		{ "tls-psk", "/k" }, { "tls-username", "web" }, { "size", "8G" }, { "deadline", "2000" },
		{ "link-timeout", "500" }, { "heal-rate", "4K" }, { "patient", "1" }, { "swap", "off" },
		{ "realtime", "true" }, { "stats", "/run/s" },
	};

	for (size_t i = 0; i < COUNT(said); i++)
		good(said[i][0], said[i][1]);
	assert_int_equal(parameters_complete(&p, words), 0);
	assert_string_equal(p.options.lender[0], "ann");
	assert_string_equal(p.options.lender[1], "ben:1");
	assert_null(p.options.lender[2]);
	assert_string_equal(p.options.lenders_file, "/l");
	assert_int_equal(p.options.copies, 3);
	assert_int_equal(p.options.same_lender, 1);
	assert_string_equal(p.options.spill, "/s");
	assert_string_equal(p.options.seal, "check");
	assert_string_equal(p.options.pool, "web");
	assert_string_equal(p.options.tls_psk, "/k");
	assert_string_equal(p.options.tls_username, "web");
	assert_int_equal(p.options.deadline_ms, 2000);
	assert_int_equal(p.options.link_timeout_ms, 500);
	assert_true(p.options.heal_rate == 4096);
	assert_int_equal(p.options.patient, 1);
	assert_false(p.swap);
	assert_true(p.realtime);
	assert_string_equal(p.stats, "/run/s");
}

TEST(what_is_wrong)
{
	char path[200] = "/";

	memset(path + 1, 'p', 107);
	bad("colour", "red", "unknown parameter 'colour'");
	bad("copies", "4", "copies=4: write a number from 1 to 3");
	bad("deadline", "9", "write milliseconds from 10 to 3600000");
	bad("size", "5000", "multiple of 4096");
	bad("swap", "perhaps", "write yes or no");
	bad("pool", "", "pool=: write the name of a pool");
	bad("lender", "", "write an address");
	bad("stats", path, "at most 107 bytes");
}

TEST(texts_that_are_given_twice)
{
	good("pool", "a");
	bad("pool", "b", "given twice");
	good("lender", "ann");
	bad("lender", "ann", "each copy is on a different lender");
	good("copies", "1");
	good("copies", "2");
	assert_int_equal(p.options.copies, 2);
}

TEST(lenders_without_end)
{
	char name[16];

	for (int i = 0; i < FARPAGE_LENDERS_MAX; i++) {
		snprintf(name, sizeof name, "l%d", i);
		good("lender", name);
	}
	bad("lender", "more", "there are 16 lenders at most");
}

TEST(where_the_pages_go)
{
	assert_int_equal(parameters_complete(&p, words), -1);
	assert_non_null(strstr(words, "where do pages go"));
	good("size", "1M");
	good("pool", "a");
	assert_int_equal(parameters_complete(&p, words), -1);
	assert_string_equal(words, "pool= needs lender= or lenders=");
	good("lender", "ann");
	assert_int_equal(parameters_complete(&p, words), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(what_is_not_said),
		T(everything_at_once),
		T(what_is_wrong),
		T(texts_that_are_given_twice),
		T(lenders_without_end),
		T(where_the_pages_go),
	};

	return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
