/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>

#include "size.h"

static void is(const char *text, uint64_t bytes)
{
	uint64_t got = ~bytes;

	if (size_parse(text, &got) < 0)
		fail_msg("'%s' was refused", text);
	if (got != bytes)
		fail_msg("'%s' is %" PRIu64 ", not %" PRIu64, text, got, bytes);
}

static void is_not(const char *text)
{
	uint64_t got = 0;

	if (size_parse(text, &got) == 0)
		fail_msg("'%s' was taken for %" PRIu64, text, got);
}

TEST(bytes)
{
	is("0", 0);
	is("1", 1);
	is("4096", 4096);
	is("4096B", 4096);
	is("4096b", 4096);
	is("007", 7);
}

TEST(units)
{
	is("1K", UINT64_C(1) << 10);
	is("1M", UINT64_C(1) << 20);
	is("1G", UINT64_C(1) << 30);
	is("1T", UINT64_C(1) << 40);
	is("1P", UINT64_C(1) << 50);
	is("0K", 0);
	is("64M", UINT64_C(64) << 20);
	is("2048G", UINT64_C(2) << 40);
}

TEST(units_in_other_spellings)
{
	const char *const same[] = { "3k", "3K", "3KB", "3kb", "3KiB", "3kib", "3KIB" };

	for (size_t i = 0; i < COUNT(same); i++)
		is(same[i], 3072);
	is("3gib", UINT64_C(3) << 30);
	is("3TB", UINT64_C(3) << 40);
}

TEST(fractions)
{
	is("1.5K", 1536);
	is("0.5K", 512);
	is("0.25G", UINT64_C(1) << 28);
	is("1.0G", UINT64_C(1) << 30);
	is("1.50G", UINT64_C(3) << 29);
	is("0.000001M", 1);
	is("2.75GiB", UINT64_C(11) << 28);
}

TEST(a_fraction_of_a_petabyte_does_not_overflow)
{
	is("0.5P", UINT64_C(1) << 49);
	is("0.500000P", UINT64_C(1) << 49);
	is("8191.999999P", (UINT64_C(8192) << 50) - 1125899907);
	is("8191.5P", (UINT64_C(8191) << 50) + (UINT64_C(1) << 49));
}

TEST(what_is_not_a_number)
{
	const char *const bad[] = { "", " ", "K", "-1", "+1", " 1", ".5K", "five",
	                            "0x10", "1e3", "\t1", "-0", "NaN", "=1" };

	for (size_t i = 0; i < COUNT(bad); i++)
		is_not(bad[i]);
}

TEST(what_is_not_a_unit)
{
	const char *const bad[] = { "1 ", "1 K", "1KK", "1Ki", "1KiBs", "1E", "1X", "1K ",
	                            "1BB", "1BiB", "1B1", "1K1", "1,5K", "1K\n", "1%" };

	for (size_t i = 0; i < COUNT(bad); i++)
		is_not(bad[i]);
}

TEST(what_is_not_a_fraction)
{
	const char *const bad[] = { "1.", "1.K", "1.5.5K", "1..5K", "1.-5K", "1.5 K" };

	for (size_t i = 0; i < COUNT(bad); i++)
		is_not(bad[i]);
}

TEST(near_2_to_the_63)
{
	is("9223372036854775807", INT64_MAX);
	is("9223372036854775807B", INT64_MAX);
	is("8191P", UINT64_C(8191) << 50);
	is("8388607T", UINT64_C(8388607) << 40);
	is("9007199254740991K", UINT64_C(9007199254740991) << 10);
	is_not("9223372036854775808");
	is_not("8192P");
	is_not("8388608T");
	is_not("9007199254740992K");
}

TEST(near_2_to_the_64_and_beyond)
{
	is_not("18446744073709551615");
	is_not("18446744073709551616");
	is_not("18446744073709551617K");
	is_not("16384P");
	is_not("18014398509481984K"); /* 2^64, were it shifted away */
	is_not("18014398509481985K"); /* 2^64 + 1024, likewise */
	is_not("99999999999999999999999999999999999999G");
}

static void reads(uint64_t bytes, const char *text)
{
	char got[32];

	size_format(bytes, got);
	assert_string_equal(got, text);
}

TEST(written_as_short_as_is_exact)
{
	reads(0, "0");
	reads(1, "1");
	reads(1023, "1023");
	reads(1024, "1K");
	reads(1025, "1025");
	reads(1536, "1536");
	reads(UINT64_C(64) << 20, "64M");
	reads(UINT64_C(1) << 30, "1G");
	reads((UINT64_C(1) << 30) + 4096, "1048580K");
	reads(UINT64_C(2) << 40, "2T");
	reads(UINT64_C(1) << 60, "1024P");
	reads(INT64_MAX, "9223372036854775807");
}

TEST(what_is_written_reads_the_same)
{
	uint64_t seed = 1;

	for (int i = 0; i < 20000; i++) {
		uint64_t bytes = dice(&seed) >> (1 + dice_below(&seed, 63));
		char text[32];

		bytes &= ~UINT64_C(0) << dice_below(&seed, 63);
		size_format(bytes, text);
		is(text, bytes);
	}
}

int main(void)
{
	const struct CMUnitTest parse[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(units),
		cmocka_unit_test(units_in_other_spellings),
		cmocka_unit_test(fractions),
		cmocka_unit_test(a_fraction_of_a_petabyte_does_not_overflow),
		cmocka_unit_test(what_is_not_a_number),
		cmocka_unit_test(what_is_not_a_unit),
		cmocka_unit_test(what_is_not_a_fraction),
		cmocka_unit_test(near_2_to_the_63),
		cmocka_unit_test(near_2_to_the_64_and_beyond),
	};
	const struct CMUnitTest format[] = {
		cmocka_unit_test(written_as_short_as_is_exact),
		cmocka_unit_test(what_is_written_reads_the_same),
	};

	return cmocka_run_group_tests_name("size_parse", parse, NULL, NULL) |
	       cmocka_run_group_tests_name("size_format", format, NULL, NULL);
}
