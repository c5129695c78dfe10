/* SPDX-License-Identifier: BSD-2-Clause */
/* The process may be made to stand still: its host is suspended, somebody debugs it. What
 * was due meanwhile could not be heard, though it may be here. */
#include "stall.h"

#include <assert.h>

#include "arith.h"
#include "peer.h"

/* When something that somebody waits for was to happen: what is to be sent, at once. */
static int64_t was_due(const struct core *c)
{
	int64_t at = CORE_NEVER;
	const struct op *op;
	const struct ask *ask;

	TAILQ_FOREACH(op, &c->queued, link)
		at = min_ms(at, op->deadline);
	TAILQ_FOREACH(op, &c->active, link)
		at = min_ms(at, min_ms(op->deadline, op->hedge_at));
	for (unsigned link_no = 0; at != CORE_NEVER && link_no < c->o.links; link_no++) {
		const struct peer *p = &c->peer[link_no];

		if ((ask = TAILQ_FIRST(&p->ready)))
			at = min_ms(at, ask->sent_at);
		at = min_ms(at, peer_expires(c, link_no));
		if (p->state == PEER_DOWN)
			at = min_ms(at, p->retry_at);
	}
	return at;
}

static void move_op(struct op *op, int64_t ms)
{
	assert(ms >= 0);
	op->started += ms;
	op->until += ms;
	op->deadline += ms;
	if (op->hedge_at != CORE_NEVER)
		op->hedge_at += ms;
}

/* How long that which began at SINCE was not heard, from AT on, and time to hear what came. */
static int64_t lost(const struct core *c, int64_t at, int64_t since, int64_t now)
{
	assert(now >= at);
	return max_ms(now - max_ms(at, since), 0) + c->o.stall_ms;
}

static void move_ops(struct core *c, struct op_list *list, int64_t at, int64_t now)
{
	struct op *op;

	assert(list == &c->queued || list == &c->active); /* a waiter's own time is its own */
	TAILQ_FOREACH(op, list, link)
		move_op(op, lost(c, at, op->started, now));
}

static void move_peer(struct core *c, struct peer *p, int64_t at, int64_t now)
{
	struct ask *ask;

	p->connect_by += lost(c, at, p->state_since, now);
	p->down_since += lost(c, at, p->down_since, now);
	TAILQ_FOREACH(ask, &p->ready, link) {
		assert(!ask->sent);
		ask->sent_at = now;
	}
	TAILQ_FOREACH(ask, &p->sent, link) {
		assert(ask->sent);
		ask->sent_at += lost(c, at, ask->sent_at, now);
	}
}

static void excuse(struct core *c, int64_t now)
{
	int64_t at = was_due(c);

	if (at == CORE_NEVER)
		return;
	at = max_ms(at, c->seen); /* we turned then */
	if (now - at < c->o.stall_ms)
		return;
	move_ops(c, &c->queued, at, now);
	move_ops(c, &c->active, at, now);
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		move_peer(c, &c->peer[link_no], at, now);
}

void stall_excuse(struct core *c, int64_t now)
{
	if (c->o.stall_ms)
		excuse(c, now);
	c->seen = now;
}

/* Whoever comes first has to do so, before anything is judged; that nothing came for so long
 * is the least that it takes. */
void stall_enter(struct core *c, int64_t now)
{
	if (now - c->seen >= c->o.stall_ms)
		stall_excuse(c, now);
	c->seen = now;
}

/* The time that OP's waiter takes is nobody else's, unless it is a moment. */
void stall_checked(struct core *c, struct op *op, int64_t now)
{
	int64_t ms = now - op->given;

	assert(op->state == OP_CHECK);
	if (c->o.stall_ms && ms >= c->o.stall_ms)
		move_op(op, ms);
}

/* Its request began, and it comes only now, when all its time is over. */
void stall_started(struct core *c, struct op *op, int64_t now)
{
	if (c->o.stall_ms && now - op->until >= c->o.stall_ms)
		op->until = now + c->o.deadline_ms;
}
