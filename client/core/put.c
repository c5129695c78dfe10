/* SPDX-License-Identifier: BSD-2-Clause */
/* The copies that a put writes to are chosen from good to bad: lenders that do well and have room,
 * then also full ones, then another place, the spill, and last whoever failed lately. It waits until
 * each of them has answered, and ends well if one of them has the pages; healing makes what is
 * missing. With copies=2, a put of which one lender refuses is remembered with one copy. */
#include "put.h"

#include <assert.h>
#include <errno.h>

#include "arith.h"
#include "ask.h"
#include "extent.h"
#include "peer.h"
#include "queue.h"

/* All that have copies failed, now or lately: one more on another lender, if there is one. Those that
 * are only away are waited for, unless somebody refused: then it would end in an error. */
static bool place_elsewhere(struct core *c, const struct op *op, struct extent *e, enum targets which, int64_t now)
{
	return (op->refused || extent_targets(c, e, TARGETS_ALL, now)) && extent_place_elsewhere(c, e, which, now);
}

/* Where there is nobody else: one that failed, or refused. */
static uint8_t last_target(struct core *c, const struct op *op, struct extent *e, uint8_t fresh, int64_t now)
{
	assert(e->record);
	if (!extent_targets(c, e, TARGETS_ALL, now))
		extent_place(c, e, TARGETS_ALL, now);
	if (!(extent_targets(c, e, TARGETS_ALL, now) & fresh))
		place_elsewhere(c, op, e, TARGETS_ALL, now);
	return extent_targets(c, e, TARGETS_ALL, now) & fresh;
}

static uint8_t choose(struct core *c, const struct op *op, int64_t now)
{
	struct extent *e = map_extent(c->map, op->page);
	uint8_t to, fresh = (uint8_t)~(op->tried | op->cut);

	assert(op->kind == OP_PUT && !op->asking);
	if (!extent_place(c, e, TARGETS_GOOD, now))
		extent_place(c, e, TARGETS_TRIED, now);
	to = extent_targets(c, e, TARGETS_GOOD, now) & fresh;
	if (!to)
		to = extent_targets(c, e, TARGETS_FULL, now) & fresh;
	if (!to && place_elsewhere(c, op, e, TARGETS_GOOD, now))
		to = extent_targets(c, e, TARGETS_GOOD, now) & fresh;
	if (!to)
		to = extent_spill(c, e) & fresh;
	if (!to)
		to = last_target(c, op, e, fresh, now);
	assert(!(to & op->tried));
	return to ? to : extent_targets(c, e, TARGETS_ALL, now) & (uint8_t)~op->tried;
}

static void remember(struct core *c, struct op *op)
{
	unsigned copies = how_many(op->acked & COPIES_ALL & ~(1u << COPY_SPILL));

	assert(op->acked && op->state == OP_ACTIVE);
	assert(!(op->acked & op->tried));
	for (uint32_t i = 0; i < op->pages; i++) {
		op->record[i].state = PAGE_SEALED;
		op->record[i].copies = op->acked & COPIES_ALL;
		map_set(c->map, op->page + i, &op->record[i]);
	}
	if (op->acked & 1u << COPY_SPILL)
		c->counts.spilled_pages += op->pages;
	if (copies < c->o.copies)
		map_heal(c->map, map_extent(c->map, op->page), true);
}

void put_fail(struct core *c, struct op *op)
{
	assert(op->kind == OP_PUT && !op->acked);
	for (uint32_t i = 0; i < op->pages; i++)
		map_set(c->map, op->page + i, &(struct record){ .state = PAGE_LOST });
	op_end(c, op, op->refused ? op->refused : EIO);
}

/* Links that are away, and might take pages of E when they are back. */
static uint32_t away(const struct core *c, const struct extent *e)
{
	uint32_t link_mask = 0;

	assert(e->record);
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		if (peer_away(c, link_no) && (!c->peer[link_no].known || extent_is_on(c, e, link_no) ||
		                         layout_has_room(&c->layout, e, 1u << link_no)))
			link_mask |= 1u << link_no;
	return link_mask;
}

static bool anybody(const struct core *c)
{
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		if (peer_up(c, (int)link_no))
			return true;
	return false;
}

/* Is there going to be room soon? */
static bool wipes(const struct core *c)
{
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		if (c->peer[link_no].wipe)
			return true;
	return false;
}

/* Fewer copies than promised are for want of room, and not of a moment: so long as a lender may take to answer. */
static bool waits_for_room(const struct core *c, const struct op *op, int64_t now)
{
	assert(!op->acked && !op->asking);
	return wipes(c) && !op->buffer && now - op->started < c->o.link_timeout_ms &&
	       extent_room_is_coming(c, map_extent(c->map, op->page), now);
}

