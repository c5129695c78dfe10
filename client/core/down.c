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
	struct peer *p = &c->peer[ask->link_no];

	assert(p->wipe == ask && ask->kind == ASK_DISCARD && !ask->op);
	assert(ask->page % EXTENT_PAGES == 0);
	layout_wiped(&c->layout, ask->link_no, (uint32_t)(ask->page / EXTENT_PAGES),
	             (uint32_t)((ask->pages + EXTENT_PAGES - 1) / EXTENT_PAGES), clean);
	p->wipe = NULL;
	if (!clean)
		p->wipe_at = now + WIPE_AGAIN_MS;
}

/* ASK will not be answered. */
static void cut(struct op *op, const struct ask *ask)
{
	assert(op->state == OP_ACTIVE && op->asking & 1u << ask->copy);
	op->asking &= (uint8_t)~(1u << ask->copy);
	if (ask->kind == ASK_PUT)
		op->cut |= (uint8_t)(1u << ask->copy);
}

/* Nothing that was asked of it will be answered. */
static void forget_asks(struct core *c, struct peer *p, struct ask_list *list, int64_t now)
{
	struct ask *ask;

	while ((ask = TAILQ_FIRST(list))) {
		assert(&c->peer[ask->link_no] == p);
		if (ask == p->wipe)
			peer_wiped(c, ask, false, now);
		else if (ask->op)
			cut(ask->op, ask);
		ask_free(c, ask);
	}
}

/* The one way down, also for one that did not come up. */
void peer_ended(struct core *c, unsigned link_no, int64_t now)
{
	struct peer *p = &c->peer[link_no];

	assert(p->state != PEER_RETIRED);
	peer_judge_end(c, link_no, now);
	if (p->state == PEER_UP)
		p->down_since = now;
	if (p->state != PEER_GONE)
		peer_set_state(c, link_no, PEER_DOWN, now);
	p->retry_at = now + p->retry_ms;
	p->retry_ms = min_ms(p->retry_ms * 2, RETRY_IDLE_MAX_MS);
	forget_asks(c, p, &p->ready, now);
	forget_asks(c, p, &p->sent, now);
	assert(!p->asks && !p->discards && !p->wipe);
	peer_want_heal(c, link_no);
	c->kick = true;
}

/* A disk cannot be made to let go of buffers, and is not fenced by a claim: what it was
 * asked for stays under way, for nobody, and nothing new is asked until all of it ended. */
static void stick(struct core *c, unsigned link_no, int64_t now)
{
	struct peer *p = &c->peer[link_no];
	struct ask *ask;

	assert((int)link_no == c->layout.spill);
	forget_asks(c, p, &p->ready, now);
	c->kick = true;
	if (TAILQ_EMPTY(&p->sent))
		return; /* it owes nothing, so no answer would end this */
	peer_set_state(c, link_no, PEER_STUCK, now);
	p->down_since = now;
	TAILQ_FOREACH(ask, &p->sent, link) {
		if (ask->op)
			cut(ask->op, ask);
		ask->op = NULL;
	}
}

void peer_unstick(struct core *c, unsigned link_no, int64_t now)
{
	struct peer *p = &c->peer[link_no];

	assert(link_no < LINKS_MAX);
	if (p->state != PEER_STUCK || p->asks)
		return;
	assert((int)link_no == c->layout.spill && TAILQ_EMPTY(&p->ready));
	peer_set_state(c, link_no, PEER_UP, now);
	c->kick = true;
}

void peer_close(struct core *c, unsigned link_no, int64_t now)
{
	struct peer *p = &c->peer[link_no];

	assert(c->peer[link_no].state != PEER_RETIRED);
	if ((int)link_no == c->layout.spill && p->state == PEER_UP) {
		stick(c, link_no, now);
		return;
	}
	p->close = true;
	peer_ended(c, link_no, now);
}

static void wipe(struct core *c, unsigned link_no, int64_t now)
{
	struct peer *p = &c->peer[link_no];
	int64_t slot;
	uint32_t n;

	assert(link_no < c->o.links);
	if (p->state != PEER_UP || p->wipe || now < p->wipe_at)
		return;
	slot = layout_wipe(&c->layout, link_no, &n);
	if (slot >= 0 && !ask_wipe(c, link_no, (uint32_t)slot, n))
		layout_wiped(&c->layout, link_no, (uint32_t)slot, n, false);
}

void peers_tick(struct core *c, int64_t now)
{
	for (unsigned link_no = 0; link_no < c->o.links; link_no++) {
		if (peer_expires(c, link_no) <= now) {
			c->peer[link_no].timeouts++;
			peer_close(c, link_no, now);
		}
		wipe(c, link_no, now);
	}
}
