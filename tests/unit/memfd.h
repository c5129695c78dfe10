/* SPDX-License-Identifier: BSD-2-Clause */
/* What flat stores cost the host, read off their memfds. */
#ifndef FARPAGE_MEMFD_H
#define FARPAGE_MEMFD_H

#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flat.h"

/* Pages that the file at PATH holds: all of a private store's, and a kept one's
 * but for its front. */
static inline long held_by(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	long held = 0;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	off_t at = st.st_size > (off_t)FLAT_KEPT_BASE ? (off_t)FLAT_KEPT_BASE : 0, end = 0;
	while ((at = lseek(fd, at, SEEK_DATA)) >= 0 && (end = lseek(fd, at, SEEK_HOLE)) > 0) {
		held += (end - at) / 4096;
		at = end;
	}
	close(fd);
	return held;
}

/* Pages that this process' stores hold in memory, counted by each descriptor;
 * -1 when there is no store. */
static inline long held_pages(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	long held = -1;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[300], target[64];
		ssize_t n;

		snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
		n = readlink(path, target, sizeof target - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (strstr(target, "memfd:farpage"))
			held = (held < 0 ? 0 : held) + held_by(path);
	}
	closedir(dir);
	return held;
}

#endif
