/* SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int layout_open(struct layout *l, struct map *map, unsigned links, int spill, uint64_t seed)
{
	assert(links && links <= LINKS_MAX);
	*l = (struct layout){ .map = map, .links = links, .spill = spill, .seed = seed };
	for (unsigned link_no = 0; link_no < LINKS_MAX; link_no++) {
		/* No link can have more slots in use than there are extents. */
		l->slots[link_no].state = calloc(map->extents, 1);
		if (!l->slots[link_no].state) {
			layout_close(l);
			return -1;
		}
	}
	return 0;
}

void layout_close(struct layout *l)
{
	for (unsigned link_no = 0; link_no < LINKS_MAX; link_no++)
		free(l->slots[link_no].state);
	memset(l->slots, 0, sizeof l->slots);
}

#define WIPE_SLOTS 64u /* flushed at once, at most */

static bool is_free(uint8_t state)
{
	return state == SLOT_CLEAN || state == SLOT_DIRTY;
}

static void set(struct slots *s, uint32_t slot, enum slot_state state)
{
	assert(slot < s->n || state == SLOT_CLEAN);
	assert(s->used >= (s->state[slot] == SLOT_USED) && s->dirty_n >= (s->state[slot] == SLOT_DIRTY));
	if (slot < s->limit) {
		assert(s->free_n >= is_free(s->state[slot]));
		s->free_n -= is_free(s->state[slot]);
		s->free_n += is_free((uint8_t)state);
		assert(s->free_n <= s->limit);
	}
	s->used -= s->state[slot] == SLOT_USED;
	s->dirty_n -= s->state[slot] == SLOT_DIRTY;
	s->used += state == SLOT_USED;
	s->dirty_n += state == SLOT_DIRTY;
	s->state[slot] = (uint8_t)state;
}

static void set_limit(struct slots *s, uint32_t limit)
{
	assert(limit <= s->n);
	s->limit = limit;
	s->free_n = 0;
	for (uint32_t slot = 0; slot < limit; slot++)
		s->free_n += is_free(s->state[slot]);
}

static void soil_unused(struct slots *s)
{
	for (uint32_t slot = 0; slot < s->n; slot++)
		if (s->state[slot] != SLOT_USED)
			set(s, slot, SLOT_DIRTY);
}

void layout_soil(struct layout *l, unsigned link_no)
{
	assert(link_no < LINKS_MAX);
	for (uint32_t slot = 0; slot < l->slots[link_no].n; slot++)
		if (l->slots[link_no].state[slot] != SLOT_DISCARDING)
			set(&l->slots[link_no], slot, SLOT_DIRTY);
}

void layout_size(struct layout *l, unsigned link_no, uint64_t pages)
{
	struct slots *s = &l->slots[link_no];
	uint64_t slots = pages / EXTENT_PAGES + !!(pages % EXTENT_PAGES);
	uint32_t n = (uint32_t)(slots < l->map->extents ? slots : l->map->extents);
	bool wanted = s->limit < s->n;

	assert(link_no < l->links);
	if (s->pages == pages)
		return;
	for (uint32_t slot = n; slot < s->n; slot++) /* nothing is there to be flushed */
		if (s->state[slot] != SLOT_USED)
			set(s, slot, SLOT_CLEAN);
	s->pages = pages;
	s->n = n;
	set_limit(s, wanted && s->limit < n ? s->limit : n);
	soil_unused(s);
}

void layout_lost(struct layout *l, unsigned link_no)
{
	assert(link_no < l->links);
	for (uint64_t e = 0; e < l->map->extents; e++)
		for (unsigned copy = 0; copy < COPY_PLACES; copy++)
			if (l->map->extent[e].copy[copy].link_no == (int)link_no) {
				l->map->extent[e].copy[copy].stale = true;
				map_heal(l->map, &l->map->extent[e], true);
			}
	soil_unused(&l->slots[link_no]);
	assert(l->slots[link_no].used + l->slots[link_no].dirty_n >= l->slots[link_no].n);
}

