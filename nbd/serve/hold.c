/* SPDX-License-Identifier: BSD-2-Clause */
#include "hold.h"

#include "gate.h"
#include "socket.h"

/* Kept buffers above this size are given back when they are empty. */
#define KEPT_MAX 16384
/* One receive takes this much at least, however much all others hold. */
#define RECEIVE_MIN 4096

size_t hold_may_receive(const struct conn *c)
{
	size_t least = RECEIVE_MIN + (c->stream.tls || gate_before(c) ? TLS_RECORD_BYTES : 0);
	size_t share = budget_share(c->loop->shared->budget);

	return share < least ? least : share < LOOP_RX_BYTES ? share : LOOP_RX_BYTES;
}

void hold_make_room(struct conn *c)
{
	c->session.room = c->handshake.room = budget_share(c->loop->shared->budget);
}

static size_t held(const struct conn *c)
{
	return c->kept.size + c->out.size + c->stream.unsent.size +
	       replies_bytes(&c->session.replies);
}

void hold_settle(struct conn *c)
{
	struct budget *budget = c->loop->shared->budget;
	size_t share = budget_share(budget);
	bool much = held(c) > share / BUDGET_IDLE_PART;

	if (c->kept.len == 0 && (much || c->kept.size > KEPT_MAX))
		buf_free(&c->kept);
	if (much && replies_owed(&c->session.replies) == 0)
		replies_free(&c->session.replies);
	budget_hold(budget, &c->held, held(c));
	hold_make_room(c);
	/* A pool's owner may have been away, and has much to say; but only once for each pool. */
	if (session_full(&c->session) != c->squeezed && !limits_alone(c->slot)) {
		c->squeezed = !c->squeezed;
		socket_squeeze(c->stream.fd, c->squeezed);
	}
}
