/* SPDX-License-Identifier: BSD-2-Clause */
/* How an address is written: HOST:PORT, [ADDR6]:PORT, or unix:PATH. Nothing is looked up here. */
#ifndef FARPAGE_HOSTPORT_H
#define FARPAGE_HOSTPORT_H

#include <stddef.h>
#include <sys/un.h>

#define HOSTPORT_HOST_MAX 256 /* bytes of a host's name, with its NUL */
#define HOSTPORT_PORT_MAX 6   /* of a port, the same */
#define HOSTPORT_PATH_MAX sizeof ((struct sockaddr_un *)0)->sun_path /* of a unix socket's path */

/* Parse LEN bytes of TEXT. HOST comes without brackets. Without a port, DEFAULT_PORT is used;
 * if that is NULL, there must be a port. Returns NULL, or what is wrong. */
const char *hostport_parse(const char *text, size_t len, const char *default_port,
                           char host[static HOSTPORT_HOST_MAX], char port[static HOSTPORT_PORT_MAX]);
/* The PATH of unix:PATH; NULL: TEXT is not of that form. */
const char *hostport_unix(const char *text);

#endif
