/* SPDX-License-Identifier: BSD-2-Clause */
/* Accepted sockets: who is at the other end, and how it is treated. */
#ifndef FARPAGE_SOCKET_H
#define FARPAGE_SOCKET_H

#include <stdbool.h>

#include "origin.h"

#define SOCKET_PEER_MAX 80 /* words for a peer, with their NUL */
/* A peer that is gone without a word is found out in this time. */
#define SOCKET_DEAD_SECONDS 15
#define SOCKET_END_AFTER_MAX 1209600 /* two weeks; what the kernel counts in has 31 bits */

/* Words for the peer: "HOST:PORT", or which process of which user. */
void socket_name_peer(int fd, char text[static SOCKET_PEER_MAX]);
/* What a limit for each address counts by: its IPv4 address, its IPv6 network, or
 * its user. */
void socket_name_host(int fd, char text[static SOCKET_PEER_MAX]);
struct origin socket_origin(int fd);
/* From now on it is known when a peer is silent, and a connection to one that stays so
 * ends after SOCKET_DEAD_SECONDS. */
void socket_set_options(int fd);
/* It ends after so many SECONDS of silence instead, whatever waits to be acknowledged. */
void socket_end_after(int fd, unsigned seconds);
/* Of a silent peer: try again soon what it did not acknowledge, if that cannot end the
 * connection, so that it goes on soon after it is back; then as ever. Before Linux 6.15 the
 * kernel tries ever more rarely, in the end every two minutes. */
void socket_retry_soon(int fd, bool soon);
/* For how many seconds has the peer not said a word, not even its kernel, though it was
 * asked to? 0: it has, not SOCKET_DEAD_SECONDS ago. Of a unix socket always 0. */
unsigned socket_silent_seconds(int fd);
/* What the kernel may keep for one of so many clients when it takes nothing more; and of
 * what a client sends that is not read. */
void socket_bound_unsent(int fd, unsigned sharers);
void socket_squeeze(int fd, bool on);

#endif
