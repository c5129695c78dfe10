/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int device_file_write(const char *path, const char *where)
{
	int fd, length, error;

	if (unlink(path) < 0 && errno != ENOENT)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644); /* follows no link */
	if (fd < 0)
		return -1;
	length = dprintf(fd, "%s %d\n", where, getpid());
	error = length < 0 ? errno : 0;
	if (close(fd) < 0 && !error)
		error = errno;
	if (!error)
		return 0;
	unlink(path);
	errno = error;
	return -1;
}

void device_file_remove(const char *path)
{
	unlink(path);
}
