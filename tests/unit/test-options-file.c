/* SPDX-License-Identifier: BSD-2-Clause */
/* farpaged's config file, alone and together with the command line. */
#include "tell_fixture.h"

#include <unistd.h>

static char path[] = "/tmp/farpage-test-options-XXXXXX";

static void file_of(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

/* With TEXT in the file, options_read() is content. */
static void good_file(const char *text)
{
	file_of(text);
	good("farpaged", "--config", path);
}

/* It refuses TEXT because of LINE, in words that have SAYS in them. */
static void bad_file(const char *text, unsigned line, const char *says)
{
	char where[64];

	file_of(text);
	snprintf(where, sizeof where, "%s:%u: ", path, line);
	bad(where, "farpaged", "--config", path);
	if (!strstr(words, says))
		fail_msg("\"%s\" does not say \"%s\"", words, says);
}

TEST(everything_at_once)
{
	good_file("# a lender\n"
	          "\n"
	          "listen = 10.0.0.1:1\n"
	          "listen = unix:/s\n"
	          "lend=32M\n"
	          "pool   =  a=8M  \n"
	          "pool = b=1G,thin ; not reserved\n"
	          "keep-free = 1M\n"
	          "vacate-deadline = 5\n"
	          "; as many as there are processors\n"
	          "threads = 4\n"
	          "allow-plaintext = yes\n"
	          "busy-poll = 50\n"
	          "pid-file = /run/a file.pid\n"
	          "log-level = warn");
	assert_string_equal(o.config, path);
	assert_int_equal(o.listens, 2);
	assert_string_equal(o.listen[0], "10.0.0.1:1");
	assert_string_equal(o.listen[1], "unix:/s");
	assert_true(o.lend == 32 << 20);
	assert_int_equal(o.pools, 2);
	assert_string_equal(o.pool[0].name, "a");
	assert_true(o.pool[0].size == 8 << 20);
	assert_string_equal(o.pool[1].name, "b");
	assert_true(o.pool[1].thin);
	assert_int_equal(o.threads, 4);
	assert_int_equal(o.busy_poll_us, 50);
	assert_true(o.keep_free == 1 << 20);
	assert_int_equal(o.vacate_deadline_s, 5);
	assert_string_equal(o.pid_file, "/run/a file.pid");
	assert_int_equal(o.log_level, LOG_WARN);
	assert_false(o.check_config);
}

TEST(an_empty_file_says_nothing)
{
	const char *const texts[] = { "", "\n\n", "# nothing\n", "; nothing", "   \n\t\n" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		good_file(texts[i]);
		assert_true(o.lend == DEFAULT_LEND);
		assert_int_equal(o.listens, 1);
		assert_int_equal(o.pools, 1);
	}
}

TEST(the_command_line_wins)
{
	file_of("listen = 10.0.0.1:1\nlisten = 10.0.0.2:2\nlend = 32M\npool = a=8M\n"
	        "pool = b=8M\nthreads = 4\npid-file = /file\nlog-level = warn\n");
	good("farpaged", "--listen", "[::1]:3", "--config", path, "--lend", "16M", "--pool", "c=1M",
	     "--threads", "2", "--pid-file", "/line", "--log-level", "error");
	assert_int_equal(o.listens, 1);
	assert_string_equal(o.listen[0], "[::1]:3");
	assert_true(o.lend == 16 << 20);
	assert_int_equal(o.pools, 1);
	assert_string_equal(o.pool[0].name, "c");
	assert_int_equal(o.threads, 2);
	assert_string_equal(o.pid_file, "/line");
	assert_int_equal(o.log_level, LOG_ERROR);
}

/* Each one of them alone, and only that one. */
TEST(the_command_line_wins_only_where_it_speaks)
{
	file_of("lend = 32M\npool = a=8M\npool = b=8M\nthreads = 4\nlog-level = warn\n");
	good("farpaged", "--config", path, "--threads", "2");
	assert_int_equal(o.threads, 2);
	assert_true(o.lend == 32 << 20);
	assert_int_equal(o.pools, 2);
	assert_int_equal(o.log_level, LOG_WARN);
	good("farpaged", "--config", path, "--pool", "c=1M");
	assert_int_equal(o.pools, 1);
	assert_int_equal(o.threads, 4);
	/* "error" is the level that is all zeros. */
	good("farpaged", "--log-level", "error", "--config", path);
	assert_int_equal(o.log_level, LOG_ERROR);
	assert_int_equal(o.threads, 4);
	good("farpaged", "--config", path, "--check-config");
	assert_true(o.check_config);
	assert_int_equal(o.pools, 2);
}

TEST(what_loses_must_be_right_too)
{
	file_of("threads = many\n");
	bad("1 to 64", "farpaged", "--config", path, "--threads", "2");
}

TEST(sums_are_made_in_the_end)
{
	file_of("lend = 1M\npool = a=2M\n");
	bad("raise lend", "farpaged", "--config", path);
	good("farpaged", "--config", path, "--lend", "2M");
	good("farpaged", "--config", path, "--pool", "a=1M");
	bad("raise lend", "farpaged", "--config", path, "--pool", "a=1028K");
}

TEST(lines_that_are_none)
{
	bad_file("lend = 1M\nlend 1M\n", 2, "name = value");
	bad_file("lend\n", 1, "name = value");
	bad_file("\n\n\nnonsense", 4, "name = value");
}

TEST(options_that_are_none)
{
	bad_file("lent = 1M\n", 1, "lent = 1M: there is no such option");
	bad_file("lend = 1M\nLend = 1M\n", 2, "no such option");
	bad_file("--lend = 1M\n", 1, "no such option");
	bad_file("lend = 1M\n= 1M\n", 2, "no such option");
	bad_file("config = /etc/farpaged.conf\n", 1, "no such option");
	bad_file("check-config = yes\n", 1, "no such option");
	bad_file("help = yes\n", 1, "no such option");
}

TEST(sections_are_none)
{
	bad_file("lend = 1M\n[pool]\nthreads = 1\n", 3, "no sections");
}

TEST(values_that_are_wrong)
{
	bad_file("threads = 4\nlend = much\n", 2, "lend = much: write a size");
	bad_file("lend =\n", 1, "write a size");
	bad_file("listen = here\n", 1, "write ADDR:PORT");
	bad_file("pool = a\n", 1, "write NAME=SIZE");
	bad_file("pool = a=1M\npool = a=1M\n", 2, "already is a pool of that name");
	bad_file("pool = a=1M,thick\n", 1, "may be followed by ,thin ,owner");
	bad_file("threads = 0\n", 1, "1 to 64");
	bad_file("pid-file =\n", 1, "write a path");
	bad_file("log-level = loud\n", 1, "error, warn, info or debug");
}

TEST(the_first_of_many_errors_is_told)
{
	bad_file("lend = 1M\nthreads = 0\nlend = much\nlisten = here\n", 2, "threads = 0");
}

/* An indented line is a line like any other, and not more of the one above. */
TEST(lines_that_are_indented)
{
	good_file("pool = a=1M\n  pool = b=2M\n\tthreads = 3\n   # nothing\n");
	assert_int_equal(o.pools, 2);
	assert_string_equal(o.pool[1].name, "b");
	assert_int_equal(o.threads, 3);
	bad_file("listen = 10.0.0.1:1\n  10.0.0.2:2\n", 2, "no such option");
}

/* Nothing of a line is lost in silence, and what is left over is no line. */
TEST(lines_that_are_long)
{
	char text[5000], *at = text;

	at += sprintf(at, "threads = 3\n#");
	at = (char *)memset(at, 'c', 1000) + 1000; /* a comment may be of any length */
	at += sprintf(at, "\npid-file = /");
	at = (char *)memset(at, 'p', 150) + 150;
	strcpy(at, "\n");
	good_file(text);
	assert_int_equal(o.threads, 3);
	assert_int_equal(strlen(o.pid_file), 151);
	at = (char *)memset(at, 'p', 200) + 200;
	strcpy(at, "\nlend = 1M\n");
	bad_file(text, 3, "too long");
	sprintf(text, "lend = 1M%*s; a comment at its end\n", 300, "");
	bad_file(text, 1, "too long");
}

/* The first wrong line is told with what is wrong with it. */
TEST(the_words_are_of_the_line_that_is_told)
{
	bad_file("nonsense\nthreads = 0\n", 1, "name = value");
	bad_file("threads = 0\nnonsense\n", 1, "threads = 0: write a number");
}

TEST(a_zero_byte_ends_nothing)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fwrite("threads = 3\0 9\nlend = 1M\n", 1, 25, f);
	fclose(f);
	bad(":1: a zero byte", "farpaged", "--config", path);
}

