/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate.h"
#include "hear.h"
#include "hold.h"
#include "log.h"
#include "send.h"
#include "silence.h"
#include "socket.h"
#include "stir.h"

static struct conn *conn_of(const struct client *client)
{
	return client->conn;
}

static void wake(struct client *client)
{
	struct conn *c = conn_of(client);

	loop_queue(c->loop, &c->wake);
}

static void hang_up(struct client *client, const char *why)
{
	log_often(LOG_INFO, why, CONN_LINES_MAX, "%s: %s", client->peer, why);
	shutdown(conn_of(client)->stream.fd, SHUT_RDWR);
	wake(client); /* what it awaits need not come */
}

static unsigned silent(const struct client *client)
{
	return socket_silent_seconds(conn_of(client)->stream.fd);
}

/* Send what can be sent now. false: C is gone. */
static bool push_out(struct conn *c)
{
	enum sent sent = send_owed(c);

	if (sent == SENT_DEAD || (sent == SENT_ALL && c->state == CONN_ENDING)) {
		conn_free(c);
		return false;
	}
	if (c->stuck != (sent == SENT_PART && c->state != CONN_HANDSHAKE)) {
		c->stuck = !c->stuck;
		limits_stick(c->slot, c->stuck);
	}
	/* What is stuffed in its handshake goes on when it can write. */
	bool more = sent == SENT_PART || (c->paused & PAUSE_KEPT && c->state == CONN_HANDSHAKE);
	(more ? ev_io_start : ev_io_stop)(c->loop->ev, &c->writable);
	return true;
}

/* Reading stops while what was kept comes first, and while too much is owed. */
static void pace_reading(struct conn *c)
{
	hold_settle(c);
	if (c->state == CONN_ENDING)
		return;
	conn_pause(c, PAUSE_LATE, session_waits(&c->session));
	bool light = session_light(&c->session) && !(c->paused & PAUSE_LATE);
	if (c->paused & PAUSE_KEPT && c->state == CONN_SESSION && light) {
		conn_rest(c, 0.);
		conn_pause(c, PAUSE_KEPT, false);
	}
	conn_pause(c, PAUSE_UNSENT, stream_owes(&c->stream) ||
	                            (c->state == CONN_HANDSHAKE && c->out.len));
	light = session_light(&c->session);
	conn_pause(c, PAUSE_OWED, !light && (c->paused || session_full(&c->session)));
}

