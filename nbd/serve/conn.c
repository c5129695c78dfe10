/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "send.h"
#include "silence.h"
#include "size.h"
#include "socket.h"

#define LAST_SECONDS 1.

static void watch(struct conn *c, ev_io *w, bool on)
{
	(on ? ev_io_start : ev_io_stop)(c->loop->ev, w);
}

static void set_timer(struct conn *c, ev_tstamp seconds)
{
	ev_timer_stop(c->loop->ev, &c->timer);
	ev_timer_set(&c->timer, seconds, 0.);
	ev_timer_start(c->loop->ev, &c->timer);
}

/* When we were stopped, it is past before what came meanwhile was read: so its last
 * second begins only when the rest of it was found to be over. */
void conn_set_deadline(struct conn *c, ev_tstamp seconds)
{
	ev_now_update(c->loop->ev);
	c->overdue = false;
	set_timer(c, seconds - LAST_SECONDS);
}

void conn_set_state(struct conn *c, enum conn_state state)
{
	c->state = state;
	ev_timer_stop(c->loop->ev, &c->timer);
	if (state == CONN_ENDING) {
		watch(c, &c->readable, false);
		conn_set_deadline(c, SOCKET_DEAD_SECONDS);
	}
	/* Now, for it may be told to end before it is looked at. */
	if (state == CONN_SESSION && c->member.owner)
		silence_outlast(c);
	if (state == CONN_SESSION)
		log_often(LOG_INFO, "pools were opened", CONN_LINES_MAX,
		          "%s opens pool %s, epoch %llu%s", c->member.peer, c->member.pool->name,
		          (unsigned long long)c->member.epoch,
		          c->member.owner       ? ", as its owner"
		          : c->member.read_only ? ", read-only beside its owner"
		                                : "");
}

void conn_refuse(struct loop *loop, struct accepted accepted)
{
	(void)loop;
	limits_leave(accepted.slot);
	close(accepted.fd);
}

/* Is M of its pool's owner, and the last that is? */
static bool is_last_owner(const struct member *m)
{
	struct member *other;
	bool last = m->owner && m->epoch == m->pool->epoch;

	LIST_FOREACH(other, &m->pool->members, link)
		last &= other == m || !other->owner || other->epoch != m->epoch;
	return last;
}

/* Somebody's pages are here, and nobody is there for them. */
static void say_gone(const struct conn *c)
{
	struct pool *pool = c->member.pool;
	char held[32];

	if (!pool)
		return;
	pthread_rwlock_rdlock(&pool->lock);
	bool last = is_last_owner(&c->member);
	pthread_rwlock_unlock(&pool->lock);
	uint64_t used = atomic_load(&pool->used_pages) << PAGE_SHIFT;
	if (!last || !used)
		return;
	size_format(used, held);
	log_often(LOG_INFO, "owners left pages behind", CONN_LINES_MAX, "%s, the owner of pool %s, %s; the "
	          "pool holds %s", c->member.peer, pool->name,
	          c->session.state == SESSION_ENDING ? "disconnected" : "vanished",
	          held);
}

void conn_free(struct conn *c)
{
	log_line(LOG_DEBUG, "%s is gone", c->member.peer);
	if (!c->loop->ending)
		say_gone(c);
	ev_io_stop(c->loop->ev, &c->readable);
	ev_io_stop(c->loop->ev, &c->writable);
	ev_timer_stop(c->loop->ev, &c->timer);
	gate_leave(c);
	/* Before close(): fence() and other slots may use the descriptor until then. */
	member_leave(&c->member);
	limits_leave(c->slot);
	LIST_REMOVE(c, link);
	/* What it will never acknowledge does not stay with the kernel for hours. */
	if (c->end_after)
		socket_end_after(c->stream.fd, SOCKET_DEAD_SECONDS);
	stream_close(&c->stream, &c->loop->room);
	handshake_end(&c->handshake);
	session_free(&c->session);
	buf_free(&c->out);
	buf_free(&c->kept);
	free((char *)c->member.peer);
	conn_let_go(c);
	loop_left(c->loop);
	free(c);
}

void conn_drop(struct conn *c, const char *why)
{
	log_often(LOG_INFO, why, 1, "%s: %s; hanging up", c->member.peer, why);
	conn_free(c);
}

static void fence(struct member *m)
{
	struct conn *c = (struct conn *)((char *)m - offsetof(struct conn, member));

	log_often(LOG_INFO, "fenced by a newer claim", CONN_LINES_MAX, "%s: fenced by a newer claim",
	          m->peer);
	shutdown(c->stream.fd, SHUT_RDWR);
}

static unsigned silent(const struct member *m)
{
	const struct conn *c = (const struct conn *)((const char *)m - offsetof(struct conn, member));

	return socket_silent_seconds(c->stream.fd);
}

/* Send what can be sent now. false: C is gone. */
static bool push_out(struct conn *c)
{
	int sent = send_owed(c);

	if (sent < 0 || (sent > 0 && c->state == CONN_ENDING)) {
		conn_free(c);
		return false;
	}
	if (c->stuck != (sent == 0 && c->state != CONN_HANDSHAKE)) {
		c->stuck = !c->stuck;
		limits_stick(c->slot, c->stuck);
	}
	/* What is stuffed in its handshake goes on when it can write. */
	watch(c, &c->writable, sent == 0 || (c->stuffed && c->state == CONN_HANDSHAKE));
	return true;
}

