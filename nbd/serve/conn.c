/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn.h"

#include <malloc.h>
#include <stdlib.h>

#include "log.h"
#include "size.h"
#include "socket.h"

#define LAST_SECONDS 1.

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

void conn_set_overdue(struct conn *c)
{
	c->overdue = true;
	set_timer(c, LAST_SECONDS);
}

void conn_pause(struct conn *c, enum conn_pause why, bool on)
{
	unsigned before = c->paused;

	c->paused = on ? before | why : before & ~(unsigned)why;
	if (!c->paused != !before)
		(c->paused ? ev_io_stop : ev_io_start)(c->loop->ev, &c->readable);
}

void conn_rest(struct conn *c, ev_tstamp seconds)
{
	conn_pause(c, PAUSE_TURN, true);
	set_timer(c, seconds);
}

void conn_outlast(struct conn *c)
{
	unsigned dead_after = atomic_load(&c->loop->shared->dead_after);

	if (c->end_after != dead_after)
		socket_end_after(c->stream.fd, dead_after);
	c->end_after = dead_after;
}

void conn_leave_gate(struct conn *c)
{
	if (!(c->paused & PAUSE_GATE))
		return;
	TAILQ_REMOVE(&c->loop->at_gate, c, at_gate);
	conn_pause(c, PAUSE_GATE, false);
}

void conn_set_state(struct conn *c, enum conn_state state)
{
	c->state = state;
	ev_timer_stop(c->loop->ev, &c->timer);
	if (state == CONN_ENDING) {
		conn_pause(c, PAUSE_ENDING, true);
		conn_set_deadline(c, SOCKET_DEAD_SECONDS);
	}
	/* Now, for it may be told to end before it is looked at. */
	if (state == CONN_SESSION && c->member.owner)
		conn_outlast(c);
	if (state == CONN_SESSION)
		log_often(LOG_INFO, "pools were opened", CONN_LINES_MAX,
		          "%s opens pool %s, epoch %llu%s", c->member.peer, c->member.pool->name,
		          (unsigned long long)c->member.epoch,
		          c->member.owner       ? ", as its owner"
		          : c->member.read_only ? ", read-only beside its owner"
		                                : "");
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

static void let_go(struct conn *c)
{
	struct budget *budget = c->loop->shared->budget;

	budget_hold(budget, &c->held, 0);
	/* They came in a crowd and leave in one: the host has its memory back. */
	if (budget_was_much(budget))
		malloc_trim(0);
}

void conn_free(struct conn *c)
{
	log_line(LOG_DEBUG, "%s is gone", c->member.peer);
	if (!c->loop->ending)
		say_gone(c);
	conn_leave_gate(c);
	ev_io_stop(c->loop->ev, &c->readable);
	ev_io_stop(c->loop->ev, &c->writable);
	ev_timer_stop(c->loop->ev, &c->timer);
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
	let_go(c);
	loop_left(c->loop);
	free(c);
}

void conn_drop(struct conn *c, const char *why)
{
	log_often(LOG_INFO, why, 1, "%s: %s; hanging up", c->member.peer, why);
	conn_free(c);
}
