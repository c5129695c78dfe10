/* SPDX-License-Identifier: BSD-2-Clause */
/* libfarpage in a program that has closed its standard descriptors. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "farpage.h"
#include "standard.h"

static int kept[3];

/* What is closed comes back with the same meaning. */
static int keep(void **state)
{
	(void)state;
	for (int fd = 0; fd < 3; fd++) {
		kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		if (kept[fd] < 0)
			return -1;
	}
	return 0;
}

static int give_back(void **state)
{
	(void)state;
	for (int fd = 0; fd < 3; fd++) {
		dup2(kept[fd], fd);
		close(kept[fd]);
	}
	return 0;
}

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

TEST(closed_ones_are_dev_null)
{
	for (int closed = 1; closed < 8; closed++) {
		bool null[3];

		for (int fd = 0; fd < 3; fd++)
			if (closed >> fd & 1)
				close(fd);
		int r = standard_fill();
		for (int fd = 0; fd < 3; fd++) {
			null[fd] = is_null(fd);
			dup2(kept[fd], fd);
		}
		assert_int_equal(r, 0);
		for (int fd = 0; fd < 3; fd++)
			assert_true(!(closed >> fd & 1) || null[fd]);
	}
}

TEST(open_ones_stay)
{
	int fds[2], r;
	char byte = 0;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	r = standard_fill();
	assert_int_equal(write(STDERR_FILENO, "x", 1), 1);
	dup2(kept[2], STDERR_FILENO);
	assert_int_equal(r, 0);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(fds[0]);
	close(fds[1]);
}

/* Its own memory, and a lender that is connected to and never answers. */
TEST(nothing_of_the_library_takes_their_numbers)
{
	struct sockaddr_un here = { .sun_family = AF_UNIX };
	char lender[sizeof here.sun_path + 8], words[FARPAGE_WORDS_MAX];
	int mute = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t len = sizeof here;
	bool null = true;

	snprintf(here.sun_path, sizeof here.sun_path, "/tmp/farpage-test-%d", (int)getpid());
	assert_int_equal(bind(mute, (struct sockaddr *)&here, len), 0);
	assert_int_equal(listen(mute, 5), 0);
	snprintf(lender, sizeof lender, "unix:%s", here.sun_path);
	const struct farpage_options options[] = {
		{ .size = 64 * FARPAGE_PAGE_BYTES },
		{ .size = 64 * FARPAGE_PAGE_BYTES, .lender = { lender }, .deadline_ms = 1000 },
	};
	for (unsigned i = 0; i < COUNT(options); i++) {
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		struct farpage *f = farpage_open(&options[i], sizeof options[i], words);
		for (int fd = 0; fd < 3; fd++)
			null &= is_null(fd);
		farpage_close(f);
		for (int fd = 0; fd < 3; fd++)
			dup2(kept[fd], fd);
	}
	close(mute);
	unlink(here.sun_path);
	assert_true(null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(closed_ones_are_dev_null, keep, give_back),
		cmocka_unit_test_setup_teardown(open_ones_stay, keep, give_back),
		cmocka_unit_test_setup_teardown(nothing_of_the_library_takes_their_numbers, keep,
		                                give_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
