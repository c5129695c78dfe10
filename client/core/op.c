/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways of an operation: it waits for its pages, gets them, is carried out as its
 * kind is, and ends, at the latest when its time is over. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core_parts.h"

static struct op_list *list_of(struct core *c, enum op_state state)
{
	switch (state) {
	case OP_QUEUED: return &c->queued;
	case OP_ACTIVE: return &c->active;
	case OP_CAME: return &c->came;
	case OP_CHECK: return &c->check;
	case OP_ENDED: return &c->ended;
	case OP_NEW:
	case OP_DONE: break;
	}
	return NULL;
}

/* Which steps there are: bit S of steps[T] says that T may follow S. */
static const unsigned steps[] = {
	[OP_QUEUED] = 1 << OP_NEW,
	[OP_ACTIVE] = 1 << OP_QUEUED | 1 << OP_CHECK,
	[OP_CAME] = 1 << OP_ACTIVE,
	[OP_CHECK] = 1 << OP_CAME,
	[OP_ENDED] = 1 << OP_QUEUED | 1 << OP_ACTIVE,
	[OP_DONE] = 1 << OP_ENDED,
};

/* The one way from state to state. */
void op_move(struct core *c, struct op *op, enum op_state state)
{
	struct op_list *from = list_of(c, op->state), *to = list_of(c, state);

	assert(steps[state] & 1u << op->state);
	if (from)
		TAILQ_REMOVE(from, op, link);
	op->state = state;
	if (state == OP_CAME)
		op->given = c->seen;
	if (to)
		TAILQ_INSERT_TAIL(to, op, link);
}

static bool overlap(const struct op *a, const struct op *b)
{
	return a->page < b->page + b->pages && b->page < a->page + a->pages;
}

/* Is there an operation before OP in the queue that wants one of its pages? */
static bool overtakes(struct core *c, struct op *op)
{
	struct op *before;

	TAILQ_FOREACH(before, &c->queued, link) {
		if (before == op)
			return false;
		if (overlap(before, op))
			return true;
	}
	return false;
}

/* Of an extent without records every page is absent: what is to be done there needs
 * none, unless it puts something. */
static bool nothing_there(struct core *c, const struct op *op)
{
	return !map_record(c->map, op->page) &&
	       (op->kind == OP_GET || (op->kind == OP_FILL && !op->pattern));
}

static void count(struct core *c, const struct op *op)
{
	switch (op->kind) {
	case OP_PUT:
		*(op->error ? &c->counts.put_errors : &c->counts.puts) += 1;
		c->counts.puts_no_room += op->error == ENOSPC;
		break;
	case OP_GET: *(op->error ? &c->counts.get_errors : &c->counts.gets) += 1; break;
	case OP_FILL: c->counts.fills++; break;
	case OP_HEAL: break;
	}
}

static void leave(struct core *c, struct op *op, int error)
{
	op->error = error;
	count(c, op);
	op_move(c, op, OP_ENDED);
}

/* Queued operations get their pages, in order where they overlap. */
void ops_admit(struct core *c, int64_t now)
{
	struct op *op, *next;

	for (op = TAILQ_FIRST(&c->queued); op; op = next) {
		next = TAILQ_NEXT(op, link);
		if (overtakes(c, op))
			continue;
		if (nothing_there(c, op)) {
			memset(op->record, 0, sizeof op->record);
			leave(c, op, 0);
		} else if (!map_touch(c->map, op->page)) {
			if (!c->map->dry)
				continue;
			leave(c, op, ENOMEM);
		} else if (map_take(c->map, op->page, op->pages)) {
			assert(!op->buffer && !op->asking);
			op_move(c, op, OP_ACTIVE);
			extent_freshen(c, map_extent(c->map, op->page));
			op_go_on(c, op, now);
		} else {
			continue;
		}
		/* Ending it may have admitted others: once more. */
		if (op->state != OP_ACTIVE)
			next = TAILQ_FIRST(&c->queued);
	}
}

void op_end(struct core *c, struct op *op, int error, int64_t now)
{
	if (op->buffer)
		buffers_drop(c->buffers, op->buffer);
	op->buffer = NULL;
	map_release(c->map, op->page, op->pages);
	if (!map_extent(c->map, op->page)->used)
		map_heal(c->map, map_extent(c->map, op->page), true); /* it takes the records back */
	leave(c, op, error);
	ops_admit(c, now);
}

/* Its time is over before it had its pages; what was there is not to come back as if it had
 * never been overwritten. A fill needs nobody's help: it is carried out. */
static void end_queued(struct core *c, struct op *op)
{
	bool fill = op->kind == OP_FILL, known = map_record(c->map, op->page);
	const struct record r = fill ? fill_record(op) : (struct record){ .state = PAGE_LOST };

	for (uint32_t i = 0; known && (fill || op->kind == OP_PUT) && i < op->pages; i++)
		map_set(c->map, op->page + i, &r);
	leave(c, op, fill && (known || !op->pattern) ? 0 : EIO);
}

void core_start(struct core *c, struct op *op, int64_t now)
{
	op->state = OP_NEW;
	op->error = 0;
	op->buffer = NULL;
	op->seals_for = 0;
	still_enter(c, now);
	still_started(c, op, now);
	op->started = now;
	op->deadline = op->until;
	op->need = op->kind == OP_GET || op->kind == OP_HEAL ? mask_of(op->pages) : 0;
	op->asking = 0;
	op->acked = op->tried = op->cut = op->again = 0;
	op->refused = 0;
	op->hedge_at = CORE_NEVER;
	op_move(c, op, OP_QUEUED);
	if (now >= op->until)
		end_queued(c, op);
	else
		ops_admit(c, now);
}