/* Nothing is under way: no request has come that was not answered. */
static bool is_done(const struct conn *c)
{
	uint8_t byte;

	return !c->out.len && !c->kept.len && !replies_owed(&c->session.replies) &&
	       !stream_owes(&c->stream) && c->session.state == SESSION_REQUEST &&
	       !session_is_awaiting(&c->session) &&
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
static void hear_rest(struct conn *c)
{
	if (hear_kept(c))
		answer(c);
}

static void hear_more(struct conn *c)
{
	if (hear(c))
		answer(c);
}

static void on_wake(struct loop_call *call)
{
	struct conn *c = (struct conn *)((char *)call - offsetof(struct conn, wake));

	if (!c->awaits)
		return;
	c->awaits = false;
	answer(c);
}

/* A request was answered, or there is room for one. */
static void on_stir(struct conn *c)
{
	if (!session_stirred(&c->session))
		conn_drop(c, c->session.why);
	else if (c->state == CONN_SESSION)
		hear_rest(c);
	else
		answer(c);
}

static void on_readable(struct ev_loop *ev, ev_io *w, int events)
{
	struct conn *c = w->data;

	(void)ev, (void)events;
	if (c->kept.len > HANDSHAKE_KEEP_BYTES) /* not while reading is on */
		conn_pause(c, PAUSE_KEPT, true);
	else if (gate_before(c))
		gate_wait(c);
	else
		hear_more(c);
}

static void on_writable(struct ev_loop *ev, ev_io *w, int events)
{
	struct conn *c = w->data;

	(void)ev, (void)events;
	if (!push_out(c))
		return;
	if (c->state == CONN_HANDSHAKE && c->out.len == 0 && c->kept.len)
		hear_rest(c);
	else
		go_on(c);
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int events)
{
	struct conn *c = w->data;

	(void)ev, (void)events;
	if (c->state == CONN_SESSION) {
		conn_pause(c, PAUSE_TURN, false);
		hear_rest(c);
	} else if (!c->overdue) {
		conn_set_overdue(c);
	} else {
		conn_drop(c, c->state == CONN_HANDSHAKE ? "no handshake within 10 s"
		                                   : "it does not take its replies");
	}
}

/* One piece of memory with what the backend knows of its client. */
static struct conn *new_conn(const struct backend_ops *ops)
{
	struct conn *c = calloc(1, sizeof *c + ops->client_bytes);

	if (!c)
		return NULL;
	c->client = (struct client *)(c + 1);
	c->client->ops = ops;
	c->client->conn = c;
	return c;
}

static void serve_begin(struct loop *loop, struct accepted accepted)
{
	const struct shared *shared = loop->shared;
	int fd = accepted.fd;
	struct conn *c = new_conn(shared->backend.ops);
	char peer[SOCKET_PEER_MAX];

	socket_name_peer(fd, peer);
	if (!c || !(c->client->peer = strdup(peer))) {
		free(c);
		log_often(LOG_WARN, "no memory for another connection", 1,
		          "no memory for another connection");
		limits_leave(accepted.slot);
		close(fd);
		return;
	}
	c->loop = loop;
	c->stream.fd = fd;
	c->slot = accepted.slot;
	c->state = CONN_HANDSHAKE;
	c->paused = PAUSE_UNSENT; /* its greeting */
	c->client->slot = c->slot;
	c->client->hang_up = hang_up;
	c->client->wake = wake;
	c->client->silent = silent;
	c->client->stir = stir_client;
	c->wake.call = on_wake;
	c->client->origin = socket_origin(fd);
	socket_set_options(fd);
	ev_io_init(&c->readable, on_readable, fd, EV_READ);
	ev_io_init(&c->writable, on_writable, fd, EV_WRITE);
	ev_timer_init(&c->timer, on_timer, 0., 0.);
	c->readable.data = c->writable.data = c->timer.data = c;
	LIST_INSERT_HEAD(&loop->conns, c, link);
	handshake_start(&c->handshake, &shared->backend, c->client, shared->tls_mode, &c->out);
	conn_set_deadline(c, CONN_HANDSHAKE_SECONDS);
	if (push_out(c))
		pace_reading(c);
}

/* C goes as soon as it is owed nothing. In its handshake it is refused what it has just asked, and in its session answered. */
static void end(struct conn *c)
{
	c->still = 0;
	c->handshake.ending = true;
	if (c->state == CONN_ENDING)
		return;
	if (!c->paused && c->kept.len <= HANDSHAKE_KEEP_BYTES && !hear(c))
		return;
	if (c->state == CONN_HANDSHAKE)
		conn_set_state(c, CONN_ENDING);
	answer(c);
}

/* What is asked from now on is refused, and C goes if it stood still. */
static void hurry(struct conn *c)
{
	c->session.ending = true;
	if (!(c->paused & PAUSE_TURN) && ++c->still > 1)
		conn_free(c);
}

static void each(struct loop *loop, void (*what)(struct conn *))
{
	struct conn *c, *next;

	for (c = LIST_FIRST(&loop->conns); c; c = next) {
		next = LIST_NEXT(c, link);
		what(c);
	}
}

static void start(struct loop *loop)
{
	gate_open(loop, hear_more);
	if (loop->shared->backend.ops->submit)
		stir_begin(loop, on_stir);
	silence_watch(loop);
}

static void end_all(struct loop *loop)
{
	each(loop, end);
}

static void hurry_all(struct loop *loop)
{
	each(loop, hurry);
}

static void stop(struct loop *loop)
{
	each(loop, conn_free);
	gate_close(loop);
	stir_end(loop);
	silence_end(loop);
}

static const struct loop_ops ops = {
	.start = start,
	.adopt = serve_begin,
	.end = end_all,
	.hurry = hurry_all,
	.stop = stop,
};

struct loop *serve_new(struct ev_loop *ev, const struct shared *shared)
{
	return loop_new(ev, shared, &ops);
}
