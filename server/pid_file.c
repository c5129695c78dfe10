/* SPDX-License-Identifier: BSD-2-Clause */
#include "pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptors.h"
#include "log.h"

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

/* NULL, or why it is not for us: whoever may write in its directory may have made it. */
static const char *bad_pid_file(int fd, uid_t user)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is no regular file";
	if (st.st_nlink > 1)
		return "it has another name, too";
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != user)
		return "it belongs to another user";
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? "another farpaged holds it" : strerror(errno);
	return NULL;
}

int pid_file_hold(struct pid_file *f, const char *path, uid_t user)
{
	const char *bad;
	char words[DESCRIPTORS_WORDS_MAX];
	int fd;

	f->path = path;
	for (int tries = 0; f->fd < 0; tries++) {
		fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
		if (fd < 0)
			return pid_error(path, errno == ELOOP ? "it is a symbolic link"
			                                      : descriptors_words(errno, words));
		bad = bad_pid_file(fd, user);
		if (bad) {
			close(fd); /* the other one's file stays */
			return pid_error(path, bad);
		}
		if (names(path, fd))
			f->fd = fd;
		else if (close(fd), tries > 10) /* the one before us removed it, but so often? */
			return pid_error(path, "somebody takes it away again and again");
	}
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
	f->fd = -1;
}
