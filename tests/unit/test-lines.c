/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines that a thread writes: all of them, in order, and none once that has ended. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"

static char path[] = "/tmp/farpage-lines.XXXXXX";
static int before;

/* Standard error is a file. */
static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path + sizeof path - 7, "XXXXXX");
	fd = mkstemp(path);
	before = dup(STDERR_FILENO);
	return fd < 0 || before < 0 || dup2(fd, STDERR_FILENO) < 0 || close(fd) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	lines_end();
	dup2(before, STDERR_FILENO);
	close(before);
	return unlink(path);
}

static void expect(const char *want)
{
	char text[65536] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof text - 1) >= 0);
	close(fd);
	assert_string_equal(text, want);
}

TEST(all_are_written_when_it_ends)
{
	char want[65536] = "";
	size_t at = 0;

	lines_open("p", "warn: ");
	lines_put("before");
	at += (size_t)sprintf(want, "p: before\n");
	assert_int_equal(lines_by_thread(), 0);
	for (int i = 0; i < 1000; i++) {
		lines_put("line %d", i);
		at += (size_t)sprintf(want + at, "p: line %d\n", i);
	}
	lines_end();
	lines_put("after");
	sprintf(want + at, "p: after\n");
	expect(want);
}

TEST(it_is_for_files_only)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	lines_open("p", "warn: ");
	assert_int_equal(lines_by_thread(), 0);
	lines_put("to a pipe");
	lines_end();
	lines_open("p", "warn: ");
	close(fds[0]);
	close(fds[1]);
	expect("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_are_written_when_it_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(it_is_for_files_only, setup, teardown),
	};

	return cmocka_run_group_tests_name("lines by a thread", tests, NULL, NULL);
}
