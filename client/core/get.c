/* SPDX-License-Identifier: BSD-2-Clause */
/* The copy that costs least is asked: of a lender that does well, that answers in time, that has
 * all of the pages. If it is late, the next best is asked, too, and the first answer counts; if
 * what came was no good, others are. A get of pages 8 to 15, of which 12 has lost its copy on the
 * best lender, asks for seven pages there and then for one elsewhere. */
#include "get.h"

#include <assert.h>
#include <errno.h>

#include "arith.h"
#include "ask.h"
#include "extent.h"
#include "peer.h"
#include "queue.h"
#include "suspect.h"

#define ROUNDS_MAX 2 /* when no copy was right: it may have been the wire */

static uint32_t pages_of(const struct core *c, const struct op *op, unsigned copy)
{
	uint32_t mask = 0;

	assert(copy < COPY_PLACES);
	for (uint32_t i = 0; i < op->pages; i++)
		if (op->need & 1u << i &&
		    map_record(c->map, op->page + i)->copies & 1u << copy)
			mask |= 1u << i;
	return mask;
}

/* The lower the better: what does well before
 * what failed, lenders before the spill, what answers in time before what
 * does not, what has all the pages, what stays, what has little to do. */
static unsigned cost(const struct core *c, const struct copy *at, bool some, int64_t now)
{
	unsigned link_no = (unsigned)at->link_no;
	const struct peer *p = &c->peer[link_no];
	const struct ask *oldest = TAILQ_FIRST(&p->sent);
	bool leaves = at->going || layout_wanted(&c->layout, at);
	bool late = oldest && now - oldest->sent_at >= peer_hedge_ms(c, link_no);

	assert(peer_up(c, at->link_no) && !at->stale);
	return (peer_suspect(c, link_no, now) ? 1u << 22 : 0) +
	       ((int)link_no == c->layout.spill ? 1u << 20 : 0) + (late ? 1u << 18 : 0) +
	       (some ? 1u << 16 : 0) + (leaves ? 1u << 14 : 0) + p->asks;
}

/* The best copy that has pages of OP's need, -1 none; which, in MASK. */
static int best(const struct core *c, const struct op *op, uint8_t without, uint32_t *mask,
             int64_t now)
{
	const struct extent *e = map_extent(c->map, op->page);
	unsigned least = UINT32_MAX;
	int found = -1;

	for (unsigned copy = 0; copy < COPY_PLACES; copy++) {
		uint32_t pages;
		unsigned costs;

		if (!peer_up(c, e->copy[copy].link_no) || without & 1u << copy || e->copy[copy].stale)
			continue;
		pages = pages_of(c, op, copy);
		if (!pages)
			continue;
		costs = cost(c, &e->copy[copy], pages != op->need, now);
		if (costs < least) {
			least = costs;
			found = (int)copy;
			*mask = pages;
		}
	}
	return found;
}

static bool ask(struct core *c, struct op *op, int copy, uint32_t mask)
{
	int link_no = map_extent(c->map, op->page)->copy[copy].link_no;
	struct buffer *b = ask_buffer(c, op, 1u << link_no);
	bool asked = b && ask_copy(c, op, ASK_GET, (unsigned)copy, b, mask);

	assert(mask && !(mask & ~op->need));
	if (b)
		buffers_drop(c->buffers, b);
	if (!asked)
		op_starve(c);
	return asked;
}

/* What needs no lender. False: it ended. */
static bool settle(struct core *c, struct op *op)
{
	assert(op->state == OP_ACTIVE);
	for (uint32_t i = 0; i < op->pages; i++) {
		if (!(op->need & 1u << i))
			continue;
		op->record[i] = *map_record(c->map, op->page + i);
		assert(op->record[i].taken);
		if (op->record[i].state == PAGE_LOST) {
			op_end(c, op, EIO);
			return false;
		}
		if (op->record[i].state != PAGE_SEALED)
			op->need &= ~(1u << i);
	}
	if (!op->need)
		op_end(c, op, 0);
	return op->need;
}