/* Its waiter seals, once there is a buffer. */
static void begin_sealing(struct core *c, struct op *op, uint8_t to)
{
	const struct extent *e = map_extent(c->map, op->page);
	uint32_t link_mask = 0;

	assert(to && !op->buffer && !op->seals_for);
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (to & 1u << copy) {
			assert(peer_up(c, e->copy[copy].link_no));
			link_mask |= 1u << e->copy[copy].link_no;
		}
	op->buffer = ask_buffer(c, op, link_mask);
	if (!op->buffer) {
		op_starve(c);
		return;
	}
	op->seals_for = link_mask;
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		c->peer[link_no].buffers += link_mask >> link_no & 1;
	op_move(c, op, OP_CAME);
}

void put_checked(struct core *c, struct op *op, uint32_t bad)
{
	assert(op->buffer && op->seals_for);
	for (unsigned link_no = 0; link_no < c->o.links; link_no++) {
		assert(c->peer[link_no].buffers >= (op->seals_for >> link_no & 1));
		c->peer[link_no].buffers -= op->seals_for >> link_no & 1;
	}
	op->seals_for = 0;
	c->freed = true; /* the links may have more buffers */
	if (bad) {
		op_move(c, op, OP_ACTIVE);
		put_fail(c, op);
	}
}

static void no_room(struct core *c, struct op *op)
{
	assert(!op->acked && !op->asking);
	op->refused = anybody(c) ? ENOSPC : EIO;
	put_fail(c, op);
}

void put_go_on(struct core *c, struct op *op, int64_t now)
{
	const struct extent *e = map_extent(c->map, op->page);
	uint8_t to;

	assert(op->kind == OP_PUT && !op->seals_for);
	assert(!op->acked || op->buffer);
	if (op->acked) {
		remember(c, op);
		op_end(c, op, 0);
		return;
	}
	if (now >= op->until) {
		put_fail(c, op);
		return;
	}
	if (!op->buffer && !c->buffers->free_n) {
		op_starve(c);
		return;
	}
	to = choose(c, op, now);
	if (to && waits_for_room(c, op, now)) {
		op_starve(c);
		return;
	}
	if (to && !op->buffer) {
		begin_sealing(c, op, to);
		return;
	}
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (to & 1u << copy &&
		    !ask_copy(c, op, ASK_PUT, copy, op->buffer, mask_of(op->pages)))
			op_starve(c);
	if (op->asking || to)
		return;
	if (wipes(c))
		op_starve(c);
	else if (op->refused)
		put_fail(c, op);
	else if (extents_reclaim(c))
		op_run(c, op);
	else if (!op_wait(c, op, away(c, e), now))
		no_room(c, op);
}

void put_replied(struct core *c, struct op *op, const struct ask *ask, int error)
{
	struct extent *e = map_extent(c->map, op->page);

	assert(ask->kind == ASK_PUT && ask->mask == mask_of(op->pages));
	assert(op->buffer == ask->buffer && !(op->acked & 1u << ask->copy));
	if (!error) {
		op->acked |= (uint8_t)(1u << ask->copy);
		e->copy[ask->copy].refused = 0;
	} else {
		if (!e->copy[ask->copy].refused)
			e->copy[ask->copy].refused = ask->sent_at;
		op->tried |= (uint8_t)(1u << ask->copy);
		op->refused = error == ENOSPC ? ENOSPC : EIO; /* the callers' words */
	}
}

void fill_end(struct core *c, struct op *op)
{
	const struct record r = op_fill_record(op);

	assert(op->kind == OP_FILL && !op->buffer);
	for (uint32_t i = 0; i < op->pages; i++)
		map_set(c->map, op->page + i, &r);
	op_end(c, op, 0);
}

/* Lenders are told, once, so that they have their memory back. */
void fill_go_on(struct core *c, struct op *op, int64_t now)
{
	const struct extent *e = map_extent(c->map, op->page);
	bool waits = false;

	assert(op->kind == OP_FILL && !op->buffer && !op->need);
	for (unsigned copy = 0; e->used && now < op->until && copy < COPY_SPILL; copy++) {
		if (op->tried & 1u << copy || !peer_up(c, e->copy[copy].link_no))
			continue;
		if (ask_copy(c, op, ASK_DISCARD, copy, NULL, 0))
			op->tried |= (uint8_t)(1u << copy);
		else
			waits = true;
	}
	if (waits)
		op_starve(c);
	else if (!op->asking)
		fill_end(c, op);
}
