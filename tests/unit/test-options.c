/* SPDX-License-Identifier: BSD-2-Clause */
/* farpaged's options, from the command line. The file is in test-options-file. */
#include "tell_fixture.h"

#include <unistd.h>

#include "gauge.h"

TEST(nothing_at_all_is_fine)
{
	good("farpaged");
	assert_null(o.config);
	assert_false(o.check_config);
	assert_int_equal(o.listens, 1);
	assert_string_equal(o.listen[0], "127.0.0.1:10809");
	assert_true(o.lend == DEFAULT_LEND);
	assert_int_equal(o.pools, 1);
	assert_string_equal(o.pool[0].name, "default");
	assert_true(o.pool[0].size == DEFAULT_LEND);
	assert_false(o.pool[0].thin);
	assert_false(o.pool[0].revocable);
	assert_int_equal(o.threads, 1);
	assert_true(o.keep_free == gauge_look().total / 20 && o.keep_free > 0);
	assert_int_equal(o.vacate_deadline_s, 60);
	assert_null(o.pid_file);
	assert_int_equal(o.log_level, LOG_INFO);
}

TEST(tls_is_required_where_there_are_credentials)
{
	good("farpaged");
	assert_int_equal(o.tls, TLS_OFF);
	good("farpaged", "--tls-psk", "/k", "--pool", "a=4K,owner=alice,thin");
	assert_int_equal(o.tls, TLS_REQUIRE);
	assert_string_equal(o.tls_psk, "/k");
	assert_string_equal(o.pool[0].owner, "alice");
	good("farpaged", "--tls-psk", "/k", "--pool", "a=4K,owner=Doe\\, J.,thin");
	assert_string_equal(o.pool[0].owner, "Doe, J.");
	assert_true(o.pool[0].thin);
	good("farpaged", "--tls-psk", "/k", "--pool", "a=4K,owner=\\\\,thin");
	assert_string_equal(o.pool[0].owner, "\\");
	assert_true(o.pool[0].thin);
	good("farpaged", "--tls-psk", "/k", "--pool", "a=4K,thin,owner=a\\+b\\");
	assert_string_equal(o.pool[0].owner, "a\\+b\\");
	assert_true(o.pool[0].thin);
	good("farpaged", "--tls-certificates", "/c", "--tls", "allow");
	assert_int_equal(o.tls, TLS_ALLOW);
	good("farpaged", "--tls-psk", "/k", "--tls", "off");
	assert_int_equal(o.tls, TLS_OFF);
	bad("needs credentials", "farpaged", "--tls", "require");
	bad("write off, allow or require", "farpaged", "--tls", "yes");
	bad("has an owner, and only TLS can prove", "farpaged", "--pool", "a=4K,owner=alice");
	bad("each once", "farpaged", "--pool", "a=4K,owner=alice,owner=bob");
	good("farpaged", "--pool", "a=4K,allow=192.0.2.0/24,allow=2001:db8::/32,thin,allow=unix");
	good("farpaged", "--pool", "a=4K", "--pool", "b=4K", "--pool", "a,allow=192.0.2.1,allow=unix");
	bad("that is given above it, and there is none", "farpaged", "--pool", "a,allow=unix", "--pool", "a=4K");
	bad("that is given above it, and there is none", "farpaged", "--pool", "aa=4K", "--pool", "a,allow=unix");
	bad("without a size", "farpaged", "--pool", "a=4K", "--pool", "a,thin");
	bad("each once", "farpaged", "--pool", "a=4K", "--pool", "a,allow=unix,thin");
	bad("allow=ADDRESS/BITS", "farpaged", "--pool", "a=4K,allow=");
	bad("0 to 32", "farpaged", "--pool", "a=4K,allow=192.0.2.0/33");
	bad("no bits behind its prefix", "farpaged", "--pool", "a=4K,allow=192.0.2.1/24");
	bad("1 to 64 characters", "farpaged", "--pool", "a=4K,owner=");
}

TEST(limits_of_a_pool)
{
	good("farpaged", "--pool", "a=4K,iops=200,bandwidth=1M", "--pool", "b=4K");
	assert_true(o.pool[0].iops == 200);
	assert_true(o.pool[0].bandwidth == 1 << 20);
	assert_true(o.pool[1].iops == 0 && o.pool[1].bandwidth == 0);
	bad("write iops=N", "farpaged", "--pool", "a=4K,iops=0");
	bad("write iops=N", "farpaged", "--pool", "a=4K,iops=");
	bad("write bandwidth=SIZE", "farpaged", "--pool", "a=4K,bandwidth=4095");
	bad("each once", "farpaged", "--pool", "a=4K,iops=1,iops=1");
}

