/* SPDX-License-Identifier: BSD-2-Clause */
/* A socket in the file system. */
#ifndef FARPAGE_UNIX_SOCKET_H
#define FARPAGE_UNIX_SOCKET_H

#include <sys/types.h>

/* The user that it belongs to, if not us. */
struct unix_owner {
	uid_t uid;
	gid_t gid;
};

/* A socket bound to PATH, which fits into a sockaddr_un, and not yet listening. A file left over by a
 * process that was killed is replaced. It belongs to OWNER, if that is not NULL. -1 with errno. */
int unix_socket_open(const char *path, const struct unix_owner *owner);

#endif
