/* SPDX-License-Identifier: BSD-2-Clause */
/* What the service manager hands over comes in its order, with its names, once. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "service.h"

static char taken[256];
static int refuse_at = -1;

static int take(void *data, int fd, const char *name)
{
	assert_ptr_equal(data, taken);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	if (fd == refuse_at)
		return -1;
	snprintf(taken + strlen(taken), sizeof taken - strlen(taken), "%d=%s ", fd, name);
	return 0;
}

/* As the manager would start us, with descriptors 3, 4 and 5. */
static void given(int n, const char *names)
{
	char text[16];

	for (int fd = 3; fd < 3 + n; fd++)
		assert_int_equal(dup2(0, fd), fd);
	snprintf(text, sizeof text, "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	snprintf(text, sizeof text, "%d", n);
	setenv("LISTEN_FDS", text, 1);
	if (names)
		setenv("LISTEN_FDNAMES", names, 1);
	else
		unsetenv("LISTEN_FDNAMES");
	*taken = '\0';
	refuse_at = -1;
}

TEST(in_order_and_named)
{
	given(3, "farpaged.socket:pool-a:pool-b.1");
	assert_int_equal(service_take_fds(take, taken), 3);
	assert_string_equal(taken, "3=farpaged.socket 4=pool-a 5=pool-b.1 ");
}

TEST(once)
{
	given(1, "a");
	assert_int_equal(service_take_fds(take, taken), 1);
	assert_int_equal(service_take_fds(take, taken), 0);
	assert_null(getenv("LISTEN_FDS"));
}

TEST(without_names)
{
	given(2, NULL);
	assert_int_equal(service_take_fds(take, taken), 2);
	assert_string_equal(taken, "3=unknown 4=unknown ");
}

TEST(none)
{
	given(0, NULL);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	assert_int_equal(service_take_fds(take, taken), 0);
	assert_string_equal(taken, "");
}

TEST(of_another_process)
{
	given(2, "a:b");
	setenv("LISTEN_PID", "1", 1);
	assert_int_equal(service_take_fds(take, taken), 0);
	assert_string_equal(taken, "");
}

TEST(one_is_refused)
{
	given(3, "a:b:c");
	refuse_at = 4;
	assert_int_equal(service_take_fds(take, taken), -1);
	assert_string_equal(taken, "3=a ");
}

TEST(nonsense_is_refused)
{
	log_level = LOG_ERROR;
	given(2, "a:b");
	setenv("LISTEN_FDS", "two", 1);
	assert_int_equal(service_take_fds(take, taken), -1);
	assert_string_equal(taken, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_and_named),
		cmocka_unit_test(once),
		cmocka_unit_test(without_names),
		cmocka_unit_test(none),
		cmocka_unit_test(of_another_process),
		cmocka_unit_test(one_is_refused),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
