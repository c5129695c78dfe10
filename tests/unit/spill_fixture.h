/* SPDX-License-Identifier: BSD-2-Clause */
/* Files to spill to, in the current directory: the build's, for /tmp may be memory. */
#ifndef FARPAGE_SPILL_FIXTURE_H
#define FARPAGE_SPILL_FIXTURE_H

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

static char spill_path[64];

/* PAGES pages, preallocated or not, beginning with TEXT, if any. */
static inline void make_file(uint64_t pages, bool preallocated, const char *text)
{
	int fd;

	snprintf(spill_path, sizeof spill_path, "./test-spill-XXXXXX");
	fd = mkstemp(spill_path);
	assert_true(fd >= 0);
	if (preallocated)
		assert_int_equal(posix_fallocate(fd, 0, (off_t)(pages * PAGE_BYTES)), 0);
	else
		assert_int_equal(ftruncate(fd, (off_t)(pages * PAGE_BYTES)), 0);
	if (text)
		assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
	close(fd);
}

static inline int remove_file(void **state)
{
	(void)state;
	if (*spill_path)
		unlink(spill_path);
	*spill_path = '\0';
	return 0;
}

/* Skips the test where no file can be a spill. */
static inline void no_direct(const char *words)
{
	if (strstr(words, "O_DIRECT") || strstr(words, "(tmpfs)")) {
		print_message("SKIPPED: %s\n", words);
		remove_file(NULL);
		skip();
	}
}

#endif
