/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

/* Kept buffers above this size are given back when they are empty. */
#define KEPT_MAX 16384

static void watch_reading(struct conn *c, bool on)
{
	if (on && !ev_is_active(&c->readable))
		ev_io_start(c->loop->ev, &c->readable);
	else if (!on)
		ev_io_stop(c->loop->ev, &c->readable);
}

static void watch_writing(struct conn *c, bool on)
{
	if (on && !ev_is_active(&c->writable))
		ev_io_start(c->loop->ev, &c->writable);
	else if (!on)
		ev_io_stop(c->loop->ev, &c->writable);
}

/* The one way from state to state. */
static void set_state(struct conn *c, enum conn_state state)
{
	c->state = state;
	ev_timer_stop(c->loop->ev, &c->timer);
	if (state == CONN_ENDING) {
		ev_timer_set(&c->timer, 0., CONN_DEAD_SECONDS);
		ev_timer_again(c->loop->ev, &c->timer);
	}
	if (state == CONN_SESSION)
		log_line(LOG_INFO, "%s opens pool %s, epoch %llu%s", c->member.peer,
		         c->member.pool->name, (unsigned long long)c->member.epoch,
		         c->member.owner       ? ", as its owner"
		         : c->member.read_only ? ", read-only beside its owner"
		                               : "");
	if (state == CONN_ENDING)
		watch_reading(c, false);
}

void conn_free(struct conn *c)
{
	log_line(LOG_DEBUG, "%s is gone", c->member.peer);
	ev_io_stop(c->loop->ev, &c->readable);
	ev_io_stop(c->loop->ev, &c->writable);
	ev_timer_stop(c->loop->ev, &c->timer);
	/* Before close(): fence() may use the descriptor until then. */
	member_leave(&c->member);
	LIST_REMOVE(c, link);
	close(c->fd);
	session_free(&c->session);
	buf_free(&c->out);
	buf_free(&c->kept);
	free(c);
}

static void drop(struct conn *c, const char *why)
{
	log_line(LOG_INFO, "%s: %s; hanging up", c->member.peer, why);
	conn_free(c);
}

static void fence(struct member *m)
{
	struct conn *c = (struct conn *)((char *)m - offsetof(struct conn, member));

	log_line(LOG_INFO, "%s: fenced by a newer claim", m->peer);
	shutdown(c->fd, SHUT_RDWR);
}

/* All of C's sends return: bytes sent, 0 when the socket takes no more now,
 * -1 when it is dead. */
static ssize_t sent(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

/* Its client takes what it is owed. */
static void moved(struct conn *c)
{
	if (c->state == CONN_ENDING)
		ev_timer_again(c->loop->ev, &c->timer);
}

static ssize_t send_handshake(struct conn *c)
{
	ssize_t n = sent(send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL));

	if (n > 0) {
		buf_take(&c->out, (size_t)n);
		moved(c);
	}
	return n;
}

static ssize_t send_replies(struct conn *c)
{
	struct gather *g = &c->loop->gather;
	ssize_t n;

	if (member_enter(&c->member) < 0)
		return -1;
	replies_gather(&c->session.replies, &c->member, g);
	n = sent(sendmsg(c->fd,
	                 &(struct msghdr){ .msg_iov = g->vector, .msg_iovlen = g->vectors },
	                 MSG_NOSIGNAL));
	member_exit(&c->member);
	if (n > 0) {
		replies_sent(&c->session.replies, (size_t)n);
		moved(c);
	}
	return n > 0 && (size_t)n < g->bytes ? 0 : n;
}

