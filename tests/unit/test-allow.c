/* SPDX-License-Identifier: BSD-2-Clause */
/* From where a pool may be opened. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "unit.h"

#include "allow.h"

static struct origin from(const char *text)
{
	uint8_t address[16] = {0};
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (strcmp(text, "unix") == 0)
		return origin_of(AF_UNIX, address);
	assert_int_equal(inet_pton(family, text, address), 1);
	return origin_of(family, address);
}

static struct allow list(const char *first, const char *second)
{
	struct allow allow = {0};

	assert_null(allow_add(&allow, first));
	if (second)
		assert_null(allow_add(&allow, second));
	return allow;
}

static void admits(const char *net, const char *host, bool yes)
{
	struct allow allow = list(net, NULL);
	struct origin origin = from(host);

	if (allow_admits(&allow, &origin) != yes)
		fail_msg("%s and %s", net, host);
}

TEST(every_prefix)
{
	char net[32], in[32], out[32];

	for (unsigned bits = 1; bits <= 32; bits++) {
		uint32_t base = bits == 32 ? 0xc0000281 : 0xc0000281 >> (32 - bits) << (32 - bits);
		uint32_t last = base | (bits == 32 ? 0 : UINT32_MAX >> bits), next = base ^ 1u << (32 - bits);

		snprintf(net, sizeof net, "%u.%u.%u.%u/%u", base >> 24, base >> 16 & 255, base >> 8 & 255,
		         base & 255, bits);
		snprintf(in, sizeof in, "%u.%u.%u.%u", last >> 24, last >> 16 & 255, last >> 8 & 255, last & 255);
		snprintf(out, sizeof out, "%u.%u.%u.%u", next >> 24, next >> 16 & 255, next >> 8 & 255, next & 255);
		admits(net, in, true);
		admits(net, out, false);
	}
}

TEST(addresses_and_networks)
{
	admits("192.0.2.7", "192.0.2.7", true);
	admits("192.0.2.7", "192.0.2.70", false);
	admits("192.0.2.7", "192.0.2.6", false);
	admits("2001:db8::/32", "2001:db8:ffff::1", true);
	admits("2001:db8::/32", "2001:db9::1", false);
	admits("2001:db8::1", "2001:db8::1", true);
	admits("2001:db8::1", "2001:db8::2", false);
	admits("fe80::/10", "febf::1", true);
	admits("unix", "unix", true);
}

TEST(one_kind_is_not_another)
{
	admits("0.0.0.0/0", "192.0.2.1", true);
	admits("0.0.0.0/0", "2001:db8::1", false);
	admits("0.0.0.0/0", "unix", false);
	admits("::/0", "2001:db8::1", true);
	admits("::/0", "::ffff:192.0.2.1", false);
	admits("::/0", "192.0.2.1", false);
	admits("::/0", "unix", false);
	admits("unix", "0.0.0.0", false);
	admits("unix", "::", false);
}

TEST(an_ipv4_address_may_come_in_an_ipv6_one)
{
	admits("192.0.2.0/24", "::ffff:192.0.2.9", true);
	admits("192.0.2.0/24", "::ffff:192.0.3.9", false);
	admits("::ffff:192.0.2.0/120", "192.0.2.9", true);
	admits("::ffff:192.0.2.0/120", "192.0.3.9", false);
	admits("::ffff:192.0.2.9", "::ffff:192.0.2.9", true);
	admits("::192.0.2.9", "192.0.2.9", false); /* that is not one */
}

TEST(any_of_them)
{
	struct allow none = {0}, both = list("192.0.2.0/24", "2001:db8::/32");
	struct origin here = from("192.0.2.1"), there = from("2001:db8::9"), else_ = from("198.51.100.1"),
	              unknown = {0};

	assert_true(allow_admits(&both, &here) && allow_admits(&both, &there));
	assert_false(allow_admits(&both, &else_) || allow_admits(&both, &unknown));
	assert_true(allow_admits(&none, &here) && allow_admits(&none, &unknown));
}

TEST(what_is_none)
{
	static const char *const bad[] = {
		"", "/", "/8", "192.0.2", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/ 8",
		"192.0.2.0/8x", "192.0.2.0/0x8", "192.0.2.0/24/24", "192.0.2.1/24", "192.0.2.256", "host",
		"host.example", "unix:", "UNIX", "*", "[2001:db8::1]", "2001:db8::/129", "2001:db8::1/64",
		"2001:db8::/4294967296", "fe80::1%eth0", "2001:db8:::1", "::ffff:0:0/95", "::ffff:192.0.2.1/97",
		"192.0.2.1 ", " 192.0.2.1", "0192.0.2.1",
		"2001:0db8:0000:0000:0000:0000:0000:0001:2001:0db8:0000:0000:0000:0000:0000:0001",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct allow allow = {0};

		if (!allow_add(&allow, bad[i]))
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(allow.n, 0);
	}
}

TEST(too_many)
{
	struct allow allow = {0};

	for (unsigned i = 0; i < ALLOW_MAX; i++)
		assert_null(allow_add(&allow, "192.0.2.0/24"));
	assert_non_null(strstr(allow_add(&allow, "unix"), "at most 16"));
	assert_int_equal(allow.n, ALLOW_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_prefix),
		cmocka_unit_test(addresses_and_networks),
		cmocka_unit_test(one_kind_is_not_another),
		cmocka_unit_test(an_ipv4_address_may_come_in_an_ipv6_one),
		cmocka_unit_test(any_of_them),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests_name("what a pool allows", tests, NULL, NULL);
}