void core_kick(struct core *c, int64_t now)
{
	struct op *op, *next;

	c->starved = false;
	for (op = TAILQ_FIRST(&c->active); op; op = next) {
		next = TAILQ_NEXT(op, link);
		if (!op->asking)
			op_go_on(c, op, now);
	}
}

void op_go_on(struct core *c, struct op *op, int64_t now)
{
	op->deadline = op->until; /* what it waited for is there */
	switch (op->kind) {
	case OP_PUT: put_go_on(c, op, now); break;
	case OP_FILL: fill_go_on(c, op, now); break;
	case OP_GET: get_go_on(c, op, now); break;
	case OP_HEAL: heal_go_on(c, op, now); break;
	}
}

void op_replied(struct core *c, struct op *op, const struct ask *ask, int error)
{
	switch (op->kind) {
	case OP_PUT: put_replied(c, op, ask, error); break;
	case OP_FILL: break; /* a flush that was not told is a flush all the same */
	case OP_GET: get_replied(c, op, ask, error); break;
	case OP_HEAL: heal_replied(c, op, ask, error); break;
	}
}

void op_cut(struct op *op, const struct ask *ask)
{
	op->asking &= (uint8_t)~(1u << ask->copy);
	if (ask->kind == ASK_PUT)
		op->cut |= (uint8_t)(1u << ask->copy);
}

/* What came was opened. */
static void opened(struct core *c, struct op *op, uint32_t bad, int64_t now)
{
	bad &= op->came;
	c->counts.bad_pages += (unsigned)__builtin_popcount(bad);
	op->need &= ~(op->came & ~bad);
	for (uint32_t i = 0; i < op->pages; i++)
		if (bad & 1u << i)
			get_doubt(c, op->page + i, op->came_from);
	if (bad)
		op->tried |= (uint8_t)(1u << op->came_from);
	if (op->kind == OP_HEAL && bad)
		op->need = mask_of(op->pages); /* what is written comes from one buffer */
	if (op->kind != OP_HEAL || bad) {
		buffers_drop(c->buffers, op->buffer);
		op->buffer = NULL;
	}
	op_move(c, op, OP_ACTIVE);
	op_go_on(c, op, now);
}

void core_checked(struct core *c, struct op *op, uint32_t bad, int64_t now)
{
	still_enter(c, now);
	still_checked(c, op, now);
	if (op->kind == OP_PUT)
		put_sealed(c, op, !bad, now);
	else
		opened(c, op, bad, now);
	if (c->starved)
		core_kick(c, now);
}

static void fail(struct core *c, struct op *op, int64_t now)
{
	ask_abandon(c, op);
	switch (op->kind) {
	case OP_PUT: put_fail(c, op, op->refused ? op->refused : EIO, now); break;
	case OP_FILL: fill_end(c, op, now); break;
	case OP_GET: op_end(c, op, EIO, now); break;
	case OP_HEAL: heal_end(c, op, EIO, now); break;
	}
}

/* A link that is gone is not waited for by each operation anew: then swapping off,
 * page by page, would not end. It is tried all the same. */
void op_wait(struct core *c, struct op *op, uint32_t on_mask, int64_t now)
{
	int64_t until = later(op->started + CORE_PATIENCE_MS, now); /* nothing was due before */
	bool hope = false;

	for (unsigned on = 0; on < c->o.links; on++) {
		const struct peer *p = &c->peer[on];

		if (!(on_mask & 1u << on) || !peer_away(c, on))
			continue;
		hope = true;
		if (p->known)
			until = later(until, p->down_since + c->o.deadline_ms);
	}
	if (!hope) {
		fail(c, op, now);
		return;
	}
	op->deadline = sooner(op->deadline, until);
	peers_hurry(c, now);
}

/* Its time is over. What was asked to write may still do so; only a new claim makes sure that
 * it does not. What other copies have may be enough. */
static void expire(struct core *c, struct op *op, int64_t now)
{
	const struct extent *e = map_extent(c->map, op->page);
	uint8_t writes = op->need ? 0 : op->asking;

	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (writes & 1u << copy)
			peer_close(c, (unsigned)e->copy[copy].on, now);
	if (op->state == OP_ACTIVE)
		fail(c, op, now);
}

static void expire_queued(struct core *c, int64_t now)
{
	struct op *op, *next;

	for (op = TAILQ_FIRST(&c->queued); op; op = next) {
		next = TAILQ_NEXT(op, link);
		if (op->deadline <= now)
			end_queued(c, op);
	}
	ops_admit(c, now); /* those that came behind them */
}

static void expire_active(struct core *c, int64_t now)
{
	struct op *op, *next;

	for (op = TAILQ_FIRST(&c->active); op; op = next) {
		next = TAILQ_NEXT(op, link);
		if (op->deadline <= now) {
			expire(c, op, now);
			/* That may have closed a link: the list may have changed. */
			next = TAILQ_FIRST(&c->active);
		} else if (op->hedge_at <= now) {
			get_hedge(c, op, now);
		}
	}
}

void ops_expire(struct core *c, int64_t now)
{
	expire_active(c, now);
	if (!TAILQ_EMPTY(&c->queued))
		expire_queued(c, now);
}