void layout_limit(struct layout *l, unsigned link_no, uint64_t page)
{
	struct slots *s = &l->slots[link_no];
	uint64_t limit = page / EXTENT_PAGES;

	assert(link_no < l->links);
	set_limit(s, (uint32_t)(limit < s->n ? limit : s->n));
	for (uint64_t e = 0; e < l->map->extents; e++)
		for (unsigned copy = 0; copy < COPY_PLACES; copy++)
			if (l->map->extent[e].copy[copy].link_no == (int)link_no &&
			    layout_wanted(l, &l->map->extent[e].copy[copy]))
				map_heal(l->map, &l->map->extent[e], true);
}

void layout_forget(struct layout *l, unsigned link_no)
{
	uint8_t *state = l->slots[link_no].state;

	assert(!l->slots[link_no].used && (int)link_no != l->spill);
	memset(state, SLOT_CLEAN, l->map->extents);
	l->slots[link_no] = (struct slots){ .state = state };
}

uint32_t layout_slot_pages(const struct layout *l, unsigned link_no, uint32_t slot)
{
	uint64_t left = l->slots[link_no].pages - slot * EXTENT_PAGES;

	assert(slot < l->slots[link_no].n && slot * EXTENT_PAGES < l->slots[link_no].pages);
	return (uint32_t)(left < EXTENT_PAGES ? left : EXTENT_PAGES);
}

/* The last slot is the only one that may be short. An extent that fits into it gets no other:
 * where there is just enough room, somebody needs that one. */
static bool is_for(const struct layout *l, unsigned link_no, uint32_t slot, uint32_t pages)
{
	const struct slots *s = &l->slots[link_no];
	uint32_t last = layout_slot_pages(l, link_no, s->n - 1);

	assert(slot < s->limit);
	return last < EXTENT_PAGES && last >= pages && s->state[s->n - 1] != SLOT_USED &&
	       s->limit == s->n ? slot == s->n - 1 : layout_slot_pages(l, link_no, slot) >= pages;
}

/* The slot to use next for PAGES: a clean one before a dirty one. -1: none. */
static int64_t layout_find(const struct layout *l, unsigned link_no, uint32_t pages)
{
	const struct slots *s = &l->slots[link_no];
	int64_t dirty = -1;

	assert(pages && pages <= EXTENT_PAGES);
	for (uint32_t slot = 0; slot < s->limit; slot++) {
		if (!is_for(l, link_no, slot, pages))
			continue;
		if (s->state[slot] == SLOT_CLEAN)
			return slot;
		if (s->state[slot] == SLOT_DIRTY && dirty < 0)
			dirty = slot;
	}
	return dirty;
}

static bool has_copy(const struct extent *e, unsigned link_no)
{
	for (unsigned copy = 0; copy < COPY_PLACES; copy++)
		if (e->copy[copy].link_no == (int)link_no)
			return true;
	return false;
}

/* How many slots LINK_NO could give that are enough for PAGES. */
static uint32_t room(const struct layout *l, unsigned link_no, uint32_t pages)
{
	const struct slots *s = &l->slots[link_no];
	uint32_t last = s->n - 1;

	assert(pages && pages <= EXTENT_PAGES);
	if (!s->limit || s->limit < s->n || layout_slot_pages(l, link_no, last) == EXTENT_PAGES)
		return s->free_n;
	if (layout_slot_pages(l, link_no, last) < pages)
		return s->free_n - is_free(s->state[last]);
	return s->state[last] == SLOT_USED ? s->free_n : is_free(s->state[last]);
}

/* xorshift64* */
static uint64_t dice(struct layout *l)
{
	l->seed ^= l->seed >> 12;
	l->seed ^= l->seed << 25;
	l->seed ^= l->seed >> 27;
	return l->seed * UINT64_C(2685821657736338717);
}

/* Only by always taking the roomiest do all extents find their copies' places when the
 * links are as full as layout_capacity() says that they can be. */