/* Links that have a copy which was not tried, but are away. */
static uint32_t away(const struct core *c, const struct op *op)
{
	const struct extent *e = map_extent(c->map, op->page);
	uint32_t link_mask = 0;

	assert(op->need);
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (e->copy[copy].link_no >= 0 && !(op->tried & 1u << copy) &&
		    !peer_up(c, e->copy[copy].link_no) && pages_of(c, op, copy))
			link_mask |= 1u << e->copy[copy].link_no;
	return link_mask;
}

void get_go_on(struct core *c, struct op *op, int64_t now)
{
	uint32_t mask, others;
	int copy;

	assert(op->kind == OP_GET && !op->buffer);
	if (!settle(c, op))
		return;
	if (now >= op->until) {
		op_end(c, op, EIO);
		return;
	}
	copy = best(c, op, op->tried, &mask, now);
	if (copy < 0 && op->tried && op->rounds < ROUNDS_MAX && !away(c, op)) {
		op->rounds++;
		op->tried = 0;
		copy = best(c, op, 0, &mask, now);
	}
	if (copy >= 0) {
		if (ask(c, op, copy, mask) &&
		    best(c, op, op->tried | op->asking, &others, now) >= 0)
			op->hedge_at = now + peer_hedge_ms(c, (unsigned)map_extent(
				c->map, op->page)->copy[copy].link_no);
	} else if (!op_wait(c, op, away(c, op), now)) {
		op_end(c, op, EIO);
	}
}

bool get_whole(struct core *c, struct op *op, int64_t now)
{
	uint32_t mask;
	int copy = best(c, op, op->tried, &mask, now);

	assert(!op->asking && op->need);
	return copy >= 0 && mask == op->need && ask(c, op, copy, mask);
}

void get_hedge(struct core *c, struct op *op, int64_t now)
{
	uint32_t mask;
	int copy = best(c, op, op->tried | op->asking, &mask, now);

	assert(op->kind == OP_GET && op->state == OP_ACTIVE && op->asking);
	op->hedge_at = CORE_NEVER;
	if (copy >= 0 && ask(c, op, copy, mask))
		c->counts.hedges++;
}

/* COPY does not have PAGE as it should; unless it is the last hope, forget it. */
static void doubt(struct core *c, uint64_t page, unsigned copy)
{
	struct record *r = map_record(c->map, page);

	assert(r && page < c->map->pages && r->taken);
	if (r->state != PAGE_SEALED || !(r->copies & ~(1u << copy)))
		return;
	record_clear(r, copy);
	map_heal(c->map, map_extent(c->map, page), true);
}

void get_replied(struct core *c, struct op *op, const struct ask *ask, int error)
{
	assert(op->need && !op->buffer && ask->kind == ASK_GET);
	op->hedge_at = CORE_NEVER;
	if (error) {
		op->tried |= (uint8_t)(1u << ask->copy);
		for (uint32_t i = 0; i < op->pages; i++)
			if (ask->mask & 1u << i)
				doubt(c, op->page + i, ask->copy);
		return;
	}
	op->buffer = ask->buffer;
	buffer_hold(op->buffer);
	op->came = ask->mask & op->need;
	op->came_from = ask->copy;
	assert(op->came);
	ask_abandon(c, op);
	op_move(c, op, OP_CAME);
}

void get_judge(struct core *c, struct op *op, uint32_t bad)
{
	assert(!(bad & ~op->came) && !(op->came & ~op->need));
	c->counts.bad_pages += how_many(bad);
	op->need &= ~(op->came & ~bad);
	for (uint32_t i = 0; i < op->pages; i++)
		if (bad & 1u << i)
			doubt(c, op->page + i, op->came_from);
	if (bad)
		op->tried |= (uint8_t)(1u << op->came_from);
}

void get_checked(struct core *c, struct op *op, uint32_t bad)
{
	assert(op->buffer && op->state == OP_CHECK);
	get_judge(c, op, bad & op->came);
	op_drop_buffer(c, op);
}