TEST(how_many_connections)
{
	good("farpaged");
	assert_int_equal(o.max_connections, 4096);
	assert_int_equal(o.max_per_address, 256);
	assert_int_equal(o.max_per_identity, 64);
	good("farpaged", "--max-connections", "1", "--max-per-address=2", "--max-per-identity=1000000");
	assert_int_equal(o.max_connections, 1);
	assert_int_equal(o.max_per_address, 2);
	assert_int_equal(o.max_per_identity, 1000000);
	bad("from 1 to 1000000", "farpaged", "--max-connections", "0");
	bad("from 1 to 1000000", "farpaged", "--max-per-address", "1000001");
	bad("from 1 to 1000000", "farpaged", "--max-per-identity", "-1");
}

TEST(everything_at_once)
{
	good("farpaged", "--listen", "10.0.0.1:1", "--listen=[::1]:2", "--listen", "unix:/s",
	     "--lend", "32M", "--pool", "a=8M", "--pool=b=1G,thin", "--threads", "4",
	     "--pid-file", "/run/p", "--log-level", "debug", "--check-config",
	     "--allow-plaintext");
	assert_int_equal(o.listens, 3);
	assert_string_equal(o.listen[0], "10.0.0.1:1");
	assert_string_equal(o.listen[1], "[::1]:2");
	assert_string_equal(o.listen[2], "unix:/s");
	assert_true(o.lend == 32 << 20);
	assert_int_equal(o.pools, 2);
	assert_string_equal(o.pool[0].name, "a");
	assert_true(o.pool[0].size == 8 << 20);
	assert_false(o.pool[0].thin);
	assert_string_equal(o.pool[1].name, "b");
	assert_true(o.pool[1].size == UINT64_C(1) << 30);
	assert_true(o.pool[1].thin);
	assert_int_equal(o.threads, 4);
	assert_string_equal(o.pid_file, "/run/p");
	assert_int_equal(o.log_level, LOG_DEBUG);
	assert_true(o.check_config);
}

TEST(the_last_word_counts)
{
	good("farpaged", "--lend", "1M", "--lend", "2M", "--threads", "2", "--threads", "3",
	     "--pid-file", "a", "--pid-file", "b", "--log-level", "warn", "--log-level", "error");
	assert_true(o.lend == 2 << 20);
	assert_int_equal(o.threads, 3);
	assert_string_equal(o.pid_file, "b");
	assert_int_equal(o.log_level, LOG_ERROR);
}

TEST(the_default_pool_is_all_that_is_lent)
{
	good("farpaged", "--lend", "5M");
	assert_int_equal(o.pools, 1);
	assert_true(o.pool[0].size == 5 << 20);
}

TEST(what_is_lent_is_whole_pages)
{
	good("farpaged", "--lend", "10000");
	assert_true(o.lend == 8192);
	assert_true(o.pool[0].size == 8192);
}

TEST(unknown_options)
{
	bad("see farpaged --help", "farpaged", "--lent", "1M");
	bad("--lent", "farpaged", "--lent", "1M");
	bad("-x: no such option", "farpaged", "-x");
	bad("-x: no such option", "farpaged", "-xy");
	bad("-x: no such option", "farpaged", "--lend", "1M", "-xyz", "--pool");
	bad("--help=x", "farpaged", "--help=x");
	bad("--size=1", "farpaged", "--size=1");
	bad("see farpaged --help", "farpaged", "pool");
	bad("pool: this is not an option", "farpaged", "pool");
	bad("this is not an option", "farpaged", "--lend", "1M", "more");
	bad("this is not an option", "farpaged", "--", "--lend");
}

TEST(values_that_are_missing_or_too_many)
{
	bad("--lend: needs a value", "farpaged", "--lend");
	bad("--pool: needs a value", "farpaged", "--lend", "1M", "--pool");
	bad("--check-config", "farpaged", "--check-config=yes");
}

