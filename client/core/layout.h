/* SPDX-License-Identifier: BSD-2-Clause */
/* Which copy of which extent lies in which slot of which link's pool. A slot is
 * EXTENT_PAGES of a pool, the last may be short. Copies of an extent never share
 * a link. Deterministic: its random numbers come from a seed. */
#ifndef FARPAGE_LAYOUT_H
#define FARPAGE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "map.h"

#define LINKS_MAX 17u /* the spill among them */

enum slot_state {
	SLOT_CLEAN,
	SLOT_USED,    /* a copy of an extent is in it */
	SLOT_DIRTY,   /* holds what nobody needs: to be flushed */
	SLOT_DISCARDING, /* is being flushed */
};

struct slots {
	uint64_t pages;     /* of the link's pool; 0: not yet known */
	uint32_t n;         /* of slots that may be used at all */
	uint32_t used, dirty_n; /* used: also of stale copies beyond the end */
	uint32_t limit;     /* slots from here on are wanted back: n if none are */
	uint32_t free_n;    /* before that: clean or dirty */
	uint8_t *state;     /* an enum slot_state each */
};

struct layout {
	struct map *map;
	unsigned links;
	int spill;          /* the link that is the spill, -1 none */
	uint64_t seed;
	struct slots slots[LINKS_MAX];
};

/* 0, or -1 with errno. Every link's slots are dirty once they are known. */
int layout_open(struct layout *, struct map *, unsigned links, int spill, uint64_t seed);
void layout_close(struct layout *);

/* The pool of LINK_NO has PAGES now; where that is fewer, no copy in it is valid. */
void layout_size(struct layout *, unsigned link_no, uint64_t pages);
/* LINK_NO lost its memory, or its pool was another's: no copy on it is valid. */
void layout_lost(struct layout *, unsigned link_no);
/* All slots of LINK_NO hold what nobody needs, those that are being flushed as before. */
void layout_soil(struct layout *, unsigned link_no);
/* LINK_NO wants back all from PAGE on. */
void layout_limit(struct layout *, unsigned link_no, uint64_t page);

/* LINK_NO, which no copy is on, is another lender from now on. */
void layout_forget(struct layout *, unsigned link_no);

/* Give copy number COPY of EXTENT a slot on the roomiest of the links that are set in
 * ALLOWED (a bit each) and have no copy of it. False: there is no room. */
bool layout_place(struct layout *, struct extent *, unsigned copy, uint32_t allowed);
/* Could it? */
bool layout_has_room(const struct layout *, const struct extent *, uint32_t allowed);
/* Take its slot away; the slot is dirty then. No record has the copy. */
void layout_drop(struct layout *, struct extent *, unsigned copy);
/* Does the link want the slot of this copy back? */
static inline bool layout_wanted(const struct layout *l, const struct copy *c)
{
	return c->link_no >= 0 && c->slot >= l->slots[c->link_no].limit;
}

/* Where PAGE lies in the pool of the link that has the copy. */
uint64_t layout_page(const struct copy *, uint64_t page);
/* N dirty slots of LINK_NO that nobody uses, to be flushed, -1 none: nobody gets them
 * until that has ended, well (CLEAN) or not. */
int64_t layout_wipe(struct layout *, unsigned link_no, uint32_t *n);
void layout_wiped(struct layout *, unsigned link_no, uint32_t slot, uint32_t n, bool clean);
uint32_t layout_slot_pages(const struct layout *, unsigned link_no, uint32_t slot);

/* How many pages there is room for, with so many copies of each, on N lenders whose pools
 * have PAGES. */
uint64_t layout_capacity(const uint64_t *pages, unsigned n, unsigned copies);

#endif
