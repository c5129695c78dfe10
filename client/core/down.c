/* SPDX-License-Identifier: BSD-2-Clause */
/* Before any operation on a link that failed ends or goes on elsewhere, the link is closed, and its
 * next claim fences what was still on its way. The spill cannot be fenced: a disk that hangs is
 * stuck, and up again only when all that it was asked for has ended. */
#include "down.h"

#include <assert.h>

#include "arith.h"
#include "ask.h"
#include "layout.h"
#include "peer.h"
#include "suspect.h"

#define RETRY_IDLE_MAX_MS 1000
#define WIPE_AGAIN_MS     1000

/* A slot whose flush did not come to its end is as dirty as before. */
void peer_wiped(struct core *c, const struct ask *ask, bool clean, int64_t now)
{
	struct peer *p = &c->peer[ask->on];

	assert(p->wipe == ask && ask->kind == ASK_FLUSH && !ask->op);
	layout_wiped(&c->layout, ask->on, (uint32_t)(ask->page / EXTENT_PAGES),
	             (uint32_t)((ask->pages + EXTENT_PAGES - 1) / EXTENT_PAGES), clean);
	p->wipe = NULL;
	if (!clean)
		p->wipe_at = now + WIPE_AGAIN_MS;
}

/* ASK will not be answered. */
static void cut(struct op *op, const struct ask *ask)
{
	assert(op->asking & 1u << ask->copy);
	op->asking &= (uint8_t)~(1u << ask->copy);
	if (ask->kind == ASK_PUT)
		op->cut |= (uint8_t)(1u << ask->copy);
}

/* Nothing that was asked of it will be answered. */
static void forget_asks(struct core *c, struct peer *p, struct ask_list *list, int64_t now)
{
	struct ask *ask;

	while ((ask = TAILQ_FIRST(list))) {
		if (ask == p->wipe)
			peer_wiped(c, ask, false, now);
		else if (ask->op)
			cut(ask->op, ask);
		ask_free(c, ask);
	}
}

/* The one way down, also for one that did not come up. */
void peer_ended(struct core *c, unsigned on, int64_t now)
{
	struct peer *p = &c->peer[on];

	assert(p->state != PEER_RETIRED);
	peer_judge_end(c, on, now);
	if (p->state == PEER_UP)
		p->down_since = now;
	if (p->state != PEER_GONE)
		peer_set_state(c, on, PEER_DOWN, now);
	p->retry_at = now + p->retry_ms;
	p->retry_ms = min_ms(p->retry_ms * 2, RETRY_IDLE_MAX_MS);
	forget_asks(c, p, &p->ready, now);
	forget_asks(c, p, &p->sent, now);
	peer_want_heal(c, on);
	c->kick = true;
}

/* A disk cannot be made to let go of buffers, and is not fenced by a claim: what it was
 * asked for stays under way, for nobody, and nothing new is asked until all of it ended. */
static void stick(struct core *c, unsigned on, int64_t now)
{
	struct peer *p = &c->peer[on];
	struct ask *ask;

	assert((int)on == c->layout.spill);
	peer_set_state(c, on, PEER_STUCK, now);
	p->down_since = now;
	forget_asks(c, p, &p->ready, now);
	TAILQ_FOREACH(ask, &p->sent, link) {
		if (ask->op)
			cut(ask->op, ask);
		ask->op = NULL;
	}
	c->kick = true;
}

void peer_unstick(struct core *c, unsigned on, int64_t now)
{
	struct peer *p = &c->peer[on];

	if (p->state != PEER_STUCK || p->asks)
		return;
	peer_set_state(c, on, PEER_UP, now);
	c->kick = true;
}

void peer_close(struct core *c, unsigned on, int64_t now)
{
	struct peer *p = &c->peer[on];

	if ((int)on == c->layout.spill && p->state == PEER_UP) {
		stick(c, on, now);
		return;
	}
	p->close = true;
	peer_ended(c, on, now);
}

static void wipe(struct core *c, unsigned on, int64_t now)
{
	struct peer *p = &c->peer[on];
	int64_t slot;
	uint32_t n;

	assert(on < c->o.links);
	if (p->state != PEER_UP || p->wipe || now < p->wipe_at)
		return;
	slot = layout_wipe(&c->layout, on, &n);
	if (slot >= 0 && !ask_wipe(c, on, (uint32_t)slot, n))
		layout_wiped(&c->layout, on, (uint32_t)slot, n, false);
}

void peers_tick(struct core *c, int64_t now)
{
	for (unsigned on = 0; on < c->o.links; on++) {
		if (peer_expires(c, on) <= now) {
			c->peer[on].timeouts++;
			peer_close(c, on, now);
		}
		wipe(c, on, now);
	}
}
