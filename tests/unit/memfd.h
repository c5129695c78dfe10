/* SPDX-License-Identifier: BSD-2-Clause */
/* What flat stores cost the host, read off their memfds. */
#ifndef FARPAGE_MEMFD_H
#define FARPAGE_MEMFD_H

#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Pages that this process' stores hold in memory; -1 when there is no store. */
static inline long held_pages(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	long held = -1;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[300], target[64];
		struct stat st;
		ssize_t n;

		snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
		n = readlink(path, target, sizeof target - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (!strstr(target, "memfd:farpage") || stat(path, &st) < 0)
			continue;
		held = (held < 0 ? 0 : held) + (long)(st.st_blocks / (4096 / 512));
	}
	closedir(dir);
	return held;
}

#endif
