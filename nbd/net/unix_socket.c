/* SPDX-License-Identifier: BSD-2-Clause */
#include "unix_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "path.h"

/* A socket file that nobody answers on is left over from a crash. */
static void remove_stale(const struct sockaddr_un *addr)
{
	/* Who listens and accepts nobody is not waited for. */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd >= 0 && lstat(addr->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)addr, sizeof *addr) < 0 &&
	    errno == ECONNREFUSED)
		unlink(addr->sun_path);
	if (fd >= 0)
		close(fd);
}

static int bind_path(int fd, const struct sockaddr_un *addr)
{
	remove_stale(addr);
	return bind(fd, (const struct sockaddr *)addr, sizeof *addr);
}

/* Made for OWNER, and as OWNER: in a directory that others can change root makes nothing. If
 * OWNER may not make it, and only root can change what that means, root does. */
static int bind_for(int fd, const struct sockaddr_un *addr, const struct unix_owner *owner)
{
	const char *path = addr->sun_path;

	setfsgid(owner->gid);
	setfsuid(owner->uid);
	int r = bind_path(fd, addr), e = errno;
	setfsuid(geteuid());
	setfsgid(getegid());
	if (r == 0 || !path_is_roots(path)) {
		errno = e;
		return r;
	}
	r = bind_path(fd, addr);
	return r == 0 ? lchown(path, owner->uid, owner->gid) : -1;
}

int unix_socket_open(const char *path, const struct unix_owner *owner)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), e;

	strcpy(addr.sun_path, path);
	if (fd < 0 || (owner ? bind_for(fd, &addr, owner) : bind_path(fd, &addr)) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}
