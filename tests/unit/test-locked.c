/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "locked.h"

#define BYTES ((size_t)5 << 12)

/* Does the mapping at P have FLAG, two letters of the kernel's? */
static bool has(const void *p, const char *flag)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[512];
	bool here = false, has = false;
	uint64_t from, to;

	assert_non_null(smaps);
	while (fgets(line, sizeof line, smaps))
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			has = strstr(line + 8, flag);
	fclose(smaps);
	return has;
}

static void is_there_and_zero(const uint8_t *p)
{
	unsigned char in[BYTES >> 12];

	assert_int_equal(mincore((void *)p, BYTES, in), 0);
	for (unsigned i = 0; i < COUNT(in); i++)
		assert_int_equal(in[i] & 1, 1);
	for (unsigned i = 0; i < BYTES; i++)
		assert_int_equal(p[i], 0);
}

TEST(it_is_touched_and_not_dumped_and_locked)
{
	struct rlimit limit;
	uint8_t *p = locked_open(BYTES);

	assert_non_null(p);
	is_there_and_zero(p);
	assert_true(has(p, " dd"));
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
#ifndef FARPAGE_SANITIZED /* ASan does not lock */
	if (geteuid() == 0 || limit.rlim_cur >= 1 << 20)
		assert_true(has(p, " lo"));
#endif
	memset(p, 1, BYTES);
	locked_close(p, BYTES);
	locked_close(NULL, BYTES);
}

TEST(what_there_is_no_room_for)
{
	errno = 0;
	assert_null(locked_open((size_t)1 << 60));
	assert_int_not_equal(errno, 0);
	assert_null(locked_open(0));
	assert_int_equal(errno, EINVAL);
}

TEST(what_a_host_can_spare)
{
	uint64_t available = 0;

	assert_true(locked_fits(0, &available));
	assert_true(available > 0);
	assert_true(locked_fits(4096, &available));
	assert_false(locked_fits(UINT64_MAX, &available));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_touched_and_not_dumped_and_locked),
		cmocka_unit_test(what_there_is_no_room_for),
		cmocka_unit_test(what_a_host_can_spare),
	};

	return cmocka_run_group_tests_name("locked", tests, NULL, NULL);
}
