/* SPDX-License-Identifier: BSD-2-Clause */
/* Accepted sockets: the peer at the other end, and how it is treated. */
#ifndef FARPAGE_SOCKET_H
#define FARPAGE_SOCKET_H

#include <stdbool.h>

#include "origin.h"

#define SOCKET_PEER_MAX 80 /* words for a peer, with their NUL */
/* A peer that disappeared silently is found out within this time. */
#define SOCKET_DEAD_SECONDS 15
#define SOCKET_END_AFTER_MAX 1209600 /* two weeks; the kernel counts in 31 bits */

/* Words for the peer: "HOST:PORT", or which process of which user. */
void socket_name_peer(int fd, char text[static SOCKET_PEER_MAX]);
/* What a limit for each address goes by: the IPv4 address, the IPv6 network, or
 * the user. */
void socket_name_host(int fd, char text[static SOCKET_PEER_MAX]);
struct origin socket_origin(int fd);
/* From now on the kernel probes a silent peer, and ends the connection after SOCKET_DEAD_SECONDS
 * of silence. */
void socket_set_options(int fd);
/* It ends after SECONDS of silence instead, whatever waits to be acknowledged. */
void socket_end_after(int fd, unsigned seconds);
/* While a peer is silent, send what it did not acknowledge again every few seconds, if that cannot
 * end the connection, so that it goes on quickly when the peer is back; false: as usual. Before
 * Linux 6.15 the kernel tries ever more rarely, at last every two minutes. */
void socket_retry_soon(int fd, bool soon);
/* For how many seconds neither the peer nor its kernel has answered, although it was probed. 0: it
 * has answered within SOCKET_DEAD_SECONDS. Always 0 for a unix socket. */
unsigned socket_silent_seconds(int fd);
/* Bound what the kernel may keep for one of so many clients that takes nothing; and what it may
 * keep of what a client sends and we do not read. */
void socket_bound_unsent(int fd, unsigned sharers);
void socket_squeeze(int fd, bool on);

#endif
