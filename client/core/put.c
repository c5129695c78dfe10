/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "core_parts.h"

static bool refuses(const struct copy *copy, int64_t now)
{
	return copy->refused && now - copy->refused >= CORE_MOVE_MS;
}

static bool trusts(const struct core *c, int on, enum counts which, int64_t now)
{
	return which == COUNTS_ALL || !peer_left_out(c, (unsigned)on, now) ||
	       (which == COUNTS_TRIED && !peer_suspect(c, (unsigned)on, now));
}

uint8_t extent_counts(const struct core *c, const struct extent *e, enum counts which, int64_t now)
{
	uint8_t counts = 0;

	for (unsigned copy = 0; copy < COPY_SPILL; copy++) {
		const struct copy *at = &e->copy[copy];

		if (!at->stale && peer_counts(c, at->on, now) && !layout_wanted(&c->layout, at) &&
		    (which >= COUNTS_REFUSED || !refuses(at, now)) && trusts(c, at->on, which, now))
			counts |= (uint8_t)(1u << copy);
	}
	return counts;
}

static bool may_put(const struct core *c, int on, enum targets which, int64_t now)
{
	if (which == TARGETS_ALL)
		return true;
	if (which != TARGETS_FULL && peer_full(c, on, now))
		return false;
	return which == TARGETS_HEAL ? !peer_out(c, (unsigned)on, now)
	                             : !peer_suspect(c, (unsigned)on, now);
}

uint8_t extent_targets(const struct core *c, const struct extent *e, enum targets which, int64_t now)
{
	uint8_t targets = 0, going = 0;

	for (unsigned copy = 0; copy < COPY_SPILL; copy++) {
		const struct copy *at = &e->copy[copy];

		if (!at->stale && peer_up(c, at->on) && !layout_wanted(&c->layout, at) &&
		    may_put(c, at->on, which, now))
			*(at->going ? &going : &targets) |= (uint8_t)(1u << copy);
	}
	return how_many(targets) < c->o.copies ? targets | going : targets;
}

/* Lenders that new copies may be placed on. */
static uint32_t with_room(const struct core *c, enum targets which, int64_t now)
{
	uint32_t on_mask = 0;

	for (unsigned on = 0; on < c->o.links; on++)
		if ((int)on != c->layout.spill && peer_up(c, (int)on) &&
		    may_put(c, (int)on, which, now) &&
		    (which != TARGETS_GOOD || !peer_left_out(c, on, now)))
			on_mask |= 1u << on;
	return on_mask;
}

bool extent_has_room(const struct core *c, const struct extent *e, int64_t now)
{
	return how_many(extent_counts(c, e, COUNTS, now)) < c->o.copies &&
	       layout_has_room(&c->layout, e, with_room(c, TARGETS_GOOD, now));
}

bool extent_place(struct core *c, struct extent *e, enum targets which, int64_t now)
{
	static const enum counts counts[] = {
		[TARGETS_GOOD] = COUNTS, [TARGETS_TRIED] = COUNTS_TRIED, [TARGETS_HEAL] = COUNTS_TRIED,
		[TARGETS_FULL] = COUNTS_ALL, [TARGETS_ALL] = COUNTS_ALL,
	};
	unsigned have = how_many(extent_counts(c, e, counts[which], now));

	for (unsigned copy = 0; copy < COPY_SPILL && have < c->o.copies; copy++)
		if (e->copy[copy].on < 0 &&
		    layout_place(&c->layout, e, copy, with_room(c, which, now))) {
			have++;
			map_heal(c->map, e, e->heal || e->used);
		}
	return have >= c->o.copies;
}

void extent_forget_copy(struct core *c, struct extent *e, unsigned copy)
{
	uint64_t first = (uint64_t)(e - c->map->extent) * EXTENT_PAGES;
	uint32_t pages = map_extent_pages(c->map, e);

	for (uint32_t i = 0; e->used && i < pages; i++) {
		struct record *r = &e->record[i];

		if (r->state != PAGE_SEALED || !(r->copies & 1u << copy))
			continue;
		record_clear(r, copy);
		if (!r->copies)
			map_set(c->map, first + i,
			        &(struct record){ .state = PAGE_LOST, .version = r->version });
	}
	layout_drop(&c->layout, e, copy);
}

