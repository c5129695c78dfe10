/* SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "descriptors.h"

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

/* NULL, or why nothing of ours may be written to FD. */
static const char *not_ours(int fd, uid_t user)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	if (st.st_nlink > 1)
		return "it has another hard link";
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != user)
		return "it belongs to another user";
	return NULL;
}

int path_write(const char *path, uid_t user, char why[static WORDS_MAX])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	const char *bad = fd >= 0            ? not_ours(fd, user)
	                  : errno == ELOOP ? "it is a symbolic link"
	                  : errno == ENXIO ? "it is not a regular file"
	                                     : descriptors_words(errno, why);

	if (!bad)
		return fd;
	if (bad != why)
		words_print(why, "%s", bad);
	if (fd >= 0)
		close(fd);
	return -1;
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
