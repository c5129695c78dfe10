/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures on a unix socket: a client that connects gets one JSON object. */
#ifndef FARPAGE_STATS_SOCKET_H
#define FARPAGE_STATS_SOCKET_H

#include "words.h"

struct farpage;

/* Listen on PATH, which has at most 107 bytes, before the process forks; a socket that nobody
 * answers on is replaced. -1 with WORDS. */
int stats_socket_open(const char *path, char words[static WORDS_MAX]);
/* Start the thread that answers. 0 or an errno. */
int stats_socket_start(struct farpage *);
/* End it, and remove the socket. Does nothing if none was opened. */
void stats_socket_close(void);

#endif
