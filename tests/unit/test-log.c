/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"

static char got[65536]; /* what is in the log since it was looked at last */
static int end, saved;

static int setup(void **state)
{
	int fds[2];

	(void)state;
	saved = dup(STDERR_FILENO);
	if (saved < 0 || pipe(fds) < 0)
		return -1;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	end = fds[0];
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	log_level = LOG_INFO;
	log_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_level = LOG_INFO;
	log_summary();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(end);
	log_open();
	return 0;
}

static const char *logged(void)
{
	size_t n = 0;
	ssize_t r;

	while ((r = read(end, got + n, sizeof got - 1 - n)) > 0)
		n += (size_t)r;
	got[n] = '\0';
	return got;
}

TEST(a_line_is_one_line)
{
	log_line(LOG_INFO, "%s is %s", "a", "eve\nfarpaged: pool db: removed\r\t\x1b[2J\x7f");
	assert_string_equal(logged(), "farpaged: a is eve\\x0afarpaged: pool db: "
	                              "removed\\x0d\\x09\\x1b[2J\\x7f\n");
}

TEST(what_a_terminal_may_take_for_more_is_escaped)
{
	/* C1 controls alone and in UTF-8, an override of direction, and no UTF-8: alone, longer than
	 * it need be, a surrogate, cut short */
	log_line(LOG_WARN, "%s", "\x9b" "2J \xc2\x9b \xe2\x80\xae \xff\xc0 \xc0\x8a \xed\xa0\x80 \xe2\x82");
	assert_string_equal(logged(), "farpaged: warn: \\x9b2J \\xc2\\x9b \\xe2\\x80\\xae "
	                              "\\xff\\xc0 \\xc0\\x8a \\xed\\xa0\\x80 \\xe2\\x82\n");
}

TEST(text_of_any_language_is_text)
{
	log_line(LOG_INFO, "%s", "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x90\xa7 \\x0a");
	assert_string_equal(logged(), "farpaged: J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x90\xa7 "
	                              "\\\\x0a\n");
}

TEST(a_long_line_is_cut_and_stays_a_line)
{
	char text[5000];

	for (int c = 1; c < 256; c += 30) {
		memset(text, c, sizeof text - 1);
		text[sizeof text - 1] = '\0';
		log_line(LOG_INFO, "%s", text);
		size_t n = strlen(logged());
		assert_true(n > 1000 && n < 4096);
		assert_ptr_equal(strchr(got, '\n'), got + n - 1);
	}
}

TEST(printable_fits)
{
	char to[7];

	log_printable(to, 5, "\n");
	assert_string_equal(to, "\\x0a");
	log_printable(to, 4, "\n");
	assert_string_equal(to, "");
	log_printable(to, 7, "a\nbc");
	assert_string_equal(to, "a\\x0ab");
	log_printable(to, 3, "ab\\");
	assert_string_equal(to, "ab");
	log_printable(to, 1, "a");
	assert_string_equal(to, "");
}

TEST(a_flood_is_a_line_and_a_count)
{
	for (unsigned i = 0; i < 2000; i++) {
		log_often(LOG_INFO, "nonsense", 1, "%u: nonsense", i);
		log_often(LOG_WARN, "others", 2, "%u: others", i);
	}
	assert_string_equal(logged(), "farpaged: 0: nonsense\nfarpaged: warn: 0: others\n"
	                              "farpaged: warn: 1: others\n");
	log_summary();
	assert_string_equal(logged(), "farpaged: 1999 more within a minute: nonsense\n"
	                              "farpaged: warn: 1998 more within a minute: others\n");
	log_summary();
	assert_string_equal(logged(), "");
	log_often(LOG_INFO, "nonsense", 1, "again");
	log_summary();
	assert_string_equal(logged(), "farpaged: again\n");
}

TEST(kinds_without_end_are_one)
{
	static char words[500][8];
	unsigned lines = 0;

	for (unsigned i = 0; i < COUNT(words); i++) {
		snprintf(words[i], sizeof words[i], "%u", i);
		log_often(LOG_INFO, words[i], 1, "kind %u", i);
	}
	for (const char *at = logged(); (at = strchr(at, '\n')); at++)
		lines++;
	assert_true(lines > 10 && lines < 100);
	log_summary();
	assert_non_null(strstr(logged(), " more within a minute: of other kinds\n"));
}

TEST(what_is_below_the_level_is_not_counted)
{
	log_level = LOG_WARN;
	for (unsigned i = 0; i < 9; i++)
		log_often(LOG_INFO, "nonsense", 1, "nonsense");
	log_summary();
	assert_string_equal(logged(), "");
}

/* Somebody else filled the pipe, and nobody reads: we go on, and say later what is lost. */
TEST(what_nobody_reads_is_lost_and_said)
{
	char fill[65536];
	int fd = dup(STDERR_FILENO);

	memset(fill, 'x', sizeof fill);
	fcntl(fd, F_SETFL, 0);
	assert_true(write(fd, fill, sizeof fill - 4096) > 0);
	for (unsigned i = 0; i < 1000; i++)
		log_line(LOG_INFO, "a line of no great length, number %u", i);
	assert_non_null(strstr(logged(), "a line of no great length, number 0\n"));
	log_line(LOG_INFO, "here again");
	const char *gap = logged();
	assert_non_null(strstr(gap, "farpaged: warn: the reader of this log was too slow: 9"));
	assert_non_null(strstr(gap, " lines are lost\nfarpaged: here again\n"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_one_line, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_terminal_may_take_for_more_is_escaped, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(text_of_any_language_is_text, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_line_is_cut_and_stays_a_line, setup, teardown),
		cmocka_unit_test(printable_fits),
		cmocka_unit_test_setup_teardown(a_flood_is_a_line_and_a_count, setup, teardown),
		cmocka_unit_test_setup_teardown(kinds_without_end_are_one, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_below_the_level_is_not_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(what_nobody_reads_is_lost_and_said, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
