/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdlib.h>

#include "export.h"

/* From a block of exactly LEN bytes, so that a checker sees a read beyond. */
static int parse_bytes(struct export *e, const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	memset(e, 0xa5, sizeof *e);
	r = export_parse(e, copy, len);
	free(copy);
	return r;
}

static struct export good(const char *text)
{
	struct export e;

	if (parse_bytes(&e, text, strlen(text)) < 0)
		fail_msg("'%s' was refused", text);
	return e;
}

static void bad(const char *text)
{
	struct export e;

	if (parse_bytes(&e, text, strlen(text)) == 0)
		fail_msg("'%s' was taken", text);
}

static const char *repeat(char c, size_t n)
{
	static char text[8192];

	memset(text, c, n);
	text[n] = '\0';
	return text;
}

TEST(a_plain_name)
{
	struct export e = good("laptop-3.home_x");

	assert_int_equal(e.how, EXPORT_PLAIN);
	assert_string_equal(e.name, "laptop-3.home_x");
	assert_false(e.force);
	assert_string_equal(e.instance, "");
}

TEST(the_empty_name)
{
	struct export e = good("");

	assert_int_equal(e.how, EXPORT_PLAIN);
	assert_string_equal(e.name, "");
}

TEST(a_name_of_64_bytes_but_not_of_65)
{
	struct export e = good(repeat('n', 64));

	assert_int_equal(strlen(e.name), 64);
	bad(repeat('n', 65));
}

TEST(an_epoch)
{
	struct export e = good("swap@1234567890123456789");

	assert_int_equal(e.how, EXPORT_EPOCH);
	assert_string_equal(e.name, "swap");
	assert_true(e.epoch == UINT64_C(1234567890123456789));
	assert_true(good("swap@0").epoch == 0);
	assert_true(good("swap@18446744073709551615").epoch == UINT64_MAX);
}

TEST(an_epoch_of_the_first_pool)
{
	struct export e = good("@7");

	assert_int_equal(e.how, EXPORT_EPOCH);
	assert_string_equal(e.name, "");
	assert_true(e.epoch == 7);
}

TEST(what_is_not_an_epoch)
{
	bad("swap@");
	bad("swap@x");
	bad("swap@-1");
	bad("swap@+1");
	bad("swap@ 1");
	bad("swap@1 ");
	bad("swap@1x");
	bad("swap@0x10");
	bad("swap@1@2");
	bad("swap@@1");
	bad("swap@18446744073709551616");
	bad("swap@99999999999999999999999999");
}

TEST(a_ticket)
{
	struct export e = good("swap.2@1234.00112233445566778899aabbccddeeff");
	char text[TICKET_TEXT_MAX];

	assert_int_equal(e.how, EXPORT_TICKET);
	assert_string_equal(e.name, "swap.2");
	assert_true(e.epoch == 1234);
	ticket_format(&e.ticket, text);
	assert_string_equal(text, "00112233445566778899aabbccddeeff");
	assert_int_equal(e.ticket.byte[15], 0xff);
	assert_int_equal(good("@7.00112233445566778899aabbccddeeff").how, EXPORT_TICKET);
}

TEST(what_is_not_a_ticket)
{
	bad("swap@1.");
	bad("swap@.00112233445566778899aabbccddeeff");
	bad("swap@1.00112233445566778899aabbccddeef");
	bad("swap@1.00112233445566778899aabbccddeeff0");
	bad("swap@1.00112233445566778899AABBCCDDEEFF");
	bad("swap@1.00112233445566778899aabbccddeefg");
	bad("swap@1.00112233445566778899aabbccddeef ");
	bad("swap@1.0x112233445566778899aabbccddeeff");
	bad("swap@1.0011223344556677.8899aabbccddeeff");
	bad("swap@1.00112233445566778899aabbccddeeff?claim=a");
	bad("swap@18446744073709551616.00112233445566778899aabbccddeeff");
}

TEST(a_claim)
{
	struct export e = good("swap?claim=0123abcd");

	assert_int_equal(e.how, EXPORT_CLAIM);
	assert_string_equal(e.name, "swap");
	assert_string_equal(e.instance, "0123abcd");
	assert_false(e.force);
}

TEST(a_claim_by_force)
{
	struct export e = good("swap?claim=me&force");

	assert_int_equal(e.how, EXPORT_CLAIM);
	assert_string_equal(e.instance, "me");
	assert_true(e.force);
	assert_true(good("swap?force&claim=me").force);
}

TEST(a_claim_of_the_first_pool)
{
	struct export e = good("?claim=me");

	assert_int_equal(e.how, EXPORT_CLAIM);
	assert_string_equal(e.name, "");
}

