/* SPDX-License-Identifier: BSD-2-Clause */
/* A socket in the file system. */
#ifndef FARPAGE_UNIX_SOCKET_H
#define FARPAGE_UNIX_SOCKET_H

#include <sys/types.h>

/* Who it is made for, if not for us. */
struct unix_owner {
	uid_t uid;
	gid_t gid;
};

/* Bound to PATH, which fits into a sockaddr_un, and not yet listening. A file that is left over from
 * a process that was killed is replaced. OWNER's, if there is one. -1 with errno. */
int unix_socket_open(const char *path, const struct unix_owner *owner);

#endif
