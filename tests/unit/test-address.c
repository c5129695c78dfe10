/* SPDX-License-Identifier: BSD-2-Clause */
/* Only numbers and "localhost" are resolved here: no test asks a network. */
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "address.h"

static struct address a;
static char words[WORDS_MAX];

static void good(const char *text)
{
	memset(&a, 0xa5, sizeof a);
	if (address_parse(&a, text, words) < 0)
		fail_msg("'%s' was refused: %s", text, words);
}

static void is_ip(const char *text, const char *ip, unsigned port, const char *pool)
{
	char got[64] = "";
	unsigned got_port;

	good(text);
	if (a.endpoint[0].sockaddr.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a.endpoint[0].sockaddr;

		assert_int_equal(a.endpoint[0].len, sizeof *in6);
		inet_ntop(AF_INET6, &in6->sin6_addr, got, sizeof got);
		got_port = ntohs(in6->sin6_port);
	} else {
		const struct sockaddr_in *in = (const struct sockaddr_in *)&a.endpoint[0].sockaddr;

		assert_int_equal(a.endpoint[0].sockaddr.ss_family, AF_INET);
		assert_int_equal(a.endpoint[0].len, sizeof *in);
		inet_ntop(AF_INET, &in->sin_addr, got, sizeof got);
		got_port = ntohs(in->sin_port);
	}
	assert_string_equal(got, ip);
	assert_int_equal(got_port, port);
	assert_string_equal(a.pool, pool);
}

static void is_unix(const char *text, const char *path, const char *pool)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&a.endpoint[0].sockaddr;

	good(text);
	assert_int_equal(un->sun_family, AF_UNIX);
	assert_string_equal(un->sun_path, path);
	assert_string_equal(a.pool, pool);
}

/* Refused, in words that have SAYS in them and end within their room. */
static void bad(const char *text, const char *says)
{
	memset(words, 'x', sizeof words);
	if (address_parse(&a, text, words) == 0)
		fail_msg("'%s' was taken", text);
	assert_non_null(memchr(words, '\0', sizeof words));
	if (!strstr(words, says))
		fail_msg("'%s': \"%s\" does not say \"%s\"", text, words, says);
}

TEST(a_host)
{
	is_ip("127.0.0.1", "127.0.0.1", 10809, "");
	is_ip("10.1.2.3:5", "10.1.2.3", 5, "");
	is_ip("10.1.2.3:65535", "10.1.2.3", 65535, "");
	is_ip("[::1]", "::1", 10809, "");
	is_ip("[2001:db8::7]:12345", "2001:db8::7", 12345, "");
}

TEST(a_host_by_name)
{
	good("localhost");
	good("localhost:1234");
	good("nbd://localhost:1234/x");
	/* A name may begin like a URI's scheme. */
	bad("nbds:0", "write HOST");
	bad("nbds.example:x", "write HOST");
}

TEST(a_uri)
{
	is_ip("nbd://127.0.0.1", "127.0.0.1", 10809, "");
	is_ip("nbd://127.0.0.1/", "127.0.0.1", 10809, "");
	is_ip("nbd://127.0.0.1/pool-1", "127.0.0.1", 10809, "pool-1");
	is_ip("nbd://127.0.0.1:99/p", "127.0.0.1", 99, "p");
	is_ip("nbd://[::1]:99/p", "::1", 99, "p");
	is_ip("nbd://[::1]/p", "::1", 10809, "p");
}

TEST(a_unix_socket)
{
	is_unix("unix:/run/farpage.sock", "/run/farpage.sock", "");
	bad("unix:relative", "full path");
	bad("unix:./relative", "full path");
	bad("unix:", "full path");
	bad("nbd+unix:///?socket=relative", "full path");
	is_unix("nbd+unix:///?socket=/run/f", "/run/f", "");
	is_unix("nbd+unix:///p.1?socket=/run/f", "/run/f", "p.1");
}

TEST(a_path_as_long_as_it_may_be)
{
	char text[200] = "unix:";

	memset(text + 5, 'p', 107);
	text[5] = '/';
	good(text);
	text[5 + 107] = 'p';
	bad(text, "path");
	bad("unix:", "path");
	bad("nbd+unix:///?socket=", "path");
}

