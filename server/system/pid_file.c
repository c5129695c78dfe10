/* SPDX-License-Identifier: BSD-2-Clause */
#include "pid_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "path.h"

static int pid_error(const char *path, const char *why)
{
	log_line(LOG_ERROR, "cannot write pid-file %s: %s", path, why);
	return -1;
}

/* Is what PATH names what is open as FD? */
static bool names(const char *path, int fd)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && lstat(path, &there) == 0 && here.st_dev == there.st_dev &&
	       here.st_ino == there.st_ino;
}

int pid_file_hold(struct pid_file *f, const char *path, uid_t user)
{
	char why[WORDS_MAX];

	for (int tries = 0; f->fd < 0; tries++) {
		int fd = path_write(path, user, why);

		if (fd < 0)
			return pid_error(path, why);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			int e = errno;
			close(fd); /* the other one's file stays */
			return pid_error(path, e == EWOULDBLOCK ? "another farpaged uses it" : strerror(e));
		}
		if (names(path, fd))
			f->fd = fd;
		else if (close(fd), tries > 10) /* the one before us removed it, but so often? */
			return pid_error(path, "it is removed again and again");
	}
	f->path = strdup(path);
	if (!f->path)
		return pid_error(path, "no memory");
	return ftruncate(f->fd, 0) < 0 ? pid_error(path, strerror(errno)) : 0;
}

int pid_file_write(const struct pid_file *f)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (f->fd >= 0 && write(f->fd, text, (size_t)n) != n)
		return pid_error(f->path, strerror(errno));
	return 0;
}

void pid_file_remove(struct pid_file *f)
{
	if (f->fd < 0)
		return;
	/* Its directory may be root's, which we are no more: empty then. */
	if ((!names(f->path, f->fd) || unlink(f->path) < 0) && ftruncate(f->fd, 0) < 0)
		log_line(LOG_WARN, "cannot remove %s: %s", f->path, strerror(errno));
	close(f->fd);
	free(f->path);
	*f = (struct pid_file){ .fd = -1 };
}