static int roomiest(struct layout *l, const struct extent *e, uint32_t allowed, uint32_t pages)
{
	uint32_t most = 1;
	unsigned n = 0;
	int best = -1;

	assert(pages && pages <= EXTENT_PAGES);
	for (unsigned link_no = 0; link_no < l->links; link_no++) {
		uint32_t has;

		if (!(allowed & 1u << link_no) || has_copy(e, link_no))
			continue;
		has = room(l, link_no, pages);
		if (has > most) {
			most = has;
			n = 0;
		}
		if (has == most && dice(l) % ++n == 0)
			best = (int)link_no;
	}
	return best;
}

bool layout_has_room(const struct layout *l, const struct extent *e, uint32_t allowed)
{
	uint32_t pages = map_extent_pages(l->map, e);

	for (unsigned link_no = 0; link_no < l->links; link_no++)
		if (allowed & 1u << link_no && !has_copy(e, link_no) && room(l, link_no, pages))
			return true;
	return false;
}

bool layout_place(struct layout *l, struct extent *e, unsigned copy, uint32_t allowed)
{
	uint32_t pages = map_extent_pages(l->map, e);
	int link_no = roomiest(l, e, allowed, pages);
	int64_t slot;

	assert(copy < COPY_PLACES && e->copy[copy].link_no < 0);
	if (link_no < 0)
		return false;
	slot = layout_find(l, (unsigned)link_no, pages);
	assert(slot >= 0); /* room() said so */
	assert(l->spill < 0 || (link_no == l->spill) == (copy == COPY_SPILL));
	assert(is_free(l->slots[link_no].state[slot]));
	set(&l->slots[link_no], (uint32_t)slot, SLOT_USED);
	e->copy[copy] = (struct copy){ .link_no = (int16_t)link_no, .slot = (uint32_t)slot };
	return true;
}

void layout_drop(struct layout *l, struct extent *e, unsigned copy)
{
	struct copy *c = &e->copy[copy];

	assert(c->link_no >= 0 && c->link_no < (int)l->links);
	set(&l->slots[c->link_no], c->slot, c->slot < l->slots[c->link_no].n ? SLOT_DIRTY : SLOT_CLEAN);
	*c = (struct copy){ .link_no = -1 };
}

uint64_t layout_page(const struct copy *c, uint64_t page)
{
	assert(c->link_no >= 0);
	return c->slot * EXTENT_PAGES + page % EXTENT_PAGES;
}

int64_t layout_wipe(struct layout *l, unsigned link_no, uint32_t *n)
{
	struct slots *s = &l->slots[link_no];
	uint32_t slot = 0;

	assert(link_no < l->links);
	while (s->dirty_n && slot < s->n && s->state[slot] != SLOT_DIRTY)
		slot++;
	for (*n = 0; slot + *n < s->n && *n < WIPE_SLOTS && s->state[slot + *n] == SLOT_DIRTY; ++*n)
		set(s, slot + *n, SLOT_DISCARDING);
	assert(*n || !s->dirty_n);
	return *n ? (int64_t)slot : -1;
}

void layout_wiped(struct layout *l, unsigned link_no, uint32_t slot, uint32_t n, bool clean)
{
	assert(n && slot + n <= l->map->extents);
	while (n--) {
		assert(l->slots[link_no].state[slot] == SLOT_DISCARDING);
		set(&l->slots[link_no], slot++, clean ? SLOT_CLEAN : SLOT_DIRTY);
	}
}

/* As many extents as the lenders have room for, when none has two copies of one. */
uint64_t layout_capacity(const uint64_t *pages, unsigned n, unsigned copies)
{
	uint64_t have = UINT64_MAX, less;

	assert(n && copies);
	if (n == 1)
		return pages[0];
	for (;; have = less) {
		less = 0;
		for (unsigned link_no = 0; link_no < n; link_no++)
			less += pages[link_no] / EXTENT_PAGES < have ? pages[link_no] / EXTENT_PAGES : have;
		less /= copies;
		if (less >= have)
			return have * EXTENT_PAGES;
	}
}
