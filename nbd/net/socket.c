/* SPDX-License-Identifier: BSD-2-Clause */
#include "socket.h"

#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif

/* One message's worth, and what all plain connections share. */
#define SOCKET_UNSENT       (1 << 20)
#define SOCKET_UNSENT_ALL   (4 << 20)
#define SOCKET_UNSENT_MIN   (16 << 10)
#define SOCKET_UNREAD       (1 << 20)
#define SOCKET_UNREAD_SQUEEZED (32 << 10)

/* Of an IPv6 network, whose host has as many addresses as it likes. */
static void only_network(struct sockaddr_storage *addr)
{
	struct in6_addr *a = &((struct sockaddr_in6 *)addr)->sin6_addr;

	if (addr->ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(a))
		memset(a->s6_addr + 8, 0, 8);
}

/* The peer's family, or -1. */
static int peer(int fd, bool whole, char host[static 64], char port[static 16])
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof addr;

	if (getpeername(fd, (struct sockaddr *)&addr, &len) < 0 || addr.ss_family == AF_UNIX)
		return -1;
	if (!whole)
		only_network(&addr);
	return getnameinfo((struct sockaddr *)&addr, len, host, 64, port, 16,
	                   NI_NUMERICHOST | NI_NUMERICSERV) == 0 ? addr.ss_family : -1;
}

static bool credentials(int fd, struct ucred *cred)
{
	socklen_t len = sizeof *cred;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &len) == 0;
}

void socket_name_peer(int fd, char text[static SOCKET_PEER_MAX])
{
	char host[64], port[16];
	int family = peer(fd, true, host, port);
	struct ucred cred;

	if (family >= 0)
		snprintf(text, SOCKET_PEER_MAX, family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	else if (credentials(fd, &cred))
		snprintf(text, SOCKET_PEER_MAX, "process %d of user %u", (int)cred.pid,
		         (unsigned)cred.uid);
	else
		snprintf(text, SOCKET_PEER_MAX, "somebody");
}

void socket_name_host(int fd, char text[static SOCKET_PEER_MAX])
{
	char host[64], port[16];
	struct ucred cred;

	if (peer(fd, false, host, port) >= 0)
		snprintf(text, SOCKET_PEER_MAX, "%s", host);
	else if (credentials(fd, &cred))
		snprintf(text, SOCKET_PEER_MAX, "user %u", (unsigned)cred.uid);
	else
		snprintf(text, SOCKET_PEER_MAX, "somebody");
}

struct origin socket_origin(int fd)
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof addr;

	if (getpeername(fd, (struct sockaddr *)&addr, &len) < 0)
		return (struct origin){ .kind = ORIGIN_UNKNOWN };
	return origin_of(addr.ss_family,
	                 addr.ss_family == AF_INET
	                     ? (void *)&((struct sockaddr_in *)&addr)->sin_addr
	                     : (void *)&((struct sockaddr_in6 *)&addr)->sin6_addr);
}

/* Probes are sent while nothing else is on its way. When a connection ends for it is the
 * user timeout's to say: it counts instead of the number of probes and of retransmissions. */
void socket_set_options(int fd)
{
	const int on = 1, idle = 6, interval = 3;

	/* On a unix socket these fail, and are not needed. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	socket_end_after(fd, SOCKET_DEAD_SECONDS);
}

void socket_end_after(int fd, unsigned seconds)
{
	const unsigned ms = seconds * 1000;

	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

/* Where nothing is unacknowledged, or the peer's window is shut, probes are sent, and the
 * kernel counts those. */
void socket_retry_soon(int fd, bool soon)
{
	const unsigned ms = soon ? 4000 : 120000;
	struct tcp_info i = {0};
	socklen_t len = sizeof i;

	if (soon && (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len) < 0 || !i.tcpi_unacked ||
	             !i.tcpi_snd_wnd))
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_RTO_MAX_MS, &ms, sizeof ms);
}

/* A host that was suspended wakes to clocks that may have run on, and a peer that was
 * not asked since: it owes an answer when two probes, or two retransmissions, had none. Who
 * takes no more data is probed ever more rarely, in the end every two minutes, and is not silent
 * in between. And probes are counted in a byte. */
static bool owes_answer(const struct tcp_info *i, unsigned ms)
{
	return i->tcpi_probes >= 2 || i->tcpi_retransmits >= 2 || ms > 300000;
}

unsigned socket_silent_seconds(int fd)
{
	struct tcp_info i = {0};
	socklen_t len = sizeof i;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len) < 0)
		return 0;
	unsigned ms = i.tcpi_last_ack_recv < i.tcpi_last_data_recv ? i.tcpi_last_ack_recv
	                                                           : i.tcpi_last_data_recv;
	return ms >= SOCKET_DEAD_SECONDS * 1000 && owes_answer(&i, ms) ? ms / 1000 : 0;
}

/* What is under way to a client is not held back by this: it bounds what the client's window
 * does not admit. */
void socket_bound_unsent(int fd, unsigned sharers)
{
	int unsent = SOCKET_UNSENT_ALL / (int)(sharers ? sharers : 1);

	if (unsent < SOCKET_UNSENT_MIN)
		unsent = SOCKET_UNSENT_MIN;
	if (unsent > SOCKET_UNSENT)
		unsent = SOCKET_UNSENT;
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

void socket_squeeze(int fd, bool on)
{
	const int unread = on ? SOCKET_UNREAD_SQUEEZED : SOCKET_UNREAD;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &unread, sizeof unread);
}