void extent_freshen(struct core *c, struct extent *e)
{
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (e->copy[copy].stale)
			extent_forget_copy(c, e, copy);
}

/* The spill takes what no lender can take now. */
static uint8_t spill_target(struct core *c, struct extent *e)
{
	int spill = c->layout.spill;

	if (!peer_up(c, spill))
		return 0;
	if (e->copy[COPY_SPILL].on < 0 &&
	    !layout_place(&c->layout, e, COPY_SPILL, 1u << spill))
		return 0;
	return 1u << COPY_SPILL;
}

/* All who have copies failed, now or lately: another lender is better than to wait for them. */
static bool place_elsewhere(struct core *c, struct extent *e, enum targets which, int64_t now)
{
	unsigned copy = 0;

	if (!extent_targets(c, e, TARGETS_ALL, now))
		return false;
	while (copy < COPY_SPILL && e->copy[copy].on >= 0)
		copy++;
	if (copy == COPY_SPILL ||
	    !layout_place(&c->layout, e, copy, with_room(c, which, now)))
		return false;
	map_heal(c->map, e, true);
	return true;
}

/* Where there is nobody else: one that failed, or refused. */
static uint8_t last_target(struct core *c, struct extent *e, uint8_t fresh, int64_t now)
{
	if (!extent_targets(c, e, TARGETS_ALL, now))
		extent_place(c, e, TARGETS_ALL, now);
	else if (!(extent_targets(c, e, TARGETS_ALL, now) & fresh))
		place_elsewhere(c, e, TARGETS_ALL, now);
	return extent_targets(c, e, TARGETS_ALL, now) & fresh;
}

static uint8_t choose(struct core *c, const struct op *op, int64_t now)
{
	struct extent *e = map_extent(c->map, op->page);
	uint8_t to, fresh = (uint8_t)~(op->tried | op->cut);

	if (!extent_place(c, e, TARGETS_GOOD, now))
		extent_place(c, e, TARGETS_TRIED, now);
	to = extent_targets(c, e, TARGETS_GOOD, now) & fresh;
	if (!to)
		to = extent_targets(c, e, TARGETS_FULL, now) & fresh;
	if (!to && place_elsewhere(c, e, TARGETS_GOOD, now))
		to = extent_targets(c, e, TARGETS_GOOD, now) & fresh;
	if (!to)
		to = spill_target(c, e) & fresh;
	if (!to)
		to = last_target(c, e, fresh, now);
	return to ? to : extent_targets(c, e, TARGETS_ALL, now) & (uint8_t)~op->tried;
}