TEST(what_is_no_host)
{
	const char *const texts[] = { "", ":", ":1", "[", "[]", "[]:1", "[::1", "[::1]x",
	                              "[::1]:", "[::1]:x", "::1", "fe80::1:5", "a:b:c",
	                              "/", "a/b", "127.0.0.1/p", "http://127.0.0.1",
	                              "nbd://", "nbd:///", "nbd:///p", "nbd://:1/p" };

	for (size_t i = 0; i < COUNT(texts); i++)
		bad(texts[i], "write HOST");
}

TEST(what_is_no_port)
{
	const char *const texts[] = { "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:1x",
	                              "127.0.0.1:-1", "127.0.0.1:123456", "127.0.0.1: 1",
	                              "127.0.0.1:1 ", "127.0.0.1:+1", "127.0.0.1:0",
	                              "127.0.0.1:65536", "127.0.0.1:70000", "127.0.0.1:99999",
	                              "[::1]:0", "nbd://127.0.0.1:65536/p", "nbd://127.0.0.1:/p",
	                              "nbd://127.0.0.1:nbd/p" };

	for (size_t i = 0; i < COUNT(texts); i++)
		bad(texts[i], "write HOST");
}

TEST(what_is_no_unix_uri)
{
	const char *const texts[] = { "nbd+unix://", "nbd+unix:///", "nbd+unix:///p",
	                              "nbd+unix://?socket=/s", "nbd+unix://h/p?socket=/s",
	                              "nbd+unix:///p?sock=/s", "nbd+unix:///?socket=/a&b=c",
	                              "nbd+unix:///?socket=/a%20b" };

	for (size_t i = 0; i < COUNT(texts); i++)
		bad(texts[i], "write HOST");
}

TEST(tls_is_told_apart)
{
	bad("nbds://127.0.0.1", "TLS");
	bad("nbds://127.0.0.1:1/p", "TLS");
	bad("nbds+unix:///?socket=/s", "TLS");
}

TEST(a_pool_as_long_as_it_may_be)
{
	char text[300] = "nbd://127.0.0.1/";
	size_t at = strlen(text);

	memset(text + at, 'p', ADDRESS_POOL_MAX - 1);
	good(text);
	assert_int_equal(strlen(a.pool), ADDRESS_POOL_MAX - 1);
	text[at + ADDRESS_POOL_MAX - 1] = 'p';
	bad(text, "1 to 64");
	bad("nbd://127.0.0.1/a%2fb", "letters, digits");
}

TEST(what_is_no_pool)
{
	const char *const texts[] = { "nbd://127.0.0.1/a/b", "nbd://127.0.0.1/a?claim=x",
	                              "nbd://127.0.0.1/a@1", "nbd://127.0.0.1/a b",
	                              "nbd://127.0.0.1//", "nbd://127.0.0.1/?x",
	                              "nbd+unix:///a@1?socket=/s", "nbd+unix:///a/b?socket=/s",
	                              "nbd+unix:///%70?socket=/a" };

	for (size_t i = 0; i < COUNT(texts); i++)
		bad(texts[i], "letters, digits");
	assert_true(address_pool_valid("a.B-9_"));
	assert_false(address_pool_valid(""));
	assert_false(address_pool_valid("\xc3\xa4"));
}

TEST(a_name_far_too_long)
{
	char text[5000];

	memset(text, 'h', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	bad(text, "write HOST");
	memcpy(text, "nbd://", 6);
	bad(text, "write HOST");
	memcpy(text, "unix:/", 6);
	bad(text, "path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host),
		cmocka_unit_test(a_host_by_name),
		cmocka_unit_test(a_uri),
		cmocka_unit_test(a_unix_socket),
		cmocka_unit_test(a_path_as_long_as_it_may_be),
		cmocka_unit_test(what_is_no_host),
		cmocka_unit_test(what_is_no_port),
		cmocka_unit_test(what_is_no_unix_uri),
		cmocka_unit_test(tls_is_told_apart),
		cmocka_unit_test(a_pool_as_long_as_it_may_be),
		cmocka_unit_test(what_is_no_pool),
		cmocka_unit_test(a_name_far_too_long),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
