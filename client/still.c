/* SPDX-License-Identifier: BSD-2-Clause */
/* The process may be made to stand still: its host is suspended, somebody debugs it. What
 * was due meanwhile could not be heard, though it may be here. */
#include "core_parts.h"

/* When something that somebody waits for was to happen. */
static int64_t was_due(const struct core *c)
{
	int64_t at = CORE_NEVER;
	const struct op *op;
	const struct ask *ask;

	TAILQ_FOREACH(op, &c->queued, link)
		at = sooner(at, op->deadline);
	TAILQ_FOREACH(op, &c->active, link)
		at = sooner(at, sooner(op->deadline, op->hedge_at));
	for (unsigned on = 0; at != CORE_NEVER && on < c->o.links; on++) {
		const struct peer *p = &c->peer[on];

		if (p->state == PEER_CONNECTING)
			at = sooner(at, p->connect_by);
		TAILQ_FOREACH(ask, &p->sent, link)
			if (ask->op)
				at = sooner(at, ask->sent_at + peer_timeout_ms(c, on));
	}
	return at;
}

static void move_ops(struct op_list *list, int64_t ms)
{
	struct op *op;

	TAILQ_FOREACH(op, list, link) {
		op->started += ms;
		op->until += ms;
		op->deadline += ms;
		if (op->hedge_at != CORE_NEVER)
			op->hedge_at += ms;
	}
}

void still_excuse(struct core *c, int64_t now)
{
	int64_t at = c->o.still_ms ? was_due(c) : CORE_NEVER, ms;
	struct ask *ask;

	if (at == CORE_NEVER || now - at < c->o.still_ms)
		return;
	ms = now - at + c->o.still_ms; /* and time to hear what came */
	move_ops(&c->queued, ms);
	move_ops(&c->active, ms);
	for (unsigned on = 0; on < c->o.links; on++) {
		struct peer *p = &c->peer[on];

		p->connect_by += ms;
		p->down_since += ms;
		TAILQ_FOREACH(ask, &p->sent, link)
			ask->sent_at += ms;
	}
}