static void remember(struct core *c, struct op *op)
{
	unsigned copies = how_many(op->acked & COPIES_ALL & ~(1u << COPY_SPILL));

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

void put_fail(struct core *c, struct op *op, int error, int64_t now)
{
	for (uint32_t i = 0; i < op->pages; i++)
		map_set(c->map, op->page + i, &(struct record){ .state = PAGE_LOST });
	op_end(c, op, error, now);
}

static bool has_copy(const struct core *c, const struct extent *e, unsigned on)
{
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (e->copy[copy].on == (int)on && !e->copy[copy].stale &&
		    !layout_wanted(&c->layout, &e->copy[copy]))
			return true;
	return false;
}

/* Links that are away, and might take pages of E when they are back. */
static uint32_t away(const struct core *c, const struct extent *e)
{
	uint32_t on_mask = 0;

	for (unsigned on = 0; on < c->o.links; on++)
		if (peer_away(c, on) && (!c->peer[on].known || has_copy(c, e, on) ||
		                         layout_has_room(&c->layout, e, 1u << on)))
			on_mask |= 1u << on;
	return on_mask;
}

/* Slots of copies that were lost are not waited for. False: there are none. */
static bool reclaim(struct core *c)
{
	bool any = false;

	for (uint64_t e = 0; e < c->map->extents; e++)
		for (unsigned copy = 0; copy < COPY_PLACES; copy++)
			if (c->map->extent[e].copy[copy].stale) {
				extent_forget_copy(c, &c->map->extent[e], copy);
				any = true;
			}
	return any;
}

static bool anybody(const struct core *c)
{
	for (unsigned on = 0; on < c->o.links; on++)
		if (peer_up(c, (int)on))
			return true;
	return false;
}

/* Is there going to be room soon? */
static bool flushes(const struct core *c)
{
	for (unsigned on = 0; on < c->o.links; on++)
		if (c->peer[on].wipe)
			return true;
	return false;
}

/* Its waiter seals, once there is a buffer. */
static void begin_sealing(struct core *c, struct op *op, uint8_t to)
{
	const struct extent *e = map_extent(c->map, op->page);
	uint32_t on_mask = 0;

	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (to & 1u << copy)
			on_mask |= 1u << e->copy[copy].on;
	op->buffer = op_buffer(c, op, on_mask);
	if (!op->buffer) {
		c->starved = true;
		return;
	}
	op->seals_for = on_mask;
	for (unsigned on = 0; on < c->o.links; on++)
		c->peer[on].buffers += on_mask >> on & 1;
	op_move(c, op, OP_CAME);
}

void put_sealed(struct core *c, struct op *op, bool well, int64_t now)
{
	for (unsigned on = 0; on < c->o.links; on++)
		c->peer[on].buffers -= op->seals_for >> on & 1;
	op->seals_for = 0;
	op_move(c, op, OP_ACTIVE);
	if (well)
		op_go_on(c, op, now);
	else
		put_fail(c, op, EIO, now);
}

void put_go_on(struct core *c, struct op *op, int64_t now)
{
	const struct extent *e = map_extent(c->map, op->page);
	uint8_t to;

	if (op->acked) {
		remember(c, op);
		op_end(c, op, 0, now);
		return;
	}
	if (now >= op->until) {
		put_fail(c, op, op->refused ? op->refused : EIO, now);
		return;
	}
	if (!op->buffer && !c->buffers->free_n) {
		c->starved = true;
		return;
	}
	to = choose(c, op, now);
	if (to && !op->buffer) {
		begin_sealing(c, op, to);
		return;
	}
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (to & 1u << copy &&
		    !ask_copy(c, op, ASK_PUT, copy, op->buffer, mask_of(op->pages)))
			c->starved = true;
	if (op->asking || to)
		return;
	if (flushes(c))
		c->starved = true;
	else if (op->refused)
		put_fail(c, op, op->refused, now);
	else if (reclaim(c))
		put_go_on(c, op, now);
	else if (away(c, e))
		op_wait(c, op, away(c, e), now);
	else
		put_fail(c, op, anybody(c) ? ENOSPC : EIO, now);
}

void put_replied(struct core *c, struct op *op, const struct ask *ask, int error)
{
	struct extent *e = map_extent(c->map, op->page);

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

struct record fill_record(const struct op *op)
{
	struct record r = { .state = op->pattern ? PAGE_SAME : PAGE_ABSENT };

	memcpy(r.tag, &op->pattern, sizeof op->pattern);
	return r;
}

void fill_end(struct core *c, struct op *op, int64_t now)
{
	const struct record r = fill_record(op);

	for (uint32_t i = 0; i < op->pages; i++)
		map_set(c->map, op->page + i, &r);
	op_end(c, op, 0, now);
}

/* Lenders are told, once, so that they have their memory back. */
void fill_go_on(struct core *c, struct op *op, int64_t now)
{
	const struct extent *e = map_extent(c->map, op->page);
	bool waits = false;

	for (unsigned copy = 0; e->used && now < op->until && copy < COPY_SPILL; copy++) {
		if (op->tried & 1u << copy || !peer_up(c, e->copy[copy].on))
			continue;
		if (ask_copy(c, op, ASK_FLUSH, copy, NULL, 0))
			op->tried |= (uint8_t)(1u << copy);
		else
			waits = c->starved = true;
	}
	if (!op->asking && !waits)
		fill_end(c, op, now);
}