void conn_rest(struct conn *c, ev_tstamp seconds)
{
	c->resting = true;
	set_timer(c, seconds);
}

/* Reading stops while what was kept comes first, and while too much is owed. */
static void pace_reading(struct conn *c)
{
	conn_settle(c);
	if (c->state == CONN_ENDING)
		return;
	if (c->stuffed && c->state == CONN_SESSION && session_light(&c->session)) {
		c->stuffed = false;
		conn_rest(c, 0.);
	}
	if (c->resting || c->waits || c->stuffed || session_full(&c->session) ||
	    stream_owes(&c->stream) || (c->state == CONN_HANDSHAKE && c->out.len))
		watch(c, &c->readable, false);
	else if (session_light(&c->session))
		watch(c, &c->readable, true);
}

/* Nothing is under way: no request has come that was not answered. */
static bool is_done(const struct conn *c)
{
	uint8_t byte;

	return !c->out.len && !c->kept.len && !replies_owed(&c->session.replies) &&
	       !stream_owes(&c->stream) && c->session.state == SESSION_REQUEST &&
	       recv(c->stream.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* What was to be sent is sent, as far as that can be now: go on reading. */
static void go_on(struct conn *c)
{
	if (c->loop->ending && is_done(c))
		conn_free(c);
	else
		pace_reading(c);
}

/* Send what all that was fed comes to. */
static void answer(struct conn *c)
{
	if (push_out(c))
		go_on(c);
}

/* It may be more than a receive takes. */
static void hear_kept(struct conn *c)
{
	if (conn_hear_kept(c))
		answer(c);
}

void conn_pass(struct conn *c)
{
	if (conn_hear(c))
		answer(c);
}

static void on_readable(struct ev_loop *ev, ev_io *w, int events)
{
	struct conn *c = w->data;

	(void)ev, (void)events;
	if (c->kept.len > HANDSHAKE_KEEP_BYTES) { /* not while reading is on */
		watch(c, &c->readable, false);
	} else if (gate_before(c)) {
		watch(c, &c->readable, false);
		gate_wait(c);
	} else {
		conn_pass(c);
	}
}

static void on_writable(struct ev_loop *ev, ev_io *w, int events)
{
	struct conn *c = w->data;

	(void)ev, (void)events;
	if (!push_out(c))
		return;
	if (c->state == CONN_HANDSHAKE && c->out.len == 0 && c->kept.len)
		hear_kept(c);
	else
		go_on(c);
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int events)
{
	struct conn *c = w->data;

	(void)ev, (void)events;
	if (c->state == CONN_SESSION) {
		c->resting = false;
		hear_kept(c);
	} else if (!c->overdue) {
		c->overdue = true;
		set_timer(c, LAST_SECONDS);
	} else {
		conn_drop(c, c->state == CONN_HANDSHAKE ? "no handshake within 10 s"
		                                   : "it does not take what it asked for");
	}
}

void conn_new(struct loop *loop, struct accepted accepted)
{
	const struct shared *shared = loop->shared;
	int fd = accepted.fd;
	struct conn *c = calloc(1, sizeof *c);
	char peer[SOCKET_PEER_MAX];

	socket_name_peer(fd, peer);
	if (!c || !(c->member.peer = strdup(peer))) {
		free(c);
		log_often(LOG_WARN, "no memory for another connection", 1,
		          "no memory for another connection");
		conn_refuse(loop, accepted);
		return;
	}
	c->loop = loop;
	c->stream.fd = fd;
	c->slot = accepted.slot;
	c->state = CONN_HANDSHAKE;
	c->member.fence = fence;
	c->member.silent = silent;
	c->member.origin = socket_origin(fd);
	socket_set_options(fd);
	ev_io_init(&c->readable, on_readable, fd, EV_READ);
	ev_io_init(&c->writable, on_writable, fd, EV_WRITE);
	ev_timer_init(&c->timer, on_timer, 0., 0.);
	c->readable.data = c->writable.data = c->timer.data = c;
	LIST_INSERT_HEAD(&loop->conns, c, link);
	handshake_start(&c->handshake, shared->pools, &c->member, shared->tls_mode, &c->out);
	c->handshake.slot = c->slot;
	conn_set_deadline(c, CONN_HANDSHAKE_SECONDS);
	if (push_out(c))
		pace_reading(c);
}

/* In its handshake it is refused what it has just asked, and in its session answered. */
void conn_end(struct conn *c)
{
	c->still = 0;
	c->handshake.ending = true;
	if (c->state == CONN_ENDING)
		return;
	if (ev_is_active(&c->readable) && c->kept.len <= HANDSHAKE_KEEP_BYTES && !conn_hear(c))
		return;
	if (c->state == CONN_HANDSHAKE)
		conn_set_state(c, CONN_ENDING);
	answer(c);
}

void conn_hurry(struct conn *c)
{
	c->session.ending = true;
	if (!c->resting && ++c->still > 1)
		conn_free(c);
}
