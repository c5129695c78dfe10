/* SPDX-License-Identifier: BSD-2-Clause */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "descriptors.h"
#include "hostport.h"
#include "log.h"
#include "socket.h"

#define BACKLOG 1024
#define ACCEPTS 64          /* in one go */
#define RETRY_SECONDS 1.    /* after running out of descriptors */
#define THINNED_SECONDS .01 /* the same when one is about to be closed */

struct listener {
	struct listener *next; /* of the same name */
	int fd;
	char *path;         /* of a unix socket, to remove in the end */
	struct loops *loops;
	ev_io accepting;
	ev_timer retry;
};

static bool split(const char *address, char host[static HOSTPORT_HOST_MAX],
                  char port[static HOSTPORT_PORT_MAX])
{
	return !hostport_parse(address, strlen(address), NULL, host, port);
}

const char *listen_wrong(const char *address)
{
	char host[HOSTPORT_HOST_MAX], port[HOSTPORT_PORT_MAX];
	const char *path = hostport_unix(address);

	if (path && !*path)
		return "there is no path";
	if (path)
		return strlen(path) < HOSTPORT_PATH_MAX ? NULL : "the path is too long";
	return hostport_parse(address, strlen(address), NULL, host, port);
}

static bool on_loopback(const struct sockaddr *addr)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	const struct in6_addr *in6 = &((const struct sockaddr_in6 *)addr)->sin6_addr;

	if (addr->sa_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(in6) ||
	       (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == IN_LOOPBACKNET);
}

bool listen_exposed(const char *address)
{
	char host[HOSTPORT_HOST_MAX], port[HOSTPORT_PORT_MAX];
	struct addrinfo *list, hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };

	if (hostport_unix(address) || !split(address, host, port) ||
	    getaddrinfo(host, port, &hints, &list) != 0)
		return false;
	bool exposed = !on_loopback(list->ai_addr);
	freeaddrinfo(list);
	return exposed;
}

static void on_retry(struct ev_loop *ev, ev_timer *w, int events)
{
	struct listener *l = w->data;

	(void)events;
	ev_io_start(ev, &l->accepting);
}

static void let_in(struct loops *loops, int fd)
{
	struct limits *limits = loops->shared.limits;
	unsigned long ended = limits->ended;
	char network[SOCKET_PEER_MAX];
	struct slot *slot;

	socket_name_host(fd, network);
	slot = limits_enter(limits, fd, network);
	if (!slot)
		log_often(LOG_WARN, "connections too fast", 1, "%s: connections from there come too fast; "
		          "%lu were refused so far", network, limits->refused);
	else if (limits->ended != ended)
		log_often(LOG_WARN, "hung up to let in", 1, "%s: hung up on an older connection to "
		          "let this one in; that happened %lu times so far", network, limits->ended);
	if (slot)
		loop_adopt(loops->loop[loops->next++ % loops->n], (struct accepted){ fd, slot });
	else
		close(fd);
}

/* A connection that has proven nothing must not keep a descriptor from another. */
static void out_of_descriptors(struct listener *l)
{
	struct limits *limits = l->loops->shared.limits;
	int error = errno;
	bool few = error == EMFILE || error == ENFILE;

	log_often(LOG_WARN, "cannot accept", 1, "cannot accept: %s", strerror(error));
	ev_io_stop(l->loops->loop[0]->ev, &l->accepting);
	ev_timer_set(&l->retry, few && limits_thin(limits) ? THINNED_SECONDS : RETRY_SECONDS, 0.);
	ev_timer_start(l->loops->loop[0]->ev, &l->retry);
}

static void on_acceptable(struct ev_loop *ev, ev_io *w, int events)
{
	struct listener *l = w->data;

	(void)ev, (void)events;
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			let_in(l->loops, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		           errno == ENOBUFS) {
			out_of_descriptors(l);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

static int bind_unix(struct listener *l, const char *path)
{
	l->fd = unix_socket_open(path, l->loops->owner);
	if (l->fd < 0)
		return -1;
	l->path = strdup(path);
	return l->path ? 0 : -1;
}

/* Does ADDRESS, of this PORT, stand beside another one that may be of IPv4? */
static bool stands_beside(const struct loops *loops, const char *address, const char *port)
{
	char host[HOSTPORT_HOST_MAX], its[HOSTPORT_PORT_MAX];

	for (unsigned i = 0; i < loops->listens; i++)
		if (!hostport_unix(loops->listen[i]) && strcmp(loops->listen[i], address) != 0 &&
		    split(loops->listen[i], host, its) && strcmp(its, port) == 0)
			return true;
	return false;
}

/* [::] is IPv4, too, but ONLY6 where IPv4 has a socket of its own. */
static int bind_tcp(struct listener *l, const struct addrinfo *a, const int only6)
{
	const int on = 1;

	l->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return -1;
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a->ai_family == AF_INET6)
		setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof only6);
	return bind(l->fd, a->ai_addr, a->ai_addrlen);
}

