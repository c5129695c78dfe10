/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's records, by extents: an extent that nothing was put to has none.
 * Their memory comes in blocks, of BLOCK_EXTENTS each, that are made ahead (by the
 * background thread, or a test) because they are needed exactly when memory is
 * gone. One thread at a time: the engine's lock. */
#ifndef FARPAGE_MAP_H
#define FARPAGE_MAP_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

#define BLOCK_EXTENTS 64u
#define BLOCK_PAGES  (BLOCK_EXTENTS * EXTENT_PAGES)
#define BLOCK_BYTES  (BLOCK_PAGES * sizeof(struct record))
#define BLOCKS_READY 4u /* held in reserve: records for 256 MiB */

/* Where one copy of an extent lies. */
struct copy {
	int16_t link_no;  /* the link, -1 nowhere */
	bool stale;       /* it was lost, though records may still say otherwise */
	bool going;       /* it is not needed, and goes when no operation uses it */
	uint32_t slot;    /* extents of the link's pool */
	int64_t refused;  /* since when its lender has refused pages of it; 0: it does not */
};

struct extent {
	struct record *record;      /* NULL: all absent */
	uint32_t used;              /* pages that are not absent */
	uint32_t taken;             /* pages that operations have */
	bool heal;                  /* look at it: a page may want a copy; by map_heal() */
	uint32_t missing;           /* pages that had fewer copies than they should, then */
	struct copy copy[COPY_PLACES];
};

struct map {
	uint64_t pages, extents;
	uint64_t held[PAGE_LOST + 1]; /* pages of each state */
	uint64_t heals;               /* extents that are to be looked at */
	struct extent *extent;
	struct record_block {       /* of BLOCK_EXTENTS extents from I * BLOCK_EXTENTS on */
		struct record *record;
		unsigned used;      /* extents that have records there */
	} *block;
	uint64_t blocks;
	struct record *ready[BLOCKS_READY];
	unsigned readies;
	bool dry;                   /* there was no memory for more, when it was tried last */
	bool whole;                 /* every block has its records, for good */
};

/* 0, or -1 with errno. */
int map_open(struct map *, uint64_t pages);
void map_close(struct map *);

/* A block, locked, touched and not dumped; NULL with errno. Any thread. */
void *record_block_new(void);
void record_block_free(void *);
/* Make the records of all pages now. -1 with errno. */
int map_fill(struct map *);
/* How many blocks may be given. */
unsigned map_wants(const struct map *);
void map_give(struct map *, void *block);

static inline struct extent *map_extent(const struct map *m, uint64_t page)
{
	return &m->extent[page / EXTENT_PAGES];
}

/* NULL: the page's extent is untouched. */
static inline struct record *map_record(const struct map *m, uint64_t page)
{
	struct record *r = map_extent(m, page)->record;

	return r ? &r[page % EXTENT_PAGES] : NULL;
}

/* How many pages EXTENT has: the last may be short. */
uint32_t map_extent_pages(const struct map *, const struct extent *);
/* Give PAGE's extent records, if it has none. False: none are ready. */
bool map_touch(struct map *, uint64_t page);
/* Take them from an extent of which no page is used or taken. */
void map_forget(struct map *, struct extent *);

/* Is an extent to be looked at? */
static inline void map_heal(struct map *m, struct extent *e, bool heal)
{
	m->heals += heal;
	assert(m->heals >= e->heal);
	m->heals -= e->heal;
	e->heal = heal;
}

/* Are *N pages from PAGE on absent? *N shrinks to a run that all are, or none is; at most BLOCK_PAGES are looked at. */
bool map_look(const struct map *, uint64_t page, uint64_t *n);

/* While an operation has a page no other may have it. take: all N or none; the
 * extent has records. */
bool map_take(struct map *, uint64_t page, uint32_t n);
void map_release(struct map *, uint64_t page, uint32_t n);

/* Change a page's record; taken stays as it is. */
void map_set(struct map *, uint64_t page, const struct record *);

#endif
