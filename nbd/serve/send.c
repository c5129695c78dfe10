/* SPDX-License-Identifier: BSD-2-Clause */
#include "send.h"

#include "log.h"
#include "socket.h"

/* Its client takes what it is owed. */
static void moved(struct conn *c)
{
	c->still = 0;
	if (c->state == CONN_ENDING)
		conn_set_deadline(c, SOCKET_DEAD_SECONDS);
}

static ssize_t send_handshake(struct conn *c)
{
	struct iovec all = { c->out.data, c->out.len };
	ssize_t n = stream_send(&c->stream, &c->loop->room, &all, 1);

	if (n > 0) {
		buf_take(&c->out, (size_t)n);
		moved(c);
	}
	return n;
}

/* Inside. 0: it waits; 1: it need not. */
static int await(struct conn *c, uint64_t offset)
{
	c->awaits = c->client->ops->wait(c->client, offset);
	return !c->awaits;
}

static ssize_t send_replies(struct conn *c)
{
	struct gather *g = &c->loop->gather;
	ssize_t n = 0;

	if (c->client->ops->enter(c->client) < 0)
		return -1;
	if (replies_gather(&c->session.replies, c->client, g) < 0) {
		c->client->ops->exit(c->client);
		log_often(LOG_INFO, "a page that was being sent was dropped", 1,
		          "%s: a page was dropped while it was being sent; hanging up",
		          c->client->peer);
		return -1;
	}
	if (g->vectors)
		n = stream_send(&c->stream, &c->loop->room, g->vector, g->vectors);
	else if (g->later)
		n = await(c, g->later_at);
	c->client->ops->exit(c->client);
	if (n > 0 && g->vectors) {
		replies_sent(&c->session.replies, (size_t)n);
		moved(c);
	}
	/* A plain socket that took a part takes no more. */
	return n > 0 && !c->stream.tls && (size_t)n < g->bytes ? 0 : n;
}

/* In a few turns: the others have theirs. -1: hang up. */
static int take_turns(struct conn *c)
{
	ssize_t n = stream_flush(&c->stream) < 0 ? -1 : 1;

	for (unsigned turns = 0; n > 0 && turns < 4 && !stream_owes(&c->stream); turns++) {
		if (c->out.len)
			n = send_handshake(c);
		else if (replies_owed(&c->session.replies) && !c->awaits)
			n = send_replies(c);
		else
			break;
	}
	return n < 0 ? -1 : 0;
}

enum sent send_owed(struct conn *c)
{
	if (take_turns(c) < 0)
		return SENT_DEAD;
	if (c->out.data && c->out.len == 0)
		buf_free(&c->out); /* many wait in their handshake */
	if (c->out.len || stream_owes(&c->stream))
		return SENT_PART;
	if (!replies_owed(&c->session.replies))
		return session_is_awaiting(&c->session) ? SENT_AWAITS : SENT_ALL;
	return c->awaits ? SENT_AWAITS : SENT_PART;
}