/* The port is the kernel's choice when 0 was asked for: say which. */
static void announce(const struct listener *l)
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof addr;
	char host[64], port[16];

	if (getsockname(l->fd, (struct sockaddr *)&addr, &len) < 0)
		return;
	if (addr.ss_family == AF_UNIX)
		log_line(LOG_INFO, "listening on unix:%s", ((struct sockaddr_un *)&addr)->sun_path);
	else if (getnameinfo((struct sockaddr *)&addr, len, host, sizeof host, port,
	                     sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		log_line(LOG_INFO, addr.ss_family == AF_INET6 ? "listening on [%s]:%s"
		                                               : "listening on %s:%s",
		         host, port);
}

static struct listener *listen_begin(struct listener *l)
{
	ev_io_init(&l->accepting, on_acceptable, l->fd, EV_READ);
	ev_timer_init(&l->retry, on_retry, RETRY_SECONDS, 0.);
	l->accepting.data = l->retry.data = l;
	ev_io_start(l->loops->loop[0]->ev, &l->accepting);
	announce(l);
	return l;
}

static struct listener *new_listener(struct loops *loops)
{
	struct listener *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->fd = -1;
	l->loops = loops;
	return l;
}

static struct listener *on_path(const char *path, struct loops *loops)
{
	struct listener *l = new_listener(loops);

	if (l && bind_unix(l, path) == 0 && listen(l->fd, BACKLOG) == 0)
		return listen_begin(l);
	listen_close(l);
	return NULL;
}

static struct listener *on_address(const struct addrinfo *a, bool only6, struct loops *loops)
{
	struct listener *l = new_listener(loops);

	if (l && bind_tcp(l, a, only6) == 0 && listen(l->fd, BACKLOG) == 0)
		return listen_begin(l);
	listen_close(l);
	return NULL;
}

/* The resolver may say an address twice. */
static bool is_repeated(const struct addrinfo *first, const struct addrinfo *a)
{
	for (; first != a; first = first->ai_next)
		if (first->ai_addrlen == a->ai_addrlen &&
		    memcmp(first->ai_addr, a->ai_addr, a->ai_addrlen) == 0)
			return true;
	return false;
}

/* All addresses of LIST; one that this host does not have, or whose family it does not have, is
 * passed over where there is another. NULL with *ERROR or errno. */
static struct listener *on_all(const struct addrinfo *list, bool only6, struct loops *loops,
                               const char **error)
{
	struct listener *first = NULL, **end = &first;

	for (const struct addrinfo *a = list; a; a = a->ai_next)
		if (!loops->exposed && !on_loopback(a->ai_addr)) {
			*error = LISTEN_EXPOSED_WORDS;
			return NULL;
		}
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		if (is_repeated(list, a))
			continue;
		*end = on_address(a, only6, loops);
		if (*end) {
			end = &(*end)->next;
		} else if (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT) {
			int e = errno;
			listen_close(first);
			errno = e;
			return NULL;
		}
	}
	return first;
}

static struct listener *on_name(const char *address, struct loops *loops, const char **error)
{
	struct addrinfo *list, hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	char host[HOSTPORT_HOST_MAX], port[HOSTPORT_PORT_MAX];

	if (!split(address, host, port)) {
		errno = EINVAL;
		return NULL;
	}
	int r = getaddrinfo(host, port, &hints, &list);
	if (r != 0) {
		*error = r == EAI_SYSTEM ? NULL : gai_strerror(r);
		return NULL;
	}
	bool only6 = list->ai_next || (strcmp(port, "0") != 0 && stands_beside(loops, address, port));
	struct listener *l = on_all(list, only6, loops, error);
	int e = errno;
	freeaddrinfo(list);
	errno = e;
	return l;
}

static const char *way_out(const char *path)
{
	struct stat st;

	if (path && lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return "; that is no socket: remove it, or choose another path";
	return "; does another process listen there? Choose another address with --listen";
}

struct listener *listen_on(const char *address, struct loops *loops,
                           char words[static WORDS_MAX])
{
	const char *path = hostport_unix(address), *error = NULL;
	char why[WORDS_MAX];

	errno = 0;
	struct listener *l = path ? on_path(path, loops) : on_name(address, loops, &error);
	if (l)
		return l;
	int e = errno;
	words_print(words, "cannot listen on %s: %s%s", address, error ? error : descriptors_words(e, why),
	            !error && e == EADDRINUSE ? way_out(path) : "");
	return NULL;
}

/* NULL, or why it is not for us. */
static const char *unfit(int fd, const struct loops *loops)
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof addr, int_len = sizeof(int);
	int type = 0, listens = 0;

	getsockname(fd, (struct sockaddr *)&addr, &len);
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &int_len);
	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_len);
	if ((addr.ss_family != AF_INET && addr.ss_family != AF_INET6 &&
	     addr.ss_family != AF_UNIX) || type != SOCK_STREAM || !listens)
		return "it is not a listening stream socket; a socket unit needs ListenStream= "
		       "and Accept=no";
	if (addr.ss_family != AF_UNIX && !loops->exposed &&
	    !on_loopback((const struct sockaddr *)&addr))
		return LISTEN_EXPOSED_WORDS;
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? strerror(errno) : NULL;
}

struct listener *listen_adopt(int fd, struct loops *loops,
                              char words[static WORDS_MAX])
{
	struct listener *l = new_listener(loops);
	const char *why = l ? unfit(fd, loops) : strerror(errno);

	if (!why) {
		l->fd = fd;
		return listen_begin(l);
	}
	words_print(words, "cannot listen on descriptor %d, which was handed "
	            "over: %s", fd, why);
	free(l);
	close(fd);
	return NULL;
}

static void close_one(struct listener *l)
{
	int e = errno;

	ev_io_stop(l->loops->loop[0]->ev, &l->accepting);
	ev_timer_stop(l->loops->loop[0]->ev, &l->retry);
	if (l->path)
		unlink(l->path);
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	free(l);
	errno = e;
}

void listen_close(struct listener *l)
{
	while (l) {
		struct listener *next = l->next;

		close_one(l);
		l = next;
	}
}
