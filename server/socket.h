/* SPDX-License-Identifier: BSD-2-Clause */
/* Accepted sockets: who is at the other end, and how it is treated. */
#ifndef FARPAGE_SOCKET_H
#define FARPAGE_SOCKET_H

#include "pool.h"

/* A peer that is gone without a word is found out in this time. */
#define SOCKET_DEAD_SECONDS 15

/* Words for the peer: "HOST:PORT", or which process of which user. */
void socket_name_peer(int fd, char text[static POOL_PEER_MAX]);
/* What a limit for each address counts by: its IPv4 address, its IPv6 network, or
 * its user. */
void socket_name_host(int fd, char text[static POOL_PEER_MAX]);
/* Half-open connections must not keep a pool's owner alive. */
void socket_set_options(int fd);

#endif
