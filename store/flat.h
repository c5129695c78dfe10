/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of the flat store, for flat.c and adopt.c. */
#ifndef FARPAGE_STORE_FLAT_H
#define FARPAGE_STORE_FLAT_H

#include "bitmap.h"
#include "store.h"

/* A kept store's file: the head, the lanes, the bitmap, and at 16 GiB the pages.
 * What lies between is a hole: the bitmap has room for as many pages as can be. */
#define FLAT_LANES     128
#define FLAT_BITMAP_AT (STORE_HEAD_BYTES + FLAT_LANES * sizeof(struct flat_lane))
#define FLAT_KEPT_BASE (UINT64_C(16) << 30)
#define FLAT_PAGES_MAX (UINT64_C(1) << 36)

/* What a thread is putting just now: the number of a whole page, plus 1; or 0. */
struct flat_lane {
	_Atomic uint64_t page;
	uint8_t apart[56];
};

struct flat {
	struct store store;
	int fd;
	uint64_t base;                 /* where in fd the pages begin; 0: it is private */
	uint64_t pages;
	uint8_t *map;                  /* pages * PAGE_BYTES, from fd */
	uint8_t *front;
	size_t front_bytes;
	struct flat_lane *lanes;       /* in the front of a kept store, else NULL */
	_Atomic uint64_t *present;     /* in the front: the bitmap */
	uint64_t emptied;              /* the page with which a stretch begins that was, last */
	bool locked;
};

struct flat *flat(struct store *);

/* The mapping, flat_map.c. -1: errno, and it is as it was. */
int flat_map_pages(struct flat *, uint64_t pages);
int flat_map_more(struct flat *, uint64_t pages);
void flat_map_fewer(struct flat *, uint64_t pages);
/* Have the host provide memory for these bytes now, so that touching them cannot raise SIGBUS.
 * -1: ENOSPC. */
int flat_populate(uint8_t *at, size_t bytes);
/* Pages from FIRST up to END are absent: free the page tables that no longer map a page. */
void flat_forget_tables(struct flat *, uint64_t first, uint64_t end);

/* FD as a store; it stays the caller's when this fails. */
struct flat *flat_map(int fd, uint64_t base, uint64_t pages);
void flat_close(struct store *);
bool flat_lock(struct flat *);
/* Make holes of pages. Should that fail, which it has no reason to, they are cleared: they then
 * cost memory, but never come back stale. */
void flat_punch(struct flat *, uint64_t first, uint64_t end);

struct store *flat_adopt(int fd, uint64_t pages, bool *locked, uint64_t *used);

#endif
