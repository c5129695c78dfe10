/* SPDX-License-Identifier: BSD-2-Clause */
/* One walker over the extents that want to be looked at. It gives pages the copies
 * that they lack, as they are, sealed; takes copies away that are not needed any
 * more (of a lender that wants its room back, of the spill); and takes back the
 * records of extents that are no longer used. */
#include "heal.h"

#include <assert.h>

#include "arith.h"
#include "extent.h"
#include "peer.h"
#include "queue.h"
#include "suspect.h"

#define SCAN_PAGES  65536 /* records looked at in one tick */
#define LAP_MS      1000               /* between walks that found nothing to do */
#define CREDIT_MS   100                /* a pause is made up for by so much */
#define PAGE_CREDIT 1000               /* a page a second earns 1 in a millisecond */
#define DEBT_MS     (RUN_PAGES * 1000) /* a run is earned in so long at the lowest rate */

/* Which copies pages of E should have: where they were refused, or the lender is left out, only for
 * want of others. */
static uint8_t wanted(const struct core *c, const struct extent *e, int64_t now)
{
	uint8_t want = 0;

	assert(e->record);
	for (enum counts which = COUNTS; which <= COUNTS_ALL; which++) {
		uint8_t counts = extent_counts(c, e, which, now);

		for (unsigned copy = 0; copy < COPY_SPILL && how_many(want) < c->o.copies; copy++)
			want = (uint8_t)(want | (counts & 1u << copy));
	}
	assert(how_many(want) <= c->o.copies);
	return want;
}

/* Copies whose pages can be read. */
static uint8_t sources(const struct core *c, const struct extent *e, int64_t now)
{
	uint8_t up = 0;

	assert(e->record);
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (!e->copy[copy].stale && peer_up(c, e->copy[copy].link_no) &&
		    !peer_out(c, (unsigned)e->copy[copy].link_no, now))
			up |= (uint8_t)(1u << copy);
	return up;
}

struct walk {
	uint8_t want, able, from; /* copies: wanted, that can be written, that can be read */
	bool lacking;             /* a page lacks a copy that cannot be made now */
};

/* The copies that are to be made of a page now. */
static uint8_t to_make(struct walk *w, const struct record *r)
{
	uint8_t lacks;

	assert(!(w->able & ~w->want));
	if (r->state != PAGE_SEALED)
		return 0;
	lacks = w->want & (uint8_t)~r->copies;
	if (!lacks)
		return 0;
	if (r->taken || !(lacks & w->able) || !(r->copies & w->from)) {
		w->lacking = true;
		return 0;
	}
	return lacks & w->able;
}

/* Pages from heal.at on that lack the same copies and have the same. */
static uint32_t find_run(struct core *c, const struct extent *e, struct walk *w)
{
	struct heal *h = &c->heal;
	uint32_t pages = map_extent_pages(c->map, e), n = 0;

	assert(!h->busy && h->at <= pages);
	for (; h->at < pages && !n; h->at++) {
		h->to = to_make(w, &e->record[h->at]);
		n = !!h->to;
	}
	if (!n)
		return 0;
	h->at--;
	while (n < (h->at < h->single ? 1 : RUN_PAGES) && h->at + n < pages &&
	       e->record[h->at + n].copies == e->record[h->at].copies &&
	       to_make(w, &e->record[h->at + n]) == h->to)
		n++;
	return n;
}

static void start(struct core *c, const struct extent *e, uint32_t n, int64_t now)
{
	struct heal *h = &c->heal;
	struct op *op = &h->op;

	assert(n && n <= RUN_PAGES && h->at + n <= map_extent_pages(c->map, e));
	assert(h->waiter && !h->busy);
	assert(op->state == OP_NEW || op->state == OP_DONE);
	*op = (struct op){
		.kind = OP_HEAL,
		.page = h->extent * EXTENT_PAGES + h->at,
		.pages = n,
		.until = now + c->o.deadline_ms,
		.waiter = h->waiter,
	};
	for (uint32_t i = 0; i < n; i++)
		op->record[i] = e->record[h->at + i];
	h->at += n;
	h->credit -= (int64_t)n * PAGE_CREDIT;
	h->busy = true;
	op_submit(c, op, now);
}

/* Copies of E that operations ask, were answered by, or have put to. */
static uint8_t in_use(struct core *c, const struct extent *e)
{
	struct op_list *lists[] = { &c->active, &c->came, &c->check };
	uint8_t used = 0;
	struct op *op;

	assert(e->record);
	for (unsigned i = 0; e->taken && i < sizeof lists / sizeof *lists; i++)
		TAILQ_FOREACH(op, lists[i], link) {
			if (map_extent(c->map, op->page) != e)
				continue;
			used |= op->asking | op->acked;
			if (op->state != OP_ACTIVE && op->kind != OP_PUT)
				used |= (uint8_t)(1u << op->came_from);
		}
	return used;
}

/* All is as it should be: what is more is not needed. An extent may be busy for ever, so
 * what goes is first used no more. */
static void tidy(struct core *c, struct extent *e, uint8_t want)
{
	uint8_t used = in_use(c, e);

	assert(how_many(want) >= c->o.copies && !(want & 1u << COPY_SPILL));
	map_heal(c->map, e, false);
	for (unsigned copy = 0; copy < COPY_PLACES; copy++) {
		if (e->copy[copy].link_no < 0 || want & 1u << copy)
			continue;
		if (used & 1u << copy) {
			e->copy[copy].going = true;
			map_heal(c->map, e, true);
		} else {
			extent_forget_copy(c, e, copy);
		}
	}
}