/* Send what is owed as far as the socket takes it. false: C is gone. */
static bool push_out(struct conn *c)
{
	ssize_t n = 1;

	for (unsigned turns = 0; n > 0 && turns < 4; turns++) {
		if (c->out.len)
			n = send_handshake(c);
		else if (replies_owed(&c->session.replies))
			n = send_replies(c);
		else
			break;
	}
	if (n < 0) {
		conn_free(c);
		return false;
	}
	if (c->out.data && c->out.len == 0 && c->state == CONN_SESSION)
		buf_free(&c->out);
	bool more = c->out.len || replies_owed(&c->session.replies);
	if (!more && c->state == CONN_ENDING) {
		conn_free(c);
		return false;
	}
	/* What is stuffed in its handshake goes on when it can write. */
	watch_writing(c, more || (c->stuffed && c->state == CONN_HANDSHAKE));
	return true;
}

/* The others first: go on when the loop comes round again. */
static void rest(struct conn *c)
{
	c->resting = true;
	ev_timer_set(&c->timer, 0., 0.);
	ev_timer_start(c->loop->ev, &c->timer);
}

/* Reading stops while what was kept is to be fed first, and while too much is
 * owed. */
static void pace_reading(struct conn *c)
{
	if (c->state == CONN_ENDING)
		return;
	if (c->stuffed && c->state == CONN_SESSION && session_light(&c->session)) {
		c->stuffed = false;
		rest(c);
	}
	if (c->resting || c->stuffed || session_full(&c->session) ||
	    (c->state == CONN_HANDSHAKE && c->out.len))
		watch_reading(c, false);
	else if (session_light(&c->session))
		watch_reading(c, true);
}

static size_t feed_handshake(struct conn *c, const uint8_t *in, size_t len)
{
	size_t used = handshake_feed(&c->handshake, in, len, &c->out);

	if (c->handshake.state == HANDSHAKE_DONE) {
		session_start(&c->session, &c->member, &c->handshake.terms);
		set_state(c, CONN_SESSION);
	} else if (c->handshake.state == HANDSHAKE_CLOSE) {
		if (c->handshake.why)
			log_line(LOG_INFO, "%s: %s; hanging up", c->member.peer,
			         c->handshake.why);
		set_state(c, CONN_ENDING);
	}
	return used;
}

/* Bytes consumed, or -1 when C is fenced. TURN counts down the pages that it
 * may yet erase. */
static ssize_t feed_session(struct conn *c, const uint8_t *in, size_t len,
                            uint64_t *turn)
{
	size_t used = 0;

	if (c->session.state != SESSION_ERASE) {
		if (member_enter(&c->member) < 0)
			return -1;
		used = session_feed(&c->session, in, len);
		member_exit(&c->member);
	}
	if (c->session.state == SESSION_ENDING)
		set_state(c, CONN_ENDING);
	if (c->session.state == SESSION_ERASE && session_erase(&c->session, turn) < 0)
		return -1;
	if (*turn == 0)
		rest(c);
	return (ssize_t)used;
}

/* Would C take more of what has come in? */
static bool hungry(const struct conn *c)
{
	return c->state == CONN_HANDSHAKE ? c->out.len < HANDSHAKE_OUT_MAX
	                                  : c->state == CONN_SESSION && !c->resting &&
	                                        !session_full(&c->session);
}

/* Consume IN and keep the rest. false: C is gone. */
static bool feed(struct conn *c, const uint8_t *in, size_t len)
{
	uint64_t turn = REQUEST_TURN_PAGES;
	size_t used = 0;

	while (hungry(c) && (used < len || c->session.state == SESSION_ERASE)) {
		bool erasing = c->session.state == SESSION_ERASE;
		ssize_t n = c->state == CONN_HANDSHAKE
		                ? (ssize_t)feed_handshake(c, in + used, len - used)
		                : feed_session(c, in + used, len - used, &turn);
		if (n < 0) {
			conn_free(c);
			return false;
		}
		if (c->session.state == SESSION_BROKEN) {
			drop(c, c->session.why);
			return false;
		}
		if (n == 0 && !erasing)
			break;
		used += (size_t)n;
	}
	c->stuffed = !hungry(c) && !c->resting && used < len;
	if (c->state != CONN_ENDING)
		buf_put(&c->kept, in + used, len - used);
	if (c->kept.failed) {
		drop(c, "no memory");
		return false;
	}
	return true;
}

