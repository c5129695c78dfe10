/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks are taken from 192 that are made at the start. One that waits to be sent stands in its
 * link's READY, then in SENT until it is answered or the link ends; it holds its buffer as long. A
 * lender that never answers so has at most twice as many buffers as it leaves to the others. */
#include "ask.h"

#include <assert.h>


#define DISCARDS_MAX 4u /* with one link: nobody bounds them by a buffer each */

void asks_open(struct core *c)
{
	TAILQ_INIT(&c->free_asks);
	for (unsigned i = 0; i < CORE_ASKS; i++)
		TAILQ_INSERT_TAIL(&c->free_asks, &c->asks[i], link);
}

/* No link has so many that none are left for the others, even if it never answers; and a
 * disk can take as long as it likes. */
static bool may_have_more(const struct core *c, unsigned link_no)
{
	unsigned has = c->peer[link_no].buffers, left = c->buffers->free_n;

	assert(link_no < c->o.links && c->buffers->free_n);
	if ((int)link_no == c->layout.spill)
		return has < c->buffers->n / 3;
	return c->o.links == 1 || !has || has < 2 * (left - 1);
}

struct buffer *ask_buffer(struct core *c, const struct op *op, uint32_t link_mask)
{
	assert(op->state == OP_ACTIVE && !op->buffer);
	assert(!(link_mask >> c->o.links));
	if (!c->buffers->free_n)
		return NULL;
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		if (link_mask & 1u << link_no && !may_have_more(c, link_no))
			return NULL;
	return buffers_take(c->buffers);
}

static struct ask *take(struct core *c, enum ask_kind kind, unsigned link_no)
{
	struct ask *ask = TAILQ_FIRST(&c->free_asks);

	assert(link_no < c->o.links);
	if (!ask)
		return NULL;
	TAILQ_REMOVE(&c->free_asks, ask, link);
	*ask = (struct ask){ .kind = kind, .link_no = link_no };
	return ask;
}

static void queue(struct core *c, struct ask *ask)
{
	assert(c->peer[ask->link_no].state == PEER_UP);
	assert(ask->op || c->peer[ask->link_no].wipe == ask);
	ask->sent_at = c->seen;
	TAILQ_INSERT_TAIL(&c->peer[ask->link_no].ready, ask, link);
	c->peer[ask->link_no].asks++;
	c->peer[ask->link_no].discards += !ask->buffer;
	c->peer[ask->link_no].buffers += !!ask->buffer;
}

/* A get asks from the first to the last page that it wants, and ignores the others. */
static void narrow(struct ask *ask, uint32_t *first)
{
	assert(ask->kind == ASK_GET && ask->mask);
	*first = (uint32_t)__builtin_ctz(ask->mask);
	ask->pages = 32 - (uint32_t)__builtin_clz(ask->mask) - *first;
}

bool ask_copy(struct core *c, struct op *op, enum ask_kind kind, unsigned copy,
              struct buffer *buffer, uint32_t mask)
{
	const struct copy *at = &map_extent(c->map, op->page)->copy[copy];
	bool may = kind != ASK_DISCARD || c->peer[at->link_no].discards < DISCARDS_MAX;
	struct ask *ask = may ? take(c, kind, (unsigned)at->link_no) : NULL;
	uint32_t first = 0;

	assert(op->state == OP_ACTIVE && !(op->asking & 1u << copy));
	assert(at->link_no >= 0 && !at->stale);
	assert(op->kind == OP_HEAL || c->layout.slots[at->link_no].state[at->slot] == SLOT_USED);
	assert(!(op->tried & 1u << copy) || op->kind == OP_HEAL);
	assert(!buffer == (kind == ASK_DISCARD));
	if (!ask)
		return false;
	ask->op = op;
	ask->copy = (uint8_t)copy;
	ask->mask = mask;
	ask->pages = op->pages;
	if (kind == ASK_GET)
		narrow(ask, &first);
	ask->page = layout_page(at, op->page + first);
	if (buffer) {
		ask->buffer = buffer;
		ask->data = buffer->data + (size_t)first * PAGE_BYTES;
		buffer_hold(buffer);
	}
	assert(ask->page + ask->pages <= c->layout.slots[at->link_no].pages);
	op->asking |= (uint8_t)(1u << copy);
	queue(c, ask);
	return true;
}

bool ask_wipe(struct core *c, unsigned link_no, uint32_t slot, uint32_t n)
{
	struct ask *ask = take(c, ASK_DISCARD, link_no);

	assert(n && !c->peer[link_no].wipe);
	assert(c->layout.slots[link_no].state[slot] == SLOT_DISCARDING);
	if (!ask)
		return false;
	ask->page = slot * EXTENT_PAGES;
	ask->pages = (n - 1) * (uint32_t)EXTENT_PAGES + layout_slot_pages(&c->layout, link_no, slot + n - 1);
	c->peer[link_no].wipe = ask;
	queue(c, ask);
	return true;
}

void ask_sent(struct core *c, struct ask *ask, int64_t now)
{
	struct peer *p = &c->peer[ask->link_no];

	assert(!ask->buffer || ask->buffer->holds);
	assert(!ask->sent && p->state == PEER_UP);
	assert(!ask->op || (ask->op->state == OP_ACTIVE && ask->op->asking & 1u << ask->copy));
	TAILQ_REMOVE(&p->ready, ask, link);
	TAILQ_INSERT_TAIL(&p->sent, ask, link);
	ask->sent = true;
	ask->sent_at = now;
}

void ask_free(struct core *c, struct ask *ask)
{
	struct peer *p = &c->peer[ask->link_no];

	assert(p->asks && (ask->buffer ? p->buffers : p->discards));
	assert(p->discards <= p->asks);
	TAILQ_REMOVE(ask->sent ? &p->sent : &p->ready, ask, link);
	p->asks--;
	p->discards -= !ask->buffer;
	p->buffers -= !!ask->buffer;
	if (ask->buffer)
		buffers_drop(c->buffers, ask->buffer);
	TAILQ_INSERT_HEAD(&c->free_asks, ask, link);
	c->freed = true;
}

void ask_abandon(struct core *c, struct op *op)
{
	struct ask *ask;

	assert(op->state == OP_ACTIVE);
	for (unsigned link_no = 0; link_no < c->o.links; link_no++) {
		TAILQ_FOREACH(ask, &c->peer[link_no].ready, link)
			if (ask->op == op)
				ask->op = NULL;
		TAILQ_FOREACH(ask, &c->peer[link_no].sent, link)
			if (ask->op == op)
				ask->op = NULL;
	}
	op->asking = 0;
}

void asks_close(struct core *c)
{
	for (unsigned link_no = 0; link_no < c->o.links; link_no++) {
		while (!TAILQ_EMPTY(&c->peer[link_no].ready))
			ask_free(c, TAILQ_FIRST(&c->peer[link_no].ready));
		while (!TAILQ_EMPTY(&c->peer[link_no].sent))
			ask_free(c, TAILQ_FIRST(&c->peer[link_no].sent));
		assert(!c->peer[link_no].asks && !c->peer[link_no].discards);
	}
}
