/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "hostport.h"

static char host[HOSTPORT_HOST_MAX], port[HOSTPORT_PORT_MAX];

static void is(const char *text, const char *its_host, const char *its_port)
{
	const char *wrong = hostport_parse(text, strlen(text), "10809", host, port);

	if (wrong)
		fail_msg("'%s' was refused: %s", text, wrong);
	assert_string_equal(host, its_host);
	assert_string_equal(port, its_port);
}

static void is_not(const char *text, const char *default_port, const char *says)
{
	const char *wrong = hostport_parse(text, strlen(text), default_port, host, port);

	if (!wrong)
		fail_msg("'%s' was taken", text);
	if (!strstr(wrong, says))
		fail_msg("'%s': \"%s\" does not say \"%s\"", text, wrong, says);
}

TEST(a_host_and_its_port)
{
	is("here:1", "here", "1");
	is("192.0.2.1:65535", "192.0.2.1", "65535");
	is("here:0", "here", "0");
	is("here:00001", "here", "00001");
	is("[2001:db8::1]:7", "2001:db8::1", "7");
	is("[here]:7", "here", "7");
}

TEST(a_port_that_is_not_said)
{
	is("here", "here", "10809");
	is("[::1]", "::1", "10809");
	is_not("here", NULL, "no port");
	is_not("[::1]", NULL, "no port");
}

TEST(what_is_no_port)
{
	const char *const texts[] = { "h:", "h:x", "h:1x", "h:-1", "h:+1", "h: 1", "h:1 ", "h:65536",
	                              "h:99999", "h:123456", "h:000001", "[::1]:", "[::1]:x" };

	for (size_t i = 0; i < COUNT(texts); i++)
		is_not(texts[i], "10809", "up to 65535");
}

TEST(brackets)
{
	is_not("::1", "10809", "no host");
	is_not("fe80::1", "10809", "in brackets");
	is_not("a:b:c", "10809", "in brackets");
	is_not("[::1", "10809", "not closed");
	is_not("[", "10809", "not closed");
	is_not("[::1]x", "10809", "follow the brackets");
	is_not("[::1]1", NULL, "follow the brackets");
}

TEST(no_host_or_too_much_of_one)
{
	char text[HOSTPORT_HOST_MAX + 8];

	is_not("", "10809", "no host");
	is_not(":", "10809", "no host");
	is_not(":1", "10809", "no host");
	is_not("[]", "10809", "no host");
	is_not("[]:1", "10809", "no host");
	memset(text, 'h', sizeof text);
	strcpy(text + HOSTPORT_HOST_MAX - 1, ":1");
	assert_null(hostport_parse(text, strlen(text), NULL, host, port));
	assert_int_equal(strlen(host), HOSTPORT_HOST_MAX - 1);
	strcpy(text + HOSTPORT_HOST_MAX - 1, "h:1");
	is_not(text, NULL, "too long");
}

/* What follows is another's, even where it would go on. */
TEST(no_more_than_its_length)
{
	assert_null(hostport_parse("here:12345", 6, NULL, host, port));
	assert_string_equal(port, "1");
	assert_null(hostport_parse("here:1234/x", 4, "9", host, port));
	assert_string_equal(port, "9");
	assert_non_null(hostport_parse("[::1]:1", 4, "9", host, port));
	assert_non_null(hostport_parse("here:1", 0, "9", host, port));
}

TEST(a_unix_socket)
{
	assert_string_equal(hostport_unix("unix:/run/s"), "/run/s");
	assert_string_equal(hostport_unix("unix:"), "");
	assert_null(hostport_unix("unix"));
	assert_null(hostport_unix("here:1"));
	assert_int_equal(HOSTPORT_PATH_MAX, 108);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_and_its_port),
		cmocka_unit_test(a_port_that_is_not_said),
		cmocka_unit_test(what_is_no_port),
		cmocka_unit_test(brackets),
		cmocka_unit_test(no_host_or_too_much_of_one),
		cmocka_unit_test(no_more_than_its_length),
		cmocka_unit_test(a_unix_socket),
	};

	return cmocka_run_group_tests_name("hostport", tests, NULL, NULL);
}
