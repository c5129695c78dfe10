/* SPDX-License-Identifier: BSD-2-Clause */
#include "silence.h"

#include "clock.h"
#include "log.h"
#include "socket.h"

/* Less than SOCKET_DEAD_SECONDS, so a client that has just put its first page is seen in time. */
#define LOOK_SECONDS 5.

static void silence_look(struct conn *c, ev_tstamp now)
{
	unsigned seconds = socket_silent_seconds(c->stream.fd);

	if (seconds && c->silent_since == 0.) {
		c->silent_since = now - seconds;
		socket_retry_soon(c->stream.fd, true);
		log_often(LOG_INFO, "fell silent", CONN_LINES_MAX, "%s has been silent for %u s; it has pages "
		          "in %s, so its connection stays until another claims the pool, or for %u s",
		          c->client->peer, seconds, c->client->export, c->end_after);
	} else if (!seconds && c->silent_since != 0.) {
		log_often(LOG_INFO, "are back after a silence", CONN_LINES_MAX, "%s is back after %.0f s of "
		          "silence", c->client->peer, now - c->silent_since);
		c->silent_since = 0.;
		socket_retry_soon(c->stream.fd, false);
	}
}

static void on_time(struct ev_loop *ev, ev_timer *w, int events)
{
	struct loop *loop = w->data;
	struct conn *c;

	(void)ev, (void)events;
	LIST_FOREACH(c, &loop->conns, link)
		if (c->state == CONN_SESSION && c->client->has_pages) {
			conn_outlast(c);
			silence_look(c, (ev_tstamp)clock_ns() / 1e9);
		}
}

void silence_watch(struct loop *loop)
{
	ev_timer_init(&loop->silence, on_time, LOOK_SECONDS, LOOK_SECONDS);
	loop->silence.data = loop;
	ev_timer_start(loop->ev, &loop->silence);
}

void silence_end(struct loop *loop)
{
	ev_timer_stop(loop->ev, &loop->silence);
}
