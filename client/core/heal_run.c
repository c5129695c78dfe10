/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of pages that lacks copies: it is read, as it is, and written where it lacks them. */
#include "heal_run.h"

#include <assert.h>
#include <errno.h>

#include "arith.h"
#include "ask.h"
#include "extent.h"
#include "get.h"
#include "put.h"
#include "queue.h"

/* A copy was there, and no good: what else is in the run may be. */
static void go_around(struct heal *h)
{
	assert(h->at >= h->op.pages || h->op.pages == 1);
	if (h->op.pages > 1) {
		h->at -= h->op.pages;
		h->single = h->at + h->op.pages;
	} else {
		if (h->unread.n < UNREAD_MAX)
			h->unread.page[h->unread.n] = h->op.page;
		h->unread.n++;
	}
}

void heal_run_end(struct core *c, struct op *op, int error)
{
	assert(op == &c->heal.op && c->heal.busy);
	if (error)
		c->heal.failed = true;
	if (op->need && op->tried)
		go_around(&c->heal);
	op_end(c, op, error);
}

/* A copy of a page may have been lost meanwhile, even the last: we have it. But of one that
 * an operation has overwritten while it waited for us, we have only what was before. */
static void remember(struct core *c, struct op *op)
{
	assert(op->acked && !op->need);
	for (uint32_t i = 0; i < op->pages; i++) {
		struct record r = *map_record(c->map, op->page + i);

		assert(r.taken);
		if (r.version != op->record[i].version)
			continue;
		if (r.state == PAGE_LOST) {
			r = op->record[i];
			r.copies = 0;
		}
		r.copies |= op->acked & COPIES_ALL;
		map_set(c->map, op->page + i, &r);
		c->counts.healed_pages++;
	}
}

static void write_copies(struct core *c, struct op *op, int64_t now)
{
	uint8_t to = c->heal.to & extent_targets(c, map_extent(c->map, op->page), TARGETS_HEAL, now);

	assert(op->buffer && !op->need);
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (to & 1u << copy)
			ask_copy(c, op, ASK_PUT, copy, op->buffer, mask_of(op->pages));
}

/* It may have waited for its turn: are the pages what they were? */
static bool as_before(const struct core *c, const struct op *op)
{
	assert(op->need);
	for (uint32_t i = 0; i < op->pages; i++)
		if (map_record(c->map, op->page + i)->version != op->record[i].version)
			return false;
	return true;
}

void heal_run_go_on(struct core *c, struct op *op, int64_t now)
{
	assert(op->kind == OP_HEAL && !op->asking);
	assert(op == &c->heal.op && c->heal.busy && c->heal.to);
	if (op->need) {
		if (!as_before(c, op) || (!get_whole(c, op, now) && !c->starved))
			heal_run_end(c, op, EIO);
		return;
	}
	if (!op->written) {
		op->written = true;
		write_copies(c, op, now);
	}
	if (op->asking)
		return;
	if (op->acked)
		remember(c, op);
	heal_run_end(c, op, op->acked ? 0 : EIO);
}

void heal_run_replied(struct core *c, struct op *op, const struct ask *ask, int error)
{
	assert(ask->kind == (op->need ? ASK_GET : ASK_PUT));
	assert(op->need || c->heal.to & 1u << ask->copy);
	if (op->need)
		get_replied(c, op, ask, error);
	else
		put_replied(c, op, ask, error);
}

void heal_run_checked(struct core *c, struct op *op, uint32_t bad)
{
	assert(op->buffer);
	bad &= op->came;
	get_judge(c, op, bad);
	if (!bad)
		return;
	op->need = mask_of(op->pages); /* what is written comes from one buffer */
	op_drop_buffer(c, op);
}