TEST(bad_addresses)
{
	const char *const texts[] = { "", "10809", ":10809", "127.0.0.1", "127.0.0.1:",
	                              "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
	                              "::1:10809", "[::1]", "[::1", "[]:1", "[::1]1", "unix:",
	                              "127.0.0.1:123456", "127.0.0.1:1 " };

	for (size_t i = 0; i < COUNT(texts); i++)
		bad("write ADDR:PORT", "farpaged", "--listen", texts[i]);
}

TEST(addresses_without_end)
{
	const char *argv[2 * OPTIONS_LISTEN_MAX + 4] = { "farpaged" };

	for (size_t i = 0; i <= OPTIONS_LISTEN_MAX; i++) {
		argv[1 + 2 * i] = "--listen";
		argv[2 + 2 * i] = "127.0.0.1:1";
	}
	assert_int_equal(read_options(1 + 2 * OPTIONS_LISTEN_MAX, argv), OPTIONS_OK);
	assert_int_equal(o.listens, OPTIONS_LISTEN_MAX);
	assert_int_equal(read_options(3 + 2 * OPTIONS_LISTEN_MAX, argv), OPTIONS_BAD);
	assert_non_null(strstr(words, "too many addresses"));
}

TEST(bad_sizes)
{
	const char *const texts[] = { "", "x", "-1", "0", "4095", "1X", "1.5.5G", "99999999P" };

	for (size_t i = 0; i < COUNT(texts); i++)
		bad("write a size", "farpaged", "--lend", texts[i]);
	bad("this host has only", "farpaged", "--lend", "8191P");
}

TEST(bad_pools)
{
	const char *const forms[] = { "", "a", "a:1M" };
	const char *const names[] = { "=1M", "a b=1M", "a/b=1M", "a@1=1M", "a?=1M", "\xc3\xa4=1M" };
	const char *const sizes[] = { "a=", "a=x", "a=0", "a=1", "a=4095", "a=4097", "a=1.5",
	                              "a=-4096", "a=8192P", "a==1M", "a=1M=1M", "a= 1M" };
	const char *const flags[] = { "a=1M,", "a=1M,thick", "a=1M,thin,", "a=1M,thin,thin",
	                              "a=1M, thin", "a=1M,Thin", "a=1M,revocable,revocable",
	                              "a=1M,thin,revocable,thin", "a=1M,revocabl" };

	for (size_t i = 0; i < COUNT(forms); i++)
		bad("write NAME=SIZE", "farpaged", "--pool", forms[i]);
	for (size_t i = 0; i < COUNT(names); i++)
		bad("a name has", "farpaged", "--pool", names[i]);
	for (size_t i = 0; i < COUNT(sizes); i++)
		bad("a multiple of 4K", "farpaged", "--pool", sizes[i]);
	for (size_t i = 0; i < COUNT(flags); i++)
		bad("may be followed by ,thin ,owner", "farpaged", "--pool", flags[i]);
	bad("already is a pool of that name", "farpaged", "--pool", "a=4K", "--pool", "a=8K");
}

TEST(words_after_a_pools_size_in_any_order)
{
	const struct { const char *pool; bool thin, revocable; } cases[] = {
		{ "a=1M", false, false }, { "a=1M,thin", true, false },
		{ "a=1M,revocable", false, true }, { "a=1M,thin,revocable", true, true },
		{ "a=1M,revocable,thin", true, true },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		good("farpaged", "--pool", cases[i].pool);
		assert_int_equal(o.pool[0].thin, cases[i].thin);
		assert_int_equal(o.pool[0].revocable, cases[i].revocable);
	}
}

TEST(keep_free)
{
	char text[32];

	good("farpaged", "--keep-free", "0", "--vacate-deadline", "1");
	assert_true(o.keep_free == 0);
	assert_int_equal(o.vacate_deadline_s, 1);
	good("farpaged", "--keep-free", "1.5M", "--vacate-deadline", "86400");
	assert_true(o.keep_free == 3 << 19);
	assert_int_equal(o.vacate_deadline_s, 86400);
	snprintf(text, sizeof text, "%llu", (unsigned long long)gauge_look().total);
	good("farpaged", "--keep-free", text);
	snprintf(text, sizeof text, "%llu", (unsigned long long)gauge_look().total + 1);
	bad("this host has only", "farpaged", "--keep-free", text);
	bad("write a size", "farpaged", "--keep-free", "much");
	bad("write a size", "farpaged", "--keep-free", "-1");
	bad("write a size", "farpaged", "--keep-free", "");
	const char *const deadlines[] = { "", "0", "86401", "-1", "1s", "1.5", " 1" };
	for (size_t i = 0; i < COUNT(deadlines); i++)
		bad("seconds from 1 to 86400", "farpaged", "--vacate-deadline", deadlines[i]);
}