/* Feed IN, which is all that there is, and send what it comes to. */
static void received(struct conn *c, const uint8_t *in, size_t len)
{
	if (!feed(c, in, len) || !push_out(c))
		return;
	if (c->kept.len == 0 && c->kept.size > KEPT_MAX)
		buf_free(&c->kept);
	pace_reading(c);
}

/* Feed what was kept; it may be more than a receive takes. */
static void resume(struct conn *c)
{
	struct buf kept = c->kept;

	c->kept = (struct buf){0};
	received(c, kept.data, kept.len);
	buf_free(&kept);
}

static void on_readable(struct ev_loop *ev, ev_io *w, int events)
{
	struct conn *c = w->data;
	uint8_t *rx = c->loop->rx;
	size_t kept = c->kept.len;
	ssize_t n;

	(void)events;
	if (kept > HANDSHAKE_KEEP_BYTES) { /* not while reading is on */
		watch_reading(c, false);
		return;
	}
	if (kept)
		memcpy(rx, c->kept.data, kept);
	n = recv(c->fd, rx + kept, LOOP_RX_BYTES, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_free(c);
		return;
	}
	c->kept.len = 0;
	c->loop->active = ev_now(ev);
	received(c, rx, kept + (size_t)n);
}

static void on_writable(struct ev_loop *ev, ev_io *w, int events)
{
	struct conn *c = w->data;

	(void)ev, (void)events;
	if (!push_out(c))
		return;
	if (c->state == CONN_HANDSHAKE && c->out.len == 0 && c->kept.len)
		resume(c);
	else
		pace_reading(c);
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int events)
{
	struct conn *c = w->data;

	(void)ev, (void)events;
	if (c->state == CONN_SESSION) {
		c->resting = false;
		resume(c);
	} else {
		drop(c, c->state == CONN_HANDSHAKE ? "no handshake within 10 s"
		                                   : "it does not take what it asked for");
	}
}

static void name_peer(int fd, char text[static POOL_PEER_MAX])
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof addr;
	char host[64], port[16];
	struct ucred cred;

	if (getpeername(fd, (struct sockaddr *)&addr, &len) == 0 &&
	    addr.ss_family != AF_UNIX &&
	    getnameinfo((struct sockaddr *)&addr, len, host, sizeof host, port,
	                sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
		snprintf(text, POOL_PEER_MAX, addr.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s",
		         host, port);
		return;
	}
	len = sizeof cred;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
		snprintf(text, POOL_PEER_MAX, "process %d of user %u", (int)cred.pid,
		         (unsigned)cred.uid);
	else
		snprintf(text, POOL_PEER_MAX, "somebody");
}

/* Half-open connections must not keep a pool's owner alive. */
static void set_options(int fd)
{
	const int on = 1, idle = 6, interval = 3, probes = 3,
	          timeout = CONN_DEAD_SECONDS * 1000;

	/* On a unix socket these fail, and are not needed. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

void conn_new(struct loop *loop, int fd)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c) {
		log_line(LOG_WARN, "no memory for another connection");
		close(fd);
		return;
	}
	c->loop = loop;
	c->fd = fd;
	c->state = CONN_HANDSHAKE;
	c->member.fence = fence;
	name_peer(fd, c->member.peer);
	set_options(fd);
	ev_io_init(&c->readable, on_readable, fd, EV_READ);
	ev_io_init(&c->writable, on_writable, fd, EV_WRITE);
	ev_timer_init(&c->timer, on_timer, CONN_HANDSHAKE_SECONDS, 0.);
	c->readable.data = c->writable.data = c->timer.data = c;
	LIST_INSERT_HEAD(&loop->conns, c, link);
	handshake_start(&c->handshake, loop->pools, &c->member, &c->out);
	ev_timer_start(loop->ev, &c->timer);
	if (push_out(c))
		pace_reading(c);
}
