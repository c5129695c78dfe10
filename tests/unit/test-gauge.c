/* SPDX-License-Identifier: BSD-2-Clause */
/* A host's memory, read from files that the test writes. */
#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gauge.h"

#define MIB (UINT64_C(1) << 20)

static char root[64];

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/farpage-gauge-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A file below the root, with the directories that it needs. */
static void file(const char *path, const char *text)
{
	char whole[256];

	snprintf(whole, sizeof whole, "%s%s", root, path);
	for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(whole, 0700);
		*slash = '/';
	}
	FILE *f = fopen(whole, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static struct gauge_seen look(void)
{
	struct gauge_seen seen;
	struct gauge g;

	gauge_open(&g, root, false);
	gauge_read(&g, &seen);
	gauge_close(&g);
	return seen;
}

static void sees(uint64_t available, uint64_t total)
{
	struct gauge_seen seen = look();

	assert_true(seen.available == available);
	assert_true(seen.total == total);
}

static void meminfo(void)
{
	file("/proc/meminfo", "MemTotal:        1048576 kB\nMemFree:          204800 kB\n"
	                      "MemAvailable:     524288 kB\nBuffers:               0 kB\n");
}

/* Our cgroup or one above. */
static void cgroup(const char *dir, const char *max, const char *high, const char *current,
                   const char *stat)
{
	const char *const what[][2] = { { "max", max }, { "high", high },
	                                { "current", current }, { "stat", stat } };
	char path[128];

	for (size_t i = 0; i < COUNT(what); i++) {
		snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.%s", dir, what[i][0]);
		file(path, what[i][1]);
	}
}

TEST(nothing_can_be_read)
{
	sees(UINT64_MAX, 0);
	assert_int_equal(look().stalled, 0);
}

TEST(the_host)
{
	meminfo();
	file("/proc/self/cgroup", "0::/\n");
	file("/proc/pressure/memory", "some avg10=12.34 avg60=1.08 avg300=3.31 total=3\n"
	                              "full avg10=99.00 avg60=0.00 avg300=0.00 total=0\n");
	sees(512 * MIB, 1024 * MIB);
	assert_int_equal(look().stalled, 1234);
}

TEST(files_that_make_no_sense)
{
	const char *const texts[] = { "", "\n\n", "some", "some avg10=", "MemAvailable:",
	                              "MemAvailable: x kB\nMemTotal:\n", "max", "0::" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		file("/proc/meminfo", texts[i]);
		file("/proc/self/cgroup", texts[i]);
		file("/proc/pressure/memory", texts[i]);
		sees(UINT64_MAX, 0);
		assert_int_equal(look().stalled, 0);
	}
}

TEST(a_cgroup_with_a_limit)
{
	meminfo();
	file("/proc/self/cgroup", "4:memory:/old\n0::/a/b\n");
	cgroup("/a/b", "209715200\n", "max\n", "104857600\n", "anon 1\nfile 2\ninactive_file 0\n");
	sees(100 * MIB, 200 * MIB);
	/* memory.high counts like a limit, cache that nobody uses like nothing. */
	cgroup("/a/b", "209715200\n", "157286400\n", "104857600\n", "inactive_file 20971520\n");
	sees(70 * MIB, 150 * MIB);
	cgroup("/a/b", "104857600\n", "max\n", "209715200\n", "inactive_file 0\n");
	assert_true(look().available == 0);
	cgroup("/a/b", "max\n", "max\n", "209715200\n", "inactive_file 0\n");
	sees(512 * MIB, 1024 * MIB);
}

TEST(the_cgroups_above)
{
	meminfo();
	file("/proc/self/cgroup", "0::/a/b/c\n");
	cgroup("", "419430400\n", "max\n", "209715200\n", "");
	cgroup("/a", "314572800\n", "max\n", "262144000\n", "");
	cgroup("/a/b/c", "1073741824\n", "max\n", "1048576\n", "");
	sees(50 * MIB, 300 * MIB);
	cgroup("/a", "max\n", "max\n", "262144000\n", "");
	sees(200 * MIB, 400 * MIB);
}

TEST(a_cgroups_stalls_count_too)
{
	meminfo();
	file("/proc/self/cgroup", "0::/a\n");
	file("/proc/pressure/memory", "some avg10=1.00 avg60=0.00 avg300=0.00 total=0\n");
	file("/sys/fs/cgroup/a/memory.pressure", "some avg10=100.00 avg60=0.00 avg300=0.00 total=0\n");
	assert_int_equal(look().stalled, 100);
	cgroup("/a", "max\n", "max\n", "0\n", "");
	assert_int_equal(look().stalled, 10000);
}

/* The files are read again, not opened again. */
TEST(what_changes_is_seen)
{
	struct gauge_seen seen;
	struct gauge g;

	meminfo();
	file("/proc/pressure/memory", "some avg10=1.00 avg60=0.00 avg300=0.00 total=0\n");
	gauge_open(&g, root, true);
	assert_int_equal(g.trigger[1], -1);
	gauge_read(&g, &seen);
	assert_true(seen.available == 512 * MIB);
	file("/proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: 1024 kB\n");
	gauge_read(&g, &seen);
	assert_true(seen.available == MIB);
	gauge_close(&g);
}

/* Below more cgroups than are looked at, with a path as long as they get. */
TEST(deep_down)
{
	char path[2048] = "0::";

	for (int i = 0; i < 100; i++)
		strcat(path, "/a-long-name");
	meminfo();
	file("/proc/self/cgroup", path);
	assert_true(look().available == 512 * MIB);
}

TEST(this_very_host)
{
	struct gauge_seen seen = gauge_look();

	assert_true(seen.total > MIB);
	assert_true(seen.available <= seen.total);
}

/* What may not be committed any more cannot be had, however much is free. */
TEST(where_no_more_is_committed_than_there_is)
{
	file("/proc/meminfo", "MemTotal:        1048576 kB\nMemAvailable:     524288 kB\n"
	                      "CommitLimit:      409600 kB\nCommitted_AS:     204800 kB\n");
	sees(512 * MIB, 1024 * MIB);
	file("/proc/sys/vm/overcommit_memory", "1\n");
	sees(512 * MIB, 1024 * MIB);
	assert_true(look().uncommitted == UINT64_MAX);
	file("/proc/sys/vm/overcommit_memory", "2\n");
	sees(200 * MIB, 1024 * MIB);
	assert_true(look().uncommitted == 200 * MIB);
	file("/proc/meminfo", "MemTotal:        1048576 kB\nMemAvailable:     524288 kB\n"
	                      "CommitLimit:      409600 kB\nCommitted_AS:     909600 kB\n");
	sees(0, 1024 * MIB);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_can_be_read),
		T(the_host),
		T(files_that_make_no_sense),
		T(a_cgroup_with_a_limit),
		T(the_cgroups_above),
		T(a_cgroups_stalls_count_too),
		T(what_changes_is_seen),
		T(deep_down),
		T(this_very_host),
		T(where_no_more_is_committed_than_there_is),
	};

	return cmocka_run_group_tests_name("gauge", tests, NULL, NULL);
}
