/* SPDX-License-Identifier: BSD-2-Clause */
/* Handlers change what they are about and say what follows: an operation that is to go on is put
 * into the run queue, pages that came free are a flag. No handler calls another one's handler;
 * this loop does, one at a time. A link that ends while 20 operations wait for it only marks them
 * cut, and says "kick"; then each of the 20 looks for itself where else its page may be had. */
#include "dispatch.h"

#include <assert.h>
#include <errno.h>

#include "ask.h"
#include "down.h"
#include "get.h"
#include "heal_run.h"
#include "put.h"
#include "queue.h"

static void fill_replied(struct core *c, struct op *op, const struct ask *ask, int error)
{
	assert(op->kind == OP_FILL && ask->kind == ASK_DISCARD);
	(void)c, (void)op, (void)ask, (void)error; /* a flush that was not told is a flush all the same */
}

static void get_fail(struct core *c, struct op *op)
{
	assert(op->kind == OP_GET);
	op_end(c, op, EIO);
}

static void heal_fail(struct core *c, struct op *op)
{
	assert(op->kind == OP_HEAL);
	heal_run_end(c, op, EIO);
}

/* Nobody seals or opens for a fill. */
static const struct {
	void (*go_on)(struct core *, struct op *, int64_t now);
	void (*replied)(struct core *, struct op *, const struct ask *, int error);
	void (*checked)(struct core *, struct op *, uint32_t bad);
	void (*fail)(struct core *, struct op *);
} kinds[] = {
	[OP_PUT] = { put_go_on, put_replied, put_checked, put_fail },
	[OP_FILL] = { fill_go_on, fill_replied, NULL, fill_end },
	[OP_GET] = { get_go_on, get_replied, get_checked, get_fail },
	[OP_HEAL] = { heal_run_go_on, heal_run_replied, heal_run_checked, heal_fail },
};

static void go_on(struct core *c, struct op *op, int64_t now)
{
	assert(op->state == OP_ACTIVE && !op->asking);
	op->deadline = op->until; /* what it waited for is there */
	op->hedge_at = CORE_NEVER;
	kinds[op->kind].go_on(c, op, now);
}

void dispatch(struct core *c, int64_t now)
{
	struct op *op;

	assert(!c->heal.busy || c->heal.op.state != OP_DONE);
	for (;;) {
		if (c->kick || (c->starved && c->freed)) {
			c->kick = c->starved = false;
			ops_run_idle(c);
		}
		if ((op = op_next_to_run(c)))
			go_on(c, op, now);
		else if (c->admit)
			ops_admit(c);
		else
			return;
	}
}

void op_replied(struct core *c, struct op *op, const struct ask *ask, int error)
{
	assert(op->state == OP_ACTIVE && op->asking & 1u << ask->copy);
	assert(map_extent(c->map, op->page)->copy[ask->copy].link_no == (int)ask->link_no);
	op->asking &= (uint8_t)~(1u << ask->copy);
	kinds[op->kind].replied(c, op, ask, error);
	if (op->state == OP_ACTIVE && !op->asking)
		op_run(c, op);
}

void op_checked(struct core *c, struct op *op, uint32_t bad)
{
	assert(op->state == OP_CHECK && kinds[op->kind].checked);
	kinds[op->kind].checked(c, op, bad);
	if (op->state == OP_CHECK) {
		op_move(c, op, OP_ACTIVE);
		op_run(c, op);
	}
}

/* Its time is over. What was asked to write may still do so; only a new claim makes sure that
 * it does not. What other copies have may be enough. */
static void expire(struct core *c, struct op *op, int64_t now)
{
	const struct extent *e = map_extent(c->map, op->page);
	uint8_t writes = op->need ? 0 : op->asking;

	assert(op->state == OP_ACTIVE);
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (writes & 1u << copy)
			peer_close(c, (unsigned)e->copy[copy].link_no, now);
	assert(!writes || !op->asking);
	ask_abandon(c, op);
	if (op->acked)
		op_run(c, op);
	else
		kinds[op->kind].fail(c, op);
}

static void expire_active(struct core *c, int64_t now)
{
	struct op *op, *next;

	for (op = TAILQ_FIRST(&c->active); op; op = next) {
		next = TAILQ_NEXT(op, link);
		if (op->deadline <= now)
			expire(c, op, now);
		else if (op->asking && op->hedge_at <= now)
			get_hedge(c, op, now);
	}
}

void ops_expire(struct core *c, int64_t now)
{
	expire_active(c, now);
	ops_expire_queued(c, now);
}
