/* SPDX-License-Identifier: BSD-2-Clause */
/* The door: each event is handed to the module that it concerns, and then dispatch() runs whatever can go on. */
#include "core.h"

#include <assert.h>

#include "arith.h"
#include "ask.h"
#include "dispatch.h"
#include "down.h"
#include "heal.h"
#include "meet.h"
#include "peer.h"
#include "queue.h"
#include "stall.h"
#include "suspect.h"

int core_open(struct core *c, const struct core_options *o, struct map *map, struct buffers *buffers)
{
	int spill = o->spill ? (int)o->links - 1 : -1;

	assert(o->links && o->links <= LINKS_MAX);
	assert(o->copies && o->copies <= COPIES_MAX);
	*c = (struct core){ .o = *o, .map = map, .buffers = buffers };
	if (layout_open(&c->layout, map, o->links, spill, o->seed) < 0)
		return -1;
	queues_open(c);
	asks_open(c);
	for (unsigned link_no = 0; link_no < LINKS_MAX; link_no++)
		peer_init(&c->peer[link_no]);
	return 0;
}

void core_close(struct core *c)
{
	asks_close(c);
	if (c->heal.busy && c->heal.op.buffer)
		buffers_drop(c->buffers, c->heal.op.buffer);
	layout_close(&c->layout);
}

void core_start(struct core *c, struct op *op, int64_t now)
{
	assert(op->pages <= (op->kind == OP_FILL ? EXTENT_PAGES : RUN_PAGES));
	stall_enter(c, now);
	stall_started(c, op, now);
	op_submit(c, op, now);
	dispatch(c, now);
}

void core_checked(struct core *c, struct op *op, uint32_t bad, int64_t now)
{
	assert(op->state == OP_CHECK && op->buffer);
	stall_enter(c, now);
	stall_checked(c, op, now);
	op_checked(c, op, bad);
	dispatch(c, now);
}

void core_reply(struct core *c, struct ask *ask, int error, int64_t now)
{
	unsigned link_no = ask->link_no;
	struct peer *p = &c->peer[link_no];

	assert(ask->sent && (p->state == PEER_UP || p->state == PEER_STUCK));
	assert(!ask->op || ask->op->state == OP_ACTIVE);
	stall_enter(c, now);
	peer_measure(c, ask, now);
	peer_judge_reply(c, ask, error, now);
	if (error && ask->kind == ASK_PUT)
		p->full_until = now + CORE_FULL_MS;
	if (ask == p->wipe)
		peer_wiped(c, ask, !error, now);
	if (ask->op)
		op_replied(c, ask->op, ask, error);
	ask_free(c, ask);
	peer_unstick(c, link_no, now);
	dispatch(c, now);
}

bool core_link_meets(struct core *c, unsigned link_no, const char *identity)
{
	assert(link_no < c->o.links);
	return peer_meets(c, link_no, identity);
}

void core_link_up(struct core *c, unsigned link_no, const char *identity, uint64_t pages, int64_t now)
{
	assert(link_no < c->o.links);
	stall_enter(c, now);
	peer_came(c, link_no, identity, pages, now);
	dispatch(c, now);
}

void core_link_down(struct core *c, unsigned link_no, int64_t now)
{
	assert(link_no < c->o.links);
	stall_enter(c, now);
	peer_ended(c, link_no, now);
	dispatch(c, now);
}

void core_link_wants(struct core *c, unsigned link_no, uint64_t page)
{
	assert(link_no < c->o.links);
	layout_limit(&c->layout, link_no, page);
}

int core_link_add(struct core *c, int64_t now)
{
	stall_enter(c, now);
	return peer_add(c, now);
}

bool core_link_retire(struct core *c, unsigned link_no, int64_t now)
{
	bool retired;

	assert(link_no < c->o.links);
	stall_enter(c, now);
	retired = peer_retire(c, link_no, now);
	dispatch(c, now);
	return retired;
}

void core_give(struct core *c, void *block, int64_t now)
{
	if (block)
		map_give(c->map, block);
	else
		c->map->dry = true;
	c->admit = true;
	stall_enter(c, now);
	dispatch(c, now);
}

