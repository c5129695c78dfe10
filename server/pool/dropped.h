/* SPDX-License-Identifier: BSD-2-Clause */
/* Which pages of a revocable pool were dropped: their bytes are gone, and
 * reading them must fail until they are put, or flushed, by their borrower.
 *
 * Threads: any number may be inside find and clear at once; set and resize need
 * the pool to themselves. Whoever asks for a page looks here first and into the store
 * then, whoever puts one does it the other way round: so nobody takes a page
 * that was dropped and is put just now for one that was never there. */
#ifndef FARPAGE_DROPPED_H
#define FARPAGE_DROPPED_H

#include <stdint.h>

struct dropped;

/* NULL with errno. */
struct dropped *dropped_open(uint64_t pages);
/* 0, or -1 with errno and all is as it was. */
int dropped_resize(struct dropped *, uint64_t pages);
void dropped_close(struct dropped *);

/* How many there are. */
uint64_t dropped_pages(const struct dropped *);
/* The first dropped page from PAGE on, below END; or END. */
uint64_t dropped_find(const struct dropped *, uint64_t page, uint64_t end);
void dropped_set(struct dropped *, uint64_t first, uint64_t end);
void dropped_clear(struct dropped *, uint64_t first, uint64_t end);

#endif