TEST(a_file_that_is_not_there)
{
	bad("cannot read /nonexistent/farpaged.conf: No such file",
	    "farpaged", "--config", "/nonexistent/farpaged.conf");
	bad("write a file", "farpaged", "--config", "");
}

TEST(a_file_that_is_read_again_as_it_is_then)
{
	const char *argv[] = { "farpaged", "--config", path, "--threads", "2", NULL };

	file_of("pool = a=1M\n");
	assert_int_equal(read_options(5, argv), OPTIONS_OK);
	assert_int_equal(o.pools, 1);
	file_of("pool = a=2M\npool = b=1M\n");
	assert_int_equal(read_options(5, argv), OPTIONS_OK);
	assert_int_equal(o.pools, 2);
	assert_int_equal(o.threads, 2);
	file_of("pool = a\n");
	assert_int_equal(read_options(5, argv), OPTIONS_BAD);
	file_of("");
	assert_int_equal(read_options(5, argv), OPTIONS_OK);
	assert_int_equal(o.threads, 2);
}

TEST(bytes_without_sense)
{
	uint64_t seed = 11;

	for (uint64_t i = 0; i < 300; i++) {
		FILE *f = fopen(path, "w");
		static const char alphabet[] = "pool=lend\n\n#;[] :,1M\"\\\xff\t";

		assert_non_null(f);
		for (uint64_t n = dice_below(&seed, 300); n; n--)
			fputc(alphabet[dice_below(&seed, sizeof alphabet - i % 2)], f);
		fclose(f);
		if (tell("farpaged", "--config", path) == OPTIONS_BAD)
			assert_int_not_equal(words[0], '\0');
	}
}

TEST(a_directory)
{
	bad("cannot read /tmp: Is a directory", "farpaged", "--config", "/tmp");
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, forget)
	const struct CMUnitTest tests[] = {
		T(everything_at_once),
		T(an_empty_file_says_nothing),
		T(the_command_line_wins),
		T(the_command_line_wins_only_where_it_speaks),
		T(what_loses_must_be_right_too),
		T(sums_are_made_in_the_end),
		T(lines_that_are_none),
		T(options_that_are_none),
		T(sections_are_none),
		T(values_that_are_wrong),
		T(the_first_of_many_errors_is_told),
		T(lines_that_are_indented),
		T(lines_that_are_long),
		T(the_words_are_of_the_line_that_is_told),
		T(a_zero_byte_ends_nothing),
		T(a_file_that_is_not_there),
		T(a_directory),
		T(a_file_that_is_read_again_as_it_is_then),
		T(bytes_without_sense),
	};

	return cmocka_run_group_tests_name("options in a file", tests, make_file, remove_file);
}