/* Links that are closed first set operations free to go on elsewhere, or to end well. */
void core_tick(struct core *c, int64_t now)
{
	stall_excuse(c, now);
	peers_tick(c, now);
	dispatch(c, now);
	ops_expire(c, now);
	dispatch(c, now);
	heal_tick(c, now);
	dispatch(c, now);
}

static struct ask *next_to_send(struct core *c)
{
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		if (!TAILQ_EMPTY(&c->peer[link_no].ready))
			return TAILQ_FIRST(&c->peer[link_no].ready);
	return NULL;
}

static int next_to_close(struct core *c)
{
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		if (c->peer[link_no].close) {
			assert(!c->peer[link_no].asks && !peer_up(c, (int)link_no));
			return (int)link_no;
		}
	return -1;
}

static void heal_goes_on(struct core *c, int64_t now)
{
	assert(c->heal.op.state == OP_DONE && !c->heal.op.buffer);
	heal_ended(c);
	heal_tick(c, now);
	dispatch(c, now);
}

bool core_next(struct core *c, struct command *command, int64_t now)
{
	int link_no;

	*command = (struct command){0};
	stall_enter(c, now);
	if ((link_no = next_to_close(c)) >= 0) {
		c->peer[link_no].close = false;
		command->kind = COMMAND_CLOSE;
		command->link_no = (unsigned)link_no;
	} else if ((command->op = TAILQ_FIRST(&c->came))) {
		op_move(c, command->op, OP_CHECK);
		command->kind = COMMAND_CHECK;
	} else if ((command->op = TAILQ_FIRST(&c->ended))) {
		op_move(c, command->op, OP_DONE);
		command->kind = COMMAND_DONE;
		if (command->op == &c->heal.op) {
			heal_goes_on(c, now);
			return core_next(c, command, now);
		}
	} else if ((command->ask = next_to_send(c))) {
		ask_sent(c, command->ask, now);
		command->kind = COMMAND_SEND;
		command->link_no = command->ask->link_no;
	} else if ((link_no = peers_connect(c, now)) >= 0) {
		command->kind = COMMAND_CONNECT;
		command->link_no = (unsigned)link_no;
	} else {
		return false;
	}
	return true;
}

int64_t core_wake_at(const struct core *c, bool background)
{
	int64_t at = peers_wake_at(c, background);
	const struct op *op;

	TAILQ_FOREACH(op, &c->queued, link)
		at = min_ms(at, op->deadline);
	TAILQ_FOREACH(op, &c->active, link)
		at = min_ms(at, min_ms(op->deadline, op->hedge_at));
	return background ? min_ms(at, heal_wake_at(c)) : at;
}

bool core_busy(const struct core *c)
{
	if (c->heal.busy)
		return true;
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		if (c->peer[link_no].state == PEER_CONNECTING || c->peer[link_no].wipe)
			return true;
	return false;
}

bool core_wiping(const struct core *c)
{
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		if (c->peer[link_no].state == PEER_UP &&
		    (c->peer[link_no].wipe || c->layout.slots[link_no].dirty_n))
			return true;
	return false;
}

bool core_left_out(const struct core *c, unsigned link_no, int64_t now)
{
	assert(link_no < c->o.links);
	return peer_left_out(c, link_no, now);
}

/* A copy of E is on a link that is not up. */
static bool away(const struct core *c, const struct extent *e)
{
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (e->copy[copy].link_no >= 0 && !peer_up(c, e->copy[copy].link_no))
			return true;
	return false;
}

uint64_t core_missing(const struct core *c)
{
	uint64_t pages = 0;

	for (uint64_t e = 0; c->map->heals && e < c->map->extents; e++)
		if (c->map->extent[e].heal)
			pages += c->map->extent[e].missing;
	assert(pages <= c->map->pages);
	return pages;
}

uint64_t core_unhealed(const struct core *c)
{
	uint64_t pages = 0;
	bool some = c->map->heals;

	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		some |= !peer_up(c, (int)link_no);
	for (uint64_t e = 0; some && e < c->map->extents; e++)
		if (c->map->extent[e].heal || away(c, &c->map->extent[e]))
			pages += c->map->extent[e].used;
	assert(pages <= c->map->pages);
	return pages;
}
