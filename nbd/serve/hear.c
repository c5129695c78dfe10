/* SPDX-License-Identifier: BSD-2-Clause */
#include "hear.h"

#include <string.h>
#include <sys/socket.h>

#include "gate.h"
#include "hold.h"
#include "log.h"
#include "socket.h"

/* Of one that is alone on its loop: 1 MiB, as much as one message sends. */
#define RECEIVES_MAX 4
#define REST_SECONDS_MAX .5

static size_t feed_handshake(struct conn *c, const uint8_t *in, size_t len)
{
	struct limits *limits = c->loop->shared->limits;
	size_t used = handshake_feed(&c->handshake, in, len, &c->out);

	if (c->slot->refused)
		log_often(LOG_WARN, "too many connections", 1, "%s: too many connections from its "
		          "address, of its identity, or in total; %lu were refused so far",
		          c->client->peer, limits->refused);
	c->slot->refused = false;

	if (c->handshake.state == HANDSHAKE_DONE) {
		session_start(&c->session, c->client, &c->handshake.terms);
		c->session.room = c->handshake.room;
		c->session.turn = REQUEST_TURN_PAGES;
		handshake_end(&c->handshake);
		socket_bound_unsent(c->stream.fd, limits_alone(c->slot) ? 1 : limits->sessions);
		conn_set_state(c, CONN_SESSION);
	} else if (c->handshake.state == HANDSHAKE_CLOSE) {
		if (c->handshake.why)
			log_often(LOG_INFO, c->handshake.why, 1, "%s: %s; hanging up",
			          c->client->peer, c->handshake.why);
		conn_set_state(c, CONN_ENDING);
	}
	return used;
}

/* Looking again now and then: it may have been fenced, and the rate may change. */
static ev_tstamp wait_seconds(const struct session *s)
{
	ev_tstamp seconds = (ev_tstamp)s->wait_ns / 1e9;

	return seconds < REST_SECONDS_MAX ? seconds : REST_SECONDS_MAX;
}

/* Bytes consumed, or -1: C is fenced. */
static ssize_t feed_session(struct conn *c, const uint8_t *in, size_t len)
{
	size_t used = 0;

	if (c->session.state != SESSION_ERASE) {
		if (c->client->ops->enter(c->client) < 0)
			return -1;
		used = session_feed(&c->session, in, len);
		c->client->ops->exit(c->client);
	}
	if (c->session.state == SESSION_ENDING)
		conn_set_state(c, CONN_ENDING);
	if (c->session.state == SESSION_ERASE && session_erase(&c->session, &c->session.turn) < 0)
		return -1;
	if (c->session.turn == 0)
		conn_rest(c, 0.);
	else if (c->session.wait_ns)
		conn_rest(c, wait_seconds(&c->session));
	return (ssize_t)used;
}

/* Would C take more of what has come in? */
static bool hungry(const struct conn *c)
{
	return c->state == CONN_HANDSHAKE ? !handshake_full(&c->handshake, &c->out)
	                                  : c->state == CONN_SESSION && !(c->paused & PAUSE_TURN) &&
	                                        !session_waits(&c->session) &&
	                                        (!session_full(&c->session) ||
	                                         session_is_within(&c->session));
}

/* Consume IN and keep the rest. false: C is gone. */
static bool feed(struct conn *c, const uint8_t *in, size_t len)
{
	size_t used = 0;

	hold_make_room(c);
	c->session.turn = REQUEST_TURN_PAGES;
	while (hungry(c) && (used < len || c->session.state == SESSION_ERASE ||
	                     c->session.state == SESSION_CUT)) {
		bool erasing = c->session.state == SESSION_ERASE;
		ssize_t n = c->state == CONN_HANDSHAKE
		                ? (ssize_t)feed_handshake(c, in + used, len - used)
		                : feed_session(c, in + used, len - used);
		if (n < 0) {
			conn_free(c);
			return false;
		}
		if (c->session.state == SESSION_BROKEN) {
			conn_drop(c, c->session.why);
			return false;
		}
		if (n == 0 && !erasing)
			break;
		used += (size_t)n;
	}
	/* TLS is to begin: what came in the open may be of somebody else. */
	if (c->handshake.state == HANDSHAKE_TLS && used < len) {
		conn_drop(c, "it sent plaintext after STARTTLS");
		return false;
	}
	conn_pause(c, PAUSE_KEPT, !hungry(c) && !(c->paused & PAUSE_TURN) && used < len);
	if (c->state != CONN_ENDING)
		buf_put(&c->kept, in + used, len - used);
	if (c->kept.failed) {
		conn_drop(c, "no memory");
		return false;
	}
	return true;
}

bool hear_kept(struct conn *c)
{
	struct buf kept = c->kept;
	bool there;

	c->kept = (struct buf){0};
	there = feed(c, kept.data, kept.len);
	buf_free(&kept);
	return there;
}

/* It hung up, or what it sent was no TLS. Maybe it has only nothing more to ask. false: C is gone. */
static bool lost(struct conn *c)
{
	if (c->state == CONN_SESSION && c->session.state == SESSION_REQUEST && session_is_awaiting(&c->session)) {
		conn_set_state(c, CONN_ENDING);
		return true;
	}
	const char *why = c->stream.tls ? tls_why(c->stream.tls) : NULL;

	if (why && c->state == CONN_HANDSHAKE)
		log_often(LOG_INFO, why, 1, "%s: %s", c->client->peer, why);
	conn_free(c);
	return false;
}

/* Once it has proven who it is. false: C is gone. */
static bool identify(struct conn *c)
{
	const char *identity = tls_identity(c->stream.tls);

	if (!identity)
		return true;
	if (!limits_identify(c->slot, identity)) {
		conn_drop(c, "no memory");
		return false;
	}
	c->client->identity = identity;
	log_often(LOG_INFO, "proved who they are", CONN_LINES_MAX, "%s is %s", c->client->peer, identity);
	return true;
}

/* May it be heard again before it is answered? Others would wait for that. */
static bool goes_on(const struct conn *c)
{
	bool alone = LIST_FIRST(&c->loop->conns) == c && !LIST_NEXT(c, link);

	return alone && c->state == CONN_SESSION && hungry(c);
}

bool hear(struct conn *c)
{
	uint8_t *rx = c->loop->rx;
	size_t max = hold_may_receive(c);
	ssize_t n = (ssize_t)max;

	for (unsigned turns = 0; n == (ssize_t)max && turns < RECEIVES_MAX; turns++) {
		size_t kept = c->kept.len;

		if (turns && !goes_on(c))
			break;
		if (kept)
			memcpy(rx, c->kept.data, kept);
		n = gate_before(c) ? gate_recv(c, rx + kept, max)
		                   : stream_recv(&c->stream, &c->loop->room, rx + kept, max);
		if (n < 0 && turns)
			break; /* it is heard again when what came before is answered */
		if (n < 0)
			return lost(c);
		if (c->stream.tls && !c->client->identity && !identify(c))
			return false;
		if (n == 0)
			break;
		c->kept.len = 0;
		c->still = 0;
		c->loop->active = true;
		if (!feed(c, rx, kept + (size_t)n))
			return false;
	}
	return true;
}
