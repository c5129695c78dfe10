/* SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Also what a link leads to, and the link itself. In a directory like /tmp others may make
 * files, but not in the place of root's. */
static bool is_roots(const char *dir)
{
	struct stat link, st;

	return lstat(dir, &link) == 0 && stat(dir, &st) == 0 && link.st_uid == 0 && st.st_uid == 0 &&
	       (!(st.st_mode & (S_IWGRP | S_IWOTH)) || st.st_mode & S_ISVTX);
}

bool path_is_roots(const char *path)
{
	char dir[PATH_MAX];

	if (strlen(path) >= sizeof dir || (*path != '/' && !is_roots(".")))
		return false;
	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		size_t n = slash > path ? (size_t)(slash - path) : 1;

		memcpy(dir, path, n);
		dir[n] = '\0';
		if (!is_roots(dir))
			return false;
	}
	return true;
}

FILE *path_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	FILE *file = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0) {
		if (S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			file = fdopen(fd, "r");
		else
			errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	}
	if (file)
		return file;
	int e = errno;
	close(fd);
	errno = e;
	return NULL;
}
