/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's records: what it remembers of every page. One byte a page,
 * all of them made (and touched) at the start, so that no record needs memory
 * when there is none. One thread at a time: the drive's lock. */
#ifndef FARPAGE_MAP_H
#define FARPAGE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum page_state {
	PAGE_ABSENT = 0,  /* never put, or flushed: reads as zeros */
	PAGE_PRESENT = 1, /* the lender holds it */
	PAGE_LOST = 2,    /* was put, and nobody can say what it holds: EIO */
};

struct map {
	uint64_t pages;
	uint8_t *record;
};

/* 0, or -1 with errno. */
int map_open(struct map *, uint64_t pages);
void map_close(struct map *);

enum page_state map_state(const struct map *, uint64_t page);
void map_set(struct map *, uint64_t page, uint64_t n, enum page_state);
/* Every page that is there is lost. */
void map_lose(struct map *);

/* While an operation has a page no other may have it. take: all N or none. */
bool map_take(struct map *, uint64_t page, uint64_t n);
void map_release(struct map *, uint64_t page, uint64_t n);

/* How many of N pages from PAGE on are in STATE. */
uint64_t map_count(const struct map *, uint64_t page, uint64_t n,
                   enum page_state state);

#endif
