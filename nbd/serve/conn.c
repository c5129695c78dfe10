/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn.h"

#include <malloc.h>
#include <stdlib.h>

#include "log.h"
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

void conn_set_paused(struct conn *c, unsigned paused)
{
	if (!paused != !c->paused)
		(paused ? ev_io_stop : ev_io_start)(c->loop->ev, &c->readable);
	c->paused = paused;
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

void conn_leave_stirred(struct conn *c)
{
	if (!c->stirred)
		return;
	TAILQ_REMOVE(&c->loop->stirred, c, stir);
	c->stirred = false;
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
	if (state == CONN_SESSION && c->client->has_pages)
		conn_outlast(c);
	if (state == CONN_SESSION && c->client->ops->begin)
		c->client->ops->begin(c->client);
}

static enum backend_end how_it_ends(const struct conn *c)
{
	return c->loop->ending                       ? END_ALL
	       : c->session.state == SESSION_ENDING ? END_SAID
	                                             : END_SILENT;
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
	log_line(LOG_DEBUG, "%s is gone", c->client->peer);
	conn_leave_gate(c);
	ev_io_stop(c->loop->ev, &c->readable);
	ev_io_stop(c->loop->ev, &c->writable);
	ev_timer_stop(c->loop->ev, &c->timer);
	/* What its replies hold is the backend's client's. */
	session_free(&c->session);
	/* Before close(): hang_up() and other slots may use the descriptor until then. */
	c->client->ops->leave(c->client, how_it_ends(c));
	loop_unqueue(c->loop, &c->wake);
	conn_leave_stirred(c); /* not before: what is given back may stir it */
	limits_leave(c->slot);
	LIST_REMOVE(c, link);
	/* What it will never acknowledge does not stay with the kernel for hours. */
	if (c->end_after)
		socket_end_after(c->stream.fd, SOCKET_DEAD_SECONDS);
	stream_close(&c->stream, &c->loop->room);
	handshake_end(&c->handshake);
	buf_free(&c->out);
	buf_free(&c->kept);
	free((char *)c->client->peer);
	let_go(c);
	loop_left(c->loop);
	free(c);
}

void conn_drop(struct conn *c, const char *why)
{
	log_often(LOG_INFO, why, 1, "%s: %s; hanging up", c->client->peer, why);
	conn_free(c);
}
