/* SPDX-License-Identifier: BSD-2-Clause */
/* The pages of a revocable pool that were dropped: their bytes are gone, and reading
 * them must fail until their borrower puts or flushes them.
 *
 * Threads: any number may be inside find and clear at once; set and resize need the pool
 * to themselves. A get looks here first and then into the store; a put writes the store
 * first and then clears here. So a page that was dropped and is just being put is never
 * taken for one that was never there. */
#ifndef FARPAGE_DROPPED_H
#define FARPAGE_DROPPED_H

#include <stdint.h>

struct dropped;

/* NULL with errno. */
struct dropped *dropped_open(uint64_t pages);
/* 0, or -1 with errno and nothing changed. */
int dropped_resize(struct dropped *, uint64_t pages);
void dropped_close(struct dropped *);

/* How many there are. */
uint64_t dropped_pages(const struct dropped *);
/* The first dropped page from PAGE on, below END; or END. */
uint64_t dropped_find(const struct dropped *, uint64_t page, uint64_t end);
void dropped_set(struct dropped *, uint64_t first, uint64_t end);
void dropped_clear(struct dropped *, uint64_t first, uint64_t end);

#endif