TEST(the_longest_name_with_the_longest_instance)
{
	char text[256] = "";
	struct export e;

	strcat(text, repeat('n', 64));
	strcat(text, "?claim=");
	strcat(text, repeat('i', 64));
	strcat(text, "&force");
	e = good(text);
	assert_int_equal(strlen(e.name), 64);
	assert_int_equal(strlen(e.instance), 64);
	assert_true(e.force);
}

TEST(what_is_not_a_claim)
{
	bad("swap?");
	bad("swap?force");
	bad("swap?claim");
	bad("swap?claim=");
	bad("swap?claim=&force");
	bad("swap?claim=a&");
	bad("swap?&claim=a");
	bad("swap?claim=a&&force");
	bad("swap?claim=a&claim=b");
	bad("swap?claim=a&Force");
	bad("swap?claim=a&force=1");
	bad("swap?CLAIM=a");
	bad("swap?claim=a b");
	bad("swap?claim=a/b");
	bad("swap?claim=a?claim=b");
	bad("swap??claim=a");
	bad("swap?other=1");
}

TEST(an_instance_of_65_bytes)
{
	char text[256] = "swap?claim=";

	strcat(text, repeat('i', 65));
	bad(text);
}

TEST(a_claim_mixed_with_an_epoch)
{
	bad("swap@1?claim=a");
	bad("swap?claim=a@1");
	bad("swap?claim=@1");
	bad("swap@?claim=a");
	bad("swap@1?");
	bad("@?");
	bad("?@");
	bad("@");
	bad("?");
}

TEST(characters_that_no_name_has)
{
	for (int c = 1; c < 256; c++) {
		char text[] = "swapX";
		struct export e;
		bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		            (c >= 'A' && c <= 'Z') || strchr("._-", c);

		text[4] = (char)c;
		if ((parse_bytes(&e, text, 5) == 0) != fine)
			fail_msg("byte 0x%02x", c);
	}
}

TEST(a_nul_within)
{
	struct export e;

	assert_int_equal(parse_bytes(&e, "swap\0more", 9), -1);
	assert_int_equal(parse_bytes(&e, "swap\0", 5), -1);
	assert_int_equal(parse_bytes(&e, "\0", 1), -1);
	assert_int_equal(parse_bytes(&e, "swap@1\0", 7), -1);
	assert_int_equal(parse_bytes(&e, "swap?claim=a\0", 13), -1);
	assert_int_equal(parse_bytes(&e, "swap?claim=a\0&force", 19), -1);
}

TEST(far_too_long)
{
	for (size_t n = 65; n <= 300; n++)
		bad(repeat('x', n));
	bad(repeat('x', 4096));
	bad(repeat('@', 4096));
	bad(repeat('&', 4096));
}

TEST(force_upon_force_until_it_is_too_long)
{
	char text[200] = "s?claim=i";

	while (strlen(text) + 6 < sizeof text)
		strcat(text, "&force");
	bad(text);
}

TEST(noise)
{
	static const char alphabet[] = "a@?&=.1claimforce\0";
	uint64_t seed = 2;

	for (int i = 0; i < 200000; i++) {
		char text[40];
		size_t n = dice_below(&seed, sizeof text);
		struct export e;

		for (size_t k = 0; k < n; k++)
			text[k] = alphabet[dice_below(&seed, sizeof alphabet)];
		if (parse_bytes(&e, text, n) < 0)
			continue;
		assert_true(!*e.name || pool_name_valid(e.name));
		if (e.how == EXPORT_CLAIM)
			assert_true(pool_name_valid(e.instance));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_name),
		cmocka_unit_test(the_empty_name),
		cmocka_unit_test(a_name_of_64_bytes_but_not_of_65),
		cmocka_unit_test(an_epoch),
		cmocka_unit_test(an_epoch_of_the_first_pool),
		cmocka_unit_test(what_is_not_an_epoch),
		cmocka_unit_test(a_ticket),
		cmocka_unit_test(what_is_not_a_ticket),
		cmocka_unit_test(a_claim),
		cmocka_unit_test(a_claim_by_force),
		cmocka_unit_test(a_claim_of_the_first_pool),
		cmocka_unit_test(the_longest_name_with_the_longest_instance),
		cmocka_unit_test(what_is_not_a_claim),
		cmocka_unit_test(an_instance_of_65_bytes),
		cmocka_unit_test(a_claim_mixed_with_an_epoch),
		cmocka_unit_test(characters_that_no_name_has),
		cmocka_unit_test(a_nul_within),
		cmocka_unit_test(far_too_long),
		cmocka_unit_test(force_upon_force_until_it_is_too_long),
		cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests_name("export_parse", tests, NULL, NULL);
}
