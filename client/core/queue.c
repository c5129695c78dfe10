/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue in the order of arrival, in which an operation may pass those that want none of its
 * pages. Two puts of page 7 are carried out one after the other, a get of page 8 between them. */
#include "queue.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "arith.h"
#include "extent.h"
#include "peer.h"

void queues_open(struct core *c)
{
	TAILQ_INIT(&c->queued);
	TAILQ_INIT(&c->active);
	TAILQ_INIT(&c->came);
	TAILQ_INIT(&c->check);
	TAILQ_INIT(&c->ended);
	TAILQ_INIT(&c->run);
}

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

static void stop_running(struct core *c, struct op *op)
{
	assert(!op->runs || op->state == OP_ACTIVE);
	if (op->runs)
		TAILQ_REMOVE(&c->run, op, run_link);
	op->runs = false;
}

void op_move(struct core *c, struct op *op, enum op_state state)
{
	struct op_list *from = list_of(c, op->state), *to = list_of(c, state);

	assert(steps[state] & 1u << op->state);
	assert(!op->asking);
	assert(op->buffer ? state != OP_ENDED && state != OP_DONE : state != OP_CAME && state != OP_CHECK);
	if (c->o.op_steps)
		c->o.op_steps(op, state);
	stop_running(c, op);
	if (from)
		TAILQ_REMOVE(from, op, link);
	op->state = state;
	if (state == OP_CAME)
		op->given = c->seen;
	if (to)
		TAILQ_INSERT_TAIL(to, op, link);
}

void op_run(struct core *c, struct op *op)
{
	assert(op->state == OP_ACTIVE && !op->asking);
	if (!op->runs)
		TAILQ_INSERT_TAIL(&c->run, op, run_link);
	op->runs = true;
}

void ops_run_idle(struct core *c)
{
	struct op *op;

	TAILQ_FOREACH(op, &c->active, link)
		if (!op->asking)
			op_run(c, op);
}

struct op *op_next_to_run(struct core *c)
{
	struct op *op = TAILQ_FIRST(&c->run);

	if (op)
		stop_running(c, op);
	return op;
}

/* Only what comes free from now on is of use. */
void op_starve(struct core *c)
{
	if (!c->starved)
		c->freed = false;
	c->starved = true;
}

static bool overlap(const struct op *a, const struct op *b)
{
	return a->page < b->page + b->pages && b->page < a->page + a->pages;
}

/* Is there an operation before OP in the queue that wants one of its pages? */
static bool overtakes(struct core *c, struct op *op)
{
	struct op *before;

	assert(op->state == OP_QUEUED);
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
	assert(op->state == OP_QUEUED);
	return !map_record(c->map, op->page) &&
	       (op->kind == OP_GET || (op->kind == OP_FILL && !op->pattern));
}

static void count(struct core *c, const struct op *op)
{
	assert(op->state != OP_ENDED);
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
	assert(!op->runs || op->state == OP_ACTIVE);
	assert(!op->buffer && !op->asking);
	op->error = error;
	count(c, op);
	op_move(c, op, OP_ENDED);
	c->admit = true; /* those that it stood before */
}

/* Its time is over before it had its pages; what was there is not to come back as if it had
 * never been overwritten. A fill needs nobody's help: it is carried out. */
static void end_queued(struct core *c, struct op *op)
{
	bool fill = op->kind == OP_FILL, known = map_record(c->map, op->page);
	const struct record r = fill ? op_fill_record(op) : (struct record){ .state = PAGE_LOST };

	assert(op->state == OP_QUEUED);
	for (uint32_t i = 0; known && (fill || op->kind == OP_PUT) && i < op->pages; i++)
		map_set(c->map, op->page + i, &r);
	leave(c, op, fill && (known || !op->pattern) ? 0 : EIO);
}

void op_submit(struct core *c, struct op *op, int64_t now)
{
	assert(op->pages && op->page + op->pages <= c->map->pages);
	assert(op->page % EXTENT_PAGES + op->pages <= EXTENT_PAGES);
	op->state = OP_NEW;
	op->runs = false;
	op->error = 0;
	op->buffer = NULL;
	op->seals_for = 0;
	op->started = now;
	op->deadline = op->until;
	op->need = op->kind == OP_GET || op->kind == OP_HEAL ? mask_of(op->pages) : 0;
	op->asking = 0;
	op->acked = op->tried = op->cut = op->rounds = 0;
	op->written = false;
	op->refused = 0;
	op->hedge_at = CORE_NEVER;
	op_move(c, op, OP_QUEUED);
	if (now >= op->until)
		end_queued(c, op);
	c->admit = true;
}

/* False: it has to wait. */
static bool admit(struct core *c, struct op *op)
{
	assert(op->state == OP_QUEUED && !op->buffer && !op->asking);
	if (nothing_there(c, op)) {
		memset(op->record, 0, sizeof op->record);
		leave(c, op, 0);
	} else if (!map_touch(c->map, op->page)) {
		if (!c->map->dry)
			return false;
		leave(c, op, ENOMEM);
	} else if (map_take(c->map, op->page, op->pages)) {
		assert(!op->acked && !op->tried);
		op_move(c, op, OP_ACTIVE);
		extent_freshen(c, map_extent(c->map, op->page));
		op_run(c, op);
	} else {
		return false;
	}
	return true;
}

void ops_admit(struct core *c)
{
	struct op *op, *next;

	c->admit = false;
	for (op = TAILQ_FIRST(&c->queued); op; op = next) {
		next = TAILQ_NEXT(op, link);
		if (!overtakes(c, op) && admit(c, op))
			c->admit |= op->state == OP_ENDED;
	}
}

void op_drop_buffer(struct core *c, struct op *op)
{
	if (op->buffer)
		buffers_drop(c->buffers, op->buffer);
	op->buffer = NULL;
	c->freed = true;
}

void op_end(struct core *c, struct op *op, int error)
{
	struct extent *e = map_extent(c->map, op->page);

	assert(op->state == OP_ACTIVE);
	op_drop_buffer(c, op);
	assert(!op->asking);
	map_release(c->map, op->page, op->pages);
	if (!e->used)
		map_heal(c->map, e, true); /* it takes the records back */
	leave(c, op, error);
}

void ops_expire_queued(struct core *c, int64_t now)
{
	struct op *op, *next;

	for (op = TAILQ_FIRST(&c->queued); op; op = next) {
		next = TAILQ_NEXT(op, link);
		if (op->deadline <= now)
			end_queued(c, op);
	}
}

/* A link that is gone is not waited for by each operation anew: then swapping off,
 * page by page, would not end. It is tried all the same. */
bool op_wait(struct core *c, struct op *op, uint32_t link_mask, int64_t now)
{
	int64_t until = max_ms(op->started + CORE_PATIENCE_MS, now); /* nothing was due before */
	bool hope = false;

	assert(op->state == OP_ACTIVE && !op->asking);
	assert(!(link_mask >> c->o.links));
	for (unsigned link_no = 0; link_no < c->o.links; link_no++) {
		const struct peer *p = &c->peer[link_no];

		if (!(link_mask & 1u << link_no) || !peer_away(c, link_no))
			continue;
		hope = true;
		if (p->known)
			until = max_ms(until, p->down_since + c->o.deadline_ms);
	}
	if (!hope)
		return false;
	op->deadline = min_ms(op->deadline, until);
	peers_hurry(c, now);
	return true;
}