static void keep_all(struct extent *e)
{
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		e->copy[copy].going = false;
}

/* Does every page of COPY have another one that can be read? */
static bool is_spare(const struct core *c, const struct extent *e, unsigned copy, int64_t now)
{
	uint8_t others = sources(c, e, now) & (uint8_t)~(1u << copy);
	uint32_t pages = map_extent_pages(c->map, e);

	assert(e->used && e->copy[copy].link_no >= 0);
	for (uint32_t i = 0; i < pages; i++)
		if (e->record[i].state == PAGE_SEALED && e->record[i].copies & 1u << copy &&
		    !(e->record[i].copies & others))
			return false;
	return true;
}

/* Where all places are taken, a copy that does not count gives its place up. */
static void make_place(struct core *c, struct extent *e, int64_t now)
{
	uint8_t keep = in_use(c, e) | extent_counts(c, e, COUNTS_REFUSED, now);

	assert(e->record);
	for (unsigned copy = 0; copy < COPY_SPILL; copy++)
		if (e->copy[copy].link_no < 0)
			return;
	for (unsigned copy = 0; copy < COPY_SPILL; copy++) {
		int link_no = e->copy[copy].link_no;

		if (!(keep & 1u << copy) && (!peer_up(c, link_no) || peer_left_out(c, (unsigned)link_no, now)) &&
		    extent_has_room(c, e, now) && is_spare(c, e, copy, now)) {
			extent_forget_copy(c, e, copy);
			return;
		}
	}
}

static uint32_t missing(const struct core *c, const struct extent *e, int64_t now)
{
	uint8_t counts = extent_counts(c, e, COUNTS_REFUSED, now);
	uint32_t pages = map_extent_pages(c->map, e), n = 0;

	assert(e->record);
	for (uint32_t i = 0; i < pages; i++)
		n += e->record[i].state == PAGE_SEALED &&
		     how_many(e->record[i].copies & counts) < c->o.copies;
	assert(n <= e->used);
	return n;
}

static void take_back(struct core *c, struct extent *e)
{
	assert(!e->used && !e->taken);
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (e->copy[copy].link_no >= 0)
			layout_drop(&c->layout, e, copy);
	map_forget(c->map, e);
	map_heal(c->map, e, false);
}

/* Something of it is there. True: a run was started. */
static bool walk(struct core *c, struct extent *e, int64_t now)
{
	struct heal *h = &c->heal;
	struct walk w = {0};
	uint32_t n;
	bool whole;

	assert(e->used && !h->busy);
	make_place(c, e, now);
	extent_place(c, e, TARGETS_GOOD, now);
	extent_place(c, e, TARGETS_HEAL, now);
	keep_all(e);
	w.want = wanted(c, e, now);
	w.able = w.want & extent_targets(c, e, TARGETS_HEAL, now);
	w.from = sources(c, e, now);
	do {
		whole = h->at == 0;
		n = find_run(c, e, &w);
		if (n) {
			start(c, e, n, now);
			return true;
		}
		h->at = 0;
	} while (!whole && !h->failed);
	if (h->failed)
		return false; /* again in the next lap, after all others */
	if (!w.lacking && how_many(w.want) >= c->o.copies) {
		tidy(c, e, w.want);
		if (extent_makes_do(c, e, now))
			map_heal(c->map, e, true); /* nothing else says when another is tried again */
	}
	return false;
}

/* True: a run was started. Otherwise the walk goes on with the next extent. */
static bool look_at(struct core *c, struct extent *e, int64_t now)
{
	assert(e->record && e->heal);
	extent_freshen(c, e);
	if (e->used) {
		if (walk(c, e, now))
			return true;
		e->missing = missing(c, e, now);
	} else if (!e->taken) {
		take_back(c, e);
	}
	return false;
}

static void earn(struct core *c, int64_t now)
{
	struct heal *h = &c->heal;
	int64_t ms = min_ms(now - h->earned_at, DEBT_MS);

	assert(now >= h->earned_at);
	h->earned_at = now;
	h->credit = min_ms(h->credit + ms * c->o.heal_pages,
	                   (int64_t)c->o.heal_pages * CREDIT_MS + PAGE_CREDIT);
}

void heal_tick(struct core *c, int64_t now)
{
	struct heal *h = &c->heal;

	if (h->busy || !h->waiter || now < h->next_at)
		return;
	assert(h->extent < c->map->extents);
	earn(c, now);
	if (h->credit <= 0) {
		h->next_at = now + 1 - h->credit / c->o.heal_pages;
		return;
	}
	for (uint64_t scanned = 0; scanned < SCAN_PAGES && h->extent < c->map->extents;) {
		struct extent *e = &c->map->extent[h->extent];

		scanned += e->heal ? EXTENT_PAGES : 16;
		if (e->record && e->heal && look_at(c, e, now))
			return;
		h->extent++;
		h->at = h->single = 0;
		h->failed = false;
	}
	if (h->extent >= c->map->extents) {
		h->extent = 0;
		h->lap = h->unread;
		h->unread = (struct unread){0};
		h->next_at = now + LAP_MS;
	}
}

void heal_ended(struct core *c)
{
	assert(c->heal.busy);
	c->heal.busy = false;
}

int64_t heal_wake_at(const struct core *c)
{
	if (c->heal.busy || !c->heal.waiter || !c->map->heals)
		return CORE_NEVER;
	for (uint64_t e = 0; e < c->map->extents; e++)
		if (c->map->extent[e].heal && c->map->extent[e].record)
			return c->heal.next_at;
	return CORE_NEVER;
}
