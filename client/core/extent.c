/* SPDX-License-Identifier: BSD-2-Clause */
/* An extent is 1 MiB of the device; each of its copies lies in one slot of one lender's pool. With
 * copies=2 and three lenders it begins with places on the two roomiest. When one of them has been
 * away for two seconds its copy no longer counts, and the third lender gets one; when it comes back
 * with its pages all three count, and healing gives up the one that is too many. */
#include "extent.h"

#include <assert.h>

#include "arith.h"
#include "peer.h"
#include "suspect.h"

static bool refuses(const struct copy *copy, int64_t now)
{
	assert(copy->link_no >= 0);
	return copy->refused && now - copy->refused >= CORE_MOVE_MS;
}

static bool trusts(const struct core *c, int link_no, enum counts which, int64_t now)
{
	assert(link_no >= 0);
	return which == COUNTS_ALL || !peer_left_out(c, (unsigned)link_no, now) ||
	       (which == COUNTS_TRIED && !peer_suspect(c, (unsigned)link_no, now));
}

uint8_t extent_counts(const struct core *c, const struct extent *e, enum counts which, int64_t now)
{
	uint8_t counts = 0;

	for (unsigned copy = 0; copy < COPY_SPILL; copy++) {
		const struct copy *at = &e->copy[copy];

		if (at->link_no >= 0 && !at->stale && peer_counts(c, at->link_no, now) && !layout_wanted(&c->layout, at) &&
		    (which >= COUNTS_REFUSED || !refuses(at, now)) && trusts(c, at->link_no, which, now))
			counts |= (uint8_t)(1u << copy);
	}
	return counts;
}

static bool may_put(const struct core *c, int link_no, enum targets which, int64_t now)
{
	assert(link_no >= 0);
	if (which == TARGETS_ALL)
		return true;
	if (which != TARGETS_FULL && peer_full(c, link_no, now))
		return false;
	return which == TARGETS_HEAL ? !peer_out(c, (unsigned)link_no, now)
	                             : !peer_suspect(c, (unsigned)link_no, now);
}

uint8_t extent_targets(const struct core *c, const struct extent *e, enum targets which, int64_t now)
{
	uint8_t targets = 0, going = 0;

	for (unsigned copy = 0; copy < COPY_SPILL; copy++) {
		const struct copy *at = &e->copy[copy];

		if (peer_up(c, at->link_no) && !at->stale && !layout_wanted(&c->layout, at) &&
		    may_put(c, at->link_no, which, now))
			*(at->going ? &going : &targets) |= (uint8_t)(1u << copy);
	}
	return how_many(targets) < c->o.copies ? targets | going : targets;
}

/* Lenders that new copies may be placed on. */
static uint32_t with_room(const struct core *c, enum targets which, int64_t now)
{
	uint32_t link_mask = 0;

	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		if ((int)link_no != c->layout.spill && peer_up(c, (int)link_no) &&
		    may_put(c, (int)link_no, which, now) &&
		    (which != TARGETS_GOOD || !peer_left_out(c, link_no, now)))
			link_mask |= 1u << link_no;
	assert(c->layout.spill < 0 || !(link_mask >> c->layout.spill & 1));
	return link_mask;
}

bool extent_has_room(const struct core *c, const struct extent *e, int64_t now)
{
	assert(e->record);
	return how_many(extent_counts(c, e, COUNTS, now)) < c->o.copies &&
	       layout_has_room(&c->layout, e, with_room(c, TARGETS_GOOD, now));
}

bool extent_makes_do(const struct core *c, const struct extent *e, int64_t now)
{
	assert(e->record && e->used);
	return how_many(extent_counts(c, e, COUNTS_TRIED, now)) < c->o.copies &&
	       layout_has_room(&c->layout, e, with_room(c, TARGETS_ALL, now));
}

bool extent_is_on(const struct core *c, const struct extent *e, unsigned link_no)
{
	assert(link_no < c->o.links);
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (e->copy[copy].link_no == (int)link_no && !e->copy[copy].stale &&
		    !layout_wanted(&c->layout, &e->copy[copy]))
			return true;
	return false;
}

bool extent_room_is_coming(const struct core *c, const struct extent *e, int64_t now)
{
	uint32_t link_mask = with_room(c, TARGETS_GOOD, now);
	bool coming = false;

	assert(e->record);
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		coming |= link_mask >> link_no & 1 && c->peer[link_no].wipe && !extent_is_on(c, e, link_no);
	return coming && how_many(extent_counts(c, e, COUNTS, now)) < c->o.copies;
}

bool extent_place(struct core *c, struct extent *e, enum targets which, int64_t now)
{
	static const enum counts counts[] = {
		[TARGETS_GOOD] = COUNTS, [TARGETS_TRIED] = COUNTS_TRIED, [TARGETS_HEAL] = COUNTS_TRIED,
		[TARGETS_FULL] = COUNTS_ALL, [TARGETS_ALL] = COUNTS_ALL,
	};
	unsigned have = how_many(extent_counts(c, e, counts[which], now));

	assert(e->record);
	for (unsigned copy = 0; copy < COPY_SPILL && have < c->o.copies; copy++)
		if (e->copy[copy].link_no < 0 &&
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

	assert(e->copy[copy].link_no >= 0 && copy < COPY_PLACES);
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
	assert(e->record);
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (e->copy[copy].stale)
			extent_forget_copy(c, e, copy);
}

uint8_t extent_spill(struct core *c, struct extent *e)
{
	int spill = c->layout.spill;

	assert(e->copy[COPY_SPILL].link_no < 0 || e->copy[COPY_SPILL].link_no == spill);
	if (!peer_up(c, spill))
		return 0;
	if (e->copy[COPY_SPILL].link_no < 0 &&
	    !layout_place(&c->layout, e, COPY_SPILL, 1u << spill))
		return 0;
	return 1u << COPY_SPILL;
}

bool extent_place_elsewhere(struct core *c, struct extent *e, enum targets which, int64_t now)
{
	unsigned copy = 0;

	assert(e->record);
	while (copy < COPY_SPILL && e->copy[copy].link_no >= 0)
		copy++;
	if (copy == COPY_SPILL ||
	    !layout_place(&c->layout, e, copy, with_room(c, which, now)))
		return false;
	map_heal(c->map, e, true);
	return true;
}

bool extents_reclaim(struct core *c)
{
	bool any = false;

	for (uint64_t e = 0; e < c->map->extents; e++)
		for (unsigned copy = 0; copy < COPY_PLACES; copy++)
			if (c->map->extent[e].copy[copy].stale) {
				assert(c->map->extent[e].record);
				extent_forget_copy(c, &c->map->extent[e], copy);
				any = true;
			}
	return any;
}