TEST(names_of_pools_as_long_as_they_may_be)
{
	char text[80];

	memset(text, 'n', sizeof text);
	strcpy(text + 64, "=4K");
	good("farpaged", "--lend", "1M", "--pool", text);
	assert_int_equal(strlen(o.pool[0].name), 64);
	text[64] = 'n';
	strcpy(text + 65, "=4K");
	bad("NAME=SIZE", "farpaged", "--lend", "1M", "--pool", text);
}

TEST(more_pools_than_is_lent)
{
	bad("raise lend", "farpaged", "--lend", "1M", "--pool", "a=1028K");
	bad("raise lend", "farpaged", "--lend", "1M", "--pool", "a=512K", "--pool", "b=516K");
	good("farpaged", "--lend", "1M", "--pool", "a=512K", "--pool", "b=512K");
	good("farpaged", "--lend", "1M", "--pool", "a=1M", "--pool", "b=100G,thin");
	bad("raise lend", "farpaged", "--lend", "1M", "--pool", "a=8191P", "--pool", "b=8191P",
	    "--pool", "c=4096P"); /* more than 2^64 in all */
}

TEST(bad_threads_and_levels_and_paths)
{
	const char *const polls[] = { "", "-1", "1000001", "1.5", "50us", " 5", "+5" };
	const char *const threads[] = { "", "0", "-1", "65", "1.5", "2x", " 2", "99999999999999999999" };
	const char *const levels[] = { "", "loud", "INFO", "infos", "1" };

	for (size_t i = 0; i < COUNT(threads); i++)
		bad("1 to 64", "farpaged", "--threads", threads[i]);
	for (size_t i = 0; i < COUNT(levels); i++)
		bad("error, warn, info or debug", "farpaged", "--log-level", levels[i]);
	bad("write a path", "farpaged", "--pid-file", "");
	good("farpaged", "--threads", "64");
	for (size_t i = 0; i < COUNT(polls); i++)
		bad("from 0 to 1000000", "farpaged", "--busy-poll", polls[i]);
	good("farpaged", "--busy-poll", "1000000");
	assert_int_equal(o.busy_poll_us, 1000000);
}

/* Every option is in the help, which ends the reading. */
TEST(help_and_version)
{
	const char *const names[] = { "--config", "--listen", "--lend", "--pool", "--threads",
	                              "--pid-file", "--log-level", "--check-config", "--help",
	                              "--version" };
	char text[4096] = "";
	FILE *f = tmpfile();
	int out = dup(1);
	enum options_result help, version;

	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), 1);
	help = tell("farpaged", "--help", "--lend", "nonsense");
	version = tell("farpaged", "--version");
	fflush(stdout);
	dup2(out, 1);
	close(out);
	rewind(f);
	assert_true(fread(text, 1, sizeof text - 1, f) > 100);
	fclose(f);
	assert_int_equal(help, OPTIONS_DONE);
	assert_int_equal(version, OPTIONS_DONE);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_non_null(strstr(text, names[i]));
}

TEST(the_default_of_what_is_lent_is_some_but_not_all_memory)
{
	uint64_t bytes = options_default_lend();

	assert_true(bytes > 0);
	assert_true(bytes / 4096 < (uint64_t)sysconf(_SC_PHYS_PAGES));
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, forget)
	const struct CMUnitTest tests[] = {
		T(nothing_at_all_is_fine),
		T(everything_at_once),
		T(tls_is_required_where_there_are_credentials),
		T(how_many_connections),
		T(limits_of_a_pool),
		T(the_last_word_counts),
		T(the_default_pool_is_all_that_is_lent),
		T(what_is_lent_is_whole_pages),
		T(unknown_options),
		T(values_that_are_missing_or_too_many),
		T(bad_addresses),
		T(addresses_without_end),
		T(bad_sizes),
		T(bad_pools),
		T(words_after_a_pools_size_in_any_order),
		T(keep_free),
		T(names_of_pools_as_long_as_they_may_be),
		T(more_pools_than_is_lent),
		T(bad_threads_and_levels_and_paths),
		T(help_and_version),
		T(the_default_of_what_is_lent_is_some_but_not_all_memory),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
